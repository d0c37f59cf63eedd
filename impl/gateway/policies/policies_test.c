/* Policies in a gateway of the simulator: what the conformance cases do not reach. Sections 9.1
 * to 9.4 of spec/gateway.md. */
#include "gateway/policies/policy.h"

#include <check.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_schema.h"
#include "gateway/stand_test.h"

#define JSON_BYTES_MAX 65536

#define PLAY(server, ...)                                                                          \
	gateway_stand_play((server), (const struct gateway_stand_script[]){__VA_ARGS__},           \
			   sizeof((const struct gateway_stand_script[]){__VA_ARGS__}) /            \
				   sizeof(struct gateway_stand_script))

/* Texts of this file say ' where JSON says ". */
static const char *json_text(const char *text)
{
	struct str copy = str_copy(gateway_stand_arena(), str_from(text));
	char *changed = (char *)str_cstr(gateway_stand_arena(), copy);

	for (char *at = changed; *at != '\0'; at++) {
		if (*at == '\'')
			*at = '"';
	}
	return changed;
}

static void start_with_chain(const char *chain)
{
	gateway_stand_start_with("",
				 json_text(str_cstr(gateway_stand_arena(),
						    str_format(gateway_stand_arena(),
							       ",'policy_chain':[%s]", chain))));
}

static struct str sent(const char *name)
{
	return http_fields_get(&gateway_stand_last(STAND_UPSTREAM)->fields, str_from(name));
}

/* Manifests. */

START_TEST(every_manifest_is_complete)
{
	const struct policy *policy = policies[_i];
	const struct json *manifest;
	struct error error = {0};

	if (policy->manifest == NULL)
		return;
	manifest = json_parse(gateway_stand_arena(), str_from(policy->manifest), JSON_BYTES_MAX,
			      &error);
	ck_assert_msg(manifest != NULL, "%s", error.text);
	expect_str(json_get_str(manifest, STR("$schema")),
		   "http://apicast.io/policy-v1/schema#manifest#");
	expect_str(json_get_str(manifest, STR("version")), "builtin");
	ck_assert_uint_gt(json_get_str(manifest, STR("name")).size, 0);
	ck_assert_uint_gt(json_get_str(manifest, STR("summary")).size, 0);
	ck_assert_uint_le(json_get_str(manifest, STR("summary")).size, 75);
	ck_assert_ptr_nonnull(json_get(manifest, STR("description")));
	expect_str(json_get_str(json_get(manifest, STR("configuration")), STR("type")), "object");
	ck_assert(policies[_i + 1] == NULL ||
		  str_compare(policy->name, policies[_i + 1]->name) < 0);
}
END_TEST

