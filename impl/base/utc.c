#include "base/utc.h"

#include <stddef.h>
#include <string.h>

#include "base/bug.h"

#define DAY_SECONDS 86400
#define DAYS_0000_TO_1970 719468 /* from 0000-03-01: the year is counted from March */
#define DAYS_PER_400_YEARS 146097

static int64_t divide_down(int64_t number, int64_t divisor)
{
	return number / divisor - (number % divisor < 0);
}

/* Days since 1970-01-01. With the year beginning in March the leap day is its last day, and the
 * days before a month follow from (153 * month + 2) / 5. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
	int64_t cycle, year_of_cycle, day_of_year;

	year += divide_down(month - 1, 12);
	month = month - 1 - 12 * divide_down(month - 1, 12); /* 0 = January */
	if (month < 2)
		year--;
	cycle = divide_down(year, 400);
	year_of_cycle = year - cycle * 400;
	day_of_year = (153 * ((month + 10) % 12) + 2) / 5 + day - 1;
	return cycle * DAYS_PER_400_YEARS + year_of_cycle * 365 + year_of_cycle / 4 -
	       year_of_cycle / 100 + day_of_year - DAYS_0000_TO_1970;
}

static void date_from_days(int64_t days, struct utc *utc)
{
	int64_t cycle = divide_down(days + DAYS_0000_TO_1970, DAYS_PER_400_YEARS);
	int64_t day = days + DAYS_0000_TO_1970 - cycle * DAYS_PER_400_YEARS;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t month;

	day -= year * 365 + year / 4 - year / 100;
	month = (5 * day + 2) / 153; /* 0 = March */
	utc->day = (int)(day - (153 * month + 2) / 5 + 1);
	utc->month = (int)(month < 10 ? month + 3 : month - 9);
	utc->year = (int)(cycle * 400 + year + (utc->month <= 2));
}

struct utc utc_from_us(int64_t instant_us)
{
	int64_t seconds = divide_down(instant_us, UTC_SECOND_US);
	int64_t days = divide_down(seconds, DAY_SECONDS);
	int second_of_day = (int)(seconds - days * DAY_SECONDS);
	int64_t weekday = days + 4; /* 1970-01-01 was a Thursday */
	struct utc utc = {
		.hour = second_of_day / 3600,
		.minute = second_of_day / 60 % 60,
		.second = second_of_day % 60,
		.weekday = (int)(weekday - 7 * divide_down(weekday, 7)),
		.microsecond = (int)(instant_us % UTC_SECOND_US),
	};

	if (utc.microsecond < 0)
		utc.microsecond += (int)UTC_SECOND_US;
	date_from_days(days, &utc);
	return utc;
}

/* What lies beyond the range of instants becomes its end. */
static int64_t instant_of(int64_t seconds, int64_t microsecond)
{
	int64_t instant_us;

	if (__builtin_mul_overflow(seconds, UTC_SECOND_US, &instant_us) ||
	    __builtin_add_overflow(instant_us, microsecond, &instant_us))
		return seconds < 0 ? INT64_MIN : INT64_MAX;
	return instant_us;
}

int64_t utc_to_us(const struct utc *utc)
{
	int64_t seconds = days_from_date(utc->year, utc->month, utc->day) * DAY_SECONDS +
			  (int64_t)utc->hour * 3600 + (int64_t)utc->minute * 60 + utc->second;

	return instant_of(seconds, utc->microsecond);
}

static const struct str period_names[UTC_PERIODS] = {
	[UTC_MINUTE] = STR_INIT("minute"),     [UTC_HOUR] = STR_INIT("hour"),
	[UTC_DAY] = STR_INIT("day"),           [UTC_WEEK] = STR_INIT("week"),
	[UTC_MONTH] = STR_INIT("month"),       [UTC_YEAR] = STR_INIT("year"),
	[UTC_ETERNITY] = STR_INIT("eternity"),
};

struct str utc_period_name(enum utc_period period)
{
	BUG_IF(period >= UTC_PERIODS);
	return period_names[period];
}

