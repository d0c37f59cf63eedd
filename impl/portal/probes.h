/* What orchestrators ask a portal, without credentials (spec/portal.md 1.1). */
#ifndef PORTAL_PROBES_H
#define PORTAL_PROBES_H

#include <stdbool.h>

struct call;

/* Answers /check.txt on every face, /status on the master's; false: the path is none of them. Opens
 * and ends a transaction of its own. */
bool probes_answer(struct call *call);

#endif
