/* The routes port over the cluster's Route objects, with the rights of the pod that asks. */
#include "world/routes.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "sim/cluster/api.h"
#include "sim/cluster/kinds.h"
#include "sim/sim_internal.h"

#define OWNERS_MAX 8 /* above a pod; a circle of owners would have no root */

static const struct cluster_kind *const routes = &cluster_kinds[KIND_ROUTE];

static enum routes_outcome outcome_of(enum api_outcome outcome)
{
	switch (outcome) {
	case API_CREATED:
		return ROUTES_CREATED;
	case API_CHANGED:
		return ROUTES_PATCHED;
	case API_FOUND:
	case API_UNCHANGED:
		return ROUTES_UNCHANGED;
	case API_DELETED:
		return ROUTES_DELETED;
	case API_FORBIDDEN:
		return ROUTES_FORBIDDEN;
	case API_NOT_FOUND:
		return ROUTES_NOT_FOUND;
	case API_EXISTS:
	case API_INVALID:
		break;
	}
	return ROUTES_INVALID;
}

static bool is_cut_off(struct world *world, struct error *error)
{
	return process_is_mute(process_of(world)) &&
	       !error_set(error, ERROR_UNAVAILABLE, "the process was killed");
}

/* A document as a route. */

static struct str refusal_of(const struct json *document)
{
	JSON_EACH (router, json_path(document, "status.ingress")) {
		JSON_EACH (condition, json_get(router, STR("conditions"))) {
			if (str_equal(json_get_str(condition, STR("type")), STR("Admitted")) &&
			    str_equal(json_get_str(condition, STR("status")), STR("False")))
				return json_get_str(condition, STR("reason"));
		}
	}
	return STR("");
}

static struct route route_of(const struct cluster_object *object, struct arena *arena)
{
	const struct json *document = json_copy(arena, object->document);
	const struct json *labels = json_path(document, "metadata.labels");
	const struct json *owner = json_path(document, "metadata.ownerReferences.0");
	const struct json *tls = json_path(document, "spec.tls");
	struct str policy = json_get_str(tls, STR("insecureEdgeTerminationPolicy"));
	struct route_label *list =
		ARENA_ARRAY(arena, struct route_label, (labels != NULL ? labels->count : 0) + 1);
	struct route route = {
		.namespace = str_copy(arena, object->namespace),
		.name = str_copy(arena, object->name),
		.labels = list,
		.host = json_str(json_path(document, "spec.host")),
		.service = json_str(json_path(document, "spec.to.name")),
		.port = json_scalar_text(json_path(document, "spec.port.targetPort")),
		.tls_termination = json_get_str(tls, STR("termination")),
		.insecure_policy = str_equal(policy, STR("None")) ? STR("") : policy,
		.refusal = refusal_of(document),
	};

	JSON_EACH (label, labels)
		list[route.labels_count++] =
			(struct route_label){label->key, json_scalar_text(label)};
	if (owner != NULL)
		route.owner = STR_CONCAT(arena, json_get_str(owner, STR("kind")), STR("/"),
					 json_get_str(owner, STR("name")));
	return route;
}

/* A route as a document. */

static struct json *set_table(struct arena *arena, struct json *object, const char *name)
{
	return json_set(object, str_from(name), json_new(arena, JSON_OBJECT));
}

static void set_text(struct arena *arena, struct json *object, const char *name, struct str text)
{
	if (text.size > 0)
		json_set(object, str_from(name), json_new_str(arena, text));
}

static struct json *document_of(const struct route *route, struct arena *arena)
{
	struct json *document = json_new(arena, JSON_OBJECT), *metadata, *labels, *spec, *part;

	set_text(arena, document, "apiVersion", STR("route.openshift.io/v1"));
	set_text(arena, document, "kind", routes->name);
	metadata = set_table(arena, document, "metadata");
	set_text(arena, metadata, "name", route->name);
	set_text(arena, metadata, "generateName", route->generate_name);
	set_text(arena, metadata, "namespace", route->namespace);
	labels = set_table(arena, metadata, "labels");
	for (size_t i = 0; i < route->labels_count; i++)
		json_set(labels, route->labels[i].name,
			 json_new_str(arena, route->labels[i].value));
	spec = set_table(arena, document, "spec");
	set_text(arena, spec, "host", route->host);
	part = set_table(arena, spec, "to");
	set_text(arena, part, "kind", STR("Service"));
	set_text(arena, part, "name", route->service);
	part = set_table(arena, spec, "port");
	set_text(arena, part, "targetPort", route->port);
	if (route->tls_termination.size > 0) {
		part = set_table(arena, spec, "tls");
		set_text(arena, part, "termination", route->tls_termination);
		set_text(arena, part, "insecureEdgeTerminationPolicy", route->insecure_policy);
	}
	return document;
}

/* The owner of new routes: whoever owns the pod that asks, and is nobody's itself (the
 * DeploymentConfig of a template, the APIManager of an operator: spec/cluster.md 5). */

static const struct json *controller_of(const struct cluster_object *object)
{
	JSON_EACH (owner, json_path(object->document, "metadata.ownerReferences")) {
		if (json_bool(json_get(owner, STR("controller")), true))
			return owner;
	}
	return NULL;
}

