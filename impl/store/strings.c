#include "store/command_functions_internal.h"
#include "store/keys_internal.h"

/* A string for a command that changes it; absent: type KEY_NONE. */
static bool look_up(struct call *call, struct key *key, struct str *value)
{
	if (!store_key_find_value(call, call->words[1], key, value) || key->type == KEY_STRING)
		return true;
	call_reply_wrong_type(call);
	return false;
}

void command_get(struct call *call)
{
	struct key key;
	struct str value;

	if (!look_up(call, &key, &value))
		return;
	if (key.type == KEY_NONE)
		call_reply_nil(call);
	else
		call->reply = (struct redis_reply){.kind = REDIS_STRING, .text = value};
}

void command_strlen(struct call *call)
{
	struct key key;
	struct str value = {NULL, 0};

	if (look_up(call, &key, &value))
		call_reply_integer(call, (int64_t)value.size);
}

void command_mget(struct call *call)
{
	struct items items = {0};

	for (size_t i = 1; i < call->count; i++) {
		struct redis_reply *item = call_items_add(call, &items);
		struct key key;
		struct str value;

		if (store_key_find_value(call, call->words[i], &key, &value) &&
		    key.type == KEY_STRING)
			*item = (struct redis_reply){.kind = REDIS_STRING, .text = value};
	}
	call_reply_items(call, &items);
}

void command_mset(struct call *call)
{
	if (call->count % 2 == 0) {
		call_reply_wrong_count(call);
		return;
	}
	for (size_t i = 1; i < call->count; i += 2) {
		struct key key;

		store_key_find(call, call->words[i], &key);
		store_key_save_value(call, &key, call->words[i + 1], KEY_NEVER);
	}
	call_reply_ok(call);
}

enum set_option {
	SET_NX = 1,
	SET_XX = 2,
	SET_GET = 4,
	SET_KEEPTTL = 8,
	SET_EX = 16,
	SET_PX = 32,
	SET_EXAT = 64,
	SET_PXAT = 128,
};
#define SET_TIMES (SET_EX | SET_PX | SET_EXAT | SET_PXAT)

/* The options that may not stand before each. */
static unsigned set_option_conflicts(unsigned option)
{
	switch (option) {
	case SET_NX:
		return SET_XX;
	case SET_XX:
		return SET_NX;
	case SET_GET:
		return 0;
	case SET_KEEPTTL:
		return SET_TIMES;
	default:
		return SET_TIMES | SET_KEEPTTL;
	}
}

/* *time_index: where the time stands; 0 without. */
static bool read_set_options(struct call *call, unsigned *given, size_t *time_index)
{
	static const struct option_word words[] = {
		{"nx", SET_NX},           {"xx", SET_XX},     {"get", SET_GET},
		{"keepttl", SET_KEEPTTL}, {"ex", SET_EX},     {"px", SET_PX},
		{"exat", SET_EXAT},       {"pxat", SET_PXAT}, {NULL, 0},
	};

	*given = 0;
	*time_index = 0;
	for (size_t i = 3; i < call->count; i++) {
		unsigned option = call_option(call, i, words);
		bool has_time = (option & SET_TIMES) != 0;

		if (option == 0 || (*given & set_option_conflicts(option)) != 0 ||
		    (has_time && i + 1 == call->count)) {
			call_reply_syntax_error(call);
			return false;
		}
		*given |= option;
		if (has_time)
			*time_index = ++i;
	}
	return true;
}

/* Reads a time to live or a Unix time as expires_ms. */
static bool read_time(struct call *call, size_t index, bool is_seconds, bool is_span,
		      int64_t *expires_ms)
{
	int64_t time;

	if (!call_integer(call, index, &time))
		return false;
	if (time <= 0 || (is_seconds && time > INT64_MAX / 1000) ||
	    (is_span && (is_seconds ? time * 1000 : time) > INT64_MAX - call->now_ms)) {
		call_reply_error_format(call, "ERR invalid expire time in '%.*s' command",
					STR_ARG(call->command->name));
		return false;
	}
	*expires_ms = (is_seconds ? time * 1000 : time) + (is_span ? call->now_ms : 0);
	return true;
}

