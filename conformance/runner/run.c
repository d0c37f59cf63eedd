#include "conformance/runner/run.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/utc.h"
#include "conformance/runner/run_internal.h"

/* After its last answer a target may still report, log or close: a step is judged when nothing
 * happened for a moment, and again for as long as what is missed may come. */
struct pace {
	int64_t quiet_us, patience_us, look_again_us;
};
static const struct pace real_pace = {30000, 1500000, 20000};
static const struct pace virtual_pace = {500000, 10000000, 100000};

#define REASON_BYTES_MAX 300

static const struct pace *pace_of(const struct case_run *run)
{
	return run->options->is_virtual ? &virtual_pace : &real_pace;
}

/* The end. */

static void free_run(struct case_run *run)
{
	timer_stop(&run->timeout);
	timer_stop(&run->pause);
	case_run_cancel_calls(run);
	run->is_over = true;
	redis_access_close(&run->redis);
	scene_close(&run->scene);
	target_free(&run->target);
	case_run_free_processes(run);
	servers_free(&run->servers);
	wire_free(&run->hook_wire);
	fixture_calls_free(&run->fixture);
	vec_free(&run->failures.items);
	vec_free(&run->observations);
	vec_free(&run->cookies);
	vec_free(&run->parallel);
	arena_destroy(run->scratch);
	arena_destroy(run->arena);
	free(run);
}

void case_run_abandon(struct case_run *run)
{
	if (run != NULL)
		free_run(run);
}

static void end(struct case_run *run)
{
	struct result result = run->result;
	bool has_started = run->has_started;
	case_run_done *done = run->done;
	void *data = run->data;

	result.duration_us = world_monotonic_us(run->world) - run->began_us;
	free_run(run);
	done(&result, has_started, data);
}

static void servers_have_ended(struct str failure, bool is_missing, void *data)
{
	(void)failure;
	(void)is_missing;
	end(data);
}

/* Servers last: what the target still writes must find them. */
void case_run_end_when_possible(struct case_run *run)
{
	if (run->is_winding_up || run->target.process != NULL || case_run_has_processes(run))
		return;
	run->is_winding_up = true;
	servers_end(&run->servers, servers_have_ended);
}

/* Whatever is under way is given up; the target ends before the case does. */
static void finish(struct case_run *run)
{
	if (run->is_over)
		return;
	run->is_over = true;
	timer_stop(&run->timeout);
	timer_stop(&run->pause);
	case_run_cancel_calls(run);
	redis_access_close(&run->redis);
	scene_close_plays(&run->scene);
	target_stop(&run->target);
	case_run_stop_processes(run);
	case_run_end_when_possible(run);
}

static void keep_wire(struct case_run *run)
{
	struct str wire = wire_print(&run->scene.wire, run->result_arena);

	run->result.wire = wire;
}

void case_run_fail(struct case_run *run, struct str reason)
{
	if (run->is_over)
		return;
	run->result.verdict = VERDICT_FAILED;
	run->result.reason = reason;
	keep_wire(run);
	finish(run);
}

static void keep_failures(struct case_run *run)
{
	size_t count = run->failures.items.count;
	struct failure *kept = ARENA_ARRAY(run->result_arena, struct failure, count);

	for (size_t i = 0; i < count; i++) {
		const struct failure *failure = &run->failures.items.items[i];

		kept[i].what = str_copy(run->result_arena, failure->what);
		kept[i].line = failure->line;
		kept[i].expected = str_copy(run->result_arena, failure->expected);
		kept[i].actual = str_copy(run->result_arena, failure->actual);
	}
	run->result.failures = kept;
	run->result.failures_count = count;
}

static void skip(struct case_run *run, struct str reason)
{
	run->result.verdict = VERDICT_SKIPPED;
	run->result.reason = reason;
	finish(run);
}

