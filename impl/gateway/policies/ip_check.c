/* IP check: lets through, or stops, calls from listed addresses (access). Fields: check_type
 * (whitelist, blacklist), ips[] (addresses and ranges), error_msg, client_ip_sources[]
 * (X-Forwarded-For, X-Real-IP, last_caller), tried in their order. As in 2.6 a call whose address
 * no source tells passes. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/ip_address.h"
#include "base/json.h"
#include "gateway/request.h"
#include "world/http_server.h"

enum source { SOURCE_FORWARDED_FOR, SOURCE_REAL_IP, SOURCE_LAST_CALLER };

struct ip_check {
	bool is_whitelist;
	struct ip_range *ranges;
	size_t ranges_count;
	enum source *sources;
	size_t sources_count;
	struct str message;
};

static bool read_ranges(struct arena *arena, const struct json *array, struct ip_check *check,
			struct error *error)
{
	if (array == NULL || array->kind != JSON_ARRAY)
		return error_set(error, ERROR_INVALID, "ips is missing");
	check->ranges = ARENA_ARRAY(arena, struct ip_range, array->count);
	JSON_EACH (item, array) {
		if (!ip_range_parse(str_trim(json_str(item)),
				    &check->ranges[check->ranges_count++]))
			return error_set(error, ERROR_INVALID, "\"%.*s\" is not an IP or CIDR",
					 STR_ARG(json_str(item)));
	}
	return true;
}

static bool read_source(struct str name, enum source *source, struct error *error)
{
	static const struct str names[] = {
		[SOURCE_FORWARDED_FOR] = STR_INIT("X-Forwarded-For"),
		[SOURCE_REAL_IP] = STR_INIT("X-Real-IP"),
		[SOURCE_LAST_CALLER] = STR_INIT("last_caller"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_equal_nocase(names[i], name)) {
			*source = (enum source)i;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID, "unknown client_ip_sources: %.*s", STR_ARG(name));
}

static bool read_sources(struct arena *arena, const struct json *array, struct ip_check *check,
			 struct error *error)
{
	bool has_array = array != NULL && array->kind == JSON_ARRAY;

	check->sources = ARENA_ARRAY(arena, enum source, has_array ? array->count : 1);
	if (!has_array)
		check->sources[check->sources_count++] = SOURCE_LAST_CALLER;
	JSON_EACH (item, has_array ? array : NULL) {
		if (!read_source(json_str(item), &check->sources[check->sources_count++], error))
			return false;
	}
	return true;
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct ip_check *check = ARENA_NEW(loader->arena, struct ip_check);
	struct str type = json_get_str(configuration, STR("check_type"));
	const struct json *message = json_get(configuration, STR("error_msg"));

	check->is_whitelist = str_equal(type, STR("whitelist"));
	if (!check->is_whitelist && !str_equal(type, STR("blacklist")))
		return error_set(error, ERROR_INVALID,
				 "check_type is neither whitelist nor "
				 "blacklist");
	check->message = STR_CONCAT(loader->arena,
				    message != NULL && message->kind == JSON_STRING
					    ? message->text
					    : STR("IP address not allowed"),
				    STR("\n"));
	*data = check;
	return read_ranges(loader->arena, json_get(configuration, STR("ips")), check, error) &&
	       read_sources(loader->arena, json_get(configuration, STR("client_ip_sources")), check,
			    error);
}

/* What the source says; empty: nothing. */
static struct str ask_source(const struct request *request, enum source source)
{
	const struct http_fields *fields = &request->exchange->request.fields;
	struct str first, rest;

	switch (source) {
	case SOURCE_FORWARDED_FOR:
		str_split_once(http_fields_get(fields, STR("X-Forwarded-For")), ',', &first, &rest);
		return str_trim(first);
	case SOURCE_REAL_IP:
		return str_trim(http_fields_get(fields, STR("X-Real-IP")));
	case SOURCE_LAST_CALLER:
		break;
	}
	return request->exchange->remote_address;
}

/* With a port behind it or not: "10.0.0.1:80", "[2001:db8::1]:80". */
static bool read_client(struct str text, struct ip_address *address)
{
	struct str host, port;

	if (ip_address_parse(text, address))
		return true;
	if (str_has_prefix(text, STR("[")))
		return str_split_once(str_skip(text, 1), ']', &host, &port) &&
		       ip_address_parse(host, address);
	return str_split_once(text, ':', &host, &port) && ip_address_parse(host, address);
}

static bool is_listed(const struct ip_check *check, struct str text)
{
	struct ip_address address;

	if (!read_client(text, &address))
		return false;
	for (size_t i = 0; i < check->ranges_count; i++) {
		if (ip_range_contains(&check->ranges[i], &address))
			return true;
	}
	return false;
}

static enum phase_result access(struct request *request, const void *data)
{
	const struct ip_check *check = data;
	struct str client = STR("");

	for (size_t i = 0; i < check->sources_count && client.size == 0; i++)
		client = ask_source(request, check->sources[i]);
	if (client.size == 0 || is_listed(check, client) == check->is_whitelist)
		return PHASE_GO_ON;
	request_answer_text(request, 403, STR("text/plain"), check->message);
	return PHASE_ANSWERED;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "IP check",
		"summary": "Accepts or denies calls by the address they come from.",
		"description": [
			"A list of addresses and ranges that are the only ones allowed, or that are denied."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"check_type": {
					"description": "What the list is",
					"type": "string",
					"oneOf": [
						{
							"enum": ["blacklist"],
							"title": "Deny the addresses of the list"
						},
						{
							"enum": ["whitelist"],
							"title": "Allow only the addresses of the list"
						}
					]
				},
				"ips": {
					"type": "array",
					"items": {
						"description": "An address or a range in CIDR notation",
						"type": "string"
					}
				},
				"error_msg": {
					"description": "What a denied caller is told",
					"type": "string",
					"default": "IP address not allowed"
				},
				"client_ip_sources": {
					"type": "array",
					"items": {
						"type": "string",
						"oneOf": [
							{
								"enum": ["X-Forwarded-For"],
								"title": "The first address of X-Forwarded-For"
							},
							{
								"enum": ["X-Real-IP"],
								"title": "X-Real-IP"
							},
							{
								"enum": ["last_caller"],
								"title": "Who opened the connection"
							}
						]
					},
					"description": "Where the address is looked for, in order",
					"default": ["last_caller"]
				}
			},
			"required": ["ips", "check_type"]
		}
	});
/* clang-format on */

const struct policy ip_check_policy = {
	.name = STR_INIT("ip_check"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_ACCESS] = access,
		},
};
