#include "gateway/context.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "gateway/config.h"
#include "gateway/gateway_internal.h"
#include "gateway/header_name.h"
#include "gateway/request.h"
#include "http/query.h"
#include "world/clock.h"
#include "world/http_server.h"

/* Members of a service that are nobody's business. */
static const struct str secrets[] = {
	STR_INIT("backend_authentication_value"), STR_INIT("secret_token"),
	STR_INIT("oidc_issuer_endpoint"), /* holds a client's secret */
};

static bool is_secret(struct str name)
{
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		if (str_equal(secrets[i], name))
			return true;
	}
	return false;
}

static struct liquid_value object(liquid_find *find, const void *data)
{
	return (struct liquid_value){.kind = LIQUID_OBJECT, .find = find, .data = data};
}

/* Headers and arguments. */

struct str context_header(const struct request *request, struct str name)
{
	const struct http_fields *fields = &request->exchange->request.fields;
	struct str value = {NULL, 0};

	for (size_t i = 0; i < fields->count; i++) {
		struct str line = fields->items[i].value;

		if (!header_name_equal(fields->items[i].name, name))
			continue;
		if (line.data == NULL)
			line.data = "";
		value = value.data == NULL ? line
					   : STR_CONCAT(request->arena, value, STR(", "), line);
	}
	return value;
}

struct str context_query_argument(const struct request *request, struct str name)
{
	struct http_query query;

	form_parse(&query, request->raw_query, request->arena);
	if (!http_query_has(&query, name))
		return str_of(NULL, 0);
	return STR_CONCAT(request->arena, http_query_get(&query, name), STR(""));
}

struct str context_claim(const struct request *request, struct str name)
{
	const struct json *claim = json_get(request->claims, name);
	struct liquid_value value = liquid_json(claim);

	if (json_is_null(claim))
		return str_of(NULL, 0);
	return value.kind == LIQUID_JSON ? json_print(request->arena, claim)
					 : liquid_value_text(&value, request->arena);
}

static bool find_header(const void *data, struct str name, struct arena *arena,
			struct liquid_value *value)
{
	(void)arena;
	*value = liquid_text(context_header(data, name));
	return value->text.data != NULL;
}

/* The context that policies share. */

/* A member of the service, or of its proxy. */
static bool find_in_service(const void *data, struct str name, struct arena *arena,
			    struct liquid_value *value)
{
	const struct service *service = data;
	const struct json *member = json_get(service->original, name);

	(void)arena;
	if (str_equal(name, STR("id"))) {
		*value = liquid_text(service->id);
		return true;
	}
	if (is_secret(name) || str_equal(name, STR("proxy")))
		return false;
	if (member == NULL)
		member = json_get(json_get(service->original, STR("proxy")), name);
	*value = liquid_json(member);
	return member != NULL;
}

static bool find_in_usage(const void *data, struct str name, struct arena *arena,
			  struct liquid_value *value)
{
	const struct usage *usage = data;

	for (size_t i = 0; i < usage->count; i++) {
		if (str_equal(usage->items[i].metric, name)) {
			*value = liquid_number((double)usage->items[i].delta);
			return true;
		}
	}
	(void)arena;
	if (!str_equal(name, STR("deltas")))
		return false;
	*value = object(find_in_usage, usage);
	return true;
}

static bool find_in_credentials(const void *data, struct str name, struct arena *arena,
				struct liquid_value *value)
{
	const struct credentials *credentials = data;

	(void)arena;
	for (size_t i = 0; i < credentials->count; i++) {
		if (str_equal(credentials->items[i].name, name)) {
			*value = liquid_text(credentials->items[i].value);
			return true;
		}
	}
	return false;
}

/* The names of the context. */

static struct liquid_value uri(const struct request *request)
{
	return liquid_text(request->path);
}

static struct liquid_value host(const struct request *request)
{
	return liquid_text(request->host);
}

static struct liquid_value remote_addr(const struct request *request)
{
	return liquid_text(request->exchange->remote_address);
}

static struct liquid_value remote_port(const struct request *request)
{
	return liquid_number(request->exchange->remote_port);
}

static struct liquid_value scheme(const struct request *request)
{
	return liquid_text(request->exchange->is_tls ? STR("https") : STR("http"));
}

static struct liquid_value server_addr(const struct request *request)
{
	return liquid_text(http_exchange_local_address(request->exchange));
}

static struct liquid_value server_port(const struct request *request)
{
	return liquid_number(request->exchange->local_port);
}

