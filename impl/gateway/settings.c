#include "gateway/settings.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/options.h"
#include "base/pattern.h"
#include "gateway/retry_cases.h"
#include "gateway/settings_process.h"
#include "gateway/settings_source.h"
#include "gateway/shared_stores.h"
#include "world/component.h"
#include "world/environment.h"
#include "world/files.h"
#include "world/log.h"

#define GATEWAY_VERSION "3.6.0"
#define SECONDS_MAX INT32_MAX
#define OAUTH_TOKENS_TTL_S 604800 /* a week (1.3) */
#define USAGE "gateway [start] [OPTION...]"

/* The texts of variables and options before they are looked at. */
struct raw {
	struct str deployment, environments, loader, cache;
	struct source_texts source;
	struct str portal_timeout, services_list, services_list_old, services_filter;
	struct str path_routing, path_routing_old, path_routing_only;
	struct str backend_override, cache_handler, response_codes, reporting_threads;
	struct str validate_policies, directory, policy_load_path, retry_cases;
	struct str verify, ca_file, resolver;
	struct str management, extended_metrics;
	struct str oidc_log_level, oauth_tokens_ttl, redis_host, redis_port, redis_url;
	struct process_texts process;
	struct option_texts environment_options, policy_options; /* instead of the variables' */
	bool boot, lazy, development, refresh_is_given;
	int64_t refresh_s;
	struct str ignored;
};

static const struct variable {
	struct str name;
	size_t offset;
} variables[] = {
	{STR_INIT("THREESCALE_DEPLOYMENT_ENV"), offsetof(struct raw, deployment)},
	{STR_INIT("APICAST_ENVIRONMENT"), offsetof(struct raw, environments)},
	{STR_INIT("APICAST_CONFIGURATION"), offsetof(struct raw, source.configuration)},
	{STR_INIT("THREESCALE_CONFIG_FILE"), offsetof(struct raw, source.config_file)},
	{STR_INIT("THREESCALE_PORTAL_ENDPOINT"), offsetof(struct raw, source.portal)},
	{STR_INIT("APICAST_CONFIGURATION_LOADER"), offsetof(struct raw, loader)},
	{STR_INIT("APICAST_CONFIGURATION_CACHE"), offsetof(struct raw, cache)},
	{STR_INIT("APICAST_CONFIGURATION_TIMEOUT"), offsetof(struct raw, portal_timeout)},
	{STR_INIT("APICAST_SERVICES_LIST"), offsetof(struct raw, services_list)},
	{STR_INIT("APICAST_SERVICES"), offsetof(struct raw, services_list_old)},
	{STR_INIT("APICAST_SERVICES_FILTER_BY_URL"), offsetof(struct raw, services_filter)},
	{STR_INIT("APICAST_PATH_ROUTING"), offsetof(struct raw, path_routing)},
	{STR_INIT("APICAST_PATH_ROUTING_ENABLED"), offsetof(struct raw, path_routing_old)},
	{STR_INIT("APICAST_PATH_ROUTING_ONLY"), offsetof(struct raw, path_routing_only)},
	{STR_INIT("BACKEND_ENDPOINT_OVERRIDE"), offsetof(struct raw, backend_override)},
	{STR_INIT("APICAST_BACKEND_CACHE_HANDLER"), offsetof(struct raw, cache_handler)},
	{STR_INIT("APICAST_RESPONSE_CODES"), offsetof(struct raw, response_codes)},
	{STR_INIT("APICAST_REPORTING_THREADS"), offsetof(struct raw, reporting_threads)},
	{STR_INIT("APICAST_VALIDATE_POLICY_CONFIGS"), offsetof(struct raw, validate_policies)},
	{STR_INIT("APICAST_DIR"), offsetof(struct raw, directory)},
	{STR_INIT("APICAST_POLICY_LOAD_PATH"), offsetof(struct raw, policy_load_path)},
	{STR_INIT("APICAST_UPSTREAM_RETRY_CASES"), offsetof(struct raw, retry_cases)},
	{STR_INIT("OPENSSL_VERIFY"), offsetof(struct raw, verify)},
	{STR_INIT("SSL_CERT_FILE"), offsetof(struct raw, ca_file)},
	{STR_INIT("RESOLVER"), offsetof(struct raw, resolver)},
	{STR_INIT("APICAST_LOG_LEVEL"), offsetof(struct raw, process.log_level)},
	{STR_INIT("APICAST_LOG_FILE"), offsetof(struct raw, process.log_file)},
	{STR_INIT("APICAST_ACCESS_LOG_FILE"), offsetof(struct raw, process.access_log_file)},
	{STR_INIT("APICAST_MANAGEMENT_API"), offsetof(struct raw, management)},
	{STR_INIT("APICAST_EXTENDED_METRICS"), offsetof(struct raw, extended_metrics)},
	{STR_INIT("APICAST_OIDC_LOG_LEVEL"), offsetof(struct raw, oidc_log_level)},
	{STR_INIT("APICAST_OAUTH_TOKENS_TTL"), offsetof(struct raw, oauth_tokens_ttl)},
	{STR_INIT("REDIS_HOST"), offsetof(struct raw, redis_host)},
	{STR_INIT("REDIS_PORT"), offsetof(struct raw, redis_port)},
	{STR_INIT("REDIS_URL"), offsetof(struct raw, redis_url)},
	{STR_INIT("NGINX_METRICS_LOG_LEVEL"), offsetof(struct raw, process.metrics_log_level)},
	{STR_INIT("NGINX_METRICS_MAX_LOGS"), offsetof(struct raw, process.metrics_max_logs)},
	{STR_INIT("APICAST_WORKERS"), offsetof(struct raw, process.workers)},
};

