#include "gateway/mapping_rules.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/form.h"

static struct arena *arena;
static struct mapping_rules rules;

static void set_up(void)
{
	arena = arena_create();
	rules = (struct mapping_rules){0};
}

static void tear_down(void)
{
	mapping_rules_release(&rules);
	arena_destroy(arena);
}

static void load(const char *text)
{
	struct error warning, error = {0};
	struct json *json = json_parse(arena, str_from(text), strlen(text), &error);

	ck_assert_msg(json != NULL, "%s", error.text);
	ck_assert(mapping_rules_parse(arena, json, &rules, &warning, &error));
	ck_assert_str_eq(warning.text, "");
}

/* What a request costs, encoded; "-" when nothing matched. */
static const char *cost(const char *method, const char *path, const char *query, const char *body)
{
	struct http_query args, fields;
	struct mapping_subject subject = {
		.method = str_from(method), .path = str_from(path), .args = &args};
	struct mapping_matches matches;
	struct usage usage;

	form_parse(&args, str_from(query), arena);
	form_parse(&fields, str_from(body), arena);
	if (body != NULL)
		subject.body = &fields;
	gateway_usage_init(&usage, arena);
	mapping_rules_match(&rules, &subject, &usage, &matches);
	ck_assert(mapping_rules_any(&rules, &subject) == (matches.count > 0));
	return matches.count > 0 ? str_cstr(arena, gateway_usage_encode(&usage)) : "-";
}

static const char *get(const char *path)
{
	return cost("GET", path, "", NULL);
}

START_TEST(deltas_add_up_and_metrics_are_sorted)
{
	load("[{\"http_method\":\"GET\",\"pattern\":\"/"
	     "\",\"metric_system_name\":\"z\",\"delta\":1},"
	     "{\"http_method\":\"ANY\",\"pattern\":\"/"
	     "a\",\"metric_system_name\":\"m\",\"delta\":5},"
	     "{\"http_method\":\"GET\",\"pattern\":\"/a/"
	     "b\",\"metric_system_name\":\"z\",\"delta\":3}]");
	ck_assert_str_eq(get("/"), "usage%5Bz%5D=1");
	ck_assert_str_eq(get("/a"), "usage%5Bm%5D=5&usage%5Bz%5D=1");
	ck_assert_str_eq(get("/a/b"), "usage%5Bm%5D=5&usage%5Bz%5D=4");
	ck_assert_str_eq(cost("POST", "/a", "", NULL), "usage%5Bm%5D=5");
	ck_assert_str_eq(cost("get", "/", "", NULL), "-");
}
END_TEST

START_TEST(a_matching_last_rule_ends_the_match)
{
	load("[{\"http_method\":\"GET\",\"pattern\":\"/"
	     "b\",\"metric_system_name\":\"x\",\"delta\":1,"
	     "\"last\":true},"
	     "{\"http_method\":\"GET\",\"pattern\":\"/"
	     "\",\"metric_system_name\":\"hits\",\"delta\":1},"
	     "{\"http_method\":\"GET\",\"pattern\":\"/"
	     "a\",\"metric_system_name\":\"hits\",\"delta\":2,"
	     "\"last\":true},"
	     "{\"http_method\":\"GET\",\"pattern\":\"/a/c\",\"metric_system_name\":\"hits\","
	     "\"delta\":10}]");
	ck_assert_str_eq(get("/a/c"), "usage%5Bhits%5D=3");
	ck_assert_str_eq(get("/b"), "usage%5Bx%5D=1");
}
END_TEST

START_TEST(a_rule_without_delta_counts_zero)
{
	load("[{\"http_method\":\"GET\",\"pattern\":\"/\",\"metric_system_name\":\"m\"}]");
	ck_assert_str_eq(get("/"), "usage%5Bm%5D=0");
}
END_TEST

START_TEST(query_conditions_compare_the_last_argument_and_the_body_wins)
{
	load("[{\"http_method\":\"ANY\",\"pattern\":\"/"
	     "e\",\"metric_system_name\":\"m\",\"delta\":1,"
	     "\"querystring_parameters\":{\"size\":\"{s}\",\"speed\":\"2x\"}}]");
	ck_assert(rules.has_conditions);
	ck_assert_str_eq(cost("GET", "/e", "size=1&speed=3x&speed=2x", NULL), "usage%5Bm%5D=1");
	ck_assert_str_eq(cost("GET", "/e", "size=&speed=2x", NULL), "usage%5Bm%5D=1");
	ck_assert_str_eq(cost("GET", "/e", "speed=2x", NULL), "-");
	ck_assert_str_eq(cost("GET", "/e", "size=1&speed=2X", NULL), "-");
	ck_assert_str_eq(cost("POST", "/e", "size=1&speed=9", "speed=2x"), "usage%5Bm%5D=1");
	ck_assert_str_eq(cost("POST", "/e", "size=1&speed=2x", "speed=9"), "-");
}
END_TEST

