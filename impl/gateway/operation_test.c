/* Operations, conditions and the context they see, with a request made by hand: sections 9.2
 * and 10.5 of spec/gateway.md. */
#include "gateway/operation.h"

#include <check.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/context.h"
#include "gateway/gateway_internal.h"
#include "gateway/request.h"
#include "gateway/stand_test.h"
#include "world/http_server.h"

#define JSON_BYTES_MAX 4096

static struct arena *arena;
static struct gateway gateway;
static struct service service;
static struct http_exchange exchange;
static struct request request;
static struct policy_loader loader;
static struct strbuf said;

static const struct json *json(const char *text)
{
	const struct json *value = json_parse(arena, str_from(text), JSON_BYTES_MAX, NULL);

	ck_assert_msg(value != NULL, "%s", text);
	return value;
}

static void set_up(void)
{
	gateway_stand_set();
	arena = gateway_stand_arena();
	gateway = (struct gateway){.world = gateway_stand_world()};
	strbuf_init(&said, 65536);
	gateway.log =
		(struct error_log){.world = gateway.world, .level = LEVEL_WARN, .captured = &said};
	service = (struct service){
		.id = STR("42"),
		.original =
			json("{\"system_name\":\"orders\",\"backend_authentication_value\":\"st\","
			     "\"proxy\":{\"api_backend\":\"http://a\",\"secret_token\":\"x\"}}")};
	exchange = (struct http_exchange){.arena = arena, .remote_port = 7, .local_port = 8080};
	http_fields_init(&exchange.request.fields, arena);
	http_fields_add(&exchange.request.fields, STR("X-Two"), STR("a"));
	http_fields_add(&exchange.request.fields, STR("x_two"), STR("b"));
	http_fields_add(&exchange.request.fields, STR("X-Empty"), STR(""));
	request = (struct request){
		.gateway = &gateway,
		.exchange = &exchange,
		.arena = arena,
		.service = &service,
		.path = STR("/p"),
		.raw_query = STR("a=1&a=2&b=&c=%20x"),
		.claims = json("{\"sub\":\"jane\",\"exp\":1559646375,\"roles\":[\"a\",\"b\"],"
			       "\"flag\":true,\"none\":null,\"deep\":{\"x\":{\"y\":\"z\"}}}"),
	};
	loader = (struct policy_loader){.arena = arena, .log = &gateway.log};
}

static void tear_down(void)
{
	strbuf_free(&said);
	gateway_stand_clear();
}

static bool holds(const char *text)
{
	struct condition condition;
	struct error error = {0};

	ck_assert_msg(condition_parse(&loader, json(text), &condition, &error), "%s", error.text);
	return condition_holds(&condition, &request);
}

#define OPERATION(left, left_type, op, right)                                                      \
	"{\"left\":\"" left "\",\"left_type\":\"" left_type "\",\"op\":\"" op                      \
	"\",\"right\":\"" right "\"}"
#define ONE(left, left_type, op, right)                                                            \
	"{\"operations\":[" OPERATION(left, left_type, op, right) "]}"

START_TEST(an_operation_compares_texts)
{
	ck_assert(holds(ONE("a", "plain", "==", "a")));
	ck_assert(!holds(ONE("a", "plain", "==", "b")));
	ck_assert(holds(ONE("a", "plain", "!=", "b")));
	ck_assert(holds(ONE("abc", "plain", "matches", "b.")));
	ck_assert(!holds(ONE("abc", "plain", "matches", "^b")));
	ck_assert(holds(ONE("{{ jwt.sub }}", "liquid", "==", "jane")));
	ck_assert(holds(ONE("{{ jwt.sub }}", "plain", "==", "{{ jwt.sub }}")));
	ck_assert(holds(ONE("{{ jwt.nobody }}", "liquid", "==", "")));
}
END_TEST

START_TEST(the_right_side_can_be_a_template_too)
{
	ck_assert(holds("{\"operations\":[{\"left\":\"jane\",\"op\":\"==\","
			"\"right\":\"{{ jwt.sub }}\",\"right_type\":\"liquid\"}]}"));
	ck_assert(holds("{\"operations\":[{\"left\":\"xjanex\",\"op\":\"matches\","
			"\"right\":\"{{ jwt.sub }}\",\"right_type\":\"liquid\"}]}"));
	ck_assert(!holds("{\"operations\":[{\"left\":\"x\",\"op\":\"matches\","
			 "\"right\":\"{{ '[' }}\",\"right_type\":\"liquid\"}]}"));
	ck_assert(holds("{\"operations\":[{\"left\":1,\"op\":\"==\",\"right\":\"1\"}]}"));
}
END_TEST

