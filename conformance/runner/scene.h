/* What stands around the target of one case: for a gateway the played backend, upstream, portal,
 * identity provider and name server and the configuration file, for a backend the played events
 * hook; for both the wire on which all is noted.
 */
#ifndef RUNNER_SCENE_H
#define RUNNER_SCENE_H

#include <stdbool.h>

#include "base/str.h"
#include "conformance/runner/case.h"
#include "conformance/runner/placeholders.h"
#include "conformance/runner/play.h"
#include "conformance/runner/play_logs.h"
#include "conformance/runner/play_issuer.h"
#include "conformance/runner/play_mail.h"
#include "conformance/runner/play_names.h"
#include "conformance/runner/wire.h"

struct arena;
struct error;
struct json;
struct world;

struct scene {
	struct world *world;
	struct arena *arena; /* of the case */
	struct wire wire;
	struct play plays[SIDES]; /* not SIDE_CLIENT */
	struct portal_play portal;
	struct mail_play *mail; /* NULL: the case has no mail server */
	struct issuer_play issuer;
	struct play_names names;
	struct play_logs logs;       /* only where a case looks into files or plays a log server */
	struct tcp_listener *silent; /* takes nobody; only where a case names it */
	struct placeholders placeholders;
	const struct json *given;  /* expanded; may be NULL */
	const struct json *steps;  /* expanded */
	const struct json *config; /* {services: [...]}; NULL when the case gives bytes */
	struct str host;           /* of the first service: where clients call */
	struct str config_path;    /* empty: no file yet */
	struct json *environment;  /* what the target is given: name -> text */
	/* Ports of what a portal case runs beside its target; 0: it does not. */
	uint16_t backend_port, apicast_port;
};

/* scene_portal.c */
bool scene_open_portal(struct scene *scene, const struct json *given, uint16_t portal_port,
		       struct error *error);
bool scene_set_up_portal(struct scene *scene, struct error *error);
/* Of a portal that runs already the runner's own variables say how it was seeded. */
void scene_take_portal_variables(struct scene *scene);

/* For the parts of scene.c. */
void scene_set_variable(struct scene *scene, const char *name, struct str value);
void scene_set_address(struct scene *scene, const char *name, const char *format, uint16_t port);
void scene_add_given_variables(struct scene *scene);
void scene_choose_config_path(struct scene *scene);
bool scene_open_logs(struct scene *scene, const struct json *given, struct error *error);

/* fixtures/certificates/NAME.pem or .key */
struct str scene_certificate_path(struct arena *arena, struct str name, struct str ending);

/* portal_port 0: any. Zeroed scenes may be closed. */
bool scene_open(struct scene *scene, struct world *world, struct arena *arena,
		const struct conform_case *conform_case, uint16_t portal_port, struct error *error);
/* An action `set`, or the start: any of config, config_text, backend, upstream, portal, issuer,
 * names, hook; what the suite does not play is left out. */
bool scene_set(struct scene *scene, const struct json *set, struct error *error);
/* Played servers end, so that nobody waits for their answers; the wire stays. */
void scene_close_plays(struct scene *scene);
void scene_close(struct scene *scene);

#endif
