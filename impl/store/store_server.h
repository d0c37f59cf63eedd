/* Lets others look into the embedded store over the Redis protocol, as into a read-only replica:
 * the portal reads its statistics there, an operator looks around with redis-cli. What would write
 * is refused (READONLY). There is no password: who may connect is a matter of the address.
 *
 * Commands of a connection are carried out one after the other, in the order they came.
 */
#ifndef STORE_STORE_SERVER_H
#define STORE_STORE_SERVER_H

#include <stdint.h>

#include "base/str.h"

struct error;
struct store;
struct store_server;
struct world;

/* Connections begin in that logical database. address: an IPv4 literal; port 0: any free one. NULL
 * and *error when it cannot be listened on. The store must outlive the server. */
struct store_server *store_server_open(struct world *world, struct store *store, int database,
				       struct str address, uint16_t port, struct error *error);
uint16_t store_server_port(const struct store_server *server);
void store_server_close(struct store_server *server); /* cuts connections. NULL is allowed */

#endif
