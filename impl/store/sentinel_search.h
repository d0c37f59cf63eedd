/* Asks Sentinels for a node of a group (spec/backend.md 9.5): one after the other in the order of
 * their list; those that cannot be reached, do not answer in their share of the time, or know of no
 * node are skipped. The one that answered is asked first the next time, on the same connection.
 *
 * sentinel_search_init() .. sentinel_search_begin() .. `ended` or sentinel_search_stop() .. again
 * .. sentinel_search_close(). How long a search may take as a whole is its owner's to watch.
 */
#ifndef STORE_SENTINEL_SEARCH_H
#define STORE_SENTINEL_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;
struct sentinel_options;
struct sentinel_source;
struct world;

/* host empty: no Sentinel knows of a node. The owner may close the search and free itself. */
typedef void sentinel_search_ended(struct str host, uint16_t port, void *data);

struct sentinel_search {
	struct world *world;
	struct str group;
	bool wants_replica;              /* any that is up; else the master */
	int64_t ask_timeout_ms;          /* of one Sentinel */
	struct sentinel_source *sources; /* the best first */
	size_t sources_count, asked;
	bool is_asking; /* sources[asked] is to answer */
	sentinel_search_ended *ended;
	void *data;
};

/* The other members are set by the owner before the first search. The list lies in the arena.
 * False and *error when it cannot be read, or is empty. */
bool sentinel_search_init(struct sentinel_search *search, const struct sentinel_options *options,
			  int64_t connect_timeout_ms, struct arena *arena, struct error *error);
void sentinel_search_begin(struct sentinel_search *search);
/* `ended` is not called any more. */
void sentinel_search_stop(struct sentinel_search *search);
void sentinel_search_close(struct sentinel_search *search);

#endif
