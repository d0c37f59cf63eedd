/* Names and their addresses: section 5.5 of spec/gateway.md. */
#include "gateway/resolver.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "gateway/stand_test.h"

static struct resolver *resolver;

static void set_up(void)
{
	gateway_stand_set();
	resolver = NULL;
}

static void tear_down(void)
{
	resolver_destroy(resolver);
	gateway_stand_clear();
}

struct question {
	struct resolver_wait wait;
	int answers;
	enum dns_status status;
	struct str address;
};

static void answered(enum dns_status status, struct str address, void *data)
{
	struct question *question = data;

	question->answers++;
	question->status = status;
	question->address = str_copy(gateway_stand_arena(), address);
}

/* Asks, and takes the answer at once or by the end of the time. */
static struct question ask_for(const char *name, int64_t span_us)
{
	struct question question = {.status = DNS_TIMEOUT};

	if (resolver_find(resolver, str_from(name), &question.address, &question.wait, answered,
			  &question)) {
		question.status = DNS_OK;
		question.address = str_copy(gateway_stand_arena(), question.address);
		return question;
	}
	gateway_stand_run_for(span_us);
	ck_assert_int_eq(question.answers, 1);
	return question;
}

static struct question ask(const char *name)
{
	return ask_for(name, 60 * STAND_SECOND);
}

START_TEST(addresses_answer_themselves)
{
	resolver = resolver_create(gateway_stand_world(), STR(""));
	expect_str(ask("10.1.2.3").address, "10.1.2.3");
	ck_assert_str_eq(str_cstr(gateway_stand_arena(),
				  json_print(gateway_stand_arena(),
					     resolver_json(resolver, gateway_stand_arena()))),
			 "{}");
}
END_TEST

START_TEST(answers_are_kept_for_their_time)
{
	resolver = resolver_create(gateway_stand_world(), STR(""));
	gateway_stand_set_name("n", "10.1.1.1");
	expect_str(ask_for("n", STAND_SECOND).address, "10.1.1.1");
	for (int i = 0; i < 50; i++) {
		expect_str(ask("n").address, "10.1.1.1");
		gateway_stand_run_for(STAND_SECOND);
	}
	ck_assert_uint_eq(gateway_stand_lookups("n"), 1);
	gateway_stand_run_for(10 * STAND_SECOND);
	gateway_stand_set_name("n", "10.1.1.2");
	expect_str(ask_for("n", STAND_SECOND).address, "10.1.1.2");
}
END_TEST

START_TEST(addresses_are_used_in_turn)
{
	struct str first, second;

	resolver = resolver_create(gateway_stand_world(), STR(""));
	gateway_stand_set_name("n", "10.1.1.1,10.1.1.2");
	first = ask_for("n", STAND_SECOND).address;
	second = ask("n").address;
	ck_assert(!str_equal(first, second));
	ck_assert(str_equal(ask("n").address, first));
	ck_assert(str_equal(ask("n").address, second));
}
END_TEST

START_TEST(one_question_serves_all_who_wait)
{
	struct question questions[3] = {0};

	resolver = resolver_create(gateway_stand_world(), STR(""));
	gateway_stand_set_name("n", "10.1.1.1");
	for (int i = 0; i < 3; i++)
		ck_assert(!resolver_find(resolver, STR("n"), &questions[i].address,
					 &questions[i].wait, answered, &questions[i]));
	resolver_stop(&questions[1].wait);
	resolver_stop(&questions[1].wait);
	gateway_stand_run_for(STAND_SECOND);
	ck_assert(questions[0].answers == 1 && questions[1].answers == 0 &&
		  questions[2].answers == 1);
	ck_assert_uint_eq(gateway_stand_lookups("n"), 1);
}
END_TEST

