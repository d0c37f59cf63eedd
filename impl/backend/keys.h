/* Names of the keys that hold configuration, events, alerts and queues (spec/backend.md 6.2, 6.5,
 * 6.6). In configuration keys every blank of an id becomes '+' (6.1).
 */
#ifndef BACKEND_KEYS_H
#define BACKEND_KEYS_H

#include "base/str.h"

struct arena;

/* Blanks become '+'; the text itself when it has none. */
struct str key_part(struct arena *arena, struct str text);

struct str key_service(struct arena *arena, struct str service, struct str attribute);
struct str key_default_service(struct arena *arena, struct str provider_key);
struct str key_provider_services(struct arena *arena, struct str provider_key);
struct str key_service_applications(struct arena *arena, struct str service);
struct str key_service_token(struct arena *arena, struct str token, struct str service);
struct str key_application(struct arena *arena, struct str service, struct str application,
			   struct str attribute);
struct str key_user_key(struct arena *arena, struct str service, struct str user_key);
struct str key_metric_ids(struct arena *arena, struct str service);
struct str key_metric(struct arena *arena, struct str service, struct str metric,
		      struct str attribute);
struct str key_metric_name(struct arena *arena, struct str service, struct str name);
struct str key_usage_limit(struct arena *arena, struct str service, struct str plan,
			   struct str metric, struct str period);

/* Parts as they are, from here on. */
struct str key_end_user(struct arena *arena, struct str service, struct str user);
struct str key_access_token(struct arena *arena, struct str service, struct str token);
struct str key_application_tokens(struct arena *arena, struct str service, struct str application);
struct str key_alert_thresholds(struct arena *arena, struct str service);
struct str key_alert_sent(struct arena *arena, struct str service, struct str application,
			  int level);
struct str key_alert_maximum(struct arena *arena, struct str service, struct str application,
			     struct str hour);
struct str key_errors(struct arena *arena, struct str service);
struct str key_latest_transactions(struct arena *arena, struct str service);
struct str key_daily_traffic(struct arena *arena, struct str service, struct str application,
			     struct str day);

#define KEY_SERVICES STR("services_set")
#define KEY_PURGED_SERVICES STR("set_with_services_marked_for_deletion")
#define KEY_PROVIDER_KEYS STR("provider_keys_set")
#define KEY_EVENT_ID STR("events/id")
#define KEY_EVENTS STR("events/queue")
#define KEY_EVENT_PING STR("events/ping")
#define KEY_ALERT_ID STR("alerts/current_id")
#define KEY_NOTIFICATIONS STR("notify/aggregator/batch")

#define KEY_DELETED_SERVICES STR("set_with_services_marked_for_deletion")

#define KEY_QUEUES STR("resque:queues")
#define KEY_WORKERS STR("resque:workers")
#define KEY_FAILED_JOBS STR("resque:failed")

#endif
