/* A call on the wire: connect (or take an idle connection), shake hands, send the request, read the
 * answer. */
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"
#include "sim/net/http_client_internal.h"
#include "sim/net/tls.h"
#include "world/files.h"

#define PEM_FILE_BYTES_MAX (1024 * 1024)

static const struct str http_begin = STR_INIT("HTTP/");

/* Lost connections. */

static enum http_failure loss_failure(const struct call *call, enum stream_failure failure)
{
	static const enum http_failure connecting[] = {
		[STREAM_REFUSED] = HTTP_FAILURE_CONNECT_REFUSED,
		[STREAM_UNREACHABLE] = HTTP_FAILURE_UNREACHABLE,
		[STREAM_TIMED_OUT] = HTTP_FAILURE_CONNECT_TIMEOUT,
		[STREAM_RESET] = HTTP_FAILURE_CONNECT_REFUSED,
	};

	if (call->state == CALL_CONNECTING)
		return connecting[failure];
	if (call->state == CALL_TUNNELLING)
		return HTTP_FAILURE_TUNNEL;
	if (call->state == CALL_SHAKING_HANDS)
		return HTTP_FAILURE_TLS;
	return failure == STREAM_TIMED_OUT ? HTTP_FAILURE_TIMEOUT : HTTP_FAILURE_RESET;
}

/* The server may have closed an idle connection while the request was under way to it: then nobody
 * has looked at the request, and what may be repeated is, once. */
static void call_lost(struct call *call, enum http_failure failure)
{
	bool repeats = call->state == CALL_OPEN && call->may_repeat && !call->has_bytes &&
		       call->public.connection_was_reused;

	if (!repeats) {
		net_call_over(call, failure);
		return;
	}
	net_transfer_stop(call, false);
	call->may_repeat = false;
	call->wants_new = true;
	call->state = CALL_WAITING;
	call_set_deadline(call, call->connect_timeout_us);
	net_transfer_start(call);
}

/* Sending. */

/* False when the request cannot be written at all. */
static bool write_head(struct call *call)
{
	bool has_body = call->upload != NULL && !call->is_upgrade;
	int64_t length = has_body ? http_body_length(call->upload) : 0;

	strbuf_clear(&call->out);
	call->out_sent = 0;
	call->is_chunked = length == HTTP_BODY_LENGTH_UNKNOWN;
	call->upload_left = call->is_upgrade ? INT64_MAX : length;
	return http1_write_request(&call->out, &call->request, has_body, length);
}

/* Writes what waits; false when some of it still does. */
static bool flush(struct call *call)
{
	struct str out = str_skip(strbuf_str(&call->out), call->out_sent);
	size_t written = out.size > 0 ? stream_write(call->connection->stream, out) : 0;

	if (written > 0)
		net_call_made_progress(call);
	call->out_sent += written;
	if (written < out.size)
		return false;
	strbuf_clear(&call->out);
	call->out_sent = 0;
	return true;
}

/* One more piece of the request's body goes to `out`; false when there is none now. */
static bool send_piece(struct call *call)
{
	struct str piece = str_slice(http_body_peek(call->upload), 0, LIMIT_BODY_BUFFER_BYTES);

	if (!call->is_chunked && (int64_t)piece.size > call->upload_left)
		piece.size = (size_t)call->upload_left;
	if (piece.size > 0) {
		if (call->is_chunked)
			http1_write_chunk(&call->out, piece);
		else
			strbuf_append(&call->out, piece);
		call->upload_left -= (int64_t)piece.size;
		http_body_consume(call->upload, piece.size);
		return true;
	}
	if (http_body_is_failed(call->upload) ||
	    (!call->is_upgrade && http_body_is_ended(call->upload) && !call->is_chunked &&
	     call->upload_left > 0)) {
		net_call_over(call, HTTP_FAILURE_REQUEST_BODY);
		return false;
	}
	if (!http_body_is_ended(call->upload))
		return false;
	if (call->is_chunked)
		http1_write_last_chunk(&call->out);
	call_let_go_of_upload(call);
	net_call_made_progress(call); /* from now on the answer is waited for */
	return true;
}