START_TEST(manifests_refuse_what_is_wrong)
{
	static const struct {
		const char *policy, *configuration;
		bool is_good;
	} rows[] = {
		{"headers", "{'request':[{'op':'set','header':'A','value':'b'}]}", true},
		{"headers", "{'request':[{'op':'put','header':'A'}]}", false},
		{"headers", "{'response':[{'op':'set'}]}", false},
		{"ip_check", "{'check_type':'whitelist','ips':['10.0.0.0/8']}", true},
		{"ip_check", "{'check_type':'greylist','ips':[]}", false},
		{"ip_check", "{'check_type':'whitelist'}", false},
		{"retry", "{'retries':10}", true},
		{"retry", "{'retries':11}", false},
		{"caching", "{'caching_type':'allow'}", true},
		{"caching", "{}", false},
		{"default_credentials", "{'auth_type':'user_key','user_key':'k'}", true},
		{"default_credentials", "{'auth_type':'user_key'}", false},
		{"default_credentials", "{'auth_type':'app_id_and_app_key','app_id':'i'}", false},
		{"url_rewriting", "{'commands':[{'op':'sub','regex':'a','replace':'b'}]}", true},
		{"url_rewriting", "{'commands':[{'op':'tr','regex':'a','replace':'b'}]}", false},
		{"routing",
		 "{'rules':[{'url':'http://a','condition':{'operations':[{'match':'path','op':'==',"
		 "'value':'/'}]}}]}",
		 true},
		{"routing", "{'rules':[{'url':'http://a'}]}", false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena *arena = gateway_stand_arena();
		const struct policy *policy = policy_find(str_from(rows[i].policy), STR("builtin"));
		const struct json *manifest =
			json_parse(arena, str_from(policy->manifest), JSON_BYTES_MAX, NULL);
		const struct json *configuration = json_parse(
			arena, str_from(json_text(rows[i].configuration)), JSON_BYTES_MAX, NULL);

		ck_assert_msg(json_schema_accepts(json_get(manifest, STR("configuration")),
						  configuration, NULL) == rows[i].is_good,
			      "%s %s", rows[i].policy, rows[i].configuration);
	}
}
END_TEST

START_TEST(manifests_of_other_directories_are_listed)
{
	struct stand_answer answer;
	const struct json *list;
	static const char good[] =
		"{'name':'Mine','summary':'s','version':'1.0','configuration':{}}";

	gateway_stand_variable("APICAST_POLICY_LOAD_PATH", "/none:/policies:/more");
	gateway_stand_write("/policies/mine/1.0/apicast-policy.json", json_text(good));
	gateway_stand_write("/policies/mine/2.0/apicast-policy.json", json_text(good));
	gateway_stand_write("/policies/mine/3.0/readme.txt", "no manifest");
	gateway_stand_write("/policies/half/1.0/apicast-policy.json",
			    json_text("{'name':'Half','version':'1.0','configuration':{}}"));
	gateway_stand_write("/policies/broken/1.0/apicast-policy.json", "{");
	gateway_stand_write("/more/echo/1.0/apicast-policy.json", json_text(good));
	start_with_chain("{'name':'mine','version':'1.0'},{'name':'apicast'}");
	answer = gateway_stand_call(
		(struct gateway_stand_request){.method = "GET", .path = "/policies", .port = 8090});
	ck_assert_int_eq(answer.status, 200);
	list = json_path(json_parse(gateway_stand_arena(), answer.body, JSON_BYTES_MAX, NULL),
			 "policies");
	ck_assert_uint_eq(json_get(list, STR("mine"))->count, 1);
	expect_str(json_str(json_path(list, "mine.0.name")), "Mine");
	ck_assert_uint_eq(json_get(list, STR("echo"))->count, 2);
	ck_assert_ptr_null(json_get(list, STR("half")));
	ck_assert_ptr_null(json_get(list, STR("broken")));
	ck_assert_ptr_null(json_get(list, STR("phase_logger")));
	expect_log("Not loading policy: mine path: /policies/mine/2.0/apicast-policy.json "
		   "version: 2.0~= 1.0");
	expect_log("failed to load policy manifest /policies/half/1.0/apicast-policy.json: no "
		   "summary in the manifest");
	expect_log("failed to load policy manifest /policies/broken/1.0/apicast-policy.json: ");
	expect_log("failed to load policy: mine version: 1.0 err: not found");
	ck_assert_int_eq(gateway_stand_get("/?user_key=k").status, 200);
}
END_TEST

/* Configurations that cannot be used. */

static const struct {
	const char *policy, *reason;
} unusable[] = {
	{"{'name':'headers','configuration':{'request':[{'op':'put','header':'A'}]}}",
	 "Policy headers crashed in .new(). It will be ignored. unknown op put"},
	{"{'name':'headers','configuration':{'response':[{'op':'set','header':'A B'}]}}",
	 "invalid header name"},
	{"{'name':'ip_check','configuration':{'check_type':'whitelist'}}", "ips is missing"},
	{"{'name':'ip_check','configuration':{'check_type':'whitelist','ips':['x']}}",
	 "is not an IP or CIDR"},
	{"{'name':'ip_check','configuration':{'check_type':'whitelist','ips':[],"
	 "'client_ip_sources':['X-Foo']}}",
	 "unknown client_ip_sources: X-Foo"},
	{"{'name':'echo','configuration':{'status':99}}", "status 99 is none of an answer"},
	{"{'name':'retry','configuration':{'retries':11}}", "retries is not in 1 to 10"},
	{"{'name':'soap','configuration':{'mapping_rules':[{'pattern':'/'}]}}",
	 "a rule without metric_system_name"},
	{"{'name':'soap','configuration':{'mapping_rules':[{'pattern':'/a','metric_system_name':'m'"
	 "},{'pattern':'[','metric_system_name':'m'}]}}",
	 "invalid pattern"},
	{"{'name':'routing','configuration':{'rules':[{'url':'http://a','condition':{'operations':"
	 "[{'match':'moon','op':'==','value':'x'}]}}]}}",
	 "Match type moon not supported"},
	{"{'name':'routing','configuration':{'rules':[{'url':'http://a','condition':{'combine_op':"
	 "'xor'}}]}}",
	 "unsupported combine_op: xor"},
	{"{'name':'rewrite_url_captures','configuration':{'transformations':[{'match_rule':'/"
	 "['}]}}",
	 "invalid pattern"},
	{"{'name':'conditional','configuration':{'condition':{'operations':[{'left':'a','op':'<',"
	 "'right':'b'}]}}}",
	 "unsupported operation: <"},
};

START_TEST(a_policy_that_cannot_be_used_is_left_out)
{
	start_with_chain(str_cstr(
		gateway_stand_arena(),
		str_format(gateway_stand_arena(), "%s,{'name':'apicast'}", unusable[_i].policy)));
	expect_log("crashed in .new(). It will be ignored.");
	expect_log(unusable[_i].reason);
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
}
END_TEST

START_TEST(parts_that_cannot_be_used_are_left_out)
{
	start_with_chain(
		"{'name':'url_rewriting','configuration':{'commands':["
		"{'op':'tr','regex':'a','replace':'b'},{'op':'sub','regex':'[','replace':'b'},"
		"{'op':'sub','regex':'a','replace':'b','options':'q'},"
		"{'op':'gsub','regex':'a','replace':'c','options':'joU'}],"
		"'query_args_commands':[{'op':'put','arg':'x'}]}},"
		"{'name':'upstream','configuration':{'rules':[{'regex':'[','url':'http://b'}]}},"
		"{'name':'routing','configuration':{'rules':[{'url':'b'}]}},{'name':'apicast'}");
	expect_log("Unknown URL rewriting operation: tr");
	expect_log("URL rewriting command does nothing: invalid pattern at 1");
	expect_log("URL rewriting command does nothing: unknown option");
	expect_log("Unknown query argument operation: put");
	expect_log("upstream rule never matches: invalid pattern at 1");
	expect_log("failed to initialize upstream from url: b err: invalid upstream");
	expect_answer(gateway_stand_get("/aXa?user_key=k"), 200, "");
	expect_str(gateway_stand_last(STAND_UPSTREAM)->target, "/cXc?user_key=k");
}
END_TEST

START_TEST(configurations_without_their_lists_do_nothing)
{
	start_with_chain("{'name':'headers','configuration':null},{'name':'cors'},"
			 "{'name':'url_rewriting'},{'name':'rewrite_url_captures'},"
			 "{'name':'upstream'},{'name':'routing'},{'name':'soap'},"
			 "{'name':'conditional'},{'name':'logging'},{'name':'retry'},"
			 "{'name':'upstream_connection'},{'name':'3scale_referrer'},"
			 "{'name':'apicast'}");
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .path = "/a?user_key=k", .fields = {"SOAPAction", "/x"}}),
		      200, "");
	expect_str(gateway_stand_last(STAND_UPSTREAM)->target, "/a?user_key=k");
}
END_TEST

