/* The embedded Redis-compatible store: Redis commands over one SQLite file, in this process.
 *
 * Commands of one turn of the loop are carried out in one transaction, and their replies are
 * delivered after its commit, at the end of the turn: what was acknowledged survives `kill -9`
 * (SQL_DURABILITY_NORMAL), with SQL_DURABILITY_FULL power loss too. Clients from store_client() are
 * indistinguishable from those of redis_open(): same replies, same errors, same order. Commands:
 * spec/backend.md 6.10.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/str.h"
#include "world/redis.h"
#include "world/sql.h"

struct error;
struct store;

/* path: file, or ":memory:". NULL and *error when it cannot be opened or is not a store. */
struct store *store_create(struct world *world, struct str path, enum sql_durability durability,
			   struct error *error);
void store_destroy(struct store *store); /* clients first. NULL is allowed */

/* A client of logical database `database` (0..15), as SELECT would choose. Close with
 * redis_close(). */
struct redis_client *store_client(struct store *store, int database);

/* Carries out one command at once, inside a transaction of the caller's turn; the reply is valid
 * until the next call. For servers that speak RESP over a network (the simulator's Redis nodes).
 * `database` is changed by SELECT. */
const struct redis_reply *store_execute(struct store *store, int *database, const struct str *words,
					size_t count);

#endif
