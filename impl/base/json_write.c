#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"

#define PRINT_BYTES_MAX (SIZE_MAX / 4) /* json_print() is bounded by the tree it is given */

/* What a byte below 0x20, a quote or a backslash becomes; the rest of the controls are \u00XX. */
static const char *const short_escapes[] = {
	['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n",  ['\f'] = "\\f",
	['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\",
};

static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

static bool write_escaped(struct strbuf *out, char c)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char byte = (unsigned char)c;
	char escape[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};

	if (short_escapes[byte] != NULL)
		return strbuf_append(out, str_of(short_escapes[byte], 2));
	return strbuf_append(out, str_of(escape, sizeof escape));
}

/* Client bytes that are no UTF-8 must not make our JSON unreadable. */
static bool write_repaired(struct strbuf *out, struct str text)
{
	bool fits = true;

	while (text.size > 0 && fits) {
		size_t size = str_character_size(text);

		if (size == 0)
			fits = strbuf_append(out, STR("\\ufffd"));
		else if (is_plain(text.data[0]))
			fits = strbuf_append(out, str_slice(text, 0, size));
		else
			fits = write_escaped(out, text.data[0]);
		text = str_skip(text, size > 0 ? size : 1);
	}
	return fits;
}

bool json_write_str(struct strbuf *out, struct str text)
{
	size_t from = 0;
	bool fits = strbuf_append_char(out, '"');

	if (!str_is_utf8(text))
		return fits && write_repaired(out, text) && strbuf_append_char(out, '"');
	for (size_t i = 0; i < text.size && fits; i++) {
		if (is_plain(text.data[i]))
			continue;
		fits = strbuf_append(out, str_slice(text, from, i)) &&
		       write_escaped(out, text.data[i]);
		from = i + 1;
	}
	return fits && strbuf_append(out, str_skip(text, from)) && strbuf_append_char(out, '"');
}

bool json_write(struct strbuf *out, const struct json *value)
{
	bool is_object = value != NULL && value->kind == JSON_OBJECT;

	if (json_is_null(value))
		return strbuf_append(out, STR("null"));
	if (value->kind == JSON_STRING)
		return json_write_str(out, value->text);
	if (value->kind != JSON_ARRAY && !is_object)
		return strbuf_append(out, json_scalar_text(value));
	if (!strbuf_append_char(out, is_object ? '{' : '['))
		return false;
	JSON_EACH (child, value) {
		if (child != value->first_child && !strbuf_append_char(out, ','))
			return false;
		if (is_object &&
		    (!json_write_str(out, child->key) || !strbuf_append_char(out, ':')))
			return false;
		if (!json_write(out, child))
			return false;
	}
	return strbuf_append_char(out, is_object ? '}' : ']');
}

struct str json_print(struct arena *arena, const struct json *value)
{
	struct strbuf out;
	struct str text;

	strbuf_init(&out, PRINT_BYTES_MAX);
	json_write(&out, value);
	text = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}
