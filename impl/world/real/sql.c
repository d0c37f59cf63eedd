/* The SQL port: hands every call to the driver of the database. */
#include "world/real/sql.h"

#include "world/real/sql_internal.h"

static struct sql_database *database_open(struct world *world, const struct sql_options *options,
					  struct error *error)
{
	return options->kind == SQL_SQLITE ? sql_sqlite_ops.open(world, options, error)
					   : sql_server_ops.open(world, options, error);
}

static void database_close(struct sql_database *database)
{
	if (database != NULL)
		database->driver->close(database);
}

static const struct sql_dialect *dialect(const struct sql_database *database)
{
	return database->driver->dialect(database);
}

static bool begin(struct sql_database *database, bool will_write, struct error *error)
{
	return database->driver->begin(database, will_write, error);
}

static bool commit(struct sql_database *database, struct error *error)
{
	return database->driver->commit(database, error);
}

static void rollback(struct sql_database *database)
{
	database->driver->rollback(database);
}

static bool database_execute(struct sql_database *database, struct str script, struct error *error)
{
	return database->driver->execute(database, script, error);
}

static struct sql_statement *statement_prepare(struct sql_database *database, struct str text,
					       struct error *error)
{
	return database->driver->prepare(database, text, error);
}

static void statement_finish(struct sql_statement *statement)
{
	if (statement != NULL)
		statement->driver->finish(statement);
}

static void bind_int(struct sql_statement *statement, int index, int64_t value)
{
	statement->driver->bind_int(statement, index, value);
}

static void bind_text(struct sql_statement *statement, int index, struct str value)
{
	statement->driver->bind_text(statement, index, value);
}

static void bind_blob(struct sql_statement *statement, int index, struct str value)
{
	statement->driver->bind_blob(statement, index, value);
}

static void bind_null(struct sql_statement *statement, int index)
{
	statement->driver->bind_null(statement, index);
}

static enum sql_step statement_step(struct sql_statement *statement, struct error *error)
{
	return statement->driver->step(statement, error);
}

static void statement_reset(struct sql_statement *statement)
{
	statement->driver->reset(statement);
}

static int column_count(struct sql_statement *statement)
{
	return statement->driver->column_count(statement);
}

static struct str column_name(struct sql_statement *statement, int column)
{
	return statement->driver->column_name(statement, column);
}

static bool column_is_null(struct sql_statement *statement, int column)
{
	return statement->driver->column_is_null(statement, column);
}

static int64_t column_int(struct sql_statement *statement, int column)
{
	return statement->driver->column_int(statement, column);
}

static double column_double(struct sql_statement *statement, int column)
{
	return statement->driver->column_double(statement, column);
}

static struct str column_text(struct sql_statement *statement, int column)
{
	return statement->driver->column_text(statement, column);
}

static int64_t last_id(struct sql_database *database)
{
	return database->driver->last_id(database);
}

static int64_t changes(struct sql_database *database)
{
	return database->driver->changes(database);
}

const struct sql_ops real_sql_ops = {
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
