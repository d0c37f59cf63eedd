#include "portal/backend_push.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/url.h"
#include "base/utc.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/resources/resources.h"
#include "portal/tables.h"

struct str push_provider_key(struct call *call)
{
	return database_text(call->database,
			     STR("SELECT user_key FROM cinstances WHERE type = 'Cinstance' AND "
				 "user_account_id = ?1 ORDER BY id LIMIT 1"),
			     DATABASE_ARGUMENTS(value_int(call_tenant_id(call))));
}

/* body: a JSON object, or NULL for {}. */
static void enqueue(struct call *call, const char *method, struct str path, const struct json *body)
{
	struct record *update = record_new(call->arena, &backend_updates_table);

	record_set_text(update, "method", str_from(method));
	record_set_text(update, "path", path);
	record_set(update, "body",
		   value_json(body != NULL ? json_print(call->arena, body) : STR("{}")));
	record_save(call->database, update);
	call->tells_backend = true;
}

static void push(struct call *call, const char *method, struct str path, const struct json *body)
{
	if (push_provider_key(call).size > 0)
		enqueue(call, method, path, body);
}

static struct str id_text(struct call *call, int64_t id)
{
	return str_format(call->arena, "%" PRId64, id);
}

static void set_text(struct call *call, struct json *object, const char *name, struct str text)
{
	json_set(object, str_from(name), json_new_str(call->arena, text));
}

/* Backend knows the portal's numbers as text; none is null. */
static void set_id(struct call *call, struct json *object, const char *name, struct value id)
{
	if (id.kind == VALUE_INT)
		set_text(call, object, name, id_text(call, id.number));
	else
		json_set(object, str_from(name), json_new(call->arena, JSON_NULL));
}

static struct json *wrapped(struct call *call, const char *name, struct json **inner)
{
	struct json *object = json_new(call->arena, JSON_OBJECT);

	*inner = json_set(object, str_from(name), json_new(call->arena, JSON_OBJECT));
	return object;
}

/* Services and their tokens. */

int64_t push_default_service_id(struct call *call, int64_t except)
{
	int64_t chosen = record_int(call->tenant, "default_service_id");

	if (chosen != 0 && chosen != except)
		return chosen;
	return database_int(call->database,
			    STR("SELECT min(id) FROM services WHERE account_id = ?1 AND id <> ?2 "
				"AND state <> 'deleted'"),
			    DATABASE_ARGUMENTS(value_int(call_tenant_id(call)), value_int(except)),
			    0);
}

static struct str service_path(struct call *call, const struct record *service, const char *rest)
{
	return str_format(call->arena, "services/%" PRId64 "%s", record_id(service), rest);
}

/* What a PUT does not name stays as it was in backend: so does a state that is not known. */
static void put_service(struct call *call, const struct record *service, bool is_default,
			bool with_state)
{
	bool is_scheduled =
		str_equal(record_text(call->tenant, "state"), STR("scheduled_for_deletion"));
	struct json *fields, *body = wrapped(call, "service", &fields);
	struct arena *arena = call->arena;

	set_id(call, fields, "id", value_int(record_id(service)));
	set_text(call, fields, "provider_key", push_provider_key(call));
	json_set(fields, STR("referrer_filters_required"),
		 json_new_bool(arena, record_bool(service, "referrer_filters_required")));
	set_text(call, fields, "backend_version", record_text(service, "backend_version"));
	set_id(call, fields, "default_user_plan_id",
	       record_get(service, "default_end_user_plan_id"));
	json_set(fields, STR("default_user_plan_name"), json_new(arena, JSON_NULL));
	json_set(fields, STR("default_service"), json_new_bool(arena, is_default));
	json_set(fields, STR("user_registration_required"),
		 json_new_bool(arena, record_bool(service, "end_user_registration_required")));
	if (with_state || is_scheduled)
		set_text(call, fields, "state", is_scheduled ? STR("inactive") : STR("active"));
	push(call, "PUT", service_path(call, service, ""), body);
}

void push_service(struct call *call, const struct record *service)
{
	put_service(call, service, push_default_service_id(call, 0) == record_id(service), false);
}

void push_service_state(struct call *call, const struct record *service)
{
	put_service(call, service, push_default_service_id(call, 0) == record_id(service), true);
}

