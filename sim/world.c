/* The ports that need nothing but the process itself: clock, chance, environment, log. */
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "sim/net/log_datagram.h"
#include "sim/sim_internal.h"
#include "world/clock.h"
#include "world/log.h"

/* Since the host's start, so that 0 stays free for "not yet". */
#define MONOTONIC_START_US INT64_C(3600000000)

static int64_t clock_monotonic_us(struct world *world)
{
	return MONOTONIC_START_US + process_of(world)->sim->queue.now_us;
}

static int64_t clock_utc_us(struct world *world)
{
	const struct sim_process *process = process_of(world);

	return process->sim->options.utc_start_us + process->sim->queue.now_us +
	       process->host->clock_offset_us;
}

static void clock_timer_start(struct world *world, struct timer *timer, int64_t delay_us)
{
	actor_timer_start(&process_of(world)->actor, timer, delay_us);
}

static void clock_timer_stop(struct world *world, struct timer *timer)
{
	actor_timer_stop(&process_of(world)->actor, timer);
}

static void clock_defer(struct world *world, struct task *task)
{
	actor_defer(&process_of(world)->actor, task);
}

static uint64_t clock_chance(struct world *world)
{
	return prng_next(&process_of(world)->chance);
}

const struct clock_ops sim_clock_ops = {
	.monotonic_us = clock_monotonic_us,
	.utc_us = clock_utc_us,
	.timer_start = clock_timer_start,
	.timer_stop = clock_timer_stop,
	.defer = clock_defer,
	.chance = clock_chance,
};

static bool variables_get(struct world *world, struct str name, struct str *value)
{
	const struct sim_process *process = process_of(world);

	for (size_t i = 0; i < process->variables.count; i++) {
		if (!str_equal(process->variables.items[i].name, name))
			continue;
		*value = process->variables.items[i].value;
		return true;
	}
	return false;
}

static bool variables_next(struct world *world, size_t *position, struct str *name,
			   struct str *value)
{
	const struct sim_process *process = process_of(world);

	if (*position >= process->variables.count)
		return false;
	*name = process->variables.items[*position].name;
	*value = process->variables.items[*position].value;
	(*position)++;
	return true;
}

static void process_wants_exit(struct world *world, int status)
{
	struct sim_process *process = process_of(world);

	if (!process->exit_wanted)
		process->exit_status = status;
	process->exit_wanted = true;
	if (process->sim->queue.current != &process->actor)
		actor_wake(&process->actor);
}

static void process_on_stop(struct world *world, world_stop_requested *requested, void *data)
{
	process_of(world)->stop_requested = requested;
	process_of(world)->stop_data = data;
}

static struct str process_host_name(struct world *world)
{
	return process_of(world)->host->name;
}

static int process_own_id(struct world *world)
{
	return process_of(world)->id;
}

static int process_processors(struct world *world)
{
	(void)world;
	return 1;
}

const struct environment_ops sim_environment_ops = {
	.get = variables_get,
	.next = variables_next,
	.exit = process_wants_exit,
	.on_stop = process_on_stop,
	.host_name = process_host_name,
	.process_id = process_own_id,
	.processors = process_processors,
};

static void log_trace(const struct sim_process *process, struct str target, struct str line)
{
	struct trace *trace = &process->sim->trace;

	trace_begin(trace, process->host->name, STR("log"));
	trace_text(trace, STR("process"), process->name);
	trace_text(trace, STR("to"), target);
	trace_text(trace, STR("line"), line);
	trace_end(trace);
}

static void log_to_file(struct sim_process *process, struct str target, struct str line)
{
	struct error error;

	if (host_file_append(process->host, target, line, &error))
		return;
	if (process->log_failed == NULL)
		process->log_failed = map_create(0);
	if (map_put(process->log_failed, target, process) == NULL)
		log_format(&process->world, LOG_STDERR, "cannot open log: %s", error.text);
}

static void log_line(struct world *world, struct str target, struct str line)
{
	struct sim_process *process = process_of(world);
	bool is_stderr = str_equal(target, LOG_STDERR);

	if (process_is_mute(process))
		return;
	line = str_slice(line, 0, LIMIT_LOG_LINE_BYTES);
	log_trace(process, target, line);
	if (is_stderr || str_equal(target, LOG_STDOUT))
		process_write_line(process, is_stderr, line);
	else if (str_has_prefix(target, STR(LOG_UDP)))
		log_datagram_send(process, str_skip(target, sizeof LOG_UDP - 1), line);
	else
		log_to_file(process, target, line);
}

const struct log_ops sim_log_ops = {
	.write = log_line,
	.receive = log_receiver_open,
	.receiver_port = log_receiver_port_of,
	.receiver_close = log_receiver_free,
};
