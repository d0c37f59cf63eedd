#include <check.h>

#include "base/arena.h"
#include "base/str_check_test.h"
#include "http/body.h"

#define BYTES_MAX 20

struct collected {
	int count;
	enum http_collect_result result;
	struct str bytes;
};

static struct arena *arena;
static struct http_body *body;
static struct http_body_collector *collector;
static struct collected collected;

static void set_up(void)
{
	arena = arena_create();
	body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 4);
	collector = NULL;
	collected = (struct collected){.count = 0};
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static void done(enum http_collect_result result, struct str bytes, void *data)
{
	struct collected *into = data;

	into->count++;
	into->result = result;
	into->bytes = bytes;
}

static void collect(void)
{
	collector = http_body_collect(body, BYTES_MAX, arena, done, &collected);
}

static void check_done(enum http_collect_result result, struct str bytes)
{
	ck_assert_int_eq(collected.count, 1);
	ck_assert_int_eq(collected.result, result);
	ck_assert_strs_eq(collected.bytes, bytes);
}

START_TEST(no_body_is_an_empty_one)
{
	http_body_producer_release(body);
	http_body_consumer_release(body);
	body = NULL;
	collect();
	ck_assert_ptr_null(collector);
	check_done(HTTP_COLLECTED, STR(""));
}
END_TEST

START_TEST(a_finished_body_is_collected_at_once)
{
	http_body_write(body, STR("abc"));
	http_body_end(body);
	http_body_producer_release(body);
	collect();
	ck_assert_ptr_null(collector);
	check_done(HTTP_COLLECTED, STR("abc"));
}
END_TEST

START_TEST(a_body_is_collected_as_it_comes)
{
	http_body_write(body, STR("abcd"));
	collect();
	ck_assert_ptr_nonnull(collector);
	ck_assert_uint_eq(http_body_write(body, STR("efghijkl")), 8);
	ck_assert_int_eq(collected.count, 0);
	http_body_end(body);
	check_done(HTTP_COLLECTED, STR("abcdefghijkl"));
	http_body_producer_release(body);
}
END_TEST

START_TEST(the_most_that_is_allowed_is_collected)
{
	collect();
	http_body_write(body, STR("01234567890123456789"));
	http_body_end(body);
	check_done(HTTP_COLLECTED, STR("01234567890123456789"));
	http_body_producer_release(body);
}
END_TEST

START_TEST(one_byte_more_is_too_large)
{
	collect();
	http_body_write(body, STR("012345678901234567890"));
	check_done(HTTP_COLLECT_TOO_LARGE, STR(""));
	ck_assert(http_body_is_abandoned(body));
	http_body_end(body);
	http_body_producer_release(body);
	ck_assert_int_eq(collected.count, 1);
}
END_TEST

START_TEST(a_body_that_says_it_is_too_large_is_not_waited_for)
{
	http_body_producer_release(body);
	http_body_consumer_release(body);
	body = http_body_create(BYTES_MAX + 1, 4);
	collect();
	ck_assert_ptr_null(collector);
	check_done(HTTP_COLLECT_TOO_LARGE, STR(""));
	http_body_producer_release(body);
}
END_TEST

START_TEST(a_body_cut_off_is_a_failure)
{
	collect();
	http_body_write(body, STR("ab"));
	http_body_producer_release(body);
	check_done(HTTP_COLLECT_FAILED, STR(""));
}
END_TEST

START_TEST(a_stopped_collector_says_nothing)
{
	collect();
	http_body_write(body, STR("ab"));
	http_body_collector_stop(collector);
	ck_assert(http_body_is_abandoned(body));
	http_body_end(body);
	http_body_producer_release(body);
	ck_assert_int_eq(collected.count, 0);
	http_body_collector_stop(NULL);
}
END_TEST

static void write_the_rest(struct http_body *of, void *data)
{
	struct str *rest = data;

	*rest = str_skip(*rest, http_body_write(of, *rest));
	if (rest->size == 0)
		http_body_end(of);
}

START_TEST(a_producer_that_goes_on_at_once_is_collected_at_once)
{
	struct str rest = STR("0123456789");

	http_body_on_writable(body, write_the_rest, &rest);
	write_the_rest(body, &rest);
	ck_assert_uint_eq(rest.size, 6);
	collect();
	ck_assert_ptr_null(collector);
	check_done(HTTP_COLLECTED, STR("0123456789"));
	http_body_producer_release(body);
}
END_TEST

static void take_over(struct http_body *of, void *data)
{
	(void)of;
	(void)data;
	collect();
}

START_TEST(a_collector_may_take_over_from_a_callback)
{
	http_body_on_readable(body, take_over, NULL);
	http_body_write(body, STR("ab"));
	ck_assert_ptr_nonnull(collector);
	http_body_write(body, STR("cd"));
	http_body_end(body);
	check_done(HTTP_COLLECTED, STR("abcd"));
	http_body_producer_release(body);
}
END_TEST

START_TEST(an_empty_body_needs_no_room)
{
	http_body_end(body);
	http_body_producer_release(body);
	ck_assert_ptr_null(http_body_collect(body, 0, arena, done, &collected));
	check_done(HTTP_COLLECTED, STR(""));
}
END_TEST

Suite *http_body_collector_suite(void);
Suite *http_body_collector_suite(void)
{
	Suite *suite = suite_create("http_body_collector");
	TCase *tests = tcase_create("collector");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, no_body_is_an_empty_one);
	tcase_add_test(tests, a_finished_body_is_collected_at_once);
	tcase_add_test(tests, a_body_is_collected_as_it_comes);
	tcase_add_test(tests, the_most_that_is_allowed_is_collected);
	tcase_add_test(tests, one_byte_more_is_too_large);
	tcase_add_test(tests, a_body_that_says_it_is_too_large_is_not_waited_for);
	tcase_add_test(tests, a_body_cut_off_is_a_failure);
	tcase_add_test(tests, a_stopped_collector_says_nothing);
	tcase_add_test(tests, a_producer_that_goes_on_at_once_is_collected_at_once);
	tcase_add_test(tests, a_collector_may_take_over_from_a_callback);
	tcase_add_test(tests, an_empty_body_needs_no_room);
	suite_add_tcase(suite, tests);
	return suite;
}
