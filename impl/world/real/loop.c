/* The loop: libuv waits, everything else is ours. A turn is what one wake-up brings; the clock is
 * read once in it, and the lanes are run dry before the next sleep. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/bug.h"
#include "world/real/real_internal.h"

#define NEVER INT64_MAX

/* Each connection is a descriptor, and the usual soft limit is 1024. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void loop_refresh_clock(struct real_loop *loop)
{
	struct timespec now;

	loop->monotonic_us = (int64_t)(uv_hrtime() / 1000);
	clock_gettime(CLOCK_REALTIME, &now);
	loop->utc_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	loop->clock_is_stale = false;
}

/* Lanes. */

void loop_at_turn_end(struct real_loop *loop, enum turn_lane lane, struct task *task, task_run *run)
{
	task->run = run;
	if (!list_is_linked(&task->link))
		list_append(&loop->lanes[lane], &task->link);
}

void loop_in_next_turn(struct real_loop *loop, enum turn_lane lane, struct task *task,
		       task_run *run)
{
	task->run = run;
	if (list_is_linked(&task->link))
		return;
	list_append(&loop->next_turn[lane], &task->link);
}

static struct task *first_task(struct real_loop *loop)
{
	for (int lane = 0; lane < TURN_LANES; lane++) {
		struct list_link *link = list_take_first(&loop->lanes[lane]);

		if (link != NULL)
			return LIST_ENTRY(link, struct task, link);
	}
	return NULL;
}

static bool take_over_next_turn(struct real_loop *loop)
{
	bool any = false;

	for (int lane = 0; lane < TURN_LANES; lane++) {
		struct list_link *link;

		while ((link = list_take_first(&loop->next_turn[lane])) != NULL) {
			list_append(&loop->lanes[lane], link);
			any = true;
		}
	}
	return any;
}

static bool something_is_due_next_turn(const struct real_loop *loop)
{
	for (int lane = 0; lane < TURN_LANES; lane++) {
		if (!list_is_empty(&loop->next_turn[lane]))
			return true;
	}
	return false;
}

static void end_turn(struct real_loop *loop)
{
	struct task *task;

	take_over_next_turn(loop);
	while ((task = first_task(loop)) != NULL)
		task->run(task);
	loop->clock_is_stale = true;
}

/* Timers. */

static void alarm_rang(uv_timer_t *alarm)
{
	struct real_loop *loop = alarm->data;
	uint64_t started_before = loop->timers.next_sequence;
	struct heap_node *node;

	loop->alarm_ms = NEVER;
	loop_refresh_clock(loop);
	while ((node = heap_first(&loop->timers)) != NULL && node->due <= loop->monotonic_us &&
	       node->sequence < started_before) {
		struct timer *timer = (struct timer *)node;

		heap_remove(&loop->timers, node);
		timer->fired(timer);
	}
}

/* libuv counts milliseconds of the same clock: rounded up, a timer is never early. */
static void set_alarm(struct real_loop *loop)
{
	const struct heap_node *first = heap_first(&loop->timers);
	int64_t due_ms = first == NULL ? NEVER : first->due / 1000 + (first->due % 1000 > 0);
	int64_t now_ms = (int64_t)uv_now(&loop->uv);

	if (due_ms == loop->alarm_ms)
		return;
	loop->alarm_ms = due_ms;
	if (due_ms == NEVER)
		uv_timer_stop(&loop->alarm);
	else
		uv_timer_start(&loop->alarm, alarm_rang,
			       due_ms > now_ms ? (uint64_t)(due_ms - now_ms) : 0, 0);
}

/* Sleep. */

static void no_sleep_ran(uv_idle_t *idle)
{
	(void)idle;
}

static void before_sleep(uv_prepare_t *prepare)
{
	struct real_loop *loop = prepare->data;

	end_turn(loop);
	set_alarm(loop);
	if (something_is_due_next_turn(loop) || loop->is_done(loop->is_done_data))
		uv_idle_start(&loop->no_sleep, no_sleep_ran);
	else
		uv_idle_stop(&loop->no_sleep);
}

/* The end of worlds. */

void loop_world_exits(struct real_world *real, int status)
{
	if (real->has_exited)
		return;
	real->has_exited = true;
	real->exit_status = status;
	real->loop->exit_status = status;
}

