#include <check.h>
#include <stdlib.h>

#include "base/list.h"
#include "sim/engine/queue.h"

#define EVENTS 5

struct stage {
	struct queue queue;
	struct event events[EVENTS];
	int order[2 * EVENTS];
	int count;
};

static struct stage *the_stage(void)
{
	static struct stage stage;

	return &stage;
}

static void note(struct event *event)
{
	struct stage *stage = the_stage();

	stage->order[stage->count++] = (int)(event - stage->events);
}

static void note_and_repeat(struct event *event)
{
	struct stage *stage = the_stage();

	note(event);
	if (stage->count < 3)
		queue_at(&stage->queue, event, stage->queue.now_us + 10, note_and_repeat);
}

static void stage_set(void)
{
	*the_stage() = (struct stage){.count = 0};
}

static void stage_clear(void)
{
	queue_free(&the_stage()->queue);
}

START_TEST(events_happen_by_time_and_then_in_their_order)
{
	static const int64_t times[EVENTS] = {30, 10, 20, 10, 10};
	static const int order[EVENTS] = {1, 3, 4, 2, 0};
	struct stage *stage = the_stage();

	for (int i = 0; i < EVENTS; i++)
		queue_at(&stage->queue, &stage->events[i], times[i], note);
	while (queue_step(&stage->queue, 100))
		;
	ck_assert_int_eq(stage->count, EVENTS);
	for (int i = 0; i < EVENTS; i++)
		ck_assert_int_eq(stage->order[i], order[i]);
	ck_assert_int_eq(stage->queue.now_us, 30);
	ck_assert_uint_eq(stage->queue.carried_out, EVENTS);
}
END_TEST

START_TEST(a_step_does_not_go_past_its_time)
{
	struct stage *stage = the_stage();

	queue_at(&stage->queue, &stage->events[0], 50, note);
	ck_assert(!queue_step(&stage->queue, 49));
	ck_assert_int_eq(stage->queue.now_us, 0);
	ck_assert(queue_step(&stage->queue, 50));
	ck_assert(!queue_step(&stage->queue, INT64_MAX));
}
END_TEST

START_TEST(the_past_counts_as_now)
{
	struct stage *stage = the_stage();

	stage->queue.now_us = 70;
	queue_at(&stage->queue, &stage->events[0], 10, note);
	ck_assert(queue_step(&stage->queue, 70));
	ck_assert_int_eq(stage->queue.now_us, 70);
}
END_TEST

START_TEST(scheduling_a_waiting_event_moves_it)
{
	struct stage *stage = the_stage();

	queue_at(&stage->queue, &stage->events[0], 10, note);
	queue_at(&stage->queue, &stage->events[1], 20, note);
	queue_at(&stage->queue, &stage->events[0], 30, note);
	while (queue_step(&stage->queue, 100))
		;
	ck_assert_int_eq(stage->count, 2);
	ck_assert_int_eq(stage->order[0], 1);
}
END_TEST

START_TEST(a_cancelled_event_does_not_happen)
{
	struct stage *stage = the_stage();

	queue_at(&stage->queue, &stage->events[0], 10, note);
	ck_assert(queue_is_waiting(&stage->events[0]));
	queue_cancel(&stage->queue, &stage->events[0]);
	queue_cancel(&stage->queue, &stage->events[0]);
	ck_assert(!queue_is_waiting(&stage->events[0]));
	ck_assert(!queue_step(&stage->queue, 100));
}
END_TEST

START_TEST(an_event_may_schedule_itself_again)
{
	struct stage *stage = the_stage();

	queue_at(&stage->queue, &stage->events[2], 5, note_and_repeat);
	while (queue_step(&stage->queue, 100))
		;
	ck_assert_int_eq(stage->count, 3);
	ck_assert_int_eq(stage->queue.now_us, 25);
}
END_TEST

START_TEST(adding_times_does_not_overflow)
{
	ck_assert_int_eq(queue_time_add(10, 5), 15);
	ck_assert_int_eq(queue_time_add(10, -5), 10);
	ck_assert_int_eq(queue_time_add(10, INT64_MAX), INT64_MAX);
}
END_TEST

Suite *sim_engine_queue_suite(void)
{
	Suite *suite = suite_create("sim_engine_queue");
	TCase *tcase = tcase_create("queue");

	tcase_add_checked_fixture(tcase, stage_set, stage_clear);
	tcase_add_test(tcase, events_happen_by_time_and_then_in_their_order);
	tcase_add_test(tcase, a_step_does_not_go_past_its_time);
	tcase_add_test(tcase, the_past_counts_as_now);
	tcase_add_test(tcase, scheduling_a_waiting_event_moves_it);
	tcase_add_test(tcase, a_cancelled_event_does_not_happen);
	tcase_add_test(tcase, an_event_may_schedule_itself_again);
	tcase_add_test(tcase, adding_times_does_not_overflow);
	suite_add_tcase(suite, tcase);
	return suite;
}
