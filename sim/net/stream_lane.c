#include "sim/net/stream_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "sim/net/link.h"
#include "sim/net/rule.h"

#define CONNECT_TRIES_MAX 6 /* as Linux: given up after 127 s */
#define SEND_TRIES_MAX 15   /* as Linux: given up after some 20 minutes */
#define SEGMENTS_KEPT_MAX 1024
#define SEGMENT_KEPT_BYTES_MAX (16 * 1024)

/* Bytes and segments. */

void bytes_append(struct bytes *bytes, struct str s)
{
	if (bytes->from == bytes->to)
		bytes->from = bytes->to = 0;
	if (s.size > bytes->capacity - bytes->to && bytes->from > 0) {
		memmove(bytes->data, bytes->data + bytes->from, bytes->to - bytes->from);
		bytes->to -= bytes->from;
		bytes->from = 0;
	}
	if (s.size > bytes->capacity - bytes->to) {
		size_t capacity = bytes->capacity < 512 ? 512 : bytes->capacity * 2;

		if (capacity < bytes->to + s.size)
			capacity = bytes->to + s.size;
		bytes->data = memory_resize(bytes->data, capacity);
		bytes->capacity = capacity;
	}
	if (s.size > 0)
		memcpy(bytes->data + bytes->to, s.data, s.size);
	bytes->to += s.size;
}

struct str bytes_str(const struct bytes *bytes)
{
	return bytes->data == NULL ? STR("")
				   : str_of(bytes->data + bytes->from, bytes->to - bytes->from);
}

/* Takes over the segment's bytes, without copying when nothing waits. */
void bytes_take(struct bytes *to, struct bytes *from)
{
	if (to->from == to->to) {
		struct bytes empty = *to;

		*to = *from;
		*from = empty;
	} else {
		bytes_append(to, bytes_str(from));
	}
	from->from = from->to = 0;
}

struct segment *segment_create(struct stream *from, enum segment_kind kind)
{
	struct net *net = from->connection->net;
	struct list_link *free_link = list_take_first(&net->segments_free);
	struct segment *segment;

	if (free_link != NULL) {
		segment = LIST_ENTRY(free_link, struct segment, link);
		net->segments_free_count--;
	} else {
		segment = MEMORY_NEW(struct segment);
	}
	segment->from = from;
	segment->kind = kind;
	segment->sent_us = net->queue->now_us;
	segment->is_last = false;
	segment->consumed = 0;
	return segment;
}

void segment_destroy(struct segment *segment)
{
	free(segment->bytes.data);
	free(segment);
}

void segment_free(struct segment *segment)
{
	struct net *net = segment->from->connection->net;

	if (net->segments_free_count >= SEGMENTS_KEPT_MAX ||
	    segment->bytes.capacity > SEGMENT_KEPT_BYTES_MAX) {
		segment_destroy(segment);
		return;
	}
	segment->bytes.from = segment->bytes.to = 0;
	list_append(&net->segments_free, &segment->link);
	net->segments_free_count++;
}

/* Connections. */

void connection_destroy(struct connection *connection)
{
	for (size_t i = 0; i < 2; i++) {
		struct stream *end = &connection->ends[i];
		struct list_link *link;

		list_remove(&end->link);
		queue_cancel(connection->net->queue, &end->lane.retry);
		while ((link = list_take_first(&end->lane.segments)) != NULL) {
			struct segment *segment = LIST_ENTRY(link, struct segment, link);

			queue_cancel(connection->net->queue, &segment->arrival);
			segment_destroy(segment);
		}
		free(end->arrived.data);
	}
	list_remove(&connection->link);
	free(connection);
}

void connection_hold(struct connection *connection)
{
	connection->holds++;
}

/* Lets go of one hold; it is freed when nobody has an end and nothing is under way. */
void connection_release(struct connection *connection)
{
	if (--connection->holds > 0 || connection->under_way > 0)
		return;
	if (connection->ends[0].owner == NULL && connection->ends[1].owner == NULL)
		connection_destroy(connection);
}

