#include "portal/schema.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/map.h"
#include "portal/database.h"
#include "portal/tables.h"
#include "world/sql.h"

/* To be raised when an older release must not use the database any more. */
#define SCHEMA_VERSION INT64_C(1)
#define SCRIPT_BYTES_MAX (64 * 1024)

/* Look-ups that requests make often. Constraints of tables.c and the columns that refer to others
 * have theirs where the database makes them. */
static const struct schema_index {
	const char *name, *table, *columns;
} schema_indexes[] = {
	{"index_users_on_account_id", "users", "account_id"},
	{"index_access_tokens_on_owner_id", "access_tokens", "owner_id"},
	{"index_services_on_account_id", "services", "account_id"},
	{"index_proxy_config_hosts_on_host", "proxy_config_hosts", "host"},
	{"index_proxy_config_hosts_on_proxy_config_id", "proxy_config_hosts", "proxy_config_id"},
	{"index_proxy_rules_on_metric_id", "proxy_rules", "metric_id"},
	{"index_service_tokens_on_service_id", "service_tokens", "service_id"},
	{"index_proxy_rules_on_proxy_id_position", "proxy_rules", "proxy_id, \"position\""},
	{"index_metrics_on_parent_id", "metrics", "parent_id"},
	{"index_plans_on_issuer", "plans", "issuer_id, issuer_type"},
	{"index_usage_limits_on_plan_id", "usage_limits", "plan_id"},
	{"index_cinstances_on_user_account_id", "cinstances", "user_account_id"},
	{"index_cinstances_on_service_id", "cinstances", "service_id"},
	{"index_cinstances_on_plan_id", "cinstances", "plan_id"},
	{"index_cinstances_on_user_key", "cinstances", "user_key"},
	{"index_accounts_on_provider_account_id", "accounts", "provider_account_id"},
	{"index_user_sessions_on_key", "user_sessions", "\"key\""},
	{"index_user_sessions_on_user_id", "user_sessions", "user_id"},
	{"index_audits_on_created_at", "audits", "created_at"},
	{"index_audits_on_auditable", "audits", "auditable_id, auditable_type"},
	{"index_log_entries_on_created_at", "log_entries", "created_at"},
	{"index_event_store_events_on_created_at", "event_store_events", "created_at"},
	{"index_deleted_objects_on_owner", "deleted_objects", "owner_id"},
};

#define UNBOUNDED INT64_MAX /* characters of a column */

struct schema {
	struct database *database;
	const struct sql_dialect *dialect;
	struct arena *arena;
	/* "table", "table.column" and names of indexes -> int64_t *, characters of the column */
	struct map *present;
	struct strbuf script;
};

/* What is there. */

static void add_present(struct schema *schema, struct str name, int64_t characters)
{
	int64_t *kept = ARENA_NEW(schema->arena, int64_t);

	*kept = characters;
	map_put(schema->present, name, kept);
}

static void add_present_column(struct schema *schema, struct sql_statement *statement,
			       struct str table)
{
	struct database *database = schema->database;
	int64_t characters = database_column_is_null(database, statement, 2)
				     ? UNBOUNDED
				     : database_column_int(database, statement, 2);

	add_present(schema,
		    STR_CONCAT(schema->arena, table, STR("."),
			       database_column_text(database, statement, 1)),
		    characters);
}

static void read_names(struct schema *schema, const char *query, bool has_columns)
{
	struct database *database = schema->database;
	struct sql_statement *statement = database_query(database, str_from(query), NULL, 0);

	while (statement != NULL && database_next_row(database, statement)) {
		struct str name = database_column_text(database, statement, 0);

		add_present(schema, name, UNBOUNDED);
		if (has_columns)
			add_present_column(schema, statement, name);
	}
	if (statement != NULL)
		database_query_done(database, statement);
}

static bool is_present(const struct schema *schema, struct str name)
{
	return map_get(schema->present, name) != NULL;
}

