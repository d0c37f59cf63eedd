#include "backend/process_metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/backend_internal.h"
#include "backend/profile.h"
#include "base/arena.h"
#include "base/url.h"
#include "http/message.h"
#include "world/http_server.h"

#define PAGE_BYTES_MAX ((size_t)1024 * 1024)
#define BUCKETS_MAX 16

/* Upper bounds in milliseconds; beyond the last there is one more bucket. */
static const int64_t coarse_bounds_ms[] = {5, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 0};
static const int64_t fine_bounds_ms[] = {10, 20,  30,  40,  50,  60,   70, 80,
					 90, 100, 250, 500, 750, 1000, 0};

struct histogram {
	uint64_t buckets[BUCKETS_MAX]; /* not cumulated */
	uint64_t count;
	int64_t sum_us;
};

static const struct str job_types[] = {STR_INIT("ReportJob"), STR_INIT("NotifyJob")};
#define JOB_TYPES (sizeof job_types / sizeof *job_types)

/* Calls of the public API, by their path. */
static const struct {
	struct str path, type;
} call_types[] = {
	{STR_INIT("/transactions/authorize.xml"), STR_INIT("authorize")},
	{STR_INIT("/transactions/authrep.xml"), STR_INIT("authrep")},
	{STR_INIT("/transactions.xml"), STR_INIT("report")},
	{STR_INIT("/transactions/oauth_authorize.xml"), STR_INIT("authorize_oauth")},
	{STR_INIT("/transactions/oauth_authrep.xml"), STR_INIT("authrep_oauth")},
};
#define CALL_TYPES (sizeof call_types / sizeof *call_types)

/* Of the Internal API: the first whose segment is in the path. The last is every other path. */
static const struct {
	struct str segment, type;
} internal_types[] = {
	{STR_INIT("alert_limits"), STR_INIT("alerts")},
	{STR_INIT("keys"), STR_INIT("application_keys")},
	{STR_INIT("referrer_filters"), STR_INIT("application_referrer_filters")},
	{STR_INIT("utilization"), STR_INIT("utilization")},
	{STR_INIT("applications"), STR_INIT("applications")},
	{STR_INIT("errors"), STR_INIT("errors")},
	{STR_INIT("events"), STR_INIT("events")},
	{STR_INIT("metrics"), STR_INIT("metrics")},
	{STR_INIT("service_tokens"), STR_INIT("service_tokens")},
	{STR_INIT("stats"), STR_INIT("stats")},
	{STR_INIT("usagelimits"), STR_INIT("usage_limits")},
	{STR_INIT("services"), STR_INIT("services")},
	{STR_INIT(""), STR_INIT("")},
};
#define INTERNAL_TYPES (sizeof internal_types / sizeof *internal_types)

enum { CODE_2XX, CODE_403, CODE_404, CODE_409, CODE_4XX, CODE_5XX, CODE_UNKNOWN, CODES };

static const struct str code_names[CODES] = {
	STR_INIT("2xx"), STR_INIT("403"), STR_INIT("404"),     STR_INIT("409"),
	STR_INIT("4xx"), STR_INIT("5xx"), STR_INIT("unknown"),
};

struct answers {
	uint64_t codes[CODES];
	struct histogram times;
};

/* A port and what its page shows. */
struct page {
	struct process_metrics *metrics;
	struct http_listener *listener;
	unsigned families;
};

struct process_metrics {
	struct backend *backend;
	const int64_t *bounds_ms;
	struct page pages[2];
	struct histogram jobs[JOB_TYPES];
	struct answers calls[CALL_TYPES], internal[INTERNAL_TYPES];
};

/* Counting. */

static void histogram_add(const struct process_metrics *metrics, struct histogram *histogram,
			  int64_t span_us)
{
	size_t bucket = 0;

	while (metrics->bounds_ms[bucket] != 0 && span_us > metrics->bounds_ms[bucket] * 1000)
		bucket++;
	histogram->buckets[bucket]++;
	histogram->count++;
	histogram->sum_us += span_us;
}

void process_metrics_count_job(struct process_metrics *metrics, struct str type, int64_t run_us)
{
	for (size_t i = 0; i < JOB_TYPES; i++) {
		if (str_equal(type, job_types[i]))
			histogram_add(metrics, &metrics->jobs[i], run_us);
	}
}

