/* The built-in echo API and mock backend (spec/gateway.md 1.1): answers with what it was sent; with
 * Host "backend" it authorizes every call. */
#ifndef GATEWAY_ECHO_SERVER_H
#define GATEWAY_ECHO_SERVER_H

struct http_exchange;

/* `requested` of the echo listener; data is not used. */
void echo_server_requested(struct http_exchange *exchange, void *data);

#endif
