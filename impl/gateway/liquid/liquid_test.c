#include "gateway/liquid/liquid.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

#define NOW_US INT64_C(1559646375250000) /* 2019-06-04 11:06:15.25 */

static const char names[] =
	"{\"name\":\"World\",\"key\":\"name\",\"one\":1,\"number\":42,\"big\":12345678901234567890,"
	"\"yes\":true,\"no\":false,\"null_value\":null,\"empty_text\":\"\",\"blanks\":\" \\t\","
	"\"list\":[\"b\",\"a\",\"c\"],\"empty_list\":[],\"mixed\":[1,null,2],"
	"\"user\":{\"name\":\"jane\",\"size\":7},\"users\":[{\"n\":1},{\"n\":2}],"
	"\"lines\":\"a\\nb\",\"quoted\":\"a'b\\\\c\\n\"}";

static struct arena *arena;
static const struct json *scope_object;

static void set_up(void)
{
	arena = arena_create();
	scope_object = json_parse(arena, str_from(names), 4096, NULL);
	ck_assert_ptr_nonnull(scope_object);
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static struct str render(struct str text)
{
	struct liquid_scope scope = liquid_scope_of(scope_object, NOW_US);
	struct error error;
	const struct liquid *liquid = liquid_parse(arena, text, &error);

	ck_assert_msg(liquid != NULL, "%.*s: %s", STR_ARG(text), error.text);
	return liquid_render(liquid, &scope, arena);
}

static const struct {
	const char *text, *expected;
} rendered[] = {
	{"plain text", "plain text"},
	{"", ""},
	{"{{ name }}", "World"},
	{"Hello {{name}}!", "Hello World!"},
	{"{{ nothing }}", ""},
	{"{{ }}", ""},
	{"{{ user.name }}", "jane"},
	{"{{ user['name'] }}", "jane"},
	{"{{ user[\"name\"] }}", "jane"},
	{"{{ user[key] }}", "jane"},
	{"{{ user.nothing.more }}", ""},
	{"{{ list[0] }}{{ list[-1] }}{{ list[9] }}", "bc"},
	{"{{ list.first }}{{ list.last }}{{ list.size }}", "bc3"},
	{"{{ list[one] }}", "a"},
	{"{{ name.size }}", "5"},
	{"{{ list }}", "bac"},
	{"{{ user }}", "{\"name\":\"jane\",\"size\":7}"},
	{"{{ user.size }}", "7"},
	{"{{ yes }}{{ no }}{{ null_value }}", "truefalse"},
	{"{{ number }} {{ big }} {{ 1.50 }} {{ -3 }}", "42 12345678901234567890 1.50 -3"},
	{"{{ 'a' }}{{ \"b'\" }}", "ab'"},
	{"a {{- name -}} b", "aWorldb"},
	{"a {%- if yes -%} b {%- endif -%} c", "abc"},
	{"  {{- name }}", "World"},
	{"{% if yes %}a{% endif %}", "a"},
	{"{% if no %}a{% endif %}", ""},
	{"{% if no %}a{% else %}b{% endif %}", "b"},
	{"{% if no %}a{% elsif yes %}b{% else %}c{% endif %}", "b"},
	{"{% if no %}a{% elsif no %}b{% else %}c{% endif %}", "c"},
	{"{% if yes %}a{% elsif yes %}b{% else %}c{% endif %}d", "ad"},
	{"{% unless no %}a{% endunless %}", "a"},
	{"{% unless yes %}a{% else %}b{% endunless %}", "b"},
	{"{% unless yes %}a{% elsif yes %}b{% endunless %}", "b"},
	{"{% if yes %}{% if no %}a{% else %}b{% endif %}c{% endif %}", "bc"},
	{"{% if name == 'World' %}y{% endif %}", "y"},
	{"{% if name != 'World' %}y{% endif %}", ""},
	{"{% if name <> 'x' %}y{% endif %}", "y"},
	{"{% if number > 41 %}y{% endif %}", "y"},
	{"{% if number >= 42 %}y{% endif %}", "y"},
	{"{% if number < 42 %}y{% endif %}", ""},
	{"{% if number <= 42 %}y{% endif %}", "y"},
	{"{% if 'a' < 'b' %}y{% endif %}", "y"},
	{"{% if 'a' < 1 %}y{% endif %}", ""},
	{"{% if number == '42' %}y{% endif %}", ""},
	{"{% if name contains 'orl' %}y{% endif %}", "y"},
	{"{% if list contains 'a' %}y{% endif %}", "y"},
	{"{% if list contains 'z' %}y{% endif %}", ""},
	{"{% if user contains 'name' %}y{% endif %}", "y"},
	{"{% if number contains 4 %}y{% endif %}", ""},
	{"{% if name contains nil %}y{% endif %}", ""},
	{"{% if nothing == nil %}y{% endif %}", "y"},
	{"{% if empty_text == empty %}y{% endif %}", "y"},
	{"{% if empty == empty_text %}y{% endif %}", "y"},
	{"{% if empty_list == empty %}y{% endif %}", "y"},
	{"{% if name == empty %}y{% endif %}", ""},
	{"{% if nothing == empty %}y{% endif %}", ""},
	{"{% if nothing == blank %}y{% endif %}", "y"},
	{"{% if blanks == blank %}y{% endif %}", "y"},
	{"{% if no == blank %}y{% endif %}", "y"},
	{"{% if number == blank %}y{% endif %}", ""},
	{"{% if number == empty %}y{% endif %}", ""},
	{"{% if yes == true and no == false %}y{% endif %}", "y"},
	{"{% if list == list %}y{% endif %}", "y"},
	{"{% if user == user %}y{% endif %}", "y"},
	{"{% if yes and no %}y{% endif %}", ""},
	{"{% if no or yes %}y{% endif %}", "y"},
	{"{% if no and no or yes %}y{% endif %}", ""},
	{"{% if yes or no and no %}y{% endif %}", "y"},
	{"{% if yes and no or yes %}y{% endif %}", "y"},
	{"{% case name %}x{% when 'a' %}1{% when 'World', 'b' %}2{% else %}3{% endcase %}", "2"},
	{"{% case name %}{% when 'a' or 'World' %}1{% endcase %}", "1"},
	{"{% case number %}{% when 1 %}1{% else %}3{% endcase %}", "3"},
	{"{% case number %}{% endcase %}", ""},
	{"{% assign x = 'a' | upcase %}{{ x }}{{ x }}", "AA"},
	{"{% assign x = name %}{% assign x = x | append: '!' %}{{ x }}", "World!"},
	{"{% capture x %}<{{ name }}>{% endcapture %}{{ x }}{{ x.size }}", "<World>7"},
	{"{% capture 'x' %}a{% capture y %}b{% endcapture %}{{ y }}{{ y }}{% endcapture %}{{ x }}",
	 "abb"},
	{"a{% comment %} {{ bad | }} {% if %} {% endcomment %}b", "ab"},
	{"{% raw %}{{ name }}{% if %}{% endraw %}!", "{{ name }}{% if %}!"},
	{"{% raw %}{% endraw %}", ""},
	{"a{%- comment -%} x {%- endcomment -%} b", "ab"},
	{"{{ name | append: '!' }}", "World!"},
	{"{{ name | prepend: 'my ' }}", "my World"},
	{"{{ 'hELLO wORLD' | capitalize }}", "Hello world"},
	{"{{ name | downcase }}{{ name | upcase }}", "worldWORLD"},
	{"[{{ ' a b ' | strip }}][{{ ' a ' | lstrip }}][{{ ' a ' | rstrip }}]", "[a b][a ][ a]"},
	{"{{ lines | strip_newlines }}", "ab"},
	{"{{ lines | newline_to_br }}", "a<br />\nb"},
	{"{{ 'a-b-c' | replace: '-', '+' }}{{ 'a-b-c' | replace_first: '-', '+' }}", "a+b+ca+b-c"},
	{"{{ 'a-b-c' | remove: '-' }}{{ 'a-b-c' | remove_first: '-' }}", "abcab-c"},
	{"{{ 'abc' | replace: '', 'x' }}{{ 'abc' | replace: 'b' }}", "abcac"},
	{"{{ '<a>&\"b' | escape }}", "&lt;a&gt;&amp;&quot;b"},
	{"{{ '&lt; & <' | escape_once }}", "&lt; &amp; &lt;"},
	{"{{ '<b>bold</b> < x' | strip_html }}", "bold < x"},
	{"{{ 'a b&c' | url_encode }} {{ 'a+b%26c' | url_decode }}", "a+b%26c a b&c"},
	{"{{ 'hello' | slice: 1 }}{{ 'hello' | slice: 1, 3 }}{{ 'hello' | slice: -2, 2 }}{{ "
	 "'hello' | slice: 9 }}",
	 "eelllo"},
	{"{{ 'hello world' | truncate: 8 }}", "hello..."},
	{"{{ 'hello' | truncate: 8 }}{{ 'hello world' | truncate: 2, '..' }}", "hello.."},
	{"{{ 'one two three' | truncatewords: 2 }}", "one two..."},
	{"{{ 'one two' | truncatewords: 2, '!' }}", "one two"},
	{"{{ nothing | default: 'd' }}{{ '' | default: 'd' }}{{ no | default: 'd' }}{{ name | "
	 "default: 'd' }}",
	 "dddWorld"},
	{"{{ -7 | abs }} {{ 1.2 | ceil }} {{ 1.8 | floor }} {{ 1.5 | round }} {{ 1.256 | round: 2 "
	 "}}",
	 "7 2 1 2 1.26"},
	{"{{ 3 | plus: 4 }} {{ '3' | minus: 1 }} {{ 3 | times: 2.5 }}", "7 2 7.5"},
	{"{{ 7 | divided_by: 2 }} {{ 7 | divided_by: 2.0 }} {{ 7 | divided_by: 0 }} {{ 7 | modulo: "
	 "3 }} {{ 7 | modulo: 0 }}",
	 "3 3.5  1 "},
	{"{{ 3 | at_least: 5 }} {{ 3 | at_most: 2 }} {{ 'x' | plus: 1 }} {{ nothing | plus: 1 }}",
	 "5 2 1 1"},
	{"{{ 9 | times: 0.1 | plus: 1.1 }}", "2"},
	{"{{ 'a,b,,c' | split: ',' | join: '-' }}", "a-b--c"},
	{"{{ 'abc' | split: '' | reverse | join }}", "c b a"},
	{"{{ list | sort | join: ',' }}", "a,b,c"},
	{"{{ 'b A c' | split: ' ' | sort_natural | join }} {{ 'b A c' | split: ' ' | sort | join "
	 "}}",
	 "A b c A b c"},
	{"{{ list | first }}{{ list | last }}{{ list | size }}{{ 'abc' | size }}", "bc33"},
	{"{{ 'a a b' | split: ' ' | uniq | join }}", "a b"},
	{"{{ mixed | compact | join: ',' }}", "1,2"},
	{"{{ list | concat: list | join: '' }}", "bacbac"},
	{"{{ users | map: 'n' | join: '+' }}", "1+2"},
	{"{{ name | sort }}{{ name | reverse }}{{ name | uniq }}{{ name | compact }}{{ name | join "
	 "}}",
	 "WorldWorldWorldWorldWorld"},
	{"{{ name | first }}{{ name | concat: name | size }}{{ name | map: 'x' | size }}", "00"},
	{"{{ 'a b/c' | escape_uri }} {{ 'a%20b+c' | unescape_uri }}", "a%20b%2Fc a b c"},
	{"{{ 'hello' | encode_base64 }} {{ 'aGVsbG8=' | decode_base64 }} {{ '*' | decode_base64 }}",
	 "aGVsbG8= hello "},
	{"{{ '123456789' | crc32_short }} {{ '123456789' | crc32_long }}", "3421780262 3421780262"},
	{"{{ 'Jefe' | hmac_sha1: 'what do ya want for nothing?' | encode_base64 }}",
	 "7/zfauXrL6LSdBbV8YTfnCWafHk="},
	{"{{ 'abc' | md5 }} {{ 'abc' | md5_bin | encode_base64 }} {{ 'abc' | sha1_bin | "
	 "encode_base64 }}",
	 "900150983cd24fb0d6963f7d28e17f72 kAFQmDzST7DWlj99KOF/cg== qZk+NkcGgWq6PiVxeFDCbJzQ2J0="},
	{"{{ quoted | quote_sql_str }}", "'a\\'b\\\\c\\n'"},
	{"{{ '' | today }}|{{ '' | time }}|{{ '' | now }}|{{ '' | localtime }}|{{ '' | utctime }}",
	 "2019-06-04|1559646375|1559646375.25|2019-06-04 11:06:15|2019-06-04 11:06:15"},
	{"{{ 1559646375 | http_time }}|{{ 1559646375 | cookie_time }}",
	 "Tue, 04 Jun 2019 11:06:15 GMT|Tue, 04-Jun-19 11:06:15 GMT"},
	{"{{ 'Tue, 04 Jun 2019 11:06:15 GMT' | parse_http_time }}|{{ 'Tue, 04 Foo 2019 11:06:15 "
	 "GMT' | parse_http_time }}|{{ 'x' | parse_http_time }}",
	 "1559646375||"},
	{"{{ 1559646375 | date: '%Y-%m-%d %H:%M:%S %y %e %j %I %p %A %a %B %b %s %z %Z %% %F %T %D "
	 "%R' }}",
	 "2019-06-04 11:06:15 19  4 155 11 AM Tuesday Tue June Jun 1559646375 +0000 UTC % "
	 "2019-06-04 11:06:15 06/04/19 11:06"},
	{"{{ 'now' | date: '%H' }}{{ '2019-01-02' | date: '%d' }}{{ 'x' | date: '%d' }}{{ '0' | "
	 "date: '%Y%' }}",
	 "1102x1970%"},
};

START_TEST(a_template_is_rendered)
{
	struct str found = render(str_from(rendered[_i].text));

	ck_assert_msg(str_equal(found, str_from(rendered[_i].expected)),
		      "%s gives \"%.*s\", not \"%s\"", rendered[_i].text, STR_ARG(found),
		      rendered[_i].expected);
}
END_TEST

static const struct {
	const char *text, *error; /* how it begins */
} broken[] = {
	{"{{ a", "an output without an end at 0"},
	{"x{% if a", "a tag without an end at 1"},
	{"{{ a | }}", "an unexpected end at 7"},
	{"{{ a b }}", "unexpected 'b' at 5"},
	{"{{ a | nofilter }}", "unknown filter 'nofilter' at"},
	{"{{ a | append }}", "filter 'append' has 0 arguments at"},
	{"{{ a | append: 1, 2 }}", "filter 'append' has 2 arguments at"},
	{"{{ a | truncate: 1, 2, 3, 4, 5 }}", "unexpected ',' at"},
	{"{{ 'a }}", "a text without an end at"},
	{"{{ # }}", "unexpected character at"},
	{"{{ a[ }}", "an unexpected end at"},
	{"{{ a['x' }}", "an unexpected end at"},
	{"{{ a. }}", "an unexpected end at"},
	{"{{ a[1.5] }}", "unexpected '1.5'"},
	{"{{ | x }}", "unexpected '|'"},
	{"{% %}", "an unexpected end at"},
	{"{% foo %}", "unknown tag 'foo' at 0"},
	{"{% for i in (1..3) %}{% endfor %}", "loops are not allowed at 0"},
	{"{% tablerow a in b %}", "loops are not allowed at 0"},
	{"{% if a %}", "no end for what begins at 0"},
	{"{% endif %}", "a tag without its beginning at 0"},
	{"{% if a %}{% endunless %}", "a tag without its beginning at 10"},
	{"{% if %}{% endif %}", "an unexpected end at"},
	{"{% if a == %}{% endif %}", "an unexpected end at"},
	{"{% if a and %}{% endif %}", "an unexpected end at"},
	{"{% if a b %}{% endif %}", "unexpected 'b'"},
	{"{% else %}", "a tag without its beginning"},
	{"{% if a %}{% else %}{% else %}{% endif %}", "a branch after else at"},
	{"{% if a %}{% else %}{% elsif b %}{% endif %}", "a branch after else at"},
	{"{% elsif a %}", "a tag without its beginning"},
	{"{% if a %}{% elsif %}{% endif %}", "an unexpected end"},
	{"{% if a %}{% else x %}{% endif %}", "unexpected 'x'"},
	{"{% if a %}{% endif x %}", "unexpected 'x'"},
	{"{% case %}{% endcase %}", "an unexpected end"},
	{"{% case a b %}", "unexpected 'b'"},
	{"{% when 1 %}", "a tag without its beginning"},
	{"{% case a %}{% when %}{% endcase %}", "an unexpected end"},
	{"{% case a %}{% else %}{% when 1 %}{% endcase %}", "a branch after else"},
	{"{% case a %}{% when 1, # %}{% endcase %}", "unexpected character"},
	{"{% assign %}", "an unexpected end"},
	{"{% assign a 1 %}", "assign without '=' at 0"},
	{"{% assign a = %}", "an unexpected end"},
	{"{% assign a = 1 2 %}", "unexpected '2'"},
	{"{% capture %}", "an unexpected end"},
	{"{% capture a b %}{% endcapture %}", "unexpected 'b'"},
	{"{% endcapture %}", "a tag without its beginning"},
	{"{% comment %}", "no endcomment for what begins at 0"},
	{"{% raw %}", "no endraw for what begins at 0"},
	{"{% raw %}{% x", "no endraw for what begins at 0"},
	{"{% 'x' %}", "unexpected 'x'"},
};

START_TEST(a_broken_template_is_refused_with_its_place)
{
	struct error error = {0};

	ck_assert_ptr_null(liquid_parse(arena, str_from(broken[_i].text), &error));
	ck_assert_msg(strncmp(error.text, broken[_i].error, strlen(broken[_i].error)) == 0,
		      "%s: \"%s\", not \"%s\"", broken[_i].text, error.text, broken[_i].error);
}
END_TEST

static struct str repeated(const char *text, size_t times)
{
	struct strbuf out;
	struct str copy;

	strbuf_init(&out, LIQUID_TEMPLATE_BYTES_MAX * 2);
	for (size_t i = 0; i < times; i++)
		strbuf_append(&out, str_from(text));
	copy = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return copy;
}

START_TEST(blocks_and_templates_have_a_bound)
{
	struct error error = {0};

	ck_assert_ptr_null(
		liquid_parse(arena, repeated("{% if a %}", LIQUID_BLOCKS_MAX + 1), &error));
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
	ck_assert_ptr_null(
		liquid_parse(arena, repeated("x", LIQUID_TEMPLATE_BYTES_MAX + 1), &error));
	ck_assert_int_eq(error.kind, ERROR_LIMIT);
	ck_assert_uint_eq(render(repeated("x", LIQUID_TEMPLATE_BYTES_MAX)).size,
			  LIQUID_TEMPLATE_BYTES_MAX);
}
END_TEST

START_TEST(what_a_rendering_makes_has_a_bound)
{
	struct str start = STR("{% assign x = 'aaaaaaaaaaaaaaaa' %}");
	struct str doubled = repeated("{% assign x = x | replace: 'a', 'aaaaaaaaaaaaaaaa' %}", 20);
	struct str found = render(STR_CONCAT(arena, start, doubled, STR("{{ x }}{{ x }}")));

	ck_assert_uint_le(found.size, LIQUID_BYTES_MAX);
	ck_assert_uint_le(arena_bytes(arena), 8 * LIQUID_BYTES_MAX);
}
END_TEST

/* Anything left behind is for the leak sanitizer to find. */
START_TEST(a_bound_reached_inside_captures_leaves_nothing_behind)
{
	struct str start = STR("{% assign x = 'aaaaaaaaaaaaaaaa' %}{% capture a %}{% capture b %}");
	struct str grown =
		repeated("{% capture x %}{{ x }}{{ x }}{{ x }}{{ x }}{% endcapture %}", 30);
	struct str text = STR_CONCAT(arena, start, grown, STR("{% endcapture %}{% endcapture %}"));

	ck_assert(str_is_empty(render(text)));
}
END_TEST

START_TEST(arrays_of_filters_have_a_bound)
{
	struct str text = STR_CONCAT(arena, STR("{{ '"), repeated("a,", 5000),
				     STR("' | split: ',' | sort_natural | concat: list | size }}"));

	ck_assert(str_equal(render(text), STR("1024")));
}
END_TEST

static bool find_nothing(const void *data, struct str name, struct arena *memory,
			 struct liquid_value *value)
{
	(void)data;
	(void)name;
	(void)memory;
	(void)value;
	return false;
}

static bool find_object(const void *data, struct str name, struct arena *memory,
			struct liquid_value *value)
{
	(void)memory;
	*value = (struct liquid_value){.kind = LIQUID_OBJECT, .find = find_nothing, .data = data};
	return str_equal(name, STR("object"));
}

START_TEST(an_object_has_names_but_prints_as_nothing)
{
	struct liquid_scope scope = {.find = find_object};
	const struct liquid *liquid = liquid_parse(
		arena,
		STR("[{{ object }}{{ object.name }}{% if object == object %}same{% endif %}"
		    "{% if object == blank %}blank{% endif %}{{ object | size }}]"),
		NULL);

	ck_assert(str_equal(liquid_render(liquid, &scope, arena), STR("[same]")));
}
END_TEST

START_TEST(without_an_object_a_scope_is_empty)
{
	struct liquid_scope scope = liquid_scope_of(NULL, NOW_US);
	const struct liquid *liquid = liquid_parse(arena, STR("{{ name }}x"), NULL);

	ck_assert(str_equal(liquid_render(liquid, &scope, arena), STR("x")));
}
END_TEST

Suite *gateway_liquid_liquid_suite(void)
{
	Suite *suite = suite_create("gateway/liquid");
	TCase *tcase = tcase_create("liquid");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_template_is_rendered, 0, sizeof rendered / sizeof *rendered);
	tcase_add_loop_test(tcase, a_broken_template_is_refused_with_its_place, 0,
			    sizeof broken / sizeof *broken);
	tcase_add_test(tcase, blocks_and_templates_have_a_bound);
	tcase_add_test(tcase, what_a_rendering_makes_has_a_bound);
	tcase_add_test(tcase, a_bound_reached_inside_captures_leaves_nothing_behind);
	tcase_add_test(tcase, arrays_of_filters_have_a_bound);
	tcase_add_test(tcase, an_object_has_names_but_prints_as_nothing);
	tcase_add_test(tcase, without_an_object_a_scope_is_empty);
	suite_add_tcase(suite, tcase);
	return suite;
}
