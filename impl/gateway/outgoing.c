#include "gateway/outgoing.h"

#include "base/arena.h"
#include "base/list.h"
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
	[HTTP_FAILURE_HEAD_TOO_BIG] = {502, "upstream sent too big header" WHILE_READING_HEAD},
	[HTTP_FAILURE_TUNNEL] = {502, ""},
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

static void start_call(struct outgoing *outgoing)
{
	outgoing->call = http_call_start(outgoing->gateway->world, &outgoing->options,
					 call_answered, call_failed, outgoing);
	outgoing->options.body = NULL;
}

static void name_failed(struct outgoing *outgoing, enum dns_status status)
{
	outgoing->name_failed = true;
	outgoing->name_status = status;
	outgoing->failed(outgoing, outgoing->data);
}

/* Through a proxy. */

static struct str without_port(struct str authority)
{
	size_t colon = str_find_last_char(authority, ':');
	size_t bracket = str_find_last_char(authority, ']');

	return colon != STR_NOT_FOUND && (bracket == STR_NOT_FOUND || colon > bracket)
		       ? str_slice(authority, 0, colon)
		       : authority;
}

/* The request in the form for proxies: the address in the target, the name in Host. */
static void ask_in_absolute_form(struct outgoing *outgoing, struct str address)
{
	struct http_call_options *options = &outgoing->options;
	const struct http_fields *fields = options->fields;
	bool is_ip6 = str_find_char(options->connect_address, ':') != STR_NOT_FOUND;
	struct str host =
		fields != NULL ? http_fields_get(fields, STR("Host")) : STR(""); /* of ours */

	http_fields_init(&outgoing->fields, outgoing->arena);
	http_fields_add(&outgoing->fields, STR("Host"),
			without_port(host.size > 0 ? host : options->host));
	for (size_t i = 0; fields != NULL && i < fields->count; i++) {
		if (!str_equal_nocase(fields->items[i].name, STR("Host")))
			http_fields_add(&outgoing->fields, fields->items[i].name,
					fields->items[i].value);
	}
	options->target =
		str_format(outgoing->arena, is_ip6 ? "http://[%.*s]:%u%.*s" : "http://%.*s:%u%.*s",
			   STR_ARG(options->connect_address), (unsigned)options->port,
			   STR_ARG(options->target));
	options->fields = &outgoing->fields;
	options->host = outgoing->proxy->host;
	options->connect_address = address;
	options->port = outgoing->proxy->port;
}

static void go_through_proxy(struct outgoing *outgoing, struct str address)
{
	if (outgoing->options.is_tls) {
		outgoing->options.tunnel_address = address;
		outgoing->options.tunnel_port = outgoing->proxy->port;
	} else {
		ask_in_absolute_form(outgoing, address);
	}
	start_call(outgoing);
}

static void proxy_resolved(enum dns_status status, struct str address, void *data)
{
	struct outgoing *outgoing = data;

	outgoing->proxy_is_out_of_reach = status != DNS_OK;
	if (status == DNS_OK)
		go_through_proxy(outgoing, address);
	else
		name_failed(outgoing, status);
}

/* What cannot be tried fails later, as the callers expect. */
static void refuse(struct task *task)
{
	struct outgoing *outgoing = LIST_ENTRY(task, struct outgoing, refusal);

	outgoing->failed(outgoing, outgoing->data);
}

static void find_proxy(struct outgoing *outgoing)
{
	struct resolver *resolver = outgoing->gateway->resolver;
	struct str address;

	if (!outgoing->proxy->is_supported) {
		outgoing->proxy_is_out_of_reach = true;
		world_defer(outgoing->gateway->world, &outgoing->refusal, refuse);
	} else if (resolver_find(resolver, outgoing->proxy->host, &address, &outgoing->wait,
				 proxy_resolved, outgoing)) {
		go_through_proxy(outgoing, address);
	}
}

/* The target. */

static void use_address(struct outgoing *outgoing, struct str address)
{
	outgoing->options.connect_address = address;
	if (outgoing->proxy == NULL) {
		start_call(outgoing);
		return;
	}
	/* It must outlive the search for the proxy's. */
	outgoing->arena = arena_create();
	outgoing->address = str_copy(outgoing->arena, address);
	outgoing->port = outgoing->options.port;
	outgoing->options.connect_address = outgoing->address;
	find_proxy(outgoing);
}

