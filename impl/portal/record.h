/* Rows as records: a table says its columns, a record holds one value for each.
 *
 * The first column is always `id`. A record lives in the arena of the database's transaction.
 * record_new() fills in the columns' defaults; record_save() inserts, or updates when something
 * changed, and keeps `created_at`, `updated_at` and `lock_version` by itself. Column names that a
 * table does not have are mistakes of ours (BUG_IF).
 */
#ifndef PORTAL_RECORD_H
#define PORTAL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "portal/value.h"

struct arena;
struct database;

/* As sql.h has them: most are of 255 characters at most. */
enum text_width { TEXT_PLAIN, TEXT_WIDE, TEXT_LONG };

struct column {
	struct str name;
	enum value_kind kind;
	const char *fallback;   /* default, as text; NULL = none */
	const char *constraint; /* SQL after the type: "NOT NULL"; NULL = none */
	const char *references; /* "accounts (id) ON DELETE CASCADE"; NULL = nothing */
	enum text_width width;
};

struct table {
	struct str name;
	const struct column *columns;
	size_t columns_count;
	const char *constraints; /* SQL after the columns: "UNIQUE (a, b)"; NULL = none */
};

struct record {
	const struct table *table;
	struct value *values; /* in the order of the columns */
	struct value *stored; /* what the database has; all NULL before the first save */
};

struct record_list {
	struct record **items;
	size_t count;
};

struct record *record_new(struct arena *arena, const struct table *table);
/* `where` is the rest of the SELECT: a condition, maybe with ORDER BY. NULL when nothing fits;
 * after a failure of the database (the transaction is lost) an empty record, so that rows that must
 * be there are. */
struct record *record_first(struct database *database, const struct table *table, const char *where,
			    const struct value *arguments, size_t count);
struct record *record_by_id(struct database *database, const struct table *table, int64_t id);
struct record_list record_all(struct database *database, const struct table *table,
			      const char *where, const struct value *arguments, size_t count);

const struct column *table_column(const struct table *table, struct str name); /* or NULL */
struct value record_get(const struct record *record, const char *name);
struct value record_stored(const struct record *record, const char *name);
int64_t record_id(const struct record *record);
int64_t record_int(const struct record *record, const char *name);     /* 0 for NULL */
bool record_bool(const struct record *record, const char *name);       /* false for NULL */
struct str record_text(const struct record *record, const char *name); /* empty for NULL */
bool record_is_new(const struct record *record);
bool record_is_changed(const struct record *record, const char *name);
void record_set(struct record *record, const char *name, struct value value);
void record_set_text(struct record *record, const char *name, struct str text);
void record_set_int(struct record *record, const char *name, int64_t number);
void record_set_bool(struct record *record, const char *name, bool yes);
/* For names that come from outside. */
void record_set_column(struct record *record, const struct column *column, struct value value);
struct value record_column(const struct record *record, const struct column *column);

/* True when something was written. What follows from it (changes.h) is written, too; the same for
 * record_delete(). */
bool record_save(struct database *database, struct record *record);
/* Only `updated_at`: something that belongs to the row changed. */
void record_touch(struct database *database, struct record *record);
void record_delete(struct database *database, struct record *record);

#endif
