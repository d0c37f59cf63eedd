/* PostgreSQL through libpq. */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "world/real/sql_server.h"

/* Types of columns that do not come as they are wanted (pg_type.oid). */
#define TYPE_BOOL 16
#define TYPE_BYTEA 17

#define TEXT_OF(number) TEXT_OF_TEXT(number)
#define TEXT_OF_TEXT(number) #number
/* Of this database; any number that nobody else uses. */
#define LOCK_NUMBER "5157267245"

struct pg_connection {
	PGconn *pg;
	uint64_t prepared; /* statements so far: their names */
};

struct pg_prepared {
	char name[24];
};

static bool failed(const PGconn *pg, const PGresult *result, struct error *error)
{
	static const struct {
		struct str state; /* how SQLSTATE begins */
		enum error_kind kind;
	} kinds[] = {
		{STR_INIT("23"), ERROR_CONFLICT},       {STR_INIT("08"), ERROR_UNAVAILABLE},
		{STR_INIT("40"), ERROR_UNAVAILABLE},    {STR_INIT("53"), ERROR_UNAVAILABLE},
		{STR_INIT("55P03"), ERROR_UNAVAILABLE}, {STR_INIT("57"), ERROR_UNAVAILABLE},
		{STR_INIT("28"), ERROR_INVALID},        {STR_INIT("3D"), ERROR_INVALID},
		{STR_INIT("42501"), ERROR_INVALID},
	};
	struct str state = str_from(PQresultErrorField(result, PG_DIAG_SQLSTATE));
	const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (words == NULL)
		return sql_server_failed(error, ERROR_UNAVAILABLE, PQerrorMessage(pg));
	/* invalid input syntax for type bigint: "..." */
	if (str_has_prefix(state, STR("22")))
		return error_set(error, ERROR_SYSTEM, "%.*s", (int)strcspn(words, ":"), words);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (str_has_prefix(state, kinds[i].state))
			return sql_server_failed(error, kinds[i].kind, words);
	}
	return sql_server_failed(error, ERROR_SYSTEM, words);
}

