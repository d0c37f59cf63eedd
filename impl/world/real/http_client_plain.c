/* Calls over plain TCP, without a proxy, by our own HTTP/1.1 (http/http1.h): libcurl costs three
 * times as much of such a call, and asks the kernel four times whether a connection is alive. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"
#include "http/http1.h"
#include "world/real/http_client_internal.h"

#define CHUNK_BYTES ((size_t)16 * 1024)

/* libcurl has TLS, tunnels, and what leaves HTTP. */
bool call_is_plain(const struct call *call)
{
	return !call->is_tls && !call->is_upgrade && call->tunnel_address.size == 0;
}

/* The request. */

void plain_write_head(struct call *call, const struct http_fields *fields)
{
	struct http_request request = {
		.method = call->method, .target = call->target, .minor_version = 1};
	bool has_body = call->upload != NULL;

	http_fields_init(&request.fields, call->arena);
	if (fields == NULL || !http_fields_has(fields, STR("Host")))
		http_fields_add(&request.fields, STR("Host"), call_host_field(call));
	for (size_t i = 0; fields != NULL && i < fields->count; i++) {
		const struct http_field *field = &fields->items[i];

		if (http_is_token(field->name) && http_is_field_value(field->value) &&
		    !str_equal_nocase(field->name, STR("Expect")))
			http_fields_add(&request.fields, field->name, field->value);
	}
	http1_write_request(&call->head, &request, has_body,
			    has_body ? http_body_length(call->upload) : 0);
}

/* Beginning, and beginning again. */

static void send_more(struct client_connection *connection);
static void receive(struct client_connection *connection);

/* The call has no connection afterwards. */
static void let_go(struct call *call, bool is_reusable)
{
	struct client_connection *connection = call->connection;

	call->connection = NULL;
	if (connection != NULL && is_reusable)
		pool_give_back(connection);
	else if (connection != NULL)
		pool_drop(connection);
}

static void fail(struct call *call, enum http_failure failure)
{
	let_go(call, false);
	call_over(call, failure);
}

static void begin_sending(struct client_connection *connection)
{
	struct call *call = connection->call;

	connection->leaving = strbuf_str(&call->head);
	call->is_connected = true;
	call->public.connection_was_reused = connection->is_reused;
	call->public.connected_us = loop_monotonic_us(call->port->real->loop);
	call_made_progress(call);
	send_more(connection);
}

static void begin(struct call *call, bool is_new)
{
	struct client_connection *connection = pool_take(
		&call->port->pool, call->address, call->port_number, is_new, !call->may_repeat);

	if (connection == NULL) {
		call_over(call, call_connect_failure(errno));
		return;
	}
	call->connection = connection;
	connection->call = call;
	connection->is_sent = call->upload == NULL; /* all but what `leaving` will hold */
	connection->head_bytes = 0;
	strbuf_clear(&connection->came);
	if (!connection->is_connecting)
		begin_sending(connection);
}

void plain_start(struct call *call)
{
	if (call->head.size == 0) {
		call_over(call, HTTP_FAILURE_PROTOCOL);
		return;
	}
	if (call->upload != NULL)
		http_body_on_readable(call->upload, call_upload_is_readable, call);
	begin(call, false);
}

void plain_stop(struct call *call)
{
	let_go(call, false);
}

/* A kept connection that ends before the first byte of an answer had ended before the call. */
static void connection_ended(struct client_connection *connection, enum http_failure failure)
{
	struct call *call = connection->call;
	bool is_untouched = connection->head_bytes == 0 && connection->came.size == 0;

	if (connection->is_reused && is_untouched && call->may_repeat) {
		let_go(call, false);
		begin(call, true);
	} else {
		fail(call, failure);
	}
}

static enum http_failure stream_failure(int number)
{
	if (number == ECONNRESET || number == EPIPE)
		return HTTP_FAILURE_RESET;
	return number == ETIMEDOUT ? HTTP_FAILURE_TIMEOUT : HTTP_FAILURE_PROTOCOL;
}

/* Sending. */

/* The next bytes of the body, or its end, to `leaving` or as a piece of the body's own buffer.
 * False: there is nothing to send now, and maybe no call any more. */