void case_run_fail_checks(struct case_run *run)
{
	const struct failure *first = &run->failures.items.items[0];
	struct str reason = str_format(run->result_arena, "%.*s: expected %.*s, actual %.*s",
				       STR_ARG(first->what),
				       STR_ARG(str_slice(first->expected, 0, REASON_BYTES_MAX)),
				       STR_ARG(str_slice(first->actual, 0, REASON_BYTES_MAX)));

	keep_failures(run);
	case_run_fail(run, reason);
}

static void timed_out(struct timer *timer)
{
	struct case_run *run = LIST_ENTRY(timer, struct case_run, timeout);

	case_run_fail(run, str_format(run->result_arena, "no end after %" PRId64 " s",
				      run->options->timeout_us / 1000000));
}

/* Steps. */

static void begin_step(struct case_run *run);

static void add_end_failure(struct case_run *run, struct str who, int exit_status)
{
	struct failure failure = {
		.what = who,
		.line = run->step->line,
		.expected = STR("runs"),
		.actual = str_format(run->scratch, "ended with status %d", exit_status),
	};

	vec_push(&run->failures.items, failure);
}

/* of: empty for the target. */
static bool expects_exit(const struct json *step, struct str of)
{
	JSON_EACH (check, json_get(step, STR("then"))) {
		const struct json *exit = json_get(check, STR("exit"));

		if (exit != NULL && str_equal(json_scalar_text(json_get(exit, STR("of"))), of))
			return true;
	}
	return false;
}

static const struct check_process *processes_of(struct case_run *run)
{
	struct check_process *processes =
		ARENA_ARRAY(run->scratch, struct check_process, run->processes.count + 1);

	for (size_t i = 0; i < run->processes.count; i++) {
		const struct target *target = &run->processes.items[i]->target;

		processes[i] = (struct check_process){target->name, target->state == TARGET_ENDED,
						      target->exit_status};
	}
	return processes;
}

bool case_run_fits(struct case_run *run, const struct json *then)
{
	const struct check_view view = {
		.arena = run->scratch,
		.wire = &run->scene.wire,
		.has_ended = run->target.state == TARGET_ENDED,
		.exit_status = run->target.exit_status,
		.observations = run->observations.items,
		.observations_count = run->observations.count,
		.processes = processes_of(run),
		.processes_count = run->processes.count,
		.rows = run->rows,
	};

	play_logs_look(&run->scene.logs);
	run->failures.items.count = 0;
	checks_judge(&view, then, &run->failures);
	return run->failures.items.count == 0;
}

/* Nobody ends unasked, unless the case looks at it. Further processes may end well. */
static void judge_ends(struct case_run *run)
{
	if (run->target.state == TARGET_ENDED && !run->may_end && !expects_exit(run->step, STR("")))
		add_end_failure(run, STR("the target"), run->target.exit_status);
	for (size_t i = 0; i < run->processes.count; i++) {
		struct run_process *process = run->processes.items[i];
		const struct target *target = &process->target;

		if (target->state != TARGET_ENDED || process->may_end)
			continue;
		if (expects_exit(run->step, target->name))
			process->may_end = true; /* once is enough */
		else if (target->exit_status != 0)
			add_end_failure(run, target->name, target->exit_status);
	}
}

static bool judge(struct case_run *run)
{
	case_run_fits(run, run->then);
	judge_ends(run);
	return run->failures.items.count == 0;
}

static void step_done(struct case_run *run)
{
	run->step = run->step->next;
	if (run->step == NULL) {
		finish(run);
		return;
	}
	wire_begin_step(&run->scene.wire);
	run->rows = NULL;
	begin_step(run);
}

static void look(struct timer *timer);

static void observed(struct case_run *run)
{
	if (judge(run))
		step_done(run);
	else if (run->is_last_look)
		case_run_fail_checks(run);
	else
		timer_start(run->world, &run->pause, pace_of(run)->look_again_us, look);
}

static void observe(struct case_run *run, bool is_last_look)
{
	run->is_last_look = is_last_look;
	case_run_observe(run, run->then, observed);
}

