#include "sim/cluster/objects.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc.h"
#include "sim/cluster/kinds.h"
#include "sim/sim_internal.h"
#include "world/routes.h"

struct cluster {
	struct sim *sim;
	struct list_link objects; /* in the order of creation */
	struct list_link watches;
	struct prng chance;
	uint64_t created;
	uint64_t version; /* of the newest change */
};

struct cluster *cluster_create(struct sim *sim)
{
	struct cluster *cluster = MEMORY_NEW(struct cluster);

	cluster->sim = sim;
	list_init(&cluster->objects);
	list_init(&cluster->watches);
	prng_seed(&cluster->chance, prng_split(sim->net.seed, STR("cluster")));
	return cluster;
}

static void object_free(struct cluster_object *object)
{
	list_remove(&object->link);
	arena_destroy(object->arena);
	free(object);
}

void cluster_destroy(struct cluster *cluster)
{
	struct list_link *link;

	if (cluster == NULL)
		return;
	while ((link = list_first(&cluster->objects)) != NULL)
		object_free(LIST_ENTRY(link, struct cluster_object, link));
	free(cluster);
}

struct sim *cluster_sim(const struct cluster *cluster)
{
	return cluster->sim;
}

uint64_t cluster_chance(struct cluster *cluster)
{
	return prng_next(&cluster->chance);
}

/* Looking. */

static bool object_fits(const struct cluster_object *object, const struct cluster_kind *kind,
			struct str namespace)
{
	return (kind == NULL || object->kind == kind) &&
	       (namespace.size == 0 || str_equal(object->namespace, namespace));
}

struct cluster_object *cluster_next(struct cluster *cluster, const struct cluster_object *object,
				    const struct cluster_kind *kind, struct str namespace)
{
	const struct list_link *link = object != NULL ? object->link.next : cluster->objects.next;

	for (; link != &cluster->objects; link = link->next) {
		struct cluster_object *next = LIST_ENTRY(link, struct cluster_object, link);

		if (object_fits(next, kind, namespace))
			return next;
	}
	return NULL;
}

struct cluster_object *cluster_find(struct cluster *cluster, const struct cluster_kind *kind,
				    struct str namespace, struct str name)
{
	struct cluster_object *object = NULL;

	while ((object = cluster_next(cluster, object, kind, STR(""))) != NULL) {
		if (str_equal(object->name, name) &&
		    (!kind->is_namespaced || str_equal(object->namespace, namespace)))
			return object;
	}
	return NULL;
}

struct str cluster_label(const struct json *document, struct str name)
{
	return json_scalar_text(json_get(json_path(document, "metadata.labels"), name));
}

bool cluster_has_labels(const struct json *document, const struct json *labels)
{
	JSON_EACH (label, labels) {
		if (!str_equal(cluster_label(document, label->key), json_scalar_text(label)))
			return false;
	}
	return true;
}

/* Watching. */

void cluster_watch(struct cluster *cluster, struct cluster_watch *watch)
{
	list_append(&cluster->watches, &watch->link);
}

void cluster_unwatch(struct cluster_watch *watch)
{
	if (list_is_linked(&watch->link))
		list_remove(&watch->link);
}

static void tell(struct cluster *cluster, const struct cluster_object *object, struct str what)
{
	struct trace *trace = &cluster->sim->trace;
	bool is_gone = str_equal(what, STR("object.deleted"));

	trace_begin(trace, STR("cluster"), what);
	trace_text(trace, STR("object"), object->kind->name);
	trace_text(trace, STR("namespace"), object->namespace);
	trace_text(trace, STR("name"), object->name);
	trace_end(trace);
	LIST_EACH (link, &cluster->watches) {
		struct cluster_watch *watch = LIST_ENTRY(link, struct cluster_watch, link);

		if (watch->kind == NULL || watch->kind == object->kind)
			watch->changed(object, is_gone, watch->data);
	}
}

/* Documents. */

static struct json *member(struct arena *arena, struct json *object, struct str key)
{
	for (struct json *child = object->first_child; child != NULL; child = child->next) {
		if (str_equal(child->key, key) && child->kind == JSON_OBJECT)
			return child;
	}
	return json_set(object, key, json_new(arena, JSON_OBJECT));
}

static void set_text(struct arena *arena, struct json *object, const char *name, struct str text)
{
	json_set(object, str_from(name), json_new_str(arena, str_copy(arena, text)));
}

static struct str random_uid(struct cluster *cluster, struct arena *arena)
{
	uint64_t high = cluster_chance(cluster), low = cluster_chance(cluster);

	return str_format(arena,
			  "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
			  high >> 32, (high >> 16) & 0xffff, high & 0xfff,
			  ((low >> 48) & 0x3fff) | 0x8000, low & 0xffffffffffff);
}

static struct str now_text(struct cluster *cluster, struct arena *arena)
{
	char text[32];

	return str_copy(arena, utc_format_iso(text, cluster->sim->options.utc_start_us +
							    cluster->sim->queue.now_us));
}

static void new_version(struct cluster *cluster, struct arena *arena, struct json *metadata)
{
	json_set(metadata, STR("resourceVersion"),
		 json_new_str(arena, str_format(arena, "%" PRIu64, ++cluster->version)));
}