static size_t code_of(int status)
{
	switch (status) {
	case 403:
		return CODE_403;
	case 404:
		return CODE_404;
	case 409:
		return CODE_409;
	default:
		break;
	}
	switch (status / 100) {
	case 2:
		return CODE_2XX;
	case 4:
		return CODE_4XX;
	case 5:
		return CODE_5XX;
	default:
		return CODE_UNKNOWN;
	}
}

static bool has_segment(struct str path, struct str segment)
{
	struct str part;

	while (str_next_field(&path, '/', &part)) {
		if (str_equal(part, segment))
			return true;
	}
	return false;
}

static struct answers *answers_of(struct process_metrics *metrics, struct str path)
{
	size_t type = 0;

	for (size_t i = 0; i < CALL_TYPES; i++) {
		if (str_equal(path, call_types[i].path))
			return &metrics->calls[i];
	}
	if (!str_has_prefix(path, STR("/internal/")))
		return &metrics->internal[INTERNAL_TYPES - 1];
	while (type < INTERNAL_TYPES - 1 && !has_segment(path, internal_types[type].segment))
		type++;
	return &metrics->internal[type];
}

void process_metrics_count_answer(struct process_metrics *metrics, struct str path, int status,
				  int64_t span_us)
{
	struct answers *answers = answers_of(metrics, path);

	answers->codes[code_of(status)]++;
	histogram_add(metrics, &answers->times, span_us);
}

/* The page. */

