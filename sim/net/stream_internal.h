/* Streams from inside: a connection has two ends, each with a lane of segments on their way to the
 * other.
 *
 * stream.c is what owners call, stream_lane.c sends (and stalls), stream_arrival.c receives and
 * tells the owners. A connection is freed when both ends were given back and nothing is under way.
 */
#ifndef SIM_NET_STREAM_INTERNAL_H
#define SIM_NET_STREAM_INTERNAL_H

#include "base/list.h"
#include "sim/engine/actor.h"
#include "sim/net/stream.h"

/* Arrived bytes: data[from..to). */
struct bytes {
	char *data;
	size_t from, to, capacity;
};

enum segment_kind {
	SEGMENT_CONNECT,
	SEGMENT_OPEN, /* the answer to CONNECT */
	SEGMENT_DATA,
	SEGMENT_WINDOW, /* so much was consumed */
	SEGMENT_RESET,
	SEGMENT_REFUSED,     /* the answer to CONNECT when nobody listens */
	SEGMENT_UNREACHABLE, /* the same, when there is no such host */
};

struct segment {
	struct event arrival;
	struct list_link link; /* in the sender's lane, or free */
	struct stream *from;
	enum segment_kind kind;
	int64_t sent_us;
	struct bytes bytes;
	bool is_last; /* DATA: the sender has ended */
	size_t consumed;
};

/* What one end has sent and the other has not got yet, in order. */
struct lane {
	struct list_link segments;
	int64_t last_arrival_us;
	struct event retry; /* waits while the lane is stalled */
	int tries;
	bool is_stalled;
};

enum stream_state {
	STREAM_CONNECTING, /* the connecting end before `opened`; the other one before it accepted
			    */
	STREAM_OPEN,
	STREAM_DEAD, /* failed, cut or reset */
};

struct stream {
	struct connection *connection;
	struct stream *peer;
	struct list_link link; /* in its owner's streams */
	struct sim_host *host; /* NULL: nobody has the address */
	struct str address;
	uint16_t port;
	struct actor *owner; /* NULL before it was accepted and after it was given back */
	const struct stream_events *events;
	void *data;
	enum stream_state state;
	struct lane lane;
	struct bytes arrived;
	size_t credit;     /* may be written */
	size_t unreported; /* consumed, and the other side does not know it yet */
	size_t ahead;      /* arrived bytes that count as consumed already */
	bool wants_room, has_ended, peer_has_ended;
};

struct connection {
	struct net *net;
	struct list_link link;
	uint64_t number;
	struct stream ends[2]; /* [0] connected to [1] */
	size_t under_way;      /* segments in both lanes */
	int holds;
	bool is_broken; /* by a rule: nothing but the resets is under way any more */
};

struct stream_listener {
	struct list_link link;
	struct sim_host *host;
	struct actor *owner;
	struct str address;
	uint16_t port;
	bool share_port;
	stream_accepted *accepted;
	void *data;
};

/* stream_lane.c */
void bytes_append(struct bytes *bytes, struct str s);
void bytes_take(struct bytes *to, struct bytes *from); /* empties `from` */
struct str bytes_str(const struct bytes *bytes);
struct segment *segment_create(struct stream *from, enum segment_kind kind);
void segment_free(struct segment *segment);
void segment_destroy(struct segment *segment); /* past the store of free ones */
void segment_send(struct segment *segment);
void stream_send(struct stream *from, enum segment_kind kind);
/* The segment that what is sent now may still join: it left in the same instant, or waits in a
 * stalled lane. NULL. */
struct segment *lane_open_segment(struct stream *end);
void lane_clear(struct stream *end);
/* Nothing gets through: all segments wait until a retry finds the way open. */
void lane_stall(struct stream *end);
/* A reset to both ends, from between them. */
void connection_break(struct connection *connection);
void connection_hold(struct connection *connection);
void connection_release(struct connection *connection);
void connection_destroy(struct connection *connection);
void stream_trace(const struct stream *end, struct str kind);       /* begins a line of the trace */
void stream_trace_event(const struct stream *end, struct str kind); /* a whole one */

/* stream_arrival.c */
void segment_arrived(struct event *event);
void stream_fail(struct stream *end, enum stream_failure failure);

#endif
