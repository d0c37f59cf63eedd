#include "gateway/request.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/url.h"
#include "gateway/access_log.h"
#include "gateway/answer.h"
#include "gateway/gateway_internal.h"
#include "gateway/metrics.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/http_server.h"
#include "world/log.h"

#define HEALTH_PATH "/_threescale/healthz"
#define CLIENT_CLOSED_REQUEST 499 /* what is logged when the client did not wait for its answer */

static void request_start(struct request *request);
static void request_run(struct request *request);
static void request_finish(struct request *request);

/* One request after another on a connection, reports included (4.5). */

static struct list_link *bucket(struct list_link *buckets, const struct request *request)
{
	return &buckets[request->subject.connection_number & (GATEWAY_CONNECTION_BUCKETS - 1)];
}

static struct request *find_on_connection(struct list_link *head, uint64_t connection_number)
{
	LIST_EACH (link, head) {
		struct request *request = LIST_ENTRY(link, struct request, connection);

		if (request->subject.connection_number == connection_number)
			return request;
	}
	return NULL;
}

static bool connection_is_busy(const struct request *request)
{
	return find_on_connection(bucket(request->gateway->reporting, request),
				  request->subject.connection_number) != NULL;
}

static void connection_take(struct request *request)
{
	struct gateway *gateway = request->gateway;

	request->is_background =
		(int64_t)gateway->background_reports < gateway->settings.reporting_threads;
	if (request->is_background)
		gateway->background_reports++;
	else
		list_append(bucket(gateway->reporting, request), &request->connection);
}

static void connection_leave(struct request *request)
{
	struct gateway *gateway = request->gateway;
	struct request *next;

	if (request->is_background) {
		gateway->background_reports--;
		return;
	}
	list_remove(&request->connection);
	next = find_on_connection(bucket(gateway->waiting, request),
				  request->subject.connection_number);
	if (next != NULL) {
		list_remove(&next->connection);
		request_start(next);
	}
}

/* Phases. */

/* At the end of access: nobody passes because each of two left it to the other. */
static enum phase_result run_late_access(struct request *request)
{
	phase_run *run = request->late_access;

	request->late_access = NULL;
	return run == NULL || request->is_authorized_elsewhere ? PHASE_GO_ON : run(request, NULL);
}

static void request_run(struct request *request)
{
	while (request->step == REQUEST_RUNS_PHASES && phases_run(request)) {
		if (request->phases.phase == PHASE_CONTENT) {
			request_answer_empty(request, 200); /* nobody made one (9.1) */
			return;
		}
		if (request->phases.phase == PHASE_ACCESS &&
		    run_late_access(request) != PHASE_GO_ON)
			return;
		phases_begin(request, request->phases.phase + 1);
	}
}

static void request_run_post_action(struct request *request)
{
	if (phases_run(request))
		request_finish(request);
}

void request_resume(struct request *request, enum phase_result result)
{
	BUG_IF(result == PHASE_WAIT);
	request->stop_waiting = NULL;
	if (result == PHASE_SKIP)
		phases_skip(request);
	if (request->step == REQUEST_POST_ACTION)
		request_run_post_action(request);
	else if (result != PHASE_ANSWERED)
		request_run(request);
}

void request_on_leave(struct request *request, void (*stop)(void *data), void *data)
{
	request->stop_waiting = stop;
	request->waiting_data = data;
}

/* Host and service. */

static const struct service *choose_service(const struct request *request,
					    const struct host_services *services)
{
	const struct settings *settings = &request->gateway->settings;
	struct mapping_subject subject = {.method = request->exchange->request.method,
					  .path = request->path};

	if (!settings->path_routing)
		return services->items[0];
	for (size_t i = 0; i < services->count; i++) {
		if (mapping_rules_any(&services->items[i]->rules, &subject))
			return services->items[i];
	}
	return settings->path_routing_only ? NULL : services->items[0];
}

static void answer_unknown_host(struct request *request)
{
	struct gateway *gateway = request->gateway;

	LOG(&gateway->log, LEVEL_WARN, &request->subject, "service not found for host %s",
	    log_text(request->arena, request->host));
	LOG(&gateway->log, LEVEL_WARN, &request->subject, "could not find service for host: %s",
	    log_text(request->arena, request->host));
	request_answer_text(request, 404, STR("text/plain"), STR(""));
}

