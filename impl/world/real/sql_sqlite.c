/* The driver of SQLite. */
#include <sqlite3.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "world/real/sql_internal.h"

#define BUSY_TIMEOUT_MS (SQL_TURN_S * 1000) /* another process at the same file */
/* The loop stands still while the log goes into the file: 16 MiB of it at a time, not 4. The pages
 * that change most are the same ones and are written once. */
#define CHECKPOINT_PAGES 4096

struct sqlite_database {
	struct sql_database base;
	sqlite3 *sqlite;
};

struct sqlite_statement {
	struct sql_statement base;
	sqlite3_stmt *sqlite;
};

static sqlite3 *connection_of(const struct sql_database *database)
{
	return ((const struct sqlite_database *)database)->sqlite;
}

static sqlite3_stmt *prepared(const struct sql_statement *statement)
{
	return ((const struct sqlite_statement *)statement)->sqlite;
}

static bool failed(sqlite3 *sqlite, struct error *error)
{
	static const struct {
		int code;
		enum error_kind kind;
	} kinds[] = {
		{SQLITE_CONSTRAINT, ERROR_CONFLICT},
		{SQLITE_BUSY, ERROR_UNAVAILABLE},
		{SQLITE_LOCKED, ERROR_UNAVAILABLE},
	};
	int code = sqlite3_errcode(sqlite) & 0xff;
	enum error_kind kind = ERROR_SYSTEM;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (kinds[i].code == code)
			kind = kinds[i].kind;
	}
	return error_set(error, kind, "%s", sqlite3_errmsg(sqlite));
}

static bool database_set_durability(sqlite3 *sqlite, enum sql_durability durability,
				    struct error *error)
{
	static const char *const synchronous[] = {
		[SQL_DURABILITY_NONE] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
		[SQL_DURABILITY_NORMAL] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
		[SQL_DURABILITY_FULL] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
	};

	if (sqlite3_exec(sqlite, synchronous[durability], NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_wal_autocheckpoint(sqlite, CHECKPOINT_PAGES) != SQLITE_OK)
		return failed(sqlite, error);
	return true;
}

static void database_close(struct sql_database *database)
{
	BUG_IF(sqlite3_close(connection_of(database)) != SQLITE_OK);
	free(database);
}

static struct sql_database *database_open(struct world *world, const struct sql_options *options,
					  struct error *error)
{
	struct sqlite_database *database = MEMORY_NEW(struct sqlite_database);
	struct arena *scratch = arena_create();
	/* A handle belongs to one thread: no locks within it. */
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
		    (options->must_exist ? 0 : SQLITE_OPEN_CREATE);
	int opened =
		sqlite3_open_v2(str_cstr(scratch, options->path), &database->sqlite, flags, NULL);

	(void)world;
	arena_destroy(scratch);
	BUG_IF(database->sqlite == NULL);
	database->base.driver = &sql_sqlite_ops;
	sqlite3_busy_timeout(database->sqlite, BUSY_TIMEOUT_MS);
	if ((opened == SQLITE_OK || failed(database->sqlite, error)) &&
	    database_set_durability(database->sqlite, options->durability, error))
		return &database->base;
	error_wrap(error, "%.*s", STR_ARG(options->path));
	database_close(&database->base);
	return NULL;
}

static const struct sql_dialect *dialect(const struct sql_database *database)
{
	static const struct sql_dialect sqlite = {
		.kind = SQL_SQLITE,
		.id = "INTEGER PRIMARY KEY AUTOINCREMENT",
		.integer = "INTEGER",
		.text = "TEXT",
		.wide_text = "TEXT",
		.long_text = "TEXT",
		.decimal = "TEXT",
		.time = "TEXT",
		.blob = "BLOB",
		.table_options = "",
		.columns_query =
			"SELECT tables.name, columns.name, NULL FROM sqlite_schema AS tables "
			"JOIN pragma_table_info(tables.name) AS columns "
			"WHERE tables.type = 'table'",
		.indexes_query = "SELECT name FROM sqlite_schema WHERE type = 'index'",
		.restart_ids = {"DELETE FROM sqlite_sequence WHERE name = '", "'"},
	};

	(void)database;
	return &sqlite;
}

static bool run(sqlite3 *sqlite, const char *script, struct error *error)
{
	return sqlite3_exec(sqlite, script, NULL, NULL, NULL) == SQLITE_OK || failed(sqlite, error);
}

static bool begin(struct sql_database *database, bool will_write, struct error *error)
{
	return run(connection_of(database), will_write ? "BEGIN IMMEDIATE" : "BEGIN", error);
}

static bool commit(struct sql_database *database, struct error *error)
{
	return run(connection_of(database), "COMMIT", error);
}

/* Fails only where a failure has rolled back already. */
static void rollback(struct sql_database *database)
{
	run(connection_of(database), "ROLLBACK", NULL);
}

static bool database_execute(struct sql_database *database, struct str script, struct error *error)
{
	struct arena *scratch = arena_create();
	bool done = run(connection_of(database), str_cstr(scratch, script), error);

	arena_destroy(scratch);
	return done;
}

static struct sql_statement *statement_prepare(struct sql_database *database, struct str text,
					       struct error *error)
{
	sqlite3_stmt *sqlite = NULL;

