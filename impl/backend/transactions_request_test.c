/* authorize and authrep, as clients see them: spec/backend.md 2 to 4. */
#include "backend/stand_test.h"

#include <string.h>

#define AUTH "/transactions/authorize.xml?"
#define AUTHREP "/transactions/authrep.xml?"
#define OAUTH "/transactions/oauth_authorize.xml?"

static void put(const char *path, const char *json)
{
	struct stand_answer answer = stand_internal("PUT", path, json);

	ck_assert_msg(answer.status == 200, "%s: %.*s", path, STR_ARG(answer.body));
}

static void limit(const char *service, const char *metric, const char *period, int max)
{
	put(text("services/%s/plans/P/usagelimits/%s/%s", service, metric, period),
	    text("{\"usagelimit\":{\"%s\":%d}}", period, max));
}

static void set_up(void)
{
	stand_set();
	stand_provision();
}

/* Pages and routes. */

static const struct {
	const char *method, *path;
	int status;
	const char *body;
} route_rows[] = {
	{"GET", "/status", 200, "{\"status\":\"ok\",\"version\":{\"backend\":\"2.93.0\"}}"},
	{"GET", "//status", 200, NULL},
	{"GET", "/%73tatus", 200, NULL},
	{"GET", "/transactions/../status", 200, NULL},
	{"GET", "/check.txt", 200, "ok"},
	{"HEAD", "/available", 200, ""},
	{"GET", "/available", 404, ""},
	{"GET", "/Status", 404, ""},
	{"GET", "/nope", 404, ""},
	{"POST", AUTH S1_U1, 404, ""},
	{"GET", "/transactions.xml", 404, ""},
	{"GET", "/transactions/authorize.xml/", 404, ""},
	{"GET", "/transactions/authorize.json", 404, ""},
	{"HEAD", AUTH S1_U1, 200, ""},
	{"HEAD", "/status", 200, ""},
	{"OPTIONS", "/transactions/authorize.xml", 204, ""},
	{"OPTIONS", "/", 204, ""},
	{"GET", "/__test/nope", 404, ""},
	{"GET", "/internal/nope", 401, ""},
};

START_TEST(routes_are_exact)
{
	expect_answer(stand_call((struct stand_request){.method = route_rows[_i].method,
							.path = route_rows[_i].path}),
		      route_rows[_i].status, route_rows[_i].body);
}
END_TEST

START_TEST(public_answers_have_their_fields)
{
	struct stand_answer found = stand_get(AUTH S1_U1), missing = stand_get("/nope");
	struct stand_answer options =
		stand_call((struct stand_request){.method = "OPTIONS", .path = "/status"});
	struct stand_answer head = stand_call((struct stand_request){
		.method = "HEAD", .path = "/transactions/authorize.xml?" S1_U1});

	expect_str(stand_field(&found, "Content-Type"), "application/vnd.3scale-v2.0+xml");
	expect_str(stand_field(&missing, "Content-Type"), "application/vnd.3scale-v2.0+xml");
	expect_str(stand_field(&missing, "Access-Control-Allow-Origin"), "*");
	expect_str(stand_field(&found, "Access-Control-Expose-Headers"),
		   "ETag, Link, 3scale-rejection-reason");
	expect_str(stand_field(&found, "X-Content-Type-Options"), "nosniff");
	expect_str(stand_field(&options, "Access-Control-Max-Age"), "86400");
	expect_str(stand_field(&head, "Content-Length"), text("%zu", found.body.size));
}
END_TEST

/* 2.7: what is too large is a 400 without a body, whichever bound it is. */

static const struct {
	size_t path_bytes, query_bytes, value_bytes, fields;
	int status;
} bound_rows[] = {
	{40, 10240, 10, 1, 404}, {40, 10241, 10, 1, 400}, {2047, 10240, 10, 1, 404},
	{12288, 0, 10, 1, 404},  {12289, 0, 10, 1, 400},  {13000, 10000, 10, 1, 400},
	{40, 0, 81920, 1, 404},  {40, 0, 81921, 1, 400},  {40, 0, 57000, 2, 404},
	{40, 0, 58000, 2, 400},  {40, 0, 81921, 2, 400},  {40, 10300, 40000, 1, 400},
};

