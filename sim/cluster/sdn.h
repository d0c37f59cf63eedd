/* The network of the cluster's pods (spec/cluster.md 6.5): `ovs-subnet`, where every pod reaches
 * every other, or `ovs-multitenant`, where what passes between projects is dropped unless they were
 * joined.
 *
 * A project's network is the `netid` of the NetNamespace of its name; without one it is alone.
 * Projects of one netid are joined (`oadm pod-network join-projects`), netid 0 reaches all. Hosts
 * that are no pods are outside, and not kept from anything.
 */
#ifndef SIM_CLUSTER_SDN_H
#define SIM_CLUSTER_SDN_H

#include <stdbool.h>

#include "base/str.h"

struct cluster;

/* False: there is no such plug-in. Empty: ovs-subnet. */
bool sdn_use(struct cluster *cluster, struct str plugin);

#endif