/* 1.5. A preset decides only what it names. */
static const struct preset {
	struct str name;
	bool has_loader;
	enum loader_mode loader;
	bool has_cache;
	int64_t cache_s;
	bool has_metrics;
} presets[] = {
	{STR_INIT("production"), true, LOADER_BOOT, true, 300, true},
	{STR_INIT("staging"), true, LOADER_LAZY, false, 0, true},
	{STR_INIT("sandbox"), true, LOADER_LAZY, false, 0, true},
	{STR_INIT("development"), true, LOADER_LAZY, true, 0, true},
};

static bool is_true(struct str text)
{
	return str_equal(text, STR("true")) || str_equal(text, STR("1"));
}

static int64_t int_or(struct str text, int64_t fallback)
{
	int64_t value;

	return str_to_int64(text, &value) ? value : fallback;
}

/* More would not fit into microseconds. */
static int64_t bounded_seconds(int64_t seconds)
{
	return seconds < SECONDS_MAX ? seconds : SECONDS_MAX;
}

void gateway_settings_note(struct settings *settings, enum log_level level, struct str text)
{
	vec_push(&settings->notices, ((struct settings_notice){level, text}));
}

static void read_variables(struct world *world, struct raw *raw)
{
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		struct str *value = (struct str *)(void *)((char *)raw + variables[i].offset);

		*value = environment_text(world, variables[i].name, STR(""));
	}
}

static struct str joined(struct arena *arena, const struct option_texts *texts)
{
	struct str all = STR("");

	for (size_t i = 0; i < texts->count; i++)
		all = STR_CONCAT(arena, all, i > 0 ? STR(":") : STR(""), texts->items[i]);
	return all;
}

