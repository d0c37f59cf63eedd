/* What random sequences of the API's writes leave behind, deletions above all. After each of them
 * no row points to one that is gone, whether the database knows the column for a reference or not.
 * And now and then: what backend was told, change by change, is what a full rewrite tells an empty
 * one (spec/portal.md 6.3). The same seed gives the same operations. */
#include <check.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "portal/authorization_samples_test.h"
#include "portal/backend_mirror_test.h"
#include "portal/call.h"
#include "portal/database.h"
#include "portal/jobs_table.h"
#include "portal/portal_rig_test.h"
#include "portal/record.h"
#include "portal/tables.h"

#define ROUNDS 20
#define OPERATIONS_OF_ROUND 250
#define COMPARED_EVERY 25
#define SEED UINT64_C(777)

/* Chance: splitmix64, from the seed alone. */
static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
	uint64_t z = chance_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

/* References. */

/* One that is deleted goes last of all that belongs to it (jobs_service.c). */
#define IS_VISIBLE "state <> 'deleted'"

/* Columns that refer to rows without the database's knowing. */
static const struct {
	const char *table, *column;
	const char *when; /* it does; NULL: always, unless it is NULL */
	const char *target;
} references[] = {
	{"accounts", "default_account_plan_id", NULL, "plans"},
	{"accounts", "default_service_id", NULL, "services"},
	{"services", "default_application_plan_id", IS_VISIBLE, "plans"},
	{"services", "default_service_plan_id", IS_VISIBLE, "plans"},
	{"services", "default_end_user_plan_id", IS_VISIBLE, "plans"},
	{"plans", "issuer_id", "issuer_type = 'Service'", "services"},
	{"plans", "issuer_id", "issuer_type = 'Account'", "accounts"},
	{"plans", "original_id", "original_id > 0", "plans"},
	{"features", "featurable_id", "featurable_type = 'Service'", "services"},
	{"features", "featurable_id", "featurable_type = 'Account'", "accounts"},
	{"cms_sections", "parent_id", NULL, "cms_sections"},
	{"cms_templates", "section_id", NULL, "cms_sections"},
	{"cms_templates", "layout_id", NULL, "cms_templates"},
	{"cms_files", "section_id", NULL, "cms_sections"},
	{"invitations", "user_id", NULL, "users"},
};
#define REFERENCES (sizeof references / sizeof *references)

/* What tells of things that may be gone, and numbers that are others'. */
static const struct {
	const char *table, *column; /* column: NULL = all of the table */
} histories[] = {
	{"audits", NULL},
	{"log_entries", NULL},
	{"event_store_events", NULL},
	{"deleted_objects", NULL},
	{"zync_notices", NULL},
	{"line_items", NULL},
	{"proxy_configs", "user_id"},
	{"alerts", "alert_id"},
	{"background_jobs", "object_id"},
};

static bool is_history(const struct table *table, const struct column *column)
{
	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
		if (str_equal(table->name, str_from(histories[i].table)) &&
		    (histories[i].column == NULL ||
		     str_equal(column->name, str_from(histories[i].column))))
			return true;
	}
	return false;
}

static bool is_reference(const struct table *table, const struct column *column)
{
	for (size_t i = 0; i < REFERENCES; i++) {
		if (str_equal(table->name, str_from(references[i].table)) &&
		    str_equal(column->name, str_from(references[i].column)))
			return true;
	}
	return false;
}

/* A new column of a number that ends in _id belongs in one of the lists above, unless the database
 * watches it. */
START_TEST(every_column_that_refers_to_something_is_watched)
{
	for (size_t i = 0; i < portal_tables_count; i++) {
		const struct table *table = portal_tables[i];

		for (size_t j = 0; j < table->columns_count; j++) {
			const struct column *column = &table->columns[j];

			if (column->kind != VALUE_INT || column->references != NULL ||
			    !str_has_suffix(column->name, STR("_id")) ||
			    str_equal(column->name, STR("tenant_id")))
				continue;
			ck_assert_msg(is_history(table, column) || is_reference(table, column),
				      "%.*s.%.*s", STR_ARG(table->name), STR_ARG(column->name));
		}
	}
}
END_TEST