START_TEST(requests_are_bounded)
{
	static char target[40000], value[90000];
	struct stand_request request = {.path = target};
	struct stand_answer answer;
	size_t path_bytes = bound_rows[_i].path_bytes, query_bytes = bound_rows[_i].query_bytes;

	memset(target, 'x', sizeof target);
	memset(value, 'y', sizeof value);
	target[0] = '/';
	target[path_bytes] = query_bytes > 0 ? '?' : '\0';
	target[path_bytes + 1 + query_bytes] = '\0';
	value[bound_rows[_i].value_bytes] = '\0';
	for (size_t i = 0; i < bound_rows[_i].fields; i++) {
		request.fields[2 * i] = "X-Long";
		request.fields[2 * i + 1] = value;
	}
	answer = stand_call(request);
	expect_answer(answer, bound_rows[_i].status, "");
	expect_str(stand_field(&answer, "Connection"), bound_rows[_i].status == 400 ? "close" : "");
}
END_TEST

/* Bodies on GET: BE-010 to BE-012. */

START_TEST(a_get_may_not_have_a_body)
{
	const struct stand_request rows[] = {
		{.path = AUTH S1_U1, .body = "a=b"},
		{.path = AUTHREP S1_U1 "&usage[hits]=1", .body = "{}", .is_chunked = true},
		{.path = AUTHREP S1_U1 "&usage[hits]=1", .body = "{\"a\":1}", .is_chunked = true},
	};

	for (size_t i = 0; i < 3; i++)
		expect_answer(stand_call(rows[i]), 403, "");
	expect_answer(stand_call((struct stand_request){
			      .path = AUTH S1_U1, .body = "", .is_chunked = true}),
		      200, NULL);
	expect_text(stand_queues("LLEN resque:queue:priority"), "0");
	expect_answer(stand_internal("GET", "services/S1/errors/", NULL), 200,
		      "{\"status\":\"found\",\"errors\":[],\"count\":0}");
}
END_TEST

/* Refusals, in the order of 3.1. */

#define TOKEN_REQUIRED                                                                             \
	ERROR_XML("provider_key_or_service_token_required",                                        \
		  "Provider key or service token are required")
#define BAD_REQUEST                                                                                \
	ERROR_XML("bad_request",                                                                   \
		  "request contains syntax errors, should not be repeated without modification")
#define NOT_UTF8 ERROR_XML("not_valid_data", "all data must be valid UTF8")

