/* Billing, trials and cards under virtual time: forty days of daily runs. What single runs do is in
 * the conformance cases. */
#include <check.h>

#include "portal/call.h"
#include "portal/database.h"
#include "portal/jobs.h"
#include "portal/seeded_test.h"
#include "world/log.h"

#define HOUR (3600 * STAGE_SECOND)
#define DAY (24 * HOUR)

/* The simulated clock starts on Tuesday 2019-06-04T08:00:00Z. */
static struct stage stage;
static struct world *world;
static struct database *database;
static struct settings settings;
static struct jobs *jobs;

static void committed(void *data)
{
	(void)data;
}

static void drop_line(struct world *of, struct str target, struct str line)
{
	(void)of;
	(void)target;
	(void)line;
}

static const struct log_ops no_log = {.write = drop_line};

static void execute(const char *sql)
{
	seeded_execute(database, sql);
}

static struct jobs *start_jobs(void)
{
	const struct jobs_options options = {.world = world,
					     .database = database,
					     .settings = &settings,
					     .committed = committed};
	struct jobs *started = jobs_create(&options);

	jobs_wake(started);
	stage_run(&stage, 1000);
	return started;
}

/* The sample tenant bills since May; its sample plan costs 30 a month. */
static void set_up(void)
{
	stage_open(&stage);
	world = sim_host_world(stage.api_host, STR("portal"));
	world->log = &no_log;
	database = seeded_open(&stage, world, &settings);
	execute("INSERT INTO billing_strategies (tenant_id, account_id, created_at) VALUES (2, 2, "
		"'2019-05-01 00:00:00');"
		"UPDATE plans SET cost_per_month = 30 WHERE name = 'Basic'");
	jobs = start_jobs();
}

static void tear_down(void)
{
	jobs_destroy(jobs);
	database_close(database);
	stage_close(&stage);
}

static int64_t count(const char *sql)
{
	return seeded_count(database, sql);
}

static int64_t notifications(const char *system_name)
{
	return count(str_cstr(stage.arena, str_format(stage.arena,
						      "SELECT count(*) FROM notifications WHERE "
						      "system_name = '%s'",
						      system_name)));
}

/* That of the sample application ends on 9 June at noon. */
static void give_trial(void)
{
	execute("UPDATE plans SET trial_period_days = 5 WHERE name = 'Basic';"
		"UPDATE cinstances SET trial_period_expires_at = '2019-06-09 12:00:00' WHERE "
		"tenant_id = 2 AND type = 'Cinstance'");
}

static void are_billed_once(void)
{
	/* 27 of June's 30 days, July whole; 4 June to 14 July. */
	ck_assert_int_eq(count("SELECT count(*) FROM line_items"), 2);
	ck_assert_int_eq(count("SELECT count(*) FROM line_items WHERE description = '2019-06-04 - "
			       "2019-06-30' AND cost = '27.0'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM line_items WHERE description = '2019-07-01 - "
			       "2019-07-31' AND cost = '30.0'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM invoices"), 2);
	ck_assert_int_eq(
		count("SELECT count(*) FROM invoices WHERE period = '2019-06-01' AND state "
		      "= 'pending' AND issued_on = '2019-07-03'"),
		1);
	ck_assert_int_eq(count("SELECT count(*) FROM invoices WHERE state = 'open'"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM background_jobs"), 0);
}

START_TEST(forty_days_are_billed_once)
{
	stage_run(&stage, 40 * DAY);
	are_billed_once();
	/* The tenant hears of one invoice to review, the developer of one that was issued. */
	ck_assert_int_eq(notifications("invoices_to_review"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM mails WHERE subject LIKE 'Invoice 2019-06-%' "
			       "AND body LIKE '%27.0 USD%2019-07-05%'"),
			 1);
}
END_TEST

START_TEST(two_processes_bill_nothing_twice)
{
	struct jobs *second = start_jobs();

	stage_run(&stage, 40 * DAY);
	are_billed_once();
	jobs_destroy(second);
}
END_TEST

/* Members hear of invoices by their section finance, of applications by partners. */
START_TEST(members_hear_of_what_they_may_see)
{
	execute("INSERT INTO users (tenant_id, account_id, username, email, state, role) VALUES "
		"(2, 2, 'finance', 'f@one.example', 'active', 'member'), "
		"(2, 2, 'partners', 'p@one.example', 'active', 'member');"
		"INSERT INTO member_permissions (user_id, admin_section) SELECT id, username FROM "
		"users WHERE role = 'member'");
	give_trial();
	stage_run(&stage, 40 * DAY);
	ck_assert_int_eq(count("SELECT count(*) FROM mails WHERE recipient = 'f@one.example'"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM mails WHERE recipient = 'f@one.example' AND "
			       "subject = 'Invoices to review: 1'"),
			 1);
	ck_assert_int_eq(count("SELECT count(*) FROM mails WHERE recipient = 'p@one.example'"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM mails WHERE recipient = 'p@one.example' AND "
			       "subject LIKE 'The trial of %'"),
			 1);
}
END_TEST

/* Three days without anybody who runs jobs, over the turn of the month. */
START_TEST(what_was_missed_is_made_up_for)
{
	stage_run(&stage, 25 * DAY);
	jobs_destroy(jobs);
	stage_run(&stage, 3 * DAY);
	jobs = start_jobs();
	stage_run(&stage, 12 * DAY);
	ck_assert_int_eq(count("SELECT count(*) FROM line_items"), 2);
	ck_assert_int_eq(count("SELECT count(*) FROM invoices WHERE period = '2019-06-01' AND "
			       "state = 'pending' AND issued_on = '2019-07-04'"),
			 1);
}
END_TEST

START_TEST(many_developers_are_billed_in_steps)
{
	execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) "
		"INSERT INTO accounts (id, tenant_id, org_name, state, buyer, "
		"provider_account_id) SELECT 1000 + i, 2, 'Buyer', 'approved', 1, 2 FROM n");
	execute("INSERT INTO cinstances (tenant_id, type, state, plan_id, user_account_id, "
		"service_id, created_at) SELECT 2, 'Cinstance', 'live', plan_id, accounts.id, "
		"service_id, '2019-06-04 10:00:00' FROM cinstances, accounts WHERE accounts.id > "
		"1000 AND cinstances.tenant_id = 2 AND cinstances.type = 'Cinstance'");
	stage_run(&stage, DAY + HOUR);
	ck_assert_int_eq(count("SELECT count(*) FROM line_items"), 1201);
	ck_assert_int_eq(count("SELECT count(*) FROM (SELECT DISTINCT friendly_id FROM invoices) "
			       "AS numbers"),
			 1201);
	ck_assert_int_eq(count("SELECT count(*) FROM background_jobs"), 0);
}
END_TEST

