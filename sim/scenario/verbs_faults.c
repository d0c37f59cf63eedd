/* Faults and their ends: spec/cluster.md 9. Each says at the end of the run whether it did
 * anything. */
#include "base/error.h"
#include "base/json.h"
#include "sim/scenario/stage_internal.h"

static struct stage_fault *add_fault(struct stage *stage, const struct json *step, const char *verb)
{
	struct str name = json_get_str(step, STR("as"));
	struct stage_fault fault = {.name = name.size > 0 ? name : str_from(verb),
				    .verb = str_from(verb)};

	vec_push(&stage->faults, fault);
	return &stage->faults.items[stage->faults.count - 1];
}

/* Rules of the network. */

static bool add_rule(struct stage *stage, const struct json *step, const struct json *argument,
		     const char *verb, enum sim_verdict verdict, struct error *error)
{
	struct sim_rule_options options = {
		.from = json_get_str(argument, STR("from")),
		.to = json_get_str(argument, STR("to")),
		.port = (uint16_t)json_int(json_get(argument, STR("port")), 0),
		.verdict = verdict,
	};

	if (verdict == SIM_DELAY &&
	    !stage_duration(json_get(argument, STR("by")), &options.delay_us, error))
		return error_wrap(error, "by");
	if (options.from.size > 0 && sim_host_find(stage->sim, options.from) == NULL)
		return error_set(error, ERROR_NOT_FOUND, "no host %.*s", STR_ARG(options.from));
	if (options.to.size > 0 && sim_host_find(stage->sim, options.to) == NULL)
		return error_set(error, ERROR_NOT_FOUND, "no host %.*s", STR_ARG(options.to));
	add_fault(stage, step, verb)->rule = sim_rule_add(stage->sim, &options);
	return true;
}

bool stage_verb_net_drop(struct stage *stage, const struct json *step, const struct json *argument,
			 struct error *error)
{
	return add_rule(stage, step, argument, "net.drop", SIM_DROP, error);
}

bool stage_verb_net_reject(struct stage *stage, const struct json *step,
			   const struct json *argument, struct error *error)
{
	return add_rule(stage, step, argument, "net.reject", SIM_REJECT, error);
}

bool stage_verb_net_reset(struct stage *stage, const struct json *step, const struct json *argument,
			  struct error *error)
{
	return add_rule(stage, step, argument, "net.reset", SIM_RESET, error);
}

bool stage_verb_net_delay(struct stage *stage, const struct json *step, const struct json *argument,
			  struct error *error)
{
	return add_rule(stage, step, argument, "net.delay", SIM_DELAY, error);
}

/* Names. What a fault of a name did is known until the name changes again. */

static bool settle_dns_faults(struct stage *stage, struct str name)
{
	bool found = false;

	for (size_t i = 0; i < stage->faults.count; i++) {
		struct stage_fault *fault = &stage->faults.items[i];

		if (fault->is_over || fault->rule != NULL || !str_equal(fault->host, name))
			continue;
		fault->effects = sim_dns_effects(stage->sim, name);
		fault->is_over = true;
		found = true;
	}
	return found;
}

bool stage_verb_dns_set(struct stage *stage, const struct json *step, const struct json *argument,
			struct error *error)
{
	struct str name = json_get_str(argument, STR("name"));
	struct str addresses = json_get_str(argument, STR("addresses"));

	if (name.size == 0 || addresses.size == 0)
		return error_set(error, ERROR_INVALID, "dns.set needs name and addresses");
	settle_dns_faults(stage, name);
	sim_dns_set(stage->sim, name, addresses, json_int(json_get(argument, STR("ttl")), 60));
	add_fault(stage, step, "dns.set")->host = name;
	return true;
}

static bool add_dns_fault(struct stage *stage, const struct json *step, const struct json *argument,
			  const char *verb, enum sim_dns_fault kind)
{
	settle_dns_faults(stage, json_str(argument));
	sim_dns_set_fault(stage->sim, json_str(argument), kind);
	add_fault(stage, step, verb)->host = json_str(argument);
	return true;
}

bool stage_verb_dns_fail(struct stage *stage, const struct json *step, const struct json *argument,
			 struct error *error)
{
	(void)error;
	return add_dns_fault(stage, step, argument, "dns.fail", SIM_DNS_NXDOMAIN);
}

bool stage_verb_dns_timeout(struct stage *stage, const struct json *step,
			    const struct json *argument, struct error *error)
{
	(void)error;
	return add_dns_fault(stage, step, argument, "dns.timeout", SIM_DNS_SILENT);
}

