#include "backend/authorize.h"

#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/profile.h"
#include "base/secret.h"

typedef bool validator(const struct api_call *call, struct api_error *denial);

static bool deny(struct api_error *denial, enum api_error_code code, struct str quoted)
{
	*denial = (struct api_error){code, quoted, STR("")};
	return false;
}

static bool is_version(const struct api_call *call, struct str version)
{
	return str_equal(call->service->backend_version, version);
}

/* Application keys (3.6). */

static bool has_key(const struct application *application, struct str key)
{
	bool found = false;

	for (size_t i = 0; i < application->keys_count; i++)
		found |= secret_equal(application->keys[i], key);
	return found;
}

static bool check_key(const struct api_call *call, struct api_error *denial)
{
	if (is_version(call, STR("1")) || call->application->keys_count == 0)
		return true;
	if (call->app_key.size == 0)
		return deny(denial, API_APPLICATION_KEY_MISSING, STR(""));
	return has_key(call->application, call->app_key) ||
	       deny(denial, API_APPLICATION_KEY_INVALID, call->app_key);
}

/* Absent and empty are not the same here (BE-083, BE-084). */
static bool check_oauth_key(const struct api_call *call, struct api_error *denial)
{
	if (call->app_key.data == NULL)
		return true;
	if (call->app_key.size == 0)
		return deny(denial, API_APPLICATION_KEY_MISSING, STR(""));
	return has_key(call->application, call->app_key) ||
	       deny(denial, API_APPLICATION_KEY_INVALID, call->app_key);
}

static bool check_oauth_enabled(const struct api_call *call, struct api_error *denial)
{
	return is_version(call, STR("oauth")) || deny(denial, API_OAUTH_NOT_ENABLED, STR(""));
}

/* Referrers and redirect URLs (3.7). */

bool authorize_filter_fits(struct str filter, struct str referrer)
{
	size_t f = 0, r = 0, star = STR_NOT_FOUND, after_star = 0;

	while (r < referrer.size) {
		if (f < filter.size && filter.data[f] == '*') {
			star = f++;
			after_star = r;
		} else if (f < filter.size && filter.data[f] == referrer.data[r]) {
			f++;
			r++;
		} else if (star != STR_NOT_FOUND && referrer.data[after_star] != '\n') {
			f = star + 1;
			r = ++after_star;
		} else {
			return false;
		}
	}
	while (f < filter.size && filter.data[f] == '*')
		f++;
	return f == filter.size;
}

/* Of old a part of the referrer was enough, on one of its lines (3.7). */
static bool fits_part(struct arena *arena, struct str filter, struct str referrer)
{
	struct str line, anywhere = STR_CONCAT(arena, STR("*"), filter, STR("*"));

	while (str_next_field(&referrer, '\n', &line)) {
		if (authorize_filter_fits(anywhere, line))
			return true;
	}
	return false;
}

static bool fits(const struct api_call *call, struct str filter, struct str referrer)
{
	return call->backend->settings.has_legacy_referrer_filters
		       ? fits_part(call->arena, filter, referrer)
		       : authorize_filter_fits(filter, referrer);
}

static bool check_referrer(const struct api_call *call, struct api_error *denial)
{
	const struct application *application = call->application;
	struct str referrer = parameters_text(&call->parameters, STR("referrer"));

	if (!call->service->referrer_filters_required || application->referrer_filters_count == 0 ||
	    str_equal(referrer, STR("*")))
		return true;
	if (str_trim(referrer).size == 0)
		return deny(denial, API_REFERRER_MISSING, STR(""));
	for (size_t i = 0; i < application->referrer_filters_count; i++) {
		if (fits(call, application->referrer_filters[i], referrer))
			return true;
	}
	return deny(denial, API_REFERRER_NOT_ALLOWED, referrer);
}

static bool check_redirect(const struct api_call *call, struct api_error *denial)
{
	bool is_url = parameters_get(&call->parameters, STR("redirect_url")) != NULL;
	struct str redirect = parameters_text(&call->parameters,
					      is_url ? STR("redirect_url") : STR("redirect_uri"));

	if (redirect.size == 0 || str_equal(redirect, call->application->redirect_url))
		return true;
	return deny(denial, is_url ? API_REDIRECT_URL_INVALID : API_REDIRECT_URI_INVALID, redirect);
}

static bool check_application_state(const struct api_call *call, struct api_error *denial)
{
	return str_equal(call->application->state, STR("active")) ||
	       deny(denial, API_APPLICATION_NOT_ACTIVE, STR(""));
}

static bool check_service_state(const struct api_call *call, struct api_error *denial)
{
	return call->service->is_active || deny(denial, API_SERVICE_NOT_ACTIVE, STR(""));
}

static validator *const plain_validators[] = {
	check_key, check_referrer, check_application_state, check_service_state, NULL,
};

static validator *const oauth_validators[] = {
	check_oauth_enabled,     check_oauth_key,     check_redirect, check_referrer,
	check_application_state, check_service_state, NULL,
};

/* Plain calls of an oauth service, where a key is checked only when it is sent (BE-090). */
static validator *const relaxed_validators[] = {
	check_oauth_key, check_referrer, check_application_state, check_service_state, NULL,
};

static validator *const *validators_of(const struct api_call *call)
{
	if (call->endpoint->is_oauth)
		return oauth_validators;
	return call->backend->settings.profile->relaxes_oauth_keys && is_version(call, STR("oauth"))
		       ? relaxed_validators
		       : plain_validators;
}

void authorize_validate(struct api_call *call)
{
	validator *const *validators = validators_of(call);

	while (*validators != NULL && (*validators)(call, &call->denial))
		validators++;
}
