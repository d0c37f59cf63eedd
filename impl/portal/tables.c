#include "portal/tables.h"

/* clang-format off */
#define COLUMN(name, kind, fallback, constraint) \
	{STR_INIT(name), kind, fallback, constraint, NULL, TEXT_PLAIN}
#define ID COLUMN("id", VALUE_INT, NULL, NULL)
#define TEXT(name) COLUMN(name, VALUE_TEXT, NULL, NULL)
#define TEXT_OR(name, fallback) COLUMN(name, VALUE_TEXT, fallback, NULL)
#define TEXT_NEEDED(name) COLUMN(name, VALUE_TEXT, NULL, "NOT NULL")
#define WIDE_TEXT(name) {STR_INIT(name), VALUE_TEXT, NULL, NULL, NULL, TEXT_WIDE}
#define LONG_TEXT(name) {STR_INIT(name), VALUE_TEXT, NULL, NULL, NULL, TEXT_LONG}
#define LONG_TEXT_NEEDED(name) {STR_INIT(name), VALUE_TEXT, NULL, "NOT NULL", NULL, TEXT_LONG}
#define BOOL_OR(name, fallback) COLUMN(name, VALUE_BOOL, fallback, "NOT NULL")
#define INT(name) COLUMN(name, VALUE_INT, NULL, NULL)
#define INT_OR(name, fallback) COLUMN(name, VALUE_INT, fallback, "NOT NULL")
#define MONEY(name) COLUMN(name, VALUE_DECIMAL, "0.0", "NOT NULL")
#define TIME(name) COLUMN(name, VALUE_TIME, NULL, NULL)
#define JSON(name) COLUMN(name, VALUE_JSON, NULL, NULL)
#define REFERS_TO(name, constraint, references) \
	{STR_INIT(name), VALUE_INT, NULL, constraint, references, TEXT_PLAIN}
#define BELONGS_TO(name, table) REFERS_TO(name, "NOT NULL", table " (id) ON DELETE CASCADE")
#define MAY_BELONG_TO(name, table) REFERS_TO(name, NULL, table " (id) ON DELETE CASCADE")
#define TENANT INT("tenant_id")
#define TIMES TIME("created_at"), TIME("updated_at")
#define PLAIN_ERROR "text/plain; charset=us-ascii"

static const struct column accounts_columns[] = {
	ID, TENANT, TEXT_NEEDED("org_name"), TEXT_OR("state", "created"),
	BOOL_OR("provider", "0"), BOOL_OR("buyer", "0"), BOOL_OR("master", "0"),
	MAY_BELONG_TO("provider_account_id", "accounts"), TEXT("domain"), TEXT("self_domain"),
	TEXT_OR("timezone", "UTC"), TEXT("from_email"), TEXT("support_email"),
	TEXT("finance_support_email"), TEXT("site_access_code"), INT("default_account_plan_id"),
	INT("default_service_id"), TEXT("vat_rate"), BOOL_OR("monthly_billing_enabled", "1"),
	BOOL_OR("monthly_charging_enabled", "1"), TIME("state_changed_at"),
	TEXT("credit_card_auth_code"), TEXT("credit_card_authorize_net_payment_profile_token"),
	TEXT("credit_card_partial_number"), TEXT("credit_card_expires_on"),
	TEXT("billing_address_name"), TEXT("billing_address_address1"),
	TEXT("billing_address_city"), TEXT("billing_address_country"),
	TEXT("billing_address_state"), TEXT("billing_address_phone"), TEXT("billing_address_zip"),
	TEXT("s3_prefix"), JSON("extra_fields"), TIMES,
};

static const struct column users_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), TEXT_NEEDED("username"),
	TEXT_NEEDED("email"), TEXT_OR("state", "pending"), TEXT_OR("role", "member"),
	TEXT("first_name"), TEXT("last_name"), TEXT("job_role"), TEXT("title"),
	TEXT("password_digest"), TEXT("activation_code"),
	TIME("activated_at"), TIME("last_login_at"), TEXT("last_login_ip"), TEXT("open_id"),
	TEXT("cas_identifier"), TEXT("signup_type"), JSON("extra_fields"), TIMES,
};

