#include "base/yaml.h"

#include <yaml.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/json_internal.h"
#include "base/limits.h"

struct anchor {
	struct anchor *next; /* the one defined before */
	struct str name;
	const struct json *value;
};

/* An array or object whose end has not been met, the innermost last. */
struct level {
	struct json *parent;
	struct str key; /* in an object: the key that waits for its value */
	bool has_key;
	struct str anchor; /* to be defined at the end; empty for none */
};

struct reader {
	struct arena *arena;
	struct error *error;
	yaml_parser_t parser;
	struct level levels[LIMIT_JSON_DEPTH];
	size_t depth;
	size_t nodes, nodes_max;
	size_t aliases, alias_nodes;
	struct anchor *anchors;
	struct json *root;
	size_t documents;
};

static int line_of(const yaml_event_t *event)
{
	return (int)event->start_mark.line + 1;
}

static bool refuse(const struct reader *r, const yaml_event_t *event, enum error_kind kind,
		   const char *what)
{
	return error_set(r->error, kind, "line %d: %s", line_of(event), what);
}

static struct str copy_name(struct reader *r, const yaml_char_t *name)
{
	return str_copy(r->arena, str_from((const char *)name));
}

static void define_anchor(struct reader *r, struct str name, const struct json *value)
{
	struct anchor *anchor;

	if (str_is_empty(name))
		return;
	anchor = ARENA_NEW(r->arena, struct anchor);
	*anchor = (struct anchor){r->anchors, name, value};
	r->anchors = anchor;
}

/* Hangs a value where the document has come to. */
static void place(struct reader *r, struct json *value)
{
	struct level *level = r->depth > 0 ? &r->levels[r->depth - 1] : NULL;

	if (level == NULL) {
		r->root = value;
		return;
	}
	if (level->parent->kind == JSON_OBJECT) {
		value->key = level->key;
		level->has_key = false;
	}
	json_link(level->parent, value);
}

static bool waits_for_key(const struct reader *r)
{
	const struct level *level = r->depth > 0 ? &r->levels[r->depth - 1] : NULL;

	return level != NULL && level->parent->kind == JSON_OBJECT && !level->has_key;
}

static bool begin_node(struct reader *r, const yaml_event_t *event, const yaml_char_t *tag)
{
	if (tag != NULL)
		return refuse(r, event, ERROR_INVALID, "tags are not supported");
	if (!waits_for_key(r) && ++r->nodes > r->nodes_max)
		return refuse(r, event, ERROR_LIMIT, "too many values");
	return true;
}

/* YAML 1.2 10.3.2, the core schema's words. */
static const struct word {
	struct str text;
	enum json_kind kind;
	bool boolean;
} words[] = {
	{STR_INIT(""), JSON_NULL, false},      {STR_INIT("~"), JSON_NULL, false},
	{STR_INIT("null"), JSON_NULL, false},  {STR_INIT("Null"), JSON_NULL, false},
	{STR_INIT("NULL"), JSON_NULL, false},  {STR_INIT("true"), JSON_BOOL, true},
	{STR_INIT("True"), JSON_BOOL, true},   {STR_INIT("TRUE"), JSON_BOOL, true},
	{STR_INIT("false"), JSON_BOOL, false}, {STR_INIT("False"), JSON_BOOL, false},
	{STR_INIT("FALSE"), JSON_BOOL, false},
};

static bool resolve_word(struct json *value, struct str text)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (str_equal(text, words[i].text)) {
			value->kind = words[i].kind;
			value->boolean = words[i].boolean;
			return true;
		}
	}
	return false;
}

static size_t count_digits(struct str text)
{
	size_t digits = 0;

	while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9')
		digits++;
	return digits;
}

/* A number of the core schema taken apart: [-+] whole [. fraction] [e exponent]. */
struct number {
	bool negative;
	struct str whole, fraction, exponent; /* exponent with its 'e' and sign */
};

static bool split_number(struct str text, struct number *number)
{
	size_t size;

	*number = (struct number){.negative = str_has_prefix(text, STR("-"))};
	text = str_skip(text, number->negative || str_has_prefix(text, STR("+")));
	size = count_digits(text);
	number->whole = str_slice(text, 0, size);
	text = str_skip(text, size);
	if (str_has_prefix(text, STR("."))) {
		size = count_digits(str_skip(text, 1));
		number->fraction = str_slice(text, 1, 1 + size);
		text = str_skip(text, 1 + size);
	}
	if (number->whole.size + number->fraction.size == 0)
		return false;
	number->exponent = text;
	if (text.size == 0)
		return true;
	if (text.data[0] != 'e' && text.data[0] != 'E')
		return false;
	text = str_skip(text, 1);
	text = str_skip(text, str_has_prefix(text, STR("-")) || str_has_prefix(text, STR("+")));
	return text.size > 0 && count_digits(text) == text.size;
}

