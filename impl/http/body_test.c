#include "http/body.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str_check_test.h"

static struct http_body *body;
static int readable_count, writable_count;
static struct strbuf got;

static void set_up(void)
{
	body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 8);
	readable_count = writable_count = 0;
	strbuf_init(&got, 1 << 20);
}

static void tear_down(void)
{
	strbuf_free(&got);
}

static void release_both(void)
{
	http_body_producer_release(body);
	http_body_consumer_release(body);
}

static void count_readable(struct http_body *of, void *data)
{
	(void)of;
	(void)data;
	readable_count++;
}

static void count_writable(struct http_body *of, void *data)
{
	(void)of;
	(void)data;
	writable_count++;
}

static void read_all(struct http_body *of)
{
	while (http_body_waiting(of) > 0) {
		struct str piece = http_body_peek(of);

		ck_assert_uint_gt(piece.size, 0);
		ck_assert(strbuf_append(&got, piece));
		http_body_consume(of, piece.size);
	}
}

/* Basics. */

START_TEST(bytes_go_through_in_order)
{
	ck_assert_uint_eq(http_body_write(body, STR("abc")), 3);
	ck_assert_uint_eq(http_body_write(body, STR("de")), 2);
	ck_assert_uint_eq(http_body_waiting(body), 5);
	ck_assert_uint_eq(http_body_room(body), 3);
	ck_assert_strs_eq(http_body_peek(body), STR("abcde"));
	http_body_consume(body, 2);
	http_body_consume(body, 0);
	ck_assert_strs_eq(http_body_peek(body), STR("cde"));
	ck_assert_int_eq(http_body_bytes_passed(body), 2);
	ck_assert(!http_body_is_ended(body) && !http_body_is_failed(body) &&
		  !http_body_has_come(body));
	release_both();
}
END_TEST

START_TEST(no_more_is_taken_than_there_is_room_for)
{
	ck_assert_uint_eq(http_body_write(body, STR("0123456789")), 8);
	ck_assert_uint_eq(http_body_room(body), 0);
	ck_assert_uint_eq(http_body_write(body, STR("89")), 0);
	http_body_consume(body, 1);
	ck_assert_uint_eq(http_body_write(body, STR("89")), 1);
	read_all(body);
	ck_assert_strs_eq(strbuf_str(&got), STR("12345678"));
	release_both();
}
END_TEST

START_TEST(the_end_is_seen_after_the_last_byte)
{
	http_body_write(body, STR("a"));
	http_body_end(body);
	ck_assert(!http_body_is_ended(body) && http_body_has_come(body));
	http_body_consume(body, 1);
	ck_assert(http_body_is_ended(body) && !http_body_is_failed(body));
	ck_assert_uint_eq(http_body_peek(body).size, 0);
	release_both();
}
END_TEST

START_TEST(a_failure_is_seen_at_once_and_bytes_before_it_are_there)
{
	http_body_write(body, STR("a"));
	http_body_fail(body);
	ck_assert(http_body_is_failed(body) && !http_body_is_ended(body) &&
		  !http_body_has_come(body));
	ck_assert_strs_eq(http_body_peek(body), STR("a"));
	release_both();
}
END_TEST

START_TEST(the_first_word_about_the_end_counts)
{
	http_body_end(body);
	http_body_fail(body);
	ck_assert(http_body_is_ended(body));
	ck_assert_uint_eq(http_body_write(body, STR("late")), 4);
	ck_assert_uint_eq(http_body_waiting(body), 0);
	http_body_producer_release(body);
	ck_assert(http_body_is_ended(body));
	http_body_consumer_release(body);
}
END_TEST

START_TEST(a_producer_that_leaves_without_a_word_fails)
{
	http_body_on_readable(body, count_readable, NULL);
	http_body_producer_release(body);
	ck_assert(http_body_is_failed(body));
	ck_assert_int_eq(readable_count, 1);
	http_body_consumer_release(body);
}
END_TEST

START_TEST(a_finished_body_is_made_from_a_text)
{
	char text[] = "whole text";
	struct http_body *whole = http_body_from_str(str_from(text));
	struct http_body *empty = http_body_from_str(str_of(NULL, 0));

	text[0] = 'x';
	ck_assert_int_eq(http_body_length(whole), 10);
	ck_assert_strs_eq(http_body_peek(whole), STR("whole text"));
	http_body_consume(whole, 10);
	ck_assert(http_body_is_ended(whole));
	ck_assert_int_eq(http_body_length(empty), 0);
	ck_assert(http_body_is_ended(empty));
	http_body_consumer_release(whole);
	http_body_consumer_release(empty);
	release_both();
}
END_TEST

