#include "workers/supervisor.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
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

struct child {
	struct supervisor *supervisor;
	size_t index;
	struct process *process; /* NULL: it has ended */
	bool is_ready;
	int64_t started_us, pause_us;
	struct timer timer;
};

struct supervisor {
	struct supervisor_plan plan;
	struct world *world;
	struct arena *arena;
	struct str ready_prefix; /* "ready gateway " */
	struct str first_ready;  /* empty: the first child is not ready yet */
	struct child *children;
	bool has_told, is_stopping;
	struct timer stop_timer;
};

static bool child_start(struct child *child, struct error *error);

/* The end. */

static bool has_children(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->plan.count; i++) {
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
	for (size_t i = 0; i < supervisor->plan.count; i++) {
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

uint16_t supervisor_ready_port(struct str ready_line, const char *name)
{
	struct str word, found, value;
	uint16_t port = 0;

	while (str_next_field(&ready_line, ' ', &word)) {
		if (str_split_once(word, '=', &found, &value) && str_equal(found, str_from(name)) &&
		    str_to_uint16(value, &port))
			return port;
	}
	return 0;
}

static void tell_ready(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->plan.count; i++) {
		if (!supervisor->children[i].is_ready)
			return;
	}
	supervisor->has_told = true;
	supervisor->plan.all_are_ready(supervisor->plan.data);
}

static void fail(struct supervisor *supervisor, int status)
{
	stop_children(supervisor);
	world_exit(supervisor->world, status);
}

static void say(struct supervisor *supervisor, const struct error *error)
{
	log_format(supervisor->world, LOG_STDERR, "refscale %s: %s", supervisor->plan.component,
		   error->text);
}

static void start_others(struct supervisor *supervisor)
{
	struct error error;

	for (size_t i = 1; i < supervisor->plan.count; i++) {
		if (!child_start(&supervisor->children[i], &error)) {
			say(supervisor, &error);
			fail(supervisor, 1);
			return;
		}
	}
}

static void child_is_ready(struct child *child, struct str line)
{
	struct supervisor *supervisor = child->supervisor;

	if (supervisor->is_stopping)
		return; /* said before it heard of that: nobody is to follow it */
	child->is_ready = true;
	supervisor->plan.child_is_ready(child->index, line, supervisor->plan.data);
	if (supervisor->first_ready.size == 0) {
		supervisor->first_ready = str_copy(supervisor->arena, line);
		start_others(supervisor);
	}
	if (!supervisor->has_told)
		tell_ready(supervisor);
}

static void child_said(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct child *child = data;

	(void)process;
	if (!is_stderr && str_has_prefix(line, child->supervisor->ready_prefix))
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
	say(supervisor, &error);
	timer_start(supervisor->world, &child->timer, PAUSE_MAX_US, start_again);
}

static void child_ended(struct process *process, int status, void *data)
{
	struct child *child = data;
	struct supervisor *supervisor = child->supervisor;
	int64_t age_us = world_monotonic_us(supervisor->world) - child->started_us;

	(void)process;
	child->process = NULL;
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
	supervisor->plan.child_ended(child->index, status, supervisor->plan.data);
	timer_start(supervisor->world, &child->timer, child->pause_us, start_again);
	child->pause_us = child->pause_us * 2 < PAUSE_MAX_US ? child->pause_us * 2 : PAUSE_MAX_US;
}

void supervisor_words_add(struct supervisor_words *words, struct str word)
{
	words->items[words->count++] = word;
}

static bool child_start(struct child *child, struct error *error)
{
	struct supervisor *supervisor = child->supervisor;
	size_t room = SUPERVISOR_WORDS_MAX + supervisor->plan.arguments_max;
	struct arena *scratch = arena_create();
	struct supervisor_words words = {scratch, ARENA_ARRAY(scratch, struct str, room), 0};
	struct process_options options = {
		.variables = supervisor->plan.variables,
		.variables_count = supervisor->plan.variables_count,
		.inherit_variables = true,
		.shared_memory = supervisor->plan.shared_memory,
		.line = child_said,
		.exited = child_ended,
		.data = child,
	};

	supervisor_words_add(&words, STR("refscale"));
	supervisor_words_add(&words, str_from(supervisor->plan.component));
	supervisor->plan.words(&words, child->index, supervisor->first_ready,
			       supervisor->plan.data);
	BUG_IF(words.count > room);
	options.words = words.items;
	options.words_count = words.count;
	child->is_ready = false;
	child->started_us = world_monotonic_us(supervisor->world);
	child->process = process_start(supervisor->world, &options, error);
	arena_destroy(scratch);
	return child->process != NULL;
}

/* Life. */

static void copy_variables(struct supervisor *supervisor, const struct supervisor_plan *plan)
{
	struct arena *arena = supervisor->arena;
	struct process_variable *variables =
		ARENA_ARRAY(arena, struct process_variable, plan->variables_count + 1);
	size_t count = 0;

	variables[count++] = (struct process_variable){
		STR("REFSCALE_PARENT"),
		str_format(arena, "%d", world_process_id(supervisor->world))};
	for (size_t i = 0; i < plan->variables_count; i++)
		variables[count++] =
			(struct process_variable){str_copy(arena, plan->variables[i].name),
						  str_copy(arena, plan->variables[i].value)};
	supervisor->plan.variables = variables;
	supervisor->plan.variables_count = count;
}

struct supervisor *supervisor_create(const struct supervisor_plan *plan, struct error *error)
{
	struct supervisor *supervisor = MEMORY_NEW(struct supervisor);

	BUG_IF(plan->count == 0);
	supervisor->plan = *plan;
	supervisor->world = plan->world;
	supervisor->arena = arena_create();
	supervisor->ready_prefix =
		STR_CONCAT(supervisor->arena, STR("ready "), str_from(plan->component), STR(" "));
	copy_variables(supervisor, plan);
	supervisor->children = ARENA_ARRAY(supervisor->arena, struct child, plan->count);
	for (size_t i = 0; i < plan->count; i++) {
		supervisor->children[i].supervisor = supervisor;
		supervisor->children[i].index = i;
		supervisor->children[i].pause_us = PAUSE_FIRST_US;
	}
	if (child_start(&supervisor->children[0], error))
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
	for (size_t i = 0; i < supervisor->plan.count; i++) {
		timer_stop(&supervisor->children[i].timer);
		if (supervisor->children[i].process != NULL)
			process_kill(supervisor->world, supervisor->children[i].process);
	}
	arena_destroy(supervisor->arena);
	free(supervisor);
}
