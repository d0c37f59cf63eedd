#include "backend/settings_redis.h"

#include "backend/profile.h"
#include "base/arena.h"
#include "base/error.h"
#include "store/sentinel.h"
#include "store/sentinel_hosts.h"
#include "world/environment.h"
#include "world/redis.h"
#include "world/redis_url.h"

#define TIMEOUT_MAX_S 3600

/* The variables of one Redis; %s of a name is REDIS or QUEUES. */
struct source {
	struct world *world;
	struct arena *arena;
	const struct profile *profile;
	const char *prefix;
};

static struct str variable_name(const struct source *source, const char *rest)
{
	return str_format(source->arena, "CONFIG_%s_%s", source->prefix, rest);
}

static struct str variable(const struct source *source, const char *rest)
{
	return environment_text(source->world, variable_name(source, rest), STR(""));
}

static bool read_timeouts(struct redis_settings *settings, const struct source *source,
			  struct error *error)
{
	const struct {
		const char *name;
		int64_t *timeout_ms;
		int64_t default_s;
	} rows[] = {
		{"CONNECT_TIMEOUT", &settings->connect_timeout_ms, 5},
		{"READ_TIMEOUT", &settings->read_timeout_ms, 3},
		{"WRITE_TIMEOUT", &settings->write_timeout_ms, 3},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str text = variable(source, rows[i].name);
		int64_t seconds = rows[i].default_s;

		if (text.size > 0 &&
		    (!str_to_int64(text, &seconds) || seconds < 1 || seconds > TIMEOUT_MAX_S))
			return error_set(error, ERROR_INVALID,
					 "%.*s is not a number of seconds above 0: \"%.*s\"",
					 STR_ARG(variable_name(source, rows[i].name)),
					 STR_ARG(text));
		*rows[i].timeout_ms = seconds * 1000;
	}
	return true;
}

/* URLs. */

static bool is_redis_url(struct str text)
{
	return str_has_prefix(text, STR("redis://")) || str_has_prefix(text, STR("rediss://")) ||
	       str_has_prefix(text, STR("unix://"));
}

/* The template's queues are database 1 beside the storage's 0. */
static bool derive_queues_url(struct str *url, struct str storage, struct arena *arena,
			      struct error *error)
{
	struct redis_place place;

	if (!redis_place_read(storage, arena, &place, error))
		return false;
	if (place.database == 0)
		place.database = 1;
	*url = redis_place_url(&place, arena);
	return true;
}

/* CUR: user and password may have variables of their own, which win over the URL. */
static bool put_credentials(struct redis_place *place, const struct source *source)
{
	struct str user = variable(source, "USERNAME"), password = variable(source, "PASSWORD");

	if (!source->profile->has_redis_credentials || (user.size == 0 && password.size == 0))
		return false;
	if (user.size > 0)
		place->user = user;
	if (password.size > 0)
		place->password = password;
	return true;
}

static bool wants_tls(const struct source *source)
{
	return source->profile->has_redis_credentials &&
	       profile_is_true(source->profile, variable(source, "SSL"));
}

static bool read_url(struct redis_settings *settings, const struct source *source,
		     struct error *error)
{
	struct redis_place place;

	if (wants_tls(source))
		return error_set(error, ERROR_INVALID, "%.*s: TLS to Redis is not built in",
				 STR_ARG(variable_name(source, "SSL")));
	if (!redis_place_read(settings->url, source->arena, &place, error))
		return false;
	if (put_credentials(&place, source))
		settings->url = redis_place_url(&place, source->arena);
	return true;
}

/* Sentinels. */

static bool read_sentinels(struct redis_settings *settings, const struct source *source,
			   struct str fallback, struct error *error)
{
	struct str list = variable(source, "SENTINEL_HOSTS");
	struct sentinel_host *hosts;
	size_t count;

