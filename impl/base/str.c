#include "base/str.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

struct str str_from(const char *text)
{
	return (struct str){text, text != NULL ? strlen(text) : 0};
}

struct str str_of(const char *data, size_t size)
{
	return (struct str){data, size};
}

bool str_is_empty(struct str s)
{
	return s.size == 0;
}

bool str_equal(struct str a, struct str b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool str_equal_nocase(struct str a, struct str b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++) {
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	}
	return true;
}

int str_compare(struct str a, struct str b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

	if (order != 0)
		return order < 0 ? -1 : 1;
	return (a.size > b.size) - (a.size < b.size);
}

bool str_has_prefix(struct str s, struct str prefix)
{
	return s.size >= prefix.size && str_equal(str_of(s.data, prefix.size), prefix);
}

bool str_has_suffix(struct str s, struct str suffix)
{
	return s.size >= suffix.size && str_equal(str_skip(s, s.size - suffix.size), suffix);
}

struct str str_slice(struct str s, size_t from, size_t to)
{
	if (to > s.size)
		to = s.size;
	if (from > to)
		from = to;
	return from > 0 ? str_of(s.data + from, to - from) : str_of(s.data, to);
}

struct str str_skip(struct str s, size_t count)
{
	return str_slice(s, count, s.size);
}

size_t str_find(struct str s, struct str needle)
{
	size_t from = 0;

	if (needle.size == 0)
		return 0;
	while (s.size - from >= needle.size) {
		const char *first = memchr(s.data + from, needle.data[0], s.size - from);

		if (first == NULL)
			break;
		from = (size_t)(first - s.data);
		if (s.size - from < needle.size)
			break;
		if (memcmp(first, needle.data, needle.size) == 0)
			return from;
		from++;
	}
	return STR_NOT_FOUND;
}

size_t str_find_char(struct str s, char c)
{
	const char *found = s.size > 0 ? memchr(s.data, c, s.size) : NULL;

	return found != NULL ? (size_t)(found - s.data) : STR_NOT_FOUND;
}

size_t str_find_last_char(struct str s, char c)
{
	for (size_t i = s.size; i > 0; i--) {
		if (s.data[i - 1] == c)
			return i - 1;
	}
	return STR_NOT_FOUND;
}

