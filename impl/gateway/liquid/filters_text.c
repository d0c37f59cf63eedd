/* The standard filters for texts. */
#include <string.h>

#include "base/arena.h"
#include "base/url.h"
#include "gateway/liquid/liquid_internal.h"

#define TRUNCATE_CHARACTERS 50
#define TRUNCATE_WORDS 15

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Bytes of the character at the front; one for a byte that is none. */
static size_t character_size(struct str text)
{
	size_t size = str_character_size(text);

	return size > 0 ? size : 1;
}

static struct liquid_value joined(struct liquid_call *call, struct str a, struct str b)
{
	struct strbuf out;

	liquid_make(call, &out);
	strbuf_append(&out, a);
	strbuf_append(&out, b);
	return liquid_made(call, &out);
}

static struct liquid_value append(struct liquid_call *call, struct liquid_value input)
{
	return joined(call, liquid_input_text(call, input), liquid_argument_text(call, 0, STR("")));
}

static struct liquid_value prepend(struct liquid_call *call, struct liquid_value input)
{
	return joined(call, liquid_argument_text(call, 0, STR("")), liquid_input_text(call, input));
}

/* Case. */

static struct liquid_value with_case(struct liquid_call *call, struct liquid_value input,
				     char (*first)(char c), char (*rest)(char c))
{
	struct str text = liquid_input_text(call, input);
	struct strbuf out;

	liquid_make(call, &out);
	for (size_t i = 0; i < text.size; i++)
		strbuf_append_char(&out, i == 0 ? first(text.data[i]) : rest(text.data[i]));
	return liquid_made(call, &out);
}

static struct liquid_value capitalize(struct liquid_call *call, struct liquid_value input)
{
	return with_case(call, input, upper, lower);
}

static struct liquid_value downcase(struct liquid_call *call, struct liquid_value input)
{
	return with_case(call, input, lower, lower);
}

static struct liquid_value upcase(struct liquid_call *call, struct liquid_value input)
{
	return with_case(call, input, upper, upper);
}

/* Blanks. */

static struct str strip_start(struct str text)
{
	while (text.size > 0 && is_blank(text.data[0]))
		text = str_skip(text, 1);
	return text;
}

static struct str strip_end(struct str text)
{
	while (text.size > 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	return text;
}

static struct liquid_value strip(struct liquid_call *call, struct liquid_value input)
{
	return liquid_text(strip_end(strip_start(liquid_input_text(call, input))));
}

static struct liquid_value lstrip(struct liquid_call *call, struct liquid_value input)
{
	return liquid_text(strip_start(liquid_input_text(call, input)));
}

static struct liquid_value rstrip(struct liquid_call *call, struct liquid_value input)
{
	return liquid_text(strip_end(liquid_input_text(call, input)));
}

/* Replacing. At most `times`. */
static struct liquid_value substitute(struct liquid_call *call, struct str text, struct str old,
				      struct str new, size_t times)
{
	struct strbuf out;
	size_t at;

	liquid_make(call, &out);
	while (times-- > 0 && old.size > 0 && (at = str_find(text, old)) != STR_NOT_FOUND) {
		strbuf_append(&out, str_slice(text, 0, at));
		strbuf_append(&out, new);
		text = str_skip(text, at + old.size);
	}
	strbuf_append(&out, text);
	return liquid_made(call, &out);
}

static struct liquid_value replace(struct liquid_call *call, struct liquid_value input)
{
	return substitute(call, liquid_input_text(call, input),
			  liquid_argument_text(call, 0, STR("")),
			  liquid_argument_text(call, 1, STR("")), SIZE_MAX);
}

static struct liquid_value replace_first(struct liquid_call *call, struct liquid_value input)
{
	return substitute(call, liquid_input_text(call, input),
			  liquid_argument_text(call, 0, STR("")),
			  liquid_argument_text(call, 1, STR("")), 1);
}

static struct liquid_value remove_all(struct liquid_call *call, struct liquid_value input)
{
	return substitute(call, liquid_input_text(call, input),
			  liquid_argument_text(call, 0, STR("")), STR(""), SIZE_MAX);
}

static struct liquid_value remove_first(struct liquid_call *call, struct liquid_value input)
{
	return substitute(call, liquid_input_text(call, input),
			  liquid_argument_text(call, 0, STR("")), STR(""), 1);
}

static struct liquid_value newline_to_br(struct liquid_call *call, struct liquid_value input)
{
	return substitute(call, liquid_input_text(call, input), STR("\n"), STR("<br />\n"),
			  SIZE_MAX);
}

static struct liquid_value strip_newlines(struct liquid_call *call, struct liquid_value input)
{
	struct str text = liquid_input_text(call, input);
	struct strbuf out;

	liquid_make(call, &out);
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] != '\n' && text.data[i] != '\r')
			strbuf_append_char(&out, text.data[i]);
	}
	return liquid_made(call, &out);
}

/* HTML. */

static const struct {
	char c;
	struct str entity;
} entities[] = {
	{'&', STR_INIT("&amp;")},  {'<', STR_INIT("&lt;")},   {'>', STR_INIT("&gt;")},
	{'"', STR_INIT("&quot;")}, {'\'', STR_INIT("&#39;")},
};

static struct str entity_of(char c)
{
	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
		if (entities[i].c == c)
			return entities[i].entity;
	}
	return str_of(NULL, 0);
}

static bool is_entity(struct str rest)
{
	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
		if (str_has_prefix(rest, entities[i].entity))
			return true;
	}
	return false;
}

static struct liquid_value escaped(struct liquid_call *call, struct str text, bool once)
{
	struct strbuf out;

