/* What was seen on the wire of one case, in the order it began: the client's calls of the target,
 * the target's calls of the played servers, and the target's log. Checks read it, reports show it.
 * Everything lives in the arena given to wire_init().
 */
#ifndef RUNNER_WIRE_H
#define RUNNER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "http/message.h"

struct arena;

enum side {
	SIDE_CLIENT,
	SIDE_BACKEND,
	SIDE_UPSTREAM,
	SIDE_PORTAL,
	SIDE_ISSUER,
	SIDE_HOOK,
	SIDE_PROXY,
	SIDE_ZYNC,
	SIDE_GATEWAY, /* its registry of policies, and staging under test */
	SIDE_MAIL,
	SIDES
};

struct str side_name(enum side side);
bool side_from_name(struct str name, enum side *side);

/* One request and what became of it. */
struct record {
	enum side side;
	struct str method, target;
	struct str path, query; /* of the target, raw */
	struct http_fields fields;
	struct str body;
	bool is_complete;       /* the request's body is there */
	struct str server_name; /* played servers: asked for in the TLS handshake */
	unsigned certificates;  /* played servers: how many the target showed */
	struct str interim;     /* statuses of the 1xx that a raw client saw: "100" */
	int status;             /* 0: no answer (yet) */
	struct str reason;
	struct http_fields answer_fields;
	struct str answer_body;
	struct str failure; /* why there is no answer, or not all of it */
};

struct log_line {
	struct str of; /* the process; empty: the target */
	struct str text;
};

struct wire {
	struct arena *arena;
	VEC(struct record *) records;
	VEC(struct log_line) log;
	size_t step_records, step_log; /* where the present step begins */
	uint64_t changes;              /* counts whatever was noted */
};

void wire_init(struct wire *wire, struct arena *arena);
void wire_free(struct wire *wire);
/* Texts and fields are copied. */
struct record *wire_add(struct wire *wire, enum side side, struct str method, struct str target,
			const struct http_fields *fields);
void wire_add_answer(struct wire *wire, struct record *record, int status, struct str reason,
		     const struct http_fields *fields, struct str body);
/* Something about a record changed: its body came, its answer left, it failed. */
void wire_touch(struct wire *wire);
void wire_add_log(struct wire *wire, struct str of, struct str line);
void wire_begin_step(struct wire *wire);
/* The calls so far never were; the log stays. */
void wire_forget_calls(struct wire *wire);
/* The side's last record never was. */
void wire_forget_last(struct wire *wire, enum side side);
/* Walks the records of one side in the present step: `size_t at = 0; while ((r = wire_next(w,
 * SIDE_BACKEND, &at)) != NULL)`. */
struct record *wire_next(const struct wire *wire, enum side side, size_t *at);
size_t wire_count(const struct wire *wire, enum side side);
/* All of it for people; long bodies and logs are cut. */
struct str wire_print(const struct wire *wire, struct arena *arena);

#endif
