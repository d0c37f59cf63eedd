#include "backend/backend.h"

#include <stdlib.h>

#include "backend/backend_internal.h"
#include "backend/connectivity.h"
#include "backend/cron.h"
#include "backend/events_hook.h"
#include "backend/listener.h"
#include "backend/memo.h"
#include "backend/process_metrics.h"
#include "backend/listener_processes.h"
#include "backend/worker.h"
#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"
#include "store/store_server.h"
#include "world/clock.h"
#include "world/environment.h"
#include "world/http_server.h"
#include "world/log.h"

#define STOP_US (3 * UTC_SECOND_US)
#define SCRATCH_BYTES_MAX ((size_t)256 * 1024 * 1024)

enum { DATABASE_STORAGE, DATABASE_QUEUES };

int64_t backend_now_us(const struct backend *backend)
{
	return backend->clock_is_set ? backend->clock_us : world_utc_us(backend->world);
}

/* The end. */

void backend_work_ended(struct backend *backend)
{
	if (backend->is_stopping && backend->requests == 0 && backend->exchanges == 0 &&
	    (backend->worker == NULL || worker_has_ended(backend->worker)) &&
	    (backend->cron == NULL || cron_is_idle(backend->cron)))
		world_exit(backend->world, 0);
}

static void close_listener(struct backend *backend)
{
	struct http_listener *listener = backend->listener;

	backend->listener = NULL;
	http_listener_close(backend->world, listener);
}

static void stop_is_due(struct timer *timer)
{
	world_exit(LIST_ENTRY(timer, struct backend, stop_timer)->world, 0);
}

/* What was begun is finished: requests are answered, the worker's round is counted (9.9). Clients
 * that go on calling get a while. */
static void stop_requested(void *data)
{
	struct backend *backend = data;

	backend->is_stopping = true;
	if (backend->processes != NULL) {
		listener_processes_stop(backend->processes);
		return;
	}
	if (backend->worker != NULL)
		worker_stop(backend->worker);
	if (backend->cron != NULL)
		cron_stop(backend->cron);
	timer_start(backend->world, &backend->stop_timer, STOP_US, stop_is_due);
	backend_work_ended(backend);
}

/* Whatever waits for a reply hears that there will be none, and ends. */
static void close_data(struct backend *backend)
{
	struct redis_client *clients[] = {backend->storage, backend->queues};

	backend->storage = backend->queues = NULL;
	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
		redis_close(clients[i]);
}

static void backend_free(struct backend *backend)
{
	if (backend->worker != NULL)
		worker_stop(backend->worker);
	timer_stop(&backend->stop_timer);
	listener_processes_destroy(backend->processes);
	close_listener(backend);
	events_hook_stop(backend);
	close_data(backend);
	worker_destroy(backend->worker);
	cron_destroy(backend->cron);
	connectivity_destroy(backend->check);
	process_metrics_destroy(backend->metrics);
	memo_destroy(backend->memo);
	store_server_close(backend->store_server);
	store_destroy(backend->store);
	strbuf_free(&backend->scratch);
	settings_free(&backend->settings);
	free(backend);
}

static void backend_stop(void *instance)
{
	backend_free(instance);
}

/* The beginning. */

static bool open_redis(struct backend *backend, struct error *error)
{
	backend->storage = backend_redis_open(backend->world, &backend->settings.storage, 0, error);
	if (backend->storage == NULL)
		return false;
	backend->queues = backend_redis_open(backend->world, &backend->settings.queues, 0, error);
	return backend->queues != NULL;
}

static bool open_store_server(struct backend *backend, struct error *error)
{
	const struct settings *settings = &backend->settings;
	struct str address = settings->address.size > 0 ? settings->address : STR("0.0.0.0");

	backend->store_server = store_server_open(backend->world, backend->store, DATABASE_STORAGE,
						  address, (uint16_t)settings->store_port, error);
	return backend->store_server != NULL;
}

static bool open_data(struct backend *backend, struct error *error)
{
	const struct settings *settings = &backend->settings;

	if (settings->store_path.size == 0)
		return open_redis(backend, error);
	backend->store =
		store_create(backend->world, settings->store_path, settings->durability, error);
	if (backend->store == NULL)
		return false;
	backend->storage = store_client(backend->store, DATABASE_STORAGE);
	backend->queues = store_client(backend->store, DATABASE_QUEUES);
	return settings->store_port < 0 || open_store_server(backend, error);
}

static bool open_parts(struct backend *backend, struct error *error)
{
	backend->memo = memo_create(backend);
	backend->metrics = process_metrics_create(backend, error);
	if (backend->metrics == NULL || !open_data(backend, error))
		return false;
	if (backend->settings.is_listener && !listener_open(backend, error))
		return false;
	if (backend->settings.is_worker) {
		backend->worker = worker_create(backend, error);
		if (backend->worker == NULL)
			return false;
	}
	if (backend->settings.is_cron)
		backend->cron = cron_create(backend);
	return true;
}

static void tell_ready(struct backend *backend)
{
	static const struct {
		const char *name;
		unsigned families;
	} ports[] = {
		{"worker_metrics_port", METRICS_OF_WORKER},
		{"listener_metrics_port", METRICS_OF_LISTENER},
	};
	struct strbuf *line = &backend->scratch;

	strbuf_clear(line);
	strbuf_append_format(line, "ready backend port=%u",
			     backend->listener != NULL ? (unsigned)http_listener_port(
								 backend->world, backend->listener)
						       : 0U);
	if (backend->store_server != NULL)
		strbuf_append_format(line, " store_port=%u",
				     (unsigned)store_server_port(backend->store_server));
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
		uint16_t port = process_metrics_port(backend->metrics, ports[i].families);

		if (port != 0)
			strbuf_append_format(line, " %s=%u", ports[i].name, (unsigned)port);
	}
	log_write(backend->world, LOG_STDOUT, strbuf_str(line));
}

/* The embedded store belongs to one process. */
static void tell_of_one_process(const struct backend *backend)
{
	if (backend->settings.listeners > 1)
		log_format(backend->world, backend->settings.log,
			   "One process serves: more than one listener (%d are asked for) needs a "
			   "Redis, and no test hooks.",
			   (int)backend->settings.listeners);
}

static bool begin_work(struct backend *backend, const struct str *arguments, size_t count,
		       struct error *error)
{
	if (listener_processes_are_wanted(&backend->settings)) {
		backend->processes = listener_processes_create(&backend->settings, backend->world,
							       arguments, count, error);
		return backend->processes != NULL;
	}
	if (!open_parts(backend, error))
		return false;
	tell_of_one_process(backend);
	if (backend->settings.role == ROLE_CHECK_STORAGE ||
	    backend->settings.role == ROLE_CHECK_QUEUES)
		backend->check = connectivity_check(backend);
	else
		tell_ready(backend);
	return true;
}

static void *backend_start(struct world *world, const struct str *arguments, size_t count,
			   int *exit_status, struct error *error)
{
	struct backend *backend = MEMORY_NEW(struct backend);

	backend->world = world;
	if (!settings_read(&backend->settings, world, arguments, count, exit_status, error)) {
		free(backend);
		return NULL;
	}
	strbuf_init(&backend->scratch, SCRATCH_BYTES_MAX);
	backend->hash_seed = world_chance(world);
	if (!begin_work(backend, arguments, count, error)) {
		backend_free(backend);
		return NULL;
	}
	world_on_stop(world, stop_requested, backend);
	return backend;
}

const struct component backend_component = {
	.name = "backend",
	.help = "authorizes calls, counts reports: Service Management API, worker, Internal API",
	.start = backend_start,
	.stop = backend_stop,
};
