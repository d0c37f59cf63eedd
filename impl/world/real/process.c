/* Child processes: each a group of its own, so that what it starts ends with it. */
#include "world/process.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/error.h"
#include "base/limits.h"
#include "world/real/real_internal.h"

#define ROOM_BYTES (16 * 1024)
/* The output of a child that ended is read to its end, unless somebody else keeps it open. */
#define LAST_LINES_US INT64_C(200000)

struct output {
	uv_pipe_t pipe;
	struct process *process;
	bool is_stderr, is_open;
	struct strbuf line; /* without its end so far */
	char room[ROOM_BYTES];
};

/* Lives until libuv is done with all its handles. */
struct process {
	struct list_link link; /* in real->processes, until it exited */
	struct real_world *real;
	uv_process_t child;
	struct output outputs[2];
	int handles; /* libuv's, not closed yet */
	struct timer timer;
	bool has_ended, is_told;
	int status;
	process_line *line;
	process_exited *exited;
	void *data;
};

/* Life. */

static void handle_closed(uv_handle_t *handle)
{
	struct process *process = handle->data;

	if (--process->handles > 0)
		return;
	for (size_t i = 0; i < 2; i++)
		strbuf_free(&process->outputs[i].line);
	free(process);
}

static void output_close(struct output *output)
{
	if (!output->is_open)
		return;
	output->is_open = false;
	output->pipe.data = output->process;
	uv_close((uv_handle_t *)&output->pipe, handle_closed);
}

static void process_close(struct process *process)
{
	list_remove(&process->link);
	timer_stop(&process->timer);
	for (size_t i = 0; i < 2; i++)
		output_close(&process->outputs[i]);
	uv_close((uv_handle_t *)&process->child, handle_closed);
}

/* Lines. */

static void output_end_line(struct output *output)
{
	struct process *process = output->process;
	struct str line = strbuf_str(&output->line);

	if (str_has_suffix(line, STR("\r")))
		line = str_slice(line, 0, line.size - 1);
	process->line(process, output->is_stderr, line, process->data);
	strbuf_clear(&output->line);
}

/* What is longer than a line may be comes in several. */
static void output_add(struct output *output, struct str bytes)
{
	while (bytes.size > 0) {
		size_t end = str_find_char(bytes, '\n');
		struct str piece = str_slice(bytes, 0, end);
		size_t room = LIMIT_LOG_LINE_BYTES - output->line.size;

		if (piece.size > room) {
			piece = str_slice(piece, 0, room);
			strbuf_append(&output->line, piece);
			bytes = str_skip(bytes, room);
			output_end_line(output);
			continue;
		}
		strbuf_append(&output->line, piece);
		bytes = str_skip(bytes, piece.size);
		if (end == STR_NOT_FOUND)
			return;
		bytes = str_skip(bytes, 1);
		output_end_line(output);
	}
}

static void process_tell_end(struct process *process)
{
	if (process->is_told)
		return;
	process->is_told = true;
	for (size_t i = 0; i < 2; i++) {
		if (process->outputs[i].line.size > 0)
			output_end_line(&process->outputs[i]);
	}
	list_remove(&process->link);
	if (process->exited != NULL)
		process->exited(process, process->status, process->data);
	process_close(process);
}

static void process_look_for_end(struct process *process)
{
	if (process->has_ended && !process->outputs[0].is_open && !process->outputs[1].is_open)
		process_tell_end(process);
}

static void output_came(uv_stream_t *stream, ssize_t size, const uv_buf_t *room)
{
	struct output *output = stream->data;
	struct process *process = output->process;

	if (size > 0) {
		output_add(output, str_of(room->base, (size_t)size));
	} else if (size < 0) {
		output_close(output);
		process_look_for_end(process);
	}
}

static void provide_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
	struct output *output = handle->data;

	(void)wanted;
	*room = uv_buf_init(output->room, sizeof output->room);
}

static void output_outlived_child(struct timer *timer)
{
	process_tell_end(LIST_ENTRY(timer, struct process, timer));
}

static void child_ended(uv_process_t *child, int64_t status, int signal_number)
{
	struct process *process = child->data;

	process->has_ended = true;
	process->status = signal_number != 0 ? 128 + signal_number : (int)status;
	timer_start(&process->real->world, &process->timer, LAST_LINES_US, output_outlived_child);
	process_look_for_end(process);
}

/* Starting. */

static char **words_of(struct arena *arena, const struct process_options *options)
{
	size_t count = options->shell_command.size > 0 ? 3 : options->words_count;
	char **words = ARENA_ARRAY(arena, char *, count + 1);

	if (options->shell_command.size > 0) {
		words[0] = (char *)(uintptr_t) "/bin/sh";
		words[1] = (char *)(uintptr_t) "-c";
		words[2] = (char *)(uintptr_t)str_cstr(arena, options->shell_command);
		return words;
	}
	for (size_t i = 0; i < count; i++)
		words[i] = (char *)(uintptr_t)str_cstr(arena, options->words[i]);
	return words;
}

static bool is_replaced(const struct process_options *options, struct str name)
{
	for (size_t i = 0; i < options->variables_count; i++) {
		if (str_equal(options->variables[i].name, name))
			return true;
	}
	return false;
}

