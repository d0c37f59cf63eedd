#include "sim/cluster/sdn.h"

#include "base/json.h"
#include "sim/cluster/kinds.h"
#include "sim/sim_internal.h"

static const struct cluster_object *pod_at(struct cluster *cluster, struct str address)
{
	struct cluster_object *pod = NULL;

	while ((pod = cluster_next(cluster, pod, &cluster_kinds[KIND_POD], STR(""))) != NULL) {
		if (str_equal(json_str(json_path(pod->document, "status.podIP")), address))
			return pod;
	}
	return NULL;
}

/* -1: the project is alone. */
static int64_t netid_of(struct cluster *cluster, struct str project)
{
	const struct cluster_object *found =
		cluster_find(cluster, &cluster_kinds[KIND_NET_NAMESPACE], STR(""), project);

	return found != NULL ? json_int(json_get(found->document, STR("netid")), -1) : -1;
}

static bool are_joined(const struct sim_host *from, const struct sim_host *to, void *data)
{
	struct cluster *cluster = data;
	const struct cluster_object *one = pod_at(cluster, from->address), *other;
	int64_t one_id, other_id;

	if (one == NULL)
		return true;
	other = pod_at(cluster, to->address);
	if (other == NULL || str_equal(one->namespace, other->namespace))
		return true;
	one_id = netid_of(cluster, one->namespace);
	other_id = netid_of(cluster, other->namespace);
	return one_id == 0 || other_id == 0 || (one_id > 0 && one_id == other_id);
}

bool sdn_use(struct cluster *cluster, struct str plugin)
{
	struct net *net = &cluster_sim(cluster)->net;
	bool is_multitenant = str_equal(plugin, STR("ovs-multitenant"));

	net->overlay_joins = is_multitenant ? are_joined : NULL;
	net->overlay_data = cluster;
	return is_multitenant || plugin.size == 0 || str_equal(plugin, STR("ovs-subnet"));
}
