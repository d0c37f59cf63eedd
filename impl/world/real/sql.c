#include "world/real/sql.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"

#define BUSY_TIMEOUT_MS 2000 /* another process at the same file */
/* The loop stands still while the log goes into the file: 16 MiB of it at a time, not 4. The pages
 * that change most are the same ones and are written once. */
#define CHECKPOINT_PAGES 4096

struct sql_database {
	sqlite3 *sqlite;
};

struct sql_statement {
	struct sql_database *database;
	sqlite3_stmt *sqlite;
};

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

static bool database_set_durability(struct sql_database *database, enum sql_durability durability,
				    struct error *error)
{
	static const char *const synchronous[] = {
		[SQL_DURABILITY_NONE] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
		[SQL_DURABILITY_NORMAL] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
		[SQL_DURABILITY_FULL] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
	};

	if (sqlite3_exec(database->sqlite, synchronous[durability], NULL, NULL, NULL) !=
		    SQLITE_OK ||
	    sqlite3_wal_autocheckpoint(database->sqlite, CHECKPOINT_PAGES) != SQLITE_OK)
		return failed(database->sqlite, error);
	return true;
}

static void database_close(struct sql_database *database)
{
	if (database == NULL)
		return;
	BUG_IF(sqlite3_close(database->sqlite) != SQLITE_OK);
	free(database);
}

static struct sql_database *database_open(struct world *world, const struct sql_options *options,
					  struct error *error)
{
	struct sql_database *database = MEMORY_NEW(struct sql_database);
	struct arena *scratch = arena_create();
	int opened = sqlite3_open_v2(
		str_cstr(scratch, options->path), &database->sqlite,
		SQLITE_OPEN_READWRITE | (options->must_exist ? 0 : SQLITE_OPEN_CREATE), NULL);

	(void)world;
	arena_destroy(scratch);
	BUG_IF(database->sqlite == NULL);
	sqlite3_busy_timeout(database->sqlite, BUSY_TIMEOUT_MS);
	if ((opened == SQLITE_OK || failed(database->sqlite, error)) &&
	    database_set_durability(database, options->durability, error))
		return database;
	error_wrap(error, "%.*s", STR_ARG(options->path));
	database_close(database);
	return NULL;
}

static bool database_execute(struct sql_database *database, struct str script, struct error *error)
{
	struct arena *scratch = arena_create();
	int result = sqlite3_exec(database->sqlite, str_cstr(scratch, script), NULL, NULL, NULL);

	arena_destroy(scratch);
	return result == SQLITE_OK || failed(database->sqlite, error);
}

static struct sql_statement *statement_prepare(struct sql_database *database, struct str text,
					       struct error *error)
{
	sqlite3_stmt *sqlite = NULL;

	if (sqlite3_prepare_v3(database->sqlite, text.data, (int)text.size,
			       SQLITE_PREPARE_PERSISTENT, &sqlite, NULL) != SQLITE_OK) {
		failed(database->sqlite, error);
		return NULL;
	}
	if (sqlite == NULL) {
		error_set(error, ERROR_INVALID, "no statement in \"%.*s\"", STR_ARG(text));
		return NULL;
	}

	struct sql_statement *statement = MEMORY_NEW(struct sql_statement);

	statement->database = database;
	statement->sqlite = sqlite;
	return statement;
}

static void statement_finish(struct sql_statement *statement)
{
	if (statement == NULL)
		return;
	sqlite3_finalize(statement->sqlite);
	free(statement);
}

/* Wrong numbers are mistakes of ours, not of data. */
static void bound(int result)
{
	BUG_IF(result != SQLITE_OK && result != SQLITE_TOOBIG);
}

static void bind_int(struct sql_statement *statement, int index, int64_t value)
{
	bound(sqlite3_bind_int64(statement->sqlite, index, value));
}

static void bind_text(struct sql_statement *statement, int index, struct str value)
{
	bound(sqlite3_bind_text64(statement->sqlite, index, value.size > 0 ? value.data : "",
				  value.size, SQLITE_TRANSIENT, SQLITE_UTF8));
}

static void bind_blob(struct sql_statement *statement, int index, struct str value)
{
	bound(sqlite3_bind_blob64(statement->sqlite, index, value.size > 0 ? value.data : "",
				  value.size, SQLITE_TRANSIENT));
}

static void bind_null(struct sql_statement *statement, int index)
{
	bound(sqlite3_bind_null(statement->sqlite, index));
}

static enum sql_step statement_step(struct sql_statement *statement, struct error *error)
{
	int result = sqlite3_step(statement->sqlite);

	if (result == SQLITE_ROW)
		return SQL_STEP_ROW;
	if (result == SQLITE_DONE)
		return SQL_STEP_DONE;
	failed(statement->database->sqlite, error);
	return SQL_STEP_FAILED;
}

static void statement_reset(struct sql_statement *statement)
{
	sqlite3_reset(statement->sqlite);
	sqlite3_clear_bindings(statement->sqlite);
}

static int column_count(struct sql_statement *statement)
{
	return sqlite3_column_count(statement->sqlite);
}

static struct str column_name(struct sql_statement *statement, int column)
{
	return str_from(sqlite3_column_name(statement->sqlite, column));
}

static bool column_is_null(struct sql_statement *statement, int column)
{
	return sqlite3_column_type(statement->sqlite, column) == SQLITE_NULL;
}

static int64_t column_int(struct sql_statement *statement, int column)
{
	return sqlite3_column_int64(statement->sqlite, column);
}

static double column_double(struct sql_statement *statement, int column)
{
	return sqlite3_column_double(statement->sqlite, column);
}

/* Blobs as they are: column_text() would look for UTF-8 in them. */
static struct str column_text(struct sql_statement *statement, int column)
{
	const void *data = sqlite3_column_type(statement->sqlite, column) == SQLITE_BLOB
				   ? sqlite3_column_blob(statement->sqlite, column)
				   : sqlite3_column_text(statement->sqlite, column);

	return str_of(data, (size_t)sqlite3_column_bytes(statement->sqlite, column));
}

static int64_t last_id(struct sql_database *database)
{
	return sqlite3_last_insert_rowid(database->sqlite);
}

static int64_t changes(struct sql_database *database)
{
	return sqlite3_changes64(database->sqlite);
}

const struct sql_ops real_sql_ops = {
	.open = database_open,
	.close = database_close,
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
