/* PT-144 and spec/portal.md 6.6: who makes webhooks speak, what they say, and what becomes of what
 * cannot be delivered, under virtual time. */
#include "portal/webhooks.h"

#include <check.h>
#include <string.h>

#include "base/json.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/seeded_test.h"
#include "portal/tables.h"
#include "portal/webhook_events.h"
#include "world/log.h"

#define MINUTE (60 * STAGE_SECOND)
#define ANSWER(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"
#define URL "http://user:pass@api:8081/hook?a=1"

static struct stage stage;
static struct stage_server hook;
static struct world *world;
static struct database *database;
static struct settings settings;
static struct webhooks *webhooks;

static void no_line(struct world *of, struct str target, struct str line)
{
	(void)of;
	(void)target;
	(void)line;
}

static const struct log_ops no_log = {.write = no_line};

static void set_up(void)
{
	stage_open(&stage);
	world = sim_host_world(stage.client_host, STR("portal"));
	world->log = &no_log;
	database = seeded_open(&stage, world, &settings);
	webhooks = webhooks_create(world, database);
	stage_server_open(&stage, &hook, ANSWER("204 No Content"));
	hook.wanted = "</event>";
}

static void tear_down(void)
{
	webhooks_destroy(webhooks);
	database_close(database);
	stage_server_close(&hook);
	stage_close(&stage);
}

/* One transaction of a user: of a developer ("john"), of the tenant ("admin"), or with a token. */
static struct call call;

static void begin(const char *username, enum identity_kind kind)
{
	struct arena *arena = arena_create();

	call = (struct call){.database = database,
			     .settings = &settings,
			     .arena = arena,
			     .format = FORMAT_JSON,
			     .parameters = json_new(arena, JSON_OBJECT)};
	database_begin(database, arena, true);
	call.tenant =
		record_first(database, &accounts_table, "provider = 1 AND master = 0", NULL, 0);
	call.identity.kind = kind;
	call.identity.user = record_first(database, &users_table, "username = ?1",
					  DATABASE_ARGUMENTS(value_text(str_from(username))));
	ck_assert(call.tenant != NULL && call.identity.user != NULL);
}

static void end(void)
{
	struct arena *arena = call.arena;
	struct error error = {0};

	webhook_events_store(&call);
	ck_assert_int_eq(call.format, FORMAT_JSON);
	ck_assert_msg(database_commit(database, &error), "%s", error.text);
	arena_destroy(arena);
	webhooks_wake(webhooks);
	stage_run(&stage, STAGE_SECOND);
}

static void execute(const char *sql)
{
	seeded_execute(database, sql);
}

static int64_t count(const char *table)
{
	return database_int(database, str_format(stage.arena, "SELECT count(*) FROM %s", table),
			    NULL, 0, -1);
}

static const char *text_of(const char *sql)
{
	struct arena *arena = arena_create();
	const char *text;

	database_begin(database, arena, false);
	text = str_cstr(stage.arena, database_text(database, str_from(sql), NULL, 0));
	database_rollback(database);
	arena_destroy(arena);
	return text;
}

/* A webhook that wants everything, with some columns set otherwise. */
static void make_web_hook(const char *also)
{
	execute("INSERT INTO web_hooks (account_id, url, active, provider_actions, "
		"account_created_on, account_updated_on, account_deleted_on, user_created_on, "
		"user_updated_on, user_deleted_on, application_created_on, application_updated_on, "
		"application_deleted_on, account_plan_changed_on, application_plan_changed_on, "
		"application_user_key_updated_on, application_key_created_on, "
		"application_key_deleted_on, application_suspended_on, application_key_updated_on, "
		"push_application_content_type) SELECT id, '" URL
		"', 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, "
		"1, 1, 1, 1, 1, 1, 1, 1, 1 FROM accounts WHERE provider = 1 AND master = 0");
	execute(also);
}