static const struct {
	const char *path;
	int status;
	const char *body;
} refusal_rows[] = {
	{AUTH "service_id=S1", 403, TOKEN_REQUIRED},
	{AUTH "user_key=U1", 403, TOKEN_REQUIRED},
	{AUTH "service_token=T1&user_key=U1", 422,
	 ERROR_XML("service_id_missing", "Service ID is missing")},
	{AUTH "service_token=T1&service_id=&user_key=U1", 422,
	 ERROR_XML("service_id_missing", "Service ID is missing")},
	{AUTH "service_token=bad&service_id=S1", 403,
	 ERROR_XML("service_token_invalid",
		   "service token \"bad\" or service id \"S1\" is invalid")},
	{AUTH "service_token=T1&service_id=S2", 403,
	 ERROR_XML("service_token_invalid",
		   "service token \"T1\" or service id \"S2\" is invalid")},
	{AUTH "provider_key=nope", 403,
	 ERROR_XML("provider_key_invalid_or_service_missing",
		   "provider key \"nope\" invalid and/or service ID missing")},
	{AUTH "provider_key=nope&service_id=S1", 403,
	 ERROR_XML("provider_key_invalid", "provider key \"nope\" is invalid")},
	{AUTH "provider_key=PK&service_id=S9", 403,
	 ERROR_XML("service_id_invalid", "service id \"S9\" is invalid")},
	{AUTH "provider_key=PK&service_id=%20S1", 403,
	 ERROR_XML("service_id_invalid", "service id \" S1\" is invalid")},
	{AUTH "provider_key=nope&service_token=T1&service_id=S1&user_key=U1", 403,
	 ERROR_XML("provider_key_invalid", "provider key \"nope\" is invalid")},
	{AUTH "provider_key=%3Ca%3E%26%22&service_id=S1", 403,
	 ERROR_XML("provider_key_invalid", "provider key \"&lt;a&gt;&amp;\"\" is invalid")},
	{AUTH S2_A2 "x", 404,
	 ERROR_XML("application_not_found", "application with id=\"A2x\" was not found")},
	{AUTH "service_token=T1&service_id=S1&user_key=x", 403,
	 ERROR_XML("user_key_invalid", "user key \"x\" is invalid")},
	{AUTH S1_U1 "&app_id=A1", 403,
	 ERROR_XML("authentication_error", "either app_id or user_key is allowed, not both")},
	{AUTH "service_token=T1&service_id=S1", 404,
	 ERROR_XML("application_not_found", "application with id=\"\" was not found")},
	{AUTH S1_U1 "&usage=1", 403, ""},
	{AUTH S1_U1 "&usage=", 403, ""},
	{AUTH S1_U1 "&usage[]=1", 403, ""},
	{AUTH S1_U1 "&usage[]=1&usage[hits]=1", 400, BAD_REQUEST},
	{AUTH S1_U1 "&usage=1&usage[hits]=1", 400, BAD_REQUEST},
	{AUTH S1_U1 "&a=%zz", 400,
	 ERROR_XML("bad_request", "Invalid query parameters: invalid %-encoding")},
	{AUTH "user_key=%ff", 400, NOT_UTF8},
	{AUTH S1_U1 "&usage[%ff]=1", 400, NOT_UTF8},
	{AUTH S1_U1 "&usage[hits]=%ff", 400, NOT_UTF8},
	{AUTH S1_U1 "&usage[nope]=1", 404,
	 ERROR_XML("metric_invalid", "metric \"nope\" is invalid")},
	{AUTH S1_U1 "&usage[Hits]=1", 404, NULL},
	{AUTH S1_U1 "&usage[hits]=", 403,
	 ERROR_XML("usage_value_invalid", "usage value for metric \"hits\" can not be empty")},
	{AUTH S1_U1 "&usage[hits]", 403, NULL},
	{AUTH S1_U1 "&usage[hits][x]=1", 403,
	 ERROR_XML("usage_value_invalid", "usage value for metric \"hits\" can not be empty")},
	{AUTH S1_U1 "&usage[hits]=-1", 403,
	 ERROR_XML("usage_value_invalid", "usage value \"-1\" for metric \"hits\" is invalid")},
	{AUTH S1_U1 "&usage[hits]=x&usage[nope]=1", 403, NULL},
	{AUTH S1_U1 "&usage[nope]=1&usage[hits]=x", 404, NULL},
	{OAUTH "service_token=T3&service_id=S3&user_key=U1", 404,
	 ERROR_XML("application_not_found", "application with id=\"\" was not found")},
};

START_TEST(calls_are_refused_with_a_document)
{
	expect_answer(stand_get(refusal_rows[_i].path), refusal_rows[_i].status,
		      refusal_rows[_i].body);
}
END_TEST

