#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "store/stage_test.h"
#include "store/store_internal.h"

#define SECOND_US INT64_C(1000000)

static struct stage stage;
static struct store *store;
static struct redis_client *first, *second;

/* What came back, in the order of its coming: "name=text" and a blank for each. */
static struct strbuf heard;

static void hear(const struct redis_reply *reply, void *name)
{
	strbuf_append_format(&heard, "%s=", (const char *)name);
	if (reply->kind == REDIS_INTEGER)
		strbuf_append_int(&heard, reply->integer);
	else if (reply->kind == REDIS_NIL)
		strbuf_append(&heard, STR("nil"));
	else if (reply->kind == REDIS_LOST)
		strbuf_append(&heard, STR("lost"));
	else if (reply->kind == REDIS_ARRAY)
		strbuf_append_format(&heard, "[%d]", (int)reply->count);
	else
		strbuf_append(&heard, str_slice(reply->text, 0, 20));
	strbuf_append_char(&heard, ' ');
	if (reply->kind == REDIS_ARRAY)
		for (size_t i = 0; i < reply->count; i++)
			hear(&reply->items[i], "-");
}

static void send_line(struct redis_client *client, const char *line, redis_replied *replied,
		      void *data)
{
	struct str rest = str_from(line), words[8];
	size_t count = 0;

	while (str_next_field(&rest, ' ', &words[count]))
		count++;
	redis_send(client, words, count, replied, data);
}

/* The name in what is heard is the first letter of the command and its client's number. */
static void say(struct redis_client *client, const char *line)
{
	struct str name = str_format(stage.arena, "%c%d", line[0], client == first ? 1 : 2);

	send_line(client, line, hear, (void *)(uintptr_t)str_cstr(stage.arena, name));
}

#define HEARD(text)                                                                                \
	do {                                                                                       \
		ck_assert_msg(str_equal(strbuf_str(&heard), STR(text)), "heard %.*s, not %s",      \
			      STR_ARG(strbuf_str(&heard)), (text));                                \
		strbuf_clear(&heard);                                                              \
	} while (0)

static void set_up(void)
{
	struct error error;

	stage_begin(&stage);
	strbuf_init(&heard, 1024 * 1024);
	store = store_create(&stage.world, STR(":memory:"), SQL_DURABILITY_NONE, &error);
	ck_assert_ptr_nonnull(store);
	first = store_client(store, 0);
	second = store_client(store, 0);
}

static void tear_down(void)
{
	redis_close(first);
	redis_close(second);
	store_destroy(store);
	strbuf_free(&heard);
	stage_end(&stage);
}

/* Replies. */

START_TEST(replies_come_at_the_end_of_the_turn_in_the_order_of_their_commands)
{
	say(first, "SET a 1");
	say(second, "INCR a");
	say(first, "GET a");
	HEARD("");
	stage_end_turn(&stage);
	HEARD("S1=OK I2=2 G1=2 ");
	stage_end_turn(&stage);
	HEARD("");
}
END_TEST

START_TEST(who_does_not_care_is_not_told)
{
	send_line(first, "SET a 1", NULL, NULL);
	send_line(first, "BLPOP q 1", NULL, NULL);
	send_line(first, "SET a 2", NULL, NULL);
	stage_pass(&stage, 2 * SECOND_US);
	say(first, "GET a");
	stage_end_turn(&stage);
	HEARD("G1=2 ");
}
END_TEST

static int begins, commits;

static enum sql_step count_transactions(struct sql_statement *statement, struct error *error)
{
	begins += statement == store->statements[STATEMENT_BEGIN] ? 1 : 0;
	commits += statement == store->statements[STATEMENT_COMMIT] ? 1 : 0;
	return real_sql_ops.step(statement, error);
}

START_TEST(a_turn_is_one_transaction_and_reads_need_none)
{
	begins = commits = 0;
	stage.sql.step = count_transactions;
	for (int i = 0; i < 100; i++)
		say(i % 2 == 0 ? first : second, "INCR a");
	ck_assert_int_eq(commits, 0);
	stage_end_turn(&stage);
	ck_assert_int_eq(begins, 1);
	ck_assert_int_eq(commits, 1);
	say(first, "GET a");
	stage_end_turn(&stage);
	ck_assert_int_eq(commits, 1);
}
END_TEST

