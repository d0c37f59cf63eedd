#include "sim/scenario/desk_test.h"

static struct desk desk;

static void set_up(void)
{
	desk_open(&desk);
}

static void tear_down(void)
{
	desk_close(&desk);
}

START_TEST(a_call_must_succeed_unless_told_otherwise)
{
	desk_assert_passes(&desk, "", "- call: {get: '{api}/hello?a=b'}\n");
	desk_assert_fails(&desk, "", "- call: {get: '{api}/status/404'}\n",
			  "scenarios/s.yaml: line 11: got status 404 with body \"{");
	desk_assert_fails(&desk, "", "- call: {get: 'http://api.example.com:81/'}\n",
			  "the call failed: connection refused");
	desk_assert_fails(&desk, "", "- call: {get: '{api}/status/300'}\n", "got status 300");
	/* Other expectations do not make a failure right. */
	desk_assert_fails(&desk, "",
			  "- {call: {get: '{api}/status/500'}, expect: {at_most: 10s}}\n",
			  "got status 500");
	desk_assert_fails(&desk, "",
			  "- {call: {get: 'http://nobody/'}, expect: {no_fields: [X]}}\n",
			  "the call failed: name not found");
}
END_TEST

START_TEST(every_method_is_sent)
{
	desk_assert_passes(
		&desk, "",
		"- {call: {get: '{api}/'}, expect: {body_contains: '\"method\":\"GET\"'}}\n"
		"- {call: {post: '{api}/'}, expect: {body_contains: '\"method\":\"POST\"'}}\n"
		"- {call: {put: '{api}/'}, expect: {body_contains: '\"method\":\"PUT\"'}}\n"
		"- {call: {patch: '{api}/'}, expect: {body_contains: '\"method\":\"PATCH\"'}}\n"
		"- {call: {delete: '{api}/'}, expect: {body_contains: '\"method\":\"DELETE\"'}}\n"
		"- {call: {options: '{api}/'}, expect: {body_contains: '\"method\":\"OPTIONS\"'}}\n"
		"- {call: {head: '{api}/'}, expect: {status: 200, body: ''}}\n");
	desk_assert_fails(&desk, "", "- call: {from: client}\n", "a call needs one of get, head");
	desk_assert_fails(&desk, "", "- call: {get: '{api}', post: '{api}'}\n",
			  "a call needs one of get, head");
}
END_TEST

START_TEST(what_is_sent_is_what_was_written)
{
	desk_assert_passes(
		&desk, "",
		"- {call: {post: '{api}', form: {a: 1, b: x y}}, expect: {status: 200, "
		"body_contains: '\"path\":\"/\",\"args\":\"\",\"body\":\"a=1&b=x%20y\"'}}\n"
		"- {call: {post: '{api}', form: {a: 1}}, expect: {body_contains: "
		"'\"Content-Type\":\"application/x-www-form-urlencoded\"'}}\n"
		"- {call: {post: '{api}', form: {a: 1}, fields: {content-type: text/odd}}, "
		"expect: {body_matches: '(?i)\"content-type\":\"text/odd\"'}}\n"
		"- {call: {post: '{api}', body: '{\"a\":{\"b\":\"{greeting}\"}}'}, expect: "
		"{body_contains: 'hello'}}\n"
		"- {call: {post: '{api}', body: 12}, expect: {body_contains: '\"body\":\"12\"'}}\n"
		"- {call: {get: '{api}/', host: other.example.com}, expect: {body_contains: "
		"'\"Host\":\"other.example.com\"'}}\n"
		"- {call: {get: '{api}/', fields: {X-Number: 5}}, expect: {body_contains: "
		"'\"X-Number\":\"5\"'}}\n"
		"- {call: {get: '{api}/'}, expect: {body_contains: "
		"'\"User-Agent\":\"curl/7.29.0\"'}}\n"
		"- {call: {get: 'http://u:p%40@api.example.com/'}, expect: {body_contains: "
		"'\"Authorization\":\"Basic dTpwQA==\"'}}\n"
		"- {call: {get: 'http://nowhere.example.com/', to: 10.0.0.2}, expect: "
		"{body_contains: '\"Host\":\"nowhere.example.com\"'}}\n");
}
END_TEST

