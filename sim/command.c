#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/options.h"
#include "base/vec.h"
#include "sim/commands.h"
#include "sim/scenario/scenario.h"
#include "world/component.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/log.h"

#define COMMAND_WORDS_MAX 1024
#define COMMAND_EXIT_PASSED 0
#define COMMAND_EXIT_FAILED 1
#define COMMAND_EXIT_USAGE 2
#define COMMAND_EXIT_INTERNAL 4
#define COMMAND_FILE_BYTES_MAX ((size_t)1 << 30) /* of a trace or page */

struct sim_command {
	struct world *world;
	const struct component *const *components;
	struct arena *arena;
	int64_t seed;
	struct str trace_path, html_path;
	bool twice, verbose;
	VEC(struct str) paths;
	size_t next_path, passed, failed;
	struct timer turn;
	struct strbuf trace;
};

/* Which files. */

struct command_listing {
	struct sim_command *command;
	struct str folder;
};

static void command_list_entry(struct str name, bool is_directory, void *data)
{
	struct command_listing *listing = data;
	struct arena *arena = listing->command->arena;

	if (!is_directory && str_has_suffix(name, STR(".yaml")))
		vec_push(&listing->command->paths,
			 STR_CONCAT(arena, listing->folder, STR("/"), name));
}

static bool command_add_path(struct sim_command *command, struct str path, struct error *error)
{
	struct command_listing listing = {command, path};
	size_t before = command->paths.count;

	if (str_has_suffix(path, STR(".yaml"))) {
		vec_push(&command->paths, str_copy(command->arena, path));
		return true;
	}
	while (listing.folder.size > 1 && str_has_suffix(listing.folder, STR("/")))
		listing.folder.size--;
	if (!files_list(command->world, listing.folder, command_list_entry, &listing, error))
		return false;
	return command->paths.count > before ||
	       error_set(error, ERROR_NOT_FOUND, "%.*s holds no scenario (*.yaml)", STR_ARG(path));
}

/* One scenario. */

static void command_trace_line(struct str line, void *data)
{
	struct sim_command *command = data;

	strbuf_append(&command->trace, line);
	strbuf_append_char(&command->trace, '\n');
}

static void command_print_step(struct sim_command *command, const struct scenario_step *step)
{
	if (!command->verbose && step->passed)
		return;
	log_format(command->world, LOG_STDOUT, "  %9" PRId64 " ms  %-9.*s  %.*s%s",
		   step->began_us / 1000, STR_ARG(step->section), STR_ARG(step->text),
		   step->passed ? "" : "  FAILED");
	if (step->seen.size > 0)
		log_format(command->world, LOG_STDOUT, "  %24s %.*s", "", STR_ARG(step->seen));
	if (step->shows.size > 0)
		log_format(command->world, LOG_STDOUT, "  %24s -> %.*s", "", STR_ARG(step->shows));
	if (!step->passed)
		log_format(command->world, LOG_STDOUT, "  %24s %.*s", "", STR_ARG(step->problem));
}

static bool command_write(struct sim_command *command, struct str path,
			  const struct strbuf *content)
{
	struct error error = {0};

	if (strbuf_is_full(content))
		error_set(&error, ERROR_LIMIT, "%.*s: more than a GiB", STR_ARG(path));
	else if (files_write(command->world, path, strbuf_str(content), &error))
		return true;
	log_format(command->world, LOG_STDERR, "refscale sim: %s", error.text);
	return false;
}

static bool command_write_files(struct sim_command *command, const struct scenario *scenario,
				const struct scenario_result *result)
{
	struct strbuf page;
	bool fine = command->trace_path.size == 0 ||
		    command_write(command, command->trace_path, &command->trace);

	if (command->html_path.size == 0)
		return fine;
	strbuf_init(&page, COMMAND_FILE_BYTES_MAX);
	scenario_write_html(&page, scenario, result);
	fine = command_write(command, command->html_path, &page) && fine;
	strbuf_free(&page);
	return fine;
}

/* The second run must write what the first wrote. */
static bool command_repeats(struct sim_command *command, const struct scenario *scenario,
			    const struct scenario_result *result)
{
	struct scenario_run_options options = {.seed = (uint64_t)command->seed,
					       .components = command->components};
	struct scenario_result again;
	bool same;

	scenario_run(scenario, &options, &again);
	same = again.trace_hash == result->trace_hash && again.events == result->events;
	if (!same)
		log_format(command->world, LOG_STDOUT,
			   "  the second run differs: trace %016" PRIx64 ", %" PRIu64 " events",
			   again.trace_hash, again.events);
	scenario_result_free(&again);
	return same;
}

static void command_print_result(struct sim_command *command, const struct scenario *scenario,
				 const struct scenario_result *result, bool passed)
{
	log_format(command->world, LOG_STDOUT,
		   "%-7.*s %s  %.*s (%zu steps, %" PRId64 " s, %" PRIu64
		   " events, trace %016" PRIx64 ")",
		   STR_ARG(scenario->id), passed ? "passed" : "FAILED", STR_ARG(scenario->title),
		   result->steps.count, result->virtual_us / 1000000, result->events,
		   result->trace_hash);
	for (size_t i = 0; i < result->steps.count; i++)
		command_print_step(command, &result->steps.items[i]);
}

