/* libFuzzer target: a text is a time or is none, the same each time; a time is one that the
 * calendar has and that can be written and read again. */
#include "backend/timestamps.h"

#include <stdint.h>

#include "base/bug.h"
#include "base/utc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct str text, bool integers_are_seconds)
{
	int64_t instant_us = 1, again_us = 2;
	char written[32];
	struct utc utc;

	if (!timestamp_parse(text, integers_are_seconds, &instant_us)) {
		BUG_IF(instant_us != 1);
		return;
	}
	BUG_IF(!timestamp_parse(text, integers_are_seconds, &again_us) || again_us != instant_us);
	utc = utc_from_us(instant_us);
	BUG_IF(utc_to_us(&utc) != instant_us);
	/* Four digits of a year are what documents and the reader of such dates have. */
	if (utc.year < 1000 || utc.year > 9999)
		return;
	utc.microsecond = 0;
	BUG_IF(!timestamp_parse(utc_format_backend(written, instant_us), integers_are_seconds,
				&again_us));
	BUG_IF(again_us != utc_to_us(&utc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of((const char *)data, size);

	check(text, false);
	check(text, true);
	return 0;
}
