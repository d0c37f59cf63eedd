#include "conformance/runner/fixture_backend.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/url.h"
#include "base/utc.h"
#include "conformance/runner/fixture_gateway.h"

#define FIXTURE_PLAN STR("P")

static const struct {
	struct str id, token, backend_version;
	struct str application, redirect_url; /* its only one */
	struct str user_key, application_key; /* of the application; empty: none */
} services[] = {
	{STR_INIT("S1"), STR_INIT("T1"), STR_INIT("1"), STR_INIT("A1"), STR_INIT(""),
	 STR_INIT("U1"), STR_INIT("")},
	{STR_INIT("S2"), STR_INIT("T2"), STR_INIT("2"), STR_INIT("A2"), STR_INIT(""), STR_INIT(""),
	 STR_INIT("")},
	{STR_INIT("S3"), STR_INIT("T3"), STR_INIT("oauth"), STR_INIT("A3"),
	 STR_INIT("http://a3.example.com/back"), STR_INIT(""), STR_INIT("K3")},
};
#define SERVICES (sizeof services / sizeof *services)

static const struct {
	struct str name;
	bool is_child; /* of hits */
} metrics[] = {{STR_INIT("hits"), false}, {STR_INIT("search"), true}, {STR_INIT("other"), false}};

struct fixture {
	struct fixture_calls *calls;
	struct arena *arena;
	const struct json *given;
	struct error *error;
};

static void add(struct fixture *f, struct str method, struct str path, const struct json *body)
{
	struct fixture_call call = {method, path, STR("")};

	if (body != NULL)
		call.body = json_print(f->arena, body);
	vec_push(&f->calls->items, call);
}

/* {wrapper: members} */
static struct json *wrap(struct fixture *f, struct str wrapper, struct json *members)
{
	struct json *body = json_new(f->arena, JSON_OBJECT);

	json_set(body, wrapper, members);
	return body;
}

static void set_text(struct fixture *f, struct json *object, struct str key, struct str text)
{
	if (text.size > 0)
		json_set(object, key, json_new_str(f->arena, text));
}

static struct str segment(struct fixture *f, struct str text)
{
	return url_encoded(f->arena, text);
}

/* With what the case says of it. */
static struct json *patched(struct fixture *f, struct json *object, struct str section,
			    struct str id)
{
	const struct json *patch = json_get(json_get(f->given, section), id);

	return patch != NULL ? fixture_patch(f->arena, object, patch) : object;
}

/* Services. */

static void add_service(struct fixture *f, struct json *service)
{
	add(f, STR("POST"), STR("/internal/services/"), wrap(f, STR("service"), service));
}

static void add_fixed_service(struct fixture *f, size_t index)
{
	struct json *service = json_new(f->arena, JSON_OBJECT);

	set_text(f, service, STR("id"), services[index].id);
	set_text(f, service, STR("state"), STR("active"));
	set_text(f, service, STR("provider_key"), STR("PK"));
	set_text(f, service, STR("backend_version"), services[index].backend_version);
	json_set(service, STR("default_service"), json_new_bool(f->arena, index == 0));
	add_service(f, patched(f, service, STR("services"), services[index].id));
}

static bool is_fixed_service(struct str id)
{
	for (size_t i = 0; i < SERVICES; i++) {
		if (str_equal(services[i].id, id))
			return true;
	}
	return false;
}

static void add_services(struct fixture *f)
{
	for (size_t i = 0; i < SERVICES; i++)
		add_fixed_service(f, i);
	JSON_EACH (more, json_get(f->given, STR("services"))) {
		struct json *service;

		if (is_fixed_service(more->key))
			continue;
		service = json_copy(f->arena, more);
		set_text(f, service, STR("id"), more->key);
		add_service(f, service);
	}
}

static void add_tokens(struct fixture *f)
{
	struct json *tokens = json_new(f->arena, JSON_OBJECT);

	for (size_t i = 0; i < SERVICES; i++) {
		struct json *of =
			json_set(tokens, services[i].token, json_new(f->arena, JSON_OBJECT));

		set_text(f, of, STR("service_id"), services[i].id);
	}
	add(f, STR("POST"), STR("/internal/service_tokens/"),
	    wrap(f, STR("service_tokens"), tokens));
}