struct str str_trim(struct str s)
{
	while (s.size > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
		s = str_skip(s, 1);
	while (s.size > 0 && (s.data[s.size - 1] == ' ' || s.data[s.size - 1] == '\t'))
		s.size--;
	return s;
}

/* RFC 3629 4: what may follow a lead byte. The second byte's range shuts out overlong forms,
 * surrogates and what lies beyond U+10FFFF. */
static const struct utf8_lead {
	unsigned char first, last;
	unsigned char second_min, second_max;
	unsigned char size;
} utf8_leads[] = {
	{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* The size of the character at `bytes`, 0 when it is malformed. */
static size_t utf8_size(const unsigned char *bytes, size_t left)
{
	for (size_t i = 0; i < sizeof utf8_leads / sizeof *utf8_leads; i++) {
		const struct utf8_lead *lead = &utf8_leads[i];

		if (bytes[0] < lead->first || bytes[0] > lead->last)
			continue;
		if (left < lead->size || bytes[1] < lead->second_min || bytes[1] > lead->second_max)
			return 0;
		for (size_t k = 2; k < lead->size; k++) {
			if ((bytes[k] & 0xc0) != 0x80)
				return 0;
		}
		return lead->size;
	}
	return 0;
}

size_t str_character_size(struct str s)
{
	if (s.size == 0)
		return 0;
	return (unsigned char)s.data[0] < 0x80 ? 1
					       : utf8_size((const unsigned char *)s.data, s.size);
}

bool str_is_utf8(struct str s)
{
	const unsigned char *bytes = (const unsigned char *)s.data;
	size_t i = 0;

	while (i < s.size) {
		uint64_t word;
		size_t size;

		if (s.size - i >= sizeof word) {
			memcpy(&word, bytes + i, sizeof word);
			if ((word & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof word;
				continue;
			}
		}
		size = bytes[i] < 0x80 ? 1 : utf8_size(bytes + i, s.size - i);
		if (size == 0)
			return false;
		i += size;
	}
	return true;
}

/* SipHash-1-3: a client that chooses keys cannot make them collide without the seed. */
struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32) + s->v3;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

/* Little-endian on every machine; compilers make one load of it. */
static uint64_t load_word(const unsigned char *b)
{
	return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
	       (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
	       (uint64_t)b[7] << 56;
}

uint64_t str_hash(struct str s, uint64_t seed)
{
	const unsigned char *bytes = (const unsigned char *)s.data;
	uint64_t key = ~rotate(seed, 32);
	struct sip sip = {seed ^ UINT64_C(0x736f6d6570736575), key ^ UINT64_C(0x646f72616e646f6d),
			  seed ^ UINT64_C(0x6c7967656e657261), key ^ UINT64_C(0x7465646279746573)};
	uint64_t last = (uint64_t)s.size << 56;
	size_t i = 0;

	for (; s.size - i >= 8; i += 8)
		sip_word(&sip, load_word(bytes + i));
	for (size_t shift = 0; i < s.size; i++, shift += 8)
		last |= (uint64_t)bytes[i] << shift;
	sip_word(&sip, last);
	sip.v2 ^= 0xff;
	sip_round(&sip);
	sip_round(&sip);
	sip_round(&sip);
	return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

bool str_split_once(struct str s, char separator, struct str *before, struct str *after)
{
	size_t at = str_find_char(s, separator);
	bool found = at != STR_NOT_FOUND;

	*before = str_slice(s, 0, at);
	*after = found ? str_skip(s, at + 1) : str_of(NULL, 0);
	return found;
}

bool str_next_field(struct str *rest, char separator, struct str *field)
{
	if (rest->size == 0)
		return false;
	str_split_once(*rest, separator, field, rest);
	return true;
}

bool str_to_int64(struct str s, int64_t *value)
{
	bool negative = s.size > 0 && s.data[0] == '-';
	uint64_t bound = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	uint64_t number = 0;
	size_t i = negative ? 1 : 0;

	if (i == s.size)
		return false;
	for (; i < s.size; i++) {
		unsigned digit = (unsigned)(unsigned char)s.data[i] - '0';

		if (digit > 9 || number > (bound - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*value = negative && number > 0 ? -(int64_t)(number - 1) - 1 : (int64_t)number;
	return true;
}

bool str_to_uint16(struct str s, uint16_t *value)
{
	int64_t number;

	if (!str_to_int64(s, &number) || number < 0 || number > UINT16_MAX || s.data[0] == '-')
		return false;
	*value = (uint16_t)number;
	return true;
}

struct str str_copy(struct arena *arena, struct str s)
{
	char *data;

	if (s.size == 0)
		return str_of("", 0);
	data = arena_alloc(arena, s.size);
	memcpy(data, s.data, s.size);
	return str_of(data, s.size);
}

struct str str_lower(struct arena *arena, struct str s)
{
	char *data = arena_alloc(arena, s.size);

	for (size_t i = 0; i < s.size; i++)
		data[i] = lower(s.data[i]);
	return str_of(data, s.size);
}

struct str str_concat(struct arena *arena, const struct str *parts, size_t count)
{
	size_t size = 0, at = 0;
	char *data;

	for (size_t i = 0; i < count; i++)
		size += parts[i].size;
	data = arena_alloc(arena, size);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size > 0)
			memcpy(data + at, parts[i].data, parts[i].size);
		at += parts[i].size;
	}
	return str_of(data, size);
}

const char *str_cstr(struct arena *arena, struct str s)
{
	char *data = arena_alloc(arena, s.size + 1);

	if (s.size > 0)
		memcpy(data, s.data, s.size);
	return data;
}

struct str str_format(struct arena *arena, const char *format, ...)
{
	char small[256];
	va_list args, again;
	int size;
	char *data;

	va_start(args, format);
	va_copy(again, args);
	size = vsnprintf(small, sizeof small, format, args);
	va_end(args);
	BUG_IF(size < 0);
	data = arena_alloc(arena, (size_t)size + 1);
	if ((size_t)size < sizeof small)
		memcpy(data, small, (size_t)size);
	else
		vsnprintf(data, (size_t)size + 1, format, again);
	va_end(again);
	return str_of(data, (size_t)size);
}
