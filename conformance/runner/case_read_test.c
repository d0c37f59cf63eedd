#include "conformance/runner/case.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "conformance/runner/run.h"
#include "conformance/runner/selection.h"
#include "conformance/runner/shape.h"

static struct arena *arena;
static struct case_list list;
static struct error error;

static void set_up(void)
{
	arena = arena_create();
	list = (struct case_list){{0}};
	error = (struct error){0};
}

static void tear_down(void)
{
	case_list_free(&list);
	arena_destroy(arena);
}

static bool read_suite(enum suite suite, const char *content)
{
	return case_read(&list, arena, suite, STR("suites/gateway/topic.yaml"), str_from(content),
			 &error);
}

static void must_read(enum suite suite, const char *content)
{
	ck_assert_msg(read_suite(suite, content), "%s", error.text);
}

START_TEST(a_case_with_one_round_is_a_case_with_one_step)
{
	must_read(SUITE_GATEWAY, "- id: GW-001\n"
				 "  title: first\n"
				 "  tags: [seed]\n"
				 "  when: [{get: /}]\n"
				 "  then: [{answer: {status: 200}}]\n"
				 "- id: GW-002\n"
				 "  title: second\n"
				 "  steps: [{then: [{backend: none}]}, {when: [], then: "
				 "[{backend_calls: 1}]}]\n");
	ck_assert_uint_eq(list.items.count, 2);

	const struct conform_case *first = &list.items.items[0];

	ck_assert(str_equal(first->id, STR("GW-001")) && str_equal(first->title, STR("first")));
	ck_assert(str_equal(first->topic, STR("topic")));
	ck_assert_int_eq(first->line, 1);
	ck_assert_uint_eq(first->steps->count, 1);
	ck_assert_int_eq(json_path(first->steps, "0.then.0.answer.status")->line, 5);
	ck_assert_uint_eq(list.items.items[1].steps->count, 2);
	ck_assert_int_eq(list.items.items[1].line, 6);
}
END_TEST

#define CASE(more) "- id: A-1\n  title: t\n" more
#define WHEN(action) CASE("  when: [" action "]\n  then: [{backend: none}]\n")
#define THEN(check) CASE("  then: [" check "]\n")
#define GIVEN(given) CASE("  given: {" given "}\n  then: [{backend: none}]\n")

