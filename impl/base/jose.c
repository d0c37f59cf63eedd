#include "base/jose.h"

#include <cjose/cjose.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"

#define EC_BYTES 32                /* of a coordinate on P-256 */
#define RSA_MODULUS_BYTES_MAX 2048 /* as OpenSSL: a larger one costs too much to use */
#define KEY_BYTES_MAX (16 * 1024)  /* of a PEM text */

enum kind { KIND_RSA, KIND_EC };

/* The numbers of a key, each big-endian, in the order of the tables below. */
enum { RSA_N, RSA_E, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QI };
enum { EC_X, EC_Y, EC_D };
#define NUMBERS_MAX 8

struct jose_key {
	enum kind kind;
	struct str numbers[NUMBERS_MAX]; /* empty: not known */
	cjose_jwk_t *jwk;
};

static const struct {
	struct str kty;
	const char *numbers[NUMBERS_MAX]; /* OpenSSL's names of them */
	size_t public_count;
	struct str jwk_names[2];
} kinds[] = {
	[KIND_RSA] = {STR_INIT("RSA"),
		      {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D,
		       OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		       OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
		       OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
		      2,
		      {STR_INIT("n"), STR_INIT("e")}},
	[KIND_EC] = {STR_INIT("EC"),
		     {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y, OSSL_PKEY_PARAM_PRIV_KEY},
		     2,
		     {STR_INIT("x"), STR_INIT("y")}},
};

static const struct {
	struct str name;
	enum kind kind;
} algorithms[] = {
	{STR_INIT("RS256"), KIND_RSA},
	{STR_INIT("RS384"), KIND_RSA},
	{STR_INIT("RS512"), KIND_RSA},
	{STR_INIT("ES256"), KIND_EC},
};

bool jose_knows_algorithm(struct str algorithm)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		if (str_equal(algorithms[i].name, algorithm))
			return true;
	}
	return false;
}

bool jose_key_fits(const struct jose_key *key, struct str algorithm)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		if (str_equal(algorithms[i].name, algorithm))
			return algorithms[i].kind == key->kind;
	}
	return false;
}

/* Base64 for URLs. */

struct str jose_base64url(struct arena *arena, struct str bytes)
{
	struct str text = base64_encode(arena, bytes);
	char *data = (char *)(uintptr_t)text.data; /* just made, nobody else has it */

	while (str_has_suffix(text, STR("=")))
		text.size--;
	for (size_t i = 0; i < text.size; i++) {
		if (data[i] == '+')
			data[i] = '-';
		else if (data[i] == '/')
			data[i] = '_';
	}
	return text;
}

bool jose_base64url_decode(struct arena *arena, struct str text, struct str *bytes)
{
	/* The other alphabet, padding, and bits that mean nothing are not written by it. */
	return base64_decode(arena, text, bytes) && str_equal(jose_base64url(arena, *bytes), text);
}

/* Keys. */

static void release(void *data)
{
	struct jose_key *key = data;

	cjose_jwk_release(key->jwk);
}

static uint8_t *bytes_of(struct str number)
{
	return (uint8_t *)(uintptr_t)number.data; /* cjose only reads */
}

static cjose_jwk_t *make_rsa(const struct str *numbers)
{
	cjose_jwk_rsa_keyspec spec = {
		.n = bytes_of(numbers[RSA_N]),
		.nlen = numbers[RSA_N].size,
		.e = bytes_of(numbers[RSA_E]),
		.elen = numbers[RSA_E].size,
		.d = bytes_of(numbers[RSA_D]),
		.dlen = numbers[RSA_D].size,
		.p = bytes_of(numbers[RSA_P]),
		.plen = numbers[RSA_P].size,
		.q = bytes_of(numbers[RSA_Q]),
		.qlen = numbers[RSA_Q].size,
		.dp = bytes_of(numbers[RSA_DP]),
		.dplen = numbers[RSA_DP].size,
		.dq = bytes_of(numbers[RSA_DQ]),
		.dqlen = numbers[RSA_DQ].size,
		.qi = bytes_of(numbers[RSA_QI]),
		.qilen = numbers[RSA_QI].size,
	};
	cjose_err error;

	return cjose_jwk_create_RSA_spec(&spec, &error);
}

static cjose_jwk_t *make_ec(const struct str *numbers)
{
	cjose_jwk_ec_keyspec spec = {
		.crv = CJOSE_JWK_EC_P_256,
		.x = bytes_of(numbers[EC_X]),
		.xlen = numbers[EC_X].size,
		.y = bytes_of(numbers[EC_Y]),
		.ylen = numbers[EC_Y].size,
		.d = bytes_of(numbers[EC_D]),
		.dlen = numbers[EC_D].size,
	};
	cjose_err error;

	return cjose_jwk_create_EC_spec(&spec, &error);
}

