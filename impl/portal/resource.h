/* A resource of the API: a table of rows, how they look, what may be set, which rules hold, and
 * what else happens when one changes. Listing, showing, creating, updating and deleting are the
 * same for all of them. */
#ifndef PORTAL_RESOURCE_H
#define PORTAL_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "portal/reply.h"

struct call;
struct json;
struct record;
struct representation;
struct rule;
struct table;
struct validation;
struct value;

struct resource {
	const struct table *table;
	const struct representation *representation;
	const char *wrapper;     /* "service"; "" = attributes are sent flat */
	const char *attributes;  /* blank separated columns a caller may set */
	const char *create_only; /* only on creation */
	bool has_fields;         /* that the tenant defines (fields.h) */
	/* Needed for a second one with the same values in these columns (switches.h). */
	const char *switch_for_more, *switch_scope;
	const struct rule *rules;
	size_t rules_count;
	int page_default, page_max; /* rows of a page of a list; 0 = 500 */
	/* The column that names a service whose configuration is another after a change, as its
	 * updated_at then says (spec/portal.md 4.3); NULL = none. */
	const char *touches;
	/* After assignment, before the rules: defaults, normal forms. False = answered already. */
	bool (*prepare)(struct call *call, struct record *record, const struct json *attributes);
	void (*validate)(struct call *call, struct record *record, struct validation *validation);
	/* In the same transaction, after the row was written. `before` is NULL for a new one. */
	void (*saved)(struct call *call, struct record *record, const struct record *before);
	/* Before the row goes; what it adds keeps the row (403). */
	void (*deleting)(struct call *call, struct record *record, struct validation *validation);
	/* In the same transaction, after it went. */
	void (*deleted)(struct call *call);
};

#define RESOURCE_RULES(rows) .rules = (rows), .rules_count = sizeof(rows) / sizeof *(rows)

/* Columns named in `names` that the attributes have; other attributes are left alone. */
void resource_assign(struct record *record, const char *names, const struct json *attributes);
void resource_check(struct call *call, const struct resource *resource, struct record *record,
		    struct validation *validation);
/* Writes the row and tells `saved`. */
void resource_store(struct call *call, const struct resource *resource, struct record *record);
/* Whether a switch of the tenant's lets this new one join what there is (switches.h). */
bool resource_lets_another(struct call *call, const struct resource *resource,
			   const struct record *record);
/* The row goes, unless `deleting` has something against it. */
bool resource_remove(struct call *call, const struct resource *resource, struct record *record,
		     struct validation *validation);
/* prepare, check, store; answers what is wrong and says false. */
bool resource_save(struct call *call, const struct resource *resource, struct record *record,
		   const struct json *attributes);
/* The object the caller sent; NULL after answering that its type is wrong. */
const struct json *resource_attributes(struct call *call, const char *wrapper);
/* Answers with the rows of a condition, a page of them when the route is paged. */
void resource_reply_list(struct call *call, const struct resource *resource, const char *where,
			 const struct value *arguments, size_t count);

/* Handlers. Records are the innermost of the path. */
void api_list(struct call *call);
void api_show(struct call *call);
void api_create(struct call *call);
void api_update(struct call *call);
void api_delete(struct call *call);
struct record *api_innermost(const struct call *call);

#endif
