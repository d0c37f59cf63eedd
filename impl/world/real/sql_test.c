/* The SQL port over every kind of database. The servers' addresses come in TEST_MYSQL_URL and
 * TEST_POSTGRESQL_URL (ci/unit.sh starts them). */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "world/real/sql.h"
#include "world/sql_kinds_test.h"
#include "world/sql_url.h"

#define SQL (&real_sql_ops)

static struct {
	struct arena *arena;
	struct sql_options options;
	struct sql_database *database;
	struct error error;
} stage;

static const char *file(void)
{
	return str_cstr(stage.arena,
			str_format(stage.arena, "/tmp/refscale-sql-test-%d.sqlite", (int)getpid()));
}

static void remove_file(void)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		unlink(str_cstr(stage.arena,
				STR_CONCAT(stage.arena, str_from(file()), str_from(suffixes[i]))));
}

static struct sql_database *open_database(void)
{
	struct sql_database *database = SQL->open(NULL, &stage.options, &stage.error);

	ck_assert_msg(database != NULL, "%s", stage.error.text);
	return database;
}

static void execute(const char *script)
{
	ck_assert_msg(SQL->execute(stage.database, str_from(script), &stage.error), "%s: %s",
		      script, stage.error.text);
}

/* Types in the script are named as the dialect's: {id} {integer} {text} {wide} ... */
static void create(const char *columns)
{
	const struct sql_dialect *dialect = SQL->dialect(stage.database);
	const char *const types[][2] = {
		{"{id}", dialect->id},          {"{integer}", dialect->integer},
		{"{text}", dialect->text},      {"{long}", dialect->long_text},
		{"{wide}", dialect->wide_text}, {"{decimal}", dialect->decimal},
		{"{time}", dialect->time},      {"{blob}", dialect->blob},
	};
	struct str script =
		str_format(stage.arena, "CREATE TABLE t (%s)%s", columns, dialect->table_options);

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct str name = str_from(types[i][0]);

		for (size_t at; (at = str_find(script, name)) != STR_NOT_FOUND;)
			script =
				STR_CONCAT(stage.arena, str_slice(script, 0, at),
					   str_from(types[i][1]), str_skip(script, at + name.size));
	}
	execute(str_cstr(stage.arena, script));
}

static void begin_stage(enum sql_kind kind)
{
	memset(&stage, 0, sizeof stage);
	stage.arena = arena_create();
	if (kind != SQL_SQLITE) {
		ck_assert_msg(sql_url_read(str_from(sql_kind_url(kind)), stage.arena,
					   &stage.options, &stage.error),
			      "%s", stage.error.text);
		ck_assert_int_eq(stage.options.kind, kind);
	} else {
		stage.options.path = str_from(file());
		remove_file();
	}
	stage.database = open_database();
	execute("DROP TABLE IF EXISTS child");
	execute("DROP TABLE IF EXISTS t");
}

static void end_stage(void)
{
	execute("DROP TABLE IF EXISTS child");
	execute("DROP TABLE IF EXISTS t");
	SQL->close(stage.database);
	if (stage.options.kind == SQL_SQLITE)
		remove_file();
	arena_destroy(stage.arena);
}

static struct sql_statement *prepare(const char *text)
{
	struct sql_statement *statement =
		SQL->prepare(stage.database, str_from(text), &stage.error);

	ck_assert_msg(statement != NULL, "%s: %s", text, stage.error.text);
	return statement;
}

static void step(struct sql_statement *statement, enum sql_step expected)
{
	enum sql_step result = SQL->step(statement, &stage.error);

	ck_assert_msg(result == expected, "%s", stage.error.text);
}

/* The first number of the first row. */
static int64_t ask(const char *text)
{
	struct sql_statement *statement = prepare(text);
	int64_t number;

	step(statement, SQL_STEP_ROW);
	number = SQL->column_int(statement, 0);
	SQL->finish(statement);
	return number;
}

static void fails(const char *script, enum error_kind kind)
{
	ck_assert(!SQL->execute(stage.database, str_from(script), &stage.error));
	ck_assert_msg(stage.error.kind == kind, "%s: %s", script, stage.error.text);
	ck_assert_ptr_null(strchr(stage.error.text, '\n'));
}

static void text_is(struct sql_statement *statement, int column, struct str expected)
{
	struct str text = SQL->column_text(statement, column);

	ck_assert_msg(str_equal(text, expected), "%.*s", STR_ARG(text));
}

