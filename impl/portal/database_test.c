/* A portal on each kind of database: what others do to it meanwhile. The servers' addresses come in
 * TEST_MYSQL_URL and TEST_POSTGRESQL_URL (ci/unit.sh starts them). */
#include "portal/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "portal/portal_fixture_test.h"
#include "world/real/real_world.h"
#include "world/sql.h"
#include "world/sql_kinds_test.h"
#include "world/sql_url.h"

/* Another session of the same database. */
static struct {
	struct real_loop *loop;
	struct world *world;
	struct sql_database *sql;
	struct error error;
} other;

static const char *url_of(int kind)
{
	return kind != SQL_SQLITE ? sql_kind_url(kind)
				  : portal_text("sqlite:/tmp/refscale-portal-database-%d.sqlite",
						(int)getpid());
}

static void remove_file(void)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		unlink(portal_text("%s%s", url_of(SQL_SQLITE) + strlen("sqlite:"), suffixes[i]));
}

/* A user of another name is against the guides' limits (database_address.h). */
static const char *const without_limits[] = {"ROLLING_UPDATES", "upstream_mysql_limits=on", NULL};

static void set_up_without_limits(void)
{
	fixture_set_environment(without_limits);
	fixture_prepare();
	fixture_set_environment(NULL);
	remove_file();
}

static void set_up(void)
{
	fixture_prepare();
	remove_file();
}

static void tear_down(void)
{
	if (other.sql != NULL)
		sql_close(other.world, other.sql);
	if (other.world != NULL)
		real_world_destroy(other.world);
	real_loop_destroy(other.loop);
	memset(&other, 0, sizeof other);
	remove_file();
	fixture_tear_down();
}

static void begin(int kind)
{
	struct sql_options options = {0};

	fixture_start_empty(url_of(kind));
	other.loop = real_loop_create();
	other.world = real_world_create(other.loop, NULL);
	ck_assert(sql_url_read(str_from(url_of(kind)), fixture_arena(), &options, &other.error));
	other.sql = sql_open(other.world, &options, &other.error);
	ck_assert_msg(other.sql != NULL, "%s", other.error.text);
}

static void execute(const char *script)
{
	ck_assert_msg(sql_execute(other.world, other.sql, str_from(script), &other.error), "%s: %s",
		      script, other.error.text);
}

static int64_t number(const char *text)
{
	struct sql_statement *statement =
		other.world->sql->prepare(other.sql, str_from(text), &other.error);
	int64_t answer;

	ck_assert_msg(statement != NULL, "%s", other.error.text);
	ck_assert_int_eq(other.world->sql->step(statement, &other.error), SQL_STEP_ROW);
	answer = other.world->sql->column_int(statement, 0);
	other.world->sql->finish(statement);
	return answer;
}

/* PT-170. */
START_TEST(the_url_chooses_where_rows_go)
{
	begin(_i);
	new_service("name=Mine&description=%F0%9F%98%80");
	ck_assert_int_eq(number("SELECT count(*) FROM services WHERE name = 'Mine'"), 1);
	ck_assert_int_eq(other.world->sql->dialect(other.sql)->kind, _i);
	fixture_stop();
	fixture_start(url_of(_i));
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "\xf0\x9f\x98\x80");
}
END_TEST

