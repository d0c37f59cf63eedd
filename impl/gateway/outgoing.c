#include "gateway/outgoing.h"

#include "gateway/gateway_internal.h"
#include "http/body.h"

static void call_answered(struct http_call *call, void *data)
{
	struct outgoing *outgoing = data;

	(void)call;
	outgoing->answered(outgoing, outgoing->data);
}

static void call_failed(struct http_call *call, void *data)
{
	struct outgoing *outgoing = data;

	(void)call;
	outgoing->failed(outgoing, outgoing->data);
}

static void start_call(struct outgoing *outgoing, struct str address)
{
	outgoing->options.connect_address = address;
	outgoing->call = http_call_start(outgoing->gateway->world, &outgoing->options,
					 call_answered, call_failed, outgoing);
	outgoing->options.body = NULL;
}

static void name_resolved(enum dns_status status, struct str address, void *data)
{
	struct outgoing *outgoing = data;

	if (status == DNS_OK) {
		start_call(outgoing, address);
		return;
	}
	outgoing->name_failed = true;
	outgoing->name_status = status;
	outgoing->failed(outgoing, outgoing->data);
}

void outgoing_start(struct outgoing *outgoing, struct gateway *gateway,
		    const struct http_call_options *options, struct str connect_to,
		    outgoing_event *answered, outgoing_event *failed, void *data)
{
	struct str address;

	*outgoing = (struct outgoing){
		.gateway = gateway,
		.options = *options,
		.answered = answered,
		.failed = failed,
		.data = data,
	};
	outgoing->options.verify_peer = gateway->settings.verify_peer;
	outgoing->options.ca_file = gateway->settings.ca_file;
	if (resolver_find(gateway->resolver, connect_to, &address, &outgoing->wait, name_resolved,
			  outgoing))
		start_call(outgoing, address);
}

void outgoing_stop(struct outgoing *outgoing)
{
	resolver_stop(&outgoing->wait);
	http_call_release(outgoing->call);
	outgoing->call = NULL;
	if (outgoing->options.body != NULL)
		http_body_consumer_release(outgoing->options.body);
	outgoing->options.body = NULL;
}

enum http_failure outgoing_failure(const struct outgoing *outgoing)
{
	if (outgoing->name_failed)
		return outgoing->name_status == DNS_NOT_FOUND ? HTTP_FAILURE_NAME_NOT_FOUND
							      : HTTP_FAILURE_NAME_TIMEOUT;
	return outgoing->call != NULL ? outgoing->call->failure : HTTP_FAILURE_NONE;
}
