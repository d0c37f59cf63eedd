/* Tokens in a gateway of the simulator: what the conformance cases do not reach, other sides that
 * fail before all. Sections 2.5, 4.9, 9.4 and 10 of spec/gateway.md. */
#include "gateway/oidc.h"

#include <check.h>
#include <string.h>

#include "base/base64.h"
#include "base/jose_keys_test.h"
#include "base/json.h"
#include "gateway/stand_test.h"

Suite *gateway_oidc_suite(void);

#define PLAY(server, ...)                                                                          \
	gateway_stand_play((server), (const struct gateway_stand_script[]){__VA_ARGS__},           \
			   sizeof((const struct gateway_stand_script[]){__VA_ARGS__}) /            \
				   sizeof(struct gateway_stand_script))

#define CONFIGURATION "/.well-known/openid-configuration"
#define OIDC ",\"backend_version\":\"oauth\""
#define ISSUER                                                                                     \
	",\"authentication_method\":\"oidc\",\"oidc_issuer_endpoint\":\"http://"                   \
	"id:pw@10.0.0.4:3000/\""
#define DOCUMENT                                                                                   \
	"{\"issuer\":\"https://sso\",\"jwks_uri\":\"http://10.0.0.4:3000/jwks?a=b\","              \
	"\"id_token_signing_alg_values_supported\":[\"RS256\"]}"

static const char *text(struct str s)
{
	return str_cstr(gateway_stand_arena(), s);
}

static const char *jwks(void)
{
	struct arena *arena = gateway_stand_arena();
	struct json *jwk = jose_key_jwk(arena, jose_test_key(arena, "rsa-1"));

	json_set(jwk, STR("kid"), json_new_str(arena, STR("k1")));
	return text(str_format(arena, "{\"keys\":[%.*s,{\"kty\":\"oct\",\"kid\":\"s\"},7]}",
			       STR_ARG(json_print(arena, jwk))));
}

static const char *bearer(const char *payload)
{
	struct arena *arena = gateway_stand_arena();
	struct json *header = json_new(arena, JSON_OBJECT);
	struct str token;

	json_set(header, STR("alg"), json_new_str(arena, STR("RS256")));
	json_set(header, STR("kid"), json_new_str(arena, STR("k1")));
	ck_assert(jose_sign(arena, jose_test_key(arena, "rsa-1"), header, str_from(payload), &token,
			    NULL));
	return text(STR_CONCAT(arena, STR("Bearer "), token));
}

#define GOOD                                                                                       \
	"{\"iss\":\"https://sso\",\"sub\":\"s\",\"aud\":\"a\",\"azp\":\"app\",\"exp\":4102444800}"

static int status_with(const char *authorization)
{
	return gateway_stand_call((struct gateway_stand_request){
					  .path = "/", .fields = {"Authorization", authorization}})
		.status;
}

/* Issuers. */

#define JSON_FIELD .field = "Content-Type", .value = "application/json;charset=utf-8"

START_TEST(what_an_issuer_says_is_part_of_the_configuration)
{
	struct stand_answer answer;

	PLAY(STAND_PORTAL, {.prefix = CONFIGURATION, JSON_FIELD, .body = DOCUMENT},
	     {.prefix = "/jwks?a=b", JSON_FIELD, .body = jwks()});
	gateway_stand_variable("APICAST_MANAGEMENT_API", "debug");
	gateway_stand_start_with(OIDC, ISSUER);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 2);
	ck_assert_int_eq(status_with(bearer(GOOD)), 200);
	answer = gateway_stand_call(
		(struct gateway_stand_request){.method = "POST", .path = "/boot", .port = 8090});
	ck_assert_int_eq(answer.status, 200);
	ck_assert_uint_ne(str_find(answer.body, STR("\"pem\":\"-----BEGIN PUBLIC KEY-----\\n")),
			  STR_NOT_FOUND);
	ck_assert_uint_ne(str_find(answer.body, STR("\"issuer\":\"https://sso\",\"config\":{")),
			  STR_NOT_FOUND);
	ck_assert_uint_eq(str_find(answer.body, STR("\"kty\":\"oct\"")), STR_NOT_FOUND);
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_PORTAL), 4);
	ck_assert_int_eq(status_with(bearer(GOOD)), 200);
}
END_TEST