/* PT-186: the guide's statements, as they are. */
START_TEST(old_alerts_go_by_the_statement_of_the_guide)
{
	static const char *const statements[] = {
		[SQL_SQLITE] = "DELETE FROM alerts WHERE timestamp < datetime('now','-14 days');",
		[SQL_MYSQL] = "DELETE FROM alerts WHERE timestamp < NOW() - INTERVAL 14 DAY;",
		[SQL_POSTGRESQL] =
			"DELETE FROM alerts WHERE timestamp < NOW() - INTERVAL '14 day';",
	};
	static const char *const ages[] = {
		[SQL_SQLITE] = "datetime('now', '-%d days')",
		[SQL_MYSQL] = "NOW() - INTERVAL %d DAY",
		[SQL_POSTGRESQL] = "NOW() - INTERVAL '%d day'",
	};

	begin(_i);
	for (int days = 13; days <= 15; days += 2)
		execute(portal_text("INSERT INTO alerts (account_id, cinstance_id, alert_id, "
				    "level, utilization, timestamp) SELECT user_account_id, id, "
				    "%d, 80, 0.8, %s FROM cinstances WHERE type = 'Cinstance'",
				    days, portal_text(ages[_i], days)));
	ck_assert_int_gt(number("SELECT count(*) FROM alerts"), 1);
	execute(statements[_i]);
	ck_assert_int_gt(number("SELECT count(*) FROM alerts"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM alerts WHERE alert_id > 13"), 0);
}
END_TEST

/* A rule that only the database knows of: nothing of the request stays. */
START_TEST(a_duplicate_that_another_process_wrote_is_a_conflict)
{
	begin(_i);
	execute("CREATE UNIQUE INDEX surprising ON services (name)");
	reply_is(ask("POST", "/admin/api/services.json", "name=API&system_name=other"), 409, "");
	execute(_i == SQL_MYSQL ? "DROP INDEX surprising ON services" : "DROP INDEX surprising");
	ck_assert_int_eq(number("SELECT count(*) FROM services WHERE system_name = 'other'"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM metrics WHERE service_id NOT IN "
				"(SELECT id FROM services)"),
			 0);
	new_service("name=API&system_name=other");
}
END_TEST

START_TEST(long_texts_are_kept_whole)
{
	struct strbuf form;
	struct reply reply;
	int64_t service;

	begin(_i);
	strbuf_init(&form, (size_t)3 * 1024 * 1024);
	strbuf_append(&form, STR("name=Long&description="));
	for (int i = 0; i < 256 * 1024; i++)
		strbuf_append(&form, STR("abcdefg "));
	strbuf_append(&form, STR("end"));
	reply = ask("POST", "/admin/api/services.json",
		    str_cstr(fixture_arena(), strbuf_str(&form)));
	strbuf_free(&form);
	service = reply_int(reply, 201, "service.id");
	ck_assert_int_eq(number(portal_text("SELECT length(description) FROM services "
					    "WHERE id = %lld",
					    (long long)service)),
			 256 * 1024 * 8 + 3);
	reply_has(
		ask("GET", portal_text("/admin/api/services/%lld.json", (long long)service), NULL),
		200, "abcdefg end");
}
END_TEST

START_TEST(a_portal_that_is_older_gets_the_new_columns)
{
	static const char *const narrow[] = {
		[SQL_SQLITE] = "",
		[SQL_MYSQL] = "ALTER TABLE cinstances MODIFY COLUMN user_key VARCHAR(255)",
		[SQL_POSTGRESQL] = "ALTER TABLE cinstances ALTER COLUMN user_key TYPE VARCHAR(255)",
	};

	begin(_i);
	execute(narrow[_i]);
	execute("ALTER TABLE services DROP COLUMN kubernetes_service_link");
	execute("ALTER TABLE proxies DROP COLUMN api_test_path");
	execute(_i == SQL_MYSQL ? "DROP INDEX index_cinstances_on_user_key ON cinstances"
				: "DROP INDEX index_cinstances_on_user_key");
	execute("DROP TABLE policies");
	fixture_stop();
	fixture_start(url_of(_i));
	reply_has(ask("GET", expand("/admin/api/services/{service}/proxy.json"), NULL), 200,
		  "\"api_test_path\":\"/\"");
	execute(_i == SQL_MYSQL ? "DROP INDEX index_cinstances_on_user_key ON cinstances"
				: "DROP INDEX index_cinstances_on_user_key");
	ck_assert_int_eq(number("SELECT count(*) FROM policies"), 0);
	reply_has(ask("PUT",
		      expand("/admin/api/accounts/{account}/applications/{application}.json"),
		      portal_text("user_key=%0256d", 7)),
		  200, "00007\"");
}
END_TEST

/* Servers only. */

static void end_sessions_of_the_portal(void)
{
	static const char *const asks[] = {
		[SQL_MYSQL] = "SELECT max(id) FROM information_schema.processlist "
			      "WHERE id <> CONNECTION_ID() AND db = DATABASE()",
		[SQL_POSTGRESQL] = "SELECT max(pid) FROM pg_stat_activity WHERE "
				   "datname = current_database() AND pid <> pg_backend_pid()",
	};
	static const char *const kills[] = {
		[SQL_MYSQL] = "KILL %lld",
		[SQL_POSTGRESQL] = "SELECT pg_terminate_backend(%lld, 5000)",
	};
	enum sql_kind kind = other.world->sql->dialect(other.sql)->kind;

	execute(portal_text(kills[kind], (long long)number(asks[kind])));
}

START_TEST(a_lost_connection_is_made_again)
{
	begin(_i);
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "services");
	end_sessions_of_the_portal();
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "services");
	end_sessions_of_the_portal();
	new_service("name=After");
	reply_has(ask_as("Host: " MASTER_HOST, "GET", "/status", NULL), 200,
		  "\"mysql_connection\":true");
}
END_TEST

