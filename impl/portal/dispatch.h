/* From a request to its answer: route, credentials, look-ups, handler, one transaction
 * (spec/portal.md 2.3). */
#ifndef PORTAL_DISPATCH_H
#define PORTAL_DISPATCH_H

#include <stdbool.h>

#include "base/str.h"

struct call;
struct http_request;

/* Fills call->answer. `call` comes with database, settings and arena. True when something was
 * written. */
bool dispatch(struct call *call, const struct http_request *request, struct str body);
/* Audits of what the call changes say who it was, and by which request. */
void dispatch_sign_changes(struct call *call, const struct http_request *request);
/* The path as a log may show it: without credentials that are part of it. */
struct str dispatch_loggable_path(const struct call *call, struct str target);

#endif
