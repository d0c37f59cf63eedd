#include "sim/engine/trace.h"

#include <inttypes.h>

#include "base/json.h"
#include "sim/engine/queue.h"

#define TRACE_LINE_BYTES_MAX (1024 * 1024)

void trace_init(struct trace *trace, const struct queue *queue)
{
	*trace = (struct trace){.queue = queue, .hash = UINT64_C(0x243f6a8885a308d3)};
	strbuf_init(&trace->line, TRACE_LINE_BYTES_MAX);
}

void trace_free(struct trace *trace)
{
	strbuf_free(&trace->line);
}

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
	return hash ^ hash >> 32;
}

/* Bytes in little-endian words on every machine. */
static uint64_t hash_bytes(uint64_t hash, struct str bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.data;
	size_t left = bytes.size;
	uint64_t word;

	for (; left >= 8; left -= 8, at += 8) {
		word = (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
		       (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 |
		       (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
		hash = hash_word(hash, word);
	}
	word = (uint64_t)bytes.size << 56;
	for (; left > 0; left--)
		word |= (uint64_t)at[left - 1] << 8 * (left - 1);
	return hash_word(hash, word);
}

void trace_begin(struct trace *trace, struct str host, struct str kind)
{
	trace->hash = hash_word(trace->hash, (uint64_t)trace->queue->now_us);
	trace->hash = hash_bytes(hash_bytes(trace->hash, host), kind);
	if (trace->sink == NULL)
		return;
	strbuf_clear(&trace->line);
	strbuf_append(&trace->line, STR("{\"t\":"));
	strbuf_append_int(&trace->line, trace->queue->now_us);
	strbuf_append(&trace->line, STR(",\"host\":"));
	json_write_str(&trace->line, host);
	strbuf_append(&trace->line, STR(",\"kind\":"));
	json_write_str(&trace->line, kind);
}

static void trace_name(struct trace *trace, struct str name)
{
	strbuf_append(&trace->line, STR(",\""));
	strbuf_append(&trace->line, name);
	strbuf_append(&trace->line, STR("\":"));
}

void trace_int(struct trace *trace, struct str name, int64_t value)
{
	trace->hash = hash_word(hash_bytes(trace->hash, name), (uint64_t)value);
	if (trace->sink == NULL)
		return;
	trace_name(trace, name);
	strbuf_append_int(&trace->line, value);
}

/* JSON is UTF-8: bytes of a text that is not are shown as the Latin-1 they might be. */
static void trace_write_bytes(struct strbuf *line, struct str bytes)
{
	strbuf_append_char(line, '"');
	for (size_t i = 0; i < bytes.size; i++) {
		unsigned char byte = (unsigned char)bytes.data[i];

		if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\')
			strbuf_append_format(line, "\\u%04x", byte);
		else
			strbuf_append_char(line, (char)byte);
	}
	strbuf_append_char(line, '"');
}

void trace_text(struct trace *trace, struct str name, struct str value)
{
	trace->hash = hash_bytes(hash_bytes(trace->hash, name), value);
	if (trace->sink == NULL)
		return;
	trace_name(trace, name);
	if (str_is_utf8(value))
		json_write_str(&trace->line, value);
	else
		trace_write_bytes(&trace->line, value);
}

void trace_sum(struct trace *trace, struct str bytes)
{
	uint64_t sum = hash_bytes(0, bytes);

	trace->hash = hash_word(trace->hash, sum);
	if (trace->sink != NULL)
		strbuf_append_format(&trace->line, ",\"sum\":\"%016" PRIx64 "\"", sum);
}

void trace_fields(struct trace *trace, struct str fields)
{
	trace->hash = hash_bytes(trace->hash, fields);
	if (trace->sink == NULL || fields.size == 0)
		return;
	strbuf_append_char(&trace->line, ',');
	strbuf_append(&trace->line, fields);
}

void trace_end(struct trace *trace)
{
	if (trace->sink == NULL)
		return;
	strbuf_append_char(&trace->line, '}');
	trace->sink(strbuf_str(&trace->line), trace->data);
}
