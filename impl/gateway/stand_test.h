/* A test stand: a gateway in the simulator, with everything around it played: backend
 * (10.0.0.2:3000), private API (10.0.0.3:8000, also api.internal), portal (10.0.0.4:3000), client
 * (10.0.0.9). Time is virtual.
 *
 * gateway_stand_set() .. gateway_stand_start() .. calls .. gateway_stand_clear(); the first and the
 * last are the fixture of every test case that uses it. What servers saw and the gateway wrote is
 * kept until then.
 */
#ifndef GATEWAY_STAND_TEST_H
#define GATEWAY_STAND_TEST_H

#include <check.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/message.h"
#include "sim/component_stand_test.h"

struct sim_redis;
struct world;

#define STAND_MS INT64_C(1000)
#define STAND_SECOND INT64_C(1000000)

enum gateway_stand_server { STAND_BACKEND, STAND_UPSTREAM, STAND_PORTAL, STAND_SERVERS };
enum gateway_stand_fault { STAND_NO_FAULT, STAND_CLOSES, STAND_SILENT, STAND_CUTS, STAND_DRIPS };

/* One scripted answer; zeroed memory is an empty 200. */
struct gateway_stand_script {
	int status;
	const char *field, *value; /* one more header */
	const char *body;
	enum gateway_stand_fault fault;
	const char *prefix; /* portal: only for targets that begin so */
};

struct gateway_stand_seen {
	struct str method, target, body;
	struct http_fields fields;
	int order; /* among all servers, from 1 */
};

struct gateway_stand_request {
	const char *method, *path, *host;
	const char *fields[8]; /* name, value, ..., NULL */
	const char *body;
	uint16_t port; /* 0: the proxy's */
	bool has_chunked_body;
	bool stalls; /* the last byte of its body does not come */
};

void gateway_stand_set(void);
void gateway_stand_clear(void);
struct arena *gateway_stand_arena(void);

/* Before or between calls: answers are used in order, the last one repeats. */
void gateway_stand_play(enum gateway_stand_server server, const struct gateway_stand_script *script,
			size_t count);
void gateway_stand_stop_server(enum gateway_stand_server server);
void gateway_stand_variable(const char *name, const char *value);
void gateway_stand_argument(const char *word);
/* {"services":[...]} from patches over the default service (id 42, api.example.com); and as the
 * file that THREESCALE_CONFIG_FILE names. */
const char *gateway_stand_service(const char *id, const char *host, const char *more,
				  const char *proxy);
const char *gateway_stand_services(const char *services);
void gateway_stand_file(const char *content);

/* The start: until it is ready (true), or ended (false, see gateway_stand_exit_status). */
bool gateway_stand_start(void);
/* One service from a file. */
void gateway_stand_start_with(const char *more, const char *proxy);
int gateway_stand_exit_status(void);
bool gateway_stand_is_running(void);
void gateway_stand_ask_to_stop(void);
/* Processes that the gateway started, and the end of one. */
size_t gateway_stand_children(void);
void gateway_stand_kill_child(size_t index);

struct stand_answer gateway_stand_call(struct gateway_stand_request request);
struct stand_answer gateway_stand_get(const char *path);
/* Sends without waiting for the answer; gateway_stand_wait() gives it. The client may leave. */
void gateway_stand_send(struct gateway_stand_request request);
struct stand_answer gateway_stand_wait(void);
void gateway_stand_leave(void);
void gateway_stand_run_for(int64_t span_us);
/* So many calls at the same time, each on a connection of its own; waits for all. */
void gateway_stand_burst(const char *host, size_t count);
void gateway_stand_silence(enum gateway_stand_server server); /* accepts calls, answers none */
void gateway_stand_drop(enum gateway_stand_server server);    /* packets to it vanish */
void gateway_stand_set_name(const char *name, const char *addresses);
void gateway_stand_silence_name(const char *name);               /* nobody answers for it */
size_t gateway_stand_lookups(const char *name);                  /* since it was set or silenced */
void gateway_stand_write(const char *path, const char *content); /* a file of the gateway's host */
struct world *gateway_stand_world(void);                         /* another process on that host */

struct sim_redis *gateway_stand_redis(void); /* starts one on 10.0.0.5:6379 */

size_t gateway_stand_seen_count(enum gateway_stand_server server);
const struct gateway_stand_seen *gateway_stand_seen(enum gateway_stand_server server, size_t index);
const struct gateway_stand_seen *gateway_stand_last(enum gateway_stand_server server);
void gateway_stand_forget(void); /* what servers saw and the log said */
bool gateway_stand_log_has(const char *text);
struct str gateway_stand_log(void);
struct str gateway_stand_field(const struct stand_answer *answer, const char *name);

void gateway_stand_expect_answer(struct stand_answer answer, int status, const char *body,
				 const char *file, int line);
#define expect_answer(answer, status, body)                                                        \
	gateway_stand_expect_answer((answer), (status), (body), __FILE__, __LINE__)
#define expect_log(text)                                                                           \
	ck_assert_msg(gateway_stand_log_has(text), "no \"%s\" in:\n%.*s", (text),                  \
		      STR_ARG(gateway_stand_log()))

#endif
