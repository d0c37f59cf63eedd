/* What becomes of jobs: spec/backend.md 5.3 to 5.7, 6.3, 6.6, 7. */
#include "backend/stand_test.h"

#include <stdio.h>
#include <string.h>

#define REPORT "service_token=T1&service_id=S1"
#define A1_KEY(metric, rest) "stats/{service:S1}/cinstance:A1/metric:" metric "/" rest
#define S1_KEY(metric, rest) "stats/{service:S1}/metric:" metric "/" rest

static void set_up(void)
{
	stand_set();
	stand_provision();
}

static void report(const char *transactions)
{
	expect_answer(stand_post(text(REPORT "&%s", transactions)), 202, "");
	stand_drain();
}

static void push(const char *payload)
{
	struct str words[] = {STR("RPUSH"), STR("resque:queue:priority"), str_from(payload)};

	stand_redis_send(1, words, 3);
}

static const char *a1_hits(void)
{
	return stand_redis("GET " A1_KEY("81", "eternity"));
}

static const char *stats(void)
{
	return stand_redis("KEYS stats/*");
}

static const char *last_error(void)
{
	struct stand_answer answer = stand_internal("GET", "services/S1/errors/?per_page=1", NULL);
	struct str code = str_skip(answer.body, str_find(answer.body, STR("\"code\":\"")));

	code = str_skip(code, sizeof "\"code\":\"" - 1);
	return str_cstr(stand_arena(), str_slice(code, 0, str_find_char(code, '"')));
}

/* 6.3, 6.9 */
START_TEST(a_hit_is_counted_in_all_its_periods)
{
	stand_set_clock("2019-06-01T10:20:30Z");
	stand_get("/transactions/authrep.xml?" S1_U1 "&usage[search]=2&log[code]=200");
	stand_drain();
	expect_text(
		stand_redis("KEYS stats/{service:S1}/cinstance:A1/metric:82/*"),
		"[" A1_KEY("82", "day:20190601") "," A1_KEY("82", "eternity") "," A1_KEY(
			"82",
			"hou"
			"r:"
			"201"
			"906"
			"01"
			"1") "," A1_KEY("82",
					"minute:20190601102") "," A1_KEY("82",
									 "month:20190601") "," A1_KEY("82",
												      "week:"
												      "20190527") "," A1_KEY("82",
															     "year:20190101") "]");
	expect_text(
		stand_redis("KEYS stats/{service:S1}/metric:81/*"),
		"[" S1_KEY("81", "day:20190601") "," S1_KEY("81", "eternity") "," S1_KEY(
			"81",
			"hour:201906011") "," S1_KEY("81",
						     "month:20190601") "," S1_KEY("81",
										  "week:"
										  "20190527") "]");
	expect_text(stand_redis("GET " A1_KEY("81", "day:20190601")), "2");
	expect_text(stand_redis("GET stats/{service:S1}/response_code:2XX/eternity"), "1");
	expect_text(stand_redis("GET stats/{service:S1}/cinstance:A1/response_code:200/"
				"minute:20190601102"),
		    "1");
	expect_text(stand_redis("SMEMBERS stats/{service:S1}/cinstances"), "[A1]");
	expect_text(stand_redis("GET daily_traffic/service:S1/cinstance:A1/20190601"), "1");
	ck_assert(strcmp(stand_redis("TTL " A1_KEY("82", "minute:20190601102")), "180") <= 0);
	expect_text(stand_redis("TTL " A1_KEY("82", "day:20190601")), "-1");
	expect_text(stand_queues("LLEN resque:queue:priority"), "0");
	expect_text(stand_queues("KEYS *"), "[resque:queues]");
}
END_TEST

