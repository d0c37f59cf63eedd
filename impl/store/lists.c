/* The commands of lists; where their items lie is list_items.c's. */
#include <string.h>

#include "base/utc.h"
#include "store/command_functions_internal.h"
#include "store/list_items_internal.h"

static void push_words(struct call *call, enum list_end end)
{
	struct key key;

	if (!store_key_look_up(call, call->words[1], KEY_LIST, &key))
		return;
	store_key_begin(call, &key, KEY_LIST);
	for (size_t i = 2; i < call->count; i++)
		list_items_push(call, &key, end, call->words[i]);
	store_key_save(call, &key);
	call_reply_integer(call, key.count);
}

void command_lpush(struct call *call)
{
	push_words(call, LIST_LEFT);
}

void command_rpush(struct call *call)
{
	push_words(call, LIST_RIGHT);
}

static void pop_end(struct call *call, enum list_end end)
{
	bool has_count = call->count == 3;
	int64_t count = 1;
	struct items items = {0};
	struct key key;

	if (call->count > 3) {
		call_reply_wrong_count(call);
		return;
	}
	if (has_count && (!command_read_integer(call->words[2], &count) || count < 0)) {
		call_reply_error(call, "ERR value is out of range, must be positive");
		return;
	}
	if (!store_key_look_up(call, call->words[1], KEY_LIST, &key))
		return;
	call_reply_nil(call);
	if (key.count == 0)
		return;
	if (count > 0)
		list_items_pop(call, &key, end, count, &items);
	if (has_count)
		call_reply_items(call, &items);
	else if (items.count > 0)
		call->reply = items.items[0];
}

void command_lpop(struct call *call)
{
	pop_end(call, LIST_LEFT);
}

void command_rpop(struct call *call)
{
	pop_end(call, LIST_RIGHT);
}

/* Indexes, both included, negative ones from the end, to positions from `from` to before `to`. */
static void range_positions(const struct key *key, int64_t start, int64_t stop, int64_t *from,
			    int64_t *to)
{
	if (start < 0)
		start = start + key->count < 0 ? 0 : start + key->count;
	if (stop < 0)
		stop += key->count;
	if (stop >= key->count)
		stop = key->count - 1;
	if (start > stop)
		start = stop = -1;
	*from = start < 0 ? key->head : key->head + start;
	*to = start < 0 ? key->head : key->head + stop + 1;
}

void command_lrange(struct call *call)
{
	int64_t start, stop, from, to;
	struct key key;
	struct items items = {0};

	if (!call_integer(call, 2, &start) || !call_integer(call, 3, &stop) ||
	    !store_key_look_up(call, call->words[1], KEY_LIST, &key))
		return;
	range_positions(&key, start, stop, &from, &to);
	if (from < to)
		list_items_add(call, &key, from, to, &items);
	call_reply_items(call, &items);
}

void command_ltrim(struct call *call)
{
	int64_t start, stop, from, to;
	struct key key;

	if (!call_integer(call, 2, &start) || !call_integer(call, 3, &stop) ||
	    !store_key_look_up(call, call->words[1], KEY_LIST, &key))
		return;
	range_positions(&key, start, stop, &from, &to);
	if (to < list_items_end(&key))
		list_items_drop_last(call, &key, list_items_end(&key) - to);
	list_items_drop_first(call, &key, from - key.head);
	store_key_touched(call->store, key.cached);
	store_key_save(call, &key);
	call_reply_ok(call);
}

void command_llen(struct call *call)
{
	struct key key;

	if (store_key_look_up(call, call->words[1], KEY_LIST, &key))
		call_reply_integer(call, key.count);
}

/* False when the index, negative from the end, is outside. */
static bool index_position(const struct key *key, int64_t index, int64_t *position)
{
	if (index < 0)
		index += key->count;
	*position = key->head + index;
	return index >= 0 && index < key->count;
}

void command_lindex(struct call *call)
{
	int64_t index, position;
	struct key key;
	struct str value;

	if (!store_key_look_up(call, call->words[1], KEY_LIST, &key))
		return;
	call_reply_nil(call);
	if (key.count == 0 || !call_integer(call, 2, &index))
		return;
	if (index_position(&key, index, &position) && list_items_find(call, &key, position, &value))
		call->reply = (struct redis_reply){.kind = REDIS_STRING, .text = value};
}

