/* What runs beside the target of a case: refscale in further roles, and the case's servers. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "conformance/runner/run_internal.h"

struct run_process *case_run_find_process(struct case_run *run, struct str name)
{
	for (size_t i = run->processes.count; i > 0; i--) {
		if (str_equal(run->processes.items[i - 1]->target.name, name))
			return run->processes.items[i - 1];
	}
	return NULL;
}

/* Processes. */

/* A command may end as it likes. */
static void note_bad_end(struct case_run *run, const struct target *target)
{
	if (target->exit_status == 0 || target->was_killed ||
	    run->result.verdict != VERDICT_PASSED || !target_plan_is_refscale(target->plan))
		return;
	run->result.verdict = VERDICT_FAILED;
	run->result.reason =
		str_format(run->result_arena, "asked to stop, %.*s ended with status %d",
			   STR_ARG(target->name), target->exit_status);
}

static void process_has_changed(struct target *target, void *data)
{
	struct run_process *process = data;
	struct case_run *run = process->run;
	bool is_awaited = run->awaited == process;

	if (run->is_over && target->state == TARGET_ENDED) {
		if (!process->may_end)
			note_bad_end(run, target);
		case_run_end_when_possible(run);
	}
	if (run->is_over || !is_awaited)
		return;
	/* Ready is not what a stop waits for. */
	if (target->state != TARGET_ENDED && process->may_end)
		return;
	run->awaited = NULL;
	if (target->state == TARGET_ENDED && !run->has_started)
		case_run_fail(run, STR_CONCAT(run->result_arena, target->name,
					      STR(" ended before it was ready")));
	else if (target->state == TARGET_READY && run->clock_us != INT64_MIN)
		case_run_set_clock_of(run, process);
	else if (run->has_started)
		case_run_next_action(run);
	else
		case_run_prepare(run);
}

static const struct json *environment_of(struct case_run *run, const struct json *given)
{
	struct json *environment = json_copy(run->arena, run->scene.environment);

	JSON_EACH (variable, json_get(given, STR("environment")))
		json_set(environment, variable->key,
			 json_new_str(run->arena, json_scalar_text(variable)));
	return environment;
}

static struct run_process *add_process(struct case_run *run, const struct target_plan *plan,
				       struct str name)
{
	struct run_process *process = ARENA_NEW(run->arena, struct run_process);

	process->run = run;
	process->target = (struct target){
		.world = run->world,
		.plan = plan != NULL ? plan : &process->plan,
		.arena = run->arena,
		.wire = &run->scene.wire,
		.name = name,
		.clock_us = INT64_MIN,
		.changed = process_has_changed,
		.data = process,
	};
	vec_push(&run->processes, process);
	run->awaited = process;
	return process;
}

static void start_process(struct case_run *run, struct run_process *process,
			  const struct json *environment, const struct json *arguments)
{
	struct error error = {0};

	if (!target_start(&process->target, &run->scene.placeholders, environment, arguments,
			  &error))
		case_run_fail(run, str_copy(run->result_arena, str_from(error.text)));
}

void case_run_process(struct case_run *run, const struct json *given)
{
	struct run_process *process =
		add_process(run, &run->options->plan, json_scalar_text(json_get(given, STR("as"))));

	process->target.role = json_get_str(given, STR("role"));
	process->target.release = run->target.release;
	process->target.refuses_hooks = run->target.refuses_hooks;
	start_process(run, process, environment_of(run, given), json_get(given, STR("arguments")));
}

void case_run_companion(struct case_run *run, enum suite suite, const char *name, uint16_t port,
			const struct json *environment, const struct json *arguments)
{
	struct run_process *process = add_process(run, NULL, str_from(name));

	process->plan.suite = suite;
	process->target.port = port;
	start_process(run, process, environment, arguments);
}

void case_run_stop_processes(struct case_run *run)
{
	for (size_t i = 0; i < run->processes.count; i++)
		target_stop(&run->processes.items[i]->target);
}

bool case_run_has_processes(const struct case_run *run)
{
	for (size_t i = 0; i < run->processes.count; i++) {
		if (run->processes.items[i]->target.process != NULL)
			return true;
	}
	return false;
}

void case_run_free_processes(struct case_run *run)
{
	for (size_t i = 0; i < run->processes.count; i++)
		target_free(&run->processes.items[i]->target);
	vec_free(&run->processes);
}

/* Stopping and starting. */

static void action_over(struct timer *timer)
{
	case_run_next_action(LIST_ENTRY(timer, struct case_run, pause));
}

static void server_moved(struct str failure, bool is_missing, void *data)
{
	struct case_run *run = data;

	(void)is_missing;
	if (failure.size > 0)
		case_run_fail(run, str_copy(run->result_arena, failure));
	else
		case_run_next_action(run);
}

static void stop_target(struct case_run *run, bool kills)
{
	run->may_end = true;
	if (kills)
		target_kill(&run->target);
	else
		target_ask_to_stop(&run->target);
	timer_start(run->world, &run->pause, 0, action_over);
}

static void stop_process(struct case_run *run, struct run_process *process, bool kills)
{
	process->may_end = true;
	if (process->target.process == NULL) {
		timer_start(run->world, &run->pause, 0, action_over);
		return;
	}
	run->awaited = process;
	if (kills)
		target_kill(&process->target);
	else
		target_ask_to_stop(&process->target);
}

void case_run_stop(struct case_run *run, struct str which, bool kills)
{
	struct str kind, name = STR("");
	struct run_process *process;

	str_split_once(which, '.', &kind, &name);
	if (str_equal(kind, STR("server"))) {
		servers_stop(&run->servers, name, kills, server_moved);
		return;
	}
	if (str_equal(kind, STR("target"))) {
		stop_target(run, kills);
		return;
	}
	process = case_run_find_process(run, name);
	if (process != NULL)
		stop_process(run, process, kills);
	else
		case_run_fail(run, STR_CONCAT(run->result_arena, name, STR(" was not run yet")));
}

/* As soon as it has ended. */
static void restart_target(struct case_run *run)
{
	run->is_restarting = true;
	if (run->target.process == NULL)
		case_run_start_target(run);
}

void case_run_start_again(struct case_run *run, struct str which)
{
	struct str kind, name;

	if (str_equal(which, STR("target"))) {
		restart_target(run);
		return;
	}
	str_split_once(which, '.', &kind, &name);
	servers_start(&run->servers, name, server_moved);
}
