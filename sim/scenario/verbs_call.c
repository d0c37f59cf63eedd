/* The verb `call`: what is expected of an answer, and what is kept of it. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/pattern.h"
#include "sim/scenario/stage_internal.h"
#include "world/http_client.h"

/* A call that is not over by then hangs. */
#define CALL_LIMIT_S INT64_C(600)

static struct str shown_body(const struct stage_call *call)
{
	return stage_shown(call->arena, call->body);
}

/* Expectations: each says what was wanted and what came. */

static bool expect_status(const struct stage_call *call, const struct json *wanted,
			  struct error *error)
{
	struct str text = json_scalar_text(wanted);

	if (call->failure.size > 0)
		return error_set(error, ERROR_INVALID,
				 "expected status %.*s, but the call failed: %.*s", STR_ARG(text),
				 STR_ARG(call->failure));
	return json_int(wanted, 0) == call->status ||
	       error_set(error, ERROR_INVALID, "expected status %.*s, got %d with body \"%.*s\"",
			 STR_ARG(text), call->status, STR_ARG(shown_body(call)));
}

static bool expect_failure(const struct stage_call *call, const struct json *wanted,
			   struct error *error)
{
	struct str text = json_scalar_text(wanted);

	if (call->failure.size == 0)
		return error_set(error, ERROR_INVALID, "expected failure \"%.*s\", got status %d",
				 STR_ARG(text), call->status);
	return str_equal(call->failure, text) ||
	       error_set(error, ERROR_INVALID, "expected failure \"%.*s\", got \"%.*s\"",
			 STR_ARG(text), STR_ARG(call->failure));
}

static bool expect_body(const struct stage_call *call, const struct json *wanted,
			struct error *error)
{
	struct str text = json_scalar_text(wanted);

	return str_equal(call->body, text) ||
	       error_set(error, ERROR_INVALID, "expected body \"%.*s\", got \"%.*s\"",
			 STR_ARG(text), STR_ARG(shown_body(call)));
}

static bool expect_body_contains(const struct stage_call *call, const struct json *wanted,
				 struct error *error)
{
	struct str text = json_scalar_text(wanted);

	return str_find(call->body, text) != STR_NOT_FOUND ||
	       error_set(error, ERROR_INVALID, "expected \"%.*s\" in the body, got \"%.*s\"",
			 STR_ARG(text), STR_ARG(shown_body(call)));
}

static bool expect_body_matches(const struct stage_call *call, const struct json *wanted,
				struct error *error)
{
	struct str text = json_scalar_text(wanted);
	struct pattern *pattern = pattern_create(text, error);
	bool found = pattern != NULL && pattern_is_found(pattern, call->body);

	if (pattern != NULL && !found)
		error_set(error, ERROR_INVALID, "expected a body like /%.*s/, got \"%.*s\"",
			  STR_ARG(text), STR_ARG(shown_body(call)));
	pattern_destroy(pattern);
	return found;
}

static bool expect_fields(const struct stage_call *call, const struct json *wanted,
			  struct error *error)
{
	const struct http_fields *fields = &call->call->response.fields;

	JSON_EACH (field, wanted) {
		struct str value = http_fields_get(fields, field->key);
		struct str text = json_scalar_text(field);

		if (!http_fields_has(fields, field->key))
			return error_set(error, ERROR_INVALID, "expected %.*s: %.*s, got none",
					 STR_ARG(field->key), STR_ARG(text));
		if (!str_equal(value, text))
			return error_set(error, ERROR_INVALID, "expected %.*s: %.*s, got \"%.*s\"",
					 STR_ARG(field->key), STR_ARG(text),
					 STR_ARG(stage_shown(call->arena, value)));
	}
	return true;
}

static bool expect_no_fields(const struct stage_call *call, const struct json *wanted,
			     struct error *error)
{
	JSON_EACH (name, wanted) {
		if (http_fields_has(&call->call->response.fields, json_str(name)))
			return error_set(error, ERROR_INVALID, "expected no field %.*s",
					 STR_ARG(json_str(name)));
	}
	return true;
}

static bool expect_at_least(const struct stage_call *call, const struct json *wanted,
			    struct error *error)
{
	int64_t least, took = call->ended_us - call->began_us;

	return stage_duration(wanted, &least, error) &&
	       (took >= least ||
		error_set(error, ERROR_INVALID, "expected at least %.*s, took %" PRId64 " ms",
			  STR_ARG(json_scalar_text(wanted)), took / 1000));
}

static bool expect_at_most(const struct stage_call *call, const struct json *wanted,
			   struct error *error)
{
	int64_t most, took = call->ended_us - call->began_us;

	return stage_duration(wanted, &most, error) &&
	       (took <= most ||
		error_set(error, ERROR_INVALID, "expected at most %.*s, took %" PRId64 " ms",
			  STR_ARG(json_scalar_text(wanted)), took / 1000));
}

static const struct expectation {
	const char *name;
	enum json_kind kind; /* of what is wanted: a text or number, a table, a list */
	bool (*holds)(const struct stage_call *call, const struct json *wanted,
		      struct error *error);
} expectations[] = {
	{"status", JSON_STRING, expect_status},
	{"failure", JSON_STRING, expect_failure},
	{"body", JSON_STRING, expect_body},
	{"body_contains", JSON_STRING, expect_body_contains},
	{"body_matches", JSON_STRING, expect_body_matches},
	{"fields", JSON_OBJECT, expect_fields},
	{"no_fields", JSON_ARRAY, expect_no_fields},
	{"at_least", JSON_STRING, expect_at_least},
	{"at_most", JSON_STRING, expect_at_most},
};

