/* The proxy of ActiveDocs (spec/portal.md 7.9, PT-210, PT-211): a page with a document may call
 * only the server it came from, so the portal makes the call and hands back what the API answers.
 *
 * It calls none but the hosts that stored documents of the tenant name, and none in a private
 * network unless ACTIVE_DOCS_PROXY_PRIVATE allows that. Names are resolved here, and the address
 * that was judged is the one that is called. The visitor's cookies are the portal's and stay here;
 * so do the cookies of the API.
 */
#include "base/arena.h"
#include "base/ip_address.h"
#include "base/list.h"
#include "base/url.h"
#include "portal/database.h"
#include "portal/errand.h"
#include "portal/pages/tables.h"
#include "portal/pages/visit.h"
#include "portal/reply.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "world/clock.h"
#include "world/dns.h"
#include "world/http_client.h"

#define STEP_TIMEOUT_MS 10000
/* Finding the address, connecting, sending and receiving together. */
#define WHOLE_TIMEOUT_US INT64_C(30000000)
#define ANSWER_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define VIA STR("1.1 active-docs")

struct proxied {
	struct errand errand;
	struct call *call;
	struct http_call_options options;
	struct http_fields fields;
	struct str body;
	/* Under way. */
	struct dns_query *query;
	struct http_call *http_call;
	struct http_body_collector *collector;
	struct timer whole;
};

/* The end. */

static void proxied_cancel(struct proxied *proxied)
{
	timer_stop(&proxied->whole);
	if (proxied->query != NULL)
		dns_cancel(database_world(proxied->call->database), proxied->query);
	http_body_collector_stop(proxied->collector);
	http_call_release(proxied->http_call);
	proxied->query = NULL;
	proxied->collector = NULL;
	proxied->http_call = NULL;
}

static void proxied_end(struct proxied *proxied)
{
	proxied_cancel(proxied);
	proxied->errand.done(proxied->errand.data);
}

static void proxied_fail(struct proxied *proxied, int status, struct str why)
{
	portal_reply_text(proxied->call, status, why);
	proxied_end(proxied);
}

/* The answer. */

/* What another server says may not act in the portal's name in the browser. */
static bool answer_field_passes(struct str name)
{
	static const struct str kept_back[] = {
		STR_INIT("Set-Cookie"),
		STR_INIT("Content-Length"),
		STR_INIT("Content-Type"),
		STR_INIT("Strict-Transport-Security"),
		STR_INIT("Clear-Site-Data"),
		STR_INIT("Content-Security-Policy"),
		STR_INIT("X-Content-Type-Options"),
		STR_INIT("Service-Worker-Allowed"),
	};

	for (size_t i = 0; i < sizeof kept_back / sizeof *kept_back; i++) {
		if (str_equal_nocase(kept_back[i], name))
			return false;
	}
	return true;
}

static void take_answer(struct proxied *proxied, struct str bytes)
{
	struct call *call = proxied->call;
	struct http_response *response = &proxied->http_call->response;
	struct http_fields fields;

	http_fields_init(&fields, call->arena);
	http_fields_copy(&fields, call->arena, &response->fields);
	http_fields_remove_hop_by_hop(&fields);
	for (size_t i = 0; i < fields.count; i++) {
		if (answer_field_passes(fields.items[i].name))
			http_fields_add(&call->fields, fields.items[i].name, fields.items[i].value);
	}
	http_fields_add(&call->fields, STR("Via"), VIA);
	http_fields_add(&call->fields, STR("Content-Security-Policy"), STR("sandbox"));
	http_fields_add(&call->fields, STR("X-Content-Type-Options"), STR("nosniff"));
	call->answer.status = response->status;
	call->answer.content_type = http_fields_get(&fields, STR("Content-Type"));
	call->answer.body = bytes;
	call->answer.is_passed_on = true;
}

static void proxied_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct proxied *proxied = data;

	proxied->collector = NULL;
	switch (result) {
	case HTTP_COLLECTED:
		take_answer(proxied, bytes);
		proxied_end(proxied);
		break;
	case HTTP_COLLECT_TOO_LARGE:
		proxied_fail(proxied, 502, STR("The answer of the API is too long"));
		break;
	case HTTP_COLLECT_FAILED:
		proxied_fail(proxied, 502, http_failure_text(proxied->http_call->failure));
		break;
	}
}

