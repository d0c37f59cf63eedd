/* Lines of text to standard output, standard error, a file or, as datagrams, to another host. The
 * component makes the whole line (access log, error log, ...); the port adds the line feed, keeps
 * the order, escapes nothing, and writes at the end of the turn. Lines over LIMIT_LOG_LINE_BYTES
 * are cut. A datagram is one line without line feed, leaves at once, and may get lost. */
#ifndef WORLD_LOG_H
#define WORLD_LOG_H

#include <stdint.h>

#include "base/str.h"
#include "world/world.h"

struct error;
struct log_receiver;

/* A datagram came; valid during the call. */
typedef void log_received(struct str line, void *data);

struct log_ops {
	void (*write)(struct world *world, struct str target, struct str line);
	struct log_receiver *(*receive)(struct world *world, struct str address, uint16_t port,
					log_received *received, void *data, struct error *error);
	uint16_t (*receiver_port)(struct log_receiver *receiver);
	void (*receiver_close)(struct log_receiver *receiver);
};

#define LOG_STDOUT STR("/dev/stdout")
#define LOG_STDERR STR("/dev/stderr")
#define LOG_UDP "udp://" /* LOG_UDP "10.0.0.5:514": an IPv4 address and its port */

/* target: LOG_STDOUT, LOG_STDERR, LOG_UDP..., or a path (opened for appending at its first line). A
 * target that cannot be opened loses the line and says so once on standard error. */
static inline void log_write(struct world *world, struct str target, struct str line)
{
	world->log->write(world, target, line);
}

/* Where lines for LOG_UDP arrive (the conformance runner plays a log server with it); port 0: any
 * free one. NULL and *error when it cannot be listened on. */
static inline struct log_receiver *log_receive(struct world *world, struct str address,
					       uint16_t port, log_received *received, void *data,
					       struct error *error)
{
	return world->log->receive(world, address, port, received, data, error);
}

static inline uint16_t log_receiver_port(struct world *world, struct log_receiver *receiver)
{
	return world->log->receiver_port(receiver);
}

/* NULL is allowed. */
static inline void log_receiver_close(struct world *world, struct log_receiver *receiver)
{
	if (receiver != NULL)
		world->log->receiver_close(receiver);
}

/* Formats one line of at most LIMIT_LOG_LINE_BYTES. */
void log_format(struct world *world, struct str target, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
