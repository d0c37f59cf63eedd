/* The Internal API: spec/backend.md 8, and the keys that it leaves: 6.2. */
#include "backend/stand_test.h"

#include <string.h>

static void set_up(void)
{
	stand_set();
	ck_assert(stand_start());
}

START_TEST(nobody_comes_in_without_credentials)
{
	static const char *const values[] = {"",          "Basic",       "Basic dTpx",
					     "Basic %%%", "Bearer dTpw", "Basic cDp1"};

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct stand_answer answer = stand_call((struct stand_request){
			.path = "/internal/check.json", .fields = {"Authorization", values[i]}});

		expect_answer(answer, 401, "");
		expect_str(stand_field(&answer, "WWW-Authenticate"), "Basic realm=\"\"");
	}
}
END_TEST

START_TEST(health_and_unknown_routes)
{
	struct stand_answer answer = stand_internal("GET", "check.json", NULL);

	expect_str(stand_field(&answer, "Content-Type"), "application/json");
	WALK({"GET", "check.json", NULL, 200, "{\"status\":\"ok\"}"},
	     {"GET", "status", NULL, 200,
	      "{\"status\":\"ok\",\"version\":{\"backend\":\"2.93.0\"}}"},
	     {"GET", "nope", NULL, 404, "{\"status\":\"not_found\",\"error\":\"Not found\"}"},
	     {"GET", "events", NULL, 404, NULL}, {"PUT", "events/", NULL, 404, NULL},
	     {"GET", "check.json", "not JSON", 400,
	      "{\"status\":\"error\",\"error\":\"the body is not JSON\"}"},
	     {"GET", "check.json", " \n", 200, NULL}, {"GET", "check.json", "[1]", 200, NULL},
	     {"GET", "check.json", "{}", 200, NULL});
}
END_TEST

#define SERVICE_REST                                                                               \
	"\"user_registration_required\":true,\"default_user_plan_id\":null,"                       \
	"\"default_user_plan_name\":null,"

START_TEST(services_are_saved_and_read)
{
	WALK({"POST", "services/", "{}", 400,
	      "{\"status\":\"error\",\"error\":\"missing parameter 'service'\"}"},
	     {"POST", "services/", "{\"service\":null}", 400, NULL},
	     {"POST", "services/", "{\"service\":{}}", 400, NULL},
	     {"POST", "services/", "{\"service\":{\"id\":\"7\"}}", 400, NULL},
	     {"GET", "services/7001", NULL, 404, "{\"error\":\"not_found\"}"},
	     {"POST", "services/",
	      "{\"service\":{\"id\":7001,\"provider_key\":\"pk acme\",\"backend_version\":\"1\"}}",
	      201,
	      "{\"service\":{\"id\":7001,\"state\":\"active\",\"provider_key\":\"pk acme\","
	      "\"backend_version\":\"1\",\"referrer_filters_required\":null," SERVICE_REST
	      "\"default_service\":true},\"status\":\"created\"}"},
	     REDIS("KEYS *7001*",
		   "[service/id:7001/backend_version,service/id:7001/provider_key,service/id:7001/"
		   "referrer_filters_required,service/id:7001/state,service/id:7001/"
		   "user_registration_required]"),
	     REDIS("GET service/id:7001/referrer_filters_required", "0"),
	     REDIS("GET service/id:7001/state", "active"),
	     REDIS("GET service/id:7001/user_registration_required", "1"),
	     REDIS("GET service/provider_key:pk+acme/id", "7001"),
	     REDIS("SMEMBERS service/provider_key:pk+acme/ids", "[7001]"),
	     REDIS("SMEMBERS services_set", "[7001]"),
	     REDIS("SMEMBERS provider_keys_set", "[pk acme]"),
	     {"GET", "services/7001", "{}", 200,
	      "{\"status\":\"found\",\"service\":{\"id\":\"7001\",\"state\":\"active\","
	      "\"provider_key\":\"pk acme\",\"backend_version\":\"1\","
	      "\"referrer_filters_required\":false," SERVICE_REST "\"default_service\":true}}"},
	     {"PUT", "services/7001",
	      "{\"service\":{\"state\":\"odd\",\"referrer_filters_required\":true}}", 200,
	      "{\"service\":{\"id\":\"7001\",\"state\":\"suspended\",\"provider_key\":\"pk "
	      "acme\",\"backend_version\":\"1\",\"referrer_filters_required\":true," SERVICE_REST
	      "\"default_service\":true},\"status\":\"ok\"}"},
	     {"PUT", "services/7001", "{\"service\":{\"backend_version\":\"2\"}}", 200, NULL},
	     REDIS("GET service/id:7001/state", "suspended"),
	     REDIS("GET service/id:7001/backend_version", "2"),
	     {"PUT", "services/8", "{\"service\":{\"id\":\"8\",\"provider_key\":\"pk acme\"}}", 200,
	      NULL},
	     {"GET", "services/8", NULL, 200,
	      "{\"status\":\"found\",\"service\":{\"id\":\"8\",\"state\":\"active\","
	      "\"provider_key\":\"pk acme\",\"backend_version\":null,"
	      "\"referrer_filters_required\":false," SERVICE_REST "\"default_service\":false}}"},
	     {"PUT", "services/8", "{\"service\":{\"user_registration_required\":false}}", 400,
	      "{\"error\":\"Services without the need for registered users require a default user "
	      "plan\"}"},
	     {"PUT", "services/8",
	      "{\"service\":{\"user_registration_required\":false,\"default_user_plan_id\":1,"
	      "\"default_user_plan_name\":\"u\",\"default_service\":true}}",
	      200, NULL},
	     REDIS("GET service/provider_key:pk+acme/id", "8"),
	     REDIS("GET service/id:8/default_user_plan_id", "1"));
}
END_TEST

