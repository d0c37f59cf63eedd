#include "base/csv.h"

#include "base/arena.h"
#include "base/error.h"

#define BYTE_ORDER_MARK STR("\xef\xbb\xbf")

void csv_begin(struct csv *csv, struct str text, struct arena *arena)
{
	if (str_has_prefix(text, BYTE_ORDER_MARK))
		text = str_skip(text, BYTE_ORDER_MARK.size);
	*csv = (struct csv){.arena = arena, .rest = text, .line = 1};
}

static bool refuse(struct csv *csv, size_t line, const char *why, struct error *error)
{
	csv->is_malformed = true;
	csv->rest = STR("");
	return error_set(error, ERROR_INVALID, "line %zu: %s", line, why);
}

/* The size of the line break at the front; 0: there is none. */
static size_t break_size(struct str text)
{
	if (str_has_prefix(text, STR("\r\n")))
		return 2;
	return text.size > 0 && text.data[0] == '\n' ? 1 : 0;
}

/* The end of the text counts as one: 0 bytes of it. */
static bool is_at_break(struct str text)
{
	return text.size == 0 || break_size(text) > 0;
}

/* Doubled quotes become one. */
static struct str unquoted(struct arena *arena, struct str text)
{
	char *copy;
	size_t size = 0;

	if (str_find_char(text, '"') == STR_NOT_FOUND)
		return text;
	copy = arena_alloc(arena, text.size);
	for (size_t i = 0; i < text.size; i++) {
		copy[size++] = text.data[i];
		if (text.data[i] == '"')
			i++;
	}
	return str_of(copy, size);
}

static bool read_quoted(struct csv *csv, struct str *field, struct error *error)
{
	struct str text = str_skip(csv->rest, 1);
	size_t at = 0, opened = csv->line;

	for (;;) {
		if (at == text.size)
			return refuse(csv, opened, "the quote is not closed", error);
		if (text.data[at] == '\n')
			csv->line++;
		if (text.data[at] != '"')
			at++;
		else if (at + 1 < text.size && text.data[at + 1] == '"')
			at += 2;
		else
			break;
	}
	*field = unquoted(csv->arena, str_slice(text, 0, at));
	csv->rest = str_skip(text, at + 1);
	if (!is_at_break(csv->rest) && csv->rest.data[0] != ',')
		return refuse(csv, csv->line, "text behind a closing quote", error);
	return true;
}

static bool read_plain(struct csv *csv, struct str *field, struct error *error)
{
	size_t at = 0;

	while (!is_at_break(str_skip(csv->rest, at)) && csv->rest.data[at] != ',') {
		if (csv->rest.data[at] == '"')
			return refuse(csv, csv->line, "a quote inside a field", error);
		at++;
	}
	*field = str_slice(csv->rest, 0, at);
	csv->rest = str_skip(csv->rest, at);
	return true;
}

bool csv_next(struct csv *csv, struct csv_row *row, struct error *error)
{
	row->count = 0;
	row->line = csv->line;
	if (csv->rest.size == 0)
		return false;
	while (!is_at_break(csv->rest) || row->count > 0) {
		bool is_quoted = csv->rest.size > 0 && csv->rest.data[0] == '"';

		if (row->count == CSV_FIELDS_MAX)
			return refuse(csv, csv->line, "too many fields", error);
		if (!(is_quoted ? read_quoted : read_plain)(csv, &row->fields[row->count], error))
			return false;
		row->count++;
		if (is_at_break(csv->rest))
			break;
		csv->rest = str_skip(csv->rest, 1); /* the comma: one more field follows */
	}
	csv->rest = str_skip(csv->rest, break_size(csv->rest));
	csv->line++;
	return true;
}
