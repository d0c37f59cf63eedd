#include <stdio.h>

#include "base/json.h"
#include "sim/stage_test.h"

static struct stage stage;

static void set_up(void)
{
	stage_open(&stage);
	stage_start_echo(&stage);
}

/* Nothing may be left of a call when the component was stopped. */
static void tear_down(void)
{
	sim_process_stop(stage.echo);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(stage.exit_status, 0);
	ck_assert(!stage_traced(&stage, "\"left\":"));
	stage_close(&stage);
}

static void set_up_without_echo(void)
{
	stage_open(&stage);
}

static void tear_down_without_echo(void)
{
	stage_close(&stage);
}

/* Calls `target` and reads the JSON of the answer. */
static const struct json *echoed(const struct http_call_options *options, int status)
{
	struct stage_call call;
	struct error error = {0};

	stage_call(&stage, &call, options);
	ck_assert_msg(call.status == status, "%d %.*s", call.status,
		      STR_ARG(http_failure_text(call.failure)));
	ck_assert_int_eq(call.collected, HTTP_COLLECTED);
	ck_assert(str_equal(http_fields_get(&call.fields, STR("Content-Type")),
			    STR("application/json")));

	const struct json *json = json_parse(stage.arena, call.body, 1024 * 1024, &error);

	ck_assert_msg(json != NULL, "%s: %.*s", error.text, STR_ARG(call.body));
	return json;
}

static const struct json *echoed_get(const char *target, int status)
{
	struct http_call_options options = stage_get(target);

	return echoed(&options, status);
}

static const struct json *echoed_post(struct str body)
{
	struct http_call_options options = stage_get("/");

	options.method = STR("POST");
	options.body = http_body_from_str(body);
	return echoed(&options, 200);
}

static void expect_text(const struct json *json, const char *path, struct str text)
{
	struct str got = json_str(json_path(json, path));

	ck_assert_msg(str_equal(got, text), "%s: %.*s", path, STR_ARG(got));
}

/* What it tells. */

START_TEST(a_call_is_told_as_it_came)
{
	struct http_call_options options = stage_get("/a%2Fb/c?x=1&y=%20&x");

	options.method = STR("PUT");
	options.body = http_body_from_str(STR("{\"a\": \"\xc3\xa4\"}"));

	const struct json *json = echoed(&options, 200);

	expect_text(json, "method", STR("PUT"));
	expect_text(json, "path", STR("/a%2Fb/c"));
	expect_text(json, "args", STR("x=1&y=%20&x"));
	expect_text(json, "body", STR("{\"a\": \"\xc3\xa4\"}"));
	expect_text(json, "headers.Host", STR("api:8081"));
	ck_assert_int_eq(json_int(json_get(json, STR("body_bytes")), -1), 11);
}
END_TEST

START_TEST(a_call_without_query_and_body_has_empty_ones)
{
	const struct json *json = echoed_get("/", 200);

	expect_text(json, "path", STR("/"));
	ck_assert_int_eq(json_get(json, STR("args"))->kind, JSON_STRING);
	ck_assert_int_eq(json_get(json, STR("body"))->kind, JSON_STRING);
	expect_text(json, "args", STR(""));
	expect_text(json, "body", STR(""));
	ck_assert_int_eq(json_int(json_get(json, STR("body_bytes")), -1), 0);
}
END_TEST

START_TEST(repeated_headers_are_told_as_one)
{
	struct http_call_options options = stage_get("/");
	struct http_fields fields;

	http_fields_init(&fields, stage.arena);
	http_fields_add(&fields, STR("X-Twice"), STR("a, b"));
	http_fields_add(&fields, STR("X-Other"), STR("\"quoted\""));
	http_fields_add(&fields, STR("X-Twice"), STR("c"));
	http_fields_add(&fields, STR("X-Latin"), STR("\xe4"));
	options.fields = &fields;

	const struct json *json = echoed(&options, 200);

	expect_text(json, "headers.X-Twice", STR("a, b, c"));
	expect_text(json, "headers.X-Other", STR("\"quoted\""));
	expect_text(json, "headers.X-Latin", STR("\xef\xbf\xbd"));
}
END_TEST