static const struct {
	enum suite suite;
	const char *content, *error;
} refused[] = {
	{SUITE_GATEWAY, "a: 1\n", "topic.yaml:1: a case file is a list of cases"},
	{SUITE_GATEWAY, "- [", "topic.yaml: line "},
	{SUITE_GATEWAY, "- 1\n", "topic.yaml:1: a case must be an object"},
	{SUITE_GATEWAY, "- title: x\n  then: []\n", "topic.yaml:1: a case without \"id\""},
	{SUITE_GATEWAY, CASE("  thne: []\n"), "topic.yaml:3: unknown key \"thne\" in a case"},
	{SUITE_GATEWAY, "- {id: A 1, title: t, then: []}\n",
	 "an id is made of letters, digits and dashes"},
	{SUITE_GATEWAY, CASE("  tags: seed\n"), "topic.yaml:3: tags must be a list of texts"},
	{SUITE_GATEWAY, CASE("  tags: [[a]]\n"), "tags must be a text"},
	{SUITE_GATEWAY, CASE("  steps: []\n"), "a case without steps"},
	{SUITE_GATEWAY, CASE("  steps: 1\n"), "must be a list"},
	{SUITE_GATEWAY, CASE("  steps: []\n  then: []\n"), "either `steps` or"},
	{SUITE_GATEWAY, CASE("  when: []\n"), "a step without \"then\""},
	{SUITE_GATEWAY, CASE("  then: []\n"), "topic.yaml:3: a step without a check"},
	{SUITE_GATEWAY, CASE("  steps: [{then: [{backend: none}], of: 1}]\n"),
	 "unknown key \"of\" in a step"},
	{SUITE_GATEWAY, WHEN("1"), "an action must be an object"},
	{SUITE_GATEWAY, WHEN("{}"), "an action must be an object"},
	{SUITE_GATEWAY, WHEN("{got: /}"), "topic.yaml:3: unknown key \"got\" in an action"},
	{SUITE_GATEWAY, WHEN("{host: a}"), "an action is one of"},
	{SUITE_GATEWAY, WHEN("{get: /, post: /}"), "an action is one of"},
	{SUITE_GATEWAY, WHEN("{post: /, body: a, form: {a: b}}"), "a request has one body"},
	{SUITE_GATEWAY, WHEN("{request: {path: /}}"), "request without \"method\""},
	{SUITE_GATEWAY, WHEN("{get: [1]}"), "get must be a text"},
	{SUITE_GATEWAY, WHEN("{get: /, port: no}"), "port must be one of: proxy https management"},
	{SUITE_GATEWAY, WHEN("{get: /, repeat: -1}"), "repeat must be a whole number"},
	{SUITE_GATEWAY, WHEN("{post: /, body_bytes: 1073741825}"),
	 "body_bytes must be a whole number, at most 1073741824"},
	{SUITE_GATEWAY, WHEN("{get: /, internal: 1}"), "internal must be true or false"},
	{SUITE_GATEWAY, WHEN("{get: /, fields: {a: {}}}"), "fields must be a text"},
	{SUITE_GATEWAY, WHEN("{get: /, fields: 1}"), "fields must be an object"},
	{SUITE_GATEWAY, WHEN("{wait: 5}"), "wait must be a duration"},
	{SUITE_GATEWAY, WHEN("{wait: 5s, get: /}"), "\"wait\" stands alone"},
	{SUITE_GATEWAY, WHEN("{clock: noon}"), "clock must be a time"},
	{SUITE_GATEWAY, WHEN("{set: {back: 1}}"), "unknown key \"back\" in set"},
	{SUITE_GATEWAY, WHEN("{set: 1}"), "set must be an object"},
	{SUITE_GATEWAY, WHEN("{raw: a}"), "raw must be a list of texts"},
	{SUITE_GATEWAY, WHEN("{raw: []}"), "raw says nothing"},
	{SUITE_GATEWAY, WHEN("{raw: [a], host: b}"), "unknown key \"host\" in raw"},
	{SUITE_GATEWAY, WHEN("{stop: it}"), "no target, server or process \"it\""},
	{SUITE_GATEWAY, THEN("{answer: {status: 200}, backend: none}"), "is one check"},
	{SUITE_GATEWAY, THEN("{answer: {state: 200}}"), "unknown key \"state\" in answer"},
	{SUITE_GATEWAY, THEN("{answer: 200}"), "answer must be an object"},
	{SUITE_GATEWAY, THEN("{answers: {}}"), "answers must be a list"},
	{SUITE_GATEWAY, THEN("{backend: any}"), "backend must be an object"},
	{SUITE_GATEWAY, THEN("{backend: [none]}"), "backend must be an object"},
	{SUITE_GATEWAY, THEN("{answer: {body: {matches: \"(\"}}}"), "body: invalid pattern"},
	{SUITE_GATEWAY, THEN("{answer: {body: {matches: 1}}}"), "body must be {matches: PATTERN}"},
	{SUITE_GATEWAY, THEN("{answer: {body: {absent: 1}}}"), "{absent: true} or {any: true}"},
	{SUITE_GATEWAY, THEN("{answer: {body: [1]}}"), "body must be a text, {matches"},
	{SUITE_GATEWAY, THEN("{answer: {body_json: {a: [{matches: \"(\"}]}}}"), "invalid pattern"},
	{SUITE_GATEWAY, THEN("{answer: {fields: {A: [{absent: no}]}}}"), "fields must be"},
	{SUITE_GATEWAY, GIVEN("source: disk"), "source must be one of: file portal"},
	{SUITE_GATEWAY, GIVEN("upstream: ecko"), "upstream must be an object"},
	{SUITE_GATEWAY, GIVEN("backend: [{fault: late}]"), "fault must be one of: refuse close"},
	{SUITE_GATEWAY, GIVEN("portal: {/a: [1]}"), "portal must be an object"},
	{SUITE_GATEWAY, GIVEN("portal: 1"), "portal must be an object"},
	{SUITE_GATEWAY, GIVEN("names: {a: {}}"), "names must be a text"},
	{SUITE_GATEWAY, GIVEN("config: 1"), "config must be an object"},
	{SUITE_GATEWAY, GIVEN("limits: []"), "unknown key \"limits\" in given"},
	{SUITE_BACKEND, GIVEN("upstream: echo"), "unknown key \"upstream\" in given"},
	{SUITE_BACKEND, GIVEN("services: {S1: 1}"), "services must be an object"},
	{SUITE_BACKEND, GIVEN("services: 1"), "services must be an object"},
	{SUITE_BACKEND, GIVEN("limits: [{service: S1, day: 1}]"), "limits without \"metric\""},
	{SUITE_BACKEND, GIVEN("limits: [{service: S1, metric: hits}]"), "a limit has one period"},
	{SUITE_BACKEND, GIVEN("limits: [{service: S1, metric: hits, day: 1, hour: 1}]"),
	 "a limit has one period"},
	{SUITE_BACKEND, GIVEN("application_keys: {A1: x}"), "must be a list of texts"},
	{SUITE_BACKEND, GIVEN("role: boss"), "role must be one of: all listener worker cron"},
	{SUITE_BACKEND, GIVEN("servers: {a: {}}"), "servers without \"kind\""},
	{SUITE_BACKEND, GIVEN("servers: {a: {kind: redis, port: 65536}}"),
	 "port must be a port, 1 to 65535"},
	{SUITE_BACKEND, GIVEN("servers: {a: {kind: disk}}"), "kind must be one of: redis sentinel"},
	{SUITE_BACKEND, GIVEN("servers: {a: {kind: redis, replica_of: b}}"),
	 "topic.yaml:3: no server of kind redis \"b\""},
	{SUITE_BACKEND,
	 GIVEN("servers: {a: {kind: sentinel}, b: {kind: sentinel, watches: {g: a}}}"),
	 "no server of kind redis \"a\""},
	{SUITE_BACKEND, WHEN("{run: {role: worker}}"), "run without \"as\""},
	{SUITE_BACKEND, WHEN("{run: {role: boss, as: w}}"), "role must be one of: all listener"},
	{SUITE_BACKEND, WHEN("{kill: process.w}"), "no process \"w\""},
	{SUITE_BACKEND, WHEN("{stop: server.a}"), "no server \"a\""},
	{SUITE_BACKEND, WHEN("{start: process.a}"), "no target or server \"process.a\""},
	{SUITE_BACKEND, WHEN("{get: /, of: w}"), "topic.yaml:3: no process \"w\""},
	{SUITE_BACKEND, WHEN("{redis: [GET], server: a}"), "no server \"a\""},
	{SUITE_BACKEND, WHEN("{until: {redis: {command: [GET], reply: 1, server: a}}}"),
	 "no server \"a\""},
	{SUITE_BACKEND, WHEN("{until: {redis: {command: [GET]}}}"), "redis has one of"},
	{SUITE_BACKEND, WHEN("{until: {}}"), "is one check"},
	{SUITE_BACKEND, WHEN("{get: /, until: {redis: {}}}"), "unknown key \"redis\" in until"},
	{SUITE_BACKEND, THEN("{exit: {status: 0, of: w}}"), "no process \"w\""},
	{SUITE_BACKEND, THEN("{log: {of: w, contains: x}}"), "no process \"w\""},
	{SUITE_BACKEND, THEN("{log: {matches: \"(\"}}"), "matches: invalid pattern"},
	{SUITE_BACKEND, GIVEN("release: 3"), "release must be one of: 2.5 2.6 current"},
	{SUITE_BACKEND, GIVEN("users: [U]"), "users must be an object"},
	{SUITE_BACKEND, GIVEN("hook: [{state: 1}]"), "unknown key \"state\" in hook"},
	{SUITE_BACKEND, WHEN("{cron: twice}"), "cron must be one of: once"},
	{SUITE_BACKEND, WHEN("{forget: true, get: /}"), "\"forget\" stands alone"},
	{SUITE_BACKEND, WHEN("{redis: GET}"), "redis must be a list of texts"},
	{SUITE_BACKEND, WHEN("{redis: [GET], in: both}"), "in must be one of: storage queues"},
	{SUITE_BACKEND, WHEN("{redis: [GET], at: x}"), "topic.yaml:3: unknown key \"at\" in redis"},
	{SUITE_BACKEND, WHEN("{post: /, body: a, body_repeat: {text: a, count: 1}}"),
	 "a request has one body"},
	{SUITE_BACKEND, WHEN("{post: /, body_repeat: {text: a}}"), "body_repeat without \"count\""},
	{SUITE_BACKEND, WHEN("{post: /, chunked: 1}"), "chunked must be true or false"},
	{SUITE_BACKEND, WHEN("{get: /, query_bytes: x}"), "query_bytes must be a whole number"},
	{SUITE_BACKEND, THEN("{redis: {reply: 1}}"), "redis without \"command\""},
	{SUITE_BACKEND, THEN("{redis: {command: [GET]}}"), "one of `reply`, `reply_json`"},
	{SUITE_BACKEND, THEN("{redis: {command: [GET], reply: 1, reply_json: 1}}"),
	 "topic.yaml:3: redis has one of"},
	{SUITE_BACKEND, THEN("{redis: {command: [GET], reply: {matches: \"(\"}}}"),
	 "invalid pattern"},
	{SUITE_PORTAL, GIVEN("backend: real"), "backend must be an object"},
	{SUITE_PORTAL, GIVEN("backend: echo"), "backend must be an object"},
	{SUITE_PORTAL, GIVEN("smtp: false"), "smtp must be an object"},
	{SUITE_PORTAL, GIVEN("smtp: {host: a}"), "unknown key \"host\" in smtp"},
	{SUITE_PORTAL, GIVEN("apicast: real"), "apicast must be an object"},
	{SUITE_PORTAL, GIVEN("apicast: {env: {}}"), "unknown key \"env\" in apicast"},
	{SUITE_PORTAL, GIVEN("release: current"), "release must be one of: 2.5 2.6 later"},
	{SUITE_PORTAL, GIVEN("config: {}"), "unknown key \"config\" in given"},
	{SUITE_PORTAL, WHEN("{get: /, put: /}"), "an action is one of"},
	{SUITE_PORTAL, WHEN("{get: /, by: post}"), "by must be one of: basic"},
	{SUITE_PORTAL, WHEN("{post: /, form: 1}"), "form must be an object"},
	{SUITE_PORTAL, WHEN("{post: /, form: {}, multipart: {}}"), "a request has one body"},
	{SUITE_PORTAL, WHEN("{post: /, multipart: {a: {file: b}}}"), "without \"content\""},
	{SUITE_PORTAL, WHEN("{post: /, multipart: {a: [b]}}"), "multipart must be a text"},
	{SUITE_PORTAL, WHEN("{get: /, keep: {a: (}}"), "keep: invalid pattern"},
	{SUITE_PORTAL, WHEN("{get: /, keep: {a: {yaml: b}}}"), "unknown key \"yaml\" in keep"},
	{SUITE_PORTAL, WHEN("{sql: a, get: /}"), "unknown key \"get\" in sql"},
	{SUITE_PORTAL, WHEN("{job: daily, get: /}"), "\"job\" stands alone"},
	{SUITE_PORTAL, THEN("{log: {of: backend, contains: x}}"), "no process \"backend\""},
	{SUITE_PORTAL, THEN("{answer: {keys: {a: b}}}"), "keys must be a list of texts"},
	{SUITE_PORTAL, THEN("{answer: {body_json: {item_count: x}}}"), "{item_count: N}"},
	{SUITE_PORTAL, THEN("{answer: {json_exactly: [{matches: \"(\"}]}}"), "invalid pattern"},
};