static const char *const accepted_rows[] = {
	AUTH S1_U1,
	AUTH S2_A2,
	AUTH "provider_key=PK&user_key=U1",
	AUTH "provider_key=&" S1_U1,
	AUTH "provider_key=PK&service_id=anything-S1&user_key=U1",
	AUTH S1_U1 "&app_id=&x=1",
	AUTH S1_U1 "&app_id=%20",
	AUTH S1_U1 "&app_id[]=x",
	AUTH S1_U1 "&app_id[a]=x",
	AUTH "user_key=wrong&" S1_U1,
	AUTH "service_token=T1&service_id=S1&app_id=A1", /* BE-054 */
	AUTH S1_U1 "&usage",
	AUTH S1_U1 "&usage[hits]=5",
	AUTH S1_U1 "&usage%5Bhits%5D=5",
	AUTH S1_U1 "&usage[%20hits%20]=+5+",
	AUTH S1_U1 "&[usage][hits]=5",
	AUTH "service_token=T1;service_id=S1;user_key=U1",
	AUTH S2_A2 "&app_key=bogus",
	AUTH S1_U1 "&referrer=anything",
	OAUTH "service_token=T3&service_id=S3&app_id=A3",
	OAUTH "service_token=T3&service_id=S3&app_id=A3&app_key=K3&redirect_url=http://a3/",
	OAUTH "service_token=T3&service_id=S3&app_id=A3&redirect_url=",
};

START_TEST(calls_are_accepted)
{
	expect_answer(stand_get(accepted_rows[_i]), 200, AUTHORIZED "...");
}
END_TEST

/* Denials: 3.5 to 3.7. */

START_TEST(applications_and_services_must_be_active)
{
	static const char *const states[] = {"suspended", "pending", "live"};

	for (size_t i = 0; i < 3; i++) {
		put("services/S1/applications/A1",
		    text("{\"application\":{\"state\":\"%s\"}}", states[i]));
		expect_answer(stand_get(AUTH S1_U1 "&usage[nope]=1"), 409,
			      DENIED("application is not active") "<plan>Basic</plan></status>");
	}
	put("services/S1", "{\"service\":{\"state\":\"whatever\"}}");
	expect_answer(stand_get(AUTH S1_U1), 409, DENIED("application is not active") "...");
	put("services/S1/applications/A1", "{\"application\":{\"state\":\"active\"}}");
	expect_answer(stand_get(AUTH S1_U1), 409, DENIED("service is not active") "...");
}
END_TEST

START_TEST(keys_open_what_has_keys)
{
	stand_internal("POST", "services/S2/applications/A2/keys/",
		       "{\"application_key\":{\"value\":\"foo\"}}");
	stand_internal("POST", "services/S2/applications/A2/keys/",
		       "{\"application_key\":{\"value\":\"baz\"}}");
	stand_internal("POST", "services/S1/applications/A1/keys/",
		       "{\"application_key\":{\"value\":\"foo\"}}");
	expect_answer(stand_get(AUTH S2_A2), 409, DENIED("application key is missing") "...");
	expect_answer(stand_get(AUTH S2_A2 "&app_key="), 409,
		      DENIED("application key is missing") "...");
	expect_answer(stand_get(AUTH S2_A2 "&app_key=bar"), 409,
		      DENIED("application key \"bar\" is invalid") "...");
	expect_answer(stand_get(AUTH S2_A2 "&app_key=foo"), 200, NULL);
	expect_answer(stand_get(AUTH S2_A2 "&app_key=%20baz%20"), 200, NULL);
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
}
END_TEST

START_TEST(referrers_are_checked_where_they_are_required)
{
	stand_internal("POST", "services/S1/applications/A1/referrer_filters",
		       "{\"referrer_filter\":\"*.example.org\"}");
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
	put("services/S1", "{\"service\":{\"referrer_filters_required\":true}}");
	expect_answer(stand_get(AUTH S1_U1), 409, DENIED("referrer is missing") "...");
	expect_answer(stand_get(AUTH S1_U1 "&referrer=example.org"), 409,
		      DENIED("referrer \"example.org\" is not allowed") "...");
	expect_answer(stand_get(AUTH S1_U1 "&referrer=a.example.org"), 200, NULL);
	expect_answer(stand_get(AUTH S1_U1 "&referrer=*"), 200, NULL);
}
END_TEST