START_TEST(services_are_deleted)
{
	WALK({"POST", "services/", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\"}}", 201,
	      NULL},
	     {"POST", "services/", "{\"service\":{\"id\":\"2\",\"provider_key\":\"pk\"}}", 201,
	      NULL},
	     {"DELETE", "services/1", "{}", 400,
	      "{\"error\":\"Service id=\\\"1\\\" is the default service, cannot be removed\"}"},
	     {"DELETE", "services/2", NULL, 200, "{\"status\":\"deleted\"}"},
	     {"DELETE", "services/2", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"service id \\\"2\\\" is invalid\"}"},
	     REDIS("KEYS service/id:2/*", "[]"),
	     REDIS("SMEMBERS service/provider_key:pk/ids", "[1]"),
	     {"DELETE", "services/1/stats", "{}", 200, "{\"status\":\"to_be_deleted\"}"},
	     {"DELETE", "services/1", NULL, 200, NULL}, REDIS("KEYS *", "[provider_keys_set]"),
	     {"DELETE", "services/1/stats", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"service not found\"}"});
}
END_TEST

START_TEST(provider_keys_are_changed)
{
	WALK({"POST", "services/", "{\"service\":{\"id\":\"1\",\"provider_key\":\"old\"}}", 201,
	      NULL},
	     {"POST", "services/", "{\"service\":{\"id\":\"2\",\"provider_key\":\"old\"}}", 201,
	      NULL},
	     {"POST", "services/", "{\"service\":{\"id\":\"3\",\"provider_key\":\"other\"}}", 201,
	      NULL},
	     {"PUT", "services/change_provider_key/old", "{}", 400,
	      "{\"error\":\"Provider keys are not valid, must be not nil and different\"}"},
	     {"PUT", "services/change_provider_key/old", "{\"new_key\":\"old\"}", 400, NULL},
	     {"PUT", "services/change_provider_key/old", "{\"new_key\":\"other\"}", 400,
	      "{\"error\":\"Provider key=\\\"other\\\" already exists\"}"},
	     {"PUT", "services/change_provider_key/none", "{\"new_key\":\"new\"}", 400,
	      "{\"error\":\"Provider key=\\\"none\\\" does not exist\"}"},
	     {"PUT", "services/change_provider_key/old", "{\"new_key\":\"new\"}", 200,
	      "{\"status\":\"ok\"}"},
	     REDIS("GET service/id:2/provider_key", "new"),
	     REDIS("GET service/provider_key:new/id", "1"),
	     REDIS("SMEMBERS service/provider_key:new/ids", "[1,2]"),
	     REDIS("KEYS service/provider_key:old*", "[]"));
	expect_answer(stand_get("/transactions/authorize.xml?provider_key=old&service_id=1"), 403,
		      ERROR_XML("provider_key_invalid", "provider key \"old\" is invalid"));
	expect_answer(stand_get("/transactions/authorize.xml?provider_key=new&service_id=1"), 404,
		      NULL);
}
END_TEST

