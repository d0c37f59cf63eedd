#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "http/body.h"
#include "http/http1_internal.h"

#define METHOD_BYTES_MAX 64
#define VERSION_BYTES 8 /* "HTTP/1.1" */

bool http1_refuse(struct http1_fault *fault, int status, const char *text)
{
	fault->status = status;
	snprintf(fault->text, sizeof fault->text, "%s", text);
	return false;
}

bool http1_is_control(char c)
{
	unsigned char byte = (unsigned char)c;

	return (byte < ' ' && byte != '\t') || byte == 0x7f;
}

/* Limits. */

static struct http1_limits limits_of(const struct http1_limits *given)
{
	struct http1_limits limits = given != NULL ? *given : (struct http1_limits){0};

	if (limits.head_bytes == 0)
		limits.head_bytes = LIMIT_HTTP_HEADER_BYTES;
	if (limits.target_bytes == 0)
		limits.target_bytes = LIMIT_HTTP_TARGET_BYTES;
	if (limits.fields == 0)
		limits.fields = LIMIT_HTTP_HEADERS;
	return limits;
}

static int status_of(const struct http1_limits *limits, int otherwise)
{
	return limits->status != 0 ? limits->status : otherwise;
}

/* The end of the head. */

static enum http1_result invalid(struct http1_fault *fault, int status, const char *text)
{
	http1_refuse(fault, status, text);
	return HTTP1_INVALID;
}

/* Looks for the empty line, and refuses on the way what must be nowhere in a head: a CR or LF that
 * is not part of a line end, NUL and other control characters. *size is up to and with the empty
 * line. Nothing is allocated before the head is whole. */
static enum http1_result find_end(struct str bytes, size_t bytes_max, size_t *size,
				  struct http1_fault *fault)
{
	size_t line = 0;

	for (size_t i = 0; i < bytes.size && i < bytes_max; i++) {
		if (!http1_is_control(bytes.data[i]))
			continue;
		if (bytes.data[i] == '\n')
			return invalid(fault, 400, "line feed without carriage return");
		if (bytes.data[i] != '\r')
			return invalid(fault, 400, "control character in the head");
		if (i + 1 == bytes.size)
			break;
		if (bytes.data[i + 1] != '\n')
			return invalid(fault, 400, "carriage return without line feed");
		*size = i + 2;
		if (i == line)
			return *size <= bytes_max ? HTTP1_DONE : HTTP1_INCOMPLETE;
		line = *size;
		i++;
	}
	return HTTP1_INCOMPLETE;
}

static enum http1_result incomplete_or_too_long(struct str bytes, const struct http1_limits *limits,
						struct http1_fault *fault)
{
	return bytes.size >= limits->head_bytes
		       ? invalid(fault, status_of(limits, 431), "head is too long")
		       : HTTP1_INCOMPLETE;
}

/* Takes the first line, which is there, off *head. */
static struct str take_line(struct str *head)
{
	size_t size = str_find_char(*head, '\r');
	struct str line = str_slice(*head, 0, size);

	*head = str_skip(*head, size + 2);
	return line;
}

/* Fields. */

static bool read_field(struct str line, const struct http1_limits *limits,
		       struct http_fields *fields, struct http1_fault *fault)
{
	struct str name, value;

	if (line.data[0] == ' ' || line.data[0] == '\t')
		return http1_refuse(fault, 400, "folded field line");
	if (!str_split_once(line, ':', &name, &value))
		return http1_refuse(fault, 400, "field line without colon");
	if (!http_is_token(name))
		return http1_refuse(fault, 400, "malformed field name");
	if (fields->count == limits->fields)
		return http1_refuse(fault, status_of(limits, 431), "too many fields");
	if (limits->field_bytes > 0 && line.size > limits->field_bytes)
		return http1_refuse(fault, status_of(limits, 431), "field is too long");
	http_fields_add(fields, name, str_trim(value));
	return true;
}

/* head: the lines after the first, with the empty one. */
static bool read_fields(struct str head, const struct http1_limits *limits, struct arena *arena,
			struct http_fields *fields, struct http1_fault *fault)
{
	http_fields_init(fields, arena);
	for (;;) {
		struct str line = take_line(&head);

		if (line.size == 0)
			return true;
		if (!read_field(line, limits, fields, fault))
			return false;
	}
}

static bool is_digits(struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return text.size > 0;
}

/* Minor version of 1.x. */
static bool read_version(struct str version, int *minor, struct http1_fault *fault)
{
	bool is_well_formed = version.size == VERSION_BYTES &&
			      str_has_prefix(version, STR("HTTP/")) && version.data[6] == '.' &&
			      is_digits(str_slice(version, 5, 6)) &&
			      is_digits(str_slice(version, 7, 8));

	if (!is_well_formed)
		return http1_refuse(fault, 400, "malformed version");
	if (version.data[5] != '1' || version.data[7] > '1')
		return http1_refuse(fault, 505, "version is not 1.0 or 1.1");
	*minor = version.data[7] - '0';
	return true;
}

