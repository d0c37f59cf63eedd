/* The settings' file: what is refused, and how it is said. What is taken is in the conformance
 * cases (configuration.yaml). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "portal/portal_fixture_test.h"
#include "portal/settings_source.h"

static const char *file(void)
{
	return portal_text("/tmp/refscale-settings-%d.yaml", (int)getpid());
}

static void set_up(void)
{
	fixture_prepare();
}

static void tear_down(void)
{
	unlink(file());
	fixture_tear_down();
}

static void write_file(const char *text)
{
	FILE *out = fopen(file(), "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

static const struct {
	const char *text, *refusal; /* behind "FILE: " */
} refusals[] = {
	{"- settings\n", "line 1: there must be sections"},
	{"settings\n", "line 1: there must be sections"},
	{"smtp:\n  port: 25\n  port: 26\n", "line 3: duplicate key \"port\""},
	{"smtp: [\n", "line 2: "},
	{"\n\nmoon: {}\n", "line 3: there is no section moon"},
	{"smtp: relay\n", "line 1: the section smtp must have keys and values"},
	{"rolling_updates: [cms_api]\n",
	 "line 1: the section rolling_updates must have keys and values"},
	{"settings:\n  SMTP_PORT: 25\n", "line 2: settings.SMTP_PORT is not known"},
	{"settings:\n  smtp_port: 25\n", "line 2: settings.smtp_port is not known"},
	{"settings: {master_password: 123456}\n",
	 "line 1: settings.master_password must be a text; a number in quotes is one"},
	{"settings: {master_password: [a]}\n", "line 1: settings.master_password must be a text"},
	{"settings: {force_ssl: 2}\n", "line 1: settings.force_ssl must be true or false"},
	{"settings: {force_ssl: {a: b}}\n", "line 1: settings.force_ssl must be true or false"},
	{"settings: {unicorn_workers: 1.5}\n",
	 "line 1: settings.unicorn_workers must be a whole number"},
	{"settings: {unicorn_workers: true}\n",
	 "line 1: settings.unicorn_workers must be a whole number"},
	{"settings:\n  unicorn_workers: 300\n",
	 "line 2: settings.unicorn_workers must be a number from 0 to 256, not \"300\""},
	{"settings: {tenant_mode: moon}\n",
	 "line 1: settings.tenant_mode must be developer, provider, multitenant or master"},
	{"settings: {threescale_sandbox_proxy_openssl_verify_mode: NO}\n",
	 "line 1: settings.threescale_sandbox_proxy_openssl_verify_mode must be VERIFY_NONE or "},
	{"settings: {redis_sentinel_role: x}\n",
	 "line 1: settings.redis_sentinel_role must be master or slave"},
	{"settings: {database_url: 'mysql2://x'}\n", "line 1: settings.database_url: "},
	{"backend_redis: {url: 'http://x'}\n", "line 1: backend_redis.url: "},
	{"backend_redis: {timeout: 0}\n",
	 "line 1: backend_redis.timeout must be a number from 1 to 60, not \"0\""},
	{"zync: {send_timeout: 61}\n",
	 "line 1: zync.send_timeout must be a number from 1 to 60, not \"61\""},
	{"zync: {endpoint: x}\n", "line 1: zync.endpoint: "},
	{"smtp: {authentication: ntlm}\n", "line 1: smtp.authentication cannot be \"ntlm\""},
	{"smtp: {openssl.verify.mode: maybe}\n",
	 "line 1: smtp.openssl.verify.mode cannot be \"maybe\""},
	{"rolling_updates: {moon: true}\n", "line 1: rolling_updates.moon is not known"},
	{"rolling_updates: {cms_api: 'on'}\n",
	 "line 1: rolling_updates.cms_api must be true or false"},
	{"sidekiq_schedule: {monthly: '0 0 1 * *'}\n",
	 "line 1: sidekiq_schedule.monthly is neither a schedule nor one of its jobs"},
	{"sidekiq_schedule: {delete_service: '0 0 1 * *'}\n",
	 "line 1: sidekiq_schedule.delete_service is neither a schedule nor one of its jobs"},
	{"sidekiq_schedule: {daily: {cron: '0 0 1 * *'}}\n",
	 "line 1: sidekiq_schedule.daily must be a cron expression in quotes"},
	{"sidekiq_schedule: {daily: never}\n",
	 "line 1: sidekiq_schedule.daily: \"never\" is no cron expression"},
	{"service_discovery: {server_port: 0}\n",
	 "line 1: service_discovery.server_port must be a number from 1 to 65535"},
	{"service_discovery: {server_scheme: ftp}\n",
	 "line 1: service_discovery.server_scheme must be https or http, not \"ftp\""},
};

START_TEST(mistakes_are_named_by_their_place)
{
	const char *refusal, *wanted = portal_text("%s: %s", file(), refusals[_i].refusal);
	int status;

	write_file(refusals[_i].text);
	refusal = fixture_refusal(portal_text("--config %s", file()), &status);
	ck_assert_msg(strncmp(refusal, wanted, strlen(wanted)) == 0, "%s", refusal);
	ck_assert_ptr_null(strchr(refusal, '\n'));
	ck_assert_int_eq(status, 1);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
	int status;

	ck_assert_ptr_nonnull(
		strstr(fixture_refusal("--config /nowhere/portal.yaml", &status), "/nowhere"));
	ck_assert_int_eq(status, 1);
}
END_TEST

/* Two places for one name, or two names for one place, would be a riddle. */
START_TEST(every_setting_has_one_place)
{
	for (size_t i = 0; i < portal_settings_count; i++) {
		const struct setting *one = &portal_settings[i];

		ck_assert(one->variable != NULL || one->key != NULL);
		for (size_t j = 0; j < i; j++) {
			const struct setting *other = &portal_settings[j];

			ck_assert(one->variable == NULL || other->variable == NULL ||
				  strcmp(one->variable, other->variable) != 0);
			ck_assert(one->key == NULL || other->key == NULL ||
				  strcmp(one->section, other->section) != 0 ||
				  strcmp(one->key, other->key) != 0);
		}
	}
}
END_TEST

Suite *portal_settings_source_suite(void);
Suite *portal_settings_source_suite(void)
{
	Suite *suite = suite_create("portal_settings_source");
	TCase *tests = tcase_create("file");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, mistakes_are_named_by_their_place, 0,
			    sizeof refusals / sizeof *refusals);
	tcase_add_test(tests, a_missing_file_is_named);
	tcase_add_test(tests, every_setting_has_one_place);
	suite_add_tcase(suite, tests);
	return suite;
}
