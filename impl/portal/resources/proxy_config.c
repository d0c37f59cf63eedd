/* Versions of the gateways' configuration: spec/portal.md 3.3, 4.2 to 4.4. */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/proxy_config_content.h"
#include "portal/resources/resources.h"
#include "portal/routes.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define CONTENT_CHARACTERS_MAX 2097152
#define SANDBOX STR("sandbox")
#define PRODUCTION STR("production")

/* Only what a version's look-ups differ in follows; ?1 is the environment. */
#define NEWEST                                                                                     \
	"environment = ?1 AND version = (SELECT max(version) FROM proxy_configs AS other WHERE "   \
	"other.proxy_id = proxy_configs.proxy_id AND other.environment = ?1)"
#define OF_VISIBLE_SERVICES                                                                        \
	" AND proxy_id IN (SELECT id FROM proxies WHERE service_id IN " SERVICES_VISIBLE ")"
/* Suspending closes a tenant's portal, not its traffic: backend goes on, too (6.3). */
#define OF_LIVING_TENANTS                                                                          \
	" AND EXISTS (SELECT 1 FROM proxies JOIN services ON services.id = proxies.service_id "    \
	"JOIN accounts ON accounts.id = services.account_id WHERE proxies.id = "                   \
	"proxy_configs.proxy_id AND services.state <> 'deleted' AND accounts.provider = 1 AND "    \
	"accounts.state <> 'scheduled_for_deletion')"
/* A host matches as a whole, without regard to case. */
#define WITH_HOST " AND id IN (SELECT proxy_config_id FROM proxy_config_hosts WHERE host = ?3)"

static const struct representation proxy_config_representation = {
	.root = "proxy_config",
	.roots = "proxy_configs",
	.json = "id version environment content!",
	.xml = "id version environment",
};

const struct resource proxy_config_resource = {
	.table = &proxy_configs_table,
	.representation = &proxy_config_representation,
};

static int64_t newest_version(struct call *call, const struct record *proxy, struct str environment)
{
	return database_int(
		call->database,
		STR("SELECT max(version) FROM proxy_configs WHERE proxy_id = ?1 AND environment = "
		    "?2"),
		DATABASE_ARGUMENTS(value_int(record_id(proxy)), value_text(environment)), 0);
}

static struct record *config_new(struct call *call, const struct record *proxy,
				 struct str environment, int64_t version)
{
	struct record *config = call_new_record(call, &proxy_configs_table);

	record_set_int(config, "proxy_id", record_id(proxy));
	record_set_text(config, "environment", environment);
	record_set_int(config, "version", version);
	record_set(config, "user_id", call->browser_user);
	return config;
}

/* Gateways look versions up by host at every call: each host of `hosts` is a row that an index
 * finds. */
static void list_hosts(struct call *call, const struct record *config)
{
	struct str hosts = str_lower(call->arena, record_text(config, "hosts")), host;

	while (str_next_field(&hosts, '|', &host)) {
		struct record *row;

		if (host.size == 0)
			continue;
		row = call_new_record(call, &proxy_config_hosts_table);
		record_set_int(row, "proxy_config_id", record_id(config));
		record_set_text(row, "host", host);
		record_save(call->database, row);
	}
}

static struct record *config_copy(struct call *call, const struct record *proxy,
				  const struct record *config, struct str environment)
{
	struct record *copy = config_new(call, proxy, environment, record_int(config, "version"));

	record_set(copy, "content", record_get(config, "content"));
	record_set(copy, "hosts", record_get(config, "hosts"));
	record_save(call->database, copy);
	list_hosts(call, copy);
	return copy;
}

/* As the database counts: characters. */
static bool is_too_long(struct str content)
{
	size_t characters = 0;

	if (content.size <= CONTENT_CHARACTERS_MAX)
		return false;
	for (size_t i = 0; i < content.size; i++)
		characters += ((unsigned char)content.data[i] & 0xC0) != 0x80;
	return characters > CONTENT_CHARACTERS_MAX;
}

static struct str newest_content_of_user(struct call *call, const struct record *proxy)
{
	struct value user = call->browser_user;

	return database_text(
		call->database,
		STR("SELECT content FROM proxy_configs WHERE proxy_id = ?1 AND environment = ?2 "
		    "AND coalesce(user_id, 0) = ?3 ORDER BY version DESC LIMIT 1"),
		DATABASE_ARGUMENTS(value_int(record_id(proxy)), value_text(SANDBOX),
				   value_int(user.kind == VALUE_INT ? user.number : 0)));
}

/* Compared with what the same user made last; all calls of the API are one user, null (PT-096). */
void proxy_config_stage(struct call *call, struct record *proxy)
{
	struct str content = proxy_config_content(call, proxy);
	struct record *config;

	if (str_equal(content, newest_content_of_user(call, proxy)) || is_too_long(content))
		return;
	config = config_new(call, proxy, SANDBOX, newest_version(call, proxy, SANDBOX) + 1);
	record_set(config, "content", value_json(content));
	record_set_text(config, "hosts", proxy_config_hosts(call, proxy));
	record_save(call->database, config);
	list_hosts(call, config);
}

/* NULL when there is none of that number. */
static struct record *config_of(struct call *call, const struct record *proxy,
				struct str environment, int64_t version)
{
	return record_first(call->database, &proxy_configs_table,
			    "proxy_id = ?1 AND environment = ?2 AND version = ?3",
			    DATABASE_ARGUMENTS(value_int(record_id(proxy)), value_text(environment),
					       value_int(version)));
}

struct record *proxy_config_newest(struct call *call, const struct record *proxy,
				   struct str environment)
{
	return config_of(call, proxy, environment, newest_version(call, proxy, environment));
}

