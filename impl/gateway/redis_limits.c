#include "gateway/redis_limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/list.h"
#include "base/map.h"
#include "world/clock.h"
#include "world/redis.h"
#include "world/redis_url.h"

#define RECORD_BYTES 16 /* of a leaky bucket */

struct redis_limits_set {
	struct world *world;
	struct map *by_url;
	size_t commands; /* under way */
	void (*idle)(void *data);
	void *data;
};

struct redis_limits {
	struct redis_limits_set *set;
	struct arena *arena;
	struct redis_client *client;
	struct str place;
	bool is_closing;
	struct redis_limits_round *turn; /* the one that uses leaky buckets */
	struct list_link waiting;        /* for their turn */
};

/* One request's limiters. Outlives the request, when that leaves. */
struct redis_limits_round {
	struct redis_limits *limits;
	struct list_link link; /* in limits->waiting */
	struct arena *arena;
	struct limit_take *takes;
	size_t count, left; /* left: without their reply */
	bool uses_buckets;
	enum limits_result result;
	struct str reason;
	limits_taken *done; /* NULL: the request left */
	void *data;
};

/* The reply to one limiter's command. */
struct question {
	struct redis_limits_round *round;
	size_t take;
};

struct redis_limits_set *redis_limits_set_create(struct world *world)
{
	struct redis_limits_set *set = MEMORY_NEW(struct redis_limits_set);

	set->world = world;
	set->by_url = map_create(0);
	return set;
}

static void limits_close(struct redis_limits *limits)
{
	struct list_link *link;

	limits->is_closing = true;
	redis_close(limits->client);
	while ((link = list_take_first(&limits->waiting)) != NULL) {
		struct redis_limits_round *round =
			LIST_ENTRY(link, struct redis_limits_round, link);

		arena_destroy(round->arena);
	}
	arena_destroy(limits->arena);
}

void redis_limits_set_destroy(struct redis_limits_set *set)
{
	struct map_cursor at = {0};

	if (set == NULL)
		return;
	set->idle = NULL;
	while (map_next(set->by_url, &at))
		limits_close(at.value);
	map_destroy(set->by_url);
	free(set);
}

struct redis_limits *redis_limits_open(struct redis_limits_set *set, struct str url,
				       struct error *error)
{
	struct redis_limits *limits = map_get(set->by_url, url);
	struct redis_options options = {.url = url};
	struct redis_place place;
	struct arena *arena;

