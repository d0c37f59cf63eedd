#include "backend/report.h"

#include "backend/backend_internal.h"
#include "backend/integration_errors.h"
#include "backend/jobs.h"
#include "backend/multipart.h"
#include "backend/notifications.h"
#include "backend/worker.h"
#include "base/url.h"

#define STATUS_ACCEPTED 202

static struct str media_type(struct str content_type)
{
	size_t end = str_find_char(content_type, ';');

	return str_trim(end == STR_NOT_FOUND ? content_type : str_slice(content_type, 0, end));
}

static struct str content_type(const struct api_call *call)
{
	return http_fields_get(&call->exchange->request.fields, STR("Content-Type"));
}

static bool is_multipart(const struct api_call *call)
{
	return str_equal_nocase(media_type(content_type(call)), STR("multipart/form-data"));
}

/* 2.3: looked at before anything else. */
static enum api_step_result check_content_type(struct api_call *call)
{
	struct str type = media_type(content_type(call));

	if (type.size == 0 || is_multipart(call) ||
	    str_equal_nocase(type, STR("application/x-www-form-urlencoded")))
		return API_STEP_NEXT;
	return api_call_refuse(call, API_CONTENT_TYPE_INVALID, type, STR(""));
}

static enum api_step_result read_parameters(struct api_call *call)
{
	struct parameters *parameters = &call->parameters;
	enum api_error_code code;
	struct str path, query;

	url_split_target(call->exchange->request.target, &path, &query);
	code = parameters_read(parameters, PARAMETERS_QUERY, query);
	if (code == API_NO_ERROR && is_multipart(call))
		code = multipart_read(parameters, content_type(call), call->body);
	else if (code == API_NO_ERROR)
		code = parameters_read(parameters, PARAMETERS_BODY, call->body);
	if (code != API_NO_ERROR)
		return api_call_refuse(call, code, STR(""), STR(""));
	/* Not normalised here: an empty provider key is one (BE-041). */
	call->provider_key = parameters_text(parameters, STR("provider_key"));
	call->service_token = parameters_text(parameters, STR("service_token"));
	call->service_id = parameters_text(parameters, STR("service_id"));
	return API_STEP_NEXT;
}

static bool is_utf8(const struct api_call *call)
{
	static const struct str names[] = {
		STR_INIT("transactions"),
		STR_INIT("provider_key"),
		STR_INIT("service_token"),
		STR_INIT("service_id"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct parameter *found = parameters_get(&call->parameters, names[i]);

		if (found != NULL && !parameter_is_utf8(found))
			return false;
	}
	return true;
}

/* 5.1, once it is known who reports. */
static enum api_step_result check_shape(struct api_call *call)
{
	const struct parameter *transactions =
		parameters_get(&call->parameters, STR("transactions"));

	if (!is_utf8(call))
		return api_call_refuse(call, API_NOT_VALID_DATA, STR(""), STR(""));
	if (transactions == NULL || transactions->kind == PARAMETER_NIL ||
	    (transactions->kind == PARAMETER_TEXT && transactions->text.size == 0))
		return api_call_refuse(call, API_TRANSACTIONS_IS_BLANK, STR(""), STR(""));
	if (transactions->kind != PARAMETER_HASH)
		return api_call_refuse(call, API_TRANSACTIONS_FORMAT_INVALID, STR(""), STR(""));
	for (const struct parameter *entry = transactions->first; entry != NULL;
	     entry = entry->next) {
		if (entry->kind == PARAMETER_NIL)
			return api_call_refuse(call, API_TRANSACTIONS_HAS_NIL_TRANSACTION, STR(""),
					       STR(""));
	}
	return API_STEP_NEXT;
}

static enum api_step_result enqueue(struct api_call *call)
{
	const struct parameter *transactions =
		parameters_get(&call->parameters, STR("transactions"));
	struct str context = integration_error_context(call, STATUS_ACCEPTED);

	notify(call->backend, call->provider_key, 0, (int64_t)transactions->count);
	api_call_await(call);
	jobs_enqueue(
		&call->batch, call->backend, QUEUE_PRIORITY,
		jobs_report(call->backend, call->arena, call->service->id, transactions, context));
	return api_call_awaited(call);
}

static enum api_step_result accept(struct api_call *call)
{
	worker_wake(call->backend->worker);
	return api_call_answer(call, STATUS_ACCEPTED, STR(""));
}

api_step *const report_steps[] = {
	check_content_type,
	read_parameters,
	api_step_provider_key,
	check_shape,
	api_step_service,
	enqueue,
	accept,
	NULL,
};
