/* A world for the store's tests: SQLite is real, time stands still until a test moves it, and a
 * turn ends when the test says so.
 *
 * `struct stage stage; stage_begin(&stage);` ... `stage_end_turn(&stage)`, `stage_pass(&stage, us)`
 * ... `stage_end(&stage)`.
 */
#ifndef STORE_STAGE_TEST_H
#define STORE_STAGE_TEST_H

#include "base/arena.h"
#include "base/heap.h"
#include "base/list.h"
#include "world/clock.h"
#include "world/real/sql.h"
#include "world/world.h"

#define STAGE_UTC_US INT64_C(1559384400000000) /* 2019-06-01 10:20:00 */

struct stage {
	struct world world; /* first */
	struct clock_ops clock;
	struct sql_ops sql; /* of this stage: a test may put its own functions in */
	int64_t monotonic_us, utc_us;
	struct heap timers;
	struct list_link tasks;
	struct arena *arena; /* of the test */
};

static inline struct stage *stage_of(struct world *world)
{
	return (struct stage *)world;
}

static inline int64_t stage_monotonic_us(struct world *world)
{
	return stage_of(world)->monotonic_us;
}

static inline int64_t stage_utc_us(struct world *world)
{
	return stage_of(world)->utc_us;
}

static inline void stage_timer_start(struct world *world, struct timer *timer, int64_t delay_us)
{
	struct stage *stage = stage_of(world);

	heap_remove(&stage->timers, &timer->node);
	heap_insert(&stage->timers, &timer->node,
		    stage->monotonic_us + (delay_us > 0 ? delay_us : 0));
}

static inline void stage_timer_stop(struct world *world, struct timer *timer)
{
	heap_remove(&stage_of(world)->timers, &timer->node);
}

static inline void stage_defer(struct world *world, struct task *task)
{
	if (!list_is_linked(&task->link))
		list_append(&stage_of(world)->tasks, &task->link);
}

static inline uint64_t stage_chance(struct world *world)
{
	(void)world;
	return 0;
}

static inline void stage_begin(struct stage *stage)
{
	*stage = (struct stage){
		.clock = {.monotonic_us = stage_monotonic_us,
			  .utc_us = stage_utc_us,
			  .timer_start = stage_timer_start,
			  .timer_stop = stage_timer_stop,
			  .defer = stage_defer,
			  .chance = stage_chance},
		.sql = real_sql_ops,
		.monotonic_us = 1,
		.utc_us = STAGE_UTC_US,
		.arena = arena_create(),
	};
	stage->world.clock = &stage->clock;
	stage->world.sql = &stage->sql;
	list_init(&stage->tasks);
}

static inline void stage_end(struct stage *stage)
{
	heap_free(&stage->timers);
	arena_destroy(stage->arena);
}

static inline void stage_end_turn(struct stage *stage)
{
	struct list_link *link;

	while ((link = list_take_first(&stage->tasks)) != NULL) {
		struct task *task = LIST_ENTRY(link, struct task, link);

		task->run(task);
	}
}

/* Lets time pass; every timer that comes due has a turn of its own. Both clocks go alike. */
static inline void stage_pass(struct stage *stage, int64_t us)
{
	int64_t end_us = stage->monotonic_us + us;
	struct heap_node *node;

	stage_end_turn(stage);
	while ((node = heap_first(&stage->timers)) != NULL && node->due <= end_us) {
		struct timer *timer = (struct timer *)node;

		stage->utc_us += node->due - stage->monotonic_us;
		stage->monotonic_us = node->due;
		heap_remove(&stage->timers, node);
		timer->fired(timer);
		stage_end_turn(stage);
	}
	stage->utc_us += end_us - stage->monotonic_us;
	stage->monotonic_us = end_us;
}

#endif