void push_tenant_state(struct call *call, struct record *tenant)
{
	struct record *caller = call->tenant;
	struct record_list services =
		record_all(call->database, &services_table, "account_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(tenant))));

	call->tenant = tenant;
	for (size_t i = 0; i < services.count; i++)
		push_service_state(call, services.items[i]);
	call->tenant = caller;
}

void push_default_service(struct call *call, int64_t before, int64_t now)
{
	const int64_t ids[] = {before, now};

	for (size_t i = 0; before != now && i < sizeof ids / sizeof *ids; i++) {
		struct record *service = record_by_id(call->database, &services_table, ids[i]);

		if (service != NULL)
			put_service(call, service, ids[i] == now, false);
	}
}

void push_provider_key_change(struct call *call, const struct record *application,
			      struct str before)
{
	struct json *body = json_new(call->arena, JSON_OBJECT);
	int64_t owner = database_int(
		call->database,
		STR("SELECT c.user_account_id FROM cinstances c JOIN accounts a ON "
		    "a.id = c.user_account_id WHERE c.id = ?1 AND a.provider = 1 AND NOT EXISTS "
		    "(SELECT 1 FROM cinstances o WHERE o.type = 'Cinstance' AND "
		    "o.user_account_id = c.user_account_id AND o.id < c.id)"),
		DATABASE_ARGUMENTS(value_int(record_id(application))), 0);

	if (owner == 0)
		return;

	set_text(call, body, "new_key", record_text(application, "user_key"));
	enqueue(call, "PUT",
		STR_CONCAT(call->arena, STR("services/change_provider_key/"),
			   url_encoded(call->arena, before)),
		body);
}

void push_statistics_gone(struct call *call, int64_t service_id, struct json *definition)
{
	struct json *body = json_new(call->arena, JSON_OBJECT);

	json_set(body, STR("deletejobdef"), definition);
	push(call, "DELETE", str_format(call->arena, "services/%" PRId64 "/stats", service_id),
	     body);
}

static struct str alert_limits_path(struct call *call, const struct record *service)
{
	return str_format(call->arena, "services/%" PRId64 "/alert_limits/", record_id(service));
}

void push_alert_limit(struct call *call, const struct record *service, int64_t level)
{
	struct json *fields, *body = wrapped(call, "alert_limit", &fields);

	json_set(fields, STR("value"), json_new_int(call->arena, level));
	push(call, "POST", alert_limits_path(call, service), body);
}

void push_alert_limit_gone(struct call *call, const struct record *service, int64_t level)
{
	push(call, "DELETE",
	     STR_CONCAT(call->arena, alert_limits_path(call, service), id_text(call, level)), NULL);
}

void push_service_token(struct call *call, const struct record *token)
{
	struct json *tokens, *body = wrapped(call, "service_tokens", &tokens);
	struct json *place = json_new(call->arena, JSON_OBJECT);

	set_id(call, place, "service_id", record_get(token, "service_id"));
	json_set(tokens, record_text(token, "value"), place);
	push(call, "POST", STR("service_tokens/"), body);
}

void push_service_token_gone(struct call *call, const struct record *token)
{
	struct json *body = json_new(call->arena, JSON_OBJECT);
	struct json *tokens =
		json_set(body, STR("service_tokens"), json_new(call->arena, JSON_ARRAY));
	struct json *item = json_append(tokens, json_new(call->arena, JSON_OBJECT));

	set_text(call, item, "service_token", record_text(token, "value"));
	set_id(call, item, "service_id", record_get(token, "service_id"));
	push(call, "DELETE", STR("service_tokens/"), body);
}

/* Backend keeps a default service while there are others. */
static void push_successor(struct call *call, int64_t service_id)
{
	if (push_default_service_id(call, 0) == service_id)
		push_default_service(call, service_id, push_default_service_id(call, service_id));
}

void push_service_gone(struct call *call, const struct record *service)
{
	alert_levels_gone(call, service);
	push_successor(call, record_id(service));
	push(call, "DELETE", service_path(call, service, ""), NULL);
}

/* Applications. */

static struct str application_path(struct call *call, const struct record *application,
				   const char *rest, struct str last)
{
	return str_format(
		call->arena, "services/%" PRId64 "/applications/%.*s%s%.*s",
		record_int(application, "service_id"),
		STR_ARG(url_encoded(call->arena, record_text(application, "application_id"))), rest,
		STR_ARG(url_encoded(call->arena, last)));
}

void push_application(struct call *call, const struct record *application)
{
	struct json *fields, *body = wrapped(call, "application", &fields);
	struct record *plan =
		record_by_id(call->database, &plans_table, record_int(application, "plan_id"));
	struct str state = record_text(application, "state");

	if (plan == NULL)
		return; /* the transaction has failed */
	set_id(call, fields, "service_id", record_get(application, "service_id"));
	set_text(call, fields, "id", record_text(application, "application_id"));
	set_text(call, fields, "state", str_equal(state, STR("live")) ? STR("active") : state);
	set_id(call, fields, "plan_id", record_get(application, "plan_id"));
	set_text(call, fields, "plan_name", record_text(plan, "name"));
	set_text(call, fields, "redirect_url", record_text(application, "redirect_url"));
	json_set(fields, STR("user_required"),
		 json_new_bool(call->arena, record_bool(plan, "end_user_required")));
	push(call, "PUT", application_path(call, application, "", STR("")), body);
	push(call, "PUT",
	     application_path(call, application, "/key/", record_text(application, "user_key")),
	     NULL);
}

void push_user_key_gone(struct call *call, const struct record *application, struct str user_key)
{
	push(call, "DELETE",
	     str_format(call->arena, "services/%" PRId64 "/applications/key/%.*s",
			record_int(application, "service_id"),
			STR_ARG(url_encoded(call->arena, user_key))),
	     NULL);
}

void push_application_key(struct call *call, const struct record *application, struct str key)
{
	struct json *fields, *body = wrapped(call, "application_key", &fields);

	set_text(call, fields, "value", key);
	push(call, "POST", application_path(call, application, "/keys/", STR("")), body);
}

void push_application_key_gone(struct call *call, const struct record *application, struct str key)
{
	push(call, "DELETE", application_path(call, application, "/keys/", key), NULL);
}

void push_referrer_filter(struct call *call, const struct record *application, struct str filter)
{
	struct json *body = json_new(call->arena, JSON_OBJECT);

	set_text(call, body, "referrer_filter", filter);
	push(call, "POST", application_path(call, application, "/referrer_filters", STR("")), body);
}

/* The filter is named in the URL-safe alphabet. */
void push_referrer_filter_gone(struct call *call, const struct record *application,
			       struct str filter)
{
	struct str coded = base64_encode(call->arena, filter);
	char *text = (char *)(uintptr_t)coded.data;

	for (size_t i = 0; i < coded.size; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	push(call, "DELETE", application_path(call, application, "/referrer_filters/", coded),
	     NULL);
}

/* Keys and filters would wait in backend for the next application of the same id. */
void push_application_gone(struct call *call, const struct record *application)
{
	const struct value id = value_int(record_id(application));
	struct record_list keys =
		record_all(call->database, &application_keys_table,
			   "application_id = ?1 ORDER BY id", DATABASE_ARGUMENTS(id));
	struct record_list filters =
		record_all(call->database, &referrer_filters_table,
			   "application_id = ?1 ORDER BY id", DATABASE_ARGUMENTS(id));

	for (size_t i = 0; i < keys.count; i++)
		push_application_key_gone(call, application, record_text(keys.items[i], "value"));
	for (size_t i = 0; i < filters.count; i++)
		push_referrer_filter_gone(call, application,
					  record_text(filters.items[i], "value"));
	push_user_key_gone(call, application, record_text(application, "user_key"));
	push(call, "DELETE", application_path(call, application, "", STR("")), NULL);
}

/* Metrics and limits. */

static struct str metric_path(struct call *call, const struct record *metric)
{
	return str_format(call->arena, "services/%" PRId64 "/metrics/%" PRId64,
			  record_int(metric, "service_id"), record_id(metric));
}

void push_metric(struct call *call, const struct record *metric)
{
	struct json *fields, *body = wrapped(call, "metric", &fields);

	set_id(call, fields, "service_id", record_get(metric, "service_id"));
	set_id(call, fields, "id", value_int(record_id(metric)));
	set_text(call, fields, "name", record_text(metric, "system_name"));
	set_id(call, fields, "parent_id", record_get(metric, "parent_id"));
	push(call, "PUT", metric_path(call, metric), body);
}

void push_metric_gone(struct call *call, const struct record *metric)
{
	push(call, "DELETE", metric_path(call, metric), NULL);
}

static struct str limit_path(struct call *call, const struct record *limit, struct str period)
{
	int64_t plan = record_int(limit, "plan_id");
	int64_t service =
		database_int(call->database, STR("SELECT issuer_id FROM plans WHERE id = ?1"),
			     DATABASE_ARGUMENTS(value_int(plan)), 0);

	return str_format(call->arena,
			  "services/%" PRId64 "/plans/%" PRId64 "/usagelimits/%" PRId64 "/%.*s",
			  service, plan, record_int(limit, "metric_id"), STR_ARG(period));
}

void push_usage_limit(struct call *call, const struct record *limit)
{
	struct str period = record_text(limit, "period");
	struct json *fields, *body = wrapped(call, "usagelimit", &fields);

	json_set(fields, period, json_new_int(call->arena, record_int(limit, "value")));
	push(call, "PUT", limit_path(call, limit, period), body);
}

void push_usage_limit_gone(struct call *call, const struct record *limit, struct str period)
{
	push(call, "DELETE", limit_path(call, limit, period), NULL);
}

void push_usage_limits_gone(struct call *call, const struct record *plan)
{
	struct record_list limits =
		record_all(call->database, &usage_limits_table, "plan_id = ?1 ORDER BY id",
			   DATABASE_ARGUMENTS(value_int(record_id(plan))));

	for (size_t i = 0; i < limits.count; i++)
		push_usage_limit_gone(call, limits.items[i],
				      record_text(limits.items[i], "period"));
}
