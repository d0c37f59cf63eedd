#include "gateway/discovery.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/jose.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "base/utc.h"
#include "gateway/gateway_internal.h"
#include "gateway/policies/chain.h"
#include "http/body.h"

#define WELL_KNOWN "/.well-known/openid-configuration"
/* Without progress, and in all: a provider must not hold up a configuration. */
#define TIMEOUT_MS 10000
#define PATIENCE_US (30 * UTC_SECOND_US)
#define SHOWN_BODY_BYTES 1024 /* in the log */
#define BODY_BYTES_MAX LIMIT_BACKEND_BODY_BYTES

static void ask_next(struct discovery *discovery);

/* What has to be asked. */

static void add_job(struct discovery *discovery, struct str issuer, struct json *answer)
{
	if (discovery->count == discovery->capacity) {
		size_t capacity = discovery->capacity * 2 + 4;
		struct discovery_job *jobs =
			ARENA_ARRAY(discovery->arena, struct discovery_job, capacity);

		for (size_t i = 0; i < discovery->count; i++)
			jobs[i] = discovery->jobs[i];
		discovery->jobs = jobs;
		discovery->capacity = capacity;
	}
	discovery->jobs[discovery->count++] = (struct discovery_job){issuer, answer};
}

/* The policies that ask an issuer of their own (9.4, oidc_authentication). */
static void add_policy(struct discovery *discovery, const struct json *policy, struct json *issuers)
{
	struct str issuer =
		json_get_str(json_get(policy, STR("configuration")), STR("issuer_endpoint"));
	struct str name = json_get_str(policy, STR("name"));

	if (!str_has_suffix(name, STR("oidc_authentication")) || issuer.size == 0 ||
	    json_get(issuers, issuer) != NULL)
		return;
	add_job(discovery, issuer,
		json_set(issuers, issuer, json_new_bool(discovery->arena, false)));
}

/* Chains inside policies too, as deep as they may be. */
static void add_chain(struct discovery *discovery, const struct json *chain, struct json *issuers)
{
	const struct json *next[POLICY_CHAIN_DEPTH_MAX];
	size_t depth = 0;

	next[depth++] = chain != NULL ? chain->first_child : NULL;
	while (depth > 0) {
		const struct json *policy = next[depth - 1], *inner;

		if (policy == NULL) {
			depth--;
			continue;
		}
		next[depth - 1] = policy->next;
		add_policy(discovery, policy, issuers);
		inner = json_path(policy, "configuration.policy_chain");
		if (inner != NULL && inner->kind == JSON_ARRAY && depth < POLICY_CHAIN_DEPTH_MAX)
			next[depth++] = inner->first_child;
	}
}

static void add_jobs(struct discovery *discovery, const struct json *services, struct json *oidc,
		     struct json *issuers)
{
	struct json *answer = oidc->first_child;

	JSON_EACH (service, services) {
		struct str issuer = json_str(json_path(service, "proxy.oidc_issuer_endpoint"));

		if (issuer.size > 0 && answer->kind != JSON_OBJECT)
			add_job(discovery, issuer, answer);
		add_chain(discovery, json_path(service, "proxy.policy_chain"), issuers);
		answer = answer->next;
	}
}

/* What comes back. */

static void job_done(struct discovery *discovery)
{
	discovery->at++;
	ask_next(discovery);
}

/* The value of a document takes the place of another, whose place it keeps. */
static void fill(struct json *place, const struct json *value)
{
	struct json *next = place->next;
	struct str key = place->key;

	*place = *value;
	place->next = next;
	place->key = key;
}

/* {kid: {...the JWK..., "pem": "..."}} of the keys that we can use. */
static struct json *keys_by_id(struct arena *arena, const struct json *jwks)
{
	struct json *keys = json_new(arena, JSON_OBJECT);
	struct arena *scratch = arena_create();

