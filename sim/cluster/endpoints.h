/* Where a Service leads: the pods that its selector names (spec/cluster.md 2.6, 6.2). A pod counts
 * when it has an address, is not on its way out, and does not say that it is not ready. */
#ifndef SIM_CLUSTER_ENDPOINTS_H
#define SIM_CLUSTER_ENDPOINTS_H

#include "base/vec.h"
#include "sim/cluster/objects.h"

struct endpoint {
	struct str address;
	uint16_t port;
};

struct endpoints {
	VEC(struct endpoint) items; /* in the order of the pods' creation; the caller's to free */
};

/* Appends those of the Service's port of that name or number; empty: its first. Addresses are
 * copied into the arena. A service or port that is not there has none. */
void endpoints_find(struct cluster *cluster, struct str namespace, struct str service,
		    struct str port, struct arena *arena, struct endpoints *endpoints);

#endif
