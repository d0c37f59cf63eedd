/* The played identity provider, tokens, and what calls keep of answers. */
#include "conformance/runner/play_issuer.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/jose.h"
#include "base/jose_keys_test.h"
#include "base/json.h"
#include "base/limits.h"
#include "conformance/runner/bench_test.h"
#include "conformance/runner/placeholders.h"
#include "sim/sim.h"
#include "world/clock.h"

/* The runner is on a machine of its own, without our files. */
static void set_up(void)
{
	static const char *const names[] = {"rsa-1", "rsa-2", "ec-1"};

	bench_set_up();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct str path =
			str_format(bench.arena, "fixtures/certificates/token-%s.pem", names[i]);

		ck_assert(sim_host_write_file(bench.host, path,
					      jose_test_pem(bench.arena, names[i])));
	}
}

#define AT_ISSUER "to: '127.0.0.1:{issuer_port}'"

static const char *const good[] = {
	"  given: {issuer: {keys: {a: rsa-1, b: ec-1}, algorithms: [RS256, ES256],\n"
	"          answers: {/realm/introspect: [{json: {active: true}}, {status: 500}]}}}\n"
	"  steps:\n"
	"    - when: [{get: /realm/.well-known/openid-configuration, " AT_ISSUER "}]\n"
	"      then:\n"
	"        - answer: {body_json: {issuer: '{issuer}', jwks_uri: '{issuer}/jwks',\n"
	"                   id_token_signing_alg_values_supported: [RS256, ES256]}}\n"
	"        - issuer: {path: /realm/.well-known/openid-configuration}\n"
	"        - issuer_calls: 1\n"
	"    - when: [{get: /realm/jwks, " AT_ISSUER "}]\n"
	"      then: [{answer: {body_json: {keys: [{kid: a, kty: RSA, e: AQAB}, {kid: b, kty: EC, "
	"crv: P-256}]}}}]\n"
	"    - when: [{set: {issuer: {keys: {c: rsa-2}, issuer: other}}}, {get: "
	"/realm/jwks, " AT_ISSUER "}]\n"
	"      then: [{answer: {body_json: {keys: [{kid: c}]}}}]\n"
	"    - when: [{get: /realm/.well-known/openid-configuration, " AT_ISSUER
	"}, {get: /realm/introspect, " AT_ISSUER "}]\n"
	"      then: [{answers: [{body_json: {issuer: other}}, {status: 404}]}]\n",

	"  given: {issuer: {answers: {/realm/introspect: [{json: {active: true}}, {status: "
	"500}]}}}\n"
	"  when: [{get: /realm/introspect, repeat: 2, " AT_ISSUER "}]\n"
	"  then: [{answers: [{body_json: {active: true}}, {status: 500}]}]\n",

	"  given: {issuer: {keys: {a: rsa-1}}, tokens: {t: {}}}\n"
	"  when: [{get: '/{token.t}', " AT_ISSUER "}]\n"
	"  then: [{answer: {status: 404}}, {issuer: {path: {matches: "
	"'^/eyJ[^.]+[.]eyJ[^.]+[.][^.]+$'}}}]\n",

	"  given: {issuer: {keys: {first: rsa-1}}}\n"
	"  when: [{get: /realm/jwks, keep: {kid: 'kid.:.([a-z]+)', type: 'Type: "
	"([a-z]+)/'}, " AT_ISSUER "},\n"
	"         {get: '/{kept.kid}/{kept.type}/{kept.other}', " AT_ISSUER "}]\n"
	"  then: [{issuer: {path: '/first/application/{kept.other}'}}]\n",
};

START_TEST(a_case_has_an_identity_provider)
{
	bench_write_case("gateway", good[_i]);
	expect_run("gateway|--world|sim|-v", 0);
	expect_says("1 passed, 0 failed");
}
END_TEST

static const struct {
	const char *more, *says;
	int exit_status;
} bad[] = {
	{"  given: {issuer: {keys: {a: rsa-9}}}\n  then: [{backend: none}]\n", "key rsa-9: ", 3},
	{"  given: {tokens: {t: {key: nothing}}}\n  then: [{backend: none}]\n",
	 "token t: key nothing: ", 3},
	{"  given: {tokens: {t: {alg: ES256}}}\n  then: [{backend: none}]\n",
	 "token t: the key does not fit the algorithm", 3},
	{"  given: {issuer: {}}\n  when: [{get: /realm/jwks, keep: {x: 'no(t)hing'}, " AT_ISSUER
	 "}]\n  then: [{backend: none}]\n",
	 "nothing to keep as x", 1},
	{"  given: {tokens: {t: {foo: 1}}}\n  then: [{backend: none}]\n",
	 "unknown key \"foo\" in tokens", 2},
	{"  given: {issuer: {key: x}}\n  then: [{backend: none}]\n",
	 "unknown key \"key\" in issuer", 2},
	{"  when: [{get: /, keep: {x: '('}}]\n  then: [{backend: none}]\n", "invalid pattern", 2},
};

