#include "gateway/settings_process.h"

#include "base/arena.h"
#include "base/error.h"
#include "gateway/settings.h"
#include "gateway/shared_stores.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/log.h"

#define MAX_LOGS_DEFAULT 100
#define CPU_SHARES_FILE STR("/sys/fs/cgroup/cpu/cpu.shares")
#define CPU_SHARES_OF_ONE 1024

/* Logs. */

static void read_output(struct settings *settings, struct world *world, struct str text,
			struct str fallback, struct log_output *output)
{
	struct error error;

	if (!log_output_parse(settings->arena, world, text, fallback, output, &error))
		gateway_settings_note(settings, LEVEL_WARN,
				      str_copy(settings->arena, str_from(error.text)));
}

static void read_logs(struct settings *settings, const struct process_texts *texts,
		      struct world *world)
{
	int level;

	read_output(settings, world, texts->log_file, LOG_STDERR, &settings->error_log);
	read_output(settings, world, texts->access_log_file, LOG_STDOUT, &settings->access_log);
	settings->log_level = LEVEL_WARN;
	log_level_from_name(texts->log_level, &settings->log_level);
	level = (int)settings->log_level + texts->louder - texts->quieter;
	if (level < LEVEL_EMERG)
		level = LEVEL_EMERG;
	settings->log_level = level < LEVELS ? (enum log_level)level : LEVEL_DEBUG;
	settings->metrics_log_level = LEVEL_ERROR;
	log_level_from_name(texts->metrics_log_level, &settings->metrics_log_level);
	if (!str_to_int64(texts->metrics_max_logs, &settings->metrics_max_logs) ||
	    settings->metrics_max_logs < 0)
		settings->metrics_max_logs = MAX_LOGS_DEFAULT;
}

/* Workers. */

/* Inside Kubernetes its share counts, not the node's processors (1.1). */
static int64_t detected_processors(struct world *world)
{
	struct arena *scratch = arena_create();
	int64_t processors = world_processors(world), shares;
	struct str unused, text;

	if (environment_get(world, STR("KUBERNETES_PORT"), &unused) &&
	    files_read(world, CPU_SHARES_FILE, 64, scratch, &text, NULL) &&
	    str_to_int64(str_slice(text, 0, str_find_char(text, '\n')), &shares) && shares > 0)
		processors = (shares - 1) / CPU_SHARES_OF_ONE + 1;
	arena_destroy(scratch);
	return processors < GATEWAY_WORKERS_MAX ? processors : GATEWAY_WORKERS_MAX;
}

static bool read_workers(struct settings *settings, const struct process_texts *texts,
			 struct world *world, struct error *error)
{
	struct str text = texts->workers;

	settings->workers = 1;
	if (!str_equal(texts->master, STR("")) && !str_equal(texts->master, STR("on")) &&
	    !str_equal(texts->master, STR("off")))
		return error_set(error, ERROR_INVALID, "--master is on or off, not \"%.*s\"",
				 STR_ARG(texts->master));
	if (text.size > 0 && !str_equal(text, STR("auto"))) {
		if (!str_to_int64(text, &settings->workers) || settings->workers < 1 ||
		    settings->workers > GATEWAY_WORKERS_MAX)
			return error_set(error, ERROR_INVALID,
					 "invalid number of workers: \"%.*s\" (1 to %d, or auto)",
					 STR_ARG(text), GATEWAY_WORKERS_MAX);
	} else if (!texts->is_development) {
		settings->workers = detected_processors(world);
	}
	if (str_equal(texts->master, STR("off")))
		settings->workers = 1;
	return true;
}

bool gateway_settings_read_process(struct settings *settings, const struct process_texts *texts,
				   struct world *world, struct error *error)
{
	read_logs(settings, texts, world);
	if (texts->is_daemon)
		gateway_settings_note(
			settings, LEVEL_WARN,
			STR("--daemon is not supported: the process stays in the foreground"));
	if (texts->signal.size > 0)
		return error_set(error, ERROR_INVALID,
				 "--signal is not supported: send SIGTERM to the process itself");
	return read_workers(settings, texts, world, error);
}

/* What is not offered. */

