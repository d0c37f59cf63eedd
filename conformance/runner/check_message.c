#include "conformance/runner/check_message.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "conformance/runner/match.h"
#include "conformance/runner/wire.h"
#include "conformance/runner/xml_path.h"
#include "http/query.h"

#define BODY_BYTES_SHOWN 2048

/* Failures. */

struct str check_expected_text(const struct checking *c, const struct json *expected)
{
	return expected->kind == JSON_STRING ? expected->text
					     : json_print(c->view->arena, expected);
}

void check_fail_text(struct checking *c, int line, const char *member, struct str expected,
		     struct str actual)
{
	struct failure failure = {
		.what = member[0] != '\0'
				? STR_CONCAT(c->view->arena, c->place, STR("."), str_from(member))
				: c->place,
		.line = line,
		.expected = expected,
		.actual = actual,
	};

	vec_push(&c->failures->items, failure);
}

void check_fail(struct checking *c, const struct json *expected, const char *member,
		struct str actual)
{
	check_fail_text(c, expected->line, member, check_expected_text(c, expected), actual);
}

/* "fields.Content-Type" */
static const char *named(const struct checking *c, const char *member, struct str name)
{
	return str_cstr(c->view->arena,
			STR_CONCAT(c->view->arena, str_from(member), STR("."), name));
}

/* A message. */

struct message {
	const struct record *record;
	const struct http_fields *fields;
	struct str body;
};

typedef void check_member(struct checking *c, const struct json *expected,
			  const struct message *message);

static void check_text(struct checking *c, const struct json *expected, const char *member,
		       struct str actual)
{
	if (!match_value(expected, true, actual))
		check_fail(c, expected, member, actual);
}

static struct str shown(struct str body)
{
	return str_slice(body, 0, BODY_BYTES_SHOWN);
}

static void check_body(struct checking *c, const struct json *expected,
		       const struct message *message)
{
	if (!match_value(expected, message->body.size > 0 || expected->kind == JSON_STRING,
			 message->body))
		check_fail(c, expected, "body", shown(message->body));
}

static void check_body_contains(struct checking *c, const struct json *expected,
				const struct message *message)
{
	if (str_find(message->body, json_scalar_text(expected)) == STR_NOT_FOUND)
		check_fail(c, expected, "body_contains", shown(message->body));
}

/* JSON and XML. */

static const struct json *json_of(const struct checking *c, const struct message *message)
{
	return json_parse(c->view->arena, message->body, LIMIT_CONFIG_BYTES, NULL);
}

static void check_body_json(struct checking *c, const struct json *expected,
			    const struct message *message)
{
	const struct json *actual = json_of(c, message);

	if (actual == NULL || !match_json(expected, actual))
		check_fail(c, expected, "body_json", shown(message->body));
}

static void check_json_exactly(struct checking *c, const struct json *expected,
			       const struct message *message)
{
	const struct json *actual = json_of(c, message);

	if (actual == NULL || !match_json_exactly(expected, actual))
		check_fail(c, expected, "json_exactly", shown(message->body));
}

/* The names of an object's members, in their order; "." is the whole. */
static void check_keys(struct checking *c, const struct json *expected,
		       const struct message *message)
{
	const struct json *whole = json_of(c, message);
	struct arena *arena = c->view->arena;

	JSON_EACH (place, expected) {
		bool is_whole = str_equal(place->key, STR("."));
		const struct json *object =
			is_whole ? whole : json_path(whole, str_cstr(arena, place->key));
		struct json *names = json_new(arena, JSON_ARRAY);

		JSON_EACH (member, object)
			json_append(names, json_new_str(arena, member->key));
		if (!json_equal(place, names))
			check_fail(c, place, named(c, "keys", place->key),
				   json_print(arena, names));
	}
}

void check_xml_text(struct checking *c, const struct json *expected, struct str document)
{
	JSON_EACH (place, expected) {
		struct error error = {0};
		struct str value = STR("");
		bool is_present = false;

		if (!xml_path_get(c->view->arena, document, place->key, &is_present, &value,
				  &error))
			check_fail(c, place, "", str_copy(c->view->arena, str_from(error.text)));
		else if (!match_value(place, is_present, value))
			check_fail_text(c, place->line, str_cstr(c->view->arena, place->key),
					check_expected_text(c, place),
					is_present ? value : STR("no such element"));
	}
}

static void check_xml(struct checking *c, const struct json *expected,
		      const struct message *message)
{
	check_xml_text(c, expected, message->body);
}

