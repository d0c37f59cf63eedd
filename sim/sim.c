#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "sim/cluster/objects.h"
#include "sim/data/redis_node.h"
#include "sim/data/sql.h"
#include "sim/net/dns.h"
#include "sim/net/link.h"
#include "sim/net/rule.h"
#include "sim/sim_internal.h"

#define UTC_START_US INT64_C(1559635200000000) /* 2019-06-04T08:00:00Z */

struct action {
	struct event event;
	struct list_link link;
	sim_action *run;
	void *data;
};

/* The run. */

struct sim *sim_create(const struct sim_options *options)
{
	struct sim *sim = MEMORY_NEW(struct sim);

	sim->options = *options;
	if (sim->options.utc_start_us == 0)
		sim->options.utc_start_us = UTC_START_US;
	sim->arena = arena_create();
	trace_init(&sim->trace, &sim->queue);
	list_init(&sim->actions);
	list_init(&sim->redis);
	sim->net.sim = sim;
	sim->net.queue = &sim->queue;
	sim->net.trace = &sim->trace;
	sim->net.arena = sim->arena;
	sim->net.seed = options->seed;
	net_init(&sim->net);
	sim->cluster = cluster_create(sim);
	return sim;
}

static void hosts_end_processes(struct sim *sim)
{
	for (size_t i = 0; i < sim->net.hosts.count; i++) {
		LIST_EACH (link, &sim->net.hosts.items[i]->processes)
			process_end(LIST_ENTRY(link, struct sim_process, link), 0, true);
	}
}

static void hosts_free_processes(struct sim *sim)
{
	for (size_t i = 0; i < sim->net.hosts.count; i++) {
		struct sim_host *host = sim->net.hosts.items[i];

		LIST_EACH (link, &host->processes)
			process_free(LIST_ENTRY(link, struct sim_process, link));
		host_files_free(host);
		host_databases_free(host);
	}
}

void sim_destroy(struct sim *sim)
{
	struct list_link *link;

	if (sim == NULL)
		return;
	sim->trace.sink = NULL; /* the run is over: what is freed now is not part of it */
	redis_nodes_free(sim);
	hosts_end_processes(sim);
	hosts_free_processes(sim);
	cluster_destroy(sim->cluster);
	queue_free(&sim->queue);
	while ((link = list_take_first(&sim->actions)) != NULL)
		free(LIST_ENTRY(link, struct action, link));
	net_free(&sim->net);
	trace_free(&sim->trace);
	arena_destroy(sim->arena);
	free(sim);
}

int64_t sim_now_us(const struct sim *sim)
{
	return sim->queue.now_us;
}

uint64_t sim_events(const struct sim *sim)
{
	return sim->queue.carried_out;
}

bool sim_run_until(struct sim *sim, int64_t time_us, bool (*done)(void *data), void *data)
{
	BUG_IF(sim->queue.current != NULL);
	while (done == NULL || !done(data)) {
		if (queue_step(&sim->queue, time_us))
			continue;
		if (sim->queue.now_us < time_us)
			sim->queue.now_us = time_us;
		return done != NULL && done(data);
	}
	return true;
}

void sim_run_to(struct sim *sim, int64_t time_us)
{
	sim_run_until(sim, time_us, NULL, NULL);
}

static void action_due(struct event *event)
{
	struct action *action = LIST_ENTRY(event, struct action, event);

	list_remove(&action->link);
	action->run(action->data);
	free(action);
}

void sim_at(struct sim *sim, int64_t time_us, sim_action *run, void *data)
{
	struct action *action = MEMORY_NEW(struct action);

	action->run = run;
	action->data = data;
	list_append(&sim->actions, &action->link);
	queue_at(&sim->queue, &action->event, time_us, action_due);
}

void sim_trace_to(struct sim *sim, sim_trace_sink *sink, void *data)
{
	sim->trace.sink = sink;
	sim->trace.data = data;
}

uint64_t sim_trace_hash(const struct sim *sim)
{
	return sim->trace.hash;
}

