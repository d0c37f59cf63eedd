/* The portal's database: transactions, cached statements, and rows as records (record.h).
 *
 * One transaction at a time. database_begin() gives everything that is read until the end to one
 * arena. Failures are kept: after the first failed statement the others of the transaction do
 * nothing (rows are not found, counts are 0), database_commit() rolls back and says false with the
 * error. So code between begin and commit asks only for what may be missing, never for I/O errors.
 * Nothing is tried again: transactions that write take turns, whoever makes them, so dead locks and
 * serialization failures come only from strangers' sessions and are failures like any other.
 * Outside a transaction each statement stands for itself; what it read and its error are kept until
 * the next begin.
 *
 * Portable SQL. The same texts run on SQLite, MariaDB, MySQL and PostgreSQL. A statement may use:
 *
 * - `?1`, `?2` ..., any of them several times. A parameter is compared with a column (it takes the
 *   column's type), with a literal, or by itself: `(?6 IS NULL OR state = ?6)`.
 * - Numbers for number columns and times for time columns, never texts: what a client sent is read
 *   first (str_to_int64(), value_from_text() and a look at the kind); what is none finds nothing.
 * - Booleans as numbers: `provider = 1`, `visible = ?1`.
 * - count(*), min, max, sum of one column, lower, COALESCE, CASE, EXISTS, IN (SELECT ...), joins,
 *   `||` between texts and numbers, LIMIT and OFFSET (not inside IN (...)). Texts are compared byte
 *   by byte; without regard to case: lower() on both sides.
 * - A part of a text: `lower(hosts) LIKE ?3 ESCAPE '!'` with database_containing(). Case counts for
 *   LIKE on some: lower() on both sides, or digits only.
 * - Decimals are compared as numbers through AS_DECIMAL("cost_per_month").
 * - A list of numbers is a text ",1,2,": `?5 LIKE '%,' || id || ',%'`. The services that a caller
 *   may see are SERVICES_VISIBLE (call.h).
 * - "May be NULL and is not": COALESCE(signup_type, '') <> 'x', or `(a IS NULL OR a <> 'x')`.
 * - The order of NULL differs: ORDER BY a IS NOT NULL, a. "This one first": ORDER BY CASE WHEN id =
 *   ?1 THEN 0 ELSE 1 END, id.
 * - "schema", "key", "order", "read", "condition", "rows", "groups", "system", "user", "window" and
 *   the like as names of columns: in double quotes.
 *
 * It may not use: json_*, instr, CAST AS TEXT or AS INTEGER, IS and IS NOT with anything but NULL,
 * dates and NOW() (bind value_time()), INSERT OR ..., ON CONFLICT, RETURNING, GLOB, min or max of
 * several values, TRUE and FALSE for columns, columns beside an aggregate that are not grouped, a
 * division of whole numbers, a subquery in UPDATE or DELETE that reads the same table, an alias or
 * a LIMIT in UPDATE and DELETE. Names of tables and indexes have at most 63 characters; steps of
 * schema.c are held to the same.
 */
#ifndef PORTAL_DATABASE_H
#define PORTAL_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "portal/value.h"

struct arena;
struct database;
struct sql_dialect;
struct sql_options;
struct sql_statement;
struct world;

/* NULL and *error when the file cannot be opened or the server is not to be reached. Foreign keys
 * are enforced. */
struct database *database_open(struct world *world, const struct sql_options *options,
			       struct error *error);
void database_close(struct database *database); /* NULL is allowed */
struct world *database_world(const struct database *database);
const struct sql_dialect *database_dialect(const struct database *database);

/* will_write: takes its turn to write at once (world/sql.h), so that what it reads stays true until
 * its end: numbers like a configuration's version can be counted on. */
void database_begin(struct database *database, struct arena *arena, bool will_write);
bool database_commit(struct database *database, struct error *error);
void database_rollback(struct database *database);
bool database_has_failed(const struct database *database);
bool database_has_written(const struct database *database); /* since begin */
struct arena *database_arena(const struct database *database);
/* Who changes rows from here to the end of the transaction, for their audits; borrowed. NULL:
 * nobody, as at its beginning (jobs, seeding). */
struct author {
	struct value user_id; /* NULL: the tenant itself */
	struct str username, remote_address, request_id;
};
void database_set_author(struct database *database, const struct author *author);
const struct author *database_author(const struct database *database);
/* What time it is for the portal, cut to the second: created_at and updated_at. */
int64_t database_now_us(const struct database *database);
/* For tests: the clock stands still there, or follows the world again. */
#define DATABASE_CLOCK_OF_WORLD INT64_MIN
void database_set_clock(struct database *database, int64_t utc_us);

/* Statements are kept by their text, which is copied. Arguments past the highest `?N` of the text
 * are ignored: a condition uses what it needs of what it is offered. */
#define DATABASE_ARGUMENTS(...)                                                                    \
	(const struct value[]){__VA_ARGS__},                                                       \
		sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value)

/* INSERT, UPDATE, DELETE. The number of rows, 0 after a failure. */
int64_t database_run(struct database *database, struct str sql, const struct value *arguments,
		     size_t count);
/* First column of the first row; `fallback` when there is no row or it is NULL. */
int64_t database_int(struct database *database, struct str sql, const struct value *arguments,
		     size_t count, int64_t fallback);
struct str database_text(struct database *database, struct str sql, const struct value *arguments,
			 size_t count);
/* A script of several statements, outside a transaction or in one; not cached. */
bool database_execute(struct database *database, struct str script, struct error *error);
int64_t database_last_id(struct database *database);

/* A decimal column in a comparison with a number. */
#define AS_DECIMAL(column) "CAST(" column " AS DECIMAL(20, 4))"
/* The pattern of texts that hold this one, for LIKE ?N ESCAPE '!'. */
struct value database_containing(const struct database *database, struct str text);

/* For record.c: a statement with its arguments bound, or NULL after a failure. `next` steps;
 * finish with `done` before the same text is asked for again. */
struct sql_statement *database_query(struct database *database, struct str sql,
				     const struct value *arguments, size_t count);
/* The same under a short name, which spares making a long text again: `sql` is not looked at when
 * the name is known. No name is the text of a statement. */
bool database_knows(const struct database *database, struct str name);
struct sql_statement *database_query_named(struct database *database, struct str name,
					   struct str sql, const struct value *arguments,
					   size_t count);
int64_t database_run_named(struct database *database, struct str name, struct str sql,
			   const struct value *arguments, size_t count);
bool database_next_row(struct database *database, struct sql_statement *statement);
void database_query_done(struct database *database, struct sql_statement *statement);
bool database_column_is_null(struct database *database, struct sql_statement *statement, int at);
int64_t database_column_int(struct database *database, struct sql_statement *statement, int at);
/* A copy in the arena; NULL data pointer for NULL. */
struct str database_column_text(struct database *database, struct sql_statement *statement, int at);

#endif
