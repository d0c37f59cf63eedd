/* Several processes of one component that share its ports: this process starts them, starts those
 * again that end, hands on what they say, and ends them. It answers no calls itself.
 *
 * Where a port is any free one, the first child chooses it: the others are started when the first
 * is ready, and their words are made from its ready line. REFSCALE_PARENT tells children whose they
 * are, so that they end with this process, too, when it is killed. A child that ends before all
 * were ready ends this process with its status.
 */
#ifndef WORKERS_SUPERVISOR_H
#define WORKERS_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;
struct process_variable;
struct shared_memory;
struct supervisor;
struct world;

#define SUPERVISOR_WORDS_MAX 64 /* of a child, beside the arguments of its parent */

/* What a child is started with, after "refscale COMPONENT". */
struct supervisor_words {
	struct arena *arena;
	struct str *items;
	size_t count;
};

struct supervisor_plan {
	struct world *world;
	const char *component; /* "gateway" */
	size_t count;
	size_t arguments_max; /* how many words beyond SUPERVISOR_WORDS_MAX a child has at most */
	const struct process_variable *variables; /* on top of the parent's; copied */
	size_t variables_count;
	struct shared_memory *shared_memory; /* handed to each; NULL: none */
	/* first_ready: the first child's ready line, empty before it. */
	void (*words)(struct supervisor_words *words, size_t index, struct str first_ready,
		      void *data);
	void (*child_is_ready)(size_t index, struct str ready_line, void *data);
	/* Another one is started. */
	void (*child_ended)(size_t index, int status, void *data);
	void (*all_are_ready)(void *data); /* once */
	void *data;
};

/* NULL and *error when the first child cannot be started. */
struct supervisor *supervisor_create(const struct supervisor_plan *plan, struct error *error);
void supervisor_destroy(struct supervisor *supervisor); /* NULL is allowed; children are killed */
/* Ends the children, then this process. */
void supervisor_stop(struct supervisor *supervisor);

void supervisor_words_add(struct supervisor_words *words, struct str word);
/* The number after "NAME=" in a ready line; 0 when there is none. */
uint16_t supervisor_ready_port(struct str ready_line, const char *name);

#endif
