/* Tenants: how one comes to be (spec/portal.md 3.20, 9.2, 9.3). tenant_api.c is what master does
 * with them. */
#include "base/arena.h"
#include "portal/database.h"
#include "portal/fields.h"
#include "portal/resources/cms.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"

static struct str with_superdomain(struct call *call, struct str label)
{
	return STR_CONCAT(call->arena, label, STR("."), call->settings->superdomain);
}

/* Parts. */

struct record *tenant_user(struct call *call, const struct record *account, struct str name,
			   struct str password, struct str email, const char *signup_type)
{
	struct record *user = call_new_record(call, &users_table);

	record_set_int(user, "account_id", record_id(account));
	record_set_text(user, "username", name);
	record_set_text(user, "email", email);
	record_set_text(user, "role", STR("admin"));
	record_set_text(user, "state", STR("active"));
	record_set(user, "activated_at", value_time(database_now_us(call->database)));
	record_set_text(user, "signup_type", str_from(signup_type));
	user_set_password(call, user, password);
	record_save(call->database, user);
	return user;
}

struct record *tenant_token(struct call *call, const struct record *user, const char *name,
			    const char *permission, const char *scopes, struct str value)
{
	struct record *token = call_new_record(call, &access_tokens_table);

	record_set_int(token, "owner_id", record_id(user));
	record_set_text(token, "name", str_from(name));
	record_set_text(token, "permission", str_from(permission));
	record_set(token, "scopes", value_json(str_from(scopes)));
	record_set_text(token, "value", value.size > 0 ? value : call_random_hex(call, 64));
	record_save(call->database, token);
	return token;
}

struct record *tenant_account(struct call *call, struct str name)
{
	struct record *account = record_new(call->arena, &accounts_table);

	record_set_text(account, "org_name", name);
	record_set_text(account, "state", STR("approved"));
	record_set(account, "state_changed_at", value_time(database_now_us(call->database)));
	return account;
}