static const struct expectation *find_expectation(struct str name)
{
	for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
		if (str_equal(name, str_from(expectations[i].name)))
			return &expectations[i];
	}
	return NULL;
}

/* Something wanted of the right kind: what is empty would be found in every answer. */
static bool check_wanted(const struct json *wanted, struct error *error)
{
	const struct expectation *expectation = find_expectation(wanted->key);
	bool is_list = wanted->kind == JSON_ARRAY || wanted->kind == JSON_OBJECT;
	bool fits;

	if (expectation == NULL)
		return error_set(error, ERROR_INVALID, "a call cannot be expected to have \"%.*s\"",
				 STR_ARG(wanted->key));
	if (expectation->kind == JSON_STRING)
		fits = !is_list &&
		       (expectation->holds == expect_body || json_scalar_text(wanted).size > 0);
	else
		fits = wanted->kind == expectation->kind && wanted->count > 0;
	return fits || error_set(error, ERROR_INVALID, "%s must be %s", expectation->name,
				 expectation->kind == JSON_OBJECT  ? "a table"
				 : expectation->kind == JSON_ARRAY ? "a list"
								   : "a text");
}

bool stage_check_call(const struct json *step, struct error *error)
{
	const struct json *expected = json_get(step, STR("expect"));
	const struct json *keep = json_get(step, STR("keep"));

	if (expected != NULL && (expected->kind != JSON_OBJECT || expected->count == 0))
		return error_set(error, ERROR_INVALID, "expect must be a table");
	if (keep != NULL && keep->kind != JSON_OBJECT)
		return error_set(error, ERROR_INVALID, "keep must be a table");
	JSON_EACH (wanted, expected) {
		if (!check_wanted(wanted, error))
			return false;
	}
	JSON_EACH (name, keep) {
		if (!stage_is_name(name->key))
			return error_set(error, ERROR_INVALID, "\"%.*s\" is no variable's name",
					 STR_ARG(name->key));
	}
	return true;
}

static bool expect_success(const struct stage_call *call, struct error *error)
{
	if (call->failure.size > 0)
		return error_set(error, ERROR_INVALID, "the call failed: %.*s",
				 STR_ARG(call->failure));
	return (call->status >= 200 && call->status <= 299) ||
	       error_set(error, ERROR_INVALID, "got status %d with body \"%.*s\"", call->status,
			 STR_ARG(shown_body(call)));
}

/* A call whose end is not spoken of must succeed. */
static bool call_expect(const struct stage_call *call, const struct json *expected,
			struct error *error)
{
	if (json_get(expected, STR("status")) == NULL &&
	    json_get(expected, STR("failure")) == NULL && !expect_success(call, error))
		return false;
	JSON_EACH (wanted, expected) {
		if (!find_expectation(wanted->key)->holds(call, wanted, error))
			return false;
	}
	return true;
}

/* keep: {service_id: service.id}: members of a JSON answer become variables. */
static bool call_keep(struct stage *stage, const struct stage_call *call, const struct json *keep,
		      struct error *error)
{
	const struct json *answer;

	if (keep == NULL)
		return true;
	answer = json_parse(call->arena, call->body, LIMIT_CASE_FILE_BYTES, error);
	if (answer == NULL)
		return error_wrap(error, "the answer \"%.*s\"", STR_ARG(shown_body(call)));
	JSON_EACH (name, keep) {
		const char *path = str_cstr(call->arena, json_str(name));
		struct str value = json_scalar_text(json_path(answer, path));

		if (value.size == 0)
			return error_set(error, ERROR_NOT_FOUND, "the answer has no %s: \"%.*s\"",
					 path, STR_ARG(shown_body(call)));
		stage_put_variable(stage, name->key, value);
	}
	return true;
}

static bool call_is_over(void *data)
{
	return ((struct stage_call *)data)->is_over;
}

static struct str call_seen(struct stage *stage, const struct stage_call *call)
{
	if (!call->is_over)
		return STR("");
	if (call->failure.size > 0)
		return str_copy(stage->arena, call->failure);
	return str_format(stage->arena, "%d %.*s", call->status,
			  STR_ARG(stage_shown(stage->arena, call->body)));
}

bool stage_verb_call(struct stage *stage, const struct json *step, const struct json *argument,
		     struct error *error)
{
	struct stage_call *call = stage_call_start(stage, argument, NULL, error);
	bool fine;

	if (call == NULL)
		return false;
	if (stage_run(stage, CALL_LIMIT_S * 1000000, call_is_over, call))
		fine = call_expect(call, json_get(step, STR("expect")), error) &&
		       call_keep(stage, call, json_get(step, STR("keep")), error);
	else
		fine = error_set(error, ERROR_UNAVAILABLE, "no end of the call after %" PRId64 " s",
				 CALL_LIMIT_S);
	stage->seen = call_seen(stage, call);
	stage_call_destroy(call);
	return fine;
}
