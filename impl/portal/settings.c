#include "portal/settings.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/password.h"
#include "base/url.h"
#include "portal/release.h"
#include "portal/settings_source.h"
#include "world/chance.h"
#include "world/environment.h"

#define DEFAULT_PORT 3001
#define UNICORN_WORKERS_MAX 256
#define SANDBOX_VERIFY_MODE "THREESCALE_SANDBOX_PROXY_OPENSSL_VERIFY_MODE"
#define PASSWORD_COST 10
/* Seconds (8.1). */
#define ZYNC_CONNECT_S 5
#define ZYNC_SEND_S 5
#define ZYNC_RECEIVE_S 10
#define ZYNC_S_MAX 60

/* Variables that are taken as they are; the first one that is set wins. */
static const struct {
	size_t offset;
	const char *names[3];
	const char *fallback;
} settings_texts[] = {
	{offsetof(struct settings, database_url), {"DATABASE_URL"}, ""},
	{offsetof(struct settings, superdomain), {"THREESCALE_SUPERDOMAIN"}, "example.com"},
	{offsetof(struct settings, backend_endpoint),
	 {"APICAST_BACKEND_ROOT_ENDPOINT", "BACKEND_ROUTE", "BACKEND_ENDPOINT"},
	 "http://backend-listener:3000"},
	{offsetof(struct settings, registry),
	 {"APICAST_REGISTRY_URL"},
	 "http://apicast-staging:8090/policies"},
	{offsetof(struct settings, secret_key_base), {"SECRET_KEY_BASE"}, ""},
	{offsetof(struct settings, metrics_user), {"PROMETHEUS_USERNAME"}, ""},
	{offsetof(struct settings, metrics_password), {"PROMETHEUS_PASSWORD"}, ""},
	{offsetof(struct settings, amp_release), {"AMP_RELEASE"}, ""},
	{offsetof(struct settings, events_secret), {"EVENTS_SHARED_SECRET"}, ""},
	{offsetof(struct settings, internal_user), {"CONFIG_INTERNAL_API_USER"}, ""},
	{offsetof(struct settings, internal_password), {"CONFIG_INTERNAL_API_PASSWORD"}, ""},
	{offsetof(struct settings, zync_endpoint), {"ZYNC_ENDPOINT"}, ""},
	{offsetof(struct settings, zync_token), {"ZYNC_AUTHENTICATION_TOKEN"}, ""},
	{offsetof(struct settings, root), {"PORTAL_ROOT"}, "."},
	{offsetof(struct settings, noreply_email), {"NOREPLY_EMAIL"}, ""},
	{offsetof(struct settings, impersonation_username),
	 {"IMPERSONATION_ADMIN_USERNAME"},
	 "3scaleadmin"},
	{offsetof(struct settings, impersonation_domain),
	 {"IMPERSONATION_ADMIN_DOMAIN"},
	 "3scale.net"},
	{offsetof(struct settings, master_name), {"MASTER_NAME"}, "Master Account"},
	{offsetof(struct settings, master_domain), {"MASTER_DOMAIN"}, "master"},
	{offsetof(struct settings, master_user), {"MASTER_USER"}, "master"},
	{offsetof(struct settings, master_access_token), {"MASTER_ACCESS_TOKEN"}, ""},
	{offsetof(struct settings, apicast_access_token), {"APICAST_ACCESS_TOKEN"}, ""},
	{offsetof(struct settings, provider_name), {"PROVIDER_NAME"}, "Provider Name"},
	{offsetof(struct settings, provider_plan), {"PROVIDER_PLAN"}, "enterprise"},
	{offsetof(struct settings, tenant_name), {"TENANT_NAME"}, "provider"},
	{offsetof(struct settings, user_login), {"USER_LOGIN"}, "admin"},
	{offsetof(struct settings, user_email), {"USER_EMAIL"}, ""},
	{offsetof(struct settings, admin_access_token), {"ADMIN_ACCESS_TOKEN"}, ""},
	{offsetof(struct settings, master_password), {"MASTER_PASSWORD"}, ""},
	{offsetof(struct settings, user_password), {"USER_PASSWORD"}, ""},
};

static void settings_read_texts(struct settings *settings, const struct settings_source *source)
{
	for (size_t i = 0; i < sizeof settings_texts / sizeof *settings_texts; i++) {
		struct str *text = (struct str *)((char *)settings + settings_texts[i].offset);

		*text = STR("");
		for (size_t j = 0; j < 3 && settings_texts[i].names[j] != NULL && text->size == 0;
		     j++)
			*text = setting_text(source, settings_texts[i].names[j], STR(""));
		if (text->size == 0)
			*text = str_from(settings_texts[i].fallback);
	}
}

