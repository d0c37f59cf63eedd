/* JSON as a tree in an arena, read strictly through cJSON, and a writer.
 *
 * Reading refuses what cJSON alone lets pass (anchors: reliability 2.2): duplicate keys, text after
 * the value, \u0000, invalid UTF-8, control bytes, numbers against RFC 8259 6 or past the range of
 * a double, nesting over 128, more than `bytes_max`, more values than limits.h allows for that.
 * Keys are compared exactly. Objects keep their order. Numbers keep their text in `text`.
 * YAML documents are read into the same tree (base/yaml.h).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_kind kind;
	bool boolean;
	bool is_integer; /* the number is whole and fits `integer` */
	int64_t integer;
	double number;
	struct str text; /* JSON_STRING: its value. JSON_NUMBER: as it was written */
	struct str key;  /* when the parent is an object */
	struct json *first_child, *last_child, *next; /* arrays and objects */
	size_t count;                                 /* children */
	int line; /* 1-based line of the value; 0 when it was not read */
};

/* NULL and *error ("line 3: ...") when the text is not one JSON value. */
struct json *json_parse(struct arena *arena, struct str text, size_t bytes_max,
			struct error *error);

/* All of these accept NULL and any kind, and answer NULL / the fallback / empty when it does not
 * fit, so that a path can be read in one expression. */
const struct json *json_get(const struct json *object, struct str key);
const struct json *json_path(const struct json *object,
			     const char *path); /* "proxy.hosts.0": numbers are places in arrays */
const struct json *json_at(const struct json *array, size_t index);
struct str json_str(const struct json *value); /* strings only */
struct str json_get_str(const struct json *object, struct str key);
/* Strings, numbers as written, true/false; null and the rest are empty. */
struct str json_scalar_text(const struct json *value);
int64_t json_int(const struct json *value, int64_t fallback); /* also "12" in a string */
bool json_bool(const struct json *value, bool fallback);      /* also "true"/"false" */
bool json_is_null(const struct json *value);                  /* absent counts as null */
bool json_equal(const struct json *a, const struct json *b);  /* object order is free */
#define JSON_EACH(child, parent)                                                                   \
	for (const struct json *child = (parent) != NULL ? (parent)->first_child : NULL;           \
	     child != NULL; child = child->next)

/* Building, in an arena. Text is borrowed, not copied. The add/append functions return the child.
 */
struct json *json_new(struct arena *arena, enum json_kind kind);
struct json *json_new_str(struct arena *arena, struct str text);
struct json *json_new_int(struct arena *arena, int64_t value);
struct json *json_new_bool(struct arena *arena, bool value);
struct json *json_append(struct json *array, struct json *child);
struct json *json_set(struct json *object, struct str key,
		      struct json *child); /* replaces, keeping the place */
struct json *json_copy(struct arena *arena, const struct json *value); /* deep, texts too */

/* Compact, in tree order. False when the buffer is full. */
bool json_write(struct strbuf *out, const struct json *value);
struct str json_print(struct arena *arena, const struct json *value);
/* Quoted and escaped; bytes that are not UTF-8 become U+FFFD. */
bool json_write_str(struct strbuf *out, struct str text);

#endif
