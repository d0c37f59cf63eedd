#include "backend/in_flight.h"

#include <inttypes.h>
#include <stdio.h>

#include "backend/backend_internal.h"
#include "base/arena.h"
#include "world/log.h"

#define ROUNDS_KEY STR("resque:refscale:in_flight")
#define LIST_PREFIX STR("resque:refscale:jobs:")
#define LEASE_PREFIX STR("resque:refscale:lease:")
#define MARK_PREFIX STR("refscale:counted:")
#define COUNTED STR("counted")
#define RETURNED STR("returned")
#define LEASE_LIFETIME STR("10")
/* Marks go with their round; this is for those whose queues database was lost. */
#define MARK_LIFETIME STR("2592000")
#define MARK_LIFETIME_IN_HAND STR("3600") /* without LMOVE only its worker ever asks for it */
#define LOOK_EVERY_US (5 * UTC_SECOND_US)

void in_flight_init(struct in_flight *in_flight, struct backend *backend)
{
	*in_flight = (struct in_flight){.backend = backend};
	snprintf(in_flight->id, sizeof in_flight->id, "%016" PRIx64, world_chance(backend->world));
}

/* Names. */

static struct str lease_of(struct arena *arena, struct str worker)
{
	return STR_CONCAT(arena, LEASE_PREFIX, worker);
}

static struct str mark_of(struct arena *arena, struct str round)
{
	return STR_CONCAT(arena, MARK_PREFIX, round);
}

static struct str list_of(struct arena *arena, struct str round)
{
	return STR_CONCAT(arena, LIST_PREFIX, round);
}

static struct str worker_of(struct str round)
{
	return str_slice(round, 0, str_find_char(round, ':'));
}

static struct str queue_key_of(struct str round)
{
	struct str rest = str_skip(round, str_find_char(round, ':') + 1);
	struct str name = str_skip(rest, str_find_char(rest, ':') + 1);

	for (size_t i = 0; i < QUEUES; i++) {
		if (str_equal(name, queue_name((enum queue)i)))
			return queue_key((enum queue)i);
	}
	return STR("");
}

struct str in_flight_list(const struct in_flight *in_flight, struct arena *arena, struct str round)
{
	return in_flight->is_unsupported ? STR("") : list_of(arena, round);
}

/* Taking. */

struct str in_flight_begin(struct in_flight *in_flight, struct arena *arena, enum queue queue)
{
	struct str round = str_format(arena, "%s:%" PRIu64 ":%.*s", in_flight->id,
				      ++in_flight->rounds, STR_ARG(queue_name(queue)));

	/* An earlier round may have ended without a transaction. */
	REDIS_SEND(in_flight->backend->storage, NULL, NULL, STR("UNWATCH"));
	REDIS_SEND(in_flight->backend->storage, NULL, NULL, STR("WATCH"), mark_of(arena, round));
	return round;
}

void in_flight_take(struct in_flight *in_flight, struct batch *batch, struct str round,
		    enum queue queue, size_t count)
{
	struct redis_client *queues = in_flight->backend->queues;
	struct str list = list_of(batch->arena, round);

	if (!in_flight->is_unsupported) {
		in_flight->has_lease = true;
		BATCH_SEND(batch, queues, STR("SET"), lease_of(batch->arena, worker_of(round)),
			   STR("1"), STR("EX"), LEASE_LIFETIME);
		BATCH_SEND(batch, queues, STR("SADD"), ROUNDS_KEY, round);
	}
	while (count-- > 0) {
		if (in_flight->is_unsupported)
			BATCH_SEND(batch, queues, STR("LPOP"), queue_key(queue));
		else
			BATCH_SEND(batch, queues, STR("LMOVE"), queue_key(queue), list, STR("LEFT"),
				   STR("RIGHT"));
	}
}

bool in_flight_is_unknown(struct in_flight *in_flight, const struct redis_reply *reply)
{
	if (reply->kind != REDIS_ERROR || !str_has_prefix(reply->text, STR("ERR unknown command")))
		return false;
	if (!in_flight->is_unsupported)
		log_write(in_flight->backend->world, in_flight->backend->settings.log,
			  STR("The queues' Redis has no LMOVE (it came with 6.2): a job that a "
			      "worker has taken is lost when that is killed."));
	in_flight->is_unsupported = true;
	return true;
}

void in_flight_mark_counted(struct arena *arena, struct redis_client *storage, struct str round,
			    bool is_in_hand)
{
	REDIS_SEND(storage, NULL, NULL, STR("SET"), mark_of(arena, round), COUNTED, STR("EX"),
		   is_in_hand ? MARK_LIFETIME_IN_HAND : MARK_LIFETIME);
}

