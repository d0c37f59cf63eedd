#include "gateway/policies/table.h"

/* In the order of their names (9.3). */
const struct policy *const policies[] = {
	&apicast_policy,
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
