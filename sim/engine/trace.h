/* What happened, one line for each event, and a hash over all of it.
 *
 *   trace_begin(trace, host, STR("data")); trace_int(trace, STR("bytes"), 12); trace_end(trace);
 *
 * gives {"t":1200,"host":"gateway","kind":"data","bytes":12}. The hash is fed with the same fields,
 * whether or not somebody takes the lines; only then are they written out.
 */
#ifndef SIM_ENGINE_TRACE_H
#define SIM_ENGINE_TRACE_H

#include <stdint.h>

#include "base/str.h"

struct queue;

typedef void trace_sink(struct str line, void *data);

struct trace {
	const struct queue *queue; /* the time */
	trace_sink *sink;
	void *data;
	uint64_t hash;
	struct strbuf line;
};

void trace_init(struct trace *trace, const struct queue *queue);
void trace_free(struct trace *trace);
void trace_begin(struct trace *trace, struct str host, struct str kind);
void trace_int(struct trace *trace, struct str name, int64_t value);
void trace_text(struct trace *trace, struct str name, struct str value);
void trace_sum(struct trace *trace, struct str bytes);     /* "sum": stands for the bytes */
void trace_fields(struct trace *trace, struct str fields); /* JSON: "\"status\":200" */
void trace_end(struct trace *trace);

#endif
