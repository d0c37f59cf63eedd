#include "gateway/policies/table.h"

/* In the order of their names (9.3). */
const struct policy *const policies[] = {
	&batcher_policy,
	&referrer_policy,
	&apicast_policy,
	&caching_policy,
	&conditional_policy,
	&cors_policy,
	&default_credentials_policy,
	&echo_policy,
	&headers_policy,
	&ip_check_policy,
	&jwt_claim_check_policy,
	&keycloak_role_check_policy,
	&liquid_context_debug_policy,
	&logging_policy,
	&oidc_authentication_policy,
	&phase_logger_policy,
	&rate_limit_policy,
	&retry_policy,
	&rewrite_url_captures_policy,
	&routing_policy,
	&soap_policy,
	&tls_validation_policy,
	&token_introspection_policy,
	&upstream_policy,
	&upstream_connection_policy,
	&url_rewriting_policy,
	&websocket_policy,
	NULL,
};

const struct policy *policy_find(struct str name, struct str version)
{
	static const struct str prefix = STR_INIT("apicast.policy.");

	if (str_has_prefix(name, prefix)) {
		name = str_skip(name, prefix.size);
		version = STR("builtin");
	}
	for (size_t i = 0; policies[i] != NULL; i++) {
		if (str_equal(policies[i]->name, name) && str_equal(policies[i]->version, version))
			return policies[i];
	}
	return NULL;
}
