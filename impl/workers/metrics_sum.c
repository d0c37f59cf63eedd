#include "workers/metrics_sum.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/map.h"

#define DECIMALS 6

struct sample {
	struct str name; /* "name{labels}" */
	int64_t millionths;
	bool is_fraction;
};

struct family {
	struct str comments[2]; /* HELP and TYPE, in the order they came */
	size_t comments_count;
	bool is_gauge, is_histogram;
	struct map *samples; /* by name -> struct sample */
};

struct metrics_sum {
	struct arena *arena;
	struct map *families; /* by name */
};

struct metrics_sum *metrics_sum_create(void)
{
	struct metrics_sum *sum = MEMORY_NEW(struct metrics_sum);

	sum->arena = arena_create();
	sum->families = map_create(0);
	return sum;
}

void metrics_sum_destroy(struct metrics_sum *sum)
{
	struct map_cursor at = {0};

	if (sum == NULL)
		return;
	while (map_next(sum->families, &at))
		map_destroy(((struct family *)at.value)->samples);
	map_destroy(sum->families);
	arena_destroy(sum->arena);
	free(sum);
}

/* Reading. */

static struct family *family_of(struct metrics_sum *sum, struct str name)
{
	struct family *family = map_get(sum->families, name);

	if (family != NULL)
		return family;
	family = ARENA_NEW(sum->arena, struct family);
	family->samples = map_create(0);
	map_put(sum->families, name, family);
	return family;
}

/* "# TYPE name type", "# HELP name text" */
static struct family *read_comment(struct metrics_sum *sum, struct str line)
{
	struct str rest = str_skip(line, sizeof "# TYPE " - 1);
	size_t space = str_find_char(rest, ' ');
	struct family *family = family_of(sum, str_slice(rest, 0, space));
	struct str type = str_skip(rest, space == STR_NOT_FOUND ? rest.size : space + 1);

	if (str_has_prefix(line, STR("# TYPE "))) {
		family->is_gauge = str_equal(type, STR("gauge"));
		family->is_histogram = str_equal(type, STR("histogram"));
	}
	for (size_t i = 0; i < family->comments_count; i++) {
		if (str_equal(family->comments[i], line))
			return family;
	}
	if (family->comments_count < 2)
		family->comments[family->comments_count++] = str_copy(sum->arena, line);
	return family;
}

/* "12" or "3.004000" */
static bool read_value(struct str text, struct sample *sample)
{
	struct str whole, fraction;
	int64_t number, millionths = 0;

	sample->is_fraction = str_split_once(text, '.', &whole, &fraction);
	if (!str_to_int64(whole, &number) || number < 0 || number > INT64_MAX / 10000000 ||
	    (sample->is_fraction &&
	     (fraction.size != DECIMALS || !str_to_int64(fraction, &millionths) || millionths < 0)))
		return false;
	sample->millionths = number * 1000000 + millionths;
	return true;
}

static void add_sample(struct metrics_sum *sum, struct family *family, struct str line)
{
	size_t space = str_find_last_char(line, ' ');
	struct sample read, *sample;
	struct str name;

	if (family == NULL || space == STR_NOT_FOUND ||
	    !read_value(str_skip(line, space + 1), &read))
		return;
	name = str_slice(line, 0, space);
	sample = map_get(family->samples, name);
	if (sample == NULL) {
		sample = ARENA_NEW(sum->arena, struct sample);
		*sample = read;
		sample->name = str_copy(sum->arena, name);
		map_put(family->samples, sample->name, sample);
	} else {
		sample->millionths += read.millionths;
		sample->is_fraction = read.is_fraction;
	}
}

static void add_page(struct metrics_sum *sum, struct str page, bool has_gauges)
{
	struct family *family = NULL;
	struct str line;

	while (str_next_field(&page, '\n', &line)) {
		if (str_has_prefix(line, STR("# TYPE ")) || str_has_prefix(line, STR("# HELP ")))
			family = read_comment(sum, line);
		else if (has_gauges || (family != NULL && !family->is_gauge))
			add_sample(sum, family, line);
	}
}

void metrics_sum_add(struct metrics_sum *sum, struct str page)
{
	add_page(sum, page, true);
}

void metrics_sum_add_ended(struct metrics_sum *sum, struct str page)
{
	add_page(sum, page, false);
}

/* Writing. */

static int compare_samples(const void *left, const void *right)
{
	const struct sample *const *a = left, *const *b = right;

	return str_compare((*a)->name, (*b)->name);
}

/* The buckets of a histogram come in their own order, the same in all pages. */
static const struct sample **ordered(const struct family *family)
{
	size_t count = map_count(family->samples), added = 0;
	const struct sample **samples = memory_alloc((count + 1) * sizeof(struct sample *));
	struct map_cursor at = {0};

	while (map_next(family->samples, &at))
		samples[added++] = at.value;
	if (!family->is_histogram)
		qsort(samples, count, sizeof(struct sample *), compare_samples);
	return samples;
}

static void write_family(struct strbuf *out, const struct family *family)
{
	const struct sample **samples = ordered(family);

	for (size_t i = 0; i < family->comments_count; i++)
		strbuf_append_format(out, "%.*s\n", STR_ARG(family->comments[i]));
	for (size_t i = 0; i < map_count(family->samples); i++) {
		strbuf_append(out, samples[i]->name);
		strbuf_append_format(out, " %" PRId64, samples[i]->millionths / 1000000);
		if (samples[i]->is_fraction)
			strbuf_append_format(out, ".%06d", (int)(samples[i]->millionths % 1000000));
		strbuf_append_char(out, '\n');
	}
	free(samples);
}

void metrics_sum_write(struct strbuf *out, const struct metrics_sum *sum, struct str prefix)
{
	struct map_cursor at = {0};

	while (map_next(sum->families, &at)) {
		if (str_has_prefix(at.key, prefix))
			write_family(out, at.value);
	}
}
