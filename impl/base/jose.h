/* Keys and signatures of JSON Web Tokens (RFC 7515, 7517, 7518), over cjose and OpenSSL. Only
 * algorithms with a public key are known: RS256, RS384, RS512 and ES256. Whoever asks for another,
 * HMAC and "none" before all, or for one that is not the key's kind, is refused.
 *
 * A key lives in the arena it was read into. Texts of errors never hold key material.
 */
#ifndef BASE_JOSE_H
#define BASE_JOSE_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct error;
struct jose_key;
struct json;

/* NULL and *error when it is none: kty RSA, or EC on P-256. Private parts are not read. */
struct jose_key *jose_key_from_jwk(struct arena *arena, const struct json *jwk,
				   struct error *error);
/* A public key, or a private one, which can sign. */
struct jose_key *jose_key_from_pem(struct arena *arena, struct str pem, struct error *error);

/* The public key as PEM ("BEGIN PUBLIC KEY"), and as a JWK object without kid. */
struct str jose_key_pem(struct arena *arena, const struct jose_key *key);
struct json *jose_key_jwk(struct arena *arena, const struct jose_key *key);

bool jose_knows_algorithm(struct str algorithm);
bool jose_key_fits(const struct jose_key *key, struct str algorithm);

/* Whether the compact token was signed with that key by that algorithm, which its header must name
 * too. Nothing else of the token is judged. */
bool jose_verify(const struct jose_key *key, struct str algorithm, struct str token);

/* The compact token of a payload; the header is an object whose "alg" the private key must fit. */
bool jose_sign(struct arena *arena, const struct jose_key *key, const struct json *header,
	       struct str payload, struct str *token, struct error *error);

/* Base64 for URLs, without padding (RFC 7515 2). */
struct str jose_base64url(struct arena *arena, struct str bytes);
/* Only what jose_base64url() writes: one text for the same bytes. */
bool jose_base64url_decode(struct arena *arena, struct str text, struct str *bytes);

#endif