bool utc_period_from_name(struct str name, enum utc_period *period)
{
	for (size_t i = 0; i < UTC_PERIODS; i++) {
		if (str_equal(name, period_names[i])) {
			*period = (enum utc_period)i;
			return true;
		}
	}
	return false;
}

/* The start of the period that holds the instant (step 0) or of the one after it (step 1). */
static int64_t period_bound(enum utc_period period, int64_t instant_us, int step)
{
	struct utc at = utc_from_us(instant_us);
	struct utc bound = {.year = at.year, .month = 1, .day = 1};

	switch (period) {
	case UTC_MINUTE:
		bound.minute = at.minute + step;
		bound.hour = at.hour;
		bound.day = at.day;
		bound.month = at.month;
		break;
	case UTC_HOUR:
		bound.hour = at.hour + step;
		bound.day = at.day;
		bound.month = at.month;
		break;
	case UTC_DAY:
		bound.day = at.day + step;
		bound.month = at.month;
		break;
	case UTC_WEEK:
		bound.day = at.day - (at.weekday + 6) % 7 + 7 * step;
		bound.month = at.month;
		break;
	case UTC_MONTH:
		bound.month = at.month + step;
		break;
	case UTC_YEAR:
		bound.year += step;
		break;
	case UTC_ETERNITY:
		bound = step == 0 ? (struct utc){.year = 1970, .month = 1, .day = 1}
				  : (struct utc){.year = 9999, .month = 12, .day = 31};
		break;
	case UTC_PERIODS:
		BUG_IF(period == UTC_PERIODS);
	}
	return utc_to_us(&bound);
}

int64_t utc_period_start(enum utc_period period, int64_t instant_us)
{
	return period_bound(period, instant_us, 0);
}

int64_t utc_period_end(enum utc_period period, int64_t instant_us)
{
	return period_bound(period, instant_us, 1);
}

int64_t utc_months_before(int64_t instant_us, int months)
{
	struct utc utc = utc_from_us(instant_us), first;
	int64_t first_us, days;

	utc.month -= months;
	first = utc;
	first.day = 1;
	first_us = utc_to_us(&first);
	days = (utc_period_end(UTC_MONTH, first_us) - utc_period_start(UTC_MONTH, first_us)) /
	       (24 * 3600 * UTC_SECOND_US);
	utc.day = utc.day > (int)days ? (int)days : utc.day;
	return utc_to_us(&utc);
}

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const weekday_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* Like "%0*d": what is longer stays whole. */
static char *put_number(char *at, int number, int width)
{
	unsigned rest = number < 0 ? 0u - (unsigned)number : (unsigned)number;
	char digits[16];
	int count = 0;

	do
		digits[count++] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0) {
		*at++ = '-';
		width--;
	}
	for (; width > count; width--)
		*at++ = '0';
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

static char *put_name(char *at, const char *name)
{
	memcpy(at, name, 3);
	return at + 3;
}

static char *put_part(char *at, char part, const struct utc *utc)
{
	switch (part) {
	case 'Y':
		return put_number(at, utc->year, 4);
	case 'm':
		return put_number(at, utc->month, 2);
	case 'd':
		return put_number(at, utc->day, 2);
	case 'H':
		return put_number(at, utc->hour, 2);
	case 'M':
		return put_number(at, utc->minute, 2);
	case 'S':
		return put_number(at, utc->second, 2);
	case 'b':
		return put_name(at, month_names[utc->month - 1]);
	default:
		return put_name(at, weekday_names[utc->weekday]);
	}
}

/* The letters after % are those of strftime(). The longest form has 29 characters, and 3 more for
 * the year of the first instant, -290308. */
static struct str format(char out[32], const char *form, int64_t instant_us)
{
	struct utc utc = utc_from_us(instant_us);
	char *at = out;

	for (; *form != 0; form++) {
		if (*form == '%')
			at = put_part(at, *++form, &utc);
		else
			*at++ = *form;
	}
	return str_of(out, (size_t)(at - out));
}

