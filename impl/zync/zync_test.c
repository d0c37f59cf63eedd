/* zync under virtual time: what it takes, what it reads back, and what becomes of the routes. The
 * portal is one that says what it is told to. */
#include "zync/zync.h"

#include "sim/cluster/cluster_test.h"

#define TOKEN "Token token=\"secret\""
#define TENANT                                                                                     \
	"{\"id\":2,\"endpoint\":\"https://3scale-admin.apps.example.com/\",\"access_token\":"      \
	"\"reader\"}"
#define PROVIDER "{\"type\":\"Provider\",\"id\":2,\"tenant_id\":2}"
#define ANSWER(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define ACCOUNT                                                                                    \
	ANSWER("{\"account\":{\"id\":2,\"domain\":\"3scale.apps.example.com\",\"admin_domain\":"   \
	       "\"3scale-admin.apps.example.com\"}}")

static struct stage stage;
static struct stage_server portal;
static struct sim_host *zync_host;
static struct sim_process *zync;
static int64_t tell_us; /* what a call is given */

/* It closes each connection behind its answer. */
static void open_portal(const char *answer)
{
	stage_server_open(&stage, &portal, answer);
	portal.ends = true;
}

static void start_zync(bool knows_services)
{
	struct str words[] = {STR("refscale"), STR("zync")};
	const struct process_variable variables[] = {
		{STR("ZYNC_AUTHENTICATION_TOKEN"), STR("secret")},
		{STR("DATABASE_URL"), STR("sqlite:/data/zync.sqlite")},
		{STR("SYSTEM_PROVIDER_PORT"), STR("tcp://10.0.0.2:8081")},
		{STR("SYSTEM_DEVELOPER_PORT"), STR("tcp://10.0.0.2:8081")},
		{STR("SYSTEM_MASTER_PORT"), STR("tcp://10.0.0.2:8081")},
		{STR("APICAST_STAGING_PORT"), STR("tcp://10.0.0.2:8080")},
	};
	struct process_options options = {.words = words,
					  .words_count = 2,
					  .variables = variables,
					  .variables_count = knows_services ? 6 : 2};

	zync = stage_start_with(&stage, zync_host, options);
	stage_run(&stage, 1000);
}

static void set_up(void)
{
	static const struct component *const components[] = {&zync_component, NULL};

	memset(&portal, 0, sizeof portal);
	tell_us = STAGE_SECOND;
	stage_open_with(&stage, 1, components);
	zync_host = sim_host_add(stage.sim, STR("zync"), STR("10.0.0.3"));
	start_zync(true);
}

static void tear_down(void)
{
	if (sim_process_is_running(zync)) {
		sim_process_stop(zync);
		stage_run(&stage, STAGE_SECOND);
		ck_assert_int_eq(stage.exit_status, 0);
	}
	ck_assert(!stage_traced(&stage, "\"left\":"));
	stage_server_close(&portal);
	stage_close(&stage);
}

static struct stage_call tell(const char *method, const char *path, const char *token,
			      const char *body)
{
	static struct stage_call call;
	struct http_fields fields;
	struct http_call_options options = {
		.method = str_from(method),
		.host = STR("zync"),
		.port = 8080,
		.target = str_from(path),
		.fields = &fields,
		.body = body != NULL ? http_body_from_str(str_from(body)) : NULL,
	};

	http_fields_init(&fields, stage.arena);
	if (token != NULL)
		http_fields_add(&fields, STR("Authorization"), str_from(token));
	stage_call_begin(&stage, &call, &options);
	stage_run(&stage, tell_us);
	ck_assert(call.is_over);
	return call;
}

static void put_fine(const char *path, const char *body, int status)
{
	ck_assert_int_eq(tell("PUT", path, TOKEN, body).status, status);
}

static size_t count_routes(const char *host)
{
	struct cluster_object *route = NULL;
	size_t count = 0;

	while ((route = cluster_next(stage.sim->cluster, route, &cluster_kinds[KIND_ROUTE],
				     STR("threescale"))) != NULL) {
		if (host == NULL ||
		    str_equal(json_str(json_path(route->document, "spec.host")), str_from(host)))
			count++;
	}
	return count;
}

