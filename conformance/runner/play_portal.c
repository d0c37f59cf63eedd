/* The portal of a case: every call style of gateways (spec/gateway.md 2.2 to 2.4), from the case's
 * configuration. */
#include "base/arena.h"
#include "base/json.h"
#include "conformance/runner/play.h"
#include "http/query.h"
#include "http/router.h"

#define FIRST_VERSION_ID 900

static struct json *answer_with(struct arena *arena, struct json *content)
{
	struct json *answer = json_new(arena, JSON_OBJECT);

	json_set(answer, STR("json"), content);
	return answer;
}

static const struct json *not_found(struct arena *arena)
{
	struct json *answer = json_new(arena, JSON_OBJECT);

	json_set(answer, STR("status"), json_new_int(arena, 404));
	return answer;
}

static const struct json *services_of(const struct portal_play *portal)
{
	return json_get(portal->config, STR("services"));
}

static struct json *proxy_config_of(struct arena *arena, const struct json *service,
				    struct str environment)
{
	struct json *wrapped = json_new(arena, JSON_OBJECT);
	struct json *config = json_set(wrapped, STR("proxy_config"), json_new(arena, JSON_OBJECT));

	json_set(config, STR("id"),
		 json_new_int(arena, FIRST_VERSION_ID + json_int(json_get(service, STR("id")), 0)));
	json_set(config, STR("version"), json_new_int(arena, 1));
	json_set(config, STR("environment"), json_new_str(arena, environment));
	json_set(config, STR("content"), json_copy(arena, service));
	return wrapped;
}

/* Routes. */

typedef const struct json *portal_route(const struct portal_play *portal,
					const struct http_route_parameters *parameters,
					const struct http_query *query, struct arena *arena);

static const struct json *list_services(const struct portal_play *portal,
					const struct http_route_parameters *parameters,
					const struct http_query *query, struct arena *arena)
{
	struct json *content = json_new(arena, JSON_OBJECT);
	struct json *list = json_set(content, STR("services"), json_new(arena, JSON_ARRAY));

	(void)parameters;
	(void)query;
	JSON_EACH (service, services_of(portal)) {
		struct json *item = json_append(list, json_new(arena, JSON_OBJECT));
		struct json *named = json_set(item, STR("service"), json_new(arena, JSON_OBJECT));

		json_set(named, STR("id"), json_copy(arena, json_get(service, STR("id"))));
	}
	return answer_with(arena, content);
}

static const struct json *show_config(const struct portal_play *portal,
				      const struct http_route_parameters *parameters,
				      const struct http_query *query, struct arena *arena)
{
	struct str id = http_route_parameter(parameters, STR("id"));

	(void)query;
	JSON_EACH (service, services_of(portal)) {
		if (str_equal(json_scalar_text(json_get(service, STR("id"))), id))
			return answer_with(
				arena, proxy_config_of(arena, service,
						       http_route_parameter(parameters,
									    STR("environment"))));
	}
	return not_found(arena);
}

static bool has_host(const struct json *service, struct str host)
{
	JSON_EACH (item, json_path(service, "proxy.hosts")) {
		if (str_equal(json_str(item), host))
			return true;
	}
	return false;
}

static const struct json *list_configs(const struct portal_play *portal,
				       const struct http_route_parameters *parameters,
				       const struct http_query *query, struct arena *arena)
{
	struct json *content = json_new(arena, JSON_OBJECT);
	struct json *list = json_set(content, STR("proxy_configs"), json_new(arena, JSON_ARRAY));
	struct str host = http_query_get(query, STR("host"));
	int64_t page = 1;

	str_to_int64(http_query_get(query, STR("page")), &page);
	JSON_EACH (service, services_of(portal)) {
		if (page == 1 && (host.size == 0 || has_host(service, host)))
			json_append(list, proxy_config_of(arena, service,
							  http_route_parameter(
								  parameters, STR("environment"))));
	}
	return answer_with(arena, content);
}

static const struct {
	struct str pattern;
	portal_route *answer;
} routes[] = {
	{STR_INIT("/admin/api/services.json"), list_services},
	{STR_INIT("/admin/api/services/{id}/proxy/configs/{environment}/{version}.json"),
	 show_config},
	{STR_INIT("/admin/api/account/proxy_configs/{environment}.json"), list_configs},
	{STR_INIT("/master/api/proxy/configs/{environment}.json"), list_configs},
};

static const struct json *answer_from_config(const struct portal_play *portal,
					     const struct record *record, struct arena *arena)
{
	struct http_query query;

	http_query_init(&query, arena);
	http_query_parse(&query, record->query);
	for (size_t i = 0; portal->config != NULL && i < sizeof routes / sizeof *routes; i++) {
		struct http_route_parameters parameters = {.count = 0};

		if (http_route_match(routes[i].pattern, record->path, arena, &parameters))
			return routes[i].answer(portal, &parameters, &query, arena);
	}
	return not_found(arena);
}

const struct json *play_portal_choose(struct play *play, const struct record *record,
				      struct arena *arena)
{
	struct portal_play *portal = play->data;
	const struct json *scripted = path_scripts_take(&portal->answers, record);

	return scripted != NULL ? scripted : answer_from_config(portal, record, arena);
}
