/* Running the phases of a request's policies (spec/gateway.md 9.1): within a phase the policies of
 * the service's chain in their order, those of a chain inside a policy in the place of that policy.
 *
 * Part of struct request. phases_begin() .. phases_run() until it is true; a phase function that
 * waits makes it false, and request_resume() goes on with phases_run().
 */
#ifndef GATEWAY_PHASES_H
#define GATEWAY_PHASES_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/policies/chain.h"

struct request;

struct phase_frame {
	const struct policy_chain *chain;
	size_t next;
};

struct phases {
	enum phase phase;
	struct phase_frame frames[POLICY_CHAIN_DEPTH_MAX]; /* the innermost last */
	size_t depth;                                      /* 0: nothing is left to do */
};

/* Nothing to do for a request without a service. */
void phases_begin(struct request *request, enum phase phase);
/* Runs what is left of the phase; false when it has to wait or the answer is there. */
bool phases_run(struct request *request);
/* For a phase function: these run next, in the same phase, when it returns PHASE_GO_ON. */
void phases_enter(struct request *request, const struct policy_chain *chain);
/* The data of the instance that made the phase wait. */
const void *phases_waiting_data(const struct request *request);
/* What is left of the phase is left out. */
void phases_skip(struct request *request);

#endif
