#include "portal/settings_redis.h"

#include "base/arena.h"
#include "base/error.h"
#include "portal/settings_source.h"
#include "store/sentinel.h"
#include "store/sentinel_hosts.h"
#include "world/redis.h"
#include "world/redis_url.h"

#define TIMEOUT_S 1
#define TIMEOUT_S_MAX 60

/* The variables of one Redis begin alike. */
static const struct {
	const char *prefix;
	const char *fallback; /* of the URL */
} rows[] = {
	{"BACKEND_REDIS", "redis://backend-redis:6379"},
	{"REDIS", "redis://system-redis/1"},
	{"MESSAGE_BUS_REDIS", "redis://system-redis/2"},
};
#define STORAGE 0
#define JOBS 1
#define ROWS (sizeof rows / sizeof *rows)

/* One of those that begin with the prefix. */
static const char *variable(const struct settings_source *source, const char *prefix,
			    const char *rest)
{
	return str_cstr(source->arena, str_format(source->arena, "%s_%s", prefix, rest));
}

static bool is_role(struct str role)
{
	return str_equal(role, STR("master")) || str_equal(role, STR("slave"));
}

static bool read_one(struct redis_settings *settings, const struct settings_source *source,
		     const char *prefix, const char *fallback, struct error *error)
{
	const char *url = variable(source, prefix, "URL");
	const char *sentinel_hosts = variable(source, prefix, "SENTINEL_HOSTS");
	const char *role = variable(source, prefix, "SENTINEL_ROLE");
	struct redis_place place;
	struct sentinel_host *hosts;
	size_t count;

	settings->url = setting_text(source, url, str_from(fallback));
	settings->sentinel_hosts = setting_text(source, sentinel_hosts, STR(""));
	settings->sentinel_role = setting_text(source, role, STR("master"));
	if (!redis_place_read(settings->url, source->arena, &place, error))
		return error_wrap(error, "%.*s", STR_ARG(setting_name(source, url)));
	if (!sentinel_hosts_read(settings->sentinel_hosts, source->arena, &hosts, &count, error))
		return error_wrap(error, "%.*s", STR_ARG(setting_name(source, sentinel_hosts)));
	if (!is_role(settings->sentinel_role))
		return error_set(error, ERROR_INVALID, "%.*s must be master or slave, not \"%.*s\"",
				 STR_ARG(setting_name(source, role)),
				 STR_ARG(settings->sentinel_role));
	if (count == 0)
		settings->sentinel_hosts = STR("");
	return true;
}

bool portal_redis_settings_read(struct redis_settings *storage, struct redis_settings *jobs,
				const struct settings_source *source, struct error *error)
{
	struct redis_settings settings[ROWS] = {0};

	for (size_t i = 0; i < ROWS; i++) {
		if (!read_one(&settings[i], source, rows[i].prefix, rows[i].fallback, error))
			return false;
	}
	*storage = settings[STORAGE];
	storage->timeout_s = TIMEOUT_S;
	*jobs = settings[JOBS];
	jobs->timeout_s = TIMEOUT_S;
	if (setting_text(source, "REDIS_URL", STR("")).size == 0)
		jobs->url = STR("");
	return setting_number(source, "backend_redis.timeout", 1, TIMEOUT_S_MAX,
			      &storage->timeout_s, error);
}

struct redis_client *portal_redis_open(struct world *world, const struct redis_settings *settings,
				       struct error *error)
{
	const int timeout_ms = (int)settings->timeout_s * 1000;
	const struct redis_options plain = {
		.url = settings->url,
		.connect_timeout_ms = timeout_ms,
		.command_timeout_ms = timeout_ms,
		.write_timeout_ms = timeout_ms,
	};
	const struct sentinel_options group = {
		.url = plain.url,
		.hosts = settings->sentinel_hosts,
		.role = settings->sentinel_role,
		.connect_timeout_ms = timeout_ms,
		.command_timeout_ms = timeout_ms,
		.write_timeout_ms = timeout_ms,
		.has_passwords = true,
	};

	if (settings->sentinel_hosts.size > 0)
		return sentinel_open(world, &group, error);
	return redis_open(world, &plain, error);
}
