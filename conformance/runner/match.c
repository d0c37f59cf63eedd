#include "conformance/runner/match.h"

#include <stddef.h>

#include "base/json.h"
#include "base/pattern.h"

bool match_is_matcher(const struct json *expected)
{
	const struct json *member;

	if (expected->kind != JSON_OBJECT || expected->count != 1)
		return false;
	member = expected->first_child;
	return str_equal(member->key, STR("matches")) || str_equal(member->key, STR("absent")) ||
	       str_equal(member->key, STR("any"));
}

static bool matches_pattern(struct str expression, struct str actual)
{
	struct pattern *pattern = pattern_create(expression, NULL);
	bool found = pattern != NULL && pattern_is_found(pattern, actual);

	pattern_destroy(pattern);
	return found;
}

static bool match_matcher(const struct json *expected, bool is_present, struct str actual)
{
	const struct json *member = expected->first_child;

	if (str_equal(member->key, STR("absent")))
		return !is_present;
	if (str_equal(member->key, STR("any")))
		return is_present;
	return is_present && matches_pattern(member->text, actual);
}

bool match_value(const struct json *expected, bool is_present, struct str actual)
{
	if (match_is_matcher(expected))
		return match_matcher(expected, is_present, actual);
	return is_present && str_equal(json_scalar_text(expected), actual);
}

static bool match_list(const struct json *expected, const struct json *actual)
{
	const struct json *other = actual->first_child;

	if (actual->kind != JSON_ARRAY || actual->count != expected->count)
		return false;
	JSON_EACH (child, expected) {
		if (!match_json(child, other))
			return false;
		other = other->next;
	}
	return true;
}

/* Depth is bounded by the readers of both sides. */
bool match_json(const struct json *expected, const struct json *actual)
{
	if (match_is_matcher(expected))
		return match_matcher(expected, actual != NULL, json_scalar_text(actual));
	if (actual == NULL)
		return false;
	if (expected->kind == JSON_ARRAY)
		return match_list(expected, actual);
	if (expected->kind != JSON_OBJECT)
		return json_equal(expected, actual);
	if (actual->kind != JSON_OBJECT)
		return false;
	JSON_EACH (child, expected) {
		if (!match_json(child, json_get(actual, child->key)))
			return false;
	}
	return true;
}

bool match_glob(struct str pattern, struct str text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

	while (t < text.size) {
		if (p < pattern.size && pattern.data[p] == '*') {
			star = p++;
			resume = t;
		} else if (p < pattern.size &&
			   (pattern.data[p] == '?' || pattern.data[p] == text.data[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.size && pattern.data[p] == '*')
		p++;
	return p == pattern.size;
}
