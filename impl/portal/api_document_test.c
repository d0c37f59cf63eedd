/* PT-137b, PT-138: documents of every version, whole and broken. */
#include "portal/api_document.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "portal/validation.h"

#define INFO "\"info\":{\"title\":\"T\",\"version\":\"1\"}"
#define SWAGGER "{\"swagger\":\"2.0\"," INFO
#define OPERATION(inner)                                                                           \
	SWAGGER ",\"paths\":{\"/a\":{\"get\":{\"responses\":{\"200\":{\"description\":\"d\"}}"     \
		"," inner "}}}}"
#define PARAMETER(inner) OPERATION("\"parameters\":[{" inner "}]")
#define OLD(inner) "{\"swaggerVersion\":\"1.2\",\"basePath\":\"https://a.example\"," inner "}"

/* The faults as XML's text writes them, or NULL when there is none. */
static const struct {
	const char *body, *fault;
} rows[] = {
	{SWAGGER ",\"paths\":{}}", NULL},
	{OPERATION("\"x-any\":[1]"), NULL},
	{PARAMETER("\"name\":\"n\",\"in\":\"query\",\"type\":\"string\""), NULL},
	{PARAMETER("\"$ref\":\"#/parameters/p\""), NULL},
	{PARAMETER("\"name\":\"n\",\"in\":\"body\",\"schema\":{}"), NULL},
	{SWAGGER ",\"paths\":{},\"host\":\"a.example\",\"schemes\":[\"https\"],\"tags\":[{\"name\":"
		 "\"t\"}],\"definitions\":{\"D\":{}},\"securityDefinitions\":{\"s\":{\"type\":"
		 "\"basic\"}}}",
	 NULL},
	{"{\"swagger\":\"2.0\"}", "Body The property '#/' did not contain a required property of "
				  "'info'"},
	{SWAGGER "}", "'#/' did not contain a required property of 'paths'"},
	{"{\"swagger\":\"2.1\"," INFO ",\"paths\":{}}", "'#/swagger' is not one of: 2.0"},
	{"{\"swagger\":2.0," INFO ",\"paths\":{}}", "'#/swagger' has the wrong type"},
	{SWAGGER ",\"paths\":{},\"extra\":1}", "'#/extra' may not be there"},
	{SWAGGER ",\"paths\":{\"a\":{}}}", "'#/paths/a' may not be there"},
	{SWAGGER ",\"paths\":{\"/a\":[]}}", "'#/paths//a' must be an object"},
	{SWAGGER ",\"paths\":{\"/a\":{\"get\":{}}}}", "'#/paths//a/get' did not contain a required "
						      "property of 'responses'"},
	{SWAGGER ",\"paths\":{\"/a\":{\"get\":{\"responses\":{}}}}}",
	 "'#/paths//a/get/responses' must not be empty"},
	{SWAGGER ",\"paths\":{\"/a\":{\"get\":{\"responses\":{\"200\":{}}}}}}",
	 "'#/paths//a/get/responses/200' did not contain a required property of 'description'"},
	{PARAMETER("\"in\":\"query\""), "parameters/0' did not contain a required property of "
					"'name'"},
	{PARAMETER("\"name\":\"n\",\"in\":\"cookie\""), "parameters/0/in' is not one of: query "
							"header path formData body"},
	{PARAMETER("\"name\":\"n\",\"in\":\"body\""), "parameters/0' needs a schema"},
	{OPERATION("\"schemes\":[\"ftp\"]"), "get/schemes/0' is not one of: http https ws wss"},
	{SWAGGER ",\"paths\":{},\"host\":\"a.example\",\"schemes\":[\"ftp\"]}",
	 "Base path is invalid"},
	{SWAGGER ",\"paths\":{},\"host\":\"localhost:80\",\"schemes\":[\"http\"]}",
	 "Base path can't be localhost"},
	{SWAGGER ",\"paths\":{},\"host\":\"127.0.0.1\",\"schemes\":[\"http\"]}",
	 "Base path can't be localhost"},
	/* Without a scheme the address is that of whoever reads the document. */
	{SWAGGER ",\"paths\":{},\"host\":\"localhost\"}", NULL},
	{OLD("\"apis\":[]"), NULL},
	{OLD("\"apis\":[{\"path\":\"/a\",\"operations\":[{\"method\":\"GET\",\"nickname\":\"n\","
	     "\"parameters\":[{\"name\":\"p\",\"paramType\":\"query\"}]}]}]"),
	 NULL},
	{OLD("\"models\":{}"), "required property of 'apis'"},
	{OLD("\"apis\":[{\"path\":\"/a\",\"operations\":[{\"method\":\"get\",\"nickname\":\"n\","
	     "\"parameters\":[]}]}]"),
	 "'#/apis/0/operations/0/method' is not one of: GET"},
	{"{\"swaggerVersion\":\"1.3\",\"basePath\":\"https://a.example\",\"apis\":[]}",
	 "'#/swaggerVersion' is not one of: 1.2"},
	{"{\"apis\":[],\"basePath\":\"https://a.example\"}", NULL},
	{"{\"apis\":[],\"basePath\":\"HTTP://LOCALHOST/a\"}", "Base path can't be localhost"},
	{"{\"apis\":[],\"basePath\":\"a.example\"}", "Base path is invalid"},
	{"{\"apis\":{}}", "Body JSON Spec is invalid"},
	{"{}", "Body JSON Spec is invalid"},
	{"{\"openapi\":\"3.0.0\"," INFO ",\"paths\":{}}", "Body JSON Spec is invalid"},
	{"[]", "Body JSON Spec is invalid"},
	{"no", "<error>Body Invalid JSON</error>\n  <error>Body JSON Spec is invalid</error>"},
};

