#include "backend/listener_processes.h"

#include <stdlib.h>

#include "backend/settings.h"
#include "base/arena.h"
#include "world/log.h"
#include "world/process.h"
#include "workers/summed_page.h"
#include "workers/supervisor.h"

enum { OF_WORKER, OF_LISTENER, KINDS };

static const struct {
	struct str prefix; /* of its families' names */
	const char *word;  /* in ready lines */
} kinds[KINDS] = {
	[OF_WORKER] = {STR_INIT("apisonator_worker_"), "worker_metrics_port"},
	[OF_LISTENER] = {STR_INIT("apisonator_listener_"), "listener_metrics_port"},
};

struct listener_processes {
	const struct settings *settings;
	struct world *world;
	struct arena *arena;
	struct str *arguments; /* without the role */
	size_t arguments_count;
	uint16_t port; /* of the calls; 0: not known yet */
	uint16_t metrics_ports[KINDS];
	struct summed_pages *pages; /* a source for each child and kind */
	struct supervisor *supervisor;
};

bool listener_processes_are_wanted(const struct settings *settings)
{
	return settings->listeners > 1 && settings->store_path.size == 0 &&
	       !settings->has_test_hooks;
}

/* Children. */

/* The role comes first, what is the child's own last: the last of an option wins. */
static void child_words(struct supervisor_words *words, size_t index, struct str first_ready,
			void *data)
{
	const struct listener_processes *processes = data;
	const struct settings *settings = processes->settings;
	uint16_t port = supervisor_ready_port(first_ready, "port");
	bool is_all = settings->role == ROLE_ALL && index == 0;

	supervisor_words_add(words, is_all ? STR("all") : STR("listener"));
	for (size_t i = 0; i < processes->arguments_count; i++)
		supervisor_words_add(words, processes->arguments[i]);
	supervisor_words_add(words, STR("--share-port"));
	supervisor_words_add(words, STR("--port"));
	supervisor_words_add(words, str_format(words->arena, "%u",
					       (unsigned)(port != 0 ? port : settings->port)));
	supervisor_words_add(words, STR("--metrics-bind"));
	supervisor_words_add(words, STR("127.0.0.1"));
}

static void child_is_ready(size_t index, struct str ready_line, void *data)
{
	struct listener_processes *processes = data;

	if (processes->port == 0)
		processes->port = supervisor_ready_port(ready_line, "port");
	for (size_t kind = 0; kind < KINDS; kind++)
		summed_pages_source_is_up(processes->pages, index * KINDS + kind,
					  supervisor_ready_port(ready_line, kinds[kind].word));
}

static void child_ended(size_t index, int status, void *data)
{
	struct listener_processes *processes = data;

	for (size_t kind = 0; kind < KINDS; kind++)
		summed_pages_source_is_down(processes->pages, index * KINDS + kind);
	log_format(processes->world, LOG_STDERR,
		   "Listener process %zu ended with status %d; another one is started.", index + 1,
		   status);
}

static void all_are_ready(void *data)
{
	struct listener_processes *processes = data;
	struct str words = STR("");

	for (size_t kind = 0; kind < KINDS; kind++) {
		if (processes->metrics_ports[kind] != 0)
			words = STR_CONCAT(processes->arena, words,
					   str_format(processes->arena, " %s=%u", kinds[kind].word,
						      (unsigned)processes->metrics_ports[kind]));
	}
	log_format(processes->world, LOG_STDOUT, "ready backend port=%u workers=%d%.*s",
		   (unsigned)processes->port, (int)processes->settings->listeners, STR_ARG(words));
}

/* Life. */

static bool open_pages(struct listener_processes *processes, struct error *error)
{
	const struct settings *settings = processes->settings;
	const struct {
		bool is_wanted;
		uint16_t port;
	} wanted[KINDS] = {
		[OF_WORKER] = {settings->is_worker && settings->has_worker_metrics,
			       settings->worker_metrics_port},
		[OF_LISTENER] = {settings->has_listener_metrics, settings->listener_metrics_port},
	};

	for (size_t kind = 0; kind < KINDS; kind++) {
		if (!wanted[kind].is_wanted)
			continue;
		processes->metrics_ports[kind] =
			summed_pages_open(processes->pages, settings->metrics_address,
					  wanted[kind].port, kinds[kind].prefix, error);
		if (processes->metrics_ports[kind] == 0)
			return false;
	}
	return true;
}

static bool start_supervisor(struct listener_processes *processes, struct error *error)
{
	const struct process_variable variables[] = {
		{STR_INIT("PUMA_WORKERS"), STR_INIT("1")},
		{STR_INIT("LISTENER_WORKERS"), STR_INIT("1")},
		{STR_INIT("CONFIG_LISTENER_PROMETHEUS_METRICS_PORT"), STR_INIT("0")},
		{STR_INIT("CONFIG_WORKER_PROMETHEUS_METRICS_PORT"), STR_INIT("0")},
	};
	const struct supervisor_plan plan = {
		.world = processes->world,
		.component = "backend",
		.count = (size_t)processes->settings->listeners,
		.arguments_max = processes->arguments_count,
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

struct listener_processes *listener_processes_create(const struct settings *settings,
						     struct world *world,
						     const struct str *arguments, size_t count,
						     struct error *error)
{
	struct listener_processes *processes = MEMORY_NEW(struct listener_processes);
	const struct summed_pages_options options = {
		.world = world,
		.sources = (size_t)settings->listeners * KINDS,
		.content_type = STR("text/plain; version=0.0.4; charset=utf-8"),
	};

	processes->settings = settings;
	processes->world = world;
	processes->arena = arena_create();
	processes->arguments = ARENA_ARRAY(processes->arena, struct str, count + 1);
	for (size_t i = 0; i < count; i++) {
		if (settings->role_word.size == 0 || arguments[i].data != settings->role_word.data)
			processes->arguments[processes->arguments_count++] =
				str_copy(processes->arena, arguments[i]);
	}
	processes->pages = summed_pages_create(&options);
	if (open_pages(processes, error) && start_supervisor(processes, error))
		return processes;
	listener_processes_destroy(processes);
	return NULL;
}

void listener_processes_destroy(struct listener_processes *processes)
{
	if (processes == NULL)
		return;
	supervisor_destroy(processes->supervisor);
	summed_pages_destroy(processes->pages);
	arena_destroy(processes->arena);
	free(processes);
}

void listener_processes_stop(struct listener_processes *processes)
{
	supervisor_stop(processes->supervisor);
}