	JSON_EACH (jwk, json_get(jwks, STR("keys"))) {
		struct str id = json_get_str(jwk, STR("kid"));
		const struct jose_key *key = jose_key_from_jwk(scratch, jwk, NULL);
		struct json *copy;

		if (key == NULL || id.size == 0)
			continue;
		copy = json_set(keys, id, json_copy(arena, jwk));
		json_set(copy, STR("pem"), json_new_str(arena, jose_key_pem(arena, key)));
	}
	arena_destroy(scratch);
	return keys;
}

static void finish_job(struct discovery *discovery, const struct json *jwks)
{
	struct arena *arena = discovery->arena;
	struct json *answer = json_new(arena, JSON_OBJECT);
	const struct json *issuer = json_get(discovery->configuration, STR("issuer"));

	if (issuer != NULL)
		json_set(answer, STR("issuer"), json_copy(arena, issuer));
	json_set(answer, STR("config"), discovery->configuration);
	json_set(answer, STR("keys"), keys_by_id(arena, jwks));
	fill(discovery->jobs[discovery->at].answer, answer);
	job_done(discovery);
}

static const char *shown(struct discovery *discovery, struct str body)
{
	return log_text(discovery->arena, str_slice(body, 0, SHOWN_BODY_BYTES));
}

static bool is_json_type(struct str content_type)
{
	struct str type, parameters;

	str_split_once(content_type, ';', &type, &parameters);
	return str_equal_nocase(str_trim(type), STR("application/json"));
}

/* NULL: it is none, and the log says why. */
static struct json *read_answer(struct discovery *discovery, int status, struct str body)
{
	struct gateway *gateway = discovery->gateway;
	enum log_level level = gateway->settings.oidc_log_level;
	struct json *document = NULL;
	struct str content_type = STR("");

	if (status > 0)
		content_type = http_fields_get(&discovery->outgoing.call->response.fields,
					       STR("Content-Type"));
	if (status == 200 && !is_json_type(content_type)) {
		LOG(&gateway->log, level, NULL,
		    "invalid OIDC Provider, expected application/json got:  %s body: %s",
		    log_text(discovery->arena, content_type), shown(discovery, body));
		return NULL;
	}
	if (status == 200)
		document = json_parse(discovery->arena, body, BODY_BYTES_MAX, NULL);
	if (document != NULL && document->kind == JSON_OBJECT)
		return document;
	LOG(&gateway->log, level, NULL, "failed to get OIDC Provider from %s status: %d body: %s",
	    log_text(discovery->arena, discovery->url), status, shown(discovery, body));
	return NULL;
}

static void ask(struct discovery *discovery, struct str url_text, struct str more);

static void answered(struct discovery *discovery, int status, struct str body)
{
	struct json *document = read_answer(discovery, status, body);

	if (document == NULL) {
		job_done(discovery);
	} else if (discovery->asks_for_keys) {
		finish_job(discovery, document);
	} else {
		discovery->configuration = document;
		discovery->asks_for_keys = true;
		ask(discovery, json_get_str(document, STR("jwks_uri")), STR(""));
	}
}

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct discovery *discovery = data;
	int status = discovery->outgoing.call->response.status;

	discovery->collector = NULL;
	answered(discovery, result == HTTP_COLLECTED ? status : 0, bytes);
}

static void call_answered(struct outgoing *outgoing, void *data)
{
	struct discovery *discovery = data;
	struct http_body *body = http_call_take_body(outgoing->call);
	struct http_body_collector *collector;

	if (body == NULL) {
		answered(discovery, outgoing->call->response.status, STR(""));
		return;
	}
	collector = http_body_collect(body, BODY_BYTES_MAX, discovery->arena, body_collected,
				      discovery);
	if (collector != NULL)
		discovery->collector = collector;
}

static void call_failed(struct outgoing *outgoing, void *data)
{
	answered(data, 0, http_failure_text(outgoing_failure(outgoing)));
}

