/* What a round of the worker means beyond its counters: which applications had traffic, and the
 * events and alerts that follow (spec/backend.md 7.1, 7.2, 7.4).
 *
 * For each round: traffic_begin(), traffic_touch() for what was prepared, traffic_prepare() until
 * it has found all, traffic_write() into the round's batch, traffic_tell() with its replies.
 */
#ifndef BACKEND_TRAFFIC_H
#define BACKEND_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/batch.h"
#include "backend/memo.h"

struct arena;
struct backend;
struct job;
struct map;
struct touched;
struct traffic_event;

typedef void traffic_told(void *data);

struct traffic {
	struct backend *backend;
	struct arena *arena; /* the round's */
	struct map *touched; /* service and application -> struct touched */
	struct map *seen;    /* the same -> when, over rounds: at most once a minute */
	struct batch batch;
	struct traffic_event *first, **last;
	traffic_told *told;
	void *data;
};

void traffic_init(struct traffic *traffic, struct backend *backend);
void traffic_free(struct traffic *traffic);
void traffic_forget(struct traffic *traffic); /* who was seen */
void traffic_begin(struct traffic *traffic, struct arena *arena);
void traffic_touch(struct traffic *traffic, const struct job *job);
enum memo_result traffic_prepare(struct traffic *traffic, struct reader *reader);
void traffic_write(struct traffic *traffic, struct batch *batch);
/* Calls `told` when the events are stored, which may be at once. */
void traffic_tell(struct traffic *traffic, const struct batch *batch, traffic_told *told,
		  void *data);

#endif
