#include "store/sentinel.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/list.h"
#include "base/secret.h"
#include "store/sentinel_search.h"
#include "world/clock.h"
#include "world/redis_transaction.h"
#include "world/redis_url.h"

#define CONNECT_TIMEOUT_DEFAULT_MS 5000 /* spec/backend.md 9.3 */

enum state {
	CLIENT_IDLE,      /* no node; the next command looks for one */
	CLIENT_ASKING,    /* the Sentinels are asked for it */
	CLIENT_VERIFYING, /* the node is asked for its role */
	CLIENT_READY,
	CLIENT_LEAVING, /* the node will not do; what it was sent is still to be answered */
};

enum flight_state {
	FLIGHT_WAITING,  /* for a node */
	FLIGHT_SENT,     /* to the node */
	FLIGHT_ANSWERED, /* but one before it is not */
};

/* A command on its way. Its words lie behind the struct. */
struct flight {
	struct list_link link; /* in client->flights, in their order */
	struct client *client;
	redis_replied *replied;
	void *data;
	enum flight_state state;
	bool may_repeat;            /* it was not yet, and is no part of a transaction */
	struct arena *answer_arena; /* FLIGHT_ANSWERED */
	struct redis_reply answer;
	size_t count;
	struct str words[];
};

struct client {
	struct redis_client public; /* first */
	struct world *world;
	struct arena *arena;
	struct redis_place node_place; /* its host is the group's name */
	struct str role;
	struct redis_options node_options;

	struct sentinel_search search;
	enum state state;
	struct redis_client *node;
	struct list_link flights;
	size_t sent; /* flights that the node has to answer */
	struct redis_transaction transaction;
	uint64_t searches; /* how often a node was given up */
	struct timer timeout;
	struct task task;
	int busy;
	bool is_closed;
};

static void client_free(struct client *client)
{
	if (client->node_place.password.size > 0)
		secret_wipe((char *)(uintptr_t)client->node_place.password.data,
			    client->node_place.password.size);
	arena_destroy(client->arena);
	free(client);
}

static void client_enter(struct client *client)
{
	client->busy++;
}

static void client_leave(struct client *client)
{
	if (--client->busy == 0 && client->is_closed)
		client_free(client);
}

/* Answers, in the order of the commands. */

static struct redis_reply reply_copy(struct arena *arena, const struct redis_reply *reply)
{
	struct redis_reply copy = *reply, *items;

	copy.text = str_copy(arena, reply->text);
	if (reply->kind != REDIS_ARRAY)
		return copy;
	items = ARENA_ARRAY(arena, struct redis_reply, reply->count + 1);
	for (size_t i = 0; i < reply->count; i++) /* Redis nests them a few levels at most */
		items[i] = reply_copy(arena, &reply->items[i]);
	copy.items = items;
	return copy;
}

static void flight_end(struct flight *flight, const struct redis_reply *reply)
{
	list_remove(&flight->link);
	if (flight->replied != NULL)
		flight->replied(reply, flight->data);
	arena_destroy(flight->answer_arena);
	free(flight);
}

/* Those that were answered out of turn, up to the first that was not. */
static void deliver_answered(struct client *client)
{
	struct list_link *link;

	while ((link = list_first(&client->flights)) != NULL) {
		struct flight *flight = LIST_ENTRY(link, struct flight, link);

		if (flight->state != FLIGHT_ANSWERED)
			return;
		flight_end(flight, &flight->answer);
	}
}

static void flight_settle(struct flight *flight, const struct redis_reply *reply)
{
	struct client *client = flight->client;

	if (list_first(&client->flights) != &flight->link) {
		flight->state = FLIGHT_ANSWERED;
		flight->answer_arena = arena_create();
		flight->answer = reply_copy(flight->answer_arena, reply);
		return;
	}
	flight_end(flight, reply);
	deliver_answered(client);
}

/* The end of a search, and of a node. */

static void close_node(struct client *client)
{
	struct redis_client *node = client->node;

	client->node = NULL;
	redis_close(node);
}

static void stop_searching(struct client *client)
{
	timer_stop(&client->timeout);
	sentinel_search_stop(&client->search);
	client->state = CLIENT_IDLE;
	close_node(client);
}

static void turn_ended(struct task *task);

static void client_step_later(struct client *client)
{
	world_defer(client->world, &client->task, turn_ended);
}

/* Nobody was found: those who wait are told. What they send meanwhile begins a new search. */
static void client_fail(struct client *client, struct str why)
{
	struct arena *scratch = arena_create();
	struct redis_reply lost = {
		.kind = REDIS_LOST, .text = str_copy(scratch, why), .never_left = true};
	size_t failed = 0;

	stop_searching(client);
	client->searches++;
	LIST_EACH (link, &client->flights)
		failed++;
	while (failed-- > 0 && !client->is_closed) {
		struct flight *flight =
			LIST_ENTRY(list_first(&client->flights), struct flight, link);

		flight_end(flight, flight->state == FLIGHT_ANSWERED ? &flight->answer : &lost);
	}
	arena_destroy(scratch);
}

