/* Who calls, for which service (spec/backend.md 3.2, 3.3): a provider key, or a service token that
 * stands for one. */
#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/profile.h"

static enum api_step_result refuse(struct api_call *call, enum api_error_code code,
				   struct str first, struct str second)
{
	return api_call_refuse(call, code, first, second);
}

static enum api_step_result provider_key_of_token(struct api_call *call)
{
	const struct service *service;
	struct str pair = STR("");
	enum memo_result token_result = stored_text_find(
		&call->reader, &service_token_kind, call->service_token, call->service_id, &pair);
	enum memo_result result;

	if (token_result == MEMO_FAILED)
		return api_call_fail(call);
	result = service_find(&call->reader, call->service_id, &service);
	if (token_result == MEMO_WAIT)
		result = MEMO_WAIT;
	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	if (pair.data == NULL || !service->exists)
		return refuse(call, API_SERVICE_TOKEN_INVALID, call->service_token,
			      call->service_id);
	call->provider_key = service->provider_key;
	return API_STEP_NEXT;
}

enum api_step_result api_step_provider_key(struct api_call *call)
{
	if (call->provider_key.size > 0)
		return API_STEP_NEXT;
	if (call->service_token.size == 0)
		return refuse(call, API_PROVIDER_KEY_OR_SERVICE_TOKEN_REQUIRED, STR(""), STR(""));
	if (call->service_id.size == 0)
		return refuse(call, API_SERVICE_ID_MISSING, STR(""), STR(""));
	/* Only a report can hold an empty key here: it is used, and opens nothing (BE-041). */
	if (call->provider_key.data != NULL)
		return refuse(call, API_SERVICE_TOKEN_INVALID, call->service_token,
			      call->service_id);
	return provider_key_of_token(call);
}

/* "<anything>-<id>" means <id>, if there is one. */
static enum memo_result find_named(struct api_call *call, struct str id,
				   const struct service **service)
{
	size_t dash = str_find_last_char(id, '-');

	if (dash != STR_NOT_FOUND) {
		enum memo_result result =
			service_find(&call->reader, str_skip(id, dash + 1), service);

		if (result != MEMO_FOUND || (*service)->exists)
			return result;
	}
	return service_find(&call->reader, id, service);
}

static enum memo_result find_default_id(struct api_call *call, struct str *id)
{
	return stored_text_find(&call->reader, &default_service_kind, call->provider_key, STR(""),
				id);
}

/* Sets call->service, or says in *refusal why that cannot be. */
static enum memo_result open_service(struct api_call *call, struct api_error *refusal)
{
	struct str id = call->service_id, default_id = STR("");
	const struct service *service;
	enum memo_result result;

	if (id.size == 0) {
		result = find_default_id(call, &id);
		if (result != MEMO_FOUND)
			return result;
	}
	*refusal = (struct api_error){API_PROVIDER_KEY_INVALID_OR_SERVICE_MISSING,
				      call->provider_key, STR("")};
	if (id.size == 0)
		return MEMO_FOUND;
	result = find_named(call, id, &service);
	if (result != MEMO_FOUND)
		return result;
	*refusal = (struct api_error){API_SERVICE_ID_INVALID, id, STR("")};
	if (!service->exists)
		return MEMO_FOUND;
	if (str_equal(service->provider_key, call->provider_key)) {
		call->service = service;
		return MEMO_FOUND;
	}
	result = find_default_id(call, &default_id);
	if (result == MEMO_FOUND && default_id.size == 0)
		*refusal =
			(struct api_error){API_PROVIDER_KEY_INVALID, call->provider_key, STR("")};
	return result;
}

/* Stage 6: refused whatever the service is, but kept for it when it can be named (5.6). */
enum api_step_result api_step_no_users(struct api_call *call)
{
	struct api_error ignored;

	if (call->backend->settings.profile->has_end_users ||
	    parameters_get(&call->parameters, STR("user_id")) == NULL)
		return API_STEP_NEXT;
	if (open_service(call, &ignored) == MEMO_WAIT)
		return API_STEP_WAIT;
	return refuse(call, API_END_USERS_NO_LONGER_SUPPORTED, STR(""), STR(""));
}

enum api_step_result api_step_service(struct api_call *call)
{
	struct api_error refusal;
	enum memo_result result = open_service(call, &refusal);

	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	return call->service != NULL ? API_STEP_NEXT
				     : refuse(call, refusal.code, refusal.first, refusal.second);
}

enum api_step_result api_step_path_service(struct api_call *call)
{
	const struct service *service;
	enum memo_result result = service_find(&call->reader, call->service_id, &service);

	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	if (!service->exists || !str_equal(service->provider_key, call->provider_key))
		return refuse(call, API_PROVIDER_KEY_INVALID, call->provider_key, STR(""));
	call->service = service;
	return API_STEP_NEXT;
}