static bool stream_is_connector(const struct stream *end)
{
	return end == &end->connection->ends[0];
}

void stream_trace(const struct stream *end, struct str kind)
{
	struct trace *trace = end->connection->net->trace;

	trace_begin(trace, end->host != NULL ? end->host->name : STR(""), kind);
	trace_int(trace, STR("connection"), (int64_t)end->connection->number);
	if (end->owner != NULL)
		trace_text(trace, STR("process"), end->owner->name);
}

void stream_trace_event(const struct stream *end, struct str kind)
{
	stream_trace(end, kind);
	trace_end(end->connection->net->trace);
}

/* Lanes. */

void lane_clear(struct stream *end)
{
	struct lane *lane = &end->lane;
	struct list_link *link;

	while ((link = list_take_first(&lane->segments)) != NULL) {
		struct segment *segment = LIST_ENTRY(link, struct segment, link);

		queue_cancel(end->connection->net->queue, &segment->arrival);
		segment_free(segment);
		end->connection->under_way--;
	}
	queue_cancel(end->connection->net->queue, &lane->retry);
	lane->is_stalled = false;
}

static enum sim_verdict lane_verdict(const struct stream *end, bool is_connecting,
				     int64_t *delay_us)
{
	const struct connection *connection = end->connection;
	const struct stream *opener = &connection->ends[0], *opened = &connection->ends[1];
	struct net_path path = {.from = opener->host,
				.to = opened->host,
				.to_address = opened->address,
				.port = opened->port,
				.is_new = is_connecting};
	enum sim_verdict verdict;

	*delay_us = 0;
	if (opened->host == NULL)
		return SIM_UNREACHABLE;
	verdict = rule_verdict(connection->net, &path, delay_us);
	if (!opener->host->is_up || !opened->host->is_up)
		return SIM_DROP;
	return verdict;
}

static int64_t lane_delay_us(const struct stream *end, bool is_connecting)
{
	return link_delay_us(end->host, end->peer->host,
			     is_connecting ? LINK_RETRY_CONNECT_FIRST_US : LINK_RETRY_FIRST_US);
}

static void lane_retry(struct event *event);

static void segment_go(struct segment *segment, int64_t delay_us)
{
	struct lane *lane = &segment->from->lane;
	struct queue *queue = segment->from->connection->net->queue;
	int64_t arrival_us = queue_time_add(queue->now_us, delay_us);

	if (arrival_us < lane->last_arrival_us)
		arrival_us = lane->last_arrival_us;
	lane->last_arrival_us = arrival_us;
	queue_at(queue, &segment->arrival, arrival_us, segment_arrived);
}

static void lane_wait(struct stream *end)
{
	struct queue *queue = end->connection->net->queue;
	int64_t first_us =
		end->state == STREAM_CONNECTING ? LINK_RETRY_CONNECT_FIRST_US : LINK_RETRY_FIRST_US;

	queue_at(queue, &end->lane.retry,
		 queue_time_add(queue->now_us, link_retry_us(first_us, end->lane.tries)),
		 lane_retry);
}

/* Nothing gets through: all segments wait until a retry finds the way open. Resets are sent once
 * and are lost. */
void lane_stall(struct stream *end)
{
	struct lane *lane = &end->lane;

	LIST_EACH (link, &lane->segments) {
		struct segment *segment = LIST_ENTRY(link, struct segment, link);

		queue_cancel(end->connection->net->queue, &segment->arrival);
		if (segment->kind == SEGMENT_RESET) {
			list_remove(link);
			segment_free(segment);
			end->connection->under_way--;
		}
	}
	if (lane->is_stalled || list_is_empty(&lane->segments))
		return;
	stream_trace_event(end, STR("stall"));
	lane->is_stalled = true;
	lane->tries = 0;
	lane_wait(end);
}