static void look(struct timer *timer)
{
	struct case_run *run = LIST_ENTRY(timer, struct case_run, pause);
	const struct pace *pace = pace_of(run);
	int64_t now_us = world_monotonic_us(run->world);
	bool is_late = now_us - run->settling_since_us >= pace->patience_us;

	if (run->changes_seen != run->scene.wire.changes) {
		run->changes_seen = run->scene.wire.changes;
		run->changed_us = now_us;
	}
	if (!is_late && now_us - run->changed_us < pace->quiet_us)
		timer_start(run->world, timer, pace->quiet_us - (now_us - run->changed_us), look);
	else
		observe(run, is_late);
}

static void settle(struct case_run *run)
{
	run->then = json_get(run->step, STR("then"));
	if (run->has_kept)
		run->then =
			placeholders_expand_json(&run->scene.placeholders, run->arena, run->then);
	run->settling_since_us = run->changed_us = world_monotonic_us(run->world);
	run->changes_seen = run->scene.wire.changes;
	timer_start(run->world, &run->pause, pace_of(run)->quiet_us, look);
}

void case_run_next_action(struct case_run *run)
{
	run->action = run->action->next;
	run->repeats_left = 0;
	if (run->action != NULL)
		case_run_act(run);
	else
		settle(run);
}

static void begin_step(struct case_run *run)
{
	run->action = json_at(json_get(run->step, STR("when")), 0);
	run->repeats_left = 0;
	if (run->action != NULL)
		case_run_act(run);
	else
		settle(run);
}

void case_run_first_step(struct case_run *run)
{
	run->has_started = true;
	run->step = json_at(run->scene.steps, 0);
	begin_step(run);
}

/* The start. */

static bool must_fail_to_start(const struct case_run *run)
{
	return str_equal(json_get_str(run->scene.given, STR("start")), STR("fails"));
}

static void target_came_up(struct case_run *run)
{
	if (must_fail_to_start(run))
		case_run_fail(run, STR("the target is ready, but was expected to fail"));
	else if (run->conform_case->suite == SUITE_BACKEND)
		case_run_seed(run);
	else if (run->conform_case->suite == SUITE_PORTAL)
		case_run_prepare(run);
	else
		case_run_first_step(run);
}

static void target_went_down(struct case_run *run)
{
	if (run->is_restarting && run->may_end && !run->is_over) {
		case_run_start_target(run);
	} else if (run->is_over) {
		/* A crash while it stops is one too; a command may end as it likes. */
		if (run->target.exit_status != 0 && !run->target.was_killed && !run->may_end &&
		    run->result.verdict == VERDICT_PASSED &&
		    target_plan_is_refscale(&run->options->plan)) {
			run->result.verdict = VERDICT_FAILED;
			run->result.reason = str_format(
				run->result_arena, "asked to stop, the target ended with status %d",
				run->target.exit_status);
			keep_wire(run);
		}
		case_run_end_when_possible(run);
	} else if (!run->has_started && must_fail_to_start(run)) {
		run->may_end = true;
		case_run_first_step(run);
	} else if (!run->has_started || run->is_restarting) {
		case_run_fail(run, str_format(run->result_arena,
					      "the target ended with status %d before it was ready",
					      run->target.exit_status));
	}
}

static void target_is_back(struct case_run *run)
{
	run->is_restarting = false;
	case_run_next_action(run);
}

static void target_has_changed(struct target *target, void *data)
{
	struct case_run *run = data;

	if (target->state == TARGET_ENDED)
		target_went_down(run);
	else if (target->state == TARGET_READY && run->is_restarting && !run->is_over)
		target_is_back(run);
	else if (target->state == TARGET_READY && !run->is_over && !run->has_started)
		target_came_up(run);
}

