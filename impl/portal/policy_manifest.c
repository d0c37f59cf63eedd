#include "portal/policy_manifest.h"

#include "base/arena.h"
#include "base/json.h"
#include "portal/validation.h"

#define SUMMARY_CHARACTERS_MAX 75

enum { IS_STRING = 1 << JSON_STRING, IS_ARRAY = 1 << JSON_ARRAY, IS_OBJECT = 1 << JSON_OBJECT };

static const struct member {
	struct str name;
	unsigned kinds; /* of IS_... */
	bool is_required;
	size_t characters_max; /* of a string; 0 = any */
} members[] = {
	{STR_INIT("name"), IS_STRING, true, 0},
	{STR_INIT("version"), IS_STRING, true, 0},
	{STR_INIT("configuration"), IS_OBJECT, true, 0},
	{STR_INIT("summary"), IS_STRING, true, SUMMARY_CHARACTERS_MAX},
	{STR_INIT("description"), IS_STRING | IS_ARRAY, false, 0},
};

static size_t characters_of(struct str text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
	return count;
}

static bool is_empty(const struct json *value)
{
	if (value->kind == JSON_STRING)
		return json_str(value).size == 0;
	return value->kind == JSON_ARRAY && value->count == 0;
}

/* Empty: nothing to say. */
static struct str fault_of(struct arena *arena, const struct member *member,
			   const struct json *value)
{
	if (value == NULL)
		return member->is_required
			       ? STR_CONCAT(arena,
					    STR("The property '#/' did not contain a required "
						"property of '"),
					    member->name, STR("'"))
			       : STR("");
	if ((1u << value->kind & member->kinds) == 0)
		return STR_CONCAT(arena, STR("The property '#/"), member->name,
				  STR("' has the wrong type"));
	if (is_empty(value) && member->characters_max == 0)
		return STR_CONCAT(arena, STR("The property '#/"), member->name,
				  STR("' must not be empty"));
	if (member->characters_max > 0 && characters_of(json_str(value)) > member->characters_max)
		return str_format(arena, "The property '#/%.*s' is longer than %zu characters",
				  STR_ARG(member->name), member->characters_max);
	return STR("");
}

void policy_manifest_check(const struct json *manifest, struct validation *validation)
{
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		struct str fault = fault_of(validation->arena, &members[i],
					    json_get(manifest, members[i].name));

		if (fault.size > 0)
			validation_add(validation, "schema", fault);
	}
}
