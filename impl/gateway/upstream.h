/* Proxying to a private API (spec/gateway.md 5.1 to 5.4): the request's body is handed to the call
 * as it streams, the answer's body to the client's exchange. A small body of unknown length is read
 * first, so that the upstream is told its length (5.2).
 *
 * Part of struct request; zeroed memory is one that was not started. Policies may set the times
 * before the content phase.
 */
#ifndef GATEWAY_UPSTREAM_H
#define GATEWAY_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "gateway/outgoing.h"
#include "gateway/policies/policy.h"
#include "http/message.h"

struct request;
struct upstream_target;

struct upstream_call {
	int64_t connect_timeout_ms, idle_timeout_ms; /* 0: 60 s */
	const struct upstream_target *target;
	struct str host_header;
	struct outgoing outgoing;
	bool is_running;
	struct http_fields fields;
	struct str uri;
};

/* Asks the target with the request as it stands; PHASE_WAIT: request_resume() follows. host_header:
 * empty = the target's own. */
enum phase_result upstream_start(struct request *request, const struct upstream_target *target,
				 struct str host_header);
/* The answer left, complete or not: says what cut it off, and lets go of the call. */
void upstream_stop(struct request *request, bool complete);

#endif