START_TEST(service_tokens_are_pairs)
{
	WALK({"POST", "service_tokens/", "{}", 400,
	      "{\"status\":\"error\",\"error\":\"missing parameter 'service_tokens'\"}"},
	     {"POST", "service_tokens/",
	      "{\"service_tokens\":{\"a\":{\"service_id\":\"\"},\" \":{\"service_id\":\"1\"}}}",
	      422, "{\"status\":\"error\",\"error\":\"Service token cannot be blank\"}"},
	     {"POST", "service_tokens/",
	      "{\"service_tokens\":{\"b\":{\"service_id\":\"1\"},\"a\":{\"service_id\":null}}}",
	      422, "{\"status\":\"error\",\"error\":\"Service ID cannot be blank\"}"},
	     REDIS("KEYS service_token/*", "[]"),
	     {"POST", "service_tokens/",
	      "{\"service_tokens\":{\"a\":{\"service_id\":\"1\"},\"b c\":{\"service_id\":2}}}", 201,
	      "{\"status\":\"created\"}"},
	     REDIS("KEYS service_token/*",
		   "[service_token/token:a/service_id:1,service_token/token:b+c/service_id:2]"),
	     REDIS("HGET service_token/token:a/service_id:1 permissions", ""),
	     {"HEAD", "service_tokens/a/1/", NULL, 200, ""},
	     {"HEAD", "service_tokens/a/2/", NULL, 404, ""},
	     {"DELETE", "service_tokens/", "{}", 400, NULL},
	     {"DELETE", "service_tokens/",
	      "{\"service_tokens\":[{\"service_token\":\"a\",\"service_id\":\"1\"},"
	      "{\"service_token\":\"x\",\"service_id\":\"1\"}]}",
	      200, "{\"status\":\"deleted\",\"count\":1}"},
	     {"DELETE", "service_tokens/", "{\"service_tokens\":[]}", 200,
	      "{\"status\":\"deleted\",\"count\":0}"},
	     {"HEAD", "service_tokens/a/1/", NULL, 404, ""});
}
END_TEST

#define APPLICATION(id, state, rest)                                                               \
	"\"application\":{\"service_id\":\"1\",\"id\":\"" id "\",\"state\":\"" state "\"," rest "}}"
#define EXISTING                                                                                   \
	"\"plan_id\":\"5\",\"plan_name\":\"B\",\"redirect_url\":null,\"user_required\":false"
#define NO_APPLICATION "{\"status\":\"not_found\",\"error\":\"application not found\"}"

START_TEST(applications_are_saved_and_deleted)
{
	WALK({"GET", "services/1/applications/a", NULL, 404, NO_APPLICATION},
	     {"POST", "services/1/applications/a", "{}", 400, NULL},
	     {"POST", "services/1/applications/a", "{\"application\":{}}", 400,
	      "{\"status\":\"bad_request\",\"error\":\"Application with id=\\\"a\\\" has no state "
	      "\"}"},
	     {"POST", "services/1/applications/a",
	      "{\"application\":{\"id\":\"ignored\",\"state\":\"active\",\"plan_id\":\"5\","
	      "\"plan_name\":\"B\"}}",
	      201, "{\"status\":\"created\"," APPLICATION("a", "active", EXISTING)},
	     {"POST", "services/1/applications/a", "{\"application\":{\"state\":\"x\"}}", 405,
	      "{\"status\":\"exists\",\"error\":\"application cannot be created, exists "
	      "already\"}"},
	     REDIS("KEYS application/*",
		   "[application/service_id:1/id:a/plan_id,application/service_id:1/id:a/plan_name,"
		   "application/service_id:1/id:a/state,application/service_id:1/id:a/"
		   "user_required]"),
	     {"GET", "services/1/applications/a", NULL, 200,
	      "{\"status\":\"found\"," APPLICATION("a", "active", EXISTING)},
	     {"PUT", "services/1/applications/a",
	      "{\"application\":{\"state\":\"suspended\",\"plan_id\":null,\"redirect_url\":\"r\","
	      "\"user_required\":true}}",
	      200,
	      "{\"status\":\"modified\"," APPLICATION(
		      "a", "suspended",
		      "\"plan_id\":null,\"plan_name\":null,\"redirect_url\":\"r\","
		      "\"user_required\":true")},
	     {"GET", "services/1/applications/a", NULL, 200,
	      "{\"status\":\"found\"," APPLICATION(
		      "a", "suspended",
		      "\"plan_id\":\"5\",\"plan_name\":\"B\",\"redirect_url\":\"r\","
		      "\"user_required\":true")},
	     {"PUT", "services/1/applications/q%20x", "{\"application\":{\"state\":\"active\"}}",
	      200, "{\"status\":\"created\",..."},
	     REDIS("SMEMBERS service_id:1/applications", "[a,q x]"),
	     REDIS("GET application/service_id:1/id:q+x/state", "active"),
	     {"PUT", "services/1/applications/b", "{\"application\":{\"plan_id\":\"1\"}}", 400,
	      NULL},
	     {"DELETE", "services/1/applications/a", "{}", 200, "{\"status\":\"deleted\"}"},
	     {"DELETE", "services/1/applications/a", NULL, 404, NO_APPLICATION},
	     REDIS("KEYS application/service_id:1/id:a/*", "[]"),
	     REDIS("SMEMBERS service_id:1/applications", "[q x]"));
}
END_TEST

START_TEST(user_keys_name_applications)
{
	WALK({"GET", "services/1/applications/key/k", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"application key not found\"}"},
	     {"PUT", "services/1/applications/a/key/k", "{}", 200,
	      "{\"status\":\"modified\",\"application\":{\"id\":\"a\"}}"},
	     {"GET", "services/1/applications/key/k", NULL, 200,
	      "{\"status\":\"found\",\"application\":{\"id\":\"a\"}}"},
	     REDIS("GET application/service_id:1/key:k/id", "a"),
	     {"DELETE", "services/1/applications/key/k", NULL, 200, "{\"status\":\"deleted\"}"},
	     {"DELETE", "services/1/applications/key/k", NULL, 200, NULL},
	     REDIS("EXISTS application/service_id:1/key:k/id", "0"));
}
END_TEST

