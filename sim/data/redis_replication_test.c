#include "sim/data/redis_node.h"

#include "sim/data/ask_test.h"

static struct stage stage;
static struct sim_redis *master, *replica;
static struct redis_client *to_master, *to_replica;

static void set_up(void)
{
	struct sim_redis_options follower = {
		.port = 6380, .master_host = STR("api"), .master_port = 6379};

	stage_open(&stage);
	sim_host_add(stage.sim, STR("second"), STR("10.0.0.3"));
	master = sim_redis_start(stage.api_host, 6379, NULL);
	to_master = ask_open(&stage, "redis://api");
	ASK(&stage, to_master, "SET before 1", "+OK");
	replica = sim_redis_start_with(sim_host_find(stage.sim, STR("second")), &follower, NULL);
	to_replica = ask_open(&stage, "redis://second:6380");
	stage_run(&stage, STAGE_SECOND);
}

static void tear_down(void)
{
	redis_close(to_master);
	redis_close(to_replica);
	stage_close(&stage);
}

START_TEST(a_replica_gets_what_was_there_and_what_comes)
{
	static const char *const pairs[][3] = {
		{"SET s text", "GET s", "text"},
		{"RPUSH l a b c", "LRANGE l 0 -1", "[a b c]"},
		{"SADD set x", "SMEMBERS set", "[x]"},
		{"HSET h f v", "HGETALL h", "[f v]"},
		{"ZADD z 3 m", "ZREVRANGE z 0 -1 WITHSCORES", "[m 3]"},
		{"SETEX e 100 x", "GET e", "x"},
		{"INCRBY n 5", "GET n", "5"},
	};

	ASK(&stage, to_replica, "GET before", "1");
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		ask(&stage, to_master, pairs[i][0]);
	stage_run(&stage, STAGE_SECOND);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		ASK(&stage, to_replica, pairs[i][1], pairs[i][2]);
	/* The same as a snapshot: it follows anew. */
	ASK(&stage, to_replica, "REPLICAOF NO ONE", "+OK");
	ASK(&stage, to_replica, "FLUSHALL", "+OK");
	ASK(&stage, to_replica, "REPLICAOF api 6379", "+OK");
	stage_run(&stage, STAGE_SECOND);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		ASK(&stage, to_replica, pairs[i][1], pairs[i][2]);
	ck_assert(!ask_finds(&stage, to_replica, "TTL e", ":-1"));
}
END_TEST

START_TEST(databases_transactions_and_blocking_pops_are_passed_on)
{
	struct redis_client *waiting = ask_open(&stage, "redis://api/1");
	struct ask popped = {.is_over = false};

	strbuf_init(&popped.text, SIZE_MAX);
	REDIS_SEND(waiting, ask_replied, &popped, STR("BLPOP"), STR("queue"), STR("0"));
	stage_run(&stage, STAGE_SECOND);
	ASK(&stage, to_master, "SELECT 1", "+OK");
	ASK(&stage, to_master, "MULTI", "+OK");
	ASK(&stage, to_master, "RPUSH queue first second", "+QUEUED");
	ASK(&stage, to_master, "EXEC", "[:2]");
	stage_run(&stage, STAGE_SECOND);
	ck_assert(popped.is_over);
	ASK(&stage, to_replica, "LLEN queue", ":0");
	ASK(&stage, to_replica, "SELECT 1", "+OK");
	ASK(&stage, to_replica, "LRANGE queue 0 -1", "[second]");
	strbuf_free(&popped.text);
	redis_close(waiting);
}
END_TEST

START_TEST(a_replica_refuses_writes)
{
	ASK(&stage, to_replica, "SET a 1",
	    "-READONLY You can't write against a read only replica.");
	ASK(&stage, to_replica, "BLPOP a 0",
	    "-READONLY You can't write against a read only replica.");
	ASK(&stage, to_replica, "GET a", "nil");
	ASK(&stage, to_replica, "REPLICAOF NO ONE", "+OK");
	ASK(&stage, to_replica, "SET a 1", "+OK");
	ASK(&stage, to_master, "GET a", "nil");
}
END_TEST

START_TEST(nodes_say_who_they_are)
{
	struct str role;

	stage_run(&stage, 2 * STAGE_SECOND);
	ck_assert(ask_finds(&stage, to_master, "ROLE", "[master :"));
	ck_assert(ask_finds(&stage, to_master, "ROLE", "[10.0.0.3 6380 "));
	role = ask(&stage, to_replica, "ROLE");
	ck_assert_msg(str_has_prefix(role, STR("[slave api :6379 connected :")), "%.*s",
		      STR_ARG(role));
	ck_assert(ask_finds(&stage, to_master, "INFO replication", "role:master"));
	ck_assert(
		ask_finds(&stage, to_master, "INFO", "slave0:ip=10.0.0.3,port=6380,state=online"));
	ck_assert(ask_finds(&stage, to_replica, "INFO replication", "master_link_status:up"));
	ck_assert(ask_finds(&stage, to_replica, "INFO", "db0:keys=1"));
	ck_assert(ask_finds(&stage, to_replica, "INFO server", "tcp_port:6380"));
}
END_TEST

