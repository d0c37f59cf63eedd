#include "conformance/runner/play.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "conformance/runner/play_tunnels.h"
#include "conformance/runner/shape.h"
#include "http/body.h"
#include "world/http_server.h"

#define BODY_BYTES_MAX ((size_t)128 * 1024 * 1024)

struct play_call {
	struct list_link link; /* in play->calls */
	struct play *play;
	struct http_exchange *exchange;
	struct record *record;
	struct http_body_collector *collector;
	const struct json *answer;
	struct timer delay;
};

/* Scripts. */

const struct json *script_peek(const struct script *script)
{
	if (script->answers == NULL || script->answers->kind != JSON_ARRAY)
		return script->answers;
	if (script->next < script->answers->count)
		return json_at(script->answers, script->next);
	return script->answers->last_child;
}

const struct json *script_take(struct script *script)
{
	const struct json *answer = script_peek(script);

	script->next++;
	return answer;
}

/* Answers. */

static struct str fault_of(const struct json *answer)
{
	return json_get_str(answer, STR("fault"));
}

static struct str body_of(const struct json *answer, struct arena *arena)
{
	const struct json *json = json_get(answer, STR("json"));

	return json != NULL ? json_print(arena, json)
			    : json_scalar_text(json_get(answer, STR("body")));
}

static void add_fields(struct http_fields *fields, const struct json *answer)
{
	JSON_EACH (field, json_get(answer, STR("fields"))) {
		if (field->kind != JSON_ARRAY)
			http_fields_add(fields, field->key, json_scalar_text(field));
		JSON_EACH (value, field->kind == JSON_ARRAY ? field : NULL)
			http_fields_add(fields, field->key, json_scalar_text(value));
	}
	if (json_get(answer, STR("json")) != NULL && !http_fields_has(fields, STR("Content-Type")))
		http_fields_add(fields, STR("Content-Type"), STR("application/json"));
}

/* The head promises the whole body, of which half comes. */
static void respond_cut(struct play_call *call, const struct http_response *response,
			struct str text)
{
	struct str whole = text.size > 1 ? text : STR("cut off");
	struct http_body *body = http_body_create((int64_t)whole.size, whole.size);

	http_body_write(body, str_slice(whole, 0, whole.size / 2));
	http_exchange_respond(call->exchange, response, body);
	http_body_fail(body);
	http_body_producer_release(body);
	call->record->failure = STR("(cut off)");
}

/* Of a length that the head does not tell. */
static void respond_in_chunks(struct play_call *call, const struct http_response *response,
			      struct str text)
{
	struct http_body *body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, text.size + 1);

	http_body_write(body, text);
	http_body_end(body);
	http_exchange_respond(call->exchange, response, body);
	http_body_producer_release(body);
}

static void respond(struct play_call *call)
{
	struct wire *wire = call->play->wire;
	struct str fault = fault_of(call->answer), body = body_of(call->answer, wire->arena);
	struct http_response response;

	if (str_equal(fault, STR("silent"))) {
		call->record->failure = STR("(no answer, as told)");
		return;
	}
	if (str_equal(fault, STR("close"))) {
		call->record->failure = STR("(closed, as told)");
		http_exchange_abort(call->exchange);
		return;
	}
	http_response_init(&response, wire->arena,
			   (int)json_int(json_get(call->answer, STR("status")), 200));
	add_fields(&response.fields, call->answer);
	wire_add_answer(wire, call->record, response.status, http_reason(response.status),
			&response.fields, body);
	if (str_equal(fault, STR("cut")))
		respond_cut(call, &response, body);
	else if (json_bool(json_get(call->answer, STR("chunked")), false))
		respond_in_chunks(call, &response, body);
	else
		http_exchange_respond_str(call->exchange, &response, body);
}

static void delay_over(struct timer *timer)
{
	respond(LIST_ENTRY(timer, struct play_call, delay));
}

static void answer(struct play_call *call)
{
	struct play *play = call->play;
	int64_t delay_us = 0;

	call->answer = play->choose(play, call->record, play->wire->arena);
	if (shape_duration_us(json_get_str(call->answer, STR("delay")), &delay_us))
		timer_start(play->world, &call->delay, delay_us, delay_over);
	else
		respond(call);
}