START_TEST(texts_of_a_command_need_not_last)
{
	char key[] = "key", value[] = "value";
	struct str words[] = {STR("SET"), str_from(key), str_from(value)};
	struct str pop[] = {STR("BLPOP"), str_from(key), STR("1")};

	redis_send(first, words, 3, hear, "set");
	redis_send(second, (struct str[]){STR("DEL"), str_from(key)}, 2, NULL, NULL);
	redis_send(second, pop, 3, hear, "pop");
	redis_send(second, words, 3, hear, "set");
	redis_send(second, words, 2, hear, "wrong");
	memset(key, '!', sizeof key);
	memset(value, '!', sizeof value);
	say(first, "RPUSH key x");
	say(first, "GET key");
	stage_end_turn(&stage);
	HEARD("set=OK R1=1 pop=[2] -=key -=x set=OK wrong=ERR wrong number of  G1=value ");
}
END_TEST

/* A reply that leads to the next command: all in one turn, but not without end. */
static int rounds_left;

static void send_again(const struct redis_reply *reply, void *data)
{
	(void)data;
	ck_assert_int_eq(reply->kind, REDIS_INTEGER);
	if (rounds_left-- > 0)
		send_line(first, "INCR a", send_again, NULL);
}

START_TEST(replies_lead_to_commands_in_the_same_turn)
{
	rounds_left = 5;
	send_line(first, "INCR a", send_again, NULL);
	stage_end_turn(&stage);
	ck_assert_int_eq(rounds_left, -1);
}
END_TEST

START_TEST(an_endless_dialogue_lets_the_loop_see_its_sockets)
{
	int before;

	rounds_left = 1000;
	send_line(first, "INCR a", send_again, NULL);
	stage_end_turn(&stage);
	ck_assert_int_gt(rounds_left, 900);
	do {
		before = rounds_left;
		stage_pass(&stage, 1); /* timers only: nobody else wakes it */
		ck_assert_int_lt(rounds_left, before);
	} while (rounds_left >= 0);
}
END_TEST

/* Transactions. */

START_TEST(multi_gathers_and_exec_carries_out)
{
	say(first, "MULTI");
	say(first, "SET a 1");
	say(first, "LPUSH a x");
	say(second, "GET a");
	say(first, "EXEC");
	say(first, "GET a");
	stage_end_turn(&stage);
	HEARD("M1=OK S1=QUEUED L1=QUEUED G2=nil E1=[2] -=OK -=WRONGTYPE Operation  G1=1 ");
}
END_TEST

START_TEST(a_command_that_cannot_be_gathered_spoils_the_transaction)
{
	say(first, "MULTI");
	say(first, "SET a 1");
	say(first, "NOSUCH");
	say(first, "EXEC");
	say(first, "EXISTS a");
	say(first, "MULTI");
	say(first, "MULTI");
	say(first, "DISCARD");
	say(first, "DISCARD");
	stage_end_turn(&stage);
	HEARD("M1=OK S1=QUEUED N1=ERR unknown command  E1=EXECABORT Transactio E1=0 M1=OK "
	      "M1=ERR MULTI calls can  D1=OK D1=ERR DISCARD without  ");
}
END_TEST

START_TEST(exec_is_refused_when_a_watched_key_has_changed)
{
	say(first, "WATCH a b");
	say(first, "GET a");
	say(second, "SET b 1");
	say(second, "DEL b");
	say(first, "MULTI");
	say(first, "WATCH c");
	say(first, "SET a 1");
	say(first, "EXEC");
	say(first, "EXISTS a");
	stage_end_turn(&stage);
	HEARD("W1=OK G1=nil S2=OK D2=1 M1=OK W1=ERR WATCH inside MUL S1=QUEUED E1=nil E1=0 ");
}
END_TEST

