/* libFuzzer target: whatever text is put into XML, what comes out holds no markup of the text's
 * own, is well-formed, and says the text again, with U+FFFD for what XML cannot hold. */
#include "base/xml.h"

#include <stdint.h>

#include "base/bug.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	struct str entity;
	char character;
} ENTITIES[] = {
	{STR_INIT("&amp;"), '&'},  {STR_INIT("&lt;"), '<'},    {STR_INIT("&gt;"), '>'},
	{STR_INIT("&quot;"), '"'}, {STR_INIT("&apos;"), '\''},
};

/* By itself, unlike the writer: from XML 1.0, 2.2. */
static bool is_allowed(uint32_t code)
{
	return code == 0x9 || code == 0xa || code == 0xd || (code >= 0x20 && code <= 0xd7ff) ||
	       (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

static uint32_t code_of(struct str character)
{
	static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t code = (unsigned char)character.data[0] & masks[character.size];

	for (size_t i = 1; i < character.size; i++)
		code = code << 6 | ((unsigned char)character.data[i] & 0x3f);
	return code;
}

static struct str take_escaped(struct str *escaped, char *decoded)
{
	struct str taken;

	for (size_t i = 0; i < sizeof ENTITIES / sizeof *ENTITIES; i++) {
		if (!str_has_prefix(*escaped, ENTITIES[i].entity))
			continue;
		*escaped = str_skip(*escaped, ENTITIES[i].entity.size);
		*decoded = ENTITIES[i].character;
		return str_of(decoded, 1);
	}
	taken = str_slice(*escaped, 0, str_character_size(*escaped));
	BUG_IF(taken.size == 0);
	BUG_IF(str_equal(taken, STR("&")) || str_equal(taken, STR("<")) ||
	       str_equal(taken, STR(">")));
	*escaped = str_skip(*escaped, taken.size);
	return taken;
}

/* Character by character, both. */
static void check_escaped(struct str escaped, struct str text)
{
	BUG_IF(!str_is_utf8(escaped));
	while (text.size > 0) {
		size_t size = str_character_size(text);
		struct str character = str_slice(text, 0, size);
		bool is_kept = size > 0 && is_allowed(code_of(character));
		char decoded;
		struct str found = take_escaped(&escaped, &decoded);

		BUG_IF(!str_equal(found, is_kept ? character : STR("\xef\xbf\xbd")));
		text = str_skip(text, size > 0 ? size : 1);
	}
	BUG_IF(escaped.size > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of((const char *)data, size);
	struct strbuf out;

	strbuf_init(&out, 8 * size + 100);
	BUG_IF(!xml_text(&out, text));
	check_escaped(strbuf_str(&out), text);
	strbuf_clear(&out);
	BUG_IF(!xml_escape(&out, text));
	check_escaped(strbuf_str(&out), text);
	BUG_IF(str_find_char(strbuf_str(&out), '"') != STR_NOT_FOUND);
	BUG_IF(str_find_char(strbuf_str(&out), '\'') != STR_NOT_FOUND);

	strbuf_free(&out);

	/* A buffer that is too small is said to be. */
	strbuf_init(&out, size / 2);
	BUG_IF(xml_text(&out, text) && size > 0 && size / 2 < size);
	BUG_IF(out.size > size / 2);
	strbuf_free(&out);
	return 0;
}