START_TEST(others_use_the_old_answer_while_one_refreshes)
{
	struct question question = {0};
	struct str address;

	resolver = resolver_create(gateway_stand_world(), STR(""));
	gateway_stand_set_name("n", "10.1.1.1");
	ask_for("n", STAND_SECOND);
	gateway_stand_run_for(61 * STAND_SECOND);
	gateway_stand_silence_name("n");
	ck_assert(
		!resolver_find(resolver, STR("n"), &address, &question.wait, answered, &question));
	expect_str(ask("n").address, "10.1.1.1");
	resolver_stop(&question.wait);
}
END_TEST

START_TEST(unknown_names_are_not_kept)
{
	resolver = resolver_create(gateway_stand_world(), STR(""));
	ck_assert_int_eq(ask("nobody").status, DNS_NOT_FOUND);
	ck_assert_int_eq(ask("nobody").status, DNS_NOT_FOUND);
	gateway_stand_silence_name("mute");
	ck_assert_int_eq(ask("mute").status, DNS_TIMEOUT);
}
END_TEST

START_TEST(the_search_list_is_tried_after_the_name_itself)
{
	gateway_stand_write("/etc/resolv.conf",
			    "# search comment\nnameserver 10.0.0.53\nsearch old\n"
			    "search none.example  internal x\noptions ndots:5\n");
	resolver = resolver_create(gateway_stand_world(), STR(""));
	expect_str(ask("api").address, "10.0.0.3");
	expect_str(ask("api.internal").address, "10.0.0.3");
	ck_assert_int_eq(ask("nobody").status, DNS_NOT_FOUND);
}
END_TEST

START_TEST(a_first_server_that_is_silent_is_followed_by_the_systems)
{
	resolver = resolver_create(gateway_stand_world(), STR("10.0.0.99"));
	gateway_stand_set_name("n", "10.1.1.1");
	expect_str(ask("n").address, "10.1.1.1");
}
END_TEST

START_TEST(the_least_recently_used_names_are_forgotten)
{
	char name[16];

	resolver = resolver_create(gateway_stand_world(), STR(""));
	for (int i = 0; i <= 1000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		gateway_stand_set_name(str_cstr(gateway_stand_arena(), str_from(name)), "10.1.1.1");
		ask_for(name, 10 * STAND_MS);
	}
	ask_for("n0", 10 * STAND_MS);
	ck_assert_uint_eq(gateway_stand_lookups("n0"), 2);
	ask_for("n1000", 10 * STAND_MS);
	ck_assert_uint_eq(gateway_stand_lookups("n1000"), 1);
	ck_assert_uint_eq(resolver_json(resolver, gateway_stand_arena())->count, 1000);
}
END_TEST

START_TEST(a_resolver_may_go_with_questions_under_way)
{
	struct question question = {0};
	struct str address;

	resolver = resolver_create(gateway_stand_world(), STR(""));
	gateway_stand_silence_name("n");
	ck_assert(
		!resolver_find(resolver, STR("n"), &address, &question.wait, answered, &question));
	gateway_stand_run_for(STAND_SECOND);
	resolver_destroy(resolver);
	resolver = NULL;
	gateway_stand_run_for(60 * STAND_SECOND);
	ck_assert_int_eq(question.answers, 0);
}
END_TEST

Suite *gateway_resolver_suite(void);
Suite *gateway_resolver_suite(void)
{
	Suite *suite = suite_create("gateway_resolver");
	TCase *test = tcase_create("resolver");

	tcase_add_checked_fixture(test, set_up, tear_down);
	tcase_add_test(test, addresses_answer_themselves);
	tcase_add_test(test, answers_are_kept_for_their_time);
	tcase_add_test(test, addresses_are_used_in_turn);
	tcase_add_test(test, one_question_serves_all_who_wait);
	tcase_add_test(test, others_use_the_old_answer_while_one_refreshes);
	tcase_add_test(test, unknown_names_are_not_kept);
	tcase_add_test(test, the_search_list_is_tried_after_the_name_itself);
	tcase_add_test(test, a_first_server_that_is_silent_is_followed_by_the_systems);
	tcase_add_test(test, the_least_recently_used_names_are_forgotten);
	tcase_add_test(test, a_resolver_may_go_with_questions_under_way);
	suite_add_tcase(suite, test);
	return suite;
}
