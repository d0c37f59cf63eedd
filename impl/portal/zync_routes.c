#include "portal/zync_routes.h"

#include "base/error.h"
#include "portal/database.h"
#include "portal/tables.h"
#include "zync/routes.h"

static void wish_for_account(struct database *database, struct route_record *routes)
{
	const struct record *account =
		record_first(database, &accounts_table, "id = ?1 AND (provider = 1 OR master = 1)",
			     DATABASE_ARGUMENTS(value_int(routes->id)));

	if (account != NULL)
		route_record_of_provider(routes,
					 record_bool(account, "master")
						 ? record_text(account, "self_domain")
						 : record_text(account, "domain"),
					 record_text(account, "self_domain"));
}

static void wish_for_proxy(struct database *database, struct route_record *routes)
{
	const struct record *proxy =
		record_first(database, &proxies_table,
			     "id = ?1 AND service_id IN (SELECT id FROM services WHERE state <> "
			     "'deleted' AND deployment_option = 'hosted')",
			     DATABASE_ARGUMENTS(value_int(routes->id)));

	if (proxy != NULL)
		route_record_of_proxy(routes, record_text(proxy, "endpoint"),
				      record_text(proxy, "sandbox_endpoint"));
}

static int64_t proxy_of(struct database *database, int64_t service_id)
{
	return database_int(database, STR("SELECT id FROM proxies WHERE service_id = ?1"),
			    DATABASE_ARGUMENTS(value_int(service_id)), 0);
}

enum routes_outcome zync_routes_follow(struct database *database, struct str type,
				       int64_t object_id, int64_t tenant_id, int64_t service_id,
				       struct error *error)
{
	struct world *world = database_world(database);
	struct route_record routes = {.id = object_id, .tenant_id = tenant_id};

	if (str_equal(type, STR("Provider"))) {
		routes.type = "Provider";
		routes.owner_id = object_id;
		wish_for_account(database, &routes);
	} else if (str_equal(type, STR("Proxy")) || str_equal(type, STR("Service"))) {
		routes.type = "Proxy";
		routes.owner_id = service_id;
		if (str_equal(type, STR("Service")))
			routes.id = proxy_of(database, service_id);
		wish_for_proxy(database, &routes);
	} else {
		return ROUTES_UNCHANGED;
	}
	if (database_has_failed(database)) {
		error_set(error, ERROR_UNAVAILABLE, "the database could not be read");
		return ROUTES_FAILED;
	}
	/* A service whose proxy is gone: the proxy's own notice took its routes away. */
	if (routes.id == 0)
		return ROUTES_UNCHANGED;
	return route_record_follow(world, route_namespace(world), &routes, error);
}
