/* The portal's data model (spec/portal.md 6.1): every table with its columns, once. The schema is
 * made from these rows (schema.h), records are read and written by them (record.h). */
#ifndef PORTAL_TABLES_H
#define PORTAL_TABLES_H

#include "portal/record.h"

extern const struct table accounts_table;
extern const struct table users_table;
extern const struct table member_permissions_table;
extern const struct table access_tokens_table;
extern const struct table services_table;
extern const struct table service_tokens_table;
extern const struct table proxies_table;
extern const struct table proxy_configs_table;
extern const struct table proxy_config_hosts_table;
extern const struct table proxy_rules_table;
extern const struct table oidc_configurations_table;
extern const struct table metrics_table;
extern const struct table plans_table;
extern const struct table usage_limits_table;
extern const struct table pricing_rules_table;
extern const struct table features_table;
extern const struct table features_plans_table;
extern const struct table contracts_table; /* SQL name: cinstances */
extern const struct table application_keys_table;
extern const struct table referrer_filters_table;
extern const struct table api_docs_services_table;
extern const struct table policies_table;
extern const struct table settings_table;
extern const struct table web_hooks_table;
extern const struct table web_hook_deliveries_table;
extern const struct table web_hook_failures_table;
extern const struct table authentication_providers_table;
extern const struct table cms_sections_table;
extern const struct table cms_templates_table;
extern const struct table cms_files_table;
extern const struct table billing_strategies_table;
extern const struct table invoices_table;
extern const struct table line_items_table;
extern const struct table payment_transactions_table;
extern const struct table user_sessions_table;
extern const struct table provided_access_tokens_table;
extern const struct table invitations_table;
extern const struct table messages_table;
extern const struct table message_recipients_table;
extern const struct table notifications_table;
extern const struct table notification_preferences_table;
extern const struct table audits_table;
extern const struct table log_entries_table;
extern const struct table event_store_events_table;
extern const struct table deleted_objects_table;
extern const struct table periodic_jobs_table;
extern const struct table background_jobs_table;
extern const struct table mails_table;
extern const struct table zync_notices_table;
extern const struct table alerts_table;
extern const struct table fields_definitions_table;
extern const struct table backend_updates_table;
extern const struct table outbox_leases_table;

/* Referenced ones first. */
extern const struct table *const portal_tables[];
extern const size_t portal_tables_count;

#endif
