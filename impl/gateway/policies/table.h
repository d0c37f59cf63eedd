/* The rows of policies/table.c, each defined by the file of its name. */
#ifndef GATEWAY_POLICIES_TABLE_H
#define GATEWAY_POLICIES_TABLE_H

#include "gateway/policies/policy.h"

extern const struct policy batcher_policy;
extern const struct policy referrer_policy;
extern const struct policy apicast_policy;
extern const struct policy caching_policy;
extern const struct policy conditional_policy;
extern const struct policy cors_policy;
extern const struct policy default_credentials_policy;
extern const struct policy echo_policy;
extern const struct policy headers_policy;
extern const struct policy ip_check_policy;
extern const struct policy jwt_claim_check_policy;
extern const struct policy keycloak_role_check_policy;
extern const struct policy liquid_context_debug_policy;
extern const struct policy logging_policy;
extern const struct policy oidc_authentication_policy;
extern const struct policy phase_logger_policy;
extern const struct policy rate_limit_policy;
extern const struct policy retry_policy;
extern const struct policy rewrite_url_captures_policy;
extern const struct policy routing_policy;
extern const struct policy soap_policy;
extern const struct policy tls_validation_policy;
extern const struct policy token_introspection_policy;
extern const struct policy upstream_policy;
extern const struct policy upstream_connection_policy;
extern const struct policy url_rewriting_policy;
extern const struct policy websocket_policy;

#endif
