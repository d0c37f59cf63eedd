/* The portal as a component: what the demo asks of it, and its life. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "portal/portal_fixture_test.h"

/* The steps of a first API, from the service to the gateways' configuration. */
START_TEST(a_service_is_provisioned_and_promoted)
{
	int64_t service = new_service("name=Hello&system_name=hello"), hits = hits_of(service);
	const char *root = portal_text("/admin/api/services/%" PRId64, service);
	int64_t searches = reply_int(ask("POST", portal_text("%s/metrics.json", root),
					 "friendly_name=Searches&system_name=searches&unit=search"),
				     201, "metric.id");
	int64_t rule = reply_int(ask("GET", portal_text("%s/proxy/mapping_rules.json", root), NULL),
				 200, "mapping_rules.0.mapping_rule.id");
	int64_t plan, account;

	ck_assert_int_ne(hits, searches);
	reply_has(ask("PATCH", portal_text("%s/proxy/mapping_rules/%" PRId64 ".json", root, rule),
		      "pattern=/hello"),
		  200, "\"pattern\":\"/hello\"");
	reply_has(ask("POST", portal_text("%s/proxy/mapping_rules.json", root),
		      portal_text("http_method=GET&pattern=/search&delta=1&metric_id=%" PRId64,
				  searches)),
		  201, "\"position\":2");
	plan = reply_int(ask("POST", portal_text("%s/application_plans.json", root),
			     "name=Basic&system_name=basic"),
			 201, "application_plan.id");
	reply_has(ask("POST",
		      portal_text("/admin/api/application_plans/%" PRId64 "/metrics/%" PRId64
				  "/limits.json",
				  plan, searches),
		      "period=eternity&value=3"),
		  201, "\"period\":\"eternity\",\"value\":3");
	account = reply_int(ask("POST", "/admin/api/signup.json",
				"org_name=Example&username=jane&email=jane%40example.com&"
				"password=s3cr3t-password"),
			    201, "account.id");
	reply_has(ask("POST",
		      portal_text("/admin/api/accounts/%" PRId64 "/applications.json", account),
		      portal_text("plan_id=%" PRId64
				  "&name=Demo&description=Demo&user_key=demo-user-key",
				  plan)),
		  201, "\"user_key\":\"demo-user-key\"");
	reply_has(ask("PATCH", portal_text("%s/proxy.json", root),
		      "api_backend=http://echo.localhost:8082&sandbox_endpoint=http://"
		      "hello-staging.localhost:8080&endpoint=http://hello.localhost:8081"),
		  200, "\"endpoint\":\"http://hello.localhost:8081\"");
	ck_assert_int_eq(
		reply_int(
			ask("GET", portal_text("%s/proxy/configs/sandbox/latest.json", root), NULL),
			200, "proxy_config.version"),
		1);
	reply_has(ask("POST", portal_text("%s/proxy/configs/sandbox/1/promote.json", root),
		      "to=production"),
		  201, "\"environment\":\"production\"");
	ck_assert_ptr_nonnull(strstr(backend_calls(), "/key/demo-user-key"));
}
END_TEST

/* Life. */

START_TEST(a_portal_that_cannot_start_says_why)
{
	int status;

	ck_assert_ptr_nonnull(strstr(fixture_refusal("--prot 1", &status), "prot"));
	ck_assert_int_eq(status, 2);
	ck_assert_ptr_nonnull(
		strstr(fixture_refusal("--database /nowhere/at/all.sqlite", &status), "/nowhere"));
	ck_assert_int_eq(status, 1);
	ck_assert_ptr_nonnull(
		strstr(fixture_refusal("--database :memory: --address 192.0.2.1 --port 0", &status),
		       "192.0.2.1"));
	ck_assert_int_eq(status, 1);
}
END_TEST

static void set_up_with_bad_mode(void)
{
	static const char *const extra[] = {"TENANT_MODE", "moon", NULL};

	fixture_set_environment(extra);
	fixture_prepare();
}

