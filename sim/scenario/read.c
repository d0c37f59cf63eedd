#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/yaml.h"
#include "sim/scenario/document_internal.h"
#include "sim/scenario/scenario.h"
#include "world/files.h"

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

	if (patch->kind != JSON_OBJECT)
		return json_copy(arena, patch);
	if (base != NULL && base->kind != JSON_OBJECT)
		base = NULL;
	result = json_new(arena, JSON_OBJECT);
	result->line = patch->line;
	JSON_EACH (member, base) {
		const struct json *change = json_get(patch, member->key);

		if (change == NULL)
			json_set(result, member->key, json_copy(arena, member));
		else if (change->kind != JSON_NULL)
			json_set(result, member->key, merged(arena, member, change));
	}
	JSON_EACH (member, patch) {
		if (member->kind != JSON_NULL && json_get(base, member->key) == NULL)
			json_set(result, member->key, merged(arena, NULL, member));
	}
	return result;
}

static struct str folder_of(struct str path)
{
	size_t slash = str_find_last_char(path, '/');

	return slash == STR_NOT_FOUND ? STR(".") : str_slice(path, 0, slash);
}

/* The world's description, the scenario's patch merged over the file that it uses. */
static struct json *read_world(struct world *world, struct scenario *scenario,
			       const struct json *patch, struct error *error)
{
	struct str name = json_get_str(patch, STR("use"));
	struct str path;
	const struct json *base;

	scenario->steps_path = scenario->path;
	if (name.size == 0)
		return merged(scenario->arena, NULL, patch);
	path = STR_CONCAT(scenario->arena, folder_of(scenario->path), STR("/worlds/"), name,
			  STR(".yaml"));
	base = read_document(world, scenario->arena, path, error);
	if (base == NULL)
		return NULL;
	if (!scenario_check_world(base, false, error)) {
		error_wrap(error, "%.*s", STR_ARG(path));
		return NULL;
	}
	if (json_get(patch, STR("steps")) == NULL)
		scenario->steps_path = path;
	return merged(scenario->arena, base, patch);
}

static bool read_scenario(struct world *world, struct scenario *scenario,
			  const struct json *document, struct error *error)
{
	const struct json *patch = json_get(document, STR("world"));
	struct json *whole, *stage_world;

	if (!scenario_check(document, error))
		return false;
	if (patch == NULL)
		return error_set(error, ERROR_INVALID, "no world");
	if (!scenario_check_world(patch, true, error))
		return false;
	stage_world = read_world(world, scenario, patch, error);
	if (stage_world == NULL)
		return false;
	whole = json_copy(scenario->arena, document);
	json_set(whole, STR("world"), stage_world);
	scenario->document = whole;
	scenario->id = json_get_str(whole, STR("id"));
	scenario->title = json_get_str(whole, STR("title"));
	return true;
}

struct scenario *scenario_read(struct world *world, struct str path, struct error *error)
{
	struct scenario *scenario = MEMORY_NEW(struct scenario);
	const struct json *document;
	bool fine = false;

	scenario->arena = arena_create();
	scenario->path = str_copy(scenario->arena, path);
	document = read_document(world, scenario->arena, scenario->path, error);
	if (document != NULL)
		fine = read_scenario(world, scenario, document, error) ||
		       error_wrap(error, "%.*s", STR_ARG(path));
	if (fine)
		return scenario;
	scenario_destroy(scenario);
	return NULL;
}

void scenario_destroy(struct scenario *scenario)
{
	if (scenario == NULL)
		return;
	arena_destroy(scenario->arena);
	free(scenario);
}
