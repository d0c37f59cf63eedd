/* The seam of the policy framework (spec/gateway.md 9.1). A policy is a row of policies/table.c
 * with one function for each phase it takes part in; a service's chain is an array of instances.
 * Within a phase policies run in chain order (phases.h).
 *
 * A phase function that has to wait returns PHASE_WAIT and calls request_resume() later, with the
 * result it would have returned. header_filter, post_action and log may not end the request; log
 * and header_filter may not wait.
 */
#ifndef GATEWAY_POLICIES_POLICY_H
#define GATEWAY_POLICIES_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct error;
struct json;
struct request;

enum phase {
	PHASE_REWRITE,
	PHASE_ACCESS,
	PHASE_CONTENT, /* the first that does not go on made the answer */
	PHASE_HEADER_FILTER,
	PHASE_POST_ACTION,
	PHASE_LOG,
	PHASES
};

enum phase_result {
	PHASE_GO_ON,
	PHASE_WAIT,
	PHASE_ANSWERED, /* request_answer_...() was called */
};

typedef enum phase_result phase_run(struct request *request, const void *data);

struct policy {
	struct str name;
	struct str version;
	const char *manifest; /* JSON, as GET /policies shows it (7) */
	/* Reads the configuration (NULL when absent) into data that lives in `arena`, as long as
	 * the configuration version. NULL: the policy needs none. */
	bool (*create)(struct arena *arena, const struct json *configuration, const void **data,
		       struct error *error);
	phase_run *run[PHASES];
};

/* One element of a service's chain. */
struct policy_instance {
	const struct policy *policy;
	const void *data;
};

extern const struct policy apicast_policy;

/* NULL when there is none. The name may carry the prefix "apicast.policy.", which means the
 * built-in one whatever the version says. */
const struct policy *policy_find(struct str name, struct str version);
/* All of them, ended by NULL. */
extern const struct policy *const policies[];

#endif
