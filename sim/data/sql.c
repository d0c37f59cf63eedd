/* The sql port over SQLite in memory.
 *
 * All handles of one host to one path share a connection, so what one process wrote is there for
 * the next. Statements never wait for each other: a turn is over before the next begins, and so is
 * its transaction. When the last handle is closed, or that of a killed process, what was not
 * committed is gone, as it would be from a file. */
#include "sim/data/sql.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "sim/sim_internal.h"
#include "world/real/sql.h"
#include "world/sql.h"

/* What lives as long as the host. */
struct host_database {
	struct sql_database *sqlite; /* real_sql_ops' */
	size_t handles;
	const struct sql_database *holder; /* has locked all others out; NULL: nobody */
};

struct sql_database {
	struct sim_process *process;
	struct host_database *shared; /* NULL: ":memory:", nobody else's */
	struct sql_database *sqlite;  /* real_sql_ops' */
};

struct sql_statement {
	struct sql_database *database;
	struct sql_statement *sqlite; /* real_sql_ops' */
};

/* A file would be locked by this; one connection cannot lock itself out (store/keys.c asks so). */
static const struct str exclusive = STR_INIT("PRAGMA locking_mode = EXCLUSIVE");

void host_databases_free(struct sim_host *host)
{
	struct map_cursor at = {0};

	while (host->databases != NULL && map_next(host->databases, &at)) {
		struct host_database *shared = at.value;

		real_sql_ops.close(shared->sqlite);
		free(shared);
	}
	map_destroy(host->databases);
	host->databases = NULL;
}

static struct host_database *host_database_open(struct sim_process *process,
						const struct sql_options *options,
						struct error *error)
{
	struct sim_host *host = process->host;
	struct sql_options in_memory = {.path = STR(":memory:")};
	struct host_database *shared;

	if (host->databases == NULL)
		host->databases = map_create(0);
	shared = map_get(host->databases, options->path);
	if (shared == NULL && options->must_exist) {
		error_set(error, ERROR_SYSTEM, "%.*s: unable to open database file",
			  STR_ARG(options->path));
		return NULL;
	}
	if (shared == NULL) {
		struct sql_database *sqlite = real_sql_ops.open(&process->world, &in_memory, error);

		if (sqlite == NULL)
			return NULL;
		shared = MEMORY_NEW(struct host_database);
		shared->sqlite = sqlite;
		map_put(host->databases, options->path, shared);
	}
	shared->handles++;
	return shared;
}

static bool is_mute(const struct sql_database *database, struct error *error)
{
	if (process_is_mute(database->process))
		error_set(error, ERROR_UNAVAILABLE, "killed");
	return process_is_mute(database->process);
}

static bool may_use(const struct sql_database *database, struct error *error)
{
	const struct host_database *shared = database->shared;

	if (shared != NULL && shared->holder != NULL && shared->holder != database)
		return error_set(error, ERROR_UNAVAILABLE, "database is locked");
	return !is_mute(database, error);
}

static struct sql_database *database_open(struct world *world, const struct sql_options *options,
					  struct error *error)
{
	struct sim_process *process = process_of(world);
	struct sql_database *database = MEMORY_NEW(struct sql_database);

	database->process = process;
	if (is_mute(database, error))
		goto fail;
	if (options->kind != SQL_SQLITE) {
		error_set(error, ERROR_UNAVAILABLE, "%.*s:%u: the simulation has no SQL servers",
			  STR_ARG(options->host), (unsigned)options->port);
		goto fail;
	}
	if (str_equal(options->path, STR(":memory:"))) {
		database->sqlite = real_sql_ops.open(world, options, error);
	} else {
		database->shared = host_database_open(process, options, error);
		if (database->shared != NULL)
			database->sqlite = database->shared->sqlite;
	}
	if (database->sqlite != NULL)
		return database;
fail:
	free(database);
	return NULL;
}