START_TEST(what_no_case_may_hold_is_refused_with_its_place)
{
	ck_assert(!read_suite(refused[_i].suite, refused[_i].content));
	ck_assert_msg(str_find(str_from(error.text), str_from(refused[_i].error)) != STR_NOT_FOUND,
		      "\"%s\" is not \"%s\"", error.text, refused[_i].error);
	ck_assert(str_has_prefix(str_from(error.text), STR("suites/gateway/topic.yaml:")));
}
END_TEST

START_TEST(everything_that_the_format_has_is_accepted)
{
	must_read(SUITE_GATEWAY,
		  "- id: A-1\n"
		  "  title: all\n"
		  "  needs: [virtual-time]\n"
		  "  covers: [A-2]\n"
		  "  given:\n"
		  "    source: portal\n"
		  "    config: [{id: 1}, {id: 2}]\n"
		  "    environment: {A: b, C: 1}\n"
		  "    arguments: [-b, 1]\n"
		  "    backend: {status: 200, fields: {A: [b, c]}, body: x, delay: 20ms}\n"
		  "    upstream: [{json: {a: 1}}, {fault: cut}]\n"
		  "    portal: {/a: {status: 404}, /b: [{status: 200}]}\n"
		  "    names: {a: 127.0.0.1, b: [127.0.0.1, 127.0.0.2], c: null}\n"
		  "    proxy: [{status: 407}]\n"
		  "    tls: {backend: server, upstream: server, portal: server}\n"
		  "    start: fails\n"
		  "  when:\n"
		  "    - {get: /, host: a, fields: {A: b}, port: management, repeat: 2}\n"
		  "    - {post: /, form: {a: b}}\n"
		  "    - {get: /, port: https, certificate: client, trust: authority}\n"
		  "    - {post: /, json: {a: b}, internal: true}\n"
		  "    - {request: {method: PUT, path: /, fields: {A: b}, body: x}}\n"
		  "    - {request: {method: PUT, path: /}, body_bytes: 10}\n"
		  "    - {raw: [a, b], port: metrics, to: '127.0.0.1:1'}\n"
		  "    - {wait: 300s}\n"
		  "    - {wait: 5m}\n"
		  "    - {drain: true}\n"
		  "    - {clock: 2019-06-04T10:20:30Z}\n"
		  "    - {set: {backend: [{fault: refuse}], upstream: echo, config_text: x}}\n"
		  "    - {stop: target}\n"
		  "  then:\n"
		  "    - answer: {status: 200, reason: OK, body: x, body_contains: x, body_json: "
		  "[1],\n"
		  "               body_bytes: 1, fields: {A: [b, {any: true}]}, no_fields: [B],\n"
		  "               failure: {any: true}, interim: 100}\n"
		  "    - answers: [{status: 200}]\n"
		  "    - {backend: {method: GET, path: /, target: /, query: {a: b}, query_exactly: "
		  "{},\n"
		  "                 no_query: [a], body_form: {a: b}}}\n"
		  "    - {upstream: none}\n"
		  "    - {proxy: {method: CONNECT, server_name: a, certificates: 1}}\n"
		  "    - {proxy_calls: 1}\n"
		  "    - {portal: [{path: /}]}\n"
		  "    - {backend_calls: 1}\n"
		  "    - {order: [upstream, backend]}\n"
		  "    - {log: {contains: x}}\n"
		  "    - {exit: {status: 1}}\n"
		  "    - {xml: {error@code: x}}\n");
	ck_assert_int_eq(case_wait_us(&list.items.items[0]), INT64_C(600) * 1000000);
	must_read(SUITE_BACKEND,
		  "- id: B-1\n"
		  "  title: all\n"
		  "  given:\n"
		  "    services: {S1: {state: suspended}}\n"
		  "    applications: {A4: {service_id: S1}}\n"
		  "    user_keys: {U4: A4}\n"
		  "    application_keys: {A4: [a]}\n"
		  "    referrer_filters: {A4: [a]}\n"
		  "    limits: [{service: S1, plan: P, metric: hits, week: 4}]\n"
		  "    alert_limits: {S1: [50]}\n"
		  "    clock: 2019-06-04T10:20:30Z\n"
		  "    release: 2.5\n"
		  "    users: {U: {service_id: S1}}\n"
		  "    hook: [{status: 200}]\n"
		  "  when:\n"
		  "    - {redis: [SET, a, 1], in: queues}\n"
		  "    - {forget: true}\n"
		  "    - {cron: once}\n"
		  "    - {get: /%ff, query_bytes: 10, raw_target: true}\n"
		  "    - {post: /, body_repeat: {text: a, separator: b, count: 2, "
		  "head: c}, chunked: true}\n"
		  "  then:\n"
		  "    - {xml: {status/authorized: true}}\n"
		  "    - {redis: {command: [GET, a], in: storage, reply: null}}\n"
		  "    - {redis: {command: [GET, a], sorted: true, reply_json: {}}}\n"
		  "    - {hook: none}\n"
		  "    - {hook_calls: 0}\n");
}
END_TEST

