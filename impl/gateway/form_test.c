#include "gateway/form.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"

static struct arena *arena;
static struct form form;
static int done_count;

static void set_up(void)
{
	arena = arena_create();
	form = (struct form){0};
	done_count = 0;
}

static void tear_down(void)
{
	form_stop(&form);
	arena_destroy(arena);
}

static void is_done(struct form *read, void *data)
{
	(void)read;
	(void)data;
	done_count++;
}

static void write_all(struct http_body *body, struct str bytes)
{
	ck_assert_uint_eq(http_body_write(body, bytes), bytes.size);
}

static void read_all(struct http_body *body, size_t size)
{
	size_t seen = 0;

	while (http_body_waiting(body) > 0) {
		struct str bytes = http_body_peek(body);

		seen += bytes.size;
		http_body_consume(body, bytes.size);
	}
	ck_assert_uint_eq(seen, size);
}

START_TEST(no_body_has_no_fields)
{
	form_read(&form, NULL, arena, is_done, NULL);
	ck_assert(done_count == 1 && form.was_read && form.fields.count == 0);
	ck_assert_ptr_null(form_take_body(&form));
}
END_TEST

START_TEST(a_form_of_known_length_is_read_and_given_back)
{
	struct http_body *body = http_body_create(7, 1024), *out;

	write_all(body, STR("a=1&b"));
	form_read(&form, body, arena, is_done, NULL);
	ck_assert_int_eq(done_count, 0);
	write_all(body, STR("=2"));
	http_body_end(body);
	http_body_producer_release(body);
	ck_assert_int_eq(done_count, 1);
	ck_assert(str_equal(http_query_get(&form.fields, STR("b")), STR("2")));
	out = form_take_body(&form);
	ck_assert_int_eq(http_body_length(out), 7);
	read_all(out, 7);
	ck_assert(http_body_is_ended(out));
	http_body_consumer_release(out);
}
END_TEST

START_TEST(a_chunked_form_gets_a_length)
{
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1024);

	form_read(&form, body, arena, is_done, NULL);
	write_all(body, STR("a=1"));
	http_body_end(body);
	http_body_producer_release(body);
	ck_assert_int_eq(done_count, 1);
	ck_assert_int_eq(http_body_length(form.outgoing), 3);
}
END_TEST

START_TEST(a_large_body_is_not_looked_at)
{
	struct http_body *body = http_body_create(FORM_BYTES_MAX + 1, 1024);

	form_read(&form, body, arena, is_done, NULL);
	ck_assert_int_eq(done_count, 1);
	ck_assert_ptr_eq(form_take_body(&form), body);
	http_body_consumer_release(body);
	http_body_producer_release(body);
}
END_TEST

static struct http_body *start_large_chunked(void)
{
	static char bytes[FORM_BYTES_MAX + 100];
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 64 * 1024);

	memset(bytes, 'x', sizeof bytes);
	form_read(&form, body, arena, is_done, NULL);
	write_all(body, str_of(bytes, sizeof bytes));
	ck_assert(done_count == 1 && form.fields.count == 0);
	return body;
}

START_TEST(a_large_chunked_body_goes_on_as_it_comes)
{
	static char more[200 * 1024];
	struct http_body *body = start_large_chunked(), *out = form_take_body(&form);
	size_t taken;

	read_all(out, FORM_BYTES_MAX + 100);
	/* Back-pressure: what the reader does not take waits in front. */
	taken = http_body_write(body, str_of(more, sizeof more));
	ck_assert_uint_eq(taken, 2 * 64 * 1024);
	read_all(out, taken);
	taken += http_body_write(body, str_of(more, sizeof more - taken));
	http_body_end(body);
	http_body_producer_release(body);
	read_all(out, sizeof more - 2 * 64 * 1024);
	ck_assert_uint_eq(taken, sizeof more);
	ck_assert(http_body_is_ended(out));
	http_body_consumer_release(out);
}
END_TEST

START_TEST(a_body_that_is_cut_off_is_cut_off_behind_the_form_too)
{
	struct http_body *body = start_large_chunked(), *out = form_take_body(&form);

	http_body_fail(body);
	http_body_producer_release(body);
	ck_assert(http_body_is_failed(out));
	http_body_consumer_release(out);
}
END_TEST

START_TEST(a_reader_that_leaves_ends_the_relay)
{
	struct http_body *body = start_large_chunked(), *out = form_take_body(&form);

	http_body_consumer_release(out);
	ck_assert(http_body_is_abandoned(body));
	http_body_producer_release(body);
}
END_TEST

START_TEST(stopping_lets_go_of_all_ends)
{
	struct http_body *body = start_large_chunked();

	form_stop(&form);
	ck_assert(http_body_is_abandoned(body));
	http_body_producer_release(body);
	body = http_body_create(10, 1024);
	form_read(&form, body, arena, is_done, NULL);
	form_stop(&form);
	ck_assert(http_body_is_abandoned(body));
	http_body_producer_release(body);
}
END_TEST

START_TEST(a_hundred_fields_are_looked_at)
{
	struct strbuf text;
	struct http_query query;

	strbuf_init(&text, 4096);
	for (int i = 0; i < 150; i++)
		strbuf_append_format(&text, "%sn%d=1", i > 0 ? "&" : "", i);
	form_parse(&query, strbuf_str(&text), arena);
	ck_assert_uint_eq(query.count, FORM_FIELDS_MAX);
	strbuf_free(&text);
}
END_TEST

Suite *gateway_form_suite(void);
Suite *gateway_form_suite(void)
{
	Suite *suite = suite_create("gateway_form");
	TCase *test = tcase_create("form");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_test(test, no_body_has_no_fields);
	tcase_add_test(test, a_form_of_known_length_is_read_and_given_back);
	tcase_add_test(test, a_chunked_form_gets_a_length);
	tcase_add_test(test, a_large_body_is_not_looked_at);
	tcase_add_test(test, a_large_chunked_body_goes_on_as_it_comes);
	tcase_add_test(test, a_body_that_is_cut_off_is_cut_off_behind_the_form_too);
	tcase_add_test(test, a_reader_that_leaves_ends_the_relay);
	tcase_add_test(test, stopping_lets_go_of_all_ends);
	tcase_add_test(test, a_hundred_fields_are_looked_at);
	suite_add_tcase(suite, test);
	return suite;
}
