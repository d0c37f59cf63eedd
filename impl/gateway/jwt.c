#include "gateway/jwt.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/jose.h"
#include "base/json.h"
#include "base/utc.h"
#include "gateway/error_log.h"

#define DATE_MAX_S 253402300799.0 /* 9999-12-31T23:59:59Z */
#define SHOWN_BYTES_MAX 200       /* of a claim in the log */
#define MASKED_BYTES 8            /* of a token that is no JWT */

/* The provider. */

static void read_algorithms(struct arena *arena, const struct json *config,
			    struct jwt_issuer *issuer)
{
	const struct json *offered = json_get(config, STR("id_token_signing_alg_values_supported"));

	if (offered == NULL || offered->kind != JSON_ARRAY)
		return;
	issuer->algorithms = ARENA_ARRAY(arena, struct str, offered->count);
	JSON_EACH (algorithm, offered) {
		if (json_str(algorithm).size > 0)
			issuer->algorithms[issuer->algorithms_count++] = algorithm->text;
	}
}

static const struct jose_key *read_key(struct arena *arena, const struct json *jwk,
				       struct error *error)
{
	struct str pem = json_get_str(jwk, STR("pem"));

	return pem.size > 0 ? jose_key_from_pem(arena, pem, error)
			    : jose_key_from_jwk(arena, jwk, error);
}

static void read_keys(struct arena *arena, const struct json *keys, struct jwt_issuer *issuer,
		      struct error_log *log)
{
	struct error error;

	if (keys == NULL || keys->kind != JSON_OBJECT)
		return;
	issuer->keys = ARENA_ARRAY(arena, struct jwt_key, keys->count);
	JSON_EACH (jwk, keys) {
		const struct jose_key *key = read_key(arena, jwk, &error);

		if (key == NULL)
			LOG(log, LEVEL_WARN, NULL, "key %s of OIDC issuer %s cannot be used: %s",
			    log_text(arena, jwk->key), log_text(arena, issuer->issuer),
			    log_text(arena, str_from(error.text)));
		else
			issuer->keys[issuer->keys_count++] = (struct jwt_key){jwk->key, key};
	}
}

const struct jwt_issuer *jwt_issuer_read(struct arena *arena, const struct json *discovered,
					 struct error_log *log)
{
	struct jwt_issuer *issuer = ARENA_NEW(arena, struct jwt_issuer);

	issuer->issuer = json_get_str(discovered, STR("issuer"));
	issuer->document = json_get(discovered, STR("config"));
	read_algorithms(arena, issuer->document, issuer);
	if (issuer->issuer.size == 0 || issuer->algorithms_count == 0)
		return NULL;
	read_keys(arena, json_get(discovered, STR("keys")), issuer, log);
	return issuer;
}

static bool offers(const struct jwt_issuer *issuer, struct str algorithm)
{
	for (size_t i = 0; i < issuer->algorithms_count; i++) {
		if (str_equal(issuer->algorithms[i], algorithm))
			return jose_knows_algorithm(algorithm);
	}
	return false;
}

static const struct jose_key *find_key(const struct jwt_issuer *issuer, struct str id)
{
	for (size_t i = 0; i < issuer->keys_count; i++) {
		if (str_equal(issuer->keys[i].id, id))
			return issuer->keys[i].key;
	}
	return NULL;
}

/* The token's parts. */

static struct json *read_object(struct arena *arena, struct str part)
{
	struct str text;
	struct json *object;

	if (!jose_base64url_decode(arena, part, &text))
		return NULL;
	object = json_parse(arena, text, JWT_BYTES_MAX, NULL);
	return object != NULL && object->kind == JSON_OBJECT ? object : NULL;
}

struct parts {
	const struct json *header, *payload;
	struct str signature;
};

static bool read_parts(struct arena *arena, struct str token, struct parts *parts,
		       struct error *why)
{
	struct str header, rest, payload, bytes;

	if (token.size > JWT_BYTES_MAX || !str_split_once(token, '.', &header, &rest) ||
	    !str_split_once(rest, '.', &payload, &parts->signature) ||
	    !jose_base64url_decode(arena, parts->signature, &bytes))
		return error_set(why, ERROR_INVALID, "invalid jwt string");
	parts->header = read_object(arena, header);
	if (parts->header == NULL)
		return error_set(why, ERROR_INVALID, "invalid header: it is no JSON object");
	/* What must be understood (RFC 7515 4.1.11) is nothing that we do. */
	if (json_get(parts->header, STR("crit")) != NULL)
		return error_set(why, ERROR_INVALID, "invalid header: crit is not supported");
	parts->payload = read_object(arena, payload);
	return parts->payload != NULL ||
	       error_set(why, ERROR_INVALID, "invalid payload: it is no JSON object");
}