static struct record *application_of_john(void)
{
	return record_first(
		database, &contracts_table,
		"type = 'Cinstance' AND user_account_id = (SELECT account_id FROM users "
		"WHERE username = 'john')",
		NULL, 0);
}

static void rename_application(const char *name)
{
	struct record *application = application_of_john();

	record_set_text(application, "name", str_from(name));
	resource_store(&call, &application_resource, application);
}

static bool hook_got(const char *text)
{
	return str_find(strbuf_str(&hook.got), str_from(text)) != STR_NOT_FOUND;
}

static void hook_got_event(const char *action, const char *type)
{
	ck_assert_msg(hook_got(str_cstr(stage.arena,
					str_format(stage.arena,
						   "<action>%s</action><type>%s</type><object>",
						   action, type))),
		      "no %s %s in %.*s", action, type, STR_ARG(strbuf_str(&hook.got)));
}

START_TEST(a_developer_in_a_browser_makes_the_webhook_speak)
{
	make_web_hook("SELECT 1");
	begin("john", IDENTITY_SESSION);
	rename_application("New <name>");
	rename_application("Newer");
	end();
	ck_assert_int_eq(hook.answers, 1);
	ck_assert(hook_got("POST /hook?a=1 HTTP/1.1\r\n"));
	ck_assert(hook_got("Host: api:8081\r\n"));
	ck_assert(hook_got("Content-Type: application/xml\r\n"));
	ck_assert(hook_got("Authorization: Basic dXNlcjpwYXNz\r\n"));
	ck_assert(
		hook_got("<?xml version=\"1.0\" encoding=\"UTF-8\"?><event><action>updated</action>"
			 "<type>application</type><object><application><id>"));
	ck_assert(hook_got("<name>Newer</name>"));
	ck_assert(hook_got("</application></object></event>"));
	ck_assert_int_eq(count("web_hook_deliveries") + count("web_hook_failures"), 0);
}
END_TEST

/* The API's calls say nothing, nor do administrators unless the webhook wants it. */
START_TEST(who_counts)
{
	make_web_hook("SELECT 1");
	begin("admin", IDENTITY_TOKEN);
	rename_application("By token");
	end();
	begin("admin", IDENTITY_PROVIDER_KEY);
	rename_application("By key");
	end();
	begin("admin", IDENTITY_SESSION);
	rename_application("By admin");
	end();
	ck_assert_int_eq(hook.answers, 0);
	execute("UPDATE web_hooks SET provider_actions = 1");
	begin("admin", IDENTITY_TOKEN);
	rename_application("By token again");
	end();
	ck_assert_int_eq(hook.answers, 0);
	begin("admin", IDENTITY_SESSION);
	rename_application("By admin again");
	end();
	ck_assert_int_eq(hook.answers, 1);
	/* The tenant's own account is nobody's developer. */
	begin("admin", IDENTITY_SESSION);
	webhook_event(&call, "updated", call.tenant);
	webhook_event(&call, "updated", call.identity.user);
	end();
	ck_assert_int_eq(hook.answers, 1);
}
END_TEST

START_TEST(switches_choose)
{
	make_web_hook("UPDATE web_hooks SET application_updated_on = 0");
	begin("john", IDENTITY_SESSION);
	rename_application("Other");
	end();
	ck_assert_int_eq(hook.answers, 0);
	execute("UPDATE web_hooks SET active = 0, application_updated_on = 1");
	begin("john", IDENTITY_SESSION);
	rename_application("Third");
	end();
	ck_assert_int_eq(hook.answers, 0);
	execute("DELETE FROM web_hooks");
	begin("john", IDENTITY_SESSION);
	rename_application("Fourth");
	end();
	ck_assert_int_eq(hook.answers, 0);
}
END_TEST

/* One after the other: the played receiver has one connection. */
static void change(void (*make)(struct record *application))
{
	begin("john", IDENTITY_SESSION);
	make(application_of_john());
	end();
}

