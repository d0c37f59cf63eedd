#include "store/cache_internal.h"
#include "store/command_functions_internal.h"

/* Watched keys. */

static void unwatch(struct session *session)
{
	arena_destroy(session->watch);
	vec_free(&session->watched);
	list_remove(&session->watching);
	session->watch = NULL;
	session->is_touched = false;
}

void transaction_touch(struct store *store, int database, struct str name)
{
	LIST_EACH (link, &store->watching) {
		struct session *session = LIST_ENTRY(link, struct session, watching);

		for (size_t i = 0; i < session->watched.count; i++) {
			const struct watched_key *watched = &session->watched.items[i];

			if (watched->database == database && str_equal(watched->name, name))
				session->is_touched = true;
		}
	}
}

static bool is_there(struct call *call, int database, struct str name)
{
	const struct cached_key *cached = cache_find(call->store, database, name);

	return cached->type != KEY_NONE && cached->expires_ms >= call->now_ms;
}

void transaction_touch_all(struct store *store, int database)
{
	LIST_EACH (link, &store->watching) {
		struct session *session = LIST_ENTRY(link, struct session, watching);

		for (size_t i = 0; i < session->watched.count; i++) {
			const struct watched_key *watched = &session->watched.items[i];

			if (watched->database == database &&
			    cache_find(store, database, watched->name)->type != KEY_NONE)
				session->is_touched = true;
		}
	}
}

void command_watch(struct call *call)
{
	struct session *session = call->session;

	if (!session->is_client) {
		call_reply_error(call, "ERR WATCH needs a connection");
		return;
	}
	if (session->multi != NULL) {
		call_reply_error(call, "ERR WATCH inside MULTI is not allowed");
		return;
	}
	if (session->watch == NULL) {
		session->watch = arena_create();
		list_append(&call->store->watching, &session->watching);
	}
	for (size_t i = 1; i < call->count; i++) {
		struct str name = str_copy(session->watch, call->words[i]);

		vec_push(&session->watched,
			 ((struct watched_key){session->database, name,
					       is_there(call, session->database, name)}));
	}
	call_reply_ok(call);
}

void command_unwatch(struct call *call)
{
	unwatch(call->session);
	call_reply_ok(call);
}

/* A key whose time was over has changed, too. */
static bool is_touched(struct call *call)
{
	const struct session *session = call->session;

	for (size_t i = 0; i < session->watched.count; i++) {
		const struct watched_key *watched = &session->watched.items[i];

		if (watched->was_there && !is_there(call, watched->database, watched->name))
			return true;
	}
	return session->is_touched;
}

/* What waits for EXEC. */

void transaction_forget(struct session *session)
{
	unwatch(session);
	arena_destroy(session->multi);
	vec_free(&session->queued);
	session->multi = NULL;
	session->is_spoilt = false;
}

void transaction_queue(struct call *call)
{
	struct session *session = call->session;
	struct str *words = ARENA_ARRAY(session->multi, struct str, call->count);

	for (size_t i = 0; i < call->count; i++)
		words[i] = str_copy(session->multi, call->words[i]);
	vec_push(&session->queued,
		 ((struct queued_command){
			 .command = call->command, .words = words, .count = call->count}));
	call_reply_status(call, "QUEUED");
}

void command_multi(struct call *call)
{
	if (!call->session->is_client) {
		call_reply_error(call, "ERR MULTI needs a connection");
		return;
	}
	if (call->session->multi != NULL) {
		call_reply_error(call, "ERR MULTI calls can not be nested");
		return;
	}
	call->session->multi = arena_create();
	call_reply_ok(call);
}

void command_discard(struct call *call)
{
	if (call->session->multi == NULL) {
		call_reply_error(call, "ERR DISCARD without MULTI");
		return;
	}
	transaction_forget(call->session);
	call_reply_ok(call);
}

static void run_queued(struct call *call)
{
	struct session *session = call->session;
	struct items items = {0};

	for (size_t i = 0; i < session->queued.count; i++) {
		const struct queued_command *queued = &session->queued.items[i];
		struct call part = *call;

		part.command = queued->command;
		part.words = queued->words;
		part.count = queued->count;
		part.may_wait = false;
		command_carry_out(&part);
		*call_items_add(call, &items) = part.reply;
	}
	call_reply_items(call, &items);
}

void command_exec(struct call *call)
{
	struct session *session = call->session;

	if (session->multi == NULL) {
		call_reply_error(call, "ERR EXEC without MULTI");
		return;
	}
	if (session->is_spoilt)
		call_reply_error(call,
				 "EXECABORT Transaction discarded because of previous errors.");
	else if (is_touched(call))
		call_reply_nil(call);
	else
		run_queued(call);
	transaction_forget(session);
}
