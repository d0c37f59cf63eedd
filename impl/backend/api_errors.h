/* The error catalogue (spec/backend.md 4.7): code, HTTP status and message of each condition. One
 * row is one code; what a message quotes stands in it as %1 and %2.
 */
#ifndef BACKEND_API_ERRORS_H
#define BACKEND_API_ERRORS_H

#include "base/str.h"

struct arena;

/* The order of the table in api_errors.c. */
enum api_error_code {
	API_NO_ERROR,
	API_APPLICATION_HAS_NO_STATE,
	API_APPLICATION_KEY_INVALID,
	API_APPLICATION_KEY_MISSING, /* code application_key_invalid */
	API_APPLICATION_NOT_ACTIVE,
	API_APPLICATION_NOT_FOUND,
	API_AUTHENTICATION_ERROR,
	API_BAD_PERCENT_CODING, /* code bad_request */
	API_BAD_REQUEST,
	API_CONTENT_TYPE_INVALID,
	API_ERROR, /* free text, made through the Internal API */
	API_INVALID_PROVIDER_KEYS,
	API_LIMITS_EXCEEDED,
	API_METRIC_INVALID,
	API_NOT_VALID_DATA,
	API_OAUTH_NOT_ENABLED,
	API_PROVIDER_KEY_EXISTS,
	API_PROVIDER_KEY_INVALID,
	API_PROVIDER_KEY_INVALID_OR_SERVICE_MISSING,
	API_PROVIDER_KEY_NOT_FOUND,
	API_PROVIDER_KEY_OR_SERVICE_TOKEN_REQUIRED,
	API_QUERY_TOO_LARGE, /* code bad_request */
	API_REDIRECT_URI_INVALID,
	API_REDIRECT_URL_INVALID,
	API_REFERRER_FILTER_INVALID,
	API_REFERRER_MISSING, /* code referrer_not_allowed */
	API_REFERRER_NOT_ALLOWED,
	API_SERVICE_ID_INVALID,
	API_SERVICE_ID_MISSING,
	API_SERVICE_IS_DEFAULT_SERVICE,
	API_SERVICE_NOT_ACTIVE,
	API_SERVICE_REQUIRES_DEFAULT_USER_PLAN,
	API_SERVICE_TOKEN_INVALID,
	API_TRANSACTION_TIMESTAMP_TOO_NEW,
	API_TRANSACTION_TIMESTAMP_TOO_OLD,
	API_TRANSACTIONS_FORMAT_INVALID,
	API_TRANSACTIONS_HAS_NIL_TRANSACTION,
	API_TRANSACTIONS_IS_BLANK,
	API_USAGE_VALUE_EMPTY, /* code usage_value_invalid */
	API_USAGE_VALUE_INVALID,
	API_USER_KEY_INVALID,
	API_USER_NOT_DEFINED,
	API_ERROR_CODES
};

struct api_error {
	enum api_error_code code;
	struct str first, second; /* what the message quotes; borrowed */
};

struct str api_error_name(enum api_error_code code); /* "metric_invalid" */
int api_error_status(enum api_error_code code);
struct str api_error_message(struct arena *arena, const struct api_error *error);

#endif
