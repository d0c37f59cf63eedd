/* A whole portal in the real world with a database in memory and a backend that notes what it is
 * told. One of each test. Requests go over HTTP, one at a time. */
#ifndef PORTAL_PORTAL_FIXTURE_TEST_H
#define PORTAL_PORTAL_FIXTURE_TEST_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "http/message.h"

#define TOKEN "admin-token"
#define ADMIN_HOST "3scale-admin.example.com"
#define MASTER_HOST "master.example.com"

struct reply {
	int status;
	struct str content_type, etag, body;
	struct http_fields fields;
	const struct json *json; /* NULL when the body is none */
};

struct arena *fixture_arena(void);
/* Of fixture_set_up(): in memory, or what TEST_PORTAL_DATABASE says; it begins empty. */
const char *fixture_database(void);
void fixture_set_up(void);
void fixture_tear_down(void);
void fixture_prepare(void); /* a world, no portal yet */
/* Before fixture_set_up(): variables on top of the usual ones, NAME, VALUE, ..., NULL. */
void fixture_set_environment(const char *const *extra);
void fixture_set_release(const char *release); /* before fixture_set_up() too; NULL = usual */
void fixture_start(const char *database);      /* by hand, with another database */
void fixture_start_empty(const char *database);
void fixture_start_rewriting(const char *database);
void fixture_stop(void);
/* The sentence with which a start with these arguments (blank separated) is refused. */
const char *fixture_refusal(const char *arguments, int *status);
const char *fixture_output(void);           /* lines of the portal so far */
void fixture_run(bool (*done)(void *data)); /* turns until done */

/* What follows the method in `request` is the target; the rest (NULL = none) is a form, or JSON
 * when it begins with '{'. The token is sent as HTTP basic. */
struct reply ask(const char *method, const char *target, const char *body);
/* With header fields of the caller's: "Name: value" lines; no credentials of ours. */
struct reply ask_as(const char *headers, const char *method, const char *target, const char *body);

/* "services.0.service.id" of a JSON answer; fails the test when the status is another. */
int64_t reply_int(struct reply reply, int status, const char *path);
struct str reply_text_at(struct reply reply, int status, const char *path);
void reply_is(struct reply reply, int status, const char *body);
void reply_has(struct reply reply, int status, const char *part);
void reply_lacks(struct reply reply, int status, const char *part);
const char *portal_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a database administrator does and sees: rows of texts and nulls. */
const struct json *fixture_sql(const char *sql);

/* Ids of the sample data, and things tests need often. */
int64_t sample_service(void);
int64_t sample_plan(void);
int64_t sample_account(void);
int64_t sample_application(void);
int64_t hits_of(int64_t service);
int64_t new_service(const char *form); /* 201 */

/* One request and what its answer must be. Texts may name variables: {service} {hits} {plan}
 * {account} {application} of the sample data, and what earlier steps captured. */
struct step {
	const char *method, *target, *body; /* target without "/admin/api/" in front */
	int status;
	const char *has, *lacks;    /* parts of the body; NULL = anything */
	const char *capture, *path; /* variable, and where its value is in the JSON */
};
void run_steps(const struct step *steps, size_t count);
#define RUN_STEPS(steps) run_steps((steps), sizeof(steps) / sizeof *(steps))
const char *expand(const char *template);
void capture(const char *name, struct str value);
/* Calls of /admin/api with another credential or host from now on: "Name: value" lines; NULL = the
 * admin's token again. */
void steps_as(const char *headers);

/* Backend: calls since the last clearing as "PUT services/1 {...}\n". */
const char *backend_calls(void);
void backend_clear(void);
void backend_answers(int status); /* from now on; 0 = it goes away (nobody listens) */
/* Lets the world go on until backend's calls hold the text. */
bool backend_hears(const char *part);

#endif