/* Options come after the variables and replace what those said. */
static bool read_options(struct settings *settings, struct raw *raw, struct world *world,
			 const struct str *arguments, size_t count, struct error *error)
{
	struct str word;
	const struct option options[] = {
		{"address", 0, OPTION_TEXT, &settings->address, NULL, "IP",
		 "address of all its ports (any)"},
		{"port", 0, OPTION_PORT, &settings->port, NULL, "N", "port of the proxy (8080)"},
		{"management-port", 0, OPTION_PORT, &settings->management_port, NULL, "N",
		 "port of the management API (8090)"},
		{"metrics-port", 0, OPTION_PORT, &settings->metrics_port, NULL, "N",
		 "port of the metrics (9421)"},
		{"echo-port", 0, OPTION_PORT, &settings->echo_port, NULL, "N",
		 "port of the echo API and mock backend (8081)"},
		{"configuration", 'c', OPTION_TEXT, &raw->source.configuration, NULL, "FILE",
		 "configuration file or URI"},
		{"config", 0, OPTION_TEXT, &raw->source.configuration, NULL, "FILE",
		 "same as --configuration"},
		{"channel", '3', OPTION_TEXT, &raw->deployment, NULL, "NAME",
		 "deployment environment"},
		{"environment", 'e', OPTION_TEXTS, &raw->environment_options, NULL, "NAMES",
		 "presets to load, separated by ':'"},
		{"development", 0, OPTION_FLAG, &raw->development, NULL, NULL,
		 "load the preset development"},
		{"dev", 0, OPTION_FLAG, &raw->development, NULL, NULL, "same as --development"},
		{"boot", 'b', OPTION_FLAG, &raw->boot, NULL, NULL, "load everything at the start"},
		{"lazy", 'l', OPTION_FLAG, &raw->lazy, NULL, NULL, "load on demand"},
		{"refresh-interval", 'i', OPTION_INT, &raw->refresh_s, &raw->refresh_is_given,
		 "SECONDS", "how long a configuration is kept"},
		{"log-level", 0, OPTION_TEXT, &raw->process.log_level, NULL, "LEVEL",
		 "threshold of the error log"},
		{"log-file", 0, OPTION_TEXT, &raw->process.log_file, NULL, "FILE", "error log"},
		{"access-log-file", 0, OPTION_TEXT, &raw->process.access_log_file, NULL, "FILE",
		 "access log"},
		{"verbose", 'v', OPTION_COUNT, &raw->process.louder, NULL, NULL,
		 "one log level up"},
		{"quiet", 'q', OPTION_COUNT, &raw->process.quieter, NULL, NULL,
		 "one log level down"},
		{"policy-load-path", 0, OPTION_TEXTS, &raw->policy_options, NULL, "PATHS",
		 "directories of more policies' manifests, separated by ':'"},
		{"workers", 'w', OPTION_TEXT, &raw->process.workers, NULL, "N",
		 "worker processes (as many as processors)"},
		{"master", 'm', OPTION_TEXT, &raw->process.master, NULL, "on|off",
		 "off: a single process"},
		{"test", 't', OPTION_FLAG, &settings->is_test, NULL, NULL,
		 "load the configuration, say how that went, and end"},
		{"debug", 0, OPTION_FLAG, &settings->shows_settings, NULL, NULL,
		 "with --test: show what would be used"},
		{"pid", 'p', OPTION_TEXT, &settings->pid_file, NULL, "FILE",
		 "where the number of this process is written"},
		{"daemon", 'd', OPTION_FLAG, &raw->process.is_daemon, NULL, NULL,
		 "accepted; the process stays in the foreground"},
		{"signal", 's', OPTION_TEXT, &raw->process.signal, NULL, "NAME", "not supported"},
		{"template", 0, OPTION_TEXT, &raw->ignored, NULL, "FILE", "accepted and ignored"},
		{"share-ports", 0, OPTION_FLAG, &settings->shares_ports, NULL, NULL,
		 "other processes may listen on the same ports"},
		{"worker", 0, OPTION_INT, &settings->worker, NULL, "N", "which of several this is"},
		{"workers-total", 0, OPTION_INT, &settings->workers_total, NULL, "N",
		 "how many they are"},
		{"replacement", 0, OPTION_FLAG, &settings->replaces_worker, NULL, NULL,
		 "one before it has ended: what that had not reported is reported now"},
	};

	if (!component_read_options(world, USAGE, options, sizeof options / sizeof *options,
				    arguments, count, &word, 1, NULL, error))
		return false;
	if (settings->worker < 0 || settings->worker >= GATEWAY_WORKERS_MAX)
		return error_set(error, ERROR_INVALID, "--worker is a number below %d",
				 GATEWAY_WORKERS_MAX);
	if (raw->boot && raw->lazy)
		return error_set(error, ERROR_INVALID, "--boot and --lazy exclude each other");
	if (raw->environment_options.count > 0)
		raw->environments = joined(settings->arena, &raw->environment_options);
	if (raw->policy_options.count > 0)
		raw->policy_load_path = joined(settings->arena, &raw->policy_options);
	return true;
}