void sim_trace(struct sim *sim, struct str host, struct str kind, struct str fields)
{
	trace_begin(&sim->trace, host, kind);
	trace_fields(&sim->trace, fields);
	trace_end(&sim->trace);
}

/* Hosts and processes. */

struct sim_host *sim_host_add(struct sim *sim, struct str name, struct str address)
{
	struct sim_host *host = net_host_add(&sim->net, name, address);

	/* The folder that every machine has. */
	host_directory_make(host, STR("/tmp"), NULL);
	return host;
}

struct sim_host *sim_host_find(struct sim *sim, struct str name)
{
	return net_host_find(&sim->net, name);
}

struct str sim_host_address(const struct sim_host *host)
{
	return host->address;
}

bool sim_host_is_up(const struct sim_host *host)
{
	return host->is_up;
}

void sim_host_set_up(struct sim_host *host, bool up)
{
	if (host->is_up == up)
		return;
	host->is_up = up;
	sim_trace(host->net->sim, host->name, up ? STR("host.up") : STR("host.down"), STR(""));
	if (up)
		return;
	redis_nodes_stop(host);
	LIST_EACH (link, &host->processes) {
		struct sim_process *process = LIST_ENTRY(link, struct sim_process, link);

		/* A bare world is its caller's, and lives on without a network. */
		if (process->component != NULL)
			process_kill_now(process);
	}
}

void sim_host_set_clock_offset(struct sim_host *host, int64_t offset_us)
{
	host->clock_offset_us = offset_us;
}

void sim_host_set_dns_cache(struct sim_host *host, bool enabled)
{
	dns_cache_enable(host, enabled);
}

bool sim_host_write_file(struct sim_host *host, struct str path, struct str content)
{
	size_t last = str_find_last_char(path, '/');

	if (last != STR_NOT_FOUND && !host_directory_make(host, str_slice(path, 0, last), NULL))
		return false;
	return host_file_write(host, path, content, NULL);
}

struct world *sim_host_world(struct sim_host *host, struct str process_name)
{
	return &process_create(host, process_name)->world;
}

void sim_host_world_end(struct world *world)
{
	struct sim_process *process = process_of(world);

	BUG_IF(process->component != NULL);
	process_end(process, 0, false);
	process_free(process);
}

struct sim_process *sim_process_start(struct sim_host *host, const struct process_options *options,
				      struct error *error)
{
	return process_launch(host, NULL, options, error);
}

void sim_process_stop(struct sim_process *process)
{
	process_ask_to_stop(process);
}

void sim_process_kill(struct sim_process *process)
{
	process_kill_now(process);
}

bool sim_process_is_running(const struct sim_process *process)
{
	return process->state == PROCESS_RUNNING;
}

/* The network. */

void sim_net_set_default_link(struct sim *sim, struct sim_link link)
{
	sim->net.default_link = link;
}

void sim_net_set_link(struct sim *sim, struct str from_host, struct str to_host,
		      struct sim_link link)
{
	struct sim_host *from = net_host_find(&sim->net, from_host);
	struct sim_host *to = net_host_find(&sim->net, to_host);

	BUG_IF(from == NULL || to == NULL);
	link_set(from, to, link);
}

struct sim_rule *sim_rule_add(struct sim *sim, const struct sim_rule_options *options)
{
	return rule_add(&sim->net, options);
}

void sim_rule_remove(struct sim_rule *rule)
{
	rule_remove(rule);
}

uint64_t sim_rule_effects(const struct sim_rule *rule)
{
	return rule_effects(rule);
}

void sim_dns_set(struct sim *sim, struct str name, struct str addresses, int64_t ttl_s)
{
	zone_set(&sim->net, name, addresses, ttl_s);
}

void sim_dns_remove(struct sim *sim, struct str name)
{
	zone_remove(&sim->net, name);
}

void sim_dns_set_fault(struct sim *sim, struct str name, enum sim_dns_fault fault)
{
	zone_set_fault(&sim->net, name, fault);
}

uint64_t sim_dns_effects(const struct sim *sim, struct str name)
{
	return zone_effects(&sim->net, name);
}
