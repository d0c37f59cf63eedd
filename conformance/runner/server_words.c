/* The command line of a Redis, the file of a Sentinel. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/json.h"
#include "conformance/runner/servers_internal.h"
#include "conformance/runner/shape.h"

#define CONFIG_BYTES_MAX (64 * 1024)
#define DOWN_AFTER_US 500000
#define FAILOVER_TIMEOUT_MS 5000

struct words {
	struct str *items;
	size_t count;
};

static void add(struct words *words, struct str name, struct str value)
{
	words->items[words->count++] = name;
	words->items[words->count++] = value;
}

static struct str port_text(const struct server *server)
{
	return str_format(server->servers->arena, "%u", (unsigned)server->port);
}

/* A server that loses its place must be able to follow the one that has it then. */
static struct str master_password(const struct server *server)
{
	return server->master != NULL ? server->master->password : server->password;
}

static void add_redis_words(const struct server *server, struct words *words)
{
	bool is_persistent = json_bool(json_get(server->given, STR("persistent")), false);

	add(words, STR("--port"), port_text(server));
	add(words, STR("--bind"), server->address);
	add(words, STR("--save"), STR(""));
	add(words, STR("--appendonly"), is_persistent ? STR("yes") : STR("no"));
	add(words, STR("--dir"), server->folder);
	add(words, STR("--repl-diskless-sync-delay"), STR("0"));
	if (server->password.size > 0)
		add(words, STR("--requirepass"), server->password);
	if (master_password(server).size > 0)
		add(words, STR("--masterauth"), master_password(server));
	if (server->master != NULL)
		add(words, STR("--replicaof"),
		    STR_CONCAT(server->servers->arena, server->master->address, STR(" "),
			       port_text(server->master)));
}

size_t server_words(const struct server *server, struct str items[SERVER_WORDS_MAX])
{
	struct words words = {items, 0};

	items[words.count++] = STR("redis-server");
	if (server->is_sentinel)
		add(&words, server_config_path(server), STR("--sentinel"));
	else
		add_redis_words(server, &words);
	return words.count;
}

struct str server_config_path(const struct server *server)
{
	return STR_CONCAT(server->servers->arena, server->folder, STR("/sentinel.conf"));
}

static void add_watch(struct strbuf *out, const struct server *server,
		      const struct server_watch *watch)
{
	int64_t down_after_us = DOWN_AFTER_US;
	int64_t quorum = json_int(json_get(server->given, STR("quorum")), 1);

	shape_duration_us(json_get_str(server->given, STR("down_after")), &down_after_us);
	strbuf_append_format(out, "sentinel monitor %.*s %.*s %u %" PRId64 "\n",
			     STR_ARG(watch->group), STR_ARG(watch->master->address),
			     (unsigned)watch->master->port, quorum);
	strbuf_append_format(out, "sentinel down-after-milliseconds %.*s %" PRId64 "\n",
			     STR_ARG(watch->group), down_after_us / 1000);
	strbuf_append_format(out, "sentinel failover-timeout %.*s %d\n", STR_ARG(watch->group),
			     FAILOVER_TIMEOUT_MS);
	if (watch->master->password.size > 0)
		strbuf_append_format(out, "sentinel auth-pass %.*s %.*s\n", STR_ARG(watch->group),
				     STR_ARG(watch->master->password));
}

struct str server_config(const struct server *server)
{
	struct strbuf out;
	struct str text;

	strbuf_init(&out, CONFIG_BYTES_MAX);
	strbuf_append_format(&out, "port %u\nbind %.*s\n", (unsigned)server->port,
			     STR_ARG(server->address));
	if (server->password.size > 0)
		strbuf_append_format(&out, "requirepass %.*s\n", STR_ARG(server->password));
	for (size_t i = 0; i < server->watches.count; i++)
		add_watch(&out, server, &server->watches.items[i]);
	text = str_copy(server->servers->arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}