/* Framing: only what all readers understand alike (RFC 9112 6.1 to 6.3, and less). */

static bool read_length(const struct http_fields *fields, struct http1_framing *framing,
			struct http1_fault *fault)
{
	struct str length = http_fields_get(fields, STR("Content-Length"));

	if (http_fields_count(fields, STR("Content-Length")) > 1)
		return http1_refuse(fault, 400, "more than one Content-Length");
	if (!is_digits(length))
		return http1_refuse(fault, 400, "malformed Content-Length");
	if (!str_to_int64(length, &framing->length))
		return http1_refuse(fault, 413, "Content-Length is too large");
	framing->kind = HTTP1_LENGTH;
	return true;
}

static bool read_coding(const struct http_fields *fields, int minor_version,
			struct http1_framing *framing, struct http1_fault *fault)
{
	struct str coding = http_fields_get(fields, STR("Transfer-Encoding"));

	if (http_fields_has(fields, STR("Content-Length")))
		return http1_refuse(fault, 400, "Transfer-Encoding and Content-Length");
	if (http_fields_count(fields, STR("Transfer-Encoding")) > 1)
		return http1_refuse(fault, 400, "more than one Transfer-Encoding");
	if (minor_version == 0)
		return http1_refuse(fault, 400, "Transfer-Encoding in HTTP/1.0");
	if (coding.size == 0)
		return http1_refuse(fault, 400, "empty Transfer-Encoding");
	if (!str_equal_nocase(coding, STR("chunked")))
		return http1_refuse(fault, 501, "Transfer-Encoding is not chunked");
	framing->kind = HTTP1_CHUNKED;
	return true;
}

/* otherwise: what the message has when it has neither field. */
static bool read_framing(const struct http_fields *fields, int minor_version,
			 enum http1_framing_kind otherwise, struct http1_framing *framing,
			 struct http1_fault *fault)
{
	bool closes = http_fields_lists(fields, STR("Connection"), STR("close"));
	bool keeps = http_fields_lists(fields, STR("Connection"), STR("keep-alive"));

	*framing = (struct http1_framing){
		.kind = otherwise,
		.keep_alive = !closes && (keeps || minor_version > 0),
	};
	if (http_fields_has(fields, STR("Transfer-Encoding")))
		return read_coding(fields, minor_version, framing, fault);
	return !http_fields_has(fields, STR("Content-Length")) ||
	       read_length(fields, framing, fault);
}

/* Requests. */

/* The request line may be too long before its end has come. */
static bool check_line_size(struct str bytes, const struct http1_limits *limits,
			    struct http1_fault *fault)
{
	struct str method, target;

	str_split_once(str_slice(bytes, 0, str_find_char(bytes, '\r')), ' ', &method, &target);
	str_split_once(target, ' ', &target, &bytes);
	if (method.size > METHOD_BYTES_MAX)
		return http1_refuse(fault, 501, "method is too long");
	if (target.size > limits->target_bytes)
		return http1_refuse(fault, status_of(limits, 414), "target is too long");
	return true;
}

static bool is_absolute(struct str target)
{
	size_t colon = str_find(target, STR("://"));

	return colon != STR_NOT_FOUND && target.size > colon + 3 &&
	       http_is_token(str_slice(target, 0, colon));
}

/* RFC 9112 3.2: the form goes with the method. */
static bool target_has_form(struct str method, struct str target)
{
	if (str_equal(method, STR("CONNECT")))
		return target.size > 0 && str_find_char(target, '/') == STR_NOT_FOUND;
	if (str_equal(target, STR("*")))
		return str_equal(method, STR("OPTIONS"));
	return str_has_prefix(target, STR("/")) || is_absolute(target);
}

/* Who decodes a text may end it there. */
static bool has_zero(struct str target, const struct http1_limits *limits)
{
	size_t path = limits->takes_query_zeros ? str_find_char(target, '?') : target.size;

	return str_find(str_slice(target, 0, path), STR("%00")) != STR_NOT_FOUND;
}

static bool read_request_line(struct str line, const struct http1_limits *limits,
			      struct http_request *request, struct http1_fault *fault)
{
	struct str rest;
	size_t last;

	str_split_once(line, ' ', &request->method, &rest);
	last = str_find_last_char(rest, ' ');
	if (!http_is_token(request->method) || last == STR_NOT_FOUND)
		return http1_refuse(fault, 400, "malformed request line");
	request->target = str_slice(rest, 0, last);
	if (str_find_char(request->target, ' ') != STR_NOT_FOUND ||
	    str_find_char(request->target, '\t') != STR_NOT_FOUND)
		return http1_refuse(fault, 400, "blank in the target");
	if (!target_has_form(request->method, request->target) || has_zero(request->target, limits))
		return http1_refuse(fault, 400, "malformed target");
	return read_version(str_skip(rest, last + 1), &request->minor_version, fault);
}

