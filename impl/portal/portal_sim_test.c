/* The portal under virtual time: what takes seconds or minutes, and what must be the same twice. */
#include <check.h>
#include <string.h>

#include "base/base64.h"
#include "portal/portal.h"
#include "sim/stage_test.h"
#include "world/process.h"

#define PORT 3001
#define TOOK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

static struct stage stage;
static struct stage_server backend;
static struct sim_process *portal;
static struct sim_host *portal_host;

/* port: of the variable; empty: not set. */
static struct sim_process *start_process_on(struct str database, struct str role, struct str port)
{
	struct str words[] = {STR("refscale"), STR("portal"), STR("--database"), database, role};
	const struct process_variable variables[] = {
		{STR("ADMIN_ACCESS_TOKEN"), STR("token")},
		{STR("SAMPLE_DATA"), STR("0")},
		{STR("BACKEND_ENDPOINT"), STR("http://api:8081")},
		{STR("BACKEND_REDIS_URL"), STR("redis://api:8081")},
		{STR("PORT"), port},
	};
	struct process_options options = {.words = words,
					  .words_count = role.size > 0 ? 5 : 4,
					  .variables = variables,
					  .variables_count = 5};
	struct sim_process *process = stage_start_with(&stage, portal_host, options);

	stage_run(&stage, 1000);
	return process;
}

static struct sim_process *start_process(struct str database, struct str role)
{
	return start_process_on(database, role, STR(""));
}

static void set_up_with(struct str database)
{
	static const struct component *const components[] = {&portal_component, NULL};

	memset(&backend, 0, sizeof backend);
	stage_open_with(&stage, 1, components);
	portal_host = sim_host_add(stage.sim, STR("portal"), STR("10.0.0.3"));
	portal = start_process(database, STR(""));
}

static void set_up(void)
{
	set_up_with(STR(":memory:"));
}

static void set_up_with_a_file(void)
{
	set_up_with(STR("/data/portal.sqlite"));
}

static void tear_down(void)
{
	if (sim_process_is_running(portal)) {
		sim_process_stop(portal);
		stage_run(&stage, STAGE_SECOND);
	}
	ck_assert_int_eq(stage.exit_status, 0);
	ck_assert(!stage_traced(&stage, "\"left\":"));
	stage_server_close(&backend);
	stage_close(&stage);
}

static void begin_at(struct stage_call *call, const char *method, const char *target,
		     const char *form, struct http_body *body)
{
	struct http_fields fields;
	struct http_call_options options = {
		.method = str_from(method),
		.host = STR("portal"),
		.port = PORT,
		.target = str_from(target),
		.fields = &fields,
		.body = form != NULL ? http_body_from_str(str_from(form)) : body};

	http_fields_init(&fields, stage.arena);
	http_fields_add(&fields, STR("Host"), STR("provider-admin.example.com"));
	http_fields_add(
		&fields, STR("Authorization"),
		STR_CONCAT(stage.arena, STR("Basic "), base64_encode(stage.arena, STR("token:"))));
	http_fields_add(&fields, STR("Content-Type"), STR("application/x-www-form-urlencoded"));
	stage_call_begin(&stage, call, &options);
}

static void begin(struct stage_call *call, const char *method, const char *form,
		  struct http_body *body)
{
	begin_at(call, method, "/admin/api/services.json", form, body);
}

static void slow_backend(void)
{
	stage_server_open(&stage, &backend, TOOK);
	sim_net_set_link(stage.sim, STR("portal"), STR("api"),
			 (struct sim_link){.latency_us = STAGE_SECOND});
	sim_net_set_link(stage.sim, STR("api"), STR("portal"),
			 (struct sim_link){.latency_us = STAGE_SECOND});
}

static bool said(const char *words)
{
	return str_find(strbuf_str(&stage.output), str_from(words)) != STR_NOT_FOUND;
}