START_TEST(conditions_fail_when_no_arguments_are_looked_at)
{
	struct mapping_subject subject = {.method = STR("GET"), .path = STR("/e")};

	load("[{\"http_method\":\"GET\",\"pattern\":\"/e\",\"metric_system_name\":\"m\","
	     "\"querystring_parameters\":{\"a\":\"{a}\"}}]");
	ck_assert(!mapping_rules_any(&rules, &subject));
}
END_TEST

START_TEST(all_matches_are_listed_in_order)
{
	static const char *const patterns[] = {"/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c"};
	struct mapping_subject subject = {.method = STR("GET"), .path = STR("/a/b/c")};
	struct mapping_matches matches;
	struct usage usage;
	struct strbuf text;

	strbuf_init(&text, 4096);
	for (size_t i = 0; i < 6; i++)
		strbuf_append_format(&text,
				     "%c{\"http_method\":\"GET\",\"pattern\":\"%s\","
				     "\"metric_system_name\":\"m%zu\",\"delta\":1}",
				     i > 0 ? ',' : '[', patterns[i], i);
	strbuf_append(&text, STR("]"));
	strbuf_append_char(&text, '\0');
	load(text.data);
	gateway_usage_init(&usage, arena);
	mapping_rules_match(&rules, &subject, &usage, &matches);
	ck_assert_uint_eq(matches.count, 6);
	for (size_t i = 0; i < 6; i++)
		ck_assert(str_equal(matches.items[i]->text, str_from(patterns[i])));
	ck_assert_uint_eq(usage.count, 6);
	strbuf_free(&text);
}
END_TEST

START_TEST(a_rule_without_metric_is_refused)
{
	struct error warning, error = {0};
	struct json *json = json_parse(arena, STR("[{\"pattern\":\"/x\"}]"), 100, &error);

	ck_assert(!mapping_rules_parse(arena, json, &rules, &warning, &error));
	ck_assert_str_eq(error.text, "mapping rule \"/x\" has no metric_system_name");
	ck_assert(mapping_rules_parse(arena, NULL, &rules, &warning, &error));
	ck_assert_uint_eq(rules.count, 0);
}
END_TEST

START_TEST(a_broken_pattern_is_a_warning_and_never_matches)
{
	struct error warning, error = {0};
	struct json *json = json_parse(arena,
				       STR("[{\"pattern\":\"/(x\",\"metric_system_name\":\"m\","
					   "\"http_method\":\"ANY\"}]"),
				       100, &error);

	ck_assert(mapping_rules_parse(arena, json, &rules, &warning, &error));
	ck_assert(strstr(warning.text, "never matches") != NULL);
	ck_assert_str_eq(get("/(x"), "-");
}
END_TEST

START_TEST(deltas_saturate)
{
	struct usage usage;

	gateway_usage_init(&usage, arena);
	gateway_usage_add(&usage, STR("m"), INT64_MAX);
	gateway_usage_add(&usage, STR("m"), 1);
	gateway_usage_add(&usage, STR("a b"), INT64_MIN);
	gateway_usage_add(&usage, STR("a b"), -1);
	ck_assert_str_eq(str_cstr(arena, gateway_usage_encode(&usage)),
			 "usage%5Ba%20b%5D=-9223372036854775808&usage%5Bm%5D=9223372036854775807");
}
END_TEST

Suite *gateway_mapping_rules_suite(void);
Suite *gateway_mapping_rules_suite(void)
{
	Suite *suite = suite_create("gateway_mapping_rules");
	TCase *match = tcase_create("match");

	tcase_add_checked_fixture(match, set_up, tear_down);
	tcase_add_test(match, deltas_add_up_and_metrics_are_sorted);
	tcase_add_test(match, a_matching_last_rule_ends_the_match);
	tcase_add_test(match, a_rule_without_delta_counts_zero);
	tcase_add_test(match, query_conditions_compare_the_last_argument_and_the_body_wins);
	tcase_add_test(match, conditions_fail_when_no_arguments_are_looked_at);
	tcase_add_test(match, all_matches_are_listed_in_order);
	tcase_add_test(match, a_rule_without_metric_is_refused);
	tcase_add_test(match, a_broken_pattern_is_a_warning_and_never_matches);
	tcase_add_test(match, deltas_saturate);
	suite_add_tcase(suite, match);
	return suite;
}