/* The public key of the numbers, as OpenSSL has it; NULL when they are none. */
static EVP_PKEY *make_public(const struct jose_key *key)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context =
		EVP_PKEY_CTX_new_from_name(NULL, key->kind == KIND_RSA ? "RSA" : "EC", NULL);
	BIGNUM *n = NULL, *e = NULL;
	unsigned char point[1 + 2 * EC_BYTES] = {4};
	OSSL_PARAM *parameters;
	EVP_PKEY *made = NULL;

	BUG_IF(builder == NULL || context == NULL);
	if (key->kind == KIND_RSA) {
		n = BN_bin2bn(bytes_of(key->numbers[RSA_N]), (int)key->numbers[RSA_N].size, NULL);
		e = BN_bin2bn(bytes_of(key->numbers[RSA_E]), (int)key->numbers[RSA_E].size, NULL);
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
		OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
	} else {
		for (size_t i = 0; i < EC_BYTES; i++) {
			point[1 + i] = (unsigned char)key->numbers[EC_X].data[i];
			point[1 + EC_BYTES + i] = (unsigned char)key->numbers[EC_Y].data[i];
		}
		OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
		OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
						 sizeof point);
	}
	parameters = OSSL_PARAM_BLD_to_param(builder);
	if (EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		made = NULL;
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(context);
	BN_free(n);
	BN_free(e);
	return made;
}

static bool numbers_are_sound(const struct jose_key *key)
{
	EVP_PKEY *made;

	if (key->kind == KIND_EC &&
	    (key->numbers[EC_X].size != EC_BYTES || key->numbers[EC_Y].size != EC_BYTES))
		return false;
	if (key->numbers[0].size == 0 || key->numbers[1].size == 0 ||
	    key->numbers[0].size > RSA_MODULUS_BYTES_MAX ||
	    key->numbers[1].size > RSA_MODULUS_BYTES_MAX)
		return false;
	made = make_public(key); /* a point must be on the curve */
	EVP_PKEY_free(made);
	/* What others of this thread ask OpenSSL must not be answered by our failures. */
	ERR_clear_error();
	return made != NULL;
}

/* The key's numbers are there. */
static struct jose_key *finish(struct arena *arena, struct jose_key *key, struct error *error)
{
	if (numbers_are_sound(key))
		key->jwk = key->kind == KIND_RSA ? make_rsa(key->numbers) : make_ec(key->numbers);
	if (key->jwk == NULL) {
		error_set(error, ERROR_INVALID, "the numbers are no key");
		return NULL;
	}
	arena_on_destroy(arena, release, key);
	return key;
}

static bool find_kind(struct str kty, enum kind *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (str_equal(kinds[i].kty, kty)) {
			*kind = (enum kind)i;
			return true;
		}
	}
	return false;
}

struct jose_key *jose_key_from_jwk(struct arena *arena, const struct json *jwk, struct error *error)
{
	struct jose_key *key = ARENA_NEW(arena, struct jose_key);
	struct str kty = json_get_str(jwk, STR("kty"));

	if (!find_kind(kty, &key->kind) ||
	    (key->kind == KIND_EC && !str_equal(json_get_str(jwk, STR("crv")), STR("P-256")))) {
		error_set(error, ERROR_INVALID, "keys of kind \"%.*s\" are not known",
			  STR_ARG(str_slice(kty, 0, 40)));
		return NULL;
	}
	for (size_t i = 0; i < kinds[key->kind].public_count; i++) {
		struct str text = json_get_str(jwk, kinds[key->kind].jwk_names[i]);

		if (!base64_decode(arena, text, &key->numbers[i])) {
			error_set(error, ERROR_INVALID, "a number is not base64");
			return NULL;
		}
	}
	return finish(arena, key, error);
}

/* Coordinates have leading zeros. */
static struct str number_of(struct arena *arena, const EVP_PKEY *pkey, const char *name,
			    size_t bytes_min)
{
	BIGNUM *number = NULL;
	struct str text = STR("");

	if (EVP_PKEY_get_bn_param(pkey, name, &number) == 1) {
		size_t bytes = (size_t)BN_num_bytes(number);
		unsigned char *data;

		if (bytes < bytes_min)
			bytes = bytes_min;
		data = arena_alloc(arena, bytes);
		BN_bn2binpad(number, data, (int)bytes);
		text = str_of((const char *)data, bytes);
	}
	BN_clear_free(number);
	return text;
}

static EVP_PKEY *read_pem(struct str pem)
{
	BIO *in = BIO_new_mem_buf(pem.data, (int)pem.size);
	EVP_PKEY *pkey = PEM_read_bio_PUBKEY(in, NULL, NULL, NULL);
	char no_password[] = "";

	if (pkey == NULL) {
		BIO_reset(in);
		/* A password, so that nobody is asked for one. */
		pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, no_password);
	}
	BIO_free(in);
	ERR_clear_error();
	return pkey;
}

