#include "world/real/dns_message.h"

#include <check.h>
#include <string.h>

/* Id 0x1234, recursion wanted, one question: WWW.example.com A IN. */
#define HEADER "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
#define NAME                                                                                       \
	"\x03WWW\x07"                                                                              \
	"example\x03"                                                                              \
	"com\x00"
#define TYPE_A "\x00\x01\x00\x01"

static struct dns_message_question question;
static enum dns_code code;

static bool read_question(struct str message)
{
	code = DNS_CODE_OK;
	return dns_message_read_question(message, &question, &code);
}

START_TEST(test_a_question_is_read)
{
	ck_assert(read_question(STR(HEADER NAME TYPE_A)));
	ck_assert_int_eq(code, DNS_CODE_OK);
	ck_assert_uint_eq(question.id, 0x1234);
	ck_assert_uint_eq(question.type, DNS_TYPE_A);
	ck_assert(question.wants_recursion);
	ck_assert(str_equal(question.name, STR("www.example.com")));
	ck_assert(str_equal(question.encoded, STR(NAME TYPE_A)));
}
END_TEST

START_TEST(test_additional_records_are_passed_over)
{
	ck_assert(read_question(STR("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01" NAME TYPE_A
				    "\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00")));
	ck_assert_int_eq(code, DNS_CODE_OK);
	ck_assert(read_question(STR(HEADER "\x00" TYPE_A)));
	ck_assert_int_eq(code, DNS_CODE_OK);
	ck_assert_uint_eq(question.name.size, 0);
}
END_TEST

START_TEST(test_what_is_no_question_gets_no_answer)
{
	ck_assert(!read_question(STR("")));
	ck_assert(!read_question(STR("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00")));
	ck_assert(!read_question(
		STR("\x12\x34\x81\x00\x00\x01\x00\x00\x00\x00\x00\x00" NAME TYPE_A)));
}
END_TEST

START_TEST(test_broken_questions_get_an_error)
{
	static const struct {
		struct str message;
		enum dns_code code;
	} rows[] = {
		{STR_INIT("\x12\x34\x09\x00\x00\x01\x00\x00\x00\x00\x00\x00" NAME TYPE_A),
		 DNS_CODE_NOT_IMPLEMENTED},
		{STR_INIT("\x12\x34\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00" NAME TYPE_A),
		 DNS_CODE_FORMAT},
		{STR_INIT("\x12\x34\x01\x00\x00\x01\x00\x01\x00\x00\x00\x00" NAME TYPE_A),
		 DNS_CODE_FORMAT},
		{STR_INIT(HEADER), DNS_CODE_FORMAT},
		{STR_INIT(HEADER NAME), DNS_CODE_FORMAT},
		{STR_INIT(HEADER NAME "\x00\x01\x00"), DNS_CODE_FORMAT},
		{STR_INIT(HEADER NAME TYPE_A "rest"), DNS_CODE_FORMAT},
		{STR_INIT(HEADER "\x05www\x00" TYPE_A), DNS_CODE_FORMAT},
		{STR_INIT(HEADER "\xc0\x0c" TYPE_A), DNS_CODE_FORMAT},
		{STR_INIT(HEADER "\x03w.w\x00" TYPE_A), DNS_CODE_FORMAT},
		{STR_INIT(HEADER "\x03w\x00w\x00" TYPE_A), DNS_CODE_FORMAT},
		{STR_INIT(HEADER NAME "\x00\x01\x00\x03"), DNS_CODE_REFUSED},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_msg(read_question(rows[i].message), "row %zu", i);
		ck_assert_msg(code == rows[i].code, "row %zu: code %d", i, code);
	}
}
END_TEST

START_TEST(test_no_cut_message_is_read_past_its_end)
{
	static const struct str whole = STR_INIT(HEADER NAME TYPE_A);

	for (size_t i = 12; i < whole.size; i++) {
		char copy[64];

		memcpy(copy, whole.data, i);
		ck_assert(read_question(str_of(copy, i)));
		ck_assert_int_eq(code, DNS_CODE_FORMAT);
	}
}
END_TEST

START_TEST(test_names_have_a_greatest_size)
{
	char message[12 + 256 + 5];
	size_t at = 12;

	memcpy(message, HEADER, 12);
	for (int i = 0; i < 4; i++) {
		message[at++] = i < 3 ? 63 : 61;
		memset(message + at, 'a', 63);
		at += i < 3 ? 63 : 61;
	}
	memcpy(message + at, "\0" TYPE_A, 5);
	ck_assert(read_question(str_of(message, at + 5)));
	ck_assert_int_eq(code, DNS_CODE_OK);
	ck_assert_uint_eq(question.name.size, 253);
	message[12 + 3 * 64] = 62;
	message[at] = 'a';
	memcpy(message + at + 1, "\0" TYPE_A, 5);
	ck_assert(read_question(str_of(message, at + 6)));
	ck_assert_int_eq(code, DNS_CODE_FORMAT);
}
END_TEST

