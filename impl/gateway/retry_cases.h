/* Which outcomes of an upstream call the policy `retry` repeats: APICAST_UPSTREAM_RETRY_CASES, the
 * words of nginx's proxy_next_upstream (spec/gateway.md 1.3, 9.4). */
#ifndef GATEWAY_RETRY_CASES_H
#define GATEWAY_RETRY_CASES_H

#include <stdbool.h>

#include "base/str.h"
#include "world/http_client.h"

enum retry_case {
	RETRY_ERROR = 1, /* no connection, or it broke off */
	RETRY_TIMEOUT = 2,
	RETRY_INVALID_HEADER = 4,
	RETRY_NON_IDEMPOTENT = 8, /* POST, LOCK and PATCH, too */
	RETRY_HTTP_403 = 16,
	RETRY_HTTP_404 = 32,
	RETRY_HTTP_429 = 64,
	RETRY_HTTP_500 = 128,
	RETRY_HTTP_502 = 256,
	RETRY_HTTP_503 = 512,
	RETRY_HTTP_504 = 1024,
};

/* The words between blanks, or-ed; *unknown is one that is none of them, or empty. "off" takes back
 * all before it. */
unsigned retry_cases_parse(struct str text, struct str *unknown);
bool retry_cases_have_failure(unsigned cases, enum http_failure failure);
bool retry_cases_have_status(unsigned cases, int status);
/* was_sent: the upstream may have acted on it. */
bool retry_cases_have_method(unsigned cases, struct str method, bool was_sent);

#endif
