/* The Redis client, by the bytes of a server that is none. */
#include "world/redis.h"

#include <stdio.h>
#include <sys/un.h>

#include "world/real/raw_test.h"

struct stage {
	struct raw_stage raw;
	int listener;
	uint16_t port;
	struct raw_end end; /* the last connection */
	size_t connections;
	struct redis_client *client;
	struct strbuf replies; /* "+OK;lost(closed);" */
	size_t count;
};

static void stage_begin(struct stage *stage, const char *url_format)
{
	struct redis_options options = {.connect_timeout_ms = 1000, .command_timeout_ms = 1000};

	memset(stage, 0, sizeof *stage);
	raw_stage_begin(&stage->raw);
	stage->end.fd = -1;
	stage->listener = raw_listen(&stage->port);
	strbuf_init(&stage->replies, 100000);
	options.url = STR_CONCAT(stage->raw.arena, str_from(url_format),
				 str_format(stage->raw.arena, "127.0.0.1:%u/2", stage->port));
	stage->client = redis_open(stage->raw.world, &options, &stage->raw.error);
	ck_assert_ptr_nonnull(stage->client);
}

static void stage_end(struct stage *stage)
{
	redis_close(stage->client);
	raw_end_close(&stage->end);
	close(stage->listener);
	strbuf_free(&stage->replies);
	raw_stage_end(&stage->raw);
}

static void replied(const struct redis_reply *reply, void *data)
{
	struct stage *stage = data;

	stage->count++;
	if (reply->kind == REDIS_LOST)
		strbuf_append_format(&stage->replies, "lost(%.*s);", STR_ARG(reply->text));
	else
		strbuf_append_format(&stage->replies, "%d:%.*s;", (int)reply->kind,
				     STR_ARG(reply->text));
}

static void send_command(struct stage *stage, struct str word)
{
	redis_send(stage->client, &word, 1, replied, stage);
}

