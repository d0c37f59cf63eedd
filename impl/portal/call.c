#include "portal/call.h"

#include "base/arena.h"
#include "base/json.h"
#include "portal/database.h"
#include "portal/record.h"
#include "portal/time_zone.h"
#include "world/chance.h"

int64_t call_tenant_id(const struct call *call)
{
	return record_id(call->tenant);
}

struct record *call_found(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->found_count; i++) {
		if (str_equal(call->found[i].name, str_from(name)))
			return call->found[i].record;
	}
	return NULL;
}

static struct value found_id(const struct call *call, size_t from_innermost)
{
	if (from_innermost >= call->found_count)
		return value_null();
	return value_int(record_id(call->found[call->found_count - 1 - from_innermost].record));
}

void call_arguments(const struct call *call, struct value arguments[CALL_ARGUMENTS])
{
	arguments[0] = found_id(call, 0);
	arguments[1] = value_int(call_tenant_id(call));
	arguments[2] = found_id(call, 1);
	arguments[3] = found_id(call, 2);
	arguments[4] = call->identity.visible_services;
}

const struct json *call_attributes(const struct call *call, const char *wrapper)
{
	const struct json *wrapped = json_get(call->parameters, str_from(wrapper));

	if (*wrapper == '\0' || wrapped == NULL)
		return call->parameters;
	return wrapped->kind == JSON_OBJECT ? wrapped : NULL;
}

struct str call_parameter(const struct call *call, const char *name)
{
	return json_scalar_text(json_get(call->parameters, str_from(name)));
}

bool call_has_parameter(const struct call *call, const char *name)
{
	return json_get(call->parameters, str_from(name)) != NULL;
}

bool call_only_reads(const struct call *call)
{
	return str_equal(call->method, STR("GET")) || str_equal(call->method, STR("HEAD"));
}

const struct time_zone *call_time_zone(const struct call *call)
{
	const struct time_zone *zone = NULL;

	if (call->tenant != NULL)
		zone = time_zone_find(record_text(call->tenant, "timezone"));
	return zone != NULL ? zone : time_zone_utc();
}

struct record *call_new_record(const struct call *call, const struct table *table)
{
	struct record *record = record_new(call->arena, table);

	if (table_column(table, STR("tenant_id")) != NULL && call->tenant != NULL)
		record_set_int(record, "tenant_id", call_tenant_id(call));
	return record;
}

struct str call_random_hex(const struct call *call, size_t digits)
{
	return chance_hex(database_world(call->database), call->arena, digits);
}
