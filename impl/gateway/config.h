/* One version of the configuration: services as the gateway uses them (spec/gateway.md 2.6).
 *
 * Immutable, in one arena, counted: created with one reference; the last config_release() frees it.
 * A request keeps a reference for as long as it uses the service.
 */
#ifndef GATEWAY_CONFIG_H
#define GATEWAY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "gateway/credentials.h"
#include "gateway/mapping_rules.h"
#include "gateway/policies/chain.h"
#include "gateway/template_value.h"
#include "gateway/upstream_target.h"
#include "http/message.h"

struct arena;
struct error;
struct error_log;
struct json;
struct jwt_issuer;
struct map;
struct settings;

/* What the gateway itself answers to a call of a service (3.6, 3.7). */
enum answer_kind {
	ANSWER_AUTH_MISSING,
	ANSWER_AUTH_FAILED,
	ANSWER_NO_MATCH,
	ANSWER_LIMITS_EXCEEDED,
	ANSWERS
};

struct answer_text {
	int status;
	struct str body, content_type;
};

/* Where backend is, and what every call of the service to it holds (4.1 to 4.3). */
struct backend_endpoint {
	bool is_mock; /* the gateway's own, on its echo port */
	bool is_tls;
	struct str host;
	uint16_t port;
	struct str host_header; /* also the TLS name */
	/* Path and the arguments that never change, ends with '&'; but for reports, whose arguments
	 * are in the body. */
	struct str authrep, authorize, report;
	struct http_fields fields, report_fields;
};

struct service {
	struct str id, system_name;
	struct str backend_version_text;
	bool is_oidc, is_native_oauth;
	const struct jwt_issuer *issuer; /* NULL: nothing that tokens could be judged by (10.2) */
	struct str issuer_endpoint;      /* its URL, with a client's secret: never in a log */
	struct template_value client_id; /* plain: the claim's name; empty: azp (10.3) */
	struct str oauth_login_url;      /* of the native flow (4.9) */
	struct credentials_rules credentials;
	struct str authentication_type, authentication_value; /* a secret: never in a log */
	struct backend_endpoint backend;
	struct str *hosts; /* in lower case */
	size_t hosts_count;
	bool has_upstream;
	struct upstream_target upstream;
	struct str hostname_rewrite, secret_token; /* empty: none */
	struct mapping_rules rules;
	struct policy_chain chain;
	struct policy_exports exports; /* of all its policies */
	struct answer_text answers[ANSWERS];
	const struct json *original;
};

/* The services of one host, in array order. More than one only with path routing (3.3). */
struct host_services {
	const struct service **items;
	size_t count;
};

struct config {
	struct arena *arena;
	size_t references;
	struct service *services;
	size_t services_count;
	struct map *hosts; /* host -> struct host_services */
};

/* From {"services":[...],"oidc":[...],"issuers":{...}}; takes the arena that `json` lives in, also
 * on failure. NULL and *error when a service cannot be read. Warnings of section 1.6 and 1.7 go to
 * the log. */
struct config *config_create(struct arena *arena, const struct json *json,
			     const struct settings *settings, struct error_log *log,
			     struct error *error);
struct config *config_retain(struct config *config);
void config_release(struct config *config); /* NULL is allowed */

/* The text of a document in the loader's words (1.7) when it is not JSON. */
struct json *config_parse_json(struct arena *arena, struct str text, struct error *error);

#endif
