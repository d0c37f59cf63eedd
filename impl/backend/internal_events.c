/* Alert thresholds and events (spec/backend.md 8.8). */
#include <stdlib.h>

#include "backend/alerts.h"
#include "backend/internal_handlers.h"
#include "backend/jobs.h"
#include "backend/keys.h"
#include "base/arena.h"

static struct str thresholds_of(const struct internal_call *call)
{
	return key_alert_thresholds(call->arena, internal_service(call));
}

static void forget(struct internal_call *call)
{
	internal_forget(call, &alert_thresholds_kind, internal_service(call), STR(""));
}

static struct json *threshold(struct internal_call *call, int64_t value)
{
	struct json *limit = json_new(call->arena, JSON_OBJECT);

	internal_set(call, limit, STR("service_id"), internal_service(call));
	json_set(limit, STR("value"), json_new_int(call->arena, value));
	return limit;
}

static int compare(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

	return first < second ? -1 : first > second;
}

static void thresholds_listed(struct internal_call *call)
{
	const struct redis_reply *members = internal_reply(call, 0);
	int64_t *values = ARENA_ARRAY(call->arena, int64_t, members->count);
	struct json *limits = json_new(call->arena, JSON_ARRAY);

	for (size_t i = 0; i < members->count; i++)
		values[i] = text_to_count(reply_item(members, i), 0);
	if (members->count > 1)
		qsort(values, members->count, sizeof *values, compare);
	for (size_t i = 0; i < members->count; i++)
		json_append(limits, threshold(call, values[i]));
	internal_answer_with(call, 200, STR("found"), STR("alert_limits"), limits);
}

void internal_alert_limits_list(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("SMEMBERS"), thresholds_of(call));
	internal_then(call, thresholds_listed);
}

static void refuse_threshold(struct internal_call *call)
{
	internal_answer_text(call, 400, STR("{\"error\":\"alert limit is invalid\"}"));
}

static void threshold_created(struct internal_call *call)
{
	const int64_t *value = call->state;

	forget(call);
	if (!reply_is_true(internal_reply(call, 0)))
		refuse_threshold(call);
	else
		internal_answer_with(call, 201, STR("created"), STR("alert_limit"),
				     threshold(call, *value));
}

void internal_alert_limit_create(struct internal_call *call)
{
	const struct json *limit = internal_object(call, STR("alert_limit"));
	int64_t *value = ARENA_NEW(call->arena, int64_t);

	if (limit == NULL)
		return;
	*value = json_int(json_get(limit, STR("value")), -1);
	call->state = value;
	if (!alerts_is_level(*value)) {
		refuse_threshold(call);
		return;
	}
	INTERNAL_ASK(call, STR("SADD"), thresholds_of(call),
		     str_format(call->arena, "%lld", (long long)*value));
	internal_then(call, threshold_created);
}

static void threshold_deleted(struct internal_call *call)
{
	forget(call);
	if (reply_is_true(internal_reply(call, 0)))
		internal_answer_status(call, 200, STR("deleted"));
	else
		internal_not_found(call, STR("alert limit not found"));
}

void internal_alert_limit_delete(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("SREM"), thresholds_of(call), internal_path(call, STR("value")));
	internal_then(call, threshold_deleted);
}

/* Events are JSON already. */

static void events_listed(struct internal_call *call)
{
	const struct redis_reply *events = internal_reply(call, 0);
	struct strbuf *out = &call->backend->scratch;

	strbuf_clear(out);
	strbuf_append(out, STR("{\"status\":\"found\",\"events\":["));
	for (size_t i = 0; i < events->count; i++) {
		if (i > 0)
			strbuf_append_char(out, ',');
		strbuf_append(out, reply_item(events, i));
	}
	strbuf_append(out, STR("]}"));
	internal_answer_text(call, 200, str_copy(call->arena, strbuf_str(out)));
}

void internal_events_list(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("ZRANGE"), KEY_EVENTS, STR("0"), STR("-1"));
	internal_then(call, events_listed);
}

static void events_deleted(struct internal_call *call)
{
	int64_t count = call->batch.count > 0 ? internal_reply(call, 0)->integer : 0;

	internal_answer_with(call, 200, STR("deleted"), STR("num_events"),
			     json_new_int(call->arena, count));
}

void internal_events_delete(struct internal_call *call)
{
	int64_t last = json_int(internal_parameter(call, STR("upto_id")), 0);

	internal_batch(call);
	if (last > 0)
		INTERNAL_ASK(call, STR("ZREMRANGEBYSCORE"), KEY_EVENTS, STR("0"),
			     str_format(call->arena, "%lld", (long long)last));
	internal_then(call, events_deleted);
}

static void event_deleted(struct internal_call *call)
{
	if (reply_is_true(internal_reply(call, 0)))
		internal_answer_status(call, 200, STR("deleted"));
	else
		internal_not_found(call, STR("event not found"));
}

void internal_event_delete(struct internal_call *call)
{
	int64_t id;

	if (!str_to_int64(internal_path(call, STR("event_id")), &id)) {
		internal_not_found(call, STR("event not found"));
		return;
	}
	INTERNAL_ASK(call, STR("ZREMRANGEBYSCORE"), KEY_EVENTS,
		     internal_path(call, STR("event_id")), internal_path(call, STR("event_id")));
	internal_then(call, event_deleted);
}

/* For tests of others; production has no such route. The ids come first. */

static void events_stored(struct internal_call *call)
{
	internal_answer_status(call, 201, STR("created"));
}

static void events_numbered(struct internal_call *call)
{
	const struct batch numbers = call->batch;
	size_t count = 0;

	internal_batch(call);
	JSON_EACH (sent, internal_parameter(call, STR("events"))) {
		int64_t id = numbers.replies[count++].integer;
		struct json *event = json_new(call->arena, JSON_OBJECT);

		json_set(event, STR("id"), json_new_int(call->arena, id));
		internal_echo(call, event, sent, STR("type"));
		internal_set(call, event, STR("timestamp"),
			     jobs_time(call->arena, backend_now_us(call->backend)));
		internal_echo(call, event, sent, STR("object"));
		INTERNAL_ASK(call, STR("ZADD"), KEY_EVENTS,
			     str_format(call->arena, "%lld", (long long)id),
			     json_print(call->arena, event));
	}
	internal_then(call, events_stored);
}

void internal_events_create(struct internal_call *call)
{
	const struct json *events = internal_parameter(call, STR("events"));

	if (json_is_null(events)) {
		internal_missing(call, STR("events"));
		return;
	}
	internal_batch(call);
	for (size_t i = 0; i < events->count; i++)
		INTERNAL_ASK(call, STR("INCR"), KEY_EVENT_ID);
	internal_then(call, events_numbered);
}
