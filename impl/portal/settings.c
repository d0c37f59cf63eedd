#include "portal/settings.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/password.h"
#include "base/url.h"
#include "portal/release.h"
#include "world/clock.h"
#include "world/environment.h"

#define UNICORN_WORKERS_MAX 256

/* Variables that are taken as they are; the first one that is set wins. */
static const struct {
	size_t offset;
	const char *names[3];
	const char *fallback;
} settings_texts[] = {
	{offsetof(struct settings, superdomain), {"THREESCALE_SUPERDOMAIN"}, "example.com"},
	{offsetof(struct settings, backend_endpoint),
	 {"APICAST_BACKEND_ROOT_ENDPOINT", "BACKEND_ROUTE", "BACKEND_ENDPOINT"},
	 "http://backend-listener:3000"},
	{offsetof(struct settings, registry),
	 {"APICAST_REGISTRY_URL"},
	 "http://apicast-staging:8090/policies"},
	{offsetof(struct settings, secret_key_base), {"SECRET_KEY_BASE"}, ""},
	{offsetof(struct settings, events_secret), {"EVENTS_SHARED_SECRET"}, ""},
	{offsetof(struct settings, internal_user), {"CONFIG_INTERNAL_API_USER"}, ""},
	{offsetof(struct settings, internal_password), {"CONFIG_INTERNAL_API_PASSWORD"}, ""},
	{offsetof(struct settings, zync_endpoint), {"ZYNC_ENDPOINT"}, ""},
	{offsetof(struct settings, zync_token), {"ZYNC_AUTHENTICATION_TOKEN"}, ""},
	{offsetof(struct settings, routes_file), {"ROUTES_FILE"}, ""},
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

static void settings_read_texts(struct settings *settings, struct world *world)
{
	for (size_t i = 0; i < sizeof settings_texts / sizeof *settings_texts; i++) {
		struct str *text = (struct str *)((char *)settings + settings_texts[i].offset);

		*text = STR("");
		for (size_t j = 0; j < 3 && settings_texts[i].names[j] != NULL && text->size == 0;
		     j++)
			*text = environment_text(world, str_from(settings_texts[i].names[j]),
						 STR(""));
		if (text->size == 0)
			*text = str_from(settings_texts[i].fallback);
	}
}

/* THREESCALE_CORE_INTERNAL_API, or the path /internal/ of BACKEND_ENDPOINT, or backend's name in
 * the cluster. */
static struct str internal_api(struct world *world, struct arena *arena)
{
	struct str written = environment_text(world, STR("THREESCALE_CORE_INTERNAL_API"), STR(""));
	struct str root = environment_text(world, STR("BACKEND_ENDPOINT"),
					   STR("http://backend-listener:3000"));

	if (written.size == 0)
		written = STR_CONCAT(arena, root, STR("/internal/"));
	return str_has_suffix(written, STR("/")) ? written : STR_CONCAT(arena, written, STR("/"));
}

static bool settings_read_tenant_mode(struct settings *settings, struct world *world,
				      struct error *error)
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
	struct str mode = environment_text(world, STR("TENANT_MODE"), STR(""));

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (str_equal(modes[i].name, mode)) {
			settings->tenant_mode = modes[i].mode;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID,
			 "TENANT_MODE must be developer, provider, multitenant or master, not "
			 "\"%.*s\"",
			 STR_ARG(mode));
}

static bool settings_read_release(struct settings *settings, struct world *world,
				  struct str release, struct error *error)
{
	settings->release = release_find(release);
	if (settings->release == NULL)
		return error_set(error, ERROR_INVALID,
				 "--release must be 2.5, 2.6 or later, not \"%.*s\"",
				 STR_ARG(release));
	return flags_read(&settings->flags, settings->release,
			  environment_text(world, STR("ROLLING_UPDATES"), STR("")), error);
}

static bool settings_read_verification(struct settings *settings, struct world *world,
				       struct error *error)
{
	struct str mode = environment_text(
		world, STR("THREESCALE_SANDBOX_PROXY_OPENSSL_VERIFY_MODE"), STR("VERIFY_NONE"));