START_TEST(sets_and_increments_keep_their_order)
{
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=7&transactions[1][app_id]="
	       "A1&transactions[1][usage][hits]=%235&transactions[2][app_id]=A1&transactions[2]"
	       "[usage][hits]=3");
	expect_text(a1_hits(), "8");
	expect_text(stand_redis("GET " S1_KEY("81", "eternity")), "8");
	report("transactions[0][app_id]=A1&transactions[0][usage][search]=%234");
	expect_text(a1_hits(), "4");
	report("transactions[0][app_id]=A1&transactions[0][usage][search]=2&transactions[0][usage]"
	       "[hits]=1");
	expect_text(a1_hits(), "7");
	report("transactions[0][app_id]=A1&transactions[0][usage][other]=0");
	expect_text(stand_redis("GET " A1_KEY("83", "eternity")), "0");
	report("transactions[0][app_id]=A1&transactions[0][usage][other]=99999999999999999999");
	report("transactions[0][app_id]=A1&transactions[0][usage][other]=1&transactions[1][app_id]="
	       "A1&transactions[1][usage][other]=99999999999999999999");
	expect_text(stand_redis("GET " A1_KEY("83", "eternity")), "9223372036854775807");
}
END_TEST

/* A batch counts whole or not at all; the first rule that is broken names the error. */

static const struct {
	const char *transactions, *code;
} refusal_rows[] = {
	{"transactions[0][app_id]=nope&transactions[0][usage][hits]=1", "application_not_found"},
	{"transactions[0][usage][hits]=1", "application_not_found"},
	{"transactions[0][user_key]=nope&transactions[0][usage][hits]=1", "user_key_invalid"},
	{"transactions[0][app_id]=A1&transactions[0][user_key]=U1&transactions[0][usage][hits]=1",
	 "authentication_error"},
	{"transactions[0][app_id]=A1&transactions[0][usage][nope]=1", "metric_invalid"},
	{"transactions[0][app_id]=A1&transactions[0][usage][hits]=x", "usage_value_invalid"},
	{"transactions[0][app_id]=A1&transactions[0][usage][hits]=", "usage_value_invalid"},
	{"transactions[0][app_id]=A1&transactions[0][usage][nope]=1&transactions[1][app_id]=nope",
	 "application_not_found"},
	{"transactions[0][app_id]=A1&transactions[0][usage][hits]=1&transactions[0][timestamp]="
	 "2019-05-31+10:20:29",
	 "transaction_timestamp_too_old"},
	{"transactions[0][app_id]=A1&transactions[0][usage][hits]=1&transactions[0][timestamp]="
	 "2019-06-01+11:20:31",
	 "transaction_timestamp_too_new"},
	{"transactions[0][app_id]=A1&transactions[0][usage][hits]=1&transactions[1][app_id]=A1&"
	 "transactions[1][usage][nope]=1",
	 "metric_invalid"},
};

START_TEST(a_report_counts_whole_or_not_at_all)
{
	stand_set_clock("2019-06-01T10:20:30.9Z");
	report(refusal_rows[_i].transactions);
	expect_text(stats(), "[]");
	expect_text(last_error(), refusal_rows[_i].code);
	expect_text(stand_redis("LLEN errors/service_id:S1"), "1");
	expect_text(stand_queues("EXISTS resque:failed"), "0");
}
END_TEST

static const char *const uncounted_rows[] = {
	"transactions[0][app_id]=A1",
	"transactions[0][app_id]=A1&transactions[0][usage]=1",
	"transactions[0][app_id]=A1&transactions[0][log][code]=200",
	"transactions[0]=abc",
};

/* JSON has them as \u0000. */
START_TEST(nul_bytes_spoil_no_report)
{
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=2"
	       "&transactions[0][log][code]=%00&transactions[0][x]=a%00b%5Cu0000");
	expect_text(a1_hits(), "2");
	expect_text(stand_redis("EXISTS errors/service_id:S1"), "0");
}
END_TEST

START_TEST(a_transaction_without_usage_is_left_out)
{
	report(uncounted_rows[_i]);
	expect_text(stats(), "[]");
	expect_text(stand_redis("EXISTS errors/service_id:S1"), "0");
	expect_text(stand_queues("EXISTS resque:failed"), "0");
}
END_TEST

