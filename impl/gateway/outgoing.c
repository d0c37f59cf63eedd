#include "gateway/outgoing.h"

#include "base/arena.h"
#include "gateway/gateway_internal.h"
#include "http/body.h"

#define WHILE_CONNECTING " while connecting to upstream"
#define WHILE_READING_HEAD " while reading response header from upstream"
#define WHILE_HANDSHAKING " while SSL handshaking to upstream"

/* What a client gets and the log says when there is no answer (5.4). status 0: nobody is left to
 * get one. */
static const struct outgoing_trouble troubles[] = {
	[HTTP_FAILURE_NONE] = {0, ""},
	[HTTP_FAILURE_NAME_NOT_FOUND] = {503, "could not select peer: empty peers"},
	[HTTP_FAILURE_NAME_TIMEOUT] = {503, "could not select peer: empty peers"},
	[HTTP_FAILURE_CONNECT_REFUSED] =
		{502, "connect() failed (111: Connection refused)" WHILE_CONNECTING},
	[HTTP_FAILURE_CONNECT_TIMEOUT] =
		{504, "upstream timed out (110: Connection timed out)" WHILE_CONNECTING},
	[HTTP_FAILURE_UNREACHABLE] = {502,
				      "connect() failed (113: No route to host)" WHILE_CONNECTING},
	[HTTP_FAILURE_TLS] = {502, "SSL_do_handshake() failed" WHILE_HANDSHAKING},
	[HTTP_FAILURE_TLS_UNTRUSTED] =
		{502, "upstream SSL certificate verify error: "
		      "(20:unable to get local issuer certificate)" WHILE_HANDSHAKING},
	[HTTP_FAILURE_TLS_EXPIRED] = {502, "upstream SSL certificate verify error: "
					   "(10:certificate has expired)" WHILE_HANDSHAKING},
	[HTTP_FAILURE_TLS_NAME] =
		{502, "upstream SSL certificate does not match the name" WHILE_HANDSHAKING},
	[HTTP_FAILURE_RESET] = {502,
				"recv() failed (104: Connection reset by peer)" WHILE_READING_HEAD},
	[HTTP_FAILURE_CLOSED] = {502, "upstream prematurely closed connection" WHILE_READING_HEAD},
	[HTTP_FAILURE_TIMEOUT] =
		{504, "upstream timed out (110: Connection timed out)" WHILE_READING_HEAD},
	[HTTP_FAILURE_PROTOCOL] = {502, "upstream sent invalid header" WHILE_READING_HEAD},
	[HTTP_FAILURE_REQUEST_BODY] = {0, ""},
};

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

const struct outgoing_trouble *outgoing_trouble(const struct outgoing *outgoing)
{
	return &troubles[outgoing_failure(outgoing)];
}

struct str outgoing_url(const struct outgoing *outgoing, struct str uri, struct arena *arena)
{
	const struct http_call *call = outgoing->call;

	if (call == NULL)
		return STR("");
	return str_format(arena, "%s://%.*s:%u%.*s", outgoing->options.is_tls ? "https" : "http",
			  STR_ARG(call->peer_address), (unsigned)call->peer_port, STR_ARG(uri));
}
