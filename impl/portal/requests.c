#include <inttypes.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/utc.h"
#include "portal/backend_sync.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/dispatch.h"
#include "portal/errand.h"
#include "portal/hooks.h"
#include "portal/portal_internal.h"
#include "world/clock.h"
#include "world/http_server.h"
#include "world/log.h"

#define ETAG_SEED 1
/* How long an answer waits for backend (spec/portal.md 6.3). */
#define PUSH_WAIT_US INT64_C(5000000)

/* One request: its body is read, it is carried out, and a change is answered when backend was told
 * (or is known to be away). */
struct portal_request {
	struct portal *portal;
	struct http_exchange *exchange;
	struct http_body_collector *collector;
	struct call call;
	struct backend_waiter waiter;
	struct timer push_wait;
	struct errand *errand; /* under way */
};

static void request_log(struct portal_request *request, int status)
{
	struct http_exchange *exchange = request->exchange;
	struct world *world = request->portal->world;
	struct call *call = &request->call;
	char time[32];

	log_format(world, LOG_STDOUT,
		   "[%.*s] %.*s %.*s %.*s %d %" PRId64 "ms host=%.*s account=%" PRId64,
		   STR_ARG(utc_format_iso(time, database_now_us(request->portal->database))),
		   STR_ARG(exchange->remote_address), STR_ARG(exchange->request.method),
		   STR_ARG(dispatch_loggable_path(call, exchange->request.target)), status,
		   (world_monotonic_us(world) - exchange->began_us) / 1000, STR_ARG(call->host),
		   call->tenant != NULL ? call_tenant_id(call) : 0);
}

static bool client_has(const struct http_fields *fields, struct str etag)
{
	return http_fields_lists(fields, STR("If-None-Match"), etag) ||
	       http_fields_lists(fields, STR("If-None-Match"), str_skip(etag, 2)) ||
	       http_fields_lists(fields, STR("If-None-Match"), STR("*"));
}

/* What was not changed since the client asked last need not be sent again. Only the ETag decides:
 * an object's time says nothing of what is shown within it. */
static void add_validators(struct portal_request *request, struct http_response *response)
{
	struct http_exchange *exchange = request->exchange;
	struct answer *answer = &request->call.answer;
	char time[32];
	struct str etag;

	if (answer->status != 200 || answer->is_passed_on || !call_only_reads(&request->call))
		return;
	etag = str_format(exchange->arena, "W/\"%016" PRIx64 "\"",
			  str_hash(answer->body, ETAG_SEED));
	http_fields_add(&response->fields, STR("ETag"), etag);
	if (answer->modified_us != 0)
		http_fields_add(
			&response->fields, STR("Last-Modified"),
			str_copy(exchange->arena, utc_format_http(time, answer->modified_us)));
	if (client_has(&exchange->request.fields, etag)) {
		response->status = 304;
		answer->body = STR("");
	}
}

static void request_respond(struct portal_request *request)
{
	struct http_exchange *exchange = request->exchange;
	struct answer *answer = &request->call.answer;
	struct http_response response;

	http_response_init(&response, exchange->arena, answer->status);
	if (answer->content_type.size > 0)
		http_fields_add(&response.fields, STR("Content-Type"), answer->content_type);
	for (size_t i = 0; i < request->call.fields.count; i++)
		http_fields_add(&response.fields, request->call.fields.items[i].name,
				request->call.fields.items[i].value);
	add_validators(request, &response);
	request_log(request, response.status);
	http_exchange_respond_str(exchange, &response, answer->body);
}

static void request_pushed(struct backend_waiter *waiter)
{
	struct portal_request *request = LIST_ENTRY(waiter, struct portal_request, waiter);

	timer_stop(&request->push_wait);
	request_respond(request);
}

/* Many changes are before this one: it is stored, and will arrive. */
static void request_waited(struct timer *timer)
{
	struct portal_request *request = LIST_ENTRY(timer, struct portal_request, push_wait);

	backend_sync_wait_stop(&request->waiter);
	request_respond(request);
}

static void request_errand_done(void *data)
{
	struct portal_request *request = data;

	request->errand = NULL;
	request_respond(request);
}

static void request_carry_out(struct portal_request *request, struct str body)
{
	struct portal *portal = request->portal;
	struct http_exchange *exchange = request->exchange;
	bool wrote = dispatch(&request->call, &exchange->request, body);

	if (wrote && portal->role == PORTAL_ALL)
		portal_wake(portal);
	if (request->call.errand != NULL && request->call.answer.status < 400) {
		request->errand = request->call.errand;
		request->errand->done = request_errand_done;
		request->errand->data = request;
		request->errand->begin(request->errand, &request->call);
		return;
	}
	/* Nothing that backend must know: no reason to wait for it. */
	if (!wrote || !request->call.tells_backend) {
		request_respond(request);
		return;
	}
	request->waiter.up_to = backend_sync_newest(portal->sync);
	request->waiter.tried = request_pushed;
	timer_start(portal->world, &request->push_wait, PUSH_WAIT_US, request_waited);
	backend_sync_wait(portal->sync, &request->waiter);
}

static void request_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct portal_request *request = data;

	request->collector = NULL;
	switch (result) {
	case HTTP_COLLECTED:
		request_carry_out(request, bytes);
		break;
	case HTTP_COLLECT_TOO_LARGE:
		request->call.answer.status = 413;
		request_respond(request);
		break;
	case HTTP_COLLECT_FAILED:
		http_exchange_abort(request->exchange);
		break;
	}
}

static void request_ended(struct http_exchange *exchange, bool complete)
{
	struct portal_request *request = exchange->data;
	struct portal *portal = request->portal;

	(void)complete;
	http_body_collector_stop(request->collector);
	backend_sync_wait_stop(&request->waiter);
	timer_stop(&request->push_wait);
	if (request->errand != NULL)
		request->errand->stop(request->errand);
	portal->requests--;
	if (portal->is_stopping && portal->requests == 0)
		portal_end(portal);
}

static bool portal_is_hook(const struct portal *portal, const struct http_exchange *exchange)
{
	return portal->has_hooks && str_has_prefix(exchange->request.target, STR("/__test/"));
}

void portal_requested(struct http_exchange *exchange, void *data)
{
	struct portal *portal = data;
	struct portal_request *request;
	struct http_body_collector *collector;

	if (portal_is_hook(portal, exchange)) {
		hooks_requested(&portal->hooks, exchange, exchange->request.target);
		return;
	}
	request = ARENA_NEW(exchange->arena, struct portal_request);
	request->portal = portal;
	request->exchange = exchange;
	request->call = (struct call){.database = portal->database,
				      .settings = &portal->settings,
				      .events = portal->events,
				      .storage = portal->storage,
				      .arena = exchange->arena,
				      .remote_address = exchange->remote_address};
	exchange->data = request;
	exchange->ended = request_ended;
	portal->requests++;
	if (portal->is_stopping) {
		request->call.answer.status = 503;
		request_respond(request);
		return;
	}
	collector = http_body_collect(http_exchange_take_body(exchange), LIMIT_PORTAL_BODY_BYTES,
				      exchange->arena, request_collected, request);
	/* NULL: collected already, and the exchange may be over. */
	if (collector != NULL)
		request->collector = collector;
}