START_TEST(the_window_includes_both_its_ends)
{
	stand_set_clock("2019-06-01T10:20:30.9Z");
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1&transactions[0]"
	       "[timestamp]=2019-05-31+10:20:30&transactions[1][app_id]=A1&transactions[1][usage]"
	       "[hits]=1&transactions[1][timestamp]=2019-06-01+13:20:30+%2B0200&transactions[2]"
	       "[app_id]=A1&transactions[2][usage][hits]=1&transactions[2][timestamp]=garbage");
	expect_text(a1_hits(), "3");
	expect_text(stand_redis("GET " A1_KEY("81", "day:20190531")), "1");
	expect_text(stand_redis("GET " A1_KEY("81", "hour:2019060111")), "1");
	expect_text(stand_redis("GET " A1_KEY("81", "month:20190501")), "1");
}
END_TEST

START_TEST(reports_count_whatever_the_state)
{
	stand_internal("PUT", "services/S1/applications/A1",
		       "{\"application\":{\"state\":\"suspended\"}}");
	stand_internal("PUT", "services/S1/plans/P/usagelimits/81/day",
		       "{\"usagelimit\":{\"day\":1}}");
	report("transactions[0][user_key]=U1&transactions[0][service_id]=S2&transactions[0][usage]"
	       "[hits]=5");
	expect_text(a1_hits(), "5");
}
END_TEST

static const struct {
	const char *code;
	const char *keys; /* of the service, eternity */
} code_rows[] = {
	{"200", "[stats/{service:S1}/response_code:200/eternity,stats/{service:S1}/"
		"response_code:2XX/eternity]"},
	{"201", "[stats/{service:S1}/response_code:2XX/eternity]"},
	{"404", "[stats/{service:S1}/response_code:404/eternity,stats/{service:S1}/"
		"response_code:4XX/eternity]"},
	{"599", "[stats/{service:S1}/response_code:5XX/eternity]"},
	{"302", "[]"},
	{"20", "[]"},
	{"2000", "[]"},
	{"abc", "[]"},
	{"-20", "[]"},
};

START_TEST(response_codes_are_counted)
{
	report(text("transactions[0][app_id]=A1&transactions[0][usage][hits]=1&transactions[0]"
		    "[log][code]=%s",
		    code_rows[_i].code));
	expect_text(stand_redis("KEYS stats/{service:S1}/response_code:*/eternity"),
		    code_rows[_i].keys);
}
END_TEST

START_TEST(the_latest_transactions_are_kept)
{
	stand_set_clock("2019-06-01T10:20:30Z");
	for (int i = 0; i < 60; i++)
		stand_post(text(REPORT "&transactions[0][app_id]=A1&transactions[0][usage]"
				       "[search]=%d",
				i));
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=%237");
	expect_text(stand_redis("LLEN transactions/service_id:S1"), "50");
	ck_assert(stand_contains(
		stand_internal("GET", "services/S1/transactions/", NULL).body,
		"{\"status\":\"found\",\"transactions\":[{\"application_id\":\"A1\",\"usage\":"
		"{\"81\":\"#7\"},\"timestamp\":\"2019-06-01 10:20:30 +0000\"},{\"application_id\":"
		"\"A1\",\"usage\":{\"82\":\"59\",\"81\":\"59\"},"));
	expect_answer(stand_internal("GET", "services/S9/transactions/", NULL), 404, NULL);
}
END_TEST

/* Payloads of others. */

#define JOB(args) "{\"class\":\"ThreeScale::Backend::Transactor::ReportJob\",\"args\":" args "}"

START_TEST(payloads_of_others_are_understood)
{
	push(JOB("[\"S1\",{\"0\":{\"app_id\":\"A1\",\"usage\":{\"hits\":1}}},1559384425.62,{}]"));
	push(JOB("[\"S1\",[{\"user_key\":\"U1\",\"usage\":{\"hits\":\"2\"},\"log\":{\"code\":"
		 "200}}],1559384425.62,null]"));
	push(JOB("[\"S1\",{\"0\":{\"app_id\":\"A1\",\"usage\":{\"hits\":\"4\"}}}]"));
	stand_drain();
	expect_text(a1_hits(), "7");
}
END_TEST

