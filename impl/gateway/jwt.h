/* JSON Web Tokens of an identity provider (spec/gateway.md 10.2): what is known of the provider,
 * and whether a token is its own and good now. Pure.
 *
 * Stricter than the original where that lets forgeries in: HMAC and "none" are refused whatever the
 * provider offers (12.2 A16), so are an algorithm that is not the key's kind, `crit`, members that
 * appear twice, dates past the year 9999, and texts that are no canonical base64url.
 */
#ifndef GATEWAY_JWT_H
#define GATEWAY_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;
struct error_log;
struct jose_key;
struct json;

#define JWT_BYTES_MAX ((size_t)16 * 1024) /* of a token: larger ones are malformed */

struct jwt_key {
	struct str id; /* kid */
	const struct jose_key *key;
};

struct jwt_issuer {
	struct str issuer; /* of the discovery document */
	struct str *algorithms;
	size_t algorithms_count;
	struct jwt_key *keys;
	size_t keys_count;
	const struct json *document; /* the provider's own: endpoints; may be NULL */
};

/* From {"issuer", "config": {...}, "keys": {kid: {..., "pem"}}} (2.5): of a file as it is given, of
 * discovery as it was made. NULL when it does not say who and by which algorithms (check 2). A key
 * that cannot be read is left out with a line in the log. Texts are borrowed from `discovered`,
 * which lives in the same arena. */
const struct jwt_issuer *jwt_issuer_read(struct arena *arena, const struct json *discovered,
					 struct error_log *log);

enum jwt_result {
	JWT_GOOD,
	JWT_MALFORMED,   /* check 3 */
	JWT_ALGORITHM,   /* check 4 */
	JWT_UNKNOWN_KEY, /* check 5 */
	JWT_CLAIM,       /* check 7 */
	JWT_SIGNATURE,   /* check 8 */
};

struct jwt {
	const struct json *claims; /* an object */
	int64_t expires_us;        /* UTC: good before that */
};

/* now_us: UTC. Everything lives in the arena; texts of claims are borrowed from the token or made
 * there. Anything but JWT_GOOD leaves *jwt alone and tells the reason in *why. */
enum jwt_result jwt_verify(const struct jwt_issuer *issuer, struct str token, int64_t now_us,
			   struct arena *arena, struct jwt *jwt, struct error *why);

/* A number of seconds since 1970 as claims have it (RFC 7519 2), fractions too. */
bool jwt_date_us(const struct json *claim, int64_t *us);

/* The token as a log may show it: without its signature, or only its beginning. */
struct str jwt_masked(struct arena *arena, struct str token);

#endif