struct str utc_format_backend(char out[32], int64_t instant_us)
{
	return format(out, "%Y-%m-%d %H:%M:%S +0000", instant_us);
}

struct str utc_format_iso(char out[32], int64_t instant_us)
{
	return format(out, "%Y-%m-%dT%H:%M:%SZ", instant_us);
}

struct str utc_format_http(char out[32], int64_t instant_us)
{
	return format(out, "%a, %d %b %Y %H:%M:%S GMT", instant_us);
}

struct str utc_format_error_log(char out[32], int64_t instant_us)
{
	return format(out, "%Y/%m/%d %H:%M:%S", instant_us);
}

struct str utc_format_access_log(char out[32], int64_t instant_us)
{
	return format(out, "%d/%b/%Y:%H:%M:%S +0000", instant_us);
}

/* Reads exactly `digits` digits off the front. */
static bool read_number(struct str *rest, size_t digits, int min, int max, int *number)
{
	int value = 0;

	if (rest->size < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (rest->data[i] < '0' || rest->data[i] > '9')
			return false;
		value = value * 10 + (rest->data[i] - '0');
	}
	if (value < min || value > max)
		return false;
	*rest = str_skip(*rest, digits);
	*number = value;
	return true;
}

static bool read_char(struct str *rest, char c)
{
	if (rest->size == 0 || rest->data[0] != c)
		return false;
	*rest = str_skip(*rest, 1);
	return true;
}

static int month_days(int year, int month)
{
	return (int)(days_from_date(year, month + 1, 1) - days_from_date(year, month, 1));
}

static bool read_date(struct str *rest, struct utc *utc)
{
	return read_number(rest, 4, 0, 9999, &utc->year) && read_char(rest, '-') &&
	       read_number(rest, 2, 1, 12, &utc->month) && read_char(rest, '-') &&
	       read_number(rest, 2, 1, month_days(utc->year, utc->month), &utc->day);
}

/* Digits past the microsecond are cut off. */
static bool read_fraction(struct str *rest, struct utc *utc)
{
	int digit;
	size_t digits = 0;

	for (int unit = 100000; read_number(rest, 1, 0, 9, &digit); unit /= 10, digits++)
		utc->microsecond += digit * unit;
	return digits > 0;
}

/* Second 60 is a leap second, the first of the next minute here. */
static bool read_time(struct str *rest, struct utc *utc)
{
	if (!read_number(rest, 2, 0, 23, &utc->hour) || !read_char(rest, ':') ||
	    !read_number(rest, 2, 0, 59, &utc->minute))
		return false;
	if (read_char(rest, ':') && !read_number(rest, 2, 0, 60, &utc->second))
		return false;
	return !read_char(rest, '.') || read_fraction(rest, utc);
}

static bool read_zone(struct str *rest, int *offset_minutes)
{
	int sign, hours, minutes;

	*offset_minutes = 0;
	if (rest->size == 0 || read_char(rest, 'Z'))
		return true;
	read_char(rest, ' ');
	sign = read_char(rest, '-') ? -1 : 1;
	if (sign > 0 && !read_char(rest, '+'))
		return false;
	if (!read_number(rest, 2, 0, 23, &hours))
		return false;
	read_char(rest, ':');
	if (!read_number(rest, 2, 0, 59, &minutes))
		return false;
	*offset_minutes = sign * (hours * 60 + minutes);
	return true;
}

bool utc_parse(struct str text, int64_t *instant_us)
{
	struct utc utc = {0};
	int offset_minutes = 0;

	if (!read_date(&text, &utc))
		return false;
	if (text.size > 0) {
		if (!read_char(&text, 'T') && !read_char(&text, ' '))
			return false;
		if (!read_time(&text, &utc) || !read_zone(&text, &offset_minutes))
			return false;
	}
	if (text.size > 0)
		return false;
	utc.minute -= offset_minutes;
	*instant_us = utc_to_us(&utc);
	return true;
}
