/* Jobs under virtual time: when they are due, what they remove, what an end of the process leaves.
 */
#include "portal/jobs.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>

#include "base/utc.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/record.h"
#include "portal/seeded_test.h"
#include "portal/tables.h"
#include "world/log.h"

#define HOUR (3600 * STAGE_SECOND)
#define DAY (24 * HOUR)

/* The simulated clock starts on Tuesday 2019-06-04T08:00:00Z. */
static struct stage stage;
static struct world *world;
static struct database *database;
static struct settings settings;
static struct jobs *jobs;
static struct strbuf said;
static int commits;

static void committed(void *data)
{
	(void)data;
	commits++;
}

static void keep_line(struct world *of, struct str target, struct str line)
{
	(void)of;
	(void)target;
	strbuf_append(&said, line);
	strbuf_append_char(&said, '\n');
}

static const struct log_ops kept_log = {.write = keep_line};

static void start_jobs(void)
{
	const struct jobs_options options = {.world = world,
					     .database = database,
					     .settings = &settings,
					     .committed = committed};

	jobs = jobs_create(&options);
	jobs_wake(jobs);
	stage_run(&stage, 1000);
}

static void set_up(void)
{
	stage_open(&stage);
	strbuf_init(&said, 16 * 1024 * 1024);
	world = sim_host_world(stage.api_host, STR("portal"));
	world->log = &kept_log;
	database = seeded_open(&stage, world, &settings);
	start_jobs();
}

static void tear_down(void)
{
	jobs_destroy(jobs);
	database_close(database);
	strbuf_free(&said);
	stage_close(&stage);
}

static int64_t count(const char *sql)
{
	return seeded_count(database, sql);
}

/* Outside: as a database administrator. */
static void execute(const char *sql)
{
	seeded_execute(database, sql);
}

static size_t times_said(const char *words)
{
	return stage_count_in(strbuf_str(&said), words);
}

static void is_run(const char *name, size_t times)
{
	size_t found =
		times_said(str_cstr(stage.arena, str_format(stage.arena, "job %s id=", name)));

	/* Each says that it starts and that it is done. */
	ck_assert_msg(found == 2 * times, "%s: %zu times, wanted %zu", name, found / 2, times);
}

/* Due. */

START_TEST(jobs_are_run_once_for_each_hour_they_are_due_at)
{
	is_run("purge_audits", 0);
	stage_run(&stage, DAY - 2 * STAGE_SECOND); /* Wednesday 07:59:58 */
	is_run("purge_audits", 0);
	stage_run(&stage, 62 * STAGE_SECOND);
	is_run("purge_audits", 1);
	is_run("purge_user_sessions", 0);
	stage_run(&stage, 4 * DAY + 16 * HOUR); /* Monday 00:01 */
	is_run("purge_audits", 5);
	is_run("purge_user_sessions", 1);
	stage_run(&stage, 34 * DAY);
	is_run("purge_audits", 39);
	is_run("purge_user_sessions", 5);
	is_run("purge_event_store_events", 5);
}
END_TEST

START_TEST(what_was_missed_is_caught_up_once)
{
	jobs_destroy(jobs);
	stage_run(&stage, 3 * DAY);
	start_jobs();
	is_run("purge_audits", 1);
	jobs_destroy(jobs);
	start_jobs();
	is_run("purge_audits", 1);
}
END_TEST

/* Another process on the same database. */
START_TEST(two_processes_run_nothing_twice)
{
	struct jobs *first = jobs;

	start_jobs();
	stage_run(&stage, 10 * DAY);
	is_run("purge_audits", 10);
	is_run("purge_user_sessions", 1);
	jobs_destroy(first);
}
END_TEST

