#include "backend/internal_api.h"

#include "backend/internal_call.h"
#include "backend/parameters.h"
#include "backend/request_log.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/secret.h"
#include "http/query.h"

/* The end of a call. */

static void end_call(struct internal_call *call)
{
	struct backend *backend = call->backend;

	reader_release(&call->reader);
	http_exchange_release(call->exchange);
	backend->requests--;
	backend_work_ended(backend);
}

static void respond(struct internal_call *call, struct http_response *response, struct str body)
{
	if (!call->is_gone) {
		request_log_write(call->backend, call->exchange, response->status, body.size,
				  STR(""));
		http_exchange_respond_str(call->exchange, response, body);
	}
	end_call(call);
}

void internal_answer_text(struct internal_call *call, int status, struct str body)
{
	struct http_response response;

	http_response_init(&response, call->arena, status);
	http_fields_add(&response.fields, STR("Content-Type"), STR("application/json"));
	http_fields_add(&response.fields, STR("X-Content-Type-Options"), STR("nosniff"));
	respond(call, &response, body);
}

void internal_answer(struct internal_call *call, int status, const struct json *body)
{
	internal_answer_text(call, status, json_print(call->arena, body));
}

void internal_answer_with(struct internal_call *call, int status, struct str word, struct str name,
			  struct json *value)
{
	struct json *body = json_new(call->arena, JSON_OBJECT);

	json_set(body, STR("status"), json_new_str(call->arena, word));
	if (name.size > 0)
		json_set(body, name, value);
	internal_answer(call, status, body);
}

void internal_answer_status(struct internal_call *call, int status, struct str word)
{
	internal_answer_with(call, status, word, STR(""), NULL);
}

void internal_not_found(struct internal_call *call, struct str message)
{
	internal_answer_with(call, 404, STR("not_found"), STR("error"),
			     json_new_str(call->arena, message));
}

void internal_missing(struct internal_call *call, struct str name)
{
	internal_answer_with(
		call, 400, STR("error"), STR("error"),
		json_new_str(call->arena,
			     STR_CONCAT(call->arena, STR("missing parameter '"), name, STR("'"))));
}

void internal_refuse(struct internal_call *call, enum api_error_code code, struct str quoted)
{
	struct api_error error = {code, quoted, STR("")};
	struct json *body = json_new(call->arena, JSON_OBJECT);

	json_set(body, STR("error"),
		 json_new_str(call->arena, api_error_message(call->arena, &error)));
	internal_answer(call, 400, body);
}

void internal_fail(struct internal_call *call)
{
	struct http_response response;

	http_response_init(&response, call->arena, 500);
	http_fields_add(&response.fields, STR("Content-Type"), STR("text/html"));
	respond(call, &response, STR("<h1>Internal Server Error</h1>"));
}

/* Asking. */

static void batch_over(struct batch *batch, void *data)
{
	struct internal_call *call = data;

	call->is_asking = false;
	if (batch->has_failed)
		internal_fail(call);
	else
		call->next(call);
}

struct batch *internal_batch(struct internal_call *call)
{
	if (!call->is_asking)
		batch_begin(&call->batch, call->arena, batch_over, call);
	call->is_asking = true;
	return &call->batch;
}

void internal_ask(struct internal_call *call, const struct str *words, size_t count)
{
	batch_send(internal_batch(call), call->backend->storage, words, count);
}

void internal_then(struct internal_call *call, internal_handler *next)
{
	call->next = next;
	batch_end(internal_batch(call));
}

const struct redis_reply *internal_reply(const struct internal_call *call, size_t index)
{
	return &call->batch.replies[index];
}

/* Reading and building. */

struct str internal_path(const struct internal_call *call, struct str name)
{
	return http_route_parameter(&call->path, name);
}

struct str internal_service(const struct internal_call *call)
{
	return internal_path(call, STR("service_id"));
}

/* The body's members win over those of the query (8.1). */
const struct json *internal_parameter(const struct internal_call *call, struct str name)
{
	const struct json *sent = json_get(call->body, name);

	return sent != NULL ? sent : json_get(call->query, name);
}

const struct json *internal_object(struct internal_call *call, struct str name)
{
	const struct json *object = internal_parameter(call, name);

	if (!json_is_null(object) && object->kind == JSON_OBJECT)
		return object;
	internal_missing(call, name);
	return NULL;
}

struct str internal_text(const struct json *object, struct str name)
{
	const struct json *value = json_get(object, name);

	return json_is_null(value) ? str_of(NULL, 0) : json_scalar_text(value);
}

void internal_set(struct internal_call *call, struct json *object, struct str name, struct str text)
{
	json_set(object, name,
		 text.data != NULL ? json_new_str(call->arena, text)
				   : json_new(call->arena, JSON_NULL));
}

void internal_set_bool(struct internal_call *call, struct json *object, struct str name, bool value)
{
	json_set(object, name, json_new_bool(call->arena, value));
}

