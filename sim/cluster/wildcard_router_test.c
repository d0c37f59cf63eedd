/* What stands behind 2.5's wildcard route: whose a host is, says the master portal. */
#include "sim/cluster/cluster_test.h"

static struct stage stage;
static struct stage_server master;
static struct sim_host *router_host;
static struct sim_process *router;

static void start_router(const char *api_host)
{
	struct str words[] = {STR("apicast-wildcard-router"), STR("--port"), STR("8080")};
	const struct process_variable variables[] = {{STR("API_HOST"), str_from(api_host)}};
	struct process_options options = {
		.words = words, .words_count = 3, .variables = variables, .variables_count = 1};

	router = stage_start_with(&stage, router_host, options);
	stage_run(&stage, 1000);
}

static void set_up(void)
{
	memset(&master, 0, sizeof master);
	stage_open(&stage);
	router_host = sim_host_add(stage.sim, STR("router"), STR("10.0.0.7"));
	start_router("http://token@api:8082");
}

static void tear_down(void)
{
	if (sim_process_is_running(router)) {
		sim_process_stop(router);
		stage_run(&stage, STAGE_SECOND);
	}
	ck_assert(!stage_traced(&stage, "\"left\":"));
	stage_server_close(&master);
	stage_close(&stage);
}

static struct stage_call *ask(void)
{
	static struct stage_call call;
	struct http_fields fields;
	struct http_call_options options = {.method = STR("GET"),
					    .host = STR("router"),
					    .port = 8080,
					    .fields = &fields,
					    .target = STR("/hello")};

	http_fields_init(&fields, stage.arena);
	http_fields_add(&fields, STR("Host"), STR("any.apps.example.com:443"));
	stage_call_begin(&stage, &call, &options);
	stage_run(&stage, STAGE_SECOND);
	ck_assert(call.is_over);
	return &call;
}

/* The master portal of these tests is the stage's server; what it leads to is the echo API, which
 * has the names and ports of an installation's services. */
static void master_says(const char *flags)
{
	stage_server_open(
		&stage, &master,
		str_cstr(stage.arena, str_format(stage.arena,
						 "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
						 "{\"domain\":\"any.apps.example.com\",%s}",
						 flags)));
	master.ends = true;
}

static void start_echo(const char *name, const char *port)
{
	struct str words[] = {STR("refscale"), STR("echo"), STR("--port"), str_from(port)};

	sim_dns_set(stage.sim, str_from(name), STR("10.0.0.2"), 60);
	stage.echo = stage_start(&stage, stage.api_host, words, 4);
	stage_run(&stage, 1000);
}

static const struct {
	const char *flags, *service, *port;
} owners[] = {
	{"\"master\":true", "system-master", "3000"},
	{"\"master\":false,\"provider\":true", "system-provider", "3000"},
	{"\"developer\":true", "system-developer", "3000"},
	{"\"apicast\":{\"staging\":false,\"production\":true}", "apicast-production", "8080"},
	{"\"apicast\":{\"staging\":true,\"production\":false}", "apicast-staging", "8080"},
};

START_TEST(a_host_leads_to_whose_it_is)
{
	const struct stage_call *call;

	sim_process_stop(router);
	stage_run(&stage, STAGE_SECOND);
	start_router("http://token@api:8081");
	start_echo(owners[_i].service, owners[_i].port);
	master_says(owners[_i].flags);
	call = ask();
	ck_assert_int_eq(call->status, 200);
	ck_assert(str_find(call->body, STR("any.apps.example.com")) != STR_NOT_FOUND);
	ck_assert(str_find(strbuf_str(&master.got),
			   STR("GET /master/api/domain/any.apps.example.com HTTP/1.1")) !=
		  STR_NOT_FOUND);
	ck_assert(str_find(strbuf_str(&master.got), STR("Authorization: Basic dG9rZW46")) !=
		  STR_NOT_FOUND);
}
END_TEST

START_TEST(a_host_that_is_nobodys_is_not_found)
{
	sim_process_stop(router);
	stage_run(&stage, STAGE_SECOND);
	start_router("http://token@api:8081");
	master_says("\"master\":false,\"provider\":false");
	ck_assert_int_eq(ask()->status, 404);
}
END_TEST

START_TEST(without_its_master_it_leads_nowhere)
{
	ck_assert_int_eq(ask()->status, 503);
	ck_assert(stage_traced(&stage, "the master portal does not answer: connection refused"));
}
END_TEST

START_TEST(it_must_know_its_master)
{
	sim_process_stop(router);
	stage_run(&stage, STAGE_SECOND);
	start_router("");
	ck_assert_int_eq(stage.exit_status, 1);
}
END_TEST

Suite *sim_cluster_wildcard_router_suite(void);
Suite *sim_cluster_wildcard_router_suite(void)
{
	Suite *suite = suite_create("sim_cluster_wildcard_router");
	TCase *tests = tcase_create("wildcard router");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_host_leads_to_whose_it_is, 0, sizeof owners / sizeof *owners);
	tcase_add_test(tests, a_host_that_is_nobodys_is_not_found);
	tcase_add_test(tests, without_its_master_it_leads_nowhere);
	tcase_add_test(tests, it_must_know_its_master);
	suite_add_tcase(suite, tests);
	return suite;
}
