/* The dictionary against a plain one, in the memory of a simulated process. */
#include "world/dictionary.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "sim/engine/prng.h"
#include "world/dictionary_test.h"

#define SMALL ((size_t)64 * 40)

static struct dictionary_stage stage;
static struct arena *arena;

static void begin(size_t bytes_max, bool keeps)
{
	dictionary_stage_begin(&stage, bytes_max, keeps);
	arena = arena_create();
}

static void begin_small(void)
{
	begin(SMALL, false);
}

static void end(void)
{
	dictionary_stage_end(&stage);
	dictionary_destroy(NULL);
	arena_destroy(arena);
}

static bool put(const char *key, int64_t number)
{
	return dictionary_put(stage.dictionary, str_from(key),
			      (struct dictionary_value){{number, -number, 0}}, DICTIONARY_FOR_EVER);
}

/* -1: nothing. */
static int64_t got_at(const char *key, int64_t now_us)
{
	struct dictionary_value value = {{-1}};

	if (dictionary_get(stage.dictionary, str_from(key), now_us, &value))
		ck_assert_int_eq(value.numbers[1], -value.numbers[0]);
	return value.numbers[0];
}

static int64_t got(const char *key)
{
	return got_at(key, 0);
}

static struct str long_key(size_t size, char last)
{
	char *bytes = arena_alloc(arena, size);

	memset(bytes, 'k', size);
	bytes[size - 1] = last;
	return str_of(bytes, size);
}

START_TEST(what_was_put_is_got)
{
	struct dictionary_value value;

	ck_assert_int_eq(got("a"), -1);
	ck_assert(put("a", 1));
	ck_assert(put("", 2));
	ck_assert(put("a", 3));
	ck_assert_int_eq(got("a"), 3);
	ck_assert_int_eq(got(""), 2);
	ck_assert_int_eq(got("b"), -1);
	ck_assert_uint_eq(dictionary_count(stage.dictionary), 2);
	ck_assert_uint_eq(dictionary_bytes(stage.dictionary), 3 * 64);
	dictionary_remove(stage.dictionary, STR(""));
	dictionary_remove(stage.dictionary, STR("nobody"));
	ck_assert_int_eq(got(""), -1);
	ck_assert(dictionary_take(stage.dictionary, STR("a"), 0, &value));
	ck_assert_int_eq(value.numbers[0], 3);
	ck_assert(!dictionary_take(stage.dictionary, STR("a"), 0, &value));
	ck_assert_uint_eq(dictionary_bytes(stage.dictionary), 0);
}
END_TEST

START_TEST(all_handles_see_the_same)
{
	struct dictionary *other = dictionary_open(&stage.place);
	struct dictionary_value value;

	put("a", 1);
	ck_assert(dictionary_get(other, STR("a"), 0, &value));
	ck_assert_int_eq(value.numbers[0], 1);
	ck_assert(dictionary_add(other, STR("a"), 4, DICTIONARY_FOR_EVER, 0));
	ck_assert(dictionary_get(stage.dictionary, STR("a"), 0, &value));
	ck_assert_int_eq(value.numbers[0], 5);
	dictionary_remove(other, STR("a"));
	ck_assert_int_eq(got("a"), -1);
	dictionary_destroy(other);
}
END_TEST

START_TEST(long_keys_are_told_apart_by_their_ends)
{
	for (size_t size = 55; size <= 58; size++) {
		struct dictionary_value value = {{(int64_t)size}};

		ck_assert(dictionary_put(stage.dictionary, long_key(size, 'a'), value,
					 DICTIONARY_FOR_EVER));
		ck_assert(!dictionary_get(stage.dictionary, long_key(size, 'b'), 0, &value));
		ck_assert(dictionary_get(stage.dictionary, long_key(size, 'a'), 0, &value));
		ck_assert_int_eq(value.numbers[0], (int64_t)size);
	}
	ck_assert_uint_eq(dictionary_bytes(stage.dictionary), (2 + 2 + 3 + 3) * 64);
}
END_TEST

