/* The proxy of a service, its addresses and its policies: spec/portal.md 3.2, 3.4, 4.5, 4.6. */
#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "portal/database.h"
#include "portal/policies.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"

#define DEFAULT_API_BACKEND "https://echo-api.3scale.net:443"
#define SECRET_TOKEN_PREFIX "Shared_secret_sent_from_proxy_to_API_backend_"
#define PUBLIC_URL_FAULT "the accepted format is 'protocol://address(:port)'"
#define PRIVATE_URL_FAULT "the accepted format is 'http(s)://address(:port)(/path)'"
#define NO_PATH_FAULT "The accepted format is 'protocol://address(:port)'"

struct record *proxy_of_service(struct call *call, int64_t service_id)
{
	return record_first(call->database, &proxies_table, "service_id = ?1",
			    DATABASE_ARGUMENTS(value_int(service_id)));
}

void proxy_touch(struct call *call, int64_t service_id)
{
	struct record *proxy = proxy_of_service(call, service_id);

	if (proxy != NULL)
		record_touch(call->database, proxy);
	service_touch(call, service_id);
}

static struct record *service_of(struct call *call, const struct record *proxy)
{
	return service_by_id(call, record_int(proxy, "service_id"));
}

/* Representation. */

static struct value proxy_get_deployment_option(struct call *call, const struct record *proxy)
{
	return record_get(service_of(call, proxy), "deployment_option");
}

static struct value when_oidc(const struct record *proxy, const char *name)
{
	return str_equal(record_text(proxy, "authentication_method"), STR("oidc"))
		       ? record_get(proxy, name)
		       : value_absent();
}

static struct value proxy_get_issuer(struct call *call, const struct record *proxy)
{
	(void)call;
	return when_oidc(proxy, "oidc_issuer_endpoint");
}

static struct value proxy_get_issuer_type(struct call *call, const struct record *proxy)
{
	(void)call;
	return when_oidc(proxy, "oidc_issuer_type");
}

/* JSON holds the chain, XML its text. */
static struct value proxy_get_policies(struct call *call, const struct record *proxy)
{
	struct str text = policies_shown(call->arena, record_text(proxy, "policies_config"));

	return call->format == FORMAT_XML ? value_text(text) : value_json(text);
}

static const struct derived proxy_derived[] = {
	{"deployment_option", proxy_get_deployment_option},
	{"oidc_issuer_endpoint", proxy_get_issuer},
	{"oidc_issuer_type", proxy_get_issuer_type},
	{"policies_config", proxy_get_policies},
};

static const struct link proxy_links[] = {
	{"mapping_rules", "/admin/api/services/{service_id}/proxy/mapping_rules"},
	{"self", "/admin/api/services/{service_id}/proxy"},
	{"service", "/admin/api/services/{service_id}"},
};

#define PROXY_PROPERTIES                                                                           \
	"service_id endpoint deployed_at api_backend credentials_location auth_app_key "           \
	"auth_app_id auth_user_key error_auth_failed error_auth_missing "                          \
	"error_status_auth_failed error_headers_auth_failed error_status_auth_missing "            \
	"error_headers_auth_missing error_no_match error_status_no_match error_headers_no_match "  \
	"error_limits_exceeded:2.6 error_status_limits_exceeded:2.6 "                              \
	"error_headers_limits_exceeded:2.6 secret_token hostname_rewrite oauth_login_url "         \
	"sandbox_endpoint api_test_path "                                                          \
	"api_test_success policies_config created_at updated_at deployment_option:2.6 "            \
	"lock_version "                                                                            \
	"oidc_issuer_endpoint oidc_issuer_type:2.6"

static const struct representation proxy_representation = {
	.root = "proxy",
	.roots = "proxies",
	.json = PROXY_PROPERTIES,
	.xml = PROXY_PROPERTIES,
	REPRESENTATION_DERIVED(proxy_derived),
	REPRESENTATION_LINKS(proxy_links),
	.links_are_paths = true,
	.xml_leaves_nulls = true,
	.xml_times_as_sql = true,
};

/* Rules. */

#define TOKEN_CHARACTERS "[\\w\\-]+"
#define ANSWER_CHARACTERS "[{}\\[\\]A-Za-z0-9_,.;@#~%&()?=\"/\\\\: \\-]*"
#define ANSWER_TEXT(name)                                                                          \
	{name, RULE_PRESENT, 0, NULL, NULL, false},                                                \
		{name, RULE_LENGTH_MAX, 255, NULL, NULL, false},                                   \
	{                                                                                          \
		name, RULE_PATTERN, 0, ANSWER_CHARACTERS, NULL, false                              \
	}
