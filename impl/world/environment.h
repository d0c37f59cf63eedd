/* Environment variables, and the end of the component. */
#ifndef WORLD_ENVIRONMENT_H
#define WORLD_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "world/world.h"

typedef void world_stop_requested(void *data);

struct environment_ops {
	bool (*get)(struct world *world, struct str name, struct str *value);
	bool (*next)(struct world *world, size_t *position, struct str *name, struct str *value);
	void (*exit)(struct world *world, int status);
	void (*on_stop)(struct world *world, world_stop_requested *requested, void *data);
	struct str (*host_name)(struct world *world);
	int (*process_id)(struct world *world);
	int (*processors)(struct world *world);
};

/* False when the variable is not set. The value lives as long as the world. */
static inline bool environment_get(struct world *world, struct str name, struct str *value)
{
	return world->environment->get(world, name, value);
}

/* The value, or `fallback` when it is not set or empty (spec/gateway.md 0.3: empty = unset). */
static inline struct str environment_text(struct world *world, struct str name, struct str fallback)
{
	struct str value;

	return world->environment->get(world, name, &value) && value.size > 0 ? value : fallback;
}

/* Walks all variables, sorted by name: `size_t at = 0; while (environment_next(world, &at, &n,
 * &v))`. */
static inline bool environment_next(struct world *world, size_t *position, struct str *name,
				    struct str *value)
{
	return world->environment->next(world, position, name, value);
}

/* Ends this component with that exit status after the present turn. */
static inline void world_exit(struct world *world, int status)
{
	world->environment->exit(world, status);
}

/* Somebody asked the component to stop (SIGTERM, SIGINT, SIGQUIT); without a handler the world
 * exits with 0. The component finishes what it must and calls world_exit(). */
static inline void world_on_stop(struct world *world, world_stop_requested *requested, void *data)
{
	world->environment->on_stop(world, requested, data);
}

static inline struct str world_host_name(struct world *world)
{
	return world->environment->host_name(world);
}

static inline int world_process_id(struct world *world)
{
	return world->environment->process_id(world);
}

/* How many processors this process may use, at least 1; 1 in the simulator. */
static inline int world_processors(struct world *world)
{
	return world->environment->processors(world);
}

#endif