START_TEST(application_keys_and_filters_are_sets)
{
	struct stand_answer answer;

	WALK({"GET", "services/1/applications/a/keys/", NULL, 404, NO_APPLICATION},
	     {"POST", "services/1/applications/a/keys/", "{}", 404, NO_APPLICATION},
	     {"DELETE", "services/1/applications/a/keys/k", NULL, 404, NO_APPLICATION},
	     {"GET", "services/1/applications/a/referrer_filters", NULL, 404, NO_APPLICATION},
	     {"POST", "services/1/applications/a/referrer_filters", "{}", 404, NO_APPLICATION},
	     {"DELETE", "services/1/applications/a/referrer_filters/k", NULL, 404, NO_APPLICATION},
	     {"POST", "services/1/applications/a", "{\"application\":{\"state\":\"active\"}}", 201,
	      NULL},
	     {"POST", "services/1/applications/a/keys/", "{\"application_key\":{\"value\":\"k\"}}",
	      201,
	      "{\"status\":\"created\",\"application_key\":{\"app_id\":\"a\",\"value\":\"k\"}}"},
	     {"POST", "services/1/applications/a/keys/", "{\"application_key\":{\"value\":\"b\"}}",
	      201, NULL},
	     {"POST", "services/1/applications/a/keys/", "{\"application_key\":{\"value\":\"b\"}}",
	      201, NULL},
	     {"GET", "services/1/applications/a/keys/", NULL, 200,
	      "{\"status\":\"found\",\"application_keys\":[{\"service_id\":\"1\",\"app_id\":\"a\","
	      "\"value\":\"b\"},{\"service_id\":\"1\",\"app_id\":\"a\",\"value\":\"k\"}]}"},
	     {"DELETE", "services/1/applications/a/keys/k", NULL, 200, "{\"status\":\"deleted\"}"},
	     {"DELETE", "services/1/applications/a/keys/k", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"application key not found\"}"},
	     REDIS("SMEMBERS application/service_id:1/id:a/keys", "[b]"),
	     {"POST", "services/1/applications/a/referrer_filters", "{\"referrer_filter\":\" \"}",
	      400, "{\"error\":\"referrer filter can't be blank\"}"},
	     {"POST", "services/1/applications/a/referrer_filters",
	      "{\"referrer_filter\":\"*.b?>\"}", 201,
	      "{\"status\":\"created\",\"referrer_filter\":\"*.b?>\"}"},
	     {"POST", "services/1/applications/a/referrer_filters",
	      "{\"referrer_filter\":\"a.org\"}", 201, NULL},
	     {"GET", "services/1/applications/a/referrer_filters", NULL, 200,
	      "{\"status\":\"found\",\"referrer_filters\":[\"*.b?>\",\"a.org\"]}"},
	     {"DELETE", "services/1/applications/a/referrer_filters/Ki5iPz4=", NULL, 200,
	      "{\"status\":\"deleted\"}"},
	     {"DELETE", "services/1/applications/a/referrer_filters/a.org", NULL, 200, NULL},
	     {"DELETE", "services/1/applications/a/referrer_filters/unknown%21", NULL, 200, NULL},
	     REDIS("EXISTS application/service_id:1/id:a/referrer_filters", "0"));
	answer = stand_internal("POST", "services/1/applications/a/keys/", "{}");
	ck_assert_uint_eq(answer.body.size, sizeof "{\"status\":\"created\",\"application_key\":"
						   "{\"app_id\":\"a\",\"value\":\"\"}}" -
						    1 + 32);
}
END_TEST

START_TEST(metrics_are_saved_renamed_and_deleted)
{
	WALK({"GET", "services/1/metrics/8", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"metric not found\"}"},
	     {"POST", "services/1/metrics/8", "{}", 400, NULL},
	     {"POST", "services/1/metrics/8", "{\"metric\":{\"name\":\"hits\"}}", 201,
	      "{\"status\":\"created\",\"metric\":{\"service_id\":\"1\",\"id\":\"8\",\"parent_id\":"
	      "null,\"name\":\"hits\"}}"},
	     {"PUT", "services/1/metrics/9", "{\"metric\":{\"name\":\"m\",\"parent_id\":8}}", 200,
	      "{\"status\":\"modified\",\"metric\":{\"service_id\":\"1\",\"id\":\"9\","
	      "\"parent_id\":8,\"name\":\"m\"}}"},
	     REDIS("SMEMBERS metrics/service_id:1/ids", "[8,9]"),
	     REDIS("GET metric/service_id:1/name:m/id", "9"),
	     {"PUT", "services/1/metrics/9", "{\"metric\":{\"name\":\"n n\"}}", 200, NULL},
	     {"GET", "services/1/metrics/9", NULL, 200,
	      "{\"status\":\"found\",\"metric\":{\"service_id\":\"1\",\"id\":\"9\",\"parent_id\":"
	      "\"8\",\"name\":\"n n\"}}"},
	     REDIS("KEYS metric/service_id:1/name:*",
		   "[metric/service_id:1/name:hits/id,metric/service_id:1/name:n+n/id]"),
	     {"DELETE", "services/1/metrics/9", NULL, 200, "{\"status\":\"deleted\"}"},
	     {"DELETE", "services/1/metrics/9", NULL, 404, NULL},
	     REDIS("KEYS metric*",
		   "[metric/service_id:1/id:8/name,metric/service_id:1/name:hits/id,"
		   "metrics/service_id:1/ids]"));
}
END_TEST

