#include "gateway/download.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "base/utc.h"
#include "base/yaml.h"
#include "gateway/config.h"
#include "gateway/discovery.h"
#include "gateway/gateway_internal.h"
#include "gateway/outgoing.h"
#include "http/body.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/files.h"

#define SPEC_PATH "/admin/api/nginx/spec.json"
#define PATIENCE_US (120 * UTC_SECOND_US) /* with an answer that comes byte by byte */
#define SPEC_TIMEOUT_MS 10000             /* of the download of method v1 (1.3) */
#define SPEC_PORT_POLL_US 100000          /* how often its port is tried */

/* In the order of the calls (2.2, 2.3). */
enum download_step { STEP_LOCAL, STEP_PATH, STEP_LIST, STEP_SERVICE, STEP_SPEC };

struct download {
	struct gateway *gateway;
	struct arena *arena;
	struct str host;
	download_done *done;
	void *data;
	struct task task;
	enum download_step step;
	struct error error;

	/* The call under way. */
	struct http_fields fields;
	struct outgoing outgoing;
	struct http_body_collector *collector;
	struct str url; /* without the token */
	struct timer retry, patience;
	int64_t give_up_us; /* monotonic: how long the port of method v1 is waited for */

	struct str *ids; /* of the services to ask for */
	size_t ids_count, ids_asked;
	struct json *services, *oidc, *issuers;
	struct discovery discovery;
};

static void ask(struct download *download);

struct arena *download_take(struct download *download, struct json **json)
{
	struct arena *arena = download->arena;

	*json = json_new(arena, JSON_OBJECT);
	json_set(*json, STR("services"), download->services);
	json_set(*json, STR("oidc"), download->oidc);
	if (download->issuers->count > 0)
		json_set(*json, STR("issuers"), download->issuers);
	download->arena = NULL;
	return arena;
}

const struct error *download_error(const struct download *download)
{
	return &download->error;
}

static void finish(struct download *download, enum download_result result)
{
	download->done(download, result, download->data);
}

/* All contents are there: what is missing yet is what identity providers say (2.5). */

static void discovered(void *data)
{
	finish(data, DOWNLOAD_DONE);
}

static void finish_with_issuers(struct download *download)
{
	discovery_start(&download->discovery, download->gateway, download->arena,
			download->services, download->oidc, download->issuers, discovered,
			download);
}

/* Contents. */

/* A value of a document we read, without its place in there. */
static struct json *detached(struct download *download, const struct json *value)
{
	struct json *copy = ARENA_NEW(download->arena, struct json);

	*copy = *value;
	copy->next = NULL;
	copy->key = STR("");
	return copy;
}

static void add_content(struct download *download, const struct json *content,
			const struct json *oidc)
{
	if (json_is_null(content)) /* as if it were not there (0.3) */
		return;
	json_append(download->services, detached(download, content));
	json_append(download->oidc, oidc != NULL ? detached(download, oidc)
						 : json_new_bool(download->arena, false));
}

/* {"services":[...],"oidc":[...]} of a file or of method v1. */
static void add_document(struct download *download, const struct json *document)
{
	const struct json *oidc = json_get(document, STR("oidc"));
	size_t index = 0;

	JSON_EACH (content, json_get(document, STR("services")))
		add_content(download, content, json_at(oidc, index++));
}

/* NULL: the download is over. */
static const struct json *parse(struct download *download, struct str text)
{
	struct json *document = config_parse_json(download->arena, text, &download->error);

	if (document == NULL)
		finish(download, DOWNLOAD_BROKEN);
	return document;
}

/* File and data. */

static bool read_local(struct download *download, struct json **document)
{
	struct gateway *gateway = download->gateway;
	const struct settings *settings = &gateway->settings;
	struct error *error = &download->error;
	struct str content = settings->data;

	if (settings->source == SOURCE_FILE) {
		LOG(&gateway->log, LEVEL_INFO, NULL, "configuration loading file %.*s",
		    STR_ARG(settings->file));
		if (!files_read(gateway->world, settings->file, LIMIT_CONFIG_BYTES, download->arena,
				&content, error)) {
			if (error->kind == ERROR_NOT_FOUND)
				error_set(error, ERROR_NOT_FOUND, "%.*s: No such file or directory",
					  STR_ARG(settings->file));
			return false;
		}
	}
	*document = settings->source == SOURCE_DATA && settings->data_is_yaml
			    ? yaml_parse(download->arena, content, LIMIT_CONFIG_BYTES, error)
			    : config_parse_json(download->arena, content, error);
	return *document != NULL;
}

static void load_local(struct task *task)
{
	struct download *download = LIST_ENTRY(task, struct download, task);
	struct json *document;

	if (!read_local(download, &document)) {
		finish(download, DOWNLOAD_BROKEN);
		return;
	}
	add_document(download, document);
	finish_with_issuers(download);
}

/* Portal: what each call asks for. */

static struct str base_path(const struct download *download)
{
	return download->gateway->settings.portal.path;
}

