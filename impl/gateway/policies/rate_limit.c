/* Edge limiting: how many calls pass (access), and how many at a time (given back in log). Fields:
 * connection_limiters[] {key, conn, burst, delay, condition}, leaky_bucket_limiters[] {key, rate,
 * burst, condition}, fixed_window_limiters[] {key, count, window, condition}; key {name, name_type,
 * scope}; redis_url; limits_exceeded_error and configuration_error {status_code, error_handling
 * (exit, log)}. spec/gateway.md 9.4. */
#include "gateway/policies/table.h"

#include <math.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc.h"
#include "gateway/answer.h"
#include "gateway/gateway_internal.h"
#include "gateway/limiter.h"
#include "gateway/operation.h"
#include "gateway/own_limits.h"
#include "gateway/redis_limits.h"
#include "gateway/request.h"
#include "world/clock.h"

#define SPAN_MAX_S 3153600000.0 /* a century: longer ones do not fit into microseconds */

/* What is done when something stands against the call. */
struct objection {
	int status;
	bool only_logs;
};

struct configured_limiter {
	struct limiter limiter;
	struct template_value name;
	bool is_global;
	struct condition condition;
};

struct rate_limit {
	struct configured_limiter *limiters;
	size_t count;
	struct str redis_url;
	struct str mistake; /* of a limiter: "connections, err: ..."; empty: none */
	struct objection limits_exceeded, configuration_error;
};

/* Of one request. */
struct taking {
	const struct rate_limit *policy;
	struct request *request;
	struct limit_take *takes;
	size_t count;
	struct redis_limits *redis; /* NULL: the gateway's own counters */
	struct redis_limits_round *round;
	struct timer delay;
};

/* Configuration. */

static const struct {
	struct str list_key;
	enum limiter_kind kind;
	struct str most_key;
} lists[] = {
	{STR_INIT("connection_limiters"), LIMITER_CONNECTIONS, STR_INIT("conn")},
	{STR_INIT("leaky_bucket_limiters"), LIMITER_LEAKY_BUCKET, STR_INIT("rate")},
	{STR_INIT("fixed_window_limiters"), LIMITER_FIXED_WINDOW, STR_INIT("count")},
};

/* -1: it is none, or there is none and there has to be one. */
static double number_of(const struct json *object, struct str key, bool is_required)
{
	const struct json *value = json_get(object, key);

	if (json_is_null(value))
		return is_required ? -1 : 0;
	return value->kind == JSON_NUMBER ? value->number : (double)json_int(value, -1);
}

static struct objection read_objection(const struct json *object, int default_status)
{
	int64_t status = json_int(json_get(object, STR("status_code")), default_status);

	return (struct objection){
		.status = status >= 200 && status <= 599 ? (int)status : default_status,
		.only_logs = str_equal(json_get_str(object, STR("error_handling")), STR("log")),
	};
}

/* A window of nothing is one of a second, as later gateways have it. */
static bool read_numbers(const struct json *object, struct str most_key, struct limiter *limiter)
{
	double window_s = number_of(object, STR("window"), false);

	limiter->most = number_of(object, most_key, true);
	limiter->burst = number_of(object, STR("burst"), false);
	limiter->delay_s = number_of(object, STR("delay"), false);
	limiter->window_s = window_s < 1 ? 1 : (int64_t)fmin(window_s, SPAN_MAX_S);
	return (limiter->most > 0 ||
		(limiter->kind == LIMITER_FIXED_WINDOW && limiter->most == 0)) &&
	       limiter->burst >= 0 && limiter->delay_s >= 0;
}

static bool read_limiter(const struct policy_loader *loader, const struct json *object,
			 struct str most_key, struct configured_limiter *limiter,
			 struct error *error)
{
	const struct json *key = json_get(object, STR("key"));

	if (!read_numbers(object, most_key, &limiter->limiter))
		return error_set(error, ERROR_INVALID, "%.*s, burst or delay cannot be used",
				 STR_ARG(most_key));
	limiter->name = template_value_read(loader, key, STR("name"), STR("name_type"));
	limiter->is_global = str_equal(json_get_str(key, STR("scope")), STR("global"));
	return condition_parse(loader, json_get(object, STR("condition")), &limiter->condition,
			       error);
}

