#include "gateway/path_pattern.h"

#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/pattern.h"

#define SEGMENT_CLASS "[A-Za-z0-9_.~%!$&'()*+,;=@:-]+"

bool path_pattern_is_segment_char(char c)
{
	/* A table by byte: this is asked for every byte of every path. */
	static const bool allowed[256] = {
		['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true,  ['f'] = true,
		['g'] = true, ['h'] = true, ['i'] = true, ['j'] = true, ['k'] = true,  ['l'] = true,
		['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true, ['q'] = true,  ['r'] = true,
		['s'] = true, ['t'] = true, ['u'] = true, ['v'] = true, ['w'] = true,  ['x'] = true,
		['y'] = true, ['z'] = true, ['A'] = true, ['B'] = true, ['C'] = true,  ['D'] = true,
		['E'] = true, ['F'] = true, ['G'] = true, ['H'] = true, ['I'] = true,  ['J'] = true,
		['K'] = true, ['L'] = true, ['M'] = true, ['N'] = true, ['O'] = true,  ['P'] = true,
		['Q'] = true, ['R'] = true, ['S'] = true, ['T'] = true, ['U'] = true,  ['V'] = true,
		['W'] = true, ['X'] = true, ['Y'] = true, ['Z'] = true, ['0'] = true,  ['1'] = true,
		['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true,  ['7'] = true,
		['8'] = true, ['9'] = true, ['_'] = true, ['-'] = true, ['.'] = true,  ['~'] = true,
		['%'] = true, ['!'] = true, ['$'] = true, ['&'] = true, ['\''] = true, ['('] = true,
		[')'] = true, ['*'] = true, ['+'] = true, [','] = true, [';'] = true,  ['='] = true,
		['@'] = true, [':'] = true,
	};

	return allowed[(unsigned char)c];
}

/* Bytes that the placeholder at the front takes, braces included; 0 when there is none. */
static size_t placeholder_size(struct str text)
{
	size_t end;

	if (text.size < 3 || text.data[0] != '{')
		return 0;
	end = str_find_char(str_skip(text, 2), '}'); /* the name has a character at least */
	return end != STR_NOT_FOUND ? end + 3 : 0;
}

static bool needs_expression(struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		size_t skipped = placeholder_size(str_skip(text, i));

		if (skipped > 0)
			i += skipped - 1;
		else if (strchr("*+()[]|\\^$", text.data[i]) != NULL)
			return true;
	}
	return false;
}

static bool compile_expression(struct str text, bool ends_path, struct path_pattern *pattern,
			       struct error *error)
{
	struct strbuf expression;

	strbuf_init(&expression, LIMIT_CONFIG_BYTES);
	strbuf_append_char(&expression, '^');
	for (size_t i = 0; i < text.size; i++) {
		size_t skipped = placeholder_size(str_skip(text, i));

		if (skipped > 0) {
			strbuf_append(&expression, STR(SEGMENT_CLASS));
			i += skipped - 1;
		} else if (text.data[i] == '.') {
			strbuf_append(&expression, STR("\\."));
		} else {
			strbuf_append_char(&expression, text.data[i]);
		}
	}
	if (ends_path)
		strbuf_append(&expression, STR("\\z")); /* '$' lets a line feed follow */
	pattern->expression = pattern_create(strbuf_str(&expression), error);
	strbuf_free(&expression);
	return pattern->expression != NULL;
}

static void split_literals(struct arena *arena, struct str text, struct path_pattern *pattern)
{
	size_t count = 1, from = 0;

	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '{';
	pattern->literals = ARENA_ARRAY(arena, struct str, count);
	for (size_t i = 0; i < text.size; i++) {
		size_t skipped = placeholder_size(str_skip(text, i));

		if (skipped == 0)
			continue;
		pattern->literals[pattern->literals_count++] = str_slice(text, from, i);
		i += skipped - 1;
		from = i + 1;
	}
	pattern->literals[pattern->literals_count++] = str_skip(text, from);
}

bool path_pattern_compile(struct arena *arena, struct str text, struct path_pattern *pattern,
			  struct error *error)
{
	struct str path, query;
	bool ends_path;

	str_split_once(text, '?', &path, &query);
	ends_path = str_has_suffix(path, STR("$"));
	if (ends_path)
		path.size--;
	*pattern = (struct path_pattern){.ends_path = ends_path};
	if (needs_expression(path))
		return compile_expression(path, ends_path, pattern, error);
	split_literals(arena, str_copy(arena, path), pattern);
	return true;
}

void path_pattern_release(struct path_pattern *pattern)
{
	pattern_destroy(pattern->expression);
	pattern->expression = NULL;
}

struct str path_pattern_prefix(const struct path_pattern *pattern)
{
	return pattern->literals_count > 0 ? pattern->literals[0] : STR("");
}

/* The end of a placeholder that begins at `from` and is followed by `literal`, as near as can be;
 * STR_NOT_FOUND when there is none. The nearest place is always right: were a later one needed, the
 * bytes between would be segment characters, which the next placeholder takes as well. */
static size_t placeholder_end(struct str path, size_t from, struct str literal)
{
	for (size_t i = from; i < path.size && path_pattern_is_segment_char(path.data[i]); i++) {
		if (str_has_prefix(str_skip(path, i + 1), literal))
			return i + 1;
	}
	return STR_NOT_FOUND;
}

static bool is_segment_text(struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (!path_pattern_is_segment_char(text.data[i]))
			return false;
	}
	return text.size > 0;
}

bool path_pattern_is_match(const struct path_pattern *pattern, struct str path)
{
	size_t at, last = pattern->literals_count - 1;

	if (pattern->expression != NULL)
		return pattern_is_found(pattern->expression, path);
	if (pattern->literals_count == 0 || !str_has_prefix(path, pattern->literals[0]))
		return false;
	at = pattern->literals[0].size;
	if (last == 0)
		return !pattern->ends_path || at == path.size;
	for (size_t i = 1; i <= last; i++) {
		struct str literal = pattern->literals[i];

		if (i == last && pattern->ends_path)
			return str_has_suffix(str_skip(path, at), literal) &&
			       is_segment_text(str_slice(path, at, path.size - literal.size));
		at = placeholder_end(path, at, literal);
		if (at == STR_NOT_FOUND)
			return false;
		at += literal.size;
	}
	return true;
}
