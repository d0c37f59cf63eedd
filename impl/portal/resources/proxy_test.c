/* The proxy, mapping rules, policies and versions: PT-047 to PT-107, PT-140. */
#include "portal/portal_fixture_test.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"

#define PROXY "services/{service}/proxy.json"
#define LATEST "services/{service}/proxy/configs/sandbox/latest.json"
#define RULES "services/{service}/proxy/mapping_rules.json"

START_TEST(a_fresh_proxy_has_defaults)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=My+API&system_name=my_api", 201, NULL, NULL, "id",
		 "service.id"},
		{"GET", "services/{id}/proxy.json", NULL, 200,
		 "{\"proxy\":{\"service_id\":{id},\"endpoint\":\"https://my-api-3scale-apicast-"
		 "production.example.com:443\",\"api_backend\":\"https://echo-api.3scale.net:443\","
		 "\"credentials_location\":\"query\",\"auth_app_key\":\"app_key\",\"auth_app_id\":"
		 "\"app_id\",\"auth_user_key\":\"user_key\",\"error_auth_failed\":\"Authentication "
		 "failed\",\"error_auth_missing\":\"Authentication parameters missing\","
		 "\"error_status_auth_failed\":403,\"error_headers_auth_failed\":\"text/plain; "
		 "charset=us-ascii\",\"error_status_auth_missing\":403,"
		 "\"error_headers_auth_missing\":\"text/plain; "
		 "charset=us-ascii\",\"error_no_match\":"
		 "\"No Mapping Rule matched\",\"error_status_no_match\":404,"
		 "\"error_headers_no_match\":\"text/plain; charset=us-ascii\","
		 "\"error_limits_exceeded\":\"Usage limit exceeded\","
		 "\"error_status_limits_exceeded\":429,\"error_headers_limits_exceeded\":\"text/"
		 "plain; "
		 "charset=us-ascii\",\"secret_token\":\"Shared_secret_sent_from_proxy_to_API_"
		 "backend_",
		 "oidc_issuer", NULL, NULL},
		{"GET", "services/{id}/proxy.json", NULL, 200,
		 "\"sandbox_endpoint\":\"https://my-api-3scale-apicast-staging.example.com:443\","
		 "\"api_test_path\":\"/\",\"policies_config\":[{\"name\":\"apicast\",\"humanName\":"
		 "\"APIcast policy\",\"description\":\"Main functionality of APIcast.\","
		 "\"configuration\":{},\"version\":\"builtin\",\"enabled\":true,\"removable\":"
		 "false,"
		 "\"id\":\"apicast-policy\"}],",
		 NULL, NULL, NULL},
		{"GET", "services/{id}/proxy.json", NULL, 200,
		 "\"deployment_option\":\"hosted\",\"lock_version\":0,\"links\":[{\"rel\":"
		 "\"mapping_rules\",\"href\":\"/admin/api/services/{id}/proxy/mapping_rules\"},"
		 "{\"rel\":\"self\",\"href\":\"/admin/api/services/{id}/"
		 "proxy\"},{\"rel\":\"service\","
		 "\"href\":\"/admin/api/services/{id}\"}]}}",
		 NULL, NULL, NULL},
		{"GET", "services/{id}/proxy.xml", NULL, 200,
		 "<api_test_path>/</api_test_path><policies_config>[{", "<deployed_at", NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

/* What a PATCH is refused for, and with which words. */
static const struct {
	const char *form, *has;
} refused[] = {
	{"api_backend=ftp://x", "\"api_backend\":[\"the accepted format is "
				"'http(s)://address(:port)(/path)'\"]"},
	{"api_backend=https://u:p@x", "\"api_backend\":["},
	{"api_backend=https://x/?a=b", "\"api_backend\":["},
	{"api_backend=https://x/%23f", "\"api_backend\":["},
	{"api_backend=nothing", "\"api_backend\":["},
	{"api_backend=http://localhost:80",
	 "\"api_backend\":[\"Sorry, this domain is protected\"]"},
	{"api_backend=http://127.0.0.1", "\"api_backend\":[\"Sorry, this domain is protected\"]"},
	{"endpoint=https://x/path", "{\"errors\":{\"endpoint\":[\"the accepted format is "
				    "'protocol://address(:port)'\"]}}"},
	{"endpoint=", "{\"errors\":{\"endpoint\":[\"can't be blank\"]}}"},
	{"sandbox_endpoint=", "{\"errors\":{\"sandbox_endpoint\":[\"can't be blank\"]}}"},
	{"error_status_no_match=199", "[\"must be greater than or equal to 200\"]"},
	{"error_status_no_match=600", "[\"must be less than 600\"]"},
	{"error_status_no_match=x", "[\"is not a number\"]"},
	{"error_status_no_match=", "[\"is not a number\"]"},
	{"credentials_location=cookie",
	 "{\"errors\":{\"credentials_location\":[\"is not included in "
	 "the list\"]}}"},
	{"auth_user_key=a+b", "{\"errors\":{\"auth_user_key\":[\"is invalid\"]}}"},
	{"error_no_match=", "[\"can't be blank\"]"},
	{"error_no_match=%3Cb%3E", "[\"is invalid\"]"},
	{"oauth_login_url=https://x/?scope=a", "invalid auth login url. (hint: make sure it uses "
					       "https scheme)"},
	{"oauth_login_url=x", "\"oauth_login_url\":["},
	{"api_test_path=x", "[\"only URI characters allowed\"]"},
	{"hostname_rewrite=a/b", "\"hostname_rewrite\":[\"is invalid\"]"},
	{"oidc_issuer_type=moon", "\"oidc_issuer_type\":[\"is not included in the list\"]"},
	{"oidc_issuer_endpoint=https://x&oidc_issuer_type=", "\"oidc_issuer_type\":[\"can't be "
							     "blank\"]"},
};

START_TEST(a_proxy_refuses)
{
	reply_has(ask("PATCH",
		      portal_text("/admin/api/services/%" PRId64 "/proxy.json", sample_service()),
		      refused[_i].form),
		  422, refused[_i].has);
	reply_has(ask("GET", portal_text("/admin/api/%s", expand(LATEST)), NULL), 404, "Not found");
}
END_TEST

START_TEST(addresses_get_their_ports)
{
	static const struct step steps[] = {
		{"PUT", PROXY, "api_backend=http://api.example/v1&endpoint=https://a.example", 200,
		 "\"endpoint\":\"https://a.example:443\",\"api_backend\":\"http://api.example:80/"
		 "v1\"",
		 NULL, NULL, NULL},
		{"GET", PROXY, NULL, 200, "\"lock_version\":1", NULL, NULL, NULL},
		{"PATCH", PROXY, "api_backend=&oauth_login_url=http://localhost/x", 200,
		 "\"api_backend\":\"https://echo-api.3scale.net:443\"", NULL, NULL, NULL},
		{"GET", PROXY, NULL, 200, "\"lock_version\":2", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

START_TEST(addresses_follow_the_deployment)
{
	static const struct step steps[] = {
		{"PUT", "services/{service}.json", "deployment_option=self_managed", 200,
		 "self_managed", NULL, NULL, NULL},
		{"GET", PROXY, NULL, 200, "self_managed", "endpoint", NULL, NULL},
		{"PATCH", PROXY, "api_test_path=/x", 200, NULL, NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200, "\"hosts\":[],", NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200,
		 "\"staging_domain\":\"api-3scale-apicast-staging.example.com\"", NULL, NULL, NULL},
		{"PATCH", PROXY, "endpoint=&sandbox_endpoint=", 200, NULL, NULL, NULL, NULL},
		{"PUT", "services/{service}.json", "deployment_option=hosted", 200, NULL, NULL,
		 NULL, NULL},
		{"GET", PROXY, NULL, 200,
		 "\"endpoint\":\"https://api-3scale-apicast-production.example.com:443\"", NULL,
		 NULL, NULL},
		{"PUT", "services/{service}.json", "deployment_option=plugin_ruby", 200, NULL, NULL,
		 NULL, NULL},
		{"GET", PROXY, NULL, 200, "apicast-production", NULL, NULL, NULL},
		/* A mesh takes a version at once. */
		{"PUT", "services/{service}.json", "deployment_option=service_mesh_istio", 200,
		 NULL, NULL, NULL, NULL},
		{"PATCH", PROXY, "api_test_path=/mesh", 200, NULL, NULL, NULL, NULL},
		{"GET", "services/{service}/proxy/configs/production/latest.json", NULL, 200,
		 "\"api_test_path\":\"/mesh\"", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

/* PT-068 to PT-076, PT-097. */
START_TEST(a_change_makes_a_version)
{
	static const struct step steps[] = {
		{"GET", LATEST, NULL, 404, NULL, NULL, NULL, NULL},
		{"PATCH", PROXY, "api_test_path=/a", 200, NULL, NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200,
		 "\"version\":1,\"environment\":\"sandbox\",\"content\":{", NULL, NULL, NULL},
		{"PATCH", PROXY, "api_test_path=/a", 200, NULL, NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200, "\"version\":1", NULL, NULL, NULL},
		{"PATCH", PROXY, "api_test_path=/b", 200, NULL, NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200, "\"version\":2", NULL, NULL, NULL},
		{"POST", RULES, "http_method=GET&pattern=/r&delta=2&metric_id={hits}&x=1", 201,
		 NULL, NULL, "rule", "mapping_rule.id"},
		{"GET", LATEST, NULL, 200, "\"version\":2", "\"pattern\":\"/r\"", NULL, NULL},
		{"PATCH", PROXY, "unknown=1", 200, NULL, NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200, "\"pattern\":\"/r\"", "\"version\":2", NULL, NULL},
		{"PATCH", "services/{service}/proxy/oidc_configuration.json",
		 "{\"oidc_configuration\":{\"implicit_flow_enabled\":true}}", 200, NULL, NULL, NULL,
		 NULL},
		{"GET", "services/{service}/proxy/configs/staging/latest.json", NULL, 200,
		 "\"version\":3,\"environment\":\"sandbox\"", NULL, NULL, NULL},
		{"GET", "services/{service}/proxy/configs/sandbox/1.json", NULL, 200,
		 "\"api_test_path\":\"/a\"", NULL, NULL, NULL},
		{"GET", "services/{service}/proxy/configs/sandbox.json", NULL, 200, "\"version\":3",
		 NULL, "first", "proxy_configs.0.proxy_config.version"},
		{"GET", "services/{service}/proxy/configs/sandbox/9.json", NULL, 404, NULL, NULL,
		 NULL, NULL},
		{"GET", "services/{service}/proxy/configs/sandbox/x.json", NULL, 404, NULL, NULL,
		 NULL, NULL},
		{"GET", "services/{service}/proxy/configs/moon.json", NULL, 400,
		 "{\"error\":\"invalid environment\"}", NULL, NULL, NULL},
		{"GET", "services/{service}/proxy/configs/moon/1.json", NULL, 400, NULL, NULL, NULL,
		 NULL},
		{"GET", "services/{service}/proxy/configs/moon/latest.json", NULL, 400, NULL, NULL,
		 NULL, NULL},
		{"POST", "services/{service}/proxy/deploy.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"PATCH", PROXY, "{\"proxy\":1}", 422, "Wrong type", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
	ck_assert_str_eq(expand("{first}"), "1");
}
END_TEST

START_TEST(a_version_is_promoted_once)
{
	static const struct step steps[] = {
		{"PATCH", PROXY, "api_test_path=/a", 200, NULL, NULL, NULL, NULL},
		{"PATCH", PROXY, "api_test_path=/b", 200, NULL, NULL, NULL, NULL},
		{"GET", "services/{service}/proxy/configs/production/latest.json", NULL, 404, NULL,
		 NULL, NULL, NULL},
		{"POST", "services/{service}/proxy/configs/sandbox/2/promote.json", NULL, 400,
		 "Required parameter missing: to", "{", NULL, NULL},
		{"POST", "services/{service}/proxy/configs/sandbox/2/promote.json", "to=staging",
		 422, "{\"errors\":{\"environment\":[\"is not included in the list\"]}}", NULL,
		 NULL, NULL},
		{"POST", "services/{service}/proxy/configs/sandbox/2/promote.json?to=production",
		 NULL, 201, "\"version\":2,\"environment\":\"production\",\"content\":{", NULL,
		 NULL, NULL},
		{"POST", "services/{service}/proxy/configs/sandbox/2/promote.json", "to=production",
		 422, "{\"errors\":{\"version\":[\"has already been taken\"]}}", NULL, NULL, NULL},
		{"POST", "services/{service}/proxy/configs/sandbox/9/promote.json", "to=production",
		 404, NULL, NULL, NULL, NULL},
		{"POST", "services/{service}/proxy/configs/moon/1/promote.json", "to=production",
		 400, NULL, NULL, NULL, NULL},
		/* An older number does not roll back. */
		{"POST", "services/{service}/proxy/configs/sandbox/1/promote.json", "to=production",
		 201, NULL, NULL, NULL, NULL},
		{"GET", "services/{service}/proxy/configs/production/latest.json", NULL, 200,
		 "\"version\":2", NULL, NULL, NULL},
		{"POST", "services/{service}/proxy/configs/production/1/promote.json", "to=sandbox",
		 422, "version", NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

/* PT-083 to PT-087: keys, order, nulls. */
START_TEST(content_is_what_a_gateway_reads)
{
	static const struct step steps[] = {
		{"POST", "services/{service}/metrics/{hits}/methods.json", "friendly_name=Current",
		 201, NULL, NULL, "method", "method.id"},
		{"POST", RULES,
		 "{\"mapping_rule\":{\"http_method\":\"GET\",\"pattern\":\"/cities/{city}/"
		 "now?units="
		 "{units}&a=1\",\"delta\":1,\"metric_id\":{method},\"position\":1,\"last\":true}}",
		 201, "\"last\":true", NULL, NULL, NULL},
		{"PUT", "services/{service}/proxy/policies.json",
		 "{\"policies_config\":[{\"name\":\"cors\",\"version\":\"builtin\","
		 "\"configuration\":"
		 "{\"a\":1}},{\"name\":\"off\",\"version\":\"1\",\"configuration\":{},\"enabled\":"
		 "false}]}",
		 200,
		 "{\"policies_config\":[{\"name\":\"cors\",\"version\":\"builtin\","
		 "\"configuration\":"
		 "{\"a\":1},\"enabled\":true},{\"name\":\"off\",\"version\":\"1\","
		 "\"configuration\":{}"
		 ",\"enabled\":false},{\"name\":\"apicast\",\"version\":\"builtin\","
		 "\"configuration\":"
		 "{},\"enabled\":true}]}",
		 NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200,
		 "\"content\":{\"id\":{service},\"account_id\":2,\"name\":\"API\","
		 "\"oneline_description\":null,\"description\":null,\"txt_api\":null,\"txt_"
		 "support\":"
		 "null,\"txt_features\":null,\"created_at\":\"",
		 "policies_config", NULL, NULL},
		{"GET", LATEST, NULL, 200,
		 "\"tenant_id\":2,\"system_name\":\"api\",\"backend_version\":\"1\","
		 "\"mandatory_app_key\":true,\"buyer_key_regenerate_enabled\":true,\"support_"
		 "email\":"
		 "\"admin@3scale.example.com\",\"referrer_filters_required\":false,"
		 "\"deployment_option\":\"hosted\",\"kubernetes_service_link\":null,\"proxiable?\":"
		 "true,\"backend_authentication_type\":\"service_token\","
		 "\"backend_authentication_value\":\"",
		 NULL, "token", "proxy_config.content.backend_authentication_value"},
		{"GET", LATEST, NULL, 200,
		 "\"staging_domain\":\"api-3scale-apicast-staging.example.com\","
		 "\"production_domain\":\"api-3scale-apicast-production.example.com\","
		 "\"hostname_rewrite_for_sandbox\":\"echo-api.3scale.net\",\"endpoint_port\":443,"
		 "\"valid?\":true,\"service_backend_version\":\"1\",\"hosts\":[\"api-3scale-"
		 "apicast-"
		 "production.example.com\",\"api-3scale-apicast-staging.example.com\"],\"backend\":"
		 "{\"endpoint\":\"https://backend-3scale.example.com\",\"host\":\"backend-3scale."
		 "example.com\"},\"policy_chain\":[{\"name\":\"cors\",\"version\":\"builtin\","
		 "\"configuration\":{\"a\":1}},{\"name\":\"apicast\",\"version\":\"builtin\","
		 "\"configuration\":{}}],\"proxy_rules\":[{\"id\":",
		 NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200,
		 "\"pattern\":\"/cities/{city}/now?units={units}&a=1\",\"metric_id\":{method},"
		 "\"metric_system_name\":\"current\",\"delta\":1,\"tenant_id\":2,\"created_at\":",
		 NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200,
		 "\"redirect_url\":null,\"position\":1,\"last\":true,\"parameters\":[\"city\"],"
		 "\"querystring_parameters\":{\"units\":\"{units}\",\"a\":\"1\"}}",
		 NULL, NULL, NULL},
		{"PATCH", PROXY,
		 "hostname_rewrite=inner.example&endpoint=http://"
		 "one.example&sandbox_endpoint=http://"
		 "one.example",
		 200, NULL, NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200,
		 "\"hostname_rewrite_for_sandbox\":\"inner.example\",\"endpoint_port\":80,\"valid?"
		 "\":"
		 "true,\"service_backend_version\":\"1\",\"hosts\":[\"one.example\"]",
		 NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
	ck_assert_ptr_nonnull(strstr(
		backend_calls(),
		expand("{\"service_tokens\":{\"{token}\":{\"service_id\":\"{service}\"}}}")));
}
END_TEST

START_TEST(policies_are_judged)
{
	static const struct step steps[] = {
		{"PUT", "services/{service}/proxy/policies.json",
		 "policies_config=[{\"name\":\"a\",\"configuration\":{}}]", 422,
		 "{\"policies_config\":[{\"name\":\"a\",\"configuration\":{},\"enabled\":true,"
		 "\"errors\":{\"version\":[\"can't be blank\"]}}]}",
		 NULL, NULL, NULL},
		{"PUT", "services/{service}/proxy/policies.json",
		 "policies_config=[{\"name\":\"a\",\"version\":\"1\",\"configuration\":1}]", 422,
		 "\"errors\":{\"configuration\":[\"is invalid\"]}", NULL, NULL, NULL},
		{"PUT", "services/{service}/proxy/policies.json", "policies_config=[1]", 422, "[1]",
		 NULL, NULL, NULL},
		{"PUT", "services/{service}/proxy/policies.json", "policies_config=x", 422, "null",
		 NULL, NULL, NULL},
		{"PUT", "services/{service}/proxy/policies.json", "x=1", 400,
		 "Required parameter missing: policies_config", NULL, NULL, NULL},
		{"PUT", "services/{service}/proxy/policies.json", "{\"proxy\":1}", 422,
		 "Wrong type", NULL, NULL, NULL},
		{"GET", "services/{service}/proxy/policies.json", NULL, 200,
		 "{\"policies_config\":[{\"name\":\"apicast\",\"version\":\"builtin\","
		 "\"configuration\":{},\"enabled\":true}]}",
		 NULL, NULL, NULL},
		{"GET", LATEST, NULL, 404, NULL, NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

/* PT-089 to PT-094. */
/* One entry, whose stored text is so long. */
static struct str chain_of_bytes(size_t bytes)
{
	static const char before[] =
		"[{\"name\":\"a\",\"version\":\"1\",\"configuration\":{\"x\":\"";
	static const char after[] = "\"},\"enabled\":true}]";
	size_t fill = bytes - (sizeof before - 1) - (sizeof after - 1);
	char *text = arena_alloc(fixture_arena(), fill);

	memset(text, 'x', fill);
	return STR_CONCAT(fixture_arena(), str_from(before), str_of(text, fill), str_from(after));
}

static struct reply put_chain(size_t bytes)
{
	struct str body = STR_CONCAT(fixture_arena(), STR("{\"policies_config\":"),
				     chain_of_bytes(bytes), STR("}"));

	return ask("PUT",
		   portal_text("/admin/api/services/%" PRId64 "/proxy/policies.json",
			       sample_service()),
		   str_cstr(fixture_arena(), body));
}

START_TEST(a_chain_of_policies_has_64_KiB)
{
	reply_is(put_chain(65536), 422,
		 "{\"errors\":{\"policies_config\":[\"is too long (maximum is 65535 "
		 "characters)\"]}}");
	reply_has(put_chain(65535), 200, "{\"policies_config\":[{\"name\":\"a\"");
}
END_TEST

START_TEST(gateways_find_configurations_by_host)
{
	static const struct step steps[] = {
		{"PATCH", PROXY, "endpoint=http://old.example&sandbox_endpoint=http://s.example",
		 200, NULL, NULL, NULL, NULL},
		{"GET", "services/proxy/configs/sandbox.json?host=old.example", NULL, 200,
		 "\"version\":1", NULL, NULL, NULL},
		{"GET", "services/proxy/configs/staging.json?host=S.EXAMPLE", NULL, 200,
		 "\"version\":1", NULL, NULL, NULL},
		{"PATCH", PROXY, "endpoint=http://new.example", 200, NULL, NULL, NULL, NULL},
		{"GET", "services/proxy/configs/sandbox.json?host=old.example", NULL, 200,
		 "{\"proxy_configs\":[]}", NULL, NULL, NULL},
		{"GET", "services/proxy/configs/sandbox.json?host=new.example", NULL, 200,
		 "\"version\":2", NULL, NULL, NULL},
		{"GET", "services/proxy/configs/sandbox.json?host=new_example", NULL, 200,
		 "{\"proxy_configs\":[]}", NULL, NULL, NULL},
		{"GET", "services/proxy/configs/sandbox.json", NULL, 400,
		 "Required parameter missing: host", NULL, NULL, NULL},
		{"GET", "services/proxy/configs/moon.json?host=a", NULL, 400, NULL, NULL, NULL,
		 NULL},
		{"GET", "account/proxy_configs/sandbox.json?version=latest", NULL, 200,
		 "\"version\":2", "\"version\":1", NULL, NULL},
		{"GET", "account/proxy_configs/sandbox.json?version=1", NULL, 200, "\"version\":1",
		 "\"version\":2", NULL, NULL},
		{"GET", "account/proxy_configs/staging.json?page=2&per_page=1", NULL, 200,
		 "\"version\":2", "\"version\":1", NULL, NULL},
		{"GET", "account/proxy_configs/staging.json?version=latest&host=none.example", NULL,
		 200, "[]", NULL, NULL, NULL},
		{"GET", "account/proxy_configs/moon.json", NULL, 422,
		 "{\"errors\":{\"environment\":[\"is not included in the list\"]}}", NULL, NULL,
		 NULL},
		{"POST", "services/{service}/proxy/configs/sandbox/2/promote.json", "to=production",
		 201, NULL, NULL, NULL, NULL},
	};
	const char *master;

	RUN_STEPS(steps);
	master = portal_text("Host: " MASTER_HOST "\nAuthorization: Basic %.*s",
			     STR_ARG(base64_encode(fixture_arena(), STR("apicast-token:"))));
	reply_has(ask_as(master, "GET", "/master/api/proxy/configs/production.json", NULL), 200,
		  "\"version\":2");
	reply_is(ask_as(master, "GET", "/master/api/proxy/configs/staging.json?host=old.example",
			NULL),
		 200, "{\"proxy_configs\":[]}");
	reply_has(ask_as(master, "GET", "/master/api/proxy/configs/moon.json", NULL), 400,
		  "invalid environment");
}
END_TEST

/* PT-098 to PT-107. */
START_TEST(mapping_rules_are_a_list)
{
	static const struct step steps[] = {
		{"POST", RULES, "http_method=GET&pattern=/b&delta=1&metric_id={hits}", 201,
		 "\"position\":2,\"last\":false", NULL, "b", "mapping_rule.id"},
		{"POST", RULES, "http_method=POST&pattern=/a&delta=1&metric_id={hits}&position=1",
		 201, "\"position\":1", NULL, "a", "mapping_rule.id"},
		{"GET", "services/{service}/proxy/mapping_rules/{b}.json", NULL, 200,
		 "\"position\":3", NULL, NULL, NULL},
		{"PUT", "services/{service}/proxy/mapping_rules/{b}.json", "position=0", 200,
		 "\"position\":1", NULL, NULL, NULL},
		{"GET", "services/{service}/proxy/mapping_rules/{a}.json", NULL, 200,
		 "\"position\":2", NULL, NULL, NULL},
		{"DELETE", "services/{service}/proxy/mapping_rules/{b}.json", NULL, 200, NULL, NULL,
		 NULL, NULL},
		{"GET", "services/{service}/proxy/mapping_rules/{a}.json", NULL, 200,
		 "\"position\":1", NULL, NULL, NULL},
		{"PATCH", "services/{service}/proxy/mapping_rules/{a}.json", "position=", 200,
		 "\"position\":2", NULL, NULL, NULL},
		{"POST", RULES, "http_method=GET&pattern=/a&delta=1&metric_id={hits}&position=90",
		 201, "\"position\":90", NULL, NULL, NULL},
		{"POST", RULES, "http_method=ANY&pattern=/a&delta=0&metric_id={hits}", 422,
		 "{\"errors\":{\"http_method\":[\"is not included in the list\"],\"delta\":[\"must "
		 "be "
		 "greater than 0\"]}}",
		 NULL, NULL, NULL},
		{"POST", RULES, "http_method=GET&pattern=/a&metric_id={hits}", 422,
		 "{\"errors\":{\"delta\":[\"is not a number\"]}}", NULL, NULL, NULL},
		{"POST", RULES, "http_method=GET&pattern=/a&delta=1", 422, "metric_id", NULL, NULL,
		 NULL},
		{"POST", RULES, "http_method=GET&pattern=/a&delta=1&metric_id=1", 404, NULL, NULL,
		 NULL, NULL},
		{"POST", RULES, "http_method=GET&pattern=a&delta=1&metric_id={hits}", 422,
		 "\"pattern\":[\"a Mapping Rule has to start with '/'", NULL, NULL, NULL},
		{"GET", "services/{service}/proxy/mapping_rules.xml", NULL, 200,
		 "<mapping_rules><mapping_rule><id>", "links", NULL, NULL},
		{"GET", "services/{service}/proxy/mapping_rules.xml", NULL, 200,
		 " UTC</created_at>", NULL, NULL, NULL},
		{"GET", RULES, NULL, 200,
		 "{\"rel\":\"proxy\",\"href\":\"/admin/api/services/{service}/"
		 "proxy\"}",
		 NULL, NULL, NULL},
	};

	RUN_STEPS(steps);
}
END_TEST

Suite *portal_resources_proxy_suite(void);
Suite *portal_resources_proxy_suite(void)
{
	Suite *suite = suite_create("portal_resources_proxy");
	TCase *tests = tcase_create("proxy");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, a_fresh_proxy_has_defaults);
	tcase_add_loop_test(tests, a_proxy_refuses, 0, sizeof refused / sizeof *refused);
	tcase_add_test(tests, addresses_get_their_ports);
	tcase_add_test(tests, addresses_follow_the_deployment);
	tcase_add_test(tests, a_change_makes_a_version);
	tcase_add_test(tests, a_version_is_promoted_once);
	tcase_add_test(tests, content_is_what_a_gateway_reads);
	tcase_add_test(tests, policies_are_judged);
	tcase_add_test(tests, a_chain_of_policies_has_64_KiB);
	tcase_add_test(tests, gateways_find_configurations_by_host);
	tcase_add_test(tests, mapping_rules_are_a_list);
	suite_add_tcase(suite, tests);
	return suite;
}