/* THREESCALE_CORE_INTERNAL_API, or the path /internal/ of BACKEND_ENDPOINT, or backend's name in
 * the cluster. */
static struct str internal_api(const struct settings_source *source)
{
	struct str written = setting_text(source, "THREESCALE_CORE_INTERNAL_API", STR(""));
	struct str root =
		setting_text(source, "BACKEND_ENDPOINT", STR("http://backend-listener:3000"));

	if (written.size == 0)
		written = STR_CONCAT(source->arena, root, STR("/internal/"));
	return str_has_suffix(written, STR("/")) ? written
						 : STR_CONCAT(source->arena, written, STR("/"));
}

static bool settings_read_tenant_mode(struct settings *settings,
				      const struct settings_source *source, struct error *error)
{
	static const struct {
		struct str name;
		enum tenant_mode mode;
	} modes[] = {
		{STR_INIT(""), TENANT_MODE_MULTITENANT},
		{STR_INIT("developer"), TENANT_MODE_MULTITENANT},
		{STR_INIT("provider"), TENANT_MODE_MULTITENANT},
		{STR_INIT("multitenant"), TENANT_MODE_MULTITENANT},
		{STR_INIT("master"), TENANT_MODE_MASTER},
	};
	struct str mode = setting_text(source, "TENANT_MODE", STR(""));

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (str_equal(modes[i].name, mode)) {
			settings->tenant_mode = modes[i].mode;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID,
			 "%.*s must be developer, provider, multitenant or master, not \"%.*s\"",
			 STR_ARG(setting_name(source, "TENANT_MODE")), STR_ARG(mode));
}

/* ROLLING_UPDATES comes after the file, and wins. */
static bool settings_read_flags(struct settings *settings, const struct settings_source *source,
				struct error *error)
{
	JSON_EACH (value, settings_section(source, "rolling_updates")) {
		struct str place = settings_place(source, "rolling_updates", value);

		if (value->kind != JSON_BOOL)
			return error_set(error, ERROR_INVALID, "%.*s must be true or false",
					 STR_ARG(place));
		if (!flags_set(&settings->flags, value->key, value->boolean))
			return error_set(error, ERROR_INVALID, "%.*s is not known", STR_ARG(place));
	}
	return flags_read(&settings->flags,
			  environment_text(source->world, STR("ROLLING_UPDATES"), STR("")), error);
}

static bool settings_read_release(struct settings *settings, const struct settings_source *source,
				  struct str release, struct error *error)
{
	settings->release = release_find(release);
	if (settings->release == NULL)
		return error_set(error, ERROR_INVALID,
				 "--release must be 2.5, 2.6 or later, not \"%.*s\"",
				 STR_ARG(release));
	flags_init(&settings->flags, settings->release);
	return settings_read_flags(settings, source, error);
}

static bool settings_read_verification(struct settings *settings,
				       const struct settings_source *source, struct error *error)
{
	struct str mode = setting_text(source, SANDBOX_VERIFY_MODE, STR("VERIFY_NONE"));

	settings->verifies_sandbox = str_equal(mode, STR("VERIFY_PEER"));
	return settings->verifies_sandbox || mode.size == 0 ||
	       str_equal(mode, STR("VERIFY_NONE")) ||
	       error_set(error, ERROR_INVALID,
			 "%.*s must be VERIFY_NONE or VERIFY_PEER, not \"%.*s\"",
			 STR_ARG(setting_name(source, SANDBOX_VERIFY_MODE)), STR_ARG(mode));
}

bool settings_has_flag(const struct settings *settings, enum flag flag)
{
	return settings->flags.is_on[flag];
}

/* On unless it is 0. */
static bool flag(const struct settings_source *source, const char *name)
{
	return !str_equal(setting_text(source, name, STR("1")), STR("0"));
}

static bool text_says_yes(struct str text)
{
	return str_equal_nocase(text, STR("true")) || str_equal_nocase(text, STR("t")) ||
	       str_equal_nocase(text, STR("on")) || str_equal_nocase(text, STR("yes")) ||
	       str_equal(text, STR("1"));
}

static bool settings_read_numbers(struct settings *settings, const struct settings_source *source,
				  struct error *error)
{
	int64_t password_cost = PASSWORD_COST;
	const struct {
		const char *name;
		int64_t least, most, *value;
	} numbers[] = {
		/* How slow a log-in is. Tests that make many users want it fast. */
		{"PASSWORD_COST", PASSWORD_COST_MIN, PASSWORD_COST_MAX, &password_cost},
		{"PORT", 1, UINT16_MAX, &settings->port},
		{"UNICORN_WORKERS", 0, UNICORN_WORKERS_MAX, &settings->unicorn_workers},
		{"zync.connect_timeout", 1, ZYNC_S_MAX, &settings->zync_connect_s},
		{"zync.send_timeout", 1, ZYNC_S_MAX, &settings->zync_send_s},
		{"zync.receive_timeout", 1, ZYNC_S_MAX, &settings->zync_receive_s},
	};