START_TEST(values_come_back_as_they_were_bound)
{
	static const struct str text = STR_INIT("'h\xc3\xa9llo\\ \"\xf0\x9f\x98\x80?1");
	struct sql_statement *insert, *select;

	begin_stage((enum sql_kind)_i);
	create("id {id}, n {integer}, name {text}, body {long}, price {decimal}, at {time},"
	       " bytes {blob}, void {text}");
	insert = prepare("INSERT INTO t (n, name, body, price, at, bytes, void) "
			 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
	SQL->bind_int(insert, 1, INT64_MIN);
	SQL->bind_text(insert, 2, text);
	SQL->bind_text(insert, 3, STR(""));
	SQL->bind_text(insert, 4, STR("12.5"));
	SQL->bind_text(insert, 5, STR("2019-10-01 10:00:00"));
	SQL->bind_blob(insert, 6, STR("\0\1\xff'"));
	SQL->bind_null(insert, 7);
	step(insert, SQL_STEP_DONE);
	ck_assert_int_eq(SQL->last_id(stage.database), 1);
	ck_assert_int_eq(SQL->changes(stage.database), 1);
	SQL->finish(insert);

	select = prepare("SELECT n, name, body, price + 0 AS p, at, bytes, void, n < 0 FROM t");
	step(select, SQL_STEP_ROW);
	ck_assert_int_eq(SQL->column_count(select), 8);
	ck_assert(str_equal(SQL->column_name(select, 3), STR("p")));
	ck_assert(SQL->column_int(select, 0) == INT64_MIN);
	text_is(select, 1, text);
	ck_assert(!SQL->column_is_null(select, 2));
	ck_assert_uint_eq(SQL->column_text(select, 2).size, 0);
	ck_assert(SQL->column_double(select, 3) == 12.5);
	ck_assert_int_eq(SQL->column_int(select, 3), 12);
	text_is(select, 4, STR("2019-10-01 10:00:00"));
	text_is(select, 5, STR("\0\1\xff'"));
	ck_assert(SQL->column_is_null(select, 6));
	ck_assert(!SQL->column_is_null(select, 0));
	ck_assert_int_eq(SQL->column_int(select, 7), 1);
	step(select, SQL_STEP_DONE);
	SQL->finish(select);
	end_stage();
}
END_TEST

START_TEST(parameters_may_be_used_again_and_asked_for_null)
{
	static const struct {
		const char *name;
		int64_t number, count;
	} rows[] = {{NULL, 0, 3}, {"b", 0, 2}, {"b", 2, 1}, {NULL, 9, 0}, {"B", 0, 0}};
	struct sql_statement *count;

	begin_stage((enum sql_kind)_i);
	create("n {integer}, name {text}, marked {integer}");
	execute("INSERT INTO t (n, name) VALUES (1, 'a'), (2, 'b'), (3, 'b')");
	count = prepare("SELECT count(*), '?1' FROM t WHERE (?2 IS NULL OR n = ?2) AND "
			"(?1 IS NULL OR name = ?1 AND ?1 IS NOT NULL)");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].name != NULL)
			SQL->bind_text(count, 1, str_from(rows[i].name));
		if (rows[i].number != 0)
			SQL->bind_int(count, 2, rows[i].number);
		step(count, SQL_STEP_ROW);
		ck_assert_int_eq(SQL->column_int(count, 0), rows[i].count);
		text_is(count, 1, STR("?1"));
		SQL->reset(count); /* forgets what was bound */
	}
	SQL->finish(count);
	end_stage();
}
END_TEST

/* The dialect that database.h allows means the same everywhere. */
START_TEST(portable_sql_means_the_same)
{
	static const struct {
		const char *text;
		int64_t number;
	} rows[] = {
		{"SELECT count(*) FROM t WHERE ',1,3,' LIKE '%,' || id || ',%'", 2},
		{"SELECT count(*) FROM t WHERE ',' LIKE '%,' || id || ',%'", 0},
		{"SELECT count(*) FROM t WHERE name = 'A'", 1},
		{"SELECT count(*) FROM t WHERE lower(name) = lower('A')", 2},
		{"SELECT count(*) FROM t WHERE lower(name) LIKE '%!%!_%' ESCAPE '!'", 1},
		{"SELECT count(*) FROM t WHERE name = 'x\\'", 1},
		{"SELECT count(*) FROM t WHERE COALESCE(name, '') <> 'a'", 4},
		{"SELECT count(*) FROM t WHERE CAST(price AS DECIMAL(20, 4)) > 0", 1},
		{"SELECT id FROM t ORDER BY CASE WHEN id = 3 THEN 0 ELSE 1 END, id LIMIT 1", 3},
		{"SELECT id FROM t ORDER BY name IS NOT NULL, name LIMIT 1", 5},
		{"SELECT id FROM t WHERE id < 5 ORDER BY name DESC LIMIT 1 OFFSET 1", 1},
		{"SELECT max(id) FROM t WHERE EXISTS (SELECT 1 FROM t AS u WHERE u.id = t.id)", 5},
		{"SELECT count(*) FROM (SELECT id FROM t ORDER BY id) AS listed", 5},
		{"SELECT sum(id) FROM t", 15},
		{"SELECT count(*) FROM t WHERE at < '2019-10-01 10:00:01'", 1},
		{"SELECT count(*) FROM t WHERE \"schema\" = 1", 1},
		{"SELECT count(*) FROM t WHERE (1 = 1) = (SELECT id = 1 FROM t WHERE id = 1)", 5},
	};

	begin_stage((enum sql_kind)_i);
	create("id {id}, name {text}, price {decimal}, at {time}, \"schema\" {integer}");
	execute("INSERT INTO t (name, price, at, \"schema\") VALUES ('a', 0.0, NULL, 1), "
		"('A', 0.5, '2019-10-01 10:00:00', NULL), ('100%_', 0, NULL, NULL), "
		"('x\\', 0, NULL, NULL), (NULL, 0, NULL, NULL)");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(ask(rows[i].text) == rows[i].number, "%s", rows[i].text);
	end_stage();
}
END_TEST

