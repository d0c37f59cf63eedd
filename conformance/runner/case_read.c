#include "conformance/runner/case.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utc.h"
#include "base/yaml.h"
#include "conformance/runner/shape.h"
#include "world/files.h"

/* The tables of the format, from the inside out. */

static const struct shape_key scripted_answer_keys[] = {
	{"status", SHAPE_INTEGER, NULL, NULL, false},
	{"fields", SHAPE_FIELDS, NULL, NULL, false},
	{"body", SHAPE_TEXT, NULL, NULL, false},
	{"json", SHAPE_ANY, NULL, NULL, false},
	{"delay", SHAPE_DURATION, NULL, NULL, false},
	{"fault", SHAPE_WORD, NULL, "refuse close cut silent", false},
	{.name = NULL},
};

#define PLAYED_KEYS                                                                                \
	{"config", SHAPE_ONE_OR_LIST, NULL, NULL, false},                                          \
		{"config_text", SHAPE_TEXT, NULL, NULL, false},                                    \
		{"backend", SHAPE_SCRIPT, scripted_answer_keys, NULL, false},                      \
		{"upstream", SHAPE_SCRIPT, scripted_answer_keys, NULL, false},                     \
		{"portal", SHAPE_SCRIPTS, scripted_answer_keys, NULL, false},                      \
	{                                                                                          \
		"names", SHAPE_ADDRESSES, NULL, NULL, false                                        \
	}
#define TARGET_KEYS                                                                                \
	{"environment", SHAPE_TEXT_MAP, NULL, NULL, false},                                        \
		{"arguments", SHAPE_TEXTS, NULL, NULL, false},                                     \
	{                                                                                          \
		"start", SHAPE_WORD, NULL, "ready fails", false                                    \
	}

static const struct shape_key set_keys[] = {PLAYED_KEYS, {.name = NULL}};

static const struct shape_key gateway_given_keys[] = {
	{"source", SHAPE_WORD, NULL, "file portal", false},
	PLAYED_KEYS,
	TARGET_KEYS,
	{.name = NULL},
};

