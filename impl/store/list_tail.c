#include "store/list_tail_internal.h"

#include <string.h>

#define SIZE_BYTES sizeof(uint32_t)
#define CAPACITY_MIN ((size_t)512)

/* What has left goes first. */
static void make_room(struct store *store, struct cached_key *cached, size_t needed)
{
	size_t kept = cached->value_size - cached->tail_at;

	if (cached->value_size + needed <= cached->value_capacity)
		return;
	if (cached->tail_at > 0) {
		memmove(cached->value, cached->value + cached->tail_at, kept);
		cached->logged_at -= cached->tail_at;
		cached->tail_at = 0;
		cached->value_size = kept;
	}
	/* Twice what is used: each byte is moved a few times at most. */
	if (2 * (kept + needed) > cached->value_capacity)
		cache_reserve_value(store, cached, CAPACITY_MIN + 2 * (kept + needed));
}

static void put(char *to, struct str item)
{
	uint32_t size = (uint32_t)item.size;

	memcpy(to, &size, SIZE_BYTES);
	if (item.size > 0)
		memcpy(to + SIZE_BYTES, item.data, item.size);
}

void list_tail_push(struct store *store, struct cached_key *cached, struct str item)
{
	make_room(store, cached, SIZE_BYTES + item.size);
	put(cached->value + cached->value_size, item);
	cached->value_size += SIZE_BYTES + item.size;
}

/* A gap as large as what it is before. */
static void make_room_in_front(struct store *store, struct cached_key *cached, size_t needed)
{
	size_t kept = cached->value_size - cached->tail_at;
	size_t gap = CAPACITY_MIN + needed + kept;

	if (cached->tail_at >= needed)
		return;
	if (gap + kept > cached->value_capacity)
		cache_reserve_value(store, cached, gap + kept);
	if (kept > 0)
		memmove(cached->value + gap, cached->value + cached->tail_at, kept);
	cached->tail_at = gap;
	cached->value_size = gap + kept;
}

void list_tail_push_front(struct store *store, struct cached_key *cached, struct str item)
{
	make_room_in_front(store, cached, SIZE_BYTES + item.size);
	cached->tail_at -= SIZE_BYTES + item.size;
	put(cached->value + cached->tail_at, item);
	cached->is_rewritten = true;
}

void list_tail_keep(struct cached_key *cached, int64_t count)
{
	size_t at = cached->tail_at;
	struct str item;

	while (count-- > 0 && list_tail_next(cached, &at, &item))
		;
	cached->value_size = at;
	cached->is_rewritten = true;
}

bool list_tail_next(const struct cached_key *cached, size_t *at, struct str *item)
{
	uint32_t size;

	if (*at == cached->value_size)
		return false;
	memcpy(&size, cached->value + *at, SIZE_BYTES);
	*item = str_of(cached->value + *at + SIZE_BYTES, size);
	*at += SIZE_BYTES + size;
	return true;
}

void list_tail_drop(struct cached_key *cached, int64_t old_head, int64_t head)
{
	int64_t count = list_tail_from(cached, head) - list_tail_from(cached, old_head);
	struct str item;

	while (count-- > 0 && list_tail_next(cached, &cached->tail_at, &item))
		;
	if (cached->logged_at < cached->tail_at)
		cached->logged_at = cached->tail_at;
	if (cached->tail_at == cached->value_size)
		cached->tail_at = cached->logged_at = cached->value_size = 0;
}

void list_tail_clear(struct cached_key *cached)
{
	cached->tail_at = cached->logged_at = cached->value_size = 0;
	cached->is_rewritten = false;
}
