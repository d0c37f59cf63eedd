#include "sim/net/tls.h"

#include "sim/stage_test.h"
#include "world/files.h"
#include "world/http_server.h"

static struct stage stage;
static struct stage_call call;
static struct world *site;
static struct http_listener *listener;

static void set_up(void)
{
	stage_open(&stage);
	site = sim_host_world(stage.api_host, STR("site"));
	listener = NULL;
}

static void tear_down(void)
{
	http_listener_close(site, listener);
	stage_close(&stage);
}

static void site_requested(struct http_exchange *exchange, void *data)
{
	struct http_response response;

	(void)data;
	http_response_init(&response, exchange->arena, exchange->is_tls ? 200 : 400);
	http_exchange_respond_str(exchange, &response, STR("secret"));
}

static void listen_with(const char *names, const char *kind)
{
	struct http_listen_options options = {
		.port = STAGE_ECHO_PORT,
		.certificate = sim_tls_certificate(stage.arena, str_from(names), str_from(kind)),
	};

	listener = http_listen(site, &options, site_requested, NULL, NULL);
	ck_assert(listener != NULL);
}

static struct http_call_options tls_get(void)
{
	struct http_call_options options = stage_get("/");

	options.is_tls = true;
	options.verify_peer = true;
	return options;
}

START_TEST(a_certificate_decides_how_the_handshake_ends)
{
	static const struct {
		const char *names, *kind;
		enum http_failure failure;
	} rows[] = {
		{"api", "ok", HTTP_FAILURE_NONE},
		{"other, API", "ok", HTTP_FAILURE_NONE},
		{"other", "ok", HTTP_FAILURE_TLS_NAME},
		{"*.api", "ok", HTTP_FAILURE_TLS_NAME},
		{"api", "expired", HTTP_FAILURE_TLS_EXPIRED},
		{"api", "not-yet", HTTP_FAILURE_TLS_EXPIRED},
		{"api", "unknown-ca", HTTP_FAILURE_TLS_UNTRUSTED},
		{"api", "self-signed", HTTP_FAILURE_TLS_UNTRUSTED},
	};
	struct http_call_options options = tls_get();

	listen_with(rows[_i].names, rows[_i].kind);
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.failure, rows[_i].failure);
	ck_assert_int_eq(call.status, rows[_i].failure == HTTP_FAILURE_NONE ? 200 : 0);
	options.verify_peer = false;
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert(!call.was_reused);
}
END_TEST

START_TEST(a_star_stands_for_one_label)
{
	static const struct {
		const char *name;
		enum http_failure failure;
	} rows[] = {
		{"a.example.com", HTTP_FAILURE_NONE},
		{"A.Example.com", HTTP_FAILURE_NONE},
		{"a.b.example.com", HTTP_FAILURE_TLS_NAME},
		{"example.com", HTTP_FAILURE_TLS_NAME},
	};
	struct tls_certificate certificate = {STR("ok"), STR("*.example.com")};

	ck_assert_int_eq(tls_outcome(&certificate, str_from(rows[_i].name), STR(""), 0),
			 rows[_i].failure);
}
END_TEST

START_TEST(an_authority_file_makes_others_trusted)
{
	struct http_call_options options = tls_get();
	struct str self = sim_tls_certificate(stage.arena, STR("api"), STR("self-signed"));

	ck_assert(sim_host_write_file(stage.client_host, STR("/etc/ca.pem"), SIM_TLS_AUTHORITY));
	ck_assert(sim_host_write_file(stage.client_host, STR("/etc/self.pem"), self));
	listen_with("api", _i == 0 ? "unknown-ca" : "self-signed");
	options.ca_file = STR("/etc/ca.pem");
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, _i == 0 ? 200 : 0);
	options.ca_file = STR("/etc/self.pem");
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, _i == 0 ? 0 : 200);
	options.ca_file = STR("/etc/missing.pem");
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_TLS_UNTRUSTED);
}
END_TEST

