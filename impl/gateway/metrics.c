#include "gateway/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "gateway/config.h"
#include "gateway/metrics_internal.h"

const int64_t metrics_bounds_ms[METRICS_BUCKETS] = {5,    10,   20,   30,   50,   75,   100,
						    200,  300,  400,  500,  750,  1000, 1500,
						    2000, 3000, 4000, 5000, 10000};

static void count(uint64_t *counter, uint64_t more)
{
	__atomic_fetch_add(counter, more, __ATOMIC_RELAXED);
}

/* A worker begins with no requests; the one before it with its number may have ended with some. */
struct metrics *metrics_create(const struct shared_stores *stores, bool has_service_labels,
			       int64_t worker, struct error_log *log)
{
	struct metrics *metrics = MEMORY_NEW(struct metrics);

	metrics->has_service_labels = has_service_labels;
	metrics->stores = stores;
	metrics->board = shared_stores_board(stores);
	metrics->services = map_create(0);
	metrics->active = &metrics->board->active[worker];
	*metrics->active = 0;
	error_log_count_in(log, metrics->board->error_lines);
	return metrics;
}

void metrics_destroy(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	map_destroy(metrics->services);
	free(metrics);
}

void metrics_forget_worker(const struct shared_stores *stores, size_t worker)
{
	shared_stores_board(stores)->active[worker] = 0;
}

/* Services. */

struct str service_metrics_id(const struct service_metrics *service)
{
	return str_of((const char *)(service + 1), service->id_bytes);
}

struct str service_metrics_name(const struct service_metrics *service)
{
	return str_of((const char *)(service + 1) + service->id_bytes, service->name_bytes);
}

static size_t bytes_of(uint64_t id_bytes, uint64_t name_bytes)
{
	size_t texts = (size_t)(id_bytes + name_bytes);

	return sizeof(struct service_metrics) +
	       (texts + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
}

const struct service_metrics *metrics_next_service(const struct metrics *metrics,
						   const struct service_metrics *service)
{
	const struct metrics_board *board = metrics->board;
	const char *begin = (const char *)board->services;
	const char *next = begin;

	if (service != NULL)
		next = (const char *)service + bytes_of(service->id_bytes, service->name_bytes);
	/* What is behind it was written before. */
	if (next >= begin + __atomic_load_n(&board->services_bytes, __ATOMIC_ACQUIRE))
		return NULL;
	return (const struct service_metrics *)(const void *)next;
}

size_t metrics_bytes(const struct metrics *metrics)
{
	return sizeof *metrics->board + (size_t)metrics->board->services_bytes;
}

static struct service_metrics *find(const struct metrics *metrics, struct str id)
{
	const struct service_metrics *found = NULL;

	while ((found = metrics_next_service(metrics, found)) != NULL) {
		if (str_equal(service_metrics_id(found), id))
			break;
	}
	return (struct service_metrics *)(uintptr_t)found;
}

/* It is there when it is complete: who dies on the way has added nothing. NULL: there is no room.
 */
static struct service_metrics *add(const struct metrics *metrics, const struct service *service)
{
	struct metrics_board *board = metrics->board;
	size_t bytes = bytes_of(service->id.size, service->system_name.size);
	char *place = (char *)board->services + board->services_bytes;
	struct service_metrics *added = (struct service_metrics *)(void *)place;

	if (metrics_bytes(metrics) + bytes > SHARED_METRICS_BYTES)
		return NULL;
	memset(added, 0, bytes); /* one who died may have begun longer texts here */
	added->id_bytes = service->id.size;
	added->name_bytes = service->system_name.size;
	memcpy(added + 1, service->id.data, service->id.size);
	if (service->system_name.size > 0)
		memcpy((char *)(added + 1) + service->id.size, service->system_name.data,
		       service->system_name.size);
	__atomic_store_n(&board->services_bytes, board->services_bytes + bytes, __ATOMIC_RELEASE);
	return added;
}

/* A service that finds no room any more is counted without its name. */
static struct service_metrics *metrics_of(struct metrics *metrics, const struct service *service)
{
	struct service_metrics *found;

	if (!metrics->has_service_labels || service == NULL)
		return &metrics->board->all;
	found = map_get(metrics->services, service->id);
	if (found != NULL)
		return found;
	shared_stores_lock_board(metrics->stores);
	found = find(metrics, service->id);
	if (found == NULL)
		found = add(metrics, service);
	shared_stores_unlock_board(metrics->stores);
	if (found == NULL)
		return &metrics->board->all;
	map_put(metrics->services, service_metrics_id(found), found);
	return found;
}

/* Counting. */

static void histogram_add(struct metrics_histogram *histogram, int64_t span_us)
{
	size_t bucket = 0;

	while (bucket < METRICS_BUCKETS && span_us > metrics_bounds_ms[bucket] * 1000)
		bucket++;
	count(&histogram->buckets[bucket], 1);
	count(&histogram->count, 1);
	count(&histogram->sum_us, (uint64_t)span_us);
}

void metrics_count_backend_call(struct metrics *metrics, enum backend_endpoint_kind endpoint,
				int status)
{
	size_t hundreds =
		status >= METRICS_STATUS_FIRST && status <= 999 ? (size_t)status / 100 : 0;

	count(&metrics->board->backend_calls[endpoint][hundreds], 1);
}

void metrics_count_batched_auth(struct metrics *metrics, bool is_hit)
{
	count(is_hit ? &metrics->board->batched_auths_hits : &metrics->board->batched_auths_misses,
	      1);
}

void metrics_count_upstream(struct metrics *metrics, const struct service *service, int status,
			    int64_t span_us)
{
	struct service_metrics *counted = metrics_of(metrics, service);

	if (status >= METRICS_STATUS_FIRST && status <= METRICS_STATUS_LAST)
		count(&counted->upstream_status[status - METRICS_STATUS_FIRST], 1);
	histogram_add(&counted->upstream_time, span_us);
}

void metrics_count_answer(struct metrics *metrics, const struct service *service, int64_t span_us)
{
	histogram_add(&metrics_of(metrics, service)->total_time, span_us);
}

void metrics_count_connection(struct metrics *metrics, uint64_t connection_number)
{
	count(&metrics->board->requests, 1);
	if (connection_number <= metrics->connections)
		return;
	count(&metrics->board->connections, connection_number - metrics->connections);
	metrics->connections = connection_number;
}

void metrics_request_begins(struct metrics *metrics)
{
	++*metrics->active;
}

void metrics_request_ends(struct metrics *metrics)
{
	--*metrics->active;
}