START_TEST(broken_jobs_are_dropped_and_unknown_ones_kept)
{
	stand_set_clock("2019-06-01T10:21:00Z");
	push("not JSON");
	push("{\"class\":\"Other\",\"args\":[]}");
	push(JOB("[\"S1\"]"));
	push("7");
	stand_drain();
	expect_text(stand_queues("LLEN resque:failed"), "3");
	expect_text(stand_queues("LINDEX resque:failed 0"),
		    "{\"failed_at\":\"2019/06/01 10:21:00 UTC\",\"payload\":{\"class\":\"Other\","
		    "\"args\":[]},\"exception\":\"NameError\",\"error\":\"unknown job class\","
		    "\"backtrace\":[],\"worker\":\"\",\"queue\":\"priority\"}");
	expect_text(stand_queues("LLEN resque:queue:priority"), "0");
}
END_TEST

/* What it names is of another kind than it can be: jobs behind it do not wait for that (5.3). */
static const char *const spoilt_rows[] = {
	"metrics/service_id:S9/ids",
	"alerts/service_id:S9/allowed_set",
	"application/service_id:S9/id:A9/keys",
};

START_TEST(a_job_that_cannot_be_done_holds_up_no_other)
{
	const char *good = JOB("[\"S1\",{\"0\":{\"app_id\":\"A1\",\"usage\":{\"hits\":\"1\"}}}]");
	const char *bad = JOB("[\"S9\",{\"0\":{\"app_id\":\"A9\",\"usage\":{\"m\":\"1\"}}}]");

	stand_redis("SADD metrics/service_id:S9/ids 9");
	stand_redis("SET metric/service_id:S9/id:9/name m");
	stand_redis("SET application/service_id:S9/id:A9/state active");
	stand_redis(text("DEL %s", spoilt_rows[_i]));
	stand_redis(text("LPUSH %s x", spoilt_rows[_i]));
	for (int i = 0; i < 5; i++)
		push(i == 2 ? bad : good);
	stand_drain();
	expect_text(a1_hits(), "4");
	expect_text(stand_queues("LLEN resque:failed"), "1");
	ck_assert(stand_contains(str_from(stand_queues("LINDEX resque:failed 0")),
				 "\"exception\":\"Redis::CommandError\",\"error\":\"WRONGTYPE"));
	expect_text(stand_redis("EXISTS stats/{service:S9}/metric:9/eternity"), "0");
}
END_TEST

/* More than the process remembers at once. */
START_TEST(a_report_of_very_many_applications_is_done)
{
	const int applications = 11000;
	struct strbuf form;

	strbuf_init(&form, 2000000);
	strbuf_append(&form, STR("service_token=T1&service_id=S1"));
	for (int i = 0; i < applications; i++)
		strbuf_append_format(
			&form, "&transactions[%d][app_id]=%s%d&transactions[%d][usage][hits]=1", i,
			_i == 0 ? "many" : "A", _i == 0 ? i : 1, i);
	expect_answer(stand_post(str_cstr(stand_arena(), strbuf_str(&form))), 202, "");
	strbuf_free(&form);
	stand_drain();
	if (_i == 0)
		ck_assert(stand_contains(
			stand_internal("GET", "services/S1/errors/?per_page=1", NULL).body,
			"application with id=\\\"many0\\\" was not found"));
	else
		expect_text(a1_hits(), text("%d", applications));
}
END_TEST

/* Names that nobody knows are remembered, too, but not any amount of them. */
START_TEST(long_names_do_not_pile_up)
{
	const int reports = 12;
	const struct str head =
		STR(REPORT "&transactions[0][usage][hits]=1&transactions[0][app_id]=");
	const size_t size = 2000000;
	struct str line;
	int remembered;
	char *form;

	stand_clear();
	stand_set();
	stand_variable("CONFIG_WORKERS_LOG_FILE", "/dev/stdout");
	stand_provision();
	form = memset(arena_alloc(stand_arena(), size + 1), 'x', size);
	form[size] = '\0';
	memcpy(form, head.data, head.size);
	for (int i = 0; i < reports; i++) {
		form[head.size] = (char)('a' + i);
		expect_answer(stand_post(form), 202, "");
		stand_drain();
	}
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	line = str_skip(stand_log(), str_find(stand_log(), STR("ReportJob S1 1 0 ")));
	ck_assert_int_eq(
		sscanf(str_cstr(stand_arena(), line), "ReportJob S1 1 0 %*f %*f %d", &remembered),
		1);
	ck_assert_int_lt(remembered, reports);
}
END_TEST