/* What the issuer answers, and what the log says of it; nobody gets in. */
static const struct {
	struct gateway_stand_script configuration, keys;
	const char *log;
} issuers[] = {
	{{JSON_FIELD, .body = "[]"}, {0}, "status: 200 body: []"},
	{{JSON_FIELD, .body = "{\"a\":1,\"a\":2}"}, {0}, "status: 200 body: {"},
	{{JSON_FIELD, .body = "{}"}, {0}, "OIDC url is not valid, uri: \"\", error: "},
	{{JSON_FIELD, .body = "{\"jwks_uri\":\"ftp://user:secret@x/\"}"},
	 {0},
	 "OIDC url is not valid, uri: \"x/\", error: invalid endpoint"},
	{{.status = 302, .field = "Location", .value = "/x"}, {0}, "status: 302 body: "},
	{{.body = DOCUMENT}, {0}, "expected application/json got:   body: {"},
	{{.fault = STAND_CLOSES}, {0}, "status: 0 body: "},
	{{.fault = STAND_SILENT}, {0}, "status: 0 body: "},
	{{JSON_FIELD, .body = DOCUMENT, .fault = STAND_CUTS}, {0}, "status: 0 body: "},
	{{JSON_FIELD, .fault = STAND_DRIPS}, {0}, "status: 0 body: "},
	{{JSON_FIELD, .body = DOCUMENT},
	 {JSON_FIELD, .fault = STAND_DRIPS},
	 "http://10.0.0.4:3000/jwks?a=b status: 0"},
	{{JSON_FIELD, .body = DOCUMENT},
	 {.status = 404, .body = "none\n"},
	 "http://10.0.0.4:3000/jwks?a=b status: 404 body: none\\x0A"},
	{{JSON_FIELD, .body = DOCUMENT},
	 {JSON_FIELD, .fault = STAND_CUTS},
	 "http://10.0.0.4:3000/jwks?a=b status: 0"},
	{{JSON_FIELD, .body = "{\"jwks_uri\":\"http://10.0.0.4:3000/jwks\"}"},
	 {JSON_FIELD, .body = "{}"},
	 "missing OIDC configuration"},
	{{JSON_FIELD, .body = DOCUMENT}, {JSON_FIELD, .body = "{}"}, "ready gateway"},
};

START_TEST(an_issuer_that_fails_lets_nobody_in)
{
	struct gateway_stand_script configuration = issuers[_i].configuration;
	struct gateway_stand_script keys = issuers[_i].keys;

	configuration.prefix = CONFIGURATION;
	keys.prefix = "/jwks";
	PLAY(STAND_PORTAL, configuration, keys);
	gateway_stand_start_with(OIDC, ISSUER);
	ck_assert_int_eq(status_with(bearer(GOOD)), 403);
	expect_log(issuers[_i].log);
	ck_assert(!gateway_stand_log_has("pw"));
	ck_assert(!gateway_stand_log_has("secret"));
}
END_TEST

START_TEST(user_and_password_of_the_issuer_are_sent_to_it_only)
{
	PLAY(STAND_PORTAL, {.prefix = CONFIGURATION, JSON_FIELD, .body = DOCUMENT},
	     {.prefix = "/jwks", JSON_FIELD, .body = jwks()});
	gateway_stand_start_with(OIDC, ISSUER);
	expect_str(
		http_fields_get(&gateway_stand_seen(STAND_PORTAL, 0)->fields, STR("Authorization")),
		"Basic aWQ6cHc=");
	expect_str(
		http_fields_get(&gateway_stand_seen(STAND_PORTAL, 1)->fields, STR("Authorization")),
		"");
}
END_TEST

START_TEST(a_gateway_may_end_while_an_issuer_is_asked)
{
	PLAY(STAND_PORTAL, {.prefix = CONFIGURATION, .fault = STAND_SILENT});
	gateway_stand_variable("APICAST_CONFIGURATION_LOADER", "lazy");
	gateway_stand_variable("APICAST_CONFIGURATION_CACHE", "1");
	gateway_stand_start_with(OIDC, ISSUER);
	gateway_stand_send((struct gateway_stand_request){.path = "/"});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_ask_to_stop();
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(20 * STAND_SECOND);
	ck_assert_int_eq(gateway_stand_exit_status(), 0);
}
END_TEST