START_TEST(an_unknown_tenant_mode_is_refused)
{
	int status;

	ck_assert_ptr_nonnull(
		strstr(fixture_refusal("--database :memory:", &status), "TENANT_MODE"));
	ck_assert_int_eq(status, 1);
}
END_TEST

static void set_up_with_bad_addresses(void)
{
	static const char *const extra[] = {"THREESCALE_CORE_INTERNAL_API", "nonsense",
					    "DATABASE_URL", "mysql2://x", NULL};

	fixture_set_environment(extra);
	fixture_prepare();
}

START_TEST(an_address_that_is_none_is_refused)
{
	int status;

	ck_assert_ptr_nonnull(
		strstr(fixture_refusal("--database :memory:", &status), "Internal API"));
}
END_TEST

static void set_up_with_bad_database(void)
{
	static const char *const extra[] = {"DATABASE_URL", "mysql2://x", NULL};

	fixture_set_environment(extra);
	fixture_prepare();
}

START_TEST(only_sqlite_is_served)
{
	int status;

	ck_assert_ptr_nonnull(strstr(fixture_refusal("--port 0", &status), "DATABASE_URL"));
}
END_TEST

static void set_up_master(void)
{
	static const char *const extra[] = {"TENANT_MODE", "master", "SAMPLE_DATA", "0", NULL};

	fixture_set_environment(extra);
	fixture_set_up();
}

/* On premises master answers on any host. */
START_TEST(a_master_portal_answers_everywhere)
{
	reply_has(ask_as("Host: any.example", "GET",
			 "/admin/api/services.json?access_token=master-token", NULL),
		  200, "\"Master Service\"");
	reply_has(ask_as("Host: any.example", "GET",
			 "/admin/api/accounts.json?access_token=master-token", NULL),
		  200, "Provider Name");
}
END_TEST

START_TEST(a_request_is_logged_without_credentials)
{
	ask_as("", "GET", "/admin/api/services.json?access_token=" TOKEN, NULL);
	ask("DELETE", "/admin/api/personal/access_tokens/secret-value.json", NULL);
	ck_assert_ptr_nonnull(
		strstr(fixture_output(), "127.0.0.1 GET /admin/api/services.json 200 "));
	ck_assert_ptr_nonnull(strstr(fixture_output(), "ms host=" ADMIN_HOST " account=2\n"));
	ck_assert_ptr_nonnull(strstr(fixture_output(),
				     "DELETE /admin/api/personal/access_tokens/[FILTERED] 404"));
	ck_assert_ptr_null(strstr(fixture_output(), "secret-value"));
	ck_assert_ptr_null(strstr(fixture_output(), "access_token="));
}
END_TEST

START_TEST(a_body_that_is_too_large_is_refused)
{
	size_t size = 5 * 1024 * 1024;
	char *body = malloc(size + 1);

	memset(body, 'a', size);
	body[size] = '\0';
	ck_assert_int_eq(ask("POST", "/admin/api/services.json", body).status, 413);
	free(body);
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "services");
}
END_TEST

static void add_case(Suite *suite, const char *name, void (*set_up)(void), const TTest *test)
{
	TCase *tests = tcase_create(name);

	tcase_add_checked_fixture(tests, set_up, fixture_tear_down);
	tcase_add_test(tests, test);
	suite_add_tcase(suite, tests);
}

Suite *portal_portal_suite(void);
Suite *portal_portal_suite(void)
{
	Suite *suite = suite_create("portal_portal");
	TCase *tests = tcase_create("portal");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, a_service_is_provisioned_and_promoted);
	tcase_add_test(tests, a_portal_that_cannot_start_says_why);
	tcase_add_test(tests, a_request_is_logged_without_credentials);
	tcase_add_test(tests, a_body_that_is_too_large_is_refused);
	suite_add_tcase(suite, tests);
	add_case(suite, "mode", set_up_with_bad_mode, an_unknown_tenant_mode_is_refused);
	add_case(suite, "address", set_up_with_bad_addresses, an_address_that_is_none_is_refused);
	add_case(suite, "database", set_up_with_bad_database, only_sqlite_is_served);
	add_case(suite, "master", set_up_master, a_master_portal_answers_everywhere);
	return suite;
}
