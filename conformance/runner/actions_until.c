/* What is repeated until it fits: a check by itself, or a call and its answer. Only what takes its
 * time by nature (Sentinels that agree, a worker that catches up) is waited for so. */
#include "base/arena.h"
#include "base/json.h"
#include "base/list.h"
#include "conformance/runner/run_internal.h"

struct patience {
	int64_t all_us, pause_us;
};
static const struct patience real_patience = {15000000, 20000};
static const struct patience virtual_patience = {20000000, 100000};

static bool is_alone(const struct json *action)
{
	return action->count == 1;
}

/* As a list of checks. */
static const struct json *checks_of(struct case_run *run)
{
	struct json *until = json_copy(run->arena, json_get(run->action, STR("until")));
	struct json *list = json_new(run->arena, JSON_ARRAY), *check = until;

	if (!is_alone(run->action)) {
		check = json_new(run->arena, JSON_OBJECT);
		json_set(check, STR("answer"), until);
	}
	json_append(list, check);
	return run->has_kept ? placeholders_expand_json(&run->scene.placeholders, run->arena, list)
			     : list;
}

static void again(struct timer *timer)
{
	struct case_run *run = LIST_ENTRY(timer, struct case_run, pause);

	if (is_alone(run->action)) {
		case_run_until(run);
		return;
	}
	wire_forget_last(&run->scene.wire, SIDE_CLIENT);
	case_run_act_call(run, run->action);
}

static void observed(struct case_run *run)
{
	const struct patience *patience =
		run->options->is_virtual ? &virtual_patience : &real_patience;
	int64_t passed_us = world_monotonic_us(run->world) - run->until_since_us;

	if (case_run_fits(run, run->until)) {
		run->until = NULL;
		case_run_next_action(run);
	} else if (passed_us >= patience->all_us) {
		case_run_fail_checks(run);
	} else {
		timer_start(run->world, &run->pause, patience->pause_us, again);
	}
}

void case_run_until(struct case_run *run)
{
	if (run->until == NULL) {
		run->until = checks_of(run);
		run->until_since_us = world_monotonic_us(run->world);
	}
	case_run_observe(run, run->until, observed);
}
