/* MySQL and MariaDB through libmariadb. */
#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "world/real/sql_server.h"

#define CELL_BYTES_MIN 64 /* of a column that is no text */
#define ANSWER_WAIT_S (6 * SQL_WAIT_S)
#define TEXT_OF(number) TEXT_OF_TEXT(number)
#define TEXT_OF_TEXT(number) #number
/* Names of locks are of the whole server. */
#define LOCK_NAME "CONCAT('refscale ', MD5(DATABASE()))"

struct mysql_connection {
	MYSQL *mysql;
	unsigned error; /* the last one's number */
	int64_t last_id;
};

static const struct {
	unsigned number;
	enum error_kind kind;
	bool is_loss, shows_a_value;
} errors[] = {
	{ER_DUP_ENTRY, ERROR_CONFLICT, false, true},
	{ER_DUP_ENTRY_WITH_KEY_NAME, ERROR_CONFLICT, false, true},
	{ER_BAD_NULL_ERROR, ERROR_CONFLICT, false, false},
	{ER_NO_DEFAULT_FOR_FIELD, ERROR_CONFLICT, false, false},
	{ER_ROW_IS_REFERENCED_2, ERROR_CONFLICT, false, false},
	{ER_NO_REFERENCED_ROW_2, ERROR_CONFLICT, false, false},
	{ER_LOCK_WAIT_TIMEOUT, ERROR_UNAVAILABLE, false, false},
	{ER_LOCK_DEADLOCK, ERROR_UNAVAILABLE, false, false},
	{ER_CON_COUNT_ERROR, ERROR_UNAVAILABLE, false, false},
	{ER_SERVER_SHUTDOWN, ERROR_UNAVAILABLE, true, false},
	{ER_CONNECTION_KILLED, ERROR_UNAVAILABLE, true, false},
	{CR_CONNECTION_ERROR, ERROR_UNAVAILABLE, true, false},
	{CR_CONN_HOST_ERROR, ERROR_UNAVAILABLE, true, false},
	{CR_UNKNOWN_HOST, ERROR_UNAVAILABLE, true, false},
	{CR_SERVER_GONE_ERROR, ERROR_UNAVAILABLE, true, false},
	{CR_SERVER_LOST, ERROR_UNAVAILABLE, true, false},
	{CR_SERVER_LOST_EXTENDED, ERROR_UNAVAILABLE, true, false},
	{CR_COMMANDS_OUT_OF_SYNC, ERROR_SYSTEM, true, false},
	{ER_ACCESS_DENIED_ERROR, ERROR_INVALID, false, false},
	{ER_DBACCESS_DENIED_ERROR, ERROR_INVALID, false, false},
	{ER_BAD_DB_ERROR, ERROR_INVALID, false, false},
	{ER_TABLEACCESS_DENIED_ERROR, ERROR_INVALID, false, false},
	{ER_TRUNCATED_WRONG_VALUE, ERROR_SYSTEM, false, true},
	{ER_TRUNCATED_WRONG_VALUE_FOR_FIELD, ERROR_SYSTEM, false, true},
};
#define ERRORS (sizeof errors / sizeof *errors)

static size_t error_row(unsigned number)
{
	size_t row = 0;

	while (row < ERRORS && errors[row].number != number)
		row++;
	return row;
}

/* "Duplicate entry '...' for key 'value'": the value may be a secret. */
static bool failed(struct mysql_connection *connection, unsigned number, const char *words,
		   struct error *error)
{
	size_t row = error_row(number);
	enum error_kind kind = row < ERRORS ? errors[row].kind : ERROR_SYSTEM;
	struct str text = str_from(words), rest = STR("");
	size_t quote = str_find_char(text, '\'');

	if (connection != NULL)
		connection->error = number;
	if (row == ERRORS || !errors[row].shows_a_value || quote == STR_NOT_FOUND)
		return sql_server_failed(error, kind, words);
	for (size_t i = quote; i < text.size; i++) {
		if (str_has_prefix(str_skip(text, i), STR("' for ")))
			rest = str_skip(text, i + 1);
	}
	return error_set(error, kind, "%.*s...%.*s", (int)quote, words, STR_ARG(rest));
}

static bool call_failed(struct mysql_connection *connection, struct error *error)
{
	return failed(connection, mysql_errno(connection->mysql), mysql_error(connection->mysql),
		      error);
}

static bool statement_failed(struct mysql_connection *connection, MYSQL_STMT *statement,
			     struct error *error)
{
	return failed(connection, mysql_stmt_errno(statement), mysql_stmt_error(statement), error);
}

