/* The http_client port: from the component's options to an answer or a failure. */
#include "world/http_client.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/url.h"
#include "sim/net/http_client_internal.h"

#define TIMEOUT_DEFAULT_MS 60000

static struct call *call_of(struct http_call *public)
{
	return (struct call *)public;
}

/* Its life. */

void call_enter(struct call *call)
{
	call->busy++;
}

void call_leave(struct call *call)
{
	if (--call->busy > 0 || !call->is_released)
		return;
	resource_disown(&call->resource);
	http_pool_give_call(call->pool, call);
}

void call_let_go_of_upload(struct call *call)
{
	struct http_body *upload = call->upload;

	if (upload == NULL)
		return;
	call->upload = NULL;
	http_body_on_readable(upload, NULL, NULL);
	http_body_consumer_release(upload);
}

static void call_let_go_of_download(struct call *call, bool complete)
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

/* Lets go of all but the memory. */
static void call_stop(struct call *call, bool complete)
{
	if (call->query != NULL)
		dns_cancel(call->public.world, call->query);
	call->query = NULL;
	timer_stop(&call->timeout);
	list_remove(&call->work.link);
	call->state = CALL_OVER;
	net_transfer_stop(call, complete);
	call_let_go_of_upload(call);
	call_let_go_of_download(call, complete);
}

static void call_trace_failure(const struct call *call, enum http_failure failure)
{
	const struct sim_process *process = call->pool->process;
	struct trace *trace = &process->sim->trace;

	trace_begin(trace, process->host->name, STR("call.failed"));
	trace_text(trace, STR("process"), process->name);
	trace_text(trace, STR("to"), call->host);
	trace_int(trace, STR("port"), call->port_number);
	trace_text(trace, STR("failure"), http_failure_text(failure));
	trace_end(trace);
}

void net_call_over(struct call *call, enum http_failure failure)
{
	if (call->state == CALL_OVER)
		return;
	if (failure != HTTP_FAILURE_NONE)
		call_trace_failure(call, failure);
	call->public.failure = failure;
	call_stop(call, failure == HTTP_FAILURE_NONE);
	if (call->is_answered || call->is_released)
		return;
	call->is_answered = true;
	call->failed(&call->public, call->data);
}

void call_is_answered(struct call *call)
{
	call->is_answered = true;
	call->public.answered_us = world_monotonic_us(call->public.world);
	call->answered(&call->public, call->data);
}

/* Time. The timer is not moved at every sign of progress: when it fires too early it is set anew.
 */

static void timeout_fired(struct timer *timer);

static int64_t call_now_us(const struct call *call)
{
	return call->pool->process->sim->queue.now_us;
}

void call_set_deadline(struct call *call, int64_t delay_us)
{
	call->deadline_us = queue_time_add(call_now_us(call), delay_us);
	if (!timer_is_running(&call->timeout) || call->timeout.node.due > call->deadline_us)
		timer_start(call->public.world, &call->timeout, delay_us, timeout_fired);
}

void net_call_made_progress(struct call *call)
{
	int64_t patience_us = call->upload != NULL ? call->send_timeout_us : call->idle_timeout_us;

	call->deadline_us = queue_time_add(call_now_us(call), patience_us);
	if (timer_is_running(&call->timeout) && call->timeout.node.due > call->deadline_us)
		call_set_deadline(call, patience_us);
}

static enum http_failure timeout_failure(const struct call *call)
{
	if (call->query != NULL)
		return HTTP_FAILURE_NAME_TIMEOUT;
	return call->state == CALL_OPEN ? HTTP_FAILURE_TIMEOUT : HTTP_FAILURE_CONNECT_TIMEOUT;
}

/* Who waits for our own side to read or to write has not stalled. */
static void timeout_fired(struct timer *timer)
{
	struct call *call = LIST_ENTRY(timer, struct call, timeout);
	int64_t now_us = call_now_us(call);

	call_enter(call);
	if (transfer_waits_for_us(call))
		net_call_made_progress(call);
	if (now_us < call->deadline_us)
		timer_start(call->public.world, timer, call->deadline_us - now_us, timeout_fired);
	else
		net_call_over(call, timeout_failure(call));
	call_leave(call);
}

/* Work at the end of the turn. */

static void call_work(struct task *task)
{
	struct call *call = LIST_ENTRY(task, struct call, work);

	call_enter(call);
	if (call->refusal != HTTP_FAILURE_NONE)
		net_call_over(call, call->refusal);
	else if (call->state == CALL_WAITING)
		net_transfer_start(call);
	else
		net_transfer_go_on(call);
	call_leave(call);
}

void call_ask_for_work(struct call *call)
{
	if (call->state != CALL_OVER)
		world_defer(call->public.world, &call->work, call_work);
}

static void upload_readable(struct http_body *body, void *data)
{
	struct call *call = data;

	(void)body;
	if (call->state == CALL_OPEN)
		call_ask_for_work(call);
}

/* Names. */

static void name_answered(enum dns_status status, const struct dns_record *records, size_t count,
			  void *data)
{
	struct call *call = data;

	call->query = NULL;
	call_enter(call);
	if (status == DNS_OK && count > 0) {
		call->address = str_copy(call->arena, records[0].address);
		net_transfer_start(call);
	} else {
		net_call_over(call, status == DNS_TIMEOUT ? HTTP_FAILURE_NAME_TIMEOUT
							  : HTTP_FAILURE_NAME_NOT_FOUND);
	}
	call_leave(call);
}