static bool is_kind(const EVP_PKEY *pkey, enum kind *kind)
{
	char group[32];
	size_t size;

	if (EVP_PKEY_is_a(pkey, "RSA")) {
		*kind = KIND_RSA;
		return true;
	}
	*kind = KIND_EC;
	return EVP_PKEY_is_a(pkey, "EC") &&
	       EVP_PKEY_get_group_name(pkey, group, sizeof group, &size) == 1 &&
	       str_equal(str_from(group), STR("prime256v1"));
}

struct jose_key *jose_key_from_pem(struct arena *arena, struct str pem, struct error *error)
{
	struct jose_key *key = ARENA_NEW(arena, struct jose_key);
	EVP_PKEY *pkey = pem.size > 0 && pem.size <= KEY_BYTES_MAX ? read_pem(pem) : NULL;
	bool is_known = pkey != NULL && is_kind(pkey, &key->kind);

	for (size_t i = 0; is_known && i < NUMBERS_MAX; i++) {
		const char *name = kinds[key->kind].numbers[i];

		if (name != NULL)
			key->numbers[i] =
				number_of(arena, pkey, name, key->kind == KIND_EC ? EC_BYTES : 0);
	}
	EVP_PKEY_free(pkey);
	if (!is_known) {
		error_set(error, ERROR_INVALID, "the text is no PEM of a key that is known");
		return NULL;
	}
	return finish(arena, key, error);
}

struct str jose_key_pem(struct arena *arena, const struct jose_key *key)
{
	EVP_PKEY *pkey = make_public(key);
	BIO *out = BIO_new(BIO_s_mem());
	struct str text;
	char *data;

	BUG_IF(pkey == NULL || out == NULL || PEM_write_bio_PUBKEY(out, pkey) != 1);
	text.size = (size_t)BIO_get_mem_data(out, &data);
	text.data = data;
	text = str_copy(arena, text);
	BIO_free(out);
	EVP_PKEY_free(pkey);
	return text;
}

struct json *jose_key_jwk(struct arena *arena, const struct jose_key *key)
{
	struct json *jwk = json_new(arena, JSON_OBJECT);

	json_set(jwk, STR("kty"), json_new_str(arena, kinds[key->kind].kty));
	if (key->kind == KIND_EC)
		json_set(jwk, STR("crv"), json_new_str(arena, STR("P-256")));
	for (size_t i = 0; i < kinds[key->kind].public_count; i++)
		json_set(jwk, kinds[key->kind].jwk_names[i],
			 json_new_str(arena, jose_base64url(arena, key->numbers[i])));
	return jwk;
}

/* Tokens. */

bool jose_verify(const struct jose_key *key, struct str algorithm, struct str token)
{
	cjose_err error;
	cjose_jws_t *jws;
	bool is_good;

	if (!jose_key_fits(key, algorithm))
		return false;
	jws = cjose_jws_import(token.data, token.size, &error);
	is_good = jws != NULL &&
		  str_equal(str_from(cjose_header_get(cjose_jws_get_protected(jws), CJOSE_HDR_ALG,
						      &error)),
			    algorithm) &&
		  cjose_jws_verify(jws, key->jwk, &error);
	cjose_jws_release(jws);
	ERR_clear_error();
	return is_good;
}

static cjose_header_t *make_header(struct arena *arena, const struct json *header)
{
	cjose_err error;
	cjose_header_t *made = cjose_header_new(&error);

	JSON_EACH (member, header) {
		const char *name = str_cstr(arena, member->key);

		/* The raw way wants arrays and objects. */
		if (member->kind == JSON_STRING)
			cjose_header_set(made, name, str_cstr(arena, member->text), &error);
		else
			cjose_header_set_raw(made, name, str_cstr(arena, json_print(arena, member)),
					     &error);
	}
	return made;
}

bool jose_sign(struct arena *arena, const struct jose_key *key, const struct json *header,
	       struct str payload, struct str *token, struct error *error)
{
	cjose_err reason = {.code = CJOSE_ERR_NONE};
	cjose_header_t *made;
	cjose_jws_t *jws;
	const char *text = NULL;

	if (!jose_key_fits(key, json_get_str(header, STR("alg"))))
		return error_set(error, ERROR_INVALID, "the key does not fit the algorithm");
	made = make_header(arena, header);
	jws = cjose_jws_sign(key->jwk, made, bytes_of(payload), payload.size, &reason);
	if (jws != NULL && cjose_jws_export(jws, &text, &reason))
		*token = str_copy(arena, str_from(text));
	cjose_jws_release(jws);
	cjose_header_release(made);
	return text != NULL || error_set(error, ERROR_INVALID, "the key does not sign: %s",
					 cjose_err_message(reason.code));
}
