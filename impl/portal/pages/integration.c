/* Integration & Configuration of a service: what gateways have, and promoting it (spec/portal.md
 * 7.6). */
#include "portal/pages/integration.h"

#include "base/arena.h"
#include "base/url.h"
#include "portal/database.h"
#include "portal/pages/form.h"
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"

struct str integration_path(struct visit *visit, const char *rest)
{
	struct call *call = visit->call;

	return STR_CONCAT(call->arena, STR("/apiconfig/services/"),
			  value_to_text(call->arena, record_get(service_of_path(call), "id")),
			  STR("/integration"), str_from(rest));
}

static struct str service_path(struct visit *visit, const char *rest)
{
	struct call *call = visit->call;

	return STR_CONCAT(call->arena, STR("/apiconfig/services/"),
			  value_to_text(call->arena, record_get(service_of_path(call), "id")),
			  str_from(rest));
}

/* Lines that both pages have. */

void integration_write_test_line(struct visit *visit, const struct record *proxy)
{
	static const struct {
		const char *modifier, *text;
	} untested = {"is-untested", "Hit the test button to check the connections between client, "
				     "gateway & API."},
	  blank = {"is-untested", "The API test GET request has been left blank. Without it the "
				  "connections cannot be checked from here."},
	  works = {"is-successful",
		   "Connection between client, gateway & API is working correctly as reflected in "
		   "the analytics section."},
	  fails = {"is-erroneous", "Something is not quite ok. Is your private API host reachable "
				   "from the API gateway?"},
	  *line = &untested;
	struct value success = record_get(proxy, "api_test_success");

	if (value_is_blank(record_get(proxy, "api_test_path")))
		line = &blank;
	else if (success.kind != VALUE_NULL)
		line = success.number != 0 ? &works : &fails;
	HTML(&visit->content, "<p id=\"test-result\" class=\"{}\">{}", str_from(line->modifier),
	     str_from(line->text));
	if (line == &works)
		HTML(&visit->content, " <a href=\"/services/{}/stats/usage\">Analytics</a>",
		     value_to_text(visit->call->arena, record_get(proxy, "service_id")));
	strbuf_append(&visit->content, STR("</p>\n"));
}

static bool begins_with_digit(struct str address)
{
	struct url url;

	return url_parse(address, &url, NULL) && url.host.size > 0 && url.host.data[0] >= '0' &&
	       url.host.data[0] <= '9';
}

void integration_write_warnings(struct visit *visit, const struct record *proxy)
{
	static const char *const columns[] = {"sandbox_endpoint", "endpoint"};

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		struct str address = record_text(proxy, columns[i]);

		if (begins_with_digit(address))
			HTML(&visit->content,
			     "<p class=\"warning\">A public base URL must not begin with a digit: "
			     "{}</p>\n",
			     address);
	}
}

/* The blocks. */

static const struct choice modes[] = {
	{STR_INIT("1"), STR_INIT("API Key (user_key)")},
	{STR_INIT("2"), STR_INIT("App_ID and App_Key Pair")},
	{STR_INIT("oauth"), STR_INIT("OAuth")},
	{STR_INIT("oidc"), STR_INIT("OpenID Connect")},
};

static struct str mode_label(struct call *call, const struct record *service)
{
	struct str mode = service_mode(call, service);

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (str_equal(modes[i].value, mode))
			return modes[i].label;
	}
	return mode;
}

static void write_top(struct visit *visit, const struct record *service)
{
	HTML(&visit->content,
	     "<p>Deployment option: {}. Authentication: {}. "
	     "<a href=\"{}\">edit integration settings</a></p>\n",
	     record_text(service, "deployment_option"), mode_label(visit->call, service),
	     service_path(visit, "/settings"));
}

static void write_rules(struct visit *visit, const struct record *proxy)
{
	struct call *call = visit->call;
	int64_t count = database_int(call->database,
				     STR("SELECT count(*) FROM proxy_rules WHERE proxy_id = ?1"),
				     DATABASE_ARGUMENTS(value_int(record_id(proxy))), 0);
	struct record *last = record_first(call->database, &proxy_rules_table,
					   "proxy_id = ?1 ORDER BY position DESC, id DESC LIMIT 1",
					   DATABASE_ARGUMENTS(value_int(record_id(proxy))));
	struct record *metric;

	if (last == NULL) {
		strbuf_append(&visit->content, STR("<dt>Mapping rules<dd>none\n"));
		return;
	}
	metric = record_by_id(call->database, &metrics_table, record_int(last, "metric_id"));
	HTML(&visit->content, "<dt>Mapping rules<dd>{} =&gt; {}", record_text(last, "pattern"),
	     record_text(metric, "system_name"));
	if (count > 1)
		HTML(&visit->content, " and {} more.",
		     value_to_text(call->arena, value_int(count - 1)));
}

