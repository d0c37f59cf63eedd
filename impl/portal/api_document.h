/* What an ActiveDocs document must be (spec/portal.md 3.13): JSON, of a version that is known
 * ("swagger" 2.0, "swaggerVersion" 1.2, else 1.0), with the structure of that version, and with an
 * address that is HTTP and not the portal's own machine.
 */
#ifndef PORTAL_API_DOCUMENT_H
#define PORTAL_API_DOCUMENT_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct validation;

/* Adds what is wrong to `body` and `base_path`. skips_structure: only JSON and the address count.
 */
void api_document_check(struct arena *arena, struct str body, bool skips_structure,
			struct validation *validation);
/* "2.0", "1.2" or "1.0"; other versions from 1.2 on as they are written, "3.0". */
struct str api_document_version(struct arena *arena, struct str body);
/* The address its calls go to, "https://api.example.com"; empty: that of whoever reads it. */
struct str api_document_base_path(struct arena *arena, struct str body);

#endif
