/* What became of calls and reports: integration errors, latest transactions, utilization
 * (spec/backend.md 8.8, 8.9). */
#include <inttypes.h>

#include "backend/application.h"
#include "backend/integration_errors.h"
#include "backend/internal_handlers.h"
#include "backend/keys.h"
#include "backend/latest_transactions.h"
#include "backend/limits.h"
#include "backend/profile.h"
#include "backend/service.h"
#include "base/arena.h"

#define PAGE_DEFAULT 1
#define PER_PAGE_DEFAULT 100
#define PER_PAGE_MAX 1000 /* of as many as are kept */

static void ask_service(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("EXISTS"),
		     key_service(call->arena, internal_service(call), STR("provider_key")));
}

/* The first reply says whether the service exists. */
static bool has_service(struct internal_call *call)
{
	if (reply_is_true(internal_reply(call, 0)))
		return true;
	internal_not_found(call, STR("service not found"));
	return false;
}

/* {"status":"found",NAME:[texts that are JSON already]REST} */
static void answer_texts(struct internal_call *call, struct str name,
			 const struct redis_reply *texts, struct str rest)
{
	struct strbuf *out = &call->backend->scratch;

	strbuf_clear(out);
	strbuf_append(out, STR("{\"status\":\"found\",\""));
	strbuf_append(out, name);
	strbuf_append(out, STR("\":["));
	for (size_t i = 0; i < texts->count; i++) {
		if (i > 0)
			strbuf_append_char(out, ',');
		strbuf_append(out, reply_item(texts, i));
	}
	strbuf_append_char(out, ']');
	strbuf_append(out, rest);
	strbuf_append_char(out, '}');
	internal_answer_text(call, 200, str_copy(call->arena, strbuf_str(out)));
}

/* Integration errors. */

static void errors_listed(struct internal_call *call)
{
	if (has_service(call))
		answer_texts(call, STR("errors"), internal_reply(call, 2),
			     str_format(call->arena, ",\"count\":%" PRId64,
					internal_reply(call, 1)->integer));
}

void internal_errors_list(struct internal_call *call)
{
	struct str key = key_errors(call->arena, internal_service(call));
	int64_t page = json_int(internal_parameter(call, STR("page")), PAGE_DEFAULT);
	int64_t per_page = json_int(internal_parameter(call, STR("per_page")), PER_PAGE_DEFAULT);
	int64_t from;

	if (per_page <= 0) {
		internal_answer_text(call, 400, STR("{\"error\":\"per_page needs to be > 0\"}"));
		return;
	}
	per_page = per_page > PER_PAGE_MAX ? PER_PAGE_MAX : per_page;
	page = page < 1 ? 1 : page > PER_PAGE_MAX ? PER_PAGE_MAX + 1 : page;
	from = (page - 1) * per_page;
	ask_service(call);
	INTERNAL_ASK(call, STR("LLEN"), key);
	INTERNAL_ASK(call, STR("LRANGE"), key, str_format(call->arena, "%" PRId64, from),
		     str_format(call->arena, "%" PRId64, from + per_page - 1));
	internal_then(call, errors_listed);
}

static void errors_deleted(struct internal_call *call)
{
	if (has_service(call))
		internal_answer_status(call, 200, STR("deleted"));
}

void internal_errors_delete(struct internal_call *call)
{
	ask_service(call);
	INTERNAL_ASK(call, STR("DEL"), key_errors(call->arena, internal_service(call)));
	internal_then(call, errors_deleted);
}

/* For tests of others; production has no such route. */
void internal_errors_create(struct internal_call *call)
{
	const struct json *errors = internal_parameter(call, STR("errors"));

	if (json_is_null(errors)) {
		internal_missing(call, STR("errors"));
		return;
	}
	JSON_EACH (message, errors)
		integration_error_store(call->backend, call->arena, internal_service(call),
					API_ERROR, json_scalar_text(message), STR("{}"));
	internal_answer_status(call, 201, STR("created"));
}

/* Latest transactions: kept with "UTC", shown with an offset. */

static void transactions_listed(struct internal_call *call)
{
	const struct redis_reply *texts = internal_reply(call, 1);
	struct json *transactions = json_new(call->arena, JSON_ARRAY);

	if (!has_service(call))
		return;
	for (size_t i = 0; i < texts->count; i++) {
		struct str text = reply_item(texts, i), time;
		struct json *transaction = json_parse(call->arena, text, text.size, NULL);

		if (transaction == NULL)
			continue;
		time = json_get_str(transaction, STR("timestamp"));
		if (str_has_suffix(time, STR(" UTC")))
			time = STR_CONCAT(call->arena, str_slice(time, 0, time.size - 4),
					  STR(" +0000"));
		internal_set(call, transaction, STR("timestamp"), time);
		json_append(transactions, transaction);
	}
	internal_answer_with(call, 200, STR("found"), STR("transactions"), transactions);
}