static void refers(const char *table, const char *column, const char *when, const char *target,
		   const char *after)
{
	const char *lost = rig_sql(
		rig_text("SELECT group_concat(id) FROM %s WHERE %s IS NOT NULL AND %s AND %s NOT "
			 "IN (SELECT id FROM %s)",
			 table, column, when != NULL ? when : "1 = 1", column, target));

	ck_assert_msg(*lost == '\0', "after %s: rows %s of %s have a %s that is none of %s", after,
		      lost, table, column, target);
}

static void nothing_dangles(const char *after)
{
	for (size_t i = 0; i < REFERENCES; i++)
		refers(references[i].table, references[i].column, references[i].when,
		       references[i].target, after);
	for (size_t i = 0; i < portal_tables_count; i++) {
		const struct table *table = portal_tables[i];

		for (size_t j = 0; j < table->columns_count; j++) {
			const struct column *column = &table->columns[j];
			struct str target, rest;

			if (column->references == NULL)
				continue;
			str_split_once(str_from(column->references), ' ', &target, &rest);
			refers(rig_text("%.*s", STR_ARG(table->name)),
			       rig_text("%.*s", STR_ARG(column->name)), NULL,
			       rig_text("%.*s", STR_ARG(target)), after);
		}
	}
}

/* Jobs: services and tenants that are deleted go. */

typedef enum job_step job_run(struct call *call, int64_t object_id);

static bool run_one_step(job_run *run, int64_t object_id)
{
	struct database *database = rig_database();
	struct arena *arena = arena_create();
	struct error error = {0};
	struct call call = {.database = database, .settings = rig_settings(), .arena = arena};
	enum job_step step;

	database_begin(database, arena, true);
	call.tenant = record_first(database, &accounts_table, "self_domain = ?1",
				   DATABASE_ARGUMENTS(value_text(STR(RIG_ADMIN_HOST))));
	step = run(&call, object_id);
	ck_assert_msg(database_commit(database, &error), "%s", error.text);
	arena_destroy(arena);
	rig_has_written();
	return step == JOB_MORE;
}

static void erase_deleted_services(void)
{
	int64_t service;

	while (str_to_int64(str_from(rig_sql("SELECT min(id) FROM services WHERE state = "
					     "'deleted'")),
			    &service)) {
		while (run_one_step(job_delete_service, service))
			nothing_dangles("a step of a service's deletion");
	}
}

/* Operations. */

/* What may stand in a path: any of the rows that fit what was chosen before. */
static const struct {
	const char *name, *column, *from;
} words[] = {
	{"service", "id", "services WHERE account_id = {self} AND state <> 'deleted'"},
	{"metric", "id", "metrics WHERE service_id = {service}"},
	{"parent", "min(id)", "metrics WHERE service_id = {service} AND parent_id IS NULL"},
	{"method", "id", "metrics WHERE parent_id = {parent}"},
	{"rule", "id",
	 "proxy_rules WHERE proxy_id IN (SELECT id FROM proxies WHERE service_id = "
	 "{service})"},
	{"plan", "id", "plans WHERE type = 'ApplicationPlan' AND issuer_id = {service}"},
	{"service_plan", "id", "plans WHERE type = 'ServicePlan' AND issuer_id = {service}"},
	{"account_plan", "id", "plans WHERE type = 'AccountPlan' AND issuer_id = {self}"},
	{"limit", "id", "usage_limits WHERE plan_id = {plan} AND metric_id = {metric}"},
	{"feature", "id",
	 "features WHERE featurable_type = 'Service' AND featurable_id = "
	 "{service}"},
	{"account", "id", "accounts WHERE provider_account_id = {self}"},
	{"user", "id", "users WHERE account_id = {account}"},
	{"application", "id",
	 "cinstances WHERE type = 'Cinstance' AND user_account_id = "
	 "{account}"},
	{"served", "id",
	 "services WHERE id = (SELECT service_id FROM cinstances WHERE id = "
	 "{application})"},
	{"other_plan", "id", "plans WHERE type = 'ApplicationPlan' AND issuer_id = {served}"},
	{"key", "value", "application_keys WHERE application_id = {application}"},
	{"filter", "id", "referrer_filters WHERE application_id = {application}"},
	{"contract", "id",
	 "cinstances WHERE type = 'ServiceContract' AND user_account_id = "
	 "{account}"},
	{"own_user", "id", "users WHERE account_id = {self} AND role = 'member'"},
	{"doc", "id", "api_docs_services WHERE account_id = {self}"},
	{"section", "id", "cms_sections WHERE provider_id = {self}"},
	{"template", "id", "cms_templates WHERE provider_id = {self}"},
	{"layout", "id", "cms_templates WHERE provider_id = {self} AND type = 'CMS::Layout'"},
	{"policy", "id", "policies WHERE account_id = {self}"},
};
#define WORDS (sizeof words / sizeof *words)

