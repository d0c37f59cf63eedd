#include "sim/net/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "sim/net/rule.h"
#include "sim/net/stream_internal.h"

static void end_init(struct stream *end, struct connection *connection, struct sim_host *host,
		     struct str address, uint16_t port)
{
	end->connection = connection;
	end->peer = end == &connection->ends[0] ? &connection->ends[1] : &connection->ends[0];
	end->host = host;
	end->address = address;
	end->port = port;
	end->credit = STREAM_WINDOW_BYTES;
	list_init(&end->lane.segments);
}

struct stream *stream_connect(struct sim_host *from, struct actor *owner, struct str address,
			      uint16_t port, const struct stream_events *events, void *data)
{
	struct net *net = from->net;
	struct connection *connection = memory_alloc(sizeof *connection + address.size);
	struct stream *end = &connection->ends[0];
	struct str copied = str_of((char *)(connection + 1), address.size);

	memcpy(connection + 1, address.data, address.size);
	connection->net = net;
	connection->number = ++net->next_connection;
	list_append(&net->connections, &connection->link);
	end_init(end, connection, from, net_is_loopback(address) ? copied : from->address,
		 net_free_port(from));
	end_init(end->peer, connection, net_host_at(net, from, address), copied, port);
	end->owner = owner;
	end->events = events;
	end->data = data;
	list_append(&owner->streams, &end->link);
	stream_trace(end, STR("connect"));
	trace_text(net->trace, STR("to"), address);
	trace_int(net->trace, STR("port"), port);
	trace_end(net->trace);
	stream_send(end, SEGMENT_CONNECT);
	return end;
}

static bool listen_conflicts(const struct stream_listener *one,
			     const struct stream_listen_options *options, struct str address)
{
	if (one->port != options->port || (one->share_port && options->share_port))
		return false;
	return one->address.size == 0 || address.size == 0 || str_equal(one->address, address);
}

struct stream_listener *stream_listen(struct sim_host *host, struct actor *owner,
				      const struct stream_listen_options *options,
				      stream_accepted *accepted, void *data, struct error *error)
{
	struct str address =
		str_equal(options->address, STR("0.0.0.0")) ? STR("") : options->address;
	struct str shown = address.size > 0 ? address : STR("0.0.0.0");

	if (address.size > 0 && net_host_at(host->net, host, address) != host) {
		error_set(error, ERROR_UNAVAILABLE,
			  "cannot listen on %.*s:%u: cannot assign requested address",
			  STR_ARG(shown), (unsigned)options->port);
		return NULL;
	}
	LIST_EACH (link, &host->listeners) {
		if (options->port != 0 &&
		    listen_conflicts(LIST_ENTRY(link, struct stream_listener, link), options,
				     address)) {
			error_set(error, ERROR_UNAVAILABLE,
				  "cannot listen on %.*s:%u: address in use", STR_ARG(shown),
				  (unsigned)options->port);
			return NULL;
		}
	}

	struct stream_listener *listener = memory_alloc(sizeof *listener + address.size);

	if (address.size > 0)
		memcpy(listener + 1, address.data, address.size);
	listener->address = str_of((char *)(listener + 1), address.size);
	listener->host = host;
	listener->owner = owner;
	listener->port = options->port != 0 ? options->port : net_free_port(host);
	listener->share_port = options->share_port;
	listener->accepted = accepted;
	listener->data = data;
	list_append(&host->listeners, &listener->link);
	return listener;
}

uint16_t stream_listener_port(const struct stream_listener *listener)
{
	return listener->port;
}

void stream_unlisten(struct stream_listener *listener)
{
	list_remove(&listener->link);
	free(listener);
}

void stream_adopt(struct stream *stream, const struct stream_events *events, void *data)
{
	stream->events = events;
	stream->data = data;
}

size_t stream_room(const struct stream *stream)
{
	return stream->state == STREAM_OPEN && !stream->has_ended ? stream->credit : 0;
}

size_t stream_write(struct stream *stream, struct str bytes)
{
	size_t room = stream_room(stream);
	size_t taken = bytes.size < room ? bytes.size : room;

	BUG_IF(stream->state == STREAM_CONNECTING || stream->has_ended);
	if (stream->state == STREAM_DEAD)
		return bytes.size; /* vanishes: `failed` was said, or nobody is left to hear it */
	stream->wants_room = taken < bytes.size;
	if (taken == 0)
		return 0;
	stream->credit -= taken;

	struct segment *segment = lane_open_segment(stream);
	bool is_new = segment == NULL;

	if (is_new)
		segment = segment_create(stream, SEGMENT_DATA);
	bytes_append(&segment->bytes, str_slice(bytes, 0, taken));
	if (is_new)
		segment_send(segment);
	return taken;
}

struct str stream_peek(const struct stream *stream)
{
	return bytes_str(&stream->arrived);
}

