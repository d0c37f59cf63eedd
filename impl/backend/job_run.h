/* One job of a round: read, resolved, then applied or refused (spec/backend.md 5.3, 7.3).
 *
 * job_read() says what it is. job_prepare() looks up what it names and checks all of it; it may
 * have to be called again (MEMO_WAIT). Only then anything is counted: a report counts whole or not
 * at all. Everything lives in the round's arena.
 */
#ifndef BACKEND_JOB_RUN_H
#define BACKEND_JOB_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/alerts.h"
#include "backend/api_errors.h"
#include "backend/application.h"
#include "backend/jobs.h"
#include "backend/memo.h"
#include "backend/usage.h"

struct arena;
struct backend;
struct counters;
struct json;

enum job_kind {
	JOB_BROKEN,  /* not JSON: dropped */
	JOB_UNKNOWN, /* of no known class, without its arguments, or of unreadable data: to the
			failed list */
	JOB_REPORT,
	JOB_NOTIFY,
};

enum job_state { JOB_NEW, JOB_READY, JOB_REFUSED };

/* A transaction that counts. */
struct job_transaction {
	const struct application *application;
	struct str user; /* the end user; empty: none */
	struct usage usage;
	int64_t instant_us;
	struct str response_code;     /* three digits, or empty */
	struct job_transaction *next; /* of its group while preparing, of the job afterwards */
};

struct job {
	struct str payload;
	enum queue queue;
	enum job_kind kind;
	enum job_state state;
	const struct json *arguments;
	struct str service;
	struct str subject; /* of the log: service or provider key */
	int64_t enqueued_us;
	struct api_error error;        /* JOB_REFUSED */
	struct str exception, problem; /* JOB_UNKNOWN: what the failed list tells */
	/* JOB_READY: */
	const struct metrics *metrics;
	struct job_transaction *first;
	size_t count;
};

void job_read(struct job *job, struct backend *backend, struct arena *arena);
/* It cannot be done, whatever is tried. */
void job_give_up(struct job *job, struct str problem);
enum memo_result job_prepare(struct job *job, struct backend *backend, struct reader *reader);
/* What an integration error of a refused report tells of its call, as JSON. */
struct str job_error_context(const struct job *job, const struct backend *backend,
			     struct arena *arena);
void job_apply(const struct job *job, struct counters *counters);

#endif
