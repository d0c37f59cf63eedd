#include "gateway/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "base/url.h"
#include "gateway/auth_cache.h"
#include "gateway/batched_auths.h"
#include "gateway/batched_reports.h"
#include "gateway/config.h"
#include "gateway/gateway_internal.h"
#include "gateway/limit_counters.h"
#include "http/message.h"
#include "world/http_server.h"

#define PAGE_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define STATUS_FIRST 100
#define STATUS_LAST 599

/* Upper bounds in milliseconds; the last bucket has none. */
static const int64_t bucket_bounds_ms[] = {5,   10,  20,   30,   50,   75,   100,  200,  300,  400,
					   500, 750, 1000, 1500, 2000, 3000, 4000, 5000, 10000};
#define BUCKETS (sizeof bucket_bounds_ms / sizeof *bucket_bounds_ms)

struct histogram {
	uint64_t buckets[BUCKETS + 1]; /* not cumulated */
	uint64_t count;
	int64_t sum_us;
};

/* One for all, or one for each service. */
struct service_metrics {
	struct str id, system_name; /* in the same memory; empty without labels */
	uint64_t upstream_status[STATUS_LAST - STATUS_FIRST + 1];
	struct histogram upstream_time, total_time;
};

struct metrics {
	bool has_service_labels;
	struct service_metrics all;
	struct map *services;
	uint64_t backend_calls[BACKEND_ENDPOINTS][10]; /* by hundreds of the status; 0: no status */
	uint64_t batched_auths_hits, batched_auths_misses;
	uint64_t connections, requests;
	uint64_t shown_errors[LEVELS];
};

struct metrics *metrics_create(bool has_service_labels)
{
	struct metrics *metrics = MEMORY_NEW(struct metrics);

	metrics->has_service_labels = has_service_labels;
	metrics->services = map_create(0);
	return metrics;
}

void metrics_destroy(struct metrics *metrics)
{
	struct map_cursor at = {0};

	if (metrics == NULL)
		return;
	while (map_next(metrics->services, &at))
		free(at.value);
	map_destroy(metrics->services);
	free(metrics);
}

static struct service_metrics *metrics_of(struct metrics *metrics, const struct service *service)
{
	struct service_metrics *found;
	char *texts;

	if (!metrics->has_service_labels || service == NULL)
		return &metrics->all;
	found = map_get(metrics->services, service->id);
	if (found != NULL)
		return found;
	found = memory_alloc(sizeof *found + service->id.size + service->system_name.size);
	texts = (char *)(found + 1);
	memcpy(texts, service->id.data, service->id.size);
	if (service->system_name.size > 0)
		memcpy(texts + service->id.size, service->system_name.data,
		       service->system_name.size);
	found->id = str_of(texts, service->id.size);
	found->system_name = str_of(texts + service->id.size, service->system_name.size);
	map_put(metrics->services, found->id, found);
	return found;
}

static void histogram_add(struct histogram *histogram, int64_t span_us)
{
	size_t bucket = 0;

	while (bucket < BUCKETS && span_us > bucket_bounds_ms[bucket] * 1000)
		bucket++;
	histogram->buckets[bucket]++;
	histogram->count++;
	histogram->sum_us += span_us;
}

void metrics_count_backend_call(struct metrics *metrics, enum backend_endpoint_kind endpoint,
				int status)
{
	metrics->backend_calls[endpoint]
			      [status >= STATUS_FIRST && status <= 999 ? status / 100 : 0]++;
}

void metrics_count_batched_auth(struct metrics *metrics, bool is_hit)
{
	if (is_hit)
		metrics->batched_auths_hits++;
	else
		metrics->batched_auths_misses++;
}

void metrics_count_upstream(struct metrics *metrics, const struct service *service, int status,
			    int64_t span_us)
{
	struct service_metrics *counted = metrics_of(metrics, service);

	if (status >= STATUS_FIRST && status <= STATUS_LAST)
		counted->upstream_status[status - STATUS_FIRST]++;
	histogram_add(&counted->upstream_time, span_us);
}