static bool is_fine(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static bool is_lost(void *handle)
{
	return PQstatus(((const struct pg_connection *)handle)->pg) != CONNECTION_OK;
}

/* Connections. */

static bool run(void *handle, const char *script, int64_t *number, struct error *error)
{
	const struct pg_connection *connection = handle;
	PGresult *result = PQexec(connection->pg, script);
	bool done = is_fine(result) || failed(connection->pg, result, error);

	if (done && number != NULL && PQntuples(result) > 0)
		*number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return done;
}

static void disconnect(void *handle)
{
	struct pg_connection *connection = handle;

	PQfinish(connection->pg);
	free(connection);
}

static void ignore_notice(void *data, const char *words)
{
	(void)data;
	(void)words;
}

static bool begin_session(struct pg_connection *connection, struct error *error)
{
	PQsetNoticeProcessor(connection->pg, ignore_notice, NULL);
	return run(connection,
		   "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET bytea_output = 'hex';"
		   "SET standard_conforming_strings = on;"
		   "SET lock_timeout = '" TEXT_OF(SQL_TURN_S) "s'; SET statement_timeout = '30s'",
		   NULL, error);
}

/* What the server says stands behind FATAL:, once for each way that was tried. */
static bool connect_failed(const PGconn *pg, struct error *error)
{
	struct str words = str_from(PQerrorMessage(pg));
	size_t at = str_find(words, STR("FATAL:"));

	if (at == STR_NOT_FOUND)
		return sql_server_failed(error, ERROR_UNAVAILABLE, words.data);
	return error_set(error, ERROR_INVALID, "%.*s", (int)strcspn(words.data + at + 8, "\n"),
			 words.data + at + 8);
}

static void *connect_to(const struct sql_options *options, struct error *error)
{
	struct pg_connection *connection = MEMORY_NEW(struct pg_connection);
	struct arena *scratch = arena_create();
	const char *const keywords[] = {"host",
					"port",
					"user",
					"password",
					"dbname",
					"connect_timeout",
					"client_encoding",
					"application_name",
					"keepalives_idle",
					"keepalives_interval",
					"keepalives_count",
					"tcp_user_timeout",
					NULL};
	const char *const values[] = {str_cstr(scratch, options->host),
				      str_cstr(scratch, str_format(scratch, "%u", options->port)),
				      str_cstr(scratch, options->user),
				      str_cstr(scratch, options->password),
				      str_cstr(scratch, options->database),
				      TEXT_OF(SQL_WAIT_S),
				      "UTF8",
				      "refscale",
				      "10",
				      "5",
				      "4",
				      "30000",
				      NULL};

	connection->pg = PQconnectdbParams(keywords, values, 0);
	BUG_IF(connection->pg == NULL);
	arena_destroy(scratch);
	if (PQstatus(connection->pg) == CONNECTION_OK && begin_session(connection, error))
		return connection;
	if (PQstatus(connection->pg) != CONNECTION_OK)
		connect_failed(connection->pg, error);
	disconnect(connection);
	return NULL;
}

/* Statements. */

static void unprepare(void *handle, void *prepared)
{
	struct pg_prepared *statement = prepared;
	char script[48];

	snprintf(script, sizeof script, "DEALLOCATE %s", statement->name);
	if (handle != NULL)
		run(handle, script, NULL, NULL);
	free(statement);
}

static void *prepare(void *handle, const char *text, struct error *error)
{
	struct pg_connection *connection = handle;
	struct pg_prepared *statement = MEMORY_NEW(struct pg_prepared);
	PGresult *result;

	snprintf(statement->name, sizeof statement->name, "s%" PRIu64, ++connection->prepared);
	result = PQprepare(connection->pg, statement->name, text, 0, NULL);
	if (!is_fine(result)) {
		failed(connection->pg, result, error);
		free(statement);
		statement = NULL;
	}
	PQclear(result);
	return statement;
}

/* Texts take the type that the statement gives the parameter; blobs are bytes. */
static const char *parameter(struct arena *arena, const struct sql_bound *value)
{
	switch (value->kind) {
	case SQL_BOUND_NULL:
		return NULL;
	case SQL_BOUND_INT:
		return str_cstr(arena, str_format(arena, "%" PRId64, value->number));
	case SQL_BOUND_TEXT:
	case SQL_BOUND_BLOB:
		break;
	}
	return str_cstr(arena, value->text);
}

/* True and false as numbers, bytes as they are. */
static struct str cell_text(struct arena *arena, const PGresult *result, int row, int column)
{
	const char *data = PQgetvalue(result, row, column);
	struct str text = str_of(data, (size_t)PQgetlength(result, row, column));
	unsigned char *bytes;

	if (PQftype(result, column) == TYPE_BOOL)
		text = *data == 't' ? STR("1") : STR("0");
	if (PQftype(result, column) != TYPE_BYTEA)
		return str_of(str_cstr(arena, text), text.size);
	bytes = PQunescapeBytea((const unsigned char *)data, &text.size);
	BUG_IF(bytes == NULL);
	text.data = str_cstr(arena, str_of((const char *)bytes, text.size));
	PQfreemem(bytes);
	return text;
}

static void read_rows(const PGresult *result, struct sql_rows *rows)
{
	int columns = PQnfields(result), count = PQntuples(result);
	struct arena *arena = rows->arena;
	struct str *cell;

	rows->columns = (size_t)columns;
	rows->count = (size_t)count;
	rows->names = ARENA_ARRAY(arena, struct str, rows->columns + 1);
	rows->cells = cell = ARENA_ARRAY(arena, struct str, rows->columns * rows->count + 1);
	for (int i = 0; i < columns; i++)
		rows->names[i] = str_copy(arena, str_from(PQfname(result, i)));
	for (int row = 0; row < count; row++) {
		for (int i = 0; i < columns; i++, cell++) {
			if (!PQgetisnull(result, row, i))
				*cell = cell_text(arena, result, row, i);
		}
	}
}

static bool execute(void *handle, void *prepared, const struct sql_bound *values, size_t count,
		    struct sql_rows *rows, struct error *error)
{
	const struct pg_connection *connection = handle;
	const struct pg_prepared *statement = prepared;
	const char **texts = ARENA_ARRAY(rows->arena, const char *, count + 1);
	int *sizes = ARENA_ARRAY(rows->arena, int, count + 1);
	int *are_bytes = ARENA_ARRAY(rows->arena, int, count + 1);
	PGresult *result;
	bool done;

	for (size_t i = 0; i < count; i++) {
		/* The text would end there. */
		if (values[i].kind == SQL_BOUND_TEXT &&
		    str_find_char(values[i].text, '\0') != STR_NOT_FOUND)
			return error_set(error, ERROR_SYSTEM, "a text with a zero byte");
		texts[i] = parameter(rows->arena, &values[i]);
		sizes[i] = (int)values[i].text.size;
		are_bytes[i] = values[i].kind == SQL_BOUND_BLOB;
	}
	result = PQexecPrepared(connection->pg, statement->name, (int)count, texts, sizes,
				are_bytes, 0);
	done = is_fine(result) || failed(connection->pg, result, error);
	if (done) {
		rows->changes = strtoll(PQcmdTuples(result), NULL, 10);
		read_rows(result, rows);
	}
	PQclear(result);
	return done;
}

static int64_t last_id(void *handle)
{
	int64_t id = 0;

	run(handle, "SELECT lastval()", &id, NULL);
	return id;
}

/* A parameter that is only looked at for NULL would have no type. */
static void write_parameter(struct strbuf *out, size_t number, bool asks_for_null)
{
	strbuf_append_format(out, "$%zu%s", number, asks_for_null ? "::text" : "");
}

static const struct sql_dialect dialect = {
	.kind = SQL_POSTGRESQL,
	.id = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
	.integer = "BIGINT",
	.text = "VARCHAR(255) COLLATE \"C\"",
	.wide_text = "VARCHAR(512) COLLATE \"C\"",
	.long_text = "TEXT COLLATE \"C\"",
	.decimal = "DECIMAL(20, 4)",
	.time = "TIMESTAMP(0)",
	.blob = "BYTEA",
	.table_options = "",
	.columns_query = "SELECT table_name, column_name, character_maximum_length "
			 "FROM information_schema.columns WHERE table_schema = current_schema()",
	.indexes_query = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
	.change_column = {"ALTER COLUMN \"", "\" TYPE "},
	.restart_ids = {"SELECT setval(pg_get_serial_sequence('", "', 'id'), 1, false)"},
};

const struct sql_vendor sql_postgresql = {
	.dialect = &dialect,
	.begin_writing = "BEGIN; SELECT 1 FROM pg_advisory_xact_lock(" LOCK_NUMBER ")",
	.begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ",
	.commit = "COMMIT",
	.rollback = "ROLLBACK",
	.connect = connect_to,
	.disconnect = disconnect,
	.is_lost = is_lost,
	.run = run,
	.prepare = prepare,
	.unprepare = unprepare,
	.execute = execute,
	.last_id = last_id,
	.write_parameter = write_parameter,
};
