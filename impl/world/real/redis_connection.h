/* A connection to a Redis: a TCP or Unix socket of libuv's, whose writes wait out of the way of new
 * commands while the socket does not take them.
 *
 * redis_connection_open() .. `connected` .. redis_connection_write() and `received` in any order ..
 * redis_connection_close(), after which nobody is called. After `connected` with a failure, or
 * `failed`, nothing more happens but the close. The memory lives until libuv is done with it.
 * Failures are libuv's statuses, below 0.
 */
#ifndef WORLD_REAL_REDIS_CONNECTION_H
#define WORLD_REAL_REDIS_CONNECTION_H

#include <stdbool.h>

#include "base/str.h"

struct real_loop;
struct redis_connection;
struct redis_place;

/* Each may close the connection. */
struct redis_connection_owner {
	void (*connected)(int status, void *data);
	void (*received)(struct str bytes, void *data);
	void (*written)(void *data); /* what redis_connection_write() had to keep has left */
	void (*failed)(int status, void *data);
};

#define REDIS_CONNECTION_UNSENT_BYTES_MAX ((size_t)1024 * 1024 * 1024)

/* To the place's socket, or else to its port at the address. *status: not begun; then nobody is
 * called. */
struct redis_connection *redis_connection_open(struct real_loop *loop,
					       const struct redis_place *place, struct str address,
					       const struct redis_connection_owner *owner,
					       void *data, int *status);
void redis_connection_close(struct redis_connection *connection); /* NULL is allowed */
bool redis_connection_is_writing(const struct redis_connection *connection);
/* Takes all bytes, which are kept and make it `is_writing` when the socket does not; not while it
 * is. *has_left: at least one byte may have; a failed write takes none. */
int redis_connection_write(struct redis_connection *connection, struct strbuf *bytes,
			   bool *has_left);
struct str redis_connection_failure(int status);

#endif