static const struct column member_permissions_columns[] = {
	ID, TENANT, BELONGS_TO("user_id", "users"), TEXT_NEEDED("admin_section"),
	JSON("service_ids"), TIMES,
};

static const struct column access_tokens_columns[] = {
	ID, TENANT, BELONGS_TO("owner_id", "users"), JSON("scopes"), TEXT_NEEDED("value"),
	TEXT_NEEDED("name"), TEXT_NEEDED("permission"),
};

static const struct column services_columns[] = {
	ID, BELONGS_TO("account_id", "accounts"), TEXT_NEEDED("name"), TEXT("oneline_description"),
	LONG_TEXT("description"), LONG_TEXT("txt_api"), LONG_TEXT("txt_support"),
	LONG_TEXT("txt_features"), TIMES,
	TEXT("logo_file_name"), TEXT("logo_content_type"), INT("logo_file_size"),
	TEXT_OR("state", "incomplete"), BOOL_OR("intentions_required", "0"),
	TEXT_OR("draft_name", ""), LONG_TEXT("infobar"), LONG_TEXT("terms"),
	BOOL_OR("display_provider_keys", "0"), TEXT("tech_support_email"),
	TEXT("admin_support_email"), TEXT("credit_card_support_email"),
	BOOL_OR("buyers_manage_apps", "1"), BOOL_OR("buyers_manage_keys", "1"),
	BOOL_OR("custom_keys_enabled", "1"), TEXT_OR("buyer_plan_change_permission", "request"),
	BOOL_OR("buyer_can_select_plan", "0"), JSON("notification_settings"),
	INT("default_application_plan_id"), INT("default_service_plan_id"),
	INT("default_end_user_plan_id"), BOOL_OR("end_user_registration_required", "1"), TENANT,
	TEXT_NEEDED("system_name"), TEXT_OR("backend_version", "1"),
	BOOL_OR("mandatory_app_key", "1"), BOOL_OR("buyer_key_regenerate_enabled", "1"),
	TEXT("support_email"), BOOL_OR("referrer_filters_required", "0"),
	TEXT_OR("deployment_option", "hosted"), TEXT("kubernetes_service_link"),
};

static const struct column service_tokens_columns[] = {
	ID, TENANT, BELONGS_TO("service_id", "services"), TEXT_NEEDED("value"), TIMES,
};

static const struct column proxies_columns[] = {
	ID, TENANT, BELONGS_TO("service_id", "services"), TEXT("endpoint"), TIME("deployed_at"),
	TEXT("api_backend"), TEXT_OR("auth_app_key", "app_key"), TEXT_OR("auth_app_id", "app_id"),
	TEXT_OR("auth_user_key", "user_key"), TEXT_OR("credentials_location", "query"),
	TEXT_OR("error_auth_failed", "Authentication failed"),
	TEXT_OR("error_auth_missing", "Authentication parameters missing"), TIMES,
	INT_OR("error_status_auth_failed", "403"),
	TEXT_OR("error_headers_auth_failed", PLAIN_ERROR),
	INT_OR("error_status_auth_missing", "403"),
	TEXT_OR("error_headers_auth_missing", PLAIN_ERROR),
	TEXT_OR("error_no_match", "No Mapping Rule matched"), INT_OR("error_status_no_match", "404"),
	TEXT_OR("error_headers_no_match", PLAIN_ERROR), TEXT("secret_token"),
	TEXT("hostname_rewrite"), TEXT("oauth_login_url"), TEXT("sandbox_endpoint"),
	TEXT_OR("api_test_path", "/"), COLUMN("api_test_success", VALUE_BOOL, NULL, NULL),
	BOOL_OR("apicast_configuration_driven", "1"), TEXT("oidc_issuer_endpoint"),
	INT_OR("lock_version", "0"), TEXT("authentication_method"), JSON("policies_config"),
	TEXT_OR("oidc_issuer_type", "keycloak"),
	TEXT_OR("error_headers_limits_exceeded", PLAIN_ERROR),
	INT_OR("error_status_limits_exceeded", "429"),
	TEXT_OR("error_limits_exceeded", "Usage limit exceeded"), TEXT("staging_domain"),
	TEXT("production_domain"),
};

