/* What a process keeps between its calls. The door for process.c; the rest is in
 * http_client_internal.h. */
#ifndef SIM_NET_HTTP_POOL_H
#define SIM_NET_HTTP_POOL_H

struct http_pool;

/* Closes idle connections; no call is left. NULL is allowed. */
void http_pool_destroy(struct http_pool *pool);

#endif
