/* The demo over stand-ins: components that answer its steps as the table says, or as badly as a
 * test wants. */
#include "demo/demo.h"

#include <stdio.h>

#include "demo/demo_steps.h"
#include "sim/stage_test.h"
#include "world/environment.h"
#include "world/http_server.h"
#include "world/log.h"

#define NO_STEP SIZE_MAX

enum part { BACKEND, PORTAL, STAGING, PRODUCTION, PARTS };

static const char *const part_names[PARTS] = {"backend", "portal", "staging", "production"};

enum manner {
	GOOD,
	REFUSES,      /* cannot start */
	WANTS_A_PORT, /* cannot have the usual one */
	MUTE,         /* never says that it is ready */
	ENDS,         /* later, after many words */
	DEAF,         /* does not stop when it is asked to */
};

/* What the stand-ins do and what was done to them. */
static struct {
	enum manner manners[PARTS];
	size_t step;     /* the one to be answered next */
	size_t bad_step; /* answered badly, bad_times times */
	int bad_times;
	int bad_status; /* 0: not answered at all */
	const char *bad_body;
	int instances, calls, asked_to_stop;
} play;

static struct stage stage;
static struct sim_process *demo;

struct stand_in {
	struct world *world;
	enum part part;
	struct http_listener *listener;
	struct timer timer;
};

/* Answers. */

/* {"a":[{"b":"7"}]} for a.0.b */
static void append_nested(struct strbuf *out, struct str path)
{
	struct strbuf end;
	struct str name;

	strbuf_init(&end, 1024);
	while (str_next_field(&path, '.', &name)) {
		bool is_place = str_equal(name, STR("0"));

		if (is_place)
			strbuf_append_char(out, '[');
		else
			strbuf_append_format(out, "{\"%.*s\":", STR_ARG(name));
		strbuf_append_char(&end, is_place ? ']' : '}');
	}
	strbuf_append(out, STR("\"7\""));
	while (end.size > 0)
		strbuf_append_char(out, end.data[--end.size]);
	strbuf_free(&end);
}

static void answer_well(struct http_exchange *exchange, const struct demo_step *step)
{
	struct http_response response;
	struct strbuf body;

	http_response_init(&response, exchange->arena, step->status);
	strbuf_init(&body, 1024);
	if (step->capture != NULL)
		append_nested(&body, str_from(step->capture_path));
	else if (step->body_contains != NULL)
		strbuf_append_format(&body, "%s\n", step->body_contains);
	http_exchange_respond_str(exchange, &response,
				  str_copy(exchange->arena, strbuf_str(&body)));
	strbuf_free(&body);
}

static void answer_badly(struct http_exchange *exchange)
{
	struct http_response response;

	if (play.bad_status == 0) {
		http_exchange_abort(exchange);
		return;
	}
	http_response_init(&response, exchange->arena, play.bad_status);
	if (play.bad_body == NULL) { /* cut off */
		struct http_body *body = http_body_create(10, 10);

		http_exchange_respond(exchange, &response, body);
		http_body_write(body, STR("half"));
		http_body_producer_release(body);
		return;
	}
	http_exchange_respond_str(exchange, &response, str_from(play.bad_body));
}

static enum part part_of(const struct demo_step *step)
{
	return step->target == DEMO_PORTAL    ? PORTAL
	       : step->target == DEMO_STAGING ? STAGING
					      : PRODUCTION;
}

static void requested(struct http_exchange *exchange, void *data)
{
	struct stand_in *self = data;
	const struct demo_step *step = &demo_steps[play.step];
	bool is_portal = step->target == DEMO_PORTAL;

	play.calls++;
	ck_assert_uint_lt(play.step, demo_steps_count);
	ck_assert_int_eq(self->part, part_of(step));
	ck_assert(str_equal(exchange->request.method, str_from(step->method)));
	ck_assert_uint_eq(http_fields_has(&exchange->request.fields, STR("Authorization")),
			  is_portal);
	ck_assert_uint_eq(exchange->body != NULL, step->form != NULL);
	ck_assert(str_find_char(exchange->request.target, '{') == STR_NOT_FOUND);
	log_format(self->world, LOG_STDOUT, "%.*s", STR_ARG(exchange->request.target));
	if (play.step == play.bad_step && play.bad_times > 0) {
		play.bad_times--;
		if (play.bad_times == 0 && step->tries <= 1)
			play.step++;
		answer_badly(exchange);
		return;
	}
	play.step++;
	answer_well(exchange, step);
}

