/* The routes port over a file: what the process knows is what it read at the last list, and wrote
 * since. A change that cannot be written is taken back. */
#include "world/routes.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "world/files.h"
#include "world/real/real_internal.h"

struct stored_route {
	struct arena *arena;
	struct route route;
};

/* By which a file that somebody else wrote is told from ours: each write makes a new one. */
struct file_mark {
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct routes_port {
	struct world *world;
	struct str path;                 /* empty: nothing outlives the process */
	bool is_loaded;                  /* what the file holds, as of the last list */
	struct file_mark mark;           /* of what was read or written last */
	VEC(struct stored_route) routes; /* in the order they were made, or read */
};

/* Routes in memory. */

static struct stored_route stored_copy(const struct route *route)
{
	struct stored_route stored = {.arena = arena_create(), .route = *route};
	struct arena *arena = stored.arena;
	struct route_label *labels =
		ARENA_ARRAY(arena, struct route_label, route->labels_count + 1);
	struct str *texts[] = {
		&stored.route.namespace,       &stored.route.name, &stored.route.host,
		&stored.route.service,         &stored.route.port, &stored.route.tls_termination,
		&stored.route.insecure_policy, &stored.route.owner};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = str_copy(arena, *texts[i]);
	for (size_t i = 0; i < route->labels_count; i++)
		labels[i] = (struct route_label){str_copy(arena, route->labels[i].name),
						 str_copy(arena, route->labels[i].value)};
	stored.route.labels = labels;
	stored.route.generate_name = STR("");
	return stored;
}

static struct stored_route *port_find(struct routes_port *port, struct str namespace,
				      struct str name)
{
	for (size_t i = 0; i < port->routes.count; i++) {
		const struct route *route = &port->routes.items[i].route;

		if (str_equal(route->namespace, namespace) && str_equal(route->name, name))
			return &port->routes.items[i];
	}
	return NULL;
}

/* The file. */

static bool read_route(struct routes_port *port, const struct json *value, struct error *error)
{
	const struct json *labels = json_get(value, STR("labels"));
	const struct json *tls = json_get(value, STR("tls"));
	struct arena *arena = arena_create();
	struct route_label *list =
		ARENA_ARRAY(arena, struct route_label, (labels != NULL ? labels->count : 0) + 1);
	struct route route = {
		.namespace = json_get_str(value, STR("namespace")),
		.name = json_get_str(value, STR("name")),
		.labels = list,
		.host = json_get_str(value, STR("host")),
		.service = json_get_str(value, STR("to")),
		.port = json_get_str(value, STR("port")),
		.tls_termination = json_get_str(tls, STR("termination")),
		.insecure_policy = json_get_str(tls, STR("insecureEdgeTerminationPolicy")),
	};
	bool is_route = route.name.size > 0 && route.host.size > 0 && route.service.size > 0;

	JSON_EACH (label, labels)
		list[route.labels_count++] = (struct route_label){label->key, json_str(label)};
	if (is_route)
		vec_push(&port->routes, stored_copy(&route));
	arena_destroy(arena);
	return is_route || error_set(error, ERROR_INVALID, "%.*s: line %d: not a route",
				     STR_ARG(port->path), value->line);
}

static struct file_mark mark_of(struct str path)
{
	struct arena *arena = arena_create();
	struct stat status = {0};
	struct file_mark mark = {0};