START_TEST(an_id_is_used_once)
{
	must_read(SUITE_GATEWAY, "- {id: A-1, title: t, then: [{backend: none}]}\n");
	ck_assert(!read_suite(SUITE_GATEWAY, "\n- {id: A-1, title: t, then: [{backend: none}]}\n"));
	ck_assert_str_eq(error.text, "suites/gateway/topic.yaml:2: A-1 is already the id of "
				     "suites/gateway/topic.yaml:1");
	ck_assert_int_eq(error.kind, ERROR_CONFLICT);
}
END_TEST

START_TEST(suites_have_names)
{
	enum suite suite = SUITE_GATEWAY;

	ck_assert(suite_from_name(STR("backend"), &suite) && suite == SUITE_BACKEND);
	ck_assert(suite_from_name(STR("portal"), &suite) && suite == SUITE_PORTAL);
	ck_assert(!suite_from_name(STR("toolbox"), &suite));
	ck_assert(str_equal(suite_name(SUITE_GATEWAY), STR("gateway")));
}
END_TEST

static const struct {
	const char *text;
	int64_t duration_us; /* -1: none */
} durations[] = {
	{"20ms", 20000}, {"300s", 300000000}, {"5m", 300000000},   {"1h", INT64_C(3600000000)},
	{"0s", 0},       {"5", -1},           {"s", -1},           {"-1s", -1},
	{"", -1},        {"1.5s", -1},        {"9999999999h", -1},
};