/* Life. */

static void stop_asked(void *data)
{
	struct stand_in *self = data;

	play.asked_to_stop++;
	if (play.manners[self->part] != DEAF)
		world_exit(self->world, 0);
}

static void ends(struct timer *timer)
{
	for (int i = 1; i <= 25; i++)
		log_format(timer->world, LOG_STDERR, "word %d", i);
	world_exit(timer->world, 7);
}

static struct str argument_after(const struct str *arguments, size_t count, struct str name)
{
	for (size_t i = 0; i + 1 < count; i++) {
		if (str_equal(arguments[i], name))
			return arguments[i + 1];
	}
	return STR("");
}

static void *stand_in_start(enum part part, struct world *world, const struct str *arguments,
			    size_t count, int *exit_status, struct error *error)
{
	struct http_listen_options listen = {
		.address = part == STAGING || part == PRODUCTION ? STR("") : STR("127.0.0.1")};
	enum manner manner = play.manners[part];

	ck_assert(str_to_uint16(argument_after(arguments, count, STR("--port")), &listen.port));
	if (manner == REFUSES || (manner == WANTS_A_PORT && listen.port != 0)) {
		error_set(error, ERROR_INVALID, "no way");
		*exit_status = 4;
		return NULL;
	}

	struct stand_in *self = MEMORY_NEW(struct stand_in);

	play.instances++;
	self->world = world;
	self->part = part;
	self->listener = http_listen(world, &listen, requested, self, error);
	ck_assert_msg(self->listener != NULL, "%s", error->text);
	world_on_stop(world, stop_asked, self);
	log_write(world, LOG_STDOUT, STR("getting up"));
	if (manner == ENDS)
		timer_start(world, &self->timer, 100 * STAGE_SECOND, ends);
	if (manner != MUTE)
		log_format(world, LOG_STDOUT, "ready %s port=%u management_port=12 metrics_port=34",
			   part_names[part], (unsigned)http_listener_port(world, self->listener));
	return self;
}

static void stand_in_stop(void *data)
{
	struct stand_in *self = data;

	timer_stop(&self->timer);
	http_listener_close(self->world, self->listener);
	free(self);
	play.instances--;
}

static void *backend_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	struct str value;

	ck_assert(environment_get(world, STR("CONFIG_INTERNAL_API_PASSWORD"), &value));
	return stand_in_start(BACKEND, world, arguments, count, exit_status, error);
}

static void *portal_start(struct world *world, const struct str *arguments, size_t count,
			  int *exit_status, struct error *error)
{
	struct str value;

	ck_assert(environment_get(world, STR("BACKEND_ENDPOINT"), &value));
	ck_assert(str_has_prefix(value, STR("http://127.0.0.1:")));
	ck_assert(str_find_char(value, '{') == STR_NOT_FOUND);
	ck_assert(environment_get(world, STR("ADMIN_ACCESS_TOKEN"), &value));
	ck_assert(environment_get(world, STR("ROLLING_UPDATES"), &value));
	ck_assert(str_equal(value, STR("active_docs_proxy=on")));
	return stand_in_start(PORTAL, world, arguments, count, exit_status, error);
}

static void *gateway_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	struct str value;

	ck_assert(environment_get(world, STR("THREESCALE_PORTAL_ENDPOINT"), &value));
	ck_assert(str_has_prefix(value, STR("http://demo-access-token@127.0.0.1:")));
	ck_assert(str_find_char(value, '{') == STR_NOT_FOUND);
	ck_assert(environment_get(world, STR("THREESCALE_DEPLOYMENT_ENV"), &value));
	return stand_in_start(str_equal(value, STR("staging")) ? STAGING : PRODUCTION, world,
			      arguments, count, exit_status, error);
}

static const struct component backend = {"backend", "", backend_start, stand_in_stop};
static const struct component portal = {"portal", "", portal_start, stand_in_stop};
static const struct component gateway = {"gateway", "", gateway_start, stand_in_stop};