void in_flight_end_lease(struct in_flight *in_flight, struct batch *batch)
{
	BATCH_SEND(batch, in_flight->backend->queues, STR("DEL"),
		   lease_of(batch->arena, str_from(in_flight->id)));
}

/* Settling: decide, drop or give back, then remove the mark, then the name. */

struct settlement {
	struct in_flight *in_flight;
	struct backend *backend;
	struct arena *arena;
	struct batch batch;
	struct str round, list, mark;
	struct in_flight_hand hand;
	bool has_hand;
	in_flight_settled *settled;
	void *data;
};

static void give_back(struct settlement *settlement);

static void settlement_end(struct settlement *settlement, bool has_failed)
{
	settlement->in_flight->settling--;
	settlement->settled(has_failed, settlement->data);
	arena_destroy(settlement->arena);
}

static bool has_failed(struct settlement *settlement, const struct batch *batch)
{
	bool is_over = batch->has_failed;

	if (is_over)
		settlement_end(settlement, true); /* and the batch is gone */
	return is_over;
}

static void name_removed(struct batch *batch, void *data)
{
	if (!has_failed(data, batch))
		settlement_end(data, false);
}

static void mark_removed(struct batch *batch, void *data)
{
	struct settlement *settlement = data;

	if (has_failed(settlement, batch))
		return;
	if (settlement->has_hand) {
		settlement_end(settlement, false);
		return;
	}
	batch_begin(batch, settlement->arena, name_removed, settlement);
	BATCH_SEND(batch, settlement->backend->queues, STR("SREM"), ROUNDS_KEY, settlement->round);
	batch_end(batch);
}

static void jobs_are_gone(struct batch *batch, void *data)
{
	struct settlement *settlement = data;

	if (has_failed(settlement, batch))
		return;
	batch_begin(batch, settlement->arena, mark_removed, settlement);
	BATCH_SEND(batch, settlement->backend->storage, STR("DEL"), settlement->mark);
	batch_end(batch);
}

static void drop(struct settlement *settlement)
{
	batch_begin(&settlement->batch, settlement->arena, jobs_are_gone, settlement);
	if (!settlement->has_hand)
		BATCH_SEND(&settlement->batch, settlement->backend->queues, STR("DEL"),
			   settlement->list);
	batch_end(&settlement->batch);
}

static void hand_over(struct settlement *settlement)
{
	const struct in_flight_hand *hand = &settlement->hand;
	struct str *words = ARENA_ARRAY(settlement->arena, struct str, hand->count + 2);

	words[0] = STR("LPUSH");
	words[1] = queue_key(hand->queue);
	for (size_t i = 0; i < hand->count; i++)
		words[2 + i] = hand->payloads[hand->count - 1 - i];
	batch_begin(&settlement->batch, settlement->arena, jobs_are_gone, settlement);
	batch_send(&settlement->batch, settlement->backend->queues, words, hand->count + 2);
	batch_end(&settlement->batch);
}

/* Until there are none: another one may give back the same jobs. */
static void moved_back(struct batch *batch, void *data)
{
	if (!has_failed(data, batch))
		give_back(data);
}

static void length_replied(struct batch *batch, void *data)
{
	struct settlement *settlement = data;
	struct str queue = queue_key_of(settlement->round);
	int64_t count = batch->replies[0].integer;

	if (has_failed(settlement, batch))
		return;
	if (count == 0 || queue.size == 0) { /* nothing, or nothing of ours */
		drop(settlement);
		return;
	}
	batch_begin(batch, settlement->arena, moved_back, settlement);
	while (count-- > 0)
		BATCH_SEND(batch, settlement->backend->queues, STR("LMOVE"), settlement->list,
			   queue, STR("RIGHT"), STR("LEFT"));
	batch_end(batch);
}

static void give_back(struct settlement *settlement)
{
	if (settlement->has_hand) {
		hand_over(settlement);
		return;
	}
	batch_begin(&settlement->batch, settlement->arena, length_replied, settlement);
	BATCH_SEND(&settlement->batch, settlement->backend->queues, STR("LLEN"), settlement->list);
	batch_end(&settlement->batch);
}

static void decided(struct batch *batch, void *data)
{
	struct settlement *settlement = data;

	if (has_failed(settlement, batch))
		return;
	if (str_equal(reply_text(&batch->replies[1]), COUNTED))
		drop(settlement);
	else
		give_back(settlement);
}

static void decide(struct settlement *settlement)
{
	struct redis_client *storage = settlement->backend->storage;

	batch_begin(&settlement->batch, settlement->arena, decided, settlement);
	BATCH_SEND(&settlement->batch, storage, STR("SET"), settlement->mark, RETURNED, STR("NX"),
		   STR("EX"), MARK_LIFETIME);
	BATCH_SEND(&settlement->batch, storage, STR("GET"), settlement->mark);
	batch_end(&settlement->batch);
}

