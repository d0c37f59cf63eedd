/* SSO tokens: spec/portal.md 2.1, 3.11. */
#include "portal/sso_token.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "portal/portal_fixture_test.h"

#define CONFIGS "/admin/api/services/proxy/configs/sandbox.json?host=x"
#define INVALID "{\"error\":\"Your token is invalid\"}"
#define AS_MASTER "Host: " MASTER_HOST "\nAuthorization: Basic bWFzdGVyLXRva2VuOg=="
#define CREATE "/admin/api/sso_tokens.json"
#define PROVIDER_CREATE "/admin/api/sso_tokens/provider_create.json"

static const char *first_id(const char *sql)
{
	const struct json *rows = fixture_sql(sql);

	ck_assert_uint_ge(rows->count, 1);
	return portal_text("%.*s", STR_ARG(json_get_str(json_at(rows, 0), STR("id"))));
}

static const char *tenant_id(void)
{
	return first_id("SELECT id FROM accounts WHERE provider = 1 ORDER BY id");
}

/* What master gets to enter the tenant. */
static const char *impersonation_token(void)
{
	struct reply reply = ask_as(AS_MASTER, "POST", PROVIDER_CREATE,
				    portal_text("provider_id=%s", tenant_id()));

	return portal_text("%.*s", STR_ARG(reply_text_at(reply, 201, "sso_token.token")));
}

static void stop_clock(const char *seconds)
{
	ck_assert_int_eq(ask_as("", "PUT", "/__test/clock", seconds).status, 204);
}

START_TEST(a_developer_gets_an_address_that_lets_in)
{
	const char *john = first_id("SELECT id FROM users WHERE username = 'john'"), *token;
	struct reply reply;

	stop_clock("1569924000");
	reply = ask("POST", CREATE, "username=john");
	token = portal_text("%.*s", STR_ARG(reply_text_at(reply, 201, "sso_token.token")));
	reply_is(reply, 201,
		 portal_text("{\"sso_token\":{\"sso_url\":\"https://3scale.example.com/session/"
			     "create?token=%s&expires_at=1569924600\",\"token\":\"%s\"}}",
			     token, token));
	reply = ask("POST", CREATE,
		    portal_text("{\"sso_token\":{\"user_id\":%s,\"expires_in\":31,\"protocol\":"
				"\"http\",\"redirect_url\":\"http://a/b?c\"}}",
				john));
	reply_has(reply, 201, "\"http://3scale.example.com/session/create?token=");
	reply_has(reply, 201, "&expires_at=1569924031&redirect_url=http%3A%2F%2Fa%2Fb%3Fc\"");
	reply_has(ask("POST", "/admin/api/sso_tokens", "username=john"), 201,
		  "?><sso_token><sso_url>https://");
}
END_TEST

START_TEST(wrong_orders_are_refused)
{
	static const struct step steps[] = {
		{"POST", "sso_tokens.json", "username=john&expires_in=30", 422,
		 "{\"errors\":{\"expires_in\":[\"must be greater than 30\"]}}", NULL, NULL, NULL},
		{"POST", "sso_tokens.json", "username=john&expires_in=86401", 422,
		 "must be less than or equal to 86400", NULL, NULL, NULL},
		{"POST", "sso_tokens.json", "username=john&expires_in=86400", 201, NULL, NULL, NULL,
		 NULL},
		{"POST", "sso_tokens.json", "username=john&expires_in=x&protocol=ftp", 422,
		 "{\"errors\":{\"expires_in\":[\"is not a number\"],\"protocol\":[\"is not "
		 "included in the list\"]}}",
		 NULL, NULL, NULL},
		{"POST", "sso_tokens.json", "username=nobody", 404, NULL, NULL, NULL, NULL},
		{"POST", "sso_tokens.json", "user_id=x", 404, NULL, NULL, NULL, NULL},
		{"POST", "sso_tokens.json", "", 404, NULL, NULL, NULL, NULL},
		/* Its own people come in by another door. */
		{"POST", "sso_tokens.json", "username=admin", 404, NULL, NULL, NULL, NULL},
		{"POST", "sso_tokens.json", "sso_token[]=1", 422, "Wrong type", NULL, NULL, NULL},
		{"POST", "sso_tokens/provider_create.json", "provider_id=1", 403, "Forbidden", NULL,
		 NULL, NULL},
	};

	RUN_STEPS(steps);
	reply_is(ask_as(AS_MASTER, "POST", PROVIDER_CREATE, ""), 400,
		 "Required parameter missing: provider_id");
	reply_has(ask_as(AS_MASTER, "POST", PROVIDER_CREATE, "provider_id=999"), 404, "Not found");
	reply_is(ask_as("Host: " MASTER_HOST, "POST", PROVIDER_CREATE,
			portal_text("provider_id=%s", tenant_id())),
		 403, "{\"error\":\"Access denied\"}");
	/* A developer account is no tenant of master's. */
	reply_has(ask_as(AS_MASTER, "POST", PROVIDER_CREATE,
			 portal_text("provider_id=%" PRId64, sample_account())),
		  404, "Not found");
}
END_TEST

