/* What a member that sees some services only can learn of the others, and change about them:
 * nothing, by any route of the API (spec/portal.md 2.2). The samples' service is the hidden one,
 * with all that belongs to it. */
#include <check.h>

#include "portal/authorization_samples_test.h"
#include "portal/portal_rig_test.h"
#include "portal/routes.h"

#define MARK "Hiddenmark"
#define MEMBER_TOKEN "member-token"
#define OF_PLANS                                                                                   \
	"plan_id IN (SELECT id FROM plans WHERE issuer_id = {service} AND issuer_type = "          \
	"'Service')"
#define OF_PROXY "proxy_id IN (SELECT id FROM proxies WHERE service_id = {service})"
#define OF_APPLICATIONS "application_id IN (SELECT id FROM cinstances WHERE service_id = {service})"

/* All that belongs to the service; `column` takes the mark. */
static const struct {
	const char *table, *column, *where;
} parts[] = {
	{"services", "name", "id = {service}"},
	{"plans", "name", "issuer_id = {service} AND issuer_type = 'Service'"},
	{"metrics", "friendly_name", "service_id = {service}"},
	{"features", "name", "featurable_id = {service} AND featurable_type = 'Service'"},
	{"cinstances", "name", "service_id = {service} AND type = 'Cinstance'"},
	{"cinstances", NULL, "service_id = {service}"},
	{"api_docs_services", "name", "service_id = {service}"},
	{"proxies", "api_test_path", "service_id = {service}"},
	{"usage_limits", NULL, OF_PLANS},
	{"pricing_rules", NULL, OF_PLANS},
	{"features_plans", NULL, OF_PLANS},
	{"proxy_rules", NULL, OF_PROXY},
	{"proxy_configs", NULL, OF_PROXY},
	{"application_keys", NULL, OF_APPLICATIONS},
	{"referrer_filters", NULL, OF_APPLICATIONS},
	{"service_tokens", NULL, "service_id = {service}"},
};
#define PARTS (sizeof parts / sizeof *parts)

static struct statistics {
	int succeeded, missed;
} statistics;

static void make_member(void)
{
	static const char *const sections[] = {"portal",         "finance",    "settings",
					       "partners",       "monitoring", "plans",
					       "policy_registry"};
	const char *user;

	rig_sql(rig_expand(
		"INSERT INTO users (tenant_id, account_id, username, email, state, role) "
		"VALUES ({self}, {self}, 'partial', 'partial@x.example', 'active', "
		"'member')",
		NULL));
	user = rig_sql("SELECT id FROM users WHERE username = 'partial'");
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		rig_sql(rig_text("INSERT INTO member_permissions (user_id, admin_section) VALUES "
				 "(%s, '%s')",
				 user, sections[i]));
	rig_sql(rig_text("INSERT INTO member_permissions (user_id, admin_section, service_ids) "
			 "VALUES (%s, 'services', '[%s]')",
			 user, rig_value("spare_service")));
	rig_sql(rig_text("INSERT INTO access_tokens (owner_id, scopes, value, name, permission) "
			 "VALUES (%s, '[\"account_management\",\"stats\",\"finance\",\"cms\","
			 "\"policy_registry\"]', '" MEMBER_TOKEN "', 'n', 'rw')",
			 user));
	rig_define("own_user", user);
	rig_define("own_token", MEMBER_TOKEN);
}

static void set_up(void)
{
	statistics = (struct statistics){0};
	rig_set_up();
	samples_prepare_other();
	samples_prepare(RIG_ADMIN_HOST, RIG_ADMIN_TOKEN);
	make_member();
	for (size_t i = 0; i < PARTS; i++) {
		if (parts[i].column != NULL)
			rig_sql(rig_expand(rig_text("UPDATE %s SET %s = COALESCE(%s, '') || '" MARK
						    "' WHERE %s",
						    parts[i].table, parts[i].column,
						    parts[i].column, parts[i].where),
					   NULL));
	}
	rig_keep();
}

static uint64_t rows_of_service(void)
{
	uint64_t digest = 0;

	for (size_t i = 0; i < PARTS; i++)
		digest = digest * 31 +
			 rig_digest(rig_expand(rig_text("SELECT * FROM %s WHERE %s", parts[i].table,
							parts[i].where),
					       NULL));
	return digest;
}

/* Whoever signs somebody up, the default plans of all services are bought (spec/portal.md 3.10). */
static bool is_for_all_services(const struct route *route)
{
	return str_equal(route->path, STR("/admin/api/signup"));
}

static void ask(const struct route *route, struct str method, const char *format, uint64_t rows)
{
	const struct sample *sample = sample_of(route, method);
	struct rig_request request = {.host = RIG_ADMIN_HOST, .token = MEMBER_TOKEN};
	const char *path =
		sample->path != NULL ? sample->path : rig_text("%.*s", STR_ARG(route->path));
	struct rig_answer answer;

	rig_restore();
	request.method = rig_text("%.*s", STR_ARG(method));
	request.target = rig_text("%s.%s?%s", rig_expand(path, NULL), format,
				  sample->query != NULL ? rig_expand(sample->query, NULL) : "");
	request.body = sample->body != NULL ? rig_expand(sample->body, NULL) : NULL;
	answer = rig_ask(&request);
	ck_assert_msg(str_find(answer.body, STR(MARK)) == STR_NOT_FOUND, "%s %s shows: %.*s",
		      request.method, request.target, STR_ARG(answer.body));
	ck_assert_msg(!answer.wrote || is_for_all_services(route) || rows_of_service() == rows,
		      "%s %s %s changes what is hidden", request.method, request.target,
		      request.body != NULL ? request.body : "");
	statistics.succeeded += answer.status < 400;
	statistics.missed += answer.status == 404;
}

START_TEST(a_hidden_service_is_neither_shown_nor_changed)
{
	uint64_t rows;

	rig_restore();
	rows = rows_of_service();
	for (size_t i = 0; i < portal_route_tables_count; i++) {
		for (size_t j = 0; j < portal_route_tables[i]->count; j++) {
			const struct route *route = &portal_route_tables[i]->rows[j];
			struct str rest = str_from(route->methods), method;

			if ((route->flags & (ROUTE_MASTER | ROUTE_OPEN)) != 0)
				continue;
			while (str_next_field(&rest, ' ', &method)) {
				ask(route, method, "json", rows);
				ask(route, method, "xml", rows);
			}
		}
	}
	/* It would prove nothing if all were refused anyhow. */
	ck_assert_int_gt(statistics.succeeded, 60);
	ck_assert_int_gt(statistics.missed, 100);
}
END_TEST

Suite *portal_member_services_suite(void);
Suite *portal_member_services_suite(void)
{
	Suite *suite = suite_create("portal_member_services");
	TCase *tests = tcase_create("member_services");

	tcase_add_checked_fixture(tests, set_up, rig_tear_down);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, a_hidden_service_is_neither_shown_nor_changed);
	suite_add_tcase(suite, tests);
	return suite;
}
