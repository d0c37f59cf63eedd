/* A gateway on the simulator's stage, with everything around it played: backend (10.0.0.2:3000),
 * private API (10.0.0.3:8000, also api.internal), portal (10.0.0.4:3000), client (10.0.0.9). Time
 * is virtual.
 *
 * stage_set() .. stage_start() .. calls .. stage_clear(); the first and the last are the fixture of
 * every test case that uses it. What servers saw and the gateway wrote is kept until then.
 */
#ifndef GATEWAY_STAGE_TEST_H
#define GATEWAY_STAGE_TEST_H

#include <check.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/message.h"

#define STAGE_MS INT64_C(1000)
#define STAGE_SECOND INT64_C(1000000)

enum stage_server { STAGE_BACKEND, STAGE_UPSTREAM, STAGE_PORTAL, STAGE_SERVERS };
enum stage_fault { STAGE_NO_FAULT, STAGE_CLOSES, STAGE_SILENT, STAGE_CUTS };

/* One scripted answer; zeroed memory is an empty 200. */
struct stage_script {
	int status;
	const char *field, *value; /* one more header */
	const char *body;
	enum stage_fault fault;
	const char *prefix; /* portal: only for targets that begin so */
};

struct stage_seen {
	struct str method, target, body;
	struct http_fields fields;
	int order; /* among all servers, from 1 */
};

struct stage_answer {
	int status; /* 0: none */
	struct str body;
	struct http_fields fields;
	bool was_cut;
};

struct stage_request {
	const char *method, *path, *host;
	const char *fields[8]; /* name, value, ..., NULL */
	const char *body;
	uint16_t port; /* 0: the proxy's */
	bool has_chunked_body;
};

void stage_set(void);
void stage_clear(void);
struct arena *stage_arena(void);

/* Before or between calls: answers are used in order, the last one repeats. */
void stage_play(enum stage_server server, const struct stage_script *script, size_t count);
void stage_stop_server(enum stage_server server);
void stage_variable(const char *name, const char *value);
void stage_argument(const char *word);
/* {"services":[...]} from patches over the default service (id 42, api.example.com); and as the
 * file that THREESCALE_CONFIG_FILE names. */
const char *stage_service(const char *id, const char *host, const char *more, const char *proxy);
const char *stage_services(const char *services);
void stage_file(const char *content);

/* The start: until it is ready (true), or ended (false, see stage_exit_status). */
bool stage_start(void);
/* One service from a file. */
void stage_start_with(const char *more, const char *proxy);
int stage_exit_status(void);
bool stage_is_running(void);
void stage_ask_to_stop(void);

struct stage_answer stage_call(struct stage_request request);
struct stage_answer stage_get(const char *path);
/* Sends without waiting for the answer; stage_wait() gives it. The client may leave. */
void stage_send(struct stage_request request);
struct stage_answer stage_wait(void);
void stage_leave(void);
void stage_run_for(int64_t span_us);
/* So many calls at the same time, each on a connection of its own; waits for all. */
void stage_burst(const char *host, size_t count);
void stage_silence(enum stage_server server); /* accepts calls, answers none */
void stage_drop(enum stage_server server);    /* packets to it vanish */
void stage_set_name(const char *name, const char *address);

size_t stage_seen_count(enum stage_server server);
const struct stage_seen *stage_seen(enum stage_server server, size_t index);
const struct stage_seen *stage_last(enum stage_server server);
void stage_forget(void); /* what servers saw and the log said */
bool stage_log_has(const char *text);
struct str stage_log(void);
struct str stage_field(const struct stage_answer *answer, const char *name);

void stage_expect_str(struct str found, const char *expected, const char *file, int line);
#define expect_str(found, expected) stage_expect_str((found), (expected), __FILE__, __LINE__)
void stage_expect_answer(struct stage_answer answer, int status, const char *body, const char *file,
			 int line);
#define expect_answer(answer, status, body)                                                        \
	stage_expect_answer((answer), (status), (body), __FILE__, __LINE__)
#define expect_log(text)                                                                           \
	ck_assert_msg(stage_log_has(text), "no \"%s\" in:\n%.*s", (text), STR_ARG(stage_log()))

#endif
