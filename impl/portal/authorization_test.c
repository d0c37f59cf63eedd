/* The authorization matrix: every route of the API with every kind of caller (spec/portal.md 2.1 to
 * 2.3, PT-001 to PT-019). What must come of it follows from the route's row: its flags, its scopes,
 * the names in its path. A route without a sample (authorization_samples_test.h) fails. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "portal/authorization_samples_test.h"
#include "portal/portal_rig_test.h"
#include "portal/routes.h"

#define ALL_SCOPES "account_management stats finance cms policy_registry"
#define ALL_SECTIONS "portal finance settings partners monitoring plans policy_registry"

#define DENIED "{\"error\":\"Access denied\"}"
#define NOT_PERMITTED "{\"error\":\"Your access token does not have the correct permissions\"}"
#define FORBIDDEN "{\"status\":\"Forbidden\"}"
#define NOT_FOUND "{\"status\":\"Not found\"}"

/* Where the credential goes. */
enum way { WAY_NONE, WAY_PARAMETER, WAY_BASIC };

enum kind {
	KIND_NOBODY,   /* no credential, or one that is nobody's here */
	KIND_TOKEN,    /* of a user of the account that is called */
	KIND_PROVIDER, /* the provider key */
};

struct caller {
	const char *name;
	enum way way;
	enum kind kind;
	/* The token: "{name}" of samples, or what prepare_tokens() makes of scopes and user. */
	const char *scopes;   /* KIND_TOKEN */
	const char *sections; /* of a member; NULL = an admin */
	bool is_read_only, is_limited;
};

/* `{side}` is "t" for the tenant and "m" for master. */
static const struct caller callers[] = {
	{"nobody", WAY_NONE, KIND_NOBODY, NULL, NULL, false, false},
	{"unknown token", WAY_PARAMETER, KIND_NOBODY, NULL, NULL, false, false},
	{"unknown credential", WAY_BASIC, KIND_NOBODY, NULL, NULL, false, false},
	{"token of another tenant", WAY_PARAMETER, KIND_NOBODY, NULL, NULL, false, false},
	{"credential of another tenant", WAY_BASIC, KIND_NOBODY, NULL, NULL, false, false},
	{"all scopes", WAY_BASIC, KIND_TOKEN, ALL_SCOPES, NULL, false, false},
	{"all scopes", WAY_PARAMETER, KIND_TOKEN, ALL_SCOPES, NULL, false, false},
	{"account_management", WAY_BASIC, KIND_TOKEN, "account_management", NULL, false, false},
	{"stats", WAY_BASIC, KIND_TOKEN, "stats", NULL, false, false},
	{"finance", WAY_PARAMETER, KIND_TOKEN, "finance", NULL, false, false},
	{"cms", WAY_BASIC, KIND_TOKEN, "cms", NULL, false, false},
	{"policy_registry", WAY_PARAMETER, KIND_TOKEN, "policy_registry", NULL, false, false},
	{"read only", WAY_BASIC, KIND_TOKEN, ALL_SCOPES, NULL, true, false},
	{"member without sections", WAY_BASIC, KIND_TOKEN, ALL_SCOPES, "", false, false},
	{"member of partners", WAY_PARAMETER, KIND_TOKEN, ALL_SCOPES, "partners", false, false},
	{"member of monitoring", WAY_BASIC, KIND_TOKEN, ALL_SCOPES, "monitoring", false, false},
	{"member of finance", WAY_BASIC, KIND_TOKEN, ALL_SCOPES, "finance", false, false},
	{"member of portal", WAY_BASIC, KIND_TOKEN, ALL_SCOPES, "portal", false, false},
	{"member of policy_registry", WAY_BASIC, KIND_TOKEN, ALL_SCOPES, "policy_registry", false,
	 false},
	{"member of plans and settings", WAY_BASIC, KIND_TOKEN, ALL_SCOPES, "plans settings", false,
	 false},
	{"member of all sections", WAY_BASIC, KIND_TOKEN, ALL_SCOPES, ALL_SECTIONS, false, false},
	{"member of another service", WAY_BASIC, KIND_TOKEN, ALL_SCOPES, ALL_SECTIONS, false, true},
	{"provider key", WAY_BASIC, KIND_PROVIDER, NULL, NULL, false, false},
	{"provider key", WAY_PARAMETER, KIND_PROVIDER, NULL, NULL, false, false},
};
#define CALLERS (sizeof callers / sizeof *callers)