static const struct component *const components[] = {
	&demo_component, &echo_component, &backend, &portal, &gateway, NULL,
};

/* The demo. */

static void play_anew(void)
{
	memset(&play, 0, sizeof play);
	play.bad_step = NO_STEP;
}

static void set_up(void)
{
	play_anew();
	stage_open_with(&stage, 1, components);
}

static void tear_down(void)
{
	stage_close(&stage);
	ck_assert_int_eq(play.instances, 0);
}

static void start(const char *option)
{
	struct str words[] = {STR("refscale"), STR("demo"), str_from(option)};

	demo = stage_start(&stage, stage.api_host, words, option != NULL ? 3 : 2);
}

static bool has_ended(void *data)
{
	(void)data;
	return !sim_process_is_running(demo);
}

static void expect_end(int status)
{
	ck_assert(sim_run_until(stage.sim, sim_now_us(stage.sim) + 100 * STAGE_SECOND, has_ended,
				NULL));
	stage_run(&stage, 0);
	ck_assert_msg(stage.exit_status == status, "%d\n%.*s", stage.exit_status,
		      STR_ARG(strbuf_str(&stage.output)));
	ck_assert_int_eq(play.instances, 0);
	ck_assert(!stage_traced(&stage, "\"left\":"));
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

static size_t step_of_target(enum demo_target target, bool captures)
{
	size_t step = 0;

	while (demo_steps[step].target != target || demo_steps[step].tries > 1 ||
	       (demo_steps[step].capture != NULL) != captures)
		step++;
	return step;
}

/* When all goes well. */

START_TEST(every_step_is_shown_with_its_answer)
{
	char text[64];

	start("--once");
	expect_end(0);
	ck_assert_uint_eq(play.step, demo_steps_count);
	snprintf(text, sizeof text, "\n  %zu steps, 0 not as expected\n", demo_steps_count);
	expect_said(text);
	ck_assert(str_has_suffix(strbuf_str(&stage.output), str_from(text)));
	expect_said("  refscale demo: ");
	expect_said("    backend     ready     0 ms   http://127.0.0.1:3000\n");
	expect_said("    production  ready     0 ms   http://127.0.0.1:8081\n");
	expect_said("\n    $ curl -u demo-access-token: -d 'name=Hello&system_name=hello' "
		    "'http://127.0.0.1:3001/admin/api/services.json'\n      201  service 7\n");
	expect_said("    $ curl -X PATCH -u demo-access-token: -d 'pattern=/hello' "
		    "'http://127.0.0.1:3001/admin/api/services/7/proxy/mapping_rules/7.json'\n");
	expect_said("    $ curl -u demo-access-token: "
		    "'http://127.0.0.1:3001/admin/api/services/7/metrics.json'\n");
	expect_said("    $ curl 'http://hello-staging.localhost:8080/hello?user_key=wrong'\n"
		    "      403  Authentication failed\n");
	expect_said("      429  after 1 more calls, as counting comes a moment later: Usage limit "
		    "exceeded\n");
	expect_said("'http://hello.localhost:8081/goodbye?user_key=demo-user-key'\n");
	ck_assert(!has_said("{") && !has_said("! ") && !has_said("NOT AS EXPECTED"));
}
END_TEST

START_TEST(every_address_and_credential_is_told)
{
	start(NULL);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert(sim_process_is_running(demo));
	ck_assert_uint_eq(play.step, demo_steps_count);
	expect_said("http://hello-staging.localhost:8080   user_key demo-user-key\n");
	expect_said("http://hello.localhost:8081   user_key demo-user-key\n");
	expect_said("http://127.0.0.1:3001/admin/api/   access_token demo-access-token\n");
	expect_said("http://127.0.0.1:3000   service_id 7, service_token 7\n");
	expect_said("http://127.0.0.1:8082 ");
	expect_said("curl 'http://127.0.0.1:12/status/ready'\n");
	expect_said("Ctrl-C stops everything.\n");
	ck_assert(!has_said("{"));

	int64_t now_us = sim_now_us(stage.sim);

	sim_process_stop(demo);
	expect_end(0);
	ck_assert_int_eq(sim_now_us(stage.sim), now_us);
	ck_assert_int_eq(play.asked_to_stop, PARTS);
	ck_assert(str_has_suffix(strbuf_str(&stage.output), STR("\n  Stopping.\n")));
}
END_TEST

START_TEST(a_second_demo_takes_free_ports)
{
	struct sim_process *first;

	start(NULL);
	stage_run(&stage, 10 * STAGE_SECOND);
	first = demo;
	strbuf_clear(&stage.output);
	play.step = 0;
	start(NULL);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert_uint_eq(play.step, demo_steps_count);
	ck_assert(!has_said(":3000") && !has_said(":3001") && !has_said(":8080") &&
		  !has_said(":8081") && !has_said(":8082") && !has_said("{"));
	ck_assert(!has_said(":0/") && !has_said(":0 "));
	sim_process_stop(first);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(sim_process_is_running(demo));
	sim_process_stop(demo);
	expect_end(0);
}
END_TEST

START_TEST(a_port_that_was_taken_meanwhile_is_replaced)
{
	play.manners[_i] = WANTS_A_PORT;
	start("--once");
	expect_end(0);
	ck_assert(!has_said("no way"));
}
END_TEST

/* When steps go wrong. */

static void spoil(size_t step, int times, int status, const char *body)
{
	play.bad_step = step;
	play.bad_times = times;
	play.bad_status = status;
	play.bad_body = body;
}

START_TEST(a_step_that_is_not_answered_as_specified_fails_the_demo)
{
	size_t step = step_of_target(DEMO_STAGING, false);

	spoil(step, 1, 502, " bad\ngateway\x01");
	start("--once");
	expect_end(1);
	ck_assert_uint_eq(play.step, demo_steps_count);
	expect_said("      NOT AS EXPECTED\n"
		    "        expected  403, with: Authentication parameters missing\n"
		    "        actual    502: bad gateway\n"
		    "      last lines of staging:\n");
	expect_said("        /hello\n"); /* the stand-in's own */
	expect_said(", 1 not as expected\n");
}
END_TEST

START_TEST(the_right_status_with_another_body_is_a_failure)
{
	spoil(step_of_target(DEMO_STAGING, false), 1, 403, "Authentication failed");
	start("--once");
	expect_end(1);
	expect_said("        actual    403: Authentication failed\n");
}
END_TEST

START_TEST(what_later_steps_need_ends_the_demo_when_it_fails)
{
	static const char *const bodies[] = {"{\"errors\":1}", "not JSON", "", "{\"service\":{}}"};
	size_t step = step_of_target(DEMO_PORTAL, true);
	char text[64];

	spoil(step, 1, demo_steps[step].status, bodies[_i]);
	start(_i % 2 == 0 ? "--once" : NULL);
	expect_end(1);
	ck_assert_int_eq(play.calls, (int)step + 1);
	expect_said("        expected  201, with service.id\n");
	snprintf(text, sizeof text, "        actual    201: %s\n", bodies[_i]);
	if (bodies[_i][0] != '\0')
		expect_said(text);
	expect_said("\n  1 steps, 1 not as expected, the rest not carried out\n");
	ck_assert(!has_said("Everything is up"));
}
END_TEST

START_TEST(a_failure_is_remembered_until_the_demo_is_stopped)
{
	spoil(step_of_target(DEMO_PORTAL, false), 1, 500, "oops");
	start(NULL);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert(sim_process_is_running(demo));
	expect_said("        actual    500: oops\n");
	sim_process_stop(demo);
	expect_end(1);
}
END_TEST

START_TEST(no_answer_is_a_failure)
{
	/* Twice: a call without a body that is cut off is sent again by the port. */
	spoil(step_of_target(DEMO_STAGING, false), 2, 0, "");
	start("--once");
	expect_end(1);
	expect_said("        actual    no answer: connection ");
	ck_assert(!has_said("    0\n"));
}
END_TEST

START_TEST(half_an_answer_is_a_failure)
{
	spoil(step_of_target(DEMO_PORTAL, false), 1, 201, NULL);
	start("--once");
	expect_end(1);
	expect_said("        actual    no answer: connection closed early\n");
}
END_TEST

static size_t last_patient_step(void)
{
	size_t step = demo_steps_count - 1;

	while (demo_steps[step].tries <= 1)
		step--;
	return step;
}

START_TEST(what_takes_its_time_is_tried_again)
{
	spoil(last_patient_step(), 5, _i == 0 ? 404 : 0, "not yet");
	start("--once");
	expect_end(0);
	ck_assert_int_eq(play.calls, (int)demo_steps_count + 5);
	/* A call that is cut off on a kept connection is sent again by the port, without a pause.
	 */
	ck_assert_int_ge(sim_now_us(stage.sim), _i == 0 ? 250000 : 200000);
	ck_assert(!has_said("not yet"));
}
END_TEST

START_TEST(patience_ends)
{
	size_t step = last_patient_step();

	spoil(step, 1000000, 404, "not yet");
	start("--once");
	expect_end(1);
	ck_assert_int_eq(play.calls, (int)step + demo_steps[step].tries);
	expect_said("        actual    404: not yet\n");
}
END_TEST

/* When children go wrong. */

START_TEST(a_child_that_cannot_start_ends_the_demo)
{
	char text[64];

	play.manners[_i] = REFUSES;
	start("--once");
	expect_end(3);
	snprintf(text, sizeof text, "    %-11s ended with status 4\n", part_names[_i]);
	expect_said(text);
	snprintf(text, sizeof text, "      last lines of %s:\n        refscale %s: no way\n",
		 part_names[_i], _i >= STAGING ? "gateway" : part_names[_i]);
	expect_said(text);
	ck_assert_int_eq(play.calls, 0);
}
END_TEST

START_TEST(a_child_that_is_not_there_ends_the_demo)
{
	static const struct component *const few[] = {&demo_component, &backend, NULL};

	stage_close(&stage);
	stage_open_with(&stage, 1, few);
	start(NULL);
	expect_end(3);
	expect_said("    echo        cannot start echo: ");
	expect_said("      no output of echo:\n");
	ck_assert_int_eq(play.asked_to_stop, 1);
}
END_TEST

START_TEST(the_very_first_child_may_be_missing)
{
	static const struct component *const few[] = {&demo_component, NULL};

	stage_close(&stage);
	stage_open_with(&stage, 1, few);
	start(NULL);
	expect_end(3);
	expect_said("    backend     cannot start backend: ");
}
END_TEST

START_TEST(a_child_that_does_not_get_ready_ends_the_demo)
{
	play.manners[_i] = MUTE;
	start(NULL);
	expect_end(3);
	expect_said(" not ready after 20 s\n");
	expect_said("        getting up\n");
	ck_assert_int_eq(sim_now_us(stage.sim), 20 * STAGE_SECOND);
}
END_TEST

START_TEST(a_child_that_ends_early_ends_the_demo)
{
	play.manners[_i] = ENDS;
	start(NULL);
	stage_run(&stage, 50 * STAGE_SECOND);
	ck_assert(sim_process_is_running(demo));
	expect_end(3);
	expect_said(" ended with status 7\n");
	expect_said(":\n        word 6\n        word 7\n"); /* the last 20 of 25 */
	expect_said("        word 25\n");
	ck_assert(!has_said("word 5\n"));
}
END_TEST

/* When it is stopped. */

START_TEST(it_can_be_stopped_at_any_time)
{
	/* While a child gets ready; and between the steps, one event after the other. */
	if (_i == 0)
		play.manners[PORTAL] = MUTE;
	start(_i % 2 == 0 ? NULL : "--once");
	stage_run(&stage, _i == 0 ? STAGE_SECOND : _i * 300);
	ck_assert(sim_process_is_running(demo));
	ck_assert_uint_lt(play.step, demo_steps_count);

	int calls = play.calls;

	sim_process_stop(demo);
	expect_end(_i % 2 == 0 ? 0 : 130);
	ck_assert_int_le(play.calls, calls);
	ck_assert(!has_said("NOT AS EXPECTED") && !has_said("Everything is up"));
}
END_TEST

START_TEST(it_can_be_stopped_before_a_retry)
{
	spoil(last_patient_step(), 1000000, 404, "not yet");
	start(NULL);
	stage_run(&stage, STAGE_SECOND);
	sim_process_stop(demo);
	expect_end(0);
}
END_TEST

START_TEST(who_does_not_stop_is_killed)
{
	int64_t now_us;

	play.manners[PORTAL] = play.manners[STAGING] = DEAF;
	start(NULL);
	stage_run(&stage, 10 * STAGE_SECOND);
	now_us = sim_now_us(stage.sim);
	sim_process_stop(demo);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(sim_process_is_running(demo));
	if (_i == 1)
		sim_process_stop(demo); /* asked again: at once */
	expect_end(0);
	ck_assert_int_eq(sim_now_us(stage.sim) - now_us, (_i == 1 ? 1 : 5) * STAGE_SECOND);
	if (_i == 0) {
		expect_said("    portal      does not stop, killed\n");
		expect_said("    staging     does not stop, killed\n");
	}
}
END_TEST

START_TEST(the_first_reason_to_end_counts)
{
	play.manners[PRODUCTION] = REFUSES;
	play.manners[PORTAL] = DEAF;
	start("--once");
	stage_run(&stage, STAGE_SECOND);
	sim_process_stop(demo);
	expect_end(3);
	ck_assert_int_lt(sim_now_us(stage.sim), 2 * STAGE_SECOND);
}
END_TEST

START_TEST(its_children_end_with_it)
{
	start(NULL);
	stage_run(&stage, _i * STAGE_SECOND);
	sim_process_kill(demo);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, 137);
}
END_TEST

