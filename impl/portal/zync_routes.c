#include "portal/zync_routes.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/url.h"
#include "portal/database.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "world/files.h"
#include "world/log.h"

#define ROUTES_MAX 2 /* of one owner */

struct cluster_route {
	const char *name; /* which of the owner's */
	struct str host;  /* empty: none */
	const char *to;
};

static void routes_of_account(const struct record *account, struct cluster_route routes[ROUTES_MAX])
{
	bool is_master = account != NULL && record_bool(account, "master");

	routes[0] = (struct cluster_route){.name = "domain", .to = "system-developer"};
	routes[1] = (struct cluster_route){.name = "self_domain", .to = "system-provider"};
	if (account == NULL)
		return;
	routes[1].host = record_text(account, "self_domain");
	if (is_master)
		routes[1].to = "system-master";
	else
		routes[0].host = record_text(account, "domain");
}

static struct str host_of(struct str endpoint)
{
	struct url url;

	return url_parse(endpoint, &url, NULL) && url_is_http(&url) ? url.host : STR("");
}

static void routes_of_service(struct database *database, int64_t service_id,
			      struct cluster_route routes[ROUTES_MAX])
{
	struct record *proxy = record_first(
		database, &proxies_table,
		"service_id = ?1 AND service_id IN (SELECT id FROM services WHERE state <> "
		"'deleted' AND deployment_option = 'hosted')",
		DATABASE_ARGUMENTS(value_int(service_id)));

	routes[0] = (struct cluster_route){.name = "sandbox_endpoint", .to = "apicast-staging"};
	routes[1] = (struct cluster_route){.name = "endpoint", .to = "apicast-production"};
	if (proxy == NULL)
		return;
	routes[0].host = host_of(record_text(proxy, "sandbox_endpoint"));
	routes[1].host = host_of(record_text(proxy, "endpoint"));
}

static void say(struct database *database, const char *what, struct str host, struct str to)
{
	log_format(database_world(database), LOG_STDOUT, "route %s host=%.*s to=%.*s", what,
		   STR_ARG(host), STR_ARG(to));
}

/* True when the row was made, changed or deleted. */
static bool follow_one(struct database *database, const char *owner_type, int64_t owner_id,
		       const struct cluster_route *wanted)
{
	struct record *row = record_first(
		database, &cluster_routes_table, "owner_type = ?1 AND owner_id = ?2 AND name = ?3",
		DATABASE_ARGUMENTS(value_text(str_from(owner_type)), value_int(owner_id),
				   value_text(str_from(wanted->name))));
	bool is_new = row == NULL;
	struct str to = str_from(wanted->to);

	if (is_new && wanted->host.size == 0)
		return false;
	if (wanted->host.size == 0) {
		say(database, "deleted", record_text(row, "host"), record_text(row, "to_service"));
		record_delete(database, row);
		return true;
	}
	if (is_new) {
		row = record_new(database_arena(database), &cluster_routes_table);
		record_set_text(row, "owner_type", str_from(owner_type));
		record_set_int(row, "owner_id", owner_id);
		record_set_text(row, "name", str_from(wanted->name));
	}
	record_set_text(row, "host", wanted->host);
	record_set_text(row, "to_service", to);
	if (!record_save(database, row))
		return false;
	say(database, is_new ? "created" : "moved", wanted->host, to);
	return true;
}

bool zync_routes_follow(struct database *database, struct str type, int64_t object_id,
			int64_t service_id)
{
	bool is_account = str_equal(type, STR("Provider")), changed = false;
	struct cluster_route routes[ROUTES_MAX];

	if (!is_account && !str_equal(type, STR("Proxy")) && !str_equal(type, STR("Service")))
		return false;
	if (is_account)
		routes_of_account(record_first(database, &accounts_table,
					       "id = ?1 AND (provider = 1 OR master = 1)",
					       DATABASE_ARGUMENTS(value_int(object_id))),
				  routes);
	else
		routes_of_service(database, service_id, routes);
	for (size_t i = 0; i < ROUTES_MAX; i++) {
		if (follow_one(database, is_account ? "Account" : "Service",
			       is_account ? object_id : service_id, &routes[i]))
			changed = true;
	}
	return changed;
}

void zync_routes_write(struct database *database, const struct settings *settings)
{
	struct arena *arena = arena_create();
	struct json *file = json_new(arena, JSON_OBJECT);
	struct json *list = json_set(file, STR("routes"), json_new(arena, JSON_ARRAY));
	struct record_list rows;
	struct error error = {0};

	database_begin(database, arena, false);
	rows = record_all(database, &cluster_routes_table, "id > 0 ORDER BY host, id", NULL, 0);
	for (size_t i = 0; i < rows.count; i++) {
		struct json *route = json_append(list, json_new(arena, JSON_OBJECT));

		json_set(route, STR("host"),
			 json_new_str(arena, record_text(rows.items[i], "host")));
		json_set(route, STR("to"),
			 json_new_str(arena, record_text(rows.items[i], "to_service")));
	}
	database_rollback(database);
	if (!files_write(database_world(database), settings->routes_file,
			 STR_CONCAT(arena, json_print(arena, file), STR("\n")), &error))
		log_format(database_world(database), LOG_STDERR, "ROUTES_FILE: %s", error.text);
	arena_destroy(arena);
}
