#include "gateway/batched_reports.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "base/url.h"
#include "base/utc.h"
#include "base/vec.h"
#include "gateway/backend_client.h"
#include "gateway/config.h"
#include "gateway/gateway_internal.h"
#include "gateway/request.h"
#include "world/clock.h"
#include "world/dictionary.h"

#define BODY_BYTES_MAX                                                                             \
	(LIMIT_BACKEND_BODY_BYTES / 2) /* of one report; the rest goes in another                  \
					*/
/* Of rows that others left, when they could not be reported at once. */
#define LEFT_ROWS_INTERVAL_US (10 * UTC_SECOND_US)

struct batched_reports {
	struct gateway *gateway;
	struct map *services; /* id -> struct batched_service */
	size_t calls;         /* under way */
	bool is_finishing;
	void (*idle)(struct gateway *gateway);
};

/* A service for which this worker has something to do. */
struct batched_service {
	struct batched_reports *reports;
	struct str id;         /* in the same memory */
	struct config *config; /* a reference */
	const struct service *service;
	bool is_due; /* there may be rows to report */
	struct timer timer;
	struct report *report; /* under way; NULL: none */
	int64_t interval_us;
};

struct row {
	struct str key, name, value, metric;
	int64_t sum;
};

/* One call. */
struct report {
	struct batched_service *service;
	struct arena *arena;
	struct config *config; /* a reference */
	struct backend_call call;
	struct row *rows;
	size_t count;
};

struct batched_reports *batched_reports_create(struct gateway *gateway, uint64_t seed)
{
	struct batched_reports *reports = MEMORY_NEW(struct batched_reports);

	reports->gateway = gateway;
	reports->services = map_create(seed);
	return reports;
}

static void report_free(struct report *report)
{
	backend_call_stop(&report->call);
	config_release(report->config);
	arena_destroy(report->arena);
}

void batched_reports_destroy(struct batched_reports *reports)
{
	struct map_cursor at = {0};

	if (reports == NULL)
		return;
	while (map_next(reports->services, &at)) {
		struct batched_service *service = at.value;

		timer_stop(&service->timer);
		if (service->report != NULL)
			report_free(service->report);
		config_release(service->config);
		free(service);
	}
	map_destroy(reports->services);
	free(reports);
}

/* Services. */

static struct batched_service *service_of(struct batched_reports *reports, struct str id)
{
	struct batched_service *service = map_get(reports->services, id);

	if (service != NULL)
		return service;
	service = memory_alloc(sizeof *service + id.size);
	memcpy(service + 1, id.data, id.size);
	service->id = str_of((const char *)(service + 1), id.size);
	service->reports = reports;
	service->interval_us = LEFT_ROWS_INTERVAL_US;
	map_put(reports->services, service->id, service);
	return service;
}

static void service_configure(struct batched_service *service, struct config *config,
			      const struct service *configured)
{
	if (service->config != config) {
		config_release(service->config);
		service->config = config_retain(config);
	}
	service->service = configured;
}

static void service_let_go(struct batched_service *service)
{
	if (service->report != NULL || service->is_due)
		return;
	timer_stop(&service->timer);
	config_release(service->config);
	map_remove(service->reports->services, service->id);
	free(service);
}

static void interval_is_over(struct timer *timer);

static void service_wait(struct batched_service *service)
{
	service->is_due = true;
	if (!timer_is_running(&service->timer) && service->report == NULL)
		timer_start(service->reports->gateway->world, &service->timer, service->interval_us,
			    interval_is_over);
}

/* Rows. A key is the texts, each behind its size: so none can look like two, and rows of a service
 * begin alike. */

struct size_text {
	char bytes[sizeof(uint32_t)];
};

static struct str size_text(struct size_text *room, struct str text)
{
	uint32_t size = (uint32_t)text.size;

	memcpy(room->bytes, &size, sizeof size);
	return str_of(room->bytes, sizeof room->bytes);
}

static struct str key_prefix(struct arena *arena, struct str service_id)
{
	struct size_text room;

	return STR_CONCAT(arena, size_text(&room, service_id), service_id);
}

static struct str row_key(struct arena *arena, struct str service_id,
			  const struct credential *credential, struct str metric)
{
	struct size_text rooms[3];

	return STR_CONCAT(arena, size_text(&rooms[0], service_id), service_id,
			  size_text(&rooms[1], credential->name), credential->name,
			  size_text(&rooms[2], credential->value), credential->value, metric);
}