START_TEST(a_token_dies_in_both_caches)
{
	const char *authorization = bearer(
		"{\"iss\":\"https://sso\",\"sub\":\"s\",\"aud\":\"a\",\"azp\":\"app\",\"exp\":"
		"4102444800,\"nbf\":1}");

	PLAY(STAND_PORTAL, {.prefix = CONFIGURATION, JSON_FIELD, .body = DOCUMENT},
	     {.prefix = "/jwks", JSON_FIELD, .body = jwks()});
	gateway_stand_variable("APICAST_LOG_LEVEL", "info");
	gateway_stand_start_with(OIDC, ISSUER);
	ck_assert_int_eq(status_with(authorization), 200);
	/* The key of the cache is the token; its signature is nobody's business. */
	expect_log("apicast cache write key: 42:eyJ");
	expect_log("...:usage%5Bhits%5D=1, ttl: ");
	ck_assert(!gateway_stand_log_has("ttl: nil"));
	ck_assert(!gateway_stand_log_has(strrchr(authorization, '.')));
	ck_assert_int_eq(status_with(authorization), 200);
}
END_TEST

/* Introspection. */

#define INTROSPECTION                                                                              \
	",\"policy_chain\":[{\"name\":\"token_introspection\",\"configuration\":{\"auth_type\":"   \
	"\"client_id+client_secret\",\"introspection_url\":\"%s\",\"client_id\":\"a\","            \
	"\"client_secret\":\"b\"}},{\"name\":\"apicast\"}]"

static void start_with_introspection(const char *url)
{
	gateway_stand_start_with("", text(str_format(gateway_stand_arena(), INTROSPECTION, url)));
}

static int introspected(void)
{
	return gateway_stand_call(
		       (struct gateway_stand_request){.path = "/?user_key=k",
						      .fields = {"Authorization", "Bearer token"}})
		.status;
}

START_TEST(an_introspection_that_breaks_off_lets_nobody_in)
{
	static const enum gateway_stand_fault faults[] = {STAND_CUTS, STAND_CLOSES, STAND_SILENT};

	PLAY(STAND_PORTAL, {.body = "{\"active\":true}", .fault = faults[_i]});
	start_with_introspection("http://10.0.0.4:3000/introspect?x=y");
	ck_assert_int_eq(introspected(), 403);
	expect_log("failed to execute token introspection: ");
	expect_str(gateway_stand_last(STAND_PORTAL)->target, "/introspect?x=y");
	PLAY(STAND_PORTAL, {.body = "{\"active\":true}"});
	ck_assert_int_eq(introspected(), 200);
}
END_TEST

START_TEST(a_url_that_is_none_lets_nobody_in)
{
	start_with_introspection("ftp://10.0.0.4/");
	ck_assert_int_eq(introspected(), 403);
	expect_log("invalid introspection url");
}
END_TEST

START_TEST(without_a_url_everybody_passes)
{
	start_with_introspection("");
	ck_assert_int_eq(introspected(), 200);
}
END_TEST

START_TEST(a_client_may_leave_during_an_introspection)
{
	PLAY(STAND_PORTAL, {.fault = STAND_SILENT});
	start_with_introspection("http://10.0.0.4:3000/");
	gateway_stand_send((struct gateway_stand_request){
		.path = "/?user_key=k", .fields = {"Authorization", "Bearer token"}});
	gateway_stand_run_for(STAND_SECOND);
	gateway_stand_leave();
	gateway_stand_run_for(100 * STAND_SECOND);
	PLAY(STAND_PORTAL, {.body = "{\"active\":true}"});
	ck_assert_int_eq(introspected(), 200);
}
END_TEST

/* The native flow. */

#define LOGIN ",\"oauth_login_url\":\"http://login/?a=b\""
#define AUTHORIZE "/authorize?response_type=code&client_id=c&redirect_uri=http%3A%2F%2Fa"

