/* Verbs that start, stop and change processes, and their killing. */
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "sim/scenario/stage_internal.h"

#define PROCESS_STOP_LIMIT_US INT64_C(60000000)
#define PROCESS_EXIT_LIMIT_US INT64_C(60000000)

static struct stage_process *process_of(struct stage *stage, const struct json *argument,
					struct error *error)
{
	return stage_find_process(stage,
				  argument->kind == JSON_STRING
					  ? argument->text
					  : json_get_str(argument, STR("name")),
				  error);
}

static bool process_is_gone(void *data)
{
	return ((struct stage_process *)data)->process == NULL;
}

static struct str process_last_line(const struct stage_process *process)
{
	return process->lines.count > 0 ? process->lines.items[process->lines.count - 1].text
					: STR("it said nothing");
}

/* exits: the status with which it must end instead of getting ready. */
bool stage_verb_process_start(struct stage *stage, const struct json *step,
			      const struct json *argument, struct error *error)
{
	struct stage_process *process = process_of(stage, argument, error);
	const struct json *exits = json_get(argument, STR("exits"));

	(void)step;
	if (process == NULL || !stage_start_process(stage, process, error))
		return false;
	if (exits == NULL)
		return process->is_ready ||
		       error_set(error, ERROR_UNAVAILABLE,
				 "%.*s did not get ready (exit status %d): %.*s",
				 STR_ARG(process->name), process->exit_status,
				 STR_ARG(process_last_line(process)));
	stage_run(stage, PROCESS_EXIT_LIMIT_US, process_is_gone, process);
	return process->exit_status == json_int(exits, 0) ||
	       error_set(error, ERROR_INVALID, "expected %.*s to exit with %.*s, got %d: %.*s",
			 STR_ARG(process->name), STR_ARG(json_scalar_text(exits)),
			 process->exit_status, STR_ARG(process_last_line(process)));
}

bool stage_verb_process_stop(struct stage *stage, const struct json *step,
			     const struct json *argument, struct error *error)
{
	struct stage_process *process = process_of(stage, argument, error);

	(void)step;
	if (process == NULL)
		return false;
	if (process->process == NULL)
		return error_set(error, ERROR_INVALID, "%.*s does not run", STR_ARG(process->name));
	sim_process_stop(process->process);
	return stage_run(stage, PROCESS_STOP_LIMIT_US, process_is_gone, process) ||
	       error_set(error, ERROR_UNAVAILABLE, "%.*s does not stop", STR_ARG(process->name));
}

bool stage_verb_process_kill(struct stage *stage, const struct json *step,
			     const struct json *argument, struct error *error)
{
	struct stage_process *process = process_of(stage, argument, error);

	(void)step;
	if (process == NULL)
		return false;
	if (process->process == NULL)
		return error_set(error, ERROR_INVALID, "%.*s does not run", STR_ARG(process->name));
	sim_process_kill(process->process);
	return stage_run(stage, PROCESS_STOP_LIMIT_US, process_is_gone, process) ||
	       error_set(error, ERROR_UNAVAILABLE, "%.*s lives on", STR_ARG(process->name));
}

/* An operator changes a variable; the process sees it at its next start. */
bool stage_verb_config_edit(struct stage *stage, const struct json *step,
			    const struct json *argument, struct error *error)
{
	struct stage_process *process =
		stage_find_process(stage, json_get_str(argument, STR("process")), error);
	struct str *value = ARENA_NEW(stage->arena, struct str);

	(void)step;
	if (process == NULL)
		return false;
	*value = json_scalar_text(json_get(argument, STR("value")));
	map_put(process->variables, json_get_str(argument, STR("variable")), value);
	return true;
}