START_TEST(wrong_options_are_refused)
{
	start(_i == 0 ? "--onze" : "once");
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, 2);
	expect_said(_i == 0 ? "! refscale demo: unknown option --onze, did you mean --once?\n"
			    : "! refscale demo: unexpected argument \"once\"\n");
}
END_TEST

static void add_steps(Suite *suite)
{
	TCase *tests = tcase_create("steps");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, every_step_is_shown_with_its_answer);
	tcase_add_test(tests, every_address_and_credential_is_told);
	tcase_add_test(tests, a_second_demo_takes_free_ports);
	tcase_add_loop_test(tests, a_port_that_was_taken_meanwhile_is_replaced, 0, PARTS);
	tcase_add_test(tests, a_step_that_is_not_answered_as_specified_fails_the_demo);
	tcase_add_test(tests, the_right_status_with_another_body_is_a_failure);
	tcase_add_loop_test(tests, what_later_steps_need_ends_the_demo_when_it_fails, 0, 4);
	tcase_add_test(tests, a_failure_is_remembered_until_the_demo_is_stopped);
	tcase_add_test(tests, no_answer_is_a_failure);
	tcase_add_test(tests, half_an_answer_is_a_failure);
	tcase_add_loop_test(tests, what_takes_its_time_is_tried_again, 0, 2);
	tcase_add_test(tests, patience_ends);
	suite_add_tcase(suite, tests);
}

static void add_children(Suite *suite)
{
	TCase *tests = tcase_create("children");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_child_that_cannot_start_ends_the_demo, 0, PARTS);
	tcase_add_test(tests, a_child_that_is_not_there_ends_the_demo);
	tcase_add_test(tests, the_very_first_child_may_be_missing);
	tcase_add_loop_test(tests, a_child_that_does_not_get_ready_ends_the_demo, 0, PARTS);
	tcase_add_loop_test(tests, a_child_that_ends_early_ends_the_demo, 0, PARTS);
	tcase_add_loop_test(tests, it_can_be_stopped_at_any_time, 0, 8);
	tcase_add_test(tests, it_can_be_stopped_before_a_retry);
	tcase_add_loop_test(tests, who_does_not_stop_is_killed, 0, 2);
	tcase_add_test(tests, the_first_reason_to_end_counts);
	tcase_add_loop_test(tests, its_children_end_with_it, 0, 2);
	tcase_add_loop_test(tests, wrong_options_are_refused, 0, 2);
	suite_add_tcase(suite, tests);
}

Suite *demo_demo_suite(void);
Suite *demo_demo_suite(void)
{
	Suite *suite = suite_create("demo_demo");

	add_steps(suite);
	add_children(suite);
	return suite;
}
