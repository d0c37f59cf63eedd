/* The metrics of several processes on the ports of the one that started them: whenever somebody
 * asks, each process's own page on loopback is asked for, and they are added up (metrics_sum.h).
 * What a process had counted when it was last looked at stays in the sum when it ends.
 *
 * summed_pages_create() .. summed_pages_open() for each family prefix .. sources come and go ..
 * summed_pages_destroy().
 */
#ifndef WORKERS_SUMMED_PAGE_H
#define WORKERS_SUMMED_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct error;
struct summed_pages;
struct world;

/* Texts must outlive the pages. */
struct summed_pages_options {
	struct world *world;
	size_t sources;
	struct str content_type, server; /* header fields of the answers; server empty: none */
};

struct summed_pages *summed_pages_create(const struct summed_pages_options *options);
void summed_pages_destroy(struct summed_pages *pages); /* NULL is allowed */

/* Shows the families whose names begin so on that port, which may be one that shows others. The
 * port (0 was given: which it became), or 0 and *error when it cannot be listened on. */
uint16_t summed_pages_open(struct summed_pages *pages, struct str address, uint16_t port,
			   struct str prefix, struct error *error);

/* port 0: that source has no page. */
void summed_pages_source_is_up(struct summed_pages *pages, size_t index, uint16_t port);
void summed_pages_source_is_down(struct summed_pages *pages, size_t index);

#endif