static const struct {
	const char *path, *reason;
} oauth_rows[] = {
	{OAUTH S2_A2, "oauth is not enabled"},
	{OAUTH "service_token=T3&service_id=S3&app_id=A3&app_key=", "application key is missing"},
	{OAUTH "service_token=T3&service_id=S3&app_id=A3&app_key=x",
	 "application key \"x\" is invalid"},
	{OAUTH "service_token=T3&service_id=S3&app_id=A3&redirect_url=http://x/",
	 "redirect_url \"http://x/\" is invalid"},
	{OAUTH "service_token=T3&service_id=S3&app_id=A3&redirect_uri=http://x/",
	 "redirect_uri \"http://x/\" is invalid"},
	{OAUTH "service_token=T3&service_id=S3&app_id=A3&redirect_uri=http://a3/&redirect_url=y",
	 "redirect_url \"y\" is invalid"},
	{AUTH "service_token=T3&service_id=S3&app_id=A3",
	 "application key is missing"}, /* BE-089 */
};

START_TEST(oauth_calls_have_rules_of_their_own)
{
	expect_answer(stand_get(oauth_rows[_i].path), 409,
		      text(XML "<status><authorized>false</authorized><reason>%s</reason>...",
			   oauth_rows[_i].reason));
}
END_TEST

START_TEST(oauth_answers_tell_of_the_application)
{
	expect_answer(stand_get(OAUTH "service_token=T3&service_id=S3&app_id=A3"), 200,
		      AUTHORIZED "<application><id>A3</id><key>K3</key><redirect_url>http://a3/"
				 "</redirect_url></application><plan>Basic</plan></status>");
	expect_answer(stand_get("/transactions/oauth_authrep.xml?service_token=T3&service_id=S3&"
				"app_id=A3&redirect_uri=http://a3/"),
		      200,
		      AUTHORIZED "<application><id>A3</id><key>K3</key><redirect_uri>http://a3/"
				 "</redirect_uri></application>...");
}
END_TEST

START_TEST(an_application_may_require_a_user)
{
	put("services/S1/applications/A1",
	    "{\"application\":{\"state\":\"active\",\"user_required\":true}}");
	expect_answer(stand_get(AUTH S1_U1), 403,
		      ERROR_XML("user_not_defined",
				"application with id=\"A1\" requires a user (user_id)"));
}
END_TEST

/* Limits: 3.8, 4.2. */

START_TEST(a_usage_report_in_full)
{
	stand_set_clock("2019-06-01T10:20:30Z");
	limit("S1", "81", "day", 100);
	limit("S1", "81", "minute", 5);
	limit("S1", "81", "eternity", 7);
	put("services/S1/applications/A1",
	    "{\"application\":{\"state\":\"active\",\"plan_name\":\"Basic & <Co>\"}}");
	expect_answer(
		stand_get(AUTH S1_U1), 200,
		AUTHORIZED
		"<plan>Basic &amp; &lt;Co&gt;</plan><usage_reports>"
		"<usage_report metric=\"hits\" period=\"eternity\"><max_value>7</max_value>"
		"<current_value>0</current_value></usage_report>"
		"<usage_report metric=\"hits\" period=\"day\"><period_start>2019-06-01 00:00:00 "
		"+0000</period_start><period_end>2019-06-02 00:00:00 +0000</period_end>"
		"<max_value>100</max_value><current_value>0</current_value></usage_report>"
		"<usage_report metric=\"hits\" period=\"minute\"><period_start>2019-06-01 10:20:00 "
		"+0000</period_start><period_end>2019-06-01 10:21:00 +0000</period_end>"
		"<max_value>5</max_value><current_value>0</current_value></usage_report>"
		"</usage_reports></status>");
}
END_TEST

#define REPORT(current, more)                                                                      \
	"<usage_reports><usage_report metric=\"hits\" period=\"eternity\"" more                    \
	"><max_value>4</max_value><current_value>" current                                         \
	"</current_value></usage_report></usage_reports></status>"

