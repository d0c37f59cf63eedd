#include "portal/outbox_lease.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "portal/database.h"
#include "portal/record.h"
#include "portal/tables.h"

void outbox_lease_init(struct outbox_lease *lease, struct world *world, struct database *database,
		       const char *outbox)
{
	*lease = (struct outbox_lease){
		.world = world, .database = database, .outbox = outbox, .beats = -1};
	snprintf(lease->holder, sizeof lease->holder, "%016" PRIx64, world_chance(world));
}

void outbox_lease_stop(struct outbox_lease *lease)
{
	timer_stop(&lease->beat);
	lease->is_held = lease->is_resting = false;
}

/* Raises the number, or lets go, if it is still ours. */
static bool write_own(struct outbox_lease *lease, struct str sql)
{
	struct arena *arena = arena_create();
	bool is_ours;

	database_begin(lease->database, arena, true);
	is_ours = database_run(lease->database, sql,
			       DATABASE_ARGUMENTS(value_text(str_from(lease->outbox)),
						  value_text(str_from(lease->holder)))) > 0;
	is_ours = database_commit(lease->database, NULL) && is_ours;
	arena_destroy(arena);
	return is_ours;
}

static void lease_beat(struct timer *timer)
{
	struct outbox_lease *lease = LIST_ENTRY(timer, struct outbox_lease, beat);

	if (write_own(lease, STR("UPDATE outbox_leases SET beats = beats + 1 WHERE outbox = ?1 "
				 "AND holder = ?2"))) {
		lease->beats++;
		lease->since_us = world_monotonic_us(lease->world);
	}
	timer_start(lease->world, timer, OUTBOX_BEAT_US, lease_beat);
}

void outbox_lease_let_go(struct outbox_lease *lease)
{
	if (!lease->is_held)
		return;
	outbox_lease_stop(lease);
	write_own(lease,
		  STR("UPDATE outbox_leases SET holder = '' WHERE outbox = ?1 AND holder = ?2"));
}

static void lease_rested(struct timer *timer)
{
	outbox_lease_let_go(LIST_ENTRY(timer, struct outbox_lease, beat));
}

void outbox_lease_rest(struct outbox_lease *lease)
{
	if (!lease->is_held || lease->is_resting)
		return;
	lease->is_resting = true;
	timer_start(lease->world, &lease->beat, OUTBOX_REST_US, lease_rested);
}

static struct record *read_row(struct outbox_lease *lease)
{
	return record_first(lease->database, &outbox_leases_table, "outbox = ?1",
			    DATABASE_ARGUMENTS(value_text(str_from(lease->outbox))));
}

/* Notes what it sees: whose number stands still does not live. */
static bool is_free(struct outbox_lease *lease, const struct record *row)
{
	struct str holder = record_text(row, "holder");
	int64_t now_us = world_monotonic_us(lease->world);

	if (holder.size == 0 || str_equal(holder, str_from(lease->holder)))
		return true;
	if (record_int(row, "beats") != lease->beats) {
		lease->beats = record_int(row, "beats");
		lease->since_us = now_us;
	}
	return now_us - lease->since_us >= OUTBOX_LEASE_US;
}

/* Most looks of those who do not hold it end here, without a turn to write. */
static bool looks_free(struct outbox_lease *lease)
{
	struct arena *arena = arena_create();
	struct record *row;
	bool is;

	database_begin(lease->database, arena, false);
	row = read_row(lease);
	is = !database_has_failed(lease->database) && (row == NULL || is_free(lease, row));
	database_rollback(lease->database);
	arena_destroy(arena);
	return is;
}

static bool write_holder(struct outbox_lease *lease)
{
	struct arena *arena = arena_create();
	struct record *row;
	bool is_ours = false;
	int64_t beats = 0;

	database_begin(lease->database, arena, true);
	row = read_row(lease);
	if (row == NULL) {
		row = record_new(arena, &outbox_leases_table);
		record_set_text(row, "outbox", str_from(lease->outbox));
	}
	if (!database_has_failed(lease->database) && is_free(lease, row)) {
		beats = record_int(row, "beats") + 1;
		record_set_text(row, "holder", str_from(lease->holder));
		record_set_int(row, "beats", beats);
		record_save(lease->database, row);
		is_ours = true;
	}
	is_ours = database_commit(lease->database, NULL) && is_ours;
	if (is_ours)
		lease->beats = beats;
	arena_destroy(arena);
	return is_ours;
}

/* It may have stood still for longer than others wait, or rested between its beats. */
static bool is_surely_held(const struct outbox_lease *lease)
{
	return lease->is_held &&
	       world_monotonic_us(lease->world) - lease->since_us < OUTBOX_SILENCE_US;
}

bool outbox_lease_is_silent(const struct outbox_lease *lease)
{
	return !lease->is_held &&
	       world_monotonic_us(lease->world) - lease->since_us >= OUTBOX_SILENCE_US;
}

enum outbox_hold outbox_lease_take(struct outbox_lease *lease)
{
	bool was_held = is_surely_held(lease);

	if (was_held && !lease->is_resting)
		return OUTBOX_HELD;
	outbox_lease_stop(lease);
	if (!was_held && ((lease->is_others && !looks_free(lease)) || !write_holder(lease))) {
		lease->is_others = true;
		return OUTBOX_OTHERS;
	}
	if (!was_held)
		lease->since_us = world_monotonic_us(lease->world);
	lease->is_others = false;
	lease->is_held = true;
	timer_start(lease->world, &lease->beat, OUTBOX_BEAT_US, lease_beat);
	return was_held ? OUTBOX_HELD : OUTBOX_TAKEN;
}
