/* Time, timers, end-of-turn tasks and chance.
 *
 * Both clocks stand still within a turn. The monotonic one measures spans; the other one says what
 * time it is (and may jump). Timers and tasks are intrusive: the owner's struct holds them,
 * starting one never allocates. Units: microseconds.
 */
#ifndef WORLD_CLOCK_H
#define WORLD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "world/world.h"

struct timer;
struct task;
typedef void timer_fired(struct timer *timer);
typedef void task_run(struct task *task);

struct timer {
	struct heap_node node; /* first: the port gets back to the timer from it */
	timer_fired *fired;
	struct world *world; /* while running */
};

struct task {
	struct list_link link;
	task_run *run;
};

struct clock_ops {
	int64_t (*monotonic_us)(struct world *world);
	int64_t (*utc_us)(struct world *world);
	void (*timer_start)(struct world *world, struct timer *timer, int64_t delay_us);
	void (*timer_stop)(struct world *world, struct timer *timer);
	void (*defer)(struct world *world, struct task *task);
	uint64_t (*chance)(struct world *world);
};

static inline int64_t world_monotonic_us(struct world *world)
{
	return world->clock->monotonic_us(world);
}

/* Microseconds since 1970-01-01T00:00:00Z. */
static inline int64_t world_utc_us(struct world *world)
{
	return world->clock->utc_us(world);
}

/* Starts or restarts; fires once, in a later turn even when delay_us <= 0. The timer is stopped
 * when `fired` is called, and may be started again from there. Zeroed memory is a stopped timer. */
static inline void timer_start(struct world *world, struct timer *timer, int64_t delay_us,
			       timer_fired *fired)
{
	timer->fired = fired;
	world->clock->timer_start(world, timer, delay_us);
	timer->world = world;
}

/* A stopped timer may be stopped again. */
static inline void timer_stop(struct timer *timer)
{
	if (timer->world != NULL)
		timer->world->clock->timer_stop(timer->world, timer);
}

static inline bool timer_is_running(const struct timer *timer)
{
	return heap_contains(&timer->node);
}

/* Runs the task at the end of the present turn, before the world waits; tasks deferred by tasks run
 * in the same turn, after those already waiting. Deferring a waiting task again does nothing. This
 * is where commands that gathered during a turn leave in one batch. */
static inline void world_defer(struct world *world, struct task *task, task_run *run)
{
	task->run = run;
	world->clock->defer(world, task);
}

/* 64 random bits; from the run's seed in the simulator, from the system in the real world. Good
 * enough for tokens in the real world (a keyed generator, seeded by the system). */
static inline uint64_t world_chance(struct world *world)
{
	return world->clock->chance(world);
}

#endif
