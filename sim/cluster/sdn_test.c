/* Pods of projects that are not joined do not reach each other (spec/cluster.md 6.5). */
#include "sim/cluster/sdn.h"

#include "sim/cluster/cluster_test.h"

static struct stage stage;

static void set_up(void)
{
	stage_open(&stage);
	stage_start_echo(&stage);
	put(&stage, "{kind: Pod, metadata: {namespace: p, name: api}, status: {podIP: 10.0.0.2}}");
	put(&stage, "{kind: NetNamespace, metadata: {name: p}, netid: 7}");
}

static void tear_down(void)
{
	stage_close(&stage);
}

static enum http_failure call_api(void)
{
	static struct stage_call call;
	struct http_call_options options = {.method = STR("GET"),
					    .host = STR("api"),
					    .port = STAGE_ECHO_PORT,
					    .target = STR("/"),
					    .connect_timeout_ms = 1000};

	stage_call_begin(&stage, &call, &options);
	stage_run(&stage, 5 * STAGE_SECOND);
	ck_assert(call.is_over);
	return call.failure;
}

static void put_client_in(const char *project)
{
	put(&stage,
	    str_cstr(stage.arena, str_format(stage.arena,
					     "{kind: Pod, metadata: {namespace: %s, name: client}, "
					     "status: {podIP: 10.0.0.1}}",
					     project)));
}

static const struct {
	const char *plugin;
	enum http_failure failure;
} plugins[] = {
	{"", HTTP_FAILURE_NONE},
	{"ovs-subnet", HTTP_FAILURE_NONE},
	{"ovs-multitenant", HTTP_FAILURE_CONNECT_TIMEOUT},
};

START_TEST(only_ovs_multitenant_keeps_projects_apart)
{
	put_client_in("q");
	ck_assert(sdn_use(stage.sim->cluster, str_from(plugins[_i].plugin)));
	ck_assert_int_eq(call_api(), plugins[_i].failure);
	ck_assert(!sdn_use(stage.sim->cluster, STR("token-ring")));
}
END_TEST

static const struct {
	const char *project, *net_namespace;
	enum http_failure failure;
} clients[] = {
	{"p", NULL, HTTP_FAILURE_NONE},
	{NULL, NULL, HTTP_FAILURE_NONE}, /* no pod */
	{"q", NULL, HTTP_FAILURE_CONNECT_TIMEOUT},
	{"q", "{kind: NetNamespace, metadata: {name: q}, netid: 8}", HTTP_FAILURE_CONNECT_TIMEOUT},
	{"q", "{kind: NetNamespace, metadata: {name: q}, netid: 7}", HTTP_FAILURE_NONE},
	{"q", "{kind: NetNamespace, metadata: {name: q}, netid: 0}", HTTP_FAILURE_NONE},
};

START_TEST(projects_of_one_network_are_joined)
{
	sdn_use(stage.sim->cluster, STR("ovs-multitenant"));
	if (clients[_i].project != NULL)
		put_client_in(clients[_i].project);
	if (clients[_i].net_namespace != NULL)
		put(&stage, clients[_i].net_namespace);
	ck_assert_int_eq(call_api(), clients[_i].failure);
}
END_TEST

Suite *sim_cluster_sdn_suite(void);
Suite *sim_cluster_sdn_suite(void)
{
	Suite *suite = suite_create("sim_cluster_sdn");
	TCase *tests = tcase_create("sdn");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, only_ovs_multitenant_keeps_projects_apart, 0,
			    sizeof plugins / sizeof *plugins);
	tcase_add_loop_test(tests, projects_of_one_network_are_joined, 0,
			    sizeof clients / sizeof *clients);
	suite_add_tcase(suite, tests);
	return suite;
}
