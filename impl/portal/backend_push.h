/* What backend must know (spec/portal.md 6.3), as calls of its Internal API in the outbox: rows of
 * the same transaction as the change they follow from. backend_sync.h sends them, in order. A
 * tenant without a provider key is not pushed. */
#ifndef PORTAL_BACKEND_PUSH_H
#define PORTAL_BACKEND_PUSH_H

#include <stdint.h>

#include "base/str.h"
#include "portal/value.h"

struct call;
struct json;
struct record;

/* The key of the tenant's application at master; empty when it has none. */
struct str push_provider_key(struct call *call);

void push_service(struct call *call, const struct record *service);
/* The same with its state: no calls while the tenant is scheduled for deletion. */
void push_service_state(struct call *call, const struct record *service);
/* After what hangs on it (jobs_service.c). */
void push_service_gone(struct call *call, const struct record *service);
/* definition: applications, metrics, users, from, to. */
void push_statistics_gone(struct call *call, int64_t service_id, struct json *definition);
/* The tenant's default service, as if there was none of the id `except` (0: all count). */
int64_t push_default_service_id(struct call *call, int64_t except);
void push_default_service(struct call *call, int64_t before, int64_t now);
/* The key of an application of master's API changed. It names its owner's services in backend, when
 * the owner is a tenant and has no older application. */
void push_provider_key_change(struct call *call, const struct record *application,
			      struct str before);
/* The tenant, another than the call's, came to be scheduled for deletion, or is so no more. */
void push_tenant_state(struct call *call, struct record *tenant);
void push_service_token(struct call *call, const struct record *token);
void push_service_token_gone(struct call *call, const struct record *token);
/* The application and its user key. */
void push_application(struct call *call, const struct record *application);
/* While its keys and filters are there. */
void push_application_gone(struct call *call, const struct record *application);
void push_user_key_gone(struct call *call, const struct record *application, struct str user_key);
void push_application_key(struct call *call, const struct record *application, struct str key);
void push_application_key_gone(struct call *call, const struct record *application, struct str key);
void push_referrer_filter(struct call *call, const struct record *application, struct str filter);
void push_referrer_filter_gone(struct call *call, const struct record *application,
			       struct str filter);
void push_metric(struct call *call, const struct record *metric);
void push_metric_gone(struct call *call, const struct record *metric);
/* A level of utilisation at which the service's applications raise alerts. */
void push_alert_limit(struct call *call, const struct record *service, int64_t level);
void push_alert_limit_gone(struct call *call, const struct record *service, int64_t level);
void push_usage_limit(struct call *call, const struct record *limit);
void push_usage_limit_gone(struct call *call, const struct record *limit, struct str period);
/* All of a plan that goes. */
void push_usage_limits_gone(struct call *call, const struct record *plan);

#endif