	if (sqlite3_prepare_v3(connection_of(database), text.data, (int)text.size,
			       SQLITE_PREPARE_PERSISTENT, &sqlite, NULL) != SQLITE_OK) {
		failed(connection_of(database), error);
		return NULL;
	}
	if (sqlite == NULL) {
		error_set(error, ERROR_INVALID, "no statement in \"%.*s\"", STR_ARG(text));
		return NULL;
	}

	struct sqlite_statement *statement = MEMORY_NEW(struct sqlite_statement);

	statement->base.driver = &sql_sqlite_ops;
	statement->sqlite = sqlite;
	return &statement->base;
}

static void statement_finish(struct sql_statement *statement)
{
	sqlite3_finalize(prepared(statement));
	free(statement);
}

/* Wrong numbers are mistakes of ours, not of data. */
static void bound(int result)
{
	BUG_IF(result != SQLITE_OK && result != SQLITE_TOOBIG);
}

static void bind_int(struct sql_statement *statement, int index, int64_t value)
{
	bound(sqlite3_bind_int64(prepared(statement), index, value));
}

static void bind_text(struct sql_statement *statement, int index, struct str value)
{
	bound(sqlite3_bind_text64(prepared(statement), index, value.size > 0 ? value.data : "",
				  value.size, SQLITE_TRANSIENT, SQLITE_UTF8));
}

static void bind_blob(struct sql_statement *statement, int index, struct str value)
{
	bound(sqlite3_bind_blob64(prepared(statement), index, value.size > 0 ? value.data : "",
				  value.size, SQLITE_TRANSIENT));
}

static void bind_null(struct sql_statement *statement, int index)
{
	bound(sqlite3_bind_null(prepared(statement), index));
}

static enum sql_step statement_step(struct sql_statement *statement, struct error *error)
{
	int result = sqlite3_step(prepared(statement));

	if (result == SQLITE_ROW)
		return SQL_STEP_ROW;
	if (result == SQLITE_DONE)
		return SQL_STEP_DONE;
	failed(sqlite3_db_handle(prepared(statement)), error);
	return SQL_STEP_FAILED;
}

static void statement_reset(struct sql_statement *statement)
{
	sqlite3_reset(prepared(statement));
	sqlite3_clear_bindings(prepared(statement));
}

static int column_count(struct sql_statement *statement)
{
	return sqlite3_column_count(prepared(statement));
}

static struct str column_name(struct sql_statement *statement, int column)
{
	return str_from(sqlite3_column_name(prepared(statement), column));
}

static bool column_is_null(struct sql_statement *statement, int column)
{
	return sqlite3_column_type(prepared(statement), column) == SQLITE_NULL;
}

static int64_t column_int(struct sql_statement *statement, int column)
{
	return sqlite3_column_int64(prepared(statement), column);
}

static double column_double(struct sql_statement *statement, int column)
{
	return sqlite3_column_double(prepared(statement), column);
}

/* Blobs as they are: column_text() would look for UTF-8 in them. */
static struct str column_text(struct sql_statement *statement, int column)
{
	const void *data = sqlite3_column_type(prepared(statement), column) == SQLITE_BLOB
				   ? sqlite3_column_blob(prepared(statement), column)
				   : sqlite3_column_text(prepared(statement), column);

	return str_of(data, (size_t)sqlite3_column_bytes(prepared(statement), column));
}

static int64_t last_id(struct sql_database *database)
{
	return sqlite3_last_insert_rowid(connection_of(database));
}

static int64_t changes(struct sql_database *database)
{
	return sqlite3_changes64(connection_of(database));
}

const struct sql_ops sql_sqlite_ops = {
	.open = database_open,
	.close = database_close,
	.dialect = dialect,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.execute = database_execute,
	.prepare = statement_prepare,
	.finish = statement_finish,
	.bind_int = bind_int,
	.bind_text = bind_text,
	.bind_blob = bind_blob,
	.bind_null = bind_null,
	.step = statement_step,
	.reset = statement_reset,
	.column_count = column_count,
	.column_name = column_name,
	.column_is_null = column_is_null,
	.column_int = column_int,
	.column_double = column_double,
	.column_text = column_text,
	.last_id = last_id,
	.changes = changes,
};