/* The length that was promised. */

static void use_length(int64_t length)
{
	release_both();
	body = http_body_create(length, 8);
}

START_TEST(as_many_bytes_as_promised_are_a_whole_body)
{
	use_length(3);
	ck_assert_uint_eq(http_body_write(body, STR("ab")), 2);
	ck_assert_uint_eq(http_body_write(body, STR("c")), 1);
	http_body_end(body);
	read_all(body);
	ck_assert(http_body_is_ended(body));
	ck_assert_int_eq(http_body_length(body), 3);
	release_both();
}
END_TEST

START_TEST(fewer_bytes_than_promised_are_a_failure)
{
	use_length(3);
	http_body_write(body, STR("ab"));
	http_body_end(body);
	ck_assert(http_body_is_failed(body));
	release_both();
}
END_TEST

START_TEST(more_bytes_than_promised_are_a_failure_and_vanish)
{
	use_length(3);
	http_body_on_readable(body, count_readable, NULL);
	http_body_write(body, STR("ab"));
	ck_assert_uint_eq(http_body_write(body, STR("cd")), 2);
	ck_assert(http_body_is_failed(body));
	ck_assert_strs_eq(http_body_peek(body), STR("ab"));
	ck_assert_int_eq(readable_count, 2);
	release_both();
}
END_TEST

/* Who hears what. */

START_TEST(the_consumer_hears_of_bytes_of_the_end_and_of_failures)
{
	http_body_on_readable(body, count_readable, NULL);
	ck_assert_int_eq(readable_count, 0);
	http_body_write(body, STR(""));
	ck_assert_int_eq(readable_count, 0);
	http_body_write(body, STR("a"));
	ck_assert_int_eq(readable_count, 1);
	http_body_end(body);
	ck_assert_int_eq(readable_count, 2);
	http_body_end(body);
	http_body_fail(body);
	ck_assert_int_eq(readable_count, 2);
	release_both();
}
END_TEST

START_TEST(a_consumer_that_comes_late_hears_at_once)
{
	http_body_write(body, STR("a"));
	http_body_on_readable(body, NULL, NULL);
	http_body_on_readable(body, count_readable, NULL);
	ck_assert_int_eq(readable_count, 1);
	http_body_on_readable(body, NULL, NULL);
	http_body_write(body, STR("b"));
	ck_assert_int_eq(readable_count, 1);
	release_both();
}
END_TEST

START_TEST(the_producer_hears_of_room_until_it_ended)
{
	http_body_on_writable(body, count_writable, NULL);
	http_body_write(body, STR("0123456789"));
	ck_assert_int_eq(writable_count, 0);
	http_body_consume(body, 1);
	ck_assert_int_eq(writable_count, 1);
	http_body_consume(body, 1);
	ck_assert_int_eq(writable_count, 2);
	http_body_on_writable(body, NULL, NULL);
	http_body_consume(body, 1);
	ck_assert_int_eq(writable_count, 2);
	http_body_on_writable(body, count_writable, NULL);
	http_body_end(body);
	http_body_consume(body, 1);
	ck_assert_int_eq(writable_count, 2);
	release_both();
}
END_TEST

START_TEST(a_consumer_that_leaves_makes_writes_vanish)
{
	http_body_on_writable(body, count_writable, NULL);
	http_body_write(body, STR("01234567"));
	ck_assert(!http_body_is_abandoned(body));
	http_body_consumer_release(body);
	ck_assert(http_body_is_abandoned(body));
	ck_assert_int_eq(writable_count, 1);
	ck_assert_uint_eq(http_body_write(body, STR("0123456789abcdef")), 16);
	ck_assert_uint_eq(http_body_waiting(body), 0);
	ck_assert_uint_eq(http_body_room(body), 8);
	http_body_end(body);
	http_body_producer_release(body);
}
END_TEST

START_TEST(a_producer_that_has_ended_does_not_hear_that_it_is_abandoned)
{
	http_body_on_writable(body, count_writable, NULL);
	http_body_end(body);
	http_body_consumer_release(body);
	ck_assert_int_eq(writable_count, 0);
	http_body_producer_release(body);
}
END_TEST

