/* Applications and user keys (spec/backend.md 8.4). */
#include "backend/application.h"
#include "backend/internal_handlers.h"
#include "backend/keys.h"
#include "backend/profile.h"
#include "base/arena.h"
#include "base/map.h"

#define NOT_FOUND STR("application not found")

static struct str id_of(const struct internal_call *call)
{
	return internal_path(call, STR("application_id"));
}

static struct str key_of(const struct internal_call *call, struct str attribute)
{
	return key_application(call->arena, internal_service(call), id_of(call), attribute);
}

static void forget(struct internal_call *call)
{
	internal_forget(call, &application_kind, internal_service(call), id_of(call));
}

/* Reading. */

static void read_found(struct internal_call *call)
{
	struct application read;
	struct json *object = json_new(call->arena, JSON_OBJECT);

	application_read(&read, call->arena, internal_service(call), id_of(call),
			 call->batch.replies);
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
	if (internal_profile(call)->has_end_users)
		internal_set_bool(call, object, STR("user_required"), read.user_required);
	internal_answer_with(call, 200, STR("found"), STR("application"), object);
}

void internal_application_read(struct internal_call *call)
{
	application_ask(internal_batch(call), call->backend->storage, internal_service(call),
			id_of(call));
	internal_then(call, read_found);
}

/* Saving: what is null or left out keeps what is stored (6.2). */

struct save_state {
	const struct json *sent;
	bool existed, is_update;
};

static bool is_user_required(const struct json *sent)
{
	return json_bool(json_get(sent, STR("user_required")), false);
}

static struct json *saved_object(struct internal_call *call, struct str id, const struct json *sent)
{
	static const struct str echoed[] = {STR_INIT("state"), STR_INIT("plan_id"),
					    STR_INIT("plan_name"), STR_INIT("redirect_url")};
	struct json *object = json_new(call->arena, JSON_OBJECT);

	internal_set(call, object, STR("service_id"), internal_service(call));
	internal_set(call, object, STR("id"), id);
	for (size_t i = 0; i < sizeof echoed / sizeof *echoed; i++)
		internal_echo(call, object, sent, echoed[i]);
	if (internal_profile(call)->has_end_users)
		internal_set_bool(call, object, STR("user_required"), is_user_required(sent));
	return object;
}

static void write_attribute(struct internal_call *call, struct str id, const struct json *sent,
			    struct str name)
{
	struct str text = internal_text(sent, name);

	if (text.data != NULL)
		INTERNAL_ASK(call, STR("SET"),
			     key_application(call->arena, internal_service(call), id, name), text);
}

static void write_application(struct internal_call *call, struct str id, const struct json *sent)
{
	write_attribute(call, id, sent, STR("state"));
	write_attribute(call, id, sent, STR("plan_id"));
	write_attribute(call, id, sent, STR("plan_name"));
	write_attribute(call, id, sent, STR("redirect_url"));
	if (internal_profile(call)->has_end_users)
		INTERNAL_ASK(call, STR("SET"),
			     key_application(call->arena, internal_service(call), id,
					     STR("user_required")),
			     is_user_required(sent) ? STR("1") : STR("0"));
	INTERNAL_ASK(call, STR("SADD"),
		     key_service_applications(call->arena, internal_service(call)), id);
}

/* The older releases end it with a blank (4.7). */
static struct str no_state_message(struct internal_call *call, struct str id)
{
	struct api_error error = {API_APPLICATION_HAS_NO_STATE, id, STR_INIT("")};
	struct str message = api_error_message(call->arena, &error);

	return internal_profile(call)->has_application_batches ? str_trim(message) : message;
}

static void save_answer(struct internal_call *call)
{
	const struct save_state *state = call->state;

	forget(call);
	internal_answer_with(call, state->is_update ? 200 : 201,
			     state->existed ? STR("modified") : STR("created"), STR("application"),
			     saved_object(call, id_of(call), state->sent));
}