static enum routes_outcome find_root(struct cluster *cluster, const struct cluster_user *user,
				     struct cluster_object **root, struct error *error)
{
	enum api_outcome outcome = API_FOUND;

	*root = NULL;
	if (user->pod != NULL)
		outcome = cluster_api_get(cluster, user, user->pod->kind, user->namespace,
					  user->pod->name, root, error);
	for (size_t i = 0; outcome == API_FOUND && *root != NULL && i < OWNERS_MAX; i++) {
		const struct json *owner = controller_of(*root);
		const struct cluster_kind *kind =
			cluster_kind_find(json_get_str(owner, STR("kind")));

		if (kind == NULL)
			break;
		outcome = cluster_api_get(cluster, user, kind, user->namespace,
					  json_get_str(owner, STR("name")), root, error);
	}
	return outcome_of(outcome);
}

static void set_owner(struct json *document, const struct cluster_object *root, struct arena *arena)
{
	struct json *metadata = document->first_child, *owner;

	while (!str_equal(metadata->key, STR("metadata")))
		metadata = metadata->next;
	owner = json_append(json_set(metadata, STR("ownerReferences"), json_new(arena, JSON_ARRAY)),
			    json_new(arena, JSON_OBJECT));
	set_text(arena, owner, "apiVersion", json_get_str(root->document, STR("apiVersion")));
	set_text(arena, owner, "kind", root->kind->name);
	set_text(arena, owner, "name", root->name);
	set_text(arena, owner, "uid", json_str(json_path(root->document, "metadata.uid")));
}

/* The port. */

static enum routes_outcome port_list(struct world *world, struct str namespace,
				     const struct route_label *labels, size_t labels_count,
				     struct arena *arena, struct route_list *list,
				     struct error *error)
{
	struct cluster *cluster = process_of(world)->sim->cluster;
	struct cluster_user user = cluster_user_of(cluster, process_of(world));
	struct cluster_object *object = NULL;
	VEC(struct route) found = {0};

	if (is_cut_off(world, error))
		return ROUTES_FAILED;
	if (!cluster_api_may(cluster, &user, STR("list"), routes, STR(""), namespace, error))
		return ROUTES_FORBIDDEN;
	while ((object = cluster_next(cluster, object, routes, namespace)) != NULL) {
		struct route route = route_of(object, arena);

		if (route_has_labels(&route, labels, labels_count))
			vec_push(&found, route);
	}
	list->count = found.count;
	list->items = ARENA_ARRAY(arena, struct route, found.count + 1);
	for (size_t i = 0; i < found.count; i++)
		list->items[i] = found.items[i];
	vec_free(&found);
	return ROUTES_UNCHANGED;
}

static enum routes_outcome port_create(struct cluster *cluster, const struct cluster_user *user,
				       struct json *document, struct arena *arena, struct str *name,
				       struct error *error)
{
	struct cluster_object *root, *made = NULL;
	enum routes_outcome outcome = find_root(cluster, user, &root, error);

	if (!routes_went_well(outcome))
		return outcome;
	if (root != NULL)
		set_owner(document, root, arena);
	outcome = outcome_of(cluster_api_create(cluster, user, document, &made, error));
	if (made != NULL && name != NULL)
		*name = str_copy(arena, made->name);
	return outcome;
}

/* Its owner stays, and all that the cluster has said of it. */
static enum routes_outcome port_patch(struct cluster *cluster, const struct cluster_user *user,
				      struct json *document, const struct route *route,
				      struct arena *arena, struct error *error)
{
	struct cluster_object *object;
	enum api_outcome outcome = cluster_api_get(cluster, user, routes, route->namespace,
						   route->name, &object, error);
	const struct json *kept;
	struct json *metadata = document->first_child;

	if (outcome != API_FOUND)
		return outcome_of(outcome);
	while (!str_equal(metadata->key, STR("metadata")))
		metadata = metadata->next;
	JSON_EACH (member, json_get(object->document, STR("metadata"))) {
		kept = json_get(metadata, member->key);
		if (kept == NULL)
			json_set(metadata, str_copy(arena, member->key), json_copy(arena, member));
	}
	return outcome_of(cluster_api_replace(cluster, user, document, error));
}

static enum routes_outcome port_apply(struct world *world, const struct route *route,
				      struct arena *arena, struct str *name, struct error *error)
{
	struct cluster *cluster = process_of(world)->sim->cluster;
	struct cluster_user user = cluster_user_of(cluster, process_of(world));
	struct json *document = document_of(route, arena);

	if (is_cut_off(world, error))
		return ROUTES_FAILED;
	if (route->name.size == 0)
		return port_create(cluster, &user, document, arena, name, error);
	if (name != NULL)
		*name = str_copy(arena, route->name);
	return port_patch(cluster, &user, document, route, arena, error);
}

static enum routes_outcome port_remove(struct world *world, struct str namespace, struct str name,
				       struct error *error)
{
	struct cluster *cluster = process_of(world)->sim->cluster;
	struct cluster_user user = cluster_user_of(cluster, process_of(world));

	if (is_cut_off(world, error))
		return ROUTES_FAILED;
	return outcome_of(cluster_api_delete(cluster, &user, routes, namespace, name, error));
}

const struct routes_ops sim_routes_ops = {
	.list = port_list,
	.apply = port_apply,
	.remove = port_remove,
};