void command_lset(struct call *call)
{
	int64_t index, position;
	struct key key;

	if (!store_key_look_up(call, call->words[1], KEY_LIST, &key))
		return;
	if (key.count == 0) {
		call_reply_error(call, "ERR no such key");
		return;
	}
	if (!call_integer(call, 2, &index))
		return;
	if (!index_position(&key, index, &position)) {
		call_reply_error(call, "ERR index out of range");
		return;
	}
	list_items_use_rows(call, &key);
	list_items_set(call, &key, position, call->words[3]);
	store_key_touched(call->store, key.cached);
	call_reply_ok(call);
}

struct positions {
	int64_t *items;
	size_t count;
};

/* Where the value stands, in the order of the search; limit negative: everywhere. */
static struct positions find_equal(struct call *call, const struct key *key,
				   enum list_end search_from, int64_t limit)
{
	VEC(int64_t) found = {0};
	struct positions positions;
	struct query query = store_query_start(call->store, search_from == LIST_LEFT
								    ? STATEMENT_ITEMS_EQUAL_FIRST
								    : STATEMENT_ITEMS_EQUAL_LAST);

	store_query_int(&query, key->id);
	store_query_text(&query, call->words[3]);
	store_query_int(&query, limit);
	while (store_query_row(&query))
		vec_push(&found, store_query_column_int(&query, 0));
	positions.count = found.count;
	positions.items = ARENA_ARRAY(call->arena, int64_t, found.count);
	if (found.count > 0)
		memcpy(positions.items, found.items, found.count * sizeof *found.items);
	vec_free(&found);
	return positions;
}

/* Closes the gaps at `removed` (ascending): the items behind the first move down, or those before
 * the last move up, whichever are fewer. */
static void close_gaps(struct call *call, struct key *key, const struct positions *removed)
{
	int64_t first = removed->items[0], last = removed->items[removed->count - 1];
	int64_t end = list_items_end(key), target;
	size_t gaps = removed->count, seen = 0;

	if (end - first <= last - key->head + 1) {
		target = first;
		for (int64_t at = first; at < end; at++) {
			if (seen < gaps && removed->items[seen] == at)
				seen++;
			else
				list_items_move(call, key, at, target++);
		}
	} else {
		target = last;
		for (int64_t at = last; at >= key->head; at--) {
			if (seen < gaps && removed->items[gaps - 1 - seen] == at)
				seen++;
			else
				list_items_move(call, key, at, target--);
		}
		key->head += (int64_t)gaps;
	}
	key->count -= (int64_t)gaps;
}

static void reverse(struct positions *positions)
{
	for (size_t i = 0; i < positions->count / 2; i++) {
		int64_t kept = positions->items[i];

		positions->items[i] = positions->items[positions->count - 1 - i];
		positions->items[positions->count - 1 - i] = kept;
	}
}

void command_lrem(struct call *call)
{
	int64_t count;
	struct key key;
	struct positions removed = {NULL, 0};
	enum list_end search_from;

	if (!call_integer(call, 2, &count) ||
	    !store_key_look_up(call, call->words[1], KEY_LIST, &key))
		return;
	search_from = count < 0 ? LIST_RIGHT : LIST_LEFT;
	if (key.count > 0)
		list_items_use_rows(call, &key);
	if (key.count > 0)
		removed = find_equal(call, &key, search_from,
				     count == 0           ? -1
				     : count == INT64_MIN ? INT64_MAX
				     : count < 0          ? -count
							  : count);
	if (search_from == LIST_RIGHT)
		reverse(&removed);
	for (size_t i = 0; i < removed.count; i++)
		list_items_delete(call, &key, removed.items[i], removed.items[i] + 1);
	if (removed.count > 0) {
		close_gaps(call, &key, &removed);
		store_key_save(call, &key);
	}
	call_reply_integer(call, (int64_t)removed.count);
}

/* Turns a list by one item. */
static void rotate(struct call *call, struct key *key, enum list_end from, struct items *items)
{
	int64_t first = from == LIST_LEFT ? key->head : list_items_end(key) - 1;

	list_items_use_rows(call, key);
	list_items_add(call, key, first, first + 1, items);
	list_items_move(call, key, first, from == LIST_LEFT ? list_items_end(key) : key->head - 1);
	key->head += from == LIST_LEFT ? 1 : -1;
	store_key_save(call, key);
}

