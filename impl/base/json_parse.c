#include <cjson/cJSON.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json_internal.h"
#include "base/limits.h"

/* Three steps. The scanner walks the text once and refuses what cJSON would let pass or stumble
 * over: depth, control bytes, \u0000, odd numbers, too many nodes. cJSON then judges the grammar.
 * The conversion walks cJSON's tree and, beside it, the text, where the numbers are as written. */
struct scanner {
	struct str text;
	size_t at;
	size_t depth;
	size_t nodes, nodes_max;     /* commas and opening brackets: as many as values */
	char open[LIMIT_JSON_DEPTH]; /* the closing bracket that each open one waits for */
	struct error *error;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int line_of(struct str text, size_t at)
{
	int line = 1;

	for (size_t i = 0; i < at && i < text.size; i++)
		line += text.data[i] == '\n';
	return line;
}

static bool refuse_at(const struct scanner *s, size_t at, enum error_kind kind, const char *what)
{
	return error_set(s->error, kind, "line %d: %s", line_of(s->text, at), what);
}

static bool refuse(const struct scanner *s, const char *what)
{
	return refuse_at(s, s->at, ERROR_INVALID, what);
}

static char peek(const struct scanner *s)
{
	return s->at < s->text.size ? s->text.data[s->at] : '\0';
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* At a backslash. cJSON judges all escapes but two: it reads \u0000 and malformed digits as the
 * end of the string. */
static bool scan_escape(struct scanner *s)
{
	struct str rest = str_skip(s->text, s->at);

	s->at++;
	if (!str_has_prefix(rest, STR("\\u")))
		return true;
	for (size_t i = 2; i < 6; i++) {
		if (i >= rest.size || !is_hex(rest.data[i]))
			return refuse(s, "malformed \\u escape");
	}
	return !str_has_prefix(rest, STR("\\u0000")) || refuse(s, "\\u0000 in a string");
}

static bool scan_string(struct scanner *s)
{
	for (s->at++; s->at < s->text.size; s->at++) {
		char c = s->text.data[s->at];

		if (c == '"') {
			s->at++;
			return true;
		}
		if ((unsigned char)c < 0x20)
			return refuse(s, "control character in a string");
		if (c == '\\' && !scan_escape(s))
			return false;
	}
	return refuse(s, "string without an end");
}

static size_t scan_digits(struct scanner *s)
{
	size_t from = s->at;

	while (peek(s) >= '0' && peek(s) <= '9')
		s->at++;
	return s->at - from;
}

/* RFC 8259 6. cJSON leaves this to strtod(), which takes "01", "1." and "-.5" too. */
static bool scan_number_text(struct scanner *s)
{
	size_t digits;
	bool zero;

	s->at += peek(s) == '-';
	zero = peek(s) == '0';
	digits = scan_digits(s);
	if (digits == 0 || (zero && digits > 1))
		return false;
	if (peek(s) == '.') {
		s->at++;
		if (scan_digits(s) == 0)
			return false;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		s->at += peek(s) == '-' || peek(s) == '+';
		if (scan_digits(s) == 0)
			return false;
	}
	return true;
}

static bool scan_number(struct scanner *s)
{
	size_t from = s->at;

	if (!scan_number_text(s))
		return refuse(s, "malformed number");
	if (s->at - from > JSON_NUMBER_BYTES)
		return refuse_at(s, from, ERROR_LIMIT, "number of more than 63 characters");
	return true;
}

static bool scan_literal(struct scanner *s)
{
	static const struct str literals[] = {STR_INIT("true"), STR_INIT("false"),
					      STR_INIT("null")};

	for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
		if (str_has_prefix(str_skip(s->text, s->at), literals[i])) {
			s->at += literals[i].size;
			return true;
		}
	}
	return refuse(s, "unexpected character");
}

static bool scan_bracket(struct scanner *s)
{
	char c = s->text.data[s->at];

	if (c == '[' || c == '{') {
		if (s->depth == LIMIT_JSON_DEPTH)
			return refuse_at(s, s->at, ERROR_LIMIT, "nested deeper than 128 levels");
		s->open[s->depth++] = c == '[' ? ']' : '}';
	} else {
		if (s->depth == 0 || s->open[s->depth - 1] != c)
			return refuse(s, "closing bracket without its opening one");
		s->depth--;
	}
	s->at++;
	return true;
}

static bool scan_token(struct scanner *s)
{
	char c = s->text.data[s->at];

	switch (c) {
	case ' ':
	case '\t':
	case '\n':
	case '\r':
	case ',':
	case ':':
		s->nodes += c == ',';
		s->at++;
		return true;
	case '[':
	case '{':
	case ']':
	case '}':
		s->nodes += c == '[' || c == '{';
		return scan_bracket(s);
	case '"':
		return scan_string(s);
	default:
		return c == '-' || (c >= '0' && c <= '9') ? scan_number(s) : scan_literal(s);
	}
}

static bool scan(struct scanner *s)
{
	while (s->at < s->text.size) {
		size_t from = s->at;

		if (!scan_token(s))
			return false;
		if (s->nodes > s->nodes_max)
			return refuse_at(s, from, ERROR_LIMIT, "too many values");
	}
	if (s->depth > 0)
		return refuse(s, "the text ends inside an array or object");
	return true;
}

struct converter {
	struct arena *arena;
	struct scanner source; /* stands behind the last token that was taken */
	int line;
};

static bool is_between_tokens(char c)
{
	return is_blank(c) || c == ',' || c == ':' || c == ']' || c == '}';
}

/* The next key, scalar or opening bracket. Both walks meet them in the order they are written, so
 * this is the text of the node that the conversion has just come to. */
static struct str take_token(struct converter *c)
{
	struct scanner *s = &c->source;
	size_t from;