static void write_family(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_append_format(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

/* "0.25", "1": without the zeros at the end */
static void write_bound(struct strbuf *out, int64_t bound_ms)
{
	char digits[8];
	int size = snprintf(digits, sizeof digits, "%03d", (int)(bound_ms % 1000));

	while (size > 0 && digits[size - 1] == '0')
		size--;
	strbuf_append_format(out, "%d%s%.*s", (int)(bound_ms / 1000), size > 0 ? "." : "", size,
			     digits);
}

/* label: "type=\"ReportJob\"" is {"type", "ReportJob"}. Nothing is shown of what never was. */
static void write_histogram(struct strbuf *out, const struct process_metrics *metrics,
			    const char *name, const char *label, struct str value,
			    const struct histogram *histogram)
{
	uint64_t cumulated = 0;

	if (histogram->count == 0)
		return;
	for (size_t i = 0;; i++) {
		cumulated += histogram->buckets[i];
		strbuf_append_format(out, "%s_bucket{%s=\"%.*s\",le=\"", name, label,
				     STR_ARG(value));
		if (metrics->bounds_ms[i] == 0)
			break;
		write_bound(out, metrics->bounds_ms[i]);
		strbuf_append_format(out, "\"} %" PRIu64 "\n", cumulated);
	}
	strbuf_append_format(out, "+Inf\"} %" PRIu64 "\n", cumulated);
	strbuf_append_format(out, "%s_sum{%s=\"%.*s\"} %" PRId64 ".%06d\n", name, label,
			     STR_ARG(value), histogram->sum_us / 1000000,
			     (int)(histogram->sum_us % 1000000));
	strbuf_append_format(out, "%s_count{%s=\"%.*s\"} %" PRIu64 "\n", name, label,
			     STR_ARG(value), histogram->count);
}

static void write_jobs(struct strbuf *out, const struct process_metrics *metrics)
{
	write_family(out, "apisonator_worker_job_count", "counter",
		     "Total number of jobs processed");
	for (size_t i = 0; i < JOB_TYPES; i++) {
		if (metrics->jobs[i].count > 0)
			strbuf_append_format(
				out, "apisonator_worker_job_count{type=\"%.*s\"} %" PRIu64 "\n",
				STR_ARG(job_types[i]), metrics->jobs[i].count);
	}
	write_family(out, "apisonator_worker_job_runtime_seconds", "histogram",
		     "How long jobs take to run");
	for (size_t i = 0; i < JOB_TYPES; i++)
		write_histogram(out, metrics, "apisonator_worker_job_runtime_seconds", "type",
				job_types[i], &metrics->jobs[i]);
}

static void write_codes(struct strbuf *out, const char *name, struct str type,
			const struct answers *answers)
{
	for (size_t i = 0; i < CODES; i++) {
		if (answers->codes[i] > 0)
			strbuf_append_format(
				out, "%s{request_type=\"%.*s\",resp_code=\"%.*s\"} %" PRIu64 "\n",
				name, STR_ARG(type), STR_ARG(code_names[i]), answers->codes[i]);
	}
}

#define CALLS "apisonator_listener_"
#define INTERNAL "apisonator_listener_internal_api_"

static void write_answers(struct strbuf *out, const struct process_metrics *metrics)
{
	write_family(out, CALLS "response_codes", "counter", "Response codes");
	for (size_t i = 0; i < CALL_TYPES; i++)
		write_codes(out, CALLS "response_codes", call_types[i].type, &metrics->calls[i]);
	write_family(out, CALLS "response_times_seconds", "histogram", "Response times");
	for (size_t i = 0; i < CALL_TYPES; i++)
		write_histogram(out, metrics, CALLS "response_times_seconds", "request_type",
				call_types[i].type, &metrics->calls[i].times);
	write_family(out, INTERNAL "response_codes", "counter", "Response codes");
	for (size_t i = 0; i < INTERNAL_TYPES; i++)
		write_codes(out, INTERNAL "response_codes", internal_types[i].type,
			    &metrics->internal[i]);
	write_family(out, INTERNAL "response_times_seconds", "histogram", "Response times");
	for (size_t i = 0; i < INTERNAL_TYPES; i++)
		write_histogram(out, metrics, INTERNAL "response_times_seconds", "request_type",
				internal_types[i].type, &metrics->internal[i].times);
}

static void ended(struct http_exchange *exchange, bool complete)
{
	(void)exchange;
	(void)complete;
}

static void requested(struct http_exchange *exchange, void *data)
{
	const struct page *page = data;
	struct http_response response;
	struct str path, query, body = STR("");
	struct strbuf out;

	exchange->ended = ended;
	url_split_target(exchange->request.target, &path, &query);
	http_response_init(&response, exchange->arena, 404);
	if (str_equal(path, STR("/metrics"))) {
		response.status = 200;
		http_fields_add(&response.fields, STR("Content-Type"),
				STR("text/plain; version=0.0.4; charset=utf-8"));
		strbuf_init(&out, PAGE_BYTES_MAX);
		if ((page->families & METRICS_OF_WORKER) != 0)
			write_jobs(&out, page->metrics);
		if ((page->families & METRICS_OF_LISTENER) != 0)
			write_answers(&out, page->metrics);
		body = str_copy(exchange->arena, strbuf_str(&out));
		strbuf_free(&out);
	}
	http_exchange_respond_str(exchange, &response, body);
}

/* Life. */

static bool open_page(struct process_metrics *metrics, struct page *page, uint16_t port,
		      unsigned families, struct error *error)
{
	struct http_listen_options options = {
		.address = metrics->backend->settings.metrics_address,
		.port = port,
	};

	page->metrics = metrics;
	page->families = families;
	page->listener = http_listen(metrics->backend->world, &options, requested, page, error);
	return page->listener != NULL;
}

static bool open_pages(struct process_metrics *metrics, struct error *error)
{
	const struct settings *settings = &metrics->backend->settings;
	bool of_worker = settings->is_worker && settings->has_worker_metrics;
	bool of_listener = settings->is_listener && settings->has_listener_metrics;

	if (of_worker && of_listener && settings->worker_metrics_port != 0 &&
	    settings->worker_metrics_port == settings->listener_metrics_port)
		return open_page(metrics, &metrics->pages[0], settings->worker_metrics_port,
				 METRICS_OF_WORKER | METRICS_OF_LISTENER, error);
	if (of_worker && !open_page(metrics, &metrics->pages[0], settings->worker_metrics_port,
				    METRICS_OF_WORKER, error))
		return false;
	return !of_listener ||
	       open_page(metrics, &metrics->pages[1], settings->listener_metrics_port,
			 METRICS_OF_LISTENER, error);
}

struct process_metrics *process_metrics_create(struct backend *backend, struct error *error)
{
	struct process_metrics *metrics = MEMORY_NEW(struct process_metrics);

	metrics->backend = backend;
	metrics->bounds_ms = backend->settings.profile->has_fine_time_buckets ? fine_bounds_ms
									      : coarse_bounds_ms;
	if (open_pages(metrics, error))
		return metrics;
	process_metrics_destroy(metrics);
	return NULL;
}

void process_metrics_destroy(struct process_metrics *metrics)
{
	if (metrics == NULL)
		return;
	for (size_t i = 0; i < 2; i++)
		http_listener_close(metrics->backend->world, metrics->pages[i].listener);
	free(metrics);
}

uint16_t process_metrics_port(const struct process_metrics *metrics, unsigned families)
{
	for (size_t i = 0; i < 2; i++) {
		const struct page *page = &metrics->pages[i];

		if (page->listener != NULL && (page->families & families) != 0)
			return http_listener_port(metrics->backend->world, page->listener);
	}
	return 0;
}
