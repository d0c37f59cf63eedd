#include "world/routes.h"

bool routes_went_well(enum routes_outcome outcome)
{
	switch (outcome) {
	case ROUTES_CREATED:
	case ROUTES_PATCHED:
	case ROUTES_UNCHANGED:
	case ROUTES_DELETED:
		return true;
	case ROUTES_NOT_FOUND:
	case ROUTES_FORBIDDEN:
	case ROUTES_INVALID:
	case ROUTES_FAILED:
		break;
	}
	return false;
}

struct str route_label(const struct route *route, struct str name)
{
	for (size_t i = 0; i < route->labels_count; i++) {
		if (str_equal(route->labels[i].name, name))
			return route->labels[i].value;
	}
	return STR("");
}

bool route_has_labels(const struct route *route, const struct route_label *labels, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!str_equal(route_label(route, labels[i].name), labels[i].value))
			return false;
	}
	return true;
}

bool route_is_like(const struct route *route, const struct route *wanted)
{
	return route->labels_count == wanted->labels_count &&
	       route_has_labels(route, wanted->labels, wanted->labels_count) &&
	       str_equal(route->host, wanted->host) && str_equal(route->service, wanted->service) &&
	       str_equal(route->port, wanted->port) &&
	       str_equal(route->tls_termination, wanted->tls_termination) &&
	       str_equal(route->insecure_policy, wanted->insecure_policy);
}

void route_write_suffix(char suffix[ROUTE_SUFFIX_SIZE], uint64_t chance)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789"; /* spec/cluster.md 1 */

	for (size_t i = 0; i < ROUTE_SUFFIX_SIZE; i++) {
		suffix[i] = letters[chance % (sizeof letters - 1)];
		chance /= sizeof letters - 1;
	}
}
