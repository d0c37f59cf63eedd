#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utc.h"
#include "sim/scenario/document_internal.h"
#include "sim/scenario/stage_internal.h"

struct run {
	struct stage stage;
	const struct scenario *scenario;
	struct scenario_result *result;
};

/* The trace also tells what the operator did. */
static void run_trace(struct run *run, struct str kind, struct str text)
{
	struct strbuf fields;

	strbuf_init(&fields, LIMIT_CASE_FILE_BYTES);
	strbuf_append(&fields, STR("\"text\":"));
	json_write_str(&fields, text);
	sim_trace(run->stage.sim, STR("operator"), kind, strbuf_str(&fields));
	strbuf_free(&fields);
}

/* What a step says of itself, or what it does. */
static struct str run_describe(struct run *run, const struct json *step)
{
	struct str text = json_get_str(step, STR("step"));
	const struct json *argument = NULL;
	const struct stage_verb_row *verb;

	if (text.size > 0)
		return text;
	verb = stage_find_verb(step, &argument);
	return STR_CONCAT(run->result->arena, str_from(verb->name), STR(" "),
			  json_print(run->result->arena, argument));
}

/* `step` is NULL for what the run itself does. */
static void run_note(struct run *run, struct str section, const struct json *step, struct str text,
		     int64_t began_us, const struct error *error)
{
	struct scenario_step note = {
		.section = section,
		.text = text,
		.seen = step != NULL ? run->stage.seen : STR(""),
		.shows = json_get_str(step, STR("shows")),
		.began_us = began_us,
		.ended_us = sim_now_us(run->stage.sim),
		.passed = error == NULL,
	};

	if (error != NULL) {
		note.problem = str_copy(run->result->arena, str_from(error->text));
		run->result->passed = false;
	}
	vec_push(&run->result->steps, note);
}

static bool run_step(struct run *run, struct str section, struct str path, const struct json *step)
{
	int64_t began_us = sim_now_us(run->stage.sim);
	const struct json *expanded, *argument = NULL;
	struct error error = {0};
	struct str text;
	bool fine = false;

	expanded = stage_expand(&run->stage, step, &error);
	if (expanded != NULL)
		step = expanded;
	run->stage.seen = STR("");
	text = run_describe(run, step);
	run_trace(run, STR("step"), text);
	if (expanded != NULL)
		fine = stage_find_verb(step, &argument)->run(&run->stage, step, argument, &error);
	if (!fine)
		error_wrap(&error, "%.*s: line %d", STR_ARG(path), step->line);
	run_note(run, section, step, text, began_us, fine ? NULL : &error);
	return fine;
}

static bool run_steps(struct run *run, struct str section, struct str path,
		      const struct json *steps)
{
	run_trace(run, STR("section"), section);
	JSON_EACH (step, steps) {
		if (!run_step(run, section, path, step))
			return false;
	}
	return true;
}

static bool run_world(struct run *run)
{
	const struct json *traffic = json_get(run->stage.world, STR("traffic"));
	struct error error = {0};

	if (!stage_set(&run->stage, &error)) {
		run_note(run, STR("world"), NULL, STR("set up"), 0, &error);
		return false;
	}
	if (!run_steps(run, STR("world"), run->scenario->steps_path,
		       json_get(run->stage.world, STR("steps"))))
		return false;
	if (traffic != NULL && !stage_traffic_start(&run->stage, traffic, &error)) {
		run_note(run, STR("world"), NULL, STR("traffic"), sim_now_us(run->stage.sim),
			 &error);
		return false;
	}
	return true;
}

static void run_all(struct run *run)
{
	const struct scenario *scenario = run->scenario;
	struct error error = {0};

	if (!run_world(run))
		return;
	for (size_t i = 0; i < scenario_sections_count; i++) {
		struct str section = str_from(scenario_sections[i]);

		if (str_equal(section, STR("fault")))
			stage_mark_fault(&run->stage);
		if (!run_steps(run, section, scenario->path, json_get(scenario->document, section)))
			return;
	}
	if (!stage_check_faults(&run->stage, &error)) {
		error_wrap(&error, "%.*s", STR_ARG(scenario->path));
		run_note(run, STR("fault"), NULL, STR("effects"), sim_now_us(run->stage.sim),
			 &error);
	}
}

void scenario_run(const struct scenario *scenario, const struct scenario_run_options *options,
		  struct scenario_result *result)
{
	struct sim_options sim_options = {.seed = options->seed, .components = options->components};
	struct run run = {.scenario = scenario, .result = result};
	struct stage *stage = &run.stage;

	*result = (struct scenario_result){.arena = arena_create(), .passed = true};
	stage->arena = result->arena;
	stage->world = json_get(scenario->document, STR("world"));
	stage->variables = map_create(0);
	utc_parse(json_get_str(stage->world, STR("utc")), &sim_options.utc_start_us);
	stage->sim = sim_create(&sim_options);
	if (options->trace != NULL)
		sim_trace_to(stage->sim, options->trace, options->trace_data);
	run_all(&run);
	result->virtual_us = sim_now_us(stage->sim);
	result->events = sim_events(stage->sim);
	result->trace_hash = sim_trace_hash(stage->sim);
	stage_clear(stage);
}

void scenario_result_free(struct scenario_result *result)
{
	vec_free(&result->steps);
	arena_destroy(result->arena);
}
