/* What the tests of the simulator share: a run with a client and a server host, calls that note
 * what became of them, and a server that says what it is told to, byte by byte. Only for tests. */
#ifndef SIM_STAGE_TEST_H
#define SIM_STAGE_TEST_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "echo/echo.h"
#include "sim/net/stream.h"
#include "sim/sim.h"
#include "sim/sim_internal.h"
#include "world/clock.h"
#include "world/http_client.h"

#define STAGE_SECOND INT64_C(1000000)
#define STAGE_ECHO_PORT 8081

struct stage {
	struct sim *sim;
	struct arena *arena;
	struct strbuf trace, output;
	struct sim_host *client_host, *api_host;
	struct world *client;
	struct sim_process *echo;
	int exit_status; /* of the last process that ended; -1 */
};

static inline void stage_keep_trace(struct str line, void *data)
{
	struct stage *stage = data;

	strbuf_append(&stage->trace, line);
	strbuf_append_char(&stage->trace, '\n');
}

static inline void stage_open_with(struct stage *stage, uint64_t seed,
				   const struct component *const *components)
{
	struct sim_options options = {.seed = seed, .components = components};

	memset(stage, 0, sizeof *stage);
	stage->exit_status = -1;
	stage->sim = sim_create(&options);
	stage->arena = arena_create();
	strbuf_init(&stage->trace, 64 * 1024 * 1024);
	strbuf_init(&stage->output, 64 * 1024);
	sim_trace_to(stage->sim, stage_keep_trace, stage);
	stage->client_host = sim_host_add(stage->sim, STR("client"), STR("10.0.0.1"));
	stage->api_host = sim_host_add(stage->sim, STR("api"), STR("10.0.0.2"));
	stage->client = sim_host_world(stage->client_host, STR("client"));
}

static inline void stage_open_seed(struct stage *stage, uint64_t seed)
{
	static const struct component *const components[] = {&echo_component, NULL};

	stage_open_with(stage, seed, components);
}

static inline void stage_open(struct stage *stage)
{
	stage_open_seed(stage, 1);
}

static inline void stage_close(struct stage *stage)
{
	sim_destroy(stage->sim);
	strbuf_free(&stage->trace);
	strbuf_free(&stage->output);
	arena_destroy(stage->arena);
}

static inline void stage_run(struct stage *stage, int64_t span_us)
{
	sim_run_to(stage->sim, sim_now_us(stage->sim) + span_us);
}

static inline void stage_line(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct stage *stage = data;

	(void)process;
	strbuf_append(&stage->output, is_stderr ? STR("! ") : STR("  "));
	strbuf_append(&stage->output, line);
	strbuf_append_char(&stage->output, '\n');
}

static inline void stage_exited(struct process *process, int status, void *data)
{
	(void)process;
	((struct stage *)data)->exit_status = status;
}

/* The options say what is started; what it says and how it ends is the stage's to keep. */
static inline struct sim_process *stage_start_with(struct stage *stage, struct sim_host *host,
						   struct process_options options)
{
	struct error error = {0};
	struct sim_process *process;

	options.line = stage_line;
	options.exited = stage_exited;
	options.data = stage;
	process = sim_process_start(host, &options, &error);
	ck_assert_msg(process != NULL, "%s", error.text);
	return process;
}

static inline struct sim_process *stage_start(struct stage *stage, struct sim_host *host,
					      const struct str *words, size_t count)
{
	return stage_start_with(stage, host,
				(struct process_options){.words = words, .words_count = count});
}

static inline void stage_start_echo(struct stage *stage)
{
	struct str words[] = {STR("refscale"), STR("echo"), STR("--port"), STR("8081")};

	stage->echo = stage_start(stage, stage->api_host, words, 4);
	stage_run(stage, 1000);
}

static inline size_t stage_count_in(struct str rest, const char *text)
{
	size_t count = 0, at;

	while ((at = str_find(rest, str_from(text))) != STR_NOT_FOUND) {
		rest = str_skip(rest, at + 1);
		count++;
	}
	return count;
}

static inline size_t stage_count(const struct stage *stage, const char *text)
{
	return stage_count_in(strbuf_str(&stage->trace), text);
}

static inline bool stage_traced(const struct stage *stage, const char *text)
{
	return str_find(strbuf_str(&stage->trace), str_from(text)) != STR_NOT_FOUND;
}

/* Calls. */

struct stage_call {
	struct stage *stage;
	struct http_call *call; /* NULL: released */
	struct http_body_collector *collector;
	int status; /* 0: not answered */
	enum http_failure failure;
	bool is_over, was_reused;
	enum http_collect_result collected;
	struct str body;
	struct http_fields fields;
};

static inline void stage_call_collected(enum http_collect_result result, struct str bytes,
					void *data)
{
	struct stage_call *call = data;

	call->collector = NULL;
	call->collected = result;
	call->body = bytes;
	call->failure = call->call->failure;
	call->is_over = true;
	http_call_release(call->call);
	call->call = NULL;
}

