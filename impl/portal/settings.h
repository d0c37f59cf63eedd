/* What the environment and the settings' file say to the portal (spec/portal.md 8.1). Texts are
 * borrowed from the world or from the arena of their source. */
#ifndef PORTAL_SETTINGS_H
#define PORTAL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "portal/flags.h"
#include "portal/jobs_times.h"
#include "portal/settings_redis.h"
#include "portal/settings_smtp.h"

struct error;
struct release;
struct settings_source;

enum tenant_mode { TENANT_MODE_MULTITENANT, TENANT_MODE_MASTER };

struct settings {
	const struct release *release;
	struct flags flags;
	struct job_times job_times;
	enum tenant_mode tenant_mode;
	struct str database_url; /* DATABASE_URL; empty: not set */
	struct str superdomain;
	struct str backend_endpoint; /* for gateways: content.proxy.backend */
	struct str internal_api;     /* ends with "/internal/" or as given; always with a slash */
	struct str registry;         /* the gateway's policies */
	struct str internal_user, internal_password;
	struct str zync_endpoint; /* ZYNC_ENDPOINT; empty: the portal keeps the routes itself */
	struct str zync_token;    /* ZYNC_AUTHENTICATION_TOKEN, also what X-Zync-Token must be */
	int64_t zync_connect_s, zync_send_s, zync_receive_s; /* section `zync` */
	struct str root; /* PORTAL_ROOT: uploads are in its public/system */
	bool force_ssl;
	struct str secret_key_base; /* SECRET_KEY_BASE, signs cookies; of chance unless set */
	struct str metrics_user,
		metrics_password; /* PROMETHEUS_USERNAME and _PASSWORD (metrics.h) */
	struct str amp_release;   /* AMP_RELEASE, to be shown; empty: not set */
	int64_t started_us;       /* when the settings were read, by the portal's clock */
	struct str events_secret; /* backend shows it; empty: nobody may */
	struct str noreply_email; /* NOREPLY_EMAIL, no-reply@<superdomain> */
	struct str impersonation_username, impersonation_domain; /* of master's user at tenants */
	struct redis_settings storage;                           /* backend's, for statistics */
	struct redis_settings jobs_redis; /* REDIS_URL; its url is empty when that is not set */
	struct smtp_settings smtp;
	int64_t port;            /* PORT, 3001 */
	int64_t unicorn_workers; /* UNICORN_WORKERS; 0: not set, one process does it all */
	/* Seeding (9.2); empty ones are generated. */
	struct str master_name, master_domain, master_user, master_access_token;
	struct str apicast_access_token;
	struct str provider_name, tenant_name, user_login, user_email, admin_access_token;
	struct str provider_plan;
	struct str master_password, user_password;
	int password_cost; /* base/password.h */
	bool sample_data;
	bool janitor_worker_enabled; /* the weekly purge: JANITOR_WORKER_ENABLED, 1 */
	/* ACTIVE_DOCS_PROXY_PRIVATE: the proxy of ActiveDocs may call private addresses, too. */
	bool docs_proxy_is_private;
	bool verifies_sandbox; /* the staging gateway's certificate, in the hosted test (5.2) */
};

/* `release`: as on the command line, empty for the default. */
bool portal_settings_read(struct settings *settings, const struct settings_source *source,
			  struct str release, struct error *error);
bool settings_has_flag(const struct settings *settings, enum flag flag);

#endif
