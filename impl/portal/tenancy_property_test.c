/* A change of one tenant never appears to another: a random sequence of 10,000 operations, valid
 * and hostile ones, over all routes of the API. After each that wrote something the rows of
 * everybody else are as they were; now and then so is everything that the others can read, with its
 * ETag. No answer shows anything of the others'. The same seed gives the same operations. */
#include <check.h>
#include <inttypes.h>
#include <string.h>

#include "base/bug.h"
#include "portal/authorization_samples_test.h"
#include "portal/portal_rig_test.h"
#include "portal/routes.h"
#include "portal/tables.h"

#define ROUNDS 50
#define OPERATIONS_OF_ROUND 200 /* by one tenant, while the other's pages are watched */
#define SEED UINT64_C(20191001)
#define PLACES_MAX 1024
#define NAMES_MAX 128

/* Tenants. Names of what is theirs end with their mark, so that it can be told in answers. */
static struct side {
	const char *host, *token, *mark;
	const char *account, *provider_key, *admin;
	const char *values[NAMES_MAX]; /* of samples_name() */
} sides[] = {
	{.host = RIG_ADMIN_HOST, .token = RIG_ADMIN_TOKEN, .mark = "Firstmark"},
	{.host = SAMPLES_OTHER_HOST, .token = SAMPLES_OTHER_TOKEN, .mark = "Othermark"},
};
#define SIDES (sizeof sides / sizeof *sides)

/* What may be asked: routes of tenants, once for each method. */
static struct place {
	const struct route *route;
	struct str method;
	const struct sample *sample;
} places[PLACES_MAX];
static size_t places_count;

static struct statistics {
	int done, succeeded, wrote, refused;
	bool reached[PLACES_MAX];
} statistics;

/* Chance: splitmix64, from the seed alone. */
static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
	uint64_t z = chance_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

static bool chance_of(unsigned percent)
{
	return chance(100) < percent;
}

static void find_places(void)
{
	places_count = 0;
	for (size_t i = 0; i < portal_route_tables_count; i++) {
		for (size_t j = 0; j < portal_route_tables[i]->count; j++) {
			const struct route *route = &portal_route_tables[i]->rows[j];
			struct str rest = str_from(route->methods), method;

			if ((route->flags & (ROUTE_MASTER | ROUTE_OPEN)) != 0)
				continue;
			while (str_next_field(&rest, ' ', &method)) {
				BUG_IF(places_count == PLACES_MAX);
				places[places_count++] =
					(struct place){route, method, sample_of(route, method)};
			}
		}
	}
}

/* Preparation. */

