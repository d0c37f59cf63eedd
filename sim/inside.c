#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/list.h"
#include "sim/commands.h"
#include "sim/sim.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/log.h"
#include "world/process.h"

/* Virtual time between two looks at the world that waits for us. */
#define INSIDE_SLICE_US INT64_C(60000000)
/* A component that has not ended by then never will. */
#define INSIDE_LIMIT_US (INT64_C(7) * 24 * 3600 * 1000000)
#define INSIDE_EXIT_INTERNAL 4

struct sim_inside {
	struct world *world;
	struct sim *sim;
	struct sim_host *host;
	struct sim_process *process;
	struct timer slice;
	struct arena *arena;
	struct str output_path; /* empty: none */
	bool ended;
	int status;
};

/* Files in. */

static const struct str inside_folders[] = {STR_INIT("conformance"), STR_INIT("fixtures")};

struct inside_copy {
	struct sim_inside *inside;
	struct str folder;
	struct error *error;
	bool failed;
};

static bool inside_copy_folder(struct sim_inside *inside, struct str folder, struct error *error);

static bool inside_copy_file(struct sim_inside *inside, struct str path, struct error *error)
{
	struct arena *arena = arena_create();
	struct str content;
	bool copied = files_read(inside->world, path, LIMIT_CONFIG_BYTES, arena, &content, error) &&
		      (sim_host_write_file(inside->host, path, content) ||
		       error_set(error, ERROR_SYSTEM, "%.*s: cannot be copied", STR_ARG(path)));

	arena_destroy(arena);
	return copied;
}

static void inside_copy_entry(struct str name, bool is_directory, void *data)
{
	struct inside_copy *copy = data;
	struct str path = STR_CONCAT(copy->inside->arena, copy->folder, STR("/"), name);

	if (copy->failed)
		return;
	if (is_directory)
		copy->failed = !inside_copy_folder(copy->inside, path, copy->error);
	else
		copy->failed = !inside_copy_file(copy->inside, path, copy->error);
}

/* A folder that is not there is fine: not every component needs each of them. */
static bool inside_copy_folder(struct sim_inside *inside, struct str folder, struct error *error)
{
	struct inside_copy copy = {inside, folder, error, false};
	struct error missing = {0};

	if (!files_list(inside->world, folder, inside_copy_entry, &copy, &missing) &&
	    missing.kind != ERROR_NOT_FOUND)
		return error_set(error, missing.kind, "%s", missing.text);
	return !copy.failed;
}

/* The output. Its folder may be one that we have and the virtual host has not. */

static void inside_find_output(struct sim_inside *inside, const struct str *arguments, size_t count)
{
	struct str name = STR("--output"), with_value = STR("--output=");

	for (size_t i = 0; i < count; i++) {
		if (str_has_prefix(arguments[i], with_value))
			inside->output_path = str_skip(arguments[i], with_value.size);
		else if (str_equal(arguments[i], name) && i + 1 < count)
			inside->output_path = arguments[++i];
	}
	inside->output_path = str_copy(inside->arena, inside->output_path);
}

static bool inside_make_output_folder(struct sim_inside *inside, struct error *error)
{
	struct world *world = sim_host_world(inside->host, STR("mkdir"));
	size_t slash = str_find_last_char(inside->output_path, '/');
	bool made = slash == STR_NOT_FOUND ||
		    files_make_directory(world, str_slice(inside->output_path, 0, slash), error);

	sim_host_world_end(world);
	return made;
}

/* A component that failed before it wrote has said why itself. */
static void inside_bring_output_back(struct sim_inside *inside)
{
	struct world *world = sim_host_world(inside->host, STR("cp"));
	struct error error = {0};
	struct str content;

	if (inside->output_path.size == 0)
		return;
	if (files_read(world, inside->output_path, LIMIT_CONFIG_BYTES, inside->arena, &content,
		       &error)) {
		if (files_write(inside->world, inside->output_path, content, &error))
			return;
	} else if (error.kind == ERROR_NOT_FOUND) {
		return;
	}
	log_format(inside->world, LOG_STDERR, "refscale: %s", error.text);
	inside->status = INSIDE_EXIT_INTERNAL;
}