static const struct {
	const char *command;
	bool is_refused;
} watch_rows[] = {
	{"SET other 1", false}, {"GET k", false},
	{"RPUSH l x", true},    {"LMOVE l l LEFT LEFT", true},
	{"LSET l 0 x", true},   {"EXPIRE k 10", true},
	{"HSET h f 1", true},   {"ZADD z 2 m", true},
	{"SADD s m", false},    {"FLUSHDB", true},
	{"RENAME k n", true},   {"SREM s m", true},
	{"INCR k", true},       {"LTRIM l 0 -1", true},
};

START_TEST(any_change_counts)
{
	say(second, "SET k 1");
	say(second, "RPUSH l a b");
	say(second, "HSET h f 0");
	say(second, "ZADD z 1 m");
	say(second, "SADD s m");
	say(first, "WATCH k l h z s");
	say(second, watch_rows[_i].command);
	stage_end_turn(&stage);
	strbuf_clear(&heard);
	say(first, "MULTI");
	say(first, "PING");
	say(first, "EXEC");
	stage_end_turn(&stage);
	if (watch_rows[_i].is_refused)
		HEARD("M1=OK P1=QUEUED E1=nil ");
	else
		HEARD("M1=OK P1=QUEUED E1=[1] -=PONG ");
}
END_TEST

START_TEST(what_is_not_watched_any_more_does_not_count)
{
	say(first, "WATCH a");
	say(first, "UNWATCH");
	say(second, "SET a 1");
	say(first, "MULTI");
	say(first, "EXEC");
	say(first, "WATCH a");
	say(first, "MULTI");
	say(first, "DISCARD");
	say(second, "SET a 2");
	say(first, "MULTI");
	say(first, "EXEC");
	stage_end_turn(&stage);
	HEARD("W1=OK U1=OK S2=OK M1=OK E1=[0] W1=OK M1=OK D1=OK S2=OK M1=OK E1=[0] ");
}
END_TEST

START_TEST(a_watched_key_whose_time_is_over_has_changed)
{
	say(second, "SET a 1 PX 1000");
	say(first, "WATCH a");
	stage_pass(&stage, 2 * SECOND_US);
	strbuf_clear(&heard);
	say(first, "MULTI");
	say(first, "EXEC");
	stage_end_turn(&stage);
	HEARD("M1=OK E1=nil ");
}
END_TEST

START_TEST(a_transaction_does_not_wait)
{
	say(first, "MULTI");
	say(first, "BLPOP q 0");
	say(first, "EXEC");
	stage_end_turn(&stage);
	HEARD("M1=OK B1=QUEUED E1=[1] -=nil ");
}
END_TEST

/* Waiting. */

START_TEST(a_blocking_pop_gets_what_comes)
{
	say(first, "BLPOP q r 60");
	stage_pass(&stage, 59 * SECOND_US);
	HEARD("");
	say(second, "RPUSH r a b");
	stage_end_turn(&stage);
	HEARD("R2=2 B1=[2] -=r -=a ");
	say(second, "LRANGE r 0 -1");
	stage_pass(&stage, 60 * SECOND_US);
	HEARD("L2=[1] -=b ");
}
END_TEST

START_TEST(a_blocking_pop_ends_with_its_time)
{
	say(first, "BLPOP q 1.5");
	say(first, "PING");
	stage_pass(&stage, 1500 * 1000 - 1);
	HEARD("");
	stage_pass(&stage, 1);
	HEARD("B1=nil P1=PONG ");
}
END_TEST

START_TEST(a_blocking_move_waits_and_may_change_nothing)
{
	say(first, "BLMOVE q q LEFT LEFT 0");
	say(second, "BLMOVE q r LEFT RIGHT 0");
	stage_end_turn(&stage);
	HEARD("");
	store_execute(store, &(int){0}, (struct str[]){STR("RPUSH"), STR("q"), STR("a")}, 3);
	store_execute(store, &(int){0}, (struct str[]){STR("SET"), STR("s"), STR("x")}, 3);
	stage_end_turn(&stage);
	HEARD("B1=a B2=a ");
	say(first, "LRANGE r 0 -1");
	say(first, "BLMOVE q s LEFT LEFT 1");
	say(second, "RPUSH q b");
	stage_end_turn(&stage);
	HEARD("L1=[1] -=a R2=1 B1=WRONGTYPE Operation  ");
	say(first, "DEL q");
	say(first, "BLMOVE q r LEFT LEFT 1");
	say(second, "SET q 1");
	stage_pass(&stage, SECOND_US);
	HEARD("D1=1 S2=OK B1=nil ");
}
END_TEST

