/* The parameters of a request as one JSON object: query and body together, the body wins
 * (spec/portal.md 2.5, 2.6). Names with brackets make objects and arrays: service[name]=x,
 * scopes[]=a. Everything that comes from a form is a string, but for files of multipart forms: they
 * are objects with the strings `file_name`, `content_type` and `content` (any bytes). A file field
 * that was left empty is absent. */
#ifndef PORTAL_PARAMETERS_H
#define PORTAL_PARAMETERS_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct json;

/* False: too many parameters, malformed JSON or multipart, text that is not UTF-8 or holds NUL. */
bool portal_parameters_read(struct arena *arena, struct str query, struct str content_type,
			    struct str body, struct json **parameters);

#endif