/* Three calls of two seconds each, after two for the connection: five are enough to wait. */
START_TEST(a_slow_backend_does_not_hold_an_answer_for_long)
{
	struct stage_call call;

	slow_backend();
	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, 4900000);
	ck_assert(!call.is_over);
	stage_run(&stage, 200000);
	ck_assert_int_eq(call.status, 201);
	ck_assert_int_lt(backend.answers, 3);
	stage_run(&stage, 5 * STAGE_SECOND);
	ck_assert_int_eq(backend.answers, 3);
}
END_TEST

START_TEST(what_backend_need_not_know_does_not_wait)
{
	struct stage_call call, settings;

	slow_backend();
	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, STAGE_SECOND / 10);
	begin_at(&settings, "PUT", "/admin/api/settings.json", "hide_service=1", NULL);
	stage_run(&stage, STAGE_SECOND / 10);
	ck_assert_int_eq(settings.status, 200);
	ck_assert(!call.is_over);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert_int_eq(call.status, 201);
}
END_TEST

START_TEST(a_silent_backend_is_left_after_five_seconds)
{
	struct stage_call call;

	stage_server_open(&stage, &backend, "");
	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, 6 * STAGE_SECOND);
	ck_assert_int_eq(call.status, 201);
	ck_assert(said("failed: timed out; next try in 1 s"));
}
END_TEST

/* PT-195: whoever asks for statistics waits a second. */
START_TEST(a_silent_storage_is_left_after_a_second)
{
	struct stage_call call;

	begin(&call, "POST", "name=New", NULL);
	/* Between the second try of the push and the third. */
	stage_run(&stage, 4 * STAGE_SECOND);
	ck_assert_int_eq(call.status, 201);
	stage_server_open(&stage, &backend, "");
	begin_at(&call, "GET", "/stats/services/2/usage.json?metric_name=hits&period=day", NULL,
		 NULL);
	stage_run(&stage, 9 * STAGE_SECOND / 10);
	ck_assert_msg(!call.is_over, "%d %.*s", call.status, STR_ARG(call.body));
	stage_run(&stage, STAGE_SECOND / 5);
	ck_assert_int_eq(call.status, 500);
	ck_assert(said("statistics could not be read from backend's storage: "));
}
END_TEST

START_TEST(an_answer_that_is_cut_off_counts_for_nothing)
{
	struct stage_call call;

	stage_server_open(&stage, &backend, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}");
	backend.ends = true;
	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(call.status, 201);
	ck_assert(said("failed: the answer was cut off; next try in 1 s"));
}
END_TEST

/* 1, 2, 4 ... 256, then 300 seconds; and all arrives when backend is back. */
START_TEST(waits_grow_up_to_five_minutes)
{
	struct stage_call call;

	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, STAGE_SECOND / 2);
	ck_assert_int_eq(call.status, 201);
	stage_run(&stage, 20 * 60 * STAGE_SECOND);
	ck_assert(said("next try in 1 s\n"));
	ck_assert(said("next try in 256 s\n"));
	ck_assert(said("next try in 300 s\n"));
	ck_assert(!said("next try in 512 s\n"));
	stage_server_open(&stage, &backend, TOOK);
	stage_run(&stage, 5 * 60 * STAGE_SECOND + STAGE_SECOND);
	ck_assert_int_eq(backend.answers, 3);
}
END_TEST

/* The waits go on where they were: 1 + 2 + 4 + 8 seconds, of which the portal is away for five. */
START_TEST(a_restart_does_not_shorten_the_waits)
{
	struct stage_call call;

	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, 7500000);
	ck_assert(said("next try in 8 s\n"));
	sim_process_stop(portal);
	stage_run(&stage, 5 * STAGE_SECOND);
	portal = start_process(STR("/data/portal.sqlite"), STR(""));
	stage_server_open(&stage, &backend, TOOK);
	stage_run(&stage, 1500000);
	ck_assert_int_eq(backend.answers, 0);
	stage_run(&stage, 2 * STAGE_SECOND);
	ck_assert_int_eq(backend.answers, 3);
}
END_TEST

