#include "backend/application.h"

#include "backend/backend_internal.h"
#include "backend/keys.h"
#include "backend/service.h"
#include "base/arena.h"

enum attribute { STATE, PLAN_ID, PLAN_NAME, REDIRECT_URL, USER_REQUIRED, ATTRIBUTES };

static const struct str attribute_names[ATTRIBUTES] = {
	[STATE] = STR_INIT("state"),
	[PLAN_ID] = STR_INIT("plan_id"),
	[PLAN_NAME] = STR_INIT("plan_name"),
	[REDIRECT_URL] = STR_INIT("redirect_url"),
	[USER_REQUIRED] = STR_INIT("user_required"),
};

void application_ask(struct batch *batch, struct redis_client *storage, struct str service,
		     struct str id)
{
	struct str words[1 + ATTRIBUTES] = {STR("MGET")};

	for (size_t i = 0; i < ATTRIBUTES; i++)
		words[1 + i] = key_application(batch->arena, service, id, attribute_names[i]);
	batch_send(batch, storage, words, 1 + ATTRIBUTES);
	BATCH_SEND(batch, storage, STR("SMEMBERS"),
		   key_application(batch->arena, service, id, STR("keys")));
	BATCH_SEND(batch, storage, STR("SMEMBERS"),
		   key_application(batch->arena, service, id, STR("referrer_filters")));
}

static const struct str *put_all(struct str *place, struct text_pool *pool, const struct str *texts,
				 size_t count)
{
	for (size_t i = 0; i < count; i++)
		place[i] = text_pool_put(pool, texts[i]);
	return place;
}

static const struct str *members(struct arena *arena, const struct redis_reply *reply)
{
	struct str *texts = ARENA_ARRAY(arena, struct str, reply->count);

	for (size_t i = 0; i < reply->count; i++)
		texts[i] = reply_item(reply, i);
	return texts;
}

void application_read(struct application *application, struct arena *arena, struct str service,
		      struct str id, const struct redis_reply *replies)
{
	const struct redis_reply *attributes = &replies[0], *keys = &replies[1],
				 *filters = &replies[2];

	*application = (struct application){
		.exists = reply_item(attributes, STATE).data != NULL,
		.service = service,
		.id = id,
		.state = reply_item(attributes, STATE),
		.plan_id = reply_item(attributes, PLAN_ID),
		.plan_name = reply_item(attributes, PLAN_NAME),
		.redirect_url = reply_item(attributes, REDIRECT_URL),
		.user_required = str_equal(reply_item(attributes, USER_REQUIRED), STR("1")),
		.keys = members(arena, keys),
		.keys_count = keys->count,
		.referrer_filters = members(arena, filters),
		.referrer_filters_count = filters->count,
	};
}

static size_t texts_size(const struct str *texts, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += texts[i].size;
	return bytes;
}

/* The value with its texts, in one block. */
static struct memo_value *application_create(const struct application *read)
{
	size_t lists = (read->keys_count + read->referrer_filters_count) * sizeof(struct str);
	size_t texts = read->service.size + read->id.size + read->state.size + read->plan_id.size +
		       read->plan_name.size + read->redirect_url.size +
		       texts_size(read->keys, read->keys_count) +
		       texts_size(read->referrer_filters, read->referrer_filters_count);
	struct application *application = memory_alloc(sizeof *application + lists + texts);
	struct str *places = (struct str *)(application + 1);
	struct text_pool pool = {(char *)places + lists};

	*application = *read;
	application->service = text_pool_put(&pool, read->service);
	application->id = text_pool_put(&pool, read->id);
	application->state = text_pool_put(&pool, read->state);
	application->plan_id = text_pool_put(&pool, read->plan_id);
	application->plan_name = text_pool_put(&pool, read->plan_name);
	application->redirect_url = text_pool_put(&pool, read->redirect_url);
	application->keys = put_all(places, &pool, read->keys, read->keys_count);
	application->referrer_filters =
		put_all(places + read->keys_count, &pool, read->referrer_filters,
			read->referrer_filters_count);
	return &application->memo;
}

static void application_replied(struct batch *batch, void *data)
{
	struct memo_load *load = data;
	struct application read;

	if (batch->has_failed) {
		memo_load_failed(load);
		return;
	}
	application_read(&read, load->arena, load->names[0], load->names[1], batch->replies);
	memo_loaded(load, application_create(&read));
}

static void application_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, application_replied, load);
	application_ask(&load->batch, load->backend->storage, load->names[0], load->names[1]);
	batch_end(&load->batch);
}

const struct memo_kind application_kind = {.letter = 'a', .load = application_load};

enum memo_result application_find(struct reader *reader, struct str service, struct str id,
				  const struct application **application)
{
	const struct memo_value *value = NULL;
	enum memo_result result =
		reader_find(reader, &application_kind, service, id, STR(""), &value);

	*application = (const struct application *)value;
	return result;
}

static void user_key_replied(struct batch *batch, void *data)
{
	if (batch->has_failed)
		memo_load_failed(data);
	else
		memo_loaded(data, stored_text_create(reply_text(&batch->replies[0])));
}

static void user_key_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, user_key_replied, load);
	BATCH_SEND(&load->batch, load->backend->storage, STR("GET"),
		   key_user_key(load->arena, load->names[0], load->names[1]));
	batch_end(&load->batch);
}

const struct memo_kind user_key_kind = {.letter = 'u', .load = user_key_load};
