#include "conformance/runner/scene.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "conformance/runner/fixture_gateway.h"
#include "conformance/runner/free_port.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/tcp.h"

#define PEM_BYTES_MAX ((size_t)64 * 1024)
#define BACKEND_USER STR("internal")
#define BACKEND_PASSWORD STR("internal-password")

void scene_set_variable(struct scene *scene, const char *name, struct str value)
{
	json_set(scene->environment, str_from(name), json_new_str(scene->arena, value));
}

void scene_set_address(struct scene *scene, const char *name, const char *format, uint16_t port)
{
	placeholders_set(&scene->placeholders, str_from(name),
			 str_format(scene->arena, format, (unsigned)port));
}

/* The configuration. */

static bool write_config(struct scene *scene, struct str content, struct error *error)
{
	struct str directory =
		str_slice(scene->config_path, 0, str_find_last_char(scene->config_path, '/'));

	return files_make_directory(scene->world, directory, error) &&
	       files_write(scene->world, scene->config_path, content, error);
}

static bool set_config_text(struct scene *scene, struct str text, struct error *error)
{
	scene->config = NULL;
	scene->portal.config = NULL;
	return write_config(scene, text, error);
}

static bool set_config(struct scene *scene, const struct json *patches, struct error *error)
{
	scene->config = placeholders_expand_json(&scene->placeholders, scene->arena,
						 fixture_gateway_config(scene->arena, patches));
	scene->portal.config = scene->config;
	scene->host = fixture_gateway_host(scene->config);
	return write_config(scene, json_print(scene->arena, scene->config), error);
}

bool scene_set(struct scene *scene, const struct json *set, struct error *error)
{
	const struct json *config = json_get(set, STR("config"));
	const struct json *config_text = json_get(set, STR("config_text"));
	const struct json *portal = json_get(set, STR("portal"));
	const struct json *issuer = json_get(set, STR("issuer"));
	const struct json *names = json_get(set, STR("names"));
	const enum side scripted[] = {SIDE_BACKEND, SIDE_UPSTREAM, SIDE_HOOK,
				      SIDE_PROXY,   SIDE_ZYNC,     SIDE_GATEWAY};

	for (size_t i = 0; i < sizeof scripted / sizeof *scripted; i++) {
		const struct json *script = json_get(set, side_name(scripted[i]));

		if (script != NULL && scene->plays[scripted[i]].world != NULL)
			play_set_script(&scene->plays[scripted[i]], script);
	}
	if (portal != NULL)
		scene->portal.answers = (struct path_scripts){.overrides = portal};
	if (issuer != NULL &&
	    !issuer_play_set(&scene->issuer, scene->world, scene->arena, issuer, error))
		return false;
	if (names != NULL)
		scene->names.names = names;
	if (config_text != NULL)
		return set_config_text(scene, json_scalar_text(config_text), error);
	return config == NULL || set_config(scene, config, error);
}

/* Opening. */

struct str scene_certificate_path(struct arena *arena, struct str name, struct str ending)
{
	return STR_CONCAT(arena, STR("fixtures/certificates/"), name, ending);
}

/* The pair that `tls` names for a side; without one it speaks plain HTTP. */
static bool read_pair(struct scene *scene, const struct json *tls, enum side side,
		      struct error *error)
{
	struct play *play = &scene->plays[side];
	struct str name = json_get_str(tls, side_name(side));
	struct arena *arena = scene->arena;

	return name.size == 0 ||
	       (files_read(scene->world, scene_certificate_path(arena, name, STR(".pem")),
			   PEM_BYTES_MAX, arena, &play->certificate, error) &&
		files_read(scene->world, scene_certificate_path(arena, name, STR(".key")),
			   PEM_BYTES_MAX, arena, &play->private_key, error));
}

static bool open_plays(struct scene *scene, const struct json *tls, uint16_t portal_port,
		       struct error *error)
{
	scene->plays[SIDE_PORTAL].port = portal_port;
	if (!read_pair(scene, tls, SIDE_BACKEND, error) ||
	    !read_pair(scene, tls, SIDE_UPSTREAM, error) ||
	    !read_pair(scene, tls, SIDE_PORTAL, error))
		return false;
	scene->plays[SIDE_PROXY].opens_tunnels = true;
	return play_open(&scene->plays[SIDE_PROXY], scene->world, &scene->wire, SIDE_PROXY,
			 play_upstream_choose, NULL, error) &&
	       play_open(&scene->plays[SIDE_BACKEND], scene->world, &scene->wire, SIDE_BACKEND,
			 play_script_choose, NULL, error) &&
	       play_open(&scene->plays[SIDE_UPSTREAM], scene->world, &scene->wire, SIDE_UPSTREAM,
			 play_upstream_choose, NULL, error) &&
	       play_open(&scene->plays[SIDE_PORTAL], scene->world, &scene->wire, SIDE_PORTAL,
			 play_portal_choose, &scene->portal, error) &&
	       play_open(&scene->plays[SIDE_ISSUER], scene->world, &scene->wire, SIDE_ISSUER,
			 play_issuer_choose, &scene->issuer, error) &&
	       play_names_open(&scene->names, scene->world, scene->arena, error);
}

