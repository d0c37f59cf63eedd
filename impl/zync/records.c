#include "zync/records.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "world/environment.h"
#include "world/sql.h"
#include "world/sql_url.h"

#define SCRIPT_BYTES_MAX 4096

struct records {
	struct world *world;
	struct sql_database *database;
};

/* Statements. */

struct binding {
	bool is_text;
	struct str text;
	int64_t number;
};

#define NUMBER(value) ((struct binding){false, {NULL, 0}, (value)})
#define TEXT(value) ((struct binding){true, (value), 0})
#define BINDINGS(...)                                                                              \
	(const struct binding[]){__VA_ARGS__},                                                     \
		sizeof((const struct binding[]){__VA_ARGS__}) / sizeof(struct binding)

static struct sql_statement *prepare(struct records *records, struct str text,
				     const struct binding *bindings, size_t count,
				     struct error *error)
{
	const struct sql_ops *sql = records->world->sql;
	struct sql_statement *statement = sql->prepare(records->database, text, error);

	for (size_t i = 0; statement != NULL && i < count; i++) {
		if (bindings[i].is_text)
			sql->bind_text(statement, (int)i + 1, bindings[i].text);
		else
			sql->bind_int(statement, (int)i + 1, bindings[i].number);
	}
	return statement;
}

/* *changes: rows; may be NULL. */
static bool run(struct records *records, struct str text, const struct binding *bindings,
		size_t count, int64_t *changes, struct error *error)
{
	const struct sql_ops *sql = records->world->sql;
	struct sql_statement *statement = prepare(records, text, bindings, count, error);
	bool is_done = statement != NULL && sql->step(statement, error) == SQL_STEP_DONE;

	if (is_done && changes != NULL)
		*changes = sql->changes(records->database);
	if (statement != NULL)
		sql->finish(statement);
	return is_done;
}

static bool begin(struct records *records, struct error *error)
{
	return records->world->sql->begin(records->database, true, error);
}

static bool end(struct records *records, bool is_fine, struct error *error)
{
	if (is_fine)
		return records->world->sql->commit(records->database, error);
	records->world->sql->rollback(records->database);
	return false;
}

/* A change of one row, or, where there is none, a new one. */
static bool update_or_insert(struct records *records, struct str update, struct str insert,
			     const struct binding *bindings, size_t count, struct error *error)
{
	int64_t changes = 0;

	if (!begin(records, error))
		return false;
	return end(records,
		   run(records, update, bindings, count, &changes, error) &&
			   (changes > 0 || run(records, insert, bindings, count, NULL, error)),
		   error);
}

static bool change(struct records *records, struct str text, const struct binding *bindings,
		   size_t count, struct error *error)
{
	return begin(records, error) &&
	       end(records, run(records, text, bindings, count, NULL, error), error);
}

/* Tables. */

static bool make_tables(struct records *records, struct error *error)
{
	const struct sql_dialect *dialect = records->world->sql->dialect(records->database);
	struct strbuf script;
	bool is_made;

	strbuf_init(&script, SCRIPT_BYTES_MAX);
	strbuf_append_format(
		&script,
		"CREATE TABLE IF NOT EXISTS zync_tenants (tenant_id %s NOT NULL UNIQUE, "
		"endpoint %s, access_token %s)%s;",
		dialect->integer, dialect->text, dialect->text, dialect->table_options);
	strbuf_append_format(
		&script,
		"CREATE TABLE IF NOT EXISTS zync_records (type %s NOT NULL, record_id %s NOT NULL, "
		"tenant_id %s, service_id %s, tries %s, run_at %s, version %s, UNIQUE (type, "
		"record_id))%s;",
		dialect->text, dialect->integer, dialect->integer, dialect->integer,
		dialect->integer, dialect->integer, dialect->integer, dialect->table_options);
	is_made = sql_execute(records->world, records->database, strbuf_str(&script), error);
	strbuf_free(&script);
	return is_made;
}

struct records *records_open(struct world *world, struct error *error)
{
	struct sql_options options = {.durability = SQL_DURABILITY_NORMAL};
	struct arena *arena = arena_create();
	struct records *records = NULL;
	struct str url = environment_text(world, STR("DATABASE_URL"), STR("sqlite:zync.sqlite"));

	if (sql_url_read(url, arena, &options, error)) {
		records = MEMORY_NEW(struct records);
		records->world = world;
		records->database = sql_open(world, &options, error);
		if (records->database == NULL || !make_tables(records, error)) {
			records_close(records);
			records = NULL;
		}
	}
	arena_destroy(arena);
	return records;
}

void records_close(struct records *records)
{
	if (records == NULL)
		return;
	if (records->database != NULL)
		sql_close(records->world, records->database);
	free(records);
}

/* Tenants. */