static void choose_words(int number)
{
	rig_define("n", rig_text("%d", number));
	for (size_t i = 0; i < WORDS; i++) {
		const char *from = rig_expand(words[i].from, NULL);
		int64_t rows = 0;
		const char *value;

		str_to_int64(str_from(rig_sql(rig_text("SELECT count(*) FROM %s", from))), &rows);
		value = rig_sql(rig_text("SELECT %s FROM %s ORDER BY id LIMIT 1 OFFSET %" PRIu64,
					 words[i].column, from,
					 rows > 0 && strchr(words[i].column, '(') == NULL
						 ? chance((uint64_t)rows)
						 : 0));
		rig_define(words[i].name, *value != '\0' ? value : "0");
	}
}

#define METRICS "services/{service}/metrics"
#define METHODS METRICS "/{parent}/methods"
#define PLANS "services/{service}/application_plans"
#define LIMITS "application_plans/{plan}/metrics/{metric}/limits"
#define ACCOUNT "accounts/{account}"
#define APPLICATIONS ACCOUNT "/applications"
#define APPLICATION APPLICATIONS "/{application}"

static const struct operation {
	unsigned weight;
	const char *method, *target, *body;
} operations[] = {
	{3, "POST", "services", "name=Service{n}&backend_version=1"},
	{2, "POST", "services", "name=Service{n}&backend_version=2"},
	{2, "POST", "services", "name=Service{n}&backend_version=oidc"},
	{3, "PUT", "services/{service}", "referrer_filters_required=true&mandatory_app_key=true"},
	{2, "PUT", "services/{service}", "backend_version=2&referrer_filters_required=false"},
	{2, "PUT", "services/{service}", "backend_version=oidc"},
	{2, "PUT", "services/{service}", "backend_version=1"},
	{2, "PUT", "services/{service}",
	 "{\"service\":{\"notification_settings\":{\"web_provider\":[80,100]}}}"},
	{2, "PUT", "services/{service}",
	 "{\"service\":{\"notification_settings\":{\"web_buyer\":[50,80]}}}"},
	{2, "DELETE", "services/{service}", NULL},
	{4, "POST", METRICS, "friendly_name=Metric{n}&unit=u"},
	{3, "POST", METHODS, "friendly_name=Method{n}"},
	{2, "PUT", METRICS "/{metric}", "friendly_name=Other{n}"},
	{2, "DELETE", METRICS "/{metric}", NULL},
	{2, "DELETE", METHODS "/{method}", NULL},
	{2, "PUT", "services/{service}/proxy", "api_test_path=/{n}"},
	{2, "POST", "services/{service}/proxy/mapping_rules",
	 "http_method=GET&pattern=/{n}&delta=1&metric_id={metric}"},
	{1, "DELETE", "services/{service}/proxy/mapping_rules/{rule}", NULL},
	{4, "POST", PLANS, "name=Plan{n}&state_event=publish"},
	{1, "POST", PLANS, "name=Asking{n}&approval_required=true"},
	{2, "PUT", PLANS "/{plan}", "name=Renamed{n}"},
	{1, "PUT", PLANS "/{plan}", "end_user_required=true"},
	{2, "PUT", PLANS "/{plan}/default", ""},
	{3, "DELETE", PLANS "/{plan}", NULL},
	{4, "POST", LIMITS, "period=day&value={n}"},
	{2, "POST", LIMITS, "period=eternity&value={n}"},
	{2, "PUT", LIMITS "/{limit}", "value=7{n}"},
	{2, "PUT", LIMITS "/{limit}", "period=month"},
	{2, "DELETE", LIMITS "/{limit}", NULL},
	{1, "POST", "application_plans/{plan}/metrics/{metric}/pricing_rules",
	 "min=1&max=2&cost_per_unit=1"},
	{1, "POST", "services/{service}/features", "name=Feature{n}"},
	{1, "POST", "application_plans/{plan}/features", "feature_id={feature}"},
	{1, "DELETE", "services/{service}/features/{feature}", NULL},
	{1, "POST", "services/{service}/service_plans", "name=Subscription{n}"},
	{1, "PUT", "services/{service}/service_plans/{service_plan}/default", ""},
	{1, "DELETE", "services/{service}/service_plans/{service_plan}", NULL},
	{1, "POST", "account_plans", "name=AccountPlan{n}"},
	{1, "PUT", "account_plans/{account_plan}/default", ""},
	{1, "DELETE", "account_plans/{account_plan}", NULL},
	{4, "POST", "signup",
	 "org_name=Org{n}&username=user{n}&email=user{n}@x.example&password=123456"},
	{2, "DELETE", ACCOUNT, NULL},
	{1, "PUT", ACCOUNT "/change_plan", "plan_id={account_plan}"},
	{1, "PUT", ACCOUNT "/make_pending", ""},
	{1, "PUT", ACCOUNT "/approve", ""},
	{1, "POST", ACCOUNT "/users", "username=extra{n}&email=extra{n}@x.example&password=123456"},
	{1, "DELETE", ACCOUNT "/users/{user}", NULL},
	{1, "POST", ACCOUNT "/messages", "body=Hello"},
	{8, "POST", APPLICATIONS, "plan_id={plan}&name=App{n}&description=d"},
	{1, "POST", "accounts/{account}/application_plans/{plan}/buy", "name=B{n}&description=d"},
	{3, "PUT", APPLICATION, "user_key=changed{n}"},
	{1, "PUT", APPLICATION, "redirect_url=http://{n}.example"},
	{2, "PUT", APPLICATION "/suspend", ""},
	{2, "PUT", APPLICATION "/resume", ""},
	{2, "PUT", APPLICATION "/accept", ""},
	{3, "PUT", APPLICATION "/change_plan", "plan_id={other_plan}"},
	{3, "PUT", APPLICATION "/customize_plan", ""},
	{2, "PUT", APPLICATION "/decustomize_plan", ""},
	{3, "DELETE", APPLICATION, NULL},
	{3, "POST", APPLICATION "/keys", "key=secret{n}"},
	{2, "DELETE", APPLICATION "/keys/{key}", NULL},
	{3, "POST", APPLICATION "/referrer_filters", "referrer_filter=w{n}.example"},
	{2, "DELETE", APPLICATION "/referrer_filters/{filter}", NULL},
	{1, "DELETE", ACCOUNT "/service_contracts/{contract}", NULL},
	{1, "POST", "users", "username=member{n}&email=member{n}@x.example&password=123456"},
	{1, "PUT", "users/{own_user}/permissions", "allowed_service_ids[]={service}"},
	{1, "DELETE", "users/{own_user}", NULL},
	{1, "POST", "active_docs", "name=Doc{n}&body={\"apis\":[]}&service_id={service}"},
	{1, "DELETE", "active_docs/{doc}", NULL},
	{1, "POST", "cms/sections", "title=S{n}&system_name=s{n}&parent_id={section}"},
	{1, "DELETE", "cms/sections/{section}", NULL},
	{1, "POST", "cms/templates", "type=layout&title=L{n}&system_name=l{n}"},
	{1, "POST", "cms/templates",
	 "type=page&title=T{n}&path=/"
	 "t{n}&system_name=t{n}&section_id={section}&layout_id={layout}"},
	{1, "DELETE", "cms/templates/{template}", NULL},
};
#define OPERATIONS (sizeof operations / sizeof *operations)

