#include "gateway/usage.h"

#include <string.h>

#include "base/arena.h"
#include "base/url.h"

#define INT_BYTES_MAX 20 /* "-9223372036854775808" */

void gateway_usage_init(struct usage *usage, struct arena *arena)
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

void gateway_usage_add(struct usage *usage, struct str metric, int64_t delta)
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

/* Without printf: every request needs one or two. */
struct str gateway_usage_delta_text(struct arena *arena, int64_t delta)
{
	char *end = (char *)arena_alloc(arena, INT_BYTES_MAX) + INT_BYTES_MAX, *at = end;
	uint64_t rest = delta < 0 ? -(uint64_t)delta : (uint64_t)delta;

	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (delta < 0)
		*--at = '-';
	return str_of(at, (size_t)(end - at));
}

struct str gateway_usage_encode(const struct usage *usage)
{
	struct str *parts = ARENA_ARRAY(usage->arena, struct str, usage->count * 4), *part = parts;

	for (size_t i = 0; i < usage->count; i++) {
		*part++ = i > 0 ? STR("&usage%5B") : STR("usage%5B");
		*part++ = url_encoded(usage->arena, usage->items[i].metric);
		*part++ = STR("%5D=");
		*part++ = gateway_usage_delta_text(usage->arena, usage->items[i].delta);
	}
	return str_concat(usage->arena, parts, usage->count * 4);
}
