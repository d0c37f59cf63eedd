/* Judging what a Redis replied to the command of a check. */
#ifndef RUNNER_CHECK_REDIS_H
#define RUNNER_CHECK_REDIS_H

#include "conformance/runner/check_message.h"

void check_redis(struct checking *c, const struct json *expected);

#endif
