#include "backend/traffic.h"

#include <inttypes.h>
#include <stdlib.h>

#include "backend/backend_internal.h"
#include "backend/events_hook.h"
#include "backend/job_run.h"
#include "backend/keys.h"
#include "backend/limits.h"
#include "backend/profile.h"
#include "backend/stats_keys.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"

#define SEEN_US (60 * UTC_SECOND_US)
#define SEEN_MAX 10000
#define DAILY_TRAFFIC_LIFETIME STR("172800")
#define ALERT_SILENCE STR("86400")
#define MAXIMUM_REST_US (300 * UTC_SECOND_US) /* what outlives its day */

enum event_kind { EVENT_FIRST_TRAFFIC, EVENT_FIRST_DAILY_TRAFFIC, EVENT_ALERT };

static const struct str event_names[] = {
	[EVENT_FIRST_TRAFFIC] = STR_INIT("first_traffic"),
	[EVENT_FIRST_DAILY_TRAFFIC] = STR_INIT("first_daily_traffic"),
	[EVENT_ALERT] = STR_INIT("alert"),
};

struct touched {
	struct str key;
	struct str service;
	const struct application *application;
	const struct metrics *metrics;
	bool is_counted_today; /* its traffic is told of in this round */
	size_t traffic_reply;  /* in the round's batch: SADD, and INCR after it */
	struct limit_list limits;
	const struct alert_thresholds *thresholds;
	size_t counters_reply;
	struct alert_utilization utilization;
	struct str maximum_key; /* of this hour, where releases keep it */
	size_t maximum_reply;
};

struct traffic_event {
	enum event_kind kind;
	const struct touched *touched;
	struct traffic_event *next;
	size_t reply;         /* of INCR events/id; for alerts, that of the alert's id follows */
	size_t silence_reply; /* alerts: whether it was told of before */
};

void traffic_init(struct traffic *traffic, struct backend *backend)
{
	*traffic = (struct traffic){
		.backend = backend,
		.touched = map_create(backend->hash_seed),
		.seen = map_create(backend->hash_seed),
	};
}

void traffic_forget(struct traffic *traffic)
{
	struct map_cursor at = {0};

	while (map_next(traffic->seen, &at))
		free(at.value);
	map_clear(traffic->seen);
}

void traffic_free(struct traffic *traffic)
{
	traffic_forget(traffic);
	map_destroy(traffic->seen);
	map_destroy(traffic->touched);
}

void traffic_begin(struct traffic *traffic, struct arena *arena)
{
	map_clear(traffic->touched);
	traffic->arena = arena;
	traffic->first = NULL;
	traffic->last = &traffic->first;
}

void traffic_touch(struct traffic *traffic, const struct job *job)
{
	for (const struct job_transaction *transaction = job->first; transaction != NULL;
	     transaction = transaction->next) {
		struct str key = STR_CONCAT(traffic->arena, job->service, STR("\n"),
					    transaction->application->id);
		struct touched *touched;

		if (map_get(traffic->touched, key) != NULL)
			continue;
		touched = ARENA_NEW(traffic->arena, struct touched);
		touched->key = key;
		touched->service = job->service;
		touched->application = transaction->application;
		touched->metrics = job->metrics;
		map_put(traffic->touched, key, touched);
	}
}

/* Limits are looked at only where something may follow from them. */
static enum memo_result prepare_alerts(struct traffic *traffic, struct touched *touched,
				       struct reader *reader)
{
	struct str id = touched->application->id;
	bool are_possible = true;
	enum memo_result result =
		alert_thresholds_find(reader, touched->service, &touched->thresholds);

	if (result == MEMO_FOUND && traffic->backend->settings.profile->skips_alerts_early)
		result = alerts_are_possible(reader, touched->service, id, touched->thresholds,
					     &are_possible);
	if (result != MEMO_FOUND || !are_possible)
		return result;
	return limits_find(reader, touched->service, touched->application->plan_id,
			   touched->metrics, &touched->limits);
}

