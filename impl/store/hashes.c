#include "store/command_functions_internal.h"
#include "store/keys_internal.h"

static bool find_field(struct call *call, const struct key *key, struct str field,
		       struct str *value)
{
	struct query query;
	bool has_field;

	if (key->count == 0)
		return false;
	query = store_query_start(call->store, STATEMENT_FIELD_FIND);
	store_query_int(&query, key->id);
	store_query_text(&query, field);
	has_field = store_query_row(&query);
	if (has_field)
		*value = str_copy(call->arena, store_query_column_text(&query, 0));
	store_query_end(&query);
	return has_field;
}

static int64_t write_field(struct call *call, enum statement_name statement, struct key *key,
			   struct str field, struct str value)
{
	struct query query = store_query_start(call->store, statement);

	store_query_int(&query, key->id);
	store_query_text(&query, field);
	store_query_text(&query, value);
	return store_query_run(&query);
}

/* 1 when the field is new. */
static int64_t put_field(struct call *call, struct key *key, struct str field, struct str value)
{
	int64_t added = write_field(call, STATEMENT_FIELD_INSERT, key, field, value);

	if (added == 0)
		write_field(call, STATEMENT_FIELD_SET, key, field, value);
	store_key_touched(call->store, key->cached);
	key->count += added;
	return added;
}

/* False with the reply set when nothing was put. */
static bool put_fields(struct call *call, int64_t *added)
{
	struct key key;

	if (call->count % 2 != 0) {
		call_reply_wrong_count(call);
		return false;
	}
	if (!store_key_look_up(call, call->words[1], KEY_HASH, &key))
		return false;
	store_key_begin(call, &key, KEY_HASH);
	*added = 0;
	for (size_t i = 2; i < call->count; i += 2)
		*added += put_field(call, &key, call->words[i], call->words[i + 1]);
	store_key_save(call, &key);
	return true;
}

void command_hset(struct call *call)
{
	int64_t added;

	if (put_fields(call, &added))
		call_reply_integer(call, added);
}

void command_hmset(struct call *call)
{
	int64_t added;

	if (put_fields(call, &added))
		call_reply_ok(call);
}

void command_hsetnx(struct call *call)
{
	struct key key;
	int64_t added;

	if (!store_key_look_up(call, call->words[1], KEY_HASH, &key))
		return;
	store_key_begin(call, &key, KEY_HASH);
	added = write_field(call, STATEMENT_FIELD_INSERT, &key, call->words[2], call->words[3]);
	key.count += added;
	store_key_save(call, &key);
	call_reply_integer(call, added);
}

void command_hget(struct call *call)
{
	struct key key;
	struct str value;

	if (!store_key_look_up(call, call->words[1], KEY_HASH, &key))
		return;
	if (find_field(call, &key, call->words[2], &value))
		call->reply = (struct redis_reply){.kind = REDIS_STRING, .text = value};
	else
		call_reply_nil(call);
}

void command_hmget(struct call *call)
{
	struct key key;
	struct items items = {0};

	if (!store_key_look_up(call, call->words[1], KEY_HASH, &key))
		return;
	for (size_t i = 2; i < call->count; i++) {
		struct redis_reply *item = call_items_add(call, &items);
		struct str value;

		if (find_field(call, &key, call->words[i], &value))
			*item = (struct redis_reply){.kind = REDIS_STRING, .text = value};
	}
	call_reply_items(call, &items);
}

static void list_fields(struct call *call, bool with_names, bool with_values)
{
	struct key key;
	struct items items = {0};
	struct query query;

	if (!store_key_look_up(call, call->words[1], KEY_HASH, &key))
		return;
	query = store_query_start(call->store, STATEMENT_FIELDS_ALL);
	store_query_int(&query, key.id);
	while (store_query_row(&query)) {
		if (with_names)
			call_items_add_text(call, &items, store_query_column_text(&query, 0));
		if (with_values)
			call_items_add_text(call, &items, store_query_column_text(&query, 1));
	}
	call_reply_items(call, &items);
}

void command_hgetall(struct call *call)
{
	list_fields(call, true, true);
}

void command_hkeys(struct call *call)
{
	list_fields(call, true, false);
}

void command_hvals(struct call *call)
{
	list_fields(call, false, true);
}

void command_hdel(struct call *call)
{
	struct key key;
	int64_t count;

	if (!store_key_look_up(call, call->words[1], KEY_HASH, &key))
		return;
	count = key.count;
	for (size_t i = 2; i < call->count && key.count > 0; i++) {
		struct query query = store_query_start(call->store, STATEMENT_FIELD_DELETE);

		store_query_int(&query, key.id);
		store_query_text(&query, call->words[i]);
		key.count -= store_query_run(&query);
	}
	call_reply_integer(call, count - key.count);
	store_key_save(call, &key);
}

void command_hexists(struct call *call)
{
	struct key key;
	struct str value;

	if (store_key_look_up(call, call->words[1], KEY_HASH, &key))
		call_reply_integer(call, find_field(call, &key, call->words[2], &value) ? 1 : 0);
}

void command_hlen(struct call *call)
{
	struct key key;

	if (store_key_look_up(call, call->words[1], KEY_HASH, &key))
		call_reply_integer(call, key.count);
}

void command_hincrby(struct call *call)
{
	struct key key;
	struct str value = STR("0");
	int64_t amount, number;

	if (!call_integer(call, 3, &amount) ||
	    !store_key_look_up(call, call->words[1], KEY_HASH, &key))
		return;
	find_field(call, &key, call->words[2], &value);
	if (!command_read_integer(value, &number)) {
		call_reply_error(call, "ERR hash value is not an integer");
		return;
	}
	if (amount > 0 ? number > INT64_MAX - amount : number < INT64_MIN - amount) {
		call_reply_error(call, "ERR increment or decrement would overflow");
		return;
	}
	number += amount;
	store_key_begin(call, &key, KEY_HASH);
	put_field(call, &key, call->words[2], str_format(call->arena, "%lld", (long long)number));
	store_key_save(call, &key);
	call_reply_integer(call, number);
}
