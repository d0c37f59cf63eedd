#include "http/router.h"

#include <check.h>

#include "base/arena.h"
#include "base/str_check_test.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

/* values: "name=value;" in order, NULL when the path does not fit. */
static const struct {
	const char *pattern, *path, *values;
} rows[] = {
	{"/services.xml", "/services.xml", ""},
	{"/services.xml", "/services.xm", NULL},
	{"/services.xml", "/services.xmll", NULL},
	{"/services.xml", "/Services.xml", NULL},
	{"/services.xml", "", NULL},
	{"", "", ""},
	{"", "/", NULL},
	{"/services/{id}", "/services/7", "id=7;"},
	{"/services/{id}", "/services/", NULL},
	{"/services/{id}", "/services", NULL},
	{"/services/{id}", "/services/7/", NULL},
	{"/services/{id}", "/services/7/x", NULL},
	{"/services/{id}/", "/services/7/", "id=7;"},
	{"/services/{id}.xml", "/services/7.xml", "id=7;"},
	{"/services/{id}.xml", "/services/7.json", NULL},
	{"/services/{id}.xml", "/services/.xml", NULL},
	{"/services/{id}.xml", "/services/7.xml.xml", "id=7.xml;"},
	{"/services/{id}.xml", "/services/7.xml/a", NULL},
	{"/s/{id}.xml/a", "/s/7.xml/a", "id=7;"},
	{"/s/{id}.xml/a", "/s/7/a.xml/a", NULL},
	{"/a/{x}/b/{y}/c.xml", "/a/1/b/2/c.xml", "x=1;y=2;"},
	{"/a/{x}/b/{y}/c.xml", "/a/1/b//c.xml", NULL},
	{"/{name}.{format}", "/a.b.json", "name=a.b;format=json;"},
	{"/{name}.{format}", "/a.", NULL},
	{"/{name}.{format}", "/.a", NULL},
	{"/{name}.{format}", "/a", NULL},
	{"/{name}.{format}/x", "/a.b/x", "name=a;format=b;"},
	{"{all}", "a", "all=a;"},
	{"/s/{id}", "/s/a%20b%2Fc+d", "id=a b/c+d;"},
	{"/s/{id}", "/s/%zz", "id=%zz;"},
	{"/s/{id}", "/%73/1", NULL}, /* literals are compared as they stand */
};

START_TEST(paths_fit_their_patterns)
{
	struct http_route_parameters parameters = {.count = 77};
	struct str values = STR("");
	bool fits = http_route_match(str_from(rows[_i].pattern), str_from(rows[_i].path), arena,
				     &parameters);

	ck_assert_int_eq(fits, rows[_i].values != NULL);
	if (!fits) {
		ck_assert_uint_eq(parameters.count, 77);
		return;
	}
	for (size_t i = 0; i < parameters.count; i++)
		values = STR_CONCAT(arena, values, parameters.items[i].name, STR("="),
				    parameters.items[i].value, STR(";"));
	ck_assert_strs_eq(values, str_from(rows[_i].values));
}
END_TEST

START_TEST(parameters_are_found_by_name)
{
	struct http_route_parameters parameters;

	ck_assert(http_route_match(STR("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}"), STR("/1/2/3/4/5/6/7/8"),
				   arena, &parameters));
	ck_assert_uint_eq(parameters.count, HTTP_ROUTE_PARAMETERS_MAX);
	ck_assert_strs_eq(http_route_parameter(&parameters, STR("a")), STR("1"));
	ck_assert_strs_eq(http_route_parameter(&parameters, STR("h")), STR("8"));
	ck_assert_uint_eq(http_route_parameter(&parameters, STR("i")).size, 0);
}
END_TEST

START_TEST(a_path_that_does_not_fit_takes_no_memory)
{
	struct http_route_parameters parameters;
	size_t before = arena_bytes(arena);

	ck_assert(!http_route_match(STR("/a/{b}/c"), STR("/a/%41/d"), arena, &parameters));
	ck_assert_uint_eq(arena_bytes(arena), before);
}
END_TEST

Suite *http_router_suite(void);
Suite *http_router_suite(void)
{
	Suite *suite = suite_create("http_router");
	TCase *tests = tcase_create("router");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, paths_fit_their_patterns, 0, sizeof rows / sizeof *rows);
	tcase_add_test(tests, parameters_are_found_by_name);
	tcase_add_test(tests, a_path_that_does_not_fit_takes_no_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
