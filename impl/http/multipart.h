/* Bodies of type multipart/form-data (RFC 7578), held whole and read part by part: fields and
 * files.
 *
 *     if (!http_multipart_begin(&form, content_type, body, arena)) -> no boundary: refuse
 *     while (http_multipart_next(&form, &part)) ...
 *     if (form.is_malformed) -> refuse
 *
 * Contents are slices of the body, any bytes. Parts without a name are left out.
 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include <stdbool.h>

#include "base/str.h"

struct arena;

struct http_part {
	struct str name, content;
	bool is_file; /* it has a file name, maybe an empty one */
	struct str file_name, content_type;
};

struct http_multipart {
	struct arena *arena;
	struct str delimiter; /* "\r\n--boundary" */
	struct str rest;      /* from the end of a delimiter on */
	bool is_malformed;
};

/* False: the type is not multipart/form-data, or has no boundary of 1 to 70 characters. */
bool http_multipart_begin(struct http_multipart *form, struct str content_type, struct str body,
			  struct arena *arena);
/* False at the end, and at the first thing that is not as it must be. */
bool http_multipart_next(struct http_multipart *form, struct http_part *part);

#endif
