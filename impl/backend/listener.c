#include "backend/listener.h"

#include "backend/access_tokens.h"
#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/internal_api.h"
#include "backend/profile.h"
#include "backend/report.h"
#include "backend/test_hooks.h"
#include "backend/transactions_request.h"
#include "base/url.h"
#include "world/http_server.h"

/* 2.7, bytes */
#define QUERY_BYTES_MAX 10240
#define TARGET_BYTES_MAX 12288
#define FIELD_BYTES_MAX 81920
#define FIELDS_BYTES_MAX 114688
#define HEAD_BYTES_MAX (TARGET_BYTES_MAX + FIELDS_BYTES_MAX + 1024) /* and what stands between */

static const struct api_endpoint endpoints[] = {
	{
		.method = STR_INIT("GET"),
		.path = STR_INIT("/transactions/authrep.xml"),
		.steps = transactions_request_steps,
		.is_authorization = true,
		.does_report = true,
	},
	{
		.method = STR_INIT("GET"),
		.path = STR_INIT("/transactions/authorize.xml"),
		.steps = transactions_request_steps,
		.is_authorization = true,
	},
	{
		.method = STR_INIT("POST"),
		.path = STR_INIT("/transactions.xml"),
		.steps = report_steps,
	},
	{
		.method = STR_INIT("GET"),
		.path = STR_INIT("/transactions/oauth_authrep.xml"),
		.steps = transactions_request_steps,
		.is_authorization = true,
		.is_oauth = true,
		.does_report = true,
	},
	{
		.method = STR_INIT("GET"),
		.path = STR_INIT("/transactions/oauth_authorize.xml"),
		.steps = transactions_request_steps,
		.is_authorization = true,
		.is_oauth = true,
	},
};

/* Those of access tokens have parameters in their path (2.10). */
#define SERVICE_PATH "/services/{service_id}"
static const struct api_endpoint token_endpoints[] = {
	{
		.method = STR_INIT("POST"),
		.path = STR_INIT(SERVICE_PATH "/oauth_access_tokens.xml"),
		.steps = access_token_create_steps,
	},
	{
		.method = STR_INIT("DELETE"),
		.path = STR_INIT(SERVICE_PATH "/oauth_access_tokens/{token}.xml"),
		.steps = access_token_delete_steps,
	},
	{
		.method = STR_INIT("GET"),
		.path = STR_INIT(SERVICE_PATH "/oauth_access_tokens/{token}.xml"),
		.steps = access_token_show_steps,
	},
	{
		.method = STR_INIT("GET"),
		.path = STR_INIT(SERVICE_PATH "/applications/{app_id}/oauth_access_tokens.xml"),
		.steps = access_token_list_steps,
	},
};

/* Pages: what is answered at once. */

static void answer_status_page(struct backend *backend, struct http_exchange *exchange)
{
	struct http_response response;

	api_response_init(&response, backend, exchange->arena, 200);
	http_fields_set(&response.fields, STR("Content-Type"), STR("application/json"));
	api_respond(backend, exchange, &response,
		    STR_CONCAT(exchange->arena,
			       STR("{\"status\":\"ok\",\"version\":{\"backend\":\""),
			       backend->settings.profile->version, STR("\"}}")),
		    STR(""));
}

static void answer_check(struct backend *backend, struct http_exchange *exchange)
{
	struct http_response response;

	api_response_init(&response, backend, exchange->arena, 200);
	http_fields_set(&response.fields, STR("Content-Type"), STR("text/plain;charset=utf-8"));
	api_respond(backend, exchange, &response, STR("ok"), STR(""));
}

static void answer_empty(struct backend *backend, struct http_exchange *exchange, int status,
			 bool is_last)
{
	struct http_response response;

	api_response_init(&response, backend, exchange->arena, status);
	if (is_last)
		http_fields_add(&response.fields, STR("Connection"), STR("close"));
	api_respond(backend, exchange, &response, STR(""), STR(""));
}

static void answer_available(struct backend *backend, struct http_exchange *exchange)
{
	answer_empty(backend, exchange, 200, false);
}

static const struct {
	struct str method, path;
	void (*answer)(struct backend *backend, struct http_exchange *exchange);
} pages[] = {
	{STR_INIT("GET"), STR_INIT("/status"), answer_status_page},
	{STR_INIT("HEAD"), STR_INIT("/status"), answer_status_page},
	{STR_INIT("GET"), STR_INIT("/check.txt"), answer_check},
	{STR_INIT("HEAD"), STR_INIT("/check.txt"), answer_check},
	{STR_INIT("HEAD"), STR_INIT("/available"), answer_available},
};

