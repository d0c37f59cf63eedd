/* What backend must know (spec/portal.md 6.3), as calls of its Internal API in the outbox: rows of
 * the same transaction as the change they follow from. backend_sync.h sends them, in order. A
 * tenant without a provider key is not pushed. */
#ifndef PORTAL_BACKEND_PUSH_H
#define PORTAL_BACKEND_PUSH_H

#include <stdint.h>

#include "base/str.h"

struct call;
struct record;

/* The key of the tenant's application at master; empty when it has none. */
struct str push_provider_key(struct call *call);

void push_service(struct call *call, const struct record *service);
void push_service_gone(struct call *call, const struct record *service);
/* Statistics of a service, of the metrics and applications that the definition names: applications,
 * metrics, users, from, to. */
struct json;
void push_statistics_gone(struct call *call, int64_t service_id, struct json *definition);
void push_service_token(struct call *call, const struct record *token);
void push_service_token_gone(struct call *call, const struct record *token);
/* The application and its user key. */
void push_application(struct call *call, const struct record *application);
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

#endif
