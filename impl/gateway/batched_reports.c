#include "gateway/batched_reports.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "base/url.h"
#include "gateway/backend_client.h"
#include "gateway/gateway_internal.h"
#include "gateway/request.h"
#include "world/clock.h"

/* What a row takes besides its texts, map entry included. */
#define ROW_BYTES 192
#define BODY_BYTES_MAX                                                                             \
	(LIMIT_BACKEND_BODY_BYTES / 2) /* of one report; the rest goes in another                  \
					*/

struct batched_reports {
	struct gateway *gateway;
	struct map *rows;
	struct map *services; /* id -> struct batched_service */
	size_t bytes, bytes_max;
	size_t calls; /* under way */
	bool is_finishing;
	void (*idle)(struct gateway *gateway);
};

struct batched_service {
	struct batched_reports *reports;
	struct str id;         /* in the same memory */
	struct config *config; /* a reference; NULL: nothing to report */
	const struct service *service;
	struct list_link waiting; /* rows with something to report */
	size_t rows;
	struct timer timer;
	struct report *report; /* under way; NULL: none */
	int64_t interval_us;
};

struct batched_row {
	struct list_link link; /* in service->waiting */
	struct batched_service *service;
	struct str key, name, value, metric; /* in the same memory */
	int64_t waiting;
	size_t holders;
};

/* One call. */
struct report {
	struct batched_service *service;
	struct arena *arena;
	struct config *config; /* a reference */
	struct backend_call call;
	struct {
		struct batched_row *row;
		int64_t sum;
	} * items;
	size_t count;
};

struct batched_reports *batched_reports_create(struct gateway *gateway, size_t bytes_max,
					       uint64_t seed)
{
	struct batched_reports *reports = MEMORY_NEW(struct batched_reports);

	reports->gateway = gateway;
	reports->rows = map_create(seed);
	reports->services = map_create(seed);
	reports->bytes_max = bytes_max;
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
	struct map_cursor at = {0}, row = {0};

	if (reports == NULL)
		return;
	while (map_next(reports->rows, &row))
		free(row.value);
	while (map_next(reports->services, &at)) {
		struct batched_service *service = at.value;

		timer_stop(&service->timer);
		if (service->report != NULL)
			report_free(service->report);
		config_release(service->config);
		free(service);
	}
	map_destroy(reports->rows);
	map_destroy(reports->services);
	free(reports);
}

size_t batched_reports_bytes(const struct batched_reports *reports)
{
	return reports->bytes;
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
	list_init(&service->waiting);
	map_put(reports->services, service->id, service);
	return service;
}

static void service_let_go(struct batched_service *service)
{
	if (service->report != NULL || !list_is_empty(&service->waiting))
		return;
	timer_stop(&service->timer);
	config_release(service->config);
	service->config = NULL;
	if (service->rows > 0)
		return;
	map_remove(service->reports->services, service->id);
	free(service);
}

/* Rows. */

static struct str row_key(struct arena *arena, struct str service_id,
			  const struct credential *credential, struct str metric)
{
	return STR_CONCAT(arena, STR("service_id:"), service_id, STR(","), credential->name,
			  STR(":"), credential->value, STR(",metric:"), metric);
}

static struct str put_text(char **at, struct str text)
{
	struct str copy = str_of(*at, text.size);

	if (text.size > 0)
		memcpy(*at, text.data, text.size);
	*at += text.size;
	return copy;
}

static size_t row_bytes(const struct batched_row *row)
{
	return ROW_BYTES + 2 * row->key.size + row->name.size + row->value.size + row->metric.size;
}

struct batched_row *batched_row_hold(struct batched_reports *reports, const struct request *request,
				     const struct credential *credential, struct str metric)
{
	struct str key = row_key(request->arena, request->service->id, credential, metric);
	struct batched_row *row = map_get(reports->rows, key);
	size_t texts = key.size + credential->name.size + credential->value.size + metric.size;
	char *at;

	if (row == NULL) {
		if (reports->bytes + ROW_BYTES + texts + key.size > reports->bytes_max)
			return NULL;
		row = memory_alloc(sizeof *row + texts);
		at = (char *)(row + 1);
		row->key = put_text(&at, key);
		row->name = put_text(&at, credential->name);
		row->value = put_text(&at, credential->value);
		row->metric = put_text(&at, metric);
		row->service = service_of(reports, request->service->id);
		row->service->rows++;
		map_put(reports->rows, row->key, row);
		reports->bytes += row_bytes(row);
	}
	row->holders++;
	return row;
}

void batched_row_release(struct batched_row *row)
{
	struct batched_service *service;

	if (row == NULL || --row->holders > 0 || list_is_linked(&row->link))
		return;
	service = row->service;
	service->reports->bytes -= row_bytes(row);
	map_remove(service->reports->rows, row->key);
	free(row);
	service->rows--;
	service_let_go(service);
}

static void interval_is_over(struct timer *timer);

