#include "store/command_functions_internal.h"
#include "store/keys_internal.h"

/* A key whose time is over is not found any more; the sweep only gives its space back, in steps
 * that a turn does not feel. The wall clock may jump, so it is looked at now and then. */
#define SWEEP_KEYS 100
#define SWEEP_NEXT_STEP_US INT64_C(10000)
#define SWEEP_PAUSE_MIN_US INT64_C(1000000)
#define SWEEP_PAUSE_MAX_US INT64_C(60000000)

enum expire_option { EXPIRE_NX = 1, EXPIRE_XX = 2, EXPIRE_GT = 4, EXPIRE_LT = 8 };

static bool read_options(struct call *call, unsigned *given)
{
	static const struct option_word words[] = {
		{"nx", EXPIRE_NX}, {"xx", EXPIRE_XX}, {"gt", EXPIRE_GT},
		{"lt", EXPIRE_LT}, {NULL, 0},
	};

	*given = 0;
	for (size_t i = 3; i < call->count; i++) {
		unsigned option = call_option(call, i, words);

		if (option == 0) {
			call_reply_error_format(call, "ERR Unsupported option %.*s",
						STR_ARG(call->words[i]));
			return false;
		}
		*given |= option;
	}
	if ((*given & EXPIRE_NX) != 0 && *given != EXPIRE_NX)
		call_reply_error(call, "ERR NX and XX, GT or LT options at the same time are not"
				       " compatible");
	else if ((*given & EXPIRE_GT) != 0 && (*given & EXPIRE_LT) != 0)
		call_reply_error(call, "ERR GT and LT options at the same time are not compatible");
	else
		return true;
	return false;
}

static bool is_allowed(const struct key *key, unsigned options, int64_t expires_ms)
{
	bool has_time = key->expires_ms != KEY_NEVER;

	if ((options & EXPIRE_NX) != 0 && has_time)
		return false;
	if ((options & EXPIRE_XX) != 0 && !has_time)
		return false;
	if ((options & EXPIRE_GT) != 0 && expires_ms <= key->expires_ms)
		return false;
	return (options & EXPIRE_LT) == 0 || expires_ms < key->expires_ms;
}

/* base_ms: what the given time counts from. */
static void expire(struct call *call, int64_t unit_ms, int64_t base_ms)
{
	unsigned options;
	int64_t time;
	struct key key;

	if (!read_options(call, &options) || !call_integer(call, 2, &time))
		return;
	if (time > INT64_MAX / unit_ms || time < INT64_MIN / unit_ms ||
	    time * unit_ms > INT64_MAX - base_ms) {
		call_reply_error_format(call, "ERR invalid expire time in '%.*s' command",
					STR_ARG(call->command->name));
		return;
	}
	time = time * unit_ms + base_ms;
	if (!store_key_find(call, call->words[1], &key) || !is_allowed(&key, options, time)) {
		call_reply_integer(call, 0);
		return;
	}
	if (time <= call->now_ms)
		store_key_remove(call->store, &key);
	else
		store_key_set_expiry(call, &key, time);
	call_reply_integer(call, 1);
}

void command_expire(struct call *call)
{
	expire(call, 1000, call->now_ms);
}

void command_pexpire(struct call *call)
{
	expire(call, 1, call->now_ms);
}

void command_expireat(struct call *call)
{
	expire(call, 1000, 0);
}

void command_pexpireat(struct call *call)
{
	expire(call, 1, 0);
}

static void time_to_live(struct call *call, int64_t unit_ms)
{
	struct key key;

	if (!store_key_find(call, call->words[1], &key))
		call_reply_integer(call, -2);
	else if (key.expires_ms == KEY_NEVER)
		call_reply_integer(call, -1);
	else
		call_reply_integer(call, (key.expires_ms - call->now_ms + unit_ms / 2) / unit_ms);
}

void command_ttl(struct call *call)
{
	time_to_live(call, 1000);
}

void command_pttl(struct call *call)
{
	time_to_live(call, 1);
}