START_TEST(durations_have_a_unit)
{
	int64_t duration_us = -1;

	ck_assert_int_eq(shape_duration_us(str_from(durations[_i].text), &duration_us),
			 durations[_i].duration_us >= 0);
	ck_assert_int_eq(duration_us, durations[_i].duration_us);
}
END_TEST

/* Selection. */

#define THREE                                                                                      \
	"- {id: GW-001, title: a, tags: [seed, cache], then: [{backend: none}]}\n"                 \
	"- {id: GW-002, title: b, tags: [seed], then: [{backend: none}]}\n"                        \
	"- {id: GW-010, title: c, needs: [virtual-time], then: [{backend: none}]}\n"

static const struct {
	const char *words, *ids;
} selections[] = {
	{"", "GW-001 GW-002 GW-010"},
	{"GW-002", "GW-002"},
	{"GW-00*", "GW-001 GW-002"},
	{"GW-001 GW-010", "GW-001 GW-010"},
	{"tag:seed", "GW-001 GW-002"},
	{"tag:c*", "GW-001"},
	{"needs:virtual-time", "GW-010"},
	{"!tag:seed", "GW-010"},
	{"GW-0* !GW-002", "GW-001 GW-010"},
	{"topic", "GW-001 GW-002 GW-010"},
	{"topic.yaml !GW-010", "GW-001 GW-002"},
	{"suites/gateway/topic.yaml GW-001", "GW-001 GW-002 GW-010"},
	{"GW-9*", NULL},
	{"tag:none", NULL},
	{"!GW-9*", NULL},
	{"other.yaml", NULL},
	{"GW-001 !GW-001", NULL},
};

