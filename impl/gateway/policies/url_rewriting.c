/* URL rewriting: edits the path by regular expressions and the arguments of the query (rewrite).
 * Fields: commands[] {op sub|gsub, regex, replace, options, break}, query_args_commands[] {op, arg,
 * value, value_type}. What stands before apicast changes what its mapping rules see.
 * spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/pattern.h"
#include "gateway/error_log.h"
#include "gateway/policies/edit.h"
#include "gateway/request.h"
#include "gateway/template_value.h"
#include "http/query.h"

#define GROUPS_MAX 32
/* What replacing may make of a path. */
#define PATH_BYTES_MAX ((size_t)8 * LIMIT_HTTP_TARGET_BYTES)

struct path_command {
	const struct pattern *pattern;
	struct str replace;
	bool is_global, breaks;
};

struct query_command {
	enum edit edit;
	struct str name;
	struct template_value value;
};

struct url_rewriting {
	struct path_command *commands;
	size_t count;
	struct query_command *query_commands;
	size_t query_count;
};

/* Letters of the product's regex engine; those that only make it faster say nothing. */
static bool read_options(struct str letters, unsigned *options)
{
	static const struct {
		char letter;
		unsigned option;
	} known[] = {
		{'a', PATTERN_ANCHORED},
		{'i', PATTERN_NOCASE},
		{'m', PATTERN_MULTILINE},
		{'s', PATTERN_DOTALL},
		{'x', PATTERN_EXTENDED},
		{'u', PATTERN_UTF},
		{'d', 0},
		{'D', 0},
		{'j', 0},
		{'J', 0},
		{'o', 0},
		{'U', 0},
	};

	*options = 0;
	for (size_t i = 0; i < letters.size; i++) {
		size_t at = 0;

		while (at < sizeof known / sizeof *known && known[at].letter != letters.data[i])
			at++;
		if (at == sizeof known / sizeof *known)
			return false;
		*options |= known[at].option;
	}
	return true;
}

/* False, and a warning, for a command that does nothing. */
static bool read_path_command(const struct policy_loader *loader, const struct json *object,
			      struct path_command *command)
{
	struct str op = json_get_str(object, STR("op"));
	struct error reason = {.text = "unknown option"};
	unsigned options;

	*command = (struct path_command){
		.replace = json_get_str(object, STR("replace")),
		.is_global = str_equal(op, STR("gsub")),
		.breaks = json_bool(json_get(object, STR("break")), false),
	};
	if (!command->is_global && !str_equal(op, STR("sub"))) {
		LOG(loader->log, LEVEL_WARN, NULL, "Unknown URL rewriting operation: %s",
		    log_text(loader->arena, op));
		return false;
	}
	if (read_options(json_get_str(object, STR("options")), &options))
		command->pattern = pattern_create_in(
			loader->arena, json_get_str(object, STR("regex")), options, &reason);
	if (command->pattern == NULL)
		LOG(loader->log, LEVEL_WARN, NULL, "URL rewriting command does nothing: %s",
		    reason.text);
	return command->pattern != NULL;
}

static bool read_query_command(const struct policy_loader *loader, const struct json *object,
			       struct query_command *command)
{
	struct str op = json_get_str(object, STR("op"));

	command->name = json_get_str(object, STR("arg"));
	if (!edit_from_name(op, &command->edit)) {
		LOG(loader->log, LEVEL_WARN, NULL, "Unknown query argument operation: %s",
		    log_text(loader->arena, op));
		return false;
	}
	command->value = template_value_read(loader, object, STR("value"), STR("value_type"));
	return true;
}

static size_t count_of(const struct json *array)
{
	return array != NULL && array->kind == JSON_ARRAY ? array->count : 0;
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	const struct json *commands = json_get(configuration, STR("commands"));
	const struct json *query_commands = json_get(configuration, STR("query_args_commands"));
	struct url_rewriting *rewriting = ARENA_NEW(loader->arena, struct url_rewriting);

	(void)error;
	rewriting->commands = ARENA_ARRAY(loader->arena, struct path_command, count_of(commands));
	rewriting->query_commands =
		ARENA_ARRAY(loader->arena, struct query_command, count_of(query_commands));
	JSON_EACH (object, count_of(commands) > 0 ? commands : NULL)
		rewriting->count +=
			read_path_command(loader, object, &rewriting->commands[rewriting->count]);
	JSON_EACH (object, count_of(query_commands) > 0 ? query_commands : NULL)
		rewriting->query_count += read_query_command(
			loader, object, &rewriting->query_commands[rewriting->query_count]);
	*data = rewriting;
	return true;
}

