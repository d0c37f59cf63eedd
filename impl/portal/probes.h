/* What orchestrators ask a portal (spec/portal.md 1.1), and what monitors do (1.2). */
#ifndef PORTAL_PROBES_H
#define PORTAL_PROBES_H

#include <stdbool.h>

struct call;
struct http_request;

/* Answers /check.txt on every face, /status and /system/metrics (metrics.h) on the master's; false:
 * the path is none of them. Opens and ends a transaction of its own. */
bool probes_answer(struct call *call, const struct http_request *request);

#endif
