#include "backend/integration_errors.h"

#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/keys.h"
#include "backend/jobs.h"
#include "backend/profile.h"
#include "base/json.h"
#include "world/redis.h"

#define STATUS_SHOWN 403 /* whatever the real one was (5.6) */

static void write_text(struct strbuf *out, struct str name, struct str text)
{
	strbuf_append(out, name);
	if (text.data == NULL)
		strbuf_append(out, STR("null"));
	else
		json_write_str(out, text);
}

static struct str field(const struct api_call *call, struct str name)
{
	return http_fields_get(&call->exchange->request.fields, name);
}

/* A form's text, where it was one. */
static struct str form_of(const struct api_call *call)
{
	if (!str_equal(call->exchange->request.method, STR("POST")) || api_call_is_multipart(call))
		return str_of(NULL, 0);
	return call->body.data != NULL ? call->body : STR("");
}

static void write_request(struct strbuf *out, const struct api_call *call, struct str url)
{
	const struct http_exchange *exchange = call->exchange;
	const struct parameters *options = call->extensions.options;
	struct str forwarded = field(call, STR("X-Forwarded-For"));

	write_text(out, STR("{\"url\":"), url);
	write_text(out, STR(",\"method\":"), exchange->request.method);
	write_text(out, STR(",\"form_vars\":"), form_of(call));
	write_text(out, STR(",\"user_agent\":"), field(call, STR("User-Agent")));
	write_text(out, STR(",\"ip\":"), forwarded.size > 0 ? forwarded : exchange->remote_address);
	write_text(out, STR(",\"content_type\":"), field(call, STR("Content-Type")));
	write_text(out, STR(",\"content_length\":"), field(call, STR("Content-Length")));
	if (call->backend->settings.profile->tells_extensions) {
		strbuf_append(out, STR(",\"extensions\":"));
		if (options != NULL)
			parameter_write_json(out, &options->roots[PARAMETERS_QUERY]);
		else
			strbuf_append(out, STR("{}"));
	}
	strbuf_append_char(out, '}');
}

static struct str url_of(const struct api_call *call)
{
	return STR_CONCAT(call->arena, STR("http://"), field(call, STR("Host")),
			  call->exchange->request.target);
}

struct str integration_error_context(struct api_call *call, int status)
{
	struct strbuf *out = &call->backend->scratch;

	strbuf_clear(out);
	strbuf_append_format(out, "{\"response_code\":%d,\"request\":", status);
	write_request(out, call, url_of(call));
	strbuf_append_char(out, '}');
	return str_copy(call->arena, strbuf_str(out));
}

/* The releases that tell of extensions tell nothing but the request (5.6). */
static struct str context_of_refusal(struct api_call *call)
{
	struct strbuf *out = &call->backend->scratch;

	if (!call->backend->settings.profile->tells_extensions)
		return integration_error_context(call, STATUS_SHOWN);
	strbuf_clear(out);
	write_request(out, call, url_of(call));
	return str_copy(call->arena, strbuf_str(out));
}

void integration_error_store(struct backend *backend, struct arena *arena, struct str service,
			     enum api_error_code code, struct str message, struct str context)
{
	struct strbuf *out = &backend->scratch;
	struct str key = key_errors(arena, service);

	if (backend->storage == NULL)
		return;
	strbuf_clear(out);
	strbuf_append(out, STR("{\"code\":\""));
	strbuf_append(out, api_error_name(code));
	write_text(out, STR("\",\"message\":"), message);
	write_text(out, STR(",\"timestamp\":"), jobs_time(arena, backend_now_us(backend)));
	strbuf_append(out, STR(",\"context_info\":"));
	strbuf_append(out, context);
	strbuf_append_char(out, '}');
	REDIS_SEND(backend->storage, NULL, NULL, STR("LPUSH"), key, strbuf_str(out));
	REDIS_SEND(backend->storage, NULL, NULL, STR("LTRIM"), key, STR("0"), STR("999"));
}

void integration_error_of_call(struct api_call *call, enum api_error_code code, struct str message)
{
	integration_error_store(call->backend, call->arena, call->service->id, code, message,
				context_of_refusal(call));
}