/* The turn to write is another's for too long: an error of ours, and nothing is half written. */
START_TEST(a_writer_that_does_not_end_is_not_waited_for)
{
	begin(_i);
	/* The rest of what the portal has to do would wait, too. */
	reply_is(ask("POST", "/__test/settle", NULL), 204, "");
	ck_assert(other.world->sql->begin(other.sql, true, &other.error));
	reply_is(ask("POST", "/admin/api/services.json", "name=Late"), 500,
		 "{\"status\":\"Internal server error\"}");
	reply_lacks(ask("GET", "/admin/api/services.json", NULL), 200, "Late");
	other.world->sql->rollback(other.sql);
	new_service("name=Late");
}
END_TEST

START_TEST(a_user_who_may_not_make_tables_is_told)
{
	static const char *const scripts[] = {
		[SQL_MYSQL] = "CREATE DATABASE narrow; CREATE USER reader IDENTIFIED BY 'secret'; "
			      "GRANT SELECT ON narrow.* TO reader",
		[SQL_POSTGRESQL] = "CREATE USER reader PASSWORD 'secret'",
	};
	static const char *const words[] = {
		[SQL_MYSQL] = "the database's schema cannot be completed: CREATE command denied to "
			      "user 'reader'@",
		[SQL_POSTGRESQL] = "the database's schema cannot be completed: permission denied "
				   "for schema narrow",
	};
	struct sql_options options = {0};
	const char *refusal;
	int status;

	begin(_i);
	ck_assert(sql_url_read(str_from(url_of(_i)), fixture_arena(), &options, &other.error));
	execute(scripts[_i]);
	if (_i == SQL_POSTGRESQL) {
		execute("CREATE SCHEMA narrow; GRANT USAGE ON SCHEMA narrow TO reader");
		execute("ALTER ROLE reader SET search_path = narrow");
	}
	fixture_stop();
	refusal = fixture_refusal(
		portal_text("--database %s://reader:secret@127.0.0.1:%u/%.*s",
			    _i == SQL_MYSQL ? "mysql2" : "postgresql", (unsigned)options.port,
			    STR_ARG(_i == SQL_MYSQL ? STR("narrow") : options.database)),
		&status);
	execute(_i == SQL_MYSQL ? "DROP DATABASE narrow; DROP USER reader"
				: "DROP SCHEMA narrow; DROP ROLE reader");
	ck_assert_msg(strstr(refusal, words[_i]) != NULL, "%s", refusal);
	ck_assert_ptr_null(strstr(refusal, "secret"));
	ck_assert_int_eq(status, 1);
}
END_TEST

/* Limits of an external MySQL (spec/portal.md 8.2). */