static bool find_more(struct client_connection *connection, struct str *piece)
{
	struct call *call = connection->call;
	struct http_body *upload = call->upload;
	int64_t length;

	*piece = STR("");
	if (upload == NULL || http_body_is_failed(upload)) {
		fail(call, HTTP_FAILURE_REQUEST_BODY);
		return false;
	}
	length = http_body_length(upload);
	if (http_body_waiting(upload) > 0) {
		*piece = http_body_peek(upload);
		if (length >= 0)
			return true;
		*piece = str_slice(*piece, 0, CHUNK_BYTES);
		strbuf_clear(&connection->chunk);
		http1_write_chunk(&connection->chunk, *piece);
		http_body_consume(upload, piece->size);
	} else if (!http_body_is_ended(upload)) {
		call->is_upload_paused = true;
		return false;
	} else if (length >= 0) {
		connection->is_sent = http_body_bytes_passed(upload) == length;
		if (!connection->is_sent)
			fail(call, HTTP_FAILURE_REQUEST_BODY);
		return false;
	} else {
		strbuf_clear(&connection->chunk);
		http1_write_last_chunk(&connection->chunk);
		connection->is_sent = true;
	}
	*piece = STR("");
	connection->leaving = strbuf_str(&connection->chunk);
	return true;
}

/* What the server says before it closes counts more than that it does not listen. */
static void could_not_send(struct client_connection *connection, int number)
{
	struct call *call = connection->call;

	connection->is_ending = true;
	receive(connection);
	if (call->connection == connection && !call->is_download_paused)
		connection_ended(connection, stream_failure(number));
}

static void has_sent(struct client_connection *connection, size_t count)
{
	struct call *call = connection->call;
	size_t of_leaving = count < connection->leaving.size ? count : connection->leaving.size;

	call_made_progress(call);
	connection->leaving = str_skip(connection->leaving, of_leaving);
	if (count > of_leaving)
		http_body_consume(call->upload, count - of_leaving);
}

/* A small body that is there leaves together with the head. */
static struct str piece_beside(const struct client_connection *connection)
{
	const struct http_body *upload = connection->call->upload;

	if (connection->is_sent || upload == NULL || http_body_length(upload) < 0)
		return STR("");
	return http_body_peek(upload);
}

static void send_more(struct client_connection *connection)
{
	for (;;) {
		struct str piece = piece_beside(connection);
		struct iovec parts[2];
		struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
		ssize_t count;

		if (connection->leaving.size == 0 &&
		    (connection->is_sent || !find_more(connection, &piece)))
			return;
		parts[0] = (struct iovec){(char *)(uintptr_t)connection->leaving.data,
					  connection->leaving.size};
		parts[1] = (struct iovec){(char *)(uintptr_t)piece.data, piece.size};
		count = sendmsg(connection->fd, &message, MSG_NOSIGNAL);
		if (count < 0 && errno == EAGAIN)
			return;
		if (count < 0) {
			could_not_send(connection, errno);
			return;
		}
		has_sent(connection, (size_t)count);
	}
}

/* Receiving. */

static void answer_is_complete(struct client_connection *connection, bool is_last)
{
	struct call *call = connection->call;

	let_go(call, !is_last && connection->is_sent && connection->leaving.size == 0 &&
			     connection->body.framing.keep_alive && !connection->is_ending);
	call_over(call, HTTP_FAILURE_NONE);
}

static void head_is_complete(struct client_connection *connection,
			     const struct http1_framing *framing)
{
	struct call *call = connection->call;

	http1_body_begin(&connection->body, *framing);
	call->is_head_complete = true;
	call_wants_work(call);
	if (framing->kind == HTTP1_NO_BODY ||
	    (framing->kind == HTTP1_LENGTH && framing->length == 0))
		return;
	call_begin_download(call, framing->kind == HTTP1_LENGTH ? framing->length
								: HTTP_BODY_LENGTH_UNKNOWN);
}

/* What begins otherwise never becomes an answer, however long one waits. */
static bool may_be_http(struct str bytes)
{
	struct str begin = STR("HTTP/");

	return str_has_prefix(begin, str_slice(bytes, 0, begin.size));
}

/* unread: bytes that are there of a head that was not read. */
static bool head_is_too_big(const struct client_connection *connection, size_t unread)
{
	size_t bytes_max = connection->call->head_bytes_max;

	return bytes_max > 0 && connection->head_bytes + unread > bytes_max;
}

/* A head, from the start of `bytes`; interim ones are read over. False: there is no call any more.
 */
static bool read_head(struct client_connection *connection, struct str bytes, size_t *used)
{
	struct call *call = connection->call;
	struct http_response *response = &call->public.response;
	struct http1_framing framing;
	struct http1_fault fault;
	enum http1_result result = HTTP1_INVALID;

	*used = 0;
	fault.status = 0;
	if (may_be_http(bytes))
		result = http1_read_response(bytes, call->method, call->head_arena, response,
					     &framing, used, &fault);
	connection->head_bytes += *used;
	if (head_is_too_big(connection,
			    result == HTTP1_INCOMPLETE || fault.status == 431 ? bytes.size : 0)) {
		fail(call, HTTP_FAILURE_HEAD_TOO_BIG);
		return false;
	}
	if (result == HTTP1_INCOMPLETE)
		return true;
	if (result == HTTP1_INVALID || response->status == 101 ||
	    connection->head_bytes > LIMIT_HTTP_HEADER_BYTES) {
		fail(call, HTTP_FAILURE_PROTOCOL);
		return false;
	}
	if (response->status >= 200)
		head_is_complete(connection, &framing);
	return true;
}

