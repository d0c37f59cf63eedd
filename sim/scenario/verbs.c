/* What a step can do: one row a verb. */
#include "base/error.h"
#include "base/json.h"
#include "sim/scenario/stage_internal.h"

const struct stage_verb_row stage_verbs[] = {
	/* What an operator does and sees. */
	{"call", stage_verb_call,
	 "get head post put patch delete options from to host fields body form"},
	{"dig", stage_verb_dig, "name from"},
	{"log", stage_verb_log, "of contains matches absent within"},
	{"traffic", stage_verb_traffic, "status failure within count"},
	{"wait", stage_verb_wait, NULL},
	{"process.start", stage_verb_process_start, "name exits"},
	{"process.stop", stage_verb_process_stop, NULL},
	{"config.edit", stage_verb_config_edit, "process variable value"},

	/* Faults: spec/cluster.md 9. */
	{"process.kill", stage_verb_process_kill, NULL},
	{"net.drop", stage_verb_net_drop, "from to port"},
	{"net.reject", stage_verb_net_reject, "from to port"},
	{"net.reset", stage_verb_net_reset, "from to port"},
	{"net.delay", stage_verb_net_delay, "from to port by"},
	{"dns.set", stage_verb_dns_set, "name addresses ttl"},
	{"dns.fail", stage_verb_dns_fail, NULL},
	{"dns.timeout", stage_verb_dns_timeout, NULL},
	{"dns.restore", stage_verb_dns_restore, NULL},
	{"host.down", stage_verb_host_down, NULL},
	{"host.up", stage_verb_host_up, NULL},
	{"clock.jump", stage_verb_clock_jump, "host by"},
	{"redis.stop", stage_verb_redis_stop, NULL},
	{"redis.start", stage_verb_redis_start, NULL},
	{"end", stage_verb_end, NULL},
};

const size_t stage_verbs_count = sizeof stage_verbs / sizeof *stage_verbs;

/* Keys of a step beside its verb. */
static const char *const step_keys[] = {"step", "shows", "as", "expect", "keep"};

static bool step_key_is_common(struct str key)
{
	for (size_t i = 0; i < sizeof step_keys / sizeof *step_keys; i++) {
		if (str_equal(key, str_from(step_keys[i])))
			return true;
	}
	return false;
}

static const struct stage_verb_row *find_row(struct str name)
{
	for (size_t i = 0; i < stage_verbs_count; i++) {
		if (str_equal(name, str_from(stage_verbs[i].name)))
			return &stage_verbs[i];
	}
	return NULL;
}

static bool keys_are_known(const struct stage_verb_row *row, const struct json *argument,
			   struct error *error)
{
	if (row->keys == NULL || argument->kind != JSON_OBJECT)
		return true;
	JSON_EACH (member, argument) {
		struct str rest = str_from(row->keys), key;
		bool found = false;

		while (!found && str_next_field(&rest, ' ', &key))
			found = str_equal(key, member->key);
		if (!found)
			return error_set(error, ERROR_INVALID, "%s has no \"%.*s\" (it has: %s)",
					 row->name, STR_ARG(member->key), row->keys);
	}
	return true;
}

const struct stage_verb_row *stage_find_verb(const struct json *step, const struct json **argument,
					     struct error *error)
{
	const struct stage_verb_row *found = NULL;

	JSON_EACH (member, step) {
		const struct stage_verb_row *row = find_row(member->key);

		if (row == NULL && step_key_is_common(member->key))
			continue;
		if (row == NULL) {
			error_set(error, ERROR_INVALID, "a step cannot \"%.*s\"",
				  STR_ARG(member->key));
			return NULL;
		}
		if (found != NULL) {
			error_set(error, ERROR_INVALID, "a step does one thing, not %s and %s",
				  found->name, row->name);
			return NULL;
		}
		found = row;
		*argument = member;
	}
	if (found == NULL)
		error_set(error, ERROR_INVALID, "a step that does nothing");
	else if (!keys_are_known(found, *argument, error))
		return NULL;
	return found;
}