static void write_configuration(struct visit *visit, const struct record *proxy)
{
	HTML(&visit->content, "<h2>APIcast Configuration</h2>\n<dl><dt>Private Base URL<dd>{}\n",
	     record_text(proxy, "api_backend"));
	write_rules(visit, proxy);
	HTML(&visit->content,
	     "<dt>Credential Location<dd>{}\n<dt>Secret Token<dd>{}\n</dl>\n"
	     "<p><a href=\"{}\">edit APIcast configuration</a></p>\n",
	     record_text(proxy, "credentials_location"), record_text(proxy, "secret_token"),
	     integration_path(visit, "/edit"));
}

static struct str version_text(struct visit *visit, const struct record *config)
{
	return value_to_text(visit->call->arena, record_get(config, "version"));
}

static void write_history_link(struct visit *visit, const char *environment)
{
	HTML(&visit->content, "<a href=\"{}?environment={}\">Configuration history</a></p>\n",
	     service_path(visit, "/proxy_configs"), str_from(environment));
}

static void write_promote(struct visit *visit, const struct record *staged)
{
	struct str label = STR_CONCAT(visit->call->arena, STR("Promote v. "),
				      version_text(visit, staged), STR(" to Production"));

	form_button(visit, integration_path(visit, "/promote_to_production"), "patch",
		    str_cstr(visit->call->arena, label));
}

static void write_environments(struct visit *visit, const struct record *proxy,
			       const struct record *staged)
{
	const struct record *live = proxy_config_newest(visit->call, proxy, STR("production"));

	HTML(&visit->content, "<h2>Staging Environment</h2>\n<p>{} v. {} ",
	     record_text(proxy, "sandbox_endpoint"), version_text(visit, staged));
	write_history_link(visit, "staging");
	if (live == NULL || record_int(live, "version") != record_int(staged, "version"))
		write_promote(visit, staged);
	strbuf_append(&visit->content, STR("<h2>Production Environment</h2>\n"));
	if (live == NULL) {
		strbuf_append(&visit->content,
			      STR("<p>no configuration has been saved for the production "
				  "environment yet</p>\n"));
		return;
	}
	HTML(&visit->content, "<p>{} v. {} ", record_text(proxy, "endpoint"),
	     version_text(visit, live));
	write_history_link(visit, "production");
}

/* Plug-ins ask backend themselves. */
static void write_plugin(struct visit *visit, const struct record *service)
{
	struct call *call = visit->call;
	struct str id = value_to_text(call->arena, record_get(service, "id"));
	struct str token = database_text(
		call->database,
		STR("SELECT value FROM service_tokens WHERE service_id = ?1 ORDER BY id LIMIT 1"),
		DATABASE_ARGUMENTS(value_int(record_id(service))));

	HTML(&visit->content,
	     "<h2>Code sample</h2>\n<p>Your application asks for each of its calls whether it is "
	     "allowed, and reports it:</p>\n<pre>curl "
	     "\"{}/transactions/authrep.xml?service_token={}&amp;service_id={}&amp;user_key="
	     "USER_KEY&amp;usage%5Bhits%5D=1\"</pre>\n",
	     call->settings->backend_endpoint, token, id);
}

static void show(struct visit *visit)
{
	struct record *service = service_of_path(visit->call);
	struct record *proxy = proxy_of_service(visit->call, record_id(service));
	struct record *staged = proxy_config_newest(visit->call, proxy, STR("sandbox"));

	write_top(visit, service);
	if (str_has_prefix(record_text(service, "deployment_option"), STR("plugin_"))) {
		write_plugin(visit, service);
	} else if (staged == NULL) {
		HTML(&visit->content,
		     "<p><a href=\"{}\">add the base URL of your API and save the "
		     "configuration.</a></p>\n",
		     integration_path(visit, "/edit"));
	} else {
		integration_write_warnings(visit, proxy);
		write_configuration(visit, proxy);
		integration_write_test_line(visit, proxy);
		write_environments(visit, proxy, staged);
	}
	visit_show(visit, 200, "Integration & Configuration");
}

static void promote(struct visit *visit)
{
	struct call *call = visit->call;
	struct record *proxy = proxy_of_service(call, record_id(service_of_path(call)));

	if (proxy_config_promote_newest(call, proxy))
		visit_flash(visit, "success", STR("Staging configuration promoted to production"));
	else
		visit_flash(visit, "error",
			    STR("Couldn't promote Staging configuration to production"));
	visit_redirect(visit, integration_path(visit, ""));
}

#define INTEGRATION "/apiconfig/services/{service}/integration"

static const struct page_route rows[] = {
	{"GET", STR_INIT(INTEGRATION), show, PAGE_ADMIN, "plans"},
	{"PATCH PUT POST", STR_INIT(INTEGRATION "/promote_to_production"), promote, PAGE_ADMIN,
	 "plans"},
};

const struct page_table pages_of_integration = PAGE_TABLE(rows);