void internal_transactions_list(struct internal_call *call)
{
	ask_service(call);
	INTERNAL_ASK(call, STR("LRANGE"),
		     key_latest_transactions(call->arena, internal_service(call)), STR("0"),
		     LATEST_TRANSACTIONS_LAST);
	internal_then(call, transactions_listed);
}

/* For tests of others; production has no such routes. */

static void transactions_stored(struct internal_call *call)
{
	internal_answer_status(call, 201, STR("created"));
}

void internal_transactions_create(struct internal_call *call)
{
	static const struct str members[] = {STR_INIT("application_id"), STR_INIT("usage"),
					     STR_INIT("timestamp")};
	const struct json *transactions = internal_parameter(call, STR("transactions"));
	struct str key = key_latest_transactions(call->arena, internal_service(call));

	if (json_is_null(transactions)) {
		internal_missing(call, STR("transactions"));
		return;
	}
	internal_batch(call);
	JSON_EACH (sent, transactions) {
		struct json *transaction = json_new(call->arena, JSON_OBJECT);

		for (size_t i = 0; i < sizeof members / sizeof *members; i++)
			internal_echo(call, transaction, sent, members[i]);
		INTERNAL_ASK(call, STR("LPUSH"), key, json_print(call->arena, transaction));
	}
	INTERNAL_ASK(call, STR("LTRIM"), key, STR("0"), LATEST_TRANSACTIONS_LAST);
	internal_then(call, transactions_stored);
}

static void transactions_deleted(struct internal_call *call)
{
	internal_answer_status(call, 200, STR("deleted"));
}

void internal_transactions_delete(struct internal_call *call)
{
	INTERNAL_ASK(call, STR("DEL"),
		     key_latest_transactions(call->arena, internal_service(call)));
	internal_then(call, transactions_deleted);
}

/* Counters: the service is marked where releases purge them, and nothing happens elsewhere (8.8).
 */

static void stats_marked(struct internal_call *call)
{
	internal_answer_status(call, 200, STR("to_be_deleted"));
}

static void stats_deleted(struct internal_call *call)
{
	if (!has_service(call))
		return;
	internal_batch(call);
	if (internal_profile(call)->purges_stats)
		INTERNAL_ASK(call, STR("SADD"), KEY_PURGED_SERVICES, internal_service(call));
	internal_then(call, stats_marked);
}

void internal_stats_delete(struct internal_call *call)
{
	ask_service(call);
	internal_then(call, stats_deleted);
}

/* Utilization. */

struct utilization {
	const struct metrics *metrics;
	struct limit_list limits;
};

static void utilization_counted(struct internal_call *call)
{
	static const struct redis_reply nothing = {.kind = REDIS_ARRAY};
	const struct utilization *utilization = call->state;
	const struct limit_list *limits = &utilization->limits;
	const int64_t *counters = limits_counters(
		call->arena, limits, call->batch.count > 0 ? internal_reply(call, 0) : &nothing);
	struct json *list = json_new(call->arena, JSON_ARRAY);

	for (size_t i = 0; i < limits->count; i++) {
		struct str name = utilization->metrics->items[limits->items[i].metric].name;
		struct json *item;

		if (name.data == NULL)
			continue;
		item = json_append(list, json_new(call->arena, JSON_OBJECT));
		internal_set(call, item, STR("period"), utc_period_name(limits->items[i].period));
		internal_set(call, item, STR("metric_name"), name);
		json_set(item, STR("max_value"), json_new_int(call->arena, limits->items[i].max));
		json_set(item, STR("current_value"), json_new_int(call->arena, counters[i]));
	}
	internal_answer_with(call, 200, STR("found"), STR("utilization"), list);
}

static bool is_found(struct internal_call *call, enum memo_result result)
{
	if (result == MEMO_FAILED)
		internal_fail(call);
	return result == MEMO_FOUND;
}

/* Taken again until all of it is remembered. */
void internal_utilization_read(struct internal_call *call)
{
	struct utilization *utilization = ARENA_NEW(call->arena, struct utilization);
	struct str id = internal_path(call, STR("application_id"));
	const struct application *application;
	const struct service *service;

	call->state = utilization;
	if (!is_found(call, service_find(&call->reader, internal_service(call), &service)))
		return;
	if (!service->exists) {
		internal_not_found(call, STR("service not found"));
		return;
	}
	if (!is_found(call,
		      application_find(&call->reader, internal_service(call), id, &application)))
		return;
	if (!application->exists) {
		internal_not_found(call, STR("application not found"));
		return;
	}
	if (!is_found(call,
		      metrics_find(&call->reader, internal_service(call), &utilization->metrics)) ||
	    !is_found(call, limits_find(&call->reader, internal_service(call), application->plan_id,
					utilization->metrics, &utilization->limits)))
		return;
	limits_ask(internal_batch(call), call->backend->storage, internal_service(call), id,
		   utilization->metrics, &utilization->limits, backend_now_us(call->backend));
	internal_then(call, utilization_counted);
}