	if (stat(str_cstr(arena, path), &status) == 0)
		mark = (struct file_mark){status.st_ino, status.st_size, status.st_ctim};
	arena_destroy(arena);
	return mark;
}

static bool is_same_file(const struct file_mark *a, const struct file_mark *b)
{
	return a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static bool read_file(struct routes_port *port, struct arena *arena, struct error *error)
{
	struct error missing = {0};
	const struct json *file, *routes;
	struct str text;

	if (!files_read(port->world, port->path, LIMIT_CONFIG_BYTES, arena, &text, &missing))
		return missing.kind == ERROR_NOT_FOUND ||
		       error_set(error, missing.kind, "%s", missing.text);
	if (str_trim(text).size == 0)
		return true;
	file = json_parse(arena, text, LIMIT_CONFIG_BYTES, error);
	if (file == NULL)
		return error_wrap(error, "%.*s", STR_ARG(port->path));
	routes = json_get(file, STR("routes"));
	if (routes == NULL || routes->kind != JSON_ARRAY)
		return error_set(error, ERROR_INVALID, "%.*s: no list of routes in it",
				 STR_ARG(port->path));
	JSON_EACH (route, routes) {
		if (!read_route(port, route, error))
			return false;
	}
	return true;
}

static void set_text(struct arena *arena, struct json *object, const char *name, struct str text)
{
	if (text.size > 0)
		json_set(object, str_from(name), json_new_str(arena, text));
}

static struct json *written(const struct route *route, struct arena *arena)
{
	struct json *value = json_new(arena, JSON_OBJECT), *labels, *tls;

	set_text(arena, value, "namespace", route->namespace);
	set_text(arena, value, "name", route->name);
	labels = json_set(value, STR("labels"), json_new(arena, JSON_OBJECT));
	for (size_t i = 0; i < route->labels_count; i++)
		json_set(labels, route->labels[i].name,
			 json_new_str(arena, route->labels[i].value));
	set_text(arena, value, "host", route->host);
	set_text(arena, value, "to", route->service);
	set_text(arena, value, "port", route->port);
	if (route->tls_termination.size > 0) {
		tls = json_set(value, STR("tls"), json_new(arena, JSON_OBJECT));
		set_text(arena, tls, "termination", route->tls_termination);
		set_text(arena, tls, "insecureEdgeTerminationPolicy", route->insecure_policy);
	}
	return value;
}

static int compare_stored(const void *a, const void *b)
{
	const struct route *left = *(const struct route *const *)a;
	const struct route *right = *(const struct route *const *)b;
	int order = str_compare(left->namespace, right->namespace);

	return order != 0 ? order : str_compare(left->name, right->name);
}

static bool write_file(struct routes_port *port, struct error *error)
{
	size_t count = port->routes.count;
	const struct route **sorted;
	struct arena *arena;
	struct json *file, *list;
	bool is_written;

	if (port->path.size == 0)
		return true;
	arena = arena_create();
	sorted = ARENA_ARRAY(arena, const struct route *, count + 1);
	file = json_new(arena, JSON_OBJECT);
	list = json_set(file, STR("routes"), json_new(arena, JSON_ARRAY));
	for (size_t i = 0; i < count; i++)
		sorted[i] = &port->routes.items[i].route;
	qsort(sorted, count, sizeof *sorted, compare_stored);
	for (size_t i = 0; i < count; i++)
		json_append(list, written(sorted[i], arena));
	is_written = files_write(port->world, port->path,
				 STR_CONCAT(arena, json_print(arena, file), STR("\n")), error);
	if (is_written)
		port->mark = mark_of(port->path);
	arena_destroy(arena);
	return is_written || error_wrap(error, "ROUTES_FILE");
}

/* The port. */

static void port_forget(struct routes_port *port)
{
	for (size_t i = 0; i < port->routes.count; i++)
		arena_destroy(port->routes.items[i].arena);
	vec_free(&port->routes);
}

/* NULL and *error while what the file holds cannot be read: it is not written over. */
static struct routes_port *port_of(struct world *world, bool anew, struct error *error)
{
	struct real_world *real = real_of(world);
	struct routes_port *port = real->routes;
	struct file_mark mark;
	struct arena *arena;

	if (port == NULL) {
		port = real->routes = MEMORY_NEW(struct routes_port);
		port->world = world;
		port->path = environment_text(world, STR("ROUTES_FILE"), STR(""));
	}
	if ((port->is_loaded && !anew) || port->path.size == 0)
		return port;
	mark = mark_of(port->path);
	if (port->is_loaded && is_same_file(&mark, &port->mark))
		return port;
	port_forget(port);
	port->mark = mark;
	arena = arena_create();
	port->is_loaded = read_file(port, arena, error);
	arena_destroy(arena);
	if (port->is_loaded)
		return port;
	port_forget(port);
	error_wrap(error, "ROUTES_FILE");
	return NULL;
}

static void copy_over(void *data)
{
	arena_destroy(data);
}

static enum routes_outcome port_list(struct world *world, struct str namespace,
				     const struct route_label *labels, size_t labels_count,
				     struct arena *arena, struct route_list *list,
				     struct error *error)
{
	struct routes_port *port = port_of(world, true, error);

	if (port == NULL)
		return ROUTES_FAILED;
	list->items = ARENA_ARRAY(arena, struct route, port->routes.count + 1);
	list->count = 0;
	for (size_t i = 0; i < port->routes.count; i++) {
		const struct route *route = &port->routes.items[i].route;
		struct stored_route copy;

		if (!str_equal(route->namespace, namespace) ||
		    !route_has_labels(route, labels, labels_count))
			continue;
		copy = stored_copy(route);
		arena_on_destroy(arena, copy_over, copy.arena);
		list->items[list->count++] = copy.route;
	}
	return ROUTES_UNCHANGED;
}

static enum routes_outcome port_create(struct routes_port *port, const struct route *wanted,
				       struct arena *arena, struct str *name, struct error *error)
{
	struct route route = *wanted;
	char suffix[ROUTE_SUFFIX_SIZE];

	do {
		route_write_suffix(suffix, world_chance(port->world));
		route.name =
			STR_CONCAT(arena, wanted->generate_name, str_of(suffix, sizeof suffix));
	} while (port_find(port, route.namespace, route.name) != NULL);
	vec_push(&port->routes, stored_copy(&route));
	if (!write_file(port, error)) {
		arena_destroy(port->routes.items[--port->routes.count].arena);
		return ROUTES_FAILED;
	}
	if (name != NULL)
		*name = route.name;
	return ROUTES_CREATED;
}

static enum routes_outcome port_apply(struct world *world, const struct route *wanted,
				      struct arena *arena, struct str *name, struct error *error)
{
	struct routes_port *port = port_of(world, false, error);
	struct stored_route *stored, before;

	if (port == NULL)
		return ROUTES_FAILED;
	if (wanted->name.size == 0)
		return port_create(port, wanted, arena, name, error);
	stored = port_find(port, wanted->namespace, wanted->name);
	if (stored == NULL) {
		error_set(error, ERROR_NOT_FOUND, "routes \"%.*s\" not found",
			  STR_ARG(wanted->name));
		return ROUTES_NOT_FOUND;
	}
	if (name != NULL)
		*name = str_copy(arena, wanted->name);
	if (route_is_like(&stored->route, wanted))
		return ROUTES_UNCHANGED;
	before = *stored;
	*stored = stored_copy(wanted);
	if (write_file(port, error)) {
		arena_destroy(before.arena);
		return ROUTES_PATCHED;
	}
	arena_destroy(stored->arena);
	*stored = before;
	return ROUTES_FAILED;
}

static enum routes_outcome port_remove(struct world *world, struct str namespace, struct str name,
				       struct error *error)
{
	struct routes_port *port = port_of(world, false, error);
	struct stored_route *found, before;
	size_t at;

	if (port == NULL)
		return ROUTES_FAILED;
	found = port_find(port, namespace, name);
	if (found == NULL) {
		error_set(error, ERROR_NOT_FOUND, "routes \"%.*s\" not found", STR_ARG(name));
		return ROUTES_NOT_FOUND;
	}
	before = *found;
	at = (size_t)(found - port->routes.items);
	vec_remove(&port->routes, at);
	if (write_file(port, error)) {
		arena_destroy(before.arena);
		return ROUTES_DELETED;
	}
	vec_push(&port->routes, before); /* back to its place */
	for (size_t i = port->routes.count - 1; i > at; i--)
		port->routes.items[i] = port->routes.items[i - 1];
	port->routes.items[at] = before;
	return ROUTES_FAILED;
}

void real_routes_destroy(struct real_world *real)
{
	if (real->routes == NULL)
		return;
	port_forget(real->routes);
	free(real->routes);
}

const struct routes_ops real_routes_ops = {
	.list = port_list,
	.apply = port_apply,
	.remove = port_remove,
};
