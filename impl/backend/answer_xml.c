#include "backend/answer_xml.h"

#include "backend/api_call.h"
#include "backend/backend_internal.h"
#include "backend/end_users.h"
#include "backend/limits.h"
#include "base/utc.h"
#include "base/xml.h"

struct str answer_error(struct backend *backend, struct arena *arena, enum api_error_code code,
			struct str message)
{
	struct strbuf *out = &backend->scratch;

	strbuf_clear(out);
	xml_declaration(out);
	strbuf_append(out, STR("<error code=\""));
	strbuf_append(out, api_error_name(code));
	strbuf_append(out, STR("\">"));
	xml_text(out, message);
	xml_close(out, STR("error"));
	return str_copy(arena, strbuf_str(out));
}

static void write_number(struct strbuf *out, struct str name, int64_t number)
{
	xml_open(out, name);
	strbuf_append_int(out, number);
	xml_close(out, name);
}

static void write_authorization(struct strbuf *out, struct api_call *call)
{
	if (call->denial.code == API_NO_ERROR) {
		xml_element(out, STR("authorized"), STR("true"));
		return;
	}
	xml_element(out, STR("authorized"), STR("false"));
	xml_element(out, STR("reason"), api_error_message(call->arena, &call->denial));
}

/* The element is called as the parameter was (3.7). */
static void write_application(struct strbuf *out, const struct api_call *call)
{
	const struct application *application = call->application;
	bool is_uri = parameters_get(&call->parameters, STR("redirect_url")) == NULL &&
		      parameters_get(&call->parameters, STR("redirect_uri")) != NULL;

	xml_open(out, STR("application"));
	xml_element(out, STR("id"), application->id);
	xml_element(out, STR("key"), application->keys_count > 0 ? application->keys[0] : STR(""));
	xml_element(out, is_uri ? STR("redirect_uri") : STR("redirect_url"),
		    application->redirect_url);
	xml_close(out, STR("application"));
}

/* At most so many are shown (4.1). */
#define APP_KEYS_SHOWN 256

static void write_app_keys(struct strbuf *out, const struct api_call *call)
{
	const struct application *application = call->application;

	strbuf_append(out, STR("<app_keys app=\""));
	xml_escape(out, application->id);
	strbuf_append(out, STR("\" svc=\""));
	xml_escape(out, call->service->id);
	strbuf_append(out, STR("\">"));
	for (size_t i = 0; i < application->keys_count && i < APP_KEYS_SHOWN; i++) {
		strbuf_append(out, STR("<key id=\""));
		xml_escape(out, application->keys[i]);
		strbuf_append(out, STR("\"/>"));
	}
	xml_close(out, STR("app_keys"));
}

static void write_period(struct strbuf *out, enum utc_period period, int64_t now_us)
{
	char text[32];

	if (period == UTC_ETERNITY)
		return;
	xml_element(out, STR("period_start"),
		    utc_format_backend(text, utc_period_start(period, now_us)));
	xml_element(out, STR("period_end"),
		    utc_format_backend(text, utc_period_end(period, now_us)));
}

static void write_report(struct strbuf *out, const struct api_call *call,
			 const struct plan_limits *limits, size_t index, int64_t now_us)
{
	const struct usage_limit *limit = &limits->list.items[index];

	strbuf_append(out, STR("<usage_report metric=\""));
	xml_escape(out, call->metrics->items[limit->metric].name);
	strbuf_append(out, STR("\" period=\""));
	strbuf_append(out, utc_period_name(limit->period));
	strbuf_append(out, limits->counters[index] > limit->max ? STR("\" exceeded=\"true\">")
								: STR("\">"));
	write_period(out, limit->period, now_us);
	write_number(out, STR("max_value"), limit->max);
	write_number(out, STR("current_value"), limits_shown_value(call, limits, index));
	xml_close(out, STR("usage_report"));
}

static void write_reports(struct strbuf *out, const struct api_call *call, struct str name,
			  const struct plan_limits *limits)
{
	int64_t now_us = backend_now_us(call->backend);
	bool is_open = false;

	for (size_t i = 0; i < limits->list.count; i++) {
		if (!limits_is_shown(call, &limits->list.items[i]))
			continue;
		if (!is_open)
			xml_open(out, name);
		is_open = true;
		write_report(out, call, limits, i, now_us);
	}
	if (is_open)
		xml_close(out, name);
}

static void write_user(struct strbuf *out, const struct api_call *call)
{
	xml_open(out, STR("user"));
	xml_element(out, STR("id"), call->user->name);
	xml_close(out, STR("user"));
}

static void write_children(struct strbuf *out, const struct metrics *metrics, size_t parent)
{
	bool is_first = true;

	for (size_t i = 0; i < metrics->count; i++) {
		if (metrics->items[i].parent != parent || metrics->items[i].name.data == NULL)
			continue;
		if (!is_first)
			strbuf_append_char(out, ' ');
		is_first = false;
		xml_escape(out, metrics->items[i].name);
	}
}

/* 4.3: one entry for each usage report. */
static void write_hierarchy(struct strbuf *out, const struct api_call *call)
{
	xml_open(out, STR("hierarchy"));
	for (size_t i = 0; i < call->limits.list.count; i++) {
		size_t metric = call->limits.list.items[i].metric;

		if (!limits_is_shown(call, &call->limits.list.items[i]))
			continue;
		strbuf_append(out, STR("<metric name=\""));
		xml_escape(out, call->metrics->items[metric].name);
		strbuf_append(out, STR("\" children=\""));
		write_children(out, call->metrics, metric);
		strbuf_append(out, STR("\"/>"));
	}
	xml_close(out, STR("hierarchy"));
}

struct str answer_status(struct api_call *call)
{
	struct strbuf *out = &call->backend->scratch;

	strbuf_clear(out);
	xml_declaration(out);
	xml_open(out, STR("status"));
	write_authorization(out, call);
	if (call->endpoint->is_oauth)
		write_application(out, call);
	if (call->endpoint->is_oauth && call->user != NULL)
		write_user(out, call);
	xml_element(out, STR("plan"), call->application->plan_name);
	write_reports(out, call, STR("usage_reports"), &call->limits);
	if (call->extensions.list_app_keys)
		write_app_keys(out, call);
	if (call->user != NULL) {
		xml_element(out, STR("user_plan"), call->user->plan_name);
		write_reports(out, call, STR("user_usage_reports"), &call->user_limits);
	}
	if (call->extensions.hierarchy)
		write_hierarchy(out, call);
	xml_close(out, STR("status"));
	return str_copy(call->arena, strbuf_str(out));
}
