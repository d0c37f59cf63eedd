/* What releases after 2.6 have of the Internal API: batches of applications, provider keys of
 * tokens, marked services (spec/backend.md 8.2, 8.3, 8.4, 8.8), and what they no longer store.
 */
#include "backend/stand_test.h"

static void set_up(void)
{
	stand_set();
	stand_argument("--release");
	stand_argument("current");
	ck_assert(stand_start());
}

#define BATCH "services/1/applications/batch"
#define OBJECT(id, plan)                                                                           \
	"\"application\":{\"service_id\":\"1\",\"id\":\"" id "\",\"state\":\"active\","            \
	"\"plan_id\":" plan ",\"plan_name\":null,\"redirect_url\":null,"

START_TEST(a_batch_saves_what_can_be_saved)
{
	WALK({"PUT", BATCH, "{}", 400,
	      "{\"status\":\"error\",\"error\":\"missing parameter 'applications'\"}"},
	     {"PUT", BATCH, "{\"applications\":{}}", 400, NULL},
	     {"PUT", BATCH, "{\"applications\":[]}", 200,
	      "{\"status\":\"completed\",\"total\":0,\"successful\":0,\"failed\":0,"
	      "\"applications\":[]}"},
	     {"PUT", BATCH,
	      "{\"applications\":[{\"id\":\"a\",\"state\":\"active\",\"plan_id\":5,\"user_key\":"
	      "\"u\",\"application_keys\":[\"k\",\"l\"],\"referrer_filters\":[\"*.org\"]},"
	      "{\"state\":\"active\"},{\"id\":\"b\"},{\"id\":\"a\",\"state\":\"active\"},"
	      "{\"id\":\"c\",\"state\":\"active\",\"referrer_filters\":[\" \"]},7]}",
	      200,
	      "{\"status\":\"completed\",\"total\":6,\"successful\":2,\"failed\":4,"
	      "\"applications\":[{\"status\":\"created\"," OBJECT("a", "5") //
	      "\"user_key\":\"u\",\"application_keys\":[\"k\",\"l\"],\"referrer_filters\":["
	      "\"*.org\"]}},{\"status\":\"error\",\"id\":null,\"error\":\"Application has no "
	      "id\"},{\"status\":\"error\",\"id\":\"b\",\"error\":\"Application with id=\\\"b\\\" "
	      "has no state\"},{\"status\":\"modified\"," OBJECT("a", "null") //
	      "\"user_key\":null,\"application_keys\":[],\"referrer_filters\":[]}},{\"status\":"
	      "\"error\",\"id\":\"c\",\"error\":\"referrer filter can't be blank\"},{\"status\":"
	      "\"error\",\"id\":null,\"error\":\"Application has no id\"}],\"failures\":[{\"id\":"
	      "null,\"error\":\"Application has no id\"},{\"id\":\"b\",\"error\":\"Application "
	      "with id=\\\"b\\\" has no state\"},{\"id\":\"c\",\"error\":\"referrer filter can't "
	      "be "
	      "blank\"},{\"id\":null,\"error\":\"Application has no id\"}]}"},
	     REDIS("KEYS *",
		   "[application/service_id:1/id:a/keys,application/service_id:1/id:a/plan_id,"
		   "application/service_id:1/id:a/referrer_filters,application/service_id:1/id:a/"
		   "state,application/service_id:1/key:u/id,service_id:1/applications]"),
	     REDIS("SMEMBERS application/service_id:1/id:a/keys", "[k,l]"),
	     REDIS("GET application/service_id:1/key:u/id", "a"),
	     {"PUT", BATCH, "{\"applications\":[{\"id\":\"a\",\"state\":\"active\"}]}", 200,
	      "{\"status\":\"completed\",\"total\":1,\"successful\":1,\"failed\":0,"
	      "\"applications\":[{\"status\":\"modified\",..."});
}
END_TEST

