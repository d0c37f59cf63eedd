/* Processes: a component started on a host by its name, its output, its end; and the process port,
 * by which one process starts and watches another.
 *
 * What a watcher learns (lines, the end) reaches it by an event of its own, so nobody is called
 * while the watched process takes its turn. */
#include "world/process.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "sim/cluster/cluster_programs.h"
#include "sim/data/redis_node.h"
#include "sim/net/http_pool.h"
#include "sim/net/stream.h"
#include "sim/sim_internal.h"
#include "world/component.h"
#include "world/log.h"

#define STATUS_KILLED (128 + 9)
#define OUTPUT_BYTES_MAX (64 * 1024 * 1024) /* of one process, between two events */

/* What a watcher holds of its child. It lives until the watcher was told of the end (or is gone
 * itself), the child's world until the run is over. */
struct process {
	struct actor_resource resource; /* of the watcher, when that is a process */
	struct sim_process *child;
	struct sim_process *watcher; /* NULL: the simulator's caller */
	process_line *line;
	process_exited *exited;
	void *data;
	struct strbuf lines; /* each: '1' (error) or '0', its text, line feed */
	struct event told;
	bool has_exited;
	int status;
};

/* Output. */

static void handle_told(struct event *event);

static void handle_tell(struct process *handle)
{
	struct queue *queue = &handle->child->sim->queue;

	if (!queue_is_waiting(&handle->told))
		queue_at(queue, &handle->told, queue->now_us, handle_told);
}

static void handle_free(struct process *handle)
{
	queue_cancel(&handle->child->sim->queue, &handle->told);
	resource_disown(&handle->resource);
	strbuf_free(&handle->lines);
	if (handle->child->handle == handle)
		handle->child->handle = NULL;
	free(handle);
}

static void handle_deliver(struct process *handle)
{
	struct strbuf lines = handle->lines;
	struct str rest = strbuf_str(&lines), line;

	strbuf_init(&handle->lines, OUTPUT_BYTES_MAX);
	while (rest.size > 0) {
		str_split_once(rest, '\n', &line, &rest);
		if (handle->line != NULL)
			handle->line(handle, line.data[0] == '1', str_skip(line, 1), handle->data);
	}
	strbuf_free(&lines);
	if (!handle->has_exited || handle->lines.size > 0)
		return;
	if (handle->exited != NULL)
		handle->exited(handle, handle->status, handle->data);
	handle_free(handle);
}

static void handle_told(struct event *event)
{
	struct process *handle = LIST_ENTRY(event, struct process, told);

	if (handle->watcher == NULL) {
		handle_deliver(handle);
		return;
	}

	struct actor *actor = &handle->watcher->actor, *before = actor_turn_begin(actor);

	handle_deliver(handle);
	actor_turn_end(actor, before);
}

static void lines_append(struct strbuf *lines, bool is_stderr, struct str line)
{
	strbuf_append_char(lines, is_stderr ? '1' : '0');
	strbuf_append(lines, line);
	strbuf_append_char(lines, '\n');
}

void process_write_line(struct sim_process *process, bool is_stderr, struct str line)
{
	struct str rest = line;
	bool is_more;

	do { /* a reader of the output would see a line feed in the text as two lines */
		is_more = str_split_once(rest, '\n', &line, &rest);
		lines_append(&process->output, is_stderr, line);
	} while (is_more);
	if (process->sim->queue.current != &process->actor)
		actor_wake(&process->actor);
}

/* Hands this turn's lines to the nearest watcher who wants lines: a child without one of its own
 * shares its parent's output. */
static void process_flush_output(struct sim_process *process)
{
	struct process *handle = process->handle;

	if (process->output.size == 0)
		return;
	while (handle != NULL && handle->line == NULL && handle->watcher != NULL)
		handle = handle->watcher->handle;
	if (handle != NULL && handle->line != NULL) {
		strbuf_append(&handle->lines, strbuf_str(&process->output));
		handle_tell(handle);
	}
	strbuf_clear(&process->output);
}

