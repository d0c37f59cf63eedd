/* What environment variables, presets and the command line say (spec/gateway.md 1.2 to 1.5). Read
 * once at start; immutable afterwards.
 */
#ifndef GATEWAY_SETTINGS_H
#define GATEWAY_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/url.h"
#include "base/vec.h"
#include "gateway/auth_cache.h"
#include "gateway/error_log.h"
#include "gateway/log_output.h"
#include "gateway/network.h"
#include "gateway/upstream_target.h"

struct arena;
struct error;
struct pattern;
struct world;

enum loader_mode { LOADER_BOOT, LOADER_LAZY, LOADER_TEST };

enum configuration_source {
	SOURCE_NONE,
	SOURCE_FILE,
	SOURCE_DATA,   /* the content itself, from a data: URI */
	SOURCE_PORTAL, /* section 2 */
};

/* Something to say once the log is open. */
struct settings_notice {
	enum log_level level;
	struct str text;
};

struct settings {
	struct arena *arena;
	struct str address; /* of all of them; empty: any */
	uint16_t port, management_port, metrics_port, echo_port;
	bool has_metrics;

	/* Processes: 1 serves itself, more are supervised (1.1). */
	int64_t workers;
	bool shares_ports;             /* one of several */
	int64_t worker, workers_total; /* which, of how many */
	bool replaces_worker;          /* one that ended */
	struct str pid_file;           /* empty: none */
	bool is_test, shows_settings;  /* -t, --debug */

	struct str environment; /* THREESCALE_DEPLOYMENT_ENV, verbatim */
	enum loader_mode loader;
	int64_t cache_s; /* 0: none or unset, < 0: for ever */
	bool cache_is_set;

	enum configuration_source source;
	struct str file;
	struct str data;
	bool data_is_yaml;
	struct url portal; /* texts are the URL's own, which holds the token: never log it */
	struct str portal_url, portal_authority; /* without user and password */
	int64_t portal_timeout_s;
	struct str *services_list;
	size_t services_list_count;
	struct pattern *services_filter; /* NULL: none */
	bool services_filter_is_broken;
	bool path_routing, path_routing_only;

	bool has_backend_override;
	struct upstream_target backend_override;
	enum cache_handler cache_handler;
	bool response_codes;
	int64_t reporting_threads;

	enum log_level oidc_log_level; /* of lines about providers that cannot be read */
	int64_t oauth_tokens_ttl_s;    /* of tokens of the native flow (4.9) */
	struct str redis_url;          /* its store; may hold a password: never log it */

	bool validate_policy_configs;
	struct str policy_load_path; /* directories, separated by ':' */
	unsigned retry_cases;        /* of retry_cases.h */

	bool verify_peer;
	struct str ca_file;
	struct str resolver; /* "ip" or "ip:port"; empty: the system's only */
	struct network network;

	enum log_level log_level;
	struct log_output error_log, access_log;
	struct str management; /* the scope's word */
	bool extended_metrics;
	enum log_level metrics_log_level;
	int64_t metrics_max_logs;
	struct str user_agent, short_user_agent; /* User-Agent and X-3scale-User-Agent (4.3) */

	VEC(struct settings_notice) notices;
};

/* False and *error on wrong usage (the exit status is 1, section 1.4) or a value that must stop the
 * start. Everything lives in settings->arena until gateway_settings_free(). */
bool gateway_settings_read(struct settings *settings, struct world *world,
			   const struct str *arguments, size_t count, struct error *error);
void gateway_settings_free(struct settings *settings);
/* While they are read: what the log says at the start. The text is of the arena, or constant. */
void gateway_settings_note(struct settings *settings, enum log_level level, struct str text);
/* For --test: that it went well, and with --debug what would be used, without secrets. */
void gateway_settings_report_test(const struct settings *settings, struct world *world);

/* APICAST_SERVICE_<ID>_CONFIGURATION_VERSION, or "latest". */
struct str settings_service_version(struct world *world, struct arena *arena,
				    struct str service_id);
bool settings_lists_service(const struct settings *settings, struct str service_id);

#endif