START_TEST(the_longest_waiting_is_served_first_and_each_once)
{
	say(second, "BRPOP q 0");
	say(first, "BLPOP q 0");
	stage_end_turn(&stage);
	say(first, "PING");
	stage_end_turn(&stage);
	HEARD("");
	store_execute(store, &(int){0}, (struct str[]){STR("RPUSH"), STR("q"), STR("a"), STR("b")},
		      4);
	stage_end_turn(&stage);
	HEARD("B2=[2] -=q -=b B1=[2] -=q -=a P1=PONG ");
}
END_TEST

START_TEST(what_stands_behind_a_blocking_pop_may_block_and_push)
{
	say(first, "BLPOP a 0");
	say(first, "RPUSH b 1");
	say(first, "BLPOP a 0");
	say(second, "BLPOP b 0");
	stage_end_turn(&stage);
	HEARD("");
	store_execute(store, &(int){0}, (struct str[]){STR("RPUSH"), STR("a"), STR("x")}, 3);
	stage_end_turn(&stage);
	HEARD("B1=[2] -=a -=x R1=1 B2=[2] -=b -=1 ");
	say(second, "RPUSH a y");
	stage_end_turn(&stage);
	HEARD("R2=1 B1=[2] -=a -=y ");
}
END_TEST

START_TEST(a_renamed_list_wakes_and_another_type_does_not)
{
	say(first, "BLPOP q 0");
	say(second, "SET q 1");
	say(second, "RPUSH other x");
	say(second, "RENAME other q");
	stage_end_turn(&stage);
	HEARD("S2=OK R2=1 R2=OK B1=[2] -=q -=x ");
}
END_TEST

/* Closing. */

START_TEST(commands_of_a_closed_client_are_lost)
{
	struct redis_client *third = store_client(store, 0);

	send_line(third, "SET a 1", hear, "told");
	send_line(third, "BLPOP q 0", hear, "waits");
	send_line(third, "PING", hear, "behind");
	say(first, "PING");
	redis_close(third);
	HEARD("told=lost waits=lost behind=lost ");
	say(first, "RPUSH q x");
	stage_end_turn(&stage);
	HEARD("P1=PONG R1=1 ");
}
END_TEST

static void close_second(const struct redis_reply *reply, void *data)
{
	hear(reply, data);
	redis_close(second);
	second = NULL;
}

START_TEST(a_client_is_closed_while_replies_are_given)
{
	say(second, "PING");
	send_line(first, "PING", close_second, "closes");
	say(second, "SET a 1");
	say(first, "PING");
	stage_end_turn(&stage);
	HEARD("P2=PONG closes=PONG S2=lost P1=PONG ");
}
END_TEST

START_TEST(a_client_closes_itself_with_its_reply)
{
	send_line(second, "PING", close_second, "closes");
	say(second, "PING");
	stage_end_turn(&stage);
	HEARD("closes=PONG P2=lost ");
}
END_TEST

START_TEST(multi_ends_with_its_client)
{
	struct redis_client *third = store_client(store, 3);

	send_line(third, "MULTI", NULL, NULL);
	send_line(third, "SET a 1", NULL, NULL);
	redis_close(third);
	say(first, "SELECT 3");
	say(first, "EXISTS a");
	stage_end_turn(&stage);
	HEARD("S1=OK E1=0 ");
}
END_TEST

/* Failures of the file. */

static enum statement_name failing;
static int failures_left;

static enum sql_step fail_some(struct sql_statement *statement, struct error *error)
{
	if (statement != store->statements[failing] || failures_left == 0)
		return real_sql_ops.step(statement, error);
	failures_left--;
	error_set(error, ERROR_SYSTEM, "database or disk is full");
	return SQL_STEP_FAILED;
}

static void let_fail(enum statement_name name, int times)
{
	failing = name;
	failures_left = times;
	stage.sql.step = fail_some;
}