void case_run_start_target(struct case_run *run)
{
	struct error error = {0};

	run->may_end = false;
	run->target.state = TARGET_STARTING;
	run->target.resets_database = run->options->plan.database.size > 0 && !run->has_started;
	run->target.clock_us = run->conform_case->suite == SUITE_PORTAL ? run->clock_us : INT64_MIN;
	if (!target_start(&run->target, &run->scene.placeholders, run->scene.environment,
			  json_get(run->scene.given, STR("arguments")), &error))
		case_run_fail(run, str_copy(run->result_arena, str_from(error.text)));
}

/* Beside a portal others start first. */
static void start_processes(struct case_run *run)
{
	if (run->conform_case->suite == SUITE_PORTAL)
		case_run_prepare(run);
	else
		case_run_start_target(run);
}

static void servers_are_up(struct str failure, bool is_missing, void *data)
{
	struct case_run *run = data;

	failure = str_copy(run->result_arena, failure);
	if (is_missing)
		skip(run, failure);
	else if (failure.size > 0)
		case_run_fail(run, failure);
	else
		start_processes(run);
}

/* For a command: a Redis of the case goes before the one of all cases. */
static struct str store_of(const struct case_run *run)
{
	struct str own = json_get_str(run->scene.environment, STR("CONFIG_REDIS_PROXY"));

	return own.size > 0 ? own : run->options->plan.store;
}

static bool set_up(struct case_run *run, struct error *error)
{
	const struct json *servers = json_get(run->conform_case->given, STR("servers"));
	struct target *target = &run->target;

	if (!servers_plan(&run->servers, servers, &run->scene.placeholders, error) ||
	    !scene_open(&run->scene, run->world, run->arena, run->conform_case,
			run->options->portal_port, error))
		return false;
	placeholders_set(&run->scene.placeholders, STR("store"), store_of(run));
	placeholders_set(&run->scene.placeholders, STR("database"), run->options->plan.database);
	if (run->conform_case->suite == SUITE_PORTAL && run->options->plan.url.size > 0)
		scene_take_portal_variables(&run->scene);
	target->wire = &run->scene.wire;
	target->role = json_get_str(run->scene.given, STR("role"));
	target->refuses_hooks = !json_bool(json_get(run->scene.given, STR("test_hooks")), true);
	target->release = json_scalar_text(json_get(run->scene.given, STR("release")));
	if (run->conform_case->suite == SUITE_PORTAL &&
	    utc_parse(json_get_str(run->scene.given, STR("clock")), &target->clock_us))
		run->clock_us = target->clock_us;
	return true;
}

static void start(struct case_run *run)
{
	struct error error = {0};

	if (!set_up(run, &error))
		case_run_fail(run, str_copy(run->result_arena, str_from(error.text)));
	else if (run->servers.items.count > 0)
		servers_start_all(&run->servers, servers_are_up);
	else
		start_processes(run);
}

struct case_run *case_run_start(struct world *world, const struct run_options *options,
				const struct conform_case *conform_case, struct arena *arena,
				case_run_done *done, void *data)
{
	struct case_run *run = MEMORY_NEW(struct case_run);

	run->world = world;
	run->options = options;
	run->conform_case = conform_case;
	run->arena = arena_create();
	run->scratch = arena_create();
	run->result_arena = arena;
	run->began_us = world_monotonic_us(world);
	run->clock_us = INT64_MIN;
	run->redis = (struct redis_access){.world = world, .arena = run->arena};
	run->servers = (struct servers){
		.world = world, .arena = run->arena, .access = &run->redis, .data = run};
	run->done = done;
	run->data = data;
	run->result = (struct result){.conform_case = conform_case, .verdict = VERDICT_PASSED};
	wire_init(&run->hook_wire, run->arena);
	run->target = (struct target){.world = world,
				      .plan = &options->plan,
				      .arena = run->arena,
				      .clock_us = INT64_MIN,
				      .changed = target_has_changed,
				      .data = run};
	timer_start(world, &run->timeout, options->timeout_us + case_wait_us(conform_case),
		    timed_out);
	start(run);
	return run;
}
