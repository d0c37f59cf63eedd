#include "gateway/jwt.h"

#include <check.h>

#include "base/error.h"
#include "base/jose_keys_test.h"
#include "base/json.h"
#include "base/utc.h"
#include "gateway/error_log.h"

#define JSON_BYTES_MAX (256 * 1024)
#define NOW_S INT64_C(1559646375)
#define NOW_US (NOW_S * UTC_SECOND_US + 500000)

Suite *gateway_jwt_suite(void);

static struct arena *arena;
static const struct jwt_issuer *issuer;
static struct strbuf logged;
static struct error_log error_log; /* into the buffer */

static struct json *json_of(struct str text)
{
	struct json *value = json_parse(arena, text, JSON_BYTES_MAX, NULL);

	ck_assert_msg(value != NULL, "no JSON: %.*s", STR_ARG(text));
	return value;
}

static struct str quoted(struct str text)
{
	return json_print(arena, json_new_str(arena, text));
}

static struct str pem_of(const char *name)
{
	return quoted(jose_key_pem(arena, jose_test_key(arena, name)));
}

static const struct jwt_issuer *issuer_of(const char *algorithms)
{
	struct json *jwk = jose_key_jwk(arena, jose_test_key(arena, "rsa-2"));
	struct str text = str_format(
		arena,
		"{\"issuer\":\"https://sso\",\"config\":{"
		"\"id_token_signing_alg_values_supported\":%s},"
		"\"keys\":{\"k1\":{\"pem\":%.*s},\"k2\":%.*s,\"ec\":{\"pem\":%.*s},\"bad\":{}}}",
		algorithms, STR_ARG(pem_of("rsa-1")), STR_ARG(json_print(arena, jwk)),
		STR_ARG(pem_of("ec-1")));

	return jwt_issuer_read(arena, json_of(text), &error_log);
}

static void set_up(void)
{
	arena = arena_create();
	strbuf_init(&logged, 4096);
	error_log = (struct error_log){.level = LEVEL_EMERG, .captured = &logged};
	issuer = issuer_of("[\"RS256\",\"RS384\",\"RS512\",\"ES256\",\"HS256\",\"none\",7]");
}

static void tear_down(void)
{
	strbuf_free(&logged);
	arena_destroy(arena);
}

static struct str token_of(const char *key, const char *header, struct str payload)
{
	struct str token;
	struct error error;

	ck_assert_msg(jose_sign(arena, jose_test_key(arena, key), json_of(str_from(header)),
				payload, &token, &error),
		      "%s", error.text);
	return token;
}

static enum jwt_result verify(struct str token, struct jwt *jwt, struct error *why)
{
	*why = (struct error){0};
	return jwt_verify(issuer, token, NOW_US, arena, jwt, why);
}

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k1\"}"
#define BASE "\"iss\":\"https://sso\",\"sub\":\"s\",\"aud\":\"a\""
#define GOOD "{" BASE ",\"exp\":1559646400}"

START_TEST(a_good_token_has_claims_and_an_end)
{
	struct error why;
	struct jwt jwt;

	ck_assert_int_eq(verify(token_of("rsa-1", HEADER, STR(GOOD)), &jwt, &why), JWT_GOOD);
	ck_assert(str_equal(json_get_str(jwt.claims, STR("sub")), STR("s")));
	ck_assert_int_eq(jwt.expires_us, INT64_C(1559646400) * UTC_SECOND_US);
}
END_TEST

static const struct {
	const char *key, *header;
	enum jwt_result result;
} headers[] = {
	{"rsa-2", "{\"alg\":\"RS512\",\"kid\":\"k2\"}", JWT_GOOD},
	{"rsa-1", "{\"alg\":\"RS384\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}", JWT_GOOD},
	{"ec-1", "{\"alg\":\"ES256\",\"kid\":\"ec\"}", JWT_GOOD},
	{"ec-1", "{\"alg\":\"ES256\",\"kid\":\"k1\"}", JWT_SIGNATURE},
	{"rsa-1", "{\"alg\":\"RS256\",\"kid\":\"ec\"}", JWT_SIGNATURE},
	{"rsa-1", "{\"alg\":\"RS256\",\"kid\":\"k2\"}", JWT_SIGNATURE},
	{"rsa-1", "{\"alg\":\"RS256\",\"kid\":\"bad\"}", JWT_UNKNOWN_KEY},
	{"rsa-1", "{\"alg\":\"RS256\",\"kid\":\"\"}", JWT_UNKNOWN_KEY},
	{"rsa-1", "{\"alg\":\"RS256\",\"kid\":7}", JWT_UNKNOWN_KEY},
	{"rsa-1", "{\"alg\":\"RS256\"}", JWT_UNKNOWN_KEY},
	{"rsa-1", "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"x\"]}", JWT_MALFORMED},
	{"rsa-1", "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[]}", JWT_MALFORMED},
};