/* PT-150: a service, its token, its metric. The portal that runs finds them by itself. */
START_TEST(backend_is_told_everything_again_while_the_portal_runs)
{
	struct stage_call call;

	stage_server_open(&stage, &backend, TOOK);
	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(backend.answers, 3);
	strbuf_clear(&backend.got);
	backend.answers = 0;
	start_process(STR("/data/portal.sqlite"), STR("resync"));
	ck_assert(said("3 calls wait for backend\n"));
	ck_assert_int_eq(stage.exit_status, 0);
	stage_run(&stage, 6 * STAGE_SECOND);
	ck_assert_int_eq(backend.answers, 3);
}
END_TEST

/* PT-187: with sidekiq stopped, what waits is stored, and done when it is back. */
START_TEST(what_app_leaves_sidekiq_does)
{
	struct sim_process *app, *sidekiq;
	struct stage_call call;

	sim_process_stop(portal);
	stage_run(&stage, STAGE_SECOND);
	app = start_process(STR("/data/portal.sqlite"), STR("app"));
	stage_server_open(&stage, &backend, TOOK);
	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, 60 * STAGE_SECOND);
	ck_assert_int_eq(call.status, 201);
	ck_assert_int_eq(backend.answers, 0);
	ck_assert(!said("route created host=new-"));
	sidekiq = start_process(STR("/data/portal.sqlite"), STR("sidekiq"));
	ck_assert(said("ready portal role=sidekiq\n"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(backend.answers, 3);
	ck_assert(said("route created host=new-provider-apicast-staging.example.com"));
	/* And while both run an answer waits for backend as ever. */
	begin(&call, "POST", "name=Newer", NULL);
	stage_run(&stage, STAGE_SECOND / 2);
	ck_assert_int_eq(call.status, 201);
	ck_assert_int_eq(backend.answers, 6);
	sim_process_stop(app);
	sim_process_stop(sidekiq);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, 0);
}
END_TEST

/* spec/portal.md 8.1. */
START_TEST(the_port_may_stand_in_the_environment)
{
	struct sim_process *other;

	other = start_process_on(STR("/data/portal.sqlite"), STR(""), STR("3002"));
	ck_assert(said("ready portal port=3002\n"));
	sim_process_stop(other);
	stage_run(&stage, STAGE_SECOND);
	other = start_process_on(STR("/data/portal.sqlite"), STR(""), STR("66000"));
	ck_assert(said("PORT must be a number from 1 to 65535, not \"66000\""));
	ck_assert_int_eq(stage.exit_status, 1);
	other = start_process_on(STR("/data/portal.sqlite"), STR("--port=3003"), STR("3002"));
	ck_assert(said("ready portal port=3003\n"));
	sim_process_stop(other);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, 0);
}
END_TEST

START_TEST(an_empty_database_is_nothing_to_tell)
{
	start_process(STR("/data/other.sqlite"), STR("resync"));
	ck_assert_int_eq(stage.exit_status, 1);
	ck_assert(said("there is nothing in the database"));
	start_process(STR("/data/other.sqlite"), STR("again"));
	ck_assert_int_eq(stage.exit_status, 2);
	ck_assert(said("the role is app, sidekiq, deploy, resync, resync-domains or none, not "
		       "\"again\""));
	start_process(STR("/data/other.sqlite"), STR("resync-domains"));
	ck_assert_int_eq(stage.exit_status, 1);
	ck_assert(said("there is no such provider"));
}
END_TEST

/* Spec 9.1: what runs is finished, what comes is refused. */
START_TEST(a_stop_lets_requests_finish)
{
	struct stage_call call, late;

	slow_backend();
	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, STAGE_SECOND);
	sim_process_stop(portal);
	stage_run(&stage, STAGE_SECOND / 10);
	begin(&late, "GET", NULL, NULL);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(late.status, 503);
	ck_assert_int_eq(stage.exit_status, -1);
	stage_run(&stage, 5 * STAGE_SECOND);
	ck_assert_int_eq(call.status, 201);
	ck_assert_int_eq(stage.exit_status, 0);
}
END_TEST

