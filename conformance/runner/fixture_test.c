#include "conformance/runner/fixture_gateway.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "conformance/runner/fixture_backend.h"
#include "conformance/runner/placeholders.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_create();
}

static void tear_down(void)
{
	arena_destroy(arena);
}

static const struct json *json_of(const char *text)
{
	const struct json *value = json_parse(arena, str_from(text), LIMIT_CASE_FILE_BYTES, NULL);

	ck_assert_ptr_nonnull(value);
	return value;
}

static const struct {
	const char *base, *patch, *merged;
} patches[] = {
	{"{\"a\": 1}", "{}", "{\"a\":1}"},
	{"{\"a\": 1, \"b\": 2}", "{\"a\": 3}", "{\"b\":2,\"a\":3}"},
	{"{\"a\": {\"b\": 1, \"c\": 2}}", "{\"a\": {\"b\": null}}", "{\"a\":{\"c\":2}}"},
	{"{\"a\": [1, 2]}", "{\"a\": [3]}", "{\"a\":[3]}"},
	{"{\"a\": 1}", "{\"a\": {\"b\": null, \"c\": 2}}", "{\"a\":{\"c\":2}}"},
	{"{}", "{\"a\": null}", "{}"},
	{"{\"a\": 1}", "[1]", "[1]"},
};

START_TEST(a_patch_merges_replaces_and_removes)
{
	struct json *merged =
		fixture_patch(arena, json_of(patches[_i].base), json_of(patches[_i].patch));
	struct str text = json_print(arena, merged);

	ck_assert_msg(str_equal(text, str_from(patches[_i].merged)), "%.*s", STR_ARG(text));
}
END_TEST

START_TEST(without_a_patch_there_is_the_default_service)
{
	const struct json *config = fixture_gateway_config(arena, NULL);

	ck_assert_uint_eq(json_get(config, STR("services"))->count, 1);
	ck_assert_int_eq(json_int(json_path(config, "services.0.id"), 0), 42);
	ck_assert(str_equal(fixture_gateway_host(config), STR("api.example.com")));
}
END_TEST

START_TEST(each_patch_makes_a_service)
{
	const struct json *config = fixture_gateway_config(
		arena, json_of("[{}, {\"id\": 43, \"proxy\": {\"hosts\": [\"b\"]}}]"));

	ck_assert_int_eq(json_int(json_path(config, "services.1.id"), 0), 43);
	ck_assert(str_equal(json_str(json_path(config, "services.1.proxy.hosts.0")), STR("b")));
	ck_assert(str_equal(json_str(json_path(config, "services.1.proxy.api_backend")),
			    STR("{upstream}")));
	config = fixture_gateway_config(arena, json_of("{\"proxy\": {\"hosts\": [\"c\"]}}"));
	ck_assert(str_equal(fixture_gateway_host(config), STR("c")));
}
END_TEST

START_TEST(known_placeholders_are_replaced_everywhere)
{
	struct placeholders placeholders = {.count = 0};
	const struct json *json;
	struct str text;

	placeholders_set(&placeholders, STR("backend"), STR("http://old"));
	placeholders_set(&placeholders, STR("backend"), STR("http://b"));
	placeholders_set(&placeholders, STR("port"), STR("80"));
	ck_assert_uint_eq(placeholders.count, 2);
	text = placeholders_expand(&placeholders, arena,
				   STR("{backend}/x {{port}} {id} {port {backend}{"));
	ck_assert_msg(str_equal(text, STR("http://b/x {80} {id} {port http://b{")), "%.*s",
		      STR_ARG(text));
	json = placeholders_expand_json(&placeholders, arena,
					json_of("{\"{port}\": [\"{backend}\", 1, \"{id}\"]}"));
	text = json_print(arena, json);
	ck_assert_msg(str_equal(text, STR("{\"80\":[\"http://b\",1,\"{id}\"]}")), "%.*s",
		      STR_ARG(text));
	ck_assert_ptr_null(placeholders_expand_json(&placeholders, arena, NULL));
}
END_TEST

/* The calls as "METHOD path body" lines. */
static struct str calls_of(const char *given, bool *fine, struct error *error)
{
	struct fixture_calls calls = {{0}};
	struct str lines = STR("\n");

	*fine = fixture_backend_calls(&calls, arena, given != NULL ? json_of(given) : NULL, error);
	for (size_t i = 0; i < calls.items.count; i++) {
		const struct fixture_call *call = &calls.items.items[i];

		lines = STR_CONCAT(arena, lines, call->method, STR(" "), call->path, STR(" "),
				   call->body, STR("\n"));
	}
	fixture_calls_free(&calls);
	return lines;
}

static size_t find_call(struct str calls, const char *line)
{
	size_t at = str_find(calls, STR_CONCAT(arena, STR("\n"), str_from(line), STR("\n")));

	ck_assert_msg(at != STR_NOT_FOUND, "no \"%s\" in:%.*s", line, STR_ARG(calls));
	return at;
}

