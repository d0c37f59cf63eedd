#include "gateway/native_oauth.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "base/xml.h"
#include "gateway/config.h"
#include "gateway/gateway_internal.h"
#include "gateway/oauth_backend.h"
#include "gateway/oauth_store.h"
#include "gateway/request.h"
#include "world/clock.h"
#include "world/http_server.h"

#define CODE_BYTES 20 /* of chance, in a code, a state or a token: 40 hex digits */
#define STORED_BYTES_MAX (64 * 1024)

/* One step under way, in the request's arena. */
struct flow {
	struct request *request;
	struct str client_id, client_secret, redirect_uri, state, scope, code;
	struct str token; /* of the access, from the first step on */
	struct oauth_backend backend;
	struct oauth_operation *operation;
};

/* Arguments: of the query, else of the form. */

static struct str argument(const struct request *request, struct str name)
{
	struct http_query query;

	form_parse(&query, request->raw_query, request->arena);
	if (http_query_has(&query, name) || !request_has_read_form(request))
		return http_query_get(&query, name);
	return http_query_get(&request->form.fields, name);
}

/* "Basic ID:SECRET", else the form's. */
static void read_client(struct flow *flow)
{
	struct request *request = flow->request;
	struct str scheme, rest, pair;
	struct str value =
		http_fields_get(&request->exchange->request.fields, STR("Authorization"));

	flow->client_id = argument(request, STR("client_id"));
	flow->client_secret = argument(request, STR("client_secret"));
	if (str_split_once(value, ' ', &scheme, &rest) && str_equal(scheme, STR("Basic")) &&
	    base64_decode(request->arena, str_trim(rest), &pair))
		str_split_once(pair, ':', &flow->client_id, &flow->client_secret);
}

static struct str make_code(struct request *request)
{
	char *bytes = arena_alloc(request->arena, CODE_BYTES);
	uint64_t chance = 0;

	for (size_t i = 0; i < CODE_BYTES; i++) {
		if (i % sizeof chance == 0)
			chance = world_chance(request->gateway->world);
		bytes[i] = (char)(chance >> (i % sizeof chance * 8));
	}
	return hex_encode(request->arena, str_of(bytes, CODE_BYTES));
}

/* Answers. */

static void flow_stop(void *data)
{
	struct flow *flow = data;

	oauth_backend_stop(&flow->backend);
	oauth_operation_cancel(flow->operation);
	flow->operation = NULL;
}

static void answer_json(struct request *request, int status, struct str body)
{
	request_answer_text(request, status, STR("application/json; charset=utf-8"), body);
}

static void answer_error(struct request *request, int status, struct str error)
{
	struct json *object = json_new(request->arena, JSON_OBJECT);

	json_set(object, STR("error"), json_new_str(request->arena, error));
	answer_json(request, status, json_print(request->arena, object));
}

/* A step whose other side is away. */
static void answer_trouble(struct flow *flow, const char *what)
{
	struct request *request = flow->request;

	LOG(&request->gateway->log, LEVEL_ERROR, &request->subject, "OAuth: %s", what);
	request_answer_page(request, 500);
}

/* "URL?arguments", or "&" where the URL has some. */
static struct str with_arguments(struct request *request, struct str url, struct str arguments)
{
	bool has_query = str_find_char(url, '?') != STR_NOT_FOUND;

	return STR_CONCAT(request->arena, url, has_query ? STR("&") : STR("?"), arguments);
}

static struct str encoded(const struct flow *flow, struct str text)
{
	return url_encoded(flow->request->arena, text);
}

/* What is stored. */

static struct str key_of(const struct flow *flow, struct str kind, struct str id)
{
	return STR_CONCAT(flow->request->arena, flow->request->service->id, STR("#"), kind,
			  STR(":"), id);
}

static struct str written(const struct flow *flow)
{
	struct arena *arena = flow->request->arena;
	struct json *object = json_new(arena, JSON_OBJECT);

