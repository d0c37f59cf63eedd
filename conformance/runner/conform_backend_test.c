/* The runner as a whole: backends, the Redis they use, and the processes that cases run. */
#include "conformance/runner/bench_test.h"
#include "base/list.h"
#include "sim/sim.h"
#include "sim/sim_internal.h"
#include "world/files.h"

#define AUTHORIZE                                                                                  \
	"  when: [{get: /transactions/authorize.xml}]\n"                                           \
	"  then: [{xml: {status/authorized: true}}]\n"

static const struct {
	const char *more;
	int exit_status;
	const char *says;
} backend_rows[] = {
	{AUTHORIZE, 0, "1 passed"},
	{"  given: {clock: 2019-06-04T10:20:30Z}\n"
	 "  steps:\n"
	 "    - {when: [{get: /now}], then: [{answer: {body: 1559643630}}]}\n"
	 "    - {when: [{wait: 60s}, {drain: true}, {get: /now}], then: [{answers: [{body: "
	 "1559643690}]}]}\n"
	 "    - {when: [{clock: 2019-06-04T00:00:00Z}, {get: /now}], then: [{answer: {body: "
	 "1559606400}}]}\n",
	 0, "1 passed"},
	{"  when: [{wait: 60s}, {get: /now}]\n  then: [{answer: {body: {matches: '^15596'}}}]\n", 0,
	 "1 passed"},
	{"  when: [{get: /internal/x}, {get: /internal/x, internal: true}]\n"
	 "  then: [{answers: [{status: 401}, {status: 201}]}]\n",
	 0, "1 passed"},
	{"  given: {environment: {FAKE: no-fixture}}\n" AUTHORIZE, 3,
	 "POST /internal/services/ was answered with 401"},
	{"  given: {environment: {FAKE: no-drain}}\n  when: [{drain: true}]\n"
	 "  then: [{backend_calls: 0}]\n",
	 1, "POST /__test/drain was answered with 404"},
	{"  given: {applications: {A9: {}}}\n" AUTHORIZE, 3, "application A9 has no service_id"},
	{"  given: {users: {U: {}}}\n" AUTHORIZE, 3, "user U has no service_id"},
	{"  given: {users: {U: {service_id: S1}}, release: 2.5}\n"
	 "  then: [{log: {contains: argument --release}}, {log: {contains: argument 2.5}}]\n",
	 0, "1 passed"},
	{"  steps:\n"
	 "    - {when: [{cron: once}, {get: /now}], then: [{answer: {body: cron}}]}\n"
	 "    - {when: [{forget: true}, {get: /now}], then: [{answer: {body: cache}}]}\n",
	 0, "1 passed"},
	{"  when:\n"
	 "    - {post: /describe, chunked: true, body: '{}'}\n"
	 "    - {get: '/describe?a=1', query_bytes: 100}\n"
	 "    - {get: /describe, query_bytes: 100}\n"
	 "    - {get: '/describe?a=1', query_bytes: 2}\n"
	 "    - {post: /describe, body_repeat: {head: 'h&', text: 'a[{n}]={n}', separator: '&', "
	 "count: 3}}\n"
	 "  then:\n"
	 "    - answers: [{body: 'chunked 2 9 {}'}, {body: {matches: ' 110 '}},\n"
	 "                {body: {matches: ' 110 '}}, {body: {matches: ' 13 '}},\n"
	 "                {body: '22 9 h&a[0]=0&a[1]=1&a[2]=2'}]\n",
	 0, "1 passed"},
	{"  given: {hook: [{status: 403}, {status: 500}], environment: {CONFIG_EVENTS_HOOK: "
	 "'{hook}'}}\n"
	 "  steps:\n"
	 "    - {then: [{hook: none}, {hook_calls: 0}]}\n"
	 "    - when: [{post: /call-hook, form: {secret: s}}, {post: /call-hook}]\n"
	 "      then: [{answers: [{status: 403}, {status: 500}]}, {hook_calls: 2},\n"
	 "             {hook: [{method: POST, path: /hook, body_form: {secret: s}}, {}]}]\n"
	 "    - when: [{set: {hook: {fault: close}}}, {post: /call-hook}]\n"
	 "      then: [{hook: {method: POST}}]\n",
	 0, "1 passed"},
	{"  when: [{redis: [ECHO, 1]}, {redis: [WHERE], in: queues}]\n"
	 "  then:\n"
	 "    - {redis: {command: [WHERE], reply: storage}}\n"
	 "    - {redis: {command: [WHERE], in: queues, reply: {matches: ^que}}}\n"
	 "    - {redis: {command: [ECHO, '[\"b\", 7, null]'], sorted: true, reply: [null, 7, b]}}\n"
	 "    - {redis: {command: [ECHO, 'null'], reply: {absent: true}}}\n"
	 "    - {redis: {command: [ECHO, '\"{\\\"a\\\": [1], \\\"b\\\": 2}\"'], reply_json: {a: "
	 "[1]}}}\n",
	 0, "1 passed"},
	/* Processes. */
	{"  when: [{run: {role: worker, as: w, arguments: [--x], environment: {A: b}}},\n"
	 "         {stop: process.w}]\n"
	 "  then: [{exit: {status: 0, of: w}}, {log: {of: w, contains: argument --x}},\n"
	 "         {log: {not_contains: --x}}, {log: {of: w, not_contains: --test-hooks}},\n"
	 "         {log: {of: w, matches: 'port=0 '}}]\n",
	 0, "1 passed"},
	{"  when: [{run: {role: worker, as: w}}, {get: /metrics, of: w, port: metrics}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 0, "1 passed"},
	{"  given: {role: worker, environment: {FAKE: no-fixture, CONFIG_REDIS_PROXY: x}}\n"
	 "  then: [{log: {contains: argument worker}}, {log: {not_contains: --store}}]\n",
	 0, "1 passed"},
	{"  given: {clock: 2019-06-04T10:20:30Z}\n"
	 "  steps:\n"
	 "    - when: [{run: {role: listener, as: l}}, {get: /now, of: l}]\n"
	 "      then: [{answer: {body: 1559643630}}]\n"
	 "    - when: [{wait: 60s}, {get: /now, of: l}, {get: /now}]\n"
	 "      then: [{answers: [{body: 1559643690}, {body: 1559643690}]}]\n",
	 0, "1 passed"},
	{"  given: {test_hooks: false}\n  when: [{run: {role: listener, as: l}}]\n"
	 "  then: [{log: {not_contains: --test-hooks}}, {log: {of: l, not_contains: "
	 "--test-hooks}}]\n",
	 0, "1 passed"},
	{"  given: {role: worker}\n  when: [{wait: 1s}]\n  then: [{hook: none}]\n", 1,
	 "the target has no clock that could be set"},
	{"  when: [{run: {role: check-storage, as: c, environment: {FAKE: exit}}}]\n"
	 "  then: [{exit: {status: 3, of: c}}, {log: {of: c, contains: no storage}}]\n",
	 0, "1 passed"},
	{"  when: [{run: {role: cron, as: c, environment: {FAKE: exit}}}]\n"
	 "  then: [{hook: none}]\n",
	 1, "topic.yaml:1: c\n    expected: runs\n    actual:   ended with status 3"},
	{"  when: [{run: {role: worker, as: w, environment: {FAKE: leave}}}]\n"
	 "  then: [{hook: none}]\n",
	 1, "asked to stop, w ended with status 5"},
	{"  when: [{run: {role: worker, as: w}}, {kill: process.w}, {stop: process.w}]\n"
	 "  then: [{exit: {status: 137, of: w}}]\n",
	 0, "1 passed"},
	{"  when: [{kill: target}]\n  then: [{exit: {status: 137}}]\n", 0, "1 passed"},
	{"  when: [{get: /, of: w}, {run: {role: worker, as: w}}]\n  then: [{hook: none}]\n", 1,
	 "there is nobody to call"},
	{"  when: [{stop: process.w}, {run: {role: worker, as: w}}]\n  then: [{hook: none}]\n", 1,
	 "w was not run yet"},
	{"  when: [{get: /now, to: '127.0.0.1:{free_port}'}]\n"
	 "  then: [{answer: {failure: {matches: refused}}}]\n",
	 0, "1 passed"},
	{"  when: [{until: {redis: {command: [WHERE], reply: storage}}},\n"
	 "         {get: /now, until: {status: 200}}]\n"
	 "  then: [{answer: {status: 200}}]\n",
	 0, "1 passed"},
	{"  when: [{until: {redis: {command: [WHERE], reply: queues}}}]\n"
	 "  then: [{hook: none}]\n",
	 1, "redis WHERE\n    expected: queues\n    actual:   \"storage\""},
	{"  when: [{get: /now, until: {status: 404}}]\n  then: [{hook: none}]\n", 1,
	 "answer.status\n    expected: 404\n    actual:   200"},
	{"  when: [{get: /now, parallel: 3}, {pause: 5s}]\n"
	 "  then: [{answers: [{status: 200}, {status: 200}, {status: 200}]},\n"
	 "         {redis: {command: [ECHO, '3'], reply_answers: 200}}]\n",
	 0, "1 passed"},
	{"  when: [{redis: [SETT, a]}]\n  then: [{backend_calls: 0}]\n", 1,
	 "redis [\"SETT\",\"a\"]: ERR unknown command"},
	{"  then: [{redis: {command: [GETT, a], reply: b}}]\n", 1,
	 "redis GETT a\n    expected: b\n    actual:   ERR unknown command"},
	{"  then: [{redis: {command: [NOTHING], reply: b}}]\n", 1, "the test hook answered 500"},
	{"  then: [{redis: {command: [ECHO, '[1]'], reply: 1}}]\n", 1, "actual:   [1]"},
};

START_TEST(a_backend_gets_its_fixture_and_its_time)
{
	bench_write_case("backend", backend_rows[_i].more);
	expect_run("backend|--world|sim", backend_rows[_i].exit_status);
	expect_says(backend_rows[_i].says);
}
END_TEST

/* Servers of a case. */

static const struct {
	const char *more;
	int exit_status;
	const char *says;
} server_rows[] = {
	{"  given: {servers: {a: {kind: redis, password: p%w}, b: {kind: redis, replica_of: a}}}\n"
	 "  when: [{redis: [SET, k, v], server: a}, {redis: [SET, k, w], server: a, database: 3},\n"
	 "         {until: {redis: {server: b, command: [GET, k], reply: v}}}]\n"
	 "  then: [{redis: {server: a, command: [DBSIZE], reply: 1}},\n"
	 "         {redis: {server: b, database: 3, command: [GET, k], reply: w}},\n"
	 "         {redis: {server: b, command: [ROLE], reply: [slave, '{server.a.host}', "
	 "'{server.a.port}', connected, {any: true}]}}]\n",
	 0, "1 passed"},
	{"  given:\n    servers:\n      a: {kind: redis}\n      b: {kind: redis, replica_of: a}\n"
	 "      s: {kind: sentinel, watches: {g: a}, password: x, port: 26379, quorum: 2}\n"
	 "      t: {kind: sentinel, watches: {g: a}, password: x, down_after: 200ms, quorum: 2}\n"
	 "  when: [{kill: server.a}, {until: {redis: {server: t, command: [SENTINEL, "
	 "get-master-addr-by-name, g], reply: ['{server.b.host}', '{server.b.port}']}}}]\n"
	 "  then: [{redis: {server: s, command: [PING], reply: PONG}}]\n",
	 0, "1 passed"},
	{"  given: {servers: {a: {kind: redis, persistent: true}, b: {kind: redis}}}\n"
	 "  when: [{redis: [SET, k, v], server: a}, {redis: [SET, k, v], server: b},\n"
	 "         {stop: server.a}, {kill: server.b}, {stop: server.b}, {start: server.a},\n"
	 "         {start: server.b}, {start: server.b}]\n"
	 "  then: [{redis: {server: a, command: [GET, k], reply: v}},\n"
	 "         {redis: {server: b, command: [GET, k], reply: null}}]\n",
	 0, "1 passed"},
	{"  given: {servers: {a: {kind: redis}}}\n  when: [{stop: server.a}]\n"
	 "  then: [{redis: {server: a, command: [PING], reply: PONG}}]\n",
	 1, "redis PING\n    expected: PONG\n    actual:   connection refused"},
	{"  given: {servers: {a: {kind: redis}, b: {kind: sentinel, watches: {g g: a}}}}\n"
	 "  then: [{hook: none}]\n",
	 3, "server b ended: "},
	{"  given: {servers: {a: {kind: redis, replica_of: b}, b: {kind: redis, replica_of: a}}}\n"
	 "  then: [{hook: none}]\n",
	 3, "no end after 30 s"},
};

static size_t redis_processes(void)
{
	size_t count = 0;

	LIST_EACH (link, &bench.host->processes) {
		const struct sim_process *process = LIST_ENTRY(link, struct sim_process, link);

		count += process->state == PROCESS_RUNNING &&
			 str_has_prefix(process->name, STR("redis"));
	}
	return count;
}

static void count_file(struct str name, bool is_directory, void *data)
{
	(void)name;
	(void)is_directory;
	(*(size_t *)data)++;
}

static size_t temporary_files(void)
{
	struct world *world = sim_host_world(bench.host, STR("ls"));
	size_t count = 0;

	files_list(world, STR("/tmp"), count_file, &count, NULL);
	sim_host_world_end(world);
	return count;
}

START_TEST(servers_of_a_case_live_as_long_as_it)
{
	bench_write_case("backend", server_rows[_i].more);
	expect_run("backend|--world|sim", server_rows[_i].exit_status);
	expect_says(server_rows[_i].says);
	ck_assert_uint_eq(redis_processes(), 0);
	ck_assert_uint_eq(temporary_files(), 0);
}
END_TEST

START_TEST(interrupted_it_leaves_no_servers_behind)
{
	bench_write_case("backend", "  given: {servers: {a: {kind: redis}}}\n"
				    "  when: [{pause: 1h}]\n  then: [{hook: none}]\n");
	bench_start_runner("backend|--world|sim");
	sim_run_to(bench.sim, 60 * 1000000);
	ck_assert_uint_eq(redis_processes(), 1);
	sim_process_stop(bench.runner);
	ck_assert(sim_run_until(bench.sim, 120 * 1000000, bench_has_ended, NULL));
	ck_assert_int_eq(bench.status, 130);
	sim_run_to(bench.sim, 130 * 1000000);
	ck_assert_uint_eq(redis_processes(), 0);
	ck_assert_uint_eq(temporary_files(), 0);
}
END_TEST

START_TEST(a_redis_is_emptied_between_cases_unless_it_held_data_before)
{
	struct sim_redis *redis = sim_redis_start(bench.host, 6379, NULL);

	bench_write_cases("backend", "- id: T-1\n  title: one\n" AUTHORIZE
				     "- id: T-2\n  title: two\n" AUTHORIZE);
	ck_assert_ptr_nonnull(redis);
	expect_run("backend|--world|sim|--store|redis://127.0.0.1:6379", 0);
	expect_says("2 passed");
	expect_run("backend|--world|sim|--store|redis://127.0.0.1:6379", 3);
	expect_says("holds data");
	sim_redis_stop(redis);
	expect_run("backend|--world|sim|--store|redis://127.0.0.1:6379", 3);
	expect_says("refused");
}
END_TEST

START_TEST(a_command_has_commands_for_its_further_processes)
{
	bench_write_cases("backend",
			  "- id: T-1\n  title: one\n"
			  "  when: [{run: {role: worker, as: w}}, {run: {role: listener, as: l}},\n"
			  "         {get: /now, of: l}, {stop: process.w}]\n"
			  "  then: [{exit: {status: 0, of: w}}, {answer: {status: 200}},\n"
			  "         {log: {of: w, contains: argument --own}}]\n"
			  "- id: T-2\n  title: two\n  when: [{run: {role: cron, as: c}}]\n"
			  "  then: [{hook: none}]\n");
	expect_run("backend|-v|--world|sim|--start|refscale backend all --port {port}|"
		   "--start-worker|refscale backend worker --own 1",
		   0);
	expect_says("ok      T-1");
	expect_says("skipped T-2      two (needs a command for the role cron)");
}
END_TEST

START_TEST(the_redis_of_a_command_is_asked_where_it_is)
{
	struct sim_redis *redis = sim_redis_start(bench.host, 6379, NULL);

	bench_write_cases(
		"backend",
		"- id: T-1\n  title: one\n"
		"  when: [{redis: [SET, k, storage]}, {redis: [SET, k, queues], in: queues}]\n"
		"  then:\n"
		"    - {redis: {command: [GET, k], reply: storage}}\n"
		"    - {redis: {command: [GET, k], in: queues, reply: queues}}\n"
		"    - {redis: {command: [GET, a], in: queues, reply: null}}\n"
		"    - {redis: {command: [DBSIZE], reply: 1}}\n"
		"- id: T-2\n  title: two\n  when: [{redis: [NONSENSE]}]\n"
		"  then: [{backend_calls: 0}]\n"
		"- id: T-3\n  title: three\n  given: {release: current}\n" AUTHORIZE);
	expect_run("backend|-v|--world|sim|--store|redis://127.0.0.1:6379/2|"
		   "--start|refscale backend all --port {port} --release {release}",
		   1);
	expect_says("ok      T-1");
	expect_says("redis [\"NONSENSE\"]: ERR unknown command");
	expect_says("skipped T-3      three (needs release-current)");
	sim_redis_stop(redis);
	expect_run("backend|T-1|-v|--world|sim|--start|refscale backend all --port {port}", 3);
	expect_says("(needs redis)");
}
END_TEST

Suite *conformance_runner_conform_backend_suite(void);
Suite *conformance_runner_conform_backend_suite(void)
{
	Suite *suite = suite_create("conformance_runner_conform_backend");
	TCase *tests = tcase_create("backend");

	tcase_add_checked_fixture(tests, bench_set_up, bench_tear_down);
	tcase_add_loop_test(tests, a_backend_gets_its_fixture_and_its_time, 0, ROWS(backend_rows));
	tcase_add_test(tests, a_redis_is_emptied_between_cases_unless_it_held_data_before);
	tcase_add_loop_test(tests, servers_of_a_case_live_as_long_as_it, 0, ROWS(server_rows));
	tcase_add_test(tests, interrupted_it_leaves_no_servers_behind);
	tcase_add_test(tests, a_command_has_commands_for_its_further_processes);
	tcase_add_test(tests, the_redis_of_a_command_is_asked_where_it_is);
	suite_add_tcase(suite, tests);
	return suite;
}