void metrics_count_answer(struct metrics *metrics, const struct service *service, int64_t span_us)
{
	histogram_add(&metrics_of(metrics, service)->total_time, span_us);
}

void metrics_count_connection(struct metrics *metrics, uint64_t connection_number)
{
	metrics->requests++;
	if (connection_number > metrics->connections)
		metrics->connections = connection_number;
}

/* The page: families in the order of their names. */

static void write_family(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Backslash, quote and line feed are escaped inside label values. */
static void write_label(struct strbuf *out, const char *name, struct str value)
{
	strbuf_append_format(out, "%s=\"", name);
	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] == '\n') {
			strbuf_append(out, STR("\\n"));
			continue;
		}
		if (value.data[i] == '\\' || value.data[i] == '"')
			strbuf_append_char(out, '\\');
		strbuf_append_char(out, value.data[i]);
	}
	strbuf_append_char(out, '"');
}

static void write_service_labels(struct strbuf *out, const struct service_metrics *counted)
{
	write_label(out, "service_id", counted->id);
	strbuf_append_char(out, ',');
	write_label(out, "service_system_name", counted->system_name);
}

typedef void service_writer(struct strbuf *out, const struct service_metrics *counted);

static void each_service(struct strbuf *out, const struct metrics *metrics, service_writer *write)
{
	struct map_cursor at = {0};

	write(out, &metrics->all);
	while (map_next(metrics->services, &at))
		write(out, at.value);
}

static void write_histogram(struct strbuf *out, const struct service_metrics *counted,
			    const char *name, const struct histogram *histogram)
{
	uint64_t cumulated = 0;

	if (histogram->count == 0)
		return;
	for (size_t i = 0; i <= BUCKETS; i++) {
		cumulated += histogram->buckets[i];
		strbuf_append_format(out, "%s_bucket{", name);
		write_service_labels(out, counted);
		if (i < BUCKETS)
			strbuf_append_format(out, ",le=\"%02d.%03d\"} %" PRIu64 "\n",
					     (int)(bucket_bounds_ms[i] / 1000),
					     (int)(bucket_bounds_ms[i] % 1000), cumulated);
		else
			strbuf_append_format(out, ",le=\"+Inf\"} %" PRIu64 "\n", cumulated);
	}
	strbuf_append_format(out, "%s_count{", name);
	write_service_labels(out, counted);
	strbuf_append_format(out, "} %" PRIu64 "\n%s_sum{", histogram->count, name);
	write_service_labels(out, counted);
	strbuf_append_format(out, "} %" PRId64 ".%06d\n", histogram->sum_us / 1000000,
			     (int)(histogram->sum_us % 1000000));
}

static void write_total_time(struct strbuf *out, const struct service_metrics *counted)
{
	write_histogram(out, counted, "total_response_time_seconds", &counted->total_time);
}

static void write_upstream_time(struct strbuf *out, const struct service_metrics *counted)
{
	write_histogram(out, counted, "upstream_response_time_seconds", &counted->upstream_time);
}

static void write_upstream_status(struct strbuf *out, const struct service_metrics *counted)
{
	for (int status = STATUS_FIRST; status <= STATUS_LAST; status++) {
		uint64_t count = counted->upstream_status[status - STATUS_FIRST];

		if (count == 0)
			continue;
		strbuf_append_format(out, "upstream_status{status=\"%d\",", status);
		write_service_labels(out, counted);
		strbuf_append_format(out, "} %" PRIu64 "\n", count);
	}
}

/* A page takes up so many of the log's lines at most; the others wait for the next one (1.3). */
static void take_up_errors(const struct gateway *gateway)
{
	uint64_t room = (uint64_t)gateway->settings.metrics_max_logs;

	for (int level = 0; level <= (int)gateway->settings.metrics_log_level; level++) {
		uint64_t *shown = &gateway->metrics->shown_errors[level];
		uint64_t waiting = gateway->log.lines[level] - *shown;
		uint64_t taken = waiting < room ? waiting : room;

		*shown += taken;
		room -= taken;
	}
}

