/* One call of backend's Internal API (spec/portal.md 6.3): its address and credentials come from
 * the settings, its answer is taken whole.
 *
 * The texts of the request live as long as the call; the answer lies in the arena given, which must
 * live as long, too. `answered` is called once, never before internal_call_start() has returned,
 * and the call is gone when it begins. internal_call_stop() comes in its place.
 */
#ifndef PORTAL_INTERNAL_API_H
#define PORTAL_INTERNAL_API_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct internal_call;
struct settings;
struct world;

struct internal_request {
	const char *method;
	struct str path; /* without the base, percent-encoded: "services/7/errors/?page=1" */
	struct str body; /* JSON; empty = none */
	bool is_job;     /* 30 s (10 s to connect) instead of 5 s (3 s) */
};

struct internal_answer {
	int status;      /* 0: none came */
	struct str body; /* without an answer: why not */
};

typedef void internal_answered(const struct internal_answer *answer, void *data);

struct internal_call *internal_call_start(struct world *world, const struct settings *settings,
					  struct arena *arena,
					  const struct internal_request *request,
					  internal_answered *answered, void *data);
void internal_call_stop(struct internal_call *call); /* NULL is allowed */

#endif
