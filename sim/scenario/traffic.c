/* The call that is made again and again in the background. */
#include "base/error.h"
#include "base/json.h"
#include "sim/scenario/stage_internal.h"

static void traffic_call_over(struct stage_call *call)
{
	struct stage_traffic_answer answer = {
		.number = call->number,
		.status = call->failure.size > 0 ? 0 : call->status,
		.failure = call->failure,
	};

	vec_push(&call->stage->traffic.answers, answer);
}

/* Calls that are over are let go of here, outside their own callbacks. */
static void traffic_sweep(struct stage_traffic *traffic)
{
	for (size_t i = traffic->waiting.count; i-- > 0;) {
		if (traffic->waiting.items[i]->is_over) {
			stage_call_destroy(traffic->waiting.items[i]);
			vec_remove(&traffic->waiting, i);
		}
	}
}

static bool traffic_begin_call(struct stage_traffic *traffic, struct error *error)
{
	struct stage_call *call =
		stage_call_start(traffic->stage, traffic->call, traffic_call_over, error);

	if (call == NULL)
		return false;
	call->number = traffic->calls_begun++;
	vec_push(&traffic->waiting, call);
	return true;
}

static void traffic_tick(void *data)
{
	struct stage_traffic *traffic = data;
	struct sim *sim = traffic->stage->sim;

	traffic_sweep(traffic);
	/* The first one showed that the description can be carried out. */
	traffic_begin_call(traffic, NULL);
	sim_at(sim, sim_now_us(sim) + traffic->every_us, traffic_tick, traffic);
}

bool stage_traffic_start(struct stage *stage, const struct json *description, struct error *error)
{
	struct stage_traffic *traffic = &stage->traffic;

	traffic->stage = stage;
	traffic->call = stage_expand(stage, description, error);
	if (traffic->call == NULL)
		return false;
	if (!stage_duration(json_get(traffic->call, STR("every")), &traffic->every_us, error))
		return error_wrap(error, "every");
	if (traffic->every_us <= 0)
		return error_set(error, ERROR_INVALID, "every: more than 0s");
	if (!traffic_begin_call(traffic, error))
		return false;
	sim_at(stage->sim, sim_now_us(stage->sim) + traffic->every_us, traffic_tick, traffic);
	return true;
}

void stage_traffic_stop(struct stage *stage)
{
	struct stage_traffic *traffic = &stage->traffic;

	for (size_t i = 0; i < traffic->waiting.count; i++)
		stage_call_destroy(traffic->waiting.items[i]);
	vec_free(&traffic->waiting);
	vec_free(&traffic->answers);
}
