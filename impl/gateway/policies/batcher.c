/* 3scale batcher: calls are authorized from a cache (access), and what they cost is reported in
 * batches, in place of apicast's authorization. Fields: auths_ttl, batch_report_seconds.
 * spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/utc.h"
#include "gateway/batched_reports.h"
#include "gateway/gateway_internal.h"
#include "gateway/metrics.h"
#include "gateway/request.h"
#include "world/clock.h"
#include "world/dictionary.h"

#define DEFAULT_SECONDS 10

struct batcher {
	int64_t auths_ttl_us, interval_us;
};

/* Of one request that asks backend. */
struct asking {
	const struct batcher *batcher;
	struct request *request;
	struct str key;
	struct backend_call call;
};

static int64_t read_seconds(const struct json *configuration, struct str key)
{
	int64_t seconds = json_int(json_get(configuration, key), 0);

	return (seconds > 0 && seconds < INT32_MAX ? seconds : DEFAULT_SECONDS) * UTC_SECOND_US;
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct batcher *batcher = ARENA_NEW(loader->arena, struct batcher);

	(void)error;
	batcher->auths_ttl_us = read_seconds(configuration, STR("auths_ttl"));
	batcher->interval_us = read_seconds(configuration, STR("batch_report_seconds"));
	*data = batcher;
	return true;
}

static enum phase_result rewrite(struct request *request, const void *data)
{
	(void)data;
	request->skips_apicast_access = true;
	return PHASE_GO_ON;
}

/* "service_id:42,user_key:abc,metrics:hits=1;other=2" */
static struct str key_of(const struct request *request)
{
	const struct credentials *credentials = &request->credentials;
	const struct usage *usage = &request->usage;
	struct str *parts = ARENA_ARRAY(request->arena, struct str,
					3 + 4 * credentials->count + 4 * usage->count);
	struct str *part = parts;

	*part++ = STR("service_id:");
	*part++ = request->service->id;
	for (size_t i = 0; i < credentials->count; i++) {
		*part++ = STR(",");
		*part++ = credentials->items[i].name;
		*part++ = STR(":");
		*part++ = credential_key_part(request->arena, credentials->items[i].value, ',');
	}
	*part++ = STR(",metrics:");
	for (size_t i = 0; i < usage->count; i++) {
		*part++ = i > 0 ? STR(";") : STR("");
		*part++ = usage->items[i].metric;
		*part++ = STR("=");
		*part++ = gateway_usage_delta_text(request->arena, usage->items[i].delta);
	}
	return str_concat(request->arena, parts, (size_t)(part - parts));
}

/* What the call costs: a row for each metric. Without credentials there is nobody to report. */
static void add_usage(const struct batcher *batcher, const struct request *request)
{
	const struct usage *usage = &request->usage;

	for (size_t i = 0; i < usage->count && request->credentials.count > 0; i++)
		batched_reports_add(request->gateway->batched_reports, request,
				    &request->credentials.items[0], usage->items[i].metric,
				    usage->items[i].delta, batcher->interval_us);
}

/* Verdicts. */

static enum phase_result conclude(struct request *request, enum backend_verdict verdict)
{
	switch (verdict) {
	case VERDICT_AUTHORIZED:
		return PHASE_GO_ON;
	case VERDICT_LIMITS_EXCEEDED:
		request_answer_kind(request, ANSWER_LIMITS_EXCEEDED);
		return PHASE_ANSWERED;
	case VERDICT_DENIED:
	case VERDICT_UNAVAILABLE:
		break;
	}
	request_answer_kind(request, ANSWER_AUTH_FAILED);
	return PHASE_ANSWERED;
}

/* The caching policy may know the key; without that policy nothing is remembered but for auths_ttl.
 */
static void update_authorizations(const struct asking *asking)
{
	struct request *request = asking->request;
	struct gateway *gateway = request->gateway;

	if (request->service->exports.has_cache_handler)
		auth_cache_update(gateway->auth_cache, request->cache_handler, asking->key,
				  asking->call.status, AUTH_CACHE_FOR_EVER,
				  world_monotonic_us(gateway->world));
}

