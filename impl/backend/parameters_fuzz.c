/* libFuzzer target: whatever a client sends as query, form or multipart body, reading it neither
 * crashes nor hangs nor grows. What was read is a tree with unique names that says the same when it
 * is written as a query and read again. A form of our making is read as it was made.
 *
 * Input: a letter (q: query, f: form, both: b, cut at a line feed; m: multipart, boundary "B"),
 * then the text. */
#include "backend/parameters.h"

#include <stdint.h>

#include "backend/multipart.h"
#include "backend/profile.h"
#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "base/url.h"

#define OUT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define TREE_DEPTH_MAX 101
#define MULTIPART_TYPE STR("multipart/form-data; boundary=B")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read. */

struct sums {
	size_t nodes, bytes;
};

static void check_child(const struct parameters *parameters, const struct parameter *hash,
			const struct parameter *child)
{
	if (hash->kind != PARAMETER_HASH)
		return;
	BUG_IF(parameter_get(parameters, hash, child->name) != child);
	BUG_IF(child->name.size == 0);
}

static void check_tree(const struct parameters *parameters, const struct parameter *node, int depth,
		       struct sums *sums)
{
	size_t count = 0, name_bytes = 0;

	BUG_IF(depth > TREE_DEPTH_MAX);
	sums->nodes++;
	sums->bytes += node->text.size;
	BUG_IF(node->first != NULL && node->kind != PARAMETER_HASH &&
	       node->kind != PARAMETER_ARRAY);
	BUG_IF(node->kind == PARAMETER_TEXT && node->text.data == NULL);
	for (const struct parameter *child = node->first; child != NULL; child = child->next) {
		check_child(parameters, node, child);
		check_tree(parameters, child, depth + 1, sums);
		name_bytes += child->name.size;
		count++;
		BUG_IF(child->next == NULL && child != node->last);
	}
	BUG_IF(count != node->count);
	BUG_IF(node->kind == PARAMETER_HASH && name_bytes != node->name_bytes);
	sums->bytes += name_bytes;
}

static struct str json_of(struct arena *arena, const struct parameter *parameter)
{
	struct strbuf out;
	struct str json;

	strbuf_init(&out, OUT_BYTES_MAX);
	parameter_write_json(&out, parameter);
	BUG_IF(strbuf_is_full(&out));
	json = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return json;
}

static void check_json(struct arena *arena, const struct parameter *root)
{
	struct str json = json_of(arena, root);

	/* Depth and NUL bytes are the JSON reader's business. */
	if (json.size < 60 && str_find(json, STR("\\u0000")) == STR_NOT_FOUND)
		BUG_IF(json_parse(arena, json, OUT_BYTES_MAX, NULL) == NULL);
}

/* Writing it as a query: a[b][c]=v, a[][x, a (nil), a[[ (a hash without members). Names with
 * brackets of their own, which are read from names that are not well-formed, stand as they are. */

static struct str name_below(const struct parameters *parameters, struct str above, struct str name)
{
	struct str part = url_encoded(parameters->arena, name);
	bool is_guided = parameters->profile->reads_leading_brackets;

	if (str_find_char(name, is_guided ? '[' : ']') == STR_NOT_FOUND)
		return STR_CONCAT(parameters->arena, above, STR("["), part, STR("]"));
	if (is_guided && name.data[0] != '[')
		above = STR_CONCAT(parameters->arena, above, STR("]"));
	return STR_CONCAT(parameters->arena, above, part);
}

static void write_pair(struct strbuf *out, struct str name, const struct parameter *node)
{
	if (out->size > 0)
		strbuf_append_char(out, '&');
	strbuf_append(out, name);
	if (node->kind == PARAMETER_TEXT) {
		strbuf_append_char(out, '=');
		url_encode(out, node->text);
	}
}

static void write_query(const struct parameters *parameters, struct strbuf *out, struct str name,
			const struct parameter *node)
{
	struct arena *arena = parameters->arena;
	bool is_root = name.size == 0;

	if (node->kind == PARAMETER_TEXT || node->kind == PARAMETER_NIL)
		write_pair(out, name, node);
	else if (node->first == NULL && !is_root)
		write_pair(out, STR_CONCAT(arena, name, STR("[[")), node);
	for (const struct parameter *child = node->first; child != NULL; child = child->next) {
		if (node->kind == PARAMETER_ARRAY)
			write_pair(
				out,
				STR_CONCAT(arena, name,
					   child->kind == PARAMETER_HASH ? STR("[][x") : STR("[]")),
				child);
		else
			write_query(parameters, out,
				    is_root ? url_encoded(arena, child->name)
					    : name_below(parameters, name, child->name),
				    child);
	}
}