enum memo_result traffic_prepare(struct traffic *traffic, struct reader *reader)
{
	enum memo_result all = MEMO_FOUND;
	struct map_cursor at = {0};

	while (map_next(traffic->touched, &at)) {
		enum memo_result result = prepare_alerts(traffic, at.value, reader);

		if (result == MEMO_FAILED)
			return MEMO_FAILED;
		if (result == MEMO_WAIT)
			all = MEMO_WAIT;
	}
	return all;
}

/* Writing. */

/* Once a minute for each application, in each process (6.8). */
static bool see(struct traffic *traffic, struct str key)
{
	int64_t now_us = backend_now_us(traffic->backend);
	int64_t *seen_us = map_get(traffic->seen, key);

	if (seen_us == NULL) {
		if (map_count(traffic->seen) >= SEEN_MAX)
			traffic_forget(traffic);
		seen_us = MEMORY_NEW(int64_t);
		map_put(traffic->seen, key, seen_us);
	} else if (now_us >= *seen_us && now_us - *seen_us <= SEEN_US &&
		   utc_period_start(UTC_DAY, now_us) == utc_period_start(UTC_DAY, *seen_us)) {
		return false;
	}
	*seen_us = now_us;
	return true;
}

static void write_traffic(struct traffic *traffic, struct touched *touched, struct batch *batch)
{
	struct redis_client *storage = traffic->backend->storage;
	struct str application = touched->application->id;
	char day[STATS_COMPACT_BYTES];
	struct str key = key_daily_traffic(
		traffic->arena, touched->service, application,
		stats_compact_time(day,
				   utc_period_start(UTC_DAY, backend_now_us(traffic->backend))));

	touched->is_counted_today = true;
	touched->traffic_reply = batch->count;
	BATCH_SEND(batch, storage, STR("SADD"),
		   stats_applications_key(traffic->arena, touched->service),
		   key_part(traffic->arena, application));
	BATCH_SEND(batch, storage, STR("INCR"), key);
	BATCH_SEND(batch, storage, STR("EXPIRE"), key, DAILY_TRAFFIC_LIFETIME);
}

void traffic_write(struct traffic *traffic, struct batch *batch)
{
	struct map_cursor at = {0};

	while (map_next(traffic->touched, &at)) {
		struct touched *touched = at.value;

		if (see(traffic, touched->key))
			write_traffic(traffic, touched, batch);
		touched->counters_reply = batch->count;
		limits_ask(batch, traffic->backend->storage, touched->service,
			   touched->application->id, touched->metrics, &touched->limits,
			   backend_now_us(traffic->backend));
	}
}

/* Telling: which events there are, whether alerts were told of before, ids, then the events. */

static void add_event(struct traffic *traffic, enum event_kind kind, const struct touched *touched)
{
	struct traffic_event *event = ARENA_NEW(traffic->arena, struct traffic_event);

	*event = (struct traffic_event){.kind = kind, .touched = touched};
	*traffic->last = event;
	traffic->last = &event->next;
}

static void find_traffic_events(struct traffic *traffic, const struct touched *touched,
				const struct batch *batch)
{
	const struct redis_reply *replies = &batch->replies[touched->traffic_reply];

	if (!touched->is_counted_today)
		return;
	if (reply_is_true(&replies[0]))
		add_event(traffic, EVENT_FIRST_TRAFFIC, touched);
	if (replies[1].kind == REDIS_INTEGER && replies[1].integer == 1)
		add_event(traffic, EVENT_FIRST_DAILY_TRAFFIC, touched);
}

static void find_alert(struct traffic *traffic, struct touched *touched, const struct batch *batch)
{
	const int64_t *counters;

	if (touched->limits.count == 0)
		return;
	counters = limits_counters(traffic->arena, &touched->limits,
				   &batch->replies[touched->counters_reply]);
	touched->utilization = alerts_utilization(&touched->limits, counters);
	if (alerts_is_wanted(touched->thresholds, touched->utilization.level))
		add_event(traffic, EVENT_ALERT, touched);
}

