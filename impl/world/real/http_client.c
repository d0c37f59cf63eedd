/* Calls: from the component's options to an answer or a failure. */
#include "world/http_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"
#include "base/url.h"
#include "world/real/dns_internal.h"
#include "world/real/http_client_internal.h"

#define TIMEOUT_DEFAULT_MS 60000
#define POOLED_MAX 256
#define HEAD_BYTES_MAX ((size_t)1024 * 1024) /* of a request; who asks has bounds of its own */
#define HEAD_BYTES_KEPT ((size_t)16 * 1024)

static struct call *call_of(struct http_call *public)
{
	return (struct call *)public;
}

/* Work. */

static void port_work(struct task *task);

void http_client_wants_turn(struct http_client_port *port)
{
	loop_at_turn_end(port->real->loop, TURN_CALLS, &port->task, port_work);
}

void call_wants_work(struct call *call)
{
	struct http_client_port *port = call->port;

	if (!list_is_linked(&call->work))
		list_append(&port->working, &call->work);
	http_client_wants_turn(port);
}

/* Time. The timer is not moved at every sign of progress: when it fires too early it is set anew.
 */

static void timeout_fired(struct timer *timer);

static void call_set_deadline(struct call *call, int64_t delay_us)
{
	int64_t now = loop_monotonic_us(call->port->real->loop);

	call->deadline_us = now + delay_us;
	if (!timer_is_running(&call->timeout) || call->timeout.node.due > call->deadline_us)
		timer_start(&call->port->real->world, &call->timeout, delay_us, timeout_fired);
}

static enum http_failure timeout_failure(const struct call *call)
{
	if (call->query != NULL)
		return HTTP_FAILURE_NAME_TIMEOUT;
	return call->is_connected ? HTTP_FAILURE_TIMEOUT : HTTP_FAILURE_CONNECT_TIMEOUT;
}

static int64_t patience_us(const struct call *call)
{
	bool is_sending = call->upload != NULL && !http_body_is_ended(call->upload);

	return is_sending ? call->send_timeout_us : call->idle_timeout_us;
}

/* Who waits for our own side to read or to write has not stalled; what was sent meanwhile is not
 * told, but changes how long it may take. */
static void timeout_fired(struct timer *timer)
{
	struct call *call = LIST_ENTRY(timer, struct call, timeout);
	int64_t now = loop_monotonic_us(call->port->real->loop);

	if (call->is_upload_paused || call->is_download_paused)
		call->progressed_us = now;
	if (call->is_connected)
		call->deadline_us = call->progressed_us + patience_us(call);
	if (now < call->deadline_us)
		timer_start(&call->port->real->world, timer, call->deadline_us - now,
			    timeout_fired);
	else
		call_over(call, timeout_failure(call));
}

void call_made_progress(struct call *call)
{
	int64_t patience = patience_us(call);

	call->progressed_us = loop_monotonic_us(call->port->real->loop);
	call->deadline_us = call->progressed_us + patience;
	if (call->timeout.node.due > call->deadline_us)
		call_set_deadline(call, patience);
}

/* The end. */

enum http_failure call_connect_failure(long number)
{
	static const struct {
		long number;
		enum http_failure failure;
	} failures[] = {
		{ECONNREFUSED, HTTP_FAILURE_CONNECT_REFUSED},
		{ETIMEDOUT, HTTP_FAILURE_CONNECT_TIMEOUT},
		{ECONNRESET, HTTP_FAILURE_RESET},
		{EHOSTUNREACH, HTTP_FAILURE_UNREACHABLE},
		{ENETUNREACH, HTTP_FAILURE_UNREACHABLE},
		{EHOSTDOWN, HTTP_FAILURE_UNREACHABLE},
		{ENETDOWN, HTTP_FAILURE_UNREACHABLE},
		{EACCES, HTTP_FAILURE_UNREACHABLE},
		{EINVAL, HTTP_FAILURE_UNREACHABLE},
	};

	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		if (failures[i].number == number)
			return failures[i].failure;
	}
	return HTTP_FAILURE_CONNECT_REFUSED;
}

void call_over(struct call *call, enum http_failure failure)
{
	if (call->is_over)
		return;
	call->is_over = true;
	call->failure = failure;
	timer_stop(&call->timeout);
	call_wants_work(call);
}

static void let_go_of_upload(struct call *call)
{
	struct http_body *upload = call->upload;

	if (upload == NULL)
		return;
	call->upload = NULL;
	http_body_on_readable(upload, NULL, NULL);
	http_body_consumer_release(upload);
}

