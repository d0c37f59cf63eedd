#include "conformance/runner/checks.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/pattern.h"
#include "conformance/runner/check_message.h"
#include "conformance/runner/check_redis.h"
#include "conformance/runner/match.h"
#include "conformance/runner/wire.h"

#define TEXT_BYTES_MAX (64 * 1024)

static const struct record *last_of(const struct checking *c, enum side side)
{
	const struct record *record, *last = NULL;
	size_t at = 0;

	while ((record = wire_next(c->view->wire, side, &at)) != NULL)
		last = record;
	return last;
}

/* "GET /a, GET /b"; "none" */
static struct str list_records(const struct checking *c, enum side side)
{
	struct strbuf out;
	struct str text;
	const struct record *record;
	size_t at = 0;

	strbuf_init(&out, TEXT_BYTES_MAX);
	while ((record = wire_next(c->view->wire, side, &at)) != NULL)
		strbuf_append_format(&out, "%s%.*s %.*s", out.size > 0 ? ", " : "",
				     STR_ARG(record->method), STR_ARG(record->target));
	text = out.size > 0 ? str_copy(c->view->arena, strbuf_str(&out)) : STR("none");
	strbuf_free(&out);
	return text;
}

/* Answers. */

static void check_answer(struct checking *c, const struct json *expected)
{
	const struct record *record = last_of(c, SIDE_CLIENT);

	if (record == NULL)
		check_fail(c, expected, "", STR("no call was made"));
	else
		check_answer_record(c, expected, record);
}

static void check_answers(struct checking *c, const struct json *expected)
{
	size_t count = wire_count(c->view->wire, SIDE_CLIENT), at = 0, number = 0;

	if (count != expected->count)
		check_fail_text(c, expected->line, "",
				str_format(c->view->arena, "%zu answers", expected->count),
				str_format(c->view->arena, "%zu", count));
	JSON_EACH (item, expected) {
		const struct record *record = wire_next(c->view->wire, SIDE_CLIENT, &at);

		if (record == NULL)
			return;
		c->place = str_format(c->view->arena, "answers[%zu]", number++);
		check_answer_record(c, item, record);
	}
}

/* Calls. */

static void check_calls_one_by_one(struct checking *c, const struct json *expected, enum side side)
{
	size_t count = wire_count(c->view->wire, side), at = 0, number = 0;
	struct str name = c->place;

	if (count != expected->count)
		check_fail_text(c, expected->line, "",
				str_format(c->view->arena, "%zu calls", expected->count),
				list_records(c, side));
	JSON_EACH (item, expected) {
		const struct record *record = wire_next(c->view->wire, side, &at);

		if (record == NULL)
			return;
		c->place = str_format(c->view->arena, "%.*s[%zu]", STR_ARG(name), number++);
		check_call_record(c, item, record);
	}
}

static void check_calls(struct checking *c, const struct json *expected, enum side side)
{
	const struct record *last = last_of(c, side);

	if (expected->kind == JSON_ARRAY) {
		check_calls_one_by_one(c, expected, side);
	} else if (expected->kind == JSON_STRING) {
		if (last != NULL)
			check_fail(c, expected, "", list_records(c, side));
	} else if (last == NULL) {
		check_fail(c, expected, "", STR("no call"));
	} else {
		check_call_record(c, expected, last);
	}
}

static void check_count(struct checking *c, const struct json *expected, enum side side)
{
	if ((int64_t)wire_count(c->view->wire, side) != expected->integer)
		check_fail(c, expected, "", list_records(c, side));
}

/* The place of the side's first call among all records of the step; SIZE_MAX without one. */
static size_t first_place(const struct checking *c, enum side side)
{
	const struct wire *wire = c->view->wire;

	for (size_t i = wire->step_records; i < wire->records.count; i++) {
		if (wire->records.items[i]->side == side)
			return i;
	}
	return SIZE_MAX;
}

static void check_order(struct checking *c, const struct json *expected)
{
	size_t before = 0;

	JSON_EACH (item, expected) {
		enum side side;
		size_t place;

		if (!side_from_name(json_scalar_text(item), &side)) {
			check_fail(c, expected, "", STR("there is no such side"));
			return;
		}
		place = first_place(c, side);
		if (place == SIZE_MAX || place < before) {
			check_fail(c, expected, "",
				   place == SIZE_MAX
					   ? STR_CONCAT(c->view->arena, STR("no call of "),
							json_scalar_text(item))
					   : STR_CONCAT(c->view->arena, json_scalar_text(item),
							STR(" was called earlier")));
			return;
		}
		before = place;
	}
}

/* The target itself. */

typedef bool line_fits(struct str line, struct str wanted);

static bool line_contains(struct str line, struct str wanted)
{
	return str_find(line, wanted) != STR_NOT_FOUND;
}

static bool line_matches(struct str line, struct str wanted)
{
	struct pattern *pattern = pattern_create(wanted, NULL);
	bool is_found = pattern != NULL && pattern_is_found(pattern, line);

	pattern_destroy(pattern);
	return is_found;
}