static struct str take_text(struct str *rest)
{
	struct str text;
	uint32_t size;

	BUG_IF(rest->size < sizeof size);
	memcpy(&size, rest->data, sizeof size);
	text = str_slice(*rest, sizeof size, sizeof size + size);
	*rest = str_skip(*rest, sizeof size + size);
	return text;
}

static void lose(struct gateway *gateway, const struct log_subject *subject, struct arena *arena,
		 struct str metric, int64_t delta)
{
	LOG(&gateway->log, LEVEL_ERROR, subject,
	    "Reports batching storage ran out of memory. Will lose a report of %lld to metric %s",
	    (long long)delta, log_text(arena, metric));
}

void batched_reports_add(struct batched_reports *reports, const struct request *request,
			 const struct credential *credential, struct str metric, int64_t delta,
			 int64_t interval_us)
{
	struct gateway *gateway = reports->gateway;
	struct str id = request->service->id;
	struct batched_service *service;

	if (delta == 0)
		return;
	if (!dictionary_add(gateway->batched_rows, row_key(request->arena, id, credential, metric),
			    delta, DICTIONARY_FOR_EVER, world_monotonic_us(gateway->world))) {
		lose(gateway, &request->subject, request->arena, metric, delta);
		return;
	}
	service = service_of(reports, id);
	service_configure(service, request->config, request->service);
	service->interval_us = interval_us;
	service_wait(service);
}

/* Reports. */

static int compare_rows(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	int order = str_compare(left->name, right->name);

	if (order == 0)
		order = str_compare(left->value, right->value);
	return order != 0 ? order : str_compare(left->metric, right->metric);
}

/* All rows of the service as they are now. */
static void find_rows(struct report *report)
{
	struct gateway *gateway = report->service->reports->gateway;
	struct str prefix = key_prefix(report->arena, report->service->id);
	int64_t now_us = world_monotonic_us(gateway->world);
	struct dictionary_cursor at = {0};
	VEC(struct row) rows = {0};

	while (dictionary_next(gateway->batched_rows, &at, prefix, now_us, report->arena)) {
		struct str rest = str_skip(at.key, prefix.size);
		struct row row = {.key = at.key};

		row.name = take_text(&rest);
		row.value = take_text(&rest);
		row.metric = rest;
		vec_push(&rows, row);
	}
	report->rows = ARENA_ARRAY(report->arena, struct row, rows.count + 1);
	if (rows.count > 0)
		memcpy(report->rows, rows.items, rows.count * sizeof *rows.items);
	report->count = rows.count;
	vec_free(&rows);
	qsort(report->rows, report->count, sizeof *report->rows, compare_rows);
}

/* transactions[0][user_key]=abc&transactions[0][usage][hits]=20 */
static void append_row(struct strbuf *body, const struct row *row, bool is_next_credential,
		       size_t transaction, struct arena *arena)
{
	if (is_next_credential)
		strbuf_append_format(body, "%stransactions%%5B%zu%%5D%%5B%.*s%%5D=%.*s",
				     body->size > 0 ? "&" : "", transaction, STR_ARG(row->name),
				     STR_ARG(url_encoded(arena, row->value)));
	strbuf_append_format(body, "&transactions%%5B%zu%%5D%%5Busage%%5D%%5B%.*s%%5D=%lld",
			     transaction, STR_ARG(url_encoded(arena, row->metric)),
			     (long long)row->sum);
}

/* Out of the dictionary with it: nobody else reports it. False: somebody else has, or the sum is
 * nothing. */
static bool take_row(struct gateway *gateway, struct row *row)
{
	struct dictionary_value value;

	if (!dictionary_take(gateway->batched_rows, row->key, world_monotonic_us(gateway->world),
			     &value))
		return false;
	row->sum = value.numbers[0];
	return row->sum != 0;
}

/* Takes rows until the body is large enough; those that were taken stay in the report. */
static struct str take_rows(struct report *report)
{
	struct gateway *gateway = report->service->reports->gateway;
	size_t found, taken = 0, transactions = 0, i = 0;
	struct strbuf body;
	struct str text;

