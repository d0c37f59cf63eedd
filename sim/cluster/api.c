#include "sim/cluster/api.h"

#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "sim/cluster/kinds.h"
#include "sim/sim_internal.h"

#define GROUP_OF(kind) (kind)->group.size > 0 ? "." : "", STR_ARG((kind)->group)

/* Who asks. */

struct cluster_user cluster_user_of(struct cluster *cluster, const struct sim_process *process)
{
	const struct cluster_kind *pods = &cluster_kinds[KIND_POD];
	struct cluster_object *pod = NULL;

	while ((pod = cluster_next(cluster, pod, pods, STR(""))) != NULL) {
		struct str account = json_str(json_path(pod->document, "spec.serviceAccountName"));

		if (!str_equal(json_str(json_path(pod->document, "status.podIP")),
			       process->host->address))
			continue;
		return (struct cluster_user){
			.namespace = pod->namespace,
			.service_account = account.size > 0 ? account : STR("default"),
			.pod = pod,
		};
	}
	return CLUSTER_ADMINISTRATOR;
}

/* What they may. */

static bool list_has(const struct json *list, struct str word)
{
	JSON_EACH (item, list) {
		if (str_equal(json_str(item), word) || str_equal(json_str(item), STR("*")))
			return true;
	}
	return false;
}

static bool rules_allow(const struct json *rules, struct str verb, struct str group,
			struct str resource)
{
	JSON_EACH (rule, rules) {
		if (list_has(json_get(rule, STR("apiGroups")), group) &&
		    list_has(json_get(rule, STR("resources")), resource) &&
		    list_has(json_get(rule, STR("verbs")), verb))
			return true;
	}
	return false;
}

static bool binding_is_for(const struct cluster_object *binding, const struct cluster_user *user)
{
	JSON_EACH (subject, json_get(binding->document, STR("subjects"))) {
		struct str namespace = json_get_str(subject, STR("namespace"));

		if (str_equal(json_get_str(subject, STR("kind")), STR("ServiceAccount")) &&
		    str_equal(json_get_str(subject, STR("name")), user->service_account) &&
		    str_equal(namespace.size > 0 ? namespace : binding->namespace, user->namespace))
			return true;
	}
	return false;
}

static bool bindings_allow(struct cluster *cluster, const struct cluster_user *user,
			   struct str verb, struct str group, struct str resource,
			   struct str namespace)
{
	const struct cluster_kind *bindings = &cluster_kinds[KIND_ROLE_BINDING];
	struct cluster_object *binding = NULL;

	while ((binding = cluster_next(cluster, binding, bindings, namespace)) != NULL) {
		struct str name = json_str(json_path(binding->document, "roleRef.name"));
		const struct cluster_object *role =
			binding_is_for(binding, user)
				? cluster_find(cluster, &cluster_kinds[KIND_ROLE], namespace, name)
				: NULL;

		if (role != NULL &&
		    rules_allow(json_get(role->document, STR("rules")), verb, group, resource))
			return true;
	}
	return false;
}

bool cluster_api_may(struct cluster *cluster, const struct cluster_user *user, struct str verb,
		     const struct cluster_kind *kind, struct str subresource, struct str namespace,
		     struct error *error)
{
	char resource[128];
	int size = snprintf(resource, sizeof resource, "%.*s%s%.*s", STR_ARG(kind->plural),
			    subresource.size > 0 ? "/" : "", STR_ARG(subresource));

	if (user->is_administrator || bindings_allow(cluster, user, verb, kind->group,
						     str_of(resource, (size_t)size), namespace))
		return true;
	return error_set(error, ERROR_INVALID,
			 "%.*s%s%.*s is forbidden: User \"system:serviceaccount:%.*s:%.*s\" cannot "
			 "%.*s %s%s%.*s in the namespace \"%.*s\"",
			 STR_ARG(kind->plural), GROUP_OF(kind), STR_ARG(user->namespace),
			 STR_ARG(user->service_account), STR_ARG(verb), resource, GROUP_OF(kind),
			 STR_ARG(namespace));
}

/* Requests. */