/* What a test sets back and forth. */
START_TEST(a_clock_that_goes_back_runs_nothing_again)
{
	stage_run(&stage, DAY + HOUR);
	is_run("purge_audits", 1);
	sim_host_set_clock_offset(stage.api_host, -5 * DAY);
	stage_run(&stage, 5 * DAY - HOUR);
	is_run("purge_audits", 1);
	stage_run(&stage, DAY + HOUR);
	is_run("purge_audits", 2);
}
END_TEST

START_TEST(a_job_can_be_run_by_its_name_or_schedule)
{
	ck_assert(jobs_run(jobs, STR("purge_audits")));
	is_run("purge_audits", 1);
	ck_assert(jobs_run(jobs, STR("weekly")));
	is_run("purge_user_sessions", 1);
	is_run("purge_audits", 1);
	ck_assert(jobs_run(jobs, STR("daily")));
	is_run("purge_audits", 2);
	ck_assert(!jobs_run(jobs, STR("monthly")));
	ck_assert(!jobs_run(jobs, STR("")));
}
END_TEST

/* Growth: PT-182 to PT-186. */

static const struct {
	const char *table, *insert, *schedule;
	const char *goes, *stays; /* times, when the job runs at 2019-06-04 08:00:00 */
} purge_rows[] = {
	{"user_sessions",
	 "INSERT INTO user_sessions (user_id, \"key\", accessed_at) VALUES (1, 'k', '%s')",
	 "weekly", "2019-05-21 07:59:59", "2019-05-21 08:00:00"},
	{"user_sessions",
	 "INSERT INTO user_sessions (user_id, \"key\", created_at) VALUES (1, 'k', '%s')", "weekly",
	 "2019-05-21 07:59:59", "2019-05-21 08:00:00"},
	{"event_store_events",
	 "INSERT INTO event_store_events (stream, event_type, event_id, created_at) "
	 "VALUES ('all', 'Test', '%s', '%s')",
	 "weekly", "2019-05-28 08:00:00", "2019-05-28 08:00:01"},
	{"audits",
	 "INSERT INTO audits (auditable_id, auditable_type, action, created_at) "
	 "VALUES (1, 'User', 'update', '%s')",
	 "daily", "2019-03-04 07:59:59", "2019-03-04 08:00:00"},
	{"log_entries", "INSERT INTO log_entries (provider_id, created_at) VALUES (1, '%s')",
	 "daily", "2018-12-04 07:59:59", "2018-12-04 08:00:00"},
	{"provided_access_tokens",
	 "INSERT INTO provided_access_tokens (user_id, value, expires_at) VALUES (1, 'v', '%s')",
	 "daily", "2019-06-04 07:59:59", "2019-06-04 08:00:00"},
};

static const char *with_time(const char *insert, const char *time)
{
	struct str rest = str_from(insert), before, out = STR("");

	while (str_find(rest, STR("%s")) != STR_NOT_FOUND) {
		before = str_slice(rest, 0, str_find(rest, STR("%s")));
		out = STR_CONCAT(stage.arena, out, before, str_from(time));
		rest = str_skip(rest, before.size + 2);
	}
	return str_cstr(stage.arena, STR_CONCAT(stage.arena, out, rest));
}

START_TEST(each_table_is_purged_at_its_age)
{
	const char *counting =
		str_cstr(stage.arena,
			 str_format(stage.arena, "SELECT count(*) FROM %s", purge_rows[_i].table));
	int64_t before = count(counting);

	execute(with_time(purge_rows[_i].insert, purge_rows[_i].goes));
	execute(with_time(purge_rows[_i].insert, purge_rows[_i].stays));
	ck_assert_int_eq(count(counting), before + 2);
	jobs_run(jobs, str_from(purge_rows[_i].schedule));
	ck_assert_int_eq(count(counting), before + 1);
	/* The older one of the two went. */
	execute(with_time(purge_rows[_i].insert, purge_rows[_i].goes));
	jobs_run(jobs, str_from(purge_rows[_i].schedule));
	ck_assert_int_eq(count(counting), before + 1);
}
END_TEST

