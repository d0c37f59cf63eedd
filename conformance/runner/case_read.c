#include "conformance/runner/case.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utc.h"
#include "base/yaml.h"
#include "conformance/runner/case_references.h"
#include "conformance/runner/format.h"
#include "conformance/runner/shape.h"
#include "world/files.h"

/* Suites. */

static const struct str suite_names[SUITES] = {
	[SUITE_GATEWAY] = STR_INIT("gateway"),
	[SUITE_BACKEND] = STR_INIT("backend"),
	[SUITE_PORTAL] = STR_INIT("portal"),
};

struct str suite_name(enum suite suite)
{
	return suite_names[suite];
}

bool suite_moves_clock(enum suite suite)
{
	return suite != SUITE_GATEWAY;
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

static bool check_redis_check(const struct reading *r, const struct json *check)
{
	static const struct str replies[] = {STR_INIT("reply"), STR_INIT("reply_json"),
					     STR_INIT("reply_answers")};
	int count = 0;

	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
		count += json_get(check, replies[i]) != NULL;
	return check == NULL || count == 1 ||
	       refuse(r, check, "redis has one of `reply`, `reply_json`, `reply_answers`");
}

static bool check_check(const struct reading *r, const struct json *check)
{
	if (check->kind != JSON_OBJECT || check->count != 1)
		return refuse(r, check, "each entry of `then`, and `until`, is one check");
	return shape_check_keys(check, format_check_keys, "a check", r->path, r->error) &&
	       check_redis_check(r, json_get(check, STR("redis")));
}

static bool is_until(const struct format_action *known)
{
	return str_equal(str_from(known->word.name), STR("until"));
}

/* How many of the words that make an action a call. */
static int calls_in(const struct json *action)
{
	static const struct str words[] = {STR_INIT("get"),    STR_INIT("post"),
					   STR_INIT("put"),    STR_INIT("patch"),
					   STR_INIT("delete"), STR_INIT("request")};
	int count = 0;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		count += json_get(action, words[i]) != NULL;
	return count;
}

static bool check_call_action(const struct reading *r, const struct json *action)
{
	static const char *const bodies[] = {"form", "json",       "multipart",
					     "body", "body_bytes", "body_repeat"};
	int with_body = json_path(action, "request.body") != NULL;

	if (!shape_check_keys(action, format_call_keys, "an action", r->path, r->error))
		return false;
	if (calls_in(action) != 1)
		return refuse(
			r, action,
			"an action is one of get, post, put, patch, delete, request, raw, wait, "
			"pause, drain, clock, "
			"forget, cron, redis, sql, job, settle, until, set, run, stop, kill, "
			"start");
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		with_body += json_get(action, str_from(bodies[i])) != NULL;
	return with_body <= 1 || refuse(r, action, "a request has one body");
}

static bool check_single_action(const struct reading *r, const struct json *action,
				const struct format_action *known)
{
	struct str word = str_from(known->word.name);

	if (known->beside == NULL && action->count > 1)
		return error_set(r->error, ERROR_INVALID,
				 "%.*s:%d: \"%s\" stands alone in its action", STR_ARG(r->path),
				 action->line, known->word.name);
	JSON_EACH (member, action) {
		bool is_fine = str_equal(member->key, word)
				       ? shape_check(member, &known->word, r->path, r->error)
				       : shape_check_key(member, known->beside, known->word.name,
							 r->path, r->error);

		if (!is_fine)
			return false;
	}
	return true;
}

static bool check_raw(const struct reading *r, const struct json *texts)
{
	return texts == NULL || texts->count > 0 || refuse(r, texts, "raw says nothing");
}

static bool check_action(const struct reading *r, const struct json *action)
{
	if (action->kind != JSON_OBJECT || action->count == 0)
		return refuse(r, action, "an action must be an object");
	for (const struct format_action *known = format_actions; known->word.name != NULL;
	     known++) {
		const struct json *word = json_get(action, str_from(known->word.name));

		/* A call has an `until` of its own. */
		if (word == NULL || (is_until(known) && calls_in(action) > 0))
			continue;
		return check_single_action(r, action, known) &&
		       (!is_until(known) || check_check(r, word)) &&
		       check_raw(r, json_get(action, STR("raw")));
	}
	return check_call_action(r, action);
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

	if (!shape_check_keys(step, format_step_keys, "a step", r->path, r->error) ||
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

	if (!shape_check_keys(document, format_case_keys(r->suite), "a case", r->path, r->error) ||
	    !check_id(r, json_get(document, STR("id"))) || !check_limits(r, given))
		return false;
	steps = steps_of(r, document);
	if (steps == NULL || !check_list(r, steps, check_step))
		return false;
	if (steps->count == 0)
		return refuse(r, steps, "a case without steps");
	if (!case_references_check(r->path, given, steps, r->error))
		return false;

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

/* Of the actions of that word. */
static int64_t sum_us(const struct conform_case *conform_case, struct str word)
{
	int64_t sum_us = 0, wait_us;

	JSON_EACH (step, conform_case->steps) {
		JSON_EACH (action, json_get(step, STR("when"))) {
			if (shape_duration_us(json_get_str(action, word), &wait_us))
				sum_us += wait_us;
		}
	}
	return sum_us;
}

int64_t case_wait_us(const struct conform_case *conform_case)
{
	return sum_us(conform_case, STR("wait")) + sum_us(conform_case, STR("pause"));
}

int64_t case_real_wait_us(const struct conform_case *conform_case)
{
	return suite_moves_clock(conform_case->suite) ? sum_us(conform_case, STR("pause"))
						      : case_wait_us(conform_case);
}
