#include "portal/resource.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/fields.h"
#include "portal/record.h"
#include "portal/resources/resources.h"
#include "portal/routes.h"
#include "portal/switches.h"
#include "portal/validation.h"

#define PAGE_SIZE_MAX 500

static struct value attribute_value(const struct column *column, const struct json *attribute)
{
	if (attribute->kind == JSON_NULL)
		return column->kind == VALUE_BOOL ? value_bool(false) : value_null();
	return value_from_text(column->kind, json_scalar_text(attribute));
}

void resource_assign(struct record *record, const char *names, const struct json *attributes)
{
	struct str rest = str_from(names), name;

	while (str_next_field(&rest, ' ', &name)) {
		const struct json *attribute = json_get(attributes, name);

		if (attribute != NULL && attribute->kind != JSON_ARRAY &&
		    attribute->kind != JSON_OBJECT) {
			const struct column *column = table_column(record->table, name);

			record_set_column(record, column, attribute_value(column, attribute));
		}
	}
}

void resource_check(struct call *call, const struct resource *resource, struct record *record,
		    struct validation *validation)
{
	validation_check(validation, call->database, record, resource->rules,
			 resource->rules_count);
	if (resource->has_fields)
		fields_check(call, record, validation);
	if (resource->validate != NULL)
		resource->validate(call, record, validation);
}

static struct record *record_before(const struct call *call, const struct record *record)
{
	struct record *before = record_new(call->arena, record->table);

	memcpy(before->values, record->stored,
	       record->table->columns_count * sizeof *record->values);
	return before;
}

static void resource_touch(struct call *call, const struct resource *resource,
			   const struct record *record)
{
	if (resource->touches != NULL && record_int(record, resource->touches) != 0)
		service_touch(call, record_int(record, resource->touches));
}

void resource_store(struct call *call, const struct resource *resource, struct record *record)
{
	struct record *before = record_is_new(record) ? NULL : record_before(call, record);

	if (!record_save(call->database, record))
		return;
	resource_touch(call, resource, record);
	if (resource->saved != NULL)
		resource->saved(call, record, before);
}

bool resource_lets_another(struct call *call, const struct resource *resource,
			   const struct record *record)
{
	return resource->switch_for_more == NULL || !record_is_new(record) ||
	       switch_lets_another(call, resource->switch_for_more, record, resource->switch_scope);
}

bool resource_remove(struct call *call, const struct resource *resource, struct record *record,
		     struct validation *validation)
{
	validation_init(validation, call->arena);
	if (resource->deleting != NULL)
		resource->deleting(call, record, validation);
	if (!validation_is_clean(validation))
		return false;
	record_delete(call->database, record);
	resource_touch(call, resource, record);
	if (resource->deleted != NULL)
		resource->deleted(call);
	return true;
}

bool resource_save(struct call *call, const struct resource *resource, struct record *record,
		   const struct json *attributes)
{
	struct validation validation;

	if (!resource_lets_another(call, resource, record)) {
		reply_empty(call, 403);
		return false;
	}
	if (resource->has_fields)
		fields_assign(call, record, attributes);
	if (resource->prepare != NULL && !resource->prepare(call, record, attributes))
		return false;
	validation_init(&validation, call->arena);
	resource_check(call, resource, record, &validation);
	if (!validation_is_clean(&validation)) {
		reply_invalid(call, 422, &validation);
		return false;
	}
	resource_store(call, resource, record);
	return true;
}

const struct json *resource_attributes(struct call *call, const char *wrapper)
{
	const struct json *attributes = call_attributes(call, wrapper);

	if (attributes == NULL)
		reply_error(call, 422,
			    str_format(call->arena, "Wrong type for parameter: %s", wrapper));
	return attributes;
}

struct record *api_innermost(const struct call *call)
{
	return call->found[call->found_count - 1].record;
}

/* Of the call's parameters; out of range becomes the default (spec/portal.md 2.5). */
static struct page page_of(const struct call *call)
{
	const struct resource *resource = call->route->resource;
	bool has_own = resource != NULL && resource->page_max > 0;
	int64_t size_max = has_own ? resource->page_max : PAGE_SIZE_MAX;
	struct page page = {.number = 1, .size = has_own ? resource->page_default : PAGE_SIZE_MAX};
	int64_t number;

	if (str_to_int64(call_parameter(call, "page"), &number) && number >= 1 &&
	    number <= INT32_MAX)
		page.number = number;
	if (str_to_int64(call_parameter(call, "per_page"), &number) && number >= 1 &&
	    number <= size_max)
		page.size = number;
	return page;
}

void resource_reply_list(struct call *call, const struct resource *resource, const char *where,
			 const struct value *arguments, size_t count)
{
	bool is_asked = call_has_parameter(call, "page") || call_has_parameter(call, "per_page");
	bool is_paged = (call->route->flags & ROUTE_PAGED) != 0 ||
			(is_asked && (call->route->flags & ROUTE_PAGED_ON_REQUEST) != 0);
	struct page page = page_of(call);
	struct str condition = str_from(where);
	struct record_list list;

	if (is_paged) {
		page.entries = database_int(call->database,
					    STR_CONCAT(call->arena,
						       STR("SELECT count(*) FROM (SELECT id FROM "),
						       resource->table->name, STR(" WHERE "),
						       condition, STR(") AS listed")),
					    arguments, count, 0);
		condition = str_format(call->arena, "%s LIMIT %" PRId64 " OFFSET %" PRId64, where,
				       page.size, (page.number - 1) * page.size);
	}
	list = record_all(call->database, resource->table, str_cstr(call->arena, condition),
			  arguments, count);
	reply_list(call, resource->representation, &list, is_paged ? &page : NULL);
}

void api_list(struct call *call)
{
	struct value arguments[CALL_ARGUMENTS];

	call_arguments(call, arguments);
	resource_reply_list(call, call->route->resource, call->route->where, arguments,
			    CALL_ARGUMENTS);
}

void api_show(struct call *call)
{
	reply_record(call, 200, call->route->resource->representation, api_innermost(call));
}

void api_create(struct call *call)
{
	const struct resource *resource = call->route->resource;
	const struct json *attributes = resource_attributes(call, resource->wrapper);
	struct record *record;

	if (attributes == NULL)
		return;
	record = call_new_record(call, resource->table);
	if (call->route->parent != NULL)
		record_set_int(record, call->route->parent,
			       call->found_count > 0 ? record_id(api_innermost(call))
						     : call_tenant_id(call));
	resource_assign(record, resource->attributes, attributes);
	resource_assign(record, resource->create_only, attributes);
	if (resource_save(call, resource, record, attributes))
		reply_record(call, 201, resource->representation, record);
}

void api_update(struct call *call)
{
	const struct resource *resource = call->route->resource;
	const struct json *attributes = resource_attributes(call, resource->wrapper);
	struct record *record = api_innermost(call);

	if (attributes == NULL)
		return;
	resource_assign(record, resource->attributes, attributes);
	if (resource_save(call, resource, record, attributes))
		reply_record(call, 200, resource->representation, record);
}

void api_delete(struct call *call)
{
	struct validation validation;

	if (resource_remove(call, call->route->resource, api_innermost(call), &validation))
		reply_empty(call, 200);
	else
		reply_invalid(call, 403, &validation);
}
