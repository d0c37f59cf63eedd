/* Carries a dump (dump_format.h) out in a storage and a queues database, a window of commands a
 * round trip: what is in memory is one window, or one command if that is larger.
 *
 * load_start(), `ended` once (never before load_start() has returned), load_stop() after the
 * clients were closed. What was carried out before an error stays: a caller who wants all or
 * nothing holds the store (store_hold()).
 */
#ifndef STORE_LOAD_H
#define STORE_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "store/dump_format.h"

struct error;
struct load;
struct redis_client;
struct world;

enum load_mode {
	LOAD_INTO_EMPTY, /* refuses databases that hold a key */
	LOAD_REPLACE,    /* empties both first */
	LOAD_MERGE,      /* a key of the dump replaces the one of its name */
};

/* The next bytes of the dump; *bytes 0: its end. */
typedef bool load_read(char *room, size_t room_bytes, size_t *bytes, void *data,
		       struct error *error);

struct load_options {
	struct world *world;
	struct redis_client *clients[DUMP_DATABASES]; /* borrowed */
	enum load_mode mode;
	load_read *read;
	/* error NULL: all was carried out. Else its text begins with the offset where there is one,
	 * and `counts` says which keys have been begun. */
	void (*ended)(const struct dump_counts *counts, const struct error *error, void *data);
	void *data;
};

/* Reads to the end without carrying anything out: is it a whole dump? */
bool load_check(load_read *read, void *data, struct error *error);
struct load *load_start(const struct load_options *options);
void load_stop(struct load *load); /* NULL is allowed */

#endif
