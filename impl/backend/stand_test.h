/* A backend on the simulator's stage, with everything around it: a Redis (10.0.0.7:6379, database 0
 * storage, 1 queues), the portal's events hook (10.0.0.4:3000), a client (10.0.0.9). Time is
 * virtual; the worker waits for stand_drain() unless a test starts without hooks.
 *
 * stand_set() .. stand_start() .. calls .. stand_clear(); the first and the last are the fixture of
 * every test case that uses it. Texts live until then.
 */
#ifndef BACKEND_STAND_TEST_H
#define BACKEND_STAND_TEST_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/message.h"
#include "sim/component_stand_test.h"

#define STAND_SECOND INT64_C(1000000)

struct sim;

struct stand_request {
	const char *method; /* NULL: GET */
	const char *path;
	const char *body;
	const char *fields[8]; /* name, value, ..., NULL */
	bool is_chunked;
	uint16_t port; /* 0: the listener's */
};

void stand_set(void);
void stand_clear(void);
struct arena *stand_arena(void);
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Before the start. */
void stand_variable(const char *name, const char *value);
void stand_argument(const char *word);
void stand_use_embedded_store(void);
void stand_use_variables(void); /* the environment says where the data is */
void stand_use_no_hooks(void);  /* the worker works by itself */
bool stand_start(void);
void stand_start_only(void); /* without waiting for it */
/* Started, with the services, metrics and applications of spec/backend.md 13. */
void stand_provision(void);
void stand_kill(void); /* may be followed by stand_start(): a new process, as the one before */
/* Children of the process that are running; the n-th of them is killed. */
size_t stand_children(void);
void stand_kill_child(size_t index);
int stand_exit_status(void); /* -1: still running */
void stand_ask_to_stop(void);
struct str stand_log(void);

/* Calls. */
struct stand_answer stand_call(struct stand_request request);
void stand_send(struct stand_request request); /* without waiting */
struct stand_answer stand_wait(void);
void stand_leave(void); /* the client goes away */
struct stand_answer stand_get(const char *path);
struct stand_answer stand_get_with(const char *path, const char *options);
struct stand_answer stand_post(const char *form);
struct stand_answer stand_internal(const char *method, const char *path, const char *json);
void stand_drain(void);
void stand_forget(void);
void stand_set_clock(const char *utc); /* "2019-06-01T10:20:30Z" */
void stand_run_for(int64_t span_us);

/* The Redis: words apart by single blanks. nil is "nil", arrays are in brackets, sorted. */
const char *stand_redis(const char *command);
const char *stand_queues(const char *command);
void stand_redis_send(int database, const struct str *words, size_t count);
const char *stand_reply(void);               /* to what was sent last */
void stand_forget_command(const char *name); /* the Redis is an older one */
void stand_stop_redis(void);
void stand_restart_redis(void);
void stand_set_loading(bool is_loading);
struct sim *stand_sim(void);

/* Steps of the Internal API, one after the other: a call and what it answers; or, without a method,
 * a command and its reply. */
struct stand_step {
	const char *method, *path, *json; /* method NULL: path is a command */
	int status;
	const char *expected; /* NULL: any */
};
void stand_walk(const struct stand_step *steps, size_t count, const char *file);
#define WALK(...)                                                                                  \
	stand_walk((const struct stand_step[]){__VA_ARGS__},                                       \
		   sizeof((const struct stand_step[]){__VA_ARGS__}) / sizeof(struct stand_step),   \
		   __FILE__)
#define REDIS(command, reply)                                                                      \
	{                                                                                          \
		NULL, command, NULL, 0, reply                                                      \
	}

/* The hook: what was posted to it, one after the other. */
struct str stand_hook_bodies(void);
void stand_hook_answers(int status);
void stand_hook_close(void);

struct str stand_field(const struct stand_answer *answer, const char *name);
#define expect_text(found, expected)                                                               \
	stand_expect_str(str_from(found), (expected), __FILE__, __LINE__)
/* body NULL: any; ending in "...": so it begins. */
void stand_expect_answer(struct stand_answer answer, int status, const char *body, const char *file,
			 int line);
#define expect_answer(answer, status, body)                                                        \
	stand_expect_answer((answer), (status), (body), __FILE__, __LINE__)
bool stand_contains(struct str found, const char *part);

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define ERROR_XML(code, message) XML "<error code=\"" code "\">" message "</error>"
#define DENIED(reason) XML "<status><authorized>false</authorized><reason>" reason "</reason>"
#define AUTHORIZED XML "<status><authorized>true</authorized>"
#define S1_U1 "service_token=T1&service_id=S1&user_key=U1"
#define S2_A2 "service_token=T2&service_id=S2&app_id=A2"

#endif
