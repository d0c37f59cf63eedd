/* The processes of the world's description: their starts, what they say, their ends. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "sim/scenario/stage_internal.h"
#include "world/process.h"

/* What a component may take to say "ready". */
#define PROCESS_READY_US INT64_C(30000000)

void stage_add_process(struct stage *stage, const struct json *description)
{
	struct stage_process *process = MEMORY_NEW(struct stage_process);

	process->stage = stage;
	process->name = description->key;
	process->description = description;
	process->edited = map_create(0);
	process->exit_status = -1;
	vec_push(&stage->processes, process);
}

void stage_free_processes(struct stage *stage)
{
	for (size_t i = 0; i < stage->processes.count; i++) {
		struct stage_process *process = stage->processes.items[i];

		map_destroy(process->edited);
		vec_free(&process->lines);
		free(process);
	}
	vec_free(&stage->processes);
}

struct stage_process *stage_find_process(struct stage *stage, struct str name, struct error *error)
{
	for (size_t i = 0; i < stage->processes.count; i++) {
		if (str_equal(stage->processes.items[i]->name, name))
			return stage->processes.items[i];
	}
	error_set(error, ERROR_NOT_FOUND, "no process \"%.*s\"", STR_ARG(name));
	return NULL;
}

void stage_mark_fault(struct stage *stage)
{
	for (size_t i = 0; i < stage->processes.count; i++)
		stage->processes.items[i]->lines_before_fault =
			stage->processes.items[i]->lines.count;
}

struct str stage_last_line(const struct stage_process *process)
{
	if (process->lines.count == 0)
		return STR("(it said nothing)");
	return stage_shown(process->stage->arena, process->lines.items[process->lines.count - 1]);
}

static void process_said(struct process *child, bool is_stderr, struct str line, void *data)
{
	struct stage_process *process = data;

	(void)child;
	if (!is_stderr && str_has_prefix(line, process->ready_text))
		process->is_ready = true;
	vec_push(&process->lines, str_copy(process->stage->arena, line));
}

static void process_has_exited(struct process *child, int status, void *data)
{
	struct stage_process *process = data;

	(void)child;
	process->process = NULL;
	process->is_ready = false;
	process->exit_status = status;
}

static bool process_is_settled(void *data)
{
	const struct stage_process *process = data;

	return process->is_ready || process->process == NULL;
}

/* Those of the description that were not edited, then the edited ones. */
static void process_variables(struct stage_process *process, const struct json *described,
			      struct process_options *options)
{
	size_t room = (described != NULL ? described->count : 0) + map_count(process->edited);
	struct process_variable *variables =
		ARENA_ARRAY(process->stage->arena, struct process_variable, room + 1);
	struct map_cursor at = {0};
	size_t count = 0;

	JSON_EACH (variable, described) {
		if (map_get(process->edited, variable->key) == NULL)
			variables[count++] = (struct process_variable){variable->key,
								       json_scalar_text(variable)};
	}
	while (map_next(process->edited, &at))
		variables[count++] = (struct process_variable){at.key, *(struct str *)at.value};
	options->variables = variables;
	options->variables_count = count;
}

/* "refscale gateway --port 80" is the gateway; other programs are what they are called. */
static struct str program_of(const struct str *words, size_t count)
{
	if (count > 1 && str_equal(words[0], STR("refscale")))
		return words[1];
	return count > 0 ? words[0] : STR("");
}

static bool process_launch(struct stage_process *process, const struct json *description,
			   struct error *error)
{
	struct stage *stage = process->stage;
	struct str command = json_get_str(description, STR("command")), word;
	struct sim_host *host =
		stage_find_host(stage, json_get_str(description, STR("host")), error);
	struct process_options options = {
		.line = process_said, .exited = process_has_exited, .data = process};
	VEC(struct str) words = {0};

	if (host == NULL)
		return false;
	while (str_next_field(&command, ' ', &word)) {
		if (word.size > 0)
			vec_push(&words, word);
	}
	options.words = words.items;
	options.words_count = words.count;
	process_variables(process, json_get(description, STR("variables")), &options);
	process->ready_text =
		STR_CONCAT(stage->arena, STR("ready "), program_of(words.items, words.count));
	process->is_ready = false;
	process->exit_status = -1;
	process->process = sim_process_start(host, &options, error);
	vec_free(&words);
	return process->process != NULL;
}

bool stage_start_process(struct stage_process *process, struct error *error)
{
	struct stage *stage = process->stage;
	const struct json *description;

	if (process->process != NULL)
		return error_set(error, ERROR_CONFLICT, "%.*s runs already",
				 STR_ARG(process->name));
	description = stage_expand(stage, process->description, error);
	if (description == NULL || !process_launch(process, description, error))
		return error_wrap(error, "process %.*s", STR_ARG(process->name));
	stage_run(stage, PROCESS_READY_US, process_is_settled, process);
	return true;
}