static void request_use(struct request *request, struct config *config,
			const struct host_services *services)
{
	request->step = REQUEST_RUNS_PHASES;
	if (config != NULL) {
		request->config = config_retain(config);
		request->service = choose_service(request, services);
	}
	if (request->service == NULL) {
		answer_unknown_host(request);
		return;
	}
	if (request->service->exports.has_cache_handler)
		request->cache_handler = request->service->exports.cache_handler;
	phases_begin(request, PHASE_REWRITE);
	request_run(request);
}

static void configuration_found(struct config *config, const struct host_services *services,
				void *data)
{
	request_use(data, config, services);
}

static void request_start(struct request *request)
{
	struct config *config;
	const struct host_services *services;

	request->step = REQUEST_FINDS_CONFIGURATION;
	if (loader_find(request->gateway->loader, request->host, &request->configuration_wait,
			&request->subject, configuration_found, request, &config, &services))
		request_use(request, config, services);
}

/* The end. */

static void write_access_log(struct request *request)
{
	struct gateway *gateway = request->gateway;
	struct http_exchange *exchange = request->exchange;
	struct access_log_entry entry = {
		.time_us = world_utc_us(gateway->world),
		.host = request->host,
		.server_port = exchange->local_port,
		.remote_address = exchange->remote_address,
		.remote_port = exchange->remote_port,
		.request = &exchange->request,
		.status = request->status,
		.body_bytes_sent = exchange->body_bytes_sent,
		.request_time_us = world_monotonic_us(gateway->world) - exchange->began_us,
		.has_post_action = request->has_post_action,
		.post_action_us = request->post_action_us,
	};

	access_log_write(gateway->world, &gateway->settings.access_log, &entry);
}

static void request_free(struct request *request)
{
	struct http_exchange *exchange = request->exchange;

	authorization_stop(&request->authorization);
	config_release(request->config);
	list_remove(&request->link);
	metrics_request_ends(request->gateway->metrics);
	http_exchange_release(exchange);
}

static void request_let_go(struct request *request, bool complete);

void request_abandon(struct request *request)
{
	if (request->is_orphan)
		request_let_go(request, false);
	if (list_is_linked(&request->connection))
		list_remove(&request->connection);
	request_free(request);
}

static void request_log(struct request *request)
{
	phases_begin(request, PHASE_LOG);
	phases_run(request);
	if (!request->hides_access_log)
		write_access_log(request);
}

/* The last step: after it the request is gone. */
static void request_finish(struct request *request)
{
	struct gateway *gateway = request->gateway;

	if (request->has_post_action) {
		request->post_action_us = world_monotonic_us(gateway->world) - request->ended_us;
		connection_leave(request);
	}
	if (!request->is_background)
		request_log(request);
	request_free(request);
	gateway_request_over(gateway);
}

static void request_let_go(struct request *request, bool complete)
{
	loader_wait_stop(&request->configuration_wait);
	if (request->stop_waiting != NULL)
		request->stop_waiting(request->waiting_data);
	request->stop_waiting = NULL;
	/* A call to backend that nobody waits for any more. */
	authorization_stop(&request->authorization);
	upstream_stop(request, complete);
	form_stop(&request->form);
	if (request->kept_body != NULL)
		http_body_consumer_release(request->kept_body);
	request->kept_body = NULL;
	if (list_is_linked(&request->last_step.link))
		list_remove(&request->last_step.link);
}

/* The answer left, or there will be none. */
static void request_is_over(struct request *request, bool complete)
{
	struct gateway *gateway = request->gateway;
	bool was_served = request->service != NULL;

	if (request->step == REQUEST_WAITS_FOR_CONNECTION)
		list_remove(&request->connection);
	request_let_go(request, complete);
	if (request->step != REQUEST_ANSWERED)
		request->status = CLIENT_CLOSED_REQUEST;
	request->ended_us = world_monotonic_us(gateway->world);
	metrics_count_answer(gateway->metrics, request->service,
			     request->ended_us - request->exchange->began_us);
	request->step = REQUEST_POST_ACTION;
	phases_begin(request, PHASE_POST_ACTION);
	request->has_post_action = was_served && request->authorization.key.size > 0;
	if (!request->has_post_action) {
		request_finish(request);
		return;
	}
	connection_take(request);
	if (request->is_background) { /* for its client it is over */
		request_log(request);
		phases_begin(request, PHASE_POST_ACTION);
	}
	request_run_post_action(request);
}

/* What was begun is brought to its end without the client, so that backend and the private API see
 * the same as with it (3.8); but for a body that will never be complete, for a connection that left
 * HTTP, and for a gateway that stops. */