/* What is wrong with a limiter is told when a call comes to it. */
static void read_list(const struct policy_loader *loader, const struct json *configuration,
		      size_t list, struct rate_limit *policy)
{
	const struct json *array = json_get(configuration, lists[list].list_key);
	struct error error;

	JSON_EACH (object, array != NULL && array->kind == JSON_ARRAY ? array : NULL) {
		struct configured_limiter *limiter = &policy->limiters[policy->count++];

		limiter->limiter.kind = lists[list].kind;
		if (!read_limiter(loader, object, lists[list].most_key, limiter, &error) &&
		    policy->mistake.size == 0)
			policy->mistake = str_format(loader->arena, "%.*s, err: %s",
						     STR_ARG(limiter_kind_name(lists[list].kind)),
						     error.text);
	}
}

static bool create(const struct policy_loader *loader, const struct json *configuration,
		   const void **data, struct error *error)
{
	struct rate_limit *policy = ARENA_NEW(loader->arena, struct rate_limit);
	size_t count = 0;

	(void)error;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const struct json *array = json_get(configuration, lists[i].list_key);

		count += array != NULL ? array->count : 0;
	}
	policy->limiters = ARENA_ARRAY(loader->arena, struct configured_limiter, count);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		read_list(loader, configuration, i, policy);
	policy->redis_url = str_trim(json_get_str(configuration, STR("redis_url")));
	policy->limits_exceeded =
		read_objection(json_get(configuration, STR("limits_exceeded_error")), 429);
	policy->configuration_error =
		read_objection(json_get(configuration, STR("configuration_error")), 500);
	*data = policy;
	return true;
}

/* Objections. */

static enum phase_result object(struct request *request, struct objection objection)
{
	if (objection.only_logs)
		return PHASE_GO_ON;
	request_answer_page(request, objection.status);
	return PHASE_ANSWERED;
}

static enum phase_result refuse(struct taking *taking)
{
	struct request *request = taking->request;

	LOG(&request->gateway->log, LEVEL_WARN, &request->subject, "Requests over the limit.");
	return object(request, taking->policy->limits_exceeded);
}

/* As in 2.6: with this text, whatever the configuration says. */
static enum phase_result redis_is_unreachable(struct request *request, struct str place,
					      struct str reason)
{
	struct str text = str_format(request->arena, "failed to connect to redis on %.*s: %.*s\n",
				     STR_ARG(place), STR_ARG(reason));

	LOG(&request->gateway->log, LEVEL_ERROR, &request->subject, "failed to connect Redis: %s",
	    log_text(request->arena, str_slice(text, 0, text.size - 1)));
	request_answer_text(request, 500, STR("text/plain"), text);
	return PHASE_ANSWERED;
}

static enum phase_result complain(struct taking *taking, const char *what, struct str reason)
{
	struct request *request = taking->request;

	LOG(&request->gateway->log, LEVEL_ERROR, &request->subject, "%s: %s", what,
	    log_text(request->arena, reason));
	return object(request, taking->policy->configuration_error);
}

/* The call may pass: when? */

static void delay_is_over(struct timer *timer)
{
	struct taking *taking = LIST_ENTRY(timer, struct taking, delay);

	request_resume(taking->request, PHASE_GO_ON);
}

static void stop_delay(void *data)
{
	struct taking *taking = data;

	timer_stop(&taking->delay);
}

static void log_delay(struct taking *taking, double delay_s)
{
	struct request *request = taking->request;
	struct strbuf states;

	strbuf_init(&states, 1024);
	for (size_t i = 0; i < taking->count; i++)
		strbuf_append_format(&states, "%s%.14g", i > 0 ? ", " : "", taking->takes[i].state);
	LOG(&request->gateway->log, LEVEL_WARN, &request->subject,
	    "need to delay by: %.14gs, states: %.*s", delay_s, STR_ARG(strbuf_str(&states)));
	strbuf_free(&states);
}

static enum phase_result pass(struct taking *taking)
{
	struct request *request = taking->request;
	double delay_s = 0;