static void row_wait(struct batched_row *row, int64_t delta)
{
	struct batched_service *service = row->service;

	row->waiting += delta;
	if (row->waiting == 0 || list_is_linked(&row->link))
		return;
	list_append(&service->waiting, &row->link);
	if (!timer_is_running(&service->timer) && service->report == NULL)
		timer_start(service->reports->gateway->world, &service->timer, service->interval_us,
			    interval_is_over);
}

void batched_row_add(struct batched_row *row, const struct request *request, int64_t delta,
		     int64_t interval_us)
{
	struct batched_service *service = row->service;

	if (service->config != request->config) {
		config_release(service->config);
		service->config = config_retain(request->config);
	}
	service->service = request->service;
	service->interval_us = interval_us;
	row_wait(row, delta);
}

/* Reports. */

static int compare_rows(const void *a, const void *b)
{
	const struct batched_row *left = *(struct batched_row *const *)a;
	const struct batched_row *right = *(struct batched_row *const *)b;
	int order = str_compare(left->name, right->name);

	if (order == 0)
		order = str_compare(left->value, right->value);
	return order != 0 ? order : str_compare(left->metric, right->metric);
}

static struct batched_row **sorted_rows(struct batched_service *service, struct arena *arena,
					size_t *count)
{
	struct batched_row **rows = ARENA_ARRAY(arena, struct batched_row *, service->rows);

	*count = 0;
	LIST_EACH (link, &service->waiting)
		rows[(*count)++] = LIST_ENTRY(link, struct batched_row, link);
	qsort(rows, *count, sizeof *rows, compare_rows);
	return rows;
}

/* transactions[0][user_key]=abc&transactions[0][usage][hits]=20 */
static void append_row(struct strbuf *body, const struct batched_row *row, bool is_next_credential,
		       size_t transaction, struct arena *arena)
{
	if (is_next_credential)
		strbuf_append_format(body, "%stransactions%%5B%zu%%5D%%5B%.*s%%5D=%.*s",
				     body->size > 0 ? "&" : "", transaction, STR_ARG(row->name),
				     STR_ARG(url_encoded(arena, row->value)));
	strbuf_append_format(body, "&transactions%%5B%zu%%5D%%5Busage%%5D%%5B%.*s%%5D=%lld",
			     transaction, STR_ARG(url_encoded(arena, row->metric)),
			     (long long)row->waiting);
}

/* Takes rows out of the waiting list until the body is large enough. */
static struct str take_rows(struct report *report)
{
	struct strbuf body;
	struct str text;
	size_t count, transactions = 0;
	struct batched_row **rows = sorted_rows(report->service, report->arena, &count);

	strbuf_init(&body, 2 * BODY_BYTES_MAX);
	report->items = arena_alloc_array(report->arena, sizeof *report->items, count);
	for (size_t i = 0; i < count && body.size < BODY_BYTES_MAX; i++) {
		struct batched_row *row = rows[i];
		bool is_next = i == 0 || !str_equal(rows[i - 1]->name, row->name) ||
			       !str_equal(rows[i - 1]->value, row->value);

		transactions += is_next;
		append_row(&body, row, is_next, transactions - 1, report->arena);
		report->items[report->count].row = row;
		report->items[report->count++].sum = row->waiting;
		row->holders++;
		row->waiting = 0;
		list_remove(&row->link);
	}
	text = str_copy(report->arena, strbuf_str(&body));
	strbuf_free(&body);
	return text;
}

static void report_answered(struct backend_call *call, void *data);

static void report_start(struct batched_service *service)
{
	struct batched_reports *reports = service->reports;
	struct arena *arena;
	struct str body;

	if (service->report != NULL || list_is_empty(&service->waiting))
		return;
	timer_stop(&service->timer);
	arena = arena_create();
	service->report = ARENA_NEW(arena, struct report);
	*service->report = (struct report){
		.service = service,
		.arena = arena,
		.config = config_retain(service->config),
		.call = {.kind = BACKEND_REPORT,
			 .arena = arena,
			 .service = service->service,
			 .subject = &log_subject_timer,
			 .answered = report_answered,
			 .data = service->report},
	};
	body = take_rows(service->report);
	reports->calls++;
	backend_call_start(&service->report->call, reports->gateway, body);
}

static void return_rows(struct report *report)
{
	LOG(&report->service->reports->gateway->log, LEVEL_WARN, &log_subject_timer,
	    "Returning reports to the batcher because couldn't report to backend");
	for (size_t i = 0; i < report->count; i++)
		row_wait(report->items[i].row, report->items[i].sum);
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
	service->rows++; /* stays for this function */
	for (size_t i = 0; i < report->count; i++)
		batched_row_release(report->items[i].row);
	service->report = NULL;
	report_free(report);
	reports->calls--;
	if (reports->is_finishing && !has_failed)
		report_start(service);
	else if (!list_is_empty(&service->waiting) && !timer_is_running(&service->timer))
		timer_start(reports->gateway->world, &service->timer, service->interval_us,
			    interval_is_over);
	service->rows--;
	service_let_go(service);
	if (reports->is_finishing && reports->calls == 0)
		reports->idle(reports->gateway);
}

static void interval_is_over(struct timer *timer)
{
	report_start(LIST_ENTRY(timer, struct batched_service, timer));
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
