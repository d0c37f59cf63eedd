#include "echo/echo.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/options.h"
#include "base/url.h"
#include "world/component.h"
#include "world/clock.h"
#include "world/http_server.h"
#include "world/log.h"

#define ECHO_BODY_SHOWN_BYTES (64 * 1024)
#define ECHO_DELAY_MAX_MS 120000

struct echo {
	struct world *world;
	struct http_listener *listener;
};

enum echo_action { ECHO_DESCRIBE, ECHO_BYTES, ECHO_STATUS, ECHO_DELAY, ECHO_CLOSE };

/* One call: its body is read, then it is answered as its path asks. */
struct echo_call {
	struct http_exchange *exchange;
	struct http_body *body;
	struct strbuf shown;
	int64_t body_bytes;
	enum echo_action action;
	int64_t argument; /* of the path: bytes, status or milliseconds */
	struct timer delay;
	struct http_body *answer; /* /bytes: the producer's end */
	int64_t answer_left;
};

static const struct {
	struct str prefix;
	enum echo_action action;
	int64_t min, max;
} echo_paths[] = {
	{STR_INIT("/bytes/"), ECHO_BYTES, 0, INT64_C(1) << 50},
	{STR_INIT("/status/"), ECHO_STATUS, 200, 599},
	{STR_INIT("/delay/"), ECHO_DELAY, 0, ECHO_DELAY_MAX_MS},
};

static void echo_choose_action(struct echo_call *call, struct str path)
{
	int64_t argument;

	if (str_equal(path, STR("/close")))
		call->action = ECHO_CLOSE;
	for (size_t i = 0; i < sizeof echo_paths / sizeof *echo_paths; i++) {
		if (str_has_prefix(path, echo_paths[i].prefix) &&
		    str_to_int64(str_skip(path, echo_paths[i].prefix.size), &argument) &&
		    argument >= echo_paths[i].min && argument <= echo_paths[i].max) {
			call->action = echo_paths[i].action;
			call->argument = argument;
		}
	}
}

static struct str echo_uuid(struct world *world, struct arena *arena)
{
	uint64_t high = world_chance(world), low = world_chance(world);

	return str_format(arena,
			  "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64 "-%012" PRIx64,
			  high >> 32, high >> 16 & 0xffff, high & 0xfff, low >> 48 & 0xfff,
			  low & UINT64_C(0xffffffffffff));
}

static struct json *echo_headers(struct arena *arena, const struct http_fields *fields)
{
	struct json *headers = json_new(arena, JSON_OBJECT);

	for (size_t i = 0; i < fields->count; i++) {
		const struct http_field *field = &fields->items[i];
		const struct json *before = json_get(headers, field->name);
		struct str value = field->value;

		if (before != NULL)
			value = STR_CONCAT(arena, json_str(before), STR(", "), value);
		json_set(headers, field->name, json_new_str(arena, value));
	}
	return headers;
}

static struct str echo_describe(struct echo_call *call)
{
	struct http_exchange *exchange = call->exchange;
	struct arena *arena = exchange->arena;
	struct json *echoed = json_new(arena, JSON_OBJECT);
	struct str shown = strbuf_str(&call->shown), path, query;

	url_split_target(exchange->request.target, &path, &query);
	json_set(echoed, STR("method"), json_new_str(arena, exchange->request.method));
	json_set(echoed, STR("path"), json_new_str(arena, path));
	json_set(echoed, STR("args"), json_new_str(arena, query));
	if (call->body_bytes <= ECHO_BODY_SHOWN_BYTES && str_is_utf8(shown))
		json_set(echoed, STR("body"), json_new_str(arena, str_copy(arena, shown)));
	json_set(echoed, STR("body_bytes"), json_new_int(arena, call->body_bytes));
	json_set(echoed, STR("headers"), echo_headers(arena, &exchange->request.fields));
	json_set(echoed, STR("uuid"), json_new_str(arena, echo_uuid(exchange->world, arena)));
	return json_print(arena, echoed);
}

static void echo_answer_description(struct echo_call *call)
{
	struct http_response response;

	http_response_init(&response, call->exchange->arena,
			   call->action == ECHO_STATUS ? (int)call->argument : 200);
	http_fields_add(&response.fields, STR("Content-Type"), STR("application/json"));
	http_exchange_respond_str(call->exchange, &response, echo_describe(call));
}