START_TEST(headers_are_judged)
{
	struct error why;
	struct jwt jwt;
	struct str token = token_of(headers[_i].key, headers[_i].header, STR(GOOD));

	ck_assert_int_eq(verify(token, &jwt, &why), headers[_i].result);
	ck_assert_int_eq(why.kind == ERROR_NONE, headers[_i].result == JWT_GOOD);
}
END_TEST

static const struct {
	const char *payload;
	enum jwt_result result;
} payloads[] = {
	{"{" BASE ",\"exp\":1559646376}", JWT_GOOD},
	{"{" BASE ",\"exp\":1559646375.75,\"iat\":1,\"nbf\":1559646375.5,\"typ\":\"Bearer\"}",
	 JWT_GOOD},
	{"{" BASE ",\"exp\":1559646400,\"nbf\":null,\"typ\":null}", JWT_GOOD},
	{"{\"iss\":\"https://sso\",\"sub\":7,\"aud\":[],\"exp\":253402300799}", JWT_GOOD},
	{"{" BASE ",\"exp\":1559646375}", JWT_CLAIM},
	{"{" BASE ",\"exp\":1559646375.5}", JWT_CLAIM},
	{"{" BASE ",\"exp\":\"1559646400\"}", JWT_CLAIM},
	{"{" BASE ",\"exp\":253402300800}", JWT_CLAIM},
	{"{" BASE ",\"exp\":1e300}", JWT_CLAIM},
	{"{" BASE ",\"exp\":-1559646400}", JWT_CLAIM},
	{"{" BASE ",\"exp\":true}", JWT_CLAIM},
	{"{" BASE ",\"exp\":[1559646400]}", JWT_CLAIM},
	{"{" BASE ",\"exp\":null}", JWT_CLAIM},
	{"{" BASE "}", JWT_CLAIM},
	{"{" BASE ",\"exp\":1559646400,\"nbf\":1559646376}", JWT_CLAIM},
	{"{" BASE ",\"exp\":1559646400,\"nbf\":\"1\"}", JWT_CLAIM},
	{"{" BASE ",\"exp\":1559646400,\"iat\":0}", JWT_CLAIM},
	{"{" BASE ",\"exp\":1559646400,\"iat\":\"1\"}", JWT_CLAIM},
	{"{" BASE ",\"exp\":1559646400,\"typ\":\"Refresh\"}", JWT_CLAIM},
	{"{" BASE ",\"exp\":1559646400,\"typ\":[\"Bearer\"]}", JWT_CLAIM},
	{"{\"iss\":\"https://SSO\",\"sub\":\"s\",\"aud\":\"a\",\"exp\":1559646400}", JWT_CLAIM},
	{"{\"iss\":[\"https://sso\"],\"sub\":\"s\",\"aud\":\"a\",\"exp\":1559646400}", JWT_CLAIM},
	{"{\"sub\":\"s\",\"aud\":\"a\",\"exp\":1559646400}", JWT_CLAIM},
	{"{\"iss\":\"https://sso\",\"aud\":\"a\",\"exp\":1559646400}", JWT_CLAIM},
	{"{\"iss\":\"https://sso\",\"sub\":\"s\",\"exp\":1559646400}", JWT_CLAIM},
	{"{" BASE ",\"exp\":1559646400,\"sub\":\"t\"}", JWT_MALFORMED},
	{"{" BASE ",\"exp\":1559646400,\"a\":{\"b\":1,\"b\":2}}", JWT_MALFORMED},
	{"{" BASE ",\"exp\":1e999}", JWT_MALFORMED},
	{"{" BASE ",\"exp\":01559646400}", JWT_MALFORMED},
	{"{" BASE ",\"exp\":1559646400} x", JWT_MALFORMED},
	{"[" GOOD "]", JWT_MALFORMED},
	{"", JWT_MALFORMED},
};

START_TEST(claims_are_judged)
{
	struct error why;
	struct jwt jwt;
	struct str token = token_of("rsa-1", HEADER, str_from(payloads[_i].payload));

	ck_assert_msg(verify(token, &jwt, &why) == payloads[_i].result, "%s: %s",
		      payloads[_i].payload, why.text);
}
END_TEST

