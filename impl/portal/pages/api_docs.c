/* 3scale API Docs: the APIs of 3scale itself, and what backend answers a gateway that is refused
 * (spec/portal.md 7.8, spec/backend.md 4.7). */
#include "portal/pages/html.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/settings.h"

struct api {
	const char *name, *paths, *credential;
};

static const struct api apis[] = {
	{"Service Management API",
	 "/transactions/authorize.xml, /transactions/authrep.xml, "
	 "/transactions.xml at the backend",
	 "service token and service id, or provider key"},
	{"Account Management API", "/admin/api/...", "access token, scope Account Management API"},
	{"Analytics API", "/stats/services/..., /stats/applications/...",
	 "access token, scope Analytics API"},
	{"Billing API", "/api/invoices..., /api/accounts/{id}/invoices...",
	 "access token, scope Billing API"},
	{"CMS API", "/admin/api/cms/...",
	 "access token, scope Developer Portal API or Account Management API"},
	{"Policy Registry API", "/admin/api/registry/policies...",
	 "access token, scope Policy Registry API"},
};

struct operation {
	const char *request, *does;
};

static const struct operation operations[] = {
	{"GET /transactions/authorize.xml", "asks whether a call of the application is allowed"},
	{"GET /transactions/oauth_authorize.xml",
	 "the same for services with OAuth or OpenID Connect"},
	{"GET /transactions/authrep.xml", "asks, and reports the usage when it is allowed"},
	{"GET /transactions/oauth_authrep.xml",
	 "the same for services with OAuth or OpenID Connect"},
	{"POST /transactions.xml", "reports usage of many calls, without waiting for it"},
};

struct error_code {
	const char *code, *status, *message, *when;
};

static const struct error_code denials[] = {
	{"application_key_invalid", "409", "application key \"KEY\" is invalid",
	 "the application has other keys, or none was sent"},
	{"application_not_active", "409", "application is not active",
	 "it is suspended or waits for approval"},
	{"limits_exceeded", "409", "usage limits are exceeded",
	 "one limit of the plan at least is used up"},
	{"oauth_not_enabled", "409", "oauth is not enabled",
	 "an OAuth call of a service in another mode"},
	{"redirect_uri_invalid", "409", "redirect_uri \"URI\" is invalid",
	 "the application has another one"},
	{"redirect_url_invalid", "409", "redirect_url \"URL\" is invalid",
	 "the application has another one"},
	{"referrer_not_allowed", "409", "referrer \"REFERRER\" is not allowed",
	 "no filter of the application lets it pass"},
	{"service_not_active", "409", "service is not active", "the service is suspended"},
};

static const struct error_code errors[] = {
	{"access_token_invalid", "404", "token \"TOKEN\" is invalid: expired or never defined",
	 "an OAuth token that backend does not know"},
	{"application_not_found", "404", "application with id=\"ID\" was not found",
	 "the service has no such application, or none was named"},
	{"authentication_error", "403", "either app_id or user_key is allowed, not both",
	 "both were sent"},
	{"bad_request", "400",
	 "request contains syntax errors, should not be repeated without modification",
	 "the request cannot be read"},
	{"content_type_invalid", "400", "invalid Content-Type: TYPE",
	 "a body that is no form was posted"},
	{"metric_invalid", "404", "metric \"METRIC\" is invalid",
	 "the service has no metric of that system name"},
	{"not_valid_data", "400", "all data must be valid UTF8", "a parameter is not UTF-8"},
	{"provider_key_invalid", "403", "provider key \"KEY\" is invalid",
	 "no tenant has that key, or not for this service"},
	{"provider_key_invalid_or_service_missing", "403",
	 "provider key \"KEY\" invalid and/or service ID missing",
	 "no service was named, and the key has no default one"},
	{"provider_key_or_service_token_required", "403",
	 "Provider key or service token are required", "neither was sent"},
	{"required_params_missing", "422", "missing required parameters",
	 "something that must be sent was not"},
	{"service_id_invalid", "403", "service id \"ID\" is invalid",
	 "the provider key's tenant has no such service"},
	{"service_id_missing", "422", "Service ID is missing",
	 "a service token was sent without it"},
	{"service_token_invalid", "403", "service token \"TOKEN\" or service id \"ID\" is invalid",
	 "the token is not one of that service"},
	{"transactions_format_invalid", "400", "transactions format is invalid",
	 "reported transactions are no list"},
	{"transactions_has_nil_transaction", "400", "transactions has a nil transaction",
	 "one of them is empty"},
	{"transactions_is_blank", "400", "transactions parameter is blank", "nothing was reported"},
	{"usage_value_invalid", "403", "usage value \"VALUE\" for metric \"METRIC\" is invalid",
	 "a usage that is no whole number"},
	{"user_key_invalid", "403", "user key \"KEY\" is invalid",
	 "no application of the service has it"},
	{"user_not_defined", "403", "application with id=\"ID\" requires a user (user_id)",
	 "the plan counts end users, and none was named"},
};

