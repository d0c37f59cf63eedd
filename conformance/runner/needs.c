/* What a case needs of its target beyond serving calls: what it says under `needs`, and what
 * follows from its actions and checks. */
#include "base/arena.h"
#include "base/json.h"
#include "conformance/runner/run.h"
#include "conformance/runner/wire.h"

/* Over sockets nobody waits longer than that. */
#define WAIT_REAL_MAX_US 2000000

static bool offers(const struct run_options *options, struct str feature)
{
	struct str rest = options->claims, claim;

	if (str_equal(feature, STR("virtual-time")))
		return options->is_virtual;
	if (str_equal(feature, STR("real-redis")) || str_equal(feature, STR("real-database")))
		return !options->is_virtual;
	if (target_plan_is_refscale(&options->plan))
		return true;
	while (str_next_field(&rest, ',', &claim)) {
		if (str_equal(str_trim(claim), feature))
			return true;
	}
	return false;
}

/* Whether an entry of `list` (when, then) in any step has that key. */
static bool has_entry(const struct conform_case *conform_case, struct str list, struct str key)
{
	JSON_EACH (step, conform_case->steps) {
		JSON_EACH (entry, json_get(step, list)) {
			if (json_get(entry, key) != NULL)
				return true;
		}
	}
	return false;
}

/* A portal that runs already knows nobody whom the runner plays. */
static bool looks_around(const struct conform_case *conform_case)
{
	for (int side = SIDE_CLIENT + 1; side < SIDES; side++) {
		struct str name = side_name((enum side)side);

		if (json_get(conform_case->given, name) != NULL ||
		    has_entry(conform_case, STR("then"), name))
			return true;
	}
	return json_get(conform_case->given, STR("apicast")) != NULL ||
	       json_get(conform_case->given, STR("smtp")) != NULL;
}

/* Of a target that runs already nothing but what it asks the portal can be changed. */
static bool needs_start(const struct conform_case *conform_case)
{
	static const struct str keys[] = {STR_INIT("environment"), STR_INIT("arguments"),
					  STR_INIT("start"), STR_INIT("config_text"),
					  STR_INIT("names")};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (json_get(conform_case->given, keys[i]) != NULL)
			return true;
	}
	if (conform_case->suite == SUITE_PORTAL && looks_around(conform_case))
		return true;
	return has_entry(conform_case, STR("when"), STR("stop")) ||
	       has_entry(conform_case, STR("when"), STR("start")) ||
	       has_entry(conform_case, STR("then"), STR("log")) ||
	       has_entry(conform_case, STR("then"), STR("exit"));
}

static bool needs_test_hooks(const struct conform_case *conform_case)
{
	return suite_moves_clock(conform_case->suite) &&
	       (json_get(conform_case->given, STR("clock")) != NULL ||
		has_entry(conform_case, STR("when"), STR("clock")) ||
		has_entry(conform_case, STR("when"), STR("drain")) ||
		has_entry(conform_case, STR("when"), STR("forget")) ||
		has_entry(conform_case, STR("when"), STR("cron")) ||
		has_entry(conform_case, STR("when"), STR("sql")) ||
		has_entry(conform_case, STR("when"), STR("job")) ||
		has_entry(conform_case, STR("when"), STR("routes")) ||
		has_entry(conform_case, STR("when"), STR("settle")) ||
		has_entry(conform_case, STR("when"), STR("wait")));
}

/* Whether its databases are within reach. */
static bool offers_redis(const struct run_options *options)
{
	return target_plan_is_refscale(&options->plan) || options->plan.store.size > 0;
}

/* A command to the target's own databases, not to a server of the case. */
static bool is_own_command(const struct json *command, const struct json *place)
{
	return command != NULL && json_get(place, STR("server")) == NULL;
}

static bool needs_redis(const struct conform_case *conform_case)
{
	JSON_EACH (step, conform_case->steps) {
		JSON_EACH (action, json_get(step, STR("when"))) {
			const struct json *until = json_path(action, "until.redis");

			if (is_own_command(json_get(action, STR("redis")), action) ||
			    is_own_command(until, until))
				return true;
		}
		JSON_EACH (check, json_get(step, STR("then"))) {
			const struct json *redis = json_get(check, STR("redis"));

			if (is_own_command(redis, redis))
				return true;
		}
	}
	return false;
}

/* A role that the target cannot be started in; empty: none. */
static struct str missing_role(const struct run_options *options,
			       const struct conform_case *conform_case)
{
	struct str role = json_get_str(conform_case->given, STR("role"));

	if (role.size > 0 && !target_plan_has_role(&options->plan, role))
		return role;
	JSON_EACH (step, conform_case->steps) {
		JSON_EACH (action, json_get(step, STR("when"))) {
			role = json_str(json_path(action, "run.role"));
			if (role.size > 0 && !target_plan_has_role(&options->plan, role))
				return role;
		}
	}
	return STR("");
}

/* "release-current" for a case that is about another release than the default. */
static struct str release_need(const struct conform_case *conform_case, struct arena *arena)
{
	struct str release = json_scalar_text(json_get(conform_case->given, STR("release")));

	if (release.size == 0 || str_equal(release, STR("2.6")))
		return STR("");
	return STR_CONCAT(arena, STR("release-"), release);
}

static struct str missing_port(const struct run_options *options,
			       const struct conform_case *conform_case)
{
	JSON_EACH (step, conform_case->steps) {
		JSON_EACH (action, json_get(step, STR("when"))) {
			struct str name = json_get_str(action, STR("port"));
			enum target_port port;

			if (target_port_from_name(name, &port) &&
			    !target_plan_has_port(&options->plan, port))
				return name;
		}
	}
	return STR("");
}

struct str run_missing_need(const struct run_options *options,
			    const struct conform_case *conform_case, struct arena *arena)
{
	struct str port = missing_port(options, conform_case);
	struct str release = release_need(conform_case, arena);
	struct str role = missing_role(options, conform_case);

	JSON_EACH (need, conform_case->needs) {
		struct str name = json_scalar_text(need);

		if (!offers(options, name))
			return name;
	}
	if (!options->is_virtual && case_real_wait_us(conform_case) > WAIT_REAL_MAX_US)
		return STR("virtual-time");
	if (options->plan.url.size > 0 && needs_start(conform_case))
		return STR("a target that the runner starts");
	if (json_get(conform_case->given, STR("arguments")) != NULL &&
	    !offers(options, STR("command-line")))
		return STR("command-line");
	if (needs_test_hooks(conform_case) && !offers(options, STR("test-hooks")))
		return STR("test-hooks");
	if (needs_redis(conform_case) && !offers_redis(options))
		return STR("redis");
	if (role.size > 0)
		return STR_CONCAT(arena, STR("a command for the role "), role);
	if (release.size > 0 && !offers(options, release))
		return release;
	return port.size > 0 ? STR_CONCAT(arena, STR("the "), port, STR(" port")) : STR("");
}