static struct statistics {
	int done[OPERATIONS], succeeded;
} statistics;

static size_t choose_operation(void)
{
	uint64_t all = 0, at;

	for (size_t i = 0; i < OPERATIONS; i++)
		all += operations[i].weight;
	at = chance(all);
	for (size_t i = 0; i < OPERATIONS; i++) {
		if (at < operations[i].weight)
			return i;
		at -= operations[i].weight;
	}
	return 0;
}

/* What it was, for messages. */
static const char *carry_out(int number)
{
	size_t place = choose_operation();
	const struct operation *operation = &operations[place];
	struct rig_request request = {
		.host = RIG_ADMIN_HOST, .method = operation->method, .token = RIG_ADMIN_TOKEN};
	struct rig_answer answer;
	const char *what;

	choose_words(number);
	request.target = rig_text("/admin/api/%s.json", rig_expand(operation->target, NULL));
	request.body = operation->body != NULL ? rig_expand(operation->body, NULL) : NULL;
	what = rig_text("%s %s %s", request.method, request.target,
			request.body != NULL ? request.body : "");
	answer = rig_ask(&request);
	ck_assert_msg(answer.status < 500, "%s: %.*s", what, STR_ARG(answer.body));
	if (answer.status < 400) {
		statistics.done[place]++;
		statistics.succeeded++;
		nothing_dangles(what);
	}
	return what;
}

