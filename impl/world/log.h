/* Lines of text to standard output, standard error or a file. The component makes the whole line
 * (access log, error log, ...); the port adds the line feed, keeps the order, escapes nothing, and
 * writes at the end of the turn. Lines over LIMIT_LOG_LINE_BYTES are cut. */
#ifndef WORLD_LOG_H
#define WORLD_LOG_H

#include "base/str.h"
#include "world/world.h"

struct log_ops {
	void (*write)(struct world *world, struct str target, struct str line);
};

#define LOG_STDOUT STR("/dev/stdout")
#define LOG_STDERR STR("/dev/stderr")

/* target: LOG_STDOUT, LOG_STDERR, or a path (opened for appending at its first line). A target that
 * cannot be opened loses the line and says so once on standard error. */
static inline void log_write(struct world *world, struct str target, struct str line)
{
	world->log->write(world, target, line);
}

/* Formats one line of at most LIMIT_LOG_LINE_BYTES. */
void log_format(struct world *world, struct str target, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
