/* Calls to backend and what their answers mean (spec/gateway.md 4.2 to 4.6).
 *
 * The caller's memory from backend_call_start() to backend_call_stop(), which is legal at any time.
 */
#ifndef GATEWAY_BACKEND_CLIENT_H
#define GATEWAY_BACKEND_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "gateway/outgoing.h"

struct arena;
struct gateway;
struct http_fields;
struct log_subject;
struct service;

enum backend_verdict {
	VERDICT_AUTHORIZED,
	VERDICT_DENIED,
	VERDICT_LIMITS_EXCEEDED,
	VERDICT_UNAVAILABLE, /* the cache decides */
};

/* The names of section 8. */
enum backend_endpoint_kind {
	BACKEND_AUTHREP,
	BACKEND_AUTHORIZE,
	BACKEND_REPORT,
	BACKEND_ENDPOINTS
};

struct backend_call;
typedef void backend_answered(struct backend_call *call, void *data);

struct backend_call {
	/* The caller's to fill in. */
	enum backend_endpoint_kind kind;
	struct arena *arena;
	const struct service *service;
	const struct log_subject *subject; /* the request it is made for */
	const struct http_fields *fields;  /* instead of the service's own; NULL: those */
	backend_answered *answered;
	void *data;
	/* The call's own. */
	struct outgoing outgoing;
	struct str arguments;
	bool is_running;
	int status; /* 0: no answer */
	enum backend_verdict verdict;
	struct str retry_after; /* seconds until the limit ends, or empty */
	size_t body_bytes;
	struct str shown_body; /* its beginning, when the log wants it */
};

/* The caller has filled in *call: all but what is the call's own. `text`: of a report the
 * transactions as a form; else arguments that follow those of the service in the query
 * ("usage%5Bhits%5D=1&user_key=k"). Texts must stay valid until the answer. `answered` is called
 * once, later. */
void backend_call_start(struct backend_call *call, struct gateway *gateway, struct str text);
void backend_call_stop(struct backend_call *call);

/* status 0: backend did not answer. */
enum backend_verdict backend_verdict_of(int status, const struct http_fields *fields);

#endif
