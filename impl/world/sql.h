/* SQL, synchronous: SQLite today, in a file or in memory.
 *
 * Statements use `?1`, `?2` ... parameters, numbered from 1; columns are numbered from 0. A
 * prepared statement belongs to its database handle and may be kept for its life. Text columns are
 * valid until the statement's next step, reset or finish. Errors: ERROR_CONFLICT for a broken
 * constraint, ERROR_UNAVAILABLE for busy, ERROR_SYSTEM for the rest.
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

enum sql_step { SQL_STEP_ROW, SQL_STEP_DONE, SQL_STEP_FAILED };

/* NORMAL: a committed transaction survives the death of the process. FULL: power loss too. */
enum sql_durability { SQL_DURABILITY_NONE, SQL_DURABILITY_NORMAL, SQL_DURABILITY_FULL };

struct sql_options {
	struct str path; /* file, or ":memory:" */
	enum sql_durability durability;
	bool must_exist; /* else a missing file is made */
};

struct sql_ops {
	struct sql_database *(*open)(struct world *world, const struct sql_options *options,
				     struct error *error);
	void (*close)(struct sql_database *database);
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
 */
#define sql_open(world, options, error) ((world)->sql->open((world), (options), (error)))
#define sql_close(world, database) ((world)->sql->close(database))
#define sql_execute(world, database, script, error)                                                \
	((world)->sql->execute((database), (script), (error)))

#endif
