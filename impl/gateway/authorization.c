#include "gateway/authorization.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/utc.h"
#include "gateway/auth_cache.h"
#include "gateway/config.h"
#include "gateway/context.h"
#include "gateway/gateway_internal.h"
#include "gateway/jwt.h"
#include "gateway/request.h"
#include "world/clock.h"
#include "world/http_server.h"

/* "42:abc:usage%5Bhits%5D=2", with the parameters that policies added at the end (4.7). A JWT
 * stands for its application only as long as it is good, so it is the whole token that counts.
 * Of two values the first is encoded where it could be taken for both: "a:b", "c" is no "a", "b:c".
 */
static struct str cached_key(const struct request *request)
{
	const struct authorization *authorization = &request->authorization;
	const struct credential *items = request->credentials.items;
	bool has_two = request->credentials.count > 1;
	bool has_extra = authorization->extra_arguments.size > 0;
	struct str first = request->token.size > 0 ? request->token : items[0].value;

	if (has_two)
		first = credential_key_part(request->arena, first, ':');
	return STR_CONCAT(request->arena, request->service->id, STR(":"), first,
			  has_two ? STR(":") : STR(""), has_two ? items[1].value : STR(""),
			  STR(":"), authorization->usage_arguments, has_extra ? STR(":") : STR(""),
			  authorization->extra_arguments);
}

static struct str call_arguments(const struct request *request, struct str log_code)
{
	const struct authorization *authorization = &request->authorization;
	bool has_extra = authorization->extra_arguments.size > 0;
	bool has_credentials = authorization->credential_arguments.size > 0;

	return STR_CONCAT(request->arena, authorization->usage_arguments,
			  has_credentials ? STR("&") : STR(""), authorization->credential_arguments,
			  has_extra ? STR("&") : STR(""), authorization->extra_arguments, log_code);
}

/* A key as the log may show it: a JWT without the signature that makes it one. */
static const char *shown_key(const struct request *request)
{
	struct str key = request->authorization.key;

	if (request->token.size == 0)
		return log_text(request->arena, key);
	return log_text(request->arena, STR_CONCAT(request->arena, request->service->id, STR(":"),
						   jwt_masked(request->arena, request->token),
						   str_skip(key, request->service->id.size + 1 +
									 request->token.size)));
}

/* Until when an authorization may be remembered, on the monotonic clock (10.4). */
static int64_t expiry_us(const struct request *request)
{
	struct world *world = request->gateway->world;

	if (request->token.size == 0)
		return AUTH_CACHE_FOR_EVER;
	return world_monotonic_us(world) + request->token_expires_us - world_utc_us(world);
}

/* In seconds, for the log. */
static const char *time_to_live_text(const struct request *request, int64_t expires_us)
{
	int64_t now_us = world_monotonic_us(request->gateway->world);

	if (expires_us == AUTH_CACHE_FOR_EVER)
		return "nil";
	return str_cstr(request->arena, str_format(request->arena, "%" PRId64,
						   (expires_us - now_us) / UTC_SECOND_US));
}

/* What is remembered of a key, for the log. */
static const char *status_text(const struct request *request, int status)
{
	return status == 0 ? "nil"
			   : str_cstr(request->arena, str_format(request->arena, "%d", status));
}

/* A report in the background is a timer's, not a client's (4.8). */
static const struct log_subject *subject_of(const struct request *request)
{
	return request->is_background ? &log_subject_timer : &request->subject;
}

/* Applies the cache handler to backend's answer. */
static void remember(struct request *request)
{
	struct gateway *gateway = request->gateway;
	struct authorization *authorization = &request->authorization;
	int status = authorization->call.status;
	int64_t expires_us = expiry_us(request);

	switch (auth_cache_update(gateway->auth_cache, request->cache_handler, authorization->key,
				  status, expires_us, world_monotonic_us(gateway->world))) {
	case CACHE_UNCHANGED:
		break;
	case CACHE_WRITTEN:
		LOG(&gateway->log, LEVEL_INFO, subject_of(request),
		    "apicast cache write key: %s, ttl: %s", shown_key(request),
		    time_to_live_text(request, expires_us));
		break;
	case CACHE_DELETED:
		LOG(&gateway->log, LEVEL_NOTICE, subject_of(request),
		    "apicast cache delete key: %s cause status %d", shown_key(request), status);
		break;
	}
}

static int remembered_status(const struct request *request)
{
	struct gateway *gateway = request->gateway;

	return auth_cache_get(gateway->auth_cache, request->authorization.key,
			      world_monotonic_us(gateway->world));
}

