/* What the tests of the cluster share: documents as YAML. Only for tests. */
#ifndef SIM_CLUSTER_CLUSTER_TEST_H
#define SIM_CLUSTER_CLUSTER_TEST_H

#include "base/json.h"
#include "base/yaml.h"
#include "sim/cluster/api.h"
#include "sim/cluster/kinds.h"
#include "sim/stage_test.h"

static inline const struct json *document(struct stage *stage, const char *yaml)
{
	struct error error = {0};
	const struct json *value = yaml_parse(stage->arena, str_from(yaml), 1 << 20, &error);

	ck_assert_msg(value != NULL, "%s", error.text);
	return value;
}

static inline struct cluster_object *put(struct stage *stage, const char *yaml)
{
	struct error error = {0};
	struct cluster_object *object =
		cluster_add(stage->sim->cluster, document(stage, yaml), &error);

	ck_assert_msg(object != NULL, "%s", error.text);
	return object;
}

/* The pod of zync-que at the host `api`, with the rights of spec/cluster.md 2.11. */
static inline void put_zync(struct stage *stage)
{
	put(stage, "{apiVersion: apps.openshift.io/v1, kind: DeploymentConfig, metadata: "
		   "{namespace: threescale, name: zync-que}}");
	put(stage,
	    "{kind: ReplicationController, metadata: {namespace: threescale, name: zync-que-1, "
	    "ownerReferences: [{kind: DeploymentConfig, name: zync-que, controller: true}]}}");
	put(stage, "{kind: Pod, metadata: {namespace: threescale, name: zync-que-1-x2x4b, "
		   "ownerReferences: [{kind: ReplicationController, name: zync-que-1, controller: "
		   "true}]}, spec: {serviceAccountName: zync-que-sa}, status: {podIP: 10.0.0.2}}");
	put(stage,
	    "{kind: Role, metadata: {namespace: threescale, name: zync-que-role}, rules: ["
	    "{apiGroups: [apps.openshift.io], resources: [deploymentconfigs], verbs: [get, list]}, "
	    "{apiGroups: [''], resources: [pods, replicationcontrollers], verbs: [get, list]}, "
	    "{apiGroups: [route.openshift.io], resources: [routes], verbs: [get, list, create, "
	    "delete, patch, update]}, "
	    "{apiGroups: [route.openshift.io], resources: [routes/custom-host], verbs: "
	    "[create]}]}");
	put(stage, "{kind: RoleBinding, metadata: {namespace: threescale, name: "
		   "zync-que-rolebinding}, roleRef: {name: zync-que-role}, subjects: [{kind: "
		   "ServiceAccount, name: zync-que-sa}]}");
}

#endif
