/* Reads everything out of a storage and a queues database, into the form of dump_format.h.
 *
 * SCAN for the names, which are kept and sorted, then the values, many keys a round trip, big ones
 * in pieces: what is in memory is the names and some hundred values. Whoever changes the data
 * meanwhile changes what the dump says: backend is to be stopped first (spec/backend.md 9.6).
 *
 * dump_start(), `ended` once (never before dump_start() has returned), dump_stop() after the
 * clients were closed.
 */
#ifndef STORE_DUMP_H
#define STORE_DUMP_H

#include <stdbool.h>

#include "base/str.h"
#include "store/dump_format.h"

struct dump;
struct error;
struct redis_client;
struct world;

struct dump_options {
	struct world *world;
	struct redis_client *clients[DUMP_DATABASES]; /* borrowed */
	/* Takes the next bytes; false with *error ends the dump. */
	bool (*write)(struct str bytes, void *data, struct error *error);
	/* error NULL: all was written. */
	void (*ended)(const struct dump_counts *counts, const struct error *error, void *data);
	void *data;
};

struct dump *dump_start(const struct dump_options *options);
void dump_stop(struct dump *dump); /* NULL is allowed */

#endif