void command_set(struct call *call)
{
	unsigned options;
	size_t time_index;
	int64_t expires_ms = KEY_NEVER;
	struct key key;
	struct str value;
	bool has_key;

	if (!read_set_options(call, &options, &time_index))
		return;
	if (time_index > 0 && !read_time(call, time_index, (options & (SET_EX | SET_EXAT)) != 0,
					 (options & (SET_EX | SET_PX)) != 0, &expires_ms))
		return;
	has_key = store_key_find_value(call, call->words[1], &key, &value);
	if ((options & SET_GET) != 0 && has_key && key.type != KEY_STRING) {
		call_reply_wrong_type(call);
		return;
	}
	call_reply_nil(call);
	if ((options & SET_GET) != 0 && has_key)
		call->reply = (struct redis_reply){.kind = REDIS_STRING, .text = value};
	if (((options & SET_NX) != 0 && has_key) || ((options & SET_XX) != 0 && !has_key))
		return;
	if ((options & SET_KEEPTTL) != 0)
		expires_ms = key.expires_ms;
	store_key_save_value(call, &key, call->words[2], expires_ms);
	if ((options & SET_GET) == 0)
		call_reply_ok(call);
}

static void set_for(struct call *call, bool is_seconds)
{
	int64_t expires_ms;
	struct key key;

	if (!read_time(call, 2, is_seconds, true, &expires_ms))
		return;
	store_key_find(call, call->words[1], &key);
	store_key_save_value(call, &key, call->words[3], expires_ms);
	call_reply_ok(call);
}

void command_setex(struct call *call)
{
	set_for(call, true);
}

void command_psetex(struct call *call)
{
	set_for(call, false);
}

void command_setnx(struct call *call)
{
	struct key key;
	bool has_key = store_key_find(call, call->words[1], &key);

	if (!has_key)
		store_key_save_value(call, &key, call->words[2], KEY_NEVER);
	call_reply_integer(call, has_key ? 0 : 1);
}

void command_getset(struct call *call)
{
	struct key key;
	struct str value;

	if (!look_up(call, &key, &value))
		return;
	call_reply_nil(call);
	if (key.type == KEY_STRING)
		call->reply = (struct redis_reply){.kind = REDIS_STRING, .text = value};
	store_key_save_value(call, &key, call->words[2], KEY_NEVER);
}

/* Adds to the number in a string (spec/backend.md 6.3: every counter). */
static void add(struct call *call, int64_t amount)
{
	struct key key;
	struct str value = STR("0");
	int64_t number;

	if (!look_up(call, &key, &value))
		return;
	if (!command_read_integer(value, &number)) {
		call_reply_error(call, "ERR value is not an integer or out of range");
		return;
	}
	if (amount > 0 ? number > INT64_MAX - amount : number < INT64_MIN - amount) {
		call_reply_error(call, "ERR increment or decrement would overflow");
		return;
	}
	number += amount;
	store_key_save_value(call, &key, str_format(call->arena, "%lld", (long long)number),
			     key.expires_ms);
	call_reply_integer(call, number);
}

void command_incr(struct call *call)
{
	add(call, 1);
}

void command_decr(struct call *call)
{
	add(call, -1);
}

void command_incrby(struct call *call)
{
	int64_t amount;

	if (call_integer(call, 2, &amount))
		add(call, amount);
}

void command_decrby(struct call *call)
{
	int64_t amount;

	if (!call_integer(call, 2, &amount))
		return;
	if (amount == INT64_MIN) {
		call_reply_error(call, "ERR decrement would overflow");
		return;
	}
	add(call, -amount);
}