#define ANSWER_STATUS(name)                                                                        \
	{name, RULE_NUMBER, 0, NULL, NULL, true}, {name, RULE_AT_LEAST, 200, NULL, NULL, false},   \
	{                                                                                          \
		name, RULE_BELOW, 600, NULL, NULL, false                                           \
	}
#define CREDENTIAL_NAME(name)                                                                      \
	{                                                                                          \
		name, RULE_PATTERN, 0, TOKEN_CHARACTERS, NULL, true                                \
	}

static const struct rule proxy_rules[] = {
	{"api_backend", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"endpoint", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"sandbox_endpoint", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"credentials_location", RULE_IN, 0, "headers query authorization", NULL, true},
	CREDENTIAL_NAME("auth_app_key"),
	CREDENTIAL_NAME("auth_app_id"),
	CREDENTIAL_NAME("auth_user_key"),
	ANSWER_TEXT("error_auth_failed"),
	ANSWER_TEXT("error_auth_missing"),
	ANSWER_TEXT("error_no_match"),
	ANSWER_TEXT("error_limits_exceeded"),
	ANSWER_TEXT("error_headers_auth_failed"),
	ANSWER_TEXT("error_headers_auth_missing"),
	ANSWER_TEXT("error_headers_no_match"),
	ANSWER_TEXT("error_headers_limits_exceeded"),
	ANSWER_STATUS("error_status_auth_failed"),
	ANSWER_STATUS("error_status_auth_missing"),
	ANSWER_STATUS("error_status_no_match"),
	ANSWER_STATUS("error_status_limits_exceeded"),
	CREDENTIAL_NAME("secret_token"),
	{"hostname_rewrite", RULE_PATTERN, 0,
	 "[A-Za-z0-9](?:[A-Za-z0-9.\\-]*[A-Za-z0-9])?(?::\\d+)?", NULL, false},
	{"hostname_rewrite", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"oauth_login_url", RULE_PATTERN, 0,
	 "(?!.*(?:scope=|state=|tok=))(?:https?://[^\\s/]+\\S*|.*localhost.*)",
	 "invalid auth login url. (hint: make sure it uses https scheme)", false},
	{"oauth_login_url", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"api_test_path", RULE_PATTERN, 0,
	 "/[\\w\\-.~!$&'()*+,;=:@%/]*(?:\\?[\\w\\-.~!$&'()*+,;=:@%/?\\[\\]]*)?",
	 "only URI characters allowed", false},
	{"api_test_path", RULE_LENGTH_MAX, 8192, NULL, NULL, false},
	{"oidc_issuer_endpoint", RULE_LENGTH_MAX, 255, NULL, NULL, false},
	{"oidc_issuer_type", RULE_IN, 0, "keycloak rest", NULL, false},
};

/* An address with the port of its scheme when it has none. What is no address stays as it is, for
 * the rules to refuse. */
static struct value with_port(struct arena *arena, struct value address)
{
	struct str rest, text = address.text, scheme, tail;
	struct url url;

	if (address.kind != VALUE_TEXT || !url_parse(text, &url, NULL) || url.port_is_written ||
	    url_default_port(url.scheme) == 0 || str_find_char(text, '@') != STR_NOT_FOUND)
		return address;
	str_split_once(text, ':', &scheme, &tail);

	size_t end = str_find_char(str_skip(tail, 2), '/');

	rest = end == STR_NOT_FOUND ? STR("") : str_skip(tail, 2 + end);
	if (str_find_char(str_slice(tail, 2, tail.size - rest.size), '?') != STR_NOT_FOUND)
		return address;
	return value_text(str_format(arena, "%.*s:%.*s:%u%.*s", STR_ARG(scheme),
				     STR_ARG(str_slice(tail, 0, tail.size - rest.size)),
				     (unsigned)url_default_port(url.scheme), STR_ARG(rest)));
}

static struct str host_of(struct str address)
{
	struct url url;

	return url_parse(address, &url, NULL) ? url.host : STR("");
}

/* Default addresses. */

/* The developer host without the superdomain. */
static struct str tenant_name(struct call *call)
{
	struct str domain = record_text(call->tenant, "domain");
	struct str end = STR_CONCAT(call->arena, STR("."), call->settings->superdomain);

	return str_has_suffix(domain, end) ? str_slice(domain, 0, domain.size - end.size) : domain;
}

static const struct {
	const char *endpoint, *domain, *environment;
} environments[] = {
	{"sandbox_endpoint", "staging_domain", "staging"},
	{"endpoint", "production_domain", "production"},
};
#define ENVIRONMENTS (sizeof environments / sizeof *environments)

