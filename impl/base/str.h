/* Slices of bytes and growable buffers.
 *
 * A `struct str` borrows: it never owns what it points at, may hold any byte, and is not
 * NUL-terminated. An empty slice may have a NULL data pointer. Functions that make new text take
 * the arena that will own it (base/arena.h).
 *
 * A `struct strbuf` grows up to a maximum given when it is made. Reaching the maximum is not
 * fatal: the append is refused, nothing is written, and strbuf_is_full() stays true until
 * strbuf_clear(), so a caller may append freely and look once at the end. Later appends that fit
 * are taken (after strbuf_consume() a queue goes on).
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct str {
	const char *data;
	size_t size; /* bytes */
};

/* STR("text") for literals; STR_INIT for static tables; "%.*s" with STR_ARG(s) for printing. */
#define STR_INIT(literal)                                                                          \
	{                                                                                          \
		"" literal, sizeof(literal) - 1                                                    \
	}
#define STR(literal) ((struct str)STR_INIT(literal))
#define STR_ARG(s) (int)(s).size, ((s).data != NULL ? (s).data : "")
#define STR_NOT_FOUND SIZE_MAX

struct str str_from(const char *text); /* of a NUL-terminated string; NULL is empty */
struct str str_of(const char *data, size_t size);
bool str_is_empty(struct str s);
bool str_equal(struct str a, struct str b);
bool str_equal_nocase(struct str a, struct str b); /* ASCII letters only */
int str_compare(struct str a, struct str b);       /* byte order, shorter first */
bool str_has_prefix(struct str s, struct str prefix);
bool str_has_suffix(struct str s, struct str suffix);
struct str str_slice(struct str s, size_t from, size_t to); /* clamped to s */
struct str str_skip(struct str s, size_t count);            /* without its first `count` bytes */
size_t str_find(struct str s, struct str needle);           /* index, or STR_NOT_FOUND */
size_t str_find_char(struct str s, char c);
size_t str_find_last_char(struct str s, char c);
struct str str_trim(struct str s);       /* spaces and tabs at both ends */
bool str_is_utf8(struct str s);          /* well-formed, no surrogates, no overlong */
size_t str_character_size(struct str s); /* of the UTF-8 character at the front; 0: malformed */
uint64_t str_hash(struct str s, uint64_t seed); /* same on every machine */

/* Splits at the first `separator`; without one, *before is all of s, *after is empty, false. */
bool str_split_once(struct str s, char separator, struct str *before, struct str *after);
/* Walks the fields of *rest: `while (str_next_field(&rest, ',', &field))`. "a,,b" has 3 fields;
 * an empty text has none, and a separator at the end begins none. */
bool str_next_field(struct str *rest, char separator, struct str *field);

/* Strict decimal: optional '-', digits only, no blanks, in range. On false *value is untouched. */
bool str_to_int64(struct str s, int64_t *value);
bool str_to_uint16(struct str s, uint16_t *value);

struct str str_copy(struct arena *arena, struct str s);
struct str str_lower(struct arena *arena, struct str s); /* ASCII */
struct str str_concat(struct arena *arena, const struct str *parts, size_t count);
#define STR_CONCAT(arena, ...)                                                                     \
	str_concat(arena, (const struct str[]){__VA_ARGS__},                                       \
		   sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))
const char *str_cstr(struct arena *arena, struct str s); /* NUL-terminated copy */
struct str str_format(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct strbuf {
	char *data;
	size_t size, capacity; /* bytes */
	size_t bytes_max;
	bool full;
};

void strbuf_init(struct strbuf *buffer, size_t bytes_max);
void strbuf_free(struct strbuf *buffer);  /* also makes it empty and reusable */
void strbuf_clear(struct strbuf *buffer); /* keeps the memory */
bool strbuf_is_full(const struct strbuf *buffer);
struct str strbuf_str(const struct strbuf *buffer); /* valid until the next append */
bool strbuf_append(struct strbuf *buffer, struct str s);
bool strbuf_append_char(struct strbuf *buffer, char c);
bool strbuf_append_int(struct strbuf *buffer, int64_t value);
bool strbuf_append_format(struct strbuf *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool strbuf_append_vformat(struct strbuf *buffer, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* Removes the first `count` bytes. */
void strbuf_consume(struct strbuf *buffer, size_t count);
/* Room for at least `count` more bytes: writes go to the result, then strbuf_commit(). NULL if
 * that would pass bytes_max. */
char *strbuf_reserve(struct strbuf *buffer, size_t count);
void strbuf_commit(struct strbuf *buffer, size_t count);

#endif
