/* Reading one place of an XML document: "status/usage_reports/usage_report/metric" is the text of
 * the first element there, "error@code" an attribute. Elements, attributes, entities, comments and
 * the declaration are understood; document types are refused.
 */
#ifndef RUNNER_XML_PATH_H
#define RUNNER_XML_PATH_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct error;

/* False and *error when the document is malformed. *is_present says whether there is such a
 * place; *value is in the arena. */
bool xml_path_get(struct arena *arena, struct str document, struct str path, bool *is_present,
		  struct str *value, struct error *error);

#endif
