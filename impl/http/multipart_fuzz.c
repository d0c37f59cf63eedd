/* libFuzzer target: every body is read to its end or refused, and parts lie within it. The first
 * byte says how long the boundary is. */
#include "http/multipart.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct str text = str_of((const char *)data, size), type, body;
	size_t boundary_bytes = size > 0 ? 1 + data[0] % 8 : 0, parts = 0;
	struct http_multipart form;
	struct http_part part;

	type = STR_CONCAT(arena, STR("multipart/form-data; boundary="),
			  str_slice(text, 1, 1 + boundary_bytes));
	body = str_skip(text, 1 + boundary_bytes);
	if (http_multipart_begin(&form, type, body, arena)) {
		while (http_multipart_next(&form, &part)) {
			BUG_IF(part.name.size == 0 || part.content.size > body.size);
			BUG_IF(part.content.size > 0 &&
			       (part.content.data < body.data ||
				part.content.data + part.content.size > body.data + body.size));
			BUG_IF(++parts > body.size);
		}
		BUG_IF(http_multipart_next(&form, &part));
	}
	arena_destroy(arena);
	return 0;
}
