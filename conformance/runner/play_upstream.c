#include "base/json.h"
#include "conformance/runner/play.h"

static const struct json *echo(const struct record *record, struct arena *arena)
{
	struct json *answer = json_new(arena, JSON_OBJECT);
	struct json *echoed = json_set(answer, STR("json"), json_new(arena, JSON_OBJECT));
	struct json *fields = json_new(arena, JSON_OBJECT);

	for (size_t i = 0; i < record->fields.count; i++)
		json_set(fields, record->fields.items[i].name,
			 json_new_str(arena, record->fields.items[i].value));
	json_set(echoed, STR("method"), json_new_str(arena, record->method));
	json_set(echoed, STR("path"), json_new_str(arena, record->path));
	json_set(echoed, STR("query"), json_new_str(arena, record->query));
	json_set(echoed, STR("fields"), fields);
	json_set(echoed, STR("body_bytes"), json_new_int(arena, (int64_t)record->body.size));
	return answer;
}

const struct json *play_upstream_choose(struct play *play, const struct record *record,
					struct arena *arena)
{
	const struct json *answer = script_take(&play->script);

	return answer == NULL || answer->kind == JSON_STRING ? echo(record, arena) : answer;
}

/* The registry of a gateway that offers nothing, and what it is in front of. */
const struct json *play_gateway_choose(struct play *play, const struct record *record,
				       struct arena *arena)
{
	struct json *answer, *content;

	if (play->script.answers != NULL || !str_equal(record->path, STR("/policies")))
		return play_upstream_choose(play, record, arena);
	answer = json_new(arena, JSON_OBJECT);
	content = json_set(answer, STR("json"), json_new(arena, JSON_OBJECT));
	json_set(content, STR("policies"), json_new(arena, JSON_OBJECT));
	return answer;
}
