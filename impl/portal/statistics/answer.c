#include "portal/statistics/answer.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utc.h"
#include "base/xml.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/record.h"
#include "portal/reply.h"
#include "portal/time_zone.h"

/* JSON. */

static struct json *add_object(struct call *call, struct json *object, const char *name)
{
	return json_set(object, str_from(name), json_new(call->arena, JSON_OBJECT));
}

static void add_text(struct call *call, struct json *object, const char *name, struct str text)
{
	json_set(object, str_from(name), json_new_str(call->arena, text));
}

static void add_number(struct call *call, struct json *object, const char *name, int64_t number)
{
	json_set(object, str_from(name), json_new_int(call->arena, number));
}

static void add_column(struct call *call, struct json *object, const char *name,
		       const struct record *record, const char *column)
{
	struct value value = record_get(record, column);

	if (value.kind == VALUE_NULL)
		json_set(object, str_from(name), json_new(call->arena, JSON_NULL));
	else if (value.kind == VALUE_INT)
		add_number(call, object, name, value.number);
	else
		add_text(call, object, name, value.text);
}

static struct str time_text(struct call *call, const struct statistics_range *range,
			    int64_t instant_us)
{
	char text[48];

	return str_copy(call->arena, time_zone_format_iso(text, range->zone, instant_us));
}

static void add_subject(struct call *call, struct json *document,
			const struct statistics_subject *subject)
{
	struct json *object =
		add_object(call, document, subject->metric != NULL ? "metric" : "response_code");

	if (subject->metric == NULL) {
		add_text(call, object, "code", subject->response_code);
		return;
	}
	add_column(call, object, "id", subject->metric, "id");
	add_column(call, object, "name", subject->metric, "friendly_name");
	add_column(call, object, "system_name", subject->metric, "system_name");
	add_column(call, object, "unit", subject->metric, "unit");
}

static struct json *add_period(struct call *call, struct json *document,
			       const struct statistics_range *range)
{
	struct json *object = add_object(call, document, "period");

	if (range->period.size > 0)
		add_text(call, object, "name", range->period);
	else
		json_set(object, STR("name"), json_new(call->arena, JSON_NULL));
	add_text(call, object, "since", time_text(call, range, range->bounds[0]));
	add_text(call, object, "until", time_text(call, range, statistics_range_until_us(range)));
	return object;
}

/* A number for the quarters of days, which have no name. */
static void add_granularity(struct call *call, struct json *object,
			    const struct statistics_range *range)
{
	struct str name = statistics_granularity_name(range->granularity);
	int64_t seconds;

	if (str_to_int64(name, &seconds))
		add_number(call, object, "granularity", seconds);
	else
		add_text(call, object, "granularity", name);
}

static void add_parts(struct call *call, struct json *object, const struct record *plan,
		      const struct record *account, const struct statistics_subject *subject)
{
	struct json *part = add_object(call, object, "plan");

	add_column(call, part, "id", plan, "id");
	add_column(call, part, "name", plan, "name");
	part = add_object(call, object, "account");
	add_column(call, part, "id", account, "id");
	add_column(call, part, "name", account, "org_name");
	part = add_object(call, object, "service");
	add_column(call, part, "id", subject->service, "id");
}

static void add_application(struct call *call, struct json *document,
			    const struct statistics_subject *subject)
{
	struct json *object = add_object(call, document, "application");

	add_column(call, object, "id", subject->application, "id");
	add_column(call, object, "name", subject->application, "name");
	add_column(call, object, "state", subject->application, "state");
	add_column(call, object, "description", subject->application, "description");
	add_parts(call, object, subject->plan, subject->account, subject);
}

/* In percent: what came from nothing is a hundred more. */
static struct str change_text(struct call *call, const struct usage_figures *figures)
{
	int64_t before = figures->previous_total, more = figures->total - before;
	double change =
		before != 0 ? (double)more / (double)before * 100 : (more != 0 ? 100.0 : 0.0);
	struct str text = str_format(call->arena, "%.15g", change);

	return str_find_char(text, '.') == STR_NOT_FOUND &&
			       str_find_char(text, 'e') == STR_NOT_FOUND
		       ? STR_CONCAT(call->arena, text, STR(".0"))
		       : text;
}

static void add_change(struct call *call, struct json *document,
		       const struct usage_figures *figures)
{
	struct json *change = json_new(call->arena, JSON_NUMBER);

	change->text = change_text(call, figures);
	add_number(call, document, "previous_total", figures->previous_total);
	json_set(document, STR("change"), change);
}

static void usage_json(struct call *call, const struct statistics_subject *subject,
		       const struct usage_figures *figures)
{
	struct json *document = json_new(call->arena, JSON_OBJECT), *period, *values;

	add_subject(call, document, subject);
	period = add_period(call, document, figures->range);
	add_text(call, period, "timezone", time_zone_name(figures->range->zone));
	add_granularity(call, period, figures->range);
	add_number(call, document, "total", figures->total);
	values = json_set(document, STR("values"), json_new(call->arena, JSON_ARRAY));
	for (size_t i = 0; i < figures->range->count; i++)
		json_append(values, json_new_int(call->arena, figures->values[i]));
	if (subject->application != NULL)
		add_application(call, document, subject);
	if (figures->has_change)
		add_change(call, document, figures);
	reply_json(call, 200, json_print(call->arena, document));
}