static void suspend(struct record *application)
{
	record_set_text(application, "state", STR("suspended"));
	resource_store(&call, &application_resource, application);
}

static void new_user_key(struct record *application)
{
	record_set_text(application, "user_key", STR("other"));
	resource_store(&call, &application_resource, application);
}

static void other_plan(struct record *application)
{
	record_set(application, "plan_id",
		   record_get(record_first(database, &plans_table, "name = 'Unlimited'", NULL, 0),
			      "id"));
	resource_store(&call, &application_resource, application);
}

static void add_key(struct record *application)
{
	application_key_generate(&call, application);
}

static void remove_application(struct record *application)
{
	application_resource.deleting(&call, application, NULL);
	record_delete(database, application);
}

static void remove_user(struct record *application)
{
	(void)application;
	webhook_event(&call, "deleted", call.identity.user);
}

static void reject(struct record *application)
{
	struct record *account =
		record_by_id(database, &accounts_table, record_int(application, "user_account_id"));

	ck_assert(account_change_state(&call, account, "reject"));
}

START_TEST(every_action_has_its_name)
{
	make_web_hook("UPDATE web_hooks SET application_updated_on = 0");
	change(suspend);
	hook_got_event("suspended", "application");
	change(new_user_key);
	hook_got_event("user_key_updated", "application");
	change(other_plan);
	hook_got_event("plan_changed", "application");
	change(add_key);
	hook_got_event("key_created", "application");
	change(reject);
	hook_got_event("updated", "account");
	ck_assert(hook_got("<state>rejected</state>"));
	change(remove_user);
	hook_got_event("deleted", "user");
	change(remove_application);
	hook_got_event("deleted", "application");
	ck_assert_int_eq(hook.answers, 7);
}
END_TEST

START_TEST(a_failing_receiver_is_asked_six_times_a_minute_apart)
{
	make_web_hook("SELECT 1");
	hook.answer = ANSWER("500 Internal Server Error");
	begin("john", IDENTITY_SESSION);
	rename_application("New");
	end();
	ck_assert_int_eq(hook.answers, 1);
	stage_run(&stage, MINUTE - 5 * STAGE_SECOND);
	ck_assert_int_eq(hook.answers, 1);
	for (int tries = 2; tries <= 6; tries++) {
		stage_run(&stage, tries == 2 ? 7 * STAGE_SECOND : MINUTE);
		ck_assert_int_eq(hook.answers, tries);
		ck_assert_int_eq(count("web_hook_failures"), tries == 6);
	}
	stage_run(&stage, 10 * MINUTE);
	ck_assert_int_eq(hook.answers, 6);
	ck_assert_int_eq(count("web_hook_deliveries"), 0);
	ck_assert_str_eq(text_of("SELECT error FROM web_hook_failures"),
			 "500 Internal Server Error");
	ck_assert_str_eq(text_of("SELECT url FROM web_hook_failures"), URL);
	ck_assert_str_eq(text_of("SELECT substr(event, 1, 15) FROM web_hook_failures"),
			 "<?xml version=\"");
	ck_assert_int_eq(strlen(text_of("SELECT uuid FROM web_hook_failures")), 36);
}
END_TEST

START_TEST(what_cannot_be_reached_now_arrives_later)
{
	make_web_hook("UPDATE web_hooks SET url = 'http://away.example.com:8081/'");
	begin("john", IDENTITY_SESSION);
	rename_application("New");
	end();
	stage_run(&stage, MINUTE + 2 * STAGE_SECOND);
	ck_assert_int_eq(hook.answers, 0);
	/* Another process goes on with what this one left. */
	webhooks_destroy(webhooks);
	webhooks = webhooks_create(world, database);
	sim_dns_set(stage.sim, STR("away.example.com"), STR("10.0.0.2"), 1);
	webhooks_wake(webhooks);
	stage_run(&stage, MINUTE);
	ck_assert_int_eq(hook.answers, 1);
	ck_assert_int_eq(count("web_hook_deliveries") + count("web_hook_failures"), 0);
}
END_TEST

