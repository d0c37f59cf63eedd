#include "base/cron.h"

#include <stddef.h>

#include "base/bug.h"
#include "base/error.h"
#include "base/utc.h"

#define MINUTE_US (60 * UTC_SECOND_US)
/* From one 29 February to the next where a century is no leap year. */
#define DAYS_MAX (8 * 366)
#define YEAR_WITH_ALL_DAYS INT64_C(978307199) /* the last second of 2000, a leap year */

static const char *const month_names[] = {"",    "jan", "feb", "mar", "apr", "may", "jun",
					  "jul", "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field {
	const char *name;
	int64_t least, most;
	const char *const *names; /* of the values from 0 on; NULL: they have none */
	size_t offset;
} fields[] = {
	{"minute", 0, 59, NULL, offsetof(struct cron, minutes)},
	{"hour", 0, 23, NULL, offsetof(struct cron, hours)},
	{"day", 1, 31, NULL, offsetof(struct cron, days)},
	{"month", 1, 12, month_names, offsetof(struct cron, months)},
	{"weekday", 0, 7, weekday_names, offsetof(struct cron, weekdays)},
};
#define FIELDS (sizeof fields / sizeof *fields)

/* Reading. */

static bool read_value(const struct field *field, struct str text, int64_t *value)
{
	for (int64_t i = 0; field->names != NULL && field->names[i] != NULL; i++) {
		if (text.size > 0 && str_equal_nocase(text, str_from(field->names[i]))) {
			*value = i;
			return true;
		}
	}
	return str_to_int64(text, value) && *value >= field->least && *value <= field->most;
}

/* "*", "5", "1-5", each with "/2" behind it. */
static bool read_item(const struct field *field, struct str text, uint64_t *bits)
{
	struct str range, step_text, first_text, last_text;
	int64_t first = field->least, last = field->most, step = 1;
	bool has_step = str_split_once(text, '/', &range, &step_text);

	if (has_step && (!str_to_int64(step_text, &step) || step < 1 || step > field->most))
		return false;
	if (!str_equal(range, STR("*"))) {
		bool is_range = str_split_once(range, '-', &first_text, &last_text);

		if (!read_value(field, first_text, &first))
			return false;
		if (is_range && !read_value(field, last_text, &last))
			return false;
		if (!is_range && !has_step)
			last = first;
	}
	for (int64_t i = first; i <= last; i += step)
		*bits |= UINT64_C(1) << i;
	return first <= last;
}

static bool read_field(const struct field *field, struct str text, struct cron *cron)
{
	uint64_t *bits = (uint64_t *)(void *)((char *)cron + field->offset);
	struct str item;

	while (str_next_field(&text, ',', &item)) {
		if (!read_item(field, item, bits))
			return false;
	}
	return *bits != 0;
}

static struct str next_word(struct str *rest)
{
	struct str word;

	while (str_next_field(rest, ' ', &word)) {
		if (word.size > 0)
			return word;
	}
	return STR("");
}

static bool refuse(struct str text, const char *why, struct error *error)
{
	return error_set(error, ERROR_INVALID, "\"%.*s\" is no cron expression: %s", STR_ARG(text),
			 why);
}

static bool fits_day(const struct cron *cron, const struct utc *day)
{
	bool day_fits = (cron->days >> day->day & 1) != 0;
	bool weekday_fits = (cron->weekdays >> day->weekday & 1) != 0;

	if ((cron->months >> day->month & 1) == 0)
		return false;
	return cron->has_any_day || cron->has_any_weekday ? day_fits && weekday_fits
							  : day_fits || weekday_fits;
}

/* The last such day, as its start; -1: there is none. */
static int64_t last_day_us(const struct cron *cron, int64_t day_us)
{
	for (int i = 0; i < DAYS_MAX; i++, day_us -= UTC_DAY_US) {
		struct utc day = utc_from_us(day_us);

		if (fits_day(cron, &day))
			return day_us;
	}
	return -1;
}

bool cron_parse(struct str text, struct cron *cron, struct error *error)
{
	struct cron read = {0};
	struct str rest = text, word;

	for (size_t i = 0; i < FIELDS; i++) {
		word = next_word(&rest);
		if (word.size == 0)
			return refuse(text, "it has minute, hour, day, month and weekday", error);
		if (!read_field(&fields[i], word, &read))
			return refuse(text, fields[i].name, error);
		if (fields[i].offset == offsetof(struct cron, days))
			read.has_any_day = word.data[0] == '*';
		if (fields[i].offset == offsetof(struct cron, weekdays))
			read.has_any_weekday = word.data[0] == '*';
	}
	if (next_word(&rest).size > 0)
		return refuse(text, "it has five fields", error);
	read.weekdays |= read.weekdays >> 7 & 1;
	if (last_day_us(&read, utc_period_start(UTC_DAY, YEAR_WITH_ALL_DAYS * UTC_SECOND_US)) < 0)
		return refuse(text, "there is no such day", error);
	*cron = read;
	return true;
}

/* Using. */

int64_t cron_last(const struct cron *cron, int64_t instant_us)
{
	int64_t day_us = utc_period_start(UTC_DAY, instant_us);
	int64_t latest = (instant_us - day_us) / MINUTE_US; /* minute of the day */

	for (;;) {
		int64_t found_us = last_day_us(cron, day_us);

		BUG_IF(found_us == -1);
		if (found_us != day_us)
			latest = 24 * 60 - 1;
		for (int64_t at = latest; at >= 0; at--) {
			if ((cron->hours >> at / 60 & 1) != 0 &&
			    (cron->minutes >> at % 60 & 1) != 0)
				return found_us + at * MINUTE_US;
		}
		day_us = found_us - UTC_DAY_US;
		latest = 24 * 60 - 1;
	}
}
