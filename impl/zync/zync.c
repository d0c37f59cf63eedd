#include "zync/zync.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/options.h"
#include "base/secret.h"
#include "base/url.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/http_server.h"
#include "world/log.h"
#include "zync/jobs.h"
#include "zync/records.h"

#define DEFAULT_PORT 8080

struct zync_server {
	struct world *world;
	struct str token;
	struct records *records;
	struct zync_jobs *jobs;
	struct http_listener *listener;
};

struct zync_request {
	struct zync_server *server;
	struct http_exchange *exchange;
	struct http_body_collector *collector;
	const struct zync_resource *resource;
};

static void answer(struct http_exchange *exchange, int status, struct str body)
{
	struct http_response response;

	http_response_init(&response, exchange->arena, status);
	http_fields_add(&response.fields, STR("Content-Type"), STR("application/json"));
	http_exchange_respond_str(exchange, &response, body);
}

static void answer_error(struct http_exchange *exchange, int status, const char *why)
{
	struct json *body = json_new(exchange->arena, JSON_OBJECT);

	json_set(body, STR("error"), json_new_str(exchange->arena, str_from(why)));
	answer(exchange, status, json_print(exchange->arena, body));
}

/* Resources. */

static void answer_stored(struct http_exchange *exchange, bool is_stored, int status,
			  const struct error *error)
{
	if (is_stored)
		answer(exchange, status, STR("{}"));
	else
		answer_error(exchange, 503, error->text);
}

static void show_status(struct zync_server *server, struct http_exchange *exchange,
			const struct json *body)
{
	(void)server;
	(void)body;
	answer(exchange, 200, STR("{\"status\":\"ok\"}"));
}

static void put_tenant(struct zync_server *server, struct http_exchange *exchange,
		       const struct json *body)
{
	const struct zync_tenant tenant = {
		.id = json_int(json_get(body, STR("id")), 0),
		.endpoint = json_get_str(body, STR("endpoint")),
		.access_token = json_get_str(body, STR("access_token")),
	};
	struct error error = {0};
	bool is_stored;

	if (tenant.id <= 0 || tenant.endpoint.size == 0) {
		answer_error(exchange, 422, "a tenant needs id and endpoint");
		return;
	}
	is_stored = records_put_tenant(server->records, &tenant, &error);
	answer_stored(exchange, is_stored, 200, &error);
}

static bool is_type(struct str type)
{
	return str_equal(type, STR("Provider")) || str_equal(type, STR("Proxy")) ||
	       str_equal(type, STR("Service")) || str_equal(type, STR("Application"));
}

/* What a record belongs to must have been told of before. */
static const char *missing_of(struct zync_server *server, const struct zync_record *record,
			      struct arena *arena, struct error *error)
{
	struct zync_tenant tenant;
	bool needs_service = str_equal(record->type, STR("Proxy")) ||
			     str_equal(record->type, STR("Application"));

	if (!records_find_tenant(server->records, record->tenant_id, arena, &tenant, error))
		return "the tenant is not known";
	if (needs_service &&
	    !records_is_known(server->records, STR("Service"), record->service_id, error))
		return "the service is not known";
	return NULL;
}

static void put_notification(struct zync_server *server, struct http_exchange *exchange,
			     const struct json *body)
{
	const struct zync_record record = {
		.type = json_get_str(body, STR("type")),
		.id = json_int(json_get(body, STR("id")), 0),
		.tenant_id = json_int(json_get(body, STR("tenant_id")), 0),
		.service_id = json_int(json_get(body, STR("service_id")), 0),
		.run_at_us = world_utc_us(server->world),
	};
	struct error error = {0};
	const char *missing;
	bool is_stored;

	if (!is_type(record.type) || record.id <= 0) {
		answer_error(exchange, 422, "a notification needs type and id");
		return;
	}
	missing = missing_of(server, &record, exchange->arena, &error);
	if (missing != NULL && error.text[0] == '\0') {
		answer_error(exchange, 422, missing);
		return;
	}
	is_stored = missing == NULL && records_put(server->records, &record, &error);
	answer_stored(exchange, is_stored, 201, &error);
	if (is_stored)
		zync_jobs_wake(server->jobs);
}

static const struct zync_resource {
	struct str method, path;
	bool is_open; /* to anybody */
	void (*serve)(struct zync_server *server, struct http_exchange *exchange,
		      const struct json *body);
} resources[] = {
	{STR_INIT("GET"), STR_INIT("/status/live"), true, show_status},
	{STR_INIT("GET"), STR_INIT("/status/ready"), true, show_status},
	{STR_INIT("PUT"), STR_INIT("/tenant"), false, put_tenant},
	{STR_INIT("PUT"), STR_INIT("/notification"), false, put_notification},
};