START_TEST(usage_limits_are_set_for_a_period)
{
	WALK({"GET", "services/1/plans/5/usagelimits/8/day", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"usagelimit not found\"}"},
	     {"PUT", "services/1/plans/5/usagelimits/8/day", "{}", 400,
	      "{\"status\":\"error\",\"error\":\"missing parameter 'usagelimit'\"}"},
	     {"PUT", "services/1/plans/5/usagelimits/8/day", "{\"usagelimit\":{\"hour\":1}}", 400,
	      "{\"status\":\"error\",\"error\":\"missing parameter 'day'\"}"},
	     {"PUT", "services/1/plans/5/usagelimits/8/day", "{\"usagelimit\":{\"day\":5,\"x\":1}}",
	      200,
	      "{\"status\":\"modified\",\"usagelimit\":{\"service_id\":\"1\",\"plan_id\":\"5\","
	      "\"metric_id\":\"8\",\"day\":5}}"},
	     {"GET", "services/1/plans/5/usagelimits/8/day", NULL, 200,
	      "{\"status\":\"found\",\"usagelimit\":{\"service_id\":\"1\",\"plan_id\":\"5\","
	      "\"metric_id\":\"8\",\"day\":5}}"},
	     REDIS("GET usage_limit/service_id:1/plan_id:5/metric_id:8/day", "5"),
	     {"PUT", "services/1/plans/5/usagelimits/8/decade", "{\"usagelimit\":{\"decade\":5}}",
	      200, NULL},
	     {"GET", "services/1/plans/5/usagelimits/8/decade", NULL, 404, NULL},
	     {"DELETE", "services/1/plans/5/usagelimits/8/day", NULL, 200,
	      "{\"status\":\"deleted\"}"},
	     {"DELETE", "services/1/plans/5/usagelimits/8/day", NULL, 200, NULL},
	     REDIS("KEYS usage_limit*", "[]"));
}
END_TEST

START_TEST(alert_thresholds_are_a_set_of_few)
{
	WALK({"POST", "services/1/alert_limits/", "{}", 400, NULL},
	     {"POST", "services/1/alert_limits/", "{\"alert_limit\":{\"value\":80}}", 201,
	      "{\"status\":\"created\",\"alert_limit\":{\"service_id\":\"1\",\"value\":80}}"},
	     {"POST", "services/1/alert_limits/", "{\"alert_limit\":{\"value\":\"50\"}}", 201,
	      NULL},
	     {"POST", "services/1/alert_limits/", "{\"alert_limit\":{\"value\":80}}", 400,
	      "{\"error\":\"alert limit is invalid\"}"},
	     {"POST", "services/1/alert_limits/", "{\"alert_limit\":{\"value\":51}}", 400, NULL},
	     {"POST", "services/1/alert_limits/", "{\"alert_limit\":{\"value\":\"x\"}}", 400, NULL},
	     {"POST", "services/1/alert_limits/", "{\"alert_limit\":{\"value\":300}}", 201, NULL},
	     {"GET", "services/1/alert_limits/", NULL, 200,
	      "{\"status\":\"found\",\"alert_limits\":[{\"service_id\":\"1\",\"value\":50},"
	      "{\"service_id\":\"1\",\"value\":80},{\"service_id\":\"1\",\"value\":300}]}"},
	     {"DELETE", "services/1/alert_limits/80", NULL, 200, "{\"status\":\"deleted\"}"},
	     {"DELETE", "services/1/alert_limits/80", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"alert limit not found\"}"},
	     REDIS("SMEMBERS alerts/service_id:1/allowed_set", "[300,50]"));
}
END_TEST

