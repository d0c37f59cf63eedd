/* Clients of the embedded store: what a connection is to a Redis.
 *
 * A command is carried out when it is sent; what waits is only its reply, for the commit. A
 * blocking command that finds nothing makes its client wait: it and the commands behind it are
 * kept, and it is tried again whenever a list has appeared or grown.
 */
#include "base/bug.h"
#include "store/commands_internal.h"

struct kept_command {
	const struct str *words;
	size_t count;
	redis_replied *replied;
	void *data;
};

struct client {
	struct redis_client public; /* first */
	struct store *store;
	struct session session;
	struct list_link link; /* in store->blocked, while the first kept command waits */
	struct timer timer;    /* until its time is over */
	struct arena *arena;   /* of the kept commands; NULL: there are none */
	VEC(struct kept_command) kept;
	size_t kept_first;
};

static void settle_command(struct client *client, const struct kept_command *command,
			   const struct redis_reply *reply)
{
	struct outcome outcome = {.client = client,
				  .replied = command->replied,
				  .data = command->data,
				  .reply = *reply,
				  .needs_commit = client->store->in_transaction};

	if (command->replied != NULL)
		store_add_outcome(client->store, &outcome);
}

/* False when the command has to wait: for *wait_us, 0 for ever. */
static bool carry_out(struct client *client, const struct kept_command *command, bool is_retry,
		      int64_t *wait_us)
{
	struct call call = {.store = client->store,
			    .session = &client->session,
			    .words = command->words,
			    .count = command->count,
			    .arena = store_round_arena(client->store),
			    .may_wait = true,
			    .is_retry = is_retry};

	command_execute(&call);
	/* When the file has failed, the next try may succeed. */
	if (call.has_to_wait || (is_retry && call.reply.kind == REDIS_ERROR &&
				 str_has_prefix(call.reply.text, STR("MISCONF")))) {
		*wait_us = call.wait_us;
		return false;
	}
	settle_command(client, command, &call.reply);
	return true;
}

/* Kept commands. */

static void keep(struct client *client, const struct kept_command *command)
{
	struct kept_command copy = *command;
	struct str *words;

	if (client->arena == NULL)
		client->arena = arena_create();
	words = ARENA_ARRAY(client->arena, struct str, command->count);
	for (size_t i = 0; i < command->count; i++)
		words[i] = str_copy(client->arena, command->words[i]);
	copy.words = words;
	vec_push(&client->kept, copy);
}

static bool has_kept(const struct client *client)
{
	return client->kept_first < client->kept.count;
}

static void drop_first_kept(struct client *client)
{
	client->kept_first++;
	if (has_kept(client))
		return;
	client->kept.count = client->kept_first = 0;
	arena_destroy(client->arena);
	client->arena = NULL;
}

static void time_is_over(struct timer *timer);

static void block(struct client *client, int64_t wait_us)
{
	list_append(&client->store->blocked, &client->link);
	if (wait_us > 0)
		timer_start(client->store->world, &client->timer, wait_us, time_is_over);
}

/* The first kept command has its reply; those behind it follow until one has to wait again. */
static void unblock(struct client *client)
{
	int64_t wait_us;

	list_remove(&client->link);
	timer_stop(&client->timer);
	drop_first_kept(client);
	while (has_kept(client)) {
		if (!carry_out(client, &client->kept.items[client->kept_first], false, &wait_us)) {
			block(client, wait_us);
			return;
		}
		drop_first_kept(client);
	}
}

static void time_is_over(struct timer *timer)
{
	static const struct redis_reply nothing = {.kind = REDIS_NIL};
	struct client *client = LIST_ENTRY(timer, struct client, timer);
	struct store *store = client->store;

	settle_command(client, &client->kept.items[client->kept_first], &nothing);
	unblock(client);
	store_serve_clients(store);
}

/* The longest waiting come first; a served client may push, and wait again. */
void store_serve_clients(struct store *store)
{
	int64_t wait_us;

	while (store->was_pushed) {
		store->was_pushed = false;
		LIST_EACH (link, &store->blocked) {
			struct client *client = LIST_ENTRY(link, struct client, link);

			if (carry_out(client, &client->kept.items[client->kept_first], true,
				      &wait_us))
				unblock(client);
		}
	}
}

/* The owner's side. */

static void client_send(struct redis_client *public, const struct str *words, size_t count,
			redis_replied *replied, void *data)
{
	struct client *client = (struct client *)public;
	struct kept_command command = {words, count, replied, data};
	int64_t wait_us;

	if (has_kept(client)) {
		keep(client, &command);
		return;
	}
	if (!carry_out(client, &command, false, &wait_us)) {
		keep(client, &command);
		block(client, wait_us);
	}
	store_serve_clients(client->store);
}

static const struct redis_reply CLOSED = {.kind = REDIS_LOST, .text = STR_INIT("closed")};

/* By index: what is told may send for other clients. */
static void lose_outcomes(struct client *client, struct round *round)
{
	for (size_t i = round->delivered; i < round->outcomes.count; i++) {
		struct outcome outcome = round->outcomes.items[i];

		if (outcome.client != client)
			continue;
		round->outcomes.items[i].client = NULL;
		outcome.replied(&CLOSED, outcome.data);
	}
}

static void client_close(struct redis_client *public)
{
	struct client *client = (struct client *)public;
	struct store *store = client->store;
	int gathering = store->gathering;

	list_remove(&client->link);
	timer_stop(&client->timer);
	lose_outcomes(client, &store->rounds[1 - gathering]);
	lose_outcomes(client, &store->rounds[gathering]);
	for (size_t i = client->kept_first; i < client->kept.count; i++)
		if (client->kept.items[i].replied != NULL)
			client->kept.items[i].replied(&CLOSED, client->kept.items[i].data);
	store->clients--;
	transaction_forget(&client->session);
	vec_free(&client->kept);
	arena_destroy(client->arena);
	free(client);
}

static const struct redis_client_ops client_ops = {
	.send = client_send,
	.close = client_close,
};

struct redis_client *store_client(struct store *store, int database)
{
	struct client *client = MEMORY_NEW(struct client);

	BUG_IF(database < 0 || database >= STORE_DATABASES);
	client->public.ops = &client_ops;
	client->store = store;
	client->session.database = database;
	client->session.is_client = true;
	store->clients++;
	return &client->public;
}
