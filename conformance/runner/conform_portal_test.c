/* The runner as a whole: portals, who calls them and how, and what runs beside them. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/vec.h"
#include "conformance/runner/bench_test.h"
#include "conformance/runner/client.h"
#include "conformance/runner/wire.h"
#include "http/body.h"
#include "world/component.h"
#include "world/environment.h"
#include "world/http_server.h"
#include "world/log.h"
#include "world/tcp.h"

/* A portal that tells what it was asked, and calls whom it is told to. */

struct fake_portal {
	struct world *world;
	struct arena *arena;
	struct wire wire;
	struct http_listener *listener;
	VEC(struct portal_call *) calls;
	struct str clock;
	int cookies;
};

struct portal_call {
	struct fake_portal *portal;
	struct http_exchange *exchange;
	struct client_call *out;
	struct http_body *to_mail; /* producer's end; NULL: none */
	bool is_gone;
};

static struct str variable(struct fake_portal *portal, const char *name)
{
	return environment_text(portal->world, str_from(name), STR(""));
}

static bool has_fault(struct fake_portal *portal, const char *name)
{
	return str_equal(variable(portal, "FAKE"), str_from(name));
}

static void respond(struct portal_call *call, int status, struct str body)
{
	struct fake_portal *portal = call->portal;
	struct http_response response;

	if (call->is_gone)
		return;
	http_response_init(&response, call->exchange->arena, status);
	http_fields_add(&response.fields, STR("Set-Cookie"),
			str_format(portal->arena, "n=%d; Path=/", ++portal->cookies));
	http_exchange_respond_str(call->exchange, &response, body);
}

static void describe(struct portal_call *call, struct str body)
{
	static const char *const fields[] = {"Host", "Authorization", "Cookie", "Content-Type"};
	const struct http_request *request = &call->exchange->request;
	struct arena *arena = call->portal->arena;
	struct json *told = json_new(arena, JSON_OBJECT);

	json_set(told, STR("method"), json_new_str(arena, request->method));
	json_set(told, STR("target"), json_new_str(arena, request->target));
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct str name = str_from(fields[i]);

		if (http_fields_has(&request->fields, name))
			json_set(told, name,
				 json_new_str(arena, http_fields_get(&request->fields, name)));
	}
	json_set(told, STR("body"), json_new_str(arena, body));
	respond(call, 200, json_print(arena, told));
}

static void out_answered(struct record *record, void *data)
{
	struct portal_call *call = data;

	call->out = NULL;
	if (str_equal(call->exchange->request.target, STR("/__test/settle")))
		respond(call, 204, STR(""));
	else
		respond(call, record->status != 0 ? record->status : 502, record->answer_body);
}

/* base: "http://127.0.0.1:8080/internal/" */
static void call_out(struct portal_call *call, struct str base)
{
	struct fake_portal *portal = call->portal;
	struct client_request request = {.address = STR("127.0.0.1"), .method = STR("PUT")};
	struct str port, path;

	base = str_skip(base, str_find_last_char(base, ':') + 1);
	request.target = str_split_once(base, '/', &port, &path)
				 ? STR_CONCAT(portal->arena, STR("/"), path)
				 : STR("/");
	ck_assert(str_to_uint16(port, &request.port));
	http_fields_init(&request.fields, portal->arena);
	http_fields_add(&request.fields, STR("Host"), STR("127.0.0.1"));
	call->out = client_send(portal->world, &portal->wire, &request, out_answered, call);
}

/* What the mail server said to all that was sent to it. */

static void mail_ended(enum http_collect_result result, struct str said, void *data)
{
	struct portal_call *call = data;

	(void)result;
	http_body_producer_release(call->to_mail);
	call->to_mail = NULL;
	respond(call, 200, said);
}

static void send_mail(struct portal_call *call, struct str commands)
{
	struct fake_portal *portal = call->portal;
	struct http_body *incoming = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1 << 20);
	uint16_t port;

	ck_assert(str_to_uint16(variable(portal, "SMTP_PORT"), &port));
	call->to_mail = http_body_create(HTTP_BODY_LENGTH_UNKNOWN, 1 << 20);
	http_body_write(call->to_mail, commands);
	tcp_connect(portal->world, variable(portal, "SMTP_ADDRESS"), port, call->to_mail, incoming);
	http_body_collect(incoming, 1 << 20, portal->arena, mail_ended, call);
}

