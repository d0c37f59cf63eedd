/* Tokens that were found good (or not), until a time: verified JWTs of a gateway (spec/gateway.md
 * 10.4), answers to introspection (9.4). Least recently used entries leave when there are too many.
 *
 * An entry that was found stays valid until token_entry_release(), whatever becomes of the cache.
 */
#ifndef GATEWAY_TOKEN_CACHE_H
#define GATEWAY_TOKEN_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct json;
struct token_cache;
struct token_caches;

struct token_entry {
	const struct json *claims; /* NULL: none are kept */
	bool is_active;
	int64_t expires_us; /* UTC */
};

/* seed: of the hash. */
struct token_cache *token_cache_create(size_t entries_max, uint64_t seed);
void token_cache_destroy(struct token_cache *cache); /* NULL is allowed */
void token_cache_set_max(struct token_cache *cache, size_t entries_max);
size_t token_cache_count(const struct token_cache *cache);

/* NULL when it is not known. The caller's: token_entry_release(). now_us: UTC. */
const struct token_entry *token_cache_find(struct token_cache *cache, struct str key,
					   int64_t now_us);
/* arena: where entry.claims live, taken; NULL without claims. The caller's too:
 * token_entry_release(). */
const struct token_entry *token_cache_put(struct token_cache *cache, struct str key,
					  struct token_entry entry, struct arena *arena,
					  int64_t now_us);
void token_entry_release(const struct token_entry *entry);
/* As arena_on_destroy() wants it. */
void token_entry_release_data(void *entry);

/* Caches by name, as many as a configuration has policies that want one; the oldest leaves when
 * there are too many. */
struct token_caches *token_caches_create(uint64_t seed);
void token_caches_destroy(struct token_caches *caches); /* NULL is allowed */
/* Made when it is not there. Valid during the turn. */
struct token_cache *token_caches_get(struct token_caches *caches, struct str name,
				     size_t entries_max);

#endif
