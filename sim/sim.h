/* The simulator: virtual hosts on a virtual network under virtual time, running the components of
 * impl/ as they are.
 *
 * One `struct sim` is one run: everything in it follows from its seed and from the calls made to
 * it, on any machine, with any compiler. Hosts have one IPv4 address and any number of processes; a
 * process is one component with its own world, environment and output. Nothing happens outside
 * sim_run_*().
 *
 * Order of calls: sim_create, sim_trace_to, hosts, names, rules, processes, sim_run_...,
 * sim_destroy. Times are microseconds since the run began; utc_start is the wall clock at that
 * moment.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "world/component.h"
#include "world/process.h"
#include "world/world.h"

struct arena;
struct error;
struct sim;
struct sim_host;
struct sim_process;
struct sim_rule;

struct sim_options {
	uint64_t seed;
	int64_t utc_start_us; /* 0 = 2019-06-04T08:00:00Z */
	const struct component *const
		*components; /* what "refscale NAME" may start; ends with NULL */
};

struct sim *sim_create(const struct sim_options *options);
void sim_destroy(struct sim *sim);

/* Time. sim_run_until: false when `done` (may be NULL) had not said so by then. */
int64_t sim_now_us(const struct sim *sim);
void sim_run_to(struct sim *sim, int64_t time_us);
bool sim_run_until(struct sim *sim, int64_t time_us, bool (*done)(void *data), void *data);
typedef void sim_action(void *data);
void sim_at(struct sim *sim, int64_t time_us, sim_action *action, void *data);
uint64_t sim_events(const struct sim *sim); /* carried out so far */

/* The trace: one JSON object a line, each event with virtual time, host and kind. The hash covers
 * every line whether or not there is a sink. Kinds, beside those of sim_trace():
 *
 *   process.start process.exit log          processes and every line they write
 *   request answer call.failed              HTTP, as its servers and callers see it
 *   dns zone.set zone.remove zone.fault     lookups, and changes of the zone
 *   connect accept open data window         connections, at the end that sees it
 *   stall refused unreachable given-up reset
 *   host.up host.down rule.add rule.remove redis.start redis.stop
 *   object.created object.changed object.deleted   of the cluster
 */
typedef void sim_trace_sink(struct str line, void *data);
void sim_trace_to(struct sim *sim, sim_trace_sink *sink, void *data);
uint64_t sim_trace_hash(const struct sim *sim);
/* `fields` is a JSON object's inside: "\"status\":200". */
void sim_trace(struct sim *sim, struct str host, struct str kind, struct str fields);

/* Hosts and processes. */
struct sim_host *sim_host_add(struct sim *sim, struct str name, struct str address);
struct sim_host *sim_host_find(struct sim *sim, struct str name);
struct str sim_host_address(const struct sim_host *host);
void sim_host_set_up(struct sim_host *host, bool up); /* down: processes killed, packets vanish */
bool sim_host_is_up(const struct sim_host *host);
void sim_host_set_clock_offset(struct sim_host *host, int64_t offset_us);
bool sim_host_write_file(struct sim_host *host, struct str path, struct str content);
/* A world without a component: for clients, runners and tests. Lives until the sim is destroyed,
 * or its caller, who has given back all it made there, ends it (not in a turn of that world). */
struct world *sim_host_world(struct sim_host *host, struct str process_name);
void sim_host_world_end(struct world *world);
/* output: NULL = only traced. */
struct sim_process *sim_process_start(struct sim_host *host, const struct process_options *options,
				      struct error *error);
void sim_process_stop(struct sim_process *process); /* asks, as SIGTERM does */
/* As SIGKILL: its connections are reset, nothing it does afterwards is seen, then its component is
 * stopped, so that its memory is freed. Called from within its own turn: after that turn. */
void sim_process_kill(struct sim_process *process);
bool sim_process_is_running(const struct sim_process *process);

