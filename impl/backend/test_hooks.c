#include "backend/test_hooks.h"

#include <string.h>

#include "backend/backend_internal.h"
#include "backend/memo.h"
#include "backend/worker.h"
#include "base/arena.h"
#include "world/http_server.h"

#define CLOCK_BYTES_MAX 64
#define DECIMALS_MAX 9

struct hook_call {
	struct backend *backend;
	struct http_exchange *exchange;
	struct http_body_collector *collector;
	bool is_gone;
};

static void answer(struct http_exchange *exchange, int status)
{
	struct http_response response;

	http_response_init(&response, exchange->arena, status);
	http_exchange_respond_str(exchange, &response, STR(""));
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

static const struct {
	struct str method, path;
	void (*run)(struct hook_call *call);
} hooks[] = {
	{STR_INIT("PUT"), STR_INIT("/__test/clock"), set_clock},
	{STR_INIT("DELETE"), STR_INIT("/__test/cache"), forget},
	{STR_INIT("POST"), STR_INIT("/__test/drain"), drain},
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
