/* Transfers: one call each, as libcurl carries it out; http_client_multi.c runs libcurl. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"
#include "base/url.h"
#include "world/real/http_client_internal.h"

#define NO_CURL_TIMEOUT_MS 2000000000L /* our own timers watch */
#define SENT_AT_ONCE_MAX (64 * 1024)   /* libcurl sends such a body together with the head */

/* The answer's head. */

static bool refuse(struct call *call, enum http_failure cause)
{
	call->cause = cause;
	return false;
}

static bool status_line_came(struct call *call, struct str line)
{
	struct str version, rest, status, reason;
	int64_t number;

	str_split_once(line, ' ', &version, &rest);
	str_split_once(str_trim(rest), ' ', &status, &reason);
	if (!str_has_prefix(version, STR("HTTP/1.")) || status.size != 3 ||
	    !str_to_int64(status, &number) || number < 100 || number > 599)
		return refuse(call, HTTP_FAILURE_PROTOCOL);
	if (!str_equal(version, STR("HTTP/1.1"))) {
		/* libcurl remembers the version for the connection and the handle. */
		call->is_handle_spoilt = true;
		curl_easy_setopt(call->handle, CURLOPT_FORBID_REUSE, 1L);
	}
	http_response_init(&call->public.response, call->head_arena, (int)number);
	call->public.response.reason = str_copy(call->head_arena, reason);
	return true;
}

static bool field_came(struct call *call, struct str line)
{
	struct http_fields *fields = &call->public.response.fields;
	struct str name, value;

	if (!str_split_once(line, ':', &name, &value) || !http_is_token(name) ||
	    !http_is_field_value(value) || fields->count >= LIMIT_HTTP_HEADERS)
		return refuse(call, HTTP_FAILURE_PROTOCOL);
	line = str_copy(call->head_arena, line);
	http_fields_add(fields, str_slice(line, 0, name.size),
			str_trim(str_skip(line, name.size + 1)));
	return true;
}

/* Two framings, or two lengths, could be read differently by the next hop. */
static bool read_framing(struct call *call, int64_t *length)
{
	const struct http_fields *fields = &call->public.response.fields;
	size_t codings = http_fields_count(fields, STR("Transfer-Encoding"));
	struct str first = http_fields_get(fields, STR("Content-Length"));

	*length = HTTP_BODY_LENGTH_UNKNOWN;
	if (codings > 0)
		return codings == 1 && !http_fields_has(fields, STR("Content-Length")) &&
		       str_equal_nocase(http_fields_get(fields, STR("Transfer-Encoding")),
					STR("chunked"));
	for (size_t i = 0; i < fields->count; i++) {
		if (str_equal_nocase(fields->items[i].name, STR("Content-Length")) &&
		    (!str_equal(fields->items[i].value, first) || !str_to_int64(first, length) ||
		     *length < 0))
			return false;
	}
	return true;
}

static bool head_ended(struct call *call)
{
	int status = call->public.response.status;
	int64_t length;

	if (status == 101 && !call->is_upgrade)
		return refuse(call, HTTP_FAILURE_PROTOCOL);
	if (status < 200 && status != 101)
		return true;
	if (!read_framing(call, &length))
		return refuse(call, HTTP_FAILURE_PROTOCOL);
	/* A connection that was upgraded serves nobody else. */
	if (status == 101)
		curl_easy_setopt(call->handle, CURLOPT_FORBID_REUSE, 1L);
	call->is_handle_spoilt |= call->is_upgrade;
	call->is_head_complete = true;
	call_wants_work(call);
	if (str_equal(call->method, STR("HEAD")) || status == 204 || status == 304 || length == 0)
		return true;
	call_begin_download(call, length);
	return true;
}

static struct str without_line_end(struct str line)
{
	if (str_has_suffix(line, STR("\n")))
		line = str_slice(line, 0, line.size - 1);
	if (str_has_suffix(line, STR("\r")))
		line = str_slice(line, 0, line.size - 1);
	return line;
}

