#include "backend/metrics_sum.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/map.h"

#define DECIMALS 6

struct sample {
	int64_t millionths;
	bool is_fraction;
};

struct family {
	struct str type, help; /* comment lines, as they came */
	struct map *samples;   /* "name{labels}" -> struct sample */
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

/* "# TYPE name ..." */
static struct str comment_name(struct str line, struct str word)
{
	struct str rest = str_skip(line, word.size);

	return str_slice(rest, 0, str_find_char(rest, ' '));
}

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
	size_t end = str_find(line, STR("} "));
	struct sample read, *sample;
	struct str name;

	if (family == NULL || end == STR_NOT_FOUND || !read_value(str_skip(line, end + 2), &read))
		return;
	name = str_slice(line, 0, end + 1);
	sample = map_get(family->samples, name);
	if (sample == NULL) {
		sample = ARENA_NEW(sum->arena, struct sample);
		map_put(family->samples, name, sample);
	}
	sample->millionths += read.millionths;
	sample->is_fraction = read.is_fraction;
}

void metrics_sum_add(struct metrics_sum *sum, struct str page)
{
	struct family *family = NULL;
	struct str line;

	while (str_next_field(&page, '\n', &line)) {
		if (str_has_prefix(line, STR("# TYPE "))) {
			family = family_of(sum, comment_name(line, STR("# TYPE ")));
			if (family->type.size == 0)
				family->type = str_copy(sum->arena, line);
		} else if (str_has_prefix(line, STR("# HELP "))) {
			family = family_of(sum, comment_name(line, STR("# HELP ")));
			if (family->help.size == 0)
				family->help = str_copy(sum->arena, line);
		} else {
			add_sample(sum, family, line);
		}
	}
}

/* Writing. */

static void write_family(struct strbuf *out, const struct family *family)
{
	struct map_cursor at = {0};

	strbuf_append_format(out, "%.*s\n%.*s\n", STR_ARG(family->type), STR_ARG(family->help));
	while (map_next(family->samples, &at)) {
		const struct sample *sample = at.value;

		strbuf_append(out, at.key);
		strbuf_append_format(out, " %" PRId64, sample->millionths / 1000000);
		if (sample->is_fraction)
			strbuf_append_format(out, ".%06d", (int)(sample->millionths % 1000000));
		strbuf_append_char(out, '\n');
	}
}

void metrics_sum_write(struct strbuf *out, const struct metrics_sum *sum, struct str prefix)
{
	struct map_cursor at = {0};

	while (map_next(sum->families, &at)) {
		if (str_has_prefix(at.key, prefix))
			write_family(out, at.value);
	}
}
