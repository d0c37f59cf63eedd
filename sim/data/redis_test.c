#include "world/redis.h"

#include "sim/stage_test.h"

static struct stage stage;
static struct sim_redis *redis;
static struct redis_client *client;

/* All replies, as text. */
static struct {
	struct strbuf text;
	int count, lost;
	int64_t at_us;
} replies;

static void note_reply(const struct redis_reply *reply)
{
	static const char *const marks[] = {"+", "-", ":", "", "nil", "[", "lost "};

	strbuf_append(&replies.text, str_from(marks[reply->kind]));
	if (reply->kind == REDIS_INTEGER)
		strbuf_append_int(&replies.text, reply->integer);
	strbuf_append(&replies.text, reply->text);
	for (size_t i = 0; reply->kind == REDIS_ARRAY && i < reply->count; i++)
		note_reply(&reply->items[i]);
	strbuf_append(&replies.text, STR("\n"));
}

static void replied(const struct redis_reply *reply, void *data)
{
	(void)data;
	replies.count++;
	replies.lost += reply->kind == REDIS_LOST;
	replies.at_us = sim_now_us(stage.sim);
	note_reply(reply);
}

static void expect_replies(const char *text)
{
	ck_assert_msg(str_equal(strbuf_str(&replies.text), str_from(text)), "%.*s",
		      STR_ARG(strbuf_str(&replies.text)));
	strbuf_clear(&replies.text);
}

static struct redis_client *open_url(const char *url)
{
	struct redis_options options = {.url = str_from(url)};
	struct error error = {0};
	struct redis_client *opened = redis_open(stage.client, &options, &error);

	ck_assert_msg(opened != NULL, "%s", error.text);
	return opened;
}

static void set_up(void)
{
	struct error error = {0};

	stage_open(&stage);
	memset(&replies, 0, sizeof replies);
	strbuf_init(&replies.text, 64 * 1024 * 1024);
	redis = sim_redis_start(stage.api_host, 6379, &error);
	ck_assert_msg(redis != NULL, "%s", error.text);
	client = open_url("redis://api");
}

static void tear_down(void)
{
	redis_close(client);
	strbuf_free(&replies.text);
	stage_close(&stage);
}

#define SEND(...) REDIS_SEND(client, replied, NULL, __VA_ARGS__)

START_TEST(commands_are_answered_in_order)
{
	SEND(STR("PING"));
	SEND(STR("SET"), STR("a"), STR("1"));
	REDIS_SEND(client, NULL, NULL, STR("INCR"), STR("a"));
	SEND(STR("INCR"), STR("a"));
	SEND(STR("GET"), STR("nothing"));
	SEND(STR("LPUSH"), STR("a"), STR("x"));
	SEND(STR("MGET"), STR("a"), STR("b"));
	ck_assert_int_eq(replies.count, 0);
	stage_run(&stage, STAGE_SECOND);
	expect_replies("+PONG\n+OK\n:3\nnil\n"
		       "-WRONGTYPE Operation against a key holding the wrong kind of value\n"
		       "[3\nnil\n\n");
	ck_assert_uint_eq(stage_count(&stage, "\"kind\":\"data\""), 2); /* one each way */
}
END_TEST

START_TEST(nothing_connects_before_the_first_command)
{
	stage_run(&stage, STAGE_SECOND);
	ck_assert(!stage_traced(&stage, "\"kind\":\"connect\""));
}
END_TEST