	while (is_between_tokens(peek(s))) {
		c->line += peek(s) == '\n';
		s->at++;
	}
	from = s->at;
	BUG_IF(from == s->text.size);
	if (peek(s) == '[' || peek(s) == '{') {
		s->at++;
	} else {
		bool scanned = scan_token(s);

		BUG_IF(!scanned);
	}
	return str_slice(s->text, from, s->at);
}

static struct json *convert(struct converter *c, const cJSON *item);

static bool convert_children(struct converter *c, const cJSON *item, struct json *parent)
{
	const struct json *duplicate;

	for (const cJSON *member = item->child; member != NULL; member = member->next) {
		struct json *child;

		if (parent->kind == JSON_OBJECT)
			take_token(c); /* the key */
		child = convert(c, member);
		if (child == NULL)
			return false;
		if (parent->kind == JSON_OBJECT)
			child->key = str_copy(c->arena, str_from(member->string));
		json_link(parent, child);
	}
	if (parent->kind != JSON_OBJECT || (duplicate = json_find_duplicate(parent)) == NULL)
		return true;
	return error_set(c->source.error, ERROR_INVALID, "line %d: duplicate key \"%.*s\"",
			 duplicate->line, STR_ARG(duplicate->key));
}

/* Recursion is bounded: the scanner has refused what is deeper than LIMIT_JSON_DEPTH. */
static struct json *convert(struct converter *c, const cJSON *item)
{
	struct json *value = json_new(c->arena, JSON_NULL);
	struct str token = take_token(c);

	value->line = c->line;
	if (cJSON_IsBool(item)) {
		value->kind = JSON_BOOL;
		value->boolean = cJSON_IsTrue(item);
	} else if (cJSON_IsNumber(item)) {
		value->kind = JSON_NUMBER;
		if (!json_set_number(value, str_copy(c->arena, token))) {
			refuse(&c->source, "number out of range");
			return NULL;
		}
	} else if (cJSON_IsString(item)) {
		value->kind = JSON_STRING;
		value->text = str_copy(c->arena, str_from(item->valuestring));
	} else if (!cJSON_IsNull(item)) {
		value->kind = cJSON_IsArray(item) ? JSON_ARRAY : JSON_OBJECT;
		if (!convert_children(c, item, value))
			return NULL;
	}
	return value;
}

/* cJSON's tree, to be deleted by the caller, or NULL. */
static cJSON *judge(const struct scanner *s)
{
	const char *end = s->text.data;
	cJSON *tree = cJSON_ParseWithLengthOpts(s->text.data, s->text.size, &end, false);
	size_t at = (size_t)(end - s->text.data);

	if (tree != NULL) {
		while (at < s->text.size && is_blank(s->text.data[at]))
			at++;
		if (at == s->text.size)
			return tree;
		cJSON_Delete(tree);
	}
	refuse_at(s, at, ERROR_INVALID, tree != NULL ? "text after the value" : "malformed value");
	return NULL;
}

struct json *json_parse(struct arena *arena, struct str text, size_t bytes_max, struct error *error)
{
	struct scanner scanner = {
		.text = text, .nodes_max = json_nodes_max(bytes_max), .error = error};
	struct converter converter = {
		.arena = arena, .source = {.text = text, .error = error}, .line = 1};
	struct json *value;
	cJSON *tree;

	if (text.size > bytes_max) {
		error_set(error, ERROR_LIMIT, "more than %zu bytes", bytes_max);
		return NULL;
	}
	if (!str_is_utf8(text)) {
		error_set(error, ERROR_INVALID, "not UTF-8");
		return NULL;
	}
	if (str_is_empty(text)) {
		error_set(error, ERROR_INVALID, "line 1: empty text");
		return NULL;
	}
	if (!scan(&scanner) || (tree = judge(&scanner)) == NULL)
		return NULL;
	value = convert(&converter, tree);
	cJSON_Delete(tree);
	return value;
}
