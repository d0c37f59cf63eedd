/* What a handshake tells the server, tunnels through proxies, and heads that are refused, in either
 * world. */
#include <stdio.h>
#include <string.h>

#include "world/files.h"
#include "world/parity/http_stage.h"

static struct http_tls_peer seen;
static unsigned certificates_seen;

static void respond_seen(struct stage_server *server, struct http_exchange *exchange)
{
	struct http_tls_peer peer = http_exchange_tls_peer(exchange);

	certificates_seen = exchange->client_certificates;
	seen.server_name = str_copy(server->p->arena, peer.server_name);
	seen.certificate = str_copy(server->p->arena, peer.certificate);
	stage_respond(exchange, 200, NULL, STR("ok"));
}

static const struct str client_certificate =
	STR_INIT("-----BEGIN CERTIFICATE-----\n"
		 "MIIBczCCARmgAwIBAgIBBTAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFleGFtcGxl\n"
		 "IGF1dGhvcml0eTAgFw0wMDAxMDEwMDAwMDBaGA8yMDk5MTIzMTAwMDAwMFowGTEX\n"
		 "MBUGA1UEAwwOZXhhbXBsZSBjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
		 "AARU0oFC63xR2foSNKUhjKzzk+FHKNhbjoqPNVsMUTzei2Y56jsbAEmqQ02AbrVm\n"
		 "KFYuvM5yyu07GPqQvU+9wrRCo00wSzAJBgNVHRMEAjAAMB0GA1UdDgQWBBRgpCJr\n"
		 "R27B1fsZkYI7+V0oxjgAATAfBgNVHSMEGDAWgBRo5qJkcyJYQI37liQa5uGp8BS8\n"
		 "FTAKBggqhkjOPQQDAgNIADBFAiAgcDHKVQKEyC7hQKrrOKpN5ku9r6lJXL7xQYHc\n"
		 "tYAG0gIhAKaAADCG8gkuIL20ImI2ubjXD8tf6OaWvyMxRbgXBlIU\n"
		 "-----END CERTIFICATE-----\n");
static const struct str client_key =
	STR_INIT("-----BEGIN PRIVATE KEY-----\n"
		 "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8yxQHq/tJe78EDjT\n"
		 "NTKKN5wtaAF+KTSpVtXV3NLCieihRANCAARU0oFC63xR2foSNKUhjKzzk+FHKNhb\n"
		 "joqPNVsMUTzei2Y56jsbAEmqQ02AbrVmKFYuvM5yyu07GPqQvU+9wrRC\n"
		 "-----END PRIVATE KEY-----\n");

static struct str write_scratch(struct parity *p, const char *name, struct str content)
{
	struct str path = parity_path(p, str_from(name));

	ck_assert(files_write(p->world, path, content, NULL));
	return path;
}

static void show_certificate(struct parity *p, struct http_call_options *options)
{
	options->certificate_file = write_scratch(p, "client.pem", client_certificate);
	options->key_file = write_scratch(p, "client.key", client_key);
}

static void listen_asking(struct parity *p, struct stage_server *server, bool asks,
			  struct http_call_options *options)
{
	struct http_listen_options listen = {.is_tls = true, .asks_client_certificate = asks};

	stage_listen(p, server, respond_seen, &listen);
	*options = stage_options(server, STR("/"));
	options->is_tls = true;
	options->host = STR("localhost");
}

static void get_once(struct parity *p, const struct http_call_options *options)
{
	struct stage_call call;

	stage_get(p, &call, options, 200);
	stage_release(&call);
}

PARITY_TEST(a_server_without_a_certificate_makes_one_that_nobody_trusts)
{
	struct stage_server server = {0};
	struct http_call_options options;

	listen_asking(p, &server, false, &options);
	get_once(p, &options);
	ck_assert_str(seen.server_name, STR("localhost"));
	options.verify_peer = true;
	stage_fails(p, &options, HTTP_FAILURE_TLS_UNTRUSTED);
	stage_close(&server);
}

PARITY_TEST(a_client_shows_its_certificate_when_it_is_asked)
{
	struct stage_server server = {0};
	struct http_call_options options;

	listen_asking(p, &server, true, &options);
	get_once(p, &options);
	ck_assert_uint_eq(certificates_seen, 0);
	ck_assert_str(seen.certificate, STR(""));
	show_certificate(p, &options);
	for (int i = 0; i < 2; i++) {
		get_once(p, &options);
		ck_assert_uint_eq(certificates_seen, 1);
		ck_assert_str(seen.certificate, client_certificate);
	}
	stage_close(&server);
}

PARITY_TEST(a_client_that_is_not_asked_shows_nothing)
{
	struct stage_server server = {0};
	struct http_call_options options;

	listen_asking(p, &server, false, &options);
	show_certificate(p, &options);
	get_once(p, &options);
	ck_assert_uint_eq(certificates_seen, 0);
	ck_assert_str(seen.certificate, STR(""));
	stage_close(&server);
}

PARITY_TEST(a_certificate_that_is_not_there_cannot_be_shown)
{
	struct stage_server server = {0};
	struct http_call_options options;

	listen_asking(p, &server, true, &options);
	options.certificate_file = STR("no/such/file.pem");
	options.key_file = options.certificate_file;
	stage_fails(p, &options, HTTP_FAILURE_TLS);
	stage_close(&server);
}

