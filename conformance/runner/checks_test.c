#include "conformance/runner/checks.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/yaml.h"
#include "conformance/runner/wire.h"

static struct arena *arena;
static struct wire wire;
static struct failures failures;

static struct http_fields fields_of(const char *const *pairs)
{
	struct http_fields fields;

	http_fields_init(&fields, arena);
	for (; *pairs != NULL; pairs += 2)
		http_fields_add(&fields, str_from(pairs[0]), str_from(pairs[1]));
	return fields;
}

static struct record *add_call(enum side side, const char *method, const char *target,
			       const char *body)
{
	const struct http_fields fields = fields_of(
		(const char *const[]){"Host", "api.example.com", "X-Two", "1", "x-two", "2", NULL});
	struct record *record = wire_add(&wire, side, str_from(method), str_from(target), &fields);

	record->body = str_from(body);
	record->is_complete = true;
	return record;
}

static void answer(struct record *record, int status, const char *body)
{
	const struct http_fields fields = fields_of((const char *const[]){
		"Content-Type", "text/plain", "Set-Cookie", "a=1", "Set-Cookie", "b=2", NULL});

	wire_add_answer(&wire, record, status, http_reason(status), &fields, str_from(body));
}

/* What every test finds: an earlier step, then one with two answers, one call each of upstream and
 * backend, and two log lines. */
static void set_up(void)
{
	arena = arena_create();
	failures = (struct failures){{0}};
	wire_init(&wire, arena);
	answer(add_call(SIDE_CLIENT, "GET", "/earlier", ""), 500, "old");
	add_call(SIDE_PORTAL, "GET", "/earlier", "");
	wire_add_log(&wire, STR(""), STR("an earlier line"));
	wire_begin_step(&wire);
	answer(add_call(SIDE_CLIENT, "GET", "/first", ""), 404, "");
	add_call(SIDE_UPSTREAM, "POST", "/a/b?x=1", "{\"list\": [1, {\"a\": 2}]}");
	add_call(SIDE_BACKEND, "GET", "/authrep.xml?usage%5Bhits%5D=2&r=1&r=2&empty=", "");
	wire_add_log(&wire, STR(""), STR("[warn] something was wrong"));
	answer(add_call(SIDE_CLIENT, "GET", "/last", "k=v&k=w"), 200,
	       "<status><authorized>true</authorized></status>");
}

static void tear_down(void)
{
	vec_free(&failures.items);
	wire_free(&wire);
	arena_destroy(arena);
}

static const struct json *yaml_of(const char *text)
{
	struct error error = {0};
	const struct json *value = yaml_parse(arena, str_from(text), LIMIT_CASE_FILE_BYTES, &error);

	ck_assert_msg(value != NULL, "%s", error.text);
	return value;
}

static void judge(const char *then)
{
	const struct check_view view = {
		.arena = arena, .wire = &wire, .has_ended = true, .exit_status = 3};

	checks_judge(&view, yaml_of(then), &failures);
}

static const char *const fitting[] = {
	"answer: {status: 200, reason: OK}",
	"answer: {status: {matches: ^2}, body_contains: authorized, body_bytes: 46}",
	"answer: {fields: {content-type: text/plain, Set-Cookie: 'a=1, b=2', X: {absent: true}}}",
	"answer: {fields: {Set-Cookie: [a=1, {matches: b}], Content-Type: {any: true}}}",
	"answer: {no_fields: [X-None], body: {matches: '^<status>'}, failure: {absent: true}}",
	"answers: [{status: 404, body: ''}, {status: 200}]",
	"answers: [{status: 404, body: {absent: true}}, {body: {any: true}}]",
	"backend: {method: GET, path: /authrep.xml, query: {'usage[hits]': '2', r: 1, empty: ''}}",
	"backend: {query: {r: [1, 2], none: {absent: true}}, no_query: [a]}",
	"backend: {query_exactly: {'usage[hits]': 2, r: [1, 2], empty: {any: true}}}",
	"backend: {target: {matches: 'usage%5Bhits%5D'}, fields: {X-Two: [1, 2]}}",
	"backend: [{fields: {Host: api.example.com}, no_fields: [Cookie]}]",
	"backend_calls: 1",
	"upstream: {method: POST, body_json: {list: [1, {a: 2}]}, query: {x: 1}}",
	"upstream: {keys: {.: [list], list.1: [a]}, json_exactly: {list: [1, {a: 2}]}}",
	"answer: {xml: {status/authorized: 'true', status/plan: {absent: true}}}",
	"upstream_calls: 1",
	"zync: none",
	"gateway_calls: 0",
	"portal: none",
	"portal_calls: 0",
	"hook: none",
	"hook_calls: 0",
	"order: [client, upstream, backend]",
	"order: [upstream]",
	"log: {contains: something was}",
	"log: {contains: '[warn]', not_contains: earlier}",
	"exit: {status: 3}",
	"exit: {status: {matches: '^[123]$'}}",
	"xml: {status/authorized: 'true', status/plan: {absent: true}}",
};

