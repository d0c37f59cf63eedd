#include "store/command_functions_internal.h"
#include "store/keys_internal.h"
#include "store/scan_internal.h"

static int64_t change_member(struct call *call, enum statement_name statement,
			     const struct key *key, struct str member)
{
	struct query query = store_query_start(call->store, statement);

	store_query_int(&query, key->id);
	store_query_text(&query, member);
	return store_query_run(&query);
}

void command_sadd(struct call *call)
{
	struct key key;
	int64_t count;

	if (!store_key_look_up(call, call->words[1], KEY_SET, &key))
		return;
	store_key_begin(call, &key, KEY_SET);
	count = key.count;
	for (size_t i = 2; i < call->count; i++)
		key.count += change_member(call, STATEMENT_MEMBER_INSERT, &key, call->words[i]);
	store_key_save(call, &key);
	call_reply_integer(call, key.count - count);
}

void command_srem(struct call *call)
{
	struct key key;
	int64_t count;

	if (!store_key_look_up(call, call->words[1], KEY_SET, &key))
		return;
	count = key.count;
	for (size_t i = 2; i < call->count && key.count > 0; i++)
		key.count -= change_member(call, STATEMENT_MEMBER_DELETE, &key, call->words[i]);
	call_reply_integer(call, count - key.count);
	store_key_save(call, &key);
}

void command_smembers(struct call *call)
{
	struct key key;
	struct items items = {0};
	struct query query;

	if (!store_key_look_up(call, call->words[1], KEY_SET, &key))
		return;
	query = store_query_start(call->store, STATEMENT_MEMBERS_ALL);
	store_query_int(&query, key.id);
	while (store_query_row(&query))
		call_items_add_text(call, &items, store_query_column_text(&query, 0));
	call_reply_items(call, &items);
}

static bool has_member(struct call *call, const struct key *key, struct str member)
{
	struct query query = store_query_start(call->store, STATEMENT_MEMBER_FIND);
	bool has;

	store_query_int(&query, key->id);
	store_query_text(&query, member);
	has = store_query_row(&query);
	store_query_end(&query);
	return has;
}

void command_sismember(struct call *call)
{
	struct key key;

	if (store_key_look_up(call, call->words[1], KEY_SET, &key))
		call_reply_integer(call, has_member(call, &key, call->words[2]) ? 1 : 0);
}

void command_scard(struct call *call)
{
	struct key key;

	if (store_key_look_up(call, call->words[1], KEY_SET, &key))
		call_reply_integer(call, key.count);
}

/* Those that none of the keys before has. */
static void add_new_members(struct call *call, const struct key *keys, size_t index,
			    struct items *items)
{
	struct query query = store_query_start(call->store, STATEMENT_MEMBERS_ALL);

	store_query_int(&query, keys[index].id);
	while (store_query_row(&query)) {
		struct str member = store_query_column_text(&query, 0);
		bool is_known = false;

		for (size_t i = 0; i < index && !is_known; i++)
			is_known = has_member(call, &keys[i], member);
		if (!is_known)
			call_items_add_text(call, items, member);
	}
}

void command_sunion(struct call *call)
{
	struct key *keys = ARENA_ARRAY(call->arena, struct key, call->count - 1);
	struct items items = {0};

	for (size_t i = 0; i < call->count - 1; i++)
		if (!store_key_look_up(call, call->words[i + 1], KEY_SET, &keys[i]))
			return;
	for (size_t i = 0; i < call->count - 1; i++)
		add_new_members(call, keys, i, &items);
	call_reply_items(call, &items);
}

/* SSCAN: all in one step, as Redis itself does for small sets; COUNT is only a wish there too. */
void command_sscan(struct call *call)
{
	struct key key;
	struct scan_options options = {0};
	struct items items = {0};
	struct query query;

	if (!scan_read_cursor(call, 2, &options) ||
	    !store_key_look_up(call, call->words[1], KEY_SET, &key))
		return;
	if (key.count == 0) {
		scan_reply(call, 0, &items);
		return;
	}
	if (!scan_read_options(call, 3, false, &options))
		return;
	query = store_query_start(call->store, STATEMENT_MEMBERS_ALL);
	store_query_int(&query, key.id);
	while (store_query_row(&query))
		if (scan_wants(&options, store_query_column_text(&query, 0)))
			call_items_add_text(call, &items, store_query_column_text(&query, 0));
	scan_reply(call, 0, &items);
}
