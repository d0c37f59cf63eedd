/* The driver of SQL servers. A handle outlives its connections: they are counted, and a statement
 * that was prepared on an earlier one is prepared again. */
#include "world/real/sql_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"

#define STATEMENT_BYTES_MAX (256 * 1024)

struct server_database {
	struct sql_database base;
	const struct sql_vendor *vendor;
	struct arena *arena; /* of the options' texts */
	struct sql_options options;
	void *connection; /* NULL: lost */
	uint64_t connections;
	bool in_transaction;
	int64_t changes;
};

struct server_statement {
	struct sql_statement base;
	struct server_database *database;
	struct arena *arena;
	const char *text; /* as the vendor wants it: each occurrence is a parameter of its own, */
	size_t *places;   /* and this is which of the bound ones it stands for, from 0 */
	size_t places_count;
	struct sql_bound *bound;
	size_t bound_count;
	void *prepared;
	uint64_t connection;     /* that it was prepared on */
	struct arena *run_arena; /* values and rows, until the reset */
	struct sql_rows rows;
	size_t rows_read;
	bool was_executed;
};

static struct server_database *database_of(const struct sql_database *database)
{
	return (struct server_database *)(uintptr_t)database;
}

static struct server_statement *statement_of(const struct sql_statement *statement)
{
	return (struct server_statement *)(uintptr_t)statement;
}

bool sql_server_failed(struct error *error, enum error_kind kind, const char *words)
{
	char line[sizeof error->text];
	size_t size = 0;

	for (; *words != '\0' && size + 1 < sizeof line; words++) {
		bool is_blank = *words == '\n' || *words == '\t' || *words == ' ';

		if (!is_blank)
			line[size++] = *words;
		else if (size > 0 && line[size - 1] != ' ')
			line[size++] = ' ';
	}
	while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '.'))
		size--;
	return error_set(error, kind, "%.*s", (int)size, line);
}

/* Connections. */

static bool connected(struct server_database *database, struct error *error)
{
	if (database->connection != NULL)
		return true;
	if (database->in_transaction)
		return error_set(error, ERROR_UNAVAILABLE,
				 "the connection to the database was lost");
	database->connection = database->vendor->connect(&database->options, error);
	if (database->connection == NULL)
		return error_wrap(error, "database server %.*s:%u", STR_ARG(database->options.host),
				  (unsigned)database->options.port);
	database->connections++;
	return true;
}

/* After a failure; false. */
static bool look_at_connection(struct server_database *database)
{
	if (database->connection != NULL && database->vendor->is_lost(database->connection)) {
		database->vendor->disconnect(database->connection);
		database->connection = NULL;
	}
	return false;
}

static bool run(struct server_database *database, const char *script, int64_t *number,
		struct error *error)
{
	return connected(database, error) &&
	       (database->vendor->run(database->connection, script, number, error) ||
		look_at_connection(database));
}

static void database_close(struct sql_database *handle)
{
	struct server_database *database = database_of(handle);

	if (database->connection != NULL)
		database->vendor->disconnect(database->connection);
	arena_destroy(database->arena);
	free(database);
}

static struct sql_database *database_open(struct world *world, const struct sql_options *options,
					  struct error *error)
{
	struct server_database *database = MEMORY_NEW(struct server_database);
	struct sql_options *kept = &database->options;

	(void)world;
	database->base.driver = &sql_server_ops;
	database->vendor = options->kind == SQL_MYSQL ? &sql_mysql : &sql_postgresql;
	database->arena = arena_create();
	*kept = *options;
	kept->host = str_copy(database->arena, options->host);
	kept->user = str_copy(database->arena, options->user);
	kept->password = str_copy(database->arena, options->password);
	kept->database = str_copy(database->arena, options->database);
	if (connected(database, error))
		return &database->base;
	database_close(&database->base);
	return NULL;
}

static const struct sql_dialect *dialect(const struct sql_database *database)
{
	return database_of(database)->vendor->dialect;
}

/* Transactions. */

static bool try_begin(struct server_database *database, bool will_write, struct error *error)
{
	const struct sql_vendor *vendor = database->vendor;
	int64_t turn = 1;
	bool begun = will_write ? run(database, vendor->begin_writing, &turn, error)
				: run(database, vendor->begin_reading, NULL, error);

	if (begun && turn != 1)
		error_set(error, ERROR_UNAVAILABLE,
			  "another process has been writing to the database for %d s", SQL_TURN_S);
	if (begun && turn == 1)
		return true;
	if (database->connection != NULL)
		run(database, vendor->rollback, NULL, NULL);
	return false;
}

