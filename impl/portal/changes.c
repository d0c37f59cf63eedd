#include "portal/changes.h"

#include "portal/audits.h"
#include "portal/database.h"
#include "portal/events.h"

void change_follow(struct database *database, const struct record *record, enum change change)
{
	if (database_has_failed(database))
		return;
	audit_change(database, record, change);
	events_raise(database, record, change);
}
