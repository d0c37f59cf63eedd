#include "gateway/worker_processes.h"

#include <stdlib.h>

#include "base/arena.h"
#include "gateway/gateway_internal.h"
#include "world/log.h"
#include "world/process.h"
#include "workers/summed_page.h"
#include "workers/supervisor.h"

#define SIGNAL_BASE 128 /* a status above tells of a signal */

struct worker_processes {
	struct gateway *gateway;
	struct arena *arena;
	struct str *arguments;
	size_t arguments_count;
	struct str ready; /* the first worker's ready line: the ports */
	uint16_t metrics_port;
	struct summed_pages *pages;
	struct supervisor *supervisor;
};

/* Ports that workers share: options, and words of ready lines. */
static const struct {
	struct str option;
	const char *word;
	size_t setting;
} shared_ports[] = {
	{STR_INIT("--port"), "port", offsetof(struct settings, port)},
	{STR_INIT("--management-port"), "management_port",
	 offsetof(struct settings, management_port)},
	{STR_INIT("--echo-port"), "echo_port", offsetof(struct settings, echo_port)},
};
#define SHARED_PORTS (sizeof shared_ports / sizeof *shared_ports)

static void add_number(struct supervisor_words *words, struct str option, int64_t number)
{
	supervisor_words_add(words, option);
	supervisor_words_add(words, str_format(words->arena, "%d", (int)number));
}

/* What is the worker's own comes last: the last of an option wins. */
static void worker_words(struct supervisor_words *words, size_t index, struct str first_ready,
			 void *data)
{
	const struct worker_processes *processes = data;
	const struct settings *settings = &processes->gateway->settings;

	for (size_t i = 0; i < processes->arguments_count; i++)
		supervisor_words_add(words, processes->arguments[i]);
	for (size_t i = 0; i < SHARED_PORTS; i++) {
		uint16_t port = supervisor_ready_port(first_ready, shared_ports[i].word);
		const void *wanted = (const char *)settings + shared_ports[i].setting;

		add_number(words, shared_ports[i].option,
			   port != 0 ? port : *(const uint16_t *)wanted);
	}
	add_number(words, STR("--metrics-port"), 0);
	add_number(words, STR("--workers"), 1);
	add_number(words, STR("--worker"), (int64_t)index);
	add_number(words, STR("--workers-total"), settings->workers);
	supervisor_words_add(words, STR("--share-ports"));
}

static void worker_is_ready(size_t index, struct str ready_line, void *data)
{
	struct worker_processes *processes = data;

	if (processes->ready.size == 0)
		processes->ready = str_copy(processes->arena, ready_line);
	summed_pages_source_is_up(processes->pages, index,
				  supervisor_ready_port(ready_line, "metrics_port"));
}

static void worker_ended(size_t index, int status, void *data)
{
	struct worker_processes *processes = data;
	bool was_signal = status > SIGNAL_BASE;

	summed_pages_source_is_down(processes->pages, index);
	LOG_CORE(&processes->gateway->log, LEVEL_ALERT, NULL,
		 "worker process %zu exited %s %d; another one is started", index,
		 was_signal ? "on signal" : "with code",
		 was_signal ? status - SIGNAL_BASE : status);
}

static void all_are_ready(void *data)
{
	struct worker_processes *processes = data;
	struct str ready = processes->ready;

	log_format(processes->gateway->world, LOG_STDOUT,
		   "ready gateway port=%u management_port=%u metrics_port=%u echo_port=%u "
		   "workers=%d",
		   (unsigned)supervisor_ready_port(ready, "port"),
		   (unsigned)supervisor_ready_port(ready, "management_port"),
		   (unsigned)processes->metrics_port,
		   (unsigned)supervisor_ready_port(ready, "echo_port"),
		   (int)processes->gateway->settings.workers);
}

/* Life. */

static bool open_page(struct worker_processes *processes, struct error *error)
{
	const struct settings *settings = &processes->gateway->settings;
	const struct summed_pages_options options = {
		.world = processes->gateway->world,
		.sources = (size_t)settings->workers,
		.content_type = STR("text/plain"),
		.server = STR("openresty"),
		.least_prefix = STR("openresty_shdict_"),
	};

	processes->pages = summed_pages_create(&options);
	if (!settings->has_metrics)
		return true;
	processes->metrics_port = summed_pages_open(processes->pages, settings->address,
						    settings->metrics_port, STR(""), error);
	return processes->metrics_port != 0;
}

static bool start_supervisor(struct worker_processes *processes, struct error *error)
{
	const struct supervisor_plan plan = {
		.world = processes->gateway->world,
		.component = "gateway",
		.count = (size_t)processes->gateway->settings.workers,
		.arguments_max = processes->arguments_count,
		.words = worker_words,
		.child_is_ready = worker_is_ready,
		.child_ended = worker_ended,
		.all_are_ready = all_are_ready,
		.data = processes,
	};

	processes->supervisor = supervisor_create(&plan, error);
	return processes->supervisor != NULL;
}

struct worker_processes *worker_processes_create(struct gateway *gateway,
						 const struct str *arguments, size_t count,
						 struct error *error)
{
	struct worker_processes *processes = MEMORY_NEW(struct worker_processes);

	processes->gateway = gateway;
	processes->arena = arena_create();
	processes->arguments = ARENA_ARRAY(processes->arena, struct str, count + 1);
	processes->arguments_count = count;
	for (size_t i = 0; i < count; i++)
		processes->arguments[i] = str_copy(processes->arena, arguments[i]);
	if (open_page(processes, error) && start_supervisor(processes, error))
		return processes;
	worker_processes_destroy(processes);
	return NULL;
}

void worker_processes_destroy(struct worker_processes *processes)
{
	if (processes == NULL)
		return;
	supervisor_destroy(processes->supervisor);
	summed_pages_destroy(processes->pages);
	arena_destroy(processes->arena);
	free(processes);
}

void worker_processes_stop(struct worker_processes *processes)
{
	supervisor_stop(processes->supervisor);
}
