/* The page: families in the order of their names. */
#include "gateway/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/url.h"
#include "gateway/gateway_internal.h"
#include "gateway/metrics_internal.h"
#include "http/message.h"
#include "world/dictionary.h"
#include "world/http_server.h"

#define PAGE_BYTES_MAX ((size_t)64 * 1024 * 1024)

static void write_family(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* One without samples is left out (8): between these two calls they are written. */
struct family {
	size_t from, samples;
};

static struct family begin_family(struct strbuf *out, const char *name, const char *type,
				  const char *help)
{
	struct family family = {.from = strbuf_str(out).size};

	write_family(out, name, type, help);
	family.samples = strbuf_str(out).size;
	return family;
}

static void end_family(struct strbuf *out, struct family family)
{
	if (strbuf_str(out).size == family.samples)
		out->size = family.from;
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
	write_label(out, "service_id", service_metrics_id(counted));
	strbuf_append_char(out, ',');
	write_label(out, "service_system_name", service_metrics_name(counted));
}

typedef void service_writer(struct strbuf *out, const struct service_metrics *counted);

static void each_service(struct strbuf *out, const struct metrics *metrics, service_writer *write)
{
	const struct service_metrics *service = NULL;

	write(out, &metrics->board->all);
	while ((service = metrics_next_service(metrics, service)) != NULL)
		write(out, service);
}

static void write_histogram(struct strbuf *out, const struct service_metrics *counted,
			    const char *name, const struct metrics_histogram *histogram)
{
	uint64_t cumulated = 0, sum_us = metrics_count_of(&histogram->sum_us);

	if (metrics_count_of(&histogram->count) == 0)
		return;
	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		cumulated += metrics_count_of(&histogram->buckets[i]);
		strbuf_append_format(out, "%s_bucket{", name);
		write_service_labels(out, counted);
		if (i < METRICS_BUCKETS)
			strbuf_append_format(out, ",le=\"%02d.%03d\"} %" PRIu64 "\n",
					     (int)(metrics_bounds_ms[i] / 1000),
					     (int)(metrics_bounds_ms[i] % 1000), cumulated);
		else
			strbuf_append_format(out, ",le=\"+Inf\"} %" PRIu64 "\n", cumulated);
	}
	strbuf_append_format(out, "%s_count{", name);
	write_service_labels(out, counted);
	strbuf_append_format(out, "} %" PRIu64 "\n%s_sum{", cumulated, name);
	write_service_labels(out, counted);
	strbuf_append_format(out, "} %" PRIu64 ".%06d\n", sum_us / 1000000,
			     (int)(sum_us % 1000000));
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
	for (int status = METRICS_STATUS_FIRST; status <= METRICS_STATUS_LAST; status++) {
		uint64_t count =
			metrics_count_of(&counted->upstream_status[status - METRICS_STATUS_FIRST]);

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
	struct metrics_board *board = gateway->metrics->board;
	uint64_t room = (uint64_t)gateway->settings.metrics_max_logs;

	shared_stores_lock_board(gateway->stores);
	for (int level = 0; level <= (int)gateway->settings.metrics_log_level; level++) {
		uint64_t shown = board->shown_errors[level];
		uint64_t waiting = metrics_count_of(&board->error_lines[level]) - shown;
		uint64_t taken = waiting < room ? waiting : room;

		board->shown_errors[level] = shown + taken;
		room -= taken;
	}
	shared_stores_unlock_board(gateway->stores);
}

static void write_errors(struct strbuf *out, const struct gateway *gateway)
{
	/* In the order of the names. */
	static const enum log_level levels[LEVELS] = {LEVEL_ALERT,  LEVEL_CRIT,  LEVEL_DEBUG,
						      LEVEL_EMERG,  LEVEL_ERROR, LEVEL_INFO,
						      LEVEL_NOTICE, LEVEL_WARN};

	struct family family;

	take_up_errors(gateway);
	family = begin_family(out, "nginx_error_log", "counter", "Items in nginx error log");
	for (size_t i = 0; i < LEVELS; i++) {
		uint64_t count =
			metrics_count_of(&gateway->metrics->board->shown_errors[levels[i]]);

		if (count > 0)
			strbuf_append_format(out, "nginx_error_log{level=\"%.*s\"} %" PRIu64 "\n",
					     STR_ARG(log_level_name(levels[i])), count);
	}
	end_family(out, family);
}

static void write_connections(struct strbuf *out, const struct gateway *gateway)
{
	const struct metrics_board *board = gateway->metrics->board;
	uint64_t active = 0;

	for (size_t i = 0; i < GATEWAY_WORKERS_MAX; i++)
		active += metrics_count_of(&board->active[i]);

	const struct {
		const char *state;
		uint64_t value;
	} states[] = {
		{"accepted", metrics_count_of(&board->connections)},
		{"active", active},
		{"handled", metrics_count_of(&board->connections)},
		{"reading", 0},
		{"total", metrics_count_of(&board->requests)},
		{"waiting", 0},
		{"writing", active},
	};

	write_family(out, "nginx_http_connections", "gauge", "Number of HTTP connections");
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		strbuf_append_format(out, "nginx_http_connections{state=\"%s\"} %" PRIu64 "\n",
				     states[i].state, states[i].value);
}

#define NO_STORE STORES
#define BOARD (STORES + 1)

/* Sizes of the reference; some are stores of ours. */
static const struct {
	const char *name;
	size_t store;
	size_t bytes; /* unless the store knows */
} dictionaries[] = {
	{"api_keys", STORE_AUTHORIZATIONS, 0},
	{"batched_reports", STORE_BATCHED_REPORTS, 0},
	{"batched_reports_locks", NO_STORE, 1048576},
	{"cached_auths", STORE_BATCHED_AUTHS, 0},
	{"configuration", NO_STORE, 10485760},
	{"init", NO_STORE, 16384},
	{"limiter", STORE_LIMITS, 0},
	{"locks", NO_STORE, 1048576},
	{"prometheus_metrics", BOARD, SHARED_METRICS_BYTES},
};

static size_t capacity(size_t row)
{
	size_t store = dictionaries[row].store;

	return store < STORES ? shared_stores_capacity((enum shared_store)store)
			      : dictionaries[row].bytes;
}

static size_t used(const struct gateway *gateway, size_t row)
{
	size_t store = dictionaries[row].store;

	if (store < STORES)
		return dictionary_bytes(
			shared_stores_dictionary(gateway->stores, (enum shared_store)store));
	return store == BOARD ? metrics_bytes(gateway->metrics) : 0;
}

static void write_dictionaries(struct strbuf *out, const struct gateway *gateway)
{
	size_t count = sizeof dictionaries / sizeof *dictionaries;

	write_family(out, "openresty_shdict_capacity", "gauge",
		     "OpenResty shared dictionary capacity");
	for (size_t i = 0; i < count; i++)
		strbuf_append_format(out, "openresty_shdict_capacity{dict=\"%s\"} %zu\n",
				     dictionaries[i].name, capacity(i));
	write_family(out, "openresty_shdict_free_space", "gauge",
		     "OpenResty shared dictionary free space");
	for (size_t i = 0; i < count; i++)
		strbuf_append_format(out, "openresty_shdict_free_space{dict=\"%s\"} %zu\n",
				     dictionaries[i].name, capacity(i) - used(gateway, i));
}

static void write_calls_to(struct strbuf *out, const char *endpoint, const uint64_t *counters)
{
	uint64_t calls[10];

	for (int i = 0; i < 10; i++)
		calls[i] = metrics_count_of(&counters[i]);
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
static void write_backend_calls(struct strbuf *out, const struct metrics_board *board)
{
	struct family family = begin_family(out, "threescale_backend_calls", "counter",
					    "Calls to the 3scale backend");

	write_calls_to(out, "auth", board->backend_calls[BACKEND_AUTHORIZE]);
	write_calls_to(out, "authrep", board->backend_calls[BACKEND_AUTHREP]);
	write_calls_to(out, "report", board->backend_calls[BACKEND_REPORT]);
	end_family(out, family);
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
	struct family family;

	write_batched_auths(out, "batching_policy_auths_cache_hits", "Hits in",
			    metrics_count_of(&metrics->board->batched_auths_hits));
	write_batched_auths(out, "batching_policy_auths_cache_misses", "Misses in",
			    metrics_count_of(&metrics->board->batched_auths_misses));
	write_errors(out, gateway);
	write_connections(out, gateway);
	write_family(out, "nginx_metric_errors_total", "counter",
		     "Number of nginx-lua-prometheus errors");
	strbuf_append(out, STR("nginx_metric_errors_total 0\n"));
	write_dictionaries(out, gateway);
	write_backend_calls(out, metrics->board);
	family = begin_family(out, "total_response_time_seconds", "histogram",
			      "Time needed to send a response to the client (in seconds).");
	each_service(out, metrics, write_total_time);
	end_family(out, family);
	family = begin_family(out, "upstream_response_time_seconds", "histogram",
			      "Response times from upstream servers");
	each_service(out, metrics, write_upstream_time);
	end_family(out, family);
	family = begin_family(out, "upstream_status", "counter",
			      "HTTP status from upstream servers");
	each_service(out, metrics, write_upstream_status);
	end_family(out, family);
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
