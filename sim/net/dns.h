/* Names: the sim's zone, which every host's system resolver asks, and name servers that processes
 * run on their hosts, asked by datagrams over the network. */
#ifndef SIM_NET_DNS_H
#define SIM_NET_DNS_H

#include "sim/net/net.h"

struct zone;

struct zone *zone_create(void);
void zone_destroy(struct zone *zone);
void zone_set(struct net *net, struct str name, struct str addresses, int64_t ttl_s);
void zone_remove(struct net *net, struct str name);
void zone_set_fault(struct net *net, struct str name, enum sim_dns_fault fault);
uint64_t zone_effects(const struct net *net, struct str name);

/* The resolver of this host keeps answers for their time to live; NULL-safe destroy. */
void dns_cache_enable(struct sim_host *host, bool enabled);
void dns_cache_destroy(struct map *cache);

bool dns_port_is_taken(const struct sim_host *host, uint16_t port);

#endif
