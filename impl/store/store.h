/* The embedded Redis-compatible store: Redis commands over one SQLite file, in this process.
 *
 * Commands of one turn of the loop are carried out in one transaction, and their replies are
 * delivered after its commit, at the end of the turn: what was acknowledged survives `kill -9`
 * (SQL_DURABILITY_NORMAL), with SQL_DURABILITY_FULL power loss too. Clients from store_client() are
 * indistinguishable from those of redis_open(): same replies, same errors, same order. Commands:
 * spec/backend.md 6.10 and what operators look around with, as Redis 7.0 answers them. When the
 * file fails, the commands of the turn are undone and answered with a MISCONF error.
 *
 * A file belongs to one process at a time; a second one is refused with one sentence. Listener and
 * worker that are processes of their own share a Redis instead.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/str.h"
#include "world/redis.h"
#include "world/sql.h"

struct error;
struct store;

/* path: file, or ":memory:". NULL and *error when it cannot be opened, is not a store, or is in use
 * by another process (ERROR_UNAVAILABLE; waits 2 s for one that is about to end). */
struct store *store_create(struct world *world, struct str path, enum sql_durability durability,
			   struct error *error);
/* The same of a store that is there: a missing file is ERROR_SYSTEM, not made. */
struct store *store_open(struct world *world, struct str path, enum sql_durability durability,
			 struct error *error);
void store_destroy(struct store *store); /* clients first. NULL is allowed */

/* A client of logical database `database` (0..15), as SELECT would choose. Close with
 * redis_close(). */
struct redis_client *store_client(struct store *store, int database);

/* From now on nothing is committed, though replies are delivered: what is done until
 * store_release() happens whole or not at all. Release: false with *error when the file refused
 * something meanwhile (then nothing was done); with `keep` false all is undone. */
void store_hold(struct store *store);
bool store_release(struct store *store, bool keep, struct error *error);

/* Carries out one command at once, inside a transaction of the caller's turn; the reply is valid
 * until the next call, and durable only at the turn's end. For who needs an answer now: there is no
 * connection, so no MULTI, and blocking commands do not wait. `database` is changed by SELECT. */
const struct redis_reply *store_execute(struct store *store, int *database, const struct str *words,
					size_t count);

/* Called after every command that writes and was not refused, with its words and its reply, also
 * when it had waited or stood between MULTI and EXEC: for who passes on what is written, as a Redis
 * does to its replicas. One at a time; NULL: nobody any more. */
typedef void store_wrote(int database, const struct str *words, size_t count,
			 const struct redis_reply *reply, void *data);
void store_watch_writes(struct store *store, store_wrote *wrote, void *data);
/* Is it the name (in any case) of a command that writes? What a read-only replica refuses. */
bool store_command_writes(const struct store *store, struct str name);

/* From now on the store answers that it does not know the command (small letters), as a Redis
 * before the command came. For simulated old servers. */
void store_forget_command(struct store *store, struct str name);

#endif
