/* Redis, in either world. */
#include "world/redis.h"

#include <string.h>

#include "world/parity/parity_internal.h"

/* What came back, written on one line: +OK -ERR :1 "text" nil [...] lost(why) */
struct replies {
	struct strbuf text;
	size_t count;
};

static void write_reply(struct strbuf *text, const struct redis_reply *reply)
{
	static const char *const marks[] = {
		[REDIS_STATUS] = "+", [REDIS_ERROR] = "-", [REDIS_STRING] = "$"};

	switch (reply->kind) {
	case REDIS_STATUS:
	case REDIS_ERROR:
	case REDIS_STRING:
		strbuf_append(text, str_from(marks[reply->kind]));
		strbuf_append(text, reply->text);
		break;
	case REDIS_INTEGER:
		strbuf_append_format(text, ":%lld", (long long)reply->integer);
		break;
	case REDIS_NIL:
		strbuf_append(text, STR("nil"));
		break;
	case REDIS_LOST:
		strbuf_append_format(text, "lost(%.*s)", STR_ARG(reply->text));
		break;
	case REDIS_ARRAY:
		strbuf_append(text, STR("["));
		for (size_t i = 0; i < reply->count; i++) {
			strbuf_append(text, i > 0 ? STR(" ") : STR(""));
			write_reply(text, &reply->items[i]);
		}
		strbuf_append(text, STR("]"));
		break;
	}
}

static void replied(const struct redis_reply *reply, void *data)
{
	struct replies *replies = data;

	strbuf_append(&replies->text, replies->count++ > 0 ? STR(", ") : STR(""));
	write_reply(&replies->text, reply);
}

static struct redis_client *open_client(struct parity *p, struct str url)
{
	struct redis_options options = {
		.url = url, .connect_timeout_ms = 2000, .command_timeout_ms = 2000};
	struct redis_client *client = redis_open(p->world, &options, &p->error);

	ck_assert_msg(client != NULL, "%s", p->error.text);
	return client;
}

static void expect(struct parity *p, struct replies *replies, size_t count, struct str text)
{
	parity_await_count(p, &replies->count, count);
	ck_assert_str(strbuf_str(&replies->text), text);
	strbuf_clear(&replies->text);
	replies->count = 0;
}

#define SEND(...) REDIS_SEND(client, replied, &replies, __VA_ARGS__)

static void replies_begin(struct replies *replies)
{
	*replies = (struct replies){0};
	strbuf_init(&replies->text, 16 * 1024 * 1024);
}

PARITY_TEST(every_kind_of_reply_arrives)
{
	struct redis_client *client = open_client(p, p->fixture->redis_start(p->world));
	struct replies replies;

	replies_begin(&replies);
	SEND(STR("SET"), STR("s"), STR("text"));
	SEND(STR("GET"), STR("s"));
	SEND(STR("GET"), STR("missing"));
	SEND(STR("INCRBY"), STR("n"), STR("-7"));
	SEND(STR("INCR"), STR("s"));
	SEND(STR("RPUSH"), STR("l"), STR("a"), STR("b"));
	SEND(STR("LRANGE"), STR("l"), STR("0"), STR("-1"));
	SEND(STR("LRANGE"), STR("none"), STR("0"), STR("-1"));
	SEND(STR("MGET"), STR("s"), STR("missing"));
	SEND(STR("DEL"), STR("s"), STR("l"));
	SEND(STR("SCAN"), STR("0"));
	ck_assert_uint_eq(replies.count, 0);
	expect(p, &replies, 11,
	       STR("+OK, $text, nil, :-7, -ERR value is not an integer or out of range, :2, "
		   "[$a $b], [], [$text nil], :2, [$0 [$n]]"));
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(words_may_hold_any_byte)
{
	struct redis_client *client = open_client(p, p->fixture->redis_start(p->world));
	struct replies replies;
	size_t size = 1000000;
	char *bytes = arena_alloc(p->arena, size);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 7);
	replies_begin(&replies);
	SEND(STR("SET"), STR("a\r\n\0b"), str_of(bytes, size));
	SEND(STR("GET"), STR("a\r\n\0b"));
	SEND(STR("SET"), STR(""), STR(""));
	SEND(STR("GET"), STR(""));
	parity_await_count(p, &replies.count, 4);
	ck_assert_uint_eq(replies.text.size, size + strlen("+OK, $, +OK, $"));
	ck_assert_int_eq(memcmp(replies.text.data + strlen("+OK, $"), bytes, size), 0);
	redis_close(client);
	strbuf_free(&replies.text);
}

struct counting {
	struct redis_client *client;
	size_t count;
	int64_t expected;
	bool sends_more;
};

