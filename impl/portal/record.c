#include "portal/record.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/utc.h"
#include "portal/changes.h"
#include "portal/database.h"

#define STATEMENT_BYTES_MAX (16 * 1024)

const struct column *table_column(const struct table *table, struct str name)
{
	for (size_t i = 0; i < table->columns_count; i++) {
		if (str_equal(table->columns[i].name, name))
			return &table->columns[i];
	}
	return NULL;
}

static const struct column *column_of(const struct record *record, const char *name)
{
	const struct column *column = table_column(record->table, str_from(name));

	BUG_IF(column == NULL);
	return column;
}

static struct value *place_of(const struct record *record, const struct column *column)
{
	return &record->values[column - record->table->columns];
}

static struct record *record_empty(struct arena *arena, const struct table *table)
{
	struct record *record = ARENA_NEW(arena, struct record);

	record->table = table;
	record->values = ARENA_ARRAY(arena, struct value, table->columns_count);
	record->stored = ARENA_ARRAY(arena, struct value, table->columns_count);
	return record;
}

struct record *record_new(struct arena *arena, const struct table *table)
{
	struct record *record = record_empty(arena, table);

	for (size_t i = 0; i < table->columns_count; i++) {
		if (table->columns[i].fallback != NULL)
			record->values[i] = value_from_text(table->columns[i].kind,
							    str_from(table->columns[i].fallback));
	}
	return record;
}

static struct value column_value(struct database *database, struct sql_statement *statement, int at,
				 enum value_kind kind)
{
	if (database_column_is_null(database, statement, at))
		return value_null();
	if (kind == VALUE_INT)
		return value_int(database_column_int(database, statement, at));
	if (kind == VALUE_BOOL)
		return value_bool(database_column_int(database, statement, at) != 0);
	return value_from_text(kind, database_column_text(database, statement, at));
}

static struct record *record_read(struct database *database, struct sql_statement *statement,
				  const struct table *table)
{
	struct record *record = record_empty(database_arena(database), table);

	for (size_t i = 0; i < table->columns_count; i++)
		record->values[i] =
			column_value(database, statement, (int)i, table->columns[i].kind);
	memcpy(record->stored, record->values, table->columns_count * sizeof *record->values);
	return record;
}

static void append_names(struct strbuf *sql, const struct table *table, size_t from)
{
	for (size_t i = from; i < table->columns_count; i++) {
		if (i > from)
			strbuf_append(sql, STR(", "));
		strbuf_append_format(sql, "\"%.*s\"", STR_ARG(table->columns[i].name));
	}
}

static struct str statement_text(struct database *database, struct strbuf *sql)
{
	struct str text;

	BUG_IF(strbuf_is_full(sql));
	text = str_copy(database_arena(database), strbuf_str(sql));
	strbuf_free(sql);
	return text;
}

static struct str select_text(struct database *database, const struct table *table,
			      const char *where)
{
	struct strbuf sql;

	strbuf_init(&sql, STATEMENT_BYTES_MAX);
	strbuf_append(&sql, STR("SELECT "));
	append_names(&sql, table, 0);
	strbuf_append_format(&sql, " FROM %.*s WHERE %s", STR_ARG(table->name), where);
	return statement_text(database, &sql);
}

/* Named by what is asked for: the list of columns is the same each time. */
static struct sql_statement *query_rows(struct database *database, const struct table *table,
					const char *where, const struct value *arguments,
					size_t count)
{
	struct str name =
		STR_CONCAT(database_arena(database), table->name, STR(": "), str_from(where));
	struct str sql =
		database_knows(database, name) ? STR("") : select_text(database, table, where);

	return database_query_named(database, name, sql, arguments, count);
}

struct record *record_first(struct database *database, const struct table *table, const char *where,
			    const struct value *arguments, size_t count)
{
	struct sql_statement *statement = query_rows(database, table, where, arguments, count);
	struct record *record = NULL;

	if (statement != NULL) {
		if (database_next_row(database, statement))
			record = record_read(database, statement, table);
		database_query_done(database, statement);
	}
	/* The transaction is lost, its answer will not be given: what refers to a row still finds
	 * one. */
	if (record == NULL && database_has_failed(database))
		record = record_new(database_arena(database), table);
	return record;
}

struct record *record_by_id(struct database *database, const struct table *table, int64_t id)
{
	return record_first(database, table, "id = ?1", DATABASE_ARGUMENTS(value_int(id)));
}

struct record_list record_all(struct database *database, const struct table *table,
			      const char *where, const struct value *arguments, size_t count)
{
	struct sql_statement *statement = query_rows(database, table, where, arguments, count);
	struct record_list list = {0};
	size_t capacity = 0;

	if (statement == NULL)
		return list;
	while (database_next_row(database, statement)) {
		if (list.count == capacity) {
			struct record **items = list.items;

			capacity = capacity > 0 ? capacity * 2 : 8;
			list.items =
				ARENA_ARRAY(database_arena(database), struct record *, capacity);
			for (size_t i = 0; i < list.count; i++)
				list.items[i] = items[i];
		}
		list.items[list.count++] = record_read(database, statement, table);
	}
	database_query_done(database, statement);
	return list;
}