START_TEST(what_has_expired_is_gone)
{
	struct dictionary_value value = {{1, -1, 0}};

	dictionary_put(stage.dictionary, STR("k"), value, 10);
	ck_assert_int_eq(got_at("k", 9), 1);
	ck_assert_int_eq(got_at("k", 10), -1);
	ck_assert_uint_eq(dictionary_count(stage.dictionary), 0);
	dictionary_put(stage.dictionary, STR("k"), value, 10);
	ck_assert(!dictionary_take(stage.dictionary, STR("k"), 10, &value));
	dictionary_put(stage.dictionary, STR("k"), value, 10);
	ck_assert(dictionary_add(stage.dictionary, STR("k"), 5, 20, 10));
	ck_assert(dictionary_get(stage.dictionary, STR("k"), 19, &value));
	ck_assert_int_eq(value.numbers[0], 5); /* what it was before has expired */
	ck_assert(dictionary_add(stage.dictionary, STR("k"), INT64_MAX, 30, 19));
	ck_assert(dictionary_get(stage.dictionary, STR("k"), 29, &value));
	ck_assert_int_eq(value.numbers[0], INT64_MIN + 4);
}
END_TEST

START_TEST(the_least_recently_used_leaves)
{
	for (char c = 'a'; c < 'a' + 20; c++)
		ck_assert(put((char[]){c, '\0'}, c)); /* two chunks each: full */
	ck_assert_uint_eq(dictionary_bytes(stage.dictionary), SMALL);
	ck_assert_int_eq(got("a"), 'a');
	ck_assert(put("b", 1));
	ck_assert(put("new", 1));
	ck_assert_int_eq(got("c"), -1);
	ck_assert_int_eq(got("a"), 'a');
	ck_assert_int_eq(got("b"), 1);
	/* One that needs the room of several. */
	ck_assert(dictionary_put(stage.dictionary, long_key(56 * 36, 'l'),
				 (struct dictionary_value){{1}}, DICTIONARY_FOR_EVER));
	ck_assert_uint_eq(dictionary_count(stage.dictionary), 2);
	ck_assert_int_eq(got("b"), 1);
	ck_assert_int_eq(got("a"), -1);
	/* One for which there will never be room drives nobody out. */
	ck_assert(!dictionary_put(stage.dictionary, long_key(56 * 40, 'l'),
				  (struct dictionary_value){{1}}, DICTIONARY_FOR_EVER));
	ck_assert_uint_eq(dictionary_count(stage.dictionary), 2);
}
END_TEST

START_TEST(one_that_keeps_refuses)
{
	begin(SMALL, true);
	for (char c = 'a'; c < 'a' + 20; c++)
		ck_assert(put((char[]){c, '\0'}, c));
	ck_assert(!put("new", 1));
	ck_assert(!dictionary_add(stage.dictionary, STR("new"), 1, DICTIONARY_FOR_EVER, 0));
	ck_assert(dictionary_add(stage.dictionary, STR("a"), 1, DICTIONARY_FOR_EVER, 0));
	ck_assert_uint_eq(dictionary_count(stage.dictionary), 20);
	dictionary_remove(stage.dictionary, STR("b"));
	ck_assert(put("new", 1));
	end();
}
END_TEST

START_TEST(a_walk_comes_by_all_that_begin_so)
{
	struct dictionary_cursor at = {0};
	int64_t sum = 0;

	put("x1", 1);
	put("y", 100);
	put("x2", 2);
	dictionary_put(stage.dictionary, STR("x3"), (struct dictionary_value){{1000}}, 10);
	put("x4", 4);
	dictionary_remove(stage.dictionary, STR("x1"));
	put("x8", 8);
	while (dictionary_next(stage.dictionary, &at, STR("x"), 10, arena)) {
		ck_assert_uint_eq(at.key.size, 2);
		sum += at.value.numbers[0];
		dictionary_remove(stage.dictionary, at.key);
		ck_assert(put("z", 1000));
	}
	ck_assert_int_eq(sum, 2 + 4 + 8);
	at = (struct dictionary_cursor){0};
	ck_assert(!dictionary_next(stage.dictionary, &at, STR("x"), 10, arena));
}
END_TEST

