/* The runner as a whole: gateways, options and reports. */
#include "conformance/runner/conform.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "conformance/runner/bench_test.h"
#include "sim/sim.h"
#include "sim/sim_internal.h"
#include "world/files.h"

/* Good cases: everything the runner plays. */

static const char *const good[] = {
	"  when: [{get: '/a?user_key=k'}]\n"
	"  then:\n"
	"    - answer: {status: 200, body_json: {method: GET, path: /a, query: user_key=k}}\n"
	"    - backend: {query_exactly: {service_id: 42, 'usage[hits]': 1, user_key: k}}\n"
	"    - upstream: {path: /a, fields: {Host: 127.0.0.1}}\n"
	"    - order: [backend, upstream]\n"
	"    - log: {contains: /a was called}\n",

	"  when: [{get: /}]\n"
	"  then: [{answer: {status: 401}}, {backend: none}, {upstream: none}]\n",

	"  given: {source: portal, config: {id: 7}}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then:\n"
	"    - {answer: {status: 200}}\n"
	"    - portal: [{path: /admin/api/services.json},\n"
	"               {path: /admin/api/services/7/proxy/configs/production/latest.json}]\n",

	"  given: {source: portal, config: [{id: 7}, {id: 8, proxy: {hosts: [b.test]}}],\n"
	"          portal: {'/x?y=1': {status: 418}}}\n"
	"  steps:\n"
	"    - when: [{get: '/portal?target=/admin/api/services.json'}]\n"
	"      then: [{answer: {body_json: {services: [{service: {id: 7}}, {service: {id: "
	"8}}]}}}]\n"
	"    - when: [{get: "
	"'/portal?target=/admin/api/services/9/proxy/configs/production/latest.json'},\n"
	"             {get: '/portal?target=/x'}, {get: '/portal?target=/x%3Fy%3D1'}]\n"
	"      then: [{answers: [{status: 404}, {status: 404}, {status: 418}]}]\n"
	"    - when: [{get: '/portal?target=/master/api/proxy/configs/staging.json'}]\n"
	"      then:\n"
	"        - answer:\n"
	"            body_json:\n"
	"              proxy_configs:\n"
	"                - {proxy_config: {id: 907, version: 1, environment: staging, content: "
	"{id: 7}}}\n"
	"                - {proxy_config: {content: {id: 8}}}\n"
	"    - when: [{get: "
	"'/portal?target=/master/api/proxy/configs/staging.json%3Fhost%3Db.test'}]\n"
	"      then: [{answer: {body_json: {proxy_configs: [{proxy_config: {content: {id: "
	"8}}}]}}}]\n"
	"    - when: [{get: "
	"'/portal?target=/admin/api/account/proxy_configs/sandbox.json%3Fpage%3D2'}]\n"
	"      then: [{answer: {body_json: {proxy_configs: []}}}]\n",

	"  given: {source: portal, portal: {/admin/api/services.json: [{status: 500}, {json: "
	"{}}]}}\n"
	"  when: [{get: '/?user_key=k', repeat: 2}]\n"
	"  then: [{answers: [{status: 404}, {status: 404}]}, {portal_calls: 2}]\n",

	"  given: {backend: [{status: 200, delay: 3s}, {fault: close}, {status: 409}]}\n"
	"  when: [{get: '/?user_key=k', repeat: 4}]\n"
	"  then: [{answers: [{status: 200}, {status: 403}, {status: 403}, {status: 403}]}]\n",

	"  given: {upstream: [{status: 201, body: made, fields: {A: [b, c]}}, {fault: cut, body: "
	"abc}]}\n"
	"  when: [{post: '/?user_key=k', body: x}, {get: '/?user_key=k'}, {get: '/?user_key=k'}]\n"
	"  then:\n"
	"    - {answers: [{status: 201, body: made}, {status: 502}, {status: 502}]}\n"
	"    - {upstream: [{method: POST, body: x}, {method: GET}, {}]}\n",

	"  given: {backend: {fault: refuse}}\n"
	"  steps:\n"
	"    - {when: [{get: '/?user_key=k'}], then: [{answer: {status: 403}}, {backend: none}]}\n"
	"    - when: [{set: {backend: {status: 200}}}, {get: '/?user_key=k'}]\n"
	"      then: [{answer: {status: 200}}, {backend_calls: 1}]\n"
	"    - when: [{set: {backend: {fault: refuse}, upstream: {status: 204}}}, {get: "
	"'/?user_key=k'}]\n"
	"      then: [{answer: {status: 403}}]\n",

	"  given: {config: [{proxy: {hosts: [one.example.com]}}, {id: 43}]}\n"
	"  steps:\n"
	"    - when: [{request: {method: PUT, path: '/?user_key=k', fields: {A: b}, body: text}}]\n"
	"      then: [{upstream: {method: PUT, body: text}}]\n"
	"    - when: [{set: {config_text: '{}'}}, {get: '/?user_key=k', host: other}]\n"
	"      then: [{answer: {status: 404, body: no configuration}}]\n",

	"  given: {config_text: nonsense}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then: [{answer: {status: 404}}]\n",

	"  when: [{post: '/?user_key=k', form: {a: 'b c'}}, {post: '/?user_key=k', json: {a: 1}},\n"
	"         {post: '/?user_key=k', body_bytes: 20}]\n"
	"  then: [{upstream: [{body_form: {a: b c}}, {body_json: {a: 1}}, {body: "
	"0123456789abcdef0123}]}]\n",

	"  given: {environment: {FAKE: late}}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then: [{answer: {status: 200}}, {order: [upstream, backend]}, {backend_calls: 1}]\n",

	"  given: {names: {one.test: 10.1.1.1, two.test: [10.1.1.1, 10.1.1.2], gone.test: null}}\n"
	"  steps:\n"
	"    - when: [{get: '/resolve?name=one.test'}, {get: '/resolve?name=TWO.test'}]\n"
	"      then: [{answers: [{body: 10.1.1.1}, {body: 10.1.1.2}]}]\n"
	"    - when: [{get: '/resolve?name=gone.test'}, {get: '/resolve?name=never.test'}]\n"
	"      then: [{answers: [{status: 404}, {status: 404}]}]\n"
	"    - when: [{set: {names: {gone.test: 10.1.1.3}}}, {get: '/resolve?name=gone.test'}]\n"
	"      then: [{answer: {body: 10.1.1.3}}]\n",

	"  when: [{get: /, port: management}]\n"
	"  then: [{answer: {status: 200, body: management}}]\n",

	"  given: {environment: {FAKE: exit}, start: fails}\n"
	"  then: [{exit: {status: 3}}, {log: {contains: missing configuration}}]\n",

	"  given: {arguments: [--exit, 'x'], start: fails}\n"
	"  then: [{exit: {status: 3}}]\n",

	"  when: [{get: '/?user_key=k', host: a.test, fields: {A: [b, c], D: e}}]\n"
	"  then: [{answer: {status: 200}}, {log: {not_contains: '[error]'}}]\n",

	"  given: {upstream: [{status: 200}, {fault: refuse}]}\n"
	"  when: [{get: '/?user_key=k', repeat: 3}]\n"
	"  then: [{answers: [{status: 200}, {status: 502}, {status: 502}]}, {upstream_calls: 1}]\n",

	"  when: [{get: '/?user_key=k'}, {stop: target}]\n"
	"  then: [{exit: {status: 0}}]\n",

	"  when: [{wait: 10m}, {get: '/?user_key=k'}, {get: '/', repeat: 0}]\n"
	"  then: [{answer: {status: 200}}]\n",

	"  given: {environment: {FAKE: die}}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then: [{answer: {failure: {any: true}}}, {exit: {status: 9}}]\n",

	"  given: {files: {a.log: \"first\\nsecond\\nhalf\", deep/er/b.log: x}}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then: [{log: {in: a.log, matches: '^second$'}}, {log: {in: a.log, not_contains: "
	"half}},\n"
	"         {log: {in: b.log, not_contains: x}}, {log: {not_contains: second}}]\n",

	"  given: {environment: {SERVER: 'syslog:server={syslog}', FOLDER: '{folder}'}}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then: [{answer: {status: 200}}, {log: {in: syslog, not_contains: ' '}}]\n",

	"  when:\n"
	"    - raw: [\"POST /a?user_key=k HTTP/1.1\\r\\nHost: x\\r\\nExpect: "
	"100-continue\\r\\nContent-Length: 3\\r\\n\\r\\n\", abc]\n"
	"    - raw: [\"GET / HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n\"]\n"
	"    - raw: [\"GET /\\r\\n\\r\\n\"]\n"
	"    - {raw: [x], to: '127.0.0.1:1'}\n"
	"  then:\n"
	"    - answers:\n"
	"        - {status: 200, interim: 100, body_contains: user_key}\n"
	"        - {status: 401, interim: {absent: true}, body: who?}\n"
	"        - {status: 400}\n"
	"        - {failure: 'no answer: connection closed'}\n"
	"    - {upstream: {method: POST, path: /a, body: abc}}\n",

	"  when:\n"
	"    - raw: [\"CONNECT 127.0.0.1:1 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\"]\n"
	"      to: '127.0.0.1:{proxy_port}'\n"
	"    - raw: [\"GET http://a/b HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\"]\n"
	"      to: '127.0.0.1:{proxy_port}'\n"
	"    - set: {proxy: [{status: 407}]}\n"
	"    - raw: [\"CONNECT 127.0.0.1:1 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\"]\n"
	"      to: '127.0.0.1:{proxy_port}'\n"
	"    - set: {proxy: [{fault: refuse}]}\n"
	"    - raw: [\"GET http://a/b HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\"]\n"
	"      to: '127.0.0.1:{proxy_port}'\n"
	"  then:\n"
	"    - {answers: [{status: 200}, {body_json: {path: http://a/b}}, {status: 407}, {failure: "
	"{any: true}}]}\n"
	"    - proxy: [{method: CONNECT, target: 127.0.0.1:1}, {method: GET}, {method: CONNECT}]\n",

	"  given: {environment: {FAKE: stubborn}}\n"
	"  when: [{get: '/?user_key=k'}]\n"
	"  then: [{answer: {status: 200}}]\n",
};

