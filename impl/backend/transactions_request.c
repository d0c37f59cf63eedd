#include "backend/transactions_request.h"

#include "backend/answer_xml.h"
#include "backend/authorize.h"
#include "backend/backend_internal.h"
#include "backend/jobs.h"
#include "backend/limits.h"
#include "backend/notifications.h"
#include "backend/worker.h"
#include "base/url.h"

/* Parameters (2.2, 2.4, 2.6, 2.8). */

/* What is blank, or no text, is absent. False when it is not UTF-8. */
static bool take_identifier(const struct api_call *call, struct str name, struct str *text)
{
	*text = parameters_text(&call->parameters, name);
	if (!str_is_utf8(*text))
		return false;
	if (parameter_strip(*text).size == 0)
		*text = str_of(NULL, 0);
	return true;
}

/* Kept apart when it is empty; without the blanks around it. */
static bool take_app_key(struct api_call *call)
{
	struct str text = parameters_text(&call->parameters, STR("app_key"));

	call->app_key = parameter_strip(text);
	return str_is_utf8(text);
}

static bool usage_is_utf8(const struct api_call *call)
{
	const struct parameter *usage = parameters_get(&call->parameters, STR("usage"));

	return usage == NULL || parameter_is_utf8(usage);
}

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
static void read_extensions(struct api_call *call)
{
	struct str text = http_fields_get(&call->exchange->request.fields, STR("3scale-options"));
	struct parameters options;

	call->extensions.no_body = asks_for_no_body(&call->parameters);
	if (text.size == 0)
		return;
	parameters_init(&options, call->arena, call->backend->hash_seed);
	if (parameters_read(&options, PARAMETERS_QUERY, text) != API_NO_ERROR)
		return;
	call->extensions.no_body = call->extensions.no_body || asks_for_no_body(&options);
	call->extensions.rejection_reason_header = is_on(&options, STR("rejection_reason_header"));
	call->extensions.limit_headers = is_on(&options, STR("limit_headers"));
	call->extensions.hierarchy = is_on(&options, STR("hierarchy"));
}

static enum api_step_result read_parameters(struct api_call *call)
{
	struct str path, query;
	enum api_error_code code;

	url_split_target(call->exchange->request.target, &path, &query);
	code = parameters_read(&call->parameters, PARAMETERS_QUERY, query);
	if (code != API_NO_ERROR)
		return api_call_refuse(call, code, STR(""), STR(""));
	read_extensions(call);
	if (!take_identifier(call, STR("provider_key"), &call->provider_key) ||
	    !take_identifier(call, STR("service_id"), &call->service_id) ||
	    !take_identifier(call, STR("app_id"), &call->app_id) ||
	    !take_identifier(call, STR("user_key"), &call->user_key) || !take_app_key(call) ||
	    !usage_is_utf8(call))
		return api_call_refuse(call, API_NOT_VALID_DATA, STR(""), STR(""));
	call->service_token = parameters_text(&call->parameters, STR("service_token"));
	return API_STEP_NEXT;
}

/* Stage 7; from here on the provider has made a call of the API, whatever comes of it. */
static enum api_step_result check_usage_shape(struct api_call *call)
{
	const struct parameter *usage = parameters_get(&call->parameters, STR("usage"));

	if (usage != NULL && usage->kind != PARAMETER_NIL) {
		if (usage->kind != PARAMETER_HASH)
			return api_call_answer(call, 403, STR(""));
		call->usage_parameter = usage;
	}
	if (!call->endpoint->does_report)
		notify_authorize(call->backend, call->provider_key);
	return API_STEP_NEXT;
}

/* The application (3.4). */

static enum api_step_result find_application_id(struct api_call *call)
{
	struct str id = STR("");
	enum memo_result result;

	if (call->app_id.size == 0 && (call->endpoint->is_oauth || call->user_key.size == 0))
		return api_call_refuse(call, API_APPLICATION_NOT_FOUND, STR(""), STR(""));
	if (call->app_id.size > 0 && call->user_key.size > 0)
		return api_call_refuse(call, API_AUTHENTICATION_ERROR, STR(""), STR(""));
	if (call->app_id.size > 0)
		return API_STEP_NEXT;
	result = stored_text_find(&call->reader, &user_key_kind, call->service->id, call->user_key,
				  &id);
	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	if (id.size == 0)
		return api_call_refuse(call, API_USER_KEY_INVALID, call->user_key, STR(""));
	call->app_id = id;
	return API_STEP_NEXT;
}

