#include "conformance/runner/xml_path.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"

#define NAMES_BYTES_MAX 4096

/* Walks the document once, keeping the path of names it is in. */
struct walk {
	struct arena *arena;
	struct str rest;
	struct strbuf names;  /* "status/usage_reports" */
	struct str wanted;    /* the element's path */
	struct str attribute; /* empty: its text */
	struct strbuf text;
	bool is_collecting; /* between the tags of the first wanted element */
	bool is_found, has_root;
	struct error *error;
};

static bool malformed(struct walk *walk, const char *what)
{
	return error_set(walk->error, ERROR_INVALID, "not well-formed XML: %s", what);
}

static bool append_entity(struct walk *walk, struct strbuf *out, struct str name)
{
	static const struct {
		struct str name;
		char c;
	} entities[] = {
		{STR_INIT("amp"), '&'},  {STR_INIT("lt"), '<'},    {STR_INIT("gt"), '>'},
		{STR_INIT("quot"), '"'}, {STR_INIT("apos"), '\''}, {STR_INIT("#39"), '\''},
		{STR_INIT("#34"), '"'},
	};

	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
		if (str_equal(name, entities[i].name))
			return strbuf_append_char(out, entities[i].c);
	}
	return malformed(walk, "unknown entity");
}

static bool append_decoded(struct walk *walk, struct strbuf *out, struct str text)
{
	size_t at;

	while ((at = str_find_char(text, '&')) != STR_NOT_FOUND) {
		size_t end = str_find_char(text, ';');

		strbuf_append(out, str_slice(text, 0, at));
		if (end == STR_NOT_FOUND || end < at)
			return malformed(walk, "a bare &");
		if (!append_entity(walk, out, str_slice(text, at + 1, end)))
			return false;
		text = str_skip(text, end + 1);
	}
	strbuf_append(out, text);
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct str skip_blanks(struct str text)
{
	while (text.size > 0 && is_blank(text.data[0]))
		text = str_skip(text, 1);
	return text;
}

static struct str take_name(struct str *text)
{
	size_t size = 0;

	while (size < text->size && !is_blank(text->data[size]) && text->data[size] != '=' &&
	       text->data[size] != '/')
		size++;

	struct str name = str_slice(*text, 0, size);

	*text = str_skip(*text, size);
	return name;
}

static bool read_attributes(struct walk *walk, struct str text, bool is_wanted)
{
	for (text = skip_blanks(text); text.size > 0; text = skip_blanks(text)) {
		struct str name = take_name(&text);
		size_t end;

		text = skip_blanks(text);
		if (name.size == 0 || text.size < 3 || text.data[0] != '=')
			return malformed(walk, "an attribute without a value");
		text = skip_blanks(str_skip(text, 1));
		if (text.size == 0 || (text.data[0] != '"' && text.data[0] != '\''))
			return malformed(walk, "an attribute without quotes");
		end = str_find_char(str_skip(text, 1), text.data[0]);
		if (end == STR_NOT_FOUND)
			return malformed(walk, "an attribute without an end");
		if (is_wanted && str_equal(name, walk->attribute)) {
			walk->is_found = true;
			if (!append_decoded(walk, &walk->text, str_slice(text, 1, end + 1)))
				return false;
		}
		text = str_skip(text, end + 2);
	}
	return true;
}

static bool open_element(struct walk *walk, struct str tag)
{
	bool is_empty = str_has_suffix(tag, STR("/"));
	bool is_first = !walk->is_found, is_wanted;
	size_t outer = walk->names.size;
	struct str name;

	if (is_empty)
		tag = str_slice(tag, 0, tag.size - 1);
	name = take_name(&tag);
	if (name.size == 0)
		return malformed(walk, "a tag without a name");
	if (outer == 0 && walk->has_root)
		return malformed(walk, "a second root element");
	walk->has_root = true;
	if (outer > 0)
		strbuf_append_char(&walk->names, '/');
	if (!strbuf_append(&walk->names, name))
		return malformed(walk, "too deep");
	is_wanted = is_first && str_equal(strbuf_str(&walk->names), walk->wanted);
	if (!read_attributes(walk, tag, is_wanted && walk->attribute.size > 0))
		return false;
	if (is_wanted && walk->attribute.size == 0) {
		walk->is_found = true;
		walk->is_collecting = !is_empty;
	}
	if (is_empty)
		walk->names.size = outer;
	return true;
}

static bool close_element(struct walk *walk, struct str tag)
{
	struct str names = strbuf_str(&walk->names);
	size_t slash = str_find_last_char(names, '/');
	struct str name = slash == STR_NOT_FOUND ? names : str_skip(names, slash + 1);

	if (name.size == 0 || !str_equal(str_trim(tag), name))
		return malformed(walk, "tags that do not fit");
	if (str_equal(names, walk->wanted))
		walk->is_collecting = false;
	walk->names.size = slash == STR_NOT_FOUND ? 0 : slash;
	return true;
}

/* At '<'. */
static bool read_markup(struct walk *walk)
{
	bool is_comment = str_has_prefix(walk->rest, STR("<!--"));
	struct str ending = is_comment ? STR("-->") : STR(">");
	size_t end = str_find(walk->rest, ending);
	struct str tag;

	if (end == STR_NOT_FOUND)
		return malformed(walk, "a tag without an end");
	tag = str_slice(walk->rest, 1, end);
	walk->rest = str_skip(walk->rest, end + ending.size);
	if (is_comment || str_has_prefix(tag, STR("?")))
		return true;
	if (str_has_prefix(tag, STR("!")))
		return malformed(walk, "a document type");
	return str_has_prefix(tag, STR("/")) ? close_element(walk, str_skip(tag, 1))
					     : open_element(walk, tag);
}

static bool read_document(struct walk *walk)
{
	while (walk->rest.size > 0) {
		size_t at = str_find_char(walk->rest, '<');
		struct str text = str_slice(walk->rest, 0, at);

		if (walk->names.size == 0 && skip_blanks(text).size > 0)
			return malformed(walk, "text outside the root element");
		/* Not what stands in elements within it. */
		if (walk->is_collecting && str_equal(strbuf_str(&walk->names), walk->wanted) &&
		    !append_decoded(walk, &walk->text, text))
			return false;
		walk->rest = str_skip(walk->rest, text.size);
		if (walk->rest.size > 0 && !read_markup(walk))
			return false;
	}
	if (!walk->has_root)
		return malformed(walk, "no element");
	return walk->names.size == 0 || malformed(walk, "an element without an end");
}

bool xml_path_get(struct arena *arena, struct str document, struct str path, bool *is_present,
		  struct str *value, struct error *error)
{
	struct walk walk = {.arena = arena, .rest = document, .error = error};
	bool is_read;

	str_split_once(path, '@', &walk.wanted, &walk.attribute);
	strbuf_init(&walk.names, NAMES_BYTES_MAX);
	strbuf_init(&walk.text, LIMIT_CASE_FILE_BYTES);
	is_read = read_document(&walk);
	if (is_read) {
		*is_present = walk.is_found;
		*value = str_copy(arena, strbuf_str(&walk.text));
	}
	strbuf_free(&walk.names);
	strbuf_free(&walk.text);
	return is_read;
}
