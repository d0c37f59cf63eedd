/* Our own HTTP/1.1 client, by the bytes that it sends and by what becomes of its connections. */
#include <sys/resource.h>

#include "base/map.h"
#include "http/http1.h"
#include "world/http_client.h"
#include "world/real/http_client_internal.h"
#include "world/real/raw_test.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define ENDS_MAX 8
#define BIG_BYTES ((size_t)3 * 1024 * 1024) /* more than all buffers on the way hold */

static struct raw_stage stage;
static int listener;
static uint16_t port;
static struct raw_end ends[ENDS_MAX];
static size_t ends_count;

/* Of the call that is looked at. */
static struct http_call *call;
static bool is_answered, is_failed, is_over;
static enum http_collect_result result;
static struct str body;

static void set_up(void)
{
	raw_stage_begin(&stage);
	listener = raw_listen(&port);
	ends_count = 0;
}

static void tear_down(void)
{
	http_call_release(call);
	call = NULL;
	raw_stage_end(&stage);
	for (size_t i = 0; i < ends_count; i++)
		raw_end_close(&ends[i]);
	close(listener);
}

static struct connection_pool *pool(void)
{
	return &real_of(stage.world)->http_client->pool;
}

static void collected(enum http_collect_result how, struct str bytes, void *data)
{
	(void)data;
	is_over = true;
	result = how;
	body = bytes;
}

static void answered(struct http_call *of, void *data)
{
	(void)data;
	is_answered = true;
	http_body_collect(http_call_take_body(of), 2 * BIG_BYTES, stage.arena, collected, NULL);
}

static void failed(struct http_call *of, void *data)
{
	(void)of;
	(void)data;
	is_failed = is_over = true;
}

static void start(struct str method, struct http_body *upload)
{
	struct http_call_options options = {.method = method,
					    .host = STR("127.0.0.1"),
					    .port = port,
					    .target = STR("/a?b"),
					    .body = upload};

	http_call_release(call);
	is_answered = is_failed = is_over = false;
	call = http_call_start(stage.world, &options, answered, failed, NULL);
}

static bool call_is_over(void *data)
{
	(void)data;
	return is_over;
}

static void finish(void)
{
	ck_assert(raw_await(&stage, call_is_over, NULL));
}

/* Which connection, and what has to end what came on it. */
struct wait {
	size_t index;
	struct str end;
};

static bool has_come(void *data)
{
	const struct wait *wait = data;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		raw_end_begin(&ends[ends_count++], fd);
	if (ends_count <= wait->index)
		return false;
	raw_receive(&ends[wait->index]);
	return str_has_suffix(strbuf_str(&ends[wait->index].bytes), wait->end);
}

static void await_request(size_t index, struct str end)
{
	struct wait wait = {index, end};

	ck_assert(raw_await(&stage, has_come, &wait));
}

static void answer(size_t index, struct str bytes)
{
	strbuf_clear(&ends[index].bytes);
	raw_send(&ends[index], bytes);
}

static void check_sent(size_t index, const char *expected)
{
	struct str sent = strbuf_str(&ends[index].bytes);

	expected = str_cstr(stage.arena, str_format(stage.arena, expected, port));
	ck_assert_msg(str_equal(sent, str_from(expected)), "%.*s", STR_ARG(sent));
}