/* Life. */

static void process_trace(struct sim_process *process, struct str kind)
{
	struct trace *trace = &process->sim->trace;

	trace_begin(trace, process->host->name, kind);
	trace_text(trace, STR("process"), process->name);
	trace_int(trace, STR("id"), process->id);
}

static void process_turn_ended(struct actor *actor)
{
	struct sim_process *process = LIST_ENTRY(actor, struct sim_process, actor);

	process_flush_output(process);
	if (process->state != PROCESS_RUNNING)
		return;
	if (process->kill_wanted)
		process_end(process, STATUS_KILLED, true);
	else if (process->exit_wanted)
		process_end(process, process->exit_status, false);
}

/* The n-th process of a name on a host has a chance of its own, whatever else was started. */
static uint64_t process_seed(struct sim_host *host, struct str name)
{
	struct net *net = host->net;
	size_t starts = (size_t)(uintptr_t)map_get(host->process_starts, name) + 1;
	uint64_t seed = prng_split(prng_split(net->seed, STR("process")), host->name);

	map_put(host->process_starts, name, (void *)(uintptr_t)starts);
	return prng_split(seed + starts, name);
}

struct sim_process *process_create(struct sim_host *host, struct str name)
{
	struct sim_process *process = MEMORY_NEW(struct sim_process);
	struct sim *sim = host->net->sim;

	process->world = (struct world){
		.clock = &sim_clock_ops,
		.environment = &sim_environment_ops,
		.log = &sim_log_ops,
		.files = &sim_files_ops,
		.dns = &sim_dns_ops,
		.http_server = &sim_http_server_ops,
		.http_client = &sim_http_client_ops,
		.redis = &sim_redis_ops,
		.sql = &sim_sql_ops,
		.process = &sim_process_ops,
		.tcp = &sim_tcp_ops,
		.mail = &sim_mail_ops,
		.shared_memory = &sim_shared_memory_ops,
		.routes = &sim_routes_ops,
	};
	process->sim = sim;
	process->host = host;
	process->arena = arena_create();
	process->name = str_copy(process->arena, name);
	process->id = host->next_process_id++;
	prng_seed(&process->chance, process_seed(host, name));
	strbuf_init(&process->output, OUTPUT_BYTES_MAX);
	actor_init(&process->actor, &sim->queue, host->name, process->name, process_turn_ended);
	list_append(&host->processes, &process->link);
	return process;
}

void process_free(struct sim_process *process)
{
	BUG_IF(process->state != PROCESS_ENDED);
	if (process->handle != NULL)
		handle_free(process->handle);
	list_remove(&process->link);
	arena_destroy(process->arena);
	free(process);
}

void process_end(struct sim_process *process, int status, bool killed)
{
	struct queue *queue = &process->sim->queue;
	struct actor *before = queue->current;

	if (process->state != PROCESS_RUNNING)
		return;
	queue->current = &process->actor;
	if (killed) {
		process->state = PROCESS_KILLED;
		stream_cut_all(&process->actor);
	}
	void *kept = killed ? shared_memory_keep(process->held) : NULL;

	if (process->instance != NULL)
		process->component->stop(process->instance);
	process->instance = NULL;
	shared_memory_restore(process->held, kept);
	process->held = NULL;
	process_flush_output(process);

	size_t left = actor_end(&process->actor);

	http_pool_destroy(process->pool);
	process->pool = NULL;
	shared_memory_leave(process->inherited);
	process->inherited = NULL;

	queue_cancel(queue, &process->start);
	queue_cancel(queue, &process->stop);
	queue_cancel(queue, &process->kill);
	queue->current = before;
	process->state = PROCESS_ENDED;
	process_trace(process, STR("process.exit"));
	trace_int(&process->sim->trace, STR("status"), status);
	if (left > 0)
		trace_int(&process->sim->trace, STR("left"), (int64_t)left);
	trace_end(&process->sim->trace);
	vec_free(&process->variables);
	strbuf_free(&process->output);
	map_destroy(process->log_failed);
	process->log_failed = NULL;
	if (process->handle != NULL) {
		process->handle->has_exited = true;
		process->handle->status = status;
		handle_tell(process->handle);
	}
}

