#include "sim/net/stream_internal.h"

#include "base/bug.h"

/* Telling the owner. */

void stream_fail(struct stream *end, enum stream_failure failure)
{
	static const struct str kinds[] = {
		[STREAM_REFUSED] = STR_INIT("refused"),
		[STREAM_UNREACHABLE] = STR_INIT("unreachable"),
		[STREAM_TIMED_OUT] = STR_INIT("given-up"),
		[STREAM_RESET] = STR_INIT("reset"),
	};

	if (!end->connection->is_broken) /* else the reset to the other end is in it */
		lane_clear(end);
	if (end->state == STREAM_DEAD)
		return;
	stream_trace_event(end, kinds[failure]);
	end->state = STREAM_DEAD;
	if (end->owner == NULL)
		return;

	struct actor *owner = end->owner, *before = actor_turn_begin(owner);

	end->events->failed(end, failure, end->data);
	actor_turn_end(owner, before);
}

/* Arrivals. */

static struct stream_listener *host_listener(struct sim_host *host, struct str address,
					     uint16_t port)
{
	struct stream_listener *found = NULL;
	uint64_t count = 0, chosen = 0;

	/* Two rounds: how many share the port, then the one whose turn it is. */
	for (int round = 0; round < 2; round++) {
		count = 0;
		LIST_EACH (link, &host->listeners) {
			struct stream_listener *one =
				LIST_ENTRY(link, struct stream_listener, link);

			if (one->port != port ||
			    (one->address.size > 0 && !str_equal(one->address, address)))
				continue;
			if (round == 1 && count == chosen)
				found = one;
			count++;
		}
		if (count == 0)
			return NULL;
		chosen = host->accepts % count;
	}
	host->accepts++;
	return found;
}

/* Its queue is full: whoever connects gets no answer. */
static bool takes_nobody(const struct stream *end)
{
	LIST_EACH (link, &end->host->listeners) {
		const struct stream_listener *one = LIST_ENTRY(link, struct stream_listener, link);

		if (one->accepted == NULL && one->port == end->port &&
		    (one->address.size == 0 || str_equal(one->address, end->address)))
			return true;
	}
	return false;
}

static void arrived_connect(struct stream *end)
{
	struct stream_listener *listener = host_listener(end->host, end->address, end->port);

	if (end->peer->owner == NULL)
		return; /* given up meanwhile */
	if (listener == NULL) {
		stream_send(end, SEGMENT_REFUSED);
		return;
	}
	end->state = STREAM_OPEN;
	end->owner = listener->owner;
	list_append(&end->owner->streams, &end->link);
	stream_trace_event(end, STR("accept"));
	stream_send(end, SEGMENT_OPEN);

	struct actor *owner = end->owner, *before = actor_turn_begin(owner);

	listener->accepted(end, listener->data);
	actor_turn_end(owner, before);
}

static void arrived_open(struct stream *end)
{
	if (end->owner == NULL || end->state != STREAM_CONNECTING) {
		stream_send(end, SEGMENT_RESET); /* the other side accepted what is gone */
		return;
	}
	stream_trace_event(end, STR("open"));
	end->state = STREAM_OPEN;

	struct actor *owner = end->owner, *before = actor_turn_begin(owner);

	end->events->opened(end, end->data);
	actor_turn_end(owner, before);
}

static void arrived_data(struct stream *end, struct segment *segment)
{
	struct trace *trace = end->connection->net->trace;
	struct str bytes = bytes_str(&segment->bytes);

	if (end->owner == NULL || end->state != STREAM_OPEN) {
		if (bytes.size > 0 || end->state == STREAM_DEAD)
			stream_send(end, SEGMENT_RESET);
		return;
	}
	stream_trace(end, STR("data"));
	trace_int(trace, STR("bytes"), (int64_t)bytes.size);
	if (segment->is_last)
		trace_int(trace, STR("last"), 1);
	trace_sum(trace, bytes);
	trace_end(trace);
	bytes_take(&end->arrived, &segment->bytes);
	end->peer_has_ended = segment->is_last;

	struct actor *owner = end->owner, *before = actor_turn_begin(owner);

	end->events->readable(end, end->data);
	actor_turn_end(owner, before);
}

static void arrived_window(struct stream *end, size_t consumed)
{
	if (end->state != STREAM_OPEN)
		return;
	end->credit += consumed;
	BUG_IF(end->credit > STREAM_WINDOW_BYTES);
	if (end->owner == NULL || !end->wants_room)
		return;
	stream_trace_event(end, STR("window"));
	end->wants_room = false;

	struct actor *owner = end->owner, *before = actor_turn_begin(owner);

	end->events->writable(end, end->data);
	actor_turn_end(owner, before);
}

void segment_arrived(struct event *event)
{
	struct segment *segment = LIST_ENTRY(event, struct segment, arrival);
	struct stream *from = segment->from, *end = from->peer;
	struct connection *connection = from->connection;

	connection_hold(connection);
	if (end->host != NULL &&
	    (!end->host->is_up || (segment->kind == SEGMENT_CONNECT && takes_nobody(end)))) {
		lane_stall(from);
		connection_release(connection);
		return;
	}
	list_remove(&segment->link);
	connection->under_way--;
	switch (segment->kind) {
	case SEGMENT_CONNECT:
		arrived_connect(end);
		break;
	case SEGMENT_OPEN:
		arrived_open(end);
		break;
	case SEGMENT_DATA:
		arrived_data(end, segment);
		break;
	case SEGMENT_WINDOW:
		arrived_window(end, segment->consumed);
		break;
	case SEGMENT_RESET:
		stream_fail(end, end->state == STREAM_CONNECTING ? STREAM_REFUSED : STREAM_RESET);
		break;
	case SEGMENT_REFUSED:
		stream_fail(end, STREAM_REFUSED);
		break;
	case SEGMENT_UNREACHABLE:
		stream_fail(end, STREAM_UNREACHABLE);
		break;
	}
	segment_free(segment);
	connection_release(connection);
}