START_TEST(a_request_is_written_as_it_is_asked_for)
{
	struct http_fields fields;
	struct http_call_options options = {.method = STR("POST"),
					    .host = STR("127.0.0.1"),
					    .port = port,
					    .target = STR("/"),
					    .fields = &fields};

	http_fields_init(&fields, stage.arena);
	http_fields_add(&fields, STR("X-a"), STR("1"));
	http_fields_add(&fields, STR("Content-Length"), STR("77"));
	http_fields_add(&fields, STR("Expect"), STR("100-continue"));
	http_fields_add(&fields, STR("two words"), STR("1"));
	http_fields_add(&fields, STR("x-A"), STR("a\nb"));
	http_fields_add(&fields, STR("Host"), STR("b.example"));
	call = http_call_start(stage.world, &options, answered, failed, NULL);
	await_request(0, STR("\r\n\r\n"));
	check_sent(0, "POST / HTTP/1.1\r\nX-a: 1\r\nHost: b.example\r\nContent-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(a_body_leaves_with_its_head)
{
	start(STR("PUT"), http_body_from_str(STR("body")));
	await_request(0, STR("body"));
	check_sent(0, "PUT /a?b HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: 4\r\n\r\nbody");
}
END_TEST

START_TEST(a_body_of_unknown_length_leaves_in_chunks)
{
	struct http_body *upload = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1000);

	start(STR("PUT"), upload);
	await_request(0, STR("chunked\r\n\r\n"));
	strbuf_clear(&ends[0].bytes);
	http_body_write(upload, STR("sixteen bytes it"));
	await_request(0, STR("it\r\n"));
	http_body_write(upload, STR("b"));
	http_body_end(upload);
	http_body_producer_release(upload);
	await_request(0, STR("0\r\n\r\n"));
	check_sent(0, "10\r\nsixteen bytes it\r\n1\r\nb\r\n0\r\n\r\n");
	answer(0, STR(OK "Content-Length: 0\r\n\r\n"));
	finish();
	ck_assert(is_answered);
	start(STR("GET"), NULL);
	await_request(0, STR("\r\n\r\n"));
	ck_assert_uint_eq(ends_count, 1);
}
END_TEST

/* Both directions, larger than all that may wait anywhere. */
START_TEST(big_bodies_pass)
{
	char *bytes = arena_alloc(stage.arena, BIG_BYTES);
	struct str big = str_of(bytes, BIG_BYTES);
	size_t sent = 0;

	for (size_t i = 0; i < BIG_BYTES; i++)
		bytes[i] = (char)(i * 31 >> 7);
	start(STR("POST"), http_body_from_str(big));
	await_request(0, str_skip(big, BIG_BYTES - 1000));
	raw_send(&ends[0], str_format(stage.arena, OK "Content-Length: %zu\r\n\r\n", BIG_BYTES));
	while (!is_over) {
		ssize_t count = send(ends[0].fd, bytes + sent, BIG_BYTES - sent,
				     MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += count > 0 ? (size_t)count : 0;
		raw_pause(&stage, 1);
	}
	ck_assert_int_eq(result, HTTP_COLLECTED);
	ck_assert(str_equal(body, big));
}
END_TEST

START_TEST(an_answer_may_come_in_any_pieces)
{
	struct str bytes = STR(OK "A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
				  "3;x=y\r\nabc\r\n0\r\nT: r\r\n\r\n");

	for (size_t cut = 1; cut < bytes.size; cut++) {
		start(STR("GET"), NULL);
		await_request(0, STR("\r\n\r\n"));
		answer(0, str_slice(bytes, 0, cut));
		raw_pause(&stage, 1);
		ck_assert(!is_over);
		raw_send(&ends[0], str_skip(bytes, cut));
		finish();
		ck_assert_msg(result == HTTP_COLLECTED && str_equal(body, STR("abc")), "cut %zu",
			      cut);
	}
	ck_assert_uint_eq(ends_count, 1);
}
END_TEST

/* Nobody may take for an answer what was sent before the question. */
START_TEST(what_follows_an_answer_ends_its_connection)
{
	static const struct str answers[] = {
		STR_INIT(OK "Content-Length: 1\r\n\r\na" OK "Content-Length: 1\r\n\r\nX"),
		STR_INIT(OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nX"),
		STR_INIT("HTTP/1.1 204 No Content\r\n\r\nX"),
		STR_INIT(OK "Connection: close\r\nContent-Length: 1\r\n\r\na"),
		STR_INIT("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"),
	};

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		start(STR("GET"), NULL);
		await_request(i, STR("\r\n\r\n"));
		answer(i, answers[i]);
		finish();
		ck_assert(is_answered);
	}
	ck_assert_uint_eq(pool()->idle_count, 0);
}
END_TEST

static void keep_one(void)
{
	start(STR("GET"), NULL);
	await_request(0, STR("\r\n\r\n"));
	answer(0, STR(OK "Content-Length: 1\r\n\r\na"));
	finish();
	ck_assert_uint_eq(pool()->idle_count, 1);
}

START_TEST(an_idle_connection_that_speaks_or_ends_is_dropped)
{
	keep_one();
	if (_i == 0)
		raw_send(&ends[0], STR("HTTP/1.1 408 Request Timeout\r\n\r\n"));
	else
		raw_end_close(&ends[0]);
	raw_pause(&stage, 5);
	ck_assert_uint_eq(pool()->idle_count, 0);
	start(STR("POST"), NULL);
	await_request(1, STR("\r\n\r\n"));
	ck_assert(!call->connection_was_reused);
}
END_TEST

/* It ended in this very turn: the loop has not heard of it. */
START_TEST(what_may_not_be_repeated_is_not_sent_on_a_dead_connection)
{
	keep_one();
	raw_end_close(&ends[0]);
	start(STR("POST"), NULL);
	await_request(1, STR("\r\n\r\n"));
	answer(1, STR(OK "Content-Length: 1\r\n\r\na"));
	finish();
	ck_assert(is_answered);
	ck_assert(!call->connection_was_reused);
}
END_TEST

START_TEST(idle_connections_grow_old)
{
	struct client_connection *connection;

	keep_one();
	connection = LIST_ENTRY(list_first(&pool()->idle), struct client_connection, age);
	pool()->sweep.fired(&pool()->sweep);
	ck_assert_uint_eq(pool()->idle_count, 1);
	connection->idle_since_us -= INT64_C(61000000);
	pool()->sweep.fired(&pool()->sweep);
	ck_assert_uint_eq(pool()->idle_count, 0);
	ck_assert(raw_await(&stage, raw_is_closed, &ends[0]));
}
END_TEST

START_TEST(where_descriptors_have_run_out_an_idle_connection_gives_its_own)
{
	struct client_connection *taken;
	struct rlimit before, now;

	keep_one();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = (rlim_t)dup(listener); /* the first free one */
	close((int)now.rlim_cur);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &now), 0);
	taken = pool_take(pool(), STR("127.0.0.1"), port, true, false);
	ck_assert_ptr_nonnull(taken);
	ck_assert_uint_eq(pool()->idle_count, 0);
	ck_assert_ptr_null(pool_take(pool(), STR("127.0.0.1"), port, true, false));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	pool_drop(taken);
}
END_TEST

