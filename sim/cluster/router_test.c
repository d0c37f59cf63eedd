/* The router: which routes it serves, and what comes of a request (spec/cluster.md 6.5). */
#include "sim/cluster/cluster_test.h"

static struct stage stage;
static struct cluster *cluster;
static struct sim_host *router_host;
static struct sim_process *router;

static void start_router(const char *wildcards)
{
	struct str words[] = {STR("openshift-router"), STR("--domain"), STR("apps.example.com")};
	const struct process_variable variables[] = {
		{STR("ROUTER_ALLOW_WILDCARD_ROUTES"), str_from(wildcards)}};
	struct process_options options = {
		.words = words, .words_count = 3, .variables = variables, .variables_count = 1};

	router = stage_start_with(&stage, router_host, options);
	stage_run(&stage, 1000);
}

static void put_pod(const char *name, const char *label, const char *ready)
{
	put(&stage, str_cstr(stage.arena,
			     str_format(stage.arena,
					"{kind: Pod, metadata: {namespace: p, name: %s, labels: "
					"{app: %s}}, spec: {containers: [{ports: [{name: web, "
					"containerPort: 8081}]}]}, status: {podIP: 10.0.0.2, "
					"conditions: [{type: Ready, status: '%s'}]}}",
					name, label, ready)));
}

static void set_up(void)
{
	stage_open(&stage);
	cluster = stage.sim->cluster;
	router_host = sim_host_add(stage.sim, STR("router"), STR("10.0.0.80"));
	sim_dns_set(stage.sim, STR("*.apps.example.com"), STR("10.0.0.80"), 60);
	stage_start_echo(&stage);
	put_pod("api-1", "api", "True");
	put(&stage, "{kind: Service, metadata: {namespace: p, name: api}, spec: {selector: {app: "
		    "api}, ports: [{name: http, port: 80, targetPort: web}]}}");
	start_router("");
}

static void tear_down(void)
{
	if (sim_process_is_running(router)) {
		sim_process_stop(router);
		stage_run(&stage, STAGE_SECOND);
		ck_assert_int_eq(stage.exit_status, 0);
	}
	ck_assert(!stage_traced(&stage, "\"left\":"));
	stage_close(&stage);
}

static void put_route_in(const char *namespace, const char *name, const char *host,
			 const char *spec)
{
	put(&stage, str_cstr(stage.arena,
			     str_format(stage.arena,
					"{kind: Route, metadata: {namespace: %s, name: %s}, spec: "
					"{host: %s, to: {name: api}, %s}}",
					namespace, name, host, spec)));
}

static void put_route(const char *name, const char *host, const char *spec)
{
	put_route_in("p", name, host, spec);
}

static struct stage_call fetch(const char *host, bool is_tls)
{
	static struct stage_call call;
	struct http_call_options options = {.method = STR("GET"),
					    .host = str_from(host),
					    .port = is_tls ? 443 : 80,
					    .is_tls = is_tls,
					    .verify_peer = is_tls,
					    .target = STR("/hello?a=b")};

	stage_call_begin(&stage, &call, &options);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(call.is_over);
	return call;
}

static void must_answer(const char *host, bool is_tls, int status, const char *part)
{
	struct stage_call call = fetch(host, is_tls);

	ck_assert_int_eq(call.status, status);
	ck_assert_msg(str_find(call.body, str_from(part)) != STR_NOT_FOUND, "%.*s",
		      STR_ARG(call.body));
}

#define EDGE "tls: {termination: edge, insecureEdgeTerminationPolicy: "

static const struct {
	const char *spec;
	bool is_tls;
	int status;
	const char *part;
} policies[] = {
	{"port: {targetPort: http}", false, 200, "/hello"},
	{"port: {targetPort: http}", true, 503, "service not available"},
	{EDGE "None}", true, 200, "/hello"},
	{EDGE "None}", false, 503, "service not available"},
	{"tls: {termination: edge}", false, 503, "service not available"},
	{EDGE "Allow}", true, 200, "/hello"},
	{EDGE "Allow}", false, 200, "/hello"},
	{EDGE "Redirect}", true, 200, "/hello"},
	{EDGE "Redirect}", false, 302, ""},
	{"port: {targetPort: 80}", false, 200, "/hello"},
	{"port: {targetPort: admin}", false, 503, "service not available"},
};