static void let_go_of_download(struct call *call, bool complete)
{
	struct http_body *download = call->download;

	if (download == NULL)
		return;
	call->download = NULL;
	http_body_on_writable(download, NULL, NULL);
	if (complete)
		http_body_end(download);
	http_body_producer_release(download);
}

/* What Content-Length promised is complete, whatever the connection still does. */
void call_received(struct call *call, size_t count)
{
	call->bytes_received += (int64_t)count;
	if (call->download != NULL && call->bytes_received == http_body_length(call->download))
		let_go_of_download(call, true);
}

/* Everything but the memory that the component may still look at. */
static void call_let_go(struct call *call)
{
	bool complete = call->is_over && call->failure == HTTP_FAILURE_NONE;

	if (call->query != NULL)
		dns_cancel(&call->port->real->world, call->query);
	call->query = NULL;
	timer_stop(&call->timeout);
	plain_stop(call);
	transfer_stop(call);
	let_go_of_upload(call);
	let_go_of_download(call, complete);
}

static void call_free(struct call *call)
{
	if (call->handle != NULL)
		curl_easy_cleanup(call->handle);
	strbuf_free(&call->head);
	arena_destroy(call->arena);
	free(call);
}

static void call_recycle(struct call *call)
{
	struct http_client_port *port = call->port;
	struct arena *arena = call->arena;
	struct strbuf head;

	call_let_go(call);
	list_remove(&call->work);
	list_remove(&call->link);
	if (port->calls_free_count >= POOLED_MAX) {
		call_free(call);
		return;
	}
	arena_reset(arena);
	if (call->head.capacity > HEAD_BYTES_KEPT)
		strbuf_free(&call->head);
	strbuf_clear(&call->head);
	head = call->head;
	*call = (struct call){.arena = arena, .port = port, .handle = call->handle, .head = head};
	list_append(&port->calls_free, &call->link);
	port->calls_free_count++;
}

static void call_finish(struct call *call)
{
	call->public.failure = call->failure;
	if (call->is_answered) {
		call_let_go(call);
		return;
	}
	call_let_go(call);
	call->is_answered = true;
	call->failed(&call->public, call->data);
}

static void call_work(struct call *call)
{
	if (call->is_released) {
		call_recycle(call);
		return;
	}
	if (call->wants_start && !call->is_over) {
		call->wants_start = false;
		(call_is_plain(call) ? plain_start : transfer_start)(call);
	}
	if (call->is_head_complete && !call->is_answered) {
		call->is_answered = true;
		call->public.answered_us = loop_monotonic_us(call->port->real->loop);
		call->answered(&call->public, call->data);
		if (call->is_released)
			return;
	}
	if (call->is_over) {
		call_finish(call);
	} else if (call->wants_go_on) {
		call->wants_go_on = false;
		(call_is_plain(call) ? plain_go_on : transfer_go_on)(call);
	}
}

static void port_work(struct task *task)
{
	struct http_client_port *port = LIST_ENTRY(task, struct http_client_port, task);
	struct list_link *link;

	pool_serve(&port->pool);
	while ((link = list_take_first(&port->working)) != NULL)
		call_work(LIST_ENTRY(link, struct call, work));
	multi_serve(port);
	if (!list_is_empty(&port->working) || port->is_due)
		loop_at_turn_end(port->real->loop, TURN_CALLS, task, port_work);
}

/* The component's side. */

static void call_release(struct http_call *public)
{
	struct call *call = call_of(public);
	struct http_body *body = http_call_take_body(public);

	BUG_IF(call->is_released);
	call->is_released = true;
	if (body != NULL)
		http_body_consumer_release(body);
	let_go_of_upload(call);
	call_wants_work(call);
}

static const struct http_call_ops call_ops = {.release = call_release};

static struct http_client_port *port_of(struct real_world *real)
{
	struct http_client_port *port = real->http_client;

	if (port != NULL)
		return port;
	port = MEMORY_NEW(struct http_client_port);
	port->real = real;
	list_init(&port->working);
	list_init(&port->calls);
	list_init(&port->calls_free);
	pool_open(&port->pool, port);
	multi_open(port);
	real->http_client = port;
	return port;
}

static struct call *call_take(struct http_client_port *port)
{
	struct list_link *link = list_take_first(&port->calls_free);
	struct call *call;

	if (link != NULL) {
		port->calls_free_count--;
		call = LIST_ENTRY(link, struct call, link);
	} else {
		call = MEMORY_NEW(struct call);
		call->arena = arena_create();
		strbuf_init(&call->head, HEAD_BYTES_MAX);
		call->port = port;
	}
	list_append(&port->calls, &call->link);
	return call;
}

