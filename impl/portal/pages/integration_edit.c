/* The form of a service's integration, and its button that saves and tests (spec/portal.md 5, 7.6).
 */
#include "portal/integration.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "portal/database.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/integration.h"
#include "portal/pages/integration_rules.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/policies.h"
#include "portal/release.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "portal/validation.h"

/* What the form shows. */
struct view {
	struct visit *visit;
	struct record *service, *proxy;
	struct str mode;
	const struct json *sent;         /* of a form that was not saved; NULL = none */
	const struct validation *faults; /* of it */
	struct str test_message;         /* HTML, of a test that failed */
};

struct field {
	const char *label, *column;
	const char *modes; /* blank separated; NULL = all */
};

#define KEYS "1 2"
#define PAIR "2 oauth oidc"

static const struct field api_fields[] = {{"Private Base URL", "api_backend", NULL}};

static const struct field gateway_fields[] = {
	{"Staging Public Base URL", "sandbox_endpoint", NULL},
	{"Production Public Base URL", "endpoint", NULL},
};

static const struct field authentication_fields[] = {
	{"Host Header", "hostname_rewrite", NULL},
	{"Secret Token", "secret_token", NULL},
	{"Auth user key", "auth_user_key", "1"},
	{"App ID parameter", "auth_app_id", PAIR},
	{"App Key parameter", "auth_app_key", PAIR},
	{"OpenID Connect Issuer", "oidc_issuer_endpoint", "oidc"},
};

#define ANSWER_FIELDS(title, name)                                                                 \
	{title ": Response Code", "error_status_" name, NULL},                                     \
		{title ": Content-type", "error_headers_" name, NULL},                             \
	{                                                                                          \
		title ": Response Body", "error_" name, NULL                                       \
	}

static const struct field answer_fields[] = {
	ANSWER_FIELDS("Authentication Failed Error", "auth_failed"),
	ANSWER_FIELDS("Authentication Missing Error", "auth_missing"),
	ANSWER_FIELDS("No Match Error", "no_match"),
	ANSWER_FIELDS("Usage limit exceeded", "limits_exceeded"),
};

static const struct field test_fields[] = {{"API test GET request", "api_test_path", KEYS}};

#define FIELDS(view, title, fields)                                                                \
	write_fields(view, title, fields, sizeof(fields) / sizeof *(fields))

static bool is_of_mode(const struct view *view, const char *modes)
{
	struct str rest = str_from(modes != NULL ? modes : ""), mode;

	while (str_next_field(&rest, ' ', &mode)) {
		if (str_equal(mode, view->mode))
			return true;
	}
	return modes == NULL;
}

static void write_fields(struct view *view, const char *title, const struct field *fields,
			 size_t count)
{
	struct arena *arena = view->visit->call->arena;

	HTML(&view->visit->content, "<h2>{}</h2>\n", str_from(title));
	for (size_t i = 0; i < count; i++) {
		const char *column = fields[i].column;

		if (is_of_mode(view, fields[i].modes))
			visit_input(view->visit, fields[i].label, "text",
				    str_cstr(arena, str_format(arena, "proxy[%s]", column)),
				    value_to_text(arena, record_get(view->proxy, column)),
				    view->faults, column);
	}
}

static void write_credentials_location(struct view *view)
{
	static const struct choice places[] = {
		{STR_INIT("headers"), STR_INIT("As HTTP Headers")},
		{STR_INIT("query"), STR_INIT("As query parameters (GET) or body parameters "
					     "(POST/PUT/DELETE)")},
		{STR_INIT("authorization"), STR_INIT("As HTTP Basic Authentication")},
	};

	form_select(view->visit, "Credentials location", "proxy[credentials_location]", places,
		    sizeof places / sizeof *places,
		    record_text(view->proxy, "credentials_location"));
	form_faults(view->visit, view->faults, "credentials_location");
}

/* A box that is not ticked sends nothing by itself. */
static void write_flow(struct view *view, const char *label, const char *flow,
		       const struct json *stored)
{
	struct call *call = view->visit->call;
	struct str name = str_format(call->arena, "proxy[oidc_configuration_attributes][%s]", flow);
	const struct json *flag = json_get(
		json_get(view->sent, STR("oidc_configuration_attributes")), str_from(flow));
	bool is_ticked = flag != NULL ? str_equal(json_scalar_text(flag), STR("1"))
				      : json_bool(json_get(stored, str_from(flow)), false);

	HTML(&view->visit->content, "<input type=\"hidden\" name=\"{}\" value=\"0\">", name);
	form_checkbox(view->visit, str_from(label), str_cstr(call->arena, name), STR("1"),
		      is_ticked);
}

