#include "portal/settings_redis.h"

#include "base/arena.h"
#include "base/error.h"
#include "store/sentinel.h"
#include "store/sentinel_hosts.h"
#include "world/environment.h"
#include "world/redis.h"
#include "world/redis_url.h"

#define TIMEOUT_MS 1000 /* `backend_redis`, timeout */

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
#define ROWS (sizeof rows / sizeof *rows)

struct source {
	struct world *world;
	struct arena *arena;
	const char *prefix;
};

static struct str variable_name(const struct source *source, const char *rest)
{
	return str_format(source->arena, "%s_%s", source->prefix, rest);
}

static struct str variable(const struct source *source, const char *rest, const char *fallback)
{
	return environment_text(source->world, variable_name(source, rest), str_from(fallback));
}

static bool is_role(struct str role)
{
	return str_equal(role, STR("master")) || str_equal(role, STR("slave"));
}

static bool read_one(struct redis_settings *settings, const struct source *source,
		     const char *fallback, struct error *error)
{
	struct redis_place place;
	struct sentinel_host *hosts;
	size_t count;

	settings->url = variable(source, "URL", fallback);
	settings->sentinel_hosts = variable(source, "SENTINEL_HOSTS", "");
	settings->sentinel_role = variable(source, "SENTINEL_ROLE", "master");
	if (!redis_place_read(settings->url, source->arena, &place, error))
		return error_wrap(error, "%.*s", STR_ARG(variable_name(source, "URL")));
	if (!sentinel_hosts_read(settings->sentinel_hosts, source->arena, &hosts, &count, error))
		return error_wrap(error, "%.*s", STR_ARG(variable_name(source, "SENTINEL_HOSTS")));
	if (!is_role(settings->sentinel_role))
		return error_set(error, ERROR_INVALID, "%.*s must be master or slave, not \"%.*s\"",
				 STR_ARG(variable_name(source, "SENTINEL_ROLE")),
				 STR_ARG(settings->sentinel_role));
	if (count == 0)
		settings->sentinel_hosts = STR("");
	return true;
}

bool portal_redis_settings_read(struct redis_settings *storage, struct world *world,
				struct arena *arena, struct error *error)
{
	struct redis_settings settings[ROWS];

	for (size_t i = 0; i < ROWS; i++) {
		const struct source source = {world, arena, rows[i].prefix};

		if (!read_one(&settings[i], &source, rows[i].fallback, error))
			return false;
	}
	*storage = settings[STORAGE];
	return true;
}

struct redis_client *portal_redis_open(struct world *world, const struct redis_settings *settings,
				       struct error *error)
{
	const struct redis_options plain = {
		.url = settings->url,
		.connect_timeout_ms = TIMEOUT_MS,
		.command_timeout_ms = TIMEOUT_MS,
		.write_timeout_ms = TIMEOUT_MS,
	};
	const struct sentinel_options group = {
		.url = plain.url,
		.hosts = settings->sentinel_hosts,
		.role = settings->sentinel_role,
		.connect_timeout_ms = TIMEOUT_MS,
		.command_timeout_ms = TIMEOUT_MS,
		.write_timeout_ms = TIMEOUT_MS,
		.has_passwords = true,
	};

	if (settings->sentinel_hosts.size > 0)
		return sentinel_open(world, &group, error);
	return redis_open(world, &plain, error);
}