static bool outlives_client(const struct request *request)
{
	const struct http_body *body = request->exchange->body;

	return (request->step == REQUEST_FINDS_CONFIGURATION ||
		request->step == REQUEST_RUNS_PHASES) &&
	       !request->is_aborted && !request->gateway->is_closing &&
	       request->upstream.upgraded == NULL && (body == NULL || http_body_has_come(body)) &&
	       (request->form.incoming == NULL || http_body_has_come(request->form.incoming));
}

static void request_ended(struct http_exchange *exchange, bool complete)
{
	struct request *request = exchange->data;

	if (complete || !outlives_client(request)) {
		request_is_over(request, complete);
		return;
	}
	request->is_orphan = true;
	request->kept_body = http_exchange_take_body(exchange);
}

static void take_last_step(struct task *task)
{
	request_is_over(LIST_ENTRY(task, struct request, last_step), false);
}

/* Nobody is there to whom the port could say that the answer left. Later: callers go on. */
void request_answer_is_made(struct request *request)
{
	if (request->is_orphan)
		world_defer(request->gateway->world, &request->last_step, take_last_step);
}

void request_end_orphan(struct request *request)
{
	if (request->is_orphan && request->step != REQUEST_POST_ACTION)
		request_is_over(request, false);
}

void request_abort(struct request *request)
{
	request->is_aborted = true;
	http_exchange_abort(request->exchange);
	request_answer_is_made(request);
}

/* The beginning. */

/* Absolute form: its authority counts, not the Host field (3.2). */
static struct str split_authority(struct str target, struct str *rest)
{
	size_t end = 0;

	target = str_skip(target, str_find(target, STR("://")) + 3);
	while (end < target.size && target.data[end] != '/' && target.data[end] != '?')
		end++;
	*rest = str_skip(target, end);
	return str_slice(target, 0, end);
}

/* False when the target is none of a proxy's: neither a path nor a URL, or above the root. */
static bool read_target(struct request *request)
{
	const struct http_request *asked = &request->exchange->request;
	struct str target = asked->target;
	struct str authority = http_fields_get(&asked->fields, STR("Host"));
	bool is_path = str_has_prefix(target, STR("/"));

	if (!is_path && str_find(target, STR("://")) != STR_NOT_FOUND) {
		authority = split_authority(target, &target);
		is_path = true;
	}
	request->host = authority.size > 0 ? host_key(request->arena, authority) : STR("_");
	request->has_query = str_split_once(target, '?', &request->raw_path, &request->raw_query);
	if (request->raw_path.size == 0)
		request->raw_path = STR("/");
	request->path = url_normal_path(request->arena, request->raw_path);
	return is_path && !url_path_climbs(request->arena, request->raw_path);
}

static void answer_health(struct http_exchange *exchange)
{
	struct http_response response;

	http_response_init(&response, exchange->arena, 200);
	http_fields_add(&response.fields, STR("Server"), STR("openresty"));
	http_fields_add(&response.fields, STR("Content-Type"), STR("text/plain"));
	http_exchange_respond_str(exchange, &response, STR(""));
}

/* Heads that no policy sees. 431 is unknown there: it is told as 400 and in words (3.8). */
void request_refused(struct http_refusal *refusal, void *data)
{
	struct gateway *gateway = data;
	struct log_subject subject = {
		.connection_number = refusal->connection_number,
		.client = refusal->remote_address,
		.request = refusal->request,
	};
	struct http_response *response = &refusal->response;
	struct str reason = STR("");

	if (response->status == 414) {
		LOG_CORE(&gateway->log, LEVEL_INFO, &subject,
			 "client sent too long URI while reading client request line");
	} else {
		LOG_CORE(&gateway->log, LEVEL_INFO, &subject,
			 "client sent invalid request: %s while reading client request headers",
			 refusal->reason);
	}
	if (response->status == 431) {
		response->status = 400;
		reason = STR("Request Header Or Cookie Too Large");
	}
	http_fields_add(&response->fields, STR("Server"), STR("openresty"));
	http_fields_add(&response->fields, STR("Content-Type"), STR("text/html"));
	refusal->body = answer_page_with(response->status, reason, refusal->arena);
}

/* Each listener counts its own connections; the gateway tells all apart. */
static uint64_t connection_number(const struct gateway *gateway,
				  const struct http_exchange *exchange)
{
	return gateway->proxy_tls == NULL ? exchange->connection_number
					  : exchange->connection_number * 2 - !exchange->is_tls;
}

/* The certificate is chosen before there is a path (3.3). Once for each connection. */
static void tell_of_fallback(struct request *request)
{
	struct gateway *gateway = request->gateway;
	uint64_t number = request->exchange->connection_number;

	if (!gateway->settings.path_routing || number <= gateway->tls_connection_told)
		return;
	gateway->tls_connection_told = number;
	LOG(&gateway->log, LEVEL_WARN, &request->subject,
	    "Configured to do path-based routing, but it is not compatible with TLS. Falling back "
	    "to routing by host.");
}

