#include "portal/changes.h"

#include "base/arena.h"
#include "portal/audits.h"
#include "portal/database.h"
#include "portal/events.h"
#include "portal/tables.h"

/* Metrics go with their methods, accounts with their applications. The services whose statistics
 * go as a whole leave nothing. */
static const struct {
	const struct table *table;
	const char *sql; /* of ?1 the row, ?2 the time */
} deleted_objects[] = {
	{&metrics_table,
	 "INSERT INTO deleted_objects (tenant_id, owner_id, owner_type, object_id, object_type, "
	 "created_at) SELECT tenant_id, service_id, 'Service', id, 'Metric', ?2 FROM metrics WHERE "
	 "id = ?1 OR parent_id = ?1"},
	{&contracts_table,
	 "INSERT INTO deleted_objects (tenant_id, owner_id, owner_type, object_id, object_type, "
	 "metadata, created_at) SELECT tenant_id, service_id, 'Service', id, 'Cinstance', "
	 "application_id, ?2 FROM cinstances WHERE id = ?1 AND type = 'Cinstance'"},
	{&accounts_table,
	 "INSERT INTO deleted_objects (tenant_id, owner_id, owner_type, object_id, object_type, "
	 "metadata, created_at) SELECT tenant_id, service_id, 'Service', id, 'Cinstance', "
	 "application_id, ?2 FROM cinstances WHERE user_account_id = ?1 AND type = 'Cinstance'"},
};

static void note_deleted_objects(struct database *database, const struct record *record)
{
	for (size_t i = 0; i < sizeof deleted_objects / sizeof *deleted_objects; i++) {
		if (deleted_objects[i].table == record->table)
			database_run(database, str_from(deleted_objects[i].sql),
				     DATABASE_ARGUMENTS(value_int(record_id(record)),
							value_time(database_now_us(database))));
	}
}

void change_follow(struct database *database, const struct record *record, enum change change)
{
	if (database_has_failed(database))
		return;
	audit_change(database, record, change);
	events_raise(database, record, change);
	if (change == CHANGE_DELETED)
		note_deleted_objects(database, record);
}
