#include <string.h>

#include "base/utc.h"
#include "store/command_functions_internal.h"
#include "store/keys_internal.h"
#include "store/list_tail_internal.h"

enum end { LEFT, RIGHT };

/* A queue's items join at the right and leave at the left: these the cache keeps, and with a short
 * list it also keeps what joins at the left or is trimmed off the right (the latest of something).
 * Whatever else a list is used for, its items are rows first. */
static void use_rows(struct call *call, struct key *key)
{
	if (!key->has_items_in_rows)
		cache_write_items(call->store, key->cached);
	key->has_items_in_rows = true;
}

/* Are they, or could be made so, in the cache? */
static bool use_tail(struct call *call, struct key *key)
{
	if (!key->has_items_in_rows && !key->has_items_in_tail)
		key->has_items_in_tail = cache_load_items(call->store, key->cached);
	return key->has_items_in_tail;
}

/* Positions: head ... head + count - 1. They may go below zero. */
static int64_t list_end(const struct key *key)
{
	return key->head + key->count;
}

static void write_item(struct call *call, enum statement_name statement, const struct key *key,
		       int64_t position, struct str value)
{
	struct query query = store_query_start(call->store, statement);

	store_query_int(&query, key->id);
	store_query_int(&query, position);
	store_query_text(&query, value);
	store_query_run(&query);
}

static bool find_item_in_tail(struct call *call, const struct key *key, int64_t position,
			      struct str *value)
{
	int64_t at_position = list_tail_from(key->cached, key->head);
	size_t at = key->cached->tail_at;
	struct str item;

	while (list_tail_next(key->cached, &at, &item)) {
		if (at_position++ == position) {
			*value = str_copy(call->arena, item);
			return true;
		}
	}
	return false;
}

static bool find_item(struct call *call, const struct key *key, int64_t position, struct str *value)
{
	struct query query;
	bool has_item;

	if (position >= list_tail_from(key->cached, key->head))
		return find_item_in_tail(call, key, position, value);
	query = store_query_start(call->store, STATEMENT_ITEM_FIND);
	store_query_int(&query, key->id);
	store_query_int(&query, position);
	has_item = store_query_row(&query);
	if (has_item)
		*value = str_copy(call->arena, store_query_column_text(&query, 0));
	store_query_end(&query);
	return has_item;
}

static void delete_items(struct call *call, const struct key *key, int64_t from, int64_t to)
{
	struct query query;

	if (from >= to)
		return;
	query = store_query_start(call->store, STATEMENT_ITEMS_DELETE_RANGE);
	store_query_int(&query, key->id);
	store_query_int(&query, from);
	store_query_int(&query, to);
	store_query_run(&query);
}

static void add_rows(struct call *call, const struct key *key, int64_t from, int64_t to,
		     struct items *items)
{
	struct query query = store_query_start(call->store, STATEMENT_ITEMS_RANGE);

	store_query_int(&query, key->id);
	store_query_int(&query, from);
	store_query_int(&query, to);
	while (store_query_row(&query))
		call_items_add_text(call, items, store_query_column_text(&query, 0));
}

static void add_tail(struct call *call, const struct key *key, int64_t from, int64_t to,
		     struct items *items)
{
	int64_t position = list_tail_from(key->cached, key->head);
	size_t at = key->cached->tail_at;
	struct str item;

	for (; position < to && list_tail_next(key->cached, &at, &item); position++)
		if (position >= from)
			call_items_add_text(call, items, item);
}

static void add_range(struct call *call, const struct key *key, int64_t from, int64_t to,
		      struct items *items)
{
	int64_t tail_from = list_tail_from(key->cached, key->head);

	if (from < tail_from)
		add_rows(call, key, from, to < tail_from ? to : tail_from, items);
	if (to > tail_from)
		add_tail(call, key, from, to, items);
}

