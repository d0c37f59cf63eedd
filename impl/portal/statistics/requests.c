#include "portal/statistics/requests.h"

#include "backend/stats_keys.h"
#include "base/arena.h"
#include "base/json.h"
#include "http/router.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/record.h"
#include "portal/reply.h"
#include "portal/resources/resources.h"
#include "portal/statistics/answer.h"
#include "portal/statistics/errands.h"
#include "portal/tables.h"
#include "portal/time_zone.h"
#include "world/log.h"

/* What errands share. */

struct stats_subject statistics_counters(struct call *call,
					 const struct statistics_subject *subject,
					 struct str application_id)
{
	struct stats_subject counters = {
		.service = value_to_text(call->arena, record_get(subject->service, "id")),
		.application = application_id,
		.response_code = subject->response_code,
	};

	if (subject->metric != NULL)
		counters.metric = value_to_text(call->arena, record_get(subject->metric, "id"));
	return counters;
}

void reply_storage_is_away(struct call *call, struct str why)
{
	log_format(database_world(call->database), LOG_STDERR,
		   "statistics could not be read from backend's storage: %.*s", STR_ARG(why));
	reply_error(call, 500, STR_CONCAT(call->arena, STR("Statistics are not available: "), why));
}

/* Sources: a service, or one of its applications. */

static struct record *find(struct call *call, const struct table *table, const char *where)
{
	struct str text = http_route_parameter(&call->path_parameters, STR("id"));
	struct value arguments[CALL_ARGUMENTS];
	int64_t id;

	if (!str_to_int64(text, &id))
		return NULL;
	call_arguments(call, arguments);
	arguments[0] = value_int(id);
	return record_first(call->database, table, where, arguments, CALL_ARGUMENTS);
}

static bool find_service(struct call *call, struct statistics_subject *subject)
{
	subject->service = find(call, &services_table, "id = ?1 AND id IN " SERVICES_VISIBLE);
	if (subject->service == NULL)
		reply_error(call, 404, STR("Service not found"));
	return subject->service != NULL;
}

static bool find_application(struct call *call, struct statistics_subject *subject)
{
	struct record *application =
		find(call, &contracts_table,
		     "id = ?1 AND type = 'Cinstance' AND service_id IN " SERVICES_VISIBLE);

	if (application == NULL) {
		reply_error(call, 404, STR("Application not found"));
		return false;
	}
	subject->application = application;
	subject->service = record_by_id(call->database, &services_table,
					record_int(application, "service_id"));
	subject->plan =
		record_by_id(call->database, &plans_table, record_int(application, "plan_id"));
	subject->account = record_by_id(call->database, &accounts_table,
					record_int(application, "user_account_id"));
	return true;
}

/* What is counted. */

static bool has_parameter(struct call *call, const char *name)
{
	if (call_parameter(call, name).size > 0)
		return true;
	reply_missing_parameter(call, name);
	return false;
}

static bool find_metric(struct call *call, struct statistics_subject *subject)
{
	struct str name = call_parameter(call, "metric_name");

	if (!has_parameter(call, "metric_name"))
		return false;
	subject->metric = record_first(
		call->database, &metrics_table, "service_id = ?1 AND system_name = ?2",
		DATABASE_ARGUMENTS(record_get(subject->service, "id"), value_text(name)));
	if (subject->metric == NULL)
		reply_error(call, 400,
			    STR_CONCAT(call->arena, STR("metric "), name, STR(" not found")));
	return subject->metric != NULL;
}

/* "200", "2XX": three digits, or one for all of its hundred. */
static bool is_response_code(struct str code)
{
	if (code.size != 3 || code.data[0] < '1' || code.data[0] > '9')
		return false;
	if (str_equal(str_skip(code, 1), STR("XX")))
		return true;
	for (size_t i = 1; i < code.size; i++) {
		if (code.data[i] < '0' || code.data[i] > '9')
			return false;
	}
	return true;
}

static bool find_response_code(struct call *call, struct statistics_subject *subject)
{
	struct str code = call_parameter(call, "response_code");

	if (!has_parameter(call, "response_code"))
		return false;
	subject->response_code = code;
	if (is_response_code(code))
		return true;
	reply_error(call, 400,
		    STR_CONCAT(call->arena, STR("response code "), code, STR(" not found")));
	return false;
}

/* When. */

static bool find_zone(struct call *call, const struct time_zone **zone)
{
	struct str name = call_parameter(call, "timezone");

	*zone = name.size > 0 ? time_zone_find(name) : call_time_zone(call);
	if (*zone == NULL)
		reply_error(call, 400,
			    STR_CONCAT(call->arena, STR("timezone "), name, STR(" not found")));
	return *zone != NULL;
}

static bool read_question(struct call *call, struct statistics_question *question)
{
	*question = (struct statistics_question){
		.period = call_parameter(call, "period"),
		.since = call_parameter(call, "since"),
		.until = call_parameter(call, "until"),
		.granularity = call_parameter(call, "granularity"),
		.now_us = database_now_us(call->database),
	};
	/* What stands for a row that could not be read has no counters. */
	return find_zone(call, &question->zone) && !database_has_failed(call->database);
}

/* Requests. */

typedef bool find_step(struct call *call, struct statistics_subject *subject);

static void reply_usage(struct call *call, find_step *find_source, find_step *find_counted)
{
	struct statistics_subject subject = {0};
	struct statistics_question question;
	struct statistics_range range;
	struct str refusal;

	if (!find_source(call, &subject) || !find_counted(call, &subject) ||
	    !read_question(call, &question))
		return;
	if (!statistics_range_read(call->arena, &question, &range, &refusal)) {
		reply_error(call, 400, refusal);
		return;
	}
	call->errand = usage_errand(call, &subject, &range,
				    str_equal(call_parameter(call, "skip_change"), STR("false")));
	reply_empty(call, 200);
}

void statistics_service_usage(struct call *call)
{
	reply_usage(call, find_service, find_metric);
}

void statistics_service_response_codes(struct call *call)
{
	reply_usage(call, find_service, find_response_code);
}

void statistics_application_usage(struct call *call)
{
	reply_usage(call, find_application, find_metric);
}

void statistics_application_response_codes(struct call *call)
{
	reply_usage(call, find_application, find_response_code);
}

void statistics_service_top_applications(struct call *call)
{
	struct statistics_subject subject = {0};
	struct statistics_question question;
	struct statistics_range range;
	struct str refusal;

	if (!find_service(call, &subject) || !find_metric(call, &subject) ||
	    !has_parameter(call, "period") || !has_parameter(call, "since") ||
	    !read_question(call, &question))
		return;
	if (!statistics_range_read_one(call->arena, &question, &range, &refusal)) {
		reply_error(call, 400, refusal);
		return;
	}
	call->errand = top_errand(call, &subject, &range);
	reply_empty(call, 200);
}

static void reply_summary(struct call *call, find_step *find_source)
{
	struct statistics_subject subject = {0};
	struct record_list methods;

	if (!find_source(call, &subject))
		return;
	methods = record_all(call->database, &metrics_table,
			     "service_id = ?1 AND parent_id IN (SELECT id FROM metrics WHERE "
			     "service_id = ?1 AND system_name = 'hits' AND parent_id IS NULL) "
			     "ORDER BY id",
			     DATABASE_ARGUMENTS(record_get(subject.service, "id")));
	reply_list(call, method_resource.representation, &methods, NULL);
}

void statistics_service_summary(struct call *call)
{
	reply_summary(call, find_service);
}

void statistics_application_summary(struct call *call)
{
	reply_summary(call, find_application);
}
