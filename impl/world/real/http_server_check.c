/* What libmicrohttpd lets through and we must not (anchors/reliability.md 2.1): framing that two
 * readers could understand differently. */
#include "base/limits.h"
#include "world/real/http_server_internal.h"

#define BAD_REQUEST 400
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
