/* zync's work without zync: the file of routes. What zync is told is in the conformance cases. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "portal/portal_fixture_test.h"

static char routes_file[64];

static void start_again(void)
{
	static const char *extra[] = {"ROUTES_FILE", routes_file, NULL};

	fixture_set_environment(extra);
	fixture_set_up();
}

static void set_up(void)
{
	snprintf(routes_file, sizeof routes_file, "/tmp/refscale-routes-%d.json", (int)getpid());
	unlink(routes_file);
	start_again();
}

static void tear_down(void)
{
	fixture_tear_down();
	unlink(routes_file);
}

static bool has_complained(void *data)
{
	(void)data;
	return strstr(fixture_output(), "ROUTES_FILE: ") != NULL;
}

static const char *content(void)
{
	static char text[16 * 1024];
	FILE *file = fopen(routes_file, "r");
	size_t size = 0;

	if (file != NULL) {
		size = fread(text, 1, sizeof text - 1, file);
		fclose(file);
	}
	text[size] = '\0';
	return text;
}

static const struct json *file_routes(void)
{
	const struct json *file = json_parse(fixture_arena(), str_from(content()), 1 << 20, NULL);

	return json_get(file, STR("routes"));
}

static const struct json *file_route(const char *host)
{
	JSON_EACH (route, file_routes()) {
		if (str_equal(json_get_str(route, STR("host")), str_from(host)))
			return route;
	}
	return NULL;
}

static bool has_moved(void *data)
{
	(void)data;
	return file_route("moved.example") != NULL;
}

static void move(void)
{
	reply_has(ask("PATCH",
		      portal_text("/admin/api/services/%d/proxy.json", (int)sample_service()),
		      "endpoint=https://moved.example:443"),
		  200, "moved.example");
}

static bool has_first(void *data)
{
	(void)data;
	return file_route("api-3scale-apicast-production.example.com") != NULL;
}

/* PT-163: the name stays, and so do the other four. */
START_TEST(the_file_of_routes_follows)
{
	struct str name;

	fixture_run(has_first);
	name = json_get_str(file_route("api-3scale-apicast-production.example.com"), STR("name"));
	ck_assert(str_has_prefix(name, STR("zync-3scale-api-")));
	move();
	fixture_run(has_moved);
	ck_assert_int_eq(file_routes()->count, 5);
	ck_assert(str_equal(json_get_str(file_route("moved.example"), STR("name")), name));
	ck_assert(str_equal(json_get_str(file_route("moved.example"), STR("to")),
			    STR("apicast-production")));
	ck_assert(str_equal(json_str(json_path(file_route("master.example.com"),
					       "tls.insecureEdgeTerminationPolicy")),
			    STR("Redirect")));
	ck_assert(str_equal(json_get_str(file_route("3scale.example.com"), STR("namespace")),
			    STR("threescale")));
}
END_TEST

static void write_content(const char *text)
{
	FILE *file = fopen(routes_file, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* The next start finds all of them, and makes none twice. */
START_TEST(a_restart_knows_what_is_in_the_file)
{
	fixture_run(has_first);
	fixture_tear_down();
	start_again();
	move();
	fixture_run(has_moved);
	ck_assert_int_eq(file_routes()->count, 5);
}
END_TEST

/* Another portal on the same database had its turn meanwhile. */
START_TEST(what_another_process_wrote_stays)
{
	const char *rest;
	struct str text;

	fixture_run(has_first);
	rest = strchr(content(), '[') + 1;
	text = str_format(
		fixture_arena(),
		"{\"routes\":[{\"namespace\":\"threescale\",\"name\":\"another\",\"host\":"
		"\"another.example\",\"to\":\"api\"},%s",
		rest);
	write_content(str_cstr(fixture_arena(), text));
	move();
	fixture_run(has_moved);
	ck_assert_ptr_nonnull(file_route("another.example"));
	ck_assert_int_eq(file_routes()->count, 6);
}
END_TEST

/* What somebody else wrote there is not lost, and nothing is, meanwhile. */
START_TEST(a_file_that_is_none_of_ours_is_not_written_over)
{
	fixture_run(has_first);
	fixture_tear_down();
	write_content("10.0.0.1 example.com\n");
	start_again();
	fixture_run(has_complained);
	ck_assert_str_eq(content(), "10.0.0.1 example.com\n");
}
END_TEST

static void set_up_without_room(void)
{
	static const char *const extra[] = {"ROUTES_FILE", "/nowhere/at/all.json", NULL};

	fixture_set_environment(extra);
	fixture_set_up();
}

/* The notice waits for its next try. */
START_TEST(a_file_that_cannot_be_written_is_told)
{
	fixture_run(has_complained);
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "services");
	ck_assert_ptr_nonnull(strstr(fixture_output(), "it is tried again"));
	ck_assert_int_gt(
		json_int(json_path(fixture_sql("SELECT count(*) AS n FROM zync_notices WHERE tries "
					       "> 0"),
				   "0.n"),
			 0),
		0);
}
END_TEST

Suite *portal_zync_suite(void);
Suite *portal_zync_suite(void)
{
	Suite *suite = suite_create("portal_zync");
	TCase *tests = tcase_create("routes"), *broken = tcase_create("no file");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_file_of_routes_follows);
	tcase_add_test(tests, a_restart_knows_what_is_in_the_file);
	tcase_add_test(tests, what_another_process_wrote_stays);
	tcase_add_test(tests, a_file_that_is_none_of_ours_is_not_written_over);
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(broken, set_up_without_room, fixture_tear_down);
	tcase_add_test(broken, a_file_that_cannot_be_written_is_told);
	suite_add_tcase(suite, broken);
	return suite;
}
