#include "conformance/runner/wire.h"

#include "base/arena.h"
#include "base/url.h"

#define PRINT_BYTES_MAX (256 * 1024)
#define BYTES_SHOWN 2048
#define RECORDS_SHOWN 100
#define LOG_LINES_SHOWN 30

static const struct str side_names[SIDES] = {
	[SIDE_CLIENT] = STR_INIT("client"),     [SIDE_BACKEND] = STR_INIT("backend"),
	[SIDE_UPSTREAM] = STR_INIT("upstream"), [SIDE_PORTAL] = STR_INIT("portal"),
	[SIDE_ISSUER] = STR_INIT("issuer"),     [SIDE_HOOK] = STR_INIT("hook"),
	[SIDE_PROXY] = STR_INIT("proxy"),       [SIDE_ZYNC] = STR_INIT("zync"),
	[SIDE_GATEWAY] = STR_INIT("gateway"),   [SIDE_MAIL] = STR_INIT("mail"),
};

struct str side_name(enum side side)
{
	return side_names[side];
}

bool side_from_name(struct str name, enum side *side)
{
	for (int i = 0; i < SIDES; i++) {
		if (str_equal(name, side_names[i])) {
			*side = (enum side)i;
			return true;
		}
	}
	return false;
}

void wire_init(struct wire *wire, struct arena *arena)
{
	*wire = (struct wire){.arena = arena};
}

void wire_free(struct wire *wire)
{
	vec_free(&wire->records);
	vec_free(&wire->log);
}

struct record *wire_add(struct wire *wire, enum side side, struct str method, struct str target,
			const struct http_fields *fields)
{
	struct record *record = ARENA_NEW(wire->arena, struct record);

	record->side = side;
	record->method = str_copy(wire->arena, method);
	record->target = str_copy(wire->arena, target);
	url_split_target(record->target, &record->path, &record->query);
	http_fields_copy(&record->fields, wire->arena, fields);
	http_fields_init(&record->answer_fields, wire->arena);
	vec_push(&wire->records, record);
	wire_touch(wire);
	return record;
}

void wire_add_answer(struct wire *wire, struct record *record, int status, struct str reason,
		     const struct http_fields *fields, struct str body)
{
	record->status = status;
	record->reason = str_copy(wire->arena, reason);
	http_fields_copy(&record->answer_fields, wire->arena, fields);
	record->answer_body = body;
	wire_touch(wire);
}

void wire_touch(struct wire *wire)
{
	wire->changes++;
}

void wire_add_log(struct wire *wire, struct str of, struct str line)
{
	struct log_line noted = {of, str_copy(wire->arena, line)};

	vec_push(&wire->log, noted);
	wire_touch(wire);
}

void wire_forget_calls(struct wire *wire)
{
	wire->records.count = 0;
}

void wire_begin_step(struct wire *wire)
{
	wire->step_records = wire->records.count;
	wire->step_log = wire->log.count;
}

void wire_forget_last(struct wire *wire, enum side side)
{
	size_t at = wire->records.count;

	while (at > 0 && wire->records.items[at - 1]->side != side)
		at--;
	if (at == 0)
		return;
	for (; at < wire->records.count; at++)
		wire->records.items[at - 1] = wire->records.items[at];
	wire->records.count--;
}

struct record *wire_next(const struct wire *wire, enum side side, size_t *at)
{
	size_t i = wire->step_records + *at;

	for (; i < wire->records.count; i++) {
		if (wire->records.items[i]->side == side) {
			*at = i + 1 - wire->step_records;
			return wire->records.items[i];
		}
	}
	return NULL;
}

size_t wire_count(const struct wire *wire, enum side side)
{
	size_t at = 0, count = 0;

	while (wire_next(wire, side, &at) != NULL)
		count++;
	return count;
}

/* Printing. */

static void print_message(struct strbuf *out, const struct http_fields *fields, struct str body)
{
	for (size_t i = 0; i < fields->count; i++)
		strbuf_append_format(out, "      %.*s: %.*s\n", STR_ARG(fields->items[i].name),
				     STR_ARG(fields->items[i].value));
	if (body.size == 0)
		return;
	if (!str_is_utf8(body))
		strbuf_append_format(out, "\n      (%zu bytes)\n", body.size);
	else
		strbuf_append_format(out, "\n      %.*s%s\n",
				     STR_ARG(str_slice(body, 0, BYTES_SHOWN)),
				     body.size > BYTES_SHOWN ? " ..." : "");
}

static void print_record(struct strbuf *out, const struct record *record)
{
	bool is_client = record->side == SIDE_CLIENT;

	strbuf_append_format(out, "    %s -> %s: %.*s %.*s%s\n", is_client ? "client" : "target",
			     is_client ? "target" : side_names[record->side].data,
			     STR_ARG(record->method),
			     STR_ARG(str_slice(record->target, 0, BYTES_SHOWN)),
			     record->target.size > BYTES_SHOWN ? " ..." : "");
	print_message(out, &record->fields, record->body);
	if (record->interim.size > 0)
		strbuf_append_format(out, "    <- %.*s\n", STR_ARG(record->interim));
	if (record->status != 0) {
		strbuf_append_format(out, "    <- %d %.*s\n", record->status,
				     STR_ARG(record->reason));
		print_message(out, &record->answer_fields, record->answer_body);
	}
	if (record->failure.size > 0)
		strbuf_append_format(out, "    <- %.*s\n", STR_ARG(record->failure));
}

static void print_log_line(struct strbuf *out, const struct log_line *line)
{
	strbuf_append_format(out, "    log%s%.*s: %.*s\n", line->of.size > 0 ? " of " : "",
			     STR_ARG(line->of), STR_ARG(line->text));
}

/* Every report can hold it: what is no text becomes '?'. */
static struct str printable(struct arena *arena, struct str text)
{
	char *copy = arena_alloc(arena, text.size + 1);
	size_t at = 0;

	while (at < text.size) {
		size_t size = str_character_size(str_skip(text, at));
		unsigned char c = (unsigned char)text.data[at];
		bool is_control = c == 0x7f || (c < 0x20 && c != '\n' && c != '\t');

		if (size == 0 || is_control)
			copy[at++] = '?';
		else
			for (; size > 0; size--, at++)
				copy[at] = text.data[at];
	}
	return str_of(copy, text.size);
}

static size_t all_but(size_t count, size_t shown)
{
	return count > shown ? count - shown : 0;
}

/* The last calls and lines, as these are what failed; many calls leave room for the lines. */
struct str wire_print(const struct wire *wire, struct arena *arena)
{
	size_t first = all_but(wire->records.count, RECORDS_SHOWN);
	struct strbuf calls, log;
	struct str text;

	strbuf_init(&calls, PRINT_BYTES_MAX);
	strbuf_init(&log, PRINT_BYTES_MAX);
	if (first > 0)
		strbuf_append_format(&calls, "    (%zu earlier calls)\n", first);
	for (size_t i = first; i < wire->records.count; i++)
		print_record(&calls, wire->records.items[i]);
	for (size_t i = all_but(wire->log.count, LOG_LINES_SHOWN); i < wire->log.count; i++)
		print_log_line(&log, &wire->log.items[i]);
	text = printable(arena, STR_CONCAT(arena, strbuf_str(&calls), strbuf_str(&log)));
	strbuf_free(&calls);
	strbuf_free(&log);
	return text;
}
