/* Faults and their ends: spec/cluster.md 9. Each says at the end of the run whether it did
 * anything. */
#include "base/error.h"
#include "base/json.h"
#include "base/url.h"
#include "sim/scenario/stage_internal.h"

static struct stage_fault *add_fault(struct stage *stage, const struct json *step, const char *verb,
				     enum stage_fault_kind kind)
{
	struct str name = json_get_str(step, STR("as"));
	struct stage_fault fault = {
		.kind = kind, .name = name.size > 0 ? name : str_from(verb), .line = step->line};

	vec_push(&stage->faults, fault);
	return &stage->faults.items[stage->faults.count - 1];
}

/* Of those that have their effect when they are made: was there anything to break? */
static void add_fault_at_once(struct stage *stage, const struct json *step, const char *verb,
			      bool had_effect)
{
	struct stage_fault *fault = add_fault(stage, step, verb, STAGE_FAULT_AT_ONCE);

	fault->effects = had_effect;
	fault->is_over = true;
}

/* Rules of the network. */

static bool host_is_known(struct stage *stage, struct str name, struct error *error)
{
	return name.size == 0 || stage_find_host(stage, name, error) != NULL;
}

static bool add_rule(struct stage *stage, const struct json *step, const struct json *argument,
		     const char *verb, enum sim_verdict verdict, struct error *error)
{
	int64_t port = 0;
	struct sim_rule_options options = {
		.from = json_get_str(argument, STR("from")),
		.to = json_get_str(argument, STR("to")),
		.verdict = verdict,
	};

	if (verdict == SIM_DELAY &&
	    !stage_duration(json_get(argument, STR("by")), &options.delay_us, error))
		return error_wrap(error, "by");
	if (!host_is_known(stage, options.from, error) ||
	    !host_is_known(stage, options.to, error) ||
	    !stage_number(argument, STR("port"), 1, UINT16_MAX, &port, error))
		return false;
	options.port = (uint16_t)port;
	add_fault(stage, step, verb, STAGE_FAULT_RULE)->rule = sim_rule_add(stage->sim, &options);
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

/* end: the name of a rule. */
bool stage_verb_end(struct stage *stage, const struct json *step, const struct json *argument,
		    struct error *error)
{
	struct str name = json_scalar_text(argument);

	(void)step;
	for (size_t i = 0; i < stage->faults.count; i++) {
		struct stage_fault *fault = &stage->faults.items[i];

		if (fault->is_over || fault->kind != STAGE_FAULT_RULE ||
		    !str_equal(fault->name, name))
			continue;
		sim_rule_remove(fault->rule);
		fault->is_over = true;
		return true;
	}
	return error_set(error, ERROR_NOT_FOUND, "no rule %.*s is in force", STR_ARG(name));
}

/* Names. What a fault of a name did is known until the name changes again. */

static bool fault_is_of_name(const struct stage_fault *fault, struct str name)
{
	return !fault->is_over &&
	       (fault->kind == STAGE_FAULT_NAME || fault->kind == STAGE_FAULT_ZONE) &&
	       str_equal_nocase(fault->domain_name, name);
}

static bool name_is_broken(const struct stage *stage, struct str name)
{
	for (size_t i = 0; i < stage->faults.count; i++) {
		if (stage->faults.items[i].kind == STAGE_FAULT_NAME &&
		    fault_is_of_name(&stage->faults.items[i], name))
			return true;
	}
	return false;
}

static void settle_name(struct stage *stage, struct str name)
{
	for (size_t i = 0; i < stage->faults.count; i++) {
		struct stage_fault *fault = &stage->faults.items[i];

		if (!fault_is_of_name(fault, name))
			continue;
		fault->effects = sim_dns_effects(stage->sim, name);
		fault->is_over = true;
	}
}

static bool addresses_are_sound(struct str addresses)
{
	struct str address;
	bool sound = addresses.size > 0;

	while (sound && str_next_field(&addresses, ',', &address))
		sound = url_host_is_ip(str_trim(address));
	return sound;
}

bool stage_verb_dns_set(struct stage *stage, const struct json *step, const struct json *argument,
			struct error *error)
{
	struct str name = json_get_str(argument, STR("name"));
	struct str addresses = json_get_str(argument, STR("addresses"));
	int64_t ttl_s = 60;

	if (name.size == 0 || !addresses_are_sound(addresses))
		return error_set(error, ERROR_INVALID,
				 "dns.set needs name, and addresses separated by commas");
	if (!stage_number(argument, STR("ttl"), 0, INT32_MAX, &ttl_s, error))
		return false;
	if (name_is_broken(stage, name))
		return error_set(error, ERROR_INVALID, "%.*s does not resolve: dns.restore first",
				 STR_ARG(name));
	settle_name(stage, name);
	sim_dns_set(stage->sim, name, addresses, ttl_s);
	add_fault(stage, step, "dns.set", STAGE_FAULT_ZONE)->domain_name = name;
	return true;
}

static bool break_name(struct stage *stage, const struct json *step, const struct json *argument,
		       const char *verb, enum sim_dns_fault kind)
{
	struct str name = json_scalar_text(argument);

	settle_name(stage, name);
	sim_dns_set_fault(stage->sim, name, kind);
	add_fault(stage, step, verb, STAGE_FAULT_NAME)->domain_name = name;
	return true;
}

bool stage_verb_dns_fail(struct stage *stage, const struct json *step, const struct json *argument,
			 struct error *error)
{
	(void)error;
	return break_name(stage, step, argument, "dns.fail", SIM_DNS_NXDOMAIN);
}

bool stage_verb_dns_timeout(struct stage *stage, const struct json *step,
			    const struct json *argument, struct error *error)
{
	(void)error;
	return break_name(stage, step, argument, "dns.timeout", SIM_DNS_SILENT);
}

bool stage_verb_dns_restore(struct stage *stage, const struct json *step,
			    const struct json *argument, struct error *error)
{
	struct str name = json_scalar_text(argument);

	(void)step;
	if (!name_is_broken(stage, name))
		return error_set(error, ERROR_INVALID, "nothing is wrong with the name %.*s",
				 STR_ARG(name));
	settle_name(stage, name);
	sim_dns_set_fault(stage->sim, name, SIM_DNS_OK);
	return true;
}

/* Hosts. What ran on a host that goes down is gone, and comes back by steps of its own. */

bool stage_verb_host_down(struct stage *stage, const struct json *step, const struct json *argument,
			  struct error *error)
{
	struct sim_host *host = stage_find_host(stage, json_scalar_text(argument), error);

	if (host == NULL)
		return false;
	add_fault_at_once(stage, step, "host.down", sim_host_is_up(host));
	sim_host_set_up(host, false);
	for (size_t i = 0; i < stage->redis.count; i++) {
		if (stage->redis.items[i].host == host)
			stage->redis.items[i].is_stopped = true;
	}
	sim_run_to(stage->sim, sim_now_us(stage->sim)); /* until the ends of processes are known */
	return true;
}

bool stage_verb_host_up(struct stage *stage, const struct json *step, const struct json *argument,
			struct error *error)
{
	struct sim_host *host = stage_find_host(stage, json_scalar_text(argument), error);

	(void)step;
	if (host == NULL)
		return false;
	if (sim_host_is_up(host))
		return error_set(error, ERROR_INVALID, "host %.*s is up",
				 STR_ARG(json_scalar_text(argument)));
	sim_host_set_up(host, true);
	return true;
}

/* by: "1h" ahead of the other hosts, "-1h" behind. */
bool stage_verb_clock_jump(struct stage *stage, const struct json *step,
			   const struct json *argument, struct error *error)
{
	struct sim_host *host = stage_find_host(stage, json_get_str(argument, STR("host")), error);
	struct str by = json_scalar_text(json_get(argument, STR("by")));
	bool is_behind = str_has_prefix(by, STR("-"));
	struct json span = {.kind = JSON_STRING, .text = str_skip(by, is_behind)};
	int64_t by_us;

	(void)step;
	if (host == NULL)
		return false;
	if (!stage_duration(&span, &by_us, error))
		return error_wrap(error, "by");
	sim_host_set_clock_offset(host, is_behind ? -by_us : by_us);
	return true;
}

/* Redis. */

static struct stage_redis *find_redis(struct stage *stage, struct str name, struct error *error)
{
	for (size_t i = 0; i < stage->redis.count; i++) {
		if (str_equal(stage->redis.items[i].name, name))
			return &stage->redis.items[i];
	}
	error_set(error, ERROR_NOT_FOUND, "no Redis \"%.*s\"", STR_ARG(name));
	return NULL;
}

bool stage_verb_redis_stop(struct stage *stage, const struct json *step,
			   const struct json *argument, struct error *error)
{
	struct stage_redis *redis = find_redis(stage, json_scalar_text(argument), error);

	if (redis == NULL)
		return false;
	add_fault_at_once(stage, step, "redis.stop", !redis->is_stopped);
	redis->is_stopped = true;
	sim_redis_stop(redis->node);
	return true;
}

bool stage_verb_redis_start(struct stage *stage, const struct json *step,
			    const struct json *argument, struct error *error)
{
	struct stage_redis *redis = find_redis(stage, json_scalar_text(argument), error);

	(void)step;
	if (redis == NULL)
		return false;
	if (!redis->is_stopped || !sim_host_is_up(redis->host))
		return error_set(error, ERROR_INVALID, "%s %.*s %s",
				 redis->is_stopped ? "the host of Redis" : "Redis",
				 STR_ARG(redis->name), redis->is_stopped ? "is down" : "runs");
	redis->is_stopped = !sim_redis_restart(redis->node, error);
	return !redis->is_stopped;
}

/* Effects. */

static uint64_t fault_effects(struct stage *stage, const struct stage_fault *fault)
{
	if (fault->kind == STAGE_FAULT_RULE)
		return sim_rule_effects(fault->rule);
	return fault->is_over ? fault->effects : sim_dns_effects(stage->sim, fault->domain_name);
}

bool stage_check_faults(struct stage *stage, struct error *error)
{
	for (size_t i = 0; i < stage->faults.count; i++) {
		const struct stage_fault *fault = &stage->faults.items[i];

		if (fault_effects(stage, fault) == 0)
			return error_set(error, ERROR_INVALID,
					 "line %d: the fault %.*s had no effect", fault->line,
					 STR_ARG(fault->name));
	}
	return true;
}
