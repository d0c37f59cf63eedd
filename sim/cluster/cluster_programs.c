#include "sim/cluster/cluster_programs.h"

#include <stddef.h>

#include "world/component.h"

static const struct component *const programs[] = {
	&cluster_router_component,
	&wildcard_router_component,
};

const struct component *cluster_component_find(struct str name)
{
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (str_equal(name, str_from(programs[i]->name)))
			return programs[i];
	}
	return NULL;
}
