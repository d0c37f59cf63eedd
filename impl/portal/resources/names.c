#include "base/arena.h"
#include "portal/resources/resources.h"

static bool is_word_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Lower case, every run of other characters one joint, none at the ends. */
static struct str joined_words(struct arena *arena, struct str name, char joint)
{
	struct str lower = str_lower(arena, name);
	char *text = arena_alloc(arena, lower.size + 1);
	size_t size = 0;

	for (size_t i = 0; i < lower.size; i++) {
		if (is_word_character(lower.data[i]))
			text[size++] = lower.data[i];
		else if (size > 0 && text[size - 1] != joint)
			text[size++] = joint;
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