static void save_found(struct internal_call *call)
{
	struct save_state *state = call->state;

	state->existed = reply_is_true(internal_reply(call, 0));
	if (state->existed && !state->is_update) {
		internal_answer_with(
			call, 405, STR("exists"), STR("error"),
			json_new_str(call->arena,
				     STR("application cannot be created, exists already")));
		return;
	}
	if (internal_text(state->sent, STR("state")).size == 0) {
		internal_answer_with(
			call, 400, STR("bad_request"), STR("error"),
			json_new_str(call->arena, no_state_message(call, id_of(call))));
		return;
	}
	write_application(call, id_of(call), state->sent);
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

/* Many at once; each item stands or falls alone. */

struct batch_item {
	const struct json *sent;
	struct str id, error; /* error without data: it is saved */
	size_t reply;         /* whether it existed */
	bool existed;
};

struct batch_state {
	struct batch_item *items;
	size_t count;
};

static bool has_blank_filter(const struct json *sent)
{
	JSON_EACH (filter, json_get(sent, STR("referrer_filters"))) {
		if (str_trim(json_scalar_text(filter)).size == 0)
			return true;
	}
	return false;
}

static struct str item_error(struct internal_call *call, const struct batch_item *item)
{
	struct api_error no_id = {.code = API_APPLICATION_HAS_NO_ID};
	struct api_error blank_filter = {.code = API_REFERRER_FILTER_INVALID};

	if (str_trim(item->id).size == 0)
		return api_error_message(call->arena, &no_id);
	if (internal_text(item->sent, STR("state")).size == 0)
		return no_state_message(call, item->id);
	return has_blank_filter(item->sent) ? api_error_message(call->arena, &blank_filter)
					    : str_of(NULL, 0);
}

static struct json *item_object(struct internal_call *call, const struct batch_item *item)
{
	static const struct str lists[] = {STR_INIT("application_keys"),
					   STR_INIT("referrer_filters")};
	struct json *object = saved_object(call, item->id, item->sent);

	internal_echo(call, object, item->sent, STR("user_key"));
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		if (json_is_null(json_get(item->sent, lists[i])))
			json_set(object, lists[i], json_new(call->arena, JSON_ARRAY));
		else
			internal_echo(call, object, item->sent, lists[i]);
	}
	return object;
}

static void add_failure(struct internal_call *call, struct json *object,
			const struct batch_item *item)
{
	internal_echo(call, object, item->sent, STR("id"));
	internal_set(call, object, STR("error"), item->error);
}

static void batch_answer(struct internal_call *call)
{
	const struct batch_state *state = call->state;
	struct json *body = json_new(call->arena, JSON_OBJECT);
	struct json *list = json_new(call->arena, JSON_ARRAY);
	struct json *failures = json_new(call->arena, JSON_ARRAY);

	for (size_t i = 0; i < state->count; i++) {
		const struct batch_item *item = &state->items[i];
		struct json *object = json_append(list, json_new(call->arena, JSON_OBJECT));
		bool has_failed = item->error.data != NULL;

		internal_set(call, object, STR("status"),
			     has_failed      ? STR("error")
			     : item->existed ? STR("modified")
					     : STR("created"));
		if (has_failed) {
			add_failure(call, object, item);
			add_failure(call, json_append(failures, json_new(call->arena, JSON_OBJECT)),
				    item);
			continue;
		}
		internal_forget(call, &application_kind, internal_service(call), item->id);
		internal_forget(call, &user_key_kind, internal_service(call),
				internal_text(item->sent, STR("user_key")));
		json_set(object, STR("application"), item_object(call, item));
	}
	internal_set(call, body, STR("status"), STR("completed"));
	json_set(body, STR("total"), json_new_int(call->arena, (int64_t)state->count));
	json_set(body, STR("successful"),
		 json_new_int(call->arena, (int64_t)(state->count - failures->count)));
	json_set(body, STR("failed"), json_new_int(call->arena, (int64_t)failures->count));
	json_set(body, STR("applications"), list);
	if (failures->count > 0)
		json_set(body, STR("failures"), failures);
	internal_answer(call, 200, body);
}

static void write_members(struct internal_call *call, const struct batch_item *item,
			  struct str members, struct str set)
{
	struct str key = key_application(call->arena, internal_service(call), item->id, set);

	JSON_EACH (member, json_get(item->sent, members)) {
		if (json_scalar_text(member).size > 0)
			INTERNAL_ASK(call, STR("SADD"), key, json_scalar_text(member));
	}
}

static void write_item(struct internal_call *call, const struct batch_item *item)
{
	struct str user_key = internal_text(item->sent, STR("user_key"));

	write_application(call, item->id, item->sent);
	if (user_key.size > 0)
		INTERNAL_ASK(call, STR("SET"),
			     key_user_key(call->arena, internal_service(call), user_key), item->id);
	write_members(call, item, STR("application_keys"), STR("keys"));
	write_members(call, item, STR("referrer_filters"), STR("referrer_filters"));
}

