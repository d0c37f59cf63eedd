#include "base/arena.h"
#include "portal/resources/resources.h"

static bool is_word_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Latin letters of other alphabets, by their code points, as the words of a name are written with
 * those of English. Marks that follow their letter are left out. */
static const struct latin {
	unsigned first, last;
	const char *written;
} latin[] = {
	{0x00C0, 0x00C5, "a"},  {0x00C6, 0x00C6, "ae"}, {0x00C7, 0x00C7, "c"},
	{0x00C8, 0x00CB, "e"},  {0x00CC, 0x00CF, "i"},  {0x00D0, 0x00D0, "d"},
	{0x00D1, 0x00D1, "n"},  {0x00D2, 0x00D6, "o"},  {0x00D7, 0x00D7, "x"},
	{0x00D8, 0x00D8, "o"},  {0x00D9, 0x00DC, "u"},  {0x00DD, 0x00DD, "y"},
	{0x00DE, 0x00DE, "th"}, {0x00DF, 0x00DF, "ss"}, {0x00E0, 0x00E5, "a"},
	{0x00E6, 0x00E6, "ae"}, {0x00E7, 0x00E7, "c"},  {0x00E8, 0x00EB, "e"},
	{0x00EC, 0x00EF, "i"},  {0x00F0, 0x00F0, "d"},  {0x00F1, 0x00F1, "n"},
	{0x00F2, 0x00F6, "o"},  {0x00F8, 0x00F8, "o"},  {0x00F9, 0x00FC, "u"},
	{0x00FD, 0x00FD, "y"},  {0x00FE, 0x00FE, "th"}, {0x00FF, 0x00FF, "y"},
	{0x0100, 0x0105, "a"},  {0x0106, 0x010D, "c"},  {0x010E, 0x0111, "d"},
	{0x0112, 0x011B, "e"},  {0x011C, 0x0123, "g"},  {0x0124, 0x0127, "h"},
	{0x0128, 0x0131, "i"},  {0x0132, 0x0133, "ij"}, {0x0134, 0x0135, "j"},
	{0x0136, 0x0138, "k"},  {0x0139, 0x0142, "l"},  {0x0143, 0x0149, "n"},
	{0x014A, 0x014B, "ng"}, {0x014C, 0x0151, "o"},  {0x0152, 0x0153, "oe"},
	{0x0154, 0x0159, "r"},  {0x015A, 0x0161, "s"},  {0x0162, 0x0167, "t"},
	{0x0168, 0x0173, "u"},  {0x0174, 0x0175, "w"},  {0x0176, 0x0178, "y"},
	{0x0179, 0x017E, "z"},  {0x017F, 0x017F, "s"},  {0x0300, 0x036F, ""},
};

/* All of them are of two bytes; none is written with more. NULL: no such letter. */
static const char *latin_written(struct str text)
{
	unsigned lead, point;

	if (text.size < 2)
		return NULL;
	lead = (unsigned char)text.data[0];
	if ((lead & 0xE0) != 0xC0)
		return NULL;
	point = (lead & 0x1F) << 6 | ((unsigned char)text.data[1] & 0x3F);
	for (size_t i = 0; i < sizeof latin / sizeof *latin; i++) {
		if (latin[i].first <= point && point <= latin[i].last)
			return latin[i].written;
	}
	return NULL;
}

/* Lower case, every run of other characters one joint, none at the ends. */
static struct str joined_words(struct arena *arena, struct str name, char joint)
{
	struct str rest = str_lower(arena, name);
	char *text = arena_alloc(arena, rest.size + 1);
	size_t size = 0;

	while (rest.size > 0) {
		const char *written = latin_written(rest);

		if (written != NULL) {
			while (*written != '\0')
				text[size++] = *written++;
		} else if (is_word_character(rest.data[0])) {
			text[size++] = rest.data[0];
		} else if (size > 0 && text[size - 1] != joint) {
			text[size++] = joint;
		}
		rest = str_skip(rest, written != NULL ? 2 : 1);
	}
	if (size > 0 && text[size - 1] == joint)
		size--;
	return str_of(text, size);
}

static struct str name_for_system(struct arena *arena, struct str name)
{
	return joined_words(arena, name, '_');
}

struct str name_for_host(struct arena *arena, struct str name)
{
	return joined_words(arena, name, '-');
}

void fill_system_name(struct call *call, struct record *record, const char *from, const char *kind)
{
	struct str name;

	if (!value_is_blank(record_get(record, "system_name")) ||
	    value_is_blank(record_get(record, from)))
		return;
	name = name_for_system(call->arena, record_text(record, from));
	if (name.size == 0)
		name = STR_CONCAT(call->arena, str_from(kind), STR("_"), call_random_hex(call, 12));
	record_set_text(record, "system_name", name);
}