static bool log_has(const struct checking *c, struct str of, struct str wanted, line_fits *fits)
{
	const struct wire *wire = c->view->wire;

	for (size_t i = wire->step_log; i < wire->log.count; i++) {
		if (str_equal(wire->log.items[i].of, of) && fits(wire->log.items[i].text, wanted))
			return true;
	}
	return false;
}

static void check_log(struct checking *c, const struct json *expected)
{
	static const struct {
		const char *member;
		line_fits *fits;
		bool is_wanted;
	} ways[] = {{"contains", line_contains, true},
		    {"not_contains", line_contains, false},
		    {"matches", line_matches, true}};
	const struct json *in = json_get(expected, STR("in"));
	struct str of = json_scalar_text(in != NULL ? in : json_get(expected, STR("of")));

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		const struct json *wanted = json_get(expected, str_from(ways[i].member));

		if (wanted != NULL &&
		    log_has(c, of, json_scalar_text(wanted), ways[i].fits) != ways[i].is_wanted)
			check_fail(c, wanted, ways[i].member,
				   ways[i].is_wanted ? STR("no such line")
						     : STR("there is such a line"));
	}
}

static struct check_process process_of(const struct checking *c, struct str name)
{
	const struct check_process target = {STR(""), c->view->has_ended, c->view->exit_status};

	for (size_t i = 0; i < c->view->processes_count; i++) {
		if (str_equal(c->view->processes[i].name, name))
			return c->view->processes[i];
	}
	return target;
}

static void check_exit(struct checking *c, const struct json *expected)
{
	const struct json *status = json_get(expected, STR("status"));
	struct check_process process =
		process_of(c, json_scalar_text(json_get(expected, STR("of"))));
	struct str actual = str_format(c->view->arena, "%d", process.exit_status);

	if (!process.has_ended)
		check_fail(c, status, "status", STR("it runs"));
	else if (!match_value(status, true, actual))
		check_fail(c, status, "status", actual);
}

static void check_xml(struct checking *c, const struct json *expected)
{
	const struct record *record = last_of(c, SIDE_CLIENT);

	if (record == NULL || record->status == 0)
		check_fail(c, expected, "", STR("no answer"));
	else
		check_xml_text(c, expected, record->answer_body);
}

/* What the step's last `sql` found. Values are compared as texts, whatever a column's type. */
static bool row_fits(const struct json *expected, const struct json *row)
{
	JSON_EACH (value, expected) {
		const struct json *actual = json_get(row, value->key);

		if (value->kind == JSON_NULL
			    ? actual == NULL || actual->kind != JSON_NULL
			    : !match_value(value, !json_is_null(actual), json_scalar_text(actual)))
			return false;
	}
	return true;
}

static void check_rows(struct checking *c, const struct json *expected)
{
	const struct json *rows = c->view->rows;
	const struct json *row = json_at(rows, 0);

	if (rows == NULL) {
		check_fail(c, expected, "", STR("no sql was sent"));
		return;
	}
	if (expected->count != rows->count)
		check_fail_text(c, expected->line, "",
				str_format(c->view->arena, "%zu rows", expected->count),
				json_print(c->view->arena, rows));
	for (const struct json *item = json_at(expected, 0); item != NULL && row != NULL;
	     item = item->next, row = row->next) {
		if (!row_fits(item, row))
			check_fail(c, item, "", json_print(c->view->arena, row));
	}
}

static const struct {
	struct str name;
	void (*check)(struct checking *c, const struct json *expected);
} checks[] = {
	{STR_INIT("answer"), check_answer}, {STR_INIT("answers"), check_answers},
	{STR_INIT("order"), check_order},   {STR_INIT("log"), check_log},
	{STR_INIT("exit"), check_exit},     {STR_INIT("xml"), check_xml},
	{STR_INIT("redis"), check_redis},   {STR_INIT("rows"), check_rows},
};

/* `backend` and `backend_calls`, and so for each side but the client. */
static bool check_side(const struct check_view *view, const struct json *expected,
		       struct failures *failures)
{
	struct checking c = {view, failures, expected->key};
	static const struct str count = STR_INIT("_calls");
	bool only_counts = str_has_suffix(expected->key, count);
	struct str name = expected->key;
	enum side side;

	if (only_counts)
		name = str_slice(name, 0, name.size - count.size);
	if (!side_from_name(name, &side))
		return false;
	if (only_counts)
		check_count(&c, expected, side);
	else
		check_calls(&c, expected, side);
	return true;
}

void checks_judge(const struct check_view *view, const struct json *then, struct failures *failures)
{
	JSON_EACH (entry, then) {
		const struct json *expected = entry->first_child;

		if (check_side(view, expected, failures))
			continue;
		for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
			struct checking c = {view, failures, checks[i].name};

			if (str_equal(expected->key, checks[i].name))
				checks[i].check(&c, expected);
		}
	}
}