static void timeout_fired(struct timer *timer)
{
	struct client *client = LIST_ENTRY(timer, struct client, timeout);

	client_enter(client);
	if (client->state == CLIENT_LEAVING)
		close_node(client); /* what it was to answer is lost */
	else
		client_fail(client, STR("connection timed out"));
	client_leave(client);
}

/* The node will not do. What it was sent before may still be answered. */
static void leave_node(struct client *client)
{
	if (client->state != CLIENT_READY)
		return;
	client->state = CLIENT_LEAVING;
	client->searches++;
	timer_start(client->world, &client->timeout, client->node_options.connect_timeout_ms * 1000,
		    timeout_fired);
}

/* Commands. */

/* Errors by which a node says that it did not carry a command out and is no master (any more, or
 * not yet), and whether the command is worth a second try. */
static const struct {
	struct str prefix;
	bool repeats;
} refusals[] = {
	{STR_INIT("READONLY "), true},
	{STR_INIT("UNBLOCKED "), true},
	{STR_INIT("LOADING "), false},
	{STR_INIT("MASTERDOWN "), false},
};

/* Is the node to be left for this reply? *repeats: the command was not carried out. */
static bool says_wrong_node(const struct client *client, const struct redis_reply *reply,
			    bool *repeats)
{
	*repeats = reply->kind == REDIS_LOST && reply->never_left;
	if (reply->kind == REDIS_LOST)
		return true;
	if (reply->kind != REDIS_ERROR || client->search.wants_replica)
		return false;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		*repeats = refusals[i].repeats;
		if (str_has_prefix(reply->text, refusals[i].prefix))
			return true;
	}
	*repeats = false;
	return false;
}

static void flight_replied(const struct redis_reply *reply, void *data)
{
	struct flight *flight = data;
	struct client *client = flight->client;
	bool repeats;

	if (client->is_closed) /* who waits is told by client_close() */
		return;
	client_enter(client);
	client->sent--;
	if (says_wrong_node(client, reply, &repeats))
		leave_node(client);
	if (repeats && flight->may_repeat) {
		flight->state = FLIGHT_WAITING;
		flight->may_repeat = false;
	} else {
		flight_settle(flight, reply);
	}
	if (client->state == CLIENT_LEAVING && client->sent == 0 && !client->is_closed)
		client_step_later(client);
	client_leave(client);
}

static void flight_send(struct flight *flight)
{
	flight->state = FLIGHT_SENT;
	flight->client->sent++;
	redis_send(flight->client->node, flight->words, flight->count, flight_replied, flight);
}

/* The node. */

static void node_is_ready(struct client *client)
{
	client->state = CLIENT_READY;
	timer_stop(&client->timeout);
	LIST_EACH (link, &client->flights) {
		struct flight *flight = LIST_ENTRY(link, struct flight, link);

		if (flight->state == FLIGHT_WAITING)
			flight_send(flight);
	}
}

static void role_answered(const struct redis_reply *reply, void *data)
{
	struct client *client = data;
	struct str wanted = client->search.wants_replica ? STR("slave") : STR("master"), found;
	struct arena *scratch;

	if (client->is_closed || client->state != CLIENT_VERIFYING)
		return;
	client_enter(client);
	scratch = arena_create();
	found = reply->kind == REDIS_ARRAY && reply->count > 0 ? reply->items[0].text : STR("");
	if (str_equal(found, wanted))
		node_is_ready(client);
	else if (reply->kind == REDIS_LOST || reply->kind == REDIS_ERROR)
		client_fail(client, reply->text);
	else
		client_fail(client,
			    str_format(scratch, "Instance role mismatch. Expected %.*s, got %.*s.",
				       STR_ARG(wanted), STR_ARG(found)));
	arena_destroy(scratch);
	client_leave(client);
}

static void open_node(struct client *client, struct str host, uint16_t port)
{
	struct redis_place place = client->node_place;
	struct redis_options options = client->node_options;
	struct arena *scratch = arena_create();
	struct error error = {ERROR_NONE, ""};

	place.host = host;
	place.port = port;
	options.url = redis_place_url(&place, scratch);
	client->node = redis_open(client->world, &options, &error);
	client->state = CLIENT_VERIFYING;
	if (client->node != NULL)
		REDIS_SEND(client->node, role_answered, client, STR("ROLE"));
	else
		client_fail(client, str_from(error.text));
	arena_destroy(scratch);
}

static void search_ended(struct str host, uint16_t port, void *data)
{
	struct client *client = data;

	client_enter(client);
	if (host.size > 0)
		open_node(client, host, port);
	else
		client_fail(client, STR("No sentinels available."));
	client_leave(client);
}

