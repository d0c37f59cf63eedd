/* What the runner itself asks of a backend: the fixture through the Internal API, time and queues
 * through the test hooks. None of it is on the case's wire. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc.h"
#include "conformance/runner/run_internal.h"

struct str case_run_internal_credentials(struct case_run *run)
{
	const struct json *environment = run->scene.environment;
	struct str user = json_get_str(environment, STR("CONFIG_INTERNAL_API_USER"));
	struct str password = json_get_str(environment, STR("CONFIG_INTERNAL_API_PASSWORD"));

	return http_basic_credentials(run->arena, user, password);
}

void case_run_ask(struct case_run *run, const struct target *target,
		  const struct fixture_call *call, client_done *done)
{
	struct client_request request = {
		.address = target->address,
		.port = target->ports[TARGET_PROXY],
		.method = call->method,
		.target = call->path,
		.body = call->body,
		.has_body = call->body.size > 0,
	};

	http_fields_init(&request.fields, run->arena);
	http_fields_add(&request.fields, STR("Host"), target->address);
	http_fields_add(&request.fields, STR("Authorization"), case_run_internal_credentials(run));
	if (request.has_body)
		http_fields_add(&request.fields, STR("Content-Type"), STR("application/json"));
	run->call = client_send(run->world, &run->hook_wire, &request, done, run);
}

bool case_run_is_fine(struct case_run *run, const struct record *record)
{
	run->call = NULL;
	if (record->status >= 200 && record->status < 300)
		return true;
	case_run_fail(run,
		      str_format(run->result_arena, "%.*s %.*s was answered with %d %.*s%.*s",
				 STR_ARG(record->method), STR_ARG(record->target), record->status,
				 STR_ARG(str_slice(record->answer_body, 0, 200)),
				 STR_ARG(record->failure)));
	return false;
}

/* After what belongs to an action, or to the start. */
static void go_on(struct case_run *run)
{
	if (run->has_started)
		case_run_next_action(run);
	else if (run->conform_case->suite == SUITE_PORTAL)
		case_run_prepare(run);
	else
		case_run_seed(run);
}

/* Test hooks. */

static void hook_done(struct record *record, void *data)
{
	struct case_run *run = data;

	if (!case_run_is_fine(run, record))
		return;
	go_on(run);
}

const struct target *case_run_backend(struct case_run *run)
{
	const struct run_process *beside = case_run_find_process(run, STR("backend"));

	return beside != NULL ? &beside->target : &run->target;
}

void case_run_drain(struct case_run *run)
{
	const struct fixture_call call = {STR("POST"), STR("/__test/drain"), STR("")};

	case_run_ask(run, case_run_backend(run), &call, hook_done);
}

void case_run_forget(struct case_run *run)
{
	const struct fixture_call call = {STR("DELETE"), STR("/__test/cache"), STR("")};

	case_run_ask(run, case_run_backend(run), &call, hook_done);
}

void case_run_cron(struct case_run *run)
{
	const struct fixture_call call = {STR("POST"), STR("/__test/cron"), STR("")};

	case_run_ask(run, case_run_backend(run), &call, hook_done);
}

/* The clocks of the target and of all that listen beside it. */

static const struct target *target_at(const struct case_run *run, size_t place)
{
	return place == 0 ? &run->target : &run->processes.items[place - 1]->target;
}

static void clock_done(struct record *record, void *data);

static void set_next_clock(struct case_run *run)
{
	const struct fixture_call call = {
		STR("PUT"), STR("/__test/clock"),
		str_format(run->arena, "%" PRId64, run->clock_us / UTC_SECOND_US)};

	while (run->clocks_set <= run->processes.count) {
		const struct target *target = target_at(run, run->clocks_set++);

		if (target_has_hooks(target)) {
			case_run_ask(run, target, &call, clock_done);
			return;
		}
	}
	go_on(run);
}

static void clock_done(struct record *record, void *data)
{
	if (case_run_is_fine(data, record))
		set_next_clock(data);
}

void case_run_set_clock(struct case_run *run, int64_t utc_us)
{
	run->clock_us = utc_us;
	run->clocks_set = 0;
	if (target_has_hooks(&run->target))
		set_next_clock(run);
	else
		case_run_fail(run, STR("the target has no clock that could be set"));
}

void case_run_set_clock_of(struct case_run *run, const struct run_process *process)
{
	for (run->clocks_set = 1; run->processes.items[run->clocks_set - 1] != process;)
		run->clocks_set++;
	set_next_clock(run);
}

void case_run_advance_clock(struct case_run *run, int64_t by_us)
{
	int64_t now_us = run->clock_us != INT64_MIN ? run->clock_us : world_utc_us(run->world);

	case_run_set_clock(run, now_us + by_us);
}

/* The fixture. */

static void fixture_done(struct record *record, void *data)
{
	struct case_run *run = data;

	if (case_run_is_fine(run, record))
		case_run_seed(run);
}

static bool prepare_seed(struct case_run *run)
{
	struct error error = {0};
	int64_t clock_us;

	if (!fixture_backend_calls(&run->fixture, run->arena, run->scene.given, &error)) {
		case_run_fail(run, str_copy(run->result_arena, str_from(error.text)));
		return false;
	}
	if (!utc_parse(json_get_str(run->scene.given, STR("clock")), &clock_us))
		return true;
	case_run_set_clock(run, clock_us);
	return false;
}

void case_run_seed(struct case_run *run)
{
	if (run->target.ports[TARGET_PROXY] == 0) {
		case_run_first_step(run); /* a role that does not listen */
		return;
	}
	if (run->fixture.items.count == 0 && !prepare_seed(run))
		return;
	if (run->fixture_next < run->fixture.items.count)
		case_run_ask(run, &run->target, &run->fixture.items.items[run->fixture_next++],
			     fixture_done);
	else
		case_run_first_step(run);
}
