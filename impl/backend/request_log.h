/* The listener's log: one line for each request that was answered (spec/backend.md 9.9), if one was
 * asked for. Its form is that of the product, query included. Metrics count each, too. */
#ifndef BACKEND_REQUEST_LOG_H
#define BACKEND_REQUEST_LOG_H

#include "base/str.h"

struct backend;
struct http_exchange;

/* length: of the answer's body. form: of a POST, where its provider key stands; else empty. */
void request_log_write(struct backend *backend, const struct http_exchange *exchange, int status,
		       size_t length, struct str form);

#endif
