#include "portal/mail_body.h"

#include "base/arena.h"
#include "base/base64.h"

#define LINE_BYTES_MAX 998
#define CODED_LINE_CHARACTERS 76

/* Lines may be as long as relays take them, and an end of a line stands only where one is. */
static bool is_sound(struct str text)
{
	struct str line;

	if (str_find_char(text, '\r') != STR_NOT_FOUND ||
	    str_find_char(text, '\0') != STR_NOT_FOUND)
		return false;
	while (str_next_field(&text, '\n', &line)) {
		if (line.size > LINE_BYTES_MAX)
			return false;
	}
	return true;
}

static struct str taken(struct arena *arena, struct strbuf *out)
{
	struct str made = str_copy(arena, strbuf_str(out));

	strbuf_free(out);
	return made;
}

static struct str with_line_ends(struct arena *arena, struct str text)
{
	struct strbuf out;
	struct str line;

	strbuf_init(&out, 2 * text.size + 16);
	while (str_next_field(&text, '\n', &line)) {
		strbuf_append(&out, line);
		strbuf_append(&out, STR("\r\n"));
	}
	return taken(arena, &out);
}

static struct str in_lines(struct arena *arena, struct str coded)
{
	struct strbuf out;

	strbuf_init(&out, 2 * coded.size + 16);
	while (coded.size > 0) {
		struct str line = str_slice(coded, 0, CODED_LINE_CHARACTERS);

		strbuf_append(&out, line);
		strbuf_append(&out, STR("\r\n"));
		coded = str_skip(coded, line.size);
	}
	return taken(arena, &out);
}

struct mail_body mail_body_of(struct arena *arena, struct str text)
{
	if (is_sound(text))
		return (struct mail_body){STR("8bit"), with_line_ends(arena, text)};
	return (struct mail_body){
		STR("base64"), in_lines(arena, base64_encode(arena, with_line_ends(arena, text)))};
}
