/* The shapes that the parts of a case file may have, as tables: what is not in a table is refused
 * with its file and line, so that a misspelt key never turns a check into nothing.
 */
#ifndef RUNNER_SHAPE_H
#define RUNNER_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct error;
struct json;

enum shape_kind {
	SHAPE_ANY,
	SHAPE_TEXT,      /* a text, a number, true or false */
	SHAPE_INTEGER,   /* not negative */
	SHAPE_COUNT,     /* of bytes or calls to make: 0 to 2^30 */
	SHAPE_PORT,      /* 1 to 65535 */
	SHAPE_BOOLEAN,   /* true or false */
	SHAPE_WORD,      /* one of `words` */
	SHAPE_TEXTS,     /* a list of texts */
	SHAPE_FIELDS,    /* name: text, or a list of texts */
	SHAPE_ADDRESSES, /* name: text, list of texts, or null */
	SHAPE_TEXT_MAP,  /* name: text */
	SHAPE_TEXTS_MAP, /* name: list of texts */
	SHAPE_DURATION,  /* "300s", "20ms" */
	SHAPE_INSTANT,   /* "2019-06-04T10:20:30Z" */
	SHAPE_PATTERN,   /* of matches */
	SHAPE_KEPT,      /* name: pattern, or object of `keys` */
	SHAPE_PARTS,     /* name: text, or object of `keys` */
	SHAPE_VALUE,     /* what a value is compared with: a text, or {matches|absent|any: ...} */
	SHAPE_VALUES,    /* name: value, or a list of values */
	SHAPE_JSON,      /* any JSON, whose {matches: ...} can be compiled */
	SHAPE_OBJECT,    /* of `keys`; without keys: any object */
	SHAPE_NAMED,     /* name: object of `keys` */
	SHAPE_LIST,      /* of objects of `keys` */
	SHAPE_ONE_OR_LIST,
	SHAPE_CALLS,          /* `none`, or as before */
	SHAPE_SCRIPT,         /* the word of `words`, or as before */
	SHAPE_SCRIPTS,        /* name: object of `keys`, or a list of them */
	SHAPE_TRUE_OR_OBJECT, /* true, or an object of `keys` */
	SHAPE_WORD_OR_OBJECT, /* the word of `words`, or an object of `keys` */
};

struct shape_key {
	const char *name; /* NULL ends a table */
	enum shape_kind kind;
	const struct shape_key *keys;
	const char *words; /* "file portal" */
	bool is_required;
};

/* `place` names what the value is of, `path` its file: "path:12: answer.status: ..." */
bool shape_check(const struct json *value, const struct shape_key *shape, struct str path,
		 struct error *error);
/* Same for one member of an object of those keys. */
bool shape_check_key(const struct json *member, const struct shape_key *keys, const char *place,
		     struct str path, struct error *error);
/* Same for an object whose keys are all there is to say of it. */
bool shape_check_keys(const struct json *object, const struct shape_key *keys, const char *place,
		      struct str path, struct error *error);

/* "300s", "20ms", "5m", "1h". */
bool shape_duration_us(struct str text, int64_t *duration_us);

#endif
