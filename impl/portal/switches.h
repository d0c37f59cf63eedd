/* What a tenant may have at all: the switches of its `settings` row (spec/portal.md 6.2). Each is
 * `denied`, `hidden` (allowed, and not shown in the UI) or `visible`; on premises the plan allows
 * all but `end_users`. A database administrator may deny more. */
#ifndef PORTAL_SWITCHES_H
#define PORTAL_SWITCHES_H

#include <stdbool.h>

struct call;
struct record;

/* `name`: "multiple_services", of the column "multiple_services_switch". Master may everything. */
bool switch_is_allowed(struct call *call, const char *name);
bool switch_is_visible(struct call *call, const char *name);
/* Whether the new record may join those with the same values in the columns of `scope` (blank
 * separated): the first one always may. */
bool switch_lets_another(struct call *call, const char *name, const struct record *record,
			 const char *scope);

#endif
