/* Programs of the cluster that run as processes of the simulator. */
#ifndef SIM_CLUSTER_CLUSTER_PROGRAMS_H
#define SIM_CLUSTER_CLUSTER_PROGRAMS_H

#include "base/str.h"

struct component;

extern const struct component cluster_router_component;  /* router.c */
extern const struct component wildcard_router_component; /* wildcard_router.c */

/* NULL: none of them is called like that. */
const struct component *cluster_component_find(struct str name);

#endif