static const struct {
	struct str target, body;
} stored[] = {
	{STR_INIT("/admin/api/services.json?access_token=admin-token"),
	 STR_INIT("{\"services\":[{\"service\":{\"id\":7}}]}")},
	{STR_INIT("/admin/api/services/7/metrics.json?access_token=admin-token"),
	 STR_INIT("{\"metrics\":[{\"metric\":{\"id\":70}}]}")},
	{STR_INIT("/admin/api/accounts.json?access_token=master-token"),
	 STR_INIT("{\"accounts\":[{\"account\":{\"id\":2}}]}")},
	{STR_INIT("/admin/api/accounts/2/applications.json?access_token=master-token"),
	 STR_INIT("{\"applications\":[{\"application\":{\"user_key\":\"pk\"}}]}")},
	{STR_INIT("/admin/api/accounts.json?access_token=admin-token"), STR_INIT("{}")},
	{STR_INIT("/row"), STR_INIT("<list><row id=\"a1\">x</row></list>")},
};

static bool answer_stored(struct portal_call *call, struct str target)
{
	for (size_t i = 0; i < sizeof stored / sizeof *stored; i++) {
		if (str_equal(target, stored[i].target)) {
			respond(call, 200, stored[i].body);
			return true;
		}
	}
	return false;
}

static bool answer_hook(struct portal_call *call, struct str target, struct str body)
{
	struct fake_portal *portal = call->portal;

	if (str_equal(target, STR("/__test/clock"))) {
		portal->clock = body;
		respond(call, 204, STR(""));
	} else if (str_equal(target, STR("/__test/jobs/daily"))) {
		portal->clock = STR("daily");
		respond(call, 204, STR(""));
	} else if (str_equal(target, STR("/__test/sql"))) {
		respond(call, 200,
			str_format(portal->arena, "[{\"body\":%.*s,\"n\":\"1\",\"gone\":null}]",
				   STR_ARG(body)));
	} else if (str_equal(target, STR("/__test/settle"))) {
		call_out(call, variable(portal, "THREESCALE_CORE_INTERNAL_API"));
	} else if (str_has_prefix(target, STR("/__test/"))) {
		respond(call, 404, STR("no such hook"));
	} else {
		return false;
	}
	return true;
}

static void collected(enum http_collect_result result, struct str body, void *data)
{
	struct portal_call *call = data;
	struct str target = call->exchange->request.target, prefix = STR("/call/");

	(void)result;
	if (answer_hook(call, target, body) || answer_stored(call, target))
		return;
	if (str_equal(target, STR("/mail")))
		send_mail(call, body);
	else if (str_equal(target, STR("/now")))
		respond(call, 200, call->portal->clock);
	else if (str_has_prefix(target, prefix))
		call_out(call, variable(call->portal, str_cstr(call->portal->arena,
							       str_skip(target, prefix.size))));
	else
		describe(call, body);
}

static void ended(struct http_exchange *exchange, bool complete)
{
	struct portal_call *call = exchange->data;

	(void)complete;
	call->is_gone = true;
}

static void requested(struct http_exchange *exchange, void *data)
{
	struct fake_portal *portal = data;
	struct portal_call *call = ARENA_NEW(portal->arena, struct portal_call);

	call->portal = portal;
	call->exchange = exchange;
	exchange->data = call;
	exchange->ended = ended;
	http_exchange_hold(exchange);
	vec_push(&portal->calls, call);
	http_body_collect(http_exchange_take_body(exchange), 1 << 20, portal->arena, collected,
			  call);
}

static void leave(void *data)
{
	struct fake_portal *portal = data;

	world_exit(portal->world, has_fault(portal, "leave") ? 5 : 0);
}

