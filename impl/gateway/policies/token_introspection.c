/* OAuth 2.0 token introspection (RFC 7662; access): the token's server is asked whether it is
 * active. Fields: auth_type (client_id+client_secret with client_id, client_secret,
 * introspection_url; or use_3scale_oidc_issuer_endpoint: the service's identity provider says all
 * of that), max_ttl_tokens, max_cached_tokens. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/url.h"
#include "base/utc.h"
#include "gateway/gateway_internal.h"
#include "gateway/jwt.h"
#include "gateway/oidc.h"
#include "gateway/outgoing.h"
#include "gateway/request.h"
#include "gateway/token_cache.h"
#include "http/body.h"
#include "world/clock.h"

#define ANSWER_BYTES_MAX ((size_t)64 * 1024)
#define TTL_MAX_S 3600
#define CACHED_TOKENS_MAX 10000

struct introspection {
	bool asks_issuer;           /* of the service */
	struct str url, id, secret; /* of the policy; secret: never in a log */
	int64_t ttl_s;              /* -1: as long as the token lives */
	int64_t cached_tokens;      /* 0: none */
};

/* One question, in the request's arena. */
struct question {
	struct request *request;
	const struct introspection *introspection;
	struct str token, cache_name;
	struct http_fields fields;
	struct outgoing outgoing;
	struct http_body_collector *collector;
};

static int64_t bounded(const struct json *number, int64_t fallback, int64_t most)
{
	int64_t value = json_int(number, fallback);

	return value > most ? most : value;
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct introspection *introspection = ARENA_NEW(loader->arena, struct introspection);

	(void)error;
	*data = introspection;
	introspection->asks_issuer = str_equal(json_get_str(configuration, STR("auth_type")),
					       STR("use_3scale_oidc_issuer_endpoint"));
	introspection->url = json_get_str(configuration, STR("introspection_url"));
	introspection->id = json_get_str(configuration, STR("client_id"));
	introspection->secret = json_get_str(configuration, STR("client_secret"));
	introspection->ttl_s =
		bounded(json_get(configuration, STR("max_ttl_tokens")), -1, TTL_MAX_S);
	introspection->cached_tokens = bounded(json_get(configuration, STR("max_cached_tokens")),
					       CACHED_TOKENS_MAX, CACHED_TOKENS_MAX);
	return true;
}

/* Verdicts. */

static enum phase_result deny(struct request *request)
{
	const struct answer_text *text = &request->service->answers[ANSWER_AUTH_FAILED];

	request_answer_text(request, text->status, STR("text/plain"),
			    STR_CONCAT(request->arena, text->body, STR("\n")));
	return PHASE_ANSWERED;
}

static enum phase_result judge(struct request *request, struct str token, bool is_active)
{
	if (is_active)
		return PHASE_GO_ON;
	LOG(&request->gateway->log, LEVEL_INFO, &request->subject,
	    "token introspection for access token %s: token not active",
	    log_text(request->arena, jwt_masked(request->arena, token)));
	return deny(request);
}

/* Memory. */

static bool keeps_tokens(const struct introspection *introspection)
{
	return introspection->cached_tokens > 0 && introspection->ttl_s != 0;
}

static struct token_cache *cache_of(const struct question *question)
{
	return token_caches_get(question->request->gateway->introspections, question->cache_name,
				(size_t)question->introspection->cached_tokens);
}

static bool remembers(const struct question *question, bool *is_active)
{
	const struct token_entry *entry;

	if (!keeps_tokens(question->introspection))
		return false;
	entry = token_cache_find(cache_of(question), question->token,
				 world_utc_us(question->request->gateway->world));
	if (entry == NULL)
		return false;
	*is_active = entry->is_active;
	token_entry_release(entry);
	return true;
}

/* For min(max_ttl_tokens, exp - now); without either not at all. */
static void remember(const struct question *question, const struct json *answer, bool is_active)
{
	int64_t now_us = world_utc_us(question->request->gateway->world);
	int64_t ttl_s = question->introspection->ttl_s, expires_us, dies_us;

	if (!keeps_tokens(question->introspection))
		return;
	expires_us = ttl_s > 0 ? now_us + ttl_s * UTC_SECOND_US : now_us;
	if (jwt_date_us(json_get(answer, STR("exp")), &dies_us) &&
	    (ttl_s < 0 || dies_us < expires_us))
		expires_us = dies_us;
	token_entry_release(token_cache_put(
		cache_of(question), question->token,
		(struct token_entry){.is_active = is_active, .expires_us = expires_us}, NULL,
		now_us));
}

/* What comes back. */

static void question_stop(void *data)
{
	struct question *question = data;

	http_body_collector_stop(question->collector);
	question->collector = NULL;
	outgoing_stop(&question->outgoing);
}

static void end(struct question *question, bool is_active)
{
	struct request *request = question->request;

	question_stop(question);
	request_resume(request, judge(request, question->token, is_active));
}

static void failed(struct question *question, const char *reason)
{
	struct request *request = question->request;

	LOG(&request->gateway->log, LEVEL_WARN, &request->subject,
	    "failed to execute token introspection: %s", reason);
	end(question, false);
}

static void answer_read(struct question *question, struct str text)
{
	const struct json *answer =
		json_parse(question->request->arena, text, ANSWER_BYTES_MAX, NULL);
	const struct json *active = json_get(answer, STR("active"));
	bool is_active = active != NULL && active->kind == JSON_BOOL && active->boolean;

	if (answer == NULL || answer->kind != JSON_OBJECT) {
		failed(question, "the answer is no JSON object");
		return;
	}
	remember(question, answer, is_active);
	end(question, is_active);
}

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct question *question = data;
	int status = question->outgoing.call->response.status;

	question->collector = NULL;
	if (status != 200)
		failed(question,
		       str_cstr(question->request->arena,
				str_format(question->request->arena, "status: %d", status)));
	else if (result != HTTP_COLLECTED)
		failed(question, "the answer is too large or was cut off");
	else
		answer_read(question, bytes);
}