	if (limits != NULL)
		return limits;
	arena = arena_create();
	limits = ARENA_NEW(arena, struct redis_limits);
	if (!redis_place_read(url, arena, &place, error) ||
	    (limits->client = redis_open(set->world, &options, error)) == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	limits->set = set;
	limits->arena = arena;
	limits->place = place.socket.size > 0 ? place.socket
					      : str_format(arena, "%.*s:%u", STR_ARG(place.host),
							   (unsigned)place.port);
	list_init(&limits->waiting);
	map_put(set->by_url, url, limits);
	return limits;
}

struct str redis_limits_place(const struct redis_limits *limits)
{
	return limits->place;
}

bool redis_limits_set_is_idle(const struct redis_limits_set *set)
{
	return set->commands == 0;
}

void redis_limits_set_on_idle(struct redis_limits_set *set, void (*idle)(void *data), void *data)
{
	set->idle = idle;
	set->data = data;
}

/* Commands. */

static void command_over(struct redis_limits_set *set)
{
	BUG_IF(set->commands == 0);
	if (--set->commands == 0 && set->idle != NULL)
		set->idle(set->data);
}

static void nobody_cares(const struct redis_reply *reply, void *data)
{
	struct redis_limits *limits = data;

	(void)reply;
	command_over(limits->set);
}

static void tell(struct redis_limits *limits, const struct str *words, size_t count)
{
	if (limits->is_closing)
		return;
	limits->set->commands++;
	redis_send(limits->client, words, count, nobody_cares, limits);
}

#define TELL(limits, ...)                                                                          \
	tell((limits), (const struct str[]){__VA_ARGS__},                                          \
	     sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

void redis_limits_give_back(struct redis_limits *limits, struct str key)
{
	TELL(limits, STR("DECR"), key);
}

static struct str number_text(struct arena *arena, int64_t number)
{
	return str_format(arena, "%" PRId64, number);
}

static void set_lifetime(struct redis_limits_round *round, const struct limit_take *take)
{
	TELL(round->limits, STR("EXPIRE"), take->key,
	     number_text(round->arena, limit_take_lifetime_s(take)));
}

/* Records of leaky buckets. */

static int64_t read_number(const char *bytes)
{
	uint64_t number = 0;

	for (int i = 7; i >= 0; i--)
		number = number << 8 | (unsigned char)bytes[i];
	return number <= INT64_MAX ? (int64_t)number : 0;
}

static void write_number(char *bytes, int64_t number)
{
	for (int i = 0; i < 8; i++)
		bytes[i] = (char)(unsigned char)((uint64_t)number >> (8 * i));
}

static void write_bucket(struct redis_limits_round *round, const struct limit_take *take)
{
	char record[RECORD_BYTES];

	write_number(record, take->after.excess);
	write_number(record + 8, take->after.last_utc_ms);
	TELL(round->limits, STR("SET"), take->key, str_of(record, sizeof record), STR("EX"),
	     number_text(round->arena, limit_take_lifetime_s(take)));
}

/* A round. */

static void round_start(struct redis_limits_round *round);

static void next_turn(struct redis_limits *limits)
{
	struct list_link *link = limits->is_closing ? NULL : list_take_first(&limits->waiting);

	limits->turn = NULL;
	if (link != NULL)
		round_start(LIST_ENTRY(link, struct redis_limits_round, link));
}

/* What must not stay counted: everything after a refusal; connections of who left. */
static void undo(struct redis_limits_round *round)
{
	bool is_refused = round->result != LIMITS_TAKEN;

	for (size_t i = 0; i < round->count; i++) {
		struct limit_take *take = &round->takes[i];
		enum limiter_kind kind = take->limiter->kind;

		if (take->is_taken && kind != LIMITER_LEAKY_BUCKET &&
		    (is_refused || kind == LIMITER_CONNECTIONS))
			redis_limits_give_back(round->limits, take->key);
		take->is_taken = false;
	}
}

static void round_over(struct redis_limits_round *round)
{
	struct redis_limits *limits = round->limits;
	limits_taken *done = round->done;

	if (round->result == LIMITS_TAKEN) {
		for (size_t i = 0; i < round->count; i++) {
			if (round->takes[i].limiter->kind == LIMITER_LEAKY_BUCKET)
				write_bucket(round, &round->takes[i]);
			else
				set_lifetime(round, &round->takes[i]);
		}
	}
	if (round->result != LIMITS_TAKEN || done == NULL)
		undo(round);
	if (limits->turn == round)
		next_turn(limits);
	if (done != NULL)
		done(round->result, round->reason, round->data);
	arena_destroy(round->arena);
}

static void fail(struct redis_limits_round *round, enum limits_result result, struct str reason)
{
	if (round->result >= result)
		return;
	round->result = result;
	round->reason = str_copy(round->arena, reason);
}

/* `after` of a number is what the Redis made of it. */
static void read_reply(struct redis_limits_round *round, struct limit_take *take,
		       const struct redis_reply *reply)
{
	bool is_bucket = take->limiter->kind == LIMITER_LEAKY_BUCKET;
	int64_t now_utc_ms = world_utc_us(round->limits->set->world) / 1000;

	take->before = (struct limit_counter){0};
	if (reply->kind == REDIS_LOST) {
		fail(round, LIMITS_UNREACHABLE, reply->text);
		return;
	}
	if (is_bucket && reply->kind == REDIS_STRING && reply->text.size == RECORD_BYTES) {
		take->before.excess = read_number(reply->text.data);
		take->before.last_utc_ms = read_number(reply->text.data + 8);
	} else if (!is_bucket && reply->kind == REDIS_INTEGER) {
		take->is_taken = true;
		take->before.count = reply->integer - 1;
	} else if (!is_bucket || reply->kind != REDIS_NIL) {
		fail(round, LIMITS_BROKEN,
		     reply->kind == REDIS_ERROR ? reply->text : STR("not a counter"));
		return;
	}
	if (!limit_take_judge(take, now_utc_ms))
		fail(round, LIMITS_REFUSED, STR(""));
}

static void replied(const struct redis_reply *reply, void *data)
{
	struct question *question = data;
	struct redis_limits_round *round = question->round;
	struct redis_limits_set *set = round->limits->set;

	read_reply(round, &round->takes[question->take], reply);
	if (--round->left == 0)
		round_over(round);
	command_over(set);
}

static void round_start(struct redis_limits_round *round)
{
	struct redis_limits *limits = round->limits;

	if (round->uses_buckets)
		limits->turn = round;
	round->left = round->count;
	limits->set->commands += round->count;
	for (size_t i = 0; i < round->count; i++) {
		struct question *question = ARENA_NEW(round->arena, struct question);
		bool is_bucket = round->takes[i].limiter->kind == LIMITER_LEAKY_BUCKET;

		*question = (struct question){round, i};
		REDIS_SEND(limits->client, replied, question, is_bucket ? STR("GET") : STR("INCR"),
			   round->takes[i].key);
	}
}

struct redis_limits_round *redis_limits_take(struct redis_limits *limits, struct limit_take *takes,
					     size_t count, limits_taken *done, void *data)
{
	struct arena *arena = arena_create();
	struct redis_limits_round *round = ARENA_NEW(arena, struct redis_limits_round);

	BUG_IF(count == 0);
	*round = (struct redis_limits_round){.limits = limits,
					     .arena = arena,
					     .takes = takes,
					     .count = count,
					     .done = done,
					     .data = data};
	for (size_t i = 0; i < count; i++)
		round->uses_buckets |= takes[i].limiter->kind == LIMITER_LEAKY_BUCKET;
	if (round->uses_buckets && limits->turn != NULL)
		list_append(&limits->waiting, &round->link);
	else
		round_start(round);
	return round;
}

void redis_limits_leave(struct redis_limits_round *round)
{
	struct limit_take *takes;
	struct limiter *limiters;

	if (list_is_linked(&round->link)) {
		list_remove(&round->link);
		arena_destroy(round->arena);
		return;
	}
	/* What the round needs of the request and of its configuration goes with it. */
	takes = ARENA_ARRAY(round->arena, struct limit_take, round->count);
	limiters = ARENA_ARRAY(round->arena, struct limiter, round->count);
	for (size_t i = 0; i < round->count; i++) {
		limiters[i] = *round->takes[i].limiter;
		takes[i] = round->takes[i];
		takes[i].key = str_copy(round->arena, round->takes[i].key);
		takes[i].limiter = &limiters[i];
	}
	round->takes = takes;
	round->done = NULL;
}
