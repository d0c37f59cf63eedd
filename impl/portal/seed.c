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
#define IMPERSONATION_USER "3scaleadmin"

static struct str or_random(struct call *call, struct str written)
{
	return written.size > 0 ? written : call_random_hex(call, 64);
}

static struct str with_superdomain(struct call *call, struct str label)
{
	return STR_CONCAT(call->arena, label, STR("."), call->settings->superdomain);
}

static struct record *seed_user(struct call *call, const struct record *account, struct str name,
				struct str email, const char *role, const char *signup_type)
{
	struct record *user = call_new_record(call, &users_table);

	record_set_int(user, "account_id", record_id(account));
	record_set_text(user, "username", name);
	record_set_text(user, "email", email);
	record_set_text(user, "role", str_from(role));
	record_set_text(user, "state", STR("active"));
	record_set(user, "activated_at", value_time(database_now_us(call->database)));
	record_set_text(user, "signup_type", str_from(signup_type));
	record_save(call->database, user);
	return user;
}

static void seed_token(struct call *call, const struct record *user, const char *name,
		       const char *permission, const char *scopes, struct str value)
{
	struct record *token = call_new_record(call, &access_tokens_table);

	record_set_int(token, "owner_id", record_id(user));
	record_set_text(token, "name", str_from(name));
	record_set_text(token, "permission", str_from(permission));
	record_set(token, "scopes", value_json(str_from(scopes)));
	record_set_text(token, "value", value);
	record_save(call->database, token);
}

static struct record *seed_account(struct call *call, struct str name)
{
	struct record *account = record_new(call->arena, &accounts_table);

	record_set_text(account, "org_name", name);
	record_set_text(account, "state", STR("approved"));
	record_set(account, "state_changed_at", value_time(database_now_us(call->database)));
	return account;
}

static struct record *seed_service(struct call *call, const char *name, const char *system_name,
				   const char *deployment_option)
{
	struct record *service = call_new_record(call, &services_table);

	record_set_int(service, "account_id", call_tenant_id(call));
	record_set_text(service, "name", str_from(name));
	record_set_text(service, "system_name", str_from(system_name));
	record_set_text(service, "deployment_option", str_from(deployment_option));
	resource_store(call, &service_resource, service);
	return service;
}

/* Master: who sells 3scale to tenants. Its APIs are what tenants subscribe to. */
static struct record *seed_master(struct call *call)
{
	const struct settings *settings = call->settings;
	struct str domain = with_superdomain(call, settings->master_domain);
	struct record *master = seed_account(call, settings->master_name), *user, *service, *plan;

	record_set_bool(master, "master", true);
	record_set_text(master, "domain", domain);
	record_set_text(master, "self_domain", domain);
	record_save(call->database, master);
	call->tenant = master;
	user = seed_user(call, master, settings->master_user,
			 STR_CONCAT(call->arena, settings->master_user, STR("@"), domain), "admin",
			 "minimal");
	seed_token(call, user, "APIcast", "ro", ACCOUNT_SCOPE,
		   or_random(call, settings->apicast_access_token));
	seed_token(call, user, "Master Token", "rw", ACCOUNT_SCOPE,
		   or_random(call, settings->master_access_token));
	service = seed_service(call, "Master Service", "master_service", "self_managed");
	plan_create(call, &account_plan_resource, record_id(master), STR("Default account plan"),
		    STR("published"));
	plan_create(call, &application_plan_resource, record_id(service), STR("Master Plan"),
		    STR("published"));
	plan = plan_create(call, &application_plan_resource, record_id(service),
			   settings->provider_plan, STR("published"));
	plan_make_default(call, plan);
	return plan;
}

/* The tenant's own application at master: its user key is the provider key. */
static void seed_provider_key(struct call *call, const struct record *tenant,
			      const struct record *plan)
{
	struct record *application = contract_new(call, record_id(tenant), plan);

	record_set_text(application, "name", record_text(tenant, "org_name"));
	record_set_text(application, "description", record_text(tenant, "org_name"));
	record_set_text(application, "user_key", call_random_hex(call, 32));
	record_set_text(application, "application_id", call_random_hex(call, 8));
	record_save(call->database, application);
}

static struct record *seed_tenant(struct call *call, const struct record *plan)
{
	const struct settings *settings = call->settings;
	struct record *tenant = seed_account(call, settings->provider_name), *user;
	struct str domain = with_superdomain(call, settings->tenant_name);
	struct str email = settings->user_email;

	if (email.size == 0)
		email = STR_CONCAT(call->arena, settings->user_login, STR("@"), domain);
	record_set_bool(tenant, "provider", true);
	record_set_int(tenant, "provider_account_id", call_tenant_id(call));
	record_set_text(tenant, "domain", domain);
	record_set_text(tenant, "self_domain",
			with_superdomain(call, STR_CONCAT(call->arena, settings->tenant_name,
							  STR("-admin"))));
	record_set_text(tenant, "from_email",
			STR_CONCAT(call->arena, STR("no-reply@"), settings->superdomain));
	record_set_text(tenant, "support_email", email);
	record_set_text(tenant, "finance_support_email", email);
	record_set_text(tenant, "site_access_code", call_random_hex(call, 10));
	record_save(call->database, tenant);
	record_set_int(tenant, "tenant_id", record_id(tenant));
	record_save(call->database, tenant);
	seed_provider_key(call, tenant, plan);
	call->tenant = tenant;
	user = seed_user(call, tenant, settings->user_login, email, "admin", "minimal");
	seed_user(call, tenant, STR(IMPERSONATION_USER),
		  STR_CONCAT(call->arena, STR(IMPERSONATION_USER "+"), settings->tenant_name,
			     STR("@3scale.net")),
		  "admin", "impersonation");
	seed_token(call, user, "Administration", "rw", ALL_SCOPES,
		   or_random(call, settings->admin_access_token));
	return user;
}

