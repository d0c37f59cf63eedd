/* The API server: requests of users, answered with their rights (spec/cluster.md 2.11).
 *
 * A user is a service account, or the administrator (system:admin), who may all. A program on a
 * host that is a pod's (status.podIP of a Pod is the host's address) asks as the pod's service
 * account; one on any other host is an administrator's, with his log-in. What an account may is
 * said by the Roles that RoleBindings of the project give it.
 *
 * Refusals are outcomes, their text in *error as a real API server words it.
 */
#ifndef SIM_CLUSTER_API_H
#define SIM_CLUSTER_API_H

#include "sim/cluster/objects.h"

struct sim_process;

struct cluster_user {
	bool is_administrator;
	struct str namespace, service_account;
	const struct cluster_object *pod; /* in which it runs; NULL: in none */
};

enum api_outcome {
	API_FOUND,
	API_CREATED,
	API_CHANGED,
	API_UNCHANGED,
	API_DELETED,
	API_FORBIDDEN,
	API_NOT_FOUND,
	API_EXISTS,
	API_INVALID,
};

#define CLUSTER_ADMINISTRATOR ((struct cluster_user){.is_administrator = true})
struct cluster_user cluster_user_of(struct cluster *cluster, const struct sim_process *process);

/* subresource: "custom-host", or empty. False and *error: "... is forbidden: User ...". */
bool cluster_api_may(struct cluster *cluster, const struct cluster_user *user, struct str verb,
		     const struct cluster_kind *kind, struct str subresource, struct str namespace,
		     struct error *error);

enum api_outcome cluster_api_get(struct cluster *cluster, const struct cluster_user *user,
				 const struct cluster_kind *kind, struct str namespace,
				 struct str name, struct cluster_object **object,
				 struct error *error);
enum api_outcome cluster_api_create(struct cluster *cluster, const struct cluster_user *user,
				    const struct json *document, struct cluster_object **object,
				    struct error *error);
/* The whole document, for the object that it names. */
enum api_outcome cluster_api_replace(struct cluster *cluster, const struct cluster_user *user,
				     const struct json *document, struct error *error);
enum api_outcome cluster_api_delete(struct cluster *cluster, const struct cluster_user *user,
				    const struct cluster_kind *kind, struct str namespace,
				    struct str name, struct error *error);

#endif
