#include "backend/settings_process.h"

#include "backend/profile.h"
#include "backend/settings.h"
#include "base/arena.h"
#include "base/error.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/log.h"

#define LISTENERS_MAX 256
#define METRICS_PORT_DEFAULT 9394
#define RESCHEDULE_EVERY_DEFAULT_S 300 /* 9.1 */
#define PURGE_EVERY_DEFAULT_S 86400    /* 9.3 */
#define INTERVAL_MAX_S INT64_C(1000000000)
#define LOG_NAME STR("/backend_logger.log")

static struct str variable(struct world *world, struct str name)
{
	return environment_text(world, name, STR(""));
}

/* Cron. */

static bool read_interval(struct world *world, struct str name, int64_t *interval_s,
			  struct error *error)
{
	struct str text = variable(world, name);

	if (text.size > 0 &&
	    (!str_to_int64(text, interval_s) || *interval_s < 1 || *interval_s > INTERVAL_MAX_S))
		return error_set(error, ERROR_INVALID,
				 "%.*s is not a number of seconds above 0: \"%.*s\"", STR_ARG(name),
				 STR_ARG(text));
	return true;
}

static bool read_cron(struct settings *settings, struct world *world, struct error *error)
{
	settings->reschedule_every_s = RESCHEDULE_EVERY_DEFAULT_S;
	settings->purge_every_s = PURGE_EVERY_DEFAULT_S;
	settings->is_once = settings->role == ROLE_CRON &&
			    (settings->is_once || variable(world, STR("ONCE")).size > 0);
	return read_interval(world, STR("RESCHEDULE_JOBS_FREQ"), &settings->reschedule_every_s,
			     error) &&
	       read_interval(world, STR("DELETE_STATS_FREQ"), &settings->purge_every_s, error);
}

/* Listeners: 9.1. The guided releases know one variable; later ones look at another first. */

static bool read_listeners(struct settings *settings, struct world *world, struct error *error)
{
	struct str name = STR("LISTENER_WORKERS");
	struct str text = settings->profile->has_listener_workers ? variable(world, name) : STR("");

	settings->listeners = 1;
	if (text.size == 0) {
		name = STR("PUMA_WORKERS");
		text = variable(world, name);
	}
	if (!settings->is_listener || text.size == 0)
		return true;
	if (!str_to_int64(text, &settings->listeners) || settings->listeners < 0 ||
	    settings->listeners > LISTENERS_MAX)
		return error_set(error, ERROR_INVALID,
				 "%.*s environment var cannot be parsed: \"%.*s\"", STR_ARG(name),
				 STR_ARG(text));
	return true;
}

/* Metrics: 10. */

static bool read_port(struct world *world, struct str name, uint16_t *port, struct error *error)
{
	struct str text = variable(world, name);
	int64_t number = METRICS_PORT_DEFAULT;

	if (text.size > 0 && (!str_to_int64(text, &number) || number < 0 || number > UINT16_MAX))
		return error_set(error, ERROR_INVALID, "%.*s is not a port: \"%.*s\"",
				 STR_ARG(name), STR_ARG(text));
	*port = (uint16_t)number;
	return true;
}

static bool read_metrics(struct settings *settings, struct world *world, struct error *error)
{
	settings->has_worker_metrics =
		settings->profile->has_worker_metrics &&
		profile_is_true(settings->profile,
				variable(world, STR("CONFIG_WORKER_PROMETHEUS_METRICS_ENABLED")));
	settings->has_listener_metrics =
		settings->profile->has_listener_metrics &&
		profile_is_true(settings->profile,
				variable(world, STR("CONFIG_LISTENER_PROMETHEUS_METRICS_ENABLED")));
	return read_port(world, STR("CONFIG_WORKER_PROMETHEUS_METRICS_PORT"),
			 &settings->worker_metrics_port, error) &&
	       read_port(world, STR("CONFIG_LISTENER_PROMETHEUS_METRICS_PORT"),
			 &settings->listener_metrics_port, error);
}

/* Logs: 9.9. */

static void ignore_name(struct str name, bool is_directory, void *data)
{
	(void)name;
	(void)is_directory;
	(void)data;
}

static void read_log(struct settings *settings, struct world *world)
{
	struct str path = variable(world, STR("CONFIG_LOG_PATH"));

	if (path.size > 0 &&
	    (str_has_suffix(path, STR("/")) || files_list(world, path, ignore_name, NULL, NULL))) {
		if (str_has_suffix(path, STR("/")))
			path.size--;
		path = STR_CONCAT(settings->arena, path, LOG_NAME);
	}
	if (path.size == 0)
		path = variable(world, STR("CONFIG_LOG_FILE"));
	settings->log = path.size > 0 ? path : LOG_STDOUT;
}

static bool read_worker_log(struct settings *settings, struct world *world, struct error *error)
{
	struct str form = variable(world, STR("CONFIG_WORKERS_LOGGER_FORMATTER"));

	settings->worker_log = variable(world, STR("CONFIG_WORKERS_LOG_FILE"));
	settings->worker_log_is_json = str_equal(form, STR("json"));
	if (form.size > 0 && !settings->worker_log_is_json && !str_equal(form, STR("text")))
		return error_set(error, ERROR_INVALID,
				 "CONFIG_WORKERS_LOGGER_FORMATTER cannot be \"%.*s\"",
				 STR_ARG(form));
	return true;
}

bool settings_read_process(struct settings *settings, struct world *world, struct error *error)
{
	read_log(settings, world);
	return read_cron(settings, world, error) && read_listeners(settings, world, error) &&
	       read_metrics(settings, world, error) && read_worker_log(settings, world, error);
}
