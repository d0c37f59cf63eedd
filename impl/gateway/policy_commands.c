#include "gateway/policy_commands.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/url.h"
#include "gateway/gateway_internal.h"
#include "gateway/policies/manifests.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/http_client.h"
#include "world/log.h"

#define ANSWER_BYTES_MAX ((size_t)64 * 1024)
#define TIMEOUT_MS 10000
#define GENERATED_VERSION "0.1"

struct policy_command {
	struct gateway *gateway;
	struct arena *arena;
	struct http_fields fields;
	struct http_call *call;
	struct http_body_collector *collector;
};

typedef bool command_run(struct policy_command *command, const struct str *words,
			 struct error *error);

/* push_policy NAME VERSION ADMIN_PORTAL_DOMAIN ACCESS_TOKEN */

static void push_failed(struct policy_command *command, struct str reason)
{
	LOG(&command->gateway->log, LEVEL_ERROR, NULL, "Error while pushing the policy: %s",
	    log_text(command->arena, reason));
	world_exit(command->gateway->world, 1);
}

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct policy_command *command = data;
	int status = command->call->response.status;

	command->collector = NULL;
	if (result != HTTP_COLLECTED || status < 200 || status > 299) {
		push_failed(command, bytes);
		return;
	}
	log_write(command->gateway->world, LOG_STDOUT, STR("Pushed the policy"));
	world_exit(command->gateway->world, 0);
}

static void push_answered(struct http_call *call, void *data)
{
	struct policy_command *command = data;
	struct http_body_collector *collector;
	struct http_body *body = http_call_take_body(call);

	collector =
		http_body_collect(body, ANSWER_BYTES_MAX, command->arena, body_collected, command);
	if (collector != NULL)
		command->collector = collector;
}

static void push_not_answered(struct http_call *call, void *data)
{
	push_failed(data, http_failure_text(call->failure));
}

static const struct json *find_manifest(const struct policy_command *command, struct str name,
					struct str version)
{
	const struct json *list = policy_manifests(command->gateway, command->arena);

	JSON_EACH (manifest, json_get(list, name)) {
		if (str_equal(json_get_str(manifest, STR("version")), version))
			return manifest;
	}
	return NULL;
}

static struct str push_body(struct policy_command *command, const struct str *words,
			    const struct json *manifest)
{
	struct arena *arena = command->arena;
	struct json *body = json_new(arena, JSON_OBJECT);

	json_set(body, STR("access_token"), json_new_str(arena, words[3]));
	json_set(body, STR("name"), json_new_str(arena, words[0]));
	json_set(body, STR("version"), json_new_str(arena, words[1]));
	json_set(body, STR("schema"), json_copy(arena, manifest));
	return json_print(arena, body);
}

static bool push_policy(struct policy_command *command, const struct str *words,
			struct error *error)
{
	const struct settings *settings = &command->gateway->settings;
	const struct json *manifest = find_manifest(command, words[0], words[1]);
	struct http_call_options options = {
		.method = STR("POST"),
		.is_tls = true,
		.target = STR("/admin/api/registry/policies"),
		.fields = &command->fields,
		.connect_timeout_ms = TIMEOUT_MS,
		.idle_timeout_ms = TIMEOUT_MS,
		.verify_peer = settings->verify_peer,
		.ca_file = settings->ca_file,
	};
	struct url portal;

	if (manifest == NULL)
		return error_set(error, ERROR_NOT_FOUND,
				 "Cannot find policy with name: %.*s and version: %.*s",
				 STR_ARG(words[0]), STR_ARG(words[1]));
	if (!url_parse(STR_CONCAT(command->arena, STR("https://"), words[2]), &portal, error))
		return error_set(error, ERROR_INVALID, "\"%.*s\" is not a domain",
				 STR_ARG(words[2]));
	options.host = portal.host;
	options.port = portal.port;
	http_fields_init(&command->fields, command->arena);
	http_fields_add(&command->fields, STR("Content-Type"), STR("application/json"));
	http_fields_add(&command->fields, STR("User-Agent"), settings->user_agent);
	options.body = http_body_from_str(push_body(command, words, manifest));
	command->call = http_call_start(command->gateway->world, &options, push_answered,
					push_not_answered, command);
	return true;
}

