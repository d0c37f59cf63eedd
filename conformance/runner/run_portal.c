/* What the runner itself does around a portal: real processes of refscale beside it, the start, and
 * what only tests may touch. None of its own calls is on the case's wire. */
#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/list.h"
#include "conformance/runner/run_internal.h"

/* A target without hooks tells backend what it was seeded with, and nobody knows when it is done.
 */
#define SEEDING_QUIET_US 100000

enum {
	STAGE_BACKEND,
	STAGE_TARGET,
	STAGE_CLOCK,
	STAGE_TOLD,
	STAGE_SAMPLES,
	STAGE_APICAST,
	STAGE_STEPS
};

static const struct json *answer_json(struct case_run *run, const struct record *record)
{
	return json_parse(run->arena, record->answer_body, LIMIT_CONFIG_BYTES, NULL);
}

/* Companions. */

static void set(struct case_run *run, struct json *environment, const char *name, struct str value)
{
	json_set(environment, str_from(name), json_new_str(run->arena, value));
}

static struct str variable(const struct case_run *run, const char *name)
{
	return json_get_str(run->scene.environment, str_from(name));
}

/* Its storage is where the portal reads statistics, when the case says. */
static void start_backend(struct case_run *run)
{
	struct json *environment = json_new(run->arena, JSON_OBJECT);
	struct str redis = variable(run, "BACKEND_REDIS_URL");

	set(run, environment, "CONFIG_INTERNAL_API_USER",
	    variable(run, "CONFIG_INTERNAL_API_USER"));
	set(run, environment, "CONFIG_INTERNAL_API_PASSWORD",
	    variable(run, "CONFIG_INTERNAL_API_PASSWORD"));
	if (redis.size > 0)
		set(run, environment, "CONFIG_REDIS_PROXY", redis);
	case_run_companion(run, SUITE_BACKEND, "backend", run->scene.backend_port, environment,
			   NULL);
}

/* A self-managed gateway of the first tenant, which asks at every call. */
static void start_apicast(struct case_run *run)
{
	const struct json *given = json_get(run->scene.given, STR("apicast"));
	struct json *environment = json_new(run->arena, JSON_OBJECT);

	placeholders_set(&run->scene.placeholders, STR("port"),
			 str_format(run->arena, "%u", (unsigned)run->target.ports[TARGET_PROXY]));
	set(run, environment, "THREESCALE_PORTAL_ENDPOINT",
	    STR_CONCAT(run->arena, STR("http://"), variable(run, "ADMIN_ACCESS_TOKEN"),
		       STR("@127.0.0.1:{port}")));
	set(run, environment, "BACKEND_ENDPOINT_OVERRIDE", STR("{backend}"));
	set(run, environment, "APICAST_CONFIGURATION_LOADER", STR("lazy"));
	set(run, environment, "APICAST_CONFIGURATION_CACHE", STR("0"));
	set(run, environment, "RESOLVER", STR("{resolver}"));
	set(run, environment, "no_proxy", STR("*"));
	JSON_EACH (item, json_get(given, STR("environment")))
		set(run, environment, str_cstr(run->arena, item->key), json_scalar_text(item));
	case_run_companion(run, SUITE_GATEWAY, "apicast", run->scene.apicast_port, environment,
			   json_get(given, STR("arguments")));
}

/* What it was seeded with reaches backend before the case begins. */

static void told(struct record *record, void *data)
{
	if (case_run_is_fine(data, record))
		case_run_prepare(data);
}

static void quiet(struct timer *timer)
{
	case_run_prepare(LIST_ENTRY(timer, struct case_run, pause));
}

static void wait_until_told(struct case_run *run)
{
	const struct fixture_call call = {STR("POST"), STR("/__test/settle"), STR("")};

	if (target_plan_is_refscale(&run->options->plan) && !run->target.refuses_hooks)
		case_run_ask(run, &run->target, &call, told);
	else
		timer_start(run->world, &run->pause, SEEDING_QUIET_US, quiet);
}

