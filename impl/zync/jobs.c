#include "zync/jobs.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/url.h"
#include "base/utc.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/http_client.h"
#include "world/log.h"
#include "zync/records.h"
#include "zync/routes.h"

#define TRIES_MAX 10
#define LOOK_US (60 * UTC_SECOND_US)
#define CALL_TIMEOUT_MS 10000

struct zync_jobs {
	struct world *world;
	struct records *records;
	struct str namespace, token;
	struct url portal; /* without a host: a tenant's own endpoint is asked */
	bool makes_routes;
	struct timer timer;

	/* The record under way. */
	struct arena *arena; /* NULL: none */
	struct zync_record record;
	struct zync_tenant tenant;
	struct http_fields fields;
	struct http_call *call;
	struct http_body_collector *collector;
};

static void jobs_look(struct timer *timer);

/* The end of a record. */

static void jobs_release(struct zync_jobs *jobs)
{
	http_body_collector_stop(jobs->collector);
	jobs->collector = NULL;
	http_call_release(jobs->call);
	jobs->call = NULL;
	arena_destroy(jobs->arena);
	jobs->arena = NULL;
}

/* What cannot be stored now is looked at again in a while. */
static void jobs_next(struct zync_jobs *jobs, bool is_stored, const struct error *error)
{
	if (!is_stored)
		log_format(jobs->world, LOG_STDERR, "zync: %s", error->text);
	jobs_release(jobs);
	timer_start(jobs->world, &jobs->timer, is_stored ? 0 : LOOK_US, jobs_look);
}

static void record_done(struct zync_jobs *jobs, bool is_gone)
{
	struct error error = {0};
	bool is_stored = records_done(jobs->records, &jobs->record, is_gone, &error);

	jobs_next(jobs, is_stored, &error);
}

static void record_failed(struct zync_jobs *jobs, const char *kind, const char *why)
{
	const struct zync_record *record = &jobs->record;
	int64_t n = record->tries;
	int64_t wait_us = (n * n * n * n + 3) * UTC_SECOND_US;
	struct error error = {0};
	bool is_stored;

	if (n + 1 >= TRIES_MAX) {
		log_format(jobs->world, LOG_STDERR,
			   "UpdateJob %.*s %" PRId64 " failed: %s%s; given up",
			   STR_ARG(record->type), record->id, kind, why);
		record_done(jobs, false);
		return;
	}
	log_format(jobs->world, LOG_STDERR,
		   "UpdateJob %.*s %" PRId64 " failed: %s%s; next try in %" PRId64 " s",
		   STR_ARG(record->type), record->id, kind, why, wait_us / UTC_SECOND_US);
	is_stored =
		records_retry(jobs->records, record, world_utc_us(jobs->world) + wait_us, &error);
	jobs_next(jobs, is_stored, &error);
}

/* Routes. */

static void follow(struct zync_jobs *jobs, struct route_record *routes, bool is_gone)
{
	struct error error = {0};
	enum routes_outcome outcome =
		route_record_follow(jobs->world, jobs->namespace, routes, &error);

	if (routes_went_well(outcome))
		record_done(jobs, is_gone);
	else
		record_failed(jobs, outcome == ROUTES_FORBIDDEN ? "Forbidden: " : "", error.text);
}

static void wish_for_provider(struct route_record *routes, const struct json *answer)
{
	const struct json *account = json_get(answer, STR("account"));

	route_record_of_provider(routes, json_get_str(account, STR("domain")),
				 json_get_str(account, STR("admin_domain")));
}

static void wish_for_proxy(struct route_record *routes, const struct json *answer)
{
	const struct json *proxy = json_get(answer, STR("proxy"));

	if (str_equal(json_get_str(proxy, STR("deployment_option")), STR("hosted")))
		route_record_of_proxy(routes, json_get_str(proxy, STR("endpoint")),
				      json_get_str(proxy, STR("sandbox_endpoint")));
}