START_TEST(a_cut_link_leaves_the_replica_behind)
{
	struct sim_rule_options cut = {
		.from = STR("second"), .to = STR("api"), .port = 6379, .verdict = SIM_RESET};
	struct sim_rule *rule;

	rule = sim_rule_add(stage.sim, &cut);
	stage_run(&stage, STAGE_SECOND);
	ASK(&stage, to_master, "SET a 1", "+OK");
	stage_run(&stage, 3 * STAGE_SECOND);
	ASK(&stage, to_replica, "GET a", "nil");
	ck_assert(ask_finds(&stage, to_replica, "INFO replication", "master_link_status:down"));
	sim_rule_remove(rule);
	stage_run(&stage, 3 * STAGE_SECOND);
	ASK(&stage, to_replica, "GET a", "1");
}
END_TEST

START_TEST(a_silent_link_is_given_up_and_a_slow_one_lags)
{
	struct sim_rule_options rule = {.from = STR("second"),
					.to = STR("api"),
					.port = 6379,
					.verdict = _i == 0 ? SIM_DROP : SIM_DELAY,
					.delay_us = 2 * STAGE_SECOND};

	sim_rule_add(stage.sim, &rule);
	ASK(&stage, to_master, "SET a 1", "+OK");
	stage_run(&stage, STAGE_SECOND);
	ASK(&stage, to_replica, "GET a", "nil");
	stage_run(&stage, 70 * STAGE_SECOND);
	ASK(&stage, to_replica, "GET a", _i == 0 ? "nil" : "1");
	ck_assert(ask_finds(&stage, to_replica, "INFO replication",
			    _i == 0 ? "link_status:down" : "link_status:up"));
}
END_TEST

START_TEST(passwords_are_asked_for)
{
	struct sim_redis_options guarded = {.port = 7000, .password = STR("secret")};
	struct sim_redis_options follower = {.port = 7001,
					     .master_host = STR("127.0.0.1"),
					     .master_port = 7000,
					     .master_password = STR("secret")};
	struct redis_client *client;

	sim_redis_start_with(stage.api_host, &guarded, NULL);
	sim_redis_start_with(stage.api_host, &follower, NULL);
	client = ask_open(&stage, "redis://api:7000");
	ASK(&stage, client, "GET a", "-NOAUTH Authentication required.");
	ASK(&stage, client, "ROLE", "-NOAUTH Authentication required.");
	ASK(&stage, client, "AUTH wrong",
	    "-WRONGPASS invalid username-password pair or user is disabled.");
	ASK(&stage, client, "AUTH default secret", "+OK");
	ASK(&stage, client, "SET a 1", "+OK");
	redis_close(client);
	client = ask_open(&stage, "redis://:secret@api:7000");
	ASK(&stage, client, "GET a", "1");
	redis_close(client);
	stage_run(&stage, 2 * STAGE_SECOND);
	client = ask_open(&stage, "redis://api:7001");
	ASK(&stage, client, "GET a", "1");
	redis_close(client);
}
END_TEST

START_TEST(a_node_that_loads_says_so)
{
	sim_redis_set_loading(master, true);
	ASK(&stage, to_master, "GET before", "-LOADING Redis is loading the dataset in memory");
	ck_assert(ask_finds(&stage, to_master, "ROLE", "master"));
	sim_redis_set_loading(master, false);
	ASK(&stage, to_master, "GET before", "1");
}
END_TEST

START_TEST(who_becomes_a_replica_lets_nobody_wait)
{
	struct redis_client *waiting = ask_open(&stage, "redis://api");
	struct ask popped = {.is_over = false};

	strbuf_init(&popped.text, SIZE_MAX);
	REDIS_SEND(waiting, ask_replied, &popped, STR("BLPOP"), STR("queue"), STR("0"));
	stage_run(&stage, STAGE_SECOND);
	ASK(&stage, to_replica, "REPLICAOF NO ONE", "+OK");
	ASK(&stage, to_master, "REPLICAOF second 6380", "+OK");
	ASK(&stage, to_master, "CLIENT KILL TYPE normal", ":1");
	stage_run(&stage, STAGE_SECOND);
	ck_assert(popped.is_over);
	ck_assert(str_has_prefix(strbuf_str(&popped.text), STR("-UNBLOCKED ")));
	ASK(&stage, to_replica, "SET a 2", "+OK");
	stage_run(&stage, STAGE_SECOND);
	ASK(&stage, to_master, "GET a", "2");
	strbuf_free(&popped.text);
	redis_close(waiting);
}
END_TEST

