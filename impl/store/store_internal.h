/* What the files of store/ know of each other: the store, its SQL, and what ends a round.
 *
 * A query is one run of a kept statement: store_query_start(), parameters in their order, then
 * either store_query_run() or store_query_row() until false; store_query_end() when rows may be
 * left. The first failure is kept in the store and makes every later query of the round find and do
 * nothing, so that commands need no branches for a broken disk: command_execute() turns it into the
 * reply, and the round ends with a rollback.
 *
 * A round is the commands between two commits: what one turn sent, or what the replies of the round
 * before led to. Its replies lie in its arena and are delivered after the commit.
 */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "base/vec.h"
#include "store/statements_internal.h"
#include "store/store.h"
#include "world/clock.h"

#define STORE_DATABASES 16
#define STORE_ROUNDS_PER_TURN 64 /* then the loop gets to see its sockets first */

struct client;
struct map;

/* A command that has been carried out and whose client has not been told. */
struct outcome {
	struct client *client; /* NULL: closed meanwhile */
	redis_replied *replied;
	void *data;
	struct redis_reply reply;
	bool needs_commit;
};

struct round {
	struct arena *arena;
	VEC(struct outcome) outcomes;
	size_t delivered;
};

/* cache_internal.h */
struct cache {
	struct map *databases[STORE_DATABASES]; /* struct cached_key by name */
	struct list_link recent, dirty;
	struct list_link behind;  /* logged, the longest unchanged first; their rows are old */
	struct list_link written; /* logged; their rows are new */
	size_t bytes, bytes_max;
	struct strbuf entries; /* of the round, while it is written */
	size_t logged_count, logged_count_max;
	size_t logged_bytes, logged_bytes_max;
	int64_t sequence;   /* of the last row of `changes` */
	int64_t sweep_to;   /* this one and those before it are on their way to the rows; 0: none */
	size_t sweep_bytes; /* of those */
	int sweep_keys;     /* in each round */
	bool must_flush;    /* the round did what entries cannot tell */
	bool must_replay;   /* what the rows do not say is in `changes` only */
};

struct store {
	struct world *world;
	struct sql_database *database;
	struct sql_statement *statements[STATEMENTS];
	struct map *commands; /* by name, small letters */
	struct cache cache;
	int64_t last_id;     /* of a key */
	struct arena *arena; /* of store_execute() */
	struct redis_reply reply;

	bool in_transaction, has_failed;
	bool is_held, was_undone; /* store_hold(); by the disk, since then */
	struct error failure;

	struct round rounds[2]; /* one gathers while the other is delivered */
	int gathering;
	struct task round_task;
	struct timer round_timer;
	bool round_is_due;
	int64_t turn_us; /* which turn `rounds_in_turn` is about */
	int rounds_in_turn;

	store_wrote *wrote; /* NULL: nobody watches */
	void *wrote_data;

	size_t clients;            /* open ones */
	struct list_link blocked;  /* clients waiting for a list, the longest waiting first */
	struct list_link watching; /* sessions after WATCH */
	bool was_pushed;           /* a list has appeared or grown since they were looked at */

	struct timer sweep_timer;
	int64_t sweep_due_us; /* monotonic */
};

struct query {
	struct store *store;
	struct sql_statement *statement; /* NULL: failed */
	int parameters;
};

/* statements.c */
bool statements_begin(struct store *store);
bool statements_commit(struct store *store); /* rolls back when the round has failed */
void statements_roll_back(struct store *store);
void statements_finish(struct store *store);
void store_fail(struct store *store, const char *text); /* as if a statement had */
struct query store_query_start(struct store *store, enum statement_name name);
void store_query_int(struct query *query, int64_t value);
void store_query_text(struct query *query, struct str value); /* any bytes */
void store_query_null(struct query *query);
bool store_query_row(struct query *query);
int64_t store_query_run(struct query *query); /* rows changed */
void store_query_end(struct query *query);
int64_t store_query_column_int(const struct query *query, int column);
bool store_query_column_is_null(const struct query *query, int column);
struct str store_query_column_text(const struct query *query, int column); /* until the next row */

/* cache.c. The first makes what is new durable with the round, the second brings the rows up to
 * date, the third makes room (no key is in use), the fourth forgets everything: the file says
 * otherwise. */
void cache_settle(struct store *store);
void cache_flush(struct store *store);
void cache_trim(struct store *store);
void cache_clear(struct store *store);

/* store.c */
struct arena *store_round_arena(struct store *store);
void store_add_outcome(struct store *store, const struct outcome *outcome);
/* The reply to a command that the disk refused, in that arena. */
struct redis_reply store_failure_reply(const struct store *store, struct arena *arena);
/* After a command outside a round: its transaction ends with the turn, a failure without one is
 * over. */
void store_settle(struct store *store);

/* client.c: gives lists that have appeared to those who wait for them. */
void store_serve_clients(struct store *store);

/* expire.c. The second makes sure that a key is swept some time after its end. */
void store_sweep_start(struct store *store);
void store_schedule_sweep(struct store *store, int64_t expires_ms);

#endif