/* generate policy NAME */

static bool is_policy_name(struct str name)
{
	for (size_t i = 0; i < name.size; i++) {
		char c = name.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return name.size > 0;
}

static struct str generated_manifest(struct arena *arena, struct str name)
{
	return STR_CONCAT(
		arena,
		STR("{\n  \"$schema\": \"http://apicast.io/policy-v1/schema#manifest#\",\n"
		    "  \"name\": \""),
		name,
		STR("\",\n  \"summary\": \"What it does, in a sentence.\",\n"
		    "  \"description\": [\"What it does.\"],\n"
		    "  \"version\": \"" GENERATED_VERSION "\",\n"
		    "  \"configuration\": {\n    \"type\": \"object\",\n"
		    "    \"properties\": {}\n  }\n}\n"));
}

static bool generate_policy(struct policy_command *command, const struct str *words,
			    struct error *error)
{
	struct world *world = command->gateway->world;
	struct arena *arena = command->arena;
	struct str folder, path, there;
	struct error missing = {0};

	if (!str_equal(words[0], STR("policy")))
		return error_set(error, ERROR_INVALID, "only a policy can be generated");
	if (!is_policy_name(words[1]))
		return error_set(error, ERROR_INVALID,
				 "a policy's name has small letters, digits and _ only");
	folder = STR_CONCAT(arena, STR("policies/"), words[1], STR("/" GENERATED_VERSION));
	path = STR_CONCAT(arena, folder, STR("/apicast-policy.json"));
	if (files_read(world, path, 1, arena, &there, &missing) || missing.kind != ERROR_NOT_FOUND)
		return error_set(error, ERROR_CONFLICT, "%.*s is there already", STR_ARG(path));
	if (!files_make_directory(world, folder, error) ||
	    !files_write(world, path, generated_manifest(arena, words[1]), error))
		return false;
	log_format(world, LOG_STDOUT, "created: %.*s", STR_ARG(path));
	world_exit(world, 0);
	return true;
}

static bool refuse_console(struct policy_command *command, const struct str *words,
			   struct error *error)
{
	(void)command;
	(void)words;
	return error_set(error, ERROR_INVALID, "console is not supported: there are no scripts");
}

/* Both. */

static const struct {
	struct str word;
	size_t words_min, words_max;
	const char *usage;
	command_run *run;
} commands[] = {
	{STR_INIT("push_policy"), 4, 4, "push_policy NAME VERSION ADMIN_PORTAL_DOMAIN ACCESS_TOKEN",
	 push_policy},
	{STR_INIT("generate"), 2, 2, "generate policy NAME", generate_policy},
	{STR_INIT("console"), 0, 1, "console [FILE]", refuse_console},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static size_t command_index(const struct str *arguments, size_t count)
{
	size_t i = 0;

	while (count > 0 && i < COMMANDS && !str_equal(arguments[0], commands[i].word))
		i++;
	return count > 0 ? i : COMMANDS;
}

bool policy_command_is_asked(const struct str *arguments, size_t count)
{
	return command_index(arguments, count) < COMMANDS;
}

struct policy_command *policy_command_start(struct gateway *gateway, const struct str *arguments,
					    size_t count, struct error *error)
{
	size_t index = command_index(arguments, count);
	struct policy_command *command;
	struct str words[4] = {STR("")};

	if (count - 1 < commands[index].words_min || count - 1 > commands[index].words_max) {
		error_set(error, ERROR_INVALID, "usage: refscale gateway %s",
			  commands[index].usage);
		return NULL;
	}
	command = MEMORY_NEW(struct policy_command);
	command->gateway = gateway;
	command->arena = arena_create();
	for (size_t i = 1; i < count; i++)
		words[i - 1] = str_copy(command->arena, arguments[i]);
	if (commands[index].run(command, words, error))
		return command;
	policy_command_destroy(command);
	return NULL;
}

void policy_command_destroy(struct policy_command *command)
{
	if (command == NULL)
		return;
	http_body_collector_stop(command->collector);
	http_call_release(command->call);
	arena_destroy(command->arena);
	free(command);
}
