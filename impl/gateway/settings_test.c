/* What variables, presets and options make of a start: section 1 of spec/gateway.md. */
#include "gateway/settings.h"

#include <check.h>
#include <string.h>

#include "base/error.h"
#include "gateway/stand_test.h"
#include "world/files.h"
#include "world/log.h"

/* One variable or option, and what the start says about it. */
static const struct {
	const char *name, *value, *argument, *line;
	bool is_refused;
} starts[] = {
	{"APICAST_CONFIGURATION_LOADER", "foo", NULL, "invalid config loader mode", true},
	{"APICAST_CONFIGURATION_LOADER", "lazy", "-b", "ready gateway", false},
	{"APICAST_CONFIGURATION_LOADER", "boot", "-l", "ready gateway", false},
	{"APICAST_CONFIGURATION_LOADER", "test", NULL, "ready gateway", false},
	{"APICAST_LOG_LEVEL", "", NULL, "ready gateway", false},
	{"APICAST_LOG_LEVEL", "nonsense", "-v", "ready gateway", false},
	{"APICAST_ENVIRONMENT", "nosuch:staging", NULL,
	 "not loading nosuch: no configuration found", false},
	{"THREESCALE_DEPLOYMENT_ENV", "mine", NULL, "metrics_port=0", false},
	{"THREESCALE_DEPLOYMENT_ENV", "sandbox", "--dev",
	 "loading development environment configuration", false},
	{"APICAST_CONFIGURATION", "ftp://x", NULL, "unknown configuration URI: ", false},
	{"RESOLVER", "dns.example.com", NULL,
	 "invalid resolver dns.example.com error: invalid address", false},
	{"RESOLVER", "10.0.0.53:53", NULL, "ready gateway", false},
	{"RESOLVER", "10.0.0.53", NULL, "ready gateway", false},
	{"BACKEND_ENDPOINT_OVERRIDE", "nonsense", NULL,
	 "BACKEND_ENDPOINT_OVERRIDE: invalid endpoint", false},
	{"THREESCALE_PORTAL_ENDPOINT", "nonsense", NULL, "ready gateway", false},
	{"APICAST_PATH_ROUTING_ENABLED", "true", NULL,
	 "DEPRECATION NOTICE: Use APICAST_PATH_ROUTING not", false},
	{"APICAST_LOG_FILE", "syslog:server=log.example.com", NULL,
	 "log target \"syslog:server=log.example.com\" cannot be used", false},
	{"APICAST_LOG_FILE", "syslog:server=10.0.0.9:0", NULL, "cannot be used", false},
	{"APICAST_LOG_FILE", "syslog:server=10.0.0.9:x", NULL, "cannot be used", false},
	{"APICAST_LOG_FILE", "syslog:tag=x", NULL, "cannot be used", false},
	{"APICAST_LOG_FILE", "syslog:server=10.0.0.9,facility=none", NULL, "cannot be used", false},
	{"APICAST_LOG_FILE", "syslog:server=10.0.0.9,tag=", NULL, "cannot be used", false},
	{"APICAST_LOG_FILE", "syslog:server=10.0.0.9,colour=red", NULL, "cannot be used", false},
	{"APICAST_LOG_FILE", "stdout", NULL, "ready gateway", false},
	{"APICAST_ACCESS_LOG_FILE", "stderr", NULL, "ready gateway", false},
	{"APICAST_MODULE", "mine", NULL, "[warn] ", false},
	{"APICAST_MODULE", "mine", NULL, "set, but not supported: APICAST_MODULE", false},
	{"OPENTRACING_TRACER", "jaeger", NULL, "set, but not supported: OPENTRACING_TRACER", false},
	{"APICAST_WORKERS", "x", NULL, "invalid number of workers: \"x\" (1 to 256, or auto)",
	 true},
	{"APICAST_WORKERS", "0", NULL, "invalid number of workers: \"0\"", true},
	{"APICAST_WORKERS", "257", NULL, "invalid number of workers: \"257\"", true},
	{"APICAST_WORKERS", "auto", NULL, "echo_port=8081\n", false},
	{"APICAST_WORKERS", "4", "--master=off", "echo_port=8081\n", false},
	{"APICAST_WORKERS", "4", "--master=yes", "--master is on or off, not \"yes\"", true},
	{"APICAST_WORKERS", "1", "--worker=256", "--worker is a number below 256", true},
	{"IGNORED", "1", "--nonsense", "unknown option --nonsense", true},
	{"IGNORED", "1", "--nonsense", "Usage: refscale gateway [start] [OPTION...]", true},
	{"IGNORED", "1", "--signal=stop", "--signal is not supported", true},
	{"IGNORED", "1", "--daemon", "--daemon is not supported: the process stays", false},
	{"IGNORED", "1", "--template=x", "ready gateway", false},
	{"APICAST_ENVIRONMENT", "standalone", NULL, "not loading standalone: not supported", false},
	{"APICAST_ENVIRONMENT", "/gateway.json", NULL, "not loading /gateway.json: not supported",
	 false},
	{"APICAST_ENVIRONMENT", "/none.lua", NULL, "not loading /none.lua: no configuration found",
	 false},
	{"IGNORED", "1", "--port=0", "ready gateway port=", false},
};

