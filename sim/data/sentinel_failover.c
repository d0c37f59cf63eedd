/* When the quorum agrees that a master is down, the Sentinels vote for one of them, and that one
 * promotes the replica that got furthest. */
#include <inttypes.h>

#include "sim/data/sentinel_internal.h"

#define ASK_US SECOND_US
#define OPINION_US (5 * SECOND_US) /* how long what another said counts */
#define ELECTION_US (10 * SECOND_US)
#define DESYNC_US SECOND_US /* so that not all of them are candidates at once */

static int64_t now_of(const struct watched_master *group)
{
	return sentinel_now_us(group->sentinel);
}

static int64_t desync_us(const struct watched_master *group)
{
	return (int64_t)(world_chance(sentinel_world(group->sentinel)) % (uint64_t)DESYNC_US);
}

/* Votes. */

void group_vote(struct watched_master *group, int64_t epoch, struct str candidate)
{
	struct sentinel *sentinel = group->sentinel;

	if (epoch > sentinel->epoch)
		sentinel->epoch = epoch;
	if (group->leader_epoch >= epoch || sentinel->epoch > epoch)
		return;
	group->leader = str_copy(sentinel->arena, candidate);
	group->leader_epoch = sentinel->epoch;
	redis_log(sentinel_world(sentinel), 'X', '#', "+vote-for-leader %.*s %" PRId64,
		  STR_ARG(group->leader), group->leader_epoch);
	if (!str_equal(group->leader, sentinel->run_id))
		group->failover_since_us = now_of(group) + desync_us(group);
}

static int64_t votes_for(const struct watched_master *group, struct str candidate)
{
	int64_t votes =
		group->leader_epoch == group->failover_epoch && str_equal(group->leader, candidate);

	LIST_EACH (link, &group->sentinels) {
		const struct instance *other = LIST_ENTRY(link, struct instance, link);

		votes += other->leader_epoch == group->failover_epoch &&
			 str_equal(other->leader, candidate);
	}
	return votes;
}

static bool is_elected(const struct watched_master *group)
{
	int64_t voters = 1, votes = votes_for(group, group->sentinel->run_id);

	LIST_EACH (link, &group->sentinels)
		voters++;
	return votes >= group->quorum && votes >= voters / 2 + 1;
}

/* What the others say. */

static void opinion_came(const struct redis_reply *reply, void *data)
{
	struct instance *other = data;

	if (reply->kind != REDIS_ARRAY || reply->count != 3)
		return;
	other->says_down = reply->items[0].integer == 1;
	other->said_us = now_of(other->group);
	if (str_equal(reply->items[1].text, STR("*")))
		return;
	if (!str_equal(other->leader, reply->items[1].text))
		other->leader = str_copy(other->group->sentinel->arena, reply->items[1].text);
	other->leader_epoch = reply->items[2].integer;
}

static void ask_others(struct watched_master *group, bool at_once)
{
	const struct sentinel *sentinel = group->sentinel;
	struct arena *arena = arena_create();

	LIST_EACH (link, &group->sentinels) {
		struct instance *other = LIST_ENTRY(link, struct instance, link);

		if (other->client == NULL || (!at_once && now_of(group) < other->next_ask_us))
			continue;
		other->next_ask_us = now_of(group) + ASK_US;
		REDIS_SEND(other->client, opinion_came, other, STR("SENTINEL"),
			   STR("is-master-down-by-addr"), group->master->address,
			   str_format(arena, "%u", (unsigned)group->master->port),
			   str_format(arena, "%" PRId64, sentinel->epoch),
			   group->failover == FAILOVER_NONE ? STR("*") : sentinel->run_id);
	}
	arena_destroy(arena);
}

