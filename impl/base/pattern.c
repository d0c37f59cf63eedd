#include "base/pattern.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "base/error.h"

/* Steps of the matcher before it gives up: some milliseconds. */
#define PATTERN_STEPS_MAX 200000

struct pattern {
	pcre2_code *code;
	pcre2_match_data *found;
	pcre2_match_context *bounds;
};

static const struct {
	enum pattern_option option;
	uint32_t library;
} options_known[] = {
	{PATTERN_ANCHORED, PCRE2_ANCHORED},   {PATTERN_NOCASE, PCRE2_CASELESS},
	{PATTERN_MULTILINE, PCRE2_MULTILINE}, {PATTERN_DOTALL, PCRE2_DOTALL},
	{PATTERN_EXTENDED, PCRE2_EXTENDED},   {PATTERN_UTF, PCRE2_UTF},
};

static pcre2_code *compile(struct str expression, unsigned options, struct error *error)
{
	uint32_t library = 0;
	int fault;
	PCRE2_SIZE offset;
	pcre2_code *code;
	PCRE2_UCHAR text[128];

	for (size_t i = 0; i < sizeof options_known / sizeof *options_known; i++) {
		if ((options & options_known[i].option) != 0)
			library |= options_known[i].library;
	}
	code = pcre2_compile((PCRE2_SPTR)(expression.size > 0 ? expression.data : ""),
			     expression.size, library, &fault, &offset, NULL);
	if (code == NULL) {
		pcre2_get_error_message(fault, text, sizeof text);
		error_set(error, ERROR_INVALID, "invalid pattern at %zu: %s", (size_t)offset,
			  (const char *)text);
	}
	return code;
}

static struct pattern *pattern_of(pcre2_code *code)
{
	struct pattern *pattern = MEMORY_NEW(struct pattern);

	pattern->code = code;
	pattern->found = pcre2_match_data_create_from_pattern(code, NULL);
	pattern->bounds = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(pattern->bounds, PATTERN_STEPS_MAX);
	return pattern;
}

struct pattern *pattern_create(struct str expression, struct error *error)
{
	pcre2_code *code = compile(expression, 0, error);

	return code != NULL ? pattern_of(code) : NULL;
}

void pattern_destroy(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_match_context_free(pattern->bounds);
	pcre2_match_data_free(pattern->found);
	pcre2_code_free(pattern->code);
	free(pattern);
}

static void release(void *data)
{
	pattern_destroy(data);
}

struct pattern *pattern_create_in(struct arena *arena, struct str expression, unsigned options,
				  struct error *error)
{
	pcre2_code *code = compile(expression, options, error);
	struct pattern *pattern;

	if (code == NULL)
		return NULL;
	pattern = pattern_of(code);
	arena_on_destroy(arena, release, pattern);
	return pattern;
}

static int search(const struct pattern *pattern, struct str text, size_t from)
{
	return pcre2_match(pattern->code, (PCRE2_SPTR)(text.size > 0 ? text.data : ""), text.size,
			   from, 0, pattern->found, pattern->bounds);
}

bool pattern_is_found(const struct pattern *pattern, struct str text)
{
	return search(pattern, text, 0) >= 0;
}

size_t pattern_find(const struct pattern *pattern, struct str text, size_t from, struct str *groups,
		    size_t groups_max)
{
	int found = from <= text.size ? search(pattern, text, from) : PCRE2_ERROR_NOMATCH;
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(pattern->found);
	size_t count = found > 0 ? (size_t)found : 0;

	if (text.data == NULL)
		text.data = "";
	if (count > groups_max)
		count = groups_max;
	for (size_t i = 0; i < count; i++) {
		size_t begin = ends[i * 2], end = ends[i * 2 + 1];

		/* \K in a lookahead can end a match before its beginning. */
		groups[i] = begin <= end && end <= text.size
				    ? str_of(text.data + begin, end - begin)
				    : str_of(NULL, 0);
	}
	return count;
}
