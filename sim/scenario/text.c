/* What the texts of a scenario mean: durations, numbers, variables. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "sim/scenario/stage_internal.h"

#define TEXT_SECOND_US INT64_C(1000000)
/* Ten years: sums of durations are far from the end of virtual time. */
#define TEXT_DURATION_MAX_US (INT64_C(3650) * 86400 * TEXT_SECOND_US)
#define TEXT_SHOWN_BYTES 200

bool stage_duration(const struct json *value, int64_t *us, struct error *error)
{
	static const struct {
		struct str name;
		int64_t us;
	} units[] = {
		{STR_INIT(""), TEXT_SECOND_US},         {STR_INIT("ms"), 1000},
		{STR_INIT("s"), TEXT_SECOND_US},        {STR_INIT("m"), 60 * TEXT_SECOND_US},
		{STR_INIT("h"), 3600 * TEXT_SECOND_US}, {STR_INIT("d"), 86400 * TEXT_SECOND_US},
	};
	struct str text = json_scalar_text(value);
	size_t digits = 0;
	int64_t count;

	while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9')
		digits++;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (str_equal(str_skip(text, digits), units[i].name) &&
		    str_to_int64(str_slice(text, 0, digits), &count) &&
		    count <= TEXT_DURATION_MAX_US / units[i].us) {
			*us = count * units[i].us;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID,
			 "\"%.*s\" is no duration (250ms, 30s, 5m, 2h, 1d; at most ten years)",
			 STR_ARG(text));
}

bool stage_number(const struct json *table, struct str key, int64_t least, int64_t most,
		  int64_t *number, struct error *error)
{
	const struct json *value = json_get(table, key);
	int64_t wanted = json_int(value, INT64_MIN);

	if (value == NULL)
		return true;
	if (wanted < least || wanted > most)
		return error_set(error, ERROR_INVALID,
				 "%.*s must be a number from %" PRId64 " to %" PRId64
				 ", not \"%.*s\"",
				 STR_ARG(key), least, most, STR_ARG(json_scalar_text(value)));
	*number = wanted;
	return true;
}

bool stage_has_word(const char *words, struct str word)
{
	struct str rest = str_from(words), one;

	while (str_next_field(&rest, ' ', &one)) {
		if (str_equal(one, word))
			return true;
	}
	return false;
}

/* Variables. */

static size_t name_size(struct str text)
{
	size_t size = 0;

	for (; size < text.size; size++) {
		char c = text.data[size];

		if (!((c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9' && size > 0)))
			break;
	}
	return size;
}

bool stage_is_name(struct str text)
{
	return text.size > 0 && name_size(text) == text.size;
}

void stage_put_variable(struct stage *stage, struct str name, struct str value)
{
	struct str *kept = ARENA_NEW(stage->arena, struct str);

	*kept = str_copy(stage->arena, value);
	map_put(stage->variables, name, kept);
}

/* The name in the braces that `text` begins with; empty: those are just braces. */
static struct str name_in_braces(struct str text)
{
	struct str inner = str_skip(text, 1);
	size_t size = name_size(inner);

	return size < inner.size && inner.data[size] == '}' ? str_slice(inner, 0, size) : STR("");
}

static bool expand_into(struct stage *stage, struct strbuf *out, struct str text,
			struct error *error)
{
	size_t at;

	while ((at = str_find_char(text, '{')) != STR_NOT_FOUND) {
		bool is_escaped = str_has_prefix(str_skip(text, at), STR("{{"));
		struct str name = name_in_braces(str_skip(text, at + is_escaped));
		const struct str *value = map_get(stage->variables, name);

		strbuf_append(out, str_slice(text, 0, at));
		text = str_skip(text, at + is_escaped);
		if (name.size == 0) { /* a second brace may begin a name */
			strbuf_append_char(out, '{');
			text = str_skip(text, !is_escaped);
			continue;
		}
		if (is_escaped)
			strbuf_append(out, str_slice(text, 0, name.size + 2));
		else if (value == NULL)
			return error_set(error, ERROR_INVALID, "no variable {%.*s}", STR_ARG(name));
		else
			strbuf_append(out, *value);
		text = str_skip(text, name.size + 2);
	}
	strbuf_append(out, text);
	return !strbuf_is_full(out) ||
	       error_set(error, ERROR_LIMIT, "a text of more than %d bytes", LIMIT_CASE_FILE_BYTES);
}

static bool expand_text(struct stage *stage, struct str *text, struct error *error)
{
	struct strbuf out;
	bool fine;

	if (str_find_char(*text, '{') == STR_NOT_FOUND)
		return true;
	strbuf_init(&out, LIMIT_CASE_FILE_BYTES);
	fine = expand_into(stage, &out, *text, error);
	*text = str_copy(stage->arena, strbuf_str(&out));
	strbuf_free(&out);
	return fine;
}

static bool expand_tree(struct stage *stage, struct json *value, struct error *error)
{
	if (value->kind == JSON_STRING)
		return expand_text(stage, &value->text, error);
	for (struct json *child = value->first_child; child != NULL; child = child->next) {
		if (!expand_tree(stage, child, error))
			return false;
	}
	return true;
}

struct json *stage_expand(struct stage *stage, const struct json *value, struct error *error)
{
	struct json *copy = json_copy(stage->arena, value);

	return expand_tree(stage, copy, error) ? copy : NULL;
}

/* Messages are one line, and terminals obey control characters. */
struct str stage_shown(struct arena *arena, struct str text)
{
	size_t size = text.size < TEXT_SHOWN_BYTES ? text.size : TEXT_SHOWN_BYTES;
	char *shown = arena_alloc(arena, size + 1);

	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		shown[i] = byte < ' ' || byte == 0x7f ? ' ' : text.data[i];
	}
	return str_of(shown, size);
}
