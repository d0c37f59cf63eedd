/* The cluster's objects: what its API server keeps, and all that its controllers, its router and
 * `oc` read and write.
 *
 * An object is its document, JSON as the real API has it (metadata, spec, status), of a kind that
 * stands in a table. The table of objects keeps the order in which they were made. Who watches a
 * kind is told of every change, within it.
 *
 * Internal to sim/: `struct cluster` belongs to `struct sim`. Here anything may be written by
 * anybody; who may do what is asked by api.h, which is what programs of the cluster go through.
 * Order of calls: cluster_create, ..., cluster_destroy.
 */
#ifndef SIM_CLUSTER_OBJECTS_H
#define SIM_CLUSTER_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"

struct arena;
struct cluster;
struct error;
struct json;
struct sim;

struct cluster_kind {
	struct str name;   /* "Route" */
	struct str plural; /* "routes", as rules and messages have it */
	struct str group;  /* "route.openshift.io"; empty: the core's */
	bool is_namespaced;
	/* What no API server takes: false and *error. NULL: anything is taken. */
	bool (*check)(const struct json *document, struct error *error);
};

struct cluster_object {
	const struct cluster_kind *kind;
	struct str namespace, name; /* namespace: empty for a kind without */
	const struct json *document;
	uint64_t sequence;  /* of creation, from 1 on */
	int64_t created_us; /* since the run began */
	/* The table's own. */
	struct list_link link;
	struct arena *arena;
};

struct cluster *cluster_create(struct sim *sim);
void cluster_destroy(struct cluster *cluster); /* NULL is allowed */
struct sim *cluster_sim(const struct cluster *cluster);
uint64_t cluster_chance(struct cluster *cluster);

const struct cluster_kind *cluster_kind_find(struct str name); /* "Route"; NULL */

struct cluster_object *cluster_find(struct cluster *cluster, const struct cluster_kind *kind,
				    struct str namespace, struct str name);
/* The next one of that kind (NULL: any) and namespace (empty: any) in the order of creation; begins
 * with NULL. The object at hand may be deleted only after the next one was asked for. */
struct cluster_object *cluster_next(struct cluster *cluster, const struct cluster_object *object,
				    const struct cluster_kind *kind, struct str namespace);

/* A new object. The document is copied; metadata.name may be left to metadata.generateName. uid,
 * creationTimestamp and resourceVersion are the cluster's. NULL and *error when it breaks a rule of
 * its kind, or the name is taken (ERROR_CONFLICT). */
struct cluster_object *cluster_add(struct cluster *cluster, const struct json *document,
				   struct error *error);
/* Another document for it; name, namespace and what is the cluster's stay, and so does the status
 * unless the document has one. *changed (may be NULL): false when it was like that already. */
bool cluster_change(struct cluster *cluster, struct cluster_object *object,
		    const struct json *document, bool *changed, struct error *error);
void cluster_set_status(struct cluster *cluster, struct cluster_object *object,
			const struct json *status);
void cluster_remove(struct cluster *cluster, struct cluster_object *object);

/* Parts of documents. */
struct str cluster_label(const struct json *document, struct str name);
/* Every member of `labels` (a table; NULL: none) is a label of the document. */
bool cluster_has_labels(const struct json *document, const struct json *labels);

/* kind: NULL for all. The object is there during the call, also when it is going. */
struct cluster_watch {
	struct list_link link;
	const struct cluster_kind *kind;
	void (*changed)(const struct cluster_object *object, bool is_gone, void *data);
	void *data;
};
void cluster_watch(struct cluster *cluster, struct cluster_watch *watch);
void cluster_unwatch(struct cluster_watch *watch); /* one that does not watch is fine */

#endif