static void write_openid(struct view *view)
{
	static const struct choice types[] = {
		{STR_INIT("keycloak"), STR_INIT("Red Hat Single Sign-On")},
		{STR_INIT("rest"), STR_INIT("REST API")},
	};
	static const struct {
		const char *label, *flow;
	} flows[] = {
		{"Authorization Code Flow", "standard_flow_enabled"},
		{"Implicit Flow", "implicit_flow_enabled"},
		{"Service Accounts Flow", "service_accounts_enabled"},
		{"Direct Access Grant Flow", "direct_access_grants_enabled"},
	};
	struct call *call = view->visit->call;
	const struct json *stored =
		json_parse(call->arena, oidc_configuration_value(call, view->proxy).text,
			   LIMIT_PORTAL_BODY_BYTES, NULL);

	form_select(view->visit, "OpenID Connect Issuer Type", "proxy[oidc_issuer_type]", types,
		    sizeof types / sizeof *types, record_text(view->proxy, "oidc_issuer_type"));
	form_faults(view->visit, view->faults, "oidc_issuer_type");
	for (size_t i = 0; i < sizeof flows / sizeof *flows; i++)
		write_flow(view, flows[i].label, flows[i].flow, stored);
}

static void write_policies(struct view *view)
{
	const struct json *sent = json_get(view->sent, STR("policies_config"));
	struct str stored = policies_shown(view->visit->call->arena,
					   record_text(view->proxy, "policies_config"));

	strbuf_append(&view->visit->content, STR("<h2>Policies</h2>\n"));
	form_text(view->visit, "Policy Chain (JSON)", "proxy[policies_config]",
		  sent != NULL ? json_scalar_text(sent) : stored);
	form_faults(view->visit, view->faults, "policies_config");
}

/* The command that does what the test does. */

static struct str with_parameter(struct arena *arena, struct str url,
				 const struct hosted_test_credential *credential)
{
	bool has_query = str_find_char(url, '?') != STR_NOT_FOUND;

	return STR_CONCAT(arena, url, has_query ? STR("&") : STR("?"), credential->name, STR("="),
			  credential->value);
}

/* "https://KEY:@host": what HTTP basic is in a URL. */
static struct str with_user(struct arena *arena, struct str url,
			    const struct hosted_test_credential *credentials, size_t count)
{
	size_t at = str_find(url, STR("://"));

	if (at == STR_NOT_FOUND)
		return url;
	return STR_CONCAT(arena, str_slice(url, 0, at + 3), credentials[0].value, STR(":"),
			  count > 1 ? credentials[1].value : STR(""), STR("@"),
			  str_skip(url, at + 3));
}

static struct str curl_command(struct view *view)
{
	struct call *call = view->visit->call;
	struct str place = record_text(view->proxy, "credentials_location");
	struct str url = STR_CONCAT(call->arena, record_text(view->proxy, "sandbox_endpoint"),
				    record_text(view->proxy, "api_test_path"));
	struct hosted_test_credential credentials[2];
	size_t count = hosted_test_credentials(call, view->service, view->proxy, credentials);
	struct str fields = STR("");

	if (str_equal(place, STR("authorization")))
		url = with_user(call->arena, url, credentials, count);
	for (size_t i = 0; i < count; i++) {
		if (str_equal(place, STR("query")))
			url = with_parameter(call->arena, url, &credentials[i]);
		else if (str_equal(place, STR("headers")))
			fields = STR_CONCAT(call->arena, fields, STR(" -H'"), credentials[i].name,
					    STR(": "), credentials[i].value, STR("'"));
	}
	return STR_CONCAT(call->arena, STR("curl \""), url, STR("\""),
			  fields.size > 0 ? STR(" ") : STR(""), fields);
}

static void write_client(struct view *view)
{
	if (!is_of_mode(view, KEYS))
		return;
	FIELDS(view, "Client", test_fields);
	if (view->test_message.size > 0)
		HTML(&view->visit->content, "<p class=\"error\" id=\"test-error\">{!}</p>\n",
		     view->test_message);
	HTML(&view->visit->content, "<pre id=\"curl\">{}</pre>\n", curl_command(view));
	integration_write_test_line(view->visit, view->proxy);
}

static void write_rule_faults(struct view *view)
{
	for (size_t i = 0; view->faults != NULL && i < view->faults->count; i++) {
		const struct validation_entry *fault = &view->faults->entries[i];

		if (str_has_prefix(fault->attribute, STR("proxy_rules.")))
			HTML(&view->visit->content, "<p class=\"error\">{} {}</p>\n",
			     str_skip(fault->attribute, sizeof "proxy_rules." - 1), fault->text);
	}
}

