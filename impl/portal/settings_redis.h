/* Where the portal's Redis are (spec/portal.md 8.1, 8.2): each a server or a group behind
 * Sentinels.
 *
 * Only backend's storage is used, for statistics. REDIS_URL and MESSAGE_BUS_REDIS_URL are where
 * upstream's jobs and page updates wait; here they wait in the database, so that these variables
 * are judged, and nothing else but the hook of a deployment calls there (deploy.h).
 */
#ifndef PORTAL_SETTINGS_REDIS_H
#define PORTAL_SETTINGS_REDIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct error;
struct redis_client;
struct settings_source;
struct world;

struct redis_settings {
	struct str url;            /* with sentinels the host is the group's name */
	struct str sentinel_hosts; /* store/sentinel_hosts.h; empty: none */
	struct str sentinel_role;  /* "master" or "slave" */
	int64_t timeout_s;         /* of every wait: `backend_redis`, timeout */
};

/* Judges all variables, and gives those of backend's storage, and of REDIS_URL (empty when it is
 * not set). Texts lie in the arena or live as long as the world. False and *error, without
 * passwords: one of them is wrong. */
bool portal_redis_settings_read(struct redis_settings *storage, struct redis_settings *jobs,
				const struct settings_source *source, struct error *error);
/* Connects at the first command. */
struct redis_client *portal_redis_open(struct world *world, const struct redis_settings *settings,
				       struct error *error);

#endif
