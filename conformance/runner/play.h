/* A played server: it notes every call on the wire and answers as it was told, faults included. The
 * backend, upstream, portal, identity provider and events hook of a case are such; each has its own
 * way to choose answers (play_script.c, play_upstream.c, play_portal.c, play_issuer.c).
 *
 * An answer is {status, fields, body, json, delay, fault}, all optional. A script is a list of
 * answers used in order, of which the last one repeats.
 */
#ifndef RUNNER_PLAY_H
#define RUNNER_PLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"
#include "conformance/runner/wire.h"
#include "world/clock.h"

struct error;
struct http_listener;
struct json;
struct play;
struct play_tunnels;
struct world;

/* The next answer for this call; the arena is the wire's. */
typedef const struct json *play_choose(struct play *play, const struct record *record,
				       struct arena *arena);

struct script {
	const struct json *answers; /* one, or a list; NULL: the default */
	size_t next;
};

/* Paths, with or without query, that have scripts of their own. */
struct path_scripts {
	const struct json *overrides; /* path -> answers; NULL: none */
	struct {
		struct str path;
		struct script script;
	} used[16];
	size_t count;
};

/* NULL: the path has none. */
const struct json *path_scripts_take(struct path_scripts *scripts, const struct record *record);

/* The answer to come; NULL: the default. */
const struct json *script_peek(const struct script *script);
const struct json *script_take(struct script *script);

struct play {
	struct world *world;
	struct wire *wire;
	enum side side;
	play_choose *choose;
	void *data; /* the chooser's */
	struct script script;
	struct http_listener *listener; /* NULL: nothing listens */
	bool opens_tunnels;           /* a forward proxy (play_tunnels.h). Set before play_open() */
	struct play_tunnels *tunnels; /* NULL: none, or nothing listens */
	uint16_t port;
	struct str certificate, private_key; /* PEM; empty: plain HTTP. Set before play_open() */
	struct list_link calls;
	struct task refusal; /* looks whether to listen, at the end of the turn */
};

/* On 127.0.0.1, any free port (play->port != 0: that one). */
bool play_open(struct play *play, struct world *world, struct wire *wire, enum side side,
	       play_choose *choose, void *data, struct error *error);
/* Replaces what it answers from now on; the tree is borrowed. */
void play_set_script(struct play *play, const struct json *answers);
void play_close(struct play *play);

/* Choosers. */
play_choose play_script_choose;   /* the script; default 200 */
play_choose play_json_choose;     /* the script; default 200 with {} */
play_choose play_gateway_choose;  /* as upstream; default for /policies: an empty registry */
play_choose play_upstream_choose; /* the script; `echo` and default: the request as JSON */
play_choose play_portal_choose;   /* data: struct portal_play */

struct portal_play {
	const struct json *config; /* {services: [...]}; NULL: none */
	struct path_scripts answers;
};

#endif
