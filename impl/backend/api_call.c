#include "backend/api_call.h"

#include "backend/answer_xml.h"
#include "backend/backend_internal.h"
#include "backend/integration_errors.h"
#include "backend/notifications.h"
#include "backend/profile.h"
#include "backend/request_log.h"
#include "base/arena.h"
#include "base/bug.h"

/* Life. */

static void end_call(struct api_call *call)
{
	struct backend *backend = call->backend;

	reader_release(&call->reader);
	http_exchange_release(call->exchange);
	backend->requests--;
	backend_work_ended(backend);
}

static void run_steps(struct api_call *call);

static void resumed(struct reader *reader, void *data)
{
	(void)reader;
	run_steps(data);
}

static void exchange_ended(struct http_exchange *exchange, bool complete)
{
	struct api_call *call = exchange->data;

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

/* The body first, as far as the endpoint wants one. */

static void refuse_empty(struct api_call *call, int status)
{
	api_call_answer(call, status, STR(""));
}

/* 2.5: there may be no body, but an empty one is none. */
static void asked_with_body(enum http_collect_result result, struct str bytes, void *data)
{
	struct api_call *call = data;

	call->collector = NULL;
	if (result == HTTP_COLLECTED && bytes.size == 0)
		run_steps(call);
	else
		refuse_empty(call, 403);
}

static void reported_with_body(enum http_collect_result result, struct str bytes, void *data)
{
	struct api_call *call = data;

	call->collector = NULL;
	call->body = bytes;
	if (result == HTTP_COLLECTED)
		run_steps(call);
	else
		api_call_refuse(call, API_QUERY_TOO_LARGE,
				str_format(call->arena, "%lld",
					   (long long)call->backend->settings.body_bytes_max),
				STR(""));
}

static bool takes_body(const struct api_endpoint *endpoint)
{
	return endpoint->is_authorization || !str_equal(endpoint->method, STR("GET"));
}

static void take_body(struct api_call *call)
{
	bool is_asked = call->endpoint->is_authorization;
	struct http_body *body =
		takes_body(call->endpoint) ? http_exchange_take_body(call->exchange) : NULL;

	if (body == NULL) {
		run_steps(call);
		return;
	}
	if (is_asked && http_body_length(body) > 0) {
		http_body_consumer_release(body);
		refuse_empty(call, 403);
		return;
	}
	call->collector = http_body_collect(
		body, is_asked ? 1 : (size_t)call->backend->settings.body_bytes_max, call->arena,
		is_asked ? asked_with_body : reported_with_body, call);
}

void api_call_begin(struct backend *backend, struct http_exchange *exchange,
		    const struct api_endpoint *endpoint, const struct http_route_parameters *path)
{
	struct api_call *call = ARENA_NEW(exchange->arena, struct api_call);

	call->backend = backend;
	call->exchange = exchange;
	call->arena = exchange->arena;
	call->endpoint = endpoint;
	call->step = endpoint->steps;
	reader_init(&call->reader, backend->memo, call->arena, resumed, call);
	parameters_init(&call->parameters, call->arena, backend->hash_seed,
			backend->settings.profile);
	if (path != NULL)
		call->path = *path;
	api_call_read_options(call);
	exchange->data = call;
	exchange->ended = exchange_ended;
	http_exchange_hold(exchange);
	backend->requests++;
	backend->exchanges++;
	take_body(call);
}

/* Steps. */

static void run_steps(struct api_call *call)
{
	for (;;) {
		BUG_IF(*call->step == NULL);
		switch ((*call->step)(call)) {
		case API_STEP_NEXT:
			call->step++;
			break;
		case API_STEP_WAIT:
		case API_STEP_END:
			return;
		}
	}
}

enum api_step_result api_call_missing(struct api_call *call, enum memo_result result)
{
	return result == MEMO_WAIT ? API_STEP_WAIT : api_call_fail(call);
}

static void batch_over(struct batch *batch, void *data)
{
	struct api_call *call = data;

	if (batch->has_failed)
		api_call_fail(call);
	else
		run_steps(call);
}

void api_call_await(struct api_call *call)
{
	call->step++;
	batch_begin(&call->batch, call->arena, batch_over, call);
}

enum api_step_result api_call_awaited(struct api_call *call)
{
	batch_end(&call->batch);
	return API_STEP_WAIT;
}

/* Answers. */

static void begin_response(struct http_response *response, struct arena *arena, int status)
{
	http_response_init(response, arena, status);
	http_fields_add(&response->fields, STR("Content-Type"),
			STR("application/vnd.3scale-v2.0+xml"));
	http_fields_add(&response->fields, STR("Access-Control-Allow-Origin"), STR("*"));
	http_fields_add(&response->fields, STR("Access-Control-Expose-Headers"),
			STR("ETag, Link, 3scale-rejection-reason"));
	http_fields_add(&response->fields, STR("X-Content-Type-Options"), STR("nosniff"));
}

void api_response_init(struct http_response *response, const struct backend *backend,
		       struct arena *arena, int status)
{
	begin_response(response, arena, status);
	if (backend->settings.profile->has_content_security_policy)
		http_fields_add(&response->fields, STR("Content-Security-Policy"),
				STR("default-src 'self'"));
}

void api_respond(struct backend *backend, struct http_exchange *exchange,
		 struct http_response *response, struct str body, struct str form)
{
	if (str_equal(exchange->request.method, STR("HEAD")))
		http_fields_add(&response->fields, STR("Content-Length"),
				str_format(exchange->arena, "%zu", body.size));
	request_log_write(backend, exchange, response->status, body.size, form);
	http_exchange_respond_str(exchange, response, body);
}

enum api_step_result api_call_answer_fields(struct api_call *call, struct http_response *response,
					    struct str body)
{
	if (!call->is_gone)
		api_respond(call->backend, call->exchange, response, body, call->body);
	end_call(call);
	return API_STEP_END;
}

enum api_step_result api_call_answer(struct api_call *call, int status, struct str body)
{
	struct http_response response;

	api_response_init(&response, call->backend, call->arena, status);
	return api_call_answer_fields(call, &response, body);
}

/* 4.6: with no_body the status alone, but not for what could not even be read. */
static bool has_document(const struct api_call *call, enum api_error_code code)
{
	switch ((int)code) {
	case API_BAD_REQUEST:
	case API_BAD_PERCENT_CODING:
	case API_NOT_VALID_DATA:
	case API_QUERY_TOO_LARGE:
	case API_TOO_MANY_PARAMETERS:
		return true;
	default:
		return !call->extensions.no_body;
	}
}

static int status_of(const struct api_call *call, enum api_error_code code)
{
	return code == API_NOT_VALID_DATA ? call->backend->settings.profile->not_valid_data_status
					  : api_error_status(code);
}

/* 7.3: of the calls that report, these alone are noted although they failed. */
static bool is_noted(enum api_error_code code)
{
	return code == API_APPLICATION_NOT_FOUND || code == API_APPLICATION_ID_MISSING ||
	       code == API_USER_NOT_DEFINED;
}

enum api_step_result api_call_refuse(struct api_call *call, enum api_error_code code,
				     struct str first, struct str second)
{
	struct api_error error = {code, first, second};
	struct str message = api_error_message(call->arena, &error), body = STR("");
	struct http_response response;

	if (call->service != NULL && call->endpoint->is_authorization)
		integration_error_of_call(call, code, message);
	if (call->endpoint->does_report && is_noted(code))
		notify_authorize(call->backend, call->provider_key);
	if (has_document(call, code))
		body = answer_error(call->backend, call->arena, code, message);
	begin_response(&response, call->arena, status_of(call, code));
	return api_call_answer_fields(call, &response, body);
}

/* 4.7: nothing of the inside is told. */
enum api_step_result api_call_fail(struct api_call *call)
{
	struct http_response response;

	http_response_init(&response, call->arena, 500);
	http_fields_add(&response.fields, STR("Content-Type"), STR("text/plain"));
	return api_call_answer_fields(call, &response, STR("Internal Server Error\n"));
}
