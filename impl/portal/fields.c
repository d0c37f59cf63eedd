#include "portal/fields.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/xml.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/record.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define FIELD_BYTES_MAX 65535 /* of all of a row together */

static const struct {
	const struct table *table;
	struct str target;
} targets[FIELD_TARGETS] = {
	{&accounts_table, STR_INIT("Account")},
	{&users_table, STR_INIT("User")},
	{&contracts_table, STR_INIT("Cinstance")},
};

static const struct {
	struct str target, name, label;
	int position;
} first_definitions[] = {
	{STR_INIT("Account"), STR_INIT("org_name"), STR_INIT("Organization/Group Name"), 1},
	{STR_INIT("User"), STR_INIT("username"), STR_INIT("Username"), 1},
	{STR_INIT("User"), STR_INIT("email"), STR_INIT("Email"), 2},
	{STR_INIT("Cinstance"), STR_INIT("name"), STR_INIT("Name"), 1},
	{STR_INIT("Cinstance"), STR_INIT("description"), STR_INIT("Description"), 2},
};

void fields_define_first(struct call *call)
{
	for (size_t i = 0; i < sizeof first_definitions / sizeof *first_definitions; i++) {
		struct record *field = call_new_record(call, &fields_definitions_table);

		record_set_int(field, "account_id", call_tenant_id(call));
		record_set_text(field, "target", first_definitions[i].target);
		record_set_text(field, "name", first_definitions[i].name);
		record_set_text(field, "label", first_definitions[i].label);
		record_set_int(field, "pos", first_definitions[i].position);
		record_set_bool(field, "required", true);
		record_save(call->database, field);
	}
}

/* The tenant's own account and people have no fields but the built-in ones. */
static bool is_tenants_own(struct call *call, const struct record *record)
{
	int64_t tenant_id = call_tenant_id(call);

	if (record->table == &accounts_table)
		return record_id(record) == tenant_id;
	return record->table == &users_table && record_int(record, "account_id") == tenant_id;
}

/* Read once for a call: lists ask for every item. */
static const struct record_list *definitions_of(struct call *call, const struct record *record)
{
	static const struct record_list none = {0};
	size_t target = 0;

	while (target < FIELD_TARGETS && targets[target].table != record->table)
		target++;
	BUG_IF(target == FIELD_TARGETS);
	if (is_tenants_own(call, record))
		return &none;
	if (call->definitions[target] == NULL) {
		struct record_list *list = ARENA_NEW(call->arena, struct record_list);

		*list = record_all(call->database, &fields_definitions_table,
				   "account_id = ?1 AND target = ?2 ORDER BY pos, id",
				   DATABASE_ARGUMENTS(value_int(call_tenant_id(call)),
						      value_text(targets[target].target)));
		call->definitions[target] = list;
	}
	return call->definitions[target];
}

static bool is_own(const struct record *record, struct str name)
{
	return table_column(record->table, name) == NULL;
}

static struct json *values_of(struct call *call, const struct record *record)
{
	struct json *values = json_parse(call->arena, record_text(record, "extra_fields"),
					 LIMIT_PORTAL_BODY_BYTES, NULL);

	return values != NULL && values->kind == JSON_OBJECT ? values
							     : json_new(call->arena, JSON_OBJECT);
}

void fields_assign(struct call *call, struct record *record, const struct json *attributes)
{
	const struct record_list *definitions = definitions_of(call, record);
	const struct json *nested = json_get(attributes, STR("extra_fields"));
	struct json *values = values_of(call, record);
	bool any = false;

	for (size_t i = 0; i < definitions->count; i++) {
		struct str name = record_text(definitions->items[i], "name");
		const struct json *sent = json_get(attributes, name);

		if (sent == NULL)
			sent = json_get(nested, name);
		if (sent == NULL || !is_own(record, name) || sent->kind == JSON_ARRAY ||
		    sent->kind == JSON_OBJECT)
			continue;
		json_set(values, name, json_new_str(call->arena, json_scalar_text(sent)));
		any = true;
	}
	if (any)
		record_set(record, "extra_fields", value_json(json_print(call->arena, values)));
}

static bool is_choice(struct call *call, struct str choices, struct str text)
{
	const struct json *list = json_parse(call->arena, choices, LIMIT_PORTAL_BODY_BYTES, NULL);

	if (list == NULL || list->count == 0 || text.size == 0)
		return true;
	JSON_EACH (choice, list) {
		if (str_equal(json_scalar_text(choice), text))
			return true;
	}
	return false;
}

void fields_check(struct call *call, const struct record *record, struct validation *validation)
{
	const struct record_list *definitions = definitions_of(call, record);
	const struct json *values = values_of(call, record);

	for (size_t i = 0; i < definitions->count; i++) {
		const struct record *field = definitions->items[i];
		const char *name = str_cstr(call->arena, record_text(field, "name"));
		struct value value = is_own(record, str_from(name))
					     ? value_text(json_get_str(values, str_from(name)))
					     : record_get(record, name);

		if (validation_has(validation, name))
			continue;
		if (record_bool(field, "required") && value_is_blank(value))
			validation_add(validation, name, STR("can't be blank"));
		else if (!is_choice(call, record_text(field, "choices"),
				    value_to_text(call->arena, value)))
			validation_add(validation, name, STR("is not included in the list"));
	}
	if (record_text(record, "extra_fields").size > FIELD_BYTES_MAX)
		validation_add(validation, "extra_fields",
			       STR("is too long (maximum is 65535 characters)"));
}

bool fields_write_json(struct call *call, struct strbuf *out, const struct record *record,
		       bool is_first)
{
	const struct record_list *definitions = definitions_of(call, record);
	const struct json *values = values_of(call, record);
	bool any = false;

	for (size_t i = 0; i < definitions->count; i++) {
		struct str name = record_text(definitions->items[i], "name");
		struct str text = json_get_str(values, name);

		if (text.size == 0 || !is_own(record, name))
			continue;
		if (!is_first)
			strbuf_append_char(out, ',');
		is_first = false;
		any = true;
		json_write_str(out, name);
		strbuf_append_char(out, ':');
		json_write_str(out, text);
	}
	return any;
}

struct value fields_xml(struct call *call, const struct record *record)
{
	const struct record_list *definitions = definitions_of(call, record);
	const struct json *values = values_of(call, record);
	struct strbuf out;
	struct str text;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	for (size_t i = 0; i < definitions->count; i++) {
		struct str name = record_text(definitions->items[i], "name");
		struct str value = json_get_str(values, name);

		if (value.size > 0 && is_own(record, name))
			xml_element(&out, name, value);
	}
	text = str_copy(call->arena, strbuf_str(&out));
	strbuf_free(&out);
	return value_json(text);
}
