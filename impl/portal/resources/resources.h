/* Every resource of the API and the handlers that are not the same for all. Each is described in
 * the file of its name. */
#ifndef PORTAL_RESOURCES_RESOURCES_H
#define PORTAL_RESOURCES_RESOURCES_H

#include "portal/call.h"
#include "portal/record.h"
#include "portal/representation.h"
#include "portal/resource.h"

struct json;
struct validation;

/* names.c: system names and addresses made from names. */
struct str name_for_host(struct arena *arena, struct str name); /* "my_api v2" -> my-api-v2 */
#define SYSTEM_NAME_PATTERN "\\w[\\w\\-/]+"
/* Sets `system_name` from another column when it is blank. A name without any letter that such a
 * name may have gives chance after the kind: "service_5d41402abc4b". */
void fill_system_name(struct call *call, struct record *record, const char *from, const char *kind);

/* alert_levels.c: at which utilisation whom to tell (spec/portal.md 6.4). */
void alert_levels_assign(struct call *call, struct record *service, const struct json *sent);
struct value alert_levels_xml(struct call *call, const struct record *service);
/* Tells backend which levels are new and which are gone; before: NULL for a new service. */
void alert_levels_saved(struct call *call, const struct record *service,
			const struct record *before);
void alert_levels_gone(struct call *call, const struct record *service);

/* events.c */
void events_import(struct call *call);

/* service.c */
extern const struct resource service_resource;
struct record *service_of_path(const struct call *call);
struct record *service_by_id(struct call *call, int64_t id);
void service_touch(struct call *call, int64_t service_id);
struct str service_mode(struct call *call, const struct record *service); /* with "oidc" */
struct str service_support_email(struct call *call, const struct record *service);
void service_delete(struct call *call);

/* metric.c */
extern const struct resource metric_resource, method_resource;
void metric_create_hits(struct call *call, const struct record *service);
void metric_delete(struct call *call);

/* mapping_rule.c */
extern const struct resource mapping_rule_resource;
void mapping_rule_create_default(struct call *call, const struct record *proxy);
void mapping_rules_remove_of_metric(struct call *call, const struct record *metric);

/* proxy.c */
extern const struct resource proxy_resource;
struct record *proxy_of_service(struct call *call, int64_t service_id);
void proxy_create(struct call *call, const struct record *service, bool is_oidc);
/* The service's deployment option changed: its addresses follow (spec/portal.md 4.5). */
void proxy_follow_deployment(struct call *call, const struct record *service);
void proxy_touch(struct call *call, int64_t service_id);
void proxy_show(struct call *call);
void proxy_update(struct call *call);
void proxy_deploy(struct call *call);
void proxy_policies_show(struct call *call);
void proxy_policies_update(struct call *call);
extern const struct resource oidc_configuration_resource;
void oidc_configuration_show(struct call *call);
void oidc_configuration_update(struct call *call);
/* JSON: the object without its root. XML: the whole element. */
struct value oidc_configuration_value(struct call *call, const struct record *proxy);
/* Only flags that were sent change. Returns the configuration. */
struct record *oidc_configuration_assign(struct call *call, const struct record *proxy,
					 const struct json *sent);

/* proxy_config.c */
extern const struct resource proxy_config_resource;
/* Makes a staging version when the content differs from the newest (spec/portal.md 4.3); deploy
 * goes on to production where there is no second step. */
void proxy_config_stage(struct call *call, struct record *proxy);
void proxy_config_deploy(struct call *call, struct record *proxy);
/* NULL when there is none. environment: "sandbox" or "production". */
struct record *proxy_config_newest(struct call *call, const struct record *proxy,
				   struct str environment);
/* The page's button: the newest staging version. False when there is nothing to promote. */
bool proxy_config_promote_newest(struct call *call, const struct record *proxy);
void proxy_config_list(struct call *call);
void proxy_config_latest(struct call *call);
void proxy_config_show(struct call *call);
void proxy_config_promote(struct call *call);
void proxy_config_by_host(struct call *call);
void proxy_config_of_all_tenants(struct call *call);
void proxy_config_of_account(struct call *call);

/* plan.c */
extern const struct resource application_plan_resource, service_plan_resource,
	account_plan_resource;
const struct resource *plan_resource_of(const struct record *plan);
struct record *plan_create(struct call *call, const struct resource *resource, int64_t issuer_id,
			   struct str name, struct str state);
