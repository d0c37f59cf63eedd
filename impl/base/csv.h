/* Comma separated values as RFC 4180 has them, read line by line: fields may be quoted, quoted ones
 * hold commas, line breaks and doubled quotes. Lines end with LF or CRLF; a byte order mark before
 * the first is left out.
 *
 *     csv_begin(&csv, text, arena);
 *     while (csv_next(&csv, &row, &error)) ...
 *     if (csv.is_malformed) -> refuse, error says why
 *
 * Fields are slices of the text, or live in the arena.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct error;

#define CSV_FIELDS_MAX 256 /* of one row */

struct csv {
	struct arena *arena;
	struct str rest;
	size_t line; /* of the next row, from 1 */
	bool is_malformed;
};

struct csv_row {
	struct str fields[CSV_FIELDS_MAX];
	size_t count; /* 0: a blank line */
	size_t line;  /* where it begins */
};

void csv_begin(struct csv *csv, struct str text, struct arena *arena);
/* False at the end, and with *error ("line 3: ...") at a quote that is not closed, text behind a
 * closing quote, a quote inside a field that has none around it, or too many fields. */
bool csv_next(struct csv *csv, struct csv_row *row, struct error *error);

#endif