static void send_request(struct call *call)
{
	while (call->state == CALL_OPEN && flush(call)) {
		if (call->upload == NULL || (call->is_upgrade && !call->has_head) ||
		    !send_piece(call))
			return;
	}
}

static bool is_all_sent(const struct call *call)
{
	return call->upload == NULL && call->out.size == 0;
}

static bool transfer_waits_for_room(const struct call *call)
{
	return call->download != NULL && !http_body_is_abandoned(call->download) &&
	       http_body_room(call->download) == 0;
}

bool transfer_waits_for_us(const struct call *call)
{
	if (call->state != CALL_OPEN)
		return false;
	if (transfer_waits_for_room(call))
		return true;
	return call->upload != NULL && call->out.size == 0 && !call->has_head && !call->is_upgrade;
}

/* Reading. */

static void download_writable(struct http_body *body, void *data)
{
	(void)body;
	call_ask_for_work(data);
}

static void begin_answer(struct call *call, const struct http_response *response)
{
	call->public.response = *response;
	if (call->head_arena != NULL) {
		call->public.response.reason = str_copy(call->head_arena, response->reason);
		http_fields_copy(&call->public.response.fields, call->head_arena,
				 &response->fields);
	}
	call->has_head = true;
	if (response->status == 101)
		call->framing = (struct http1_framing){.kind = HTTP1_UNTIL_CLOSE};
	else if (call->is_upgrade)
		call_let_go_of_upload(call);
	if (call->framing.kind != HTTP1_NO_BODY &&
	    !(call->framing.kind == HTTP1_LENGTH && call->framing.length == 0)) {
		int64_t length = call->framing.kind == HTTP1_LENGTH ? call->framing.length
								    : HTTP_BODY_LENGTH_UNKNOWN;

		call->download = http_body_create(length, LIMIT_BODY_BUFFER_BYTES);
		http_body_on_writable(call->download, download_writable, call);
		call->public.body = call->download;
		http1_body_begin(&call->reading, call->framing);
	}
	call_is_answered(call);
}

/* True when the head is there (and the component was told). */
static bool read_head(struct call *call)
{
	struct stream *stream = call->connection->stream;
	struct http_response response;
	struct http1_fault fault;
	size_t used;

	for (;;) {
		struct str bytes = stream_peek(stream);
		bool is_whole = false;

		if (bytes.size == 0)
			return false;
		call->has_bytes = true;
		if (!str_has_prefix(bytes, str_slice(http_begin, 0, bytes.size))) {
			net_call_over(call, HTTP_FAILURE_PROTOCOL); /* no need to wait for more */
			return false;
		}
		arena_reset(call->head);
		switch (http1_read_response(bytes, call->request.method, call->head, &response,
					    &call->framing, &used, &fault)) {
		case HTTP1_INCOMPLETE:
			used = bytes.size;
			break;
		case HTTP1_INVALID:
			net_call_over(call, HTTP_FAILURE_PROTOCOL);
			return false;
		case HTTP1_DONE:
			is_whole = true;
			break;
		}
		if (call->head_bytes_max > 0 && used > call->head_bytes_max) {
			net_call_over(call, HTTP_FAILURE_HEAD_TOO_BIG);
			return false;
		}
		if (!is_whole)
			return false;
		stream_consume(stream, used);
		net_call_made_progress(call);
		if (response.status >= 200 || (response.status == 101 && call->is_upgrade))
			break;
		call->informational_bytes += used; /* not for ever */
		if (response.status == 101 || call->informational_bytes > LIMIT_HTTP_HEADER_BYTES) {
			net_call_over(call, HTTP_FAILURE_PROTOCOL);
			return false;
		}
	}
	begin_answer(call, &response);
	return true;
}

