#include "portal/processes.h"

#include <stdlib.h>

#include "base/arena.h"
#include "world/log.h"
#include "world/process.h"
#include "workers/supervisor.h"

struct portal_processes {
	struct portal_processes_options options; /* arguments in the arena */
	struct arena *arena;
	uint16_t port; /* 0: not known yet */
	struct supervisor *supervisor;
};

/* What is done once, by the first process and not again when that is started anew. */
static bool is_for_the_first(struct str argument)
{
	return str_equal(argument, STR("--reset-database")) ||
	       str_equal(argument, STR("--rewrite-backend"));
}

static bool is_sidekiq(const struct portal_processes *processes, size_t index)
{
	return index == processes->options.workers;
}

/* The role comes first, what is the child's own last: the last of an option wins. */
static void child_words(struct supervisor_words *words, size_t index, struct str first_ready,
			void *data)
{
	const struct portal_processes *processes = data;
	uint16_t port = processes->port != 0 ? processes->port : processes->options.port;
	bool is_first = index == 0 && first_ready.size == 0;

	supervisor_words_add(words, is_sidekiq(processes, index) ? STR("sidekiq") : STR("app"));
	for (size_t i = 0; i < processes->options.arguments_count; i++) {
		if (is_first || !is_for_the_first(processes->options.arguments[i]))
			supervisor_words_add(words, processes->options.arguments[i]);
	}
	supervisor_words_add(words, STR("--share-port"));
	supervisor_words_add(words, STR("--port"));
	supervisor_words_add(words, str_format(words->arena, "%u", (unsigned)port));
}

static void child_is_ready(size_t index, struct str ready_line, void *data)
{
	struct portal_processes *processes = data;

	if (index == 0 && processes->port == 0)
		processes->port = supervisor_ready_port(ready_line, "port");
}

static void child_ended(size_t index, int status, void *data)
{
	struct portal_processes *processes = data;

	log_format(processes->options.world, LOG_STDERR,
		   "%s process %zu ended with status %d; another one is started.",
		   is_sidekiq(processes, index) ? "sidekiq" : "unicorn", index + 1, status);
}

static void all_are_ready(void *data)
{
	struct portal_processes *processes = data;

	log_format(processes->options.world, LOG_STDOUT, "ready portal port=%u workers=%zu",
		   (unsigned)processes->port, processes->options.workers);
}

static bool start_supervisor(struct portal_processes *processes, struct error *error)
{
	const struct process_variable variables[] = {
		{STR_INIT("UNICORN_WORKERS"), STR_INIT("")},
		{STR_INIT("SECRET_KEY_BASE"), processes->options.secret_key_base},
	};
	const struct supervisor_plan plan = {
		.world = processes->options.world,
		.component = "portal",
		.count = processes->options.workers + 1,
		.arguments_max = processes->options.arguments_count,
		.variables = variables,
		.variables_count = sizeof variables / sizeof *variables,
		.words = child_words,
		.child_is_ready = child_is_ready,
		.child_ended = child_ended,
		.all_are_ready = all_are_ready,
		.data = processes,
	};

	processes->supervisor = supervisor_create(&plan, error);
	return processes->supervisor != NULL;
}

struct portal_processes *portal_processes_create(const struct portal_processes_options *options,
						 struct error *error)
{
	struct portal_processes *processes = MEMORY_NEW(struct portal_processes);
	struct str *arguments;

	processes->options = *options;
	processes->arena = arena_create();
	arguments = ARENA_ARRAY(processes->arena, struct str, options->arguments_count + 1);
	for (size_t i = 0; i < options->arguments_count; i++)
		arguments[i] = str_copy(processes->arena, options->arguments[i]);
	processes->options.arguments = arguments;
	processes->options.secret_key_base = str_copy(processes->arena, options->secret_key_base);
	if (start_supervisor(processes, error))
		return processes;
	portal_processes_destroy(processes);
	return NULL;
}

void portal_processes_destroy(struct portal_processes *processes)
{
	if (processes == NULL)
		return;
	supervisor_destroy(processes->supervisor);
	arena_destroy(processes->arena);
	free(processes);
}

void portal_processes_stop(struct portal_processes *processes)
{
	supervisor_stop(processes->supervisor);
}