static const struct column proxy_configs_columns[] = {
	ID, TENANT, BELONGS_TO("proxy_id", "proxies"), INT("user_id"),
	COLUMN("version", VALUE_INT, NULL, "NOT NULL"), TEXT_NEEDED("environment"),
	JSON("content"), LONG_TEXT("hosts"), TIMES,
};

/* Each host of a version's `hosts`, in lower case, to be found by. */
static const struct column proxy_config_hosts_columns[] = {
	ID, TENANT, BELONGS_TO("proxy_config_id", "proxy_configs"), TEXT_NEEDED("host"),
};

static const struct column proxy_rules_columns[] = {
	ID, BELONGS_TO("proxy_id", "proxies"), TEXT_NEEDED("http_method"), TEXT_NEEDED("pattern"),
	BELONGS_TO("metric_id", "metrics"), COLUMN("delta", VALUE_INT, NULL, "NOT NULL"), TENANT,
	TIMES, TEXT("redirect_url"), INT("position"), BOOL_OR("last", "0"),
};

static const struct column oidc_configurations_columns[] = {
	ID, TENANT, TEXT_OR("oidc_configurable_type", "Proxy"),
	BELONGS_TO("oidc_configurable_id", "proxies"), JSON("config"), TIMES,
};

static const struct column metrics_columns[] = {
	ID, TENANT, BELONGS_TO("service_id", "services"), MAY_BELONG_TO("parent_id", "metrics"),
	TEXT_NEEDED("system_name"), TEXT_NEEDED("friendly_name"), TEXT("unit"),
	LONG_TEXT("description"), TIMES,
};

static const struct column plans_columns[] = {
	ID, TENANT, TEXT_NEEDED("type"), COLUMN("issuer_id", VALUE_INT, NULL, "NOT NULL"),
	TEXT_NEEDED("issuer_type"), TEXT_NEEDED("name"), TEXT_NEEDED("system_name"),
	TEXT_OR("state", "hidden"), LONG_TEXT("description"), MONEY("cost_per_month"), MONEY("setup_fee"),
	INT("trial_period_days"), INT_OR("cancellation_period", "0"),
	BOOL_OR("approval_required", "0"), BOOL_OR("end_user_required", "0"),
	INT_OR("original_id", "0"), INT("position"), TIMES,
};

static const struct column usage_limits_columns[] = {
	ID, TENANT, BELONGS_TO("plan_id", "plans"), TEXT_OR("plan_type", "ApplicationPlan"),
	BELONGS_TO("metric_id", "metrics"), TEXT_NEEDED("period"), INT_OR("value", "0"), TIMES,
};

static const struct column pricing_rules_columns[] = {
	ID, TENANT, BELONGS_TO("plan_id", "plans"), TEXT_OR("plan_type", "ApplicationPlan"),
	BELONGS_TO("metric_id", "metrics"), INT_OR("min", "1"), INT("max"), MONEY("cost_per_unit"),
	TIMES,
};

static const struct column features_columns[] = {
	ID, TENANT, COLUMN("featurable_id", VALUE_INT, NULL, "NOT NULL"),
	TEXT_NEEDED("featurable_type"), TEXT_NEEDED("name"), TEXT_NEEDED("system_name"),
	TEXT("scope"), BOOL_OR("visible", "1"), LONG_TEXT("description"), TIMES,
};

static const struct column features_plans_columns[] = {
	ID, TENANT, BELONGS_TO("plan_id", "plans"), TEXT("plan_type"),
	BELONGS_TO("feature_id", "features"),
};