START_TEST(chains_inside_chains_have_a_bound)
{
	struct strbuf chain;

	strbuf_init(&chain, JSON_BYTES_MAX);
	for (int i = 0; i < 9; i++)
		strbuf_append(&chain,
			      STR("{'name':'conditional','configuration':{'policy_chain':["));
	strbuf_append(&chain, STR("{'name':'echo'}"));
	for (int i = 0; i < 9; i++)
		strbuf_append(&chain, STR("]}}"));
	start_with_chain(str_cstr(gateway_stand_arena(), strbuf_str(&chain)));
	strbuf_free(&chain);
	expect_log("more than 8 chains inside each other");
	expect_answer(gateway_stand_get("/"), 200, "");
}
END_TEST

/* Phases. */

START_TEST(phases_are_run_in_their_order)
{
	gateway_stand_variable("APICAST_LOG_LEVEL", "notice");
	start_with_chain("{'name':'phase_logger','configuration':{'log_level':'notice'}},"
			 "{'name':'apicast'}");
	gateway_stand_get("/?user_key=k");
	gateway_stand_forget();
	gateway_stand_get("/?user_key=k");
	gateway_stand_run_for(STAND_SECOND);
	for (const char *const *name =
		     (const char *const[]){"rewrite", "access", "content", "header_filter",
					   "post_action", "log", NULL};
	     *name != NULL; name++) {
		struct str line = str_format(gateway_stand_arena(), "running phase: %s", *name);
		size_t at = str_find(gateway_stand_log(), line);

		expect_log(str_cstr(gateway_stand_arena(), line));
		ck_assert_uint_eq(str_find(str_skip(gateway_stand_log(), at + 1), line),
				  STR_NOT_FOUND);
	}
	ck_assert(str_find(gateway_stand_log(), STR("phase: access")) <
		  str_find(gateway_stand_log(), STR("phase: content")));
}
END_TEST

