/* Tenants: how one comes to be, and what master does with them (spec/portal.md 3.20, 9.3). */
#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define IMPERSONATION_USER "3scaleadmin"
#define ACCOUNT_SCOPE "[\"account_management\"]"

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

/* The tenant's own application at master: its user key is the provider key. */
static void subscribe_at_master(struct call *call, const struct record *tenant)
{
	struct record *plan = record_first(
		call->database, &plans_table,
		"id = (SELECT default_application_plan_id FROM services WHERE account_id = ?1 "
		"ORDER BY id LIMIT 1)",
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
	record_set_text(tenant, "from_email",
			STR_CONCAT(call->arena, STR("no-reply@"), call->settings->superdomain));
	record_set_text(tenant, "support_email", email);
	record_set_text(tenant, "finance_support_email", email);
	record_set_text(tenant, "site_access_code", call_random_hex(call, 10));
	record_save(call->database, tenant);
	record_set_int(tenant, "tenant_id", record_id(tenant));
	record_save(call->database, tenant);
	subscribe_at_master(call, tenant);
	call->tenant = tenant;
	user = tenant_user(call, tenant, order->username, order->password, email, "minimal");
	tenant_user(call, tenant, STR(IMPERSONATION_USER), STR(""),
		    STR_CONCAT(call->arena, STR(IMPERSONATION_USER "+"), order->label,
			       STR("@3scale.net")),
		    "impersonation");
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

/* Master's API. */

static void reply_signup(struct call *call, int status, const struct record *tenant,
			 const struct record *token)
{
	struct strbuf out;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	strbuf_append(&out, STR("{\"signup\":{\"account\":"));
	representation_write_json(call, &out, &tenant_representation, tenant);
	if (token != NULL) {
		strbuf_append(&out, STR(",\"access_token\":"));
		representation_write_json(call, &out, access_token_resource.representation, token);
	}
	strbuf_append(&out, STR("}}"));
	reply_json(call, status, str_copy(call->arena, strbuf_str(&out)));
	strbuf_free(&out);
}

/* E Corp -> e-corp, then e-corp-2 and so on when others have it. */
static struct str free_label(struct call *call, struct str org_name)
{
	struct str label = name_for_host(call->arena, org_name), candidate = label;

	for (int i = 2;
	     database_int(call->database, STR("SELECT count(*) FROM accounts WHERE domain = ?1"),
			  DATABASE_ARGUMENTS(value_text(with_superdomain(call, candidate))), 0) > 0;
	     i++)
		candidate = str_format(call->arena, "%.*s-%d", STR_ARG(label), i);
	return candidate;
}

static void add_errors(struct strbuf *out, const char *name, const struct validation *found)
{
	strbuf_append_format(out, "\"%s\":[", name);
	for (size_t i = 0; i < found->count; i++) {
		struct str people = attribute_for_people(found->arena, found->entries[i].attribute);

		if (i > 0)
			strbuf_append_char(out, ',');
		json_write_str(out,
			       STR_CONCAT(found->arena, people, STR(" "), found->entries[i].text));
	}
	strbuf_append_char(out, ']');
}

/* Both are judged before anything is written; texts say what they speak of (PT-158). */
static bool order_is_sound(struct call *call, const struct tenant_order *order)
{
	struct record *account = tenant_account(call, order->org_name);
	struct record *user = record_new(call->arena, &users_table);
	struct validation of_account, of_user;
	struct strbuf out;

	record_set_text(user, "username", order->username);
	record_set_text(user, "email", order->email);
	validation_init(&of_account, call->arena);
	validation_init(&of_user, call->arena);
	resource_check(call, &account_resource, account, &of_account);
	if (order->label.size == 0)
		validation_add(&of_account, "domain", STR("can't be blank"));
	/* Unique only among the users of the tenant, who are none yet. */
	validation_check(&of_user, call->database, user, user_resource.rules,
			 user_resource.rules_count);
	user_check_password(call, user, &of_user);
	if (validation_is_clean(&of_account) && validation_is_clean(&of_user))
		return true;
	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	strbuf_append(&out, STR("{\"errors\":{"));
	if (!validation_is_clean(&of_account))
		add_errors(&out, "account", &of_account);
	if (!validation_is_clean(&of_account) && !validation_is_clean(&of_user))
		strbuf_append_char(&out, ',');
	if (!validation_is_clean(&of_user))
		add_errors(&out, "user", &of_user);
	strbuf_append(&out, STR("}}"));
	reply_json(call, 422, str_copy(call->arena, strbuf_str(&out)));
	strbuf_free(&out);
	return false;
}

void tenant_signup(struct call *call)
{
	struct tenant_order order = {
		.org_name = call_parameter(call, "org_name"),
		.username = call_parameter(call, "username"),
		.password = call_parameter(call, "password"),
		.email = call_parameter(call, "email"),
	};
	struct record *user, *token;

	order.label = free_label(call, order.org_name);
	if (!order_is_sound(call, &order))
		return;
	user = tenant_create(call, &order);
	token = tenant_token(call, user, "account management rw", "rw", ACCOUNT_SCOPE, STR(""));
	tenant_sample_data(call, user);
	reply_signup(call, 201, call->tenant, token);
}

static struct record *tenant_of_path(struct call *call)
{
	return call_found(call, "tenant");
}

void tenant_show(struct call *call)
{
	reply_signup(call, 200, tenant_of_path(call), NULL);
}

/* False when the state does not allow the event. */
static bool tenant_apply_event(struct call *call, struct record *tenant, struct str event)
{
	static const struct {
		const char *event, *from, *to;
		bool backend_follows; /* whether calls are authorized */
	} rows[] = {
		{"suspend", "created pending approved rejected suspended", "suspended", false},
		{"resume", "suspended scheduled_for_deletion", "approved", true},
		{"schedule_for_deletion", "created pending approved rejected suspended",
		 "scheduled_for_deletion", true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str from = str_from(rows[i].from), state;

		if (!str_equal(str_from(rows[i].event), event))
			continue;
		while (str_next_field(&from, ' ', &state)) {
			if (!str_equal(state, record_text(tenant, "state")))
				continue;
			record_set_text(tenant, "state", str_from(rows[i].to));
			record_set(tenant, "state_changed_at",
				   value_time(database_now_us(call->database)));
			record_save(call->database, tenant);
			if (rows[i].backend_follows)
				push_tenant_state(call, tenant);
			return true;
		}
		return false;
	}
	return account_change_state(call, tenant, str_cstr(call->arena, event));
}

void tenant_update(struct call *call)
{
	const struct json *attributes = resource_attributes(call, "account");
	struct record *tenant = tenant_of_path(call);
	struct str event;

	if (attributes == NULL)
		return;
	event = json_scalar_text(json_get(attributes, STR("state_event")));
	if (event.size > 0 && !tenant_apply_event(call, tenant, event)) {
		reply_invalid_one(
			call, 422, "state",
			str_format(call->arena, "cannot transition via \"%.*s\"", STR_ARG(event)));
		return;
	}
	if (!str_equal(record_text(tenant, "state"), STR("scheduled_for_deletion"))) {
		resource_assign(tenant,
				"from_email support_email finance_support_email site_access_code "
				"org_name",
				attributes);
		if (!resource_save(call, &account_resource, tenant, attributes))
			return;
	}
	reply_signup(call, 200, tenant, NULL);
}

void tenant_delete(struct call *call)
{
	tenant_apply_event(call, tenant_of_path(call), STR("schedule_for_deletion"));
	reply_empty(call, 200);
}
