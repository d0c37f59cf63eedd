/* Configuration history of a service: its versions, and each as a file (spec/portal.md 7.6). */
#include <inttypes.h>

#include "base/arena.h"
#include "portal/database.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/reply.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

#define PER_PAGE 20
#define HISTORY "/apiconfig/services/{service}/proxy_configs"

static bool environment_of(struct call *call, struct str *environment)
{
	struct str name = call_parameter(call, "environment");
	bool is_staging = name.size == 0 || str_equal(name, STR("staging")) ||
			  str_equal(name, STR("sandbox"));

	*environment = is_staging ? STR("sandbox") : STR("production");
	return is_staging || str_equal(name, STR("production"));
}

/* Of a change through the API there is none. */
static struct str user_name(struct call *call, const struct record *config)
{
	struct record *user =
		record_by_id(call->database, &users_table, record_int(config, "user_id"));

	return user != NULL ? record_text(user, "username") : STR("");
}

/* "|a|b|" -> "a b" */
static struct str hosts_text(struct call *call, const struct record *config)
{
	struct str rest = record_text(config, "hosts"), host, text = STR("");

	while (str_next_field(&rest, '|', &host)) {
		if (host.size > 0)
			text = STR_CONCAT(call->arena, text, text.size > 0 ? STR(" ") : STR(""),
					  host);
	}
	return text;
}

static void write_row(struct visit *visit, const struct record *config)
{
	struct call *call = visit->call;

	HTML(&visit->content,
	     "<tr><td>{}<td>{}<td>{} UTC<td>{}<td><a "
	     "href=\"/apiconfig/services/{}/proxy_configs/{}\">download</a></tr>\n",
	     value_to_text(call->arena, record_get(config, "version")), user_name(call, config),
	     value_to_text(call->arena, record_get(config, "created_at")), hosts_text(call, config),
	     value_to_text(call->arena, record_get(service_of_path(call), "id")),
	     value_to_text(call->arena, record_get(config, "id")));
}

static int64_t page_number(struct call *call)
{
	int64_t number;

	if (str_to_int64(call_parameter(call, "page"), &number) && number >= 1 &&
	    number <= INT32_MAX)
		return number;
	return 1;
}

static void show_list(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *proxy = proxy_of_service(call, record_id(service_of_path(call)));
	struct record_list configs;
	struct str environment;

	if (!environment_of(call, &environment)) {
		visit_not_found(visit);
		return;
	}
	configs = record_all(
		call->database, &proxy_configs_table,
		"proxy_id = ?1 AND environment = ?2 ORDER BY version DESC LIMIT ?3 OFFSET ?4",
		DATABASE_ARGUMENTS(value_int(record_id(proxy)), value_text(environment),
				   value_int(PER_PAGE + 1),
				   value_int((page_number(call) - 1) * PER_PAGE)));
	strbuf_append(&visit->content,
		      STR("<table><tr><th>Version<th>User<th>Time<th>Hosts<th></tr>\n"));
	for (size_t i = 0; i < configs.count && i < PER_PAGE; i++)
		write_row(visit, configs.items[i]);
	strbuf_append(&visit->content, STR("</table>\n"));
	if (configs.count > PER_PAGE)
		HTML(&visit->content, "<p><a href=\"?environment={}&amp;page={}\">Next</a></p>\n",
		     environment, value_to_text(call->arena, value_int(page_number(call) + 1)));
	visit_show(visit, 200, "Configuration history");
}

/* apicast-config-SERVICE-ENVIRONMENT-VERSION.json */
static void download(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *service = service_of_path(call), *config = NULL;
	struct record *proxy = proxy_of_service(call, record_id(service));
	int64_t id;

	if (str_to_int64(http_route_parameter(&call->path_parameters, STR("id")), &id))
		config = record_first(
			call->database, &proxy_configs_table, "id = ?1 AND proxy_id = ?2",
			DATABASE_ARGUMENTS(value_int(id), value_int(record_id(proxy))));
	if (config == NULL) {
		visit_not_found(visit);
		return;
	}
	reply_field(call, "Content-Disposition",
		    STR_CONCAT(call->arena, STR("attachment; filename=\"apicast-config-"),
			       record_text(service, "system_name"), STR("-"),
			       record_text(config, "environment"), STR("-"),
			       value_to_text(call->arena, record_get(config, "version")),
			       STR(".json\"")));
	reply_json(call, 200, record_text(config, "content"));
}

static const struct page_route rows[] = {
	{"GET", STR_INIT(HISTORY), show_list, PAGE_ADMIN, "plans"},
	{"GET", STR_INIT(HISTORY "/{id}"), download, PAGE_ADMIN, "plans"},
};

const struct page_table pages_of_proxy_versions = PAGE_TABLE(rows);