/* 5.1: by what pressing it does, and at 2.5 by the name it had then. */
static const char *button_label(struct view *view)
{
	struct call *call = view->visit->call;

	if (!integration_is_tested(call, view->service, view->proxy))
		return "Update the Staging Environment";
	return call->settings->release->tests_by_seed_label
		       ? "Update & Test Staging Configuration"
		       : "Update & test in Staging Environment";
}

static void write_form(struct view *view)
{
	struct visit *visit = view->visit;

	visit_form(visit, integration_path(visit, ""), "patch");
	HTML(&visit->content, "<input type=\"hidden\" name=\"proxy[lock_version]\" value=\"{}\">\n",
	     value_to_text(visit->call->arena, record_get(view->proxy, "lock_version")));
	FIELDS(view, "API", api_fields);
	FIELDS(view, "API gateway", gateway_fields);
	integration_write_warnings(visit, view->proxy);
	integration_write_rules(visit, view->proxy,
				json_get(view->sent, STR("proxy_rules_attributes")));
	write_rule_faults(view);
	FIELDS(view, "Authentication Settings", authentication_fields);
	write_credentials_location(view);
	if (is_of_mode(view, "oidc"))
		write_openid(view);
	FIELDS(view, "Gateway Response", answer_fields);
	write_policies(view);
	write_client(view);
	form_end(visit, button_label(view));
	HTML(&visit->content, "<p><a href=\"{}\">Back to Integration & Configuration</a></p>\n",
	     integration_path(visit, ""));
}

/* Fresh from the database, with the values that were sent over it. */
static void show_form(struct view *view, int status)
{
	struct call *call = view->visit->call;

	view->service = service_of_path(call);
	view->proxy = proxy_of_service(call, record_id(view->service));
	view->mode = service_mode(call, view->service);
	if (view->sent != NULL)
		resource_assign(view->proxy, proxy_resource.attributes, view->sent);
	write_form(view);
	visit_show(view->visit, status, "Integration & Configuration");
}

static void edit(struct visit *visit)
{
	show_form(&(struct view){.visit = visit}, 200);
}

/* Saving. */

static struct str updated_text(struct visit *visit)
{
	struct record *service = service_of_path(visit->call);
	bool is_mesh =
		str_equal(record_text(service, "deployment_option"), STR("service_mesh_istio"));

	return is_mesh ? STR("Production Configuration Updated")
		       : STR("Staging Configuration Updated");
}

static void lead_back(struct visit *visit)
{
	visit_flash(visit, "success", updated_text(visit));
	visit_redirect(visit, integration_path(visit, "/edit"));
}

/* The staging version was made whatever the test says. The service may be gone since. */
static void test_is_over(struct call *call, const struct hosted_test_result *result)
{
	struct visit *visit = pages_resume(call);

	if (proxy_of_service(call, record_id(service_of_path(call))) == NULL) {
		visit_not_found(visit);
	} else if (result->is_successful) {
		lead_back(visit);
	} else {
		visit_flash_now(visit, "error", updated_text(visit));
		show_form(&(struct view){.visit = visit, .test_message = result->message}, 200);
	}
	pages_finish(visit);
}

static void update(struct visit *visit)
{
	struct validation faults;
	struct view view = {
		.visit = visit, .sent = call_attributes(visit->call, "proxy"), .faults = &faults};

	switch (integration_update(visit->call, view.sent, &faults, test_is_over)) {
	case INTEGRATION_REFUSED:
		visit_flash_now(visit, "error", STR("Couldn't update the Staging Configuration"));
		show_form(&view, 200);
		break;
	case INTEGRATION_STALE:
		visit_flash_now(visit, "error",
				STR("Someone else edited the Staging Configuration"));
		show_form(&view, 409);
		break;
	case INTEGRATION_UPDATED:
		lead_back(visit);
		break;
	case INTEGRATION_TESTING:
		break; /* test_is_over() */
	}
}

#define INTEGRATION "/apiconfig/services/{service}/integration"

static const struct page_route rows[] = {
	{"GET", STR_INIT(INTEGRATION "/edit"), edit, PAGE_ADMIN, "plans"},
	{"PATCH PUT", STR_INIT(INTEGRATION), update, PAGE_ADMIN, "plans"},
};

const struct page_table pages_of_integration_form = PAGE_TABLE(rows);
