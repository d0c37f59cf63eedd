#include "backend/profile.h"

/* 2.5 and 2.6 (12.1). */
#define GUIDED                                                                                     \
	.splits_at_semicolons = true, .reads_leading_brackets = true, .depth_max = 100,            \
	.level_name_bytes_max = 65536, .not_valid_data_status = 400, .has_end_users = true,        \
	.has_access_tokens = true, .keeps_latest_transactions = true,                              \
	.notifies_without_master = true, .keeps_hourly_maximum = true, .counts_event_pings = true, \
	.names_workers_with_queues = true

/* The first is the default. */
static const struct profile profiles[] = {
	{
		.release = STR_INIT("2.6"),
		.version = STR_INIT("2.93.0"),
		GUIDED,
		.has_limit_max_value = true,
		.has_sentinel_passwords = true,
		.has_worker_metrics = true,
	},
	{
		.release = STR_INIT("2.5"),
		.version = STR_INIT("2.91.1"),
		GUIDED,
	},
	{
		.release = STR_INIT("current"),
		.version = STR_INIT("3.4.3"),
		.depth_max = 32,
		.parameters_max = 4096,
		.form_bytes_max = 4194304,
		.checks_all_texts = true,
		.not_valid_data_status = 422,
		.identifies_by_version = true,
		.relaxes_oauth_keys = true,
		.has_legacy_referrer_filters = true,
		.checks_metrics_first = true,
		.propagates_to_all_ancestors = true,
		.deletes_zeroed_counters = true,
		.has_flat_usage = true,
		.has_list_app_keys = true,
		.has_limit_max_value = true,
		.has_content_security_policy = true,
		.drops_zero_usage = true,
		.tells_extensions = true,
		.reads_unix_timestamps = true,
		.skips_alerts_early = true,
		.has_application_batches = true,
		.purges_stats = true,
		.has_sentinel_passwords = true,
		.has_redis_credentials = true,
		.has_worker_metrics = true,
		.has_listener_metrics = true,
		.has_fine_time_buckets = true,
		.has_listener_workers = true,
		.reads_any_truth = true,
		.tries_checks_again = true,
	},
};

const struct profile *profile_find(struct str release)
{
	for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
		if (release.size == 0 || str_equal(release, profiles[i].release))
			return &profiles[i];
	}
	return NULL;
}

bool profile_is_true(const struct profile *profile, struct str text)
{
	if (!profile->reads_any_truth)
		return str_equal(text, STR("true"));
	return str_equal(text, STR("1")) || str_equal_nocase(text, STR("true"));
}
