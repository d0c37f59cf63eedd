/* Names to addresses (spec/gateway.md 5.5): answers are kept for their time to live, addresses of a
 * name are used in turn, and while one caller refreshes an entry the others use what is there.
 * RESOLVER is asked before the system's servers; a name that is not known is tried again with each
 * domain of the search list.
 */
#ifndef GATEWAY_RESOLVER_H
#define GATEWAY_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"
#include "world/dns.h"

struct arena;
struct json;
struct resolver;
struct resolver_wait;
struct world;

/* address: valid during the call; empty when status is not DNS_OK. */
typedef void resolver_done(enum dns_status status, struct str address, void *data);

/* The caller's; zeroed memory waits for nothing. */
struct resolver_wait {
	struct list_link link;
	resolver_done *done;
	void *data;
};

/* first_server: "ip" or "ip:port", empty for none. The text must outlive the resolver. */
struct resolver *resolver_create(struct world *world, struct str first_server);
void resolver_destroy(struct resolver *resolver); /* NULL is allowed; waiters are forgotten */

/* True and *address (valid during this turn) when it is known; IP literals always are. False:
 * `done` is called later, once. */
bool resolver_find(struct resolver *resolver, struct str name, struct str *address,
		   struct resolver_wait *wait, resolver_done *done, void *data);
void resolver_stop(struct resolver_wait *wait);

/* GET /dns/cache (7). */
struct json *resolver_json(const struct resolver *resolver, struct arena *arena);

#endif
