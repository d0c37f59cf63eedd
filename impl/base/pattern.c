#include "base/pattern.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "base/error.h"

/* Steps of the matcher from one byte of the text, and from all of them, before it gives up: a
 * quarter of a second. */
#define PATTERN_STEPS_MAX 200000
#define PATTERN_STEPS_TOTAL ((size_t)10 * 1000 * 1000)
#define PATTERN_PATIENCE 8 /* times as many steps, where they did not do */
/* A step copies the frame of all groups: so much of it is for nothing. */
#define PATTERN_FRAME_BYTES ((size_t)512)
#define PATTERN_HEAP_KIB (16 * 1024) /* of frames, for 8 KiB of text some times over */
#define PATTERN_KEPT_BYTES 1024      /* what is kept of them is little after shorter texts */

struct pattern {
	pcre2_code *code;
	size_t frame_bytes;
	bool is_utf, is_anchored;
	struct work {
		pcre2_match_data *found;
		pcre2_match_context *bounds;
	} * work; /* what a search changes */
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
	uint32_t library = PCRE2_USE_OFFSET_LIMIT;
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
	uint32_t options = 0;

	pattern->code = code;
	pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options);
	pattern->is_utf = (options & PCRE2_UTF) != 0;
	pattern->is_anchored = (options & PCRE2_ANCHORED) != 0;
	pcre2_pattern_info(code, PCRE2_INFO_FRAMESIZE, &pattern->frame_bytes);
	pattern->work = MEMORY_NEW(struct work);
	pattern->work->found = pcre2_match_data_create_from_pattern(code, NULL);
	pattern->work->bounds = pcre2_match_context_create(NULL);
	pcre2_set_heap_limit(pattern->work->bounds, PATTERN_HEAP_KIB);
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
	pcre2_match_context_free(pattern->work->bounds);
	pcre2_match_data_free(pattern->work->found);
	free(pattern->work);
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

static int match(const struct pattern *pattern, struct str text, size_t from, size_t last,
		 size_t steps_max, uint32_t options)
{
	struct work *work = pattern->work;

	pcre2_set_offset_limit(work->bounds, last);
	pcre2_set_match_limit(work->bounds, (uint32_t)steps_max);
	return pcre2_match(pattern->code, (PCRE2_SPTR)(text.size > 0 ? text.data : ""), text.size,
			   from, options, work->found, work->bounds);
}

static bool is_inside_character(const struct pattern *pattern, struct str text, size_t at)
{
	return pattern->is_utf && at < text.size && ((unsigned char)text.data[at] & 0xC0) == 0x80;
}

/* Byte by byte: a beginning that is more work than its share is given more, as long as what is left
 * of the total lasts. */
static int search_thoroughly(const struct pattern *pattern, struct str text, size_t from,
			     size_t share, size_t most, size_t left)
{
	int found = PCRE2_ERROR_NOMATCH;

	for (size_t at = from; at <= text.size && found == PCRE2_ERROR_NOMATCH; at++) {
		size_t steps = share;

		if (is_inside_character(pattern, text, at))
			continue;
		found = match(pattern, text, at, at, steps, PCRE2_NO_UTF_CHECK);
		left -= steps < left ? steps : left;
		while (found == PCRE2_ERROR_MATCHLIMIT && steps < most && steps < left) {
			steps = steps * PATTERN_PATIENCE < most ? steps * PATTERN_PATIENCE : most;
			found = match(pattern, text, at, at, steps, PCRE2_NO_UTF_CHECK);
			left -= steps < left ? steps : left;
		}
	}
	return found;
}

/* The library counts the steps of each beginning anew: they share the total. */
static int search(const struct pattern *pattern, struct str text, size_t from)
{
	size_t price = 1 + pattern->frame_bytes / PATTERN_FRAME_BYTES;
	size_t most = PATTERN_STEPS_MAX / price;
	size_t beginnings = pattern->is_anchored ? 1 : text.size - from + 1;
	size_t total = PATTERN_STEPS_TOTAL / price;
	size_t share = total / beginnings;
	int found;

	if (share >= most)
		return match(pattern, text, from, PCRE2_UNSET, most, 0);
	found = match(pattern, text, from, PCRE2_UNSET, share, 0);
	return found == PCRE2_ERROR_MATCHLIMIT
		       ? search_thoroughly(pattern, text, from, share, most, total)
		       : found;
}

/* The library keeps the frames of its largest search for the next one. */
static void tidy_up(const struct pattern *pattern, struct str text)
{
	if (text.size <= PATTERN_KEPT_BYTES)
		return;
	pcre2_match_data_free(pattern->work->found);
	pattern->work->found = pcre2_match_data_create_from_pattern(pattern->code, NULL);
}

bool pattern_is_found(const struct pattern *pattern, struct str text)
{
	bool is_found = search(pattern, text, 0) >= 0;

	tidy_up(pattern, text);
	return is_found;
}

size_t pattern_find(const struct pattern *pattern, struct str text, size_t from, struct str *groups,
		    size_t groups_max)
{
	int found = from <= text.size ? search(pattern, text, from) : PCRE2_ERROR_NOMATCH;
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(pattern->work->found);
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
	tidy_up(pattern, text);
	return count;
}