/* "$1", "${1}" and "$$" in the replacement. */
static void append_replacement(struct strbuf *out, struct str text, const struct str *groups,
			       size_t count)
{
	for (size_t i = 0; i < text.size; i++) {
		size_t from = i + 1, number = 0, digits = 0;
		bool has_brace;

		if (text.data[i] != '$' || from == text.size) {
			strbuf_append_char(out, text.data[i]);
			continue;
		}
		has_brace = text.data[from] == '{';
		from += has_brace;
		while (from + digits < text.size && digits < 3 && text.data[from + digits] >= '0' &&
		       text.data[from + digits] <= '9')
			number = number * 10 + (size_t)(text.data[from + digits++] - '0');
		if (digits > 0 && number < count)
			strbuf_append(out, groups[number]);
		if (digits > 0)
			i = from + digits - 1 +
			    (has_brace && from + digits < text.size &&
			     text.data[from + digits] == '}');
		else
			strbuf_append_char(out, '$');
		if (digits == 0 && text.data[i + 1] == '$')
			i++;
	}
}

/* False when nothing matched. */
static bool substitute(const struct path_command *command, struct str path, struct strbuf *out)
{
	struct str groups[GROUPS_MAX];
	size_t at = 0, copied = 0, count;
	bool is_changed = false;

	while ((count = pattern_find(command->pattern, path, at, groups, GROUPS_MAX)) > 0 &&
	       groups[0].data != NULL) {
		size_t begin = (size_t)(groups[0].data - path.data);

		is_changed = true;
		strbuf_append(out, str_slice(path, copied, begin));
		append_replacement(out, command->replace, groups, count);
		copied = begin + groups[0].size;
		/* After an empty match the search goes on behind the next character. */
		at = groups[0].size > 0 ? copied : copied + 1;
		if (!command->is_global || at > path.size)
			break;
	}
	strbuf_append(out, str_skip(path, copied));
	return is_changed && !strbuf_is_full(out);
}

static void rewrite_path(struct request *request, const struct url_rewriting *rewriting)
{
	struct strbuf out;

	strbuf_init(&out, PATH_BYTES_MAX);
	for (size_t i = 0; i < rewriting->count; i++) {
		const struct path_command *command = &rewriting->commands[i];

		strbuf_clear(&out);
		if (!substitute(command, request->path, &out))
			continue;
		request_set_path(request, str_copy(request->arena, strbuf_str(&out)));
		if (command->breaks)
			break;
	}
	strbuf_free(&out);
}

static void rewrite_query(struct request *request, const struct url_rewriting *rewriting)
{
	struct http_query query;

	if (rewriting->query_count == 0)
		return;
	edit_query_begin(request, &query);
	for (size_t i = 0; i < rewriting->query_count; i++) {
		const struct query_command *command = &rewriting->query_commands[i];

		edit_query(&query, command->edit, command->name,
			   template_value_text(&command->value, request));
	}
	edit_query_end(request, &query);
}

static enum phase_result rewrite(struct request *request, const void *data)
{
	rewrite_path(request, data);
	rewrite_query(request, data);
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "URL rewriting",
		"summary": "Changes the path and the query of requests.",
		"description": [
			"Before 3scale APIcast it changes what mapping rules see,",
			"after it only what the upstream sees."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"commands": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"op": {
								"description": "Replace the first match (sub) or all of them (gsub)",
								"type": "string",
								"enum": ["sub", "gsub"]
							},
							"regex": {
								"description": "Regular expression to look for",
								"type": "string"
							},
							"replace": {
								"description": "What replaces it; $1 is what the first group matched",
								"type": "string"
							},
							"options": {
								"description": "Letters that change how the expression is read",
								"type": "string"
							},
							"break": {
								"description": "Whether a change ends the list",
								"type": "boolean",
								"default": false
							}
						},
						"required": ["op", "regex", "replace"]
					},
					"description": "What to do with the path, in order"
				},
				"query_args_commands": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"op": {
								"description": "What to do",
								"type": "string",
								"enum": [
									"add",
									"set",
									"push",
									"delete"
								]
							},
							"arg": {
								"description": "Name of the argument",
								"type": "string"
							},
							"value": {
								"description": "Value of the argument",
								"type": "string"
							},
							"value_type": {
								"description": "How to read the value",
								"type": "string",
								"enum": ["plain", "liquid"],
								"default": "plain"
							}
						},
						"required": ["op", "arg"]
					},
					"description": "What to do with the arguments, in order"
				}
			}
		}
	});
/* clang-format on */

const struct policy url_rewriting_policy = {
	.name = STR_INIT("url_rewriting"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
		},
};