	for (size_t i = 0; i < taking->count; i++) {
		if (taking->takes[i].delay_s > delay_s)
			delay_s = fmin(taking->takes[i].delay_s, SPAN_MAX_S);
	}
	if (delay_s == 0)
		return PHASE_GO_ON;
	log_delay(taking, delay_s);
	timer_start(request->gateway->world, &taking->delay,
		    (int64_t)(delay_s * (double)UTC_SECOND_US), delay_is_over);
	request_on_leave(request, stop_delay, taking);
	return PHASE_WAIT;
}

/* The counters of a Redis. */

static void redis_has_taken(enum limits_result result, struct str reason, void *data)
{
	struct taking *taking = data;
	enum phase_result next = PHASE_GO_ON;

	taking->round = NULL;
	switch (result) {
	case LIMITS_TAKEN:
		next = pass(taking);
		break;
	case LIMITS_REFUSED:
		next = refuse(taking);
		break;
	case LIMITS_UNREACHABLE:
		next = redis_is_unreachable(taking->request, redis_limits_place(taking->redis),
					    reason);
		break;
	case LIMITS_BROKEN:
		next = complain(taking, "failed to limit traffic", reason);
		break;
	}
	if (next != PHASE_WAIT)
		request_resume(taking->request, next);
}

static void leave_redis(void *data)
{
	struct taking *taking = data;

	redis_limits_leave(taking->round);
	taking->count = 0; /* the round gives back what it takes */
}

static enum phase_result take_shared(struct taking *taking)
{
	struct request *request = taking->request;
	struct error error;

	taking->redis = redis_limits_open(request->gateway->redis_limits, taking->policy->redis_url,
					  &error);
	if (taking->redis == NULL)
		return redis_is_unreachable(request, STR("nowhere"), str_from(error.text));
	taking->round = redis_limits_take(taking->redis, taking->takes, taking->count,
					  redis_has_taken, taking);
	request_on_leave(request, leave_redis, taking);
	return PHASE_WAIT;
}

/* access. */

static struct str key_of(const struct configured_limiter *limiter, struct request *request)
{
	struct str name = template_value_text(&limiter->name, request);
	struct str kind = limiter_kind_name(limiter->limiter.kind);
	int64_t now_s = world_utc_us(request->gateway->world) / UTC_SECOND_US;
	struct str start = STR("");

	if (limiter->limiter.kind == LIMITER_FIXED_WINDOW)
		start = str_format(request->arena, "%lld_",
				   (long long)(now_s - now_s % limiter->limiter.window_s));
	return STR_CONCAT(request->arena, start,
			  limiter->is_global ? STR("") : request->service->id,
			  limiter->is_global ? STR("") : STR("_"), kind, STR("_"), name);
}

static struct taking *taking_create(struct request *request, const struct rate_limit *policy)
{
	struct taking *taking = request_policy_state(request, policy, sizeof *taking);

	taking->policy = policy;
	taking->request = request;
	taking->takes = ARENA_ARRAY(request->arena, struct limit_take, policy->count);
	taking->count = 0;
	for (size_t i = 0; i < policy->count; i++) {
		const struct configured_limiter *limiter = &policy->limiters[i];

		if (condition_holds(&limiter->condition, request))
			taking->takes[taking->count++] = (struct limit_take){
				.limiter = &limiter->limiter, .key = key_of(limiter, request)};
	}
	return taking;
}

static enum phase_result access(struct request *request, const void *data)
{
	const struct rate_limit *policy = data;
	struct taking *taking = taking_create(request, policy);

	if (policy->mistake.size > 0) {
		taking->count = 0;
		return complain(taking, "unknown limiter", policy->mistake);
	}
	if (taking->count == 0)
		return PHASE_GO_ON;
	if (policy->redis_url.size > 0)
		return take_shared(taking);
	return own_limits_take(request->gateway, taking->takes, taking->count) ? pass(taking)
									       : refuse(taking);
}

/* log: connections are free again. */

static enum phase_result give_back(struct request *request, const void *data)
{
	struct taking *taking = request_policy_state(request, data, sizeof *taking);

	for (size_t i = 0; i < taking->count; i++) {
		struct limit_take *take = &taking->takes[i];

		if (!take->is_taken || take->limiter->kind != LIMITER_CONNECTIONS)
			continue;
		take->is_taken = false;
		if (taking->redis != NULL)
			redis_limits_give_back(taking->redis, take->key);
		else
			own_limits_give_back(request->gateway, take->key);
	}
	return PHASE_GO_ON;
}

