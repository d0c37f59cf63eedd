#include "gateway/limit_counters.h"

#include "base/arena.h"

/* No limiter's key begins so: they begin with a time, a service or a word. */
#define WORKER_MARK "\n"

struct limit_counter limit_counters_get(struct dictionary *counters, struct str key, int64_t now_us)
{
	struct dictionary_value value;

	if (!dictionary_get(counters, key, now_us, &value))
		return (struct limit_counter){0};
	return (struct limit_counter){value.numbers[0], value.numbers[1], value.numbers[2]};
}

void limit_counters_put(struct dictionary *counters, struct str key, struct limit_counter counter,
			int64_t expires_us)
{
	struct dictionary_value value = {{counter.count, counter.excess, counter.last_utc_ms}};

	dictionary_put(counters, key, value, expires_us);
}

/* Connections of workers. */

static struct str mark_of(struct arena *arena, int64_t worker)
{
	return str_format(arena, WORKER_MARK "%d ", (int)worker);
}

void limit_counters_note_connection(struct dictionary *counters, struct str key, int64_t worker,
				    int64_t expires_us, int64_t now_us)
{
	struct arena *scratch = arena_create();
	struct str own_key = STR_CONCAT(scratch, mark_of(scratch, worker), key);

	dictionary_add(counters, own_key, 1, expires_us, now_us);
	arena_destroy(scratch);
}

/* Never below nothing. */
static void count_less(struct dictionary *counters, struct str key, int64_t less, int64_t now_us)
{
	int64_t count = limit_counters_get(counters, key, now_us).count;

	if (count > 0)
		dictionary_adjust(counters, key, count < less ? -count : -less, now_us);
}

void limit_counters_give_back(struct dictionary *counters, struct str key, int64_t worker,
			      int64_t now_us)
{
	struct arena *scratch = arena_create();
	struct str own_key = STR_CONCAT(scratch, mark_of(scratch, worker), key);

	dictionary_hold(counters);
	count_less(counters, key, 1, now_us);
	count_less(counters, own_key, 1, now_us);
	if (limit_counters_get(counters, own_key, now_us).count == 0)
		dictionary_remove(counters, own_key);
	dictionary_let_go(counters);
	arena_destroy(scratch);
}

void limit_counters_forget_worker(struct dictionary *counters, int64_t worker, int64_t now_us)
{
	struct arena *scratch = arena_create();
	struct str mark = mark_of(scratch, worker);
	struct dictionary_cursor at = {0};

	while (dictionary_next(counters, &at, mark, now_us, scratch)) {
		struct dictionary_value had;

		dictionary_hold(counters);
		if (dictionary_take(counters, at.key, now_us, &had))
			count_less(counters, str_skip(at.key, mark.size), had.numbers[0], now_us);
		dictionary_let_go(counters);
	}
	arena_destroy(scratch);
}
