/* Verbs that start, stop, kill and change processes. */
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "sim/scenario/stage_internal.h"

/* For an orderly stop, or a start that must fail. */
#define PROCESS_END_LIMIT_US INT64_C(60000000)

static bool process_is_gone(void *data)
{
	return ((struct stage_process *)data)->process == NULL;
}

static struct str name_of(const struct json *argument)
{
	return argument->kind == JSON_OBJECT ? json_get_str(argument, STR("name"))
					     : json_scalar_text(argument);
}

static bool refuse_unready(const struct stage_process *process, struct error *error)
{
	if (process->process != NULL)
		return error_set(error, ERROR_UNAVAILABLE,
				 "%.*s does not get ready, last line: %.*s", STR_ARG(process->name),
				 STR_ARG(stage_last_line(process)));
	return error_set(error, ERROR_UNAVAILABLE, "%.*s ended with status %d, last line: %.*s",
			 STR_ARG(process->name), process->exit_status,
			 STR_ARG(stage_last_line(process)));
}

/* exits: the status with which it must end instead of getting ready. */
bool stage_verb_process_start(struct stage *stage, const struct json *step,
			      const struct json *argument, struct error *error)
{
	struct stage_process *process = stage_find_process(stage, name_of(argument), error);
	int64_t exits = -1;

	(void)step;
	if (process == NULL || !stage_number(argument, STR("exits"), 0, 255, &exits, error) ||
	    !stage_start_process(process, error))
		return false;
	if (exits < 0)
		return process->is_ready || refuse_unready(process, error);
	if (!stage_run(stage, PROCESS_END_LIMIT_US, process_is_gone, process))
		return error_set(error, ERROR_INVALID,
				 "expected %.*s to exit with %d, but it runs, last line: %.*s",
				 STR_ARG(process->name), (int)exits,
				 STR_ARG(stage_last_line(process)));
	return process->exit_status == exits ||
	       error_set(error, ERROR_INVALID,
			 "expected %.*s to exit with %d, got %d, last line: %.*s",
			 STR_ARG(process->name), (int)exits, process->exit_status,
			 STR_ARG(stage_last_line(process)));
}

static struct stage_process *find_running(struct stage *stage, const struct json *argument,
					  struct error *error)
{
	struct stage_process *process = stage_find_process(stage, name_of(argument), error);

	if (process != NULL && process->process == NULL) {
		error_set(error, ERROR_INVALID, "%.*s does not run", STR_ARG(process->name));
		return NULL;
	}
	return process;
}

bool stage_verb_process_stop(struct stage *stage, const struct json *step,
			     const struct json *argument, struct error *error)
{
	struct stage_process *process = find_running(stage, argument, error);

	(void)step;
	if (process == NULL)
		return false;
	sim_process_stop(process->process);
	return stage_run(stage, PROCESS_END_LIMIT_US, process_is_gone, process) ||
	       error_set(error, ERROR_UNAVAILABLE, "%.*s does not stop, last line: %.*s",
			 STR_ARG(process->name), STR_ARG(stage_last_line(process)));
}

bool stage_verb_process_kill(struct stage *stage, const struct json *step,
			     const struct json *argument, struct error *error)
{
	struct stage_process *process = find_running(stage, argument, error);

	(void)step;
	if (process == NULL)
		return false;
	sim_process_kill(process->process);
	stage_run(stage, 0, process_is_gone, process); /* it is dead; now it is known */
	return true;
}

/* An operator changes a variable; the process sees it at its next start. */
bool stage_verb_config_edit(struct stage *stage, const struct json *step,
			    const struct json *argument, struct error *error)
{
	struct stage_process *process =
		stage_find_process(stage, json_get_str(argument, STR("process")), error);
	struct str variable = json_get_str(argument, STR("variable"));
	const struct json *value = json_get(argument, STR("value"));
	struct str *kept;

	(void)step;
	if (process == NULL)
		return false;
	if (variable.size == 0 || value == NULL)
		return error_set(error, ERROR_INVALID, "config.edit needs variable and value");
	kept = ARENA_NEW(stage->arena, struct str);
	*kept = json_scalar_text(value);
	map_put(process->edited, variable, kept);
	return true;
}
