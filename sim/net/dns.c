/* The dns port. The system's resolver answers from the zone after a fixed time; name servers named
 * in the question are hosts, asked one after the other. */
#include "world/dns.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/url.h"
#include "sim/net/dns_internal.h"
#include "sim/net/link.h"
#include "sim/net/rule.h"
#include "sim/sim_internal.h"

#define RESOLVER_LATENCY_US 400
#define TIMEOUT_DEFAULT_MS 2900 /* spec/gateway.md 5.5 */
#define PORT_DNS 53
#define RECORDS_MAX 64

/* One name server of a process, a port that datagrams come to. */
struct dns_server {
	struct actor_resource resource;
	struct list_link link; /* in its host's ports */
	struct sim_process *process;
	struct str address; /* empty: any */
	uint16_t port;
	dns_lookup *lookup;
	void *data;
};

/* One question, until it is answered or cancelled. Exactly one of its events waits for the next
 * step; `timeout` for the present server to be given up. */
struct dns_query {
	struct actor_resource resource;
	struct sim_process *process;
	struct arena *arena;
	struct str name;
	struct str *servers;
	size_t servers_count, server; /* now asked */
	int64_t timeout_us;
	struct event step, timeout;
	struct sim_host *asked; /* the present server's host */
	struct str asked_address;
	uint16_t asked_port;
	enum dns_status status; /* of the answer under way, or of the last server */
	struct str addresses;
	int64_t ttl_s;
	dns_answered *answered;
	void *data;
};

static struct queue *query_queue(const struct dns_query *query)
{
	return query->process->actor.queue;
}

static void query_free(struct dns_query *query)
{
	queue_cancel(query_queue(query), &query->step);
	queue_cancel(query_queue(query), &query->timeout);
	resource_disown(&query->resource);
	arena_destroy(query->arena);
	free(query);
}

static void query_trace(const struct dns_query *query)
{
	static const struct str statuses[] = {
		[DNS_OK] = STR_INIT("ok"),
		[DNS_NOT_FOUND] = STR_INIT("not found"),
		[DNS_TIMEOUT] = STR_INIT("timeout"),
		[DNS_SERVER_FAILED] = STR_INIT("server failed"),
	};
	struct trace *trace = &query->process->sim->trace;

	trace_begin(trace, query->process->host->name, STR("dns"));
	trace_text(trace, STR("process"), query->process->name);
	trace_text(trace, STR("name"), query->name);
	trace_text(trace, STR("status"), statuses[query->status]);
	if (query->status == DNS_OK) {
		trace_text(trace, STR("addresses"), query->addresses);
		trace_int(trace, STR("ttl"), query->ttl_s);
	}
	trace_end(trace);
}

/* The last step: the answer reaches the process. */
static void query_deliver(struct event *event)
{
	struct dns_query *query = LIST_ENTRY(event, struct dns_query, step);
	struct dns_record records[RECORDS_MAX];
	struct str rest = query->addresses, address;
	size_t count = 0;

	while (query->status == DNS_OK && count < RECORDS_MAX &&
	       str_next_field(&rest, ',', &address)) {
		if (str_trim(address).size > 0)
			records[count++] = (struct dns_record){str_trim(address), query->ttl_s};
	}
	if (query->status == DNS_OK && count == 0)
		query->status = DNS_NOT_FOUND;
	query_trace(query);
	queue_cancel(query_queue(query), &query->timeout);
	resource_disown(&query->resource);

	struct actor *actor = &query->process->actor, *before = actor_turn_begin(actor);

	query->answered(query->status, records, count, query->data);
	actor_turn_end(actor, before);
	query_free(query);
}

static void query_answer(struct dns_query *query, enum dns_status status, int64_t delay_us)
{
	query->status = status;
	queue_cancel(query_queue(query), &query->timeout);
	queue_at(query_queue(query), &query->step,
		 queue_time_add(query_queue(query)->now_us, delay_us), query_deliver);
}

static void query_timed_out(struct event *event);

static void query_wait(struct dns_query *query)
{
	queue_at(query_queue(query), &query->timeout,
		 queue_time_add(query_queue(query)->now_us, query->timeout_us), query_timed_out);
}

/* The system's resolver. */

