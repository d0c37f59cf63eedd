#include "sim/cluster/kinds.h"

#include "base/error.h"
#include "base/json.h"

static bool invalid(struct error *error, struct str object, const char *path, const char *why)
{
	return error_set(error, ERROR_INVALID, "%.*s is invalid: %s: %s", STR_ARG(object), path,
			 why);
}

static struct str name_of(const struct json *document)
{
	struct str name = json_str(json_path(document, "metadata.name"));

	return name.size > 0 ? name : json_str(json_path(document, "metadata.generateName"));
}

static bool is_one_of(struct str text, const char *words)
{
	struct str rest = str_from(words), word;

	while (str_next_field(&rest, ' ', &word)) {
		if (str_equal(text, word))
			return true;
	}
	return false;
}

/* A Service's ports are numbers; where they lead is a number or a container port's name. */
static bool check_service(const struct json *document, struct error *error)
{
	const struct json *ports = json_path(document, "spec.ports");

	if (ports == NULL || ports->count == 0)
		return invalid(error, name_of(document), "spec.ports", "Required value");
	JSON_EACH (port, ports) {
		int64_t number = json_int(json_get(port, STR("port")), 0);

		if (number < 1 || number > UINT16_MAX)
			return invalid(error, name_of(document), "spec.ports.port",
				       "must be between 1 and 65535");
	}
	return true;
}

static bool check_net_namespace(const struct json *document, struct error *error)
{
	return json_int(json_get(document, STR("netid")), -1) >= 0 ||
	       invalid(error, name_of(document), "netid", "must be a number from 0 on");
}

static bool check_tls(const struct json *tls, struct str name, struct error *error)
{
	struct str policy = json_get_str(tls, STR("insecureEdgeTerminationPolicy"));

	if (tls == NULL)
		return true;
	/* Passthrough and reencrypt take certificates that nothing here has. */
	if (!str_equal(json_get_str(tls, STR("termination")), STR("edge")))
		return invalid(error, name, "spec.tls.termination",
			       "the simulator's router ends TLS itself (edge)");
	return policy.size == 0 || is_one_of(policy, "None Allow Redirect") ||
	       invalid(error, name, "spec.tls.insecureEdgeTerminationPolicy",
		       "must be None, Allow or Redirect");
}

static bool check_route(const struct json *document, struct error *error)
{
	struct str name = name_of(document);
	struct str wildcard = json_str(json_path(document, "spec.wildcardPolicy"));

	if (json_str(json_path(document, "spec.to.name")).size == 0)
		return invalid(error, name, "spec.to.name", "Required value");
	if (json_str(json_path(document, "spec.host")).size == 0)
		return invalid(error, name, "spec.host",
			       "Required value: the simulator makes up no hosts");
	if (json_path(document, "spec.path") != NULL)
		return invalid(error, name, "spec.path",
			       "the simulator's router looks at hosts only");
	if (wildcard.size > 0 && !is_one_of(wildcard, "None Subdomain"))
		return invalid(error, name, "spec.wildcardPolicy", "must be None or Subdomain");
	return check_tls(json_path(document, "spec.tls"), name, error);
}

#define CORE STR_INIT("")
#define RBAC STR_INIT("rbac.authorization.k8s.io")

const struct cluster_kind cluster_kinds[KINDS] = {
	[KIND_PROJECT] = {STR_INIT("Project"), STR_INIT("projects"),
			  STR_INIT("project.openshift.io"), false, NULL},
	[KIND_NET_NAMESPACE] = {STR_INIT("NetNamespace"), STR_INIT("netnamespaces"),
				STR_INIT("network.openshift.io"), false, check_net_namespace},
	[KIND_SERVICE_ACCOUNT] = {STR_INIT("ServiceAccount"), STR_INIT("serviceaccounts"), CORE,
				  true, NULL},
	[KIND_ROLE] = {STR_INIT("Role"), STR_INIT("roles"), RBAC, true, NULL},
	[KIND_ROLE_BINDING] = {STR_INIT("RoleBinding"), STR_INIT("rolebindings"), RBAC, true, NULL},
	[KIND_POD] = {STR_INIT("Pod"), STR_INIT("pods"), CORE, true, NULL},
	[KIND_REPLICATION_CONTROLLER] = {STR_INIT("ReplicationController"),
					 STR_INIT("replicationcontrollers"), CORE, true, NULL},
	[KIND_DEPLOYMENT_CONFIG] = {STR_INIT("DeploymentConfig"), STR_INIT("deploymentconfigs"),
				    STR_INIT("apps.openshift.io"), true, NULL},
	[KIND_API_MANAGER] = {STR_INIT("APIManager"), STR_INIT("apimanagers"),
			      STR_INIT("apps.3scale.net"), true, NULL},
	[KIND_SERVICE] = {STR_INIT("Service"), STR_INIT("services"), CORE, true, check_service},
	[KIND_ROUTE] = {STR_INIT("Route"), STR_INIT("routes"), STR_INIT("route.openshift.io"), true,
			check_route},
};

const struct cluster_kind *cluster_kind_find(struct str name)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (str_equal(cluster_kinds[i].name, name))
			return &cluster_kinds[i];
	}
	return NULL;
}