START_TEST(big_jobs_are_taken_few_at_a_time)
{
	char *filler = arena_alloc(stand_arena(), 300001);

	memset(filler, 'x', 300000);
	for (int i = 0; i < 12; i++)
		push(text(JOB("[\"S1\",{\"0\":{\"app_id\":\"A1\",\"usage\":{\"hits\":1}}},1.5,"
			      "{}],\"filler\":\"%.60000s\""),
			  filler));
	for (int i = 0; i < 6; i++)
		push(str_cstr(stand_arena(),
			      str_format(stand_arena(),
					 JOB("[\"S1\",{\"0\":{\"app_id\":\"A1\",\"usage\":{"
					     "\"hits\":1}}},1.5,{}],\"filler\":\"%s\""),
					 filler)));
	stand_drain();
	expect_text(a1_hits(), "18");
}
END_TEST

/* Events and alerts. */

static struct str events(void)
{
	return stand_internal("GET", "events/", NULL).body;
}

#define TRAFFIC(id, type, time)                                                                    \
	"{\"id\":" id ",\"type\":\"" type "\",\"timestamp\":\"" time                               \
	" UTC\",\"object\":{\"service_id\":\"S1\",\"application_id\":\"A1\",\"timestamp\":\"" time \
	" UTC\"}}"

START_TEST(first_traffic_is_told_of)
{
	stand_set_clock("2019-06-01T10:20:00Z");
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	expect_str(events(),
		   "{\"status\":\"found\",\"events\":[" TRAFFIC(
			   "1", "first_traffic",
			   "2019-06-01 10:20:00") "," TRAFFIC("2", "first_daily_traffic",
							      "2019-06-01 10:20:00") "]}");
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	stand_forget();
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	expect_text(stand_redis("GET events/id"), "2");
	expect_text(stand_redis("GET daily_traffic/service:S1/cinstance:A1/20190601"), "2");
	stand_set_clock("2019-06-02T00:00:01Z");
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	expect_text(stand_redis("GET events/id"), "3");
}
END_TEST

static void allow(int level)
{
	stand_internal("POST", "services/S1/alert_limits/",
		       text("{\"alert_limit\":{\"value\":%d}}", level));
}

START_TEST(alerts_are_raised_once_a_day)
{
	stand_set_clock("2019-06-01T10:20:00Z");
	allow(50);
	allow(80);
	stand_internal("PUT", "services/S1/plans/P/usagelimits/81/minute",
		       "{\"usagelimit\":{\"minute\":5}}");
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=4");
	ck_assert(stand_contains(
		events(),
		"{\"id\":3,\"type\":\"alert\",\"timestamp\":\"2019-06-01 10:20:00 UTC\",\"object\":"
		"{\"id\":1,\"utilization\":80,\"max_utilization\":0.8,\"application_id\":\"A1\","
		"\"service_id\":\"S1\",\"timestamp\":\"2019-06-01 10:20:00 UTC\",\"limit\":\"hits "
		"per minute: 4/5\"}}"));
	report("transactions[0][app_id]=A1&transactions[0][usage][other]=1");
	expect_text(stand_redis("GET alerts/current_id"), "1");
	expect_text(stand_redis("GET alerts/service_id:S1/app_id:A1/80/already_notified"), "1");
	/* Level 100 is reached, but not asked for. */
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	expect_text(stand_redis("GET alerts/current_id"), "1");
	allow(300);
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=10");
	ck_assert(stand_contains(events(), "\"utilization\":300,\"max_utilization\":3.0,"));
	expect_text(stand_redis("GET events/id"), "4");
}
END_TEST

