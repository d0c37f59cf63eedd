/* What the driver of servers (sql_server.c) asks of a client library: connections, prepared
 * statements, and results read whole. Everything else (transactions, a lost connection, bindings,
 * rows one by one) is the same for all of them. */
#ifndef WORLD_REAL_SQL_SERVER_H
#define WORLD_REAL_SQL_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "world/real/sql_internal.h"

struct arena;

#define SQL_PARAMETERS_MAX 1000 /* of one statement, each occurrence counted */

enum sql_bound_kind { SQL_BOUND_NULL, SQL_BOUND_INT, SQL_BOUND_TEXT, SQL_BOUND_BLOB };

struct sql_bound {
	enum sql_bound_kind kind;
	int64_t number;
	struct str text;
};

/* A result: cells as texts, row by row. NULL has no data pointer. All lies in the arena. */
struct sql_rows {
	struct arena *arena;
	size_t columns, count;
	struct str *names, *cells;
	int64_t changes; /* rows that an INSERT, UPDATE or DELETE met */
};

struct sql_vendor {
	const struct sql_dialect *dialect;
	/* Scripts. The first one's last answer is 1 when the turn to write was given. */
	const char *begin_writing, *begin_reading, *commit, *rollback;
	/* With a session as sql.h says, or NULL. */
	void *(*connect)(const struct sql_options *options, struct error *error);
	void (*disconnect)(void *connection);
	bool (*is_lost)(void *connection); /* after a failure: no use to go on with it */
	/* Rows are thrown away; *number, if not NULL, is the first cell of the last one. */
	bool (*run)(void *connection, const char *script, int64_t *number, struct error *error);
	void *(*prepare)(void *connection, const char *text, struct error *error);
	void (*unprepare)(void *connection, void *prepared); /* NULL: that one is gone */
	/* One value for each parameter of the text. */
	bool (*execute)(void *connection, void *prepared, const struct sql_bound *values,
			size_t count, struct sql_rows *rows, struct error *error);
	int64_t (*last_id)(void *connection);
	/* Appends the text's next parameter, the first is 1. */
	void (*write_parameter)(struct strbuf *out, size_t number, bool asks_for_null);
};

extern const struct sql_vendor sql_mysql;
extern const struct sql_vendor sql_postgresql;

/* A server's words as one line; returns false. */
bool sql_server_failed(struct error *error, enum error_kind kind, const char *words);

#endif
