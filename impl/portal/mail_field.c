#include "portal/mail_field.h"

#include "base/arena.h"
#include "base/base64.h"

#define LINE_CHARACTERS_MAX 76
#define WORD_CHARACTERS_MAX 75
#define WORD_BEGIN STR("=?UTF-8?B?")
#define WORD_END STR("?=")
#define FOLD STR("\r\n ")

static bool is_plain(struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < ' ' || text.data[i] >= 0x7f)
			return false;
	}
	return str_find(text, STR("=?")) == STR_NOT_FOUND;
}

/* Bytes whose base64 fits into a word where `used` characters of the line are taken. */
static size_t word_bytes_max(size_t used)
{
	size_t room = used < LINE_CHARACTERS_MAX ? LINE_CHARACTERS_MAX - used : 0;
	size_t coded;

	room = room < WORD_CHARACTERS_MAX ? room : WORD_CHARACTERS_MAX;
	coded = WORD_BEGIN.size + WORD_END.size;
	return room > coded ? (room - coded) / 4 * 3 : 0;
}

/* The whole characters at the front that fit, at least one. */
static size_t characters_within(struct str text, size_t bytes_max)
{
	size_t taken = 0;

	while (taken < text.size) {
		size_t size = str_character_size(str_skip(text, taken));

		size = size > 0 ? size : 1;
		if (taken > 0 && taken + size > bytes_max)
			break;
		taken += size;
	}
	return taken;
}

static void append_coded(struct arena *arena, struct strbuf *out, size_t used, struct str text)
{
	while (text.size > 0) {
		size_t taken = characters_within(text, word_bytes_max(used));

		strbuf_append(out, WORD_BEGIN);
		strbuf_append(out, base64_encode(arena, str_slice(text, 0, taken)));
		strbuf_append(out, WORD_END);
		text = str_skip(text, taken);
		if (text.size > 0)
			strbuf_append(out, FOLD);
		used = 1;
	}
}

/* The last blank that lets what is before it fit, else the first one; the size when there is none.
 * A line of blanks alone would be none of the field, so nothing is folded in front of one. */
static size_t fold_at(struct str text, size_t room)
{
	size_t at = text.size;

	for (size_t i = 1; i + 1 < text.size && (i <= room || at == text.size); i++) {
		if (text.data[i] == ' ' && text.data[i - 1] != ' ' && text.data[i + 1] != ' ')
			at = i;
	}
	return at;
}

static void append_folded(struct strbuf *out, size_t used, struct str text)
{
	while (used + text.size > LINE_CHARACTERS_MAX) {
		size_t room = used < LINE_CHARACTERS_MAX ? LINE_CHARACTERS_MAX - used : 0;
		size_t at = fold_at(text, room);

		strbuf_append(out, str_slice(text, 0, at));
		text = str_skip(text, at);
		if (text.size == 0)
			return;
		strbuf_append(out, STR("\r\n"));
		used = 0;
	}
	strbuf_append(out, text);
}

struct str mail_field_text(struct arena *arena, struct str name, struct str text)
{
	size_t used = name.size + sizeof ": " - 1;
	struct strbuf out;
	struct str made;

	/* At worst each byte is a word of its own. */
	strbuf_init(&out, (text.size + 1) * WORD_CHARACTERS_MAX);
	if (is_plain(text))
		append_folded(&out, used, text);
	else
		append_coded(arena, &out, used, text);
	made = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return made;
}