static void portal_stop(void *instance)
{
	struct fake_portal *portal = instance;

	for (size_t i = 0; i < portal->calls.count; i++)
		client_cancel(portal->calls.items[i]->out);
	http_listener_close(portal->world, portal->listener);
	for (size_t i = 0; i < portal->calls.count; i++)
		http_exchange_release(portal->calls.items[i]->exchange);
	vec_free(&portal->calls);
	wire_free(&portal->wire);
	arena_destroy(portal->arena);
	free(portal);
}

static void *portal_start(struct world *world, const struct str *arguments, size_t count,
			  int *exit_status, struct error *error)
{
	struct fake_portal *portal = MEMORY_NEW(struct fake_portal);
	struct http_listen_options listen = {.port = 0};

	portal->world = world;
	portal->arena = arena_create();
	wire_init(&portal->wire, portal->arena);
	for (size_t i = 0; i < count; i++)
		log_format(world, LOG_STDERR, "argument %.*s", STR_ARG(arguments[i]));
	log_format(world, LOG_STDERR, "database %.*s", STR_ARG(variable(portal, "DATABASE_URL")));
	if (has_fault(portal, "exit")) {
		*exit_status = 3;
		error_set(error, ERROR_INVALID, "no database");
		portal_stop(portal);
		return NULL;
	}
	world_on_stop(world, leave, portal);
	for (size_t i = 0; i + 1 < count; i++) {
		if (str_equal(arguments[i], STR("--port")))
			str_to_uint16(arguments[i + 1], &listen.port);
	}
	portal->listener = http_listen(world, &listen, requested, portal, error);
	ck_assert_ptr_nonnull(portal->listener);
	log_format(world, LOG_STDOUT, "ready portal port=%u",
		   (unsigned)http_listener_port(world, portal->listener));
	return portal;
}

const struct component bench_fake_portal = {"portal", "", portal_start, portal_stop};

/* Cases. */

#define ADMIN "Basic YWRtaW4tdG9rZW46"
#define MASTER "Basic bWFzdGVyLXRva2VuOg=="