static struct str metric_id(struct fixture *f, struct str service, struct str metric)
{
	return STR_CONCAT(f->arena, service, STR("-"), metric);
}

static void add_metrics(struct fixture *f, struct str service)
{
	for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
		struct json *metric = json_new(f->arena, JSON_OBJECT);

		set_text(f, metric, STR("name"), metrics[i].name);
		if (metrics[i].is_child)
			set_text(f, metric, STR("parent_id"), metric_id(f, service, STR("hits")));
		add(f, STR("POST"),
		    STR_CONCAT(f->arena, STR("/internal/services/"), service, STR("/metrics/"),
			       metric_id(f, service, metrics[i].name)),
		    wrap(f, STR("metric"), metric));
	}
}

/* Applications. */

/* Empty: nobody's. */
static struct str service_of(struct fixture *f, struct str application)
{
	const struct json *given = json_get(json_get(f->given, STR("applications")), application);

	for (size_t i = 0; i < SERVICES; i++) {
		if (str_equal(services[i].application, application))
			return services[i].id;
	}
	return json_get_str(given, STR("service_id"));
}

static struct str application_path(struct fixture *f, struct str application)
{
	return STR_CONCAT(f->arena, STR("/internal/services/"),
			  segment(f, service_of(f, application)), STR("/applications/"),
			  segment(f, application));
}

static bool check_application(struct fixture *f, struct str application)
{
	return service_of(f, application).size > 0 ||
	       error_set(f->error, ERROR_INVALID, "application %.*s has no service_id",
			 STR_ARG(application));
}

static void add_application(struct fixture *f, struct str id, struct str redirect_url)
{
	struct json *application = json_new(f->arena, JSON_OBJECT);

	set_text(f, application, STR("state"), STR("active"));
	set_text(f, application, STR("plan_id"), FIXTURE_PLAN);
	set_text(f, application, STR("plan_name"), STR("Basic"));
	set_text(f, application, STR("redirect_url"), redirect_url);
	application = patched(f, application, STR("applications"), id);
	add(f, STR("POST"), application_path(f, id), wrap(f, STR("application"), application));
}

static void add_user_key(struct fixture *f, struct str key, struct str application)
{
	add(f, STR("PUT"),
	    STR_CONCAT(f->arena, application_path(f, application), STR("/key/"), segment(f, key)),
	    NULL);
}

static void add_application_key(struct fixture *f, struct str application, struct str value)
{
	struct json *key = json_new(f->arena, JSON_OBJECT);

	set_text(f, key, STR("value"), value);
	add(f, STR("POST"), STR_CONCAT(f->arena, application_path(f, application), STR("/keys/")),
	    wrap(f, STR("application_key"), key));
}

static void add_referrer_filter(struct fixture *f, struct str application, struct str filter)
{
	add(f, STR("POST"),
	    STR_CONCAT(f->arena, application_path(f, application), STR("/referrer_filters")),
	    wrap(f, STR("referrer_filter"), json_new_str(f->arena, filter)));
}

static void add_fixed_applications(struct fixture *f)
{
	for (size_t i = 0; i < SERVICES; i++) {
		struct str application = services[i].application;

		add_application(f, application, services[i].redirect_url);
		if (services[i].user_key.size > 0)
			add_user_key(f, services[i].user_key, application);
		if (services[i].application_key.size > 0)
			add_application_key(f, application, services[i].application_key);
	}
}

static bool is_fixed_application(struct str id)
{
	for (size_t i = 0; i < SERVICES; i++) {
		if (str_equal(services[i].application, id))
			return true;
	}
	return false;
}

/* application -> list of texts */
static bool add_each(struct fixture *f, struct str section,
		     void (*add_one)(struct fixture *f, struct str application, struct str value))
{
	JSON_EACH (application, json_get(f->given, section)) {
		if (!check_application(f, application->key))
			return false;
		JSON_EACH (value, application)
			add_one(f, application->key, json_scalar_text(value));
	}
	return true;
}