static void tell_end(struct traffic *traffic)
{
	if (map_count(traffic->touched) > 0)
		events_hook_ping(traffic->backend);
	traffic->told(traffic->data);
}

static void write_alert(struct strbuf *out, const struct traffic *traffic,
			const struct traffic_event *event)
{
	const struct touched *touched = event->touched;
	const struct alert_utilization *utilization = &touched->utilization;
	const struct usage_limit *limit = &touched->limits.items[utilization->limit];

	strbuf_append_format(out, "{\"id\":%" PRId64 ",\"utilization\":%d,\"max_utilization\":",
			     traffic->batch.replies[event->reply + 1].integer, utilization->level);
	strbuf_append(out, alerts_ratio(traffic->arena, utilization));
	strbuf_append(out, STR(",\"application_id\":"));
	json_write_str(out, touched->application->id);
	strbuf_append(out, STR(",\"service_id\":"));
	json_write_str(out, touched->service);
	strbuf_append(out, STR(",\"timestamp\":"));
	json_write_str(out, jobs_time(traffic->arena, backend_now_us(traffic->backend)));
	strbuf_append(out, STR(",\"limit\":"));
	json_write_str(out, str_format(traffic->arena, "%.*s per %.*s: %" PRId64 "/%" PRId64,
				       STR_ARG(touched->metrics->items[limit->metric].name),
				       STR_ARG(utc_period_name(limit->period)),
				       utilization->current, utilization->max));
	strbuf_append_char(out, '}');
}

static void write_first_traffic(struct strbuf *out, const struct traffic *traffic,
				const struct traffic_event *event)
{
	strbuf_append(out, STR("{\"service_id\":"));
	json_write_str(out, event->touched->service);
	strbuf_append(out, STR(",\"application_id\":"));
	json_write_str(out, event->touched->application->id);
	strbuf_append(out, STR(",\"timestamp\":"));
	json_write_str(out, jobs_time(traffic->arena, backend_now_us(traffic->backend)));
	strbuf_append_char(out, '}');
}

static void store_event(struct traffic *traffic, const struct traffic_event *event)
{
	struct strbuf *out = &traffic->backend->scratch;
	int64_t id = traffic->batch.replies[event->reply].integer;

	strbuf_clear(out);
	strbuf_append_format(out, "{\"id\":%" PRId64 ",\"type\":\"%.*s\",\"timestamp\":", id,
			     STR_ARG(event_names[event->kind]));
	json_write_str(out, jobs_time(traffic->arena, backend_now_us(traffic->backend)));
	strbuf_append(out, STR(",\"object\":"));
	if (event->kind == EVENT_ALERT)
		write_alert(out, traffic, event);
	else
		write_first_traffic(out, traffic, event);
	strbuf_append_char(out, '}');
	REDIS_SEND(traffic->backend->storage, NULL, NULL, STR("ZADD"), KEY_EVENTS,
		   str_format(traffic->arena, "%" PRId64, id), strbuf_str(out));
}

static void ids_replied(struct batch *batch, void *data)
{
	struct traffic *traffic = data;

	for (const struct traffic_event *event = traffic->first;
	     event != NULL && !batch->has_failed; event = event->next)
		store_event(traffic, event);
	tell_end(traffic);
}

/* The hour's maximum, when it was lower. As upstream writes it: the key's end was set before. */
static void raise_maximum(struct traffic *traffic, const struct touched *touched,
			  const struct redis_reply *replies)
{
	int64_t percentage;

	if (touched->maximum_key.size == 0)
		return;
	percentage = alerts_percentage(&touched->utilization);
	if (percentage > text_to_count(reply_text(&replies[touched->maximum_reply]), 0))
		REDIS_SEND(traffic->backend->storage, NULL, NULL, STR("SET"), touched->maximum_key,
			   str_format(traffic->arena, "%" PRId64, percentage));
}