START_TEST(the_portal_hears_of_events_once_a_minute)
{
	stand_clear();
	stand_set();
	stand_variable("CONFIG_EVENTS_HOOK", "http://10.0.0.4:3000/master/events/import?x=1");
	stand_variable("CONFIG_EVENTS_HOOK_SHARED_SECRET", "s&t");
	stand_provision();
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	stand_run_for(STAND_SECOND);
	expect_str(stand_hook_bodies(), "POST /master/events/import?x=1 secret=s%26t\n");
	stand_run_for(61 * STAND_SECOND);
	stand_hook_answers(500);
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	stand_run_for(61 * STAND_SECOND);
	stand_hook_close();
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	stand_run_for(STAND_SECOND);
	expect_text(a1_hits(), "4");
	ck_assert(stand_contains(stand_log(),
				 "Application event ping failed: connection refused - "));
	ck_assert(stand_contains(stand_log(), ":3000\n"));
	/* What the rest of the hook's URL holds may be secret. */
	ck_assert(!stand_contains(stand_log(), "x=1"));
}
END_TEST

START_TEST(without_a_hook_nobody_is_told)
{
	report("transactions[0][app_id]=A1&transactions[0][usage][hits]=1");
	expect_text(stand_redis("EXISTS events/ping"), "0");
}
END_TEST

/* The master service: 7.3. */

static void start_with_master(const char *batch)
{
	stand_clear();
	stand_set();
	stand_variable("CONFIG_MASTER_SERVICE_ID", "S2");
	stand_variable("CONFIG_NOTIFICATION_BATCH", batch);
	stand_provision();
	stand_internal("POST", "services/S2/metrics/97",
		       "{\"metric\":{\"name\":\"transactions\"}}");
	stand_internal("POST", "services/S2/metrics/98",
		       "{\"metric\":{\"name\":\"transactions/authorize\"}}");
	stand_internal("PUT", "services/S2/applications/A2/key/PK", "{}");
	stand_set_clock("2019-06-01T10:20:30Z");
}

static const char *of_master(const char *metric)
{
	return stand_redis(text("GET stats/{service:S2}/cinstance:A2/metric:%s/eternity", metric));
}

START_TEST(the_masters_account_is_kept)
{
	start_with_master("1");
	stand_get("/transactions/authorize.xml?" S1_U1);
	stand_get("/transactions/authorize.xml?" S1_U1 "x");
	stand_get("/transactions/authrep.xml?" S1_U1);
	stand_get("/transactions/authrep.xml?provider_key=PK&app_id=x");
	stand_drain();
	expect_text(of_master("98"), "4");
	expect_text(of_master("97"), "nil");
	stand_get("/transactions/authrep.xml?" S1_U1 "&usage[hits]=1");
	stand_post(REPORT "&transactions[0][app_id]=x&transactions[1][app_id]=x");
	stand_get("/transactions/authorize.xml?provider_key=stranger");
	stand_drain();
	expect_text(of_master("98"), "5");
	expect_text(of_master("97"), "3");
	expect_text(stand_redis("KEYS transactions/service_id:S2"), "[]");
}
END_TEST

START_TEST(notifications_wait_for_their_batch)
{
	start_with_master("3");
	stand_get("/transactions/authorize.xml?" S1_U1);
	stand_get("/transactions/authrep.xml?" S1_U1 "&usage[hits]=1");
	expect_text(stand_redis("LRANGE notify/aggregator/batch 0 0"),
		    "[{\"provider_key\":\"PK\",\"usage\":{\"transactions/authorize\":1},\"time\":"
		    "\"2019-06-01 10:20:00 UTC\"}]");
	expect_text(stand_queues("LLEN resque:queue:main"), "0");
	stand_get("/transactions/authorize.xml?provider_key=other");
	stand_run_for(STAND_SECOND);
	expect_text(stand_redis("LLEN notify/aggregator/batch"), "0");
	expect_text(stand_queues("LRANGE resque:queue:main 0 -1"),
		    "[{\"class\":\"ThreeScale::Backend::Transactor::NotifyJob\",\"args\":[\"PK\","
		    "{\"transactions/authorize\":2,\"transactions\":1},\"2019-06-01 10:20:00 "
		    "UTC\",1559384430.0]},{\"class\":\"ThreeScale::Backend::Transactor::"
		    "NotifyJob\",\"args\":[\"other\",{\"transactions/authorize\":1},\"2019-06-01 "
		    "10:20:00 UTC\",1559384430.0]}]");
	stand_drain();
	expect_text(of_master("98"), "2");
}
END_TEST