static void set_up(void)
{
	memset(&statistics, 0, sizeof statistics);
	chance_state = SEED;
	rig_set_up();
	samples_prepare_other();
	samples_prepare(RIG_ADMIN_HOST, RIG_ADMIN_TOKEN);
	/* Only pages make one. */
	rig_sql(rig_expand("INSERT INTO invitations (tenant_id, account_id, email, token, "
			   "accepted_at, user_id) SELECT {self}, {self}, email, id, created_at, id "
			   "FROM users WHERE account_id = {self} AND role = 'member'",
			   NULL));
	rig_keep();
	rig_restore();
}

START_TEST(nothing_points_to_what_is_gone_and_backend_knows_all)
{
	int number = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct mirror told;

		rig_restore();
		mirror_init(&told);
		mirror_rewrite(&told);
		for (int i = 1; i <= OPERATIONS_OF_ROUND; i++) {
			const char *what = carry_out(number++);

			if (i % COMPARED_EVERY != 0)
				continue;
			erase_deleted_services();
			mirror_fill(&told);
			mirror_is_what_a_rewrite_says(&told, what);
		}
		mirror_free(&told);
	}
	/* It would prove nothing if nothing were done. */
	ck_assert_int_gt(statistics.succeeded, ROUNDS * OPERATIONS_OF_ROUND / 2);
	for (size_t i = 0; i < OPERATIONS; i++)
		ck_assert_msg(statistics.done[i] > 0, "%s %s %s was never done",
			      operations[i].method, operations[i].target,
			      operations[i].body != NULL ? operations[i].body : "");
}
END_TEST

/* What is on its way still, and that the tenant itself was deleted. */
static bool outlives_tenant(const struct table *table)
{
	static const struct str names[] = {
		STR_INIT("background_jobs"), STR_INIT("zync_notices"),       STR_INIT("mails"),
		STR_INIT("audits"),          STR_INIT("event_store_events"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (str_equal(table->name, names[i]))
			return true;
	}
	return false;
}

static void nothing_is_left(const char *tenant)
{
	for (size_t i = 0; i < portal_tables_count; i++) {
		const struct table *table = portal_tables[i];
		const char *rows;

		if (table_column(table, STR("tenant_id")) == NULL || outlives_tenant(table))
			continue;
		rows = rig_sql(rig_text("SELECT count(*) FROM %.*s WHERE tenant_id = %s",
					STR_ARG(table->name), tenant));
		ck_assert_msg(strcmp(rows, "0") == 0, "%s rows of %.*s are left", rows,
			      STR_ARG(table->name));
	}
}

START_TEST(nothing_is_left_of_a_tenant_that_is_erased)
{
	struct rig_request deletion = {
		.host = RIG_MASTER_HOST, .method = "DELETE", .token = RIG_MASTER_TOKEN};
	struct mirror told;
	const char *tenant;
	int64_t id;

	samples_prepare(SAMPLES_OTHER_HOST, SAMPLES_OTHER_TOKEN);
	tenant = rig_value("self");
	ck_assert(str_to_int64(str_from(tenant), &id));
	deletion.target = rig_text("/master/api/providers/%s.json", tenant);
	mirror_init(&told);
	mirror_rewrite(&told);
	ck_assert_int_eq(rig_ask(&deletion).status, 200);
	while (run_one_step(job_erase_tenant, id))
		;
	nothing_dangles("a tenant's erasure");
	nothing_is_left(tenant);
	mirror_fill(&told);
	mirror_is_what_a_rewrite_says(&told, "a tenant's erasure");
	mirror_free(&told);
}
END_TEST

Suite *portal_integrity_property_suite(void);
Suite *portal_integrity_property_suite(void)
{
	Suite *suite = suite_create("portal_integrity_property");
	TCase *tests = tcase_create("integrity");

	tcase_add_checked_fixture(tests, set_up, rig_tear_down);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, every_column_that_refers_to_something_is_watched);
	tcase_add_test(tests, nothing_points_to_what_is_gone_and_backend_knows_all);
	tcase_add_test(tests, nothing_is_left_of_a_tenant_that_is_erased);
	suite_add_tcase(suite, tests);
	return suite;
}