static void report_consumed(struct stream *stream, size_t count)
{
	stream->unreported += count;
	/* Half a window at once, so that small exchanges go without. A sender that waits has used
	 * all of its window, so this comes before everything was consumed. */
	if (stream->unreported < STREAM_WINDOW_BYTES / 2 || stream->state != STREAM_OPEN ||
	    stream->peer_has_ended)
		return;

	struct segment *segment = segment_create(stream, SEGMENT_WINDOW);

	segment->consumed = stream->unreported;
	stream->unreported = 0;
	segment_send(segment);
}

void stream_consume(struct stream *stream, size_t count)
{
	size_t before = count < stream->ahead ? count : stream->ahead;

	BUG_IF(count > stream->arrived.to - stream->arrived.from);
	stream->arrived.from += count;
	stream->ahead -= before;
	report_consumed(stream, count - before);
}

void stream_want_more(struct stream *stream)
{
	size_t waiting = stream->arrived.to - stream->arrived.from - stream->ahead;

	stream->ahead += waiting;
	report_consumed(stream, waiting);
}

bool stream_is_ended(const struct stream *stream)
{
	return stream->peer_has_ended && stream->arrived.from == stream->arrived.to;
}

bool stream_peer_has_ended(const struct stream *stream)
{
	return stream->peer_has_ended;
}

bool stream_has_failed(const struct stream *stream)
{
	return stream->state == STREAM_DEAD;
}

void stream_end(struct stream *stream)
{
	if (stream->state != STREAM_OPEN || stream->has_ended)
		return;

	struct segment *segment = lane_open_segment(stream);

	stream->has_ended = true;
	if (segment != NULL) {
		segment->is_last = true;
		return;
	}
	segment = segment_create(stream, SEGMENT_DATA);
	segment->is_last = true;
	segment_send(segment);
}

static void end_give_back(struct stream *end)
{
	struct connection *connection = end->connection;

	connection_hold(connection);
	end->owner = NULL;
	list_remove(&end->link);
	connection_release(connection);
}

void stream_close(struct stream *stream)
{
	stream_end(stream);
	if (stream->state == STREAM_CONNECTING)
		lane_clear(stream);
	end_give_back(stream);
}

/* Dead at once; the other side learns it by a reset, if it gets through. */
static void end_reset(struct stream *end)
{
	bool was_open = end->state == STREAM_OPEN;

	if (end->lane.is_stalled || end->state == STREAM_CONNECTING)
		lane_clear(end);
	if (was_open)
		stream_send(end, SEGMENT_RESET);
	end->state = STREAM_DEAD;
}

void stream_reset(struct stream *stream)
{
	struct connection *connection = stream->connection;

	connection_hold(connection);
	end_reset(stream);
	end_give_back(stream);
	connection_release(connection);
}

struct str stream_peer_address(const struct stream *stream)
{
	return stream->peer->address;
}

uint16_t stream_peer_port(const struct stream *stream)
{
	return stream->peer->port;
}

struct str stream_local_address(const struct stream *stream)
{
	return stream->address;
}

uint16_t stream_local_port(const struct stream *stream)
{
	return stream->port;
}

uint64_t stream_number(const struct stream *stream)
{
	return stream->connection->number;
}

void stream_cut_all(struct actor *owner)
{
	LIST_EACH (link, &owner->streams) {
		struct stream *end = LIST_ENTRY(link, struct stream, link);

		if (end->host->is_up)
			end_reset(end);
		else
			lane_clear(end);
		end->state = STREAM_DEAD;
	}
}

size_t stream_reset_matching(struct net *net, const struct sim_rule *rule)
{
	size_t count = 0;

	LIST_EACH (link, &net->connections) {
		struct connection *connection = LIST_ENTRY(link, struct connection, link);
		struct stream *opener = &connection->ends[0], *opened = &connection->ends[1];
		struct net_path path = {.from = opener->host,
					.to = opened->host,
					.to_address = opened->address,
					.port = opened->port};

		if (opener->state != STREAM_OPEN || opened->state != STREAM_OPEN ||
		    !rule_matches(rule, &path))
			continue;
		connection_break(connection);
		count++;
	}
	return count;
}

bool stream_port_is_taken(const struct sim_host *host, uint16_t port)
{
	LIST_EACH (link, &host->listeners) {
		if (LIST_ENTRY(link, struct stream_listener, link)->port == port)
			return true;
	}
	return false;
}

void stream_free_all(struct net *net)
{
	struct list_link *link;

	while ((link = list_first(&net->connections)) != NULL)
		connection_destroy(LIST_ENTRY(link, struct connection, link));
	while ((link = list_take_first(&net->segments_free)) != NULL)
		segment_destroy(LIST_ENTRY(link, struct segment, link));
}