static bool server_accepted(void *data)
{
	struct stage *stage = data;
	int fd = accept4(stage->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return false;
	raw_end_close(&stage->end);
	raw_end_begin(&stage->end, fd);
	stage->connections++;
	return true;
}

static bool server_was_asked(void *data)
{
	struct stage *stage = data;

	raw_receive(&stage->end);
	return stage->end.bytes.size > 0;
}

static void expect_bytes(struct stage *stage, struct str bytes)
{
	ck_assert(raw_await(&stage->raw, server_was_asked, stage));
	ck_assert_msg(str_equal(strbuf_str(&stage->end.bytes), bytes), "\"%.*s\"",
		      STR_ARG(strbuf_str(&stage->end.bytes)));
	strbuf_clear(&stage->end.bytes);
}

struct awaited {
	const struct stage *stage;
	size_t count;
};

static bool replies_came(void *data)
{
	const struct awaited *awaited = data;

	return awaited->stage->count >= awaited->count;
}

static void expect_replies(struct stage *stage, size_t count, struct str text)
{
	struct awaited awaited = {stage, count};

	ck_assert(raw_await(&stage->raw, replies_came, &awaited));
	ck_assert_msg(str_equal(strbuf_str(&stage->replies), text), "\"%.*s\"",
		      STR_ARG(strbuf_str(&stage->replies)));
	strbuf_clear(&stage->replies);
	stage->count = 0;
}

#define AUTH "*2\r\n$4\r\nAUTH\r\n$6\r\np@ss!/\r\n"
#define SELECT "*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n"
#define PING "*1\r\n$4\r\nPING\r\n"

START_TEST(test_commands_wait_for_the_greeting)
{
	struct stage stage;

	stage_begin(&stage, "redis://:p%40ss!%2F@");
	send_command(&stage, STR("PING"));
	send_command(&stage, STR("PING"));
	ck_assert(raw_await(&stage.raw, server_accepted, &stage));
	expect_bytes(&stage, STR(AUTH SELECT));
	raw_pause(&stage.raw, 5);
	ck_assert(!server_was_asked(&stage));
	raw_send(&stage.end, STR("+OK\r\n+O"));
	raw_pause(&stage.raw, 5);
	ck_assert(!server_was_asked(&stage));
	raw_send(&stage.end, STR("K\r\n"));
	expect_bytes(&stage, STR(PING PING));
	raw_send(&stage.end, STR("+PONG\r\n+PO"));
	raw_pause(&stage.raw, 5);
	raw_send(&stage.end, STR("NG\r\n"));
	expect_replies(&stage, 2, STR("0:PONG;0:PONG;"));
	ck_assert_uint_eq(stage.connections, 1);
	stage_end(&stage);
}
END_TEST

START_TEST(test_a_refused_greeting_loses_the_commands)
{
	struct stage stage;

	stage_begin(&stage, "redis://:secret@");
	send_command(&stage, STR("PING"));
	ck_assert(raw_await(&stage.raw, server_accepted, &stage));
	raw_send(&stage.end, STR("-WRONGPASS no\r\n"));
	expect_replies(&stage, 1, STR("lost(WRONGPASS no);"));
	stage_end(&stage);
	stage_begin(&stage, "redis://");
	send_command(&stage, STR("PING"));
	ck_assert(raw_await(&stage.raw, server_accepted, &stage));
	raw_send(&stage.end, STR(":1\r\n"));
	expect_replies(&stage, 1, STR("lost(unexpected reply);"));
	stage_end(&stage);
}
END_TEST

static void greet(struct stage *stage)
{
	ck_assert(raw_await(&stage->raw, server_accepted, stage));
	expect_bytes(stage, STR(SELECT));
	raw_send(&stage->end, STR("+OK\r\n"));
	ck_assert(raw_await(&stage->raw, server_was_asked, stage));
}

START_TEST(test_nonsense_ends_the_connection_and_the_next_command_makes_another)
{
	static const struct {
		struct str bytes, replies;
		size_t count;
	} rows[] = {
		{STR_INIT("HTTP/1.1 400 Bad Request\r\n"),
		 STR_INIT("lost(not a reply);lost(not a reply);"), 2},
		{STR_INIT("+PONG\r\n*-5\r\n"), STR_INIT("0:PONG;lost(not a reply);"), 2},
		{STR_INIT("+PONG\r\n+PONG\r\n+PONG\r\n"), STR_INIT("0:PONG;0:PONG;"), 2},
		{STR_INIT("*99999999\r\n"), STR_INIT("lost(not a reply);lost(not a reply);"), 2},
	};
	struct stage stage;

	stage_begin(&stage, "redis://");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		send_command(&stage, STR("PING"));
		send_command(&stage, STR("PING"));
		greet(&stage);
		raw_send(&stage.end, rows[i].bytes);
		expect_replies(&stage, rows[i].count, rows[i].replies);
		ck_assert(raw_await(&stage.raw, raw_is_closed, &stage.end));
		ck_assert_uint_eq(stage.connections, i + 1);
	}
	stage_end(&stage);
}
END_TEST

START_TEST(test_a_cut_connection_is_told)
{
	struct stage stage;

	stage_begin(&stage, "redis://");
	send_command(&stage, STR("PING"));
	greet(&stage);
	raw_end_close(&stage.end);
	expect_replies(&stage, 1, STR("lost(connection closed);"));
	send_command(&stage, STR("PING"));
	greet(&stage);
	raw_end_reset(&stage.end);
	expect_replies(&stage, 1, STR("lost(connection reset by peer);"));
	stage_end(&stage);
}
END_TEST

static void send_next(const struct redis_reply *reply, void *data)
{
	replied(reply, data);
	send_command(data, STR("NEXT"));
	send_command(data, STR("LAST"));
}