START_TEST(revoked_sessions_go_at_any_age)
{
	execute("INSERT INTO user_sessions (user_id, \"key\", accessed_at, revoked_at) VALUES (1, "
		"'k', "
		"'2019-06-04 07:00:00', '2019-06-04 07:30:00')");
	jobs_run(jobs, STR("daily"));
	ck_assert_int_eq(count("SELECT count(*) FROM user_sessions"), 1);
	jobs_run(jobs, STR("weekly"));
	ck_assert_int_eq(count("SELECT count(*) FROM user_sessions"), 0);
}
END_TEST

START_TEST(many_rows_go_in_steps)
{
	execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3500) "
		"INSERT INTO log_entries (provider_id, created_at) SELECT 1, '2018-01-01 00:00:00' "
		"FROM n");
	commits = 0;
	jobs_run(jobs, STR("purge_log_entries"));
	ck_assert_int_eq(count("SELECT count(*) FROM log_entries"), 0);
	ck_assert_int_eq(commits, 4);
	is_run("purge_log_entries", 1);
}
END_TEST

/* Upstream's fault, for training: sessions and events grow, audits do not. */
START_TEST(a_disabled_janitor_lets_tables_grow)
{
	settings.janitor_worker_enabled = false;
	execute(with_time(purge_rows[0].insert, purge_rows[0].goes));
	execute(with_time(purge_rows[2].insert, purge_rows[2].goes));
	execute(with_time(purge_rows[3].insert, purge_rows[3].goes));
	stage_run(&stage, 40 * DAY);
	ck_assert_int_eq(count("SELECT count(*) FROM user_sessions"), 1);
	ck_assert_int_ge(count("SELECT count(*) FROM event_store_events"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM audits WHERE created_at < '2019-04-01'"), 0);
}
END_TEST

/* Forty days of traffic: a session, an event, an audit and a log entry each six hours. */
START_TEST(tables_stop_growing_over_forty_days)
{
	static const char traffic[] =
		"INSERT INTO user_sessions (user_id, \"key\", accessed_at) VALUES (1, 'k', '%s');"
		"INSERT INTO event_store_events (stream, event_type, event_id, created_at) VALUES "
		"('all', 'Traffic', '%s', '%s');"
		"INSERT INTO audits (auditable_id, auditable_type, action, created_at) VALUES (1, "
		"'Traffic', 'update', '%s');"
		"INSERT INTO log_entries (provider_id, level, created_at) VALUES (1, 99, '%s');";

	for (int i = 0; i < 160; i++) {
		char time[32];
		struct str now = utc_format_backend(time, world_utc_us(world));

		execute(with_time(traffic, str_cstr(stage.arena, str_slice(now, 0, 19))));
		stage_run(&stage, 6 * HOUR);
	}
	/* Sunday 2019-07-14: the last weekly run was on the 8th; sessions since 24 June, events
	 * since 1 July 00:00 (older than a week then) are left. */
	ck_assert_int_eq(count("SELECT count(*) FROM user_sessions"), 4 * 20 + 1);
	ck_assert_int_eq(count("SELECT count(*) FROM event_store_events WHERE event_type = "
			       "'Traffic'"),
			 4 * 13 + 1);
	ck_assert_int_eq(count("SELECT count(*) FROM audits WHERE auditable_type = 'Traffic'"),
			 160);
	ck_assert_int_eq(count("SELECT count(*) FROM log_entries WHERE level = 99"), 160);
}
END_TEST

/* Each day a token that is good for twelve hours, and a metric that is gone. */
START_TEST(tokens_and_statistics_go_day_by_day)
{
	for (int i = 0; i < 40; i++) {
		char time[32];
		struct str soon =
			utc_format_backend(time, world_utc_us(world) + 12 * 3600 * UTC_SECOND_US);

		execute(with_time("INSERT INTO provided_access_tokens (user_id, value, expires_at) "
				  "VALUES (1, 'v', '%s');"
				  "INSERT INTO deleted_objects (tenant_id, owner_id, owner_type, "
				  "object_id, object_type) VALUES (2, 2, 'Service', 7, 'Metric')",
				  str_cstr(stage.arena, str_slice(soon, 0, 19))));
		stage_run(&stage, DAY);
	}
	/* 14 July, 08:00: the run of the hour is not there yet, or just over. */
	stage_run(&stage, HOUR);
	ck_assert_int_eq(count("SELECT count(*) FROM provided_access_tokens"), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM deleted_objects"), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM backend_updates WHERE method = 'DELETE' AND "
			       "path = 'services/2/stats'"),
			 40);
}
END_TEST

START_TEST(reports_come_for_forty_days_to_who_wants_them)
{
	execute("INSERT INTO notification_preferences (user_id, preferences) SELECT id, "
		"'{\"daily_report\":true,\"weekly_report\":true}' FROM users WHERE username = "
		"'admin'");
	stage_run(&stage, 40 * DAY + HOUR);
	ck_assert_int_eq(
		count("SELECT count(*) FROM notifications WHERE system_name = 'daily_report'"), 40);
	ck_assert_int_eq(
		count("SELECT count(*) FROM notifications WHERE system_name = 'weekly_report'"), 5);
	ck_assert_int_eq(count("SELECT count(*) FROM mails WHERE recipient NOT LIKE 'admin@%'"), 0);
}
END_TEST

/* Tenants. */

static int64_t rows_of_tenant(void)
{
	return count("SELECT (SELECT count(*) FROM services WHERE account_id = 2) + (SELECT "
		     "count(*) FROM users WHERE tenant_id = 2) + (SELECT count(*) FROM cinstances "
		     "WHERE tenant_id = 2 OR user_account_id = 2) + (SELECT count(*) FROM plans "
		     "WHERE tenant_id = 2) + (SELECT count(*) FROM accounts WHERE id = 2 OR "
		     "tenant_id = 2) + (SELECT count(*) FROM metrics WHERE tenant_id = 2)");
}

static void schedule_tenant(void)
{
	execute("UPDATE accounts SET state = 'scheduled_for_deletion', state_changed_at = "
		"'2019-06-04 08:00:00' WHERE id = 2");
}

/* PT-159 */
START_TEST(a_tenant_is_erased_after_fifteen_days)
{
	int64_t before = rows_of_tenant();

	schedule_tenant();
	stage_run(&stage, 15 * DAY - STAGE_SECOND);
	ck_assert_int_eq(rows_of_tenant(), before);
	stage_run(&stage, 62 * STAGE_SECOND);
	ck_assert_int_eq(rows_of_tenant(), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM accounts"), 1); /* master */
	ck_assert_int_eq(count("SELECT count(*) FROM background_jobs"), 0);
	ck_assert_int_gt(count("SELECT count(*) FROM backend_updates WHERE method = 'DELETE' AND "
			       "path LIKE 'services/2'"),
			 0);
}
END_TEST

START_TEST(a_resumed_tenant_stays)
{
	int64_t before = rows_of_tenant();

	schedule_tenant();
	stage_run(&stage, 14 * DAY);
	execute("UPDATE accounts SET state = 'approved' WHERE id = 2");
	stage_run(&stage, 10 * DAY);
	ck_assert_int_eq(rows_of_tenant(), before);
}
END_TEST

static bool three_commits(void *data)
{
	(void)data;
	return commits >= 3;
}

/* Each step is stored: the next process goes on where this one ended. */
START_TEST(an_interrupted_erasure_goes_on)
{
	schedule_tenant();
	execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) "
		"INSERT INTO log_entries (tenant_id, provider_id) SELECT 2, 2 FROM n");
	execute("INSERT INTO background_jobs (name, object_id, run_at) VALUES ('erase_tenant', 2, "
		"'2019-06-04 08:00:00')");
	commits = 0;
	jobs_wake(jobs);
	ck_assert(sim_run_until(stage.sim, sim_now_us(stage.sim) + STAGE_SECOND, three_commits,
				NULL));
	jobs_destroy(jobs);
	ck_assert_int_eq(count("SELECT count(*) FROM background_jobs"), 1);
	ck_assert_int_gt(rows_of_tenant(), 0);
	start_jobs();
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(rows_of_tenant(), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM background_jobs"), 0);
}
END_TEST

/* PT-044: what hangs on a service goes in steps, and nothing of it stays. */
START_TEST(a_deleted_service_goes_in_steps)
{
	execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) "
		"INSERT INTO cinstances (tenant_id, type, plan_id, user_account_id, service_id, "
		"user_key, application_id) SELECT 2, 'Cinstance', plan_id, user_account_id, 2, "
		"'k' || i, 'a' || i FROM cinstances, n WHERE service_id = 2 AND type = "
		"'Cinstance'");
	execute("UPDATE services SET state = 'deleted' WHERE id = 2");
	execute("DELETE FROM backend_updates");
	execute("INSERT INTO background_jobs (tenant_id, name, object_id, run_at) VALUES (2, "
		"'delete_service', 2, '2019-06-04 08:00:00')");
	commits = 0;
	jobs_wake(jobs);
	ck_assert(sim_run_until(stage.sim, sim_now_us(stage.sim) + STAGE_SECOND, three_commits,
				NULL));
	ck_assert_int_eq(count("SELECT count(*) FROM services WHERE id = 2"), 1);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(
		count("SELECT (SELECT count(*) FROM services WHERE id = 2) + (SELECT "
		      "count(*) FROM cinstances WHERE service_id = 2) + (SELECT count(*) "
		      "FROM metrics WHERE service_id = 2) + (SELECT count(*) FROM proxies "
		      "WHERE service_id = 2) + (SELECT count(*) FROM plans WHERE issuer_id = "
		      "2 AND issuer_type = 'Service') + (SELECT count(*) FROM "
		      "deleted_objects) + (SELECT count(*) FROM background_jobs)"),
		0);
	ck_assert_int_eq(count("SELECT count(*) FROM backend_updates WHERE path LIKE "
			       "'services/2/applications/key/%'"),
			 251);
	ck_assert_int_eq(count("SELECT count(*) FROM backend_updates WHERE path LIKE "
			       "'services/2/stats' AND body LIKE '%\"a250\"%'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM backend_updates WHERE path = 'services/2' AND "
			       "method = 'DELETE' AND id = (SELECT max(id) FROM backend_updates)"),
			 1);
}
END_TEST

