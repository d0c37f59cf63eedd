/* The Internal API, by which the portal tells backend what there is and reads what happened
 * (spec/backend.md 8). internal_routes.c has its table; each resource has a file.
 */
#ifndef BACKEND_INTERNAL_API_H
#define BACKEND_INTERNAL_API_H

#include "base/str.h"

struct backend;
struct http_exchange;

/* path, query: of the target, as they came. */
void internal_api_requested(struct backend *backend, struct http_exchange *exchange,
			    struct str path, struct str query);

#endif