/* One method of one route. */
static struct cell {
	const struct route *route;
	char method[8];
} cells[1024];
static int cells_count;

static void count_cells(void)
{
	cells_count = 0;
	for (size_t i = 0; i < portal_route_tables_count; i++) {
		for (size_t j = 0; j < portal_route_tables[i]->count; j++) {
			const struct route *route = &portal_route_tables[i]->rows[j];
			struct str rest = str_from(route->methods), method;

			while (str_next_field(&rest, ' ', &method)) {
				struct cell *cell = &cells[cells_count++];

				BUG_IF(cells_count > (int)(sizeof cells / sizeof *cells));
				cell->route = route;
				snprintf(cell->method, sizeof cell->method, "%.*s",
					 STR_ARG(method));
			}
		}
	}
}

static bool is_masters(const struct route *route)
{
	return (route->flags & (ROUTE_MASTER | ROUTE_MASTER_ONLY)) != 0;
}

/* Tokens. */

static const char *token_of(size_t at, bool master)
{
	const struct caller *caller = &callers[at];

	if (caller->kind == KIND_PROVIDER)
		return master ? "nobodys-key" : rig_value("provider_key");
	if (caller->kind == KIND_TOKEN)
		return rig_text("%s-%zu", master ? "m" : "t", at);
	if (strstr(caller->name, "another tenant") != NULL)
		return master ? RIG_ADMIN_TOKEN : SAMPLES_OTHER_TOKEN;
	return "unknown";
}

/* A list of words as JSON. */
static const char *json_list(const char *words)
{
	struct str rest = str_from(words), word;
	const char *out = "";

	while (str_next_field(&rest, ' ', &word))
		out = rig_text("%s%s\"%.*s\"", out, *out != '\0' ? "," : "", STR_ARG(word));
	return rig_text("[%s]", out);
}

static void add_permission(const char *user, const char *section, const char *ids)
{
	rig_sql(rig_text("INSERT INTO member_permissions (user_id, admin_section, service_ids) "
			 "VALUES (%s, '%s', %s)",
			 user, section, ids));
}

/* The user of a caller, a new one when it is a member. */
static const char *user_of(size_t at, bool master)
{
	const struct caller *caller = &callers[at];
	const char *name = rig_text("%s-member-%zu", master ? "m" : "t", at), *id;
	struct str rest, section;

	if (caller->sections == NULL)
		return rig_sql(rig_text("SELECT id FROM users WHERE username = '%s'",
					master ? "master" : "admin"));
	rig_sql(rig_text("INSERT INTO users (tenant_id, account_id, username, email, state, role) "
			 "SELECT tenant_id, id, '%s', '%s@m.example', 'active', 'member' FROM "
			 "accounts WHERE self_domain = '%s'",
			 name, name, master ? RIG_MASTER_HOST : RIG_ADMIN_HOST));
	id = rig_sql(rig_text("SELECT id FROM users WHERE username = '%s'", name));
	rest = str_from(caller->sections);
	while (str_next_field(&rest, ' ', &section)) {
		if (section.size > 0)
			add_permission(id, rig_text("%.*s", STR_ARG(section)), "NULL");
	}
	if (caller->is_limited)
		add_permission(id, "services", rig_text("'[%s]'", rig_value("visible_service")));
	return id;
}

static void prepare_token(size_t at, bool master)
{
	const struct caller *caller = &callers[at];
	const char *user;

	if (caller->kind != KIND_TOKEN)
		return;
	user = user_of(at, master);
	rig_sql(rig_text("INSERT INTO access_tokens (owner_id, scopes, value, name, permission) "
			 "VALUES (%s, '%s', '%s', 'n', '%s')",
			 user, json_list(caller->scopes), token_of(at, master),
			 caller->is_read_only ? "ro" : "rw"));
	rig_define(rig_text("user of %s-%zu", master ? "m" : "t", at), user);
}

