/* Header modification: sets, pushes, adds and deletes headers of the request (rewrite) and of the
 * answer (header_filter), also of those that the gateway makes itself. Fields: request[],
 * response[], each {op, header, value, value_type}. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/gateway_internal.h"
#include "gateway/policies/edit.h"
#include "gateway/request.h"
#include "gateway/template_value.h"
#include "world/http_server.h"

struct command {
	enum edit edit;
	struct str name;
	struct template_value value;
};

struct commands {
	struct command *items;
	size_t count;
};

struct headers {
	struct commands request, response;
};

static bool read_command(const struct policy_loader *loader, const struct json *object,
			 struct command *command, struct error *error)
{
	struct str op = json_get_str(object, STR("op"));

	command->name = json_get_str(object, STR("header"));
	if (!edit_from_name(op, &command->edit))
		return error_set(error, ERROR_INVALID, "unknown op %.*s", STR_ARG(op));
	if (!http_is_token(command->name))
		return error_set(error, ERROR_INVALID, "invalid header name");
	command->value = template_value_read(loader, object, STR("value"), STR("value_type"));
	return true;
}

static bool read_commands(const struct policy_loader *loader, const struct json *array,
			  struct commands *commands, struct error *error)
{
	if (array == NULL || array->kind != JSON_ARRAY)
		return true;
	commands->items = ARENA_ARRAY(loader->arena, struct command, array->count);
	JSON_EACH (object, array) {
		if (!read_command(loader, object, &commands->items[commands->count++], error))
			return false;
	}
	return true;
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct headers *headers = ARENA_NEW(loader->arena, struct headers);

	*data = headers;
	return read_commands(loader, json_get(configuration, STR("request")), &headers->request,
			     error) &&
	       read_commands(loader, json_get(configuration, STR("response")), &headers->response,
			     error);
}

/* All lines of that name in `before`, and the new one. */
static void push(struct http_fields *fields, const struct http_fields *before, struct str name,
		 struct str value)
{
	size_t count = before->count; /* may be the same list */

	if (before != fields) {
		http_fields_remove(fields, name);
		for (size_t i = 0; i < count; i++) {
			if (str_equal_nocase(before->items[i].name, name))
				http_fields_add(fields, name, before->items[i].value);
		}
	}
	http_fields_add(fields, name, value);
}

static void run_command(struct http_fields *fields, const struct http_fields *before,
			const struct command *command, struct str value)
{
	switch (command->edit) {
	case EDIT_SET:
		if (value.size > 0)
			http_fields_set(fields, command->name, value);
		else
			http_fields_remove(fields, command->name);
		break;
	case EDIT_ADD:
		if (http_fields_has(before, command->name))
			push(fields, before, command->name, value);
		break;
	case EDIT_PUSH:
		push(fields, before, command->name, value);
		break;
	case EDIT_DELETE:
		http_fields_remove(fields, command->name);
		break;
	}
}

static void run_commands(struct request *request, const struct commands *commands,
			 struct http_fields *fields, const struct http_fields *before)
{
	for (size_t i = 0; i < commands->count; i++) {
		const struct command *command = &commands->items[i];
		struct str value = template_value_text(&command->value, request);

		/* A template may print what would break the message in two. */
		if (http_is_field_value(value))
			run_command(fields, before, command, value);
		else
			LOG(&request->gateway->log, LEVEL_WARN, &request->subject,
			    "the value of header %.*s cannot be sent, it stays as it was",
			    STR_ARG(command->name));
	}
}

/* push and add look at the header as it was before the list. */
static enum phase_result rewrite(struct request *request, const void *data)
{
	const struct headers *headers = data;
	struct http_fields *fields = &request->exchange->request.fields, before = *fields;

	if (headers->request.count == 0)
		return PHASE_GO_ON;
	before.items = ARENA_ARRAY(request->arena, struct http_field, fields->count);
	if (fields->count > 0)
		memcpy(before.items, fields->items, fields->count * sizeof *fields->items);
	run_commands(request, &headers->request, fields, &before);
	return PHASE_GO_ON;
}

static enum phase_result header_filter(struct request *request, const void *data)
{
	const struct headers *headers = data;
	struct http_fields *fields = &request->response.fields;

	run_commands(request, &headers->response, fields, fields);
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Header modification",
		"summary": "Sets, adds and removes headers of requests and of responses.",
		"description": [
			"Commands are carried out in their order: on the request before it goes to the upstream,",
			"on the response before it goes to the client."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"request": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"op": {
								"description": "What to do",
								"type": "string",
								"enum": [
									"add",
									"set",
									"push",
									"delete"
								]
							},
							"header": {
								"description": "Name of the header",
								"type": "string"
							},
							"value": {
								"description": "Value of the header",
								"type": "string"
							},
							"value_type": {
								"description": "How to read the value",
								"type": "string",
								"enum": ["plain", "liquid"],
								"default": "plain"
							}
						},
						"required": ["op", "header"]
					},
					"description": "What to do with the headers of the request"
				},
				"response": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"op": {
								"description": "What to do",
								"type": "string",
								"enum": [
									"add",
									"set",
									"push",
									"delete"
								]
							},
							"header": {
								"description": "Name of the header",
								"type": "string"
							},
							"value": {
								"description": "Value of the header",
								"type": "string"
							},
							"value_type": {
								"description": "How to read the value",
								"type": "string",
								"enum": ["plain", "liquid"],
								"default": "plain"
							}
						},
						"required": ["op", "header"]
					},
					"description": "What to do with the headers of the response"
				}
			}
		}
	});
/* clang-format on */

const struct policy headers_policy = {
	.name = STR_INIT("headers"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
			[PHASE_HEADER_FILTER] = header_filter,
		},
};