const struct profile *internal_profile(const struct internal_call *call)
{
	return call->backend->settings.profile;
}

void internal_echo(struct internal_call *call, struct json *object, const struct json *sent,
		   struct str name)
{
	const struct json *value = json_get(sent, name);

	json_set(object, name,
		 value != NULL ? json_copy(call->arena, value) : json_new(call->arena, JSON_NULL));
}

void internal_forget(struct internal_call *call, const struct memo_kind *kind, struct str a,
		     struct str b)
{
	memo_forget(call->backend->memo, kind, a, b, STR(""));
}

/* Parameters: of the query and of the body. */

static void read_query(struct internal_call *call, struct str text)
{
	struct http_query query;

	http_query_init(&query, call->arena);
	http_query_parse(&query, text);
	for (size_t i = 0; i < query.count; i++)
		json_set(call->query, query.items[i].name,
			 json_new_str(call->arena, query.items[i].value));
}

static bool read_body(struct internal_call *call, struct str bytes)
{
	if (parameter_strip(bytes).size == 0)
		return true;
	call->body = json_parse(call->arena, bytes, (size_t)call->backend->settings.body_bytes_max,
				NULL);
	return call->body != NULL;
}

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct internal_call *call = data;

	call->collector = NULL;
	if (result == HTTP_COLLECTED && read_body(call, bytes))
		call->route->handle(call);
	else
		internal_answer_with(call, 400, STR("error"), STR("error"),
				     json_new_str(call->arena, STR("the body is not JSON")));
}

/* The beginning. */

static void exchange_ended(struct http_exchange *exchange, bool complete)
{
	struct internal_call *call = exchange->data;

	(void)complete;
	call->is_gone = true;
	call->backend->exchanges--;
	if (call->collector == NULL) {
		backend_work_ended(call->backend);
		return;
	}
	http_body_collector_stop(call->collector);
	call->collector = NULL;
	end_call(call);
}

static bool is_authenticated(const struct internal_call *call)
{
	const struct settings *settings = &call->backend->settings;
	struct str field = http_fields_get(&call->exchange->request.fields, STR("Authorization"));
	struct str pair, user, password;
	bool user_fits, password_fits;

	if (settings->internal_user.size == 0 && settings->internal_password.size == 0)
		return true;
	if (field.size < 6 || !str_equal_nocase(str_slice(field, 0, 6), STR("Basic ")) ||
	    !base64_decode(call->arena, str_trim(str_skip(field, 6)), &pair))
		return false;
	str_split_once(pair, ':', &user, &password);
	user_fits = secret_equal(user, settings->internal_user);
	password_fits = secret_equal(password, settings->internal_password);
	return user_fits && password_fits;
}

static void answer_unauthenticated(struct internal_call *call)
{
	struct http_response response;

	http_response_init(&response, call->arena, 401);
	http_fields_add(&response.fields, STR("WWW-Authenticate"), STR("Basic realm=\"\""));
	respond(call, &response, STR(""));
}

static bool has_method(const struct internal_route *route, struct str method)
{
	return str_equal(method, route->method) ||
	       (str_equal(method, STR("HEAD")) && str_equal(route->method, STR("GET")));
}

/* A HEAD is a GET without its body. */
static const struct internal_route *find_route(struct internal_call *call, struct str path)
{
	struct str method = call->exchange->request.method;

	for (const struct internal_route *route = internal_routes; route->method.size > 0;
	     route++) {
		if (has_method(route, method) &&
		    (route->is_offered == NULL || route->is_offered(&call->backend->settings)) &&
		    http_route_match(route->pattern, path, call->arena, &call->path))
			return route;
	}
	return NULL;
}

static void handle_again(struct reader *reader, void *data)
{
	struct internal_call *call = data;

	(void)reader;
	call->route->handle(call);
}

void internal_api_requested(struct backend *backend, struct http_exchange *exchange,
			    struct str path, struct str query)
{
	struct internal_call *call = ARENA_NEW(exchange->arena, struct internal_call);

	call->backend = backend;
	call->exchange = exchange;
	call->arena = exchange->arena;
	call->query = json_new(call->arena, JSON_OBJECT);
	reader_init(&call->reader, backend->memo, call->arena, handle_again, call);
	exchange->data = call;
	exchange->ended = exchange_ended;
	http_exchange_hold(exchange);
	backend->requests++;
	backend->exchanges++;
	if (!is_authenticated(call)) {
		answer_unauthenticated(call);
		return;
	}
	call->route = find_route(call, path);
	if (call->route == NULL) {
		internal_not_found(call, STR("Not found"));
		return;
	}
	read_query(call, query);
	call->collector = http_body_collect(http_exchange_take_body(exchange),
					    (size_t)backend->settings.body_bytes_max, call->arena,
					    body_collected, call);
}