bool proxy_config_promote_newest(struct call *call, const struct record *proxy)
{
	struct record *newest = proxy_config_newest(call, proxy, SANDBOX);

	if (newest == NULL ||
	    config_of(call, proxy, PRODUCTION, record_int(newest, "version")) != NULL)
		return false;
	config_copy(call, proxy, newest, PRODUCTION);
	return true;
}

/* A mesh has no second step: what is newest in staging goes on to production (PT-095). */
void proxy_config_deploy(struct call *call, struct record *proxy)
{
	struct record *service = service_by_id(call, record_int(proxy, "service_id"));

	proxy_config_stage(call, proxy);
	if (str_equal(record_text(service, "deployment_option"), STR("service_mesh_istio")))
		proxy_config_promote_newest(call, proxy);
}

/* Reading. */

static bool environment_of_name(struct str name, struct str *environment)
{
	static const struct {
		struct str name, environment;
	} rows[] = {
		{STR_INIT("sandbox"), STR_INIT("sandbox")},
		{STR_INIT("staging"), STR_INIT("sandbox")},
		{STR_INIT("production"), STR_INIT("production")},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (str_equal(rows[i].name, name)) {
			*environment = rows[i].environment;
			return true;
		}
	}
	return false;
}

static bool environment_of_path(struct call *call, struct str *environment)
{
	if (environment_of_name(http_route_parameter(&call->path_parameters, STR("environment")),
				environment))
		return true;
	reply_error(call, 400, STR("invalid environment"));
	return false;
}

static struct record *proxy_of_path(struct call *call)
{
	return proxy_of_service(call, record_id(service_of_path(call)));
}

void proxy_config_list(struct call *call)
{
	struct str environment;

	if (environment_of_path(call, &environment))
		resource_reply_list(call, &proxy_config_resource,
				    "proxy_id = ?1 AND environment = ?2 ORDER BY version",
				    DATABASE_ARGUMENTS(value_int(record_id(proxy_of_path(call))),
						       value_text(environment)));
}

static void reply_config(struct call *call, const struct record *config)
{
	if (config != NULL)
		reply_record(call, 200, &proxy_config_representation, config);
	else
		reply_not_found(call);
}

void proxy_config_latest(struct call *call)
{
	struct str environment;

	if (environment_of_path(call, &environment))
		reply_config(call, proxy_config_newest(call, proxy_of_path(call), environment));
}

static struct record *config_of_path(struct call *call, struct str environment)
{
	int64_t version;

	if (!str_to_int64(http_route_parameter(&call->path_parameters, STR("version")), &version))
		return NULL;
	return config_of(call, proxy_of_path(call), environment, version);
}

void proxy_config_show(struct call *call)
{
	struct str environment;

	if (environment_of_path(call, &environment))
		reply_config(call, config_of_path(call, environment));
}

/* Those of a condition that hold the host which is asked for, if one is. */
static void reply_configs(struct call *call, const char *where, struct str environment,
			  struct value version)
{
	struct str host = call_parameter(call, "host");
	struct str condition =
		STR_CONCAT(call->arena, str_from(where), host.size > 0 ? STR(WITH_HOST) : STR(""),
			   STR(" ORDER BY id"));

	resource_reply_list(call, &proxy_config_resource, str_cstr(call->arena, condition),
			    DATABASE_ARGUMENTS(value_text(environment),
					       value_int(call_tenant_id(call)),
					       value_text(str_lower(call->arena, host)), version,
					       call->identity.visible_services));
}

void proxy_config_by_host(struct call *call)
{
	struct str environment;

	if (!environment_of_path(call, &environment))
		return;
	if (call_parameter(call, "host").size == 0)
		reply_missing_parameter(call, "host");
	else
		reply_configs(call, NEWEST OF_VISIBLE_SERVICES, environment, value_null());
}

void proxy_config_of_all_tenants(struct call *call)
{
	struct str environment;

	if (environment_of_path(call, &environment))
		reply_configs(call, NEWEST OF_LIVING_TENANTS, environment, value_null());
}

void proxy_config_of_account(struct call *call)
{
	struct str version = call_parameter(call, "version"), environment;
	int64_t number;

	if (!environment_of_name(http_route_parameter(&call->path_parameters, STR("environment")),
				 &environment))
		reply_invalid_one(call, 422, "environment", STR("is not included in the list"));
	else if (str_equal(version, STR("latest")))
		reply_configs(call, NEWEST OF_VISIBLE_SERVICES, environment, value_null());
	else
		reply_configs(
			call,
			"environment = ?1 AND (?4 IS NULL OR version = ?4)" OF_VISIBLE_SERVICES,
			environment,
			str_to_int64(version, &number) ? value_int(number) : value_null());
}

/* Promotion: the same number and content in another environment. */

static void promote(struct call *call, const struct record *config, struct str to)
{
	struct record *proxy = proxy_of_path(call);
	struct validation validation;

	validation_init(&validation, call->arena);
	if (!str_equal(to, SANDBOX) && !str_equal(to, PRODUCTION))
		validation_add(&validation, "environment", STR("is not included in the list"));
	else if (config_of(call, proxy, to, record_int(config, "version")) != NULL)
		validation_add(&validation, "version", STR("has already been taken"));
	if (!validation_is_clean(&validation)) {
		reply_invalid(call, 422, &validation);
		return;
	}
	reply_record(call, 201, &proxy_config_representation, config_copy(call, proxy, config, to));
}

void proxy_config_promote(struct call *call)
{
	struct str environment;
	struct record *config;

	if (!environment_of_path(call, &environment))
		return;
	config = config_of_path(call, environment);
	if (config == NULL)
		reply_not_found(call);
	else if (!call_has_parameter(call, "to"))
		reply_missing_parameter(call, "to");
	else
		promote(call, config, call_parameter(call, "to"));
}
