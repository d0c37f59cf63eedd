#include "portal/value.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/utc.h"

#define DECIMAL_DIGITS 4
#define DECIMAL_WHOLE_MAX INT64_C(100000000000000)

struct value value_null(void)
{
	return (struct value){.kind = VALUE_NULL};
}

struct value value_absent(void)
{
	return (struct value){.kind = VALUE_ABSENT};
}

struct value value_int(int64_t number)
{
	return (struct value){.kind = VALUE_INT, .number = number};
}

struct value value_bool(bool yes)
{
	return (struct value){.kind = VALUE_BOOL, .number = yes};
}

struct value value_text(struct str text)
{
	return (struct value){.kind = text.data != NULL ? VALUE_TEXT : VALUE_NULL, .text = text};
}

struct value value_decimal(int64_t ten_thousandths)
{
	return (struct value){.kind = VALUE_DECIMAL, .number = ten_thousandths};
}

struct value value_time(int64_t instant_us)
{
	return (struct value){.kind = VALUE_TIME, .number = instant_us};
}

struct value value_json(struct str text)
{
	return (struct value){.kind = text.data != NULL ? VALUE_JSON : VALUE_NULL, .text = text};
}

bool value_equal(struct value a, struct value b)
{
	return a.kind == b.kind && a.number == b.number && str_equal(a.text, b.text);
}

bool value_is_blank(struct value value)
{
	if (value.kind == VALUE_TEXT || value.kind == VALUE_JSON)
		return str_trim(value.text).size == 0;
	return value.kind == VALUE_NULL || value.kind == VALUE_ABSENT;
}

struct str value_to_text(struct arena *arena, struct value value)
{
	switch (value.kind) {
	case VALUE_NULL:
	case VALUE_ABSENT:
		break;
	case VALUE_INT:
		return str_format(arena, "%" PRId64, value.number);
	case VALUE_BOOL:
		return value.number != 0 ? STR("true") : STR("false");
	case VALUE_TEXT:
	case VALUE_JSON:
		return value.text;
	case VALUE_DECIMAL:
		return value_decimal_text(arena, value.number);
	case VALUE_TIME:
		return value_time_sql(arena, value.number);
	}
	return STR("");
}

/* What a form may say for yes (spec/portal.md 2.5). */
static bool text_is_true(struct str text)
{
	static const struct str yes[] = {STR_INIT("1"), STR_INIT("t"), STR_INIT("true"),
					 STR_INIT("on")};

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		if (str_equal_nocase(text, yes[i]))
			return true;
	}
	return false;
}

struct value value_from_text(enum value_kind kind, struct str text)
{
	struct str trimmed = str_trim(text);
	int64_t number = 0;

	if (kind == VALUE_BOOL)
		return value_bool(text_is_true(trimmed));
	if (kind == VALUE_TEXT || kind == VALUE_JSON)
		return (struct value){.kind = kind, .text = text};
	if (trimmed.size == 0)
		return value_null();
	if (kind == VALUE_INT && str_to_int64(trimmed, &number))
		return value_int(number);
	if (kind == VALUE_DECIMAL && value_decimal_parse(trimmed, &number))
		return value_decimal(number);
	if (kind == VALUE_TIME && utc_parse(trimmed, &number))
		return value_time(number);
	return value_text(text);
}

struct str value_decimal_text(struct arena *arena, int64_t ten_thousandths)
{
	uint64_t size =
		ten_thousandths < 0 ? (uint64_t)-ten_thousandths : (uint64_t)ten_thousandths;
	struct str text = str_format(arena, "%s%" PRIu64 ".%04" PRIu64,
				     ten_thousandths < 0 ? "-" : "", size / 10000, size % 10000);

	for (int i = 1; i < DECIMAL_DIGITS && text.data[text.size - 1] == '0'; i++)
		text.size--;
	return text;
}

bool value_decimal_parse(struct str text, int64_t *ten_thousandths)
{
	bool is_negative = text.size > 0 && text.data[0] == '-';
	struct str whole, fraction, digits = is_negative ? str_skip(text, 1) : text;
	int64_t number = 0, scale = VALUE_DECIMAL_ONE / 10, rest = 0;

	str_split_once(digits, '.', &whole, &fraction);
	if ((whole.size == 0 && fraction.size == 0) ||
	    (whole.size > 0 && (!str_to_int64(whole, &number) || whole.data[0] == '-')) ||
	    number > DECIMAL_WHOLE_MAX)
		return false;
	for (size_t i = 0; i < fraction.size; i++, scale /= 10) {
		if (fraction.data[i] < '0' || fraction.data[i] > '9')
			return false;
		rest += (fraction.data[i] - '0') * scale;
	}
	*ten_thousandths = (number * VALUE_DECIMAL_ONE + rest) * (is_negative ? -1 : 1);
	return true;
}

struct str value_time_sql(struct arena *arena, int64_t instant_us)
{
	char text[32];
	struct str iso = utc_format_iso(text, instant_us);

	return STR_CONCAT(arena, str_slice(iso, 0, 10), STR(" "), str_slice(iso, 11, 19));
}
