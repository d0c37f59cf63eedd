/* What developers fill in of accounts, users and applications: the fields that the tenant defines
 * (fields.h) and neither hides nor keeps for itself. */
#ifndef PORTAL_PAGES_DEVELOPER_FIELDS_H
#define PORTAL_PAGES_DEVELOPER_FIELDS_H

#include "base/str.h"

struct call;
struct json;
struct validation;
struct visit;

/* An input for each; target: "Account", "User", "Cinstance"; names of inputs: "prefix[name]". */
void developer_fields_write(struct visit *visit, struct str target, const char *prefix,
			    const struct json *values, const struct validation *faults);
/* Those of `sent` that are among them go into `flat`, and nothing else does. */
void developer_fields_take(struct call *call, struct str target, const struct json *sent,
			   struct json *flat);

#endif