START_TEST(what_fits_is_no_failure)
{
	judge(str_cstr(arena, STR_CONCAT(arena, STR("- "), str_from(fitting[_i]))));
	ck_assert_msg(failures.items.count == 0, "%s: %.*s: expected %.*s, actual %.*s",
		      fitting[_i], STR_ARG(failures.items.items[0].what),
		      STR_ARG(failures.items.items[0].expected),
		      STR_ARG(failures.items.items[0].actual));
}
END_TEST

static const struct {
	const char *then, *what, *expected, *actual;
} unfitting[] = {
	{"answer: {status: 404}", "answer.status", "404", "200"},
	{"answer: {reason: Fine}", "answer.reason", "Fine", "OK"},
	{"answer: {failure: {any: true}}", "answer.failure", "{\"any\":true}", "absent"},
	{"answer: {body: x}", "answer.body", "x", "<status><authorized>true</authorized></status>"},
	{"answer: {body: {absent: true}}", "answer.body", "{\"absent\":true}",
	 "<status><authorized>true</authorized></status>"},
	{"answer: {body_contains: false}", "answer.body_contains", "false",
	 "<status><authorized>true</authorized></status>"},
	{"answer: {body_json: {}}", "answer.body_json", "{}",
	 "<status><authorized>true</authorized></status>"},
	{"answer: {body_bytes: 3}", "answer.body_bytes", "3", "46"},
	{"answer: {fields: {Content-Type: text/html}}", "answer.fields.Content-Type", "text/html",
	 "text/plain"},
	{"answer: {fields: {X: a}}", "answer.fields.X", "a", "absent"},
	{"answer: {fields: {Set-Cookie: a=1}}", "answer.fields.Set-Cookie", "a=1", "a=1, b=2"},
	{"answer: {fields: {Set-Cookie: [a=1]}}", "answer.fields.Set-Cookie", "[\"a=1\"]",
	 "a=1, b=2"},
	{"answer: {fields: {Set-Cookie: [a=1, c]}}", "answer.fields.Set-Cookie", "[\"a=1\",\"c\"]",
	 "a=1, b=2"},
	{"answer: {no_fields: [set-cookie]}", "answer.fields.set-cookie", "absent", "a=1"},
	{"answers: [{status: 404}]", "answers", "1 answers", "2"},
	{"answers: [{status: 404}, {status: 404}]", "answers[1].status", "404", "200"},
	{"backend: none", "backend", "none", "GET /authrep.xml?usage%5Bhits%5D=2&r=1&r=2&empty="},
	{"backend: []", "backend", "0 calls", "GET /authrep.xml?usage%5Bhits%5D=2&r=1&r=2&empty="},
	{"backend: [{method: POST}]", "backend[0].method", "POST", "GET"},
	{"backend: [{}, {}]", "backend", "2 calls",
	 "GET /authrep.xml?usage%5Bhits%5D=2&r=1&r=2&empty="},
	{"backend: {path: /x}", "backend.path", "/x", "/authrep.xml"},
	{"backend: {target: /x}", "backend.target", "/x",
	 "/authrep.xml?usage%5Bhits%5D=2&r=1&r=2&empty="},
	{"backend: {query: {r: 2}}", "backend.query.r", "2", "1"},
	{"backend: {query: {user_key: k}}", "backend.query.user_key", "k", "absent"},
	{"backend: {query_exactly: {'usage[hits]': 2, r: 1, empty: ''}}", "backend.query.r", "1",
	 "1, 2"},
	{"backend: {query_exactly: {r: [1, 2], empty: ''}}", "backend.query.usage[hits]", "absent",
	 "2"},
	{"backend: {no_query: [r]}", "backend.query.r", "absent", "1"},
	{"backend_calls: 0", "backend_calls", "0",
	 "GET /authrep.xml?usage%5Bhits%5D=2&r=1&r=2&empty="},
	{"upstream: {body_form: {a: b}}", "upstream.body_form.a", "b", "absent"},
	{"upstream: {keys: {.: [a]}}", "upstream.keys..", "[\"a\"]", "[\"list\"]"},
	{"upstream: {keys: {list.1: []}}", "upstream.keys.list.1", "[]", "[\"a\"]"},
	{"upstream: {json_exactly: {}}", "upstream.json_exactly", "{}",
	 "{\"list\": [1, {\"a\": 2}]}"},
	{"answer: {xml: {status/authorized: 'false'}}", "answer.status/authorized", "false",
	 "true"},
	{"zync: {path: /}", "zync", "{\"path\":\"/\"}", "no call"},
	{"mail_calls: 1", "mail_calls", "1", "none"},
	{"rows: []", "rows", "[]", "no sql was sent"},
	{"upstream_calls: 2", "upstream_calls", "2", "POST /a/b?x=1"},
	{"portal: {path: /}", "portal", "{\"path\":\"/\"}", "no call"},
	{"portal_calls: 1", "portal_calls", "1", "none"},
	{"order: [backend, upstream]", "order", "[\"backend\",\"upstream\"]",
	 "upstream was called earlier"},
	{"order: [portal]", "order", "[\"portal\"]", "no call of portal"},
	{"order: [cache]", "order", "[\"cache\"]", "there is no such side"},
	{"log: {contains: earlier}", "log.contains", "earlier", "no such line"},
	{"log: {not_contains: wrong}", "log.not_contains", "wrong", "there is such a line"},
	{"exit: {status: 1}", "exit.status", "1", "3"},
	{"xml: {status/authorized: 'false'}", "xml.status/authorized", "false", "true"},
	{"xml: {status/plan: Basic}", "xml.status/plan", "Basic", "no such element"},
};