START_TEST(words_select_cases)
{
	struct str words[4], rest = str_from(selections[_i].words);
	struct str selected = STR("");
	size_t count = 0;

	must_read(SUITE_GATEWAY, THREE);
	while (str_next_field(&rest, ' ', &words[count]))
		count++;
	ck_assert_int_eq(selection_check(words, count, &list, &error), selections[_i].ids != NULL);
	ck_assert_int_eq(error.kind == ERROR_NOT_FOUND, selections[_i].ids == NULL);
	for (size_t i = 0; i < list.items.count; i++) {
		if (selection_includes(words, count, &list.items.items[i]))
			selected = STR_CONCAT(arena, selected, STR(" "), list.items.items[i].id);
	}
	if (selections[_i].ids != NULL)
		ck_assert_msg(str_equal(str_skip(selected, 1), str_from(selections[_i].ids)),
			      "%.*s", STR_ARG(selected));
}
END_TEST

/* Needs. */

static const struct {
	enum suite suite;
	const char *content, *start, *url, *claims;
	bool is_virtual;
	const char *missing;
} need_rows[] = {
	{SUITE_GATEWAY, WHEN("{get: /}"), "", "", "", false, ""},
	{SUITE_GATEWAY, CASE("  needs: [oidc]\n  then: [{backend: none}]\n"), "", "", "", false,
	 ""},
	{SUITE_GATEWAY, CASE("  needs: [oidc]\n  then: [{backend: none}]\n"), "x {port}", "", "",
	 false, "oidc"},
	{SUITE_GATEWAY, CASE("  needs: [oidc]\n  then: [{backend: none}]\n"), "x {port}", "",
	 "a, oidc", false, ""},
	{SUITE_GATEWAY, CASE("  needs: [virtual-time]\n  then: [{backend: none}]\n"), "", "", "",
	 false, "virtual-time"},
	{SUITE_GATEWAY, CASE("  needs: [virtual-time]\n  then: [{backend: none}]\n"), "", "", "",
	 true, ""},
	{SUITE_BACKEND, CASE("  needs: [real-redis]\n  then: [{hook: none}]\n"), "", "", "", true,
	 "real-redis"},
	{SUITE_BACKEND, CASE("  needs: [real-redis]\n  then: [{hook: none}]\n"), "", "", "", false,
	 ""},
	{SUITE_GATEWAY, WHEN("{wait: 2s}"), "", "", "", false, ""},
	{SUITE_GATEWAY, WHEN("{wait: 1s}, {wait: 1001ms}"), "", "", "", false, "virtual-time"},
	{SUITE_GATEWAY, WHEN("{wait: 1h}"), "", "", "", true, ""},
	{SUITE_BACKEND, WHEN("{pause: 2s}, {wait: 1h}"), "", "", "", false, ""},
	{SUITE_BACKEND, WHEN("{pause: 2001ms}"), "", "", "", false, "virtual-time"},
	{SUITE_BACKEND, WHEN("{pause: 1h}"), "", "", "", true, ""},
	{SUITE_GATEWAY, GIVEN("arguments: [-b]"), "", "", "", false, ""},
	{SUITE_GATEWAY, GIVEN("arguments: [-b]"), "x", "", "", false, "command-line"},
	{SUITE_GATEWAY, GIVEN("arguments: [-b]"), "x", "", "command-line", false, ""},
	{SUITE_GATEWAY, WHEN("{get: /, port: management}"), "", "", "", false, ""},
	{SUITE_GATEWAY, WHEN("{get: /, port: management}"), "x {management_port}", "", "", false,
	 ""},
	{SUITE_GATEWAY, WHEN("{get: /, port: management}"), "x management_port", "", "", false,
	 "the management port"},
	{SUITE_GATEWAY, WHEN("{get: /, port: metrics}"), "", "http://a", "", false,
	 "the metrics port"},
	{SUITE_GATEWAY, WHEN("{get: /, port: proxy}"), "", "http://a", "", false, ""},
	{SUITE_GATEWAY, GIVEN("environment: {A: b}"), "", "http://a", "", false,
	 "a target that the runner starts"},
	{SUITE_GATEWAY, WHEN("{stop: target}"), "", "http://a", "", false,
	 "a target that the runner starts"},
	{SUITE_GATEWAY, THEN("{log: {contains: x}}"), "", "http://a", "", false,
	 "a target that the runner starts"},
	{SUITE_BACKEND, WHEN("{wait: 1h}"), "", "", "", false, ""},
	{SUITE_BACKEND, WHEN("{wait: 1h}"), "x", "", "", false, "test-hooks"},
	{SUITE_BACKEND, WHEN("{drain: true}"), "x", "", "", false, "test-hooks"},
	{SUITE_BACKEND, WHEN("{forget: true}"), "x", "", "", false, "test-hooks"},
	{SUITE_BACKEND, WHEN("{cron: once}"), "x", "", "", false, "test-hooks"},
	{SUITE_BACKEND, WHEN("{redis: [GET, a]}"), "x", "", "", false, "redis"},
	{SUITE_BACKEND, WHEN("{redis: [GET, a]}"), "", "", "", false, ""},
	{SUITE_BACKEND, THEN("{redis: {command: [GET, a], reply: 1}}"), "x", "", "", false,
	 "redis"},
	{SUITE_BACKEND, WHEN("{until: {redis: {command: [GET, a], reply: 1}}}"), "x", "", "", false,
	 "redis"},
	{SUITE_BACKEND,
	 CASE("  given: {servers: {a: {kind: redis}}}\n  when: [{redis: [GET, a], server: a},\n"
	      "         {until: {redis: {command: [GET, a], reply: 1, server: a}}}]\n"
	      "  then: [{redis: {command: [GET, a], reply: 1, server: a}}]\n"),
	 "x", "", "", false, ""},
	{SUITE_BACKEND, WHEN("{run: {role: worker, as: w}}"), "x", "", "", false,
	 "a command for the role worker"},
	{SUITE_BACKEND, WHEN("{run: {role: worker, as: w}}"), "", "", "", false, ""},
	{SUITE_BACKEND, WHEN("{run: {role: listener, as: l}}"), "x", "", "", false, ""},
	{SUITE_BACKEND, GIVEN("role: listener"), "x", "", "", false, ""},
	{SUITE_BACKEND, GIVEN("role: check-storage"), "x", "", "", false,
	 "a command for the role check-storage"},
	{SUITE_BACKEND, GIVEN("role: listener"), "", "", "", false, ""},
	{SUITE_BACKEND, GIVEN("release: current"), "x", "", "", false, "release-current"},
	{SUITE_BACKEND, GIVEN("release: current"), "x", "", "release-current", false, ""},
	{SUITE_BACKEND, GIVEN("release: 2.6"), "x", "", "", false, ""},
	{SUITE_BACKEND, WHEN("{get: /}"), "x", "", "", false, ""},
	{SUITE_BACKEND, GIVEN("clock: 2019-06-04T10:20:30Z"), "x", "", "test-hooks", false, ""},
};