START_TEST(limits_count_what_was_reported)
{
	limit("S1", "81", "eternity", 4);
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=3"), 200,
		      AUTHORIZED "<plan>Basic</plan>" REPORT("3", ""));
	stand_drain();
	expect_answer(stand_get(AUTH S1_U1 "&usage[hits]=1"), 200,
		      AUTHORIZED "<plan>Basic</plan>" REPORT("3", ""));
	expect_answer(stand_get(AUTH S1_U1 "&usage[hits]=2"), 409,
		      DENIED("usage limits are exceeded") "<plan>Basic</plan>" REPORT("3", ""));
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[search]=2"), 409, NULL);
	stand_post("service_token=T1&service_id=S1&transactions[0][user_key]=U1&transactions[0]"
		   "[usage][search]=2");
	stand_drain();
	expect_answer(stand_get(AUTH S1_U1), 409,
		      DENIED("usage limits are exceeded") "<plan>Basic</plan>" REPORT(
			      "5", " exceeded=\"true\""));
	expect_answer(stand_get(AUTH S1_U1 "&usage[other]=1"), 200, NULL);
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=%232"), 200,
		      AUTHORIZED "<plan>Basic</plan>" REPORT("2", " exceeded=\"true\""));
	stand_drain();
	expect_text(stand_redis("GET stats/{service:S1}/cinstance:A1/metric:81/eternity"), "2");
	/* A limit of a metric that is gone is neither shown nor counts. */
	expect_answer(stand_internal("DELETE", "services/S1/metrics/81", NULL), 200, NULL);
	expect_answer(stand_get(AUTH S1_U1), 200, AUTHORIZED "<plan>Basic</plan></status>");
}
END_TEST

START_TEST(a_limit_of_nothing_lets_nothing_through)
{
	limit("S1", "83", "day", 0);
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
	expect_answer(stand_get(AUTH S1_U1 "&usage[other]=0"), 200, NULL);
	expect_answer(stand_get(AUTH S1_U1 "&usage[other]=1"), 409, NULL);
}
END_TEST

START_TEST(an_id_without_a_name_counts_and_is_not_shown)
{
	limit("S1", "83", "eternity", 1);
	stand_redis("DEL metric/service_id:S1/id:83/name");
	stand_redis("SET stats/{service:S1}/cinstance:A1/metric:83/eternity 2");
	stand_forget();
	expect_answer(stand_get_with(AUTH S1_U1, "hierarchy=1"), 409,
		      DENIED("usage limits are exceeded") "<plan>Basic</plan><hierarchy>"
							  "</hierarchy></status>");
	expect_answer(stand_get(AUTH S1_U1 "&usage[hits]=1"), 200, NULL);
}
END_TEST

/* Options: 2.8, 4.3, 4.5. */

START_TEST(no_body_leaves_status_and_fields)
{
	expect_answer(stand_get_with(AUTH S1_U1, "no_body=1"), 200, "");
	expect_answer(stand_get(AUTH S1_U1 "&no_body=true"), 200, "");
	expect_answer(stand_get(AUTH S1_U1 "&no_body="), 200, "");
	expect_answer(stand_get(AUTH S1_U1 "&no_body"), 200, AUTHORIZED "...");
	expect_answer(stand_get(AUTH S1_U1 "&no_body=0"), 200, AUTHORIZED "...");
	expect_answer(stand_get(AUTH S1_U1 "x&no_body=1"), 403, "");
	expect_answer(stand_get(AUTH S1_U1 "&a=%&no_body=1"), 400,
		      ERROR_XML("bad_request", "Invalid query parameters: invalid %-encoding"));
	expect_answer(stand_get_with(AUTH S1_U1, "a=%zz"), 200, AUTHORIZED "...");
	limit("S2", "91", "day", 1);
	stand_internal("POST", "services/S2/applications/A2/keys/", "{}");
	expect_answer(stand_get_with(AUTH S2_A2, "no_body=1"), 409, "");
}
END_TEST

START_TEST(a_denial_may_name_its_code)
{
	struct stand_answer answer;

	limit("S1", "81", "day", 1);
	answer = stand_get_with(AUTH S1_U1 "&usage[hits]=2", "rejection_reason_header=1");
	expect_str(stand_field(&answer, "3scale-rejection-reason"), "limits_exceeded");
	answer = stand_get_with(AUTH S1_U1 "&usage[hits]=2", "rejection_reason_header=true");
	expect_str(stand_field(&answer, "3scale-rejection-reason"), "");
	answer = stand_get_with(AUTH S1_U1, "rejection_reason_header=1");
	expect_str(stand_field(&answer, "3scale-rejection-reason"), "");
}
END_TEST