/* The component's side. */

static void call_release(struct http_call *public)
{
	struct call *call = call_of(public);
	struct http_body *body = http_call_take_body(public);

	BUG_IF(call->is_released);
	call_enter(call);
	call->is_released = true;
	if (body != NULL)
		http_body_consumer_release(body);
	/* An answer that has no body is complete as soon as it is told of. */
	if (call->state != CALL_OVER)
		call_stop(call, call->has_head && call->download == NULL);
	call_leave(call);
}

static const struct http_call_ops call_ops = {.release = call_release};

/* The process is over: nobody is told. */
static void call_abandon(struct actor_resource *resource)
{
	call_release(&LIST_ENTRY(resource, struct call, resource)->public);
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

/* The Host field as it is written without one given: the port only when it is not the usual one. */
static struct str default_host(struct call *call)
{
	struct str host = call->host;

	if (str_find_char(host, ':') != STR_NOT_FOUND)
		host = STR_CONCAT(call->arena, STR("["), host, STR("]"));
	if (call->port_number == (call->is_tls ? 443 : 80))
		return host;
	return str_format(call->arena, "%.*s:%u", STR_ARG(host), (unsigned)call->port_number);
}

/* Unsound ones are left out; the framing is the port's, and Host stands before all others. */
static bool field_goes_out(const struct http_field *field)
{
	return http_is_token(field->name) && http_is_field_value(field->value) &&
	       !str_equal_nocase(field->name, STR("Host")) &&
	       !str_equal_nocase(field->name, STR("Expect"));
}

static void call_copy_request(struct call *call, const struct http_call_options *options)
{
	struct http_fields *fields = &call->request.fields;
	struct str host = {NULL, 0};

	call->request.method = str_copy(call->arena, options->method);
	call->request.target = str_copy(call->arena, options->target);
	call->request.minor_version = 1;
	http_fields_init(fields, call->arena);
	if (options->fields != NULL)
		host = str_copy(call->arena, http_fields_get(options->fields, STR("Host")));
	http_fields_add(fields, STR("Host"), host.size > 0 ? host : default_host(call));
	for (size_t i = 0; options->fields != NULL && i < options->fields->count; i++) {
		const struct http_field *field = &options->fields->items[i];

		if (field_goes_out(field))
			http_fields_add(fields, str_copy(call->arena, field->name),
					str_copy(call->arena, field->value));
	}
}

static void call_copy_options(struct call *call, const struct http_call_options *options)
{
	struct arena *arena = call->arena;
	int64_t connect_ms = options->connect_timeout_ms, idle_ms = options->idle_timeout_ms;

	call->head_arena = options->arena;
	call->host = str_copy(arena, options->host);
	call->address = str_copy(arena, options->connect_address);
	call->ca_file = str_copy(arena, options->ca_file);
	call->certificate_file = str_copy(arena, options->certificate_file);
	call->tunnel_address = str_copy(arena, options->tunnel_address);
	call->tunnel_port = options->tunnel_port;
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
	call->send_timeout_us = options->send_timeout_ms > 0 ? options->send_timeout_ms * 1000
							     : call->idle_timeout_us;
	call_copy_request(call, options);
}

/* What would be another request line is not sent, what cannot be a name not asked for. */
static enum http_failure call_refusal(const struct call *call)
{
	for (size_t i = 0; i < call->request.target.size; i++) {
		unsigned char byte = (unsigned char)call->request.target.data[i];

		if (byte <= ' ' || byte == 0x7f)
			return HTTP_FAILURE_PROTOCOL;
	}
	if (call->request.target.size == 0 || !http_is_token(call->request.method))
		return HTTP_FAILURE_PROTOCOL;
	for (size_t i = 0; i < call->host.size; i++) {
		unsigned char byte = (unsigned char)call->host.data[i];

		if (byte <= ' ' || byte >= 0x7f || strchr("/?#@[]\\%\"<>^`{|}", byte) != NULL)
			return HTTP_FAILURE_NAME_NOT_FOUND;
	}
	return call->host.size > 0 ? HTTP_FAILURE_NONE : HTTP_FAILURE_NAME_NOT_FOUND;
}

/* The body is asked for once the connection is open; until then its producer fills the buffer. */
static void call_begin(struct call *call)
{
	struct dns_question question = {.name = call->host};

	if (call->upload != NULL)
		http_body_on_readable(call->upload, upload_readable, call);
	call_set_deadline(call, call->connect_timeout_us);
	call->refusal = call_refusal(call);
	if (call->address.size == 0 && url_host_is_ip(call->host))
		call->address = call->host;
	if (call->address.size > 0 || call->refusal != HTTP_FAILURE_NONE)
		call_ask_for_work(call);
	else
		call->query = dns_resolve(call->public.world, &question, name_answered, call);
}

static struct http_call *port_start(struct world *world, const struct http_call_options *options,
				    http_call_event *answered, http_call_event *failed, void *data)
{
	struct sim_process *process = process_of(world);
	struct call *call = http_pool_take_call(http_pool_of(process));

	call->public.world = world;
	call->public.ops = &call_ops;
	call->public.started_us = world_monotonic_us(world);
	call->answered = answered;
	call->failed = failed;
	call->data = data;
	actor_own(&process->actor, &call->resource, call_abandon);
	call_copy_options(call, options);
	if (!process_is_mute(process))
		call_begin(call);
	return &call->public;
}

const struct http_client_ops sim_http_client_ops = {.start = port_start};
