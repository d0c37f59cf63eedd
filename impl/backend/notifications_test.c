/* Backend's account of its own use: spec/backend.md 7.3. */
#include "backend/stand_test.h"

#include <string.h>

#define NOTED "notify/aggregator/batch"
#define NOTE(usage)                                                                                \
	"[{\"provider_key\":\"PK\",\"usage\":{" usage "},\"time\":\"2019-06-01 10:20:00 UTC\"}]"
#define AUTHORIZE "\"transactions/authorize\":1"

static void start(const char *release, const char *master, const char *batch)
{
	stand_set();
	stand_variable("CONFIG_MASTER_SERVICE_ID", master);
	stand_variable("CONFIG_NOTIFICATION_BATCH", batch);
	stand_argument("--release");
	stand_argument(release);
	stand_provision();
	stand_set_clock("2019-06-01T10:20:30Z");
}

static void set_up(void)
{
	start("2.6", "", "10");
}

static const struct {
	const char *path, *form, *noted; /* the list, then */
} rows[] = {
	{"/transactions/authorize.xml?" S1_U1, NULL, NOTE(AUTHORIZE)},
	{"/transactions/authorize.xml?" S1_U1 "x", NULL, NOTE(AUTHORIZE)},
	{"/transactions/authrep.xml?" S1_U1 "&usage[hits]=1", NULL,
	 NOTE(AUTHORIZE ",\"transactions\":1")},
	{"/transactions/authrep.xml?" S1_U1 "&log[code]=200", NULL,
	 NOTE(AUTHORIZE ",\"transactions\":0")},
	{"/transactions/authrep.xml?" S1_U1, NULL, NOTE(AUTHORIZE)},
	{"/transactions/authrep.xml?" S2_A2 "x", NULL, NOTE(AUTHORIZE)},
	{"/transactions/authrep.xml?" S1_U1 "x", NULL, "[]"},
	{"/transactions/authrep.xml?" S1_U1 "&usage[nope]=1", NULL, "[]"},
	{NULL, "service_token=T1&service_id=S1&transactions[0][app_id]=x&transactions[1][app_id]=x",
	 NOTE("\"transactions\":2")},
	{NULL, "service_token=T1&service_id=S1", "[]"},
};

/* Also where there is no master service. */
START_TEST(calls_are_noted)
{
	if (rows[_i].path != NULL)
		stand_get(rows[_i].path);
	else
		stand_post(rows[_i].form);
	stand_run_for(1);
	expect_text(stand_redis("LRANGE " NOTED " 0 -1"), rows[_i].noted);
}
END_TEST

START_TEST(the_minute_is_that_of_the_call)
{
	static const char *const times[] = {"2019-06-01T10:20:59.9Z", "2019-06-01T10:21:00Z",
					    "2019-05-01T10:00:00Z"};

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		stand_set_clock(times[i]);
		stand_get("/transactions/authorize.xml?" S1_U1);
	}
	stand_run_for(1);
	ck_assert(stand_contains(str_from(stand_redis("LINDEX " NOTED " 0")), "10:20:00 UTC"));
	ck_assert(stand_contains(str_from(stand_redis("LINDEX " NOTED " 1")), "10:21:00 UTC"));
	ck_assert(stand_contains(str_from(stand_redis("LINDEX " NOTED " 2")),
				 "2019-05-01 10:00:00 UTC"));
}
END_TEST

START_TEST(without_a_master_service_jobs_do_nothing)
{
	for (int i = 0; i < 10; i++)
		stand_get("/transactions/authorize.xml?" S1_U1);
	stand_run_for(STAND_SECOND);
	expect_text(stand_redis("LLEN " NOTED), "0");
	expect_text(stand_queues("LLEN resque:queue:main"), "1");
	ck_assert(stand_contains(str_from(stand_queues("LINDEX resque:queue:main 0")),
				 "\"args\":[\"PK\",{\"transactions/authorize\":10},"));
	stand_drain();
	expect_text(stand_queues("KEYS *"), "[resque:queues]");
	expect_text(stand_redis("KEYS stats/*"), "[]");
}
END_TEST

START_TEST(in_the_current_line_nothing_is_noted_without_a_master_service)
{
	stand_clear();
	start("current", "", "10");
	stand_get("/transactions/authorize.xml?" S1_U1);
	stand_post("service_token=T1&service_id=S1&transactions[0][app_id]=x");
	stand_run_for(1);
	expect_text(stand_redis("EXISTS " NOTED), "0");
	stand_clear();
	start("current", "S2", "10");
	stand_get("/transactions/authorize.xml?" S1_U1);
	stand_run_for(1);
	expect_text(stand_redis("LRANGE " NOTED " 0 -1"), NOTE(AUTHORIZE));
}
END_TEST

/* Of others, or damaged: what cannot be read is left out, sums stay at the largest number. */
START_TEST(a_batch_takes_what_others_noted)
{
	static const char *const notes[] = {
		"not JSON",
		"{\"provider_key\":\"a\",\"usage\":{\"m\":9223372036854775807},\"time\":\"t\"}",
		"{\"provider_key\":\"a\",\"usage\":{\"n\":\"2\",\"m\":1},\"time\":\"t\"}",
		"{\"provider_key\":\"a\",\"usage\":{\"m\":1},\"time\":\"u\"}",
		"[]",
	};

	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
		struct str words[] = {STR("RPUSH"), STR(NOTED), str_from(notes[i])};

		stand_redis_send(0, words, 3);
	}
	for (int i = 0; i < 5; i++)
		stand_get("/transactions/authorize.xml?" S1_U1);
	stand_run_for(STAND_SECOND);
	expect_text(stand_queues("LLEN resque:queue:main"), "3");
	ck_assert(stand_contains(str_from(stand_queues("LINDEX resque:queue:main 0")),
				 "[\"a\",{\"m\":9223372036854775807,\"n\":2},\"t\","));
	ck_assert(stand_contains(str_from(stand_queues("LINDEX resque:queue:main 1")),
				 "[\"a\",{\"m\":1},\"u\","));
	expect_text(stand_redis("LLEN " NOTED), "0");
}
END_TEST

/* 9.6: the job is queued by then; a call that has none does not wait for its note. */
START_TEST(a_call_that_reports_fails_when_it_cannot_be_noted)
{
	stand_redis("SET " NOTED " x");
	expect_answer(stand_get("/transactions/authrep.xml?" S1_U1 "&usage[hits]=1"), 500, NULL);
	expect_answer(stand_post("service_token=T1&service_id=S1&transactions[0][user_key]=U1"
				 "&transactions[0][usage][hits]=1"),
		      500, NULL);
	expect_answer(stand_get("/transactions/authorize.xml?" S1_U1), 200, NULL);
	expect_text(stand_queues("LLEN resque:queue:priority"), "2");
}
END_TEST

Suite *backend_notifications_suite(void);
Suite *backend_notifications_suite(void)
{
	Suite *suite = suite_create("backend_notifications");
	TCase *test = tcase_create("notifications");

	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_add_loop_test(test, calls_are_noted, 0, sizeof rows / sizeof *rows);
	tcase_add_test(test, the_minute_is_that_of_the_call);
	tcase_add_test(test, without_a_master_service_jobs_do_nothing);
	tcase_add_test(test, in_the_current_line_nothing_is_noted_without_a_master_service);
	tcase_add_test(test, a_batch_takes_what_others_noted);
	tcase_add_test(test, a_call_that_reports_fails_when_it_cannot_be_noted);
	suite_add_tcase(suite, test);
	return suite;
}