/* Calls from within callbacks. */

static void drain(struct http_body *of, void *data)
{
	(void)data;
	readable_count++;
	read_all(of);
}

/* The producer of these tests writes `left` bytes of a counted pattern, then ends. */
struct producer {
	size_t left, next;
	int depth, depth_max;
};

static void produce(struct http_body *of, void *data)
{
	struct producer *producer = data;

	producer->depth++;
	if (producer->depth > producer->depth_max)
		producer->depth_max = producer->depth;
	while (producer->left > 0) {
		char piece[5];
		size_t size = producer->left < sizeof piece ? producer->left : sizeof piece, taken;

		for (size_t i = 0; i < size; i++)
			piece[i] = (char)('a' + (producer->next + i) % 26);
		taken = http_body_write(of, str_of(piece, size));
		producer->left -= taken;
		producer->next += taken;
		if (taken < size)
			break;
	}
	if (producer->left == 0)
		http_body_end(of);
	producer->depth--;
}

static void check_pattern(size_t size)
{
	ck_assert_uint_eq(got.size, size);
	for (size_t i = 0; i < size; i++)
		ck_assert_int_eq(got.data[i], (char)('a' + i % 26));
}

START_TEST(a_consumer_that_reads_at_once_makes_room_for_the_whole_write)
{
	struct str text = STR("a text that is longer than the buffer");

	http_body_on_writable(body, count_writable, NULL);
	http_body_on_readable(body, drain, NULL);
	ck_assert_uint_eq(http_body_write(body, text), text.size);
	ck_assert_strs_eq(strbuf_str(&got), text);
	ck_assert_int_eq(writable_count, 0);
	ck_assert_int_eq(readable_count, 5);
	release_both();
}
END_TEST

START_TEST(pushing_does_not_nest)
{
	struct producer producer = {.left = 100000};

	http_body_on_writable(body, produce, &producer);
	http_body_on_readable(body, drain, NULL);
	produce(body, &producer);
	ck_assert(http_body_is_ended(body));
	ck_assert_int_eq(producer.depth_max, 1);
	check_pattern(100000);
	release_both();
}
END_TEST

START_TEST(pulling_does_not_nest)
{
	struct producer producer = {.left = 100000};

	http_body_on_writable(body, produce, &producer);
	produce(body, &producer);
	ck_assert_uint_eq(http_body_waiting(body), 8);
	http_body_on_readable(body, drain, NULL);
	ck_assert(http_body_is_ended(body));
	ck_assert_int_eq(readable_count, 1);
	ck_assert_int_eq(producer.depth_max, 1);
	check_pattern(100000);
	release_both();
}
END_TEST

static void release_consumer(struct http_body *of, void *data)
{
	(void)data;
	readable_count++;
	http_body_consumer_release(of);
}

START_TEST(the_consumer_may_leave_from_its_callback)
{
	http_body_on_readable(body, release_consumer, NULL);
	http_body_on_writable(body, count_writable, NULL);
	ck_assert_uint_eq(http_body_write(body, STR("0123456789")), 10);
	ck_assert(http_body_is_abandoned(body));
	ck_assert_int_eq(readable_count, 1);
	ck_assert_int_eq(writable_count, 0);
	http_body_producer_release(body);
}
END_TEST

static void release_either(struct http_body *of, void *data)
{
	(void)data;
	http_body_producer_release(of);
	http_body_consumer_release(of);
}

START_TEST(both_ends_may_leave_from_the_callback_of_a_write)
{
	http_body_on_readable(body, release_either, NULL);
	ck_assert_uint_eq(http_body_write(body, STR("0123456789")), 10);
}
END_TEST

START_TEST(both_ends_may_leave_from_the_callback_of_a_consume)
{
	http_body_write(body, STR("0123"));
	http_body_on_writable(body, release_either, NULL);
	http_body_consume(body, 1);
}
END_TEST

START_TEST(both_ends_may_leave_when_the_end_is_told)
{
	http_body_on_readable(body, release_either, NULL);
	http_body_end(body);
	body = http_body_create(1, 1);
	http_body_on_readable(body, release_either, NULL);
	http_body_fail(body);
	body = http_body_create(1, 1);
	http_body_write(body, STR("x"));
	http_body_on_readable(body, release_either, NULL);
}
END_TEST

