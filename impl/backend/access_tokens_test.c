/* OAuth access tokens: spec/backend.md 2.10. */
#include "backend/access_tokens.h"

#include "backend/stand_test.h"

#define TOKENS "/services/S3/oauth_access_tokens"
#define OAUTH "/transactions/oauth_authorize.xml?service_token=T3&service_id=S3"
#define REFUSED(code) XML "<error code=\"" code "\">..."

static void set_up(void)
{
	stand_set();
	stand_provision();
}

static struct stand_answer post(const char *form)
{
	return stand_call((struct stand_request){
		.method = "POST",
		.path = TOKENS ".xml",
		.body = form,
		.fields = {"Content-Type", "application/x-www-form-urlencoded"}});
}

/* Values. */

static const struct {
	const char *application, *user, *value;
} value_rows[] = {
	{"A3", NULL, "A3"},
	{"A3", "alice", "user_len:5/alice/A3"},
	{"A3", "a/b", "user_len:3/a/b/A3"},
	{"A3", "\xc3\xa4\xc3\xb6", "user_len:2/\xc3\xa4\xc3\xb6/A3"},
	{"user_len:5/x", NULL, "user_len:0//user_len:5/x"},
	{"user_len:x/y", NULL, "user_len:x/y"},
	{"user_len:", NULL, "user_len:"},
};

START_TEST(values_hold_an_application_and_maybe_a_user)
{
	struct access_token token = {str_from(value_rows[_i].application),
				     str_from(value_rows[_i].user)};
	struct access_token read = {{NULL, 0}, {NULL, 0}};
	struct str value = access_token_value(stand_arena(), &token);

	expect_str(value, value_rows[_i].value);
	ck_assert(access_token_parse(value, &read));
	expect_str(read.application, value_rows[_i].application);
	ck_assert(str_equal(read.user, token.user));
	ck_assert_int_eq(read.user.data != NULL, value_rows[_i].user != NULL);
}
END_TEST

START_TEST(values_of_others_are_taken_as_they_are)
{
	static const char *const rows[] = {"user_len:9/short/A3", "user_len:5/alice", "user_len:5"};
	struct access_token token;

	for (size_t i = 0; i < 3; i++) {
		ck_assert(access_token_parse(str_from(rows[i]), &token));
		expect_str(token.application, rows[i]);
	}
	ck_assert(!access_token_parse(str_of(NULL, 0), &token));
}
END_TEST

/* Making. */

static const struct {
	const char *form;
	int status;
	const char *body;
} create_rows[] = {
	{"service_token=T3&token=tok&app_id=A3", 200, ""},
	{"provider_key=PK&token=tok&app_id=A3&ttl=+7%0a", 200, ""},
	{"provider_key=+&service_token=T3&token=tok&app_id=A3", 200, ""},
	{"service_token=T3&app_id=A3", 422, REFUSED("required_params_missing")},
	{"token=+", 422, REFUSED("required_params_missing")},
	{"token", 422, REFUSED("required_params_missing")},
	{"token=tok&app_id=A3", 403, REFUSED("provider_key_or_service_token_required")},
	{"provider_key=nope&token=tok&app_id=A3", 403, REFUSED("provider_key_invalid")},
	{"service_token=T1&token=tok&app_id=A3", 403, REFUSED("service_token_invalid")},
	{"service_token=T3&token=tok&app_id=nope&ttl=-1", 404, REFUSED("application_not_found")},
	{"service_token=T3&token=tok", 404,
	 ERROR_XML("application_not_found", "application with id=\"\" was not found")},
	{"service_token=T3&token[]=tok&app_id=A3", 422, REFUSED("access_token_format_invalid")},
	{"service_token=T3&token=tok&app_id=A3&ttl=", 422, REFUSED("access_token_invalid_ttl")},
	{"service_token=T3&token=tok&app_id=A3&ttl[]=1", 422, REFUSED("access_token_invalid_ttl")},
	{"service_token=T3&token=tok&app_id=A3&ttl=9223372036854775807", 422,
	 REFUSED("access_token_invalid_ttl")},
	{"service_token=T3&token=tok&app_id=nope&no_body=1", 404, ""},
	{"a=%zz", 400, REFUSED("bad_request")},
};