/* More chunks than are looked at in one piece. */
START_TEST(a_walk_goes_on_after_a_pause)
{
	struct dictionary_cursor at = {0};
	size_t found = 0;

	begin((size_t)64 * 10000, false);
	for (int i = 0; i < 4000; i++)
		dictionary_put(stage.dictionary, str_format(arena, "%d", i),
			       (struct dictionary_value){{i}}, i % 1000 == 999 ? 2 : 1);
	while (dictionary_next(stage.dictionary, &at, STR(""), 1, arena))
		found++;
	ck_assert_uint_eq(found, 4);
	end();
}
END_TEST

/* A run of chance against an oracle: a list, the latest used first. */

#define KEYS 60
#define STEPS 200000

struct known {
	bool is_there;
	struct dictionary_value value;
	int64_t expires_us;
	uint64_t used; /* when */
};

static struct {
	struct known known[KEYS];
	struct str keys[KEYS];
	struct prng prng;
	uint64_t time;
	int64_t now_us;
	bool keeps;
} oracle;

static size_t chunks_of(size_t key)
{
	return 1 + (oracle.keys[key].size + 55) / 56;
}

static size_t oracle_chunks(void)
{
	size_t chunks = 0;

	for (size_t i = 0; i < KEYS; i++)
		chunks += oracle.known[i].is_there ? chunks_of(i) : 0;
	return chunks;
}

static struct known *oracle_find(size_t key)
{
	struct known *known = &oracle.known[key];

	if (known->is_there && known->expires_us <= oracle.now_us)
		known->is_there = false;
	return known->is_there ? known : NULL;
}

static void oracle_evict(void)
{
	struct known *oldest = NULL;

	for (size_t i = 0; i < KEYS; i++) {
		if (oracle.known[i].is_there &&
		    (oldest == NULL || oracle.known[i].used < oldest->used))
			oldest = &oracle.known[i];
	}
	oldest->is_there = false;
}

static bool oracle_put(size_t key, struct dictionary_value value, int64_t expires_us)
{
	struct known *known = &oracle.known[key];

	while (!known->is_there && oracle_chunks() + chunks_of(key) > SMALL / 64) {
		if (oracle.keeps || chunks_of(key) > SMALL / 64)
			return false;
		oracle_evict();
	}
	*known = (struct known){true, value, expires_us, ++oracle.time};
	return true;
}

static uint64_t draw(uint64_t below)
{
	return prng_next(&oracle.prng) % below;
}

static void step_get(size_t key)
{
	struct known *known = oracle_find(key);
	struct dictionary_value value;

	ck_assert(dictionary_get(stage.dictionary, oracle.keys[key], oracle.now_us, &value) ==
		  (known != NULL));
	if (known == NULL)
		return;
	known->used = ++oracle.time;
	ck_assert_mem_eq(&value, &known->value, sizeof value);
}

static void step_put(size_t key)
{
	struct dictionary_value value = {{(int64_t)prng_next(&oracle.prng),
					  (int64_t)prng_next(&oracle.prng),
					  (int64_t)prng_next(&oracle.prng)}};
	int64_t expires_us =
		draw(2) == 0 ? DICTIONARY_FOR_EVER : oracle.now_us + (int64_t)draw(200);

	ck_assert(dictionary_put(stage.dictionary, oracle.keys[key], value, expires_us) ==
		  oracle_put(key, value, expires_us));
}

static void step_add(size_t key)
{
	struct known *known = oracle_find(key);
	struct dictionary_value value = known != NULL ? known->value : (struct dictionary_value){0};
	int64_t delta = (int64_t)draw(1000) - 500;

	value.numbers[0] = (int64_t)((uint64_t)value.numbers[0] + (uint64_t)delta);
	ck_assert(dictionary_add(stage.dictionary, oracle.keys[key], delta, DICTIONARY_FOR_EVER,
				 oracle.now_us) == oracle_put(key, value, DICTIONARY_FOR_EVER));
}