START_TEST(a_denied_call_skips_the_phases_of_the_request)
{
	gateway_stand_variable("APICAST_LOG_LEVEL", "info");
	start_with_chain("{'name':'ip_check','configuration':{'check_type':'blacklist',"
			 "'ips':['10.0.0.9']}},{'name':'phase_logger'},{'name':'apicast'}");
	expect_answer(gateway_stand_get("/?user_key=k"), 403, "IP address not allowed\n");
	expect_log("running phase: rewrite");
	ck_assert(!gateway_stand_log_has("running phase: access"));
	ck_assert(!gateway_stand_log_has("running phase: content"));
	expect_log("running phase: header_filter");
	expect_log("running phase: log");
}
END_TEST

/* headers */

START_TEST(a_template_cannot_split_a_message)
{
	struct stand_answer answer;

	start_with_chain(
		"{'name':'headers','configuration':{"
		"'request':[{'op':'set','header':'X-In','value':'{{ uri "
		"}}','value_type':'liquid'}],"
		"'response':[{'op':'set','header':'X-Out','value':'{{ uri "
		"}}','value_type':'liquid'},"
		"{'op':'set','header':'Server','value':'mine'},"
		"{'op':'set','header':'Content-Length','value':'3'}]}},{'name':'apicast'}");
	answer = gateway_stand_get("/a%0d%0aX-Evil:%201?user_key=k");
	expect_answer(answer, 200, "");
	ck_assert(!http_fields_has(&answer.fields, STR("X-Out")));
	ck_assert(!http_fields_has(&answer.fields, STR("X-Evil")));
	ck_assert_uint_eq(sent("X-In").size, 0);
	expect_str(gateway_stand_field(&answer, "Server"), "mine");
	expect_log("the value of header X-In cannot be sent, it stays as it was");
	expect_log("the value of header X-Out cannot be sent, it stays as it was");
}
END_TEST

/* url_rewriting */

/* The path of the last call of the private API. */
static struct str path_of_last(void)
{
	struct str path, query;

	str_split_once(gateway_stand_last(STAND_UPSTREAM)->target, '?', &path, &query);
	return path;
}

