#include "sim/net/net.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/map.h"
#include "sim/net/dns.h"
#include "sim/net/stream.h"

#define FREE_PORT_FIRST 32768
#define FREE_PORT_LAST 60999
#define PROCESS_ID_FIRST 100
#define DEFAULT_LATENCY_US 200

void net_init(struct net *net)
{
	net->hosts_by_name = map_create(0);
	net->hosts_by_address = map_create(0);
	net->default_link.latency_us = DEFAULT_LATENCY_US;
	list_init(&net->connections);
	list_init(&net->segments_free);
	net->zone = zone_create();
}

static void host_free(struct sim_host *host)
{
	BUG_IF(!list_is_empty(&host->listeners) || !list_is_empty(&host->datagram_ports));
	vec_free(&host->links);
	map_destroy(host->process_starts);
	dns_cache_destroy(host->dns_cache);
	free(host);
}

void net_free(struct net *net)
{
	stream_free_all(net);
	for (size_t i = 0; i < net->hosts.count; i++)
		host_free(net->hosts.items[i]);
	vec_free(&net->hosts);
	vec_free(&net->rules);
	map_destroy(net->hosts_by_name);
	map_destroy(net->hosts_by_address);
	zone_destroy(net->zone);
}

struct sim_host *net_host_add(struct net *net, struct str name, struct str address)
{
	struct sim_host *host = MEMORY_NEW(struct sim_host);

	BUG_IF(name.size == 0 || net_host_find(net, name) != NULL);
	BUG_IF(address.size == 0 || net_host_find(net, address) != NULL);
	host->net = net;
	host->index = net->hosts.count;
	host->name = str_copy(net->arena, name);
	host->address = str_copy(net->arena, address);
	host->is_up = true;
	host->next_free_port = FREE_PORT_FIRST;
	host->next_process_id = PROCESS_ID_FIRST;
	host->process_starts = map_create(0);
	list_init(&host->listeners);
	list_init(&host->datagram_ports);
	list_init(&host->log_ports);
	list_init(&host->processes);
	vec_push(&net->hosts, host);
	map_put(net->hosts_by_name, name, host);
	map_put(net->hosts_by_address, address, host);
	return host;
}

struct sim_host *net_host_find(const struct net *net, struct str name)
{
	struct sim_host *host = map_get(net->hosts_by_name, name);

	return host != NULL ? host : map_get(net->hosts_by_address, name);
}

bool net_is_loopback(struct str address)
{
	return str_has_prefix(address, STR("127."));
}

struct sim_host *net_host_at(const struct net *net, struct sim_host *from, struct str address)
{
	return net_is_loopback(address) ? from : map_get(net->hosts_by_address, address);
}

uint16_t net_free_port(struct sim_host *host)
{
	for (int tried = 0; tried <= FREE_PORT_LAST - FREE_PORT_FIRST; tried++) {
		uint16_t port = host->next_free_port;

		host->next_free_port =
			port == FREE_PORT_LAST ? FREE_PORT_FIRST : (uint16_t)(port + 1);
		if (!stream_port_is_taken(host, port) && !dns_port_is_taken(host, port))
			return port;
	}
	return 0;
}
