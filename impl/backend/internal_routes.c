#include "backend/internal_handlers.h"
#include "backend/profile.h"

/* 8.1: health, as outside. */

static void check(struct internal_call *call)
{
	internal_answer_status(call, 200, STR("ok"));
}

static void status(struct internal_call *call)
{
	struct json *version = json_new(call->arena, JSON_OBJECT);

	internal_set(call, version, STR("backend"), call->backend->settings.profile->version);
	internal_answer_with(call, 200, STR("ok"), STR("version"), version);
}

/* Offers. With test hooks the routes for tests are there in production, too. */

static bool is_test(const struct settings *settings)
{
	return !settings->is_production || settings->has_test_hooks;
}

static bool has_batches(const struct settings *settings)
{
	return settings->profile->has_application_batches;
}

static bool has_users(const struct settings *settings)
{
	return settings->profile->has_end_users;
}

static bool has_latest(const struct settings *settings)
{
	return settings->profile->keeps_latest_transactions;
}

static bool is_test_of_latest(const struct settings *settings)
{
	return is_test(settings) && has_latest(settings);
}

#define SERVICE "/internal/services/{service_id}"
#define APPLICATION SERVICE "/applications/{application_id}"

/* In this order: what is named comes before what stands for any id. */
const struct internal_route internal_routes[] = {
#define ROUTE(method, pattern, handler)                                                            \
	{                                                                                          \
		STR_INIT(method), STR_INIT(pattern), handler, NULL                                 \
	}
#define ROUTE_IF(is_offered, method, pattern, handler)                                             \
	{                                                                                          \
		STR_INIT(method), STR_INIT(pattern), handler, is_offered                           \
	}
	ROUTE("GET", "/internal/check.json", check),
	ROUTE("GET", "/internal/status", status),

	ROUTE("GET", SERVICE, internal_service_read),
	ROUTE("POST", "/internal/services/", internal_service_create),
	ROUTE("PUT", "/internal/services/change_provider_key/{key}", internal_provider_key_change),
	ROUTE("PUT", SERVICE, internal_service_update),
	ROUTE("DELETE", SERVICE, internal_service_delete),

	ROUTE("HEAD", "/internal/service_tokens/{token}/{service_id}/",
	      internal_service_token_probe),
	ROUTE_IF(has_batches, "GET", "/internal/service_tokens/{token}/{service_id}/provider_key",
		 internal_service_token_provider_key),
	ROUTE("POST", "/internal/service_tokens/", internal_service_tokens_create),
	ROUTE("DELETE", "/internal/service_tokens/", internal_service_tokens_delete),

	ROUTE("GET", SERVICE "/applications/key/{user_key}", internal_user_key_read),
	ROUTE("DELETE", SERVICE "/applications/key/{user_key}", internal_user_key_delete),
	ROUTE("PUT", APPLICATION "/key/{user_key}", internal_user_key_set),
	ROUTE_IF(has_batches, "PUT", SERVICE "/applications/batch", internal_applications_save),
	ROUTE("GET", APPLICATION, internal_application_read),
	ROUTE("POST", APPLICATION, internal_application_create),
	ROUTE("PUT", APPLICATION, internal_application_update),
	ROUTE("DELETE", APPLICATION, internal_application_delete),

	ROUTE_IF(has_users, "GET", SERVICE "/users/{user}", internal_user_read),
	ROUTE_IF(has_users, "POST", SERVICE "/users/{user}", internal_user_create),
	ROUTE_IF(has_users, "PUT", SERVICE "/users/{user}", internal_user_update),
	ROUTE_IF(has_users, "DELETE", SERVICE "/users/{user}", internal_user_delete),
	ROUTE_IF(has_users, "DELETE", SERVICE "/users", internal_users_delete),

	ROUTE("GET", APPLICATION "/keys/", internal_application_keys_list),
	ROUTE("POST", APPLICATION "/keys/", internal_application_key_create),
	ROUTE("DELETE", APPLICATION "/keys/{value}", internal_application_key_delete),
	ROUTE("GET", APPLICATION "/referrer_filters", internal_referrer_filters_list),
	ROUTE("POST", APPLICATION "/referrer_filters", internal_referrer_filter_create),
	ROUTE("DELETE", APPLICATION "/referrer_filters/{value}", internal_referrer_filter_delete),

	ROUTE("GET", SERVICE "/metrics/{metric_id}", internal_metric_read),
	ROUTE("POST", SERVICE "/metrics/{metric_id}", internal_metric_create),
	ROUTE("PUT", SERVICE "/metrics/{metric_id}", internal_metric_update),
	ROUTE("DELETE", SERVICE "/metrics/{metric_id}", internal_metric_delete),
	ROUTE("GET", SERVICE "/plans/{plan_id}/usagelimits/{metric_id}/{period}",
	      internal_usage_limit_read),
	ROUTE("PUT", SERVICE "/plans/{plan_id}/usagelimits/{metric_id}/{period}",
	      internal_usage_limit_set),
	ROUTE("DELETE", SERVICE "/plans/{plan_id}/usagelimits/{metric_id}/{period}",
	      internal_usage_limit_delete),

	ROUTE("GET", SERVICE "/alert_limits/", internal_alert_limits_list),
	ROUTE("POST", SERVICE "/alert_limits/", internal_alert_limit_create),
	ROUTE("DELETE", SERVICE "/alert_limits/{value}", internal_alert_limit_delete),
	ROUTE("GET", "/internal/events/", internal_events_list),
	ROUTE_IF(is_test, "POST", "/internal/events/", internal_events_create),
	ROUTE("DELETE", "/internal/events/", internal_events_delete),
	ROUTE("DELETE", "/internal/events/{event_id}", internal_event_delete),

	ROUTE("GET", SERVICE "/errors/", internal_errors_list),
	ROUTE_IF(is_test, "POST", SERVICE "/errors/", internal_errors_create),
	ROUTE("DELETE", SERVICE "/errors/", internal_errors_delete),
	ROUTE_IF(has_latest, "GET", SERVICE "/transactions/", internal_transactions_list),
	ROUTE_IF(is_test_of_latest, "POST", SERVICE "/transactions/", internal_transactions_create),
	ROUTE_IF(is_test_of_latest, "DELETE", SERVICE "/transactions/",
		 internal_transactions_delete),
	ROUTE("DELETE", SERVICE "/stats", internal_stats_delete),
	ROUTE("GET", APPLICATION "/utilization/", internal_utilization_read),
#undef ROUTE
#undef ROUTE_IF
	{{NULL, 0}, {NULL, 0}, NULL, NULL},
};
