/* What the runner itself asks of a backend: the fixture through the Internal API, time and queues
 * through the test hooks. None of it is on the case's wire. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc.h"
#include "conformance/runner/run_internal.h"

struct str case_run_internal_credentials(struct case_run *run)
{
	const struct json *environment = run->scene.environment;
	struct str user = json_get_str(environment, STR("CONFIG_INTERNAL_API_USER"));
	struct str password = json_get_str(environment, STR("CONFIG_INTERNAL_API_PASSWORD"));
	struct str pair = STR_CONCAT(run->arena, user, STR(":"), password);

	return STR_CONCAT(run->arena, STR("Basic "), base64_encode(run->arena, pair));
}

void case_run_ask(struct case_run *run, const struct fixture_call *call, client_done *done)
{
	struct client_request request = {
		.address = run->target.address,
		.port = run->target.ports[TARGET_PROXY],
		.method = call->method,
		.target = call->path,
		.body = call->body,
		.has_body = call->body.size > 0,
	};

	http_fields_init(&request.fields, run->arena);
	http_fields_add(&request.fields, STR("Host"), run->target.address);
	http_fields_add(&request.fields, STR("Authorization"), case_run_internal_credentials(run));
	if (request.has_body)
		http_fields_add(&request.fields, STR("Content-Type"), STR("application/json"));
	run->call = client_send(run->world, &run->hook_wire, &request, done, run);
}

static bool is_fine(struct case_run *run, const struct record *record)
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

/* Test hooks. */

static void hook_done(struct record *record, void *data)
{
	struct case_run *run = data;

	if (!is_fine(run, record))
		return;
	if (run->has_started)
		case_run_next_action(run);
	else
		case_run_seed(run);
}

void case_run_drain(struct case_run *run)
{
	const struct fixture_call call = {STR("POST"), STR("/__test/drain"), STR("")};

	case_run_ask(run, &call, hook_done);
}

void case_run_forget(struct case_run *run)
{
	const struct fixture_call call = {STR("DELETE"), STR("/__test/cache"), STR("")};

	case_run_ask(run, &call, hook_done);
}

void case_run_cron(struct case_run *run)
{
	const struct fixture_call call = {STR("POST"), STR("/__test/cron"), STR("")};

	case_run_ask(run, &call, hook_done);
}

void case_run_set_clock(struct case_run *run, int64_t utc_us)
{
	struct fixture_call call = {STR("PUT"), STR("/__test/clock"), STR("")};

	run->clock_us = utc_us;
	call.body = str_format(run->arena, "%" PRId64, utc_us / UTC_SECOND_US);
	case_run_ask(run, &call, hook_done);
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

	if (is_fine(run, record))
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
	if (run->fixture.items.count == 0 && !prepare_seed(run))
		return;
	if (run->fixture_next < run->fixture.items.count)
		case_run_ask(run, &run->fixture.items.items[run->fixture_next++], fixture_done);
	else
		case_run_first_step(run);
}