/* A step that the database refuses is undone whole, and tried again. */
START_TEST(a_failing_job_waits_and_is_tried_again)
{
	schedule_tenant();
	execute("CREATE TRIGGER refusal BEFORE DELETE ON services BEGIN SELECT RAISE(ABORT, "
		"'not now'); END");
	execute("INSERT INTO background_jobs (name, object_id, run_at) VALUES ('erase_tenant', 2, "
		"'2019-06-04 08:00:00')");
	jobs_wake(jobs);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(times_said("fail: "), 1);
	ck_assert_int_eq(times_said("next try in 16 s"), 1);
	stage_run(&stage, 2 * 60 * STAGE_SECOND);
	ck_assert_int_ge(times_said("next try in 31 s"), 1);
	execute("DROP TRIGGER refusal");
	stage_run(&stage, HOUR);
	ck_assert_int_eq(rows_of_tenant(), 0);
}
END_TEST

/* Nor can it be written when to try again: it is not run again and again meanwhile. */
START_TEST(a_failure_that_cannot_be_noted_makes_all_wait)
{
	schedule_tenant();
	execute("CREATE TRIGGER refusal BEFORE DELETE ON services BEGIN SELECT RAISE(ABORT, "
		"'not now'); END");
	execute("CREATE TRIGGER deafness BEFORE UPDATE ON background_jobs BEGIN SELECT "
		"RAISE(ABORT, 'full'); END");
	execute("INSERT INTO background_jobs (name, object_id, run_at) VALUES ('erase_tenant', 2, "
		"'2019-06-04 08:00:00')");
	ck_assert(jobs_run(jobs, STR("purge_audits")));
	jobs_wake(jobs);
	stage_run(&stage, 50 * STAGE_SECOND);
	ck_assert_int_eq(times_said("fail: "), 1);
	stage_run(&stage, 60 * STAGE_SECOND);
	ck_assert_int_eq(times_said("fail: "), 2);
	execute("DROP TRIGGER refusal");
	execute("DROP TRIGGER deafness");
	stage_run(&stage, 2 * 60 * STAGE_SECOND);
	ck_assert_int_eq(rows_of_tenant(), 0);
	is_run("purge_audits", 1);
}
END_TEST