static size_t count_said(const char *words)
{
	return stage_count_in(strbuf_str(&stage.output), words);
}

static const struct {
	const char *method, *path, *token, *body;
	int status;
} answers[] = {
	{"GET", "/status/live", NULL, NULL, 200},
	{"GET", "/status/ready", NULL, NULL, 200},
	{"GET", "/tenant", TOKEN, NULL, 404},
	{"PUT", "/tenant", NULL, TENANT, 401},
	{"PUT", "/tenant", "Token token=\"other\"", TENANT, 401},
	{"PUT", "/tenant", TOKEN, TENANT, 200},
	{"PUT", "/tenant", TOKEN, "nonsense", 400},
	{"PUT", "/tenant", TOKEN, NULL, 400},
	{"PUT", "/tenant", TOKEN, "{\"id\":2}", 422},
	{"PUT", "/notification", "Token token=\"other\"", PROVIDER, 401},
	{"PUT", "/notification", TOKEN, PROVIDER, 422},
	{"PUT", "/notification", TOKEN, "{\"type\":\"Gadget\",\"id\":1,\"tenant_id\":2}", 422},
	{"PUT", "/notification", TOKEN, "{\"type\":\"Proxy\",\"tenant_id\":2}", 422},
};

START_TEST(calls_are_answered)
{
	ck_assert_int_eq(
		tell(answers[_i].method, answers[_i].path, answers[_i].token, answers[_i].body)
			.status,
		answers[_i].status);
}
END_TEST

START_TEST(routes_follow_what_the_portal_says)
{
	open_portal(ACCOUNT);
	put_fine("/tenant", TENANT, 200);
	put_fine("/notification", PROVIDER, 201);
	ck_assert_uint_eq(count_routes("3scale.apps.example.com"), 1);
	ck_assert_uint_eq(count_routes("3scale-admin.apps.example.com"), 1);
	portal.answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	put_fine("/notification", PROVIDER, 201);
	ck_assert_uint_eq(count_routes(NULL), 0);
}
END_TEST

#define PROXY "{\"type\":\"Proxy\",\"id\":5,\"tenant_id\":2,\"service_id\":7}"
#define SERVICE "{\"type\":\"Service\",\"id\":7,\"tenant_id\":2}"

START_TEST(a_proxy_waits_for_its_service)
{
	open_portal(ANSWER("{\"proxy\":{\"endpoint\":\"https://api.apps.example.com:443\","
			   "\"sandbox_endpoint\":\"https://staging.apps.example.com:443\","
			   "\"deployment_option\":\"hosted\"}}"));
	put_fine("/tenant", TENANT, 200);
	put_fine("/notification", PROXY, 422);
	put_fine("/notification", SERVICE, 201);
	put_fine("/notification", PROXY, 201);
	ck_assert_uint_eq(count_routes("api.apps.example.com"), 1);
	ck_assert_uint_eq(count_routes("staging.apps.example.com"), 1);
	ck_assert_uint_eq(count_routes(NULL), 2);
	portal.answer = ANSWER("{\"proxy\":{\"endpoint\":\"https://api.apps.example.com:443\","
			       "\"sandbox_endpoint\":\"https://staging.apps.example.com:443\","
			       "\"deployment_option\":\"self_managed\"}}");
	put_fine("/notification", PROXY, 201);
	ck_assert_uint_eq(count_routes(NULL), 0);
}
END_TEST

/* Refused at 0, 3, 7, 26, 110 s, ...: the portal is there before the fourth try. */
START_TEST(an_absent_portal_is_asked_again)
{
	put_fine("/tenant", TENANT, 200);
	put_fine("/notification", PROVIDER, 201);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert_uint_eq(count_said("UpdateJob Provider 2 failed: portal: connection refused; "
				     "next try in 3 s"),
			  1);
	ck_assert_uint_eq(count_said("next try in 19 s"), 1);
	open_portal(ACCOUNT);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert_uint_eq(count_routes(NULL), 0);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert_uint_eq(count_routes(NULL), 2);
}
END_TEST