/* Redis 7.0: what a copy of a key needs, whenever it is made. */
static void expire_time(struct call *call, int64_t unit_ms)
{
	struct key key;

	if (!store_key_find(call, call->words[1], &key))
		call_reply_integer(call, -2);
	else if (key.expires_ms == KEY_NEVER)
		call_reply_integer(call, -1);
	else
		call_reply_integer(call, (key.expires_ms + unit_ms / 2) / unit_ms);
}

void command_expiretime(struct call *call)
{
	expire_time(call, 1000);
}

void command_pexpiretime(struct call *call)
{
	expire_time(call, 1);
}

void command_persist(struct call *call)
{
	struct key key;
	bool has_time = store_key_find(call, call->words[1], &key) && key.expires_ms != KEY_NEVER;

	if (has_time)
		store_key_set_expiry(call, &key, KEY_NEVER);
	call_reply_integer(call, has_time ? 1 : 0);
}

struct expired_key {
	int database;
	struct str name;
};

static size_t find_expired(struct store *store, int64_t now_ms, struct arena *arena,
			   struct expired_key *found)
{
	struct query query = store_query_start(store, STATEMENT_KEYS_EXPIRED);
	size_t count = 0;

	store_query_int(&query, now_ms);
	store_query_int(&query, SWEEP_KEYS);
	while (store_query_row(&query))
		found[count++] = (struct expired_key){
			.database = (int)store_query_column_int(&query, 0),
			.name = str_copy(arena, store_query_column_text(&query, 1)),
		};
	return count;
}

static int64_t first_expiry(struct store *store)
{
	struct query query = store_query_start(store, STATEMENT_KEYS_FIRST_EXPIRY);
	int64_t expires_ms =
		store_query_row(&query) ? store_query_column_int(&query, 0) : KEY_NEVER;

	store_query_end(&query);
	return expires_ms;
}

static void sweep(struct timer *timer);

static void sweep_after(struct store *store, int64_t delay_us)
{
	int64_t due_us = world_monotonic_us(store->world) + delay_us;

	if (timer_is_running(&store->sweep_timer) && store->sweep_due_us <= due_us)
		return;
	store->sweep_due_us = due_us;
	timer_start(store->world, &store->sweep_timer, delay_us, sweep);
}

void store_schedule_sweep(struct store *store, int64_t expires_ms)
{
	int64_t now_ms, delay_us;

	if (expires_ms == KEY_NEVER)
		return;
	now_ms = world_utc_us(store->world) / 1000;
	if (expires_ms - now_ms >= SWEEP_PAUSE_MAX_US / 1000)
		delay_us = SWEEP_PAUSE_MAX_US;
	else if (expires_ms - now_ms <= SWEEP_PAUSE_MIN_US / 1000)
		delay_us = SWEEP_PAUSE_MIN_US;
	else
		delay_us = (expires_ms - now_ms) * 1000;
	sweep_after(store, delay_us);
}

static void sweep(struct timer *timer)
{
	static const struct command sweeping = {
		.name = STR_INIT("sweep"), .words = 1, .flags = COMMAND_WRITES};
	struct store *store = LIST_ENTRY(timer, struct store, sweep_timer);
	struct session session = {0};
	struct call call = {.store = store,
			    .session = &session,
			    .command = &sweeping,
			    .arena = arena_create(),
			    .now_ms = world_utc_us(store->world) / 1000};
	struct expired_key found[SWEEP_KEYS];
	size_t count = find_expired(store, call.now_ms, call.arena, found);

	for (size_t i = 0; i < count; i++) {
		struct key key;

		session.database = found[i].database;
		store_key_find(&call, found[i].name, &key); /* removes what is over */
	}
	if (count == SWEEP_KEYS)
		sweep_after(store, SWEEP_NEXT_STEP_US);
	else
		store_schedule_sweep(store, first_expiry(store));
	if (store->has_failed)
		sweep_after(store, SWEEP_PAUSE_MAX_US);
	store_settle(store);
	arena_destroy(call.arena);
}

void store_sweep_start(struct store *store)
{
	store_schedule_sweep(store, first_expiry(store));
}