START_TEST(broken_rules_are_conflicts)
{
	struct sql_statement *insert;

	begin_stage((enum sql_kind)_i);
	create("id {id}, name {text} NOT NULL, UNIQUE (name)");
	if (_i == SQL_SQLITE)
		execute("PRAGMA foreign_keys = ON");
	execute("CREATE TABLE child (t_id BIGINT, FOREIGN KEY (t_id) REFERENCES t (id) "
		"ON DELETE CASCADE)");
	execute("INSERT INTO t (name) VALUES ('secret'), ('Secret'); INSERT INTO child VALUES (1)");
	fails("INSERT INTO t (name) VALUES ('secret')", ERROR_CONFLICT);
	ck_assert_ptr_null(strstr(stage.error.text, "secret"));
	fails("INSERT INTO t (name) VALUES (NULL)", ERROR_CONFLICT);
	fails("INSERT INTO child VALUES (7)", ERROR_CONFLICT);
	insert = prepare("INSERT INTO t (name) VALUES (?1)");
	SQL->bind_text(insert, 1, STR("secret"));
	step(insert, SQL_STEP_FAILED);
	ck_assert_int_eq(stage.error.kind, ERROR_CONFLICT);
	SQL->reset(insert);
	SQL->bind_text(insert, 1, STR("other"));
	step(insert, SQL_STEP_DONE);
	SQL->finish(insert);
	execute("DELETE FROM t WHERE id = 1");
	ck_assert_int_eq(ask("SELECT count(*) FROM child"), 0);
	end_stage();
}
END_TEST

START_TEST(nonsense_is_refused)
{
	begin_stage((enum sql_kind)_i);
	fails("SELEKT 1", ERROR_SYSTEM);
	ck_assert_ptr_null(SQL->prepare(stage.database, STR("SELECT * FROM none"), &stage.error));
	ck_assert_int_eq(stage.error.kind, ERROR_SYSTEM);
	ck_assert_int_eq(ask("SELECT 1"), 1);
	SQL->finish(NULL);
	SQL->close(NULL);
	end_stage();
}
END_TEST

START_TEST(a_transaction_is_done_as_a_whole_or_not)
{
	begin_stage((enum sql_kind)_i);
	create("id {id}, n {integer}");
	ck_assert(SQL->begin(stage.database, true, &stage.error));
	execute("INSERT INTO t (n) VALUES (1)");
	SQL->rollback(stage.database);
	ck_assert(SQL->begin(stage.database, true, &stage.error));
	execute("INSERT INTO t (n) VALUES (2)");
	ck_assert(SQL->commit(stage.database, &stage.error));
	ck_assert(SQL->begin(stage.database, false, &stage.error));
	ck_assert_int_eq(ask("SELECT sum(n) FROM t"), 2);
	ck_assert(SQL->commit(stage.database, &stage.error));
	end_stage();
}
END_TEST

/* Rows that an UPDATE meets count, whether they were different before or not. */
START_TEST(changes_are_the_rows_that_were_met)
{
	static const struct {
		const char *text;
		int64_t changes;
	} rows[] = {
		{"UPDATE t SET n = 1", 3},
		{"UPDATE t SET n = 1 WHERE id = 1", 1},
		{"DELETE FROM t WHERE n = 5", 0},
		{"DELETE FROM t WHERE id > 1", 2},
	};

	begin_stage((enum sql_kind)_i);
	create("id {id}, n {integer}");
	execute("INSERT INTO t (n) VALUES (1), (1), (2)");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sql_statement *statement = prepare(rows[i].text);

		step(statement, SQL_STEP_DONE);
		ck_assert_int_eq(SQL->changes(stage.database), rows[i].changes);
		SQL->finish(statement);
	}
	end_stage();
}
END_TEST

