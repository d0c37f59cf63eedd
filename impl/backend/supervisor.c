#include "backend/supervisor.h"

#include <inttypes.h>
#include <stdlib.h>

#include "backend/settings.h"
#include "backend/supervisor_metrics.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/utc.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/log.h"
#include "world/process.h"

#define PAUSE_FIRST_US (100 * INT64_C(1000))
#define PAUSE_MAX_US (5 * UTC_SECOND_US)
#define LIVES_WELL_US (10 * UTC_SECOND_US) /* then a pause begins small again */
#define STOP_US (5 * UTC_SECOND_US)
#define WORDS_OF_OURS 8 /* see child_words() */

struct child {
	struct supervisor *supervisor;
	size_t index;
	struct process *process; /* NULL: it has ended */
	bool is_ready;
	int64_t started_us, pause_us;
	struct timer timer;
};

struct supervisor {
	const struct settings *settings;
	struct world *world;
	struct arena *arena;
	const struct str *arguments;
	size_t arguments_count;
	struct child *children;
	size_t count;
	uint16_t port; /* 0: not known yet */
	struct supervisor_metrics *metrics;
	bool has_told, is_stopping;
	struct timer stop_timer;
};

static bool child_start(struct child *child, struct error *error);

bool supervisor_is_wanted(const struct settings *settings)
{
	return settings->listeners > 1 && settings->store_path.size == 0 &&
	       !settings->has_test_hooks;
}

/* The end. */

static bool has_children(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->count; i++) {
		if (supervisor->children[i].process != NULL)
			return true;
	}
	return false;
}

static void stop_is_due(struct timer *timer)
{
	world_exit(LIST_ENTRY(timer, struct supervisor, stop_timer)->world, 0);
}

static void stop_children(struct supervisor *supervisor)
{
	supervisor->is_stopping = true;
	for (size_t i = 0; i < supervisor->count; i++) {
		timer_stop(&supervisor->children[i].timer);
		if (supervisor->children[i].process != NULL)
			process_stop(supervisor->world, supervisor->children[i].process);
	}
}

void supervisor_stop(struct supervisor *supervisor)
{
	stop_children(supervisor);
	timer_start(supervisor->world, &supervisor->stop_timer, STOP_US, stop_is_due);
	if (!has_children(supervisor))
		world_exit(supervisor->world, 0);
}

/* What children say. */

static int64_t number_of(struct str line, struct str name)
{
	size_t at = str_find(line, name);
	struct str text = str_skip(line, at + name.size);
	int64_t number = 0;

	if (at == STR_NOT_FOUND ||
	    !str_to_int64(str_slice(text, 0, str_find_char(text, ' ')), &number))
		return 0;
	return number;
}

static void tell_ready(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->count; i++) {
		if (!supervisor->children[i].is_ready)
			return;
	}
	supervisor->has_told = true;
	log_format(supervisor->world, LOG_STDOUT, "ready backend port=%u workers=%zu%s",
		   (unsigned)supervisor->port, supervisor->count,
		   supervisor_metrics_words(supervisor->metrics, supervisor->arena));
}

static void fail(struct supervisor *supervisor, int status)
{
	stop_children(supervisor);
	world_exit(supervisor->world, status != 0 ? status : 1);
}

/* The first one's port is known: the others follow. */
static void start_others(struct supervisor *supervisor)
{
	struct error error;

	for (size_t i = 1; i < supervisor->count; i++) {
		if (!child_start(&supervisor->children[i], &error)) {
			log_format(supervisor->world, LOG_STDERR, "refscale backend: %s",
				   error.text);
			fail(supervisor, 1);
			return;
		}
	}
}

static void child_is_ready(struct child *child, struct str line)
{
	struct supervisor *supervisor = child->supervisor;

	child->is_ready = true;
	supervisor_metrics_child_is_up(supervisor->metrics, child->index,
				       (uint16_t)number_of(line, STR(" listener_metrics_port=")),
				       (uint16_t)number_of(line, STR(" worker_metrics_port=")));
	if (supervisor->port == 0) {
		supervisor->port = (uint16_t)number_of(line, STR(" port="));
		start_others(supervisor);
	}
	if (!supervisor->has_told)
		tell_ready(supervisor);
}

static void child_said(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct child *child = data;

	(void)process;
	if (!is_stderr && str_has_prefix(line, STR("ready backend ")))
		child_is_ready(child, line);
	else
		log_write(child->supervisor->world, is_stderr ? LOG_STDERR : LOG_STDOUT, line);
}

/* Their lives. */

static void start_again(struct timer *timer)
{
	struct child *child = LIST_ENTRY(timer, struct child, timer);
	struct supervisor *supervisor = child->supervisor;
	struct error error;

	if (child_start(child, &error))
		return;
	log_format(supervisor->world, LOG_STDERR, "refscale backend: %s", error.text);
	timer_start(supervisor->world, &child->timer, PAUSE_MAX_US, start_again);
}