static struct str default_address(struct call *call, const struct record *service,
				  const char *environment)
{
	return str_format(call->arena, "https://%.*s-%.*s-apicast-%s.%.*s:443",
			  STR_ARG(name_for_host(call->arena, record_text(service, "system_name"))),
			  STR_ARG(tenant_name(call)), environment,
			  STR_ARG(call->settings->superdomain));
}

static void set_default_addresses(struct call *call, struct record *proxy,
				  const struct record *service)
{
	for (size_t i = 0; i < ENVIRONMENTS; i++)
		record_set_text(proxy, environments[i].endpoint,
				default_address(call, service, environments[i].environment));
}

/* Worked out on every save. */
static void remember_domains(struct call *call, struct record *proxy, const struct record *service)
{
	for (size_t i = 0; i < ENVIRONMENTS; i++) {
		struct str host = host_of(record_text(proxy, environments[i].endpoint));

		if (host.size == 0)
			host = host_of(default_address(call, service, environments[i].environment));
		record_set_text(proxy, environments[i].domain, host);
	}
}

static void prepare_address(struct call *call, struct record *proxy, const char *name)
{
	struct value address = record_get(proxy, name);

	if (value_is_blank(address))
		record_set(proxy, name, value_null());
	else
		record_set(proxy, name, with_port(call->arena, address));
}

static bool proxy_prepare(struct call *call, struct record *proxy, const struct json *attributes)
{
	(void)attributes;
	if (value_is_blank(record_get(proxy, "api_backend")))
		record_set_text(proxy, "api_backend", STR(DEFAULT_API_BACKEND));
	prepare_address(call, proxy, "api_backend");
	prepare_address(call, proxy, "endpoint");
	prepare_address(call, proxy, "sandbox_endpoint");
	remember_domains(call, proxy, service_of(call, proxy));
	return true;
}

/* http or https, a host, no user, query or fragment. */
static bool address_is_sound(struct str text, bool with_path)
{
	struct url url;

	if (!url_parse(text, &url, NULL) || url.host.size == 0 || url.user.size > 0 ||
	    url.password.size > 0 || str_find_char(text, '@') != STR_NOT_FOUND ||
	    str_find_char(text, '?') != STR_NOT_FOUND ||
	    str_find_char(text, '#') != STR_NOT_FOUND || str_find_char(text, ' ') != STR_NOT_FOUND)
		return false;
	if (!str_equal_nocase(url.scheme, STR("http")) &&
	    !str_equal_nocase(url.scheme, STR("https")))
		return false;
	return with_path || url.path.size == 0;
}

/* On a name of its own the loopback is the portal's business, not an API's (PT-054). */
static void check_private_address(struct call *call, struct record *proxy,
				  struct validation *validation)
{
	struct str address = record_text(proxy, "api_backend"), host = host_of(address);
	bool with_path = settings_has_flag(call->settings, FLAG_PROXY_PRIVATE_BASE_PATH);

	if (!address_is_sound(address, with_path))
		validation_add(validation, "api_backend",
			       with_path ? STR(PRIVATE_URL_FAULT) : STR(NO_PATH_FAULT));
	else if (str_equal_nocase(host, STR("localhost")) ||
		 (url_host_is_ip(host) && str_has_prefix(host, STR("127."))))
		validation_add(validation, "api_backend", STR("Sorry, this domain is protected"));
}

static void check_public_address(struct record *proxy, const char *name, bool is_needed,
				 struct validation *validation)
{
	if (value_is_blank(record_get(proxy, name))) {
		if (is_needed)
			validation_add(validation, name, STR("can't be blank"));
	} else if (!address_is_sound(record_text(proxy, name), false)) {
		validation_add(validation, name, STR(PUBLIC_URL_FAULT));
	}
}

static void proxy_validate(struct call *call, struct record *proxy, struct validation *validation)
{
	struct str option = record_text(service_of(call, proxy), "deployment_option");
	bool is_hosted = str_equal(option, STR("hosted"));
	bool is_elsewhere =
		str_equal(option, STR("self_managed")) || str_has_prefix(option, STR("plugin"));

	check_private_address(call, proxy, validation);
	check_public_address(proxy, "endpoint", is_hosted, validation);
	check_public_address(proxy, "sandbox_endpoint", !is_elsewhere, validation);
	if (!value_is_blank(record_get(proxy, "oidc_issuer_endpoint")) &&
	    value_is_blank(record_get(proxy, "oidc_issuer_type")))
		validation_add(validation, "oidc_issuer_type", STR("can't be blank"));
}

