/* libFuzzer target: whatever arrives, reading HTTP/1.1 neither crashes nor hangs; a head that was
 * read is written and read again without a change; and a body is the same however it is cut. */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"
#include "http/body.h"
#include "http/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_framing(struct str name)
{
	return str_equal_nocase(name, STR("Content-Length")) ||
	       str_equal_nocase(name, STR("Transfer-Encoding"));
}

/* The fields of both that are not the writer's own, in order. */
static void check_fields(const struct http_fields *fields, const struct http_fields *again)
{
	size_t at = 0;

	for (size_t i = 0; i < fields->count; i++) {
		const struct http_field *field = &fields->items[i];

		if (is_framing(field->name))
			continue;
		while (at < again->count && is_framing(again->items[at].name))
			at++;
		BUG_IF(at == again->count || !str_equal(field->name, again->items[at].name) ||
		       !str_equal(field->value, again->items[at].value));
		at++;
	}
}

static int64_t length_of(struct http1_framing framing)
{
	return framing.kind == HTTP1_LENGTH ? framing.length : HTTP_BODY_LENGTH_UNKNOWN;
}

static void check_request(struct str bytes, struct arena *arena, struct strbuf *out)
{
	struct http_request request, again;
	struct http1_framing framing, framing_again;
	struct http1_fault fault;
	size_t used, used_again;
	bool has_body;

	if (http1_read_request(bytes, NULL, arena, &request, &framing, &used, &fault) != HTTP1_DONE)
		return;
	BUG_IF(used > bytes.size);
	has_body = framing.kind != HTTP1_NO_BODY;
	/* A field more, for the length of a POST without body, may be one too many. */
	if (request.fields.count == LIMIT_HTTP_HEADERS)
		return;
	BUG_IF(!http1_write_request(out, &request, has_body, length_of(framing)));
	if (out->size > LIMIT_HTTP_HEADER_BYTES)
		return;
	BUG_IF(http1_read_request(strbuf_str(out), NULL, arena, &again, &framing_again, &used_again,
				  &fault) != HTTP1_DONE);
	BUG_IF(used_again != out->size || again.minor_version != request.minor_version);
	BUG_IF(!str_equal(request.method, again.method));
	BUG_IF(!str_equal(request.target, again.target));
	BUG_IF(framing.keep_alive != framing_again.keep_alive);
	BUG_IF(framing.length != framing_again.length);
	BUG_IF(has_body && framing.kind != framing_again.kind);
	check_fields(&request.fields, &again.fields);
}

static void check_response(struct str bytes, struct str method, struct arena *arena,
			   struct strbuf *out)
{
	struct http_response response, again;
	struct http1_framing framing, framing_again;
	struct http1_fault fault;
	int64_t length;
	size_t used;

	if (http1_read_response(bytes, method, arena, &response, &framing, &used, &fault) !=
	    HTTP1_DONE)
		return;
	BUG_IF(used > bytes.size);
	if (response.fields.count == LIMIT_HTTP_HEADERS)
		return;
	length = framing.kind == HTTP1_NO_BODY ? 0 : length_of(framing);
	BUG_IF(!http1_write_response(out, &response, method, length, true));
	if (out->size > LIMIT_HTTP_HEADER_BYTES)
		return;
	BUG_IF(http1_read_response(strbuf_str(out), method, arena, &again, &framing_again, &used,
				   &fault) != HTTP1_DONE);
	BUG_IF(used != out->size || again.status != response.status);
	BUG_IF(framing.length != framing_again.length);
	BUG_IF((framing.kind == HTTP1_NO_BODY) != (framing_again.kind == HTTP1_NO_BODY));
	check_fields(&response.fields, &again.fields);
}

static enum http1_result read_body(struct http1_framing framing, struct str bytes, size_t piece,
				   size_t *used, struct strbuf *out)
{
	enum http1_result result = HTTP1_INCOMPLETE;
	struct http1_body body;
	struct http1_fault fault;

	http1_body_begin(&body, framing);
	*used = 0;
	while (*used < bytes.size && result == HTTP1_INCOMPLETE) {
		struct str part = str_slice(bytes, *used, *used + piece), data;
		size_t part_used;

		result = http1_read_body(&body, part, &part_used, &data, &fault);
		BUG_IF(result == HTTP1_INCOMPLETE && part_used == 0);
		BUG_IF(data.size > part_used || part_used > part.size);
		strbuf_append(out, data);
		*used += part_used;
	}
	return result;
}

static void check_body(struct http1_framing framing, struct str bytes, struct strbuf *out,
		       struct strbuf *out_again)
{
	size_t used, used_again;
	enum http1_result result = read_body(framing, bytes, bytes.size, &used, out);

	for (size_t piece = 1; piece < 4; piece++) {
		strbuf_clear(out_again);
		BUG_IF(read_body(framing, bytes, piece, &used_again, out_again) != result);
		BUG_IF(used != used_again || !str_equal(strbuf_str(out), strbuf_str(out_again)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str methods[] = {STR_INIT("GET"), STR_INIT("HEAD"),
					     STR_INIT("CONNECT")};
	struct str bytes = str_of((const char *)data, size);
	struct arena *arena = arena_create();
	struct strbuf out, out_again;

	strbuf_init(&out, SIZE_MAX / 4);
	strbuf_init(&out_again, SIZE_MAX / 4);
	check_request(bytes, arena, &out);
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		strbuf_clear(&out);
		check_response(bytes, methods[i], arena, &out);
	}
	strbuf_clear(&out);
	check_body((struct http1_framing){.kind = HTTP1_CHUNKED}, bytes, &out, &out_again);
	strbuf_clear(&out);
	check_body((struct http1_framing){.kind = HTTP1_LENGTH, .length = (int64_t)(size / 2)},
		   bytes, &out, &out_again);
	strbuf_free(&out);
	strbuf_free(&out_again);
	arena_destroy(arena);
	return 0;
}
