/* Service tokens: pairs of a token and a service (spec/backend.md 8.3). */
#include "backend/internal_handlers.h"
#include "backend/keys.h"
#include "backend/service.h"
#include "base/arena.h"

static void probed(struct internal_call *call)
{
	internal_answer_text(call, reply_is_true(internal_reply(call, 0)) ? 200 : 404, STR(""));
}

void internal_service_token_probe(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("EXISTS"),
		     key_service_token(call->arena, internal_path(call, STR("token")),
				       internal_service(call)));
	internal_then(call, probed);
}

static void refuse_blank(struct internal_call *call, struct str message)
{
	internal_answer_with(call, 422, STR("error"), STR("error"),
			     json_new_str(call->arena, message));
}

static void created(struct internal_call *call)
{
	internal_answer_status(call, 201, STR("created"));
}

static bool is_blank(struct str text)
{
	return str_trim(text).size == 0;
}

/* Tokens are looked at first, over all pairs; nothing is saved when one is blank. */
void internal_service_tokens_create(struct internal_call *call)
{
	const struct json *tokens = internal_object(call, STR("service_tokens"));

	if (tokens == NULL)
		return;
	JSON_EACH (pair, tokens) {
		if (is_blank(pair->key)) {
			refuse_blank(call, STR("Service token cannot be blank"));
			return;
		}
	}
	JSON_EACH (pair, tokens) {
		if (is_blank(internal_text(pair, STR("service_id")))) {
			refuse_blank(call, STR("Service ID cannot be blank"));
			return;
		}
	}
	JSON_EACH (pair, tokens) {
		struct str service = internal_text(pair, STR("service_id"));

		INTERNAL_ASK(call, STR("HSET"), key_service_token(call->arena, pair->key, service),
			     STR("permissions"), STR(""));
		internal_forget(call, &service_token_kind, pair->key, service);
	}
	internal_then(call, created);
}

static void deleted(struct internal_call *call)
{
	int64_t count = 0;

	for (size_t i = 0; i < call->batch.count; i++)
		count += internal_reply(call, i)->integer;
	internal_answer_with(call, 200, STR("deleted"), STR("count"),
			     json_new_int(call->arena, count));
}

void internal_service_tokens_delete(struct internal_call *call)
{
	const struct json *tokens = internal_parameter(call, STR("service_tokens"));

	if (json_is_null(tokens)) {
		internal_missing(call, STR("service_tokens"));
		return;
	}
	internal_batch(call);
	JSON_EACH (pair, tokens) {
		struct str token = internal_text(pair, STR("service_token"));
		struct str service = internal_text(pair, STR("service_id"));

		INTERNAL_ASK(call, STR("DEL"), key_service_token(call->arena, token, service));
		internal_forget(call, &service_token_kind, token, service);
	}
	internal_then(call, deleted);
}

/* The provider key of a pair's service. */

static void provider_key_found(struct internal_call *call)
{
	struct str provider_key = reply_text(internal_reply(call, 1));

	if (!reply_is_true(internal_reply(call, 0)) || provider_key.data == NULL)
		internal_not_found(call, STR("token/service combination not found"));
	else
		internal_answer_with(call, 200, STR("found"), STR("provider_key"),
				     json_new_str(call->arena, provider_key));
}

void internal_service_token_provider_key(struct internal_call *call)
{
	struct str service = internal_service(call);

	INTERNAL_ASK(call, STR("EXISTS"),
		     key_service_token(call->arena, internal_path(call, STR("token")), service));
	INTERNAL_ASK(call, STR("GET"), key_service(call->arena, service, STR("provider_key")));
	internal_then(call, provider_key_found);
}
