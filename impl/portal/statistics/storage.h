/* Backend's storage, where the portal reads what was counted (spec/portal.md 9.6). It writes
 * nothing there and knows no other database than the one its URL names; a server or a group behind
 * Sentinels (8.2). It connects at the first question and again after a failure; whoever asks
 * waits a second.
 */
#ifndef PORTAL_STATISTICS_STORAGE_H
#define PORTAL_STATISTICS_STORAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct error;
struct redis_settings;
struct statistics_storage;
struct storage_question;
struct world;

/* NULL and *error when the address cannot be read, which settings_redis.h has judged. */
struct statistics_storage *statistics_storage_create(struct world *world,
						     const struct redis_settings *settings,
						     struct error *error);
/* Questions first. NULL is allowed. */
void statistics_storage_destroy(struct statistics_storage *storage);

/* Each answer comes once, never before the question has returned, unless it was stopped. What is in
 * it is valid during the call. Without an answer `why` says why not, and the rest is empty. */

/* A value for each key; what is not there counts 0. */
typedef void storage_values(const int64_t *values, struct str why, void *data);
struct storage_question *statistics_storage_ask(struct statistics_storage *storage,
						const struct str *keys, size_t count,
						storage_values *answered, void *data);
typedef void storage_members(const struct str *members, size_t count, struct str why, void *data);
struct storage_question *statistics_storage_ask_members(struct statistics_storage *storage,
							struct str set, storage_members *answered,
							void *data);
void storage_question_stop(struct storage_question *question); /* NULL is allowed */

#endif