void plan_make_default(struct call *call, const struct record *plan);
void plan_default(struct call *call);
/* A custom plan goes when its application has another one, or is gone. */
void plan_drop_unused_copies(struct call *call);

/* usage_limit.c */
extern const struct resource usage_limit_resource, pricing_rule_resource;

/* end_user.c */
void end_user_plan_list(struct call *call);
void end_user_limit_list(struct call *call);
void end_user_missing(struct call *call);
void end_user_refused(struct call *call);

/* feature.c */
extern const struct resource service_feature_resource, account_feature_resource;
void plan_feature_list(struct call *call);
void plan_feature_add(struct call *call);
void plan_feature_remove(struct call *call);

/* account.c */
extern const struct resource account_resource;
/* Developers go at once, tenants (which are master's accounts) are scheduled for it. */
bool account_remove(struct call *call, struct record *account, struct validation *validation);
void account_delete(struct call *call);
void account_list(struct call *call);
void account_find(struct call *call);
void account_approve(struct call *call);
void account_reject(struct call *call);
void account_make_pending(struct call *call);
void account_plan_show(struct call *call);
void account_change_plan(struct call *call);
/* False when the state does not allow it. */
bool account_change_state(struct call *call, struct record *account, const char *event);

/* credit_card.c */
void credit_card_update(struct call *call);
void credit_card_delete(struct call *call);

/* message.c */
extern const struct resource message_resource;
void message_create(struct call *call);

/* authentication_provider.c */
extern const struct resource authentication_provider_resource;
void authentication_provider_create(struct call *call);
void authentication_provider_create_own(struct call *call);

/* provider.c */
extern const struct resource provider_resource;
void provider_show(struct call *call);
void provider_update(struct call *call);

/* web_hook.c */
extern const struct resource web_hook_resource, web_hook_failure_resource;
void web_hook_update(struct call *call);
void web_hook_failures_delete(struct call *call);

/* signup.c */
/* With the call's parameters, which are flat: org_name, username, email, password, the plans' ids,
 * fields. `account` is a new record. by_api: else a developer signs itself up. */
enum signup_result { SIGNUP_DONE, SIGNUP_PLAN_MISSING, SIGNUP_INVALID };
enum signup_result signup_carry_out(struct call *call, bool by_api, struct record *account,
				    struct validation *validation);
void account_signup(struct call *call);

/* tenant.c: tenants, and the parts of one that seeding makes too. */
extern const struct representation tenant_representation; /* of account.c */
#define TENANT_ADDRESS(name)                                                                       \
	{name, RULE_PATTERN, 0, "[^@\\s]+@[^@\\s]+", NULL, false},                                 \
	{                                                                                          \
		name, RULE_LENGTH_MAX, 255, NULL, NULL, false                                      \
	}
/* What is judged of a tenant's own account, whether it or master changes it. */
#define TENANT_ADDRESS_RULES                                                                       \
	TENANT_ADDRESS("from_email"), TENANT_ADDRESS("support_email"),                             \
		TENANT_ADDRESS("finance_support_email"),                                           \
	{                                                                                          \
		"site_access_code", RULE_LENGTH_MAX, 255, NULL, NULL, false                        \
	}
struct tenant_order {
	struct str org_name, label;           /* label: of the domains, "3scale" */
	struct str username, password, email; /* email empty: made from the domain */
	bool is_pending;                      /* the user is yet to activate itself */
};
struct record *tenant_account(struct call *call, struct str name);
struct record *tenant_user(struct call *call, const struct record *account, struct str name,
			   struct str password, struct str email, const char *signup_type);
/* value empty: generated. */
struct record *tenant_token(struct call *call, const struct record *user, const char *name,
			    const char *permission, const char *scopes, struct str value);
struct record *tenant_service(struct call *call, const char *name, const char *system_name,
			      const char *deployment_option);
struct record *tenant_create(struct call *call, const struct tenant_order *order);
void tenant_sample_data(struct call *call, const struct record *admin);

/* tenant_api.c: what master does with tenants. An order is read from the call's parameters and
 * judged before it is carried out, which makes the call the new tenant's and returns the admin's
 * token. */
#define TENANT_ATTRIBUTES "from_email support_email finance_support_email site_access_code org_name"
struct tenant_order tenant_order_of_call(struct call *call);
bool tenant_order_is_sound(struct call *call, const struct tenant_order *order,
			   struct validation *of_account, struct validation *of_user);