bool real_world_has_exited(struct world *world, int *status)
{
	const struct real_world *real = real_of(world);

	if (real->has_exited)
		*status = real->exit_status;
	return real->has_exited;
}

static void stop_was_requested(uv_signal_t *signal, int number)
{
	struct real_loop *loop = signal->data;

	(void)number;
	LIST_EACH (link, &loop->worlds) {
		struct real_world *real = LIST_ENTRY(link, struct real_world, link);

		if (real->stop_handlers.count == 0)
			loop_world_exits(real, 0);
		for (size_t i = 0; i < real->stop_handlers.count; i++)
			real->stop_handlers.items[i].requested(real->stop_handlers.items[i].data);
	}
}

/* What the end of a turn brought about is seen before the next sleep, too. */
static void take_turns(struct real_loop *loop, bool (*is_done)(void *data), void *data)
{
	loop->is_done = is_done;
	loop->is_done_data = data;
	while (!is_done(data)) {
		uv_run(&loop->uv, UV_RUN_ONCE);
		end_turn(loop);
	}
}

static bool all_worlds_exited(void *data)
{
	const struct real_loop *loop = data;

	LIST_EACH (link, &loop->worlds) {
		if (!LIST_ENTRY(link, struct real_world, link)->has_exited)
			return false;
	}
	return true;
}

int real_loop_run(struct real_loop *loop)
{
	take_turns(loop, all_worlds_exited, loop);
	return loop->exit_status;
}

struct limit {
	struct timer timer;
	bool is_over, is_done;
	bool (*done)(void *data);
	void *data;
};

static void limit_reached(struct timer *timer)
{
	LIST_ENTRY(timer, struct limit, timer)->is_over = true;
}

static bool limit_or_done(void *data)
{
	struct limit *limit = data;

	limit->is_done = limit->done(limit->data);
	return limit->is_done || limit->is_over;
}

bool real_loop_run_until(struct real_loop *loop, bool (*done)(void *data), void *data,
			 int64_t limit_ms)
{
	struct limit limit = {.timer.fired = limit_reached, .done = done, .data = data};

	heap_insert(&loop->timers, &limit.timer.node, loop_monotonic_us(loop) + limit_ms * 1000);
	take_turns(loop, limit_or_done, &limit);
	heap_remove(&loop->timers, &limit.timer.node);
	return limit.is_done;
}

/* Life. */

struct real_loop *real_loop_create(void)
{
	static const int stop_signals[STOP_SIGNALS] = {SIGTERM, SIGINT, SIGQUIT};
	struct real_loop *loop = MEMORY_NEW(struct real_loop);

	raise_file_limit();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file over its limit is an error of that write */
	loop->alarm_ms = NEVER;
	loop->clock_is_stale = true;
	list_init(&loop->worlds);
	for (int lane = 0; lane < TURN_LANES; lane++) {
		list_init(&loop->lanes[lane]);
		list_init(&loop->next_turn[lane]);
	}
	BUG_IF(uv_loop_init(&loop->uv) != 0);
	uv_timer_init(&loop->uv, &loop->alarm);
	loop->alarm.data = loop;
	uv_idle_init(&loop->uv, &loop->no_sleep);
	uv_prepare_init(&loop->uv, &loop->prepare);
	loop->prepare.data = loop;
	uv_prepare_start(&loop->prepare, before_sleep);
	for (size_t i = 0; i < STOP_SIGNALS; i++) {
		uv_signal_init(&loop->uv, &loop->signals[i]);
		loop->signals[i].data = loop;
		uv_signal_start(&loop->signals[i], stop_was_requested, stop_signals[i]);
	}
	return loop;
}

void real_loop_destroy(struct real_loop *loop)
{
	if (loop == NULL)
		return;
	BUG_IF(!list_is_empty(&loop->worlds));
	uv_prepare_stop(&loop->prepare);
	uv_close((uv_handle_t *)&loop->prepare, NULL);
	uv_close((uv_handle_t *)&loop->no_sleep, NULL);
	uv_close((uv_handle_t *)&loop->alarm, NULL);
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		uv_close((uv_handle_t *)&loop->signals[i], NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	BUG_IF(uv_loop_close(&loop->uv) != 0);
	heap_free(&loop->timers);
	free(loop);
}
