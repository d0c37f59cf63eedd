/* Redis as the runner asks it: commands as the lists of words that cases hold, replies as the JSON
 * they are compared with. Texts are texts, integers numbers, nil is null.
 */
#ifndef RUNNER_REDIS_ACCESS_H
#define RUNNER_REDIS_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/vec.h"

struct arena;
struct error;
struct json;
struct redis_client;
struct redis_reply;
struct world;

/* One client for each URL that was asked. Zeroed memory, with world and arena set, is ready. */
struct redis_access {
	struct world *world;
	struct arena *arena; /* of the URLs */
	VEC(struct redis_connection *) connections;
};

/* NULL and *error when the URL cannot be read. The client is the access'. */
struct redis_client *redis_access_client(struct redis_access *access, struct str url,
					 struct error *error);
/* That server has ended: the next command goes over a new connection. */
void redis_access_forget(struct redis_access *access, struct str server);
/* Commands under way hear that they are lost during the call. */
void redis_access_close(struct redis_access *access);

/* `words` must outlive the call only. */
struct str *redis_command_words(struct arena *arena, const struct json *command, size_t *count);
/* NULL for an error and a lost connection: *failure says which. */
const struct json *redis_reply_json(struct arena *arena, const struct redis_reply *reply,
				    struct str *failure);
/* The same server, database `number`. The URL must be readable. */
struct str redis_url_of_database(struct arena *arena, struct str url, int64_t number);
int64_t redis_url_database(struct str url);

#endif