static const struct {
	const char *more;
	int exit_status;
	const char *says;
} rows[] = {
	/* Who calls whom. */
	{"  when: [{get: /}, {get: /, host: master}, {get: /, host: developer}, {get: /, host: "
	 "a.b},\n"
	 "         {get: /, session: s}, {get: /, as: nobody}, {get: /, as: apicast},\n"
	 "         {get: /, fields: {Authorization: x}}]\n"
	 "  then:\n"
	 "    - answers:\n"
	 "        - {json_exactly: {method: GET, target: /, Host: 3scale-admin.example.com,\n"
	 "                          Authorization: " ADMIN ", body: ''}}\n"
	 "        - {body_json: {Host: master.example.com, Authorization: " MASTER "}}\n"
	 "        - {body_json: {Host: 3scale.example.com, Authorization: {absent: true}}}\n"
	 "        - {body_json: {Host: a.b, Authorization: " ADMIN "}}\n"
	 "        - {body_json: {Authorization: {absent: true}}}\n"
	 "        - {body_json: {Authorization: {absent: true}}}\n"
	 "        - {body_json: {Authorization: Basic YXBpY2FzdC10b2tlbjo=}}\n"
	 "        - {body_json: {Authorization: x}}\n",
	 0, "1 passed"},
	{"  given: {environment: {TENANT_NAME: t, THREESCALE_SUPERDOMAIN: x.y, MASTER_DOMAIN: m,\n"
	 "                        ADMIN_ACCESS_TOKEN: 'a b', MASTER_ACCESS_TOKEN: mt}}\n"
	 "  when: [{get: /, by: query}, {get: '/?a=b', host: master, by: query},\n"
	 "         {post: /, by: body}, {post: /, form: {a: b}, by: body},\n"
	 "         {get: /, as: other, by: basic-password}]\n"
	 "  then:\n"
	 "    - answers:\n"
	 "        - {body_json: {target: /?access_token=a%20b, Host: t-admin.x.y}}\n"
	 "        - {body_json: {target: '/?a=b&access_token=mt', Host: m.x.y}}\n"
	 "        - {body_json: {body: access_token=a%20b, Content-Type: "
	 "application/x-www-form-urlencoded}}\n"
	 "        - {body_json: {body: 'a=b&access_token=a%20b', Authorization: {absent: true}}}\n"
	 "        - {body_json: {Authorization: Basic Om90aGVy}}\n",
	 0, "1 passed"},
	{"  when: [{get: /, as: provider_key, by: query}, {get: '/{sample.provider_key}', as: "
	 "provider_key}]\n"
	 "  then: [{answers: [{body_json: {target: /?provider_key=pk}},\n"
	 "                    {body_json: {target: /pk, Authorization: Basic cGs6}}]}]\n",
	 0, "1 passed"},
	/* What they send. */
	{"  when: [{put: /a, form: {a: {b: 1, c: [x, 'y z']}, d: ''}}, {patch: /b, json: {a: "
	 "[1]}},\n"
	 "         {delete: /c}, {post: /d, multipart: {n: v, f: {file: x.png, type: image/png, "
	 "content: C}}}]\n"
	 "  then:\n"
	 "    - answers:\n"
	 "        - {body_json: {method: PUT, body: "
	 "'a%5Bb%5D=1&a%5Bc%5D%5B%5D=x&a%5Bc%5D%5B%5D=y%20z&d='}}\n"
	 "        - {body_json: {method: PATCH, body: '{\"a\":[1]}', Content-Type: "
	 "application/json}}\n"
	 "        - {body_json: {method: DELETE}}\n"
	 "        - body_json: {method: POST, Content-Type: {matches: "
	 "'^multipart/form-data; boundary='},\n"
	 "                      body: {matches: 'name=\"f\"; "
	 "filename=\"x.png\"\\r\\nContent-Type: image/png\\r\\n\\r\\nC\\r\\n--'}}\n",
	 0, "1 passed"},
	{"  when: [{get: /, session: a}, {get: /, session: b}, {get: /, session: a}, {get: /}]\n"
	 "  then: [{answers: [{body_json: {Cookie: {absent: true}}}, {body_json: {Cookie: "
	 "{absent: true}}},\n"
	 "                    {body_json: {Cookie: n=2}}, {body_json: {Cookie: {absent: "
	 "true}}}]}]\n",
	 0, "1 passed"},
	/* What is kept, and what every portal has. */
	{"  when: [{get: '/admin/api/services.json?access_token=admin-token', as: nobody,\n"
	 "          keep: {id: {json: services.0.service.id}}},\n"
	 "         {get: /row, keep: {x: {xml: list/row@id}, c: {field: set-cookie}, r: "
	 "'>(\\w)<'}},\n"
	 "         {post: '/{kept.id}', json: {id: '{kept.id}', x: '{kept.x}', both: "
	 "'{kept.r}{kept.id}'}}]\n"
	 "  then:\n"
	 "    - answers:\n"
	 "        - {body_json: {services: [{service: {id: '{kept.id}'}}]}}\n"
	 "        - {xml: {list/row@id: '{kept.x}'}}\n"
	 "        - {body_json: {target: /7, body: '{\"id\":7,\"x\":\"a1\",\"both\":\"x7\"}'}}\n",
	 0, "1 passed"},
	{"  when: [{get: /row, keep: {x: {json: a}}}]\n  then: [{backend: none}]\n", 1,
	 "nothing to keep as x"},
	{"  when: [{get: /row, keep: {x: {field: X-None}}}]\n  then: [{backend: none}]\n", 1,
	 "nothing to keep as x"},
	{"  when: [{get: '/{sample.hits}/{sample.tenant}'}]\n"
	 "  then: [{answer: {body_json: {target: /70/2}}}]\n",
	 0, "1 passed"},
	{"  when: [{get: '/{sample.account}'}]\n  then: [{backend: none}]\n", 3,
	 "the portal has no sample.account"},
	/* What stands around it. */
	{"  given: {backend: [{status: 200}, {status: 201}], zync: {status: 422}, hook: {status: "
	 "204}}\n"
	 "  steps:\n"
	 "    - {then: [{backend: none}, {zync: none}, {mail: none}]}\n"
	 "    - when: [{get: /call/THREESCALE_CORE_INTERNAL_API}, {get: /call/ZYNC_ENDPOINT},\n"
	 "             {get: /call/APICAST_REGISTRY_URL}]\n"
	 "      then: [{answers: [{status: 201}, {status: 422}, {status: 200, body: "
	 "'{\"policies\":{}}'}]},\n"
	 "             {backend: {method: PUT, path: /internal/}}, {zync_calls: 1}, {gateway: "
	 "{path: /policies}},\n"
	 "             {order: [backend, zync, gateway]}]\n"
	 "    - when: [{set: {zync: {status: 200}, gateway: {status: 404}, backend: {fault: "
	 "refuse}}},\n"
	 "             {get: /call/ZYNC_ENDPOINT}, {get: /call/APICAST_REGISTRY_URL},\n"
	 "             {get: /call/THREESCALE_CORE_INTERNAL_API}]\n"
	 "      then: [{answers: [{status: 200, body: ''}, {status: 404}, {status: 502}]}]\n",
	 0, "1 passed"},
	{"  given: {backend: refscale, clock: 2019-06-04T10:20:30Z}\n"
	 "  when: [{get: /now, to: backend}, {get: /internal/x, to: backend, internal: true},\n"
	 "         {get: /call/THREESCALE_CORE_INTERNAL_API}, {redis: [WHERE]}]\n"
	 "  then: [{answers: [{body: 1559643630}, {status: 201}, {status: 401}]}, {backend: "
	 "none},\n"
	 "         {log: {of: backend, contains: argument --test-hooks}},\n"
	 "         {redis: {command: [WHERE], reply: storage}}]\n",
	 0, "1 passed"},
	{"  given: {apicast: {arguments: [--more], environment: {FAKE: ''}}}\n"
	 "  when: [{get: /portal, to: apicast, host: g.example.com}]\n"
	 "  then: [{log: {of: apicast, contains: argument --more}}, {answer: {status: {any: "
	 "true}}}]\n",
	 0, "1 passed"},
	{"  given: {apicast: {environment: {FAKE: exit}}}\n  then: [{backend: none}]\n", 3,
	 "apicast ended before it was ready"},
	{"  when: [{get: /, to: apicast}]\n  then: [{backend: none}]\n", 1,
	 "there is nobody to call"},
	/* How it is started. */
	{"  given: {release: 2.5, clock: 2019-06-04T10:20:30Z, arguments: [--x]}\n"
	 "  then: [{log: {contains: argument --release}}, {log: {contains: argument 2.5}},\n"
	 "         {log: {contains: argument 1559643630}}, {log: {contains: ':memory:'}},\n"
	 "         {log: {contains: argument --x}}]\n",
	 0, "1 passed"},
	{"  given: {test_hooks: false, environment: {DATABASE_URL: 'sqlite:{folder}/x'}}\n"
	 "  then: [{log: {not_contains: --test-hooks}}, {log: {not_contains: --database}},\n"
	 "         {log: {matches: 'database sqlite:/.+/x$'}}]\n",
	 0, "1 passed"},
	{"  given: {environment: {FAKE: exit}, start: fails}\n  then: [{exit: {status: 3}}]\n", 0,
	 "1 passed"},
	{"  given: {environment: {FAKE: exit}}\n  then: [{backend: none}]\n", 3,
	 "ended with status 3 before it was ready"},
	{"  given: {environment: {FAKE: leave}}\n  then: [{backend: none}]\n", 1,
	 "asked to stop, the target ended with status 5"},
	{"  given: {clock: 2019-06-04T10:20:30Z}\n"
	 "  steps:\n"
	 "    - {when: [{stop: target}], then: [{exit: {status: 0}}]}\n"
	 "    - {when: [{start: target}, {get: /}], then: [{answer: {status: 200}},\n"
	 "       {log: {contains: ready portal}}, {log: {contains: argument 1559643630}}]}\n"
	 "    - {when: [{stop: target}, {start: target}, {get: /}], then: [{answer: {status: "
	 "200}}]}\n",
	 0, "1 passed"},
	/* Mail. */
	{"  given: {smtp: true}\n"
	 "  when: [{post: /mail, body: \"EHLO me.example\\r\\nMAIL FROM:<a@b.c>\\r\\nRCPT "
	 "TO:<d@e.f>\\r\\nrcpt to:<g@h.i>\\r\\n"
	 "DATA\\r\\nFrom: A <a@b.c>\\r\\nTo: d@e.f\\r\\nSubject: One\\r\\n two\\r\\n\\r\\n"
	 "Hello\\r\\n..dot\\r\\n.\\r\\nMAIL "
	 "FROM:<x@y.z>\\r\\nDATA\\r\\nRSET\\r\\nTURN\\r\\nNOOP\\r\\n"
	 "QUIT\\r\\n\"}]\n"
	 "  then:\n"
	 "    - answer: {body: \"220 mail.example.com "
	 "ESMTP\\r\\n250-mail.example.com\\r\\n250-AUTH "
	 "PLAIN LOGIN CRAM-MD5\\r\\n250 8BITMIME\\r\\n250 2.1.0 Ok\\r\\n250 2.1.5 Ok\\r\\n250 "
	 "2.1.5 "
	 "Ok\\r\\n354 End data with <CR><LF>.<CR><LF>\\r\\n250 2.0.0 Ok\\r\\n250 2.1.0 Ok\\r\\n503 "
	 "5.5.1 Bad sequence of commands\\r\\n250 2.0.0 Ok\\r\\n502 5.5.2 Command not "
	 "recognized\\r\\n250 2.0.0 Ok\\r\\n221 2.0.0 Bye\\r\\n\"}\n"
	 "    - mail_calls: 1\n"
	 "    - mail: {from: 'A <a@b.c>', to: d@e.f, subject: One two, body: \"Hello\\n.dot\\n\",\n"
	 "             query_exactly: {helo: me.example, from: a@b.c, to: [d@e.f, g@h.i]}}\n",
	 0, "1 passed"},
	{"  given: {smtp: {user: u, password: pw, authentication: [plain, login]}}\n"
	 "  when: [{post: /mail, body: \"EHLO m\\r\\nMAIL FROM:<a@b.c>\\r\\nAUTH CRAM-MD5\\r\\n"
	 "AUTH PLAIN AHUAd3Jvbmc=\\r\\nAUTH PLAIN\\r\\nAHUAcHc=\\r\\nAUTH LOGIN\\r\\ndQ==\\r\\n"
	 "cHc=\\r\\nMAIL FROM:<a@b.c>\\r\\nRCPT TO:<d@e.f>\\r\\nDATA\\r\\nTo: "
	 "d@e.f\\r\\n\\r\\n.\\r\\n"
	 "QUIT\\r\\n\"}]\n"
	 "  then:\n"
	 "    - answer: {body: {matches: '(?s)250-AUTH PLAIN LOGIN\\r.*530 5.7.0.*504 5.5.4.*535 "
	 "5.7.8.*334 \\r.*235.*334 VXNlcm5hbWU6.*334 UGFzc3dvcmQ6.*235.*250'}}\n"
	 "    - mail: {query: {auth: login, user: u}, subject: {absent: true}}\n",
	 0, "1 passed"},
	/* HMAC-MD5 of the challenge, with the password tanstaaftanstaaf. */
	{"  given: {smtp: {user: tim, password: tanstaaftanstaaf, answers: {RCPT: 550 5.1.1 no}}}\n"
	 "  when: [{post: /mail, body: \"HELO m\\r\\nAUTH CRAM-MD5\\r\\n"
	 "dGltIDAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx\\r\\nAUTH CRAM-MD5\\r\\n"
	 "dGltIDBjMGVmYWFhOTQ3ZmM5ZGEyNTllYzYwNWU2ODg0NzY0\\r\\nMAIL FROM:<a@b.c>\\r\\nRCPT "
	 "TO:<d@e.f>\\r\\nQUIT\\r\\n\"}]\n"
	 "  then:\n"
	 "    - answer: {body: {matches: '(?s)334 "
	 "PDE4OTYuNjk3MTcwOTUyQG1haWwuZXhhbXBsZS5jb20.\\r.*535.*334.*235.*250 2.1.0 Ok.*550 5.1.1 "
	 "no"
	 "\\r\\n221'}}\n"
	 "    - mail: none\n",
	 0, "1 passed"},
	/* What only tests may touch. */
	{"  given: {clock: 2019-06-04T10:20:30Z}\n"
	 "  steps:\n"
	 "    - {when: [{wait: 15d}, {get: /now}], then: [{answer: {body: 1560939630}}]}\n"
	 "    - {when: [{job: daily}, {get: /now}], then: [{answer: {body: daily}}]}\n",
	 0, "1 passed"},
	{"  when: [{job: yearly}]\n  then: [{backend: none}]\n", 1,
	 "POST /__test/jobs/yearly was answered with 404 no such hook"},
	{"  when: [{sql: 'SELECT {sample.hits}', arguments: ['{sample.service}', null, x]}]\n"
	 "  then: [{rows: [{n: 1, gone: null, none: {absent: true}}]}]\n",
	 0, "1 passed"},
	{"  steps: [{when: [{sql: SELECT 1}], then: [{rows: [{n: 1}]}]}, {then: [{rows: []}]}]\n",
	 1, "rows\n    expected: []\n    actual:   no sql was sent"},
	{"  when: [{sql: SELECT 1}]\n  then: [{rows: [{n: 2}]}]\n", 1, "\"n\":\"1\""},
	{"  when: [{sql: SELECT 1}]\n  then: [{rows: [{n: null}]}]\n", 1, "\"n\":\"1\""},
	{"  when: [{sql: SELECT 1}]\n  then: [{rows: [{gone: x}]}]\n", 1, "\"gone\":null"},
	{"  when: [{sql: SELECT 1}]\n  then: [{rows: []}]\n", 1, "0 rows"},
};