static bool is_known_anyway(const struct asking *asking)
{
	struct request *request = asking->request;
	struct gateway *gateway = request->gateway;

	return request->service->exports.has_cache_handler &&
	       auth_cache_get(gateway->auth_cache, asking->key,
			      world_monotonic_us(gateway->world)) == 200;
}

static void remember(const struct asking *asking)
{
	struct gateway *gateway = asking->request->gateway;

	dictionary_put(gateway->batched_auths, asking->key,
		       (struct dictionary_value){{asking->call.verdict}},
		       world_monotonic_us(gateway->world) + asking->batcher->auths_ttl_us);
}

static enum phase_result judge(struct asking *asking)
{
	struct request *request = asking->request;
	int status = asking->call.status;
	enum backend_verdict verdict = asking->call.verdict;

	update_authorizations(asking);
	if (verdict == VERDICT_AUTHORIZED || (status >= 400 && status < 499))
		remember(asking);
	else if (is_known_anyway(asking)) /* backend is asked again the next time */
		verdict = VERDICT_AUTHORIZED;
	if (verdict == VERDICT_AUTHORIZED)
		add_usage(asking->batcher, request);
	return conclude(request, verdict);
}

static void authorize_answered(struct backend_call *call, void *data)
{
	struct asking *asking = data;
	enum phase_result result = judge(asking);

	backend_call_stop(call);
	request_resume(asking->request, result);
}

static void stop_asking(void *data)
{
	struct asking *asking = data;

	backend_call_stop(&asking->call);
}

static enum phase_result ask_backend(struct request *request, const struct batcher *batcher,
				     struct str key)
{
	struct asking *asking = request_policy_state(request, batcher, sizeof *asking);
	struct str usage = gateway_usage_encode(&request->usage);
	struct str credentials = credentials_encode(&request->credentials, request->arena);
	bool has_both = usage.size > 0 && credentials.size > 0;

	*asking = (struct asking){
		.batcher = batcher,
		.request = request,
		.key = key,
		.call = {.kind = BACKEND_AUTHORIZE,
			 .arena = request->arena,
			 .service = request->service,
			 .subject = &request->subject,
			 .answered = authorize_answered,
			 .data = asking},
	};
	backend_call_start(
		&asking->call, request->gateway,
		STR_CONCAT(request->arena, usage, has_both ? STR("&") : STR(""), credentials));
	request_on_leave(request, stop_asking, asking);
	return PHASE_WAIT;
}

/* As in 2.6 a call that no mapping rule matched is authorized, too, without usage. */
static enum phase_result access(struct request *request, const void *data)
{
	const struct batcher *batcher = data;
	struct gateway *gateway = request->gateway;
	struct dictionary_value auth;
	bool is_known;
	struct str key;

	/* By another batcher, or by apicast, which was not told to leave it: the call costs once.
	 */
	if (request->is_authorized_elsewhere || request->authorization.key.size > 0)
		return PHASE_GO_ON;
	request->is_authorized_elsewhere = true;
	if (request->usage.arena == NULL)
		gateway_usage_init(&request->usage, request->arena);
	key = key_of(request);
	is_known = dictionary_get(gateway->batched_auths, key, world_monotonic_us(gateway->world),
				  &auth);
	metrics_count_batched_auth(gateway->metrics, is_known);
	if (!is_known)
		return ask_backend(request, batcher, key);
	if (auth.numbers[0] == VERDICT_AUTHORIZED)
		add_usage(batcher, request);
	return conclude(request, (enum backend_verdict)auth.numbers[0]);
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "3scale batcher",
		"summary": "Caches authorizations of the backend and reports to it in batches.",
		"description": [
			"Fewer calls to the backend, at the price of limits that are noticed later:",
			"calls that pass while an authorization is cached may exceed them."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"properties": {
				"auths_ttl": {
					"description": "Seconds for which an authorization is cached",
					"type": "integer",
					"default": 10
				},
				"batch_report_seconds": {
					"description": "Seconds between two reports",
					"type": "integer",
					"default": 10
				}
			}
		}
	});
/* clang-format on */

const struct policy batcher_policy = {
	.name = STR_INIT("3scale_batcher"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_REWRITE] = rewrite,
			[PHASE_ACCESS] = access,
		},
};