static inline void stage_call_answered(struct http_call *http_call, void *data)
{
	struct stage_call *call = data;

	call->status = http_call->response.status;
	call->was_reused = http_call->connection_was_reused;
	http_fields_copy(&call->fields, call->stage->arena, &http_call->response.fields);
	call->collector = http_body_collect(http_call_take_body(http_call), 64 * 1024 * 1024,
					    call->stage->arena, stage_call_collected, call);
}

static inline void stage_call_failed(struct http_call *http_call, void *data)
{
	struct stage_call *call = data;

	call->failure = http_call->failure;
	call->is_over = true;
	http_call_release(http_call);
	call->call = NULL;
}

static inline void stage_call_begin(struct stage *stage, struct stage_call *call,
				    const struct http_call_options *options)
{
	*call = (struct stage_call){.stage = stage};
	call->call = http_call_start(stage->client, options, stage_call_answered, stage_call_failed,
				     call);
}

static inline bool stage_call_is_over(void *data)
{
	return ((struct stage_call *)data)->is_over;
}

/* Begins it and runs until it is over, which must be within two virtual minutes or so. */
static inline void stage_call(struct stage *stage, struct stage_call *call,
			      const struct http_call_options *options)
{
	stage_call_begin(stage, call, options);
	ck_assert(sim_run_until(stage->sim, sim_now_us(stage->sim) + 200 * STAGE_SECOND,
				stage_call_is_over, call));
}

static inline struct http_call_options stage_get(const char *target)
{
	return (struct http_call_options){.method = STR("GET"),
					  .host = STR("api"),
					  .port = STAGE_ECHO_PORT,
					  .target = str_from(target)};
}

/* A server of bytes: keeps what it gets and says `answer` once that holds `wanted` more often than
 * it was answered. */
struct stage_server {
	struct stage *stage;
	struct sim_process *process;
	struct stream_listener *socket;
	struct stream *stream; /* the last connection */
	struct strbuf got;
	const char *wanted, *answer;
	bool ends, resets; /* after the answer */
	bool reads_nothing;
	int connections, answers;
};

static inline void stage_server_let_go(struct stage_server *server)
{
	if (server->stream != NULL)
		stream_close(server->stream);
	server->stream = NULL;
}

static inline void stage_server_look(struct stage_server *server)
{
	struct str rest = strbuf_str(&server->got);
	size_t at;
	int count = 0;

	while ((at = str_find(rest, str_from(server->wanted))) != STR_NOT_FOUND) {
		rest = str_skip(rest, at + strlen(server->wanted));
		count++;
	}
	while (server->stream != NULL && server->answers < count) {
		server->answers++;
		stream_write(server->stream, str_from(server->answer));
		if (server->resets) {
			stream_reset(server->stream);
			server->stream = NULL;
		} else if (server->ends) {
			stage_server_let_go(server);
		}
	}
}

static inline void stage_server_readable(struct stream *stream, void *data)
{
	struct stage_server *server = data;
	struct str bytes = stream_peek(stream);

	if (stream != server->stream || server->reads_nothing)
		return;
	strbuf_append(&server->got, bytes);
	stream_consume(stream, bytes.size);
	stage_server_look(server);
	if (server->stream == stream && stream_is_ended(stream))
		stage_server_let_go(server);
}

static inline void stage_server_failed(struct stream *stream, enum stream_failure failure,
				       void *data)
{
	struct stage_server *server = data;

	(void)failure;
	if (stream == server->stream)
		stage_server_let_go(server);
}

static inline void stage_server_writable(struct stream *stream, void *data)
{
	(void)stream;
	(void)data;
}

static inline void stage_server_accepted(struct stream *stream, void *data)
{
	static const struct stream_events events = {
		.readable = stage_server_readable,
		.writable = stage_server_writable,
		.failed = stage_server_failed,
	};
	struct stage_server *server = data;

	stage_server_let_go(server);
	server->connections++;
	server->stream = stream;
	stream_adopt(stream, &events, server);
}

static inline void stage_server_open(struct stage *stage, struct stage_server *server,
				     const char *answer)
{
	struct stream_listen_options options = {.port = STAGE_ECHO_PORT};

	*server = (struct stage_server){.stage = stage, .wanted = "\r\n\r\n", .answer = answer};
	server->process = process_of(sim_host_world(stage->api_host, STR("bytes")));
	strbuf_init(&server->got, 64 * 1024 * 1024);
	server->socket = stream_listen(stage->api_host, &server->process->actor, &options,
				       stage_server_accepted, server, NULL);
	ck_assert(server->socket != NULL);
}

static inline void stage_server_close(struct stage_server *server)
{
	stage_server_let_go(server);
	if (server->socket != NULL)
		stream_unlisten(server->socket);
	strbuf_free(&server->got);
}

#endif
