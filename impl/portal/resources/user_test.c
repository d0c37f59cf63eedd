/* Users' passwords at rest, and fields that a tenant defines: spec/portal.md 2.6, 3.11, 6.2. */
#include <string.h>

#include "base/arena.h"
#include "base/password.h"
#include "portal/portal_fixture_test.h"

#define PASSWORD(name, text) ck_assert(password_is((name), (text)))
#define NO_PASSWORD(name, text) ck_assert(!password_is((name), (text)))

/* Whether the digest that is kept for the user fits. */
static bool password_is(const char *username, const char *password)
{
	const struct json *rows = fixture_sql(
		portal_text("SELECT password_digest FROM users WHERE username = '%s'", username));

	ck_assert_uint_eq(rows->count, 1);
	return password_fits(fixture_arena(), str_from(password),
			     json_get_str(json_at(rows, 0), STR("password_digest")));
}

static void set_up_with_passwords(void)
{
	static const char *const variables[] = {"MASTER_PASSWORD", "master-secret", "USER_PASSWORD",
						"admin-secret", NULL};

	fixture_set_environment(variables);
	fixture_set_up();
}

START_TEST(seeded_people_have_passwords)
{
	PASSWORD("master", "master-secret");
	PASSWORD("admin", "admin-secret");
	PASSWORD("john", "123456");
	NO_PASSWORD("3scaleadmin", "");
	NO_PASSWORD("john", "admin-secret");
	ck_assert_ptr_nonnull(strstr(fixture_output(), "Master User Password: master-secret\n"));
	ck_assert_ptr_nonnull(strstr(fixture_output(), "Provider User Password: admin-secret\n"));
}
END_TEST

START_TEST(passwords_are_kept_when_users_are)
{
	static const struct step steps[] = {
		{"POST", "users.json", "username=jane&email=jane@example.com&password=secret1", 201,
		 NULL, "secret", "user", "user.id"},
		{"POST", "accounts/{account}/users.json",
		 "username=jack&email=jack@example.com&password=secret2", 201, NULL, "digest", NULL,
		 NULL},
		{"POST", "signup.json",
		 "org_name=ACME&username=jill&email=jill@example.com&password=secret3", 201, NULL,
		 "secret", NULL, NULL},
		{"PUT", "users/{user}.json", "password=x", 422, "too short", NULL, NULL, NULL},
		{"GET", "users/{user}.json", NULL, 200, NULL, "digest", NULL, NULL},
	};

	RUN_STEPS(steps);
	PASSWORD("jane", "secret1");
	PASSWORD("jack", "secret2");
	PASSWORD("jill", "secret3");
	ck_assert_int_eq(ask("PUT", portal_text("/admin/api/%s", expand("users/{user}.json")),
			     "first_name=J")
				 .status,
			 200);
	PASSWORD("jane", "secret1");
	ck_assert_int_eq(ask("PUT", portal_text("/admin/api/%s", expand("users/{user}.json")),
			     "password=changed")
				 .status,
			 200);
	PASSWORD("jane", "changed");
	NO_PASSWORD("jane", "secret1");
}
END_TEST

START_TEST(a_new_tenant_has_a_password)
{
	ck_assert_int_eq(ask_as("Host: " MASTER_HOST "\nAuthorization: Basic bWFzdGVyLXRva2VuOg==",
				"POST", "/master/api/providers.json",
				"org_name=Other&username=boss&email=boss@other.example&"
				"password=secret4")
				 .status,
			 201);
	PASSWORD("boss", "secret4");
}
END_TEST

static void define(const char *target, const char *name, const char *extra)
{
	fixture_sql(
		portal_text("INSERT INTO fields_definitions (tenant_id, account_id, target, "
			    "name, label, pos, hidden, required, read_only, choices) SELECT id, "
			    "id, '%s', '%s', '%s', 3, 0, %s FROM accounts WHERE provider = 1",
			    target, name, name, extra));
}

START_TEST(tenants_begin_with_the_built_in_fields)
{
	const struct json *rows =
		fixture_sql("SELECT target, name, label, required FROM fields_definitions ORDER BY "
			    "id");

	ck_assert_uint_eq(rows->count, 5);
	ck_assert(str_equal(json_print(fixture_arena(), json_at(rows, 0)),
			    STR("{\"target\":\"Account\",\"name\":\"org_name\",\"label\":"
				"\"Organization/Group Name\",\"required\":\"1\"}")));
}
END_TEST

START_TEST(fields_of_its_own_are_kept_and_shown)
{
	static const struct step steps[] = {
		{"PUT", "accounts/{account}.json", "size=big&colour=red&other=1", 200,
		 "\"org_name\":\"Developer\",\"size\":\"big\"}}", "colour", NULL, NULL},
		{"GET", "accounts/{account}.xml", NULL, 200,
		 "<extra_fields><size>big</size></extra_fields>", NULL, NULL, NULL},
		{"PUT", "accounts/{account}.json", "{\"extra_fields\":{\"size\":\"<small>\"}}", 200,
		 "\"size\":\"<small>\"", NULL, NULL, NULL},
		{"GET", "accounts.xml", NULL, 200,
		 "<extra_fields><size>&lt;small&gt;</size></extra_fields>", NULL, NULL, NULL},
		{"GET", "accounts.json", NULL, 200, "\"size\":\"<small>\"", NULL, NULL, NULL},
		{"PUT", "accounts/{account}.json", "{\"size\":[1]}", 200, "\"size\":\"<small>\"",
		 NULL, NULL, NULL},
		{"PUT", "accounts/{account}.json", "{\"size\":null}", 200, NULL, "size", NULL,
		 NULL},
		{"POST", "signup.json",
		 "org_name=ACME&username=jill&email=jill@example.com&password=secret3&size=10&"
		 "nick=J",
		 201, "\"size\":\"10\"", NULL, "new", "account.id"},
		{"GET", "accounts/{new}/users.json", NULL, 200, "\"nick\":\"J\"", "size", NULL,
		 NULL},
		{"PUT", "accounts/{account}/applications/{application}.json", "goal=fun", 200,
		 "\"goal\":\"fun\"", NULL, NULL, NULL},
		{"GET", "accounts/{account}/applications/{application}.xml", NULL, 200,
		 "<extra_fields><goal>fun</goal></extra_fields>", NULL, NULL, NULL},
		/* The tenant's own people have none. */
		{"POST", "users.json",
		 "username=jane&email=jane@example.com&password=secret1&nick=J", 201, NULL, "nick",
		 NULL, NULL},
	};

	define("Account", "size", "0, 0, NULL");
	define("User", "nick", "0, 0, NULL");
	define("Cinstance", "goal", "0, 0, NULL");
	RUN_STEPS(steps);
}
END_TEST

