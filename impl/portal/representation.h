/* How a record looks in an answer: a table of names, derived values and links for each resource,
 * and one writer for JSON and XML (spec/portal.md 2.5).
 *
 * `json` and `xml` list the properties in their order, blank separated. A name is looked up among
 * the derived ones first, then among the record's columns. "name!" keeps a null in JSON; "name:2.6"
 * is left out where a release has no such property (release.h); names behind a "|" come after the
 * links; "*" are the fields that a tenant defines (fields.h); "=name" in XML is a whole element
 * made by its function, "~name" is left out when it is null. Derived values of kind VALUE_JSON are
 * written as they stand.
 */
#ifndef PORTAL_REPRESENTATION_H
#define PORTAL_REPRESENTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "portal/value.h"

struct call;
struct record;
struct record_list;

struct derived {
	const char *name;
	struct value (*get)(struct call *call, const struct record *record);
};

struct link {
	const char *rel;
	const char *path; /* "/admin/api/services/{id}": names in braces are properties */
};

struct representation {
	const char *root, *roots; /* "service", "services" */
	const char *json, *xml;
	const struct derived *derived;
	size_t derived_count;
	const struct link *links;
	size_t links_count;
	bool links_are_paths;             /* without scheme and host */
	bool keeps_nulls;                 /* in JSON, all of them */
	bool xml_leaves_nulls;            /* out; else an empty element stands for them */
	bool xml_times_as_sql;            /* 2019-10-01 10:00:00 UTC */
	const char *xml_attributes;       /* properties that are attributes of the element */
	const char *xml_root, *xml_roots; /* when they differ from JSON's */
	const char *xml_version; /* of a list, which then has an element of its own for its page */
	/* Another representation for this record (a method among metrics, in XML); NULL = this one.
	 */
	const struct representation *(*other)(struct call *call, const struct record *record);
};

#define REPRESENTATION_DERIVED(rows)                                                               \
	.derived = (rows), .derived_count = sizeof(rows) / sizeof *(rows)
#define REPRESENTATION_LINKS(rows) .links = (rows), .links_count = sizeof(rows) / sizeof *(rows)

/* The representation itself, or the other one it names for this record. */
const struct representation *representation_for(struct call *call,
						const struct representation *representation,
						const struct record *record);
/* {"id":7,...} without its root. */
void representation_write_json(struct call *call, struct strbuf *out,
			       const struct representation *representation,
			       const struct record *record);
/* <service>...</service> */
void representation_write_xml(struct call *call, struct strbuf *out,
			      const struct representation *representation,
			      const struct record *record);
/* The element, or the elements of a list, as a value for "=name" and the like. */
struct value representation_xml_element(struct call *call,
					const struct representation *representation,
					const struct record *record);
struct value representation_xml_elements(struct call *call,
					 const struct representation *representation,
					 const struct record_list *list);
/* Elements or items without the list's root, comma separated in JSON, each wrapped. */
void representation_write_items(struct call *call, struct strbuf *out,
				const struct representation *representation,
				const struct record_list *list, bool as_json);

#endif
