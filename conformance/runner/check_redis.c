#include "conformance/runner/check_redis.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "conformance/runner/match.h"
#include "conformance/runner/wire.h"

static const struct redis_observation *observation_of(const struct checking *c,
						      const struct json *expected)
{
	for (size_t i = 0; i < c->view->observations_count; i++) {
		if (c->view->observations[i].check == expected)
			return &c->view->observations[i];
	}
	return NULL;
}

/* Numbers and texts are the same: Redis knows texts only. */
static bool fits(const struct json *expected, const struct json *actual)
{
	const struct json *other = actual->first_child;

	if (match_is_matcher(expected))
		return match_value(expected, actual->kind != JSON_NULL, json_scalar_text(actual));
	if (expected->kind == JSON_NULL || actual->kind == JSON_NULL)
		return expected->kind == actual->kind;
	if (expected->kind != JSON_ARRAY)
		return actual->kind != JSON_ARRAY &&
		       str_equal(json_scalar_text(expected), json_scalar_text(actual));
	if (actual->kind != JSON_ARRAY || actual->count != expected->count)
		return false;
	JSON_EACH (item, expected) { /* depth is bounded by the readers of both */
		if (!fits(item, other))
			return false;
		other = other->next;
	}
	return true;
}

/* A list in the order of its items' texts. */
static const struct json *sorted(struct arena *arena, const struct json *list)
{
	const struct json **items = ARENA_ARRAY(arena, const struct json *, list->count + 1);
	struct json *out = json_new(arena, JSON_ARRAY);
	size_t count = 0;

	if (list->kind != JSON_ARRAY)
		return list;
	out->line = list->line;
	JSON_EACH (item, list) {
		size_t at = count++;

		for (; at > 0 &&
		       str_compare(json_scalar_text(items[at - 1]), json_scalar_text(item)) > 0;
		     at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
	for (size_t i = 0; i < count; i++)
		json_append(out, json_copy(arena, items[i]));
	return out;
}

/* The JSON that a text holds, or a list of such texts. What is none stays what it is. */
static const struct json *content_of(struct arena *arena, const struct json *reply)
{
	const struct json *content;
	struct json *list;

	if (reply->kind == JSON_ARRAY) {
		list = json_new(arena, JSON_ARRAY);
		JSON_EACH (item, reply)
			json_append(list, json_copy(arena, content_of(arena, item)));
		return list;
	}
	content = reply->kind == JSON_STRING
			  ? json_parse(arena, reply->text, LIMIT_CONFIG_BYTES, NULL)
			  : NULL;
	return content != NULL ? content : reply;
}

static void fail(struct checking *c, const struct json *expected, const struct json *wanted,
		 struct str actual)
{
	check_fail_text(c, expected->line, "", check_expected_text(c, wanted), actual);
}

/* How many answers of the step have that status: what was counted against what was authorized. */
static const struct json *answers_with(const struct checking *c, const struct json *status)
{
	const struct record *record;
	int64_t count = 0;
	size_t at = 0;

	while ((record = wire_next(c->view->wire, SIDE_CLIENT, &at)) != NULL)
		count += record->status == status->integer;
	return json_new_int(c->view->arena, count);
}

void check_redis(struct checking *c, const struct json *expected)
{
	struct arena *arena = c->view->arena;
	const struct redis_observation *seen = observation_of(c, expected);
	const struct json *reply = json_get(expected, STR("reply"));
	const struct json *reply_json = json_get(expected, STR("reply_json"));
	const struct json *status = json_get(expected, STR("reply_answers"));
	const struct json *wanted = reply != NULL ? reply : reply_json, *actual;

	if (status != NULL)
		wanted = answers_with(c, status);

	JSON_EACH (word, json_get(expected, STR("command")))
		c->place = STR_CONCAT(arena, c->place, STR(" "), json_scalar_text(word));
	if (seen == NULL || seen->reply == NULL) {
		fail(c, expected, wanted, seen != NULL ? seen->failure : STR("it was not asked"));
		return;
	}
	actual = seen->reply;
	if (json_bool(json_get(expected, STR("sorted")), false)) {
		actual = sorted(arena, actual);
		wanted = sorted(arena, wanted);
	}
	if (reply_json != NULL ? !match_json(wanted, content_of(arena, actual))
			       : !fits(wanted, actual))
		fail(c, expected, wanted, json_print(arena, actual));
}