static void authrep_answered(struct backend_call *call, void *data)
{
	struct request *request = data;
	enum authorization_result result = AUTHORIZATION_DENIED;

	remember(request);
	switch (call->verdict) {
	case VERDICT_AUTHORIZED:
		result = AUTHORIZATION_GRANTED;
		break;
	case VERDICT_LIMITS_EXCEEDED:
		request->retry_after = call->retry_after;
		result = AUTHORIZATION_LIMITS_EXCEEDED;
		break;
	case VERDICT_DENIED:
		break;
	case VERDICT_UNAVAILABLE:
		if (remembered_status(request) == 200)
			result = AUTHORIZATION_GRANTED;
		break;
	}
	outgoing_stop(&call->outgoing);
	request->authorization.done(request, result);
}

/* What calls say of the client whose connection they are made on; through a proxy and in the
 * background there is none (4.3). NULL: nothing. */
static const struct http_fields *client_fields(struct request *request)
{
	const struct settings *settings = &request->gateway->settings;
	const struct backend_endpoint *backend = &request->service->backend;
	struct str client = request->exchange->remote_address;
	struct str chain = context_header(request, STR("X-Forwarded-For"));
	struct http_fields *fields;

	if (request->is_background ||
	    network_proxy(&settings->network, backend->is_tls, backend->host) != NULL)
		return NULL;
	fields = ARENA_NEW(request->arena, struct http_fields);
	http_fields_init(fields, request->arena);
	fields->capacity = backend->fields.count + 3;
	fields->items = ARENA_ARRAY(request->arena, struct http_field, fields->capacity);
	for (size_t i = 0; i < backend->fields.count; i++)
		http_fields_add(fields, backend->fields.items[i].name,
				backend->fields.items[i].value);
	http_fields_add(fields, STR("X-3scale-User-Agent"), settings->short_user_agent);
	http_fields_add(fields, STR("X-Real-IP"), client);
	http_fields_add(
		fields, STR("X-Forwarded-For"),
		STR_CONCAT(request->arena, chain, chain.size > 0 ? STR(", ") : STR(""), client));
	return fields;
}

static void call_backend(struct request *request, const struct log_subject *subject,
			 struct str arguments, backend_answered *answered)
{
	struct backend_call *call = &request->authorization.call;

	*call = (struct backend_call){.kind = BACKEND_AUTHREP,
				      .arena = request->arena,
				      .service = request->service,
				      .subject = subject,
				      .fields = client_fields(request),
				      .answered = answered,
				      .data = request};
	backend_call_start(call, request->gateway, arguments);
}

enum authorization_result authorize(struct request *request, authorization_done *done)
{
	struct gateway *gateway = request->gateway;
	struct authorization *authorization = &request->authorization;
	int status;

	authorization->done = done;
	authorization->usage_arguments = gateway_usage_encode(&request->usage);
	authorization->credential_arguments =
		credentials_encode(&request->credentials, request->arena);
	authorization->key = cached_key(request);
	LOG(&gateway->log, LEVEL_INFO, &request->subject, "usage: %.*s credentials: %.*s",
	    STR_ARG(authorization->usage_arguments), STR_ARG(authorization->credential_arguments));
	status = remembered_status(request);
	authorization->was_remembered = status == 200;
	if (authorization->was_remembered) {
		LOG(&gateway->log, LEVEL_DEBUG, &request->subject, "apicast cache hit key: %s",
		    shown_key(request));
		return AUTHORIZATION_GRANTED;
	}
	LOG(&gateway->log, LEVEL_INFO, &request->subject, "apicast cache miss key: %s value: %s",
	    shown_key(request), status_text(request, status));
	call_backend(request, &request->subject, call_arguments(request, STR("")),
		     authrep_answered);
	return AUTHORIZATION_LATER;
}

static void report_answered(struct backend_call *call, void *data)
{
	struct request *request = data;

	remember(request);
	outgoing_stop(&call->outgoing);
	request->authorization.reported(request);
}

bool authorization_report(struct request *request, authorization_reported *reported)
{
	struct gateway *gateway = request->gateway;
	struct authorization *authorization = &request->authorization;
	struct str log_code = STR("");

	if (!authorization->was_remembered) {
		LOG(&gateway->log, LEVEL_INFO, subject_of(request),
		    "[async] skipping after action, no cached key");
		return false;
	}
	LOG(&gateway->log, LEVEL_INFO, subject_of(request),
	    "[async] reporting to backend asynchronously, cached_key: %s", shown_key(request));
	authorization->reported = reported;
	if (gateway->settings.response_codes)
		log_code = str_format(request->arena, "&log%%5Bcode%%5D=%d", request->status);
	call_backend(request, subject_of(request), call_arguments(request, log_code),
		     report_answered);
	return true;
}

void authorization_stop(struct authorization *authorization)
{
	backend_call_stop(&authorization->call);
}