static const struct {
	const char *command, *path, *expected;
} rewritings[] = {
	{"'op':'sub','regex':'^/(a)(b)?','replace':'/[$1|$2|${1}|$0|$$|$9]'", "/ax",
	 "/%5Ba%7C%7Ca%7C/a%7C$%7C%5Dx"},
	{"'op':'gsub','regex':'x*','replace':'-'", "/axb", "/-/-a--b-"},
	{"'op':'gsub','regex':'.','replace':'$'", "/a", "/$$"},
	{"'op':'sub','regex':'^/','replace':''", "/a", "/a"},
	{"'op':'sub','regex':'/A/B','replace':'/c','options':'ix'", "/a/b", "/c"},
	{"'op':'sub','regex':'b','replace':'c','options':'a'", "/b", "/b"},
	{"'op':'gsub','regex':'(?=b)','replace':'_'", "/bb", "/_b_b"},
	{"'op':'sub','regex':'(a)','replace':'b${1'", "/a", "/ba"},
};

START_TEST(replacements)
{
	start_with_chain(
		str_cstr(gateway_stand_arena(),
			 str_format(gateway_stand_arena(),
				    "{'name':'apicast'},{'name':'url_rewriting','configuration':{"
				    "'commands':[{%s}]}}",
				    rewritings[_i].command)));
	expect_answer(gateway_stand_get(str_cstr(gateway_stand_arena(),
						 str_format(gateway_stand_arena(), "%s?user_key=k",
							    rewritings[_i].path))),
		      200, "");
	ck_assert_msg(str_has_prefix(path_of_last(), str_from(rewritings[_i].expected)) &&
			      path_of_last().size == strlen(rewritings[_i].expected),
		      "\"%.*s\", not \"%s\"", STR_ARG(path_of_last()), rewritings[_i].expected);
}
END_TEST

START_TEST(a_path_that_grows_too_large_stays_what_it_was)
{
	start_with_chain("{'name':'apicast'},{'name':'url_rewriting','configuration':{'commands':["
			 "{'op':'gsub','regex':'(.)','replace':'$1$1$1$1$1$1$1$1$1$1'},"
			 "{'op':'gsub','regex':'(.)','replace':'$1$1$1$1$1$1$1$1$1$1'},"
			 "{'op':'gsub','regex':'(.)','replace':'$1$1$1$1$1$1$1$1$1$1'},"
			 "{'op':'gsub','regex':'(.)','replace':'$1$1$1$1$1$1$1$1$1$1'},"
			 "{'op':'sub','regex':'^/+a+$','replace':'/fine'}]}}");
	expect_answer(gateway_stand_get("/aaaaaaaaaa?user_key=k"), 200, "");
	expect_str(gateway_stand_last(STAND_UPSTREAM)->target, "/fine?user_key=k");
}
END_TEST

/* ip_check */

START_TEST(an_address_may_carry_a_port)
{
	start_with_chain("{'name':'ip_check','configuration':{'check_type':'whitelist',"
			 "'ips':['10.1.0.0/16','2001:db8::/32'],"
			 "'client_ip_sources':['X-Forwarded-For']}},{'name':'apicast'}");
	for (const char *const *value = (const char *const[]){"10.1.2.3:80", "[2001:db8::1]:80",
							      "2001:db8::2", " 10.1.2.3 , x", NULL};
	     *value != NULL; value++)
		expect_answer(
			gateway_stand_call((struct gateway_stand_request){
				.path = "/?user_key=k", .fields = {"X-Forwarded-For", *value}}),
			200, "");
	/* What is no address is not in the list. */
	for (const char *const *value =
		     (const char *const[]){"unknown", "[10.1.2.3", "10.1:80", NULL};
	     *value != NULL; value++)
		expect_answer(
			gateway_stand_call((struct gateway_stand_request){
				.path = "/?user_key=k", .fields = {"X-Forwarded-For", *value}}),
			403, "IP address not allowed\n");
}
END_TEST

/* default_credentials */