START_TEST(test_what_had_not_left_leaves_on_a_new_connection_once)
{
	static const struct str next = STR_INIT("*1\r\n$4\r\nNEXT\r\n*1\r\n$4\r\nLAST\r\n");
	struct stage stage;
	struct str ping = STR("PING"), wait = STR("WAIT");

	stage_begin(&stage, "redis://");
	redis_send(stage.client, &ping, 1, send_next, &stage);
	redis_send(stage.client, &wait, 1, replied, &stage);
	greet(&stage);
	raw_send(&stage.end, STR("+PONG\r\n")); /* both are read in one turn */
	raw_end_reset(&stage.end);
	ck_assert(raw_await(&stage.raw, replies_came, &(struct awaited){&stage, 2}));
	ck_assert(str_has_prefix(strbuf_str(&stage.replies), STR("0:PONG;lost(connection ")));
	ck_assert_uint_eq(stage.count, 2);
	strbuf_clear(&stage.replies);
	stage.count = 0;
	ck_assert(raw_await(&stage.raw, server_accepted, &stage));
	expect_bytes(&stage, STR(SELECT));
	if (_i == 0) {
		raw_send(&stage.end, STR("+OK\r\n"));
		expect_bytes(&stage, next);
		raw_send(&stage.end, STR("+1\r\n+2\r\n"));
		expect_replies(&stage, 2, STR("0:1;0:2;"));
	} else {
		raw_end_close(&stage.end);
		expect_replies(&stage, 2, STR("lost(connection closed);lost(connection closed);"));
	}
	stage_end(&stage);
}
END_TEST

START_TEST(test_a_server_that_does_not_read_is_given_up)
{
	struct stage stage;
	struct redis_options options = {.command_timeout_ms = 30000, .write_timeout_ms = 100};
	size_t size = 20000000;

	stage_begin(&stage, "redis://");
	options.url = str_format(stage.raw.arena, "redis://127.0.0.1:%u/2", stage.port);
	redis_close(stage.client);
	stage.client = redis_open(stage.raw.world, &options, &stage.raw.error);
	send_command(&stage, STR("PING"));
	greet(&stage);
	send_command(&stage, str_of(arena_alloc(stage.raw.arena, size), size));
	expect_replies(&stage, 2, STR("lost(timed out);lost(timed out);"));
	stage_end(&stage);
}
END_TEST

START_TEST(test_unix_sockets_are_connected_to)
{
	struct stage stage;
	struct sockaddr_un place = {.sun_family = AF_UNIX};
	struct redis_options options = {.connect_timeout_ms = 1000};
	char folder[] = "/tmp/refscale-redis-XXXXXX";

	stage_begin(&stage, "redis://");
	redis_close(stage.client);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(place.sun_path, sizeof place.sun_path, "%s/s", folder);
	options.url = str_format(stage.raw.arena, "unix://%s", place.sun_path);
	stage.client = redis_open(stage.raw.world, &options, &stage.raw.error);
	send_command(&stage, STR("PING"));
	expect_replies(&stage, 1, STR("lost(no such file or directory);"));
	close(stage.listener);
	stage.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(stage.listener, (struct sockaddr *)&place, sizeof place), 0);
	ck_assert_int_eq(listen(stage.listener, 16), 0);
	send_command(&stage, STR("PING"));
	ck_assert(raw_await(&stage.raw, server_accepted, &stage));
	expect_bytes(&stage, STR(PING));
	raw_send(&stage.end, STR("+PONG\r\n"));
	expect_replies(&stage, 1, STR("0:PONG;"));
	stage_end(&stage);
	unlink(place.sun_path);
	rmdir(folder);
}
END_TEST

static bool everything_came(void *data)
{
	struct stage *stage = data;

	raw_receive(&stage->end);
	return str_has_suffix(strbuf_str(&stage->end.bytes), STR(PING));
}

