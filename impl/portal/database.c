#include "portal/database.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/map.h"
#include "base/utc.h"
#include "world/clock.h"
#include "world/sql.h"

#define STATEMENTS_KEPT_MAX 1000

struct database {
	struct world *world;
	struct sql_database *sql;
	struct map *statements; /* text or short name -> struct prepared */
	struct arena *arena;    /* of the transaction (borrowed), or `between` */
	struct arena *between;  /* for statements outside transactions, until the next begin */
	struct error error;     /* the first failure since begin */
	bool in_transaction, has_written;
	const struct author *author;
	int64_t clock_us; /* DATABASE_CLOCK_OF_WORLD, or where it stands */
};

struct prepared {
	struct sql_statement *statement;
	size_t parameters; /* the highest N of `?N` */
};

struct database *database_open(struct world *world, const struct sql_options *options,
			       struct error *error)
{
	struct sql_database *sql = sql_open(world, options, error);

	if (sql == NULL)
		return NULL;
	/* Servers keep foreign keys without being asked. */
	if (options->kind == SQL_SQLITE &&
	    !sql_execute(world, sql, STR("PRAGMA foreign_keys = ON"), error)) {
		sql_close(world, sql);
		return NULL;
	}

	struct database *database = MEMORY_NEW(struct database);

	database->world = world;
	database->sql = sql;
	database->statements = map_create(0);
	database->between = arena_create();
	database->arena = database->between;
	database->clock_us = DATABASE_CLOCK_OF_WORLD;
	return database;
}

static void database_forget_statements(struct database *database)
{
	struct map_cursor at = {0};

	while (map_next(database->statements, &at)) {
		struct prepared *prepared = at.value;

		database->world->sql->finish(prepared->statement);
		free(prepared);
	}
	map_clear(database->statements);
}

void database_close(struct database *database)
{
	if (database == NULL)
		return;
	database_forget_statements(database);
	map_destroy(database->statements);
	arena_destroy(database->between);
	sql_close(database->world, database->sql);
	free(database);
}

const struct sql_dialect *database_dialect(const struct database *database)
{
	return database->world->sql->dialect(database->sql);
}

struct world *database_world(const struct database *database)
{
	return database->world;
}

void database_begin(struct database *database, struct arena *arena, bool will_write)
{
	BUG_IF(database->in_transaction);
	/* Prepared texts come from tables and literals, so their number is bounded; lists with
	 * filters add a few. */
	if (map_count(database->statements) > STATEMENTS_KEPT_MAX)
		database_forget_statements(database);
	arena_reset(database->between);
	database->arena = arena;
	database->error.kind = ERROR_NONE;
	database->has_written = false;
	database->author = NULL;
	database->in_transaction = true;
	database->world->sql->begin(database->sql, will_write, &database->error);
}

static void database_leave(struct database *database)
{
	database->in_transaction = false;
	database->arena = database->between;
}

bool database_commit(struct database *database, struct error *error)
{
	BUG_IF(!database->in_transaction);
	if (!database_has_failed(database) &&
	    database->world->sql->commit(database->sql, &database->error)) {
		database_leave(database);
		return true;
	}
	if (error != NULL)
		*error = database->error;
	database_rollback(database);
	return false;
}

void database_rollback(struct database *database)
{
	BUG_IF(!database->in_transaction);
	database->world->sql->rollback(database->sql);
	database_leave(database);
}

bool database_has_failed(const struct database *database)
{
	return database->error.kind != ERROR_NONE;
}

bool database_has_written(const struct database *database)
{
	return database->has_written;
}

struct arena *database_arena(const struct database *database)
{
	return database->arena;
}

void database_set_author(struct database *database, const struct author *author)
{
	database->author = author;
}

const struct author *database_author(const struct database *database)
{
	return database->author;
}

int64_t database_now_us(const struct database *database)
{
	int64_t now_us = database->clock_us != DATABASE_CLOCK_OF_WORLD
				 ? database->clock_us
				 : world_utc_us(database->world);

	return now_us - now_us % UTC_SECOND_US;
}

void database_set_clock(struct database *database, int64_t utc_us)
{
	database->clock_us = utc_us;
}

/* Highest number of a `?N` in the text: conditions of tables use only some of what is offered. */
static size_t parameters_of(struct str sql)
{
	size_t highest = 0;

	for (size_t i = 0; i + 1 < sql.size; i++) {
		size_t number = 0;

		if (sql.data[i] != '?')
			continue;
		for (size_t j = i + 1; j < sql.size && sql.data[j] >= '0' && sql.data[j] <= '9';
		     j++)
			number = number * 10 + (size_t)(sql.data[j] - '0');
		highest = number > highest ? number : highest;
	}
	return highest;
}

