/* Calendar arithmetic in UTC on the proleptic Gregorian calendar; no time zone, no libc time.
 * Instants are microseconds since 1970-01-01T00:00:00Z. Weeks begin on Monday. */
#ifndef BASE_UTC_H
#define BASE_UTC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define UTC_SECOND_US INT64_C(1000000)
#define UTC_HOUR_US (3600 * UTC_SECOND_US)
#define UTC_DAY_US (24 * UTC_HOUR_US)

struct utc {
	int year, month, day; /* month 1..12, day 1..31 */
	int hour, minute, second;
	int weekday; /* 0 Sunday .. 6 Saturday */
	int microsecond;
};

/* Order: shortest to longest. ETERNITY has no bounds. */
enum utc_period {
	UTC_MINUTE,
	UTC_HOUR,
	UTC_DAY,
	UTC_WEEK,
	UTC_MONTH,
	UTC_YEAR,
	UTC_ETERNITY,
	UTC_PERIODS
};

struct utc utc_from_us(int64_t instant_us);
/* The weekday is ignored; fields may be out of range. */
int64_t utc_to_us(const struct utc *utc);
struct str utc_period_name(enum utc_period period); /* "minute" ... "eternity" */
bool utc_period_from_name(struct str name, enum utc_period *period);
int64_t utc_period_start(enum utc_period period, int64_t instant_us); /* eternity: 1970-01-01 */
int64_t utc_period_end(enum utc_period period,
		       int64_t instant_us); /* start of the next; eternity: 9999-12-31 */

/* The same day and time that many calendar months earlier; the month's last day where it has no
 * such day (31 May less three months: 28 February). */
int64_t utc_months_before(int64_t instant_us, int months);

/* "2019-06-04 11:06:15 +0000" */
struct str utc_format_backend(char out[32], int64_t instant_us);
/* "2019-06-04T11:06:15Z" */
struct str utc_format_iso(char out[32], int64_t instant_us);
/* "Tue, 04 Jun 2019 11:06:15 GMT" (RFC 9110 5.6.7) */
struct str utc_format_http(char out[32], int64_t instant_us);
/* "2019/06/04 11:06:15", the error log's form */
struct str utc_format_error_log(char out[32], int64_t instant_us);
/* "04/Jun/2019:11:06:15 +0000", the access log's form */
struct str utc_format_access_log(char out[32], int64_t instant_us);
/* Reads the ISO and backend forms above, also date only, with 'T' or ' ', fraction, zone Z/+hh:mm/
 * +hhmm or none (UTC). */
bool utc_parse(struct str text, int64_t *instant_us);

#endif
