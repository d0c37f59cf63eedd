#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc.h"
#include "sim/scenario/sections_internal.h"
#include "sim/scenario/stage_internal.h"

struct run {
	struct stage stage;
	struct scenario_result *result;
};

/* What a step says of itself, or what it does. */
static struct str run_describe(struct run *run, const struct json *step)
{
	struct str text = json_get_str(step, STR("step"));
	const struct json *argument = NULL;
	const struct stage_verb_row *row;

	if (text.size > 0)
		return text;
	row = stage_find_verb(step, &argument, NULL);
	return str_format(run->result->arena, "%s %.*s", row->name,
			  STR_ARG(json_print(run->result->arena, argument)));
}

static void run_note(struct run *run, struct str section, struct str text, struct str shows,
		     int64_t began_us, const struct error *error)
{
	struct scenario_step step = {
		.section = section,
		.text = str_copy(run->result->arena, text),
		.shows = str_copy(run->result->arena, shows),
		.began_us = began_us,
		.ended_us = sim_now_us(run->stage.sim),
		.passed = error == NULL,
		.problem = str_copy(run->result->arena,
				    error != NULL ? str_from(error->text) : STR("")),
	};

	vec_push(&run->result->steps, step);
	if (error != NULL)
		run->result->passed = false;
}

static bool run_step(struct run *run, struct str section, const struct json *step)
{
	int64_t began_us = sim_now_us(run->stage.sim);
	struct error error = {0};
	const struct json *argument = NULL;
	const struct json *expanded = stage_expand(&run->stage, step, &error);
	bool fine = false;

	if (expanded != NULL)
		fine = stage_find_verb(expanded, &argument, &error)
			       ->run(&run->stage, expanded, argument, &error);
	if (!fine)
		error_wrap(&error, "line %d", step->line);
	run_note(run, section, run_describe(run, expanded != NULL ? expanded : step),
		 json_get_str(step, STR("shows")), began_us, fine ? NULL : &error);
	return fine;
}

static bool run_steps(struct run *run, struct str section, const struct json *steps)
{
	sim_trace(run->stage.sim, STR("operator"), STR("section"),
		  str_format(run->result->arena, "\"name\":\"%.*s\"", STR_ARG(section)));
	JSON_EACH (step, steps) {
		if (!run_step(run, section, step))
			return false;
	}
	return true;
}

static bool run_world(struct run *run)
{
	const struct json *traffic = json_get(run->stage.world, STR("traffic"));
	struct error error = {0};

	if (!stage_set(&run->stage, &error)) {
		run_note(run, STR("world"), STR("set up"), STR(""), 0, &error);
		return false;
	}
	if (!run_steps(run, STR("world"), json_get(run->stage.world, STR("steps"))))
		return false;
	if (traffic != NULL && !stage_traffic_start(&run->stage, traffic, &error)) {
		run_note(run, STR("world"), STR("traffic"), STR(""), sim_now_us(run->stage.sim),
			 &error);
		return false;
	}
	return true;
}

static void run_all(struct run *run, const struct scenario *scenario)
{
	struct error error = {0};

	if (!run_world(run))
		return;
	for (size_t i = 0; i < scenario_sections_count; i++) {
		struct str section = str_from(scenario_sections[i]);

		if (str_equal(section, STR("fault")))
			run->stage.fault_us = sim_now_us(run->stage.sim);
		if (!run_steps(run, section, json_get(scenario->document, section)))
			return;
	}
	if (!stage_check_faults(&run->stage, &error))
		run_note(run, STR("fault"), STR("effects"), STR(""), sim_now_us(run->stage.sim),
			 &error);
}

void scenario_run(const struct scenario *scenario, const struct scenario_run_options *options,
		  struct scenario_result *result)
{
	struct sim_options sim_options = {.seed = options->seed, .components = options->components};
	struct run run = {.result = result};
	struct stage *stage = &run.stage;

	*result = (struct scenario_result){.arena = arena_create(), .passed = true};
	stage->scenario = scenario;
	stage->arena = result->arena;
	stage->world = json_get(scenario->document, STR("world"));
	stage->variables = map_create(0);
	stage->components = options->components;
	utc_parse(json_get_str(stage->world, STR("utc")), &sim_options.utc_start_us);
	stage->sim = sim_create(&sim_options);
	if (options->trace != NULL)
		sim_trace_to(stage->sim, options->trace, options->trace_data);
	run_all(&run, scenario);
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
