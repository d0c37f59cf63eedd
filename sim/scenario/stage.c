#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utc.h"
#include "sim/scenario/stage_internal.h"

#define STAGE_SECOND_US INT64_C(1000000)
/* What a component may take to say "ready". */
#define STAGE_READY_US (30 * STAGE_SECOND_US)
#define STAGE_LATENCY_US 500

/* Texts. */

bool stage_duration(const struct json *value, int64_t *us, struct error *error)
{
	static const struct {
		struct str suffix;
		int64_t us;
	} units[] = {
		{STR_INIT("ms"), 1000},
		{STR_INIT("s"), STAGE_SECOND_US},
		{STR_INIT("m"), 60 * STAGE_SECOND_US},
		{STR_INIT("h"), 3600 * STAGE_SECOND_US},
		{STR_INIT("d"), 86400 * STAGE_SECOND_US},
	};
	struct str text = json_scalar_text(value);
	int64_t count;

	if (str_to_int64(text, &count) && count >= 0) {
		*us = count * STAGE_SECOND_US;
		return true;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct str number =
			str_slice(text, 0, text.size - (text.size > 0 ? units[i].suffix.size : 0));

		if (str_has_suffix(text, units[i].suffix) && str_to_int64(number, &count) &&
		    count >= 0 && count <= INT64_C(1000000000)) {
			*us = count * units[i].us;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID, "\"%.*s\" is no duration (30s, 5m, 2h, 1d, 250ms)",
			 STR_ARG(text));
}

void stage_put_variable(struct stage *stage, struct str name, struct str value)
{
	struct str *kept = ARENA_NEW(stage->arena, struct str);

	*kept = str_copy(stage->arena, value);
	map_put(stage->variables, name, kept);
}

/* A name is letters, digits and underscores; other braces are text (JSON bodies). */
static bool stage_is_name(struct str text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return text.size > 0;
}

static bool stage_expand_text(struct stage *stage, struct str text, struct str *expanded,
			      struct error *error)
{
	struct strbuf out;
	struct str before, rest, name, after;
	bool fine = true;

	*expanded = text;
	if (str_find_char(text, '{') == STR_NOT_FOUND)
		return true;
	strbuf_init(&out, LIMIT_CASE_FILE_BYTES);
	rest = text;
	while (fine && str_split_once(rest, '{', &before, &after)) {
		bool is_closed = str_split_once(after, '}', &name, &rest);
		const struct str *value = NULL;

		strbuf_append(&out, before);
		if (!is_closed || !stage_is_name(name)) {
			strbuf_append_char(&out, '{');
			rest = after;
			continue;
		}
		value = map_get(stage->variables, name);
		if (value == NULL)
			fine = error_set(error, ERROR_INVALID, "no variable {%.*s}", STR_ARG(name));
		else
			strbuf_append(&out, *value);
	}
	strbuf_append(&out, rest);
	*expanded = str_copy(stage->arena, strbuf_str(&out));
	strbuf_free(&out);
	return fine;
}

static bool stage_expand_tree(struct stage *stage, struct json *value, struct error *error)
{
	if (value->kind == JSON_STRING)
		return stage_expand_text(stage, value->text, &value->text, error);
	for (struct json *child = value->first_child; child != NULL; child = child->next) {
		if (!stage_expand_tree(stage, child, error))
			return false;
	}
	return true;
}

struct json *stage_expand(struct stage *stage, const struct json *value, struct error *error)
{
	struct json *copy = json_copy(stage->arena, value);

	if (!stage_expand_tree(stage, copy, error)) {
		if (value->line > 0)
			error_wrap(error, "line %d", value->line);
		return NULL;
	}
	return copy;
}

/* Hosts. */

static bool stage_add_host(struct stage *stage, const struct json *description, struct error *error)
{
	struct str address = json_get_str(description, STR("address"));
	struct sim_host *host;

	if (address.size == 0)
		return error_set(error, ERROR_INVALID, "host %.*s has no address",
				 STR_ARG(description->key));
	if (sim_host_find(stage->sim, description->key) != NULL)
		return error_set(error, ERROR_CONFLICT, "two hosts %.*s",
				 STR_ARG(description->key));
	host = sim_host_add(stage->sim, description->key, address);
	JSON_EACH (name, json_get(description, STR("names")))
		sim_dns_set(stage->sim, json_str(name), address,
			    json_int(json_get(description, STR("ttl")), 60));
	sim_host_set_dns_cache(host, json_bool(json_get(description, STR("dns_cache")), false));
	return true;
}

struct world *stage_host_world(struct stage *stage, struct str name, struct error *error)
{
	struct sim_host *host = sim_host_find(stage->sim, name);

	if (host == NULL) {
		error_set(error, ERROR_NOT_FOUND, "no host %.*s", STR_ARG(name));
		return NULL;
	}
	return sim_host_world(host, STR("operator"));
}

static bool stage_add_redis(struct stage *stage, const struct json *description,
			    struct error *error)
{
	struct str host = json_get_str(description, STR("host"));
	int64_t port = json_int(json_get(description, STR("port")), 6379);
	struct stage_redis redis = {.name = description->key};

	if (sim_host_find(stage->sim, host) == NULL)
		return error_set(error, ERROR_NOT_FOUND, "no host %.*s", STR_ARG(host));
	redis.node = sim_redis_start(sim_host_find(stage->sim, host), (uint16_t)port, error);
	if (redis.node == NULL)
		return false;
	vec_push(&stage->redis, redis);
	return true;
}

/* Processes. */

struct stage_process *stage_find_process(struct stage *stage, struct str name, struct error *error)
{
	for (size_t i = 0; i < stage->processes.count; i++) {
		if (str_equal(stage->processes.items[i]->name, name))
			return stage->processes.items[i];
	}
	error_set(error, ERROR_NOT_FOUND, "no process %.*s", STR_ARG(name));
	return NULL;
}

static void stage_add_process(struct stage *stage, const struct json *description)
{
	struct stage_process *process = MEMORY_NEW(struct stage_process);

	process->stage = stage;
	process->name = description->key;
	process->description = description;
	process->variables = map_create(0);
	process->exit_status = -1;
	vec_push(&stage->processes, process);
}

static void stage_process_line(struct process *child, bool is_stderr, struct str line, void *data)
{
	struct stage_process *process = data;
	struct stage_line kept = {sim_now_us(process->stage->sim),
				  str_copy(process->stage->arena, line)};

	(void)child;
	(void)is_stderr;
	if (str_has_prefix(line, STR("ready ")))
		process->is_ready = true;
	vec_push(&process->lines, kept);
}

static void stage_process_exited(struct process *child, int status, void *data)
{
	struct stage_process *process = data;

	(void)child;
	process->process = NULL;
	process->is_ready = false;
	process->exit_status = status;
}

static bool stage_process_is_settled(void *data)
{
	const struct stage_process *process = data;

	return process->is_ready || process->process == NULL;
}

/* Its variables: those of the description, edited ones in their place, then added ones. */
static size_t stage_process_variables(struct stage_process *process, const struct json *described,
				      struct process_variable *variables)
{
	struct map_cursor at = {0};
	size_t count = 0;

	JSON_EACH (variable, described) {
		if (map_get(process->variables, variable->key) == NULL)
			variables[count++] = (struct process_variable){variable->key,
								       json_scalar_text(variable)};
	}
	while (map_next(process->variables, &at))
		variables[count++] = (struct process_variable){at.key, *(struct str *)at.value};
	return count;
}

bool stage_start_process(struct stage *stage, struct stage_process *process, struct error *error)
{
	struct json *description = stage_expand(stage, process->description, error);
	struct str command = json_get_str(description, STR("command")), word;
	struct sim_host *host = sim_host_find(stage->sim, json_get_str(description, STR("host")));
	const struct json *described = json_get(description, STR("variables"));
	VEC(struct str) words = {0};

	if (description == NULL)
		return false;
	if (host == NULL)
		return error_set(error, ERROR_NOT_FOUND, "process %.*s has no such host",
				 STR_ARG(process->name));
	if (process->process != NULL)
		return error_set(error, ERROR_CONFLICT, "process %.*s runs already",
				 STR_ARG(process->name));
	while (str_next_field(&command, ' ', &word))
		vec_push(&words, word);

	struct process_variable *variables = ARENA_ARRAY(
		stage->arena, struct process_variable,
		(described != NULL ? described->count : 0) + map_count(process->variables) + 1);
	struct process_options options = {
		.words = words.items,
		.words_count = words.count,
		.variables = variables,
		.variables_count = stage_process_variables(process, described, variables),
		.line = stage_process_line,
		.exited = stage_process_exited,
		.data = process,
	};

	process->is_ready = false;
	process->exit_status = -1;
	process->process = sim_process_start(host, &options, error);
	vec_free(&words);
	if (process->process == NULL)
		return error_wrap(error, "process %.*s", STR_ARG(process->name));
	stage_run(stage, STAGE_READY_US, stage_process_is_settled, process);
	return true;
}

bool stage_run(struct stage *stage, int64_t limit_us, bool (*done)(void *data), void *data)
{
	return sim_run_until(stage->sim, sim_now_us(stage->sim) + limit_us, done, data);
}

/* The whole. */

bool stage_set(struct stage *stage, struct error *error)
{
	struct sim_link link = {.latency_us = STAGE_LATENCY_US};

	JSON_EACH (variable, json_get(stage->world, STR("variables")))
		stage_put_variable(stage, variable->key, json_scalar_text(variable));
	sim_net_set_default_link(stage->sim, link);
	JSON_EACH (host, json_get(stage->world, STR("hosts"))) {
		if (!stage_add_host(stage, host, error))
			return error_wrap(error, "line %d", host->line);
	}
	JSON_EACH (redis, json_get(stage->world, STR("redis"))) {
		if (!stage_add_redis(stage, redis, error))
			return error_wrap(error, "line %d", redis->line);
	}
	JSON_EACH (process, json_get(stage->world, STR("processes")))
		stage_add_process(stage, process);
	return true;
}

void stage_clear(struct stage *stage)
{
	stage_traffic_stop(stage);
	sim_destroy(stage->sim);
	for (size_t i = 0; i < stage->processes.count; i++) {
		map_destroy(stage->processes.items[i]->variables);
		vec_free(&stage->processes.items[i]->lines);
		free(stage->processes.items[i]);
	}
	vec_free(&stage->processes);
	vec_free(&stage->redis);
	vec_free(&stage->faults);
	map_destroy(stage->variables);
}
