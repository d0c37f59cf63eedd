#include "gateway/usage.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/url.h"

#define DELTA_BYTES_MAX 24 /* "=-9223372036854775808&" */

void usage_init(struct usage *usage, struct arena *arena)
{
	*usage = (struct usage){.arena = arena};
}

static void make_room(struct usage *usage)
{
	struct usage_item *items;

	if (usage->count < usage->capacity)
		return;
	usage->capacity = usage->capacity > 0 ? usage->capacity * 2 : 4;
	items = ARENA_ARRAY(usage->arena, struct usage_item, usage->capacity);
	if (usage->count > 0)
		memcpy(items, usage->items, usage->count * sizeof *items);
	usage->items = items;
}

static int64_t add_saturated(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return b > 0 ? INT64_MAX : INT64_MIN;
}

void usage_add(struct usage *usage, struct str metric, int64_t delta)
{
	size_t at = 0;

	while (at < usage->count && str_compare(usage->items[at].metric, metric) < 0)
		at++;
	if (at < usage->count && str_equal(usage->items[at].metric, metric)) {
		usage->items[at].delta = add_saturated(usage->items[at].delta, delta);
		return;
	}
	make_room(usage);
	memmove(&usage->items[at + 1], &usage->items[at],
		(usage->count - at) * sizeof *usage->items);
	usage->items[at] = (struct usage_item){metric, delta};
	usage->count++;
}

struct str usage_encode(const struct usage *usage)
{
	struct strbuf text;
	struct str encoded;
	size_t bytes_max = 0;

	for (size_t i = 0; i < usage->count; i++)
		bytes_max +=
			usage->items[i].metric.size * 3 + sizeof "usage%5B%5D" + DELTA_BYTES_MAX;
	strbuf_init(&text, bytes_max);
	for (size_t i = 0; i < usage->count; i++) {
		strbuf_append(&text, i > 0 ? STR("&usage%5B") : STR("usage%5B"));
		url_encode(&text, usage->items[i].metric);
		strbuf_append(&text, STR("%5D="));
		strbuf_append_int(&text, usage->items[i].delta);
	}
	encoded = str_copy(usage->arena, strbuf_str(&text));
	strbuf_free(&text);
	return encoded;
}