START_TEST(a_stop_does_not_wait_for_ever)
{
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1024);
	struct stage_call call;

	begin(&call, "POST", NULL, body);
	http_body_write(body, STR("name="));
	stage_run(&stage, STAGE_SECOND);
	sim_process_stop(portal);
	stage_run(&stage, 9 * STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, -1);
	stage_run(&stage, 2 * STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, 0);
	http_body_producer_release(body);
	if (!call.is_over)
		http_call_release(call.call);
}
END_TEST

/* A client that goes away in the middle of its body, or of the wait for backend, takes nothing
 * along.
 */
START_TEST(a_client_may_go_away)
{
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1024);
	struct stage_call call;

	slow_backend();
	begin(&call, "POST", NULL, body);
	http_body_write(body, STR("name="));
	stage_run(&stage, STAGE_SECOND);
	http_body_fail(body);
	http_body_producer_release(body);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(call.is_over);
	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, STAGE_SECOND);
	http_call_release(call.call);
	stage_run(&stage, 20 * STAGE_SECOND);
	ck_assert_int_eq(backend.answers, 3);
}
END_TEST

START_TEST(a_client_may_go_away_while_the_gateway_is_asked)
{
	struct stage_call call;

	begin_at(&call, "GET", "/admin/api/policies.json", NULL, NULL);
	stage_run(&stage, STAGE_SECOND / 1000);
	http_call_release(call.call);
	stage_run(&stage, 20 * STAGE_SECOND);
	begin_at(&call, "GET", "/admin/api/policies.json", NULL, NULL);
	stage_run(&stage, 20 * STAGE_SECOND);
	ck_assert_int_eq(call.status, 200);
	ck_assert(str_equal(call.body, STR("null")));
}
END_TEST

static uint64_t trace_of_a_run(void)
{
	struct stage_call call;
	uint64_t hash;

	set_up();
	stage_server_open(&stage, &backend, TOOK);
	begin(&call, "POST", "name=New", NULL);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert_int_eq(call.status, 201);
	hash = sim_trace_hash(stage.sim);
	tear_down();
	return hash;
}

START_TEST(the_same_seed_makes_the_same_run)
{
	ck_assert_uint_eq(trace_of_a_run(), trace_of_a_run());
}
END_TEST

Suite *portal_portal_sim_suite(void);
Suite *portal_portal_sim_suite(void)
{
	Suite *suite = suite_create("portal_portal_sim");
	TCase *tests = tcase_create("time"), *runs = tcase_create("runs"),
	      *files = tcase_create("files");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_slow_backend_does_not_hold_an_answer_for_long);
	tcase_add_test(tests, what_backend_need_not_know_does_not_wait);
	tcase_add_test(tests, a_silent_backend_is_left_after_five_seconds);
	tcase_add_test(tests, a_silent_storage_is_left_after_a_second);
	tcase_add_test(tests, an_answer_that_is_cut_off_counts_for_nothing);
	tcase_add_test(tests, waits_grow_up_to_five_minutes);
	tcase_add_test(tests, a_stop_lets_requests_finish);
	tcase_add_test(tests, a_stop_does_not_wait_for_ever);
	tcase_add_test(tests, a_client_may_go_away);
	tcase_add_test(tests, a_client_may_go_away_while_the_gateway_is_asked);
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(files, set_up_with_a_file, tear_down);
	tcase_add_test(files, a_restart_does_not_shorten_the_waits);
	tcase_add_test(files, backend_is_told_everything_again_while_the_portal_runs);
	tcase_add_test(files, an_empty_database_is_nothing_to_tell);
	tcase_add_test(files, the_port_may_stand_in_the_environment);
	tcase_add_test(files, what_app_leaves_sidekiq_does);
	suite_add_tcase(suite, files);
	tcase_add_test(runs, the_same_seed_makes_the_same_run);
	suite_add_tcase(suite, runs);
	return suite;
}
