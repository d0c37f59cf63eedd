#include "conformance/runner/servers.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"
#include "base/url.h"
#include "conformance/runner/free_port.h"
#include "conformance/runner/placeholders.h"
#include "conformance/runner/redis_access.h"
#include "conformance/runner/remove_folder.h"
#include "conformance/runner/servers_internal.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/process.h"

#define LOOK_AGAIN_US 10000

/* Names. */

static struct server *find(const struct servers *servers, struct str name)
{
	for (size_t i = 0; i < servers->items.count; i++) {
		if (str_equal(servers->items.items[i]->name, name))
			return servers->items.items[i];
	}
	return NULL;
}

struct str server_url(const struct server *server)
{
	struct arena *arena = server->servers->arena;
	struct str password = STR("");

	if (server->password.size > 0)
		password =
			STR_CONCAT(arena, STR(":"), url_encoded(arena, server->password), STR("@"));
	return str_format(arena, "redis://%.*s%.*s:%u", STR_ARG(password), STR_ARG(server->address),
			  (unsigned)server->port);
}

struct str servers_url(const struct servers *servers, struct str name)
{
	const struct server *server = find(servers, name);

	return server != NULL ? server_url(server) : STR("");
}

/* The plan. */

static void set_placeholders(struct arena *arena, const struct server *server,
			     struct placeholders *placeholders)
{
	struct str name = STR_CONCAT(arena, STR("server."), server->name);
	struct str port = str_format(arena, "%u", (unsigned)server->port);

	placeholders_set(placeholders, name, STR_CONCAT(arena, server->address, STR(":"), port));
	placeholders_set(placeholders, STR_CONCAT(arena, name, STR(".host")), server->address);
	placeholders_set(placeholders, STR_CONCAT(arena, name, STR(".port")), port);
}

/* Who must have a certain port gets an address of its own. */
static struct str own_address(struct servers *servers)
{
	uint64_t chance = world_chance(servers->world);

	return str_format(servers->arena, "127.%u.%u.%u", 1 + (unsigned)(chance % 250),
			  (unsigned)((chance >> 8) % 250), 1 + (unsigned)((chance >> 16) % 250));
}

static struct str folder_path(struct servers *servers, struct str name)
{
	return str_format(servers->arena, "%.*s/refscale-conform-%d-%016" PRIx64 "-%.*s",
			  STR_ARG(environment_text(servers->world, STR("TMPDIR"), STR("/tmp"))),
			  world_process_id(servers->world), world_chance(servers->world),
			  STR_ARG(name));
}

static bool plan_server(struct servers *servers, const struct json *given, struct error *error)
{
	struct server *server = ARENA_NEW(servers->arena, struct server);
	int64_t port = json_int(json_get(given, STR("port")), 0);

	server->servers = servers;
	server->given = given;
	server->name = given->key;
	server->password = json_scalar_text(json_get(given, STR("password")));
	server->is_sentinel = str_equal(json_get_str(given, STR("kind")), STR("sentinel"));
	server->address = port != 0 ? own_address(servers) : STR("127.0.0.1");
	server->port = (uint16_t)port;
	server->folder = folder_path(servers, given->key);
	vec_push(&servers->items, server);
	return port != 0 || free_port_choose(servers->world, &server->port, error);
}

bool servers_plan(struct servers *servers, const struct json *given,
		  struct placeholders *placeholders, struct error *error)
{
	JSON_EACH (item, given) {
		if (!plan_server(servers, item, error))
			return false;
	}
	for (size_t i = 0; i < servers->items.count; i++) {
		struct server *server = servers->items.items[i];

		server->master =
			find(servers, json_scalar_text(json_get(server->given, STR("replica_of"))));
		JSON_EACH (group, json_get(server->given, STR("watches"))) {
			struct server_watch watch = {group->key,
						     find(servers, json_scalar_text(group))};

			vec_push(&server->watches, watch);
		}
		set_placeholders(servers->arena, server, placeholders);
	}
	return true;
}

/* Waiting. */

static void look(struct timer *timer)
{
	struct servers *servers = LIST_ENTRY(timer, struct servers, timer);
	struct str failure = STR("");
	bool is_over = servers->awaited(servers, &failure);

	if (is_over || failure.size > 0)
		servers->done(failure, servers->is_missing, servers->data);
	else
		timer_start(servers->world, timer, LOOK_AGAIN_US, look);
}

static void await(struct servers *servers, servers_await *awaited, servers_done *done)
{
	servers->awaited = awaited;
	servers->done = done;
	timer_start(servers->world, &servers->timer, 0, look);
}

/* Processes. */

static void line_came(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct server *server = data;

	(void)process;
	(void)is_stderr;
	server->last_line = str_copy(server->servers->arena, line);
	/* A Sentinel has an identity when it is ready. */
	if (str_find(line, STR("Ready to accept connections")) != STR_NOT_FOUND ||
	    str_find(line, STR("Sentinel ID is")) != STR_NOT_FOUND)
		server->is_ready = true;
}