static struct str service_path(struct download *download)
{
	struct gateway *gateway = download->gateway;
	struct str id = download->ids[download->ids_asked];

	return STR_CONCAT(download->arena, base_path(download), STR("/admin/api/services/"),
			  url_encoded(download->arena, id), STR("/proxy/configs/"),
			  gateway->settings.environment, STR("/"),
			  settings_service_version(gateway->world, download->arena, id),
			  STR(".json"));
}

static struct str step_path(struct download *download)
{
	struct arena *arena = download->arena;
	struct str path = base_path(download);

	switch (download->step) {
	case STEP_PATH:
		return STR_CONCAT(arena, path, STR("/"), download->gateway->settings.environment,
				  STR(".json?"), download->host.size > 0 ? STR("host=") : STR(""),
				  url_encoded(arena, download->host));
	case STEP_LIST:
		return STR_CONCAT(arena, path, STR("/admin/api/services.json"));
	case STEP_SERVICE:
		return service_path(download);
	case STEP_SPEC:
		return path.size > 0 ? path : STR(SPEC_PATH);
	case STEP_LOCAL:
		break;
	}
	return STR("/");
}

/* Portal: what comes back. */

/* "invalid status: 404 (Not Found)" (1.7) */
static const char *status_text(struct download *download, int status)
{
	struct str reason = STR("");

	if (status == 403 || status == 404)
		reason = str_format(download->arena, " (%.*s)", STR_ARG(http_reason(status)));
	return str_cstr(download->arena, str_format(download->arena, "invalid status: %d%.*s",
						    status, STR_ARG(reason)));
}

static void go_to(struct download *download, enum download_step step)
{
	download->step = step;
	ask(download);
}

static void ask_for_services(struct download *download)
{
	if (download->ids_asked < download->ids_count)
		go_to(download, STEP_SERVICE);
	else
		finish_with_issuers(download);
}

static void begin_list(struct download *download)
{
	const struct settings *settings = &download->gateway->settings;

	if (settings->services_list_count == 0) {
		go_to(download, STEP_LIST);
		return;
	}
	download->ids = settings->services_list;
	download->ids_count = settings->services_list_count;
	ask_for_services(download);
}

static void begin_spec(struct download *download)
{
	struct gateway *gateway = download->gateway;

	download->give_up_us =
		world_monotonic_us(gateway->world) + gateway->settings.portal_timeout_s * 1000000;
	go_to(download, STEP_SPEC);
}

static void path_answered(struct download *download, int status, struct str body)
{
	const struct json *document;

	if (status != 200) {
		begin_list(download);
		return;
	}
	document = parse(download, body);
	if (document == NULL)
		return;
	JSON_EACH (element, json_get(document, STR("proxy_configs")))
		add_content(download, json_path(element, "proxy_config.content"), NULL);
	finish_with_issuers(download);
}

static void list_answered(struct download *download, int status, struct str body)
{
	const struct json *document, *services;

	if (status != 200) {
		LOG(&download->gateway->log, LEVEL_WARN, NULL,
		    "failed to get list of services: %s url: %.*s", status_text(download, status),
		    STR_ARG(download->url));
		begin_spec(download);
		return;
	}
	document = parse(download, body);
	if (document == NULL)
		return;
	services = json_get(document, STR("services"));
	download->ids =
		ARENA_ARRAY(download->arena, struct str, services != NULL ? services->count : 0);
	JSON_EACH (element, services) {
		struct str id = json_scalar_text(json_path(element, "service.id"));

		if (id.size > 0)
			download->ids[download->ids_count++] = id;
	}
	ask_for_services(download);
}

static void service_answered(struct download *download, int status, struct str body)
{
	struct str id = download->ids[download->ids_asked++];
	const struct json *document;

	if (status == 200) {
		document = parse(download, body);
		if (document == NULL)
			return;
		add_content(download, json_path(document, "proxy_config.content"), NULL);
	} else {
		LOG(&download->gateway->log, LEVEL_INFO, NULL,
		    "could not get configuration for service %.*s: %s", STR_ARG(id),
		    status_text(download, status));
	}
	ask_for_services(download);
}

static void retry_spec(struct timer *timer)
{
	ask(LIST_ENTRY(timer, struct download, retry));
}

static void spec_answered(struct download *download, int status, struct str body)
{
	struct world *world = download->gateway->world;
	enum http_failure failure = outgoing_failure(&download->outgoing);
	const struct json *document;

	if (status == 200) {
		document = parse(download, body);
		if (document == NULL)
			return;
		add_document(download, document);
		finish_with_issuers(download);
		return;
	}
	if (failure == HTTP_FAILURE_CONNECT_REFUSED &&
	    world_monotonic_us(world) < download->give_up_us) {
		timer_start(world, &download->retry, SPEC_PORT_POLL_US, retry_spec);
		return;
	}
	if (status == 0)
		LOG(&download->gateway->log, LEVEL_WARN, NULL, "configuration download error: %.*s",
		    STR_ARG(http_failure_text(failure)));
	else
		LOG(&download->gateway->log, LEVEL_WARN, NULL, "configuration download error: %s",
		    status_text(download, status));
	finish(download, DOWNLOAD_NOTHING);
}

