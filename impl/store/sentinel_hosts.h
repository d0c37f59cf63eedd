/* The list of Sentinels as operators write it (spec/backend.md 9.5): elements
 * [redis://][[user]:password@]host[:port] apart by commas. `\` makes the next character an ordinary
 * one; blanks around an element do not count, empty elements are skipped. */
#ifndef STORE_SENTINEL_HOSTS_H
#define STORE_SENTINEL_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;

struct sentinel_host {
	struct str host;
	uint16_t port;             /* 26379 when none is written */
	struct str user, password; /* as written, nothing is decoded; empty: none */
};

/* *hosts and its texts lie in the arena; *count may be 0. False and *error, without passwords, when
 * an element cannot be read. */
bool sentinel_hosts_read(struct str list, struct arena *arena, struct sentinel_host **hosts,
			 size_t *count, struct error *error);

#endif