static enum api_step_result find_application(struct api_call *call)
{
	const struct application *application;
	enum memo_result result =
		application_find(&call->reader, call->service->id, call->app_id, &application);

	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	if (!application->exists)
		return api_call_refuse(call, API_APPLICATION_NOT_FOUND, call->app_id, STR(""));
	if (application->user_required &&
	    parameters_text(&call->parameters, STR("user_id")).size == 0)
		return api_call_refuse(call, API_USER_NOT_DEFINED, call->app_id, STR(""));
	call->application = application;
	return API_STEP_NEXT;
}

/* Validation (3.5). */

static enum api_step_result find_limits(struct api_call *call)
{
	const struct application *application = call->application;
	enum memo_result result = metrics_find(&call->reader, call->service->id, &call->metrics);

	if (result != MEMO_FOUND)
		return api_call_missing(call, result);
	result = limits_find(&call->reader, call->service->id, application->plan_id, call->metrics,
			     &call->limits);
	return result == MEMO_FOUND ? API_STEP_NEXT : api_call_missing(call, result);
}

static bool read_usage(struct api_call *call, struct api_error *error)
{
	usage_init(&call->usage, call->arena);
	if (call->usage_parameter == NULL)
		return true;
	for (const struct parameter *entry = call->usage_parameter->first; entry != NULL;
	     entry = entry->next) {
		struct str value = entry->kind == PARAMETER_TEXT ? entry->text : str_of(NULL, 0);

		if (!usage_add(&call->usage, call->metrics, entry->name, value, error))
			return false;
	}
	usage_expand(&call->usage, call->metrics);
	return true;
}

/* Counters are for the limits and for the document; a denial without one needs none. */
static enum api_step_result validate(struct api_call *call)
{
	struct api_error error;
	bool is_denied;

	authorize_validate(call);
	is_denied = call->denial.code != API_NO_ERROR;
	if (!is_denied && !read_usage(call, &error))
		return api_call_refuse(call, error.code, error.first, error.second);
	api_call_await(call);
	if (!is_denied || !call->extensions.no_body)
		limits_ask(&call->batch, call->backend->storage, call->service->id,
			   call->application->id, call->metrics, &call->limits,
			   backend_now_us(call->backend));
	return api_call_awaited(call);
}

static enum api_step_result check_limits(struct api_call *call)
{
	static const struct redis_reply nothing = {.kind = REDIS_ARRAY};
	bool was_read = call->batch.count > 0;

	call->counters = limits_counters(call->arena, &call->limits,
					 was_read ? &call->batch.replies[0] : &nothing);
	if (call->denial.code == API_NO_ERROR &&
	    !limits_allow(&call->limits, call->counters,
			  call->usage_parameter != NULL ? &call->usage : NULL))
		call->denial.code = API_LIMITS_EXCEEDED;
	return API_STEP_NEXT;
}

/* The report of an authrep (5.2). */

static bool is_given(const struct parameter *parameter)
{
	return parameter != NULL && parameter->kind != PARAMETER_NIL;
}

static enum api_step_result enqueue_report(struct api_call *call)
{
	const struct parameter *log = parameters_get(&call->parameters, STR("log"));
	bool is_report = call->denial.code == API_NO_ERROR &&
			 (call->usage_parameter != NULL || is_given(log));

	if (!call->endpoint->does_report)
		return API_STEP_NEXT;
	if (is_report)
		notify(call->backend, call->provider_key, 1, call->usage_parameter != NULL);
	else
		notify_authorize(call->backend, call->provider_key);
	if (!is_report)
		return API_STEP_NEXT;
	api_call_await(call);
	jobs_enqueue(&call->batch, call->backend, QUEUE_PRIORITY,
		     jobs_authrep_report(call->backend, call->arena, &call->parameters,
					 call->service->id, call->application->id));
	return api_call_awaited(call);
}

static enum api_step_result answer(struct api_call *call)
{
	bool is_denied = call->denial.code != API_NO_ERROR;
	struct http_response response;

	if (call->endpoint->does_report && !is_denied)
		worker_wake(call->backend->worker);
	api_response_init(&response, call->arena, is_denied ? 409 : 200);
	if (is_denied && call->extensions.rejection_reason_header)
		http_fields_add(&response.fields, STR("3scale-rejection-reason"),
				api_error_name(call->denial.code));
	if (call->extensions.limit_headers &&
	    (!is_denied || call->denial.code == API_LIMITS_EXCEEDED))
		limits_add_headers(call, &response);
	return api_call_answer_fields(call, &response,
				      call->extensions.no_body ? STR("") : answer_status(call));
}

api_step *const transactions_request_steps[] = {
	read_parameters,
	api_step_provider_key,
	check_usage_shape,
	api_step_service,
	find_application_id,
	find_application,
	find_limits,
	validate,
	check_limits,
	enqueue_report,
	answer,
	NULL,
};
