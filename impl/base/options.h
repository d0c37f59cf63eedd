/* Command-line options from a table: `--name VALUE`, `--name=VALUE`, flags, and positional words.
 * An unknown option is refused with the closest known one. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct error;
struct strbuf;

enum option_kind {
	OPTION_FLAG,
	OPTION_COUNT, /* a flag that may be given several times: int *, how often */
	OPTION_TEXT,
	OPTION_TEXTS, /* may be given several times: struct option_texts * */
	OPTION_INT,
	OPTION_PORT,
};

#define OPTION_TEXTS_MAX 32

struct option_texts {
	struct str items[OPTION_TEXTS_MAX]; /* what exceeds them is left out */
	size_t count;
};

struct option {
	const char *name; /* without the dashes */
	char short_name;  /* 0 = none */
	enum option_kind kind;
	void *value; /* bool *, struct str *, int64_t *, uint16_t * (given as --port N), or as above
		      */
	bool *is_given;       /* may be NULL */
	const char *argument; /* "FILE", for the help text */
	const char *help;
};

/* Fills the values from arguments[0..count) (after the command's own name). Positional words go to
 * words[0..words_max), their number to *words_count; more of them is an error ("unexpected
 * argument \"x\""). A repeated option: the last wins. "--" ends the options. */
bool options_parse(const struct option *options, size_t options_count, const struct str *arguments,
		   size_t count, struct str *words, size_t words_max, size_t *words_count,
		   struct error *error);
/* Appends one help line for each option. */
void options_help(struct strbuf *out, const struct option *options, size_t options_count);

#endif
