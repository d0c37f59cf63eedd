/* Worlds on a loop: variables, the end of components, what is left open. */
#include <signal.h>

#include "world/http_client.h"
#include "world/http_server.h"
#include "world/real/raw_test.h"
#include "world/redis.h"

START_TEST(test_extra_variables_lie_over_the_process)
{
	static const char *const extra[] = {
		"REFSCALE_TEST_B", "2", "REFSCALE_TEST_A", "1", "PATH", "over", NULL};
	struct real_loop *loop = real_loop_create();
	struct world *world = real_world_create(loop, extra);
	struct str value, name, before = STR("");
	size_t at = 0;

	ck_assert(environment_get(world, STR("REFSCALE_TEST_A"), &value));
	ck_assert(str_equal(value, STR("1")));
	ck_assert(environment_get(world, STR("PATH"), &value));
	ck_assert(str_equal(value, STR("over")));
	while (environment_next(world, &at, &name, &value)) {
		ck_assert_int_lt(str_compare(before, name), 0);
		before = name;
	}
	real_world_destroy(world);
	real_loop_destroy(loop);
	real_world_destroy(NULL);
	real_loop_destroy(NULL);
}
END_TEST

struct leaver {
	struct timer timer;
	struct task task;
	struct world *world;
	int status;
};

static void leave(struct task *task)
{
	struct leaver *leaver = LIST_ENTRY(task, struct leaver, task);

	world_exit(leaver->world, leaver->status);
	world_exit(leaver->world, 99);
}

static void leave_soon(struct timer *timer)
{
	struct leaver *leaver = LIST_ENTRY(timer, struct leaver, timer);

	world_defer(leaver->world, &leaver->task, leave);
}

START_TEST(test_the_loop_ends_with_its_last_world)
{
	struct real_loop *loop = real_loop_create();
	struct leaver leavers[2] = {0};
	int status = -1;

	for (int i = 0; i < 2; i++) {
		leavers[i].world = real_world_create(loop, NULL);
		leavers[i].status = i + 3;
		timer_start(leavers[i].world, &leavers[i].timer, (i + 1) * 2000, leave_soon);
		ck_assert(!real_world_has_exited(leavers[i].world, &status));
	}
	ck_assert_int_eq(real_loop_run(loop), 4);
	ck_assert(real_world_has_exited(leavers[0].world, &status));
	ck_assert_int_eq(status, 3);
	for (int i = 0; i < 2; i++)
		real_world_destroy(leavers[i].world);
	real_loop_destroy(loop);
}
END_TEST

static const int stop_signals[] = {SIGTERM, SIGINT, SIGQUIT};
static int signal_to_raise;

static void raise_signal(struct timer *timer)
{
	(void)timer;
	raise(signal_to_raise);
}

static void exit_when_asked(void *data)
{
	world_exit(data, 5);
}

START_TEST(test_signals_ask_components_to_stop)
{
	struct real_loop *loop = real_loop_create();
	struct world *quiet = real_world_create(loop, NULL);
	struct world *asked = real_world_create(loop, NULL);
	struct timer timer = {0};
	int status;

	signal_to_raise = stop_signals[_i];
	world_on_stop(asked, exit_when_asked, asked);
	timer_start(asked, &timer, 1000, raise_signal);
	real_loop_run(loop);
	ck_assert(real_world_has_exited(quiet, &status));
	ck_assert_int_eq(status, 0);
	ck_assert(real_world_has_exited(asked, &status));
	ck_assert_int_eq(status, 5);
	real_world_destroy(quiet);
	real_world_destroy(asked);
	real_loop_destroy(loop);
}
END_TEST

static void not_fired(struct timer *timer)
{
	(void)timer;
	ck_abort_msg("fired");
}

/* It does not wake the loop all the time either. */
START_TEST(test_a_timer_may_be_due_at_the_end_of_time)
{
	struct real_loop *loop = real_loop_create();
	struct leaver leaver = {.world = real_world_create(loop, NULL)};
	struct timer timer = {0};

	timer_start(leaver.world, &timer, INT64_MAX, not_fired);
	ck_assert_int_eq(timer.node.due, INT64_MAX);
	world_defer(leaver.world, &leaver.task, leave);
	real_loop_run(loop);
	ck_assert_int_gt(loop->alarm_ms, uv_now(&loop->uv));
	timer_stop(&timer);
	real_world_destroy(leaver.world);
	real_loop_destroy(loop);
}
END_TEST

START_TEST(test_a_limit_ends_the_run)
{
	struct raw_stage stage;

	raw_stage_begin(&stage);
	timer_stop(&stage.tick);
	ck_assert(!real_loop_run_until(stage.loop, raw_never, NULL, 20));
	raw_stage_end(&stage);
}
END_TEST

static void keep(struct http_exchange *exchange, void *data)
{
	++*(size_t *)data;
	(void)exchange;
}

static void not_called(struct http_call *call, void *data)
{
	(void)call;
	(void)data;
	ck_abort_msg("called back by a world that was destroyed");
}

static void not_replied(const struct redis_reply *reply, void *data)
{
	(void)reply;
	(void)data;
	ck_abort_msg("called back by a world that was destroyed");
}

static bool was_requested(void *data)
{
	return *(size_t *)data >= 2;
}

START_TEST(test_what_is_left_open_is_closed_with_the_world)
{
	struct raw_stage stage;
	struct http_listen_options listen = {.address = STR("127.0.0.1")};
	struct http_listener *listener;
	struct redis_options redis = {0};
	size_t requests = 0;

	raw_stage_begin(&stage);
	listener = http_listen(stage.world, &listen, keep, &requests, &stage.error);

	struct http_call_options call = {
		.method = STR("GET"),
		.host = STR("127.0.0.1"),
		.port = http_listener_port(stage.world, listener),
		.target = STR("/"),
	};
	struct http_body *body = http_body_create(100, 1000);

	http_call_start(stage.world, &call, not_called, not_called, NULL);
	call.method = STR("POST");
	call.body = body;
	http_call_start(stage.world, &call, not_called, not_called, NULL);
	redis.url = str_format(stage.arena, "redis://127.0.0.1:%u", call.port);
	REDIS_SEND(redis_open(stage.world, &redis, &stage.error), not_replied, NULL, STR("PING"));
	ck_assert(raw_await(&stage, was_requested, &requests));
	redis.url = STR("redis://localhost:1");
	REDIS_SEND(redis_open(stage.world, &redis, &stage.error), not_replied, NULL, STR("PING"));
	raw_stage_end(&stage);
	ck_assert(http_body_is_abandoned(body));
	http_body_producer_release(body);
}
END_TEST

Suite *world_real_loop_suite(void);

Suite *world_real_loop_suite(void)
{
	Suite *suite = suite_create("world/real/loop");
	TCase *tests = tcase_create("worlds");

	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_extra_variables_lie_over_the_process);
	tcase_add_test(tests, test_the_loop_ends_with_its_last_world);
	tcase_add_loop_test(tests, test_signals_ask_components_to_stop, 0,
			    sizeof stop_signals / sizeof *stop_signals);
	tcase_add_test(tests, test_a_timer_may_be_due_at_the_end_of_time);
	tcase_add_test(tests, test_a_limit_ends_the_run);
	tcase_add_test(tests, test_what_is_left_open_is_closed_with_the_world);
	suite_add_tcase(suite, tests);
	return suite;
}