static void step_answered(struct download *download, int status, struct str body)
{
	static void (*const steps[])(struct download *, int, struct str) = {
		[STEP_PATH] = path_answered,
		[STEP_LIST] = list_answered,
		[STEP_SERVICE] = service_answered,
		[STEP_SPEC] = spec_answered,
	};

	timer_stop(&download->patience);
	steps[download->step](download, status, body);
}

/* Portal: a call. */

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct download *download = data;
	int status = download->outgoing.call->response.status;

	download->collector = NULL;
	step_answered(download, result == HTTP_COLLECTED ? status : 0, bytes);
}

static void call_answered(struct outgoing *outgoing, void *data)
{
	struct download *download = data;
	struct http_body_collector *collector;
	/* Held by the collector from now on; a download may be freed by what `done` does. */
	struct http_body *body = http_call_take_body(outgoing->call);

	if (body == NULL) {
		step_answered(download, outgoing->call->response.status, STR(""));
		return;
	}
	collector = http_body_collect(body, LIMIT_CONFIG_BYTES, download->arena, body_collected,
				      download);
	if (collector != NULL)
		download->collector = collector;
}

static void call_failed(struct outgoing *outgoing, void *data)
{
	(void)outgoing;
	step_answered(data, 0, STR(""));
}

static void patience_ends(struct timer *timer)
{
	struct download *download = LIST_ENTRY(timer, struct download, patience);

	http_body_collector_stop(download->collector);
	download->collector = NULL;
	step_answered(download, 0, STR(""));
}

static void ask(struct download *download)
{
	struct gateway *gateway = download->gateway;
	const struct url *portal = &gateway->settings.portal;
	struct http_call_options options = {
		.method = STR("GET"),
		.is_tls = url_is_tls(portal),
		.host = portal->host,
		.port = portal->port,
		.target = step_path(download),
		.fields = &download->fields,
		.idle_timeout_ms = download->step == STEP_SPEC ? SPEC_TIMEOUT_MS : 0,
		.arena = download->arena,
	};

	download->url = STR_CONCAT(download->arena, gateway->settings.portal_url, options.target);
	outgoing_stop(&download->outgoing);
	timer_start(gateway->world, &download->patience, PATIENCE_US, patience_ends);
	outgoing_start(&download->outgoing, gateway, &options, portal->host, call_answered,
		       call_failed, download);
}

static void make_fields(struct download *download)
{
	const struct settings *settings = &download->gateway->settings;
	const struct url *portal = &settings->portal;
	struct arena *arena = download->arena;
	struct str user = url_decode(arena, portal->user, false);
	struct str password = url_decode(arena, portal->password, false);

	http_fields_init(&download->fields, arena);
	http_fields_add(&download->fields, STR("Host"), settings->portal_authority);
	http_fields_add(&download->fields, STR("User-Agent"), settings->user_agent);
	http_fields_add(&download->fields, STR("Accept"), STR("*/*"));
	if (user.size + password.size > 0)
		http_fields_add(&download->fields, STR("Authorization"),
				http_basic_credentials(arena, user, password));
}

static void load_from_portal(struct task *task)
{
	struct download *download = LIST_ENTRY(task, struct download, task);

	if (base_path(download).size > 0)
		go_to(download, STEP_PATH);
	else
		begin_list(download);
}

static void find_no_source(struct task *task)
{
	struct download *download = LIST_ENTRY(task, struct download, task);

	LOG(&download->gateway->log, LEVEL_WARN, NULL,
	    "failed to get list of services: no endpoint url: nil");
	finish(download, DOWNLOAD_NOTHING);
}

struct download *download_start(struct gateway *gateway, struct str host, download_done *done,
				void *data)
{
	static task_run *const sources[] = {
		[SOURCE_NONE] = find_no_source,
		[SOURCE_FILE] = load_local,
		[SOURCE_DATA] = load_local,
		[SOURCE_PORTAL] = load_from_portal,
	};
	struct download *download = MEMORY_NEW(struct download);

	download->gateway = gateway;
	download->arena = arena_create();
	download->host = str_copy(download->arena, host);
	download->done = done;
	download->data = data;
	download->services = json_new(download->arena, JSON_ARRAY);
	download->oidc = json_new(download->arena, JSON_ARRAY);
	download->issuers = json_new(download->arena, JSON_OBJECT);
	make_fields(download);
	world_defer(gateway->world, &download->task, sources[gateway->settings.source]);
	return download;
}

void download_free(struct download *download)
{
	if (download == NULL)
		return;
	if (list_is_linked(&download->task.link))
		list_remove(&download->task.link);
	timer_stop(&download->retry);
	timer_stop(&download->patience);
	http_body_collector_stop(download->collector);
	outgoing_stop(&download->outgoing);
	discovery_stop(&download->discovery);
	arena_destroy(download->arena);
	free(download);
}
