#include "store/store.h"

#include <stdlib.h>

#include "base/bug.h"
#include "base/map.h"
#include "store/cache_internal.h"

/* Rounds. */

struct arena *store_round_arena(struct store *store)
{
	return store->rounds[store->gathering].arena;
}

static void end_round_later(struct store *store);

void store_add_outcome(struct store *store, const struct outcome *outcome)
{
	vec_push(&store->rounds[store->gathering].outcomes, *outcome);
	end_round_later(store);
}

struct redis_reply store_failure_reply(const struct store *store, struct arena *arena)
{
	return (struct redis_reply){
		.kind = REDIS_ERROR,
		.text = str_format(arena, "MISCONF the store's file cannot be used: %s",
				   store->failure.text),
	};
}

/* What was done in the round is undone, and so is what it was answered with. */
static void spoil(struct store *store, struct round *round)
{
	struct redis_reply failure = store_failure_reply(store, round->arena);

	for (size_t i = 0; i < round->outcomes.count; i++)
		if (round->outcomes.items[i].needs_commit)
			round->outcomes.items[i].reply = failure;
}

/* By index: callbacks close clients, but send into the other round. */
static void deliver(struct round *round)
{
	while (round->delivered < round->outcomes.count) {
		struct outcome outcome = round->outcomes.items[round->delivered++];

		if (outcome.client != NULL)
			outcome.replied(&outcome.reply, outcome.data);
	}
	round->outcomes.count = round->delivered = 0;
	arena_reset(round->arena);
}

/* False when what was done is undone. A held store commits later. */
static bool settle_transaction(struct store *store)
{
	bool is_settled = !store->in_transaction || (store->is_held && !store->has_failed) ||
			  statements_commit(store);

	store->was_undone = store->was_undone || !is_settled;
	return is_settled;
}

static void end_round(struct task *task)
{
	struct store *store = LIST_ENTRY(task, struct store, round_task);
	struct round *round = &store->rounds[store->gathering];
	bool is_undone = !settle_transaction(store);

	store->round_is_due = false;
	if (is_undone)
		spoil(store, round);
	store->has_failed = false;
	store->gathering = 1 - store->gathering;
	if (is_undone) {
		/* What was taken from a list is there again, maybe for somebody who waits. */
		store->was_pushed = true;
		store_serve_clients(store);
	}
	deliver(round);
}

static void round_timer_fired(struct timer *timer)
{
	struct store *store = LIST_ENTRY(timer, struct store, round_timer);

	store->rounds_in_turn = 0;
	world_defer(store->world, &store->round_task, end_round);
}

/* Replies lead to commands, those to replies: all in one turn, up to a bound. */
static void end_round_later(struct store *store)
{
	int64_t now_us;

	if (store->round_is_due)
		return;
	store->round_is_due = true;
	now_us = world_monotonic_us(store->world);
	if (now_us != store->turn_us)
		store->rounds_in_turn = 0;
	store->turn_us = now_us;
	if (++store->rounds_in_turn <= STORE_ROUNDS_PER_TURN)
		world_defer(store->world, &store->round_task, end_round);
	else
		timer_start(store->world, &store->round_timer, 0, round_timer_fired);
}

void store_settle(struct store *store)
{
	if (store->in_transaction) {
		end_round_later(store);
	} else if (store->has_failed) {
		cache_clear(store);
		store->has_failed = false;
	}
}

/* Many rounds in one. */

void store_hold(struct store *store)
{
	BUG_IF(store->is_held);
	store->is_held = true;
	store->was_undone = false;
}

bool store_release(struct store *store, bool keep, struct error *error)
{
	bool is_kept = keep && !store->was_undone;

	BUG_IF(!store->is_held);
	store->is_held = false;
	if (store->in_transaction && is_kept)
		is_kept = statements_commit(store);
	else if (store->in_transaction)
		statements_roll_back(store);
	store->has_failed = false;
	if (keep && !is_kept && error != NULL)
		*error = store->failure;
	return !keep || is_kept;
}

/* One command without a client. */

const struct redis_reply *store_execute(struct store *store, int *database, const struct str *words,
					size_t count)
{
	struct session session = {.database = *database};
	struct call call = {.store = store,
			    .session = &session,
			    .words = words,
			    .count = count,
			    .arena = store->arena};

	arena_reset(store->arena);
	command_execute(&call);
	*database = session.database;
	store->reply = call.reply;
	store_serve_clients(store);
	return &store->reply;
}

void store_watch_writes(struct store *store, store_wrote *wrote, void *data)
{
	store->wrote = wrote;
	store->wrote_data = data;
}

void store_forget_command(struct store *store, struct str name)
{
	map_remove(store->commands, name);
}

/* Life. */

static bool open_database(struct store *store, const struct sql_options *options,
			  struct error *error)
{
	struct str path = options->path;

	store->database = sql_open(store->world, options, error);
	if (store->database == NULL || !store_keys_open(store, path, error))
		return false;
	if (cache_recover(store))
		store->last_id = store_keys_last_id(store);
	store_sweep_start(store);
	if (!store->has_failed)
		return true;
	*error = store->failure;
	return error_wrap(error, "%.*s", STR_ARG(path));
}

static struct store *create(struct world *world, const struct sql_options *options,
			    struct error *error)
{
	struct store *store = MEMORY_NEW(struct store);
	struct error failure = {ERROR_NONE, ""};

	store->world = world;
	store->commands = commands_by_name();
	store->arena = arena_create();
	cache_open(store);
	list_init(&store->blocked);
	list_init(&store->watching);
	for (size_t i = 0; i < 2; i++)
		store->rounds[i].arena = arena_create();
	if (open_database(store, options, &failure))
		return store;
	store_destroy(store);
	if (failure.kind == ERROR_UNAVAILABLE)
		error_set(error, ERROR_UNAVAILABLE,
			  "%.*s is in use by another process (a store belongs to one)",
			  STR_ARG(options->path));
	else if (error != NULL)
		*error = failure;
	return NULL;
}

struct store *store_create(struct world *world, struct str path, enum sql_durability durability,
			   struct error *error)
{
	struct sql_options options = {.path = path, .durability = durability};

	return create(world, &options, error);
}

struct store *store_open(struct world *world, struct str path, enum sql_durability durability,
			 struct error *error)
{
	struct sql_options options = {.path = path, .durability = durability, .must_exist = true};

	return create(world, &options, error);
}

void store_destroy(struct store *store)
{
	if (store == NULL)
		return;
	BUG_IF(store->clients != 0);
	timer_stop(&store->round_timer);
	timer_stop(&store->sweep_timer);
	list_remove(&store->round_task.link);
	if (store->in_transaction && store->is_held)
		statements_roll_back(store);
	if (store->database != NULL && !store->cache.must_replay) {
		store->cache.must_flush = store->in_transaction || (store->cache.logged_bytes > 0 &&
								    statements_begin(store));
		if (store->in_transaction)
			statements_commit(store); /* sent before the end, though nobody hears */
	}
	cache_close(store);
	statements_finish(store);
	if (store->database != NULL)
		sql_close(store->world, store->database);
	for (size_t i = 0; i < 2; i++) {
		vec_free(&store->rounds[i].outcomes);
		arena_destroy(store->rounds[i].arena);
	}
	arena_destroy(store->arena);
	map_destroy(store->commands);
	free(store);
}
