/* Proxying to a private API (spec/gateway.md 5.1 to 5.4): the request's body is handed to the call
 * as it streams, the answer's body to the client's exchange. A small body of unknown length is read
 * first, so that the upstream is told its length (5.2).
 *
 * Times and the number of repetitions are those that policies export (9.4); each attempt takes the
 * next address. A call with a body larger than FORM_BYTES_MAX is not repeated: its body streams.
 *
 * Part of struct request; zeroed memory is one that was not started.
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
	int64_t retries_left;
	const struct upstream_target *target;
	struct str host_header;
	struct outgoing outgoing;
	bool is_running, has_no_body;
	struct http_body *upgraded; /* what the client sends after a 101; producer's end */
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
