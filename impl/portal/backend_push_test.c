/* What reaches backend's Internal API, line by line: spec/portal.md 6.3, PT-145 to PT-148. */
#include <inttypes.h>
#include <string.h>

#include "portal/portal_fixture_test.h"

#define AUTHORIZATION " Basic dXNlcjpwYXNzd29yZA=="
#define APPLICATION "accounts/{account}/applications/{application}"

static const char *const as_master =
	"Authorization: Basic bWFzdGVyLXRva2VuOg==\nHost: " MASTER_HOST;

/* The calls since the last clearing begin with these, in this order; the texts name variables. */
static void heard_in_order(const char *const *calls, size_t count)
{
	const char *rest;

	for (size_t i = 0; i < count; i++)
		ck_assert_msg(backend_hears(expand(calls[i])), "%s is not in\n%s", expand(calls[i]),
			      backend_calls());
	rest = backend_calls();
	for (size_t i = 0; i < count; i++) {
		rest = strstr(rest, expand(calls[i]));
		ck_assert_msg(rest != NULL, "%s is not at its place in\n%s", expand(calls[i]),
			      backend_calls());
	}
	backend_clear();
}
#define HEARD(calls) heard_in_order((calls), sizeof(calls) / sizeof *(calls))

static void begin(void)
{
	steps_as(NULL);
	ck_assert(backend_hears("/key/"));
	backend_clear();
}

START_TEST(a_service_and_its_token)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=New&backend_version=2&referrer_filters_required=1",
		 201, NULL, NULL, "new", "service.id"},
	};
	static const char *const calls[] = {
		"PUT /internal/services/{new} {\"service\":{\"id\":\"{new}\",\"provider_key\":\"",
		"\",\"referrer_filters_required\":true,\"backend_version\":\"2\","
		"\"default_user_plan_id\":null,\"default_user_plan_name\":null,"
		"\"default_service\":false,\"user_registration_required\":true}}" AUTHORIZATION,
		"POST /internal/service_tokens/ {\"service_tokens\":{\"",
		"\":{\"service_id\":\"{new}\"}}}" AUTHORIZATION,
		"PUT /internal/services/{new}/metrics/",
		" {\"metric\":{\"service_id\":\"{new}\",\"id\":\"",
		"\",\"name\":\"hits\",\"parent_id\":null}}" AUTHORIZATION,
	};

	begin();
	RUN_STEPS(steps);
	HEARD(calls);
}
END_TEST

START_TEST(an_application_with_keys_and_filters)
{
	static const struct step steps[] = {
		{"POST", "accounts/{account}/applications.json",
		 "plan_id={plan}&name=App&description=D&user_key=uk-1&application_id=app+1", 201,
		 NULL, NULL, "new", "application.id"},
		{"PUT", "accounts/{account}/applications/{new}/suspend.json", NULL, 200, NULL, NULL,
		 NULL, NULL},
		{"PUT", "accounts/{account}/applications/{new}.json", "user_key=uk-2", 200, NULL,
		 NULL, NULL, NULL},
		{"POST", "accounts/{account}/applications/{new}/keys.json", "key=key-1", 201, NULL,
		 NULL, NULL, NULL},
		{"POST", "accounts/{account}/applications/{new}/referrer_filters.json",
		 "referrer_filter=a?b>.example.com", 422, NULL, NULL, NULL, NULL},
		{"POST", "accounts/{account}/applications/{new}/referrer_filters.json",
		 "referrer_filter=*.example.com", 201, NULL, NULL, NULL, NULL},
		{"DELETE", "accounts/{account}/applications/{new}/keys/key-1.json", NULL, 200, NULL,
		 NULL, NULL, NULL},
		{"DELETE", "accounts/{account}/applications/{new}.json", NULL, 200, NULL, NULL,
		 NULL, NULL},
	};
	static const char *const calls[] = {
		"PUT /internal/services/{service}/applications/app%201 "
		"{\"application\":{\"service_id\":\"{service}\",\"id\":\"app 1\","
		"\"state\":\"active\",\"plan_id\":\"{plan}\",\"plan_name\":\"Basic\","
		"\"redirect_url\":\"\",\"user_required\":false}}",
		"PUT /internal/services/{service}/applications/app%201/key/uk-1 {}",
		"\"state\":\"suspended\"",
		"DELETE /internal/services/{service}/applications/key/uk-1 ",
		"PUT /internal/services/{service}/applications/app%201/key/uk-2 ",
		"POST /internal/services/{service}/applications/app%201/keys/ "
		"{\"application_key\":{\"value\":\"key-1\"}}",
		"POST /internal/services/{service}/applications/app%201/referrer_filters "
		"{\"referrer_filter\":\"*.example.com\"}",
		"DELETE /internal/services/{service}/applications/app%201/keys/key-1 ",
		"DELETE /internal/services/{service}/applications/app%201/referrer_filters/"
		"Ki5leGFtcGxlLmNvbQ%3D%3D ",
		"DELETE /internal/services/{service}/applications/key/uk-2 ",
		"DELETE /internal/services/{service}/applications/app%201 ",
	};

	begin();
	RUN_STEPS(steps);
	HEARD(calls);
}
END_TEST

