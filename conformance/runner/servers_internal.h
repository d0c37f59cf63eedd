/* One server of a case, and the parts of servers.c: server_words.c says how it is started,
 * server_look.c asks it whom it knows. */
#ifndef RUNNER_SERVERS_INTERNAL_H
#define RUNNER_SERVERS_INTERNAL_H

#include <stdint.h>

#include "conformance/runner/servers.h"

#define SERVER_WORDS_MAX 24

/* A group that a Sentinel watches. */
struct server_watch {
	struct str group;
	struct server *master;
};

struct server {
	struct servers *servers;
	const struct json *given;
	struct str name, address, password;
	uint16_t port;
	bool is_sentinel;
	struct server *master; /* of a replica */
	VEC(struct server_watch) watches;

	struct str folder;
	bool has_folder;
	struct process *process; /* NULL: does not run */
	struct str last_line;
	bool was_started;
	bool is_ready;   /* accepts connections */
	bool is_settled; /* follows its master, knows all it watches: true once it was */

	/* The question under way. */
	size_t questions, known;
};

/* server_words.c */
size_t server_words(const struct server *server, struct str words[SERVER_WORDS_MAX]);
struct str server_config_path(const struct server *server);
struct str server_config(const struct server *server); /* of a Sentinel */

/* server_look.c */
void server_ask_whom_it_knows(struct server *server); /* sets is_settled some time */

/* servers.c */
struct str server_url(const struct server *server);

#endif
