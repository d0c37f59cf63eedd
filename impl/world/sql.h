/* SQL, synchronous: SQLite in a file or in memory, MySQL (MariaDB too) and PostgreSQL servers.
 *
 * Statements use `?1`, `?2` ... parameters, numbered from 1; columns are numbered from 0. A
 * prepared statement belongs to its database handle and may be kept for its life. Text columns are
 * valid until the statement's next step, reset or finish. Errors: ERROR_CONFLICT for a broken
 * constraint, ERROR_UNAVAILABLE for busy (locks, dead locks, an answer that does not come) and for
 * a server that is away, ERROR_INVALID for a server that refuses us (user, password, database,
 * privileges), ERROR_SYSTEM for the rest.
 *
 * The process stands still while it waits: SQL_TURN_S at most for its turn to write and for a lock,
 * SQL_WAIT_S for a connection to a server, six times as long for an answer of one.
 *
 * Servers: sessions are in UTC and strict, texts UTF-8 compared by their bytes. A connection that
 * is lost is made again by the next use outside a transaction; in a transaction everything fails
 * until it is rolled back. Statements live on: they are prepared again.
 */
#ifndef WORLD_SQL_H
#define WORLD_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "world/world.h"

struct error;
struct sql_database;
struct sql_statement;

#define SQL_WAIT_S 5
#define SQL_TURN_S 2

enum sql_step { SQL_STEP_ROW, SQL_STEP_DONE, SQL_STEP_FAILED };

/* NORMAL: a committed transaction survives the death of the process. FULL: power loss too. Of
 * SQLite; a server decides itself. */
enum sql_durability { SQL_DURABILITY_NONE, SQL_DURABILITY_NORMAL, SQL_DURABILITY_FULL };

enum sql_kind { SQL_SQLITE, SQL_MYSQL, SQL_POSTGRESQL };

struct sql_options {
	enum sql_kind kind;
	/* SQLite. */
	struct str path; /* file, or ":memory:" */
	enum sql_durability durability;
	bool must_exist; /* else a missing file is made */
	/* A server. */
	struct str host;
	uint16_t port;
	struct str user, password, database;
};

/* What tables are made with where SQL differs. Texts hold SQL_TEXT_CHARACTERS at most, the wide
 * ones, which can be indexed as well, SQL_WIDE_TEXT_CHARACTERS, the long ones SQL_LONG_TEXT_BYTES.
 * Times are texts "2019-10-01 10:00:00" for whoever binds and reads. */
#define SQL_TEXT_CHARACTERS 255
#define SQL_WIDE_TEXT_CHARACTERS 512
#define SQL_LONG_TEXT_BYTES 16777215
struct sql_dialect {
	enum sql_kind kind;
	/* Types. */
	const char *id; /* the primary key, numbered by the database */
	const char *integer, *text, *wide_text, *long_text, *decimal, *time, *blob;
	const char *table_options; /* behind CREATE TABLE (...) */
	/* What is there: rows of table, column and how many characters it holds (NULL: that does
	 * not matter), rows of indexes' names. */
	const char *columns_query, *indexes_query;
	/* ALTER TABLE ..., around the column's name in front of its new type; NULL: types are not
	 * kept to. */
	const char *change_column[2];
	const char *restart_ids[2]; /* around the name of an empty table: its ids begin with 1 */
};

struct sql_ops {
	struct sql_database *(*open)(struct world *world, const struct sql_options *options,
				     struct error *error);
	void (*close)(struct sql_database *database);
	const struct sql_dialect *(*dialect)(const struct sql_database *database);
	/* Transactions that will write take turns, whoever makes them: begin waits until no other
	 * is under way. */
	bool (*begin)(struct sql_database *database, bool will_write, struct error *error);
	/* ERROR_UNAVAILABLE may mean that it was carried out all the same. */
	bool (*commit)(struct sql_database *database, struct error *error);
	void (*rollback)(struct sql_database *database);
	bool (*execute)(struct sql_database *database, struct str script, struct error *error);
	struct sql_statement *(*prepare)(struct sql_database *database, struct str text,
					 struct error *error);
	void (*finish)(struct sql_statement *statement);
	void (*bind_int)(struct sql_statement *statement, int index, int64_t value);
	void (*bind_text)(struct sql_statement *statement, int index, struct str value);
	void (*bind_blob)(struct sql_statement *statement, int index, struct str value);
	void (*bind_null)(struct sql_statement *statement, int index);
	enum sql_step (*step)(struct sql_statement *statement, struct error *error);
	void (*reset)(struct sql_statement *statement);
	int (*column_count)(struct sql_statement *statement);
	struct str (*column_name)(struct sql_statement *statement, int column);
	bool (*column_is_null)(struct sql_statement *statement, int column);
	int64_t (*column_int)(struct sql_statement *statement, int column);
	double (*column_double)(struct sql_statement *statement, int column);
	struct str (*column_text)(struct sql_statement *statement, int column);
	int64_t (*last_id)(struct sql_database *database);
	int64_t (*changes)(struct sql_database *database);
};

/* Calls go through world->sql; the functions below save the arrow. Text and blob parameters are
 * copied. step: after DONE or FAILED, reset before stepping again; reset also clears the bindings.
 * Names and number of columns are known after the first step.
 */
#define sql_open(world, options, error) ((world)->sql->open((world), (options), (error)))
#define sql_close(world, database) ((world)->sql->close(database))
#define sql_execute(world, database, script, error)                                                \
	((world)->sql->execute((database), (script), (error)))

#endif