bool stage_verb_dns_restore(struct stage *stage, const struct json *step,
			    const struct json *argument, struct error *error)
{
	bool found = settle_dns_faults(stage, json_str(argument));

	(void)step;
	sim_dns_set_fault(stage->sim, json_str(argument), SIM_DNS_OK);
	return found || error_set(error, ERROR_INVALID, "nothing is wrong with the name %.*s",
				  STR_ARG(json_str(argument)));
}

/* Hosts. A host that was up and goes down is an effect in itself. */

static struct sim_host *host_of(struct stage *stage, struct str name, struct error *error)
{
	struct sim_host *host = sim_host_find(stage->sim, name);

	if (host == NULL)
		error_set(error, ERROR_NOT_FOUND, "no host %.*s", STR_ARG(name));
	return host;
}

bool stage_verb_host_down(struct stage *stage, const struct json *step, const struct json *argument,
			  struct error *error)
{
	struct sim_host *host = host_of(stage, json_str(argument), error);
	struct stage_fault *fault;

	if (host == NULL)
		return false;
	fault = add_fault(stage, step, "host.down");
	fault->effects = sim_host_is_up(host);
	fault->is_over = true;
	sim_host_set_up(host, false);
	return true;
}

bool stage_verb_host_up(struct stage *stage, const struct json *step, const struct json *argument,
			struct error *error)
{
	struct sim_host *host = host_of(stage, json_str(argument), error);

	(void)step;
	if (host != NULL)
		sim_host_set_up(host, true);
	return host != NULL;
}

bool stage_verb_clock_jump(struct stage *stage, const struct json *step,
			   const struct json *argument, struct error *error)
{
	struct sim_host *host = host_of(stage, json_get_str(argument, STR("host")), error);
	int64_t by;

	(void)step;
	if (host == NULL || !stage_duration(json_get(argument, STR("by")), &by, error))
		return false;
	sim_host_set_clock_offset(host, by);
	return true;
}

/* Redis. */

static struct stage_redis *redis_of(struct stage *stage, struct str name, struct error *error)
{
	for (size_t i = 0; i < stage->redis.count; i++) {
		if (str_equal(stage->redis.items[i].name, name))
			return &stage->redis.items[i];
	}
	error_set(error, ERROR_NOT_FOUND, "no Redis %.*s", STR_ARG(name));
	return NULL;
}

bool stage_verb_redis_stop(struct stage *stage, const struct json *step,
			   const struct json *argument, struct error *error)
{
	struct stage_redis *redis = redis_of(stage, json_str(argument), error);
	struct stage_fault *fault;

	if (redis == NULL)
		return false;
	fault = add_fault(stage, step, "redis.stop");
	fault->effects = !redis->is_stopped;
	fault->is_over = true;
	redis->is_stopped = true;
	sim_redis_stop(redis->node);
	return true;
}

bool stage_verb_redis_start(struct stage *stage, const struct json *step,
			    const struct json *argument, struct error *error)
{
	struct stage_redis *redis = redis_of(stage, json_str(argument), error);

	(void)step;
	if (redis == NULL)
		return false;
	if (!redis->is_stopped)
		return error_set(error, ERROR_INVALID, "Redis %.*s runs", STR_ARG(redis->name));
	redis->is_stopped = false;
	sim_redis_restart(redis->node);
	return true;
}

/* Ends and effects. */

static uint64_t fault_effects(struct stage *stage, const struct stage_fault *fault)
{
	if (fault->rule != NULL)
		return sim_rule_effects(fault->rule);
	return fault->is_over ? fault->effects : sim_dns_effects(stage->sim, fault->host);
}

/* end: the name of a fault of the network. */
bool stage_verb_end(struct stage *stage, const struct json *step, const struct json *argument,
		    struct error *error)
{
	(void)step;
	for (size_t i = 0; i < stage->faults.count; i++) {
		struct stage_fault *fault = &stage->faults.items[i];

		if (fault->is_over || fault->rule == NULL ||
		    !str_equal(fault->name, json_str(argument)))
			continue;
		sim_rule_remove(fault->rule);
		fault->is_over = true;
		return true;
	}
	return error_set(error, ERROR_NOT_FOUND, "no fault %.*s is going on",
			 STR_ARG(json_str(argument)));
}

bool stage_check_faults(struct stage *stage, struct error *error)
{
	for (size_t i = 0; i < stage->faults.count; i++) {
		if (fault_effects(stage, &stage->faults.items[i]) == 0)
			return error_set(error, ERROR_INVALID, "the fault %.*s had no effect",
					 STR_ARG(stage->faults.items[i].name));
	}
	return true;
}