/* The run. */

static void inside_line(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct sim_inside *inside = data;

	(void)process;
	log_write(inside->world, is_stderr ? LOG_STDERR : LOG_STDOUT, line);
}

static void inside_exited(struct process *process, int status, void *data)
{
	struct sim_inside *inside = data;

	(void)process;
	inside->ended = true;
	inside->status = status;
}

static bool inside_has_ended(void *data)
{
	return ((struct sim_inside *)data)->ended;
}

static void inside_go_on(struct timer *timer)
{
	struct sim_inside *inside = LIST_ENTRY(timer, struct sim_inside, slice);
	int64_t until = sim_now_us(inside->sim) + INSIDE_SLICE_US;

	if (sim_run_until(inside->sim, until, inside_has_ended, inside)) {
		inside_bring_output_back(inside);
		world_exit(inside->world, inside->status);
	} else if (until > INSIDE_LIMIT_US) {
		log_format(inside->world, LOG_STDERR, "refscale: no end after a virtual week");
		world_exit(inside->world, INSIDE_EXIT_INTERNAL);
	} else {
		timer_start(inside->world, &inside->slice, 0, inside_go_on);
	}
}

static void inside_asked_to_stop(void *data)
{
	sim_process_stop(((struct sim_inside *)data)->process);
}

static bool inside_start_component(struct sim_inside *inside, const struct component *component,
				   const struct str *arguments, size_t count, struct error *error)
{
	struct str *words = ARENA_ARRAY(inside->arena, struct str, count + 2);
	struct process_options options = {
		.words = words,
		.words_count = count + 2,
		.line = inside_line,
		.exited = inside_exited,
		.data = inside,
	};

	words[0] = STR("refscale");
	words[1] = str_from(component->name);
	for (size_t i = 0; i < count; i++)
		words[i + 2] = arguments[i];
	inside->process = sim_process_start(inside->host, &options, error);
	return inside->process != NULL;
}

static bool inside_begin(struct sim_inside *inside, const struct component *component,
			 const struct str *arguments, size_t count, struct error *error)
{
	for (size_t i = 0; i < sizeof inside_folders / sizeof *inside_folders; i++) {
		if (!inside_copy_folder(inside, inside_folders[i], error))
			return false;
	}
	inside_find_output(inside, arguments, count);
	return inside_make_output_folder(inside, error) &&
	       inside_start_component(inside, component, arguments, count, error);
}

void *sim_inside_start(struct world *world, const struct component *const *components,
		       const struct component *component, const struct str *arguments, size_t count,
		       int *exit_status, struct error *error)
{
	struct sim_inside *inside = MEMORY_NEW(struct sim_inside);
	struct sim_options options = {.seed = 1, .components = components};

	inside->world = world;
	inside->arena = arena_create();
	inside->sim = sim_create(&options);
	inside->host = sim_host_add(inside->sim, STR("localhost"), STR("10.0.0.1"));
	/* Where packets vanish, as they mostly do on the way to an address for documentation. */
	sim_host_set_up(sim_host_add(inside->sim, STR("nowhere"), STR("192.0.2.1")), false);
	if (!inside_begin(inside, component, arguments, count, error)) {
		*exit_status = INSIDE_EXIT_INTERNAL;
		sim_inside_stop(inside);
		return NULL;
	}
	world_on_stop(world, inside_asked_to_stop, inside);
	timer_start(world, &inside->slice, 0, inside_go_on);
	return inside;
}

void sim_inside_stop(void *data)
{
	struct sim_inside *inside = data;

	timer_stop(&inside->slice);
	sim_destroy(inside->sim);
	arena_destroy(inside->arena);
	free(inside);
}
