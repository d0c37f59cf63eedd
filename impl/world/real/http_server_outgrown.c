/* Heads that outgrow a connection's memory.
 *
 * libmicrohttpd answers those by itself, with 414 or 431 and a page of its own, and asks nobody.
 * But it says so in its log first, before a byte has left. A listener that wants another status
 * (http_listen_options.limits) then answers in its place, and closes its side, so that what
 * libmicrohttpd sends goes nowhere. The log does not say which connection it is: it is the one in
 * whose buffer the most unread bytes lie. The kernel knows how many came. */
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "world/real/http_server_internal.h"
#include "world/real/socket_bytes.h"

#define OUTGROWN_BYTES_MIN (CONNECTION_BYTES / 4) /* more than a request that is just coming */

static uint64_t bytes_buffered(const struct connection *connection)
{
	uint64_t bytes = socket_bytes_read(connection->socket);

	return bytes > connection->bytes_used ? bytes - connection->bytes_used : 0;
}

void outgrown_count_all(struct connection *connection)
{
	if (connection->listener->limits.status != 0)
		connection->bytes_used = socket_bytes_read(connection->socket);
}

static struct connection *find_outgrown(struct http_listener *listener)
{
	uint64_t most = OUTGROWN_BYTES_MIN;
	struct connection *found = NULL;

	LIST_EACH (link, &listener->connections) {
		struct connection *connection = LIST_ENTRY(link, struct connection, link);
		bool is_reading_head = connection->exchange == NULL ||
				       connection->exchange->phase == EXCHANGE_HEAD;
		uint64_t bytes = is_reading_head ? bytes_buffered(connection) : 0;

		if (bytes > most) {
			most = bytes;
			found = connection;
		}
	}
	return found;
}

static void answer(const struct connection *connection)
{
	struct http_listener *listener = connection->listener;
	struct http_response response;
	struct arena *arena = arena_create();
	struct strbuf *out = &listener->text;

	http_response_init(&response, arena, listener->limits.status);
	http_fields_add(&response.fields, STR("Date"), listener_date(listener));
	strbuf_clear(out);
	http1_write_response(out, &response, STR("GET"), 0, false);
	/* All of it fits in a socket that has nothing else to send. */
	if (send(connection->socket, out->data, out->size, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		shutdown(connection->socket, SHUT_WR);
	arena_destroy(arena);
}

void outgrown_said(void *data, const char *format, va_list arguments)
{
	struct http_listener *listener = data;
	const struct connection *connection;
	unsigned status;

	if (strncmp(format, "Error processing request", 24) != 0)
		return;
	status = va_arg(arguments, unsigned);
	if (status != 414 && status != 431)
		return;
	connection = find_outgrown(listener);
	if (connection != NULL)
		answer(connection);
}