static enum api_outcome not_found(const struct cluster_kind *kind, struct str name,
				  struct error *error)
{
	error_set(error, ERROR_NOT_FOUND, "%.*s%s%.*s \"%.*s\" not found", STR_ARG(kind->plural),
		  GROUP_OF(kind), STR_ARG(name));
	return API_NOT_FOUND;
}

enum api_outcome cluster_api_get(struct cluster *cluster, const struct cluster_user *user,
				 const struct cluster_kind *kind, struct str namespace,
				 struct str name, struct cluster_object **object,
				 struct error *error)
{
	if (!cluster_api_may(cluster, user, STR("get"), kind, STR(""), namespace, error))
		return API_FORBIDDEN;
	*object = cluster_find(cluster, kind, namespace, name);
	return *object != NULL ? API_FOUND : not_found(kind, name, error);
}

/* Who names a route's host himself needs a right of its own for that. */
static bool may_name_host(struct cluster *cluster, const struct cluster_user *user,
			  const struct cluster_kind *kind, struct str namespace,
			  struct error *error)
{
	return kind != &cluster_kinds[KIND_ROUTE] ||
	       cluster_api_may(cluster, user, STR("create"), kind, STR("custom-host"), namespace,
			       error);
}

static const struct cluster_kind *kind_of(const struct json *document, struct error *error)
{
	struct str name = json_get_str(document, STR("kind"));
	const struct cluster_kind *kind = cluster_kind_find(name);

	if (kind == NULL)
		error_set(error, ERROR_INVALID, "the cluster has no kind \"%.*s\"", STR_ARG(name));
	return kind;
}

enum api_outcome cluster_api_create(struct cluster *cluster, const struct cluster_user *user,
				    const struct json *document, struct cluster_object **object,
				    struct error *error)
{
	const struct cluster_kind *kind = kind_of(document, error);
	struct str namespace = json_str(json_path(document, "metadata.namespace"));
	struct error refusal = {0};

	if (kind == NULL)
		return API_INVALID;
	if (!cluster_api_may(cluster, user, STR("create"), kind, STR(""), namespace, error) ||
	    !may_name_host(cluster, user, kind, namespace, error))
		return API_FORBIDDEN;
	*object = cluster_add(cluster, document, &refusal);
	if (*object != NULL)
		return API_CREATED;
	error_set(error, refusal.kind, "%s", refusal.text);
	return refusal.kind == ERROR_CONFLICT ? API_EXISTS : API_INVALID;
}

enum api_outcome cluster_api_replace(struct cluster *cluster, const struct cluster_user *user,
				     const struct json *document, struct error *error)
{
	const struct cluster_kind *kind = kind_of(document, error);
	const struct json *metadata = json_get(document, STR("metadata"));
	struct str namespace = json_get_str(metadata, STR("namespace"));
	struct str name = json_get_str(metadata, STR("name"));
	struct cluster_object *object;
	bool changed;

	if (kind == NULL)
		return API_INVALID;
	if (!cluster_api_may(cluster, user, STR("update"), kind, STR(""), namespace, error))
		return API_FORBIDDEN;
	object = cluster_find(cluster, kind, namespace, name);
	if (object == NULL)
		return not_found(kind, name, error);
	if (!str_equal(json_str(json_path(object->document, "spec.host")),
		       json_str(json_path(document, "spec.host"))) &&
	    !may_name_host(cluster, user, kind, namespace, error))
		return API_FORBIDDEN;
	if (!cluster_change(cluster, object, document, &changed, error))
		return API_INVALID;
	return changed ? API_CHANGED : API_UNCHANGED;
}

enum api_outcome cluster_api_delete(struct cluster *cluster, const struct cluster_user *user,
				    const struct cluster_kind *kind, struct str namespace,
				    struct str name, struct error *error)
{
	struct cluster_object *object;

	if (!cluster_api_may(cluster, user, STR("delete"), kind, STR(""), namespace, error))
		return API_FORBIDDEN;
	object = cluster_find(cluster, kind, namespace, name);
	if (object == NULL)
		return not_found(kind, name, error);
	cluster_remove(cluster, object);
	return API_DELETED;
}
