#include "backend/end_users.h"

#include "backend/backend_internal.h"
#include "backend/keys.h"
#include "backend/service.h"
#include "base/arena.h"

enum attribute { STATE, PLAN_ID, PLAN_NAME };

void end_user_ask(struct batch *batch, struct redis_client *storage, struct str service,
		  struct str name)
{
	BATCH_SEND(batch, storage, STR("HMGET"), key_end_user(batch->arena, service, name),
		   STR("state"), STR("plan_id"), STR("plan_name"));
}

void end_user_read(struct end_user *user, struct str service, struct str name,
		   const struct redis_reply *reply)
{
	*user = (struct end_user){
		.exists = reply_item(reply, STATE).data != NULL,
		.service = service,
		.name = name,
		.state = reply_item(reply, STATE),
		.plan_id = reply_item(reply, PLAN_ID),
		.plan_name = reply_item(reply, PLAN_NAME),
	};
}

/* The value with its texts, in one block. */
static struct memo_value *end_user_create(const struct end_user *read)
{
	struct end_user *user =
		memory_alloc(sizeof *user + read->service.size + read->name.size +
			     read->state.size + read->plan_id.size + read->plan_name.size);
	struct text_pool pool = {(char *)(user + 1)};

	*user = *read;
	user->service = text_pool_put(&pool, read->service);
	user->name = text_pool_put(&pool, read->name);
	user->state = text_pool_put(&pool, read->state);
	user->plan_id = text_pool_put(&pool, read->plan_id);
	user->plan_name = text_pool_put(&pool, read->plan_name);
	return &user->memo;
}

static void end_user_replied(struct batch *batch, void *data)
{
	struct memo_load *load = data;
	struct end_user read;

	if (batch->has_failed) {
		memo_load_failed(load);
		return;
	}
	end_user_read(&read, load->names[0], load->names[1], &batch->replies[0]);
	memo_loaded(load, end_user_create(&read));
}

static void end_user_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, end_user_replied, load);
	end_user_ask(&load->batch, load->backend->storage, load->names[0], load->names[1]);
	batch_end(&load->batch);
}

const struct memo_kind end_user_kind = {.letter = 'e', .load = end_user_load};

enum memo_result end_user_find(struct reader *reader, struct str service, struct str name,
			       const struct end_user **user)
{
	const struct memo_value *value = NULL;
	enum memo_result result =
		reader_find(reader, &end_user_kind, service, name, STR(""), &value);

	*user = (const struct end_user *)value;
	return result;
}

bool end_user_may_be_made(const struct service *service)
{
	return !service->user_registration_required && service->default_user_plan_id.size > 0;
}

struct end_user end_user_of_default_plan(const struct service *service, struct str name)
{
	return (struct end_user){
		.exists = true,
		.service = service->id,
		.name = name,
		.state = STR("active"),
		.plan_id = service->default_user_plan_id,
		.plan_name = service->default_user_plan_name,
	};
}

void end_user_save(struct batch *batch, struct backend *backend, const struct end_user *user)
{
	struct str key = key_end_user(batch->arena, user->service, user->name);
	const struct {
		struct str name, value;
	} attributes[] = {
		{STR("state"), user->state},         {STR("plan_id"), user->plan_id},
		{STR("plan_name"), user->plan_name}, {STR("username"), user->name},
		{STR("service_id"), user->service},
	};

	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
		if (attributes[i].value.data != NULL)
			BATCH_SEND(batch, backend->storage, STR("HSET"), key, attributes[i].name,
				   attributes[i].value);
	}
	BATCH_SEND(batch, backend->storage, STR("SADD"),
		   key_service(batch->arena, user->service, STR("user_set")), user->name);
	memo_forget(backend->memo, &end_user_kind, user->service, user->name, STR(""));
}