static char **variables_of(struct arena *arena, const struct real_world *real,
			   const struct process_options *options)
{
	size_t inherited = options->inherit_variables ? real->variables.count : 0, count = 0;
	char **variables = ARENA_ARRAY(arena, char *, inherited + options->variables_count + 1);

	for (size_t i = 0; i < inherited; i++) {
		const struct environment_variable *variable = &real->variables.items[i];

		if (!is_replaced(options, variable->name))
			variables[count++] = (char *)(uintptr_t)str_cstr(
				arena,
				STR_CONCAT(arena, variable->name, STR("="), variable->value));
	}
	for (size_t i = 0; i < options->variables_count; i++) {
		const struct process_variable *variable = &options->variables[i];

		variables[count++] = (char *)(uintptr_t)str_cstr(
			arena, STR_CONCAT(arena, variable->name, STR("="), variable->value));
	}
	return variables;
}

static const char *program_of(struct arena *arena, char *const *words)
{
	char path[4096];
	ssize_t size;

	if (!str_equal(str_from(words[0]), STR("refscale")))
		return words[0];
	size = readlink("/proc/self/exe", path, sizeof path);
	return size > 0 ? str_cstr(arena, str_of(path, (size_t)size)) : words[0];
}

static void prepare_output(struct process *process, size_t index, uv_stdio_container_t *stdio)
{
	struct output *output = &process->outputs[index];

	output->process = process;
	output->is_stderr = index == 1;
	strbuf_init(&output->line, LIMIT_LOG_LINE_BYTES);
	if (process->line == NULL) {
		stdio->flags = UV_INHERIT_FD;
		stdio->data.fd = index == 1 ? STDERR_FILENO : STDOUT_FILENO;
		return;
	}
	uv_pipe_init(&process->real->loop->uv, &output->pipe, 0);
	process->handles++;
	output->is_open = true;
	output->pipe.data = output;
	stdio->flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
	stdio->data.stream = (uv_stream_t *)&output->pipe;
}

static int process_spawn(struct process *process, const struct process_options *options)
{
	struct arena *scratch = arena_create();
	char **words = words_of(scratch, options);
	uv_stdio_container_t stdio[REAL_SHARED_MEMORY_FILE + 1] = {{.flags = UV_IGNORE}};
	uv_process_options_t spawn = {
		.exit_cb = child_ended,
		.file = program_of(scratch, words),
		.args = words,
		.env = variables_of(scratch, process->real, options),
		.flags = UV_PROCESS_DETACHED,
		.stdio = stdio,
		.stdio_count = options->shared_memory != NULL ? 4 : 3,
	};
	int status;

	for (size_t i = 0; i < 2; i++)
		prepare_output(process, i, &stdio[i + 1]);
	if (options->shared_memory != NULL)
		stdio[REAL_SHARED_MEMORY_FILE] = (uv_stdio_container_t){
			.flags = UV_INHERIT_FD,
			.data.fd = real_shared_memory_file(options->shared_memory)};
	process->handles++;
	process->child.data = process;
	status = uv_spawn(&process->real->loop->uv, &process->child, &spawn);
	arena_destroy(scratch);
	for (size_t i = 0; i < 2 && status == 0; i++) {
		if (process->outputs[i].is_open)
			uv_read_start((uv_stream_t *)&process->outputs[i].pipe, provide_room,
				      output_came);
	}
	return status;
}

static struct process *port_start(struct world *world, const struct process_options *options,
				  struct error *error)
{
	struct process *process;
	int status;

	BUG_IF(options->words_count == 0 && options->shell_command.size == 0);
	process = MEMORY_NEW(struct process);
	process->real = real_of(world);
	process->line = options->line;
	process->exited = options->exited;
	process->data = options->data;
	list_append(&process->real->processes, &process->link);
	status = process_spawn(process, options);
	if (status == 0)
		return process;
	error_set(error, status == UV_ENOENT ? ERROR_NOT_FOUND : ERROR_SYSTEM,
		  "cannot start \"%.*s\": %s",
		  STR_ARG(options->words_count > 0 ? options->words[0] : options->shell_command),
		  uv_strerror(status));
	process_close(process);
	return NULL;
}

static void port_stop(struct process *process)
{
	if (!process->has_ended)
		kill(-process->child.pid, SIGTERM);
}

/* Also what a child that ended has left behind in its group. */
static void port_kill(struct process *process)
{
	kill(-process->child.pid, SIGKILL);
}

static int port_id(struct process *process)
{
	return process->child.pid;
}

/* Nothing that was started outlives the world. */
void real_processes_destroy(struct real_world *real)
{
	LIST_EACH (link, &real->processes) {
		struct process *process = LIST_ENTRY(link, struct process, link);

		kill(-process->child.pid, SIGKILL);
		if (!process->has_ended)
			waitpid(process->child.pid, NULL, 0);
		process_close(process);
	}
}

const struct process_ops real_process_ops = {
	.start = port_start,
	.stop = port_stop,
	.kill = port_kill,
	.id = port_id,
};