/* A line of the head, or of the trailers, which are dropped. */
static size_t head_line_came(char *bytes, size_t one, size_t size, void *data)
{
	struct call *call = data;
	struct str line = without_line_end(str_of(bytes, size));
	bool is_fine;

	(void)one;
	call_made_progress(call);
	if (call->is_head_complete)
		return size;
	call->head_bytes += size;
	if (call->head_bytes_max > 0 && call->head_bytes > call->head_bytes_max)
		is_fine = refuse(call, HTTP_FAILURE_HEAD_TOO_BIG);
	else if (call->head_bytes > LIMIT_HTTP_HEADER_BYTES)
		is_fine = refuse(call, HTTP_FAILURE_PROTOCOL);
	else if (line.size == 0)
		is_fine = head_ended(call);
	else if (str_has_prefix(line, STR("HTTP/")) && str_find_char(line, ':') == STR_NOT_FOUND)
		is_fine = status_line_came(call, line);
	else
		is_fine = field_came(call, line);
	return is_fine ? size : 0;
}

/* Bodies. */

/* A piece that found no room in full comes again from its beginning after the pause. */
static size_t body_came(char *bytes, size_t one, size_t size, void *data)
{
	struct call *call = data;
	size_t taken = call->bytes_ahead < size ? call->bytes_ahead : size;

	(void)one;
	call_made_progress(call);
	call->bytes_ahead -= taken;
	while (taken < size && call->download != NULL) {
		size_t written =
			http_body_write(call->download, str_of(bytes + taken, size - taken));

		if (written == 0)
			break;
		taken += written;
		call_received(call, written);
	}
	if (taken == size || call->download == NULL)
		return size;
	call->bytes_ahead = taken;
	call->is_download_paused = true;
	return CURL_WRITEFUNC_PAUSE;
}

static size_t upload_ended(struct call *call)
{
	int64_t length = http_body_length(call->upload);

	if (length >= 0 && http_body_bytes_passed(call->upload) != length) {
		call->cause = HTTP_FAILURE_REQUEST_BODY;
		return CURL_READFUNC_ABORT;
	}
	return 0;
}

static size_t body_wanted(char *room, size_t one, size_t size, void *data)
{
	struct call *call = data;
	size_t filled = 0;

	(void)one;
	call_made_progress(call);
	while (filled < size && call->upload != NULL && http_body_waiting(call->upload) > 0) {
		struct str bytes = str_slice(http_body_peek(call->upload), 0, size - filled);

		memcpy(room + filled, bytes.data, bytes.size);
		filled += bytes.size;
		http_body_consume(call->upload, bytes.size);
	}
	if (filled > 0)
		return filled;
	if (call->is_upload_over)
		return 0;
	if (call->upload == NULL || http_body_is_failed(call->upload)) {
		call->cause = HTTP_FAILURE_REQUEST_BODY;
		return CURL_READFUNC_ABORT;
	}
	if (http_body_is_ended(call->upload))
		return upload_ended(call);
	call->is_upload_paused = true;
	return CURL_READFUNC_PAUSE;
}

/* Comes when the connection stands, before the request leaves; again when libcurl found a kept
 * connection dead and sends the request once more. */
static int request_leaves(void *data, char *peer, char *local, int peer_port, int local_port)
{
	struct call *call = data;
	long connects = 0;

	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	if (call->is_connected && !call->may_repeat) {
		call->cause = HTTP_FAILURE_CLOSED;
		return CURL_PREREQFUNC_ABORT;
	}
	curl_easy_getinfo(call->handle, CURLINFO_NUM_CONNECTS, &connects);
	call->is_connected = true;
	call->public.connection_was_reused = connects == 0;
	call->public.connected_us = loop_monotonic_us(call->port->real->loop);
	call_made_progress(call);
	return CURL_PREREQFUNC_OK;
}

/* Beginning. */

static CURL *handle_create(struct call *call)
{
	CURL *handle = curl_easy_init();

	BUG_IF(handle == NULL);
	curl_easy_setopt(handle, CURLOPT_PRIVATE, call);
	curl_easy_setopt(handle, CURLOPT_SHARE, call->port->shared);
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_HTTPPROXYTUNNEL, 1L);
	curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(handle, CURLOPT_HEADEROPT, CURLHEADER_SEPARATE);
	curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(handle, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, NO_CURL_TIMEOUT_MS);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, head_line_came);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, body_came);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(handle, CURLOPT_READFUNCTION, body_wanted);
	curl_easy_setopt(handle, CURLOPT_READDATA, call);
	curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, request_leaves);
	curl_easy_setopt(handle, CURLOPT_PREREQDATA, call);
	curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, multi_open_socket);
	curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, call->port);
	return handle;
}

