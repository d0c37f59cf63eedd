/* What `when` says, one action after the other. */
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/utc.h"
#include "conformance/runner/run_internal.h"
#include "conformance/runner/shape.h"

/* Time. */

static void pause_over(struct timer *timer)
{
	case_run_next_action(LIST_ENTRY(timer, struct case_run, pause));
}

static void act_wait(struct case_run *run, const struct json *value)
{
	int64_t wait_us = 0;

	shape_duration_us(json_str(value), &wait_us);
	if (suite_moves_clock(run->conform_case->suite))
		case_run_advance_clock(run, wait_us);
	else
		timer_start(run->world, &run->pause, wait_us, pause_over);
}

/* Whatever the clock of a backend says. */
static void act_pause(struct case_run *run, const struct json *value)
{
	int64_t pause_us = 0;

	shape_duration_us(json_str(value), &pause_us);
	timer_start(run->world, &run->pause, pause_us, pause_over);
}

static void act_clock(struct case_run *run, const struct json *value)
{
	int64_t utc_us = 0;

	utc_parse(json_str(value), &utc_us);
	case_run_set_clock(run, utc_us);
}

/* The rest. */

static void act_drain(struct case_run *run, const struct json *value)
{
	(void)value;
	case_run_drain(run);
}

static void act_forget(struct case_run *run, const struct json *value)
{
	(void)value;
	case_run_forget(run);
}

static void act_cron(struct case_run *run, const struct json *value)
{
	(void)value;
	case_run_cron(run);
}

static void act_redis(struct case_run *run, const struct json *value)
{
	case_run_command(run, value, run->action);
}

static void act_sql(struct case_run *run, const struct json *value)
{
	(void)value;
	case_run_sql(run, run->action);
}

static void act_job(struct case_run *run, const struct json *value)
{
	case_run_job(run, json_scalar_text(value));
}

static void act_settle(struct case_run *run, const struct json *value)
{
	(void)value;
	case_run_settle(run);
}

static void act_set(struct case_run *run, const struct json *value)
{
	struct error error = {0};

	if (scene_set(&run->scene, value, &error))
		timer_start(run->world, &run->pause, 0, pause_over);
	else
		case_run_fail(run, str_copy(run->result_arena, str_from(error.text)));
}

/* What a target does until it ended is seen by the checks. */
static void act_stop(struct case_run *run, const struct json *value)
{
	case_run_stop(run, json_scalar_text(value), false);
}

static void act_kill(struct case_run *run, const struct json *value)
{
	case_run_stop(run, json_scalar_text(value), true);
}

static void act_routes(struct case_run *run, const struct json *value)
{
	case_run_routes(run, json_scalar_text(value));
}

static void act_start(struct case_run *run, const struct json *value)
{
	case_run_start_again(run, json_scalar_text(value));
}

static void act_run(struct case_run *run, const struct json *value)
{
	case_run_process(run, value);
}

static const struct {
	struct str name;
	void (*act)(struct case_run *run, const struct json *value);
} actions[] = {
	{STR_INIT("pause"), act_pause},      {STR_INIT("wait"), act_wait},
	{STR_INIT("clock"), act_clock},      {STR_INIT("drain"), act_drain},
	{STR_INIT("forget"), act_forget},    {STR_INIT("cron"), act_cron},
	{STR_INIT("redis"), act_redis},      {STR_INIT("set"), act_set},
	{STR_INIT("sql"), act_sql},          {STR_INIT("job"), act_job},
	{STR_INIT("run"), act_run},          {STR_INIT("stop"), act_stop},
	{STR_INIT("kill"), act_kill},        {STR_INIT("start"), act_start},
	{STR_INIT("raw"), case_run_act_raw}, {STR_INIT("settle"), act_settle},
	{STR_INIT("routes"), act_routes},
};

void case_run_act(struct case_run *run)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		const struct json *value = json_get(run->action, actions[i].name);

		if (value != NULL) {
			actions[i].act(run, value);
			return;
		}
	}
	if (json_get(run->action, STR("until")) != NULL && run->action->count == 1)
		case_run_until(run);
	else
		case_run_act_call(run, run->action);
}