/* Statistics: backend is told by service, once. */
START_TEST(statistics_of_what_is_gone_are_deleted)
{
	execute("INSERT INTO deleted_objects (tenant_id, owner_id, owner_type, object_id, "
		"object_type, metadata) VALUES (2, 9, 'Service', 5, 'Cinstance', 'app-5'), "
		"(2, 9, 'Service', 6, 'Metric', NULL), (2, 8, 'Service', 7, 'Metric', NULL), "
		"(77, 7, 'Service', 7, 'Metric', NULL)");
	jobs_run(jobs, STR("daily"));
	ck_assert_int_eq(count("SELECT count(*) FROM deleted_objects"), 0);
	ck_assert_int_eq(count("SELECT count(*) FROM backend_updates WHERE method = 'DELETE' AND "
			       "path = 'services/9/stats' AND body LIKE "
			       "'{\"deletejobdef\":{\"applications\":[\"app-5\"],\"metrics\":"
			       "[\"6\"],\"users\":[],\"from\":1559635200,\"to\":1559635200}}'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM backend_updates WHERE path LIKE "
			       "'services/%/stats'"),
			 2);
}
END_TEST

Suite *portal_jobs_suite(void);
Suite *portal_jobs_suite(void)
{
	Suite *suite = suite_create("portal_jobs");
	TCase *tests = tcase_create("jobs");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, jobs_are_run_once_for_each_hour_they_are_due_at);
	tcase_add_test(tests, what_was_missed_is_caught_up_once);
	tcase_add_test(tests, two_processes_run_nothing_twice);
	tcase_add_test(tests, a_clock_that_goes_back_runs_nothing_again);
	tcase_add_test(tests, a_job_can_be_run_by_its_name_or_schedule);
	tcase_add_loop_test(tests, each_table_is_purged_at_its_age, 0,
			    sizeof purge_rows / sizeof *purge_rows);
	tcase_add_test(tests, revoked_sessions_go_at_any_age);
	tcase_add_test(tests, many_rows_go_in_steps);
	tcase_add_test(tests, a_disabled_janitor_lets_tables_grow);
	tcase_add_test(tests, tables_stop_growing_over_forty_days);
	tcase_add_test(tests, tokens_and_statistics_go_day_by_day);
	tcase_add_test(tests, reports_come_for_forty_days_to_who_wants_them);
	tcase_add_test(tests, a_tenant_is_erased_after_fifteen_days);
	tcase_add_test(tests, a_resumed_tenant_stays);
	tcase_add_test(tests, an_interrupted_erasure_goes_on);
	tcase_add_test(tests, a_deleted_service_goes_in_steps);
	tcase_add_test(tests, a_failing_job_waits_and_is_tried_again);
	tcase_add_test(tests, a_failure_that_cannot_be_noted_makes_all_wait);
	tcase_add_test(tests, statistics_of_what_is_gone_are_deleted);
	suite_add_tcase(suite, tests);
	return suite;
}