START_TEST(each_answer_has_a_uuid_of_its_own)
{
	struct str first = json_get_str(echoed_get("/", 200), STR("uuid"));
	struct str second = json_get_str(echoed_get("/", 200), STR("uuid"));

	ck_assert_uint_eq(first.size, 36);
	for (size_t i = 0; i < first.size; i++) {
		const char *wanted = i == 8 || i == 13 || i == 18 || i == 23 ? "-"
				     : i == 14                               ? "4"
				     : i == 19                               ? "a"
									     : "0123456789abcdef";

		ck_assert_msg(strchr(wanted, first.data[i]) != NULL, "%.*s", STR_ARG(first));
	}
	ck_assert(!str_equal(first, second));
}
END_TEST

START_TEST(a_body_that_is_no_text_is_only_counted)
{
	const struct json *json = echoed_post(STR("\xff\xfe\0\x01"));

	ck_assert(json_get(json, STR("body")) == NULL);
	ck_assert_int_eq(json_int(json_get(json, STR("body_bytes")), -1), 4);
	json = echoed_post(STR("a\tb\x01"));
	expect_text(json, "body", STR("a\tb\x01"));
}
END_TEST

static struct str long_text(size_t size)
{
	char *text = arena_alloc(stage.arena, size);

	memset(text, 'x', size);
	return str_of(text, size);
}

START_TEST(bodies_of_64_KiB_are_told_larger_ones_counted)
{
	struct str text = long_text(64 * 1024 + 1);
	const struct json *json = echoed_post(str_slice(text, 0, 64 * 1024));

	expect_text(json, "body", str_slice(text, 0, 64 * 1024));
	json = echoed_post(text);
	ck_assert(json_get(json, STR("body")) == NULL);
	ck_assert_int_eq(json_int(json_get(json, STR("body_bytes")), -1), 64 * 1024 + 1);
}
END_TEST

static void upload_more(struct http_body *body, void *data)
{
	int64_t *left = data;
	struct str piece = long_text(1000);

	while (*left > 0) {
		size_t size = *left < 1000 ? (size_t)*left : 1000;
		size_t taken = http_body_write(body, str_slice(piece, 0, size));

		*left -= (int64_t)taken;
		if (taken < size)
			return;
	}
	http_body_end(body);
}

START_TEST(big_bodies_stream_through)
{
	int64_t size = 5 * 1024 * 1024 + 7, left = size;
	struct http_body *body =
		http_body_create(_i == 0 ? size : HTTP_BODY_LENGTH_UNKNOWN, 16 * 1024);
	struct http_call_options options = stage_get("/upload");
	const struct json *json;

	options.method = STR("POST");
	options.body = body;
	http_body_on_writable(body, upload_more, &left);
	upload_more(body, &left);
	json = echoed(&options, 200);
	http_body_producer_release(body);
	ck_assert(json_get(json, STR("body")) == NULL);
	ck_assert_int_eq(json_int(json_get(json, STR("body_bytes")), -1), size);
}
END_TEST

START_TEST(the_answer_begins_when_the_body_is_there)
{
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1024);
	struct http_call_options options = stage_get("/bytes/3");
	struct stage_call call;

	options.method = STR("POST");
	options.body = body;
	stage_call_begin(&stage, &call, &options);
	http_body_write(body, STR("first"));
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(call.status, 0);
	http_body_end(body);
	http_body_producer_release(body);
	stage_run(&stage, STAGE_SECOND);
	ck_assert_int_eq(call.status, 200);
	ck_assert(str_equal(call.body, STR("012")));
}
END_TEST

START_TEST(a_body_that_is_cut_off_gets_no_answer)
{
	struct http_body *body = http_body_create(10, 1024);
	struct http_call_options options = stage_get("/");
	struct stage_call call;

	options.method = STR("POST");
	options.body = body;
	stage_call_begin(&stage, &call, &options);
	http_body_write(body, STR("first"));
	stage_run(&stage, STAGE_SECOND);
	http_body_producer_release(body);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(call.is_over);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_REQUEST_BODY);
	ck_assert_uint_eq(stage_count(&stage, "\"kind\":\"answer\""), 0);
	echoed_get("/", 200);
}
END_TEST

START_TEST(a_HEAD_gets_no_body)
{
	static const char *const targets[] = {"/", "/bytes/100000", "/status/404"};
	struct http_call_options options = stage_get(targets[_i]);
	struct stage_call call;

	options.method = STR("HEAD");
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, _i == 2 ? 404 : 200);
	ck_assert_uint_eq(call.body.size, 0);
	if (_i == 1)
		ck_assert(str_equal(http_fields_get(&call.fields, STR("Content-Length")),
				    STR("100000")));
}
END_TEST