static void write_errors(struct strbuf *out, const struct gateway *gateway)
{
	/* In the order of the names. */
	static const enum log_level levels[LEVELS] = {LEVEL_ALERT,  LEVEL_CRIT,  LEVEL_DEBUG,
						      LEVEL_EMERG,  LEVEL_ERROR, LEVEL_INFO,
						      LEVEL_NOTICE, LEVEL_WARN};

	take_up_errors(gateway);
	write_family(out, "nginx_error_log", "counter", "Items in nginx error log");
	for (size_t i = 0; i < LEVELS; i++) {
		uint64_t count = gateway->metrics->shown_errors[levels[i]];

		if (count > 0)
			strbuf_append_format(out, "nginx_error_log{level=\"%.*s\"} %" PRIu64 "\n",
					     STR_ARG(log_level_name(levels[i])), count);
	}
}

static void write_connections(struct strbuf *out, const struct gateway *gateway)
{
	const struct metrics *metrics = gateway->metrics;
	uint64_t active = 0;

	for (const struct list_link *link = gateway->requests.next; link != &gateway->requests;
	     link = link->next)
		active++;

	const struct {
		const char *state;
		uint64_t value;
	} states[] = {
		{"accepted", metrics->connections},
		{"active", active},
		{"handled", metrics->connections},
		{"reading", 0},
		{"total", metrics->requests},
		{"waiting", 0},
		{"writing", active},
	};

	write_family(out, "nginx_http_connections", "gauge", "Number of HTTP connections");
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		strbuf_append_format(out, "nginx_http_connections{state=\"%s\"} %" PRIu64 "\n",
				     states[i].state, states[i].value);
}

typedef size_t bytes_used(const struct gateway *gateway);

static size_t auth_cache_used(const struct gateway *gateway)
{
	return auth_cache_bytes(gateway->auth_cache);
}

static size_t batched_auths_used(const struct gateway *gateway)
{
	return batched_auths_bytes(gateway->batched_auths);
}

static size_t batched_reports_used(const struct gateway *gateway)
{
	return batched_reports_bytes(gateway->batched_reports);
}

static size_t limit_counters_used(const struct gateway *gateway)
{
	return limit_counters_bytes(gateway->limit_counters);
}

/* Sizes of the reference; some are stores of ours. */
static const struct {
	const char *name;
	int64_t bytes;
	bytes_used *used; /* NULL: no such store here */
} dictionaries[] = {
	{"api_keys", GATEWAY_AUTH_CACHE_BYTES_MAX, auth_cache_used},
	{"batched_reports", GATEWAY_BATCHED_REPORTS_BYTES_MAX, batched_reports_used},
	{"batched_reports_locks", 1048576, NULL},
	{"cached_auths", GATEWAY_BATCHED_AUTHS_BYTES_MAX, batched_auths_used},
	{"configuration", 10485760, NULL},
	{"init", 16384, NULL},
	{"limiter", GATEWAY_LIMIT_COUNTERS_BYTES_MAX, limit_counters_used},
	{"locks", 1048576, NULL},
	{"prometheus_metrics", 16777216, NULL},
};

static void write_dictionaries(struct strbuf *out, const struct gateway *gateway)
{
	size_t count = sizeof dictionaries / sizeof *dictionaries;

	write_family(out, "openresty_shdict_capacity", "gauge",
		     "OpenResty shared dictionary capacity");
	for (size_t i = 0; i < count; i++)
		strbuf_append_format(out, "openresty_shdict_capacity{dict=\"%s\"} %" PRId64 "\n",
				     dictionaries[i].name, dictionaries[i].bytes);
	write_family(out, "openresty_shdict_free_space", "gauge",
		     "OpenResty shared dictionary free space");
	for (size_t i = 0; i < count; i++) {
		size_t used = dictionaries[i].used != NULL ? dictionaries[i].used(gateway) : 0;

		strbuf_append_format(out, "openresty_shdict_free_space{dict=\"%s\"} %" PRId64 "\n",
				     dictionaries[i].name, dictionaries[i].bytes - (int64_t)used);
	}
}

