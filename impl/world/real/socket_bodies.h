/* Bytes between a socket and two bodies, until the peer leaves, or what is sent to it ends.
 *
 * socket_bodies_begin() sets it going; `over` is called once, at the end of a turn, when there is
 * nothing left to do; socket_bodies_stop(), at any time after the beginning, ends the bodies and
 * gives them back. The socket stays its owner's, who closes it afterwards.
 */
#ifndef WORLD_REAL_SOCKET_BODIES_H
#define WORLD_REAL_SOCKET_BODIES_H

#include "http/body.h"
#include "world/real/real_internal.h"

struct socket_bodies {
	/* Set before the beginning. */
	struct real_loop *loop;
	int socket;                 /* non-blocking, or connecting */
	struct http_body *outgoing; /* consumer's end */
	struct http_body *incoming; /* producer's end */
	task_run *over;             /* of the task below */
	/* From here on its own. */
	struct task task;
	uv_poll_t *events;
	bool is_full;       /* the socket took less than there was */
	bool has_broken;    /* the connection, or there never was one */
	int64_t bytes_sent; /* so far */
};

void socket_bodies_begin(struct socket_bodies *bodies);
void socket_bodies_stop(struct socket_bodies *bodies);

#endif
