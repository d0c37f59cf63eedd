/* Memory shared by processes that are killed at any moment. */
#include "world/shared_memory.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "world/dictionary.h"
#include "world/process.h"
#include "world/real/raw_test.h"

#define BYTES ((size_t)64 * 100)
#define ROUNDS 300

struct shelf {
	struct raw_stage stage;
	struct dictionary_place place;
	struct dictionary *dictionary;
};

static void shelf_begin(struct shelf *shelf)
{
	raw_stage_begin(&shelf->stage);
	shelf->place = (struct dictionary_place){.world = shelf->stage.world, .bytes_max = BYTES};
	shelf->place.memory = shared_memory_create(
		shelf->place.world, dictionary_memory_bytes(BYTES), 1, &shelf->stage.error);
	ck_assert_msg(shelf->place.memory != NULL, "%s", shelf->stage.error.text);
	shelf->dictionary = dictionary_create(&shelf->place, 1);
}

static void shelf_end(struct shelf *shelf)
{
	dictionary_destroy(shelf->dictionary);
	shared_memory_release(shelf->place.world, shelf->place.memory);
	raw_stage_end(&shelf->stage);
}

static int64_t number_at(struct shelf *shelf, struct str key)
{
	struct dictionary_value value = {{0}};

	dictionary_get(shelf->dictionary, key, 0, &value);
	return value.numbers[0];
}

/* A child that does that until it is killed. */
static pid_t start_child(struct shelf *shelf, void (*work)(struct shelf *shelf))
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		work(shelf);
		_exit(0);
	}
	return child;
}

