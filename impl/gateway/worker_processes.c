#include "gateway/worker_processes.h"

#include <stdlib.h>

#include "base/arena.h"
#include "gateway/gateway_internal.h"
#include "gateway/limit_counters.h"
#include "gateway/metrics.h"
#include "gateway/shared_stores.h"
#include "world/clock.h"
#include "world/log.h"
#include "world/process.h"
#include "workers/supervisor.h"

#define SIGNAL_BASE 128 /* a status above tells of a signal */

struct worker_processes {
	struct gateway *gateway;
	struct arena *arena;
	struct str *arguments;
	size_t arguments_count;
	struct str ready; /* the first worker's ready line: the ports */
	bool *has_ended;  /* by index: its like was there before */
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
	{STR_INIT("--metrics-port"), "metrics_port", offsetof(struct settings, metrics_port)},
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
	add_number(words, STR("--workers"), 1);
	add_number(words, STR("--worker"), (int64_t)index);
	add_number(words, STR("--workers-total"), settings->workers);
	supervisor_words_add(words, STR("--share-ports"));
	if (processes->has_ended[index])
		supervisor_words_add(words, STR("--replacement"));
}

static void worker_is_ready(size_t index, struct str ready_line, void *data)
{
	struct worker_processes *processes = data;

	(void)index;
	if (processes->ready.size == 0)
		processes->ready = str_copy(processes->arena, ready_line);
}

/* What it had under way is not any more; what it knew and counted stays for the others. */
static void worker_ended(size_t index, int status, void *data)
{
	struct worker_processes *processes = data;
	struct gateway *gateway = processes->gateway;
	bool was_signal = status > SIGNAL_BASE;

	processes->has_ended[index] = true;
	metrics_forget_worker(gateway->stores, index);
	limit_counters_forget_worker(shared_stores_dictionary(gateway->stores, STORE_LIMITS),
				     (int64_t)index, world_monotonic_us(gateway->world));
	LOG_CORE(&gateway->log, LEVEL_ALERT, NULL,
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
		   (unsigned)supervisor_ready_port(ready, "metrics_port"),
		   (unsigned)supervisor_ready_port(ready, "echo_port"),
		   (int)processes->gateway->settings.workers);
}

/* Life. */

static bool start_supervisor(struct worker_processes *processes, struct error *error)
{
	const struct supervisor_plan plan = {
		.world = processes->gateway->world,
		.component = "gateway",
		.count = (size_t)processes->gateway->settings.workers,
		.arguments_max = processes->arguments_count,
		.shared_memory = shared_stores_memory(processes->gateway->stores),
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
	processes->has_ended =
		ARENA_ARRAY(processes->arena, bool, (size_t)gateway->settings.workers);
	for (size_t i = 0; i < count; i++)
		processes->arguments[i] = str_copy(processes->arena, arguments[i]);
	if (start_supervisor(processes, error))
		return processes;
	worker_processes_destroy(processes);
	return NULL;
}

void worker_processes_destroy(struct worker_processes *processes)
{
	if (processes == NULL)
		return;
	supervisor_destroy(processes->supervisor);
	arena_destroy(processes->arena);
	free(processes);
}

void worker_processes_stop(struct worker_processes *processes)
{
	supervisor_stop(processes->supervisor);
}
