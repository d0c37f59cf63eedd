/* Credentials, scopes, permissions, hosts, formats: PT-001 to PT-035, PT-155 to PT-161. */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "portal/portal_fixture_test.h"

#define SERVICES "/admin/api/services.json"
#define MASTER_CONFIGS "/master/api/proxy/configs/production.json"
#define DENIED "{\"error\":\"Access denied\"}"
#define FORBIDDEN "{\"status\":\"Forbidden\"}"
#define NOT_PERMITTED "{\"error\":\"Your access token does not have the correct permissions\"}"

static const char *basic(const char *credentials)
{
	struct str coded = base64_encode(fixture_arena(), str_from(credentials));

	return portal_text("Authorization: Basic %.*s", STR_ARG(coded));
}

static const char *basic_at(const char *host, const char *credentials)
{
	return portal_text("Host: %s\n%s", host, basic(credentials));
}

static const char *provider_key(void)
{
	struct reply reply = ask_as(basic_at(MASTER_HOST, "master-token"), "GET",
				    "/admin/api/applications.json", NULL);

	return str_cstr(fixture_arena(),
			reply_text_at(reply, 200, "applications.0.application.user_key"));
}

/* A token of the admin with these scopes and permission, as "Authorization" header. */
static const char *token_with(const char *scopes, const char *permission)
{
	struct reply reply = ask("POST", "/admin/api/personal/access_tokens.json",
				 portal_text("{\"token\":{\"name\":\"t\",\"permission\":\"%s\","
					     "\"scopes\":[%s]}}",
					     permission, scopes));
	struct str value = reply_text_at(reply, 201, "access_token.value");

	ck_assert_uint_eq(value.size, 64);
	return portal_text("%s", basic(portal_text("%.*s", STR_ARG(value))));
}

START_TEST(a_token_may_be_sent_in_many_places)
{
	reply_has(ask_as("", "GET", SERVICES "?access_token=" TOKEN, NULL), 200, "{\"services\":[");
	reply_has(ask_as(basic(TOKEN), "GET", SERVICES, NULL), 200, "{\"services\":[");
	reply_has(ask_as(basic(TOKEN ":"), "GET", SERVICES, NULL), 200, "{\"services\":[");
	reply_has(ask_as(basic(":" TOKEN), "GET", SERVICES, NULL), 200, "{\"services\":[");
	reply_has(ask_as("", "POST", SERVICES, "name=New&access_token=" TOKEN), 201, "\"New\"");
}
END_TEST

START_TEST(the_provider_key_works_in_place_of_a_token)
{
	const char *key = provider_key();

	reply_has(ask_as("", "GET", portal_text(SERVICES "?provider_key=%s", key), NULL), 200,
		  "services");
	reply_has(ask_as(basic(key), "GET", SERVICES, NULL), 200, "services");
	reply_is(ask_as(basic(key), "GET", "/admin/api/personal/access_tokens.json", NULL), 403,
		 "{\"status\":\"Forbidden\"}");
	reply_is(ask_as("", "GET", SERVICES "?provider_key=wrong", NULL), 403, DENIED);
	reply_has(ask_as(basic(key), "DELETE",
			 portal_text("/admin/api/services/%" PRId64 ".json", sample_service()),
			 NULL),
		  422, "{\"error\":{\"from\":\"incomplete\",\"event\":\"mark_as_deleted\"");
}
END_TEST