static const struct column contracts_columns[] = {
	ID, TENANT, TEXT_OR("type", "Cinstance"),
	REFERS_TO("plan_id", "NOT NULL", "plans (id)"),
	BELONGS_TO("user_account_id", "accounts"), MAY_BELONG_TO("service_id", "services"),
	TEXT_OR("state", "pending"), TEXT("name"), LONG_TEXT("description"), WIDE_TEXT("user_key"),
	TEXT("application_id"), LONG_TEXT("provider_public_key"), TEXT("redirect_url"),
	TIME("first_traffic_at"), TIME("first_daily_traffic_at"), TIME("accepted_at"),
	TEXT("create_origin"), JSON("extra_fields"), TIMES,
	/* Billing: fees are paid until then, `setup_fee` is what is still to be paid. */
	TIME("trial_period_expires_at"), TIME("paid_until"), TIME("variable_cost_paid_until"),
	COLUMN("setup_fee", VALUE_DECIMAL, NULL, NULL),
};

static const struct column application_keys_columns[] = {
	ID, TENANT, BELONGS_TO("application_id", "cinstances"), TEXT_NEEDED("value"), TIMES,
};

static const struct column referrer_filters_columns[] = {
	ID, TENANT, BELONGS_TO("application_id", "cinstances"), TEXT_NEEDED("value"), TIMES,
};

static const struct column api_docs_services_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), MAY_BELONG_TO("service_id", "services"),
	TEXT_NEEDED("name"), TEXT_NEEDED("system_name"), LONG_TEXT_NEEDED("body"), LONG_TEXT("description"),
	BOOL_OR("published", "0"), BOOL_OR("skip_swagger_validations", "0"), TEXT("base_path"),
	TEXT("swagger_version"), TIMES,
};

static const struct column policies_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), TEXT_NEEDED("name"),
	TEXT_NEEDED("version"), TEXT_NEEDED("identifier"), JSON("schema"), TIMES,
};

static const struct column settings_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), BOOL_OR("useraccountarea_enabled", "1"),
	BOOL_OR("hide_service", "0"), BOOL_OR("signups_enabled", "1"),
	BOOL_OR("strong_passwords_enabled", "0"), BOOL_OR("public_search", "0"),
	BOOL_OR("account_plans_ui_visible", "0"),
	TEXT_OR("change_account_plan_permission", "request"),
	BOOL_OR("service_plans_ui_visible", "0"),
	TEXT_OR("change_service_plan_permission", "request"),
	BOOL_OR("end_user_plans_ui_visible", "0"), TEXT("sso_key"),
	TEXT_OR("finance_switch", "hidden"), TEXT_OR("require_cc_on_signup_switch", "hidden"),
	TEXT_OR("multiple_services_switch", "visible"),
	TEXT_OR("multiple_applications_switch", "visible"),
	TEXT_OR("multiple_users_switch", "visible"),
	TEXT_OR("skip_email_engagement_footer_switch", "hidden"), TEXT_OR("groups_switch", "hidden"),
	TEXT_OR("branding_switch", "hidden"), TEXT_OR("web_hooks_switch", "hidden"),
	TEXT_OR("account_plans_switch", "hidden"), TEXT_OR("service_plans_switch", "hidden"),
	TEXT_OR("iam_tools_switch", "hidden"), TEXT_OR("end_users_switch", "denied"), TIMES,
};

static const struct column web_hooks_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), TEXT("url"),
	BOOL_OR("account_created_on", "0"), BOOL_OR("account_updated_on", "0"),
	BOOL_OR("account_deleted_on", "0"), BOOL_OR("user_created_on", "0"),
	BOOL_OR("user_updated_on", "0"), BOOL_OR("user_deleted_on", "0"),
	BOOL_OR("application_created_on", "0"), BOOL_OR("application_updated_on", "0"),
	BOOL_OR("application_deleted_on", "0"), BOOL_OR("account_plan_changed_on", "0"),
	BOOL_OR("application_plan_changed_on", "0"),
	BOOL_OR("application_user_key_updated_on", "0"),
	BOOL_OR("application_key_created_on", "0"), BOOL_OR("application_key_deleted_on", "0"),
	BOOL_OR("application_suspended_on", "0"), BOOL_OR("application_key_updated_on", "0"),
	BOOL_OR("active", "0"), BOOL_OR("provider_actions", "0"),
	BOOL_OR("push_application_content_type", "1"), TIMES,
};

