/* Answers of the Internal API that are none, under virtual time (spec/portal.md 6.3). */
#include "portal/internal_api.h"

#include <check.h>

#include "portal/settings.h"
#include "sim/stage_test.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"

static struct stage stage;
static struct stage_server backend;
static const struct settings settings = {.internal_api = STR_INIT("http://api:8081/internal/")};
static int answers;
static struct internal_answer answer;

static void answered(const struct internal_answer *came, void *data)
{
	ck_assert_ptr_eq(data, &stage);
	answers++;
	answer.status = came->status;
	answer.body = str_copy(stage.arena, came->body);
}

static void set_up(void)
{
	stage_open(&stage);
	stage_server_open(&stage, &backend, HEAD);
	backend.wanted = "GET ";
	answers = 0;
	answer = (struct internal_answer){0};
}

static void tear_down(void)
{
	stage_server_close(&backend);
	stage_close(&stage);
}

static struct internal_call *ask(bool is_job)
{
	const struct internal_request request = {
		.method = "GET", .path = STR("status"), .is_job = is_job};

	return internal_call_start(stage.client, &settings, stage.arena, &request, answered,
				   &stage);
}

/* A byte in time, again and again, while it is listened to. */
static void drip_for(int seconds)
{
	for (int i = 0; i < seconds; i++) {
		if (backend.stream != NULL)
			stream_write(backend.stream, STR("x"));
		stage_run(&stage, STAGE_SECOND);
	}
}

static void expect_failure(const char *why)
{
	ck_assert_int_eq(answers, 1);
	ck_assert_int_eq(answer.status, 0);
	ck_assert_msg(str_equal(answer.body, str_from(why)), "%.*s", STR_ARG(answer.body));
}

/* A page waits half a minute, a job longer. */
START_TEST(a_backend_that_drips_is_left)
{
	ask(false);
	drip_for(29);
	ck_assert_int_eq(answers, 0);
	drip_for(2);
	expect_failure("timed out");
	drip_for(5);
	ck_assert_int_eq(answers, 1);
	ck_assert_ptr_null(backend.stream);
}
END_TEST

START_TEST(a_job_waits_longer_for_one)
{
	ask(true);
	drip_for(60);
	ck_assert_int_eq(answers, 0);
	drip_for(45);
	ck_assert_int_eq(answers, 1);
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_eq(answer.body.size, 100);
	stage_run(&stage, 400 * STAGE_SECOND);
	ck_assert_int_eq(answers, 1);
}
END_TEST

START_TEST(an_answer_that_is_cut_off_is_none)
{
	backend.ends = true;
	ask(false);
	stage_run(&stage, STAGE_SECOND);
	expect_failure("the answer was cut off");
}
END_TEST

START_TEST(an_answer_that_is_too_long_is_none)
{
	backend.answer = "HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n\r\n";
	ask(false);
	stage_run(&stage, STAGE_SECOND);
	expect_failure("the answer is too long");
}
END_TEST

START_TEST(a_call_that_is_stopped_is_not_answered)
{
	struct internal_call *call = ask(false);

	drip_for(2);
	internal_call_stop(call);
	drip_for(40);
	ck_assert_int_eq(answers, 0);
	ck_assert_ptr_null(backend.stream);
}
END_TEST

Suite *portal_internal_api_suite(void);
Suite *portal_internal_api_suite(void)
{
	Suite *suite = suite_create("portal_internal_api");
	TCase *tests = tcase_create("answers");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_backend_that_drips_is_left);
	tcase_add_test(tests, a_job_waits_longer_for_one);
	tcase_add_test(tests, an_answer_that_is_cut_off_is_none);
	tcase_add_test(tests, an_answer_that_is_too_long_is_none);
	tcase_add_test(tests, a_call_that_is_stopped_is_not_answered);
	suite_add_tcase(suite, tests);
	return suite;
}