static void proxied_answered(struct http_call *http_call, void *data)
{
	struct proxied *proxied = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(http_call), ANSWER_BYTES_MAX,
				  proxied->call->arena, proxied_collected, proxied);

	/* NULL: known already, and the arena may be gone. */
	if (collector != NULL)
		proxied->collector = collector;
}

static void proxied_not_answered(struct http_call *http_call, void *data)
{
	proxied_fail(data, 502, http_failure_text(http_call->failure));
}

/* The call. */

static bool address_is_allowed(const struct proxied *proxied, struct str text)
{
	struct ip_address address;

	return proxied->call->settings->docs_proxy_is_private ||
	       (ip_address_parse(text, &address) && !ip_address_is_private(&address));
}

static void proxied_resolved(enum dns_status status, const struct dns_record *records, size_t count,
			     void *data)
{
	struct proxied *proxied = data;

	proxied->query = NULL;
	if (status != DNS_OK || count == 0) {
		proxied_fail(proxied, 502, http_failure_text(HTTP_FAILURE_NAME_NOT_FOUND));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (!address_is_allowed(proxied, records[i].address)) {
			proxied_fail(proxied, 403, STR("The API is in a private network"));
			return;
		}
	}
	proxied->options.connect_address = str_copy(proxied->call->arena, records[0].address);
	if (proxied->body.size > 0)
		proxied->options.body = http_body_from_str(proxied->body);
	proxied->http_call =
		http_call_start(database_world(proxied->call->database), &proxied->options,
				proxied_answered, proxied_not_answered, proxied);
}

static void proxied_took_too_long(struct timer *timer)
{
	proxied_fail(LIST_ENTRY(timer, struct proxied, whole), 504,
		     STR("The API took too long to answer"));
}

static void proxied_begin(struct errand *errand, struct call *call)
{
	struct proxied *proxied = LIST_ENTRY(errand, struct proxied, errand);
	struct world *world = database_world(call->database);
	const struct dns_question question = {.name = proxied->options.host};

	timer_start(world, &proxied->whole, WHOLE_TIMEOUT_US, proxied_took_too_long);
	proxied->query = dns_resolve(world, &question, proxied_resolved, proxied);
}

static void proxied_stop(struct errand *errand)
{
	proxied_cancel(LIST_ENTRY(errand, struct proxied, errand));
}

/* The request. */

/* The portal's own, and what would tell the API where its document is shown. */
static bool request_field_passes(struct str name)
{
	static const struct str kept_back[] = {
		STR_INIT("Host"),
		STR_INIT("Cookie"),
		STR_INIT("Content-Length"),
		STR_INIT("Expect"),
		STR_INIT("Origin"),
		STR_INIT("Referer"),
		STR_INIT("Forwarded"),
		STR_INIT("X-Zync-Token"),
		STR_INIT("X-CSRF-Token"),
		STR_INIT("X-Forwarded-For"),
		STR_INIT("X-Requested-With"),
	};

	for (size_t i = 0; i < sizeof kept_back / sizeof *kept_back; i++) {
		if (str_equal_nocase(kept_back[i], name))
			return false;
	}
	name = str_slice(name, 0, sizeof "X-Forwarded-" - 1);
	return !str_equal_nocase(name, STR("X-Forwarded-")) &&
	       !str_equal_nocase(str_slice(name, 0, 10), STR("X-Apidocs-"));
}

static struct str forwarded_for(const struct visit *visit)
{
	struct str before = http_fields_get(&visit->request->fields, STR("X-Forwarded-For"));

	return before.size == 0 ? visit->call->remote_address
				: STR_CONCAT(visit->call->arena, before, STR(", "),
					     visit->call->remote_address);
}

