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

/* Lists. */

static bool match_tree(const struct json *expected, const struct json *actual, bool is_exact);

static bool match_list(const struct json *expected, const struct json *actual, bool is_exact)
{
	const struct json *other = actual->first_child;

	if (actual->kind != JSON_ARRAY || actual->count != expected->count)
		return false;
	JSON_EACH (child, expected) {
		if (!match_tree(child, other, is_exact))
			return false;
		other = other->next;
	}
	return true;
}

static bool is_only_member(const struct json *expected, struct str key)
{
	return expected->kind == JSON_OBJECT && expected->count == 1 &&
	       str_equal(expected->first_child->key, key);
}

bool match_is_item_count(const struct json *expected)
{
	return is_only_member(expected, STR("item_count"));
}

static bool is_list_matcher(const struct json *expected)
{
	return is_only_member(expected, STR("has_item")) ||
	       is_only_member(expected, STR("has_no_item")) || match_is_item_count(expected);
}

static bool match_items(const struct json *expected, const struct json *actual, bool is_exact)
{
	const struct json *wanted = expected->first_child;
	bool is_found = false;

	if (actual == NULL || actual->kind != JSON_ARRAY)
		return false;
	if (match_is_item_count(expected))
		return wanted->integer == (int64_t)actual->count;
	JSON_EACH (item, actual)
		is_found = is_found || match_tree(wanted, item, is_exact);
	return is_found == is_only_member(expected, STR("has_item"));
}

/* JSON. */

static bool match_object(const struct json *expected, const struct json *actual, bool is_exact)
{
	if (actual->kind != JSON_OBJECT)
		return false;
	JSON_EACH (child, expected) {
		if (!match_tree(child, json_get(actual, child->key), is_exact))
			return false;
	}
	JSON_EACH (child, is_exact ? actual : NULL) {
		if (json_get(expected, child->key) == NULL)
			return false;
	}
	return true;
}

/* Depth is bounded by the readers of both sides. */
static bool match_tree(const struct json *expected, const struct json *actual, bool is_exact)
{
	if (match_is_matcher(expected))
		return match_matcher(expected, actual != NULL, json_scalar_text(actual));
	if (is_list_matcher(expected))
		return match_items(expected, actual, is_exact);
	if (actual == NULL)
		return false;
	if (expected->kind == JSON_ARRAY)
		return match_list(expected, actual, is_exact);
	if (expected->kind == JSON_OBJECT)
		return match_object(expected, actual, is_exact);
	return json_equal(expected, actual);
}

bool match_json(const struct json *expected, const struct json *actual)
{
	return match_tree(expected, actual, false);
}

bool match_json_exactly(const struct json *expected, const struct json *actual)
{
	return match_tree(expected, actual, true);
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