static void expect_limit_fields(const char *path, const char *remaining, const char *reset,
				const char *max)
{
	struct stand_answer answer = stand_get_with(path, "limit_headers=1&list_app_keys=1");

	expect_str(stand_field(&answer, "3scale-limit-remaining"), remaining);
	expect_str(stand_field(&answer, "3scale-limit-reset"), reset);
	expect_str(stand_field(&answer, "3scale-limit-max-value"), max);
}

START_TEST(limits_are_told_in_fields)
{
	struct stand_answer answer;

	stand_set_clock("2019-06-01T22:59:30Z");
	expect_limit_fields(AUTH S1_U1, "-1", "-1", "");
	limit("S1", "81", "day", 10);
	expect_limit_fields(AUTH S1_U1, "-1", "-1", "");
	expect_limit_fields(AUTH S1_U1 "&usage[hits]=2", "5", "3630", "10");
	expect_limit_fields(AUTHREP S1_U1 "&usage[hits]=2", "4", "3630", "10");
	expect_limit_fields(AUTHREP S1_U1 "&usage[search]=2", "4", "3630", "10");
	expect_limit_fields(AUTH S1_U1 "&usage[other]=2", "-1", "-1", "");
	limit("S1", "81", "hour", 10);
	expect_limit_fields(AUTH S1_U1 "&usage[hits]=2", "5", "3630", "10");
	limit("S1", "81", "hour", 3);
	expect_limit_fields(AUTH S1_U1 "&usage[hits]=4", "0", "30", "3");
	limit("S1", "81", "eternity", 2);
	expect_limit_fields(AUTH S1_U1 "&usage[hits]=2", "1", "-1", "2");
	answer = stand_get_with(AUTH S1_U1 "x", "limit_headers=1");
	expect_str(stand_field(&answer, "3scale-limit-remaining"), "");
}
END_TEST

START_TEST(the_hierarchy_lists_limited_metrics)
{
	limit("S1", "81", "day", 10);
	limit("S1", "83", "day", 10);
	ck_assert(stand_contains(
		stand_get_with(AUTH S1_U1, "hierarchy=1").body,
		"<hierarchy><metric name=\"hits\" children=\"search\"/><metric name=\"other\" "
		"children=\"\"/></hierarchy></status>"));
}
END_TEST

/* Reports of authrep: 5.2, 6.7. */

START_TEST(an_authrep_leaves_a_job)
{
	stand_set_clock("2019-06-01T10:20:30.5Z");
	stand_get(AUTHREP S1_U1 "&usage[hits]=1&usage[search]=%232&log[code]=200&log[x]=y");
	expect_text(stand_queues("LRANGE resque:queue:priority 0 -1"),
		    "[{\"class\":\"ThreeScale::Backend::Transactor::ReportJob\",\"args\":[\"S1\","
		    "{\"0\":{\"app_id\":\"A1\",\"usage\":{\"hits\":\"1\",\"search\":\"#2\"},"
		    "\"user_id\":null,\"log\":{\"code\":\"200\",\"x\":\"y\"}}},"
		    "1559384430.5,{}]}]");
	expect_text(stand_queues("SMEMBERS resque:queues"), "[priority]");
}
END_TEST

START_TEST(an_authrep_without_anything_to_report_leaves_none)
{
	limit("S1", "81", "day", 0);
	expect_answer(stand_get(AUTHREP S1_U1), 200, NULL);
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[hits]=1"), 409, NULL);
	expect_answer(stand_get(AUTHREP S1_U1 "&usage[nope]=1"), 404, NULL);
	expect_text(stand_queues("LLEN resque:queue:priority"), "0");
	expect_answer(stand_get(AUTHREP S1_U1 "&log[code]=200"), 200, NULL);
	expect_text(stand_queues("LLEN resque:queue:priority"), "1");
}
END_TEST

