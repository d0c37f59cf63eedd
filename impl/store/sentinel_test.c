/* In the simulator, with Sentinels and nodes of its own. */
#include "store/sentinel.h"

#include "sim/data/ask_test.h"

static struct stage stage;
static struct sim_redis *nodes[2];
static struct sim_process *sentinels[3];
static struct redis_client *client;
static struct strbuf said;
static size_t replies;

static const char *const configuration = "port 26379\n"
					 "requirepass guard\n"
					 "sentinel monitor main 10.0.1.1 6379 2\n"
					 "sentinel auth-pass main secret\n"
					 "sentinel down-after-milliseconds main 500\n"
					 "sentinel failover-timeout main 3000\n";

static struct sim_host *host_of(const char *kind, int number)
{
	struct str name = str_format(stage.arena, "%s%d", kind, number);
	struct sim_host *host = sim_host_find(stage.sim, name);

	return host != NULL ? host
			    : sim_host_add(stage.sim, name,
					   str_format(stage.arena, "10.0.%d.%d",
						      kind[0] == 'r' ? 1 : 2, number + 1));
}

static void start_sentinel(int number)
{
	struct str words[] = {STR("redis-sentinel"), STR("/s.conf")};

	sim_host_write_file(host_of("sentinel", number), STR("/s.conf"), str_from(configuration));
	sentinels[number] = stage_start(&stage, host_of("sentinel", number), words, 2);
}

static struct redis_client *open_group(struct sentinel_options options)
{
	struct error error = {0};
	struct redis_client *opened;

	if (options.url.size == 0)
		options.url = STR("redis://:secret@main/5");
	options.connect_timeout_ms = 2000;
	options.has_passwords = true;
	opened = sentinel_open(stage.client, &options, &error);
	ck_assert_msg(opened != NULL, "%s", error.text);
	return opened;
}

static void set_up(void)
{
	struct sim_redis_options options = {
		.port = 6379, .password = STR("secret"), .master_password = STR("secret")};

	stage_open(&stage);
	strbuf_init(&said, 1000000);
	replies = 0;
	for (int i = 0; i < 2; i++) {
		nodes[i] = sim_redis_start_with(host_of("redis", i), &options, NULL);
		options.master_host = STR("10.0.1.1");
		options.master_port = 6379;
	}
	for (int i = 0; i < 3; i++)
		start_sentinel(i);
	stage_run(&stage, 5 * STAGE_SECOND);
	client = open_group((struct sentinel_options){
		.hosts = STR(" :guard@nowhere , :guard@sentinel0,:guard@sentinel1:26379,,"
			     ":guard@sentinel2")});
}

static void tear_down(void)
{
	redis_close(client);
	strbuf_free(&said);
	stage_close(&stage);
}

static void replied(const struct redis_reply *reply, void *data)
{
	(void)data;
	replies++;
	ask_note(&said, reply);
	strbuf_append(&said, STR("\n"));
}

static void expect(const char *text)
{
	ck_assert_msg(str_equal(strbuf_str(&said), str_from(text)), "%.*s",
		      STR_ARG(strbuf_str(&said)));
	strbuf_clear(&said);
}

#define SEND(...) REDIS_SEND(client, replied, NULL, __VA_ARGS__)

static bool has_failed_over(void *data)
{
	(void)data;
	return stage_count(&stage, "+switch-master") >= 3;
}

static void fail_over(void)
{
	sim_redis_stop(nodes[0]);
	ck_assert(sim_run_until(stage.sim, sim_now_us(stage.sim) + 20 * STAGE_SECOND,
				has_failed_over, NULL));
}

START_TEST(the_master_is_found_and_used_with_its_password_and_database)
{
	struct redis_client *direct = ask_open(&stage, "redis://:secret@redis0/5");

	ck_assert(!stage_traced(&stage, "nowhere"));
	SEND(STR("SET"), STR("a"), STR("1"));
	SEND(STR("INCR"), STR("a"));
	SEND(STR("ROLE"));
	ck_assert_uint_eq(replies, 0);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(str_has_prefix(strbuf_str(&said), STR("+OK\n:2\n[master ")));
	ASK(&stage, direct, "GET a", "2");
	redis_close(direct);
}
END_TEST