void in_flight_settle(struct in_flight *in_flight, struct str round, enum in_flight_fate fate,
		      const struct in_flight_hand *hand, in_flight_settled *settled, void *data)
{
	struct arena *arena = arena_create();
	struct settlement *settlement = ARENA_NEW(arena, struct settlement);

	*settlement = (struct settlement){
		.in_flight = in_flight,
		.backend = in_flight->backend,
		.arena = arena,
		.round = str_copy(arena, round),
		.list = list_of(arena, round),
		.mark = mark_of(arena, round),
		.has_hand = hand != NULL,
		.settled = settled,
		.data = data,
	};
	if (hand != NULL)
		settlement->hand = *hand;
	in_flight->settling++;
	switch (fate) {
	case FATE_COUNTED:
		drop(settlement);
		break;
	case FATE_NOT_COUNTED:
		give_back(settlement);
		break;
	case FATE_UNKNOWN:
		decide(settlement);
		break;
	}
}

/* Looking for what was left behind. */

struct look {
	struct in_flight *in_flight;
	struct backend *backend;
	struct arena *arena;
	struct batch batch;
	bool has_own; /* rounds of this worker are left behind, too: none is under way */
	struct str *rounds;
	size_t count, next;
	in_flight_settled *looked;
	void *data;
};

bool in_flight_has_to_look(const struct in_flight *in_flight)
{
	int64_t now_us = world_monotonic_us(in_flight->backend->world);

	if (in_flight->is_unsupported)
		return false;
	return !in_flight->has_looked || now_us - in_flight->looked_us >= LOOK_EVERY_US ||
	       (in_flight->has_leftovers && in_flight->settling == 0);
}

static void look_end(struct look *look, bool is_incomplete)
{
	struct in_flight *in_flight = look->in_flight;

	in_flight->has_looked = !is_incomplete;
	if (look->has_own && !is_incomplete)
		in_flight->has_leftovers = false;
	look->looked(is_incomplete, look->data);
	arena_destroy(look->arena);
}

static void settle_next(struct look *look);

static void one_settled(bool has_not, void *data)
{
	if (has_not)
		look_end(data, true);
	else
		settle_next(data);
}

static void settle_next(struct look *look)
{
	struct str round;

	if (look->next == look->count) {
		look_end(look, false);
		return;
	}
	round = look->rounds[look->next++];
	log_format(look->backend->world, look->backend->settings.log,
		   "Jobs that a worker left behind are settled: round %.*s", STR_ARG(round));
	in_flight_settle(look->in_flight, round, FATE_UNKNOWN, NULL, one_settled, look);
}

static void leases_replied(struct batch *batch, void *data)
{
	struct look *look = data;
	size_t kept = 0, reply = 0;

	if (batch->has_failed) {
		look_end(look, true);
		return;
	}
	for (size_t i = 0; i < look->count; i++) {
		struct str worker = worker_of(look->rounds[i]);
		bool is_own = str_equal(worker, str_from(look->in_flight->id));

		if (is_own ? look->has_own : batch->replies[reply++].integer == 0)
			look->rounds[kept++] = look->rounds[i];
	}
	look->count = kept;
	settle_next(look);
}

static void rounds_replied(struct batch *batch, void *data)
{
	struct look *look = data;
	const struct redis_reply *reply = &batch->replies[0];

	if (batch->has_failed) {
		look_end(look, true);
		return;
	}
	look->rounds = ARENA_ARRAY(look->arena, struct str, reply->count);
	for (look->count = 0; look->count < reply->count; look->count++)
		look->rounds[look->count] = reply_item(reply, look->count);
	batch_begin(batch, look->arena, leases_replied, look);
	for (size_t i = 0; i < look->count; i++) {
		struct str worker = worker_of(look->rounds[i]);

		if (!str_equal(worker, str_from(look->in_flight->id)))
			BATCH_SEND(batch, look->backend->queues, STR("EXISTS"),
				   lease_of(look->arena, worker));
	}
	batch_end(batch);
}

void in_flight_look(struct in_flight *in_flight, in_flight_settled *looked, void *data)
{
	struct arena *arena = arena_create();
	struct look *look = ARENA_NEW(arena, struct look);

	*look = (struct look){
		.in_flight = in_flight,
		.backend = in_flight->backend,
		.arena = arena,
		.has_own = in_flight->settling == 0,
		.looked = looked,
		.data = data,
	};
	in_flight->looked_us = world_monotonic_us(in_flight->backend->world);
	batch_begin(&look->batch, arena, rounds_replied, look);
	BATCH_SEND(&look->batch, in_flight->backend->queues, STR("SMEMBERS"), ROUNDS_KEY);
	batch_end(&look->batch);
}
