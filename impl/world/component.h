/* What a component is to whoever runs it: refscale.c in a real world, the simulator in a virtual
 * one.
 *
 * start() reads its options and environment, opens what it needs and returns its instance; it may
 * return before it can serve. When it can, it prints one line "ready NAME key=value ..." on
 * standard output (ports and URLs). NULL and *error: the component could not start, *exit_status
 * says with which status the process ends (spec: 1; wrong usage: 2). stop() frees everything;
 * nothing calls back afterwards.
 */
#ifndef WORLD_COMPONENT_H
#define WORLD_COMPONENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct error;
struct option;
struct world;

struct component {
	const char *name; /* "gateway" */
	const char *help; /* one line */
	void *(*start)(struct world *world, const struct str *arguments, size_t count,
		       int *exit_status, struct error *error);
	void (*stop)(void *instance);
};

/* options_parse() of base/options.h for a component. `--help` or `-h` shows `usage` ("echo
 * [OPTION...]") and the options on standard output; then false, with ERROR_HELP and no text. */
bool component_read_options(struct world *world, const char *usage, const struct option *options,
			    size_t options_count, const struct str *arguments, size_t count,
			    struct str *words, size_t words_max, size_t *words_count,
			    struct error *error);

#endif