START_TEST(what_is_there_can_be_listed)
{
	struct sql_statement *columns, *indexes;
	size_t found = 0;

	begin_stage((enum sql_kind)_i);
	create("id {id}, n {wide}");
	execute("CREATE INDEX index_t_on_n ON t (n)");
	columns = prepare(SQL->dialect(stage.database)->columns_query);
	while (SQL->step(columns, &stage.error) == SQL_STEP_ROW) {
		if (!str_equal(SQL->column_text(columns, 0), STR("t")))
			continue;
		found++;
		ck_assert(str_equal(SQL->column_text(columns, 1), STR("id")) || _i == SQL_SQLITE ||
			  SQL->column_int(columns, 2) == SQL_WIDE_TEXT_CHARACTERS);
		ck_assert(_i != SQL_SQLITE || SQL->column_is_null(columns, 2));
	}
	ck_assert_uint_eq(found, 2);
	SQL->finish(columns);
	indexes = prepare(SQL->dialect(stage.database)->indexes_query);
	while (SQL->step(indexes, &stage.error) == SQL_STEP_ROW)
		found += str_equal(SQL->column_text(indexes, 0), STR("index_t_on_n"));
	ck_assert_uint_eq(found, 3);
	SQL->finish(indexes);
	end_stage();
}
END_TEST

#define NUMBERS 40

struct taker {
	struct sql_database *database;
	int failures;
};

/* Each takes the next number, as versions of configurations are given out. */
static void *take_numbers(void *data)
{
	struct taker *taker = data;
	struct error error = {0};
	struct sql_database *database = taker->database;
	struct sql_statement *next = SQL->prepare(database, STR("SELECT max(n) FROM t"), &error);
	struct sql_statement *take =
		SQL->prepare(database, STR("INSERT INTO t (n) VALUES (?1)"), &error);

	for (int i = 0; i < NUMBERS; i++) {
		if (!SQL->begin(database, true, &error)) {
			taker->failures++;
			continue;
		}
		SQL->step(next, &error);
		SQL->bind_int(take, 1, SQL->column_int(next, 0) + 1);
		SQL->reset(next);
		SQL->step(take, &error);
		SQL->reset(take);
		taker->failures += !SQL->commit(database, &error) || error.kind != ERROR_NONE;
	}
	SQL->finish(next);
	SQL->finish(take);
	return NULL;
}

START_TEST(writers_take_turns)
{
	struct taker takers[2] = {0};
	pthread_t other;

	begin_stage((enum sql_kind)_i);
	create("id {id}, n {integer}, UNIQUE (n)");
	execute("INSERT INTO t (n) VALUES (0)");
	for (int i = 0; i < 2; i++)
		takers[i].database = open_database();
	ck_assert_int_eq(pthread_create(&other, NULL, take_numbers, &takers[0]), 0);
	take_numbers(&takers[1]);
	ck_assert_int_eq(pthread_join(other, NULL), 0);
	for (int i = 0; i < 2; i++)
		SQL->close(takers[i].database);
	ck_assert_int_eq(takers[0].failures + takers[1].failures, 0);
	ck_assert_int_eq(ask("SELECT max(n) FROM t"), 2 * NUMBERS);
	end_stage();
}
END_TEST

/* Servers only. */

static void kill_connection(void)
{
	static const char *const asks[] = {
		[SQL_MYSQL] = "SELECT CONNECTION_ID()",
		[SQL_POSTGRESQL] = "SELECT pg_backend_pid()",
	};
	static const char *const kills[] = {
		[SQL_MYSQL] = "KILL %lld",
		[SQL_POSTGRESQL] = "SELECT pg_terminate_backend(%lld, 5000)",
	};
	long long id = ask(asks[stage.options.kind]);
	struct sql_database *other = open_database();
	char script[64];

	snprintf(script, sizeof script, kills[stage.options.kind], id);
	ck_assert(SQL->execute(other, str_from(script), &stage.error));
	SQL->close(other);
}

