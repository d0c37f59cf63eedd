/* A Redis behind Sentinels (spec/backend.md 9.5): a client like any other of world/redis.h, which
 * finds its node by asking them, and asks again when that node is gone or no master any more.
 *
 * At the first command the Sentinels are asked in the order of the list, those that do not answer
 * are skipped, and the one that does moves to the front. The node is asked for its ROLE before it
 * gets a command. Commands wait meanwhile, for connect_timeout_ms at most; then, or when no node is
 * found, they get REDIS_LOST with the reason.
 *
 * A command that a demoted node refused (READONLY), and one that never left, go to the node that is
 * found next, once, in their order. What may have been carried out is never repeated.
 */
#ifndef STORE_SENTINEL_H
#define STORE_SENTINEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "world/redis.h"

struct error;
struct world;

struct sentinel_options {
	struct str url;   /* redis://[[user]:password@]group[/db]: password and db are the node's */
	struct str hosts; /* sentinel_hosts.h */
	struct str role;  /* "master" (or empty) or "slave"; others fail when connecting */
	int64_t connect_timeout_ms, command_timeout_ms, write_timeout_ms; /* as redis_options */

	bool has_passwords;        /* Sentinels are asked with the password of their element ... */
	bool shares_passwords;     /* ... or all with the first that is in the list, ... */
	struct str user, password; /* ... or with these, when there is none in it */
};

/* NULL and *error when URL or list cannot be read, or the list is empty. Texts are copied. */
struct redis_client *sentinel_open(struct world *world, const struct sentinel_options *options,
				   struct error *error);

#endif