	json_set(object, STR("client_id"), json_new_str(arena, flow->client_id));
	json_set(object, STR("redirect_uri"), json_new_str(arena, flow->redirect_uri));
	json_set(object, STR("state"), json_new_str(arena, flow->state));
	json_set(object, STR("scope"), json_new_str(arena, flow->scope));
	json_set(object, STR("token"), json_new_str(arena, flow->token));
	return json_print(arena, object);
}

static void read_stored(const struct flow *flow, struct str text, struct flow *stored)
{
	struct arena *arena = flow->request->arena;
	const struct json *object =
		json_parse(arena, str_copy(arena, text), STORED_BYTES_MAX, NULL);

	*stored = *flow;
	stored->client_id = json_get_str(object, STR("client_id"));
	stored->redirect_uri = json_get_str(object, STR("redirect_uri"));
	stored->state = json_get_str(object, STR("state"));
	stored->scope = json_get_str(object, STR("scope"));
	stored->token = json_get_str(object, STR("token"));
}

/* Redis may be named by a URL that is none. */
static enum phase_result wait_for_store(struct flow *flow, struct oauth_operation *operation)
{
	flow->operation = operation;
	if (operation != NULL)
		return PHASE_WAIT;
	answer_trouble(flow, "the URL of Redis cannot be read");
	return PHASE_ANSWERED;
}

/* Whether the application may be sent back there: backend knows it by that address. */
static bool is_known_client(const struct flow *flow, int status, struct str body)
{
	static const struct str names[] = {STR_INIT("redirect_url"), STR_INIT("redirect_uri")};
	bool is_found = false;

	for (size_t i = 0; i < sizeof names / sizeof *names && !is_found; i++) {
		struct strbuf wanted;

		strbuf_init(&wanted, STORED_BYTES_MAX);
		is_found = xml_element(&wanted, names[i], flow->redirect_uri) &&
			   str_find(body, str_trim(strbuf_str(&wanted))) != STR_NOT_FOUND;
		strbuf_free(&wanted);
	}
	return status == 200 && is_found;
}

/* False after an answer that says so. */
static bool was_stored(struct flow *flow, enum oauth_stored result)
{
	flow->operation = NULL;
	if (result != OAUTH_STORED)
		answer_trouble(flow, "Redis does not answer");
	return result == OAUTH_STORED;
}

/* /authorize: who asks is known to backend, so the user may log in. */

static void redirect_to_login(struct flow *flow, struct str error)
{
	struct request *request = flow->request;

	request_answer_redirect(request,
				with_arguments(request, request->service->oauth_login_url,
					       STR_CONCAT(request->arena, STR("error="), error)));
}

static void login_prepared(enum oauth_stored result, struct str value, void *data)
{
	struct flow *flow = data;
	struct request *request = flow->request;

	(void)value;
	if (!was_stored(flow, result))
		return;
	request_answer_redirect(
		request,
		with_arguments(request, request->service->oauth_login_url,
			       STR_CONCAT(request->arena, STR("response_type=code&client_id="),
					  encoded(flow, flow->client_id), STR("&scope="),
					  encoded(flow, flow->scope), STR("&state="), flow->state,
					  STR("&tok="), flow->token, STR("&redirect_uri="),
					  encoded(flow, flow->redirect_uri))));
}

static void client_checked(int status, struct str body, void *data)
{
	struct flow *flow = data;
	struct request *request = flow->request;
	struct str nonce, value;

	if (!is_known_client(flow, status, body)) {
		redirect_to_login(flow, STR("invalid_client"));
		return;
	}
	flow->token = make_code(request);
	nonce = make_code(request);
	value = written(flow); /* with the client's own state */
	flow->state = nonce;
	wait_for_store(flow,
		       oauth_store_put(request->gateway->oauth, key_of(flow, STR("state"), nonce),
				       value, login_prepared, flow));
}

static struct str client_arguments(const struct flow *flow)
{
	bool has_secret = flow->client_secret.size > 0;

