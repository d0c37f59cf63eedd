/* Hosts and faces, redirects to HTTPS, probes, times, what the log shows: spec/portal.md 1.1, 2.5,
 * 8.5, PT-159, PT-179, PT-180. */
#include "portal/hosts.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "portal/portal_fixture_test.h"

#define AUTHORIZED "\nAuthorization: Basic YWRtaW4tdG9rZW46" /* TOKEN */
#define SERVICES "/admin/api/services.json"
#define DEVELOPER_HOST "3scale.example.com"

static struct str field_of(struct reply reply, const char *name)
{
	return http_fields_get(&reply.fields, str_from(name));
}

static void ck_field(struct reply reply, const char *name, const char *wanted)
{
	struct str got = field_of(reply, name);

	ck_assert_msg(str_equal(got, str_from(wanted)), "%s: %.*s", name, STR_ARG(got));
}

START_TEST(only_admin_faces_answer_the_api)
{
	static const struct {
		const char *host, *path;
		int status;
	} rows[] = {
		{ADMIN_HOST, SERVICES, 200},
		{"3SCALE-ADMIN.EXAMPLE.COM:443", SERVICES, 200},
		{"system-provider:3000", SERVICES, 200},
		{"127.0.0.1:3001", SERVICES, 200},
		{"127.0.0.1.elsewhere.example", SERVICES, 403},
		{"127.elsewhere.example", "/master/api/providers/1.json", 403},
		{DEVELOPER_HOST, SERVICES, 403},
		{"system-developer:3000", SERVICES, 403},
		{"system-master:3000", SERVICES, 403},
		{MASTER_HOST, SERVICES, 403},
		{"", SERVICES, 403},
		{ADMIN_HOST, "/master/api/providers/1.json", 403},
		{DEVELOPER_HOST, "/master/api/providers/1.json", 403},
		{MASTER_HOST, "/master/api/providers/1.json", 401},
		{"system-master", "/master/api/providers/1.json", 401},
		{"localhost", "/master/api/providers/1.json", 401},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct reply reply = ask_as(portal_text("Host: %s" AUTHORIZED, rows[i].host), "GET",
					    rows[i].path, NULL);

		ck_assert_msg(reply.status == rows[i].status, "%s %s: %d", rows[i].host,
			      rows[i].path, reply.status);
	}
}
END_TEST

START_TEST(probes_need_no_credentials)
{
	struct reply reply = ask_as("", "GET", "/check.txt", NULL);

	reply_is(reply, 200, "ok");
	ck_assert(str_has_prefix(reply.content_type, STR("text/plain")));
	reply_is(ask_as("Host: " DEVELOPER_HOST, "GET", "/check.txt", NULL), 200, "ok");
	reply_is(ask_as("Host: nobody.example.com", "GET", "/check.txt", NULL), 200, "ok");
	reply_has(ask_as("", "POST", "/check.txt", ""), 404, "");
	reply = ask_as("Host: " MASTER_HOST, "GET", "/status", NULL);
	reply_is(reply, 200,
		 "{\"status\":true,\"redis_connection\":true,\"redis_error\":null,"
		 "\"mysql_connection\":true}");
	ck_assert(str_has_prefix(reply.content_type, STR("application/json")));
	reply_has(ask_as("Host: system-master:3000", "GET", "/status", NULL), 200, "true");
	reply_is(ask_as("", "GET", "/status", NULL), 404, "");
	reply_is(ask_as("Host: " DEVELOPER_HOST, "GET", "/status", NULL), 404, "");
}
END_TEST

static void set_up_forcing(void)
{
	static const char *const variables[] = {"FORCE_SSL", "true", NULL};

	fixture_set_environment(variables);
	fixture_set_up();
}

