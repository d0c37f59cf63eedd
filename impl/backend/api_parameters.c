/* What a call of the public API sent: its content type, its parameters, its options
 * (spec/backend.md 2.2 to 2.4, 2.8). */
#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/multipart.h"
#include "backend/profile.h"
#include "base/arena.h"
#include "base/url.h"

/* Content type (2.3). */

static struct str content_type(const struct api_call *call)
{
	return http_fields_get(&call->exchange->request.fields, STR("Content-Type"));
}

static struct str media_type(struct str text)
{
	size_t end = str_find_char(text, ';');

	return str_trim(end == STR_NOT_FOUND ? text : str_slice(text, 0, end));
}

bool api_call_is_multipart(const struct api_call *call)
{
	return str_equal_nocase(media_type(content_type(call)), STR("multipart/form-data"));
}

enum api_step_result api_step_content_type(struct api_call *call)
{
	struct str type = media_type(content_type(call));

	if (type.size == 0 || api_call_is_multipart(call) ||
	    str_equal_nocase(type, STR("application/x-www-form-urlencoded")))
		return API_STEP_NEXT;
	return api_call_refuse(call, API_CONTENT_TYPE_INVALID, type, STR(""));
}

/* Options (2.8). */

static bool is_on(const struct parameters *options, struct str name)
{
	return str_equal(parameters_text(options, name), STR("1"));
}

static bool asks_for_no_body(const struct parameters *parameters)
{
	struct str value = parameters_text(parameters, STR("no_body"));

	return value.data != NULL && !str_equal(value, STR("0")) && !str_equal(value, STR("false"));
}

/* A text that cannot be read says nothing (12.3). */
void api_call_read_options(struct api_call *call)
{
	const struct profile *profile = call->backend->settings.profile;
	struct str text = http_fields_get(&call->exchange->request.fields, STR("3scale-options"));
	struct api_extensions *extensions = &call->extensions;
	struct parameters *options;

	if (text.size == 0)
		return;
	options = ARENA_NEW(call->arena, struct parameters);
	parameters_init(options, call->arena, call->backend->hash_seed, profile);
	if (parameters_read(options, PARAMETERS_QUERY, text) != API_NO_ERROR)
		return;
	extensions->options = options;
	extensions->no_body = asks_for_no_body(options);
	extensions->rejection_reason_header = is_on(options, STR("rejection_reason_header"));
	extensions->limit_headers = is_on(options, STR("limit_headers"));
	extensions->hierarchy = is_on(options, STR("hierarchy"));
	extensions->flat_usage = profile->has_flat_usage && is_on(options, STR("flat_usage"));
	extensions->list_app_keys =
		profile->has_list_app_keys && is_on(options, STR("list_app_keys"));
}

/* Parameters. */

static enum api_error_code read_body(struct api_call *call)
{
	return api_call_is_multipart(call)
		       ? multipart_read(&call->parameters, content_type(call), call->body)
		       : parameters_read(&call->parameters, PARAMETERS_BODY, call->body);
}

enum api_step_result api_step_parameters(struct api_call *call)
{
	struct parameters *parameters = &call->parameters;
	enum api_error_code code;
	struct str path, query;

	url_split_target(call->exchange->request.target, &path, &query);
	code = parameters_read(parameters, PARAMETERS_QUERY, query);
	if (code == API_NO_ERROR)
		code = read_body(call);
	if (code != API_NO_ERROR)
		return api_call_refuse(call, code, parameters->error.first,
				       parameters->error.second);
	call->extensions.no_body = call->extensions.no_body || asks_for_no_body(parameters);
	return API_STEP_NEXT;
}
