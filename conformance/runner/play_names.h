/* The played name server: it knows the names of the case and no others (NXDOMAIN). Answers live
 * for one second, so that a change is seen after a wait that sockets can bear.
 */
#ifndef RUNNER_PLAY_NAMES_H
#define RUNNER_PLAY_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct dns_server;
struct error;
struct json;
struct world;

struct play_names {
	struct world *world;
	struct arena *arena;
	struct dns_server *server;
	uint16_t port;
	const struct json *names; /* name -> text, list of texts, or null; NULL: none */
};

/* On 127.0.0.1, any free port. */
bool play_names_open(struct play_names *names, struct world *world, struct arena *arena,
		     struct error *error);
void play_names_close(struct play_names *names);

#endif
