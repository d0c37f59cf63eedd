/* Ordered byte streams between hosts, as TCP gives them: connect, accept, refuse, half-close,
 * reset, a window that holds the sender back, and stalls that end when the network moves again.
 *
 * A `struct stream` is one end. Its owner gets the events of `struct stream_events`, each in a turn
 * of its own, until stream_close() or stream_reset(), which give the end back; it must not be
 * touched afterwards. Both are allowed within the events. After `failed` nothing more happens on
 * the end but giving it back. What is written during one turn travels as one segment.
 */
#ifndef SIM_NET_STREAM_H
#define SIM_NET_STREAM_H

#include "sim/net/net.h"

struct error;
struct stream;
struct stream_listener;

#define STREAM_WINDOW_BYTES (64 * 1024)

enum stream_failure {
	STREAM_REFUSED,
	STREAM_UNREACHABLE, /* no host has the address */
	STREAM_TIMED_OUT,   /* nothing came back however often it was sent */
	STREAM_RESET,
};

struct stream_events {
	void (*opened)(struct stream *stream, void *data); /* connecting ends only */
	/* More bytes, or the end of what the other side sends. */
	void (*readable)(struct stream *stream, void *data);
	/* Room again, after a write that was cut short. */
	void (*writable)(struct stream *stream, void *data);
	void (*failed)(struct stream *stream, enum stream_failure failure, void *data);
};

typedef void stream_accepted(struct stream *stream, void *data);

/* The owner's host connects; `address` is an IP. Writing before `opened` is not allowed. */
struct stream *stream_connect(struct sim_host *from, struct actor *owner, struct str address,
			      uint16_t port, const struct stream_events *events, void *data);

struct stream_listen_options {
	struct str address; /* empty or 0.0.0.0: any */
	uint16_t port;      /* 0 = any free one */
	bool share_port;    /* with others who also say so; they take turns */
};

/* `accepted` must stream_adopt() the new end; NULL: the port takes nobody, and refuses nobody. NULL
 * and *error when the port is taken. */
struct stream_listener *stream_listen(struct sim_host *host, struct actor *owner,
				      const struct stream_listen_options *options,
				      stream_accepted *accepted, void *data, struct error *error);
uint16_t stream_listener_port(const struct stream_listener *listener);
void stream_unlisten(struct stream_listener *listener);
void stream_adopt(struct stream *stream, const struct stream_events *events, void *data);

/* Bytes taken, less than given when the window is full: `writable` follows. */
size_t stream_write(struct stream *stream, struct str bytes);
size_t stream_room(const struct stream *stream);
struct str stream_peek(const struct stream *stream); /* all that has arrived */
void stream_consume(struct stream *stream, size_t count);
/* For a reader that must see more before it can consume: lets the sender go on as if all had been
 * consumed. */
void stream_want_more(struct stream *stream);
bool stream_is_ended(const struct stream *stream);       /* all consumed, no more will come */
bool stream_peer_has_ended(const struct stream *stream); /* there may be bytes left */
bool stream_has_failed(const struct stream *stream);
void stream_end(struct stream *stream); /* half-close: the other side sees the end */
void stream_close(struct stream *stream);
void stream_reset(struct stream *stream);
struct str stream_peer_address(const struct stream *stream);
uint16_t stream_peer_port(const struct stream *stream);
struct str stream_local_address(const struct stream *stream);
uint16_t stream_local_port(const struct stream *stream);
uint64_t stream_number(const struct stream *stream); /* of the connection, in the run */

/* For what happens to processes, hosts and rules. */
/* Every open end of the actor dies without a word to its owner; the other sides learn it, unless
 * the host is down. The ends must still be given back. */
void stream_cut_all(struct actor *owner);
size_t stream_reset_matching(struct net *net, const struct sim_rule *rule);
bool stream_port_is_taken(const struct sim_host *host, uint16_t port);
void stream_free_all(struct net *net);

#endif