START_TEST(a_case_is_skipped_when_the_target_lacks_something)
{
	struct run_options options = {
		.plan = {.suite = need_rows[_i].suite,
			 .start_command = str_from(need_rows[_i].start),
			 .url = str_from(need_rows[_i].url)},
		.claims = str_from(need_rows[_i].claims),
		.is_virtual = need_rows[_i].is_virtual,
	};
	struct str missing;

	must_read(need_rows[_i].suite, need_rows[_i].content);
	missing = run_missing_need(&options, &list.items.items[0], arena);
	ck_assert_msg(str_equal(missing, str_from(need_rows[_i].missing)), "%.*s",
		      STR_ARG(missing));
}
END_TEST

#define ROWS(rows) (int)(sizeof(rows) / sizeof *(rows))

Suite *conformance_runner_case_read_suite(void);
Suite *conformance_runner_case_read_suite(void)
{
	Suite *suite = suite_create("conformance_runner_case_read");
	TCase *tests = tcase_create("case_read");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_case_with_one_round_is_a_case_with_one_step);
	tcase_add_loop_test(tests, what_no_case_may_hold_is_refused_with_its_place, 0,
			    ROWS(refused));
	tcase_add_test(tests, everything_that_the_format_has_is_accepted);
	tcase_add_test(tests, an_id_is_used_once);
	tcase_add_test(tests, suites_have_names);
	tcase_add_loop_test(tests, durations_have_a_unit, 0, ROWS(durations));
	tcase_add_loop_test(tests, words_select_cases, 0, ROWS(selections));
	tcase_add_loop_test(tests, a_case_is_skipped_when_the_target_lacks_something, 0,
			    ROWS(need_rows));
	suite_add_tcase(suite, tests);
	return suite;
}
