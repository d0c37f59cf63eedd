#include "sim/scenario/document_internal.h"

#include "base/error.h"
#include "base/json.h"
#include "base/utc.h"
#include "sim/scenario/stage_internal.h"

const char *const scenario_sections[] = {"before",    "fault", "symptoms",
					 "diagnosis", "fix",   "recovery"};
const size_t scenario_sections_count = sizeof scenario_sections / sizeof *scenario_sections;

#define SCENARIO_KEYS "id title tags story world before fault symptoms diagnosis fix recovery"
#define WORLD_KEYS "utc variables hosts redis cluster processes steps traffic"

/* Tables of tables. */
static const struct {
	const char *name, *keys;
} world_tables[] = {
	{"hosts", "address names ttl dns_cache"},
	{"redis", "host port"},
	{"processes", "host command variables"},
};

static bool refuse(const struct json *value, struct error *error, const char *wanted)
{
	return error_set(error, ERROR_INVALID, "line %d: %.*s must be %s", value->line,
			 STR_ARG(value->key), wanted);
}

static bool check_keys(const struct json *table, const char *keys, const char *what,
		       struct error *error)
{
	JSON_EACH (member, table) {
		if (!stage_has_word(keys, member->key))
			return error_set(error, ERROR_INVALID,
					 "line %d: %s has no \"%.*s\" (it has: %s)", member->line,
					 what, STR_ARG(member->key), keys);
	}
	return true;
}

static bool check_steps(const struct json *steps, struct error *error)
{
	if (steps->kind != JSON_ARRAY)
		return refuse(steps, error, "a list of steps");
	JSON_EACH (step, steps) {
		if (!stage_check_step(step, error))
			return error_wrap(error, "line %d", step->line);
	}
	return true;
}

bool scenario_check(const struct json *document, struct error *error)
{
	if (json_get_str(document, STR("id")).size == 0 ||
	    json_get_str(document, STR("title")).size == 0)
		return error_set(error, ERROR_INVALID, "no id or no title");
	if (!check_keys(document, SCENARIO_KEYS, "a scenario", error))
		return false;
	/* Each section must say something: a scenario without symptoms or without a way out is
	 * none. */
	for (size_t i = 0; i < scenario_sections_count; i++) {
		const struct json *steps = json_get(document, str_from(scenario_sections[i]));

		if (steps == NULL || steps->count == 0)
			return error_set(error, ERROR_INVALID, "no steps in section %s",
					 scenario_sections[i]);
		if (!check_steps(steps, error))
			return false;
	}
	return true;
}

/* The world. In a patch a null removes. */

static bool check_table_of_tables(const struct json *table, const char *keys, struct error *error)
{
	if (table->kind != JSON_OBJECT && table->kind != JSON_NULL)
		return refuse(table, error, "a table");
	JSON_EACH (member, table) {
		if (member->kind != JSON_OBJECT && member->kind != JSON_NULL)
			return refuse(member, error, "a table");
		if (!check_keys(member, keys, "it", error))
			return error_wrap(error, "%.*s", STR_ARG(member->key));
	}
	return true;
}

static bool check_variables(const struct json *variables, struct error *error)
{
	JSON_EACH (variable, variables) {
		if (!stage_is_name(variable->key))
			return error_set(error, ERROR_INVALID,
					 "line %d: a variable's name is of small letters, digits "
					 "and underscores, unlike \"%.*s\"",
					 variable->line, STR_ARG(variable->key));
	}
	return true;
}

static bool check_utc(const struct json *utc, struct error *error)
{
	int64_t instant_us;

	return utc == NULL || utc->kind == JSON_NULL || utc_parse(json_str(utc), &instant_us) ||
	       refuse(utc, error, "a time (2019-06-04T08:00:00Z)");
}

static bool check_cluster(const struct json *cluster, struct error *error)
{
	const struct json *objects = json_get(cluster, STR("objects"));

	if (!check_keys(cluster, "project network objects", "a cluster", error))
		return false;
	if (objects != NULL && objects->kind != JSON_OBJECT && objects->kind != JSON_NULL)
		return refuse(objects, error, "a table");
	JSON_EACH (object, objects) {
		if (object->kind != JSON_OBJECT && object->kind != JSON_NULL)
			return refuse(object, error, "a table");
	}
	return true;
}

bool scenario_check_world(const struct json *world, bool is_patch, struct error *error)
{
	const struct json *steps = json_get(world, STR("steps"));
	const struct json *traffic = json_get(world, STR("traffic"));

	if (world->kind != JSON_OBJECT)
		return refuse(world, error, "a table");
	if (!check_keys(world, is_patch ? "use " WORLD_KEYS : WORLD_KEYS, "a world", error) ||
	    !check_utc(json_get(world, STR("utc")), error) ||
	    !check_variables(json_get(world, STR("variables")), error))
		return false;
	for (size_t i = 0; i < sizeof world_tables / sizeof *world_tables; i++) {
		const struct json *table = json_get(world, str_from(world_tables[i].name));

		if (table != NULL && !check_table_of_tables(table, world_tables[i].keys, error))
			return false;
	}
	if (!check_cluster(json_get(world, STR("cluster")), error))
		return false;
	if (!check_keys(traffic, "every " STAGE_CALL_KEYS, "traffic", error))
		return false;
	return steps == NULL || steps->kind == JSON_NULL || check_steps(steps, error);
}