static const struct shape_key limit_keys[] = {
	{"service", SHAPE_TEXT, NULL, NULL, true},
	{"plan", SHAPE_TEXT, NULL, NULL, false},
	{"metric", SHAPE_TEXT, NULL, NULL, true},
	{"minute", SHAPE_INTEGER, NULL, NULL, false},
	{"hour", SHAPE_INTEGER, NULL, NULL, false},
	{"day", SHAPE_INTEGER, NULL, NULL, false},
	{"week", SHAPE_INTEGER, NULL, NULL, false},
	{"month", SHAPE_INTEGER, NULL, NULL, false},
	{"year", SHAPE_INTEGER, NULL, NULL, false},
	{"eternity", SHAPE_INTEGER, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key backend_given_keys[] = {
	{"services", SHAPE_NAMED, NULL, NULL, false},
	{"applications", SHAPE_NAMED, NULL, NULL, false},
	{"user_keys", SHAPE_TEXT_MAP, NULL, NULL, false},
	{"application_keys", SHAPE_TEXTS_MAP, NULL, NULL, false},
	{"referrer_filters", SHAPE_TEXTS_MAP, NULL, NULL, false},
	{"limits", SHAPE_LIST, limit_keys, NULL, false},
	{"alert_limits", SHAPE_TEXTS_MAP, NULL, NULL, false},
	{"clock", SHAPE_INSTANT, NULL, NULL, false},
	TARGET_KEYS,
	{.name = NULL},
};

static const struct shape_key request_keys[] = {
	{"method", SHAPE_TEXT, NULL, NULL, true},
	{"path", SHAPE_TEXT, NULL, NULL, true},
	{"fields", SHAPE_FIELDS, NULL, NULL, false},
	{"body", SHAPE_TEXT, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key call_action_keys[] = {
	{"get", SHAPE_TEXT, NULL, NULL, false},
	{"post", SHAPE_TEXT, NULL, NULL, false},
	{"request", SHAPE_OBJECT, request_keys, NULL, false},
	{"host", SHAPE_TEXT, NULL, NULL, false},
	{"fields", SHAPE_FIELDS, NULL, NULL, false},
	{"form", SHAPE_TEXT_MAP, NULL, NULL, false},
	{"json", SHAPE_ANY, NULL, NULL, false},
	{"body", SHAPE_TEXT, NULL, NULL, false},
	{"body_bytes", SHAPE_INTEGER, NULL, NULL, false},
	{"port", SHAPE_WORD, NULL, "proxy management metrics echo", false},
	{"repeat", SHAPE_INTEGER, NULL, NULL, false},
	{"internal", SHAPE_BOOLEAN, NULL, NULL, false},
	{.name = NULL},
};

/* An action is one of these, or a call. */
static const struct shape_key single_actions[] = {
	{"wait", SHAPE_DURATION, NULL, NULL, true}, {"drain", SHAPE_BOOLEAN, NULL, NULL, true},
	{"clock", SHAPE_INSTANT, NULL, NULL, true}, {"set", SHAPE_OBJECT, set_keys, NULL, true},
	{"stop", SHAPE_WORD, NULL, "target", true}, {.name = NULL},
};

#define MESSAGE_CHECK_KEYS                                                                         \
	{"body", SHAPE_VALUE, NULL, NULL, false},                                                  \
		{"body_contains", SHAPE_TEXT, NULL, NULL, false},                                  \
		{"body_json", SHAPE_JSON, NULL, NULL, false},                                      \
		{"body_bytes", SHAPE_INTEGER, NULL, NULL, false},                                  \
		{"fields", SHAPE_VALUES, NULL, NULL, false},                                       \
	{                                                                                          \
		"no_fields", SHAPE_TEXTS, NULL, NULL, false                                        \
	}

static const struct shape_key answer_check_keys[] = {
	{"status", SHAPE_VALUE, NULL, NULL, false},
	{"reason", SHAPE_VALUE, NULL, NULL, false},
	{"failure", SHAPE_VALUE, NULL, NULL, false},
	MESSAGE_CHECK_KEYS,
	{.name = NULL},
};

static const struct shape_key call_check_keys[] = {
	{"method", SHAPE_VALUE, NULL, NULL, false},
	{"path", SHAPE_VALUE, NULL, NULL, false},
	{"target", SHAPE_VALUE, NULL, NULL, false},
	{"query", SHAPE_VALUES, NULL, NULL, false},
	{"query_exactly", SHAPE_VALUES, NULL, NULL, false},
	{"no_query", SHAPE_TEXTS, NULL, NULL, false},
	{"body_form", SHAPE_VALUES, NULL, NULL, false},
	MESSAGE_CHECK_KEYS,
	{.name = NULL},
};

static const struct shape_key log_check_keys[] = {
	{"contains", SHAPE_TEXT, NULL, NULL, false},
	{"not_contains", SHAPE_TEXT, NULL, NULL, false},
	{.name = NULL},
};

static const struct shape_key exit_check_keys[] = {
	{"status", SHAPE_VALUE, NULL, NULL, true},
	{.name = NULL},
};

static const struct shape_key check_keys[] = {
	{"answer", SHAPE_OBJECT, answer_check_keys, NULL, false},
	{"answers", SHAPE_LIST, answer_check_keys, NULL, false},
	{"backend", SHAPE_CALLS, call_check_keys, NULL, false},
	{"upstream", SHAPE_CALLS, call_check_keys, NULL, false},
	{"portal", SHAPE_CALLS, call_check_keys, NULL, false},
	{"backend_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"upstream_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"portal_calls", SHAPE_INTEGER, NULL, NULL, false},
	{"order", SHAPE_TEXTS, NULL, NULL, false},
	{"log", SHAPE_OBJECT, log_check_keys, NULL, false},
	{"exit", SHAPE_OBJECT, exit_check_keys, NULL, false},
	{"xml", SHAPE_VALUES, NULL, NULL, false},
	{.name = NULL},
};

#define CASE_KEYS                                                                                  \
	{"id", SHAPE_TEXT, NULL, NULL, true}, {"title", SHAPE_TEXT, NULL, NULL, true},             \
		{"tags", SHAPE_TEXTS, NULL, NULL, false},                                          \
		{"needs", SHAPE_TEXTS, NULL, NULL, false},                                         \
		{"covers", SHAPE_TEXTS, NULL, NULL, false},                                        \
		{"when", SHAPE_ANY, NULL, NULL, false}, {"then", SHAPE_ANY, NULL, NULL, false},    \
	{                                                                                          \
		"steps", SHAPE_ANY, NULL, NULL, false                                              \
	}

static const struct shape_key case_keys[SUITES][10] = {
	[SUITE_GATEWAY] = {CASE_KEYS, {"given", SHAPE_OBJECT, gateway_given_keys, NULL, false}},
	[SUITE_BACKEND] = {CASE_KEYS, {"given", SHAPE_OBJECT, backend_given_keys, NULL, false}},
};

static const struct shape_key step_keys[] = {
	{"when", SHAPE_ANY, NULL, NULL, false},
	{"then", SHAPE_ANY, NULL, NULL, true},
	{.name = NULL},
};

/* Suites. */

static const struct str suite_names[SUITES] = {
	[SUITE_GATEWAY] = STR_INIT("gateway"),
	[SUITE_BACKEND] = STR_INIT("backend"),
};

struct str suite_name(enum suite suite)
{
	return suite_names[suite];
}

bool suite_from_name(struct str name, enum suite *suite)
{
	for (int i = 0; i < SUITES; i++) {
		if (str_equal(name, suite_names[i])) {
			*suite = (enum suite)i;
			return true;
		}
	}
	return false;
}

/* One document. */

struct reading {
	struct case_list *list;
	struct arena *arena;
	enum suite suite;
	struct str path, topic;
	struct error *error;
};

static bool refuse(const struct reading *r, const struct json *value, const char *what)
{
	return error_set(r->error, ERROR_INVALID, "%.*s:%d: %s", STR_ARG(r->path), value->line,
			 what);
}

static bool check_call_action(const struct reading *r, const struct json *action)
{
	static const char *const bodies[] = {"form", "json", "body", "body_bytes"};
	int calls = 0, with_body = json_path(action, "request.body") != NULL;

	if (!shape_check_keys(action, call_action_keys, "an action", r->path, r->error))
		return false;
	calls += json_get(action, STR("get")) != NULL;
	calls += json_get(action, STR("post")) != NULL;
	calls += json_get(action, STR("request")) != NULL;
	if (calls != 1)
		return refuse(r, action,
			      "an action is one of get, post, request, wait, drain, "
			      "clock, set, stop");
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		with_body += json_get(action, str_from(bodies[i])) != NULL;
	return with_body <= 1 || refuse(r, action, "a request has one body");
}

static bool check_action(const struct reading *r, const struct json *action)
{
	const struct json *member = action->first_child;

	if (action->kind != JSON_OBJECT || member == NULL)
		return refuse(r, action, "an action must be an object");
	for (const struct shape_key *single = single_actions; single->name != NULL; single++) {
		if (json_get(action, str_from(single->name)) == NULL)
			continue;
		if (action->count > 1)
			return error_set(r->error, ERROR_INVALID,
					 "%.*s:%d: \"%s\" stands alone in its action",
					 STR_ARG(r->path), action->line, single->name);
		return shape_check(member, single, r->path, r->error);
	}
	return check_call_action(r, action);
}

static bool check_check(const struct reading *r, const struct json *check)
{
	if (check->kind != JSON_OBJECT || check->count != 1)
		return refuse(r, check, "each entry of `then` is one check");
	return shape_check_keys(check, check_keys, "a check", r->path, r->error);
}

static bool check_list(const struct reading *r, const struct json *list,
		       bool (*check)(const struct reading *r, const struct json *item))
{
	if (list == NULL)
		return true;
	if (list->kind != JSON_ARRAY)
		return refuse(r, list, "must be a list");
	JSON_EACH (item, list) {
		if (!check(r, item))
			return false;
	}
	return true;
}

static bool check_step(const struct reading *r, const struct json *step)
{
	const struct json *then = json_get(step, STR("then"));

	if (!shape_check_keys(step, step_keys, "a step", r->path, r->error) ||
	    !check_list(r, json_get(step, STR("when")), check_action) ||
	    !check_list(r, then, check_check))
		return false;
	return then->count > 0 || refuse(r, then, "a step without a check");
}

/* `when` and `then` of a case are its only step. */
static const struct json *steps_of(const struct reading *r, const struct json *document)
{
	const struct json *steps = json_get(document, STR("steps"));
	const struct json *when = json_get(document, STR("when"));
	const struct json *then = json_get(document, STR("then"));
	struct json *step, *list;

	if (steps != NULL && (when != NULL || then != NULL)) {
		refuse(r, document, "a case has either `steps` or `when` and `then`");
		return NULL;
	}
	if (steps != NULL)
		return steps;
	step = json_new(r->arena, JSON_OBJECT);
	step->line = document->line;
	if (when != NULL)
		json_set(step, STR("when"), json_copy(r->arena, when));
	if (then != NULL)
		json_set(step, STR("then"), json_copy(r->arena, then));
	list = json_new(r->arena, JSON_ARRAY);
	list->line = document->line;
	json_append(list, step);
	return list;
}

static bool check_limits(const struct reading *r, const struct json *given)
{
	JSON_EACH (limit, json_get(given, STR("limits"))) {
		int periods = 0;

		for (int i = 0; i < UTC_PERIODS; i++)
			periods += json_get(limit, utc_period_name((enum utc_period)i)) != NULL;
		if (periods != 1)
			return refuse(r, limit, "a limit has one period");
	}
	return true;
}

static bool is_id(struct str id)
{
	for (size_t i = 0; i < id.size; i++) {
		char c = id.data[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-')
			return false;
	}
	return id.size > 0;
}

static bool check_id(const struct reading *r, const struct json *id)
{
	if (!is_id(json_str(id)))
		return refuse(r, id, "an id is made of letters, digits and dashes");
	for (size_t i = 0; i < r->list->items.count; i++) {
		const struct conform_case *other = &r->list->items.items[i];

		if (str_equal(json_str(id), other->id))
			return error_set(r->error, ERROR_CONFLICT,
					 "%.*s:%d: %.*s is already the id of %.*s:%d",
					 STR_ARG(r->path), id->line, STR_ARG(other->id),
					 STR_ARG(other->path), other->line);
	}
	return true;
}

static bool read_one(struct reading *r, const struct json *document)
{
	const struct json *given = json_get(document, STR("given")), *steps;

	if (!shape_check_keys(document, case_keys[r->suite], "a case", r->path, r->error) ||
	    !check_id(r, json_get(document, STR("id"))) || !check_limits(r, given))
		return false;
	steps = steps_of(r, document);
	if (steps == NULL || !check_list(r, steps, check_step))
		return false;
	if (steps->count == 0)
		return refuse(r, steps, "a case without steps");

	struct conform_case conform_case = {
		.suite = r->suite,
		.path = r->path,
		.topic = r->topic,
		.line = document->line,
		.id = json_get_str(document, STR("id")),
		.title = json_scalar_text(json_get(document, STR("title"))),
		.tags = json_get(document, STR("tags")),
		.needs = json_get(document, STR("needs")),
		.given = given,
		.steps = steps,
	};

	vec_push(&r->list->items, conform_case);
	return true;
}

static struct str topic_of(struct str path)
{
	size_t slash = str_find_last_char(path, '/');
	struct str name = slash == STR_NOT_FOUND ? path : str_skip(path, slash + 1);

	return str_has_suffix(name, STR(".yaml")) ? str_slice(name, 0, name.size - 5) : name;
}

bool case_read(struct case_list *list, struct arena *arena, enum suite suite, struct str path,
	       struct str content, struct error *error)
{
	struct reading reading = {list, arena, suite, str_copy(arena, path), {0}, error};
	struct error cause = {0};
	const struct json *document = yaml_parse(arena, content, LIMIT_CASE_FILE_BYTES, &cause);

	reading.topic = topic_of(reading.path);
	if (document == NULL)
		return error_set(error, ERROR_INVALID, "%.*s: %s", STR_ARG(path), cause.text);
	if (document->kind != JSON_ARRAY)
		return refuse(&reading, document, "a case file is a list of cases");
	JSON_EACH (item, document) {
		if (!read_one(&reading, item))
			return false;
	}
	return true;
}

/* Whole suites. */

struct listing {
	struct arena *arena;
	struct str directory;
	VEC(struct str) paths;
};

static void list_file(struct str name, bool is_directory, void *data)
{
	struct listing *listing = data;

	if (!is_directory && str_has_suffix(name, STR(".yaml")))
		vec_push(&listing->paths,
			 STR_CONCAT(listing->arena, listing->directory, STR("/"), name));
}

bool case_read_suite(struct case_list *list, struct arena *arena, struct world *world,
		     enum suite suite, struct str directory, struct error *error)
{
	struct listing listing = {.arena = arena};
	bool is_read;

	listing.directory = STR_CONCAT(arena, directory, STR("/"), suite_name(suite));
	is_read = files_list(world, listing.directory, list_file, &listing, error);
	for (size_t i = 0; i < listing.paths.count && is_read; i++) {
		struct str path = listing.paths.items[i], content;

		is_read = files_read(world, path, LIMIT_CASE_FILE_BYTES, arena, &content, error) &&
			  case_read(list, arena, suite, path, content, error);
	}
	vec_free(&listing.paths);
	return is_read;
}

void case_list_free(struct case_list *list)
{
	vec_free(&list->items);
}

int64_t case_wait_us(const struct conform_case *conform_case)
{
	int64_t sum_us = 0, wait_us;

	JSON_EACH (step, conform_case->steps) {
		JSON_EACH (action, json_get(step, STR("when"))) {
			if (shape_duration_us(json_get_str(action, STR("wait")), &wait_us))
				sum_us += wait_us;
		}
	}
	return sum_us;
}