static bool is_lost(void *handle)
{
	const struct mysql_connection *connection = handle;
	size_t row = error_row(connection->error);

	return row < ERRORS && errors[row].is_loss;
}

/* Connections. */

static bool run(void *handle, const char *script, int64_t *number, struct error *error)
{
	struct mysql_connection *connection = handle;
	MYSQL *mysql = connection->mysql;
	int next = mysql_real_query(mysql, script, strlen(script));

	while (next == 0) {
		MYSQL_RES *result = mysql_store_result(mysql);
		MYSQL_ROW row = result != NULL ? mysql_fetch_row(result) : NULL;

		if (result == NULL && mysql_errno(mysql) != 0)
			break;
		if (row != NULL && number != NULL)
			*number = row[0] != NULL ? strtoll(row[0], NULL, 10) : 0;
		mysql_free_result(result);
		next = mysql_next_result(mysql);
	}
	return next < 0 || call_failed(connection, error);
}

static void disconnect(void *handle)
{
	struct mysql_connection *connection = handle;

	mysql_close(connection->mysql);
	free(connection);
}

static void set_options(MYSQL *mysql)
{
	const unsigned connect_s = SQL_WAIT_S, answer_s = ANSWER_WAIT_S;
	const unsigned protocol = MYSQL_PROTOCOL_TCP, no = 0;

	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &answer_s);
	mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
	mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no);
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
}

static bool begin_session(struct mysql_connection *connection, struct error *error)
{
	return run(connection,
		   "SET NAMES utf8mb4 COLLATE utf8mb4_bin;"
		   "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
		   "SET time_zone = '+00:00', foreign_key_checks = 1,"
		   " innodb_lock_wait_timeout = " TEXT_OF(
			   SQL_TURN_S) ","
				       " sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,"
				       "ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
				       "PIPES_AS_CONCAT,ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
		   NULL, error);
}

static void *connect_to(const struct sql_options *options, struct error *error)
{
	struct mysql_connection *connection = MEMORY_NEW(struct mysql_connection);
	struct arena *scratch = arena_create();
	bool done;

	connection->mysql = mysql_init(NULL);
	BUG_IF(connection->mysql == NULL);
	set_options(connection->mysql);
	done = mysql_real_connect(connection->mysql, str_cstr(scratch, options->host),
				  str_cstr(scratch, options->user),
				  str_cstr(scratch, options->password),
				  str_cstr(scratch, options->database), options->port, NULL,
				  CLIENT_MULTI_STATEMENTS | CLIENT_FOUND_ROWS) != NULL
		       ? begin_session(connection, error)
		       : call_failed(connection, error);
	arena_destroy(scratch);
	if (done)
		return connection;
	disconnect(connection);
	return NULL;
}

/* Statements. */

static void unprepare(void *handle, void *prepared)
{
	(void)handle; /* the library knows whether the connection is there */
	mysql_stmt_close(prepared);
}

static void *prepare(void *handle, const char *text, struct error *error)
{
	struct mysql_connection *connection = handle;
	MYSQL_STMT *statement = mysql_stmt_init(connection->mysql);
	const my_bool yes = 1;

	BUG_IF(statement == NULL);
	mysql_stmt_attr_set(statement, STMT_ATTR_UPDATE_MAX_LENGTH, &yes);
	if (mysql_stmt_prepare(statement, text, strlen(text)) == 0)
		return statement;
	statement_failed(connection, statement, error);
	mysql_stmt_close(statement);
	return NULL;
}

static MYSQL_BIND parameter(const struct sql_bound *value)
{
	static const enum enum_field_types types[] = {
		[SQL_BOUND_NULL] = MYSQL_TYPE_NULL,
		[SQL_BOUND_INT] = MYSQL_TYPE_LONGLONG,
		[SQL_BOUND_TEXT] = MYSQL_TYPE_STRING,
		[SQL_BOUND_BLOB] = MYSQL_TYPE_BLOB,
	};
	MYSQL_BIND bind = {.buffer_type = types[value->kind],
			   .buffer = (void *)(uintptr_t)value->text.data,
			   .buffer_length = value->text.size};

	if (value->kind == SQL_BOUND_INT)
		bind.buffer = (void *)(uintptr_t)&value->number;
	return bind;
}

