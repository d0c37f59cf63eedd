/* Child processes. In the simulator a child is a component on the same virtual host; only
 * "refscale COMPONENT ...", "redis-server ..." and "redis-sentinel FILE" can be started there. */
#ifndef WORLD_PROCESS_H
#define WORLD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "world/world.h"

struct error;
struct process;
struct shared_memory;

typedef void process_line(struct process *process, bool is_stderr, struct str line, void *data);
/* status: exit status, or 128 + signal. Called once, after the last line; the process is freed
 * afterwards. */
typedef void process_exited(struct process *process, int status, void *data);

struct process_variable {
	struct str name, value;
};

struct process_options {
	const struct str *words; /* words[0]: the program; "refscale" is this very binary */
	size_t words_count;
	struct str shell_command; /* instead of words: run by /bin/sh -c (real world only) */
	const struct process_variable *variables; /* on top of the parent's when inherit is set */
	size_t variables_count;
	bool inherit_variables;
	struct shared_memory *shared_memory; /* for shared_memory_inherit(); NULL: none */
	process_line *line; /* NULL: the child shares our standard output and error */
	process_exited *exited;
	void *data;
};

struct process_ops {
	struct process *(*start)(struct world *world, const struct process_options *options,
				 struct error *error);
	void (*stop)(struct process *process); /* asks: SIGTERM, to its whole process group */
	void (*kill)(struct process *process); /* SIGKILL, to its whole process group */
	int (*id)(struct process *process);
};

#define process_start(world, options, error) ((world)->process->start((world), (options), (error)))
#define process_stop(world, child) ((world)->process->stop(child))
#define process_kill(world, child) ((world)->process->kill(child))

#endif