START_TEST(wrong_words_are_refused)
{
	ASK(&stage, to_master, "REPLICAOF here nowhere", "-ERR Invalid master port");
	ASK(&stage, to_master, "REPLICAOF here",
	    "-ERR wrong number of arguments for 'replicaof' "
	    "command");
	ASK(&stage, to_master, "REPLCONF listening-port x",
	    "-ERR value is not an integer or out of range");
	ASK(&stage, to_master, "CONFIG NOTHING", "-ERR unknown subcommand. Try CONFIG HELP.");
	ASK(&stage, to_master, "CONFIG REWRITE", "+OK");
	ASK(&stage, to_master, "CLIENT NOTHING", "-ERR unknown subcommand. Try CLIENT HELP.");
	ASK(&stage, to_master, "CLIENT SETNAME me", "+OK");
	ASK(&stage, to_master, "PUBSUB NOTHING", "-ERR unknown subcommand. Try PUBSUB HELP.");
	ASK(&stage, to_master, "PUBLISH channel 1,2,me,3", ":1");
	ASK(&stage, to_master, "PUBSUB HELLOS", "[1,2,me,3]");
}
END_TEST

/* Processes. */

static struct sim_process *start_words(const char *words_text)
{
	struct str words[16], rest = str_from(words_text);
	size_t count = 0;

	while (str_next_field(&rest, ' ', &words[count]))
		count++;
	return stage_start(&stage, stage.api_host, words, count);
}

START_TEST(redis_server_is_a_process)
{
	const char *words = "redis-server --port 7000 --bind 127.0.0.1 --requirepass x --save ''"
			    " --appendonly yes --dir /data";
	struct sim_process *process = start_words(words);
	struct world *there = sim_host_world(stage.api_host, STR("there"));
	struct redis_options options = {.url = STR("redis://:x@127.0.0.1:7000")};
	struct redis_client *client = redis_open(there, &options, NULL);

	ASK(&stage, client, "SET a 1", "+OK");
	ck_assert(str_find(strbuf_str(&stage.output), STR("Ready to accept connections")) !=
		  STR_NOT_FOUND);
	sim_process_kill(process);
	ck_assert(!sim_process_is_running(process));
	ck_assert(ask_finds(&stage, client, "GET a", "lost"));
	start_words(words);
	stage_run(&stage, 1000);
	ASK(&stage, client, "GET a", "1");
	redis_close(client);
	start_words("redis-server --port 7001 --replicaof 127.0.0.1 6379");
	client = ask_open(&stage, "redis://api:7001");
	stage_run(&stage, STAGE_SECOND);
	ASK(&stage, client, "GET before", "1");
	redis_close(client);
}
END_TEST

START_TEST(wrong_configurations_end_the_process)
{
	static const char *const rows[][2] = {
		{"redis-server --port x", "'port': Bad directive"},
		{"redis-server --nonsense 1", "'nonsense': Bad directive"},
		{"redis-server --replicaof here", "'replicaof': Bad directive"},
		{"redis-server --appendonly perhaps", "'appendonly': Bad directive"},
		{"redis-server /missing.conf", "Can't open config file '/missing.conf'"},
		{"redis-server --port 6379", "cannot listen on 0.0.0.0:6379"},
	};

	start_words(rows[_i][0]);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, 1);
	ck_assert_msg(str_find(strbuf_str(&stage.output), str_from(rows[_i][1])) != STR_NOT_FOUND,
		      "%.*s", STR_ARG(strbuf_str(&stage.output)));
}
END_TEST

Suite *sim_data_redis_replication_suite(void)
{
	Suite *suite = suite_create("sim_data_redis_replication");
	TCase *tests = tcase_create("replication");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_replica_gets_what_was_there_and_what_comes);
	tcase_add_test(tests, databases_transactions_and_blocking_pops_are_passed_on);
	tcase_add_test(tests, a_replica_refuses_writes);
	tcase_add_test(tests, nodes_say_who_they_are);
	tcase_add_test(tests, a_cut_link_leaves_the_replica_behind);
	tcase_add_loop_test(tests, a_silent_link_is_given_up_and_a_slow_one_lags, 0, 2);
	tcase_add_test(tests, passwords_are_asked_for);
	tcase_add_test(tests, a_node_that_loads_says_so);
	tcase_add_test(tests, who_becomes_a_replica_lets_nobody_wait);
	tcase_add_test(tests, wrong_words_are_refused);
	tcase_add_test(tests, redis_server_is_a_process);
	tcase_add_loop_test(tests, wrong_configurations_end_the_process, 0, 6);
	suite_add_tcase(suite, tests);
	return suite;
}