START_TEST(plain_http_is_sent_to_https)
{
	struct reply reply = ask_as("Host: " ADMIN_HOST ":80", "GET", SERVICES "?page=1", NULL);

	reply_is(reply, 301, "");
	ck_field(reply, "Location", "https://" ADMIN_HOST SERVICES "?page=1");
	reply = ask_as("Host: " ADMIN_HOST, "GET", "/check.txt", NULL);
	reply_is(reply, 301, "");
	ck_field(reply, "Location", "https://" ADMIN_HOST "/check.txt");
	reply_is(ask_as("X-Forwarded-Proto: http", "GET", "/check.txt", NULL), 301, "");
	reply_is(ask_as("X-Forwarded-Proto: https", "GET", "/check.txt", NULL), 200, "ok");
	reply_has(ask_as("X-Forwarded-Proto: HTTPS" AUTHORIZED, "GET", SERVICES, NULL), 200,
		  "services");
	reply_has(ask_as("Host: system-provider:3000" AUTHORIZED, "GET", SERVICES, NULL), 200,
		  "services");
	reply_is(ask_as("Host: system-developer", "GET", "/check.txt", NULL), 200, "ok");
	reply_has(ask_as("Host: system-master", "GET", "/status", NULL), 200, "true");
}
END_TEST

static void set_up_master(void)
{
	static const char *const variables[] = {"TENANT_MODE", "master", NULL};

	fixture_set_environment(variables);
	fixture_set_up();
}

START_TEST(a_master_container_is_master_on_every_host)
{
	const char *as_master = "Host: nobody.example.com\n"
				"Authorization: Basic bWFzdGVyLXRva2VuOg==";

	reply_is(ask_as(as_master, "GET", "/master/api/proxy/configs/production.json", NULL), 200,
		 "{\"proxy_configs\":[]}");
	reply_has(ask_as(as_master, "GET", SERVICES, NULL), 200, "\"Master Service\"");
	reply_is(ask_as("Host: " ADMIN_HOST AUTHORIZED, "GET", SERVICES, NULL), 403,
		 "{\"error\":\"Access denied\"}");
}
END_TEST

static void set_up_zync(void)
{
	static const char *const variables[] = {"ZYNC_AUTHENTICATION_TOKEN", "zync", NULL};

	fixture_set_environment(variables);
	fixture_set_up();
}

/* PT-159. */
START_TEST(only_zync_knows_tenants_that_go)
{
	fixture_sql("UPDATE accounts SET state = 'scheduled_for_deletion' WHERE provider = 1");
	reply_is(ask("GET", SERVICES, NULL), 404, "{\"status\":\"Not found\"}");
	reply_is(ask_as("X-Zync-Token: x" AUTHORIZED, "GET", SERVICES, NULL), 404,
		 "{\"status\":\"Not found\"}");
	reply_has(ask_as("X-Zync-Token: zync" AUTHORIZED, "GET", SERVICES, NULL), 200, "services");
}
END_TEST

START_TEST(without_a_zync_token_nobody_is_zync)
{
	fixture_sql("UPDATE accounts SET state = 'scheduled_for_deletion' WHERE provider = 1");
	reply_is(ask_as("X-Zync-Token: " AUTHORIZED, "GET", SERVICES, NULL), 404,
		 "{\"status\":\"Not found\"}");
}
END_TEST

START_TEST(times_are_in_the_zone_of_the_tenant)
{
	const char *service = portal_text("/admin/api/services/%" PRId64, sample_service());
	struct reply reply;

	fixture_sql("UPDATE services SET created_at = '2019-10-01 10:00:00', "
		    "updated_at = '2019-12-01 10:00:00'");
	fixture_sql("UPDATE proxies SET created_at = '2019-10-01 10:00:00'");
	reply = ask("GET", portal_text("%s.json", service), NULL);
	reply_has(reply, 200, "\"created_at\":\"2019-10-01T10:00:00Z\"");
	ck_field(reply, "Last-Modified", "Sun, 01 Dec 2019 10:00:00 GMT");
	fixture_sql("UPDATE accounts SET timezone = 'Madrid' WHERE provider = 1");
	reply = ask("GET", portal_text("%s.json", service), NULL);
	reply_has(reply, 200,
		  "\"created_at\":\"2019-10-01T12:00:00+02:00\","
		  "\"updated_at\":\"2019-12-01T11:00:00+01:00\"");
	ck_field(reply, "Last-Modified", "Sun, 01 Dec 2019 10:00:00 GMT");
	reply_has(ask("GET", portal_text("%s/proxy.xml", service), NULL), 200,
		  "<created_at>2019-10-01 12:00:00 +0200</created_at>");
	fixture_sql("UPDATE accounts SET timezone = 'Nowhere' WHERE provider = 1");
	reply_has(ask("GET", portal_text("%s.json", service), NULL), 200, "T10:00:00Z");
}
END_TEST

