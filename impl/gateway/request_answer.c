/* How a request is answered: header filters run, then the answer goes to the port. */
#include "gateway/request.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/secret.h"
#include "gateway/answer.h"
#include "gateway/gateway_internal.h"
#include "world/http_server.h"

static void run_header_filters(struct request *request)
{
	request->step = REQUEST_ANSWERED;
	phases_begin(request, PHASE_HEADER_FILTER);
	phases_run(request);
}

/* 6.1. The value is a secret of the service: compared in constant time. */
static bool asks_for_debug(const struct request *request)
{
	struct str value =
		http_fields_get(&request->exchange->request.fields, STR("X-3scale-debug"));

	return value.size > 0 && secret_equal(value, request->service->authentication_value);
}

static void prepare_answer(struct request *request)
{
	struct http_fields *fields = &request->response.fields;

	BUG_IF(request->step != REQUEST_RUNS_PHASES);
	http_fields_add(fields, STR("Server"), STR("openresty"));
	if (request->may_show_debug && asks_for_debug(request))
		answer_add_debug_fields(fields, request);
	run_header_filters(request);
	request->status = request->response.status;
}

void request_answer_text(struct request *request, int status, struct str content_type,
			 struct str body)
{
	/* Nobody wants the rest of the body: the port may discard it before it answers. */
	form_stop(&request->form);
	http_response_init(&request->response, request->arena, status);
	if (content_type.size > 0)
		http_fields_add(&request->response.fields, STR("Content-Type"), content_type);
	if (request->retry_after.size > 0)
		http_fields_add(&request->response.fields, STR("Retry-After"),
				request->retry_after);
	prepare_answer(request);
	http_exchange_respond_str(request->exchange, &request->response, body);
	request_answer_is_made(request);
}

void request_answer_empty(struct request *request, int status)
{
	request_answer_text(request, status, STR(""), STR(""));
}

void request_answer_kind(struct request *request, enum answer_kind kind)
{
	const struct answer_text *text = &request->service->answers[kind];

	LOG(&request->gateway->log, LEVEL_INFO, &request->subject, "%s for service %.*s",
	    answer_kind_text(kind), STR_ARG(request->service->id));
	request_answer_text(request, text->status, text->content_type, text->body);
}

void request_answer_page(struct request *request, int status)
{
	request_answer_text(request, status, STR("text/html"), answer_page(status, request->arena));
}

void request_answer_redirect(struct request *request, struct str location)
{
	struct http_fields *fields = &request->response.fields;

	BUG_IF(!http_is_field_value(location));
	form_stop(&request->form);
	http_response_init(&request->response, request->arena, 302);
	http_fields_add(fields, STR("Content-Type"), STR("text/html"));
	http_fields_add(fields, STR("Location"), location);
	prepare_answer(request);
	http_exchange_respond_str(request->exchange, &request->response,
				  answer_page(302, request->arena));
	request_answer_is_made(request);
}

void request_answer_body(struct request *request, struct http_body *body)
{
	prepare_answer(request);
	http_exchange_respond(request->exchange, &request->response, body);
	request_answer_is_made(request);
}

void request_answer_upgrade(struct request *request, struct http_body *body,
			    struct http_body *incoming)
{
	prepare_answer(request);
	http_exchange_upgrade(request->exchange, &request->response, body, incoming);
	request_answer_is_made(request);
}
