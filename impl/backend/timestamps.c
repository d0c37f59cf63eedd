#include "backend/timestamps.h"

#include <limits.h>
#include <stddef.h>

#include "backend/parameters.h"
#include "base/utc.h"

#define SECONDS_MAX INT64_C(100000000000) /* in the year 5138; sixteen times that still fits */

/* What was found so far; -1: not yet. */
struct found {
	int64_t year, month, day, hour, minute, second;
	int64_t offset_s;
	bool has_offset;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct str take_while(struct str *text, bool (*fits)(char))
{
	size_t end = 0;
	struct str taken;

	while (end < text->size && fits(text->data[end]))
		end++;
	taken = str_slice(*text, 0, end);
	*text = str_skip(*text, end);
	return taken;
}

/* At most so many digits; a longer run is no number of that kind. */
static bool take_number(struct str *text, size_t digits_max, int64_t *number)
{
	struct str rest = *text, digits = take_while(&rest, is_digit);

	if (digits.size == 0 || digits.size > digits_max || !str_to_int64(digits, number))
		return false;
	*text = rest;
	return true;
}

static bool take_char(struct str *text, char c)
{
	if (text->size == 0 || text->data[0] != c)
		return false;
	*text = str_skip(*text, 1);
	return true;
}

/* Offsets and names of zones. */

static const struct {
	struct str name;
	int hours;
} zones[] = {
	{STR_INIT("UTC"), 0},  {STR_INIT("Z"), 0},    {STR_INIT("GMT"), 0},  {STR_INIT("UT"), 0},
	{STR_INIT("EST"), -5}, {STR_INIT("EDT"), -4}, {STR_INIT("CST"), -6}, {STR_INIT("CDT"), -5},
	{STR_INIT("MST"), -7}, {STR_INIT("MDT"), -6}, {STR_INIT("PST"), -8}, {STR_INIT("PDT"), -7},
	{STR_INIT("CET"), 1},  {STR_INIT("CEST"), 2}, {STR_INIT("BST"), 1},  {STR_INIT("JST"), 9},
};

static bool take_zone_name(struct str *text, struct found *found)
{
	struct str rest = *text, name = take_while(&rest, is_letter);

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		if (!str_equal_nocase(name, zones[i].name))
			continue;
		found->offset_s = (int64_t)zones[i].hours * 3600;
		found->has_offset = true;
		*text = rest;
		return true;
	}
	return false;
}

/* +0200, -02:00, +02 */
static bool take_offset(struct str *text, struct found *found)
{
	struct str rest = *text;
	bool is_negative = rest.size > 0 && rest.data[0] == '-';
	int64_t hours, minutes = 0;
	struct str digits;

	if (!take_char(&rest, '+') && !take_char(&rest, '-'))
		return false;
	digits = take_while(&rest, is_digit);
	if (digits.size == 4) {
		struct str tail = str_skip(digits, 2);

		if (!take_number(&tail, 2, &minutes))
			return false;
		digits = str_slice(digits, 0, 2);
	}
	if (digits.size != 2 || !str_to_int64(digits, &hours))
		return false;
	if (rest.size > 0 && rest.data[0] == ':') {
		rest = str_skip(rest, 1);
		if (!take_number(&rest, 2, &minutes))
			return false;
	}
	if (hours > 23 || minutes > 59)
		return false;
	found->offset_s = (hours * 60 + minutes) * (is_negative ? -60 : 60);
	found->has_offset = true;
	*text = rest;
	return true;
}

/* Dates. */

static const struct str months[] = {
	STR_INIT("jan"), STR_INIT("feb"), STR_INIT("mar"), STR_INIT("apr"),
	STR_INIT("may"), STR_INIT("jun"), STR_INIT("jul"), STR_INIT("aug"),
	STR_INIT("sep"), STR_INIT("oct"), STR_INIT("nov"), STR_INIT("dec"),
};

static bool month_from_name(struct str name, int64_t *month)
{
	for (size_t i = 0; i < sizeof months / sizeof *months; i++) {
		if (name.size >= 3 && str_equal_nocase(str_slice(name, 0, 3), months[i])) {
			*month = (int64_t)i + 1;
			return true;
		}
	}
	return false;
}

/* 2010-04-22, 2010/04/22, 22-04-2010 */
static bool take_numeric_date(struct str *text, struct found *found)
{
	struct str rest = *text;
	int64_t first, second, third;
	size_t first_size;
	char separator;

	first_size = take_while(&(struct str){rest.data, rest.size}, is_digit).size;
	if (!take_number(&rest, 4, &first) || rest.size == 0)
		return false;
	separator = rest.data[0];
	if ((separator != '-' && separator != '/') || !take_char(&rest, separator) ||
	    !take_number(&rest, 2, &second) || !take_char(&rest, separator) ||
	    !take_number(&rest, 4, &third))
		return false;
	found->year = first_size == 4 ? first : third;
	found->month = second;
	found->day = first_size == 4 ? third : first;
	*text = rest;
	return found->year >= 1000;
}

/* 22 Apr 2010 */
static bool take_worded_date(struct str *text, struct found *found)
{
	struct str rest = *text;

	if (!take_number(&rest, 2, &found->day) || !take_char(&rest, ' ') ||
	    !month_from_name(take_while(&rest, is_letter), &found->month) ||
	    !take_char(&rest, ' ') || !take_number(&rest, 4, &found->year))
		return false;
	*text = rest;
	return true;
}

