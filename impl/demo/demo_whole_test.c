/* The demo over the stack itself. */
#include "backend/backend.h"
#include "demo/demo.h"
#include "gateway/gateway.h"
#include "portal/portal.h"
#include "sim/stage_test.h"

static const struct component *const components[] = {
	&demo_component,    &portal_component, &backend_component,
	&gateway_component, &echo_component,   NULL,
};

static struct stage stage;

static void set_up(void)
{
	stage_open_with(&stage, 1, components);
}

static void tear_down(void)
{
	stage_close(&stage);
}

static struct sim_process *start(const char *option)
{
	struct str words[] = {STR("refscale"), STR("demo"), str_from(option)};

	return stage_start(&stage, stage.api_host, words, option != NULL ? 3 : 2);
}

static bool has_said(const char *text)
{
	return str_find(strbuf_str(&stage.output), str_from(text)) != STR_NOT_FOUND;
}

static void expect_said(const char *text)
{
	ck_assert_msg(has_said(text), "not said: %s\n%.*s", text,
		      STR_ARG(strbuf_str(&stage.output)));
}

START_TEST(every_step_is_answered_as_specified)
{
	start("--once");
	stage_run(&stage, 30 * STAGE_SECOND);
	ck_assert_msg(stage.exit_status == 0, "%d\n%.*s", stage.exit_status,
		      STR_ARG(strbuf_str(&stage.output)));
	expect_said("    200  authorized, counted, answered by the Echo API\n");
	expect_said(" 0 not as expected\n");
	ck_assert(!has_said("{"));
	ck_assert_uint_eq(stage_count(&stage, "\"kind\":\"process.exit\""), 6);
	ck_assert_uint_eq(stage_count(&stage, "\"status\":0}"), 6);
}
END_TEST

START_TEST(two_demos_stay_up_side_by_side_until_they_are_stopped)
{
	struct sim_process *first = start(NULL), *second;

	stage_run(&stage, 30 * STAGE_SECOND);
	expect_said(" 0 not as expected\n");
	expect_said("    curl 'http://hello.localhost:8081/hello?user_key=demo-user-key'\n");
	strbuf_clear(&stage.output);
	second = start(NULL);
	stage_run(&stage, 30 * STAGE_SECOND);
	expect_said(" 0 not as expected\n");
	ck_assert(!has_said("localhost:8080") && !has_said("localhost:8081"));
	sim_process_stop(first);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(!sim_process_is_running(first) && sim_process_is_running(second));
	sim_process_stop(second);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(!sim_process_is_running(second));
	ck_assert_int_eq(stage.exit_status, 0);
	ck_assert_uint_eq(stage_count(&stage, "\"kind\":\"process.exit\""), 12);
}
END_TEST

START_TEST(the_same_seed_tells_the_same_story)
{
	uint64_t hash;

	start("--once");
	stage_run(&stage, 30 * STAGE_SECOND);
	hash = sim_trace_hash(stage.sim);
	stage_close(&stage);
	stage_open_with(&stage, 1, components);
	start("--once");
	stage_run(&stage, 30 * STAGE_SECOND);
	ck_assert_uint_eq(sim_trace_hash(stage.sim), hash);
}
END_TEST

Suite *demo_demo_whole_suite(void);
Suite *demo_demo_whole_suite(void)
{
	Suite *suite = suite_create("demo_demo_whole");
	TCase *tests = tcase_create("whole");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, every_step_is_answered_as_specified);
	tcase_add_test(tests, two_demos_stay_up_side_by_side_until_they_are_stopped);
	tcase_add_test(tests, the_same_seed_tells_the_same_story);
	suite_add_tcase(suite, tests);
	return suite;
}