bool records_put_tenant(struct records *records, const struct zync_tenant *tenant,
			struct error *error)
{
	return update_or_insert(
		records,
		STR("UPDATE zync_tenants SET endpoint = ?2, access_token = ?3 WHERE tenant_id = "
		    "?1"),
		STR("INSERT INTO zync_tenants (tenant_id, endpoint, access_token) VALUES (?1, ?2, "
		    "?3)"),
		BINDINGS(NUMBER(tenant->id), TEXT(tenant->endpoint), TEXT(tenant->access_token)),
		error);
}

bool records_find_tenant(struct records *records, int64_t id, struct arena *arena,
			 struct zync_tenant *tenant, struct error *error)
{
	const struct sql_ops *sql = records->world->sql;
	struct sql_statement *statement =
		prepare(records,
			STR("SELECT endpoint, access_token FROM zync_tenants WHERE tenant_id = ?1"),
			BINDINGS(NUMBER(id)), error);
	bool is_found = statement != NULL && sql->step(statement, error) == SQL_STEP_ROW;

	if (is_found)
		*tenant = (struct zync_tenant){id, str_copy(arena, sql->column_text(statement, 0)),
					       str_copy(arena, sql->column_text(statement, 1))};
	if (statement != NULL)
		sql->finish(statement);
	return is_found;
}

/* Records. */

bool records_is_known(struct records *records, struct str type, int64_t id, struct error *error)
{
	const struct sql_ops *sql = records->world->sql;
	struct sql_statement *statement = prepare(
		records, STR("SELECT 1 FROM zync_records WHERE type = ?1 AND record_id = ?2"),
		BINDINGS(TEXT(type), NUMBER(id)), error);
	bool is_known = statement != NULL && sql->step(statement, error) == SQL_STEP_ROW;

	if (statement != NULL)
		sql->finish(statement);
	return is_known;
}

bool records_put(struct records *records, const struct zync_record *record, struct error *error)
{
	return update_or_insert(
		records,
		STR("UPDATE zync_records SET tenant_id = ?3, service_id = ?4, tries = 0, run_at = "
		    "?5, version = version + 1 WHERE type = ?1 AND record_id = ?2"),
		STR("INSERT INTO zync_records (type, record_id, tenant_id, service_id, tries, "
		    "run_at, version) VALUES (?1, ?2, ?3, ?4, 0, ?5, 1)"),
		BINDINGS(TEXT(record->type), NUMBER(record->id), NUMBER(record->tenant_id),
			 NUMBER(record->service_id), NUMBER(record->run_at_us)),
		error);
}

bool records_waiting(struct records *records, struct arena *arena, struct zync_record *list,
		     size_t count_max, size_t *count, struct error *error)
{
	const struct sql_ops *sql = records->world->sql;
	struct sql_statement *statement =
		prepare(records,
			STR("SELECT type, record_id, tenant_id, service_id, tries, run_at, version "
			    "FROM zync_records WHERE run_at > 0 ORDER BY run_at, record_id, type "
			    "LIMIT ?1"),
			BINDINGS(NUMBER((int64_t)count_max)), error);
	enum sql_step step = statement != NULL ? SQL_STEP_ROW : SQL_STEP_FAILED;

	*count = 0;
	while (step == SQL_STEP_ROW && *count < count_max &&
	       (step = sql->step(statement, error)) == SQL_STEP_ROW)
		list[(*count)++] = (struct zync_record){
			.type = str_copy(arena, sql->column_text(statement, 0)),
			.id = sql->column_int(statement, 1),
			.tenant_id = sql->column_int(statement, 2),
			.service_id = sql->column_int(statement, 3),
			.tries = sql->column_int(statement, 4),
			.run_at_us = sql->column_int(statement, 5),
			.version = sql->column_int(statement, 6),
		};
	if (statement != NULL)
		sql->finish(statement);
	return step != SQL_STEP_FAILED;
}

bool records_done(struct records *records, const struct zync_record *record, bool is_gone,
		  struct error *error)
{
	struct str text =
		is_gone ? STR("DELETE FROM zync_records WHERE type = ?1 AND record_id = "
			      "?2 AND version = ?3")
			: STR("UPDATE zync_records SET run_at = 0, tries = 0 WHERE type = "
			      "?1 AND record_id = ?2 AND version = ?3");

	return change(records, text,
		      BINDINGS(TEXT(record->type), NUMBER(record->id), NUMBER(record->version)),
		      error);
}

bool records_retry(struct records *records, const struct zync_record *record, int64_t run_at_us,
		   struct error *error)
{
	return change(records,
		      STR("UPDATE zync_records SET run_at = ?4, tries = tries + 1 WHERE type = ?1 "
			  "AND record_id = ?2 AND version = ?3"),
		      BINDINGS(TEXT(record->type), NUMBER(record->id), NUMBER(record->version),
			       NUMBER(run_at_us)),
		      error);
}
