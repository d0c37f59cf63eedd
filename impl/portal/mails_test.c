/* Mails that pages ask for, as rows of the outbox. How they leave is in the conformance cases. */
#include "portal/mails.h"

#include <check.h>

#include "portal/call.h"
#include "portal/database.h"
#include "portal/record.h"
#include "portal/seeded_test.h"
#include "portal/tables.h"

static struct stage stage;
static struct database *database;
static struct settings settings;
static struct call call;

static void set_up(void)
{
	struct world *world;

	stage_open(&stage);
	world = sim_host_world(stage.api_host, STR("portal"));
	database = seeded_open(&stage, world, &settings);
	call = (struct call){.database = database, .settings = &settings, .arena = stage.arena};
	database_begin(database, stage.arena, true);
	call.tenant = record_by_id(database, &accounts_table, 2);
}

static void tear_down(void)
{
	ck_assert(database_commit(database, NULL));
	database_close(database);
	stage_close(&stage);
}

static struct record *last_mail(void)
{
	return record_first(database, &mails_table, "id > 0 ORDER BY id DESC LIMIT 1", NULL, 0);
}

static void has(const struct record *mail, struct str part)
{
	ck_assert_msg(str_find(record_text(mail, "body"), part) != STR_NOT_FOUND, "no %.*s in %.*s",
		      STR_ARG(part), STR_ARG(record_text(mail, "body")));
}

/* PT-214: the link holds the token that the row keeps. */
START_TEST(an_invitation_is_a_row_and_a_mail)
{
	struct record *invitation = mails_invite(&call, call.tenant, STR("jane@example.net"),
						 STR("provider-admin.example.com"));
	struct str token = record_text(invitation, "token");
	struct record *mail = last_mail();

	ck_assert_uint_eq(token.size, 40);
	ck_assert_int_eq(record_get(invitation, "sent_at").kind, VALUE_TIME);
	ck_assert(str_equal(record_text(mail, "recipient"), STR("jane@example.net")));
	ck_assert_int_eq(record_int(mail, "tenant_id"), 2);
	has(mail, STR_CONCAT(stage.arena, STR("https://provider-admin.example.com/p/signup/"),
			     token, STR("\n")));
	ck_assert(!str_equal(
		token,
		record_text(mails_invite(&call, call.tenant, STR("a@b.c"), STR("h")), "token")));
}
END_TEST

START_TEST(a_new_password_is_set_behind_a_link)
{
	struct record *user =
		record_first(database, &users_table, "account_id = 2 ORDER BY id", NULL, 0);

	mails_password_reset(&call, user, STR("provider-admin.example.com"), STR("the-code"));
	has(last_mail(),
	    STR("https://provider-admin.example.com/p/password?password_reset_token=the-code\n"));
	ck_assert(str_equal(record_text(last_mail(), "recipient"), record_text(user, "email")));
}
END_TEST

/* A name cannot add lines to the head of a mail. */
START_TEST(a_subject_is_one_line)
{
	record_set_text(call.tenant, "org_name", STR("Acme\r\nBcc: all@example.com"));
	mails_invite(&call, call.tenant, STR("jane@example.net"), STR("h"));
	ck_assert(str_equal(record_text(last_mail(), "subject"),
			    STR("You are invited to Acme  Bcc: all@example.com")));
}
END_TEST

Suite *portal_mails_suite(void);
Suite *portal_mails_suite(void)
{
	Suite *suite = suite_create("portal_mails");
	TCase *tests = tcase_create("mails");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, an_invitation_is_a_row_and_a_mail);
	tcase_add_test(tests, a_new_password_is_set_behind_a_link);
	tcase_add_test(tests, a_subject_is_one_line);
	suite_add_tcase(suite, tests);
	return suite;
}
