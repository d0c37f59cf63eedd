#include "http/multipart.h"

#include "base/arena.h"

#define BOUNDARY_BYTES_MAX 70 /* RFC 2046 5.1.1 */
#define LINE_END STR("\r\n")

/* The text between quotes at the front of *rest, which moves behind them. False when the quotes do
 * not end. */
static bool take_quoted(struct str *rest, struct str *text)
{
	size_t at = 1;

	while (at < rest->size && rest->data[at] != '"') {
		char next = at + 1 < rest->size ? rest->data[at + 1] : '\0';
		bool is_escape = rest->data[at] == '\\' && (next == '"' || next == '\\');

		at += is_escape ? 2 : 1;
	}
	if (at >= rest->size)
		return false;
	*text = str_slice(*rest, 1, at);
	*rest = str_skip(*rest, at + 1);
	return true;
}

/* \" and \\ are undone, other backslashes stay (paths of old browsers). */
static struct str unquoted(struct str text, struct arena *arena)
{
	char *out = arena_alloc(arena, text.size + 1);
	size_t size = 0;

	for (size_t at = 0; at < text.size; at++) {
		char next = at + 1 < text.size ? text.data[at + 1] : '\0';

		if (text.data[at] == '\\' && (next == '"' || next == '\\'))
			at++;
		out[size++] = text.data[at];
	}
	return str_of(out, size);
}

/* The value of a parameter of a header field: `form-data; name="a"`. False when it has none. */
static bool field_parameter(struct str field, struct str wanted, struct arena *arena,
			    struct str *found)
{
	struct str rest, name, value;

	str_split_once(field, ';', &value, &rest);
	while (rest.size > 0) {
		bool is_quoted;

		if (!str_split_once(rest, '=', &name, &rest))
			return false;
		rest = str_trim(rest);
		is_quoted = str_has_prefix(rest, STR("\""));
		if (is_quoted) {
			struct str between;

			if (!take_quoted(&rest, &value))
				return false;
			str_split_once(rest, ';', &between, &rest);
		} else {
			str_split_once(rest, ';', &value, &rest);
		}
		if (str_equal_nocase(str_trim(name), wanted)) {
			*found = is_quoted ? unquoted(value, arena) : value;
			return true;
		}
	}
	return false;
}

static bool field_is(struct str field, struct str wanted)
{
	struct str value, rest;

	str_split_once(field, ';', &value, &rest);
	return str_equal_nocase(str_trim(value), wanted);
}

bool http_multipart_begin(struct http_multipart *form, struct str content_type, struct str body,
			  struct arena *arena)
{
	struct str boundary;

	*form = (struct http_multipart){.arena = arena};
	if (!field_is(content_type, STR("multipart/form-data")) ||
	    !field_parameter(content_type, STR("boundary"), arena, &boundary))
		return false;
	boundary = str_trim(boundary);
	if (boundary.size == 0 || boundary.size > BOUNDARY_BYTES_MAX)
		return false;
	form->delimiter = STR_CONCAT(arena, LINE_END, STR("--"), boundary);
	/* The first delimiter may stand at the very beginning, without its line end. */
	if (str_has_prefix(body, str_skip(form->delimiter, LINE_END.size))) {
		form->rest = str_skip(body, form->delimiter.size - LINE_END.size);
		return true;
	}
	size_t first = str_find(body, form->delimiter);

	form->is_malformed = first == STR_NOT_FOUND;
	form->rest = form->is_malformed ? STR("") : str_skip(body, first + form->delimiter.size);
	return true;
}

/* Takes a line off the text; false when no line ends in it. */
static bool take_line(struct str *text, struct str *line)
{
	size_t end = str_find(*text, LINE_END);

	if (end == STR_NOT_FOUND)
		return false;
	*line = str_slice(*text, 0, end);
	*text = str_skip(*text, end + LINE_END.size);
	return true;
}

/* Header fields up to the empty line. */
static bool take_head(struct http_multipart *form, struct str *text, struct http_part *part)
{
	struct str line, name, value;

	while (take_line(text, &line)) {
		if (line.size == 0)
			return true;
		if (!str_split_once(line, ':', &name, &value))
			return false;
		value = str_trim(value);
		if (str_equal_nocase(name, STR("Content-Type")))
			part->content_type = value;
		if (!str_equal_nocase(name, STR("Content-Disposition")))
			continue;
		if (!field_is(value, STR("form-data")))
			return false;
		field_parameter(value, STR("name"), form->arena, &part->name);
		part->is_file =
			field_parameter(value, STR("filename"), form->arena, &part->file_name);
	}
	return false;
}

/* One part, named or not. */
static bool take_part(struct http_multipart *form, struct http_part *part)
{
	struct str line, text = form->rest;
	size_t end;

	*part = (struct http_part){0};
	if (str_has_prefix(text, STR("--")))
		return false;
	form->is_malformed = true;
	if (!take_line(&text, &line) || str_trim(line).size > 0 || !take_head(form, &text, part))
		return false;
	/* An empty part ends with the line end that ends its head. */
	text = str_of(text.data - LINE_END.size, text.size + LINE_END.size);
	end = str_find(text, form->delimiter);
	if (end == STR_NOT_FOUND)
		return false;
	part->content = end > 0 ? str_slice(text, LINE_END.size, end) : STR("");
	form->rest = str_skip(text, end + form->delimiter.size);
	form->is_malformed = false;
	return true;
}

bool http_multipart_next(struct http_multipart *form, struct http_part *part)
{
	while (!form->is_malformed && form->delimiter.size > 0) {
		if (!take_part(form, part))
			return false;
		if (part->name.size > 0)
			return true;
	}
	return false;
}
