/* An action that is a call: its target, fields and body, and the next one when it is repeated. */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/url.h"
#include "conformance/runner/run_internal.h"
#include "conformance/runner/shape.h"
#include "http/query.h"

#define FORM_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define FORM_TYPE "application/x-www-form-urlencoded"

static void add_fields(struct http_fields *fields, const struct json *given)
{
	JSON_EACH (field, given) {
		if (field->kind != JSON_ARRAY)
			http_fields_add(fields, field->key, json_scalar_text(field));
		JSON_EACH (value, field->kind == JSON_ARRAY ? field : NULL)
			http_fields_add(fields, field->key, json_scalar_text(value));
	}
}

static struct str pattern_text(struct arena *arena, int64_t size)
{
	static const char pattern[] = "0123456789abcdef";
	char *text = arena_alloc(arena, (size_t)size + 1);

	for (int64_t i = 0; i < size; i++)
		text[i] = pattern[i % 16];
	return str_of(text, (size_t)size);
}

/* head, then `count` times the text, in which {n} counts from 0. */
static struct str repeated_text(struct arena *arena, const struct json *repeat)
{
	struct str text = json_scalar_text(json_get(repeat, STR("text")));
	struct str separator = json_scalar_text(json_get(repeat, STR("separator")));
	int64_t count = json_int(json_get(repeat, STR("count")), 0);
	struct strbuf out;
	struct str whole;

	strbuf_init(&out, FORM_BYTES_MAX);
	strbuf_append(&out, json_scalar_text(json_get(repeat, STR("head"))));
	for (int64_t n = 0; n < count && !strbuf_is_full(&out); n++) {
		struct placeholders number = {.count = 0};

		placeholders_set(&number, STR("n"), str_format(arena, "%" PRId64, n));
		if (n > 0)
			strbuf_append(&out, separator);
		strbuf_append(&out, placeholders_expand(&number, arena, text));
	}
	whole = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return whole;
}

static void set_body(struct client_request *request, struct str body, const char *content_type)
{
	request->body = body;
	request->has_body = true;
	if (content_type != NULL && !http_fields_has(&request->fields, STR("Content-Type")))
		http_fields_add(&request->fields, STR("Content-Type"), str_from(content_type));
}

static void add_body(struct case_run *run, struct client_request *request,
		     const struct json *action)
{
	const struct json *form = json_get(action, STR("form"));
	const struct json *json = json_get(action, STR("json"));
	const struct json *body = json_get(action, STR("body"));
	const struct json *body_bytes = json_get(action, STR("body_bytes"));
	const struct json *body_repeat = json_get(action, STR("body_repeat"));
	const struct json *inner = json_path(action, "request.body");

	if (form != NULL)
		set_body(request, case_run_form_text(run->arena, form), FORM_TYPE);
	else if (json_get(action, STR("multipart")) != NULL)
		case_run_set_multipart(run, request, json_get(action, STR("multipart")));
	else if (json != NULL)
		set_body(request, json_print(run->arena, json), "application/json");
	else if (body_repeat != NULL)
		set_body(request, repeated_text(run->arena, body_repeat), FORM_TYPE);
	else if (body_bytes != NULL)
		set_body(request, pattern_text(run->arena, body_bytes->integer), NULL);
	else if (body != NULL || inner != NULL)
		set_body(request, json_scalar_text(body != NULL ? body : inner), NULL);
}

static void add_method(struct client_request *request, const struct json *action)
{
	static const struct {
		struct str word, method;
	} words[] = {
		{STR_INIT("get"), STR_INIT("GET")},       {STR_INIT("post"), STR_INIT("POST")},
		{STR_INIT("put"), STR_INIT("PUT")},       {STR_INIT("patch"), STR_INIT("PATCH")},
		{STR_INIT("delete"), STR_INIT("DELETE")},
	};
	const struct json *other = json_get(action, STR("request"));

	request->method = json_get_str(other, STR("method"));
	request->target = json_scalar_text(json_get(other, STR("path")));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const struct json *target = json_get(action, words[i].word);

		if (target == NULL)
			continue;
		request->method = words[i].method;
		request->target = json_scalar_text(target);
	}
}

