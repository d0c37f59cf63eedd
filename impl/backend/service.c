#include "backend/service.h"

#include "backend/backend_internal.h"
#include "backend/keys.h"
#include "base/arena.h"

enum attribute {
	PROVIDER_KEY,
	BACKEND_VERSION,
	REFERRER_FILTERS_REQUIRED,
	STATE,
	USER_REGISTRATION_REQUIRED,
	DEFAULT_USER_PLAN_ID,
	DEFAULT_USER_PLAN_NAME,
	ATTRIBUTES
};

static const struct str attribute_names[ATTRIBUTES] = {
	[PROVIDER_KEY] = STR_INIT("provider_key"),
	[BACKEND_VERSION] = STR_INIT("backend_version"),
	[REFERRER_FILTERS_REQUIRED] = STR_INIT("referrer_filters_required"),
	[STATE] = STR_INIT("state"),
	[USER_REGISTRATION_REQUIRED] = STR_INIT("user_registration_required"),
	[DEFAULT_USER_PLAN_ID] = STR_INIT("default_user_plan_id"),
	[DEFAULT_USER_PLAN_NAME] = STR_INIT("default_user_plan_name"),
};

void service_ask(struct batch *batch, struct redis_client *storage, struct str id)
{
	struct str words[1 + ATTRIBUTES] = {STR("MGET")};

	for (size_t i = 0; i < ATTRIBUTES; i++)
		words[1 + i] = key_service(batch->arena, id, attribute_names[i]);
	batch_send(batch, storage, words, 1 + ATTRIBUTES);
}

void service_read(struct service *service, struct str id, const struct redis_reply *reply)
{
	struct str state = reply_item(reply, STATE);

	*service = (struct service){
		.id = id,
		.provider_key = reply_item(reply, PROVIDER_KEY),
		.backend_version = reply_item(reply, BACKEND_VERSION),
		.default_user_plan_id = reply_item(reply, DEFAULT_USER_PLAN_ID),
		.default_user_plan_name = reply_item(reply, DEFAULT_USER_PLAN_NAME),
		.is_active = state.data == NULL || str_equal(state, STR("active")),
		.referrer_filters_required =
			str_equal(reply_item(reply, REFERRER_FILTERS_REQUIRED), STR("1")),
		.user_registration_required =
			!str_equal(reply_item(reply, USER_REGISTRATION_REQUIRED), STR("0")),
	};
	service->exists = service->provider_key.data != NULL;
}

/* The value with its texts, in one block. */
static struct memo_value *service_from_reply(struct str id, const struct redis_reply *reply)
{
	struct service read, *service;
	struct text_pool pool;

	service_read(&read, id, reply);
	service = memory_alloc(sizeof *service + read.id.size + read.provider_key.size +
			       read.backend_version.size + read.default_user_plan_id.size +
			       read.default_user_plan_name.size);
	pool.at = (char *)(service + 1);
	*service = read;
	service->id = text_pool_put(&pool, read.id);
	service->provider_key = text_pool_put(&pool, read.provider_key);
	service->backend_version = text_pool_put(&pool, read.backend_version);
	service->default_user_plan_id = text_pool_put(&pool, read.default_user_plan_id);
	service->default_user_plan_name = text_pool_put(&pool, read.default_user_plan_name);
	return &service->memo;
}

static void service_replied(struct batch *batch, void *data)
{
	struct memo_load *load = data;

	if (batch->has_failed)
		memo_load_failed(load);
	else
		memo_loaded(load, service_from_reply(load->names[0], &batch->replies[0]));
}

static void service_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, service_replied, load);
	service_ask(&load->batch, load->backend->storage, load->names[0]);
	batch_end(&load->batch);
}

const struct memo_kind service_kind = {.letter = 's', .load = service_load};

enum memo_result service_find(struct reader *reader, struct str id, const struct service **service)
{
	const struct memo_value *value = NULL;
	enum memo_result result = reader_find(reader, &service_kind, id, STR(""), STR(""), &value);

	*service = (const struct service *)value;
	return result;
}

/* Texts. */

struct memo_value *stored_text_create(struct str text)
{
	struct stored_text *stored = memory_alloc(sizeof *stored + text.size);
	struct text_pool pool = {(char *)(stored + 1)};

	stored->text = text_pool_put(&pool, text);
	return &stored->memo;
}

static void text_replied(struct batch *batch, void *data)
{
	if (batch->has_failed)
		memo_load_failed(data);
	else
		memo_loaded(data, stored_text_create(reply_text(&batch->replies[0])));
}

static void default_service_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, text_replied, load);
	BATCH_SEND(&load->batch, load->backend->storage, STR("GET"),
		   key_default_service(load->arena, load->names[0]));
	batch_end(&load->batch);
}

const struct memo_kind default_service_kind = {.letter = 'd', .load = default_service_load};

static void token_replied(struct batch *batch, void *data)
{
	if (batch->has_failed)
		memo_load_failed(data);
	else
		memo_loaded(data, stored_text_create(reply_is_true(&batch->replies[0])
							     ? STR("1")
							     : str_of(NULL, 0)));
}

static void token_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, token_replied, load);
	BATCH_SEND(&load->batch, load->backend->storage, STR("EXISTS"),
		   key_service_token(load->arena, load->names[0], load->names[1]));
	batch_end(&load->batch);
}

const struct memo_kind service_token_kind = {.letter = 't', .load = token_load};

enum memo_result stored_text_find(struct reader *reader, const struct memo_kind *kind, struct str a,
				  struct str b, struct str *text)
{
	const struct memo_value *value = NULL;
	enum memo_result result = reader_find(reader, kind, a, b, STR(""), &value);

	if (result == MEMO_FOUND)
		*text = ((const struct stored_text *)value)->text;
	return result;
}
