/* The portal as a component: what the demo asks of it, and its life. */
#include <inttypes.h>
#include <string.h>

#include "portal/portal_fixture_test.h"

/* The steps of a first API, from the service to the gateways' configuration. */
START_TEST(a_service_is_provisioned_and_promoted)
{
	int64_t service = new_service("name=Hello&system_name=hello"), hits = hits_of(service);
	const char *root = text("/admin/api/services/%" PRId64, service);
	int64_t searches = reply_int(ask("POST", text("%s/metrics.json", root),
					 "friendly_name=Searches&system_name=searches&unit=search"),
				     201, "metric.id");
	int64_t rule = reply_int(ask("GET", text("%s/proxy/mapping_rules.json", root), NULL), 200,
				 "mapping_rules.0.mapping_rule.id");
	int64_t plan, account;

	ck_assert_int_ne(hits, searches);
	reply_has(ask("PATCH", text("%s/proxy/mapping_rules/%" PRId64 ".json", root, rule),
		      "pattern=/hello"),
		  200, "\"pattern\":\"/hello\"");
	reply_has(ask("POST", text("%s/proxy/mapping_rules.json", root),
		      text("http_method=GET&pattern=/search&delta=1&metric_id=%" PRId64, searches)),
		  201, "\"position\":2");
	plan = reply_int(ask("POST", text("%s/application_plans.json", root),
			     "name=Basic&system_name=basic"),
			 201, "application_plan.id");
	reply_has(
		ask("POST",
		    text("/admin/api/application_plans/%" PRId64 "/metrics/%" PRId64 "/limits.json",
			 plan, searches),
		    "period=eternity&value=3"),
		201, "\"period\":\"eternity\",\"value\":3");
	account = reply_int(ask("POST", "/admin/api/signup.json",
				"org_name=Example&username=jane&email=jane%40example.com&"
				"password=s3cr3t-password"),
			    201, "account.id");
	reply_has(ask("POST", text("/admin/api/accounts/%" PRId64 "/applications.json", account),
		      text("plan_id=%" PRId64 "&name=Demo&description=Demo&user_key=demo-user-key",
			   plan)),
		  201, "\"user_key\":\"demo-user-key\"");
	reply_has(ask("PATCH", text("%s/proxy.json", root),
		      "api_backend=http://echo.localhost:8082&sandbox_endpoint=http://"
		      "hello-staging.localhost:8080&endpoint=http://hello.localhost:8081"),
		  200, "\"endpoint\":\"http://hello.localhost:8081\"");
	ck_assert_int_eq(
		reply_int(ask("GET", text("%s/proxy/configs/sandbox/latest.json", root), NULL), 200,
			  "proxy_config.version"),
		1);
	reply_has(
		ask("POST", text("%s/proxy/configs/sandbox/1/promote.json", root), "to=production"),
		201, "\"environment\":\"production\"");
	ck_assert_ptr_nonnull(strstr(backend_calls(), "/key/demo-user-key"));
}
END_TEST

Suite *portal_portal_suite(void);
Suite *portal_portal_suite(void)
{
	Suite *suite = suite_create("portal_portal");
	TCase *tests = tcase_create("portal");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, a_service_is_provisioned_and_promoted);
	suite_add_tcase(suite, tests);
	return suite;
}
