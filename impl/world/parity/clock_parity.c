/* Clocks, timers, end-of-turn tasks and chance, in either world. */
#include <string.h>

#include "base/arena.h"
#include "world/chance.h"
#include "world/parity/parity_internal.h"

#define TIMERS 4

struct record {
	int order[16];
	size_t count;
	int64_t fired_us[16];
};

struct numbered_timer {
	struct timer timer; /* first */
	struct record *record;
	int number;
};

static void note(struct timer *timer)
{
	struct numbered_timer *fired = (struct numbered_timer *)timer;
	struct record *record = fired->record;

	ck_assert(!timer_is_running(timer));
	record->fired_us[record->count] = world_monotonic_us(timer->world);
	record->order[record->count++] = fired->number;
}

PARITY_TEST(timers_fire_in_order_and_never_early)
{
	static const int64_t delays_us[TIMERS] = {3000, 1000, 2000, 1000};
	struct record record = {0};
	struct numbered_timer timers[TIMERS] = {0};
	int64_t started_us = world_monotonic_us(p->world);

	for (int i = 0; i < TIMERS; i++) {
		timers[i].record = &record;
		timers[i].number = i;
		timer_start(p->world, &timers[i].timer, delays_us[i], note);
		ck_assert(timer_is_running(&timers[i].timer));
	}
	parity_await_count(p, &record.count, TIMERS);
	ck_assert_int_eq(record.order[0], 1);
	ck_assert_int_eq(record.order[1], 3);
	ck_assert_int_eq(record.order[2], 2);
	ck_assert_int_eq(record.order[3], 0);
	for (int i = 0; i < TIMERS; i++)
		ck_assert_int_ge(record.fired_us[i] - started_us, delays_us[record.order[i]]);
}

PARITY_TEST(stopped_timers_do_not_fire)
{
	struct record record = {0};
	struct numbered_timer first = {.record = &record, .number = 1};
	struct numbered_timer second = {.record = &record, .number = 2};

	timer_stop(&first.timer);
	timer_start(p->world, &first.timer, 1000, note);
	timer_start(p->world, &second.timer, 1000, note);
	timer_stop(&first.timer);
	timer_stop(&first.timer);
	ck_assert(!timer_is_running(&first.timer));
	parity_pause(p, 5);
	ck_assert_uint_eq(record.count, 1);
	ck_assert_int_eq(record.order[0], 2);
}

PARITY_TEST(a_timer_may_be_due_at_the_end_of_time)
{
	struct record record = {0};
	struct numbered_timer never = {.record = &record, .number = 1};

	timer_start(p->world, &never.timer, INT64_MAX, note);
	parity_pause(p, 5);
	ck_assert(timer_is_running(&never.timer));
	ck_assert_uint_eq(record.count, 0);
	timer_stop(&never.timer);
}

PARITY_TEST(restarting_moves_a_timer)
{
	struct record record = {0};
	struct numbered_timer moved = {.record = &record, .number = 1};
	struct numbered_timer other = {.record = &record, .number = 2};

	timer_start(p->world, &moved.timer, 1000, note);
	timer_start(p->world, &other.timer, 2000, note);
	timer_start(p->world, &moved.timer, 3000, note);
	parity_await_count(p, &record.count, 2);
	parity_pause(p, 5);
	ck_assert_uint_eq(record.count, 2);
	ck_assert_int_eq(record.order[0], 2);
	ck_assert_int_eq(record.order[1], 1);
}

struct pair {
	struct timer timer; /* first */
	struct pair *other;
	size_t *count;
};

static void stop_other(struct timer *timer)
{
	struct pair *pair = (struct pair *)timer;

	timer_stop(&pair->other->timer);
	++*pair->count;
}

PARITY_TEST(a_due_timer_may_be_stopped_by_another)
{
	size_t count = 0;
	struct pair first = {.count = &count}, second = {.count = &count};

	first.other = &second;
	second.other = &first;
	timer_start(p->world, &first.timer, 1000, stop_other);
	timer_start(p->world, &second.timer, 1000, stop_other);
	parity_pause(p, 5);
	ck_assert_uint_eq(count, 1);
}

struct ticker {
	struct timer timer; /* first */
	size_t count;
	int64_t last_us;
};

static void tick(struct timer *timer)
{
	struct ticker *ticker = (struct ticker *)timer;

	ticker->last_us = world_monotonic_us(timer->world);
	if (++ticker->count < 5)
		timer_start(timer->world, timer, 0, tick);
}

PARITY_TEST(a_delay_of_nothing_is_a_later_turn)
{
	struct ticker ticker = {0};

	timer_start(p->world, &ticker.timer, -5, tick);
	ck_assert_uint_eq(ticker.count, 0);
	parity_await_count(p, &ticker.count, 1);
	parity_await_count(p, &ticker.count, 5);
	ck_assert(!timer_is_running(&ticker.timer));
}