/* How many characters the column that is there holds; NULL when it is not. */
static const int64_t *column_present(const struct schema *schema, const struct table *table,
				     const struct column *column)
{
	return map_get(schema->present,
		       STR_CONCAT(schema->arena, table->name, STR("."), column->name));
}

/* What is missing. */

static const char *column_type(const struct schema *schema, const struct column *column)
{
	const struct sql_dialect *dialect = schema->dialect;

	switch (column->kind) {
	case VALUE_INT:
	case VALUE_BOOL:
		return dialect->integer;
	case VALUE_DECIMAL:
		return dialect->decimal;
	case VALUE_TIME:
		return dialect->time;
	case VALUE_TEXT:
	case VALUE_JSON:
	case VALUE_NULL:
	case VALUE_ABSENT:
		break;
	}
	if (column->width == TEXT_LONG || column->kind == VALUE_JSON)
		return dialect->long_text;
	return column->width == TEXT_WIDE ? dialect->wide_text : dialect->text;
}

static void append_column(struct schema *schema, const struct table *table,
			  const struct column *column)
{
	struct strbuf *script = &schema->script;

	strbuf_append_format(script, "\"%.*s\" %s", STR_ARG(column->name),
			     column == table->columns ? schema->dialect->id
						      : column_type(schema, column));
	if (column->fallback != NULL)
		strbuf_append_format(script, " DEFAULT '%s'", column->fallback);
	if (column->constraint != NULL)
		strbuf_append_format(script, " %s", column->constraint);
}

static void append_reference(struct strbuf *script, const struct column *column)
{
	strbuf_append_format(script, "FOREIGN KEY (%.*s) REFERENCES %s", STR_ARG(column->name),
			     column->references);
}

static void append_table(struct schema *schema, const struct table *table)
{
	struct strbuf *script = &schema->script;

	strbuf_append_format(script, "CREATE TABLE %.*s (", STR_ARG(table->name));
	for (size_t i = 0; i < table->columns_count; i++) {
		strbuf_append(script, i > 0 ? STR(", ") : STR(""));
		append_column(schema, table, &table->columns[i]);
	}
	if (table->constraints != NULL)
		strbuf_append_format(script, ", %s", table->constraints);
	for (size_t i = 0; i < table->columns_count; i++) {
		if (table->columns[i].references == NULL)
			continue;
		strbuf_append(script, STR(", "));
		append_reference(script, &table->columns[i]);
	}
	strbuf_append_format(script, ")%s;", schema->dialect->table_options);
}

/* A NOT NULL column needs a default here: there may be rows. */
static void append_new_column(struct schema *schema, const struct table *table,
			      const struct column *column)
{
	struct strbuf *script = &schema->script;

	strbuf_append_format(script, "ALTER TABLE %.*s ADD COLUMN ", STR_ARG(table->name));
	append_column(schema, table, column);
	if (column->references != NULL && schema->dialect->kind == SQL_SQLITE) {
		strbuf_append_format(script, " REFERENCES %s", column->references);
	} else if (column->references != NULL) {
		strbuf_append(script, STR(", ADD "));
		append_reference(script, column);
	}
	strbuf_append(script, STR(";"));
}

/* Of an earlier release, where it held less. */
static void append_wider_column(struct schema *schema, const struct table *table,
				const struct column *column)
{
	const char *const *change = schema->dialect->change_column;

	/* The new type would have to say them again. */
	BUG_IF(column->fallback != NULL || column->constraint != NULL);
	strbuf_append_format(&schema->script, "ALTER TABLE %.*s %s%.*s%s%s;", STR_ARG(table->name),
			     change[0], STR_ARG(column->name), change[1],
			     column_type(schema, column));
}

static void complete_column(struct schema *schema, const struct table *table,
			    const struct column *column)
{
	const int64_t *characters = column_present(schema, table, column);

	if (characters == NULL)
		append_new_column(schema, table, column);
	else if (column->width == TEXT_WIDE && *characters < SQL_WIDE_TEXT_CHARACTERS)
		append_wider_column(schema, table, column);
}

