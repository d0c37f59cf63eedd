#include "conformance/runner/case_references.h"

#include "base/error.h"
#include "base/json.h"

struct references {
	struct str path;
	const struct json *given, *servers, *steps;
	struct error *error;
};

static bool refuse(const struct references *r, const struct json *value, const char *what,
		   struct str name)
{
	return error_set(r->error, ERROR_INVALID, "%.*s:%d: no %s \"%.*s\"", STR_ARG(r->path),
			 value->line, what, STR_ARG(name));
}

static bool check_server(const struct references *r, const struct json *value, struct str name)
{
	return json_get(r->servers, name) != NULL || refuse(r, value, "server", name);
}

static bool is_run(const struct references *r, struct str name)
{
	JSON_EACH (step, r->steps) {
		JSON_EACH (action, json_get(step, STR("when"))) {
			const struct json *as = json_path(action, "run.as");

			if (as != NULL && str_equal(json_scalar_text(as), name))
				return true;
		}
	}
	return false;
}

/* A real backend or gateway beside a portal. */
static bool is_companion(const struct references *r, struct str name)
{
	return (str_equal(name, STR("backend")) &&
		json_str(json_get(r->given, STR("backend"))).size > 0) ||
	       (str_equal(name, STR("apicast")) && json_get(r->given, STR("apicast")) != NULL);
}

static bool check_process(const struct references *r, const struct json *value, struct str name)
{
	return is_run(r, name) || is_companion(r, name) || refuse(r, value, "process", name);
}

/* Members that name one: {server: main}, {of: worker}. */
static bool check_members(const struct references *r, const struct json *object)
{
	const struct json *server = json_get(object, STR("server"));
	const struct json *of = json_get(object, STR("of"));

	return (server == NULL || check_server(r, server, json_scalar_text(server))) &&
	       (of == NULL || check_process(r, of, json_scalar_text(of)));
}

/* "target", "server.main", "process.worker" */
static bool check_place(const struct references *r, const struct json *place, bool starts)
{
	struct str text = json_scalar_text(place), kind, name = STR("");

	str_split_once(text, '.', &kind, &name);
	if (str_equal(kind, STR("server")))
		return check_server(r, place, name);
	if (!starts && str_equal(kind, STR("process")))
		return check_process(r, place, name);
	return str_equal(text, STR("target")) ||
	       refuse(r, place, starts ? "target or server" : "target, server or process", text);
}

static bool check_action(const struct references *r, const struct json *action)
{
	static const struct {
		struct str word;
		bool starts;
	} places[] = {
		{STR_INIT("stop"), false}, {STR_INIT("kill"), false}, {STR_INIT("start"), true}};
	const struct json *until = json_get(action, STR("until"));

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const struct json *place = json_get(action, places[i].word);

		if (place != NULL && !check_place(r, place, places[i].starts))
			return false;
	}
	return check_members(r, action) && (until == NULL || check_members(r, until->first_child));
}

static bool check_steps(const struct references *r)
{
	JSON_EACH (step, r->steps) {
		JSON_EACH (action, json_get(step, STR("when"))) {
			if (!check_action(r, action))
				return false;
		}
		JSON_EACH (check, json_get(step, STR("then"))) {
			if (!check_members(r, check->first_child))
				return false;
		}
	}
	return true;
}

static bool check_master(const struct references *r, const struct json *name)
{
	const struct json *master = json_get(r->servers, json_scalar_text(name));

	if (str_equal(json_get_str(master, STR("kind")), STR("redis")))
		return true;
	return refuse(r, name, "server of kind redis", json_scalar_text(name));
}

static bool check_servers(const struct references *r)
{
	JSON_EACH (server, r->servers) {
		const struct json *replica_of = json_get(server, STR("replica_of"));

		if (replica_of != NULL && !check_master(r, replica_of))
			return false;
		JSON_EACH (group, json_get(server, STR("watches"))) {
			if (!check_master(r, group))
				return false;
		}
	}
	return true;
}

bool case_references_check(struct str path, const struct json *given, const struct json *steps,
			   struct error *error)
{
	const struct references references = {path, given, json_get(given, STR("servers")), steps,
					      error};

	return check_servers(&references) && check_steps(&references);
}