/* Sample data: a service that can be called at once. */

static void seed_contract(struct call *call, const struct record *account,
			  const struct record *plan)
{
	struct record *contract = contract_new(call, record_id(account), plan);

	if (!str_equal(record_text(contract, "type"), STR("Cinstance"))) {
		record_save(call->database, contract);
		return;
	}
	record_set_text(contract, "name", STR("Developer's App"));
	record_set_text(contract, "description", STR("Default application created on signup."));
	application_resource.prepare(call, contract, NULL);
	resource_store(call, &application_resource, contract);
}

/* admin@x becomes admin+test@x */
static struct str test_address(struct call *call, struct str email)
{
	struct str name, domain;

	str_split_once(email, '@', &name, &domain);
	return STR_CONCAT(call->arena, name, STR("+test@"), domain);
}

static void seed_sample_data(struct call *call, const struct record *admin)
{
	struct record *service = seed_service(call, "API", "api", "hosted"), *account;
	struct record *account_plan =
		plan_create(call, &account_plan_resource, call_tenant_id(call), STR("Default"),
			    STR("published"));
	struct record *service_plan = record_first(
		call->database, &plans_table, "type = 'ServicePlan' AND issuer_id = ?1",
		DATABASE_ARGUMENTS(value_int(record_id(service))));
	struct record *basic = plan_create(call, &application_plan_resource, record_id(service),
					   STR("Basic"), STR("published"));

	plan_create(call, &application_plan_resource, record_id(service), STR("Unlimited"),
		    STR("published"));
	plan_make_default(call, account_plan);
	plan_make_default(call, service_plan);
	plan_make_default(call, basic);
	account = seed_account(call, STR("Developer"));
	record_set_bool(account, "buyer", true);
	record_set_int(account, "provider_account_id", call_tenant_id(call));
	record_set_int(account, "tenant_id", call_tenant_id(call));
	record_save(call->database, account);
	seed_user(call, account, STR("john"), test_address(call, record_text(admin, "email")),
		  "admin", "minimal");
	seed_contract(call, account, account_plan);
	seed_contract(call, account, service_plan);
	seed_contract(call, account, basic);
}

static void seed_rows(struct call *call)
{
	struct record *plan = seed_master(call);
	struct record *admin = seed_tenant(call, plan);

	if (call->settings->sample_data)
		seed_sample_data(call, admin);
}

static struct str token_named(struct call *call, const char *name)
{
	return database_text(call->database, STR("SELECT value FROM access_tokens WHERE name = ?1"),
			     DATABASE_ARGUMENTS(value_text(str_from(name))));
}

/* The one place where tokens are shown: whoever starts an empty portal has no other way to learn
 * the generated ones. */
static void seed_announce(struct call *call)
{
	static const char line[] = "========================================"
				   "========================================";
	struct world *world = database_world(call->database);
	const struct settings *settings = call->settings;

	log_format(world, LOG_STDOUT, "%s", line);
	log_format(world, LOG_STDOUT,
		   "Setup Completed\n\nRoot Domain: %.*s\n\nMaster Domain: %.*s.%.*s\n"
		   "Master User Login: %.*s\nMaster RW access token: %.*s\n",
		   STR_ARG(settings->superdomain), STR_ARG(settings->master_domain),
		   STR_ARG(settings->superdomain), STR_ARG(settings->master_user),
		   STR_ARG(token_named(call, "Master Token")));
	log_format(world, LOG_STDOUT,
		   "Provider Admin Domain: %.*s\nProvider Portal Domain: %.*s\n"
		   "Provider User Login: %.*s\nAPIcast Access Token: %.*s\n"
		   "Admin Access Token: %.*s",
		   STR_ARG(record_text(call->tenant, "self_domain")),
		   STR_ARG(record_text(call->tenant, "domain")), STR_ARG(settings->user_login),
		   STR_ARG(token_named(call, "APIcast")),
		   STR_ARG(token_named(call, "Administration")));
	log_format(world, LOG_STDOUT, "%s", line);
}

bool seed_database(struct database *database, const struct settings *settings, struct error *error)
{
	struct arena *arena = arena_create();
	struct call call = {.database = database,
			    .settings = settings,
			    .arena = arena,
			    .format = FORMAT_JSON,
			    .parameters = json_new(arena, JSON_OBJECT)};
	bool seeded;

	database_begin(database, arena, true);
	if (database_int(database, STR("SELECT count(*) FROM accounts"), NULL, 0, 0) == 0) {
		seed_rows(&call);
		seed_announce(&call);
	}
	seeded = database_commit(database, error);
	arena_destroy(arena);
	return seeded;
}