void process_kill_now(struct sim_process *process)
{
	process->kill_wanted = true;
	if (process->sim->queue.current != &process->actor)
		process_end(process, STATUS_KILLED, true);
}

static void process_started(struct event *event)
{
	struct sim_process *process = LIST_ENTRY(event, struct sim_process, start);
	struct actor *before = actor_turn_begin(&process->actor);
	struct error error = {0};
	int status = 1;

	process->instance = process->component->start(&process->world, process->arguments,
						      process->arguments_count, &status, &error);
	if (process->instance == NULL) {
		if (error.kind != ERROR_HELP)
			log_format(&process->world, LOG_STDERR, "refscale %s: %s",
				   process->component->name, error.text);
		process->exit_wanted = true;
		process->exit_status = error.kind == ERROR_HELP ? 0 : status;
	}
	actor_turn_end(&process->actor, before);
}

static void process_asked_to_stop(struct event *event)
{
	struct sim_process *process = LIST_ENTRY(event, struct sim_process, stop);
	struct actor *before = actor_turn_begin(&process->actor);

	if (process->stop_requested != NULL)
		process->stop_requested(process->stop_data);
	else
		process->exit_wanted = true;
	actor_turn_end(&process->actor, before);
}

void process_ask_to_stop(struct sim_process *process)
{
	struct queue *queue = &process->sim->queue;

	if (process->state == PROCESS_RUNNING)
		queue_at(queue, &process->stop, queue->now_us, process_asked_to_stop);
}

static void process_asked_to_die(struct event *event)
{
	process_end(LIST_ENTRY(event, struct sim_process, kill), STATUS_KILLED, true);
}

/* Starting. */

static void variable_set(struct sim_process *process, struct str name, struct str value)
{
	struct process_variable variable = {str_copy(process->arena, name),
					    str_copy(process->arena, value)};
	size_t at = 0;

	while (at < process->variables.count &&
	       str_compare(process->variables.items[at].name, name) < 0)
		at++;
	if (at < process->variables.count && str_equal(process->variables.items[at].name, name)) {
		process->variables.items[at] = variable;
		return;
	}
	vec_push(&process->variables, variable);
	for (size_t i = process->variables.count - 1; i > at; i--)
		process->variables.items[i] = process->variables.items[i - 1];
	process->variables.items[at] = variable;
}

static void process_set_variables(struct sim_process *process, const struct sim_process *parent,
				  const struct process_options *options)
{
	for (size_t i = 0;
	     options->inherit_variables && parent != NULL && i < parent->variables.count; i++)
		variable_set(process, parent->variables.items[i].name,
			     parent->variables.items[i].value);
	for (size_t i = 0; i < options->variables_count; i++)
		variable_set(process, options->variables[i].name, options->variables[i].value);
}

static const struct component *component_find(const struct sim *sim,
					      const struct process_options *options)
{
	if (options->words_count > 0 &&
	    data_component_find(options->words, options->words_count) != NULL)
		return data_component_find(options->words, options->words_count);
	if (options->words_count > 0 && cluster_component_find(options->words[0]) != NULL)
		return cluster_component_find(options->words[0]);
	if (options->words_count < 2 || !str_equal(options->words[0], STR("refscale")))
		return NULL;
	for (size_t i = 0; sim->options.components != NULL && sim->options.components[i] != NULL;
	     i++) {
		if (str_equal(options->words[1], str_from(sim->options.components[i]->name)))
			return sim->options.components[i];
	}
	return NULL;
}

