#include "http/query.h"

#include <check.h>

#include "base/arena.h"
#include "base/str_check_test.h"

static struct arena *arena;
static struct http_query query;
static struct strbuf out;

static void set_up(void)
{
	arena = arena_create();
	http_query_init(&query, arena);
	strbuf_init(&out, 4096);
}

static void tear_down(void)
{
	strbuf_free(&out);
	arena_destroy(arena);
}

/* What is written when `text` was read. */
static const struct {
	struct str text, written;
	size_t count;
} rows[] = {
	{STR_INIT(""), STR_INIT(""), 0},
	{STR_INIT("&&&"), STR_INIT(""), 0},
	{STR_INIT("a=1&b=2"), STR_INIT("a=1&b=2"), 2},
	{STR_INIT("&a=1&&b=2&"), STR_INIT("a=1&b=2"), 2},
	{STR_INIT("a"), STR_INIT("a"), 1},
	{STR_INIT("a&a=&a=1"), STR_INIT("a&a=&a=1"), 3},
	{STR_INIT("="), STR_INIT("="), 1},
	{STR_INIT("=v"), STR_INIT("=v"), 1},
	{STR_INIT("a=b=c"), STR_INIT("a=b%3Dc"), 1},
	{STR_INIT("a+b=c+d"), STR_INIT("a%20b=c%20d"), 1},
	{STR_INIT("a%2Bb=%26"), STR_INIT("a%2Bb=%26"), 1},
	{STR_INIT("usage[hits]=1"), STR_INIT("usage%5Bhits%5D=1"), 1},
	{STR_INIT("usage%5bhits%5d=1"), STR_INIT("usage%5Bhits%5D=1"), 1},
	{STR_INIT("a=%2520"), STR_INIT("a=%2520"), 1}, /* decoded once */
	{STR_INIT("a=%zz&b=%4&c=%"), STR_INIT("a=%25zz&b=%254&c=%25"), 3},
	{STR_INIT("a;b=1"), STR_INIT("a%3Bb=1"), 1},
	{STR_INIT("a=%00\xff"), STR_INIT("a=%00%FF"), 1},
};

START_TEST(what_is_read_is_written)
{
	http_query_parse(&query, rows[_i].text);
	ck_assert_uint_eq(query.count, rows[_i].count);
	ck_assert(http_query_write(&out, &query));
	ck_assert_strs_eq(strbuf_str(&out), rows[_i].written);
}
END_TEST

START_TEST(names_and_values_are_decoded_once)
{
	http_query_parse(&query, STR("a%20b=%2525+x"));
	ck_assert_strs_eq(query.items[0].name, STR("a b"));
	ck_assert_strs_eq(query.items[0].value, STR("%25 x"));
}
END_TEST

START_TEST(a_pair_knows_whether_it_has_a_value)
{
	http_query_parse(&query, STR("a&b=&c=1"));
	ck_assert(!query.items[0].has_value);
	ck_assert(query.items[1].has_value && query.items[1].value.size == 0);
	ck_assert(query.items[2].has_value);
}
END_TEST

START_TEST(the_first_and_the_last_of_a_name_are_found)
{
	http_query_parse(&query, STR("a=1&b=2&a=3&A=4"));
	ck_assert_strs_eq(http_query_get(&query, STR("a")), STR("1"));
	ck_assert_strs_eq(http_query_get_last(&query, STR("a")), STR("3"));
	ck_assert_strs_eq(http_query_get(&query, STR("A")), STR("4"));
	ck_assert(http_query_has(&query, STR("b")) && !http_query_has(&query, STR("c")));
	ck_assert_uint_eq(http_query_get(&query, STR("c")).size, 0);
	ck_assert_uint_eq(http_query_get_last(&query, STR("c")).size, 0);
}
END_TEST

START_TEST(texts_are_added_one_after_another)
{
	for (int i = 0; i < 100; i++)
		http_query_add(&query, str_format(arena, "n%d", i), STR("&"));
	http_query_parse(&query, STR("n1=x"));
	ck_assert_uint_eq(query.count, 101);
	ck_assert_strs_eq(http_query_get(&query, STR("n99")), STR("&"));
	ck_assert_strs_eq(http_query_get_last(&query, STR("n1")), STR("x"));
}
END_TEST

START_TEST(decoded_texts_do_not_borrow_from_what_was_read)
{
	char text[] = "name=value";

	http_query_parse(&query, str_from(text));
	text[0] = text[5] = 'x';
	ck_assert_strs_eq(http_query_get(&query, STR("name")), STR("value"));
}
END_TEST

START_TEST(a_full_buffer_is_told)
{
	struct strbuf small;
	struct str text = STR("a=1&b=2");

	http_query_parse(&query, text);
	for (size_t max = 0; max <= text.size; max++) {
		strbuf_init(&small, max);
		ck_assert_int_eq(http_query_write(&small, &query), max == text.size);
		strbuf_free(&small);
	}
}
END_TEST

Suite *http_query_suite(void);
Suite *http_query_suite(void)
{
	Suite *suite = suite_create("http_query");
	TCase *tests = tcase_create("query");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, what_is_read_is_written, 0, sizeof rows / sizeof *rows);
	tcase_add_test(tests, names_and_values_are_decoded_once);
	tcase_add_test(tests, a_pair_knows_whether_it_has_a_value);
	tcase_add_test(tests, the_first_and_the_last_of_a_name_are_found);
	tcase_add_test(tests, texts_are_added_one_after_another);
	tcase_add_test(tests, decoded_texts_do_not_borrow_from_what_was_read);
	tcase_add_test(tests, a_full_buffer_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