/* Of a registered name, an address, a port (RFC 3986 3.2.2), without the comma of joined fields. */
static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~%!$&'()*+;=:[]", c) != NULL);
}

static bool check_host(const struct http_request *request, struct http1_fault *fault)
{
	size_t count = http_fields_count(&request->fields, STR("Host"));
	struct str host = http_fields_get(&request->fields, STR("Host"));

	if (count > 1)
		return http1_refuse(fault, 400, "more than one Host");
	if (count == 0 && request->minor_version > 0)
		return http1_refuse(fault, 400, "no Host");
	for (size_t i = 0; i < host.size; i++) {
		if (!is_host_char(host.data[i]))
			return http1_refuse(fault, 400, "malformed Host");
	}
	return true;
}

enum http1_result http1_read_request(struct str bytes, const struct http1_limits *given,
				     struct arena *arena, struct http_request *request,
				     struct http1_framing *framing, size_t *used,
				     struct http1_fault *fault)
{
	struct http1_limits limits = limits_of(given);
	/* One empty line before a request is left from older clients' bodies (RFC 9112 2.2). */
	size_t skipped = str_has_prefix(bytes, STR("\r\n")) ? 2 : 0, size;
	struct http_request read;
	struct http1_framing framed;
	enum http1_result found;
	struct str head;

	bytes = str_skip(bytes, skipped);
	found = find_end(bytes, limits.head_bytes, &size, fault);
	if (found == HTTP1_INVALID || !check_line_size(bytes, &limits, fault))
		return HTTP1_INVALID;
	if (found == HTTP1_INCOMPLETE)
		return incomplete_or_too_long(bytes, &limits, fault);
	head = str_copy(arena, str_slice(bytes, 0, size));
	if (!read_request_line(take_line(&head), &limits, &read, fault) ||
	    !read_fields(head, &limits, arena, &read.fields, fault) || !check_host(&read, fault) ||
	    !read_framing(&read.fields, read.minor_version, HTTP1_NO_BODY, &framed, fault))
		return HTTP1_INVALID;
	*request = read;
	*framing = framed;
	*used = skipped + size;
	return HTTP1_DONE;
}

/* Responses. */

static bool read_status_line(struct str line, struct http_response *response, int *minor_version,
			     struct http1_fault *fault)
{
	struct str version, rest, status;
	int64_t number;

	str_split_once(line, ' ', &version, &rest);
	if (!read_version(version, minor_version, fault))
		return false;
	str_split_once(rest, ' ', &status, &response->reason);
	if (status.size != 3 || !is_digits(status) || !str_to_int64(status, &number) ||
	    number < 100 || number > 599)
		return http1_refuse(fault, 400, "malformed status");
	response->status = (int)number;
	return true;
}

/* RFC 9112 6.3, 1 and 2. */
static bool response_has_no_body(int status, struct str method)
{
	return status < 200 || status == 204 || status == 304 || str_equal(method, STR("HEAD")) ||
	       (status < 300 && str_equal(method, STR("CONNECT")));
}

static void end_response_framing(struct http1_framing *framing, int status, struct str method)
{
	bool says_body = framing->kind == HTTP1_CHUNKED ||
			 (framing->kind == HTTP1_LENGTH && framing->length > 0);

	if (response_has_no_body(status, method)) {
		/* A server that frames a body where none may be might send it, too. */
		if (says_body && (status < 200 || status == 204))
			framing->keep_alive = false;
		framing->kind = HTTP1_NO_BODY;
		framing->length = 0;
	} else if (framing->kind == HTTP1_UNTIL_CLOSE) {
		framing->keep_alive = false;
	}
}

enum http1_result http1_read_response(struct str bytes, struct str method, struct arena *arena,
				      struct http_response *response, struct http1_framing *framing,
				      size_t *used, struct http1_fault *fault)
{
	const struct http1_limits limits = limits_of(NULL);
	struct http_response read;
	struct http1_framing framed;
	enum http1_result found;
	int minor_version;
	struct str head;
	size_t size;

	found = find_end(bytes, limits.head_bytes, &size, fault);
	if (found == HTTP1_INVALID)
		return HTTP1_INVALID;
	if (found == HTTP1_INCOMPLETE)
		return incomplete_or_too_long(bytes, &limits, fault);
	head = str_copy(arena, str_slice(bytes, 0, size));
	if (!read_status_line(take_line(&head), &read, &minor_version, fault) ||
	    !read_fields(head, &limits, arena, &read.fields, fault) ||
	    !read_framing(&read.fields, minor_version, HTTP1_UNTIL_CLOSE, &framed, fault))
		return HTTP1_INVALID;
	end_response_framing(&framed, read.status, method);
	*response = read;
	*framing = framed;
	*used = size;
	return HTTP1_DONE;
}
