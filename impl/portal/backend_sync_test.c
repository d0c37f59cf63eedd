/* The outbox: PT-145 to PT-149 and what spec/portal.md 6.3 promises about failures. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "portal/portal_fixture_test.h"

static const char *first_after(const char *text, const char *first, const char *second)
{
	const char *at = strstr(text, first);

	return at != NULL ? strstr(at, second) : NULL;
}

START_TEST(changes_arrive_in_their_order_before_they_are_answered)
{
	int64_t service;
	const char *calls;

	backend_hears("/applications/");
	backend_clear();
	service = new_service("name=New");
	calls = backend_calls();
	ck_assert_ptr_eq(strstr(calls, "PUT "), calls);
	ck_assert_ptr_nonnull(first_after(calls,
					  portal_text("/internal/services/%" PRId64 " ", service),
					  "POST /internal/service_tokens/"));
	ck_assert_ptr_nonnull(
		first_after(calls, "POST /internal/service_tokens/",
			    portal_text("/internal/services/%" PRId64 "/metrics/", service)));
}
END_TEST

/* PT-149: the row is kept, the answer is a success, the change arrives later. */
START_TEST(a_change_waits_for_a_backend_that_is_away)
{
	static const struct step step[] = {
		{"POST", "accounts/{account}/applications.json",
		 "plan_id={plan}&name=Late&description=D&user_key=late-key", 201, NULL, NULL, NULL,
		 NULL},
		{"POST", "accounts/{account}/applications.json",
		 "plan_id={plan}&name=Later&description=D&user_key=later-key", 201, NULL, NULL,
		 NULL, NULL},
	};

	steps_as(NULL);
	ck_assert(backend_hears("/applications/"));
	backend_answers(0);
	RUN_STEPS(step);
	ck_assert_ptr_null(strstr(backend_calls(), "late-key"));
	ck_assert_ptr_nonnull(strstr(fixture_output(), "failed: connection refused"));
	ck_assert_ptr_null(strstr(fixture_output(), "late-key"));
	backend_answers(200);
	ck_assert(backend_hears("/key/later-key"));
	ck_assert_ptr_nonnull(first_after(backend_calls(), "/key/late-key", "/key/later-key"));
}
END_TEST

START_TEST(a_failing_backend_is_asked_again)
{
	backend_hears("/applications/");
	backend_answers(503);
	new_service("name=New&system_name=again");
	ck_assert_ptr_nonnull(strstr(fixture_output(), "failed: status 503; next try in 1 s"));
	backend_clear();
	backend_answers(200);
	ck_assert(backend_hears("POST /internal/service_tokens/"));
}
END_TEST

START_TEST(a_refusal_does_not_hold_back_what_follows)
{
	backend_hears("/applications/");
	backend_clear();
	backend_answers(422);
	new_service("name=New");
	ck_assert_ptr_nonnull(strstr(backend_calls(), "POST /internal/service_tokens/"));
	ck_assert_ptr_nonnull(strstr(fixture_output(), "refused: status 422; left behind"));
}
END_TEST

START_TEST(what_is_gone_already_needs_no_deleting)
{
	static const struct step step[] = {
		{"DELETE", "accounts/{account}/applications/{application}.json", NULL, 200, NULL,
		 NULL, NULL, NULL},
	};

	steps_as(NULL);
	backend_hears("/applications/");
	backend_answers(404);
	RUN_STEPS(step);
	ck_assert_ptr_null(strstr(fixture_output(), "refused"));
}
END_TEST

/* Restarting. */

static const char *database_file(void)
{
	return portal_text("/tmp/refscale-portal-test-%d.sqlite", (int)getpid());
}

static void remove_database(void)
{
	static const char *const ends[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		unlink(portal_text("%s%s", database_file(), ends[i]));
}

START_TEST(what_was_not_sent_is_sent_after_a_restart)
{
	fixture_stop();
	remove_database();
	backend_answers(0);
	fixture_start(database_file());
	new_service("name=Kept");
	fixture_stop();
	backend_answers(200);
	fixture_start(database_file());
	ck_assert(backend_hears("\"name\":\"hits\""));
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "\"Kept\"");
	fixture_stop();
	remove_database();
}
END_TEST

/* PT-164 to PT-168. */
START_TEST(an_empty_database_is_filled_once)
{
	const char *first;

	fixture_stop();
	remove_database();
	fixture_start(database_file());
	first = fixture_output();
	ck_assert_ptr_nonnull(strstr(first, "Setup Completed\n\nRoot Domain: example.com\n\n"
					    "Master Domain: master.example.com\n"));
	ck_assert_ptr_nonnull(strstr(first, "Admin Access Token: " TOKEN "\n"));
	ck_assert_ptr_nonnull(strstr(first, "Master User Password: "));
	ck_assert_ptr_nonnull(strstr(first, "Provider User Password: "));
	new_service("name=Kept");
	fixture_stop();
	fixture_start(database_file());
	ck_assert_ptr_null(strstr(fixture_output() + strlen(first), "Setup Completed"));
	reply_has(ask("GET", "/admin/api/services.json", NULL), 200, "\"Kept\"");
	fixture_stop();
	remove_database();
}
END_TEST

Suite *portal_backend_sync_suite(void);
Suite *portal_backend_sync_suite(void)
{
	Suite *suite = suite_create("portal_backend_sync");
	TCase *tests = tcase_create("backend_sync");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, changes_arrive_in_their_order_before_they_are_answered);
	tcase_add_test(tests, a_change_waits_for_a_backend_that_is_away);
	tcase_add_test(tests, a_failing_backend_is_asked_again);
	tcase_add_test(tests, a_refusal_does_not_hold_back_what_follows);
	tcase_add_test(tests, what_is_gone_already_needs_no_deleting);
	tcase_add_test(tests, what_was_not_sent_is_sent_after_a_restart);
	tcase_add_test(tests, an_empty_database_is_filled_once);
	suite_add_tcase(suite, tests);
	return suite;
}