	settings->port = DEFAULT_PORT;
	settings->unicorn_workers = 0;
	settings->zync_connect_s = ZYNC_CONNECT_S;
	settings->zync_send_s = ZYNC_SEND_S;
	settings->zync_receive_s = ZYNC_RECEIVE_S;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (!setting_number(source, numbers[i].name, numbers[i].least, numbers[i].most,
				    numbers[i].value, error))
			return false;
	}
	settings->password_cost = (int)password_cost;
	return true;
}

/* Silence would lose them with the container. */
static bool check_upload_storage(const struct settings_source *source, struct error *error)
{
	struct str kind = setting_text(source, "FILE_UPLOAD_STORAGE", STR("filesystem"));

	return str_equal(kind, STR("filesystem")) ||
	       error_set(error, ERROR_INVALID, "%.*s can only be filesystem, not \"%.*s\"",
			 STR_ARG(setting_name(source, "FILE_UPLOAD_STORAGE")), STR_ARG(kind));
}

/* Nothing acts upon it; a mistake in it is one all the same. */
static bool check_service_discovery(const struct settings_source *source, struct error *error)
{
	static const struct {
		const char *name, *words[2];
	} rows[] = {
		{"service_discovery.server_scheme", {"https", "http"}},
		{"service_discovery.authentication_method", {"service_account", "oauth"}},
		{"service_discovery.oauth_server_type", {"builtin", "rh_sso"}},
	};
	int64_t port;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str word = setting_text(source, rows[i].name, STR(""));

		if (word.size > 0 && !str_equal(word, str_from(rows[i].words[0])) &&
		    !str_equal(word, str_from(rows[i].words[1])))
			return error_set(error, ERROR_INVALID,
					 "%.*s must be %s or %s, not \"%.*s\"",
					 STR_ARG(setting_name(source, rows[i].name)),
					 rows[i].words[0], rows[i].words[1], STR_ARG(word));
	}
	return setting_number(source, "service_discovery.server_port", 1, UINT16_MAX, &port, error);
}

/* Cookies signed with it are nothing after a restart. */
static struct str secret_of_chance(const struct settings_source *source)
{
	return chance_hex(source->world, source->arena, 32);
}

static bool check_url(const struct settings_source *source, const char *name, struct str text,
		      struct error *error)
{
	struct url url;

	return url_parse(text, &url, error) ||
	       error_wrap(error, "%.*s", STR_ARG(setting_name(source, name)));
}

static bool settings_read_urls(struct settings *settings, const struct settings_source *source,
			       struct error *error)
{
	struct url url;

	settings->internal_api = internal_api(source);
	if (!url_parse(settings->internal_api, &url, error))
		return error_wrap(error, "the Internal API's address");
	return check_url(source, "APICAST_REGISTRY_URL", settings->registry, error) &&
	       (settings->zync_endpoint.size == 0 ||
		check_url(source, "ZYNC_ENDPOINT", settings->zync_endpoint, error));
}

bool portal_settings_read(struct settings *settings, const struct settings_source *source,
			  struct str release, struct error *error)
{
	if (!settings_read_release(settings, source, release, error) ||
	    !settings_read_tenant_mode(settings, source, error) ||
	    !settings_read_numbers(settings, source, error) ||
	    !settings_read_verification(settings, source, error) ||
	    !portal_redis_settings_read(&settings->storage, &settings->jobs_redis, source, error) ||
	    !check_upload_storage(source, error) || !check_service_discovery(source, error) ||
	    !job_times_read(&settings->job_times, source, error))
		return false;
	settings_read_texts(settings, source);
	if (!portal_smtp_settings_read(&settings->smtp, source, settings->superdomain, error) ||
	    !settings_read_urls(settings, source, error))
		return false;
	if (settings->secret_key_base.size == 0)
		settings->secret_key_base = secret_of_chance(source);
	if (settings->noreply_email.size == 0)
		settings->noreply_email =
			STR_CONCAT(source->arena, STR("no-reply@"), settings->superdomain);
	settings->sample_data = flag(source, "SAMPLE_DATA");
	settings->janitor_worker_enabled = flag(source, "JANITOR_WORKER_ENABLED");
	settings->docs_proxy_is_private =
		text_says_yes(setting_text(source, "ACTIVE_DOCS_PROXY_PRIVATE", STR("false")));
	settings->force_ssl = text_says_yes(setting_text(source, "FORCE_SSL", STR("false")));
	return true;
}