START_TEST(tokens_have_no_default)
{
	gateway_stand_file(json_text(
		"{'services':[{'id':42,'backend_version':'oauth','proxy':{'hosts':["
		"'api.example.com'],'api_backend':'http://10.0.0.3:8000','proxy_rules':[],"
		"'policy_chain':[{'name':'default_credentials','configuration':{"
		"'auth_type':'user_key','user_key':'k'}},{'name':'apicast'}]}}]}"));
	ck_assert(gateway_stand_start());
	expect_answer(gateway_stand_get("/"), 401, "Authentication parameters missing");
	expect_log("Incompatible backend version: oauth");
}
END_TEST

START_TEST(a_missing_default_pair_is_said)
{
	gateway_stand_file(json_text(
		"{'services':[{'id':42,'backend_version':'2','proxy':{'hosts':["
		"'api.example.com'],'api_backend':'http://10.0.0.3:8000','proxy_rules':[],"
		"'policy_chain':[{'name':'default_credentials','configuration':{"
		"'auth_type':'user_key','user_key':'k'}},{'name':'apicast'}]}}]}"));
	ck_assert(gateway_stand_start());
	expect_answer(gateway_stand_get("/"), 401, "Authentication parameters missing");
	expect_log("No default app_id + app_key configured");
}
END_TEST

/* caching */

START_TEST(an_unknown_way_to_cache_is_none)
{
	PLAY(STAND_BACKEND, {.status = 200}, {.status = 502});
	start_with_chain("{'name':'caching','configuration':{'caching_type':'some'}},"
			 "{'name':'apicast'}");
	expect_log("Invalid caching type. Disabling cache.");
	expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	expect_answer(gateway_stand_get("/?user_key=k"), 403, "Authentication failed");
}
END_TEST

/* soap */

START_TEST(actions_are_read_from_either_header)
{
	static const struct {
		const char *content_type, *action, *expected;
	} rows[] = {
		{"application/soap+xml;action=\"/act\"", "", "usage%5Bacts%5D=1&usage%5Bhits%5D=1"},
		{"Application/SOAP+XML; charset=x ; Action = /act", "", "usage%5Bacts%5D=1"},
		{"text/xml;action=/other", "\"/act\"", "usage%5Bacts%5D=1"},
		{"application/soap+xml", "/act", "usage%5Bacts%5D=1"},
		{"", "", "usage%5Bhits%5D=1&user_key"},
	};

	start_with_chain("{'name':'soap','configuration':{'mapping_rules':[{'pattern':'/act',"
			 "'metric_system_name':'acts','delta':1}]}},"
			 "{'name':'caching','configuration':{'caching_type':'none'}},"
			 "{'name':'apicast'}");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		gateway_stand_call((struct gateway_stand_request){
			.path = "/?user_key=k",
			.fields = {"Content-Type", rows[i].content_type, "SOAPAction",
				   rows[i].action}});
		ck_assert_msg(str_find(gateway_stand_last(STAND_BACKEND)->target,
				       str_from(rows[i].expected)) != STR_NOT_FOUND,
			      "%zu: %.*s", i, STR_ARG(gateway_stand_last(STAND_BACKEND)->target));
	}
}
END_TEST

/* echo */

START_TEST(an_early_end_with_an_error_is_a_page)
{
	struct stand_answer answer;

	start_with_chain("{'name':'echo','configuration':{'status':404,'exit':'request'}}");
	answer = gateway_stand_get("/");
	ck_assert_int_eq(answer.status, 404);
	ck_assert(str_has_prefix(answer.body, STR("<html>\r\n<head><title>404 Not Found")));
}
END_TEST

/* liquid_context_debug */