/* Bytes. */

/* Whether they go on in the pattern that began `from` bytes before. */
static bool is_pattern(struct str bytes, int64_t from)
{
	for (size_t i = 0; i < bytes.size; i++) {
		if (bytes.data[i] != "0123456789abcdef"[((size_t)from + i) % 16])
			return false;
	}
	return true;
}

START_TEST(as_many_bytes_as_wanted_are_streamed)
{
	static const size_t sizes[] = {0, 1, 16, 239, 240, 241, 65536, 65537, 1000003};
	char target[64];
	struct http_call_options options;
	struct stage_call call;

	snprintf(target, sizeof target, "/bytes/%zu?ignored", sizes[_i]);
	options = stage_get(target);
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert_int_eq(call.collected, HTTP_COLLECTED);
	ck_assert(str_equal(http_fields_get(&call.fields, STR("Content-Type")),
			    STR("application/octet-stream")));
	ck_assert(str_equal(
		http_fields_get(&call.fields, STR("Content-Length")),
		str_skip(str_slice(str_from(target), 0, str_find_char(str_from(target), '?')), 7)));
	ck_assert_uint_eq(call.body.size, sizes[_i]);
	ck_assert(is_pattern(call.body, 0));
}
END_TEST

/* A client that reads when it likes. */
static struct {
	struct http_call *call;
	int64_t bytes;
} reader;

static void reader_answered(struct http_call *call, void *data)
{
	(void)data;
	ck_assert_ptr_eq(call, reader.call);
	ck_assert_int_eq(call->response.status, 200);
}

static void reader_failed(struct http_call *call, void *data)
{
	(void)call;
	(void)data;
	ck_abort();
}

static void reader_begin(const char *target)
{
	struct http_call_options options = stage_get(target);

	reader.bytes = 0;
	reader.call = http_call_start(stage.client, &options, reader_answered, reader_failed, NULL);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(reader.call->body != NULL);
}

/* What came, which must go on in the pattern where it stopped. */
static size_t reader_take(void)
{
	struct http_body *body = reader.call->body;
	size_t taken = 0;

	while (http_body_waiting(body) > 0) {
		struct str bytes = http_body_peek(body);

		ck_assert(is_pattern(bytes, reader.bytes));
		reader.bytes += (int64_t)bytes.size;
		taken += bytes.size;
		http_body_consume(body, bytes.size);
	}
	return taken;
}

START_TEST(bytes_flow_as_fast_as_they_are_read)
{
	reader_begin("/bytes/1125899906842624");
	for (int i = 0; i < 20; i++) {
		/* With all buffers between the two full, nothing moves by itself. */
		size_t pieces;

		stage_run(&stage, STAGE_SECOND);
		pieces = stage_count(&stage, "\"kind\":\"data\"");
		stage_run(&stage, 5 * STAGE_SECOND);
		ck_assert_uint_eq(stage_count(&stage, "\"kind\":\"data\""), pieces);
		ck_assert_uint_gt(reader_take(), 0);
	}
	/* He leaves early; the next is served. */
	http_call_release(reader.call);
	stage_run(&stage, STAGE_SECOND);
	echoed_get("/", 200);
}
END_TEST

START_TEST(a_slow_reader_gets_every_byte)
{
	reader_begin("/bytes/700001");
	for (int i = 0; i < 1000 && !http_body_is_ended(reader.call->body); i++) {
		reader_take();
		stage_run(&stage, STAGE_SECOND / 10);
	}
	ck_assert(http_body_is_ended(reader.call->body));
	ck_assert_int_eq(reader.bytes, 700001);
	http_call_release(reader.call);
}
END_TEST

START_TEST(stopping_lets_go_of_what_is_under_way)
{
	struct http_call_options options = stage_get("/delay/60000");
	struct stage_call delayed, sending;
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1024);

	stage_call_begin(&stage, &delayed, &options);
	options = stage_get("/");
	options.method = STR("POST");
	options.body = body;
	stage_call_begin(&stage, &sending, &options);
	http_body_write(body, STR("first"));
	reader_begin("/bytes/1000000000");
	http_call_release(reader.call);
	reader_begin("/bytes/1000000001");
	sim_process_stop(stage.echo);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(delayed.is_over && sending.is_over);
	ck_assert_int_eq(stage.exit_status, 0);
	http_call_release(reader.call);
	http_body_producer_release(body);
}
END_TEST

