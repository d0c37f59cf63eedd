#include "base/url.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static void is_text(struct str actual, const char *expected)
{
	ck_assert_msg(str_equal(actual, str_from(expected)), "\"%.*s\" is not \"%s\"",
		      STR_ARG(actual), expected);
}

static const struct {
	const char *text, *scheme, *user, *password, *host;
	int port;
	bool port_is_written;
	const char *path, *query;
} url_rows[] = {
	{"http://example.com", "http", "", "", "example.com", 80, false, "", ""},
	{"https://Example.com/", "https", "", "", "Example.com", 443, false, "/", ""},
	{"HTTPS://h_1:8443/a/b?c=d?e", "HTTPS", "", "", "h_1", 8443, true, "/a/b", "c=d?e"},
	{"http://h?x=1", "http", "", "", "h", 80, false, "", "x=1"},
	{"http://h?", "http", "", "", "h", 80, false, "", ""},
	{"http://tok@portal", "http", "tok", "", "portal", 80, false, "", ""},
	{"https://u:p%40w:x@h:1/p", "https", "u", "p%40w:x", "h", 1, true, "/p", ""},
	{"http://a@b@h/x@y", "http", "a@b", "", "h", 80, false, "/x@y", ""},
	{"http://:pw@h", "http", "", "pw", "h", 80, false, "", ""},
	{"http://127.0.0.1:65535", "http", "", "", "127.0.0.1", 65535, true, "", ""},
	{"http://[::1]:3000/x", "http", "", "", "::1", 3000, true, "/x", ""},
	{"http://[2001:db8::1]", "http", "", "", "2001:db8::1", 80, false, "", ""},
	{"redis://:secret@h:6380/1", "redis", "", "secret", "h", 6380, true, "/1", ""},
	{"redis://h", "redis", "", "", "h", 6379, false, "", ""},
	{"rediss://h/6", "rediss", "", "", "h", 6379, false, "/6", ""},
	{"redis:///2", "redis", "", "", "", 6379, false, "/2", ""},
	{"file:///etc/x.json", "file", "", "", "", 0, false, "/etc/x.json", ""},
	{"unix:///run/s", "unix", "", "", "", 0, false, "/run/s", ""},
	{"smtp://mail", "smtp", "", "", "mail", 25, false, "", ""},
	{"foo+bar-1.0://h", "foo+bar-1.0", "", "", "h", 0, false, "", ""},
	{"http://h/a#frag?x", "http", "", "", "h", 80, false, "/a", ""},
	{"http://h/a?b#frag", "http", "", "", "h", 80, false, "/a", "b"},
};

START_TEST(a_url_is_split)
{
	struct url url = {0};
	struct error error = {0};

	ck_assert_msg(url_parse(str_from(url_rows[_i].text), &url, &error), "%s: %s",
		      url_rows[_i].text, error.text);
	is_text(url.scheme, url_rows[_i].scheme);
	is_text(url.user, url_rows[_i].user);
	is_text(url.password, url_rows[_i].password);
	is_text(url.host, url_rows[_i].host);
	ck_assert_int_eq(url.port, url_rows[_i].port);
	ck_assert_int_eq(url.port_is_written, url_rows[_i].port_is_written);
	is_text(url.path, url_rows[_i].path);
	is_text(url.query, url_rows[_i].query);
}
END_TEST

static const struct {
	struct str text;
	const char *error;
} refused_rows[] = {
	{STR_INIT(""), "missing endpoint"},
	{STR_INIT("example.com"), "missing scheme"},
	{STR_INIT("://h"), "missing scheme"},
	{STR_INIT("localhost:8080"), "invalid endpoint"},
	{STR_INIT("http:"), "invalid endpoint"},
	{STR_INIT("http:/h"), "invalid endpoint"},
	{STR_INIT("http://"), "invalid endpoint"},
	{STR_INIT("https:///path"), "invalid endpoint"},
	{STR_INIT("http://:80"), "invalid endpoint"},
	{STR_INIT("redis://:80"), "invalid endpoint"},
	{STR_INIT("http://user@"), "invalid endpoint"},
	{STR_INIT("http://h:"), "invalid endpoint"},
	{STR_INIT("http://h:0"), "invalid endpoint"},
	{STR_INIT("http://h:65536"), "invalid endpoint"},
	{STR_INIT("http://h:8x"), "invalid endpoint"},
	{STR_INIT("http://h:-1"), "invalid endpoint"},
	{STR_INIT("http://h:80:81"), "invalid endpoint"},
	{STR_INIT("http://h o/"), "invalid endpoint"},
	{STR_INIT("http://h/a b"), "invalid endpoint"},
	{STR_INIT("http://h/a\r\nX: y"), "invalid endpoint"},
	{STR_INIT("http://h/\x7f"), "invalid endpoint"},
	{STR_INIT("http://h/\0"), "invalid endpoint"},
	{STR_INIT("http://h*/"), "invalid endpoint"},
	{STR_INIT("http://h%41/"), "invalid endpoint"},
	{STR_INIT("http://h\\x/"), "invalid endpoint"},
	{STR_INIT("http://[::1"), "invalid endpoint"},
	{STR_INIT("http://[::1]x"), "invalid endpoint"},
	{STR_INIT("http://[::1]:"), "invalid endpoint"},
	{STR_INIT("http://[1.2.3.4]"), "invalid endpoint"},
	{STR_INIT("http://[zz]"), "invalid endpoint"},
	{STR_INIT("http://::1/"), "invalid endpoint"},
	{STR_INIT("ht_tp://h"), "invalid endpoint"},
};