START_TEST(the_context_is_shown_without_secrets)
{
	struct stand_answer answer;
	const struct json *dump;

	gateway_stand_start_with(
		"", json_text(",'secret_token':'not-to-be-seen','policy_chain':[{'name':"
			      "'liquid_context_debug'},{'name':'apicast'}]"));
	answer = gateway_stand_call(
		(struct gateway_stand_request){.path = "/a?user_key=k", .fields = {"X-Mine", "v"}});
	ck_assert_int_eq(answer.status, 200);
	expect_str(gateway_stand_field(&answer, "Content-Type"), "application/json");
	dump = json_parse(gateway_stand_arena(), answer.body, JSON_BYTES_MAX, NULL);
	ck_assert_ptr_nonnull(dump);
	expect_str(json_get_str(dump, STR("uri")), "/a");
	expect_str(json_get_str(dump, STR("host")), "api.example.com");
	expect_str(json_get_str(dump, STR("http_method")), "GET");
	expect_str(json_get_str(dump, STR("remote_addr")), "10.0.0.9");
	ck_assert_int_eq(json_int(json_get(dump, STR("server_port")), 0), 8080);
	expect_str(json_str(json_path(dump, "headers.x-mine")), "v");
	expect_str(json_str(json_path(dump, "service.id")), "42");
	expect_str(json_str(json_path(dump, "service.system_name")), "orders");
	expect_str(json_str(json_path(dump, "credentials.user_key")), "k");
	ck_assert_int_eq(json_int(json_path(dump, "usage.hits"), 0), 1);
	ck_assert_uint_eq(str_find(answer.body, STR("not-to-be-seen")), STR_NOT_FOUND);
	ck_assert_uint_eq(str_find(answer.body, STR("st-42")), STR_NOT_FOUND);
}
END_TEST

/* retry and upstream_connection */

static void start_with_upstream(const char *url, const char *chain)
{
	gateway_stand_file(json_text(str_cstr(
		gateway_stand_arena(),
		str_format(gateway_stand_arena(),
			   "{'services':[{'id':42,'backend_version':'1','proxy':{'hosts':["
			   "'api.example.com'],'api_backend':'%s','backend':{'endpoint':"
			   "'http://10.0.0.2:3000'},'proxy_rules':[{'http_method':'ANY','pattern':"
			   "'/','metric_system_name':'hits','delta':1}],'policy_chain':[%s]}}]}",
			   url, chain))));
	ck_assert(gateway_stand_start());
}

START_TEST(an_attempt_takes_the_next_address)
{
	gateway_stand_set_name("two.internal", "10.0.0.77,10.0.0.3");
	gateway_stand_variable("APICAST_UPSTREAM_RETRY_CASES", "error timeout bogus");
	start_with_upstream("http://two.internal:8000",
			    "{'name':'retry','configuration':{'retries':1}},"
			    "{'name':'upstream_connection','configuration':{'connect_timeout':1}},"
			    "{'name':'apicast'}");
	expect_log("APICAST_UPSTREAM_RETRY_CASES: unknown case bogus");
	/* Whichever address comes first. */
	for (int i = 0; i < 4; i++)
		expect_answer(gateway_stand_get("/?user_key=k"), 200, "");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 4);
	expect_log(
		"while connecting to upstream, client: 10.0.0.9, server: _, request: "
		"\"GET /?user_key=k HTTP/1.1\", upstream: \"http://10.0.0.77:8000/?user_key=k\"");
}
END_TEST

START_TEST(a_refused_post_is_repeated_as_it_was_not_sent)
{
	gateway_stand_stop_server(STAND_UPSTREAM);
	start_with_upstream("http://10.0.0.3:8000",
			    "{'name':'retry','configuration':{'retries':2}},{'name':'apicast'}");
	ck_assert_int_eq(gateway_stand_call((struct gateway_stand_request){.method = "POST",
									   .path = "/?user_key=k",
									   .body = "b"})
				 .status,
			 502);
	{
		struct str line = STR("connect() failed (111: Connection refused)");
		struct str log = gateway_stand_log();
		size_t count = 0, at;

		while ((at = str_find(log, line)) != STR_NOT_FOUND) {
			log = str_skip(log, at + line.size);
			count++;
		}
		ck_assert_uint_eq(count, 3);
	}
}
END_TEST