static void set_up(void)
{
	count_cells();
	rig_set_up();
	samples_prepare_other();
	samples_prepare(RIG_ADMIN_HOST, RIG_ADMIN_TOKEN);
	for (size_t i = 0; i < CALLERS; i++) {
		prepare_token(i, false);
		prepare_token(i, true);
	}
	rig_define("provider_key",
		   rig_sql("SELECT user_key FROM cinstances WHERE type = 'Cinstance' AND "
			   "user_account_id = (SELECT id "
			   "FROM accounts WHERE self_domain = '" RIG_ADMIN_HOST "')"));
	/* Who does not bill is told so before anything is searched. */
	rig_sql("INSERT INTO billing_strategies (tenant_id, account_id) SELECT id, id FROM "
		"accounts WHERE org_name = 'Other'");
	rig_keep();
}

/* Asking. */

struct question {
	const struct cell *cell;
	const struct sample *sample;
	const char *host;
	enum way way;
	const char *token;
	bool token_is_key; /* the parameter is provider_key */
};

/* The route's path with objects in it; fails when there is none for a name. */
static const char *path_of(const struct question *question)
{
	const struct sample *sample = question->sample;
	const char *path, *missing = NULL;

	path = sample->path != NULL ? sample->path
				    : rig_text("%.*s", STR_ARG(question->cell->route->path));
	path = rig_expand(path, &missing);
	ck_assert_msg(missing == NULL,
		      "%s: no object for {%s}: add one to authorization_samples_test.c", path,
		      missing);
	return path;
}

/* With the database as it is. */
static struct rig_answer ask_as_it_is(const struct question *question)
{
	const struct sample *sample = question->sample;
	const char *missing = NULL;
	const char *query = sample->query != NULL ? rig_expand(sample->query, &missing) : "";
	struct rig_request request = {.host = question->host,
				      .method = question->cell->method,
				      .target = rig_text("%s.json?%s", path_of(question), query)};

	if (sample->body != NULL)
		request.body = rig_expand(sample->body, &missing);
	ck_assert_msg(missing == NULL, "no object for {%s}", missing);
	if (question->way == WAY_BASIC)
		request.token = question->token;
	if (question->way == WAY_PARAMETER)
		request.target = rig_text("%s&%s=%s", request.target,
					  question->token_is_key ? "provider_key" : "access_token",
					  question->token);
	return rig_ask(&request);
}

static struct rig_answer ask(const struct question *question)
{
	rig_restore();
	return ask_as_it_is(question);
}

/* What must come of it. */

struct wanted {
	int status;
	const char *body; /* NULL = anything */
};

static bool list_has(const char *words, struct str word)
{
	struct str rest = str_from(words), item;

	while (str_next_field(&rest, ' ', &item)) {
		if (str_equal(item, word))
			return true;
	}
	return false;
}

static const struct {
	const char *scope, *section;
} sections[] = {
	{"account_management", "partners"},
	{"stats", "monitoring"},
	{"finance", "finance"},
	{"cms", "portal"},
	{"policy_registry", "policy_registry"},
};

/* One of the route's scopes is the token's, and its user may use it. */
static bool opens(const struct caller *caller, const struct route *route)
{
	const char *scopes = route->scopes != NULL ? route->scopes : "account_management";

	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		if (list_has(scopes, str_from(sections[i].scope)) &&
		    list_has(caller->scopes, str_from(sections[i].scope)) &&
		    (caller->sections == NULL ||
		     list_has(caller->sections, str_from(sections[i].section))))
			return true;
	}
	return false;
}

static bool is_guarded_from(const struct caller *caller, const struct route *route)
{
	if (caller->kind == KIND_PROVIDER)
		return (route->flags & ROUTE_USER) != 0;
	if (caller->sections == NULL)
		return false;
	return (route->flags & (ROUTE_ADMINS | ROUTE_SELF)) != 0 ||
	       ((route->flags & ROUTE_PLANS_SECTION) != 0 &&
		!list_has(caller->sections, STR("plans")));
}

/* Whether the path names something that is searched among the visible services, or any record. */
static bool path_names(const struct route *route, bool of_services)
{
	struct str rest = route->path, name;

	while (str_split_once(rest, '{', &name, &rest)) {
		const char *condition;

		str_split_once(rest, '}', &name, &rest);
		condition = routes_condition(name);
		if (condition != NULL && (!of_services || strstr(condition, "?5") != NULL))
			return true;
	}
	return false;
}

