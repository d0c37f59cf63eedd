/* Where lines of logs arrive as datagrams. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "world/log.h"
#include "world/real/real_internal.h"

#define DATAGRAM_BYTES 65536

struct log_receiver {
	struct list_link link; /* in real->log_receivers */
	uv_udp_t socket;
	uint16_t port;
	log_received *received;
	void *data;
	char bytes[DATAGRAM_BYTES];
};

static void provide_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
	struct log_receiver *receiver = handle->data;

	(void)wanted;
	*room = uv_buf_init(receiver->bytes, sizeof receiver->bytes);
}

static void datagram_came(uv_udp_t *socket, ssize_t size, const uv_buf_t *room,
			  const struct sockaddr *peer, unsigned flags)
{
	struct log_receiver *receiver = socket->data;

	(void)flags;
	if (size > 0 && peer != NULL)
		receiver->received(str_of(room->base, (size_t)size), receiver->data);
}

static int receiver_bind(struct log_receiver *receiver, struct str address, uint16_t port)
{
	struct arena *scratch = arena_create();
	struct sockaddr_in wanted, bound;
	int size = sizeof bound;
	int status = uv_ip4_addr(str_cstr(scratch, address.size > 0 ? address : STR("0.0.0.0")),
				 port, &wanted);

	arena_destroy(scratch);
	if (status == 0)
		status = uv_udp_bind(&receiver->socket, (struct sockaddr *)&wanted, 0);
	if (status == 0)
		status = uv_udp_recv_start(&receiver->socket, provide_room, datagram_came);
	if (status == 0)
		status = uv_udp_getsockname(&receiver->socket, (struct sockaddr *)&bound, &size);
	if (status == 0)
		receiver->port = ntohs(bound.sin_port);
	return status;
}

static void receiver_freed(uv_handle_t *handle)
{
	free(handle->data);
}

struct log_receiver *real_log_receiver_open(struct world *world, struct str address, uint16_t port,
					    log_received *received, void *data, struct error *error)
{
	struct real_world *real = real_of(world);
	struct log_receiver *receiver = MEMORY_NEW(struct log_receiver);
	int status = uv_udp_init(&real->loop->uv, &receiver->socket);

	BUG_IF(status != 0);
	receiver->socket.data = receiver;
	receiver->received = received;
	receiver->data = data;
	status = receiver_bind(receiver, address, port);
	if (status != 0) {
		error_set(error, ERROR_UNAVAILABLE, "cannot receive logs on %.*s:%u: %s",
			  STR_ARG(address), (unsigned)port, uv_strerror(status));
		uv_close((uv_handle_t *)&receiver->socket, receiver_freed);
		return NULL;
	}
	list_append(&real->log_receivers, &receiver->link);
	return receiver;
}

uint16_t real_log_receiver_port(struct log_receiver *receiver)
{
	return receiver->port;
}

void real_log_receiver_close(struct log_receiver *receiver)
{
	list_remove(&receiver->link);
	uv_close((uv_handle_t *)&receiver->socket, receiver_freed);
}

void real_log_receivers_destroy(struct real_world *real)
{
	struct list_link *link;

	while ((link = list_first(&real->log_receivers)) != NULL)
		real_log_receiver_close(LIST_ENTRY(link, struct log_receiver, link));
}