/* Requests. */

static bool is_authorized(const struct zync_server *server, struct http_exchange *exchange)
{
	struct str wanted =
		STR_CONCAT(exchange->arena, STR("Token token=\""), server->token, STR("\""));

	return server->token.size > 0 &&
	       secret_equal(wanted,
			    http_fields_get(&exchange->request.fields, STR("Authorization")));
}

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct zync_request *request = data;
	struct http_exchange *exchange = request->exchange;
	const struct json *body = NULL;

	request->collector = NULL;
	if (result == HTTP_COLLECT_FAILED) {
		http_exchange_abort(exchange);
		return;
	}
	if (result == HTTP_COLLECTED && bytes.size > 0)
		body = json_parse(exchange->arena, bytes, LIMIT_BACKEND_BODY_BYTES, NULL);
	if (body == NULL && !request->resource->is_open)
		answer_error(exchange, 400, "the body is no JSON");
	else
		request->resource->serve(request->server, exchange, body);
}

static void request_ended(struct http_exchange *exchange, bool complete)
{
	struct zync_request *request = exchange->data;

	(void)complete;
	http_body_collector_stop(request->collector);
	request->collector = NULL;
}

static const struct zync_resource *find_resource(const struct http_exchange *exchange)
{
	struct str path, query;

	url_split_target(exchange->request.target, &path, &query);
	for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
		if (str_equal(resources[i].method, exchange->request.method) &&
		    str_equal(resources[i].path, path))
			return &resources[i];
	}
	return NULL;
}

static void requested(struct http_exchange *exchange, void *data)
{
	struct zync_request *request = ARENA_NEW(exchange->arena, struct zync_request);
	struct http_body_collector *collector;

	request->server = data;
	request->exchange = exchange;
	request->resource = find_resource(exchange);
	exchange->data = request;
	exchange->ended = request_ended;
	if (request->resource == NULL) {
		answer_error(exchange, 404, "there is no such resource");
		return;
	}
	if (!request->resource->is_open && !is_authorized(request->server, exchange)) {
		answer_error(exchange, 401, "the token is wrong");
		return;
	}
	http_exchange_hold(exchange);
	collector = http_body_collect(http_exchange_take_body(exchange), LIMIT_BACKEND_BODY_BYTES,
				      exchange->arena, body_collected, request);
	/* NULL: collected already. */
	if (collector != NULL)
		request->collector = collector;
	http_exchange_release(exchange);
}

/* Life. */

static void zync_stop(void *instance)
{
	struct zync_server *server = instance;

	http_listener_close(server->world, server->listener);
	zync_jobs_destroy(server->jobs);
	records_close(server->records);
	free(server);
}

static void *zync_start(struct world *world, const struct str *arguments, size_t count,
			int *exit_status, struct error *error)
{
	struct http_listen_options listen = {.port = DEFAULT_PORT};
	const struct option options[] = {
		{"port", 0, OPTION_PORT, &listen.port, NULL, "N",
		 "port to listen on (8080), 0 = any free one"},
		{"address", 0, OPTION_TEXT, &listen.address, NULL, "IP", "address to listen on"},
	};
	struct zync_server *server;

	*exit_status = 2;
	if (!component_read_options(world, "zync [OPTION...]", options,
				    sizeof options / sizeof *options, arguments, count, NULL, 0,
				    NULL, error))
		return NULL;
	*exit_status = 1;
	server = MEMORY_NEW(struct zync_server);
	server->world = world;
	server->token = environment_text(world, STR("ZYNC_AUTHENTICATION_TOKEN"), STR(""));
	server->records = records_open(world, error);
	if (server->records != NULL)
		server->listener = http_listen(world, &listen, requested, server, error);
	if (server->listener == NULL) {
		zync_stop(server);
		return NULL;
	}
	server->jobs = zync_jobs_create(world, server->records);
	zync_jobs_wake(server->jobs);
	log_format(world, LOG_STDOUT, "ready zync port=%u",
		   (unsigned)http_listener_port(world, server->listener));
	return server;
}

const struct component zync_component = {
	.name = "zync",
	.help = "keeps the cluster's routes in step with the portal",
	.start = zync_start,
	.stop = zync_stop,
};