START_TEST(events_are_taken_over_and_deleted)
{
	WALK(REDIS("ZADD events/queue 1 {\"id\":1} 2 {\"id\":2} 10 {\"id\":10} 11 {\"id\":11}",
		   "4"),
	     {"GET", "events/", NULL, 200,
	      "{\"status\":\"found\",\"events\":[{\"id\":1},{\"id\":2},{\"id\":10},{\"id\":11}]}"},
	     {"DELETE", "events/", "{\"upto_id\":2}", 200,
	      "{\"status\":\"deleted\",\"num_events\":2}"},
	     {"DELETE", "events/", "{\"upto_id\":0}", 200,
	      "{\"status\":\"deleted\",\"num_events\":0}"},
	     {"DELETE", "events/", "{}", 200, NULL},
	     {"DELETE", "events/10", NULL, 200, "{\"status\":\"deleted\"}"},
	     {"DELETE", "events/10", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"event not found\"}"},
	     {"DELETE", "events/x", NULL, 404, NULL}, REDIS("ZCARD events/queue", "1"));
}
END_TEST

START_TEST(errors_are_paged)
{
	WALK({"GET", "services/1/errors/", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"service not found\"}"},
	     {"DELETE", "services/1/errors/", NULL, 404, NULL},
	     {"POST", "services/", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\"}}", 201,
	      NULL},
	     REDIS("RPUSH errors/service_id:1 {\"n\":1} {\"n\":2} {\"n\":3}", "3"),
	     {"GET", "services/1/errors/", NULL, 200,
	      "{\"status\":\"found\",\"errors\":[{\"n\":1},{\"n\":2},{\"n\":3}],\"count\":3}"},
	     {"GET", "services/1/errors/?page=2&per_page=2", NULL, 200,
	      "{\"status\":\"found\",\"errors\":[{\"n\":3}],\"count\":3}"},
	     {"GET", "services/1/errors/?page=9", "{\"page\":1,\"per_page\":1}", 200,
	      "{\"status\":\"found\",\"errors\":[{\"n\":1}],\"count\":3}"},
	     {"GET", "services/1/errors/?page=9999999999&per_page=99999999999", NULL, 200,
	      "{\"status\":\"found\",\"errors\":[],\"count\":3}"},
	     {"GET", "services/1/errors/?per_page=0", NULL, 400,
	      "{\"error\":\"per_page needs to be > 0\"}"},
	     {"DELETE", "services/1/errors/", NULL, 200, "{\"status\":\"deleted\"}"},
	     {"GET", "services/1/errors/", NULL, 200,
	      "{\"status\":\"found\",\"errors\":[],\"count\":0}"});
}
END_TEST

/* As many as a body may hold, in the time that reading it takes. */
START_TEST(a_body_of_many_members_holds_nobody_up)
{
	const size_t members = 200000;
	struct strbuf body;
	struct stand_answer answer;

	strbuf_init(&body, 4000000);
	strbuf_append(&body, STR("{\"page\":1"));
	for (size_t i = 0; i < members; i++)
		strbuf_append_format(&body, ",\"m%07zu\":11111", i);
	strbuf_append(&body, STR("}"));
	answer = stand_internal("GET", "check.json?page=2",
				str_cstr(stand_arena(), strbuf_str(&body)));
	strbuf_free(&body);
	expect_answer(answer, 200, "{\"status\":\"ok\"}");
}
END_TEST

START_TEST(tests_may_make_errors_and_events)
{
	WALK({"POST", "services/", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\"}}", 201,
	      NULL},
	     {"POST", "services/1/errors/", "{}", 400,
	      "{\"status\":\"error\",\"error\":\"missing parameter 'errors'\"}"},
	     {"POST", "services/1/errors/", "{\"errors\":[\"a\",\"b\"]}", 201,
	      "{\"status\":\"created\"}"},
	     {"GET", "services/1/errors/", NULL, 200,
	      "{\"status\":\"found\",\"errors\":[{\"code\":\"error\",\"message\":\"b\",..."},
	     {"POST", "events/", "{}", 400, NULL},
	     {"POST", "events/", "{\"events\":[]}", 201, NULL},
	     {"POST", "events/",
	      "{\"events\":[{\"type\":\"alert\",\"object\":{\"id\":5}},{\"type\":\"x\"}]}", 201,
	      "{\"status\":\"created\"}"},
	     {"GET", "events/", NULL, 200,
	      "{\"status\":\"found\",\"events\":[{\"id\":1,\"type\":\"alert\",..."},
	     REDIS("ZCARD events/queue", "2"));
}
END_TEST

START_TEST(production_has_no_routes_of_tests)
{
	stand_clear();
	stand_set();
	stand_variable("RACK_ENV", "production");
	stand_use_no_hooks();
	ck_assert(stand_start());
	WALK({"POST", "services/1/errors/", "{\"errors\":[]}", 404, NULL},
	     {"POST", "services/1/transactions/", "{\"transactions\":[]}", 404, NULL},
	     {"DELETE", "services/1/transactions/", NULL, 404, NULL},
	     {"POST", "events/", "{\"events\":[]}", 404, NULL});
}
END_TEST

