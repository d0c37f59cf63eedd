#include "http/message.h"

#include <check.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/str_check_test.h"

static struct arena *arena;
static struct http_fields fields;

static void set_up(void)
{
	arena = arena_create();
	http_fields_init(&fields, arena);
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static void add(const char *name, const char *value)
{
	http_fields_add(&fields, str_from(name), str_from(value));
}

/* "Name=value;" for each field, in order. */
static struct str shown(const struct http_fields *of)
{
	struct str text = STR("");

	for (size_t i = 0; i < of->count; i++)
		text = STR_CONCAT(arena, text, of->items[i].name, STR("="), of->items[i].value,
				  STR(";"));
	return text;
}

START_TEST(fields_keep_their_order_and_their_spelling)
{
	add("X-One", "1");
	add("x-two", "2");
	add("X-ONE", "3");
	ck_assert_strs_eq(shown(&fields), STR("X-One=1;x-two=2;X-ONE=3;"));
}
END_TEST

START_TEST(basic_credentials_are_user_and_password)
{
	ck_assert_strs_eq(http_basic_credentials(arena, STR("Aladdin"), STR("open sesame")),
			  STR("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
	ck_assert_strs_eq(http_basic_credentials(arena, STR(""), STR("t")), STR("Basic OnQ="));
}
END_TEST

START_TEST(fields_are_found_without_case)
{
	add("X-One", "1");
	add("x-one", "2");
	add("Empty", "");
	ck_assert_strs_eq(http_fields_get(&fields, STR("X-ONE")), STR("1"));
	ck_assert_uint_eq(http_fields_count(&fields, STR("x-one")), 2);
	ck_assert(http_fields_has(&fields, STR("empty")));
	ck_assert(!http_fields_has(&fields, STR("X-On")));
	ck_assert_uint_eq(http_fields_get(&fields, STR("none")).size, 0);
	ck_assert_uint_eq(http_fields_count(&fields, STR("none")), 0);
}
END_TEST

START_TEST(many_fields_fit)
{
	for (int i = 0; i < 1000; i++)
		http_fields_add(&fields, str_format(arena, "n%d", i), str_format(arena, "v%d", i));
	ck_assert_uint_eq(fields.count, 1000);
	for (int i = 0; i < 1000; i++)
		ck_assert_strs_eq(http_fields_get(&fields, str_format(arena, "N%d", i)),
				  str_format(arena, "v%d", i));
}
END_TEST

START_TEST(setting_replaces_all_in_the_place_of_the_first)
{
	add("A", "1");
	add("B", "2");
	add("a", "3");
	add("C", "4");
	http_fields_set(&fields, STR("a"), STR("new"));
	ck_assert_strs_eq(shown(&fields), STR("a=new;B=2;C=4;"));
	http_fields_set(&fields, STR("D"), STR("5"));
	ck_assert_strs_eq(shown(&fields), STR("a=new;B=2;C=4;D=5;"));
}
END_TEST

START_TEST(removing_takes_all_of_that_name)
{
	add("A", "1");
	add("B", "2");
	add("a", "3");
	http_fields_remove(&fields, STR("A"));
	ck_assert_strs_eq(shown(&fields), STR("B=2;"));
	http_fields_remove(&fields, STR("A"));
	http_fields_remove(&fields, STR("B"));
	ck_assert_uint_eq(fields.count, 0);
	http_fields_remove(&fields, STR("B"));
}
END_TEST

START_TEST(lists_are_read_by_element)
{
	add("Connection", "keep-alive ,\tClose,");
	add("connection", "x-one");
	ck_assert(http_fields_lists(&fields, STR("Connection"), STR("close")));
	ck_assert(http_fields_lists(&fields, STR("Connection"), STR("X-One")));
	ck_assert(http_fields_lists(&fields, STR("Connection"), STR("keep-alive")));
	ck_assert(!http_fields_lists(&fields, STR("Connection"), STR("clos")));
	ck_assert(!http_fields_lists(&fields, STR("Connection"), STR("alive")));
	ck_assert(!http_fields_lists(&fields, STR("TE"), STR("close")));
}
END_TEST

START_TEST(a_copy_stands_on_its_own)
{
	char name[] = "Name", value[] = "value";
	struct http_fields copy;

	add(name, value);
	http_fields_copy(&copy, arena, &fields);
	name[0] = value[0] = 'x';
	http_fields_add(&copy, STR("More"), STR("m"));
	ck_assert_strs_eq(shown(&copy), STR("Name=value;More=m;"));
	ck_assert_strs_eq(shown(&fields), STR("xame=xalue;"));
	http_fields_init(&fields, arena);
	http_fields_copy(&copy, arena, &fields);
	ck_assert_uint_eq(copy.count, 0);
}
END_TEST

START_TEST(hop_by_hop_fields_and_those_named_in_connection_go)
{
	add("X-Kept", "1");
	add("X-Hop", "2");
	add("Connection", "close, x-hop");
	add("Keep-Alive", "timeout=5");
	add("Proxy-Connection", "close");
	add("TE", "trailers");
	add("Trailer", "x");
	add("Transfer-Encoding", "chunked");
	add("Upgrade", "h2c");
	add("x-HOP", "3");
	add("X-Last", "4");
	http_fields_remove_hop_by_hop(&fields);
	ck_assert_strs_eq(shown(&fields), STR("X-Kept=1;X-Last=4;"));
	http_fields_add(&fields, STR("More"), STR("5"));
	ck_assert_strs_eq(shown(&fields), STR("X-Kept=1;X-Last=4;More=5;"));
}
END_TEST

/* anchors/reliability.md 3.4: hop-by-hop abuse. */
START_TEST(connection_cannot_take_away_who_calls_and_what)
{
	add("Connection", "authorization, X-3scale-Debug, host, cookie, content-type, "
			  "X-Forwarded-For");
	add("Authorization", "Bearer t");
	add("X-3scale-Debug", "d");
	add("Host", "a");
	add("Cookie", "c");
	add("Content-Type", "t");
	add("X-Forwarded-For", "f");
	http_fields_remove_hop_by_hop(&fields);
	ck_assert_uint_eq(fields.count, 6);
	ck_assert(!http_fields_has(&fields, STR("Connection")));
}
END_TEST

START_TEST(statuses_have_their_phrases)
{
	struct http_response response;

	http_response_init(&response, arena, 404);
	ck_assert_int_eq(response.status, 404);
	ck_assert_uint_eq(response.reason.size + response.fields.count, 0);
	ck_assert_strs_eq(http_reason(response.status), STR("Not Found"));
	ck_assert_strs_eq(http_reason(100), STR("Continue"));
	ck_assert_strs_eq(http_reason(200), STR("OK"));
	ck_assert_strs_eq(http_reason(429), STR("Too Many Requests"));
	ck_assert_strs_eq(http_reason(511), STR("Network Authentication Required"));
	ck_assert_strs_eq(http_reason(299), STR("Unknown"));
	ck_assert_strs_eq(http_reason(-1), STR("Unknown"));
}
END_TEST

/* RFC 9110 5.6.2 */
START_TEST(every_byte_is_a_token_character_or_not)
{
	static const struct str marks = STR_INIT("!#$%&'*+-.^_`|~");

	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		bool is_alphanumeric =
			(i >= '0' && i <= '9') || (i >= 'A' && i <= 'Z') || (i >= 'a' && i <= 'z');
		bool expected = is_alphanumeric || str_find_char(marks, c) != STR_NOT_FOUND;
		char text[3] = {'a', c, 'b'};

		ck_assert_msg(http_is_token(str_of(&c, 1)) == expected, "byte %d", i);
		ck_assert_msg(http_is_token(str_of(text, 3)) == expected, "byte %d", i);
	}
	ck_assert(!http_is_token(STR("")));
}
END_TEST

START_TEST(field_values_hold_no_line_ends_and_no_nul)
{
	ck_assert(http_is_field_value(STR("")) && http_is_field_value(STR("a \t\"\xff")));
	ck_assert(!http_is_field_value(STR("a\rb")));
	ck_assert(!http_is_field_value(STR("a\nb")));
	ck_assert(!http_is_field_value(STR("a\0b")));
}
END_TEST

START_TEST(methods_without_a_meaning_of_the_body_are_known)
{
	static const char *const without[] = {"GET",     "HEAD",  "DELETE",
					      "OPTIONS", "TRACE", "CONNECT"};
	static const char *const with[] = {"POST", "PUT", "PATCH", "get", "REPORT", ""};

	for (size_t i = 0; i < sizeof without / sizeof *without; i++)
		ck_assert_msg(http_method_has_no_body_meaning(str_from(without[i])), "%s",
			      without[i]);
	for (size_t i = 0; i < sizeof with / sizeof *with; i++)
		ck_assert_msg(!http_method_has_no_body_meaning(str_from(with[i])), "%s", with[i]);
}
END_TEST

Suite *http_message_suite(void);
Suite *http_message_suite(void)
{
	Suite *suite = suite_create("http_message");
	TCase *tests = tcase_create("message");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, fields_keep_their_order_and_their_spelling);
	tcase_add_test(tests, basic_credentials_are_user_and_password);
	tcase_add_test(tests, fields_are_found_without_case);
	tcase_add_test(tests, many_fields_fit);
	tcase_add_test(tests, setting_replaces_all_in_the_place_of_the_first);
	tcase_add_test(tests, removing_takes_all_of_that_name);
	tcase_add_test(tests, lists_are_read_by_element);
	tcase_add_test(tests, a_copy_stands_on_its_own);
	tcase_add_test(tests, hop_by_hop_fields_and_those_named_in_connection_go);
	tcase_add_test(tests, connection_cannot_take_away_who_calls_and_what);
	tcase_add_test(tests, statuses_have_their_phrases);
	tcase_add_test(tests, every_byte_is_a_token_character_or_not);
	tcase_add_test(tests, field_values_hold_no_line_ends_and_no_nul);
	tcase_add_test(tests, methods_without_a_meaning_of_the_body_are_known);
	suite_add_tcase(suite, tests);
	return suite;
}
