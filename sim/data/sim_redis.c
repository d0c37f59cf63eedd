/* Redis nodes by sim.h: each in a bare process of its own that lasts as long as the run. */
#include <stdlib.h>

#include "sim/data/redis_node.h"
#include "sim/net/stream.h"
#include "sim/sim_internal.h"

#include "base/arena.h"

struct sim_redis {
	struct list_link link; /* in sim->redis */
	struct sim_process *process;
	struct redis_node *node;
	uint16_t port;
};

static void redis_trace(const struct sim_redis *redis, struct str kind)
{
	struct trace *trace = &redis->process->sim->trace;

	trace_begin(trace, redis->process->host->name, kind);
	trace_int(trace, STR("port"), redis->port);
	trace_end(trace);
}

static bool redis_listen(struct sim_redis *redis, struct error *error)
{
	if (!redis_node_listen(redis->node, error))
		return false;
	redis_trace(redis, STR("redis.start"));
	return true;
}

struct sim_redis *sim_redis_start_with(struct sim_host *host,
				       const struct sim_redis_options *options, struct error *error)
{
	struct sim_redis *redis = MEMORY_NEW(struct sim_redis);
	struct redis_node_options node = {.port = options->port,
					  .path = STR(":memory:"),
					  .password = options->password,
					  .master_password = options->master_password,
					  .master_host = options->master_host,
					  .master_port = options->master_port};

	redis->process = process_create(host, STR("redis"));
	redis->port = options->port;
	redis->node = redis_node_create(&redis->process->world, &node, error);
	if (redis->node == NULL || !redis_listen(redis, error)) {
		redis_node_destroy(redis->node);
		process_end(redis->process, 1, false);
		free(redis);
		return NULL;
	}
	list_append(&host->net->sim->redis, &redis->link);
	return redis;
}

struct sim_redis *sim_redis_start(struct sim_host *host, uint16_t port, struct error *error)
{
	struct sim_redis_options options = {.port = port};

	return sim_redis_start_with(host, &options, error);
}

void sim_redis_set_loading(struct sim_redis *redis, bool is_loading)
{
	redis_node_set_loading(redis->node, is_loading);
}

void sim_redis_forget_command(struct sim_redis *redis, struct str name)
{
	redis_node_forget_command(redis->node, name);
}

void sim_redis_stop(struct sim_redis *redis)
{
	if (!redis_node_is_listening(redis->node))
		return;
	redis_trace(redis, STR("redis.stop"));
	stream_cut_all(&redis->process->actor);
	redis_node_stop(redis->node);
}

bool sim_redis_restart(struct sim_redis *redis, struct error *error)
{
	sim_redis_stop(redis);
	return redis_listen(redis, error);
}

void redis_nodes_stop(struct sim_host *host)
{
	LIST_EACH (link, &host->net->sim->redis) {
		struct sim_redis *redis = LIST_ENTRY(link, struct sim_redis, link);

		if (redis->process->host == host)
			sim_redis_stop(redis);
	}
}

void redis_nodes_free(struct sim *sim)
{
	struct list_link *link;

	while ((link = list_take_first(&sim->redis)) != NULL) {
		struct sim_redis *redis = LIST_ENTRY(link, struct sim_redis, link);

		sim_redis_stop(redis);
		redis_node_destroy(redis->node);
		free(redis);
	}
}
