/* libFuzzer target: whatever a template is, it is refused with a reason or parsed, and rendering a
 * parsed one ends, twice with the same bytes, within its bound. */
#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/liquid/liquid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct str names = STR_INIT(
	"{\"a\":\"World\",\"b\":42,\"c\":[\"b\",\"a\",[1]],\"d\":{\"a\":\"x\"},\"e\":true}");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct error error = {0};
	const struct json *object = json_parse(arena, names, names.size, NULL);
	struct liquid_scope scope = liquid_scope_of(object, INT64_C(1559646375250000));
	const struct liquid *liquid = liquid_parse(arena, str_of((const char *)data, size), &error);

	BUG_IF((liquid == NULL) != (error.kind != ERROR_NONE));
	if (liquid != NULL) {
		struct str first = liquid_render(liquid, &scope, arena);

		BUG_IF(first.size > LIQUID_BYTES_MAX);
		BUG_IF(!str_equal(first, liquid_render(liquid, &scope, arena)));
	}
	arena_destroy(arena);
	return 0;
}