START_TEST(the_last_words_may_cross)
{
	/* The producer leaves, which the consumer answers by leaving; and the other way round. */
	http_body_on_readable(body, release_consumer, NULL);
	http_body_producer_release(body);
	ck_assert_int_eq(readable_count, 1);
	body = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 8);
	http_body_on_writable(body, count_writable, NULL);
	http_body_consumer_release(body);
	ck_assert_int_eq(writable_count, 1);
	http_body_producer_release(body);
}
END_TEST

static void release_producer(struct http_body *of, void *data)
{
	(void)data;
	writable_count++;
	http_body_producer_release(of);
}

START_TEST(a_producer_may_leave_when_it_hears_that_it_is_abandoned)
{
	http_body_on_writable(body, release_producer, NULL);
	http_body_consumer_release(body);
	ck_assert_int_eq(writable_count, 1);
}
END_TEST

static void hand_on(struct http_body *of, void *data)
{
	(void)data;
	readable_count += 100;
	http_body_on_readable(of, drain, NULL);
	ck_assert_uint_eq(got.size, 0);
}

START_TEST(the_consumer_may_hand_its_role_on_from_its_callback)
{
	http_body_on_readable(body, hand_on, NULL);
	http_body_write(body, STR("abc"));
	ck_assert_int_eq(readable_count, 101);
	ck_assert_strs_eq(strbuf_str(&got), STR("abc"));
	release_both();
}
END_TEST

static void register_again(struct http_body *of, void *data)
{
	readable_count++;
	http_body_on_readable(of, register_again, data);
}

START_TEST(registering_again_from_the_callback_does_not_spin)
{
	http_body_on_readable(body, register_again, NULL);
	http_body_write(body, STR("abc"));
	ck_assert_int_eq(readable_count, 1);
	http_body_write(body, STR("d"));
	ck_assert_int_eq(readable_count, 2);
	release_both();
}
END_TEST

static void write_more(struct http_body *of, void *data)
{
	(void)data;
	if (readable_count++ < 3)
		http_body_write(of, STR("x"));
	else
		read_all(of);
}

START_TEST(what_is_written_from_the_callback_is_told_when_it_returns)
{
	http_body_on_readable(body, write_more, NULL);
	http_body_write(body, STR("y"));
	ck_assert_int_eq(readable_count, 4);
	ck_assert_strs_eq(strbuf_str(&got), STR("yxxx"));
	release_both();
}
END_TEST

static void consume_more(struct http_body *of, void *data)
{
	(void)data;
	if (writable_count++ < 3)
		http_body_consume(of, 1);
}

START_TEST(what_is_consumed_from_the_callback_is_told_when_it_returns)
{
	http_body_write(body, STR("01234567"));
	http_body_on_writable(body, consume_more, NULL);
	http_body_consume(body, 1);
	ck_assert_int_eq(writable_count, 4);
	ck_assert_uint_eq(http_body_waiting(body), 4);
	release_both();
}
END_TEST

static void pass_on(struct http_body *from, void *data)
{
	struct http_body *to = data;

	while (http_body_waiting(from) > 0 && http_body_room(to) > 0) {
		struct str piece = str_slice(http_body_peek(from), 0, http_body_room(to));

		ck_assert_uint_eq(http_body_write(to, piece), piece.size);
		http_body_consume(from, piece.size);
	}
	if (http_body_is_ended(from))
		http_body_end(to);
}

static void pass_on_from(struct http_body *to, void *data)
{
	pass_on(data, to);
}

START_TEST(back_pressure_passes_through_two_bodies)
{
	struct producer producer = {.left = 5000};
	struct http_body *second = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 3);

	http_body_on_writable(body, produce, &producer);
	http_body_on_writable(second, pass_on_from, body);
	http_body_on_readable(body, pass_on, second);
	produce(body, &producer);
	ck_assert_uint_eq(producer.left, 5000 - 8 - 3);
	while (!http_body_is_ended(second)) {
		ck_assert_uint_le(http_body_waiting(second), 3);
		ck_assert_uint_le(http_body_waiting(body), 8);
		ck_assert(strbuf_append(&got, str_slice(http_body_peek(second), 0, 2)));
		http_body_consume(second, http_body_peek(second).size < 2 ? 1 : 2);
	}
	check_pattern(5000);
	release_both();
	body = second;
	release_both();
}
END_TEST

