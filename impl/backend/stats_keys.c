#include "backend/stats_keys.h"

#include "base/arena.h"
#include "base/bug.h"

static char *put_two(char *at, int number)
{
	*at++ = (char)('0' + number / 10 % 10);
	*at++ = (char)('0' + number % 10);
	return at;
}

/* 6.4: zero parts are dropped from the end; of the last one left, a zero digit. */
struct str stats_compact_time(char out[STATS_COMPACT_BYTES], int64_t instant_us)
{
	struct utc utc = utc_from_us(instant_us);
	const int parts[] = {utc.hour, utc.minute, utc.second};
	size_t count = sizeof parts / sizeof *parts;
	char *at = put_two(out, utc.year / 100);

	at = put_two(at, utc.year);
	at = put_two(at, utc.month);
	at = put_two(at, utc.day);
	while (count > 0 && parts[count - 1] == 0)
		count--;
	for (size_t i = 0; i < count; i++)
		at = put_two(at, parts[i]);
	if (count > 0 && at[-1] == '0')
		at--;
	return str_of(out, (size_t)(at - out));
}

bool stats_has_period(const struct stats_subject *subject, enum utc_period period)
{
	return subject->application.size > 0 || subject->user.size > 0 ||
	       (period != UTC_YEAR && period != UTC_MINUTE);
}

/* time: empty for eternity. */
static struct str key_of(struct arena *arena, const struct stats_subject *subject,
			 enum utc_period period, struct str time)
{
	BUG_IF((subject->metric.size > 0) == (subject->response_code.size > 0));
	BUG_IF(subject->application.size > 0 && subject->user.size > 0);
	return STR_CONCAT(arena, STR("stats/{service:"), subject->service,
			  subject->application.size > 0 ? STR("}/cinstance:")
			  : subject->user.size > 0      ? STR("}/uinstance:")
							: STR("}"),
			  subject->application, subject->user,
			  subject->metric.size > 0 ? STR("/metric:") : STR("/response_code:"),
			  subject->metric, subject->response_code, STR("/"),
			  utc_period_name(period), time.size > 0 ? STR(":") : STR(""), time);
}

struct str stats_key(struct arena *arena, const struct stats_subject *subject,
		     enum utc_period period, int64_t instant_us)
{
	char compact[STATS_COMPACT_BYTES];
	struct str time = STR("");

	if (period != UTC_ETERNITY)
		time = stats_compact_time(compact, utc_period_start(period, instant_us));
	return key_of(arena, subject, period, time);
}

void stats_times_set(struct stats_times *times, int64_t instant_us)
{
	int64_t minute_us = 60 * UTC_SECOND_US, past_us = instant_us % minute_us;

	past_us += past_us < 0 ? minute_us : 0;
	if (times->is_set && times->minute_us == instant_us - past_us)
		return;
	times->is_set = true;
	times->minute_us = instant_us - past_us;
	for (int period = 0; period < UTC_ETERNITY; period++)
		times->size[period] =
			stats_compact_time(times->text[period],
					   utc_period_start((enum utc_period)period, instant_us))
				.size;
}

struct str stats_key_at(struct arena *arena, const struct stats_subject *subject,
			enum utc_period period, const struct stats_times *times)
{
	BUG_IF(!times->is_set);
	return key_of(arena, subject, period, str_of(times->text[period], times->size[period]));
}

struct str stats_applications_key(struct arena *arena, struct str service)
{
	return STR_CONCAT(arena, STR("stats/{service:"), service, STR("}/cinstances"));
}
