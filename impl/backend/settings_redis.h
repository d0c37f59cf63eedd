/* Where the two Redis are: storage and queues, each a server or a group behind Sentinels
 * (spec/backend.md 9.3 to 9.5). An empty variable is an absent one.
 */
#ifndef BACKEND_SETTINGS_REDIS_H
#define BACKEND_SETTINGS_REDIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct error;
struct profile;
struct redis_client;
struct world;

struct redis_settings {
	struct str url;            /* with sentinels the host is the group's name */
	struct str sentinel_hosts; /* store/sentinel_hosts.h; empty: none */
	struct str sentinel_role;
	bool has_sentinel_passwords, shares_sentinel_passwords;
	struct str sentinel_user, sentinel_password;
	int64_t connect_timeout_ms, read_timeout_ms, write_timeout_ms;
};

struct redis_choice {
	struct str store; /* --store; empty: not given */
	bool is_production;
	const struct profile *profile;
};

/* Reads CONFIG_REDIS_* and CONFIG_QUEUES_*. Both URLs stay empty when nothing names a Redis: then
 * the embedded store is meant, which production does not have by itself. Texts lie in the arena or
 * live as long as the world. False and *error: the environment says it wrongly. */
bool redis_settings_read(struct redis_settings *storage, struct redis_settings *queues,
			 const struct redis_choice *choice, struct world *world,
			 struct arena *arena, struct error *error);

/* Connects at the first command. command_timeout_ms: 0 = the read time-out. */
struct redis_client *backend_redis_open(struct world *world, const struct redis_settings *settings,
					int64_t command_timeout_ms, struct error *error);

#endif
