/* The Redis servers and Sentinels that a case starts (given.servers): real `redis-server` processes
 * on loopback, or the simulator's, each with a temporary folder of its own.
 *
 * Order of use: servers_plan(); servers_start_all() and wait for `done`; single ones are stopped,
 * killed and started again; servers_end() and wait for `done`; servers_free(), which may come at
 * any time: it kills what still runs and removes the folders. `done` is called once for each, never
 * from within a function here, and one thing goes on at a time, except that servers_end() gives up
 * what does.
 */
#ifndef RUNNER_SERVERS_H
#define RUNNER_SERVERS_H

#include <stdbool.h>

#include "base/str.h"
#include "base/vec.h"
#include "world/clock.h"

struct arena;
struct error;
struct json;
struct placeholders;
struct redis_access;
struct server;
struct servers;
struct world;

/* failure: empty when all went well. is_missing: this machine has no such program. */
typedef void servers_done(struct str failure, bool is_missing, void *data);

/* Has what is awaited come? Otherwise it is asked again; a failure ends that. */
typedef bool servers_await(struct servers *servers, struct str *failure);

struct servers {
	struct world *world;
	struct arena *arena;
	struct redis_access *access; /* to see who knows whom */
	VEC(struct server *) items;  /* in the order of the case */
	struct timer timer;
	servers_await *awaited;
	struct server *moving; /* the single one */
	bool is_missing;
	servers_done *done;
	void *data;
};

/* Fill world, arena, access and data before. Chooses addresses and sets {server.NAME} (host:port),
 * {server.NAME.host} and {server.NAME.port}. `given` may be NULL; it must outlive the servers. */
bool servers_plan(struct servers *servers, const struct json *given,
		  struct placeholders *placeholders, struct error *error);
/* Each after those it names; done when replicas follow and Sentinels know all there is. */
void servers_start_all(struct servers *servers, servers_done *done);
void servers_start(struct servers *servers, struct str name, servers_done *done);
/* SIGTERM, or SIGKILL; done when it has ended. */
void servers_stop(struct servers *servers, struct str name, bool kills, servers_done *done);
void servers_end(struct servers *servers, servers_done *done); /* kills all */
void servers_free(struct servers *servers);

/* "redis://:password@host:port"; empty: there is no such server. */
struct str servers_url(const struct servers *servers, struct str name);

#endif