static bool start(void)
{
	gateway_stand_file("{}");
	return gateway_stand_start();
}

START_TEST(starts_go_as_the_table_says)
{
	gateway_stand_variable(starts[_i].name, starts[_i].value);
	if (starts[_i].argument != NULL)
		gateway_stand_argument(starts[_i].argument);
	ck_assert_msg(start() != starts[_i].is_refused, "%.*s", STR_ARG(gateway_stand_log()));
	expect_log(starts[_i].line);
}
END_TEST

START_TEST(boot_and_lazy_exclude_each_other)
{
	gateway_stand_argument("-b");
	gateway_stand_argument("-l");
	ck_assert(!start());
	expect_log("--boot and --lazy exclude each other");
}
END_TEST

START_TEST(options_go_before_variables)
{
	gateway_stand_variable("THREESCALE_DEPLOYMENT_ENV", "staging");
	gateway_stand_argument("--channel=production");
	ck_assert(start());
	expect_log("loading production environment configuration");
}
END_TEST

START_TEST(logs_go_to_their_files)
{
	gateway_stand_variable("APICAST_LOG_FILE", "/error.log");
	gateway_stand_variable("APICAST_ACCESS_LOG_FILE", "/access.log");
	gateway_stand_start_with("", "");
	gateway_stand_forget();
	gateway_stand_call((struct gateway_stand_request){.path = "/", .host = "nobody"});
	ck_assert_uint_eq(gateway_stand_log().size, 0);
}
END_TEST

START_TEST(levels_are_moved_by_options)
{
	gateway_stand_argument("-q");
	gateway_stand_argument("-q");
	gateway_stand_start_with("", "");
	gateway_stand_call((struct gateway_stand_request){.path = "/", .host = "nobody"});
	ck_assert(!gateway_stand_log_has("[warn]"));
}
END_TEST

START_TEST(levels_stay_in_their_range)
{
	for (int i = 0; i < 9; i++)
		gateway_stand_argument("--verbose");
	gateway_stand_start_with("", "");
	gateway_stand_get("/?user_key=k");
	gateway_stand_get("/?user_key=k");
	expect_log("[debug]");
}
END_TEST

START_TEST(a_port_that_is_taken_ends_the_start)
{
	gateway_stand_argument("--metrics-port=8080");
	ck_assert(!start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log("[emerg]");
}
END_TEST

START_TEST(quiet_does_not_go_below_emergencies)
{
	for (int i = 0; i < 9; i++)
		gateway_stand_argument("-q");
	gateway_stand_argument("--metrics-port=8080");
	ck_assert(!start());
	expect_log("[emerg]");
}
END_TEST

START_TEST(environments_may_be_named_more_than_once)
{
	gateway_stand_variable("APICAST_ENVIRONMENT", "unused");
	gateway_stand_argument("-e");
	gateway_stand_argument("nosuch:staging");
	gateway_stand_argument("--environment=sandbox");
	ck_assert(start());
	expect_log("loading production environment configuration: builtin\n"
		   "not loading nosuch: no configuration found\n"
		   "loading staging environment configuration: builtin\n"
		   "loading sandbox environment configuration: builtin\n");
	ck_assert(!gateway_stand_log_has("unused"));
}
END_TEST

START_TEST(development_serves_an_echo)
{
	gateway_stand_argument("--dev");
	ck_assert(gateway_stand_start());
	ck_assert_uint_eq(gateway_stand_children(), 0);
	expect_answer(gateway_stand_call(
			      (struct gateway_stand_request){.path = "/a", .host = "localhost"}),
		      200, "GET /a HTTP/1.1\n");
}
END_TEST

START_TEST(a_test_loads_and_ends)
{
	gateway_stand_argument("-t");
	gateway_stand_argument("--debug");
	gateway_stand_argument("--workers=3");
	gateway_stand_argument("-i");
	gateway_stand_argument("60");
	ck_assert(!start());
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
	expect_log("the configuration is fine\nenvironment: production\nloader: boot\n"
		   "cache: 60 s\nsource: file /gateway.json\nworkers: 3\nlog level: warn\n"
		   "management: status\npath routing: off\n");
}
END_TEST

START_TEST(a_test_of_what_cannot_be_loaded_fails)
{
	gateway_stand_argument("-t");
	gateway_stand_variable("APICAST_PATH_ROUTING_ONLY", "1");
	gateway_stand_file("not json");
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), 1);
	expect_log("Expected value but found invalid token at character 1");
}
END_TEST