static struct liquid_value http_method(const struct request *request)
{
	return liquid_text(request->exchange->request.method);
}

static struct liquid_value headers(const struct request *request)
{
	return object(find_header, request);
}

static struct liquid_value service(const struct request *request)
{
	return object(find_in_service, request->service);
}

static struct liquid_value usage(const struct request *request)
{
	return object(find_in_usage, &request->usage);
}

static struct liquid_value credentials(const struct request *request)
{
	return object(find_in_credentials, &request->credentials);
}

static struct liquid_value jwt(const struct request *request)
{
	return liquid_json(request->claims);
}

static const struct {
	struct str name;
	struct liquid_value (*value)(const struct request *request);
} names[] = {
	{STR_INIT("uri"), uri},
	{STR_INIT("host"), host},
	{STR_INIT("remote_addr"), remote_addr},
	{STR_INIT("remote_port"), remote_port},
	{STR_INIT("scheme"), scheme},
	{STR_INIT("server_addr"), server_addr},
	{STR_INIT("server_port"), server_port},
	{STR_INIT("http_method"), http_method},
	{STR_INIT("headers"), headers},
	{STR_INIT("service"), service},
	{STR_INIT("usage"), usage},
	{STR_INIT("credentials"), credentials},
	{STR_INIT("jwt"), jwt},
};

static bool find_in_context(const void *data, struct str name, struct arena *arena,
			    struct liquid_value *value)
{
	(void)arena;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_equal(names[i].name, name)) {
			*value = names[i].value(data);
			return true;
		}
	}
	return false;
}

struct liquid_scope context_scope(const struct request *request)
{
	return (struct liquid_scope){
		.find = find_in_context,
		.data = request,
		.now_us = world_utc_us(request->gateway->world),
	};
}

/* All of it. */

static void dump_members(struct json *to, const struct json *from, struct arena *arena)
{
	JSON_EACH (member, from) {
		if (!is_secret(member->key) && !str_equal(member->key, STR("proxy")) &&
		    json_get(to, member->key) == NULL)
			json_set(to, member->key, json_copy(arena, member));
	}
}

static struct json *dump_service(const struct request *request, struct arena *arena)
{
	struct json *dump = json_new(arena, JSON_OBJECT);
	const struct json *original = request->service->original;

	json_set(dump, STR("id"), json_new_str(arena, request->service->id));
	dump_members(dump, original, arena);
	dump_members(dump, json_get(original, STR("proxy")), arena);
	return dump;
}

static struct json *dump_headers(const struct request *request, struct arena *arena)
{
	const struct http_fields *fields = &request->exchange->request.fields;
	struct json *dump = json_new(arena, JSON_OBJECT);

	for (size_t i = 0; i < fields->count; i++)
		json_set(dump, str_lower(arena, fields->items[i].name),
			 json_new_str(arena, context_header(request, fields->items[i].name)));
	return dump;
}

static struct json *dump_usage(const struct request *request, struct arena *arena)
{
	struct json *dump = json_new(arena, JSON_OBJECT);

	for (size_t i = 0; i < request->usage.count; i++)
		json_set(dump, request->usage.items[i].metric,
			 json_new_int(arena, request->usage.items[i].delta));
	return dump;
}

static struct json *dump_credentials(const struct request *request, struct arena *arena)
{
	struct json *dump = json_new(arena, JSON_OBJECT);

	for (size_t i = 0; i < request->credentials.count; i++)
		json_set(dump, request->credentials.items[i].name,
			 json_new_str(arena, request->credentials.items[i].value));
	return dump;
}

static struct json *dump_scalar(const struct liquid_value *value, struct arena *arena)
{
	if (value->kind == LIQUID_NUMBER)
		return json_new_int(arena, (int64_t)value->number);
	return json_new_str(arena, liquid_value_text(value, arena));
}

struct json *context_json(const struct request *request, struct arena *arena)
{
	struct json *dump = json_new(arena, JSON_OBJECT);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct liquid_value value = names[i].value(request);

		if (value.kind == LIQUID_TEXT || value.kind == LIQUID_NUMBER)
			json_set(dump, names[i].name, dump_scalar(&value, arena));
	}
	json_set(dump, STR("headers"), dump_headers(request, arena));
	json_set(dump, STR("service"), dump_service(request, arena));
	json_set(dump, STR("usage"), dump_usage(request, arena));
	json_set(dump, STR("credentials"), dump_credentials(request, arena));
	if (request->claims != NULL)
		json_set(dump, STR("jwt"), json_copy(arena, request->claims));
	return dump;
}
