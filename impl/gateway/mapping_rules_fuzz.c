/* libFuzzer target: "METHOD PATTERN\nPATH": whatever a pattern is, it is compiled or refused with a
 * reason, and one without characters of expressions matches as an oracle says, alone and among
 * rules that begin alike (spec/gateway.md 3.5). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/mapping_rules.h"

#define INPUT_BYTES_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The oracle: which places of the path can be reached by the pattern so far. */

static bool is_plain(struct str pattern)
{
	size_t inside = 0;

	for (size_t i = 0; i < pattern.size; i++) {
		if (pattern.data[i] == '{' && inside == 0)
			inside = i + 1;
		else if (pattern.data[i] == '}' && inside > 0 && i > inside)
			inside = 0;
		else if (inside == 0 && memchr("*+()[]|\\^${}", pattern.data[i], 12) != NULL)
			return false;
	}
	return inside == 0;
}

static void step_over_character(bool *reached, struct str path, char c)
{
	for (size_t i = path.size; i > 0; i--)
		reached[i] = reached[i - 1] && path.data[i - 1] == c;
	reached[0] = false;
}

static void step_over_placeholder(bool *reached, struct str path)
{
	bool is_inside = false, was_reached = reached[0];

	reached[0] = false;
	for (size_t i = 1; i <= path.size; i++) {
		bool here = reached[i];

		is_inside = path_pattern_is_segment_char(path.data[i - 1]) &&
			    (is_inside || was_reached);
		was_reached = here;
		reached[i] = is_inside;
	}
}

static bool oracle_matches(struct str pattern, bool ends_path, struct str path)
{
	bool *reached = calloc(path.size + 1, sizeof *reached), matches = false;

	reached[0] = true;
	for (size_t i = 0; i < pattern.size; i++) {
		if (pattern.data[i] != '{') {
			step_over_character(reached, path, pattern.data[i]);
			continue;
		}
		step_over_placeholder(reached, path);
		i += 2 + str_find_char(str_skip(pattern, i + 2), '}');
	}
	for (size_t i = ends_path ? path.size : 0; i <= path.size; i++)
		matches = matches || reached[i];
	free(reached);
	return matches;
}

static void add_rule(struct json *rules, struct arena *arena, struct str method, struct str pattern)
{
	struct json *rule = json_append(rules, json_new(arena, JSON_OBJECT));

	json_set(rule, STR("http_method"), json_new_str(arena, method));
	json_set(rule, STR("pattern"), json_new_str(arena, pattern));
	json_set(rule, STR("metric_system_name"), json_new_str(arena, STR("m")));
	json_set(rule, STR("delta"), json_new_int(arena, 1));
}

static void check_pattern(struct arena *arena, struct str pattern, struct str path)
{
	struct path_pattern compiled;
	struct error error = {0};
	struct str plain = str_slice(pattern, 0, str_find_char(pattern, '?'));
	bool ends_path = str_has_suffix(plain, STR("$")), matches;

	BUG_IF(path_pattern_compile(arena, pattern, &compiled, &error) !=
	       (error.kind == ERROR_NONE));
	matches = path_pattern_is_match(&compiled, path);
	BUG_IF(error.kind != ERROR_NONE && matches);
	BUG_IF(matches && !str_has_prefix(path, path_pattern_prefix(&compiled)));
	plain.size -= ends_path;
	if (is_plain(plain))
		BUG_IF(matches != oracle_matches(plain, ends_path, path));
	path_pattern_release(&compiled);
}

/* The pattern, all that are shorter, and the path itself as a pattern. */
static void check_rules(struct arena *arena, struct str method, struct str pattern, struct str path)
{
	struct mapping_subject subject = {.method = STR("GET"), .path = path};
	struct json *list = json_new(arena, JSON_ARRAY);
	struct mapping_rules rules;
	struct mapping_matches matches;
	struct usage usage;
	struct error warning, error;
	size_t expected = 0;

	for (size_t i = 0; i <= pattern.size && i < 40; i++)
		add_rule(list, arena, i % 3 == 1 ? method : STR("ANY"),
			 str_slice(pattern, 0, pattern.size - i));
	add_rule(list, arena, STR("GET"), path);
	BUG_IF(!mapping_rules_parse(arena, list, &rules, &warning, &error));
	gateway_usage_init(&usage, arena);
	mapping_rules_match(&rules, &subject, &usage, &matches);
	for (size_t i = 0; i < rules.count; i++) {
		if (!mapping_rule_is_match(&rules.items[i], &subject))
			continue;
		BUG_IF(expected >= matches.count || matches.items[expected] != &rules.items[i]);
		expected++;
	}
	BUG_IF(expected != matches.count);
	BUG_IF(mapping_rules_any(&rules, &subject) != (expected > 0));
	mapping_rules_release(&rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text =
		str_of((const char *)data, size < INPUT_BYTES_MAX ? size : INPUT_BYTES_MAX);
	struct arena *arena = arena_create();
	struct str head, path, method, pattern;

	str_split_once(text, '\n', &head, &path);
	str_split_once(head, ' ', &method, &pattern);
	check_pattern(arena, pattern, path);
	check_rules(arena, method, pattern, path);
	arena_destroy(arena);
	return 0;
}
