/* What the environment says of a process rather than of its answers: how many there are, what they
 * write and show (spec/backend.md 9.1, 9.3, 9.9, 10).
 */
#ifndef BACKEND_SETTINGS_PROCESS_H
#define BACKEND_SETTINGS_PROCESS_H

#include <stdbool.h>

struct error;
struct settings;
struct world;

/* The role and the profile are known. */
bool settings_read_process(struct settings *settings, struct world *world, struct error *error);

#endif