static void check_again(const struct parameters *parameters, const struct parameter *root)
{
	struct arena *arena = parameters->arena;
	struct parameters again;
	struct strbuf query;

	strbuf_init(&query, OUT_BYTES_MAX);
	write_query(parameters, &query, STR(""), root);
	BUG_IF(strbuf_is_full(&query));
	parameters_init(&again, arena, 7, parameters->profile);
	BUG_IF(parameters_read(&again, PARAMETERS_QUERY, strbuf_str(&query)) != API_NO_ERROR);
	BUG_IF(!str_equal(json_of(arena, root), json_of(arena, &again.roots[PARAMETERS_QUERY])));
	strbuf_free(&query);
}

static enum api_error_code read_input(struct parameters *parameters, char form, struct str text)
{
	struct str query, body;
	enum api_error_code code;

	switch (form) {
	case 'q':
		return parameters_read(parameters, PARAMETERS_QUERY, text);
	case 'f':
		return parameters_read(parameters, PARAMETERS_BODY, text);
	case 'm':
		return multipart_read(parameters, MULTIPART_TYPE, text);
	default:
		str_split_once(text, '\n', &query, &body);
		code = parameters_read(parameters, PARAMETERS_QUERY, query);
		return code == API_NO_ERROR ? parameters_read(parameters, PARAMETERS_BODY, body)
					    : code;
	}
}

static void check_read(struct arena *arena, const struct profile *profile, char form,
		       struct str text)
{
	struct parameters parameters;
	struct sums sums = {0};

	parameters_init(&parameters, arena, 1, profile);
	if (read_input(&parameters, form, text) != API_NO_ERROR)
		return;
	for (int i = 0; i < PARAMETERS_SOURCES; i++) {
		check_tree(&parameters, &parameters.roots[i], 0, &sums);
		check_again(&parameters, &parameters.roots[i]);
		if (parameter_is_utf8(&parameters.roots[i]))
			check_json(arena, &parameters.roots[i]);
	}
	/* Each byte makes at most one part of a name or value. */
	BUG_IF(sums.bytes > text.size || sums.nodes > text.size + PARAMETERS_SOURCES);
}

/* Made by us: fields n0, n1 ... of the input's lines. */

static void write_field(struct strbuf *out, size_t index, struct str value)
{
	strbuf_append_format(out, "--B\r\nContent-Disposition: form-data; name=\"n%zu\"\r\n\r\n",
			     index);
	strbuf_append(out, value);
	strbuf_append(out, STR("\r\n"));
}

static void check_multipart(struct arena *arena, struct str text)
{
	struct parameters parameters;
	struct str rest = text, value;
	struct strbuf body;
	size_t count = 0;

	if (str_find(text, STR("--B")) != STR_NOT_FOUND)
		return;
	strbuf_init(&body, OUT_BYTES_MAX);
	while (str_next_field(&rest, '\n', &value))
		write_field(&body, count++, value);
	strbuf_append(&body, STR("--B--\r\n"));
	parameters_init(&parameters, arena, 3, profile_find(STR("")));
	BUG_IF(multipart_read(&parameters, MULTIPART_TYPE, strbuf_str(&body)) != API_NO_ERROR);
	BUG_IF(parameters.roots[PARAMETERS_BODY].count != count);
	for (size_t i = 0; str_next_field(&text, '\n', &value); i++)
		BUG_IF(!str_equal(parameters_text(&parameters, str_format(arena, "n%zu", i)),
				  value));
	strbuf_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_of((const char *)data, size);
	struct arena *arena = arena_create();

	if (size > 0) {
		check_read(arena, profile_find(STR("2.6")), text.data[0], str_skip(text, 1));
		check_read(arena, profile_find(STR("current")), text.data[0], str_skip(text, 1));
		check_multipart(arena, str_skip(text, 1));
	}
	arena_destroy(arena);
	return 0;
}