struct value record_column(const struct record *record, const struct column *column)
{
	return *place_of(record, column);
}

struct value record_get(const struct record *record, const char *name)
{
	return *place_of(record, column_of(record, name));
}

struct value record_stored(const struct record *record, const char *name)
{
	return record->stored[column_of(record, name) - record->table->columns];
}

int64_t record_id(const struct record *record)
{
	return record->values[0].number;
}

int64_t record_int(const struct record *record, const char *name)
{
	return record_get(record, name).number;
}

bool record_bool(const struct record *record, const char *name)
{
	return record_get(record, name).number != 0;
}

struct str record_text(const struct record *record, const char *name)
{
	return record_get(record, name).text;
}

bool record_is_new(const struct record *record)
{
	return record->stored[0].kind == VALUE_NULL;
}

bool record_is_changed(const struct record *record, const char *name)
{
	return !value_equal(record_get(record, name), record_stored(record, name));
}

void record_set_column(struct record *record, const struct column *column, struct value value)
{
	*place_of(record, column) = value;
}

void record_set(struct record *record, const char *name, struct value value)
{
	record_set_column(record, column_of(record, name), value);
}

void record_set_text(struct record *record, const char *name, struct str text)
{
	record_set(record, name, value_text(text));
}

void record_set_int(struct record *record, const char *name, int64_t number)
{
	record_set(record, name, value_int(number));
}

void record_set_bool(struct record *record, const char *name, bool yes)
{
	record_set(record, name, value_bool(yes));
}

/* Saving. */

static void set_if_there(struct record *record, struct str name, struct value value)
{
	const struct column *column = table_column(record->table, name);

	if (column != NULL)
		record_set_column(record, column, value);
}

static struct str insert_text(struct database *database, const struct table *table)
{
	struct strbuf sql;

	strbuf_init(&sql, STATEMENT_BYTES_MAX);
	strbuf_append_format(&sql, "INSERT INTO %.*s (", STR_ARG(table->name));
	append_names(&sql, table, 1);
	strbuf_append(&sql, STR(") VALUES ("));
	for (size_t i = 1; i < table->columns_count; i++)
		strbuf_append_format(&sql, "%s?%zu", i > 1 ? ", " : "", i);
	strbuf_append_char(&sql, ')');
	return statement_text(database, &sql);
}

static void record_insert(struct database *database, struct record *record)
{
	const struct table *table = record->table;
	struct value now = value_time(database_now_us(database));
	struct str name = STR_CONCAT(database_arena(database), table->name, STR(": insert"));
	struct str sql = database_knows(database, name) ? STR("") : insert_text(database, table);

	set_if_there(record, STR("created_at"), now);
	set_if_there(record, STR("updated_at"), now);
	database_run_named(database, name, sql, record->values + 1, table->columns_count - 1);
	if (!database_has_failed(database))
		record->values[0] = value_int(database_last_id(database));
}

static struct str update_text(struct database *database, const struct table *table)
{
	struct strbuf sql;

	strbuf_init(&sql, STATEMENT_BYTES_MAX);
	strbuf_append_format(&sql, "UPDATE %.*s SET ", STR_ARG(table->name));
	for (size_t i = 1; i < table->columns_count; i++)
		strbuf_append_format(&sql, "%s\"%.*s\" = ?%zu", i > 1 ? ", " : "",
				     STR_ARG(table->columns[i].name), i + 1);
	strbuf_append(&sql, STR(" WHERE id = ?1"));
	return statement_text(database, &sql);
}

static void record_update(struct database *database, struct record *record)
{
	const struct table *table = record->table;
	struct str name = STR_CONCAT(database_arena(database), table->name, STR(": update"));
	struct str sql = database_knows(database, name) ? STR("") : update_text(database, table);

	database_run_named(database, name, sql, record->values, table->columns_count);
}

static bool record_differs(const struct record *record)
{
	for (size_t i = 0; i < record->table->columns_count; i++) {
		if (!value_equal(record->values[i], record->stored[i]))
			return true;
	}
	return false;
}

bool record_save(struct database *database, struct record *record)
{
	const struct table *table = record->table;
	const struct column *lock = table_column(table, STR("lock_version"));
	bool is_new = record_is_new(record);

	if (is_new) {
		record_insert(database, record);
	} else {
		if (!record_differs(record))
			return false;
		set_if_there(record, STR("updated_at"), value_time(database_now_us(database)));
		if (lock != NULL)
			place_of(record, lock)->number++;
		record_update(database, record);
	}
	change_follow(database, record, is_new ? CHANGE_CREATED : CHANGE_UPDATED);
	memcpy(record->stored, record->values, table->columns_count * sizeof *record->values);
	return true;
}

void record_touch(struct database *database, struct record *record)
{
	struct value now = value_time(database_now_us(database));

	if (value_equal(record_get(record, "updated_at"), now))
		return;
	record_set(record, "updated_at", now);
	record_save(database, record);
}

void record_delete(struct database *database, struct record *record)
{
	change_follow(database, record, CHANGE_DELETED);
	database_run(database,
		     STR_CONCAT(database_arena(database), STR("DELETE FROM "), record->table->name,
				STR(" WHERE id = ?1")),
		     DATABASE_ARGUMENTS(value_int(record_id(record))));
}