static void echo_write_bytes(struct http_body *answer, void *data)
{
	static const struct str pattern =
		STR_INIT("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
			 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
			 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
			 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	struct echo_call *call = data;

	if (http_body_is_abandoned(answer))
		return;
	while (call->answer_left > 0) {
		/* Where the last piece ended. */
		size_t from = (size_t)((call->argument - call->answer_left) % 16);
		size_t count = pattern.size - 16;

		if ((int64_t)count > call->answer_left)
			count = (size_t)call->answer_left;

		size_t taken = http_body_write(answer, str_slice(pattern, from, from + count));

		call->answer_left -= (int64_t)taken;
		if (taken < count)
			return;
	}
	http_body_end(answer);
}

static void echo_answer_bytes(struct echo_call *call)
{
	struct http_response response;
	struct http_body *answer = http_body_create(call->argument, LIMIT_BODY_BUFFER_BYTES);

	http_response_init(&response, call->exchange->arena, 200);
	http_fields_add(&response.fields, STR("Content-Type"), STR("application/octet-stream"));
	call->answer = answer;
	call->answer_left = call->argument;
	http_body_on_writable(answer, echo_write_bytes, call);
	http_exchange_respond(call->exchange, &response, answer);
	echo_write_bytes(answer, call);
}

static void echo_delay_over(struct timer *timer)
{
	struct echo_call *call = LIST_ENTRY(timer, struct echo_call, delay);

	echo_answer_description(call);
}

static void echo_answer(struct echo_call *call)
{
	switch (call->action) {
	case ECHO_DESCRIBE:
	case ECHO_STATUS:
		echo_answer_description(call);
		break;
	case ECHO_BYTES:
		echo_answer_bytes(call);
		break;
	case ECHO_DELAY:
		timer_start(call->exchange->world, &call->delay, call->argument * 1000,
			    echo_delay_over);
		break;
	case ECHO_CLOSE:
		http_exchange_abort(call->exchange);
		break;
	}
}

static void echo_body_readable(struct http_body *body, void *data)
{
	struct echo_call *call = data;

	while (http_body_waiting(body) > 0) {
		struct str bytes = http_body_peek(body);

		if (call->body_bytes + (int64_t)bytes.size <= ECHO_BODY_SHOWN_BYTES)
			strbuf_append(&call->shown, bytes);
		call->body_bytes += (int64_t)bytes.size;
		http_body_consume(body, bytes.size);
	}
	if (http_body_is_ended(body)) {
		http_body_on_readable(body, NULL, NULL);
		echo_answer(call);
	} else if (http_body_is_failed(body)) {
		http_body_on_readable(body, NULL, NULL);
		http_exchange_abort(call->exchange);
	}
}

static void echo_call_ended(struct http_exchange *exchange, bool complete)
{
	struct echo_call *call = exchange->data;

	(void)complete;
	timer_stop(&call->delay);
	if (call->answer != NULL) {
		http_body_on_writable(call->answer, NULL, NULL);
		http_body_producer_release(call->answer);
	}
	if (call->body != NULL)
		http_body_consumer_release(call->body);
	strbuf_free(&call->shown);
}

static void echo_requested(struct http_exchange *exchange, void *data)
{
	struct echo_call *call = ARENA_NEW(exchange->arena, struct echo_call);
	struct str path, query;

	(void)data;
	call->exchange = exchange;
	strbuf_init(&call->shown, ECHO_BODY_SHOWN_BYTES);
	exchange->data = call;
	exchange->ended = echo_call_ended;
	url_split_target(exchange->request.target, &path, &query);
	echo_choose_action(call, path);
	call->body = http_exchange_take_body(exchange);
	if (call->body == NULL)
		echo_answer(call);
	else
		http_body_on_readable(call->body, echo_body_readable, call);
}

static void *echo_start(struct world *world, const struct str *arguments, size_t count,
			int *exit_status, struct error *error)
{
	struct http_listen_options listen = {.port = 8081};
	const struct option options[] = {
		{"port", 0, OPTION_PORT, &listen.port, NULL, "N",
		 "port to listen on, 0 = any free one"},
		{"address", 0, OPTION_TEXT, &listen.address, NULL, "IP", "address to listen on"},
	};
	size_t words_count;

	if (!component_read_options(world, "echo [OPTION...]", options,
				    sizeof options / sizeof *options, arguments, count, NULL, 0,
				    &words_count, error)) {
		*exit_status = 2;
		return NULL;
	}

	struct echo *echo = MEMORY_NEW(struct echo);

	echo->world = world;
	echo->listener = http_listen(world, &listen, echo_requested, echo, error);
	if (echo->listener == NULL) {
		*exit_status = 1;
		free(echo);
		return NULL;
	}
	log_format(world, LOG_STDOUT, "ready echo port=%u",
		   (unsigned)http_listener_port(world, echo->listener));
	return echo;
}

static void echo_stop(void *instance)
{
	struct echo *echo = instance;

	http_listener_close(echo->world, echo->listener);
	free(echo);
}

const struct component echo_component = {
	.name = "echo",
	.help = "the Echo API, a sample upstream",
	.start = echo_start,
	.stop = echo_stop,
};