/* Records that have routes; of others zync only knows that they are there. */
static const struct job_kind {
	const char *type, *member; /* that a real answer has */
	void (*wish)(struct route_record *routes, const struct json *answer);
} job_kinds[] = {
	{"Provider", "account", wish_for_provider},
	{"Proxy", "proxy", wish_for_proxy},
};

static const struct job_kind *kind_of(struct str type)
{
	for (size_t i = 0; i < sizeof job_kinds / sizeof *job_kinds; i++) {
		if (str_equal(type, str_from(job_kinds[i].type)))
			return &job_kinds[i];
	}
	return NULL;
}

static void object_came(struct zync_jobs *jobs, int status, struct str body)
{
	const struct job_kind *kind = kind_of(jobs->record.type);
	bool is_proxy = kind->wish == wish_for_proxy;
	struct route_record routes = {
		.type = kind->type,
		.id = jobs->record.id,
		.tenant_id = jobs->record.tenant_id,
		.owner_id = is_proxy ? jobs->record.service_id : jobs->record.id,
	};
	const struct json *answer = NULL;

	if (status == 404) {
		follow(jobs, &routes, true);
		return;
	}
	if (status == 200)
		answer = json_parse(jobs->arena, body, LIMIT_BACKEND_BODY_BYTES, NULL);
	if (json_get(answer, str_from(kind->member)) == NULL) {
		record_failed(jobs, "",
			      str_cstr(jobs->arena,
				       str_format(jobs->arena, "the portal answers %d", status)));
		return;
	}
	kind->wish(&routes, answer);
	follow(jobs, &routes, false);
}

/* Reading back (spec/portal.md 6.7). */

static void call_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct zync_jobs *jobs = data;

	jobs->collector = NULL;
	if (result == HTTP_COLLECTED)
		object_came(jobs, jobs->call->response.status, bytes);
	else
		record_failed(jobs, "", "the portal's answer was cut off");
}

static void call_answered(struct http_call *call, void *data)
{
	struct zync_jobs *jobs = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(call), LIMIT_BACKEND_BODY_BYTES, jobs->arena,
				  call_collected, jobs);

	/* NULL: collected already, and the next record may be under way. */
	if (collector != NULL)
		jobs->collector = collector;
}

static void call_failed(struct http_call *call, void *data)
{
	struct zync_jobs *jobs = data;

	record_failed(jobs, "portal: ", str_cstr(jobs->arena, http_failure_text(call->failure)));
}

static struct str random_id(struct zync_jobs *jobs)
{
	return str_format(jobs->arena, "%016" PRIx64 "%016" PRIx64, world_chance(jobs->world),
			  world_chance(jobs->world));
}

static void make_fields(struct zync_jobs *jobs, struct str host)
{
	struct arena *arena = jobs->arena;
	struct str credentials = STR_CONCAT(arena, STR(":"), jobs->tenant.access_token);

	http_fields_init(&jobs->fields, arena);
	http_fields_add(&jobs->fields, STR("Accept"), STR("application/json"));
	http_fields_add(&jobs->fields, STR("Authorization"),
			STR_CONCAT(arena, STR("Basic "), base64_encode(arena, credentials)));
	http_fields_add(&jobs->fields, STR("X-Forwarded-Host"), host);
	http_fields_add(&jobs->fields, STR("X-Forwarded-Proto"), STR("https"));
	http_fields_add(&jobs->fields, STR("X-Zync-Token"), jobs->token);
	http_fields_add(&jobs->fields, STR("X-Request-Id"), random_id(jobs));
}

static struct str target_of(struct zync_jobs *jobs)
{
	if (kind_of(jobs->record.type)->wish == wish_for_proxy)
		return str_format(jobs->arena, "/admin/api/services/%" PRId64 "/proxy.json",
				  jobs->record.service_id);
	return STR("/admin/api/provider.json");
}