/* The reply is the item, nil when there is none. */
static void move_between(struct call *call, enum list_end from_end, enum list_end to_end)
{
	struct key from, to;
	struct items items = {0};
	bool is_same = str_equal(call->words[1], call->words[2]);

	if (!store_key_look_up(call, call->words[1], KEY_LIST, &from))
		return;
	call_reply_nil(call);
	if (from.count == 0)
		return;
	if (!is_same && !store_key_look_up(call, call->words[2], KEY_LIST, &to))
		return;
	if (is_same && from_end != to_end && from.count > 1) {
		rotate(call, &from, from_end, &items);
	} else if (is_same) {
		int64_t first = from_end == LIST_LEFT ? from.head : list_items_end(&from) - 1;

		list_items_add(call, &from, first, first + 1, &items);
		store_key_touched(call->store, from.cached);
	} else {
		list_items_pop(call, &from, from_end, 1, &items);
		store_key_begin(call, &to, KEY_LIST);
		if (items.count > 0)
			list_items_push(call, &to, to_end, items.items[0].text);
		store_key_save(call, &to);
	}
	if (items.count > 0)
		call->reply = items.items[0];
}

void command_rpoplpush(struct call *call)
{
	move_between(call, LIST_RIGHT, LIST_LEFT);
}

static bool read_end(struct call *call, size_t index, enum list_end *end)
{
	bool is_left = call_is_word(call, index, "left");

	*end = is_left ? LIST_LEFT : LIST_RIGHT;
	if (is_left || call_is_word(call, index, "right"))
		return true;
	call_reply_syntax_error(call);
	return false;
}

void command_lmove(struct call *call)
{
	enum list_end from, to;

	if (read_end(call, 3, &from) && read_end(call, 4, &to))
		move_between(call, from, to);
}

/* Seconds, with a fraction; in microseconds, 0: for ever. */
static bool read_timeout(struct call *call, int64_t *timeout_us)
{
	double seconds;

	if (!command_read_number(call->words[call->count - 1], &seconds)) {
		call_reply_error(call, "ERR timeout is not a float or out of range");
		return false;
	}
	if (seconds < 0) {
		call_reply_error(call, "ERR timeout is negative");
		return false;
	}
	if (seconds > (double)(INT64_MAX / UTC_SECOND_US / 2)) {
		call_reply_error(call, "ERR timeout is out of range");
		return false;
	}
	*timeout_us = (int64_t)(seconds * (double)UTC_SECOND_US);
	if (*timeout_us == 0 && seconds > 0)
		*timeout_us = 1;
	return true;
}

/* BLPOP, BRPOP: the first list that has something. When a waiting one is tried again, what became a
 * key of another type meanwhile is passed over, as Redis does. */
static void pop_first(struct call *call, enum list_end end)
{
	int64_t timeout_us;

	if (!read_timeout(call, &timeout_us))
		return;
	for (size_t i = 1; i < call->count - 1; i++) {
		struct key key;
		struct items items = {0};

		if (!store_key_find(call, call->words[i], &key) ||
		    (key.type != KEY_LIST && call->is_retry))
			continue;
		if (key.type != KEY_LIST) {
			call_reply_wrong_type(call);
			return;
		}
		call_items_add_text(call, &items, call->words[i]);
		list_items_pop(call, &key, end, 1, &items);
		call_reply_items(call, &items);
		return;
	}
	call_reply_nil(call);
	call->has_to_wait = call->may_wait;
	call->wait_us = timeout_us;
}

void command_blpop(struct call *call)
{
	pop_first(call, LIST_LEFT);
}

void command_brpop(struct call *call)
{
	pop_first(call, LIST_RIGHT);
}

/* A source that became a key of another type while the client waited is no source. */
void command_blmove(struct call *call)
{
	enum list_end from, to;
	int64_t timeout_us;
	struct key source;

	if (!read_end(call, 3, &from) || !read_end(call, 4, &to) ||
	    !read_timeout(call, &timeout_us))
		return;
	if (!store_key_find(call, call->words[1], &source) ||
	    (source.type != KEY_LIST && call->is_retry)) {
		call_reply_nil(call);
		call->has_to_wait = call->may_wait;
		call->wait_us = timeout_us;
		return;
	}
	move_between(call, from, to);
}