static void write_calls_to(struct strbuf *out, const char *endpoint, const uint64_t *calls)
{
	for (int i = 1; i < 10; i++) {
		if (calls[i] > 0)
			strbuf_append_format(out,
					     "threescale_backend_calls{endpoint=\"%s\","
					     "status=\"%dxx\"} %" PRIu64 "\n",
					     endpoint, i, calls[i]);
	}
	if (calls[0] > 0)
		strbuf_append_format(out,
				     "threescale_backend_calls{endpoint=\"%s\","
				     "status=\"invalid_status\"} %" PRIu64 "\n",
				     endpoint, calls[0]);
}

/* In the order of the names. */
static void write_backend_calls(struct strbuf *out, const struct metrics *metrics)
{
	write_family(out, "threescale_backend_calls", "counter", "Calls to the 3scale backend");
	write_calls_to(out, "auth", metrics->backend_calls[BACKEND_AUTHORIZE]);
	write_calls_to(out, "authrep", metrics->backend_calls[BACKEND_AUTHREP]);
	write_calls_to(out, "report", metrics->backend_calls[BACKEND_REPORT]);
}

static void write_batched_auths(struct strbuf *out, const char *name, const char *what,
				uint64_t count)
{
	if (count == 0)
		return;
	strbuf_append_format(out,
			     "# HELP %s %s the auths cache of the 3scale batching policy\n"
			     "# TYPE %s counter\n%s %" PRIu64 "\n",
			     name, what, name, name, count);
}

void metrics_write(struct strbuf *out, const struct gateway *gateway)
{
	const struct metrics *metrics = gateway->metrics;

	write_batched_auths(out, "batching_policy_auths_cache_hits", "Hits in",
			    metrics->batched_auths_hits);
	write_batched_auths(out, "batching_policy_auths_cache_misses", "Misses in",
			    metrics->batched_auths_misses);
	write_errors(out, gateway);
	write_connections(out, gateway);
	write_family(out, "nginx_metric_errors_total", "counter",
		     "Number of nginx-lua-prometheus errors");
	strbuf_append(out, STR("nginx_metric_errors_total 0\n"));
	write_dictionaries(out, gateway);
	write_backend_calls(out, metrics);
	write_family(out, "total_response_time_seconds", "histogram",
		     "Time needed to send a response to the client (in seconds).");
	each_service(out, metrics, write_total_time);
	write_family(out, "upstream_response_time_seconds", "histogram",
		     "Response times from upstream servers");
	each_service(out, metrics, write_upstream_time);
	write_family(out, "upstream_status", "counter", "HTTP status from upstream servers");
	each_service(out, metrics, write_upstream_status);
}

void metrics_requested(struct http_exchange *exchange, void *data)
{
	const struct gateway *gateway = data;
	struct http_response response;
	struct str path, query, body = STR("");
	struct strbuf page;

	url_split_target(exchange->request.target, &path, &query);
	strbuf_init(&page, PAGE_BYTES_MAX);
	http_response_init(&response, exchange->arena, 200);
	http_fields_add(&response.fields, STR("Server"), STR("openresty"));
	http_fields_add(&response.fields, STR("Content-Type"), STR("text/plain"));
	if (str_equal(path, STR("/metrics"))) {
		metrics_write(&page, gateway);
		body = str_copy(exchange->arena, strbuf_str(&page));
	} else {
		response.status = 404;
	}
	strbuf_free(&page);
	http_exchange_respond_str(exchange, &response, body);
}