START_TEST(a_portal_is_called_as_the_case_says)
{
	bench_write_case("portal", rows[_i].more);
	expect_run("portal|--world|sim", rows[_i].exit_status);
	expect_says(rows[_i].says);
}
END_TEST

START_TEST(a_command_is_a_portal_too)
{
	bench_write_cases(
		"portal",
		"- id: T-1\n  title: one\n  when: [{get: /}]\n"
		"  then: [{backend: none}, {answer: {status: 200}}]\n"
		"- id: T-2\n  title: two\n  when: [{sql: SELECT 1}]\n  then: [{rows: []}]\n"
		"- id: T-3\n  title: three\n  given: {release: later}\n  then: [{backend: "
		"none}]\n");
	expect_run("portal|-v|--world|sim|--start|refscale portal --port {port}", 0);
	expect_says("ok      T-1");
	expect_says("skipped T-2      two (needs test-hooks)");
	expect_says("skipped T-3      three (needs release-later)");
}
END_TEST

START_TEST(a_database_is_named_by_its_url)
{
	bench_write_case("portal",
			 "  steps:\n"
			 "    - then: [{log: {contains: 'database mysql2://db/system1'}},\n"
			 "             {log: {not_contains: ':memory:'}},\n"
			 "             {log: {contains: argument --reset-database}}]\n"
			 "    - when: [{stop: target}, {start: target}, {get: /}]\n"
			 "      then: [{log: {not_contains: --reset-database}},\n"
			 "             {log: {contains: 'database mysql2://db/system1'}}]\n");
	expect_run("portal|--world|sim|--database|mysql2://db/system{job}", 0);
	bench_write_case("gateway", "  then: [{backend: none}]\n");
	expect_run("gateway|--world|sim|--database|mysql2://db/system", 2);
	expect_says("--database is for the portal suite");
}
END_TEST

Suite *conformance_runner_conform_portal_suite(void);
Suite *conformance_runner_conform_portal_suite(void)
{
	Suite *suite = suite_create("conformance_runner_conform_portal");
	TCase *tests = tcase_create("portal");

	tcase_add_checked_fixture(tests, bench_set_up, bench_tear_down);
	tcase_add_loop_test(tests, a_portal_is_called_as_the_case_says, 0, ROWS(rows));
	tcase_add_test(tests, a_command_is_a_portal_too);
	tcase_add_test(tests, a_database_is_named_by_its_url);
	suite_add_tcase(suite, tests);
	return suite;
}
