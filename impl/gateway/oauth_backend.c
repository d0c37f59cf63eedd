#include "gateway/oauth_backend.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/url.h"
#include "gateway/config.h"
#include "gateway/gateway_internal.h"
#include "gateway/request.h"
#include "http/body.h"

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct oauth_backend *call = data;
	int status = call->outgoing.call->response.status;

	call->collector = NULL;
	call->answered(result == HTTP_COLLECTED ? status : 0, bytes, call->data);
}

static void call_answered(struct outgoing *outgoing, void *data)
{
	struct oauth_backend *call = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(outgoing->call), LIMIT_BACKEND_BODY_BYTES,
				  call->request->arena, body_collected, call);

	/* The request may be gone when it was answered at once. */
	if (collector != NULL)
		call->collector = collector;
}

static void call_failed(struct outgoing *outgoing, void *data)
{
	struct oauth_backend *call = data;
	struct str path, arguments; /* the service's own credential is a secret among these */

	str_split_once(outgoing->options.target, '?', &path, &arguments);
	LOG_CORE(&outgoing->gateway->log, LEVEL_ERROR, &call->request->subject, "%s",
		 outgoing_trouble(outgoing, path, call->request->arena).text);
	call->answered(0, STR(""), call->data);
}

/* What every call of the service has: the path before /transactions, and the arguments. */
static struct str target(const struct request *request, struct str path, struct str arguments)
{
	struct str start, fixed;

	str_split_once(request->service->backend.authrep, '?', &start, &fixed);
	return STR_CONCAT(request->arena,
			  str_slice(start, 0, str_find(start, STR("/transactions/"))), path,
			  STR("?"), fixed, arguments);
}

static void start(struct oauth_backend *call, struct request *request,
		  struct http_call_options *options, oauth_backend_answered *answered, void *data)
{
	const struct backend_endpoint *backend = &request->service->backend;

	*call = (struct oauth_backend){.request = request, .answered = answered, .data = data};
	http_fields_copy(&call->fields, request->arena, &backend->fields);
	if (options->body != NULL)
		http_fields_add(&call->fields, STR("Content-Type"),
				STR("application/x-www-form-urlencoded"));
	options->is_tls = backend->is_tls;
	options->host = backend->is_tls ? backend->host_header : backend->host;
	options->port = backend->is_mock ? request->gateway->echo_port : backend->port;
	options->fields = &call->fields;
	outgoing_start(&call->outgoing, request->gateway, options, backend->host, call_answered,
		       call_failed, call);
}

void oauth_backend_authorize(struct oauth_backend *call, struct request *request,
			     struct str arguments, oauth_backend_answered *answered, void *data)
{
	struct http_call_options options = {
		.method = STR("GET"),
		.target = target(request, STR("/transactions/oauth_authorize.xml"), arguments),
	};

	start(call, request, &options, answered, data);
}

void oauth_backend_store_token(struct oauth_backend *call, struct request *request, struct str form,
			       oauth_backend_answered *answered, void *data)
{
	struct str path = STR_CONCAT(request->arena, STR("/services/"),
				     url_encoded(request->arena, request->service->id),
				     STR("/oauth_access_tokens.xml"));
	struct http_call_options options = {
		.method = STR("POST"),
		.target = target(request, path, STR("")),
		.body = http_body_from_str(form),
	};

	if (str_has_suffix(options.target, STR("&")))
		options.target.size--;
	start(call, request, &options, answered, data);
}

void oauth_backend_stop(struct oauth_backend *call)
{
	if (call->request == NULL)
		return;
	http_body_collector_stop(call->collector);
	call->collector = NULL;
	outgoing_stop(&call->outgoing);
}