/* "/x?a=1" becomes "/x?a=1&fill=xxx", with a query of that many bytes. */
static void fill_query(struct arena *arena, struct client_request *request, int64_t query_bytes)
{
	struct str path, query, name;
	int64_t missing;
	char *fill;

	url_split_target(request->target, &path, &query);
	name = query.size > 0 ? STR("&fill=") : STR("fill=");
	missing = query_bytes - (int64_t)(query.size + name.size);
	if (missing < 0)
		return;
	fill = arena_alloc(arena, (size_t)missing + 1);
	memset(fill, 'x', (size_t)missing);
	request->target =
		STR_CONCAT(arena, path, STR("?"), query, name, str_of(fill, (size_t)missing));
}

static struct str host_of(struct case_run *run, const struct json *action, enum target_port port)
{
	const struct json *host = json_get(action, STR("host"));

	if (run->conform_case->suite == SUITE_PORTAL && port == TARGET_PROXY &&
	    json_get(action, STR("to")) == NULL)
		return case_run_portal_host(run, json_scalar_text(host));
	if (host != NULL)
		return json_scalar_text(host);
	return port == TARGET_PROXY || port == TARGET_HTTPS ? run->scene.host : STR("127.0.0.1");
}

static void call_done(struct record *record, void *data)
{
	struct case_run *run = data;

	run->call = NULL;
	case_run_keep_cookies(run, record);
	if (!case_run_keep(run, record))
		return;
	if (--run->repeats_left > 0)
		case_run_act(run);
	else if (json_get(run->action, STR("until")) != NULL)
		case_run_until(run);
	else
		case_run_next_action(run);
}

static const struct target *find_process(struct case_run *run, struct str name)
{
	const struct run_process *process = case_run_find_process(run, name);

	return process != NULL ? &process->target : NULL;
}

/* The target or one of its processes; NULL: it was not run. */
static const struct target *called_target(struct case_run *run, const struct json *action)
{
	const struct json *of = json_get(action, STR("of"));

	return of == NULL ? &run->target : find_process(run, json_scalar_text(of));
}

/* Where the call goes; `to` names any place, "127.0.0.1:80", or a process. */
static bool set_place(struct case_run *run, struct client_request *request,
		      const struct json *action, enum target_port port)
{
	const struct target *target = called_target(run, action);
	const struct json *to = json_get(action, STR("to"));
	struct str text;

	if (to != NULL && find_process(run, json_scalar_text(to)) != NULL) {
		target = find_process(run, json_scalar_text(to));
	} else if (to != NULL) {
		return str_split_once(json_scalar_text(to), ':', &request->address, &text) &&
		       str_to_uint16(text, &request->port);
	}
	if (target == NULL)
		return false;
	request->address = target->address;
	request->port = target->ports[port];
	return true;
}

/* Over TLS the name of the Host field is the one that is asked for and proven. */
static void add_tls(struct case_run *run, struct client_request *request, const struct json *action)
{
	struct str certificate = json_get_str(action, STR("certificate"));
	struct str trust = json_get_str(action, STR("trust"));
	struct str host = http_fields_get(&request->fields, STR("Host"));

	request->is_tls = true;
	request->server_name = str_slice(host, 0, str_find_char(host, ':'));
	if (certificate.size > 0) {
		request->certificate_file =
			scene_certificate_path(run->arena, certificate, STR(".pem"));
		request->key_file = scene_certificate_path(run->arena, certificate, STR(".key"));
	}
	if (trust.size > 0)
		request->ca_file = scene_certificate_path(run->arena, trust, STR(".pem"));
}

/* Calls at the same time. */

