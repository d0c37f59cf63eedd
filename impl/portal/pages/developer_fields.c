#include "portal/pages/developer_fields.h"

#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/pages/visit.h"
#include "portal/tables.h"

static struct record_list fields_of(struct call *call, struct str target)
{
	return record_all(call->database, &fields_definitions_table,
			  "account_id = ?1 AND target = ?2 AND hidden = 0 AND read_only = 0 "
			  "ORDER BY pos, id",
			  DATABASE_ARGUMENTS(value_int(call_tenant_id(call)), value_text(target)));
}

void developer_fields_write(struct visit *visit, struct str target, const char *prefix,
			    const struct json *values, const struct validation *faults)
{
	struct arena *arena = visit->call->arena;
	struct record_list fields = fields_of(visit->call, target);

	for (size_t i = 0; i < fields.count; i++) {
		struct str name = record_text(fields.items[i], "name");
		struct str label = record_text(fields.items[i], "label");
		struct str input = STR_CONCAT(arena, str_from(prefix), STR("["), name, STR("]"));

		visit_input(visit, str_cstr(arena, label.size > 0 ? label : name), "text",
			    str_cstr(arena, input), json_scalar_text(json_get(values, name)),
			    faults, str_cstr(arena, name));
	}
}

void developer_fields_take(struct call *call, struct str target, const struct json *sent,
			   struct json *flat)
{
	struct record_list fields = fields_of(call, target);

	for (size_t i = 0; i < fields.count; i++) {
		struct str name = record_text(fields.items[i], "name");
		const struct json *value = json_get(sent, name);

		if (value == NULL)
			value = json_get(json_get(sent, STR("extra_fields")), name);
		if (value != NULL)
			json_set(flat, name, json_new_str(call->arena, json_scalar_text(value)));
	}
}
