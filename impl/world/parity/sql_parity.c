/* SQL, in either world. */
#include "world/sql.h"

#include "world/parity/parity_internal.h"

static struct sql_database *open_database(struct parity *p, struct str path)
{
	struct sql_options options = {.path = path, .durability = SQL_DURABILITY_NORMAL};
	struct sql_database *database = sql_open(p->world, &options, &p->error);

	ck_assert_msg(database != NULL, "%s", p->error.text);
	return database;
}

static void execute(struct parity *p, struct sql_database *database, struct str script)
{
	ck_assert_msg(sql_execute(p->world, database, script, &p->error), "%s", p->error.text);
}

static struct sql_statement *prepare(struct parity *p, struct sql_database *database,
				     struct str text)
{
	struct sql_statement *statement = p->world->sql->prepare(database, text, &p->error);

	ck_assert_msg(statement != NULL, "%s", p->error.text);
	return statement;
}

PARITY_TEST(values_come_back_as_they_were_bound)
{
	const struct sql_ops *sql = p->world->sql;
	struct sql_database *database = open_database(p, STR(":memory:"));
	struct sql_statement *insert, *select;

	execute(p, database, STR("CREATE TABLE t (id INTEGER PRIMARY KEY, n, text, bytes, void)"));
	insert = prepare(p, database,
			 STR("INSERT INTO t (n, text, bytes, void) VALUES (?1, ?2, ?3, ?4)"));
	sql->bind_int(insert, 1, INT64_MIN);
	sql->bind_text(insert, 2, STR("h\xc3\xa9llo"));
	sql->bind_blob(insert, 3, STR("\0\1\xff"));
	sql->bind_null(insert, 4);
	ck_assert_int_eq(sql->step(insert, &p->error), SQL_STEP_DONE);
	ck_assert_int_eq(sql->last_id(database), 1);
	ck_assert_int_eq(sql->changes(database), 1);
	sql->finish(insert);

	select = prepare(p, database, STR("SELECT n, text, bytes, void, n / 2.0 AS half FROM t"));
	ck_assert_int_eq(sql->column_count(select), 5);
	ck_assert_str(sql->column_name(select, 4), STR("half"));
	ck_assert_int_eq(sql->step(select, &p->error), SQL_STEP_ROW);
	ck_assert(sql->column_int(select, 0) == INT64_MIN);
	ck_assert_str(sql->column_text(select, 1), STR("h\xc3\xa9llo"));
	ck_assert_str(sql->column_text(select, 2), STR("\0\1\xff"));
	ck_assert(sql->column_is_null(select, 3));
	ck_assert(!sql->column_is_null(select, 0));
	ck_assert(sql->column_double(select, 4) == (double)INT64_MIN / 2);
	ck_assert_int_eq(sql->step(select, &p->error), SQL_STEP_DONE);
	sql->finish(select);
	sql_close(p->world, database);
}

PARITY_TEST(a_reset_statement_starts_again_without_bindings)
{
	const struct sql_ops *sql = p->world->sql;
	struct sql_database *database = open_database(p, STR(":memory:"));
	struct sql_statement *echo = prepare(p, database, STR("SELECT ?1"));

	sql->bind_text(echo, 1, STR(""));
	ck_assert_int_eq(sql->step(echo, &p->error), SQL_STEP_ROW);
	ck_assert(!sql->column_is_null(echo, 0));
	ck_assert_uint_eq(sql->column_text(echo, 0).size, 0);
	sql->reset(echo);
	ck_assert_int_eq(sql->step(echo, &p->error), SQL_STEP_ROW);
	ck_assert(sql->column_is_null(echo, 0));
	sql->finish(echo);
	sql_close(p->world, database);
}