/* What waits to be sent (webhooks.h). */
static const struct column web_hook_deliveries_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), TEXT_NEEDED("uuid"), LONG_TEXT_NEEDED("url"),
	LONG_TEXT_NEEDED("xml"), BOOL_OR("push_application_content_type", "1"), INT_OR("tries", "0"),
	TIME("run_at"), TIMES,
};

static const struct column web_hook_failures_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), TEXT_NEEDED("uuid"), TIME("time"),
	LONG_TEXT("error"), LONG_TEXT("url"), LONG_TEXT("event"),
};

static const struct column authentication_providers_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), TEXT_OR("account_type", "developer"),
	TEXT_NEEDED("kind"), TEXT("name"), TEXT_NEEDED("system_name"), TEXT("client_id"),
	TEXT("client_secret"), TEXT("site"), TEXT("token_url"), TEXT("user_info_url"),
	TEXT("authorize_url"), BOOL_OR("skip_ssl_certificate_verification", "0"),
	BOOL_OR("automatically_approve_accounts", "0"), TEXT("branding_state"),
	TEXT_OR("username_key", "login"), TEXT_OR("identifier_key", "id"),
	BOOL_OR("trust_email", "0"), BOOL_OR("published", "0"), TIMES,
};

static const struct column cms_sections_columns[] = {
	ID, TENANT, BELONGS_TO("provider_id", "accounts"), INT("parent_id"), TEXT("title"),
	TEXT_NEEDED("system_name"), TEXT("partial_path"), BOOL_OR("public", "1"), TIMES,
};

static const struct column cms_templates_columns[] = {
	ID, TENANT, BELONGS_TO("provider_id", "accounts"), TEXT_NEEDED("type"), INT("section_id"),
	INT("layout_id"), TEXT("title"), TEXT("system_name"), TEXT("path"), LONG_TEXT("draft"),
	LONG_TEXT("published"), BOOL_OR("liquid_enabled", "0"), TEXT("handler"), TEXT("content_type"),
	TIMES,
};

static const struct column cms_files_columns[] = {
	ID, TENANT, BELONGS_TO("provider_id", "accounts"), INT("section_id"), TEXT_NEEDED("path"),
	TEXT("attachment_file_name"), TEXT("attachment_content_type"), INT("attachment_file_size"),
	TIME("attachment_updated_at"), TEXT("random_secret"), BOOL_OR("downloadable", "0"),
	TEXT("tag_list"), TIMES,
};

/* A tenant that has one bills its developers. */
static const struct column billing_strategies_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"),
	TEXT_OR("type", "Finance::PostpaidBillingStrategy"), TEXT_OR("currency", "USD"),
	BOOL_OR("charging_enabled", "0"), TEXT_OR("numbering_period", "monthly"), TIMES,
};

static const struct column invoices_columns[] = {
	ID, TENANT, BELONGS_TO("provider_account_id", "accounts"),
	MAY_BELONG_TO("buyer_account_id", "accounts"), TEXT_NEEDED("friendly_id"),
	TEXT_OR("state", "open"), TEXT("period"), TIME("paid_at"), TEXT("due_on"),
	TEXT("issued_on"), TIME("finalized_at"), TEXT("currency"),
	COLUMN("vat_rate", VALUE_DECIMAL, NULL, NULL), TEXT("vat_code"), TEXT("fiscal_code"),
	TEXT_OR("creation_type", "manual"), TIMES,
};

static const struct column line_items_columns[] = {
	ID, TENANT, BELONGS_TO("invoice_id", "invoices"), TEXT("name"), TEXT("description"),
	INT("quantity"), MONEY("cost"), TEXT("type"), INT("metric_id"), INT("contract_id"),
	TEXT("contract_type"), INT("plan_id"), TIMES,
};

