/* Keys and referrer filters of applications: spec/portal.md 3.12. */
#include "base/arena.h"
#include "base/json.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"
#include "portal/validation.h"
#include "portal/webhook_events.h"

#define PRINTABLE "[\\x20-\\x7e]*"
#define KEYS_MAX 5
#define FILTERS_MAX 5

static struct value get_account(struct call *call, const struct record *row)
{
	return value_int(database_int(call->database,
				      STR("SELECT user_account_id FROM cinstances WHERE id = ?1"),
				      DATABASE_ARGUMENTS(record_get(row, "application_id")), 0));
}

static const struct derived row_derived[] = {{"account_id", get_account}};

static const struct link row_links[] = {
	{"application", "/admin/api/accounts/{account_id}/applications/{application_id}"},
};

static const struct representation key_representation = {
	.root = "key",
	.roots = "keys",
	.json = "value created_at updated_at",
	.xml = "value updated_at created_at",
	REPRESENTATION_DERIVED(row_derived),
	REPRESENTATION_LINKS(row_links),
	.xml_times_as_sql = true,
};

static const struct representation filter_representation = {
	.root = "referrer_filter",
	.roots = "referrer_filters",
	.json = "id value created_at updated_at",
	.xml = "id value created_at updated_at",
	REPRESENTATION_DERIVED(row_derived),
	REPRESENTATION_LINKS(row_links),
	.xml_times_as_sql = true,
};

static const struct rule key_rules[] = {
	{"value", RULE_PRESENT, 0, NULL, NULL, false},
	{"value", RULE_LENGTH_MIN, 5, NULL, NULL, false},
	{"value", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"value", RULE_PATTERN, 0, PRINTABLE, NULL, false},
	{"value", RULE_UNIQUE, 0, "application_id", NULL, false},
};

static const struct rule filter_rules[] = {
	{"value", RULE_PRESENT, 0, NULL, NULL, false},
	{"value", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"value", RULE_PATTERN, 0, "[a-zA-Z0-9*.\\-]+", NULL, false},
	{"value", RULE_UNIQUE, 0, "application_id", NULL, false},
};

static struct record *application_of(struct call *call, const struct record *row)
{
	return record_by_id(call->database, &contracts_table, record_int(row, "application_id"));
}

static void check_room(struct call *call, const struct record *row, int64_t most,
		       struct validation *validation)
{
	struct str sql = STR_CONCAT(call->arena, STR("SELECT count(*) FROM "), row->table->name,
				    STR(" WHERE application_id = ?1"));

	if (record_is_new(row) &&
	    database_int(call->database, sql, DATABASE_ARGUMENTS(record_get(row, "application_id")),
			 0) >= most)
		validation_add(validation, "base", STR("Limit reached"));
}

static void key_validate(struct call *call, struct record *key, struct validation *validation)
{
	struct record *application = application_of(call, key);
	bool has_one = application_is_of_mode(call, application, "oauth oidc");

	check_room(call, key, has_one ? 1 : KEYS_MAX, validation);
}

static void filter_validate(struct call *call, struct record *filter, struct validation *validation)
{
	check_room(call, filter, FILTERS_MAX, validation);
}

static void key_saved(struct call *call, struct record *key, const struct record *before)
{
	struct record *application = application_of(call, key);

	(void)before;
	push_application_key(call, application, record_text(key, "value"));
	webhook_event(call, "key_created", application);
}

static void key_deleting(struct call *call, struct record *key, struct validation *validation)
{
	struct record *application = application_of(call, key);

	(void)validation;
	push_application_key_gone(call, application, record_text(key, "value"));
	webhook_event(call, "key_deleted", application);
}

static void filter_saved(struct call *call, struct record *filter, const struct record *before)
{
	(void)before;
	push_referrer_filter(call, application_of(call, filter), record_text(filter, "value"));
}

static void filter_deleting(struct call *call, struct record *filter, struct validation *validation)
{
	(void)validation;
	push_referrer_filter_gone(call, application_of(call, filter), record_text(filter, "value"));
}

const struct resource application_key_resource = {
	.table = &application_keys_table,
	.representation = &key_representation,
	RESOURCE_RULES(key_rules),
	.validate = key_validate,
	.saved = key_saved,
	.deleting = key_deleting,
};

const struct resource referrer_filter_resource = {
	.table = &referrer_filters_table,
	.representation = &filter_representation,
	RESOURCE_RULES(filter_rules),
	.validate = filter_validate,
	.saved = filter_saved,
	.deleting = filter_deleting,
};

struct str application_first_key(struct call *call, const struct record *application)
{
	return database_text(call->database,
			     STR("SELECT value FROM application_keys WHERE application_id = ?1 "
				 "ORDER BY id LIMIT 1"),
			     DATABASE_ARGUMENTS(value_int(record_id(application))));
}

static bool create(struct call *call, const struct resource *resource,
		   const struct record *application, struct str value)
{
	struct record *row = call_new_record(call, resource->table);

	record_set_int(row, "application_id", record_id(application));
	record_set_text(row, "value", value);
	return resource_save(call, resource, row, NULL);
}

void application_key_generate(struct call *call, const struct record *application)
{
	create(call, &application_key_resource, application, call_random_hex(call, 32));
}

/* The answer is the application, not the key (PT-130). */
void application_key_create(struct call *call)
{
	struct record *application = call_found(call, "application");
	struct str value = call_has_parameter(call, "key") ? call_parameter(call, "key")
							   : call_random_hex(call, 32);

	if (create(call, &application_key_resource, application, value))
		reply_record(call, 201, application_resource.representation, application);
}

void application_key_remove(struct call *call, struct record *key)
{
	struct validation validation;

	validation_init(&validation, call->arena);
	key_deleting(call, key, &validation);
	record_delete(call->database, key);
}

void application_key_delete(struct call *call)
{
	struct record *application = call_found(call, "application");
	struct str value = http_route_parameter(&call->path_parameters, STR("value"));
	struct record *key = record_first(
		call->database, &application_keys_table, "application_id = ?1 AND value = ?2",
		DATABASE_ARGUMENTS(value_int(record_id(application)), value_text(value)));

	if (key == NULL) {
		reply_not_found(call);
		return;
	}
	application_key_remove(call, key);
	reply_empty(call, 200);
}

void referrer_filter_create(struct call *call)
{
	struct record *application = call_found(call, "application");

	if (create(call, &referrer_filter_resource, application,
		   call_parameter(call, "referrer_filter")))
		reply_record(call, 201, application_resource.representation, application);
}
