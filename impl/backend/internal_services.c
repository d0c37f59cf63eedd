/* Services (spec/backend.md 8.2). */
#include "backend/internal_handlers.h"
#include "backend/keys.h"
#include "backend/profile.h"
#include "backend/service.h"
#include "base/arena.h"

/* What a handler knows so far. */
struct service_state {
	const struct json *sent; /* NULL: nothing was */
	bool is_update;
	struct str id;
	struct service stored, chosen; /* before, and as it is saved */
	bool is_default;
};

static struct service_state *begin(struct internal_call *call, struct str id)
{
	struct service_state *state = ARENA_NEW(call->arena, struct service_state);

	state->id = id;
	call->state = state;
	return state;
}

static struct json *service_object(struct internal_call *call, const struct service *service,
				   bool is_default)
{
	struct json *object = json_new(call->arena, JSON_OBJECT);

	internal_set(call, object, STR("id"), service->id);
	internal_set(call, object, STR("state"),
		     service->is_active ? STR("active") : STR("suspended"));
	internal_set(call, object, STR("provider_key"), service->provider_key);
	internal_set(call, object, STR("backend_version"), service->backend_version);
	internal_set_bool(call, object, STR("referrer_filters_required"),
			  service->referrer_filters_required);
	if (internal_profile(call)->has_end_users) {
		internal_set_bool(call, object, STR("user_registration_required"),
				  service->user_registration_required);
		internal_set(call, object, STR("default_user_plan_id"),
			     service->default_user_plan_id);
		internal_set(call, object, STR("default_user_plan_name"),
			     service->default_user_plan_name);
	}
	internal_set_bool(call, object, STR("default_service"), is_default);
	return object;
}

/* Reading. */

static void read_answer(struct internal_call *call)
{
	struct service_state *state = call->state;
	bool is_default = str_equal(reply_text(internal_reply(call, 0)), state->id);

	internal_answer_with(call, 200, STR("found"), STR("service"),
			     service_object(call, &state->stored, is_default));
}

static void read_found(struct internal_call *call)
{
	struct service_state *state = call->state;

	service_read(&state->stored, state->id, internal_reply(call, 0));
	if (!state->stored.exists) {
		internal_answer_text(call, 404, STR("{\"error\":\"not_found\"}"));
		return;
	}
	INTERNAL_ASK(call, STR("GET"),
		     key_default_service(call->arena, state->stored.provider_key));
	internal_then(call, read_answer);
}

void internal_service_read(struct internal_call *call)
{
	struct service_state *state = begin(call, internal_service(call));

	service_ask(internal_batch(call), call->backend->storage, state->id);
	internal_then(call, read_found);
}

/* Saving: what was sent, over what is stored. */

static void choose_text(const struct service_state *state, struct str name, struct str *text)
{
	struct str sent = internal_text(state->sent, name);

	if (sent.data != NULL)
		*text = sent;
}

static void choose_bool(const struct service_state *state, struct str name, bool *value)
{
	*value = json_bool(json_get(state->sent, name), *value);
}

/* A service that is created anew takes nothing over, save whether users have to be registered. */
static void choose(struct service_state *state)
{
	struct service *chosen = &state->chosen;
	struct str word = internal_text(state->sent, STR("state"));

	if (state->is_update && state->stored.exists) {
		*chosen = state->stored;
	} else {
		*chosen = (struct service){.is_active = true,
					   .user_registration_required =
						   state->stored.user_registration_required};
	}
	chosen->id = state->id;
	if (word.data != NULL)
		chosen->is_active = str_equal(word, STR("active"));
	choose_text(state, STR("provider_key"), &chosen->provider_key);
	choose_text(state, STR("backend_version"), &chosen->backend_version);
	choose_text(state, STR("default_user_plan_id"), &chosen->default_user_plan_id);
	choose_text(state, STR("default_user_plan_name"), &chosen->default_user_plan_name);
	choose_bool(state, STR("referrer_filters_required"), &chosen->referrer_filters_required);
	choose_bool(state, STR("user_registration_required"), &chosen->user_registration_required);
}

