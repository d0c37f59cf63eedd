/* Names to IPv4 addresses with their times to live, and a small authoritative name server (the
 * conformance runner plays DNS with it; in the simulator a host runs it).
 */
#ifndef WORLD_DNS_H
#define WORLD_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "world/world.h"

struct error;

enum dns_status {
	DNS_OK,
	DNS_NOT_FOUND,     /* NXDOMAIN, or no A record */
	DNS_TIMEOUT,       /* no server answered */
	DNS_SERVER_FAILED, /* SERVFAIL, REFUSED, nonsense */
};

struct dns_record {
	struct str address; /* "10.0.0.5" */
	int64_t ttl_s;
};

struct dns_query; /* the port's */

/* Records in the order of the answer, valid during the call. Never called before dns_resolve() has
 * returned. The query is over: do not cancel it any more. */
typedef void dns_answered(enum dns_status status, const struct dns_record *records, size_t count,
			  void *data);

struct dns_question {
	struct str name;           /* an IP literal answers itself, ttl_s INT64_MAX */
	const struct str *servers; /* "ip" or "ip:port", asked in order; none = the system's */
	size_t servers_count;
	int64_t timeout_ms; /* for each server; 0 = 2900 (spec/gateway.md 5.5) */
};

struct dns_server;
/* What the server knows of a name. false: NXDOMAIN. Fill *address with one or more addresses
 * separated by commas and *ttl_s. An empty address: the server stays silent (time-out). */
typedef bool dns_lookup(struct str name, struct str *address, int64_t *ttl_s, void *data);

struct dns_ops {
	struct dns_query *(*resolve)(struct world *world, const struct dns_question *question,
				     dns_answered *answered, void *data);
	void (*cancel)(struct world *world, struct dns_query *query);
	struct dns_server *(*serve)(struct world *world, struct str address, uint16_t port,
				    dns_lookup *lookup, void *data, struct error *error);
	uint16_t (*server_port)(struct dns_server *server);
	void (*server_close)(struct dns_server *server);
};

/* Texts of the question are copied. No cache: who needs one keeps it (gateway: 5.5). */
static inline struct dns_query *dns_resolve(struct world *world,
					    const struct dns_question *question,
					    dns_answered *answered, void *data)
{
	return world->dns->resolve(world, question, answered, data);
}

static inline void dns_cancel(struct world *world, struct dns_query *query)
{
	world->dns->cancel(world, query);
}

/* UDP on address:port (0 = any free one). NULL and *error when it cannot listen. */
static inline struct dns_server *dns_serve(struct world *world, struct str address, uint16_t port,
					   dns_lookup *lookup, void *data, struct error *error)
{
	return world->dns->serve(world, address, port, lookup, data, error);
}

#endif
