/* Metrics and usage limits (spec/backend.md 8.7). */
#include "backend/internal_handlers.h"
#include "backend/keys.h"
#include "backend/metric.h"
#include "base/arena.h"

static struct str metric_of(const struct internal_call *call)
{
	return internal_path(call, STR("metric_id"));
}

static struct str key_of(const struct internal_call *call, struct str attribute)
{
	return key_metric(call->arena, internal_service(call), metric_of(call), attribute);
}

/* Metrics. */

static void metric_found(struct internal_call *call)
{
	struct str name = reply_text(internal_reply(call, 0));
	struct json *metric = json_new(call->arena, JSON_OBJECT);

	if (name.data == NULL) {
		internal_not_found(call, STR("metric not found"));
		return;
	}
	internal_set(call, metric, STR("service_id"), internal_service(call));
	internal_set(call, metric, STR("id"), metric_of(call));
	internal_set(call, metric, STR("parent_id"), reply_text(internal_reply(call, 1)));
	internal_set(call, metric, STR("name"), name);
	internal_answer_with(call, 200, STR("found"), STR("metric"), metric);
}

void internal_metric_read(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("GET"), key_of(call, STR("name")));
	INTERNAL_ASK(call, STR("GET"), key_of(call, STR("parent_id")));
	internal_then(call, metric_found);
}

struct metric_state {
	const struct json *sent;
	bool is_update;
};

static void metric_saved(struct internal_call *call)
{
	const struct metric_state *state = call->state;
	struct json *metric = json_new(call->arena, JSON_OBJECT);

	internal_forget(call, &metrics_kind, internal_service(call), STR(""));
	internal_set(call, metric, STR("service_id"), internal_service(call));
	internal_set(call, metric, STR("id"), metric_of(call));
	internal_echo(call, metric, state->sent, STR("parent_id"));
	internal_echo(call, metric, state->sent, STR("name"));
	internal_answer_with(call, state->is_update ? 200 : 201,
			     state->is_update ? STR("modified") : STR("created"), STR("metric"),
			     metric);
}

static void metric_save_found(struct internal_call *call)
{
	const struct metric_state *state = call->state;
	struct str old_name = reply_text(internal_reply(call, 0));
	struct str name = internal_text(state->sent, STR("name"));
	struct str parent = internal_text(state->sent, STR("parent_id"));

	INTERNAL_ASK(call, STR("SADD"), key_metric_ids(call->arena, internal_service(call)),
		     metric_of(call));
	if (name.data != NULL) {
		if (old_name.data != NULL && !str_equal(old_name, name))
			INTERNAL_ASK(
				call, STR("DEL"),
				key_metric_name(call->arena, internal_service(call), old_name));
		INTERNAL_ASK(call, STR("SET"), key_of(call, STR("name")), name);
		INTERNAL_ASK(call, STR("SET"),
			     key_metric_name(call->arena, internal_service(call), name),
			     metric_of(call));
	}
	if (parent.data != NULL)
		INTERNAL_ASK(call, STR("SET"), key_of(call, STR("parent_id")), parent);
	internal_then(call, metric_saved);
}

static void metric_save(struct internal_call *call, bool is_update)
{
	struct metric_state *state = ARENA_NEW(call->arena, struct metric_state);

	state->sent = internal_object(call, STR("metric"));
	if (state->sent == NULL)
		return;
	state->is_update = is_update;
	call->state = state;
	INTERNAL_ASK(call, STR("GET"), key_of(call, STR("name")));
	internal_then(call, metric_save_found);
}

void internal_metric_create(struct internal_call *call)
{
	metric_save(call, false);
}

void internal_metric_update(struct internal_call *call)
{
	metric_save(call, true);
}

static void metric_deleted(struct internal_call *call)
{
	internal_forget(call, &metrics_kind, internal_service(call), STR(""));
	internal_answer_status(call, 200, STR("deleted"));
}

static void metric_delete_found(struct internal_call *call)
{
	struct str name = reply_text(internal_reply(call, 0));

	if (name.data == NULL) {
		internal_not_found(call, STR("metric not found"));
		return;
	}
	INTERNAL_ASK(call, STR("DEL"), key_of(call, STR("name")), key_of(call, STR("parent_id")),
		     key_metric_name(call->arena, internal_service(call), name));
	INTERNAL_ASK(call, STR("SREM"), key_metric_ids(call->arena, internal_service(call)),
		     metric_of(call));
	internal_then(call, metric_deleted);
}

void internal_metric_delete(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("GET"), key_of(call, STR("name")));
	internal_then(call, metric_delete_found);
}

/* Usage limits. */

static struct str limit_of(const struct internal_call *call)
{
	return key_usage_limit(call->arena, internal_service(call),
			       internal_path(call, STR("plan_id")), metric_of(call),
			       internal_path(call, STR("period")));
}

static void forget_limit(struct internal_call *call)
{
	internal_forget(call, &limits_kind, internal_service(call),
			internal_path(call, STR("plan_id")));
}

static bool has_known_period(const struct internal_call *call)
{
	enum utc_period period;

	return utc_period_from_name(internal_path(call, STR("period")), &period);
}

static void answer_limit(struct internal_call *call, struct str word, struct json *max)
{
	struct json *limit = json_new(call->arena, JSON_OBJECT);

	internal_set(call, limit, STR("service_id"), internal_service(call));
	internal_set(call, limit, STR("plan_id"), internal_path(call, STR("plan_id")));
	internal_set(call, limit, STR("metric_id"), metric_of(call));
	json_set(limit, internal_path(call, STR("period")), max);
	internal_answer_with(call, 200, word, STR("usagelimit"), limit);
}

static void limit_found(struct internal_call *call)
{
	struct str max = reply_text(internal_reply(call, 0));

	if (max.data == NULL || !has_known_period(call))
		internal_not_found(call, STR("usagelimit not found"));
	else
		answer_limit(call, STR("found"), json_new_int(call->arena, text_to_count(max, 0)));
}

void internal_usage_limit_read(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("GET"), limit_of(call));
	internal_then(call, limit_found);
}

static void limit_set(struct internal_call *call)
{
	forget_limit(call);
	answer_limit(call, STR("modified"), call->state);
}

/* An unknown period is answered like any other, and nothing is stored. */
void internal_usage_limit_set(struct internal_call *call)
{
	struct str period = internal_path(call, STR("period")), max;
	const struct json *limit = internal_object(call, STR("usagelimit"));

	if (limit == NULL)
		return;
	max = internal_text(limit, period);
	if (max.data == NULL) {
		internal_missing(call, period);
		return;
	}
	call->state = json_copy(call->arena, json_get(limit, period));
	internal_batch(call);
	if (has_known_period(call))
		INTERNAL_ASK(call, STR("SET"), limit_of(call), max);
	internal_then(call, limit_set);
}

static void limit_deleted(struct internal_call *call)
{
	forget_limit(call);
	internal_answer_status(call, 200, STR("deleted"));
}

void internal_usage_limit_delete(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("DEL"), limit_of(call));
	internal_then(call, limit_deleted);
}
