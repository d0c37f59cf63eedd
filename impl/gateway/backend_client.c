#include "gateway/backend_client.h"

#include "base/arena.h"
#include "base/limits.h"
#include "gateway/config.h"
#include "gateway/gateway_internal.h"
#include "gateway/metrics.h"
#include "http/body.h"

#define SHOWN_BODY_BYTES 1024 /* in the log */

enum backend_verdict backend_verdict_of(int status, const struct http_fields *fields)
{
	struct str most;

	if (status == 200)
		return VERDICT_AUTHORIZED;
	if (status == 0 || status >= 499)
		return VERDICT_UNAVAILABLE;
	if (!str_equal(http_fields_get(fields, STR("3scale-rejection-reason")),
		       STR("limits_exceeded")))
		return VERDICT_DENIED;
	/* A limit of nothing is a disabled metric (4.6). */
	most = http_fields_get(fields, STR("3scale-limit-max-value"));
	return str_equal(most, STR("0")) ? VERDICT_DENIED : VERDICT_LIMITS_EXCEEDED;
}

/* A limit that ended meanwhile has nothing to wait for (12.2 A11). */
static struct str retry_after_of(const struct http_fields *fields)
{
	struct str reset = http_fields_get(fields, STR("3scale-limit-reset"));
	int64_t seconds;

	return str_to_int64(reset, &seconds) && seconds >= 0 ? reset : STR("");
}

/* Path and fixed arguments. */
static struct str call_start(const struct backend_call *call)
{
	const struct backend_endpoint *backend = &call->service->backend;

	switch (call->kind) {
	case BACKEND_AUTHREP:
		return backend->authrep;
	case BACKEND_AUTHORIZE:
		return backend->authorize;
	case BACKEND_REPORT:
	case BACKEND_ENDPOINTS:
		break;
	}
	return backend->report;
}

/* The service's own credential is a secret: it is left out. */
static struct str uri_for_log(const struct backend_call *call)
{
	struct str path, fixed_arguments;

	str_split_once(call_start(call), '?', &path, &fixed_arguments);
	return STR_CONCAT(call->arena, path, STR("?service_id="), call->service->id,
			  call->arguments.size > 0 ? STR("&") : STR(""), call->arguments);
}

static struct str url_for_log(const struct backend_call *call)
{
	const struct backend_endpoint *backend = &call->service->backend;
	unsigned port = backend->is_mock ? call->outgoing.gateway->echo_port : backend->port;

	return STR_CONCAT(call->arena, backend->is_tls ? STR("https://") : STR("http://"),
			  backend->host, str_format(call->arena, ":%u", port), uri_for_log(call));
}

static void call_is_over(struct backend_call *call, const char *error)
{
	struct gateway *gateway = call->outgoing.gateway;

	call->is_running = false;
	metrics_count_backend_call(gateway->metrics, call->kind, call->status);
	LOG(&gateway->log, LEVEL_INFO, call->subject,
	    "backend client uri: %s ok: %s status: %d body: %s error: %s",
	    log_text(call->arena, url_for_log(call)), call->status != 0 ? "true" : "false",
	    call->status, log_text(call->arena, call->shown_body), error);
	call->answered(call, call->data);
}

/* What backend says stands in its head. The body is read to its end for the sake of the connection,
 * which is kept for the next call. */
static void body_readable(struct http_body *body, void *data)
{
	struct backend_call *call = data;
	bool keeps_body = call->outgoing.gateway->log.level >= LEVEL_INFO;

	while (http_body_waiting(body) > 0) {
		struct str bytes = http_body_peek(body);

		if (keeps_body && call->shown_body.size < SHOWN_BODY_BYTES)
			call->shown_body =
				str_slice(STR_CONCAT(call->arena, call->shown_body, bytes), 0,
					  SHOWN_BODY_BYTES);
		call->body_bytes += bytes.size;
		http_body_consume(body, bytes.size);
	}
	if (!http_body_is_ended(body) && !http_body_is_failed(body) &&
	    call->body_bytes <= LIMIT_BACKEND_BODY_BYTES)
		return;
	http_body_on_readable(body, NULL, NULL);
	call_is_over(call, "nil");
}

static void call_answered(struct outgoing *outgoing, void *data)
{
	struct backend_call *call = data;
	struct http_response *response = &outgoing->call->response;

	call->status = response->status;
	call->verdict = backend_verdict_of(response->status, &response->fields);
	call->retry_after = str_copy(call->arena, retry_after_of(&response->fields));
	if (outgoing->call->body == NULL)
		call_is_over(call, "nil");
	else
		http_body_on_readable(outgoing->call->body, body_readable, call);
}

static void call_failed(struct outgoing *outgoing, void *data)
{
	struct backend_call *call = data;
	struct log_subject subject = *call->subject;
	struct str uri = uri_for_log(call);
	const char *trouble = outgoing_trouble(outgoing, uri, call->arena).text;

	subject.subrequest = STR("/___http_call");
	subject.upstream = outgoing_url(outgoing, uri, call->arena);
	LOG_CORE(&outgoing->gateway->log, LEVEL_ERROR, &subject, "%s", trouble);
	call->verdict = VERDICT_UNAVAILABLE;
	call_is_over(call, trouble);
}

void backend_call_start(struct backend_call *call, struct gateway *gateway, struct str text)
{
	const struct backend_endpoint *backend = &call->service->backend;
	bool is_report = call->kind == BACKEND_REPORT;
	struct http_call_options options = {
		.method = is_report ? STR("POST") : STR("GET"),
		.is_tls = backend->is_tls,
		/* With TLS the Host header is the name to be proven (4.1). */
		.host = backend->is_tls ? backend->host_header : backend->host,
		.port = backend->is_mock ? gateway->echo_port : backend->port,
		.target = is_report ? backend->report
				    : STR_CONCAT(call->arena, call_start(call), text),
		.fields = call->fields != NULL ? call->fields
			  : is_report          ? &backend->report_fields
					       : &backend->fields,
		.body = is_report ? http_body_from_str(text) : NULL,
		/* It counts, and may have done so before the connection died (4.3). */
		.is_sent_once = call->kind == BACKEND_AUTHREP,
	};

	call->arguments = is_report ? STR("") : text;
	call->is_running = true;
	outgoing_start(&call->outgoing, gateway, &options, backend->host, call_answered,
		       call_failed, call);
}

void backend_call_stop(struct backend_call *call)
{
	struct http_call *under_way = call->outgoing.call;

	if (call->outgoing.gateway == NULL)
		return;
	if (under_way != NULL && under_way->body != NULL)
		http_body_on_readable(under_way->body, NULL, NULL);
	outgoing_stop(&call->outgoing);
	call->is_running = false;
}
