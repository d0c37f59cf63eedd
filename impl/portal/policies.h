/* Chains of policies as they are stored, shown and given to gateways: JSON text in, JSON text out
 * (spec/portal.md 3.4). */
#ifndef PORTAL_POLICIES_H
#define PORTAL_POLICIES_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct json;
struct validation;

/* The entry of the gateway's own policy, which every chain holds. */
#define POLICIES_APICAST                                                                           \
	"{\"name\":\"apicast\",\"humanName\":\"APIcast policy\",\"description\":\"Main "           \
	"functionality of APIcast.\",\"configuration\":{},\"version\":\"builtin\",\"enabled\":"    \
	"true,\"removable\":false,\"id\":\"apicast-policy\"}"
#define POLICIES_DEFAULT "[" POLICIES_APICAST "]"

/* As stored, with the missing `apicast` entry appended. */
struct str policies_shown(struct arena *arena, struct str stored);
/* Only name, version, configuration, enabled of each. */
struct str policies_brief(struct arena *arena, struct str stored);
/* For gateways: the enabled ones, only name, version, configuration. */
struct str policies_chain(struct arena *arena, struct str stored);
/* Whether a stored chain names that version of a policy. */
bool policies_have(struct arena *arena, struct str stored, struct str name, struct str version);
/* False: *text shows the entries with their errors. True: *text is to be stored. */
bool policies_check(struct arena *arena, const struct json *chain, struct str *text);
/* A chain that is sound may be too long to be stored: a fault of policies_config. */
bool policies_fit(struct str text, struct validation *faults);
/* The errors in such a text, as faults of policies_config: "name can't be blank". */
void policies_add_faults(struct validation *faults, struct str text);

#endif
