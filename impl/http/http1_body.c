#include "base/bug.h"
#include "base/limits.h"
#include "http/http1_internal.h"

/* Where in a chunked body the next byte belongs. */
enum step {
	STEP_SIZE_FIRST, /* of the chunk line: its first digit */
	STEP_SIZE,
	STEP_EXTENSION,
	STEP_SIZE_LF,
	STEP_DATA,
	STEP_DATA_CR,
	STEP_DATA_LF,
	STEP_TRAILER_FIRST, /* a trailer, or the empty line */
	STEP_TRAILER_NAME,
	STEP_TRAILER_VALUE,
	STEP_TRAILER_LF,
	STEP_LAST_LF,
	STEP_OVER,
};

void http1_body_begin(struct http1_body *body, struct http1_framing framing)
{
	*body = (struct http1_body){.framing = framing, .step = STEP_SIZE_FIRST};
	if (framing.kind == HTTP1_LENGTH)
		body->left = framing.length;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool refuse_chunk(struct http1_fault *fault)
{
	return http1_refuse(fault, 400, "malformed chunk");
}

static bool expect(struct http1_body *body, char c, char expected, enum step next,
		   struct http1_fault *fault)
{
	if (c != expected)
		return refuse_chunk(fault);
	body->step = (int)next;
	return true;
}

static bool read_digit(struct http1_body *body, char c, struct http1_fault *fault)
{
	if (body->left > INT64_MAX >> 4)
		return http1_refuse(fault, 413, "chunk is too large");
	body->left = body->left << 4 | hex_value(c);
	body->step = STEP_SIZE;
	return true;
}

/* The chunk line: size [";" extension] CRLF. Extensions mean nothing to us, but must be text. */
static bool step_line(struct http1_body *body, char c, struct http1_fault *fault)
{
	if (++body->line_bytes > LIMIT_HTTP_CHUNK_LINE_BYTES)
		return http1_refuse(fault, 400, "chunk line is too long");
	if (body->step == STEP_SIZE_LF) {
		body->line_bytes = 0;
		return expect(body, c, '\n', body->left > 0 ? STEP_DATA : STEP_TRAILER_FIRST,
			      fault);
	}
	if (body->step != STEP_EXTENSION && hex_value(c) >= 0)
		return read_digit(body, c, fault);
	if (body->step == STEP_SIZE_FIRST)
		return refuse_chunk(fault);
	if (c == '\r')
		return expect(body, c, '\r', STEP_SIZE_LF, fault);
	if (body->step == STEP_SIZE)
		return expect(body, c, ';', STEP_EXTENSION, fault);
	return !http1_is_control(c) || refuse_chunk(fault);
}

/* Trailers are read over: nothing that comes after the body may change what it was. */
static bool step_trailer(struct http1_body *body, char c, struct http1_fault *fault)
{
	if (++body->line_bytes > LIMIT_HTTP_HEADER_BYTES)
		return http1_refuse(fault, 431, "trailers are too long");
	if (body->step == STEP_LAST_LF)
		return expect(body, c, '\n', STEP_OVER, fault);
	if (body->step == STEP_TRAILER_LF)
		return expect(body, c, '\n', STEP_TRAILER_FIRST, fault);
	if (body->step == STEP_TRAILER_FIRST && c == '\r')
		return expect(body, c, '\r', STEP_LAST_LF, fault);
	if (body->step == STEP_TRAILER_VALUE) {
		if (c == '\r')
			body->step = STEP_TRAILER_LF;
		return c == '\r' || !http1_is_control(c) || refuse_chunk(fault);
	}
	if (body->step == STEP_TRAILER_NAME && c == ':')
		return expect(body, c, ':', STEP_TRAILER_VALUE, fault);
	body->step = STEP_TRAILER_NAME;
	return http_is_token(str_of(&c, 1)) || refuse_chunk(fault);
}

static bool step_byte(struct http1_body *body, char c, struct http1_fault *fault)
{
	switch ((enum step)body->step) {
	case STEP_DATA_CR:
		return expect(body, c, '\r', STEP_DATA_LF, fault);
	case STEP_DATA_LF:
		return expect(body, c, '\n', STEP_SIZE_FIRST, fault);
	case STEP_SIZE_FIRST:
	case STEP_SIZE:
	case STEP_EXTENSION:
	case STEP_SIZE_LF:
		return step_line(body, c, fault);
	case STEP_TRAILER_FIRST:
	case STEP_TRAILER_NAME:
	case STEP_TRAILER_VALUE:
	case STEP_TRAILER_LF:
	case STEP_LAST_LF:
		return step_trailer(body, c, fault);
	case STEP_DATA:
	case STEP_OVER:
		break;
	}
	BUG_IF(true);
	return false;
}

/* Up to `left` bytes of the front. */
static struct str take_data(struct http1_body *body, struct str bytes)
{
	struct str data = bytes;

	if ((uint64_t)body->left < data.size)
		data.size = (size_t)body->left;
	body->left -= (int64_t)data.size;
	return data;
}

static enum http1_result read_chunked(struct http1_body *body, struct str bytes, size_t *used,
				      struct str *data, struct http1_fault *fault)
{
	while (*used < bytes.size && body->step != STEP_OVER) {
		if (body->step == STEP_DATA) {
			*data = take_data(body, str_skip(bytes, *used));
			*used += data->size;
			if (body->left == 0)
				body->step = STEP_DATA_CR;
			return HTTP1_INCOMPLETE;
		}
		if (!step_byte(body, bytes.data[*used], fault))
			return HTTP1_INVALID;
		++*used;
	}
	return body->step == STEP_OVER ? HTTP1_DONE : HTTP1_INCOMPLETE;
}

enum http1_result http1_read_body(struct http1_body *body, struct str bytes, size_t *used,
				  struct str *data, struct http1_fault *fault)
{
	*used = 0;
	*data = str_of(NULL, 0);
	switch (body->framing.kind) {
	case HTTP1_CHUNKED:
		return read_chunked(body, bytes, used, data, fault);
	case HTTP1_LENGTH:
		*data = take_data(body, bytes);
		*used = data->size;
		return body->left > 0 ? HTTP1_INCOMPLETE : HTTP1_DONE;
	case HTTP1_UNTIL_CLOSE:
		*data = bytes;
		*used = bytes.size;
		return HTTP1_INCOMPLETE;
	case HTTP1_NO_BODY:
		break;
	}
	return HTTP1_DONE;
}
