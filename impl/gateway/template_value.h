/* A text of a policy's configuration that is plain or a Liquid template (spec/gateway.md 9.2).
 *
 * Read once with template_value_parse(); a template that breaks the grammar is logged and is the
 * empty text from then on. Lives in the loader's arena.
 */
#ifndef GATEWAY_TEMPLATE_VALUE_H
#define GATEWAY_TEMPLATE_VALUE_H

#include "base/str.h"

struct arena;
struct json;
struct liquid;
struct liquid_scope;
struct policy_loader;
struct request;

struct template_value {
	struct str text;             /* when it is plain */
	const struct liquid *liquid; /* NULL: plain */
};

/* type: "liquid"; everything else is plain. */
struct template_value template_value_parse(const struct policy_loader *loader, struct str text,
					   struct str type);
/* From the members of an object: {"value": ..., "value_type": ...}. Numbers and booleans are their
 * texts. */
struct template_value template_value_read(const struct policy_loader *loader,
					  const struct json *object, struct str key,
					  struct str type_key);
/* In the request's context (context.h); a plain one is the configuration's own text. */
struct str template_value_text(const struct template_value *value, const struct request *request);
struct str template_value_render(const struct template_value *value,
				 const struct liquid_scope *scope, struct arena *arena);

#endif