/* Statuses, delays, ends. */

START_TEST(a_status_is_answered_as_wanted)
{
	static const int statuses[] = {200, 201, 302, 404, 418, 503, 599};
	char path[32];

	snprintf(path, sizeof path, "/status/%d", statuses[_i]);
	expect_text(echoed_get(path, statuses[_i]), "path", str_from(path));
}
END_TEST

START_TEST(a_status_without_body_has_none)
{
	struct http_call_options options = stage_get(_i == 0 ? "/status/204" : "/status/304");
	struct stage_call call;

	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, _i == 0 ? 204 : 304);
	ck_assert_uint_eq(call.body.size, 0);
}
END_TEST

START_TEST(a_delay_is_kept_to_the_millisecond)
{
	static const int64_t delays_ms[] = {0, 1, 1500, 120000};
	struct http_call_options options;
	struct stage_call call;
	char target[32];
	int64_t began_us, plain_us;

	echoed_get("/", 200); /* connects */
	began_us = sim_now_us(stage.sim);
	echoed_get("/", 200);
	plain_us = sim_now_us(stage.sim) - began_us;

	snprintf(target, sizeof target, "/delay/%d", (int)delays_ms[_i]);
	options = stage_get(target);
	options.idle_timeout_ms = 150000;
	began_us = sim_now_us(stage.sim);
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert_int_eq(sim_now_us(stage.sim) - began_us, plain_us + delays_ms[_i] * 1000);
}
END_TEST

START_TEST(nobody_is_answered_who_left_during_the_delay)
{
	struct http_call_options options = stage_get("/delay/2000");
	struct stage_call call;

	stage_call_begin(&stage, &call, &options);
	stage_run(&stage, STAGE_SECOND);
	http_call_release(call.call);
	stage_run(&stage, 3 * STAGE_SECOND);
	ck_assert_uint_eq(stage_count(&stage, "\"kind\":\"answer\""), 0);
	echoed_get("/", 200);
}
END_TEST

START_TEST(a_connection_is_closed_when_wanted)
{
	struct http_call_options options = stage_get("/close?now");
	struct stage_call call;

	if (_i == 1) {
		options.method = STR("POST");
		options.body = http_body_from_str(STR("read first"));
	}
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 0);
	ck_assert_int_ne(call.failure, HTTP_FAILURE_NONE);
	echoed_get("/", 200);
}
END_TEST

START_TEST(paths_with_bad_numbers_are_paths_like_others)
{
	static const char *const paths[] = {
		"/bytes/",       "/bytes/-1",     "/bytes/ten",
		"/bytes/+1",     "/bytes/1/",     "/bytes/1125899906842625",
		"/bytes",        "/status/199",   "/status/100",
		"/status/600",   "/status/",      "/status/404x",
		"/delay/120001", "/delay/-1",     "/delay/99999999999999999999",
		"/delay/1.5",    "/close/",       "/closed",
		"//bytes/1",     "/x/status/404", "/BYTES/1",
	};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		int64_t began_us = sim_now_us(stage.sim);

		expect_text(echoed_get(paths[i], 200), "path", str_from(paths[i]));
		ck_assert_int_lt(sim_now_us(stage.sim) - began_us, STAGE_SECOND);
	}
}
END_TEST

/* Its start. */

static void start_echo(const char *arguments)
{
	struct str words[8] = {STR("refscale"), STR("echo")}, rest = str_from(arguments);
	size_t count = 2;

	while (str_next_field(&rest, ' ', &words[count]))
		count++;
	stage_start(&stage, stage.api_host, words, count);
	stage_run(&stage, STAGE_SECOND);
}

START_TEST(wrong_options_end_it_with_status_2)
{
	static const struct {
		const char *arguments, *output;
	} rows[] = {
		{"--prt 1", "! refscale echo: unknown option --prt, did you mean --port?\n"},
		{"--port 65536", "! refscale echo: "},
		{"--port", "! refscale echo: "},
		{"8081", "! refscale echo: unexpected argument \"8081\"\n"},
	};

	start_echo(rows[_i].arguments);
	ck_assert_int_eq(stage.exit_status, 2);
	ck_assert_msg(str_has_prefix(strbuf_str(&stage.output), str_from(rows[_i].output)), "%.*s",
		      STR_ARG(strbuf_str(&stage.output)));
}
END_TEST