static struct strbuf answer;

static struct str write_answer(enum dns_code with, struct str addresses, int64_t ttl_s)
{
	strbuf_init(&answer, DNS_MESSAGE_BYTES_MAX);
	ck_assert(dns_message_write_answer(&answer, &question, with, addresses, ttl_s));
	return strbuf_str(&answer);
}

START_TEST(test_an_answer_holds_the_question_and_its_records)
{
	read_question(STR(HEADER NAME TYPE_A));
	ck_assert(
		str_equal(write_answer(DNS_CODE_OK, STR("10.0.0.5, 10.0.0.6"), 250),
			  STR("\x12\x34\x85\x00\x00\x01\x00\x02\x00\x00\x00\x00" NAME TYPE_A
			      "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\xfa\x00\x04\x0a\x00\x00\x05"
			      "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\xfa\x00\x04\x0a\x00\x00\x06")));
	strbuf_free(&answer);
	ck_assert(str_equal(write_answer(DNS_CODE_NAME, STR("10.0.0.5"), 1),
			    STR("\x12\x34\x85\x03\x00\x01\x00\x00\x00\x00\x00\x00" NAME TYPE_A)));
	strbuf_free(&answer);
}
END_TEST

START_TEST(test_times_to_live_are_kept_in_range)
{
	read_question(STR(HEADER NAME TYPE_A));
	ck_assert(str_has_suffix(write_answer(DNS_CODE_OK, STR("1.2.3.4"), INT64_MAX),
				 STR("\x7f\xff\xff\xff\x00\x04\x01\x02\x03\x04")));
	strbuf_free(&answer);
	ck_assert(str_has_suffix(write_answer(DNS_CODE_OK, STR("x,1.2.3.4,::1"), -1),
				 STR("\x00\x00\x00\x00\x00\x04\x01\x02\x03\x04")));
	strbuf_free(&answer);
}
END_TEST

START_TEST(test_other_types_get_no_records)
{
	read_question(STR(HEADER NAME "\x00\x1c\x00\x01"));
	ck_assert_int_eq(code, DNS_CODE_OK);
	ck_assert_uint_eq(write_answer(DNS_CODE_OK, STR("1.2.3.4"), 1).size,
			  sizeof HEADER NAME TYPE_A - 1);
	strbuf_free(&answer);
}
END_TEST

START_TEST(test_an_error_without_a_question_says_only_so)
{
	read_question(STR(HEADER));
	ck_assert(str_equal(write_answer(code, STR(""), 0),
			    STR("\x12\x34\x85\x01\x00\x00\x00\x00\x00\x00\x00\x00")));
	strbuf_free(&answer);
}
END_TEST

START_TEST(test_what_does_not_fit_is_truncated)
{
	struct strbuf many;
	struct str written;

	read_question(STR(HEADER NAME TYPE_A));
	strbuf_init(&many, 10000);
	for (int i = 0; i < 100; i++)
		strbuf_append_format(&many, "10.0.0.%d,", i);
	written = write_answer(DNS_CODE_OK, strbuf_str(&many), 1);
	ck_assert_uint_le(written.size, DNS_MESSAGE_BYTES_MAX);
	ck_assert_uint_eq(written.size, sizeof HEADER NAME TYPE_A - 1 + 29 * 16);
	ck_assert_int_eq(written.data[2] & 2, 2);
	ck_assert_int_eq(written.data[7], 29);
	strbuf_free(&answer);
	strbuf_free(&many);
}
END_TEST

Suite *world_real_dns_message_suite(void);

Suite *world_real_dns_message_suite(void)
{
	Suite *suite = suite_create("world/real/dns_message");
	TCase *tests = tcase_create("messages");

	tcase_add_test(tests, test_a_question_is_read);
	tcase_add_test(tests, test_additional_records_are_passed_over);
	tcase_add_test(tests, test_what_is_no_question_gets_no_answer);
	tcase_add_test(tests, test_broken_questions_get_an_error);
	tcase_add_test(tests, test_no_cut_message_is_read_past_its_end);
	tcase_add_test(tests, test_names_have_a_greatest_size);
	tcase_add_test(tests, test_an_answer_holds_the_question_and_its_records);
	tcase_add_test(tests, test_times_to_live_are_kept_in_range);
	tcase_add_test(tests, test_other_types_get_no_records);
	tcase_add_test(tests, test_an_error_without_a_question_says_only_so);
	tcase_add_test(tests, test_what_does_not_fit_is_truncated);
	suite_add_tcase(suite, tests);
	return suite;
}