/* One that cannot be billed keeps nobody else from it. */
START_TEST(a_failure_stays_with_its_developer)
{
	execute("INSERT INTO accounts (id, tenant_id, org_name, state, buyer, "
		"provider_account_id) VALUES (1000, 2, 'Buyer', 'approved', 1, 2)");
	execute("INSERT INTO cinstances (tenant_id, type, state, plan_id, user_account_id, "
		"service_id, created_at) SELECT 2, 'Cinstance', 'live', plan_id, 1000, service_id, "
		"'2019-06-04 10:00:00' FROM cinstances WHERE tenant_id = 2 AND type = 'Cinstance'");
	execute("CREATE TRIGGER refusal BEFORE INSERT ON invoices WHEN NEW.buyer_account_id < 1000 "
		"BEGIN SELECT RAISE(ABORT, 'not now'); END");
	stage_run(&stage, DAY + HOUR);
	ck_assert_int_eq(count("SELECT count(*) FROM invoices WHERE buyer_account_id = 1000"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM invoices"), 1);
	execute("DROP TRIGGER refusal");
	stage_run(&stage, 2 * HOUR);
	ck_assert_int_eq(count("SELECT count(*) FROM invoices"), 2);
}
END_TEST

START_TEST(the_end_of_a_trial_is_told_once)
{
	give_trial();
	stage_run(&stage, 5 * DAY + HOUR);
	ck_assert_int_eq(notifications("cinstance_expired_trial"), 0);
	stage_run(&stage, DAY);
	ck_assert_int_eq(notifications("cinstance_expired_trial"), 1);
	stage_run(&stage, 40 * DAY);
	ck_assert_int_eq(notifications("cinstance_expired_trial"), 1);
}
END_TEST

/* Free plans have no trial that anybody minds; nor has what does not live. */
static const char *const untold[] = {
	"UPDATE plans SET cost_per_month = 0 WHERE name = 'Basic'",
	"UPDATE plans SET trial_period_days = 0 WHERE name = 'Basic'",
	"UPDATE cinstances SET state = 'suspended' WHERE tenant_id = 2 AND type = 'Cinstance'",
	"UPDATE accounts SET state = 'suspended' WHERE id = 2",
};

START_TEST(other_trials_end_without_a_word)
{
	give_trial();
	execute(untold[_i]);
	stage_run(&stage, 20 * DAY);
	ck_assert_int_eq(notifications("cinstance_expired_trial"), 0);
}
END_TEST

START_TEST(the_end_of_a_card_is_told_once)
{
	execute("UPDATE accounts SET credit_card_expires_on = '2019-06-01' WHERE buyer = 1 AND "
		"provider_account_id = 2");
	stage_run(&stage, 16 * DAY + HOUR); /* 20 June */
	ck_assert_int_eq(notifications("expired_credit_card_provider"), 0);
	stage_run(&stage, DAY);
	ck_assert_int_eq(notifications("expired_credit_card_provider"), 1);
	stage_run(&stage, 40 * DAY);
	ck_assert_int_eq(notifications("expired_credit_card_provider"), 1);
	ck_assert_int_eq(count("SELECT count(*) FROM mails WHERE subject = 'Your credit card ends "
			       "soon'"),
			 1);
}
END_TEST

Suite *portal_jobs_billing_suite(void);
Suite *portal_jobs_billing_suite(void)
{
	Suite *suite = suite_create("portal_jobs_billing");
	TCase *tests = tcase_create("billing");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, forty_days_are_billed_once);
	tcase_add_test(tests, two_processes_bill_nothing_twice);
	tcase_add_test(tests, members_hear_of_what_they_may_see);
	tcase_add_test(tests, what_was_missed_is_made_up_for);
	tcase_add_test(tests, many_developers_are_billed_in_steps);
	tcase_add_test(tests, a_failure_stays_with_its_developer);
	tcase_add_test(tests, the_end_of_a_trial_is_told_once);
	tcase_add_loop_test(tests, other_trials_end_without_a_word, 0,
			    sizeof untold / sizeof *untold);
	tcase_add_test(tests, the_end_of_a_card_is_told_once);
	suite_add_tcase(suite, tests);
	return suite;
}
