#include "base/jose.h"

#include <check.h>

#include "base/error.h"
#include "base/jose_keys_test.h"
#include "base/json.h"

#define JSON_BYTES_MAX 4096

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static struct json *json_of(const char *text)
{
	struct json *value = json_parse(arena, str_from(text), JSON_BYTES_MAX, NULL);

	ck_assert_ptr_nonnull(value);
	return value;
}

static struct str signed_by(const struct jose_key *key, const char *algorithm)
{
	struct json *header = json_new(arena, JSON_OBJECT);
	struct str token;

	json_set(header, STR("alg"), json_new_str(arena, str_from(algorithm)));
	json_set(header, STR("b"), json_of("[1]"));
	ck_assert(jose_sign(arena, key, header, STR("{}"), &token, NULL));
	return token;
}

static const struct {
	const char *key, *other, *algorithm;
} signatures[] = {
	{"rsa-1", "rsa-2", "RS256"},
	{"rsa-1", "rsa-3", "RS384"},
	{"rsa-2", "rsa-1", "RS512"},
	{"ec-1", "rsa-1", "ES256"},
};

START_TEST(a_signature_is_of_its_key_and_algorithm_only)
{
	const struct jose_key *key = jose_test_key(arena, signatures[_i].key);
	const struct jose_key *other = jose_test_key(arena, signatures[_i].other);
	struct str algorithm = str_from(signatures[_i].algorithm);
	struct str token = signed_by(key, signatures[_i].algorithm);
	struct str changed = str_copy(arena, token);

	((char *)(uintptr_t)changed.data)[token.size - 5] ^= 1;
	ck_assert(jose_knows_algorithm(algorithm));
	ck_assert(jose_verify(key, algorithm, token));
	ck_assert(!jose_verify(other, algorithm, token));
	ck_assert(!jose_verify(key, algorithm, changed));
	ck_assert(!jose_verify(key, algorithm, str_slice(token, 0, token.size - 1)));
	for (int i = 0; i < 4; i++) {
		if (i != _i)
			ck_assert(!jose_verify(key, str_from(signatures[i].algorithm), token));
	}
	ck_assert(!jose_verify(key, algorithm, STR("")));
	ck_assert(!jose_verify(key, algorithm, STR("a.b.c")));
}
END_TEST

START_TEST(secret_keys_and_none_do_not_exist)
{
	static const char *const names[] = {"HS256", "HS384", "HS512", "none",
					    "PS256", "ES384", ""};
	const struct jose_key *key = jose_test_key(arena, "rsa-1");

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		ck_assert(!jose_knows_algorithm(str_from(names[i])));
		ck_assert(!jose_key_fits(key, str_from(names[i])));
		ck_assert(!jose_verify(key, str_from(names[i]), signed_by(key, "RS256")));
	}
}
END_TEST

START_TEST(a_key_is_the_same_as_pem_and_as_jwk)
{
	static const char *const names[] = {"rsa-1", "ec-1"};
	const struct jose_key *key = jose_test_key(arena, names[_i]);
	const char *algorithm = _i == 0 ? "RS256" : "ES256";
	struct str token = signed_by(key, algorithm);
	const struct jose_key *from_jwk = jose_key_from_jwk(arena, jose_key_jwk(arena, key), NULL);
	const struct jose_key *from_pem = jose_key_from_pem(arena, jose_key_pem(arena, key), NULL);
	struct error error;
	struct str unsigned_token;

	ck_assert_ptr_nonnull(from_jwk);
	ck_assert_ptr_nonnull(from_pem);
	ck_assert(jose_verify(from_jwk, str_from(algorithm), token));
	ck_assert(jose_verify(from_pem, str_from(algorithm), token));
	ck_assert(str_has_prefix(jose_key_pem(arena, from_jwk), STR("-----BEGIN PUBLIC KEY-----")));
	ck_assert(str_equal(jose_key_pem(arena, from_jwk), jose_key_pem(arena, key)));
	/* A public key verifies, it does not sign. */
	ck_assert(!jose_sign(arena, from_pem,
			     json_of(_i == 0 ? "{\"alg\":\"RS256\"}" : "{\"alg\":\"ES256\"}"),
			     STR("{}"), &unsigned_token, &error));
	ck_assert(!jose_sign(arena, key, json_of("{\"alg\":\"HS256\"}"), STR("{}"), &unsigned_token,
			     &error));
}
END_TEST

static const char *const no_keys[] = {
	"{}",
	"{\"kty\":\"oct\",\"k\":\"AAAA\"}",
	"{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}",
	"{\"kty\":\"RSA\",\"n\":\"!\",\"e\":\"AQAB\"}",
	"{\"kty\":\"RSA\",\"n\":\"AQAB\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
	"\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
};

START_TEST(what_is_no_key_is_refused)
{
	struct error error = {0};

	ck_assert_ptr_null(jose_key_from_jwk(arena, json_of(no_keys[_i]), &error));
	ck_assert_int_ne(error.kind, ERROR_NONE);
}
END_TEST

START_TEST(what_is_no_pem_is_refused)
{
	struct str pem = jose_test_pem(arena, "rsa-1");
	struct error error = {0};

	ck_assert_ptr_null(jose_key_from_pem(arena, STR(""), &error));
	ck_assert_ptr_null(jose_key_from_pem(arena, STR("-----BEGIN PUBLIC KEY-----"), &error));
	ck_assert_ptr_null(jose_key_from_pem(arena, str_slice(pem, 0, pem.size / 2), &error));
	ck_assert_ptr_null(jose_key_from_pem(arena, str_of(NULL, 0), NULL));
	ck_assert_int_ne(error.kind, ERROR_NONE);
}
END_TEST

START_TEST(base64_for_urls_has_one_text_for_the_same_bytes)
{
	struct str bytes;

	ck_assert(str_equal(jose_base64url(arena, STR("\xfb\xff\xfe")), STR("-__-")));
	ck_assert(str_equal(jose_base64url(arena, STR("a")), STR("YQ")));
	ck_assert(jose_base64url_decode(arena, STR("-__-"), &bytes));
	ck_assert(str_equal(bytes, STR("\xfb\xff\xfe")));
	ck_assert(jose_base64url_decode(arena, STR(""), &bytes));
	ck_assert(!jose_base64url_decode(arena, STR("+//+"), &bytes));
	ck_assert(!jose_base64url_decode(arena, STR("YQ=="), &bytes));
	ck_assert(!jose_base64url_decode(arena, STR("YR"), &bytes));
	ck_assert(!jose_base64url_decode(arena, STR("Y Q"), &bytes));
}
END_TEST

Suite *base_jose_suite(void)
{
	Suite *suite = suite_create("base_jose");
	TCase *tests = tcase_create("jose");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_signature_is_of_its_key_and_algorithm_only, 0,
			    sizeof signatures / sizeof *signatures);
	tcase_add_test(tests, secret_keys_and_none_do_not_exist);
	tcase_add_loop_test(tests, a_key_is_the_same_as_pem_and_as_jwk, 0, 2);
	tcase_add_loop_test(tests, what_is_no_key_is_refused, 0, sizeof no_keys / sizeof *no_keys);
	tcase_add_test(tests, what_is_no_pem_is_refused);
	tcase_add_test(tests, base64_for_urls_has_one_text_for_the_same_bytes);
	suite_add_tcase(suite, tests);
	return suite;
}