START_TEST(a_place_that_is_not_free_ends_it_with_status_1)
{
	static const struct {
		const char *arguments, *output;
	} rows[] = {
		{"--port 8081", "! refscale echo: cannot listen on 0.0.0.0:8081: address in use\n"},
		{"--address 10.0.0.1 --port 9000", "! refscale echo: cannot listen on "
						   "10.0.0.1:9000: cannot assign requested "
						   "address\n"},
	};

	start_echo("--port 8081");
	ck_assert(str_equal(strbuf_str(&stage.output), STR("  ready echo port=8081\n")));
	strbuf_clear(&stage.output);
	start_echo(rows[_i].arguments);
	ck_assert_int_eq(stage.exit_status, 1);
	ck_assert_msg(str_equal(strbuf_str(&stage.output), str_from(rows[_i].output)), "%.*s",
		      STR_ARG(strbuf_str(&stage.output)));
}
END_TEST

START_TEST(it_listens_where_it_is_told)
{
	struct http_call_options options = stage_get("/");
	struct str before, after;
	struct stage_call call;

	start_echo("--address 127.0.0.1 --port 0");
	str_split_once(strbuf_str(&stage.output), '=', &before, &after);
	ck_assert(str_equal(before, STR("  ready echo port")));
	ck_assert(str_to_uint16(str_slice(after, 0, after.size - 1), &options.port));
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_CONNECT_REFUSED);

	start_echo("");
	options.port = 8081;
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
}
END_TEST

static void add_answers(Suite *suite)
{
	TCase *tests = tcase_create("answers");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_call_is_told_as_it_came);
	tcase_add_test(tests, a_call_without_query_and_body_has_empty_ones);
	tcase_add_test(tests, repeated_headers_are_told_as_one);
	tcase_add_test(tests, each_answer_has_a_uuid_of_its_own);
	tcase_add_test(tests, a_body_that_is_no_text_is_only_counted);
	tcase_add_test(tests, bodies_of_64_KiB_are_told_larger_ones_counted);
	tcase_add_loop_test(tests, big_bodies_stream_through, 0, 2);
	tcase_add_test(tests, the_answer_begins_when_the_body_is_there);
	tcase_add_test(tests, a_body_that_is_cut_off_gets_no_answer);
	tcase_add_loop_test(tests, a_HEAD_gets_no_body, 0, 3);
	tcase_add_loop_test(tests, as_many_bytes_as_wanted_are_streamed, 0, 9);
	tcase_add_test(tests, bytes_flow_as_fast_as_they_are_read);
	tcase_add_test(tests, a_slow_reader_gets_every_byte);
	tcase_add_loop_test(tests, a_status_is_answered_as_wanted, 0, 7);
	tcase_add_loop_test(tests, a_status_without_body_has_none, 0, 2);
	tcase_add_loop_test(tests, a_delay_is_kept_to_the_millisecond, 0, 4);
	tcase_add_test(tests, nobody_is_answered_who_left_during_the_delay);
	tcase_add_loop_test(tests, a_connection_is_closed_when_wanted, 0, 2);
	tcase_add_test(tests, paths_with_bad_numbers_are_paths_like_others);
	tcase_add_test(tests, stopping_lets_go_of_what_is_under_way);
	suite_add_tcase(suite, tests);
}

static void add_starts(Suite *suite)
{
	TCase *tests = tcase_create("starts");

	tcase_add_checked_fixture(tests, set_up_without_echo, tear_down_without_echo);
	tcase_add_loop_test(tests, wrong_options_end_it_with_status_2, 0, 4);
	tcase_add_loop_test(tests, a_place_that_is_not_free_ends_it_with_status_1, 0, 2);
	tcase_add_test(tests, it_listens_where_it_is_told);
	suite_add_tcase(suite, tests);
}

Suite *echo_echo_suite(void);
Suite *echo_echo_suite(void)
{
	Suite *suite = suite_create("echo_echo");

	add_answers(suite);
	add_starts(suite);
	return suite;
}
