#include "sim/cluster/endpoints.h"

#include "base/json.h"
#include "sim/cluster/kinds.h"

static bool port_is(const struct json *port, struct str wanted)
{
	return wanted.size == 0 || str_equal(json_get_str(port, STR("name")), wanted) ||
	       str_equal(json_scalar_text(json_get(port, STR("port"))), wanted) ||
	       str_equal(json_scalar_text(json_get(port, STR("targetPort"))), wanted);
}

static const struct json *find_port(const struct json *service, struct str wanted)
{
	JSON_EACH (port, json_path(service, "spec.ports")) {
		if (port_is(port, wanted))
			return port;
	}
	return NULL;
}

static bool is_ready(const struct json *pod)
{
	JSON_EACH (condition, json_path(pod, "status.conditions")) {
		if (str_equal(json_get_str(condition, STR("type")), STR("Ready")))
			return str_equal(json_get_str(condition, STR("status")), STR("True"));
	}
	return true;
}

/* A name is that of a container's port. */
static int64_t number_of(const struct json *port, const struct json *pod)
{
	const struct json *target = json_get(port, STR("targetPort"));
	int64_t number = json_int(target != NULL ? target : json_get(port, STR("port")), 0);

	if (number > 0)
		return number;
	JSON_EACH (container, json_path(pod, "spec.containers")) {
		JSON_EACH (own, json_get(container, STR("ports"))) {
			if (str_equal(json_get_str(own, STR("name")), json_str(target)))
				return json_int(json_get(own, STR("containerPort")), 0);
		}
	}
	return 0;
}

void endpoints_find(struct cluster *cluster, struct str namespace, struct str service,
		    struct str port, struct arena *arena, struct endpoints *endpoints)
{
	const struct cluster_object *found =
		cluster_find(cluster, &cluster_kinds[KIND_SERVICE], namespace, service);
	const struct json *row = found != NULL ? find_port(found->document, port) : NULL;
	const struct json *selector =
		found != NULL ? json_path(found->document, "spec.selector") : NULL;
	struct cluster_object *pod = NULL;

	if (row == NULL || selector == NULL || selector->count == 0)
		return;
	while ((pod = cluster_next(cluster, pod, &cluster_kinds[KIND_POD], namespace)) != NULL) {
		struct str address = json_str(json_path(pod->document, "status.podIP"));
		int64_t number = number_of(row, pod->document);
		struct endpoint endpoint = {str_copy(arena, address), (uint16_t)number};

		if (address.size > 0 && number > 0 && number <= UINT16_MAX &&
		    json_path(pod->document, "metadata.deletionTimestamp") == NULL &&
		    is_ready(pod->document) && cluster_has_labels(pod->document, selector))
			vec_push(&endpoints->items, endpoint);
	}
}