START_TEST(what_does_not_fit_says_what_was_there)
{
	const struct failure *failure;

	judge(str_cstr(arena, STR_CONCAT(arena, STR("\n- "), str_from(unfitting[_i].then))));
	ck_assert_uint_eq(failures.items.count, 1);
	failure = &failures.items.items[0];
	ck_assert_msg(str_equal(failure->what, str_from(unfitting[_i].what)), "%.*s",
		      STR_ARG(failure->what));
	ck_assert_msg(str_equal(failure->expected, str_from(unfitting[_i].expected)), "%.*s",
		      STR_ARG(failure->expected));
	ck_assert_msg(str_equal(failure->actual, str_from(unfitting[_i].actual)), "%.*s",
		      STR_ARG(failure->actual));
	ck_assert_int_eq(failure->line, 2);
}
END_TEST

START_TEST(a_form_is_compared_pair_by_pair)
{
	add_call(SIDE_BACKEND, "POST", "/transactions.xml", "a=b&c=%5B1%5D");
	judge("- backend: {body_form: {a: b, c: '[1]', d: {absent: true}}, body: 'a=b&c=%5B1%5D'}\n"
	      "- backend: [{method: GET}, {method: POST}]\n");
	ck_assert_uint_eq(failures.items.count, 0);
}
END_TEST

static const struct {
	const char *failure, *then, *actual;
	int status;
} broken[] = {
	{"no answer: connection refused", "- answer: {status: 200}",
	 "no answer: connection refused", 0},
	{"", "- answer: {status: 200}", "no answer yet", 0},
	{"(cut)", "- answer: {status: 200}", "(cut)", 200},
	{"", "- xml: {a: b}", "no answer", 0},
	{"(cut)", "- answer: {status: 200, failure: {matches: cut}}", NULL, 200},
	{"no answer: x", "- answer: {failure: {any: true}}", NULL, 0},
};

START_TEST(an_answer_that_broke_off_fits_only_when_expected)
{
	struct record *record = add_call(SIDE_CLIENT, "GET", "/", "");

	if (broken[_i].status != 0)
		answer(record, broken[_i].status, "");
	record->failure = str_from(broken[_i].failure);
	judge(broken[_i].then);
	ck_assert_uint_eq(failures.items.count, broken[_i].actual != NULL);
	if (broken[_i].actual != NULL)
		ck_assert(str_equal(failures.items.items[0].actual, str_from(broken[_i].actual)));
}
END_TEST

START_TEST(nothing_fits_a_step_without_calls)
{
	const struct check_view view = {.arena = arena, .wire = &wire};

	wire_begin_step(&wire);
	checks_judge(&view,
		     yaml_of("- answer: {status: 200}\n- answers: [{}]\n- backend: {}\n"
			     "- exit: {status: 0}\n- xml: {a: b}\n- log: {contains: x}\n"),
		     &failures);
	ck_assert_uint_eq(failures.items.count, 6);
	ck_assert(str_equal(failures.items.items[0].actual, STR("no call was made")));
	ck_assert(str_equal(failures.items.items[3].actual, STR("it runs")));
}
END_TEST