static void ask_portal(struct zync_jobs *jobs)
{
	struct url endpoint;
	const struct url *portal = &jobs->portal;
	struct http_call_options options = {
		.method = STR("GET"),
		.fields = &jobs->fields,
		.connect_timeout_ms = CALL_TIMEOUT_MS,
		.idle_timeout_ms = CALL_TIMEOUT_MS,
	};

	if (!url_parse(jobs->tenant.endpoint, &endpoint, NULL)) {
		record_failed(jobs, "", "its tenant has no endpoint");
		return;
	}
	if (portal->host.size == 0)
		portal = &endpoint;
	make_fields(jobs, endpoint.host);
	options.host = portal->host;
	options.port = portal->port;
	options.is_tls = url_is_tls(portal);
	options.target = target_of(jobs);
	jobs->call = http_call_start(jobs->world, &options, call_answered, call_failed, jobs);
}

static void jobs_begin(struct zync_jobs *jobs)
{
	struct error error = {0};

	if (!jobs->makes_routes || kind_of(jobs->record.type) == NULL)
		record_done(jobs, false);
	else if (records_find_tenant(jobs->records, jobs->record.tenant_id, jobs->arena,
				     &jobs->tenant, &error))
		ask_portal(jobs);
	else
		record_failed(jobs, "",
			      error.text[0] != '\0' ? error.text : "its tenant is not known");
}

static void jobs_look(struct timer *timer)
{
	struct zync_jobs *jobs = LIST_ENTRY(timer, struct zync_jobs, timer);
	struct error error = {0};
	int64_t wait_us = LOOK_US;

	if (jobs->arena != NULL)
		return;
	jobs->arena = arena_create();
	if (records_next(jobs->records, jobs->arena, &jobs->record, &error)) {
		wait_us = jobs->record.run_at_us - world_utc_us(jobs->world);
		if (wait_us <= 0) {
			jobs_begin(jobs);
			return;
		}
	}
	if (error.text[0] != '\0')
		log_format(jobs->world, LOG_STDERR, "zync: %s", error.text);
	jobs_release(jobs);
	timer_start(jobs->world, timer, wait_us < LOOK_US ? wait_us : LOOK_US, jobs_look);
}

/* Life. */

/* "tcp://10.1.0.5:3000" is how a pod is told where a service is. */
static void find_portal(struct zync_jobs *jobs)
{
	struct str place = environment_text(jobs->world, STR("SYSTEM_PROVIDER_PORT"), STR(""));
	struct str tcp = STR("tcp://");

	if (str_has_prefix(place, tcp) &&
	    str_split_once(str_skip(place, tcp.size), ':', &jobs->portal.host, &place) &&
	    !str_to_uint16(place, &jobs->portal.port))
		jobs->portal.host = STR("");
}

static bool knows_services(struct world *world)
{
	static const struct str variables[] = {
		STR_INIT("APICAST_STAGING_PORT"), STR_INIT("SYSTEM_DEVELOPER_PORT"),
		STR_INIT("SYSTEM_MASTER_PORT"), STR_INIT("SYSTEM_PROVIDER_PORT")};

	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		if (environment_text(world, variables[i], STR("")).size == 0)
			return false;
	}
	return true;
}

struct zync_jobs *zync_jobs_create(struct world *world, struct records *records)
{
	struct zync_jobs *jobs = MEMORY_NEW(struct zync_jobs);

	jobs->world = world;
	jobs->records = records;
	jobs->namespace = route_namespace(world);
	jobs->token = environment_text(world, STR("ZYNC_AUTHENTICATION_TOKEN"), STR(""));
	jobs->makes_routes = knows_services(world);
	find_portal(jobs);
	if (!jobs->makes_routes)
		log_format(world, LOG_STDERR,
			   "zync: there are no services that routes could lead "
			   "to (SYSTEM_PROVIDER_PORT and the others)");
	return jobs;
}

void zync_jobs_destroy(struct zync_jobs *jobs)
{
	if (jobs == NULL)
		return;
	timer_stop(&jobs->timer);
	jobs_release(jobs);
	free(jobs);
}

void zync_jobs_wake(struct zync_jobs *jobs)
{
	timer_start(jobs->world, &jobs->timer, 0, jobs_look);
}