static const char *address(const char *database)
{
	struct sql_options options = {0};

	ck_assert(
		sql_url_read(str_from(url_of(SQL_MYSQL)), fixture_arena(), &options, &other.error));
	return portal_text("mysql2://root:%s@127.0.0.1:%u/%s", "p%40ss%2Fword",
			   (unsigned)options.port, database);
}

static void is_refused(const char *database, const char *words)
{
	const char *refusal;
	int status;

	refusal = fixture_refusal(portal_text("--database %s", address(database)), &status);
	ck_assert_msg(strstr(refusal, words) != NULL, "%s", refusal);
	ck_assert_ptr_null(strstr(refusal, "ss/word"));
	ck_assert_int_eq(status, 1);
}

/* The server takes the most exact name of an account. */
START_TEST(an_account_of_one_host_is_refused)
{
	begin(_i);
	fixture_stop();
	execute("CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY 'p@ss/word';"
		"GRANT ALL ON *.* TO 'root'@'127.0.0.1'");
	is_refused("system1", "the account of an external MySQL database must be root@%, not "
			      "root@127.0.0.1");
	execute("DROP USER 'root'@'127.0.0.1'");
}
END_TEST

START_TEST(a_database_of_somebody_else_is_refused)
{
	begin(_i);
	fixture_stop();
	execute("CREATE DATABASE foreign_one;"
		"CREATE TABLE foreign_one.accounts (id INTEGER);"
		"CREATE TABLE foreign_one.orders (id INTEGER)");
	is_refused("foreign_one", "must be empty or a portal's, and there is a table \"orders\"");
	ck_assert_int_eq(number("SELECT count(*) FROM information_schema.tables WHERE "
				"table_schema = 'foreign_one'"),
			 2);
	execute("DROP DATABASE foreign_one");
}
END_TEST

/* Whoever added a table to a portal's database, or interrupted its making, may go on. */
START_TEST(a_portals_database_may_have_more_tables_or_fewer)
{
	begin(_i);
	execute("CREATE TABLE orders (id INTEGER)");
	fixture_stop();
	fixture_start(url_of(_i));
	fixture_stop();
	execute("DROP TABLE orders; DROP TABLE schema_info; DROP TABLE outbox_leases");
	fixture_start(url_of(_i));
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "services");
}
END_TEST

Suite *portal_database_suite(void);
Suite *portal_database_suite(void)
{
	Suite *suite = suite_create("portal_database");

	for (int i = SQL_SQLITE; i <= SQL_POSTGRESQL; i++) {
		TCase *tests = sql_kind_case(suite, "portal_database", i);

		if (tests == NULL)
			continue;
		tcase_add_checked_fixture(tests, set_up, tear_down);
		tcase_set_timeout(tests, 60);
#define ADD(test) tcase_add_loop_test(tests, test, i, i + 1)
		ADD(the_url_chooses_where_rows_go);
		ADD(old_alerts_go_by_the_statement_of_the_guide);
		ADD(a_duplicate_that_another_process_wrote_is_a_conflict);
		ADD(long_texts_are_kept_whole);
		ADD(a_portal_that_is_older_gets_the_new_columns);
		ADD(a_writer_that_does_not_end_is_not_waited_for);
		if (i != SQL_SQLITE)
			ADD(a_lost_connection_is_made_again);
		if (i == SQL_MYSQL) {
			ADD(an_account_of_one_host_is_refused);
			ADD(a_database_of_somebody_else_is_refused);
			ADD(a_portals_database_may_have_more_tables_or_fewer);
		}
		if (i != SQL_SQLITE) {
			tests = tcase_create("without limits");
			suite_add_tcase(suite, tests);
			tcase_add_checked_fixture(tests, set_up_without_limits, tear_down);
			tcase_set_timeout(tests, 60);
			ADD(a_user_who_may_not_make_tables_is_told);
		}
#undef ADD
	}
	return suite;
}