START_TEST(what_does_not_fit_the_grammar_is_refused)
{
	struct url url = {.port = 77};
	struct error error = {0};

	ck_assert(!url_parse(refused_rows[_i].text, &url, &error));
	ck_assert_str_eq(error.text, refused_rows[_i].error);
	ck_assert_int_eq(url.port, 77);
	ck_assert(!url_parse(refused_rows[_i].text, &url, NULL));
}
END_TEST

START_TEST(schemes_have_ports_and_some_are_tls)
{
	struct url url = {.scheme = STR("HTTPS")};

	ck_assert_int_eq(url_default_port(STR("Http")), 80);
	ck_assert_int_eq(url_default_port(STR("gopher")), 0);
	ck_assert(url_is_tls(&url));
	url.scheme = STR("rediss");
	ck_assert(url_is_tls(&url));
	url.scheme = STR("http");
	ck_assert(!url_is_tls(&url));
	url.scheme = STR("unknown");
	ck_assert(!url_is_tls(&url));
}
END_TEST

START_TEST(percent_codes_are_decoded_once)
{
	is_text(url_decode(arena, STR("a%20b%2F%c3%BC"), false), "a b/\xc3\xbc");
	is_text(url_decode(arena, STR("%2541"), false), "%41");
	is_text(url_decode(arena, STR("%"), false), "%");
	is_text(url_decode(arena, STR("%4"), false), "%4");
	is_text(url_decode(arena, STR("%4g%zz%"), false), "%4g%zz%");
	is_text(url_decode(arena, STR("%%41"), false), "%A");
	is_text(url_decode(arena, STR("a+b"), false), "a+b");
	is_text(url_decode(arena, STR("a+b%2B"), true), "a b+");
	ck_assert(str_equal(url_decode(arena, STR("a%00b"), false), STR("a\0b")));
	is_text(url_decode(arena, STR(""), true), "");
}
END_TEST

START_TEST(all_but_unreserved_bytes_are_encoded)
{
	struct strbuf out;

	is_text(url_encoded(arena, STR("AZaz09-._~")), "AZaz09-._~");
	is_text(url_encoded(arena, STR("usage[hits] +/&=\xff")),
		"usage%5Bhits%5D%20%2B%2F%26%3D%FF");
	is_text(url_encoded_path(arena, STR("/a b/c%?#\"")), "/a%20b/c%25%3F%23%22");
	is_text(url_encoded_path(arena, STR("/a;b=c,d/v1:do/u@h/$x/('y')!&*+")),
		"/a;b=c,d/v1:do/u@h/$x/('y')!&*+");
	strbuf_init(&out, 10);
	ck_assert(url_encode(&out, STR("a b/")));
	is_text(strbuf_str(&out), "a%20b%2F");
	ck_assert(!url_encode(&out, STR("!")));
	ck_assert(url_encode(&out, STR("ab")));
	ck_assert(!url_encode(&out, STR("c")));
	strbuf_free(&out);
}
END_TEST

START_TEST(every_byte_survives_encoding_and_decoding)
{
	char bytes[256];
	struct str all = {bytes, sizeof bytes};

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	ck_assert(str_equal(url_decode(arena, url_encoded(arena, all), true), all));
	ck_assert(str_equal(url_decode(arena, url_encoded_path(arena, all), false), all));
}
END_TEST

static const struct {
	const char *raw, *normal;
} path_rows[] = {
	{"", "/"},
	{"/", "/"},
	{"a", "/a"},
	{"/a/b", "/a/b"},
	{"/a//b///", "/a/b/"},
	{"/a/./b", "/a/b"},
	{"/a/b/.", "/a/b/"},
	{"/a/b/..", "/a/"},
	{"/a/b/../c", "/a/c"},
	{"/a/../..//../b", "/b"},
	{"/..", "/"},
	{"/../..", "/"},
	{"/.", "/"},
	{"/a/b/../../c/d/../e", "/c/e"},
	{"/alpha/api/../../beta/api", "/beta/api"},
	{"/a/%2e%2e/b", "/b"},
	{"/a%2f..%2Fb", "/b"},
	{"/a/%252e%252e/b", "/a/%2e%2e/b"},
	{"/...", "/..."},
	{"/a/..b/.c", "/a/..b/.c"},
	{"/foo%20bar", "/foo bar"},
	{"/a%2", "/a%2"},
	{"//", "/"},
	{"/ab/cd/ef/../../..", "/"},
};

