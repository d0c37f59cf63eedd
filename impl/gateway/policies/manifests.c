#include "gateway/policies/manifests.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "gateway/gateway_internal.h"
#include "gateway/policies/policy.h"
#include "world/files.h"

#define MANIFEST_BYTES_MAX ((size_t)1024 * 1024)
#define NAMES_MAX 1000 /* entries of one directory that are looked at */

struct search {
	struct gateway *gateway;
	struct arena *arena;
	struct json *list;
};

/* The directories inside one. */
struct names {
	struct arena *arena;
	struct str *items;
	size_t count;
};

static void name_listed(struct str name, bool is_directory, void *data)
{
	struct names *names = data;

	if (is_directory && names->count < NAMES_MAX)
		names->items[names->count++] = str_copy(names->arena, name);
}

static struct names list_names(const struct search *search, struct str path)
{
	struct names names = {.arena = search->arena,
			      .items = ARENA_ARRAY(search->arena, struct str, NAMES_MAX)};

	files_list(search->gateway->world, path, name_listed, &names, NULL);
	return names;
}

static void add_manifest(struct search *search, struct str name, struct json *manifest)
{
	struct json *array = (struct json *)json_get(search->list, name);

	if (array == NULL)
		array = json_set(search->list, name, json_new(search->arena, JSON_ARRAY));
	json_append(array, manifest);
}

static bool is_complete(const struct json *manifest, struct error *error)
{
	static const struct str required[] = {STR_INIT("name"), STR_INIT("version"),
					      STR_INIT("configuration"), STR_INIT("summary")};

	for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
		if (json_get(manifest, required[i]) == NULL)
			return error_set(error, ERROR_INVALID, "no %.*s in the manifest",
					 STR_ARG(required[i]));
	}
	return true;
}

static void read_manifest(struct search *search, struct str name, struct str version,
			  struct str path)
{
	struct error_log *log = &search->gateway->log;
	struct arena *arena = search->arena;
	struct json *manifest;
	struct str text, told;
	struct error error;

	if (!files_read(search->gateway->world, path, MANIFEST_BYTES_MAX, arena, &text, &error)) {
		if (error.kind != ERROR_NOT_FOUND)
			LOG(log, LEVEL_WARN, NULL, "%s", log_text(arena, str_from(error.text)));
		return;
	}
	manifest = json_parse(arena, text, MANIFEST_BYTES_MAX, &error);
	if (manifest == NULL || !is_complete(manifest, &error)) {
		LOG(log, LEVEL_WARN, NULL, "failed to load policy manifest %s: %s",
		    log_text(arena, path), log_text(arena, str_from(error.text)));
		return;
	}
	told = json_get_str(manifest, STR("version"));
	if (str_equal(told, version))
		add_manifest(search, name, manifest);
	else
		LOG(log, LEVEL_ERROR, NULL, "Not loading policy: %s path: %s version: %s~= %s",
		    log_text(arena, name), log_text(arena, path), log_text(arena, version),
		    log_text(arena, told));
}

static void search_directory(struct search *search, struct str directory)
{
	struct arena *arena = search->arena;
	struct names names = list_names(search, directory);

	for (size_t i = 0; i < names.count; i++) {
		struct str folder = STR_CONCAT(arena, directory, STR("/"), names.items[i]);
		struct names versions = list_names(search, folder);

		for (size_t j = 0; j < versions.count; j++)
			read_manifest(search, names.items[i], versions.items[j],
				      STR_CONCAT(arena, folder, STR("/"), versions.items[j],
						 STR("/apicast-policy.json")));
	}
}

struct json *policy_manifests(struct gateway *gateway, struct arena *arena)
{
	struct search search = {gateway, arena, json_new(arena, JSON_OBJECT)};
	struct str rest = gateway->settings.policy_load_path, directory;

	for (size_t i = 0; policies[i] != NULL; i++) {
		if (policies[i]->manifest != NULL) /* the others are internal */
			add_manifest(&search, policies[i]->name,
				     json_parse(arena, str_from(policies[i]->manifest),
						MANIFEST_BYTES_MAX, NULL));
	}
	while (str_next_field(&rest, ':', &directory)) {
		if (directory.size > 0)
			search_directory(&search, directory);
	}
	return search.list;
}
