/* zync's work without zync: the file of routes. What zync is told is in the conformance cases. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "portal/portal_fixture_test.h"

static char routes_file[64];

static void set_up(void)
{
	static const char *extra[] = {"ROUTES_FILE", routes_file, NULL};

	snprintf(routes_file, sizeof routes_file, "/tmp/refscale-routes-%d.json", (int)getpid());
	fixture_set_environment(extra);
	fixture_set_up();
}

static void tear_down(void)
{
	fixture_tear_down();
	unlink(routes_file);
}

static const char *content(void)
{
	static char text[4096];
	FILE *file = fopen(routes_file, "r");
	size_t size = 0;

	if (file != NULL) {
		size = fread(text, 1, sizeof text - 1, file);
		fclose(file);
	}
	text[size] = '\0';
	return text;
}

static bool has_moved(void *data)
{
	(void)data;
	return strstr(content(), "\"host\":\"moved.example\"") != NULL;
}

/* PT-163 */
START_TEST(the_file_of_routes_follows)
{
	reply_has(ask("PATCH",
		      portal_text("/admin/api/services/%d/proxy.json", (int)sample_service()),
		      "endpoint=https://moved.example:443"),
		  200, "moved.example");
	fixture_run(has_moved);
	ck_assert_str_eq(
		content(),
		"{\"routes\":["
		"{\"host\":\"3scale-admin.example.com\",\"to\":\"system-provider\"},"
		"{\"host\":\"3scale.example.com\",\"to\":\"system-developer\"},"
		"{\"host\":\"api-3scale-apicast-staging.example.com\",\"to\":\"apicast-staging\"},"
		"{\"host\":\"master.example.com\",\"to\":\"system-master\"},"
		"{\"host\":\"moved.example\",\"to\":\"apicast-production\"}]}\n");
}
END_TEST

static void set_up_without_room(void)
{
	static const char *const extra[] = {"ROUTES_FILE", "/nowhere/at/all.json", NULL};

	fixture_set_environment(extra);
	fixture_set_up();
}

static bool has_complained(void *data)
{
	(void)data;
	return strstr(fixture_output(), "ROUTES_FILE: ") != NULL;
}

START_TEST(a_file_that_cannot_be_written_is_told)
{
	fixture_run(has_complained);
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "services");
}
END_TEST

Suite *portal_zync_suite(void);
Suite *portal_zync_suite(void)
{
	Suite *suite = suite_create("portal_zync");
	TCase *tests = tcase_create("routes"), *broken = tcase_create("no file");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_file_of_routes_follows);
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(broken, set_up_without_room, fixture_tear_down);
	tcase_add_test(broken, a_file_that_cannot_be_written_is_told);
	suite_add_tcase(suite, broken);
	return suite;
}
