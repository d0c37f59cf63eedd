/* Firewall and faults. A rule speaks of connections: `from` opened it, `to` and `port` are what it
 * was opened to; its verdict is for what goes either way. */
#ifndef SIM_NET_RULE_H
#define SIM_NET_RULE_H

#include "sim/net/net.h"

struct net_path {
	struct sim_host *from, *to; /* to: NULL when no host has the address */
	struct str to_address;
	uint16_t port;
	bool is_new; /* the connection is not open yet (or it is a datagram) */
};

/* DROP between what an overlay keeps apart; else the first verdict that is not PASS, counted;
 * *delay_us when it is SIM_DELAY, else 0. */
enum sim_verdict rule_verdict(struct net *net, const struct net_path *path, int64_t *delay_us);
bool rule_matches(const struct sim_rule *rule, const struct net_path *path);
struct sim_rule *rule_add(struct net *net, const struct sim_rule_options *options);
void rule_remove(struct sim_rule *rule); /* keeps it for its count */
uint64_t rule_effects(const struct sim_rule *rule);

#endif
