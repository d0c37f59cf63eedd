#include "portal/release.h"

#include <stddef.h>

#include "base/bug.h"

/* In their order; each has what came before it unless a mark says otherwise. */
static const struct release releases[] = {
	{
		.name = STR_INIT("2.5"),
		.tests_by_seed_label = true,
	},
	{
		.name = STR_INIT("2.6"),
		.has_private_base_paths = true,
		.has_zync_routes = true,
	},
	{
		.name = STR_INIT("later"),
		.has_private_base_paths = true,
		.has_zync_routes = true,
		.has_later_routes = true,
	},
};
#define RELEASES (sizeof releases / sizeof *releases)
#define DEFAULT_RELEASE STR("2.6")

const struct release *release_find(struct str name)
{
	if (name.size == 0)
		name = DEFAULT_RELEASE;
	for (size_t i = 0; i < RELEASES; i++) {
		if (str_equal(releases[i].name, name))
			return &releases[i];
	}
	return NULL;
}

bool release_has_property(const struct release *release, struct str *name)
{
	const struct release *marked;
	struct str mark;
	bool until;

	if (!str_split_once(*name, ':', name, &mark))
		return true;
	until = str_has_prefix(mark, STR("-"));
	marked = release_find(until ? str_skip(mark, 1) : mark);
	BUG_IF(marked == NULL);
	return until ? release < marked : release >= marked;
}