START_TEST(what_the_database_keeps_back_goes_out_when_it_is_well_again)
{
	make_web_hook("CREATE TRIGGER refusal BEFORE UPDATE ON web_hook_deliveries BEGIN SELECT "
		      "RAISE(ABORT, 'full'); END");
	begin("john", IDENTITY_SESSION);
	rename_application("New");
	end();
	ck_assert_int_eq(hook.answers, 0);
	execute("DROP TRIGGER refusal");
	stage_run(&stage, MINUTE);
	ck_assert_int_eq(hook.answers, 1);
	ck_assert_int_eq(count("web_hook_deliveries"), 0);
}
END_TEST

/* Each answer before the last is a sign of life, but the row's lease ends. */
START_TEST(a_receiver_that_drips_is_left)
{
	make_web_hook("SELECT 1");
	hook.answer = "HTTP/1.1 102 Processing\r\n\r\n";
	begin("john", IDENTITY_SESSION);
	rename_application("New");
	end();
	for (int i = 0; i < 9; i++) {
		ck_assert(i > 7 || hook.stream != NULL);
		if (hook.stream != NULL)
			stream_write(hook.stream, str_from(hook.answer));
		stage_run(&stage, MINUTE / 2);
	}
	ck_assert_ptr_null(hook.stream);
	ck_assert_int_eq(hook.connections, 1);
	hook.answer = ANSWER("204 No Content");
	stage_run(&stage, MINUTE);
	ck_assert_int_eq(hook.connections, 2);
	ck_assert_int_eq(count("web_hook_deliveries") + count("web_hook_failures"), 0);
}
END_TEST

START_TEST(many_wait_their_turn)
{
	make_web_hook("UPDATE web_hooks SET url = 'no URL'");
	for (int i = 0; i < 50; i++) {
		begin("john", IDENTITY_SESSION);
		rename_application(str_cstr(stage.arena, str_format(stage.arena, "App %d", i)));
		webhook_events_store(&call);
		ck_assert(database_commit(database, NULL));
		arena_destroy(call.arena);
	}
	webhooks_wake(webhooks);
	stage_run(&stage, 6 * MINUTE);
	ck_assert_int_eq(count("web_hook_failures"), 50);
	ck_assert_str_eq(text_of("SELECT min(error) FROM web_hook_failures"), "bad URL");
}
END_TEST

START_TEST(an_old_receiver_gets_a_form)
{
	make_web_hook("UPDATE web_hooks SET push_application_content_type = 0");
	hook.wanted = "%2Fevent%3E";
	begin("john", IDENTITY_SESSION);
	rename_application("New");
	end();
	ck_assert_int_eq(hook.answers, 1);
	ck_assert(hook_got("Content-Type: application/x-www-form-urlencoded\r\n"));
	ck_assert(hook_got("\r\n\r\nxml=%3C%3Fxml%20version%3D"));
}
END_TEST

Suite *portal_webhooks_suite(void);
Suite *portal_webhooks_suite(void)
{
	Suite *suite = suite_create("portal_webhooks");
	TCase *tests = tcase_create("webhooks");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_developer_in_a_browser_makes_the_webhook_speak);
	tcase_add_test(tests, who_counts);
	tcase_add_test(tests, switches_choose);
	tcase_add_test(tests, every_action_has_its_name);
	tcase_add_test(tests, a_failing_receiver_is_asked_six_times_a_minute_apart);
	tcase_add_test(tests, what_cannot_be_reached_now_arrives_later);
	tcase_add_test(tests, what_the_database_keeps_back_goes_out_when_it_is_well_again);
	tcase_add_test(tests, a_receiver_that_drips_is_left);
	tcase_add_test(tests, many_wait_their_turn);
	tcase_add_test(tests, an_old_receiver_gets_a_form);
	suite_add_tcase(suite, tests);
	return suite;
}