void scene_choose_config_path(struct scene *scene)
{
	struct str directory = environment_text(scene->world, STR("TMPDIR"), STR("/tmp"));

	scene->config_path = str_format(
		scene->arena, "%.*s/refscale-conform-%d-%016" PRIx64 ".json", STR_ARG(directory),
		world_process_id(scene->world), world_chance(scene->world));
}

/* Its keys are read only for who needs them: a case that plays with tokens. */
static bool set_up_issuer(struct scene *scene, const struct json *given, struct error *error)
{
	const struct json *tokens = json_get(given, STR("tokens"));
	const struct json *issuer = json_get(given, STR("issuer"));

	scene->issuer.url = str_format(scene->arena, "http://127.0.0.1:%u/realm",
				       (unsigned)scene->plays[SIDE_ISSUER].port);
	placeholders_set(&scene->placeholders, STR("issuer"), scene->issuer.url);
	scene_set_address(scene, "issuer_port", "%u", scene->plays[SIDE_ISSUER].port);
	if (tokens == NULL && issuer == NULL)
		return true;
	tokens = placeholders_expand_json(&scene->placeholders, scene->arena, tokens);
	issuer = placeholders_expand_json(&scene->placeholders, scene->arena, issuer);
	return issuer_play_set(&scene->issuer, scene->world, scene->arena, issuer, error) &&
	       tokens_make(&scene->issuer, scene->world, scene->arena, tokens, &scene->placeholders,
			   error);
}

static bool names(struct scene *scene, const struct json *given, struct str placeholder)
{
	return given != NULL &&
	       str_find(json_print(scene->arena, given), placeholder) != STR_NOT_FOUND;
}

/* For who needs it: a case that gives files, or names the folder or the log server. */
bool scene_open_logs(struct scene *scene, const struct json *given, struct error *error)
{
	struct str folder =
		str_slice(scene->config_path, 0, scene->config_path.size - sizeof ".json" + 1);

	if (json_get(given, STR("files")) == NULL && !names(scene, given, STR("{folder}")) &&
	    !names(scene, given, STR("{syslog}")))
		return true;
	if (!play_logs_open(&scene->logs, scene->world, scene->arena, &scene->wire, folder, error))
		return false;
	placeholders_set(&scene->placeholders, STR("folder"), folder);
	scene_set_address(scene, "syslog", "127.0.0.1:%u", scene->logs.port);
	return true;
}

static bool open_silent_port(struct scene *scene, const struct json *given, struct error *error)
{
	if (!names(scene, given, STR("{silent}")))
		return true;
	scene->silent = tcp_listen(scene->world, STR("127.0.0.1"), 0, NULL, NULL, error);
	if (scene->silent == NULL)
		return false;
	scene_set_address(scene, "silent", "127.0.0.1:%u",
			  tcp_listener_port(scene->world, scene->silent));
	return true;
}

static bool is_tls(const struct scene *scene, enum side side)
{
	return scene->plays[side].certificate.size > 0;
}

static bool open_gateway_scene(struct scene *scene, const struct json *given, uint16_t portal_port,
			       struct error *error)
{
	uint16_t https_port = 0;

	if (!open_plays(scene, json_get(given, STR("tls")), portal_port, error) ||
	    !free_port_choose(scene->world, &https_port, error))
		return false;
	scene_choose_config_path(scene);
	scene_set_address(scene, "backend",
			  is_tls(scene, SIDE_BACKEND) ? "https://127.0.0.1:%u"
						      : "http://127.0.0.1:%u",
			  scene->plays[SIDE_BACKEND].port);
	scene_set_address(scene, "upstream",
			  is_tls(scene, SIDE_UPSTREAM) ? "https://127.0.0.1:%u"
						       : "http://127.0.0.1:%u",
			  scene->plays[SIDE_UPSTREAM].port);
	scene_set_address(scene, "portal",
			  is_tls(scene, SIDE_PORTAL) ? "https://token@127.0.0.1:%u"
						     : "http://token@127.0.0.1:%u",
			  scene->plays[SIDE_PORTAL].port);
	scene_set_address(scene, "proxy", "http://127.0.0.1:%u", scene->plays[SIDE_PROXY].port);
	scene_set_address(scene, "proxy_port", "%u", scene->plays[SIDE_PROXY].port);
	scene_set_address(scene, "https_port", "%u", https_port);
	scene_set_address(scene, "resolver", "127.0.0.1:%u", scene->names.port);
	scene_set_address(scene, "backend_port", "%u", scene->plays[SIDE_BACKEND].port);
	scene_set_address(scene, "upstream_port", "%u", scene->plays[SIDE_UPSTREAM].port);
	placeholders_set(&scene->placeholders, STR("config"), scene->config_path);
	return open_silent_port(scene, given, error) && scene_open_logs(scene, given, error) &&
	       set_up_issuer(scene, given, error);
}