START_TEST(texts_that_are_no_token_are_malformed)
{
	struct str good = token_of("rsa-1", HEADER, STR(GOOD));
	struct str header, rest, payload, signature;
	struct str texts[10];
	struct error why;
	struct jwt jwt;
	char *large = arena_alloc(arena, 65536);

	str_split_once(good, '.', &header, &rest);
	str_split_once(rest, '.', &payload, &signature);
	for (size_t i = 0; i < 65536; i++)
		large[i] = 'e';
	texts[0] = STR("");
	texts[1] = STR("..");
	texts[2] = STR_CONCAT(arena, header, STR("."), payload);
	texts[3] = STR_CONCAT(arena, good, STR(".x"));
	texts[4] = STR_CONCAT(arena, good, STR("="));
	texts[5] = STR_CONCAT(arena, good, STR(" "));
	texts[6] = STR_CONCAT(arena, header, STR("==."), payload, STR("."), signature);
	texts[7] = str_of(large, 65536);
	texts[8] = STR_CONCAT(arena, header, STR("."), texts[7], STR("."), signature);
	/* The same bytes in another text: the last letter has bits that mean nothing. */
	texts[9] = STR_CONCAT(arena, str_slice(good, 0, good.size - 1),
			      good.data[good.size - 1] == 'A' ? STR("B") : STR("9"));
	for (size_t i = 0; i < 10; i++)
		ck_assert_msg(verify(texts[i], &jwt, &why) == JWT_MALFORMED, "text %zu", i);
	ck_assert_str_eq(why.text, "invalid jwt string");
}
END_TEST

START_TEST(reasons_do_not_break_the_log)
{
	struct error why;
	struct jwt jwt;

	verify(token_of("rsa-1", HEADER, STR("{\"iss\":\"a\\nb\"}")), &jwt, &why);
	ck_assert_str_eq(why.text, "Claim 'iss' ('a\\x0Ab') returned failure");
	verify(token_of("rsa-1", HEADER, STR("{}")), &jwt, &why);
	ck_assert_str_eq(why.text, "'iss' claim is required.");
}
END_TEST

static const char *const no_issuers[] = {
	"false",
	"{}",
	"{\"issuer\":\"a\"}",
	"{\"issuer\":\"a\",\"config\":{\"id_token_signing_alg_values_supported\":[]}}",
	"{\"issuer\":\"a\",\"config\":{\"id_token_signing_alg_values_supported\":\"RS256\"}}",
	"{\"config\":{\"id_token_signing_alg_values_supported\":[\"RS256\"]}}",
};

START_TEST(what_says_too_little_is_no_issuer)
{
	ck_assert_ptr_null(jwt_issuer_read(arena, json_of(str_from(no_issuers[_i])), &error_log));
}
END_TEST

START_TEST(algorithms_are_those_that_the_issuer_offers_and_that_are_known)
{
	struct str token = token_of("rsa-1", HEADER, STR(GOOD));
	struct error why;
	struct jwt jwt;

	issuer = issuer_of("[\"RS512\"]");
	ck_assert_int_eq(verify(token, &jwt, &why), JWT_ALGORITHM);
	issuer = issuer_of("[\"HS256\",\"none\"]");
	ck_assert_int_eq(verify(token, &jwt, &why), JWT_ALGORITHM);
	/* {"alg":"none","kid":"k1"} */
	token = STR_CONCAT(arena, STR("eyJhbGciOiJub25lIiwia2lkIjoiazEifQ."),
			   jose_base64url(arena, STR(GOOD)), STR("."));
	ck_assert_int_eq(verify(token, &jwt, &why), JWT_ALGORITHM);
}
END_TEST

START_TEST(an_issuer_without_keys_knows_no_token)
{
	struct str text = STR("{\"issuer\":\"https://sso\",\"config\":{"
			      "\"id_token_signing_alg_values_supported\":[\"RS256\"]}}");
	struct error why;
	struct jwt jwt;

	issuer = jwt_issuer_read(arena, json_of(text), &error_log);
	ck_assert_ptr_nonnull(issuer);
	ck_assert_int_eq(verify(token_of("rsa-1", HEADER, STR(GOOD)), &jwt, &why), JWT_UNKNOWN_KEY);
}
END_TEST

START_TEST(tokens_are_masked_for_the_log)
{
	ck_assert(str_equal(jwt_masked(arena, STR("head.payload.signature")),
			    STR("head.payload...")));
	ck_assert(str_equal(jwt_masked(arena, STR("0123456789abcdef")), STR("01234567...")));
}
END_TEST

Suite *gateway_jwt_suite(void)
{
	Suite *suite = suite_create("gateway_jwt");
	TCase *tests = tcase_create("jwt");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_good_token_has_claims_and_an_end);
	tcase_add_loop_test(tests, headers_are_judged, 0, sizeof headers / sizeof *headers);
	tcase_add_loop_test(tests, claims_are_judged, 0, sizeof payloads / sizeof *payloads);
	tcase_add_test(tests, texts_that_are_no_token_are_malformed);
	tcase_add_test(tests, reasons_do_not_break_the_log);
	tcase_add_loop_test(tests, what_says_too_little_is_no_issuer, 0,
			    sizeof no_issuers / sizeof *no_issuers);
	tcase_add_test(tests, algorithms_are_those_that_the_issuer_offers_and_that_are_known);
	tcase_add_test(tests, an_issuer_without_keys_knows_no_token);
	tcase_add_test(tests, tokens_are_masked_for_the_log);
	suite_add_tcase(suite, tests);
	return suite;
}
