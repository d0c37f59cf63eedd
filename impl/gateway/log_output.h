/* Where a log of the gateway goes (spec/gateway.md 1.3): a standard stream, a file, a syslog server
 * (lines of RFC 3164 as datagrams), or memory, where nobody looks.
 */
#ifndef GATEWAY_LOG_OUTPUT_H
#define GATEWAY_LOG_OUTPUT_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct error;
struct world;

struct log_output {
	struct str target; /* of world/log.h; empty: nowhere */
	bool is_syslog;
	unsigned facility;
	struct str tag, host; /* host empty: left out */
};

/* "stderr", "stdout", a path, "memory:SIZE", or
 * "syslog:server=IP[:PORT][,facility=NAME][,tag=NAME][,nohostname]". Empty: `fallback`, a target of
 * world/log.h. False and *error, and the fallback, when it cannot be used. */
bool log_output_parse(struct arena *arena, struct world *world, struct str text,
		      struct str fallback, struct log_output *output, struct error *error);
/* severity: 0 (emerg) to 7 (debug), told to a syslog server. */
void log_output_write(struct world *world, const struct log_output *output, unsigned severity,
		      struct str line);

#endif
