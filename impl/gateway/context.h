/* What templates and operations see of a request (spec/gateway.md 9.2): uri, host, remote_addr,
 * remote_port, scheme, server_addr, server_port, http_method, headers, and the context that
 * policies share: service, usage, credentials, jwt. Looked up when somebody asks, never built.
 *
 * Secrets of the service (backend_authentication_value, secret_token) are not among them.
 */
#ifndef GATEWAY_CONTEXT_H
#define GATEWAY_CONTEXT_H

#include "gateway/liquid/liquid.h"

struct arena;
struct json;
struct request;

struct liquid_scope context_scope(const struct request *request);
/* A request header by its name, without case, '-' and '_' equal; several lines are joined by ", ".
 * No data (NULL): there is none. */
struct str context_header(const struct request *request, struct str name);
/* The first argument of the query of that name, decoded; no data: there is none. */
struct str context_query_argument(const struct request *request, struct str name);
/* A top-level claim of the JWT as text; no data: there is none. */
struct str context_claim(const struct request *request, struct str name);
/* All of it, for who configures a gateway (policy liquid_context_debug). */
struct json *context_json(const struct request *request, struct arena *arena);

#endif