static const struct column payment_transactions_columns[] = {
	ID, TENANT, MAY_BELONG_TO("account_id", "accounts"), MAY_BELONG_TO("invoice_id", "invoices"),
	TEXT("reference"), BOOL_OR("success", "0"), MONEY("amount"), TEXT("currency"),
	TEXT("action"), TEXT("message"), BOOL_OR("test", "0"), TIMES,
};

static const struct column user_sessions_columns[] = {
	ID, TENANT, BELONGS_TO("user_id", "users"), TEXT_NEEDED("key"), TEXT("ip"),
	LONG_TEXT("user_agent"), TIME("accessed_at"), TIME("revoked_at"), TIME("secured_until"), TIMES,
};

static const struct column provided_access_tokens_columns[] = {
	ID, TENANT, BELONGS_TO("user_id", "users"), TEXT_NEEDED("value"), TIME("expires_at"), TIMES,
};

static const struct column invitations_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), TEXT_NEEDED("email"), TEXT_NEEDED("token"),
	TIME("sent_at"), TIME("accepted_at"), INT("user_id"), TIMES,
};

static const struct column messages_columns[] = {
	ID, TENANT, BELONGS_TO("sender_id", "accounts"), LONG_TEXT("subject"), LONG_TEXT("body"),
	TEXT_OR("state", "unsent"), TEXT("system_operation"), TIMES,
};

static const struct column message_recipients_columns[] = {
	ID, TENANT, BELONGS_TO("message_id", "messages"), BELONGS_TO("receiver_id", "accounts"),
	TEXT_OR("kind", "to"), TEXT_OR("state", "unread"), TIMES,
};

static const struct column notifications_columns[] = {
	ID, TENANT, BELONGS_TO("user_id", "users"), TEXT("event_id"), TEXT_NEEDED("system_name"),
	LONG_TEXT("title"), TEXT_OR("state", "created"), TIMES,
};

/* Only what a user chose otherwise than the default (spec/portal.md 7.12). */
static const struct column notification_preferences_columns[] = {
	ID, TENANT, BELONGS_TO("user_id", "users"), JSON("preferences"), TIMES,
};

/* Written by the model layer and never changed: rows of what is gone stay (spec/portal.md 9.5). */
static const struct column audits_columns[] = {
	ID, TENANT, COLUMN("auditable_id", VALUE_INT, NULL, "NOT NULL"),
	TEXT_NEEDED("auditable_type"), INT("user_id"), TEXT("username"), TEXT_NEEDED("action"),
	INT_OR("version", "1"), JSON("audited_changes"), TEXT("kind"), INT("provider_id"),
	TEXT("remote_address"), TEXT("request_uuid"), TIME("created_at"),
};

static const struct column log_entries_columns[] = {
	ID, TENANT, INT("provider_id"), INT("buyer_id"), INT_OR("level", "10"), LONG_TEXT("description"),
	TIMES,
};

static const struct column event_store_events_columns[] = {
	ID, TENANT, TEXT_NEEDED("stream"), TEXT_NEEDED("event_type"), TEXT_NEEDED("event_id"),
	JSON("metadata"), JSON("data"), INT("provider_id"), TIME("created_at"),
};

/* Metrics and applications that are gone, until backend's statistics of them are, too. What backend
 * calls the object is in `metadata`, where that is not its id. */
static const struct column deleted_objects_columns[] = {
	ID, TENANT, COLUMN("owner_id", VALUE_INT, NULL, "NOT NULL"), TEXT_NEEDED("owner_type"),
	COLUMN("object_id", VALUE_INT, NULL, "NOT NULL"), TEXT_NEEDED("object_type"),
	TEXT("metadata"), TIME("created_at"),
};

/* Periodic jobs: the last hour each was due at and was seen to (jobs.h). */
static const struct column periodic_jobs_columns[] = {
	ID, TEXT_NEEDED("name"), TIME("due_at"), TIMES,
};

