/* What the test stands of single components share: one component as a process on a host of the
 * simulator, its variables, words and output, and a client that makes one call at a time. A stand
 * plays what else there is around its component. Only for tests.
 *
 * component_stand_set() .. variables and words .. component_stand_start() .. calls ..
 * component_stand_clear(). Texts and answers live until then.
 */
#ifndef SIM_COMPONENT_STAND_TEST_H
#define SIM_COMPONENT_STAND_TEST_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/message.h"
#include "world/process.h"

#define COMPONENT_STAND_SECOND INT64_C(1000000)
#define COMPONENT_STAND_BODY_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct component;
struct http_body;
struct http_body_collector;
struct http_call;
struct sim;
struct sim_host;
struct sim_process;
struct world;

struct stand_answer {
	int status; /* 0: none */
	struct str body;
	struct http_fields fields;
	bool was_cut;
};

struct component_stand_request {
	const char *method; /* NULL: GET */
	const char *path;
	const char *fields[10]; /* name, value, ..., NULL */
	const char *body;
	bool is_chunked;
	bool stalls; /* the last byte of the body does not come */
	const char *address;
	uint16_t port;
};

struct component_stand {
	const struct component *components[2]; /* it, NULL */
	struct sim *sim;
	struct arena *arena;
	struct sim_host *host; /* the component's */
	struct world *client;  /* on 10.0.0.9 */
	struct sim_process *process;
	struct process_variable variables[24];
	size_t variables_count;
	struct str words[24];
	size_t words_count;
	struct strbuf output; /* all lines that it said */
	bool is_ready;        /* said so */
	int exit_status;      /* -1: still running */
	/* The client's call. */
	struct http_call *call;
	struct http_body *upload; /* that stalls, until the client leaves */
	struct http_body_collector *collector;
	struct stand_answer answer;
	bool is_answered;
};

void component_stand_set(struct component_stand *stand, const struct component *component,
			 const char *address);
void component_stand_clear(struct component_stand *stand);

void component_stand_variable(struct component_stand *stand, const char *name, const char *value);
void component_stand_word(struct component_stand *stand, const char *word);
void component_stand_launch(struct component_stand *stand); /* without waiting */
/* Until it is ready (true) or ended (false). */
bool component_stand_start(struct component_stand *stand, int64_t span_us);
/* Processes that it started and that are running; the n-th of them is killed. */
size_t component_stand_children(const struct component_stand *stand);
void component_stand_kill_child(const struct component_stand *stand, size_t index);
void component_stand_run_for(const struct component_stand *stand, int64_t span_us);

/* The last call, if any, is left. */
void component_stand_send(struct component_stand *stand,
			  const struct component_stand_request *request);
struct stand_answer component_stand_wait(struct component_stand *stand, int64_t span_us);
void component_stand_leave(struct component_stand *stand); /* the client goes away */

/* Fails at the file and line when it is another text. */
void stand_expect_str(struct str found, const char *expected, const char *file, int line);
#define expect_str(found, expected) stand_expect_str((found), (expected), __FILE__, __LINE__)

#endif
