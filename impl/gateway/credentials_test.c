#include "gateway/credentials.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/form.h"
#include "http/message.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

/* What is expected: encoded credentials, or one of the words below. */
static const struct {
	enum backend_version version;
	enum credentials_location location;
	const char *method, *query, *header, *value, *body, *expected;
} table[] = {
#define KEY BACKEND_VERSION_USER_KEY
#define PAIR BACKEND_VERSION_APP_ID
#define TOKEN BACKEND_VERSION_OAUTH
#define QUERY CREDENTIALS_IN_QUERY
#define HEADERS CREDENTIALS_IN_HEADERS
#define AUTHORIZATION CREDENTIALS_IN_AUTHORIZATION
	{KEY, QUERY, "GET", "user_key=k", NULL, NULL, NULL, "user_key=k"},
	{KEY, QUERY, "GET", "USER_KEY=k", NULL, NULL, NULL, "user_key=k"},
	{KEY, QUERY, "GET", "a=1&user_key=a&user_key=b", NULL, NULL, NULL, "user_key=a"},
	{KEY, QUERY, "GET", "user_key=a%20b", NULL, NULL, NULL, "user_key=a%20b"},
	{KEY, QUERY, "GET", "user_key=", NULL, NULL, NULL, "user_key="},
	{KEY, QUERY, "GET", "user_key", NULL, NULL, NULL, "missing"},
	{KEY, QUERY, "GET", "", "user_key", "k", NULL, "missing"},
	{KEY, QUERY, "POST", "", NULL, NULL, NULL, "body"},
	{KEY, QUERY, "POST", "user_key=k", NULL, NULL, NULL, "user_key=k"},
	{KEY, QUERY, "PUT", "", NULL, NULL, "x=1&user_key=k", "user_key=k"},
	{KEY, QUERY, "PATCH", "", NULL, NULL, "USER_KEY=k", "missing"},
	{KEY, QUERY, "PATCH", "", NULL, NULL, "user_key", "missing"},
	{KEY, QUERY, "DELETE", "", NULL, NULL, NULL, "missing"},
	{KEY, HEADERS, "GET", "", "user_key", "k", NULL, "user_key=k"},
	{KEY, HEADERS, "GET", "", "User-Key", "k", NULL, "user_key=k"},
	{KEY, HEADERS, "GET", "user_key=k", "user.key", "k", NULL, "missing"},
	{KEY, HEADERS, "POST", "", NULL, NULL, NULL, "missing"},
	{KEY, AUTHORIZATION, "GET", "", "Authorization", "Basic azo=", NULL, "user_key=k"},
	{KEY, AUTHORIZATION, "GET", "", "Authorization", "Bearer k", NULL, "user_key=k"},
	{KEY, AUTHORIZATION, "GET", "", "Authorization", "bearer k", NULL, "missing"},
	{KEY, AUTHORIZATION, "GET", "", "Authorization", "Basic", NULL, "missing"},
	{KEY, AUTHORIZATION, "GET", "", "Authorization", "Basic !", NULL, "broken"},
	{KEY, AUTHORIZATION, "GET", "", "Authorization", "Basic YWJj", NULL, "missing"},
	{PAIR, QUERY, "GET", "app_id=i&app_key=s", NULL, NULL, NULL, "app_id=i&app_key=s"},
	{PAIR, QUERY, "GET", "app_key=s", NULL, NULL, NULL, "missing"},
	{PAIR, QUERY, "POST", "app_id=i", NULL, NULL, "app_key=s", "app_id=i&app_key=s"},
	{PAIR, HEADERS, "GET", "", "app_id", "i", NULL, "missing"},
	{PAIR, AUTHORIZATION, "GET", "", "Authorization", "Basic aTpzOnQ=", NULL,
	 "app_id=i%3As&app_key=t"},
	{PAIR, AUTHORIZATION, "GET", "", "Authorization", "Bearer i", NULL, "missing"},
	{TOKEN, QUERY, "GET", "access_token=t", NULL, NULL, NULL, "access_token=t"},
	{TOKEN, QUERY, "GET", "", "Authorization", "Bearer t", NULL, "access_token=t"},
	{TOKEN, QUERY, "POST", "", "Authorization", "Bearer t", NULL, "body"},
	{TOKEN, QUERY, "POST", "", "Authorization", "Bearer t", "access_token=b", "access_token=b"},
	{TOKEN, QUERY, "POST", "", "Authorization", "Bearer t", "a=b", "access_token=t"},
	{TOKEN, QUERY, "POST", "access_token=q", "Authorization", "Bearer t", NULL,
	 "access_token=q"},
	{TOKEN, QUERY, "DELETE", "", "Authorization", "Bearer t", NULL, "access_token=t"},
	{TOKEN, HEADERS, "GET", "access_token=t", NULL, NULL, NULL, "missing"},
	{TOKEN, HEADERS, "GET", "", "access-token", "t", NULL, "access_token=t"},
	{TOKEN, AUTHORIZATION, "GET", "", "Authorization", "Bearer t", NULL, "access_token=t"},
	{TOKEN, AUTHORIZATION, "GET", "", "Authorization", "Basic azo=", NULL, "missing"},
	{BACKEND_VERSION_INVALID, QUERY, "GET", "user_key=k", NULL, NULL, NULL, "missing"},
	{KEY, CREDENTIALS_LOCATION_INVALID, "GET", "user_key=k", NULL, NULL, NULL, "missing"},
};