static void top_json(struct call *call, const struct statistics_subject *subject,
		     const struct statistics_range *range,
		     const struct top_application *applications, size_t count)
{
	struct json *document = json_new(call->arena, JSON_OBJECT), *list;

	list = json_set(document, STR("applications"), json_new(call->arena, JSON_ARRAY));
	for (size_t i = 0; i < count; i++) {
		struct json *object = json_append(list, json_new(call->arena, JSON_OBJECT));

		add_column(call, object, "name", applications[i].application, "name");
		add_column(call, object, "id", applications[i].application, "id");
		add_text(call, object, "value",
			 str_format(call->arena, "%" PRId64, applications[i].value));
		add_parts(call, object, applications[i].plan, applications[i].account, subject);
	}
	add_subject(call, document, subject);
	add_period(call, document, range);
	reply_json(call, 200, json_print(call->arena, document));
}

/* XML: elements are columns of a record. */

static void write_number(struct strbuf *out, const char *name, int64_t number)
{
	strbuf_append_format(out, "<%s>%" PRId64 "</%s>", name, number, name);
}

static void write_column(struct call *call, struct strbuf *out, const char *name,
			 const struct record *record, const char *column)
{
	xml_element(out, str_from(name), value_to_text(call->arena, record_get(record, column)));
}

static void write_subject(struct call *call, struct strbuf *out,
			  const struct statistics_subject *subject)
{
	if (subject->metric == NULL) {
		xml_open(out, STR("response_code"));
		xml_element(out, STR("code"), subject->response_code);
		xml_close(out, STR("response_code"));
		return;
	}
	xml_open(out, STR("metric"));
	write_column(call, out, "id", subject->metric, "id");
	write_column(call, out, "name", subject->metric, "friendly_name");
	write_column(call, out, "system_name", subject->metric, "system_name");
	write_column(call, out, "unit", subject->metric, "unit");
	xml_close(out, STR("metric"));
}

static void write_times(struct call *call, struct strbuf *out, const struct statistics_range *range)
{
	xml_element(out, STR("since"), time_text(call, range, range->bounds[0]));
	xml_element(out, STR("until"), time_text(call, range, statistics_range_until_us(range)));
	xml_element(out, STR("name"), range->period);
}

static void write_plan(struct call *call, struct strbuf *out, const struct record *plan)
{
	xml_open(out, STR("plan"));
	write_column(call, out, "id", plan, "id");
	write_column(call, out, "name", plan, "name");
	xml_close(out, STR("plan"));
}

static void write_account(struct call *call, struct strbuf *out, const struct record *account)
{
	xml_open(out, STR("account"));
	write_column(call, out, "name", account, "org_name");
	write_column(call, out, "id", account, "id");
	xml_close(out, STR("account"));
}

static void write_application(struct call *call, struct strbuf *out,
			      const struct statistics_subject *subject)
{
	xml_open(out, STR("application"));
	write_column(call, out, "id", subject->application, "id");
	write_column(call, out, "name", subject->application, "name");
	write_column(call, out, "state", subject->application, "state");
	write_column(call, out, "description", subject->application, "description");
	write_plan(call, out, subject->plan);
	write_account(call, out, subject->account);
	xml_open(out, STR("service"));
	write_column(call, out, "id", subject->service, "id");
	xml_close(out, STR("service"));
	xml_close(out, STR("application"));
}

static void write_data(struct call *call, struct strbuf *out, const struct usage_figures *figures)
{
	xml_open(out, STR("data"));
	write_number(out, "total", figures->total);
	strbuf_append_format(out, "<values length=\"%zu\">", figures->range->count);
	for (size_t i = 0; i < figures->range->count; i++)
		strbuf_append_format(out, "%s%" PRId64, i > 0 ? "," : "", figures->values[i]);
	xml_close(out, STR("values"));
	if (figures->has_change) {
		write_number(out, "previous_total", figures->previous_total);
		xml_element(out, STR("change"), change_text(call, figures));
	}
	xml_close(out, STR("data"));
}

static void usage_xml(struct call *call, const struct statistics_subject *subject,
		      const struct usage_figures *figures)
{
	struct strbuf out;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	xml_declaration(&out);
	xml_open(&out, STR("usage"));
	write_subject(call, &out, subject);
	xml_open(&out, STR("period"));
	write_times(call, &out, figures->range);
	xml_element(&out, STR("granularity"),
		    statistics_granularity_name(figures->range->granularity));
	xml_close(&out, STR("period"));
	write_data(call, &out, figures);
	if (subject->application != NULL)
		write_application(call, &out, subject);
	xml_close(&out, STR("usage"));
	reply_document(call, 200, &out);
}