START_TEST(a_good_target_passes)
{
	bench_write_case("gateway", good[_i]);
	expect_run("gateway|--world|sim|-v", 0);
	expect_says("ok      T-1      the case\n1 passed, 0 failed");
}
END_TEST

START_TEST(a_good_command_passes)
{
	bool needs_words = strstr(good[_i], "arguments") != NULL;

	bench_write_case("gateway", good[_i]);
	bench_run("gateway|--world|sim|-v|--start|refscale gateway --port {port} --management-port "
		  "{management_port}");
	if (needs_words)
		expect_says("needs command-line");
	else
		ck_assert_msg(bench.status == 0, "%.*s", STR_ARG(strbuf_str(&bench.output)));
}
END_TEST

/* Bad targets and cases. */

static const struct {
	const char *more;
	int exit_status;
	const char *says;
} bad[] = {
	{"  given: {environment: {FAKE: wrong}}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 1,
	 "FAILED  T-1      the case\n"
	 "  /suites/gateway/topic.yaml:5: answer.status\n"
	 "    expected: 200\n"
	 "    actual:   418\n"
	 "  on the wire:\n"
	 "    client -> target: GET /?user_key=k\n"
	 "      Host: api.example.com\n"
	 "    <- 418 "},
	{"  when: [{get: '/?user_key=k'}]\n  then: [{backend_calls: 2}]\n", 1,
	 "    target -> backend: GET /transactions/authrep.xml?service_id=42"},
	{"  given: {environment: {FAKE: exit}}\n  then: [{backend: none}]\n", 3,
	 "the target ended with status 3 before it was ready"},
	{"  given: {start: fails}\n  then: [{exit: {status: 1}}]\n", 3,
	 "the target is ready, but was expected to fail"},
	{"  given: {environment: {FAKE: mute}}\n  then: [{backend: none}]\n", 3,
	 "no end after 30 s"},
	{"  given: {environment: {FAKE: hang}}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{backend: none}]\n",
	 1, "no end after 30 s"},
	{"  given: {environment: {FAKE: die}}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{backend: none}]\n",
	 1, "    actual:   ended with status 9\n"},
	{"  given: {environment: {FAKE: leave}}\n  then: [{backend: none}]\n", 1,
	 "asked to stop, the target ended with status 5"},
	{"  given: {upstream: [{fault: silent}]}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 1, "(no answer, as told)"},
	{"  given: {upstream: [{fault: cut}]}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 1, "(cut off)"},
	{"  when:\n"
	 "    - raw: [\"POST /?user_key=k HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: "
	 "3\\r\\n\\r\\n\", abc]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 1, "no end after 30 s"},
	{"  given: {backend: [{fault: close}]}\n  when: [{get: '/?user_key=k'}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 1, "(closed, as told)"},
};

START_TEST(what_is_wrong_is_told)
{
	bench_write_case("gateway", bad[_i].more);
	expect_run("gateway|--world|sim", bad[_i].exit_status);
	expect_says(bad[_i].says);
	expect_says("0 passed, 1 failed, 0 skipped\n");
}
END_TEST

START_TEST(a_command_that_does_not_start_is_told)
{
	bench_write_case("gateway", good[0]);
	expect_run("gateway|--world|sim|--start|no-such-thing {config} {port}", 3);
	expect_says("cannot start ");
	expect_run("gateway|--world|sim|--start|FAKE=exit refscale gateway --port {port}", 3);
	expect_says("the target ended with status 3 before it was ready");
}
END_TEST

START_TEST(a_command_gets_the_arguments_of_a_case_when_it_takes_them)
{
	bench_write_case("gateway", "  given: {arguments: [-b, it's]}\n"
				    "  then: [{log: {contains: argument '-b'}},\n"
				    "         {log: {contains: \"argument 'it'\\\\''s'\"}}]\n");
	expect_run("gateway|--world|sim|--claims|other, command-line|--start|refscale gateway "
		   "--port {port}",
		   0);
}
END_TEST

#define MANY                                                                                       \
	"- {id: T-1, title: slow, given: {backend: {delay: 4s}}, when: [{get: '/?user_key=k'}], "  \
	"then: [{answer: {status: 200}}]}\n"                                                       \
	"- {id: T-2, title: fast, when: [{get: '/?user_key=k'}], then: [{answer: {status: "        \
	"200}}]}\n"                                                                                \
	"- {id: T-3, title: long, when: [{wait: 5s}], then: [{backend: none}]}\n"                  \
	"- {id: T-4, title: bad, when: [{get: '/?user_key=k'}], then: [{backend: none}]}\n"

START_TEST(several_cases_run_at_once_and_are_told_in_order)
{
	bench_write_cases("gateway", MANY);
	expect_run("gateway|-v|--jobs|3", 1);
	expect_says("ok      T-1      slow\nok      T-2      fast\n"
		    "skipped T-3      long (needs virtual-time)\nFAILED  T-4      bad\n");
	expect_says("2 passed, 1 failed, 1 skipped\n");
	/* T-1 is given up when T-4 fails. */
	expect_run("gateway|--jobs|3|--fail-fast|T-1|T-4", 1);
	expect_says("FAILED  T-4");
	expect_says("0 passed, 1 failed, 0 skipped\n");
}
END_TEST

START_TEST(a_long_wait_is_skipped_over_sockets)
{
	bench_write_case("gateway", "  when: [{wait: 3s}]\n  then: [{backend: none}]\n");
	expect_run("gateway|-v", 3);
	expect_says("skipped T-1      the case (needs virtual-time)");
}
END_TEST

/* Usage. */

#define TWO                                                                                        \
	"- {id: T-1, title: one, tags: [seed], when: [{get: '/?user_key=k'}], "                    \
	"then: [{answer: {status: 500}}]}\n"                                                       \
	"- {id: T-2, title: two, when: [{get: '/?user_key=k'}], then: [{answer: {status: "         \
	"200}}]}\n"

static const struct {
	const char *words;
	int exit_status;
	const char *says;
} usages[] = {
	{"", 2, "which suite"},
	{"toolbox", 2, "no suite \"toolbox\""},
	{"gateway|--nonsense", 2, "unknown option --nonsense"},
	{"gateway|--report|pdf", 2, "no report \"pdf\", there are: human, tap, junit, json"},
	{"gateway|--start|x|--url|y", 2, "either --start or --url"},
	{"gateway|--start|x {management_port}", 2, "--start must say where the target listens"},
	{"gateway|--jobs|17", 2, "--jobs must be from 1 to 16"},
	{"gateway|--store|redis://x", 2, "--store is for the backend suite"},
	{"backend|--url|x", 2, "--url is for gateways"},
	{"backend|--store|/tmp/x", 2, "--store must be a redis:// URL"},
	{"gateway|--timeout|0", 2, "--timeout must be from 1 to 86400"},
	{"gateway|--timeout|9223372036855", 2, "--timeout must be from 1 to 86400"},
	{"gateway|T-9", 2, "no case matches \"T-9\""},
	{"gateway|T-1|!T-1", 2, "no case is selected"},
	{"gateway|--help", 0, "usage: refscale conform gateway|backend"},
	{"gateway|--list", 0, "T-1      one [seed]\nT-2      two\n"},
	{"gateway|--list|!tag:seed", 0, "T-2      two\n"},
	{"gateway|T-2", 0, "1 passed, 0 failed, 0 skipped\n"},
	{"gateway", 1, "1 passed, 1 failed, 0 skipped\n"},
	{"gateway|--fail-fast", 1, "0 passed, 1 failed, 0 skipped\n"},
	{"gateway|--report|tap", 1, "1..2\nnot ok 1 - T-1 one\n"},
	{"gateway|--report|junit", 1, "<testsuite name=\"gateway\" tests=\"2\" failures=\"1\""},
	{"gateway|--url|x", 3, "missing scheme"},
};

START_TEST(there_are_two_worlds)
{
	bench_write_cases("gateway", TWO);
	expect_run("gateway|--world|moon", 2);
	expect_says("--world must be real or sim, not \"moon\"");
}
END_TEST

START_TEST(a_failed_case_is_repeated_with_the_options_given)
{
	bench_write_cases("gateway", TWO);
	expect_run("gateway|--world|sim|T-1|--timeout|20", 1);
	expect_says("once more: refscale conform gateway T-1 --world sim --timeout 20 "
		    "--suites /suites\n");
}
END_TEST

START_TEST(options_are_checked)
{
	bench_write_cases("gateway", TWO);
	bench_write_cases("backend", TWO);
	expect_run(
		str_cstr(bench.arena, STR_CONCAT(bench.arena, str_from(usages[_i].words),
						 usages[_i].words[0] != '\0' ? STR("|") : STR(""),
						 STR("--world|sim"))),
		usages[_i].exit_status);
	expect_says(usages[_i].says);
}
END_TEST

START_TEST(a_report_goes_to_a_file)
{
	struct world *world = sim_host_world(bench.host, STR("reader"));
	struct str content;

	bench_write_cases("gateway", TWO);
	expect_run("gateway|--world|sim|--report|json|--output|/report.json", 1);
	ck_assert(str_equal(strbuf_str(&bench.output), STR("1 passed, 1 failed, 0 skipped\n")));
	ck_assert(files_read(world, STR("/report.json"), 1 << 20, bench.arena, &content, NULL));
	ck_assert_ptr_nonnull(json_parse(bench.arena, content, 1 << 20, NULL));
	expect_run("gateway|--world|sim|--report|json|--output|/no/such/folder/report", 4);
}
END_TEST

START_TEST(a_bad_case_file_is_wrong_usage)
{
	bench_write_cases("gateway", "- {id: T-1, title: x, thne: []}\n");
	expect_run("gateway", 2);
	expect_says("/suites/gateway/topic.yaml:1: unknown key \"thne\" in a case");
	expect_run("backend", 2);
}
END_TEST

START_TEST(interrupted_it_reports_and_leaves_nothing_behind)
{
	bench_write_cases("gateway",
			  "- {id: T-1, title: one, then: [{backend: none}]}\n"
			  "- {id: T-2, title: two, when: [{wait: 1h}], then: [{backend: none}]}\n");
	bench_start_runner("gateway|--world|sim|--report|tap");
	sim_run_to(bench.sim, 60 * 1000000);
	ck_assert_int_eq(bench.status, -1);
	sim_process_stop(bench.runner);
	ck_assert(sim_run_until(bench.sim, 120 * 1000000, bench_has_ended, NULL));
	ck_assert_int_eq(bench.status, 130);
	expect_says("1..1\nok 1 - T-1 one\n");
}
END_TEST

START_TEST(a_gateway_that_runs_already_is_judged)
{
	const struct str words[] = {STR("refscale"), STR("gateway"),           STR("--port"),
				    STR("8080"),     STR("--management-port"), STR("8090")};
	const struct process_variable variables[] = {
		{STR("THREESCALE_PORTAL_ENDPOINT"), STR("http://token@127.0.0.1:7000")}};
	struct process_options options = {
		.words = words, .words_count = 6, .variables = variables, .variables_count = 1};

	ck_assert_ptr_nonnull(sim_process_start(bench.host, &options, NULL));
	bench_write_cases("gateway",
			  "- id: T-1\n  title: one\n  given: {config: {id: 5}}\n"
			  "  steps:\n"
			  "    - when: [{get: '/?user_key=k'}]\n"
			  "      then: [{answer: {status: 200}}, {portal_calls: 2}]\n"
			  "    - when: [{get: /, port: management}]\n"
			  "      then: [{answer: {body: management}}]\n"
			  "- {id: T-2, title: two, given: {names: {}}, then: [{backend: none}]}\n");
	expect_run("gateway|-v|--url|http://127.0.0.1:8080|--management-url|http://127.0.0.1:8090|"
		   "--portal-port|7000",
		   0);
	expect_says("ok      T-1");
	expect_says("(needs a target that the runner starts)");
}
END_TEST

Suite *conformance_runner_conform_suite(void);
Suite *conformance_runner_conform_suite(void)
{
	Suite *suite = suite_create("conformance_runner_conform");
	TCase *tests = tcase_create("conform");

	tcase_add_checked_fixture(tests, bench_set_up, bench_tear_down);
	tcase_add_loop_test(tests, a_good_target_passes, 0, ROWS(good));
	tcase_add_loop_test(tests, a_good_command_passes, 0, ROWS(good));
	tcase_add_loop_test(tests, what_is_wrong_is_told, 0, ROWS(bad));
	tcase_add_test(tests, a_command_that_does_not_start_is_told);
	tcase_add_test(tests, a_command_gets_the_arguments_of_a_case_when_it_takes_them);
	tcase_add_test(tests, several_cases_run_at_once_and_are_told_in_order);
	tcase_add_test(tests, a_long_wait_is_skipped_over_sockets);
	tcase_add_test(tests, there_are_two_worlds);
	tcase_add_test(tests, a_failed_case_is_repeated_with_the_options_given);
	tcase_add_loop_test(tests, options_are_checked, 0, ROWS(usages));
	tcase_add_test(tests, a_report_goes_to_a_file);
	tcase_add_test(tests, a_bad_case_file_is_wrong_usage);
	tcase_add_test(tests, interrupted_it_reports_and_leaves_nothing_behind);
	tcase_add_test(tests, a_gateway_that_runs_already_is_judged);
	suite_add_tcase(suite, tests);
	return suite;
}