/* As JSON would have it: no plus, no leading zeros, digits on both sides of the point. */
static struct str number_text(struct arena *arena, const struct number *number)
{
	struct str whole = number->whole;

	while (whole.size > 1 && whole.data[0] == '0')
		whole = str_skip(whole, 1);
	return STR_CONCAT(
		arena, number->negative ? STR("-") : STR(""), whole.size > 0 ? whole : STR("0"),
		number->fraction.size > 0 ? STR(".") : STR(""), number->fraction, number->exponent);
}

/* 0o17 and 0x1F; what passes 63 bits is left as text. */
static bool read_prefixed(struct str text, int64_t *integer)
{
	bool is_hex = str_has_prefix(text, STR("0x"));
	int64_t base = is_hex ? 16 : 8;
	int64_t value = 0;

	if ((!is_hex && !str_has_prefix(text, STR("0o"))) || text.size == 2)
		return false;
	for (size_t i = 2; i < text.size; i++) {
		char c = text.data[i];
		int64_t digit = base;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			digit = c - 'A' + 10;
		if (digit >= base || value > (INT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*integer = value;
	return true;
}

static bool is_special_float(struct str text)
{
	static const struct str specials[] = {
		STR_INIT(".inf"), STR_INIT(".Inf"), STR_INIT(".INF"),
		STR_INIT(".nan"), STR_INIT(".NaN"), STR_INIT(".NAN"),
	};

	text = str_skip(text, str_has_prefix(text, STR("-")) || str_has_prefix(text, STR("+")));
	for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
		if (str_equal(text, specials[i]))
			return true;
	}
	return false;
}

static bool resolve_number(struct reader *r, const yaml_event_t *event, struct json *value)
{
	struct number number;
	int64_t integer;
	struct str text = value->text;

	if (is_special_float(text))
		return refuse(r, event, ERROR_INVALID, "number that JSON cannot hold");
	if (read_prefixed(text, &integer)) {
		text = str_format(r->arena, "%lld", (long long)integer);
	} else if (split_number(text, &number)) {
		text = number_text(r->arena, &number);
	} else {
		return true;
	}
	value->kind = JSON_NUMBER;
	if (text.size > JSON_NUMBER_BYTES)
		return refuse(r, event, ERROR_LIMIT, "number of more than 63 characters");
	return json_set_number(value, text) ||
	       refuse(r, event, ERROR_INVALID, "number out of range");
}

static bool read_key(struct reader *r, const yaml_event_t *event, struct str text)
{
	struct level *level = &r->levels[r->depth - 1];

	/* Taken for a plain key, a merge would silently do nothing. */
	if (str_equal(text, STR("<<")) && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return refuse(r, event, ERROR_INVALID, "merge keys are not supported");
	if (event->data.scalar.anchor != NULL)
		return refuse(r, event, ERROR_INVALID, "anchor on a key");
	level->key = text;
	level->has_key = true;
	return true;
}

static bool read_scalar(struct reader *r, const yaml_event_t *event)
{
	struct str raw = str_of((const char *)event->data.scalar.value, event->data.scalar.length);
	struct json *value;

	if (!begin_node(r, event, event->data.scalar.tag))
		return false;
	if (str_find_char(raw, '\0') != STR_NOT_FOUND)
		return refuse(r, event, ERROR_INVALID, "\\0 in a string");
	if (waits_for_key(r))
		return read_key(r, event, str_copy(r->arena, raw));
	value = json_new(r->arena, JSON_STRING);
	value->line = line_of(event);
	value->text = str_copy(r->arena, raw);
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		if (resolve_word(value, value->text))
			value->text = STR("");
		else if (!resolve_number(r, event, value))
			return false;
	}
	place(r, value);
	if (event->data.scalar.anchor != NULL)
		define_anchor(r, copy_name(r, event->data.scalar.anchor), value);
	return true;
}

static bool open_level(struct reader *r, const yaml_event_t *event, enum json_kind kind,
		       const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct json *value;

	if (!begin_node(r, event, tag))
		return false;
	if (waits_for_key(r))
		return refuse(r, event, ERROR_INVALID, "key that is not a scalar");
	if (r->depth == LIMIT_JSON_DEPTH)
		return refuse(r, event, ERROR_LIMIT, "nested deeper than 128 levels");
	value = json_new(r->arena, kind);
	value->line = line_of(event);
	place(r, value);
	r->levels[r->depth++] = (struct level){
		.parent = value, .anchor = anchor != NULL ? copy_name(r, anchor) : STR("")};
	return true;
}

/* Anchors are defined at the end of their node, so that no alias can stand inside its own. */
static bool close_level(struct reader *r)
{
	const struct level *level = &r->levels[--r->depth];
	const struct json *duplicate = NULL;

	if (level->parent->kind == JSON_OBJECT)
		duplicate = json_find_duplicate(level->parent);
	if (duplicate != NULL)
		return error_set(r->error, ERROR_INVALID, "line %d: duplicate key \"%.*s\"",
				 duplicate->line, STR_ARG(duplicate->key));
	define_anchor(r, level->anchor, level->parent);
	return true;
}

/* The height of a tree, counting its nodes; stops when `nodes` passes the limit. */
static size_t measure(const struct json *value, size_t *nodes)
{
	size_t height = 0;

	++*nodes;
	JSON_EACH (child, value) {
		size_t below = *nodes <= LIMIT_YAML_ALIAS_NODES ? measure(child, nodes) : 0;

		if (below > height)
			height = below;
	}
	return height + (value->kind == JSON_ARRAY || value->kind == JSON_OBJECT);
}

static bool read_alias(struct reader *r, const yaml_event_t *event)
{
	struct str name = str_from((const char *)event->data.alias.anchor);
	const struct anchor *anchor = r->anchors;
	struct json *value;
	size_t height;

	if (waits_for_key(r))
		return refuse(r, event, ERROR_INVALID, "key that is not a scalar");
	if (++r->aliases > LIMIT_YAML_ALIASES)
		return refuse(r, event, ERROR_LIMIT, "more than 100 aliases");
	while (anchor != NULL && !str_equal(anchor->name, name))
		anchor = anchor->next;
	if (anchor == NULL)
		return refuse(r, event, ERROR_INVALID, "alias of an unknown anchor");
	height = measure(anchor->value, &r->alias_nodes);
	if (r->alias_nodes > LIMIT_YAML_ALIAS_NODES)
		return refuse(r, event, ERROR_LIMIT, "aliases make the document too big");
	if (r->depth + height > LIMIT_JSON_DEPTH)
		return refuse(r, event, ERROR_LIMIT, "nested deeper than 128 levels");
	value = json_copy(r->arena, anchor->value);
	value->line = line_of(event);
	place(r, value);
	return true;
}

static bool read_event(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return ++r->documents == 1 ||
		       refuse(r, event, ERROR_INVALID, "more than one document");
	case YAML_SCALAR_EVENT:
		return read_scalar(r, event);
	case YAML_ALIAS_EVENT:
		return read_alias(r, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(r, event, JSON_ARRAY, event->data.sequence_start.anchor,
				  event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return open_level(r, event, JSON_OBJECT, event->data.mapping_start.anchor,
				  event->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_level(r);
	case YAML_STREAM_END_EVENT:
		return r->documents == 1 || refuse(r, event, ERROR_INVALID, "empty document");
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return true;
}

/* libyaml puts the place in the problem's mark, and for bytes that are no text in none. */
static bool refuse_syntax(const struct reader *r)
{
	const char *problem = r->parser.problem != NULL ? r->parser.problem : "malformed";

	return error_set(r->error, ERROR_INVALID, "line %d: %s",
			 (int)r->parser.problem_mark.line + 1, problem);
}

static bool read_all(struct reader *r)
{
	bool at_end = false;

	while (!at_end) {
		yaml_event_t event;
		bool accepted;

		if (!yaml_parser_parse(&r->parser, &event))
			return refuse_syntax(r);
		at_end = event.type == YAML_STREAM_END_EVENT;
		accepted = read_event(r, &event);
		yaml_event_delete(&event);
		if (!accepted)
			return false;
	}
	return true;
}

struct json *yaml_parse(struct arena *arena, struct str text, size_t bytes_max, struct error *error)
{
	struct reader reader = {
		.arena = arena, .error = error, .nodes_max = json_nodes_max(bytes_max)};
	bool read;

	if (text.size > bytes_max) {
		error_set(error, ERROR_LIMIT, "more than %zu bytes", bytes_max);
		return NULL;
	}
	if (!str_is_utf8(text)) {
		error_set(error, ERROR_INVALID, "not UTF-8");
		return NULL;
	}
	BUG_IF(yaml_parser_initialize(&reader.parser) == 0);
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.data, text.size);
	read = read_all(&reader);
	yaml_parser_delete(&reader.parser);
	return read ? reader.root : NULL;
}