static void child_ended(struct process *process, int status, void *data)
{
	struct child *child = data;
	struct supervisor *supervisor = child->supervisor;
	int64_t age_us = world_monotonic_us(supervisor->world) - child->started_us;

	(void)process;
	child->process = NULL;
	supervisor_metrics_child_is_down(supervisor->metrics, child->index);
	if (supervisor->is_stopping) {
		if (!has_children(supervisor))
			world_exit(supervisor->world, 0);
		return;
	}
	if (!supervisor->has_told) {
		fail(supervisor, status);
		return;
	}
	if (age_us >= LIVES_WELL_US)
		child->pause_us = PAUSE_FIRST_US;
	log_format(supervisor->world, LOG_STDERR,
		   "Listener process %zu ended with status %d; another one is started.",
		   child->index + 1, status);
	timer_start(supervisor->world, &child->timer, child->pause_us, start_again);
	child->pause_us = child->pause_us * 2 < PAUSE_MAX_US ? child->pause_us * 2 : PAUSE_MAX_US;
}

/* The role comes first, what is the child's own last: the last of an option wins. */
static size_t child_words(const struct child *child, struct str *words)
{
	const struct supervisor *supervisor = child->supervisor;
	const struct settings *settings = supervisor->settings;
	bool is_all = settings->role == ROLE_ALL && child->index == 0;
	size_t count = 0;

	words[count++] = STR("refscale");
	words[count++] = STR("backend");
	words[count++] = is_all ? STR("all") : STR("listener");
	for (size_t i = 0; i < supervisor->arguments_count; i++) {
		if (supervisor->arguments[i].data != settings->role_word.data ||
		    settings->role_word.size == 0)
			words[count++] = supervisor->arguments[i];
	}
	words[count++] = STR("--share-port");
	words[count++] = STR("--port");
	words[count++] =
		str_format(supervisor->arena, "%u",
			   (unsigned)(supervisor->port != 0 ? supervisor->port : settings->port));
	words[count++] = STR("--metrics-bind");
	words[count++] = STR("127.0.0.1");
	return count;
}

static bool child_start(struct child *child, struct error *error)
{
	struct process_variable variables[] = {
		{STR_INIT("REFSCALE_PARENT"),
		 str_format(child->supervisor->arena, "%d",
			    world_process_id(child->supervisor->world))},
		{STR_INIT("PUMA_WORKERS"), STR_INIT("1")},
		{STR_INIT("LISTENER_WORKERS"), STR_INIT("1")},
		{STR_INIT("CONFIG_LISTENER_PROMETHEUS_METRICS_PORT"), STR_INIT("0")},
		{STR_INIT("CONFIG_WORKER_PROMETHEUS_METRICS_PORT"), STR_INIT("0")},
	};
	struct supervisor *supervisor = child->supervisor;
	struct str *words = ARENA_ARRAY(supervisor->arena, struct str,
					supervisor->arguments_count + WORDS_OF_OURS);
	struct process_options options = {
		.words = words,
		.variables = variables,
		.variables_count = sizeof variables / sizeof *variables,
		.inherit_variables = true,
		.line = child_said,
		.exited = child_ended,
		.data = child,
	};

	options.words_count = child_words(child, words);
	child->is_ready = false;
	child->started_us = world_monotonic_us(supervisor->world);
	child->process = process_start(supervisor->world, &options, error);
	return child->process != NULL;
}

/* Life. */

struct supervisor *supervisor_create(const struct settings *settings, struct world *world,
				     const struct str *arguments, size_t count, struct error *error)
{
	struct supervisor *supervisor = MEMORY_NEW(struct supervisor);
	struct str *copies;

	supervisor->settings = settings;
	supervisor->world = world;
	supervisor->arena = arena_create();
	copies = ARENA_ARRAY(supervisor->arena, struct str, count);
	for (size_t i = 0; i < count; i++)
		copies[i] = arguments[i];
	supervisor->arguments = copies;
	supervisor->arguments_count = count;
	supervisor->count = (size_t)settings->listeners;
	supervisor->children = ARENA_ARRAY(supervisor->arena, struct child, supervisor->count);
	for (size_t i = 0; i < supervisor->count; i++) {
		supervisor->children[i].supervisor = supervisor;
		supervisor->children[i].index = i;
		supervisor->children[i].pause_us = PAUSE_FIRST_US;
	}
	supervisor->metrics = supervisor_metrics_create(settings, world, supervisor->count, error);
	if (supervisor->metrics != NULL && child_start(&supervisor->children[0], error))
		return supervisor;
	supervisor_destroy(supervisor);
	return NULL;
}

void supervisor_destroy(struct supervisor *supervisor)
{
	if (supervisor == NULL)
		return;
	supervisor->is_stopping = true;
	timer_stop(&supervisor->stop_timer);
	for (size_t i = 0; i < supervisor->count; i++) {
		timer_stop(&supervisor->children[i].timer);
		if (supervisor->children[i].process != NULL)
			process_kill(supervisor->world, supervisor->children[i].process);
	}
	supervisor_metrics_destroy(supervisor->metrics);
	arena_destroy(supervisor->arena);
	free(supervisor);
}