/* Every row that has a name of a tenant's gets its mark. */
static void mark_rows(const struct side *side)
{
	static const struct {
		const char *table, *column;
	} rows[] = {
		{"services", "name"},          {"plans", "name"},
		{"metrics", "friendly_name"},  {"features", "name"},
		{"cinstances", "name"},        {"users", "first_name"},
		{"api_docs_services", "name"}, {"cms_templates", "title"},
		{"cms_sections", "title"},     {"authentication_providers", "client_id"},
		{"access_tokens", "name"},     {"policies", "version"},
		{"proxies", "api_test_path"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		rig_sql(rig_text("UPDATE %s SET %s = COALESCE(%s, '') || '%s' WHERE tenant_id = %s",
				 rows[i].table, rows[i].column, rows[i].column, side->mark,
				 side->account));
	rig_sql(rig_text("UPDATE accounts SET org_name = org_name || '%s' WHERE id = %s OR "
			 "provider_account_id = %s",
			 side->mark, side->account, side->account));
}

static void prepare_side(struct side *side)
{
	samples_prepare(side->host, side->token);
	side->account = rig_value("self");
	side->admin = rig_value("tenant_admin");
	side->provider_key = rig_sql(rig_text("SELECT user_key FROM cinstances WHERE type = "
					      "'Cinstance' AND user_account_id = %s",
					      side->account));
	for (size_t i = 0; samples_name(i) != NULL; i++) {
		BUG_IF(i == NAMES_MAX);
		side->values[i] = rig_value(samples_name(i));
	}
	mark_rows(side);
}

static void set_up(void)
{
	find_places();
	memset(&statistics, 0, sizeof statistics);
	chance_state = SEED;
	rig_set_up();
	samples_prepare_other();
	for (size_t i = 0; i < SIDES; i++)
		prepare_side(&sides[i]);
	rig_keep();
}

/* Operations. */

/* An object's number: mostly of the kind that is asked for, sometimes any number. */
static const char *object_of(const struct side *actor, const struct side *other, struct str name)
{
	if (chance_of(10))
		return rig_text("%" PRIu64, 1 + chance(120));
	for (size_t i = 0; samples_name(i) != NULL; i++) {
		if (str_equal(str_from(samples_name(i)), name))
			return chance_of(75) ? actor->values[i] : other->values[i];
	}
	if (str_equal(name, STR("own_user")))
		return chance_of(50) ? actor->admin : other->admin;
	if (str_equal(name, STR("own_token")))
		return chance_of(50) ? actor->token : other->token;
	return "1";
}

static const char *filled(const struct side *actor, const struct side *other, const char *text)
{
	struct str rest = str_from(text), before, name, after;
	const char *out = "";

	while (str_split_once(rest, '{', &before, &rest)) {
		out = rig_text("%s%.*s", out, STR_ARG(before));
		if (!str_split_once(rest, '}', &name, &after) || name.size == 0 ||
		    name.data[0] == '"') {
			out = rig_text("%s{", out);
			continue;
		}
		out = rig_text("%s%s", out, object_of(actor, other, name));
		rest = after;
	}
	return rig_text("%s%.*s", out, STR_ARG(before));
}

/* Names of columns and of objects of the other tenant's, where no such thing is asked for. */
static const char *hostile_parameters(const struct side *actor, const struct side *other)
{
	static const char *const names[] = {
		"tenant_id",  "account_id", "provider_account_id", "service_id",
		"plan_id",    "metric_id",  "feature_id",          "owner_id",
		"user_id",    "id",         "issuer_id",           "provider_id",
		"section_id", "layout_id",  "parent_id",           "app_id",
		"username",   "user_key",   "account_type"};
	static const char *const kinds[] = {"self", "account",     "service",     "plan",    "hits",
					    "user", "cms_section", "application", "user_key"};
	const char *out = "";

	for (uint64_t i = chance(4); i > 0; i--) {
		const char *name = names[chance(sizeof names / sizeof *names)];
		struct str kind = str_from(kinds[chance(sizeof kinds / sizeof *kinds)]);
		const char *value = str_equal(kind, STR("self")) ? other->account
								 : object_of(actor, other, kind);

		out = rig_text("%s&%s=%s", out, name, value);
	}
	return out;
}

static void add_credential(const struct side *actor, const struct side *other,
			   struct rig_request *request)
{
	switch (chance(12)) {
	case 0:
		request->token = other->token;
		break;
	case 1:
		request->token = other->provider_key;
		break;
	case 2:
		request->target = rig_text("%s&access_token=%s", request->target, other->token);
		break;
	case 3:
		request->token = actor->provider_key;
		break;
	case 4:
		request->target = rig_text("%s&access_token=%s", request->target, actor->token);
		break;
	case 5:
		break;
	default:
		request->token = actor->token;
	}
}

/* Whether the operation is the other's own, by its token at its host: not for this round. */
static bool is_legitimate_there(const struct side *other, const struct rig_request *request)
{
	return strcmp(request->host, other->host) == 0 &&
	       ((request->token != NULL && (strcmp(request->token, other->token) == 0 ||
					    strcmp(request->token, other->provider_key) == 0)) ||
		strstr(request->target, other->token) != NULL);
}

static struct rig_request operation(const struct side *actor, const struct side *other,
				    size_t place)
{
	const struct place *at = &places[place];
	const struct sample *sample = at->sample;
	const char *path = sample->path != NULL && chance_of(80)
				   ? sample->path
				   : rig_text("%.*s", STR_ARG(at->route->path));
	const char *query = sample->query != NULL ? filled(actor, other, sample->query) : "";
	struct rig_request request = {.host = chance_of(85) ? actor->host : other->host,
				      .method = rig_text("%.*s", STR_ARG(at->method)),
				      .target = rig_text("%s.%s?%s", filled(actor, other, path),
							 chance_of(80) ? "json" : "xml", query)};

	if (sample->body != NULL)
		request.body = rig_text("%s%s", filled(actor, other, sample->body),
					hostile_parameters(actor, other));
	else if (chance_of(30))
		request.target = rig_text("%s%s", request.target, hostile_parameters(actor, other));
	add_credential(actor, other, &request);
	if (is_legitimate_there(other, &request))
		request.token = NULL,
		request.target = rig_text("%s.json", filled(actor, other, path));
	return request;
}

/* What must not change. */

/* The rows of a tenant in all tables, as one number. */
static uint64_t rows_of(const struct side *side)
{
	uint64_t digest = 0;

	for (size_t i = 0; i < portal_tables_count; i++) {
		const struct table *table = portal_tables[i];
		bool is_accounts = table == &accounts_table;

		if (table_column(table, STR("tenant_id")) == NULL)
			continue;
		digest = digest * 31 +
			 rig_digest(rig_text("SELECT * FROM %.*s WHERE tenant_id = %s%s "
					     "ORDER BY id",
					     STR_ARG(table->name), side->account,
					     is_accounts ? rig_text(" OR id = %s", side->account)
							 : ""));
	}
	return digest;
}

/* Everything that a tenant can read: lists and objects, JSON and XML, as they stand. */
static uint64_t pages[2][PLACES_MAX];

static uint64_t page_of(const struct side *side, size_t place, const char *format)
{
	const struct place *at = &places[place];
	const struct sample *sample = at->sample;
	const char *missing = NULL;
	struct rig_request request = {.host = side->host, .method = "GET", .token = side->token};
	struct rig_answer answer;

	for (size_t i = 0; samples_name(i) != NULL; i++)
		rig_define(samples_name(i), side->values[i]);
	rig_define("own_token", side->token);
	request.target = rig_text(
		"%s.%s?%s",
		rig_expand(sample->path != NULL ? sample->path
						: rig_text("%.*s", STR_ARG(at->route->path)),
			   &missing),
		format, sample->query != NULL ? rig_expand(sample->query, &missing) : "");
	answer = rig_ask(&request);
	return str_hash(answer.body, (uint64_t)answer.status);
}

static void read_pages(const struct side *side, bool compare)
{
	static const char *const formats[] = {"json", "xml"};

	for (size_t i = 0; i < places_count; i++) {
		for (size_t j = 0; j < 2; j++) {
			uint64_t page;

			if (!str_equal(places[i].method, STR("GET")))
				continue;
			page = page_of(side, i, formats[j]);
			ck_assert_msg(!compare || page == pages[j][i],
				      "GET %.*s of %s is not what it was",
				      STR_ARG(places[i].route->path), side->host);
			pages[j][i] = page;
		}
	}
}

static void carry_out(const struct side *actor, const struct side *other, uint64_t *rows)
{
	size_t place = (size_t)chance(places_count);
	struct rig_request request = operation(actor, other, place);
	struct rig_answer answer = rig_ask(&request);

	statistics.done++;
	statistics.succeeded += answer.status < 400;
	statistics.refused += answer.status == 403 || answer.status == 404;
	statistics.wrote += answer.wrote;
	statistics.reached[place] = statistics.reached[place] || answer.status < 400;
	ck_assert_msg(answer.status != 500, "%s %s %s: %.*s", request.method, request.target,
		      request.body != NULL ? request.body : "", STR_ARG(answer.body));
	ck_assert_msg(str_find(answer.body, str_from(other->mark)) == STR_NOT_FOUND,
		      "%s %s %s at %s shows what is another's: %.*s", request.method,
		      request.target, request.body != NULL ? request.body : "", request.host,
		      STR_ARG(answer.body));
	if (!answer.wrote)
		return;
	ck_assert_msg(rows_of(other) == *rows, "%s %s %s at %s changed rows of %s", request.method,
		      request.target, request.body != NULL ? request.body : "", request.host,
		      other->host);
}

START_TEST(what_one_tenant_does_no_other_sees)
{
	size_t reached = 0;

	for (int round = 0; round < ROUNDS; round++) {
		const struct side *actor = &sides[chance(SIDES)];
		const struct side *other = actor == &sides[0] ? &sides[1] : &sides[0];
		uint64_t rows;

		/* Else the tenants would soon have deleted all they have. */
		rig_restore();
		rows = rows_of(other);
		read_pages(other, false);
		for (int i = 0; i < OPERATIONS_OF_ROUND; i++)
			carry_out(actor, other, &rows);
		read_pages(other, true);
	}
	for (size_t i = 0; i < places_count; i++)
		reached += statistics.reached[i];
	/* The test would prove nothing if nothing were done. */
	ck_assert_int_eq(statistics.done, ROUNDS * OPERATIONS_OF_ROUND);
	ck_assert_int_gt(statistics.succeeded, 1500);
	ck_assert_int_gt(statistics.wrote, 800);
	ck_assert_int_gt(statistics.refused, 5000);
	ck_assert_uint_gt(reached * 10, places_count * 8);
}
END_TEST

Suite *portal_tenancy_property_suite(void);
Suite *portal_tenancy_property_suite(void)
{
	Suite *suite = suite_create("portal_tenancy_property");
	TCase *tests = tcase_create("tenancy");

	tcase_add_checked_fixture(tests, set_up, rig_tear_down);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, what_one_tenant_does_no_other_sees);
	suite_add_tcase(suite, tests);
	return suite;
}
