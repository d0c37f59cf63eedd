/* What an event of backend changes: spec/portal.md 6.4. */
#include "base/arena.h"
#include "base/json.h"
#include "base/utc.h"
#include "portal/backend_events.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/events.h"
#include "portal/mails.h"
#include "portal/tables.h"

#define SETTINGS_BYTES_MAX (64 * 1024)
#define VIOLATION_LEVEL 100

static bool read_id(const struct json *object, const char *name, int64_t *id)
{
	return str_to_int64(json_scalar_text(json_get(object, str_from(name))), id);
}

/* "2019-06-01 10:20:00 UTC"; NULL when there is none. */
static struct value read_time(const struct json *object)
{
	struct str text = json_scalar_text(json_get(object, STR("timestamp")));
	int64_t instant_us;

	if (str_has_suffix(text, STR(" UTC")))
		text = str_slice(text, 0, text.size - sizeof " UTC" + 1);
	if (!utc_parse(text, &instant_us))
		return value_null();
	return value_time(instant_us - instant_us % UTC_SECOND_US);
}

static struct record *application_of(struct call *call, const struct json *object)
{
	struct str application = json_scalar_text(json_get(object, STR("application_id")));
	int64_t service;

	if (!read_id(object, "service_id", &service))
		return NULL;
	return record_first(
		call->database, &contracts_table,
		"type = 'Cinstance' AND service_id = ?1 AND application_id = ?2 ORDER BY id",
		DATABASE_ARGUMENTS(value_int(service), value_text(application)));
}

/* Alerts. */

static bool is_listed(struct call *call, const struct record *service, const char *list,
		      int64_t level)
{
	const struct json *settings =
		json_parse(call->arena, record_text(service, "notification_settings"),
			   SETTINGS_BYTES_MAX, NULL);

	JSON_EACH (entry, json_get(settings, str_from(list))) {
		int64_t number;

		if (str_to_int64(json_scalar_text(entry), &number) && number == level)
			return true;
	}
	return false;
}

/* A second row of the same alert is none (PT-153). */
static void add_alert(struct call *call, const struct record *alert, int64_t account_id)
{
	struct record *row = record_new(call->arena, &alerts_table);

	if (database_int(call->database,
			 STR("SELECT count(*) FROM alerts WHERE account_id = ?1 AND alert_id = ?2"),
			 DATABASE_ARGUMENTS(value_int(account_id), record_get(alert, "alert_id")),
			 0) > 0)
		return;
	for (size_t i = 1; i < alerts_table.columns_count; i++)
		row->values[i] = alert->values[i];
	record_set_int(row, "account_id", account_id);
	record_save(call->database, row);
}

static bool is_level(int64_t level)
{
	static const int levels[] = {50, 80, 90, 100, 120, 150, 200, 300};

	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		if (levels[i] == level)
			return true;
	}
	return false;
}

/* Mails, while the application lives. The event of each that is written is kept, so that an alert
 * that backend tells once more is not mailed once more. */

struct alert_mail {
	struct call *call;
	const struct record *application, *service, *alert;
	struct str account; /* the buyer's name */
	struct json *data;  /* of the events */
};

static bool is_told(const struct alert_mail *mail, const char *type)
{
	return database_int(
		       mail->call->database,
		       STR("SELECT count(*) FROM event_store_events WHERE event_type = ?1 AND "
			   "data = ?2"),
		       DATABASE_ARGUMENTS(value_text(str_from(type)),
					  value_json(json_print(mail->call->arena, mail->data))),
		       0) > 0;
}

/* Utilization is kept as a part of the limit, and told in percent. */
static void tell(const struct alert_mail *mail, const char *type, const char *name, bool is_buyer)
{
	struct call *call = mail->call;
	struct value tenant = record_get(mail->alert, "tenant_id");
	const struct mail_value values[] = {
		{"account", mail->account},
		{"application", record_text(mail->application, "name")},
		{"service", record_text(mail->service, "name")},
		{"level", value_to_text(call->arena, record_get(mail->alert, "level"))},
		{"utilization",
		 value_decimal_text(call->arena, record_int(mail->alert, "utilization") * 100)},
		{"message", record_text(mail->alert, "message")},
	};
	const size_t count = sizeof values / sizeof *values;
	struct str event;

	if (is_told(mail, type))
		return;
	event = events_publish(call->database, type, tenant, mail->data);
	if (!is_buyer) {
		mails_notify(call->database, name, tenant, event, values, count);
		return;
	}
	mails_write_to_buyer(call->database, name, tenant,
			     record_get(mail->application, "user_account_id"), values, count);
}

static void set_number(struct alert_mail *mail, const char *name, const struct record *record,
		       const char *column)
{
	json_set(mail->data, str_from(name),
		 json_new_int(mail->call->arena, record_int(record, column)));
}

