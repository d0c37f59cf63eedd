#include "gateway/config_service.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/url.h"
#include "gateway/error_log.h"
#include "gateway/jwt.h"
#include "gateway/settings.h"

#define MOCK_BACKEND "http://127.0.0.1" /* the port is that of the echo API */
#define BACKEND_OPTIONS "rejection_reason_header=1&limit_headers=1"

static struct str text_or(const struct json *object, struct str key, struct str fallback)
{
	struct str text = json_scalar_text(json_get(object, key));

	return text.size > 0 ? text : fallback;
}

/* Names of the error_* fields and what holds without them (2.6, 3.7). */
static const struct {
	struct str body_key, status_key, content_type_key;
	struct answer_text fallback;
} answer_fields[ANSWERS] = {
#define PLAIN STR_INIT("text/plain; charset=utf-8")
	[ANSWER_AUTH_MISSING] = {STR_INIT("error_auth_missing"),
				 STR_INIT("error_status_auth_missing"),
				 STR_INIT("error_headers_auth_missing"),
				 {401, STR_INIT("Authentication parameters missing"), PLAIN}},
	[ANSWER_AUTH_FAILED] = {STR_INIT("error_auth_failed"),
				STR_INIT("error_status_auth_failed"),
				STR_INIT("error_headers_auth_failed"),
				{403, STR_INIT("Authentication failed"), PLAIN}},
	[ANSWER_NO_MATCH] = {STR_INIT("error_no_match"),
			     STR_INIT("error_status_no_match"),
			     STR_INIT("error_headers_no_match"),
			     {404, STR_INIT("No Mapping Rule matched"), PLAIN}},
	[ANSWER_LIMITS_EXCEEDED] = {STR_INIT("error_limits_exceeded"),
				    STR_INIT("error_status_limits_exceeded"),
				    STR_INIT("error_headers_limits_exceeded"),
				    {429, STR_INIT("Limits exceeded"), PLAIN}},
#undef PLAIN
};

static void parse_answers(const struct json *proxy, struct service *service)
{
	for (int i = 0; i < ANSWERS; i++) {
		struct answer_text *answer = &service->answers[i];
		const struct json *body = json_get(proxy, answer_fields[i].body_key);
		int64_t status = json_int(json_get(proxy, answer_fields[i].status_key), 0);
		struct str content_type = json_get_str(proxy, answer_fields[i].content_type_key);

		*answer = answer_fields[i].fallback;
		if (body != NULL && body->kind == JSON_STRING)
			answer->body = body->text;
		if (status >= 200 && status <= 599)
			answer->status = (int)status;
		if (content_type.size > 0 && http_is_field_value(content_type))
			answer->content_type = content_type;
	}
}

static enum backend_version parse_version(struct str text)
{
	if (str_equal(text, STR("1")))
		return BACKEND_VERSION_USER_KEY;
	if (str_equal(text, STR("2")))
		return BACKEND_VERSION_APP_ID;
	return str_equal(text, STR("oauth")) ? BACKEND_VERSION_OAUTH : BACKEND_VERSION_INVALID;
}

static enum credentials_location parse_location(struct str text)
{
	if (str_equal(text, STR("query")))
		return CREDENTIALS_IN_QUERY;
	if (str_equal(text, STR("headers")))
		return CREDENTIALS_IN_HEADERS;
	return str_equal(text, STR("authorization")) ? CREDENTIALS_IN_AUTHORIZATION
						     : CREDENTIALS_LOCATION_INVALID;
}

static void parse_credentials(struct arena *arena, const struct json *content,
			      const struct json *proxy, struct service *service)
{
	struct credentials_rules *rules = &service->credentials;
	struct str method;

	service->backend_version_text = json_scalar_text(json_get(content, STR("backend_version")));
	method = text_or(proxy, STR("authentication_method"), service->backend_version_text);
	service->is_oidc = str_equal(method, STR("oidc"));
	service->is_native_oauth = str_equal(method, STR("oauth"));
	rules->version = parse_version(service->backend_version_text);
	rules->location = parse_location(text_or(proxy, STR("credentials_location"), STR("query")));
	rules->user_key = str_lower(arena, text_or(proxy, STR("auth_user_key"), STR("user_key")));
	rules->app_id = str_lower(arena, text_or(proxy, STR("auth_app_id"), STR("app_id")));
	rules->app_key = str_lower(arena, text_or(proxy, STR("auth_app_key"), STR("app_key")));
}

