#include <check.h>
#include <string.h>

#include "sim/engine/actor.h"
#include "world/clock.h"

struct stage {
	struct queue queue;
	struct actor actor;
	struct timer timers[3];
	struct task tasks[3];
	struct actor_resource resource;
	struct event event;
	struct strbuf seen;
	bool was_destroyed;
};

static struct stage *the_stage(void)
{
	static struct stage stage;

	return &stage;
}

static void turn_ended(struct actor *actor)
{
	(void)actor;
	strbuf_append(&the_stage()->seen, STR("."));
}

static void stage_set(void)
{
	struct stage *stage = the_stage();

	memset(stage, 0, sizeof *stage);
	strbuf_init(&stage->seen, 1024);
	actor_init(&stage->actor, &stage->queue, STR("host"), STR("actor"), turn_ended);
}

static void stage_clear(void)
{
	actor_end(&the_stage()->actor);
	queue_free(&the_stage()->queue);
	strbuf_free(&the_stage()->seen);
}

static void run_to(int64_t time_us)
{
	while (queue_step(&the_stage()->queue, time_us))
		;
}

static void expect_seen(const char *text)
{
	struct stage *stage = the_stage();

	strbuf_append_char(&stage->seen, '\0');
	ck_assert_str_eq(stage->seen.data, text);
	strbuf_clear(&stage->seen);
}

static void timer_note(struct timer *timer)
{
	strbuf_append_format(&the_stage()->seen, "%d", (int)(timer - the_stage()->timers));
}

static void task_note(struct task *task)
{
	strbuf_append_format(&the_stage()->seen, "t%d", (int)(task - the_stage()->tasks));
}

static void task_defer_another(struct task *task)
{
	task_note(task);
	the_stage()->tasks[2].run = task_note;
	actor_defer(&the_stage()->actor, &the_stage()->tasks[2]);
}

static void timer_set(int number, int64_t delay_us)
{
	struct stage *stage = the_stage();

	stage->timers[number].fired = timer_note;
	actor_timer_start(&stage->actor, &stage->timers[number], delay_us);
}

START_TEST(each_timer_is_a_turn)
{
	timer_set(0, 20);
	timer_set(1, 10);
	timer_set(2, 10);
	run_to(100);
	expect_seen("1.2.0.");
	ck_assert_int_eq(the_stage()->queue.now_us, 20);
}
END_TEST

START_TEST(a_timer_may_be_moved_and_stopped)
{
	timer_set(0, 10);
	timer_set(0, 50);
	timer_set(1, 20);
	actor_timer_stop(&the_stage()->actor, &the_stage()->timers[1]);
	run_to(49);
	expect_seen("");
	run_to(50);
	expect_seen("0.");
}
END_TEST

START_TEST(a_timer_without_delay_fires_in_a_later_turn)
{
	struct stage *stage = the_stage();
	struct actor *before = actor_turn_begin(&stage->actor);

	timer_set(0, -5);
	actor_turn_end(&stage->actor, before);
	expect_seen(".");
	run_to(0);
	expect_seen("0.");
}
END_TEST

START_TEST(tasks_run_at_the_end_of_the_turn_each_once)
{
	struct stage *stage = the_stage();
	struct actor *before = actor_turn_begin(&stage->actor);

	stage->tasks[0].run = task_defer_another;
	stage->tasks[1].run = task_note;
	actor_defer(&stage->actor, &stage->tasks[0]);
	actor_defer(&stage->actor, &stage->tasks[1]);
	actor_defer(&stage->actor, &stage->tasks[0]);
	expect_seen("");
	actor_turn_end(&stage->actor, before);
	expect_seen("t0t1t2.");
}
END_TEST

START_TEST(a_task_from_outside_brings_a_turn)
{
	struct stage *stage = the_stage();

	stage->tasks[1].run = task_note;
	actor_defer(&stage->actor, &stage->tasks[1]);
	actor_wake(&stage->actor);
	expect_seen("");
	run_to(0);
	expect_seen("t1.");
}
END_TEST

static void resource_destroyed(struct actor_resource *resource)
{
	(void)resource;
	the_stage()->was_destroyed = true;
}

START_TEST(the_end_drops_all_and_counts_what_was_left)
{
	struct stage *stage = the_stage();

	actor_own(&stage->actor, &stage->resource, resource_destroyed);
	timer_set(0, 10);
	timer_set(1, 10);
	stage->tasks[0].run = task_note;
	actor_defer(&stage->actor, &stage->tasks[0]);
	ck_assert_uint_eq(actor_end(&stage->actor), 3);
	ck_assert(stage->was_destroyed);
	run_to(100);
	expect_seen("");
	/* What is done to it now has no effect. */
	actor_timer_stop(&stage->actor, &stage->timers[0]);
	timer_set(2, 10);
	actor_defer(&stage->actor, &stage->tasks[1]);
	actor_wake(&stage->actor);
	run_to(200);
	expect_seen("");
	ck_assert(!timer_is_running(&stage->timers[0]));
}
END_TEST

START_TEST(a_disowned_resource_is_left_alone)
{
	struct stage *stage = the_stage();

	actor_own(&stage->actor, &stage->resource, resource_destroyed);
	resource_disown(&stage->resource);
	resource_disown(&stage->resource);
	ck_assert_uint_eq(actor_end(&stage->actor), 0);
	ck_assert(!stage->was_destroyed);
}
END_TEST

Suite *sim_engine_actor_suite(void)
{
	Suite *suite = suite_create("sim_engine_actor");
	TCase *tcase = tcase_create("actor");

	tcase_add_checked_fixture(tcase, stage_set, stage_clear);
	tcase_add_test(tcase, each_timer_is_a_turn);
	tcase_add_test(tcase, a_timer_may_be_moved_and_stopped);
	tcase_add_test(tcase, a_timer_without_delay_fires_in_a_later_turn);
	tcase_add_test(tcase, tasks_run_at_the_end_of_the_turn_each_once);
	tcase_add_test(tcase, a_task_from_outside_brings_a_turn);
	tcase_add_test(tcase, the_end_drops_all_and_counts_what_was_left);
	tcase_add_test(tcase, a_disowned_resource_is_left_alone);
	suite_add_tcase(suite, tcase);
	return suite;
}