START_TEST(master_enters_a_tenant)
{
	struct reply reply;

	stop_clock("1569924000");
	reply = ask_as(AS_MASTER, "POST", PROVIDER_CREATE,
		       portal_text("provider_id=%s&expires_in=60", tenant_id()));
	reply_has(reply, 201, "\"https://3scale-admin.example.com/p/sso?token=");
	reply_has(reply, 201, "&expires_at=1569924060\"");
	ck_assert(str_equal(http_fields_get(&reply.fields, STR("Expires")),
			    STR("Tue, 01 Oct 2019 10:01:00 GMT")));
}
END_TEST

START_TEST(configurations_are_shown_to_an_sso_token)
{
	const char *token = impersonation_token(), *developer;
	struct reply reply = ask("POST", CREATE, "username=john");

	developer = portal_text("%.*s", STR_ARG(reply_text_at(reply, 201, "sso_token.token")));
	reply_is(ask_as("", "GET", portal_text(CONFIGS "&token=%s", token), NULL), 200,
		 "{\"proxy_configs\":[]}");
	reply_is(ask_as("", "GET", CONFIGS "&token=", NULL), 403, INVALID);
	reply_is(ask_as("", "GET", CONFIGS "&token=1-2-3", NULL), 403, INVALID);
	reply_is(ask_as("", "GET", portal_text(CONFIGS "&token=%sa", token), NULL), 403, INVALID);
	reply_is(ask_as("", "GET", portal_text(CONFIGS "&token=1%s", token), NULL), 403, INVALID);
	reply_is(ask_as("", "GET", portal_text(CONFIGS "&token=%s", developer), NULL), 403,
		 INVALID);
	/* Nowhere else, and at no other tenant. */
	reply_is(ask_as("", "GET", portal_text("/admin/api/services.json?token=%s", token), NULL),
		 403, "{\"error\":\"Access denied\"}");
	ask_as(AS_MASTER, "POST", "/master/api/providers.json",
	       "org_name=Other&username=admin&email=admin@other.example&password=123456");
	reply_is(ask_as("Host: other-admin.example.com", "GET",
			portal_text(CONFIGS "&token=%s", token), NULL),
		 403, INVALID);
}
END_TEST

START_TEST(tokens_expire)
{
	const char *token;

	stop_clock("1569924000");
	token = impersonation_token();
	stop_clock("1569924599");
	reply_has(ask_as("", "GET", portal_text(CONFIGS "&token=%s", token), NULL), 200, "[]");
	stop_clock("1569924600");
	reply_is(ask_as("", "GET", portal_text(CONFIGS "&token=%s", token), NULL), 403, INVALID);
}
END_TEST

Suite *portal_sso_token_suite(void);
Suite *portal_sso_token_suite(void)
{
	Suite *suite = suite_create("portal_sso_token");
	TCase *tests = tcase_create("sso_token");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, a_developer_gets_an_address_that_lets_in);
	tcase_add_test(tests, wrong_orders_are_refused);
	tcase_add_test(tests, master_enters_a_tenant);
	tcase_add_test(tests, configurations_are_shown_to_an_sso_token);
	tcase_add_test(tests, tokens_expire);
	suite_add_tcase(suite, tests);
	return suite;
}
