/* What follows from every change of a row, whoever makes it (spec/portal.md 6.1, 6.7): its audit
 * and the events it raises. record.c asks for them, in the transaction of the change. */
#ifndef PORTAL_CHANGES_H
#define PORTAL_CHANGES_H

struct database;
struct record;

enum change { CHANGE_CREATED = 1, CHANGE_UPDATED = 2, CHANGE_DELETED = 4 };

/* After a row was written (its stored values are still the old ones), before one is deleted. */
void change_follow(struct database *database, const struct record *record, enum change change);

#endif