static void parse_hosts(struct arena *arena, const struct json *proxy, struct service *service)
{
	const struct json *hosts = json_get(proxy, STR("hosts"));

	if (hosts == NULL || hosts->kind != JSON_ARRAY) {
		service->hosts = ARENA_ARRAY(arena, struct str, 1);
		service->hosts[service->hosts_count++] = STR("localhost");
		return;
	}
	service->hosts = ARENA_ARRAY(arena, struct str, hosts->count);
	JSON_EACH (host, hosts) {
		if (json_str(host).size > 0)
			service->hosts[service->hosts_count++] = str_lower(arena, json_str(host));
	}
}

/* Where backend is: the first row of 4.1 that says something. One that cannot be used is a backend
 * that nobody reaches, so that calls are refused: the mock, which grants all, is only for who has
 * named none. */
static void find_backend(const struct policy_loader *loader, const struct json *proxy,
			 const struct service *service, struct backend_endpoint *backend,
			 struct upstream_target *target)
{
	struct arena *arena = loader->arena;
	struct str endpoint = json_scalar_text(json_path(proxy, "backend.endpoint"));
	struct str host = json_str(json_path(proxy, "backend.host"));

	if (loader->settings->has_backend_override) {
		*target = loader->settings->backend_override;
		backend->host_header = target->host;
		return;
	}
	if (endpoint.size == 0) {
		upstream_target_parse(arena, STR(MOCK_BACKEND), target);
		backend->is_mock = true;
		host = target->host;
	} else if (!upstream_target_parse(arena, endpoint, target)) {
		*target = (struct upstream_target){0};
		LOG(loader->log, LEVEL_WARN, NULL,
		    "service %s: invalid backend endpoint: %s, its calls are refused",
		    log_text(arena, service->id), log_text(arena, endpoint));
	}
	backend->host_header = host.size > 0 && http_is_field_value(host) ? host : target->host;
}

/* Path, and the arguments that say who the service is. */
static struct str call_start(struct arena *arena, const struct service *service, struct str prefix,
			     struct str path)
{
	bool has_type =
		service->authentication_type.size > 0 && service->authentication_value.size > 0;

	while (str_has_suffix(prefix, STR("/")))
		prefix.size--;
	return STR_CONCAT(arena, prefix, path, STR("?"),
			  has_type ? url_encoded(arena, service->authentication_type) : STR(""),
			  has_type ? STR("=") : STR(""),
			  has_type ? url_encoded(arena, service->authentication_value) : STR(""),
			  has_type ? STR("&") : STR(""), STR("service_id="),
			  url_encoded(arena, service->id));
}

static void parse_calls(struct arena *arena, const struct service *service, struct str prefix,
			struct backend_endpoint *backend)
{
	bool is_oauth = service->credentials.version == BACKEND_VERSION_OAUTH;
	struct str authrep = is_oauth ? STR("/transactions/oauth_authrep.xml")
				      : STR("/transactions/authrep.xml");
	struct str authorize = is_oauth ? STR("/transactions/oauth_authorize.xml")
					: STR("/transactions/authorize.xml");

	backend->authrep = STR_CONCAT(arena, call_start(arena, service, prefix, authrep), STR("&"));
	backend->authorize =
		STR_CONCAT(arena, call_start(arena, service, prefix, authorize), STR("&"));
	backend->report = call_start(arena, service, prefix, STR("/transactions.xml"));
}