START_TEST(a_connection_is_used_again_after_one_handshake)
{
	struct http_call_options options = tls_get();

	listen_with("api", "ok");
	stage_call(&stage, &call, &options);
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.status, 200);
	ck_assert(call.was_reused);
}
END_TEST

START_TEST(tls_to_a_plain_server_fails)
{
	struct http_call_options options = tls_get();

	stage_start_echo(&stage);
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_TLS);
}
END_TEST

START_TEST(plain_http_to_a_tls_server_fails)
{
	struct http_call_options options = stage_get("/");

	listen_with("api", "ok");
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_CLOSED);
}
END_TEST

START_TEST(a_handshake_that_is_cut_off_fails)
{
	struct http_call_options options = tls_get();
	struct stage_server server;

	stage_server_open(&stage, &server, "\x16 certificate o");
	server.wanted = "\n";
	server.ends = _i == 0;
	server.resets = _i == 1;
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_TLS);
	stage_server_close(&server);
}
END_TEST

START_TEST(a_server_that_does_not_shake_hands_is_given_up)
{
	struct http_call_options options = tls_get();
	struct stage_server server;

	stage_server_open(&stage, &server, "");
	options.connect_timeout_ms = 1000;
	stage_call(&stage, &call, &options);
	ck_assert_int_eq(call.failure, HTTP_FAILURE_CONNECT_TIMEOUT);
	stage_server_close(&server);
}
END_TEST

START_TEST(handshakes_may_come_in_pieces)
{
	struct strbuf out;
	struct tls_certificate certificate = {STR("ok"), STR("a,b")}, read;
	struct tls_hello hello;
	size_t used;

	strbuf_init(&out, 1024);
	tls_write_hello(&out, STR("a"), STR("shown"));
	for (size_t size = 1; size < out.size; size++)
		ck_assert_int_eq(
			tls_read_hello(str_slice(strbuf_str(&out), 0, size), &hello, &used),
			TLS_INCOMPLETE);
	ck_assert_int_eq(tls_read_hello(strbuf_str(&out), &hello, &used), TLS_DONE);
	ck_assert_uint_eq(used, out.size);
	strbuf_clear(&out);
	tls_write_certificate(&out, &certificate);
	ck_assert_int_eq(tls_read_certificate(strbuf_str(&out), &read, &used), TLS_DONE);
	ck_assert(str_equal(read.kind, STR("ok")) && str_equal(read.names, STR("a,b")));
	ck_assert_int_eq(tls_read_certificate(STR("HTTP/1.1 400"), &read, &used), TLS_BROKEN);
	strbuf_clear(&out);
	while (out.size < 600)
		strbuf_append(&out, STR("\x16 hello \x16"));
	ck_assert_int_eq(tls_read_hello(strbuf_str(&out), &hello, &used), TLS_INCOMPLETE);
	strbuf_free(&out);
}
END_TEST

Suite *sim_net_tls_suite(void);
Suite *sim_net_tls_suite(void)
{
	Suite *suite = suite_create("sim_net_tls");
	TCase *tests = tcase_create("tls");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_certificate_decides_how_the_handshake_ends, 0, 8);
	tcase_add_loop_test(tests, a_star_stands_for_one_label, 0, 4);
	tcase_add_loop_test(tests, an_authority_file_makes_others_trusted, 0, 2);
	tcase_add_test(tests, a_connection_is_used_again_after_one_handshake);
	tcase_add_test(tests, tls_to_a_plain_server_fails);
	tcase_add_test(tests, plain_http_to_a_tls_server_fails);
	tcase_add_loop_test(tests, a_handshake_that_is_cut_off_fails, 0, 2);
	tcase_add_test(tests, a_server_that_does_not_shake_hands_is_given_up);
	tcase_add_test(tests, handshakes_may_come_in_pieces);
	suite_add_tcase(suite, tests);
	return suite;
}
