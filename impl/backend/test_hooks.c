#include "backend/test_hooks.h"

#include <string.h>

#include "backend/backend_internal.h"
#include "backend/cron.h"
#include "backend/memo.h"
#include "backend/worker.h"
#include "base/arena.h"
#include "base/json.h"
#include "world/http_server.h"
#include "world/redis.h"

#define CLOCK_BYTES_MAX 64
#define DECIMALS_MAX 9
#define COMMAND_BYTES_MAX (1024 * 1024)

struct hook_call {
	struct backend *backend;
	struct http_exchange *exchange;
	struct http_body_collector *collector;
	struct redis_client *client; /* that a command is for */
	bool is_gone;
};

static void answer_text(struct http_exchange *exchange, int status, struct str text)
{
	struct http_response response;

	http_response_init(&response, exchange->arena, status);
	http_exchange_respond_str(exchange, &response, text);
}

static void answer(struct http_exchange *exchange, int status)
{
	answer_text(exchange, status, STR(""));
}

static void ended(struct http_exchange *exchange, bool complete)
{
	struct hook_call *call = exchange->data;

	(void)complete;
	call->is_gone = true;
	http_body_collector_stop(call->collector);
	call->collector = NULL;
}

/* "1559384425.123456789" in microseconds. */
static bool parse_seconds(struct str text, int64_t *instant_us)
{
	struct str whole, fraction;
	int64_t seconds, nanoseconds = 0;
	bool has_fraction = str_split_once(text, '.', &whole, &fraction);
	char digits[DECIMALS_MAX];

	memset(digits, '0', sizeof digits);
	if (!str_to_int64(whole, &seconds) || seconds < 0 || seconds > INT64_C(253402300799))
		return false;
	if (has_fraction) {
		if (fraction.size == 0 || fraction.size > DECIMALS_MAX)
			return false;
		memcpy(digits, fraction.data, fraction.size);
		if (!str_to_int64(str_of(digits, sizeof digits), &nanoseconds) || nanoseconds < 0)
			return false;
	}
	*instant_us = seconds * UTC_SECOND_US + nanoseconds / 1000;
	return true;
}

static void clock_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct hook_call *call = data;
	struct str text = str_trim(bytes);
	bool is_real = str_equal(text, STR("real"));

	call->collector = NULL;
	if (result != HTTP_COLLECTED ||
	    (!is_real && !parse_seconds(text, &call->backend->clock_us))) {
		answer(call->exchange, 400);
		return;
	}
	call->backend->clock_is_set = !is_real;
	answer(call->exchange, 204);
}

static void set_clock(struct hook_call *call)
{
	call->collector =
		http_body_collect(http_exchange_take_body(call->exchange), CLOCK_BYTES_MAX,
				  call->exchange->arena, clock_collected, call);
}

static void forget(struct hook_call *call)
{
	memo_clear(call->backend->memo);
	memset(call->backend->queue_named_us, 0, sizeof call->backend->queue_named_us);
	if (call->backend->worker != NULL)
		worker_forget(call->backend->worker);
	answer(call->exchange, 204);
}

static void drained(void *data)
{
	struct hook_call *call = data;

	if (!call->is_gone)
		answer(call->exchange, 204);
	http_exchange_release(call->exchange);
}

static void drain(struct hook_call *call)
{
	if (call->backend->worker == NULL) {
		answer(call->exchange, 404);
		return;
	}
	http_exchange_hold(call->exchange);
	worker_drain(call->backend->worker, drained, call);
}

static void cron_ran(bool has_failed, struct str summary, void *data)
{
	struct hook_call *call = data;

	if (!call->is_gone)
		answer_text(call->exchange, has_failed ? 500 : 200,
			    str_copy(call->exchange->arena, summary));
	http_exchange_release(call->exchange);
}

static void run_cron(struct hook_call *call)
{
	struct cron *cron = call->backend->cron;

	http_exchange_hold(call->exchange);
	if (cron != NULL && cron_run(cron, cron_ran, call))
		return;
	answer(call->exchange, cron == NULL ? 404 : 409);
	http_exchange_release(call->exchange);
}

/* A command to the storage or the queues. */

static struct json *reply_json(struct arena *arena, const struct redis_reply *reply)
{
	struct json *json;

	switch (reply->kind) {
	case REDIS_INTEGER:
		return json_new_int(arena, reply->integer);
	case REDIS_NIL:
		break;
	case REDIS_ARRAY:
		json = json_new(arena, JSON_ARRAY);
		for (size_t i = 0; i < reply->count; i++)
			json_append(json, reply_json(arena, &reply->items[i]));
		return json;
	case REDIS_STATUS:
	case REDIS_ERROR:
	case REDIS_STRING:
	case REDIS_LOST:
		return json_new_str(arena, reply->text);
	}
	return json_new(arena, JSON_NULL);
}

static void command_replied(const struct redis_reply *reply, void *data)
{
	struct hook_call *call = data;
	struct arena *arena = call->exchange->arena;

	if (call->is_gone)
		;
	else if (reply->kind == REDIS_ERROR || reply->kind == REDIS_LOST)
		answer_text(call->exchange, reply->kind == REDIS_ERROR ? 400 : 500,
			    str_copy(arena, reply->text));
	else
		answer_text(call->exchange, 200, json_print(arena, reply_json(arena, reply)));
	http_exchange_release(call->exchange);
}

static void command_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct hook_call *call = data;
	struct arena *arena = call->exchange->arena;
	const struct json *list = json_parse(arena, bytes, bytes.size, NULL);
	struct str *words;
	size_t count = 0;

	call->collector = NULL;
	if (result != HTTP_COLLECTED || list == NULL || list->kind != JSON_ARRAY ||
	    list->count == 0) {
		answer_text(call->exchange, 400, STR("not a list of words"));
		return;
	}
	words = ARENA_ARRAY(arena, struct str, list->count);
	JSON_EACH (word, list)
		words[count++] = json_scalar_text(word);
	http_exchange_hold(call->exchange);
	redis_send(call->client, words, count, command_replied, call);
}

static void send_command(struct hook_call *call, struct redis_client *client)
{
	call->client = client;
	call->collector =
		http_body_collect(http_exchange_take_body(call->exchange), COMMAND_BYTES_MAX,
				  call->exchange->arena, command_collected, call);
}

static void ask_storage(struct hook_call *call)
{
	send_command(call, call->backend->storage);
}

static void ask_queues(struct hook_call *call)
{
	send_command(call, call->backend->queues);
}

static const struct {
	struct str method, path;
	void (*run)(struct hook_call *call);
} hooks[] = {
	{STR_INIT("PUT"), STR_INIT("/__test/clock"), set_clock},
	{STR_INIT("DELETE"), STR_INIT("/__test/cache"), forget},
	{STR_INIT("POST"), STR_INIT("/__test/drain"), drain},
	{STR_INIT("POST"), STR_INIT("/__test/cron"), run_cron},
	{STR_INIT("POST"), STR_INIT("/__test/redis/storage"), ask_storage},
	{STR_INIT("POST"), STR_INIT("/__test/redis/queues"), ask_queues},
};

void test_hooks_requested(struct backend *backend, struct http_exchange *exchange, struct str path)
{
	struct hook_call *call = ARENA_NEW(exchange->arena, struct hook_call);

	call->backend = backend;
	call->exchange = exchange;
	exchange->data = call;
	exchange->ended = ended;
	for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
		if (str_equal(path, hooks[i].path) &&
		    str_equal(exchange->request.method, hooks[i].method)) {
			hooks[i].run(call);
			return;
		}
	}
	answer(exchange, 404);
}
