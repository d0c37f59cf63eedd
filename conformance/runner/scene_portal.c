/* What stands around a portal: the played Internal API, zync, gateway, upstream and webhook
 * receiver, a name server for gateways, and the variables of an installation whose names and tokens
 * are known.
 */
#include "base/arena.h"
#include "base/json.h"
#include "conformance/runner/free_port.h"
#include "conformance/runner/scene.h"
#include "world/environment.h"

static const struct {
	const char *name, *value;
} variables[] = {
	{"THREESCALE_SUPERDOMAIN", "example.com"},
	{"MASTER_DOMAIN", "master"},
	{"MASTER_USER", "master"},
	{"MASTER_PASSWORD", "master-password"},
	{"MASTER_ACCESS_TOKEN", "master-token"},
	{"APICAST_ACCESS_TOKEN", "apicast-token"},
	{"TENANT_NAME", "3scale"},
	{"USER_LOGIN", "admin"},
	{"USER_PASSWORD", "admin-password"},
	{"ADMIN_ACCESS_TOKEN", "admin-token"},
	{"EVENTS_SHARED_SECRET", "events-secret"},
	{"CONFIG_INTERNAL_API_USER", "internal"},
	{"CONFIG_INTERNAL_API_PASSWORD", "internal-password"},
	{"ZYNC_AUTHENTICATION_TOKEN", "zync-token"},
	{"PASSWORD_COST", "4"}, /* refscale's own: log-ins and first starts take no time */
	{"SECRET_KEY_BASE", "0123456789abcdef0123456789abcdef"},
	{"THREESCALE_CORE_INTERNAL_API", "{backend}/internal/"},
	{"APICAST_BACKEND_ROOT_ENDPOINT", "{backend}"},
	{"APICAST_REGISTRY_URL", "{gateway}/policies"},
	{"ZYNC_ENDPOINT", "{zync}"},
	{"no_proxy", "*"},
};

static const struct {
	enum side side;
	play_choose *choose;
	const char *address; /* the placeholder's format */
} played[] = {
	{SIDE_BACKEND, play_json_choose, "http://127.0.0.1:%u"},
	{SIDE_ZYNC, play_json_choose, "http://127.0.0.1:%u"},
	{SIDE_GATEWAY, play_gateway_choose, "http://127.0.0.1:%u"},
	{SIDE_UPSTREAM, play_upstream_choose, "http://127.0.0.1:%u"},
	{SIDE_HOOK, play_script_choose, "http://127.0.0.1:%u/hook"},
};

static bool open_plays(struct scene *scene, struct error *error)
{
	for (size_t i = 0; i < sizeof played / sizeof *played; i++) {
		struct str name = side_name(played[i].side);

		if (!play_open(&scene->plays[played[i].side], scene->world, &scene->wire,
			       played[i].side, played[i].choose, NULL, error))
			return false;
		scene_set_address(scene, str_cstr(scene->arena, name), played[i].address,
				  scene->plays[played[i].side].port);
	}
	return play_names_open(&scene->names, scene->world, scene->arena, error);
}

/* Real processes of refscale have their ports before they run: others are told of them. */
static bool choose_ports(struct scene *scene, const struct json *given, struct error *error)
{
	bool has_backend = json_str(json_get(given, STR("backend"))).size > 0;
	bool has_apicast = json_get(given, STR("apicast")) != NULL;
	uint16_t free_port = 0;

	if ((has_backend && !free_port_choose(scene->world, &scene->backend_port, error)) ||
	    (has_apicast && !free_port_choose(scene->world, &scene->apicast_port, error)) ||
	    !free_port_choose(scene->world, &free_port, error))
		return false;
	if (has_backend)
		scene_set_address(scene, "backend", "http://127.0.0.1:%u", scene->backend_port);
	if (has_apicast)
		scene_set_address(scene, "apicast", "127.0.0.1:%u", scene->apicast_port);
	scene_set_address(scene, "free_port", "%u", free_port);
	return true;
}

/* The portal sends mail only where a case plays it. */
static bool open_mail(struct scene *scene, const struct json *given, struct error *error)
{
	const struct json *smtp = json_get(given, STR("smtp"));

	if (smtp == NULL)
		return true;
	scene->mail = mail_play_open(scene->world, &scene->wire, smtp, error);
	if (scene->mail == NULL)
		return false;
	scene_set_address(scene, "smtp_port", "%u", mail_play_port(scene->mail));
	return true;
}

static void set_mail_variables(struct scene *scene)
{
	const struct json *smtp = json_get(scene->given, STR("smtp"));

	if (smtp == NULL)
		return;
	scene_set_variable(scene, "SMTP_ADDRESS", STR("127.0.0.1"));
	scene_set_variable(scene, "SMTP_PORT", STR("{smtp_port}"));
	if (json_get(smtp, STR("user")) == NULL)
		return;
	scene_set_variable(scene, "SMTP_USER_NAME", json_get_str(smtp, STR("user")));
	scene_set_variable(scene, "SMTP_PASSWORD", json_get_str(smtp, STR("password")));
}

bool scene_open_portal(struct scene *scene, const struct json *given, uint16_t portal_port,
		       struct error *error)
{
	(void)portal_port;
	if (!open_plays(scene, error) || !open_mail(scene, given, error) ||
	    !choose_ports(scene, given, error))
		return false;
	scene_choose_config_path(scene);
	scene_set_address(scene, "upstream_port", "%u", scene->plays[SIDE_UPSTREAM].port);
	scene_set_address(scene, "resolver", "127.0.0.1:%u", scene->names.port);
	return scene_open_logs(scene, given, error);
}

bool scene_set_up_portal(struct scene *scene, struct error *error)
{
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		scene_set_variable(scene, variables[i].name, str_from(variables[i].value));
	set_mail_variables(scene);
	scene_add_given_variables(scene);
	if (scene->logs.world != NULL &&
	    !play_logs_write(&scene->logs, json_get(scene->given, STR("files")), error))
		return false;
	return scene_set(scene, scene->given, error);
}

void scene_take_portal_variables(struct scene *scene)
{
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		scene_set_variable(scene, variables[i].name,
				   environment_text(scene->world, str_from(variables[i].name),
						    str_from(variables[i].value)));
}
