/* `redis-server [FILE] [--port N] [--bind A] [--requirepass X] [--masterauth X]
 * [--replicaof "HOST PORT"] [--appendonly yes|no] [--dir D] [--save ""] ...` as a process of the
 * simulator: a node (redis_node.h) of its own. With `--appendonly yes` the data lie in the
 * directory and outlive the process, as in a real one's append-only file. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "sim/data/redis_config.h"
#include "sim/data/redis_node.h"
#include "sim/data/sentinel.h"
#include "world/component.h"

#define PORT_DEFAULT 6379

struct server {
	struct arena *arena;
	struct redis_node *node;
};

struct server_settings {
	struct arena *arena;
	struct redis_node_options node;
	struct str directory;
	bool is_kept; /* appendonly */
};

static bool set_port(struct server_settings *settings, const struct redis_directive *directive)
{
	return str_to_uint16(directive->values[0], &settings->node.port);
}

static bool set_bind(struct server_settings *settings, const struct redis_directive *directive)
{
	settings->node.address = directive->values[0];
	return true;
}

static bool set_password(struct server_settings *settings, const struct redis_directive *directive)
{
	settings->node.password = directive->values[0];
	return true;
}

static bool set_master_password(struct server_settings *settings,
				const struct redis_directive *directive)
{
	settings->node.master_password = directive->values[0];
	return true;
}

static bool set_master(struct server_settings *settings, const struct redis_directive *directive)
{
	settings->node.master_host = directive->values[0];
	return directive->count == 2 &&
	       str_to_uint16(directive->values[1], &settings->node.master_port);
}

static bool set_appendonly(struct server_settings *settings,
			   const struct redis_directive *directive)
{
	settings->is_kept = str_equal_nocase(directive->values[0], STR("yes"));
	return settings->is_kept || str_equal_nocase(directive->values[0], STR("no"));
}

static bool set_directory(struct server_settings *settings, const struct redis_directive *directive)
{
	settings->directory = directive->values[0];
	return true;
}

/* What only a machine feels: accepted, without effect. */
static bool set_nothing(struct server_settings *settings, const struct redis_directive *directive)
{
	(void)settings;
	(void)directive;
	return true;
}

static const struct {
	struct str name;
	size_t values_min;
	bool (*set)(struct server_settings *settings, const struct redis_directive *directive);
} directives[] = {
	{STR_INIT("port"), 1, set_port},
	{STR_INIT("bind"), 1, set_bind},
	{STR_INIT("requirepass"), 1, set_password},
	{STR_INIT("masterauth"), 1, set_master_password},
	{STR_INIT("replicaof"), 1, set_master},
	{STR_INIT("slaveof"), 1, set_master},
	{STR_INIT("appendonly"), 1, set_appendonly},
	{STR_INIT("dir"), 1, set_directory},
	{STR_INIT("save"), 0, set_nothing},
	{STR_INIT("appendfsync"), 1, set_nothing},
	{STR_INIT("logfile"), 0, set_nothing},
	{STR_INIT("loglevel"), 1, set_nothing},
	{STR_INIT("protected-mode"), 1, set_nothing},
	{STR_INIT("repl-diskless-sync-delay"), 1, set_nothing},
};

static bool set_directive(struct server_settings *settings, const struct redis_directive *directive,
			  struct error *error)
{
	for (size_t i = 0; i < sizeof directives / sizeof *directives; i++) {
		if (str_equal_nocase(directive->name, directives[i].name) &&
		    directive->count >= directives[i].values_min &&
		    directives[i].set(settings, directive))
			return true;
	}
	return redis_config_refuse(directive, error);
}

static bool read_settings(struct server_settings *settings, struct world *world,
			  const struct str *arguments, size_t count, struct error *error)
{
	struct redis_config config;

	if (!redis_config_read(world, arguments, count, settings->arena, &config, error))
		return false;
	for (size_t i = 0; i < config.count; i++) {
		if (!set_directive(settings, &config.directives[i], error))
			return false;
	}
	settings->node.path = settings->is_kept ? STR_CONCAT(settings->arena, settings->directory,
							     STR("/appendonly.aof"))
						: STR(":memory:");
	return true;
}

static void server_stop(void *instance)
{
	struct server *server = instance;

	redis_node_destroy(server->node);
	arena_destroy(server->arena);
	free(server);
}

static void *server_start(struct world *world, const struct str *arguments, size_t count,
			  int *exit_status, struct error *error)
{
	struct server *server = MEMORY_NEW(struct server);
	struct server_settings settings = {.directory = STR("."), .node = {.port = PORT_DEFAULT}};

	server->arena = settings.arena = arena_create();
	*exit_status = 1;
	if (read_settings(&settings, world, arguments, count, error))
		server->node = redis_node_create(world, &settings.node, error);
	if (server->node == NULL || !redis_node_listen(server->node, error)) {
		server_stop(server);
		return NULL;
	}
	redis_log(world, settings.node.master_host.size > 0 ? 'S' : 'M', '*',
		  "Ready to accept connections");
	return server;
}

const struct component redis_server_component = {
	.name = "redis-server",
	.help = "a Redis node",
	.start = server_start,
	.stop = server_stop,
};

const struct component *data_component_find(const struct str *words, size_t count)
{
	bool is_sentinel = str_equal(words[0], STR("redis-sentinel"));

	if (!is_sentinel && !str_equal(words[0], STR("redis-server")))
		return NULL;
	for (size_t i = 1; i < count; i++)
		is_sentinel = is_sentinel || str_equal(words[i], STR("--sentinel"));
	return is_sentinel ? &redis_sentinel_component : &redis_server_component;
}
