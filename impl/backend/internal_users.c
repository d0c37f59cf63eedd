/* End users of a service (spec/backend.md 8.5). */
#include "backend/end_users.h"
#include "backend/internal_handlers.h"
#include "backend/keys.h"
#include "base/arena.h"

static struct str name_of(const struct internal_call *call)
{
	return internal_path(call, STR("user"));
}

static struct str names_of(struct internal_call *call)
{
	return key_service(call->arena, internal_service(call), STR("user_set"));
}

static void forget(struct internal_call *call, struct str name)
{
	internal_forget(call, &end_user_kind, internal_service(call), name);
}

static void refuse(struct internal_call *call, enum api_error_code code)
{
	struct api_error error = {.code = code};

	internal_answer_with(call, 400, STR("error"), STR("error"),
			     json_new_str(call->arena, api_error_message(call->arena, &error)));
}

static void ask_service(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("EXISTS"),
		     key_service(call->arena, internal_service(call), STR("provider_key")));
}

/* The first reply says whether the service exists. */
static bool has_service(struct internal_call *call)
{
	if (reply_is_true(internal_reply(call, 0)))
		return true;
	refuse(call, API_USER_REQUIRES_VALID_SERVICE);
	return false;
}

/* Reading. */

static struct json *user_object(struct internal_call *call)
{
	struct json *user = json_new(call->arena, JSON_OBJECT);

	internal_set(call, user, STR("service_id"), internal_service(call));
	internal_set(call, user, STR("username"), name_of(call));
	return user;
}

static void read_found(struct internal_call *call)
{
	struct json *object = user_object(call);
	struct end_user user;

	end_user_read(&user, internal_service(call), name_of(call), internal_reply(call, 0));
	if (!user.exists) {
		internal_not_found(call, STR("user not found"));
		return;
	}
	internal_set(call, object, STR("state"), user.state);
	internal_set(call, object, STR("plan_id"), user.plan_id);
	internal_set(call, object, STR("plan_name"), user.plan_name);
	internal_answer_with(call, 200, STR("found"), STR("user"), object);
}

void internal_user_read(struct internal_call *call)
{
	end_user_ask(internal_batch(call), call->backend->storage, internal_service(call),
		     name_of(call));
	internal_then(call, read_found);
}

/* Saving: a user has a plan of its own. */

struct save_state {
	const struct json *sent;
	bool is_update;
};

/* A user without a state could not be told from none. */
static struct str state_of(const struct json *sent)
{
	struct str state = internal_text(sent, STR("state"));

	return state.size > 0 ? state : STR("active");
}

static void save_answer(struct internal_call *call)
{
	const struct save_state *state = call->state;
	struct json *user = user_object(call);

	forget(call, name_of(call));
	internal_set(call, user, STR("state"), state_of(state->sent));
	internal_echo(call, user, state->sent, STR("plan_id"));
	internal_echo(call, user, state->sent, STR("plan_name"));
	internal_answer_with(call, state->is_update ? 200 : 201,
			     state->is_update ? STR("modified") : STR("created"), STR("user"),
			     user);
}

static void save_checked(struct internal_call *call)
{
	const struct save_state *state = call->state;
	struct end_user user = {
		.service = internal_service(call),
		.name = name_of(call),
		.state = state_of(state->sent),
		.plan_id = internal_text(state->sent, STR("plan_id")),
		.plan_name = internal_text(state->sent, STR("plan_name")),
	};

	if (!has_service(call))
		return;
	if (user.plan_id.size == 0 || user.plan_name.size == 0) {
		refuse(call, API_USER_REQUIRES_DEFINED_PLAN);
		return;
	}
	end_user_save(internal_batch(call), call->backend, &user);
	internal_then(call, save_answer);
}

static void save(struct internal_call *call, bool is_update)
{
	struct save_state *state = ARENA_NEW(call->arena, struct save_state);

	state->sent = internal_object(call, STR("user"));
	if (state->sent == NULL)
		return;
	state->is_update = is_update;
	call->state = state;
	if (str_trim(name_of(call)).size == 0) {
		refuse(call, API_USER_REQUIRES_USERNAME);
		return;
	}
	if (str_trim(internal_service(call)).size == 0) {
		refuse(call, API_USER_REQUIRES_SERVICE_ID);
		return;
	}
	ask_service(call);
	internal_then(call, save_checked);
}

void internal_user_create(struct internal_call *call)
{
	save(call, false);
}

void internal_user_update(struct internal_call *call)
{
	save(call, true);
}

/* Deleting one, or all. */

static void delete_answer(struct internal_call *call)
{
	const struct redis_reply *names = call->state;

	for (size_t i = 0; i < names->count; i++)
		forget(call, reply_item(names, i));
	internal_answer_status(call, 200, STR("deleted"));
}

static void delete_names(struct internal_call *call, struct redis_reply *names)
{
	internal_batch(call);
	for (size_t i = 0; i < names->count; i++) {
		INTERNAL_ASK(call, STR("SREM"), names_of(call), reply_item(names, i));
		INTERNAL_ASK(
			call, STR("DEL"),
			key_end_user(call->arena, internal_service(call), reply_item(names, i)));
	}
	call->state = names;
	internal_then(call, delete_answer);
}

static void delete_checked(struct internal_call *call)
{
	struct redis_reply *one = ARENA_NEW(call->arena, struct redis_reply);
	struct redis_reply *names = ARENA_NEW(call->arena, struct redis_reply);

	if (!has_service(call))
		return;
	*one = (struct redis_reply){.kind = REDIS_STRING, .text = name_of(call)};
	*names = (struct redis_reply){.kind = REDIS_ARRAY, .items = one, .count = 1};
	delete_names(call, names);
}

void internal_user_delete(struct internal_call *call)
{
	ask_service(call);
	internal_then(call, delete_checked);
}

static void delete_listed(struct internal_call *call)
{
	if (has_service(call))
		delete_names(call, &call->batch.replies[1]);
}

void internal_users_delete(struct internal_call *call)
{
	ask_service(call);
	INTERNAL_ASK(call, STR("SMEMBERS"), names_of(call));
	internal_then(call, delete_listed);
}