/* What the cluster itself has said of an object goes over into its next document. */
static void keep_own(struct arena *arena, struct json *document, const struct json *before)
{
	static const struct str own[] = {STR_INIT("name"), STR_INIT("namespace"), STR_INIT("uid"),
					 STR_INIT("creationTimestamp"),
					 STR_INIT("resourceVersion")};
	struct json *metadata = member(arena, document, STR("metadata"));
	const struct json *status = json_get(before, STR("status"));

	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		const struct json *value = json_get(json_get(before, STR("metadata")), own[i]);

		if (value != NULL)
			json_set(metadata, own[i], json_copy(arena, value));
	}
	if (status != NULL && json_get(document, STR("status")) == NULL)
		json_set(document, STR("status"), json_copy(arena, status));
}

/* Writing. */

static bool check_document(const struct json *document, const struct cluster_kind **kind,
			   struct error *error)
{
	struct str name = json_get_str(document, STR("kind"));
	const struct json *metadata = json_get(document, STR("metadata"));

	*kind = cluster_kind_find(name);
	if (*kind == NULL)
		return error_set(error, ERROR_INVALID, "the cluster has no kind \"%.*s\"",
				 STR_ARG(name));
	if (json_get_str(metadata, STR("name")).size == 0 &&
	    json_get_str(metadata, STR("generateName")).size == 0)
		return error_set(error, ERROR_INVALID,
				 "metadata.name: name or generateName is required");
	if ((*kind)->is_namespaced && json_get_str(metadata, STR("namespace")).size == 0)
		return error_set(error, ERROR_INVALID, "metadata.namespace is required");
	return (*kind)->check == NULL || (*kind)->check(document, error);
}

static struct str name_for(struct cluster *cluster, struct arena *arena,
			   const struct cluster_kind *kind, const struct json *metadata)
{
	struct str name = json_get_str(metadata, STR("name"));
	struct str begin = json_get_str(metadata, STR("generateName"));
	char suffix[ROUTE_SUFFIX_SIZE];

	while (name.size == 0) {
		route_write_suffix(suffix, cluster_chance(cluster));
		name = STR_CONCAT(arena, begin, str_of(suffix, sizeof suffix));
		if (cluster_find(cluster, kind, json_get_str(metadata, STR("namespace")), name) !=
		    NULL)
			name = STR("");
	}
	return name;
}

struct cluster_object *cluster_add(struct cluster *cluster, const struct json *document,
				   struct error *error)
{
	struct cluster_object *object;
	const struct cluster_kind *kind;
	struct json *kept, *metadata;
	struct arena *arena;
	struct str namespace = json_get_str(json_get(document, STR("metadata")), STR("namespace"));
	struct str name;

	if (!check_document(document, &kind, error))
		return NULL;
	name = json_get_str(json_get(document, STR("metadata")), STR("name"));
	if (name.size > 0 && cluster_find(cluster, kind, namespace, name) != NULL) {
		error_set(error, ERROR_CONFLICT, "%.*s \"%.*s\" already exists",
			  STR_ARG(kind->plural), STR_ARG(name));
		return NULL;
	}
	arena = arena_create();
	kept = json_copy(arena, document);
	metadata = member(arena, kept, STR("metadata"));
	set_text(arena, metadata, "name", name_for(cluster, arena, kind, metadata));
	set_text(arena, metadata, "uid", random_uid(cluster, arena));
	set_text(arena, metadata, "creationTimestamp", now_text(cluster, arena));
	new_version(cluster, arena, metadata);
	object = MEMORY_NEW(struct cluster_object);
	object->kind = kind;
	object->arena = arena;
	object->document = kept;
	object->namespace =
		kind->is_namespaced ? json_get_str(metadata, STR("namespace")) : STR("");
	object->name = json_get_str(metadata, STR("name"));
	object->sequence = ++cluster->created;
	object->created_us = cluster->sim->queue.now_us;
	list_append(&cluster->objects, &object->link);
	tell(cluster, object, STR("object.created"));
	return object;
}

static void put_document(struct cluster *cluster, struct cluster_object *object,
			 struct arena *arena, struct json *document)
{
	struct json *metadata = member(arena, document, STR("metadata"));
	struct arena *before = object->arena;

	new_version(cluster, arena, metadata);
	object->arena = arena;
	object->document = document;
	object->name = json_get_str(metadata, STR("name"));
	object->namespace =
		object->kind->is_namespaced ? json_get_str(metadata, STR("namespace")) : STR("");
	arena_destroy(before);
	tell(cluster, object, STR("object.changed"));
}

bool cluster_change(struct cluster *cluster, struct cluster_object *object,
		    const struct json *document, bool *changed, struct error *error)
{
	struct arena *arena = arena_create();
	struct json *next = json_copy(arena, document);
	const struct cluster_kind *kind;
	bool is_new;

	keep_own(arena, next, object->document);
	if (!check_document(next, &kind, error)) {
		arena_destroy(arena);
		return false;
	}
	BUG_IF(kind != object->kind);
	is_new = !json_equal(next, object->document);
	if (is_new)
		put_document(cluster, object, arena, next);
	else
		arena_destroy(arena);
	if (changed != NULL)
		*changed = is_new;
	return true;
}

void cluster_set_status(struct cluster *cluster, struct cluster_object *object,
			const struct json *status)
{
	struct arena *arena;
	struct json *next;

	if (json_equal(json_get(object->document, STR("status")), status))
		return;
	arena = arena_create();
	next = json_copy(arena, object->document);
	json_set(next, STR("status"), json_copy(arena, status));
	put_document(cluster, object, arena, next);
}

void cluster_remove(struct cluster *cluster, struct cluster_object *object)
{
	cluster->version++;
	tell(cluster, object, STR("object.deleted"));
	object_free(object);
}