/* Nothing is lost when a connection has died while nobody used it: no error, then. */
static bool begin(struct sql_database *handle, bool will_write, struct error *error)
{
	struct server_database *database = database_of(handle);
	struct error failure = {0};

	BUG_IF(database->in_transaction);
	database->in_transaction =
		try_begin(database, will_write, &failure) ||
		(database->connection == NULL && try_begin(database, will_write, &failure));
	if (!database->in_transaction && error != NULL)
		*error = failure;
	return database->in_transaction;
}

static bool commit(struct sql_database *handle, struct error *error)
{
	struct server_database *database = database_of(handle);

	if (!run(database, database->vendor->commit, NULL, error))
		return false;
	database->in_transaction = false;
	return true;
}

static void rollback(struct sql_database *handle)
{
	struct server_database *database = database_of(handle);

	if (database->connection != NULL)
		run(database, database->vendor->rollback, NULL, NULL);
	database->in_transaction = false;
}

static bool database_execute(struct sql_database *handle, struct str script, struct error *error)
{
	struct arena *scratch = arena_create();
	bool done = run(database_of(handle), str_cstr(scratch, script), NULL, error);

	arena_destroy(scratch);
	return done;
}

/* Statements. */

static bool asks_for_null(struct str rest)
{
	static const struct str questions[] = {STR_INIT(" IS NULL"), STR_INIT(" IS NOT NULL")};

	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		if (str_equal_nocase(str_slice(rest, 0, questions[i].size), questions[i]))
			return true;
	}
	return false;
}

/* The end of a quoted text or name that begins at `at`. */
static size_t quoted_end(struct str text, size_t at)
{
	size_t size = str_find_char(str_skip(text, at + 1), text.data[at]);

	return size == STR_NOT_FOUND ? text.size : at + 1 + size + 1;
}

/* ?1 and so on become the vendor's parameters. */
static void read_text(struct server_statement *statement, struct str text, struct strbuf *out)
{
	size_t places[SQL_PARAMETERS_MAX], at = 0;

	while (at < text.size) {
		size_t end = at + 1, number = 0;

		if (text.data[at] == '\'' || text.data[at] == '"')
			end = quoted_end(text, at);
		if (text.data[at] != '?') {
			strbuf_append(out, str_slice(text, at, end));
			at = end;
			continue;
		}
		for (; end < text.size && text.data[end] >= '0' && text.data[end] <= '9'; end++)
			number = number * 10 + (size_t)(text.data[end] - '0');
		BUG_IF(number == 0 || number > SQL_PARAMETERS_MAX ||
		       statement->places_count == SQL_PARAMETERS_MAX);
		places[statement->places_count++] = number - 1;
		if (number > statement->bound_count)
			statement->bound_count = number;
		statement->database->vendor->write_parameter(out, statement->places_count,
							     asks_for_null(str_skip(text, end)));
		at = end;
	}
	BUG_IF(strbuf_is_full(out));
	statement->text = str_cstr(statement->arena, strbuf_str(out));
	statement->places = ARENA_ARRAY(statement->arena, size_t, statement->places_count + 1);
	memcpy(statement->places, places, statement->places_count * sizeof *places);
	statement->bound =
		ARENA_ARRAY(statement->arena, struct sql_bound, statement->bound_count + 1);
}

static void unprepare(struct server_statement *statement)
{
	struct server_database *database = statement->database;
	bool is_gone = statement->connection != database->connections;

	if (statement->prepared != NULL)
		database->vendor->unprepare(is_gone ? NULL : database->connection,
					    statement->prepared);
	statement->prepared = NULL;
}

static bool prepared(struct server_statement *statement, struct error *error)
{
	struct server_database *database = statement->database;

	if (!connected(database, error))
		return false;
	if (statement->prepared != NULL && statement->connection == database->connections)
		return true;
	unprepare(statement);
	statement->connection = database->connections;
	statement->prepared =
		database->vendor->prepare(database->connection, statement->text, error);
	return statement->prepared != NULL || look_at_connection(database);
}

static void statement_finish(struct sql_statement *handle)
{
	struct server_statement *statement = statement_of(handle);

	unprepare(statement);
	arena_destroy(statement->run_arena);
	arena_destroy(statement->arena);
	free(statement);
}

static struct sql_statement *statement_prepare(struct sql_database *database, struct str text,
					       struct error *error)
{
	struct server_statement *statement = MEMORY_NEW(struct server_statement);
	struct strbuf out;

