/* The identity provider of a case (spec/gateway.md 2.5): it answers discovery and JWKS, and holds
 * the keys that the case's tokens are signed with. Keys are those of fixtures/certificates, so the
 * same in every run.
 */
#ifndef RUNNER_PLAY_ISSUER_H
#define RUNNER_PLAY_ISSUER_H

#include <stdbool.h>

#include "base/str.h"
#include "conformance/runner/play.h"

struct arena;
struct error;
struct jose_key;
struct json;
struct placeholders;
struct world;

struct issuer_play {
	struct str url;    /* "http://127.0.0.1:1234/realm" */
	struct str issuer; /* what it calls itself */
	const struct json *given;
	const struct json *configuration, *jwks;
	struct path_scripts answers;
};

/* given: {keys: {KID: NAME}, issuer, algorithms, answers}; NULL: one key k1. */
bool issuer_play_set(struct issuer_play *issuer, struct world *world, struct arena *arena,
		     const struct json *given, struct error *error);
play_choose play_issuer_choose; /* data: struct issuer_play */

/* For each of given.tokens {NAME: {...}} a placeholder {token.NAME}; times count from now on. */
bool tokens_make(const struct issuer_play *issuer, struct world *world, struct arena *arena,
		 const struct json *tokens, struct placeholders *placeholders, struct error *error);

/* NAME is rsa-1, rsa-2, rsa-3 or ec-1. */
struct jose_key *test_key_read(struct world *world, struct arena *arena, struct str name,
			       struct error *error);

#endif