/* The first items leave. */
static void drop_first(struct call *call, struct key *key, int64_t count)
{
	if (key->has_items_in_rows)
		delete_items(call, key, key->head, key->head + count);
	else
		list_tail_drop(key->cached, key->head, key->head + count);
	key->head += count;
	key->count -= count;
}

static void drop_last(struct call *call, struct key *key, int64_t count)
{
	if (use_tail(call, key)) {
		list_tail_keep(key->cached, key->count - count);
	} else {
		use_rows(call, key);
		delete_items(call, key, list_end(key) - count, list_end(key));
	}
	key->count -= count;
}

static void push_left(struct call *call, struct key *key, struct str value)
{
	if (use_tail(call, key)) {
		list_tail_push_front(call->store, key->cached, value);
		key->cached->rows_from = key->cached->rows_to = key->head - 1;
	} else {
		use_rows(call, key);
		write_item(call, STATEMENT_ITEM_INSERT, key, key->head - 1, value);
	}
	key->head--;
}

static void push(struct call *call, struct key *key, enum end end, struct str value)
{
	if (end == LEFT)
		push_left(call, key, value);
	else if (key->has_items_in_rows)
		write_item(call, STATEMENT_ITEM_INSERT, key, list_end(key), value);
	else
		list_tail_push(call->store, key->cached, value);
	key->count++;
	call->store->was_pushed = true;
}

static void push_words(struct call *call, enum end end)
{
	struct key key;

	if (!store_key_look_up(call, call->words[1], KEY_LIST, &key))
		return;
	store_key_begin(call, &key, KEY_LIST);
	for (size_t i = 2; i < call->count; i++)
		push(call, &key, end, call->words[i]);
	store_key_save(call, &key);
	call_reply_integer(call, key.count);
}

void command_lpush(struct call *call)
{
	push_words(call, LEFT);
}

void command_rpush(struct call *call)
{
	push_words(call, RIGHT);
}

/* Takes `count` items, at most all, off one end; they come in the order of their leaving. */
static void pop(struct call *call, struct key *key, enum end end, int64_t count,
		struct items *items)
{
	int64_t taken = count < key->count ? count : key->count;
	int64_t from = end == LEFT ? key->head : list_end(key) - taken;
	size_t first = items->count;

	add_range(call, key, from, from + taken, items);
	for (size_t i = first, j = items->count; end == RIGHT && i + 1 < j; i++) {
		struct redis_reply kept = items->items[i];

		items->items[i] = items->items[--j];
		items->items[j] = kept;
	}
	if (end == LEFT)
		drop_first(call, key, taken);
	else
		drop_last(call, key, taken);
	store_key_save(call, key);
}

static void pop_end(struct call *call, enum end end)
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
		pop(call, &key, end, count, &items);
	if (has_count)
		call_reply_items(call, &items);
	else if (items.count > 0)
		call->reply = items.items[0];
}

void command_lpop(struct call *call)
{
	pop_end(call, LEFT);
}

void command_rpop(struct call *call)
{
	pop_end(call, RIGHT);
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
		add_range(call, &key, from, to, &items);
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
	if (to < list_end(&key))
		drop_last(call, &key, list_end(&key) - to);
	drop_first(call, &key, from - key.head);
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
	if (index_position(&key, index, &position) && find_item(call, &key, position, &value))
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
	use_rows(call, &key);
	write_item(call, STATEMENT_ITEM_SET, &key, position, call->words[3]);
	store_key_touched(call->store, key.cached);
	call_reply_ok(call);
}

struct positions {
	int64_t *items;
	size_t count;
};

