#include "world/redis_queue.h"

#include <check.h>

#include "base/arena.h"
#include "base/str.h"

static struct redis_queue queue;
static struct strbuf told; /* "1+ " a reply, "2? " lost, "3- " lost and never sent */

static void set_up(void)
{
	strbuf_init(&told, 64 * 1024);
}

static void tear_down(void)
{
	redis_queue_free(&queue);
	queue = (struct redis_queue){.answered = 0};
	strbuf_free(&told);
}

static void note(const struct redis_reply *reply, void *data)
{
	char mark = reply->kind != REDIS_LOST ? '+' : reply->never_left ? '-' : '?';

	strbuf_append_format(&told, "%d%c ", (int)(intptr_t)data, mark);
}

static void add(int number)
{
	redis_queue_add(&queue, note, (void *)(intptr_t)number, number);
}

static bool answer(void)
{
	const struct redis_reply reply = {.kind = REDIS_STATUS, .text = STR("OK")};

	return redis_queue_answer(&queue, &reply);
}

static void expect_told(const char *expected)
{
	ck_assert_msg(str_equal(strbuf_str(&told), str_from(expected)), "\"%.*s\" is not \"%s\"",
		      STR_ARG(strbuf_str(&told)), expected);
	strbuf_clear(&told);
}

START_TEST(replies_come_in_the_order_of_the_commands)
{
	ck_assert(redis_queue_is_empty(&queue));
	add(1);
	add(2);
	ck_assert(!answer());
	ck_assert(redis_queue_has_unsent(&queue));
	redis_queue_note_sent(&queue);
	ck_assert(!redis_queue_has_unsent(&queue));
	add(3);
	ck_assert_int_eq(redis_queue_oldest_us(&queue), 1);
	ck_assert(answer());
	ck_assert_int_eq(redis_queue_oldest_us(&queue), 2);
	ck_assert(answer());
	ck_assert(!answer());
	ck_assert(!redis_queue_is_empty(&queue));
	redis_queue_restart(&queue, 30);
	ck_assert_int_eq(redis_queue_oldest_us(&queue), 30);
	redis_queue_note_sent(&queue);
	ck_assert(answer());
	ck_assert(redis_queue_is_empty(&queue));
	expect_told("1+ 2+ 3+ ");
}
END_TEST

START_TEST(a_lost_connection_takes_what_was_sent)
{
	for (int i = 1; i <= 3; i++)
		add(i);
	redis_queue_note_sent(&queue);
	add(4);
	add(5);
	ck_assert(answer());
	redis_queue_lose_sent(&queue);
	redis_queue_tell_lost(&queue, STR("gone"));
	expect_told("1+ 2? 3? ");
	ck_assert(redis_queue_has_unsent(&queue));
	ck_assert_int_eq(redis_queue_oldest_us(&queue), 4);
	redis_queue_note_sent(&queue);
	add(6);
	redis_queue_lose_all(&queue);
	ck_assert(redis_queue_is_empty(&queue));
	redis_queue_tell_lost(&queue, STR("gone"));
	expect_told("4? 5? 6- ");
}
END_TEST

static void lose_more(const struct redis_reply *reply, void *data)
{
	note(reply, data);
	add(9);
	redis_queue_lose_all(&queue);
	redis_queue_tell_lost(&queue, STR("closed"));
}

/* A client that is closed by the first that hears of it. */
START_TEST(each_is_told_once_whoever_tells)
{
	redis_queue_add(&queue, lose_more, (void *)(intptr_t)1, 0);
	redis_queue_add(&queue, NULL, NULL, 0);
	add(2);
	redis_queue_note_sent(&queue);
	redis_queue_lose_all(&queue);
	redis_queue_tell_lost(&queue, STR("gone"));
	expect_told("1? 2? 9- ");
}
END_TEST

START_TEST(a_queue_that_is_never_empty_stays_small)
{
	add(0);
	for (int i = 1; i < 5000; i++) {
		add(i);
		redis_queue_note_sent(&queue);
		strbuf_clear(&told);
		ck_assert(answer());
	}
	expect_told("4998+ ");
	ck_assert_uint_lt(queue.waiting.capacity, 512);
	ck_assert_int_eq(redis_queue_oldest_us(&queue), 4999);
}
END_TEST

Suite *world_redis_queue_suite(void);
Suite *world_redis_queue_suite(void)
{
	Suite *suite = suite_create("world_redis_queue");
	TCase *tests = tcase_create("queue");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, replies_come_in_the_order_of_the_commands);
	tcase_add_test(tests, a_lost_connection_takes_what_was_sent);
	tcase_add_test(tests, each_is_told_once_whoever_tells);
	tcase_add_test(tests, a_queue_that_is_never_empty_stays_small);
	suite_add_tcase(suite, tests);
	return suite;
}
