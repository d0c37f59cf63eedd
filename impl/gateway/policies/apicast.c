/* The policy at the heart of every service (spec/gateway.md 9.1): credentials and mapping rules,
 * authorization, the private API, and the report after the answer. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/url.h"
#include "gateway/gateway_internal.h"
#include "gateway/native_oauth.h"
#include "gateway/oidc.h"
#include "gateway/request.h"
#include "world/http_server.h"

/* rewrite: who asks, and what it costs. Steps that need the body's fields are taken again once they
 * are read. */

static enum phase_result answer(struct request *request, enum answer_kind kind)
{
	request_answer_kind(request, kind);
	return PHASE_ANSWERED;
}

static void warn_about_missing_credentials(struct request *request)
{
	const struct service *service = request->service;
	struct error_log *log = &request->gateway->log;

	if (service->credentials.version == BACKEND_VERSION_INVALID)
		LOG(log, LEVEL_WARN, &request->subject,
		    "cannot get credentials: invalid backend version: %s",
		    log_text(request->arena, service->backend_version_text));
	else if (service->credentials.location == CREDENTIALS_LOCATION_INVALID)
		LOG(log, LEVEL_WARN, &request->subject,
		    "cannot get credentials: invalid credentials location");
}

static enum credentials_result extract_credentials(struct request *request)
{
	/* A policy has set them, or a token has been changed for them. */
	if (request->credentials.count > 0 || request->token.size > 0)
		return CREDENTIALS_FOUND;
	return request_find_credentials(request, &request->credentials);
}

static bool rules_need_form(const struct request *request)
{
	return request->service->rules.has_conditions && !request_has_read_form(request) &&
	       !str_equal(request->exchange->request.method, STR("GET"));
}

static void match_rules(struct request *request)
{
	const struct mapping_rules *rules = &request->service->rules;
	struct mapping_subject subject = {
		.method = request->exchange->request.method,
		.path = request->path,
	};
	struct http_query args;

	if (rules->has_conditions) {
		form_parse(&args, request->raw_query, request->arena);
		subject.args = &args;
		if (request_has_read_form(request) && !str_equal(subject.method, STR("GET")))
			subject.body = &request->form.fields;
	}
	/* Policies before this one may have counted something. */
	if (request->usage.arena == NULL)
		gateway_usage_init(&request->usage, request->arena);
	mapping_rules_match(rules, &subject, &request->usage, &request->matches);
}

static void form_is_there(struct form *form, void *data);

static enum phase_result rewrite(struct request *request, const void *data)
{
	(void)data;
	if (request->rules_are_matched) /* by another apicast: the call costs once */
		return PHASE_GO_ON;
	if (request->service->is_native_oauth && native_oauth_serves(request))
		return native_oauth_answer(request);
	switch (extract_credentials(request)) {
	case CREDENTIALS_FOUND:
		break;
	case CREDENTIALS_MISSING:
	case CREDENTIALS_INCOMPLETE:
		warn_about_missing_credentials(request);
		return answer(request, ANSWER_AUTH_MISSING);
	case CREDENTIALS_NEED_BODY:
		request_read_form(request, form_is_there);
		return PHASE_WAIT;
	case CREDENTIALS_BROKEN:
		request_answer_page(request, 500);
		return PHASE_ANSWERED;
	}
	if (rules_need_form(request)) {
		request_read_form(request, form_is_there);
		return PHASE_WAIT;
	}
	match_rules(request);
	request->rules_are_matched = true;
	if (request->service->is_oidc && !oidc_identify(request))
		return answer(request, ANSWER_AUTH_FAILED);
	return PHASE_GO_ON;
}

static void form_is_there(struct form *form, void *data)
{
	struct request *request = data;
	enum phase_result result;

	(void)form;
	result = rewrite(request, NULL);
	if (result != PHASE_WAIT)
		request_resume(request, result);
}

/* access: may they? */

static enum phase_result judge(struct request *request, enum authorization_result result)
{
	if (result == AUTHORIZATION_LATER)
		return PHASE_WAIT;
	request->may_show_debug = true;
	switch (result) {
	case AUTHORIZATION_DENIED:
		return answer(request, ANSWER_AUTH_FAILED);
	case AUTHORIZATION_LIMITS_EXCEEDED:
		return answer(request, ANSWER_LIMITS_EXCEEDED);
	case AUTHORIZATION_GRANTED:
	case AUTHORIZATION_LATER:
		break;
	}
	return PHASE_GO_ON;
}

static void authorized(struct request *request, enum authorization_result result)
{
	request_resume(request, judge(request, result));
}

static enum phase_result access_now(struct request *request, const void *data)
{
	(void)data;
	if (request->usage.count == 0)
		return answer(request, ANSWER_NO_MATCH);
	return judge(request, authorize(request, authorized));
}

static enum phase_result access(struct request *request, const void *data)
{
	if (request->is_authorized_elsewhere || request->authorization.key.size > 0)
		return PHASE_GO_ON;
	if (!request->skips_apicast_access)
		return access_now(request, data);
	request->late_access = access_now;
	return PHASE_GO_ON;
}

/* content: the private API. */

static enum phase_result content(struct request *request, const void *data)
{
	const struct service *service = request->service;

	(void)data;
	if (service->has_upstream)
		return upstream_start(request, &service->upstream, service->hostname_rewrite);
	/* Later gateways' answer to a mistake that 2.6 serves as an empty 200 (12.2 A4). */
	LOG(&request->gateway->log, LEVEL_WARN, &request->subject,
	    "could not find upstream for service: %.*s", STR_ARG(service->id));
	request_answer_empty(request, 404);
	return PHASE_ANSWERED;
}

/* post action: the report of a call whose authorization was remembered. */

static void reported(struct request *request)
{
	request_resume(request, PHASE_GO_ON);
}

static enum phase_result post_action(struct request *request, const void *data)
{
	(void)data;
	if (request->authorization.key.size == 0 || /* refused before access */
	    request->authorization.is_reported)
		return PHASE_GO_ON;
	request->authorization.is_reported = true;
	return authorization_report(request, reported) ? PHASE_WAIT : PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "3scale APIcast",
		"summary": "What makes a gateway of it: keys, metrics, limits, proxying.",
		"description": [
			"Reads credentials, counts mapping rules, asks the backend",
			"whether the call may pass, and proxies it to the private API."
		],
		"version": "builtin",
		"configuration": {"type": "object", "properties": {}}
	});
/* clang-format on */

const struct policy apicast_policy = {
	.name = STR_INIT("apicast"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
			[PHASE_ACCESS] = access,
			[PHASE_CONTENT] = content,
			[PHASE_POST_ACTION] = post_action,
		},
};
