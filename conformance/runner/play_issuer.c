#include "conformance/runner/play_issuer.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/jose.h"
#include "base/json.h"
#include "world/files.h"

#define KEY_BYTES_MAX (16 * 1024)

struct jose_key *test_key_read(struct world *world, struct arena *arena, struct str name,
			       struct error *error)
{
	struct str path = STR_CONCAT(arena, STR("fixtures/certificates/token-"), name, STR(".pem"));
	struct jose_key *key = NULL;
	struct str pem;

	if (files_read(world, path, KEY_BYTES_MAX, arena, &pem, error))
		key = jose_key_from_pem(arena, pem, error);
	if (key == NULL)
		error_wrap(error, "key %.*s", STR_ARG(name));
	return key;
}

static bool make_jwks(struct issuer_play *issuer, struct world *world, struct arena *arena,
		      const struct json *names, struct error *error)
{
	struct json *jwks = json_new(arena, JSON_OBJECT);
	struct json *list = json_set(jwks, STR("keys"), json_new(arena, JSON_ARRAY));

	JSON_EACH (name, names) {
		struct jose_key *key = test_key_read(world, arena, json_str(name), error);
		struct json *jwk;

		if (key == NULL)
			return false;
		jwk = json_append(list, jose_key_jwk(arena, key));
		json_set(jwk, STR("kid"), json_new_str(arena, name->key));
		json_set(jwk, STR("use"), json_new_str(arena, STR("sig")));
	}
	issuer->jwks = jwks;
	return true;
}

static void set_url(const struct issuer_play *issuer, struct arena *arena, struct json *document,
		    struct str name, struct str path)
{
	json_set(document, name, json_new_str(arena, STR_CONCAT(arena, issuer->url, path)));
}

static void make_configuration(struct issuer_play *issuer, struct arena *arena)
{
	const struct json *algorithms = json_get(issuer->given, STR("algorithms"));
	struct json *document = json_new(arena, JSON_OBJECT);
	struct json *list;

	json_set(document, STR("issuer"), json_new_str(arena, issuer->issuer));
	set_url(issuer, arena, document, STR("token_endpoint"), STR("/token"));
	set_url(issuer, arena, document, STR("jwks_uri"), STR("/jwks"));
	set_url(issuer, arena, document, STR("token_introspection_endpoint"), STR("/introspect"));
	list = json_set(document, STR("id_token_signing_alg_values_supported"),
			algorithms != NULL ? json_copy(arena, algorithms)
					   : json_new(arena, JSON_ARRAY));
	if (algorithms == NULL)
		json_append(list, json_new_str(arena, STR("RS256")));
	issuer->configuration = document;
}

bool issuer_play_set(struct issuer_play *issuer, struct world *world, struct arena *arena,
		     const struct json *given, struct error *error)
{
	const struct json *keys = json_get(given, STR("keys"));
	struct str own = json_get_str(given, STR("issuer"));
	struct json *fallback = json_new(arena, JSON_OBJECT);

	json_set(fallback, STR("k1"), json_new_str(arena, STR("rsa-1")));
	issuer->given = given;
	issuer->issuer = own.size > 0 ? own : issuer->url;
	issuer->answers = (struct path_scripts){.overrides = json_get(given, STR("answers"))};
	make_configuration(issuer, arena);
	return make_jwks(issuer, world, arena, keys != NULL ? keys : fallback, error);
}

const struct json *play_issuer_choose(struct play *play, const struct record *record,
				      struct arena *arena)
{
	struct issuer_play *issuer = play->data;
	struct json *answer = json_new(arena, JSON_OBJECT);
	const struct json *scripted = path_scripts_take(&issuer->answers, record);

	if (scripted != NULL)
		return scripted;
	if (str_has_suffix(record->path, STR("/.well-known/openid-configuration")))
		json_set(answer, STR("json"), json_copy(arena, issuer->configuration));
	else if (str_has_suffix(record->path, STR("/jwks")))
		json_set(answer, STR("json"), json_copy(arena, issuer->jwks));
	else
		json_set(answer, STR("status"), json_new_int(arena, 404));
	return answer;
}