static struct str bracketed(struct arena *arena, struct str host)
{
	return str_find_char(host, ':') == STR_NOT_FOUND
		       ? host
		       : STR_CONCAT(arena, STR("["), host, STR("]"));
}

/* NULL when there is none. */
static const char *cstr_or_null(const struct call *call, struct str text)
{
	return text.size > 0 ? str_cstr(call->arena, text) : NULL;
}

static void set_tls(struct call *call)
{
	const char *ca_file = NULL;

	curl_easy_setopt(call->handle, CURLOPT_SSL_VERIFYPEER, call->verify_peer ? 1L : 0L);
	curl_easy_setopt(call->handle, CURLOPT_SSL_VERIFYHOST, call->verify_peer ? 2L : 0L);
	if (call->ca_file.size > 0)
		ca_file = str_cstr(call->arena, call->ca_file);
	else
		curl_easy_getinfo(call->handle, CURLINFO_CAINFO, &ca_file);
	curl_easy_setopt(call->handle, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(call->handle, CURLOPT_SSLCERT, cstr_or_null(call, call->certificate_file));
	curl_easy_setopt(call->handle, CURLOPT_SSLKEY, cstr_or_null(call, call->key_file));
	curl_easy_setopt(call->handle, CURLOPT_KEYPASSWD, cstr_or_null(call, call->key_password));
	curl_easy_setopt(call->handle, CURLOPT_SSL_SESSIONID_CACHE,
			 call->forgets_tls_sessions ? 0L : 1L);
	if (str_equal(call->host, call->address))
		return;
	/* The name is for the certificate; the address is known. */
	call->connect_to.data = (char *)(uintptr_t)str_cstr(
		call->arena,
		str_format(call->arena, "::%.*s:%u", STR_ARG(bracketed(call->arena, call->address)),
			   call->port_number));
	curl_easy_setopt(call->handle, CURLOPT_CONNECT_TO, &call->connect_to);
}

/* Without TLS the name matters in the Host field only, so connections are shared by address. */
static void set_place(struct call *call)
{
	struct str host = bracketed(call->arena, call->is_tls ? call->host : call->address);

	curl_easy_setopt(call->handle, CURLOPT_URL,
			 str_cstr(call->arena, str_format(call->arena, "%s://%.*s:%u/",
							  call->is_tls ? "https" : "http",
							  STR_ARG(host), call->port_number)));
	curl_easy_setopt(call->handle, CURLOPT_CONNECT_TO, NULL);
	curl_easy_setopt(
		call->handle, CURLOPT_PROXY,
		call->tunnel_address.size == 0
			? ""
			: str_cstr(call->arena,
				   str_format(call->arena, "http://%.*s:%u",
					      STR_ARG(bracketed(call->arena, call->tunnel_address)),
					      call->tunnel_port)));
	if (call->is_tls)
		set_tls(call);
	curl_easy_setopt(call->handle, CURLOPT_REQUEST_TARGET, str_cstr(call->arena, call->target));
	curl_easy_setopt(call->handle, CURLOPT_HTTPHEADER, call->fields);
}

static bool method_expects_body(struct str method)
{
	return str_equal(method, STR("POST")) || str_equal(method, STR("PUT")) ||
	       str_equal(method, STR("PATCH"));
}

/* All of it, when it is all there and small. */
static bool take_upload_in_full(struct call *call, struct str *bytes)
{
	int64_t length = call->upload != NULL ? http_body_length(call->upload) : 0;
	char *copy;

	if (call->upload == NULL)
		return method_expects_body(call->method);
	if (length < 0 || length > SENT_AT_ONCE_MAX ||
	    http_body_waiting(call->upload) != (size_t)length)
		return false;
	copy = arena_alloc(call->arena, (size_t)length + 1);
	bytes->data = copy;
	while (bytes->size < (size_t)length) {
		struct str piece = http_body_peek(call->upload);

		memcpy(copy + bytes->size, piece.data, piece.size);
		bytes->size += piece.size;
		http_body_consume(call->upload, piece.size);
	}
	return true;
}

static void set_method_and_body(struct call *call)
{
	CURL *handle = call->handle;
	struct str bytes = STR("");
	bool is_head = str_equal(call->method, STR("HEAD"));

	curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, str_cstr(call->arena, call->method));
	if (is_head) {
		curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
	} else if (take_upload_in_full(call, &bytes)) {
		curl_easy_setopt(handle, CURLOPT_POST, 1L);
		curl_easy_setopt(handle, CURLOPT_POSTFIELDS, bytes.data);
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes.size);
	} else if (call->upload != NULL) {
		curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE,
				 (curl_off_t)http_body_length(call->upload));
		http_body_on_readable(call->upload, call_upload_is_readable, call);
	}
}

