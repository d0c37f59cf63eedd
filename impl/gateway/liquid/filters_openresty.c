/* The filters that the product adds (spec/gateway.md 9.2), functions of its web server, and `date`.
 * The time zone is UTC. */
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/digest.h"
#include "base/url.h"
#include "base/utc.h"
#include "gateway/liquid/liquid_internal.h"

#define DATE_BYTES_MAX 1024

static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					"Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"January",   "February", "March",    "April",
					  "May",       "June",     "July",     "August",
					  "September", "October",  "November", "December"};

/* Texts. */

static struct liquid_value escape_uri(struct liquid_call *call, struct liquid_value input)
{
	struct strbuf out;

	liquid_make(call, &out);
	url_encode(&out, liquid_input_text(call, input));
	return liquid_made(call, &out);
}

static struct liquid_value unescape_uri(struct liquid_call *call, struct liquid_value input)
{
	return liquid_text(url_decode(call->arena, liquid_input_text(call, input), true));
}

static struct liquid_value encode_base64(struct liquid_call *call, struct liquid_value input)
{
	struct strbuf out;

	liquid_make(call, &out);
	strbuf_append(&out, base64_encode(call->arena, liquid_input_text(call, input)));
	return liquid_made(call, &out);
}

static struct liquid_value decode_base64(struct liquid_call *call, struct liquid_value input)
{
	struct str bytes;

	if (!base64_decode(call->arena, liquid_input_text(call, input), &bytes))
		return (struct liquid_value){0};
	return liquid_text(bytes);
}

static struct liquid_value crc32(struct liquid_call *call, struct liquid_value input)
{
	return liquid_number(digest_crc32(liquid_input_text(call, input)));
}

/* The input is the key. */
static struct liquid_value hmac_sha1(struct liquid_call *call, struct liquid_value input)
{
	return liquid_text(digest_hmac(call->arena, DIGEST_SHA1, liquid_input_text(call, input),
				       liquid_argument_text(call, 0, STR(""))));
}

static struct liquid_value md5_bin(struct liquid_call *call, struct liquid_value input)
{
	return liquid_text(digest_of(call->arena, DIGEST_MD5, liquid_input_text(call, input)));
}

static struct liquid_value md5(struct liquid_call *call, struct liquid_value input)
{
	return liquid_text(hex_encode(call->arena, md5_bin(call, input).text));
}

static struct liquid_value sha1_bin(struct liquid_call *call, struct liquid_value input)
{
	return liquid_text(digest_of(call->arena, DIGEST_SHA1, liquid_input_text(call, input)));
}

static struct liquid_value quote_sql_str(struct liquid_call *call, struct liquid_value input)
{
	static const char plain[] = "\0\b\t\n\r\x1a\"'\\", marked[] = "0btnrZ\"'\\";
	struct str text = liquid_input_text(call, input);
	struct strbuf out;

	liquid_make(call, &out);
	strbuf_append_char(&out, '\'');
	for (size_t i = 0; i < text.size; i++) {
		const char *at = memchr(plain, text.data[i], sizeof plain - 1);

		if (at != NULL)
			strbuf_append_char(&out, '\\');
		strbuf_append_char(&out, at != NULL ? marked[at - plain] : text.data[i]);
	}
	strbuf_append_char(&out, '\'');
	return liquid_made(call, &out);
}

/* Times. */

/* An instant from seconds since 1970; what is out of the calendar's sense is its beginning. */
static int64_t instant_of(struct liquid_call *call, struct liquid_value value)
{
	double seconds = liquid_to_number(&value, call->arena);

	return seconds > -6e10 && seconds < 2.5e11 ? (int64_t)(seconds * 1e6) : 0;
}

static struct liquid_value now_formatted(struct liquid_call *call, size_t from, size_t to)
{
	char text[32];

	return liquid_text(
		str_copy(call->arena, str_slice(utc_format_backend(text, call->now_us), from, to)));
}

static struct liquid_value today(struct liquid_call *call, struct liquid_value input)
{
	(void)input;
	return now_formatted(call, 0, 10); /* "2019-06-04" */
}

static struct liquid_value local_time(struct liquid_call *call, struct liquid_value input)
{
	(void)input;
	return now_formatted(call, 0, 19); /* "2019-06-04 11:06:15" */
}