START_TEST(tokens_are_made_of_what_is_right)
{
	expect_answer(post(create_rows[_i].form), create_rows[_i].status, create_rows[_i].body);
	/* None of this is an error of the service's calls (5.6). */
	expect_text(stand_redis("EXISTS errors/service_id:S3"), "0");
}
END_TEST

START_TEST(a_token_is_stored_where_upstream_looks_for_it)
{
	post("service_token=T3&token=tok&app_id=A3&user_id=alice&ttl=0");
	expect_text(stand_redis("GET oauth_access_tokens/service:S3/tok"), "user_len:5/alice/A3");
	expect_text(stand_redis("TTL oauth_access_tokens/service:S3/tok"), "-1");
	expect_text(stand_redis("SMEMBERS oauth_access_tokens/service:S3/app:A3/"), "[tok]");
	expect_answer(post("service_token=T3&token=tok&app_id=A3"), 403,
		      ERROR_XML("access_token_already_exists", "token \"tok\" already exists"));
	post("service_token=T3&token=day&app_id=A3");
	expect_text(stand_redis("TTL oauth_access_tokens/service:S3/day"), "86400");
}
END_TEST

START_TEST(a_token_that_cannot_be_stored_is_none)
{
	stand_redis("SET oauth_access_tokens/service:S3/app:A3/ x");
	ck_assert_int_eq(post("service_token=T3&token=tok&app_id=A3").status, 500);
	stand_stop_redis();
	ck_assert_int_eq(post("service_token=T3&token=tok&app_id=A3").status, 500);
}
END_TEST

START_TEST(the_size_of_tokens_is_a_setting)
{
	stand_set();
	stand_variable("CONFIG_OAUTH_MAX_TOKEN_SIZE", "4");
	stand_provision();
	expect_answer(post("service_token=T3&token=12345&app_id=A3"), 422,
		      REFUSED("access_token_format_invalid"));
	expect_answer(post("service_token=T3&token=1234&app_id=A3"), 200, "");
	stand_clear();
}
END_TEST

START_TEST(the_size_of_tokens_must_be_a_number)
{
	stand_set();
	stand_variable("CONFIG_OAUTH_MAX_TOKEN_SIZE", "0");
	ck_assert(!stand_start());
	ck_assert(stand_contains(stand_log(), "CONFIG_OAUTH_MAX_TOKEN_SIZE"));
	stand_clear();
}
END_TEST

/* Using, showing, deleting. */

START_TEST(a_token_fills_what_is_absent)
{
	stand_redis("SET oauth_access_tokens/service:S3/tok A3");
	stand_redis("SET oauth_access_tokens/service:S3/lost nope");
	expect_answer(stand_get(OAUTH "&access_token=tok"), 200, AUTHORIZED "<application>...");
	expect_answer(stand_get(OAUTH "&app_id=+&access_token=tok"), 200, NULL);
	expect_answer(stand_get(OAUTH "&app_id=A3&access_token=lost"), 200, NULL);
	expect_answer(
		stand_get(OAUTH "&access_token=lost"), 404,
		ERROR_XML("application_not_found", "application with id=\"nope\" was not found"));
	expect_answer(stand_get(OAUTH "&access_token=nope"), 404,
		      ERROR_XML("access_token_invalid",
				"token \"nope\" is invalid: expired or never defined"));
	expect_text(stand_redis("LLEN errors/service_id:S3"), "2");
	expect_answer(stand_get(OAUTH "&access_token=+"), 404, REFUSED("application_not_found"));
	expect_answer(stand_get(OAUTH "&access_token=%ff"), 400, REFUSED("not_valid_data"));
	/* The other endpoints do not know of tokens. */
	expect_answer(stand_get("/transactions/authorize.xml?service_token=T3&service_id=S3&"
				"access_token=tok"),
		      404, REFUSED("application_not_found"));
}
END_TEST

START_TEST(a_token_is_deleted_by_name)
{
	struct stand_request request = {
		.method = "DELETE",
		.path = TOKENS "/a%20b.xml",
		.body = "service_token=T3",
		.fields = {"Content-Type", "application/x-www-form-urlencoded"}};

	post("service_token=T3&token=a+b&app_id=A3");
	expect_answer(stand_call(request), 200, "");
	expect_text(stand_redis("KEYS oauth*"), "[]");
	expect_answer(stand_call(request), 404,
		      ERROR_XML("access_token_invalid",
				"token \"a b\" is invalid: expired or never defined"));
	request.path = TOKENS "//.//tok.xml";
	expect_answer(stand_call(request), 404, REFUSED("access_token_invalid"));
}
END_TEST

