/* What zone.c and dns.c share: an answer before it becomes records. */
#ifndef SIM_NET_DNS_INTERNAL_H
#define SIM_NET_DNS_INTERNAL_H

#include "sim/net/dns.h"

#define ZONE_HOST_TTL_S 30 /* of a host's own name */

struct dns_answer {
	enum sim_dns_fault fault;
	struct str addresses; /* comma separated; borrowed until the zone changes */
	int64_t ttl_s;
};

/* What the system resolver of `host` says of `name` now. */
void resolver_answer(struct sim_host *host, struct str name, struct dns_answer *answer);

#endif