static void begin_search(struct client *client)
{
	struct arena *scratch;

	if (!client->search.wants_replica && !str_equal(client->role, STR("master"))) {
		scratch = arena_create();
		client_fail(client, str_format(scratch, "Unknown instance role %.*s",
					       STR_ARG(client->role)));
		arena_destroy(scratch);
		return;
	}
	client->state = CLIENT_ASKING;
	timer_start(client->world, &client->timeout, client->node_options.connect_timeout_ms * 1000,
		    timeout_fired);
	sentinel_search_begin(&client->search);
}

/* What was begun in a turn is done at its end: a node is left, another looked for. */
static void turn_ended(struct task *task)
{
	struct client *client = LIST_ENTRY(task, struct client, task);

	client_enter(client);
	if (client->state == CLIENT_LEAVING && client->sent == 0)
		stop_searching(client);
	if (client->state == CLIENT_IDLE && !list_is_empty(&client->flights))
		begin_search(client);
	client_leave(client);
}

/* The owner's side. */

static struct flight *flight_create(struct client *client, const struct str *words, size_t count)
{
	size_t head = sizeof(struct flight) + count * sizeof *words, size = head;
	struct flight *flight;
	char *room;

	for (size_t i = 0; i < count; i++)
		size += words[i].size;
	flight = memory_alloc(size);
	flight->client = client;
	flight->count = count;
	room = (char *)flight + head;
	for (size_t i = 0; i < count; i++) {
		if (words[i].size > 0)
			memcpy(room, words[i].data, words[i].size);
		flight->words[i] = str_of(room, words[i].size);
		room += words[i].size;
	}
	return flight;
}

static void launch(struct client *client, const struct str *words, size_t count,
		   redis_replied *replied, void *data)
{
	struct flight *flight = flight_create(client, words, count);

	flight->replied = replied;
	flight->data = data;
	flight->may_repeat =
		!client->transaction.is_open && !str_equal_nocase(words[0], STR("EXEC"));
	list_append(&client->flights, &flight->link);
	if (client->state == CLIENT_READY)
		flight_send(flight);
	else if (client->state == CLIENT_IDLE)
		client_step_later(client);
}

static void client_send(struct redis_client *public, const struct str *words, size_t count,
			redis_replied *replied, void *data)
{
	struct client *client = (struct client *)public;
	struct str spoiler = REDIS_TRANSACTION_SPOILER;
	bool is_spoilt;

	BUG_IF(client->is_closed || count == 0);
	is_spoilt = redis_transaction_note(&client->transaction, words[0], client->searches);
	launch(client, words, count, replied, data);
	if (is_spoilt)
		launch(client, &spoiler, 1, NULL, NULL);
}

static void client_close(struct redis_client *public)
{
	static const struct redis_reply closed = {.kind = REDIS_LOST, .text = STR_INIT("closed")};
	struct client *client = (struct client *)public;
	struct list_link *link;

	BUG_IF(client->is_closed);
	client_enter(client);
	client->is_closed = true;
	timer_stop(&client->timeout);
	list_remove(&client->task.link);
	close_node(client);
	sentinel_search_close(&client->search);
	while ((link = list_first(&client->flights)) != NULL) {
		struct flight *flight = LIST_ENTRY(link, struct flight, link);

		flight_end(flight, flight->state == FLIGHT_ANSWERED ? &flight->answer : &closed);
	}
	client_leave(client);
}

static const struct redis_client_ops client_ops = {.send = client_send, .close = client_close};

static bool read_options(struct client *client, const struct sentinel_options *options,
			 struct error *error)
{
	struct sentinel_search *search = &client->search;

	if (!redis_place_read(options->url, client->arena, &client->node_place, error))
		return false;
	if (client->node_place.host.size == 0)
		return error_set(error, ERROR_INVALID,
				 "a Redis URL with sentinels names the group they watch");
	search->world = client->world;
	search->group = client->node_place.host;
	search->wants_replica = str_equal(client->role, STR("slave"));
	search->ended = search_ended;
	search->data = client;
	return sentinel_search_init(search, options, client->node_options.connect_timeout_ms,
				    client->arena, error);
}

struct redis_client *sentinel_open(struct world *world, const struct sentinel_options *options,
				   struct error *error)
{
	struct client *client = MEMORY_NEW(struct client);

	client->public.ops = &client_ops;
	client->world = world;
	client->arena = arena_create();
	list_init(&client->flights);
	client->role =
		options->role.size > 0 ? str_copy(client->arena, options->role) : STR("master");
	client->node_options = (struct redis_options){
		.connect_timeout_ms = options->connect_timeout_ms > 0 ? options->connect_timeout_ms
								      : CONNECT_TIMEOUT_DEFAULT_MS,
		.command_timeout_ms = options->command_timeout_ms,
		.write_timeout_ms = options->write_timeout_ms,
		.connects_once = true,
	};
	if (read_options(client, options, error))
		return &client->public;
	client_free(client);
	return NULL;
}
