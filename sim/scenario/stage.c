#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/url.h"
#include "sim/scenario/stage_internal.h"

/* As in one data centre. */
#define STAGE_LATENCY_US 500
#define STAGE_TTL_MAX_S INT32_MAX

/* Hosts. */

static bool check_address(struct stage *stage, const struct json *description, struct error *error)
{
	struct str address = json_get_str(description, STR("address"));

	if (description->key.size == 0 || !url_host_is_ip(address) ||
	    str_find_char(address, '.') == STR_NOT_FOUND || str_has_prefix(address, STR("127.")))
		return error_set(error, ERROR_INVALID,
				 "host %.*s needs an address (10.0.0.1), not \"%.*s\"",
				 STR_ARG(description->key), STR_ARG(address));
	if (sim_host_find(stage->sim, description->key) != NULL ||
	    sim_host_find(stage->sim, address) != NULL)
		return error_set(error, ERROR_CONFLICT, "host %.*s is not the only one at %.*s",
				 STR_ARG(description->key), STR_ARG(address));
	return true;
}

static bool stage_add_host(struct stage *stage, const struct json *description, struct error *error)
{
	struct str address = json_get_str(description, STR("address"));
	struct sim_host *host;
	int64_t ttl_s = 60;

	if (!check_address(stage, description, error))
		return false;
	if (!stage_number(description, STR("ttl"), 0, STAGE_TTL_MAX_S, &ttl_s, error))
		return error_wrap(error, "host %.*s", STR_ARG(description->key));
	host = sim_host_add(stage->sim, description->key, address);
	JSON_EACH (name, json_get(description, STR("names")))
		sim_dns_set(stage->sim, json_str(name), address, ttl_s);
	sim_host_set_dns_cache(host, json_bool(json_get(description, STR("dns_cache")), false));
	return true;
}

struct sim_host *stage_find_host(struct stage *stage, struct str name, struct error *error)
{
	struct sim_host *host = sim_host_find(stage->sim, name);

	if (host == NULL)
		error_set(error, ERROR_NOT_FOUND, "no host \"%.*s\"", STR_ARG(name));
	return host;
}

struct world *stage_open_program(struct stage *stage, struct str host, struct str program,
				 struct error *error)
{
	struct sim_host *found =
		stage_find_host(stage, host.size > 0 ? host : STR("client"), error);

	return found != NULL ? sim_host_world(found, program) : NULL;
}

static bool stage_add_redis(struct stage *stage, const struct json *description,
			    struct error *error)
{
	struct stage_redis redis = {.name = description->key};
	int64_t port = 6379;

	redis.host = stage_find_host(stage, json_get_str(description, STR("host")), error);
	if (redis.host == NULL ||
	    !stage_number(description, STR("port"), 1, UINT16_MAX, &port, error))
		return error_wrap(error, "redis %.*s", STR_ARG(description->key));
	redis.node = sim_redis_start(redis.host, (uint16_t)port, error);
	if (redis.node == NULL)
		return error_wrap(error, "redis %.*s", STR_ARG(description->key));
	vec_push(&stage->redis, redis);
	return true;
}

bool stage_run(struct stage *stage, int64_t limit_us, bool (*done)(void *data), void *data)
{
	return sim_run_until(stage->sim, sim_now_us(stage->sim) + limit_us, done, data);
}

bool stage_set(struct stage *stage, struct error *error)
{
	struct sim_link link = {.latency_us = STAGE_LATENCY_US};

	sim_net_set_default_link(stage->sim, link);
	JSON_EACH (variable, json_get(stage->world, STR("variables")))
		stage_put_variable(stage, variable->key, json_scalar_text(variable));
	JSON_EACH (host, json_get(stage->world, STR("hosts"))) {
		if (!stage_add_host(stage, host, error))
			return false;
	}
	JSON_EACH (redis, json_get(stage->world, STR("redis"))) {
		if (!stage_add_redis(stage, redis, error))
			return false;
	}
	if (!stage_add_cluster(stage, error))
		return false;
	JSON_EACH (process, json_get(stage->world, STR("processes")))
		stage_add_process(stage, process);
	return true;
}

void stage_clear(struct stage *stage)
{
	stage_traffic_stop(stage);
	sim_destroy(stage->sim);
	stage_free_processes(stage);
	vec_free(&stage->redis);
	vec_free(&stage->faults);
	map_destroy(stage->variables);
}