/* The Analytics API has words of its own. */
static struct wanted unknown_at(const struct route *route)
{
	if ((route->flags & ROUTE_MASTER) != 0)
		return (struct wanted){401, "unauthorized"};
	return (struct wanted){403, (route->flags & ROUTE_STATISTICS) != 0 ? FORBIDDEN : DENIED};
}

static struct wanted missing_at(const struct route *route)
{
	return (struct wanted){404, (route->flags & ROUTE_STATISTICS) != 0 ? NULL : NOT_FOUND};
}

static struct wanted wanted_of(const struct caller *caller, const struct cell *cell,
			       const struct sample *sample, bool writes)
{
	const struct route *route = cell->route;
	bool master = (route->flags & ROUTE_MASTER) != 0;

	if ((route->flags & ROUTE_OPEN) != 0)
		return (struct wanted){sample->status, NULL};
	if (caller->kind == KIND_NOBODY && caller->way == WAY_PARAMETER && !master)
		return (struct wanted){403, NOT_PERMITTED};
	if (caller->kind == KIND_NOBODY || (caller->kind == KIND_PROVIDER && is_masters(route)))
		return unknown_at(route);
	if (caller->kind == KIND_TOKEN && !opens(caller, route))
		return (struct wanted){403, NOT_PERMITTED};
	if (is_guarded_from(caller, route))
		return (struct wanted){403, FORBIDDEN};
	if (caller->is_limited && (path_names(route, true) || sample->names_service))
		return missing_at(route);
	if (caller->is_read_only && writes)
		return (struct wanted){403, NOT_PERMITTED};
	return (struct wanted){sample->status, NULL};
}

static void judge(const struct cell *cell, const char *caller, struct wanted wanted,
		  struct rig_answer answer)
{
	ck_assert_msg(answer.status == wanted.status, "%s %.*s as %s: wanted %d: %d %.*s",
		      cell->method, STR_ARG(cell->route->path), caller, wanted.status,
		      answer.status, STR_ARG(answer.body));
	ck_assert_msg(wanted.body == NULL || str_equal(answer.body, str_from(wanted.body)),
		      "%s %.*s as %s: wanted %s: %.*s", cell->method, STR_ARG(cell->route->path),
		      caller, wanted.body, STR_ARG(answer.body));
	ck_assert_msg(answer.status < 400 || !answer.wrote, "%s %.*s as %s: refused but written",
		      cell->method, STR_ARG(cell->route->path), caller);
}

static const struct sample *sample_or_fail(const struct cell *cell)
{
	const struct sample *sample = sample_of(cell->route, str_from(cell->method));

	ck_assert_msg(sample != NULL,
		      "%s %.*s has no sample: add one to authorization_samples_test.c",
		      cell->method, STR_ARG(cell->route->path));
	return sample;
}

static const char *host_of(const struct route *route)
{
	return is_masters(route) ? RIG_MASTER_HOST : RIG_ADMIN_HOST;
}

static void define_own(size_t at, bool master)
{
	const char *user = rig_value(rig_text("user of %s-%zu", master ? "m" : "t", at));

	rig_define("own_user", user != NULL ? user : rig_value("tenant_admin"));
	rig_define("own_token", token_of(at, master));
}

/* Whoever may everything changes something; that is what a read-only token may not. */
static bool find_out_whether_it_writes(const struct cell *cell, const struct sample *sample)
{
	struct question question = {cell, sample, host_of(cell->route), WAY_BASIC, NULL, false};
	struct rig_answer answer;
	size_t at = 0;

	while (callers[at].kind != KIND_TOKEN)
		at++;
	question.token = token_of(at, is_masters(cell->route));
	define_own(at, is_masters(cell->route));
	answer = ask(&question);
	judge(cell, "one who may everything", (struct wanted){sample->status, NULL}, answer);
	ck_assert_msg(strcmp(cell->method, "GET") == 0 || answer.status >= 400 ||
			      answer.wrote != sample->is_idle,
		      "%s %.*s: %s", cell->method, STR_ARG(cell->route->path),
		      answer.wrote ? "changed something" : "changed nothing");
	return answer.wrote;
}