void transfer_start(struct call *call)
{
	if (call->handle == NULL)
		call->handle = handle_create(call);
	set_place(call);
	set_method_and_body(call);
	call->is_under_way = true;
	BUG_IF(curl_multi_add_handle(call->port->multi, call->handle) != CURLM_OK);
}

void transfer_stop(struct call *call)
{
	if (call->is_under_way)
		curl_multi_remove_handle(call->port->multi, call->handle);
	call->is_under_way = false;
	if (call->handle != NULL &&
	    (call->is_handle_spoilt || call->failure != HTTP_FAILURE_NONE)) {
		curl_easy_cleanup(call->handle);
		call->handle = NULL;
	}
}

void transfer_go_on(struct call *call)
{
	call->is_upload_paused = false;
	call->is_download_paused = false;
	if (call->is_under_way)
		curl_easy_pause(call->handle, CURLPAUSE_CONT);
}

/* Ends. */

static enum http_failure connect_failure(struct call *call)
{
	long number = 0;

	curl_easy_getinfo(call->handle, CURLINFO_OS_ERRNO, &number);
	return call_connect_failure(number);
}

/* The numbers are OpenSSL's X509_V_ERR_... libcurl looks at the name itself once the chain is fine,
 * and then leaves what it began with. */
static enum http_failure certificate_failure(struct call *call)
{
	enum {
		FINE = 0,
		UNSPECIFIED = 1,
		NOT_YET_VALID = 9,
		EXPIRED = 10,
		OTHER_NAME = 62,
		OTHER_ADDRESS = 64
	};
	long verdict = FINE;

	curl_easy_getinfo(call->handle, CURLINFO_SSL_VERIFYRESULT, &verdict);
	switch (verdict) {
	case FINE:
	case UNSPECIFIED:
	case OTHER_NAME:
	case OTHER_ADDRESS:
		return HTTP_FAILURE_TLS_NAME;
	case NOT_YET_VALID:
	case EXPIRED:
		return HTTP_FAILURE_TLS_EXPIRED;
	default:
		return HTTP_FAILURE_TLS_UNTRUSTED;
	}
}

/* Over TLS libcurl keeps the reason to itself: a missing close_notify is the usual one. */
static enum http_failure stream_failure(struct call *call)
{
	long number = 0;

	curl_easy_getinfo(call->handle, CURLINFO_OS_ERRNO, &number);
	if (number == ECONNRESET || number == EPIPE)
		return HTTP_FAILURE_RESET;
	if (number == ETIMEDOUT)
		return HTTP_FAILURE_TIMEOUT;
	return call->is_tls ? HTTP_FAILURE_CLOSED : HTTP_FAILURE_PROTOCOL;
}

/* Between the connection to the proxy and the first byte through it, what is not TLS's is its. */
static bool tunnel_is_missing(const struct call *call, CURLcode result)
{
	if (call->tunnel_address.size == 0 || call->is_connected)
		return false;
	switch (result) {
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_PROXY:
		return true;
	default:
		return false;
	}
}

enum http_failure transfer_failure(struct call *call, CURLcode result)
{
	/* libcurl is content with half a head, too. */
	if (result == CURLE_OK)
		return call->is_head_complete ? HTTP_FAILURE_NONE : HTTP_FAILURE_CLOSED;
	if (call->cause != HTTP_FAILURE_NONE)
		return call->cause;
	if (tunnel_is_missing(call, result))
		return HTTP_FAILURE_TUNNEL;
	switch (result) {
	case CURLE_COULDNT_CONNECT:
		return connect_failure(call);
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_FAILURE_NAME_NOT_FOUND;
	case CURLE_OPERATION_TIMEDOUT:
		return call->is_connected ? HTTP_FAILURE_TIMEOUT : HTTP_FAILURE_CONNECT_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
		return certificate_failure(call);
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTP_FAILURE_TLS_UNTRUSTED;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CERTPROBLEM:
		return HTTP_FAILURE_TLS;
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_SEND_FAIL_REWIND:
		return HTTP_FAILURE_CLOSED;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return stream_failure(call);
	default:
		return HTTP_FAILURE_PROTOCOL;
	}
}
