/* Method and path pattern to a row of a table. Patterns: "/services/{service_id}/applications.xml";
 * a `{name}` takes one non-empty segment (up to '/' or the literal that follows it in the segment).
 * Rows are tried in order, so literals go before parameters.
 */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;

#define HTTP_ROUTE_PARAMETERS_MAX 8

struct http_route_parameters {
	struct {
		struct str name, value; /* value decoded */
	} items[HTTP_ROUTE_PARAMETERS_MAX];
	size_t count;
};

/* True when `path` (raw, without query) fits `pattern`; the values are decoded into `arena`. */
bool http_route_match(struct str pattern, struct str path, struct arena *arena,
		      struct http_route_parameters *parameters);
struct str http_route_parameter(const struct http_route_parameters *parameters, struct str name);

#endif
