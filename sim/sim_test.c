/* The run as a whole: the same seed gives the same trace, another seed another one. */
#include "sim/sim.h"

#include "sim/stage_test.h"
#include "world/environment.h"
#include "world/log.h"

static struct stage stage;

static void set_up(void)
{
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
}

/* Calls of every kind over a bad network, with faults that come and go. */

struct traffic {
	struct stage *stage;
	struct timer timer;
	struct stage_call calls[200];
	int count;
};

static void traffic_next(struct timer *timer)
{
	static const char *const targets[] = {"/", "/bytes/70000", "/close", "/delay/300",
					      "/status/503"};
	struct traffic *traffic = LIST_ENTRY(timer, struct traffic, timer);
	struct stage *on = traffic->stage;
	uint64_t chance = world_chance(on->client);
	struct http_call_options options = stage_get(targets[chance % 5]);

	options.connect_timeout_ms = 2000;
	options.idle_timeout_ms = 2000;
	if (chance % 7 == 0)
		options.host = STR("nobody.example");
	if (chance % 3 == 0) {
		options.method = STR("POST");
		options.body = http_body_from_str(STR("some body"));
	}
	stage_call_begin(on, &traffic->calls[traffic->count++], &options);
	if (traffic->count < 200)
		timer_start(on->client, timer, (int64_t)(chance % 100000), traffic_next);
}

static void go_down(void *data)
{
	sim_host_set_up(((struct stage *)data)->api_host, false);
}

static void come_up(void *data)
{
	struct stage *on = data;

	sim_host_set_up(on->api_host, true);
	stage_start(on, on->api_host,
		    (struct str[]){STR("refscale"), STR("echo"), STR("--port"), STR("8081")}, 4);
}

static uint64_t run_with(uint64_t seed, bool keeps_lines)
{
	struct stage on;
	struct sim_link link = {.latency_us = 900, .jitter_us = 700, .loss_per_million = 20000};
	struct sim_rule_options reset = {.to = STR("api"), .verdict = SIM_RESET};
	struct traffic *traffic = MEMORY_NEW(struct traffic);
	struct sim_rule *rule;
	uint64_t hash;

	stage_open_seed(&on, seed);
	if (!keeps_lines)
		sim_trace_to(on.sim, NULL, NULL);
	sim_net_set_default_link(on.sim, link);
	stage_start_echo(&on);
	traffic->stage = &on;
	sim_at(on.sim, 3 * STAGE_SECOND, go_down, &on);
	sim_at(on.sim, 5 * STAGE_SECOND, come_up, &on);
	timer_start(on.client, &traffic->timer, 0, traffic_next);
	stage_run(&on, 7 * STAGE_SECOND);
	rule = sim_rule_add(on.sim, &reset);
	stage_run(&on, STAGE_SECOND);
	sim_rule_remove(rule);
	stage_run(&on, 60 * STAGE_SECOND);
	for (int i = 0; i < traffic->count; i++)
		ck_assert(traffic->calls[i].is_over);
	ck_assert_int_eq(traffic->count, 200);
	hash = sim_trace_hash(on.sim);
	stage_close(&on);
	free(traffic);
	return hash;
}

START_TEST(a_seed_gives_one_trace)
{
	uint64_t hash = run_with(7, true);

	ck_assert_uint_eq(run_with(7, true), hash);
	ck_assert_uint_eq(run_with(7, false), hash);
	ck_assert_uint_ne(run_with(8, true), hash);
}
END_TEST

START_TEST(the_same_lines_come_twice)
{
	struct strbuf lines;

	strbuf_init(&lines, 1024 * 1024);
	for (int i = 0; i < 2; i++) {
		struct http_call_options options = stage_get("/bytes/100000");
		struct stage_call call;
		struct stage on;

		stage_open_seed(&on, 3);
		stage_start_echo(&on);
		stage_call(&on, &call, &options);
		if (i == 0)
			strbuf_append(&lines, strbuf_str(&on.trace));
		ck_assert(str_equal(strbuf_str(&lines), strbuf_str(&on.trace)));
		stage_close(&on);
	}
	ck_assert_uint_gt(lines.size, 1000);
	strbuf_free(&lines);
}
END_TEST

START_TEST(more_draws_of_one_process_do_not_shift_another)
{
	struct stage other;
	struct world *one, *same;

	stage_open_seed(&other, 1);
	for (int i = 0; i < 10; i++)
		world_chance(other.client);
	one = sim_host_world(stage.api_host, STR("one"));
	same = sim_host_world(other.api_host, STR("one"));
	ck_assert_uint_eq(world_chance(one), world_chance(same));
	/* The next of that name is another. */
	ck_assert_uint_ne(world_chance(sim_host_world(stage.api_host, STR("one"))),
			  world_chance(one));
	stage_close(&other);
}
END_TEST