	settings->sentinel_role = variable(source, "SENTINEL_ROLE");
	settings->has_sentinel_passwords = source->profile->has_sentinel_passwords;
	settings->shares_sentinel_passwords = source->profile->has_redis_credentials;
	if (source->profile->has_redis_credentials) {
		settings->sentinel_user = variable(source, "SENTINEL_USERNAME");
		settings->sentinel_password = variable(source, "SENTINEL_PASSWORD");
	}
	if (list.size == 0)
		list = fallback;
	if (!sentinel_hosts_read(list, source->arena, &hosts, &count, error))
		return error_wrap(error, "%.*s", STR_ARG(variable_name(source, "SENTINEL_HOSTS")));
	settings->sentinel_hosts = count > 0 ? list : STR("");
	return true;
}

/* Both. */

static bool refuse_without_url(struct error *error)
{
	return error_set(error, ERROR_INVALID,
			 "Redis URL not specified with url, proxy, server or default_url.");
}

static bool choose_urls(struct redis_settings *storage, struct redis_settings *queues,
			const struct redis_choice *choice, const struct source *sources,
			struct error *error)
{
	bool is_production = choice->is_production && choice->store.size == 0;

	storage->url = choice->store.size > 0 ? choice->store : variable(&sources[0], "PROXY");
	queues->url = variable(&sources[1], "MASTER_NAME");
	if (storage->url.size == 0 && (is_production || storage->sentinel_hosts.size > 0))
		return refuse_without_url(error);
	if (storage->url.size == 0 && queues->url.size == 0)
		return true;
	if (storage->url.size == 0)
		storage->url = choice->profile->has_redis_credentials ? STR("127.0.0.1:6379")
								      : STR("127.0.0.1:22121");
	if (queues->url.size == 0 && is_production)
		return refuse_without_url(error);
	if (queues->url.size == 0 &&
	    !derive_queues_url(&queues->url, storage->url, sources[0].arena, error))
		return false;
	return read_url(storage, &sources[0], error) && read_url(queues, &sources[1], error);
}

bool redis_settings_read(struct redis_settings *storage, struct redis_settings *queues,
			 const struct redis_choice *choice, struct world *world,
			 struct arena *arena, struct error *error)
{
	const struct source sources[] = {{world, arena, choice->profile, "REDIS"},
					 {world, arena, choice->profile, "QUEUES"}};

	*storage = *queues = (struct redis_settings){.url = {NULL, 0}};
	if (choice->store.size > 0 && !is_redis_url(choice->store))
		return true;
	return read_timeouts(storage, &sources[0], error) &&
	       read_timeouts(queues, &sources[1], error) &&
	       read_sentinels(storage, &sources[0], STR(""), error) &&
	       read_sentinels(queues, &sources[1], storage->sentinel_hosts, error) &&
	       choose_urls(storage, queues, choice, sources, error);
}

struct redis_client *backend_redis_open(struct world *world, const struct redis_settings *settings,
					int64_t command_timeout_ms, struct error *error)
{
	struct redis_options plain = {
		.url = settings->url,
		.connect_timeout_ms = settings->connect_timeout_ms,
		.command_timeout_ms =
			command_timeout_ms > 0 ? command_timeout_ms : settings->read_timeout_ms,
		.write_timeout_ms = settings->write_timeout_ms,
	};
	struct sentinel_options group = {
		.url = plain.url,
		.hosts = settings->sentinel_hosts,
		.role = settings->sentinel_role,
		.connect_timeout_ms = plain.connect_timeout_ms,
		.command_timeout_ms = plain.command_timeout_ms,
		.write_timeout_ms = plain.write_timeout_ms,
		.has_passwords = settings->has_sentinel_passwords,
		.shares_passwords = settings->shares_sentinel_passwords,
		.user = settings->sentinel_user,
		.password = settings->sentinel_password,
	};

	if (settings->sentinel_hosts.size > 0)
		return sentinel_open(world, &group, error);
	return redis_open(world, &plain, error);
}