/* Jobs that wait to be run or are under way, in the order of their ids (jobs.h). */
static const struct column background_jobs_columns[] = {
	ID, TENANT, TEXT_NEEDED("name"), INT_OR("object_id", "0"), INT_OR("tries", "0"),
	TIME("run_at"), TIMES,
};

/* Mails on their way to the relay, in the order of their ids as far as they are due (mailer.h). */
static const struct column mails_columns[] = {
	ID, TENANT, TEXT_NEEDED("recipient"), LONG_TEXT("subject"), LONG_TEXT("body"),
	INT_OR("tries", "0"), TIME("run_at"), TIMES,
};

/* What zync is yet to be told, in the order of their ids as far as they are due (zync.h). */
static const struct column zync_notices_columns[] = {
	ID, TENANT, TEXT_NEEDED("type"), COLUMN("object_id", VALUE_INT, NULL, "NOT NULL"),
	INT("service_id"), TEXT_NEEDED("event_id"), TEXT("parent_event_id"),
	TEXT("parent_event_type"), INT_OR("tries", "0"), TIME("run_at"), TIMES,
};

/* Limits that were nearly reached or exceeded, as backend told: a row for the tenant, one for the
 * buyer. Nothing but the database's administrator removes them (spec/portal.md 9.5). */
static const struct column alerts_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), TIME("timestamp"),
	TEXT_OR("state", "unread"), BELONGS_TO("cinstance_id", "cinstances"),
	MAY_BELONG_TO("service_id", "services"), MONEY("utilization"), INT_OR("level", "0"),
	COLUMN("alert_id", VALUE_INT, NULL, "NOT NULL"), LONG_TEXT("message"),
};

static const struct column fields_definitions_columns[] = {
	ID, TENANT, BELONGS_TO("account_id", "accounts"), TEXT_NEEDED("target"), TEXT_NEEDED("name"),
	TEXT("label"), INT_OR("pos", "0"), BOOL_OR("hidden", "0"), BOOL_OR("required", "0"),
	BOOL_OR("read_only", "0"), JSON("choices"), TEXT("hint"), TIMES,
};

/* The outbox of spec/portal.md 6.3: calls to backend's Internal API, in the order of their ids. */
static const struct column backend_updates_columns[] = {
	ID, TEXT_NEEDED("method"), LONG_TEXT_NEEDED("path"), JSON("body"), INT_OR("tries", "0"), TIMES,
};

/* Which portal delivers it (outbox_lease.h). */
static const struct column outbox_leases_columns[] = {
	ID, TEXT_NEEDED("outbox"), TEXT_OR("holder", ""), INT_OR("beats", "0"),
};

#define TABLE(variable, name, constraints) \
	const struct table variable##_table = {STR_INIT(name), variable##_columns, \
		sizeof variable##_columns / sizeof *variable##_columns, constraints}