/* An id that comes twice was created by its first item. */
static void batch_found(struct internal_call *call)
{
	struct batch_state *state = call->state;
	const struct redis_reply *replies = call->batch.replies;
	struct map *seen = map_create(call->backend->hash_seed);

	internal_batch(call);
	for (size_t i = 0; i < state->count; i++) {
		struct batch_item *item = &state->items[i];

		if (item->error.data != NULL)
			continue;
		item->existed = map_put(seen, item->id, item) != NULL ||
				reply_is_true(&replies[item->reply]);
		write_item(call, item);
	}
	map_destroy(seen);
	internal_then(call, batch_answer);
}

void internal_applications_save(struct internal_call *call)
{
	const struct json *sent = internal_parameter(call, STR("applications"));
	struct batch_state *state = ARENA_NEW(call->arena, struct batch_state);

	if (sent == NULL || sent->kind != JSON_ARRAY) {
		internal_missing(call, STR("applications"));
		return;
	}
	state->items = ARENA_ARRAY(call->arena, struct batch_item, sent->count);
	call->state = state;
	internal_batch(call);
	JSON_EACH (application, sent) {
		struct batch_item *item = &state->items[state->count++];

		*item = (struct batch_item){.sent = application,
					    .id = internal_text(application, STR("id")),
					    .reply = call->batch.count};
		item->error = item_error(call, item);
		if (item->error.data == NULL)
			INTERNAL_ASK(call, STR("EXISTS"),
				     key_application(call->arena, internal_service(call), item->id,
						     STR("state")));
	}
	internal_then(call, batch_found);
}

/* Deleting: its OAuth tokens go with it; keys, filters, user keys and counters stay (6.2). */

static void delete_answer(struct internal_call *call)
{
	forget(call);
	internal_answer_status(call, 200, STR("deleted"));
}

static void delete_tokens(struct internal_call *call, const struct redis_reply *tokens)
{
	for (size_t i = 0; i < tokens->count; i++)
		INTERNAL_ASK(call, STR("DEL"),
			     key_access_token(call->arena, internal_service(call),
					      reply_item(tokens, i)));
	INTERNAL_ASK(call, STR("DEL"),
		     key_application_tokens(call->arena, internal_service(call), id_of(call)));
}

static void delete_found(struct internal_call *call)
{
	const struct redis_reply *replies = call->batch.replies;

	if (!reply_is_true(&replies[0])) {
		internal_not_found(call, NOT_FOUND);
		return;
	}
	INTERNAL_ASK(call, STR("DEL"), key_of(call, STR("state")), key_of(call, STR("plan_id")),
		     key_of(call, STR("plan_name")), key_of(call, STR("redirect_url")));
	if (internal_profile(call)->has_end_users)
		INTERNAL_ASK(call, STR("DEL"), key_of(call, STR("user_required")));
	if (internal_profile(call)->has_access_tokens)
		delete_tokens(call, &replies[1]);
	INTERNAL_ASK(call, STR("SREM"),
		     key_service_applications(call->arena, internal_service(call)), id_of(call));
	internal_then(call, delete_answer);
}

void internal_application_delete(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("EXISTS"), key_of(call, STR("state")));
	if (internal_profile(call)->has_access_tokens)
		INTERNAL_ASK(
			call, STR("SMEMBERS"),
			key_application_tokens(call->arena, internal_service(call), id_of(call)));
	internal_then(call, delete_found);
}

/* User keys. */

static struct str user_key_of(const struct internal_call *call)
{
	return key_user_key(call->arena, internal_service(call),
			    internal_path(call, STR("user_key")));
}

static void forget_user_key(struct internal_call *call)
{
	internal_forget(call, &user_key_kind, internal_service(call),
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

static bool is_blank(struct str text)
{
	return str_trim(text).size == 0;
}

/* The application need not exist. What is blank could not be read again (4.7: a 500 upstream). */
void internal_user_key_set(struct internal_call *call)
{
	if (is_blank(internal_service(call)) || is_blank(id_of(call)) ||
	    is_blank(internal_path(call, STR("user_key")))) {
		internal_fail(call);
		return;
	}
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
