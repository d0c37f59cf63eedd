/* Connections byte by byte, in either world. */
#include "world/tcp.h"

#include "http/body.h"
#include "world/parity/http_stage.h"

/* One end of a connection as a component sees it; what comes is kept. */
struct end {
	struct parity *p;
	struct http_body *incoming, *outgoing;
	struct strbuf got;
	bool is_ended, is_failed;
};

static void end_readable(struct http_body *body, void *data)
{
	struct end *end = data;

	while (http_body_waiting(body) > 0) {
		struct str bytes = http_body_peek(body);

		strbuf_append(&end->got, bytes);
		http_body_consume(body, bytes.size);
	}
	end->is_ended = http_body_is_ended(body);
	end->is_failed = http_body_is_failed(body);
}

static void end_begin(struct parity *p, struct end *end, struct http_body *incoming,
		      struct http_body *outgoing)
{
	*end = (struct end){.p = p, .incoming = incoming, .outgoing = outgoing};
	strbuf_init(&end->got, 10000000);
	http_body_on_readable(incoming, end_readable, end);
}

static void end_say(struct end *end, struct str bytes)
{
	ck_assert_uint_eq(http_body_write(end->outgoing, bytes), bytes.size);
}

static void end_hang_up(struct end *end)
{
	http_body_end(end->outgoing);
	http_body_producer_release(end->outgoing);
	end->outgoing = NULL;
}

static void end_close(struct end *end)
{
	if (end->outgoing != NULL)
		end_hang_up(end);
	if (end->incoming != NULL)
		http_body_consumer_release(end->incoming);
	strbuf_free(&end->got);
}

/* Somebody who connects, and the one who is connected to. */
struct pair {
	struct tcp_listener *listener;
	struct end client, server;
	size_t accepted;
};

static void accept_server(struct http_body *incoming, struct http_body *outgoing, void *data)
{
	struct pair *pair = data;

	end_begin(pair->client.p, &pair->server, incoming, outgoing);
	pair->accepted++;
}

static void connect_to(struct parity *p, struct end *client, uint16_t port)
{
	struct http_body *outgoing = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 100000);
	struct http_body *incoming = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 100000);

	end_begin(p, client, incoming, outgoing);
	tcp_connect(p->world, STR("127.0.0.1"), port, outgoing, incoming);
}

static uint16_t listen_for(struct parity *p, struct tcp_listener **listener, tcp_accepted *accepted,
			   void *data)
{
	*listener = tcp_listen(p->world, STR("127.0.0.1"), 0, accepted, data, &p->error);
	ck_assert_msg(*listener != NULL, "%s", p->error.text);
	return tcp_listener_port(p->world, *listener);
}

static void pair_begin(struct parity *p, struct pair *pair)
{
	uint16_t port;

	*pair = (struct pair){.accepted = 0};
	port = listen_for(p, &pair->listener, accept_server, pair);
	connect_to(p, &pair->client, port);
	parity_await_count(p, &pair->accepted, 1);
}

static void pair_end(struct parity *p, struct pair *pair)
{
	end_close(&pair->client);
	end_close(&pair->server);
	tcp_listener_close(p->world, pair->listener);
}

static void await_text(struct end *end, struct str text)
{
	parity_await_count(end->p, &end->got.size, text.size);
	ck_assert_str(strbuf_str(&end->got), text);
}

PARITY_TEST(bytes_go_both_ways)
{
	struct pair pair;

	pair_begin(p, &pair);
	end_say(&pair.client, STR("GET nonsense\r\n"));
	await_text(&pair.server, STR("GET nonsense\r\n"));
	end_say(&pair.server, STR("one"));
	await_text(&pair.client, STR("one"));
	end_say(&pair.server, STR(" two"));
	await_text(&pair.client, STR("one two"));
	ck_assert(!pair.client.is_ended && !pair.server.is_ended);
	pair_end(p, &pair);
}

PARITY_TEST(what_is_said_before_it_is_connected_is_not_lost)
{
	struct pair pair = {.accepted = 0};
	uint16_t port = listen_for(p, &pair.listener, accept_server, &pair);

	connect_to(p, &pair.client, port);
	end_say(&pair.client, STR("early"));
	parity_await_count(p, &pair.accepted, 1);
	await_text(&pair.server, STR("early"));
	pair_end(p, &pair);
}

