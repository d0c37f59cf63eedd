/* libFuzzer target: usage values are taken exactly as spec/backend.md 3.9 has them, and sums never
 * leave 0 ... INT64_MAX.
 *
 * Input: lines; each is a metric's letter and a value. */
#include "backend/usage.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/bug.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* a <- b <- c <- d, e <- e (its own parent), f */
enum { METRICS = 6 };
static const struct metric items[METRICS] = {
	{STR_INIT("1"), STR_INIT("a"), {NULL, 0}, METRIC_NONE},
	{STR_INIT("2"), STR_INIT("b"), STR_INIT("1"), 0},
	{STR_INIT("3"), STR_INIT("c"), STR_INIT("2"), 1},
	{STR_INIT("4"), STR_INIT("d"), STR_INIT("3"), 2},
	{STR_INIT("5"), STR_INIT("e"), STR_INIT("5"), 4},
	{STR_INIT("6"), STR_INIT("f"), {NULL, 0}, METRIC_NONE},
};
static const size_t by_name[METRICS] = {0, 1, 2, 3, 4, 5};
static const struct metrics metrics = {.items = items, .count = METRICS, .by_name = by_name};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r';
}

/* BLANK* "#"? DIGIT+ BLANK*, and what it means; beyond 64 bits the largest number. */
static enum api_error_code expected(struct str text, int64_t *value, bool *is_set)
{
	size_t at = 0, digits = 0;
	bool has_mark;
	double about = 0;

	while (at < text.size && is_blank(text.data[at]))
		at++;
	if (at == text.size)
		return API_USAGE_VALUE_EMPTY;
	has_mark = text.data[at] == '#';
	*is_set = has_mark && at == 0;
	at += has_mark ? 1 : 0;
	*value = 0;
	for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++, digits++) {
		about = about * 10 + (text.data[at] - '0');
		*value = about > 9.2e18 ? INT64_MAX : *value * 10 + (text.data[at] - '0');
	}
	while (at < text.size && is_blank(text.data[at]))
		at++;
	if (digits == 0 || at < text.size)
		return API_USAGE_VALUE_INVALID;
	if (has_mark && !*is_set)
		*value = 0;
	return API_NO_ERROR;
}

static void add(struct usage *usage, struct str line)
{
	struct str name = str_slice(line, 0, 1), value = str_skip(line, 1);
	size_t metric = metrics_index(&metrics, name);
	struct api_error error = {API_NO_ERROR, {NULL, 0}, {NULL, 0}};
	int64_t number = 0;
	bool is_set = false;
	enum api_error_code code = expected(value, &number, &is_set);

	if (code == API_NO_ERROR && metric == METRIC_NONE)
		code = API_METRIC_INVALID;
	BUG_IF(usage_add(usage, &metrics, name, value, &error) != (code == API_NO_ERROR));
	BUG_IF(error.code != code);
	if (code != API_NO_ERROR)
		return;
	/* Between 9.2e18 and the largest number the reckoning above gives up. */
	BUG_IF(usage_find(usage, metric)->value != number && number != INT64_MAX);
	BUG_IF(usage_find(usage, metric)->is_set != is_set);
}

static void check_sums(const struct usage *usage)
{
	static const int64_t counters[] = {0, 1, INT64_MAX - 1, INT64_MAX};

	for (size_t i = 0; i < usage->count; i++) {
		const struct usage_item *item = &usage->items[i];

		BUG_IF(item->metric >= METRICS || usage_find(usage, item->metric) != item);
		BUG_IF(item->value < 0 || item->call_amount < 0 || item->sent_value < 0);
		BUG_IF(item->call_amount < item->sent_value);
		for (size_t c = 0; c < sizeof counters / sizeof *counters; c++) {
			int64_t after = usage_apply(item, counters[c]);

			BUG_IF(item->is_set ? after != item->value : after < counters[c]);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_of((const char *)data, size), line;
	struct arena *arena = arena_create();
	struct usage usage;

	usage_init(&usage, arena);
	while (str_next_field(&rest, '\n', &line))
		add(&usage, line);
	BUG_IF(usage.count > METRICS);
	usage_expand(&usage, &metrics);
	BUG_IF(usage.count > METRICS);
	check_sums(&usage);
	arena_destroy(arena);
	return 0;
}