static bool certificates_are_too_many(const struct request *request)
{
	return request->exchange->client_certificates >
	       1 + (uint64_t)request->gateway->settings.network.verify_depth;
}

/* Capital letters, '_' and '-', as the server underneath has it: an upstream that reads "post" as
 * POST must not get it past the rules of POST. */
static bool is_method(struct str method)
{
	for (size_t i = 0; i < method.size; i++) {
		char c = method.data[i];

		if ((c < 'A' || c > 'Z') && c != '_' && c != '-')
			return false;
	}
	return method.size > 0;
}

/* Of the page for a head that nobody serves; 0: it may go on. An upstream would show the client of
 * a TRACE what the gateway adds for it, the secret token among that. */
static int status_of_head(const struct request *request, bool is_proxys)
{
	struct str method = request->exchange->request.method;

	if (!is_proxys || !is_method(method) || certificates_are_too_many(request))
		return 400;
	return str_equal(method, STR("TRACE")) ? 405 : 0;
}

void request_begin(struct http_exchange *exchange, void *data)
{
	struct gateway *gateway = data;
	struct request *request = ARENA_NEW(exchange->arena, struct request);
	bool is_proxys;
	int refusal;

	metrics_count_connection(gateway->metrics, connection_number(gateway, exchange));
	request->gateway = gateway;
	request->exchange = exchange;
	request->arena = exchange->arena;
	is_proxys = read_target(request);
	if (str_has_prefix(request->path, STR(HEALTH_PATH))) {
		answer_health(exchange);
		return;
	}
	request->subject = (struct log_subject){
		.connection_number = connection_number(gateway, exchange),
		.client = exchange->remote_address,
		.request = &exchange->request,
	};
	request->cache_handler = gateway->settings.cache_handler;
	exchange->data = request;
	exchange->ended = request_ended;
	http_exchange_hold(exchange);
	list_append(&gateway->requests, &request->link);
	metrics_request_begins(gateway->metrics);
	if (exchange->is_tls)
		tell_of_fallback(request);
	refusal = status_of_head(request, is_proxys);
	if (refusal != 0) {
		request->step = REQUEST_RUNS_PHASES;
		request_answer_page(request, refusal);
	} else if (connection_is_busy(request)) {
		list_append(bucket(gateway->waiting, request), &request->connection);
	} else {
		request_start(request);
	}
}

/* What policies keep and change. */

void *request_policy_state(struct request *request, const void *data, size_t size)
{
	struct policy_state *state = request->policy_states;

	while (state != NULL && state->data != data)
		state = state->next;
	if (state == NULL) {
		state = ARENA_NEW(request->arena, struct policy_state);
		*state = (struct policy_state){data, arena_alloc(request->arena, size),
					       request->policy_states};
		request->policy_states = state;
	}
	return state->memory;
}

enum credentials_result request_find_credentials(const struct request *request,
						 struct credentials *credentials)
{
	const struct http_request *asked = &request->exchange->request;
	bool has_form = request_has_read_form(request);
	struct credentials_source source = {
		.method = asked->method,
		.query = request->raw_query,
		.fields = &asked->fields,
		.body_was_read = has_form,
		.body = has_form ? &request->form.fields : NULL,
	};

	return credentials_extract(&request->service->credentials, &source, request->arena,
				   credentials);
}

void request_set_path(struct request *request, struct str path)
{
	request->path =
		str_has_prefix(path, STR("/")) ? path : STR_CONCAT(request->arena, STR("/"), path);
	request->path_is_rewritten = true;
}

void request_set_query(struct request *request, struct str raw_query)
{
	request->raw_query = raw_query;
	request->has_query = raw_query.size > 0;
}

/* Bodies. */

bool request_has_read_form(const struct request *request)
{
	return request->form.was_read;
}

struct http_body *request_body(const struct request *request)
{
	return request->is_orphan ? request->kept_body : request->exchange->body;
}

static struct http_body *take_body(struct request *request)
{
	struct http_body *body = request_body(request);

	request->kept_body = NULL;
	request->exchange->body = NULL;
	return body;
}

void request_read_form(struct request *request, form_done *done)
{
	form_read(&request->form, take_body(request), request->arena, done, request);
}

struct http_body *request_take_body(struct request *request)
{
	return request->form.was_read ? form_take_body(&request->form) : take_body(request);
}
