/* The real world: sockets, files and the system clock behind impl/world.
 *
 * A loop takes turns; worlds live on one and share its time. Order of calls: real_loop_create,
 * real_world_create, start components, real_loop_run, stop them, real_world_destroy,
 * real_loop_destroy. A turn is what one wake-up brings; at its end run the deferred tasks, then
 * what the ports gathered leaves (Redis commands, calls, answers, log lines).
 */
#ifndef WORLD_REAL_REAL_WORLD_H
#define WORLD_REAL_REAL_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "world/world.h"

struct real_loop;

/* Also ignores SIGPIPE, and raises the soft limit of open files to the hard one. */
struct real_loop *real_loop_create(void);
void real_loop_destroy(struct real_loop *loop); /* its worlds were destroyed before */

/* extra_environment: NAME, VALUE, NAME, VALUE, ..., NULL on top of the process's variables; a NULL
 * pointer for none. */
struct world *real_world_create(struct real_loop *loop, const char *const *extra_environment);
/* The component was stopped before. What it left open is closed, without calling back. */
void real_world_destroy(struct world *world);

/* Takes turns until every world exited; returns the exit status of the last one. SIGTERM, SIGINT
 * and SIGQUIT reach the worlds as world_on_stop() says. */
int real_loop_run(struct real_loop *loop);
/* Takes turns until done() says so (asked first, and after each turn); false after limit_ms. */
bool real_loop_run_until(struct real_loop *loop, bool (*done)(void *data), void *data,
			 int64_t limit_ms);
bool real_world_has_exited(struct world *world, int *status);

#endif