static void call_answered(struct outgoing *outgoing, void *data)
{
	struct question *question = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(outgoing->call), ANSWER_BYTES_MAX,
				  question->request->arena, body_collected, question);

	/* The request may be gone when it was answered at once. */
	if (collector != NULL)
		question->collector = collector;
}

static void call_failed(struct outgoing *outgoing, void *data)
{
	struct question *question = data;

	failed(question,
	       outgoing_trouble(outgoing, outgoing->options.target, question->request->arena).text);
}

/* The question. */

static void make_fields(struct question *question, struct str authority, struct str id,
			struct str secret)
{
	struct arena *arena = question->request->arena;
	struct http_fields *fields = &question->fields;

	http_fields_init(fields, arena);
	http_fields_add(fields, STR("Host"), authority);
	http_fields_add(fields, STR("User-Agent"), question->request->gateway->settings.user_agent);
	http_fields_add(fields, STR("Accept"), STR("application/json"));
	http_fields_add(fields, STR("Content-Type"), STR("application/x-www-form-urlencoded"));
	http_fields_add(fields, STR("Authorization"), http_basic_credentials(arena, id, secret));
}

static enum phase_result ask(struct question *question, const struct url *url, struct str id,
			     struct str secret)
{
	struct request *request = question->request;
	struct arena *arena = request->arena;
	struct http_call_options options = {
		.method = STR("POST"),
		.is_tls = url_is_tls(url),
		.host = url->host,
		.port = url->port,
		.target = STR_CONCAT(arena, url->path.size > 0 ? url->path : STR("/"),
				     url->query.size > 0 ? STR("?") : STR(""), url->query),
		.fields = &question->fields,
		.body = http_body_from_str(STR_CONCAT(arena, STR("token="),
						      url_encoded(arena, question->token),
						      STR("&token_type_hint=access_token"))),
	};

	make_fields(question, url_authority(arena, url), id, secret);
	request_on_leave(request, question_stop, question);
	outgoing_start(&question->outgoing, request->gateway, &options, url->host, call_answered,
		       call_failed, question);
	return PHASE_WAIT;
}

/* Who is asked, and as whom. False: nobody. */
static bool find_server(const struct request *request, const struct introspection *introspection,
			struct str *url, struct str *id, struct str *secret)
{
	const struct service *service = request->service;
	struct url endpoint;

	*url = introspection->url;
	*id = introspection->id;
	*secret = introspection->secret;
	if (!introspection->asks_issuer)
		return url->size > 0;
	*url = json_get_str(service->issuer != NULL ? service->issuer->document : NULL,
			    STR("token_introspection_endpoint"));
	if (!url_parse(service->issuer_endpoint, &endpoint, NULL))
		return false;
	*id = url_decode(request->arena, endpoint.user, false);
	*secret = url_decode(request->arena, endpoint.password, false);
	return url->size > 0;
}

static enum phase_result access(struct request *request, const void *data)
{
	const struct introspection *introspection = data;
	struct question *question = ARENA_NEW(request->arena, struct question);
	struct str url_text, id, secret;
	struct url url;
	bool is_active;

	if (introspection->asks_issuer && !request->service->is_oidc)
		return deny(request);
	if (!find_server(request, introspection, &url_text, &id, &secret))
		return PHASE_GO_ON; /* nobody to ask: passes in 2.6 */
	question->request = request;
	question->introspection = introspection;
	question->token = oidc_bearer_token(request);
	if (question->token.size == 0)
		return judge(request, question->token, false);
	question->cache_name = STR_CONCAT(request->arena, request->service->id, STR("\n"), url_text,
					  STR("\n"), id);
	if (remembers(question, &is_active))
		return judge(request, question->token, is_active);
	if (!url_parse(url_text, &url, NULL) || !url_is_http(&url)) {
		LOG(&request->gateway->log, LEVEL_WARN, &request->subject,
		    "failed to execute token introspection: invalid introspection url");
		return judge(request, question->token, false);
	}
	return ask(question, &url, id, secret);
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "OAuth 2.0 Token Introspection",
		"summary": "Asks the server of a token whether it is still active.",
		"description": [
			"Every call with a token that is not remembered asks the server (RFC 7662).",
			"Only active tokens pass."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"auth_type": {
					"description": "How the gateway says who it is",
					"type": "string",
					"enum": ["use_3scale_oidc_issuer_endpoint", "client_id+client_secret"],
					"default": "client_id+client_secret"
				},
				"client_id": {
					"description": "Client ID of the gateway at the server",
					"type": "string"
				},
				"client_secret": {
					"description": "Client secret of the gateway at the server",
					"type": "string"
				},
				"introspection_url": {
					"description": "Introspection endpoint of the server",
					"type": "string"
				},
				"max_ttl_tokens": {
					"description": "Seconds that an answer may be remembered",
					"type": "integer",
					"minimum": 1,
					"maximum": 3600
				},
				"max_cached_tokens": {
					"description": "Answers that may be remembered; 0: none",
					"type": "integer",
					"minimum": 0,
					"maximum": 10000
				}
			},
			"required": ["auth_type"]
		}
	});
/* clang-format on */

const struct policy token_introspection_policy = {
	.name = STR_INIT("token_introspection"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_ACCESS] = access,
		},
};
