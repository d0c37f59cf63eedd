/* URL rewriting with captures: the first transformation whose `match_rule` is found in the path
 * gives it the form of its `template` (rewrite). `{name}` takes characters of a path segment, as in
 * mapping rules; the template's arguments are set, others stay. Field: transformations[]
 * {match_rule, template}. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/pattern.h"
#include "gateway/error_log.h"
#include "gateway/policies/edit.h"
#include "gateway/request.h"
#include "http/query.h"

#define GROUPS_MAX 32
#define SEGMENT "([A-Za-z0-9_.~%!$&'()*+,;=@:-]+)"

struct transformation {
	const struct pattern *pattern;
	struct str names[GROUPS_MAX - 1]; /* of the groups, in their order */
	size_t names_count;
	struct str path, arguments; /* of the template */
};

struct captures {
	struct transformation *items;
	size_t count;
};

/* The name of the placeholder at the front; empty when there is none. */
static struct str placeholder(struct str text)
{
	size_t end = str_find_char(text, '}');

	if (text.size == 0 || text.data[0] != '{' || end == STR_NOT_FOUND)
		return str_of(NULL, 0);
	return str_slice(text, 1, end);
}

/* Placeholders become groups, so there may be no others. */
static void write_expression(struct strbuf *out, struct str rule, struct transformation *read)
{
	for (size_t i = 0; i < rule.size; i++) {
		struct str name = placeholder(str_skip(rule, i));

		if (name.size > 0 && read->names_count < GROUPS_MAX - 1) {
			read->names[read->names_count++] = name;
			strbuf_append(out, STR(SEGMENT));
			i += name.size + 1;
			continue;
		}
		if (strchr(".(){}", rule.data[i]) != NULL && rule.data[i] != '\0')
			strbuf_append_char(out, '\\');
		strbuf_append_char(out, rule.data[i]);
	}
}

static bool read_transformation(const struct policy_loader *loader, const struct json *object,
				struct transformation *read, struct error *error)
{
	struct strbuf expression;

	strbuf_init(&expression, LIMIT_CONFIG_BYTES);
	write_expression(&expression, json_get_str(object, STR("match_rule")), read);
	read->pattern = pattern_create_in(loader->arena, strbuf_str(&expression), 0, error);
	strbuf_free(&expression);
	str_split_once(json_get_str(object, STR("template")), '?', &read->path, &read->arguments);
	return read->pattern != NULL;
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	const struct json *array = json_get(configuration, STR("transformations"));
	struct captures *captures = ARENA_NEW(loader->arena, struct captures);

	*data = captures;
	if (array == NULL || array->kind != JSON_ARRAY)
		return true;
	captures->items = ARENA_ARRAY(loader->arena, struct transformation, array->count);
	JSON_EACH (object, array) {
		if (!read_transformation(loader, object, &captures->items[captures->count++],
					 error))
			return false;
	}
	return true;
}

static struct str group_of(const struct transformation *transformation, struct str name,
			   const struct str *groups, size_t count)
{
	for (size_t i = 0; i < transformation->names_count && i + 1 < count; i++) {
		if (str_equal(transformation->names[i], name))
			return groups[i + 1];
	}
	return str_of(NULL, 0);
}

/* A name that the rule does not have stays as it is. */
static struct str fill_in(const struct transformation *transformation, struct str text,
			  const struct str *groups, size_t count, struct arena *arena)
{
	struct strbuf out;
	struct str filled;

	strbuf_init(&out, LIMIT_CONFIG_BYTES);
	for (size_t i = 0; i < text.size; i++) {
		struct str name = placeholder(str_skip(text, i));
		struct str value = group_of(transformation, name, groups, count);

		if (value.data == NULL) {
			strbuf_append_char(&out, text.data[i]);
			continue;
		}
		strbuf_append(&out, value);
		i += name.size + 1;
	}
	filled = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return filled;
}

static void transform(struct request *request, const struct transformation *transformation,
		      const struct str *groups, size_t count)
{
	struct http_query query, wanted;

	if (transformation->arguments.size > 0) {
		edit_query_begin(request, &query);
		http_query_init(&wanted, request->arena);
		http_query_parse(&wanted, transformation->arguments);
		for (size_t i = 0; i < wanted.count; i++) {
			const struct http_query_pair *pair = &wanted.items[i];

			edit_query(
				&query, EDIT_SET,
				fill_in(transformation, pair->name, groups, count, request->arena),
				fill_in(transformation, pair->value, groups, count,
					request->arena));
		}
		edit_query_end(request, &query);
	}
	request_set_path(request, fill_in(transformation, transformation->path, groups, count,
					  request->arena));
}

static enum phase_result rewrite(struct request *request, const void *data)
{
	const struct captures *captures = data;
	struct str groups[GROUPS_MAX];

	for (size_t i = 0; i < captures->count; i++) {
		const struct transformation *transformation = &captures->items[i];
		size_t count =
			pattern_find(transformation->pattern, request->path, 0, groups, GROUPS_MAX);

		if (count == 0)
			continue;
		transform(request, transformation, groups, count);
		break;
	}
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "URL rewriting with captures",
		"summary": "Captures parts of the URL and puts them where a template says.",
		"description": [
			"The first transformation that matches is carried out.",
			"A part in braces, {name}, stands for a part of the path between two slashes."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"transformations": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"match_rule": {
								"description": "What the path looks like, with parts in braces",
								"type": "string"
							},
							"template": {
								"description": "What it becomes: a path, and a query if need be",
								"type": "string"
							}
						},
						"required": ["match_rule", "template"]
					}
				}
			}
		}
	});
/* clang-format on */

const struct policy rewrite_url_captures_policy = {
	.name = STR_INIT("rewrite_url_captures"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
		},
};