static bool add_given_applications(struct fixture *f)
{
	JSON_EACH (application, json_get(f->given, STR("applications"))) {
		if (!check_application(f, application->key))
			return false;
		if (!is_fixed_application(application->key))
			add_application(f, application->key, STR(""));
	}
	JSON_EACH (key, json_get(f->given, STR("user_keys"))) {
		if (!check_application(f, json_scalar_text(key)))
			return false;
		add_user_key(f, key->key, json_scalar_text(key));
	}
	return add_each(f, STR("application_keys"), add_application_key) &&
	       add_each(f, STR("referrer_filters"), add_referrer_filter);
}

/* Limits. */

static void add_limit(struct fixture *f, const struct json *limit)
{
	struct str service = json_scalar_text(json_get(limit, STR("service")));
	struct str metric = json_scalar_text(json_get(limit, STR("metric")));
	const struct json *plan = json_get(limit, STR("plan"));

	for (int i = 0; i < UTC_PERIODS; i++) {
		struct str period = utc_period_name((enum utc_period)i);
		const struct json *value = json_get(limit, period);
		struct json *members;

		if (value == NULL)
			continue;
		members = json_new(f->arena, JSON_OBJECT);
		json_set(members, period, json_copy(f->arena, value));
		add(f, STR("PUT"),
		    STR_CONCAT(f->arena, STR("/internal/services/"), segment(f, service),
			       STR("/plans/"),
			       plan != NULL ? segment(f, json_scalar_text(plan)) : FIXTURE_PLAN,
			       STR("/usagelimits/"), metric_id(f, service, metric), STR("/"),
			       period),
		    wrap(f, STR("usagelimit"), members));
	}
}

static void add_alert_limits(struct fixture *f, const struct json *of_service)
{
	JSON_EACH (value, of_service) {
		struct json *limit = json_new(f->arena, JSON_OBJECT);

		json_set(limit, STR("value"), json_copy(f->arena, value));
		add(f, STR("POST"),
		    STR_CONCAT(f->arena, STR("/internal/services/"), segment(f, of_service->key),
			       STR("/alert_limits/")),
		    wrap(f, STR("alert_limit"), limit));
	}
}

/* End users (spec/backend.md 8.5). */
static bool add_users(struct fixture *f)
{
	JSON_EACH (given, json_get(f->given, STR("users"))) {
		struct str service = json_get_str(given, STR("service_id"));
		struct json *user = json_new(f->arena, JSON_OBJECT);

		if (service.size == 0)
			return error_set(f->error, ERROR_INVALID, "user %.*s has no service_id",
					 STR_ARG(given->key));
		set_text(f, user, STR("state"), STR("active"));
		set_text(f, user, STR("plan_id"), FIXTURE_PLAN);
		set_text(f, user, STR("plan_name"), STR("Basic"));
		add(f, STR("POST"),
		    STR_CONCAT(f->arena, STR("/internal/services/"), segment(f, service),
			       STR("/users/"), segment(f, given->key)),
		    wrap(f, STR("user"), patched(f, user, STR("users"), given->key)));
	}
	return true;
}

bool fixture_backend_calls(struct fixture_calls *calls, struct arena *arena,
			   const struct json *given, struct error *error)
{
	struct fixture fixture = {calls, arena, given, error};

	add_services(&fixture);
	add_tokens(&fixture);
	for (size_t i = 0; i < SERVICES; i++)
		add_metrics(&fixture, services[i].id);
	add_fixed_applications(&fixture);
	if (!add_given_applications(&fixture) || !add_users(&fixture))
		return false;
	JSON_EACH (limit, json_get(given, STR("limits")))
		add_limit(&fixture, limit);
	JSON_EACH (of_service, json_get(given, STR("alert_limits")))
		add_alert_limits(&fixture, of_service);
	return true;
}

void fixture_calls_free(struct fixture_calls *calls)
{
	vec_free(&calls->items);
}
