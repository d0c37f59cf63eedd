#include "portal/audits.h"

#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/tables.h"

/* kind: the column that tells what sort of row it is; NULL: all are of the one type. */
static const struct audited {
	const struct table *table;
	const char *type, *kind;
} audited_tables[] = {
	{&accounts_table, "Account", NULL},
	{&users_table, "User", NULL},
	{&services_table, "Service", NULL},
	{&metrics_table, "Metric", NULL},
	{&plans_table, "Plan", "type"},
	{&usage_limits_table, "UsageLimit", NULL},
	{&pricing_rules_table, "PricingRule", NULL},
	{&features_table, "Feature", NULL},
	{&contracts_table, "Contract", "type"},
	{&settings_table, "Settings", NULL},
	{&invoices_table, "Invoice", NULL},
};

/* Not told, or told by their names only. */
static const char unspoken[] = "id tenant_id created_at updated_at lock_version";
static const char secret[] = "password_digest salt crypted_password activation_code "
			     "lost_password_token user_key site_access_code";

static bool is_among(struct str name, const char *names)
{
	struct str rest = str_from(names), word;

	while (str_next_field(&rest, ' ', &word)) {
		if (str_equal(word, name))
			return true;
	}
	return false;
}

static struct json *told(struct arena *arena, const struct column *column, struct value value)
{
	if (value_is_blank(value) && value.kind != VALUE_TEXT)
		return json_new(arena, JSON_NULL);
	if (is_among(column->name, secret))
		return json_new_str(arena, STR("[FILTERED]"));
	if (value.kind == VALUE_INT)
		return json_new_int(arena, value.number);
	if (value.kind == VALUE_BOOL)
		return json_new_bool(arena, value.number != 0);
	return json_new_str(arena, value_to_text(arena, value));
}

/* {"name":[old,new]} of an update, {"name":value} of the others. */
static struct json *changes_of(struct arena *arena, const struct record *record, enum change change)
{
	struct json *changes = json_new(arena, JSON_OBJECT);

	for (size_t i = 0; i < record->table->columns_count; i++) {
		const struct column *column = &record->table->columns[i];
		struct json *pair;

		if (is_among(column->name, unspoken))
			continue;
		if (change != CHANGE_UPDATED) {
			json_set(changes, column->name, told(arena, column, record->values[i]));
		} else if (!value_equal(record->values[i], record->stored[i])) {
			pair = json_set(changes, column->name, json_new(arena, JSON_ARRAY));
			json_append(pair, told(arena, column, record->stored[i]));
			json_append(pair, told(arena, column, record->values[i]));
		}
	}
	return changes;
}

static struct value provider_of(const struct record *record)
{
	return table_column(record->table, STR("tenant_id")) != NULL
		       ? record_get(record, "tenant_id")
		       : value_null();
}

static void audit_write(struct database *database, const struct audited *audited,
			const struct record *record, enum change change, struct str changes)
{
	const struct author *author = database_author(database);
	struct record *audit = record_new(database_arena(database), &audits_table);
	struct value id = value_int(record_id(record)), type = value_text(str_from(audited->type));

	record_set(audit, "auditable_id", id);
	record_set(audit, "auditable_type", type);
	record_set_text(audit, "kind",
			audited->kind != NULL ? record_text(record, audited->kind) : type.text);
	record_set_text(audit, "action",
			change == CHANGE_CREATED   ? STR("create")
			: change == CHANGE_UPDATED ? STR("update")
						   : STR("destroy"));
	record_set_int(audit, "version",
		       1 + database_int(database,
					STR("SELECT max(version) FROM audits WHERE auditable_id = "
					    "?1 AND auditable_type = ?2"),
					DATABASE_ARGUMENTS(id, type), 0));
	record_set(audit, "audited_changes", value_json(changes));
	record_set(audit, "tenant_id", provider_of(record));
	record_set(audit, "provider_id", provider_of(record));
	if (author != NULL) {
		record_set(audit, "user_id", author->user_id);
		record_set_text(audit, "username", author->username);
		record_set_text(audit, "remote_address", author->remote_address);
		record_set_text(audit, "request_uuid", author->request_id);
	}
	record_save(database, audit);
}

void audit_change(struct database *database, const struct record *record, enum change change)
{
	struct arena *arena = database_arena(database);

	for (size_t i = 0; i < sizeof audited_tables / sizeof *audited_tables; i++) {
		struct json *changes;

		if (audited_tables[i].table != record->table)
			continue;
		changes = changes_of(arena, record, change);
		if (changes->count > 0)
			audit_write(database, &audited_tables[i], record, change,
				    json_print(arena, changes));
		return;
	}
}