/* Where the value stands, in the order of the search; limit negative: everywhere. */
static struct positions find_equal(struct call *call, const struct key *key, enum end search_from,
				   int64_t limit)
{
	VEC(int64_t) found = {0};
	struct positions positions;
	struct query query =
		store_query_start(call->store, search_from == LEFT ? STATEMENT_ITEMS_EQUAL_FIRST
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

static void move_item(struct call *call, const struct key *key, int64_t from, int64_t to)
{
	struct query query = store_query_start(call->store, STATEMENT_ITEM_MOVE);

	store_query_int(&query, key->id);
	store_query_int(&query, from);
	store_query_int(&query, to);
	store_query_run(&query);
}

/* Closes the gaps at `removed` (ascending): the items behind the first move down, or those before
 * the last move up, whichever are fewer. */
static void close_gaps(struct call *call, struct key *key, const struct positions *removed)
{
	int64_t first = removed->items[0], last = removed->items[removed->count - 1];
	int64_t end = list_end(key), target;
	size_t gaps = removed->count, seen = 0;

	if (end - first <= last - key->head + 1) {
		target = first;
		for (int64_t at = first; at < end; at++) {
			if (seen < gaps && removed->items[seen] == at)
				seen++;
			else
				move_item(call, key, at, target++);
		}
	} else {
		target = last;
		for (int64_t at = last; at >= key->head; at--) {
			if (seen < gaps && removed->items[gaps - 1 - seen] == at)
				seen++;
			else
				move_item(call, key, at, target--);
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
	enum end search_from;

	if (!call_integer(call, 2, &count) ||
	    !store_key_look_up(call, call->words[1], KEY_LIST, &key))
		return;
	search_from = count < 0 ? RIGHT : LEFT;
	if (key.count > 0)
		use_rows(call, &key);
	if (key.count > 0)
		removed = find_equal(call, &key, search_from,
				     count == 0           ? -1
				     : count == INT64_MIN ? INT64_MAX
				     : count < 0          ? -count
							  : count);
	if (search_from == RIGHT)
		reverse(&removed);
	for (size_t i = 0; i < removed.count; i++)
		delete_items(call, &key, removed.items[i], removed.items[i] + 1);
	if (removed.count > 0) {
		close_gaps(call, &key, &removed);
		store_key_save(call, &key);
	}
	call_reply_integer(call, (int64_t)removed.count);
}

/* Turns a list by one item. */
static void rotate(struct call *call, struct key *key, enum end from, struct items *items)
{
	int64_t first = from == LEFT ? key->head : list_end(key) - 1;

	use_rows(call, key);
	add_range(call, key, first, first + 1, items);
	move_item(call, key, first, from == LEFT ? list_end(key) : key->head - 1);
	key->head += from == LEFT ? 1 : -1;
	store_key_save(call, key);
}

/* The reply is the item, nil when there is none. */
static void move_between(struct call *call, enum end from_end, enum end to_end)
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
		int64_t first = from_end == LEFT ? from.head : list_end(&from) - 1;

		add_range(call, &from, first, first + 1, &items);
		store_key_touched(call->store, from.cached);
	} else {
		pop(call, &from, from_end, 1, &items);
		store_key_begin(call, &to, KEY_LIST);
		if (items.count > 0)
			push(call, &to, to_end, items.items[0].text);
		store_key_save(call, &to);
	}
	if (items.count > 0)
		call->reply = items.items[0];
}

void command_rpoplpush(struct call *call)
{
	move_between(call, RIGHT, LEFT);
}

static bool read_end(struct call *call, size_t index, enum end *end)
{
	bool is_left = call_is_word(call, index, "left");

	*end = is_left ? LEFT : RIGHT;
	if (is_left || call_is_word(call, index, "right"))
		return true;
	call_reply_syntax_error(call);
	return false;
}

void command_lmove(struct call *call)
{
	enum end from, to;

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
static void pop_first(struct call *call, enum end end)
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
		pop(call, &key, end, 1, &items);
		call_reply_items(call, &items);
		return;
	}
	call_reply_nil(call);
	call->has_to_wait = call->may_wait;
	call->wait_us = timeout_us;
}

void command_blpop(struct call *call)
{
	pop_first(call, LEFT);
}

void command_brpop(struct call *call)
{
	pop_first(call, RIGHT);
}

/* A source that became a key of another type while the client waited is no source. */
void command_blmove(struct call *call)
{
	enum end from, to;
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