static void counted(const struct redis_reply *reply, void *data)
{
	struct counting *counting = data;

	ck_assert_int_eq(reply->kind, REDIS_INTEGER);
	ck_assert_int_eq(reply->integer, ++counting->expected);
	counting->count++;
	if (counting->sends_more && counting->count < 3000)
		REDIS_SEND(counting->client, counted, counting, STR("INCR"), STR("n"));
}

PARITY_TEST(replies_come_in_the_order_of_the_commands)
{
	struct redis_client *client = open_client(p, p->fixture->redis_start(p->world));
	struct counting counting = {.client = client};

	for (int i = 0; i < 5000; i++)
		REDIS_SEND(client, counted, &counting, STR("INCR"), STR("n"));
	ck_assert_uint_eq(counting.count, 0);
	parity_await_count(p, &counting.count, 5000);
	redis_close(client);
}

PARITY_TEST(a_callback_may_send_the_next_command)
{
	struct redis_client *client = open_client(p, p->fixture->redis_start(p->world));
	struct counting counting = {.client = client, .sends_more = true};

	REDIS_SEND(client, counted, &counting, STR("INCR"), STR("n"));
	parity_await_count(p, &counting.count, 3000);
	redis_close(client);
}

PARITY_TEST(nobody_need_care_for_a_reply)
{
	struct redis_client *client = open_client(p, p->fixture->redis_start(p->world));
	struct replies replies;

	replies_begin(&replies);
	REDIS_SEND(client, NULL, NULL, STR("SET"), STR("a"), STR("1"));
	SEND(STR("GET"), STR("a"));
	expect(p, &replies, 1, STR("$1"));
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(the_url_names_the_database)
{
	struct str url = p->fixture->redis_start(p->world);
	struct redis_client *client = open_client(p, STR_CONCAT(p->arena, url, STR("/3")));
	struct replies replies;

	replies_begin(&replies);
	SEND(STR("SET"), STR("a"), STR("three"));
	expect(p, &replies, 1, STR("+OK"));
	redis_close(client);
	client = open_client(p, url);
	SEND(STR("GET"), STR("a"));
	SEND(STR("SELECT"), STR("3"));
	SEND(STR("GET"), STR("a"));
	expect(p, &replies, 3, STR("nil, +OK, $three"));
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(a_refused_password_loses_the_commands)
{
	struct str url = p->fixture->redis_start(p->world), place;
	struct redis_client *client;
	struct replies replies;

	replies_begin(&replies);
	place = str_skip(url, strlen("redis://"));
	client = open_client(p, STR_CONCAT(p->arena, STR("redis://:secret@"), place));
	SEND(STR("PING"));
	parity_await_count(p, &replies.count, 1);
	ck_assert_uint_eq(str_find(strbuf_str(&replies.text), STR("lost(")), 0);
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(a_user_may_be_named)
{
	struct str place = str_skip(p->fixture->redis_start(p->world), strlen("redis://"));
	struct redis_client *client =
		open_client(p, STR_CONCAT(p->arena, STR("redis://default:any@"), place));
	struct replies replies;

	replies_begin(&replies);
	SEND(STR("PING"));
	expect(p, &replies, 1, STR("+PONG"));
	redis_close(client);
	client = open_client(p, STR_CONCAT(p->arena, STR("redis://nobody:any@"), place));
	SEND(STR("PING"));
	expect(p, &replies, 1,
	       STR("lost(WRONGPASS invalid username-password pair or user is disabled.)"));
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(the_scheme_may_be_left_out)
{
	struct str place = str_skip(p->fixture->redis_start(p->world), strlen("redis://"));
	struct redis_client *client = open_client(p, place);
	struct replies replies;

	replies_begin(&replies);
	SEND(STR("PING"));
	expect(p, &replies, 1, STR("+PONG"));
	redis_close(client);
	strbuf_free(&replies.text);
}

static void note_left(const struct redis_reply *reply, void *data)
{
	struct counting *counting = data;

	counting->count++;
	counting->expected += reply->kind == REDIS_LOST && reply->never_left;
}

PARITY_TEST(what_never_left_is_told_apart_from_what_may_have_been_done)
{
	struct redis_client *client = open_client(p, p->fixture->redis_start(p->world));
	struct counting counting = {.client = client};

	REDIS_SEND(client, note_left, &counting, STR("BLPOP"), STR("queue"), STR("0"));
	parity_pause(p, 20);
	p->fixture->redis_stop(p->world);
	parity_await_count(p, &counting.count, 1);
	ck_assert_int_eq(counting.expected, 0);
	REDIS_SEND(client, note_left, &counting, STR("PING"));
	parity_await_count(p, &counting.count, 2);
	ck_assert_int_eq(counting.expected, 1);
	redis_close(client);
}

PARITY_TEST(a_client_that_connects_once_does_not_connect_again)
{
	struct redis_options options = {.url = p->fixture->redis_start(p->world),
					.command_timeout_ms = 100,
					.connects_once = true};
	struct redis_client *client = redis_open(p->world, &options, &p->error);
	struct counting counting = {.client = client};
	struct replies replies;

	replies_begin(&replies);
	SEND(STR("BLPOP"), STR("queue"), STR("0"));
	expect(p, &replies, 1, STR("lost(timed out)"));
	SEND(STR("PING"));
	expect(p, &replies, 1, STR("lost(connection closed)"));
	REDIS_SEND(client, note_left, &counting, STR("PING"));
	ck_assert_uint_eq(counting.count, 0);
	parity_await_count(p, &counting.count, 1);
	ck_assert_int_eq(counting.expected, 1);
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(a_transaction_on_another_connection_than_its_watch_is_refused)
{
	struct redis_options options = {.url = p->fixture->redis_start(p->world),
					.command_timeout_ms = 100};
	struct redis_client *client = redis_open(p->world, &options, &p->error);
	struct replies replies;

	replies_begin(&replies);
	SEND(STR("WATCH"), STR("a"));
	SEND(STR("BLPOP"), STR("queue"), STR("0"));
	expect(p, &replies, 2, STR("+OK, lost(timed out)"));
	for (int i = 0; i < 2; i++) {
		SEND(STR("MULTI"));
		SEND(STR("INCR"), STR("n"));
		SEND(STR("EXEC"));
		expect(p, &replies, 3,
		       i == 0 ? STR("+OK, +QUEUED, -EXECABORT Transaction discarded because of "
				    "previous errors.")
			      : STR("+OK, +QUEUED, [:1]"));
	}
	SEND(STR("WATCH"), STR("a"));
	SEND(STR("BLPOP"), STR("queue"), STR("0"));
	expect(p, &replies, 2, STR("+OK, lost(timed out)"));
	SEND(STR("UNWATCH"));
	SEND(STR("WATCH"), STR("a"));
	SEND(STR("MULTI"));
	SEND(STR("DISCARD"));
	SEND(STR("GET"), STR("n"));
	expect(p, &replies, 5, STR("+OK, +OK, +OK, +OK, $1"));
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(without_a_server_commands_are_lost)
{
	struct redis_client *client = open_client(p, p->fixture->redis_start(p->world));
	struct replies replies;

	replies_begin(&replies);
	p->fixture->redis_stop(p->world);
	SEND(STR("PING"));
	SEND(STR("PING"));
	expect(p, &replies, 2, STR("lost(connection refused), lost(connection refused)"));
	SEND(STR("PING"));
	expect(p, &replies, 1, STR("lost(connection refused)"));
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(a_server_that_goes_away_loses_what_waits)
{
	struct redis_client *client = open_client(p, p->fixture->redis_start(p->world));
	struct replies replies;

	replies_begin(&replies);
	SEND(STR("PING"));
	expect(p, &replies, 1, STR("+PONG"));
	SEND(STR("BLPOP"), STR("queue"), STR("0"));
	SEND(STR("PING"));
	parity_pause(p, 20);
	ck_assert_uint_eq(replies.count, 0);
	p->fixture->redis_stop(p->world);
	parity_await_count(p, &replies.count, 2);
	parity_pause(p, 20);
	ck_assert_uint_eq(replies.count, 2);
	ck_assert_uint_eq(str_find(strbuf_str(&replies.text), STR("lost(")), 0);
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(a_command_that_takes_too_long_is_lost_and_the_next_one_connects_again)
{
	struct redis_options options = {.url = p->fixture->redis_start(p->world),
					.command_timeout_ms = 200};
	struct redis_client *client = redis_open(p->world, &options, &p->error);
	struct replies replies;

	replies_begin(&replies);
	SEND(STR("BLPOP"), STR("queue"), STR("0"));
	SEND(STR("PING"));
	expect(p, &replies, 2, STR("lost(timed out), lost(timed out)"));
	SEND(STR("SET"), STR("a"), STR("1"));
	SEND(STR("GET"), STR("a"));
	expect(p, &replies, 2, STR("+OK, $1"));
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(a_server_that_does_not_answer_is_given_up)
{
	struct redis_options options = {.connect_timeout_ms = 200};
	struct redis_client *client;
	struct replies replies;

	replies_begin(&replies);
	options.url = str_format(p->arena, "redis://127.0.0.1:%u", (unsigned)parity_silent_port(p));
	client = redis_open(p->world, &options, &p->error);
	SEND(STR("PING"));
	expect(p, &replies, 1, STR("lost(connection timed out)"));
	redis_close(client);
	strbuf_free(&replies.text);
}

PARITY_TEST(closing_loses_what_waits_during_the_call)
{
	struct str url = p->fixture->redis_start(p->world);
	struct redis_client *client = open_client(p, url);
	struct replies replies;

	replies_begin(&replies);
	SEND(STR("PING"));
	SEND(STR("PING"));
	redis_close(client);
	ck_assert_str(strbuf_str(&replies.text), STR("lost(closed), lost(closed)"));
	client = open_client(p, url);
	SEND(STR("PING"));
	expect(p, &replies, 3, STR("lost(closed), lost(closed), +PONG"));
	SEND(STR("BLPOP"), STR("queue"), STR("0"));
	parity_pause(p, 10);
	redis_close(client);
	parity_pause(p, 10);
	ck_assert_str(strbuf_str(&replies.text), STR("lost(closed)"));
	redis_close(NULL);
	strbuf_free(&replies.text);
}

static void close_client(const struct redis_reply *reply, void *data)
{
	struct counting *counting = data;

	(void)reply;
	if (counting->count++ == 0)
		redis_close(counting->client);
}

PARITY_TEST(a_callback_may_close_the_client)
{
	struct counting counting = {.client = open_client(p, p->fixture->redis_start(p->world))};

	for (int i = 0; i < 3; i++)
		REDIS_SEND(counting.client, close_client, &counting, STR("PING"));
	parity_await_count(p, &counting.count, 1);
	ck_assert_uint_eq(counting.count, 3);
	parity_pause(p, 5);
	ck_assert_uint_eq(counting.count, 3);
}

PARITY_TEST(a_client_closed_while_its_losses_are_told_tells_the_rest_at_once)
{
	struct counting counting = {.client = open_client(p, p->fixture->redis_start(p->world))};

	p->fixture->redis_stop(p->world);
	for (int i = 0; i < 3; i++)
		REDIS_SEND(counting.client, close_client, &counting, STR("PING"));
	parity_await_count(p, &counting.count, 1);
	ck_assert_uint_eq(counting.count, 3);
}

PARITY_TEST(unreadable_urls_are_refused)
{
	static const struct str urls[] = {
		STR_INIT(""),
		STR_INIT("http://127.0.0.1:6379"),
		STR_INIT("redis://"),
		STR_INIT("redis://127.0.0.1:notaport"),
		STR_INIT("redis://127.0.0.1/notanumber"),
		STR_INIT("rediss://127.0.0.1"),
		STR_INIT("a:1:10"),
	};

	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct redis_options options = {.url = urls[i]};

		p->error = (struct error){0};
		ck_assert_ptr_null(redis_open(p->world, &options, &p->error));
		ck_assert_int_eq(p->error.kind, ERROR_INVALID);
	}
}

TCase *parity_redis_case(int number)
{
	TCase *tests = tcase_create("redis");

	PARITY_ADD(tests, number, every_kind_of_reply_arrives);
	PARITY_ADD(tests, number, words_may_hold_any_byte);
	PARITY_ADD(tests, number, replies_come_in_the_order_of_the_commands);
	PARITY_ADD(tests, number, a_callback_may_send_the_next_command);
	PARITY_ADD(tests, number, nobody_need_care_for_a_reply);
	PARITY_ADD(tests, number, the_url_names_the_database);
	PARITY_ADD(tests, number, a_refused_password_loses_the_commands);
	PARITY_ADD(tests, number, a_user_may_be_named);
	PARITY_ADD(tests, number, the_scheme_may_be_left_out);
	PARITY_ADD(tests, number, what_never_left_is_told_apart_from_what_may_have_been_done);
	PARITY_ADD(tests, number, a_client_that_connects_once_does_not_connect_again);
	PARITY_ADD(tests, number, a_transaction_on_another_connection_than_its_watch_is_refused);
	PARITY_ADD(tests, number, without_a_server_commands_are_lost);
	PARITY_ADD(tests, number, a_server_that_goes_away_loses_what_waits);
	PARITY_ADD(tests, number,
		   a_command_that_takes_too_long_is_lost_and_the_next_one_connects_again);
	PARITY_ADD(tests, number, a_server_that_does_not_answer_is_given_up);
	PARITY_ADD(tests, number, closing_loses_what_waits_during_the_call);
	PARITY_ADD(tests, number, a_callback_may_close_the_client);
	PARITY_ADD(tests, number, a_client_closed_while_its_losses_are_told_tells_the_rest_at_once);
	PARITY_ADD(tests, number, unreadable_urls_are_refused);
	return tests;
}