/* 2.9: any public path */
static void answer_options(struct backend *backend, struct http_exchange *exchange)
{
	struct http_response response;

	api_response_init(&response, backend, exchange->arena, 204);
	http_fields_add(&response.fields, STR("Access-Control-Max-Age"), STR("86400"));
	http_fields_add(&response.fields, STR("Access-Control-Allow-Methods"),
			STR("GET, POST, PATCH, PUT, DELETE"));
	http_fields_add(&response.fields, STR("Access-Control-Allow-Headers"),
			STR("Authorization, Accept-Encoding, Content-Type, Cache-Control, Accept, "
			    "If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, "
			    "X-Requested-With, X-HTTP-Method-Override, 3scale-options"));
	api_respond(backend, exchange, &response, STR(""), STR(""));
}

/* Choosing. */

static bool is_within_limits(const struct http_request *request, struct str query)
{
	size_t bytes = 0;

	for (size_t i = 0; i < request->fields.count; i++) {
		const struct http_field *field = &request->fields.items[i];

		if (field->value.size > FIELD_BYTES_MAX)
			return false;
		bytes += field->name.size + field->value.size;
	}
	return bytes <= FIELDS_BYTES_MAX && query.size <= QUERY_BYTES_MAX;
}

static const struct api_endpoint *find_endpoint(struct str method, struct str path)
{
	for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
		if (str_equal(path, endpoints[i].path) && str_equal(method, endpoints[i].method))
			return &endpoints[i];
	}
	return NULL;
}

static const struct api_endpoint *find_token_endpoint(struct http_exchange *exchange,
						      struct str method, struct str path,
						      struct http_route_parameters *found)
{
	if (!str_has_prefix(path, STR("/services/")))
		return NULL;
	for (size_t i = 0; i < sizeof token_endpoints / sizeof *token_endpoints; i++) {
		if (str_equal(method, token_endpoints[i].method) &&
		    http_route_match(token_endpoints[i].path, path, exchange->arena, found))
			return &token_endpoints[i];
	}
	return NULL;
}

static bool answer_page(struct backend *backend, struct http_exchange *exchange, struct str path)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		if (!str_equal(path, pages[i].path) ||
		    !str_equal(exchange->request.method, pages[i].method))
			continue;
		pages[i].answer(backend, exchange);
		return true;
	}
	return false;
}

/* Doubled slashes, escaped letters and dot segments are resolved (2.1); most paths have none. */
static bool is_plain(struct str path)
{
	return str_find_char(path, '%') == STR_NOT_FOUND &&
	       str_find(path, STR("//")) == STR_NOT_FOUND &&
	       str_find(path, STR("/.")) == STR_NOT_FOUND;
}

/* A HEAD is a GET without its body (2.1). */
static bool begin_call(struct backend *backend, struct http_exchange *exchange, struct str path)
{
	struct str method = exchange->request.method, plain = path;
	const struct api_endpoint *endpoint;
	struct http_route_parameters found;

	if (str_equal(method, STR("HEAD")))
		method = STR("GET");
	if (!is_plain(path))
		plain = url_normal_path(exchange->arena, path);
	endpoint = find_endpoint(method, plain);
	if (endpoint != NULL) {
		api_call_begin(backend, exchange, endpoint, NULL);
		return true;
	}
	if (!backend->settings.profile->has_access_tokens)
		return false;
	/* As it came, if possible: what is taken from it is decoded by itself. */
	endpoint = find_token_endpoint(exchange, method, path, &found);
	if (endpoint == NULL)
		endpoint = find_token_endpoint(exchange, method, plain, &found);
	if (endpoint != NULL)
		api_call_begin(backend, exchange, endpoint, &found);
	return endpoint != NULL;
}

static void route(struct backend *backend, struct http_exchange *exchange, struct str path)
{
	if (begin_call(backend, exchange, path))
		return;
	if (!is_plain(path))
		path = url_normal_path(exchange->arena, path);
	if (str_equal(exchange->request.method, STR("OPTIONS")))
		answer_options(backend, exchange);
	else if (!answer_page(backend, exchange, path))
		answer_empty(backend, exchange, 404, false);
}

static void exchange_ended(struct http_exchange *exchange, bool complete)
{
	(void)exchange;
	(void)complete;
}

static void requested(struct http_exchange *exchange, void *data)
{
	struct backend *backend = data;
	struct str path, query;

	exchange->ended = exchange_ended;
	url_split_target(exchange->request.target, &path, &query);
	if (!is_within_limits(&exchange->request, query))
		answer_empty(backend, exchange, 400, true);
	else if (str_has_prefix(path, STR("/internal/")))
		internal_api_requested(backend, exchange, path, query);
	else if (backend->settings.has_test_hooks && str_has_prefix(path, STR("/__test/")))
		test_hooks_requested(backend, exchange, path);
	else
		route(backend, exchange, path);
}

bool listener_open(struct backend *backend, struct error *error)
{
	struct http_listen_options options = {
		.address = backend->settings.address,
		.port = backend->settings.port,
		.limits = {.head_bytes = HEAD_BYTES_MAX,
			   .target_bytes = TARGET_BYTES_MAX,
			   .status = 400},
		.share_port = backend->settings.shares_port,
	};

	backend->listener = http_listen(backend->world, &options, requested, backend, error);
	return backend->listener != NULL;
}