void scene_add_given_variables(struct scene *scene)
{
	JSON_EACH (variable, json_get(scene->given, STR("environment")))
		json_set(scene->environment, variable->key,
			 json_new_str(scene->arena, json_scalar_text(variable)));
}

static bool set_up_gateway(struct scene *scene, struct error *error)
{
	if (str_equal(json_get_str(scene->given, STR("source")), STR("portal")))
		scene_set_variable(scene, "THREESCALE_PORTAL_ENDPOINT", STR("{portal}"));
	else
		scene_set_variable(scene, "THREESCALE_CONFIG_FILE", STR("{config}"));
	scene_set_variable(scene, "RESOLVER", STR("{resolver}"));
	/* A proxy of the machine would come between the target and what is played. */
	scene_set_variable(scene, "no_proxy", STR("*"));
	scene_add_given_variables(scene);
	if (scene->logs.world != NULL &&
	    !play_logs_write(&scene->logs, json_get(scene->given, STR("files")), error))
		return false;
	if (json_get(scene->given, STR("config")) == NULL &&
	    json_get(scene->given, STR("config_text")) == NULL && !set_config(scene, NULL, error))
		return false;
	return scene_set(scene, scene->given, error);
}

static bool open_backend_scene(struct scene *scene, const struct json *given, uint16_t portal_port,
			       struct error *error)
{
	uint16_t free_port = 0;

	(void)given;
	(void)portal_port;
	if (!play_open(&scene->plays[SIDE_HOOK], scene->world, &scene->wire, SIDE_HOOK,
		       play_script_choose, NULL, error))
		return false;
	if (!free_port_choose(scene->world, &free_port, error))
		return false;
	scene_set_address(scene, "free_port", "%u", free_port);
	scene_set_address(scene, "hook", "http://127.0.0.1:%u/hook", scene->plays[SIDE_HOOK].port);
	return true;
}

static bool set_up_backend(struct scene *scene, struct error *error)
{
	scene_set_variable(scene, "CONFIG_INTERNAL_API_USER", BACKEND_USER);
	scene_set_variable(scene, "CONFIG_INTERNAL_API_PASSWORD", BACKEND_PASSWORD);
	scene_add_given_variables(scene);
	return scene_set(scene, scene->given, error);
}

/* What each suite plays, and what the target is given of it. */
static const struct {
	bool (*open)(struct scene *scene, const struct json *given, uint16_t portal_port,
		     struct error *error);
	bool (*set_up)(struct scene *scene, struct error *error);
} suites[SUITES] = {
	[SUITE_GATEWAY] = {open_gateway_scene, set_up_gateway},
	[SUITE_BACKEND] = {open_backend_scene, set_up_backend},
	[SUITE_PORTAL] = {scene_open_portal, scene_set_up_portal},
};

bool scene_open(struct scene *scene, struct world *world, struct arena *arena,
		const struct conform_case *conform_case, uint16_t portal_port, struct error *error)
{
	scene->world = world;
	scene->arena = arena;
	scene->host = STR("127.0.0.1");
	scene->environment = json_new(arena, JSON_OBJECT);
	wire_init(&scene->wire, arena);
	if (!suites[conform_case->suite].open(scene, conform_case->given, portal_port, error))
		return false;
	scene->given = placeholders_expand_json(&scene->placeholders, arena, conform_case->given);
	scene->steps = placeholders_expand_json(&scene->placeholders, arena, conform_case->steps);
	return suites[conform_case->suite].set_up(scene, error);
}

void scene_close_plays(struct scene *scene)
{
	for (int side = 0; side < SIDES; side++) {
		if (scene->plays[side].world != NULL)
			play_close(&scene->plays[side]);
	}
	play_names_close(&scene->names);
	mail_play_close(scene->mail);
	scene->mail = NULL;
	tcp_listener_close(scene->world, scene->silent);
	scene->silent = NULL;
}

void scene_close(struct scene *scene)
{
	scene_close_plays(scene);
	if (scene->config_path.size > 0)
		files_remove(scene->world, scene->config_path, NULL);
	play_logs_close(&scene->logs);
	wire_free(&scene->wire);
}
