/* To which calls a rule of a policy applies: `resource`, a pattern as in mapping rules or a
 * template for one (`resource_type`), and `methods` (absent: any). spec/gateway.md 9.4.
 *
 * Lives in the loader's arena.
 */
#ifndef GATEWAY_POLICIES_RESOURCE_H
#define GATEWAY_POLICIES_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "gateway/path_pattern.h"
#include "gateway/template_value.h"

struct error;
struct json;
struct policy_loader;
struct request;

struct resource {
	struct template_value text;
	struct path_pattern pattern; /* of a plain text */
	struct str *methods;
	size_t methods_count; /* 0: any */
};

bool resource_read(const struct policy_loader *loader, const struct json *object,
		   struct resource *resource, struct error *error);
bool resource_is_match(const struct resource *resource, const struct request *request);

#endif