START_TEST(the_url_chooses_the_database)
{
	struct redis_client *other = open_url("redis://api:6379/3");

	SEND(STR("SET"), STR("a"), STR("zero"));
	REDIS_SEND(other, replied, NULL, STR("GET"), STR("a"));
	stage_run(&stage, STAGE_SECOND);
	expect_replies("+OK\nnil\n");
	redis_close(other);
	other = open_url("redis://api/99");
	REDIS_SEND(other, replied, NULL, STR("GET"), STR("a"));
	stage_run(&stage, STAGE_SECOND);
	expect_replies("lost ERR DB index is out of range\n");
	redis_close(other);
	other = open_url("redis://:secret@api");
	REDIS_SEND(other, replied, NULL, STR("GET"), STR("a"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(replies.lost, 2);
	redis_close(other);
}
END_TEST

START_TEST(urls_are_checked)
{
	static const char *const urls[] = {"",
					   "http://api",
					   "redis://",
					   "redis://api/x",
					   "redis://api/-1",
					   "unix:///run/redis"};
	struct redis_options options = {.url = str_from(urls[_i])};
	struct error error = {0};

	ck_assert(redis_open(stage.client, &options, &error) == NULL);
	ck_assert_int_eq(error.kind, ERROR_INVALID);
}
END_TEST

START_TEST(a_node_that_stops_keeps_its_data)
{
	SEND(STR("SET"), STR("a"), STR("kept"));
	stage_run(&stage, STAGE_SECOND);
	sim_redis_stop(redis);
	sim_redis_stop(redis);
	SEND(STR("GET"), STR("a"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(replies.lost, 1);
	SEND(STR("GET"), STR("a"));
	stage_run(&stage, STAGE_SECOND);
	strbuf_clear(&replies.text);
	ck_assert_int_eq(replies.lost, 2);
	ck_assert(sim_redis_restart(redis, NULL));
	SEND(STR("GET"), STR("a"));
	stage_run(&stage, STAGE_SECOND);
	expect_replies("kept\n");
	ck_assert(stage_traced(&stage, "\"kind\":\"redis.stop\",\"port\":6379"));
}
END_TEST

START_TEST(a_host_that_goes_down_takes_its_node_along)
{
	SEND(STR("SET"), STR("a"), STR("kept"));
	stage_run(&stage, STAGE_SECOND);
	sim_host_set_up(stage.api_host, false);
	SEND(STR("GET"), STR("a"));
	stage_run(&stage, 2 * STAGE_SECOND);
	ck_assert_int_eq(replies.lost, 0);
	stage_run(&stage, 2 * STAGE_SECOND);
	ck_assert_int_eq(replies.lost, 1);
	strbuf_clear(&replies.text);
	sim_host_set_up(stage.api_host, true);
	ck_assert(sim_redis_restart(redis, NULL));
	SEND(STR("GET"), STR("a"));
	stage_run(&stage, STAGE_SECOND);
	expect_replies("kept\n");
}
END_TEST

START_TEST(failures_say_why)
{
	static const struct {
		const char *url, *text;
		int64_t after_us;
	} rows[] = {
		{"redis://api:1", "lost connection refused\n", 1000},
		{"redis://10.9.9.9", "lost no route to host\n", 1000},
		{"redis://nobody.example", "lost name not found\n", 1000},
		{"redis://silent.example", "lost name lookup timed out\n", 2900000},
		{"redis://filtered", "lost connection timed out\n", 5000000},
	};
	struct sim_rule_options drop = {.to = STR("filtered"), .verdict = SIM_DROP};
	struct redis_client *other = open_url(rows[_i].url);

	sim_host_add(stage.sim, STR("filtered"), STR("10.0.0.3"));
	sim_rule_add(stage.sim, &drop);
	sim_dns_set_fault(stage.sim, STR("silent.example"), SIM_DNS_SILENT);
	REDIS_SEND(other, replied, NULL, STR("PING"));
	stage_run(&stage, 10 * STAGE_SECOND);
	expect_replies(rows[_i].text);
	ck_assert_int_le(replies.at_us, rows[_i].after_us);
	ck_assert_int_ge(replies.at_us, rows[_i].after_us > 1000 ? rows[_i].after_us : 0);
	redis_close(other);
}
END_TEST

START_TEST(a_server_that_says_nothing_is_given_up)
{
	struct stage_server server;
	struct redis_client *other = open_url("redis://api:8081");

	stage_server_open(&stage, &server, "");
	REDIS_SEND(other, replied, NULL, STR("PING"));
	REDIS_SEND(other, replied, NULL, STR("PING"));
	stage_run(&stage, 10 * STAGE_SECOND);
	expect_replies("lost timed out\nlost timed out\n");
	ck_assert_int_ge(replies.at_us, 3 * STAGE_SECOND);
	ck_assert_int_le(replies.at_us, 3 * STAGE_SECOND + 10000);
	redis_close(other);
	stage_server_close(&server);
}
END_TEST

START_TEST(what_is_no_redis_is_given_up)
{
	static const struct {
		const char *answer, *text;
		bool ends, resets;
	} rows[] = {
		{"HTTP/1.1 400 Bad Request\r\n\r\n", "lost not a reply\n", false, false},
		{"+PONG\r\n+PONG\r\n", "+PONG\n", false, false},
		{"$100\r\nhalf", "lost connection closed\n", true, false},
		{"", "lost connection reset by peer\n", false, true},
	};
	struct stage_server server;
	struct redis_client *other = open_url("redis://api:8081");

	stage_server_open(&stage, &server, rows[_i].answer);
	server.wanted = "PING\r\n";
	server.ends = rows[_i].ends;
	server.resets = rows[_i].resets;
	REDIS_SEND(other, replied, NULL, STR("PING"));
	stage_run(&stage, STAGE_SECOND);
	expect_replies(rows[_i].text);
	/* And connects again. */
	REDIS_SEND(other, replied, NULL, STR("PING"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(server.connections, 2);
	redis_close(other);
	stage_server_close(&server);
}
END_TEST

static void send_next(const struct redis_reply *reply, void *data)
{
	replied(reply, data);
	REDIS_SEND(data, replied, NULL, STR("NEXT"));
}

START_TEST(what_had_not_left_leaves_on_a_new_connection)
{
	struct stage_server server;
	struct redis_client *other = open_url("redis://api:8081");

	stage_server_open(&stage, &server, "+PONG\r\n");
	server.wanted = "PING\r\n";
	server.ends = true;
	REDIS_SEND(other, send_next, other, STR("PING"));
	REDIS_SEND(other, replied, NULL, STR("WAIT"));
	stage_run(&stage, STAGE_SECOND);
	expect_replies("+PONG\nlost connection closed\n");
	ck_assert_int_eq(server.connections, 2);
	ck_assert(str_has_suffix(strbuf_str(&server.got), STR("NEXT\r\n")));
	redis_close(other);
	expect_replies("lost closed\n");
	stage_server_close(&server);
}
END_TEST

START_TEST(a_network_that_takes_nothing_is_given_up)
{
	struct sim_rule_options drop = {.to = STR("api"), .verdict = SIM_DROP};
	struct redis_options options = {
		.url = STR("redis://api"), .command_timeout_ms = 60000, .write_timeout_ms = 500};
	struct redis_client *other = redis_open(stage.client, &options, NULL);
	char *value = arena_alloc(stage.arena, 1000000);

	REDIS_SEND(other, replied, NULL, STR("PING"));
	stage_run(&stage, STAGE_SECOND);
	sim_rule_add(stage.sim, &drop);
	REDIS_SEND(other, replied, NULL, STR("SET"), STR("a"), str_of(value, 1000000));
	stage_run(&stage, STAGE_SECOND);
	expect_replies("+PONG\nlost timed out\n");
	redis_close(other);
}
END_TEST

START_TEST(closing_tells_those_who_wait)
{
	SEND(STR("PING"));
	if (_i > 0)
		stage_run(&stage, _i * 300);
	redis_close(client);
	expect_replies("lost closed\n");
	stage_run(&stage, STAGE_SECOND);
	expect_replies("");
	client = NULL;
}
END_TEST

static void send_another(const struct redis_reply *reply, void *data)
{
	int *left = data;

	(void)reply;
	if (--*left > 0)
		redis_send(client, (struct str[]){STR("INCR"), STR("n")}, 2, send_another, left);
}

START_TEST(replies_may_lead_to_commands)
{
	int left = 300;

	SEND(STR("BLPOP"), STR("never"), STR("1"));
	REDIS_SEND(client, send_another, &left, STR("INCR"), STR("n"));
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert_int_eq(left, 0);
	SEND(STR("GET"), STR("n"));
	stage_run(&stage, STAGE_SECOND);
	expect_replies("nil\n300\n");
}
END_TEST

START_TEST(a_blocking_command_waits_for_another_client)
{
	struct redis_client *other = open_url("redis://api");

	SEND(STR("BLPOP"), STR("queue"), STR("2"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(replies.count, 0);
	REDIS_SEND(other, NULL, NULL, STR("RPUSH"), STR("queue"), STR("job"));
	stage_run(&stage, STAGE_SECOND / 10);
	expect_replies("[queue\njob\n\n");
	redis_close(other);
}
END_TEST

START_TEST(large_values_cross_in_both_directions)
{
	char *value = arena_alloc(stage.arena, 1000000);

	memset(value, 'v', 1000000);
	SEND(STR("SET"), STR("big"), str_of(value, 1000000));
	SEND(STR("GET"), STR("big"));
	SEND(STR("STRLEN"), STR("big"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(replies.count, 3);
	ck_assert_int_eq(replies.lost, 0);
	ck_assert(str_has_suffix(strbuf_str(&replies.text), STR("vvv\n:1000000\n")));
}
END_TEST

START_TEST(many_commands_in_a_turn_are_all_answered)
{
	for (int i = 0; i < 5000; i++)
		SEND(STR("INCR"), STR("n"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(replies.count, 5000);
	ck_assert(str_has_suffix(strbuf_str(&replies.text), STR(":5000\n")));
}
END_TEST

START_TEST(a_port_that_is_taken_is_refused)
{
	struct error error = {0};

	ck_assert(sim_redis_start(stage.api_host, 6379, &error) == NULL);
	ck_assert_str_eq(error.text, "cannot listen on 0.0.0.0:6379: address in use");
}
END_TEST

/* The node, by bytes. */

static void raw_opened(struct stream *stream, void *data)
{
	stream_write(stream, str_from(data));
}

static struct strbuf raw_got;
static bool raw_ended;

static void raw_readable(struct stream *stream, void *data)
{
	struct str bytes = stream_peek(stream);

	(void)data;
	strbuf_append(&raw_got, bytes);
	stream_consume(stream, bytes.size);
	raw_ended = stream_is_ended(stream);
}

static void raw_failed(struct stream *stream, enum stream_failure failure, void *data)
{
	(void)stream;
	(void)failure;
	(void)data;
	raw_ended = true;
}

START_TEST(what_is_no_command_ends_the_connection)
{
	static const struct stream_events events = {
		.opened = raw_opened, .readable = raw_readable, .failed = raw_failed};
	static char text[] = "*1\r\n$4\r\nPING\r\n*0\r\n*x\r\n";
	struct stream *stream;

	strbuf_init(&raw_got, 1000);
	raw_ended = false;
	stream = stream_connect(stage.client_host, &process_of(stage.client)->actor,
				STR("10.0.0.2"), 6379, &events, text);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(str_equal(strbuf_str(&raw_got), STR("+PONG\r\n-ERR Protocol error\r\n")));
	ck_assert(raw_ended);
	stream_close(stream);
	strbuf_free(&raw_got);
}
END_TEST

START_TEST(a_client_left_to_the_end_of_the_run_is_freed)
{
	struct redis_client *left = open_url("redis://api");

	REDIS_SEND(left, replied, NULL, STR("BLPOP"), STR("never"), STR("0"));
	stage_run(&stage, _i * 250);
}
END_TEST

Suite *sim_data_redis_suite(void);
Suite *sim_data_redis_suite(void)
{
	Suite *suite = suite_create("sim_data_redis");
	TCase *tests = tcase_create("redis");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, commands_are_answered_in_order);
	tcase_add_test(tests, nothing_connects_before_the_first_command);
	tcase_add_test(tests, the_url_chooses_the_database);
	tcase_add_loop_test(tests, urls_are_checked, 0, 6);
	tcase_add_test(tests, a_node_that_stops_keeps_its_data);
	tcase_add_test(tests, a_host_that_goes_down_takes_its_node_along);
	tcase_add_loop_test(tests, failures_say_why, 0, 5);
	tcase_add_test(tests, a_server_that_says_nothing_is_given_up);
	tcase_add_loop_test(tests, what_is_no_redis_is_given_up, 0, 4);
	tcase_add_test(tests, what_had_not_left_leaves_on_a_new_connection);
	tcase_add_test(tests, a_network_that_takes_nothing_is_given_up);
	tcase_add_loop_test(tests, closing_tells_those_who_wait, 0, 4);
	tcase_add_test(tests, replies_may_lead_to_commands);
	tcase_add_test(tests, a_blocking_command_waits_for_another_client);
	tcase_add_test(tests, large_values_cross_in_both_directions);
	tcase_add_test(tests, many_commands_in_a_turn_are_all_answered);
	tcase_add_test(tests, a_port_that_is_taken_is_refused);
	tcase_add_test(tests, what_is_no_command_ends_the_connection);
	tcase_add_loop_test(tests, a_client_left_to_the_end_of_the_run_is_freed, 0, 5);
	suite_add_tcase(suite, tests);
	return suite;
}
