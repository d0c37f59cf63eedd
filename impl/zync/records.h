/* What zync remembers: tenants, the records that notifications spoke of, and which of these are
 * still to be worked off. In SQL; each call is a transaction of its own. Texts live in the arena
 * given.
 */
#ifndef ZYNC_RECORDS_H
#define ZYNC_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;
struct records;
struct world;

struct zync_tenant {
	int64_t id;
	struct str endpoint, access_token;
};

struct zync_record {
	struct str type; /* "Provider", "Proxy", "Service", "Application" */
	int64_t id, tenant_id;
	int64_t service_id; /* 0: of none */
	int64_t tries;      /* that failed since it was last told of */
	int64_t run_at_us;  /* UTC */
	int64_t version;    /* counts what was told of it */
};

/* DATABASE_URL, else a file. NULL and *error. */
struct records *records_open(struct world *world, struct error *error);
void records_close(struct records *records); /* NULL is allowed */

bool records_put_tenant(struct records *records, const struct zync_tenant *tenant,
			struct error *error);
/* False and an empty *error: there is none. */
bool records_find_tenant(struct records *records, int64_t id, struct arena *arena,
			 struct zync_tenant *tenant, struct error *error);
bool records_is_known(struct records *records, struct str type, int64_t id, struct error *error);

/* To be worked off from run_at_us on, whatever was to be done for it before. */
bool records_put(struct records *records, const struct zync_record *record, struct error *error);
/* Those that are to be worked off, the first that is due before the others; at most count_max. */
bool records_waiting(struct records *records, struct arena *arena, struct zync_record *list,
		     size_t count_max, size_t *count, struct error *error);
/* Nothing is to be done for it, or it is gone; unless it was told of again meanwhile. */
bool records_done(struct records *records, const struct zync_record *record, bool is_gone,
		  struct error *error);
bool records_retry(struct records *records, const struct zync_record *record, int64_t run_at_us,
		   struct error *error);

#endif