static size_t room_for(const struct call *call)
{
	if (call->download == NULL || http_body_is_abandoned(call->download))
		return SIZE_MAX;
	return http_body_room(call->download);
}

/* A piece of the body, as large as there is room for. False: the call is over. */
static bool read_body(struct client_connection *connection, struct str bytes, size_t room,
		      size_t *used)
{
	struct call *call = connection->call;
	struct http1_fault fault;
	struct str data;
	enum http1_result result;

	result = http1_read_body(&connection->body, str_slice(bytes, 0, room), used, &data, &fault);
	if (data.size > 0 && call->download != NULL) {
		http_body_write(call->download, data);
		call_received(call, data.size);
	}
	if (result == HTTP1_INCOMPLETE)
		return true;
	if (result == HTTP1_DONE)
		answer_is_complete(connection, *used < bytes.size);
	else
		fail(call, HTTP_FAILURE_PROTOCOL);
	return false;
}

/* What of `bytes` can be used now: *used. False: the call is over. */
static bool use(struct client_connection *connection, struct str bytes, size_t *used)
{
	struct call *call = connection->call;
	size_t step = 1;

	*used = 0;
	while (!call->is_head_complete && step > 0 && *used < bytes.size) {
		if (!read_head(connection, str_skip(bytes, *used), &step))
			return false;
		*used += step;
	}
	while (call->is_head_complete) {
		struct str rest = str_skip(bytes, *used);
		size_t room = room_for(call);

		call->is_download_paused = room == 0 && rest.size > 0;
		if (call->is_download_paused)
			return true;
		if (!read_body(connection, rest, room, &step))
			return false;
		*used += step;
		if (*used == bytes.size)
			return true;
	}
	return true;
}

/* False: the call is over. */
static bool bytes_came(struct client_connection *connection, struct str bytes)
{
	struct strbuf *came = &connection->came;
	size_t used;

	if (came->size == 0) {
		if (!use(connection, bytes, &used))
			return false;
		BUG_IF(!strbuf_append(came, str_skip(bytes, used)));
		return true;
	}
	BUG_IF(!strbuf_append(came, bytes));
	if (!use(connection, strbuf_str(came), &used))
		return false;
	strbuf_consume(came, used);
	return true;
}

static void stream_ended(struct client_connection *connection)
{
	struct call *call = connection->call;

	if (call->is_head_complete && connection->body.framing.kind == HTTP1_UNTIL_CLOSE)
		answer_is_complete(connection, true);
	else
		connection_ended(connection, HTTP_FAILURE_CLOSED);
}

/* Less than asked for was all there is, unless the end is there, too; and what comes later is a new
 * event. */
static void receive(struct client_connection *connection)
{
	struct call *call = connection->call;
	char bytes[LIMIT_BODY_BUFFER_BYTES / 2];

	while (!call->is_download_paused) {
		ssize_t count = recv(connection->fd, bytes, sizeof bytes, 0);

		if (count < 0 && errno == EAGAIN)
			return;
		if (count <= 0) {
			if (count == 0)
				stream_ended(connection);
			else
				connection_ended(connection, stream_failure(errno));
			return;
		}
		call_made_progress(call);
		if (!bytes_came(connection, str_of(bytes, (size_t)count)))
			return;
		if ((size_t)count < sizeof bytes && !connection->is_ending)
			return;
	}
}

/* Events. */

static void connecting_ended(struct client_connection *connection)
{
	int number = 0;
	socklen_t size = sizeof number;

	getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &number, &size);
	if (number != 0) {
		fail(connection->call, call_connect_failure(number));
		return;
	}
	connection->is_connecting = false;
	begin_sending(connection);
}

void plain_events(struct client_connection *connection, bool may_read, bool may_write)
{
	struct call *call = connection->call;

	if (connection->is_connecting)
		connecting_ended(connection);
	else if (may_write && !call->is_upload_paused &&
		 (connection->leaving.size > 0 || !connection->is_sent))
		send_more(connection);
	if (may_read && call->connection == connection && !connection->is_connecting)
		receive(connection);
}

void plain_go_on(struct call *call)
{
	struct client_connection *connection = call->connection;

	if (connection == NULL || connection->is_connecting)
		return;
	if (call->is_upload_paused) {
		call->is_upload_paused = false;
		send_more(connection);
	}
	if (!call->is_download_paused || call->connection != connection)
		return;
	call->is_download_paused = false;
	if (connection->came.size > 0 && !bytes_came(connection, STR("")))
		return;
	receive(connection);
}