START_TEST(missing_and_wrong_credentials_are_refused)
{
	struct reply reply = ask_as("", "GET", "/admin/api/services.xml", NULL);

	reply_is(reply, 403,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?><error>Access denied</error>");
	ck_assert(str_equal(reply.content_type, STR("application/xml; charset=utf-8")));
	reply_is(ask_as("", "GET", SERVICES, NULL), 403, DENIED);
	reply_is(ask_as(basic("wrong"), "GET", SERVICES, NULL), 403, DENIED);
	reply_is(ask_as("Authorization: Basic !!!", "GET", SERVICES, NULL), 403, DENIED);
	reply_is(ask_as("Authorization: Bearer " TOKEN, "GET", SERVICES, NULL), 403, DENIED);
	reply_is(ask_as("", "GET", SERVICES "?access_token=wrong", NULL), 403, NOT_PERMITTED);
	/* The parameter beats the header. */
	reply_is(ask_as(basic(TOKEN), "GET", SERVICES "?access_token=wrong", NULL), 403,
		 NOT_PERMITTED);
	reply_is(ask_as("", "GET", SERVICES "?access_token=master-token", NULL), 403,
		 NOT_PERMITTED);
}
END_TEST

START_TEST(only_admin_hosts_have_the_api)
{
	reply_is(ask_as(basic_at("3scale.example.com", TOKEN), "GET", SERVICES, NULL), 403, DENIED);
	reply_is(ask_as(basic_at("elsewhere.example.com", TOKEN), "GET", SERVICES, NULL), 403,
		 DENIED);
	reply_has(ask_as(basic_at("127.0.0.1:3001", TOKEN), "GET", SERVICES, NULL), 200,
		  "services");
	reply_has(ask_as(basic_at("[::1]:3001", TOKEN), "GET", SERVICES, NULL), 200, "services");
	reply_has(ask_as(basic_at("LOCALHOST", TOKEN), "GET", SERVICES, NULL), 200, "services");
	reply_has(ask_as(portal_text("Host: x\nX-Forwarded-Host: " ADMIN_HOST ", y\n%s",
				     basic(TOKEN)),
			 "GET", SERVICES, NULL),
		  200, "services");
}
END_TEST

START_TEST(scopes_count_for_every_way_of_sending)
{
	const char *stats = token_with("\"stats\"", "rw");
	struct str coded = str_skip(str_from(stats), sizeof "Authorization: Basic" - 1), value;

	reply_is(ask_as(stats, "GET", SERVICES, NULL), 403, NOT_PERMITTED);
	ck_assert(base64_decode(fixture_arena(), str_trim(coded), &value));
	reply_is(
		ask_as("", "GET", portal_text(SERVICES "?access_token=%.*s", STR_ARG(value)), NULL),
		403, NOT_PERMITTED);
	reply_is(ask_as(stats, "GET", "/admin/api/personal/access_tokens.json", NULL), 403,
		 NOT_PERMITTED);
}
END_TEST

/* PT-010 to PT-012: what is wrong anyway is said first, nothing is stored. */
START_TEST(a_read_only_token_changes_nothing)
{
	const char *token = token_with("\"account_management\"", "ro");

	reply_has(ask_as(token, "GET", SERVICES, NULL), 200, "services");
	reply_is(ask_as(token, "POST", SERVICES, "name=Forbidden"), 403, NOT_PERMITTED);
	reply_lacks(ask("GET", SERVICES, NULL), 200, "Forbidden");
	reply_has(ask_as(token, "POST", SERVICES, "name="), 422, "can't be blank");
	reply_is(ask_as(token, "DELETE", "/admin/api/services/999.json", NULL), 404,
		 "{\"status\":\"Not found\"}");
}
END_TEST

START_TEST(tokens_are_made_shown_once_and_deleted)
{
	static const struct step steps[] = {
		{"POST", "personal/access_tokens.json",
		 "name=ci&permission=ro&scopes[]=account_management&scopes[]=stats", 201,
		 "\"scopes\":[\"account_management\",\"stats\"],\"permission\":\"ro\",\"value\":\"",
		 NULL, "token", "access_token.id"},
		{"GET", "personal/access_tokens/{token}.json", NULL, 200, "\"name\":\"ci\"",
		 "value", NULL, NULL},
		{"GET", "personal/access_tokens.json?name=ci", NULL, 200, "\"name\":\"ci\"",
		 "Administration", NULL, NULL},
		{"GET", "personal/access_tokens/" TOKEN ".json", NULL, 200, "Administration", NULL,
		 NULL, NULL},
		{"DELETE", "personal/access_tokens/{token}.json", NULL, 200, NULL, "{", NULL, NULL},
		{"DELETE", "personal/access_tokens/{token}", NULL, 404, "Not found", NULL, NULL,
		 NULL},
		{"POST", "personal/access_tokens.json", "permission=x", 422,
		 "{\"errors\":{\"name\":[\"can't be blank\"],\"permission\":[\"is not included in "
		 "the list\"],\"scopes\":[\"can't be blank\"]}}",
		 NULL, NULL, NULL},
		{"POST", "personal/access_tokens.json", "name=x&permission=rw&scopes[]=all", 422,
		 "\"scopes\":[\"is not included in the list\"]", NULL, NULL, NULL},
		{"POST", "personal/access_tokens.json", "{\"token\":[]}", 422,
		 "{\"error\":\"Wrong type for parameter: token\"}", NULL, NULL, NULL},
		{"DELETE", "personal/access_tokens/" TOKEN ".json", NULL, 200, NULL, NULL, NULL,
		 NULL},
	};

	RUN_STEPS(steps);
	reply_is(ask("GET", SERVICES, NULL), 403, DENIED);
}
END_TEST

/* PT-014, PT-015. */
START_TEST(members_see_what_they_were_given)
{
	static const struct step setup[] = {
		{"POST", "services.json", "name=Other", 201, NULL, NULL, "other", "service.id"},
		{"POST", "users.json", "username=member&email=member@example.com&password=123456",
		 201, "\"role\":\"member\",\"created_at\"", NULL, "user", "user.id"},
		{"GET", "users/{user}.json", NULL, 200, "/admin/api/users.{user}\"", NULL, NULL,
		 NULL},
		{"POST", "users/{user}/access_tokens.json",
		 "name=t&permission=rw&scopes[]=account_management", 403, "Forbidden", NULL, NULL,
		 NULL},
		{"GET", "users/{user}/permissions.json", NULL, 200,
		 "{\"permissions\":{\"user_id\":{user},\"role\":\"member\",\"allowed_sections\":[],"
		 "\"allowed_service_ids\":null,",
		 NULL, NULL, NULL},
	};
	static const struct step partners[] = {
		{"PUT", "users/{user}/permissions.json",
		 "allowed_sections[]=partners&allowed_sections[]=nonsense&"
		 "allowed_sections[]=partners&allowed_service_ids[]={other}",
		 200, "\"allowed_sections\":[\"partners\"],\"allowed_service_ids\":[{other}]", NULL,
		 NULL, NULL},
		{"GET", "users/{user}/permissions.xml", NULL, 200,
		 "<allowed_sections><allowed_section>partners</allowed_section></allowed_sections>"
		 "<allowed_service_ids><allowed_service_id>{other}</allowed_service_id>",
		 NULL, NULL, NULL},
	};
	static const struct step as_member[] = {
		{"GET", "services.json", NULL, 200, "\"Other\"", "\"API\"", NULL, NULL},
		{"GET", "services/{service}.json", NULL, 404, NULL, NULL, NULL, NULL},
		{"GET", "services/{other}.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"GET", "applications.json", NULL, 200, "[]", NULL, NULL, NULL},
		{"GET", "services/{service}/proxy.json", NULL, 404, NULL, NULL, NULL, NULL},
	};
	static const struct step unrestricted[] = {
		{"PUT", "users/{user}/permissions.json", "{\"allowed_service_ids\":\"\"}", 200,
		 "\"allowed_service_ids\":null", NULL, NULL, NULL},
	};
	const char *key = provider_key(), *token;
	struct reply reply;

	RUN_STEPS(setup);
	reply = ask_as(basic(key), "POST",
		       portal_text("/admin/api/%s", expand("users/{user}/access_tokens.json")),
		       "name=t&permission=rw&scopes[]=account_management");
	token = portal_text(
		"%s", basic(portal_text("%.*s",
					STR_ARG(reply_text_at(reply, 201, "access_token.value")))));
	reply_is(ask_as(token, "GET", "/admin/api/accounts.json", NULL), 403, NOT_PERMITTED);
	RUN_STEPS(partners);
	steps_as(token);
	RUN_STEPS(as_member);
	steps_as(NULL);
	RUN_STEPS(unrestricted);
	reply_has(ask_as(token, "GET", SERVICES, NULL), 200, "\"API\"");
}
END_TEST

/* A member manages buyers, not the people of the tenant; itself it may see and change. */
START_TEST(members_cannot_promote_themselves)
{
	static const struct step setup[] = {
		{"POST", "users.json", "username=member&email=member@example.com&password=123456",
		 201, NULL, NULL, "user", "user.id"},
		{"PUT", "users/{user}/permissions.json", "allowed_sections[]=partners", 200, NULL,
		 NULL, NULL, NULL},
		{"GET", "users.json", NULL, 200, NULL, NULL, "admin", "users.0.user.id"},
	};
	static const struct step as_member[] = {
		{"GET", "accounts.json", NULL, 200, NULL, NULL, NULL, NULL},
		{"GET", "users.json", NULL, 403, FORBIDDEN, NULL, NULL, NULL},
		{"GET", "users.xml", NULL, 403, NULL, "F", NULL, NULL},
		{"POST", "users.json", "username=other&email=other@example.com&password=123456",
		 403, FORBIDDEN, NULL, NULL, NULL},
		{"GET", "users/{admin}.json", NULL, 403, FORBIDDEN, NULL, NULL, NULL},
		{"GET", "users/999.json", NULL, 403, FORBIDDEN, NULL, NULL, NULL},
		{"GET", "users/{user}.json", NULL, 200, "\"member\"", NULL, NULL, NULL},
		{"PUT", "users/{user}.json", "username=renamed", 200, "renamed", NULL, NULL, NULL},
		{"PUT", "users/{user}/admin.json", "", 403, FORBIDDEN, NULL, NULL, NULL},
		{"GET", "users/{user}/permissions.json", NULL, 200, "partners", NULL, NULL, NULL},
		{"PUT", "users/{user}/permissions.json", "allowed_sections[]=finance", 403,
		 FORBIDDEN, NULL, NULL, NULL},
		{"PUT", "users/{admin}/suspend.json", "", 403, FORBIDDEN, NULL, NULL, NULL},
		{"DELETE", "users/{admin}.json", NULL, 403, FORBIDDEN, NULL, NULL, NULL},
		{"POST", "users/{admin}/access_tokens.json",
		 "name=t&permission=rw&scopes[]=account_management", 403, FORBIDDEN, NULL, NULL,
		 NULL},
		{"GET", "service_plans.json", NULL, 403, FORBIDDEN, NULL, NULL, NULL},
	};
	static const struct step plans[] = {
		{"PUT", "users/{user}/permissions.json",
		 "allowed_sections[]=partners&allowed_sections[]=plans", 200, NULL, NULL, NULL,
		 NULL},
	};
	static const struct step as_planner[] = {
		{"GET", "service_plans.json", NULL, 200, "plans", NULL, NULL, NULL},
	};
	const char *key = provider_key(), *token;
	struct reply reply;

	RUN_STEPS(setup);
	reply = ask_as(basic(key), "POST",
		       portal_text("/admin/api/%s", expand("users/{user}/access_tokens.json")),
		       "name=t&permission=rw&scopes[]=account_management");
	token = portal_text(
		"%s", basic(portal_text("%.*s",
					STR_ARG(reply_text_at(reply, 201, "access_token.value")))));
	steps_as(token);
	RUN_STEPS(as_member);
	steps_as(NULL);
	RUN_STEPS(plans);
	steps_as(token);
	RUN_STEPS(as_planner);
}
END_TEST

/* The impersonation user is nobody's to see or change. */
START_TEST(the_impersonation_user_is_hidden)
{
	const struct json *rows = fixture_sql("SELECT id FROM users WHERE signup_type = "
					      "'impersonation'");
	const char *user = portal_text("/admin/api/users/%.*s",
				       STR_ARG(json_get_str(json_at(rows, 0), STR("id"))));

	ck_assert_uint_eq(rows->count, 1);
	reply_lacks(ask("GET", "/admin/api/users.json", NULL), 200, "3scaleadmin");
	reply_lacks(ask("GET", "/admin/api/provider.xml", NULL), 200, "3scaleadmin");
	reply_is(ask("GET", portal_text("%s.json", user), NULL), 404, "{\"status\":\"Not found\"}");
	reply_is(ask("DELETE", portal_text("%s.json", user), NULL), 404,
		 "{\"status\":\"Not found\"}");
	reply_is(ask_as(basic(provider_key()), "POST", portal_text("%s/access_tokens.json", user),
			"name=t&permission=rw&scopes[]=account_management"),
		 404, "{\"status\":\"Not found\"}");
}
END_TEST

/* Step 5 of spec/portal.md 2.3 comes before step 6, but after what a token may. */
START_TEST(a_wrong_type_is_said_before_missing_credentials)
{
	reply_is(ask_as("", "POST", SERVICES, "service[]=x"), 422,
		 "{\"error\":\"Wrong type for parameter: service\"}");
	reply_is(ask_as("", "POST", "/admin/api/services.xml", "service=x"), 422,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?><error>Wrong type for parameter: "
		 "service</error>");
	reply_is(ask_as("", "POST", SERVICES "?access_token=wrong", "service=x"), 403,
		 NOT_PERMITTED);
	reply_is(ask_as("", "GET", SERVICES "?service=x", NULL), 403, DENIED);
}
END_TEST

START_TEST(multipart_bodies_are_parameters)
{
	reply_has(ask_as(portal_text("Content-Type: multipart/form-data; boundary=B\n%s",
				     basic(TOKEN)),
			 "POST", SERVICES,
			 "--B\r\nContent-Disposition: form-data; name=\"service[name]\"\r\n\r\n"
			 "Mine\r\n--B--"),
		  201, "\"name\":\"Mine\"");
	reply_has(ask_as(portal_text("Content-Type: multipart/form-data; boundary=B\n%s",
				     basic(TOKEN)),
			 "POST", SERVICES, "--B\r\n"),
		  400, "Bad request");
}
END_TEST

START_TEST(formats_follow_the_suffix)
{
	struct reply reply = ask("GET", "/admin/api/services", NULL);

	reply_has(reply, 200, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><services><service>");
	ck_assert(str_equal(reply.content_type, STR("application/xml; charset=utf-8")));
	reply = ask("GET", SERVICES, NULL);
	ck_assert(str_equal(reply.content_type, STR("application/json; charset=utf-8")));
	reply_is(ask("GET", "/admin/api/services.php", NULL), 406,
		 "{\"error\":\"The server does not understand \\\"php\\\" request.\"}");
	reply_has(ask("GET",
		      portal_text("/admin/api/services/%" PRId64 "/proxy/configs/sandbox",
				  sample_service()),
		      NULL),
		  406, "<error>The server does not understand \"xml\" request.</error>");
	reply_is(ask("GET", "/admin/api/services/999.xml", NULL), 404, "");
	reply_is(ask("GET", "/admin/api/services/x.json", NULL), 404, "{\"status\":\"Not found\"}");
	reply_is(ask("GET", "/admin/api/nothing.json", NULL), 404, "{\"status\":\"Not found\"}");
	reply_is(ask("GET", "/master/api/nothing", NULL), 404, "");
	reply_is(ask("POST", "/admin/api/services", "name="), 422,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<errors>\n  <error>Name can't be "
		 "blank</error>\n</errors>\n");
}
END_TEST

START_TEST(an_unchanged_answer_is_not_sent_again)
{
	struct reply reply = ask("GET", SERVICES, NULL);
	const char *headers;

	ck_assert_uint_gt(reply.etag.size, 0);
	headers = portal_text("%s\nIf-None-Match: %.*s", basic(TOKEN), STR_ARG(reply.etag));
	reply_is(ask_as(headers, "GET", SERVICES, NULL), 304, "");
	new_service("name=Another");
	reply_has(ask_as(headers, "GET", SERVICES, NULL), 200, "Another");
}
END_TEST

/* Newer gateways ask for pages, older ones for all. */
START_TEST(services_are_paged_when_asked)
{
	new_service("name=Second");
	reply_lacks(ask("GET", SERVICES "?page=1&per_page=1", NULL), 200, "Second");
	reply_has(ask("GET", SERVICES "?page=2&per_page=1", NULL), 200, "Second");
	reply_is(ask("GET", SERVICES "?page=2&per_page=500", NULL), 200, "{\"services\":[]}");
}
END_TEST

START_TEST(malformed_requests_are_refused)
{
	reply_has(ask("POST", SERVICES, "{\"name\":"), 400, "Bad request");
	reply_has(ask("POST", SERVICES, "name=%ff"), 400, "Bad request");
	reply_has(ask("POST", SERVICES, "name=a%00b"), 400, "Bad request");
	reply_has(ask("POST", SERVICES, "{\"service\":\"x\"}"), 422,
		  "Wrong type for parameter: service");
}
END_TEST

/* Flat and wrapped, form and JSON make equal services (PT-026); unknown names are nothing. */
START_TEST(bodies_come_in_many_shapes)
{
	static const char *const bodies[] = {
		"name=First&description=d&unknown=1",
		"service[name]=Second&service[description]=d&service[unknown]=1",
		"{\"name\":\"Third\",\"description\":\"d\",\"unknown\":{\"a\":[1]}}",
		"{\"service\":{\"name\":\"Fourth\",\"description\":\"d\"}}",
	};
	static const char *const names[] = {"First", "Second", "Third", "Fourth"};

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		int64_t id = new_service(bodies[i]);
		const char *target = portal_text("/admin/api/services/%" PRId64 ".json", id);

		reply_has(ask("GET", target, NULL), 200, portal_text("\"name\":\"%s\"", names[i]));
		reply_has(ask("GET", target, NULL), 200, "\"description\":\"d\"");
		reply_is(ask("DELETE", target, NULL), 200, "");
	}
	reply_has(ask("POST", SERVICES "?name=Query&description=q", "name=Body"), 201,
		  "\"description\":\"q\"");
}
END_TEST

/* Master and tenants. */

static const char *as_master(void)
{
	return basic_at(MASTER_HOST, "master-token");
}

START_TEST(master_makes_tenants_that_see_only_themselves)
{
	struct reply reply = ask_as(as_master(), "POST", "/master/api/providers.json",
				    "org_name=E+Corp&username=admin&email=admin@ecorp.com&"
				    "password=123456");
	int64_t id = reply_int(reply, 201, "signup.account.id");
	const char *token = portal_text(
		"%.*s", STR_ARG(reply_text_at(reply, 201, "signup.access_token.value")));
	const char *there = basic_at("e-corp-admin.example.com", token);
	const char *provider = portal_text("/master/api/providers/%" PRId64 ".json", id);
	int64_t service;

	reply_has(reply, 201,
		  "\"admin_domain\":\"e-corp-admin.example.com\",\"domain\":"
		  "\"e-corp.example.com\"");
	service = reply_int(ask_as(there, "GET", SERVICES, NULL), 200, "services.0.service.id");
	ck_assert_int_ne(service, sample_service());
	reply_is(ask_as(there, "GET",
			portal_text("/admin/api/services/%" PRId64 ".json", sample_service()),
			NULL),
		 404, "{\"status\":\"Not found\"}");
	reply_is(ask_as(there, "GET",
			portal_text("/admin/api/accounts/%" PRId64 ".json", sample_account()),
			NULL),
		 404, "{\"status\":\"Not found\"}");
	reply_is(ask_as("", "GET", portal_text(SERVICES "?access_token=%s", token), NULL), 403,
		 NOT_PERMITTED);
	reply_has(ask_as(as_master(), "POST", "/master/api/providers.json",
			 "org_name=E+Corp&username=admin&email=admin@ecorp.com&password=123456"),
		  201, "e-corp-2-admin.example.com");
	reply_has(ask_as(as_master(), "GET", provider, NULL), 200, "\"state\":\"approved\"");
	reply_has(ask_as(as_master(), "GET", "/admin/api/accounts.json", NULL), 200,
		  "\"admin_domain\":\"e-corp-admin.example.com\"");
	reply_has(ask_as(as_master(), "PUT", provider, "state_event=suspend"), 200, "suspended");
	reply_is(ask_as(there, "GET", SERVICES, NULL), 403, "");
	reply_has(ask_as(as_master(), "PUT", provider, "state_event=resume&org_name=New"), 200,
		  "\"org_name\":\"New\"");
	reply_has(ask_as(as_master(), "PUT", provider, "state_event=resume"), 422, "state");
	reply_has(ask_as(as_master(), "PUT", provider, "org_name="), 422, "org_name");
	reply_has(ask_as(there, "GET", SERVICES, NULL), 200, "services");
	reply_is(ask_as(as_master(), "DELETE", provider, NULL), 200, "");
	reply_is(ask_as(there, "GET", SERVICES, NULL), 404, "{\"status\":\"Not found\"}");
}
END_TEST

START_TEST(master_refuses_in_its_own_way)
{
	reply_is(ask_as("Host: " MASTER_HOST, "GET", "/master/api/proxy/configs/production.json",
			NULL),
		 401, "unauthorized");
	reply_is(ask_as(basic(TOKEN), "GET", "/master/api/proxy/configs/production.json", NULL),
		 403, "");
	reply_is(ask_as(basic_at(MASTER_HOST, TOKEN), "GET",
			"/master/api/proxy/configs/production.json", NULL),
		 401, "unauthorized");
	reply_is(ask_as(basic_at(MASTER_HOST, "apicast-token"), "POST",
			"/master/api/providers.json",
			"org_name=A&username=admin&email=a@b.example&password=123456"),
		 403, NOT_PERMITTED);
	reply_is(ask_as("Host: " MASTER_HOST, "GET", MASTER_CONFIGS "?api_key=key-of-master", NULL),
		 401, "unauthorized");
	/* A key of master's own, as its API takes it: as api_key, not as provider_key. */
	fixture_sql("INSERT INTO cinstances (type, plan_id, user_account_id, service_id, state, "
		    "name, user_key) SELECT 'Cinstance', plans.id, accounts.id, issuer_id, 'live', "
		    "'Master', 'key-of-master' FROM plans, accounts WHERE plans.name = 'Master "
		    "Plan' AND master = 1");
	reply_is(ask_as("Host: " MASTER_HOST, "GET", MASTER_CONFIGS "?api_key=key-of-master", NULL),
		 200, "{\"proxy_configs\":[]}");
	reply_is(ask_as("Host: " MASTER_HOST, "GET", MASTER_CONFIGS "?provider_key=key-of-master",
			NULL),
		 401, "unauthorized");
	reply_is(ask_as(basic_at(MASTER_HOST, "key-of-master"), "GET", MASTER_CONFIGS, NULL), 200,
		 "{\"proxy_configs\":[]}");
	reply_is(ask_as(basic_at("system-master:3000", "apicast-token"), "GET",
			"/master/api/proxy/configs/production", NULL),
		 200, "{\"proxy_configs\":[]}");
	reply_is(ask_as(as_master(), "POST", "/master/api/providers.json",
			"org_name=&username=ad&email=x&password=123456"),
		 422,
		 "{\"errors\":{\"account\":[\"Org name can't be blank\",\"Domain can't be blank\"],"
		 "\"user\":[\"Username is too short (minimum is 3 characters)\",\"Email is too "
		 "short "
		 "(minimum is 6 characters)\",\"Email should look like an email address\"]}}");
	reply_has(ask_as(as_master(), "POST", "/master/api/providers.json",
			 "org_name=A+B&username=admin&email=&password=123456"),
		  422, "{\"errors\":{\"user\":[");
}
END_TEST

Suite *portal_authentication_suite(void);
Suite *portal_authentication_suite(void)
{
	Suite *suite = suite_create("portal_authentication");
	TCase *tests = tcase_create("authentication");

	tcase_add_checked_fixture(tests, fixture_set_up, fixture_tear_down);
	tcase_add_test(tests, a_token_may_be_sent_in_many_places);
	tcase_add_test(tests, the_provider_key_works_in_place_of_a_token);
	tcase_add_test(tests, missing_and_wrong_credentials_are_refused);
	tcase_add_test(tests, only_admin_hosts_have_the_api);
	tcase_add_test(tests, scopes_count_for_every_way_of_sending);
	tcase_add_test(tests, a_read_only_token_changes_nothing);
	tcase_add_test(tests, tokens_are_made_shown_once_and_deleted);
	tcase_add_test(tests, members_see_what_they_were_given);
	tcase_add_test(tests, members_cannot_promote_themselves);
	tcase_add_test(tests, the_impersonation_user_is_hidden);
	tcase_add_test(tests, a_wrong_type_is_said_before_missing_credentials);
	tcase_add_test(tests, multipart_bodies_are_parameters);
	tcase_add_test(tests, formats_follow_the_suffix);
	tcase_add_test(tests, an_unchanged_answer_is_not_sent_again);
	tcase_add_test(tests, services_are_paged_when_asked);
	tcase_add_test(tests, malformed_requests_are_refused);
	tcase_add_test(tests, bodies_come_in_many_shapes);
	tcase_add_test(tests, master_makes_tenants_that_see_only_themselves);
	tcase_add_test(tests, master_refuses_in_its_own_way);
	suite_add_tcase(suite, tests);
	return suite;
}
