/* The small name server: one UDP socket, an answer for each question. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "world/real/dns_internal.h"
#include "world/real/dns_message.h"

#define DATAGRAM_BYTES 65536

struct dns_server {
	struct list_link link; /* in real->dns_servers */
	uv_udp_t socket;
	uint16_t port;
	dns_lookup *lookup;
	void *data;
	char bytes[DATAGRAM_BYTES];
};

static void provide_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
	struct dns_server *server = handle->data;

	(void)wanted;
	*room = uv_buf_init(server->bytes, sizeof server->bytes);
}

/* An answer that cannot leave at once is lost, as datagrams are. */
static void send_answer(struct dns_server *server, const struct dns_message_question *question,
			enum dns_code code, struct str addresses, int64_t ttl_s,
			const struct sockaddr *peer)
{
	struct strbuf answer;
	uv_buf_t bytes;

	strbuf_init(&answer, DNS_MESSAGE_BYTES_MAX);
	if (dns_message_write_answer(&answer, question, code, addresses, ttl_s)) {
		bytes = uv_buf_init(answer.data, (unsigned)answer.size);
		uv_udp_try_send(&server->socket, &bytes, 1, peer);
	}
	strbuf_free(&answer);
}

static void datagram_came(uv_udp_t *socket, ssize_t size, const uv_buf_t *room,
			  const struct sockaddr *peer, unsigned flags)
{
	struct dns_server *server = socket->data;
	struct dns_message_question question;
	struct str addresses = {NULL, 0};
	enum dns_code code;
	int64_t ttl_s = 0;

	if (size <= 0 || peer == NULL || (flags & UV_UDP_PARTIAL) != 0)
		return;
	if (!dns_message_read_question(str_of(room->base, (size_t)size), &question, &code))
		return;
	if (code == DNS_CODE_OK) {
		if (!server->lookup(question.name, &addresses, &ttl_s, server->data))
			code = DNS_CODE_NAME;
		else if (addresses.size == 0)
			return;
	}
	send_answer(server, &question, code, addresses, ttl_s, peer);
}

static void server_freed(uv_handle_t *handle)
{
	free(handle->data);
}

static int server_bind(struct dns_server *server, struct str address, uint16_t port)
{
	struct arena *scratch = arena_create();
	struct sockaddr_in wanted;
	int status = uv_ip4_addr(str_cstr(scratch, address.size > 0 ? address : STR("0.0.0.0")),
				 port, &wanted);

	arena_destroy(scratch);
	if (status == 0)
		status = uv_udp_bind(&server->socket, (struct sockaddr *)&wanted, 0);
	if (status == 0)
		status = uv_udp_recv_start(&server->socket, provide_room, datagram_came);
	return status;
}

static uint16_t bound_port(const struct dns_server *server)
{
	struct sockaddr_in bound;
	int size = sizeof bound;

	BUG_IF(uv_udp_getsockname(&server->socket, (struct sockaddr *)&bound, &size) != 0);
	return ntohs(bound.sin_port);
}

struct dns_server *dns_server_open(struct world *world, struct str address, uint16_t port,
				   dns_lookup *lookup, void *data, struct error *error)
{
	struct real_world *real = real_of(world);
	struct dns_server *server = MEMORY_NEW(struct dns_server);
	int status = uv_udp_init(&real->loop->uv, &server->socket);

	BUG_IF(status != 0);
	server->socket.data = server;
	server->lookup = lookup;
	server->data = data;
	status = server_bind(server, address, port);
	if (status != 0) {
		error_set(error, ERROR_UNAVAILABLE, "cannot answer DNS on %.*s:%u: %s",
			  STR_ARG(address.size > 0 ? address : STR("0.0.0.0")), port,
			  uv_strerror(status));
		uv_close((uv_handle_t *)&server->socket, server_freed);
		return NULL;
	}
	server->port = bound_port(server);
	list_append(&real->dns_servers, &server->link);
	return server;
}

uint16_t dns_server_port(struct dns_server *server)
{
	return server->port;
}

void dns_server_close(struct dns_server *server)
{
	if (server == NULL)
		return;
	list_remove(&server->link);
	uv_close((uv_handle_t *)&server->socket, server_freed);
}

void real_dns_servers_destroy(struct real_world *real)
{
	struct list_link *link;

	while ((link = list_first(&real->dns_servers)) != NULL)
		dns_server_close(LIST_ENTRY(link, struct dns_server, link));
}
