#include "base/json.h"
#include "conformance/runner/play.h"

const struct json *play_script_choose(struct play *play, const struct record *record,
				      struct arena *arena)
{
	(void)record;
	(void)arena;
	return script_take(&play->script);
}

const struct json *play_json_choose(struct play *play, const struct record *record,
				    struct arena *arena)
{
	const struct json *scripted = play_script_choose(play, record, arena);
	struct json *answer;

	if (scripted != NULL)
		return scripted;
	answer = json_new(arena, JSON_OBJECT);
	json_set(answer, STR("json"), json_new(arena, JSON_OBJECT));
	return answer;
}

static struct script *script_of(struct path_scripts *scripts, const struct json *override)
{
	for (size_t i = 0; i < scripts->count; i++) {
		if (str_equal(scripts->used[i].path, override->key))
			return &scripts->used[i].script;
	}
	if (scripts->count == sizeof scripts->used / sizeof *scripts->used)
		return NULL;
	scripts->used[scripts->count].path = override->key;
	scripts->used[scripts->count].script = (struct script){override, 0};
	return &scripts->used[scripts->count++].script;
}

const struct json *path_scripts_take(struct path_scripts *scripts, const struct record *record)
{
	const struct json *override = json_get(scripts->overrides, record->target);
	struct script *script;

	if (override == NULL)
		override = json_get(scripts->overrides, record->path);
	if (override == NULL)
		return NULL;
	script = script_of(scripts, override);
	return script != NULL ? script_take(script) : override;
}
