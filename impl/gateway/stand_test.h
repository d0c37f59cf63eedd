/* A test stand: a gateway in the simulator, with everything around it played: backend
 * (10.0.0.2:3000), private API (10.0.0.3:8000, also api.internal), portal (10.0.0.4:3000), client
 * (10.0.0.9). Time is virtual.
 *
 * stand_set() .. stand_start() .. calls .. stand_clear(); the first and the last are the fixture of
 * every test case that uses it. What servers saw and the gateway wrote is kept until then.
 */
#ifndef GATEWAY_STAND_TEST_H
#define GATEWAY_STAND_TEST_H

#include <check.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/message.h"

struct world;

#define STAND_MS INT64_C(1000)
#define STAND_SECOND INT64_C(1000000)

enum stand_server { STAND_BACKEND, STAND_UPSTREAM, STAND_PORTAL, STAND_SERVERS };
enum stand_fault { STAND_NO_FAULT, STAND_CLOSES, STAND_SILENT, STAND_CUTS };

/* One scripted answer; zeroed memory is an empty 200. */
struct stand_script {
	int status;
	const char *field, *value; /* one more header */
	const char *body;
	enum stand_fault fault;
	const char *prefix; /* portal: only for targets that begin so */
};

struct stand_seen {
	struct str method, target, body;
	struct http_fields fields;
	int order; /* among all servers, from 1 */
};

struct stand_answer {
	int status; /* 0: none */
	struct str body;
	struct http_fields fields;
	bool was_cut;
};

struct stand_request {
	const char *method, *path, *host;
	const char *fields[8]; /* name, value, ..., NULL */
	const char *body;
	uint16_t port; /* 0: the proxy's */
	bool has_chunked_body;
};

void stand_set(void);
void stand_clear(void);
struct arena *stand_arena(void);

/* Before or between calls: answers are used in order, the last one repeats. */
void stand_play(enum stand_server server, const struct stand_script *script, size_t count);
void stand_stop_server(enum stand_server server);
void stand_variable(const char *name, const char *value);
void stand_argument(const char *word);
/* {"services":[...]} from patches over the default service (id 42, api.example.com); and as the
 * file that THREESCALE_CONFIG_FILE names. */
const char *stand_service(const char *id, const char *host, const char *more, const char *proxy);
const char *stand_services(const char *services);
void stand_file(const char *content);

/* The start: until it is ready (true), or ended (false, see stand_exit_status). */
bool stand_start(void);
/* One service from a file. */
void stand_start_with(const char *more, const char *proxy);
int stand_exit_status(void);
bool stand_is_running(void);
void stand_ask_to_stop(void);

struct stand_answer stand_call(struct stand_request request);
struct stand_answer stand_get(const char *path);
/* Sends without waiting for the answer; stand_wait() gives it. The client may leave. */
void stand_send(struct stand_request request);
struct stand_answer stand_wait(void);
void stand_leave(void);
void stand_run_for(int64_t span_us);
/* So many calls at the same time, each on a connection of its own; waits for all. */
void stand_burst(const char *host, size_t count);
void stand_silence(enum stand_server server); /* accepts calls, answers none */
void stand_drop(enum stand_server server);    /* packets to it vanish */
void stand_set_name(const char *name, const char *addresses);
void stand_silence_name(const char *name);               /* nobody answers for it */
size_t stand_lookups(const char *name);                  /* since it was set or silenced */
void stand_write(const char *path, const char *content); /* a file of the gateway's host */
struct world *stand_world(void);                         /* another process on that host */

size_t stand_seen_count(enum stand_server server);
const struct stand_seen *stand_seen(enum stand_server server, size_t index);
const struct stand_seen *stand_last(enum stand_server server);
void stand_forget(void); /* what servers saw and the log said */
bool stand_log_has(const char *text);
struct str stand_log(void);
struct str stand_field(const struct stand_answer *answer, const char *name);

void stand_expect_str(struct str found, const char *expected, const char *file, int line);
#define expect_str(found, expected) stand_expect_str((found), (expected), __FILE__, __LINE__)
void stand_expect_answer(struct stand_answer answer, int status, const char *body, const char *file,
			 int line);
#define expect_answer(answer, status, body)                                                        \
	stand_expect_answer((answer), (status), (body), __FILE__, __LINE__)
#define expect_log(text)                                                                           \
	ck_assert_msg(stand_log_has(text), "no \"%s\" in:\n%.*s", (text), STR_ARG(stand_log()))

#endif