START_TEST(etags_are_compared_as_clients_send_them)
{
	struct reply reply = ask("GET", SERVICES, NULL);
	struct str etag = reply.etag;

	ck_assert(str_has_prefix(etag, STR("W/\"")));
	reply_is(ask_as(portal_text("If-None-Match: \"x\", %.*s" AUTHORIZED, STR_ARG(etag)), "GET",
			SERVICES, NULL),
		 304, "");
	reply_is(ask_as(portal_text("If-None-Match: %.*s" AUTHORIZED, STR_ARG(str_skip(etag, 2))),
			"GET", SERVICES, NULL),
		 304, "");
	reply_is(ask_as("If-None-Match: *" AUTHORIZED, "GET", SERVICES, NULL), 304, "");
	reply_has(ask_as("If-None-Match: \"x\"" AUTHORIZED, "GET", SERVICES, NULL), 200, "API");
	/* Lists change without an object that does. */
	ck_assert_uint_eq(field_of(reply, "Last-Modified").size, 0);
	ck_assert_uint_eq(ask("GET", "/admin/api/services/999.json", NULL).etag.size, 0);
	ck_assert_uint_eq(ask("POST", SERVICES, "name=New").etag.size, 0);
}
END_TEST

/* PT-179. */
START_TEST(the_log_shows_no_credential)
{
	const char *lines;

	ask_as("", "GET", SERVICES "?access_token=" TOKEN "&provider_key=abcdef0123", NULL);
	ask("GET", "/admin/api/personal/access_tokens/deadbeef01.json", NULL);
	ask("PATCH", "/admin/api/personal/access_tokens/deadbeef02", "");
	ask("DELETE",
	    portal_text("/admin/api/accounts/%" PRId64 "/applications/%" PRId64
			"/keys/deadbeef03.json",
			sample_account(), sample_application()),
	    NULL);
	lines = strstr(fixture_output(), "ready portal");
	ck_assert_ptr_nonnull(strstr(lines, "GET /admin/api/services.json 200"));
	ck_assert_ptr_nonnull(
		strstr(lines, "PATCH /admin/api/personal/access_tokens/[FILTERED] 404"));
	ck_assert_ptr_nonnull(strstr(lines, "/keys/[FILTERED] 404"));
	ck_assert_ptr_null(strstr(lines, "deadbeef"));
	ck_assert_ptr_null(strstr(lines, "abcdef0123"));
	ck_assert_ptr_null(strstr(lines, TOKEN));
}
END_TEST

static void add_case(Suite *suite, const char *name, void (*set_up)(void),
		     const TTest *const *tests, size_t count)
{
	TCase *test_case = tcase_create(name);

	tcase_add_checked_fixture(test_case, set_up, fixture_tear_down);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(test_case, tests[i]);
	suite_add_tcase(suite, test_case);
}

Suite *portal_hosts_suite(void);
Suite *portal_hosts_suite(void)
{
	const TTest *const plain[] = {
		only_admin_faces_answer_the_api,         probes_need_no_credentials,
		without_a_zync_token_nobody_is_zync,     times_are_in_the_zone_of_the_tenant,
		etags_are_compared_as_clients_send_them, the_log_shows_no_credential};
	const TTest *const forcing[] = {plain_http_is_sent_to_https};
	const TTest *const master[] = {a_master_container_is_master_on_every_host};
	const TTest *const zync[] = {only_zync_knows_tenants_that_go};
	Suite *suite = suite_create("portal_hosts");

	add_case(suite, "plain", fixture_set_up, plain, sizeof plain / sizeof *plain);
	add_case(suite, "force_ssl", set_up_forcing, forcing, 1);
	add_case(suite, "tenant_mode", set_up_master, master, 1);
	add_case(suite, "zync", set_up_zync, zync, 1);
	return suite;
}
