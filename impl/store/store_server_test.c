/* The embedded store seen over the Redis protocol: reads are answered, writes refused. */
#include <check.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"
#include "store/store_server.h"
#include "world/real/real_world.h"
#include "world/redis.h"
#include "world/tcp.h"

#define LIMIT_MS 10000

static struct real_loop *loop;
static struct world *world;
static struct arena *arena;
static struct store *store;
static struct store_server *server;
static struct redis_client *reader, *owner;
static struct strbuf heard;
static int waiting;

static void set_up(void)
{
	struct redis_options options = {.command_timeout_ms = LIMIT_MS};
	struct error error = {0};

	loop = real_loop_create();
	world = real_world_create(loop, NULL);
	arena = arena_create();
	strbuf_init(&heard, 4096);
	waiting = 0;
	store = store_create(world, STR(":memory:"), SQL_DURABILITY_NONE, &error);
	ck_assert_msg(store != NULL, "%s", error.text);
	server = store_server_open(world, store, 0, STR("127.0.0.1"), 0, &error);
	ck_assert_msg(server != NULL, "%s", error.text);
	options.url =
		str_format(arena, "redis://127.0.0.1:%u", (unsigned)store_server_port(server));
	reader = redis_open(world, &options, &error);
	ck_assert_msg(reader != NULL, "%s", error.text);
	owner = store_client(store, 0);
}

static void tear_down(void)
{
	redis_close(reader);
	redis_close(owner);
	store_server_close(server);
	store_destroy(store);
	strbuf_free(&heard);
	arena_destroy(arena);
	real_world_destroy(world);
	real_loop_destroy(loop);
}

static void hear(const struct redis_reply *reply, void *data)
{
	static const char *const kinds[] = {"status", "error", "integer", "string",
					    "nil",    "array", "lost"};

	(void)data;
	strbuf_append_format(&heard, "%s", kinds[reply->kind]);
	if (reply->kind == REDIS_ARRAY)
		strbuf_append_format(&heard, " %d", (int)reply->count);
	else if (reply->kind != REDIS_LOST)
		strbuf_append_format(&heard, " %.*s", STR_ARG(reply->text));
	strbuf_append_char(&heard, ';');
	waiting--;
}

static bool is_quiet(void *data)
{
	(void)data;
	return waiting == 0;
}

static void say(struct redis_client *client, const char *line)
{
	struct str rest = str_from(line), words[8];
	size_t count = 0;

	while (count < 8 && str_next_field(&rest, ' ', &words[count]))
		count++;
	waiting++;
	redis_send(client, words, count, hear, NULL);
}

static void heard_is(const char *text)
{
	ck_assert(real_loop_run_until(loop, is_quiet, NULL, LIMIT_MS));
	ck_assert_msg(str_equal(strbuf_str(&heard), str_from(text)), "%.*s",
		      STR_ARG(strbuf_str(&heard)));
	strbuf_clear(&heard);
}

START_TEST(what_is_written_can_be_read)
{
	say(owner, "SET a 1");
	say(owner, "SADD s x y");
	heard_is("status OK;integer ;");
	say(reader, "GET a");
	say(reader, "MGET a b");
	say(reader, "SMEMBERS s");
	say(reader, "PING");
	heard_is("string 1;array 2;array 2;status PONG;");
}
END_TEST

START_TEST(writes_are_refused_in_their_place)
{
	say(reader, "PING");
	say(reader, "SET a 1");
	say(reader, "flushall");
	say(reader, "GET a");
	heard_is("status PONG;error READONLY You can't write against a read only replica.;"
		 "error READONLY You can't write against a read only replica.;nil ;");
}
END_TEST

/* Longer than what a connection holds at once, in both directions. */
START_TEST(long_commands_and_replies_pass)
{
	enum { KEYS = 20000 };
	struct str *words = ARENA_ARRAY(arena, struct str, KEYS + 1);

	words[0] = STR("MGET");
	for (int i = 1; i <= KEYS; i++)
		words[i] = str_format(arena, "stats/{service:7}/metric:21/hour:%d", i);
	waiting += 2;
	redis_send(reader, words, KEYS + 1, hear, NULL);
	redis_send(reader, words, KEYS + 1, hear, NULL);
	heard_is("array 20000;array 20000;");
}
END_TEST

START_TEST(what_is_no_command_ends_the_connection)
{
	struct http_body *out = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 4096);
	struct http_body *in = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 4096);

	http_body_write(out, STR("GET / HTTP/1.1\r\n\r\n*2\r\n$x\r\n"));
	tcp_connect(world, STR("127.0.0.1"), store_server_port(server), out, in);
	waiting = 1;
	while (!http_body_is_ended(in) && !http_body_is_failed(in)) {
		struct str bytes = http_body_peek(in);

		strbuf_append(&heard, bytes);
		http_body_consume(in, bytes.size);
		real_loop_run_until(loop, is_quiet, NULL, 5);
	}
	ck_assert(str_has_prefix(strbuf_str(&heard), STR("-ERR")));
	http_body_producer_release(out);
	http_body_consumer_release(in);
	waiting = 0;
	strbuf_clear(&heard);
	say(reader, "PING");
	heard_is("status PONG;");
}
END_TEST

START_TEST(a_server_may_go_while_it_is_asked)
{
	say(reader, "PING");
	heard_is("status PONG;");
	say(reader, "PING");
	store_server_close(server);
	server = NULL;
	heard_is("lost;");
}
END_TEST

Suite *store_store_server_suite(void);
Suite *store_store_server_suite(void)
{
	Suite *suite = suite_create("store_store_server");
	TCase *tests = tcase_create("store_server");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, what_is_written_can_be_read);
	tcase_add_test(tests, writes_are_refused_in_their_place);
	tcase_add_test(tests, long_commands_and_replies_pass);
	tcase_add_test(tests, what_is_no_command_ends_the_connection);
	tcase_add_test(tests, a_server_may_go_while_it_is_asked);
	suite_add_tcase(suite, tests);
	return suite;
}
