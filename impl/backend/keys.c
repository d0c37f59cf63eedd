#include "backend/keys.h"

#include "base/arena.h"

struct str key_part(struct arena *arena, struct str text)
{
	char *data;

	if (str_find_char(text, ' ') == STR_NOT_FOUND)
		return text;
	data = arena_alloc(arena, text.size);
	for (size_t i = 0; i < text.size; i++)
		data[i] = text.data[i] == ' ' ? '+' : text.data[i];
	return str_of(data, text.size);
}

struct str key_service(struct arena *arena, struct str service, struct str attribute)
{
	return STR_CONCAT(arena, STR("service/id:"), key_part(arena, service), STR("/"), attribute);
}

struct str key_default_service(struct arena *arena, struct str provider_key)
{
	return STR_CONCAT(arena, STR("service/provider_key:"), key_part(arena, provider_key),
			  STR("/id"));
}

struct str key_provider_services(struct arena *arena, struct str provider_key)
{
	return STR_CONCAT(arena, STR("service/provider_key:"), key_part(arena, provider_key),
			  STR("/ids"));
}

struct str key_service_applications(struct arena *arena, struct str service)
{
	return STR_CONCAT(arena, STR("service_id:"), key_part(arena, service),
			  STR("/applications"));
}

struct str key_service_token(struct arena *arena, struct str token, struct str service)
{
	return STR_CONCAT(arena, STR("service_token/token:"), key_part(arena, token),
			  STR("/service_id:"), key_part(arena, service));
}

struct str key_application(struct arena *arena, struct str service, struct str application,
			   struct str attribute)
{
	return STR_CONCAT(arena, STR("application/service_id:"), key_part(arena, service),
			  STR("/id:"), key_part(arena, application), STR("/"), attribute);
}

struct str key_user_key(struct arena *arena, struct str service, struct str user_key)
{
	return STR_CONCAT(arena, STR("application/service_id:"), key_part(arena, service),
			  STR("/key:"), key_part(arena, user_key), STR("/id"));
}

struct str key_metric_ids(struct arena *arena, struct str service)
{
	return STR_CONCAT(arena, STR("metrics/service_id:"), key_part(arena, service), STR("/ids"));
}

struct str key_metric(struct arena *arena, struct str service, struct str metric,
		      struct str attribute)
{
	return STR_CONCAT(arena, STR("metric/service_id:"), key_part(arena, service), STR("/id:"),
			  key_part(arena, metric), STR("/"), attribute);
}

struct str key_metric_name(struct arena *arena, struct str service, struct str name)
{
	return STR_CONCAT(arena, STR("metric/service_id:"), key_part(arena, service), STR("/name:"),
			  key_part(arena, name), STR("/id"));
}

struct str key_usage_limit(struct arena *arena, struct str service, struct str plan,
			   struct str metric, struct str period)
{
	return STR_CONCAT(arena, STR("usage_limit/service_id:"), key_part(arena, service),
			  STR("/plan_id:"), key_part(arena, plan), STR("/metric_id:"),
			  key_part(arena, metric), STR("/"), period);
}

struct str key_end_user(struct arena *arena, struct str service, struct str user)
{
	return STR_CONCAT(arena, STR("service:"), service, STR("/user:"), user);
}

struct str key_access_token(struct arena *arena, struct str service, struct str token)
{
	return STR_CONCAT(arena, STR("oauth_access_tokens/service:"), service, STR("/"), token);
}

struct str key_application_tokens(struct arena *arena, struct str service, struct str application)
{
	return STR_CONCAT(arena, STR("oauth_access_tokens/service:"), service, STR("/app:"),
			  application, STR("/"));
}

struct str key_alert_thresholds(struct arena *arena, struct str service)
{
	return STR_CONCAT(arena, STR("alerts/service_id:"), service, STR("/allowed_set"));
}

struct str key_alert_sent(struct arena *arena, struct str service, struct str application,
			  int level)
{
	return str_format(arena, "alerts/service_id:%.*s/app_id:%.*s/%d/already_notified",
			  STR_ARG(service), STR_ARG(application), level);
}

struct str key_alert_maximum(struct arena *arena, struct str service, struct str application,
			     struct str hour)
{
	return STR_CONCAT(arena, STR("alerts/service_id:"), service, STR("/app_id:"), application,
			  STR("/"), hour, STR("/current_max"));
}

struct str key_errors(struct arena *arena, struct str service)
{
	return STR_CONCAT(arena, STR("errors/service_id:"), service);
}

struct str key_latest_transactions(struct arena *arena, struct str service)
{
	return STR_CONCAT(arena, STR("transactions/service_id:"), service);
}

struct str key_daily_traffic(struct arena *arena, struct str service, struct str application,
			     struct str day)
{
	return STR_CONCAT(arena, STR("daily_traffic/service:"), service, STR("/cinstance:"),
			  application, STR("/"), day);
}
