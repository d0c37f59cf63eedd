#include "http/body.h"
#include "http/http1.h"

/* Nothing unsound leaves (anchors/reliability.md 2.1, third layer): a message with a line end in a
 * name, a value or the target is not written at all. */

static bool fields_are_sound(const struct http_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (!http_is_token(fields->items[i].name) ||
		    !http_is_field_value(fields->items[i].value))
			return false;
	}
	return true;
}

static bool target_is_sound(struct str target)
{
	for (size_t i = 0; i < target.size; i++) {
		unsigned char c = (unsigned char)target.data[i];

		if (c <= ' ' || c == 0x7f)
			return false;
	}
	return target.size > 0;
}

static bool is_framing(struct str name)
{
	return str_equal_nocase(name, STR("Content-Length")) ||
	       str_equal_nocase(name, STR("Transfer-Encoding"));
}

static bool write_field(struct strbuf *out, struct str name, struct str value)
{
	return strbuf_append(out, name) && strbuf_append(out, STR(": ")) &&
	       strbuf_append(out, value) && strbuf_append(out, STR("\r\n"));
}

/* without: a name to leave out besides the framing; may be empty. */
static bool write_fields(struct strbuf *out, const struct http_fields *fields, struct str without)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct http_field *field = &fields->items[i];

		if (is_framing(field->name) || str_equal_nocase(field->name, without))
			continue;
		if (!write_field(out, field->name, field->value))
			return false;
	}
	return true;
}

static bool write_length(struct strbuf *out, int64_t length)
{
	if (length == HTTP_BODY_LENGTH_UNKNOWN)
		return write_field(out, STR("Transfer-Encoding"), STR("chunked"));
	return strbuf_append(out, STR("Content-Length: ")) && strbuf_append_int(out, length) &&
	       strbuf_append(out, STR("\r\n"));
}

/* All or nothing. */
static bool written(struct strbuf *out, size_t size_before, bool fits)
{
	if (!fits)
		out->size = size_before;
	return fits;
}

/* Requests. */

static bool write_request_head(struct strbuf *out, const struct http_request *request,
			       bool has_body, int64_t length)
{
	/* Servers may wait for the body of a POST that says nothing about it (RFC 9110 8.6). */
	bool says_none = !has_body && !http_method_has_no_body_meaning(request->method);

	return strbuf_append(out, request->method) && strbuf_append_char(out, ' ') &&
	       strbuf_append(out, request->target) &&
	       strbuf_append(out, request->minor_version == 0 ? STR(" HTTP/1.0\r\n")
							      : STR(" HTTP/1.1\r\n")) &&
	       write_fields(out, &request->fields, STR("")) &&
	       (!has_body || write_length(out, length)) && (!says_none || write_length(out, 0)) &&
	       strbuf_append(out, STR("\r\n"));
}

bool http1_write_request(struct strbuf *out, const struct http_request *request, bool has_body,
			 int64_t length)
{
	size_t size_before;

	if (!http_is_token(request->method) || !target_is_sound(request->target) ||
	    !fields_are_sound(&request->fields))
		return false;
	if (has_body && (length < HTTP_BODY_LENGTH_UNKNOWN ||
			 (length == HTTP_BODY_LENGTH_UNKNOWN && request->minor_version == 0)))
		return false;
	size_before = out->size;
	return written(out, size_before, write_request_head(out, request, has_body, length));
}

/* Responses. */

static bool write_response_framing(struct strbuf *out, const struct http_response *response,
				   struct str method, int64_t length)
{
	int status = response->status;
	int64_t stated;

	if (status < 200 || status == 204 || status == 304 || length == HTTP1_LENGTH_UNTIL_CLOSE ||
	    (status < 300 && str_equal(method, STR("CONNECT"))))
		return true;
	/* What GET would have had is the component's to say, as HEAD gives it no body to count. */
	if (str_equal(method, STR("HEAD")) &&
	    str_to_int64(http_fields_get(&response->fields, STR("Content-Length")), &stated) &&
	    stated >= 0)
		length = stated;
	return write_length(out, length);
}

static bool write_status_line(struct strbuf *out, const struct http_response *response)
{
	struct str reason =
		response->reason.size > 0 ? response->reason : http_reason(response->status);

	return strbuf_append(out, STR("HTTP/1.1 ")) && strbuf_append_int(out, response->status) &&
	       strbuf_append_char(out, ' ') && strbuf_append(out, reason) &&
	       strbuf_append(out, STR("\r\n"));
}

static bool write_response_head(struct strbuf *out, const struct http_response *response,
				struct str method, int64_t length, bool keep_alive)
{
	return write_status_line(out, response) &&
	       write_fields(out, &response->fields, keep_alive ? STR("") : STR("Connection")) &&
	       (keep_alive || write_field(out, STR("Connection"), STR("close"))) &&
	       write_response_framing(out, response, method, length) &&
	       strbuf_append(out, STR("\r\n"));
}

bool http1_write_response(struct strbuf *out, const struct http_response *response,
			  struct str method, int64_t length, bool keep_alive)
{
	size_t size_before;

	if (response->status < 100 || response->status > 599 ||
	    !http_is_field_value(response->reason) || !fields_are_sound(&response->fields))
		return false;
	if (length < HTTP1_LENGTH_UNTIL_CLOSE || (length == HTTP1_LENGTH_UNTIL_CLOSE && keep_alive))
		return false;
	size_before = out->size;
	return written(out, size_before,
		       write_response_head(out, response, method, length, keep_alive));
}

/* Chunks. */

bool http1_write_chunk(struct strbuf *out, struct str bytes)
{
	size_t size_before = out->size;

	/* An empty chunk would be the last one. */
	if (bytes.size == 0)
		return true;
	return written(out, size_before,
		       strbuf_append_format(out, "%zx\r\n", bytes.size) &&
			       strbuf_append(out, bytes) && strbuf_append(out, STR("\r\n")));
}

bool http1_write_last_chunk(struct strbuf *out)
{
	return strbuf_append(out, STR("0\r\n\r\n"));
}
