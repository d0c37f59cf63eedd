#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/yaml.h"
#include "sim/scenario/sections_internal.h"
#include "sim/scenario/stage_internal.h"
#include "world/files.h"

static const char *const scenario_keys[] = {"id", "title", "tags", "story", "world"};
static const char *const world_keys[] = {"use",   "utc",       "variables", "hosts",
					 "redis", "processes", "steps",     "traffic"};

const char *const scenario_sections[] = {"before",    "fault", "symptoms",
					 "diagnosis", "fix",   "recovery"};
const size_t scenario_sections_count = sizeof scenario_sections / sizeof *scenario_sections;

static bool key_is_one_of(struct str key, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(key, str_from(keys[i])))
			return true;
	}
	return false;
}

static const struct json *read_document(struct world *world, struct arena *arena, struct str path,
					struct error *error)
{
	struct str text;
	const struct json *document;

	if (!files_read(world, path, LIMIT_CASE_FILE_BYTES, arena, &text, error))
		return NULL;
	document = yaml_parse(arena, text, LIMIT_CASE_FILE_BYTES, error);
	if (document != NULL && document->kind != JSON_OBJECT) {
		error_set(error, ERROR_INVALID, "line %d: a table is expected", document->line);
		document = NULL;
	}
	if (document == NULL)
		error_wrap(error, "%.*s", STR_ARG(path));
	return document;
}

/* RFC 7396: tables merge, everything else replaces, null removes. */
static struct json *merged(struct arena *arena, const struct json *base, const struct json *patch)
{
	struct json *result;

	if (patch == NULL)
		return json_copy(arena, base);
	if (patch->kind != JSON_OBJECT || base == NULL || base->kind != JSON_OBJECT)
		return json_copy(arena, patch);
	result = json_new(arena, JSON_OBJECT);
	result->line = patch->line;
	JSON_EACH (member, base) {
		const struct json *change = json_get(patch, member->key);

		if (change == NULL || change->kind != JSON_NULL)
			json_set(result, member->key, merged(arena, member, change));
	}
	JSON_EACH (member, patch) {
		if (member->kind != JSON_NULL && json_get(base, member->key) == NULL)
			json_set(result, member->key, json_copy(arena, member));
	}
	return result;
}

static struct str folder_of(struct str path)
{
	size_t slash = str_find_last_char(path, '/');

	return slash == STR_NOT_FOUND ? STR(".") : str_slice(path, 0, slash);
}

static const struct json *read_world(struct world *world, struct scenario *scenario,
				     const struct json *patch, struct error *error)
{
	struct str name = json_get_str(patch, STR("use"));
	struct str path;
	const struct json *base;

	if (name.size == 0)
		return patch;
	path = STR_CONCAT(scenario->arena, folder_of(scenario->path), STR("/worlds/"), name,
			  STR(".yaml"));
	base = read_document(world, scenario->arena, path, error);
	return base != NULL ? merged(scenario->arena, base, patch) : NULL;
}

static bool check_steps(const struct json *steps, struct error *error)
{
	const struct json *argument;

	JSON_EACH (step, steps) {
		if (stage_find_verb(step, &argument, error) == NULL)
			return error_wrap(error, "line %d", step->line);
	}
	return true;
}

static bool check_keys(const struct json *document, const struct json *stage_world,
		       struct error *error)
{
	JSON_EACH (member, document) {
		if (!key_is_one_of(member->key, scenario_keys,
				   sizeof scenario_keys / sizeof *scenario_keys) &&
		    !key_is_one_of(member->key, scenario_sections, scenario_sections_count))
			return error_set(error, ERROR_INVALID,
					 "line %d: a scenario has no \"%.*s\"", member->line,
					 STR_ARG(member->key));
	}
	JSON_EACH (member, stage_world) {
		if (!key_is_one_of(member->key, world_keys, sizeof world_keys / sizeof *world_keys))
			return error_set(error, ERROR_INVALID, "line %d: a world has no \"%.*s\"",
					 member->line, STR_ARG(member->key));
	}
	return true;
}

/* Each section must say something: a scenario without symptoms or without a way out is none. */
static bool check_sections(const struct json *document, struct error *error)
{
	for (size_t i = 0; i < scenario_sections_count; i++) {
		const struct json *steps = json_get(document, str_from(scenario_sections[i]));

		if (steps == NULL || steps->kind != JSON_ARRAY || steps->count == 0)
			return error_set(error, ERROR_INVALID, "no steps in section %s",
					 scenario_sections[i]);
		if (!check_steps(steps, error))
			return error_wrap(error, "section %s", scenario_sections[i]);
	}
	return true;
}

static bool read_scenario(struct world *world, struct scenario *scenario, struct error *error)
{
	const struct json *document, *stage_world;
	struct json *whole;

	document = read_document(world, scenario->arena, scenario->path, error);
	if (document == NULL)
		return false;
	scenario->id = json_get_str(document, STR("id"));
	scenario->title = json_get_str(document, STR("title"));
	if (scenario->id.size == 0 || scenario->title.size == 0)
		return error_set(error, ERROR_INVALID, "%.*s: no id or no title",
				 STR_ARG(scenario->path));
	stage_world = read_world(world, scenario, json_get(document, STR("world")), error);
	if (stage_world == NULL)
		return error_wrap(error, "%.*s", STR_ARG(scenario->path));
	if (!check_keys(document, stage_world, error) || !check_sections(document, error) ||
	    !check_steps(json_get(stage_world, STR("steps")), error))
		return error_wrap(error, "%.*s", STR_ARG(scenario->path));
	whole = json_copy(scenario->arena, document);
	json_set(whole, STR("world"), json_copy(scenario->arena, stage_world));
	scenario->document = whole;
	return true;
}

struct scenario *scenario_read(struct world *world, struct str path, struct error *error)
{
	struct scenario *scenario = MEMORY_NEW(struct scenario);

	scenario->arena = arena_create();
	scenario->path = str_copy(scenario->arena, path);
	if (!read_scenario(world, scenario, error)) {
		scenario_destroy(scenario);
		return NULL;
	}
	return scenario;
}

void scenario_destroy(struct scenario *scenario)
{
	if (scenario == NULL)
		return;
	arena_destroy(scenario->arena);
	free(scenario);
}
