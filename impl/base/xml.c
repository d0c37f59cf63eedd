#include "base/xml.h"

#include <stddef.h>

static struct str entity_of(char c, bool with_quotes)
{
	switch (c) {
	case '&':
		return STR("&amp;");
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '"':
		return with_quotes ? STR("&quot;") : STR("");
	case '\'':
		return with_quotes ? STR("&apos;") : STR("");
	default:
		return STR("");
	}
}

/* XML 1.0 2.2: these cannot stand in a document in any form. */
static bool is_forbidden(struct str character)
{
	unsigned char c = (unsigned char)character.data[0];

	if (character.size == 1)
		return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
	return str_equal(character, STR("\xef\xbf\xbe")) ||
	       str_equal(character, STR("\xef\xbf\xbf"));
}

static bool write_escaped(struct strbuf *out, struct str text, bool with_quotes)
{
	bool fits = true;

	while (text.size > 0 && fits) {
		size_t size = str_character_size(text);
		struct str character = str_slice(text, 0, size);
		struct str entity = entity_of(text.data[0], with_quotes);

		if (size == 0 || is_forbidden(character))
			fits = strbuf_append(out, STR("\xef\xbf\xbd")); /* U+FFFD */
		else if (str_is_empty(entity))
			fits = strbuf_append(out, character);
		else
			fits = strbuf_append(out, entity);
		text = str_skip(text, size > 0 ? size : 1);
	}
	return fits;
}

bool xml_escape(struct strbuf *out, struct str text)
{
	return write_escaped(out, text, true);
}

bool xml_text(struct strbuf *out, struct str text)
{
	return write_escaped(out, text, false);
}

bool xml_declaration(struct strbuf *out)
{
	return strbuf_append(out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
}

bool xml_open(struct strbuf *out, struct str name)
{
	return strbuf_append_char(out, '<') && strbuf_append(out, name) &&
	       strbuf_append_char(out, '>');
}

bool xml_close(struct strbuf *out, struct str name)
{
	return strbuf_append(out, STR("</")) && strbuf_append(out, name) &&
	       strbuf_append_char(out, '>');
}

bool xml_element(struct strbuf *out, struct str name, struct str text)
{
	return xml_open(out, name) && xml_text(out, text) && xml_close(out, name);
}
