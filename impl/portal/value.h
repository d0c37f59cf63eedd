/* One value on its way between a column, a parameter and a representation.
 *
 * Text is borrowed. NULL is a kind of its own: an empty text is not NULL. Times are microseconds
 * since 1970 cut to whole seconds, as the database keeps them; decimals count ten-thousandths
 * (plans, prices: spec/portal.md 3.8); JSON is text that a representation writes as it stands (made
 * for XML it is XML).
 */
#ifndef PORTAL_VALUE_H
#define PORTAL_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

enum value_kind {
	VALUE_NULL,
	VALUE_ABSENT, /* derived fields only: not even an empty element stands for it */
	VALUE_INT,
	VALUE_BOOL,
	VALUE_TEXT,
	VALUE_DECIMAL,
	VALUE_TIME,
	VALUE_JSON
};

struct value {
	enum value_kind kind;
	int64_t number;
	struct str text;
};

#define VALUE_DECIMAL_ONE INT64_C(10000)

struct value value_null(void);
struct value value_absent(void);
struct value value_int(int64_t number);
struct value value_bool(bool yes);
struct value value_text(struct str text); /* a NULL data pointer is NULL */
struct value value_decimal(int64_t ten_thousandths);
struct value value_time(int64_t instant_us);
struct value value_json(struct str text);
bool value_equal(struct value a, struct value b);
bool value_is_blank(struct value value); /* NULL, absent, or text of blanks only */
/* Text of any kind; empty for NULL. Times in the databases' form. */
struct str value_to_text(struct arena *arena, struct value value);
/* The other way round, for a column of that kind: blank numbers and times are NULL, a text that is
 * no number stays text, so that a rule can refuse it. */
struct value value_from_text(enum value_kind kind, struct str text);
/* "0.0", "12.5": at least one decimal, as Ruby writes a float. */
struct str value_decimal_text(struct arena *arena, int64_t ten_thousandths);
/* Reads "12", "-1.25", ".5"; digits past the fourth decimal are cut. */
bool value_decimal_parse(struct str text, int64_t *ten_thousandths);
/* "2019-10-01 10:00:00", the databases' form. */
struct str value_time_sql(struct arena *arena, int64_t instant_us);

#endif
