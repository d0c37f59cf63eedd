/* What the tests of scenarios share: a desk with files on it, a scenario of one line a section
 * around the steps in question, and a component that does what its variables say. Only for tests.
 */
#ifndef SIM_SCENARIO_DESK_TEST_H
#define SIM_SCENARIO_DESK_TEST_H

#include <check.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "echo/echo.h"
#include "gateway/gateway.h"
#include "sim/scenario/scenario.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/log.h"

/* `refscale parrot`, by its variables: SAYS a line when it starts, is MUTE (never ready), STATUS
 * to end with at once, STUBBORN when asked to stop. A tick each second tells what time it is. */
struct parrot {
	struct world *world;
	struct timer tick;
};

static inline void parrot_ticks(struct timer *timer)
{
	struct parrot *parrot = LIST_ENTRY(timer, struct parrot, tick);

	log_format(parrot->world, LOG_STDOUT, "tick %lld",
		   (long long)(world_utc_us(parrot->world) / 1000000));
	timer_start(parrot->world, &parrot->tick, 1000000, parrot_ticks);
}

static inline void parrot_does_not_mind(void *data)
{
	log_write(((struct parrot *)data)->world, LOG_STDOUT, STR("no"));
}

static inline bool parrot_has(struct world *world, const char *name)
{
	return environment_text(world, str_from(name), STR("")).size > 0;
}

static inline void *parrot_start(struct world *world, const struct str *arguments, size_t count,
				 int *exit_status, struct error *error)
{
	struct parrot *parrot;
	int64_t status;

	for (size_t i = 0; i < count; i++)
		log_format(world, LOG_STDOUT, "argument %.*s", STR_ARG(arguments[i]));
	if (parrot_has(world, "REFUSES")) {
		*exit_status = 3;
		error_set(error, ERROR_INVALID, "will not");
		return NULL;
	}
	parrot = MEMORY_NEW(struct parrot);
	parrot->world = world;
	if (parrot_has(world, "SAYS"))
		log_write(world, LOG_STDERR, environment_text(world, STR("SAYS"), STR("")));
	if (parrot_has(world, "STUBBORN"))
		world_on_stop(world, parrot_does_not_mind, parrot);
	if (str_to_int64(environment_text(world, STR("STATUS"), STR("")), &status))
		world_exit(world, (int)status);
	else if (!parrot_has(world, "MUTE"))
		log_write(world, LOG_STDOUT, STR("ready parrot"));
	timer_start(world, &parrot->tick, 1000000, parrot_ticks);
	return parrot;
}

static inline void parrot_stop(void *data)
{
	struct parrot *parrot = data;

	timer_stop(&parrot->tick);
	free(parrot);
}

static const struct component parrot_component = {"parrot", "", parrot_start, parrot_stop};

static const struct component *const desk_components[] = {&echo_component, &gateway_component,
							  &parrot_component, NULL};

/* Files, and what was made of them. */
struct desk {
	struct sim *sim;
	struct sim_host *host;
	struct world *world;
	struct arena *arena;
	struct scenario *scenario;
	struct scenario_result result;
	struct strbuf trace;
	struct error error;
	bool was_run;
};

#define DESK_BASE                                                                                  \
	"utc: 2018-06-04T08:00:00Z\n"                                                              \
	"variables: {api: http://api.example.com, greeting: hello}\n"                              \
	"hosts:\n"                                                                                 \
	"  client: {address: 10.0.0.1}\n"                                                          \
	"  api: {address: 10.0.0.2, names: [api.example.com]}\n"                                   \
	"  cage: {address: 10.0.0.3}\n"                                                            \
	"processes:\n"                                                                             \
	"  echo: {host: api, command: refscale echo --port 80}\n"                                  \
	"  parrot:\n"                                                                              \
	"    host: cage\n"                                                                         \
	"    command: refscale parrot {greeting}\n"                                                \
	"    variables: {SAYS: \"{greeting} there\"}\n"                                            \
	"steps:\n"                                                                                 \
	"  - process.start: echo\n"

static inline void desk_write(struct desk *desk, const char *path, struct str content)
{
	ck_assert(sim_host_write_file(desk->host, str_from(path), content));
}

