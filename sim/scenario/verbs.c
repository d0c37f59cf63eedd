/* What a step can do: one row a verb. */
#include "base/error.h"
#include "base/json.h"
#include "sim/scenario/stage_internal.h"

#define NO_KEYS NULL /* its argument is a text */
#define NONE ""
#define CLUSTER_NAME_KEYS "kind project name"

static const struct stage_verb_row verbs[] = {
	/* What an operator does and sees. */
	{"call", stage_verb_call, STAGE_CALL_KEYS, "expect keep", false, stage_check_call},
	{"dig", stage_verb_dig, "name from", "expect", true, stage_check_dig},
	{"log", stage_verb_log, "of contains matches absent within", NONE, false, NULL},
	{"traffic", stage_verb_traffic, "status failure within count", NONE, false, NULL},
	{"wait", stage_verb_wait, NO_KEYS, NONE, true, NULL},
	{"process.start", stage_verb_process_start, "name exits", NONE, true, NULL},
	{"process.stop", stage_verb_process_stop, NO_KEYS, NONE, true, NULL},
	{"config.edit", stage_verb_config_edit, "process variable value", NONE, false, NULL},

	/* What `oc` does and shows. */
	{"cluster.apply", stage_verb_cluster_apply, "*", NONE, false, stage_check_cluster_apply},
	{"cluster.patch", stage_verb_cluster_patch, CLUSTER_NAME_KEYS " patch", NONE, false, NULL},
	{"cluster.delete", stage_verb_cluster_delete, CLUSTER_NAME_KEYS, NONE, false, NULL},
	{"cluster.get", stage_verb_cluster_get, CLUSTER_NAME_KEYS " labels within", "expect keep",
	 false, stage_check_cluster_get},

	/* Faults: spec/cluster.md 9. */
	{"process.kill", stage_verb_process_kill, NO_KEYS, NONE, true, NULL},
	{"net.drop", stage_verb_net_drop, "from to port", "as", false, NULL},
	{"net.reject", stage_verb_net_reject, "from to port", "as", false, NULL},
	{"net.reset", stage_verb_net_reset, "from to port", "as", false, NULL},
	{"net.delay", stage_verb_net_delay, "from to port by", "as", false, NULL},
	{"dns.set", stage_verb_dns_set, "name addresses ttl", "as", false, NULL},
	{"dns.fail", stage_verb_dns_fail, NO_KEYS, "as", true, NULL},
	{"dns.timeout", stage_verb_dns_timeout, NO_KEYS, "as", true, NULL},
	{"dns.restore", stage_verb_dns_restore, NO_KEYS, NONE, true, NULL},
	{"host.down", stage_verb_host_down, NO_KEYS, "as", true, NULL},
	{"host.up", stage_verb_host_up, NO_KEYS, NONE, true, NULL},
	{"clock.jump", stage_verb_clock_jump, "host by", NONE, false, NULL},
	{"redis.stop", stage_verb_redis_stop, NO_KEYS, "as", true, NULL},
	{"redis.start", stage_verb_redis_start, NO_KEYS, NONE, true, NULL},
	{"end", stage_verb_end, NO_KEYS, NONE, true, NULL},
};

static const struct stage_verb_row *find_row(struct str name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (str_equal(name, str_from(verbs[i].name)))
			return &verbs[i];
	}
	return NULL;
}

const struct stage_verb_row *stage_find_verb(const struct json *step, const struct json **argument)
{
	const struct stage_verb_row *found = NULL;

	JSON_EACH (member, step) {
		const struct stage_verb_row *row = find_row(member->key);

		if (row != NULL) {
			found = row;
			*argument = member;
		}
	}
	return found;
}

/* One verb, and beside it only what that verb heeds. */
static bool check_members(const struct json *step, const struct stage_verb_row *verb,
			  struct error *error)
{
	JSON_EACH (member, step) {
		const struct stage_verb_row *other = find_row(member->key);

		if (other == verb || stage_has_word("step shows", member->key) ||
		    stage_has_word(verb->beside, member->key))
			continue;
		if (other != NULL)
			return error_set(error, ERROR_INVALID,
					 "a step does one thing, not %s and %s", verb->name,
					 other->name);
		if (stage_has_word("as expect keep", member->key))
			return error_set(error, ERROR_INVALID, "%s has no use for \"%.*s\"",
					 verb->name, STR_ARG(member->key));
		return error_set(error, ERROR_INVALID, "a step cannot \"%.*s\"",
				 STR_ARG(member->key));
	}
	return true;
}

static bool check_argument(const struct json *argument, const struct stage_verb_row *verb,
			   struct error *error)
{
	if (argument->kind != JSON_OBJECT) {
		bool is_text = json_scalar_text(argument).size > 0;

		return (is_text && verb->takes_text) ||
		       error_set(error, ERROR_INVALID, "%s needs %s%s", verb->name,
				 verb->keys != NULL ? "a table of: " : "a text",
				 verb->keys != NULL ? verb->keys : "");
	}
	if (verb->keys == NULL)
		return error_set(error, ERROR_INVALID, "%s needs a text", verb->name);
	if (str_equal(str_from(verb->keys), STR("*")))
		return true;
	JSON_EACH (member, argument) {
		if (!stage_has_word(verb->keys, member->key))
			return error_set(error, ERROR_INVALID, "%s has no \"%.*s\" (it has: %s)",
					 verb->name, STR_ARG(member->key), verb->keys);
	}
	return true;
}

bool stage_check_step(const struct json *step, struct error *error)
{
	const struct json *argument = NULL;
	const struct stage_verb_row *verb = stage_find_verb(step, &argument);

	if (verb == NULL) {
		JSON_EACH (member, step) {
			if (!stage_has_word("step shows as expect keep", member->key))
				return error_set(error, ERROR_INVALID, "a step cannot \"%.*s\"",
						 STR_ARG(member->key));
		}
		return error_set(error, ERROR_INVALID, "a step that does nothing");
	}
	return check_members(step, verb, error) && check_argument(argument, verb, error) &&
	       (verb->check == NULL || verb->check(step, error));
}