/* Only the worker finds these, after the report was accepted: see Integration Errors. */
static const struct error_code late_errors[] = {
	{"service_cannot_use_user_id", "none",
	 "service with service_id=\"ID\" does not have access to end user plans, user_id is not "
	 "allowed",
	 "a user was named at a service without end users"},
	{"transaction_timestamp_too_new", "none",
	 "reporting transactions more than 3600 seconds in the future is not allowed",
	 "its time is more than an hour ahead"},
	{"transaction_timestamp_too_old", "none",
	 "reporting transactions older than 86400 seconds is not allowed",
	 "its time is more than a day ago"},
};

static void write_apis(struct visit *visit)
{
	strbuf_append(&visit->content, STR("<table><tr><th>API<th>Paths<th>Credential</tr>\n"));
	for (size_t i = 0; i < sizeof apis / sizeof *apis; i++)
		HTML(&visit->content, "<tr><td>{}<td>{}<td>{}</tr>\n", str_from(apis[i].name),
		     str_from(apis[i].paths), str_from(apis[i].credential));
	strbuf_append(&visit->content, STR("</table>\n"));
}

static void write_operations(struct visit *visit)
{
	HTML(&visit->content,
	     "<h2>Service Management API</h2>\n<p>At <code>{}</code>.</p>\n<table>",
	     visit->call->settings->backend_endpoint);
	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
		HTML(&visit->content, "<tr><td><code>{}</code><td>{}</tr>\n",
		     str_from(operations[i].request), str_from(operations[i].does));
	strbuf_append(&visit->content, STR("</table>\n"));
}

static void write_codes(struct visit *visit, const char *title, const struct error_code *codes,
			size_t count)
{
	HTML(&visit->content,
	     "<h3>{}</h3>\n<table><tr><th>Code<th>Status<th>Message<th>When</tr>\n",
	     str_from(title));
	for (size_t i = 0; i < count; i++)
		HTML(&visit->content, "<tr id=\"{}\"><td><code>{}</code><td>{}<td>{}<td>{}</tr>\n",
		     str_from(codes[i].code), str_from(codes[i].code), str_from(codes[i].status),
		     str_from(codes[i].message), str_from(codes[i].when));
	strbuf_append(&visit->content, STR("</table>\n"));
}

static void show(struct visit *visit)
{
	write_apis(visit);
	write_operations(visit);
	write_codes(visit, "Not authorized: the reason in the answer", denials,
		    sizeof denials / sizeof *denials);
	write_codes(visit, "Errors", errors, sizeof errors / sizeof *errors);
	write_codes(visit, "Errors of reports, found later", late_errors,
		    sizeof late_errors / sizeof *late_errors);
	visit_show(visit, 200, "3scale API Docs");
}

static const struct page_route rows[] = {
	{"GET", STR_INIT("/p/admin/api_docs"), show, PAGE_ADMIN | PAGE_MASTER, NULL},
};

const struct page_table pages_of_api_docs = PAGE_TABLE(rows);