/* Scripts and tracing, which a program in C has no use for, and variables of later releases. */
static const struct {
	struct str name;
	struct str harmless; /* says nothing new; empty: none does */
} unsupported[] = {
	{STR_INIT("APICAST_MODULE"), STR_INIT("apicast")},
	{STR_INIT("APICAST_CUSTOM_CONFIG"), STR_INIT("")},
	{STR_INIT("OPENTRACING_TRACER"), STR_INIT("")},
	{STR_INIT("OPENTRACING_CONFIG"), STR_INIT("")},
	{STR_INIT("OPENTELEMETRY"), STR_INIT("")},
	{STR_INIT("OPENTELEMETRY_CONFIG"), STR_INIT("")},
	{STR_INIT("APICAST_BUILTIN_POLICY_LOAD_PATH"), STR_INIT("")},
	{STR_INIT("APICAST_LOAD_SERVICES_WHEN_NEEDED"), STR_INIT("false")},
	{STR_INIT("APICAST_SERVICE_CACHE_SIZE"), STR_INIT("1000")},
	{STR_INIT("APICAST_HTTPS_VERIFY_CLIENT"), STR_INIT("optional_no_ca")},
	{STR_INIT("HTTP_KEEPALIVE_TIMEOUT"), STR_INIT("75")},
	{STR_INIT("APICAST_HTTP_PROXY_PROTOCOL"), STR_INIT("false")},
	{STR_INIT("APICAST_HTTPS_PROXY_PROTOCOL"), STR_INIT("false")},
	{STR_INIT("APICAST_LARGE_CLIENT_HEADER_BUFFERS"), STR_INIT("4 8k")},
	{STR_INIT("APICAST_PROXY_BUFFER_SIZE"), STR_INIT("")},
	{STR_INIT("APICAST_CACHE_STATUS_CODES"), STR_INIT("")},
	{STR_INIT("APICAST_CACHE_MAX_TIME"), STR_INIT("")},
	{STR_INIT("APICAST_LUA_SOCKET_KEEPALIVE_REQUESTS"), STR_INIT("")},
	{STR_INIT("APICAST_ACCESS_LOG_BUFFER"), STR_INIT("")},
	{STR_INIT("APICAST_POLICY_BATCHER_SHARED_MEMORY_SIZE"), STR_INIT("20m")},
};

void gateway_settings_note_unsupported(struct settings *settings, struct world *world)
{
	struct str names = STR("");

	for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
		struct str value = environment_text(world, unsupported[i].name, STR(""));

		if (value.size == 0 || str_equal(value, unsupported[i].harmless))
			continue;
		names = STR_CONCAT(settings->arena, names, names.size > 0 ? STR(", ") : STR(""),
				   unsupported[i].name);
	}
	if (names.size > 0)
		gateway_settings_note(
			settings, LEVEL_WARN,
			STR_CONCAT(settings->arena, STR("set, but not supported: "), names));
}

/* --test. */

void gateway_settings_report_test(const struct settings *settings, struct world *world)
{
	static const char *const loaders[] = {"boot", "lazy", "test"};
	static const char *const sources[] = {"none", "file", "data", "portal"};

	log_write(world, LOG_STDOUT, STR("the configuration is fine"));
	if (!settings->shows_settings)
		return;
	log_format(world, LOG_STDOUT, "environment: %.*s", STR_ARG(settings->environment));
	log_format(world, LOG_STDOUT, "loader: %s", loaders[settings->loader]);
	if (settings->cache_is_set)
		log_format(world, LOG_STDOUT, "cache: %d s", (int)settings->cache_s);
	log_format(
		world, LOG_STDOUT, "source: %s %.*s", sources[settings->source],
		STR_ARG(settings->source == SOURCE_PORTAL ? settings->portal_url : settings->file));
	log_format(world, LOG_STDOUT, "workers: %d", (int)settings->workers);
	log_format(world, LOG_STDOUT, "log level: %.*s",
		   STR_ARG(log_level_name(settings->log_level)));
	log_format(world, LOG_STDOUT, "management: %.*s", STR_ARG(settings->management));
	log_format(world, LOG_STDOUT, "path routing: %s",
		   settings->path_routing_only ? "only"
		   : settings->path_routing    ? "on"
					       : "off");
}
