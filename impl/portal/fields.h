/* Fields that a tenant defines for its developers' accounts, users and applications
 * (`fields_definitions`, spec/portal.md 6.2): names of columns that the table has anyway, and names
 * of its own, whose values are texts in the row's `extra_fields`.
 *
 * A resource that has such fields says so (`has_fields`), and its representation names them: "*" in
 * JSON, "extra_fields" in XML. Definitions are those of call->tenant, in their order (`pos`).
 */
#ifndef PORTAL_FIELDS_H
#define PORTAL_FIELDS_H

#include <stdbool.h>

#include "base/str.h"
#include "portal/value.h"

struct call;
struct json;
struct record;
struct validation;

/* The definitions that every tenant begins with; of call->tenant. */
void fields_define_first(struct call *call);
/* Takes the values of fields of its own, sent flat or within `extra_fields`. */
void fields_assign(struct call *call, struct record *record, const struct json *attributes);
/* What is required is there, what has choices is one of them. Says nothing of an attribute that has
 * been found wrong already. */
void fields_check(struct call *call, const struct record *record, struct validation *validation);
/* "size":"10","colour":"red": those that have values, with a comma in front unless they are the
 * first. True when there was any. */
bool fields_write_json(struct call *call, struct strbuf *out, const struct record *record,
		       bool is_first);
/* `<size>10</size>`, as a derived value of representations. */
struct value fields_xml(struct call *call, const struct record *record);

#endif
