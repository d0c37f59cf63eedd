#include "base/xml.h"

#include <check.h>

static struct strbuf out;

static void set_up(void)
{
	strbuf_init(&out, 1000);
}

static void tear_down(void)
{
	strbuf_free(&out);
}

static void holds(const char *text)
{
	ck_assert_msg(str_equal(strbuf_str(&out), str_from(text)), "\"%.*s\" is not \"%s\"",
		      STR_ARG(strbuf_str(&out)), text);
}

START_TEST(special_characters_become_entities)
{
	ck_assert(xml_escape(&out, STR("a<b>&amp;\"'\xc3\xbc\t\n")));
	holds("a&lt;b&gt;&amp;amp;&quot;&apos;\xc3\xbc\t\n");
}
END_TEST

START_TEST(quotes_stay_between_tags)
{
	ck_assert(xml_text(&out, STR("access_token \"7c6f24f5\" isn't <x> & y")));
	holds("access_token \"7c6f24f5\" isn't &lt;x&gt; &amp; y");
}
END_TEST

START_TEST(what_xml_cannot_hold_is_replaced)
{
	ck_assert(xml_text(&out, STR("a\0b\x1f\x0b\xff\xef\xbf\xbf\xef\xbf\xbez\x7f\xef\xbf\xbd")));
	holds("a\xef\xbf\xbd"
	      "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\x7f\xef\xbf\xbd");
}
END_TEST

START_TEST(a_document_is_written)
{
	xml_declaration(&out);
	xml_open(&out, STR("status"));
	xml_element(&out, STR("plan"), STR("Basic & Co"));
	ck_assert(xml_close(&out, STR("status")));
	holds("<?xml version=\"1.0\" encoding=\"UTF-8\"?><status><plan>Basic &amp; Co</plan>"
	      "</status>");
}
END_TEST

START_TEST(a_full_buffer_is_reported_at_every_size)
{
	for (size_t size = 0; size <= 13; size++) {
		strbuf_free(&out);
		strbuf_init(&out, size);
		ck_assert_int_eq(xml_element(&out, STR("n"), STR("tex")), size >= 10);
		strbuf_clear(&out);
		ck_assert_int_eq(xml_escape(&out, STR("'x")), size >= 7);
	}
}
END_TEST

Suite *base_xml_suite(void);
Suite *base_xml_suite(void)
{
	Suite *suite = suite_create("base_xml");
	TCase *tests = tcase_create("xml");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, special_characters_become_entities);
	tcase_add_test(tests, quotes_stay_between_tags);
	tcase_add_test(tests, what_xml_cannot_hold_is_replaced);
	tcase_add_test(tests, a_document_is_written);
	tcase_add_test(tests, a_full_buffer_is_reported_at_every_size);
	suite_add_tcase(suite, tests);
	return suite;
}
