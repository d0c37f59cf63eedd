/* Applications and user keys (spec/backend.md 8.4). */
#include "backend/application.h"
#include "backend/internal_handlers.h"
#include "backend/keys.h"
#include "base/arena.h"

#define NOT_FOUND STR("application not found")

static struct str service_of(const struct internal_call *call)
{
	return internal_path(call, STR("service_id"));
}

static struct str id_of(const struct internal_call *call)
{
	return internal_path(call, STR("application_id"));
}

static struct str key_of(const struct internal_call *call, struct str attribute)
{
	return key_application(call->arena, service_of(call), id_of(call), attribute);
}

static void forget(struct internal_call *call)
{
	internal_forget(call, &application_kind, service_of(call), id_of(call));
}

/* Reading. */

static void read_found(struct internal_call *call)
{
	struct application read;
	struct json *object = json_new(call->arena, JSON_OBJECT);

	application_read(&read, call->arena, service_of(call), id_of(call), call->batch.replies);
	if (!read.exists) {
		internal_not_found(call, NOT_FOUND);
		return;
	}
	internal_set(call, object, STR("service_id"), read.service);
	internal_set(call, object, STR("id"), read.id);
	internal_set(call, object, STR("state"), read.state);
	internal_set(call, object, STR("plan_id"), read.plan_id);
	internal_set(call, object, STR("plan_name"), read.plan_name);
	internal_set(call, object, STR("redirect_url"), read.redirect_url);
	json_set(object, STR("user_required"), json_new_bool(call->arena, read.user_required));
	internal_answer_with(call, 200, STR("found"), STR("application"), object);
}

void internal_application_read(struct internal_call *call)
{
	application_ask(internal_batch(call), call->backend->storage, service_of(call),
			id_of(call));
	internal_then(call, read_found);
}

/* Saving: what is null or left out keeps what is stored (6.2). */

struct save_state {
	const struct json *sent;
	bool existed, is_update;
};

static void save_answer(struct internal_call *call)
{
	static const struct str echoed[] = {STR_INIT("state"), STR_INIT("plan_id"),
					    STR_INIT("plan_name"), STR_INIT("redirect_url")};
	const struct save_state *state = call->state;
	struct json *object = json_new(call->arena, JSON_OBJECT);
	bool user_required = json_bool(json_get(state->sent, STR("user_required")), false);

	forget(call);
	internal_set(call, object, STR("service_id"), service_of(call));
	internal_set(call, object, STR("id"), id_of(call));
	for (size_t i = 0; i < sizeof echoed / sizeof *echoed; i++)
		internal_echo(call, object, state->sent, echoed[i]);
	json_set(object, STR("user_required"), json_new_bool(call->arena, user_required));
	internal_answer_with(call, state->is_update ? 200 : 201,
			     state->existed ? STR("modified") : STR("created"), STR("application"),
			     object);
}

static void write_attribute(struct internal_call *call, const struct json *sent, struct str name)
{
	struct str text = internal_text(sent, name);

	if (text.data != NULL)
		INTERNAL_ASK(call, STR("SET"), key_of(call, name), text);
}

static void save_found(struct internal_call *call)
{
	struct save_state *state = call->state;
	bool user_required = json_bool(json_get(state->sent, STR("user_required")), false);

	state->existed = reply_is_true(internal_reply(call, 0));
	if (state->existed && !state->is_update) {
		internal_answer_with(
			call, 405, STR("exists"), STR("error"),
			json_new_str(call->arena,
				     STR("application cannot be created, exists already")));
		return;
	}
	if (internal_text(state->sent, STR("state")).size == 0) {
		struct api_error error = {API_APPLICATION_HAS_NO_STATE, id_of(call), STR_INIT("")};

		internal_answer_with(
			call, 400, STR("bad_request"), STR("error"),
			json_new_str(call->arena, api_error_message(call->arena, &error)));
		return;
	}
	write_attribute(call, state->sent, STR("state"));
	write_attribute(call, state->sent, STR("plan_id"));
	write_attribute(call, state->sent, STR("plan_name"));
	write_attribute(call, state->sent, STR("redirect_url"));
	INTERNAL_ASK(call, STR("SET"), key_of(call, STR("user_required")),
		     user_required ? STR("1") : STR("0"));
	INTERNAL_ASK(call, STR("SADD"), key_service_applications(call->arena, service_of(call)),
		     id_of(call));
	internal_then(call, save_answer);
}

static void save(struct internal_call *call, bool is_update)
{
	struct save_state *state = ARENA_NEW(call->arena, struct save_state);

	state->sent = internal_object(call, STR("application"));
	if (state->sent == NULL)
		return;
	state->is_update = is_update;
	call->state = state;
	INTERNAL_ASK(call, STR("EXISTS"), key_of(call, STR("state")));
	internal_then(call, save_found);
}

void internal_application_create(struct internal_call *call)
{
	save(call, false);
}

void internal_application_update(struct internal_call *call)
{
	save(call, true);
}

/* Deleting: keys, filters, user keys and counters stay (6.2). */

static void delete_answer(struct internal_call *call)
{
	forget(call);
	internal_answer_status(call, 200, STR("deleted"));
}

static void delete_found(struct internal_call *call)
{
	if (!reply_is_true(internal_reply(call, 0))) {
		internal_not_found(call, NOT_FOUND);
		return;
	}
	INTERNAL_ASK(call, STR("DEL"), key_of(call, STR("state")), key_of(call, STR("plan_id")),
		     key_of(call, STR("plan_name")), key_of(call, STR("redirect_url")),
		     key_of(call, STR("user_required")));
	INTERNAL_ASK(call, STR("SREM"), key_service_applications(call->arena, service_of(call)),
		     id_of(call));
	internal_then(call, delete_answer);
}

void internal_application_delete(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("EXISTS"), key_of(call, STR("state")));
	internal_then(call, delete_found);
}

/* User keys. */

static struct str user_key_of(const struct internal_call *call)
{
	return key_user_key(call->arena, service_of(call), internal_path(call, STR("user_key")));
}

static void forget_user_key(struct internal_call *call)
{
	internal_forget(call, &user_key_kind, service_of(call),
			internal_path(call, STR("user_key")));
}

static void answer_id(struct internal_call *call, struct str word, struct str id)
{
	struct json *object = json_new(call->arena, JSON_OBJECT);

	internal_set(call, object, STR("id"), id);
	internal_answer_with(call, 200, word, STR("application"), object);
}

static void user_key_found(struct internal_call *call)
{
	struct str id = reply_text(internal_reply(call, 0));

	if (id.data == NULL)
		internal_not_found(call, STR("application key not found"));
	else
		answer_id(call, STR("found"), id);
}

void internal_user_key_read(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("GET"), user_key_of(call));
	internal_then(call, user_key_found);
}

static void user_key_set(struct internal_call *call)
{
	forget_user_key(call);
	answer_id(call, STR("modified"), id_of(call));
}

/* The application need not exist. */
void internal_user_key_set(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("SET"), user_key_of(call), id_of(call));
	internal_then(call, user_key_set);
}

static void user_key_deleted(struct internal_call *call)
{
	forget_user_key(call);
	internal_answer_status(call, 200, STR("deleted"));
}

void internal_user_key_delete(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("DEL"), user_key_of(call));
	internal_then(call, user_key_deleted);
}