static struct liquid_value time_seconds(struct liquid_call *call, struct liquid_value input)
{
	(void)input;
	return liquid_number((double)(call->now_us / UTC_SECOND_US));
}

static struct liquid_value now(struct liquid_call *call, struct liquid_value input)
{
	(void)input;
	return liquid_number((double)(call->now_us / 1000) / 1000);
}

static struct liquid_value http_time(struct liquid_call *call, struct liquid_value input)
{
	char text[32];

	return liquid_text(str_copy(call->arena, utc_format_http(text, instant_of(call, input))));
}

static struct liquid_value cookie_time(struct liquid_call *call, struct liquid_value input)
{
	struct utc utc = utc_from_us(instant_of(call, input));

	return liquid_text(str_format(call->arena, "%.3s, %02d-%.3s-%02d %02d:%02d:%02d GMT",
				      day_names[utc.weekday], utc.day, month_names[utc.month - 1],
				      utc.year % 100, utc.hour, utc.minute, utc.second));
}

static bool read_digits(struct str text, size_t from, size_t count, int *number)
{
	int64_t read;

	if (!str_to_int64(str_slice(text, from, from + count), &read) || read < 0)
		return false;
	*number = (int)read;
	return true;
}

/* "Tue, 04 Jun 2019 11:06:15 GMT" */
static bool parse_http_date(struct str text, struct utc *utc)
{
	*utc = (struct utc){0};
	if (text.size != 29 || !str_has_suffix(text, STR(" GMT")))
		return false;
	for (int i = 0; i < 12; i++) {
		if (str_equal(str_slice(text, 8, 11), str_of(month_names[i], 3)))
			utc->month = i + 1;
	}
	return utc->month > 0 && read_digits(text, 5, 2, &utc->day) &&
	       read_digits(text, 12, 4, &utc->year) && read_digits(text, 17, 2, &utc->hour) &&
	       read_digits(text, 20, 2, &utc->minute) && read_digits(text, 23, 2, &utc->second);
}

static struct liquid_value parse_http_time(struct liquid_call *call, struct liquid_value input)
{
	struct utc utc;

	if (!parse_http_date(liquid_input_text(call, input), &utc))
		return (struct liquid_value){0};
	return liquid_number((double)(utc_to_us(&utc) / UTC_SECOND_US));
}

/* date */

static int day_of_year(const struct utc *utc)
{
	struct utc first = {.year = utc->year, .month = 1, .day = 1};
	struct utc day = {.year = utc->year, .month = utc->month, .day = utc->day};

	return (int)((utc_to_us(&day) - utc_to_us(&first)) / (86400 * UTC_SECOND_US)) + 1;
}

/* Fields that are a number of so many digits. */
static const struct {
	char field, fill;
	int digits;
	size_t offset;
} number_fields[] = {
	{'Y', '0', 4, offsetof(struct utc, year)},   {'m', '0', 2, offsetof(struct utc, month)},
	{'d', '0', 2, offsetof(struct utc, day)},    {'e', ' ', 2, offsetof(struct utc, day)},
	{'H', '0', 2, offsetof(struct utc, hour)},   {'M', '0', 2, offsetof(struct utc, minute)},
	{'S', '0', 2, offsetof(struct utc, second)},
};

static bool format_number(struct strbuf *out, char field, const struct utc *utc)
{
	for (size_t i = 0; i < sizeof number_fields / sizeof *number_fields; i++) {
		const void *number = (const char *)utc + number_fields[i].offset;

		if (number_fields[i].field != field)
			continue;
		return number_fields[i].fill == '0'
			       ? strbuf_append_format(out, "%0*d", number_fields[i].digits,
						      *(const int *)number)
			       : strbuf_append_format(out, "%*d", number_fields[i].digits,
						      *(const int *)number);
	}
	return false;
}

