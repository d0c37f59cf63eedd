#include "backend/report_jobs.h"

#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/end_users.h"
#include "backend/jobs.h"
#include "backend/profile.h"
#include "base/json.h"

/* What counts. The releases that leave out uses of nothing do so before anything is queued, and
 * keep the code alone of a log (5.1, 5.2). */

static bool filters(const struct api_call *call)
{
	return call->backend->settings.profile->drops_zero_usage;
}

static bool is_zero(const struct parameter *entry)
{
	return entry->kind == PARAMETER_TEXT && str_equal(entry->text, STR("0"));
}

static bool has_use(const struct parameter *usage)
{
	const struct parameter *entry =
		usage != NULL && usage->kind == PARAMETER_HASH ? usage->first : NULL;

	while (entry != NULL && is_zero(entry))
		entry = entry->next;
	return entry != NULL;
}

static const struct parameter *given(const struct parameter *parameter)
{
	return parameter != NULL && parameter->kind != PARAMETER_NIL ? parameter : NULL;
}

static const struct parameter *code_of(const struct api_call *call, const struct parameter *log)
{
	return parameter_get(&call->parameters, log, STR("code"));
}

static bool is_kept(const struct api_call *call, const struct parameter *transaction)
{
	return !filters(call) ||
	       has_use(parameter_get(&call->parameters, transaction, STR("usage")));
}

/* Their bytes. */

static bool is_first_member(bool *is_first)
{
	bool was_first = *is_first;

	*is_first = false;
	return was_first;
}

static void write_name(struct strbuf *out, bool *is_first, struct str name)
{
	if (!is_first_member(is_first))
		strbuf_append_char(out, ',');
	json_write_str(out, name);
	strbuf_append_char(out, ':');
}

static void write_usage(struct strbuf *out, const struct api_call *call,
			const struct parameter *usage)
{
	bool is_first = true;

	if (!filters(call)) {
		parameter_write_json(out, usage);
		return;
	}
	strbuf_append_char(out, '{');
	for (const struct parameter *entry = usage->first; entry != NULL; entry = entry->next) {
		if (is_zero(entry))
			continue;
		write_name(out, &is_first, entry->name);
		parameter_write_json(out, entry);
	}
	strbuf_append_char(out, '}');
}

static void write_log(struct strbuf *out, const struct api_call *call, const struct parameter *log)
{
	if (!filters(call)) {
		parameter_write_json(out, log);
		return;
	}
	strbuf_append(out, STR("{\"code\":"));
	parameter_write_json(out, code_of(call, log));
	strbuf_append_char(out, '}');
}

static void write_options(struct strbuf *out, const struct api_call *call)
{
	const struct parameters *options = call->extensions.options;

	if (options == NULL)
		strbuf_append(out, STR("{}"));
	else
		parameter_write_json(out, &options->roots[PARAMETERS_QUERY]);
}

/* Authrep. */

struct authrep_report authrep_report_of(const struct api_call *call)
{
	struct authrep_report report = {
		.usage = call->usage_parameter,
		.log = given(parameters_get(&call->parameters, STR("log"))),
	};

	if (!filters(call))
		return report;
	if (!has_use(report.usage))
		report.usage = NULL;
	if (code_of(call, report.log) == NULL)
		report.log = NULL;
	return report;
}

struct str authrep_report_job(struct api_call *call, const struct authrep_report *report)
{
	const struct profile *profile = call->backend->settings.profile;
	struct strbuf *out = jobs_begin(call->backend, JOB_REPORT_CLASS);

	json_write_str(out, call->service->id);
	strbuf_append(out, STR(",{\"0\":{\"app_id\":"));
	json_write_str(out, call->application->id);
	strbuf_append(out, STR(",\"usage\":"));
	if (report->usage != NULL)
		write_usage(out, call, report->usage);
	else
		strbuf_append(out, STR("null"));
	if (profile->has_end_users) {
		strbuf_append(out, STR(",\"user_id\":"));
		if (call->user != NULL)
			json_write_str(out, call->user->name);
		else
			strbuf_append(out, STR("null"));
	}
	strbuf_append(out, STR(",\"log\":"));
	if (report->log != NULL)
		write_log(out, call, report->log);
	else
		strbuf_append(out, STR("null"));
	strbuf_append(out, STR("}},"));
	jobs_write_enqueue_time(out, call->backend);
	if (profile->tells_extensions) {
		strbuf_append(out, STR(",{\"request\":{\"extensions\":"));
		write_options(out, call);
		strbuf_append(out, STR("}}"));
	} else {
		strbuf_append(out, STR(",{}"));
	}
	return jobs_end(out, call->arena);
}

/* Report. */

size_t report_count(const struct api_call *call, const struct parameter *transactions)
{
	size_t count = 0;

	for (const struct parameter *entry = transactions->first; entry != NULL;
	     entry = entry->next)
		count += is_kept(call, entry);
	return count;
}

static void write_transaction(struct strbuf *out, const struct api_call *call,
			      const struct parameter *transaction)
{
	bool is_first = true;

	strbuf_append_char(out, '{');
	for (const struct parameter *member = transaction->first; member != NULL;
	     member = member->next) {
		bool is_log = str_equal(member->name, STR("log"));

		if (is_log && code_of(call, member) == NULL)
			continue;
		write_name(out, &is_first, member->name);
		if (is_log)
			write_log(out, call, member);
		else if (str_equal(member->name, STR("usage")))
			write_usage(out, call, member);
		else
			parameter_write_json(out, member);
	}
	strbuf_append_char(out, '}');
}

static void write_transactions(struct strbuf *out, const struct api_call *call,
			       const struct parameter *transactions)
{
	bool is_first = true;

	if (!filters(call)) {
		parameter_write_json(out, transactions);
		return;
	}
	strbuf_append_char(out, '{');
	for (const struct parameter *entry = transactions->first; entry != NULL;
	     entry = entry->next) {
		if (!is_kept(call, entry))
			continue;
		write_name(out, &is_first, entry->name);
		write_transaction(out, call, entry);
	}
	strbuf_append_char(out, '}');
}

struct str report_job(struct api_call *call, const struct parameter *transactions,
		      struct str context)
{
	struct strbuf *out = jobs_begin(call->backend, JOB_REPORT_CLASS);

	json_write_str(out, call->service->id);
	strbuf_append_char(out, ',');
	write_transactions(out, call, transactions);
	strbuf_append_char(out, ',');
	jobs_write_enqueue_time(out, call->backend);
	strbuf_append_char(out, ',');
	strbuf_append(out, context);
	return jobs_end(out, call->arena);
}
