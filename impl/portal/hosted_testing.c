#include "portal/hosted_testing.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/list.h"
#include "base/url.h"
#include "base/xml.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/errand.h"
#include "portal/reply.h"
#include "portal/resources/resources.h"
#include "portal/settings.h"
#include "portal/tables.h"
#include "world/clock.h"
#include "world/http_client.h"

#define STEP_TIMEOUT_MS 10000
/* Connecting, sending and receiving together: a gateway that drips must not hold the page. */
#define WHOLE_TIMEOUT_US INT64_C(30000000)
/* What a page shows of an answer. */
#define BODY_BYTES_MAX ((size_t)64 * 1024)

struct hosted_test {
	struct errand errand;
	struct call *call;
	const struct record *proxy;
	hosted_test_over *over;
	/* The request. */
	bool is_usable; /* the address is one */
	struct http_call_options options;
	struct http_fields fields;
	/* Under way. */
	struct http_call *http_call;
	struct http_body_collector *collector;
	struct timer whole;
	struct hosted_test_result result;
};

/* The request. */

static struct record *first_application(struct call *call, const struct record *service)
{
	return record_first(call->database, &contracts_table,
			    "service_id = ?1 AND type = 'Cinstance' ORDER BY id LIMIT 1",
			    DATABASE_ARGUMENTS(value_int(record_id(service))));
}

/* Dummies are refused by the gateway (PT-202). */
size_t hosted_test_credentials(struct call *call, const struct record *service,
			       const struct record *proxy,
			       struct hosted_test_credential credentials[2])
{
	const struct record *application = first_application(call, service);

	if (str_equal(record_text(service, "backend_version"), STR("1"))) {
		credentials[0] = (struct hosted_test_credential){
			record_text(proxy, "auth_user_key"),
			application != NULL ? record_text(application, "user_key")
					    : STR("USER_KEY"),
		};
		return 1;
	}
	credentials[0] = (struct hosted_test_credential){
		record_text(proxy, "auth_app_id"),
		application != NULL ? record_text(application, "application_id") : STR("APP_ID"),
	};
	credentials[1] = (struct hosted_test_credential){
		record_text(proxy, "auth_app_key"),
		application != NULL ? application_first_key(call, application) : STR("APP_KEY"),
	};
	return 2;
}

static void add_to_query(struct hosted_test *test, const struct hosted_test_credential *credential)
{
	struct arena *arena = test->call->arena;
	bool has_query = str_find_char(test->options.target, '?') != STR_NOT_FOUND;

	test->options.target =
		STR_CONCAT(arena, test->options.target, has_query ? STR("&") : STR("?"),
			   credential->name, STR("="), url_encoded(arena, credential->value));
}

/* "key:" or "id:key". */
static void add_authorization(struct hosted_test *test,
			      const struct hosted_test_credential *credentials, size_t count)
{
	struct arena *arena = test->call->arena;
	struct str pair = STR_CONCAT(arena, credentials[0].value, STR(":"),
				     count > 1 ? credentials[1].value : STR(""));

	http_fields_add(&test->fields, STR("Authorization"),
			STR_CONCAT(arena, STR("Basic "), base64_encode(arena, pair)));
}

static void add_credentials(struct hosted_test *test, const struct record *service)
{
	struct str place = record_text(test->proxy, "credentials_location");
	struct hosted_test_credential credentials[2];
	size_t count = hosted_test_credentials(test->call, service, test->proxy, credentials);

	if (str_equal(place, STR("authorization"))) {
		add_authorization(test, credentials, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (credentials[i].value.size == 0)
			continue;
		if (str_equal(place, STR("headers")))
			http_fields_add(&test->fields, credentials[i].name, credentials[i].value);
		else
			add_to_query(test, &credentials[i]);
	}
}

static void prepare_request(struct hosted_test *test, const struct record *service)
{
	struct url url;

	if (!url_parse(record_text(test->proxy, "sandbox_endpoint"), &url, NULL) ||
	    !url_is_http(&url))
		return;
	test->is_usable = true;
	http_fields_init(&test->fields, test->call->arena);
	http_fields_add(&test->fields, STR("Host"), url.host);
	test->options = (struct http_call_options){
		.method = STR("GET"),
		.is_tls = url_is_tls(&url),
		.host = url.host,
		.port = url.port,
		.target = record_text(test->proxy, "api_test_path"),
		.fields = &test->fields,
		.connect_timeout_ms = STEP_TIMEOUT_MS,
		.send_timeout_ms = STEP_TIMEOUT_MS,
		.idle_timeout_ms = STEP_TIMEOUT_MS,
		.verify_peer = test->call->settings->verifies_sandbox,
	};
	add_credentials(test, service);
}

/* The result. */

static struct str failure_text(const struct hosted_test *test, enum http_failure failure)
{
	static const struct {
		enum http_failure failure;
		const char *text; /* "%h" host, "%p" port */
	} rows[] = {
		{HTTP_FAILURE_NAME_NOT_FOUND, "getaddrinfo: Name or service not known (%h:%p)"},
		{HTTP_FAILURE_NAME_TIMEOUT, "execution expired"},
		{HTTP_FAILURE_CONNECT_TIMEOUT, "execution expired"},
		{HTTP_FAILURE_TIMEOUT, "execution expired"},
		{HTTP_FAILURE_CONNECT_REFUSED,
		 "Connection refused - connect(2) for \"%h\" port %p (%h:%p)"},
		{HTTP_FAILURE_UNREACHABLE,
		 "No route to host - connect(2) for \"%h\" port %p (%h:%p)"},
		{HTTP_FAILURE_TLS, "SSL_connect returned=1 errno=0 state=error: certificate verify "
				   "failed"},
		{HTTP_FAILURE_TLS_UNTRUSTED, "SSL_connect returned=1 errno=0 state=error: "
					     "certificate verify failed"},
		{HTTP_FAILURE_TLS_EXPIRED, "SSL_connect returned=1 errno=0 state=error: "
					   "certificate verify failed"},
		{HTTP_FAILURE_TLS_NAME, "SSL_connect returned=1 errno=0 state=error: certificate "
					"verify failed"},
		{HTTP_FAILURE_RESET, "Connection reset by peer (%h:%p)"},
		{HTTP_FAILURE_CLOSED, "end of file reached (%h:%p)"},
	};
	struct arena *arena = test->call->arena;
	struct str port = str_format(arena, "%u", (unsigned)test->options.port), rest, before;
	struct str text = STR("");

	rest = STR_CONCAT(arena, http_failure_text(failure), STR(" (%h:%p)"));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].failure == failure)
			rest = str_from(rows[i].text);
	}
	while (str_split_once(rest, '%', &before, &rest)) {
		text = STR_CONCAT(arena, text, before,
				  str_has_prefix(rest, STR("h")) ? test->options.host : port);
		rest = str_skip(rest, 1);
	}
	return STR_CONCAT(arena, text, before);
}