START_TEST(the_fixture_of_a_backend_is_made_in_order)
{
	static const char *const lines[] = {
		"POST /internal/services/ {\"service\":{\"id\":\"S1\",\"state\":\"active\","
		"\"provider_key\":\"PK\",\"backend_version\":\"1\",\"default_service\":true}}",
		"POST /internal/services/ {\"service\":{\"id\":\"S3\",\"state\":\"active\","
		"\"provider_key\":\"PK\",\"backend_version\":\"oauth\",\"default_service\":false}}",
		"POST /internal/service_tokens/ "
		"{\"service_tokens\":{\"T1\":{\"service_id\":\"S1\"},"
		"\"T2\":{\"service_id\":\"S2\"},\"T3\":{\"service_id\":\"S3\"}}}",
		"POST /internal/services/S1/metrics/S1-hits {\"metric\":{\"name\":\"hits\"}}",
		"POST /internal/services/S2/metrics/S2-search "
		"{\"metric\":{\"name\":\"search\",\"parent_id\":\"S2-hits\"}}",
		"POST /internal/services/S1/applications/A1 {\"application\":{\"state\":\"active\","
		"\"plan_id\":\"P\",\"plan_name\":\"Basic\"}}",
		"PUT /internal/services/S1/applications/A1/key/U1 ",
		"POST /internal/services/S3/applications/A3 {\"application\":{\"state\":\"active\","
		"\"plan_id\":\"P\",\"plan_name\":\"Basic\","
		"\"redirect_url\":\"http://a3.example.com/back\"}}",
		"POST /internal/services/S3/applications/A3/keys/ "
		"{\"application_key\":{\"value\":\"K3\"}}",
	};
	bool fine;
	struct str calls = calls_of(NULL, &fine, NULL);
	size_t before = 0;

	ck_assert(fine);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		size_t at = find_call(calls, lines[i]);

		ck_assert(i == 0 || at > before);
		before = at;
	}
}
END_TEST

START_TEST(a_case_adds_to_the_fixture)
{
	static const char *const lines[] = {
		"POST /internal/services/ {\"service\":{\"id\":\"S2\",\"provider_key\":\"PK\","
		"\"backend_version\":\"2\",\"default_service\":false,\"state\":\"suspended\"}}",
		"POST /internal/services/ {\"service\":{\"provider_key\":\"PK4\",\"id\":\"S4\"}}",
		"POST /internal/services/S2/applications/A2 {\"application\":{\"plan_id\":\"P\","
		"\"plan_name\":\"Basic\",\"state\":\"pending\"}}",
		"POST /internal/services/S2/applications/A%204 {\"application\":{"
		"\"state\":\"active\",\"plan_id\":\"P\",\"plan_name\":\"Basic\","
		"\"service_id\":\"S2\"}}",
		"PUT /internal/services/S2/applications/A%204/key/U%2F4 ",
		"POST /internal/services/S2/applications/A2/keys/ "
		"{\"application_key\":{\"value\":\"foo\"}}",
		"POST /internal/services/S1/applications/A1/referrer_filters "
		"{\"referrer_filter\":\"*.example.org\"}",
		"PUT /internal/services/S1/plans/P/usagelimits/S1-hits/day "
		"{\"usagelimit\":{\"day\":4}}",
		"PUT /internal/services/S1/plans/Q/usagelimits/S1-other/eternity "
		"{\"usagelimit\":{\"eternity\":0}}",
		"POST /internal/services/S1/alert_limits/ {\"alert_limit\":{\"value\":50}}",
	};
	bool fine;
	struct str calls = calls_of(
		"{\"services\": {\"S2\": {\"state\": \"suspended\"},"
		" \"S4\": {\"provider_key\": \"PK4\"}},"
		" \"applications\": {\"A2\": {\"state\": \"pending\"},"
		" \"A 4\": {\"service_id\": \"S2\"}},"
		" \"user_keys\": {\"U/4\": \"A 4\"},"
		" \"application_keys\": {\"A2\": [\"foo\"]},"
		" \"referrer_filters\": {\"A1\": [\"*.example.org\"]},"
		" \"limits\": [{\"service\": \"S1\", \"metric\": \"hits\", \"day\": 4},"
		" {\"service\": \"S1\", \"plan\": \"Q\", \"metric\": \"other\", \"eternity\": 0}],"
		" \"alert_limits\": {\"S1\": [50]}}",
		&fine, NULL);

	ck_assert(fine);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		find_call(calls, lines[i]);
}
END_TEST

static const char *const homeless[] = {
	"{\"applications\": {\"A9\": {}}}",
	"{\"user_keys\": {\"U9\": \"A9\"}}",
	"{\"application_keys\": {\"A9\": []}}",
	"{\"referrer_filters\": {\"A9\": []}}",
};

START_TEST(an_application_needs_a_service)
{
	struct error error = {0};
	bool fine;

	calls_of(homeless[_i], &fine, &error);
	ck_assert(!fine);
	ck_assert_str_eq(error.text, "application A9 has no service_id");
}
END_TEST

#define ROWS(rows) (int)(sizeof(rows) / sizeof *(rows))

Suite *conformance_runner_fixture_suite(void);
Suite *conformance_runner_fixture_suite(void)
{
	Suite *suite = suite_create("conformance_runner_fixture");
	TCase *tests = tcase_create("fixture");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_patch_merges_replaces_and_removes, 0, ROWS(patches));
	tcase_add_test(tests, without_a_patch_there_is_the_default_service);
	tcase_add_test(tests, each_patch_makes_a_service);
	tcase_add_test(tests, known_placeholders_are_replaced_everywhere);
	tcase_add_test(tests, the_fixture_of_a_backend_is_made_in_order);
	tcase_add_test(tests, a_case_adds_to_the_fixture);
	tcase_add_loop_test(tests, an_application_needs_a_service, 0, ROWS(homeless));
	suite_add_tcase(suite, tests);
	return suite;
}