static void check_body_bytes(struct checking *c, const struct json *expected,
			     const struct message *message)
{
	if ((int64_t)message->body.size != expected->integer)
		check_fail(c, expected, "body_bytes",
			   str_format(c->view->arena, "%zu", message->body.size));
}

/* Fields. */

/* The values of a name: one expectation for all of them joined, or a list of one for each. */
static bool match_values(const struct checking *c, const struct json *expected,
			 const struct str *values, size_t count, struct str *actual)
{
	size_t i = 0;

	*actual = count > 0 ? values[0] : STR("absent");
	for (size_t k = 1; k < count; k++)
		*actual = STR_CONCAT(c->view->arena, *actual, STR(", "), values[k]);
	if (expected->kind != JSON_ARRAY)
		return match_value(expected, count > 0, count > 0 ? *actual : STR(""));
	if (expected->count != count)
		return false;
	JSON_EACH (item, expected) {
		if (!match_value(item, true, values[i++]))
			return false;
	}
	return true;
}

static void check_fields(struct checking *c, const struct json *expected,
			 const struct message *message)
{
	const struct http_fields *fields = message->fields;
	struct str *values = ARENA_ARRAY(c->view->arena, struct str, fields->count + 1);
	struct str actual;

	JSON_EACH (field, expected) {
		size_t count = 0;

		for (size_t i = 0; i < fields->count; i++) {
			if (str_equal_nocase(fields->items[i].name, field->key))
				values[count++] = fields->items[i].value;
		}
		if (!match_values(c, field, values, count, &actual))
			check_fail(c, field, named(c, "fields", field->key), actual);
	}
}

static void check_no_fields(struct checking *c, const struct json *expected,
			    const struct message *message)
{
	JSON_EACH (name, expected) {
		struct str text = json_scalar_text(name);

		if (http_fields_has(message->fields, text))
			check_fail_text(c, name->line, named(c, "fields", text), STR("absent"),
					http_fields_get(message->fields, text));
	}
}

/* Queries and forms. */

static void parse_pairs(const struct checking *c, struct str text, struct http_query *pairs)
{
	http_query_init(pairs, c->view->arena);
	http_query_parse(pairs, text);
}

static void check_pairs(struct checking *c, const struct json *expected, const char *member,
			const struct http_query *pairs, bool joins_repeated)
{
	struct str *values = ARENA_ARRAY(c->view->arena, struct str, pairs->count + 1);
	struct str actual;

	JSON_EACH (pair, expected) {
		size_t count = 0;

		for (size_t i = 0; i < pairs->count; i++) {
			if (str_equal(pairs->items[i].name, pair->key))
				values[count++] = pairs->items[i].value;
		}
		/* Without a list only the first counts. */
		if (!joins_repeated && pair->kind != JSON_ARRAY && count > 1)
			count = 1;
		if (!match_values(c, pair, values, count, &actual))
			check_fail(c, pair, named(c, member, pair->key), actual);
	}
}

static void check_query(struct checking *c, const struct json *expected,
			const struct message *message)
{
	struct http_query pairs;

	parse_pairs(c, message->record->query, &pairs);
	check_pairs(c, expected, "query", &pairs, false);
}

static void check_query_exactly(struct checking *c, const struct json *expected,
				const struct message *message)
{
	struct http_query pairs;

	parse_pairs(c, message->record->query, &pairs);
	check_pairs(c, expected, "query", &pairs, true);
	for (size_t i = 0; i < pairs.count; i++) {
		if (json_get(expected, pairs.items[i].name) == NULL)
			check_fail_text(c, expected->line, named(c, "query", pairs.items[i].name),
					STR("absent"), pairs.items[i].value);
	}
}

static void check_no_query(struct checking *c, const struct json *expected,
			   const struct message *message)
{
	struct http_query pairs;

	parse_pairs(c, message->record->query, &pairs);
	JSON_EACH (name, expected) {
		struct str text = json_scalar_text(name);

		if (http_query_has(&pairs, text))
			check_fail_text(c, name->line, named(c, "query", text), STR("absent"),
					http_query_get(&pairs, text));
	}
}

static void check_body_form(struct checking *c, const struct json *expected,
			    const struct message *message)
{
	struct http_query pairs;

	parse_pairs(c, message->body, &pairs);
	check_pairs(c, expected, "body_form", &pairs, false);
}

/* The head. */

static void check_status(struct checking *c, const struct json *expected,
			 const struct message *message)
{
	check_text(c, expected, "status",
		   str_format(c->view->arena, "%d", message->record->status));
}