START_TEST(credentials_are_found_as_the_table_says)
{
	struct credentials_rules rules = {
		.version = table[_i].version,
		.location = table[_i].location,
		.user_key = STR("user_key"),
		.app_id = STR("app_id"),
		.app_key = STR("app_key"),
	};
	struct http_fields fields;
	struct http_query body;
	struct credentials_source source = {.method = str_from(table[_i].method),
					    .query = str_from(table[_i].query),
					    .fields = &fields};
	struct credentials credentials;
	const char *found = "?";

	http_fields_init(&fields, arena);
	if (table[_i].header != NULL)
		http_fields_add(&fields, str_from(table[_i].header), str_from(table[_i].value));
	if (table[_i].body != NULL) {
		form_parse(&body, str_from(table[_i].body), arena);
		source.body_was_read = true;
		source.body = &body;
	}
	switch (credentials_extract(&rules, &source, arena, &credentials)) {
	case CREDENTIALS_FOUND:
		found = str_cstr(arena, credentials_encode(&credentials, arena));
		break;
	case CREDENTIALS_MISSING:
	case CREDENTIALS_INCOMPLETE:
		found = "missing";
		break;
	case CREDENTIALS_NEED_BODY:
		found = "body";
		break;
	case CREDENTIALS_BROKEN:
		found = "broken";
		break;
	}
	ck_assert_str_eq(found, table[_i].expected);
}
END_TEST

START_TEST(no_credentials_encode_to_nothing)
{
	struct credentials none = {0};

	ck_assert_uint_eq(credentials_encode(&none, arena).size, 0);
}
END_TEST

START_TEST(a_value_in_a_key_ends_before_its_separator)
{
	ck_assert(str_equal(credential_key_part(arena, STR("abc"), ':'), STR("abc")));
	ck_assert(str_equal(credential_key_part(arena, STR("a,b"), ':'), STR("a,b")));
	ck_assert(str_equal(credential_key_part(arena, STR("a:b"), ':'), STR("a%3Ab")));
	ck_assert(str_equal(credential_key_part(arena, STR("a%3Ab"), ':'), STR("a%253Ab")));
	ck_assert(str_equal(credential_key_part(arena, STR("a,b"), ','), STR("a%2Cb")));
}
END_TEST

Suite *gateway_credentials_suite(void);
Suite *gateway_credentials_suite(void)
{
	Suite *suite = suite_create("gateway_credentials");
	TCase *extract = tcase_create("extract");

	tcase_add_checked_fixture(extract, set_up, tear_down);
	tcase_add_loop_test(extract, credentials_are_found_as_the_table_says, 0,
			    (int)(sizeof table / sizeof *table));
	tcase_add_test(extract, no_credentials_encode_to_nothing);
	tcase_add_test(extract, a_value_in_a_key_ends_before_its_separator);
	suite_add_tcase(suite, extract);
	return suite;
}