static void resolver_asked(struct event *event)
{
	static const enum dns_status statuses[] = {
		[SIM_DNS_OK] = DNS_OK,
		[SIM_DNS_NXDOMAIN] = DNS_NOT_FOUND,
		[SIM_DNS_SERVFAIL] = DNS_SERVER_FAILED,
		[SIM_DNS_SILENT] = DNS_TIMEOUT,
	};
	struct dns_query *query = LIST_ENTRY(event, struct dns_query, step);
	struct dns_answer answer;

	resolver_answer(query->process->host, query->name, &answer);
	if (answer.fault == SIM_DNS_SILENT || !query->process->host->is_up)
		return; /* the time-out ends it */
	query->addresses = str_copy(query->arena, answer.addresses);
	query->ttl_s = answer.ttl_s;
	query_answer(query, statuses[answer.fault], RESOLVER_LATENCY_US / 2);
}

/* Name servers on hosts. */

static void query_ask(struct dns_query *query);

/* One server failed in some way: on to the next, or the end. */
static void query_ask_next(struct dns_query *query, enum dns_status status)
{
	query->status = status;
	if (++query->server < query->servers_count)
		query_ask(query);
	else
		query_answer(query, status, 0);
}

static void query_timed_out(struct event *event)
{
	struct dns_query *query = LIST_ENTRY(event, struct dns_query, timeout);

	queue_cancel(query_queue(query), &query->step);
	query_ask_next(query, DNS_TIMEOUT);
}

static void query_refused(struct event *event)
{
	struct dns_query *query = LIST_ENTRY(event, struct dns_query, step);

	queue_cancel(query_queue(query), &query->timeout);
	query_ask_next(query, DNS_TIMEOUT);
}

static struct dns_server *host_dns_server(struct sim_host *host, struct str address, uint16_t port)
{
	LIST_EACH (link, &host->datagram_ports) {
		struct dns_server *server = LIST_ENTRY(link, struct dns_server, link);

		if (server->port == port &&
		    (server->address.size == 0 || str_equal(server->address, address)))
			return server;
	}
	return NULL;
}

bool dns_port_is_taken(const struct sim_host *host, uint16_t port)
{
	LIST_EACH (link, &host->datagram_ports) {
		if (LIST_ENTRY(link, struct dns_server, link)->port == port)
			return true;
	}
	return false;
}

/* The way of one datagram; -1 when it is lost. */
static int64_t datagram_delay_us(struct dns_query *query, bool is_back, enum sim_verdict *verdict)
{
	struct sim_host *from = query->process->host, *to = query->asked;
	struct net_path path = {.from = from,
				.to = to,
				.to_address = query->asked_address,
				.port = query->asked_port,
				.is_new = true};
	int64_t extra_us, delay_us;

	*verdict = rule_verdict(from->net, &path, &extra_us);
	if (to == NULL || !to->is_up || !from->is_up || *verdict == SIM_DROP)
		return -1;
	delay_us = is_back ? link_delay_us(to, from, 0) : link_delay_us(from, to, 0);
	return delay_us < 0 ? -1 : delay_us + extra_us;
}

static void server_asked(struct event *event)
{
	struct dns_query *query = LIST_ENTRY(event, struct dns_query, step);
	struct dns_server *server =
		host_dns_server(query->asked, query->asked_address, query->asked_port);
	enum sim_verdict verdict;
	int64_t delay_us = datagram_delay_us(query, true, &verdict);
	struct str addresses = {NULL, 0};

	if (delay_us < 0)
		return;
	if (server == NULL) { /* port unreachable */
		queue_at(query_queue(query), &query->step,
			 queue_time_add(query_queue(query)->now_us, delay_us), query_refused);
		return;
	}

	struct actor *actor = &server->process->actor, *before = actor_turn_begin(actor);
	bool found = server->lookup(query->name, &addresses, &query->ttl_s, server->data);

	query->addresses = str_copy(query->arena, addresses);
	actor_turn_end(actor, before);
	if (found && query->addresses.size == 0)
		return; /* silent on purpose */
	query_answer(query, found ? DNS_OK : DNS_NOT_FOUND, delay_us);
}