const struct resource proxy_resource = {
	.table = &proxies_table,
	.representation = &proxy_representation,
	.wrapper = "proxy",
	.attributes = "endpoint sandbox_endpoint api_backend credentials_location auth_app_key "
		      "auth_app_id "
		      "auth_user_key error_auth_failed error_status_auth_failed "
		      "error_headers_auth_failed error_auth_missing error_status_auth_missing "
		      "error_headers_auth_missing error_no_match error_status_no_match "
		      "error_headers_no_match error_limits_exceeded error_status_limits_exceeded "
		      "error_headers_limits_exceeded secret_token hostname_rewrite oauth_login_url "
		      "api_test_path oidc_issuer_endpoint oidc_issuer_type",
	RESOURCE_RULES(proxy_rules),
	.prepare = proxy_prepare,
	.validate = proxy_validate,
};

/* Where it is deployed. */

void proxy_follow_deployment(struct call *call, const struct record *service)
{
	struct str option = record_text(service, "deployment_option");
	struct record *proxy = proxy_of_service(call, record_id(service));

	if (str_equal(option, STR("hosted"))) {
		set_default_addresses(call, proxy, service);
	} else if (str_equal(option, STR("self_managed"))) {
		record_set(proxy, "endpoint", value_null());
		record_set(proxy, "sandbox_endpoint", value_null());
	}
	remember_domains(call, proxy, service);
	record_save(call->database, proxy);
}

void proxy_create(struct call *call, const struct record *service, bool is_oidc)
{
	struct record *proxy = call_new_record(call, &proxies_table);

	record_set_int(proxy, "service_id", record_id(service));
	record_set_text(proxy, "api_backend", STR(DEFAULT_API_BACKEND));
	record_set_text(
		proxy, "secret_token",
		STR_CONCAT(call->arena, STR(SECRET_TOKEN_PREFIX), call_random_hex(call, 16)));
	record_set(proxy, "policies_config", value_json(STR(POLICIES_DEFAULT)));
	if (is_oidc)
		record_set_text(proxy, "authentication_method", STR("oidc"));
	set_default_addresses(call, proxy, service);
	remember_domains(call, proxy, service);
	record_save(call->database, proxy);
	mapping_rule_create_default(call, proxy);
}

/* Handlers. */

static struct record *proxy_of_path(struct call *call)
{
	return proxy_of_service(call, record_id(service_of_path(call)));
}

void proxy_show(struct call *call)
{
	reply_record(call, 200, &proxy_representation, proxy_of_path(call));
}

void proxy_update(struct call *call)
{
	const struct json *attributes = resource_attributes(call, "proxy");
	struct record *proxy = proxy_of_path(call);

	if (attributes == NULL)
		return;
	resource_assign(proxy, proxy_resource.attributes, attributes);
	if (!resource_save(call, &proxy_resource, proxy, attributes))
		return;
	proxy_config_deploy(call, proxy);
	reply_record(call, 200, &proxy_representation, proxy);
}

/* What newer clients call instead of counting on PATCH. */
void proxy_deploy(struct call *call)
{
	struct record *proxy = proxy_of_path(call);

	proxy_config_deploy(call, proxy);
	reply_record(call, 201, &proxy_representation, proxy);
}

void proxy_policies_show(struct call *call)
{
	struct str chain =
		policies_brief(call->arena, record_text(proxy_of_path(call), "policies_config"));

	reply_json(call, 200,
		   STR_CONCAT(call->arena, STR("{\"policies_config\":"), chain, STR("}")));
}

/* The chain comes as an array, or as the text of one (from forms). */
void proxy_policies_update(struct call *call)
{
	const struct json *attributes = resource_attributes(call, "proxy"), *chain;
	struct record *proxy = proxy_of_path(call);
	struct validation validation;
	struct str checked;

	if (attributes == NULL)
		return;
	chain = json_get(attributes, STR("policies_config"));
	if (chain == NULL) {
		reply_missing_parameter(call, "policies_config");
		return;
	}
	if (chain->kind == JSON_STRING)
		chain = json_parse(call->arena, chain->text, LIMIT_PORTAL_BODY_BYTES, NULL);
	if (!policies_check(call->arena, chain, &checked)) {
		reply_json(
			call, 422,
			STR_CONCAT(call->arena, STR("{\"policies_config\":"), checked, STR("}")));
		return;
	}
	validation_init(&validation, call->arena);
	if (!policies_fit(checked, &validation)) {
		reply_invalid(call, 422, &validation);
		return;
	}
	record_set(proxy, "policies_config", value_json(checked));
	record_save(call->database, proxy);
	proxy_config_stage(call, proxy);
	proxy_policies_show(call);
}