static void judge_master(struct watched_master *group)
{
	int64_t opinions = group->master->is_down;
	bool is_down;

	LIST_EACH (link, &group->sentinels) {
		const struct instance *other = LIST_ENTRY(link, struct instance, link);

		opinions += other->says_down && now_of(group) - other->said_us < OPINION_US;
	}
	is_down = group->master->is_down && opinions >= group->quorum;
	if (is_down != group->is_down)
		group_event(group->master, is_down ? "+odown" : "-odown");
	group->is_down = is_down;
}

/* The failover, step by step. */

static void begin(struct watched_master *group)
{
	struct sentinel *sentinel = group->sentinel;

	if (group->failover_since_us > 0 &&
	    now_of(group) - group->failover_since_us < 2 * group->failover_timeout_us)
		return;
	group->failover = FAILOVER_ELECTION;
	group->failover_epoch = ++sentinel->epoch;
	group->failover_since_us = now_of(group) + desync_us(group);
	redis_log(sentinel_world(sentinel), 'X', '#', "+new-epoch %" PRId64, sentinel->epoch);
	group_event(group->master, "+try-failover");
	group_vote(group, sentinel->epoch, sentinel->run_id);
	ask_others(group, true);
}

static void end(struct watched_master *group, const char *what)
{
	group_event(group->master, what);
	group->failover = FAILOVER_NONE;
	group->promoted = NULL;
}

static struct instance *best_replica(struct watched_master *group)
{
	struct instance *best = NULL;

	LIST_EACH (link, &group->replicas) {
		struct instance *replica = LIST_ENTRY(link, struct instance, link);

		if (replica->is_down || !replica->has_info || replica->says_master)
			continue;
		if (best == NULL || replica->offset > best->offset ||
		    (replica->offset == best->offset &&
		     str_compare(replica->run_id, best->run_id) < 0))
			best = replica;
	}
	return best;
}

static void hold_election(struct watched_master *group)
{
	int64_t limit_us =
		group->failover_timeout_us < ELECTION_US ? group->failover_timeout_us : ELECTION_US;

	if (!is_elected(group)) {
		if (now_of(group) - group->failover_since_us > limit_us)
			end(group, "-failover-abort-not-elected");
		return;
	}
	group_event(group->master, "+elected-leader");
	group->promoted = best_replica(group);
	if (group->promoted == NULL) {
		end(group, "-failover-abort-no-good-slave");
		return;
	}
	group_event(group->promoted, "+selected-slave");
	group->failover = FAILOVER_PROMOTION;
	group->failover_since_us = now_of(group);
	REDIS_SEND(group->promoted->client, NULL, NULL, STR("REPLICAOF"), STR("NO"), STR("ONE"));
	REDIS_SEND(group->promoted->client, NULL, NULL, STR("CONFIG"), STR("REWRITE"));
	REDIS_SEND(group->promoted->client, NULL, NULL, STR("CLIENT"), STR("KILL"), STR("TYPE"),
		   STR("normal"));
}

static void await_promotion(struct watched_master *group)
{
	struct instance *promoted = group->promoted;

	if (!promoted->says_master) {
		if (now_of(group) - group->failover_since_us > group->failover_timeout_us)
			end(group, "-failover-abort-slave-timeout");
		return;
	}
	group_event(promoted, "+promoted-slave");
	group->config_epoch = group->failover_epoch;
	LIST_EACH (link, &group->replicas) {
		struct instance *replica = LIST_ENTRY(link, struct instance, link);

		if (replica != promoted)
			instance_follow(replica, promoted->address, promoted->port);
	}
	group_event(group->master, "+failover-end");
	group_switch(group, promoted->address, promoted->port);
	group_say_hello(group);
}

void group_judge(struct watched_master *group)
{
	if (group->master->is_down)
		ask_others(group, false);
	judge_master(group);
	switch (group->failover) {
	case FAILOVER_NONE:
		if (group->is_down)
			begin(group);
		break;
	case FAILOVER_ELECTION:
		hold_election(group);
		break;
	case FAILOVER_PROMOTION:
		await_promotion(group);
		break;
	}
}