	find_rows(report);
	found = report->count;
	strbuf_init(&body, 2 * BODY_BYTES_MAX);
	for (; i < found && body.size < BODY_BYTES_MAX; i++) {
		struct row row = report->rows[i];
		const struct row *before = taken > 0 ? &report->rows[taken - 1] : NULL;
		bool is_next;

		if (!take_row(gateway, &row))
			continue;
		is_next = before == NULL || !str_equal(before->name, row.name) ||
			  !str_equal(before->value, row.value);
		transactions += is_next;
		append_row(&body, &row, is_next, transactions - 1, report->arena);
		report->rows[taken++] = row;
	}
	report->count = taken;
	report->service->is_due = i < found;
	text = str_copy(report->arena, strbuf_str(&body));
	strbuf_free(&body);
	return text;
}

static void report_answered(struct backend_call *call, void *data);

static struct report *report_create(struct batched_service *service)
{
	struct arena *arena = arena_create();
	struct report *report = ARENA_NEW(arena, struct report);

	*report = (struct report){
		.service = service,
		.arena = arena,
		.config = config_retain(service->config),
		.call = {.kind = BACKEND_REPORT,
			 .arena = arena,
			 .service = service->service,
			 .subject = &log_subject_timer,
			 .answered = report_answered,
			 .data = report},
	};
	return report;
}

static void report_start(struct batched_service *service)
{
	struct batched_reports *reports = service->reports;
	struct report *report;
	struct str body;

	if (service->report != NULL || !service->is_due)
		return;
	timer_stop(&service->timer);
	report = report_create(service);
	body = take_rows(report);
	if (report->count == 0) { /* other workers were first */
		report_free(report);
		return;
	}
	service->report = report;
	reports->calls++;
	backend_call_start(&report->call, reports->gateway, body);
}

static void return_rows(const struct report *report)
{
	struct gateway *gateway = report->service->reports->gateway;

	LOG(&gateway->log, LEVEL_WARN, &log_subject_timer,
	    "Returning reports to the batcher because couldn't report to backend");
	for (size_t i = 0; i < report->count; i++) {
		const struct row *row = &report->rows[i];

		if (!dictionary_add(gateway->batched_rows, row->key, row->sum, DICTIONARY_FOR_EVER,
				    world_monotonic_us(gateway->world)))
			lose(gateway, &log_subject_timer, report->arena, row->metric, row->sum);
	}
	report->service->is_due = true;
}

/* Only who was not heard is told again: an error of backend's own would stay one. */
static void report_answered(struct backend_call *call, void *data)
{
	struct report *report = data;
	struct batched_service *service = report->service;
	struct batched_reports *reports = service->reports;
	bool has_failed = call->status == 0;

	if (has_failed)
		return_rows(report);
	service->report = NULL;
	report_free(report);
	reports->calls--;
	if (reports->is_finishing && !has_failed)
		report_start(service);
	else if (service->is_due)
		service_wait(service);
	service_let_go(service);
	if (reports->is_finishing && reports->calls == 0)
		reports->idle(reports->gateway);
}

static void interval_is_over(struct timer *timer)
{
	struct batched_service *service = LIST_ENTRY(timer, struct batched_service, timer);

	report_start(service);
	service_let_go(service);
}

/* Beginning, change and end. */

void batched_reports_adopt(struct batched_reports *reports, struct config *config)
{
	struct gateway *gateway = reports->gateway;
	int64_t now_us = world_monotonic_us(gateway->world);

	if (dictionary_count(gateway->batched_rows) == 0)
		return;
	for (size_t i = 0; i < config->services_count; i++) {
		struct arena *scratch = arena_create();
		struct dictionary_cursor at = {0};
		struct batched_service *service;

		if (dictionary_next(gateway->batched_rows, &at,
				    key_prefix(scratch, config->services[i].id), now_us, scratch)) {
			service = service_of(reports, config->services[i].id);
			service_configure(service, config, &config->services[i]);
			service->is_due = true;
		}
		arena_destroy(scratch);
	}
}

void batched_reports_flush(struct batched_reports *reports)
{
	struct map_cursor at = {0};

	while (map_next(reports->services, &at)) {
		report_start(at.value);
		service_let_go(at.value);
	}
}

bool batched_reports_finish(struct batched_reports *reports, void (*idle)(struct gateway *gateway))
{
	if (!reports->is_finishing) {
		reports->is_finishing = true;
		reports->idle = idle;
		batched_reports_flush(reports);
	}
	return reports->calls == 0;
}