static const struct {
	const char *call, *error;
} wrong_calls[] = {
	{"{get: ''}", "URL \"\": missing endpoint"},
	{"{get: api.example.com}", "URL \"api.example.com\": missing scheme"},
	{"{get: 'ftp://api.example.com/'}", "http or https, not to ftp"},
	{"{get: '{api}', from: nobody}", "no host \"nobody\""},
	{"{get: '{api}', to: api}", "to: \"api\" is no address"},
	{"{get: '{api}', body: {a: 1}}", "a body is a text"},
	{"{get: '{api}', form: a}", "a form is a table"},
	{"{get: '{api}', form: {a: b}, body: x}", "a body or a form, not both"},
	{"{get: '{nowhere}'}", "scenarios/s.yaml: line 11: no variable {nowhere}"},
};

START_TEST(a_call_that_cannot_be_made_fails)
{
	struct str steps = str_format(desk.arena, "- call: %s\n", wrong_calls[_i].call);

	desk_assert_fails(&desk, "", str_cstr(desk.arena, steps), wrong_calls[_i].error);
}
END_TEST

static const struct {
	const char *call, *fits, *fits_not, *error;
} judged[] = {
	{"{get: '{api}/status/403'}", "status: 403", "status: 404",
	 "expected status 404, got 403 with body \"{\"method\":\"GET\""},
	{"{get: '{api}/status/403'}", "status: '403'", "failure: connection refused",
	 "expected failure \"connection refused\", got status 403"},
	{"{get: 'http://api:99/'}", "failure: connection refused", "status: 200",
	 "expected status 200, but the call failed: connection refused"},
	{"{get: 'http://api:99/'}", "failure: connection refused", "failure: timed out",
	 "expected failure \"timed out\", got \"connection refused\""},
	{"{get: '{api}/close'}", "failure: connection closed early", "failure: timed out",
	 "got \"connection closed early\""},
	{"{get: '{api}/bytes/3'}", "body: '012'", "body: '0123'",
	 "expected body \"0123\", got \"012\""},
	{"{get: '{api}/bytes/0'}", "body: ''", "body: x", "expected body \"x\", got \"\""},
	{"{get: '{api}/bytes/16'}", "body_contains: 89ab", "body_contains: 98",
	 "expected \"98\" in the body, got \"0123456789abcdef\""},
	{"{get: '{api}/bytes/16'}", "body_contains: 12", "body_contains: 13",
	 "expected \"13\" in the body"},
	{"{get: '{api}/bytes/16'}", "body_matches: '^0.*f$'", "body_matches: '^1'",
	 "expected a body like /^1/, got \"0123456789abcdef\""},
	{"{get: '{api}/bytes/16'}", "body_matches: '[0-9]{10}[a-f]{6}'", "body_matches: '('",
	 "invalid pattern"},
	{"{get: '{api}/'}", "fields: {content-type: application/json}",
	 "fields: {content-type: text/html}",
	 "expected content-type: text/html, got \"application/json\""},
	{"{get: '{api}/'}", "no_fields: [X-Nothing, X-More]", "fields: {X-Nothing: ''}",
	 "expected X-Nothing: , got none"},
	{"{get: '{api}/'}", "no_fields: [X-Nothing]", "no_fields: [X-Nothing, Content-Type]",
	 "expected no field Content-Type"},
	{"{get: '{api}/delay/2000'}", "at_least: 2s", "at_least: 3s",
	 "expected at least 3s, took 200"},
	{"{get: '{api}/delay/2000'}", "at_most: 3s", "at_most: 2s",
	 "expected at most 2s, took 200"},
	{"{get: '{api}/'}", "at_most: 3s", "at_most: soon", "\"soon\" is no duration"},
	{"{get: '{api}/'}", "at_least: 0s", "at_least: soon", "\"soon\" is no duration"},
	{"{get: '{api}/'}", "status: 200, at_most: 1s", "at_most: 1s, status: 201",
	 "expected status 201"},
};

