/* The simulator's commands, as components of the world that runs them (impl/refscale.c). Both print
 * to that world's standard output and end it with world_exit().
 *
 * `components` is what virtual processes may start as "refscale NAME ..."; it ends with NULL and
 * outlives the command.
 */
#ifndef SIM_COMMANDS_H
#define SIM_COMMANDS_H

#include <stddef.h>

#include "base/str.h"
#include "world/component.h"

struct error;
struct world;

/* refscale sim run FILE|DIR... [--seed N] [--trace FILE] [--html FILE] [--twice] [--verbose]: runs
 * scenarios (scenario/scenario.h), one in each turn. Exit status 0: all passed; 1: one failed, or
 * the command was interrupted; 2: wrong usage or a scenario that cannot be read; 4: a trace or page
 * could not be written. */
void *sim_command_start(struct world *world, const struct component *const *components,
			const struct str *arguments, size_t count, int *exit_status,
			struct error *error);
void sim_command_stop(void *command);

/* Runs one component in a fresh virtual world of one host, with the same arguments, as if the
 * command had been typed there: its output is ours, its exit status too, and who asks us to stop
 * asks it. The folders conformance/ and fixtures/ are on the virtual host's disk; a file named by
 * --output is brought back. Exit status 4: it could not be, or the component hung. */
void *sim_inside_start(struct world *world, const struct component *const *components,
		       const struct component *component, const struct str *arguments, size_t count,
		       int *exit_status, struct error *error);
void sim_inside_stop(void *inside);

#endif
