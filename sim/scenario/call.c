/* One HTTP call, as curl makes it: a program of its own on a host, with a connection of its own. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "http/query.h"
#include "sim/scenario/stage_internal.h"
#include "world/http_client.h"

/* It waits for as long as TCP does. */
#define CALL_CONNECT_TIMEOUT_MS 127000
#define CALL_IDLE_TIMEOUT_MS 300000

static const struct {
	struct str key, method;
} call_methods[] = {
	{STR_INIT("get"), STR_INIT("GET")},         {STR_INIT("head"), STR_INIT("HEAD")},
	{STR_INIT("post"), STR_INIT("POST")},       {STR_INIT("put"), STR_INIT("PUT")},
	{STR_INIT("patch"), STR_INIT("PATCH")},     {STR_INIT("delete"), STR_INIT("DELETE")},
	{STR_INIT("options"), STR_INIT("OPTIONS")},
};

/* Its events. */

static void call_finish(struct stage_call *call)
{
	call->is_over = true;
	call->ended_us = sim_now_us(call->stage->sim);
	if (call->over != NULL)
		call->over(call);
}

static void call_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct stage_call *call = data;

	call->collector = NULL;
	call->body = bytes;
	if (result == HTTP_COLLECT_FAILED)
		call->failure = http_failure_text(call->call->failure);
	else if (result == HTTP_COLLECT_TOO_LARGE)
		call->failure = STR("the answer's body is too large for a scenario");
	call_finish(call);
}

static void call_answered(struct http_call *http_call, void *data)
{
	struct stage_call *call = data;

	call->status = http_call->response.status;
	call->collector = http_body_collect(http_call_take_body(http_call), LIMIT_CASE_FILE_BYTES,
					    call->arena, call_collected, call);
}

static void call_failed(struct http_call *http_call, void *data)
{
	struct stage_call *call = data;

	call->failure = http_failure_text(http_call->failure);
	call_finish(call);
}

/* Its options. */

static bool call_read_method(const struct json *description, struct http_call_options *options,
			     struct str *url, struct error *error)
{
	size_t found = 0;

	for (size_t i = 0; i < sizeof call_methods / sizeof *call_methods; i++) {
		const struct json *value = json_get(description, call_methods[i].key);

		if (value == NULL)
			continue;
		found++;
		options->method = call_methods[i].method;
		*url = json_str(value);
	}
	return found == 1 ||
	       error_set(error, ERROR_INVALID,
			 "a call needs one of get, head, post, put, patch, delete and options, "
			 "with a URL");
}

static bool call_read_url(struct str text, struct arena *arena, struct http_call_options *options,
			  struct http_fields *fields, struct error *error)
{
	struct url url;

	if (!url_parse(text, &url, error))
		return error_wrap(error, "URL \"%.*s\"", STR_ARG(text));
	if (!str_equal_nocase(url.scheme, STR("http")) &&
	    !str_equal_nocase(url.scheme, STR("https")))
		return error_set(error, ERROR_INVALID, "a call goes to http or https, not to %.*s",
				 STR_ARG(url.scheme));
	if (url.user.size > 0 || url.password.size > 0) {
		http_fields_add(fields, STR("Authorization"),
				http_basic_credentials(arena, url_decode(arena, url.user, false),
						       url_decode(arena, url.password, false)));
	}
	options->is_tls = url_is_tls(&url);
	options->host = url.host;
	options->port = url.port;
	options->target = STR_CONCAT(arena, url.path.size > 0 ? url.path : STR("/"),
				     url.query.size > 0 ? STR("?") : STR(""), url.query);
	return true;
}

static bool call_read_address(const struct json *description, struct http_call_options *options,
			      struct error *error)
{
	struct str to = json_get_str(description, STR("to"));

	options->connect_address = to;
	return to.size == 0 || url_host_is_ip(to) ||
	       error_set(error, ERROR_INVALID, "to: \"%.*s\" is no address", STR_ARG(to));
}

static struct str form_text(const struct json *form, struct arena *arena)
{
	struct http_query query;
	struct strbuf out;
	struct str text;

	http_query_init(&query, arena);
	JSON_EACH (pair, form)
		http_query_add(&query, pair->key, json_scalar_text(pair));
	strbuf_init(&out, LIMIT_CASE_FILE_BYTES);
	http_query_write(&out, &query);
	text = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	return text;
}

static bool call_read_body(const struct json *description, struct arena *arena, struct str *body,
			   struct http_fields *fields, struct error *error)
{
	const struct json *form = json_get(description, STR("form"));
	const struct json *text = json_get(description, STR("body"));

	if (form != NULL && text != NULL)
		return error_set(error, ERROR_INVALID, "a call has a body or a form, not both");
	if (form != NULL && form->kind != JSON_OBJECT)
		return error_set(error, ERROR_INVALID, "a form is a table");
	if (text != NULL && (text->kind == JSON_OBJECT || text->kind == JSON_ARRAY))
		return error_set(error, ERROR_INVALID, "a body is a text");
	*body = form != NULL ? form_text(form, arena) : json_scalar_text(text);
	if (form != NULL)
		http_fields_add(fields, STR("Content-Type"),
				STR("application/x-www-form-urlencoded"));
	return true;
}

static bool call_begin(struct stage_call *call, const struct json *description, struct error *error)
{
	struct http_fields fields;
	struct str url = {NULL, 0}, body, host = json_get_str(description, STR("host"));
	struct http_call_options options = {
		.fields = &fields,
		.connect_timeout_ms = CALL_CONNECT_TIMEOUT_MS,
		.idle_timeout_ms = CALL_IDLE_TIMEOUT_MS,
		.verify_peer = !json_bool(json_get(description, STR("insecure")), false),
		.arena = call->arena,
	};

	http_fields_init(&fields, call->arena);
	http_fields_add(&fields, STR("User-Agent"), STR("curl/7.29.0"));
	http_fields_add(&fields, STR("Accept"), STR("*/*"));
	if (host.size > 0)
		http_fields_add(&fields, STR("Host"), host);
	if (!call_read_method(description, &options, &url, error) ||
	    !call_read_url(url, call->arena, &options, &fields, error) ||
	    !call_read_address(description, &options, error) ||
	    !call_read_body(description, call->arena, &body, &fields, error))
		return false;
	JSON_EACH (field, json_get(description, STR("fields")))
		http_fields_set(&fields, field->key, json_scalar_text(field));
	options.body = body.size > 0 ? http_body_from_str(body) : NULL;
	call->call = http_call_start(call->world, &options, call_answered, call_failed, call);
	return true;
}

struct stage_call *stage_call_start(struct stage *stage, const struct json *description,
				    void (*over)(struct stage_call *call), struct error *error)
{
	struct world *world = stage_open_program(stage, json_get_str(description, STR("from")),
						 STR("curl"), error);
	struct stage_call *call;

	if (world == NULL)
		return NULL;
	call = MEMORY_NEW(struct stage_call);
	call->stage = stage;
	call->world = world;
	call->arena = arena_create();
	call->over = over;
	call->began_us = sim_now_us(stage->sim);
	if (call_begin(call, description, error))
		return call;
	stage_call_destroy(call);
	return NULL;
}

void stage_call_destroy(struct stage_call *call)
{
	http_body_collector_stop(call->collector);
	http_call_release(call->call);
	sim_host_world_end(call->world);
	arena_destroy(call->arena);
	free(call);
}
