#include "portal/seed.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "world/log.h"

#define ALL_SCOPES "[\"account_management\",\"stats\",\"finance\",\"cms\",\"policy_registry\"]"
#define ACCOUNT_SCOPE "[\"account_management\"]"
#define LEVELS "[50,80,90,100,120,150,200,300]"
#define ALL_LEVELS                                                                                 \
	"{\"web_provider\":" LEVELS ",\"email_provider\":" LEVELS ",\"web_buyer\":" LEVELS         \
	",\"email_buyer\":" LEVELS "}"
#define PASSWORD_CHARACTERS 8

static struct str with_superdomain(struct call *call, struct str label)
{
	return STR_CONCAT(call->arena, label, STR("."), call->settings->superdomain);
}

static void seed_master_metrics(struct call *call, const struct record *service)
{
	static const struct {
		const char *system_name, *friendly_name;
	} rows[] = {
		{"billing", "Billing API"},
		{"account", "Account Management API"},
		{"analytics", "Analytics API"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct record *metric = call_new_record(call, &metrics_table);

		record_set_int(metric, "service_id", record_id(service));
		record_set_text(metric, "system_name", str_from(rows[i].system_name));
		record_set_text(metric, "friendly_name", str_from(rows[i].friendly_name));
		record_set_text(metric, "unit", STR("hit"));
		resource_store(call, &metric_resource, metric);
	}
}

/* The API that tenants are subscribed to. */
static void seed_master_service(struct call *call)
{
	struct record *service =
		tenant_service(call, "Master Service", "master_service", "self_managed");
	struct record *plan;

	record_set(service, "notification_settings", value_json(STR(ALL_LEVELS)));
	resource_store(call, &service_resource, service);
	seed_master_metrics(call, service);
	plan = plan_create(call, &account_plan_resource, call_tenant_id(call),
			   STR("Default account plan"), STR("published"));
	plan_make_default(call, plan);
	plan = record_first(call->database, &plans_table, "type = 'ServicePlan' AND issuer_id = ?1",
			    DATABASE_ARGUMENTS(value_int(record_id(service))));
	plan_make_default(call, plan);
	plan_create(call, &application_plan_resource, record_id(service), STR("Master Plan"),
		    STR("published"));
	plan = plan_create(call, &application_plan_resource, record_id(service),
			   call->settings->provider_plan, STR("published"));
	plan_make_default(call, plan);
}

/* Master: who sells 3scale to tenants. Its APIs are what tenants subscribe to. */
static void seed_master(struct call *call)
{
	const struct settings *settings = call->settings;
	struct str domain = with_superdomain(call, settings->master_domain);
	struct record *master = tenant_account(call, settings->master_name), *user;

	record_set_bool(master, "master", true);
	record_set_text(master, "domain", domain);
	record_set_text(master, "self_domain", domain);
	record_save(call->database, master);
	call->tenant = master;
	user = tenant_user(call, master, settings->master_user, settings->master_password,
			   STR_CONCAT(call->arena, settings->master_user, STR("@"), domain),
			   "minimal");
	tenant_token(call, user, "APIcast", "ro", ACCOUNT_SCOPE, settings->apicast_access_token);
	tenant_token(call, user, "Master Token", "rw", ACCOUNT_SCOPE,
		     settings->master_access_token);
	seed_master_service(call);
}

static struct record *seed_tenant(struct call *call)
{
	const struct settings *settings = call->settings;
	const struct tenant_order order = {.org_name = settings->provider_name,
					   .label = settings->tenant_name,
					   .username = settings->user_login,
					   .password = settings->user_password,
					   .email = settings->user_email};
	struct record *user = tenant_create(call, &order);

	tenant_token(call, user, "Administration", "rw", ALL_SCOPES, settings->admin_access_token);
	return user;
}

static void seed_rows(struct call *call)
{
	struct record *admin;

	seed_master(call);
	admin = seed_tenant(call);
	if (call->settings->sample_data)
		tenant_sample_data(call, admin);
}

static struct str token_named(struct call *call, const char *name)
{
	return database_text(call->database, STR("SELECT value FROM access_tokens WHERE name = ?1"),
			     DATABASE_ARGUMENTS(value_text(str_from(name))));
}

/* The one place where tokens and passwords are shown: whoever starts an empty portal has no other
 * way to learn the generated ones. */
static void seed_announce(struct call *call)
{
	static const char line[] = "========================================"
				   "========================================";
	struct world *world = database_world(call->database);
	const struct settings *settings = call->settings;

	log_format(world, LOG_STDOUT, "%s", line);
	log_format(world, LOG_STDOUT,
		   "Setup Completed\n\nRoot Domain: %.*s\n\nMaster Domain: %.*s.%.*s\n"
		   "Master User Login: %.*s\nMaster User Password: %.*s\n"
		   "Master RW access token: %.*s\n",
		   STR_ARG(settings->superdomain), STR_ARG(settings->master_domain),
		   STR_ARG(settings->superdomain), STR_ARG(settings->master_user),
		   STR_ARG(settings->master_password), STR_ARG(token_named(call, "Master Token")));
	log_format(world, LOG_STDOUT,
		   "Provider Admin Domain: %.*s\nProvider Portal Domain: %.*s\n"
		   "Provider User Login: %.*s\nProvider User Password: %.*s\n"
		   "APIcast Access Token: %.*s\n"
		   "Admin Access Token: %.*s",
		   STR_ARG(record_text(call->tenant, "self_domain")),
		   STR_ARG(record_text(call->tenant, "domain")), STR_ARG(settings->user_login),
		   STR_ARG(settings->user_password), STR_ARG(token_named(call, "APIcast")),
		   STR_ARG(token_named(call, "Administration")));
	log_format(world, LOG_STDOUT, "%s", line);
}

/* As the template makes them: eight characters. */
static void generate_passwords(struct call *call, struct settings *settings)
{
	if (settings->master_password.size == 0)
		settings->master_password = call_random_hex(call, PASSWORD_CHARACTERS);
	if (settings->user_password.size == 0)
		settings->user_password = call_random_hex(call, PASSWORD_CHARACTERS);
}

bool seed_database(struct database *database, const struct settings *settings, struct error *error)
{
	struct arena *arena = arena_create();
	struct settings filled = *settings;
	struct call call = {.database = database,
			    .settings = &filled,
			    .arena = arena,
			    .format = FORMAT_JSON,
			    .parameters = json_new(arena, JSON_OBJECT)};
	bool seeded;

	database_begin(database, arena, true);
	if (database_int(database, STR("SELECT count(*) FROM accounts"), NULL, 0, 0) == 0) {
		generate_passwords(&call, &filled);
		seed_rows(&call);
		seed_announce(&call);
	}
	seeded = database_commit(database, error);
	arena_destroy(arena);
	return seeded;
}
