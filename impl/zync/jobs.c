#include "zync/jobs.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/url.h"
#include "base/utc.h"
#include "world/chance.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/http_client.h"
#include "world/log.h"
#include "zync/records.h"
#include "zync/routes.h"

#define TRIES_MAX 10
#define WORKERS 10
#define LOOK_US (60 * UTC_SECOND_US)
#define CALL_TIMEOUT_MS 10000

/* A record under way. */
struct worker {
	struct zync_jobs *jobs;
	struct arena *arena; /* NULL: it has nothing to do */
	struct zync_record record;
	struct zync_tenant tenant;
	struct http_fields fields;
	struct http_call *call;
	struct http_body_collector *collector;
};

struct zync_jobs {
	struct world *world;
	struct records *records;
	struct str namespace, token;
	struct url portal; /* without a host: a tenant's own endpoint is asked */
	bool makes_routes;
	struct timer timer;
	int64_t look_us; /* when it is due */
	struct worker workers[WORKERS];
};

static void jobs_look(struct timer *timer);

static void look_within(struct zync_jobs *jobs, int64_t delay_us)
{
	int64_t due_us = world_monotonic_us(jobs->world) + delay_us;

	if (timer_is_running(&jobs->timer) && jobs->look_us <= due_us)
		return;
	jobs->look_us = due_us;
	timer_start(jobs->world, &jobs->timer, delay_us, jobs_look);
}

/* The end of a record. */

static void worker_release(struct worker *worker)
{
	http_body_collector_stop(worker->collector);
	worker->collector = NULL;
	http_call_release(worker->call);
	worker->call = NULL;
	arena_destroy(worker->arena);
	worker->arena = NULL;
}

/* What cannot be stored now is looked at again in a while. */
static void worker_is_free(struct worker *worker, bool is_stored, const struct error *error)
{
	if (!is_stored)
		log_format(worker->jobs->world, LOG_STDERR, "zync: %s", error->text);
	worker_release(worker);
	look_within(worker->jobs, is_stored ? 0 : LOOK_US);
}

static void record_done(struct worker *worker, bool is_gone)
{
	struct error error = {0};
	bool is_stored = records_done(worker->jobs->records, &worker->record, is_gone, &error);

	worker_is_free(worker, is_stored, &error);
}

static void record_failed(struct worker *worker, const char *kind, const char *why)
{
	const struct zync_record *record = &worker->record;
	int64_t n = record->tries;
	int64_t wait_us = (n * n * n * n + 3) * UTC_SECOND_US;
	struct error error = {0};
	bool is_stored;

	if (n + 1 >= TRIES_MAX) {
		log_format(worker->jobs->world, LOG_STDERR,
			   "UpdateJob %.*s %" PRId64 " failed: %s%s; given up",
			   STR_ARG(record->type), record->id, kind, why);
		record_done(worker, false);
		return;
	}
	log_format(worker->jobs->world, LOG_STDERR,
		   "UpdateJob %.*s %" PRId64 " failed: %s%s; next try in %" PRId64 " s",
		   STR_ARG(record->type), record->id, kind, why, wait_us / UTC_SECOND_US);
	is_stored = records_retry(worker->jobs->records, record,
				  world_utc_us(worker->jobs->world) + wait_us, &error);
	worker_is_free(worker, is_stored, &error);
}

/* Routes. */

static void follow(struct worker *worker, struct route_record *routes, bool is_gone)
{
	struct error error = {0};
	enum routes_outcome outcome =
		route_record_follow(worker->jobs->world, worker->jobs->namespace, routes, &error);

	if (routes_went_well(outcome))
		record_done(worker, is_gone);
	else
		record_failed(worker, outcome == ROUTES_FORBIDDEN ? "Forbidden: " : "", error.text);
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

static void object_came(struct worker *worker, int status, struct str body)
{
	const struct job_kind *kind = kind_of(worker->record.type);
	bool is_proxy = kind->wish == wish_for_proxy;
	struct route_record routes = {
		.type = kind->type,
		.id = worker->record.id,
		.tenant_id = worker->record.tenant_id,
		.owner_id = is_proxy ? worker->record.service_id : worker->record.id,
	};
	const struct json *answer = NULL;

	if (status == 404) {
		follow(worker, &routes, true);
		return;
	}
	if (status == 200)
		answer = json_parse(worker->arena, body, LIMIT_BACKEND_BODY_BYTES, NULL);
	if (json_get(answer, str_from(kind->member)) == NULL) {
		record_failed(worker, "",
			      str_cstr(worker->arena,
				       str_format(worker->arena, "the portal answers %d", status)));
		return;
	}
	kind->wish(&routes, answer);
	follow(worker, &routes, false);
}

/* Reading back (spec/portal.md 6.7). */

static void call_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct worker *worker = data;

	worker->collector = NULL;
	if (result == HTTP_COLLECTED)
		object_came(worker, worker->call->response.status, bytes);
	else
		record_failed(worker, "", "the portal's answer was cut off");
}

static void call_answered(struct http_call *call, void *data)
{
	struct worker *worker = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(call), LIMIT_BACKEND_BODY_BYTES,
				  worker->arena, call_collected, worker);

	/* NULL: collected already, and the next record may be under way. */
	if (collector != NULL)
		worker->collector = collector;
}

