/* The store and its file: opening, opening again, and what a killed process leaves. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "store/stage_test.h"
#include "store/store.h"

#define KILLS 6
#define COUNTERS 7

static struct stage stage;
static char folder[64], path[128];

static void set_up(void)
{
	stage_begin(&stage);
	strcpy(folder, "/tmp/store_test_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/store.db", folder);
}

static void tear_down(void)
{
	char command[128];

	stage_end(&stage);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static struct store *open_store(enum sql_durability durability)
{
	struct error error = {ERROR_NONE, ""};
	struct store *store = store_create(&stage.world, str_from(path), durability, &error);

	ck_assert_msg(store != NULL, "%s", error.text);
	return store;
}

static const struct redis_reply *ask(struct store *store, const char *line)
{
	struct str rest = str_from(line), words[8];
	size_t count = 0;
	int database = 0;

	while (str_next_field(&rest, ' ', &words[count]))
		count++;
	return store_execute(store, &database, words, count);
}

static void check_text(struct store *store, const char *line, const char *expected)
{
	const struct redis_reply *reply = ask(store, line);

	ck_assert_msg(reply->kind == REDIS_STRING && str_equal(reply->text, str_from(expected)),
		      "%s: %.*s", line, STR_ARG(reply->text));
}

START_TEST(what_was_written_is_there_again)
{
	static const enum sql_durability durabilities[] = {
		SQL_DURABILITY_NONE, SQL_DURABILITY_NORMAL, SQL_DURABILITY_FULL};
	struct store *store = open_store(durabilities[_i]);

	ask(store, "SET a 1");
	ask(store, "RPUSH q x y z");
	ask(store, "LPOP q");
	ask(store, "SETEX soon 10 x");
	stage_end_turn(&stage);
	ask(store, "INCR a"); /* the end of its turn does not come */
	store_destroy(store);
	stage_pass(&stage, 10001000);
	store = open_store(durabilities[_i]);
	check_text(store, "GET a", "2");
	check_text(store, "LINDEX q 0", "y");
	ck_assert_int_eq(ask(store, "EXISTS soon")->integer, 0);
	ask(store, "SADD s m"); /* ids go on behind those in the file */
	ck_assert_int_eq(ask(store, "LLEN q")->integer, 2);
	ck_assert_int_eq(ask(store, "DBSIZE")->integer, 3);
	store_destroy(store);
}
END_TEST

static void check_refused(enum error_kind kind, const char *text)
{
	struct error error = {ERROR_NONE, ""};
	struct str expected = STR_CONCAT(stage.arena, str_from(path), str_from(text));

	ck_assert_ptr_null(
		store_create(&stage.world, str_from(path), SQL_DURABILITY_NORMAL, &error));
	ck_assert_int_eq(error.kind, kind);
	ck_assert_msg(str_equal(str_from(error.text), expected), "%s", error.text);
	ck_assert_ptr_null(store_create(&stage.world, str_from(path), SQL_DURABILITY_NORMAL, NULL));
}

START_TEST(what_is_no_store_is_refused)
{
	FILE *file = fopen(path, "w");

	for (int i = 0; i < 1000; i++)
		fputs("no database at all\n", file);
	fclose(file);
	check_refused(ERROR_SYSTEM, ": file is not a database");
}
END_TEST

static void execute(const char *script)
{
	struct sql_options options = {.path = str_from(path)};
	struct sql_database *database = real_sql_ops.open(NULL, &options, NULL);

	ck_assert(real_sql_ops.execute(database, str_from(script), NULL));
	real_sql_ops.close(database);
}

START_TEST(the_database_of_somebody_else_is_refused)
{
	execute("CREATE TABLE accounts (id INTEGER)");
	check_refused(ERROR_INVALID, " is a database, but not a store");
}
END_TEST

START_TEST(a_store_of_another_version_is_refused)
{
	store_destroy(open_store(SQL_DURABILITY_NORMAL));
	execute("PRAGMA user_version = 9");
	check_refused(ERROR_INVALID, " is a store of version 9, known is 2");
}
END_TEST

START_TEST(a_store_of_the_first_version_is_read_and_goes_on)
{
	struct store *store = open_store(SQL_DURABILITY_NORMAL);

	ask(store, "SET a 1");
	ask(store, "RPUSH q x y");
	store_destroy(store);
	execute("DROP TABLE changes; PRAGMA user_version = 1");
	store = open_store(SQL_DURABILITY_NORMAL);
	check_text(store, "GET a", "1");
	check_text(store, "LINDEX q 1", "y");
	ask(store, "INCR a");
	store_destroy(store);
	store = open_store(SQL_DURABILITY_NORMAL);
	check_text(store, "GET a", "2");
	store_destroy(store);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_told)
{
	snprintf(path, sizeof path, "%s/none/store.db", folder);
	check_refused(ERROR_SYSTEM, ": unable to open database file");
}
END_TEST

