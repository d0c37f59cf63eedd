/* What `when` says, one action after the other. */
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/utc.h"
#include "conformance/runner/run_internal.h"
#include "conformance/runner/shape.h"
#include "http/query.h"

#define FORM_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* Calls. */

static void add_fields(struct http_fields *fields, const struct json *given)
{
	JSON_EACH (field, given) {
		if (field->kind != JSON_ARRAY)
			http_fields_add(fields, field->key, json_scalar_text(field));
		JSON_EACH (value, field->kind == JSON_ARRAY ? field : NULL)
			http_fields_add(fields, field->key, json_scalar_text(value));
	}
}

static struct str form_text(struct arena *arena, const struct json *form)
{
	struct http_query pairs;
	struct strbuf out;
	struct str text;

	http_query_init(&pairs, arena);
	JSON_EACH (pair, form)
		http_query_add(&pairs, pair->key, json_scalar_text(pair));
	strbuf_init(&out, FORM_BYTES_MAX);
	http_query_write(&out, &pairs);
	text = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

static struct str pattern_text(struct arena *arena, int64_t size)
{
	static const char pattern[] = "0123456789abcdef";
	char *text = arena_alloc(arena, (size_t)size + 1);

	for (int64_t i = 0; i < size; i++)
		text[i] = pattern[i % 16];
	return str_of(text, (size_t)size);
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
	const struct json *inner = json_path(action, "request.body");

	if (form != NULL)
		set_body(request, form_text(run->arena, form), "application/x-www-form-urlencoded");
	else if (json != NULL)
		set_body(request, json_print(run->arena, json), "application/json");
	else if (body_bytes != NULL)
		set_body(request, pattern_text(run->arena, body_bytes->integer), NULL);
	else if (body != NULL || inner != NULL)
		set_body(request, json_scalar_text(body != NULL ? body : inner), NULL);
}

static void add_method(struct client_request *request, const struct json *action)
{
	const struct json *get = json_get(action, STR("get"));
	const struct json *post = json_get(action, STR("post"));
	const struct json *other = json_get(action, STR("request"));

	request->method = get != NULL    ? STR("GET")
			  : post != NULL ? STR("POST")
					 : json_get_str(other, STR("method"));
	request->target = get != NULL    ? json_scalar_text(get)
			  : post != NULL ? json_scalar_text(post)
					 : json_scalar_text(json_get(other, STR("path")));
}

static struct str host_of(struct case_run *run, const struct json *action, enum target_port port)
{
	const struct json *host = json_get(action, STR("host"));

	if (host != NULL)
		return json_scalar_text(host);
	return port == TARGET_PROXY ? run->scene.host : STR("127.0.0.1");
}

static void call_done(struct record *record, void *data)
{
	struct case_run *run = data;

	(void)record;
	run->call = NULL;
	if (--run->repeats_left > 0)
		case_run_act(run);
	else
		case_run_next_action(run);
}

static void act_call(struct case_run *run, const struct json *action)
{
	struct client_request request = {.address = run->target.address};
	enum target_port port = TARGET_PROXY;
	struct str host;

	target_port_from_name(json_get_str(action, STR("port")), &port);
	request.port = run->target.ports[port];
	host = host_of(run, action, port);
	add_method(&request, action);
	http_fields_init(&request.fields, run->arena);
	add_fields(&request.fields, json_get(action, STR("fields")));
	add_fields(&request.fields, json_path(action, "request.fields"));
	if (!http_fields_has(&request.fields, STR("Host")))
		http_fields_add(&request.fields, STR("Host"), host);
	if (json_bool(json_get(action, STR("internal")), false))
		http_fields_add(&request.fields, STR("Authorization"),
				case_run_internal_credentials(run));
	add_body(run, &request, action);
	if (run->repeats_left == 0)
		run->repeats_left = json_int(json_get(action, STR("repeat")), 1);
	if (run->repeats_left == 0)
		case_run_next_action(run);
	else
		run->call = client_send(run->world, &run->scene.wire, &request, call_done, run);
}

/* Time. */

static void pause_over(struct timer *timer)
{
	case_run_next_action(LIST_ENTRY(timer, struct case_run, pause));
}

static void act_wait(struct case_run *run, const struct json *value)
{
	int64_t wait_us = 0;

	shape_duration_us(json_str(value), &wait_us);
	if (run->conform_case->suite == SUITE_BACKEND)
		case_run_advance_clock(run, wait_us);
	else
		timer_start(run->world, &run->pause, wait_us, pause_over);
}

static void act_clock(struct case_run *run, const struct json *value)
{
	int64_t utc_us = 0;

	utc_parse(json_str(value), &utc_us);
	case_run_set_clock(run, utc_us);
}

/* The rest. */

static void act_drain(struct case_run *run, const struct json *value)
{
	(void)value;
	case_run_drain(run);
}

static void act_set(struct case_run *run, const struct json *value)
{
	struct error error = {0};

	if (scene_set(&run->scene, value, &error))
		timer_start(run->world, &run->pause, 0, pause_over);
	else
		case_run_fail(run, str_copy(run->result_arena, str_from(error.text)));
}

/* What it does until it ended is seen by the checks. */
static void act_stop(struct case_run *run, const struct json *value)
{
	(void)value;
	run->may_end = true;
	target_ask_to_stop(&run->target);
	timer_start(run->world, &run->pause, 0, pause_over);
}

static const struct {
	struct str name;
	void (*act)(struct case_run *run, const struct json *value);
} actions[] = {
	{STR_INIT("wait"), act_wait},   {STR_INIT("clock"), act_clock},
	{STR_INIT("drain"), act_drain}, {STR_INIT("set"), act_set},
	{STR_INIT("stop"), act_stop},
};

void case_run_act(struct case_run *run)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		const struct json *value = json_get(run->action, actions[i].name);

		if (value != NULL) {
			actions[i].act(run, value);
			return;
		}
	}
	act_call(run, run->action);
}
