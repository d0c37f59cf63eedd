#include "backend/report.h"

#include "backend/backend_internal.h"
#include "backend/integration_errors.h"
#include "backend/jobs.h"
#include "backend/notifications.h"
#include "backend/profile.h"
#include "backend/report_jobs.h"
#include "backend/worker.h"

#define STATUS_ACCEPTED 202

static enum api_step_result take_credentials(struct api_call *call)
{
	/* Not normalised here: an empty provider key is one (BE-041). */
	call->provider_key = parameters_text(&call->parameters, STR("provider_key"));
	call->service_token = parameters_text(&call->parameters, STR("service_token"));
	call->service_id = parameters_text(&call->parameters, STR("service_id"));
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

	if (call->backend->settings.profile->checks_all_texts)
		return parameters_are_utf8(&call->parameters);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct parameter *found = parameters_get(&call->parameters, names[i]);

		if (found != NULL && !parameter_is_utf8(found))
			return false;
	}
	return true;
}

static const struct parameter *transactions_of(const struct api_call *call)
{
	return parameters_get(&call->parameters, STR("transactions"));
}

static enum api_error_code check_transactions(const struct api_call *call)
{
	const struct parameter *transactions = transactions_of(call);

	if (transactions == NULL || transactions->kind == PARAMETER_NIL ||
	    (transactions->kind == PARAMETER_TEXT && transactions->text.size == 0))
		return API_TRANSACTIONS_IS_BLANK;
	if (transactions->kind != PARAMETER_HASH)
		return API_TRANSACTIONS_FORMAT_INVALID;
	for (const struct parameter *entry = transactions->first; entry != NULL;
	     entry = entry->next) {
		if (entry->kind == PARAMETER_NIL)
			return API_TRANSACTIONS_HAS_NIL_TRANSACTION;
	}
	if (call->backend->settings.profile->has_end_users)
		return API_NO_ERROR;
	for (const struct parameter *entry = transactions->first; entry != NULL;
	     entry = entry->next) {
		if (parameter_get(&call->parameters, entry, STR("user_id")) != NULL)
			return API_END_USERS_NO_LONGER_SUPPORTED;
	}
	return API_NO_ERROR;
}

/* 5.1, once it is known who reports. */
static enum api_step_result check_shape(struct api_call *call)
{
	enum api_error_code code = is_utf8(call) ? check_transactions(call) : API_NOT_VALID_DATA;

	return code == API_NO_ERROR ? API_STEP_NEXT : api_call_refuse(call, code, STR(""), STR(""));
}

static enum api_step_result enqueue(struct api_call *call)
{
	const struct parameter *transactions = transactions_of(call);
	size_t count = report_count(call, transactions);
	struct str context;

	if (count == 0)
		return api_call_answer(call, STATUS_ACCEPTED, STR(""));
	context = integration_error_context(call, STATUS_ACCEPTED);
	api_call_await(call);
	notify(&call->batch, call->backend, call->provider_key, 0, (int64_t)count);
	jobs_enqueue(&call->batch, call->backend, QUEUE_PRIORITY,
		     report_job(call, transactions, context));
	return api_call_awaited(call);
}

static enum api_step_result accept(struct api_call *call)
{
	worker_wake(call->backend->worker);
	return api_call_answer(call, STATUS_ACCEPTED, STR(""));
}

api_step *const report_steps[] = {
	api_step_content_type,
	api_step_parameters,
	take_credentials,
	api_step_provider_key,
	check_shape,
	api_step_service,
	enqueue,
	accept,
	NULL,
};