static void query_ask(struct dns_query *query)
{
	struct str server = query->servers[query->server], port;
	struct sim_process *process = query->process;
	enum sim_verdict verdict;

	query->asked_port = PORT_DNS;
	if (str_split_once(server, ':', &query->asked_address, &port))
		str_to_uint16(port, &query->asked_port);
	query->asked = net_host_at(process->host->net, process->host, query->asked_address);
	query_wait(query);

	int64_t delay_us = datagram_delay_us(query, false, &verdict);

	if (delay_us < 0)
		return;
	queue_at(query_queue(query), &query->step,
		 queue_time_add(query_queue(query)->now_us, delay_us),
		 verdict == SIM_PASS || verdict == SIM_DELAY ? server_asked : query_refused);
}

/* The port. */

static void query_abandon(struct actor_resource *resource)
{
	query_free(LIST_ENTRY(resource, struct dns_query, resource));
}

static struct dns_query *query_create(struct sim_process *process,
				      const struct dns_question *question, dns_answered *answered,
				      void *data)
{
	struct dns_query *query = MEMORY_NEW(struct dns_query);
	int64_t timeout_ms = question->timeout_ms > 0 ? question->timeout_ms : TIMEOUT_DEFAULT_MS;

	query->process = process;
	query->arena = arena_create();
	query->name = str_copy(query->arena, question->name);
	query->servers_count = question->servers_count;
	query->servers = ARENA_ARRAY(query->arena, struct str, question->servers_count + 1);
	for (size_t i = 0; i < question->servers_count; i++)
		query->servers[i] = str_copy(query->arena, question->servers[i]);
	query->timeout_us = timeout_ms * 1000;
	query->answered = answered;
	query->data = data;
	actor_own(&process->actor, &query->resource, query_abandon);
	return query;
}

static struct dns_query *port_resolve(struct world *world, const struct dns_question *question,
				      dns_answered *answered, void *data)
{
	struct dns_query *query = query_create(process_of(world), question, answered, data);

	if (url_host_is_ip(query->name)) {
		query->addresses = query->name;
		query->ttl_s = INT64_MAX;
		query_answer(query, DNS_OK, 0);
	} else if (query->servers_count > 0) {
		query_ask(query);
	} else {
		query_wait(query);
		queue_at(query_queue(query), &query->step,
			 queue_time_add(query_queue(query)->now_us, RESOLVER_LATENCY_US / 2),
			 resolver_asked);
	}
	return query;
}

static void port_cancel(struct world *world, struct dns_query *query)
{
	(void)world;
	query_free(query);
}

static void server_close(struct dns_server *server)
{
	resource_disown(&server->resource);
	list_remove(&server->link);
	free(server);
}

static void server_abandon(struct actor_resource *resource)
{
	server_close(LIST_ENTRY(resource, struct dns_server, resource));
}

static bool serve_is_possible(struct sim_host *host, struct str address, uint16_t port,
			      struct error *error)
{
	struct str shown = address.size > 0 ? address : STR("0.0.0.0");

	if (address.size > 0 && net_host_at(host->net, host, address) != host)
		return error_set(error, ERROR_UNAVAILABLE,
				 "cannot listen on %.*s:%u: cannot assign requested address",
				 STR_ARG(shown), (unsigned)port);
	if (port != 0 && dns_port_is_taken(host, port))
		return error_set(error, ERROR_UNAVAILABLE,
				 "cannot listen on %.*s:%u: address in use", STR_ARG(shown),
				 (unsigned)port);
	return true;
}

static struct dns_server *port_serve(struct world *world, struct str address, uint16_t port,
				     dns_lookup *lookup, void *data, struct error *error)
{
	struct sim_process *process = process_of(world);
	struct dns_server *server;

	if (str_equal(address, STR("0.0.0.0")))
		address = STR("");
	if (!serve_is_possible(process->host, address, port, error))
		return NULL;
	server = MEMORY_NEW(struct dns_server);
	server->process = process;
	server->address = str_copy(process->arena, address);
	server->port = port != 0 ? port : net_free_port(process->host);
	server->lookup = lookup;
	server->data = data;
	list_append(&process->host->datagram_ports, &server->link);
	actor_own(&process->actor, &server->resource, server_abandon);
	return server;
}

static uint16_t server_port(struct dns_server *server)
{
	return server->port;
}

const struct dns_ops sim_dns_ops = {
	.resolve = port_resolve,
	.cancel = port_cancel,
	.serve = port_serve,
	.server_port = server_port,
	.server_close = server_close,
};
