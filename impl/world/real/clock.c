/* Time, timers, end-of-turn tasks and chance of one world; the loop keeps them. */
#include "world/clock.h"

#include "world/real/real_internal.h"

static int64_t clock_monotonic_us(struct world *world)
{
	return loop_monotonic_us(real_of(world)->loop);
}

static int64_t clock_utc_us(struct world *world)
{
	struct real_loop *loop = real_of(world)->loop;

	loop_monotonic_us(loop);
	return loop->utc_us;
}

static void clock_timer_start(struct world *world, struct timer *timer, int64_t delay_us)
{
	struct real_loop *loop = real_of(world)->loop;
	int64_t now = loop_monotonic_us(loop);
	int64_t delay_max_us = INT64_MAX - now;

	if (delay_us < 0)
		delay_us = 0;
	heap_remove(&loop->timers, &timer->node);
	heap_insert(&loop->timers, &timer->node,
		    now + (delay_us < delay_max_us ? delay_us : delay_max_us));
}

static void clock_timer_stop(struct world *world, struct timer *timer)
{
	heap_remove(&real_of(world)->loop->timers, &timer->node);
}

static void run_tasks(struct task *world_task)
{
	struct real_world *real = LIST_ENTRY(world_task, struct real_world, run_tasks);
	struct list_link *link;

	while ((link = list_take_first(&real->tasks)) != NULL) {
		struct task *task = LIST_ENTRY(link, struct task, link);

		task->run(task);
	}
}

static void clock_defer(struct world *world, struct task *task)
{
	struct real_world *real = real_of(world);

	if (list_is_linked(&task->link))
		return;
	list_append(&real->tasks, &task->link);
	loop_at_turn_end(real->loop, TURN_TASKS, &real->run_tasks, run_tasks);
}

static uint64_t clock_chance(struct world *world)
{
	return chance_next(real_of(world)->chance);
}

const struct clock_ops real_clock_ops = {
	.monotonic_us = clock_monotonic_us,
	.utc_us = clock_utc_us,
	.timer_start = clock_timer_start,
	.timer_stop = clock_timer_stop,
	.defer = clock_defer,
	.chance = clock_chance,
};