static void exited(struct process *process, int status, void *data)
{
	struct server *server = data;

	(void)process;
	(void)status;
	server->process = NULL;
	server->is_ready = false;
	redis_access_forget(server->servers->access, server_url(server));
}

static bool write_files(struct server *server, struct error *error)
{
	struct world *world = server->servers->world;

	if (server->has_folder)
		return true; /* a Sentinel has rewritten its file */
	if (!files_make_directory(world, server->folder, error))
		return false;
	server->has_folder = true;
	return !server->is_sentinel ||
	       files_write(world, server_config_path(server), server_config(server), error);
}

static void start_process(struct server *server, struct str *failure)
{
	struct servers *servers = server->servers;
	struct str words[SERVER_WORDS_MAX];
	struct process_options options = {
		.words = words,
		.words_count = server_words(server, words),
		.inherit_variables = true,
		.line = line_came,
		.exited = exited,
		.data = server,
	};
	struct error error = {0};

	server->was_started = true;
	server->last_line = STR("");
	if (write_files(server, &error))
		server->process = process_start(servers->world, &options, &error);
	if (server->process != NULL)
		return;
	servers->is_missing = error.kind == ERROR_NOT_FOUND;
	*failure = str_copy(servers->arena, str_from(error.text));
}

static bool is_ready(const struct server *server, struct str *failure)
{
	if (server->process == NULL)
		*failure = str_format(server->servers->arena, "server %.*s ended: %.*s",
				      STR_ARG(server->name), STR_ARG(server->last_line));
	return server->is_ready;
}

/* Starting. */

/* Everything that a Sentinel is to find out about must be there when it starts. */
static bool may_be_watched(const struct server *master)
{
	const struct servers *servers = master->servers;

	for (size_t i = 0; i < servers->items.count; i++) {
		const struct server *other = servers->items.items[i];

		if (other->master == master && !other->is_settled)
			return false;
	}
	return master->is_ready;
}

static bool may_start(const struct server *server)
{
	if (server->master != NULL && !server->master->is_ready)
		return false;
	for (size_t i = 0; i < server->watches.count; i++) {
		if (!may_be_watched(server->watches.items[i].master))
			return false;
	}
	return true;
}

/* False: not yet. */
static bool move_on(struct server *server, struct str *failure)
{
	if (!server->was_started && may_start(server))
		start_process(server, failure);
	if (!server->was_started || failure->size > 0 || !is_ready(server, failure))
		return false;
	if (!server->is_settled)
		server_ask_whom_it_knows(server);
	return server->is_settled;
}

static bool all_are_settled(struct servers *servers, struct str *failure)
{
	bool are_settled = true;

	for (size_t i = 0; i < servers->items.count && failure->size == 0; i++)
		are_settled = move_on(servers->items.items[i], failure) && are_settled;
	return are_settled;
}

void servers_start_all(struct servers *servers, servers_done *done)
{
	await(servers, all_are_settled, done);
}

static bool moving_is_ready(struct servers *servers, struct str *failure)
{
	if (!servers->moving->was_started)
		start_process(servers->moving, failure);
	return failure->size == 0 && is_ready(servers->moving, failure);
}

void servers_start(struct servers *servers, struct str name, servers_done *done)
{
	servers->moving = find(servers, name);
	BUG_IF(servers->moving == NULL);
	servers->moving->was_started = servers->moving->process != NULL;
	await(servers, moving_is_ready, done);
}

/* Stopping. */

static bool moving_has_ended(struct servers *servers, struct str *failure)
{
	(void)failure;
	return servers->moving->process == NULL;
}

void servers_stop(struct servers *servers, struct str name, bool kills, servers_done *done)
{
	struct server *server = servers->moving = find(servers, name);

	BUG_IF(server == NULL);
	if (server->process != NULL && kills)
		process_kill(servers->world, server->process);
	else if (server->process != NULL)
		process_stop(servers->world, server->process);
	await(servers, moving_has_ended, done);
}

static bool all_have_ended(struct servers *servers, struct str *failure)
{
	(void)failure;
	for (size_t i = 0; i < servers->items.count; i++) {
		if (servers->items.items[i]->process != NULL)
			return false;
	}
	return true;
}

/* Their data are of no use to anybody: no need to wait for them to be written. */
void servers_end(struct servers *servers, servers_done *done)
{
	for (size_t i = 0; i < servers->items.count; i++) {
		struct server *server = servers->items.items[i];

		if (server->process != NULL)
			process_kill(servers->world, server->process);
	}
	await(servers, all_have_ended, done);
}

void servers_free(struct servers *servers)
{
	timer_stop(&servers->timer);
	for (size_t i = 0; i < servers->items.count; i++) {
		struct server *server = servers->items.items[i];

		if (server->process != NULL)
			process_kill(servers->world, server->process);
		if (server->has_folder)
			remove_folder(servers->world, server->folder);
		vec_free(&server->watches);
	}
	vec_free(&servers->items);
}