/* Every cell as a text; the result is stored, so the widest of each column is known. */
static bool read_rows(struct mysql_connection *connection, MYSQL_STMT *statement,
		      const MYSQL_FIELD *fields, struct sql_rows *rows, struct error *error)
{
	struct arena *arena = rows->arena;
	MYSQL_BIND *binds = ARENA_ARRAY(arena, MYSQL_BIND, rows->columns);
	int fetched = 0;

	rows->names = ARENA_ARRAY(arena, struct str, rows->columns);
	for (size_t i = 0; i < rows->columns; i++) {
		size_t size = fields[i].max_length > CELL_BYTES_MIN ? fields[i].max_length
								    : CELL_BYTES_MIN;

		rows->names[i] = str_copy(arena, str_from(fields[i].name));
		binds[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
					.buffer = arena_alloc(arena, size),
					.buffer_length = size,
					.is_null = ARENA_NEW(arena, my_bool),
					.length = ARENA_NEW(arena, unsigned long)};
	}
	if (mysql_stmt_bind_result(statement, binds) != 0)
		return statement_failed(connection, statement, error);
	rows->cells =
		ARENA_ARRAY(arena, struct str, rows->columns * mysql_stmt_num_rows(statement) + 1);
	for (; (fetched = mysql_stmt_fetch(statement)) == 0; rows->count++) {
		struct str *row = rows->cells + rows->count * rows->columns;

		for (size_t i = 0; i < rows->columns; i++) {
			if (!*binds[i].is_null)
				row[i] = str_of(
					str_cstr(arena, str_of(binds[i].buffer, *binds[i].length)),
					*binds[i].length);
		}
	}
	BUG_IF(fetched == MYSQL_DATA_TRUNCATED);
	return fetched == MYSQL_NO_DATA || statement_failed(connection, statement, error);
}

static bool read_result(struct mysql_connection *connection, MYSQL_STMT *statement,
			struct sql_rows *rows, struct error *error)
{
	MYSQL_RES *names;
	bool done;

	rows->columns = mysql_stmt_field_count(statement);
	if (rows->columns == 0) {
		rows->changes = (int64_t)mysql_stmt_affected_rows(statement);
		connection->last_id = (int64_t)mysql_stmt_insert_id(statement);
		return true;
	}
	if (mysql_stmt_store_result(statement) != 0)
		return statement_failed(connection, statement, error);
	names = mysql_stmt_result_metadata(statement);
	BUG_IF(names == NULL);
	done = read_rows(connection, statement, mysql_fetch_fields(names), rows, error);
	mysql_free_result(names);
	mysql_stmt_free_result(statement);
	return done;
}

static bool execute(void *handle, void *prepared, const struct sql_bound *values, size_t count,
		    struct sql_rows *rows, struct error *error)
{
	struct mysql_connection *connection = handle;
	MYSQL_STMT *statement = prepared;
	MYSQL_BIND *binds = ARENA_ARRAY(rows->arena, MYSQL_BIND, count + 1);

	for (size_t i = 0; i < count; i++)
		binds[i] = parameter(&values[i]);
	if ((count > 0 && mysql_stmt_bind_param(statement, binds) != 0) ||
	    mysql_stmt_execute(statement) != 0)
		return statement_failed(connection, statement, error);
	return read_result(connection, statement, rows, error);
}

static int64_t last_id(void *handle)
{
	return ((const struct mysql_connection *)handle)->last_id;
}

static void write_parameter(struct strbuf *out, size_t number, bool asks_for_null)
{
	(void)number;
	(void)asks_for_null;
	strbuf_append_char(out, '?');
}

static const struct sql_dialect dialect = {
	.kind = SQL_MYSQL,
	.id = "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
	.integer = "BIGINT",
	.text = "VARCHAR(255)",
	.wide_text = "VARCHAR(512)",
	.long_text = "MEDIUMTEXT",
	.decimal = "DECIMAL(20, 4)",
	.time = "DATETIME",
	.blob = "MEDIUMBLOB",
	.table_options = " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
	.columns_query = "SELECT table_name, column_name, character_maximum_length "
			 "FROM information_schema.columns WHERE table_schema = DATABASE()",
	.indexes_query = "SELECT DISTINCT index_name FROM information_schema.statistics "
			 "WHERE table_schema = DATABASE()",
	.change_column = {"MODIFY COLUMN \"", "\" "},
	.restart_ids = {"ALTER TABLE ", " AUTO_INCREMENT = 1"},
};

const struct sql_vendor sql_mysql = {
	.dialect = &dialect,
	.begin_writing = "SELECT GET_LOCK(" LOCK_NAME ", " TEXT_OF(SQL_TURN_S) ");"
									       "START TRANSACTION",
	.begin_reading = "START TRANSACTION",
	.commit = "COMMIT; DO RELEASE_LOCK(" LOCK_NAME ")",
	.rollback = "ROLLBACK; DO RELEASE_LOCK(" LOCK_NAME ")",
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
