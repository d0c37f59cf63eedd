#include "conformance/runner/selection.h"

#include "base/error.h"
#include "base/json.h"
#include "conformance/runner/case.h"
#include "conformance/runner/match.h"

static bool lists(const struct json *list, struct str pattern)
{
	JSON_EACH (item, list) {
		if (match_glob(pattern, json_scalar_text(item)))
			return true;
	}
	return false;
}

static bool is_removal(struct str word)
{
	return str_has_prefix(word, STR("!"));
}

static bool word_means(struct str word, const struct conform_case *conform_case)
{
	if (is_removal(word))
		word = str_skip(word, 1);
	if (str_has_prefix(word, STR("tag:")))
		return lists(conform_case->tags, str_skip(word, 4));
	if (str_has_prefix(word, STR("needs:")))
		return lists(conform_case->needs, str_skip(word, 6));
	if (str_has_suffix(word, STR(".yaml")))
		return str_equal(word, conform_case->path) ||
		       str_equal(str_slice(word, 0, word.size - 5), conform_case->topic);
	return match_glob(word, conform_case->id) || match_glob(word, conform_case->topic);
}

bool selection_includes(const struct str *words, size_t count,
			const struct conform_case *conform_case)
{
	bool has_additions = false, is_added = false;

	for (size_t i = 0; i < count; i++) {
		bool means = word_means(words[i], conform_case);

		if (is_removal(words[i]) && means)
			return false;
		if (!is_removal(words[i])) {
			has_additions = true;
			is_added = is_added || means;
		}
	}
	return is_added || !has_additions;
}

bool selection_check(const struct str *words, size_t count, const struct case_list *list,
		     struct error *error)
{
	size_t included = 0;

	for (size_t i = 0; i < count; i++) {
		size_t meant = 0;

		for (size_t k = 0; k < list->items.count; k++)
			meant += word_means(words[i], &list->items.items[k]);
		if (meant == 0)
			return error_set(error, ERROR_NOT_FOUND, "no case matches \"%.*s\"",
					 STR_ARG(words[i]));
	}
	for (size_t k = 0; k < list->items.count; k++)
		included += selection_includes(words, count, &list->items.items[k]);
	return included > 0 || error_set(error, ERROR_NOT_FOUND, "no case is selected");
}
