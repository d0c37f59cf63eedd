/* What libmicrohttpd lets through and we must not (anchors/reliability.md 2.1): framing that two
 * readers could understand differently. */
#include "base/limits.h"
#include "world/real/http_server_internal.h"

#define TARGET_TOO_LONG 414
#define FIELDS_TOO_LARGE 431
#define NOT_IMPLEMENTED 501

static bool target_is_sound(struct str target)
{
	for (size_t i = 0; i < target.size; i++) {
		unsigned char c = (unsigned char)target.data[i];

		if (c <= ' ' || c == 0x7f)
			return false;
	}
	return target.size > 0;
}

static bool fields_are_sound(const struct http_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (!http_is_token(fields->items[i].name) ||
		    !http_is_field_value(fields->items[i].value))
			return false;
	}
	return true;
}

/* One Host in HTTP/1.1, at most one in 1.0 (RFC 9112 3.2). */
static bool host_is_sound(const struct http_request *request)
{
	size_t hosts = http_fields_count(&request->fields, STR("Host"));

	return hosts == 1 || (hosts == 0 && request->minor_version == 0);
}

static unsigned check_coding(const struct http_request *request, int64_t *length)
{
	struct str coding = http_fields_get(&request->fields, STR("Transfer-Encoding"));

	if (http_fields_count(&request->fields, STR("Transfer-Encoding")) > 1 ||
	    http_fields_has(&request->fields, STR("Content-Length")) || request->minor_version == 0)
		return BAD_REQUEST;
	*length = HTTP_BODY_LENGTH_UNKNOWN;
	return str_equal_nocase(coding, STR("chunked")) ? 0 : NOT_IMPLEMENTED;
}

/* One line's end as libmicrohttpd leaves it: CR LF, each overwritten with a zero. */
static bool take_line_end(struct str *rest)
{
	if (!str_has_prefix(*rest, str_of("\0\0", 2)))
		return false;
	*rest = str_skip(*rest, 2);
	return true;
}

/* Up to the zero that ended it, which stays. */
static struct str take_text(struct str *rest)
{
	struct str text = str_slice(*rest, 0, str_find_char(*rest, 0));

	*rest = str_skip(*rest, text.size);
	return text;
}

static bool take_field(struct str *rest)
{
	struct str name = take_text(rest), value;

	if (!http_is_token(name) || rest->size == 0)
		return false;
	*rest = str_skip(*rest, 1);
	value = take_text(rest);
	return http_is_field_value(value) && take_line_end(rest);
}

bool request_head_is_strict(struct str head, struct str method, struct str target)
{
	struct str version;

	if (!str_has_prefix(head, method) || head.size < method.size + target.size + 2)
		return false;
	/* The target was cut into pieces; what was sent is known already. */
	head = str_skip(head, method.size + 1 + target.size);
	if (head.data[0] != 0)
		return false;
	head = str_skip(head, 1);
	version = take_text(&head);
	if (!str_has_prefix(version, STR("HTTP/1.")) || version.size != 8 || !take_line_end(&head))
		return false;
	while (head.size > 2) {
		if (!take_field(&head))
			return false;
	}
	return take_line_end(&head) && head.size == 0;
}

unsigned request_check(const struct http_request *request, bool *has_body, int64_t *length)
{
	const struct http_fields *fields = &request->fields;
	struct str content_length = http_fields_get(fields, STR("Content-Length"));

	*has_body = false;
	*length = 0;
	if (request->target.size > LIMIT_HTTP_TARGET_BYTES)
		return TARGET_TOO_LONG;
	if (fields->count > LIMIT_HTTP_HEADERS)
		return FIELDS_TOO_LARGE;
	if (!http_is_token(request->method) || !target_is_sound(request->target) ||
	    !fields_are_sound(fields) || !host_is_sound(request))
		return BAD_REQUEST;
	if (http_fields_has(fields, STR("Transfer-Encoding"))) {
		*has_body = true;
		return check_coding(request, length);
	}
	if (http_fields_count(fields, STR("Content-Length")) > 1)
		return BAD_REQUEST;
	if (http_fields_has(fields, STR("Content-Length")) &&
	    (!str_to_int64(content_length, length) || *length < 0))
		return BAD_REQUEST;
	*has_body = *length > 0;
	return 0;
}