/* Sat, 22 May 2010 ... */
static void skip_weekday(struct str *text)
{
	struct str rest = *text;

	if (take_while(&rest, is_letter).size > 0 && take_char(&rest, ','))
		*text = str_trim(rest);
}

/* 20100422, with two digits more for each of hour, minute and second; 20100422T1020, ...T102030. */
static bool take_compact(struct str *text, struct found *found)
{
	struct str rest = *text, digits = take_while(&rest, is_digit);
	int64_t *const parts[] = {&found->month, &found->day, &found->hour, &found->minute,
				  &found->second};

	if (digits.size < 8 || digits.size > 14 || digits.size % 2 != 0)
		return false;
	str_to_int64(str_slice(digits, 0, 4), &found->year);
	digits = str_skip(digits, 4);
	for (size_t i = 0; digits.size > 0; i++) {
		str_to_int64(str_slice(digits, 0, 2), parts[i]);
		digits = str_skip(digits, 2);
	}
	*text = rest;
	return true;
}

static bool take_compact_time(struct str *text, struct found *found)
{
	struct str rest = *text, digits = take_while(&rest, is_digit);

	if (digits.size != 4 && digits.size != 6)
		return false;
	str_to_int64(str_slice(digits, 0, 2), &found->hour);
	str_to_int64(str_slice(digits, 2, 4), &found->minute);
	if (digits.size == 6)
		str_to_int64(str_skip(digits, 4), &found->second);
	*text = rest;
	return true;
}

/* 10:20, 10:20:30, 10:20:30.5 */
static bool take_time(struct str *text, struct found *found)
{
	struct str rest = *text;

	if (!take_number(&rest, 2, &found->hour) || !take_char(&rest, ':') ||
	    !take_number(&rest, 2, &found->minute))
		return false;
	if (take_char(&rest, ':') && !take_number(&rest, 2, &found->second))
		return false;
	if (take_char(&rest, '.') && take_while(&rest, is_digit).size == 0)
		return false;
	*text = rest;
	return true;
}

/* A day beyond the month's last rolls over (2 March for 30 February). */
static bool is_in_range(const struct found *found)
{
	return found->month >= 1 && found->month <= 12 && found->day >= 1 && found->day <= 31 &&
	       found->hour <= 24 && found->minute <= 59 && found->second <= 60;
}

static bool parse_date(struct str text, int64_t *instant_us)
{
	struct found found = {.year = 0};
	struct utc utc;

	skip_weekday(&text);
	if (!take_numeric_date(&text, &found) && !take_worded_date(&text, &found) &&
	    !take_compact(&text, &found))
		return false;
	if (text.size > 0 && (text.data[0] == 'T' || text.data[0] == ' ')) {
		struct str rest = str_skip(text, 1);

		if (take_time(&rest, &found) || take_compact_time(&rest, &found))
			text = rest;
	}
	text = str_trim(text);
	if (text.size > 0 && !take_offset(&text, &found) && !take_zone_name(&text, &found))
		return false;
	if (text.size > 0 || !is_in_range(&found))
		return false;
	utc = (struct utc){.year = (int)found.year,
			   .month = (int)found.month,
			   .day = (int)found.day,
			   .hour = (int)found.hour,
			   .minute = (int)found.minute,
			   .second = (int)found.second};
	*instant_us = utc_to_us(&utc) - found.offset_s * UTC_SECOND_US;
	return true;
}

/* Seconds, as integers are written in Ruby: 1271980765, -5, 0x10, 0b11, 0o17, 017, 1_000. */

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	return is_letter(c) ? (c | 0x20) - 'a' + 10 : INT_MAX;
}

static int take_base(struct str *text)
{
	static const struct {
		char letter;
		int base;
	} bases[] = {{'x', 16}, {'b', 2}, {'o', 8}, {'d', 10}};

	if (text->size < 2 || text->data[0] != '0')
		return 10;
	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
		if ((text->data[1] | 0x20) != bases[i].letter)
			continue;
		*text = str_skip(*text, 2);
		return bases[i].base;
	}
	*text = str_skip(*text, text->data[1] == '_' ? 2 : 1);
	return 8;
}

/* Beyond any calendar the number stays where it is: too old or too new all the same. */
static bool parse_seconds(struct str text, int64_t *instant_us)
{
	bool is_negative = take_char(&text, '-');
	int64_t seconds = 0;
	int base;

	if (!is_negative)
		take_char(&text, '+');
	base = take_base(&text);
	for (size_t i = 0; i < text.size; i++) {
		int digit = digit_value(text.data[i]);

		if (text.data[i] == '_' && i > 0 && text.data[i - 1] != '_')
			continue;
		if (digit >= base)
			return false;
		if (seconds < SECONDS_MAX)
			seconds = seconds * base + digit;
	}
	if (text.size == 0 || text.data[text.size - 1] == '_')
		return false;
	*instant_us = (is_negative ? -seconds : seconds) * UTC_SECOND_US;
	return true;
}

bool timestamp_parse(struct str text, bool integers_are_seconds, int64_t *instant_us)
{
	text = parameter_strip(text);
	return (integers_are_seconds && parse_seconds(text, instant_us)) ||
	       parse_date(text, instant_us);
}
