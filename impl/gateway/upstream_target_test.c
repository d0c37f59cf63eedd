#include "gateway/upstream_target.h"

#include <check.h>

#include "base/arena.h"
#include "base/url.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

/* 5.1, and what a policy's rewriting changes. */
static const struct {
	const char *backend, *path, *query, *expected;
	bool is_rewritten;
} uris[] = {
	{"http://h:8000", "/bar", "x=1", "/bar?x=1", false},
	{"http://h:8000/foo", "/bar", NULL, "/foo/bar", false},
	{"http://h:8000/foo/", "/bar", NULL, "/foo/bar", false},
	{"http://h:8000/foo/", "/", NULL, "/foo/", false},
	{"http://h:8000/foo", "/", NULL, "/foo", false},
	{"http://h/FOO", "/b", NULL, "/FOO/b", false},
	{"http://h/foo?k=v", "/b", "x=1", "/foo/b?k=v", false},
	{"http://h", "/a//b", "", "/a//b?", false},
	{"http://h/", "/a//b", NULL, "/a//b", false},
	{"http://h/p", "/a//b%20c", NULL, "/p/a/b%20c", false},
	{"http://h", "/a//b", NULL, "/a/b", true},
};

START_TEST(targets_are_joined_as_the_table_says)
{
	struct upstream_target target;
	struct str raw = str_from(uris[_i].path);
	struct upstream_path path = {
		.raw_path = raw,
		.raw_query = str_from(uris[_i].query),
		.has_query = uris[_i].query != NULL,
		.normal_path = url_normal_path(arena, raw),
		.is_rewritten = uris[_i].is_rewritten,
	};

	ck_assert(upstream_target_parse(arena, str_from(uris[_i].backend), &target));
	ck_assert_str_eq(str_cstr(arena, upstream_target_uri(&target, &path, arena)),
			 uris[_i].expected);
}
END_TEST

static const struct {
	const char *url, *authority;
} authorities[] = {
	{"http://h:8000", "h:8000"},
	{"https://h:443", "h"},
	{"http://h:80/x", "h"},
	{"HTTP://H.Example", "h.example"},
	{"http://[::1]:81", "[::1]:81"},
	{"ws://h:8080", "h:8080"},
	{"WSS://h:443/x", "h"},
	{"wss://h:80", "h:80"},
	{"wsx://h", NULL},
	{"ftp://h", NULL},
	{"", NULL},
	{"h:8000", NULL},
};

START_TEST(the_host_header_has_the_port_that_is_not_the_schemes)
{
	struct upstream_target target;
	bool is_good = upstream_target_parse(arena, str_from(authorities[_i].url), &target);

	ck_assert(is_good == (authorities[_i].authority != NULL));
	if (is_good)
		ck_assert_str_eq(str_cstr(arena, target.authority), authorities[_i].authority);
}
END_TEST

START_TEST(hosts_are_compared_without_case_port_and_final_dot)
{
	ck_assert_str_eq(str_cstr(arena, host_key(arena, STR("API.Example.com:8080"))),
			 "api.example.com");
	ck_assert_str_eq(str_cstr(arena, host_key(arena, STR("a.b."))), "a.b");
	ck_assert_str_eq(str_cstr(arena, host_key(arena, STR("[::1]"))), "[::1]");
	ck_assert_str_eq(str_cstr(arena, host_key(arena, STR("[::1]:80"))), "[::1]");
}
END_TEST

Suite *gateway_upstream_target_suite(void);
Suite *gateway_upstream_target_suite(void)
{
	Suite *suite = suite_create("gateway_upstream_target");
	TCase *test = tcase_create("target");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_loop_test(test, targets_are_joined_as_the_table_says, 0,
			    (int)(sizeof uris / sizeof *uris));
	tcase_add_loop_test(test, the_host_header_has_the_port_that_is_not_the_schemes, 0,
			    (int)(sizeof authorities / sizeof *authorities));
	tcase_add_test(test, hosts_are_compared_without_case_port_and_final_dot);
	suite_add_tcase(suite, test);
	return suite;
}