/* Time. */

static void note_time(void *data)
{
	*(int64_t *)data = sim_now_us(stage.sim);
}

START_TEST(time_goes_where_it_is_told)
{
	int64_t noted = -1;

	sim_at(stage.sim, 500, note_time, &noted);
	sim_run_to(stage.sim, 499);
	ck_assert_int_eq(noted, -1);
	ck_assert_int_eq(sim_now_us(stage.sim), 499);
	sim_run_to(stage.sim, 2000);
	ck_assert_int_eq(noted, 500);
	ck_assert_int_eq(sim_now_us(stage.sim), 2000);
	ck_assert_uint_eq(sim_events(stage.sim), 1);
	sim_at(stage.sim, 9000, note_time, &noted); /* never comes: freed with the run */
}
END_TEST

static bool is_noted(void *data)
{
	return *(int64_t *)data >= 0;
}

START_TEST(a_run_may_end_when_something_has_happened)
{
	int64_t noted = -1;

	sim_at(stage.sim, 500, note_time, &noted);
	ck_assert(!sim_run_until(stage.sim, 400, is_noted, &noted));
	ck_assert(sim_run_until(stage.sim, 5000, is_noted, &noted));
	ck_assert_int_eq(sim_now_us(stage.sim), 500);
}
END_TEST

START_TEST(clocks_of_a_host_may_be_wrong)
{
	int64_t monotonic_us = world_monotonic_us(stage.client);

	ck_assert_int_eq(world_utc_us(stage.client), INT64_C(1559635200000000));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(world_utc_us(stage.client), INT64_C(1559635201000000));
	sim_host_set_clock_offset(stage.client_host, -3 * STAGE_SECOND);
	ck_assert_int_eq(world_utc_us(stage.client), INT64_C(1559635198000000));
	ck_assert_int_eq(world_monotonic_us(stage.client), monotonic_us + STAGE_SECOND);
}
END_TEST

START_TEST(a_process_knows_where_it_is)
{
	struct str value;

	ck_assert(str_equal(world_host_name(stage.client), STR("client")));
	ck_assert_int_ge(world_process_id(stage.client), 100);
	ck_assert(!environment_get(stage.client, STR("HOME"), &value));
	ck_assert(str_equal(environment_text(stage.client, STR("HOME"), STR("/")), STR("/")));
	ck_assert(str_equal(sim_host_address(stage.api_host), STR("10.0.0.2")));
	ck_assert_ptr_eq(sim_host_find(stage.sim, STR("api")), stage.api_host);
	ck_assert_ptr_eq(sim_host_find(stage.sim, STR("10.0.0.2")), stage.api_host);
	ck_assert(sim_host_find(stage.sim, STR("none")) == NULL);
}
END_TEST

START_TEST(the_caller_may_write_to_the_trace)
{
	uint64_t hash = sim_trace_hash(stage.sim);

	sim_trace(stage.sim, STR("client"), STR("note"), STR("\"x\":1"));
	ck_assert_uint_ne(sim_trace_hash(stage.sim), hash);
	ck_assert(stage_traced(&stage, "{\"t\":0,\"host\":\"client\",\"kind\":\"note\",\"x\":1}"));
}
END_TEST

static void called(struct http_call *call, void *data)
{
	*(int *)data = call->response.status;
}

START_TEST(a_bare_world_may_be_ended_early)
{
	struct http_call_options options = stage_get("/");
	struct world *world = sim_host_world(stage.client_host, STR("curl"));
	int status = 0;
	struct http_call *call;

	stage_start_echo(&stage);
	call = http_call_start(world, &options, called, called, &status);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(status, 200);
	http_call_release(call);
	sim_host_world_end(world);
	ck_assert(stage_traced(&stage, "\"kind\":\"process.exit\",\"process\":\"curl\""));
	stage_run(&stage, 10 * STAGE_SECOND);
}
END_TEST

Suite *sim_sim_suite(void);
Suite *sim_sim_suite(void)
{
	Suite *suite = suite_create("sim_sim");
	TCase *tests = tcase_create("sim");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_seed_gives_one_trace);
	tcase_add_test(tests, the_same_lines_come_twice);
	tcase_add_test(tests, more_draws_of_one_process_do_not_shift_another);
	tcase_add_test(tests, a_bare_world_may_be_ended_early);
	tcase_add_test(tests, time_goes_where_it_is_told);
	tcase_add_test(tests, a_run_may_end_when_something_has_happened);
	tcase_add_test(tests, clocks_of_a_host_may_be_wrong);
	tcase_add_test(tests, a_process_knows_where_it_is);
	tcase_add_test(tests, the_caller_may_write_to_the_trace);
	suite_add_tcase(suite, tests);
	return suite;
}
