#include "gateway/form.h"

#include <string.h>

#include "base/arena.h"
#include "base/limits.h"

void form_parse(struct http_query *query, struct str text, struct arena *arena)
{
	size_t fields = 0, end = 0;

	while (end < text.size && (text.data[end] != '&' || ++fields < FORM_FIELDS_MAX))
		end++;
	http_query_init(query, arena);
	http_query_parse(query, str_slice(text, 0, end));
}

static void form_is_read(struct form *form, struct str bytes)
{
	form->was_read = true;
	form_parse(&form->fields, bytes, form->arena);
	form->done(form, form->data);
}

static void release_incoming(struct form *form)
{
	struct http_body *incoming = form->incoming;

	if (incoming == NULL)
		return;
	form->incoming = NULL;
	http_body_on_readable(incoming, NULL, NULL);
	http_body_consumer_release(incoming);
}

/* A body of unknown length that turned out too large: what was read goes ahead, the rest follows.
 */

static bool relay_bytes(struct form *form)
{
	while (form->size < form->capacity) {
		size_t taken = http_body_write(form->outgoing, str_of(form->bytes + form->size,
								      form->capacity - form->size));

		if (taken == 0)
			return false;
		form->size += taken;
	}
	while (http_body_waiting(form->incoming) > 0) {
		struct str bytes = http_body_peek(form->incoming);
		size_t taken = http_body_write(form->outgoing, bytes);

		http_body_consume(form->incoming, taken);
		if (taken < bytes.size)
			return false;
	}
	return true;
}

static void relay(struct form *form)
{
	if (form->incoming == NULL)
		return;
	if (!http_body_is_abandoned(form->outgoing) && !relay_bytes(form))
		return;
	if (http_body_is_ended(form->incoming))
		http_body_end(form->outgoing);
	else if (http_body_is_failed(form->incoming))
		http_body_fail(form->outgoing);
	else if (!http_body_is_abandoned(form->outgoing))
		return;
	release_incoming(form);
}

static void relay_event(struct http_body *body, void *data)
{
	(void)body;
	relay(data);
}

/* form->bytes now are what still has to go ahead: from `size` up to `capacity`. */
static void relay_start(struct form *form)
{
	form->relays = true;
	form->capacity = form->size;
	form->size = 0;
	form->outgoing = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, LIMIT_BODY_BUFFER_BYTES);
	http_body_on_writable(form->outgoing, relay_event, form);
	http_body_on_readable(form->incoming, relay_event, form);
	relay(form);
	form_is_read(form, STR(""));
}

/* Reading. */

static void form_readable(struct http_body *body, void *data)
{
	struct form *form = data;

	while (http_body_waiting(body) > 0 && form->size < form->capacity) {
		struct str bytes = str_slice(http_body_peek(body), 0, form->capacity - form->size);

		memcpy(form->bytes + form->size, bytes.data, bytes.size);
		form->size += bytes.size;
		http_body_consume(body, bytes.size);
	}
	if (http_body_is_ended(body)) {
		struct str all = str_of(form->bytes, form->size);

		release_incoming(form);
		form->outgoing = http_body_from_str(all);
		form_is_read(form, all);
	} else if (form->size == form->capacity && form->size > FORM_BYTES_MAX) {
		relay_start(form);
	}
}

void form_read(struct form *form, struct http_body *body, struct arena *arena, form_done *done,
	       void *data)
{
	int64_t length = body != NULL ? http_body_length(body) : 0;

	*form = (struct form){.arena = arena, .done = done, .data = data};
	if (body == NULL || length > (int64_t)FORM_BYTES_MAX) {
		form->outgoing = body;
		form_is_read(form, STR(""));
		return;
	}
	/* One byte more than the limit tells a body that is too large. */
	form->capacity = length >= 0 ? (size_t)length : FORM_BYTES_MAX + 1;
	form->bytes = arena_alloc(arena, form->capacity);
	form->incoming = body;
	http_body_on_readable(body, form_readable, form);
}

bool form_is_held(const struct form *form)
{
	return form->was_read && form->bytes != NULL && !form->relays;
}

struct http_body *form_take_body(struct form *form)
{
	form->outgoing_is_taken = true;
	return form->outgoing;
}

void form_stop(struct form *form)
{
	release_incoming(form);
	if (form->relays) {
		http_body_on_writable(form->outgoing, NULL, NULL);
		http_body_producer_release(form->outgoing);
	}
	if (form->outgoing != NULL && !form->outgoing_is_taken)
		http_body_consumer_release(form->outgoing);
	form->relays = false;
	form->outgoing = NULL;
}
