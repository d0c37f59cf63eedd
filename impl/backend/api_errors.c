#include "backend/api_errors.h"

#include "base/arena.h"
#include "base/bug.h"

static const struct api_error_row {
	struct str name;
	int status;
	struct str message;
} rows[API_ERROR_CODES] = {
#define ROW(code, name, status, message) [code] = {STR_INIT(name), status, STR_INIT(message)}
	ROW(API_NO_ERROR, "", 200, ""),
	ROW(API_ACCESS_TOKEN_ALREADY_EXISTS, "access_token_already_exists", 403,
	    "token \"%1\" already exists"),
	ROW(API_ACCESS_TOKEN_FORMAT_INVALID, "access_token_format_invalid", 422,
	    "token is either too big or has an invalid format"),
	ROW(API_ACCESS_TOKEN_INVALID, "access_token_invalid", 404,
	    "token \"%1\" is invalid: expired or never defined"),
	ROW(API_ACCESS_TOKEN_INVALID_TTL, "access_token_invalid_ttl", 422,
	    "the specified TTL should be a positive integer"),
	ROW(API_ACCESS_TOKEN_STORAGE_ERROR, "access_token_storage_error", 403,
	    "storage error when saving token \"%1\""),
	ROW(API_APPLICATION_HAS_INCONSISTENT_DATA, "application_has_inconsistent_data", 403,
	    "Application id=\"%1\" with user_key=\"%2\" has inconsistent data and could not be "
	    "saved"),
	ROW(API_APPLICATION_HAS_NO_ID, "application_has_no_id", 400, "Application has no id"),
	ROW(API_APPLICATION_HAS_NO_STATE, "application_has_no_state", 400,
	    "Application with id=\"%1\" has no state "),
	ROW(API_APPLICATION_ID_MISSING, "application_not_found", 404, "application id is missing"),
	ROW(API_APPLICATION_KEY_INVALID, "application_key_invalid", 409,
	    "application key \"%1\" is invalid"),
	ROW(API_APPLICATION_KEY_MISSING, "application_key_invalid", 409,
	    "application key is missing"),
	ROW(API_APPLICATION_NOT_ACTIVE, "application_not_active", 409, "application is not active"),
	ROW(API_APPLICATION_NOT_FOUND, "application_not_found", 404,
	    "application with id=\"%1\" was not found"),
	ROW(API_AUTHENTICATION_ERROR, "authentication_error", 403,
	    "either app_id or user_key is allowed, not both"),
	ROW(API_BAD_PERCENT_CODING, "bad_request", 400,
	    "Invalid query parameters: invalid %-encoding"),
	ROW(API_BAD_REQUEST, "bad_request", 400,
	    "request contains syntax errors, should not be repeated without modification"),
	ROW(API_CONTENT_TYPE_INVALID, "content_type_invalid", 400, "invalid Content-Type: %1"),
	ROW(API_END_USERS_NO_LONGER_SUPPORTED, "end_users_no_longer_supported", 400,
	    "End-users are no longer supported, do not specify the user_id parameter"),
	ROW(API_ERROR, "error", 403, "%1"),
	ROW(API_INVALID_PROVIDER_KEYS, "invalid_provider_keys", 403,
	    "Provider keys are not valid, must be not nil and different"),
	ROW(API_LIMITS_EXCEEDED, "limits_exceeded", 409, "usage limits are exceeded"),
	ROW(API_METRIC_INVALID, "metric_invalid", 404, "metric \"%1\" is invalid"),
	ROW(API_NOT_VALID_DATA, "not_valid_data", 400, "all data must be valid UTF8"),
	ROW(API_OAUTH_NOT_ENABLED, "oauth_not_enabled", 409, "oauth is not enabled"),
	ROW(API_PROVIDER_KEY_EXISTS, "provider_key_exists", 403,
	    "Provider key=\"%1\" already exists"),
	ROW(API_PROVIDER_KEY_INVALID, "provider_key_invalid", 403,
	    "provider key \"%1\" is invalid"),
	ROW(API_PROVIDER_KEY_INVALID_OR_SERVICE_MISSING, "provider_key_invalid_or_service_missing",
	    403, "provider key \"%1\" invalid and/or service ID missing"),
	ROW(API_PROVIDER_KEY_NOT_FOUND, "provider_key_not_found", 403,
	    "Provider key=\"%1\" does not exist"),
	ROW(API_PROVIDER_KEY_OR_SERVICE_TOKEN_REQUIRED, "provider_key_or_service_token_required",
	    403, "Provider key or service token are required"),
	ROW(API_QUERY_TOO_LARGE, "bad_request", 400, "total query size exceeds limit (%1)"),
	ROW(API_REDIRECT_URI_INVALID, "redirect_uri_invalid", 409,
	    "redirect_uri \"%1\" is invalid"),
	ROW(API_REDIRECT_URL_INVALID, "redirect_url_invalid", 409,
	    "redirect_url \"%1\" is invalid"),
	ROW(API_REFERRER_FILTER_INVALID, "referrer_filter_invalid", 422,
	    "referrer filter can't be blank"),
	ROW(API_REFERRER_MISSING, "referrer_not_allowed", 409, "referrer is missing"),
	ROW(API_REFERRER_NOT_ALLOWED, "referrer_not_allowed", 409,
	    "referrer \"%1\" is not allowed"),
	ROW(API_REQUIRED_PARAMS_MISSING, "required_params_missing", 422,
	    "missing required parameters"),
	ROW(API_SERVICE_CANNOT_USE_USER_ID, "service_cannot_use_user_id", 403,
	    "service with service_id=\"%1\" does not have access to end user plans, user_id is not "
	    "allowed"),
	ROW(API_SERVICE_ID_INVALID, "service_id_invalid", 403, "service id \"%1\" is invalid"),
	ROW(API_SERVICE_ID_MISSING, "service_id_missing", 422, "Service ID is missing"),
	ROW(API_SERVICE_IS_DEFAULT_SERVICE, "service_is_default_service", 403,
	    "Service id=\"%1\" is the default service, cannot be removed"),
	ROW(API_SERVICE_NOT_ACTIVE, "service_not_active", 409, "service is not active"),
	ROW(API_SERVICE_REQUIRES_DEFAULT_USER_PLAN, "service_requires_default_user_plan", 403,
	    "Services without the need for registered users require a default user plan"),
	ROW(API_SERVICE_REQUIRES_REGISTERED_USER, "service_requires_registered_user", 403,
	    "Service id=\"%1\" requires users to be registered beforehand"),
	ROW(API_SERVICE_TOKEN_INVALID, "service_token_invalid", 403,
	    "service token \"%1\" or service id \"%2\" is invalid"),
	ROW(API_TOO_MANY_PARAMETERS, "bad_request", 400,
	    "total number of query parameters (%1) exceeds limit (%2)"),
	ROW(API_TRANSACTION_TIMESTAMP_TOO_NEW, "transaction_timestamp_too_new", 403,
	    "reporting transactions more than 3600 seconds in the future is not allowed"),
	ROW(API_TRANSACTION_TIMESTAMP_TOO_OLD, "transaction_timestamp_too_old", 403,
	    "reporting transactions older than 86400 seconds is not allowed"),
	ROW(API_TRANSACTIONS_FORMAT_INVALID, "transactions_format_invalid", 400,
	    "transactions format is invalid"),
	ROW(API_TRANSACTIONS_HAS_NIL_TRANSACTION, "transactions_has_nil_transaction", 400,
	    "transactions has a nil transaction"),
	ROW(API_TRANSACTIONS_IS_BLANK, "transactions_is_blank", 400,
	    "transactions parameter is blank"),
	ROW(API_USAGE_VALUE_EMPTY, "usage_value_invalid", 403,
	    "usage value for metric \"%1\" can not be empty"),
	ROW(API_USAGE_VALUE_INVALID, "usage_value_invalid", 403,
	    "usage value \"%1\" for metric \"%2\" is invalid"),
	ROW(API_USER_KEY_INVALID, "user_key_invalid", 403, "user key \"%1\" is invalid"),
	ROW(API_USER_KEY_MISSING, "user_key_invalid", 403, "user key is missing"),
	ROW(API_USER_NOT_DEFINED, "user_not_defined", 403,
	    "application with id=\"%1\" requires a user (user_id)"),
	ROW(API_USER_REQUIRES_DEFINED_PLAN, "user_requires_defined_plan", 403,
	    "User requires a defined plan"),
	ROW(API_USER_REQUIRES_SERVICE_ID, "user_requires_service_id", 403,
	    "User requires a service ID"),
	ROW(API_USER_REQUIRES_USERNAME, "user_requires_username", 403, "User requires username"),
	ROW(API_USER_REQUIRES_VALID_SERVICE, "user_requires_valid_service", 403,
	    "User requires a valid service, the service does not exist"),
#undef ROW
};

struct str api_error_name(enum api_error_code code)
{
	BUG_IF(code >= API_ERROR_CODES);
	return rows[code].name;
}

int api_error_status(enum api_error_code code)
{
	BUG_IF(code >= API_ERROR_CODES);
	return rows[code].status;
}

struct str api_error_message(struct arena *arena, const struct api_error *error)
{
	struct str text = rows[error->code].message, before, after;
	size_t first = str_find(text, STR("%1"));
	size_t second = str_find(text, STR("%2"));

	if (first == STR_NOT_FOUND)
		return text;
	before = str_slice(text, 0, first);
	if (second == STR_NOT_FOUND) {
		after = str_skip(text, first + 2);
		return STR_CONCAT(arena, before, error->first, after);
	}
	after = str_slice(text, first + 2, second);
	return STR_CONCAT(arena, before, error->first, after, error->second,
			  str_skip(text, second + 2));
}
