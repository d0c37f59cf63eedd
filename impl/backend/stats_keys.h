/* Names of the counters that backend writes and the portal reads (spec/backend.md 6.3, 6.4). Byte
 * for byte as upstream: both sides and every other tool rely on them.
 *
 * Ids go into the key as they are. Without an application and a user it is the counter of the whole
 * service.
 */
#ifndef BACKEND_STATS_KEYS_H
#define BACKEND_STATS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/utc.h"

struct arena;

#define STATS_COMPACT_BYTES 16

/* What is counted, for whom. Exactly one of metric and response_code is given. */
struct stats_subject {
	struct str service, application;
	struct str user; /* an end user's counter, instead of an application's */
	struct str metric;
	struct str response_code; /* "2XX", "404" */
};

/* The counter of the period that holds the instant. */
struct str stats_key(struct arena *arena, const struct stats_subject *subject,
		     enum utc_period period, int64_t instant_us);
/* The same for many counters of one instant: the periods are written once for a minute. Zeroed at
 * first, then stats_times_set() before stats_key_at(). */
struct stats_times {
	bool is_set;
	int64_t minute_us; /* the minute that they are of */
	char text[UTC_PERIODS][STATS_COMPACT_BYTES];
	size_t size[UTC_PERIODS];
};
void stats_times_set(struct stats_times *times, int64_t instant_us);
struct str stats_key_at(struct arena *arena, const struct stats_subject *subject,
			enum utc_period period, const struct stats_times *times);
/* Services have no counters for years and minutes. */
bool stats_has_period(const struct stats_subject *subject, enum utc_period period);
/* "stats/{service:S}/cinstances": the applications that ever had traffic. */
struct str stats_applications_key(struct arena *arena, struct str service);
/* "20190601", "2019060109", "201906011": the start of a period without its trailing zeros. */
struct str stats_compact_time(char out[STATS_COMPACT_BYTES], int64_t instant_us);

#endif
