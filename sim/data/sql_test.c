#include "world/sql.h"

#include "sim/stage_test.h"

static struct stage stage;

static void set_up(void)
{
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
}

static struct sql_database *open_at(struct world *world, const char *path)
{
	struct sql_options options = {.path = str_from(path)};
	struct error error = {0};
	struct sql_database *database = sql_open(world, &options, &error);

	ck_assert_msg(database != NULL, "%s", error.text);
	return database;
}

static bool run(struct world *world, struct sql_database *database, const char *script)
{
	return sql_execute(world, database, str_from(script), NULL);
}

static int64_t count_rows(struct world *world, struct sql_database *database)
{
	struct sql_statement *statement =
		world->sql->prepare(database, STR("SELECT count(*) FROM thing"), NULL);
	int64_t count = -1;

	if (statement == NULL)
		return -1;
	if (world->sql->step(statement, NULL) == SQL_STEP_ROW)
		count = world->sql->column_int(statement, 0);
	world->sql->finish(statement);
	return count;
}

START_TEST(a_path_names_a_database_of_the_host)
{
	struct world *other = sim_host_world(stage.client_host, STR("other"));
	struct world *elsewhere = sim_host_world(stage.api_host, STR("other"));
	struct sql_database *one = open_at(stage.client, "/var/db"), *two, *three;

	ck_assert(
		run(stage.client, one, "CREATE TABLE thing (name); INSERT INTO thing VALUES (1)"));
	two = open_at(other, "/var/db");
	three = open_at(elsewhere, "/var/db");
	ck_assert_int_eq(count_rows(other, two), 1);
	ck_assert_int_eq(count_rows(elsewhere, three), -1);
	sql_close(stage.client, one);
	sql_close(other, two);
	sql_close(elsewhere, three);
	one = open_at(stage.client, "/var/db");
	ck_assert_int_eq(count_rows(stage.client, one), 1);
	sql_close(stage.client, one);
}
END_TEST

START_TEST(memory_belongs_to_who_opened_it)
{
	struct sql_database *one = open_at(stage.client, ":memory:");
	struct sql_database *two = open_at(stage.client, ":memory:");

	ck_assert(run(stage.client, one, "CREATE TABLE thing (name)"));
	ck_assert_int_eq(count_rows(stage.client, one), 0);
	ck_assert_int_eq(count_rows(stage.client, two), -1);
	sql_close(stage.client, one);
	sql_close(stage.client, two);
	sql_close(stage.client, NULL);
}
END_TEST

START_TEST(what_was_not_committed_is_gone_with_its_process)
{
	struct sim_process *process = process_of(stage.client);
	struct sql_database *one = open_at(stage.client, "/db");
	struct world *later;

	ck_assert(run(stage.client, one,
		      "CREATE TABLE thing (name); INSERT INTO thing VALUES (1);"
		      "BEGIN; INSERT INTO thing VALUES (2)"));
	ck_assert_int_eq(count_rows(stage.client, one), 2);
	process->state = PROCESS_KILLED; /* as in the component's stop */
	ck_assert(!run(stage.client, one, "COMMIT"));
	ck_assert_int_eq(count_rows(stage.client, one), -1);
	ck_assert(sql_open(stage.client, &(struct sql_options){.path = STR("/db")}, NULL) == NULL);
	sql_close(stage.client, one);
	process->state = PROCESS_RUNNING;
	later = sim_host_world(stage.client_host, STR("later"));
	one = open_at(later, "/db");
	ck_assert_int_eq(count_rows(later, one), 1);
	sql_close(later, one);
}
END_TEST

START_TEST(a_database_may_be_held_by_one)
{
	struct sql_database *one = open_at(stage.client, "/db"),
			    *two = open_at(stage.client, "/db");
	struct error error = {0};

	ck_assert(run(stage.client, one, "CREATE TABLE thing (name)"));
	ck_assert(run(stage.client, one, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE"));
	ck_assert(!sql_execute(stage.client, two, STR("SELECT 1"), &error));
	ck_assert_int_eq(error.kind, ERROR_UNAVAILABLE);
	ck_assert_int_eq(count_rows(stage.client, two), -1);
	ck_assert_int_eq(count_rows(stage.client, one), 0);
	ck_assert(run(stage.client, one, "COMMIT"));
	sql_close(stage.client, one);
	ck_assert_int_eq(count_rows(stage.client, two), 0);
	sql_close(stage.client, two);
}
END_TEST

START_TEST(statements_do_all_that_the_port_promises)
{
	const struct sql_ops *sql = stage.client->sql;
	struct sql_database *database = open_at(stage.client, "/db");
	struct error error = {0};
	struct sql_statement *insert, *select;

	ck_assert(run(stage.client, database,
		      "CREATE TABLE thing (id INTEGER PRIMARY KEY, a UNIQUE, b, c, d)"));
	insert = sql->prepare(database,
			      STR("INSERT INTO thing (a, b, c, d) VALUES (?1, ?2, ?3, ?4)"), NULL);
	for (int i = 0; i < 2; i++) {
		sql->bind_int(insert, 1, 5);
		sql->bind_text(insert, 2, STR("text"));
		sql->bind_blob(insert, 3, str_of("a\0b", 3));
		sql->bind_null(insert, 4);
		ck_assert_int_eq(sql->step(insert, &error),
				 i == 0 ? SQL_STEP_DONE : SQL_STEP_FAILED);
		sql->reset(insert);
		ck_assert_int_eq(sql->changes(database), i == 0);
	}
	ck_assert_int_eq(error.kind, ERROR_CONFLICT);
	ck_assert_int_eq(sql->last_id(database), 1);
	select = sql->prepare(database, STR("SELECT a, b, c, d, 1.5 AS e FROM thing"), NULL);
	ck_assert_int_eq(sql->step(select, NULL), SQL_STEP_ROW);
	ck_assert_int_eq(sql->column_count(select), 5);
	ck_assert(str_equal(sql->column_name(select, 4), STR("e")));
	ck_assert_int_eq(sql->column_int(select, 0), 5);
	ck_assert(str_equal(sql->column_text(select, 1), STR("text")));
	ck_assert(str_equal(sql->column_text(select, 2), str_of("a\0b", 3)));
	ck_assert(sql->column_is_null(select, 3));
	ck_assert(sql->column_double(select, 4) > 1.4 && sql->column_double(select, 4) < 1.6);
	ck_assert_int_eq(sql->step(select, NULL), SQL_STEP_DONE);
	sql->finish(insert);
	sql->finish(select);
	sql->finish(NULL);
	ck_assert(sql->prepare(database, STR("NONSENSE"), &error) == NULL);
	sql_close(stage.client, database);
}
END_TEST

Suite *sim_data_sql_suite(void);
Suite *sim_data_sql_suite(void)
{
	Suite *suite = suite_create("sim_data_sql");
	TCase *tests = tcase_create("sql");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_path_names_a_database_of_the_host);
	tcase_add_test(tests, memory_belongs_to_who_opened_it);
	tcase_add_test(tests, what_was_not_committed_is_gone_with_its_process);
	tcase_add_test(tests, a_database_may_be_held_by_one);
	tcase_add_test(tests, statements_do_all_that_the_port_promises);
	suite_add_tcase(suite, tests);
	return suite;
}