START_TEST(a_lost_connection_is_made_again)
{
	struct sql_statement *insert, *count;

	begin_stage((enum sql_kind)_i);
	create("id {id}, n {integer}");
	insert = prepare("INSERT INTO t (n) VALUES (?1)");
	count = prepare("SELECT count(*) FROM t");

	/* Nobody notices when nothing was under way. */
	kill_connection();
	ck_assert_msg(SQL->begin(stage.database, true, &stage.error), "%s", stage.error.text);
	ck_assert_int_eq(stage.error.kind, ERROR_NONE);
	SQL->bind_int(insert, 1, 1);
	step(insert, SQL_STEP_DONE);
	SQL->reset(insert);

	/* The transaction is lost as a whole. */
	kill_connection();
	stage.error = (struct error){0};
	SQL->bind_int(insert, 1, 2);
	step(insert, SQL_STEP_FAILED);
	ck_assert_int_eq(stage.error.kind, ERROR_UNAVAILABLE);
	SQL->reset(insert);
	step(count, SQL_STEP_FAILED);
	SQL->reset(count);
	ck_assert(!SQL->commit(stage.database, &stage.error));
	ck_assert_int_eq(stage.error.kind, ERROR_UNAVAILABLE);
	SQL->rollback(stage.database);

	/* The next one works. */
	ck_assert(SQL->begin(stage.database, false, &stage.error));
	step(count, SQL_STEP_ROW);
	ck_assert_int_eq(SQL->column_int(count, 0), 0);
	SQL->reset(count);
	ck_assert(SQL->commit(stage.database, &stage.error));

	/* Outside a transaction the use that finds it fails. */
	kill_connection();
	fails("SELECT 1", ERROR_UNAVAILABLE);
	execute("SELECT 1");
	SQL->finish(insert);
	SQL->finish(count);
	end_stage();
}
END_TEST

START_TEST(a_server_that_refuses_says_why)
{
	static const struct {
		const char *user, *password, *database;
		const char *words[3];
	} rows[] = {
		{NULL, "secret", NULL, {NULL, "Access denied", "password authentication failed"}},
		{"nobody", "secret", NULL, {NULL, "Access denied", "authentication failed"}},
		{NULL, NULL, "none", {NULL, "Unknown database 'none'", "\"none\" does not exist"}},
	};

	begin_stage((enum sql_kind)_i);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sql_options options = stage.options;

		if (rows[i].user != NULL)
			options.user = str_from(rows[i].user);
		if (rows[i].password != NULL)
			options.password = str_from(rows[i].password);
		if (rows[i].database != NULL)
			options.database = str_from(rows[i].database);
		ck_assert_ptr_null(SQL->open(NULL, &options, &stage.error));
		ck_assert_int_eq(stage.error.kind, ERROR_INVALID);
		ck_assert_msg(strstr(stage.error.text, rows[i].words[_i]) != NULL, "%s",
			      stage.error.text);
		ck_assert_ptr_null(strstr(stage.error.text, "secret"));
		ck_assert_ptr_null(strchr(stage.error.text, '\n'));
	}
	end_stage();
}
END_TEST

START_TEST(a_server_that_is_away_is_unavailable)
{
	struct sql_options options;

	begin_stage((enum sql_kind)_i);
	options = stage.options;
	options.port = 1;
	ck_assert_ptr_null(SQL->open(NULL, &options, &stage.error));
	ck_assert_int_eq(stage.error.kind, ERROR_UNAVAILABLE);
	ck_assert_msg(strstr(stage.error.text, "database server 127.0.0.1:1: ") == stage.error.text,
		      "%s", stage.error.text);
	ck_assert_ptr_null(strchr(stage.error.text, '\n'));
	end_stage();
}
END_TEST

Suite *world_real_sql_suite(void);
Suite *world_real_sql_suite(void)
{
	Suite *suite = suite_create("world_real_sql");

	for (int i = SQL_SQLITE; i <= SQL_POSTGRESQL; i++) {
		TCase *tests = sql_kind_case(suite, "world_real_sql", i);

		if (tests == NULL)
			continue;
		tcase_set_timeout(tests, 30);
#define ADD(test) tcase_add_loop_test(tests, test, i, i + 1)
		ADD(values_come_back_as_they_were_bound);
		ADD(parameters_may_be_used_again_and_asked_for_null);
		ADD(portable_sql_means_the_same);
		ADD(broken_rules_are_conflicts);
		ADD(nonsense_is_refused);
		ADD(a_transaction_is_done_as_a_whole_or_not);
		ADD(changes_are_the_rows_that_were_met);
		ADD(what_is_there_can_be_listed);
		ADD(writers_take_turns);
		if (i != SQL_SQLITE) {
			ADD(a_lost_connection_is_made_again);
			ADD(a_server_that_refuses_says_why);
			ADD(a_server_that_is_away_is_unavailable);
		}
#undef ADD
	}
	return suite;
}
