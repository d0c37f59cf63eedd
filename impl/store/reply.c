#include <float.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "store/commands_internal.h"

#define NUMBER_TEXT_BYTES 32

static void set(struct call *call, enum redis_reply_kind kind, struct str text)
{
	call->reply = (struct redis_reply){.kind = kind, .text = text};
}

void call_reply_status(struct call *call, const char *literal)
{
	set(call, REDIS_STATUS, str_from(literal));
}

void call_reply_ok(struct call *call)
{
	call_reply_status(call, "OK");
}

void call_reply_error(struct call *call, const char *literal)
{
	set(call, REDIS_ERROR, str_from(literal));
}

void call_reply_error_format(struct call *call, const char *format, ...)
{
	struct strbuf text;
	va_list args;

	strbuf_init(&text, SIZE_MAX);
	va_start(args, format);
	strbuf_append_vformat(&text, format, args);
	va_end(args);
	set(call, REDIS_ERROR, str_copy(call->arena, strbuf_str(&text)));
	strbuf_free(&text);
}

void call_reply_syntax_error(struct call *call)
{
	call_reply_error(call, "ERR syntax error");
}

void call_reply_wrong_type(struct call *call)
{
	call_reply_error(call, "WRONGTYPE Operation against a key holding the wrong kind of value");
}

void call_reply_wrong_count(struct call *call)
{
	call_reply_error_format(call, "ERR wrong number of arguments for '%.*s' command",
				STR_ARG(call->command->name));
}

void call_reply_integer(struct call *call, int64_t value)
{
	call->reply = (struct redis_reply){.kind = REDIS_INTEGER, .integer = value};
}

void call_reply_text(struct call *call, struct str text)
{
	set(call, REDIS_STRING, str_copy(call->arena, text));
}

void call_reply_nil(struct call *call)
{
	set(call, REDIS_NIL, str_of(NULL, 0));
}

static struct str number_text(struct call *call, double value)
{
	char text[NUMBER_TEXT_BYTES];

	BUG_IF(value != value);
	if (value > DBL_MAX)
		return STR("inf");
	if (value < -DBL_MAX)
		return STR("-inf");
	snprintf(text, sizeof text, "%.17g", value);
	return str_copy(call->arena, str_from(text));
}

void call_reply_number(struct call *call, double value)
{
	set(call, REDIS_STRING, number_text(call, value));
}

struct redis_reply *call_items_add(struct call *call, struct items *items)
{
	if (items->count == items->capacity) {
		size_t capacity = items->capacity > 0 ? items->capacity * 2 : 8;
		struct redis_reply *grown = ARENA_ARRAY(call->arena, struct redis_reply, capacity);

		if (items->count > 0)
			memcpy(grown, items->items, items->count * sizeof *grown);
		items->items = grown;
		items->capacity = capacity;
	}
	items->items[items->count] = (struct redis_reply){.kind = REDIS_NIL};
	return &items->items[items->count++];
}

void call_items_add_text(struct call *call, struct items *items, struct str text)
{
	*call_items_add(call, items) =
		(struct redis_reply){.kind = REDIS_STRING, .text = str_copy(call->arena, text)};
}

void call_items_add_integer(struct call *call, struct items *items, int64_t value)
{
	*call_items_add(call, items) =
		(struct redis_reply){.kind = REDIS_INTEGER, .integer = value};
}

void call_items_add_number(struct call *call, struct items *items, double value)
{
	*call_items_add(call, items) =
		(struct redis_reply){.kind = REDIS_STRING, .text = number_text(call, value)};
}

void call_reply_items(struct call *call, const struct items *items)
{
	call->reply = (struct redis_reply){
		.kind = REDIS_ARRAY, .items = items->items, .count = items->count};
}