static void top_xml(struct call *call, const struct statistics_subject *subject,
		    const struct statistics_range *range,
		    const struct top_application *applications, size_t count)
{
	struct strbuf out;

	strbuf_init(&out, LIMIT_PORTAL_BODY_BYTES);
	xml_declaration(&out);
	xml_open(&out, STR("top"));
	write_subject(call, &out, subject);
	xml_open(&out, STR("period"));
	write_times(call, &out, range);
	xml_close(&out, STR("period"));
	xml_open(&out, STR("applications"));
	for (size_t i = 0; i < count; i++) {
		xml_open(&out, STR("application"));
		write_number(&out, "value", applications[i].value);
		write_column(call, &out, "id", applications[i].application, "id");
		write_column(call, &out, "name", applications[i].application, "name");
		write_plan(call, &out, applications[i].plan);
		write_account(call, &out, applications[i].account);
		xml_close(&out, STR("application"));
	}
	xml_close(&out, STR("applications"));
	xml_close(&out, STR("top"));
	reply_document(call, 200, &out);
}

/* CSV (RFC 4180). */

static void write_cell(struct strbuf *out, struct str text, const char *after)
{
	bool is_plain = str_find_char(text, ',') == STR_NOT_FOUND &&
			str_find_char(text, '"') == STR_NOT_FOUND &&
			str_find_char(text, '\n') == STR_NOT_FOUND &&
			str_find_char(text, '\r') == STR_NOT_FOUND;

	if (!is_plain)
		strbuf_append_char(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '"')
			strbuf_append_char(out, '"');
		strbuf_append_char(out, text.data[i]);
	}
	if (!is_plain)
		strbuf_append_char(out, '"');
	strbuf_append(out, str_from(after));
}

static void write_cell_of(struct call *call, struct strbuf *out, const struct record *record,
			  const char *column)
{
	write_cell(out, value_to_text(call->arena, record_get(record, column)), ",");
}

/* A file, named after its content and the time. */
static void reply_csv(struct call *call, const char *name, struct strbuf *out)
{
	int64_t now_s = database_now_us(call->database) / UTC_SECOND_US;

	call->answer = (struct answer){.status = 200,
				       .content_type = STR("text/csv; charset=utf-8"),
				       .body = str_copy(call->arena, strbuf_str(out))};
	strbuf_free(out);
	reply_field(call, "Content-Disposition",
		    str_format(call->arena, "attachment; filename=\"%s-%" PRId64 ".csv\"", name,
			       now_s));
}

static void usage_csv(struct call *call, const struct statistics_subject *subject,
		      const struct usage_figures *figures)
{
	const struct statistics_range *range = figures->range;
	struct str system_name = subject->response_code, name = subject->response_code;
	struct strbuf out;
	char time[48];

	if (subject->metric != NULL) {
		system_name = record_text(subject->metric, "system_name");
		name = record_text(subject->metric, "friendly_name");
	}
	strbuf_init(&out, LIMIT_CONFIG_BYTES);
	strbuf_append(&out, STR("Metric System Name,Metric Name,Date,Value\n"));
	for (size_t i = 0; i < range->count; i++) {
		write_cell(&out, system_name, ",");
		write_cell(&out, name, ",");
		write_cell(&out, time_zone_format_sql(time, range->zone, range->bounds[i]), ",");
		strbuf_append_format(&out, "%" PRId64 "\n", figures->values[i]);
	}
	reply_csv(call, "usage", &out);
}

static void top_csv(struct call *call, const struct top_application *applications, size_t count)
{
	struct strbuf out;

	strbuf_init(&out, LIMIT_CONFIG_BYTES);
	strbuf_append(&out, STR("Application Name,Application ID,Plan Name,Plan ID,Account Name,"
				"Account ID,Total\n"));
	for (size_t i = 0; i < count; i++) {
		write_cell_of(call, &out, applications[i].application, "name");
		write_cell_of(call, &out, applications[i].application, "id");
		write_cell_of(call, &out, applications[i].plan, "name");
		write_cell_of(call, &out, applications[i].plan, "id");
		write_cell_of(call, &out, applications[i].account, "org_name");
		write_cell_of(call, &out, applications[i].account, "id");
		strbuf_append_format(&out, "%" PRId64 "\n", applications[i].value);
	}
	reply_csv(call, "top-applications", &out);
}

void usage_answer(struct call *call, const struct statistics_subject *subject,
		  const struct usage_figures *figures)
{
	switch (call->format) {
	case FORMAT_JSON:
		usage_json(call, subject, figures);
		break;
	case FORMAT_XML:
		usage_xml(call, subject, figures);
		break;
	case FORMAT_OTHER:
		usage_csv(call, subject, figures);
		break;
	}
}

void top_answer(struct call *call, const struct statistics_subject *subject,
		const struct statistics_range *range, const struct top_application *applications,
		size_t count)
{
	switch (call->format) {
	case FORMAT_JSON:
		top_json(call, subject, range, applications, count);
		break;
	case FORMAT_XML:
		top_xml(call, subject, range, applications, count);
		break;
	case FORMAT_OTHER:
		top_csv(call, applications, count);
		break;
	}
}
