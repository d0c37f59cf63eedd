/* The schema of new, old and broken databases, and what clients see of a failing one. */
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "portal/portal_fixture_test.h"

static const char *file(void)
{
	return portal_text("/tmp/refscale-portal-schema-%d.sqlite", (int)getpid());
}

static void remove_file(void)
{
	unlink(file());
	unlink(portal_text("%s-wal", file()));
	unlink(portal_text("%s-shm", file()));
}

/* By another hand, as a database administrator would. */
static void execute(const char *sql)
{
	sqlite3 *sqlite;

	ck_assert_int_eq(sqlite3_open(file(), &sqlite), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(sqlite, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
		      sqlite3_errmsg(sqlite));
	sqlite3_close(sqlite);
}

static void set_up(void)
{
	fixture_prepare();
	remove_file();
}

static void tear_down(void)
{
	remove_file();
	fixture_tear_down();
}

START_TEST(an_older_file_gets_the_new_columns)
{
	fixture_start(file());
	new_service("name=Kept");
	fixture_stop();
	execute("ALTER TABLE services DROP COLUMN kubernetes_service_link;"
		"ALTER TABLE proxies DROP COLUMN api_test_path;"
		"DROP TABLE api_docs_services");
	fixture_start(file());
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "\"Kept\"");
	reply_has(ask("GET", portal_text("/admin/api/%s", expand("services/{service}/proxy.json")),
		      NULL),
		  200, "\"api_test_path\":\"/\"");
	reply_is(ask("GET", "/admin/api/active_docs.json", NULL), 200, "{\"api_docs\":[]}");
}
END_TEST

START_TEST(a_newer_file_is_refused)
{
	int status;

	execute("CREATE TABLE schema_info (version INTEGER); INSERT INTO schema_info VALUES (999)");
	ck_assert_ptr_nonnull(strstr(fixture_refusal(portal_text("--database %s", file()), &status),
				     "the database has schema version 999, this release knows "));
	ck_assert_int_eq(status, 1);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_refused)
{
	int status;

	execute("CREATE TABLE accounts (other)");
	ck_assert_uint_gt(strlen(fixture_refusal(portal_text("--database %s", file()), &status)),
			  0);
	ck_assert_int_eq(status, 1);
}
END_TEST

/* Nothing of a change that fails in its middle stays, and the portal goes on. */
START_TEST(a_failing_database_is_an_error_of_ours)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=Half", 500,
		 "{\"status\":\"Internal server error\"}", NULL, NULL, NULL},
		{"POST", "services.xml", "name=Half", 500, NULL, "<", NULL, NULL},
		{"GET", "services.json", NULL, 200, NULL, "Half", NULL, NULL},
		{"GET", "services/{service}/proxy/mapping_rules.json", NULL, 500, NULL, NULL, NULL,
		 NULL},
		{"PATCH", "services/{service}/proxy.json", "api_test_path=/x", 500, NULL, NULL,
		 NULL, NULL},
		{"GET", "services/{service}/proxy.json", NULL, 200, "\"api_test_path\":\"/\"", NULL,
		 NULL, NULL},
		{"GET", "applications.json", NULL, 200, NULL, NULL, NULL, NULL},
	};

	fixture_start(file());
	steps_as(NULL);
	execute("DROP TABLE proxy_rules");
	RUN_STEPS(steps);
	execute("PRAGMA foreign_keys = OFF; DROP TABLE plans");
	reply_has(ask("GET", "/admin/api/applications.xml", NULL), 500, "");
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "services");
	execute("DROP TABLE access_tokens");
	reply_has(ask("GET", "/admin/api/services.json", NULL), 500, "Internal server error");
}
END_TEST

/* The outbox cannot be emptied: it is tried again, not sent for ever. */
START_TEST(a_row_that_cannot_be_removed_waits)
{
	fixture_start(file());
	ck_assert(backend_hears("/applications/"));
	execute("CREATE TRIGGER kept BEFORE DELETE ON backend_updates BEGIN SELECT RAISE(IGNORE); "
		"END");
	new_service("name=New");
	ck_assert_ptr_nonnull(strstr(fixture_output(), "the row could not be removed"));
}
END_TEST

/* A constraint that the rules do not know: 409, empty. */
START_TEST(a_duplicate_that_the_database_finds_is_a_conflict)
{
	fixture_start(file());
	execute("CREATE UNIQUE INDEX surprising ON services (name)");
	reply_is(ask("POST", "/admin/api/services.json", "name=API&system_name=other"), 409, "");
}
END_TEST

/* One that ends while it holds an outbox is waited for by the next one (outbox_lease.h). */
static bool outboxes_are_let_go(void *data)
{
	sqlite3_stmt *statement;
	sqlite3 *sqlite;
	bool are;

	(void)data;
	ck_assert_int_eq(sqlite3_open(file(), &sqlite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(sqlite,
					    "SELECT count(*) FROM outbox_leases WHERE holder <> ''",
					    -1, &statement, NULL),
			 SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	are = sqlite3_column_int(statement, 0) == 0;
	sqlite3_finalize(statement);
	sqlite3_close(sqlite);
	return are;
}

/* PT-150. */
START_TEST(backend_can_be_told_everything_again)
{
	static const struct step steps[] = {
		{"POST", "application_plans/{plan}/metrics/{hits}/limits.json",
		 "period=day&value=1", 201, NULL, NULL, NULL, NULL},
		{"POST", "services/{service}/metrics/{hits}/methods.json", "friendly_name=Method",
		 201, NULL, NULL, NULL, NULL},
		{"POST", "accounts/{account}/applications/{application}/keys.json", "key=the-key",
		 201, NULL, NULL, NULL, NULL},
		{"POST", "accounts/{account}/applications/{application}/referrer_filters.json",
		 "referrer_filter=the.filter", 201, NULL, NULL, NULL, NULL},
	};
	static const char *const heard[] = {
		"\"default_service\":true",
		"POST /internal/service_tokens/",
		"\"name\":\"hits\"",
		"\"name\":\"method\"",
		"{\"usagelimit\":{\"day\":1}}",
		"\"state\":\"active\"",
		"/key/",
		"{\"application_key\":{\"value\":\"the-key\"}}",
		"{\"referrer_filter\":\"the.filter\"}",
	};

	fixture_start(file());
	RUN_STEPS(steps);
	fixture_run(outboxes_are_let_go);
	fixture_stop();
	backend_clear();
	fixture_start_rewriting(file());
	for (size_t i = 0; i < sizeof heard / sizeof *heard; i++)
		ck_assert_msg(backend_hears(heard[i]), "%s", heard[i]);
}
END_TEST

Suite *portal_schema_suite(void);
Suite *portal_schema_suite(void)
{
	Suite *suite = suite_create("portal_schema");
	TCase *tests = tcase_create("schema");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, an_older_file_gets_the_new_columns);
	tcase_add_test(tests, a_newer_file_is_refused);
	tcase_add_test(tests, a_file_that_is_no_database_is_refused);
	tcase_add_test(tests, a_failing_database_is_an_error_of_ours);
	tcase_add_test(tests, a_row_that_cannot_be_removed_waits);
	tcase_add_test(tests, a_duplicate_that_the_database_finds_is_a_conflict);
	tcase_add_test(tests, backend_can_be_told_everything_again);
	suite_add_tcase(suite, tests);
	return suite;
}