PARITY_TEST(plain_connections_have_no_names)
{
	struct stage_server server = {0};

	stage_listen(p, &server, respond_seen, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	get_once(p, &options);
	ck_assert_str(seen.server_name, STR(""));
	ck_assert_uint_eq(certificates_seen, 0);
	stage_close(&server);
}

/* Tunnels. */

static void respond_407(struct stage_server *server, struct http_exchange *exchange)
{
	struct str *asked = server->data;

	*asked = STR_CONCAT(server->p->arena, exchange->request.method, STR(" "),
			    exchange->request.target);
	stage_respond(exchange, 407, NULL, STR("no"));
}

static void respond_abort(struct stage_server *server, struct http_exchange *exchange)
{
	(void)server;
	http_exchange_abort(exchange);
}

static struct http_call_options through(struct parity *p, const struct stage_server *proxy)
{
	struct http_call_options options = stage_options(proxy, STR("/"));

	(void)p;
	options.is_tls = true;
	options.host = STR("target.example.com");
	options.connect_address = STR("10.1.2.3");
	options.port = 4433;
	options.tunnel_address = STR("127.0.0.1");
	options.tunnel_port = proxy->port;
	return options;
}

PARITY_TEST(a_proxy_may_refuse_a_tunnel)
{
	struct str asked = STR("");
	struct stage_server proxy = {.data = &asked};

	stage_listen(p, &proxy, respond_407, NULL);

	struct http_call_options options = through(p, &proxy);

	stage_fails(p, &options, HTTP_FAILURE_TUNNEL);
	ck_assert_str(asked, STR("CONNECT 10.1.2.3:4433"));
	stage_close(&proxy);
}

PARITY_TEST(a_proxy_may_break_off)
{
	struct stage_server proxy = {0};

	stage_listen(p, &proxy, respond_abort, NULL);

	struct http_call_options options = through(p, &proxy);

	stage_fails(p, &options, HTTP_FAILURE_TUNNEL);
	stage_close(&proxy);
	stage_fails(p, &options, HTTP_FAILURE_CONNECT_REFUSED);
}

/* Heads. */

static void respond_big_head(struct stage_server *server, struct http_exchange *exchange)
{
	static const char *const fields[] = {"X-Big", "0123456789012345678901234567890123456789",
					     NULL};

	(void)server;
	stage_respond(exchange, 200, fields, STR("ok"));
}

PARITY_TEST(an_answer_may_have_too_big_a_head)
{
	struct stage_server server = {0};

	stage_listen(p, &server, respond_big_head, NULL);

	struct http_call_options options = stage_options(&server, STR("/"));

	options.head_bytes_max = 1000;
	get_once(p, &options);
	options.head_bytes_max = 60;
	stage_fails(p, &options, HTTP_FAILURE_HEAD_TOO_BIG);
	stage_close(&server);
}

struct refused_head {
	size_t count;
	char reason[128];
	char target[32];
};

static void head_refused(struct http_refusal *refusal, void *data)
{
	struct stage_server *server = data;
	struct refused_head *refused = server->data;

	refused->count++;
	snprintf(refused->reason, sizeof refused->reason, "%s", refusal->reason);
	snprintf(refused->target, sizeof refused->target, "%.*s",
		 STR_ARG(str_slice(refusal->request->target, 0, 3)));
	ck_assert_str(refusal->remote_address, STR("127.0.0.1"));
	refusal->response.status = 418;
	http_fields_add(&refusal->response.fields, STR("Server"), STR("mine"));
	refusal->body = STR("my words");
}

PARITY_TEST(a_component_may_answer_for_heads_that_are_refused)
{
	struct refused_head refused = {0};
	struct stage_server server = {.data = &refused};
	struct http_listen_options listen = {.refused = head_refused,
					     .limits = {.target_bytes = 100, .field_bytes = 100}};
	struct http_fields fields;
	struct stage_call call;
	char text[200];

	memset(text, 'x', sizeof text);
	text[0] = '/';
	stage_listen(p, &server, respond_seen, &listen);

	struct http_call_options options = stage_options(&server, str_of(text, sizeof text));

	stage_get(p, &call, &options, 418);
	ck_assert_str(call.body, STR("my words"));
	ck_assert_str(http_fields_get(&call.call->response.fields, STR("Server")), STR("mine"));
	stage_release(&call);
	ck_assert_str_eq(refused.reason, "target is too long");
	ck_assert_str_eq(refused.target, "/xx");
	http_fields_init(&fields, p->arena);
	http_fields_add(&fields, STR("X"), str_of(text, sizeof text));
	options.target = STR("/");
	options.fields = &fields;
	stage_get(p, &call, &options, 418);
	stage_release(&call);
	ck_assert_str_eq(refused.reason, "field is too long");
	ck_assert_uint_eq(refused.count, 2);
	ck_assert_uint_eq(server.requested, 0);
	stage_close(&server);
}

TCase *parity_http_tls_case(int number)
{
	TCase *tests = tcase_create("http handshakes and heads");

	PARITY_ADD(tests, number, a_server_without_a_certificate_makes_one_that_nobody_trusts);
	PARITY_ADD(tests, number, a_client_shows_its_certificate_when_it_is_asked);
	PARITY_ADD(tests, number, a_client_that_is_not_asked_shows_nothing);
	PARITY_ADD(tests, number, a_certificate_that_is_not_there_cannot_be_shown);
	PARITY_ADD(tests, number, plain_connections_have_no_names);
	PARITY_ADD(tests, number, a_proxy_may_refuse_a_tunnel);
	PARITY_ADD(tests, number, a_proxy_may_break_off);
	PARITY_ADD(tests, number, an_answer_may_have_too_big_a_head);
	PARITY_ADD(tests, number, a_component_may_answer_for_heads_that_are_refused);
	return tests;
}