START_TEST(every_caller_gets_what_the_route_says)
{
	const struct cell *cell = &cells[_i];
	const struct sample *sample = sample_or_fail(cell);
	bool master = is_masters(cell->route), writes = find_out_whether_it_writes(cell, sample);

	for (size_t i = 0; i < CALLERS; i++) {
		struct question question = {.cell = cell,
					    .sample = sample,
					    .host = host_of(cell->route),
					    .way = callers[i].way,
					    .token = token_of(i, master),
					    .token_is_key = callers[i].kind == KIND_PROVIDER};

		define_own(i, master);
		judge(cell,
		      rig_text("%s, %s", callers[i].name,
			       callers[i].way == WAY_BASIC ? "basic" : "parameter"),
		      wanted_of(&callers[i], cell, sample, writes), ask(&question));
	}
	rig_release();
}
END_TEST

/* Our numbers are nobody's at another tenant. */
START_TEST(another_tenant_finds_nothing_of_ours)
{
	const struct cell *cell = &cells[_i];
	struct question question = {cell,          sample_or_fail(cell), SAMPLES_OTHER_HOST,
				    WAY_PARAMETER, SAMPLES_OTHER_TOKEN,  false};

	if (!is_masters(cell->route) &&
	    (path_names(cell->route, false) || question.sample->names_service)) {
		define_own(0, false);
		judge(cell, "another tenant", missing_at(cell->route), ask(&question));
	}
	rig_release();
}
END_TEST

/* Hosts come before everything else: spec/portal.md 2.3, steps 1 and 2. */
START_TEST(only_hosts_of_approved_accounts_answer)
{
	const struct cell *cell = &cells[_i];
	bool master = (cell->route->flags & ROUTE_MASTER) != 0;
	struct question question = {.cell = cell,
				    .sample = sample_or_fail(cell),
				    .host = RIG_DEVELOPER_HOST,
				    .way = WAY_BASIC,
				    .token = RIG_ADMIN_TOKEN};
	struct wanted elsewhere = {403, master ? "" : DENIED};

	define_own(0, false);
	judge(cell, "a caller of the developer portal", elsewhere, ask(&question));
	question.host = "nobody.example.com";
	judge(cell, "a caller of no host of ours", elsewhere, ask(&question));
	if (master) {
		question.host = RIG_ADMIN_HOST;
		judge(cell, "a caller of a tenant", elsewhere, ask(&question));
	} else if (!is_masters(cell->route)) {
		rig_restore();
		rig_sql("UPDATE accounts SET state = 'suspended' WHERE self_domain = "
			"'" SAMPLES_OTHER_HOST "'");
		question.host = SAMPLES_OTHER_HOST;
		question.token = SAMPLES_OTHER_TOKEN;
		judge(cell, "a suspended tenant", (struct wanted){403, ""},
		      ask_as_it_is(&question));
	}
	rig_release();
}
END_TEST

/* Guards of the account's kind. */
START_TEST(master_and_tenants_have_routes_of_their_own)
{
	const struct cell *cell = &cells[_i];
	struct question question = {.cell = cell, .sample = sample_or_fail(cell), .way = WAY_BASIC};

	define_own(0, false);
	question.host = RIG_MASTER_HOST;
	question.token = RIG_MASTER_TOKEN;
	if ((cell->route->flags & ROUTE_TENANT_ONLY) != 0)
		judge(cell, "master", (struct wanted){403, FORBIDDEN}, ask(&question));
	question.host = RIG_ADMIN_HOST;
	question.token = RIG_ADMIN_TOKEN;
	if ((cell->route->flags & ROUTE_MASTER_ONLY) != 0)
		judge(cell, "a tenant", (struct wanted){403, FORBIDDEN}, ask(&question));
	rig_release();
}
END_TEST

Suite *portal_authorization_suite(void);
Suite *portal_authorization_suite(void)
{
	Suite *suite = suite_create("portal_authorization");
	TCase *tests = tcase_create("matrix");

	count_cells();
	tcase_add_unchecked_fixture(tests, set_up, rig_tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, every_caller_gets_what_the_route_says, 0, cells_count);
	tcase_add_loop_test(tests, another_tenant_finds_nothing_of_ours, 0, cells_count);
	tcase_add_loop_test(tests, only_hosts_of_approved_accounts_answer, 0, cells_count);
	tcase_add_loop_test(tests, master_and_tenants_have_routes_of_their_own, 0, cells_count);
	suite_add_tcase(suite, tests);
	return suite;
}