/* Alerts that were told of within a day are left out. */
static bool is_silenced(struct traffic *traffic, const struct traffic_event *event,
			const struct redis_reply *replies)
{
	if (event->kind != EVENT_ALERT)
		return false;
	alerts_told(traffic->backend, traffic->arena, event->touched->service,
		    event->touched->application->id, event->touched->utilization.level);
	return replies[event->silence_reply].kind != REDIS_STATUS;
}

static void asked(struct batch *batch, void *data)
{
	struct traffic *traffic = data;
	struct redis_client *storage = traffic->backend->storage;
	struct traffic_event **place = &traffic->first;
	const struct redis_reply *replies = batch->replies;
	struct map_cursor at = {0};

	while (!batch->has_failed && storage != NULL && map_next(traffic->touched, &at))
		raise_maximum(traffic, at.value, replies);
	batch_begin(&traffic->batch, traffic->arena, ids_replied, traffic);
	while (*place != NULL) {
		struct traffic_event *event = *place;

		if (is_silenced(traffic, event, replies)) {
			*place = event->next;
			continue;
		}
		event->reply = traffic->batch.count;
		BATCH_SEND(&traffic->batch, storage, STR("INCR"), KEY_EVENT_ID);
		if (event->kind == EVENT_ALERT)
			BATCH_SEND(&traffic->batch, storage, STR("INCR"), KEY_ALERT_ID);
		place = &event->next;
	}
	batch_end(&traffic->batch);
}

static void ask_silence(struct traffic *traffic)
{
	for (struct traffic_event *event = traffic->first; event != NULL; event = event->next) {
		const struct touched *touched = event->touched;

		if (event->kind != EVENT_ALERT)
			continue;
		event->silence_reply = traffic->batch.count;
		BATCH_SEND(&traffic->batch, traffic->backend->storage, STR("SET"),
			   key_alert_sent(traffic->arena, touched->service,
					  touched->application->id, touched->utilization.level),
			   STR("1"), STR("NX"), STR("EX"), ALERT_SILENCE);
	}
}

/* 6.5: until next midnight and a little, which is said each time the hour's maximum is read. */
static void ask_maximum(struct traffic *traffic, struct touched *touched)
{
	struct redis_client *storage = traffic->backend->storage;
	int64_t now_us = backend_now_us(traffic->backend);
	int64_t rest_us = utc_period_end(UTC_DAY, now_us) + MAXIMUM_REST_US - now_us;
	char hour[STATS_COMPACT_BYTES];

	if (touched->utilization.max == 0)
		return;
	touched->maximum_key =
		key_alert_maximum(traffic->arena, touched->service, touched->application->id,
				  stats_compact_time(hour, utc_period_start(UTC_HOUR, now_us)));
	touched->maximum_reply = traffic->batch.count;
	BATCH_SEND(&traffic->batch, storage, STR("GET"), touched->maximum_key);
	BATCH_SEND(&traffic->batch, storage, STR("EXPIRE"), touched->maximum_key,
		   str_format(traffic->arena, "%" PRId64, rest_us / UTC_SECOND_US));
}

void traffic_tell(struct traffic *traffic, const struct batch *batch, traffic_told *told,
		  void *data)
{
	struct map_cursor at = {0};

	traffic->told = told;
	traffic->data = data;
	while (map_next(traffic->touched, &at))
		find_traffic_events(traffic, at.value, batch);
	at = (struct map_cursor){0};
	while (map_next(traffic->touched, &at))
		find_alert(traffic, at.value, batch);
	batch_begin(&traffic->batch, traffic->arena, asked, traffic);
	ask_silence(traffic);
	at = (struct map_cursor){0};
	while (traffic->backend->settings.profile->keeps_hourly_maximum &&
	       map_next(traffic->touched, &at))
		ask_maximum(traffic, at.value);
	batch_end(&traffic->batch);
}