static void parallel_done(struct record *record, void *data)
{
	struct parallel_call *one = data;

	(void)record;
	one->call = NULL;
	if (--one->run->parallel_left == 0)
		case_run_next_action(one->run);
}

static void send_parallel(struct case_run *run, const struct client_request *request, int64_t count)
{
	run->parallel_left = count;
	for (int64_t i = 0; i < count; i++) {
		struct parallel_call *one = ARENA_NEW(run->arena, struct parallel_call);

		one->run = run;
		one->call = client_send(run->world, &run->scene.wire, request, parallel_done, one);
		vec_push(&run->parallel, one);
	}
}

void case_run_cancel_calls(struct case_run *run)
{
	client_cancel(run->call);
	run->call = NULL;
	for (size_t i = 0; i < run->parallel.count; i++) {
		client_cancel(run->parallel.items[i]->call);
		run->parallel.items[i]->call = NULL;
	}
}

/* One call. */

static void send_call(struct case_run *run, const struct client_request *request)
{
	int64_t parallel = json_int(json_get(run->action, STR("parallel")), 0);

	if (parallel > 0)
		send_parallel(run, request, parallel);
	else
		run->call = client_send(run->world, &run->scene.wire, request, call_done, run);
}

void case_run_act_call(struct case_run *run, const struct json *action)
{
	struct client_request request = {.has_body = false};
	enum target_port port = TARGET_PROXY;
	int64_t patience_us;
	struct str host;

	if (run->has_kept)
		action = placeholders_expand_json(&run->scene.placeholders, run->arena, action);
	target_port_from_name(json_get_str(action, STR("port")), &port);
	if (!set_place(run, &request, action, port)) {
		case_run_fail(run, STR("there is nobody to call"));
		return;
	}
	host = host_of(run, action, port);
	add_method(&request, action);
	fill_query(run->arena, &request, json_int(json_get(action, STR("query_bytes")), 0));
	request.is_chunked = json_bool(json_get(action, STR("chunked")), false);
	http_fields_init(&request.fields, run->arena);
	add_fields(&request.fields, json_get(action, STR("fields")));
	add_fields(&request.fields, json_path(action, "request.fields"));
	if (!http_fields_has(&request.fields, STR("Host")))
		http_fields_add(&request.fields, STR("Host"), host);
	if (port == TARGET_HTTPS)
		add_tls(run, &request, action);
	if (json_bool(json_get(action, STR("internal")), false))
		http_fields_add(&request.fields, STR("Authorization"),
				case_run_internal_credentials(run));
	add_body(run, &request, action);
	if (json_get(action, STR("patience")) != NULL &&
	    shape_duration_us(json_get_str(action, STR("patience")), &patience_us))
		request.timeout_ms = patience_us / 1000;
	if (run->conform_case->suite == SUITE_PORTAL)
		case_run_dress_call(run, &request, action);
	if (run->repeats_left == 0)
		run->repeats_left = json_int(json_get(action, STR("repeat")), 1);
	if (run->repeats_left == 0)
		case_run_next_action(run);
	else
		send_call(run, &request);
}

void case_run_act_raw(struct case_run *run, const struct json *texts)
{
	struct client_request request = {.raw_count = texts->count};
	struct str *raw = ARENA_ARRAY(run->arena, struct str, texts->count);
	enum target_port port = TARGET_PROXY;
	size_t next = 0;

	target_port_from_name(json_get_str(run->action, STR("port")), &port);
	if (!set_place(run, &request, run->action, port)) {
		case_run_fail(run, STR("there is nobody to call"));
		return;
	}
	JSON_EACH (text, texts)
		raw[next++] = placeholders_expand(&run->scene.placeholders, run->arena,
						  json_scalar_text(text));
	request.raw = raw;
	run->repeats_left = 1;
	run->call = client_send(run->world, &run->scene.wire, &request, call_done, run);
}
