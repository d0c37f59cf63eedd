#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "sim/scenario/stage_internal.h"

static void stage_traffic_over(struct stage_call *call, void *data)
{
	struct stage_traffic *traffic = data;
	struct stage_traffic_answer answer = {
		.began_us = call->began_us,
		.ended_us = call->ended_us,
		.status = call->failure.size > 0 ? 0 : call->status,
		.failure = str_copy(traffic->stage->arena, call->failure),
	};

	vec_push(&traffic->answers, answer);
}

/* Calls that are over are let go of here, outside their own callbacks. */
static void stage_traffic_sweep(struct stage_traffic *traffic)
{
	for (size_t i = traffic->waiting.count; i-- > 0;) {
		if (traffic->waiting.items[i]->is_over) {
			stage_call_destroy(traffic->waiting.items[i]);
			vec_remove(&traffic->waiting, i);
		}
	}
}

static void stage_traffic_tick(struct timer *timer)
{
	struct stage_traffic *traffic = LIST_ENTRY(timer, struct stage_traffic, next);
	struct stage_call *call;

	stage_traffic_sweep(traffic);
	call = stage_call_start(traffic->stage, traffic->call, stage_traffic_over, traffic, NULL);
	if (call != NULL)
		vec_push(&traffic->waiting, call);
	timer_start(traffic->world, &traffic->next, traffic->every_us, stage_traffic_tick);
}

bool stage_traffic_start(struct stage *stage, const struct json *description, struct error *error)
{
	struct stage_traffic *traffic = &stage->traffic;
	struct stage_call *first;

	traffic->stage = stage;
	traffic->call = stage_expand(stage, description, error);
	if (traffic->call == NULL ||
	    !stage_duration(json_get(traffic->call, STR("every")), &traffic->every_us, error))
		return false;
	if (traffic->every_us <= 0)
		return error_set(error, ERROR_INVALID, "traffic needs every: DURATION");
	traffic->world = stage_host_world(stage, STR("client"), error);
	if (traffic->world == NULL)
		return false;
	/* The first one shows whether the description can be carried out at all. */
	first = stage_call_start(stage, traffic->call, stage_traffic_over, traffic, error);
	if (first == NULL)
		return false;
	vec_push(&traffic->waiting, first);
	timer_start(traffic->world, &traffic->next, traffic->every_us, stage_traffic_tick);
	return true;
}

void stage_traffic_stop(struct stage *stage)
{
	struct stage_traffic *traffic = &stage->traffic;

	timer_stop(&traffic->next);
	for (size_t i = 0; i < traffic->waiting.count; i++)
		stage_call_destroy(traffic->waiting.items[i]);
	vec_free(&traffic->waiting);
	vec_free(&traffic->answers);
}