/* What the portal was seeded with: {sample.service}, ... are asked for when a case names them. */

static const struct {
	struct str name;
	const char *face, *path; /* may name those before */
	const char *place;       /* in the answer */
} samples[] = {
	{STR_INIT("sample.service"), "admin", "/admin/api/services.json", "services.0.service.id"},
	{STR_INIT("sample.hits"), "admin", "/admin/api/services/{sample.service}/metrics.json",
	 "metrics.0.metric.id"},
	{STR_INIT("sample.rule"), "admin",
	 "/admin/api/services/{sample.service}/proxy/mapping_rules.json",
	 "mapping_rules.0.mapping_rule.id"},
	{STR_INIT("sample.plan"), "admin",
	 "/admin/api/services/{sample.service}/application_plans.json",
	 "plans.0.application_plan.id"},
	{STR_INIT("sample.account"), "admin", "/admin/api/accounts.json", "accounts.0.account.id"},
	{STR_INIT("sample.application"), "admin",
	 "/admin/api/accounts/{sample.account}/applications.json", "applications.0.application.id"},
	{STR_INIT("sample.user_key"), "admin",
	 "/admin/api/accounts/{sample.account}/applications.json",
	 "applications.0.application.user_key"},
	{STR_INIT("sample.user"), "admin", "/admin/api/users.json", "users.0.user.id"},
	{STR_INIT("sample.tenant"), "master", "/admin/api/accounts.json", "accounts.0.account.id"},
	{STR_INIT("sample.provider_key"), "master",
	 "/admin/api/accounts/{sample.tenant}/applications.json",
	 "applications.0.application.user_key"},
};
#define SAMPLES (sizeof samples / sizeof *samples)

static bool names_sample(struct case_run *run, struct str text, size_t which)
{
	return str_find(text, STR_CONCAT(run->arena, STR("{"), samples[which].name, STR("}"))) !=
	       STR_NOT_FOUND;
}

static bool calls_by_key(const struct case_run *run)
{
	JSON_EACH (step, run->scene.steps) {
		JSON_EACH (action, json_get(step, STR("when"))) {
			if (str_equal(json_get_str(action, STR("as")), STR("provider_key")))
				return true;
		}
	}
	return false;
}

/* Named by the case, or by what comes after. */
static bool needs_sample(struct case_run *run, struct str text, size_t which)
{
	if (names_sample(run, text, which) || (which == SAMPLES - 1 && calls_by_key(run)))
		return true;
	for (size_t i = which + 1; i < SAMPLES; i++) {
		if (names_sample(run, str_from(samples[i].path), which) &&
		    needs_sample(run, text, i))
			return true;
	}
	return false;
}

static void ask_for_samples(struct case_run *run);

static void sample_came(struct record *record, void *data)
{
	struct case_run *run = data;
	size_t which = run->sample - 1;
	const struct json *value;

	if (!case_run_is_fine(run, record))
		return;
	value = json_path(answer_json(run, record), samples[which].place);
	if (value == NULL) {
		case_run_fail(run, STR_CONCAT(run->result_arena, STR("the portal has no "),
					      samples[which].name));
		return;
	}
	placeholders_set_json(&run->scene.placeholders, samples[which].name, value);
	ask_for_samples(run);
}

static void ask_for_sample(struct case_run *run, size_t which)
{
	struct str face = str_from(samples[which].face);
	bool is_master = str_equal(face, STR("master"));
	struct client_request request = {
		.address = run->target.address,
		.port = run->target.ports[TARGET_PROXY],
		.method = STR("GET"),
	};

	request.target =
		STR_CONCAT(run->arena,
			   placeholders_expand(&run->scene.placeholders, run->arena,
					       str_from(samples[which].path)),
			   STR("?access_token="),
			   variable(run, is_master ? "MASTER_ACCESS_TOKEN" : "ADMIN_ACCESS_TOKEN"));
	http_fields_init(&request.fields, run->arena);
	http_fields_add(&request.fields, STR("Host"), case_run_portal_host(run, face));
	run->call = client_send(run->world, &run->hook_wire, &request, sample_came, run);
}

