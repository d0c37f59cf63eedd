/* A database that fails at any point: each request of the API and of the pages is carried out again
 * and again, and each time the next one of its questions to the database is the first that is not
 * answered (full disk, lost server). Such a request is answered with 500 and changes nothing. */
#include <check.h>
#include <string.h>

#include "portal/authorization_samples_test.h"
#include "portal/portal_rig_test.h"
#include "portal/routes.h"

#define QUESTIONS_MAX 2000 /* of one request */
#define TOKENS "/p/admin/user/access_tokens"
#define INTEGRATION "/apiconfig/services/{service}/integration"

static void prepare(void)
{
	rig_set_up();
	samples_prepare_other();
	samples_prepare(RIG_ADMIN_HOST, RIG_ADMIN_TOKEN);
	rig_define("own_user", rig_value("tenant_admin"));
	rig_define("own_token", RIG_ADMIN_TOKEN);
}

static void set_up_api(void)
{
	prepare();
	rig_keep();
}

/* How many questions the request asks. */
static int fail_at_each(const struct rig_request *request, int status)
{
	struct rig_answer answer;

	for (int nth = 1; nth < QUESTIONS_MAX; nth++) {
		rig_restore();
		rig_break(nth);
		answer = rig_ask(request);
		if (!rig_mend()) {
			ck_assert_msg(answer.status == status, "%s %s: %d, %.*s", request->method,
				      request->target, answer.status, STR_ARG(answer.body));
			return nth - 1;
		}
		ck_assert_msg(answer.status == 500 && !answer.wrote,
			      "%s %s, failure at question %d: %d, %.*s", request->method,
			      request->target, nth, answer.status, STR_ARG(answer.body));
	}
	ck_abort_msg("%s %s has no end", request->method, request->target);
}

/* The API. */

static int fail_at_each_of_route(const struct route *route, struct str method)
{
	const struct sample *sample = sample_of(route, method);
	bool is_masters = (route->flags & (ROUTE_MASTER | ROUTE_MASTER_ONLY)) != 0;
	const char *missing = NULL;
	struct rig_request request = {.host = is_masters ? RIG_MASTER_HOST : RIG_ADMIN_HOST,
				      .token = is_masters ? RIG_MASTER_TOKEN : RIG_ADMIN_TOKEN};

	request.method = rig_text("%.*s", STR_ARG(method));
	request.target =
		rig_text("%s.json?%s",
			 rig_expand(sample->path != NULL ? sample->path
							 : rig_text("%.*s", STR_ARG(route->path)),
				    &missing),
			 sample->query != NULL ? rig_expand(sample->query, &missing) : "");
	if (sample->body != NULL)
		request.body = rig_expand(sample->body, &missing);
	return fail_at_each(&request, sample->status);
}

START_TEST(the_api_says_500)
{
	const struct route_table *table = portal_route_tables[_i];
	int questions = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct str rest = str_from(table->rows[i].methods), method;

		while ((table->rows[i].flags & ROUTE_OPEN) == 0 &&
		       str_next_field(&rest, ' ', &method))
			questions += fail_at_each_of_route(&table->rows[i], method);
	}
	ck_assert_int_gt(questions, 0);
}
END_TEST

/* Pages. */

static struct str form_token(struct str page)
{
	struct str before, rest = page;
	size_t at = str_find(page, STR("name=\"authenticity_token\" value=\""));

	ck_assert_uint_ne(at, STR_NOT_FOUND);
	rest = str_skip(page, at + sizeof "name=\"authenticity_token\" value=\"" - 1);
	str_split_once(rest, '"', &before, &rest);
	return before;
}

static void find_form(const char *page)
{
	struct rig_request request = {RIG_ADMIN_HOST, "GET", page, .is_browser = true};

	rig_define("form", rig_text("%.*s", STR_ARG(form_token(rig_ask(&request).body))));
}

static void log_in(void)
{
	struct rig_request request = {RIG_ADMIN_HOST, "POST", "/p/sessions", .is_browser = true};

	find_form("/p/login");
	request.body = rig_text("authenticity_token=%s&username=admin&password=admin-password",
				rig_value("form"));
	ck_assert_int_eq(rig_ask(&request).status, 302);
	find_form(TOKENS "/new");
}

static void set_up_pages(void)
{
	prepare();
	rig_define("token",
		   rig_sql("SELECT id FROM access_tokens WHERE value = '" RIG_ADMIN_TOKEN "'"));
	log_in();
	rig_keep();
}

START_TEST(pages_say_500)
{
	static const struct {
		const char *method, *target, *body;
		int status;
	} rows[] = {
		{"GET", "/p/login", NULL, 302},
		{"GET", "/p/admin/dashboard", NULL, 200},
		{"GET", TOKENS, NULL, 200},
		{"GET", TOKENS "/new", NULL, 200},
		{"POST", TOKENS, "access_token[name]=a&access_token[scopes][]=stats", 200},
		{"GET", INTEGRATION, NULL, 200},
		{"GET", INTEGRATION "/edit", NULL, 200},
		/* Waits for the test of the gateway. */
		{"POST", INTEGRATION, "_method=patch&proxy[api_backend]=https://a.example", 200},
		{"POST", INTEGRATION, "_method=patch&proxy[api_backend]=nowhere", 200},
		{"POST", INTEGRATION "/promote_to_production", "_method=patch", 302},
		{"GET", "/apiconfig/services/{service}/proxy_configs", NULL, 200},
		{"GET", TOKENS "/{token}/edit", NULL, 200},
		{"POST", TOKENS "/{token}",
		 "_method=put&access_token[name]=b&access_token[scopes][]=stats", 302},
		{"POST", TOKENS "/{token}", "_method=delete", 302},
		{"GET", "/p/logout", NULL, 302},
	};
	const char *missing = NULL;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rig_request request = {.host = RIG_ADMIN_HOST,
					      .method = rows[i].method,
					      .target = rig_expand(rows[i].target, &missing),
					      .is_browser = true};

		if (rows[i].body != NULL)
			request.body = rig_text("authenticity_token=%s&%s", rig_value("form"),
						rig_expand(rows[i].body, &missing));
		fail_at_each(&request, rows[i].status);
	}
}
END_TEST

Suite *portal_database_failure_suite(void);
Suite *portal_database_failure_suite(void)
{
	Suite *suite = suite_create("portal_database_failure");
	TCase *api = tcase_create("api"), *pages = tcase_create("pages");

	tcase_add_checked_fixture(api, set_up_api, rig_tear_down);
	tcase_set_timeout(api, 300);
	tcase_add_loop_test(api, the_api_says_500, 0, (int)portal_route_tables_count);
	suite_add_tcase(suite, api);
	tcase_add_checked_fixture(pages, set_up_pages, rig_tear_down);
	tcase_set_timeout(pages, 60);
	tcase_add_test(pages, pages_say_500);
	suite_add_tcase(suite, pages);
	return suite;
}