/* Calls. */

static void body_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct play_call *call = data;

	call->collector = NULL;
	call->record->body = bytes;
	call->record->is_complete = result == HTTP_COLLECTED;
	wire_touch(call->play->wire);
	if (result == HTTP_COLLECTED) {
		answer(call);
		return;
	}
	call->record->failure = STR("(the request's body was cut off)");
	http_exchange_abort(call->exchange);
}

static void apply_refusal(struct task *task);

static void call_ended(struct http_exchange *exchange, bool complete)
{
	struct play_call *call = exchange->data;

	(void)complete;
	http_body_collector_stop(call->collector);
	timer_stop(&call->delay);
	list_remove(&call->link);
	/* A closed play may be gone by the end of the turn. */
	if (call->play->port != 0)
		world_defer(call->play->world, &call->play->refusal, apply_refusal);
	free(call);
}

static void requested(struct http_exchange *exchange, void *data)
{
	struct play *play = data;
	struct play_call *call = MEMORY_NEW(struct play_call);
	struct http_body_collector *collector;

	call->play = play;
	call->exchange = exchange;
	call->record = wire_add(play->wire, play->side, exchange->request.method,
				exchange->request.target, &exchange->request.fields);
	call->record->server_name =
		str_copy(play->wire->arena, http_exchange_tls_peer(exchange).server_name);
	call->record->certificates = exchange->client_certificates;
	list_append(&play->calls, &call->link);
	exchange->data = call;
	exchange->ended = call_ended;
	http_exchange_hold(exchange);
	collector = http_body_collect(http_exchange_take_body(exchange), BODY_BYTES_MAX,
				      play->wire->arena, body_collected, call);
	/* Answering at once may have ended the call already. */
	if (collector != NULL)
		call->collector = collector;
	http_exchange_release(exchange);
}

/* Listening. */

static void stop_listening(struct play *play)
{
	struct http_listener *listener = play->listener;
	struct play_tunnels *tunnels = play->tunnels;

	play->listener = NULL;
	play->tunnels = NULL;
	play_tunnels_close(tunnels);
	http_listener_close(play->world, listener);
}

static bool open_tunnels(struct play *play, struct error *error)
{
	play->tunnels =
		play_tunnels_open(play, http_listener_port(play->world, play->listener), error);
	if (play->tunnels == NULL) {
		stop_listening(play);
		return false;
	}
	play->port = play_tunnels_port(play->tunnels);
	return true;
}

static bool listen_now(struct play *play, struct error *error)
{
	struct http_listen_options options = {
		.address = STR("127.0.0.1"),
		.port = play->opens_tunnels ? 0 : play->port,
		.certificate = play->certificate,
		.private_key = play->private_key,
		.asks_client_certificate = true,
		.limits = {.fields = 1000, .takes_query_zeros = true},
	};

	play->listener = http_listen(play->world, &options, requested, play, error);
	if (play->listener == NULL)
		return false;
	if (play->opens_tunnels)
		return open_tunnels(play, error);
	play->port = http_listener_port(play->world, play->listener);
	return true;
}

/* `refuse` stands until the script is replaced: nothing listens, so nobody can use it up. */
static void apply_refusal(struct task *task)
{
	struct play *play = LIST_ENTRY(task, struct play, refusal);
	bool refuses = str_equal(fault_of(script_peek(&play->script)), STR("refuse"));

	if (refuses && play->listener != NULL) {
		if (list_is_empty(&play->calls))
			stop_listening(play);
	} else if (!refuses && play->listener == NULL && play->port != 0) {
		listen_now(play, NULL);
	}
}

bool play_open(struct play *play, struct world *world, struct wire *wire, enum side side,
	       play_choose *choose, void *data, struct error *error)
{
	play->world = world;
	play->wire = wire;
	play->side = side;
	play->choose = choose;
	play->data = data;
	list_init(&play->calls);
	return listen_now(play, error);
}

void play_set_script(struct play *play, const struct json *answers)
{
	play->script = (struct script){answers, 0};
	apply_refusal(&play->refusal);
}

void play_close(struct play *play)
{
	play->port = 0;
	stop_listening(play);
}
