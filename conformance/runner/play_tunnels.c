#include "conformance/runner/play_tunnels.h"

#include <stdlib.h>

#include "base/arena.h"
#include "conformance/runner/play.h"
#include "http/body.h"
#include "http/http1.h"
#include "world/tcp.h"

#define ADDRESS STR("127.0.0.1")

struct play_tunnels {
	struct play *play;
	uint16_t http_port;
	struct tcp_listener *listener;
	struct list_link visitors;
};

/* A connection whose first request has not come yet. */
struct visitor {
	struct list_link link; /* in tunnels->visitors */
	struct play_tunnels *tunnels;
	struct http_body *incoming; /* consumer's end */
	struct http_body *outgoing; /* producer's end */
};

static void visitor_free(struct visitor *visitor)
{
	http_body_on_readable(visitor->incoming, NULL, NULL);
	list_remove(&visitor->link);
	free(visitor);
}

static void visitor_send_away(struct visitor *visitor)
{
	struct http_body *incoming = visitor->incoming, *outgoing = visitor->outgoing;

	visitor_free(visitor);
	http_body_consumer_release(incoming);
	http_body_producer_release(outgoing);
}

/* From here on bytes flow without us. */
static void visitor_join(struct visitor *visitor, struct str address, uint16_t port)
{
	struct http_body *incoming = visitor->incoming, *outgoing = visitor->outgoing;
	struct world *world = visitor->tunnels->play->world;

	visitor_free(visitor);
	tcp_connect(world, address, port, incoming, outgoing);
}

static void open_tunnel(struct visitor *visitor, const struct http_request *request)
{
	struct play *play = visitor->tunnels->play;
	struct record *record = wire_add(play->wire, play->side, request->method, request->target,
					 &request->fields);
	struct http_fields none;
	struct str address, text;
	uint16_t port;

	record->is_complete = true;
	if (!str_split_once(request->target, ':', &address, &text) || !str_to_uint16(text, &port)) {
		record->failure = STR("(no place to go to)");
		visitor_send_away(visitor);
		return;
	}
	http_fields_init(&none, play->wire->arena);
	wire_add_answer(play->wire, record, 200, http_reason(200), &none, STR(""));
	http_body_write(visitor->outgoing, STR("HTTP/1.1 200 Connection established\r\n\r\n"));
	visitor_join(visitor, str_copy(play->wire->arena, address), port);
}

static void bytes_came(struct http_body *incoming, void *data)
{
	struct visitor *visitor = data;
	struct play_tunnels *tunnels = visitor->tunnels;
	struct arena *arena = tunnels->play->wire->arena;
	struct http_request request;
	struct http1_framing framing;
	struct http1_fault fault;
	size_t used;
	enum http1_result result = http1_read_request(http_body_peek(incoming), NULL, arena,
						      &request, &framing, &used, &fault);

	if (result == HTTP1_INCOMPLETE) {
		if (http_body_is_ended(incoming) || http_body_is_failed(incoming))
			visitor_send_away(visitor);
	} else if (result == HTTP1_DONE && str_equal(request.method, STR("CONNECT")) &&
		   script_peek(&tunnels->play->script) == NULL) {
		http_body_consume(incoming, used);
		open_tunnel(visitor, &request);
	} else {
		visitor_join(visitor, ADDRESS, tunnels->http_port);
	}
}

static void visitor_came(struct http_body *incoming, struct http_body *outgoing, void *data)
{
	struct play_tunnels *tunnels = data;
	struct visitor *visitor = MEMORY_NEW(struct visitor);

	visitor->tunnels = tunnels;
	visitor->incoming = incoming;
	visitor->outgoing = outgoing;
	list_append(&tunnels->visitors, &visitor->link);
	http_body_on_readable(incoming, bytes_came, visitor);
}

struct play_tunnels *play_tunnels_open(struct play *play, uint16_t http_port, struct error *error)
{
	struct play_tunnels *tunnels = MEMORY_NEW(struct play_tunnels);

	tunnels->play = play;
	tunnels->http_port = http_port;
	list_init(&tunnels->visitors);
	tunnels->listener =
		tcp_listen(play->world, ADDRESS, play->port, visitor_came, tunnels, error);
	if (tunnels->listener != NULL)
		return tunnels;
	free(tunnels);
	return NULL;
}

uint16_t play_tunnels_port(const struct play_tunnels *tunnels)
{
	return tcp_listener_port(tunnels->play->world, tunnels->listener);
}

void play_tunnels_close(struct play_tunnels *tunnels)
{
	struct list_link *link;

	if (tunnels == NULL)
		return;
	while ((link = list_first(&tunnels->visitors)) != NULL)
		visitor_send_away(LIST_ENTRY(link, struct visitor, link));
	tcp_listener_close(tunnels->play->world, tunnels->listener);
	free(tunnels);
}