START_TEST(limits_follow_their_period_and_their_plan)
{
	static const struct step steps[] = {
		{"POST", "services/{service}/application_plans.json", "name=Gone", 201, NULL, NULL,
		 "other", "application_plan.id"},
		{"POST", "application_plans/{other}/metrics/{hits}/limits.json",
		 "period=day&value=7", 201, NULL, NULL, "limit", "limit.id"},
		{"PUT", "application_plans/{other}/metrics/{hits}/limits/{limit}.json",
		 "period=week&value=8", 200, NULL, NULL, NULL, NULL},
		{"DELETE", "services/{service}/application_plans/{other}.json", NULL, 200, NULL,
		 NULL, NULL, NULL},
	};
	static const char *const calls[] = {
		"PUT /internal/services/{service}/plans/{other}/usagelimits/{hits}/day "
		"{\"usagelimit\":{\"day\":7}}",
		"DELETE /internal/services/{service}/plans/{other}/usagelimits/{hits}/day ",
		"PUT /internal/services/{service}/plans/{other}/usagelimits/{hits}/week "
		"{\"usagelimit\":{\"week\":8}}",
		"DELETE /internal/services/{service}/plans/{other}/usagelimits/{hits}/week ",
	};

	begin();
	RUN_STEPS(steps);
	HEARD(calls);
}
END_TEST

/* Applications, metrics and tokens first; then what was counted, then the service itself. */
START_TEST(a_service_that_goes_takes_everything_along)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=Gone", 201, NULL, NULL, "gone", "service.id"},
		{"POST", "services/{gone}/application_plans.json", "name=Plan", 201, NULL, NULL,
		 "p", "application_plan.id"},
		{"POST", "accounts/{account}/applications.json",
		 "plan_id={p}&name=App&description=D&application_id=appl", 201, NULL, NULL, NULL,
		 NULL},
		{"GET", "services/{gone}/metrics.json", NULL, 200, NULL, NULL, "m",
		 "metrics.0.metric.id"},
		{"DELETE", "services/{gone}.json", NULL, 200, NULL, NULL, NULL, NULL},
	};
	static const char *const calls[] = {
		"DELETE /internal/services/{gone}/applications/key/",
		"DELETE /internal/services/{gone}/applications/appl ",
		"DELETE /internal/services/{gone}/metrics/{m} ",
		"DELETE /internal/service_tokens/ {\"service_tokens\":[{\"service_token\":\"",
		"\",\"service_id\":\"{gone}\"}]}",
		"DELETE /internal/services/{gone}/stats "
		"{\"deletejobdef\":{\"applications\":[\"appl\"],\"metrics\":[\"{m}\"],\"users\":[],"
		"\"from\":",
		",\"to\":",
		"DELETE /internal/services/{gone} ",
	};

	begin();
	RUN_STEPS(steps);
	HEARD(calls);
}
END_TEST

