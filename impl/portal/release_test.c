/* In what the releases differ, and flags: PT-046, PT-051, PT-067, spec/portal.md 4.1, 4.8. */
#include "portal/portal_fixture_test.h"

#include <string.h>

#include "base/error.h"
#include "portal/flags.h"
#include "portal/release.h"

#define PROXY "services/{service}/proxy.json"
#define LATEST "services/{service}/proxy/configs/sandbox/latest.json"

START_TEST(properties_belong_to_releases)
{
	static const struct {
		const char *release, *name;
		bool has;
	} rows[] = {
		{"2.5", "a", true},        {"2.5", "a:2.6", false},    {"2.5", "a:-2.6", true},
		{"2.6", "a:2.6", true},    {"", "a:2.6", true},        {"2.6", "a:-2.6", false},
		{"2.6", "a:later", false}, {"later", "a:later", true}, {"later", "a:2.6", true},
	};
	struct str name = str_from(rows[_i].name);

	ck_assert(release_has_property(release_find(str_from(rows[_i].release)), &name) ==
		  rows[_i].has);
	ck_assert(str_equal(name, STR("a")));
}
END_TEST

START_TEST(flags_are_switched_by_name)
{
	struct flags flags;
	struct error error = {0};

	flags_init(&flags, release_find(STR("2.6")));
	ck_assert(flags_read(&flags, STR(""), &error));
	ck_assert(flags.is_on[FLAG_PROXY_PRIVATE_BASE_PATH] && !flags.is_on[FLAG_CMS_API]);
	flags_init(&flags, release_find(STR("2.5")));
	ck_assert(flags_read(&flags, STR("cms_api=on, policies=off"), &error));
	ck_assert(!flags.is_on[FLAG_PROXY_PRIVATE_BASE_PATH] && flags.is_on[FLAG_CMS_API]);
	ck_assert(!flags.is_on[FLAG_POLICIES] && flags.is_on[FLAG_POLICY_REGISTRY]);
	ck_assert(!flags_read(&flags, STR("moon=on"), &error));
	ck_assert_ptr_nonnull(strstr(error.text, "not \"moon=on\""));
	ck_assert(!flags_read(&flags, STR("cms_api"), &error));
}
END_TEST

START_TEST(an_unknown_release_is_refused)
{
	int status;

	fixture_prepare();
	ck_assert_ptr_nonnull(strstr(fixture_refusal("--port 0 --release 2.4", &status),
				     "--release must be 2.5, 2.6 or later, not \"2.4\""));
	ck_assert_int_eq(status, 1);
}
END_TEST

START_TEST(verification_is_none_or_peer)
{
	static const char *const extra[] = {"THREESCALE_SANDBOX_PROXY_OPENSSL_VERIFY_MODE", "MOON",
					    NULL};
	int status;

	fixture_set_environment(extra);
	fixture_prepare();
	ck_assert_ptr_nonnull(strstr(fixture_refusal("--port 0", &status),
				     "must be VERIFY_NONE or VERIFY_PEER, not \"MOON\""));
}
END_TEST

/* The mails of old; no settings, no limits, no domains. */
START_TEST(release_2_5_shows_what_it_has)
{
	static const struct step steps[] = {
		{"PUT", "services/{service}.json", "tech_support_email=t@x.y", 200,
		 "\"support_email\":\"admin@3scale.example.com\",\"tech_support_email\":\"t@x.y\","
		 "\"created_at\":",
		 "intentions_required", NULL, NULL},
		{"PUT", "services/{service}.json", "admin_support_email=a@x.y&description=d", 200,
		 "\"tech_support_email\":\"t@x.y\",\"admin_support_email\":\"a@x.y\","
		 "\"description\":\"d\",\"created_at\":",
		 "notification_settings", NULL, NULL},
		{"PATCH", PROXY, "api_test_path=/a", 200,
		 "\"error_headers_no_match\":\"text/plain; charset=us-ascii\",\"secret_token\":",
		 "limits_exceeded", NULL, NULL},
		{"GET", PROXY, NULL, 200, NULL, "deployment_option", NULL, NULL},
		{"GET", LATEST, NULL, 200,
		 "\"display_provider_keys\":false,\"tech_support_email\":\"t@x.y\","
		 "\"admin_support_email\":\"a@x.y\",\"credit_card_support_email\":null",
		 "limits_exceeded", NULL, NULL},
		{"GET", LATEST, NULL, 200,
		 "\"lock_version\":1,\"authentication_method\":\"1\","
		 "\"hostname_rewrite_for_sandbox\":",
		 "_domain", NULL, NULL},
		{"POST", "services/{service}/metrics/{hits}/methods.json",
		 "friendly_name=M&description=d&system_name=mm", 201, NULL, "description", NULL,
		 NULL},
		{"POST", "services/{service}/proxy/deploy.json", "", 404, NULL, NULL, NULL, NULL},
		{"PATCH", PROXY, "api_backend=https://x/path", 422,
		 "{\"errors\":{\"api_backend\":[\"The accepted format is "
		 "'protocol://address(:port)'\"]}}",
		 NULL, NULL, NULL},
	};

	fixture_set_release("2.5");
	fixture_set_up();
	RUN_STEPS(steps);
}
END_TEST