struct record *tenant_carry_out(struct call *call, const struct tenant_order *order);
/* suspend, resume, schedule_for_deletion ...; false when the state does not allow it. */
bool tenant_apply_event(struct call *call, struct record *tenant, struct str event);
void tenant_signup(struct call *call);
void tenant_show(struct call *call);
void tenant_update(struct call *call);
void tenant_delete(struct call *call);
void master_domain_show(struct call *call);
/* What only the hosted 3scale does. */
void master_refuse(struct call *call);

/* user.c */
extern const struct resource user_resource;
/* A password is kept as its digest; the record is saved by the caller. Empty: nobody can log in. */
void user_set_password(const struct call *call, struct record *user, struct str password);
/* user NULL: as slow as for one who is there, so that nobody learns who is. */
bool user_password_fits(const struct call *call, const struct record *user, struct str password);
void user_check_password(struct call *call, struct record *user, struct validation *validation);
bool user_change_state(struct call *call, struct record *user, const char *event);
void user_list(struct call *call);
void user_create(struct call *call);
void user_make_admin(struct call *call);
void user_make_member(struct call *call);
void user_suspend(struct call *call);
void user_unsuspend(struct call *call);
void user_activate(struct call *call);

/* application.c: contracts of buyers. */
extern const struct resource application_resource;
/* A subscription of the account to a plan of any type, with what comes with it; the record is saved
 * by the caller's resource_save() or here. */
struct record *contract_new(struct call *call, int64_t account_id, const struct record *plan);
/* One account has one subscription to a service at most. */
bool service_subscription_is_had(struct call *call, int64_t account_id, int64_t service_id);
bool service_subscription_ensure(struct call *call, int64_t account_id, int64_t service_id);
bool application_is_of_mode(struct call *call, const struct record *application, const char *mode);
struct record *application_plan_of(struct call *call, const struct record *application);
/* The application plan of a visible service that the parameter plan_id names; NULL after a 404. */
struct record *application_plan_of_parameter(struct call *call);
/* Where the mode of the service asks for one. */
void application_give_first_key(struct call *call, const struct record *application);
void application_list(struct call *call);
void application_list_of_account(struct call *call);
void portal_application_find(struct call *call);
void application_find_of_account(struct call *call);
void application_create(struct call *call);
void application_accept(struct call *call);
void application_suspend(struct call *call);
void application_resume(struct call *call);
/* application_change.c */
void application_change_plan(struct call *call);
void application_customize_plan(struct call *call);
void application_decustomize_plan(struct call *call);

/* application_key.c: keys and referrer filters. */
extern const struct resource application_key_resource, referrer_filter_resource;
struct str application_first_key(struct call *call, const struct record *application);
void application_key_generate(struct call *call, const struct record *application);
void application_key_create(struct call *call);
void application_key_remove(struct call *call, struct record *key);
void application_key_delete(struct call *call);
void referrer_filter_create(struct call *call);

/* access_token.c */
extern const struct resource access_token_resource, permissions_resource;
/* Name, permission and scopes; one that is new has its value already. The caller saves them. */
void access_token_assign(struct call *call, struct record *token, const struct json *attributes);
struct record *access_token_new(struct call *call, const struct record *owner,
				const struct json *attributes);
void access_token_create_personal(struct call *call);
void access_token_create_for_user(struct call *call);
void access_token_list(struct call *call);
void access_token_show(struct call *call);
void access_token_delete(struct call *call);
void permissions_show(struct call *call);
void permissions_update(struct call *call);

/* policy.c */
extern const struct resource policy_resource;
void policy_list_all(struct call *call);
void policy_show(struct call *call);
void policy_update(struct call *call);
void policy_delete(struct call *call);

/* sso_token.c */
extern const struct resource sso_token_resource;
void sso_token_create(struct call *call);
void sso_token_create_for_tenant(struct call *call);

/* settings.c */
struct record *settings_of_tenant(struct call *call); /* a new one when there is none yet */
extern const struct resource settings_resource;
void settings_show(struct call *call);
void settings_update(struct call *call);

/* subscription.c */
extern const struct resource service_contract_resource;
void service_contract_delete(struct call *call);
void application_plan_buy(struct call *call);
void service_plan_buy(struct call *call);

/* api_doc.c */
extern const struct resource api_doc_resource;

#endif