static void statement_bind(struct database *database, struct sql_statement *statement,
			   const struct value *arguments, size_t count)
{
	const struct sql_ops *sql = database->world->sql;

	for (size_t i = 0; i < count; i++) {
		int at = (int)i + 1;
		struct value value = arguments[i];

		switch (value.kind) {
		case VALUE_NULL:
		case VALUE_ABSENT:
			sql->bind_null(statement, at);
			break;
		case VALUE_INT:
		case VALUE_BOOL:
			sql->bind_int(statement, at, value.number);
			break;
		case VALUE_TEXT:
		case VALUE_JSON:
			sql->bind_text(statement, at, value.text);
			break;
		case VALUE_DECIMAL:
			sql->bind_text(statement, at,
				       value_decimal_text(database->arena, value.number));
			break;
		case VALUE_TIME:
			sql->bind_text(statement, at,
				       value_time_sql(database->arena, value.number));
			break;
		}
	}
}

static struct prepared *prepare(struct database *database, struct str name, struct str sql)
{
	struct sql_statement *statement =
		database->world->sql->prepare(database->sql, sql, &database->error);
	struct prepared *prepared;

	if (statement == NULL)
		return NULL;
	prepared = MEMORY_NEW(struct prepared);
	prepared->statement = statement;
	prepared->parameters = parameters_of(sql);
	map_put(database->statements, name, prepared);
	return prepared;
}

bool database_knows(const struct database *database, struct str name)
{
	return map_get(database->statements, name) != NULL;
}

struct sql_statement *database_query_named(struct database *database, struct str name,
					   struct str sql, const struct value *arguments,
					   size_t count)
{
	struct prepared *prepared;

	if (database->in_transaction && database_has_failed(database))
		return NULL;
	prepared = map_get(database->statements, name);
	if (prepared == NULL)
		prepared = prepare(database, name, sql);
	if (prepared == NULL)
		return NULL;
	BUG_IF(prepared->parameters > count);
	statement_bind(database, prepared->statement, arguments, prepared->parameters);
	return prepared->statement;
}

struct sql_statement *database_query(struct database *database, struct str sql,
				     const struct value *arguments, size_t count)
{
	return database_query_named(database, sql, sql, arguments, count);
}

bool database_next_row(struct database *database, struct sql_statement *statement)
{
	struct error error = {0};

	switch (database->world->sql->step(statement, &error)) {
	case SQL_STEP_ROW:
		return true;
	case SQL_STEP_FAILED:
		database->error = error;
		return false;
	case SQL_STEP_DONE:
		break;
	}
	return false;
}

void database_query_done(struct database *database, struct sql_statement *statement)
{
	database->world->sql->reset(statement);
}

bool database_column_is_null(struct database *database, struct sql_statement *statement, int at)
{
	return database->world->sql->column_is_null(statement, at);
}

int64_t database_column_int(struct database *database, struct sql_statement *statement, int at)
{
	return database->world->sql->column_int(statement, at);
}

struct str database_column_text(struct database *database, struct sql_statement *statement, int at)
{
	if (database_column_is_null(database, statement, at))
		return str_of(NULL, 0);

	struct str text =
		str_copy(database->arena, database->world->sql->column_text(statement, at));

	return text.data != NULL ? text : STR("");
}

static int64_t run(struct database *database, struct sql_statement *statement)
{
	int64_t changes;

	if (statement == NULL)
		return 0;
	while (database_next_row(database, statement))
		continue;
	changes = database_has_failed(database) ? 0 : database->world->sql->changes(database->sql);
	database->has_written = database->has_written || changes > 0;
	database_query_done(database, statement);
	return changes;
}

int64_t database_run(struct database *database, struct str sql, const struct value *arguments,
		     size_t count)
{
	return run(database, database_query(database, sql, arguments, count));
}

int64_t database_run_named(struct database *database, struct str name, struct str sql,
			   const struct value *arguments, size_t count)
{
	return run(database, database_query_named(database, name, sql, arguments, count));
}

int64_t database_int(struct database *database, struct str sql, const struct value *arguments,
		     size_t count, int64_t fallback)
{
	struct sql_statement *statement = database_query(database, sql, arguments, count);
	int64_t number = fallback;

	if (statement == NULL)
		return fallback;
	if (database_next_row(database, statement) &&
	    !database_column_is_null(database, statement, 0))
		number = database_column_int(database, statement, 0);
	database_query_done(database, statement);
	return number;
}

struct str database_text(struct database *database, struct str sql, const struct value *arguments,
			 size_t count)
{
	struct sql_statement *statement = database_query(database, sql, arguments, count);
	struct str text = {0};

	if (statement == NULL)
		return text;
	if (database_next_row(database, statement))
		text = database_column_text(database, statement, 0);
	database_query_done(database, statement);
	return text;
}

bool database_execute(struct database *database, struct str script, struct error *error)
{
	return sql_execute(database->world, database->sql, script, error);
}

struct value database_containing(const struct database *database, struct str text)
{
	char *pattern = arena_alloc(database->arena, 2 * text.size + 2);
	size_t size = 0;

	pattern[size++] = '%';
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '%' || text.data[i] == '_' || text.data[i] == '!')
			pattern[size++] = '!';
		pattern[size++] = text.data[i];
	}
	pattern[size++] = '%';
	return value_text(str_of(pattern, size));
}

int64_t database_last_id(struct database *database)
{
	return database->world->sql->last_id(database->sql);
}