static const struct preset *preset_find(struct str name)
{
	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
		if (str_equal(presets[i].name, name))
			return &presets[i];
	}
	return NULL;
}

/* Scripts that set an environment up are files; presets are words. */
static void say_unknown_preset(struct world *world, struct str name)
{
	struct arena *scratch = arena_create();
	struct str content;
	bool is_file = str_find_char(name, '/') != STR_NOT_FOUND &&
		       files_read(world, name, LIMIT_CONFIG_BYTES, scratch, &content, NULL);

	if (is_file || str_equal(name, STR("standalone")))
		log_format(world, LOG_STDOUT, "not loading %.*s: not supported", STR_ARG(name));
	else
		log_format(world, LOG_STDOUT, "not loading %.*s: no configuration found",
			   STR_ARG(name));
	arena_destroy(scratch);
}

static void apply_preset(struct settings *settings, struct world *world, struct raw *raw,
			 struct str name)
{
	const struct preset *preset = preset_find(name);

	if (preset == NULL) {
		if (!settings->shares_ports)
			say_unknown_preset(world, name);
		return;
	}
	if (!settings->shares_ports) /* its parent has said so */
		log_format(world, LOG_STDOUT, "loading %.*s environment configuration: builtin",
			   STR_ARG(name));
	if (preset->has_loader)
		settings->loader = preset->loader;
	if (preset->has_cache) {
		settings->cache_s = preset->cache_s;
		settings->cache_is_set = true;
	}
	settings->has_metrics |= preset->has_metrics;
	raw->process.is_development |= str_equal(name, STR("development"));
}

static void apply_presets(struct settings *settings, struct world *world, struct raw *raw)
{
	struct str rest = raw->environments, name;

	settings->loader = LOADER_LAZY;
	apply_preset(settings, world, raw, settings->environment);
	while (str_next_field(&rest, ':', &name)) {
		if (name.size > 0)
			apply_preset(settings, world, raw, name);
	}
	if (raw->development)
		apply_preset(settings, world, raw, STR("development"));
}

static bool apply_loader(struct settings *settings, const struct raw *raw, struct error *error)
{
	static const struct str names[] = {[LOADER_BOOT] = STR_INIT("boot"),
					   [LOADER_LAZY] = STR_INIT("lazy"),
					   [LOADER_TEST] = STR_INIT("test")};
	int64_t cache_s;

	if (str_to_int64(raw->cache, &cache_s)) {
		settings->cache_s = bounded_seconds(cache_s);
		settings->cache_is_set = true;
	}
	if (raw->refresh_is_given) {
		settings->cache_s = bounded_seconds(raw->refresh_s);
		settings->cache_is_set = true;
	}
	if (raw->boot || raw->lazy) {
		settings->loader = raw->boot ? LOADER_BOOT : LOADER_LAZY;
		return true;
	}
	if (raw->loader.size == 0)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_equal(raw->loader, names[i])) {
			settings->loader = (enum loader_mode)i;
			return true;
		}
	}
	return error_set(error, ERROR_INVALID, "invalid config loader mode");
}