static void name_resolved(enum dns_status status, struct str address, void *data)
{
	struct outgoing *outgoing = data;

	if (status == DNS_OK)
		use_address(outgoing, address);
	else
		name_failed(outgoing, status);
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
	outgoing->proxy = network_proxy(&gateway->settings.network, options->is_tls, connect_to);
	if (connect_to.size == 0) {
		outgoing->name_failed = true;
		outgoing->name_status = DNS_NOT_FOUND;
		world_defer(gateway->world, &outgoing->refusal, refuse);
		return;
	}
	if (resolver_find(gateway->resolver, connect_to, &address, &outgoing->wait, name_resolved,
			  outgoing))
		use_address(outgoing, address);
}

void outgoing_stop(struct outgoing *outgoing)
{
	resolver_stop(&outgoing->wait);
	list_remove(&outgoing->refusal.link);
	http_call_release(outgoing->call);
	outgoing->call = NULL;
	outgoing->address = STR("");
	if (outgoing->options.body != NULL)
		http_body_consumer_release(outgoing->options.body);
	outgoing->options.body = NULL;
	arena_destroy(outgoing->arena);
	outgoing->arena = NULL;
}

enum http_failure outgoing_failure(const struct outgoing *outgoing)
{
	if (outgoing->name_failed)
		return outgoing->name_status == DNS_NOT_FOUND ? HTTP_FAILURE_NAME_NOT_FOUND
							      : HTTP_FAILURE_NAME_TIMEOUT;
	return outgoing->call != NULL ? outgoing->call->failure : HTTP_FAILURE_NONE;
}

static const char *proxy_reason(const struct outgoing *outgoing, struct arena *arena)
{
	if (!outgoing->proxy->is_supported)
		return "proxy connection supports only http";
	return str_cstr(arena, http_failure_text(outgoing_failure(outgoing)));
}

static bool proxy_is_out_of_reach(const struct outgoing *outgoing)
{
	switch (outgoing_failure(outgoing)) {
	case HTTP_FAILURE_CONNECT_REFUSED:
	case HTTP_FAILURE_CONNECT_TIMEOUT:
	case HTTP_FAILURE_UNREACHABLE:
		return true;
	default:
		return outgoing->proxy_is_out_of_reach;
	}
}

/* 5.7 */
static struct outgoing_trouble proxy_trouble(const struct outgoing *outgoing, struct str uri,
					     struct arena *arena)
{
	const char *reason = proxy_reason(outgoing, arena);
	struct str text;

	if (proxy_is_out_of_reach(outgoing)) {
		text = str_format(arena, "could not connect to proxy: %.*s err: %s",
				  STR_ARG(outgoing->proxy->url), reason);
		return (struct outgoing_trouble){503, str_cstr(arena, text)};
	}
	text = str_format(arena, "failed to proxy request to: %.*s err : %s",
			  STR_ARG(outgoing_url(outgoing, uri, arena)), reason);
	return (struct outgoing_trouble){502, str_cstr(arena, text)};
}

struct outgoing_trouble outgoing_trouble(const struct outgoing *outgoing, struct str uri,
					 struct arena *arena)
{
	const struct outgoing_trouble *trouble = &troubles[outgoing_failure(outgoing)];
	bool is_proxys = outgoing->proxy != NULL &&
			 (trouble->status != 0 || outgoing->proxy_is_out_of_reach) &&
			 (!outgoing->name_failed || outgoing->proxy_is_out_of_reach);

	return is_proxys ? proxy_trouble(outgoing, uri, arena) : *trouble;
}

struct str outgoing_url(const struct outgoing *outgoing, struct str uri, struct arena *arena)
{
	const struct http_call *call = outgoing->call;
	struct str address = outgoing->address;
	unsigned port = outgoing->port;

	if (address.size == 0 && call != NULL) {
		address = call->peer_address;
		port = call->peer_port;
	}
	if (address.size == 0)
		return STR("");
	return str_format(arena, "%s://%.*s:%u%.*s", outgoing->options.is_tls ? "https" : "http",
			  STR_ARG(address), port, STR_ARG(uri));
}