static struct str escaped(struct arena *arena, struct str text)
{
	struct strbuf out;
	struct str copy;

	strbuf_init(&out, BODY_BYTES_MAX * 8);
	xml_escape(&out, text);
	copy = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return copy;
}

static void test_end(struct hosted_test *test)
{
	struct call *call = test->call;

	timer_stop(&test->whole);
	http_call_release(test->http_call);
	test->http_call = NULL;
	database_begin(call->database, call->arena, true);
	hosted_test_remember(call, test->proxy, value_bool(test->result.is_successful));
	test->over(call, &test->result);
	if (!database_commit(call->database, NULL))
		reply_status(call, 500, STR("Internal server error"));
	test->errand.done(test->errand.data);
}

static void test_failed(struct hosted_test *test, struct str why)
{
	struct arena *arena = test->call->arena;

	test->result.message =
		STR_CONCAT(arena, STR("<b>Test request failed</b>: "), escaped(arena, why));
	test_end(test);
}

static void test_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct hosted_test *test = data;
	struct arena *arena = test->call->arena;

	test->collector = NULL;
	test->result.status = test->http_call->response.status;
	if (result == HTTP_COLLECT_FAILED) {
		test_failed(test, failure_text(test, test->http_call->failure));
		return;
	}
	test->result.is_successful = test->result.status >= 200 && test->result.status < 300;
	if (!test->result.is_successful)
		test->result.message = STR_CONCAT(
			arena,
			str_format(arena, "<b>Test request failed with HTTP code %d</b>: ",
				   test->result.status),
			result == HTTP_COLLECTED ? escaped(arena, bytes) : STR(""));
	test_end(test);
}

static void test_answered(struct http_call *http_call, void *data)
{
	struct hosted_test *test = data;
	struct http_body_collector *collector =
		http_body_collect(http_call_take_body(http_call), BODY_BYTES_MAX, test->call->arena,
				  test_collected, test);

	/* NULL: known already, and the arena may be gone. */
	if (collector != NULL)
		test->collector = collector;
}

static void test_not_answered(struct http_call *http_call, void *data)
{
	struct hosted_test *test = data;

	test_failed(test, failure_text(test, http_call->failure));
}

static void test_cancel(struct hosted_test *test)
{
	timer_stop(&test->whole);
	http_body_collector_stop(test->collector);
	http_call_release(test->http_call);
	test->collector = NULL;
	test->http_call = NULL;
}

static void test_took_too_long(struct timer *timer)
{
	struct hosted_test *test = LIST_ENTRY(timer, struct hosted_test, whole);

	test_cancel(test);
	test_failed(test, STR("execution expired"));
}

/* The errand. */

static void test_begin(struct errand *errand, struct call *call)
{
	struct hosted_test *test = LIST_ENTRY(errand, struct hosted_test, errand);
	struct world *world = database_world(call->database);

	if (!test->is_usable) {
		test_failed(test, STR("Invalid URL"));
		return;
	}
	timer_start(world, &test->whole, WHOLE_TIMEOUT_US, test_took_too_long);
	test->http_call =
		http_call_start(world, &test->options, test_answered, test_not_answered, test);
}

static void test_stop(struct errand *errand)
{
	test_cancel(LIST_ENTRY(errand, struct hosted_test, errand));
}

struct errand *hosted_test_errand(struct call *call, const struct record *service,
				  const struct record *proxy, hosted_test_over *over)
{
	struct hosted_test *test = ARENA_NEW(call->arena, struct hosted_test);

	test->errand.begin = test_begin;
	test->errand.stop = test_stop;
	test->call = call;
	test->proxy = proxy;
	test->over = over;
	prepare_request(test, service);
	return &test->errand;
}

void hosted_test_remember(struct call *call, const struct record *proxy, struct value success)
{
	database_run(call->database, STR("UPDATE proxies SET api_test_success = ?2 WHERE id = ?1"),
		     DATABASE_ARGUMENTS(value_int(record_id(proxy)), success));
}
