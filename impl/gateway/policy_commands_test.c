/* Commands beside `start`: spec/gateway.md 1.4. */
#include "gateway/policy_commands.h"

#include "base/error.h"
#include "gateway/stand_test.h"
#include "world/files.h"

static void run(const char *const *words, int status, const char *line)
{
	for (size_t i = 0; words[i] != NULL; i++)
		gateway_stand_argument(words[i]);
	ck_assert(!gateway_stand_start());
	ck_assert_int_eq(gateway_stand_exit_status(), status);
	expect_log(line);
}

static const struct {
	const char *words[6];
	const char *line;
} refused[] = {
	{{"push_policy", "a", "1", "portal"},
	 "usage: refscale gateway push_policy NAME VERSION ADMIN_PORTAL_DOMAIN ACCESS_TOKEN"},
	{{"push_policy", "none", "1", "portal", "t"},
	 "Cannot find policy with name: none and version: 1"},
	{{"push_policy", "echo", "1", "portal", "t"},
	 "Cannot find policy with name: echo and version: 1"},
	{{"push_policy", "echo", "builtin", "po rtal", "t"}, "\"po rtal\" is not a domain"},
	{{"push_policy", "echo", "builtin", "10.0.0.4:3000", "t"},
	 "Error while pushing the policy: "},
	{{"generate", "policy"}, "usage: refscale gateway generate policy NAME"},
	{{"generate", "service", "a"}, "only a policy can be generated"},
	{{"generate", "policy", "../a"}, "a policy's name has small letters, digits and _ only"},
	{{"generate", "policy", "there"},
	 "policies/there/0.1/apicast-policy.json is there already"},
	{{"console"}, "console is not supported"},
};

START_TEST(what_cannot_be_done_is_said)
{
	gateway_stand_write("policies/there/0.1/apicast-policy.json", "{}");
	run(refused[_i].words, 1, refused[_i].line);
}
END_TEST

START_TEST(a_policy_is_generated)
{
	static const char *const words[] = {"generate", "policy", "my_policy", NULL};
	struct str content;

	run(words, 0, "created: policies/my_policy/0.1/apicast-policy.json");
	ck_assert(files_read(gateway_stand_world(),
			     STR("policies/my_policy/0.1/apicast-policy.json"), 10000,
			     gateway_stand_arena(), &content, NULL));
	ck_assert(str_find(content, STR("\"version\": \"0.1\"")) != STR_NOT_FOUND);
}
END_TEST

Suite *gateway_policy_commands_suite(void);
Suite *gateway_policy_commands_suite(void)
{
	Suite *suite = suite_create("gateway_policy_commands");
	TCase *test = tcase_create("commands");

	tcase_add_checked_fixture(test, gateway_stand_set, gateway_stand_clear);
	tcase_add_loop_test(test, what_cannot_be_done_is_said, 0,
			    (int)(sizeof refused / sizeof *refused));
	tcase_add_test(test, a_policy_is_generated);
	suite_add_tcase(suite, test);
	return suite;
}
