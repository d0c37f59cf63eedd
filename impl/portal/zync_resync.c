#include "portal/zync_resync.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/error.h"
#include "portal/database.h"
#include "portal/events.h"
#include "portal/tables.h"
#include "world/log.h"

#define PROVIDERS "(provider = 1 OR master = 1) AND (?1 = 0 OR id = ?1) AND id > ?2"

/* The next provider's, when there is one: *last is its id then. */
static bool resync_next(struct database *database, int64_t provider_id, int64_t *last,
			bool *is_over, struct error *error)
{
	struct arena *arena = arena_create();
	const struct record *provider;
	bool is_stored;

	database_begin(database, arena, true);
	provider = record_first(database, &accounts_table, PROVIDERS " ORDER BY id LIMIT 1",
				DATABASE_ARGUMENTS(value_int(provider_id), value_int(*last)));
	if (provider != NULL) {
		struct value id = value_int(record_id(provider));
		struct record_list proxies =
			record_all(database, &proxies_table,
				   "service_id IN (SELECT id FROM services WHERE account_id = ?1) "
				   "ORDER BY id",
				   DATABASE_ARGUMENTS(id));

		events_raise_domains(database, provider);
		for (size_t i = 0; i < proxies.count; i++)
			events_raise_domains(database, proxies.items[i]);
		*last = id.number;
	}
	is_stored = database_commit(database, error);
	*is_over = provider == NULL;
	arena_destroy(arena);
	return is_stored;
}

bool zync_resync_domains(struct database *database, int64_t provider_id, bool says,
			 struct error *error)
{
	int64_t count =
		database_int(database, STR("SELECT count(*) FROM accounts WHERE " PROVIDERS),
			     DATABASE_ARGUMENTS(value_int(provider_id), value_int(0)), 0);
	int64_t last = 0;
	bool is_over = false;

	if (count == 0)
		return error_set(error, ERROR_NOT_FOUND, "there is no such provider");
	for (int64_t done = 1; !is_over; done++) {
		if (!resync_next(database, provider_id, &last, &is_over, error))
			return false;
		if (says && !is_over)
			log_format(database_world(database), LOG_STDOUT, "%" PRId64 "%% completed",
				   100 * done / count);
	}
	return true;
}