static void check_failure(struct checking *c, const struct json *expected,
			  const struct message *message)
{
	struct str failure = message->record->failure;

	if (!match_value(expected, failure.size > 0, failure))
		check_fail(c, expected, "failure", failure.size > 0 ? failure : STR("absent"));
}

static void check_interim(struct checking *c, const struct json *expected,
			  const struct message *message)
{
	struct str interim = message->record->interim;

	if (!match_value(expected, interim.size > 0, interim))
		check_fail(c, expected, "interim", interim.size > 0 ? interim : STR("absent"));
}

static void check_reason(struct checking *c, const struct json *expected,
			 const struct message *message)
{
	check_text(c, expected, "reason", message->record->reason);
}

static void check_method(struct checking *c, const struct json *expected,
			 const struct message *message)
{
	check_text(c, expected, "method", message->record->method);
}

static void check_path(struct checking *c, const struct json *expected,
		       const struct message *message)
{
	check_text(c, expected, "path", message->record->path);
}

static void check_target(struct checking *c, const struct json *expected,
			 const struct message *message)
{
	check_text(c, expected, "target", message->record->target);
}

static void check_server_name(struct checking *c, const struct json *expected,
			      const struct message *message)
{
	check_text(c, expected, "server_name", message->record->server_name);
}

static void check_certificates(struct checking *c, const struct json *expected,
			       const struct message *message)
{
	check_text(c, expected, "certificates",
		   str_format(c->view->arena, "%u", message->record->certificates));
}

/* Fields of mails. */

static void check_field(struct checking *c, const struct json *expected,
			const struct message *message, const char *field)
{
	struct str name = str_from(field);
	bool is_present = http_fields_has(message->fields, name);

	if (!match_value(expected, is_present, http_fields_get(message->fields, name)))
		check_fail(c, expected, str_cstr(c->view->arena, expected->key),
			   is_present ? http_fields_get(message->fields, name) : STR("absent"));
}

static void check_from(struct checking *c, const struct json *expected,
		       const struct message *message)
{
	check_field(c, expected, message, "From");
}

static void check_to(struct checking *c, const struct json *expected, const struct message *message)
{
	check_field(c, expected, message, "To");
}

static void check_subject(struct checking *c, const struct json *expected,
			  const struct message *message)
{
	check_field(c, expected, message, "Subject");
}

static const struct {
	struct str name;
	check_member *check;
} members[] = {
	{STR_INIT("status"), check_status},
	{STR_INIT("failure"), check_failure},
	{STR_INIT("interim"), check_interim},
	{STR_INIT("reason"), check_reason},
	{STR_INIT("method"), check_method},
	{STR_INIT("path"), check_path},
	{STR_INIT("target"), check_target},
	{STR_INIT("query"), check_query},
	{STR_INIT("query_exactly"), check_query_exactly},
	{STR_INIT("no_query"), check_no_query},
	{STR_INIT("body_form"), check_body_form},
	{STR_INIT("body"), check_body},
	{STR_INIT("body_contains"), check_body_contains},
	{STR_INIT("body_json"), check_body_json},
	{STR_INIT("json_exactly"), check_json_exactly},
	{STR_INIT("keys"), check_keys},
	{STR_INIT("xml"), check_xml},
	{STR_INIT("body_bytes"), check_body_bytes},
	{STR_INIT("fields"), check_fields},
	{STR_INIT("no_fields"), check_no_fields},
	{STR_INIT("server_name"), check_server_name},
	{STR_INIT("certificates"), check_certificates},
	{STR_INIT("from"), check_from},
	{STR_INIT("to"), check_to},
	{STR_INIT("subject"), check_subject},
};

static void check_message(struct checking *c, const struct json *expected,
			  const struct message *message)
{
	JSON_EACH (member, expected) {
		for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
			if (str_equal(member->key, members[i].name))
				members[i].check(c, member, message);
		}
	}
}

void check_answer_record(struct checking *c, const struct json *expected,
			 const struct record *record)
{
	struct message message = {record, &record->answer_fields, record->answer_body};

	if (json_get(expected, STR("failure")) != NULL)
		check_message(c, expected, &message);
	else if (record->status == 0)
		check_fail(c, expected, "",
			   record->failure.size > 0 ? record->failure : STR("no answer yet"));
	else if (record->failure.size > 0)
		check_fail(c, expected, "", record->failure);
	else
		check_message(c, expected, &message);
}

void check_call_record(struct checking *c, const struct json *expected, const struct record *record)
{
	struct message message = {record, &record->fields, record->body};

	if (!record->is_complete)
		check_fail(c, expected, "", STR("the request is not complete"));
	else
		check_message(c, expected, &message);
}
