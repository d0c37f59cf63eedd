#include "store/list_items_internal.h"

#include "store/list_tail_internal.h"

/* A queue's items join at the right and leave at the left: these the cache keeps, and with a short
 * list it also keeps what joins at the left or is trimmed off the right (the latest of something).
 * Whatever else a list is used for, its items are rows first. */
void list_items_use_rows(struct call *call, struct key *key)
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

static void write_item(struct call *call, enum statement_name statement, const struct key *key,
		       int64_t position, struct str value)
{
	struct query query = store_query_start(call->store, statement);

	store_query_int(&query, key->id);
	store_query_int(&query, position);
	store_query_text(&query, value);
	store_query_run(&query);
}

void list_items_set(struct call *call, const struct key *key, int64_t position, struct str value)
{
	write_item(call, STATEMENT_ITEM_SET, key, position, value);
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

bool list_items_find(struct call *call, const struct key *key, int64_t position, struct str *value)
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

void list_items_delete(struct call *call, const struct key *key, int64_t from, int64_t to)
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

void list_items_add(struct call *call, const struct key *key, int64_t from, int64_t to,
		    struct items *items)
{
	int64_t tail_from = list_tail_from(key->cached, key->head);

	if (from < tail_from)
		add_rows(call, key, from, to < tail_from ? to : tail_from, items);
	if (to > tail_from)
		add_tail(call, key, from, to, items);
}

/* The first items leave. */
void list_items_drop_first(struct call *call, struct key *key, int64_t count)
{
	if (key->has_items_in_rows)
		list_items_delete(call, key, key->head, key->head + count);
	else
		list_tail_drop(key->cached, key->head, key->head + count);
	key->head += count;
	key->count -= count;
}

void list_items_drop_last(struct call *call, struct key *key, int64_t count)
{
	if (use_tail(call, key)) {
		list_tail_keep(key->cached, key->count - count);
	} else {
		list_items_use_rows(call, key);
		list_items_delete(call, key, list_items_end(key) - count, list_items_end(key));
	}
	key->count -= count;
}

static void push_left(struct call *call, struct key *key, struct str value)
{
	if (use_tail(call, key)) {
		list_tail_push_front(call->store, key->cached, value);
		key->cached->rows_from = key->cached->rows_to = key->head - 1;
	} else {
		list_items_use_rows(call, key);
		write_item(call, STATEMENT_ITEM_INSERT, key, key->head - 1, value);
	}
	key->head--;
}

void list_items_push(struct call *call, struct key *key, enum list_end end, struct str value)
{
	if (end == LIST_LEFT)
		push_left(call, key, value);
	else if (key->has_items_in_rows)
		write_item(call, STATEMENT_ITEM_INSERT, key, list_items_end(key), value);
	else
		list_tail_push(call->store, key->cached, value);
	key->count++;
	call->store->was_pushed = true;
}

void list_items_pop(struct call *call, struct key *key, enum list_end end, int64_t count,
		    struct items *items)
{
	int64_t taken = count < key->count ? count : key->count;
	int64_t from = end == LIST_LEFT ? key->head : list_items_end(key) - taken;
	size_t first = items->count;

	list_items_add(call, key, from, from + taken, items);
	for (size_t i = first, j = items->count; end == LIST_RIGHT && i + 1 < j; i++) {
		struct redis_reply kept = items->items[i];

		items->items[i] = items->items[--j];
		items->items[j] = kept;
	}
	if (end == LIST_LEFT)
		list_items_drop_first(call, key, taken);
	else
		list_items_drop_last(call, key, taken);
	store_key_save(call, key);
}

void list_items_move(struct call *call, const struct key *key, int64_t from, int64_t to)
{
	struct query query = store_query_start(call->store, STATEMENT_ITEM_MOVE);

	store_query_int(&query, key->id);
	store_query_int(&query, from);
	store_query_int(&query, to);
	store_query_run(&query);
}