	liquid_make(call, &out);
	for (size_t i = 0; i < text.size; i++) {
		struct str entity = entity_of(text.data[i]);

		if (entity.size == 0 || (once && is_entity(str_skip(text, i))))
			strbuf_append_char(&out, text.data[i]);
		else
			strbuf_append(&out, entity);
	}
	return liquid_made(call, &out);
}

static struct liquid_value escape(struct liquid_call *call, struct liquid_value input)
{
	return escaped(call, liquid_input_text(call, input), false);
}

static struct liquid_value escape_once(struct liquid_call *call, struct liquid_value input)
{
	return escaped(call, liquid_input_text(call, input), true);
}

static struct liquid_value strip_html(struct liquid_call *call, struct liquid_value input)
{
	struct str text = liquid_input_text(call, input);
	struct strbuf out;
	size_t open, close;

	liquid_make(call, &out);
	while ((open = str_find_char(text, '<')) != STR_NOT_FOUND &&
	       (close = str_find_char(str_skip(text, open), '>')) != STR_NOT_FOUND) {
		strbuf_append(&out, str_slice(text, 0, open));
		text = str_skip(text, open + close + 1);
	}
	strbuf_append(&out, text);
	return liquid_made(call, &out);
}

/* URLs. */

static struct liquid_value url_encode_filter(struct liquid_call *call, struct liquid_value input)
{
	struct str text = liquid_input_text(call, input), part;
	struct strbuf out;
	bool is_first = true;

	liquid_make(call, &out);
	while (str_next_field(&text, ' ', &part)) {
		if (!is_first)
			strbuf_append_char(&out, '+');
		url_encode(&out, part);
		is_first = false;
	}
	return liquid_made(call, &out);
}

static struct liquid_value url_decode_filter(struct liquid_call *call, struct liquid_value input)
{
	return liquid_text(url_decode(call->arena, liquid_input_text(call, input), true));
}

/* Parts. */

/* The byte where the character of that number begins. */
static size_t character_at(struct str text, int64_t number)
{
	size_t at = 0;

	while (number-- > 0 && at < text.size)
		at += character_size(str_skip(text, at));
	return at < text.size ? at : text.size;
}

static int64_t count_characters(struct str text)
{
	int64_t count = 0;

	for (size_t at = 0; at < text.size; count++)
		at += character_size(str_skip(text, at));
	return count;
}

static struct liquid_value slice(struct liquid_call *call, struct liquid_value input)
{
	struct str text = liquid_input_text(call, input);
	int64_t from = liquid_argument_int(call, 0, 0), count = liquid_argument_int(call, 1, 1);
	int64_t all = count_characters(text);

	if (from < 0)
		from += all;
	if (from < 0 || from > all || count <= 0)
		return liquid_text(STR(""));
	return liquid_text(
		str_slice(text, character_at(text, from), character_at(text, from + count)));
}

static struct liquid_value truncate(struct liquid_call *call, struct liquid_value input)
{
	struct str text = liquid_input_text(call, input);
	struct str end = liquid_argument_text(call, 1, STR("..."));
	int64_t size = liquid_argument_int(call, 0, TRUNCATE_CHARACTERS);
	int64_t kept = size - count_characters(end);

	if (count_characters(text) <= size)
		return liquid_text(text);
	return joined(call, str_slice(text, 0, character_at(text, kept > 0 ? kept : 0)), end);
}

static struct liquid_value truncatewords(struct liquid_call *call, struct liquid_value input)
{
	struct str text = liquid_input_text(call, input);
	int64_t words = liquid_argument_int(call, 0, TRUNCATE_WORDS);
	size_t at = 0, end = 0;

	for (; words > 0; words--) {
		while (at < text.size && is_blank(text.data[at]))
			at++;
		while (at < text.size && !is_blank(text.data[at]))
			at++;
		end = at;
	}
	if (strip_end(str_skip(text, end)).size == 0)
		return liquid_text(text);
	return joined(call, str_slice(text, 0, end), liquid_argument_text(call, 1, STR("...")));
}

static struct liquid_value default_value(struct liquid_call *call, struct liquid_value input)
{
	return liquid_is_true(&input) && !liquid_is_empty(&input, false) ? input
									 : call->arguments[0];
}

const struct liquid_filter liquid_text_filters[] = {
	{STR_INIT("append"), 1, 1, append},
	{STR_INIT("prepend"), 1, 1, prepend},
	{STR_INIT("capitalize"), 0, 0, capitalize},
	{STR_INIT("downcase"), 0, 0, downcase},
	{STR_INIT("upcase"), 0, 0, upcase},
	{STR_INIT("strip"), 0, 0, strip},
	{STR_INIT("lstrip"), 0, 0, lstrip},
	{STR_INIT("rstrip"), 0, 0, rstrip},
	{STR_INIT("strip_newlines"), 0, 0, strip_newlines},
	{STR_INIT("newline_to_br"), 0, 0, newline_to_br},
	{STR_INIT("replace"), 1, 2, replace},
	{STR_INIT("replace_first"), 1, 2, replace_first},
	{STR_INIT("remove"), 1, 1, remove_all},
	{STR_INIT("remove_first"), 1, 1, remove_first},
	{STR_INIT("escape"), 0, 0, escape},
	{STR_INIT("escape_once"), 0, 0, escape_once},
	{STR_INIT("strip_html"), 0, 0, strip_html},
	{STR_INIT("url_encode"), 0, 0, url_encode_filter},
	{STR_INIT("url_decode"), 0, 0, url_decode_filter},
	{STR_INIT("slice"), 1, 2, slice},
	{STR_INIT("truncate"), 0, 2, truncate},
	{STR_INIT("truncatewords"), 0, 2, truncatewords},
	{STR_INIT("default"), 1, 1, default_value},
	{.run = NULL},
};
