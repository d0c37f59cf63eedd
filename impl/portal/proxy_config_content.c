#include "portal/proxy_config_content.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "portal/backend_push.h"
#include "portal/database.h"
#include "portal/mapping_pattern.h"
#include "portal/policies.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"

/* Mapping rules. */

static struct value rule_get_metric_name(struct call *call, const struct record *rule)
{
	return value_text(database_text(call->database,
					STR("SELECT system_name FROM metrics WHERE id = ?1"),
					DATABASE_ARGUMENTS(record_get(rule, "metric_id"))));
}

static struct value rule_get_parameters(struct call *call, const struct record *rule)
{
	return value_json(mapping_pattern_parameters(call->arena, record_text(rule, "pattern")));
}

static struct value rule_get_query(struct call *call, const struct record *rule)
{
	return value_json(mapping_pattern_query(call->arena, record_text(rule, "pattern")));
}

static const struct derived rule_derived[] = {
	{"metric_system_name", rule_get_metric_name},
	{"parameters", rule_get_parameters},
	{"querystring_parameters", rule_get_query},
};

static const struct representation rule_content = {
	.json = "id proxy_id http_method pattern metric_id metric_system_name delta tenant_id "
		"created_at updated_at redirect_url position last parameters "
		"querystring_parameters",
	REPRESENTATION_DERIVED(rule_derived),
	.keeps_nulls = true,
};

/* The proxy. */

static struct value proxy_get_method(struct call *call, const struct record *proxy)
{
	struct value written = record_get(proxy, "authentication_method");

	return value_is_blank(written)
		       ? record_get(service_by_id(call, record_int(proxy, "service_id")),
				    "backend_version")
		       : written;
}

static struct value proxy_get_rewrite(struct call *call, const struct record *proxy)
{
	struct str written = record_text(proxy, "hostname_rewrite");
	struct url url;

	(void)call;
	if (written.size > 0)
		return value_text(written);
	if (url_parse(record_text(proxy, "api_backend"), &url, NULL) && url.host.size > 0)
		return value_text(url.host);
	return value_text(STR("none"));
}

static struct value proxy_get_port(struct call *call, const struct record *proxy)
{
	struct url url;

	(void)call;
	if (!url_parse(record_text(proxy, "endpoint"), &url, NULL) || url.port == 0)
		return value_int(80);
	return value_int(url.port);
}

static struct value proxy_get_valid(struct call *call, const struct record *proxy)
{
	struct record *same = record_by_id(call->database, &proxies_table, record_id(proxy));
	struct validation validation;

	validation_init(&validation, call->arena);
	if (same != NULL)
		resource_check(call, &proxy_resource, same, &validation);
	return value_bool(validation_is_clean(&validation));
}

static struct value proxy_get_mode(struct call *call, const struct record *proxy)
{
	return record_get(service_by_id(call, record_int(proxy, "service_id")), "backend_version");
}

static struct json *proxy_hosts(struct call *call, const struct record *proxy)
{
	static const char *const columns[] = {"endpoint", "sandbox_endpoint"};
	struct json *hosts = json_new(call->arena, JSON_ARRAY);

	for (size_t i = 0; i < 2; i++) {
		struct str address = record_text(proxy, columns[i]);
		struct url url;
		struct str host;

		if (address.size == 0)
			continue;
		host = url_parse(address, &url, NULL) && url.host.size > 0 ? url.host
									   : STR("localhost");
		if (!str_equal(json_str(json_at(hosts, 0)), host))
			json_append(hosts, json_new_str(call->arena, host));
	}
	return hosts;
}

static struct value proxy_get_hosts(struct call *call, const struct record *proxy)
{
	return value_json(json_print(call->arena, proxy_hosts(call, proxy)));
}

static struct value proxy_get_backend(struct call *call, const struct record *proxy)
{
	struct json *backend = json_new(call->arena, JSON_OBJECT);
	struct str endpoint = call->settings->backend_endpoint;
	struct url url;
	bool is_read = url_parse(endpoint, &url, NULL);

	(void)proxy;
	json_set(backend, STR("endpoint"), json_new_str(call->arena, endpoint));
	json_set(backend, STR("host"),
		 json_new_str(call->arena, is_read ? url.host : STR("localhost")));
	return value_json(json_print(call->arena, backend));
}

static struct value proxy_get_chain(struct call *call, const struct record *proxy)
{
	return value_json(policies_chain(call->arena, record_text(proxy, "policies_config")));
}

static struct value proxy_get_rules(struct call *call, const struct record *proxy)
{
	struct record_list rules = record_all(call->database, &proxy_rules_table,
					      "proxy_id = ?1 ORDER BY position, id",
					      DATABASE_ARGUMENTS(value_int(record_id(proxy))));
	struct strbuf out;
	struct str text;

	strbuf_init(&out, LIMIT_CONFIG_BYTES);
	strbuf_append_char(&out, '[');
	for (size_t i = 0; i < rules.count; i++) {
		if (i > 0)
			strbuf_append_char(&out, ',');
		representation_write_json(call, &out, &rule_content, rules.items[i]);
	}
	strbuf_append_char(&out, ']');
	text = str_copy(call->arena, strbuf_str(&out));
	strbuf_free(&out);
	return value_json(text);
}

