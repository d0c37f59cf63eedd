/* The resolver's parts: dns.c asks servers with c-ares, dns_hosts.c knows what needs no server, and
 * dns_server.c is the name server. */
#ifndef WORLD_REAL_DNS_INTERNAL_H
#define WORLD_REAL_DNS_INTERNAL_H

#include "world/dns.h"
#include "world/real/real_internal.h"

/* dns.c, for the HTTP and Redis clients. True when the address is known at once: an IP literal,
 * localhost, a name of /etc/hosts, or the answer of a query whose time to live is not over. The
 * text is copied into `arena`. */
bool dns_known_address(struct real_world *real, struct str name, struct arena *arena,
		       struct str *address);
/* Asks the system's servers; the first address is remembered for dns_known_address(). */
struct dns_query *dns_query_host(struct real_world *real, struct str name, dns_answered *answered,
				 void *data);

/* dns_hosts.c: a file of the form of /etc/hosts, looked at again when it changed. */
struct hosts;
struct hosts *hosts_create(const char *path);
void hosts_destroy(struct hosts *hosts); /* NULL is allowed */
/* IPv4 addresses of `name` in the order of the file, valid until the next call. 0 = not there. */
size_t hosts_find(struct hosts *hosts, int64_t now_us, struct str name,
		  const struct str **addresses);
/* "localhost" and names below it (RFC 6761 6.3), with or without the last dot. */
bool hosts_name_is_local(struct str name);

/* dns_server.c */
struct dns_server *dns_server_open(struct world *world, struct str address, uint16_t port,
				   dns_lookup *lookup, void *data, struct error *error);
uint16_t dns_server_port(struct dns_server *server);
void dns_server_close(struct dns_server *server);

#endif
