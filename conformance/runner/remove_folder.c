#include "conformance/runner/remove_folder.h"

#include "base/arena.h"
#include "world/files.h"

#define DEPTH_MAX 8 /* of folders in the folder */

struct removal {
	struct world *world;
	struct arena *arena;
	struct str folder;
	int depth;
};

static void remove_entries(const struct removal *removal);

/* A link to a folder is listed as one, but goes like a file. */
static void entry_listed(struct str name, bool is_directory, void *data)
{
	struct removal inner = *(const struct removal *)data;

	inner.folder = STR_CONCAT(inner.arena, inner.folder, STR("/"), name);
	if (files_remove(inner.world, inner.folder, NULL) || !is_directory ||
	    ++inner.depth > DEPTH_MAX)
		return;
	remove_entries(&inner);
	files_remove(inner.world, inner.folder, NULL);
}

static void remove_entries(const struct removal *removal)
{
	files_list(removal->world, removal->folder, entry_listed, (void *)(uintptr_t)removal, NULL);
}

void remove_folder(struct world *world, struct str path)
{
	const struct removal removal = {.world = world, .arena = arena_create(), .folder = path};

	remove_entries(&removal);
	files_remove(world, path, NULL);
	arena_destroy(removal.arena);
}