START_TEST(answers_are_judged)
{
	struct str right = str_format(desk.arena, "- {call: %s, expect: {%s}}\n", judged[_i].call,
				      judged[_i].fits);
	struct str wrong = str_format(desk.arena, "- {call: %s, expect: {%s}}\n", judged[_i].call,
				      judged[_i].fits_not);

	desk_assert_passes(&desk, "", str_cstr(desk.arena, right));
	desk_assert_fails(&desk, "", str_cstr(desk.arena, wrong), judged[_i].error);
}
END_TEST

START_TEST(members_of_an_answer_are_kept)
{
	desk_assert_passes(&desk, "",
			   "- call: {get: '{api}/one', fields: {X-One: '1'}}\n"
			   "  keep: {path: path, number: headers.X-One, bytes: body_bytes}\n"
			   "- call: {get: '{api}{path}/{number}/{bytes}'}\n"
			   "  expect: {body_contains: '\"/one/1/0\"'}\n");
	desk_assert_fails(&desk, "", "- {call: {get: '{api}/one'}, keep: {id: service.id}}\n",
			  "the answer has no service.id: \"{\"method\":\"GET\"");
	desk_assert_fails(&desk, "", "- {call: {get: '{api}/bytes/16'}, keep: {id: a}}\n",
			  "the answer \"0123456789abcdef\": line 1: ");
	/* What failed is not looked into. */
	desk_assert_fails(&desk, "", "- {call: {get: '{api}/status/500'}, keep: {id: a}}\n",
			  "got status 500");
}
END_TEST

START_TEST(a_call_that_hangs_is_given_up)
{
	desk_assert_passes(&desk, "",
			   "- net.drop: {to: api}\n"
			   "- {call: {get: '{api}/'}, expect: {failure: connection timed out, "
			   "at_least: 127s, at_most: 128s}}\n");
	/* Whatever trickles in keeps a call alive, but not for ever. */
	desk_assert_fails(&desk, "",
			  "- {net.delay: {to: api, by: 30s}}\n"
			  "- call: {get: '{api}/bytes/4000000'}\n",
			  "line 12: no end of the call after 600 s");
}
END_TEST

START_TEST(an_answer_that_is_too_large_fails)
{
	desk_assert_fails(&desk, "", "- call: {get: '{api}/bytes/5000000'}\n",
			  "the answer's body is too large for a scenario");
	desk_assert_passes(&desk, "", "- call: {get: '{api}/bytes/4000000'}\n");
}
END_TEST

START_TEST(each_call_has_a_connection_of_its_own)
{
	desk_assert_passes(&desk, "",
			   "- call: {get: '{api}/'}\n"
			   "- net.reject: {to: api}\n"
			   "- {call: {get: '{api}/'}, expect: {failure: connection refused}}\n");
}
END_TEST

Suite *sim_scenario_verbs_call_suite(void);
Suite *sim_scenario_verbs_call_suite(void)
{
	Suite *suite = suite_create("sim_scenario_verbs_call");
	TCase *tests = tcase_create("calls");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_call_must_succeed_unless_told_otherwise);
	tcase_add_test(tests, every_method_is_sent);
	tcase_add_test(tests, what_is_sent_is_what_was_written);
	tcase_add_loop_test(tests, a_call_that_cannot_be_made_fails, 0,
			    sizeof wrong_calls / sizeof *wrong_calls);
	tcase_add_loop_test(tests, answers_are_judged, 0, sizeof judged / sizeof *judged);
	tcase_add_test(tests, members_of_an_answer_are_kept);
	tcase_add_test(tests, a_call_that_hangs_is_given_up);
	tcase_add_test(tests, an_answer_that_is_too_large_fails);
	tcase_add_test(tests, each_call_has_a_connection_of_its_own);
	suite_add_tcase(suite, tests);
	return suite;
}
