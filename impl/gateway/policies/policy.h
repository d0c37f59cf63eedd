/* The seam of the policy framework (spec/gateway.md 9.1). A policy is a row of policies/table.c
 * with one function for each phase it takes part in; a chain is an array of instances
 * (policies/chain.h). Within a phase policies run in chain order (phases.h).
 *
 * A phase function that has to wait returns PHASE_WAIT and calls request_resume() later, with the
 * result it would have returned. header_filter, post_action and log may not end the request; log
 * and header_filter may not wait.
 *
 * Everything that can be prepared is prepared by `create`: texts checked, patterns compiled
 * (pattern_create_in), templates parsed. What an instance keeps for one request is in
 * request_policy_state(); what it keeps for longer belongs to struct gateway.
 */
#ifndef GATEWAY_POLICIES_POLICY_H
#define GATEWAY_POLICIES_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "gateway/auth_cache.h"

struct arena;
struct error;
struct error_log;
struct json;
struct request;
struct settings;

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
	PHASE_SKIP,     /* the rest of this phase is left out, the request goes on */
	PHASE_ANSWERED, /* request_answer_...() was called */
};

typedef enum phase_result phase_run(struct request *request, const void *data);

/* What `create` may use. */
struct policy_loader {
	struct arena *arena; /* lives as long as the configuration version */
	const struct settings *settings;
	struct error_log *log;
	size_t depth;               /* chains around this one */
	const struct json *issuers; /* URL -> what that identity provider says (2.5); NULL: none */
};

/* What policies say about a request wherever they stand in the chain; zeroed: nothing. */
struct policy_exports {
	bool has_cache_handler;
	enum cache_handler cache_handler;
	bool passes_websocket;                                        /* upgrades to it */
	int64_t retries;                                              /* of the upstream call */
	int64_t connect_timeout_ms, send_timeout_ms, read_timeout_ms; /* 0: not said */
};

struct policy {
	struct str name;
	struct str version;
	const char *manifest; /* JSON, as GET /policies shows it (7); NULL: internal */
	/* Reads the configuration (NULL when absent) into data that lives in the loader's arena.
	 * NULL: the policy needs none. False and *error: the policy is left out of its chain. */
	bool (*create)(const struct policy_loader *loader, const struct json *configuration,
		       const void **data, struct error *error);
	/* Fills in what no policy before it in the chain has. NULL: nothing. */
	void (*export_values)(const void *data, struct policy_exports *exports);
	phase_run *run[PHASES];
};

/* The JSON that stands between the parentheses, as text: manifests are readable in the source. */
#define POLICY_MANIFEST(...) #__VA_ARGS__

/* One element of a chain. */
struct policy_instance {
	const struct policy *policy;
	const void *data;
};

/* NULL when there is none. The name may carry the prefix "apicast.policy.", which means the
 * built-in one whatever the version says. */
const struct policy *policy_find(struct str name, struct str version);
/* All of them, ended by NULL. */
extern const struct policy *const policies[];

#endif
