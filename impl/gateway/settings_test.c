/* What variables, presets and options make of a start: section 1 of spec/gateway.md. */
#include "gateway/settings.h"

#include <check.h>
#include <string.h>

#include "gateway/stand_test.h"

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
	{"APICAST_LOG_FILE", "syslog:server=1.2.3.4", NULL,
	 "log target \"syslog:server=1.2.3.4\" is not supported", false},
	{"APICAST_LOG_FILE", "stdout", NULL, "ready gateway", false},
	{"APICAST_ACCESS_LOG_FILE", "stderr", NULL, "ready gateway", false},
	{"APICAST_MODULE", "mine", NULL, "APICAST_MODULE and APICAST_CUSTOM_CONFIG are not", false},
	{"IGNORED", "1", "--nonsense", "unknown option --nonsense", true},
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
	suite_add_tcase(suite, test);
	return suite;
}