START_TEST(what_is_wrong_is_told)
{
	bench_write_case("gateway", bad[_i].more);
	expect_run("gateway|--world|sim", bad[_i].exit_status);
	expect_says(bad[_i].says);
}
END_TEST

/* Tokens. */

static struct placeholders placeholders;

static struct str token_of(const char *given)
{
	struct world *world = sim_host_world(bench.host, STR("test"));
	struct issuer_play issuer = {.url = STR("http://issuer")};
	struct json *tokens = json_new(bench.arena, JSON_OBJECT);
	struct json *parsed = json_parse(bench.arena, str_from(given), LIMIT_CASE_FILE_BYTES, NULL);
	struct error error = {0};

	ck_assert_ptr_nonnull(parsed);
	json_set(tokens, STR("t"), parsed);
	placeholders.count = 0;
	ck_assert_msg(issuer_play_set(&issuer, world, bench.arena, NULL, &error), "%s", error.text);
	ck_assert_msg(tokens_make(&issuer, world, bench.arena, tokens, &placeholders, &error), "%s",
		      error.text);
	return placeholders_expand(&placeholders, bench.arena, STR("{token.t}"));
}

static const struct json *part_of(struct str token, int number)
{
	struct str part = STR(""), text;
	const struct json *json;

	for (int i = 0; i <= number; i++)
		ck_assert(str_next_field(&token, '.', &part));
	ck_assert(jose_base64url_decode(bench.arena, part, &text));
	json = json_parse(bench.arena, text, LIMIT_CASE_FILE_BYTES, NULL);
	ck_assert_ptr_nonnull(json);
	return json;
}

START_TEST(a_token_is_good_unless_told_otherwise)
{
	struct str token =
		token_of("{\"claims\": {\"azp\": null, \"x\": 1}, \"expires_in\": \"60s\"}");
	const struct json *claims = part_of(token, 1);
	int64_t now_s = world_utc_us(sim_host_world(bench.host, STR("test"))) / INT64_C(1000000);

	ck_assert(jose_verify(jose_test_key(bench.arena, "rsa-1"), STR("RS256"), token));
	ck_assert(str_equal(json_get_str(part_of(token, 0), STR("kid")), STR("k1")));
	ck_assert(str_equal(json_get_str(claims, STR("iss")), STR("http://issuer")));
	ck_assert_int_eq(json_int(json_get(claims, STR("exp")), 0), now_s + 60);
	ck_assert_int_eq(json_int(json_get(claims, STR("x")), 0), 1);
	ck_assert_ptr_null(json_get(claims, STR("azp")));
	ck_assert_ptr_nonnull(json_get(claims, STR("sub")));
}
END_TEST

START_TEST(forged_tokens_are_forged)
{
	const struct jose_key *key = jose_test_key(bench.arena, "rsa-1");
	struct str none = token_of("{\"alg\": \"none\"}");
	struct str hmac = token_of("{\"alg\": \"HS256\"}");
	struct str raw = token_of("{\"payload\": \"{\\\"a\\\":1}\", \"header\": {\"kid\": \"z\"}}");

	ck_assert(!jose_verify(key, STR("RS256"), token_of("{\"tampered\": true}")));
	ck_assert(!jose_verify(key, STR("RS256"), token_of("{\"key\": \"rsa-2\"}")));
	ck_assert(str_has_suffix(none, STR(".")));
	ck_assert(!str_has_suffix(hmac, STR(".")));
	ck_assert(str_equal(json_get_str(part_of(hmac, 0), STR("alg")), STR("HS256")));
	ck_assert(jose_verify(key, STR("RS256"), raw));
	ck_assert(str_equal(json_get_str(part_of(raw, 0), STR("kid")), STR("z")));
	ck_assert_uint_eq(part_of(raw, 1)->count, 1);
}
END_TEST

Suite *conformance_runner_play_issuer_suite(void);
Suite *conformance_runner_play_issuer_suite(void)
{
	Suite *suite = suite_create("conformance_runner_play_issuer");
	TCase *tests = tcase_create("play_issuer");

	tcase_add_checked_fixture(tests, set_up, bench_tear_down);
	tcase_add_loop_test(tests, a_case_has_an_identity_provider, 0, ROWS(good));
	tcase_add_loop_test(tests, what_is_wrong_is_told, 0, ROWS(bad));
	tcase_add_test(tests, a_token_is_good_unless_told_otherwise);
	tcase_add_test(tests, forged_tokens_are_forged);
	suite_add_tcase(suite, tests);
	return suite;
}