/* Any order of writes and reads, of any size. */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

START_TEST(no_byte_is_lost_or_changed_whatever_the_sizes)
{
	size_t bytes_max = (size_t)_i * _i * 7 + 1, written = 0, read = 0;
	uint32_t random = (uint32_t)_i;
	struct http_body *any = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, bytes_max);
	char *bytes = malloc(bytes_max * 2);

	for (int step = 0; step < 2000; step++) {
		size_t size = next_random(&random) % (bytes_max * 2), taken;
		struct str piece;

		for (size_t i = 0; i < size; i++)
			bytes[i] = (char)((written + i) % 251);
		taken = http_body_write(any, str_of(bytes, size));
		ck_assert_uint_eq(taken, size < bytes_max - (written - read)
						 ? size
						 : bytes_max - (written - read));
		written += taken;
		piece = str_slice(http_body_peek(any), 0, next_random(&random) % (bytes_max + 1));
		for (size_t i = 0; i < piece.size; i++)
			ck_assert_uint_eq((unsigned char)piece.data[i], (read + i) % 251);
		http_body_consume(any, piece.size);
		read += piece.size;
		ck_assert_uint_eq(http_body_waiting(any), written - read);
		ck_assert_uint_eq(http_body_room(any), bytes_max - (written - read));
		ck_assert_int_eq(http_body_bytes_passed(any), (int64_t)read);
	}
	free(bytes);
	http_body_consumer_release(any);
	http_body_producer_release(any);
	release_both();
}
END_TEST

static void add_reentrancy(TCase *tests)
{
	tcase_add_test(tests, a_consumer_that_reads_at_once_makes_room_for_the_whole_write);
	tcase_add_test(tests, pushing_does_not_nest);
	tcase_add_test(tests, pulling_does_not_nest);
	tcase_add_test(tests, the_consumer_may_leave_from_its_callback);
	tcase_add_test(tests, both_ends_may_leave_from_the_callback_of_a_write);
	tcase_add_test(tests, both_ends_may_leave_from_the_callback_of_a_consume);
	tcase_add_test(tests, both_ends_may_leave_when_the_end_is_told);
	tcase_add_test(tests, the_last_words_may_cross);
	tcase_add_test(tests, a_producer_may_leave_when_it_hears_that_it_is_abandoned);
	tcase_add_test(tests, the_consumer_may_hand_its_role_on_from_its_callback);
	tcase_add_test(tests, registering_again_from_the_callback_does_not_spin);
	tcase_add_test(tests, what_is_written_from_the_callback_is_told_when_it_returns);
	tcase_add_test(tests, what_is_consumed_from_the_callback_is_told_when_it_returns);
	tcase_add_test(tests, back_pressure_passes_through_two_bodies);
}

Suite *http_body_suite(void);
Suite *http_body_suite(void)
{
	Suite *suite = suite_create("http_body");
	TCase *tests = tcase_create("body");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, bytes_go_through_in_order);
	tcase_add_test(tests, no_more_is_taken_than_there_is_room_for);
	tcase_add_test(tests, the_end_is_seen_after_the_last_byte);
	tcase_add_test(tests, a_failure_is_seen_at_once_and_bytes_before_it_are_there);
	tcase_add_test(tests, the_first_word_about_the_end_counts);
	tcase_add_test(tests, a_producer_that_leaves_without_a_word_fails);
	tcase_add_test(tests, a_finished_body_is_made_from_a_text);
	tcase_add_test(tests, as_many_bytes_as_promised_are_a_whole_body);
	tcase_add_test(tests, fewer_bytes_than_promised_are_a_failure);
	tcase_add_test(tests, more_bytes_than_promised_are_a_failure_and_vanish);
	tcase_add_test(tests, the_consumer_hears_of_bytes_of_the_end_and_of_failures);
	tcase_add_test(tests, a_consumer_that_comes_late_hears_at_once);
	tcase_add_test(tests, the_producer_hears_of_room_until_it_ended);
	tcase_add_test(tests, a_consumer_that_leaves_makes_writes_vanish);
	tcase_add_test(tests, a_producer_that_has_ended_does_not_hear_that_it_is_abandoned);
	add_reentrancy(tests);
	tcase_add_loop_test(tests, no_byte_is_lost_or_changed_whatever_the_sizes, 0, 12);
	suite_add_tcase(suite, tests);
	return suite;
}