static size_t count_connects(void)
{
	return stage_count(&stage, "\"host\":\"zync\",\"kind\":\"connect\"");
}

static void put_proxy(int id)
{
	put_fine("/notification",
		 str_cstr(stage.arena, str_format(stage.arena,
						  "{\"type\":\"Proxy\",\"id\":%d,\"tenant_id\":2,"
						  "\"service_id\":7}",
						  id)),
		 201);
}

/* Twelve records, and a portal that nothing gets to: ten try, the others when those gave up. */
START_TEST(ten_are_worked_off_at_a_time)
{
	struct sim_rule_options drop = {.to = STR("api"), .verdict = SIM_DROP};

	sim_rule_add(stage.sim, &drop);
	tell_us = STAGE_SECOND / 10;
	put_fine("/tenant", TENANT, 200);
	put_fine("/notification", SERVICE, 201);
	for (int i = 1; i <= 12; i++)
		put_proxy(i);
	put_proxy(1);
	ck_assert_uint_eq(count_connects(), 10);
	stage_run(&stage, 11 * STAGE_SECOND);
	ck_assert_uint_ge(count_connects(), 12);
}
END_TEST

START_TEST(ten_tries_are_enough)
{
	put_fine("/tenant", TENANT, 200);
	put_fine("/notification", PROVIDER, 201);
	stage_run(&stage, 24 * 3600 * STAGE_SECOND);
	ck_assert_uint_eq(count_said("UpdateJob Provider 2 failed"), 10);
	ck_assert_uint_eq(count_said("given up"), 1);
}
END_TEST

/* What was promised is done after a crash, too. */
START_TEST(a_notification_outlives_the_process)
{
	put_fine("/tenant", TENANT, 200);
	put_fine("/notification", PROVIDER, 201);
	sim_process_kill(zync);
	stage_run(&stage, STAGE_SECOND);
	open_portal(ACCOUNT);
	start_zync(true);
	stage_run(&stage, 5 * STAGE_SECOND);
	ck_assert_uint_eq(count_routes(NULL), 2);
}
END_TEST

START_TEST(without_the_rights_of_its_account_nothing_is_made)
{
	put(&stage, "{kind: Pod, metadata: {namespace: threescale, name: zync-que-1-x}, spec: "
		    "{serviceAccountName: zync-que-sa}, status: {podIP: 10.0.0.3}}");
	open_portal(ACCOUNT);
	put_fine("/tenant", TENANT, 200);
	put_fine("/notification", PROVIDER, 201);
	ck_assert_uint_eq(count_routes(NULL), 0);
	ck_assert_uint_eq(count_said("UpdateJob Provider 2 failed: Forbidden: "
				     "routes.route.openshift.io is forbidden: User "),
			  1);
}
END_TEST

START_TEST(without_services_there_are_no_routes)
{
	sim_process_stop(zync);
	stage_run(&stage, STAGE_SECOND);
	start_zync(false);
	open_portal(ACCOUNT);
	put_fine("/tenant", TENANT, 200);
	put_fine("/notification", PROVIDER, 201);
	ck_assert_uint_eq(count_routes(NULL), 0);
	ck_assert_uint_eq(count_said("there are no services that routes could lead to"), 1);
}
END_TEST

Suite *zync_zync_suite(void);
Suite *zync_zync_suite(void)
{
	Suite *suite = suite_create("zync_zync");
	TCase *tests = tcase_create("zync");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, calls_are_answered, 0, sizeof answers / sizeof *answers);
	tcase_add_test(tests, routes_follow_what_the_portal_says);
	tcase_add_test(tests, a_proxy_waits_for_its_service);
	tcase_add_test(tests, an_absent_portal_is_asked_again);
	tcase_add_test(tests, ten_are_worked_off_at_a_time);
	tcase_add_test(tests, ten_tries_are_enough);
	tcase_add_test(tests, a_notification_outlives_the_process);
	tcase_add_test(tests, without_the_rights_of_its_account_nothing_is_made);
	tcase_add_test(tests, without_services_there_are_no_routes);
	suite_add_tcase(suite, tests);
	return suite;
}
