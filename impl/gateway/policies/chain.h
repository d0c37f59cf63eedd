/* Chains of policies (spec/gateway.md 9.1): `policy_chain` of a service, and those inside a policy.
 * Live in the configuration version's arena.
 */
#ifndef GATEWAY_POLICIES_CHAIN_H
#define GATEWAY_POLICIES_CHAIN_H

#include "gateway/policies/policy.h"

/* Chains in chains: a service's own, and so many inside each other. */
#define POLICY_CHAIN_DEPTH_MAX 8

struct policy_chain {
	struct policy_instance *items;
	size_t count;
};

/* An element that cannot be used is left out with a line in the log; without an array (absent,
 * null) the chain is [apicast]. */
void policy_chain_parse(const struct policy_loader *loader, const struct json *array,
			struct policy_chain *chain);
void policy_chain_export(const struct policy_chain *chain, struct policy_exports *exports);

#endif