START_TEST(test_hooks_open_the_routes_of_tests)
{
	stand_clear();
	stand_set();
	stand_variable("RACK_ENV", "production");
	ck_assert(stand_start());
	WALK({"POST", "services/1/errors/", "{\"errors\":[]}", 201, NULL},
	     {"POST", "events/", "{\"events\":[]}", 201, NULL});
}
END_TEST

START_TEST(tests_may_make_latest_transactions)
{
	WALK({"POST", "services/", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\"}}", 201,
	      NULL},
	     {"POST", "services/1/transactions/", "{}", 400,
	      "{\"status\":\"error\",\"error\":\"missing parameter 'transactions'\"}"},
	     {"POST", "services/1/transactions/",
	      "{\"transactions\":[{\"application_id\":\"a\",\"usage\":{\"8\":\"1\"},\"timestamp\":"
	      "\"2019-06-01 10:20:30 UTC\"},{\"application_id\":\"b\",\"usage\":{},\"timestamp\":"
	      "null}]}",
	      201, "{\"status\":\"created\"}"},
	     {"GET", "services/1/transactions/", NULL, 200,
	      "{\"status\":\"found\",\"transactions\":[{\"application_id\":\"b\",\"usage\":{},"
	      "\"timestamp\":\"\"},{\"application_id\":\"a\",\"usage\":{\"8\":\"1\"},\"timestamp\":"
	      "\"2019-06-01 10:20:30 +0000\"}]}"},
	     {"DELETE", "services/1/transactions/", NULL, 200, "{\"status\":\"deleted\"}"},
	     REDIS("EXISTS transactions/service_id:1", "0"));
}
END_TEST

START_TEST(a_head_is_a_get_without_its_body)
{
	struct stand_answer get = stand_internal("GET", "check.json", NULL);
	struct stand_answer head = stand_internal("HEAD", "check.json", NULL);

	expect_answer(head, 200, "");
	ck_assert(str_equal(stand_field(&head, "Content-Type"), stand_field(&get, "Content-Type")));
	WALK({"HEAD", "services/1", NULL, 404, ""}, {"HEAD", "nope", NULL, 404, ""},
	     {"GET", "service_tokens/a/1/", NULL, 404, NULL});
}
END_TEST

/* Numbers are stored as text and told as they came (8.1). */
START_TEST(ids_come_back_as_they_were_sent)
{
	WALK({"POST", "services/",
	      "{\"service\":{\"id\":1,\"provider_key\":2,\"backend_version\":1,"
	      "\"referrer_filters_required\":true,\"default_user_plan_id\":3,"
	      "\"default_user_plan_name\":4}}",
	      201,
	      "{\"service\":{\"id\":1,\"state\":\"active\",\"provider_key\":2,\"backend_version\":"
	      "1,"
	      "\"referrer_filters_required\":true,\"user_registration_required\":true,"
	      "\"default_user_plan_id\":3,\"default_user_plan_name\":4,\"default_service\":true},"
	      "\"status\":\"created\"}"},
	     REDIS("GET service/provider_key:2/id", "1"),
	     {"POST", "services/1/applications/a",
	      "{\"application\":{\"state\":\"active\",\"plan_id\":5,\"plan_name\":6}}", 201,
	      "{\"status\":\"created\",\"application\":{\"service_id\":\"1\",\"id\":\"a\","
	      "\"state\":"
	      "\"active\",\"plan_id\":5,\"plan_name\":6,\"redirect_url\":null,\"user_required\":"
	      "false}}"},
	     {"POST", "services/1/applications/a/keys/", "{\"application_key\":{\"value\":7}}", 201,
	      "{\"status\":\"created\",\"application_key\":{\"app_id\":\"a\",\"value\":7}}"},
	     REDIS("SMEMBERS application/service_id:1/id:a/keys", "[7]"));
}
END_TEST

/* An application's OAuth tokens go with it (6.2). */
START_TEST(tokens_of_a_deleted_application_are_gone)
{
	WALK({"POST", "services/1/applications/a", "{\"application\":{\"state\":\"active\"}}", 201,
	      NULL},
	     REDIS("SET oauth_access_tokens/service:1/t1 a", "OK"),
	     REDIS("SET oauth_access_tokens/service:1/t2 user_len:1/u/a", "OK"),
	     REDIS("SADD oauth_access_tokens/service:1/app:a/ t1 t2", "2"),
	     {"DELETE", "services/1/applications/a", NULL, 200, NULL}, REDIS("KEYS oauth*", "[]"));
}
END_TEST

START_TEST(a_blank_user_key_is_refused)
{
	WALK({"PUT", "services/1/applications/a/key/%20", "{}", 500,
	      "<h1>Internal Server Error</h1>"},
	     {"PUT", "services/1/applications/%20/key/k", "{}", 500, NULL}, REDIS("KEYS *", "[]"));
}
END_TEST

