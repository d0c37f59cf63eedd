/* Where a case looks for what its target writes: a folder of its own, with the files that the case
 * gives, and a syslog server. Lines of the folder's files that end in .log, and those that reach
 * the server, are noted on the wire as logs of "NAME.log" and "syslog".
 */
#ifndef RUNNER_PLAY_LOGS_H
#define RUNNER_PLAY_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;
struct json;
struct log_receiver;
struct map;
struct wire;
struct world;

/* Zeroed memory may be looked at and closed. */
struct play_logs {
	struct world *world;
	struct arena *arena; /* of the case */
	struct wire *wire;
	struct str folder;
	struct log_receiver *receiver;
	uint16_t port;
	struct map *seen; /* file name -> struct str: what was noted of it */
};

/* The server on 127.0.0.1, any free port; the folder is made by play_logs_write(). */
bool play_logs_open(struct play_logs *logs, struct world *world, struct arena *arena,
		    struct wire *wire, struct str folder, struct error *error);
/* files: path inside the folder -> content; NULL: none. */
bool play_logs_write(struct play_logs *logs, const struct json *files, struct error *error);
/* Notes what is new in the folder's logs. */
void play_logs_look(struct play_logs *logs);
/* Removes the folder, too. */
void play_logs_close(struct play_logs *logs);

#endif
