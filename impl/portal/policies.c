#include "portal/policies.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "portal/validation.h"

#define POLICIES_BYTES_MAX 65535 /* spec/portal.md 6.1 */

/* Reads a stored chain; `apicast` is appended when it is missing. */
static struct json *read_chain(struct arena *arena, struct str stored)
{
	struct json *chain = json_parse(arena, stored, LIMIT_PORTAL_BODY_BYTES, NULL);
	bool has_apicast = false;

	if (chain == NULL || chain->kind != JSON_ARRAY)
		chain = json_new(arena, JSON_ARRAY);
	JSON_EACH (entry, chain) {
		if (str_equal(json_get_str(entry, STR("name")), STR("apicast")))
			has_apicast = true;
	}
	if (!has_apicast)
		json_append(chain, json_parse(arena, STR(POLICIES_APICAST), 4096, NULL));
	return chain;
}

static void copy_members(struct arena *arena, struct json *to, const struct json *entry,
			 const char *names)
{
	struct str rest = str_from(names), name;

	while (str_next_field(&rest, ' ', &name)) {
		const struct json *member = json_get(entry, name);

		if (member != NULL)
			json_set(to, name, json_copy(arena, member));
	}
}

static struct str chain_of(struct arena *arena, struct str stored, const char *names,
			   bool only_enabled)
{
	struct json *chain = read_chain(arena, stored), *out = json_new(arena, JSON_ARRAY);

	JSON_EACH (entry, chain) {
		if (only_enabled && !json_bool(json_get(entry, STR("enabled")), true))
			continue;
		copy_members(arena, json_append(out, json_new(arena, JSON_OBJECT)), entry, names);
	}
	return json_print(arena, out);
}

bool policies_have(struct arena *arena, struct str stored, struct str name, struct str version)
{
	JSON_EACH (entry, json_parse(arena, stored, LIMIT_PORTAL_BODY_BYTES, NULL)) {
		if (str_equal(json_get_str(entry, STR("name")), name) &&
		    str_equal(json_get_str(entry, STR("version")), version))
			return true;
	}
	return false;
}

struct str policies_shown(struct arena *arena, struct str stored)
{
	return json_print(arena, read_chain(arena, stored));
}

struct str policies_brief(struct arena *arena, struct str stored)
{
	return chain_of(arena, stored, "name version configuration enabled", false);
}

struct str policies_chain(struct arena *arena, struct str stored)
{
	return chain_of(arena, stored, "name version configuration", true);
}

static bool check_entry(struct arena *arena, struct json *entry)
{
	struct json *errors = json_new(arena, JSON_OBJECT);
	const struct json *configuration = json_get(entry, STR("configuration"));
	static const struct str needed[] = {STR_INIT("name"), STR_INIT("version")};

	for (size_t i = 0; i < 2; i++) {
		if (json_scalar_text(json_get(entry, needed[i])).size == 0)
			json_append(json_set(errors, needed[i], json_new(arena, JSON_ARRAY)),
				    json_new_str(arena, STR("can't be blank")));
	}
	if (configuration == NULL || configuration->kind != JSON_OBJECT)
		json_append(json_set(errors, STR("configuration"), json_new(arena, JSON_ARRAY)),
			    json_new_str(arena,
					 configuration == NULL || configuration->kind == JSON_NULL
						 ? STR("can't be blank")
						 : STR("is invalid")));
	if (errors->count > 0)
		json_set(entry, STR("errors"), errors);
	return errors->count == 0;
}

/* A refused chain is sent again with what was said of it: that is no part of an entry. */
static struct json *copy_entry(struct arena *arena, const struct json *entry)
{
	struct json *copy = json_new(arena, JSON_OBJECT);

	if (entry->kind != JSON_OBJECT)
		return json_copy(arena, entry);
	JSON_EACH (member, entry) {
		if (!str_equal(member->key, STR("errors")))
			json_set(copy, str_copy(arena, member->key), json_copy(arena, member));
	}
	return copy;
}

bool policies_check(struct arena *arena, const struct json *chain, struct str *text)
{
	bool sound = chain != NULL && chain->kind == JSON_ARRAY;
	struct json *copy = json_new(arena, sound ? JSON_ARRAY : JSON_NULL);

	if (chain != NULL && !sound)
		copy = json_copy(arena, chain);
	for (const struct json *entry = sound ? chain->first_child : NULL; entry != NULL;
	     entry = entry->next) {
		json_append(copy, copy_entry(arena, entry));
		sound = sound && entry->kind == JSON_OBJECT;
	}
	if (sound) {
		for (struct json *entry = copy->first_child; entry != NULL; entry = entry->next) {
			if (json_get(entry, STR("enabled")) == NULL)
				json_set(entry, STR("enabled"), json_new_bool(arena, true));
			sound = check_entry(arena, entry) && sound;
		}
	}
	*text = json_print(arena, copy);
	return sound;
}

bool policies_fit(struct str text, struct validation *faults)
{
	if (text.size <= POLICIES_BYTES_MAX)
		return true;
	validation_add(faults, "policies_config",
		       str_format(faults->arena, "is too long (maximum is %d characters)",
				  POLICIES_BYTES_MAX));
	return false;
}

void policies_add_faults(struct validation *faults, struct str text)
{
	struct arena *arena = faults->arena;
	struct json *chain = json_parse(arena, text, LIMIT_PORTAL_BODY_BYTES, NULL);

	JSON_EACH (entry, chain) {
		JSON_EACH (member, json_get(entry, STR("errors")))
			validation_add(faults, "policies_config",
				       STR_CONCAT(arena, member->key, STR(" "),
						  json_str(json_at(member, 0))));
	}
	if (validation_is_clean(faults))
		validation_add(faults, "policies_config", STR("is invalid"));
}