/* clang-format off */
static const char manifest[] = POLICY_MANIFEST(
	{
		"$schema": "http://apicast.io/policy-v1/schema#manifest#",
		"name": "Edge limiting",
		"summary": "Limits the rate of calls, and how many are served at a time.",
		"description": [
			"Limits by fixed windows, leaky buckets and open connections, counted by this",
			"gateway alone or, with a Redis, by all that share it."
		],
		"version": "builtin",
		"configuration": {
			"type": "object",
			"definitions": {
				"key": {
					"type": "object",
					"description": "What is counted together",
					"properties": {
						"name": {"type": "string"},
						"name_type": {
							"type": "string",
							"enum": ["plain", "liquid"],
							"default": "plain"
						},
						"scope": {
							"type": "string",
							"description": "Of one service, or of all together",
							"enum": ["global", "service"],
							"default": "service"
						}
					},
					"required": ["name"]
				},
				"condition": {
					"type": "object",
					"description": "The limit counts only when this holds",
					"properties": {
						"combine_op": {
							"type": "string",
							"enum": ["and", "or"],
							"default": "and"
						},
						"operations": {
							"type": "array",
							"items": {
								"type": "object",
								"properties": {
									"left": {"type": "string"},
									"left_type": {
										"type": "string",
										"enum": ["plain", "liquid"],
										"default": "plain"
									},
									"op": {
										"type": "string",
										"enum": ["==", "!=", "matches"]
									},
									"right": {"type": "string"},
									"right_type": {
										"type": "string",
										"enum": ["plain", "liquid"],
										"default": "plain"
									}
								},
								"required": ["left", "op", "right"]
							}
						}
					}
				},
				"error_handling": {
					"type": "string",
					"oneOf": [
						{"enum": ["exit"], "title": "Answer with an error"},
						{"enum": ["log"], "title": "Let the call pass, and log"}
					],
					"default": "exit"
				}
			},
			"properties": {
				"connection_limiters": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"key": {"$ref": "#/definitions/key"},
							"condition": {"$ref": "#/definitions/condition"},
							"conn": {
								"type": "integer",
								"description": "Calls at a time",
								"minimum": 1
							},
							"burst": {
								"type": "integer",
								"description": "So many more are delayed",
								"minimum": 0
							},
							"delay": {"type": "number", "description": "Seconds"}
						},
						"required": ["key", "conn", "burst", "delay"]
					}
				},
				"leaky_bucket_limiters": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"key": {"$ref": "#/definitions/key"},
							"condition": {"$ref": "#/definitions/condition"},
							"rate": {
								"type": "integer",
								"description": "Calls per second",
								"minimum": 1
							},
							"burst": {
								"type": "integer",
								"description": "So many more are delayed",
								"minimum": 0
							}
						},
						"required": ["key", "rate", "burst"]
					}
				},
				"fixed_window_limiters": {
					"type": "array",
					"items": {
						"type": "object",
						"properties": {
							"key": {"$ref": "#/definitions/key"},
							"condition": {"$ref": "#/definitions/condition"},
							"count": {
								"type": "integer",
								"description": "Calls per window",
								"minimum": 0
							},
							"window": {
								"type": "integer",
								"description": "Seconds",
								"minimum": 0
							}
						},
						"required": ["key", "count", "window"]
					}
				},
				"redis_url": {
					"type": "string",
					"description": "Where counters are shared; without it they are this gateway's"
				},
				"limits_exceeded_error": {
					"type": "object",
					"properties": {
						"status_code": {"type": "integer", "default": 429},
						"error_handling": {"$ref": "#/definitions/error_handling"}
					}
				},
				"configuration_error": {
					"type": "object",
					"properties": {
						"status_code": {"type": "integer", "default": 500},
						"error_handling": {"$ref": "#/definitions/error_handling"}
					}
				}
			}
		}
	});
/* clang-format on */

const struct policy rate_limit_policy = {
	.name = STR_INIT("rate_limit"),
	.version = STR_INIT("builtin"),
	.manifest = manifest,
	.create = create,
	.run =
		{
			[PHASE_ACCESS] = access,
			[PHASE_LOG] = give_back,
		},
};
