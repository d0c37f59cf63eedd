/* Which application calls, and for which of its users (spec/backend.md 2.10, 3.4, 3.10). */
#include "backend/access_tokens.h"
#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/end_users.h"
#include "backend/profile.h"
#include "base/arena.h"

/* Access tokens: they stand for an application, and maybe a user. */

static struct str access_token(const struct api_call *call)
{
	struct str token = parameters_text(&call->parameters, STR("access_token"));

	return parameter_strip(token).size > 0 ? token : str_of(NULL, 0);
}

static bool needs_token(const struct api_call *call)
{
	return call->endpoint->is_oauth && call->backend->settings.profile->has_access_tokens &&
	       (call->app_id.size == 0 || call->user_id.size == 0) && access_token(call).size > 0;
}

enum api_step_result api_step_find_token(struct api_call *call)
{
	if (!needs_token(call)) {
		call->step++; /* nothing to use */
		return API_STEP_NEXT;
	}
	api_call_await(call);
	access_token_ask(&call->batch, call->backend->storage, call->service->id,
			 access_token(call));
	return api_call_awaited(call);
}

/* It fills only what is absent; an unknown one matters only where it is needed (BE-151). */
enum api_step_result api_step_use_token(struct api_call *call)
{
	struct access_token token;

	if (!access_token_parse(reply_text(&call->batch.replies[0]), &token))
		return call->app_id.size > 0 ? API_STEP_NEXT
					     : api_call_refuse(call, API_ACCESS_TOKEN_INVALID,
							       access_token(call), STR(""));
	if (call->app_id.size == 0)
		call->app_id = token.application;
	if (call->user_id.size == 0)
		call->user_id = token.user;
	return API_STEP_NEXT;
}

/* The application. */

/* What identifies it is wrong before anything is looked up. */
static enum api_error_code check_identifiers(const struct api_call *call)
{
	bool by_version = call->backend->settings.profile->identifies_by_version;
	bool by_user_key = by_version && str_equal(call->service->backend_version, STR("1"));
	enum api_error_code missing =
		by_version ? API_APPLICATION_ID_MISSING : API_APPLICATION_NOT_FOUND;

	if (call->endpoint->is_oauth && call->app_id.size == 0)
		return missing;
	if (call->app_id.size > 0 && call->user_key.size > 0)
		return API_AUTHENTICATION_ERROR;
	if (by_user_key && call->user_key.size == 0)
		return API_USER_KEY_MISSING;
	if (by_version && !by_user_key && call->app_id.size == 0)
		return missing;
	return call->app_id.size == 0 && call->user_key.size == 0 ? missing : API_NO_ERROR;
}

enum api_step_result api_step_application_id(struct api_call *call)
{
	enum api_error_code code = check_identifiers(call);
	struct str id = STR("");
	enum memo_result result;

	if (code != API_NO_ERROR)
		return api_call_refuse(call, code, STR(""), STR(""));
	if (call->app_id.size > 0)
		return API_STEP_NEXT;
	result = stored_text_find(&call->reader, &user_key_kind, call->service->id, call->user_key,
				  &id);
	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	if (id.size == 0)
		return api_call_refuse(call, API_USER_KEY_INVALID, call->user_key, STR(""));
	call->app_id = id;
	return API_STEP_NEXT;
}

enum api_step_result api_step_application(struct api_call *call)
{
	const struct application *application;
	enum memo_result result =
		application_find(&call->reader, call->service->id, call->app_id, &application);

	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	if (!application->exists)
		return api_call_refuse(call, API_APPLICATION_NOT_FOUND, call->app_id, STR(""));
	call->application = application;
	return API_STEP_NEXT;
}

/* Users. */

static enum api_step_result make_user(struct api_call *call)
{
	struct end_user *user;

	if (call->service->user_registration_required)
		return api_call_refuse(call, API_SERVICE_REQUIRES_REGISTERED_USER,
				       call->service->id, STR(""));
	if (!end_user_may_be_made(call->service))
		return api_call_refuse(call, API_SERVICE_REQUIRES_DEFAULT_USER_PLAN, STR(""),
				       STR(""));
	user = ARENA_NEW(call->arena, struct end_user);
	*user = end_user_of_default_plan(call->service, call->user_id);
	call->user = user;
	api_call_await(call);
	end_user_save(&call->batch, call->backend, user);
	return api_call_awaited(call);
}

enum api_step_result api_step_user(struct api_call *call)
{
	const struct end_user *user;
	enum memo_result result;

	if (!call->backend->settings.profile->has_end_users || !call->application->user_required)
		return API_STEP_NEXT;
	if (call->user_id.size == 0)
		return api_call_refuse(call, API_USER_NOT_DEFINED, call->app_id, STR(""));
	result = end_user_find(&call->reader, call->service->id, call->user_id, &user);
	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	if (!user->exists)
		return make_user(call);
	call->user = user;
	return API_STEP_NEXT;
}
