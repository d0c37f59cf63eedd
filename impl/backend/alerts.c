#include "backend/alerts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/backend_internal.h"
#include "backend/keys.h"
#include "backend/service.h"
#include "base/arena.h"

static const int levels[] = {0, 50, 80, 90, 100, 120, 150, 200, 300};
#define LEVELS (sizeof levels / sizeof *levels)

bool alerts_is_level(int64_t level)
{
	for (size_t i = 0; i < LEVELS; i++) {
		if (levels[i] == level)
			return true;
	}
	return false;
}

static void thresholds_replied(struct batch *batch, void *data)
{
	struct memo_load *load = data;
	struct alert_thresholds *thresholds;

	if (batch->has_failed) {
		memo_load_failed(load);
		return;
	}
	thresholds = MEMORY_NEW(struct alert_thresholds);
	for (size_t i = 0; i < batch->replies[0].count; i++) {
		int64_t level = text_to_count(reply_item(&batch->replies[0], i), -1);

		for (size_t j = 0; j < LEVELS; j++) {
			if (levels[j] == level)
				thresholds->levels |= 1U << j;
		}
	}
	memo_loaded(load, &thresholds->memo);
}

static void thresholds_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, thresholds_replied, load);
	BATCH_SEND(&load->batch, load->backend->storage, STR("SMEMBERS"),
		   key_alert_thresholds(load->arena, load->names[0]));
	batch_end(&load->batch);
}

const struct memo_kind alert_thresholds_kind = {.letter = 'h', .load = thresholds_load};

enum memo_result alert_thresholds_find(struct reader *reader, struct str service,
				       const struct alert_thresholds **thresholds)
{
	const struct memo_value *value = NULL;
	enum memo_result result =
		reader_find(reader, &alert_thresholds_kind, service, STR(""), STR(""), &value);

	*thresholds = (const struct alert_thresholds *)value;
	return result;
}

/* Whether an alert was told of: stored_text by service, application and level. */

static void told_replied(struct batch *batch, void *data)
{
	if (batch->has_failed)
		memo_load_failed(data);
	else
		memo_loaded(data, stored_text_create(reply_text(&batch->replies[0])));
}

static void told_load(struct memo_load *load)
{
	batch_begin(&load->batch, load->arena, told_replied, load);
	BATCH_SEND(&load->batch, load->backend->storage, STR("GET"),
		   key_alert_sent(load->arena, load->names[0], load->names[1],
				  (int)text_to_count(load->names[2], 0)));
	batch_end(&load->batch);
}

static const struct memo_kind told_kind = {.letter = 'n', .load = told_load};

static struct str level_text(struct arena *arena, int level)
{
	return str_format(arena, "%d", level);
}

enum memo_result alerts_are_possible(struct reader *reader, struct str service,
				     struct str application,
				     const struct alert_thresholds *thresholds, bool *are_possible)
{
	const struct memo_value *value = NULL;
	enum memo_result result;
	size_t highest = LEVELS;

	*are_possible = false;
	while (highest > 0 && (thresholds->levels & 1U << (highest - 1)) == 0)
		highest--;
	if (highest == 0)
		return MEMO_FOUND;
	result = reader_find(reader, &told_kind, service, application,
			     level_text(reader->arena, levels[highest - 1]), &value);
	if (result == MEMO_FOUND)
		*are_possible = ((const struct stored_text *)value)->text.data == NULL;
	return result;
}

void alerts_told(struct backend *backend, struct arena *arena, struct str service,
		 struct str application, int level)
{
	memo_forget(backend->memo, &told_kind, service, application, level_text(arena, level));
}

__extension__ typedef __int128 wide;

/* current/max as fractions are compared by cross multiplication: no rounding decides. */
static bool is_higher(int64_t current, int64_t max, const struct alert_utilization *highest)
{
	return highest->max == 0 || (wide)current * highest->max > (wide)highest->current * max;
}

struct alert_utilization alerts_utilization(const struct limit_list *limits,
					    const int64_t *counters)
{
	struct alert_utilization highest = {.level = 0};

	for (size_t i = 0; i < limits->count; i++) {
		int64_t max = limits->items[i].max;

		if (max > 0 && is_higher(counters[i], max, &highest)) {
			highest.limit = i;
			highest.current = counters[i];
			highest.max = max;
		}
	}
	for (size_t i = 0; i < LEVELS && highest.max > 0; i++) {
		if ((wide)levels[i] * highest.max <= (wide)highest.current * 100)
			highest.level = levels[i];
	}
	return highest;
}

struct str alerts_ratio(struct arena *arena, const struct alert_utilization *utilization)
{
	double ratio = (double)utilization->current / (double)utilization->max;
	char text[64];
	int size = 0;

	for (int digits = 15; digits <= 17; digits++) {
		size = snprintf(text, sizeof text, "%.*g", digits, ratio);
		if (strtod(text, NULL) == ratio)
			break;
	}
	/* A whole number is a fraction all the same, and written out: 1.0 */
	if (str_find_char(str_of(text, (size_t)size), 'e') != STR_NOT_FOUND)
		return str_format(arena, "%.1f", ratio);
	return STR_CONCAT(arena, str_of(text, (size_t)size),
			  str_find_char(str_of(text, (size_t)size), '.') == STR_NOT_FOUND
				  ? STR(".0")
				  : STR(""));
}

int64_t alerts_percentage(const struct alert_utilization *utilization)
{
	double percentage = (double)utilization->current / (double)utilization->max * 100.0 + 0.5;

	return percentage >= (double)INT64_MAX ? INT64_MAX : (int64_t)percentage;
}

bool alerts_is_wanted(const struct alert_thresholds *thresholds, int level)
{
	for (size_t i = 1; i < LEVELS; i++) {
		if (levels[i] == level)
			return (thresholds->levels & 1U << i) != 0;
	}
	return false;
}