START_TEST(a_request_that_is_not_complete_fits_nothing)
{
	struct record *record = add_call(SIDE_UPSTREAM, "POST", "/", "");

	record->is_complete = false;
	judge("- upstream: {method: POST}\n");
	ck_assert_uint_eq(failures.items.count, 1);
	ck_assert(str_equal(failures.items.items[0].actual, STR("the request is not complete")));
}
END_TEST

START_TEST(what_is_no_xml_fits_no_path)
{
	answer(add_call(SIDE_CLIENT, "GET", "/", ""), 200, "ok");
	judge("- xml: {a: b}\n");
	ck_assert_uint_eq(failures.items.count, 1);
	ck_assert(str_has_prefix(failures.items.items[0].actual, STR("not well-formed XML")));
}
END_TEST

START_TEST(the_wire_is_printed_for_people)
{
	struct record *record = add_call(SIDE_BACKEND, "GET", "/x", "\x01\xff");
	struct str text;

	record->failure = STR("(closed, as told)");
	answer(add_call(SIDE_CLIENT, "GET", "/y", ""), 200, "bell\a");
	text = wire_print(&wire, arena);
	ck_assert(str_find(text, STR("    client -> target: GET /last\n"
				     "      Host: api.example.com\n")) != STR_NOT_FOUND);
	ck_assert(str_find(text, STR("    <- 404 Not Found\n")) != STR_NOT_FOUND);
	ck_assert(str_find(text, STR("    target -> backend: GET /x\n")) != STR_NOT_FOUND);
	ck_assert(str_find(text, STR("\n      (2 bytes)\n")) != STR_NOT_FOUND);
	ck_assert(str_find(text, STR("    <- (closed, as told)\n")) != STR_NOT_FOUND);
	ck_assert(str_find(text, STR("      bell?\n")) != STR_NOT_FOUND);
	ck_assert(str_find(text, STR("    log: an earlier line\n")) != STR_NOT_FOUND);
	for (int i = 0; i < 40; i++)
		wire_add_log(&wire, STR(""), STR("more"));
	text = wire_print(&wire, arena);
	ck_assert(str_find(text, STR("an earlier line")) == STR_NOT_FOUND);
}
END_TEST

START_TEST(many_calls_leave_room_for_the_log)
{
	char *body = arena_alloc(arena, 2048 + 1);
	struct str text;

	memset(body, 'b', 2048);
	for (int i = 0; i < 300; i++)
		add_call(SIDE_UPSTREAM, "POST", "/many", body);
	add_call(SIDE_UPSTREAM, "POST", "/the_last", "");
	text = wire_print(&wire, arena);
	ck_assert(str_find(text, STR(" earlier calls)\n")) != STR_NOT_FOUND);
	ck_assert(str_find(text, STR("POST /the_last\n")) != STR_NOT_FOUND);
	ck_assert(str_find(text, STR("log: [warn] something was wrong\n")) != STR_NOT_FOUND);
}
END_TEST

/* Replies of a Redis. */