static void read_services(struct settings *settings, const struct raw *raw)
{
	struct str list = raw->services_list, rest, field;
	struct error reason;
	size_t count = 0;

	if (list.size == 0 && raw->services_list_old.size > 0) {
		list = raw->services_list_old;
		gateway_settings_note(
			settings, LEVEL_WARN,
			STR("DEPRECATION NOTICE: Use APICAST_SERVICES_LIST not APICAST_SERVICES as "
			    "this will soon be unsupported"));
	}
	for (rest = list; str_next_field(&rest, ',', &field);)
		count++;
	settings->services_list = ARENA_ARRAY(settings->arena, struct str, count + 1);
	for (rest = list; str_next_field(&rest, ',', &field);) {
		if (str_trim(field).size > 0)
			settings->services_list[settings->services_list_count++] = str_trim(field);
	}
	if (raw->services_filter.size == 0)
		return;
	settings->services_filter = pattern_create(raw->services_filter, &reason);
	if (settings->services_filter == NULL) {
		settings->services_filter_is_broken = true;
		gateway_settings_note(
			settings, LEVEL_ERROR,
			str_format(settings->arena,
				   "APICAST_SERVICES_FILTER_BY_URL cannot compile and all services "
				   "are filtering out, error: %s",
				   reason.text));
	}
}

static void read_routing(struct settings *settings, const struct raw *raw)
{
	settings->path_routing_only = is_true(raw->path_routing_only);
	settings->path_routing = is_true(raw->path_routing) || settings->path_routing_only;
	if (raw->path_routing_old.size > 0) {
		settings->path_routing |= is_true(raw->path_routing_old);
		gateway_settings_note(
			settings, LEVEL_WARN,
			STR("DEPRECATION NOTICE: Use APICAST_PATH_ROUTING not "
			    "APICAST_PATH_ROUTING_ENABLED as this will soon be unsupported"));
	}
}

static void read_backend(struct settings *settings, const struct raw *raw)
{
	if (raw->backend_override.size > 0) {
		/* One that cannot be used is one that nobody reaches (4.1). */
		settings->has_backend_override = true;
		if (!upstream_target_parse(settings->arena, raw->backend_override,
					   &settings->backend_override))
			gateway_settings_note(settings, LEVEL_ERROR,
					      STR("BACKEND_ENDPOINT_OVERRIDE: invalid endpoint"));
	}
	settings->cache_handler = CACHE_HANDLER_STRICT;
	if (str_equal(raw->cache_handler, STR("resilient")))
		settings->cache_handler = CACHE_HANDLER_RESILIENT;
	else if (raw->cache_handler.size > 0 && !str_equal(raw->cache_handler, STR("strict")))
		settings->cache_handler = CACHE_HANDLER_NONE;
	settings->response_codes = is_true(raw->response_codes);
	settings->reporting_threads = int_or(raw->reporting_threads, 0);
	if (settings->reporting_threads > 0)
		gateway_settings_note(
			settings, LEVEL_WARN,
			str_format(settings->arena,
				   "using experimental asynchronous reporting threads: %lld",
				   (long long)settings->reporting_threads));
}

/* The store of the native OAuth flow (4.9), and what is said about identity providers. */
static void read_oauth(struct settings *settings, const struct raw *raw)
{
	settings->oidc_log_level = LEVEL_ERROR;
	log_level_from_name(raw->oidc_log_level, &settings->oidc_log_level);
	settings->oauth_tokens_ttl_s = int_or(raw->oauth_tokens_ttl, OAUTH_TOKENS_TTL_S);
	settings->redis_url = raw->redis_url;
	if (raw->redis_url.size == 0)
		settings->redis_url = STR_CONCAT(
			settings->arena, STR("redis://"),
			raw->redis_host.size > 0 ? raw->redis_host : STR("127.0.0.1"), STR(":"),
			raw->redis_port.size > 0 ? raw->redis_port : STR("6379"));
}

static void read_policies(struct settings *settings, const struct raw *raw)
{
	struct str unknown, cases = raw->retry_cases;

	settings->validate_policy_configs = is_true(raw->validate_policies);
	settings->policy_load_path = raw->policy_load_path;
	if (settings->policy_load_path.size == 0)
		settings->policy_load_path =
			STR_CONCAT(settings->arena, raw->directory,
				   raw->directory.size > 0 ? STR("/") : STR(""), STR("policies"));
	settings->retry_cases =
		retry_cases_parse(cases.size > 0 ? cases : STR("error timeout"), &unknown);
	if (unknown.size > 0)
		gateway_settings_note(settings, LEVEL_WARN,
				      str_format(settings->arena,
						 "APICAST_UPSTREAM_RETRY_CASES: unknown case %.*s",
						 STR_ARG(unknown)));
}