	return STR_CONCAT(flow->request->arena, STR("app_id="), encoded(flow, flow->client_id),
			  has_secret ? STR("&app_key=") : STR(""),
			  encoded(flow, flow->client_secret), STR("&redirect_uri="),
			  encoded(flow, flow->redirect_uri));
}

static enum phase_result authorize_step(struct flow *flow)
{
	struct request *request = flow->request;
	struct str response_type = argument(request, STR("response_type"));

	flow->client_id = argument(request, STR("client_id"));
	if (request->service->oauth_login_url.size == 0) {
		answer_trouble(flow, "the service has no oauth_login_url");
		return PHASE_ANSWERED;
	}
	if (response_type.size == 0 || flow->client_id.size == 0 || flow->redirect_uri.size == 0 ||
	    !http_is_field_value(flow->redirect_uri)) {
		redirect_to_login(flow, STR("invalid_request"));
		return PHASE_ANSWERED;
	}
	if (!str_equal(response_type, STR("code"))) {
		redirect_to_login(flow, STR("unsupported_response_type"));
		return PHASE_ANSWERED;
	}
	oauth_backend_authorize(&flow->backend, request, client_arguments(flow), client_checked,
				flow);
	return PHASE_WAIT;
}

/* /callback: the user has logged in. */

static void redirect_with_error(struct flow *flow, struct str description)
{
	request_answer_redirect(flow->request,
				STR_CONCAT(flow->request->arena, flow->redirect_uri,
					   STR("#error=invalid_request&error_description="),
					   description));
}

static void code_stored(enum oauth_stored result, struct str value, void *data)
{
	struct flow *flow = data;
	struct request *request = flow->request;

	(void)value;
	if (!was_stored(flow, result))
		return;
	request_answer_redirect(
		request, with_arguments(request, flow->redirect_uri,
					STR_CONCAT(request->arena, STR("code="), flow->code,
						   STR("&state="), encoded(flow, flow->state))));
}

static void state_found(enum oauth_stored result, struct str value, void *data)
{
	struct flow *flow = data;
	struct request *request = flow->request;
	struct flow stored;

	flow->operation = NULL;
	if (result == OAUTH_AWAY) {
		answer_trouble(flow, "Redis does not answer");
		return;
	}
	if (result == OAUTH_NOTHING) {
		redirect_with_error(flow, STR_CONCAT(request->arena,
						     STR("invalid_or_expired_state&state="),
						     encoded(flow, flow->state)));
		return;
	}
	read_stored(flow, value, &stored);
	*flow = stored;
	flow->code = make_code(request);
	wait_for_store(flow, oauth_store_put(request->gateway->oauth,
					     key_of(flow, STR("code"), flow->code), written(flow),
					     code_stored, flow));
}

static enum phase_result callback_step(struct flow *flow)
{
	struct request *request = flow->request;

	if (flow->redirect_uri.size == 0 || !http_is_field_value(flow->redirect_uri)) {
		answer_error(request, 400, STR("missing redirect_uri"));
		return PHASE_ANSWERED;
	}
	if (flow->state.size == 0) {
		redirect_with_error(flow, STR("missing_state"));
		return PHASE_ANSWERED;
	}
	return wait_for_store(flow, oauth_store_take(request->gateway->oauth,
						     key_of(flow, STR("state"), flow->state),
						     state_found, flow));
}

/* /oauth/token: the application changes its code for a token. */

static int64_t tokens_ttl_s(const struct request *request)
{
	return request->gateway->settings.oauth_tokens_ttl_s;
}

static void token_stored(int status, struct str body, void *data)
{
	struct flow *flow = data;
	struct request *request = flow->request;

	if (status < 200 || status > 299) {
		/* Nobody can be told the status of an answer that never came. */
		answer_error(request, status >= 400 ? status : 502, body);
		return;
	}
	answer_json(request, 200,
		    str_format(request->arena,
			       "{\"token_type\":\"bearer\",\"expires_in\":%" PRId64
			       ",\"access_token\":\"%.*s\"}",
			       tokens_ttl_s(request), STR_ARG(flow->token)));
}