START_TEST(a_token_shows_whose_it_is)
{
	post("service_token=T3&token=tok&app_id=A3&user_id=%3Calice%3E");
	expect_answer(stand_get(TOKENS "/tok.xml?service_token=T3"), 200,
		      XML "\n<application>\n  <app_id>A3</app_id>\n</application>\n"
			  "<user>\n  <user_id>&lt;alice&gt;</user_id>\n</user>\n");
	expect_answer(stand_call((struct stand_request){.path = TOKENS "/tok.xml?service_token=T3",
							.body = "ignored"}),
		      200, NULL);
	expect_answer(stand_get(TOKENS "/nope.xml?service_token=T3"), 404, NULL);
	expect_answer(stand_get(TOKENS "/tok.xml?service_token=bad"), 403, NULL);
	expect_answer(stand_get(TOKENS "/tok?service_token=T3"), 404, "");
}
END_TEST

#define LIST "/services/S3/applications/A3/oauth_access_tokens.xml?service_token=T3"

START_TEST(the_tokens_of_an_application_are_listed)
{
	post("service_token=T3&token=one&app_id=A3&user_id=bob&ttl=0");
	stand_redis("SADD oauth_access_tokens/service:S3/app:A3/ gone");
	expect_answer(stand_get(LIST), 200,
		      XML "\n<oauth_access_tokens>\n  <oauth_access_token ttl=\"-1\" "
			  "user_id=\"bob\">one</oauth_access_token>\n</oauth_access_tokens>\n");
	expect_text(stand_redis("SMEMBERS oauth_access_tokens/service:S3/app:A3/"), "[one]");
	expect_answer(stand_get(LIST "&user_id=alice"), 200,
		      XML "\n<oauth_access_tokens>\n</oauth_access_tokens>\n");
	expect_answer(stand_get("/services/S3/applications/nope/oauth_access_tokens.xml?"
				"provider_key=PK"),
		      404, REFUSED("application_not_found"));
}
END_TEST

START_TEST(the_current_release_has_no_tokens)
{
	stand_set();
	stand_argument("--release");
	stand_argument("current");
	stand_provision();
	expect_answer(post("service_token=T3&token=tok&app_id=A3"), 404, "");
	expect_answer(stand_get(LIST), 404, "");
	stand_redis("SET oauth_access_tokens/service:S3/tok A3");
	expect_answer(stand_get(OAUTH "&access_token=tok"), 404,
		      ERROR_XML("application_not_found", "application id is missing"));
	stand_clear();
}
END_TEST

Suite *backend_access_tokens_suite(void);
Suite *backend_access_tokens_suite(void)
{
	Suite *suite = suite_create("backend_access_tokens");
	TCase *test = tcase_create("access_tokens"), *other = tcase_create("other_starts");

#define ROWS(table) (int)(sizeof table / sizeof *table)
	tcase_add_checked_fixture(test, set_up, stand_clear);
	tcase_add_loop_test(test, values_hold_an_application_and_maybe_a_user, 0, ROWS(value_rows));
	tcase_add_test(test, values_of_others_are_taken_as_they_are);
	tcase_add_loop_test(test, tokens_are_made_of_what_is_right, 0, ROWS(create_rows));
	tcase_add_test(test, a_token_is_stored_where_upstream_looks_for_it);
	tcase_add_test(test, a_token_that_cannot_be_stored_is_none);
	tcase_add_test(test, a_token_fills_what_is_absent);
	tcase_add_test(test, a_token_is_deleted_by_name);
	tcase_add_test(test, a_token_shows_whose_it_is);
	tcase_add_test(test, the_tokens_of_an_application_are_listed);
	tcase_add_test(other, the_size_of_tokens_is_a_setting);
	tcase_add_test(other, the_size_of_tokens_must_be_a_number);
	tcase_add_test(other, the_current_release_has_no_tokens);
	suite_add_tcase(suite, test);
	suite_add_tcase(suite, other);
	return suite;
}