TABLE(accounts, "accounts", "UNIQUE (domain), UNIQUE (self_domain)");
TABLE(users, "users", NULL);
TABLE(member_permissions, "member_permissions", "UNIQUE (user_id, admin_section)");
TABLE(access_tokens, "access_tokens", "UNIQUE (value, owner_id)");
TABLE(services, "services", "UNIQUE (system_name, account_id)");
TABLE(service_tokens, "service_tokens", NULL);
TABLE(proxies, "proxies", "UNIQUE (service_id)");
TABLE(proxy_configs, "proxy_configs", "UNIQUE (proxy_id, environment, version)");
TABLE(proxy_config_hosts, "proxy_config_hosts", NULL);
TABLE(proxy_rules, "proxy_rules", NULL);
TABLE(oidc_configurations, "oidc_configurations", "UNIQUE (oidc_configurable_id)");
TABLE(metrics, "metrics", "UNIQUE (service_id, system_name)");
TABLE(plans, "plans", NULL);
TABLE(usage_limits, "usage_limits", "UNIQUE (metric_id, plan_id, period)");
TABLE(pricing_rules, "pricing_rules", NULL);
TABLE(features, "features", NULL);
TABLE(features_plans, "features_plans", "UNIQUE (plan_id, feature_id)");
TABLE(contracts, "cinstances", NULL);
TABLE(application_keys, "application_keys", "UNIQUE (application_id, value)");
TABLE(referrer_filters, "referrer_filters", "UNIQUE (application_id, value)");
TABLE(api_docs_services, "api_docs_services", "UNIQUE (account_id, system_name)");
TABLE(policies, "policies", "UNIQUE (account_id, identifier)");
TABLE(settings, "settings", "UNIQUE (account_id)");
TABLE(web_hooks, "web_hooks", "UNIQUE (account_id)");
TABLE(web_hook_deliveries, "web_hook_deliveries", NULL);
TABLE(web_hook_failures, "web_hook_failures", NULL);
TABLE(authentication_providers, "authentication_providers", "UNIQUE (account_id, system_name)");
TABLE(cms_sections, "cms_sections", "UNIQUE (provider_id, system_name)");
TABLE(cms_templates, "cms_templates", NULL);
TABLE(cms_files, "cms_files", "UNIQUE (provider_id, path)");
TABLE(billing_strategies, "billing_strategies", "UNIQUE (account_id)");
TABLE(invoices, "invoices", NULL);
TABLE(line_items, "line_items", NULL);
TABLE(payment_transactions, "payment_transactions", NULL);
TABLE(user_sessions, "user_sessions", NULL);
TABLE(provided_access_tokens, "provided_access_tokens", NULL);
TABLE(invitations, "invitations", "UNIQUE (token)");
TABLE(messages, "messages", NULL);
TABLE(message_recipients, "message_recipients", NULL);
TABLE(notifications, "notifications", NULL);
TABLE(notification_preferences, "notification_preferences", "UNIQUE (user_id)");
TABLE(audits, "audits", NULL);
TABLE(log_entries, "log_entries", NULL);
TABLE(event_store_events, "event_store_events", "UNIQUE (event_id)");
TABLE(deleted_objects, "deleted_objects", NULL);
TABLE(periodic_jobs, "periodic_jobs", "UNIQUE (name)");
TABLE(background_jobs, "background_jobs", NULL);
TABLE(mails, "mails", NULL);
TABLE(zync_notices, "zync_notices", NULL);
TABLE(alerts, "alerts", "UNIQUE (account_id, alert_id)");
TABLE(fields_definitions, "fields_definitions", "UNIQUE (account_id, target, name)");
TABLE(backend_updates, "backend_updates", NULL);
TABLE(outbox_leases, "outbox_leases", "UNIQUE (outbox)");
/* clang-format on */

const struct table *const portal_tables[] = {
	&accounts_table,
	&users_table,
	&member_permissions_table,
	&access_tokens_table,
	&services_table,
	&service_tokens_table,
	&proxies_table,
	&proxy_configs_table,
	&proxy_config_hosts_table,
	&metrics_table,
	&proxy_rules_table,
	&oidc_configurations_table,
	&plans_table,
	&usage_limits_table,
	&pricing_rules_table,
	&features_table,
	&features_plans_table,
	&contracts_table,
	&application_keys_table,
	&referrer_filters_table,
	&api_docs_services_table,
	&policies_table,
	&settings_table,
	&web_hooks_table,
	&web_hook_deliveries_table,
	&web_hook_failures_table,
	&authentication_providers_table,
	&cms_sections_table,
	&cms_templates_table,
	&cms_files_table,
	&billing_strategies_table,
	&invoices_table,
	&line_items_table,
	&payment_transactions_table,
	&user_sessions_table,
	&provided_access_tokens_table,
	&invitations_table,
	&messages_table,
	&message_recipients_table,
	&notifications_table,
	&notification_preferences_table,
	&audits_table,
	&log_entries_table,
	&event_store_events_table,
	&deleted_objects_table,
	&periodic_jobs_table,
	&background_jobs_table,
	&mails_table,
	&zync_notices_table,
	&alerts_table,
	&fields_definitions_table,
	&backend_updates_table,
	&outbox_leases_table,
};

const size_t portal_tables_count = sizeof portal_tables / sizeof *portal_tables;
