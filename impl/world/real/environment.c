/* The process's variables, with those of the world's creator on top; the end of a world. */
#include "world/environment.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "world/real/real_internal.h"

extern char **environ;

static void variable_set(struct real_world *real, struct str name, struct str value)
{
	size_t at = 0;

	while (at < real->variables.count && str_compare(real->variables.items[at].name, name) < 0)
		at++;
	if (at < real->variables.count && str_equal(real->variables.items[at].name, name)) {
		real->variables.items[at].value = str_copy(real->arena, value);
		return;
	}

	struct environment_variable added = {str_copy(real->arena, name),
					     str_copy(real->arena, value)};

	vec_push(&real->variables, added);
	for (size_t i = real->variables.count - 1; i > at; i--)
		real->variables.items[i] = real->variables.items[i - 1];
	real->variables.items[at] = added;
}

void real_environment_read(struct real_world *real, const char *const *extra)
{
	struct str name, value;

	for (char **entry = environ; *entry != NULL; entry++) {
		if (str_split_once(str_from(*entry), '=', &name, &value))
			variable_set(real, name, value);
	}
	for (; extra != NULL && extra[0] != NULL && extra[1] != NULL; extra += 2)
		variable_set(real, str_from(extra[0]), str_from(extra[1]));
}

static bool environment_find(struct world *world, struct str name, struct str *value)
{
	const struct real_world *real = real_of(world);

	for (size_t i = 0; i < real->variables.count; i++) {
		if (!str_equal(real->variables.items[i].name, name))
			continue;
		*value = real->variables.items[i].value;
		return true;
	}
	return false;
}

static bool environment_walk(struct world *world, size_t *position, struct str *name,
			     struct str *value)
{
	const struct real_world *real = real_of(world);

	if (*position >= real->variables.count)
		return false;
	*name = real->variables.items[*position].name;
	*value = real->variables.items[*position].value;
	++*position;
	return true;
}

static void environment_exit(struct world *world, int status)
{
	loop_world_exits(real_of(world), status);
}

static void environment_on_stop(struct world *world, world_stop_requested *requested, void *data)
{
	struct stop_handler handler = {requested, data};

	vec_push(&real_of(world)->stop_handlers, handler);
}

static struct str environment_host_name(struct world *world)
{
	struct real_world *real = real_of(world);
	char name[256] = "";

	if (real->host_name.size == 0) {
		gethostname(name, sizeof name - 1);
		real->host_name =
			str_copy(real->arena, str_from(name[0] != 0 ? name : "localhost"));
	}
	return real->host_name;
}

static int environment_process_id(struct world *world)
{
	(void)world;
	return (int)getpid();
}

/* As `nproc` counts them. */
static int environment_processors(struct world *world)
{
	cpu_set_t allowed;

	(void)world;
	return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
}

const struct environment_ops real_environment_ops = {
	.get = environment_find,
	.next = environment_walk,
	.exit = environment_exit,
	.on_stop = environment_on_stop,
	.host_name = environment_host_name,
	.process_id = environment_process_id,
	.processors = environment_processors,
};