START_TEST(a_commit_that_fails_undoes_the_round)
{
	say(first, "SET a 1");
	stage_end_turn(&stage);
	strbuf_clear(&heard);
	let_fail(STATEMENT_COMMIT, 1);
	say(first, "GET a");
	say(first, "SET a 2");
	say(second, "GET a");
	stage_end_turn(&stage);
	HEARD("G1=1 S1=MISCONF the store's  G2=MISCONF the store's  ");
	say(first, "GET a");
	say(first, "SET a 3");
	stage_end_turn(&stage);
	HEARD("G1=1 S1=OK ");
}
END_TEST

START_TEST(a_statement_that_fails_spoils_its_round_only)
{
	let_fail(STATEMENT_FIELD_INSERT, 1);
	say(first, "SET a 1");
	say(first, "HSET h f x");
	say(second, "SET b 1");
	stage_end_turn(&stage);
	HEARD("S1=MISCONF the store's  H1=MISCONF the store's  S2=MISCONF the store's  ");
	say(first, "MGET a b");
	say(first, "RPUSH q y");
	stage_end_turn(&stage);
	HEARD("M1=[2] -=nil -=nil R1=1 ");
}
END_TEST

START_TEST(a_read_that_fails_is_an_error_of_its_own)
{
	say(first, "SET a 1");
	stage_end_turn(&stage);
	say(first, "DBSIZE"); /* so that nothing is left to be written when it fails */
	stage_end_turn(&stage);
	strbuf_clear(&heard);
	let_fail(STATEMENT_KEYS_FROM_NAME, 1);
	say(first, "KEYS *");
	say(first, "KEYS *");
	stage_end_turn(&stage);
	HEARD("K1=MISCONF the store's  K1=[1] -=a ");
}
END_TEST

/* Many rounds in one. */

START_TEST(a_held_store_answers_and_commits_later)
{
	struct error error;

	store_hold(store);
	say(first, "SET a 1");
	stage_end_turn(&stage);
	say(first, "INCR a");
	stage_end_turn(&stage);
	HEARD("S1=OK I1=2 ");
	ck_assert(store->in_transaction);
	ck_assert(store_release(store, true, &error));
	ck_assert(!store->in_transaction);
	store_hold(store);
	say(first, "SET a 9");
	stage_end_turn(&stage);
	ck_assert(store_release(store, false, &error));
	say(first, "GET a");
	stage_end_turn(&stage);
	HEARD("S1=OK G1=2 ");
}
END_TEST

START_TEST(what_a_held_store_cannot_write_undoes_all)
{
	struct error error;

	for (int i = 0; i < 2; i++) {
		store_hold(store);
		say(first, "SET a 1");
		stage_end_turn(&stage);
		let_fail(i == 0 ? STATEMENT_FIELD_INSERT : STATEMENT_COMMIT, 1);
		say(first, "HSET h f x");
		stage_end_turn(&stage);
		say(first, "SET b 1");
		stage_end_turn(&stage);
		ck_assert(!store_release(store, true, &error));
		ck_assert_str_eq(error.text, "database or disk is full");
		strbuf_clear(&heard);
		say(first, "MGET a b");
		say(first, "EXISTS h");
		stage_end_turn(&stage);
		HEARD("M1=[2] -=nil -=nil E1=0 ");
	}
}
END_TEST

START_TEST(what_is_held_in_the_end_is_undone)
{
	store_hold(store);
	say(first, "SET a 1");
	stage_end_turn(&stage);
	HEARD("S1=OK ");
}
END_TEST

START_TEST(a_list_taken_in_vain_goes_to_who_waits)
{
	say(first, "RPUSH q x");
	stage_end_turn(&stage);
	strbuf_clear(&heard);
	let_fail(STATEMENT_COMMIT, 1);
	say(first, "LPOP q");
	say(second, "BLPOP q 0");
	stage_end_turn(&stage);
	HEARD("L1=MISCONF the store's  B2=[2] -=q -=x ");
}
END_TEST