	statement->base.driver = &sql_server_ops;
	statement->database = database_of(database);
	statement->arena = arena_create();
	statement->run_arena = arena_create();
	strbuf_init(&out, STATEMENT_BYTES_MAX);
	read_text(statement, text, &out);
	strbuf_free(&out);
	if (prepared(statement, error))
		return &statement->base;
	statement_finish(&statement->base);
	return NULL;
}

/* A parameter that the text does not have is a mistake of ours. */
static void bind(struct sql_statement *handle, int index, enum sql_bound_kind kind, int64_t number,
		 struct str text)
{
	struct server_statement *statement = statement_of(handle);

	BUG_IF(index < 1 || (size_t)index > statement->bound_count);
	statement->bound[index - 1] =
		(struct sql_bound){kind, number, str_copy(statement->run_arena, text)};
}

static void bind_int(struct sql_statement *statement, int index, int64_t value)
{
	bind(statement, index, SQL_BOUND_INT, value, STR(""));
}

static void bind_text(struct sql_statement *statement, int index, struct str value)
{
	bind(statement, index, SQL_BOUND_TEXT, 0, value);
}

static void bind_blob(struct sql_statement *statement, int index, struct str value)
{
	bind(statement, index, SQL_BOUND_BLOB, 0, value);
}

static void bind_null(struct sql_statement *statement, int index)
{
	bind(statement, index, SQL_BOUND_NULL, 0, STR(""));
}

static bool execute(struct server_statement *statement, struct error *error)
{
	struct server_database *database = statement->database;
	struct sql_bound values[SQL_PARAMETERS_MAX];

	if (!prepared(statement, error))
		return false;
	for (size_t i = 0; i < statement->places_count; i++)
		values[i] = statement->bound[statement->places[i]];
	statement->rows = (struct sql_rows){.arena = statement->run_arena};
	statement->rows_read = 0;
	if (!database->vendor->execute(database->connection, statement->prepared, values,
				       statement->places_count, &statement->rows, error))
		return look_at_connection(database);
	statement->was_executed = true;
	database->changes = statement->rows.changes;
	return true;
}

static enum sql_step statement_step(struct sql_statement *handle, struct error *error)
{
	struct server_statement *statement = statement_of(handle);

	if (!statement->was_executed && !execute(statement, error))
		return SQL_STEP_FAILED;
	if (statement->rows_read == statement->rows.count)
		return SQL_STEP_DONE;
	statement->rows_read++;
	return SQL_STEP_ROW;
}

static void statement_reset(struct sql_statement *handle)
{
	struct server_statement *statement = statement_of(handle);

	statement->was_executed = false;
	statement->rows = (struct sql_rows){0};
	memset(statement->bound, 0, statement->bound_count * sizeof *statement->bound);
	arena_reset(statement->run_arena);
}

/* Columns. */

static int column_count(struct sql_statement *statement)
{
	return (int)statement_of(statement)->rows.columns;
}

static struct str column_name(struct sql_statement *statement, int column)
{
	return statement_of(statement)->rows.names[column];
}

static struct str cell(const struct sql_statement *handle, int column)
{
	const struct server_statement *statement = statement_of(handle);
	const struct sql_rows *rows = &statement->rows;

	BUG_IF(statement->rows_read == 0 || column < 0 || (size_t)column >= rows->columns);
	return rows->cells[(statement->rows_read - 1) * rows->columns + (size_t)column];
}

static bool column_is_null(struct sql_statement *statement, int column)
{
	return cell(statement, column).data == NULL;
}

/* What stands before the point: sums are decimals. */
static int64_t column_int(struct sql_statement *statement, int column)
{
	struct str whole, fraction;
	int64_t number = 0;

	str_split_once(cell(statement, column), '.', &whole, &fraction);
	return str_to_int64(whole, &number) ? number : 0;
}

static double column_double(struct sql_statement *statement, int column)
{
	char text[64];
	struct str number = str_slice(cell(statement, column), 0, sizeof text - 1);

	memcpy(text, number.size > 0 ? number.data : "", number.size);
	text[number.size] = '\0';
	return strtod(text, NULL);
}

static struct str column_text(struct sql_statement *statement, int column)
{
	return cell(statement, column);
}

static int64_t last_id(struct sql_database *handle)
{
	struct server_database *database = database_of(handle);

	return database->connection != NULL ? database->vendor->last_id(database->connection) : 0;
}

static int64_t changes(struct sql_database *database)
{
	return database_of(database)->changes;
}

const struct sql_ops sql_server_ops = {
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