PARITY_TEST(the_clocks_stand_still_within_a_turn)
{
	int64_t monotonic_us, utc_us;

	parity_pause(p, 1);
	monotonic_us = world_monotonic_us(p->world);
	utc_us = world_utc_us(p->world);
	for (volatile int i = 0; i < 100000; i++)
		;
	ck_assert_int_eq(world_monotonic_us(p->world), monotonic_us);
	ck_assert_int_eq(world_utc_us(p->world), utc_us);
	parity_pause(p, 20);
	ck_assert_int_ge(world_monotonic_us(p->world) - monotonic_us, 20000);
	/* Both go on alike; nobody sets the clock during a test. */
	ck_assert_int_ge(world_utc_us(p->world) - utc_us, 19000);
}

struct chain {
	struct task first, second, late;
	struct timer timer;
	struct world *world;
	char order[8];
	size_t count;
	int64_t began_us;
	bool is_over;
};

#define CHAIN_OF(task, member) LIST_ENTRY(task, struct chain, member)

static void late_ran(struct task *task)
{
	struct chain *chain = CHAIN_OF(task, late);

	chain->order[chain->count++] = 'l';
	chain->is_over = true;
	ck_assert_int_eq(world_monotonic_us(chain->world), chain->began_us);
}

static void first_ran(struct task *task)
{
	struct chain *chain = CHAIN_OF(task, first);

	chain->order[chain->count++] = 'f';
	world_defer(chain->world, &chain->late, late_ran);
}

static void second_ran(struct task *task)
{
	CHAIN_OF(task, second)->order[CHAIN_OF(task, second)->count++] = 's';
}

static void defer_all(struct timer *timer)
{
	struct chain *chain = LIST_ENTRY(timer, struct chain, timer);

	chain->began_us = world_monotonic_us(chain->world);
	world_defer(chain->world, &chain->first, first_ran);
	world_defer(chain->world, &chain->second, second_ran);
	world_defer(chain->world, &chain->first, first_ran);
	ck_assert_uint_eq(chain->count, 0);
}

PARITY_TEST(tasks_run_at_the_end_of_the_turn_in_order)
{
	struct chain chain = {.world = p->world};

	timer_start(p->world, &chain.timer, 0, defer_all);
	parity_await_flag(p, &chain.is_over);
	ck_assert_str(str_of(chain.order, chain.count), STR("fsl"));
}

PARITY_TEST(chance_does_not_repeat_itself)
{
	uint64_t seen[64], any = 0, all = UINT64_MAX;

	for (size_t i = 0; i < 64; i++) {
		seen[i] = world_chance(p->world);
		any |= seen[i];
		all &= seen[i];
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(seen[i], seen[j]);
	}
	ck_assert_uint_eq(any, UINT64_MAX);
	ck_assert_uint_eq(all, 0);
}

PARITY_TEST(texts_of_chance_are_as_long_as_asked)
{
	struct arena *arena = arena_create();
	struct str before = STR("");

	for (size_t digits = 0; digits <= 70; digits++) {
		struct str text = chance_hex(p->world, arena, digits);

		ck_assert_uint_eq(text.size, digits);
		for (size_t i = 0; i < digits; i++)
			ck_assert_ptr_nonnull(memchr("0123456789abcdef", text.data[i], 16));
		/* Eight digits are the same once in 4 milliards of times. */
		ck_assert(digits < 8 || !str_has_prefix(text, str_slice(before, 0, 8)));
		ck_assert(digits < 32 ||
			  !str_equal(str_slice(text, 0, 16), str_slice(text, 16, 32)));
		before = text;
	}
	arena_destroy(arena);
}

TCase *parity_clock_case(int number)
{
	TCase *tests = tcase_create("clock");

	PARITY_ADD(tests, number, timers_fire_in_order_and_never_early);
	PARITY_ADD(tests, number, stopped_timers_do_not_fire);
	PARITY_ADD(tests, number, a_timer_may_be_due_at_the_end_of_time);
	PARITY_ADD(tests, number, restarting_moves_a_timer);
	PARITY_ADD(tests, number, a_due_timer_may_be_stopped_by_another);
	PARITY_ADD(tests, number, a_delay_of_nothing_is_a_later_turn);
	PARITY_ADD(tests, number, the_clocks_stand_still_within_a_turn);
	PARITY_ADD(tests, number, tasks_run_at_the_end_of_the_turn_in_order);
	PARITY_ADD(tests, number, chance_does_not_repeat_itself);
	PARITY_ADD(tests, number, texts_of_chance_are_as_long_as_asked);
	return tests;
}