START_TEST(test_what_the_socket_does_not_take_leaves_later)
{
	struct stage stage;
	size_t size = 20000000;
	char *bytes;

	stage_begin(&stage, "redis://");
	send_command(&stage, STR("PING"));
	greet(&stage);
	strbuf_clear(&stage.end.bytes);
	bytes = arena_alloc(stage.raw.arena, size);
	memset(bytes, 'x', size);
	send_command(&stage, str_of(bytes, size));
	raw_pause(&stage.raw, 20);
	send_command(&stage, STR("PING"));
	ck_assert(raw_await(&stage.raw, everything_came, &stage));
	ck_assert_uint_eq(stage.end.bytes.size, size + strlen("*1\r\n$20000000\r\n\r\n" PING));
	raw_send(&stage.end, STR("+1\r\n+2\r\n+3\r\n"));
	expect_replies(&stage, 3, STR("0:1;0:2;0:3;"));
	stage_end(&stage);
}
END_TEST

START_TEST(test_many_commands_may_wait_while_others_are_answered)
{
	struct stage stage;

	stage_begin(&stage, "redis://");
	send_command(&stage, STR("PING"));
	greet(&stage);
	for (int i = 0; i < 4000; i++)
		send_command(&stage, STR("PING"));
	for (int i = 0; i < 40; i++) {
		for (int j = 0; j < 100; j++)
			raw_send(&stage.end, STR("+P\r\n"));
		raw_pause(&stage.raw, 0);
		send_command(&stage, STR("PING"));
		strbuf_clear(&stage.replies);
		raw_receive(&stage.end);
	}
	for (int i = 0; i < 41; i++)
		raw_send(&stage.end, STR("+P\r\n"));

	struct awaited awaited = {&stage, 4041};

	ck_assert(raw_await(&stage.raw, replies_came, &awaited));
	ck_assert_uint_eq(stage.count, 4041);
	stage_end(&stage);
}
END_TEST

START_TEST(test_names_are_looked_up)
{
	struct stage stage;
	struct redis_options options = {.connect_timeout_ms = 5000};

	stage_begin(&stage, "redis://");
	redis_close(stage.client);
	options.url = str_format(stage.raw.arena, "redis://localhost:%u/2", stage.port);
	stage.client = redis_open(stage.raw.world, &options, &stage.raw.error);
	send_command(&stage, STR("PING"));
	greet(&stage);
	raw_send(&stage.end, STR("+PONG\r\n"));
	expect_replies(&stage, 1, STR("0:PONG;"));
	redis_close(stage.client);
	options.url = STR("redis://no-such-name.invalid");
	options.connect_timeout_ms = 10000;
	stage.client = redis_open(stage.raw.world, &options, &stage.raw.error);
	send_command(&stage, STR("PING"));
	redis_close(stage.client);
	expect_replies(&stage, 1, STR("lost(closed);"));
	options.url = STR("redis://0.0.0.1:1");
	stage.client = redis_open(stage.raw.world, &options, &stage.raw.error);
	send_command(&stage, STR("PING"));

	struct awaited awaited = {&stage, 1};

	ck_assert(raw_await(&stage.raw, replies_came, &awaited));
	ck_assert(str_has_prefix(strbuf_str(&stage.replies), STR("lost(")));
	stage_end(&stage);
}
END_TEST

Suite *world_real_redis_suite(void);

Suite *world_real_redis_suite(void)
{
	Suite *suite = suite_create("world/real/redis");
	TCase *tests = tcase_create("client");

	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_commands_wait_for_the_greeting);
	tcase_add_test(tests, test_a_refused_greeting_loses_the_commands);
	tcase_add_test(tests, test_nonsense_ends_the_connection_and_the_next_command_makes_another);
	tcase_add_test(tests, test_a_cut_connection_is_told);
	tcase_add_test(tests, test_what_the_socket_does_not_take_leaves_later);
	tcase_add_test(tests, test_many_commands_may_wait_while_others_are_answered);
	tcase_add_loop_test(tests, test_what_had_not_left_leaves_on_a_new_connection_once, 0, 2);
	tcase_add_test(tests, test_a_server_that_does_not_read_is_given_up);
	tcase_add_test(tests, test_unix_sockets_are_connected_to);
	tcase_add_test(tests, test_names_are_looked_up);
	suite_add_tcase(suite, tests);
	return suite;
}