/* In a process of its own: locks are between processes. */
START_TEST(a_store_belongs_to_one_process)
{
	int ready[2], done[2];
	char byte = 0;
	pid_t child;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(done), 0);
	child = fork();
	if (child == 0) {
		struct store *store = open_store(SQL_DURABILITY_NORMAL);

		if (write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 1)
			_exit(1);
		store_destroy(store);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	check_refused(ERROR_UNAVAILABLE, " is in use by another process (a store belongs to one)");
	ck_assert_int_eq(write(done[1], &byte, 1), 1);
	waitpid(child, NULL, 0);
	store_destroy(open_store(SQL_DURABILITY_NORMAL));
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(done[i]);
	}
}
END_TEST

/* Death. Each turn counts up some counters by one and puts the turn's number into a list, all in
 * one transaction. Told is a turn once its replies came. */

static int told_to;

static void tell(const struct redis_reply *reply, void *turn)
{
	if (reply->kind != REDIS_INTEGER || write(told_to, turn, sizeof(int)) != sizeof(int))
		_exit(1);
}

_Noreturn static void write_until_killed(int output)
{
	struct store *store = open_store(SQL_DURABILITY_NORMAL);
	struct redis_client *client = store_client(store, 0);

	told_to = output;
	for (int turn = (int)ask(store, "LLEN turns")->integer + 1;; turn++) {
		struct str number = str_format(stage.arena, "%d", turn);

		for (int i = 0; i < COUNTERS; i++)
			REDIS_SEND(client, NULL, NULL, STR("INCR"),
				   str_format(stage.arena, "counter %d", i));
		REDIS_SEND(client, tell, &turn, STR("RPUSH"), STR("turns"), number);
		stage_pass(&stage, 1000);
	}
}

/* Lets a process write until some turns were told, kills it, and returns the last it told. */
static int kill_writer(int turns)
{
	int pipes[2], told = 0, turn;
	pid_t child;

	ck_assert_int_eq(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		close(pipes[0]);
		write_until_killed(pipes[1]);
	}
	close(pipes[1]);
	for (int i = 0; i < turns && read(pipes[0], &turn, sizeof turn) == sizeof turn; i++)
		told = turn;
	kill(child, SIGKILL);
	while (read(pipes[0], &turn, sizeof turn) == sizeof turn)
		told = turn;
	close(pipes[0]);
	waitpid(child, NULL, 0);
	return told;
}

START_TEST(what_was_told_survives_the_death_of_the_process)
{
	for (int i = 0; i < KILLS; i++) {
		int told = kill_writer(50 + 211 * i);
		struct store *store = open_store(SQL_DURABILITY_NORMAL);
		int64_t turns = ask(store, "LLEN turns")->integer;
		const char *expected =
			str_cstr(stage.arena, str_format(stage.arena, "%lld", (long long)turns));

		ck_assert_int_gt(told, 0);
		/* One turn may have been committed without its replies having come. */
		ck_assert_int_ge(turns, told);
		ck_assert_int_le(turns, told + 1);
		check_text(store, "LINDEX turns -1", expected);
		for (int j = 0; j < COUNTERS; j++) {
			int database = 0;
			struct str words[] = {STR("GET"), str_format(stage.arena, "counter %d", j)};
			const struct redis_reply *reply = store_execute(store, &database, words, 2);

			ck_assert(str_equal(reply->text, str_from(expected)));
		}
		store_destroy(store);
	}
}
END_TEST

Suite *store_store_suite(void)
{
	Suite *suite = suite_create("store_store");
	TCase *file = tcase_create("file");

	tcase_set_timeout(file, 60);
	tcase_add_checked_fixture(file, set_up, tear_down);
	tcase_add_loop_test(file, what_was_written_is_there_again, 0, 3);
	tcase_add_test(file, what_is_no_store_is_refused);
	tcase_add_test(file, the_database_of_somebody_else_is_refused);
	tcase_add_test(file, a_store_of_another_version_is_refused);
	tcase_add_test(file, a_store_of_the_first_version_is_read_and_goes_on);
	tcase_add_test(file, a_folder_that_is_not_there_is_told);
	tcase_add_test(file, a_store_belongs_to_one_process);
	tcase_add_test(file, what_was_told_survives_the_death_of_the_process);
	suite_add_tcase(suite, file);
	return suite;
}