static void call_failed(struct http_call *call, void *data)
{
	struct worker *worker = data;

	record_failed(worker,
		      "portal: ", str_cstr(worker->arena, http_failure_text(call->failure)));
}

static void make_fields(struct worker *worker, struct str host)
{
	struct arena *arena = worker->arena;

	http_fields_init(&worker->fields, arena);
	http_fields_add(&worker->fields, STR("Accept"), STR("application/json"));
	http_fields_add(&worker->fields, STR("Authorization"),
			http_basic_credentials(arena, STR(""), worker->tenant.access_token));
	http_fields_add(&worker->fields, STR("X-Forwarded-Host"), host);
	http_fields_add(&worker->fields, STR("X-Forwarded-Proto"), STR("https"));
	http_fields_add(&worker->fields, STR("X-Zync-Token"), worker->jobs->token);
	http_fields_add(&worker->fields, STR("X-Request-Id"),
			chance_hex(worker->jobs->world, worker->arena, 32));
}

static struct str target_of(struct worker *worker)
{
	if (kind_of(worker->record.type)->wish == wish_for_proxy)
		return str_format(worker->arena, "/admin/api/services/%" PRId64 "/proxy.json",
				  worker->record.service_id);
	return STR("/admin/api/provider.json");
}

static void ask_portal(struct worker *worker)
{
	struct url endpoint;
	const struct url *portal = &worker->jobs->portal;
	struct http_call_options options = {
		.method = STR("GET"),
		.fields = &worker->fields,
		.connect_timeout_ms = CALL_TIMEOUT_MS,
		.idle_timeout_ms = CALL_TIMEOUT_MS,
	};

	if (!url_parse(worker->tenant.endpoint, &endpoint, NULL)) {
		record_failed(worker, "", "its tenant has no endpoint");
		return;
	}
	if (portal->host.size == 0)
		portal = &endpoint;
	make_fields(worker, endpoint.host);
	options.host = portal->host;
	options.port = portal->port;
	options.is_tls = url_is_tls(portal);
	options.target = target_of(worker);
	worker->call =
		http_call_start(worker->jobs->world, &options, call_answered, call_failed, worker);
}

static void worker_begin(struct worker *worker)
{
	struct zync_jobs *jobs = worker->jobs;
	struct error error = {0};

	if (!jobs->makes_routes || kind_of(worker->record.type) == NULL)
		record_done(worker, false);
	else if (records_find_tenant(jobs->records, worker->record.tenant_id, worker->arena,
				     &worker->tenant, &error))
		ask_portal(worker);
	else
		record_failed(worker, "",
			      error.text[0] != '\0' ? error.text : "its tenant is not known");
}

/* Handing out. */

static struct worker *free_worker(struct zync_jobs *jobs)
{
	for (size_t i = 0; i < WORKERS; i++) {
		if (jobs->workers[i].arena == NULL)
			return &jobs->workers[i];
	}
	return NULL;
}

static bool is_under_way(const struct zync_jobs *jobs, const struct zync_record *record)
{
	for (size_t i = 0; i < WORKERS; i++) {
		const struct worker *worker = &jobs->workers[i];

		if (worker->arena != NULL && worker->record.id == record->id &&
		    str_equal(worker->record.type, record->type))
			return true;
	}
	return false;
}

static void hand_out(struct zync_jobs *jobs, const struct zync_record *record)
{
	struct worker *worker = free_worker(jobs);

	worker->jobs = jobs;
	worker->arena = arena_create();
	worker->record = *record;
	worker->record.type = str_copy(worker->arena, record->type);
	worker_begin(worker);
}

/* What is due, as far as there are workers; the time until the next one is. Who gets free looks
 * again. */
static int64_t hand_out_what_is_due(struct zync_jobs *jobs, const struct zync_record *list,
				    size_t count)
{
	for (size_t i = 0; i < count && free_worker(jobs) != NULL; i++) {
		int64_t wait_us = list[i].run_at_us - world_utc_us(jobs->world);

		if (is_under_way(jobs, &list[i]))
			continue;
		if (wait_us > 0)
			return wait_us;
		hand_out(jobs, &list[i]);
	}
	return LOOK_US;
}

static void jobs_look(struct timer *timer)
{
	struct zync_jobs *jobs = LIST_ENTRY(timer, struct zync_jobs, timer);
	struct zync_record list[WORKERS + 1]; /* one at least is not under way */
	struct arena *arena = arena_create();
	struct error error = {0};
	int64_t wait_us = LOOK_US;
	size_t count;

	if (records_waiting(jobs->records, arena, list, WORKERS + 1, &count, &error))
		wait_us = hand_out_what_is_due(jobs, list, count);
	else
		log_format(jobs->world, LOG_STDERR, "zync: %s", error.text);
	look_within(jobs, wait_us < LOOK_US ? wait_us : LOOK_US);
	arena_destroy(arena);
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
	for (size_t i = 0; i < WORKERS; i++)
		worker_release(&jobs->workers[i]);
	free(jobs);
}

void zync_jobs_wake(struct zync_jobs *jobs)
{
	look_within(jobs, 0);
}