static const struct derived proxy_derived[] = {
	{"authentication_method", proxy_get_method},
	{"hostname_rewrite_for_sandbox", proxy_get_rewrite},
	{"endpoint_port", proxy_get_port},
	{"valid?", proxy_get_valid},
	{"service_backend_version", proxy_get_mode},
	{"hosts", proxy_get_hosts},
	{"backend", proxy_get_backend},
	{"policy_chain", proxy_get_chain},
	{"proxy_rules", proxy_get_rules},
};

static const struct representation proxy_content = {
	.json = "id tenant_id service_id endpoint deployed_at api_backend auth_app_key auth_app_id "
		"auth_user_key credentials_location error_auth_failed error_auth_missing "
		"created_at updated_at error_status_auth_failed error_headers_auth_failed "
		"error_status_auth_missing error_headers_auth_missing error_no_match "
		"error_status_no_match error_headers_no_match secret_token hostname_rewrite "
		"oauth_login_url sandbox_endpoint api_test_path api_test_success "
		"apicast_configuration_driven oidc_issuer_endpoint lock_version "
		"authentication_method oidc_issuer_type:2.6 error_headers_limits_exceeded:2.6 "
		"error_status_limits_exceeded:2.6 error_limits_exceeded:2.6 staging_domain:2.6 "
		"production_domain:2.6 hostname_rewrite_for_sandbox endpoint_port valid? "
		"service_backend_version hosts backend policy_chain proxy_rules",
	REPRESENTATION_DERIVED(proxy_derived),
	.keeps_nulls = true,
};

/* The service. */

static struct value service_get_email(struct call *call, const struct record *service)
{
	struct str email = service_support_email(call, service);

	return email.size > 0 ? value_text(email) : value_null();
}

static struct value service_get_proxiable(struct call *call, const struct record *service)
{
	(void)call;
	return value_bool(record_text(service, "backend_version").size > 0);
}

static bool has_own_credential(const struct call *call)
{
	return settings_has_flag(call->settings, FLAG_APICAST_PER_SERVICE);
}

static struct value service_get_credential_kind(struct call *call, const struct record *service)
{
	(void)service;
	return value_text(has_own_credential(call) ? STR("service_token") : STR("provider_key"));
}

static struct value service_get_credential(struct call *call, const struct record *service)
{
	if (!has_own_credential(call))
		return value_text(push_provider_key(call));
	return value_text(database_text(
		call->database,
		STR("SELECT value FROM service_tokens WHERE service_id = ?1 ORDER BY id LIMIT 1"),
		DATABASE_ARGUMENTS(value_int(record_id(service)))));
}

static struct value service_get_proxy(struct call *call, const struct record *service)
{
	struct record *proxy = proxy_of_service(call, record_id(service));
	struct strbuf out;
	struct str text;

	if (proxy == NULL)
		return value_null();
	strbuf_init(&out, LIMIT_CONFIG_BYTES);
	representation_write_json(call, &out, &proxy_content, proxy);
	text = str_copy(call->arena, strbuf_str(&out));
	strbuf_free(&out);
	return value_json(text);
}

static const struct derived service_derived[] = {
	{"support_email", service_get_email},
	{"proxiable?", service_get_proxiable},
	{"backend_authentication_type", service_get_credential_kind},
	{"backend_authentication_value", service_get_credential},
	{"proxy", service_get_proxy},
};

static const struct representation service_content = {
	.json = "id account_id name oneline_description description txt_api txt_support "
		"txt_features created_at updated_at logo_file_name logo_content_type "
		"logo_file_size state intentions_required draft_name infobar terms "
		"display_provider_keys tech_support_email:-2.6 admin_support_email:-2.6 "
		"credit_card_support_email buyers_manage_apps "
		"buyers_manage_keys custom_keys_enabled buyer_plan_change_permission "
		"buyer_can_select_plan notification_settings default_application_plan_id "
		"default_service_plan_id default_end_user_plan_id "
		"end_user_registration_required tenant_id system_name backend_version "
		"mandatory_app_key buyer_key_regenerate_enabled support_email "
		"referrer_filters_required deployment_option kubernetes_service_link "
		"proxiable? backend_authentication_type backend_authentication_value proxy",
	REPRESENTATION_DERIVED(service_derived),
	.keeps_nulls = true,
};

struct str proxy_config_content(struct call *call, struct record *proxy)
{
	struct record *service = service_by_id(call, record_int(proxy, "service_id"));
	struct strbuf out;
	struct str text;

	strbuf_init(&out, LIMIT_CONFIG_BYTES);
	representation_write_json(call, &out, &service_content, service);
	text = str_copy(call->arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

struct str proxy_config_hosts(struct call *call, const struct record *proxy)
{
	struct json *hosts = proxy_hosts(call, proxy);
	struct str text = STR("|");

	if (hosts->count == 0)
		return str_of(NULL, 0);
	JSON_EACH (host, hosts)
		text = STR_CONCAT(call->arena, text, json_str(host), STR("|"));
	return text;
}