/* The network. Latency applies to both directions; loss delays by retransmission, as TCP does. */
struct sim_link {
	int64_t latency_us, jitter_us;
	int loss_per_million;
};
void sim_net_set_default_link(struct sim *sim, struct sim_link link);
void sim_net_set_link(struct sim *sim, struct str from_host, struct str to_host,
		      struct sim_link link);

/* Firewall and faults: rules are asked in the order they were added, the first verdict that is not
 * PASS wins. A rule means connections (and datagrams) by who opened them: from, to, and the port
 * opened to; what it says goes for both directions. Empty from/to and port 0 match all. Every rule
 * counts what it did: a fault without effect is a mistake in the scenario. */
enum sim_verdict {
	SIM_PASS,   /* goes on; only counts */
	SIM_DROP,   /* silence: connections are not made, open ones stall until it ends */
	SIM_REJECT, /* new connections are refused, open ones go on */
	SIM_RESET,  /* open connections are reset (at once when the rule comes), new ones refused */
	SIM_DELAY,  /* later by delay_us */
	SIM_UNREACHABLE, /* new connections: no route to host; open ones stall */
};
struct sim_rule_options {
	struct str from, to; /* host names or addresses */
	uint16_t port;       /* of the destination */
	enum sim_verdict verdict;
	int64_t delay_us; /* SIM_DELAY */
	bool only_new_connections;
};
struct sim_rule *sim_rule_add(struct sim *sim, const struct sim_rule_options *options);
void sim_rule_remove(struct sim_rule *rule);
uint64_t sim_rule_effects(const struct sim_rule *rule); /* also valid after removal */

/* Names. Every host's system resolver asks the sim's zone; `set` replaces. Addresses are separated
 * by commas. The names of hosts are known without being set. "*.example.com" is for all below it
 * that are not known themselves. */
void sim_dns_set(struct sim *sim, struct str name, struct str addresses, int64_t ttl_s);
void sim_dns_remove(struct sim *sim, struct str name);
enum sim_dns_fault { SIM_DNS_OK, SIM_DNS_NXDOMAIN, SIM_DNS_SERVFAIL, SIM_DNS_SILENT };
void sim_dns_set_fault(struct sim *sim, struct str name, enum sim_dns_fault fault);
uint64_t sim_dns_effects(const struct sim *sim,
			 struct str name); /* lookups since the last set, remove or fault */
/* The resolver of this host keeps answers for their time to live: a change of the zone is seen
 * late. */
void sim_host_set_dns_cache(struct sim_host *host, bool enabled);

/* TLS: a simulated certificate is a text that a listener is given in place of PEM. kind: "ok",
 * "expired", "not-yet", "unknown-ca", "self-signed"; names: comma separated. */
struct str sim_tls_certificate(struct arena *arena, struct str names, struct str kind);
/* A ca_file with this content makes "unknown-ca" trusted; one with a self-signed certificate that
 * one. */
#define SIM_TLS_AUTHORITY STR("simulated authority\n")

/* A Redis node on a host: store/ over RESP. A host that goes down stops its nodes; they come back
 * by sim_redis_restart(). As processes they are `redis-server ...` and `redis-sentinel FILE`
 * (data/redis_server.c, data/sentinel.h), started with sim_process_start(). */
struct sim_redis;
struct sim_redis *sim_redis_start(struct sim_host *host, uint16_t port, struct error *error);
struct sim_redis_options {
	uint16_t port;
	struct str password;    /* empty: none is asked for */
	struct str master_host; /* empty: a master. Else a read-only replica, which follows it */
	uint16_t master_port;
	struct str master_password;
};
struct sim_redis *sim_redis_start_with(struct sim_host *host,
				       const struct sim_redis_options *options,
				       struct error *error);
void sim_redis_set_loading(struct sim_redis *redis, bool is_loading);    /* answers LOADING */
void sim_redis_forget_command(struct sim_redis *redis, struct str name); /* as an older one */
void sim_redis_stop(struct sim_redis *redis); /* connections cut, data kept */
/* False and *error when somebody else listens on its port by now. */
bool sim_redis_restart(struct sim_redis *redis, struct error *error);

#endif
