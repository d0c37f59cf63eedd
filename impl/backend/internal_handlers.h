/* The handlers of the Internal API, by the file that holds them; internal_routes.c has the table.
 */
#ifndef BACKEND_INTERNAL_HANDLERS_H
#define BACKEND_INTERNAL_HANDLERS_H

#include "backend/internal_call.h"

/* internal_services.c */
internal_handler internal_service_read, internal_service_create, internal_service_update,
	internal_service_delete, internal_provider_key_change;
/* internal_service_tokens.c */
internal_handler internal_service_token_probe, internal_service_tokens_create,
	internal_service_tokens_delete, internal_service_token_provider_key;
/* internal_applications.c */
internal_handler internal_application_read, internal_application_create,
	internal_application_update, internal_application_delete, internal_user_key_read,
	internal_user_key_set, internal_user_key_delete, internal_applications_save;
/* internal_users.c */
internal_handler internal_user_read, internal_user_create, internal_user_update,
	internal_user_delete, internal_users_delete;
/* internal_application_keys.c */
internal_handler internal_application_keys_list, internal_application_key_create,
	internal_application_key_delete, internal_referrer_filters_list,
	internal_referrer_filter_create, internal_referrer_filter_delete;
/* internal_metrics.c */
internal_handler internal_metric_read, internal_metric_create, internal_metric_update,
	internal_metric_delete, internal_usage_limit_read, internal_usage_limit_set,
	internal_usage_limit_delete;
/* internal_events.c */
internal_handler internal_alert_limits_list, internal_alert_limit_create,
	internal_alert_limit_delete, internal_events_list, internal_events_delete,
	internal_event_delete, internal_events_create;
/* internal_reports.c */
internal_handler internal_errors_list, internal_errors_delete, internal_errors_create,
	internal_transactions_list, internal_transactions_create, internal_transactions_delete,
	internal_stats_delete, internal_utilization_read;

#endif
