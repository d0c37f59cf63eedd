/* Audits (spec/portal.md 6.1, 12.3): who changed what of the rows that people account for. */
#ifndef PORTAL_AUDITS_H
#define PORTAL_AUDITS_H

#include "portal/changes.h"

void audit_change(struct database *database, const struct record *record, enum change change);

#endif