static void ask_for_samples(struct case_run *run)
{
	struct str text = json_print(run->arena, run->scene.steps);

	while (run->sample < SAMPLES && !needs_sample(run, text, run->sample))
		run->sample++;
	if (run->sample < SAMPLES) {
		ask_for_sample(run, run->sample++);
		return;
	}
	run->scene.steps =
		placeholders_expand_json(&run->scene.placeholders, run->arena, run->scene.steps);
	case_run_prepare(run);
}

/* The start, part by part; each calls case_run_prepare() when it is done. */

static bool must_fail(const struct case_run *run)
{
	return str_equal(json_get_str(run->scene.given, STR("start")), STR("fails"));
}

void case_run_prepare(struct case_run *run)
{
	switch (run->portal_stage++) {
	case STAGE_BACKEND:
		if (run->scene.backend_port != 0)
			start_backend(run);
		else
			case_run_prepare(run);
		return;
	case STAGE_TARGET:
		case_run_start_target(run);
		return;
	case STAGE_CLOCK:
		/* refscale has it from its first moment. */
		if (run->clock_us != INT64_MIN && !must_fail(run) &&
		    !target_plan_is_refscale(&run->options->plan))
			case_run_set_clock(run, run->clock_us);
		else
			case_run_prepare(run);
		return;
	case STAGE_TOLD:
		if (!must_fail(run))
			wait_until_told(run);
		return;
	case STAGE_SAMPLES:
		ask_for_samples(run);
		return;
	case STAGE_APICAST:
		if (run->scene.apicast_port != 0)
			start_apicast(run);
		else
			case_run_prepare(run);
		return;
	default:
		wire_forget_calls(&run->scene.wire);
		case_run_first_step(run);
	}
}

/* What only tests may touch. */

static void rows_came(struct record *record, void *data)
{
	struct case_run *run = data;

	if (!case_run_is_fine(run, record))
		return;
	run->rows = answer_json(run, record);
	case_run_next_action(run);
}

void case_run_sql(struct case_run *run, const struct json *action)
{
	struct json *body = json_new(run->arena, JSON_OBJECT);
	const struct json *arguments = json_get(action, STR("arguments"));
	struct fixture_call call = {STR("POST"), STR("/__test/sql"), STR("")};

	if (run->has_kept)
		arguments =
			placeholders_expand_json(&run->scene.placeholders, run->arena, arguments);
	json_set(body, STR("sql"),
		 json_new_str(run->arena, placeholders_expand(&run->scene.placeholders, run->arena,
							      json_get_str(action, STR("sql")))));
	if (arguments != NULL)
		json_set(body, STR("arguments"), json_copy(run->arena, arguments));
	call.body = json_print(run->arena, body);
	case_run_ask(run, &run->target, &call, rows_came);
}

void case_run_routes(struct case_run *run, struct str namespace)
{
	const struct fixture_call call = {
		STR("POST"), STR_CONCAT(run->arena, STR("/__test/routes/"), namespace), STR("")};

	case_run_ask(run, &run->target, &call, rows_came);
}

static void hook_done(struct record *record, void *data)
{
	if (case_run_is_fine(data, record))
		case_run_next_action(data);
}

void case_run_job(struct case_run *run, struct str name)
{
	const struct fixture_call call = {
		STR("POST"), STR_CONCAT(run->arena, STR("/__test/jobs/"), name), STR("")};

	case_run_ask(run, &run->target, &call, hook_done);
}

void case_run_settle(struct case_run *run)
{
	const struct fixture_call call = {STR("POST"), STR("/__test/settle"), STR("")};

	case_run_ask(run, &run->target, &call, hook_done);
}