/* Bodies. */

static void go_on(struct call *call)
{
	call->wants_go_on = true;
	call_wants_work(call);
}

void call_upload_is_readable(struct http_body *body, void *data)
{
	struct call *call = data;

	(void)body;
	if (call->is_upload_paused)
		go_on(call);
}

static void download_is_writable(struct http_body *body, void *data)
{
	struct call *call = data;

	(void)body;
	if (call->is_download_paused)
		go_on(call);
}

void call_begin_download(struct call *call, int64_t length)
{
	call->download = http_body_create(length, LIMIT_BODY_BUFFER_BYTES);
	call->public.body = call->download;
	http_body_on_writable(call->download, download_is_writable, call);
}

/* The head. */

struct str call_host_field(const struct call *call)
{
	bool is_usual = call->port_number == (call->is_tls ? 443 : 80);
	bool is_ip6 = str_find_char(call->host, ':') != STR_NOT_FOUND;
	struct str host =
		is_ip6 ? STR_CONCAT(call->arena, STR("["), call->host, STR("]")) : call->host;

	return is_usual ? host
			: str_format(call->arena, "%.*s:%u", STR_ARG(host), call->port_number);
}

static bool method_is_idempotent(struct str method)
{
	static const struct str methods[] = {
		STR_INIT("GET"),    STR_INIT("HEAD"),    STR_INIT("PUT"),
		STR_INIT("DELETE"), STR_INIT("OPTIONS"), STR_INIT("TRACE"),
	};

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if (str_equal(methods[i], method))
			return true;
	}
	return false;
}

static void add_line(struct call *call, struct str line)
{
	struct curl_slist *added = ARENA_NEW(call->arena, struct curl_slist);

	added->data = (char *)(uintptr_t)str_cstr(call->arena, line);
	*call->fields_end = added;
	call->fields_end = &added->next;
}

static bool field_is_ours(struct str name)
{
	static const struct str names[] = {
		STR_INIT("Content-Length"),
		STR_INIT("Transfer-Encoding"),
		STR_INIT("Expect"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_equal_nocase(names[i], name))
			return true;
	}
	return false;
}

/* An empty value is written with a semicolon for libcurl; a colon would mean: leave it out. */
static void add_field(struct call *call, struct str name, struct str value)
{
	struct arena *arena = call->arena;

	if (!http_is_token(name) || !http_is_field_value(value) || field_is_ours(name))
		return;
	if (str_trim(value).size == 0)
		add_line(call, STR_CONCAT(arena, name, STR(";")));
	else
		add_line(call, STR_CONCAT(arena, name, STR(": "), value));
}

static void call_copy_fields(struct call *call, const struct http_fields *fields)
{
	static const struct http_fields none = {0};

	if (fields == NULL)
		fields = &none;
	call->fields_end = &call->fields;
	if (!http_fields_has(fields, STR("Host")))
		add_line(call, STR_CONCAT(call->arena, STR("Host: "), call_host_field(call)));
	for (size_t i = 0; i < fields->count; i++)
		add_field(call, fields->items[i].name, fields->items[i].value);
	/* libcurl adds these on its own unless they are named without a value. */
	if (call->upload != NULL)
		add_line(call, STR("Expect:"));
	/* Without a coding libcurl sends bytes of unknown number as they are. */
	if (call->is_upgrade)
		add_line(call, STR("Transfer-Encoding:"));
	if (!http_fields_has(fields, STR("Accept")))
		add_line(call, STR("Accept:"));
	if (!http_fields_has(fields, STR("Content-Type")))
		add_line(call, STR("Content-Type:"));
}

static void call_copy_options(struct call *call, const struct http_call_options *options)
{
	struct arena *arena = call->arena;
	int64_t connect_ms = options->connect_timeout_ms, idle_ms = options->idle_timeout_ms;
	int64_t send_ms = options->send_timeout_ms;

	call->head_arena = options->arena != NULL ? options->arena : arena;
	call->method = str_copy(arena, options->method);
	call->host = str_copy(arena, options->host);
	call->address = str_copy(arena, options->connect_address);
	call->target = str_copy(arena, options->target);
	call->ca_file = str_copy(arena, options->ca_file);
	call->tunnel_address = str_copy(arena, options->tunnel_address);
	call->tunnel_port = options->tunnel_port;
	call->certificate_file = str_copy(arena, options->certificate_file);
	call->key_file = str_copy(arena, options->key_file);
	call->key_password = str_copy(arena, options->key_password);
	call->forgets_tls_sessions = options->forgets_tls_sessions;
	call->head_bytes_max = options->head_bytes_max;
	call->port_number = options->port;
	call->is_tls = options->is_tls;
	call->verify_peer = options->verify_peer;
	call->is_upgrade = options->is_upgrade;
	call->may_repeat = options->body == NULL && !options->is_sent_once &&
			   method_is_idempotent(options->method);
	call->upload = options->body;
	call->connect_timeout_us = (connect_ms > 0 ? connect_ms : TIMEOUT_DEFAULT_MS) * 1000;
	call->idle_timeout_us = (idle_ms > 0 ? idle_ms : TIMEOUT_DEFAULT_MS) * 1000;
	call->send_timeout_us = send_ms > 0 ? send_ms * 1000 : call->idle_timeout_us;
	if (call_is_plain(call))
		plain_write_head(call, options->fields);
	else
		call_copy_fields(call, options->fields);
}

