#include "backend/api_errors.h"

#include <check.h>

#include "base/arena.h"

START_TEST(every_code_has_a_row)
{
	struct arena *arena = arena_create();

	for (int code = API_NO_ERROR + 1; code < API_ERROR_CODES; code++) {
		struct api_error error = {(enum api_error_code)code, STR_INIT("<1>"),
					  STR_INIT("<2>")};
		struct str message = api_error_message(arena, &error);

		ck_assert_uint_gt(api_error_name(error.code).size, 0);
		ck_assert_int_ge(api_error_status(error.code), 400);
		ck_assert_int_le(api_error_status(error.code), 422);
		ck_assert_uint_gt(message.size, 0);
		ck_assert(str_find(message, STR("%1")) == STR_NOT_FOUND);
		ck_assert(str_find(message, STR("%2")) == STR_NOT_FOUND);
	}
	arena_destroy(arena);
}
END_TEST

START_TEST(messages_quote)
{
	struct arena *arena = arena_create();
	struct api_error error = {API_SERVICE_TOKEN_INVALID, STR_INIT("%2"), STR_INIT("b")};

	/* What is quoted is never read as a pattern. */
	ck_assert_str_eq(str_cstr(arena, api_error_message(arena, &error)),
			 "service token \"%2\" or service id \"b\" is invalid");
	arena_destroy(arena);
}
END_TEST

Suite *backend_api_errors_suite(void);
Suite *backend_api_errors_suite(void)
{
	Suite *suite = suite_create("backend_api_errors");
	TCase *test = tcase_create("api_errors");

	tcase_add_test(test, every_code_has_a_row);
	tcase_add_test(test, messages_quote);
	suite_add_tcase(suite, test);
	return suite;
}