PARITY_TEST(broken_rules_are_conflicts)
{
	const struct sql_ops *sql = p->world->sql;
	struct sql_database *database = open_database(p, STR(":memory:"));
	struct sql_statement *insert;

	execute(p, database, STR("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)"));
	ck_assert(!sql_execute(p->world, database, STR("INSERT INTO t VALUES (1)"), &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_CONFLICT);
	insert = prepare(p, database, STR("INSERT INTO t VALUES (?1)"));
	sql->bind_int(insert, 1, 1);
	p->error = (struct error){0};
	ck_assert_int_eq(sql->step(insert, &p->error), SQL_STEP_FAILED);
	ck_assert_int_eq(p->error.kind, ERROR_CONFLICT);
	sql->reset(insert);
	sql->bind_int(insert, 1, 2);
	ck_assert_int_eq(sql->step(insert, &p->error), SQL_STEP_DONE);
	sql->finish(insert);
	sql_close(p->world, database);
}

PARITY_TEST(nonsense_is_refused)
{
	struct sql_database *database = open_database(p, STR(":memory:"));

	ck_assert(!sql_execute(p->world, database, STR("SELEKT 1"), &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_SYSTEM);
	ck_assert_ptr_null(p->world->sql->prepare(database, STR("SELECT * FROM none"), &p->error));
	ck_assert_ptr_null(p->world->sql->prepare(database, STR("  -- nothing"), &p->error));
	p->world->sql->finish(NULL);
	sql_close(p->world, database);
	sql_close(p->world, (struct sql_database *)NULL);
}

PARITY_TEST(a_transaction_that_is_undone_leaves_nothing)
{
	const struct sql_ops *sql = p->world->sql;
	struct sql_database *database = open_database(p, STR(":memory:"));
	struct sql_statement *count;

	execute(p, database,
		STR("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1); ROLLBACK; "
		    "BEGIN; INSERT INTO t VALUES (2); COMMIT"));
	count = prepare(p, database, STR("SELECT count(*), max(a) FROM t"));
	ck_assert_int_eq(sql->step(count, &p->error), SQL_STEP_ROW);
	ck_assert_int_eq(sql->column_int(count, 0), 1);
	ck_assert_int_eq(sql->column_int(count, 1), 2);
	sql->finish(count);
	sql_close(p->world, database);
}

PARITY_TEST(a_file_keeps_what_was_committed)
{
	const struct sql_ops *sql = p->world->sql;
	struct str path = parity_path(p, STR("kept.sqlite"));
	struct sql_database *database = open_database(p, path);
	struct sql_statement *select;

	execute(p, database, STR("CREATE TABLE t (a); INSERT INTO t VALUES ('kept')"));
	sql_close(p->world, database);
	database = open_database(p, path);
	select = prepare(p, database, STR("SELECT a FROM t"));
	ck_assert_int_eq(sql->step(select, &p->error), SQL_STEP_ROW);
	ck_assert_str(sql->column_text(select, 0), STR("kept"));
	sql->finish(select);
	sql_close(p->world, database);
}

PARITY_TEST(a_missing_file_is_made_unless_it_must_exist)
{
	struct sql_options options = {.path = parity_path(p, STR("missing.db")),
				      .durability = SQL_DURABILITY_NORMAL,
				      .must_exist = true};

	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_null(sql_open(p->world, &options, &p->error));
		ck_assert_int_eq(p->error.kind, ERROR_SYSTEM);
		ck_assert_uint_ne(str_find(str_from(p->error.text), options.path), STR_NOT_FOUND);
	}
	sql_close(p->world, open_database(p, options.path));
	sql_close(p->world, sql_open(p->world, &options, &p->error));
}

TCase *parity_sql_case(int number)
{
	TCase *tests = tcase_create("sql");

	PARITY_ADD(tests, number, values_come_back_as_they_were_bound);
	PARITY_ADD(tests, number, a_reset_statement_starts_again_without_bindings);
	PARITY_ADD(tests, number, broken_rules_are_conflicts);
	PARITY_ADD(tests, number, nonsense_is_refused);
	PARITY_ADD(tests, number, a_transaction_that_is_undone_leaves_nothing);
	PARITY_ADD(tests, number, a_file_keeps_what_was_committed);
	PARITY_ADD(tests, number, a_missing_file_is_made_unless_it_must_exist);
	return tests;
}