START_TEST(who_waits_does_not_hear_of_failures)
{
	for (int i = 0; i < 200; i++)
		say(first, "RPUSH long x"); /* as long as this it is changed in its rows */
	say(second, "BLMOVE q long LEFT LEFT 9");
	stage_end_turn(&stage);
	strbuf_clear(&heard);
	let_fail(STATEMENT_ITEM_INSERT, 1);
	say(first, "RPUSH q x");
	stage_end_turn(&stage);
	HEARD("R1=MISCONF the store's  ");
	say(first, "RPUSH q y");
	stage_end_turn(&stage);
	HEARD("R1=1 B2=y ");
}
END_TEST

START_TEST(a_store_is_not_destroyed_under_its_clients)
{
	store_destroy(store);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);

	tcase_add_checked_fixture(tests, set_up, tear_down);
	suite_add_tcase(suite, tests);
	return tests;
}

static void add_waiting(Suite *suite)
{
	TCase *waiting = add_case(suite, "waiting");

	tcase_add_test(waiting, a_blocking_pop_gets_what_comes);
	tcase_add_test(waiting, a_blocking_pop_ends_with_its_time);
	tcase_add_test(waiting, a_blocking_move_waits_and_may_change_nothing);
	tcase_add_test(waiting, the_longest_waiting_is_served_first_and_each_once);
	tcase_add_test(waiting, what_stands_behind_a_blocking_pop_may_block_and_push);
	tcase_add_test(waiting, a_renamed_list_wakes_and_another_type_does_not);
}

static void add_failures(Suite *suite)
{
	TCase *failures = add_case(suite, "failures");

	tcase_add_test(failures, a_commit_that_fails_undoes_the_round);
	tcase_add_test(failures, a_statement_that_fails_spoils_its_round_only);
	tcase_add_test(failures, a_read_that_fails_is_an_error_of_its_own);
	tcase_add_test(failures, a_held_store_answers_and_commits_later);
	tcase_add_test(failures, what_a_held_store_cannot_write_undoes_all);
	tcase_add_test(failures, what_is_held_in_the_end_is_undone);
	tcase_add_test(failures, a_list_taken_in_vain_goes_to_who_waits);
	tcase_add_test(failures, who_waits_does_not_hear_of_failures);
	if (getenv("CK_FORK") == NULL || strcmp(getenv("CK_FORK"), "no") != 0)
		tcase_add_test_raise_signal(failures, a_store_is_not_destroyed_under_its_clients,
					    SIGABRT);
}

Suite *store_client_suite(void)
{
	Suite *suite = suite_create("store_client");
	TCase *replies = add_case(suite, "replies");
	TCase *transactions = add_case(suite, "transactions");
	TCase *closing = add_case(suite, "closing");

	tcase_add_test(replies, replies_come_at_the_end_of_the_turn_in_the_order_of_their_commands);
	tcase_add_test(replies, who_does_not_care_is_not_told);
	tcase_add_test(replies, a_turn_is_one_transaction_and_reads_need_none);
	tcase_add_test(replies, texts_of_a_command_need_not_last);
	tcase_add_test(replies, replies_lead_to_commands_in_the_same_turn);
	tcase_add_test(replies, an_endless_dialogue_lets_the_loop_see_its_sockets);
	tcase_add_test(transactions, multi_gathers_and_exec_carries_out);
	tcase_add_test(transactions, a_command_that_cannot_be_gathered_spoils_the_transaction);
	tcase_add_test(transactions, exec_is_refused_when_a_watched_key_has_changed);
	tcase_add_loop_test(transactions, any_change_counts, 0,
			    sizeof watch_rows / sizeof *watch_rows);
	tcase_add_test(transactions, what_is_not_watched_any_more_does_not_count);
	tcase_add_test(transactions, a_watched_key_whose_time_is_over_has_changed);
	tcase_add_test(transactions, a_transaction_does_not_wait);
	add_waiting(suite);
	tcase_add_test(closing, commands_of_a_closed_client_are_lost);
	tcase_add_test(closing, a_client_is_closed_while_replies_are_given);
	tcase_add_test(closing, a_client_closes_itself_with_its_reply);
	tcase_add_test(closing, multi_ends_with_its_client);
	add_failures(suite);
	return suite;
}