/* Claims (10.2.1). */

bool jwt_date_us(const struct json *claim, int64_t *us)
{
	if (claim == NULL || claim->kind != JSON_NUMBER || claim->number <= 0 ||
	    claim->number > DATE_MAX_S)
		return false;
	*us = claim->is_integer ? claim->integer * UTC_SECOND_US
				: (int64_t)(claim->number * UTC_SECOND_US);
	return true;
}

static bool is_issuer(const struct json *claim, const struct jwt_issuer *issuer, int64_t now_us)
{
	(void)now_us;
	return claim->kind == JSON_STRING && str_equal(claim->text, issuer->issuer);
}

static bool is_anything(const struct json *claim, const struct jwt_issuer *issuer, int64_t now_us)
{
	(void)claim;
	(void)issuer;
	(void)now_us;
	return true;
}

static bool is_in_the_future(const struct json *claim, const struct jwt_issuer *issuer,
			     int64_t now_us)
{
	int64_t us;

	(void)issuer;
	return jwt_date_us(claim, &us) && us > now_us;
}

static bool is_not_in_the_future(const struct json *claim, const struct jwt_issuer *issuer,
				 int64_t now_us)
{
	int64_t us;

	(void)issuer;
	return jwt_date_us(claim, &us) && us <= now_us;
}

static bool is_a_date(const struct json *claim, const struct jwt_issuer *issuer, int64_t now_us)
{
	int64_t us;

	(void)issuer;
	(void)now_us;
	return jwt_date_us(claim, &us);
}

static bool is_bearer(const struct json *claim, const struct jwt_issuer *issuer, int64_t now_us)
{
	(void)issuer;
	(void)now_us;
	return claim->kind == JSON_STRING && str_equal(claim->text, STR("Bearer"));
}

static const struct {
	struct str name;
	bool is_required;
	bool (*is_good)(const struct json *claim, const struct jwt_issuer *issuer, int64_t now_us);
} rules[] = {
	{STR_INIT("iss"), true, is_issuer},
	{STR_INIT("sub"), true, is_anything},
	{STR_INIT("aud"), true, is_anything},
	{STR_INIT("exp"), true, is_in_the_future},
	{STR_INIT("nbf"), false, is_not_in_the_future},
	{STR_INIT("iat"), false, is_a_date},
	{STR_INIT("typ"), false, is_bearer},
};

static bool claims_are_good(const struct json *claims, const struct jwt_issuer *issuer,
			    int64_t now_us, struct arena *arena, struct error *why)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		const struct json *claim = json_get(claims, rules[i].name);

		if (json_is_null(claim)) {
			if (!rules[i].is_required)
				continue;
			return error_set(why, ERROR_INVALID, "'%.*s' claim is required.",
					 STR_ARG(rules[i].name));
		}
		if (!rules[i].is_good(claim, issuer, now_us)) {
			struct str shown = str_slice(json_scalar_text(claim), 0, SHOWN_BYTES_MAX);

			return error_set(why, ERROR_INVALID, "Claim '%.*s' ('%s') returned failure",
					 STR_ARG(rules[i].name), log_text(arena, shown));
		}
	}
	return true;
}

/* All checks, in the order of 10.2. */
enum jwt_result jwt_verify(const struct jwt_issuer *issuer, struct str token, int64_t now_us,
			   struct arena *arena, struct jwt *jwt, struct error *why)
{
	struct parts parts;
	const struct jose_key *key;
	struct str algorithm;

	if (!read_parts(arena, token, &parts, why))
		return JWT_MALFORMED;
	algorithm = json_get_str(parts.header, STR("alg"));
	if (!offers(issuer, algorithm)) {
		error_set(why, ERROR_INVALID, "invalid alg");
		return JWT_ALGORITHM;
	}
	key = find_key(issuer, json_get_str(parts.header, STR("kid")));
	if (key == NULL) {
		error_set(why, ERROR_INVALID, "no key of that kid");
		return JWT_UNKNOWN_KEY;
	}
	if (!claims_are_good(parts.payload, issuer, now_us, arena, why))
		return JWT_CLAIM;
	if (!jose_verify(key, algorithm, token)) {
		error_set(why, ERROR_INVALID, "signature mismatch");
		return JWT_SIGNATURE;
	}
	jwt->claims = parts.payload;
	jwt_date_us(json_get(parts.payload, STR("exp")), &jwt->expires_us);
	return JWT_GOOD;
}

struct str jwt_masked(struct arena *arena, struct str token)
{
	size_t dot = str_find_last_char(token, '.');

	if (dot == STR_NOT_FOUND)
		return STR_CONCAT(arena, str_slice(token, 0, MASKED_BYTES), STR("..."));
	return STR_CONCAT(arena, str_slice(token, 0, dot), STR("..."));
}
