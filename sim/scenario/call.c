#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/url.h"
#include "http/query.h"
#include "sim/scenario/stage_internal.h"
#include "world/http_client.h"

/* As curl: it waits for as long as TCP does. */
#define CALL_CONNECT_TIMEOUT_MS 127000
#define CALL_IDLE_TIMEOUT_MS 300000

static const char *const call_methods[] = {"get",   "head",   "post",   "put",
					   "patch", "delete", "options"};

static void stage_call_finish(struct stage_call *call)
{
	call->is_over = true;
	call->ended_us = sim_now_us(call->stage->sim);
	if (call->over != NULL)
		call->over(call, call->data);
}

static void stage_call_collected(enum http_collect_result result, struct str bytes, void *data)
{
	struct stage_call *call = data;

	call->collector = NULL;
	call->body = bytes;
	if (result == HTTP_COLLECT_FAILED)
		call->failure = http_failure_text(call->call->failure);
	else if (result == HTTP_COLLECT_TOO_LARGE)
		call->failure = STR("the answer's body is too large for a scenario");
	stage_call_finish(call);
}

static void stage_call_answered(struct http_call *http_call, void *data)
{
	struct stage_call *call = data;

	call->status = http_call->response.status;
	call->collector = http_body_collect(http_call_take_body(http_call), LIMIT_CASE_FILE_BYTES,
					    call->arena, stage_call_collected, call);
}

static void stage_call_failed(struct http_call *http_call, void *data)
{
	struct stage_call *call = data;

	call->failure = http_failure_text(http_call->failure);
	stage_call_finish(call);
}

static bool stage_call_method(const struct json *description, struct arena *arena,
			      struct str *method, struct str *url, struct error *error)
{
	for (size_t i = 0; i < sizeof call_methods / sizeof *call_methods; i++) {
		const struct json *value = json_get(description, str_from(call_methods[i]));
		char *upper;

		if (value == NULL)
			continue;
		*method = str_copy(arena, str_from(call_methods[i]));
		upper = (char *)method->data;
		for (size_t j = 0; j < method->size; j++)
			upper[j] = (char)(upper[j] - 'a' + 'A');
		*url = json_str(value);
		return true;
	}
	return error_set(error, ERROR_INVALID,
			 "a call needs get, post, put, patch, delete, head "
			 "or options with a URL");
}

static struct str stage_call_body(const struct json *description, struct arena *arena,
				  struct http_fields *fields)
{
	const struct json *form = json_get(description, STR("form"));
	struct http_query query;
	struct strbuf out;
	struct str body;

	if (form == NULL)
		return json_get_str(description, STR("body"));
	http_query_init(&query, arena);
	JSON_EACH (pair, form)
		http_query_add(&query, pair->key, json_scalar_text(pair));
	strbuf_init(&out, LIMIT_CASE_FILE_BYTES);
	http_query_write(&out, &query);
	body = str_copy(arena, strbuf_str(&out));
	strbuf_free(&out);
	http_fields_add(fields, STR("Content-Type"), STR("application/x-www-form-urlencoded"));
	return body;
}

static void stage_call_fields(const struct json *description, struct http_fields *fields)
{
	struct str host = json_get_str(description, STR("host"));

	if (host.size > 0)
		http_fields_add(fields, STR("Host"), host);
	http_fields_add(fields, STR("User-Agent"), STR("curl/7.29.0"));
	http_fields_add(fields, STR("Accept"), STR("*/*"));
	JSON_EACH (field, json_get(description, STR("fields")))
		http_fields_set(fields, field->key, json_scalar_text(field));
}

struct stage_call *stage_call_start(struct stage *stage, const struct json *description,
				    void (*over)(struct stage_call *call, void *data), void *data,
				    struct error *error)
{
	struct str from = json_get_str(description, STR("from"));
	struct world *world = stage_host_world(stage, from.size > 0 ? from : STR("client"), error);
	struct stage_call *call;
	struct http_fields fields;
	struct str method, text, body;
	struct url url;

	if (world == NULL)
		return NULL;
	call = MEMORY_NEW(struct stage_call);
	call->stage = stage;
	call->arena = arena_create();
	call->over = over;
	call->data = data;
	call->began_us = sim_now_us(stage->sim);
	if (!stage_call_method(description, call->arena, &method, &text, error) ||
	    !url_parse(text, &url, error))
		goto fail;
	http_fields_init(&fields, call->arena);
	stage_call_fields(description, &fields);
	body = stage_call_body(description, call->arena, &fields);

	struct http_call_options options = {
		.method = method,
		.is_tls = url_is_tls(&url),
		.host = url.host,
		.port = url.port,
		.connect_address = json_get_str(description, STR("to")),
		.target = STR_CONCAT(call->arena, url.path.size > 0 ? url.path : STR("/"),
				     url.query.size > 0 ? STR("?") : STR(""), url.query),
		.fields = &fields,
		.body = body.size > 0 ? http_body_from_str(body) : NULL,
		.connect_timeout_ms = CALL_CONNECT_TIMEOUT_MS,
		.idle_timeout_ms = CALL_IDLE_TIMEOUT_MS,
		.arena = call->arena,
	};

	call->call = http_call_start(world, &options, stage_call_answered, stage_call_failed, call);
	return call;
fail:
	stage_call_destroy(call);
	return NULL;
}

void stage_call_destroy(struct stage_call *call)
{
	http_body_collector_stop(call->collector);
	http_call_release(call->call);
	arena_destroy(call->arena);
	free(call);
}