START_TEST(the_token_of_a_portal_is_not_shown)
{
	gateway_stand_variable("THREESCALE_PORTAL_ENDPOINT", "http://secret@10.0.0.4:3000");
	gateway_stand_variable("THREESCALE_DEPLOYMENT_ENV", "staging");
	gateway_stand_argument("-t");
	gateway_stand_argument("--debug");
	gateway_stand_start();
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
	expect_log("source: portal http://10.0.0.4:3000\n");
	ck_assert(!gateway_stand_log_has("secret"));
}
END_TEST

static struct str file_of(const char *path)
{
	struct error error;
	struct str content;

	ck_assert_msg(files_read(gateway_stand_world(), str_from(path), 1000, gateway_stand_arena(),
				 &content, &error),
		      "%s", error.text);
	return content;
}

START_TEST(the_process_number_is_in_a_file)
{
	gateway_stand_argument("--pid=/run.pid");
	ck_assert(start());
	expect_str(file_of("/run.pid"), "100\n");
	gateway_stand_ask_to_stop();
	gateway_stand_run_for(STAND_SECOND);
	ck_assert(!files_read(gateway_stand_world(), STR("/run.pid"), 1000, gateway_stand_arena(),
			      &(struct str){0}, NULL));
}
END_TEST

START_TEST(shares_of_a_processor_count_inside_a_cluster)
{
	gateway_stand_variable("KUBERNETES_PORT", "tcp://10.0.0.1:443");
	gateway_stand_write("/sys/fs/cgroup/cpu/cpu.shares", "2049\n");
	ck_assert(start());
	expect_log(" workers=3\n");
}
END_TEST

/* Logs. */

static struct received {
	struct str lines[8];
	size_t count;
} received;

static void line_received(struct str line, void *data)
{
	(void)data;
	ck_assert_uint_lt(received.count, 8);
	received.lines[received.count++] = str_copy(gateway_stand_arena(), line);
}

static void play_syslog(void)
{
	received = (struct received){0};
	ck_assert_ptr_nonnull(
		log_receive(gateway_stand_world(), STR(""), 514, line_received, NULL, NULL));
}

START_TEST(logs_go_to_a_server)
{
	play_syslog();
	gateway_stand_variable("APICAST_ACCESS_LOG_FILE", "syslog:server=10.0.0.1");
	gateway_stand_variable("APICAST_LOG_FILE",
			       "syslog:server=10.0.0.1:514,facility=local0,tag=api,nohostname,"
			       "severity=info");
	gateway_stand_start_with("", "");
	gateway_stand_call((struct gateway_stand_request){.path = "/", .host = "nobody"});
	ck_assert_uint_eq(received.count, 3);
	ck_assert(str_has_prefix(received.lines[0], STR("<132>Jun  4 08:00:00 api: 2019/06/04 ")));
	ck_assert(str_find(received.lines[0], STR("service not found for host nobody")) !=
		  STR_NOT_FOUND);
	ck_assert(str_has_prefix(received.lines[2],
				 STR("<190>Jun  4 08:00:00 gateway nginx: [04/Jun/2019:")));
	ck_assert(str_find(received.lines[2], STR("\"GET / HTTP/1.1\" 404")) != STR_NOT_FOUND);
}
END_TEST

START_TEST(what_goes_to_memory_is_not_written)
{
	gateway_stand_variable("APICAST_LOG_FILE", "memory:32m");
	gateway_stand_start_with("", "");
	gateway_stand_call((struct gateway_stand_request){.path = "/", .host = "nobody"});
	ck_assert(!gateway_stand_log_has("[warn]"));
	expect_log("\"GET / HTTP/1.1\" 404");
}
END_TEST

Suite *gateway_settings_suite(void);
Suite *gateway_settings_suite(void)
{
	Suite *suite = suite_create("gateway_settings");
	TCase *test = tcase_create("settings");

	tcase_add_checked_fixture(test, gateway_stand_set, gateway_stand_clear);
	tcase_add_loop_test(test, starts_go_as_the_table_says, 0,
			    (int)(sizeof starts / sizeof *starts));
	tcase_add_test(test, boot_and_lazy_exclude_each_other);
	tcase_add_test(test, options_go_before_variables);
	tcase_add_test(test, logs_go_to_their_files);
	tcase_add_test(test, levels_are_moved_by_options);
	tcase_add_test(test, levels_stay_in_their_range);
	tcase_add_test(test, a_port_that_is_taken_ends_the_start);
	tcase_add_test(test, quiet_does_not_go_below_emergencies);
	tcase_add_test(test, environments_may_be_named_more_than_once);
	tcase_add_test(test, development_serves_an_echo);
	tcase_add_test(test, a_test_loads_and_ends);
	tcase_add_test(test, a_test_of_what_cannot_be_loaded_fails);
	tcase_add_test(test, the_token_of_a_portal_is_not_shown);
	tcase_add_test(test, the_process_number_is_in_a_file);
	tcase_add_test(test, shares_of_a_processor_count_inside_a_cluster);
	tcase_add_test(test, logs_go_to_a_server);
	tcase_add_test(test, what_goes_to_memory_is_not_written);
	suite_add_tcase(suite, test);
	return suite;
}
