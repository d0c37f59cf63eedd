#include "portal/deploy.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "portal/internal_api.h"
#include "portal/settings.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/log.h"
#include "world/redis.h"
#include "world/redis_url.h"
#include "world/sql.h"

#define STATUS_BYTES_MAX (64 * 1024)

struct deploy {
	struct deploy_options options;
	struct arena *arena;
	struct internal_call *call;
	struct redis_client *redis;
	struct str redis_name;
};

static void deploy_fail(struct deploy *deploy, const char *what, struct str why)
{
	log_format(deploy->options.world, LOG_STDERR, "%s: %.*s", what, STR_ARG(why));
	world_exit(deploy->options.world, 1);
}

/* Fifth: the schema. */

static void deploy_prepare(struct deploy *deploy)
{
	struct error error = {0};

	if (deploy->options.prepare(deploy->options.data, &error))
		world_exit(deploy->options.world, 0);
	else
		deploy_fail(deploy, "The database is not ready", str_from(error.text));
}

/* Fourth: uploads. */

static void check_writable(struct deploy *deploy)
{
	struct world *world = deploy->options.world;
	struct str folder =
		STR_CONCAT(deploy->arena, deploy->options.settings->root, STR("/public/system"));
	struct str file = STR_CONCAT(deploy->arena, folder, STR("/.writable"));

	if (!files_make_directory(world, folder, NULL) ||
	    !files_write(world, file, STR(""), NULL)) {
		log_format(world, LOG_STDERR, "Writable paths check failed:\n- %.*s",
			   STR_ARG(folder));
		world_exit(world, 1);
		return;
	}
	files_remove(world, file, NULL);
	deploy_prepare(deploy);
}

/* Third: Redis, where there is one to be looked at. */

static void redis_answered(const struct redis_reply *reply, void *data)
{
	struct deploy *deploy = data;
	bool is_away = reply->kind == REDIS_LOST || reply->kind == REDIS_ERROR;

	if (is_away) {
		deploy_fail(
			deploy,
			str_cstr(deploy->arena, STR_CONCAT(deploy->arena, STR("Cannot connect to "),
							   deploy->redis_name)),
			reply->text.size > 0 ? reply->text : STR("no answer"));
		return;
	}
	log_format(deploy->options.world, LOG_STDOUT, "Connected to %.*s",
		   STR_ARG(deploy->redis_name));
	check_writable(deploy);
}

/* Of a group behind Sentinels the host is the group's name. */
static struct str redis_name(struct arena *arena, struct str url)
{
	struct redis_place place;

	if (!redis_place_read(url, arena, &place, NULL))
		return STR("redis");
	if (place.socket.size > 0)
		return STR_CONCAT(arena, STR("unix://"), place.socket);
	return str_format(arena, "redis://%.*s:%u/%" PRId64, STR_ARG(place.host),
			  (unsigned)place.port, place.database);
}

static void check_redis(struct deploy *deploy)
{
	const struct redis_settings *settings = &deploy->options.settings->jobs_redis;
	struct error error = {0};

	if (settings->url.size == 0) {
		check_writable(deploy);
		return;
	}
	deploy->redis_name = redis_name(deploy->arena, settings->url);
	deploy->redis = portal_redis_open(deploy->options.world, settings, &error);
	if (deploy->redis == NULL)
		deploy_fail(deploy, "REDIS_URL", str_from(error.text));
	else
		REDIS_SEND(deploy->redis, redis_answered, deploy, STR("PING"));
}

/* Second: the database. */

static const struct {
	const char *scheme, *failure; /* as upstream calls it */
	uint16_t port;
} kinds[] = {
	[SQL_SQLITE] = {"sqlite", "SQLite3::Exception", 0},
	[SQL_MYSQL] = {"mysql2", "Mysql2::Error::ConnectionError", 3306},
	[SQL_POSTGRESQL] = {"postgresql", "PG::ConnectionBad", 5432},
};

static struct str database_name(struct arena *arena, const struct sql_options *address)
{
	struct str port = STR("");

	if (address->kind == SQL_SQLITE)
		return STR_CONCAT(arena, STR("sqlite:"), address->path);
	if (address->port != kinds[address->kind].port)
		port = str_format(arena, ":%u", (unsigned)address->port);
	return str_format(arena, "%s://%.*s@%.*s%.*s/%.*s", kinds[address->kind].scheme,
			  STR_ARG(address->user), STR_ARG(address->host), STR_ARG(port),
			  STR_ARG(address->database));
}

static void check_database(struct deploy *deploy)
{
	const struct sql_options *address = deploy->options.address;
	struct world *world = deploy->options.world;
	struct str name = database_name(deploy->arena, address);
	struct error error = {0};

	if (deploy->options.connect(deploy->options.data, &error)) {
		log_format(world, LOG_STDOUT, "Connected to %.*s", STR_ARG(name));
		check_redis(deploy);
		return;
	}
	log_format(world, LOG_STDERR, "Connection specification: %.*s", STR_ARG(name));
	log_format(world, LOG_STDERR, "Failed to connect to database: %s (%s)", error.text,
		   kinds[address->kind].failure);
	world_exit(world, 1);
}

/* First: backend. */

static void backend_answered(const struct internal_answer *answer, void *data)
{
	struct deploy *deploy = data;
	struct arena *arena = deploy->arena;
	const struct json *status;

	deploy->call = NULL;
	if (answer->status != 200) {
		deploy_fail(deploy, "Backend Internal API cannot be reached",
			    answer->status == 0 ? answer->body
						: str_format(arena, "status %d", answer->status));
		return;
	}
	status = json_parse(arena, answer->body, STATUS_BYTES_MAX, NULL);
	log_format(deploy->options.world, LOG_STDOUT,
		   "Backend Internal API version %.*s status: %.*s",
		   STR_ARG(json_str(json_path(status, "version.backend"))),
		   STR_ARG(json_get_str(status, STR("status"))));
	check_database(deploy);
}

struct deploy *deploy_create(const struct deploy_options *options)
{
	const struct internal_request request = {
		.method = "GET", .path = STR("status"), .is_job = true};
	struct deploy *deploy = MEMORY_NEW(struct deploy);

	deploy->options = *options;
	deploy->arena = arena_create();
	deploy->call = internal_call_start(options->world, options->settings, deploy->arena,
					   &request, backend_answered, deploy);
	return deploy;
}

void deploy_destroy(struct deploy *deploy)
{
	if (deploy == NULL)
		return;
	internal_call_stop(deploy->call);
	redis_close(deploy->redis);
	arena_destroy(deploy->arena);
	free(deploy);
}
