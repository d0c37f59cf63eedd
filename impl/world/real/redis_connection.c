#include "world/real/redis_connection.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "world/real/real_internal.h"
#include "world/redis_url.h"

#define ROOM_BYTES (64 * 1024)
#define KEPT_BYTES_MAX (1024 * 1024) /* of memory for commands, while none wait */

struct redis_connection {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} socket;
	uv_connect_t connect;
	uv_write_t write;
	bool is_tcp, is_writing;
	struct strbuf writing;
	const struct redis_connection_owner *owner; /* NULL when it was given up */
	void *data;
	char room[ROOM_BYTES];
};

/* Reading. */

static void bytes_came(uv_stream_t *stream, ssize_t size, const uv_buf_t *room)
{
	const struct redis_connection *connection = stream->data;

	if (connection->owner == NULL || size == 0)
		return;
	if (size < 0)
		connection->owner->failed((int)size, connection->data);
	else
		connection->owner->received(str_of(room->base, (size_t)size), connection->data);
}

static void provide_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
	struct redis_connection *connection = handle->data;

	(void)wanted;
	*room = uv_buf_init(connection->room, sizeof connection->room);
}

/* Opening and closing. */

static void connected(uv_connect_t *connect, int status)
{
	struct redis_connection *connection = connect->data;

	if (connection->owner == NULL)
		return;
	if (status == 0)
		status = uv_read_start(&connection->socket.stream, provide_room, bytes_came);
	if (status == 0 && connection->is_tcp)
		uv_tcp_nodelay(&connection->socket.tcp, 1);
	connection->owner->connected(status, connection->data);
}

static int connect_to_address(struct redis_connection *connection, const char *address,
			      uint16_t port)
{
	struct sockaddr_storage place;
	int status = uv_ip4_addr(address, port, (struct sockaddr_in *)(void *)&place);

	if (status != 0)
		status = uv_ip6_addr(address, port, (struct sockaddr_in6 *)(void *)&place);
	if (status != 0)
		return status;
	return uv_tcp_connect(&connection->connect, &connection->socket.tcp,
			      (struct sockaddr *)&place, connected);
}

struct redis_connection *redis_connection_open(struct real_loop *loop,
					       const struct redis_place *place, struct str address,
					       const struct redis_connection_owner *owner,
					       void *data, int *status)
{
	struct redis_connection *connection = MEMORY_NEW(struct redis_connection);
	struct arena *scratch = arena_create();

	connection->connect.data = connection;
	connection->owner = owner;
	connection->data = data;
	connection->is_tcp = place->socket.size == 0;
	*status = 0;
	if (connection->is_tcp) {
		BUG_IF(uv_tcp_init(&loop->uv, &connection->socket.tcp) != 0);
		*status = connect_to_address(connection, str_cstr(scratch, address), place->port);
	} else {
		BUG_IF(uv_pipe_init(&loop->uv, &connection->socket.pipe, 0) != 0);
		uv_pipe_connect(&connection->connect, &connection->socket.pipe,
				str_cstr(scratch, place->socket), connected);
	}
	connection->socket.handle.data = connection;
	arena_destroy(scratch);
	return connection;
}

static void connection_freed(uv_handle_t *handle)
{
	struct redis_connection *connection = handle->data;

	strbuf_free(&connection->writing);
	free(connection);
}

void redis_connection_close(struct redis_connection *connection)
{
	if (connection == NULL)
		return;
	connection->owner = NULL;
	uv_close(&connection->socket.handle, connection_freed);
}

/* Writing. */

bool redis_connection_is_writing(const struct redis_connection *connection)
{
	return connection->is_writing;
}

static void rest_was_written(uv_write_t *write, int status)
{
	struct redis_connection *connection = write->data;

	connection->is_writing = false;
	strbuf_free(&connection->writing);
	if (connection->owner == NULL)
		return;
	if (status < 0)
		connection->owner->failed(status, connection->data);
	else
		connection->owner->written(connection->data);
}

/* What the socket does not take at once waits in libuv. */
static int write_rest(struct redis_connection *connection, struct strbuf *bytes)
{
	uv_buf_t rest;

	connection->writing = *bytes;
	strbuf_init(bytes, REDIS_CONNECTION_UNSENT_BYTES_MAX);
	rest = uv_buf_init(connection->writing.data, (unsigned)connection->writing.size);
	connection->write.data = connection;
	connection->is_writing = true;
	return uv_write(&connection->write, &connection->socket.stream, &rest, 1, rest_was_written);
}

int redis_connection_write(struct redis_connection *connection, struct strbuf *bytes,
			   bool *has_left)
{
	uv_buf_t all = uv_buf_init(bytes->data, (unsigned)bytes->size);
	int written = uv_try_write(&connection->socket.stream, &all, 1);

	*has_left = written >= 0 || written == UV_EAGAIN;
	if (!*has_left)
		return written;
	if (written >= 0 && (size_t)written == bytes->size) {
		strbuf_clear(bytes);
		if (bytes->capacity > KEPT_BYTES_MAX)
			strbuf_free(bytes);
		return 0;
	}
	if (written > 0)
		strbuf_consume(bytes, (size_t)written);
	return write_rest(connection, bytes);
}

struct str redis_connection_failure(int status)
{
	static const struct {
		int status;
		struct str text;
	} texts[] = {
		{UV_ECONNREFUSED, STR_INIT("connection refused")},
		{UV_ECONNRESET, STR_INIT("connection reset by peer")},
		{UV_EPIPE, STR_INIT("connection reset by peer")},
		{UV_ETIMEDOUT, STR_INIT("connection timed out")},
		{UV_EHOSTUNREACH, STR_INIT("no route to host")},
		{UV_ENETUNREACH, STR_INIT("no route to host")},
		{UV_EOF, STR_INIT("connection closed")},
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].status == status)
			return texts[i].text;
	}
	return str_from(uv_strerror(status));
}