START_TEST(operations_are_combined)
{
#define TRUE_ONE OPERATION("a", "plain", "==", "a")
#define FALSE_ONE OPERATION("a", "plain", "==", "b")
	ck_assert(holds("{\"operations\":[" TRUE_ONE "," TRUE_ONE "]}"));
	ck_assert(!holds("{\"combine_op\":\"and\",\"operations\":[" TRUE_ONE "," FALSE_ONE "]}"));
	ck_assert(holds("{\"combine_op\":\"or\",\"operations\":[" FALSE_ONE "," TRUE_ONE "]}"));
	ck_assert(!holds("{\"combine_op\":\"or\",\"operations\":[" FALSE_ONE "]}"));
	ck_assert(holds("{\"operations\":[]}"));
	ck_assert(!holds("{\"combine_op\":\"or\",\"operations\":[]}"));
	ck_assert(holds("{}"));
}
END_TEST

START_TEST(what_cannot_be_read_is_an_error_or_never_matches)
{
	struct condition condition;
	struct error error;

	ck_assert(!condition_parse(&loader, json(ONE("a", "plain", ">", "b")), &condition, &error));
	ck_assert_str_eq(error.text, "unsupported operation: >");
	ck_assert(!condition_parse(&loader, json("{\"combine_op\":\"xor\"}"), &condition, &error));
	ck_assert_str_eq(error.text, "unsupported combine_op: xor");
	ck_assert(!holds(ONE("[", "plain", "matches", "[")));
	ck_assert(str_find(strbuf_str(&said), STR("[warn] ")) != STR_NOT_FOUND);
	ck_assert(str_find(strbuf_str(&said), STR("operation never matches: invalid pattern")) !=
		  STR_NOT_FOUND);
	ck_assert(holds(ONE("{{", "liquid", "==", "")));
	ck_assert(str_find(strbuf_str(&said),
			   STR("Invalid Liquid: {{ It will be evaluated to empty "
			       "string. Error: an output without an end at 0")) != STR_NOT_FOUND);
}
END_TEST

START_TEST(templates_see_claims_and_the_service_but_no_secrets)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"{{ jwt.exp }} {{ jwt.roles[1] }} {{ jwt.deep.x.y }} {{ jwt.flag }}",
		 "1559646375 b z true"},
		{"{{ service.id }} {{ service.system_name }} {{ service.api_backend }}",
		 "42 orders http://a"},
		{"[{{ service.backend_authentication_value }}{{ service.secret_token }}"
		 "{{ service.proxy.secret_token }}]",
		 "[]"},
		{"{{ headers['X-Two'] }} {{ headers.x_two }}", "a, b a, b"},
		{"{{ remote_port }} {{ server_port }} {{ scheme }} {{ uri }}", "7 8080 http /p"},
		{"[{{ credentials.user_key }}{{ usage.hits }}{{ usage.deltas.hits }}]", "[]"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct template_value value =
			template_value_parse(&loader, str_from(rows[i].text), STR("liquid"));

		expect_str(template_value_text(&value, &request), rows[i].expected);
	}
}
END_TEST

START_TEST(parts_of_the_request_by_name)
{
	expect_str(context_header(&request, STR("x-TWO")), "a, b");
	ck_assert_ptr_nonnull(context_header(&request, STR("X-Empty")).data);
	ck_assert_ptr_null(context_header(&request, STR("X-None")).data);
	expect_str(context_query_argument(&request, STR("a")), "1");
	expect_str(context_query_argument(&request, STR("c")), " x");
	ck_assert_ptr_nonnull(context_query_argument(&request, STR("b")).data);
	ck_assert_ptr_null(context_query_argument(&request, STR("d")).data);
	expect_str(context_claim(&request, STR("exp")), "1559646375");
	expect_str(context_claim(&request, STR("roles")), "[\"a\",\"b\"]");
	ck_assert_ptr_null(context_claim(&request, STR("none")).data);
	request.claims = NULL;
	ck_assert_ptr_null(context_claim(&request, STR("sub")).data);
}
END_TEST

Suite *gateway_operation_suite(void)
{
	Suite *suite = suite_create("gateway/operation");
	TCase *tcase = tcase_create("operation");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, an_operation_compares_texts);
	tcase_add_test(tcase, the_right_side_can_be_a_template_too);
	tcase_add_test(tcase, operations_are_combined);
	tcase_add_test(tcase, what_cannot_be_read_is_an_error_or_never_matches);
	tcase_add_test(tcase, templates_see_claims_and_the_service_but_no_secrets);
	tcase_add_test(tcase, parts_of_the_request_by_name);
	suite_add_tcase(suite, tcase);
	return suite;
}
