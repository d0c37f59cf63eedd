#include "portal/schema.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "portal/database.h"
#include "portal/tables.h"

#define STATEMENT_BYTES_MAX (16 * 1024)

/* What additions cannot do, in order; the number of steps done is the file's user_version. Look-ups
 * that requests make often come with an index. */
static const char *const schema_steps[] = {
	"CREATE INDEX index_users_on_account_id ON users (account_id);"
	"CREATE INDEX index_access_tokens_on_owner_id ON access_tokens (owner_id);"
	"CREATE INDEX index_service_tokens_on_service_id ON service_tokens (service_id);"
	"CREATE INDEX index_proxy_rules_on_proxy_id_position ON proxy_rules (proxy_id, position);"
	"CREATE INDEX index_metrics_on_parent_id ON metrics (parent_id);"
	"CREATE INDEX index_plans_on_issuer ON plans (issuer_id, issuer_type);"
	"CREATE INDEX index_usage_limits_on_plan_id ON usage_limits (plan_id);"
	"CREATE INDEX index_cinstances_on_user_account_id ON cinstances (user_account_id);"
	"CREATE INDEX index_cinstances_on_service_id ON cinstances (service_id);"
	"CREATE INDEX index_cinstances_on_plan_id ON cinstances (plan_id);"
	"CREATE INDEX index_cinstances_on_user_key ON cinstances (user_key);"
	"CREATE INDEX index_accounts_on_provider_account_id ON accounts (provider_account_id);",
	"CREATE INDEX index_user_sessions_on_key ON user_sessions (\"key\");"
	"CREATE INDEX index_user_sessions_on_user_id ON user_sessions (user_id);"
	"CREATE INDEX index_audits_on_created_at ON audits (created_at);"
	"CREATE INDEX index_audits_on_auditable ON audits (auditable_id, auditable_type);"
	"CREATE INDEX index_log_entries_on_created_at ON log_entries (created_at);"
	"CREATE INDEX index_event_store_events_on_created_at ON event_store_events (created_at);"
	"CREATE INDEX index_deleted_objects_on_owner ON deleted_objects (owner_id);",
};
#define SCHEMA_VERSION (int64_t)(sizeof schema_steps / sizeof *schema_steps)

static void append_column(struct strbuf *sql, const struct column *column)
{
	bool is_number = column->kind == VALUE_INT || column->kind == VALUE_BOOL;

	strbuf_append_format(sql, "%.*s %s", STR_ARG(column->name), is_number ? "INTEGER" : "TEXT");
	if (column->fallback != NULL)
		strbuf_append_format(sql, " DEFAULT '%s'", column->fallback);
	if (column->constraint != NULL)
		strbuf_append_format(sql, " %s", column->constraint);
}

static void schema_create_table(struct database *database, const struct table *table)
{
	struct strbuf sql;

	strbuf_init(&sql, STATEMENT_BYTES_MAX);
	strbuf_append_format(&sql, "CREATE TABLE IF NOT EXISTS %.*s (", STR_ARG(table->name));
	for (size_t i = 0; i < table->columns_count; i++) {
		if (i > 0)
			strbuf_append(&sql, STR(", "));
		append_column(&sql, &table->columns[i]);
	}
	if (table->constraints != NULL)
		strbuf_append_format(&sql, ", %s", table->constraints);
	strbuf_append(&sql, STR(")"));
	database_run(database, strbuf_str(&sql), NULL, 0);
	strbuf_free(&sql);
}

/* SQLite adds a NOT NULL column only with a default; a new column of that kind needs a step. */
static void schema_add_columns(struct database *database, const struct table *table)
{
	for (size_t i = 0; i < table->columns_count; i++) {
		struct strbuf sql;

		if (database_int(database,
				 STR("SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2"),
				 DATABASE_ARGUMENTS(value_text(table->name),
						    value_text(table->columns[i].name)),
				 0) > 0)
			continue;
		strbuf_init(&sql, STATEMENT_BYTES_MAX);
		strbuf_append_format(&sql, "ALTER TABLE %.*s ADD COLUMN ", STR_ARG(table->name));
		append_column(&sql, &table->columns[i]);
		database_run(database, strbuf_str(&sql), NULL, 0);
		strbuf_free(&sql);
	}
}

static bool schema_run_steps(struct database *database, int64_t done, struct error *error)
{
	char version[64];

	for (int64_t i = done; i < SCHEMA_VERSION; i++) {
		if (!database_execute(database, str_from(schema_steps[i]), error))
			return false;
	}
	/* A pragma takes no parameters. */
	snprintf(version, sizeof version, "PRAGMA user_version = %" PRId64, SCHEMA_VERSION);
	return database_execute(database, str_from(version), error);
}

bool schema_prepare(struct database *database, struct error *error)
{
	struct arena *arena = arena_create();
	bool prepared = false;
	int64_t version;

	database_begin(database, arena, true);
	version = database_int(database, STR("PRAGMA user_version"), NULL, 0, 0);
	if (version > SCHEMA_VERSION) {
		error_set(error, ERROR_INVALID,
			  "the database has schema version %" PRId64
			  ", this release knows %" PRId64,
			  version, SCHEMA_VERSION);
		database_rollback(database);
	} else {
		for (size_t i = 0; i < portal_tables_count; i++) {
			schema_create_table(database, portal_tables[i]);
			schema_add_columns(database, portal_tables[i]);
		}
		if (!database_has_failed(database) && !schema_run_steps(database, version, error))
			database_rollback(database);
		else
			prepared = database_commit(database, error);
	}
	arena_destroy(arena);
	return prepared;
}