static void add_common_fields(struct http_fields *fields, struct arena *arena,
			      const struct backend_endpoint *backend,
			      const struct settings *settings)
{
	http_fields_init(fields, arena);
	http_fields_add(fields, STR("Host"), backend->host_header);
	http_fields_add(fields, STR("User-Agent"), settings->user_agent);
	http_fields_add(fields, STR("Connection"), STR("Keep-Alive"));
}

static void parse_backend(const struct policy_loader *loader, const struct json *content,
			  const struct json *proxy, struct service *service)
{
	const struct settings *settings = loader->settings;
	struct arena *arena = loader->arena;
	struct backend_endpoint *backend = &service->backend;
	bool native_oauth =
		service->credentials.version == BACKEND_VERSION_OAUTH && !service->is_oidc;
	struct upstream_target target;

	service->authentication_type = json_get_str(content, STR("backend_authentication_type"));
	service->authentication_value =
		json_scalar_text(json_get(content, STR("backend_authentication_value")));
	find_backend(loader, proxy, service, backend, &target);
	backend->is_tls = target.is_tls;
	backend->host = target.host;
	backend->port = target.port;
	parse_calls(arena, service, target.path, backend);
	add_common_fields(&backend->fields, arena, backend, settings);
	http_fields_add(&backend->fields, STR("3scale-options"),
			native_oauth ? STR(BACKEND_OPTIONS) : STR(BACKEND_OPTIONS "&no_body=1"));
	add_common_fields(&backend->report_fields, arena, backend, settings);
	http_fields_add(&backend->report_fields, STR("Content-Type"),
			STR("application/x-www-form-urlencoded"));
}

static void parse_upstream(struct arena *arena, const struct json *proxy, struct service *service)
{
	struct str secret = json_get_str(proxy, STR("secret_token"));
	struct str rewrite = json_get_str(proxy, STR("hostname_rewrite"));

	service->has_upstream = upstream_target_parse(
		arena, json_get_str(proxy, STR("api_backend")), &service->upstream);
	if (http_is_field_value(secret))
		service->secret_token = secret;
	if (http_is_field_value(rewrite))
		service->hostname_rewrite = rewrite;
}

static void parse_oauth(const struct policy_loader *loader, const struct json *proxy,
			const struct json *oidc, struct service *service)
{
	service->issuer = jwt_issuer_read(loader->arena, oidc, loader->log);
	service->issuer_endpoint = json_get_str(proxy, STR("oidc_issuer_endpoint"));
	service->client_id = template_value_read(loader, proxy, STR("jwt_claim_with_client_id"),
						 STR("jwt_claim_with_client_id_type"));
	if (http_is_field_value(json_get_str(proxy, STR("oauth_login_url"))))
		service->oauth_login_url = json_get_str(proxy, STR("oauth_login_url"));
}

bool config_service_parse(const struct policy_loader *loader, const struct json *content,
			  const struct json *oidc, struct service *service, struct error *error)
{
	const struct json *proxy = json_get(content, STR("proxy"));
	struct arena *arena = loader->arena;
	struct error warning;

	*service = (struct service){.original = content};
	service->id = text_or(content, STR("id"), STR("default"));
	service->system_name = json_get_str(content, STR("system_name"));
	parse_credentials(arena, content, proxy, service);
	parse_hosts(arena, proxy, service);
	parse_oauth(loader, proxy, oidc, service);
	parse_backend(loader, content, proxy, service);
	parse_upstream(arena, proxy, service);
	parse_answers(proxy, service);
	if (!mapping_rules_parse(arena, json_get(proxy, STR("proxy_rules")), &service->rules,
				 &warning, error))
		return error_wrap(error, "service %.*s", STR_ARG(service->id));
	if (warning.kind != ERROR_NONE)
		LOG(loader->log, LEVEL_WARN, NULL, "service %.*s: %s", STR_ARG(service->id),
		    warning.text);
	policy_chain_parse(loader, json_get(proxy, STR("policy_chain")), &service->chain);
	policy_chain_export(&service->chain, &service->exports);
	return true;
}