struct record *tenant_service(struct call *call, const char *name, const char *system_name,
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

/* To a plan that master gives by default, when there is one. */
static void subscribe_to_default(struct call *call, const struct record *tenant, const char *where)
{
	struct record *plan = record_first(call->database, &plans_table, where,
					   DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	if (plan != NULL)
		record_save(call->database, contract_new(call, record_id(tenant), plan));
}

/* The tenant's own application at master: its user key is the provider key. */
static void subscribe_at_master(struct call *call, const struct record *tenant)
{
	subscribe_to_default(call, tenant,
			     "id = (SELECT default_account_plan_id FROM accounts WHERE id = ?1)");
	subscribe_to_default(call, tenant,
			     "id = (SELECT default_service_plan_id FROM services WHERE id = "
			     "(SELECT min(id) FROM services WHERE account_id = ?1))");
	struct record *plan = record_first(
		call->database, &plans_table,
		"id = (SELECT default_application_plan_id FROM services WHERE id = (SELECT min(id) "
		"FROM services WHERE account_id = ?1))",
		DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));
	struct record *application = contract_new(call, record_id(tenant), plan);

	record_set_text(application, "name", record_text(tenant, "org_name"));
	record_set_text(application, "description", record_text(tenant, "org_name"));
	record_set_text(application, "user_key", call_random_hex(call, 32));
	record_set_text(application, "application_id", call_random_hex(call, 8));
	record_save(call->database, application);
}

/* Called as master; afterwards the call is the new tenant's. Returns its first user. */
struct record *tenant_create(struct call *call, const struct tenant_order *order)
{
	const struct settings *settings = call->settings;
	struct record *tenant = tenant_account(call, order->org_name), *user;
	struct str email = order->email;

	if (email.size == 0)
		email = STR_CONCAT(call->arena, order->username, STR("@"),
				   with_superdomain(call, order->label));
	record_set_bool(tenant, "provider", true);
	record_set_int(tenant, "provider_account_id", call_tenant_id(call));
	record_set_text(tenant, "domain", with_superdomain(call, order->label));
	record_set_text(
		tenant, "self_domain",
		with_superdomain(call, STR_CONCAT(call->arena, order->label, STR("-admin"))));
	record_set_text(tenant, "from_email", call->settings->noreply_email);
	record_set_text(tenant, "support_email", email);
	record_set_text(tenant, "finance_support_email", email);
	record_set_text(tenant, "site_access_code", call_random_hex(call, 10));
	record_save(call->database, tenant);
	record_set_int(tenant, "tenant_id", record_id(tenant));
	record_save(call->database, tenant);
	subscribe_at_master(call, tenant);
	call->tenant = tenant;
	record_save(call->database, settings_of_tenant(call));
	fields_define_first(call);
	user = tenant_user(call, tenant, order->username, order->password, email, "minimal");
	if (order->is_pending) {
		record_set_text(user, "state", STR("pending"));
		record_set(user, "activated_at", value_null());
		record_save(call->database, user);
	}
	tenant_user(call, tenant, settings->impersonation_username, STR(""),
		    STR_CONCAT(call->arena, settings->impersonation_username, STR("+"),
			       order->label, STR("@"), settings->impersonation_domain),
		    "impersonation");
	cms_section_root(call);
	return user;
}

/* Sample data: a service that can be called at once. */

static void sample_contract(struct call *call, const struct record *account,
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

static void sample_features(struct call *call, const struct record *service,
			    const struct record *basic, const struct record *unlimited)
{
	static const char *const names[] = {"Unlimited Greetings", "24/7 support",
					    "Unlimited calls"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct record *feature = call_new_record(call, &features_table);
		struct record *link = call_new_record(call, &features_plans_table);

		record_set_int(feature, "featurable_id", record_id(service));
		record_set_text(feature, "name", str_from(names[i]));
		service_feature_resource.prepare(call, feature, NULL);
		record_save(call->database, feature);
		record_set_int(link, "plan_id", record_id(i == 0 ? basic : unlimited));
		record_set_text(link, "plan_type", STR("ApplicationPlan"));
		record_set_int(link, "feature_id", record_id(feature));
		record_save(call->database, link);
	}
}

/* A document that can be tried at once: what the sample service forwards to. */
static void sample_document(struct call *call)
{
	static const char body[] =
		"{\"swagger\":\"2.0\",\"info\":{\"title\":\"Echo API\",\"description\":\"Answers "
		"with the "
		"request it "
		"got\",\"version\":\"1.0.0\"},\"host\":\"echo-api.3scale.net\",\"schemes\":["
		"\"https\"],\"basePath\":\"/\",\"paths\":{\"/"
		"\":{\"get\":{\"summary\":\"Echo\",\"parameters\":"
		"[{\"name\":\"user_key\",\"in\":\"query\",\"description\":\"Your access API Key\","
		"\"required\":true,\"type\":\"string\",\"x-data-threescale-name\":\"user_keys\"}],"
		"\"responses\":{\"200\":{\"description\":\"The request\"}}}}}}";
	struct record *doc = call_new_record(call, &api_docs_services_table);

	record_set_int(doc, "account_id", call_tenant_id(call));
	record_set_text(doc, "name", STR("Echo"));
	record_set_text(doc, "body", str_from(body));
	record_set_bool(doc, "published", true);
	api_doc_resource.prepare(call, doc, NULL);
	resource_store(call, &api_doc_resource, doc);
}

void tenant_sample_data(struct call *call, const struct record *admin)
{
	struct record *service = tenant_service(call, "API", "api", "hosted"), *account;
	struct record *account_plan =
		plan_create(call, &account_plan_resource, call_tenant_id(call), STR("Default"),
			    STR("published"));
	struct record *service_plan = record_first(
		call->database, &plans_table, "type = 'ServicePlan' AND issuer_id = ?1",
		DATABASE_ARGUMENTS(value_int(record_id(service))));
	struct record *basic = plan_create(call, &application_plan_resource, record_id(service),
					   STR("Basic"), STR("published"));
	struct record *unlimited = plan_create(call, &application_plan_resource, record_id(service),
					       STR("Unlimited"), STR("published"));

	plan_make_default(call, account_plan);
	plan_make_default(call, service_plan);
	plan_make_default(call, basic);
	sample_features(call, service, basic, unlimited);
	sample_document(call);
	account = tenant_account(call, STR("Developer"));
	record_set_bool(account, "buyer", true);
	record_set_int(account, "provider_account_id", call_tenant_id(call));
	record_set_int(account, "tenant_id", call_tenant_id(call));
	record_save(call->database, account);
	tenant_user(call, account, STR("john"), STR("123456"),
		    test_address(call, record_text(admin, "email")), "minimal");
	sample_contract(call, account, account_plan);
	sample_contract(call, account, service_plan);
	sample_contract(call, account, basic);
}