static void call_has_address(struct call *call, struct str address)
{
	call->address = str_copy(call->arena, address);
	call->public.peer_address = call->address;
	call->public.peer_port = call->port_number;
	call->wants_start = true;
	call_wants_work(call);
}

static void call_name_answered(enum dns_status status, const struct dns_record *records,
			       size_t count, void *data)
{
	static const enum http_failure failures[] = {
		[DNS_OK] = HTTP_FAILURE_NAME_NOT_FOUND, /* without an address */
		[DNS_NOT_FOUND] = HTTP_FAILURE_NAME_NOT_FOUND,
		[DNS_TIMEOUT] = HTTP_FAILURE_NAME_TIMEOUT,
		[DNS_SERVER_FAILED] = HTTP_FAILURE_NAME_NOT_FOUND,
	};
	struct call *call = data;

	call->query = NULL;
	if (status == DNS_OK && count > 0)
		call_has_address(call, records[0].address);
	else
		call_over(call, failures[status]);
}

/* What would write another request line, or another URL for libcurl. */
static enum http_failure check_options(const struct call *call)
{
	for (size_t i = 0; i < call->target.size; i++) {
		unsigned char byte = (unsigned char)call->target.data[i];

		if (byte <= ' ' || byte == 0x7f)
			return HTTP_FAILURE_PROTOCOL;
	}
	if (call->target.size == 0 || !http_is_token(call->method))
		return HTTP_FAILURE_PROTOCOL;
	for (size_t i = 0; i < call->host.size; i++) {
		unsigned char byte = (unsigned char)call->host.data[i];

		if (byte <= ' ' || byte >= 0x7f || strchr("/?#@[]\\%\"<>^`{|}", byte) != NULL)
			return HTTP_FAILURE_NAME_NOT_FOUND;
	}
	return call->host.size > 0 ? HTTP_FAILURE_NONE : HTTP_FAILURE_NAME_NOT_FOUND;
}

static void call_find_address(struct call *call)
{
	struct real_world *real = call->port->real;
	enum http_failure failure = check_options(call);
	struct str address = call->address;

	if (failure != HTTP_FAILURE_NONE)
		call_over(call, failure);
	else if (address.size > 0 || dns_known_address(real, call->host, call->arena, &address))
		call_has_address(call, address);
	else
		call->query = dns_query_host(real, call->host, call_name_answered, call);
}

static struct http_call *call_start(struct world *world, const struct http_call_options *options,
				    http_call_event *answered, http_call_event *failed, void *data)
{
	struct http_client_port *port = port_of(real_of(world));
	struct call *call = call_take(port);

	call->public.world = world;
	call->public.ops = &call_ops;
	call->public.started_us = loop_monotonic_us(port->real->loop);
	call->answered = answered;
	call->failed = failed;
	call->data = data;
	call_copy_options(call, options);
	call_set_deadline(call, call->connect_timeout_us);
	call_find_address(call);
	return &call->public;
}

void real_http_client_destroy(struct real_world *real)
{
	struct http_client_port *port = real->http_client;
	struct list_link *link;

	if (port == NULL)
		return;
	LIST_EACH (at, &port->calls) {
		struct call *call = LIST_ENTRY(at, struct call, link);

		if (!call->is_released && call->public.body != NULL)
			http_body_consumer_release(http_call_take_body(&call->public));
		call_recycle(call);
	}
	while ((link = list_take_first(&port->calls_free)) != NULL)
		call_free(LIST_ENTRY(link, struct call, link));
	list_remove(&port->task.link);
	pool_close(&port->pool);
	multi_close(port);
	free(port);
	real->http_client = NULL;
}

const struct http_client_ops real_http_client_ops = {.start = call_start};
