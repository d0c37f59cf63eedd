/* Application keys and referrer filters: two sets of an application (spec/backend.md 8.6). */
#include <stdlib.h>

#include "backend/application.h"
#include "backend/internal_handlers.h"
#include "backend/keys.h"
#include "base/arena.h"
#include "base/base64.h"
#include "world/chance.h"

static struct str application_of(const struct internal_call *call)
{
	return internal_path(call, STR("application_id"));
}

static struct str key_of(const struct internal_call *call, struct str attribute)
{
	return key_application(call->arena, internal_service(call), application_of(call),
			       attribute);
}

static struct str keys_of(const struct internal_call *call)
{
	return key_of(call, STR("keys"));
}

static struct str filters_of(const struct internal_call *call)
{
	return key_of(call, STR("referrer_filters"));
}

static void forget(struct internal_call *call)
{
	internal_forget(call, &application_kind, internal_service(call), application_of(call));
}

/* The first reply says whether the application exists. */
static bool has_application(struct internal_call *call)
{
	if (reply_is_true(internal_reply(call, 0)))
		return true;
	internal_not_found(call, STR("application not found"));
	return false;
}

static int compare(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static struct str *sorted(struct internal_call *call, const struct redis_reply *members)
{
	struct str *texts = ARENA_ARRAY(call->arena, struct str, members->count);

	for (size_t i = 0; i < members->count; i++)
		texts[i] = reply_item(members, i);
	if (members->count > 1)
		qsort(texts, members->count, sizeof *texts, compare);
	return texts;
}

static void list(struct internal_call *call, struct str set, internal_handler *answer)
{
	INTERNAL_ASK(call, STR("EXISTS"), key_of(call, STR("state")));
	INTERNAL_ASK(call, STR("SMEMBERS"), set);
	internal_then(call, answer);
}

/* Keys. */

static void keys_listed(struct internal_call *call)
{
	struct json *keys = json_new(call->arena, JSON_ARRAY);
	const struct redis_reply *members = internal_reply(call, 1);
	struct str *texts = sorted(call, members);

	if (!has_application(call))
		return;
	for (size_t i = 0; i < members->count; i++) {
		struct json *key = json_append(keys, json_new(call->arena, JSON_OBJECT));

		internal_set(call, key, STR("service_id"), internal_service(call));
		internal_set(call, key, STR("app_id"), application_of(call));
		internal_set(call, key, STR("value"), texts[i]);
	}
	internal_answer_with(call, 200, STR("found"), STR("application_keys"), keys);
}

void internal_application_keys_list(struct internal_call *call)
{
	list(call, keys_of(call), keys_listed);
}

static void key_created(struct internal_call *call)
{
	const struct json *sent = internal_parameter(call, STR("application_key"));
	const struct str *value = call->state;
	struct json *key = json_new(call->arena, JSON_OBJECT);

	forget(call);
	internal_set(call, key, STR("app_id"), application_of(call));
	internal_set(call, key, STR("value"), *value);
	if (internal_text(sent, STR("value")).size > 0)
		internal_echo(call, key, sent, STR("value"));
	internal_answer_with(call, 201, STR("created"), STR("application_key"), key);
}

static void key_create_checked(struct internal_call *call)
{
	const struct str *value = call->state;

	if (!has_application(call))
		return;
	INTERNAL_ASK(call, STR("SADD"), keys_of(call), *value);
	internal_then(call, key_created);
}

void internal_application_key_create(struct internal_call *call)
{
	struct str *value = ARENA_NEW(call->arena, struct str);

	*value = internal_text(internal_parameter(call, STR("application_key")), STR("value"));
	if (value->size == 0)
		*value = chance_hex(call->backend->world, call->arena, 32);
	call->state = value;
	INTERNAL_ASK(call, STR("EXISTS"), key_of(call, STR("state")));
	internal_then(call, key_create_checked);
}

static void key_deleted(struct internal_call *call)
{
	if (!has_application(call))
		return;
	forget(call);
	if (reply_is_true(internal_reply(call, 1)))
		internal_answer_status(call, 200, STR("deleted"));
	else
		internal_not_found(call, STR("application key not found"));
}

void internal_application_key_delete(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("EXISTS"), key_of(call, STR("state")));
	INTERNAL_ASK(call, STR("SREM"), keys_of(call), internal_path(call, STR("value")));
	internal_then(call, key_deleted);
}

/* Referrer filters. */

static void filters_listed(struct internal_call *call)
{
	struct json *filters = json_new(call->arena, JSON_ARRAY);
	const struct redis_reply *members = internal_reply(call, 1);
	struct str *texts = sorted(call, members);

	if (!has_application(call))
		return;
	for (size_t i = 0; i < members->count; i++)
		json_append(filters, json_new_str(call->arena, texts[i]));
	internal_answer_with(call, 200, STR("found"), STR("referrer_filters"), filters);
}

void internal_referrer_filters_list(struct internal_call *call)
{
	list(call, filters_of(call), filters_listed);
}

static struct str sent_filter(const struct internal_call *call)
{
	return json_scalar_text(internal_parameter(call, STR("referrer_filter")));
}

static void filter_created(struct internal_call *call)
{
	forget(call);
	internal_answer_with(call, 201, STR("created"), STR("referrer_filter"),
			     json_new_str(call->arena, sent_filter(call)));
}

static void filter_create_checked(struct internal_call *call)
{
	struct str filter = sent_filter(call);

	if (!has_application(call))
		return;
	if (str_trim(filter).size == 0) {
		internal_refuse(call, API_REFERRER_FILTER_INVALID, STR(""));
		return;
	}
	INTERNAL_ASK(call, STR("SADD"), filters_of(call), filter);
	internal_then(call, filter_created);
}

void internal_referrer_filter_create(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("EXISTS"), key_of(call, STR("state")));
	internal_then(call, filter_create_checked);
}

static void filter_deleted(struct internal_call *call)
{
	if (!has_application(call))
		return;
	forget(call);
	internal_answer_status(call, 200, STR("deleted"));
}

/* Named in URL-safe base64; what is none is taken as it is. */
void internal_referrer_filter_delete(struct internal_call *call)
{
	struct str value = internal_path(call, STR("value")), decoded;
	struct str filter = base64_decode(call->arena, value, &decoded) ? decoded : value;

	INTERNAL_ASK(call, STR("EXISTS"), key_of(call, STR("state")));
	INTERNAL_ASK(call, STR("SREM"), filters_of(call), filter);
	internal_then(call, filter_deleted);
}