START_TEST(paths_above_the_root_are_told)
{
	static const char *const climbing[] = {
		"/..",    "/../a", "/a/../..", "/a/%2e%2e/../b", "/.//..", "/a/b/../../../c/d",
		"/%2e./a"};
	static const char *const others[] = {
		"",           "/",        "/a/..",  "/a//../b",
		"/a/b/../..", "/..a/b..", "/.../x", "/a/%252e%252e/../../b",
		"/./."};

	for (size_t i = 0; i < sizeof climbing / sizeof *climbing; i++)
		ck_assert_msg(url_path_climbs(arena, str_from(climbing[i])), "%s", climbing[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ck_assert_msg(!url_path_climbs(arena, str_from(others[i])), "%s", others[i]);
}
END_TEST

START_TEST(paths_have_one_normal_form)
{
	struct str normal = url_normal_path(arena, str_from(path_rows[_i].raw));

	is_text(normal, path_rows[_i].normal);
	is_text(url_normal_path(arena, url_encoded_path(arena, normal)), path_rows[_i].normal);
}
END_TEST

START_TEST(targets_are_split_at_the_first_question_mark)
{
	struct str path, query;

	url_split_target(STR("/a?b=c?d"), &path, &query);
	is_text(path, "/a");
	is_text(query, "b=c?d");
	url_split_target(STR("/a"), &path, &query);
	is_text(path, "/a");
	is_text(query, "");
	url_split_target(STR("?"), &path, &query);
	is_text(path, "");
	is_text(query, "");
}
END_TEST

static const struct {
	const char *host;
	bool is_ip;
} host_rows[] = {
	{"1.2.3.4", true},
	{"0.0.0.0", true},
	{"255.255.255.255", true},
	{"256.1.1.1", false},
	{"1.2.3", false},
	{"1.2.3.4.5", false},
	{"1.2.3.", false},
	{"1..3.4", false},
	{"01.2.3.4", false},
	{"0x1.2.3.4", false},
	{"1.2.3.4 ", false},
	{"0000.0.0.0", false},
	{"127.1", false},
	{"2130706433", false},
	{"example.com", false},
	{"", false},
	{"::", true},
	{"::1", true},
	{"fe80::1", true},
	{"1:2:3:4:5:6:7:8", true},
	{"1:2:3:4:5:6:7", false},
	{"1:2:3:4:5:6:7:8:9", false},
	{"1::3:4:5:6:7:8", true},
	{"1::2:3:4:5:6:7:8", false},
	{"1:2:3:4:5:6:7::", true},
	{"::ffff:10.0.0.1", true},
	{"1:2:3:4:5:6:1.2.3.4", true},
	{"::1.2.3", false},
	{"1.2.3.4::", false},
	{"1::2::3", false},
	{":::", false},
	{":1:2:3:4:5:6:7", false},
	{"12345::", false},
	{"g::", false},
	{"::1:", false},
	{"fe80::1%eth0", false},
};

START_TEST(addresses_are_told_from_names)
{
	ck_assert_msg(url_host_is_ip(str_from(host_rows[_i].host)) == host_rows[_i].is_ip, "%s",
		      host_rows[_i].host);
}
END_TEST

Suite *base_url_suite(void);
Suite *base_url_suite(void)
{
	Suite *suite = suite_create("base_url");
	TCase *tests = tcase_create("url");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_url_is_split, 0, sizeof url_rows / sizeof *url_rows);
	tcase_add_loop_test(tests, what_does_not_fit_the_grammar_is_refused, 0,
			    sizeof refused_rows / sizeof *refused_rows);
	tcase_add_test(tests, schemes_have_ports_and_some_are_tls);
	tcase_add_test(tests, percent_codes_are_decoded_once);
	tcase_add_test(tests, all_but_unreserved_bytes_are_encoded);
	tcase_add_test(tests, every_byte_survives_encoding_and_decoding);
	tcase_add_test(tests, paths_above_the_root_are_told);
	tcase_add_loop_test(tests, paths_have_one_normal_form, 0,
			    sizeof path_rows / sizeof *path_rows);
	tcase_add_test(tests, targets_are_split_at_the_first_question_mark);
	tcase_add_loop_test(tests, addresses_are_told_from_names, 0,
			    sizeof host_rows / sizeof *host_rows);
	suite_add_tcase(suite, tests);
	return suite;
}