START_TEST(the_urgent_queue_comes_first)
{
	start_with_master("1");
	stand_get("/transactions/authorize.xml?" S1_U1);
	stand_get("/transactions/authrep.xml?" S1_U1 "&usage[hits]=1");
	stand_run_for(STAND_SECOND);
	expect_text(stand_queues("LLEN resque:queue:main"), "2");
	stand_drain();
	/* Events tell who was counted first. */
	ck_assert(stand_contains(events(), "\"id\":1,\"type\":\"first_traffic\""));
	ck_assert(str_find(events(), STR("\"service_id\":\"S1\"")) <
		  str_find(events(), STR("\"service_id\":\"S2\"")));
}
END_TEST

START_TEST(a_notification_of_what_the_master_does_not_count_is_logged)
{
	start_with_master("1");
	stand_internal("DELETE", "services/S2/metrics/98", NULL);
	stand_get("/transactions/authorize.xml?" S1_U1);
	stand_drain();
	expect_text(stand_queues("EXISTS resque:failed"), "0");
	expect_text(stand_redis("EXISTS errors/service_id:S2"), "0");
}
END_TEST

Suite *backend_worker_suite(void);
Suite *backend_worker_suite(void)
{
	Suite *suite = suite_create("backend_worker");
	TCase *test = tcase_create("worker");

#define ROWS(table) (int)(sizeof table / sizeof *table)
	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_set_timeout(test, 60); /* millions of bytes take a while in a debug build */
	tcase_add_test(test, a_hit_is_counted_in_all_its_periods);
	tcase_add_test(test, sets_and_increments_keep_their_order);
	tcase_add_loop_test(test, a_report_counts_whole_or_not_at_all, 0, ROWS(refusal_rows));
	tcase_add_test(test, nul_bytes_spoil_no_report);
	tcase_add_loop_test(test, a_transaction_without_usage_is_left_out, 0, ROWS(uncounted_rows));
	tcase_add_test(test, the_window_includes_both_its_ends);
	tcase_add_test(test, reports_count_whatever_the_state);
	tcase_add_loop_test(test, response_codes_are_counted, 0, ROWS(code_rows));
	tcase_add_test(test, the_latest_transactions_are_kept);
	tcase_add_test(test, payloads_of_others_are_understood);
	tcase_add_test(test, broken_jobs_are_dropped_and_unknown_ones_kept);
	tcase_add_loop_test(test, a_job_that_cannot_be_done_holds_up_no_other, 0,
			    sizeof spoilt_rows / sizeof *spoilt_rows);
	tcase_add_loop_test(test, a_report_of_very_many_applications_is_done, 0, 2);
	tcase_add_test(test, long_names_do_not_pile_up);
	tcase_add_test(test, big_jobs_are_taken_few_at_a_time);
	tcase_add_test(test, first_traffic_is_told_of);
	tcase_add_test(test, alerts_are_raised_once_a_day);
	tcase_add_test(test, the_portal_hears_of_events_once_a_minute);
	tcase_add_test(test, without_a_hook_nobody_is_told);
	tcase_add_test(test, the_masters_account_is_kept);
	tcase_add_test(test, notifications_wait_for_their_batch);
	tcase_add_test(test, the_urgent_queue_comes_first);
	tcase_add_test(test, a_notification_of_what_the_master_does_not_count_is_logged);
	suite_add_tcase(suite, test);
	return suite;
}