static void handle_watch(struct sim_process *child, struct sim_process *watcher,
			 const struct process_options *options);

static void process_trace_arguments(const struct sim_process *process)
{
	struct strbuf words;

	strbuf_init(&words, LIMIT_LOG_LINE_BYTES);
	for (size_t i = 0; i < process->arguments_count; i++) {
		if (i > 0)
			strbuf_append_char(&words, ' ');
		strbuf_append(&words, process->arguments[i]);
	}
	trace_text(&process->sim->trace, STR("arguments"), strbuf_str(&words));
	strbuf_free(&words);
}

struct sim_process *process_launch(struct sim_host *host, struct sim_process *parent,
				   const struct process_options *options, struct error *error)
{
	struct sim *sim = host->net->sim;
	const struct component *component = component_find(sim, options);

	if (component == NULL) {
		struct str program = options->words_count > 1   ? options->words[1]
				     : options->words_count > 0 ? options->words[0]
								: options->shell_command;

		error_set(error, ERROR_NOT_FOUND,
			  "cannot start %.*s: only \"refscale COMPONENT\", Redis' programs and the "
			  "cluster's routers in the simulator",
			  STR_ARG(program));
		return NULL;
	}
	if (!host->is_up) {
		error_set(error, ERROR_UNAVAILABLE, "host %.*s is down", STR_ARG(host->name));
		return NULL;
	}

	struct sim_process *process = process_create(host, str_from(component->name));
	/* "refscale COMPONENT argument ..." or "redis-server argument ..." */
	size_t first = str_equal(options->words[0], STR("refscale")) ? 2 : 1;
	size_t count = options->words_count - first;

	process->component = component;
	process->arguments = ARENA_ARRAY(process->arena, struct str, count + 1);
	process->arguments_count = count;
	for (size_t i = 0; i < count; i++)
		process->arguments[i] = str_copy(process->arena, options->words[i + first]);
	process_set_variables(process, parent, options);
	process->inherited = shared_memory_shared(options->shared_memory);
	handle_watch(process, parent, options);
	process_trace(process, STR("process.start"));
	process_trace_arguments(process);
	trace_end(&sim->trace);
	queue_at(&sim->queue, &process->start, sim->queue.now_us, process_started);
	return process;
}

/* The port. */

static void handle_abandon(struct actor_resource *resource)
{
	handle_free(LIST_ENTRY(resource, struct process, resource));
}

static void handle_watch(struct sim_process *child, struct sim_process *watcher,
			 const struct process_options *options)
{
	struct process *handle = MEMORY_NEW(struct process);

	handle->child = child;
	handle->watcher = watcher;
	handle->line = options->line;
	handle->exited = options->exited;
	handle->data = options->data;
	strbuf_init(&handle->lines, OUTPUT_BYTES_MAX);
	child->handle = handle;
	if (watcher != NULL)
		actor_own(&watcher->actor, &handle->resource, handle_abandon);
}

static struct process *port_start(struct world *world, const struct process_options *options,
				  struct error *error)
{
	struct sim_process *process = process_of(world), *child;

	if (process_is_mute(process)) {
		error_set(error, ERROR_SYSTEM, "killed");
		return NULL;
	}
	child = process_launch(process->host, process, options, error);
	return child != NULL ? child->handle : NULL;
}

static void port_stop(struct process *handle)
{
	process_ask_to_stop(handle->child);
}

static void port_kill(struct process *handle)
{
	struct queue *queue = &handle->child->sim->queue;

	if (handle->child->state == PROCESS_RUNNING)
		queue_at(queue, &handle->child->kill, queue->now_us, process_asked_to_die);
}

static int port_id(struct process *handle)
{
	return handle->child->id;
}

const struct process_ops sim_process_ops = {
	.start = port_start,
	.stop = port_stop,
	.kill = port_kill,
	.id = port_id,
};