static void code_found(enum oauth_stored result, struct str value, void *data)
{
	struct flow *flow = data;
	struct request *request = flow->request;
	struct flow stored;

	flow->operation = NULL;
	if (result == OAUTH_AWAY) {
		answer_trouble(flow, "Redis does not answer");
		return;
	}
	if (result == OAUTH_NOTHING) {
		answer_error(request, 403, STR("expired_code"));
		return;
	}
	read_stored(flow, value, &stored);
	if (!str_equal(stored.client_id, flow->client_id) ||
	    !str_equal(stored.redirect_uri, flow->redirect_uri)) {
		answer_error(request, 403, STR("invalid_request"));
		return;
	}
	flow->token = stored.token;
	oauth_backend_store_token(&flow->backend, request,
				  str_format(request->arena, "app_id=%.*s&token=%.*s&ttl=%" PRId64,
					     STR_ARG(encoded(flow, flow->client_id)),
					     STR_ARG(flow->token), tokens_ttl_s(request)),
				  token_stored, flow);
}

static void secret_checked(int status, struct str body, void *data)
{
	struct flow *flow = data;
	struct request *request = flow->request;

	if (!is_known_client(flow, status, body)) {
		answer_error(request, 401, STR("invalid_client"));
		return;
	}
	oauth_backend_stop(&flow->backend);
	wait_for_store(flow,
		       oauth_store_take(request->gateway->oauth,
					key_of(flow, STR("code"), flow->code), code_found, flow));
}

static enum phase_result token_step(struct flow *flow)
{
	struct request *request = flow->request;

	read_client(flow);
	flow->code = argument(request, STR("code"));
	if (flow->client_id.size == 0 || flow->client_secret.size == 0 || flow->code.size == 0 ||
	    flow->redirect_uri.size == 0 ||
	    !str_equal(argument(request, STR("grant_type")), STR("authorization_code"))) {
		answer_error(request, 403, STR("invalid_request"));
		return PHASE_ANSWERED;
	}
	oauth_backend_authorize(&flow->backend, request, client_arguments(flow), secret_checked,
				flow);
	return PHASE_WAIT;
}

/* Routes. */

static const struct {
	struct str path;
	bool is_only_post;
	enum phase_result (*run)(struct flow *flow);
} routes[] = {
	{STR_INIT("/authorize"), false, authorize_step},
	{STR_INIT("/callback"), false, callback_step},
	{STR_INIT("/oauth/token"), true, token_step},
};

static size_t find_route(const struct request *request)
{
	struct str method = request->exchange->request.method;
	size_t i = 0;

	while (i < sizeof routes / sizeof *routes &&
	       !(str_equal(routes[i].path, request->path) &&
		 (str_equal(method, STR("POST")) ||
		  (!routes[i].is_only_post && str_equal(method, STR("GET"))))))
		i++;
	return i;
}

bool native_oauth_serves(const struct request *request)
{
	return find_route(request) < sizeof routes / sizeof *routes;
}

static enum phase_result run(struct request *request)
{
	struct flow *flow = ARENA_NEW(request->arena, struct flow);

	flow->request = request;
	flow->redirect_uri = argument(request, STR("redirect_uri"));
	flow->state = argument(request, STR("state"));
	flow->scope = argument(request, STR("scope"));
	request_on_leave(request, flow_stop, flow);
	return routes[find_route(request)].run(flow);
}

static void form_is_there(struct form *form, void *data)
{
	struct request *request = data;
	enum phase_result result = run(request);

	(void)form;
	if (result != PHASE_WAIT)
		request_resume(request, result);
}

enum phase_result native_oauth_answer(struct request *request)
{
	if (request_has_read_form(request) ||
	    !str_equal(request->exchange->request.method, STR("POST")))
		return run(request);
	request_read_form(request, form_is_there);
	return PHASE_WAIT;
}