START_TEST(a_client_may_leave_during_any_step_of_the_flow)
{
	static const struct {
		const char *path, *redis;
		enum gateway_stand_fault backend;
	} steps[] = {
		{AUTHORIZE, "redis://10.0.0.4:3000", STAND_SILENT},
		{AUTHORIZE, "redis://10.0.0.4:3000", STAND_NO_FAULT}, /* which is no Redis */
		{"/callback?redirect_uri=http%3A%2F%2Fa&state=s", "redis://10.0.0.4:3000",
		 STAND_NO_FAULT},
	};

	PLAY(STAND_PORTAL, {.fault = STAND_SILENT});
	PLAY(STAND_BACKEND,
	     {.body = "<redirect_url>http://a</redirect_url>", .fault = steps[_i].backend});
	gateway_stand_variable("REDIS_URL", steps[_i].redis);
	gateway_stand_start_with(OIDC, LOGIN);
	gateway_stand_send((struct gateway_stand_request){.path = steps[_i].path});
	gateway_stand_run_for(200 * STAND_MS);
	gateway_stand_leave();
	gateway_stand_run_for(100 * STAND_SECOND);
	PLAY(STAND_BACKEND, {0});
	expect_answer(gateway_stand_get("/?access_token=t"), 200, "");
	gateway_stand_send((struct gateway_stand_request){.path = steps[_i].path});
	gateway_stand_run_for(200 * STAND_MS);
	gateway_stand_ask_to_stop();
}
END_TEST

static const struct {
	const char *path, *redis, *proxy, *log;
	int status;
} broken[] = {
	{AUTHORIZE, "redis://10.0.0.4:3000", LOGIN, "OAuth: Redis does not answer", 500},
	{AUTHORIZE, "nonsense://", LOGIN, "OAuth: the URL of Redis cannot be read", 500},
	{AUTHORIZE, "", "", "OAuth: the service has no oauth_login_url", 500},
	{AUTHORIZE, "", ",\"oauth_login_url\":\"http://x\\r\\ny\"",
	 "OAuth: the service has no oauth_login_url", 500},
	{"/callback?redirect_uri=http%3A%2F%2Fa&state=s", "redis://10.0.0.4:3000", LOGIN,
	 "OAuth: Redis does not answer", 500},
	{"/callback?redirect_uri=http%3A%2F%2Fa&state=s", "nonsense://", LOGIN,
	 "OAuth: the URL of Redis cannot be read", 500},
};

START_TEST(a_flow_that_cannot_go_on_says_so)
{
	PLAY(STAND_BACKEND, {.body = "<redirect_url>http://a</redirect_url>"});
	PLAY(STAND_PORTAL, {.fault = STAND_CLOSES});
	gateway_stand_variable("REDIS_URL", broken[_i].redis);
	gateway_stand_start_with(OIDC, broken[_i].proxy);
	ck_assert_int_eq(gateway_stand_get(broken[_i].path).status, broken[_i].status);
	expect_log(broken[_i].log);
}
END_TEST

START_TEST(a_backend_that_is_away_knows_no_client)
{
	struct stand_answer answer;

	PLAY(STAND_BACKEND, {.fault = STAND_CLOSES});
	gateway_stand_start_with(OIDC, LOGIN);
	answer = gateway_stand_get(AUTHORIZE);
	ck_assert_int_eq(answer.status, 302);
	expect_str(gateway_stand_field(&answer, "Location"),
		   "http://login/?a=b&error=invalid_client");
}
END_TEST

Suite *gateway_oidc_suite(void)
{
	Suite *suite = suite_create("gateway_oidc");
	TCase *tests = tcase_create("oidc");

	tcase_add_checked_fixture(tests, gateway_stand_set, gateway_stand_clear);
	tcase_add_test(tests, what_an_issuer_says_is_part_of_the_configuration);
	tcase_add_loop_test(tests, an_issuer_that_fails_lets_nobody_in, 0,
			    sizeof issuers / sizeof *issuers);
	tcase_add_test(tests, user_and_password_of_the_issuer_are_sent_to_it_only);
	tcase_add_test(tests, a_gateway_may_end_while_an_issuer_is_asked);
	tcase_add_test(tests, a_token_dies_in_both_caches);
	tcase_add_loop_test(tests, an_introspection_that_breaks_off_lets_nobody_in, 0, 3);
	tcase_add_test(tests, a_url_that_is_none_lets_nobody_in);
	tcase_add_test(tests, without_a_url_everybody_passes);
	tcase_add_test(tests, a_client_may_leave_during_an_introspection);
	tcase_add_loop_test(tests, a_client_may_leave_during_any_step_of_the_flow, 0, 3);
	tcase_add_loop_test(tests, a_flow_that_cannot_go_on_says_so, 0,
			    sizeof broken / sizeof *broken);
	tcase_add_test(tests, a_backend_that_is_away_knows_no_client);
	suite_add_tcase(suite, tests);
	return suite;
}