START_TEST(the_sentinel_that_answers_is_asked_first_next_time)
{
	size_t lookups;

	SEND(STR("PING"));
	stage_run(&stage, STAGE_SECOND);
	lookups = stage_count(&stage, "nowhere");
	sim_redis_stop(nodes[0]);
	sim_redis_restart(nodes[0], NULL);
	stage_run(&stage, STAGE_SECOND);
	SEND(STR("PING"));
	stage_run(&stage, STAGE_SECOND);
	expect("+PONG\n+PONG\n");
	ck_assert_uint_ge(lookups, 1);
	ck_assert_uint_eq(stage_count(&stage, "nowhere"), lookups);
}
END_TEST

START_TEST(a_sentinel_that_says_nothing_is_skipped_in_time)
{
	struct sim_rule_options drop = {.to = STR("sentinel0"), .verdict = SIM_DROP};

	sim_rule_add(stage.sim, &drop);
	SEND(STR("PING"));
	stage_run(&stage, STAGE_SECOND);
	expect("+PONG\n");
}
END_TEST

START_TEST(what_cannot_be_found_is_told)
{
	static const struct {
		const char *url, *hosts, *role, *text;
	} rows[] = {
		{"redis://:secret@other", ":guard@sentinel0,:guard@sentinel1", "",
		 "lost No sentinels available.\n"},
		{"redis://:secret@main", "sentinel0,sentinel1", "",
		 "lost No sentinels available.\n"},
		{"redis://:secret@main", "nowhere:1,10.9.9.9", "",
		 "lost No sentinels available.\n"},
		{"redis://:wrong@main", ":guard@sentinel0", "",
		 "lost WRONGPASS invalid username-password pair or user is disabled.\n"},
		{"redis://main", ":guard@sentinel0", "", "lost NOAUTH Authentication required.\n"},
		{"redis://:secret@main", ":guard@sentinel0", "king",
		 "lost Unknown instance role king\n"},
	};
	struct redis_client *other = open_group((struct sentinel_options){
		.url = str_from(rows[_i].url),
		.hosts = str_from(rows[_i].hosts),
		.role = str_from(rows[_i].role),
	});

	REDIS_SEND(other, replied, NULL, STR("PING"));
	ck_assert_uint_eq(replies, 0);
	stage_run(&stage, 3 * STAGE_SECOND);
	expect(rows[_i].text);
	redis_close(other);
}
END_TEST