static void mail_alert(struct call *call, const struct record *alert,
		       const struct record *application, const struct record *service)
{
	bool is_violation = record_int(alert, "level") >= VIOLATION_LEVEL;
	struct alert_mail mail = {.call = call,
				  .application = application,
				  .service = service,
				  .alert = alert,
				  .data = json_new(call->arena, JSON_OBJECT)};

	if (!str_equal(record_text(application, "state"), STR("live")))
		return;
	mail.account =
		database_text(call->database, STR("SELECT org_name FROM accounts WHERE id = ?1"),
			      DATABASE_ARGUMENTS(record_get(application, "user_account_id")));
	set_number(&mail, "alert_id", alert, "alert_id");
	set_number(&mail, "service_id", alert, "service_id");
	set_number(&mail, "application_id", alert, "cinstance_id");
	json_set(mail.data, STR("timestamp"),
		 json_new_str(call->arena,
			      value_to_text(call->arena, record_get(alert, "timestamp"))));
	if (is_listed(call, service, "email_provider", record_int(alert, "level")))
		tell(&mail,
		     is_violation ? "Alerts::LimitViolationReachedProviderEvent"
				  : "Alerts::LimitAlertReachedProviderEvent",
		     is_violation ? "limit_violation_reached_provider"
				  : "limit_alert_reached_provider",
		     false);
	if (is_listed(call, service, "email_buyer", record_int(alert, "level")))
		tell(&mail,
		     is_violation ? "Alerts::LimitViolationReachedBuyerEvent"
				  : "Alerts::LimitAlertReachedBuyerEvent",
		     "limit_reached_buyer", true);
}

static void handle_alert(struct call *call, const struct json *object,
			 const struct record *application)
{
	struct record *service = record_by_id(call->database, &services_table,
					      record_int(application, "service_id"));
	struct record *alert = record_new(call->arena, &alerts_table);
	int64_t id, level, utilization = 0;

	if (service == NULL || !read_id(object, "id", &id) ||
	    !read_id(object, "utilization", &level) || !is_level(level))
		return;
	value_decimal_parse(json_scalar_text(json_get(object, STR("max_utilization"))),
			    &utilization);
	record_set(alert, "tenant_id", record_get(service, "account_id"));
	record_set_int(alert, "alert_id", id);
	record_set_int(alert, "level", level);
	record_set(alert, "utilization", value_decimal(utilization));
	record_set(alert, "timestamp", read_time(object));
	record_set_int(alert, "cinstance_id", record_id(application));
	record_set_int(alert, "service_id", record_id(service));
	record_set_text(alert, "message", json_scalar_text(json_get(object, STR("limit"))));
	if (is_listed(call, service, "web_provider", level))
		add_alert(call, alert, record_int(service, "account_id"));
	if (is_listed(call, service, "web_buyer", level))
		add_alert(call, alert, record_int(application, "user_account_id"));
	mail_alert(call, alert, application, service);
}

/* Traffic: times of the rows themselves, which are no changes of them. */

static void set_time(struct call *call, const struct record *application, const char *column,
		     struct value time)
{
	database_run(call->database,
		     STR_CONCAT(call->arena, STR("UPDATE cinstances SET "), str_from(column),
				STR(" = ?2 WHERE id = ?1")),
		     DATABASE_ARGUMENTS(value_int(record_id(application)), time));
}

static void handle_first_traffic(struct call *call, const struct json *object,
				 const struct record *application)
{
	struct value time = read_time(object);

	if (time.kind == VALUE_TIME &&
	    record_get(application, "first_traffic_at").kind == VALUE_NULL)
		set_time(call, application, "first_traffic_at", time);
}

static void handle_first_daily_traffic(struct call *call, const struct json *object,
				       const struct record *application)
{
	struct value time = read_time(object);

	if (time.kind == VALUE_TIME &&
	    record_int(application, "first_daily_traffic_at") < time.number)
		set_time(call, application, "first_daily_traffic_at", time);
}

static const struct {
	const char *type;
	void (*handle)(struct call *call, const struct json *object,
		       const struct record *application);
} handlers[] = {
	{"alert", handle_alert},
	{"first_traffic", handle_first_traffic},
	{"first_daily_traffic", handle_first_daily_traffic},
};

void backend_event_handle(struct call *call, const struct json *event)
{
	const struct json *object = json_get(event, STR("object"));
	struct str type = json_get_str(event, STR("type"));
	struct record *application = application_of(call, object);

	for (size_t i = 0; application != NULL && i < sizeof handlers / sizeof *handlers; i++) {
		if (str_equal(str_from(handlers[i].type), type))
			handlers[i].handle(call, object, application);
	}
}