START_TEST(later_releases_deploy_on_request)
{
	static const struct step steps[] = {
		{"POST", "services/{service}/proxy/deploy.json", "", 201, "{\"proxy\":{", NULL,
		 NULL, NULL},
		{"GET", LATEST, NULL, 200, "\"version\":1,", NULL, NULL, NULL},
		{"POST", "services/{service}/proxy/deploy.json", "", 201, NULL, NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200, "\"version\":1,", NULL, NULL, NULL},
	};

	fixture_set_release("later");
	fixture_set_up();
	RUN_STEPS(steps);
}
END_TEST

START_TEST(a_flag_lets_rules_redirect)
{
	static const char *const on[] = {"ROLLING_UPDATES", "proxy_pro=on", NULL};
	static const struct step steps[] = {
		{"POST", "services/{service}/proxy/mapping_rules.json",
		 "http_method=GET&pattern=/old&delta=1&metric_id={hits}&redirect_url=https://n.ew",
		 201, NULL, NULL, NULL, NULL},
		{"PATCH", PROXY, "api_test_path=/a", 200, NULL, NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200, "\"redirect_url\":\"https://n.ew\"", NULL, NULL, NULL},
	};

	fixture_set_environment(on);
	fixture_set_up();
	RUN_STEPS(steps);
}
END_TEST

START_TEST(flags_take_away)
{
	static const char *const off[] = {
		"ROLLING_UPDATES",
		"proxy_private_base_path=off,apicast_per_service=off,"
		"service_mesh_integration=off,apicast_oidc=off,policies=off,"
		"policy_registry=off",
		NULL};
	static const struct step steps[] = {
		{"GET", "registry/policies.json", NULL, 403, "{\"status\":\"Forbidden\"}", NULL,
		 NULL, NULL},
		{"GET", "policies.json", NULL, 403, NULL, NULL, NULL, NULL},
		{"PUT", "services/{service}/proxy/policies.json", "policies_config=[]", 403, NULL,
		 NULL, NULL, NULL},
		{"PATCH", PROXY, "api_backend=https://x/path", 422, "\"The accepted format is ",
		 NULL, NULL, NULL},
		{"PATCH", PROXY, "api_backend=https://x", 200, NULL, NULL, NULL, NULL},
		{"GET", LATEST, NULL, 200, "\"backend_authentication_type\":\"provider_key\"", NULL,
		 "key", "proxy_config.content.backend_authentication_value"},
		{"PUT", "services/{service}.json", "deployment_option=service_mesh_istio", 422,
		 "{\"errors\":{\"deployment_option\":[\"is not included in the list\"]}}", NULL,
		 NULL, NULL},
		{"PUT", "services/{service}.json", "backend_version=oidc", 422,
		 "{\"errors\":{\"backend_version\":[\"is not included in the list\"]}}", NULL, NULL,
		 NULL},
	};

	fixture_set_environment(off);
	fixture_set_up();
	RUN_STEPS(steps);
	reply_has(ask_as("", "GET",
			 portal_text("/admin/api/services.json?provider_key=%s", expand("{key}")),
			 NULL),
		  200, "services");
}
END_TEST

Suite *portal_release_suite(void);
Suite *portal_release_suite(void)
{
	Suite *suite = suite_create("portal_release");
	TCase *tables = tcase_create("tables"), *portals = tcase_create("portals");

	tcase_add_loop_test(tables, properties_belong_to_releases, 0, 9);
	tcase_add_test(tables, flags_are_switched_by_name);
	suite_add_tcase(suite, tables);
	tcase_add_checked_fixture(portals, NULL, fixture_tear_down);
	tcase_add_test(portals, an_unknown_release_is_refused);
	tcase_add_test(portals, verification_is_none_or_peer);
	tcase_add_test(portals, release_2_5_shows_what_it_has);
	tcase_add_test(portals, later_releases_deploy_on_request);
	tcase_add_test(portals, flags_take_away);
	tcase_add_test(portals, a_flag_lets_rules_redirect);
	suite_add_tcase(suite, portals);
	return suite;
}
