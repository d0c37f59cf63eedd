/* In what the releases differ (spec/backend.md 0.1, 12.1): one row of traits each, so that nothing
 * else asks for a release by its name. 2.6 is the default; "current" is the line after it.
 */
#ifndef BACKEND_PROFILE_H
#define BACKEND_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct profile {
	struct str release; /* "2.6", as on the command line */
	struct str version; /* "2.93.0", as /status tells it */

	/* Parameters (2.4, 2.6, 2.7); 0: no such limit. */
	bool splits_at_semicolons;
	bool reads_leading_brackets; /* "[usage][hits]" */
	size_t depth_max;            /* of brackets */
	size_t level_name_bytes_max; /* of all names of one level */
	size_t parameters_max;
	size_t form_bytes_max;
	bool checks_all_texts; /* for UTF-8, once it is known who calls; else names when they are
				  read */
	int not_valid_data_status;

	/* Authorization (2.10, 3.4, 3.5, 3.9, 3.10). */
	bool has_end_users; /* else user_id is refused */
	bool has_access_tokens;
	bool identifies_by_version; /* backend_version says whether user_key or app_id counts */
	bool relaxes_oauth_keys;    /* plain calls of an oauth service check a key only when sent */
	bool has_legacy_referrer_filters; /* by CONFIG_LEGACY_REFERRER_FILTERS */
	bool checks_metrics_first;        /* with no_body, before the validators (stage 10) */
	bool propagates_to_all_ancestors; /* usage; else to the direct parent alone */
	bool deletes_zeroed_counters;     /* "#0" */

	/* Answers (2.8, 4.5). */
	bool has_flat_usage, has_list_app_keys;
	bool has_limit_max_value;
	bool has_content_security_policy;

	/* Reports, errors, notifications, alerts (5, 7). */
	bool drops_zero_usage; /* before it is queued, with all of a log but its code */
	bool tells_extensions; /* in jobs and integration errors */
	bool keeps_latest_transactions;
	bool reads_unix_timestamps; /* digits alone are seconds; else compact dates */
	bool notifies_without_master;
	bool skips_alerts_early;   /* 7.4, the last row */
	bool keeps_hourly_maximum; /* alerts/.../current_max (6.5) */
	bool counts_event_pings;   /* INCR events/ping; else it is set once (7.2) */

	/* Operation (8.4, 9, 10). */
	bool has_application_batches; /* and GET .../provider_key of a token pair */
	bool purges_stats;
	bool names_workers_with_queues; /* in resque:workers (6.6) */
	bool has_fine_time_buckets;     /* of metrics (10) */
	bool has_listener_workers;      /* the variable of that name (9.1) */
	bool reads_any_truth;           /* "1" and "TRUE"; else "true" alone (9.2) */
	bool tries_checks_again;        /* of connectivity; and other texts (9.1) */
	bool has_sentinel_passwords;
	bool has_redis_credentials; /* variables for them; sentinels share theirs (9.3, 9.5) */
	bool has_worker_metrics, has_listener_metrics;
};

/* NULL: there is no such release. An empty name is the default's. */
const struct profile *profile_find(struct str release);

/* Does the text of a variable turn something on? (9.2) */
bool profile_is_true(const struct profile *profile, struct str text);

#endif
