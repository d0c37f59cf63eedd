/* Files that people upload, below <root>/public (spec/portal.md 8.4):
 *
 *     <root>/public/system/<prefix>/<YYYY>/<MM>/<DD>/<base name>-<random>.<extension>
 *
 * <root> is PORTAL_ROOT, the prefix the tenant's `s3_prefix` or its name made safe for URLs. A file
 * is written before the row that names it is committed: what fails afterwards leaves a file that
 * nobody names.
 */
#ifndef PORTAL_UPLOADS_H
#define PORTAL_UPLOADS_H

#include <stdbool.h>

#include "base/str.h"

struct call;
struct json;

struct upload {
	struct str file_name, content_type, content;
};

/* What a multipart form sent under that name; false when there is no file. */
bool upload_of_parameter(const struct json *parameters, struct str name, struct upload *upload);
/* Where a file would be: "/system/provider-name/2019/06/04/logo-0123456789abcdef.png". */
struct str upload_url(struct call *call, struct str file_name, struct str secret,
		      int64_t instant_us);
/* False after a line in the log and an answer 500: the folder cannot be written to (PT-181). */
bool upload_store(struct call *call, struct str url, struct str content);
void upload_remove(struct call *call, struct str url);

#endif
