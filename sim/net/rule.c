#include "sim/net/rule.h"

#include <string.h>

#include "base/arena.h"
#include "sim/net/stream.h"

struct sim_rule {
	struct net *net;
	struct sim_rule_options options;
	uint64_t effects;
};

static const struct str verdict_names[] = {
	[SIM_PASS] = STR_INIT("pass"),     [SIM_DROP] = STR_INIT("drop"),
	[SIM_REJECT] = STR_INIT("reject"), [SIM_RESET] = STR_INIT("reset"),
	[SIM_DELAY] = STR_INIT("delay"),   [SIM_UNREACHABLE] = STR_INIT("unreachable"),
};

static bool is_meant(struct str wanted, const struct sim_host *host, struct str address)
{
	if (wanted.size == 0 || str_equal(wanted, address))
		return true;
	return host != NULL && (str_equal(wanted, host->name) || str_equal(wanted, host->address));
}

bool rule_matches(const struct sim_rule *rule, const struct net_path *path)
{
	const struct sim_rule_options *options = &rule->options;

	return (path->is_new || !options->only_new_connections) &&
	       (options->port == 0 || options->port == path->port) &&
	       is_meant(options->to, path->to, path->to_address) &&
	       is_meant(options->from, path->from, path->from->address);
}

enum sim_verdict rule_verdict(struct net *net, const struct net_path *path, int64_t *delay_us)
{
	*delay_us = 0;
	if (net->overlay_joins != NULL && path->to != NULL &&
	    !net->overlay_joins(path->from, path->to, net->overlay_data))
		return SIM_DROP;
	for (size_t i = 0; i < net->rules.count; i++) {
		struct sim_rule *rule = net->rules.items[i];

		if (!rule_matches(rule, path))
			continue;
		rule->effects++;
		if (rule->options.verdict == SIM_PASS)
			continue;
		if (rule->options.verdict == SIM_DELAY)
			*delay_us = rule->options.delay_us;
		return rule->options.verdict;
	}
	return SIM_PASS;
}

static void rule_trace(const struct sim_rule *rule, struct str kind)
{
	struct trace *trace = rule->net->trace;

	trace_begin(trace, rule->options.from, kind);
	trace_text(trace, STR("to"), rule->options.to);
	trace_int(trace, STR("port"), rule->options.port);
	trace_text(trace, STR("verdict"), verdict_names[rule->options.verdict]);
	trace_int(trace, STR("effects"), (int64_t)rule->effects);
	trace_end(trace);
}

struct sim_rule *rule_add(struct net *net, const struct sim_rule_options *options)
{
	struct sim_rule *rule = ARENA_NEW(net->arena, struct sim_rule);

	rule->net = net;
	rule->options = *options;
	rule->options.from = str_copy(net->arena, options->from);
	rule->options.to = str_copy(net->arena, options->to);
	vec_push(&net->rules, rule);
	rule_trace(rule, STR("rule.add"));
	if (options->verdict == SIM_RESET && !options->only_new_connections)
		rule->effects += stream_reset_matching(net, rule);
	return rule;
}

void rule_remove(struct sim_rule *rule)
{
	struct net *net = rule->net;

	for (size_t i = 0; i < net->rules.count; i++) {
		if (net->rules.items[i] != rule)
			continue;
		vec_remove(&net->rules, i);
		rule_trace(rule, STR("rule.remove"));
		return;
	}
}

uint64_t rule_effects(const struct sim_rule *rule)
{
	return rule->effects;
}