START_TEST(a_service_that_is_not_there_is_created_from_the_body_alone)
{
	WALK({"PUT", "services/1", "{\"service\":{\"provider_key\":\"pk\"}}", 400,
	      "{\"status\":\"error\",\"error\":\"missing parameter 'id'\"}"},
	     {"PUT", "services/1", "{\"service\":{\"id\":\"2\",\"provider_key\":\"pk\"}}", 200,
	      "{\"service\":{\"id\":\"2\",..."},
	     {"GET", "services/1", NULL, 404, NULL}, {"GET", "services/2", NULL, 200, NULL});
}
END_TEST

START_TEST(utilization_lists_the_limits)
{
	WALK({"GET", "services/1/applications/a/utilization/", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"service not found\"}"},
	     {"POST", "services/", "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\"}}", 201,
	      NULL},
	     {"GET", "services/1/applications/a/utilization/", NULL, 404, NO_APPLICATION},
	     {"POST", "services/1/applications/a",
	      "{\"application\":{\"state\":\"active\",\"plan_id\":\"5\"}}", 201, NULL},
	     {"GET", "services/1/applications/a/utilization/", NULL, 200,
	      "{\"status\":\"found\",\"utilization\":[]}"},
	     {"POST", "services/1/metrics/8", "{\"metric\":{\"name\":\"hits\"}}", 201, NULL},
	     {"PUT", "services/1/plans/5/usagelimits/8/eternity",
	      "{\"usagelimit\":{\"eternity\":5}}", 200, NULL},
	     {"PUT", "services/1/plans/5/usagelimits/8/year", "{\"usagelimit\":{\"year\":\"4\"}}",
	      200, NULL},
	     REDIS("SET stats/{service:1}/cinstance:a/metric:8/eternity 9", "OK"),
	     {"GET", "services/1/applications/a/utilization/", NULL, 200,
	      "{\"status\":\"found\",\"utilization\":[{\"period\":\"eternity\",\"metric_name\":"
	      "\"hits\",\"max_value\":5,\"current_value\":9},{\"period\":\"year\",\"metric_name\":"
	      "\"hits\",\"max_value\":4,\"current_value\":0}]}"},
	     REDIS("DEL metric/service_id:1/id:8/name", "1"));
	stand_forget();
	expect_answer(stand_internal("GET", "services/1/applications/a/utilization/", NULL), 200,
		      "{\"status\":\"found\",\"utilization\":[]}");
}
END_TEST

START_TEST(clients_may_leave_at_any_time)
{
	struct stand_request request = {
		.method = "POST",
		.path = "/internal/services/",
		.body = "{\"service\":{\"id\":\"1\",\"provider_key\":\"p\"}}",
		.fields = {"Authorization", "Basic dTpw"}};

	for (int us = 0; us < 3000; us += 200) {
		stand_send(request);
		stand_run_for(us);
		stand_leave();
	}
	stand_run_for(STAND_SECOND);
	expect_answer(stand_internal("GET", "services/1", NULL), 200, NULL);
}
END_TEST

Suite *backend_internal_api_suite(void);
Suite *backend_internal_api_suite(void)
{
	Suite *suite = suite_create("backend_internal_api");
	TCase *test = tcase_create("internal_api");

	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_add_test(test, nobody_comes_in_without_credentials);
	tcase_add_test(test, health_and_unknown_routes);
	tcase_add_test(test, services_are_saved_and_read);
	tcase_add_test(test, services_are_deleted);
	tcase_add_test(test, provider_keys_are_changed);
	tcase_add_test(test, service_tokens_are_pairs);
	tcase_add_test(test, applications_are_saved_and_deleted);
	tcase_add_test(test, user_keys_name_applications);
	tcase_add_test(test, application_keys_and_filters_are_sets);
	tcase_add_test(test, metrics_are_saved_renamed_and_deleted);
	tcase_add_test(test, usage_limits_are_set_for_a_period);
	tcase_add_test(test, alert_thresholds_are_a_set_of_few);
	tcase_add_test(test, events_are_taken_over_and_deleted);
	tcase_add_test(test, errors_are_paged);
	tcase_add_test(test, a_body_of_many_members_holds_nobody_up);
	tcase_add_test(test, tests_may_make_errors_and_events);
	tcase_add_test(test, production_has_no_routes_of_tests);
	tcase_add_test(test, test_hooks_open_the_routes_of_tests);
	tcase_add_test(test, tests_may_make_latest_transactions);
	tcase_add_test(test, a_head_is_a_get_without_its_body);
	tcase_add_test(test, ids_come_back_as_they_were_sent);
	tcase_add_test(test, tokens_of_a_deleted_application_are_gone);
	tcase_add_test(test, a_blank_user_key_is_refused);
	tcase_add_test(test, a_service_that_is_not_there_is_created_from_the_body_alone);
	tcase_add_test(test, utilization_lists_the_limits);
	tcase_add_test(test, clients_may_leave_at_any_time);
	suite_add_tcase(suite, test);
	return suite;
}