/* Numbers stay numbers in the answer, though they are stored as text. */
static void echo_sent(struct internal_call *call, struct json *object, const struct json *sent)
{
	static const struct str names[] = {
		STR_INIT("provider_key"),
		STR_INIT("backend_version"),
		STR_INIT("default_user_plan_id"),
		STR_INIT("default_user_plan_name"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (json_get(object, names[i]) != NULL && !json_is_null(json_get(sent, names[i])))
			internal_echo(call, object, sent, names[i]);
	}
}

static void save_answer(struct internal_call *call)
{
	struct service_state *state = call->state;
	const struct json *sent_filters = json_get(state->sent, STR("referrer_filters_required"));
	bool is_created = !state->is_update || !state->stored.exists;
	struct json *object = service_object(call, &state->chosen, state->is_default);
	struct json *body = json_new(call->arena, JSON_OBJECT);

	internal_forget(call, &service_kind, state->id, STR(""));
	internal_forget(call, &default_service_kind, state->chosen.provider_key, STR(""));
	if (!json_is_null(json_get(state->sent, STR("id"))) && is_created)
		internal_echo(call, object, state->sent, STR("id"));
	echo_sent(call, object, state->sent);
	if (is_created && json_is_null(sent_filters))
		internal_set(call, object, STR("referrer_filters_required"), str_of(NULL, 0));
	json_set(body, STR("service"), object);
	internal_set(call, body, STR("status"), state->is_update ? STR("ok") : STR("created"));
	internal_answer(call, state->is_update ? 200 : 201, body);
}

static void set_attribute(struct internal_call *call, struct str id, struct str name,
			  struct str value)
{
	if (value.data != NULL)
		INTERNAL_ASK(call, STR("SET"), key_service(call->arena, id, name), value);
}

static struct str flag(bool value)
{
	return value ? STR("1") : STR("0");
}

static void write_user_attributes(struct internal_call *call, const struct service *service)
{
	set_attribute(call, service->id, STR("user_registration_required"),
		      flag(service->user_registration_required));
	set_attribute(call, service->id, STR("default_user_plan_id"),
		      service->default_user_plan_id);
	set_attribute(call, service->id, STR("default_user_plan_name"),
		      service->default_user_plan_name);
}

static void save_write(struct internal_call *call)
{
	struct service_state *state = call->state;
	const struct service *chosen = &state->chosen;
	struct str default_id = reply_text(internal_reply(call, 0));

	state->is_default = default_id.size == 0 || str_equal(default_id, state->id);
	choose_bool(state, STR("default_service"), &state->is_default);
	set_attribute(call, state->id, STR("provider_key"), chosen->provider_key);
	set_attribute(call, state->id, STR("backend_version"), chosen->backend_version);
	set_attribute(call, state->id, STR("referrer_filters_required"),
		      flag(chosen->referrer_filters_required));
	set_attribute(call, state->id, STR("state"),
		      chosen->is_active ? STR("active") : STR("suspended"));
	if (internal_profile(call)->has_end_users)
		write_user_attributes(call, chosen);
	if (state->is_default)
		INTERNAL_ASK(call, STR("SET"),
			     key_default_service(call->arena, chosen->provider_key), state->id);
	INTERNAL_ASK(call, STR("SADD"), key_provider_services(call->arena, chosen->provider_key),
		     state->id);
	INTERNAL_ASK(call, STR("SADD"), KEY_SERVICES, state->id);
	INTERNAL_ASK(call, STR("SADD"), KEY_PROVIDER_KEYS, chosen->provider_key);
	internal_then(call, save_answer);
}

static void save_found(struct internal_call *call)
{
	struct service_state *state = call->state;
	const struct service *chosen = &state->chosen;

	service_read(&state->stored, state->id, internal_reply(call, 0));
	if (state->is_update && !state->stored.exists) {
		/* Then the body alone says what is created (8.2). */
		state->id = internal_text(state->sent, STR("id"));
		if (state->id.size == 0) {
			internal_missing(call, STR("id"));
			return;
		}
	}
	choose(state);
	if (chosen->provider_key.data == NULL) {
		internal_missing(call, STR("provider_key"));
		return;
	}
	if (internal_profile(call)->has_end_users && !chosen->user_registration_required &&
	    (chosen->default_user_plan_id.size == 0 || chosen->default_user_plan_name.size == 0)) {
		internal_refuse(call, API_SERVICE_REQUIRES_DEFAULT_USER_PLAN, STR(""));
		return;
	}
	INTERNAL_ASK(call, STR("GET"), key_default_service(call->arena, chosen->provider_key));
	internal_then(call, save_write);
}

static void save(struct internal_call *call, struct str id, const struct json *sent, bool is_update)
{
	struct service_state *state = begin(call, id);

	if (id.size == 0) {
		internal_missing(call, STR("id"));
		return;
	}
	state->sent = sent;
	state->is_update = is_update;
	service_ask(internal_batch(call), call->backend->storage, id);
	internal_then(call, save_found);
}

void internal_service_create(struct internal_call *call)
{
	const struct json *sent = internal_object(call, STR("service"));

	if (sent != NULL)
		save(call, internal_text(sent, STR("id")), sent, false);
}

void internal_service_update(struct internal_call *call)
{
	const struct json *sent = internal_object(call, STR("service"));

	if (sent != NULL)
		save(call, internal_service(call), sent, true);
}

/* Deleting: what belongs to the service alone; the rest stays (6.2). */

static const struct str attributes[] = {
	STR_INIT("provider_key"),
	STR_INIT("backend_version"),
	STR_INIT("referrer_filters_required"),
	STR_INIT("state"),
};
static const struct str user_attributes[] = {
	STR_INIT("user_registration_required"),
	STR_INIT("default_user_plan_id"),
	STR_INIT("default_user_plan_name"),
	STR_INIT("user_set"),
};

static void delete_attributes(struct internal_call *call, const struct str *names, size_t count)
{
	const struct service_state *state = call->state;

	for (size_t i = 0; i < count; i++)
		INTERNAL_ASK(call, STR("DEL"), key_service(call->arena, state->id, names[i]));
}

static void delete_answer(struct internal_call *call)
{
	struct service_state *state = call->state;

	internal_forget(call, &service_kind, state->id, STR(""));
	internal_forget(call, &default_service_kind, state->stored.provider_key, STR(""));
	internal_answer_status(call, 200, STR("deleted"));
}

static void delete_checked(struct internal_call *call)
{
	struct service_state *state = call->state;
	struct str provider_key = state->stored.provider_key;
	bool is_default = str_equal(reply_text(internal_reply(call, 0)), state->id);

	if (is_default && internal_reply(call, 1)->integer > 1) {
		internal_refuse(call, API_SERVICE_IS_DEFAULT_SERVICE, state->id);
		return;
	}
	delete_attributes(call, attributes, sizeof attributes / sizeof *attributes);
	if (internal_profile(call)->has_end_users)
		delete_attributes(call, user_attributes,
				  sizeof user_attributes / sizeof *user_attributes);
	INTERNAL_ASK(call, STR("DEL"), key_errors(call->arena, state->id));
	if (internal_profile(call)->keeps_latest_transactions)
		INTERNAL_ASK(call, STR("DEL"), key_latest_transactions(call->arena, state->id));
	INTERNAL_ASK(call, STR("SREM"), KEY_SERVICES, state->id);
	INTERNAL_ASK(call, STR("SREM"), key_provider_services(call->arena, provider_key),
		     state->id);
	if (is_default)
		INTERNAL_ASK(call, STR("DEL"), key_default_service(call->arena, provider_key),
			     key_provider_services(call->arena, provider_key));
	internal_then(call, delete_answer);
}

static void delete_found(struct internal_call *call)
{
	struct service_state *state = call->state;
	struct api_error unknown = {API_SERVICE_ID_INVALID, state->id, STR_INIT("")};
	struct str provider_key;

	service_read(&state->stored, state->id, internal_reply(call, 0));
	provider_key = state->stored.provider_key;
	if (!state->stored.exists) {
		internal_not_found(call, api_error_message(call->arena, &unknown));
		return;
	}
	INTERNAL_ASK(call, STR("GET"), key_default_service(call->arena, provider_key));
	INTERNAL_ASK(call, STR("SCARD"), key_provider_services(call->arena, provider_key));
	internal_then(call, delete_checked);
}

void internal_service_delete(struct internal_call *call)
{
	struct service_state *state = begin(call, internal_service(call));

	service_ask(internal_batch(call), call->backend->storage, state->id);
	internal_then(call, delete_found);
}

/* Another provider key for all services of one. */

struct key_change {
	struct str old_key, new_key;
	struct str *services;
	size_t count;
};

static void change_answer(struct internal_call *call)
{
	const struct key_change *change = call->state;

	for (size_t i = 0; i < change->count; i++)
		internal_forget(call, &service_kind, change->services[i], STR(""));
	internal_forget(call, &default_service_kind, change->old_key, STR(""));
	internal_forget(call, &default_service_kind, change->new_key, STR(""));
	internal_answer_status(call, 200, STR("ok"));
}

static void change_write(struct internal_call *call, struct key_change *change,
			 struct str default_id)
{
	struct arena *arena = call->arena;

	for (size_t i = 0; i < change->count; i++) {
		INTERNAL_ASK(call, STR("SET"),
			     key_service(arena, change->services[i], STR("provider_key")),
			     change->new_key);
		INTERNAL_ASK(call, STR("SADD"), key_provider_services(arena, change->new_key),
			     change->services[i]);
	}
	if (default_id.size > 0)
		INTERNAL_ASK(call, STR("SET"), key_default_service(arena, change->new_key),
			     default_id);
	INTERNAL_ASK(call, STR("DEL"), key_default_service(arena, change->old_key),
		     key_provider_services(arena, change->old_key));
	internal_then(call, change_answer);
}

static void change_found(struct internal_call *call)
{
	struct key_change *change = call->state;
	const struct redis_reply *services = internal_reply(call, 0);

	if (internal_reply(call, 2)->integer > 0) {
		internal_refuse(call, API_PROVIDER_KEY_EXISTS, change->new_key);
		return;
	}
	if (services->count == 0) {
		internal_refuse(call, API_PROVIDER_KEY_NOT_FOUND, change->old_key);
		return;
	}
	change->count = services->count;
	change->services = ARENA_ARRAY(call->arena, struct str, services->count);
	for (size_t i = 0; i < services->count; i++)
		change->services[i] = reply_item(services, i);
	change_write(call, change, reply_text(internal_reply(call, 1)));
}

void internal_provider_key_change(struct internal_call *call)
{
	struct key_change *change = ARENA_NEW(call->arena, struct key_change);

	change->old_key = internal_path(call, STR("key"));
	change->new_key = json_scalar_text(internal_parameter(call, STR("new_key")));
	call->state = change;
	if (change->new_key.size == 0 || str_equal(change->old_key, change->new_key)) {
		internal_refuse(call, API_INVALID_PROVIDER_KEYS, STR(""));
		return;
	}
	INTERNAL_ASK(call, STR("SMEMBERS"), key_provider_services(call->arena, change->old_key));
	INTERNAL_ASK(call, STR("GET"), key_default_service(call->arena, change->old_key));
	INTERNAL_ASK(call, STR("SCARD"), key_provider_services(call->arena, change->new_key));
	internal_then(call, change_found);
}