START_TEST(the_role_slave_means_a_replica)
{
	struct redis_client *other = open_group(
		(struct sentinel_options){.hosts = STR(":guard@sentinel0"), .role = STR("slave")});

	REDIS_SEND(other, replied, NULL, STR("ROLE"));
	REDIS_SEND(other, replied, NULL, STR("SET"), STR("a"), STR("1"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert(str_has_prefix(strbuf_str(&said), STR("[slave 10.0.1.1 :6379 connected")));
	ck_assert(str_has_suffix(strbuf_str(&said), STR("-READONLY You can't write against a read "
							"only replica.\n")));
	/* One that is down is none. */
	redis_close(other);
	sim_redis_stop(nodes[1]);
	stage_run(&stage, 3 * STAGE_SECOND);
	strbuf_clear(&said);
	other = open_group(
		(struct sentinel_options){.hosts = STR(":guard@sentinel0"), .role = STR("slave")});
	REDIS_SEND(other, replied, NULL, STR("ROLE"));
	stage_run(&stage, STAGE_SECOND);
	expect("lost No sentinels available.\n");
	redis_close(other);
}
END_TEST

START_TEST(after_a_failover_the_next_command_finds_the_new_master)
{
	SEND(STR("SET"), STR("a"), STR("1"));
	stage_run(&stage, STAGE_SECOND);
	SEND(STR("BLPOP"), STR("queue"), STR("0"));
	stage_run(&stage, STAGE_SECOND);
	sim_redis_stop(nodes[0]);
	stage_run(&stage, STAGE_SECOND / 10);
	SEND(STR("GET"), STR("a")); /* the Sentinels still name the dead one */
	stage_run(&stage, STAGE_SECOND / 10);
	expect("+OK\nlost connection reset by peer\nlost connection refused\n");
	fail_over();
	SEND(STR("INCR"), STR("a"));
	SEND(STR("GET"), STR("a"));
	stage_run(&stage, STAGE_SECOND);
	expect(":2\n2\n");
}
END_TEST

START_TEST(a_former_master_that_came_back_is_seen_by_its_role)
{
	fail_over();
	sim_redis_restart(nodes[0], NULL);
	stage_run(&stage, 15 * STAGE_SECOND);
	SEND(STR("SET"), STR("a"), STR("1"));
	stage_run(&stage, STAGE_SECOND);
	expect("+OK\n");
}
END_TEST

/* The node is demoted below a client that is connected to it. */
START_TEST(what_a_demoted_node_refuses_goes_to_the_new_master_once)
{
	struct redis_client *direct = ask_open(&stage, "redis://:secret@redis0");
	struct redis_client *promoted = ask_open(&stage, "redis://:secret@redis1");

	SEND(STR("SET"), STR("n"), STR("1"));
	stage_run(&stage, STAGE_SECOND);
	expect("+OK\n");
	fail_over();
	/* It comes back as a replica at once, on a connection made before anybody looked. */
	sim_redis_restart(nodes[0], NULL);
	stage_run(&stage, STAGE_SECOND);
	ASK(&stage, direct, "PING", "+PONG");
	redis_close(client);
	client = open_group((struct sentinel_options){.hosts = STR(":guard@sentinel0")});
	SEND(STR("PING"));
	stage_run(&stage, STAGE_SECOND);
	expect("+PONG\n");
	ASK(&stage, promoted, "REPLICAOF redis0 6379", "+OK");
	SEND(STR("INCR"), STR("n"));
	SEND(STR("GET"), STR("n"));
	SEND(STR("INCR"), STR("n"));
	stage_run(&stage, STAGE_SECOND / 100);
	/* The Sentinels still name it, and it says what it is. */
	expect("lost Instance role mismatch. Expected master, got slave.\n1\n"
	       "lost Instance role mismatch. Expected master, got slave.\n");
	ASK(&stage, promoted, "REPLICAOF NO ONE", "+OK");
	SEND(STR("INCR"), STR("n"));
	stage_run(&stage, STAGE_SECOND);
	expect(":2\n");
	redis_close(direct);
	redis_close(promoted);
}
END_TEST

/* The roles change hands while the connection stays: what the first node refuses goes to the
 * second, what it still answers is not asked again, and the answers keep their order. */
START_TEST(refused_commands_keep_their_order_on_the_new_master)
{
	struct redis_client *first = ask_open(&stage, "redis://:secret@redis0/5");
	struct redis_client *second = ask_open(&stage, "redis://:secret@redis1/5");
	struct redis_client *named = open_group(
		(struct sentinel_options){.hosts = STR(":guard@sentinel0,:guard@sentinel9")});
	struct str words[] = {STR("redis-server"), STR("/s.conf"), STR("--sentinel")};

	REDIS_SEND(named, replied, NULL, STR("SET"), STR("n"), STR("1"));
	stage_run(&stage, STAGE_SECOND);
	for (int i = 0; i < 3; i++)
		sim_process_kill(sentinels[i]);
	ASK(&stage, second, "REPLICAOF NO ONE", "+OK");
	ASK(&stage, first, "REPLICAOF redis1 6379", "+OK");
	stage_run(&stage, 3 * STAGE_SECOND);
	ASK(&stage, second, "SET n 10", "+OK");
	sim_host_write_file(host_of("sentinel", 9), STR("/s.conf"),
			    STR("requirepass guard\nsentinel monitor main 10.0.1.2 6379 1\n"
				"sentinel auth-pass main secret\n"));
	stage_start(&stage, host_of("sentinel", 9), words, 3);
	stage_run(&stage, STAGE_SECOND);
	strbuf_clear(&said);
	REDIS_SEND(named, replied, NULL, STR("INCR"), STR("n"));
	REDIS_SEND(named, replied, NULL, STR("ROLE"));
	REDIS_SEND(named, replied, NULL, STR("INCR"), STR("n"));
	REDIS_SEND(named, replied, NULL, STR("LRANGE"), STR("l"), STR("0"), STR("-1"));
	stage_run(&stage, 200);
	REDIS_SEND(named, replied, NULL, STR("INCR"), STR("n"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_msg(str_has_prefix(strbuf_str(&said), STR(":11\n[slave redis1 :6379 ")), "%.*s",
		      STR_ARG(strbuf_str(&said)));
	ck_assert(str_has_suffix(strbuf_str(&said), STR("]\n:12\n[]\n:13\n")));
	ASK(&stage, second, "GET n", "13");
	/* A second refusal is told. */
	strbuf_clear(&said);
	ASK(&stage, second, "REPLICAOF redis0 6379", "+OK");
	REDIS_SEND(named, replied, NULL, STR("INCR"), STR("n"));
	stage_run(&stage, STAGE_SECOND);
	expect("lost Instance role mismatch. Expected master, got slave.\n");
	redis_close(first);
	redis_close(second);
	redis_close(named);
}
END_TEST

/* Nothing of a transaction is repeated by itself, and none is carried out on another node than the
 * one that watched. */
START_TEST(transactions_stay_on_their_node)
{
	struct redis_client *first = ask_open(&stage, "redis://:secret@redis0/5");
	struct redis_client *second = ask_open(&stage, "redis://:secret@redis1/5");

	SEND(STR("WATCH"), STR("w"));
	stage_run(&stage, STAGE_SECOND);
	ASK(&stage, second, "REPLICAOF NO ONE", "+OK");
	ASK(&stage, first, "REPLICAOF redis1 6379", "+OK");
	SEND(STR("MULTI"));
	SEND(STR("INCR"), STR("n"));
	SEND(STR("EXEC"));
	stage_run(&stage, STAGE_SECOND / 100);
	expect("+OK\n+OK\n-READONLY You can't write against a read only replica.\n"
	       "-EXECABORT Transaction discarded because of previous errors.\n");
	ASK(&stage, first, "REPLICAOF NO ONE", "+OK");
	SEND(STR("WATCH"), STR("w"));
	stage_run(&stage, STAGE_SECOND);
	sim_redis_stop(nodes[0]);
	sim_redis_restart(nodes[0], NULL);
	stage_run(&stage, STAGE_SECOND);
	SEND(STR("GET"), STR("n"));
	stage_run(&stage, STAGE_SECOND);
	SEND(STR("MULTI"));
	SEND(STR("INCR"), STR("n"));
	SEND(STR("EXEC"));
	SEND(STR("GET"), STR("n"));
	stage_run(&stage, STAGE_SECOND);
	expect("+OK\nnil\n+OK\n+QUEUED\n-EXECABORT Transaction discarded because of previous "
	       "errors.\nnil\n");
	redis_close(first);
	redis_close(second);
}
END_TEST

START_TEST(a_node_that_loads_is_left_and_found_again)
{
	SEND(STR("SET"), STR("a"), STR("1"));
	stage_run(&stage, STAGE_SECOND);
	sim_redis_set_loading(nodes[0], true);
	SEND(STR("GET"), STR("a"));
	stage_run(&stage, STAGE_SECOND / 10);
	sim_redis_set_loading(nodes[0], false);
	SEND(STR("GET"), STR("a"));
	stage_run(&stage, STAGE_SECOND / 10);
	expect("+OK\n-LOADING Redis is loading the dataset in memory\n1\n");
}
END_TEST

START_TEST(waiting_ends_with_the_connect_time_out)
{
	struct sim_rule_options drop = {.to = STR("redis0"), .verdict = SIM_DROP};
	struct sim_rule *rule = sim_rule_add(stage.sim, &drop);
	int64_t began_us = sim_now_us(stage.sim);

	SEND(STR("PING"));
	SEND(STR("PING"));
	while (replies < 2 && sim_now_us(stage.sim) < began_us + 10 * STAGE_SECOND)
		stage_run(&stage, STAGE_SECOND / 100);
	expect("lost connection timed out\nlost connection timed out\n");
	ck_assert_int_le(sim_now_us(stage.sim) - began_us, 2 * STAGE_SECOND + 20000);
	sim_rule_remove(rule);
}
END_TEST

static void close_it(const struct redis_reply *reply, void *data)
{
	struct redis_client *closed = client;

	replied(reply, data);
	client = NULL;
	redis_close(closed);
}

START_TEST(it_may_be_closed_at_any_time)
{
	for (int i = 0; i < 2; i++)
		REDIS_SEND(client, close_it, NULL, STR("PING"));
	if (_i > 1)
		sim_redis_stop(nodes[0]);
	if (_i == 0) {
		stage_run(&stage, 600);
		close_it(&(struct redis_reply){.kind = REDIS_NIL}, NULL);
	}
	stage_run(&stage, 3 * STAGE_SECOND);
	ck_assert_uint_ge(replies, 2);
	expect(_i == 0   ? "nil\nlost closed\nlost closed\n"
	       : _i == 1 ? "+PONG\nlost closed\n"
			 : "lost connection refused\nlost closed\n");
}
END_TEST

START_TEST(unusable_options_are_refused)
{
	static const struct {
		const char *url, *hosts;
	} rows[] = {
		{"redis://main", ""},   {"redis://main", " , ,"}, {"redis://main", "a:b"},
		{"http://main", "a:1"}, {"unix:///s", "a:1"},
	};
	struct sentinel_options options = {.url = str_from(rows[_i].url),
					   .hosts = str_from(rows[_i].hosts)};
	struct error error = {0};

	ck_assert(sentinel_open(stage.client, &options, &error) == NULL);
	ck_assert_int_eq(error.kind, ERROR_INVALID);
}
END_TEST

START_TEST(passwords_of_sentinels_may_be_shared_or_not_be_there)
{
	static const struct {
		const char *hosts, *password;
		bool has_passwords, shares_passwords, works;
	} rows[] = {
		{":guard@nowhere,sentinel1", "", true, true, true},
		{"sentinel1", "guard", true, true, true},
		{"sentinel1", "guard", true, false, false},
		{":guard@sentinel1", "", false, false, false},
		{":wrong@nowhere,:guard@sentinel1", "", true, true, false},
	};
	struct sentinel_options options = {.url = STR("redis://:secret@main"),
					   .hosts = str_from(rows[_i].hosts),
					   .password = str_from(rows[_i].password),
					   .has_passwords = rows[_i].has_passwords,
					   .shares_passwords = rows[_i].shares_passwords};
	struct redis_client *other = sentinel_open(stage.client, &options, NULL);

	REDIS_SEND(other, replied, NULL, STR("PING"));
	stage_run(&stage, 3 * STAGE_SECOND);
	expect(rows[_i].works ? "+PONG\n" : "lost No sentinels available.\n");
	redis_close(other);
}
END_TEST

Suite *store_sentinel_suite(void);

Suite *store_sentinel_suite(void)
{
	Suite *suite = suite_create("store_sentinel");
	TCase *tests = tcase_create("sentinel");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_master_is_found_and_used_with_its_password_and_database);
	tcase_add_test(tests, the_sentinel_that_answers_is_asked_first_next_time);
	tcase_add_test(tests, a_sentinel_that_says_nothing_is_skipped_in_time);
	tcase_add_loop_test(tests, what_cannot_be_found_is_told, 0, 6);
	tcase_add_test(tests, the_role_slave_means_a_replica);
	tcase_add_test(tests, after_a_failover_the_next_command_finds_the_new_master);
	tcase_add_test(tests, a_former_master_that_came_back_is_seen_by_its_role);
	tcase_add_test(tests, what_a_demoted_node_refuses_goes_to_the_new_master_once);
	tcase_add_test(tests, refused_commands_keep_their_order_on_the_new_master);
	tcase_add_test(tests, transactions_stay_on_their_node);
	tcase_add_test(tests, a_node_that_loads_is_left_and_found_again);
	tcase_add_test(tests, waiting_ends_with_the_connect_time_out);
	tcase_add_loop_test(tests, it_may_be_closed_at_any_time, 0, 3);
	tcase_add_loop_test(tests, unusable_options_are_refused, 0, 5);
	tcase_add_loop_test(tests, passwords_of_sentinels_may_be_shared_or_not_be_there, 0, 5);
	suite_add_tcase(suite, tests);
	return suite;
}