START_TEST(a_route_says_who_is_served)
{
	put_route("api", "api.apps.example.com", policies[_i].spec);
	stage_run(&stage, 6 * STAGE_SECOND);
	must_answer("api.apps.example.com", policies[_i].is_tls, policies[_i].status,
		    policies[_i].part);
}
END_TEST

START_TEST(a_redirect_names_the_same_place)
{
	struct stage_call call;

	put_route("api", "api.apps.example.com", EDGE "Redirect}");
	stage_run(&stage, 6 * STAGE_SECOND);
	call = fetch("api.apps.example.com", false);
	ck_assert(str_equal(http_fields_get(&call.fields, STR("Location")),
			    STR("https://api.apps.example.com/hello?a=b")));
}
END_TEST

START_TEST(the_pod_learns_what_the_client_asked)
{
	put_route("api", "api.apps.example.com", EDGE "Redirect}");
	stage_run(&stage, 6 * STAGE_SECOND);
	must_answer("api.apps.example.com", true, 200, "X-Forwarded-Proto");
	must_answer("api.apps.example.com", true, 200, "api.apps.example.com");
}
END_TEST

/* 6.3: five seconds for a route, one for an endpoint. */
START_TEST(a_change_is_seen_after_a_while)
{
	put_route("api", "api.apps.example.com", "port: {targetPort: http}");
	stage_run(&stage, 3 * STAGE_SECOND);
	must_answer("api.apps.example.com", false, 503, "service not available");
	stage_run(&stage, 2 * STAGE_SECOND);
	must_answer("api.apps.example.com", false, 200, "/hello");
	cluster_remove(cluster,
		       cluster_find(cluster, &cluster_kinds[KIND_POD], STR("p"), STR("api-1")));
	stage_run(&stage, 2 * STAGE_SECOND);
	must_answer("api.apps.example.com", false, 503, "service not available");
	put_pod("api-2", "api", "False");
	put_pod("other", "other", "True");
	stage_run(&stage, 2 * STAGE_SECOND);
	must_answer("api.apps.example.com", false, 503, "service not available");
	put_pod("api-3", "api", "True");
	stage_run(&stage, 2 * STAGE_SECOND);
	must_answer("api.apps.example.com", false, 200, "/hello");
}
END_TEST

static const char *reason_of(const char *namespace, const char *name)
{
	struct cluster_object *route = cluster_find(cluster, &cluster_kinds[KIND_ROUTE],
						    str_from(namespace), str_from(name));

	return str_cstr(stage.arena, json_str(json_path(route->document,
							"status.ingress.0.conditions.0.reason")));
}

START_TEST(the_first_has_the_host)
{
	put_route_in("old", "mine", "api.apps.example.com", "port: {targetPort: http}");
	put_route("api", "API.apps.example.com", "port: {targetPort: http}");
	stage_run(&stage, 6 * STAGE_SECOND);
	ck_assert_str_eq(reason_of("old", "mine"), "");
	ck_assert_str_eq(reason_of("p", "api"), "HostAlreadyClaimed");
	must_answer("api.apps.example.com", false, 503, "service not available");
	cluster_remove(cluster,
		       cluster_find(cluster, &cluster_kinds[KIND_ROUTE], STR("old"), STR("mine")));
	stage_run(&stage, 6 * STAGE_SECOND);
	ck_assert_str_eq(reason_of("p", "api"), "");
	must_answer("api.apps.example.com", false, 200, "/hello");
}
END_TEST

START_TEST(wildcards_are_not_allowed_unless_told)
{
	put_route("all", "wildcard.apps.example.com",
		  "wildcardPolicy: Subdomain, port: {targetPort: http}");
	stage_run(&stage, 6 * STAGE_SECOND);
	ck_assert_str_eq(reason_of("p", "all"), "RouteNotAdmitted");
	must_answer("any.apps.example.com", false, 503, "service not available");
	sim_process_stop(router);
	stage_run(&stage, STAGE_SECOND);
	start_router("true");
	must_answer("any.apps.example.com", false, 200, "/hello");
	ck_assert_str_eq(reason_of("p", "all"), "");
}
END_TEST

START_TEST(a_pod_that_takes_no_connection_is_503)
{
	put_route("api", "api.apps.example.com", "port: {targetPort: http}");
	stage_run(&stage, 6 * STAGE_SECOND);
	sim_process_kill(stage.echo);
	must_answer("api.apps.example.com", false, 503, "service not available");
}
END_TEST

