/* The tokens of a case: what given.tokens says over claims that are good. */
#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/jose.h"
#include "base/json.h"
#include "base/utc.h"
#include "conformance/runner/fixture_gateway.h"
#include "conformance/runner/placeholders.h"
#include "conformance/runner/play_issuer.h"
#include "conformance/runner/shape.h"
#include "world/clock.h"

#define LIFE_US (3600 * UTC_SECOND_US)

struct token_maker {
	const struct issuer_play *issuer;
	struct world *world;
	struct arena *arena;
	struct error *error;
};

static void set_text(const struct token_maker *maker, struct json *object, struct str name,
		     struct str text)
{
	json_set(object, name, json_new_str(maker->arena, text));
}

static struct str claims_of(const struct token_maker *maker, const struct json *given)
{
	const struct json *patch = json_get(given, STR("claims"));
	struct json *claims = json_new(maker->arena, JSON_OBJECT);
	int64_t now_us = world_utc_us(maker->world), life_us = LIFE_US;

	shape_duration_us(json_get_str(given, STR("expires_in")), &life_us);
	set_text(maker, claims, STR("iss"), maker->issuer->issuer);
	set_text(maker, claims, STR("sub"), STR("user-1"));
	set_text(maker, claims, STR("aud"), STR("api"));
	set_text(maker, claims, STR("azp"), STR("app-1"));
	json_set(claims, STR("iat"), json_new_int(maker->arena, now_us / UTC_SECOND_US));
	json_set(claims, STR("exp"),
		 json_new_int(maker->arena, (now_us + life_us) / UTC_SECOND_US));
	return json_print(maker->arena,
			  patch != NULL ? fixture_patch(maker->arena, claims, patch) : claims);
}

/* {KID: NAME} that the token is signed with: the issuer's first key unless it says otherwise. */
static void choose_key(const struct token_maker *maker, const struct json *given, struct str *kid,
		       struct str *name)
{
	const struct json *keys = json_get(maker->issuer->given, STR("keys"));
	const struct json *first = json_at(json_get(maker->issuer->jwks, STR("keys")), 0);

	*kid = json_get_str(given, STR("kid"));
	*name = json_get_str(given, STR("key"));
	if (kid->size == 0)
		*kid = json_get_str(first, STR("kid"));
	if (name->size == 0)
		*name = json_get_str(keys, *kid);
	if (name->size == 0)
		*name = STR("rsa-1");
}

static struct json *header_of(const struct token_maker *maker, const struct json *given,
			      struct str algorithm, struct str kid)
{
	struct json *header = json_new(maker->arena, JSON_OBJECT);
	const struct json *patch = json_get(given, STR("header"));

	set_text(maker, header, STR("alg"), algorithm);
	set_text(maker, header, STR("typ"), STR("JWT"));
	set_text(maker, header, STR("kid"), kid);
	return patch != NULL ? fixture_patch(maker->arena, header, patch) : header;
}

/* What forgers make: without a signature, or keyed with what everybody knows. */
static struct str forge(const struct token_maker *maker, const struct jose_key *key,
			const struct json *header, struct str payload)
{
	struct arena *arena = maker->arena;
	struct str text = STR_CONCAT(arena, jose_base64url(arena, json_print(arena, header)),
				     STR("."), jose_base64url(arena, payload));
	struct str signature = STR("");

	if (str_equal(json_get_str(header, STR("alg")), STR("HS256")))
		signature = jose_base64url(
			arena, digest_hmac(arena, DIGEST_SHA256, jose_key_pem(arena, key), text));
	return STR_CONCAT(arena, text, STR("."), signature);
}

static struct str with_another_signature(struct arena *arena, struct str token)
{
	size_t at = str_find_last_char(token, '.') + 1;
	bool is_a = at < token.size && token.data[at] == 'A';

	return STR_CONCAT(arena, str_slice(token, 0, at), is_a ? STR("B") : STR("A"),
			  str_skip(token, at + 1));
}

static bool make_token(const struct token_maker *maker, const struct json *given, struct str *token)
{
	struct str kid, name, algorithm = json_get_str(given, STR("alg"));
	struct str payload = json_get_str(given, STR("payload"));
	struct jose_key *key;
	const struct json *header;

	choose_key(maker, given, &kid, &name);
	key = test_key_read(maker->world, maker->arena, name, maker->error);
	if (key == NULL)
		return false;
	if (algorithm.size == 0)
		algorithm = str_has_prefix(name, STR("ec")) ? STR("ES256") : STR("RS256");
	if (payload.size == 0)
		payload = claims_of(maker, given);
	header = header_of(maker, given, algorithm, kid);
	if (!jose_knows_algorithm(algorithm))
		*token = forge(maker, key, header, payload);
	else if (!jose_sign(maker->arena, key, header, payload, token, maker->error))
		return false;
	if (json_bool(json_get(given, STR("tampered")), false))
		*token = with_another_signature(maker->arena, *token);
	return true;
}

bool tokens_make(const struct issuer_play *issuer, struct world *world, struct arena *arena,
		 const struct json *tokens, struct placeholders *placeholders, struct error *error)
{
	const struct token_maker maker = {issuer, world, arena, error};

	JSON_EACH (given, tokens) {
		struct str token;

		if (!make_token(&maker, given, &token))
			return error_wrap(error, "token %.*s", STR_ARG(given->key));
		placeholders_set(placeholders, STR_CONCAT(arena, STR("token."), given->key), token);
	}
	return true;
}