START_TEST(a_large_body_is_sent_once)
{
	char *body = memset(arena_alloc(gateway_stand_arena(), 20001), 'b', 20000);

	gateway_stand_variable("APICAST_UPSTREAM_RETRY_CASES", "http_503");
	PLAY(STAND_UPSTREAM, {.status = 503});
	start_with_upstream("http://10.0.0.3:8000",
			    "{'name':'retry','configuration':{'retries':2}},{'name':'apicast'}");
	expect_answer(gateway_stand_call((struct gateway_stand_request){
			      .method = "PUT", .path = "/?user_key=k", .body = body}),
		      503, "");
	ck_assert_uint_eq(gateway_stand_seen_count(STAND_UPSTREAM), 1);
	ck_assert_uint_eq(gateway_stand_last(STAND_UPSTREAM)->body.size, 20000);
}
END_TEST

START_TEST(the_first_that_says_a_time_counts)
{
	PLAY(STAND_UPSTREAM, {.fault = STAND_SILENT});
	start_with_upstream("http://10.0.0.3:8000",
			    "{'name':'upstream_connection','configuration':{'connect_timeout':-1}},"
			    "{'name':'upstream_connection','configuration':{'read_timeout':2}},"
			    "{'name':'upstream_connection','configuration':{'read_timeout':90}},"
			    "{'name':'apicast'}");
	gateway_stand_send((struct gateway_stand_request){.path = "/?user_key=k"});
	gateway_stand_run_for(STAND_SECOND * 3);
	ck_assert_int_eq(gateway_stand_wait().status, 504);
}
END_TEST

static size_t count_policies(void)
{
	size_t count = 0;

	while (policies[count] != NULL)
		count++;
	return count;
}

Suite *gateway_policies_policies_suite(void)
{
	Suite *suite = suite_create("gateway/policies");
	TCase *tcase = tcase_create("policies");

	tcase_add_checked_fixture(tcase, gateway_stand_set, gateway_stand_clear);
	tcase_add_loop_test(tcase, every_manifest_is_complete, 0, (int)count_policies());
	tcase_add_test(tcase, manifests_refuse_what_is_wrong);
	tcase_add_test(tcase, manifests_of_other_directories_are_listed);
	tcase_add_loop_test(tcase, a_policy_that_cannot_be_used_is_left_out, 0,
			    sizeof unusable / sizeof *unusable);
	tcase_add_test(tcase, parts_that_cannot_be_used_are_left_out);
	tcase_add_test(tcase, configurations_without_their_lists_do_nothing);
	tcase_add_test(tcase, chains_inside_chains_have_a_bound);
	tcase_add_test(tcase, phases_are_run_in_their_order);
	tcase_add_test(tcase, a_denied_call_skips_the_phases_of_the_request);
	tcase_add_test(tcase, a_template_cannot_split_a_message);
	tcase_add_loop_test(tcase, replacements, 0, sizeof rewritings / sizeof *rewritings);
	tcase_add_test(tcase, a_path_that_grows_too_large_stays_what_it_was);
	tcase_add_test(tcase, an_address_may_carry_a_port);
	tcase_add_test(tcase, tokens_have_no_default);
	tcase_add_test(tcase, a_missing_default_pair_is_said);
	tcase_add_test(tcase, an_unknown_way_to_cache_is_none);
	tcase_add_test(tcase, actions_are_read_from_either_header);
	tcase_add_test(tcase, an_early_end_with_an_error_is_a_page);
	tcase_add_test(tcase, the_context_is_shown_without_secrets);
	tcase_add_test(tcase, an_attempt_takes_the_next_address);
	tcase_add_test(tcase, a_refused_post_is_repeated_as_it_was_not_sent);
	tcase_add_test(tcase, a_large_body_is_sent_once);
	tcase_add_test(tcase, the_first_that_says_a_time_counts);
	suite_add_tcase(suite, tcase);
	return suite;
}
