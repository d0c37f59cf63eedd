/* The kinds of objects that the cluster knows: a row each (kinds.c). */
#ifndef SIM_CLUSTER_KINDS_H
#define SIM_CLUSTER_KINDS_H

#include "sim/cluster/objects.h"

/* Those that code of the simulator names. */
enum cluster_kind_id {
	KIND_PROJECT,
	KIND_NET_NAMESPACE,
	KIND_SERVICE_ACCOUNT,
	KIND_ROLE,
	KIND_ROLE_BINDING,
	KIND_POD,
	KIND_REPLICATION_CONTROLLER,
	KIND_DEPLOYMENT_CONFIG,
	KIND_API_MANAGER,
	KIND_SERVICE,
	KIND_ROUTE,
	KINDS
};

extern const struct cluster_kind cluster_kinds[KINDS];

#endif