/* As much of the answer's body as its consumer has room for. */
static void read_body(struct call *call)
{
	struct stream *stream = call->connection->stream;
	struct http1_fault fault;

	while (call->state == CALL_OPEN && call->download != NULL) {
		struct str bytes = stream_peek(stream), data;
		size_t used;

		if (!http_body_is_abandoned(call->download))
			bytes = str_slice(bytes, 0, http_body_room(call->download));
		if (bytes.size == 0)
			return;

		enum http1_result result =
			http1_read_body(&call->reading, bytes, &used, &data, &fault);

		if (result == HTTP1_INVALID) {
			net_call_over(call, HTTP_FAILURE_PROTOCOL);
			return;
		}
		net_call_made_progress(call);
		if (data.size > 0)
			http_body_write(call->download, data);
		if (call->state != CALL_OPEN)
			return; /* its consumer has given the call up */
		stream_consume(stream, used);
		if (result == HTTP1_DONE)
			net_call_over(call, HTTP_FAILURE_NONE);
		else if (used == 0)
			return;
	}
}

static void read_answer(struct call *call)
{
	if (!call->has_head && !read_head(call))
		return;
	if (call->is_released || call->state != CALL_OPEN)
		return;
	if (call->download != NULL)
		read_body(call);
	else
		net_call_over(call, HTTP_FAILURE_NONE);
}

/* The other side has ended: that may be the end of the answer, or cut it off. What could be read
 * has been, unless the answer's consumer has no room. */
static void see_end(struct call *call)
{
	if (!stream_peer_has_ended(call->connection->stream) || transfer_waits_for_room(call))
		return;
	if (call->has_head && call->framing.kind == HTTP1_UNTIL_CLOSE)
		net_call_over(call, HTTP_FAILURE_NONE);
	else
		call_lost(call, HTTP_FAILURE_CLOSED);
}

/* TLS. */

static struct str read_pem(struct call *call, struct str path)
{
	struct str text = {NULL, 0};

	if (path.size > 0)
		files_read(call->public.world, path, PEM_FILE_BYTES_MAX, call->arena, &text, NULL);
	return text;
}

static void call_is_connected(struct call *call)
{
	call->public.connected_us = world_monotonic_us(call->public.world);
	call->state = CALL_OPEN;
	net_call_made_progress(call);
	if (!write_head(call))
		net_call_over(call, HTTP_FAILURE_PROTOCOL);
}

static void shake_hands(struct call *call)
{
	struct stream *stream = call->connection->stream;
	struct tls_certificate certificate;
	enum http_failure outcome = HTTP_FAILURE_NONE;
	size_t used;

	switch (tls_read_certificate(stream_peek(stream), &certificate, &used)) {
	case TLS_INCOMPLETE:
		if (stream_peer_has_ended(stream))
			net_call_over(call, HTTP_FAILURE_TLS);
		return;
	case TLS_BROKEN:
		net_call_over(call, HTTP_FAILURE_TLS);
		return;
	case TLS_DONE:
		break;
	}
	if (call->verify_peer)
		outcome = tls_outcome(&certificate, call->host, read_pem(call, call->ca_file),
				      world_utc_us(call->public.world));
	stream_consume(stream, used);
	if (outcome != HTTP_FAILURE_NONE)
		net_call_over(call, outcome);
	else
		call_is_connected(call);
}

static void begin_handshake(struct call *call)
{
	struct str certificate = read_pem(call, call->certificate_file);

	if (call->certificate_file.size > 0 && certificate.size == 0) {
		net_call_over(call, HTTP_FAILURE_TLS);
		return;
	}
	call->state = CALL_SHAKING_HANDS;
	tls_write_hello(&call->out, call->host, certificate);
	stream_write(call->connection->stream, strbuf_str(&call->out));
	strbuf_clear(&call->out);
}

static void connection_is_there(struct call *call)
{
	if (call->is_tls)
		begin_handshake(call);
	else
		call_is_connected(call);
}

/* Through a proxy. */

static void ask_for_tunnel(struct call *call)
{
	bool is_ip6 = str_find_char(call->address, ':') != STR_NOT_FOUND;
	struct str authority = str_format(call->arena, is_ip6 ? "[%.*s]:%u" : "%.*s:%u",
					  STR_ARG(call->address), (unsigned)call->port_number);

	call->state = CALL_TUNNELLING;
	strbuf_append_format(&call->out,
			     "CONNECT %.*s HTTP/1.1\r\nHost: %.*s\r\n"
			     "Proxy-Connection: Keep-Alive\r\n\r\n",
			     STR_ARG(authority), STR_ARG(authority));
	stream_write(call->connection->stream, strbuf_str(&call->out));
	strbuf_clear(&call->out);
}