static const char *faults_of(struct arena *arena, const char *body, bool skips)
{
	struct validation validation;
	struct strbuf out;
	const char *text;

	validation_init(&validation, arena);
	api_document_check(arena, str_from(body), skips, &validation);
	if (validation_is_clean(&validation))
		return NULL;
	strbuf_init(&out, 65536);
	validation_write_xml(&validation, &out);
	text = str_cstr(arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

START_TEST(documents_are_judged)
{
	struct arena *arena = arena_create();
	const char *faults = faults_of(arena, rows[_i].body, false);

	if (rows[_i].fault == NULL)
		ck_assert_msg(faults == NULL, "%s: %s", rows[_i].body, faults);
	else
		ck_assert_msg(faults != NULL && strstr(faults, rows[_i].fault) != NULL, "%s: %s",
			      rows[_i].body, faults);
	arena_destroy(arena);
}
END_TEST

START_TEST(structure_can_be_skipped_but_not_the_rest)
{
	struct arena *arena = arena_create();

	ck_assert_ptr_null(faults_of(arena, "{\"swagger\":\"2.0\"}", true));
	ck_assert_ptr_null(faults_of(arena, "{\"openapi\":\"3.0.0\"}", true));
	ck_assert_str_eq(faults_of(arena, "{", true),
			 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<errors>\n  <error>Body "
			 "Invalid JSON</error>\n</errors>\n");
	ck_assert_ptr_nonnull(faults_of(arena, "{\"basePath\":\"http://localhost\"}", true));
	arena_destroy(arena);
}
END_TEST

START_TEST(a_document_of_faults_has_a_short_answer)
{
	struct arena *arena = arena_create();
	struct validation validation;
	struct strbuf body;

	strbuf_init(&body, 1024 * 1024);
	strbuf_append(&body, STR("{\"swagger\":\"2.0\""));
	for (int i = 0; i < 10000; i++)
		strbuf_append_format(&body, ",\"n%d\":1", i);
	strbuf_append_char(&body, '}');
	validation_init(&validation, arena);
	api_document_check(arena, strbuf_str(&body), false, &validation);
	ck_assert_uint_eq(validation.count, 20);
	strbuf_free(&body);
	arena_destroy(arena);
}
END_TEST

START_TEST(versions_and_addresses_are_read)
{
	static const struct {
		const char *body, *version, *base_path;
	} documents[] = {
		{SWAGGER ",\"host\":\"a.example\",\"schemes\":[\"https\",\"http\"]}", "2.0",
		 "https://a.example"},
		{SWAGGER ",\"host\":\"a.example\"}", "2.0", ""},
		{OLD("\"apis\":[]"), "1.2", "https://a.example"},
		{"{\"swaggerVersion\":\"1.1\",\"basePath\":\"http://B.example/x\"}", "1.0",
		 "http://b.example/x"},
		{"{}", "1.0", ""},
		{"no", "1.0", ""},
	};
	struct arena *arena = arena_create();

	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		struct str body = str_from(documents[i].body);

		ck_assert_str_eq(str_cstr(arena, api_document_version(arena, body)),
				 documents[i].version);
		ck_assert_str_eq(str_cstr(arena, api_document_base_path(arena, body)),
				 documents[i].base_path);
	}
	arena_destroy(arena);
}
END_TEST

Suite *portal_api_document_suite(void);
Suite *portal_api_document_suite(void)
{
	Suite *suite = suite_create("portal_api_document");
	TCase *tests = tcase_create("api_document");

	tcase_add_loop_test(tests, documents_are_judged, 0, sizeof rows / sizeof *rows);
	tcase_add_test(tests, structure_can_be_skipped_but_not_the_rest);
	tcase_add_test(tests, a_document_of_faults_has_a_short_answer);
	tcase_add_test(tests, versions_and_addresses_are_read);
	suite_add_tcase(suite, tests);
	return suite;
}