/* The answer to a connection that cannot be. */
static void lane_bounce(struct stream *connector, enum segment_kind kind)
{
	struct segment *segment = segment_create(connector->peer, kind);
	struct sim_host *host = connector->host;
	struct sim_host *other = connector->peer->host != NULL ? connector->peer->host : host;

	lane_clear(connector);
	list_append(&connector->peer->lane.segments, &segment->link);
	connector->connection->under_way++;
	segment_go(segment, 2 * link_delay_us(host, other, LINK_RETRY_CONNECT_FIRST_US));
}

/* Sends what waits in the lane, as the rules will have it. False: still stalled, or given up. */
static bool lane_send(struct stream *end)
{
	bool is_connecting = end->state == STREAM_CONNECTING && stream_is_connector(end);
	int64_t extra_us;

	switch (lane_verdict(end, is_connecting, &extra_us)) {
	case SIM_PASS:
	case SIM_DELAY:
		break;
	case SIM_DROP:
		lane_stall(end);
		return false;
	case SIM_REJECT:
		if (!is_connecting)
			break;
		lane_bounce(end, SEGMENT_REFUSED);
		return false;
	case SIM_UNREACHABLE:
		if (is_connecting)
			lane_bounce(end, SEGMENT_UNREACHABLE);
		else
			lane_stall(end);
		return false;
	case SIM_RESET:
		if (is_connecting)
			lane_bounce(end, SEGMENT_REFUSED);
		else
			connection_break(end->connection);
		return false;
	}

	int64_t delay_us = extra_us + lane_delay_us(end, is_connecting);

	LIST_EACH (link, &end->lane.segments) {
		struct segment *segment = LIST_ENTRY(link, struct segment, link);

		if (!queue_is_waiting(&segment->arrival))
			segment_go(segment, delay_us);
	}
	return true;
}

void segment_send(struct segment *segment)
{
	struct stream *from = segment->from;

	if (from->connection->is_broken) {
		segment_free(segment);
		return;
	}
	list_append(&from->lane.segments, &segment->link);
	from->connection->under_way++;
	if (!from->lane.is_stalled)
		lane_send(from);
	else if (segment->kind == SEGMENT_RESET)
		lane_stall(from);
}

void stream_send(struct stream *from, enum segment_kind kind)
{
	segment_send(segment_create(from, kind));
}

/* A reset to both ends, from between them. */
void connection_break(struct connection *connection)
{
	connection->is_broken = true;
	for (size_t i = 0; i < 2; i++) {
		struct stream *end = &connection->ends[i];
		struct segment *segment = segment_create(end, SEGMENT_RESET);

		lane_clear(end);
		list_append(&end->lane.segments, &segment->link);
		connection->under_way++;
		segment_go(segment, lane_delay_us(end, false));
	}
}

struct segment *lane_open_segment(struct stream *end)
{
	struct lane *lane = &end->lane;

	if (list_is_empty(&lane->segments))
		return NULL;

	struct segment *last = LIST_ENTRY(lane->segments.previous, struct segment, link);
	bool may_join = lane->is_stalled || last->sent_us == end->connection->net->queue->now_us;

	return last->kind == SEGMENT_DATA && !last->is_last && may_join ? last : NULL;
}

static void lane_retry(struct event *event)
{
	struct stream *end = LIST_ENTRY(event, struct stream, lane.retry);
	struct connection *connection = end->connection;
	int tries_max = end->state == STREAM_CONNECTING ? CONNECT_TRIES_MAX : SEND_TRIES_MAX;

	connection_hold(connection);
	end->lane.is_stalled = false;
	if (end->lane.tries >= tries_max) {
		stream_fail(end, STREAM_TIMED_OUT);
	} else {
		int tries = end->lane.tries + 1;

		if (!lane_send(end) && end->lane.is_stalled) {
			end->lane.tries = tries;
			lane_wait(end);
		}
	}
	connection_release(connection);
}