/* The pod in place of the echo API: it says what it is told to. */
static struct stage_server pod;

static void open_pod(const char *answer)
{
	put_route("api", "api.apps.example.com", "port: {targetPort: http}");
	stage_run(&stage, 6 * STAGE_SECOND);
	sim_process_kill(stage.echo);
	stage_run(&stage, STAGE_SECOND);
	memset(&pod, 0, sizeof pod);
	stage_server_open(&stage, &pod, answer);
	pod.ends = true;
}

START_TEST(a_pod_that_leaves_without_an_answer_is_502)
{
	open_pod("");
	must_answer("api.apps.example.com", false, 502, "no whole answer");
	stage_server_close(&pod);
}
END_TEST

static void ask_silent_pod(struct stage_call *call)
{
	struct http_call_options options = {.method = STR("GET"),
					    .host = STR("api.apps.example.com"),
					    .port = 80,
					    .target = STR("/")};

	open_pod("");
	pod.reads_nothing = true;
	stage_call_begin(&stage, call, &options);
}

START_TEST(a_pod_that_keeps_silent_is_504)
{
	struct stage_call call;

	ask_silent_pod(&call);
	stage_run(&stage, 29 * STAGE_SECOND);
	ck_assert(!call.is_over);
	stage_run(&stage, 2 * STAGE_SECOND);
	ck_assert_int_eq(call.status, 504);
	stage_server_close(&pod);
}
END_TEST

START_TEST(a_client_that_leaves_ends_the_call)
{
	struct stage_call call;

	ask_silent_pod(&call);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(!stream_peer_has_ended(pod.stream));
	http_call_release(call.call);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(stream_peer_has_ended(pod.stream) || stream_has_failed(pod.stream));
	stage_server_close(&pod);
}
END_TEST

/* Bodies are larger than what is held of them at a time. */
START_TEST(bodies_pass_both_ways)
{
	struct stage_call call;
	size_t size = 300000;
	char *body = memory_alloc(size + 1);
	struct http_call_options options = {.method = STR("POST"),
					    .host = STR("api.apps.example.com"),
					    .port = 80,
					    .target = STR("/bytes/400000")};

	memset(body, 'x', size);
	put_route("api", "api.apps.example.com", "port: {targetPort: http}");
	stage_run(&stage, 6 * STAGE_SECOND);
	options.body = http_body_from_str(str_of(body, size));
	stage_call_begin(&stage, &call, &options);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert(call.is_over);
	ck_assert_int_eq(call.status, 200);
	ck_assert_uint_eq(call.body.size, 400000);
	options.target = STR("/");
	options.body = http_body_from_str(str_of(body, size));
	stage_call_begin(&stage, &call, &options);
	stage_run(&stage, 10 * STAGE_SECOND);
	ck_assert(call.is_over);
	ck_assert(str_find(call.body, STR("\"body_bytes\":300000,")) != STR_NOT_FOUND);
	free(body);
}
END_TEST

START_TEST(a_killed_router_is_gone)
{
	sim_process_kill(router);
	put_route("api", "api.apps.example.com", "port: {targetPort: http}");
	ck_assert_int_eq(fetch("api.apps.example.com", false).failure,
			 HTTP_FAILURE_CONNECT_REFUSED);
}
END_TEST

Suite *sim_cluster_router_suite(void);
Suite *sim_cluster_router_suite(void)
{
	Suite *suite = suite_create("sim_cluster_router");
	TCase *tests = tcase_create("router");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_route_says_who_is_served, 0,
			    sizeof policies / sizeof *policies);
	tcase_add_test(tests, a_redirect_names_the_same_place);
	tcase_add_test(tests, the_pod_learns_what_the_client_asked);
	tcase_add_test(tests, a_change_is_seen_after_a_while);
	tcase_add_test(tests, the_first_has_the_host);
	tcase_add_test(tests, wildcards_are_not_allowed_unless_told);
	tcase_add_test(tests, a_pod_that_takes_no_connection_is_503);
	tcase_add_test(tests, a_pod_that_leaves_without_an_answer_is_502);
	tcase_add_test(tests, a_pod_that_keeps_silent_is_504);
	tcase_add_test(tests, a_client_that_leaves_ends_the_call);
	tcase_add_test(tests, bodies_pass_both_ways);
	tcase_add_test(tests, a_killed_router_is_gone);
	suite_add_tcase(suite, tests);
	return suite;
}