/* It answers, byte by byte. */
static void patience_ends(struct timer *timer)
{
	struct discovery *discovery = LIST_ENTRY(timer, struct discovery, patience);

	http_body_collector_stop(discovery->collector);
	discovery->collector = NULL;
	answered(discovery, 0, STR("timeout"));
}

/* Calls. */

static void make_fields(struct discovery *discovery, const struct url *url)
{
	struct arena *arena = discovery->arena;
	struct http_fields *fields = &discovery->fields;
	struct str user = url_decode(arena, url->user, false);
	struct str password = url_decode(arena, url->password, false);

	http_fields_init(fields, arena);
	http_fields_add(fields, STR("Host"), url_authority(arena, url));
	http_fields_add(fields, STR("User-Agent"), discovery->gateway->settings.user_agent);
	http_fields_add(fields, STR("Accept"), STR("*/*"));
	if (user.size + password.size > 0)
		http_fields_add(fields, STR("Authorization"),
				http_basic_credentials(arena, user, password));
}

/* What stands before '@' may be a secret, also in a text that is no URL. */
static struct str without_user(struct str text)
{
	size_t at = str_find_last_char(text, '@');

	return at == STR_NOT_FOUND ? text : str_skip(text, at + 1);
}

static void ask(struct discovery *discovery, struct str url_text, struct str more)
{
	struct gateway *gateway = discovery->gateway;
	struct arena *arena = discovery->arena;
	struct error error = {.text = "invalid endpoint"};
	struct url url;
	struct http_call_options options;

	outgoing_stop(&discovery->outgoing);
	if (!url_parse(url_text, &url, &error) || !url_is_http(&url)) {
		LOG(&gateway->log, LEVEL_WARN, NULL,
		    "OIDC url is not valid, uri: \"%s\", error: %s",
		    log_text(arena, without_user(url_text)), log_text(arena, str_from(error.text)));
		job_done(discovery);
		return;
	}
	while (more.size > 0 && str_has_suffix(url.path, STR("/")))
		url.path.size--;
	options = (struct http_call_options){
		.method = STR("GET"),
		.is_tls = url_is_tls(&url),
		.host = url.host,
		.port = url.port,
		.target = STR_CONCAT(arena, url.path.size + more.size > 0 ? url.path : STR("/"),
				     more, url.query.size > 0 ? STR("?") : STR(""), url.query),
		.fields = &discovery->fields,
		.idle_timeout_ms = TIMEOUT_MS,
		.connect_timeout_ms = TIMEOUT_MS,
		.arena = arena,
	};
	make_fields(discovery, &url);
	discovery->url = STR_CONCAT(arena, url.scheme, STR("://"), url_authority(arena, &url),
				    options.target);
	timer_start(gateway->world, &discovery->patience, PATIENCE_US, patience_ends);
	outgoing_start(&discovery->outgoing, gateway, &options, url.host, call_answered,
		       call_failed, discovery);
}

static void ask_next(struct discovery *discovery)
{
	discovery->asks_for_keys = false;
	discovery->configuration = NULL;
	if (discovery->at < discovery->count) {
		ask(discovery, discovery->jobs[discovery->at].issuer, STR(WELL_KNOWN));
		return;
	}
	outgoing_stop(&discovery->outgoing);
	timer_stop(&discovery->patience);
	discovery->done(discovery->data);
}

void discovery_start(struct discovery *discovery, struct gateway *gateway, struct arena *arena,
		     const struct json *services, struct json *oidc, struct json *issuers,
		     discovery_done *done, void *data)
{
	*discovery =
		(struct discovery){.gateway = gateway, .arena = arena, .done = done, .data = data};
	add_jobs(discovery, services, oidc, issuers);
	ask_next(discovery);
}

void discovery_stop(struct discovery *discovery)
{
	http_body_collector_stop(discovery->collector);
	discovery->collector = NULL;
	timer_stop(&discovery->patience);
	outgoing_stop(&discovery->outgoing);
}