	settings->verifies_sandbox = str_equal(mode, STR("VERIFY_PEER"));
	return settings->verifies_sandbox || mode.size == 0 ||
	       str_equal(mode, STR("VERIFY_NONE")) ||
	       error_set(error, ERROR_INVALID,
			 "THREESCALE_SANDBOX_PROXY_OPENSSL_VERIFY_MODE must be VERIFY_NONE or "
			 "VERIFY_PEER, not \"%.*s\"",
			 STR_ARG(mode));
}

bool settings_has_flag(const struct settings *settings, enum flag flag)
{
	return settings->flags.is_on[flag];
}

/* On unless it is 0. */
static bool flag(struct world *world, const char *name)
{
	return !str_equal(environment_text(world, str_from(name), STR("1")), STR("0"));
}

static bool text_says_yes(struct str text)
{
	return str_equal_nocase(text, STR("true")) || str_equal_nocase(text, STR("t")) ||
	       str_equal_nocase(text, STR("on")) || str_equal_nocase(text, STR("yes")) ||
	       str_equal(text, STR("1"));
}

/* How slow a log-in is. Tests that make many users want it fast. */
static bool settings_read_password_cost(struct settings *settings, struct world *world,
					struct error *error)
{
	struct str text = environment_text(world, STR("PASSWORD_COST"), STR("10"));
	int64_t cost;

	if (!str_to_int64(text, &cost) || cost < PASSWORD_COST_MIN || cost > PASSWORD_COST_MAX)
		return error_set(error, ERROR_INVALID,
				 "PASSWORD_COST must be a number from %d to %d, not \"%.*s\"",
				 PASSWORD_COST_MIN, PASSWORD_COST_MAX, STR_ARG(text));
	settings->password_cost = (int)cost;
	return true;
}

static bool settings_read_workers(struct settings *settings, struct world *world,
				  struct error *error)
{
	struct str text = environment_text(world, STR("UNICORN_WORKERS"), STR("0"));

	if (!str_to_int64(text, &settings->unicorn_workers) || settings->unicorn_workers < 0 ||
	    settings->unicorn_workers > UNICORN_WORKERS_MAX)
		return error_set(error, ERROR_INVALID,
				 "UNICORN_WORKERS must be a number up to %d, not \"%.*s\"",
				 UNICORN_WORKERS_MAX, STR_ARG(text));
	return true;
}

/* Cookies signed with it are nothing after a restart. */
static struct str secret_of_chance(struct world *world, struct arena *arena)
{
	return str_format(arena, "%016" PRIx64 "%016" PRIx64, world_chance(world),
			  world_chance(world));
}

bool portal_settings_read(struct settings *settings, struct world *world, struct arena *arena,
			  struct str release, struct error *error)
{
	struct url url;

	if (!settings_read_release(settings, world, release, error) ||
	    !settings_read_tenant_mode(settings, world, error) ||
	    !settings_read_password_cost(settings, world, error) ||
	    !settings_read_verification(settings, world, error) ||
	    !settings_read_workers(settings, world, error) ||
	    !portal_redis_settings_read(&settings->storage, world, arena, error))
		return false;
	settings_read_texts(settings, world);
	if (!portal_smtp_settings_read(&settings->smtp, world, settings->superdomain, error))
		return false;
	if (settings->secret_key_base.size == 0)
		settings->secret_key_base = secret_of_chance(world, arena);
	settings->internal_api = internal_api(world, arena);
	if (settings->noreply_email.size == 0)
		settings->noreply_email =
			STR_CONCAT(arena, STR("no-reply@"), settings->superdomain);
	if (!url_parse(settings->internal_api, &url, error))
		return error_wrap(error, "the Internal API's address");
	if (!url_parse(settings->registry, &url, error))
		return error_wrap(error, "APICAST_REGISTRY_URL");
	if (settings->zync_endpoint.size > 0 && !url_parse(settings->zync_endpoint, &url, error))
		return error_wrap(error, "ZYNC_ENDPOINT");
	settings->sample_data = flag(world, "SAMPLE_DATA");
	settings->janitor_worker_enabled = flag(world, "JANITOR_WORKER_ENABLED");
	settings->docs_proxy_is_private = text_says_yes(
		environment_text(world, STR("ACTIVE_DOCS_PROXY_PRIVATE"), STR("false")));
	settings->force_ssl =
		text_says_yes(environment_text(world, STR("FORCE_SSL"), STR("false")));
	return true;
}
