#include "conformance/runner/client_raw.h"

#include <stdlib.h>

#include "base/arena.h"
#include "conformance/runner/wire.h"
#include "http/body.h"
#include "http/http1.h"
#include "world/clock.h"
#include "world/tcp.h"

#define ANSWER_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct client_raw {
	struct world *world;
	struct wire *wire;
	struct record *record;
	struct http_body *outgoing; /* producer's end */
	struct http_body *incoming; /* consumer's end */
	const struct str *texts;
	size_t count, next; /* of the texts: the next to send */
	struct strbuf came; /* of the answer that is being read */
	bool has_head;      /* and its body follows */
	struct http1_body reading;
	struct strbuf body;
	struct task finish;
	client_raw_done *done;
	void *data;
};

void client_raw_cancel(struct client_raw *raw)
{
	http_body_on_readable(raw->incoming, NULL, NULL);
	http_body_consumer_release(raw->incoming);
	http_body_producer_release(raw->outgoing);
	list_remove(&raw->finish.link);
	strbuf_free(&raw->came);
	strbuf_free(&raw->body);
	free(raw);
}

static void finish(struct task *task)
{
	struct client_raw *raw = LIST_ENTRY(task, struct client_raw, finish);
	struct record *record = raw->record;
	client_raw_done *done = raw->done;
	void *data = raw->data;

	record->answer_body = str_copy(raw->wire->arena, strbuf_str(&raw->body));
	wire_touch(raw->wire);
	client_raw_cancel(raw);
	done(record, data);
}

static void is_over(struct client_raw *raw, const char *failure)
{
	if (failure != NULL)
		raw->record->failure = str_from(failure);
	http_body_on_readable(raw->incoming, NULL, NULL);
	world_defer(raw->world, &raw->finish, finish);
}

/* Answers. */

static void send_next(struct client_raw *raw)
{
	if (raw->next < raw->count)
		http_body_write(raw->outgoing, raw->texts[raw->next++]);
}

static void note_interim(struct client_raw *raw, int status)
{
	struct str before = raw->record->interim;

	raw->record->interim = str_format(raw->wire->arena, "%.*s%s%d", STR_ARG(before),
					  before.size > 0 ? ", " : "", status);
	wire_touch(raw->wire);
}

/* True when there may be more to read. */
static bool read_head(struct client_raw *raw)
{
	struct str came = strbuf_str(&raw->came);
	struct http_response response;
	struct http1_framing framing;
	struct http1_fault fault;
	size_t used;

	switch (http1_read_response(came, raw->record->method, raw->wire->arena, &response,
				    &framing, &used, &fault)) {
	case HTTP1_INCOMPLETE:
		return false;
	case HTTP1_INVALID:
		is_over(raw, "no answer: not HTTP");
		return false;
	case HTTP1_DONE:
		break;
	}
	strbuf_consume(&raw->came, used);
	if (response.status < 200) {
		note_interim(raw, response.status);
		send_next(raw);
		return true;
	}
	wire_add_answer(raw->wire, raw->record, response.status, response.reason, &response.fields,
			STR(""));
	raw->has_head = true;
	http1_body_begin(&raw->reading, framing);
	return true;
}

static bool read_body(struct client_raw *raw)
{
	struct http1_fault fault;
	struct str data;
	size_t used;
	enum http1_result result =
		http1_read_body(&raw->reading, strbuf_str(&raw->came), &used, &data, &fault);

	strbuf_append(&raw->body, data);
	strbuf_consume(&raw->came, used);
	if (result == HTTP1_DONE)
		is_over(raw, NULL);
	else if (result == HTTP1_INVALID)
		is_over(raw, "(the answer's body cannot be read)");
	return result == HTTP1_INCOMPLETE && used > 0;
}

static void bytes_ended(struct client_raw *raw)
{
	bool is_complete = raw->has_head && raw->reading.framing.kind == HTTP1_UNTIL_CLOSE;

	if (is_complete)
		is_over(raw, NULL);
	else
		is_over(raw, raw->has_head ? "(the answer's body was cut off)"
					   : "no answer: connection closed");
}

static void bytes_came(struct http_body *incoming, void *data)
{
	struct client_raw *raw = data;

	while (http_body_waiting(incoming) > 0) {
		struct str bytes = http_body_peek(incoming);

		strbuf_append(&raw->came, bytes);
		http_body_consume(incoming, bytes.size);
	}
	while (!list_is_linked(&raw->finish.link) &&
	       (raw->has_head ? read_body(raw) : read_head(raw)))
		;
	if (list_is_linked(&raw->finish.link))
		return;
	if (strbuf_is_full(&raw->came) || strbuf_is_full(&raw->body))
		is_over(raw, "(the answer is too large)");
	else if (http_body_is_ended(incoming) || http_body_is_failed(incoming))
		bytes_ended(raw);
}

/* The request, as far as it is one. */

static struct record *note_request(struct wire *wire, const struct str *texts, size_t count)
{
	struct str whole = STR(""), rest = STR("");
	struct http_request request = {.minor_version = 1};
	struct http1_framing framing;
	struct http1_fault fault;
	struct record *record;
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		whole = STR_CONCAT(wire->arena, whole, texts[i]);
	http_fields_init(&request.fields, wire->arena);
	if (http1_read_request(whole, NULL, wire->arena, &request, &framing, &used, &fault) !=
	    HTTP1_DONE) {
		http_fields_init(&request.fields, wire->arena);
		used = 0;
		str_split_once(whole, ' ', &request.method, &rest);
		str_split_once(rest, ' ', &request.target, &rest);
	}
	record = wire_add(wire, SIDE_CLIENT, request.method, request.target, &request.fields);
	record->body = str_skip(whole, used);
	record->is_complete = true;
	return record;
}

struct client_raw *client_raw_send(struct world *world, struct wire *wire, struct str address,
				   uint16_t port, const struct str *texts, size_t count,
				   client_raw_done *done, void *data)
{
	struct client_raw *raw = MEMORY_NEW(struct client_raw);
	size_t outgoing_bytes = 1;

	for (size_t i = 0; i < count; i++)
		outgoing_bytes += texts[i].size;
	raw->world = world;
	raw->wire = wire;
	raw->record = note_request(wire, texts, count);
	raw->texts = texts;
	raw->count = count;
	raw->done = done;
	raw->data = data;
	raw->outgoing = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, outgoing_bytes);
	raw->incoming = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, ANSWER_BYTES_MAX);
	strbuf_init(&raw->came, ANSWER_BYTES_MAX);
	strbuf_init(&raw->body, ANSWER_BYTES_MAX);
	tcp_connect(world, address, port, raw->outgoing, raw->incoming);
	send_next(raw);
	http_body_on_readable(raw->incoming, bytes_came, raw);
	return raw;
}
