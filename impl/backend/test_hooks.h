/* What tests may do to a process that was started with --test-hooks. Such
 * a process also has the Internal API's routes for tests when it runs in production (8.9).
 *
 *   PUT /__test/clock           body: Unix seconds with up to nine decimals, where the clock of
 *                               the whole process then stands still; or "real"
 *   DELETE /__test/cache        forget what is remembered of Redis
 *   POST /__test/drain          carry out all jobs, and answer when the queues are empty
 *   POST /__test/cron           one round of cron; the answer is its summary line
 *   POST /__test/redis/storage  a command to that database, or
 *   POST /__test/redis/queues   to that one. Body: a JSON list of words; the answer is the reply as
 *                               JSON: text, number, null or list. An error is a 400 with its text,
 *                               a lost connection a 500.
 */
#ifndef BACKEND_TEST_HOOKS_H
#define BACKEND_TEST_HOOKS_H

#include "base/str.h"

struct backend;
struct http_exchange;

void test_hooks_requested(struct backend *backend, struct http_exchange *exchange, struct str path);

#endif