static void database_close(struct sql_database *database)
{
	if (database == NULL)
		return;
	if (database->shared != NULL && database->shared->holder == database)
		database->shared->holder = NULL;
	if (database->shared == NULL)
		real_sql_ops.close(database->sqlite);
	else if (--database->shared->handles == 0 || process_is_mute(database->process))
		real_sql_ops.rollback(database->sqlite); /* fine when there is nothing */
	free(database);
}

static const struct sql_dialect *dialect(const struct sql_database *database)
{
	return real_sql_ops.dialect(database->sqlite);
}

static bool begin(struct sql_database *database, bool will_write, struct error *error)
{
	return may_use(database, error) && real_sql_ops.begin(database->sqlite, will_write, error);
}

static bool commit(struct sql_database *database, struct error *error)
{
	return may_use(database, error) && real_sql_ops.commit(database->sqlite, error);
}

static void database_rollback(struct sql_database *database)
{
	if (may_use(database, NULL))
		real_sql_ops.rollback(database->sqlite);
}

static bool database_execute(struct sql_database *database, struct str script, struct error *error)
{
	if (!may_use(database, error) || !real_sql_ops.execute(database->sqlite, script, error))
		return false;
	if (database->shared != NULL && str_find(script, exclusive) != STR_NOT_FOUND)
		database->shared->holder = database;
	return true;
}

static struct sql_statement *statement_prepare(struct sql_database *database, struct str text,
					       struct error *error)
{
	struct sql_statement *sqlite = real_sql_ops.prepare(database->sqlite, text, error);
	struct sql_statement *statement;

	if (sqlite == NULL)
		return NULL;
	statement = MEMORY_NEW(struct sql_statement);
	statement->database = database;
	statement->sqlite = sqlite;
	return statement;
}

static void statement_finish(struct sql_statement *statement)
{
	if (statement == NULL)
		return;
	real_sql_ops.finish(statement->sqlite);
	free(statement);
}

static void bind_int(struct sql_statement *statement, int index, int64_t value)
{
	real_sql_ops.bind_int(statement->sqlite, index, value);
}

static void bind_text(struct sql_statement *statement, int index, struct str value)
{
	real_sql_ops.bind_text(statement->sqlite, index, value);
}

static void bind_blob(struct sql_statement *statement, int index, struct str value)
{
	real_sql_ops.bind_blob(statement->sqlite, index, value);
}

static void bind_null(struct sql_statement *statement, int index)
{
	real_sql_ops.bind_null(statement->sqlite, index);
}

static enum sql_step statement_step(struct sql_statement *statement, struct error *error)
{
	if (!may_use(statement->database, error))
		return SQL_STEP_FAILED;
	return real_sql_ops.step(statement->sqlite, error);
}

static void statement_reset(struct sql_statement *statement)
{
	real_sql_ops.reset(statement->sqlite);
}

static int column_count(struct sql_statement *statement)
{
	return real_sql_ops.column_count(statement->sqlite);
}

static struct str column_name(struct sql_statement *statement, int column)
{
	return real_sql_ops.column_name(statement->sqlite, column);
}

static bool column_is_null(struct sql_statement *statement, int column)
{
	return real_sql_ops.column_is_null(statement->sqlite, column);
}

static int64_t column_int(struct sql_statement *statement, int column)
{
	return real_sql_ops.column_int(statement->sqlite, column);
}

static double column_double(struct sql_statement *statement, int column)
{
	return real_sql_ops.column_double(statement->sqlite, column);
}

static struct str column_text(struct sql_statement *statement, int column)
{
	return real_sql_ops.column_text(statement->sqlite, column);
}

static int64_t last_id(struct sql_database *database)
{
	return real_sql_ops.last_id(database->sqlite);
}

static int64_t changes(struct sql_database *database)
{
	return real_sql_ops.changes(database->sqlite);
}

const struct sql_ops sim_sql_ops = {
	.open = database_open,
	.close = database_close,
	.dialect = dialect,
	.begin = begin,
	.commit = commit,
	.rollback = database_rollback,
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