START_TEST(an_application_is_saved_without_what_end_users_need)
{
	WALK({"POST", "services/1/applications/a", "{\"application\":{}}", 400,
	      "{\"status\":\"bad_request\",\"error\":\"Application with id=\\\"a\\\" has no "
	      "state\"}"},
	     {"POST", "services/1/applications/a", "{\"application\":{\"state\":\"active\"}}", 201,
	      "{\"status\":\"created\",\"application\":{\"service_id\":\"1\",\"id\":\"a\","
	      "\"state\":"
	      "\"active\",\"plan_id\":null,\"plan_name\":null,\"redirect_url\":null}}"},
	     {"GET", "services/1/applications/a", NULL, 200,
	      "{\"status\":\"found\",\"application\":{\"service_id\":\"1\",\"id\":\"a\",\"state\":"
	      "\"active\",\"plan_id\":null,\"plan_name\":null,\"redirect_url\":null}}"},
	     REDIS("KEYS application/*", "[application/service_id:1/id:a/state]"),
	     {"DELETE", "services/1/applications/a", NULL, 200, NULL}, REDIS("KEYS *", "[]"));
}
END_TEST

START_TEST(a_service_is_saved_without_what_end_users_need)
{
	WALK({"POST", "services/",
	      "{\"service\":{\"id\":\"1\",\"provider_key\":\"pk\",\"user_registration_required\":"
	      "false}}",
	      201,
	      "{\"service\":{\"id\":\"1\",\"state\":\"active\",\"provider_key\":\"pk\","
	      "\"backend_version\":null,\"referrer_filters_required\":null,\"default_service\":"
	      "true},\"status\":\"created\"}"},
	     REDIS("KEYS service/id:1/*",
		   "[service/id:1/provider_key,service/id:1/referrer_filters_required,service/id:1/"
		   "state]"),
	     {"GET", "services/1", NULL, 200,
	      "{\"status\":\"found\",\"service\":{\"id\":\"1\",\"state\":\"active\","
	      "\"provider_key\":\"pk\",\"backend_version\":null,\"referrer_filters_required\":"
	      "false,\"default_service\":true}}"},
	     {"DELETE", "services/1/stats", NULL, 200, "{\"status\":\"to_be_deleted\"}"},
	     {"DELETE", "services/2/stats", NULL, 404, NULL},
	     REDIS("SMEMBERS set_with_services_marked_for_deletion", "[1]"),
	     {"GET", "services/1/transactions/", NULL, 404,
	      "{\"status\":\"not_found\",\"error\":\"Not found\"}"},
	     {"DELETE", "services/1", NULL, 200, NULL},
	     REDIS("KEYS *", "[provider_keys_set,set_with_services_marked_for_deletion]"));
}
END_TEST

#define NO_PAIR "{\"status\":\"not_found\",\"error\":\"token/service combination not found\"}"

START_TEST(a_token_tells_its_provider_key)
{
	WALK({"POST", "service_tokens/",
	      "{\"service_tokens\":{\"t\":{\"service_id\":\"1\"},\"o\":{\"service_id\":\"2\"}}}",
	      201, NULL},
	     {"POST", "services/", "{\"service\":{\"id\":\"1\",\"provider_key\":\"p k\"}}", 201,
	      NULL},
	     {"GET", "service_tokens/t/1/provider_key", NULL, 200,
	      "{\"status\":\"found\",\"provider_key\":\"p k\"}"},
	     {"GET", "service_tokens/x/1/provider_key", NULL, 404, NO_PAIR},
	     {"GET", "service_tokens/o/2/provider_key", NULL, 404, NO_PAIR});
}
END_TEST

Suite *backend_internal_applications_suite(void);
Suite *backend_internal_applications_suite(void)
{
	Suite *suite = suite_create("backend_internal_applications");
	TCase *test = tcase_create("internal_applications");

	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_add_test(test, a_batch_saves_what_can_be_saved);
	tcase_add_test(test, an_application_is_saved_without_what_end_users_need);
	tcase_add_test(test, a_service_is_saved_without_what_end_users_need);
	tcase_add_test(test, a_token_tells_its_provider_key);
	suite_add_tcase(suite, test);
	return suite;
}