static const struct {
	const char *check, *reply, *actual; /* reply NULL: "lost"; actual NULL: it fits */
} replies[] = {
	{"{command: [GET, a], reply: 1}", "\"1\"", NULL},
	{"{command: [GET, a], reply: '1'}", "1", NULL},
	{"{command: [GET, a], reply: {matches: ^x}}", "\"xy\"", NULL},
	{"{command: [GET, a], reply: null}", "null", NULL},
	{"{command: [GET, a], reply: {absent: true}}", "null", NULL},
	{"{command: [GET, a], reply: {any: true}}", "\"\"", NULL},
	{"{command: [GET, a], reply: ''}", "\"\"", NULL},
	{"{command: [GET, a], reply: []}", "[]", NULL},
	{"{command: [GET, a], reply: [1, [b, null]]}", "[\"1\", [\"b\", null]]", NULL},
	{"{command: [GET, a], sorted: true, reply: [a, b]}", "[\"b\", \"a\"]", NULL},
	{"{command: [GET, a], sorted: true, reply: [b, a]}", "[\"b\", \"a\"]", NULL},
	{"{command: [GET, a], sorted: true, reply: x}", "\"x\"", NULL},
	{"{command: [GET, a], reply_json: {b: [1]}}", "\"{\\\"b\\\": [1], \\\"c\\\": 2}\"", NULL},
	{"{command: [GET, a], reply_json: [{b: 1}]}", "[\"{\\\"b\\\": 1}\"]", NULL},
	{"{command: [GET, a], reply_answers: 404}", "1", NULL},
	{"{command: [GET, a], reply_answers: 200}", "\"1\"", NULL},
	{"{command: [GET, a], reply_answers: 500}", "null", "null"},
	{"{command: [GET, a], reply_answers: 404}", "2", "2"},
	{"{command: [GET, a], reply: 1}", "\"2\"", "\"2\""},
	{"{command: [GET, a], reply: ''}", "null", "null"},
	{"{command: [GET, a], reply: null}", "\"\"", "\"\""},
	{"{command: [GET, a], reply: {absent: true}}", "\"x\"", "\"x\""},
	{"{command: [GET, a], reply: {any: true}}", "null", "null"},
	{"{command: [GET, a], reply: a}", "[\"a\"]", "[\"a\"]"},
	{"{command: [GET, a], reply: [a]}", "\"a\"", "\"a\""},
	{"{command: [GET, a], reply: [a]}", "[\"a\", \"b\"]", "[\"a\",\"b\"]"},
	{"{command: [GET, a], reply: [b, a]}", "[\"a\", \"b\"]", "[\"a\",\"b\"]"},
	{"{command: [GET, a], sorted: true, reply: [a, c]}", "[\"b\", \"a\"]", "[\"a\",\"b\"]"},
	{"{command: [GET, a], reply_json: {b: 1}}", "\"no json\"", "\"no json\""},
	{"{command: [GET, a], reply_json: {b: 1}}", "null", "null"},
	{"{command: [GET, a], reply: 1}", NULL, "lost"},
};

START_TEST(a_reply_is_compared_with_what_is_expected)
{
	const struct json *then = yaml_of(
		str_cstr(arena, STR_CONCAT(arena, STR("- redis: "), str_from(replies[_i].check))));
	const char *reply = replies[_i].reply, *actual = replies[_i].actual;
	const struct redis_observation observation = {
		json_path(then, "0.redis"),
		reply != NULL ? json_parse(arena, str_from(reply), 1000, NULL) : NULL, STR("lost")};
	const struct check_view view = {.arena = arena,
					.wire = &wire,
					.observations = &observation,
					.observations_count = 1};

	checks_judge(&view, then, &failures);
	ck_assert_msg(failures.items.count == (actual != NULL), "%s", replies[_i].check);
	if (actual == NULL)
		return;
	ck_assert_msg(str_equal(failures.items.items[0].actual, str_from(actual)), "%.*s",
		      STR_ARG(failures.items.items[0].actual));
	ck_assert(str_equal(failures.items.items[0].what, STR("redis GET a")));
}
END_TEST

START_TEST(a_command_that_was_not_asked_fits_nothing)
{
	judge("- redis: {command: [GET, a], reply: null}");
	ck_assert_uint_eq(failures.items.count, 1);
	ck_assert(str_equal(failures.items.items[0].actual, STR("it was not asked")));
}
END_TEST

#define ROWS(rows) (int)(sizeof(rows) / sizeof *(rows))

Suite *conformance_runner_checks_suite(void);
Suite *conformance_runner_checks_suite(void)
{
	Suite *suite = suite_create("conformance_runner_checks");
	TCase *tests = tcase_create("checks");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, what_fits_is_no_failure, 0, ROWS(fitting));
	tcase_add_loop_test(tests, what_does_not_fit_says_what_was_there, 0, ROWS(unfitting));
	tcase_add_test(tests, a_form_is_compared_pair_by_pair);
	tcase_add_loop_test(tests, an_answer_that_broke_off_fits_only_when_expected, 0,
			    ROWS(broken));
	tcase_add_test(tests, nothing_fits_a_step_without_calls);
	tcase_add_loop_test(tests, a_reply_is_compared_with_what_is_expected, 0, ROWS(replies));
	tcase_add_test(tests, a_command_that_was_not_asked_fits_nothing);
	tcase_add_test(tests, a_request_that_is_not_complete_fits_nothing);
	tcase_add_test(tests, what_is_no_xml_fits_no_path);
	tcase_add_test(tests, the_wire_is_printed_for_people);
	tcase_add_test(tests, many_calls_leave_room_for_the_log);
	suite_add_tcase(suite, tests);
	return suite;
}
