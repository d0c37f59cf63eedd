/* End users: spec/backend.md 8.5 and their keys in 6.2. */
#include "backend/stand_test.h"

static void set_up(void)
{
	stand_set();
	ck_assert(stand_start());
	WALK({"POST", "services/", "{\"service\":{\"id\":\"7 1\",\"provider_key\":\"pk\"}}", 201,
	      NULL});
}

#define USERS "services/7%201/users"
#define PLAN "\"plan_id\":\"5\",\"plan_name\":\"Gold\""
#define NO_SERVICE                                                                                 \
	"{\"status\":\"error\",\"error\":\"User requires a valid service, the service does not "   \
	"exist\"}"
#define NO_PLAN "{\"status\":\"error\",\"error\":\"User requires a defined plan\"}"

START_TEST(users_are_saved_and_read)
{
	WALK({"GET", USERS "/al%20ice", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"user not found\"}"},
	     {"POST", USERS "/al%20ice", "{}", 400,
	      "{\"status\":\"error\",\"error\":\"missing parameter 'user'\"}"},
	     {"POST", USERS "/al%20ice", "{\"user\":{\"state\":\"active\"," PLAN "}}", 201,
	      "{\"status\":\"created\",\"user\":{\"service_id\":\"7 1\",\"username\":\"al ice\","
	      "\"state\":\"active\"," PLAN "}}"},
	     REDIS("KEYS *user*",
		   "[service/id:7+1/user_registration_required,service/id:7+1/user_set,service:7 "
		   "1/user:al ice]"),
	     REDIS("SMEMBERS service/id:7+1/user_set", "[al ice]"),
	     {"GET", USERS "/al%20ice", NULL, 200,
	      "{\"status\":\"found\",\"user\":{\"service_id\":\"7 1\",\"username\":\"al ice\","
	      "\"state\":\"active\"," PLAN "}}"},
	     {"PUT", USERS "/al%20ice",
	      "{\"user\":{\"plan_id\":6,\"plan_name\":\"Silver\",\"username\":\"x\"}}", 200,
	      "{\"status\":\"modified\",\"user\":{\"service_id\":\"7 1\",\"username\":\"al ice\","
	      "\"state\":\"active\",\"plan_id\":6,\"plan_name\":\"Silver\"}}"},
	     {"GET", USERS "/al%20ice", NULL, 200,
	      "{\"status\":\"found\",\"user\":{\"service_id\":\"7 1\",\"username\":\"al ice\","
	      "\"state\":\"active\",\"plan_id\":\"6\",\"plan_name\":\"Silver\"}}"});
}
END_TEST

START_TEST(users_need_a_service_a_name_and_a_plan)
{
	WALK({"POST", "services/8/users/bob", "{\"user\":{" PLAN "}}", 400, NO_SERVICE},
	     {"PUT", "services/8/users/bob", "{\"user\":{" PLAN "}}", 400, NO_SERVICE},
	     {"DELETE", "services/8/users/bob", NULL, 400, NO_SERVICE},
	     {"DELETE", "services/8/users", NULL, 400, NO_SERVICE},
	     {"POST", "services/%20/users/bob", "{\"user\":{" PLAN "}}", 400,
	      "{\"status\":\"error\",\"error\":\"User requires a service ID\"}"},
	     {"POST", USERS "/%20", "{\"user\":{" PLAN "}}", 400,
	      "{\"status\":\"error\",\"error\":\"User requires username\"}"},
	     {"POST", USERS "/bob", "{\"user\":{\"plan_id\":\"5\"}}", 400, NO_PLAN},
	     {"POST", USERS "/bob", "{\"user\":{\"plan_name\":\"Gold\"}}", 400, NO_PLAN},
	     REDIS("KEYS *user:*", "[]"));
}
END_TEST

START_TEST(users_are_deleted_one_by_one_or_all)
{
	WALK({"POST", USERS "/a", "{\"user\":{" PLAN "}}", 201, NULL},
	     {"POST", USERS "/b", "{\"user\":{" PLAN "}}", 201, NULL},
	     {"POST", USERS "/c", "{\"user\":{" PLAN "}}", 201, NULL},
	     {"DELETE", USERS "/a", NULL, 200, "{\"status\":\"deleted\"}"},
	     REDIS("SMEMBERS service/id:7+1/user_set", "[b,c]"),
	     {"GET", USERS "/a", NULL, 404, NULL}, {"DELETE", USERS "/a", NULL, 200, NULL},
	     {"DELETE", USERS "/", NULL, 404, NULL},
	     {"DELETE", USERS, "{}", 200, "{\"status\":\"deleted\"}"},
	     REDIS("KEYS *user*", "[service/id:7+1/user_registration_required]"));
}
END_TEST

START_TEST(later_releases_have_no_users)
{
	stand_clear();
	stand_set();
	stand_argument("--release");
	stand_argument("current");
	ck_assert(stand_start());
	WALK({"GET", "services/1/users/a", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"Not found\"}"},
	     {"DELETE", "services/1/users", NULL, 404, NULL});
}
END_TEST

Suite *backend_internal_users_suite(void);
Suite *backend_internal_users_suite(void)
{
	Suite *suite = suite_create("backend_internal_users");
	TCase *test = tcase_create("internal_users");

	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_add_test(test, users_are_saved_and_read);
	tcase_add_test(test, users_need_a_service_a_name_and_a_plan);
	tcase_add_test(test, users_are_deleted_one_by_one_or_all);
	tcase_add_test(test, later_releases_have_no_users);
	suite_add_tcase(suite, test);
	return suite;
}