static void fill_fields(struct proxied *proxied, const struct visit *visit, const struct url *url)
{
	struct arena *arena = visit->call->arena;
	struct http_fields given;

	http_fields_init(&given, arena);
	http_fields_copy(&given, arena, &visit->request->fields);
	http_fields_remove_hop_by_hop(&given);
	http_fields_init(&proxied->fields, arena);
	http_fields_add(&proxied->fields, STR("Host"), url_authority(arena, url));
	for (size_t i = 0; i < given.count; i++) {
		if (request_field_passes(given.items[i].name))
			http_fields_add(&proxied->fields, given.items[i].name,
					given.items[i].value);
	}
	http_fields_add(&proxied->fields, STR("X-Forwarded-For"), forwarded_for(visit));
	http_fields_add(&proxied->fields, STR("Via"), VIA);
}

static struct str wanted(const struct visit *visit, struct str name)
{
	return http_fields_get(&visit->request->fields, name);
}

static bool is_same_host(const struct url *a, const struct url *b)
{
	return str_equal_nocase(a->scheme, b->scheme) && str_equal_nocase(a->host, b->host) &&
	       a->port == b->port;
}

/* A document's: the rest of the portal's network is nobody's business. */
static bool host_is_known(struct call *call, const struct url *url)
{
	struct record_list docs =
		record_all(call->database, &api_docs_services_table, "account_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));

	for (size_t i = 0; i < docs.count; i++) {
		struct url base;

		if (url_parse(record_text(docs.items[i], "base_path"), &base, NULL) &&
		    url_is_http(&base) && is_same_host(&base, url))
			return true;
	}
	return false;
}

static bool method_is_known(struct str method)
{
	struct str rest = STR("GET HEAD POST PUT PATCH DELETE OPTIONS"), known;

	while (str_next_field(&rest, ' ', &known)) {
		if (str_equal(known, method))
			return true;
	}
	return false;
}

/* Path and query as they were given; what would end the request's line is refused. */
static bool target_of(const struct visit *visit, struct str *target)
{
	struct arena *arena = visit->call->arena;
	struct str path = wanted(visit, STR("X-Apidocs-Path"));
	struct str query = wanted(visit, STR("X-Apidocs-Query"));

	*target = STR_CONCAT(arena, str_has_prefix(path, STR("/")) ? STR("") : STR("/"), path,
			     query.size > 0 ? STR("?") : STR(""), query);
	for (size_t i = 0; i < target->size; i++) {
		unsigned char c = (unsigned char)target->data[i];

		if (c <= ' ' || c == 0x7f || c == '#')
			return false;
	}
	return true;
}

static void proxy(struct visit *visit)
{
	struct call *call = visit->call;
	struct proxied *proxied = ARENA_NEW(call->arena, struct proxied);
	struct str method = wanted(visit, STR("X-Apidocs-Method")), target;
	struct url url;

	if (!settings_has_flag(call->settings, FLAG_ACTIVE_DOCS_PROXY)) {
		visit_not_found(visit);
		return;
	}
	method = method.size > 0 ? method : call->method;
	if (!url_parse(wanted(visit, STR("X-Apidocs-Url")), &url, NULL) || !url_is_http(&url) ||
	    !method_is_known(method) || !target_of(visit, &target)) {
		portal_reply_text(call, 400, STR("Bad request"));
		return;
	}
	if (!host_is_known(call, &url)) {
		portal_reply_text(call, 403, STR("No document names that host"));
		return;
	}
	proxied->errand.begin = proxied_begin;
	proxied->errand.stop = proxied_stop;
	proxied->call = call;
	proxied->body = visit->body;
	fill_fields(proxied, visit, &url);
	proxied->options = (struct http_call_options){
		.method = method,
		.is_tls = url_is_tls(&url),
		.host = url.host,
		.port = url.port,
		.target = target,
		.fields = &proxied->fields,
		.connect_timeout_ms = STEP_TIMEOUT_MS,
		.send_timeout_ms = STEP_TIMEOUT_MS,
		.idle_timeout_ms = STEP_TIMEOUT_MS,
		.verify_peer = true,
	};
	call->errand = &proxied->errand;
}

static const struct page_route rows[] = {
	{"GET POST PUT PATCH DELETE OPTIONS", STR_INIT("/api_docs/proxy"), proxy,
	 PAGE_ADMIN | PAGE_DEVELOPER | PAGE_OPEN | PAGE_ANY_FORM | PAGE_ANY_BODY, NULL},
};

const struct page_table pages_of_active_docs_proxy = PAGE_TABLE(rows);
