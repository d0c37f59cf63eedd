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

struct pattern *pattern_create(struct str expression, struct error *error)
{
	int fault;
	PCRE2_SIZE offset;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)(expression.size > 0 ? expression.data : ""),
					 expression.size, 0, &fault, &offset, NULL);

	if (code == NULL) {
		PCRE2_UCHAR text[128];

		pcre2_get_error_message(fault, text, sizeof text);
		error_set(error, ERROR_INVALID, "invalid pattern at %zu: %s", (size_t)offset,
			  (const char *)text);
		return NULL;
	}

	struct pattern *pattern = MEMORY_NEW(struct pattern);

	pattern->code = code;
	pattern->found = pcre2_match_data_create(1, NULL);
	pattern->bounds = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(pattern->bounds, PATTERN_STEPS_MAX);
	return pattern;
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

bool pattern_is_found(const struct pattern *pattern, struct str text)
{
	int result = pcre2_match(pattern->code, (PCRE2_SPTR)(text.size > 0 ? text.data : ""),
				 text.size, 0, 0, pattern->found, pattern->bounds);

	return result >= 0;
}
