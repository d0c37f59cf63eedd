/* The portal's variables (spec/portal.md 8.1 to 8.4), and their places in the file. */
#include "portal/settings_source.h"

/* clang-format off */
#define TEXT(variable) {variable, "settings", NULL, SETTING_TEXT}
#define NUMBER(variable) {variable, "settings", NULL, SETTING_NUMBER}
#define SWITCH(variable) {variable, "settings", NULL, SETTING_SWITCH}

const struct setting portal_settings[] = {
	TEXT("DATABASE_URL"), TEXT("THREESCALE_SUPERDOMAIN"), TEXT("MASTER_DOMAIN"),
	TEXT("TENANT_MODE"), TEXT("SECRET_KEY_BASE"), TEXT("EVENTS_SHARED_SECRET"),
	SWITCH("FORCE_SSL"), NUMBER("PORT"), NUMBER("UNICORN_WORKERS"), NUMBER("PASSWORD_COST"),
	TEXT("AMP_RELEASE"), TEXT("PORTAL_ROOT"), TEXT("FILE_UPLOAD_STORAGE"),
	SWITCH("ACTIVE_DOCS_PROXY_PRIVATE"), SWITCH("JANITOR_WORKER_ENABLED"),
	TEXT("PROMETHEUS_USERNAME"), TEXT("PROMETHEUS_PASSWORD"),
	/* Other programs. */
	TEXT("APICAST_BACKEND_ROOT_ENDPOINT"), TEXT("BACKEND_ROUTE"), TEXT("BACKEND_ENDPOINT"),
	TEXT("THREESCALE_CORE_INTERNAL_API"), TEXT("CONFIG_INTERNAL_API_USER"),
	TEXT("CONFIG_INTERNAL_API_PASSWORD"), TEXT("APICAST_REGISTRY_URL"),
	TEXT("THREESCALE_SANDBOX_PROXY_OPENSSL_VERIFY_MODE"),
	TEXT("REDIS_URL"), TEXT("REDIS_SENTINEL_HOSTS"), TEXT("REDIS_SENTINEL_ROLE"),
	TEXT("MESSAGE_BUS_REDIS_URL"), TEXT("MESSAGE_BUS_REDIS_SENTINEL_HOSTS"),
	TEXT("MESSAGE_BUS_REDIS_SENTINEL_ROLE"),
	/* Mails. */
	TEXT("NOREPLY_EMAIL"), SWITCH("EMAIL_SANITIZER_ENABLED"), TEXT("EMAIL_SANITIZER_TO"),
	TEXT("IMPERSONATION_ADMIN_USERNAME"), TEXT("IMPERSONATION_ADMIN_DOMAIN"),
	/* Seeding. */
	TEXT("MASTER_NAME"), TEXT("MASTER_USER"), TEXT("MASTER_PASSWORD"),
	TEXT("MASTER_ACCESS_TOKEN"), TEXT("APICAST_ACCESS_TOKEN"), TEXT("PROVIDER_NAME"),
	TEXT("PROVIDER_PLAN"), TEXT("TENANT_NAME"), TEXT("USER_LOGIN"), TEXT("USER_PASSWORD"),
	TEXT("USER_EMAIL"), TEXT("ADMIN_ACCESS_TOKEN"), SWITCH("SAMPLE_DATA"),
	/* Taken from whoever has them, and not acted upon. */
	TEXT("REDIS_NAMESPACE"), TEXT("MESSAGE_BUS_REDIS_NAMESPACE"), TEXT("MEMCACHE_SERVERS"),
	TEXT("THINKING_SPHINX_ADDRESS"), NUMBER("THINKING_SPHINX_PORT"),
	TEXT("THINKING_SPHINX_CONFIGURATION_FILE"), NUMBER("DELTA_INDEX_INTERVAL"),
	NUMBER("FULL_REINDEX_INTERVAL"), NUMBER("RAILS_MAX_THREADS"), TEXT("RAILS_ENV"),
	TEXT("RAILS_LOG_LEVEL"), SWITCH("RAILS_LOG_TO_STDOUT"), TEXT("SSL_CERT_DIR"),
	TEXT("RECAPTCHA_PUBLIC_KEY"), TEXT("RECAPTCHA_PRIVATE_KEY"), TEXT("SUPPORT_EMAIL"),
	TEXT("SALES_EMAIL"), TEXT("NOTIFICATION_EMAIL"), TEXT("GOLIVE_EMAIL"),
	TEXT("SYSADMIN_EMAIL"), TEXT("MASTER_ACCESS_CODE"), TEXT("MASTER_SERVICE"),
	TEXT("MASTER_PLAN"),

	{"ZYNC_ENDPOINT", "zync", "endpoint", SETTING_TEXT},
	{"ZYNC_AUTHENTICATION_TOKEN", "zync", "token", SETTING_TEXT},
	{NULL, "zync", "connect_timeout", SETTING_NUMBER},
	{NULL, "zync", "send_timeout", SETTING_NUMBER},
	{NULL, "zync", "receive_timeout", SETTING_NUMBER},

	{"BACKEND_REDIS_URL", "backend_redis", "url", SETTING_TEXT},
	{"BACKEND_REDIS_SENTINEL_HOSTS", "backend_redis", "sentinel_hosts", SETTING_TEXT},
	{"BACKEND_REDIS_SENTINEL_ROLE", "backend_redis", "sentinel_role", SETTING_TEXT},
	{NULL, "backend_redis", "timeout", SETTING_NUMBER},

	/* The keys of the config map `smtp` (8.3). */
	{"SMTP_ADDRESS", "smtp", "address", SETTING_TEXT},
	{"SMTP_USER_NAME", "smtp", "username", SETTING_TEXT},
	{"SMTP_PASSWORD", "smtp", "password", SETTING_TEXT},
	{"SMTP_DOMAIN", "smtp", "domain", SETTING_TEXT},
	{"SMTP_PORT", "smtp", "port", SETTING_NUMBER},
	{"SMTP_AUTHENTICATION", "smtp", "authentication", SETTING_TEXT},
	{"SMTP_OPENSSL_VERIFY_MODE", "smtp", "openssl.verify.mode", SETTING_TEXT},
	{"SMTP_STARTTLS_AUTO", "smtp", "starttls_auto", SETTING_SWITCH},

	/* Services are not looked for in a cluster: taken, judged, and not acted upon. */
	{NULL, "service_discovery", "enabled", SETTING_SWITCH},
	{NULL, "service_discovery", "server_scheme", SETTING_TEXT},
	{NULL, "service_discovery", "server_host", SETTING_TEXT},
	{NULL, "service_discovery", "server_port", SETTING_NUMBER},
	{NULL, "service_discovery", "bearer_token", SETTING_TEXT},
	{NULL, "service_discovery", "authentication_method", SETTING_TEXT},
	{NULL, "service_discovery", "oauth_server_type", SETTING_TEXT},
	{NULL, "service_discovery", "client_id", SETTING_TEXT},
	{NULL, "service_discovery", "client_secret", SETTING_TEXT},
	{NULL, "service_discovery", "timeout", SETTING_NUMBER},
	{NULL, "service_discovery", "open_timeout", SETTING_NUMBER},
	{NULL, "service_discovery", "max_retry", SETTING_NUMBER},
	{NULL, "service_discovery", "verify_ssl", SETTING_NUMBER},
};
/* clang-format on */
const size_t portal_settings_count = sizeof portal_settings / sizeof *portal_settings;
