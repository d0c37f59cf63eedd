/* Transactions and the connections that they belong to.
 *
 * MULTI ... EXEC stands on one connection, and so does the WATCH before it: on another one EXEC
 * would be carried out though what was watched has changed. A client whose connection is gone
 * therefore spoils the transaction that comes next: REDIS_TRANSACTION_SPOILER behind MULTI makes
 * the server refuse EXEC with EXECABORT. Used by all clients of world/redis.h that connect again.
 */
#ifndef WORLD_REDIS_TRANSACTION_H
#define WORLD_REDIS_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* No server knows it. */
#define REDIS_TRANSACTION_SPOILER STR("REFSCALE-WATCHED-ON-ANOTHER-CONNECTION")

struct redis_transaction {
	bool was_used; /* WATCH or MULTI was ever sent */
	bool watches;
	uint64_t watched_on;
	bool is_open; /* between MULTI and EXEC */
};

/* Before a command leaves. connection: a number that changes when one is lost. True: the spoiler
 * has to follow it. */
bool redis_transaction_note(struct redis_transaction *transaction, struct str command,
			    uint64_t connection);

#endif
