/* Several processes of the portal on one port and one database (spec/portal.md 8.1:
 * UNICORN_WORKERS, PT-178): as many as answer requests, in the role `app`, and one in the role
 * `sidekiq`, which alone does what nobody waits for. This process starts them, and those again that
 * end.
 */
#ifndef PORTAL_PROCESSES_H
#define PORTAL_PROCESSES_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct error;
struct portal_processes;
struct world;

struct portal_processes_options {
	struct world *world;
	const struct str *arguments; /* of this process */
	size_t arguments_count;
	uint16_t port;
	size_t workers;
	struct str secret_key_base; /* all of them sign with the same */
};

struct portal_processes *portal_processes_create(const struct portal_processes_options *options,
						 struct error *error);
void portal_processes_destroy(struct portal_processes *processes); /* NULL is allowed */
void portal_processes_stop(struct portal_processes *processes);

#endif