START_TEST(fields_may_be_required_and_have_choices)
{
	static const struct step steps[] = {
		{"PUT", "accounts/{account}.json", "size=huge", 422,
		 "{\"errors\":{\"size\":[\"is not included in the list\"]}}", NULL, NULL, NULL},
		{"PUT", "accounts/{account}.json", "size=big", 200, "\"size\":\"big\"", NULL, NULL,
		 NULL},
		{"PUT", "accounts/{account}.xml", "size=", 422,
		 "<error>Size can't be blank</error>", NULL, NULL, NULL},
		{"PUT", "accounts/{account}.json", "org_name=", 422,
		 "{\"errors\":{\"org_name\":[\"can't be blank\"]}}", NULL, NULL, NULL},
		{"POST", "accounts/{account}/users.json",
		 "username=jack&email=jack@example.com&password=secret2", 422,
		 "{\"errors\":{\"first_name\":[\"can't be blank\"]}}", NULL, NULL, NULL},
		{"POST", "accounts/{account}/users.json",
		 "username=jack&email=jack@example.com&password=secret2&first_name=J", 201, NULL,
		 NULL, NULL, NULL},
		{"POST", "signup.json",
		 "org_name=ACME&username=jill&email=jill@example.com&password=secret3", 422,
		 "{\"errors\":{\"size\":[\"can't be blank\"],\"first_name\":[\"can't be blank\"]}}",
		 NULL, NULL, NULL},
	};

	define("Account", "size", "1, 0, '[\"big\",\"small\"]'");
	define("User", "first_name", "1, 0, NULL");
	RUN_STEPS(steps);
}
END_TEST

/* Switches of 6.2: whoever may have one only gets no second. */
START_TEST(a_denied_switch_leaves_one_of_each)
{
	static const struct step refused[] = {
		{"POST", "services.json", "name=Second", 403, NULL, "{", NULL, NULL},
		{"POST", "users.json", "username=jane&email=jane@example.com&password=secret1", 403,
		 NULL, "{", NULL, NULL},
		{"POST", "accounts/{account}/users.json",
		 "username=jack&email=jack@example.com&password=secret2", 403, NULL, "{", NULL,
		 NULL},
		{"POST", "accounts/{account}/applications.json",
		 "plan_id={plan}&name=n&description=d", 403, NULL, "{", NULL, NULL},
		{"PUT", "services/{service}.json", "name=Changed", 200, "Changed", NULL, NULL,
		 NULL},
		/* The first one is always welcome. */
		{"POST", "signup.json",
		 "org_name=ACME&username=jill&email=jill@example.com&password=secret3", 201, NULL,
		 NULL, "new", "account.id"},
	};
	static const struct step allowed[] = {
		{"POST", "services.json", "name=Second", 201, NULL, NULL, NULL, NULL},
		{"POST", "accounts/{account}/users.json",
		 "username=jack&email=jack@example.com&password=secret2", 201, NULL, NULL, NULL,
		 NULL},
		{"POST", "accounts/{account}/applications.json",
		 "plan_id={plan}&name=n&description=d", 201, NULL, NULL, NULL, NULL},
	};

	ck_assert_int_eq(ask("PUT", "/admin/api/settings.json", "public_search=true").status, 200);
	RUN_STEPS(allowed);
	fixture_sql("UPDATE settings SET multiple_services_switch = 'denied', "
		    "multiple_users_switch = 'denied', multiple_applications_switch = 'denied'");
	RUN_STEPS(refused);
	fixture_sql("UPDATE settings SET multiple_services_switch = 'hidden'");
	reply_has(ask("POST", "/admin/api/services.json", "name=Third"), 201, "Third");
}
END_TEST

Suite *portal_resources_user_suite(void);
Suite *portal_resources_user_suite(void)
{
	Suite *suite = suite_create("portal_resources_user");
	TCase *tests = tcase_create("user"), *seeded = tcase_create("passwords");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, passwords_are_kept_when_users_are);
	tcase_add_test(tests, a_new_tenant_has_a_password);
	tcase_add_test(tests, tenants_begin_with_the_built_in_fields);
	tcase_add_test(tests, fields_of_its_own_are_kept_and_shown);
	tcase_add_test(tests, fields_may_be_required_and_have_choices);
	tcase_add_test(tests, a_denied_switch_leaves_one_of_each);
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(seeded, set_up_with_passwords, fixture_tear_down);
	tcase_add_test(seeded, seeded_people_have_passwords);
	suite_add_tcase(suite, seeded);
	return suite;
}