/* Tables one by one: a script of all would pass every bound that is worth having. */
static bool complete_table(struct schema *schema, const struct table *table, struct error *error)
{
	strbuf_clear(&schema->script);
	if (!is_present(schema, table->name))
		append_table(schema, table);
	for (size_t i = 0; i < table->columns_count && is_present(schema, table->name); i++)
		complete_column(schema, table, &table->columns[i]);
	for (size_t i = 0; i < sizeof schema_indexes / sizeof *schema_indexes; i++) {
		const struct schema_index *index = &schema_indexes[i];

		if (str_equal(str_from(index->table), table->name) &&
		    !is_present(schema, str_from(index->name)))
			strbuf_append_format(&schema->script, "CREATE INDEX %s ON %s (%s);",
					     index->name, index->table, index->columns);
	}
	return schema->script.size == 0 ||
	       database_execute(schema->database, strbuf_str(&schema->script), error);
}

static bool write_version(struct schema *schema, struct error *error)
{
	if (is_present(schema, STR(SCHEMA_INFO_TABLE)))
		return true;
	return database_execute(schema->database,
				str_format(schema->arena,
					   "CREATE TABLE " SCHEMA_INFO_TABLE " (version %s)%s;"
					   "INSERT INTO " SCHEMA_INFO_TABLE " VALUES (%" PRId64 ")",
					   schema->dialect->integer, schema->dialect->table_options,
					   SCHEMA_VERSION),
				error);
}

static bool version_is_known(struct schema *schema, struct error *error)
{
	int64_t version = SCHEMA_VERSION;

	if (is_present(schema, STR(SCHEMA_INFO_TABLE)))
		version = database_int(schema->database,
				       STR("SELECT version FROM " SCHEMA_INFO_TABLE), NULL, 0, 0);
	if (version <= SCHEMA_VERSION)
		return true;
	return error_set(error, ERROR_INVALID,
			 "the database has schema version %" PRId64 ", this release knows %" PRId64,
			 version, SCHEMA_VERSION);
}

static bool complete(struct schema *schema, struct error *error)
{
	read_names(schema, schema->dialect->columns_query, true);
	read_names(schema, schema->dialect->indexes_query, false);
	if (database_has_failed(schema->database) || !version_is_known(schema, error))
		return database_has_failed(schema->database);
	for (size_t i = 0; i < portal_tables_count; i++) {
		if (!complete_table(schema, portal_tables[i], error))
			return false;
	}
	return write_version(schema, error);
}

static bool delete_rows(struct schema *schema, struct error *error)
{
	const char *const *restart = schema->dialect->restart_ids;

	for (size_t i = portal_tables_count; i-- > 0;)
		strbuf_append_format(&schema->script, "DELETE FROM %.*s;%s%.*s%s;",
				     STR_ARG(portal_tables[i]->name), restart[0],
				     STR_ARG(portal_tables[i]->name), restart[1]);
	return database_execute(schema->database, strbuf_str(&schema->script), error);
}

/* In one transaction; on MySQL, where changes of the schema end it, at least alone. */
static bool carry_out(struct database *database,
		      bool (*work)(struct schema *schema, struct error *error), struct error *error)
{
	struct schema schema = {.database = database,
				.dialect = database_dialect(database),
				.arena = arena_create(),
				.present = map_create(0)};
	bool done = false;

	strbuf_init(&schema.script, SCRIPT_BYTES_MAX);
	database_begin(database, schema.arena, true);
	if (database_has_failed(database) || work(&schema, error))
		done = database_commit(database, error);
	else
		database_rollback(database);
	strbuf_free(&schema.script);
	map_destroy(schema.present);
	arena_destroy(schema.arena);
	return done;
}

bool schema_prepare(struct database *database, struct error *error)
{
	return carry_out(database, complete, error) ||
	       error_wrap(error, "the database's schema cannot be completed");
}

bool schema_empty(struct database *database, struct error *error)
{
	return carry_out(database, delete_rows, error) ||
	       error_wrap(error, "the database cannot be emptied");
}