PARITY_TEST(all_is_sent_before_the_end)
{
	struct pair pair;

	pair_begin(p, &pair);
	end_say(&pair.client, STR("last words"));
	end_hang_up(&pair.client);
	parity_await_flag(p, &pair.server.is_ended);
	ck_assert_str(strbuf_str(&pair.server.got), STR("last words"));
	parity_await_flag(p, &pair.client.is_ended);
	pair_end(p, &pair);
}

PARITY_TEST(nobody_there_is_a_failure)
{
	struct tcp_listener *listener;
	uint16_t port = listen_for(p, &listener, accept_server, NULL);
	struct end client;

	tcp_listener_close(p->world, listener);
	connect_to(p, &client, port);
	end_say(&client, STR("lost"));
	parity_await_flag(p, &client.is_failed);
	end_close(&client);
}

PARITY_TEST(a_port_is_listened_on_once)
{
	struct tcp_listener *listener;
	uint16_t port = listen_for(p, &listener, accept_server, NULL);

	ck_assert_ptr_null(
		tcp_listen(p->world, STR("127.0.0.1"), port, accept_server, NULL, &p->error));
	ck_assert_int_eq(p->error.kind, ERROR_UNAVAILABLE);
	tcp_listener_close(p->world, listener);
	tcp_listener_close(p->world, NULL);
}

PARITY_TEST(a_port_may_take_nobody)
{
	struct end client;

	connect_to(p, &client, parity_silent_port(p));
	end_say(&client, STR("hello?"));
	parity_pause(p, 200);
	ck_assert(!client.is_ended && !client.is_failed);
	end_close(&client);
}

/* A tunnel between whoever connects and an HTTP server. */
struct tunnel {
	struct world *world;
	uint16_t port;
};

static void accept_for_tunnel(struct http_body *incoming, struct http_body *outgoing, void *data)
{
	struct tunnel *tunnel = data;

	tcp_connect(tunnel->world, STR("127.0.0.1"), tunnel->port, incoming, outgoing);
}

static void respond_source(struct stage_server *server, struct http_exchange *exchange)
{
	stage_respond_body(exchange, 200,
			   stage_source_begin(server->data, 1000003, HTTP_BODY_LENGTH_UNKNOWN));
}

PARITY_TEST(two_connections_make_a_tunnel)
{
	struct stage_source source = {.left = 0};
	struct stage_server server = {.data = &source};
	struct tunnel tunnel = {.world = p->world};
	struct tcp_listener *listener;
	struct http_call_options options;
	struct stage_call call;

	stage_listen(p, &server, respond_source, NULL);
	tunnel.port = server.port;
	options = stage_options(&server, STR("/"));
	options.port = listen_for(p, &listener, accept_for_tunnel, &tunnel);
	stage_get(p, &call, &options, 200);
	ck_assert_uint_eq(call.body.size, 1000003);
	stage_check_bytes(call.body, 0);
	stage_release(&call);
	tcp_listener_close(p->world, listener);
	stage_close(&server);
}

PARITY_TEST(connections_may_be_left_to_the_world)
{
	struct tcp_listener *listener;
	struct pair pair = {.accepted = 0};
	uint16_t port = listen_for(p, &listener, accept_server, &pair);

	connect_to(p, &pair.client, port);
	parity_await_count(p, &pair.accepted, 1);
	/* Nobody looks any more; connections and listener are the world's to close. */
	http_body_on_readable(pair.client.incoming, NULL, NULL);
	http_body_on_readable(pair.server.incoming, NULL, NULL);
	end_close(&pair.client);
	end_close(&pair.server);
}

TCase *parity_tcp_case(int number)
{
	TCase *tests = tcase_create("tcp");

	PARITY_ADD(tests, number, bytes_go_both_ways);
	PARITY_ADD(tests, number, what_is_said_before_it_is_connected_is_not_lost);
	PARITY_ADD(tests, number, all_is_sent_before_the_end);
	PARITY_ADD(tests, number, nobody_there_is_a_failure);
	PARITY_ADD(tests, number, a_port_is_listened_on_once);
	PARITY_ADD(tests, number, a_port_may_take_nobody);
	PARITY_ADD(tests, number, two_connections_make_a_tunnel);
	PARITY_ADD(tests, number, connections_may_be_left_to_the_world);
	return tests;
}
