/* Usage limits: what a call may use, and what its answer says of it (spec/backend.md 3.8, 4.2,
 * 4.5). The pure rules stand first: they are what tests and alerts look at.
 */
#ifndef BACKEND_LIMITS_H
#define BACKEND_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/metric.h"
#include "backend/usage.h"

struct api_call;
struct arena;
struct batch;
struct http_response;
struct redis_client;
struct stats_subject;

/* The limits of a plan, and what stands against them. */
struct plan_limits {
	struct limit_list list;
	const int64_t *counters; /* of each limit; NULL until they were read */
};

/* usage NULL: none was sent, all limits count; else those of its metrics alone. counters: of each
 * limit. */
bool limits_allow(const struct limit_list *limits, const int64_t *counters,
		  const struct usage *usage);

/* One MGET of the counters of all limits, none when there are no limits. */
void limits_ask(struct batch *batch, struct redis_client *storage, struct str service,
		struct str application, const struct metrics *metrics,
		const struct limit_list *limits, int64_t now_us);
/* The same of any subject; its metric is not looked at. */
void limits_ask_subject(struct batch *batch, struct redis_client *storage,
			const struct stats_subject *subject, const struct metrics *metrics,
			const struct limit_list *limits, int64_t now_us);
const int64_t *limits_counters(struct arena *arena, const struct limit_list *limits,
			       const struct redis_reply *reply);

/* Of a call whose counters were read. */
bool limits_is_shown(const struct api_call *call, const struct usage_limit *limit);
int64_t limits_shown_value(const struct api_call *call, const struct plan_limits *limits,
			   size_t index);
void limits_add_headers(const struct api_call *call, struct http_response *response);

#endif
