#include "store/command_functions_internal.h"

void transaction_forget(struct session *session)
{
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

void command_exec(struct call *call)
{
	struct session *session = call->session;
	struct items items = {0};

	if (session->multi == NULL) {
		call_reply_error(call, "ERR EXEC without MULTI");
		return;
	}
	if (session->is_spoilt)
		call_reply_error(call,
				 "EXECABORT Transaction discarded because of previous errors.");
	for (size_t i = 0; i < session->queued.count && !session->is_spoilt; i++) {
		const struct queued_command *queued = &session->queued.items[i];
		struct call part = *call;

		part.command = queued->command;
		part.words = queued->words;
		part.count = queued->count;
		part.may_wait = false;
		command_carry_out(&part);
		*call_items_add(call, &items) = part.reply;
	}
	if (!session->is_spoilt)
		call_reply_items(call, &items);
	transaction_forget(session);
}