static void read_tunnel(struct call *call)
{
	struct stream *stream = call->connection->stream;
	struct http_response response;
	struct http1_fault fault;
	size_t used;

	arena_reset(call->head);
	switch (http1_read_response(stream_peek(stream), STR("CONNECT"), call->head, &response,
				    &call->framing, &used, &fault)) {
	case HTTP1_INCOMPLETE:
		if (stream_peer_has_ended(stream))
			net_call_over(call, HTTP_FAILURE_TUNNEL);
		return;
	case HTTP1_INVALID:
		net_call_over(call, HTTP_FAILURE_TUNNEL);
		return;
	case HTTP1_DONE:
		break;
	}
	stream_consume(stream, used);
	if (response.status < 200 || response.status > 299)
		net_call_over(call, HTTP_FAILURE_TUNNEL);
	else
		connection_is_there(call);
}

/* The whole. */

static void transfer_move(struct call *call)
{
	if (call->state == CALL_TUNNELLING)
		read_tunnel(call);
	if (call->state == CALL_SHAKING_HANDS)
		shake_hands(call);
	if (call->state != CALL_OPEN)
		return;
	send_request(call);
	if (call->state == CALL_OPEN)
		read_answer(call);
	if (call->state == CALL_OPEN && call->is_upgrade && call->has_head)
		send_request(call);
	if (call->state == CALL_OPEN && !call->is_released)
		see_end(call);
}

void net_transfer_go_on(struct call *call)
{
	call_enter(call);
	transfer_move(call);
	call_leave(call);
}

static void connection_opened(struct stream *stream, void *data)
{
	struct client_connection *connection = data;
	struct call *call = connection->call;

	(void)stream;
	call_enter(call);
	if (call->tunnel_address.size > 0)
		ask_for_tunnel(call);
	else
		connection_is_there(call);
	transfer_move(call);
	call_leave(call);
}

static void connection_moved(struct stream *stream, void *data)
{
	struct client_connection *connection = data;

	(void)stream;
	/* What comes without being asked for ends an idle connection, as its end does. */
	if (connection->call == NULL)
		client_connection_close(connection);
	else
		net_transfer_go_on(connection->call);
}

static void connection_lost(struct stream *stream, enum stream_failure failure, void *data)
{
	struct client_connection *connection = data;
	struct call *call = connection->call;

	(void)stream;
	if (call == NULL) {
		client_connection_close(connection);
		return;
	}
	call_enter(call);
	call_lost(call, loss_failure(call, failure));
	call_leave(call);
}

static const struct stream_events connection_events = {
	.opened = connection_opened,
	.readable = connection_moved,
	.writable = connection_moved,
	.failed = connection_lost,
};

void net_transfer_start(struct call *call)
{
	struct client_connection *connection = NULL;

	call->public.peer_address = call->address;
	call->public.peer_port = call->port_number;
	if (!call->wants_new)
		connection = http_pool_take(call->pool, call);
	call->public.connection_was_reused = connection != NULL;
	if (connection == NULL) {
		call->connection = http_pool_connect(call->pool, call, &connection_events);
		call->state = CALL_CONNECTING;
		return;
	}
	call->connection = connection;
	call_is_connected(call);
	transfer_move(call);
}

void net_transfer_stop(struct call *call, bool complete)
{
	struct client_connection *connection = call->connection;

	if (connection == NULL)
		return;
	call->connection = NULL;
	if (complete && call->framing.keep_alive && is_all_sent(call) &&
	    !stream_peer_has_ended(connection->stream) &&
	    stream_peek(connection->stream).size == 0 && !stream_has_failed(connection->stream) &&
	    !http_fields_lists(&call->request.fields, STR("Connection"), STR("close")))
		http_pool_give(connection);
	else
		client_connection_close(connection);
}
