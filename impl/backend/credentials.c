/* Who calls, for which service (spec/backend.md 3.2, 3.3): a provider key, or a service token that
 * stands for one. */
#include "backend/api_call.h"

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

static enum api_step_result default_service(struct api_call *call)
{
	struct str id = STR("");
	enum memo_result result = stored_text_find(&call->reader, &default_service_kind,
						   call->provider_key, STR(""), &id);

	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	if (id.size == 0)
		return refuse(call, API_PROVIDER_KEY_INVALID_OR_SERVICE_MISSING, call->provider_key,
			      STR(""));
	result = service_find(&call->reader, id, &call->service);
	if (result != MEMO_FOUND) {
		call->service = NULL;
		return api_call_missing(call, result);
	}
	if (call->service->exists)
		return API_STEP_NEXT;
	call->service = NULL;
	return refuse(call, API_PROVIDER_KEY_INVALID_OR_SERVICE_MISSING, call->provider_key,
		      STR(""));
}

/* "<anything>-<id>" means <id>, if there is one. */
static enum memo_result find_named(struct api_call *call, const struct service **service)
{
	size_t dash = str_find_last_char(call->service_id, '-');

	if (dash != STR_NOT_FOUND) {
		enum memo_result result =
			service_find(&call->reader, str_skip(call->service_id, dash + 1), service);

		if (result != MEMO_FOUND || (*service)->exists)
			return result;
	}
	return service_find(&call->reader, call->service_id, service);
}

enum api_step_result api_step_service(struct api_call *call)
{
	const struct service *service;
	struct str default_id = STR("");
	enum memo_result result;

	if (call->service_id.data == NULL)
		return default_service(call);
	result = find_named(call, &service);
	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	if (!service->exists)
		return refuse(call, API_SERVICE_ID_INVALID, call->service_id, STR(""));
	if (str_equal(service->provider_key, call->provider_key)) {
		call->service = service;
		return API_STEP_NEXT;
	}
	result = stored_text_find(&call->reader, &default_service_kind, call->provider_key, STR(""),
				  &default_id);
	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	return default_id.size == 0
		       ? refuse(call, API_PROVIDER_KEY_INVALID, call->provider_key, STR(""))
		       : refuse(call, API_SERVICE_ID_INVALID, call->service_id, STR(""));
}