static void expect_killed(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void die_holding(struct shelf *shelf)
{
	dictionary_hold(shelf->dictionary);
	dictionary_add(shelf->dictionary, STR("a"), 5, DICTIONARY_FOR_EVER, 0);
	raise(SIGKILL);
}

START_TEST(who_dies_with_the_lock_keeps_nobody_waiting)
{
	struct shelf shelf;

	shelf_begin(&shelf);
	dictionary_add(shelf.dictionary, STR("a"), 1, DICTIONARY_FOR_EVER, 0);
	for (int i = 1; i <= 3; i++) {
		expect_killed(start_child(&shelf, die_holding));
		ck_assert_int_eq(number_at(&shelf, STR("a")), 1 + 5 * i);
		ck_assert(dictionary_is_sound(shelf.dictionary));
	}
	shelf_end(&shelf);
}
END_TEST

/* Changes of every kind. The two counters differ by one at most. */
static void change_for_ever(struct shelf *shelf)
{
	struct arena *arena = arena_create();

	for (uint64_t i = world_chance(shelf->place.world);; i++) {
		struct str key = str_format(arena, "%0*d", (int)(i * 7 % 150), (int)(i % 40));
		struct dictionary_value value = {{(int64_t)i}};

		dictionary_add(shelf->dictionary, STR("first"), 1, DICTIONARY_FOR_EVER, 0);
		dictionary_put(shelf->dictionary, key, value, (int64_t)(i % 3));
		dictionary_take(shelf->dictionary, STR("00007"), 1, &value);
		dictionary_get(shelf->dictionary, STR("12"), 1, &value);
		dictionary_add(shelf->dictionary, STR("second"), 1, DICTIONARY_FOR_EVER, 0);
		arena_reset(arena);
	}
}

static bool counters_agree(struct shelf *shelf, int64_t dead)
{
	int64_t behind = number_at(shelf, STR("first")) - number_at(shelf, STR("second"));

	return behind >= 0 && behind <= dead;
}

START_TEST(a_change_that_was_cut_short_never_was)
{
	struct shelf shelf;

	shelf_begin(&shelf);
	for (int i = 1; i <= ROUNDS; i++) {
		pid_t child = start_child(&shelf, change_for_ever);
		int64_t before = number_at(&shelf, STR("second"));

		/* Somewhere in its work, another time each. */
		while (number_at(&shelf, STR("second")) < before + 1 + i % 50)
			;
		ck_assert_int_eq(kill(child, SIGKILL), 0);
		expect_killed(child);
		ck_assert(dictionary_is_sound(shelf.dictionary));
		ck_assert(counters_agree(&shelf, i));
	}
	ck_assert_int_gt(number_at(&shelf, STR("second")), ROUNDS);
	shelf_end(&shelf);
}
END_TEST

static void take_turns(struct shelf *shelf)
{
	for (int i = 0; i < 20000; i++)
		dictionary_add(shelf->dictionary, STR("sum"), 1, DICTIONARY_FOR_EVER, 0);
}

START_TEST(nothing_is_lost_between_processes)
{
	struct shelf shelf;
	pid_t children[4];

	shelf_begin(&shelf);
	for (size_t i = 0; i < 4; i++)
		children[i] = start_child(&shelf, take_turns);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(waitpid(children[i], NULL, 0), children[i]);
	ck_assert_int_eq(number_at(&shelf, STR("sum")), 80000);
	shelf_end(&shelf);
}
END_TEST

/* Handing over. */

struct shell {
	struct raw_stage *stage;
	struct str line;
	bool is_over;
};

static void line_came(struct process *process, bool is_stderr, struct str line, void *data)
{
	struct shell *shell = data;

	(void)process;
	(void)is_stderr;
	shell->line = str_copy(shell->stage->arena, line);
}

static void shell_ended(struct process *process, int status, void *data)
{
	(void)process;
	(void)status;
	((struct shell *)data)->is_over = true;
}

/* What its third descriptor is. */
static struct str seen_by_child(struct shelf *shelf, struct shared_memory *memory)
{
	struct shell shell = {.stage = &shelf->stage};
	struct process_options options = {
		.shell_command = STR("readlink /proc/self/fd/3 || echo nothing"),
		.inherit_variables = true,
		.shared_memory = memory,
		.line = line_came,
		.exited = shell_ended,
		.data = &shell,
	};

	ck_assert_ptr_nonnull(process_start(shelf->place.world, &options, &shelf->stage.error));
	ck_assert(raw_await(&shelf->stage, raw_flag_is_set, &shell.is_over));
	return shell.line;
}

START_TEST(a_child_gets_it_only_when_it_is_to)
{
	struct shelf shelf;

	shelf_begin(&shelf);
	ck_assert(
		str_has_prefix(seen_by_child(&shelf, shelf.place.memory), STR("/memfd:refscale")));
	ck_assert(!str_has_prefix(seen_by_child(&shelf, NULL), STR("/memfd:refscale")));
	shelf_end(&shelf);
}
END_TEST

/* As a child finds it: in the third descriptor, where Check has its own. */
static bool inherit_and_add(struct shelf *shelf)
{
	size_t bytes = dictionary_memory_bytes(BYTES);
	struct dictionary_place place = shelf->place;
	struct error error;

	if (dup2(real_shared_memory_file(place.memory), REAL_SHARED_MEMORY_FILE) < 0 ||
	    ftruncate(REAL_SHARED_MEMORY_FILE, 1) == 0 ||
	    shared_memory_inherit(place.world, bytes + 1, 1, &error) != NULL)
		return false;
	place.memory = shared_memory_inherit(place.world, bytes, 1, &error);
	if (place.memory == NULL || fcntl(REAL_SHARED_MEMORY_FILE, F_GETFD) != -1)
		return false;

	struct dictionary *inherited = dictionary_open(&place);
	bool is_added = dictionary_add(inherited, STR("a"), 5, DICTIONARY_FOR_EVER, 0);

	dictionary_destroy(inherited);
	shared_memory_release(place.world, place.memory);
	return is_added;
}

static void be_a_child(struct shelf *shelf)
{
	_exit(inherit_and_add(shelf) ? 0 : 1);
}

START_TEST(what_was_handed_over_is_the_same_memory)
{
	struct shelf shelf;
	int status;

	shelf_begin(&shelf);
	ck_assert_int_gt(waitpid(start_child(&shelf, be_a_child), &status, 0), 0);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(number_at(&shelf, STR("a")), 5);
	shelf_end(&shelf);
}
END_TEST

Suite *world_real_shared_memory_suite(void);
Suite *world_real_shared_memory_suite(void)
{
	Suite *suite = suite_create("world_real_shared_memory");
	TCase *tests = tcase_create("processes");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, who_dies_with_the_lock_keeps_nobody_waiting);
	tcase_add_test(tests, a_change_that_was_cut_short_never_was);
	tcase_add_test(tests, nothing_is_lost_between_processes);
	tcase_add_test(tests, a_child_gets_it_only_when_it_is_to);
	tcase_add_test(tests, what_was_handed_over_is_the_same_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