/* Errors that are kept: 5.6. */

START_TEST(refusals_are_kept_for_the_service)
{
	stand_set_clock("2019-06-01T10:20:30Z");
	stand_call((struct stand_request){
		.path = AUTH S1_U1 "&usage[nope]=1",
		.fields = {"User-Agent", "me", "X-Forwarded-For", "9.9.9.9"}});
	expect_answer(
		stand_internal("GET", "services/S1/errors/", NULL), 200,
		"{\"status\":\"found\",\"errors\":[{\"code\":\"metric_invalid\",\"message\":"
		"\"metric \\\"nope\\\" is invalid\",\"timestamp\":\"2019-06-01 10:20:30 UTC\","
		"\"context_info\":{\"response_code\":403,\"request\":{\"url\":\"http://"
		"10.0.0.2:3000" AUTH S1_U1 "&usage[nope]=1\",\"method\":\"GET\","
		"\"form_vars\":null,\"user_agent\":\"me\",\"ip\":\"9.9.9.9\","
		"\"content_type\":null,\"content_length\":null}}}],\"count\":1}");
	stand_get(AUTH "provider_key=nope&service_id=S1");
	stand_get(AUTH "provider_key=PK&app_id=A2");
	expect_text(stand_redis("LLEN errors/service_id:S1"), "2");
}
END_TEST

START_TEST(a_client_that_leaves_does_no_harm)
{
	stand_send((struct stand_request){.path = AUTHREP S1_U1 "&usage[hits]=1"});
	stand_run_for(300);
	stand_leave();
	stand_run_for(STAND_SECOND);
	stand_send((struct stand_request){.method = "PUT", .path = "/__test/clock", .body = "x"});
	stand_run_for(300);
	stand_leave();
	stand_run_for(STAND_SECOND);
	expect_answer(stand_get(AUTH S1_U1), 200, NULL);
}
END_TEST

Suite *backend_transactions_request_suite(void);
Suite *backend_transactions_request_suite(void)
{
	Suite *suite = suite_create("backend_transactions_request");
	TCase *test = tcase_create("transactions_request");

#define ROWS(table) (int)(sizeof table / sizeof *table)
	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_add_loop_test(test, routes_are_exact, 0, ROWS(route_rows));
	tcase_add_test(test, public_answers_have_their_fields);
	tcase_add_loop_test(test, requests_are_bounded, 0, ROWS(bound_rows));
	tcase_add_test(test, a_get_may_not_have_a_body);
	tcase_add_loop_test(test, calls_are_refused_with_a_document, 0, ROWS(refusal_rows));
	tcase_add_loop_test(test, calls_are_accepted, 0, ROWS(accepted_rows));
	tcase_add_test(test, applications_and_services_must_be_active);
	tcase_add_test(test, keys_open_what_has_keys);
	tcase_add_test(test, referrers_are_checked_where_they_are_required);
	tcase_add_loop_test(test, oauth_calls_have_rules_of_their_own, 0, ROWS(oauth_rows));
	tcase_add_test(test, oauth_answers_tell_of_the_application);
	tcase_add_test(test, an_application_may_require_a_user);
	tcase_add_test(test, a_usage_report_in_full);
	tcase_add_test(test, limits_count_what_was_reported);
	tcase_add_test(test, a_limit_of_nothing_lets_nothing_through);
	tcase_add_test(test, an_id_without_a_name_counts_and_is_not_shown);
	tcase_add_test(test, no_body_leaves_status_and_fields);
	tcase_add_test(test, a_denial_may_name_its_code);
	tcase_add_test(test, limits_are_told_in_fields);
	tcase_add_test(test, the_hierarchy_lists_limited_metrics);
	tcase_add_test(test, an_authrep_leaves_a_job);
	tcase_add_test(test, an_authrep_without_anything_to_report_leaves_none);
	tcase_add_test(test, refusals_are_kept_for_the_service);
	tcase_add_test(test, a_client_that_leaves_does_no_harm);
	suite_add_tcase(suite, test);
	return suite;
}