static inline void desk_open(struct desk *desk)
{
	struct sim_options options = {.seed = 7};

	*desk = (struct desk){.sim = sim_create(&options), .arena = arena_create()};
	desk->host = sim_host_add(desk->sim, STR("desk"), STR("10.9.9.9"));
	desk->world = sim_host_world(desk->host, STR("shell"));
	strbuf_init(&desk->trace, 64 * 1024 * 1024);
	desk_write(desk, "scenarios/worlds/base.yaml", STR(DESK_BASE));
}

static inline void desk_clear(struct desk *desk)
{
	if (desk->was_run)
		scenario_result_free(&desk->result);
	desk->was_run = false;
	scenario_destroy(desk->scenario);
	desk->scenario = NULL;
	strbuf_clear(&desk->trace);
	desk->error = (struct error){0};
}

static inline void desk_close(struct desk *desk)
{
	desk_clear(desk);
	strbuf_free(&desk->trace);
	arena_destroy(desk->arena);
	sim_destroy(desk->sim);
}

/* False: desk->error says why. */
static inline bool desk_read(struct desk *desk, const char *path)
{
	desk_clear(desk);
	desk->scenario = scenario_read(desk->world, str_from(path), &desk->error);
	return desk->scenario != NULL;
}

static inline void desk_keep_trace(struct str line, void *data)
{
	struct desk *desk = data;

	strbuf_append(&desk->trace, line);
	strbuf_append_char(&desk->trace, '\n');
}

static inline void desk_run(struct desk *desk, uint64_t seed)
{
	struct scenario_run_options options = {.seed = seed,
					       .components = desk_components,
					       .trace = desk_keep_trace,
					       .trace_data = desk};

	if (desk->was_run)
		scenario_result_free(&desk->result);
	strbuf_clear(&desk->trace);
	scenario_run(desk->scenario, &options, &desk->result);
	desk->was_run = true;
}

/* A scenario in /scenarios/s.yaml: world is merged over worlds/base.yaml; `steps` are lines that
 * begin with "- ", the first one line 11 of the file. */
static inline void desk_write_scenario(struct desk *desk, const char *world, const char *steps)
{
	desk_write(desk, "scenarios/s.yaml",
		   str_format(desk->arena,
			      "id: T-1\n"
			      "title: a test\n"
			      "story: nothing much\n"
			      "tags: [test]\n"
			      "world: {use: base%s%s}\n"
			      "before:\n"
			      "- wait: 1s\n"
			      "fault:\n"
			      "- wait: 1s\n"
			      "symptoms:\n"
			      "%s"
			      "diagnosis: [{wait: 0s, shows: nothing}]\n"
			      "fix: [{wait: 0s}]\n"
			      "recovery: [{wait: 0s}]\n",
			      world[0] != '\0' ? ", " : "", world, steps));
}

/* Writes, reads and runs it. */
static inline void desk_play(struct desk *desk, const char *world, const char *steps)
{
	desk_write_scenario(desk, world, steps);
	ck_assert_msg(desk_read(desk, "scenarios/s.yaml"), "%s", desk->error.text);
	desk_run(desk, 1);
}

static inline const struct scenario_step *desk_last(const struct desk *desk)
{
	return &desk->result.steps.items[desk->result.steps.count - 1];
}

static inline bool desk_has(struct str text, const char *wanted)
{
	return str_find(text, str_from(wanted)) != STR_NOT_FOUND;
}

#define desk_assert_has(text, wanted)                                                              \
	ck_assert_msg(desk_has(text, wanted), "\"%s\" is not in: %.*s", wanted, STR_ARG(text))

#define desk_assert_passes(desk, world, steps)                                                     \
	do {                                                                                       \
		desk_play(desk, world, steps);                                                     \
		ck_assert_msg((desk)->result.passed, "%.*s", STR_ARG(desk_last(desk)->problem));   \
	} while (0)

/* The run ends at its first failure, which says this. */
#define desk_assert_fails(desk, world, steps, wanted)                                              \
	do {                                                                                       \
		desk_play(desk, world, steps);                                                     \
		ck_assert_msg(!(desk)->result.passed, "passed: %s", steps);                        \
		desk_assert_has(desk_last(desk)->problem, wanted);                                 \
	} while (0)

/* It cannot even be read. */
#define desk_assert_refused(desk, world, steps, wanted)                                            \
	do {                                                                                       \
		desk_write_scenario(desk, world, steps);                                           \
		ck_assert_msg(!desk_read(desk, "scenarios/s.yaml"), "read: %s", steps);            \
		desk_assert_has(str_from((desk)->error.text), wanted);                             \
	} while (0)

#endif