static void read_resolver(struct settings *settings, const struct raw *raw)
{
	struct str address, port;
	uint16_t number;

	if (raw->resolver.size == 0)
		return;
	if (url_host_is_ip(raw->resolver) ||
	    (str_split_once(raw->resolver, ':', &address, &port) && url_host_is_ip(address) &&
	     str_to_uint16(port, &number)))
		settings->resolver = raw->resolver;
	else
		gateway_settings_note(settings, LEVEL_ERROR,
				      str_format(settings->arena,
						 "invalid resolver %.*s error: invalid address",
						 STR_ARG(raw->resolver)));
}

static bool read_all(struct settings *settings, struct world *world, const struct str *arguments,
		     size_t count, struct error *error)
{
	struct raw raw = {0};

	read_variables(world, &raw);
	if (!read_options(settings, &raw, world, arguments, count, error)) {
		if (error->kind != ERROR_HELP) /* 1.4 */
			log_write(world, LOG_STDERR, STR("Usage: refscale " USAGE));
		return false;
	}
	settings->environment = raw.deployment.size > 0 ? raw.deployment : STR("production");
	settings->user_agent =
		STR_CONCAT(settings->arena, STR("APIcast/" GATEWAY_VERSION " (Linux; x64; env:"),
			   settings->environment, STR(") APIcast/" GATEWAY_VERSION));
	settings->short_user_agent = STR_CONCAT(
		settings->arena, STR("APIcast/" GATEWAY_VERSION "+"), settings->environment);
	apply_presets(settings, world, &raw);
	if (!apply_loader(settings, &raw, error))
		return false;
	gateway_settings_choose_source(settings, &raw.source, raw.process.is_development);
	settings->portal_timeout_s = bounded_seconds(int_or(raw.portal_timeout, 3));
	read_services(settings, &raw);
	read_routing(settings, &raw);
	read_backend(settings, &raw);
	read_oauth(settings, &raw);
	read_policies(settings, &raw);
	settings->verify_peer = is_true(raw.verify);
	settings->ca_file = raw.ca_file;
	read_resolver(settings, &raw);
	settings->extended_metrics = is_true(raw.extended_metrics);
	settings->management = raw.management.size > 0 ? raw.management : STR("status");
	gateway_settings_note_unsupported(settings, world);
	return network_read(&settings->network, world, settings->arena, error) &&
	       gateway_settings_read_process(settings, &raw.process, world, error);
}

bool gateway_settings_read(struct settings *settings, struct world *world,
			   const struct str *arguments, size_t count, struct error *error)
{
	struct str *copies;

	*settings = (struct settings){
		.arena = arena_create(),
		.port = 8080,
		.management_port = 8090,
		.metrics_port = 9421,
		.echo_port = 8081,
	};
	/* Arguments are valid during the start only. */
	copies = ARENA_ARRAY(settings->arena, struct str, count + 1);
	for (size_t i = 0; i < count; i++)
		copies[i] = str_copy(settings->arena, arguments[i]);
	if (read_all(settings, world, copies, count, error))
		return true;
	gateway_settings_free(settings);
	return false;
}

void gateway_settings_free(struct settings *settings)
{
	pattern_destroy(settings->services_filter);
	vec_free(&settings->notices);
	arena_destroy(settings->arena);
	*settings = (struct settings){0};
}

struct str settings_service_version(struct world *world, struct arena *arena, struct str service_id)
{
	struct str name = STR_CONCAT(arena, STR("APICAST_SERVICE_"), service_id,
				     STR("_CONFIGURATION_VERSION"));

	return environment_text(world, name, STR("latest"));
}

bool settings_lists_service(const struct settings *settings, struct str service_id)
{
	for (size_t i = 0; i < settings->services_list_count; i++) {
		if (str_equal(settings->services_list[i], service_id))
			return true;
	}
	return false;
}
