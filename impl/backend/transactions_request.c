#include "backend/transactions_request.h"

#include "backend/answer_xml.h"
#include "backend/authorize.h"
#include "backend/backend_internal.h"
#include "backend/end_users.h"
#include "backend/jobs.h"
#include "backend/notifications.h"
#include "backend/profile.h"
#include "backend/report_jobs.h"
#include "backend/stats_keys.h"
#include "backend/worker.h"
#include "base/arena.h"

/* Parameters (2.2, 2.6). */

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

static bool is_utf8(const struct api_call *call, struct str name)
{
	const struct parameter *found = parameters_get(&call->parameters, name);

	return found == NULL || parameter_is_utf8(found);
}

static enum api_step_result take_parameters(struct api_call *call)
{
	const struct profile *profile = call->backend->settings.profile;
	bool all_is_utf8 = !profile->checks_all_texts || parameters_are_utf8(&call->parameters);

	if (!all_is_utf8 || !take_identifier(call, STR("provider_key"), &call->provider_key) ||
	    !take_identifier(call, STR("service_id"), &call->service_id) ||
	    !take_identifier(call, STR("app_id"), &call->app_id) ||
	    !take_identifier(call, STR("user_key"), &call->user_key) || !take_app_key(call) ||
	    !is_utf8(call, STR("usage")) || !is_utf8(call, STR("access_token")))
		return api_call_refuse(call, API_NOT_VALID_DATA, STR(""), STR(""));
	call->service_token = parameters_text(&call->parameters, STR("service_token"));
	call->user_id = parameters_text(&call->parameters, STR("user_id"));
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

/* Validation (3.5). */

static enum memo_result find_plan_limits(struct api_call *call, struct str plan,
					 struct plan_limits *limits)
{
	return limits_find(&call->reader, call->service->id, plan, call->metrics, &limits->list);
}

static enum api_step_result find_limits(struct api_call *call)
{
	enum memo_result result = metrics_find(&call->reader, call->service->id, &call->metrics);

	if (result == MEMO_FOUND)
		result = find_plan_limits(call, call->application->plan_id, &call->limits);
	if (result == MEMO_FOUND && call->user != NULL)
		result = find_plan_limits(call, call->user->plan_id, &call->user_limits);
	return result == MEMO_FOUND ? API_STEP_NEXT : api_call_missing(call, result);
}

/* Stage 10: without a document, what is reported must be known before anything is denied. */
static enum api_step_result check_metrics(struct api_call *call)
{
	const struct parameter *entry =
		call->usage_parameter != NULL ? call->usage_parameter->first : NULL;

	if (!call->extensions.no_body || !call->backend->settings.profile->checks_metrics_first)
		return API_STEP_NEXT;
	for (; entry != NULL; entry = entry->next) {
		struct str name = parameter_strip(entry->name);

		if (metrics_index(call->metrics, name) == METRIC_NONE)
			return api_call_refuse(call, API_METRIC_INVALID, name, STR(""));
	}
	return API_STEP_NEXT;
}

static bool read_usage(struct api_call *call, struct api_error *error)
{
	usage_init(&call->usage, call->arena);
	call->usage.reach =
		usage_reach_of(call->backend->settings.profile, call->extensions.flat_usage);
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

static void ask_counters(struct api_call *call)
{
	struct redis_client *storage = call->backend->storage;
	int64_t now_us = backend_now_us(call->backend);
	struct stats_subject subject = {.service = call->service->id,
					.application = call->application->id};

	limits_ask_subject(&call->batch, storage, &subject, call->metrics, &call->limits.list,
			   now_us);
	if (call->user == NULL)
		return;
	subject = (struct stats_subject){.service = call->service->id, .user = call->user->name};
	limits_ask_subject(&call->batch, storage, &subject, call->metrics, &call->user_limits.list,
			   now_us);
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
		ask_counters(call);
	return api_call_awaited(call);
}

/* The next reply, when there was anything to ask. */
static void take_counters(struct api_call *call, struct plan_limits *limits, size_t *reply)
{
	static const struct redis_reply nothing = {.kind = REDIS_ARRAY};
	bool was_asked = limits->list.count > 0 && *reply < call->batch.count;

	limits->counters = limits_counters(call->arena, &limits->list,
					   was_asked ? &call->batch.replies[(*reply)++] : &nothing);
}

static enum api_step_result check_limits(struct api_call *call)
{
	const struct usage *usage = call->usage_parameter != NULL ? &call->usage : NULL;
	size_t reply = 0;

	take_counters(call, &call->limits, &reply);
	take_counters(call, &call->user_limits, &reply);
	if (call->denial.code == API_NO_ERROR &&
	    (!limits_allow(&call->limits.list, call->limits.counters, usage) ||
	     !limits_allow(&call->user_limits.list, call->user_limits.counters, usage)))
		call->denial.code = API_LIMITS_EXCEEDED;
	return API_STEP_NEXT;
}

/* The report of an authrep (5.2). */

static enum api_step_result enqueue_report(struct api_call *call)
{
	struct authrep_report report = authrep_report_of(call);
	bool is_reported =
		call->denial.code == API_NO_ERROR && (report.usage != NULL || report.log != NULL);

	if (!call->endpoint->does_report)
		return API_STEP_NEXT;
	if (!is_reported) {
		notify_authorize(call->backend, call->provider_key);
		return API_STEP_NEXT;
	}
	api_call_await(call);
	notify(&call->batch, call->backend, call->provider_key, 1, report.usage != NULL);
	jobs_enqueue(&call->batch, call->backend, QUEUE_PRIORITY,
		     authrep_report_job(call, &report));
	return api_call_awaited(call);
}

static enum api_step_result answer(struct api_call *call)
{
	bool is_denied = call->denial.code != API_NO_ERROR;
	struct http_response response;

	if (call->endpoint->does_report && !is_denied)
		worker_wake(call->backend->worker);
	api_response_init(&response, call->backend, call->arena, is_denied ? 409 : 200);
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
	api_step_parameters,
	take_parameters,
	api_step_provider_key,
	api_step_no_users,
	check_usage_shape,
	api_step_service,
	api_step_find_token,
	api_step_use_token,
	api_step_application_id,
	api_step_application,
	api_step_user,
	find_limits,
	check_metrics,
	validate,
	check_limits,
	enqueue_report,
	answer,
	NULL,
};