static void format_field(struct strbuf *out, char field, const struct utc *utc, int64_t instant_us)
{
	if (format_number(out, field, utc))
		return;
	switch (field) {
	case 'y':
		strbuf_append_format(out, "%02d", utc->year % 100);
		break;
	case 'j':
		strbuf_append_format(out, "%03d", day_of_year(utc));
		break;
	case 'I':
		strbuf_append_format(out, "%02d", utc->hour % 12 > 0 ? utc->hour % 12 : 12);
		break;
	case 'p':
		strbuf_append(out, utc->hour < 12 ? STR("AM") : STR("PM"));
		break;
	case 'A':
		strbuf_append(out, str_from(day_names[utc->weekday]));
		break;
	case 'a':
		strbuf_append_format(out, "%.3s", day_names[utc->weekday]);
		break;
	case 'B':
		strbuf_append(out, str_from(month_names[utc->month - 1]));
		break;
	case 'b':
		strbuf_append_format(out, "%.3s", month_names[utc->month - 1]);
		break;
	case 's':
		strbuf_append_int(out, instant_us / UTC_SECOND_US);
		break;
	case 'z':
		strbuf_append(out, STR("+0000"));
		break;
	case 'Z':
		strbuf_append(out, STR("UTC"));
		break;
	default:
		strbuf_append_char(out, field);
	}
}

/* Fields that stand for others. */
static struct str expand_field(char field)
{
	switch (field) {
	case 'F':
		return STR("Y-m-d");
	case 'T':
		return STR("H:M:S");
	case 'D':
		return STR("m/d/y");
	case 'R':
		return STR("H:M");
	default:
		return str_of(NULL, 0);
	}
}

static bool read_date(struct liquid_call *call, struct liquid_value input, int64_t *instant_us)
{
	struct str text = liquid_input_text(call, input);

	if (input.kind == LIQUID_NUMBER || str_to_int64(text, instant_us)) {
		*instant_us = instant_of(call, input);
		return true;
	}
	if (str_equal(text, STR("now")) || str_equal(text, STR("today"))) {
		*instant_us = call->now_us;
		return true;
	}
	return utc_parse(text, instant_us);
}

static struct liquid_value date(struct liquid_call *call, struct liquid_value input)
{
	struct str format = liquid_argument_text(call, 0, STR(""));
	int64_t instant_us;
	struct strbuf out;
	struct utc utc;

	if (!read_date(call, input, &instant_us))
		return input;
	utc = utc_from_us(instant_us);
	liquid_make(call, &out);
	for (size_t i = 0; i < format.size && out.size < DATE_BYTES_MAX; i++) {
		struct str fields;

		if (format.data[i] != '%' || i + 1 == format.size) {
			strbuf_append_char(&out, format.data[i]);
			continue;
		}
		fields = expand_field(format.data[++i]);
		if (fields.size == 0)
			format_field(&out, format.data[i], &utc, instant_us);
		for (size_t j = 0; j < fields.size; j++)
			format_field(&out, fields.data[j], &utc, instant_us);
	}
	return liquid_made(call, &out);
}

const struct liquid_filter liquid_openresty_filters[] = {
	{STR_INIT("escape_uri"), 0, 1, escape_uri},
	{STR_INIT("unescape_uri"), 0, 0, unescape_uri},
	{STR_INIT("encode_base64"), 0, 1, encode_base64},
	{STR_INIT("decode_base64"), 0, 0, decode_base64},
	{STR_INIT("crc32_short"), 0, 0, crc32},
	{STR_INIT("crc32_long"), 0, 0, crc32},
	{STR_INIT("hmac_sha1"), 1, 1, hmac_sha1},
	{STR_INIT("md5"), 0, 0, md5},
	{STR_INIT("md5_bin"), 0, 0, md5_bin},
	{STR_INIT("sha1_bin"), 0, 0, sha1_bin},
	{STR_INIT("quote_sql_str"), 0, 0, quote_sql_str},
	{STR_INIT("today"), 0, 0, today},
	{STR_INIT("time"), 0, 0, time_seconds},
	{STR_INIT("now"), 0, 0, now},
	{STR_INIT("localtime"), 0, 0, local_time},
	{STR_INIT("utctime"), 0, 0, local_time},
	{STR_INIT("cookie_time"), 0, 0, cookie_time},
	{STR_INIT("http_time"), 0, 0, http_time},
	{STR_INIT("parse_http_time"), 0, 0, parse_http_time},
	{STR_INIT("date"), 1, 1, date},
	{.run = NULL},
};
