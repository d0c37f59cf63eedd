/* The configuration of Redis' programs: lines of a file and `--name value ...` words of the command
 * line, as one list of directives. Quotes around a word are taken off; `#` begins a comment line.
 */
#ifndef SIM_DATA_REDIS_CONFIG_H
#define SIM_DATA_REDIS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct error;
struct world;

struct redis_directive {
	struct str name; /* as written: compare without case */
	const struct str *values;
	size_t count;
};

struct redis_config {
	struct redis_directive *directives;
	size_t count;
};

/* arguments: [FILE] [--name value ...]. Everything lies in the arena. */
bool redis_config_read(struct world *world, const struct str *arguments, size_t count,
		       struct arena *arena, struct redis_config *config, struct error *error);
bool redis_config_refuse(const struct redis_directive *directive, struct error *error); /* false */

/* One line of the log on standard output, as Redis writes it: "1:M 04 Jun 2019 08:00:00.000 * ...".
 * role: M, S (replica) or X (Sentinel); level: '*' or '#'. */
void redis_log(struct world *world, char role, char level, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
