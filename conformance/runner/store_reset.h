/* Cases do not depend on one another: a Redis that the target is given (--store) is emptied before
 * each. So that nobody loses data by a slip of the hand, one that is not empty at first is refused.
 */
#ifndef RUNNER_STORE_RESET_H
#define RUNNER_STORE_RESET_H

#include <stdbool.h>

#include "base/str.h"

struct error;
struct store_reset;
struct world;

/* NULL and *error when the URL cannot be read. */
struct store_reset *store_reset_open(struct world *world, struct str url, struct error *error);
/* `done` is called later; error is NULL when it is empty now. */
typedef void store_reset_done(const struct error *error, void *data);
void store_reset_empty(struct store_reset *reset, store_reset_done *done, void *data);
void store_reset_close(struct store_reset *reset); /* NULL is allowed */

#endif