/* Whether it passed or failed is counted; the status says whether it could be run at all. */
static int command_run_one(struct sim_command *command, struct str path)
{
	struct error error = {0};
	struct scenario *scenario = scenario_read(command->world, path, &error);
	struct scenario_run_options options = {
		.seed = (uint64_t)command->seed,
		.components = command->components,
		.trace = command->trace_path.size > 0 ? command_trace_line : NULL,
		.trace_data = command,
	};
	struct scenario_result result;
	bool passed, written;

	if (scenario == NULL) {
		log_format(command->world, LOG_STDERR, "refscale sim: %s", error.text);
		return COMMAND_EXIT_USAGE;
	}
	scenario_run(scenario, &options, &result);
	passed = !command->twice || command_repeats(command, scenario, &result);
	passed = passed && result.passed;
	command_print_result(command, scenario, &result, passed);
	if (passed)
		command->passed++;
	else
		command->failed++;
	written = command_write_files(command, scenario, &result);
	scenario_result_free(&result);
	scenario_destroy(scenario);
	return written ? COMMAND_EXIT_PASSED : COMMAND_EXIT_INTERNAL;
}

static void command_take_turn(struct timer *timer)
{
	struct sim_command *command = LIST_ENTRY(timer, struct sim_command, turn);
	int status;

	if (command->next_path == command->paths.count) {
		log_format(command->world, LOG_STDOUT, "%zu passed, %zu failed", command->passed,
			   command->failed);
		world_exit(command->world,
			   command->failed > 0 ? COMMAND_EXIT_FAILED : COMMAND_EXIT_PASSED);
		return;
	}
	status = command_run_one(command, command->paths.items[command->next_path++]);
	if (status == COMMAND_EXIT_PASSED)
		timer_start(command->world, &command->turn, 0, command_take_turn);
	else
		world_exit(command->world, status);
}

/* Who interrupts it must not read that all passed. */
static void command_interrupted(void *data)
{
	struct sim_command *command = data;

	log_format(command->world, LOG_STDERR, "refscale sim: interrupted after %zu of %zu",
		   command->passed + command->failed, command->paths.count);
	world_exit(command->world, COMMAND_EXIT_FAILED);
}

static bool command_read(struct sim_command *command, const struct str *arguments, size_t count,
			 struct error *error)
{
	const struct option options[] = {
		{"seed", 0, OPTION_INT, &command->seed, NULL, "N", "of chance; 1"},
		{"trace", 0, OPTION_TEXT, &command->trace_path, NULL, "FILE",
		 "every event, one JSON object a line"},
		{"html", 0, OPTION_TEXT, &command->html_path, NULL, "FILE", "the run as a page"},
		{"twice", 0, OPTION_FLAG, &command->twice, NULL, NULL,
		 "run each again: the traces must be equal"},
		{"verbose", 'v', OPTION_FLAG, &command->verbose, NULL, NULL, "show every step"},
	};
	struct str *words = ARENA_ARRAY(command->arena, struct str, COMMAND_WORDS_MAX);
	size_t words_count;

	if (!component_read_options(command->world, "sim run FILE|DIR... [OPTION...]", options,
				    sizeof options / sizeof *options, arguments, count, words,
				    COMMAND_WORDS_MAX, &words_count, error))
		return false;
	if (words_count < 2 || !str_equal(words[0], STR("run")))
		return error_set(error, ERROR_INVALID,
				 "usage: refscale sim run FILE|DIR... [--seed N] [--trace FILE] "
				 "[--html FILE] [--twice] [--verbose]");
	for (size_t i = 1; i < words_count; i++) {
		if (!command_add_path(command, words[i], error))
			return false;
	}
	if (command->paths.count > 1 &&
	    (command->trace_path.size > 0 || command->html_path.size > 0))
		return error_set(error, ERROR_INVALID,
				 "--trace and --html take one scenario, not %zu",
				 command->paths.count);
	return true;
}

void *sim_command_start(struct world *world, const struct component *const *components,
			const struct str *arguments, size_t count, int *exit_status,
			struct error *error)
{
	struct sim_command *command = MEMORY_NEW(struct sim_command);

	command->world = world;
	command->components = components;
	command->arena = arena_create();
	command->seed = 1;
	strbuf_init(&command->trace, COMMAND_FILE_BYTES_MAX);
	if (!command_read(command, arguments, count, error)) {
		*exit_status = COMMAND_EXIT_USAGE;
		sim_command_stop(command);
		return NULL;
	}
	world_on_stop(world, command_interrupted, command);
	timer_start(world, &command->turn, 0, command_take_turn);
	return command;
}

void sim_command_stop(void *data)
{
	struct sim_command *command = data;

	timer_stop(&command->turn);
	strbuf_free(&command->trace);
	vec_free(&command->paths);
	arena_destroy(command->arena);
	free(command);
}