/* Backend keeps a default service while there are others: the next one is named first. */
START_TEST(the_default_service_goes_after_its_successor_came)
{
	static const struct step steps[] = {
		{"POST", "services.json", "name=Next", 201, NULL, NULL, "next", "service.id"},
		{"DELETE", "services/{service}.json", NULL, 200, NULL, NULL, NULL, NULL},
	};
	static const char *const calls[] = {
		"PUT /internal/services/{service} ",    "\"default_service\":false",
		"PUT /internal/services/{next} ",       "\"default_service\":true",
		"DELETE /internal/services/{service} ",
	};

	begin();
	RUN_STEPS(steps);
	HEARD(calls);
}
END_TEST

/* The provider key is the user key of the tenant's application at master. */
START_TEST(services_follow_the_provider_key)
{
	static const struct step steps[] = {
		{"GET", "accounts.json", NULL, 200, NULL, NULL, "tenant", "accounts.0.account.id"},
		{"GET", "accounts/{tenant}/applications.json", NULL, 200, NULL, NULL, "own",
		 "applications.0.application.id"},
		{"GET", "accounts/{tenant}/applications.json", NULL, 200, NULL, NULL, "old",
		 "applications.0.application.user_key"},
		{"PUT", "accounts/{tenant}/applications/{own}.json", "user_key=the-new-key", 200,
		 NULL, NULL, NULL, NULL},
	};
	static const char *const calls[] = {
		"PUT /internal/services/change_provider_key/{old} "
		"{\"new_key\":\"the-new-key\"}" AUTHORIZATION,
	};

	begin();
	steps_as(as_master);
	RUN_STEPS(steps);
	HEARD(calls);
	new_service("name=Later");
	ck_assert(backend_hears("\"provider_key\":\"the-new-key\""));
}
END_TEST

/* Suspending changes nothing in backend; scheduling for deletion stops the calls. */
START_TEST(a_tenant_that_will_go_is_stopped_in_backend)
{
	struct reply tenants;
	int64_t service;
	const char *headers = as_master, *target;

	begin();
	service = sample_service();
	tenants = ask_as(headers, "GET", "/admin/api/accounts.json", NULL);
	target = portal_text("/master/api/providers/%" PRId64,
			     reply_int(tenants, 200, "accounts.0.account.id"));
	ck_assert_int_eq(ask_as(headers, "PUT", target, "state_event=suspend").status, 200);
	ck_assert_int_eq(ask_as(headers, "PUT", target, "state_event=resume").status, 200);
	ck_assert(backend_hears("\"state\":\"active\""));
	ck_assert_ptr_null(strstr(backend_calls(), "inactive"));
	backend_clear();
	ck_assert_int_eq(ask_as(headers, "DELETE", target, NULL).status, 200);
	ck_assert(backend_hears(portal_text("PUT /internal/services/%" PRId64 " ", service)));
	ck_assert_ptr_nonnull(strstr(backend_calls(), "\"state\":\"inactive\""));
	backend_clear();
	ck_assert_int_eq(ask_as(headers, "PUT", target, "state_event=resume").status, 200);
	ck_assert(backend_hears("\"state\":\"active\""));
}
END_TEST

Suite *portal_backend_push_suite(void);
Suite *portal_backend_push_suite(void)
{
	Suite *suite = suite_create("portal_backend_push");
	TCase *tests = tcase_create("backend_push");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, a_service_and_its_token);
	tcase_add_test(tests, an_application_with_keys_and_filters);
	tcase_add_test(tests, limits_follow_their_period_and_their_plan);
	tcase_add_test(tests, a_service_that_goes_takes_everything_along);
	tcase_add_test(tests, the_default_service_goes_after_its_successor_came);
	tcase_add_test(tests, services_follow_the_provider_key);
	tcase_add_test(tests, a_tenant_that_will_go_is_stopped_in_backend);
	suite_add_tcase(suite, tests);
	return suite;
}