static void step_adjust(size_t key)
{
	struct known *known = oracle_find(key);

	ck_assert(dictionary_adjust(stage.dictionary, oracle.keys[key], INT64_MAX, oracle.now_us) ==
		  (known != NULL));
	if (known == NULL)
		return;
	known->used = ++oracle.time;
	known->value.numbers[0] = (int64_t)((uint64_t)known->value.numbers[0] + INT64_MAX);
}

static void step_take(size_t key)
{
	struct known *known = oracle_find(key);
	struct dictionary_value value;

	ck_assert(dictionary_take(stage.dictionary, oracle.keys[key], oracle.now_us, &value) ==
		  (known != NULL));
	if (known == NULL)
		return;
	known->is_there = false;
	ck_assert_mem_eq(&value, &known->value, sizeof value);
}

static size_t key_number(struct str key)
{
	size_t i = 0;

	while (i < KEYS && !str_equal(key, oracle.keys[i]))
		i++;
	ck_assert_uint_lt(i, KEYS);
	return i;
}

static void look_at_all(void)
{
	struct dictionary_cursor at = {0};
	bool was_seen[KEYS] = {false};

	ck_assert(dictionary_is_sound(stage.dictionary));
	ck_assert_uint_eq(dictionary_bytes(stage.dictionary), oracle_chunks() * 64);
	while (dictionary_next(stage.dictionary, &at, STR(""), oracle.now_us, arena)) {
		size_t key = key_number(at.key);

		ck_assert(!was_seen[key] && oracle.known[key].is_there);
		ck_assert_mem_eq(&at.value, &oracle.known[key].value, sizeof at.value);
		was_seen[key] = true;
	}
	for (size_t i = 0; i < KEYS; i++)
		ck_assert(was_seen[i] ==
			  (oracle.known[i].is_there && oracle.known[i].expires_us > oracle.now_us));
	arena_reset(arena);
}

static const bool keeping[] = {false, true};

START_TEST(it_does_what_a_plain_one_does)
{
	static void (*const steps[])(size_t key) = {step_get, step_get,    step_put,
						    step_add, step_adjust, step_take};
	struct arena *keys = arena_create();

	begin(SMALL, keeping[_i]);
	memset(&oracle, 0, sizeof oracle);
	oracle.keeps = keeping[_i];
	prng_seed(&oracle.prng, 11 + (uint64_t)_i);
	for (size_t i = 0; i < KEYS; i++)
		oracle.keys[i] = str_format(keys, "%0*d", (int)(i % 7 == 0 ? 37 * i : i), (int)i);
	for (size_t i = 0; i < STEPS; i++) {
		oracle.now_us += (int64_t)draw(3);
		steps[draw(sizeof steps / sizeof *steps)](draw(KEYS));
		if (i % 50 == 0)
			look_at_all();
	}
	arena_destroy(keys);
	end();
}
END_TEST

Suite *world_dictionary_suite(void);
Suite *world_dictionary_suite(void)
{
	Suite *suite = suite_create("world_dictionary");
	TCase *small = tcase_create("small"), *own = tcase_create("others");

	tcase_add_checked_fixture(small, begin_small, end);
	tcase_add_test(small, what_was_put_is_got);
	tcase_add_test(small, all_handles_see_the_same);
	tcase_add_test(small, long_keys_are_told_apart_by_their_ends);
	tcase_add_test(small, what_has_expired_is_gone);
	tcase_add_test(small, the_least_recently_used_leaves);
	tcase_add_test(small, a_walk_comes_by_all_that_begin_so);
	tcase_add_test(own, one_that_keeps_refuses);
	tcase_add_test(own, a_walk_goes_on_after_a_pause);
	tcase_add_loop_test(own, it_does_what_a_plain_one_does, 0, 2);
	suite_add_tcase(suite, small);
	suite_add_tcase(suite, own);
	return suite;
}