/* An upstream whose addresses come and go must not fill the memory. */
START_TEST(addresses_without_connections_are_forgotten)
{
	start(STR("GET"), NULL);
	await_request(0, STR("\r\n\r\n"));
	answer(0, STR(OK "Content-Length: 0\r\n\r\n"));
	finish();
	ck_assert_uint_eq(map_count(pool()->places), 1);
	start(STR("GET"), NULL);
	await_request(0, STR("\r\n\r\n"));
	answer(0, STR(OK "Connection: close\r\nContent-Length: 0\r\n\r\n"));
	finish();
	ck_assert_uint_eq(map_count(pool()->places), 0);
}
END_TEST

START_TEST(an_answer_that_came_before_a_reset_counts)
{
	struct http_body *upload = http_body_create((int64_t)BIG_BYTES, BIG_BYTES);

	start(STR("POST"), upload);
	await_request(0, STR("\r\n\r\n"));
	answer(0, STR("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 1\r\n\r\na"));
	raw_end_close(&ends[0]);
	http_body_write(upload, str_of(arena_alloc(stage.arena, BIG_BYTES), BIG_BYTES));
	http_body_end(upload);
	http_body_producer_release(upload);
	finish();
	ck_assert(is_answered);
	ck_assert_int_eq(call->response.status, 413);
}
END_TEST

START_TEST(addresses_of_both_families_are_reached_or_refused)
{
	static const struct {
		struct str address;
		enum http_failure failure, or ;
	} rows[] = {
		{STR_INIT("127.0.0.1"), HTTP_FAILURE_CONNECT_REFUSED, HTTP_FAILURE_CONNECT_REFUSED},
		/* There are machines without IPv6. */
		{STR_INIT("::1"), HTTP_FAILURE_CONNECT_REFUSED, HTTP_FAILURE_UNREACHABLE},
		{STR_INIT("no address"), HTTP_FAILURE_UNREACHABLE, HTTP_FAILURE_UNREACHABLE},
		{STR_INIT("1234:1234:1234:1234:1234:1234:1234:1234:1234:1234:1234:1234"),
		 HTTP_FAILURE_UNREACHABLE, HTTP_FAILURE_UNREACHABLE},
	};

	close(listener);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_call_options options = {.method = STR("GET"),
						    .host = STR("a.example"),
						    .connect_address = rows[i].address,
						    .port = port,
						    .target = STR("/")};

		http_call_release(call);
		is_over = is_failed = false;
		call = http_call_start(stage.world, &options, answered, failed, NULL);
		finish();
		ck_assert(is_failed);
		ck_assert_msg(call->failure == rows[i].failure || call->failure == rows[i].or,
			      "row %zu: %.*s", i, STR_ARG(http_failure_text(call->failure)));
		ck_assert_uint_eq(map_count(pool()->places), 0);
	}
	listener = raw_listen(&port);
}
END_TEST

Suite *world_real_http_client_plain_suite(void);

Suite *world_real_http_client_plain_suite(void)
{
	Suite *suite = suite_create("world/real/http_client_plain");
	TCase *tests = tcase_create("calls");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_request_is_written_as_it_is_asked_for);
	tcase_add_test(tests, a_body_leaves_with_its_head);
	tcase_add_test(tests, a_body_of_unknown_length_leaves_in_chunks);
	tcase_add_test(tests, big_bodies_pass);
	tcase_add_test(tests, an_answer_may_come_in_any_pieces);
	tcase_add_test(tests, what_follows_an_answer_ends_its_connection);
	tcase_add_loop_test(tests, an_idle_connection_that_speaks_or_ends_is_dropped, 0, 2);
	tcase_add_test(tests, what_may_not_be_repeated_is_not_sent_on_a_dead_connection);
	tcase_add_test(tests, idle_connections_grow_old);
	tcase_add_test(tests, where_descriptors_have_run_out_an_idle_connection_gives_its_own);
	tcase_add_test(tests, addresses_without_connections_are_forgotten);
	tcase_add_test(tests, an_answer_that_came_before_a_reset_counts);
	tcase_add_test(tests, addresses_of_both_families_are_reached_or_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
