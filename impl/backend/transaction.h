/* Commands that are carried out all or none: between MULTI and EXEC, on a client that others use
 * as well.
 *
 * Whoever sends does not notice: between transaction_begin() and transaction_end() `client` takes
 * commands like any other, and each gets its own reply when EXEC has brought them all; when it has
 * not, each is lost. Both calls belong to one turn, so that nothing else gets in between.
 */
#ifndef BACKEND_TRANSACTION_H
#define BACKEND_TRANSACTION_H

#include <stddef.h>

#include "base/error.h"
#include "base/vec.h"
#include "world/redis.h"

enum transaction_outcome {
	TRANSACTION_DONE,
	TRANSACTION_FENCED,  /* a watched key has changed: nothing was carried out */
	TRANSACTION_REFUSED, /* by an error; as a rule nothing was carried out */
	TRANSACTION_LOST,    /* nobody knows */
};

/* After all replies were handed out. */
typedef void transaction_over(enum transaction_outcome outcome, void *data);

struct transaction_part {
	redis_replied *replied;
	void *data;
};

struct transaction {
	struct redis_client client; /* first */
	struct redis_client *target;
	VEC(struct transaction_part) parts;
	struct error error; /* the first of the replies that is one; all others count */
	transaction_over *over;
	void *data;
};

void transaction_free(struct transaction *transaction); /* zeroed memory is a free one */
/* target NULL (closed): everything is lost. */
void transaction_begin(struct transaction *transaction, struct redis_client *target);
void transaction_end(struct transaction *transaction, transaction_over *over, void *data);

#endif
